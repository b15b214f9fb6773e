# SPDX-License-Identifier: MIT
HV_OBJS += mm/early.o mm/map.o
