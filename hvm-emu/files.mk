# The device model: one process per HVM guest.  HVM_EMU_SRCS is the machine
# without a hypervisor, which unit tests and fuzzers link too.
HVM_EMU_SRCS = $(addprefix hvm-emu/,frame/machine.c frame/timer.c \
    frame/loop.c frame/state.c host/serial.c host/keeper.c host/image.c host/medium.c \
    guest/guest_mem.c \
    bus/range.c bus/irq.c bus/pci.c bus/pci_bar.c bus/unplug.c \
    dev/devices.c dev/i440fx.c dev/piix3.c dev/pm.c dev/cmos.c dev/isa.c \
    dev/uart.c dev/fwcfg.c dev/xen_platform.c dev/ide.c dev/ide_xfer.c dev/ide_ata.c \
    dev/ide_atapi.c dev/ide_medium.c dev/ide_state.c run/request.c run/server.c) \
    $(addprefix pv-drivers/back/,blk_image.c blk_image_open.c blk_vhost.c storaged.c \
    storaged_room.c qcow2.c) \
    $(HVM_EMU_SCREEN_SRCS) $(LIB_CORE_SRCS)
HVM_EMU_LIBS := -luring -lseccomp -lvncserver -lpng

PROGRAMS += paravane-hvm-emu
paravane-hvm-emu_SRCS = $(sort $(addprefix hvm-emu/run/,main.c options.c \
    sandbox.c snapshot.c xen_hv.c) $(HVM_EMU_SRCS) \
    pv-drivers/back/confine.c $(addprefix control-domain/lib/,acpi_table.c hvm_map.c) \
    $(HVM_EMU_FW_SRCS) $(LIB_SRCS) $(XS_CLIENT_SRCS))
paravane-hvm-emu_LIBS := $(HVM_EMU_LIBS)
$(BUILD)/paravane-hvm-emu: $(BUILD)/gen/dsdt.o
