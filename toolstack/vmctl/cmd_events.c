/* SPDX-License-Identifier: MIT */
/*
 * vmctl events: the lines of lifecycle/events.h that the caller asks for.
 * Tests: tests/unit/toolstack/test_cli.sh, tests/boot/dom0/hotplug.sh.
 */
#include <errno.h>
#include <inttypes.h>
#include <lifecycle/events.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <vmctl/cmd.h>

void ctl_event(const struct dom *d, const char *event)
{
    struct domain_def def;

    def_init(&def);
    memcpy(def.uuid, d->uuid, sizeof(def.uuid));
    def.name = strdup(d->name);
    event_note(&def, d->live ? (int)d->domid : -1, event);
    def_fini(&def);
}

static const char *text_of(json_object *event, const char *key)
{
    json_object *value;

    return json_object_object_get_ex(event, key, &value)
               ? json_object_get_string(value) : "";
}

static bool in_list(const char *list, const char *word)
{
    size_t len = strlen(word);

    for (const char *s = list; *s != '\0'; s += *s == ',') {
        size_t n = strcspn(s, ",");

        if (n == len && strncmp(s, word, n) == 0) {
            return true;
        }
        s += n;
    }
    return false;
}

/* By name, UUID or id, also of a domain that has gone. */
static bool wanted(const struct ctl *c, json_object *event)
{
    return (c->event == NULL || in_list(c->event, text_of(event, "event"))) &&
           (c->domain == NULL ||
            strcmp(c->domain, text_of(event, "name")) == 0 ||
            strcasecmp(c->domain, text_of(event, "uuid")) == 0 ||
            strcmp(c->domain, text_of(event, "domid")) == 0);
}

static int64_t now_ms(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static int print_event(json_object *event, struct err *e)
{
    printf("%s\n", json_object_to_json_string_ext(
                       event, JSON_C_TO_STRING_PLAIN |
                       JSON_C_TO_STRING_NOSLASHESCAPE));
    return fflush(stdout) == 0 ? 0 : err_errno(e, -errno, "cannot write the "
                                               "output", NULL);
}

static int too_slow(int rc, struct err *e)
{
    return rc == -EOVERFLOW
               ? err_set(e, rc, ERR_FAILED, "events were lost", NULL,
                         "this reader was too slow, or the cursor too old")
               : err_errno(e, rc, "cannot read events", NULL);
}

static int follow(struct ctl *c, struct event_reader *r, struct err *e)
{
    int64_t end = now_ms() + (int64_t)c->timeout_s * 1000;

    for (;;) {
        int64_t left = c->timeout_s == 0 ? -1 : end - now_ms();
        json_object *event = NULL;
        int rc = c->timeout_s != 0 && left < 0
                     ? 0 : events_next(r, (int)left, &event);
        bool ours;

        if (rc < 0) {
            return too_slow(rc, e);
        }
        if (rc == 0) {
            return !c->once ? 0 : err_set(e, -ETIMEDOUT, ERR_TIMEOUT,
                                          "no such event", c->event,
                                          "not within %u s", c->timeout_s);
        }
        ours = wanted(c, event);
        rc = ours ? print_event(event, e) : 0;
        json_object_put(event);
        if (rc != 0 || (ours && c->once)) {
            return rc;
        }
    }
}

int cmd_events(struct ctl *c, int argc, char **argv, struct err *e)
{
    uint64_t since = events_end();
    struct event_reader r;
    char *end = NULL;
    int rc;

    if (c->cursor) {
        printf("%" PRIu64 "\n", since);
        return 0;
    }
    if (c->since != NULL) {
        since = strtoull(c->since, &end, 10);
    }
    if (c->since != NULL && (*c->since < '0' || *c->since > '9' ||
                             *end != '\0')) {
        return err_set(e, -EINVAL, ERR_USAGE, "not a cursor", c->since,
                       "a number that vmctl events --cursor printed");
    }
    rc = events_open(&r, since);
    if (rc != 0) {
        return err_errno(e, rc, "cannot read events", NULL);
    }
    rc = follow(c, &r, e);
    events_close(&r);
    return rc;
}
