/* SPDX-License-Identifier: MIT */
/*
 * back/backd.h - the main program that backends share; see backd.c.
 * Tests   nested boots
 */
#ifndef BACK_BACKD_H
#define BACK_BACKD_H

struct device_class;

/* An exit status. */
int backd_main(int argc, char **argv, const struct device_class *class);

/*
 * The same for a program that serves several classes, ended by NULL; @shared
 * is what their devices find in struct back.
 */
int backd_run(int argc, char **argv, const struct device_class *const *classes,
              void *shared);

#endif
