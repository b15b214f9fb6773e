/* SPDX-License-Identifier: MIT */
/*
 * From a wire to a vector: the two PICs, the IO-APIC, PCI pins and links,
 * messages, the line of the event channels, and all of it saved and loaded.
 */
#include "rig.h"

#include <xen/hvm/params.h>

/* As a BIOS does: vectors 0x20 and 0x28, nothing masked, LVT0 passes it on. */
static void pic_setup(uint8_t icw4)
{
    static const uint16_t base[2] = { 0x20, 0xa0 };

    for (unsigned int i = 0; i < 2; i++) {
        outb_(base[i], 0x11);
        outb_(base[i] + 1, (uint8_t)(0x20 + 8 * i));
        outb_(base[i] + 1, i == 0 ? 4 : 2);
        outb_(base[i] + 1, icw4);
        outb_(base[i] + 1, 0);
    }
    apic_on(0);
    wr(0, 0x350, 0x700);
}

static void isa(unsigned int irq, bool level)
{
    assert_int_equal(vdev_isa_level(&vd, irq, level), 0);
}

static void eoi(unsigned int chips)
{
    if (chips > 1) {
        outb_(0xa0, 0x20);
    }
    outb_(0x20, 0x20);
}

static void pic_edge_is_taken_once(void **state)
{
    pic_setup(1);
    kicks = 0;
    isa(4, true);
    assert_int_equal(kicks, 1);
    assert_int_equal(vdev_peek_interrupt(&apic[0]), 0x24);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x24);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
    eoi(1);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);   /* line still up */
    isa(4, false);
    isa(4, true);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x24);
}

static void pic_priorities_and_the_cascade(void **state)
{
    pic_setup(1);
    isa(12, true);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x2c);
    isa(3, true);                          /* lower than line 2 */
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
    isa(1, true);                          /* higher */
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x21);
    eoi(1);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
    eoi(2);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x23);
}

static void pic_mask_and_registers(void **state)
{
    pic_setup(1);
    outb_(0x21, 0x10);
    isa(4, true);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
    assert_int_equal(inb_(0x20), 0x10);    /* IRR */
    assert_int_equal(inb_(0x21), 0x10);
    outb_(0x21, 0);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x24);
    outb_(0x20, 0x0b);
    assert_int_equal(inb_(0x20), 0x10);    /* ISR */
    outb_(0x20, 0x64);                     /* specific EOI */
    assert_int_equal(inb_(0x20), 0);
}

static void pic_level_lines_by_elcr(void **state)
{
    pic_setup(1);
    outb_(0x4d0, 0xff);
    outb_(0x4d1, 0xff);
    assert_int_equal(inb_(0x4d0), 0xf8);
    assert_int_equal(inb_(0x4d1), 0xde);
    isa(5, true);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x25);
    eoi(1);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x25);
    isa(5, false);
    eoi(1);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
}

static void pic_auto_eoi_and_poll(void **state)
{
    pic_setup(3);
    isa(4, true);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x24);
    isa(4, false);
    isa(4, true);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x24);
    outb_(0x21, 0xff);
    outb_(0x20, 0x0c);
    assert_int_equal(inb_(0x20), 0);       /* nothing waits */
    outb_(0x21, 0);
    isa(6, true);
    outb_(0x20, 0x0c);
    assert_int_equal(inb_(0x20), 0x86);
}

static void pic_needs_a_listener(void **state)
{
    pic_setup(1);
    wr(0, 0x350, 0x10700);
    isa(4, true);
    assert_int_equal(vdev_peek_interrupt(&apic[0]), -1);
    assert_int_equal(vdev_peek_interrupt(&apic[1]), -1);
}

/* What hvmloader leaves: LVT0 masked, pin 0 of the IO-APIC open for ExtINT. */
static void pic_by_pin_0_of_the_ioapic(void **state)
{
    pic_setup(1);
    wr(0, 0x350, 0x10700);
    isa(4, true);
    route(0, 0x700);
    assert_int_equal(vdev_peek_interrupt(&apic[0]), 0x24);
    assert_int_equal(vdev_peek_interrupt(&apic[1]), -1);
    route(0, 0x10700);
    assert_int_equal(vdev_peek_interrupt(&apic[0]), -1);
    route(0, 0x700);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x24);
}

