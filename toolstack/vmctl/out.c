/* SPDX-License-Identifier: MIT */
/*
 * Everything that is printed: JSON objects of schema vmctl/1, errors in one
 * line or one object, the sentence after an action.
 * Tests: tests/unit/toolstack/test_cli.sh.
 */
#include <stdio.h>
#include <string.h>
#include <vmctl/cmd.h>

json_object *out_object(const char *kind)
{
    json_object *o = json_object_new_object();

    out_add(o, "schema", "vmctl/1");
    out_add(o, "kind", kind);
    return o;
}

void out_add(json_object *o, const char *key, const char *value)
{
    json_object_object_add(o, key, value == NULL
                                       ? NULL : json_object_new_string(value));
}

void out_add_u64(json_object *o, const char *key, uint64_t value)
{
    json_object_object_add(o, key, json_object_new_uint64(value));
}

void out_add_bool(json_object *o, const char *key, bool value)
{
    json_object_object_add(o, key, json_object_new_boolean(value));
}

static void print_json(FILE *f, json_object *o)
{
    fprintf(f, "%s\n", json_object_to_json_string_ext(
                           o, JSON_C_TO_STRING_PLAIN |
                           JSON_C_TO_STRING_NOSLASHESCAPE));
    json_object_put(o);
}

void out_json(json_object *o)
{
    print_json(stdout, o);
}

json_object *out_domain(const struct dom *d)
{
    json_object *o = json_object_new_object();

    out_add(o, "name", d->name);
    out_add(o, "uuid", d->uuid_text);
    out_add(o, "state", state_name(dom_state(d)));
    out_add_bool(o, "defined", d->defined);
    if (d->live) {
        out_add_u64(o, "domid", d->domid);
        out_add_u64(o, "memory_bytes", d->info.tot_pages * 4096);
        out_add_u64(o, "max_memory_bytes", d->info.max_pages * 4096);
        out_add_u64(o, "vcpus", d->info.max_vcpu_id + 1);
        out_add_u64(o, "online_vcpus", d->info.nr_online_vcpus);
        out_add_u64(o, "cpu_time_ns", d->info.cpu_time);
    }
    return o;
}

static const char *class_code(enum err_class class)
{
    static const char *const codes[] = {
        "none", "failed", "usage", "not-found", "wrong-state", "bad-config",
        "no-resources", "not-permitted", "timed-out", "partial",
        "not-supported", "version-mismatch",
    };

    return class < sizeof(codes) / sizeof(codes[0]) ? codes[class] : "failed";
}

static void optional(json_object *o, const char *key, const char *value)
{
    if (*value != '\0') {
        out_add(o, key, value);
    }
}

void out_error(struct ctl *c, const struct err *e)
{
    char line[600];
    json_object *o;

    if (c->reported) {
        return;
    }
    c->reported = true;
    err_format(e, line, sizeof(line));
    if (!c->json) {
        fprintf(stderr, "vmctl: error: %s\n", line);
        return;
    }
    o = out_object("Error");
    out_add(o, "code", class_code(e->class));
    out_add_u64(o, "exit", (uint64_t)err_exit_status(e));
    out_add(o, "message", line);
    optional(o, "object", e->which);
    optional(o, "reason", e->why);
    if (e->errnum != 0) {
        out_add(o, "errno", strerrorname_np(e->errnum));
    }
    print_json(stderr, o);
}

static void diag_json(const struct diag *dg, const struct diag_msg *m)
{
    bool bad = m->level == DIAG_ERROR;
    json_object *o = out_object(bad ? "Error" : "Warning");

    if (bad) {
        out_add(o, "code", class_code(dg->class));
        out_add_u64(o, "exit", dg->class);
    }
    out_add(o, "message", m->text);
    out_add(o, "file", dg->file);
    out_add_u64(o, "line", m->line);
    print_json(stderr, o);
}

void out_diag(struct ctl *c, const struct diag *dg)
{
    if (!c->json) {
        diag_print(dg, stderr);
    }
    for (size_t i = 0; c->json && i < dg->nr; i++) {
        diag_json(dg, &dg->msg[i]);
    }
    c->reported = c->reported || dg->nr_errors > 0;
}

void out_action(struct ctl *c, const struct dom *d, const char *action,
                const char *words)
{
    json_object *o;

    if (c->quiet) {
        return;
    }
    if (!c->json) {
        printf("domain %s %s\n", d->name, words);
        return;
    }
    o = out_object("DomainAction");
    out_add(o, "action", action);
    out_add(o, "name", d->name);
    out_add(o, "uuid", d->uuid_text);
    if (d->live) {
        out_add_u64(o, "domid", d->domid);
    }
    out_json(o);
}

unsigned int ctl_timeout(const struct ctl *c, unsigned int otherwise)
{
    return c->timeout_s != 0 ? c->timeout_s : otherwise;
}
