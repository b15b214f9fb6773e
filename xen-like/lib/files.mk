# SPDX-License-Identifier: MIT
HV_OBJS += lib/elf.o lib/bitmap.o lib/rangeset.o lib/e820.o lib/cpu_policy.o
