HV_OBJS += emul/decode.o emul/execute.o emul/alu.o
