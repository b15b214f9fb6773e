# Unit tests of pv-drivers.
UNIT_TESTS += test_blk_ring test_blk test_back_state
test_blk_ring_SRCS = tests/unit/pvdrv/test_ring.c \
    pv-drivers/ring/ring.c pv-drivers/ring/blk_msg.c
test_blk_SRCS = tests/unit/pvdrv/test_blk.c tests/unit/pvdrv/fake_port.c \
    $(BLK_SRCS) $(LIB_CORE_SRCS)
test_blk_LIBS := -luring
test_back_state_SRCS = tests/unit/pvdrv/test_state.c \
    $(addprefix pv-drivers/,port/port_dom0.c xenbus/state.c xenbus/keys.c \
    back/confine.c back/blk_serve.c back/device.c back/device_child.c) \
    $(BLK_SRCS) $(LIB_SRCS) $(XS_CLIENT_SRCS)
test_back_state_LIBS := -luring -lseccomp
