# SPDX-License-Identifier: MIT
HV_OBJS += $(addprefix physdev/, io_perm.o pci_cfg.o msix.o pirq_map.o \
        physdev_op.o)
