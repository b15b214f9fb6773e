HV_OBJS += $(addprefix vdev/,vdev.o vdev_state.o vlapic.o vlapic_timer.o \
        message.o front.o hw_line.o vioapic.o vpic.o vpit.o irq0.o vrtc.o \
        vhpet.o vpmtimer.o)
