/* SPDX-License-Identifier: MIT */
/*
 * Foreign XML into a typed configuration.  What is accepted must write itself
 * as XML that is accepted again and writes the same.
 * Covers: toolstack/config.
 *
 * With libFuzzer: LLVMFuzzerTestOneInput.  Without: a program that mutates
 * the golden files for the seconds given; a seed it prints repeats a run.
 */
#include <config/defaults.h>
#include <config/validate.h>
#include <config/xml_format.h>
#include <config/xml_parse.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The text of a configuration that is accepted, or NULL. */
static char *through(const char *text, size_t len, unsigned int *errors)
{
    struct domain_def def;
    struct diag dg;
    char *out = NULL;
    size_t out_len;
    FILE *f;

    def_init(&def);
    diag_init(&dg, "fuzz.xml", false);
    if (xml_parse_memory(text, len, &def, &dg) == 0 &&
        defaults_fill(&def) == 0 && validate_def(&def, false, &dg) == 0) {
        f = open_memstream(&out, &out_len);
        xml_format(&def, -1, f);
        fclose(f);
    } else if (dg.nr_errors == 0) {
        fprintf(stderr, "broken: refused without a word\n");
        abort();
    }
    *errors = dg.nr_errors;
    def_fini(&def);
    diag_fini(&dg);
    return out;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    unsigned int errors;
    char *once = through((const char *)data, size, &errors), *twice;

    if (once == NULL) {
        return 0;
    }
    twice = through(once, strlen(once), &errors);
    if (twice == NULL || strcmp(once, twice) != 0) {
        fprintf(stderr, "broken: does not read back:\n%s", once);
        abort();
    }
    free(once);
    free(twice);
    return 0;
}

/* ---- without libFuzzer ------------------------------------------------------- */

static uint32_t seed;

static uint32_t rnd(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)((uint64_t)(seed >> 8) * below >> 24);
}

static size_t read_golden(const char *name, char *text, size_t room)
{
    char path[128];
    size_t len;
    FILE *f;

    snprintf(path, sizeof(path), "tests/golden/xml/%s.in.xml", name);
    f = fopen(path, "r");
    if (f == NULL) {
        perror(path);
        exit(1);
    }
    len = fread(text, 1, room, f);
    fclose(f);
    return len;
}

/* Replace, remove or repeat a piece, or put in a word that means something. */
static size_t mutate(char *text, size_t len, size_t room)
{
    static const char *const words[] = {
        "<disk/>", "</os>", "<os>", "<!--", "-->", "<![CDATA[", "]]>", "&lt;",
        "&#0;", "&amp;", "<name>x</name>", "18446744073709551616", "-1",
        "unit='TiB'", "<!DOCTYPE a>", "xmlns='urn:x'", "<x:y/>", "'", ">",
        "<vcpu>9</vcpu>", "<memory>0</memory>", "<target dev='xvda'/>",
        "<source file='/a'/>", "<metadata>", "</metadata>", "<features/>",
        "<console/>", "<readonly/>", "\xff", "\n",
    };
    size_t at = rnd((uint32_t)len), n = 1 + rnd(20);
    const char *word = words[rnd(sizeof(words) / sizeof(words[0]))];
    size_t add = strlen(word);

    n = n < len - at ? n : len - at;
    switch (rnd(3)) {
    case 0:
        text[at] = (char)rnd(256);
        return len;
    case 1:
        memmove(text + at, text + at + n, len - at - n);
        return len - n > 0 ? len - n : len;
    default:
        if (len + add > room) {
            return len;
        }
        memmove(text + at + add, text + at, len - at);
        memcpy(text + at, word, add);
        return len + add;
    }
}

int main(int argc, char **argv)
{
    static char text[16384];
    time_t end = time(NULL) + (argc > 1 ? atoi(argv[1]) : 5);
    unsigned long runs = 0;

    seed = argc > 2 ? (uint32_t)atoi(argv[2]) : (uint32_t)getpid();
    printf("fuzz_xml: seed %u\n", seed);
    do {
        size_t len = read_golden(rnd(2) ? "full" : "minimal", text, 8192);

        for (uint32_t n = 1 + rnd(4); n > 0; n--) {
            len = mutate(text, len, sizeof(text));
        }
        LLVMFuzzerTestOneInput((uint8_t *)text, len);
        runs++;
    } while (time(NULL) < end);
    printf("fuzz_xml: %lu documents\n", runs);
    return 0;
}
