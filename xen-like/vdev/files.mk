HV_OBJS += vdev/vdev.o vdev/vlapic.o vdev/vlapic_timer.o vdev/message.o vdev/front.o vdev/hw_line.o vdev/vioapic.o vdev/vpic.o vdev/vpit.o vdev/irq0.o \
           vdev/vrtc.o vdev/vhpet.o vdev/vpmtimer.o
