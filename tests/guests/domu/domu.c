/* SPDX-License-Identifier: MIT */
/*
 * domu/domu.c - see domu.h.  Store and console pages come mapped in the boot
 * page tables.  Covered by tests/guests/frontend.
 */
#include <domu/domu.h>
#include <lib/event.h>
#include <lib/hypercall.h>
#include <lib/print.h>

struct guest_store store;
struct console_front console;
static uint64_t state = 88172645463325252ull;

/* ---- port/guest.h ------------------------------------------------------------ */

long guest_env_hypercall(unsigned int nr, uint64_t a1, uint64_t a2,
                         uint64_t a3, uint64_t a4, uint64_t a5)
{
    return hcall(nr, a1, a2, a3, a4, a5);
}

void *guest_env_pages(unsigned int nr)
{
    return pages_alloc(nr);
}

uint64_t guest_env_frame(const void *page)
{
    return mfn_of(page);
}

int guest_env_map_frame(void *page, uint64_t frame)
{
    return (int)page_map(page, frame, PTE_KERNEL);
}

uint64_t guest_env_now_ns(void)
{
    return now_ns();
}

struct shared_info *guest_env_shared_info(void)
{
    return shared_info;
}

/* ---- start --------------------------------------------------------------------- */

static void to_console(const char *text, size_t n)
{
    console_front_write(&console, text, n);
}

void domu_start(void)
{
    uint64_t seed = domu_number("seed", 1);

    console_front_init(&console, va_of_mfn(start_info->console.domU.mfn),
                       start_info->console.domU.evtchn);
    print_sink = to_console;
    guest_store_init(&store, va_of_mfn(start_info->store_mfn),
                     start_info->store_evtchn);
    guest_must(guest_port_init(), "grant table");
    state ^= seed * 0x9e3779b97f4a7c15ull;
    guest_store_watch(&store, "control/shutdown");
}

uint64_t domu_number(const char *name, uint64_t def)
{
    const char *text = find_word((const char *)start_info->cmd_line, name);
    uint64_t value = 0;

    if (text == NULL || *text++ != '=') {
        return def;
    }
    for (; *text >= '0' && *text <= '9'; text++) {
        value = value * 10 + (uint64_t)(*text - '0');
    }
    return value;
}

bool domu_word(const char *name)
{
    return find_word((const char *)start_info->cmd_line, name) != NULL;
}

bool domu_should_stop(void)
{
    char text[16];

    return guest_store_read(&store, "control/shutdown", text,
                            sizeof(text)) > 0;
}

uint32_t domu_random(uint32_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)((state >> 32) * below >> 32);
}

/* ---- CRC-32 as of gzip --------------------------------------------------------- */

static uint32_t table[256];

static void make_table(void)
{
    uint32_t i, bit;

    for (i = 0; i < 256; i++) {
        table[i] = i;
        for (bit = 0; bit < 8; bit++) {
            table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
        }
    }
}

uint32_t domu_crc(uint32_t crc, const void *data, size_t n)
{
    const uint8_t *p = data;

    if (table[1] == 0) {
        make_table();
    }
    for (crc = ~crc; n > 0; n--, p++) {
        crc = crc >> 8 ^ table[(crc ^ *p) & 0xff];
    }
    return ~crc;
}
