# Paravirtual device backends.  BLK_SRCS is the block backend without a host:
# the program adds port_dom0.c, the unit tests their own port.
BLK_SRCS := $(addprefix pv-drivers/,ring/ring.c ring/blk_msg.c \
    back/blk_journal.c back/blk_grants.c back/blk_image.c back/blk.c)
PROGRAMS += paravane-blkd
paravane-blkd_SRCS = $(addprefix pv-drivers/,port/port_dom0.c xenbus/state.c \
    xenbus/keys.c back/confine.c back/blk_serve.c back/device.c \
    back/device_child.c back/backd.c) $(BLK_SRCS) $(LIB_SRCS) \
    $(XS_CLIENT_SRCS)
paravane-blkd_LIBS := -luring -lseccomp
