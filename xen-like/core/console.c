/* SPDX-License-Identifier: MIT */
/*
 * core/console.c - ring, serial and VGA output, input owner.
 */
#include <core/console.h>

#include <core/keyhandler.h>
#include <core/lock.h>
#include <core/params.h>
#include <core/serial.h>
#include <core/vga.h>

#include <lib/string.h>

#define INPUT_SIZE 256u
#define CTRL_A     1

static spinlock_t lock = SPINLOCK_INIT(LOCK_CONSOLE);
static char ring[CONSOLE_RING_SIZE];
static uint32_t ring_prod, ring_cons;         /* [L] bytes since boot */
static char input[INPUT_SIZE];
static uint32_t input_prod, input_cons;       /* [L] */
static void (*input_hook)(void);
static bool panicking, keys_are_ours;
static unsigned int switches;                 /* ctrl-a seen in a row */

void boot_text console_init(void)
{
    if (params.console_serial) {
        serial_init();
        serial_write(ring, ring_prod);   /* about options, if anything */
    }
}

static unsigned long take(void)
{
    return panicking ? 0 : spin_lock_irqsave(&lock);
}

static void release(unsigned long flags)
{
    if (!panicking) {
        spin_unlock_irqrestore(&lock, flags);
    }
}

void console_write(const char *s, size_t n, bool loud)
{
    unsigned long flags = take();

    for (size_t i = 0; i < n; i++) {
        ring[ring_prod++ % CONSOLE_RING_SIZE] = s[i];
    }
    if (ring_prod - ring_cons > CONSOLE_RING_SIZE) {
        ring_cons = ring_prod - CONSOLE_RING_SIZE;
    }
    if (loud) {
        serial_write(s, n);
        vga_write(s, n);
    }
    release(flags);
}

void console_write_guest(const char *s, size_t n)
{
    unsigned long flags = take();

    serial_write(s, n);
    vga_write(s, n);
    release(flags);
}

size_t console_read_ring(char *buf, size_t size, uint32_t *index)
{
    unsigned long flags = take();
    size_t n = 0;

    if (*index - ring_cons > ring_prod - ring_cons) {
        *index = ring_cons;
    }
    while (n < size && *index != ring_prod) {
        buf[n++] = ring[(*index)++ % CONSOLE_RING_SIZE];
    }
    release(flags);
    return n;
}

void console_clear_ring(void)
{
    unsigned long flags = take();

    ring_cons = ring_prod;
    release(flags);
}

size_t console_read_input(char *buf, size_t size)
{
    unsigned long flags = take();
    size_t n = 0;

    while (n < size && input_cons != input_prod) {
        buf[n++] = input[input_cons++ % INPUT_SIZE];
    }
    release(flags);
    return n;
}

void console_set_input_hook(void (*hook)(void))
{
    input_hook = hook;
}

/* Collected under the lock, acted on after it. */
static struct {
    char key[16];
    unsigned int nr;
    bool for_dom0;
} batch;

static void say(const char *s)
{
    serial_write(s, strlen(s));
}

static void typed(char c)
{
    switches = c == CTRL_A ? switches + 1 : 0;
    if (switches == 3) {
        switches = 0;
        keys_are_ours = !keys_are_ours;
        say(keys_are_ours ? "\n(pv) keys: hypervisor\n"
                          : "\n(pv) keys: control domain\n");
        return;
    }
    if (keys_are_ours) {
        if (batch.nr < sizeof(batch.key) && c != CTRL_A) {
            batch.key[batch.nr++] = c;
        }
    } else if (input_prod - input_cons < INPUT_SIZE) {
        input[input_prod++ % INPUT_SIZE] = c;
        batch.for_dom0 = true;
    }
}

void console_interrupt(void)
{
    unsigned long flags = take();
    char keys[sizeof(batch.key)];
    unsigned int nr;
    bool for_dom0;

    serial_interrupt(typed);
    nr = batch.nr;
    memcpy(keys, batch.key, nr);
    for_dom0 = batch.for_dom0;
    batch.nr = 0;
    batch.for_dom0 = false;
    release(flags);

    for (unsigned int i = 0; i < nr; i++) {
        keyhandler_press(keys[i]);
    }
    if (for_dom0 && input_hook != NULL) {
        input_hook();
    }
}

void console_irq_ready(void)
{
    unsigned long flags = take();

    serial_irq_ready();
    release(flags);
}

void console_drain(void)
{
    unsigned long flags = take();

    serial_drain();
    release(flags);
}

void console_sync(void)
{
    panicking = true;
    vga_reclaim();
    serial_sync();
}

void console_release_vga(void)
{
    vga_release();
}
