HV_OBJS += sched/sched.o sched/credit.o sched/place.o sched/pause.o \
           sched/watchdog.o
