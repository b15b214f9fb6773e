# SPDX-License-Identifier: MIT
# Tiny PV64 guests: one directory per subject, one image each in build/guests.
# tests/guests/lib is linked into all of them.  <name>_p2m is the same guest
# with the notes of lib/notes.S that ask for an own p2m address.

GUESTS     := entry traps events time mmu control privop calls memory smp race attack hvm \
    hvm32 hvm_attack
GUESTS_P2M := entry

GUEST_CFLAGS := $(STD) $(WARN) $(FREE) -O2 -mcmodel=kernel -fno-pic -fno-pie \
    -fno-stack-protector -fno-jump-tables -Itests/guests -Ipv-drivers \
    -Ixen-like/include -D__XEN_TOOLS__
GUEST_LIB_SRCS := $(wildcard tests/guests/lib/*.c)
GUEST_LIB_OBJS := $(patsubst tests/guests/%.c,$(BUILD)/guests/obj/%.o,$(GUEST_LIB_SRCS)) \
    $(BUILD)/guests/obj/lib/start.o $(BUILD)/guests/obj/lib/tinydom_code.o
GUEST_ELFS := $(patsubst %,$(BUILD)/guests/%.elf,$(GUESTS) $(addsuffix _p2m,$(GUESTS_P2M)))
ALL += $(GUEST_ELFS) $(BUILD)/bench/bench.elf $(BUILD)/bench/bench_hvm.elf

$(BUILD)/guests/obj/%.o: tests/guests/%.c | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/guests/obj/%.o: tests/guests/%.S | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -D__ASSEMBLY__ -MMD -MP -c -o $@ $<

$(BUILD)/guests/obj/lib/notes_p2m.o: tests/guests/lib/notes.S | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -D__ASSEMBLY__ -DNOTE_INIT_P2M -MMD -MP -c -o $@ $<

guest_objs = $(patsubst tests/guests/%,$(BUILD)/guests/obj/%.o,$(basename $(wildcard tests/guests/$(1)/*.c tests/guests/$(1)/*.S)))

# $(1) image, $(2) directory, $(3) notes object, $(4) more objects
define guest
$$(BUILD)/$(1).elf: $$(call guest_objs,$(2)) $(4) $$(GUEST_LIB_OBJS) \
        $$(BUILD)/guests/obj/lib/$(3).o tests/guests/lib/guest.lds
	@mkdir -p $$(@D)
	$$(Q)$$(LD) -nostdlib -static -z max-page-size=4096 --no-warn-rwx-segments \
	    -T tests/guests/lib/guest.lds -o $$@ $$(filter %.o,$$^)
GUEST_OBJS += $$(call guest_objs,$(2)) $(4)
endef
$(foreach g,$(GUESTS),$(eval $(call guest,guests/$(g),$(g),notes)))
$(foreach g,$(GUESTS_P2M),$(eval $(call guest,guests/$(g)_p2m,$(g),notes_p2m)))
$(eval $(call guest,bench/bench,bench,notes))
$(eval $(call guest,bench/bench_hvm,bench_hvm,notes))

# Guests that a toolstack starts, on the front side of pv-drivers; not facts.
DOMU_GUESTS := frontend hostile
FRONT_SRCS := $(addprefix pv-drivers/,ring/ring.c ring/ring_front.c \
    port/port_guest.c xenbus/guest_store.c front/device.c front/blk.c \
    front/net.c front/console.c front/input.c)
DOMU_OBJS := $(patsubst %.c,$(BUILD)/guests/obj/%.o,$(FRONT_SRCS)) \
    $(call guest_objs,domu)
DOMU_ELFS := $(patsubst %,$(BUILD)/domu/%.elf,$(DOMU_GUESTS))
ALL += $(DOMU_ELFS)
$(foreach g,$(DOMU_GUESTS),$(eval $(call guest,domu/$(g),$(g),notes,$(DOMU_OBJS))))

$(BUILD)/guests/obj/pv-drivers/%.o: pv-drivers/%.c | $(BUILD)/abi/xen
	@mkdir -p $(@D)
	$(Q)$(CC) $(GUEST_CFLAGS) -MMD -MP -c -o $@ $<

-include $(patsubst %.o,%.d,$(GUEST_OBJS) $(GUEST_LIB_OBJS))

.PHONY: guests
guests: $(GUEST_ELFS)
HELP += guests

# ---- make bench [GROUP=pv|hvm]: ours and Xen's in one run -------------------
# Then our back ends beside the kernel's: boots of the group bench-pv print
# rows "BENCH | ...", which follow the table.  BENCH=boots leaves out the rest.
BENCH_ROWS := tests/guests/bench/rows.list
PEERS      := $(BUILD)/peers/.stamp
PEER_XEN   := $(BUILD)/peers/xen
BENCH_DOC  := docs/PERFORMANCE.md
HELP += bench

.PHONY: bench bench-calls bench-hvm
bench: $(if $(filter hvm,$(GROUP)),bench-hvm,$(if $(filter boots,$(BENCH)),,bench-calls) bench-backends)

bench-hvm: $(BUILD)/bench/bench_hvm.elf $(BUILD)/paravane.elf $(PEERS)
	@tests/guests/run_bench $(PEER_XEN) $< 'console=com1 dom0_mem=128M' \
	    >$(BUILD)/bench/hvm-xen.log
	@tests/guests/run_bench $(BUILD)/paravane.elf $< \
	    'console=com1 dom0_mem=128M' >$(BUILD)/bench/hvm-ours.log
	@{ cat tests/guests/bench_hvm/preamble.md; \
	   tests/tools/bench_table tests/guests/bench_hvm/rows.list \
	       $(BUILD)/bench/hvm-xen.log $(BUILD)/bench/hvm-ours.log; } \
	    >$(BUILD)/bench/hvm.md; rc=$$?; cp $(BUILD)/bench/hvm.md \
	    docs/performance-hvm.md; cat $(BUILD)/bench/hvm.md; exit $$rc

bench-calls: $(BUILD)/bench/bench.elf $(BUILD)/paravane.elf $(PEERS)
	@case '$(GROUP)' in ''|all|pv) ;; *) echo 'bench: no group $(GROUP)'; exit 1;; esac
	@tests/guests/run_bench $(PEER_XEN) $(BUILD)/bench/bench.elf \
	    'console=com1 dom0_mem=128M' >$(BUILD)/bench/xen.log
	@tests/guests/run_bench $(BUILD)/paravane.elf $(BUILD)/bench/bench.elf \
	    'console=com1 dom0_mem=128M' >$(BUILD)/bench/ours.log
	@{ cat tests/guests/bench/preamble.md; \
	   tests/tools/bench_table $(BENCH_ROWS) $(BUILD)/bench/xen.log \
	       $(BUILD)/bench/ours.log; } >$(BUILD)/bench/table.md; rc=$$?; \
	 sed '1,/^<!-- back ends -->$$/d' $(BENCH_DOC) >$(BUILD)/bench/rest.md; \
	 { cat $(BUILD)/bench/table.md; echo; echo '<!-- back ends -->'; \
	   cat $(BUILD)/bench/rest.md; } >$(BENCH_DOC); \
	 sed -n '/^| #/,/^$$/p' $(BENCH_DOC); exit $$rc
