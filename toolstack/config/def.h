/* SPDX-License-Identifier: MIT */
/*
 * config/def.h - what a user wants: one domain, typed.
 *
 * Owns    struct domain_def, its enums and their names in the XML.
 * Leaves  reading to xml_parse, missing values to defaults, sense to
 *         validate, writing to xml_format.
 * Tests   tests/unit/toolstack/test_xml.c
 *
 * Every string belongs to the struct and may be NULL when absent.  "line" is
 * the line of the element in the file it came from, for messages.
 */
#ifndef CONFIG_DEF_H
#define CONFIG_DEF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DEF_MAX_VCPUS 128u
#define DEF_NAME_MAX  63u              /* bytes, without the final zero */

enum guest_type { GUEST_UNSET, GUEST_PV, GUEST_PVH, GUEST_HVM };

enum life_action {
    LIFE_UNSET,
    LIFE_DESTROY,
    LIFE_RESTART,
    LIFE_PRESERVE,
    LIFE_RENAME_RESTART,               /* as RESTART, like libvirt's driver */
    LIFE_COREDUMP_DESTROY,
    LIFE_COREDUMP_RESTART,
};

enum disk_type    { DISK_FILE, DISK_BLOCK, DISK_NETWORK };
enum disk_device  { DISK_DISK, DISK_CDROM };
enum disk_backend { BACKEND_OURS, BACKEND_KERNEL };  /* qdisk, vbd */
enum disk_discard { DISCARD_UNSET, DISCARD_UNMAP, DISCARD_IGNORE };

struct disk_def {
    unsigned int line;
    enum disk_type type;
    enum disk_device device;
    enum disk_backend backend;
    enum disk_discard discard;
    char *driver;                      /* as written: qemu, phy, tap... */
    char *format;                      /* as written: raw, qcow2... */
    char *source;                      /* absolute path, NULL: no medium */
    char *target;                      /* xvda */
    char *bus;
    bool readonly;
    bool transient;
    uint32_t vdev;                     /* virtual-device number of target */
};

#define DISK_IDE_UNITS 4               /* two channels of two */

enum nic_type    { NIC_BRIDGE, NIC_USER, NIC_NETWORK, NIC_ETHERNET };
enum nic_backend { NIC_OURS, NIC_KERNEL };           /* tapnet, vif */

#define NIC_NAME_MAX   15u             /* of an interface of the host */
#define NIC_QUEUES_MAX 8u

struct nic_def {
    unsigned int line;
    enum nic_type type;
    enum nic_backend backend;
    unsigned int devid;                /* "handle"; fixed by the defaults */
    bool has_devid;
    uint8_t mac[6];
    bool has_mac;
    char *bridge;                      /* as written */
    char *network;
    char *driver;                      /* as written: qemu, vhost... */
    char *model;
    char *target;                      /* name on the host, NULL: vifN.H */
    char *ip;                          /* a hint for others, NULL: none */
    unsigned int queues;               /* 0: absent */
    unsigned int mtu;                  /* 0: absent */
    unsigned int rate_kib;             /* a second, 0: no limit */
    bool check_mac;                    /* frames must bear our address */
};

/* Ports: 0 is the first free one. */
struct graphics_def {
    unsigned int line;
    char *type;                        /* vnc; others are not honoured */
    char *listen;                      /* a numeric address */
    char *passwd;                      /* NULL: none */
    unsigned int port, web_port;
    bool web;                          /* a browser can be the viewer */
};

struct video_def {
    unsigned int line;
    char *model;                       /* xen */
    unsigned int vram_kib;             /* 0: absent */
    unsigned int width, height;        /* 0: absent */
};

struct input_def {
    unsigned int line;
    char *type;                        /* keyboard, mouse, tablet */
    char *bus;                         /* xen */
};

#define SCREEN_WIDTH   800u            /* of xen-fbfront */
#define SCREEN_HEIGHT  600u
#define SCREEN_VRAM    8192u           /* KiB */

struct console_def {
    unsigned int line;
    char *type;                        /* pty */
    char *target;                      /* xen, serial */
    unsigned int port;
};

