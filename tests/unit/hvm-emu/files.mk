# Unit tests of the device model's screen, keys and network card: one device
# in the rig.
EMU_RIG := tests/unit/hvm-emu/device_rig.c \
    $(addprefix control-domain/lib/,err.c log.c)
UNIT_TESTS += test_vga
test_vga_SRCS = tests/unit/hvm-emu/test_vga.c tests/unit/hvm-emu/fake_screen.c \
    $(HVM_EMU_VGA_SRCS) $(EMU_RIG)
UNIT_TESTS += test_ps2
test_ps2_SRCS = tests/unit/hvm-emu/test_ps2.c tests/unit/hvm-emu/fake_screen.c \
    $(HVM_EMU_PS2_SRCS) $(EMU_RIG)
E1000_RIG = tests/unit/hvm-emu/e1000_rig.c tests/unit/hvm-emu/fake_tap.c \
    $(HVM_EMU_E1000_SRCS) hvm-emu/host/net.c hvm-emu/bus/unplug.c $(EMU_RIG)
UNIT_TESTS += test_e1000 test_e1000_hostile
test_e1000_SRCS = tests/unit/hvm-emu/test_e1000.c $(E1000_RIG)
test_e1000_hostile_SRCS = tests/unit/hvm-emu/test_e1000_hostile.c $(E1000_RIG)
UNIT_TESTS += test_host_screen
test_host_screen_SRCS = tests/unit/hvm-emu/test_host_screen.c \
    hvm-emu/host/screen.c pv-drivers/screen/link.c $(EMU_RIG)
