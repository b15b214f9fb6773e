/* SPDX-License-Identifier: MIT */
/* weak until entry/ */
    .section .rodata
    .balign 8
    .weak entry_vectors, syscall_entry, syscall_compat_entry, sysenter_entry
    .hidden entry_vectors, syscall_entry, syscall_compat_entry, sysenter_entry
entry_vectors:
    .rept 256
    .quad 0
    .endr
    .text
syscall_entry:
syscall_compat_entry:
sysenter_entry:
    ud2
    .weak buddy_alloc, buddy_add_range, buddy_free, tlb_flush_global_all
buddy_alloc:
    mov $-1, %rax
buddy_add_range:
buddy_free:
tlb_flush_global_all:
    ret
    .weak frame_table_init, frame_table_set_ram
frame_table_init:
frame_table_set_ram:
    ret
    .weak max_mfn, total_frames
    .bss
    .balign 8
max_mfn: .quad 0
total_frames: .quad 0
    .section .note.GNU-stack, "", @progbits
