/* SPDX-License-Identifier: MIT */
/*
 * boot/hv.lds.S - the image: discardable boot part first and last, between
 * them text (RX), SYSCALL entries (RX here, RW by the direct map), rodata (R),
 * data (RW).
 * Every boundary is a page, because protection changes there (mm/map.c).
 */
#include <arch/paging.h>

OUTPUT_FORMAT("elf64-x86-64")
OUTPUT_ARCH(i386:x86-64)
ENTRY(start32)
PHDRS
{
    image PT_LOAD FLAGS(7);
}
SECTIONS
{
    . = IMAGE_VIRT;
    _image_start = .;
    .boot.text : AT(0x200000) {
        *(.boot.head)
        *(.boot.text .boot.text.*)
        . = ALIGN(4096);
    } :image
    _boot_data_start = .;
    .boot.data : {
        *(.boot.data .boot.data.*)
        . = ALIGN(4096);
    } :image
    _boot_data_end = .;

    _text_start = .;
    .text : {
        *(.text.hot .text.hot.*)
        *(.text .text.*)
        . = ALIGN(4096);
    } :image
    _text_end = .;
    .sysentry : {
        *(.sysentry)
        . = ALIGN(4096);
    } :image
    _rodata_start = .;
    .rodata : {
        *(.data.rel.ro .data.rel.ro.*)
        *(.got .got.plt .got.* .igot.plt .iplt .rela.*)
        . = ALIGN(8);
        _smap_start = .;
        *(.smap)
        _smap_end = .;
        _extable_start = .;
        *(.extable)
        _extable_end = .;
        *(.rodata .rodata.*)
        . = ALIGN(8);
        *(.symtab.table)
        . = ALIGN(4096);
    } :image
    _rodata_end = .;
    _data_start = .;
    .data : {
        . = ALIGN(64);
        _percpu_start = .;
        *(.percpu)
        . = ALIGN(64);
        _percpu_end = .;
        *(.data .data.*)
        . = ALIGN(8);
    } :image
    _load_end = .;
    .bss (NOLOAD) : {
        . = ALIGN(4096);
        *(.bss.page)
        *(.bss .bss.* COMMON)
        . = ALIGN(4096);
    } :image
    _data_end = .;
    .boot.bss (NOLOAD) : {
        *(.boot.tables)
        *(.boot.bss)
        . = ALIGN(0x10000);
        boot_stack_bottom = .;
        . += 0x10000;
        boot_stack_top = .;
    } :image
    _image_end = .;

    /DISCARD/ : { *(.comment) *(.note*) *(.eh_frame*) *(.interp) *(.dynamic) }
}
