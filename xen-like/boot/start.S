/* SPDX-License-Identifier: MIT */
/*
 * boot/start.S - from the boot loader to C.
 *
 * Owns    the Multiboot 1 and 2 headers, the temporary page tables (identity
 *         and direct map of the first 4 GiB, the image), long mode, and the
 *         boot stack.  Position independent until paging is on: Multiboot 2
 *         loaders may move us (2 MiB steps), boot_phys_base tells where.
 *         Leaves the information block to boot/multiboot.c.
 * Source  Multiboot 0.6.96; Multiboot 2.0; SDM vol. 3A, 9.8.5.
 * Tests   every boot.
 */
#include <arch/paging.h>
#include <core/percpu.h>

#define REL(sym)   ((sym) - IMAGE_VIRT)         /* offset in the image */
#define CPU_INFO_BYTES 216                      /* asserted in init/main.c */

    .section .boot.head, "awx", @progbits
    .code32
    .globl start32
start32:
    jmp 1f

    .balign 4
mb1:
    .long 0x1badb002, 0x3, -(0x1badb002 + 0x3)  /* page-align, memory map */

    .balign 8
mb2:
    .long 0xe85250d6, 0, mb2_end - mb2, -(0xe85250d6 + (mb2_end - mb2))
    .short 10, 0                                /* relocatable */
    .long 24, 0x200000, 0x7fffffff, 0x200000, 1
    .short 6, 0                                 /* modules page-aligned */
    .long 8
    .short 1, 0                                 /* information: memory map */
    .long 12, 6
    .balign 8
    .short 0, 0
    .long 8
mb2_end:

1:  cli
    cld
    /* Where are we?  Borrow the information block as a stack. */
    mov (%ebx), %edx
    lea 4(%ebx), %esp
    call 2f
2:  pop %ebp
    sub $REL(2b), %ebp                          /* ebp: physical base */
    mov %edx, (%ebx)
    mov %eax, %esi                              /* magic; ebx: information */

    /* Long mode is a must. */
    mov %ebx, %edi
    mov $0x80000000, %eax
    cpuid
    cmp $0x80000001, %eax
    jb no_long_mode
    mov $0x80000001, %eax
    cpuid
    bt $29, %edx
    jnc no_long_mode
    bt $20, %edx                                /* NX */
    jnc no_long_mode
    mov %edi, %ebx

    /* L2 tables: identity of 4 GiB by 2 MiB pages. */
    lea REL(boot_l2)(%ebp), %edi
    mov $(PTE_P | PTE_RW | PTE_A | PTE_D | PTE_PSE), %eax
    mov $2048, %ecx
3:  mov %eax, (%edi)
    movl $0, 4(%edi)
    add $0x200000, %eax
    add $8, %edi
    loop 3b

    /* L2 of the image: 16 MiB from the base. */
    lea REL(boot_l2_image)(%ebp), %edi
    lea (PTE_P | PTE_RW | PTE_A | PTE_D | PTE_PSE)(%ebp), %eax
    mov $8, %ecx
4:  mov %eax, (%edi)
    movl $0, 4(%edi)
    add $0x200000, %eax
    add $8, %edi
    loop 4b

    /* L3s. */
    lea REL(boot_l3)(%ebp), %edi
    lea (REL(boot_l2) + PTE_P + PTE_RW + PTE_A)(%ebp), %eax
    mov $4, %ecx
5:  mov %eax, (%edi)
    movl $0, 4(%edi)
    add $0x1000, %eax
    add $8, %edi
    loop 5b
    lea (REL(boot_l2_image) + PTE_P + PTE_RW + PTE_A)(%ebp), %eax
    lea REL(boot_l3_image)(%ebp), %edi
    mov %eax, (PT_INDEX(IMAGE_VIRT, 3) * 8)(%edi)

    /* L4: identity, direct map, image. */
    lea REL(boot_l4)(%ebp), %edi
    lea (REL(boot_l3) + PTE_P + PTE_RW + PTE_A)(%ebp), %eax
    mov %eax, (%edi)
    mov %eax, (PT_INDEX(DIRECTMAP_VIRT, 4) * 8)(%edi)
    lea (REL(boot_l3_image) + PTE_P + PTE_RW + PTE_A)(%ebp), %eax
    mov %eax, (PT_INDEX(IMAGE_VIRT, 4) * 8)(%edi)
    mov %edi, %cr3

    mov %cr4, %eax
    or $0x20, %eax                              /* PAE */
    mov %eax, %cr4
    mov $0xc0000080, %ecx                       /* EFER: SCE, LME, NXE */
    rdmsr
    or $0x901, %eax
    wrmsr
    mov $0x80010033, %eax                       /* PG WP NE ET MP PE */
    mov %eax, %cr0

    lea REL(boot_gdt)(%ebp), %eax
    lea REL(boot_gdt_ptr)(%ebp), %edi
    mov %eax, 2(%edi)
    lgdt (%edi)
    lea REL(far_ptr)(%ebp), %edi
    lea REL(start64)(%ebp), %eax
    mov %eax, (%edi)
    ljmp *(%edi)

no_long_mode:
    mov $0xb8000, %edi
    lea REL(no_long_text)(%ebp), %esi
    mov $0x4f, %ah
6:  lodsb
    test %al, %al
    jz 7f
    stosw
    jmp 6b
7:  hlt
    jmp 7b

    .code64
start64:
    movabs $start_high, %rax
    jmp *%rax
start_high:
    xor %eax, %eax
    mov %eax, %ds
    mov %eax, %es
    mov %eax, %fs
    mov %eax, %gs
    mov $0x10, %ecx
    mov %ecx, %ss
    lea boot_stack_top(%rip), %rsp
    sub $CPU_INFO_BYTES, %rsp
    mov %rsp, %rdi
    mov $(CPU_INFO_BYTES / 8), %ecx
    rep stosq
    and $-16, %rsp
    xor %ebp, %ebp
    mov %esi, %edi                              /* magic */
    mov %ebx, %esi                              /* information, physical */
    mov %cr3, %rdx
    lea boot_l4(%rip), %rcx
    sub %rcx, %rdx
    lea _image_start(%rip), %rcx
    add %rcx, %rdx                              /* physical base */
    mov %rdx, boot_phys_base(%rip)
    call boot_main
    ud2

    .balign 8
boot_gdt:
    .quad 0
    .quad 0x00af9b000000ffff                    /* 0x08 code, 64-bit */
    .quad 0x00cf93000000ffff                    /* 0x10 data */
boot_gdt_ptr:
    .short . - boot_gdt - 1
    .quad 0
far_ptr:
    .long 0
    .short 0x08
no_long_text:
    .asciz "Paravane needs a 64-bit CPU with NX."

    .section .boot.tables, "aw", @nobits
    .balign 4096
    .globl boot_l4
boot_l4:        .skip 4096
boot_l3:        .skip 4096
boot_l3_image:  .skip 4096
boot_l2_image:  .skip 4096
boot_l2:        .skip 4096 * 4

    .data
    .balign 8
    .globl boot_phys_base
    .hidden boot_phys_base
boot_phys_base: .quad 0
    .section .note.GNU-stack, "", @progbits
