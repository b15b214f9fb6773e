# Paravane: one makefile, no recursion.  Every directory states its own part
# in a files.mk, read below; this file holds the flags and the rules.
#
#   hypervisor   HV_OBJS    += event/evtchn.o            (paths below xen-like/)
#   program      PROGRAMS   += xenstored                 -> build/xenstored
#                xenstored_SRCS := xenstore-like/server/main.c ...
#                xenstored_LIBS := -lfoo
#   unit test    UNIT_TESTS += test_tree                 -> build/unit/test_tree
#                test_tree_SRCS := tests/unit/store/test_tree.c ...
#                test_tree_KIND := hv | user   (which include path; user if unset)
#   tiny guest   see tests/guests/files.mk
#
# make help lists the targets.

# What a bare Debian 12 machine needs to build and to run every test.
DEPS := gcc libc6-dev binutils libcmocka-dev libxen-dev libxml2-dev uuid-dev \
        libjson-c-dev liburing-dev libseccomp-dev libslirp-dev liblzma-dev libzstd-dev \
        zlib1g-dev libxxhash-dev libasan8 libubsan1 libzydis-dev qemu-system-x86 qemu-utils ovmf \
        qemu-system-common \
        grub-common grub-pc-bin grub-efi-amd64-bin grub-xen-host xorriso mtools cpio zstd \
        kmod busybox-static e2fsprogs libvncserver-dev libpng-dev novnc \
        chromium chromium-driver curl jq acpica-tools seabios memtest86+ \
        clang

BUILD ?= build
Q     := $(if $(V),,@)
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += -r
export BUILD

CC      := gcc
LD      := ld
OBJCOPY := objcopy

# ---- flags ---------------------------------------------------------------
WARN := -Wall -Wextra -Werror -Wmissing-prototypes -Wstrict-prototypes \
        -Wold-style-definition -Wshadow -Wvla -Wno-unused-parameter
STD  := -std=gnu17 -g

# Freestanding code sees the compiler's own headers and the public ABI
# headers (build/abi/xen), nothing else of the host.
GCC_INC  := $(shell $(CC) -print-file-name=include)
ABI_INC  := -I$(BUILD)/abi
FREE     := -ffreestanding -nostdinc -isystem $(GCC_INC) $(ABI_INC) \
            -fno-strict-aliasing -fno-common -fno-asynchronous-unwind-tables \
            -mno-red-zone -mgeneral-regs-only
HV_INC   := -Ixen-like -Ixen-like/include
HV_CFLAGS := $(STD) $(WARN) $(FREE) $(HV_INC) -O2 $(if $(HV_DEBUG),,-DNDEBUG) \
            -fpie -fvisibility=hidden -mcmodel=small -fno-jump-tables \
            -fno-omit-frame-pointer -ftrivial-auto-var-init=zero \
            -fstack-protector-strong -mstack-protector-guard=global \
            -mindirect-branch=thunk-extern -mindirect-branch-register \
            -fno-delete-null-pointer-checks
# Rooms that no measured path goes through are built small.
HV_COLD := acpi boot dom0 init physdev
HV_SMALL = $(if $(filter $(HV_COLD),$(firstword $(subst /, ,$*))),-Os)
USER_INC := -Icontrol-domain -Ixenstore-like -Ipv-drivers -Itoolstack \
            -Ihvm-emu -Ixen-like -Ixen-like/include $(ABI_INC)
USER_CFLAGS := $(STD) $(WARN) $(USER_INC) -O2 -D_GNU_SOURCE \
            -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE \
            $(shell xml2-config --cflags 2>/dev/null)
USER_LDFLAGS := -pie -Wl,-z,relro,-z,now
SAN      := -fsanitize=address,undefined -fno-sanitize-recover=undefined
UNIT_CFLAGS_COMMON := $(STD) $(WARN) $(SAN) -O1 -D_GNU_SOURCE \
            -fno-omit-frame-pointer -Itests/lib
UNIT_INC_hv   := -Itests/fake-arch $(HV_INC) $(ABI_INC) -DHOST_TEST
UNIT_INC_user := $(USER_INC) $(shell xml2-config --cflags 2>/dev/null)

