/* SPDX-License-Identifier: MIT */
/*
 * <graphics>, <video>, <input>: reading their parts, their defaults, what
 * cannot work, their text.  The rows are in device_kinds.c.
 * Tests: tests/unit/toolstack/test_xml.c.
 */
#include <config/device_screen.h>

#include <arpa/inet.h>
#include <config/xml_table.h>
#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define LINE(n)      ((unsigned int)xmlGetLineNo(n))
#define VRAM_MAX     65536u            /* KiB; what the back end maps */
#define SIZE_MAX_PX  8192u
#define PASSWORD_MAX 8u                /* RFC 6143, 7.2.2 */

/* ---- parse ---------------------------------------------------------------- */

/* @lowest may be -1, which stands for "choose one": *field is 0 then. */
static void take_number(struct xml_reader *r, xmlNode *n, const char *name,
                        long lowest, long most, unsigned int *field)
{
    char *text = xml_attr(n, name), *end = NULL;
    long value;

    if (text == NULL) {
        return;
    }
    value = strtol(text, &end, 10);
    if (*text == '\0' || isspace((unsigned char)*text) || *end != '\0' ||
        value < lowest || value > most) {
        diag_error(r->dg, LINE(n), "<%s>: %s='%s' is not a number from %ld to "
                   "%ld", n->name, name, text, lowest, most);
    } else {
        *field = value < 0 ? 0 : (unsigned int)value;
    }
    free(text);
}

static bool is_yes(xmlNode *n, const char *name)
{
    char *text = xml_attr(n, name);
    bool yes = text != NULL && strcmp(text, "yes") == 0;

    free(text);
    return yes;
}

void device_take_graphics(struct xml_reader *r, xmlNode *n)
{
    struct graphics_def *g = DEF_GROW(r->def->graphics, r->def->nr_graphics);

    if (g == NULL) {
        abort();                       /* the children must find it */
    }
    g->line = LINE(n);
    g->type = xml_attr(n, "type");
    g->listen = xml_attr(n, "listen");
    g->passwd = xml_attr(n, "passwd");
    g->web = true;
    take_number(r, n, "port", -1, 65535, &g->port);
    take_number(r, n, "websocket", -1, 65535, &g->web_port);
    if (is_yes(n, "autoport")) {
        g->port = 0;
    }
}

/* The element says the same as the attribute, and wins. */
void device_take_graphics_listen(struct xml_reader *r, xmlNode *n)
{
    struct graphics_def *g = &r->def->graphics[r->def->nr_graphics - 1];
    char *type = xml_attr(n, "type"), *address = xml_attr(n, "address");

    if (type == NULL || strcmp(type, "address") != 0) {
        diag_error_class(r->dg, ERR_UNSUPPORTED, LINE(n), "<listen type='%s'> "
                         "is not supported, only 'address'",
                         type == NULL ? "" : type);
    }
    if (address != NULL) {
        free(g->listen);
        g->listen = address;
    }
    free(type);
}

void device_take_video(struct xml_reader *r, xmlNode *n)
{
    struct video_def *v = DEF_GROW(r->def->videos, r->def->nr_videos);

    if (v == NULL) {
        abort();
    }
    v->line = LINE(n);
}

static struct video_def *last_video(struct xml_reader *r)
{
    return &r->def->videos[r->def->nr_videos - 1];
}

void device_take_video_model(struct xml_reader *r, xmlNode *n)
{
    char *heads = xml_attr(n, "heads");

    if (heads != NULL && strcmp(heads, "1") != 0) {
        diag_warn(r->dg, LINE(n), "<video>: heads='%s' is not honoured, there "
                  "is one", heads);
    }
    free(heads);
    last_video(r)->model = xml_attr(n, "type");
    take_number(r, n, "vram", 1024, VRAM_MAX, &last_video(r)->vram_kib);
}

void device_take_video_resolution(struct xml_reader *r, xmlNode *n)
{
    take_number(r, n, "x", 64, SIZE_MAX_PX, &last_video(r)->width);
    take_number(r, n, "y", 64, SIZE_MAX_PX, &last_video(r)->height);
}

void device_take_input(struct xml_reader *r, xmlNode *n)
{
    struct input_def *in = DEF_GROW(r->def->inputs, r->def->nr_inputs);

    if (in == NULL) {
        abort();
    }
    in->line = LINE(n);
    in->type = xml_attr(n, "type");
    in->bus = xml_attr(n, "bus");
}

/* ---- <graphics> ------------------------------------------------------------- */

size_t graphics_count(const struct domain_def *def)
{
    return def->nr_graphics;
}

void graphics_defaults(struct domain_def *def, size_t i)
{
    struct graphics_def *g = &def->graphics[i];

    if (g->listen == NULL) {
        g->listen = strdup("127.0.0.1");
    }
}

static bool is_address(const char *text)
{
    uint8_t bytes[16];

    return inet_pton(AF_INET, text, bytes) == 1 ||
           inet_pton(AF_INET6, text, bytes) == 1;
}

static bool is_loopback(const char *text)
{
    return strncmp(text, "127.", 4) == 0 || strcmp(text, "::1") == 0;
}

