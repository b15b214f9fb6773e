# SPDX-License-Identifier: MIT
HV_OBJS += physdev/io_perm.o physdev/pci_cfg.o
