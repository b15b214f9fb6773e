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
    tests/unit/hvm-emu/fake_tap.c $(HVM_EMU_E1000_SRCS) hvm-emu/host/net.c
# A machine of all devices: random bytes here, guided by coverage where clang
# is (make build/fuzz/libfuzzer_machine).
FUZZERS += fuzz_machine
FUZZ_MACHINE_SRCS = $(sort tests/fuzz/fuzz_machine.c $(EMU_BENCH))
fuzz_machine_SRCS = tests/fuzz/fuzz_random.c $(FUZZ_MACHINE_SRCS)
fuzz_machine_LIBS = $(HVM_EMU_LIBS)
$(BUILD)/fuzz/libfuzzer_machine: | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)clang $(STD) -O1 -D_GNU_SOURCE -fsanitize=fuzzer,address,undefined \
	  $(USER_INC) -Itests/lib $(shell xml2-config --cflags 2>/dev/null) \
	  -o $@ $(FUZZ_MACHINE_SRCS) $(HVM_EMU_LIBS)
.PHONY: fuzz-guided
fuzz-guided: $(BUILD)/fuzz/libfuzzer_machine
	$(Q)mkdir -p $(BUILD)/fuzz/corpus
	$(Q)ASAN_OPTIONS=detect_leaks=0 $< -max_total_time=$(FUZZ_SECONDS) \
	  -max_len=4096 -len_control=0 -timeout=60 -print_final_stats=1 \
	  $(BUILD)/fuzz/corpus
