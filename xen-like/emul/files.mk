HV_OBJS += emul/decode.o
