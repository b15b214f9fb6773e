/* SPDX-License-Identifier: MIT */
/*
 * Requests about watches.  Matching is in store/watch.c, events in events.c.
 * Tests: tests/unit/store/test_server.c
 */
#include <server/ops.h>

#include <string.h>

#include <server/state.h>

/*
 * The watched path, absolute or special.  @strip: what a relative watch does
 * not want to read in its events.
 */
static int watch_target(struct request *req, const char *text,
                        char path[PATH_BUF_SIZE], uint32_t *strip)
{
    int rc;

    *strip = 0;
    if (text[0] == '@') {
        if (!path_is_special(text) || strlen(text) > XENSTORE_REL_PATH_MAX) {
            return -EINVAL;
        }
        strcpy(path, text);
        return 0;
    }
    rc = request_path(req, text, path);
    if (rc == 0 && text[0] != '/') {
        *strip = (uint32_t)(strlen(path) - strlen(text));
    }
    return rc;
}

static int check_quota(const struct request *req)
{
    struct account *a = quota_account(&req->server->quota,
                                      req->client->actor.domid);

    if (req->client->actor.privileged) {
        return 0;
    }
    if (a == NULL) {
        return -ENOMEM;
    }
    return a->watches >= req->server->quota.limit[QUOTA_WATCHES] ? -E2BIG : 0;
}

int op_watch(struct request *req)
{
    char path[PATH_BUF_SIZE];
    const char *part[2];
    struct watch *w;
    uint32_t strip;
    int rc;

    if (wire_split(req->body, req->header.len, part, 2) != 0) {
        return -EINVAL;
    }
    rc = watch_target(req, part[0], path, &strip);
    if (rc == 0) {
        rc = check_quota(req);
    }
    if (rc == 0) {
        rc = client_add_watch(req->client, path, part[1], strip, &w);
    }
    if (rc != 0) {
        return rc;
    }
    state_watch(req->client, w);
    reply_ok(req);
    if (!req->client->dead) {
        events_first(w);
    }
    return 0;
}

int op_unwatch(struct request *req)
{
    char path[PATH_BUF_SIZE];
    const char *part[2];
    struct watch *w;
    uint32_t strip;
    int rc;

    if (wire_split(req->body, req->header.len, part, 2) != 0) {
        return -EINVAL;
    }
    rc = watch_target(req, part[0], path, &strip);
    if (rc != 0) {
        return rc;
    }
    w = watch_find(req->client->watches, path, part[1]);
    if (w == NULL) {
        return -ENOENT;
    }
    state_unwatch(req->client, w);
    client_del_watch(req->client, w);
    reply_ok(req);
    return 0;
}

int op_reset_watches(struct request *req)
{
    client_drop_watches(req->client);
    client_drop_txns(req->client);
    state_reset(req->client);
    reply_ok(req);
    return 0;
}
