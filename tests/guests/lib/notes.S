/* SPDX-License-Identifier: MIT */
/*
 * lib/notes.S - the Xen ELF notes that tell a loader how to start a guest.
 *
 * Owns the note values shared by every tiny guest.  Built twice: plain, and
 * with NOTE_INIT_P2M, which asks for the p2m list outside the image mapping
 * and for modules by frame number, as Debian's kernel does.
 * Covered by tests/guests/entry (both variants).
 */
#include <xen/elfnote.h>

    .macro note type, kind:vararg
    .pushsection .note.Xen, "a", @note
    .balign 4
    .long 2f - 1f
    .long 4f - 3f
    .long \type
1:  .asciz "Xen"
2:  .balign 4
3:  \kind
4:  .balign 4
    .popsection
    .endm

    note XEN_ELFNOTE_GUEST_OS,           .asciz "paravane-facts"
    note XEN_ELFNOTE_GUEST_VERSION,      .asciz "1"
    note XEN_ELFNOTE_XEN_VERSION,        .asciz "xen-3.0"
    note XEN_ELFNOTE_LOADER,             .asciz "generic"
    note XEN_ELFNOTE_VIRT_BASE,          .quad 0xffffffff80000000
    note XEN_ELFNOTE_PADDR_OFFSET,       .quad 0
    note XEN_ELFNOTE_ENTRY,              .quad _start
    note XEN_ELFNOTE_PAE_MODE,           .asciz "yes"
    note XEN_ELFNOTE_FEATURES,           .asciz "!writable_page_tables|pae_pgdir_above_4gb"
    note XEN_ELFNOTE_SUPPORTED_FEATURES, .long 0x8801
#ifdef NOTE_INIT_P2M
    note XEN_ELFNOTE_INIT_P2M,           .quad 0x8000000000
    note XEN_ELFNOTE_MOD_START_PFN,      .long 1
#endif
    .section .note.GNU-stack, "", @progbits
