# SPDX-License-Identifier: MIT
HV_OBJS += arch/cpu.o arch/desc.o arch/extable.o arch/retpoline.o arch/smap.o \
           arch/xstate.o
