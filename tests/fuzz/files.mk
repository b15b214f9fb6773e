# One harness per parser of foreign bytes: make fuzz [FUZZ_SECONDS=n].
FUZZERS += fuzz_store_wire
fuzz_store_wire_SRCS = tests/fuzz/fuzz_store_wire.c \
    tests/unit/store/host_file.c $(XS_SERVER_SRCS) $(XS_STORE_SRCS) \
    $(XS_CONN_SRCS) $(XS_PROTO_SRCS) $(LIB_CORE_SRCS)
FUZZERS += fuzz_rings
fuzz_rings_SRCS = tests/fuzz/fuzz_rings.c tests/unit/pvdrv/fake_port.c \
    $(sort $(BLK_SRCS) $(NET_SRCS)) $(LIB_CORE_SRCS)
fuzz_rings_LIBS := -luring -lpthread
EMUL_SRCS := $(addprefix xen-like/emul/,decode.c execute.c alu.c) \
    tests/fuzz/emul_native.c
FUZZERS += fuzz_emul
fuzz_emul_KIND := hv
fuzz_emul_SRCS = tests/fuzz/fuzz_emul.c $(EMUL_SRCS)
fuzz_emul_LIBS := -lZydis
FUZZ_DEVICE_SRCS := tests/fuzz/fuzz_device.c \
    tests/unit/hvm-emu/device_rig.c $(addprefix control-domain/lib/,err.c log.c)
FUZZERS += fuzz_vga fuzz_ps2 fuzz_e1000
fuzz_vga_SRCS = tests/fuzz/fuzz_vga.c $(FUZZ_DEVICE_SRCS) \
    tests/unit/hvm-emu/fake_screen.c $(HVM_EMU_VGA_SRCS)
fuzz_ps2_SRCS = tests/fuzz/fuzz_ps2.c $(FUZZ_DEVICE_SRCS) \
    tests/unit/hvm-emu/fake_screen.c $(HVM_EMU_PS2_SRCS)
fuzz_e1000_SRCS = tests/fuzz/fuzz_e1000.c $(FUZZ_DEVICE_SRCS) \
    tests/unit/hvm-emu/fake_tap.c $(HVM_EMU_E1000_SRCS) hvm-emu/host/net.c \
    hvm-emu/bus/unplug.c
# The device model, a device at a time: guided by coverage where clang is, by
# random bytes elsewhere.  FUZZ_DEVICES="uart cmos": only these.
FUZZ_GUEST_SRCS := $(addprefix tests/fuzz/fuzz_machine_,bench.c ops.c rows.c)
FUZZ_MACHINE_SRCS = $(sort tests/fuzz/fuzz_machine.c $(FUZZ_GUEST_SRCS) \
    $(EMU_BENCH))
FUZZ_TABLES += fuzz_machine
GUIDED += libfuzzer_machine
libfuzzer_machine_SRCS = $(FUZZ_MACHINE_SRCS)
libfuzzer_machine_LIBS = $(HVM_EMU_LIBS)
fuzz_machine_SRCS = tests/fuzz/fuzz_random.c $(FUZZ_MACHINE_SRCS)
fuzz_machine_LIBS = $(HVM_EMU_LIBS)
FUZZ_DEVICES ?= all
FUZZ_MACHINE := $(if $(shell command -v clang),libfuzzer,fuzz)_machine
.PHONY: fuzz-devices
fuzz-devices: $(BUILD)/fuzz/$(FUZZ_MACHINE)
	$(Q)tests/fuzz/run-devices $< $(FUZZ_SECONDS) $(FUZZ_DEVICES)
HELP += fuzz-devices
