# SPDX-License-Identifier: MIT
HV_OBJS += grant/table.o grant/maptrack.o grant/map.o grant/copy.o \
           grant/grant_op.o
