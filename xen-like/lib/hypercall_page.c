/* SPDX-License-Identifier: MIT */
/*
 * lib/hypercall_page.c - see hypercall_page.h.
 */
#include <hv/types.h>
#include <lib/hypercall_page.h>

#define STUB_SIZE 32u
#define NR_STUBS  (4096u / STUB_SIZE)
#define OP_IRET   23u
#define INT3      0xcc

void hypercall_page_pv64(void *page)
{
    /* push rcx; push r11; mov $nr, eax; syscall; pop r11; pop rcx; ret */
    static const uint8_t call[] = { 0x51, 0x41, 0x53, 0xb8, 0, 0, 0, 0, 0x0f,
                                    0x05, 0x41, 0x5b, 0x59, 0xc3 };
    /* push rcx; push r11; push rax; mov $23, eax; syscall: never returns */
    static const uint8_t iret[] = { 0x51, 0x41, 0x53, 0x50, 0xb8, OP_IRET, 0,
                                    0, 0, 0x0f, 0x05 };
    uint8_t *p = page;

    __builtin_memset(p, INT3, 4096);
    for (uint32_t nr = 0; nr < NR_STUBS; nr++, p += STUB_SIZE) {
        if (nr == OP_IRET) {
            __builtin_memcpy(p, iret, sizeof(iret));
        } else {
            __builtin_memcpy(p, call, sizeof(call));
            __builtin_memcpy(p + 4, &nr, sizeof(nr));
        }
    }
}

void hypercall_page_hvm(void *page, bool amd)
{
    /* mov $nr, eax; vmmcall or vmcall; ret */
    const uint8_t call[] = { 0xb8, 0, 0, 0, 0, 0x0f, 0x01, amd ? 0xd9 : 0xc1,
                             0xc3 };
    uint8_t *p = page;

    __builtin_memset(p, INT3, 4096);
    for (uint32_t nr = 0; nr < NR_STUBS; nr++, p += STUB_SIZE) {
        __builtin_memcpy(p, call, sizeof(call));
        __builtin_memcpy(p + 1, &nr, sizeof(nr));
    }
}
