# Unit tests of pv-drivers.
UNIT_TESTS += test_blk_ring test_blk test_blk_crash test_back_state
test_blk_ring_SRCS = tests/unit/pvdrv/test_ring.c \
    pv-drivers/ring/ring.c pv-drivers/ring/ring_front.c \
    pv-drivers/ring/blk_msg.c
BLK_FRONT_SRCS = $(addprefix tests/unit/pvdrv/,blk_front.c fake_port.c) \
    $(BLK_SRCS) $(LIB_CORE_SRCS)
test_blk_SRCS = tests/unit/pvdrv/test_blk.c $(BLK_FRONT_SRCS)
test_blk_LIBS := -luring
test_blk_crash_SRCS = tests/unit/pvdrv/test_blk_crash.c $(BLK_FRONT_SRCS)
test_blk_crash_LIBS := -luring
test_back_state_SRCS = tests/unit/pvdrv/test_state.c $(BACKD_SRCS) \
    $(BLKD_SRCS) $(LIB_SRCS) $(XS_CLIENT_SRCS)
test_back_state_LIBS := -luring -lseccomp
UNIT_TESTS += test_confine
test_confine_SRCS = $(sort tests/unit/pvdrv/test_confine.c $(BACKD_SRCS) \
    $(BLKD_SRCS) $(NET_SRCS) pv-drivers/back/net_serve.c $(LIB_SRCS) \
    $(XS_CLIENT_SRCS))
test_confine_LIBS := -luring -lseccomp
UNIT_TESTS += test_net test_net_rx
NET_FRONT_SRCS = $(addprefix tests/unit/pvdrv/,net_front.c fake_port.c) \
    $(NET_SRCS)
test_net_SRCS = tests/unit/pvdrv/test_net.c $(NET_FRONT_SRCS)
test_net_rx_SRCS = tests/unit/pvdrv/test_net_rx.c $(NET_FRONT_SRCS)
UNIT_TESTS += test_slirp_frame
test_slirp_frame_SRCS := tests/unit/pvdrv/test_slirp_frame.c \
    pv-drivers/back/slirp_frame.c
UNIT_TESTS += test_hostile
test_hostile_SRCS = $(sort tests/unit/pvdrv/test_hostile.c \
    tests/unit/pvdrv/fake_port.c $(BLK_SRCS) $(NET_SRCS) $(LIB_CORE_SRCS))
test_hostile_LIBS := -luring
UNIT_TESTS += test_fb test_input
test_fb_SRCS = tests/unit/pvdrv/test_fb.c tests/unit/pvdrv/fake_port.c \
    pv-drivers/back/fb.c pv-drivers/screen/link.c control-domain/lib/err.c
test_input_SRCS = tests/unit/pvdrv/test_input.c \
    tests/unit/pvdrv/fake_port.c pv-drivers/back/input.c
UNIT_TESTS += test_screen
test_screen_SRCS = tests/unit/pvdrv/test_screen.c $(SCREEN_SRCS) \
    $(LIB_CORE_SRCS)
test_screen_LIBS := -lvncserver -lpng
UNIT_TESTS += test_guest_store
test_guest_store_SRCS = $(sort tests/unit/pvdrv/test_guest_store.c \
    $(addprefix pv-drivers/,port/port_guest.c \
    xenbus/guest_store.c) tests/unit/store/host_file.c $(XS_SERVER_SRCS) \
    $(XS_STORE_SRCS) $(XS_CONN_SRCS) $(XS_PROTO_SRCS) $(LIB_CORE_SRCS))
UNIT_TESTS += test_hostile_screen
test_hostile_screen_SRCS = tests/unit/pvdrv/test_hostile_screen.c \
    tests/unit/pvdrv/fake_port.c $(FB_SRCS) pv-drivers/screen/link.c \
    $(LIB_CORE_SRCS)
UNIT_TESTS += test_qcow2
test_qcow2_SRCS = tests/unit/pvdrv/test_qcow2.c $(addprefix pv-drivers/back/,\
    qcow2.c storaged.c storaged_room.c blk_image.c blk_image_open.c blk_vhost.c) $(LIB_CORE_SRCS)
test_qcow2_LIBS := -luring -lseccomp
