# The store: daemon, client library, command line tool, unit tests.
# Programs elsewhere that use the client write  x_SRCS = ... $(XS_CLIENT_SRCS)
# with a plain "=": this file is read after most others.
XS_PROTO_SRCS  := xenstore-like/proto/wire.c xenstore-like/proto/path.c
XS_CLIENT_SRCS := xenstore-like/client/xs.c xenstore-like/client/xs_io.c \
                  xenstore-like/client/xs_watch.c xenstore-like/proto/wire.c