static void ioapic_registers(void **state)
{
    mmio_wr(0xfec00000, 4, 1);
    assert_int_equal(mmio_rd(0xfec00010, 4), 47u << 16 | 0x11);
    mmio_wr(0xfec00000, 4, 0x10 + 2 * 47 + 1);
    mmio_wr(0xfec00010, 4, 0xffffffff);
    assert_int_equal(mmio_rd(0xfec00010, 4), 0xff000000);
    mmio_wr(0xfec00000, 4, 0x10 + 2 * 48);                 /* no such pin */
    mmio_wr(0xfec00010, 4, 0x12345678);
    assert_int_equal(mmio_rd(0xfec00010, 4), 0);
    mmio_wr(0xfec00000, 4, 0xff);
    assert_int_equal(mmio_rd(0xfec00010, 4), 0);
    mmio_wr(0xfec00000, 4, 0x10);
    mmio_wr(0xfec00010, 4, 0xffffffff);
    assert_int_equal(mmio_rd(0xfec00010, 4), 0x1afff);     /* no remote IRR */
}

static void ioapic_edge(void **state)
{
    apic_on(0);
    route(4, 0x44);
    isa(4, true);
    assert_int_equal(drain(0, 0x44), 1);
    isa(4, true);                          /* no change, no interrupt */
    assert_int_equal(drain(0, 0x44), 0);
    isa(4, false);
    isa(4, true);
    assert_int_equal(drain(0, 0x44), 1);
    route(4, 0x10044);
    isa(4, false);
    isa(4, true);
    assert_int_equal(drain(0, 0x44), 0);
}

static void ioapic_level_comes_again_until_lowered(void **state)
{
    apic_on(0);
    route(10, 0x804a);
    isa(10, true);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x4a);
    assert_int_equal(mmio_rd(0xfec00010, 4), 0xc04a);      /* remote IRR */
    isa(10, false);
    isa(10, true);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);   /* one at a time */
    wr(0, 0xb0, 0);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x4a);
    isa(10, false);
    wr(0, 0xb0, 0);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
    assert_int_equal(mmio_rd(0xfec00010, 4), 0x804a);
}

static void unmasking_a_high_level_line_delivers(void **state)
{
    apic_on(0);
    route(10, 0x1804a);
    isa(10, true);
    assert_int_equal(vdev_peek_interrupt(&apic[0]), -1);
    route(10, 0x804a);
    assert_int_equal(vdev_peek_interrupt(&apic[0]), 0x4a);
}

static void irq0_is_gsi_2(void **state)
{
    apic_on(0);
    route(2, 0x42);
    isa(0, true);
    assert_int_equal(drain(0, 0x42), 1);
}

/* device 3 pin 0: GSI 28, link 3; device 7 pin 0: GSI 44, link 3. */
static void pci_pins_reach_gsi_and_link(void **state)
{
    pic_setup(1);
    outb_(0x4d1, 0xde);
    assert_int_equal(vdev_link_route(&vd, 3, 10), 0);
    route(28, 0x8060);
    assert_int_equal(vdev_intx_level(&vd, 3, 0, true), 0);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x2a);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x60);
    assert_int_equal(vdev_intx_level(&vd, 7, 0, true), 0);
    assert_int_equal(vdev_intx_level(&vd, 3, 0, false), 0);
    wr(0, 0xb0, 0);
    eoi(2);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x2a); /* shared link */
    assert_int_equal(vdev_link_route(&vd, 3, 11), 0);      /* moved */
    eoi(2);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x2b);
    assert_int_equal(vdev_link_route(&vd, 3, 0), 0);
    eoi(2);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
}

