# Unit tests of the store.  XS_* and LIB_* lists are read later: plain "=".
STORE_T := tests/unit/store

UNIT_TESTS += test_store_daemon
test_store_daemon_SRCS = $(STORE_T)/test_daemon.c $(STORE_T)/daemon_rig.c \
    $(STORE_T)/host_file.c \
    $(XS_SERVER_SRCS) $(XS_STORE_SRCS) $(XS_CONN_SRCS) $(XS_PROTO_SRCS) \
    $(filter-out $(XS_PROTO_SRCS),$(XS_CLIENT_SRCS)) $(LIB_CORE_SRCS)
test_store_daemon_LIBS := -Wl,--wrap=state_commit

UNIT_TESTS += test_store_random
test_store_random_SRCS = $(STORE_T)/test_random.c $(STORE_T)/model.c \
    $(XS_STORE_SRCS) $(XS_PROTO_SRCS)
test_store_random_LIBS := -Wl,--wrap=malloc,--wrap=calloc,--wrap=posix_fallocate

UNIT_TESTS += test_store_server
test_store_server_SRCS = $(STORE_T)/test_server.c $(STORE_T)/server_rig.c \
    $(STORE_T)/host_file.c \
    $(XS_SERVER_SRCS) $(XS_STORE_SRCS) $(XS_CONN_SRCS) $(XS_PROTO_SRCS) \
    $(LIB_CORE_SRCS)

UNIT_TESTS += test_store_parts
test_store_parts_SRCS = $(STORE_T)/test_parts.c $(XS_STORE_SRCS) \
    $(XS_CONN_SRCS) $(XS_PROTO_SRCS) $(LIB_CORE_SRCS)

UNIT_TESTS += test_store_faults
test_store_faults_SRCS = $(STORE_T)/test_faults.c $(STORE_T)/server_rig.c \
    $(STORE_T)/host_file.c $(XS_SERVER_SRCS) $(XS_STORE_SRCS) \
    $(XS_CONN_SRCS) $(XS_PROTO_SRCS) $(LIB_CORE_SRCS)
test_store_faults_LIBS := -Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=posix_fallocate

UNIT_TESTS += test_hostile_store
test_hostile_store_SRCS = $(STORE_T)/test_hostile_store.c \
    $(STORE_T)/host_file.c $(XS_SERVER_SRCS) $(XS_STORE_SRCS) \
    $(XS_CONN_SRCS) $(XS_PROTO_SRCS) $(LIB_CORE_SRCS)
