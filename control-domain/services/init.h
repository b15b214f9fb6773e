/* SPDX-License-Identifier: MIT */
/*
 * services/init.h - what the three files of the control domain's PID 1 share.
 *
 * boot_fs.c    mounts, kernel modules, a root on a disk
 * service.c    the services of services.list: start, restart, stop
 * init.c       the sequence of start and end, and the loop between
 */
#ifndef SERVICES_INIT_H
#define SERVICES_INIT_H

#include <stdbool.h>
#include <sys/types.h>

/* boot_fs.c.  Errors are said on the console and passed over: a machine that
 * lacks one driver is still worth starting. */
void boot_mounts(void);
void boot_modules(const char *list);
bool boot_arg(const char *name, char *value, size_t size);
void boot_switch_root(const char *device);

/* service.c */
int services_read(const char *path);
void services_start(void);
bool services_exited(pid_t pid, int status);   /* false: none of ours */
int services_restart_due(void);                /* ms until the next, or -1 */
void services_stop(void);

void say(const char *format, ...) __attribute__((format(printf, 1, 2)));

#endif
