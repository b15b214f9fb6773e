HV_OBJS += event/evtchn.o event/own_port.o event/bits2l.o event/poll.o \
           event/virq.o event/pirq.o event/vcpu_info.o event/vcpu_timer.o \
           event/evtchn_op.o
