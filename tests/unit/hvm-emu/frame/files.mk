# The whole device model on the bench: all devices, no hypervisor.
EMU_BENCH = $(sort tests/unit/hvm-emu/frame/bench.c $(HVM_EMU_SRCS))
UNIT_TESTS += test_emu_bus test_emu_ide test_emu_ide_cd test_emu_image
test_emu_bus_SRCS = tests/unit/hvm-emu/frame/test_bus.c $(EMU_BENCH)
test_emu_bus_LIBS = $(HVM_EMU_LIBS)
EMU_IDE_RIG = tests/unit/hvm-emu/frame/ide_rig.c $(EMU_BENCH)
test_emu_ide_SRCS = tests/unit/hvm-emu/frame/test_ide.c $(EMU_IDE_RIG)
test_emu_ide_LIBS = $(HVM_EMU_LIBS)
test_emu_ide_cd_SRCS = tests/unit/hvm-emu/frame/test_ide_cd.c $(EMU_IDE_RIG)
test_emu_ide_cd_LIBS = $(HVM_EMU_LIBS)
test_emu_image_SRCS = tests/unit/hvm-emu/frame/test_image.c \
    toolstack/devices/drive.c $(EMU_BENCH)
test_emu_image_LIBS = $(HVM_EMU_LIBS)
UNIT_TESTS += test_emu_chipset test_emu_request
test_emu_chipset_SRCS = tests/unit/hvm-emu/frame/test_chipset.c $(EMU_BENCH)
test_emu_chipset_LIBS = $(HVM_EMU_LIBS)
test_emu_request_SRCS = tests/unit/hvm-emu/frame/test_request.c \
    hvm-emu/run/snapshot.c $(EMU_BENCH)
test_emu_request_LIBS = $(HVM_EMU_LIBS)
# The fuzzer's guest drives the devices whose state is saved.
UNIT_TESTS += test_emu_state
test_emu_state_SRCS = tests/unit/hvm-emu/frame/test_state.c \
    hvm-emu/run/snapshot.c $(FUZZ_GUEST_SRCS) $(EMU_BENCH)
test_emu_state_LIBS = $(HVM_EMU_LIBS)
UNIT_TESTS += test_emu_options
test_emu_options_SRCS = tests/unit/hvm-emu/frame/test_options.c \
    hvm-emu/run/options.c control-domain/lib/err.c
