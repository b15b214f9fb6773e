/* SPDX-License-Identifier: MIT */
/*
 * boot/multiboot.c - the loader's information becomes struct boot_info.
 *
 * Owns    the first C function, the early exception handler, and parsing of
 *         both Multiboot formats.  All of it is discarded after boot; the
 *         rest of start-up is init/main.c.
 */
#include <boot/multiboot.h>

#include <arch/cpu.h>
#include <arch/desc.h>
#include <arch/extable.h>
#include <arch/paging.h>
#include <arch/sections.h>

#include <core/boot_info.h>
#include <core/panic.h>
#include <init/main.h>
#include <lib/string.h>

struct boot_info boot_info;

/* The RSDP as Multiboot 2 hands it over: a copy. */
static uint8_t rsdp_copy[64] aligned(16);

noreturn void boot_main(uint32_t magic, uint64_t info);
void early_trap(struct cpu_regs *regs);

extern const uint64_t early_vectors[32];

static const void *boot_text at(uint64_t maddr)
{
    return (const char *)DIRECTMAP_VIRT + maddr;
}

void boot_text early_trap(struct cpu_regs *regs)
{
    uint64_t fixup = extable_lookup(regs->rip);

    if (fixup == 0) {
        panic_regs(regs, "exception %u during boot", regs->entry_vector);
    }
    regs->rip = fixup;
}

static void boot_text add_ram(uint64_t addr, uint64_t len, uint32_t type)
{
    if (!e820_add(&boot_info.e820, addr, len, type)) {
        panic("memory map has more than %u entries", E820_MAX);
    }
}

static void boot_text add_module(uint64_t start, uint64_t end, const char *cmd)
{
    struct boot_module *m = &boot_info.module[boot_info.nr_modules];

    if (boot_info.nr_modules == BOOT_MAX_MODULES || end <= start) {
        return;
    }
    boot_info.nr_modules++;
    m->maddr = start;
    m->size = end - start;
    str_copy(m->cmdline, cmd, sizeof(m->cmdline));
}

/* Loaders of Multiboot 1 put the file's name first. */
static const char *boot_text without_name(const char *s)
{
    while (*s == ' ') {
        s++;
    }
    while (*s != '\0' && *s != ' ') {
        s++;
    }
    while (*s == ' ') {
        s++;
    }
    return s;
}

static void boot_text parse_mb1(const struct mb1_info *mi)
{
    if (mi->flags & MB1_HAS_CMDLINE) {
        str_copy(boot_info.cmdline, without_name(at(mi->cmdline)),
                 BOOT_CMDLINE);
    }
    if (mi->flags & MB1_HAS_LOADER) {
        str_copy(boot_info.loader, at(mi->loader), sizeof(boot_info.loader));
    }
    if (mi->flags & MB1_HAS_MMAP) {
        const char *p = at(mi->mmap_addr), *end = p + mi->mmap_length;

        while (p + sizeof(struct mb1_mmap) <= end) {
            const struct mb1_mmap *e = (const void *)p;

            add_ram(e->addr, e->len, e->type);
            p += e->size + sizeof(e->size);
        }
    }
    if (!(mi->flags & MB1_HAS_MODS)) {
        return;
    }
    for (uint32_t i = 0; i < mi->mods_count; i++) {
        const struct mb1_module *m = at(mi->mods_addr);

        add_module(m[i].start, m[i].end,
                   m[i].cmdline ? without_name(at(m[i].cmdline)) : "");
    }
}

static void boot_text parse_mmap(const struct mb2_mmap *t)
{
    const uint8_t *p = t->entries, *end = (const uint8_t *)t + t->tag.size;

    for (; p + t->entry_size <= end; p += t->entry_size) {
        const struct mb2_mmap_entry *e = (const void *)p;

        add_ram(e->addr, e->len, e->type);
    }
}

