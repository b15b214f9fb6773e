# Checks of the tree itself; each is a row of `make check`.
SOURCE_TREES := xen-like control-domain xenstore-like pv-drivers toolstack hvm-emu
TREE_FILES   := $(sort $(shell find $(SOURCE_TREES) -name '*.[chS]' 2>/dev/null))
TREE_HEADERS := $(filter %.h,$(TREE_FILES))
CHECKS += check-order check-headers check-tools check-abi check-sandbox
HELP   += check-order check-headers check-tools

.PHONY: check-order check-headers check-tools lint format
check-order:
	@awk -f tests/tools/check-order docs/order $(TREE_FILES)

check-headers: | $(BUILD)/abi/xen
	@CC='$(CC)' HV_FLAGS='$(HV_CFLAGS)' USER_FLAGS='$(USER_CFLAGS)' \
	 tests/tools/check-headers $(TREE_HEADERS)

check-tools:
	@tests/tools/test-tools

# What serving processes may do, as the programs themselves list it.
SANDBOXED := $(addprefix $(BUILD)/paravane-,blkd netd screend hvm-emu)
.PHONY: check-sandbox
check-sandbox: $(SANDBOXED)
	@tests/tools/check-sandbox $^

# Needs cppcheck and shellcheck.  Suppressed is what cppcheck 2.10 says of
# linker symbols, of assembler that writes a variable, and of what it cannot
# parse, and what shellcheck says of scripts that source lib.sh.
CPPCHECK_QUIET := $(addprefix --suppress=,varFuncNullUB comparePointers \
                    internalAstError uninitvar ctuuninitvar zerodivcond)
lint: check-order check-headers
	@cppcheck -q --error-exitcode=1 --enable=warning,portability --std=c11 \
	  $(CPPCHECK_QUIET) --inline-suppr -D__x86_64__ -DNDEBUG \
	  $(filter-out %abi,$(filter -I%,$(USER_INC))) $(wildcard $(SOURCE_TREES))
	@shellcheck -S warning -e SC2154,SC2034,SC2148,SC2010 tests/tools/check-headers tests/tools/test-tools \
	  tests/tools/run-all control-domain/image/mkimage \
	  control-domain/image/*.sh tests/boot/dom0/*.sh

format:
	@command -v clang-format >/dev/null || { echo 'install clang-format'; exit 1; }
	@git diff --name-only -z HEAD -- '*.c' '*.h' | xargs -0 -r clang-format -i

# docs/abi.md is made from the dispatch tables.
.PHONY: docs/abi.md check-abi
docs/abi.md: | $(BUILD)/abi/xen
	@tests/tools/abi-table '$(CC)' $(ABI_INC) >$@.tmp && mv $@.tmp $@

check-abi: | $(BUILD)/abi/xen
	@tests/tools/abi-table '$(CC)' $(ABI_INC) >$(BUILD)/abi.md
	@cmp -s docs/abi.md $(BUILD)/abi.md || \
	  { echo 'docs/abi.md is stale: make docs/abi.md'; exit 1; }

.PHONY: print-checks
print-checks:
	@echo $(CHECKS)

# In the sample guest's image: no libc, so that it stays small.
$(BUILD)/blkbench: tests/tools/blkbench.c
	$(Q)$(CC) $(STD) $(WARN) -s -O2 -D_GNU_SOURCE -ffreestanding -fno-stack-protector \
	 -fno-asynchronous-unwind-tables -fno-builtin-memset -static -nostdlib \
	 -fno-pie -no-pie -fno-tree-loop-distribute-patterns -o $@ $<
$(BUILD)/guest.img: $(BUILD)/blkbench
