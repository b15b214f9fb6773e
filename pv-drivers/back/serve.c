/* SPDX-License-Identifier: MIT */
/*
 * First steps and messages of a serving process.  Confinement is left to
 * confine.c, the work to blk_serve.c and net_serve.c.
 */
#include <back/serve.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/rseq.h>
#include <sys/syscall.h>
#include <unistd.h>

static void keep_only(int **fds, unsigned int nr)
{
    unsigned int i;

    for (i = 0; i < nr; i++) {
        *fds[i] = fcntl(*fds[i], F_DUPFD, 20);
    }
    for (i = 0; i < nr; i++) {
        *fds[i] = dup2(*fds[i], 3 + (int)i);
    }
    syscall(SYS_close_range, 3u + nr, ~0u, 0u);
}

/*
 * At each wake-up the kernel would note for the C library on which CPU we are;
 * nobody asks.  Where it was never told to, this fails, which is as good.
 */
static void forget_rseq(void)
{
    if (__rseq_size > 0) {
        syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset,
                sizeof(struct rseq), RSEQ_FLAG_UNREGISTER, RSEQ_SIG);
    }
}

void serve_begin(const char *class_name, unsigned int id, int **fds,
                 unsigned int nr_fds)
{
    char name[16];
    sigset_t none;

    prctl(PR_SET_PDEATHSIG, SIGKILL);
    /* No slash: drivers name directories of /proc after it. */
    snprintf(name, sizeof(name), "%s-%u", class_name, id);
    prctl(PR_SET_NAME, name);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_IGN);
    keep_only(fds, nr_fds);
    forget_rseq();
}

void serve_say(int control_fd, enum serve_kind kind, int errnum,
               const char *text)
{
    struct serve_msg m = { .kind = kind, .errnum = errnum };

    snprintf(m.text, sizeof(m.text), "%s", text);
    if (write(control_fd, &m, sizeof(m)) < 0) {
        _exit(1);                 /* nobody is there any more */
    }
}