static void numbers_are_checked(void **state)
{
    assert_int_equal(vdev_isa_level(&vd, 16, true), -EINVAL);
    assert_int_equal(vdev_intx_level(&vd, 32, 0, true), -EINVAL);
    assert_int_equal(vdev_intx_level(&vd, 0, 4, true), -EINVAL);
    assert_int_equal(vdev_link_route(&vd, 4, 1), -EINVAL);
    assert_int_equal(vdev_link_route(&vd, 0, 16), -EINVAL);
    assert_int_equal(vdev_set_callback(&vd, 48), -EINVAL);
    assert_int_equal(vdev_set_callback(&vd, 2ull << 56), -EINVAL);
    assert_int_equal(vdev_set_pm_location(&vd, 2), -EINVAL);
}

static void messages(void **state)
{
    static const struct {
        uint64_t addr;
        uint32_t data;
        int rc;
        unsigned int who;
    } cases[] = {
        { 0xfee00000, 0x41, 0, 1 },        { 0xfee02000, 0x41, 0, 2 },
        { 0xfee06004, 0x41, 0, 6 },        { 0xfeeff000, 0x41, 0, 7 },
        { 0xfee00000, 0x0f, -EINVAL, 0 },  { 0xfed00000, 0x41, -EINVAL, 0 },
        { 0x1fee00000, 0x41, -EINVAL, 0 }, { 0xfee00000, 0x541, -EINVAL, 0 },
        { 0xfee00000, 0x641, -EINVAL, 0 },
    };

    for (unsigned int i = 0; i < NR_APICS; i++) {
        apic_on(i);
        wr(i, 0xd0, 1u << (24 + i));
    }
    for (size_t c = 0; c < ARRAY_SIZE(cases); c++) {
        assert_int_equal(vdev_msi(&vd, cases[c].addr, cases[c].data),
                         cases[c].rc);
        for (unsigned int i = 0; i < NR_APICS; i++) {
            assert_int_equal(drain(i, 0x41), cases[c].who >> i & 1);
        }
    }
    assert_int_equal(signals, 0);
}

static void the_event_line(void **state)
{
    apic_on(0);
    route(28, 0x8060);
    assert_int_equal(vdev_set_callback(&vd, 1ull << 56 | 3 << 11), 0);
    vdev_callback_level(&vd, true);
    assert_int_equal(vdev_take_interrupt(&apic[0]), 0x60);
    vdev_callback_level(&vd, false);
    wr(0, 0xb0, 0);
    assert_int_equal(vdev_take_interrupt(&apic[0]), -1);
    vdev_callback_level(&vd, true);
    assert_int_equal(vdev_set_callback(&vd, 0), 0);        /* lowers it */
    assert_int_equal(vd.gsi_count[28], 0);
    vdev_callback_level(&vd, true);
    for (unsigned int i = 0; i < VDEV_GSIS; i++) {
        assert_int_equal(vd.gsi_count[i], 0);
    }
}

static void devices_that_are_absent_do_not_answer(void **state)
{
    static const uint16_t ports[] = { 0x20, 0xa1, 0x4d0, 0x40, 0x61, 0x70,
                                      0x1f40, 0x1f48, 0xb008 };
    uint64_t w = 0;
    uint32_t v;

    vdev_fini(&vd);
    vdev_init(&vd, XEN_X86_EMU_LAPIC);
    vd.lapic[0] = &apic[0];
    for (size_t i = 0; i < ARRAY_SIZE(ports); i++) {
        assert_false(vdev_access_port(&vd, ports[i], 1, false, &v));
    }
    assert_false(vdev_access_mmio(&vd, &apic[0], 0xfec00000, 4, false, &w));
    assert_false(vdev_access_mmio(&vd, &apic[0], 0xfed00000, 4, false, &w));
    assert_true(vdev_access_mmio(&vd, &apic[0], VLAPIC_BASE, 4, false, &w));
    vdev_eoi(&vd, 0x40);
    assert_int_equal(vdev_save_record(&vd, HVM_SAVE_CODE(PIC), 0, &w), -ENOENT);
}

