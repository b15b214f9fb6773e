# SPDX-License-Identifier: MIT
HV_OBJS += irq/ioapic.o irq/irq.o irq/lapic.o irq/vector.o
