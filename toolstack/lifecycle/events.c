/* SPDX-License-Identifier: MIT */
/*
 * A spool of files 1, 2, 3... of SEGMENT bytes.  A writer holds the lock, so
 * lines are whole and a file that has a successor never grows; should a writer
 * be killed in the middle of a line, the next one ends it and readers skip it.
 * A position is the number of the file and an offset in it.
 * Tests: tests/unit/toolstack/test_events.c.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/log.h>
#include <lifecycle/events.h>
#include <lifecycle/rundir.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
#include <uuid/uuid.h>

#define ROOM     160
#define SEGMENT  65536u
#define KEPT     16u           /* files: at most 1 MiB and a bit */
#define OFF_BITS 20

static void dir_path(char path[ROOM])
{
    snprintf(path, ROOM, "%s/events", rundir_root());
}

static int open_file(uint64_t file, int flags)
{
    char path[ROOM];

    snprintf(path, sizeof(path), "%s/events/%llu", rundir_root(),
             (unsigned long long)file);
    return open(path, flags | O_CLOEXEC, 0600);
}

/* The newest and the oldest file; 0, 0 when there is none. */
static void extent(uint64_t *oldest, uint64_t *newest)
{
    char path[ROOM];
    struct dirent *entry;
    DIR *dir;

    *oldest = *newest = 0;
    dir_path(path);
    dir = opendir(path);
    while (dir != NULL && (entry = readdir(dir)) != NULL) {
        uint64_t n = strtoull(entry->d_name, NULL, 10);

        *newest = n > *newest ? n : *newest;
        *oldest = n != 0 && (*oldest == 0 || n < *oldest) ? n : *oldest;
    }
    if (dir != NULL) {
        closedir(dir);
    }
}

/* ---- writing -------------------------------------------------------------- */

static int make_dir(void)
{
    char path[ROOM];

    mkdir(rundir_root(), 0711);
    dir_path(path);
    return mkdir(path, 0700) == 0 || errno == EEXIST ? 0 : -errno;
}

static int take_lock(void)
{
    char path[ROOM];
    int fd;

    snprintf(path, sizeof(path), "%s/events/lock", rundir_root());
    fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0) {
        return -errno;
    }
    if (flock(fd, LOCK_EX) != 0) {
        int rc = -errno;

        close(fd);
        return rc;
    }
    return fd;
}

static void remove_old(uint64_t oldest, uint64_t newest)
{
    for (; oldest != 0 && newest - oldest >= KEPT; oldest++) {
        char path[ROOM];

        snprintf(path, sizeof(path), "%s/events/%llu", rundir_root(),
                 (unsigned long long)oldest);
        unlink(path);
    }
}

static int append(int fd, const char *line)
{
    size_t len = strlen(line);
    char last = '\n';
    struct stat st;

    if (fstat(fd, &st) == 0 && st.st_size > 0 &&
        pread(fd, &last, 1, st.st_size - 1) == 1 && last != '\n' &&
        write(fd, "\n", 1) != 1) {
        return -errno;
    }
    return write(fd, line, len) == (ssize_t)len ? 0 : -ENOSPC;
}

static int write_line(const char *line)
{
    uint64_t oldest, newest;
    struct stat st;
    int fd, rc;

    extent(&oldest, &newest);
    newest = newest == 0 ? 1 : newest;
    fd = open_file(newest, O_RDWR | O_APPEND | O_CREAT);
    if (fd >= 0 && fstat(fd, &st) == 0 && st.st_size >= SEGMENT) {
        close(fd);
        fd = open_file(++newest, O_RDWR | O_APPEND | O_CREAT);
    }
    if (fd < 0) {
        return -errno;
    }
    rc = append(fd, line);
    close(fd);
    remove_old(oldest, newest);
    return rc;
}

static int publish(json_object *event)
{
    char line[EVENT_LINE_MAX + 1];
    int rc = make_dir(), lock;
    int len = snprintf(line, sizeof(line), "%s\n",
                       json_object_to_json_string_ext(
                           event, JSON_C_TO_STRING_PLAIN |
                           JSON_C_TO_STRING_NOSLASHESCAPE));

    if (rc != 0) {
        return rc;
    }
    if (len < 0 || (size_t)len >= sizeof(line)) {
        return -EMSGSIZE;
    }
    lock = take_lock();
    if (lock < 0) {
        return lock;
    }
    rc = write_line(line);
    close(lock);
    return rc;
}

void event_publish(json_object *event)
{
    int rc = event == NULL ? -ENOMEM : publish(event);

    if (rc != 0) {
        log_warn("an event was not published: %s", strerror(-rc));
    }
    json_object_put(event);
}

static void put(json_object *o, const char *key, const char *value)
{
    json_object_object_add(o, key, json_object_new_string(value));
}

static void put_time(json_object *o)
{
    struct timespec now;
    char text[64], day[32];
    struct tm tm;

    clock_gettime(CLOCK_REALTIME, &now);
    gmtime_r(&now.tv_sec, &tm);
    strftime(day, sizeof(day), "%Y-%m-%dT%H:%M:%S", &tm);
    snprintf(text, sizeof(text), "%s.%03ldZ", day, now.tv_nsec / 1000000);
    put(o, "time", text);
}

