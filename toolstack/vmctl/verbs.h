/* SPDX-License-Identifier: MIT */
/*
 * vmctl/verbs.h - the tables of options and verbs.
 *
 * Owns    one row per option and per verb, from which the parser, the help,
 *         docs/vmctl.md and the completion words come.
 * Leaves  reading the command line to main.c.
 * Tests   tests/unit/toolstack/test_cli.sh
 */
#ifndef VMCTL_VERBS_H
#define VMCTL_VERBS_H

#include <vmctl/cmd.h>

enum opt {
    OPT_JSON, OPT_QUIET, OPT_STRICT, OPT_WAIT, OPT_NO_WAIT, OPT_TIMEOUT,
    OPT_PAUSED, OPT_ALL, OPT_NO_HEADER, OPT_NAME, OPT_UUID, OPT_ID, OPT_XL,
    OPT_CONSOLE, OPT_ESCAPE, OPT_CLEAR, OPT_FOR, OPT_SET, OPT_HELP,
    OPT_VERSION, OPT_LIVE, OPT_CONFIG, OPT_CURRENT, OPT_MAXIMUM, OPT_DOMAIN,
    OPT_EVENT, OPT_ONCE, OPT_SINCE, OPT_CURSOR,
    OPT_MAC, OPT_MODEL, OPT_TARGET,
    OPT_MANAGED, OPT_CHECKPOINT, OPT_COMPRESS, OPT_VERIFY, OPT_FORCE,
    OPT_DRIVER, OPT_SUBDRIVER, OPT_TYPE, OPT_READONLY, OPT_DETAILS,
    OPT_EJECT, OPT_INSERT, OPT_UPDATE,
    OPT_WEB, OPT_TEXT, OPT_COUNT,
};
#define BIT(o) (1ull << (o))
#define ALWAYS (BIT(OPT_JSON) | BIT(OPT_QUIET) | BIT(OPT_HELP))

struct option_row {
    const char *name;
    bool value;
    const char *help;
};

struct verb {
    const char *name;
    const char *aliases;               /* other tools' words for it */
    const char *args;
    int min, max;                      /* arguments; max -1: any number */
    uint64_t opts;
    verb_fn *run;                      /* one of the two */
    verb_dom_fn *each;
    const char *help;
};

extern const struct option_row options[OPT_COUNT];
extern const struct verb verbs[];
extern const size_t nr_verbs;

verb_fn cmd_help;                      /* main.c */

#endif
