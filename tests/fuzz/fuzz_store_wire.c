/* SPDX-License-Identifier: MIT */
/*
 * Bytes from a hostile guest into the store: a stream of messages, right and
 * wrong, for several connections.  After each stream the tree and the
 * accounts must hold (INV-ST1, INV-SQ1), and the control domain be served.
 * Covers: conn/conn.c, proto/, server/dispatch.c and all it calls.
 *
 * With libFuzzer: LLVMFuzzerTestOneInput.  Without: a program that mutates
 * messages of its own for the seconds given; a seed it prints repeats a run.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <server/server.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void need(bool fact, const char *what)
{
    if (!fact) {
        fprintf(stderr, "broken: %s\n", what);
        abort();
    }
}

static struct client *connect_peer(struct server *s, uint32_t domid, int *fd)
{
    struct client *c;
    int ends[2];

    need(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, ends) == 0,
         "socketpair");
    c = client_new_socket(s, ends[1]);
    need(c != NULL, "client");
    c->actor = (struct actor){ domid, domid, domid == 0 };
    *fd = ends[0];
    return c;
}

static void drain(int fd)
{
    char buf[4096];

    while (read(fd, buf, sizeof(buf)) > 0) {
    }
}

static bool is_alive(const struct server *s, const struct client *c)
{
    const struct client *i = s->clients;

    while (i != NULL && i != c) {
        i = i->next;
    }
    return i != NULL;
}

static int sum_node(void *ctx, const struct node *n)
{
    ((uint64_t *)ctx)[perms_owner(n->perms)]++;
    return 0;
}

static void check(struct server *s)
{
    static uint64_t owned[65536];
    uint32_t domid;

    memset(owned, 0, sizeof(owned));
    need(tree_check(&s->tree) == 0, "tree");
    need(tree_walk(&s->tree, sum_node, owned) == 0, "walk");
    for (domid = 0; domid < 65536; domid++) {
        const struct account *page = s->quota.pages[domid / QUOTA_PAGE];

        need((page == NULL ? 0 : page[domid % QUOTA_PAGE].nodes) ==
             owned[domid], "accounts");
    }
    need(owned[1] <= s->quota.limit[QUOTA_NODES] + 1, "quota");
}

/* Pieces of up to 255 bytes: length, then the bytes of one write. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char home[] = "/local/domain/1\0n1\0r2";
    struct xsd_sockmsg h = { XS_MKDIR, 0, 0, 16 };
    struct server s;
    struct client *dom0, *guest;
    int fd0, fd;

    memset(&s, 0, sizeof(s));
    need(server_init(&s) == 0, "init");
    dom0 = connect_peer(&s, 0, &fd0);
    guest = connect_peer(&s, 1, &fd);
    need(write(fd0, &h, sizeof(h)) > 0 && write(fd0, home, 16) > 0, "home");
    h.type = XS_SET_PERMS;
    h.len = sizeof(home);
    need(write(fd0, &h, sizeof(h)) > 0 && write(fd0, home, h.len) > 0,
         "home");
    client_activate(dom0);
    while (size > 0 && is_alive(&s, guest)) {
        size_t len = *data++;

        size--;
        len = len < size ? len : size;
        if (write(fd, data, len) == (ssize_t)len) {
            data += len;
            size -= len;
        }
        client_activate(guest);
        while (server_round(&s)) {
        }
        drain(fd);
    }
    check(&s);
    need(is_alive(&s, dom0), "the control domain");
    close(fd0);
    close(fd);
    server_fini(&s);
    return 0;
}

/* ---- without libFuzzer -------------------------------------------------- */

static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

static size_t make_body(char *body)
{
    static const char *const words[] = {
        "a", "a/b", "/local/domain/1/a", "/", "/tool", "n1", "r2", "b1", "n0",
        "T", "F", "0", "1", "2", "99999999999", "token", "@releaseDomain",
        "@introduceDomain", "", "data", "a/b/c/d", "/local/domain/1",
    };
    size_t len = 0;
    uint32_t nr = 1 + rnd(4);

    while (nr-- > 0) {
        const char *w = words[rnd(sizeof(words) / sizeof(words[0]))];

        strcpy(body + len, w);
        len += strlen(w) + 1;
    }
    if (rnd(8) == 0) {
        len = rnd(200);
    }
    return len;
}

static size_t make_stream(uint8_t *stream, size_t max)
{
    size_t size = 0;

    while (size + 300 < max) {
        char body[256] = "";
        struct xsd_sockmsg h = { rnd(XS_TYPE_COUNT), rnd(9),
                                 rnd(3) == 0 ? 1 + rnd(4) : 0, 0 };
        size_t len = make_body(body);
        size_t i;

        h.len = (uint32_t)len;
        if (rnd(50) == 0) {
            h.len = rnd(5000);
        }
        stream[size++] = (uint8_t)(sizeof(h) + len);
        memcpy(stream + size, &h, sizeof(h));
        memcpy(stream + size + sizeof(h), body, len);
        for (i = 0; rnd(20) == 0 && i < 4; i++) {
            stream[size + rnd((uint32_t)(sizeof(h) + len))] ^=
                (uint8_t)(1u << rnd(8));
        }
        size += sizeof(h) + len;
        if (rnd(60) == 0) {
            break;
        }
    }
    return size;
}

int main(int argc, char **argv)
{
    static uint8_t stream[16384];
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 5);
    unsigned long runs = 0;

    seed = argc > 2 ? (uint32_t)atoi(argv[2]) : (uint32_t)getpid();
    printf("fuzz_store_wire: seed %u\n", seed);
    do {
        LLVMFuzzerTestOneInput(stream, make_stream(stream, sizeof(stream)));
        runs++;
    } while (time(NULL) < end);
    printf("fuzz_store_wire: %lu streams\n", runs);
    return 0;
}