# ---- the parts -------------------------------------------------------------
HV_OBJS    :=
PROGRAMS   :=
UNIT_TESTS :=
FUZZERS    :=
FUZZ_TABLES :=
GUIDED     :=
ALL        :=
CHECKS     :=
HELP       :=
FILES_MK := $(sort $(shell find xen-like control-domain xenstore-like pv-drivers \
                toolstack hvm-emu tests -name files.mk 2>/dev/null))
include $(FILES_MK)

# ---- rules -----------------------------------------------------------------
$(BUILD)/abi/xen:
	$(Q)mkdir -p $(@D) && ln -sfn /usr/include/xen $@

$(BUILD)/hv/%.o: xen-like/%.c | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)$(CC) $(HV_CFLAGS) $(HV_SMALL) $(HV_CFLAGS_$(subst /,_,$*)) -MMD -MP -c -o $@ $<

$(BUILD)/hv/%.o: xen-like/%.S | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)$(CC) -D__ASSEMBLY__ -g $(FREE) $(HV_INC) -MMD -MP -c -o $@ $<

$(BUILD)/user/%.o: %.c | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)$(CC) $(USER_CFLAGS) -MMD -MP -c -o $@ $<

define program
$$(BUILD)/$(1): $$(patsubst %.c,$$(BUILD)/user/%.o,$$($(1)_SRCS))
	$$(Q)$$(CC) $$(USER_LDFLAGS) -o $$@ $$^ $$($(1)_LIBS)
PROGRAM_OBJS += $$(patsubst %.c,$$(BUILD)/user/%.o,$$($(1)_SRCS))
endef
$(foreach p,$(PROGRAMS),$(eval $(call program,$(p))))

$(BUILD)/unit-obj-hv/%.o: %.c | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS_COMMON) $(UNIT_INC_hv) -MMD -MP -c -o $@ $<

$(BUILD)/unit-obj-user/%.o: %.c | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)$(CC) $(UNIT_CFLAGS_COMMON) $(UNIT_INC_user) -MMD -MP -c -o $@ $<

define unit_test
$(1)_UOBJS := $$(patsubst %.c,$$(BUILD)/unit-obj-$$(or $$($(1)_KIND),user)/%.o,$$($(1)_SRCS))
$$(BUILD)/unit/$(1): $$($(1)_UOBJS)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(SAN) -o $$@ $$^ $$($(1)_LIBS) -lcmocka
UNIT_OBJS += $$($(1)_UOBJS)
endef
$(foreach t,$(UNIT_TESTS),$(eval $(call unit_test,$(t))))

# Fuzz harnesses: FUZZERS += fuzz_x, fuzz_x_SRCS, fuzz_x_KIND as of unit tests.
define fuzzer
$(1)_FOBJS := $$(patsubst %.c,$$(BUILD)/unit-obj-$$(or $$($(1)_KIND),user)/%.o,$$($(1)_SRCS))
$$(BUILD)/fuzz/$(1): $$($(1)_FOBJS)
	@mkdir -p $$(@D)
	$$(Q)$$(CC) $$(SAN) -o $$@ $$^ $$($(1)_LIBS)
UNIT_OBJS += $$($(1)_FOBJS)
endef
$(foreach f,$(FUZZERS) $(FUZZ_TABLES),$(eval $(call fuzzer,$(f))))

# The same with libFuzzer, by clang: GUIDED += libfuzzer_x, libfuzzer_x_SRCS.
GUIDED_CFLAGS := $(STD) -fsanitize=fuzzer,address,undefined -O1 -D_GNU_SOURCE \
            -fno-sanitize-recover=undefined -fno-omit-frame-pointer -Itests/lib
$(BUILD)/guided-obj/%.o: %.c | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)clang $(GUIDED_CFLAGS) $(UNIT_INC_user) -MMD -MP -c -o $@ $<

define guided
$(1)_GOBJS := $$(patsubst %.c,$$(BUILD)/guided-obj/%.o,$$($(1)_SRCS))
$$(BUILD)/fuzz/$(1): $$($(1)_GOBJS)
	@mkdir -p $$(@D)
	$$(Q)clang -fsanitize=fuzzer,address,undefined -o $$@ $$^ $$($(1)_LIBS)
UNIT_OBJS += $$($(1)_GOBJS)
endef
$(foreach f,$(GUIDED),$(eval $(call guided,$(f))))

-include $(patsubst %.o,%.d,$(addprefix $(BUILD)/hv/,$(HV_OBJS)) $(PROGRAM_OBJS) $(UNIT_OBJS))

