HV_OBJS += hypercall/table.o hypercall/multicall.o hypercall/compat.o
