/* SPDX-License-Identifier: MIT */
/*
 * Writes the few fields of libxl's domain configuration that we have; libxl
 * takes its defaults for the rest.  A host without stock tools has no folder
 * for it, which is no error.
 * Tests: tests/unit/toolstack/test_lifecycle.c.
 */
#include <errno.h>
#include <fcntl.h>
#include <json-c/json.h>
#include <lifecycle/userdata.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <uuid/uuid.h>

static void file_of(char path[256], const struct domain_def *def,
                    unsigned int domid)
{
    const char *dir = getenv("VMCTL_XEN_DIR");
    char uuid[37];

    uuid_unparse_lower(def->uuid, uuid);
    snprintf(path, 256, "%.128s/userdata-d.%u.%s.libxl-json",
             dir == NULL ? "/var/lib/xen" : dir, domid, uuid);
}

static void add(json_object *o, const char *key, const char *value)
{
    if (value != NULL) {
        json_object_object_add(o, key, json_object_new_string(value));
    }
}

static void add_u64(json_object *o, const char *key, uint64_t value)
{
    json_object_object_add(o, key, json_object_new_uint64(value));
}

static json_object *create_info(const struct domain_def *def)
{
    json_object *o = json_object_new_object();
    char uuid[37];

    uuid_unparse_lower(def->uuid, uuid);
    add(o, "type", "pv");
    add(o, "name", def->name);
    add(o, "uuid", uuid);
    return o;
}

static json_object *build_info(const struct domain_def *def)
{
    json_object *o = json_object_new_object();
    json_object *cpus = json_object_new_array();

    for (unsigned int i = 0; i < def->cur_vcpus; i++) {
        json_object_array_add(cpus, json_object_new_int((int)i));
    }
    add_u64(o, "max_vcpus", def->max_vcpus);
    json_object_object_add(o, "avail_vcpus", cpus);
    add_u64(o, "max_memkb", def->memory_kib);
    add_u64(o, "target_memkb", def->current_kib);
    add(o, "kernel", def->kernel);
    add(o, "cmdline", def->cmdline);
    add(o, "ramdisk", def->initrd);
    json_object_object_add(o, "type.pv", json_object_new_object());
    return o;
}

static json_object *disk(const struct disk_def *d)
{
    json_object *o = json_object_new_object();

    add(o, "pdev_path", d->source);
    add(o, "vdev", d->target);
    add(o, "backend", d->backend == BACKEND_KERNEL ? "phy" : "qdisk");
    add(o, "format", "raw");
    json_object_object_add(o, "readwrite", json_object_new_int(!d->readonly));
    return o;
}

static json_object *nic(const struct nic_def *n)
{
    json_object *o = json_object_new_object();
    char mac[18];

    snprintf(mac, sizeof(mac), "%02x:%02x:%02x:%02x:%02x:%02x", n->mac[0],
             n->mac[1], n->mac[2], n->mac[3], n->mac[4], n->mac[5]);
    json_object_object_add(o, "devid", json_object_new_int((int)n->devid));
    add(o, "mac", mac);
    add(o, "bridge", n->bridge);
    add(o, "nictype", "vif");
    return o;
}

/* libxl spells the actions as we do, with underscores. */
static void add_action(json_object *o, const char *key,
                       enum life_action action)
{
    char text[32];

    snprintf(text, sizeof(text), "%s", def_life_name(action));
    for (char *s = text; *s != '\0'; s++) {
        *s = *s == '-' ? '_' : *s;
    }
    add(o, key, text);
}

static json_object *config(const struct domain_def *def)
{
    json_object *o = json_object_new_object();
    json_object *disks = json_object_new_array();
    json_object *nics = json_object_new_array();

    json_object_object_add(o, "c_info", create_info(def));
    json_object_object_add(o, "b_info", build_info(def));
    for (size_t i = 0; i < def->nr_disks; i++) {
        if (def->disks[i].source != NULL) {
            json_object_array_add(disks, disk(&def->disks[i]));
        }
    }
    json_object_object_add(o, "disks", disks);
    for (size_t i = 0; i < def->nr_nics; i++) {
        json_object_array_add(nics, nic(&def->nics[i]));
    }
    json_object_object_add(o, "nics", nics);
    add_action(o, "on_poweroff", def->on_poweroff);
    add_action(o, "on_reboot", def->on_reboot);
    add_action(o, "on_crash", def->on_crash);
    return o;
}

int userdata_write(const struct domain_def *def, unsigned int domid)
{
    char path[256];
    json_object *o;
    const char *text;
    size_t len;
    int fd, rc;

    file_of(path, def, domid);
    fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW,
              0600);
    if (fd < 0) {
        return errno == ENOENT ? 0 : -errno;
    }
    o = config(def);
    text = json_object_to_json_string_ext(o, JSON_C_TO_STRING_PRETTY);
    len = strlen(text) + 1;            /* libxl stores the final zero */
    rc = write(fd, text, len) == (ssize_t)len ? 0 : -EIO;
    json_object_put(o);
    close(fd);
    return rc;
}

void userdata_remove(const struct domain_def *def, unsigned int domid)
{
    char path[256];

    file_of(path, def, domid);
    unlink(path);
}
