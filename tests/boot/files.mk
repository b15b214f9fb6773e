# The nested boots: make boot [GROUP=g] [NAME=n] [ON=ours|xen] [JOBS=n]
# [LONG=1].
GROUP ?= all
JOBS  ?= 2
HELP   += boot demo run bench-boot
CHECKS += check-boots
BOOT_SRCS := $(addprefix tests/boot/,run_boots.c vm.c cfg.c beside.c qmp.c \
                                     registers.c)

$(BUILD)/run_boots: $(BOOT_SRCS) $(wildcard tests/boot/*.h)
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O1 -D_GNU_SOURCE -o $@ $(BOOT_SRCS) -lcmocka -ljson-c

# For the boots with "machine = bochs".
$(BUILD)/bochs_run: tests/boot/bochs_run.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O1 -D_GNU_SOURCE -o $@ $<

# Checked TCP data, for the scenarios with network cards: dom0 and guests.
$(BUILD)/net_stream: tests/boot/net_stream.c
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O2 -D_GNU_SOURCE -o $@ $<

.PHONY: boot check-boots demo run bench-boot
check-boots: $(BUILD)/run_boots
	@$< --check tests/boot/boots.cfg

# The control domain as small as can be, for Bochs; with what a PVH guest
# needs (its kernel unpacked), or an HVM guest.
BOCHS_IMAGES := $(BUILD)/bochs-dom0.img $(BUILD)/bochs-pvh.img $(BUILD)/bochs-hvm.img
$(BUILD)/bochs-pvh.img: $(BUILD)/kernel/boot/vmlinux
$(BUILD)/kernel/boot/vmlinux: tests/boot/unpack_kernel $(BUILD)/kernel/.stamp
	$(Q)$< $(BUILD)/kernel/boot/vmlinuz >$@
$(BUILD)/bochs-%.img: tests/boot/bochs-dom0.list tests/boot/bochs-%.list $(BUILD)/control-domain.img
	$(Q)PROGRAMS='$(filter-out init,$(PROGRAMS))' \
	 control-domain/image/mkimage -k $(BUILD)/kernel -o $@ $(filter %.list,$^)

BOOT_INPUTS := $(BUILD)/run_boots $(BUILD)/bochs_run $(BUILD)/test.iso $(DISK_IMAGES) \
               $(filter %.iso,$(ALL)) $(BOCHS_IMAGES)
boot: $(BOOT_INPUTS)
	@$< $(if $(LONG),-L) -j $(JOBS) -g '$(GROUP)' -n '$(NAME)' -o '$(ON)' tests/boot/boots.cfg

TEST_ISO_GUESTS = $(GUEST_ELFS)

# The story, told as it happens: DEMO_CPUS=1|2|4, DEMO_FIRMWARE=bios|uefi.
DEMO_CPUS     ?= 2
DEMO_FIRMWARE ?= bios
demo: deps
	@$(MAKE) -s -j2 all $(BUILD)/run_boots
	@$(BUILD)/run_boots -s -n demo.ours -C '$(DEMO_CPUS)' -F '$(DEMO_FIRMWARE)' tests/boot/boots.cfg

# Ctrl-a x ends QEMU; poweroff in the shell does it properly.
run: all
	qemu-system-x86_64 -accel tcg,thread=multi -m 2G -smp 2 -cpu max,-smap \
	  -nographic -no-reboot -nic user -cdrom $(BUILD)/paravane.iso

# Guest instructions from power-on to the first of dom0's init, ours and Xen's.
bench-boot: $(BOOT_INPUTS)
	@$< -j 1 -g bench -o '$(ON)' tests/boot/boots.cfg
	@awk '/init: started, tsc/ { n[FILENAME ~ /\.xen\./ ? "xen" : "ours"] = $$NF } \
	  END { for (h in n) printf "%-5s %14.0f instructions to init\n", h, n[h]; \
	  if (n["ours"] && n["xen"]) { r = n["ours"] / n["xen"]; \
	  printf "ratio ours/Xen %.3f\n", r; exit r > 1 } }' $(BUILD)/boot/bench-boot.*.log

# Our back ends beside the kernel's; their rows go below "<!-- rows -->" of
# docs/PERFORMANCE.md, up to the next empty line.
.PHONY: bench-backends
bench-backends: $(BOOT_INPUTS)
	@$< -j 1 -g bench-pv tests/boot/boots.cfg
	@tests/tools/bench_backends docs/PERFORMANCE.md $(BUILD)/boot/bench-*.ours.log
