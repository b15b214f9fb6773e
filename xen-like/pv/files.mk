HV_OBJS += pv/pt_entry.o pv/pt_validate.o pv/guest_walk.o pv/mmu_update.o \
           pv/mmuext.o pv/pt_fault.o pv/descriptor.o pv/trap.o pv/segment.o \
           pv/priv_op.o pv/port_io.o pv/pv_policy.o pv/pv_switch.o \
           pv/pv_domain.o pv/grant_map.o
