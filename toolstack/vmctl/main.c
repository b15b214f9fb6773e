/* SPDX-License-Identifier: MIT */
/*
 * vmctl - reads the command line along the tables of verbs.c, runs the verb,
 * gives the exit status.  The help text and docs/vmctl.md come from there too.
 * Tests: tests/unit/toolstack/test_cli.sh, tests/boot/dom0/vmctl.sh.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <lifecycle/worker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmctl/verbs.h>

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);

    for (const char *s = words; *s != '\0';) {
        size_t n = strcspn(s, " ");

        if (n == len && strncmp(s, word, n) == 0) {
            return true;
        }
        s += n + strspn(s + n, " ");
    }
    return false;
}

static const struct verb *find_verb(const char *word)
{
    for (size_t i = 0; i < nr_verbs; i++) {
        if (strcmp(verbs[i].name, word) == 0 ||
            has_word(verbs[i].aliases, word)) {
            return &verbs[i];
        }
    }
    return NULL;
}

/* ---- help --------------------------------------------------------------------- */

static void help_verb(const struct verb *v)
{
    printf("vmctl %s %s\n    %s\n", v->name, v->args, v->help);
    if (*v->aliases != '\0') {
        printf("    also: %s\n", v->aliases);
    }
    for (unsigned int o = 0; o < OPT_COUNT; o++) {
        if (((v->opts | ALWAYS) & BIT(o)) != 0) {
            printf("    --%s%s: %s\n", options[o].name,
                   options[o].value ? " VALUE" : "", options[o].help);
        }
    }
}

static void help_all(void)
{
    printf("vmctl VERB [OPTION...] [ARGUMENT...]\n\n");
    for (size_t i = 0; i < nr_verbs; i++) {
        char left[40];

        snprintf(left, sizeof(left), "%s %s", verbs[i].name, verbs[i].args);
        printf("  %-26s %s\n", left, verbs[i].help);
    }
    printf("\nA DOMAIN is a name, a UUID or an id.  vmctl help VERB lists "
           "the options.\n");
}

static void help_markdown(void)
{
    printf("| verb | what it does | options | also |\n|---|---|---|---|\n");
    for (size_t i = 0; i < nr_verbs; i++) {
        const struct verb *v = &verbs[i];
        const char *gap = "";

        printf("| `%s%s%s` | %s | ", v->name, *v->args ? " " : "", v->args,
               v->help);
        for (unsigned int o = 0; o < OPT_COUNT; o++) {
            if ((v->opts & BIT(o)) != 0) {
                printf("%s`--%s`", gap, options[o].name);
                gap = " ";
            }
        }
        printf(" | %s |\n", v->aliases);
    }
}

int cmd_help(struct ctl *c, int argc, char **argv, struct err *e)
{
    const struct verb *v = argc == 0 ? NULL : find_verb(argv[0]);

    if (argc == 0) {
        help_all();
    } else if (strcmp(argv[0], "markdown") == 0) {
        help_markdown();
    } else if (v == NULL) {
        return err_set(e, -EINVAL, ERR_USAGE, "unknown verb", argv[0],
                       "see: vmctl help");
    } else {
        help_verb(v);
    }
    return 0;
}

/* ---- options -------------------------------------------------------------------- */

static int parse_escape(struct ctl *c, const char *text, struct err *e)
{
    if (text[0] == '^' && text[1] != '\0' && text[2] == '\0') {
        int key = toupper((unsigned char)text[1]) - '@';

        if (key > 0 && key < 32) {
            c->escape = key;
            return 0;
        }
    }
    return err_set(e, -EINVAL, ERR_USAGE, "not an escape key", text,
                   "write ^ and a character, such as ^]");
}

static int parse_timeout(struct ctl *c, const char *text, struct err *e)
{
    char *end;
    unsigned long s = strtoul(text, &end, 10);

    if (!isdigit((unsigned char)*text) || *end != '\0' || s == 0 ||
        s > 1000000) {
        return err_set(e, -EINVAL, ERR_USAGE, "not a number of seconds", text,
                       "from 1 to 1000000");
    }
    c->timeout_s = (unsigned int)s;
    return 0;
}

