# SPDX-License-Identifier: MIT
HV_OBJS += acpi/fields.o acpi/madt.o acpi/power.o acpi/tables.o