static void check_access(const struct graphics_def *g, struct diag *dg)
{
    if (!is_address(g->listen)) {
        diag_error(dg, g->line, "<graphics>: '%s' is not a numeric address",
                   g->listen);
    } else if (!is_loopback(g->listen) && g->passwd == NULL) {
        diag_warn(dg, g->line, "<graphics>: everybody who reaches %s sees the "
                  "screen and types: it has no password", g->listen);
    }
    if (g->passwd != NULL && (*g->passwd == '\0' ||
                              strchr(g->passwd, '\n') != NULL)) {
        diag_error(dg, g->line, "<graphics>: the password is empty or has a "
                   "line break in it");
    } else if (g->passwd != NULL && strlen(g->passwd) > PASSWORD_MAX) {
        diag_warn(dg, g->line, "<graphics>: only the first %u characters of "
                  "the password count", PASSWORD_MAX);
    }
    if (g->port != 0 && g->port == g->web_port) {
        diag_error(dg, g->line, "<graphics>: port %u cannot be both that of "
                   "VNC and that of the web client", g->port);
    }
}

void graphics_validate(const struct domain_def *def, size_t i, bool files,
                       struct diag *dg)
{
    const struct graphics_def *g = &def->graphics[i];

    if (i > 0) {
        diag_warn(dg, g->line, "a second <graphics> is not honoured");
    } else if (g->type == NULL || strcmp(g->type, "vnc") != 0) {
        diag_warn(dg, g->line, "<graphics type='%s'> is not honoured, only "
                  "'vnc'", g->type == NULL ? "" : g->type);
    } else {
        check_access(g, dg);
    }
}

static const char *dec(char buf[16], unsigned int value)
{
    snprintf(buf, 16, "%u", value);
    return value == 0 ? NULL : buf;
}

void graphics_format(const struct domain_def *def, size_t i,
                     struct xml_out *o)
{
    const struct graphics_def *g = &def->graphics[i];
    char port[16], web[16];

    xml_open(o, "graphics", "type", g->type, "port",
             g->port == 0 ? "-1" : dec(port, g->port), "autoport",
             g->port == 0 ? "yes" : "no", "websocket", dec(web, g->web_port),
             "listen", g->listen, "passwd", g->passwd, NULL);
    xml_empty(o, "listen", "type", "address", "address", g->listen, NULL);
    xml_close(o, "graphics");
}

/* ---- <video> ------------------------------------------------------------------ */

size_t video_count(const struct domain_def *def)
{
    return def->nr_videos;
}

void video_defaults(struct domain_def *def, size_t i)
{
    if (def->videos[i].model == NULL) {
        def->videos[i].model = strdup(def->type == GUEST_HVM ? "vga" : "xen");
    }
}

void video_validate(const struct domain_def *def, size_t i, bool files,
                    struct diag *dg)
{
    const char *model = def->type == GUEST_HVM ? "vga" : "xen";
    const struct video_def *v = &def->videos[i];
    struct video_def shape = def_screen_shape(def);

    if (i > 0 || def_screen(def) == NULL) {
        diag_warn(dg, v->line, i > 0 ? "a second <video> is not honoured"
                  : "<video> without <graphics type='vnc'> has no effect");
    } else if (strcmp(v->model, model) != 0) {
        diag_warn(dg, v->line, "<video>: model '%s' is not honoured, the "
                  "model is '%s'", v->model, model);
    }
    if (i == 0 && (uint64_t)shape.width * shape.height * 4 >
                  (uint64_t)shape.vram_kib * 1024) {
        diag_error(dg, v->line, "<video>: %ux%u does not fit into %u KiB",
                   shape.width, shape.height, shape.vram_kib);
    }
}

void video_format(const struct domain_def *def, size_t i, struct xml_out *o)
{
    const struct video_def *v = &def->videos[i];
    char vram[16], x[16], y[16];

    xml_open(o, "video", NULL);
    xml_open(o, "model", "type", v->model, "vram", dec(vram, v->vram_kib),
             NULL);
    if (v->width != 0 && v->height != 0) {
        xml_empty(o, "resolution", "x", dec(x, v->width), "y",
                  dec(y, v->height), NULL);
    }
    xml_close(o, "model");
    xml_close(o, "video");
}

/* ---- <input> ------------------------------------------------------------------ */

size_t input_count(const struct domain_def *def)
{
    return def->nr_inputs;
}

void input_defaults(struct domain_def *def, size_t i)
{
    struct input_def *in = &def->inputs[i];

    if (in->type == NULL) {
        in->type = strdup("mouse");
    }
    if (in->bus == NULL) {
        in->bus = strdup(def->type == GUEST_HVM ? "ps2" : "xen");
    }
}

/* Keyboard and pointer come as one device, with the screen. */
void input_validate(const struct domain_def *def, size_t i, bool files,
                    struct diag *dg)
{
    static const char *const types[] = { "keyboard", "mouse", "tablet" };
    const char *bus = def->type == GUEST_HVM ? "ps2" : "xen";
    const struct input_def *in = &def->inputs[i];
    bool known = false;

    for (size_t k = 0; k < sizeof(types) / sizeof(types[0]); k++) {
        known = known || strcmp(in->type, types[k]) == 0;
    }
    if (!known) {
        diag_error_class(dg, ERR_UNSUPPORTED, in->line, "<input type='%s'> is "
                         "not supported, only 'keyboard', 'mouse' and "
                         "'tablet'", in->type);
    } else if (def_screen(def) == NULL) {
        diag_warn(dg, in->line, "<input> without <graphics type='vnc'> has no "
                  "effect");
    } else if (strcmp(in->bus, bus) != 0) {
        diag_warn(dg, in->line, "<input>: bus '%s' is not honoured, the bus is "
                  "'%s'", in->bus, bus);
    }
}

void input_format(const struct domain_def *def, size_t i, struct xml_out *o)
{
    const struct input_def *in = &def->inputs[i];

    xml_empty(o, "input", "type", in->type, "bus", in->bus, NULL);
}
