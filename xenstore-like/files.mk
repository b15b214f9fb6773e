# The store: daemon, client library, command line tool, unit tests.
# Programs elsewhere that use the client write  x_SRCS = ... $(XS_CLIENT_SRCS)
# with a plain "=": this file is read after most others.
XS_PROTO_SRCS  := xenstore-like/proto/wire.c xenstore-like/proto/path.c
XS_CLIENT_SRCS := $(addprefix xenstore-like/client/,xs.c xs_call.c xs_io.c \
                  xs_watch.c) xenstore-like/proto/wire.c
XS_STORE_SRCS  := $(addprefix xenstore-like/store/,blob.c perms.c quota.c \
                  tree.c journal.c txn.c txn_replay.c access.c watch.c)
XS_CONN_SRCS   := $(addprefix xenstore-like/conn/,conn.c unix.c ring.c)
XS_SERVER_SRCS := $(addprefix xenstore-like/server/,server.c client.c \
                  events.c domain.c state.c state_replay.c dispatch.c op_node.c op_watch.c \
                  op_txn.c op_domain.c op_control.c daemon.c)

PROGRAMS += xenstored
xenstored_SRCS = xenstore-like/server/main.c $(XS_SERVER_SRCS) \
                 $(XS_STORE_SRCS) $(XS_CONN_SRCS) xenstore-like/conn/host_xen.c \
                 $(XS_PROTO_SRCS) $(LIB_SRCS)

PROGRAMS += xs
xs_SRCS = xenstore-like/client/xs_tool.c $(XS_CLIENT_SRCS)
