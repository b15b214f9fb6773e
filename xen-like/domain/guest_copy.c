/* SPDX-License-Identifier: MIT */
/*
 * Copies to and from the current guest.  Each is one string move under an
 * exception-table entry: a fault ends it with the rest left in the counter.
 */
#include <arch/extable.h>
#include <arch/paging.h>
#include <arch/smap.h>
#include <domain/guest_copy.h>

static guest_copy_fn translated;

void guest_copy_set_translated(guest_copy_fn fn)
{
    translated = fn;
}

/* Words, then the odd bytes; returns bytes not copied. */
static size_t copy_user(void *dst, const void *src, size_t bytes)
{
    size_t words = bytes / 8, rest = bytes % 8;

    stac();
    __asm__ __volatile__(
        "1: rep movsq\n"
        "   mov %[rest], %%rcx\n"
        "2: rep movsb\n"
        "   jmp 5f\n"
        "3: lea (%[rest], %%rcx, 8), %%rcx\n"
        "5:\n"
        EXTABLE(1b, 3b)
        EXTABLE(2b, 5b)
        : "+c"(words), "+D"(dst), "+S"(src)
        : [rest] "r"(rest)
        : "memory");
    clac();
    return words;
}

int copy_from_guest_any(void *dst, guest_handle_t src, size_t bytes)
{
    if (guest_is_translated()) {
        return translated(src.va, dst, bytes, false) == 0 ? 0 : -EFAULT;
    }
    if (!guest_range_ok(src.va, bytes)) {
        return -EFAULT;
    }
    return copy_user(dst, (const void *)src.va, bytes) == 0 ? 0 : -EFAULT;
}

int copy_to_guest_any(guest_handle_t dst, const void *src, size_t bytes)
{
    if (guest_is_translated()) {
        return translated(dst.va, (void *)src, bytes, true) == 0 ? 0 : -EFAULT;
    }
    if (!guest_range_ok(dst.va, bytes)) {
        return -EFAULT;
    }
    return copy_user((void *)dst.va, src, bytes) == 0 ? 0 : -EFAULT;
}

size_t copy_from_guest_some(void *dst, uint64_t va, size_t bytes)
{
    if (guest_is_translated()) {
        return translated(va, dst, bytes, false);
    }
    if (!guest_range_ok(va, bytes)) {
        return bytes;
    }
    return copy_user(dst, (const void *)va, bytes);
}

int clear_guest(guest_handle_t dst, size_t bytes)
{
    static const char zeros[256];

    while (bytes > 0) {
        size_t n = min(bytes, sizeof(zeros));

        if (copy_to_guest(dst, zeros, n) != 0) {
            return -EFAULT;
        }
        dst.va += n;
        bytes -= n;
    }
    return 0;
}
