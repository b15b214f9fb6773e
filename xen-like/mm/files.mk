# SPDX-License-Identifier: MIT
HV_OBJS += mm/frame_table.o mm/buddy.o mm/heap.o mm/tlb_flush.o \
           mm/early.o mm/map.o
