/* SPDX-License-Identifier: MIT */
/*
 * core/params.c - one table of options.
 *
 * Later words win; unknown ones are warned about.  GRUB's scripts pass
 * "placeholder" first.
 */
#include <core/params.h>

#include <core/log.h>
#include <core/serial.h>

#include <lib/string.h>

struct boot_params params = {
    .loglevel = LOG_WARN,
    .guest_loglevel = LOG_ERR,
    .console_serial = true,
    .console_vga = true,
    .hvm = true,
};

static uint64_t parse_size(const char *s, const char **end)
{
    uint64_t v = str_to_u64(s, end, 0);

    switch (**end | 0x20) {
    case 't': v <<= 10; /* fallthrough */
    case 'g': v <<= 10; /* fallthrough */
    case 'm': v <<= 10; /* fallthrough */
    case 'k': v <<= 10; (*end)++; return v;
    case 'b': (*end)++; return v;
    default: return v << 10;              /* as in Xen: KiB */
    }
}

/* dom0_mem=[min:<s>,][max:<s>,][<s>] */
static void set_dom0_mem(const char *v)
{
    while (*v != '\0') {
        const char *max = str_after(v, "max:");
        const char *low = str_after(v, "min:");
        uint64_t size = parse_size(max != NULL ? max : low != NULL ? low : v,
                                   &v);

        if (max != NULL) {
            params.dom0_mem_max_bytes = size;
            params.dom0_mem_max_given = true;
        } else if (low == NULL) {
            params.dom0_mem_bytes = size;
        }
        v = strchr(v, ',');
        if (v == NULL) {
            break;
        }
        v++;
    }
}

static void set_console(const char *v)
{
    params.console_serial = strstr(v, "com") != NULL;
    params.console_vga = strstr(v, "vga") != NULL;
    if (strstr(v, "com2") != NULL) {
        serial_configure(2, "");
    }
}

static void set_com1(const char *v)
{
    serial_configure(1, v);
}

static void set_com2(const char *v)
{
    serial_configure(2, v);
}

static int level_of(const char *v, int old)
{
    static const struct {
        const char *name;
        int level;
    } names[] = {
        { "none", -1 }, { "error", LOG_ERR }, { "warning", LOG_WARN },
        { "info", LOG_INFO }, { "debug", LOG_DEBUG }, { "all", LOG_DEBUG },
    };

    for (unsigned int i = 0; i < ARRAY_SIZE(names); i++) {
        if (str_after(v, names[i].name) != NULL) {
            return names[i].level;
        }
    }
    return old;
}

static void set_loglvl(const char *v)
{
    params.loglevel = level_of(v, params.loglevel);
}

static void set_guest_loglvl(const char *v)
{
    params.guest_loglevel = level_of(v, params.guest_loglevel);
}

static void set_dom0_vcpus(const char *v)
{
    params.dom0_max_vcpus = (unsigned int)str_to_u64(v, NULL, 0);
}

static void set_maxcpus(const char *v)
{
    params.maxcpus = (unsigned int)str_to_u64(v, NULL, 0);
}

static void set_dom0(const char *v)
{
    params.dom0_pvh = strstr(v, "pvh") != NULL;
}

static void set_panic_kind(const char *v)
{
    str_copy(params.panic_kind, v, sizeof(params.panic_kind));
}

static void accept(const char *v)
{
}

static const struct option {
    const char *name;
    void (*set)(const char *value);      /* with "=value" */
    bool *flag;                          /* a bare word */
} options[] = {
    { "dom0", set_dom0, NULL },
    { "dom0_mem", set_dom0_mem, NULL },
    { "dom0_max_vcpus", set_dom0_vcpus, NULL },
    { "maxcpus", set_maxcpus, NULL },
    { "console", set_console, NULL },
    { "com1", set_com1, NULL },
    { "com2", set_com2, NULL },
    { "loglvl", set_loglvl, NULL },
    { "guest_loglvl", set_guest_loglvl, NULL },
    { "noreboot", accept, &params.noreboot },
    { "hvm", accept, &params.hvm },
    { "panic_test", set_panic_kind, &params.panic_test },
    { "domu_first", accept, &params.domu_first },
    { "log_hypercalls", accept, &params.log_hypercalls },
    { "sched", accept, NULL },           /* one scheduler: any name will do */
    { "placeholder", accept, NULL },
};

static void parse_word(char *word)
{
    char *value = strchr(word, '=');

    if (value != NULL) {
        *value++ = '\0';
    }
    for (unsigned int i = 0; i < ARRAY_SIZE(options); i++) {
        const struct option *o = &options[i];

        if (strcmp(word, o->name) != 0) {
            continue;
        }
        if (o->flag != NULL) {
            *o->flag = value == NULL || strcmp(value, "0") != 0;
        }
        if (value != NULL) {
            o->set(value);
        }
        return;
    }
    if (word[0] != '/') {
        log_warn("option %s is not known", word);
    }
}

void params_parse(const char *cmdline)
{
    char word[128];

    while (*cmdline != '\0') {
        size_t n = 0;

        while (*cmdline == ' ') {
            cmdline++;
        }
        while (cmdline[n] != '\0' && cmdline[n] != ' ') {
            n++;
        }
        if (n != 0 && n < sizeof(word)) {
            memcpy(word, cmdline, n);
            word[n] = '\0';
            parse_word(word);
        }
        cmdline += n;
    }
}
