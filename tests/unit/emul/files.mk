# SPDX-License-Identifier: MIT
UNIT_TESTS += test_decode
test_decode_KIND := hv
test_decode_SRCS := tests/unit/emul/test_decode.c xen-like/emul/decode.c
