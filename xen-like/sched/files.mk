HV_OBJS += domain/vtime.o sched/sched.o sched/credit.o sched/place.o sched/pause.o \
           sched/watchdog.o
