/* SPDX-License-Identifier: MIT */
/*
 * The reader of a stream while a worker builds a VM from it.
 * Tests: tests/boot/dom0/save.sh.
 */
#include <lib/err.h>
#include <lifecycle/stream.h>
#include <save/file.h>
#include <string.h>
#include <unistd.h>

void stream_init(struct stream *s, int fd)
{
    memset(s, 0, sizeof(*s));
    s->fd = fd;
    s->given = fd >= 0;
    buf_init(&s->store, 65536);
    buf_init(&s->emulator, 8u << 20);
}

int stream_open(struct stream *s, struct err *e)
{
    s->open = true;
    return save_reader_init(&s->reader, save_file_get, &s->fd, false, e);
}

void stream_close(struct stream *s)
{
    if (s->open) {
        save_reader_fini(&s->reader);
    }
    s->open = false;
    buf_free(&s->store);
    buf_free(&s->emulator);
    if (s->given) {
        close(s->fd);
    }
    s->given = false;
}
