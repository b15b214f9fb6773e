# The nested boots: make boot [GROUP=g] [NAME=n] [ON=ours|xen] [JOBS=n].
GROUP ?= all
JOBS  ?= 2
HELP   += boot demo run bench-boot
CHECKS += check-boots
BOOT_SRCS := $(addprefix tests/boot/,run_boots.c vm.c cfg.c)

$(BUILD)/run_boots: $(BOOT_SRCS) tests/boot/vm.h tests/boot/cfg.h
	@mkdir -p $(@D)
	$(Q)$(CC) $(STD) $(WARN) -O1 -D_GNU_SOURCE -o $@ $(BOOT_SRCS) -lcmocka

.PHONY: boot check-boots demo run bench-boot
check-boots: $(BUILD)/run_boots
	@$< --check tests/boot/boots.cfg

boot: $(BUILD)/run_boots $(BUILD)/test.iso
	@$< -j $(JOBS) -g '$(GROUP)' -n '$(NAME)' -o '$(ON)' tests/boot/boots.cfg

TEST_ISO_GUESTS = $(GUEST_ELFS)