json_object *event_new(const struct domain_def *def, int domid,
                       const char *event)
{
    json_object *o = json_object_new_object();
    char uuid[37];

    if (o == NULL) {
        return NULL;
    }
    uuid_unparse_lower(def->uuid, uuid);
    put(o, "schema", "vmctl/1");
    put(o, "kind", "Event");
    put_time(o);
    put(o, "event", event);
    put(o, "name", def->name == NULL ? "" : def->name);
    put(o, "uuid", uuid);
    if (domid >= 0) {
        json_object_object_add(o, "domid", json_object_new_int(domid));
    }
    return o;
}

void event_note(const struct domain_def *def, int domid, const char *event)
{
    event_publish(event_new(def, domid, event));
}

/* ---- reading ---------------------------------------------------------------- */

uint64_t events_end(void)
{
    uint64_t oldest, newest;
    struct stat st = { .st_size = 0 };
    int fd;

    extent(&oldest, &newest);
    fd = newest == 0 ? -1 : open_file(newest, O_RDONLY);
    if (fd < 0) {
        return (uint64_t)1 << OFF_BITS;
    }
    fstat(fd, &st);
    close(fd);
    return newest << OFF_BITS | (uint64_t)st.st_size;
}

int events_open(struct event_reader *r, uint64_t since)
{
    char path[ROOM];
    int rc = make_dir();

    r->file = since >> OFF_BITS == 0 ? 1 : since >> OFF_BITS;
    r->offset = since & ((1u << OFF_BITS) - 1);
    r->fd = -1;
    r->len = 0;
    r->notify = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    dir_path(path);
    if (rc != 0 || r->notify < 0 ||
        inotify_add_watch(r->notify, path, IN_MODIFY | IN_CREATE) < 0) {
        rc = rc != 0 ? rc : -errno;
        events_close(r);
    }
    return rc;
}

void events_close(struct event_reader *r)
{
    if (r->fd >= 0) {
        close(r->fd);
    }
    if (r->notify >= 0) {
        close(r->notify);
    }
    r->fd = r->notify = -1;
}

static int fill(struct event_reader *r)
{
    ssize_t got;

    if (r->fd < 0) {
        r->fd = open_file(r->file, O_RDONLY);
        if (r->fd < 0) {
            return errno == ENOENT ? 0 : -errno;
        }
    }
    got = pread(r->fd, r->buf + r->len, EVENT_LINE_MAX - r->len,
                (off_t)r->offset);
    if (got > 0) {
        r->offset += (uint64_t)got;
        r->len += (size_t)got;
    }
    return got < 0 ? -errno : (int)got;
}

/* A line of the buffer: 1, 0: none is complete, -EINVAL: it makes no sense. */
static int take_line(struct event_reader *r, json_object **event)
{
    char *end = memchr(r->buf, '\n', r->len);
    size_t len;

    if (end == NULL && r->len < EVENT_LINE_MAX) {
        return 0;
    }
    len = end == NULL ? r->len : (size_t)(end - r->buf) + 1;
    r->buf[len - 1] = '\0';
    *event = json_tokener_parse(r->buf);
    memmove(r->buf, r->buf + len, r->len - len);
    r->len -= len;
    return *event == NULL ? -EINVAL : 1;
}

/* At the end of a file: 1: there is another, 0: not yet. */
static int next_file(struct event_reader *r)
{
    uint64_t oldest, newest;

    extent(&oldest, &newest);
    if (newest <= r->file && newest != 0) {
        return 0;
    }
    if (newest == 0) {
        return 0;
    }
    if (fill(r) != 0) {
        return 1;                      /* written before the next began */
    }
    if (oldest > r->file + 1 || (r->fd < 0 && oldest > r->file)) {
        return -EOVERFLOW;
    }
    if (r->fd >= 0) {
        close(r->fd);
        r->fd = -1;
    }
    r->file++;
    r->offset = r->len = 0;
    return 1;
}

static int step(struct event_reader *r, json_object **event)
{
    int rc;

    do {
        rc = take_line(r, event);
        if (rc == 0) {
            rc = fill(r);
            rc = rc == 0 ? next_file(r) : rc;
            if (rc <= 0) {
                return rc;
            }
            rc = -EINVAL;              /* more to look at */
        }
    } while (rc == -EINVAL);
    return rc;
}

int events_next(struct event_reader *r, int timeout_ms, json_object **event)
{
    struct pollfd p = { .fd = r->notify, .events = POLLIN };
    char scratch[4096];

    for (;;) {
        int rc = step(r, event);

        if (rc != 0) {
            return rc;
        }
        rc = poll(&p, 1, timeout_ms);
        if (rc <= 0) {
            return rc == 0 || errno == EINTR ? 0 : -errno;
        }
        while (read(r->notify, scratch, sizeof(scratch)) > 0) {
        }
    }
}
