HV_OBJS += domain/domain.o domain/pages.o domain/page_type.o \
           domain/guest_copy.o domain/continuation.o domain/vtime.o domain/tsc_aux.o
