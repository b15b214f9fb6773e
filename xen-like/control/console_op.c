/* SPDX-License-Identifier: MIT */
/*
 * control/console_op.c - the control domain's text, to and from the serial
 * line.  The domain of option domu_first has no other way to speak, so it
 * may write too.
 * Tests: every boot; tests/guests/calls (lengths 0, 127..129, 2^31, ~0).
 */
#include <control/doors.h>
#include <core/console.h>
#include <core/params.h>
#include <domain/continuation.h>
#include <domain/domain.h>
#include <domain/guest_copy.h>
#include <hv/errno.h>

#define CHUNK 128u

static long op_write(uint32_t count, guest_handle_t buf)
{
    char text[CHUNK];

    while (count != 0) {
        uint32_t n = min(count, CHUNK);

        if (copy_from_guest(text, buf, n) != 0) {
            return -EFAULT;
        }
        console_write_guest(text, n);
        buf = guest_handle_add(buf, n);
        count -= n;
        if (count != 0 && hypercall_preempt()) {
            return HYPERCALL_CONTINUE(__HYPERVISOR_console_io, CONSOLEIO_write,
                                      count, buf.va);
        }
    }
    return 0;
}

static long op_read(uint32_t count, guest_handle_t buf)
{
    char text[CHUNK];
    uint32_t done = 0;

    while (done < count) {
        size_t n = console_read_input(text, min(count - done, CHUNK));

        if (n == 0) {
            break;
        }
        if (copy_to_guest(guest_handle_add(buf, done), text, n) != 0) {
            return -EFAULT;
        }
        done += (uint32_t)n;
    }
    return done;
}

static const struct {
    const char *name;
    long (*run)(uint32_t count, guest_handle_t buf);
} console_ops[] = {
    [CONSOLEIO_write] = { "write", op_write },
    [CONSOLEIO_read]  = { "read", op_read },
};

DOOR(do_console_io)
{
    uint32_t op = (uint32_t)a0;
    bool may_write = params.domu_first && op == CONSOLEIO_write;

    if (!current->domain->is_control && !may_write) {
        return -EPERM;
    }
    if (op >= ARRAY_SIZE(console_ops)) {
        return -ENOSYS;
    }
    return console_ops[op].run((uint32_t)a1, guest_handle(a2));
}
