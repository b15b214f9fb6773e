# SPDX-License-Identifier: MIT
HV_OBJS += p2m/p2m.o p2m/fmt_npt.o p2m/fmt_ept.o
