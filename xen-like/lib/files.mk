# SPDX-License-Identifier: MIT
HV_OBJS += lib/elf.o lib/rangeset.o lib/e820.o lib/cpu_policy.o lib/hypercall_page.o
HV_OBJS += lib/format.o lib/string.o