struct serial_def {
    unsigned int line;
    char *type;                        /* file, pty, null */
    char *path;                        /* of a file */
    unsigned int port;
};

/* A part of the file that is legal, not honoured, and kept for dumpxml. */
struct kept_def {
    unsigned int line;
    char *parent;                      /* "" or "devices", "os"... */
    char *xml;                         /* the element, as text */
};

struct cpu_pin {
    unsigned int vcpu;
    char *cpuset;
};

/* What <os firmware='efi'> stands for: Debian's package ovmf. */
#define DEF_UEFI "/usr/share/ovmf/OVMF.fd"

struct domain_def {
    char *name;
    char *title;
    char *description;
    uint8_t uuid[16];
    bool has_uuid;
    unsigned int name_line, type_line, memory_line, vcpu_line, os_line;
    unsigned int kernel_line, initrd_line, cmdline_line;

    enum guest_type type;
    uint64_t memory_kib;               /* 0: absent */
    uint64_t current_kib;
    bool has_current;
    unsigned int max_vcpus;            /* 0: absent */
    unsigned int cur_vcpus;
    char *cpuset;                      /* for all vCPUs without a pin */
    struct cpu_pin *pins;
    size_t nr_pins;
    unsigned int weight;               /* cputune/shares, 0: absent */

    char *kernel;
    char *initrd;
    char *cmdline;
    char *root;                        /* os/root, joined to the cmdline */
    char *bootloader;
    char *loader;                      /* HVM: BIOS image, NULL: the usual */
    char *emulator;                    /* as written */
    char boot_order[4];                /* HVM: of c disk, d CD, n network */
    unsigned int loader_line, boot_line, emulator_line;

    enum life_action on_poweroff, on_reboot, on_crash;
    int tsc_mode;                      /* -1: the hypervisor's default */
    int max_grant_frames;              /* -1: the hypervisor's default */
    int max_event_channels;

    struct disk_def *disks;
    size_t nr_disks;
    struct nic_def *nics;
    size_t nr_nics;
    struct graphics_def *graphics;
    size_t nr_graphics;
    struct video_def *videos;
    size_t nr_videos;
    struct input_def *inputs;
    size_t nr_inputs;
    struct console_def *consoles;
    size_t nr_consoles;
    struct serial_def *serials;
    size_t nr_serials;
    struct kept_def *kept;
    size_t nr_kept;
};

void def_init(struct domain_def *def);
void def_fini(struct domain_def *def);

/*
 * One more element at the end of an array; zeroed, or NULL without memory.
 * Used as: struct disk_def *d = DEF_GROW(def->disks, def->nr_disks);
 */
void *def_grow(void **array, size_t *nr, size_t size);
#define DEF_GROW(array, nr) \
    ((__typeof__(array))def_grow((void **)&(array), &(nr), sizeof(*(array))))

/* Names as the XML spells them; NULL or -1 when there is none. */
const char *def_guest_type_name(enum guest_type type);

/*
 * What an HVM guest sees besides its paravirtual devices, until it unplugs
 * it: the unit of a disk on the emulated IDE, or -1; an emulated card.
 */
int def_disk_ide_unit(const struct domain_def *def, const struct disk_def *d);
bool def_nic_is_emulated(const struct domain_def *def,
                         const struct nic_def *n);

/* Does it want the BIOS that guests usually get? */
bool def_usual_loader(const struct domain_def *def);

/* The screen that viewers see, or NULL: the domain has none. */
const struct graphics_def *def_screen(const struct domain_def *def);
/* Its size and memory, the defaults for what nobody gave. */
struct video_def def_screen_shape(const struct domain_def *def);
const char *def_life_name(enum life_action action);
int def_life_from_name(const char *name);

/*
 * The number of a virtual disk (public/io/blkif.h, docs/misc/vbd-interface):
 * xvdX, hdX, sdX with an optional partition.  False if @target is none.
 */
bool def_vdev_from_name(const char *target, uint32_t *vdev);

/*
 * A list of CPUs such as "0-3,^2,5" into @mask of @nr_bytes bytes.
 * False if it is malformed, empty or names a CPU beyond the mask.
 */
bool def_cpuset_parse(const char *text, uint8_t *mask, size_t nr_bytes);

#endif
