# toolstack/save: the stream in memory, tables, and the fuzzer of its reader.
SAVE_STREAM_SRCS := $(addprefix toolstack/save/,writer.c reader.c check.c \
    check_hvm.c) \
    control-domain/lib/err.c
SAVE_STREAM_LIBS := -lxxhash -lzstd

UNIT_TESTS += test_save_stream test_save_tables
test_save_stream_SRCS := tests/unit/save/test_stream.c \
    tests/unit/save/save_rig.c $(SAVE_STREAM_SRCS)
test_save_stream_LIBS := $(SAVE_STREAM_LIBS)
test_save_tables_SRCS := tests/unit/save/test_tables.c \
    toolstack/save/tables.c

FUZZERS += fuzz_save
fuzz_save_SRCS := tests/fuzz/fuzz_save.c tests/unit/save/save_rig.c \
    $(SAVE_STREAM_SRCS)
fuzz_save_LIBS := $(SAVE_STREAM_LIBS)

UNIT_TESTS += test_save_p2m test_save_file
test_save_p2m_SRCS := tests/unit/save/test_p2m.c toolstack/save/p2m.c \
    control-domain/lib/err.c
test_save_file_SRCS := tests/unit/save/test_file.c toolstack/save/file.c \
    toolstack/lifecycle/saver.c control-domain/lib/err.c
