# Paravirtual device backends.  BLK_SRCS is the block backend without a host:
# the program adds port_dom0.c, the unit tests their own port.
BLK_SRCS := $(addprefix pv-drivers/,ring/ring.c ring/blk_msg.c \
    back/blk_journal.c back/blk_grants.c back/blk_image.c back/blk.c)
