/* SPDX-License-Identifier: MIT */
/*
 * vmctl - the table of verbs, the options, and the exit status.
 *
 * A row says all about a verb: names, arguments, options, help.  The help
 * text, docs/vmctl.md and the completion words come from the same table.
 * Tests: tests/unit/toolstack/test_cli.sh, tests/boot/dom0/vmctl.sh.
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <lifecycle/worker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vmctl/cmd.h>

enum opt {
    OPT_JSON, OPT_QUIET, OPT_STRICT, OPT_WAIT, OPT_NO_WAIT, OPT_TIMEOUT,
    OPT_PAUSED, OPT_ALL, OPT_NO_HEADER, OPT_NAME, OPT_UUID, OPT_ID, OPT_XL,
    OPT_CONSOLE, OPT_ESCAPE, OPT_CLEAR, OPT_FOR, OPT_SET, OPT_HELP,
    OPT_VERSION, OPT_COUNT,
};
#define BIT(o) (1u << (o))
#define ALWAYS (BIT(OPT_JSON) | BIT(OPT_QUIET) | BIT(OPT_HELP))

static const struct option_row {
    const char *name;
    bool value;
    const char *help;
} options[OPT_COUNT] = {
    [OPT_JSON]      = { "json", false, "one JSON object, schema vmctl/1" },
    [OPT_QUIET]     = { "quiet", false, "say nothing on success" },
    [OPT_STRICT]    = { "strict", false, "a warning is an error" },
    [OPT_WAIT]      = { "wait", false, "return when it has happened" },
    [OPT_NO_WAIT]   = { "no-wait", false, "return at once (default)" },
    [OPT_TIMEOUT]   = { "timeout", true, "seconds to wait at most" },
    [OPT_PAUSED]    = { "paused", false, "do not start the vCPUs" },
    [OPT_ALL]       = { "all", false, "every domain" },
    [OPT_NO_HEADER] = { "no-header", false, "no first line" },
    [OPT_NAME]      = { "name", false, "names only" },
    [OPT_UUID]      = { "uuid", false, "UUIDs only" },
    [OPT_ID]        = { "id", false, "ids only" },
    [OPT_XL]        = { "xl", false, "the columns of xl list" },
    [OPT_CONSOLE]   = { "console", false, "attach to the console" },
    [OPT_ESCAPE]    = { "escape", true, "key that leaves it, as ^]" },
    [OPT_CLEAR]     = { "clear", false, "empty the log afterwards" },
    [OPT_FOR]       = { "for", true, "stopped, running, paused, gone" },
    [OPT_SET]       = { "set", true, "weight=N or cap=N" },
    [OPT_HELP]      = { "help", false, "this text" },
    [OPT_VERSION]   = { "version", false, "the version" },
};

struct verb {
    const char *name;
    const char *aliases;               /* other tools' words for it */
    const char *args;
    int min, max;                      /* arguments; max -1: any number */
    unsigned int opts;
    verb_fn *run;                      /* one of the two */
    verb_dom_fn *each;
    const char *help;
};

static verb_fn cmd_help;

#define WAITS (BIT(OPT_WAIT) | BIT(OPT_NO_WAIT) | BIT(OPT_TIMEOUT))
#define STARTS (WAITS | BIT(OPT_STRICT) | BIT(OPT_PAUSED) | \
                BIT(OPT_CONSOLE) | BIT(OPT_ESCAPE))

