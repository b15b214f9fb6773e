# The device model: one process per HVM guest.  HVM_EMU_SRCS is the machine
# without a hypervisor, which unit tests and fuzzers link too.
HVM_EMU_SRCS := $(addprefix hvm-emu/,frame/machine.c frame/timer.c \
    frame/loop.c frame/state.c host/serial.c host/image.c guest/guest_mem.c \
    bus/range.c bus/irq.c bus/pci.c bus/pci_bar.c bus/unplug.c \
    dev/devices.c dev/i440fx.c dev/piix3.c dev/pm.c dev/cmos.c dev/isa.c \
    dev/uart.c dev/xen_platform.c dev/ide.c dev/ide_xfer.c dev/ide_ata.c \
    dev/ide_atapi.c dev/ide_state.c run/request.c run/server.c) \
    $(addprefix pv-drivers/back/,blk_image.c blk_vhost.c) $(LIB_CORE_SRCS)
HVM_EMU_LIBS := -luring
