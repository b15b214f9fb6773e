# toolstack/: vmctl and the unit tests of its parts.

TOOLSTACK_CONFIG := $(addprefix toolstack/config/, def.c diag.c defaults.c \
    validate.c device_disk.c device_nic.c \
    device_screen.c device_serial.c device_kinds.c device_edit.c \
    xml_parse.c xml_table.c xml_devices.c xml_out.c xml_format.c)

UNIT_TESTS += test_def test_xml
test_def_SRCS := tests/unit/toolstack/test_def.c toolstack/config/def.c
test_xml_SRCS := tests/unit/toolstack/test_xml.c $(TOOLSTACK_CONFIG) \
    control-domain/lib/buf.c control-domain/lib/err.c
test_xml_LIBS := -lxml2 -luuid

TOOLSTACK_IMAGE := $(addprefix toolstack/build/, unpack.c \
    unpack_confined.c bzimage.c pv_kernel.c pv_layout.c pv_tables.c) xen-like/lib/elf.c
TOOLSTACK_IMAGE_LIBS := -llzma -lz -lzstd -lseccomp

UNIT_TESTS += test_kernel test_pv_layout
test_kernel_SRCS := tests/unit/toolstack/test_kernel.c \
    toolstack/build/unpack.c toolstack/build/unpack_confined.c \
    toolstack/build/bzimage.c toolstack/build/pv_kernel.c xen-like/lib/elf.c control-domain/lib/err.c
test_kernel_LIBS := $(TOOLSTACK_IMAGE_LIBS)
test_pv_layout_SRCS := tests/unit/toolstack/test_pv_layout.c \
    toolstack/build/pv_layout.c toolstack/build/pv_tables.c \
    control-domain/lib/err.c

PROGRAMS   += vmctl
vmctl_SRCS  = $(wildcard toolstack/*/*.c) pv-drivers/screen/keys.c xen-like/lib/elf.c $(LIB_SRCS) \
    $(XS_CLIENT_SRCS)
vmctl_LIBS := -lxml2 -luuid -ljson-c -lxxhash $(TOOLSTACK_IMAGE_LIBS)

UNIT_TESTS += test_pvh
test_pvh_SRCS := tests/unit/toolstack/test_pvh.c $(addprefix toolstack/build/, \
    pvh_layout.c acpi.c hvm_context.c) xen-like/lib/elf.c \
    control-domain/lib/acpi_table.c \
    control-domain/lib/err.c

UNIT_TESTS += test_hvm test_emulator
test_hvm_SRCS := tests/unit/toolstack/test_hvm.c $(addprefix toolstack/build/, \
    hvm_kernel.c hvm_context.c) control-domain/lib/err.c
test_emulator_SRCS = tests/unit/toolstack/test_emulator.c \
    $(addprefix toolstack/,lifecycle/emulator.c lifecycle/backend.c \
    lifecycle/rundir.c devices/network.c store/paths.c) $(TOOLSTACK_CONFIG) \
    $(LIB_SRCS) $(XS_CLIENT_SRCS)
test_emulator_LIBS := -lxml2 -luuid -ljson-c

UNIT_TESTS += test_build test_lifecycle test_store_entries test_devices
test_build_SRCS = tests/unit/toolstack/test_build.c toolstack/build/create.c \
    toolstack/build/memory.c toolstack/config/def.c $(LIB_SRCS)
test_lifecycle_SRCS := tests/unit/toolstack/test_lifecycle.c \
    toolstack/lifecycle/state.c toolstack/lifecycle/rundir.c \
    toolstack/lifecycle/backend.c toolstack/lifecycle/userdata.c \
    $(TOOLSTACK_CONFIG) \
    control-domain/lib/buf.c control-domain/lib/err.c
test_lifecycle_LIBS := -lxml2 -luuid -ljson-c
STORE_WORLD_SRCS := tests/unit/toolstack/store_world.c \
    toolstack/store/paths.c toolstack/store/domain_entry.c \
    toolstack/store/device_entry.c toolstack/devices/devices.c \
    toolstack/devices/disk.c toolstack/devices/loop.c \
    toolstack/devices/claim.c control-domain/lib/imglock.c \
    toolstack/devices/nic.c toolstack/devices/network.c \
    toolstack/devices/screen.c \
    control-domain/lib/netif.c \
    toolstack/config/def.c control-domain/lib/err.c
test_store_entries_LIBS := -luuid
test_store_entries_SRCS := tests/unit/toolstack/test_store.c \
    $(STORE_WORLD_SRCS)
test_devices_SRCS := tests/unit/toolstack/test_devices.c $(STORE_WORLD_SRCS)
test_devices_LIBS := -luuid
UNIT_TESTS += test_drivers
test_drivers_SRCS := tests/unit/toolstack/test_drivers.c \
    toolstack/vmctl/drivers.c $(STORE_WORLD_SRCS)
test_drivers_LIBS := -luuid

UNIT_TESTS += test_events test_device_edit
test_events_SRCS := tests/unit/toolstack/test_events.c \
    toolstack/lifecycle/events.c toolstack/lifecycle/rundir.c \
    $(TOOLSTACK_CONFIG) control-domain/lib/buf.c control-domain/lib/err.c \
    control-domain/lib/log.c
test_events_LIBS := -lxml2 -luuid -ljson-c
test_device_edit_SRCS := tests/unit/toolstack/test_device_edit.c \
    $(TOOLSTACK_CONFIG) control-domain/lib/buf.c control-domain/lib/err.c
test_device_edit_LIBS := -lxml2 -luuid

CHECKS += check-cli
.PHONY: check-cli
check-cli: $(BUILD)/vmctl
	@tests/unit/toolstack/test_cli.sh $<

FUZZERS += fuzz_xml fuzz_kernel
fuzz_xml_SRCS := tests/fuzz/fuzz_xml.c $(TOOLSTACK_CONFIG) \
    control-domain/lib/buf.c control-domain/lib/err.c
fuzz_xml_LIBS := -lxml2 -luuid
fuzz_kernel_SRCS := tests/fuzz/fuzz_kernel.c $(TOOLSTACK_IMAGE) \
    control-domain/lib/err.c
fuzz_kernel_LIBS := $(TOOLSTACK_IMAGE_LIBS)