static const struct verb verbs[] = {
    { "create", "", "FILE", 1, 1, STARTS, cmd_create, NULL,
      "start a domain from an XML file" },
    { "define", "", "FILE", 1, 1, BIT(OPT_STRICT), cmd_define, NULL,
      "keep a definition, to be started by name" },
    { "undefine", "", "DOMAIN", 1, 1, 0, cmd_undefine, NULL,
      "forget a definition; a running domain goes on" },
    { "start", "", "DOMAIN", 1, 1, STARTS, cmd_start, NULL,
      "start a defined domain" },
    { "validate", "", "FILE", 1, 1, BIT(OPT_STRICT), cmd_validate, NULL,
      "check an XML file, touch nothing" },
    { "dumpxml", "", "DOMAIN", 1, 1, 0, cmd_dumpxml, NULL,
      "print a domain's XML" },
    { "list", "ls status", "", 0, 0,
      BIT(OPT_ALL) | BIT(OPT_NO_HEADER) | BIT(OPT_NAME) | BIT(OPT_UUID) |
      BIT(OPT_ID) | BIT(OPT_XL), cmd_list, NULL,
      "list the domains that run, with --all also the defined ones" },
    { "info", "dominfo nodeinfo", "[DOMAIN]", 0, 1, 0, cmd_info, NULL,
      "facts about a domain, or about the host" },
    { "domid", "", "DOMAIN", 1, 1, 0, cmd_domid, NULL, "print its id" },
    { "domname", "", "DOMAIN", 1, 1, 0, cmd_domname, NULL,
      "print its name" },
    { "domuuid", "", "DOMAIN", 1, 1, 0, cmd_domuuid, NULL,
      "print its UUID" },
    { "domstate", "", "DOMAIN", 1, 1, 0, cmd_domstate, NULL,
      "print its state, in virsh's words" },
    { "console", "", "DOMAIN", 1, 1, BIT(OPT_ESCAPE), cmd_console, NULL,
      "attach to its console" },
    { "shutdown", "stop", "DOMAIN...", 1, -1, WAITS | BIT(OPT_ALL), NULL,
      cmd_shutdown, "ask the guest to power off" },
    { "reboot", "", "DOMAIN...", 1, -1, WAITS | BIT(OPT_ALL), NULL,
      cmd_reboot, "ask the guest to reboot" },
    { "destroy", "poweroff", "DOMAIN...", 1, -1,
      BIT(OPT_ALL) | BIT(OPT_TIMEOUT), NULL, cmd_destroy,
      "end a domain at once; storage stays" },
    { "pause", "suspend", "DOMAIN...", 1, -1, BIT(OPT_ALL), NULL, cmd_pause,
      "stop its vCPUs" },
    { "resume", "unpause", "DOMAIN...", 1, -1, BIT(OPT_ALL), NULL,
      cmd_resume, "let its vCPUs run again" },
    { "wait", "", "DOMAIN", 1, 1, BIT(OPT_FOR) | BIT(OPT_TIMEOUT), cmd_wait,
      NULL, "wait for a state, stopped if not given" },
    { "setmem", "mem-set", "DOMAIN KIB", 2, 2, 0, cmd_setmem, NULL,
      "set the balloon's goal" },
    { "setvcpus", "vcpu-set", "DOMAIN COUNT", 2, 2, 0, cmd_setvcpus, NULL,
      "set the number of vCPUs on line" },
    { "vcpupin", "vcpu-pin", "DOMAIN VCPU CPUS", 3, 3, 0, cmd_vcpupin, NULL,
      "bind a vCPU to CPUs" },
    { "vcpuinfo", "vcpu-list", "DOMAIN", 1, 1, BIT(OPT_NO_HEADER),
      cmd_vcpuinfo, NULL, "list its vCPUs" },
    { "schedinfo", "", "DOMAIN", 1, 1, BIT(OPT_SET), cmd_schedinfo, NULL,
      "show or set weight and cap" },
    { "sysrq", "", "DOMAIN KEY", 2, 2, 0, cmd_sysrq, NULL,
      "send a magic sysrq key to its kernel" },
    { "dmesg", "", "", 0, 0, BIT(OPT_CLEAR), cmd_dmesg, NULL,
      "print the hypervisor's log" },
    { "debug-keys", "", "KEYS", 1, 1, 0, cmd_debug_keys, NULL,
      "let the hypervisor dump state to its log" },
    { "supervise", "", "", 0, 0, 0, cmd_supervise, NULL,
      "service: start workers again that died" },
    { "help", "", "[VERB]", 0, 1, 0, cmd_help, NULL,
      "this list, or one verb's options" },
};
#define NR_VERBS (sizeof(verbs) / sizeof(verbs[0]))

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
    for (size_t i = 0; i < NR_VERBS; i++) {
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
    for (size_t i = 0; i < NR_VERBS; i++) {
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
    for (size_t i = 0; i < NR_VERBS; i++) {
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

static int cmd_help(struct ctl *c, int argc, char **argv, struct err *e)
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
        [OPT_STRICT] = &c->strict, [OPT_WAIT] = &c->wait,
        [OPT_PAUSED] = &c->paused, [OPT_ALL] = &c->all,
        [OPT_NO_HEADER] = &c->no_header, [OPT_NAME] = &c->bare_name,
        [OPT_UUID] = &c->bare_uuid, [OPT_ID] = &c->bare_id,
        [OPT_XL] = &c->xl, [OPT_CONSOLE] = &c->console,
        [OPT_CLEAR] = &c->clear,
    };

    return flags[o];
}

static int take_option(struct ctl *c, enum opt o, const char *value,
                       struct err *e)
{
    bool *flag = flag_of(c, o);

    if (flag != NULL) {
        *flag = true;
    } else if (o == OPT_NO_WAIT) {
        c->wait = false;
    } else if (o == OPT_TIMEOUT) {
        return parse_timeout(c, value, e);
    } else if (o == OPT_ESCAPE) {
        return parse_escape(c, value, e);
    } else if (o == OPT_FOR) {
        c->want_state = value;
    } else if (o == OPT_SET) {
        c->set = value;
    }
    return 0;
}

struct given {
    unsigned int seen;                 /* options, as bits */
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
    unsigned int wrong = g->seen & ~(v->opts | ALWAYS | BIT(OPT_VERSION));
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
