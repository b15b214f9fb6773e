# SPDX-License-Identifier: MIT
VDEV_SRCS := $(addprefix xen-like/vdev/,vdev.c vdev_state.c irq0.c vlapic.c vlapic_timer.c message.c vioapic.c \
        vpic.c vpit.c vrtc.c vhpet.c vpmtimer.c hw_line.c) tests/fake-arch/fake.c \
        tests/lib/domains.c tests/unit/vdev/rig.c tests/unit/vdev/fake_irq.c
UNIT_TESTS += test_vlapic test_wires test_timers
test_vlapic_KIND := hv
test_vlapic_SRCS := tests/unit/vdev/test_vlapic.c $(VDEV_SRCS)
test_wires_KIND := hv
test_wires_SRCS := tests/unit/vdev/test_wires.c $(VDEV_SRCS)
test_timers_KIND := hv
test_timers_SRCS := tests/unit/vdev/test_timers.c $(VDEV_SRCS)
UNIT_TESTS += test_hw_line
test_hw_line_KIND := hv
test_hw_line_SRCS := tests/unit/vdev/test_hw_line.c $(VDEV_SRCS)
UNIT_TESTS += test_hostile_vdev
test_hostile_vdev_KIND := hv
test_hostile_vdev_SRCS := tests/unit/vdev/test_hostile_vdev.c $(VDEV_SRCS)