static void wires_come_back(void **state)
{
    static const unsigned int codes[] = {
        HVM_SAVE_CODE(PIC), HVM_SAVE_CODE(IOAPIC), HVM_SAVE_CODE(PCI_IRQ),
        HVM_SAVE_CODE(ISA_IRQ), HVM_SAVE_CODE(PCI_LINK), HVM_SAVE_CODE(PIT),
        HVM_SAVE_CODE(RTC), HVM_SAVE_CODE(HPET), HVM_SAVE_CODE(PMTIMER),
    };
    static uint8_t image[ARRAY_SIZE(codes)][VDEV_RECORD_MAX];
    int bytes[ARRAY_SIZE(codes)];

    pic_setup(1);
    outb_(0x4d1, 0xde);
    route(28, 0x8060);
    assert_int_equal(vdev_link_route(&vd, 3, 10), 0);
    assert_int_equal(vdev_intx_level(&vd, 3, 0, true), 0);
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        bytes[i] = vdev_save_record(&vd, codes[i], 0, image[i]);
        assert_in_range(bytes[i], 1, VDEV_RECORD_MAX);
    }
    rig_up(NULL);
    apic_on(0);
    for (size_t i = 0; i < ARRAY_SIZE(codes); i++) {
        assert_int_equal(vdev_load_record(&vd, codes[i], 0, image[i],
                                          (size_t)bytes[i] - 1), -EINVAL);
        assert_int_equal(vdev_load_record(&vd, codes[i], 0, image[i],
                                          (size_t)bytes[i]), 0);
    }
    assert_int_equal(vd.gsi_count[28], 1);
    assert_int_equal(vd.gsi_count[10], 1);
    assert_int_equal(vd.link_count[3], 1);
    assert_int_equal(vdev_intx_level(&vd, 3, 0, false), 0);
    assert_int_equal(vd.gsi_count[10], 0);
    assert_int_equal(vdev_save_record(&vd, HVM_SAVE_CODE(PIC), 2, image[0]),
                     -ENOENT);
}

/* Random records, then random use: the sanitizers and the counts watch. */
static void hostile_records_are_harmless(void **state)
{
    uint8_t r[VDEV_RECORD_MAX];

    srand(3);
    for (unsigned int n = 0; n < 3000; n++) {
        unsigned int code = 3 + (unsigned int)rand() % 11;
        uint32_t v = (uint32_t)rand();
        uint64_t w = v;
        int bytes;

        for (unsigned int i = 0; i < sizeof(r); i++) {
            r[i] = (uint8_t)(rand() >> 3);
        }
        bytes = vdev_save_record(&vd, code, 0, (uint8_t[VDEV_RECORD_MAX]){ 0 });
        if (bytes > 0) {
            assert_int_equal(vdev_load_record(&vd, code, 0, r, (size_t)bytes), 0);
        }
        pass((uint64_t)rand() % 2000000);
        (void)vdev_access_port(&vd, (uint16_t[]){ 0x20, 0x21, 0xa0, 0x40, 0x42,
            0x43, 0x61, 0x70, 0x71, 0x4d0, 0x1f40, 0x1f48 }[rand() % 12],
            1u << rand() % 3, rand() & 1, &v);
        (void)vdev_access_mmio(&vd, &apic[0], 0xfed00000 +
            ((unsigned int)rand() % 0x400), 1u << rand() % 4, rand() & 1, &w);
        assert_int_equal(vdev_intx_level(&vd, (unsigned int)rand() % 32,
                                         (unsigned int)rand() % 4, rand() & 1),
                         0);
        (void)drain(0, 0);
    }
}

int main(void)
{
#define T(f) cmocka_unit_test_setup(f, rig_up)
    const struct CMUnitTest tests[] = {
        T(pic_edge_is_taken_once), T(pic_priorities_and_the_cascade),
        T(pic_mask_and_registers), T(pic_level_lines_by_elcr),
        T(pic_auto_eoi_and_poll), T(pic_needs_a_listener),
        T(pic_by_pin_0_of_the_ioapic),
        T(ioapic_registers), T(ioapic_edge),
        T(ioapic_level_comes_again_until_lowered),
        T(unmasking_a_high_level_line_delivers), T(irq0_is_gsi_2),
        T(pci_pins_reach_gsi_and_link), T(numbers_are_checked), T(messages),
        T(the_event_line), T(devices_that_are_absent_do_not_answer),
        T(wires_come_back), T(hostile_records_are_harmless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
