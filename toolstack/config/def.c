/* SPDX-License-Identifier: MIT */
/*
 * The typed configuration: its memory, and the small languages inside XML
 * values (disk names, CPU lists, action words).
 * Tests: tests/unit/toolstack/test_def.c.
 */
#include <config/def.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

void def_init(struct domain_def *def)
{
    memset(def, 0, sizeof(*def));
    def->tsc_mode = -1;
    def->max_grant_frames = -1;
    def->max_event_channels = -1;
}

static void disk_fini(struct disk_def *d)
{
    free(d->driver);
    free(d->format);
    free(d->source);
    free(d->target);
    free(d->bus);
}

static void nic_fini(struct nic_def *n)
{
    free(n->bridge);
    free(n->network);
    free(n->driver);
    free(n->model);
    free(n->target);
    free(n->ip);
}

static void screen_fini(struct domain_def *def)
{
    for (size_t i = 0; i < def->nr_graphics; i++) {
        free(def->graphics[i].type);
        free(def->graphics[i].listen);
        free(def->graphics[i].passwd);
    }
    for (size_t i = 0; i < def->nr_videos; i++) {
        free(def->videos[i].model);
    }
    for (size_t i = 0; i < def->nr_inputs; i++) {
        free(def->inputs[i].type);
        free(def->inputs[i].bus);
    }
    free(def->graphics);
    free(def->videos);
    free(def->inputs);
}

const struct graphics_def *def_screen(const struct domain_def *def)
{
    const struct graphics_def *g = def->graphics;

    return def->nr_graphics > 0 && g->type != NULL &&
           strcmp(g->type, "vnc") == 0 ? g : NULL;
}

struct video_def def_screen_shape(const struct domain_def *def)
{
    struct video_def v = { .vram_kib = SCREEN_VRAM };

    if (def->nr_videos > 0) {
        const struct video_def *given = &def->videos[0];

        v.vram_kib = given->vram_kib != 0 ? given->vram_kib : v.vram_kib;
        v.width = given->width;
        v.height = given->height;
    }
    v.width = v.width != 0 ? v.width : SCREEN_WIDTH;
    v.height = v.height != 0 ? v.height : SCREEN_HEIGHT;
    return v;
}

static void def_fini_lists(struct domain_def *def)
{
    screen_fini(def);
    for (size_t i = 0; i < def->nr_disks; i++) {
        disk_fini(&def->disks[i]);
    }
    for (size_t i = 0; i < def->nr_nics; i++) {
        nic_fini(&def->nics[i]);
    }
    for (size_t i = 0; i < def->nr_consoles; i++) {
        free(def->consoles[i].type);
        free(def->consoles[i].target);
    }
    for (size_t i = 0; i < def->nr_serials; i++) {
        free(def->serials[i].type);
        free(def->serials[i].path);
    }
    for (size_t i = 0; i < def->nr_kept; i++) {
        free(def->kept[i].parent);
        free(def->kept[i].xml);
    }
    for (size_t i = 0; i < def->nr_pins; i++) {
        free(def->pins[i].cpuset);
    }
    free(def->disks);
    free(def->nics);
    free(def->consoles);
    free(def->serials);
    free(def->kept);
    free(def->pins);
}

void def_fini(struct domain_def *def)
{
    def_fini_lists(def);
    free(def->name);
    free(def->title);
    free(def->description);
    free(def->cpuset);
    free(def->kernel);
    free(def->initrd);
    free(def->cmdline);
    free(def->root);
    free(def->bootloader);
    free(def->loader);
    free(def->emulator);
    def_init(def);
}

int def_disk_ide_unit(const struct domain_def *def, const struct disk_def *d)
{
    unsigned int major = d->vdev >> 8;

    if (def->type != GUEST_HVM || d->bus == NULL ||
        strcmp(d->bus, "ide") != 0 || (major != 3 && major != 22) ||
        (d->vdev & 63) != 0) {
        return -1;
    }
    return (major == 3 ? 0 : 2) + (int)(d->vdev >> 6 & 1);
}

/* libvirt's files name Xen's own loader: that stands for the usual BIOS. */
bool def_usual_loader(const struct domain_def *def)
{
    return def->loader == NULL || strstr(def->loader, "hvmloader") != NULL;
}

bool def_nic_is_emulated(const struct domain_def *def,
                         const struct nic_def *n)
{
    return def->type == GUEST_HVM &&
           (n->model == NULL || strcmp(n->model, "netfront") != 0);
}

void *def_grow(void **array, size_t *nr, size_t size)
{
    char *bigger = reallocarray(*array, *nr + 1, size);

    if (bigger == NULL) {
        return NULL;
    }
    *array = bigger;
    memset(bigger + *nr * size, 0, size);
    return bigger + (*nr)++ * size;
}

