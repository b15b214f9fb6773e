/* SPDX-License-Identifier: MIT */
/*
 * Reads boots.cfg.  A block [name] inherits the block [defaults]; "expect" and
 * "reject" lines of the defaults come first.  Leaves running to vm.c and
 * run_boots.c.  Tested by every nested boot.
 */
#include "cfg.h"

#include <ctype.h>
#include <glob.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *word;
    size_t offset;
} words[] = {
    { "groups", offsetof(struct boot, groups) },
    { "on", offsetof(struct boot, on) },
    { "firmware", offsetof(struct boot, firmware) },
    { "machine", offsetof(struct boot, machine) },
    { "memory", offsetof(struct boot, memory) },
    { "cpus", offsetof(struct boot, cpus) },
    { "cpu", offsetof(struct boot, cpu) },
    { "qemu", offsetof(struct boot, qemu) },
    { "disk", offsetof(struct boot, disk) },
    { "hvargs", offsetof(struct boot, hvargs) },
    { "ourargs", offsetof(struct boot, ourargs) },
    { "xenargs", offsetof(struct boot, xenargs) },
    { "kernel", offsetof(struct boot, kernel) },
    { "kargs", offsetof(struct boot, kargs) },
    { "image", offsetof(struct boot, image) },
    { "run", offsetof(struct boot, run) },
    { "beside", offsetof(struct boot, beside) },
    { "guests", offsetof(struct boot, guests) },
    { "last", offsetof(struct boot, last) },
    { "stop", offsetof(struct boot, stop) },
};

static char *trim(char *s)
{
    char *end;

    while (isspace((unsigned char)*s)) {
        s++;
    }
    end = s + strlen(s);
    while (end > s && isspace((unsigned char)end[-1])) {
        *--end = '\0';
    }
    return s;
}

static bool add_line(struct lines *l, const char *text)
{
    if (l->n == MAX_LINES) {
        return false;
    }
    l->text[l->n++] = strdup(text);
    return true;
}

static bool set_word(struct boot *b, const char *word, const char *value)
{
    if (strcmp(word, "expect") == 0) {
        return add_line(&b->expect, value);
    }
    if (strcmp(word, "reject") == 0 && *value == '\0') {
        b->reject.n = 0;                   /* forget the defaults */
        return true;
    }
    if (strcmp(word, "reject") == 0) {
        return add_line(&b->reject, value);
    }
    if (strcmp(word, "timeout") == 0) {
        b->timeout_s = atoi(value);
        return b->timeout_s > 0;
    }
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if (strcmp(word, words[i].word) == 0) {
            *(char **)((char *)b + words[i].offset) = strdup(value);
            return true;
        }
    }
    return false;
}

/* One block becomes one boot for each hypervisor it names. */
static int expand(const struct boot *block, struct boot *boots, int n, int max)
{
    static const struct {
        const char *word, *hv;
    } hvs[] = { { "ours", "/boot/paravane.elf" }, { "xen", "/boot/xen" } };
    char name[128], hvargs[1024];

    for (size_t i = 0; i < sizeof(hvs) / sizeof(hvs[0]); i++) {
        const char *more = i == 0 ? block->ourargs : block->xenargs;

        if (block->on == NULL || strstr(block->on, hvs[i].word) == NULL) {
            continue;
        }
        if (n == max) {
            fprintf(stderr, "boots.cfg: more than %d boots\n", max);
            exit(2);
        }
        snprintf(name, sizeof(name), "%s.%s", block->name, hvs[i].word);
        boots[n] = *block;
        boots[n].name = strdup(name);
        snprintf(hvargs, sizeof(hvargs), "%s %s", block->hvargs,
                 more != NULL ? more : "");
        boots[n].hvargs = strdup(hvargs);
        boots[n++].hv = strdup(hvs[i].hv);
    }
    return n;
}

/* A block with "guests = DIR" becomes a block for each guest image there. */
static int expand_guests(const struct boot *block, struct boot *boots, int n,
                         int max)
{
    char pattern[256], name[128], kernel[256];
    struct boot one = *block;
    glob_t g;

    if (block->guests == NULL) {
        return expand(block, boots, n, max);
    }
    snprintf(pattern, sizeof(pattern), "%s/*.elf", block->guests);
    if (glob(pattern, 0, NULL, &g) != 0) {
        return n;
    }
    for (size_t i = 0; i < g.gl_pathc; i++) {
        const char *file = strrchr(g.gl_pathv[i], '/') + 1;

        snprintf(name, sizeof(name), "%s-%.*s", block->name,
                 (int)strlen(file) - 4, file);
        snprintf(kernel, sizeof(kernel), "/guests/%s", file);
        one.name = name;
        one.kernel = strdup(kernel);
        n = expand(&one, boots, n, max);
    }
    globfree(&g);
    return n;
}

int cfg_read(const char *path, struct boot *boots, int max)
{
    struct boot defaults = { 0 }, block = { 0 };
    bool in_defaults = true;
    char line[1024];
    int n = 0, nr = 0;
    FILE *f = fopen(path, "r");

    if (f == NULL) {
        perror(path);
        exit(2);
    }
    while (fgets(line, sizeof(line), f) != NULL) {
        char *s = trim(line);
        char *eq = strchr(s, '=');

        nr++;
        if (*s == '#' || *s == '\0') {
            continue;
        }
        if (*s == '[') {
            s[strcspn(s, "]")] = '\0';
            n = in_defaults ? n : expand_guests(&block, boots, n, max);
            in_defaults = strcmp(s + 1, "defaults") == 0;
            block = defaults;
            block.name = strdup(s + 1);
            continue;
        }
        if (eq != NULL) {
            *eq = '\0';
        }
        if (eq == NULL || !set_word(in_defaults ? &defaults : &block, trim(s),
                                    trim(eq + 1))) {
            fprintf(stderr, "%s:%d: what is '%s'?\n", path, nr, s);
            exit(2);
        }
    }
    fclose(f);
    return in_defaults ? n : expand_guests(&block, boots, n, max);
}

static bool names_group(const struct boot *b, const char *group)
{
    size_t len = strlen(group);

    for (const char *p = b->groups; p != NULL && *p != '\0';) {
        size_t n = strcspn(p, " ");

        if (n == len && strncmp(p, group, n) == 0) {
            return true;
        }
        p += n + strspn(p + n, " ");
    }
    return false;
}

bool cfg_in_group(const struct boot *b, const char *group)
{
    return strcmp(group, "all") == 0 || names_group(b, group);
}

bool cfg_is_long(const struct boot *b)
{
    return names_group(b, "long");
}
