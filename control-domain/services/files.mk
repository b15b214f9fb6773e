# control-domain/services: consoled.
CONSOLE_SRCS := $(addprefix control-domain/services/,console_ring.c \
    console_log.c console_view.c console_guest.c)
PROGRAMS += consoled
consoled_SRCS = control-domain/services/consoled.c \
    control-domain/services/console_hv.c $(CONSOLE_SRCS) $(LIB_SRCS) \
    $(XS_CLIENT_SRCS)
consoled_LIBS := -lutil
PROGRAMS += netsetup
netsetup_SRCS = control-domain/services/netsetup.c control-domain/lib/netif.c \
    $(LIB_CORE_SRCS)
