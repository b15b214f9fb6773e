/* SPDX-License-Identifier: MIT */
/*
 * The list.  Devices do nothing else once they were created; new descriptors
 * are not among it.  Tested by make check-sandbox and every HVM boot.
 */
#include <run/sandbox.h>

#include <lib/xen_abi.h>

#include <sys/ioctl.h>
#include <sys/syscall.h>

#include <xen/sys/evtchn.h>
#include <xen/sys/privcmd.h>

/* The filter lets none be opened; a new medium comes in a message. */
#define MAX_FDS 256u

static const int allowed[] = {
    __NR_epoll_wait, __NR_epoll_pwait, __NR_epoll_ctl, __NR_read, __NR_write,
    __NR_writev, __NR_munmap, __NR_close, __NR_exit_group, __NR_rt_sigreturn,
    __NR_restart_syscall, __NR_clock_gettime, __NR_brk, __NR_timerfd_settime,
    __NR_io_uring_enter, __NR_pread64, __NR_pwrite64, __NR_fdatasync,
    __NR_io_uring_register,            /* an unplugged disk lets its image go */
    __NR_sendmsg, __NR_recvmsg, __NR_sendto, __NR_recvfrom, __NR_mremap,
    __NR_ftruncate,
};
static const unsigned long ioctls[] = {
    IOCTL_PRIVCMD_DM_OP, IOCTL_PRIVCMD_MMAPBATCH_V2, IOCTL_EVTCHN_NOTIFY,
    IOCTL_EVTCHN_UNBIND, IOCTL_EVTCHN_RESET,
};

const struct confine hvm_emu_sandbox = {
    .name = "hvm", .user = "paravane-hvm", .syscalls = allowed,
    .nr_syscalls = sizeof(allowed) / sizeof(allowed[0]),
    .ioctls = ioctls, .nr_ioctls = sizeof(ioctls) / sizeof(ioctls[0]),
    .new_files = MAX_FDS, .memory = 768ul << 20, .survives = true,
};
