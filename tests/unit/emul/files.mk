# SPDX-License-Identifier: MIT
UNIT_TESTS += test_decode test_execute
test_decode_KIND := hv
test_decode_SRCS := tests/unit/emul/test_decode.c xen-like/emul/decode.c
test_execute_KIND := hv
test_execute_SRCS := tests/unit/emul/test_execute.c tests/fuzz/emul_native.c \
        xen-like/emul/decode.c xen-like/emul/execute.c xen-like/emul/alu.c
