# SPDX-License-Identifier: MIT
VDEV_SRCS := $(addprefix xen-like/vdev/,vdev.c irq0.c vlapic.c vlapic_timer.c message.c vioapic.c \
        vpic.c vpit.c vrtc.c vhpet.c vpmtimer.c) tests/fake-arch/fake.c \
        tests/lib/domains.c tests/unit/vdev/rig.c
UNIT_TESTS += test_vlapic test_wires test_timers
test_vlapic_KIND := hv
test_vlapic_SRCS := tests/unit/vdev/test_vlapic.c $(VDEV_SRCS)
test_wires_KIND := hv
test_wires_SRCS := tests/unit/vdev/test_wires.c $(VDEV_SRCS)
test_timers_KIND := hv
test_timers_SRCS := tests/unit/vdev/test_timers.c $(VDEV_SRCS)
