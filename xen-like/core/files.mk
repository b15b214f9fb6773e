# SPDX-License-Identifier: MIT
HV_OBJS += core/backtrace.o core/console.o core/keyhandler.o core/lock.o \
           core/log.o core/machine.o core/panic.o core/params.o core/percpu.o \
           core/serial.o core/softirq.o core/timer.o core/trace.o core/vga.o
