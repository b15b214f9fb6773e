# SPDX-License-Identifier: MIT
UNIT_TESTS += test_inject test_svm_exit
test_inject_KIND := hv
test_inject_SRCS := tests/unit/hvm/test_inject.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/hvm/inject.c
test_svm_exit_KIND := hv
test_svm_exit_SRCS := tests/unit/hvm/test_svm_exit.c tests/fake-arch/fake.c \
        tests/lib/domains.c xen-like/svm/svm_exit.c
