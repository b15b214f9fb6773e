/* SPDX-License-Identifier: MIT */
/*
 * Requests about domains; what they do is in domain.c.
 * Tests: tests/unit/store/test_server.c, test_daemon.c
 */
#include <server/ops.h>

#include <stdio.h>
#include <string.h>

#include <server/domain.h>
#include <server/state.h>

#define FIRST_RESERVED_DOMID 0x7ff0u

/* Exactly @nr numbers; the first is a domid. */
static int numbers(struct request *req, uint64_t *value, size_t nr)
{
    const char *text[3];
    size_t i;

    if (wire_split(req->body, req->header.len, text, nr) != 0) {
        return -EINVAL;
    }
    for (i = 0; i < nr; i++) {
        if (wire_parse_number(text[i], i == 0 ? FIRST_RESERVED_DOMID - 1 :
                                               UINT64_MAX, &value[i]) != 0) {
            return -EINVAL;
        }
    }
    return 0;
}

static int one_domain(struct request *req, struct domain **d)
{
    uint64_t domid;

    if (numbers(req, &domid, 1) != 0) {
        return -EINVAL;
    }
    *d = domain_find(req->server, (uint32_t)domid);
    return *d == NULL ? -ENOENT : 0;
}

int op_introduce(struct request *req)
{
    uint64_t value[3];
    int rc;

    if (numbers(req, value, 3) != 0 || value[2] == 0 ||
        value[2] > UINT32_MAX) {
        return -EINVAL;
    }
    rc = domain_introduce(req->server, (uint32_t)value[0], value[1],
                          (uint32_t)value[2]);
    if (rc == 0) {
        reply_ok(req);
    }
    return rc;
}

int op_release(struct request *req)
{
    struct domain *d;
    int rc = one_domain(req, &d);

    if (rc != 0) {
        return rc;
    }
    if (d->own) {
        return -EINVAL;               /* the control domain stays */
    }
    domain_release(req->server, d);
    reply_ok(req);
    return 0;
}

int op_resume(struct request *req)
{
    struct domain *d;
    int rc = one_domain(req, &d);

    if (rc == 0) {
        d->shutdown = false;          /* its next shutdown is news again */
        state_domain(req->server, d);
        reply_ok(req);
    }
    return rc;
}

int op_set_target(struct request *req)
{
    uint64_t value[2];
    struct domain *d;

    if (numbers(req, value, 2) != 0 ||
        value[1] >= FIRST_RESERVED_DOMID) {
        return -EINVAL;
    }
    d = domain_find(req->server, (uint32_t)value[0]);
    if (d == NULL || domain_find(req->server, (uint32_t)value[1]) == NULL) {
        return -ENOENT;
    }
    d->target = (uint32_t)value[1];
    d->client->actor.target = d->target;
    state_domain(req->server, d);
    reply_ok(req);
    return 0;
}

int op_is_domain_introduced(struct request *req)
{
    uint64_t domid;

    if (numbers(req, &domid, 1) != 0) {
        return -EINVAL;
    }
    reply_text(req, domain_find(req->server, (uint32_t)domid) != NULL ? "T" :
                                                                        "F");
    return 0;
}

int op_get_domain_path(struct request *req)
{
    const char *text;
    uint64_t domid;
    char path[32];

    if (wire_split(req->body, req->header.len, &text, 1) != 0 ||
        wire_parse_number(text, UINT16_MAX, &domid) != 0) {
        return -EINVAL;
    }
    snprintf(path, sizeof(path), "/local/domain/%u", (unsigned int)domid);
    reply_text(req, path);
    return 0;
}
