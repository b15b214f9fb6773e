/* SPDX-License-Identifier: MIT */
/*
 * dom0/kernel.c - see kernel.h.  Leaves decompression to dom0/unpack and the
 * placement to dom0/layout.  Tested by every boot of a bzImage.
 */
#include <arch/cpu.h>
#include <arch/msr.h>
#include <core/log.h>
#include <dom0/kernel.h>
#include <dom0/unpack.h>
#include <hv/errno.h>
#include <lib/string.h>
#include <mm/buddy.h>
#include <mm/frame_table.h>

#define BZ_SETUP_SECTS   0x1f1u
#define BZ_MAGIC         0x202u      /* "HdrS" */
#define BZ_VERSION       0x206u
#define BZ_PAYLOAD_OFF   0x248u
#define BZ_PAYLOAD_LEN   0x24cu
#define BZ_HEADER_BYTES  0x250u
#define MAX_UNPACKED     (512u << 20)

/* The few blocks that the libraries ask for at a time. */
static boot_data struct unpack_block {
    void *va;
    unsigned int order;
} blocks[32];

/* The libraries read their stack guard at %fs:0x28. */
static boot_data uint64_t fs_area[16] aligned(64);

static boot_text unsigned int order_of(uint64_t bytes)
{
    unsigned int order = 0;

    while ((PAGE_SIZE << order) < bytes) {
        order++;
    }
    return order;
}

boot_text void *unpack_alloc(size_t bytes)
{
    for (size_t i = 0; i < ARRAY_SIZE(blocks); i++) {
        mfn_t mfn;

        if (blocks[i].va != NULL) {
            continue;
        }
        if (bytes > MAX_UNPACKED) {
            return NULL;
        }
        mfn = buddy_alloc(order_of(bytes));
        if (mfn_eq(mfn, INVALID_MFN)) {
            return NULL;
        }
        blocks[i].va = mfn_to_virt(mfn);
        blocks[i].order = order_of(bytes);
        return blocks[i].va;
    }
    return NULL;
}

boot_text void unpack_free(void *p)
{
    for (size_t i = 0; p != NULL && i < ARRAY_SIZE(blocks); i++) {
        if (blocks[i].va == p) {
            buddy_free(virt_to_mfn(p), blocks[i].order);
            blocks[i].va = NULL;
        }
    }
}

static uint32_t read32(const uint8_t *p)
{
    uint32_t v;

    memcpy(&v, p, sizeof(v));
    return v;
}

/* Find the payload of a bzImage; false: it is none. */
static boot_text bool bzimage_payload(const uint8_t *img, uint64_t size,
                                      const uint8_t **payload, uint32_t *len)
{
    uint64_t setup, off;

    if (size < BZ_HEADER_BYTES || memcmp(img + BZ_MAGIC, "HdrS", 4) != 0 ||
        (read32(img + BZ_VERSION) & 0xffff) < 0x208) {
        return false;
    }
    setup = img[BZ_SETUP_SECTS] != 0 ? img[BZ_SETUP_SECTS] : 4;
    off = (setup + 1) * 512 + read32(img + BZ_PAYLOAD_OFF);
    *len = read32(img + BZ_PAYLOAD_LEN);
    *payload = img + off;
    return *len >= 8 && off < size && *len <= size - off;
}

/* Run the libraries in the surroundings they were compiled for. */
static boot_text int unpack_quietly(const uint8_t *in, uint32_t len, void *out,
                                    size_t room, size_t *out_len)
{
    unsigned long flags = local_irq_save();
    uint64_t fs_base = rdmsr(MSR_FS_BASE);
    int rc;

    clts();
    wrmsr(MSR_FS_BASE, (uint64_t)fs_area);
    rc = unpack(in, len, out, room, out_len);
    wrmsr(MSR_FS_BASE, fs_base);
    local_irq_restore(flags);
    return rc;
}

static boot_text int unpack_payload(const uint8_t *payload, uint32_t len,
                                    struct dom0_kernel *k, size_t *out_len)
{
    uint32_t size = read32(payload + len - 4);   /* appended by the build */
    int rc;

    if (size == 0 || size > MAX_UNPACKED) {
        return -ENOEXEC;
    }
    k->temp_order = order_of(size);
    k->temp = buddy_alloc(k->temp_order);
    if (mfn_eq(k->temp, INVALID_MFN)) {
        return -ENOMEM;
    }
    rc = unpack_quietly(payload, len, mfn_to_virt(k->temp), size, out_len);
    if (rc != 0) {
        log_err("dom0: the kernel's payload does not unpack (%d)", rc);
        dom0_kernel_close(k);
    }
    return rc;
}

boot_text void dom0_kernel_close(struct dom0_kernel *k)
{
    if (!mfn_eq(k->temp, INVALID_MFN)) {
        buddy_free(k->temp, k->temp_order);
        k->temp = INVALID_MFN;
    }
}

boot_text int dom0_kernel_open(const struct boot_module *m,
                               struct dom0_kernel *k)
{
    const uint8_t *img = maddr_to_virt(m->maddr);
    const uint8_t *payload;
    size_t size = m->size;
    uint32_t len;
    int rc;

    k->temp = INVALID_MFN;
    if (bzimage_payload(img, m->size, &payload, &len)) {
        rc = unpack_payload(payload, len, k, &size);
        if (rc != 0) {
            return rc;
        }
        img = mfn_to_virt(k->temp);
    }
    rc = elf_init(&k->elf, img, size);
    if (rc == 0) {
        rc = elf_xen_notes(&k->elf, &k->notes);
    }
    if (rc == 0 && !k->notes.present) {
        rc = -ENOEXEC;
    }
    if (rc != 0) {
        log_err("dom0: module 1 is not a kernel for this hypervisor");
        dom0_kernel_close(k);
    }
    return rc;
}
