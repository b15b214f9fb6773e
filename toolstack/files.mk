# toolstack/: vmctl and the unit tests of its parts.

TOOLSTACK_CONFIG := $(addprefix toolstack/config/, def.c diag.c defaults.c \
    validate.c device_disk.c device_kinds.c xml_parse.c xml_table.c \
    xml_out.c xml_format.c)

UNIT_TESTS += test_def test_xml
test_def_SRCS := tests/unit/toolstack/test_def.c toolstack/config/def.c
test_xml_SRCS := tests/unit/toolstack/test_xml.c $(TOOLSTACK_CONFIG) \
    control-domain/lib/buf.c control-domain/lib/err.c
test_xml_LIBS := -lxml2 -luuid