static void boot_text parse_framebuffer(const struct mb2_framebuffer *fb)
{
    struct dom0_vga_console_info *v = &boot_info.vga;

    boot_info.have_vga = true;
    if (fb->type != 1) {
        v->video_type = XEN_VGATYPE_TEXT_MODE_3;
        v->u.text_mode_3.columns = (uint16_t)fb->width;
        v->u.text_mode_3.rows = (uint16_t)fb->height;
        v->u.text_mode_3.font_height = 16;
        return;
    }
    v->video_type = boot_info.efi ? XEN_VGATYPE_EFI_LFB : XEN_VGATYPE_VESA_LFB;
    v->u.vesa_lfb.width = (uint16_t)fb->width;
    v->u.vesa_lfb.height = (uint16_t)fb->height;
    v->u.vesa_lfb.bytes_per_line = (uint16_t)fb->pitch;
    v->u.vesa_lfb.bits_per_pixel = fb->bpp;
    v->u.vesa_lfb.lfb_base = (uint32_t)fb->addr;
    v->u.vesa_lfb.ext_lfb_base = (uint32_t)(fb->addr >> 32);
    v->u.vesa_lfb.lfb_size =
        (uint32_t)((fb->pitch * fb->height + 0xffff) >> 16);
    v->u.vesa_lfb.red_pos = fb->red_pos;
    v->u.vesa_lfb.red_size = fb->red_size;
    v->u.vesa_lfb.green_pos = fb->green_pos;
    v->u.vesa_lfb.green_size = fb->green_size;
    v->u.vesa_lfb.blue_pos = fb->blue_pos;
    v->u.vesa_lfb.blue_size = fb->blue_size;
}

static void boot_text take_rsdp(const struct mb2_tag *t)
{
    size_t n = min((size_t)t->size - sizeof(*t), sizeof(rsdp_copy));

    memcpy(rsdp_copy, t + 1, n);
    boot_info.rsdp = boot_phys_base + (uint64_t)(rsdp_copy -
                                                 (uint8_t *)_image_start);
}

static void boot_text parse_mb2_tag(const struct mb2_tag *t)
{
    const struct mb2_module *m = (const void *)t;
    const char *text = (const char *)(t + 1);

    switch (t->type) {
    case MB2_CMDLINE:
        str_copy(boot_info.cmdline, text, BOOT_CMDLINE);
        break;
    case MB2_LOADER:
        str_copy(boot_info.loader, text, sizeof(boot_info.loader));
        break;
    case MB2_MODULE:
        add_module(m->start, m->end, m->cmdline);
        break;
    case MB2_MMAP:
        parse_mmap((const void *)t);
        break;
    case MB2_FRAMEBUFFER:
        parse_framebuffer((const void *)t);
        break;
    case MB2_EFI64:
        boot_info.efi = true;
        memcpy(&boot_info.efi_system_table, text, 8);
        break;
    case MB2_ACPI1:
        if (boot_info.rsdp == 0) {
            take_rsdp(t);
        }
        break;
    case MB2_ACPI2:
        take_rsdp(t);
        break;
    }
}

static void boot_text parse_mb2(const char *info)
{
    const uint32_t total = *(const uint32_t *)info;
    const char *p = info + 8, *end = info + total;

    while (p + sizeof(struct mb2_tag) <= end) {
        const struct mb2_tag *t = (const void *)p;

        if (t->type == MB2_END || t->size < sizeof(*t)) {
            break;
        }
        parse_mb2_tag(t);
        p += ROUND_UP(t->size, 8u);
    }
}

noreturn void boot_text boot_main(uint32_t magic, uint64_t info)
{
    desc_init_early();
    for (unsigned int v = 0; v < 32; v++) {
        desc_set_boot_gate(v, early_vectors[v]);
    }
    extable_init();
    if (magic == MB2_MAGIC) {
        parse_mb2(at(info));
    } else if (magic == MB1_MAGIC) {
        parse_mb1(at(info));
    } else {
        panic("loader speaks no Multiboot (%#x)", magic);
    }
    if (boot_info.e820.nr == 0 || !e820_sanitize(&boot_info.e820)) {
        panic("no usable memory map from the loader");
    }
    init_main();
}
