# The devices with a picture, with keys and with a wire, and what of host/
# they need; what links them also needs -lvncserver -lpng -lseccomp.
HVM_EMU_VGA_SRCS := $(addprefix hvm-emu/dev/,vga_regs.c vga_mem.c vga_vbe.c \
    vga_text.c vga_draw.c vga_pci.c)
HVM_EMU_PS2_SRCS := $(addprefix hvm-emu/dev/,ps2.c ps2_keyboard.c ps2_mouse.c)
HVM_EMU_E1000_SRCS := $(addprefix hvm-emu/dev/,e1000.c e1000_regs.c \
    e1000_phy.c e1000_tx.c e1000_rx.c)
HVM_EMU_SCREEN_SRCS = $(HVM_EMU_VGA_SRCS) $(HVM_EMU_PS2_SRCS) \
    $(HVM_EMU_E1000_SRCS) $(addprefix hvm-emu/host/,screen.c screen_start.c \
    net.c) $(SCREEN_SRCS) $(addprefix pv-drivers/back/,viewer.c screen.c \
    serve.c confine.c net_tap.c net_user.c) control-domain/lib/netif.c
