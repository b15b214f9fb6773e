# control-domain/lib: what every dom0 program links.  A program adds
# $(LIB_SRCS) to its sources; $(LIB_CORE_SRCS) is the part without a hypervisor.
LIB_CORE_SRCS := $(addprefix control-domain/lib/,err.c log.c buf.c evloop.c imglock.c)
LIB_SRCS := $(LIB_CORE_SRCS) $(addprefix control-domain/lib/,hypercall.c \
    evtchn.c gnttab.c foreign.c ctl_domain.c ctl_vcpu.c ctl_host.c \
    ctl_memory.c ctl_event.c ctl_version.c ctl_hvm.c netif.c \
    hvm_map.c acpi_table.c)
