# SPDX-License-Identifier: MIT
UNIT_TESTS += test_inject test_svm_exit test_guest_walk
test_guest_walk_KIND := hv
test_guest_walk_SRCS := tests/unit/hvm/test_guest_walk.c \
        tests/fake-arch/fake.c tests/lib/domains.c xen-like/hvm/guest_walk.c \
        xen-like/p2m/p2m.c xen-like/p2m/fmt_npt.c
test_inject_KIND := hv
test_inject_SRCS := tests/unit/hvm/test_inject.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/hvm/inject.c
test_svm_exit_KIND := hv
test_svm_exit_SRCS := tests/unit/hvm/test_svm_exit.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/svm/svm_exit.c
UNIT_TESTS += test_io test_hvm_op
test_io_KIND := hv
test_io_SRCS := tests/unit/hvm/test_io.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/hvm/io.c
test_hvm_op_KIND := hv
test_hvm_op_SRCS := tests/unit/hvm/test_hvm_op.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/hvm/hvm_op.c
UNIT_TESTS += test_vmx_exit
test_vmx_exit_KIND := hv
test_vmx_exit_SRCS := tests/unit/hvm/test_vmx_exit.c tests/fake-arch/fake.c \
        tests/fake-arch/vmcs.c tests/lib/domains.c xen-like/vmx/vmx_exit.c
UNIT_TESTS += test_context
test_context_KIND := hv
test_context_SRCS := tests/unit/hvm/test_context.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/hvm/context.c \
        xen-like/hvm/context_check.c