# ---- targets -----------------------------------------------------------------
.PHONY: fuzz all check unit clean help deps test
all: $(addprefix $(BUILD)/,$(PROGRAMS)) $(ALL)

# A test is run again when it has changed or did not pass.
UNIT_SECONDS ?= 300
$(BUILD)/unit/%.ok: $(BUILD)/unit/%
	$(Q)timeout -k 5 $(UNIT_SECONDS) $< >$<.log 2>&1 || \
	 { rc=$$?; cat $<.log; echo "$* failed, status $$rc (124: hung)"; exit 1; }
	$(Q)touch $@

unit: $(patsubst %,$(BUILD)/unit/%.ok,$(UNIT_TESTS))
	$(Q)grep -h 'PASSED  \]' $(^:.ok=.log) | \
	 awk '{n+=$$4} END {print "unit: " n+0 " passed"}'

# Each harness for a while; a failure prints the seed that repeats it.
FUZZ_SECONDS ?= 10
fuzz: $(addprefix $(BUILD)/fuzz/,$(FUZZERS))
	$(Q)for f in $^; do $$f $(FUZZ_SECONDS) || exit 1; done
	$(Q)$(MAKE) -s fuzz-devices

check: unit $(CHECKS)

# Installs what is missing, and only that.
deps:
	@missing=$$(for p in $(DEPS); do dpkg-query -W -f '$${Status}' $$p 2>/dev/null \
	  | grep -q 'ok installed' || echo $$p; done); [ -z "$$missing" ] || { \
	 sudo=; [ "$$(id -u)" = 0 ] || sudo=sudo; echo "deps: installing" $$missing; \
	 $$sudo apt-get -qq update && DEBIAN_FRONTEND=noninteractive $$sudo apt-get -qq \
	  install -y --no-install-recommends $$missing >/dev/null; }

# Everything that CI runs.  A second make, because the flags above ask tools
# that deps has only just installed.
test: deps
	@MAKE='$(MAKE)' tests/tools/run-all

# DESTDIR and PREFIX as usual.  /boot is touched with INSTALL_BOOT=1 only, and
# update-grub is left to the administrator.
PREFIX  ?= /usr/local
VERSION := 0.1
.PHONY: install
install: all
	install -d $(DESTDIR)$(PREFIX)/sbin $(DESTDIR)$(PREFIX)/bin \
	  $(DESTDIR)/etc/vmctl/domains $(DESTDIR)/var/log/xen/console
	install -m 755 $(addprefix $(BUILD)/,$(filter-out init xs,$(PROGRAMS))) \
	  $(DESTDIR)$(PREFIX)/sbin
	install -m 755 $(BUILD)/xs $(DESTDIR)$(PREFIX)/bin
	ln -sfn vmctl $(DESTDIR)$(PREFIX)/sbin/xenvmctl
ifeq ($(INSTALL_BOOT),1)
	install -d $(DESTDIR)/boot
	gzip -9nc $(BUILD)/paravane.elf >$(DESTDIR)/boot/xen-$(VERSION)-paravane.gz
	echo CONFIG_PARAVANE=y >$(DESTDIR)/boot/xen-$(VERSION)-paravane.config
	@echo 'installed; now: update-grub'
else
	@echo 'installed, but not in /boot: INSTALL_BOOT=1 does that'
endif

clean:
	rm -rf $(BUILD)

help:
	@echo 'make              hypervisor, control domain image, tools, boot disk'
	@echo 'make demo         boot it all in QEMU and tell the story (DEMO_CPUS, DEMO_FIRMWARE)'
	@echo 'make run          a dom0 shell in QEMU on this terminal'
	@echo 'make check        unit tests, include order, headers alone (under a minute)'
	@echo 'make boot         nested boots ([GROUP=g] [NAME=n] [LONG=1])'
	@echo 'make fuzz         harnesses of tests/fuzz, every device ([FUZZ_SECONDS=n])'
	@echo 'make bench        instructions per operation, ours and Xen (GROUP=pv|hvm)'
	@echo 'make bench-boot   instructions to init, ours and Xen'
	@echo 'make test         all that CI runs, from a bare Debian machine'
	@echo 'make install      DESTDIR, PREFIX; the boot image with INSTALL_BOOT=1'
	@echo 'make deps         install what the above need'
	@echo 'also: unit clean format lint $(filter-out boot demo run bench bench-boot,$(HELP))'
