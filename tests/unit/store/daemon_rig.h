/* SPDX-License-Identifier: MIT */
/*
 * A daemon in a child process, and guests whose ring pages are files
 * (host_file.c), so that a kill leaves them as it would leave memory.
 *
 * Owns    a fresh directory per test; children die with the test.
 * Used by tests/unit/store/test_daemon.c
 */
#ifndef TEST_DAEMON_RIG_H
#define TEST_DAEMON_RIG_H

#include <stdint.h>
#include <sys/types.h>

#include <client/xs.h>

struct guest {
    uint32_t domid;
    uint32_t req_id;
    int events;
    struct xenstore_domain_interface *page;
};

int make_dir(void **state);
int remove_dir(void **state);
const char *in_dir(const char *name);
int64_t now_ms(void);
void write_file(const char *name, const char *text);

/* Daemons started from now on kill themselves beside their commits. */
extern bool die_at_commits;
/* Called in such a daemon between each commit and the sending. */
extern void (*at_commit)(void);

pid_t daemon_start(void);
void daemon_kill(pid_t pid);
/* A clean end; its status tells of sanitizer reports. */
void daemon_stop(pid_t pid);
/* A process that kills and restarts the daemon until the pipe closes. */
pid_t killer_start(int *stop_fd);
void killer_stop(pid_t pid, int stop_fd);

/* An event for a domid + 1, or ~0: some domain's state has changed. */
void kick_host(int fd, uint32_t port);
void guest_make(struct guest *g, uint32_t domid);
void guest_free(struct guest *g);
void guest_put(struct guest *g, const void *data, uint32_t len);
void guest_send(struct guest *g, uint32_t type, uint32_t tx,
    const void *body, uint32_t len);
uint32_t guest_receive(struct guest *g, struct xsd_sockmsg *h,
    char body[XENSTORE_PAYLOAD_MAX + 1]);
/* Send and take the next message, which must be the answer. */
uint32_t guest_call(struct guest *g, uint32_t type, uint32_t tx,
    const void *body, uint32_t len,
    char answer[XENSTORE_PAYLOAD_MAX + 1]);
void guest_expect_event(struct guest *g, const char *path,
    const char *token);

struct xs *connect_client(void);
/* A guest with its own directory, served by the daemon. */
void introduce(struct xs *xs, struct guest *g);

#endif
