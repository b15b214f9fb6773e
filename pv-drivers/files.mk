# Paravirtual device backends.  BLK_SRCS is the block backend without a host:
# the program adds port_dom0.c, the unit tests their own port.
BLK_SRCS := $(addprefix pv-drivers/,ring/ring.c ring/blk_msg.c \
    back/blk_journal.c back/blk_grants.c back/blk_image.c back/blk_image_open.c back/blk_vhost.c \
    back/blk.c)
BACKD_SRCS := $(addprefix pv-drivers/,port/port_dom0.c xenbus/state.c \
    xenbus/keys.c back/confine.c back/serve.c back/device.c \
    back/device_child.c back/backd.c)
BLKD_SRCS := $(addprefix pv-drivers/back/,blk_serve.c blk_device.c blk_live.c \
    qcow2.c storaged.c storaged_room.c) $(BLK_SRCS)
PROGRAMS += paravane-blkd
paravane-blkd_SRCS = pv-drivers/back/blkd.c $(BACKD_SRCS) $(BLKD_SRCS) \
    $(LIB_SRCS) $(XS_CLIENT_SRCS)
paravane-blkd_LIBS := -luring -lseccomp
NET_SRCS := $(addprefix pv-drivers/,ring/ring.c ring/net_msg.c back/net.c \
    back/net_tx.c back/net_rx.c)
PROGRAMS += paravane-netd
paravane-netd_SRCS = $(addprefix pv-drivers/back/,netd.c net_serve.c \
    net_device.c net_tap.c net_user.c) $(BACKD_SRCS) $(NET_SRCS) $(LIB_SRCS) $(XS_CLIENT_SRCS)
paravane-netd_LIBS := -lseccomp
PROGRAMS += paravane-slirpd
paravane-slirpd_SRCS = $(addprefix pv-drivers/back/,slirpd.c slirp_frame.c \
    confine.c) $(LIB_CORE_SRCS)
paravane-slirpd_LIBS := -lslirp -lseccomp

# The screen: SCREEN_SRCS shows a picture, FB_SRCS is the guest's side of it.
SCREEN_SRCS := $(addprefix pv-drivers/screen/,link.c keys.c png.c vnc.c web.c \
    control.c cp437.c)
FB_SRCS := $(addprefix pv-drivers/back/,fb.c input.c)
PROGRAMS += paravane-screend
paravane-screend_SRCS = $(addprefix pv-drivers/back/,screend.c screen_serve.c \
    fb_serve.c input_serve.c viewer.c screen.c screen_device.c) $(BACKD_SRCS) \
    $(SCREEN_SRCS) $(FB_SRCS) $(LIB_SRCS) $(XS_CLIENT_SRCS)
paravane-screend_LIBS := -lvncserver -lpng -lseccomp
