# SPDX-License-Identifier: MIT
HV_OBJS += init/cpu_up.o init/keys.o init/main.o init/units.o