const char *def_guest_type_name(enum guest_type type)
{
    static const char *const names[] = {
        [GUEST_PV] = "linux", [GUEST_PVH] = "xenpvh", [GUEST_HVM] = "hvm",
    };

    return type <= GUEST_HVM ? names[type] : NULL;
}

static const char *const life_names[] = {
    [LIFE_DESTROY]          = "destroy",
    [LIFE_RESTART]          = "restart",
    [LIFE_PRESERVE]         = "preserve",
    [LIFE_RENAME_RESTART]   = "rename-restart",
    [LIFE_COREDUMP_DESTROY] = "coredump-destroy",
    [LIFE_COREDUMP_RESTART] = "coredump-restart",
};

const char *def_life_name(enum life_action action)
{
    return action <= LIFE_COREDUMP_RESTART ? life_names[action] : NULL;
}

int def_life_from_name(const char *name)
{
    for (int i = LIFE_DESTROY; i <= LIFE_COREDUMP_RESTART; i++) {
        if (strcmp(life_names[i], name) == 0) {
            return i;
        }
    }
    return -1;
}

/* Letters a..z, aa..: the index of a disk.  False if it has no letters. */
static bool disk_letters(const char **s, unsigned int *index)
{
    unsigned int n = 0, len = 0;

    while (**s >= 'a' && **s <= 'z' && len < 3) {
        n = n * 26 + (unsigned int)(**s - 'a' + 1);
        (*s)++;
        len++;
    }
    if (len == 0) {
        return false;
    }
    *index = n - 1;
    return true;
}

static bool disk_partition(const char *s, unsigned int *part)
{
    unsigned int n = 0;

    if (*s == '0') {
        return false;
    }
    for (; isdigit((unsigned char)*s); s++) {
        n = n * 10 + (unsigned int)(*s - '0');
        if (n > 255) {
            return false;
        }
    }
    *part = n;
    return *s == '\0';
}

static bool vdev_xvd(unsigned int disk, unsigned int part, uint32_t *vdev)
{
    if (disk < 16 && part < 16) {
        *vdev = 202u << 8 | disk << 4 | part;
        return true;
    }
    if (disk >= 1u << 20) {
        return false;
    }
    *vdev = 1u << 28 | disk << 8 | part;
    return true;
}

static bool vdev_hd(unsigned int disk, unsigned int part, uint32_t *vdev)
{
    static const uint32_t majors[] = { 3, 22 };

    if (disk >= 4 || part >= 64) {
        return false;
    }
    *vdev = majors[disk / 2] << 8 | (disk & 1) << 6 | part;
    return true;
}

static bool vdev_sd(unsigned int disk, unsigned int part, uint32_t *vdev)
{
    if (disk >= 16 || part >= 16) {
        return false;
    }
    *vdev = 8u << 8 | disk << 4 | part;
    return true;
}

bool def_vdev_from_name(const char *target, uint32_t *vdev)
{
    static const struct {
        const char *prefix;
        bool (*number)(unsigned int disk, unsigned int part, uint32_t *vdev);
    } families[] = {
        { "xvd", vdev_xvd }, { "hd", vdev_hd }, { "sd", vdev_sd },
    };

    for (size_t i = 0; i < sizeof(families) / sizeof(families[0]); i++) {
        size_t len = strlen(families[i].prefix);
        const char *s = target + len;
        unsigned int disk, part;

        if (strncmp(target, families[i].prefix, len) == 0) {
            return disk_letters(&s, &disk) && disk_partition(s, &part) &&
                   families[i].number(disk, part, vdev);
        }
    }
    return false;
}

/* "N" or "N-M" at *@s. */
static bool cpu_range(const char **s, unsigned long *from, unsigned long *to)
{
    char *end;

    if (!isdigit((unsigned char)**s)) {
        return false;
    }
    *from = *to = strtoul(*s, &end, 10);
    if (*end == '-') {
        if (!isdigit((unsigned char)end[1])) {
            return false;
        }
        *to = strtoul(end + 1, &end, 10);
    }
    *s = end;
    return *from <= *to;
}

bool def_cpuset_parse(const char *text, uint8_t *mask, size_t nr_bytes)
{
    const char *s = text;
    bool any = false;

    memset(mask, 0, nr_bytes);
    for (;;) {
        bool without = *s == '^';
        unsigned long from, to;

        s += without;
        if (!cpu_range(&s, &from, &to) || to >= nr_bytes * 8) {
            return false;
        }
        for (unsigned long cpu = from; cpu <= to; cpu++) {
            uint8_t bit = (uint8_t)(1u << (cpu % 8));

            mask[cpu / 8] = without ? mask[cpu / 8] & (uint8_t)~bit
                                    : mask[cpu / 8] | bit;
        }
        if (*s == '\0') {
            break;
        }
        if (*s++ != ',') {
            return false;
        }
    }
    for (size_t i = 0; i < nr_bytes; i++) {
        any = any || mask[i] != 0;
    }
    return any;
}
