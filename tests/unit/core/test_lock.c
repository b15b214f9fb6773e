/* SPDX-License-Identifier: MIT */
/* core/lock: exclusion, and the order that debug builds check. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arch/cpu.h>
#include <core/lock.h>

#include "core_host.h"

static void trylock_refuses_a_held_lock(void **state)
{
    spinlock_t l = SPINLOCK_INIT(LOCK_GRANT);

    assert_true(spin_trylock(&l));
    assert_true(lock_held(&l));
    assert_false(spin_trylock(&l));
    spin_unlock(&l);
    assert_false(lock_held(&l));
    assert_true(spin_trylock(&l));
    spin_unlock(&l);
}

static void irqsave_turns_interrupts_off_and_back(void **state)
{
    spinlock_t l = SPINLOCK_INIT(LOCK_SCHED);
    unsigned long flags = spin_lock_irqsave(&l);

    assert_false(local_irqs_enabled());
    spin_unlock_irqrestore(&l, flags);
    assert_true(local_irqs_enabled());
}

static void ascending_classes_are_in_order(void **state)
{
    spinlock_t a = SPINLOCK_INIT(LOCK_DOMCTL), b = SPINLOCK_INIT(LOCK_HEAP);

    spin_lock(&a);
    spin_lock(&b);
    spin_unlock(&b);
    spin_unlock(&a);
}

static void a_lower_class_under_a_higher_one_panics(void **state)
{
    spinlock_t low = SPINLOCK_INIT(LOCK_DOMCTL);
    spinlock_t high = SPINLOCK_INIT(LOCK_HEAP);

    spin_lock(&high);
    assert_true(PANICS(spin_lock(&low)));
    spin_unlock(&high);
    assert_false(PANICS(spin_lock(&low)));
    spin_unlock(&low);
}

static void two_locks_of_one_class_are_allowed(void **state)
{
    spinlock_t a = SPINLOCK_INIT(LOCK_EVTCHN), b = SPINLOCK_INIT(LOCK_EVTCHN);
    spinlock_t low = SPINLOCK_INIT(LOCK_DOMCTL);

    spin_lock_pair(&a, &b);
    spin_unlock(&a);
    assert_true(PANICS(spin_lock(&low)));         /* one is still held */
    spin_unlock(&b);
    spin_lock(&low);
    spin_unlock(&low);
}

static void an_interrupt_has_an_order_of_its_own(void **state)
{
    spinlock_t held = SPINLOCK_INIT(LOCK_FLUSH);
    spinlock_t low = SPINLOCK_INIT(LOCK_IRQDESC);
    uint32_t before;

    spin_lock(&held);
    before = lock_irq_enter();
    spin_lock(&low);
    spin_unlock(&low);
    lock_irq_exit(before);
    assert_true(PANICS(spin_lock(&low)));
    spin_unlock(&held);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(trylock_refuses_a_held_lock),
        cmocka_unit_test(irqsave_turns_interrupts_off_and_back),
        cmocka_unit_test(ascending_classes_are_in_order),
        cmocka_unit_test(a_lower_class_under_a_higher_one_panics),
        cmocka_unit_test(two_locks_of_one_class_are_allowed),
        cmocka_unit_test(an_interrupt_has_an_order_of_its_own),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
