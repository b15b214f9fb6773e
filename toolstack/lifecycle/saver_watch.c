/* SPDX-License-Identifier: MIT */
/*
 * Follows the process that saves a VM by pidfd.
 * Tests: tests/boot/dom0/save-faults.sh.
 */
#include <lib/err.h>
#include <lib/log.h>
#include <lifecycle/events.h>
#include <lifecycle/saver.h>
#include <lifecycle/saver_watch.h>
#include <save/suspend.h>
#include <sys/epoll.h>
#include <sys/syscall.h>
#include <unistd.h>

void saver_watch_init(struct saver_watch *w, struct evloop *loop,
                      struct vm *vm, bool *look)
{
    *w = (struct saver_watch){ .loop = loop, .vm = vm, .look = look };
}

void saver_watch_end(struct saver_watch *w)
{
    if (w->source != NULL) {
        evloop_del(w->source);
        close(w->fd);
        w->source = NULL;
    }
}

static void ended(void *arg, uint32_t events)
{
    struct saver_watch *w = arg;

    saver_watch_end(w);
    *w->look = true;
}

static void follow(struct saver_watch *w, pid_t pid)
{
    saver_watch_end(w);
    w->fd = pid > 1 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1;
    if (w->fd >= 0) {
        w->source = evloop_add(w->loop, w->fd, EPOLLIN, ended, w);
    }
    /* Gone between the two: look again. */
    *w->look = w->source == NULL &&
               saver_look(&w->vm->run, &pid) != SAVER_AT_WORK;
}

static void wake(struct saver_watch *w)
{
    struct vm *vm = w->vm;
    struct err e = ERR_INIT;

    log_warn("%s: its saver died: it runs on", vm->def.name);
    saver_clear(&vm->run);
    if (suspend_cancel(vm->h, vm->xs, vm->domid, &e) != 0) {
        log_errval(&e);
        return;
    }
    event_note(&vm->def, (int)vm->domid, "resumed");
}

/* A guest that another tool suspended is left to that tool. */
bool saver_watch_suspended(struct saver_watch *w)
{
    pid_t pid = 0;

    switch (saver_look(&w->vm->run, &pid)) {
    case SAVER_NONE:
        break;
    case SAVER_AT_WORK:
        follow(w, pid);
        break;
    case SAVER_SAVED:
        log_info("%s: its saver died, its file is complete",
                 w->vm->def.name);
        return true;
    case SAVER_DIED:
        wake(w);
        break;
    }
    return false;
}