static bool *flag_of(struct ctl *c, enum opt o)
{
    bool *const flags[OPT_COUNT] = {
        [OPT_JSON] = &c->json, [OPT_QUIET] = &c->quiet,
        [OPT_MANAGED] = &c->managed, [OPT_CHECKPOINT] = &c->checkpoint,
        [OPT_COMPRESS] = &c->compress, [OPT_VERIFY] = &c->verify,
        [OPT_FORCE] = &c->force,
        [OPT_STRICT] = &c->strict, [OPT_WAIT] = &c->wait,
        [OPT_PAUSED] = &c->paused, [OPT_ALL] = &c->all,
        [OPT_NO_HEADER] = &c->no_header, [OPT_NAME] = &c->bare_name,
        [OPT_UUID] = &c->bare_uuid, [OPT_ID] = &c->bare_id,
        [OPT_XL] = &c->xl, [OPT_CONSOLE] = &c->console,
        [OPT_CLEAR] = &c->clear, [OPT_LIVE] = &c->live,
        [OPT_CONFIG] = &c->config, [OPT_CURRENT] = &c->current,
        [OPT_MAXIMUM] = &c->maximum,
        [OPT_ONCE] = &c->once, [OPT_CURSOR] = &c->cursor,
        [OPT_READONLY] = &c->readonly, [OPT_DETAILS] = &c->details,
        [OPT_EJECT] = &c->eject, [OPT_INSERT] = &c->insert,
        [OPT_UPDATE] = &c->update,
        [OPT_WEB] = &c->web,
    };

    return flags[o];
}

/* Options whose value is a word that the verb looks at. */
static const char **word_of(struct ctl *c, enum opt o)
{
    const char **const words[OPT_COUNT] = {
        [OPT_FOR] = &c->want_state, [OPT_SET] = &c->set,
        [OPT_DOMAIN] = &c->domain, [OPT_EVENT] = &c->event,
        [OPT_SINCE] = &c->since, [OPT_DRIVER] = &c->driver,
        [OPT_SUBDRIVER] = &c->subdriver, [OPT_TYPE] = &c->type,
        [OPT_MAC] = &c->mac,
        [OPT_MODEL] = &c->model, [OPT_TARGET] = &c->target,
        [OPT_TEXT] = &c->text,
    };

    return words[o];
}

static int take_option(struct ctl *c, enum opt o, const char *value,
                       struct err *e)
{
    const char **word = word_of(c, o);
    bool *flag = flag_of(c, o);

    if (flag != NULL) {
        *flag = true;
    } else if (word != NULL) {
        *word = value;
    } else if (o == OPT_NO_WAIT) {
        c->wait = false;
    } else if (o == OPT_TIMEOUT) {
        return parse_timeout(c, value, e);
    } else if (o == OPT_ESCAPE) {
        return parse_escape(c, value, e);
    }
    return 0;
}

struct given {
    uint64_t seen;                     /* options, as bits */
    int argc;
    char **argv;                       /* what is left */
};

static void build_longs(struct option longs[OPT_COUNT + 1])
{
    memset(longs, 0, (OPT_COUNT + 1) * sizeof(longs[0]));
    for (int i = 0; i < OPT_COUNT; i++) {
        longs[i].name = options[i].name;
        longs[i].has_arg = options[i].value ? required_argument : no_argument;
        longs[i].val = 256 + i;
    }
}

static int bad_option(char **argv, struct err *e)
{
    return err_set(e, -EINVAL, ERR_USAGE, "bad option", argv[optind - 1],
                   "unknown, or its value is missing; see: vmctl help");
}

static int parse_options(struct ctl *c, int argc, char **argv,
                         struct given *g, struct err *e)
{
    struct option longs[OPT_COUNT + 1];
    int o, rc = 0;

    build_longs(longs);
    opterr = 0;
    while (rc == 0 && (o = getopt_long(argc, argv, "hq", longs, NULL)) != -1) {
        o = o == 'h' ? 256 + OPT_HELP : o == 'q' ? 256 + OPT_QUIET : o;
        if (o < 256) {
            return bad_option(argv, e);
        }
        g->seen |= BIT(o - 256);
        rc = take_option(c, (enum opt)(o - 256), optarg, e);
    }
    g->argc = argc - optind;
    g->argv = argv + optind;
    return rc;
}

