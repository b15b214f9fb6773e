# SPDX-License-Identifier: MIT
HV_OBJS += time/platform.o time/systime.o time/wallclock.o