static int check_use(const struct verb *v, const struct given *g,
                     bool all, struct err *e)
{
    uint64_t wrong = g->seen & ~(v->opts | ALWAYS | BIT(OPT_VERSION));
    int nr = g->argc - 1;

    for (unsigned int o = 0; o < OPT_COUNT; o++) {
        if ((wrong & BIT(o)) != 0) {
            return err_set(e, -EINVAL, ERR_USAGE, "this verb has no such "
                           "option", options[o].name, "see: vmctl help %s",
                           v->name);
        }
    }
    if (v->each != NULL && all ? nr != 0
                               : nr < v->min || (v->max >= 0 && nr > v->max)) {
        return err_set(e, -EINVAL, ERR_USAGE, "wrong number of arguments",
                       v->name, "usage: vmctl %s %s", v->name, v->args);
    }
    return 0;
}

/* ---- running ---------------------------------------------------------------------- */

struct tally {
    unsigned int failed, ok;
    struct err first;
};

static void run_one(struct ctl *c, const struct verb *v, const char *domain,
                    struct tally *t)
{
    struct err e = ERR_INIT;

    if (v->each(c, domain, &e) == 0) {
        t->ok++;
        return;
    }
    if (t->failed++ == 0) {
        t->first = e;
    }
    c->reported = false;
    out_error(c, &e);
}

static int run_all(struct ctl *c, const struct verb *v, struct tally *t,
                   struct err *e)
{
    struct dom *list;
    size_t nr;
    int rc = dom_list(c, false, &list, &nr, e);

    for (size_t i = 0; rc == 0 && i < nr; i++) {
        if (list[i].domid != 0) {
            run_one(c, v, list[i].uuid_text, t);
        }
    }
    free(list);
    return rc;
}

/* Several domains: one failure among successes has a status of its own. */
static int run_each(struct ctl *c, const struct verb *v,
                    const struct given *g, struct err *e)
{
    struct tally t = { .failed = 0 };
    int rc = c->all ? run_all(c, v, &t, e) : 0;

    for (int i = 1; i < g->argc; i++) {
        run_one(c, v, g->argv[i], &t);
    }
    if (rc != 0 || t.failed == 0) {
        return rc;
    }
    *e = t.first;
    if (t.ok > 0) {
        e->class = ERR_PARTIAL;
    }
    c->reported = true;
    return -EIO;
}

static int run_verb(struct ctl *c, const struct verb *v,
                    const struct given *g, struct err *e)
{
    int rc = check_use(v, g, c->all, e);

    if (rc != 0) {
        return rc;
    }
    return v->each != NULL ? run_each(c, v, g, e)
                           : v->run(c, g->argc - 1, g->argv + 1, e);
}

static int dispatch(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct given g = { .seen = 0 };
    const struct verb *v;
    int rc = parse_options(c, argc, argv, &g, e);

    if (rc != 0) {
        return rc;
    }
    if ((g.seen & BIT(OPT_VERSION)) != 0) {
        puts("vmctl 0.1 (Paravane)");
        return 0;
    }
    v = g.argc == 0 ? NULL : find_verb(g.argv[0]);
    if ((g.seen & BIT(OPT_HELP)) != 0 || g.argc == 0) {
        if (v != NULL) {
            help_verb(v);
        } else {
            help_all();
        }
        return g.seen & BIT(OPT_HELP) ? 0 : err_set(e, -EINVAL, ERR_USAGE,
                                                    "a verb is missing",
                                                    NULL, "see above");
    }
    if (v == NULL) {
        return err_set(e, -EINVAL, ERR_USAGE, "unknown verb", g.argv[0],
                       "see: vmctl help");
    }
    return run_verb(c, v, &g, e);
}

int main(int argc, char **argv)
{
    struct ctl c = { .json = false };
    struct err e = ERR_INIT;
    int rc;

    if (argc > 1 && strcmp(argv[1], "worker") == 0) {
        return worker_main(argc - 2, argv + 2);
    }
    rc = dispatch(&c, argc, argv, &e);
    ctl_disconnect(&c);
    if (rc == 0 && fflush(stdout) != 0) {
        rc = err_errno(&e, -errno, "cannot write the output", NULL);
    }
    if (rc == 0) {
        return 0;
    }
    out_error(&c, &e);
    return e.errnum == EINTR ? 130 : err_exit_status(&e);
}
