/* SPDX-License-Identifier: MIT */
/*
 * Walks a document along the rows of xml_table.c: every element and every
 * attribute must have a row, so nothing can be ignored by accident.
 * Tests: tests/unit/toolstack/test_xml.c.
 */
#include <config/device_edit.h>
#include <config/xml_parse.h>
#include <config/xml_table.h>
#include <errno.h>
#include <fcntl.h>
#include <lib/buf.h>
#include <libxml/parser.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define PATH_ROOM 160

static unsigned int line_of(const xmlNode *n)
{
    long line = xmlGetLineNo(n);

    return line > 0 ? (unsigned int)line : 0;
}

static bool enough_errors(const struct xml_reader *r)
{
    return r->dg->nr_errors >= DIAG_MAX_ERRORS;
}

/* ---- attributes ---------------------------------------------------------- */

enum attr_rule { ATTR_UNKNOWN, ATTR_TAKEN, ATTR_NOT_HONOURED };

static enum attr_rule attr_rule(const struct xml_row *row, const char *name)
{
    const char *s = row->attrs;
    size_t len = strlen(name);

    while (s != NULL && *s != '\0') {
        size_t word = strcspn(s, " ");

        if (word == len && strncmp(s, name, len) == 0) {
            return ATTR_TAKEN;
        }
        if (word == len + 1 && strncmp(s, name, len) == 0 && s[len] == '!') {
            return ATTR_NOT_HONOURED;
        }
        s += word + strspn(s + word, " ");
    }
    return ATTR_UNKNOWN;
}

static void check_attrs(struct xml_reader *r, const struct xml_row *row,
                        xmlNode *n)
{
    for (xmlAttr *a = n->properties; a != NULL; a = a->next) {
        const char *name = (const char *)a->name;

        if (a->ns != NULL) {
            continue;                  /* xml:space and foreign marks */
        }
        switch (attr_rule(row, name)) {
        case ATTR_TAKEN:
            break;
        case ATTR_NOT_HONOURED:
            diag_warn(r->dg, line_of(n),
                      "attribute '%s' of <%s> is not honoured", name, n->name);
            break;
        case ATTR_UNKNOWN:
            diag_error(r->dg, line_of(n), "unknown attribute '%s' in <%s>",
                       name, n->name);
            break;
        }
    }
}

/* ---- elements ------------------------------------------------------------ */

static void keep(struct xml_reader *r, xmlNode *n, const char *path)
{
    struct kept_def *k = DEF_GROW(r->def->kept, r->def->nr_kept);
    xmlBuffer *out = xmlBufferCreate();
    xmlNode *copy = xmlDocCopyNode(n, n->doc, 1);
    const char *slash = strrchr(path, '/');

    if (k == NULL || out == NULL || copy == NULL) {
        diag_error(r->dg, line_of(n), "out of memory");
    } else {
        xmlNodeDump(out, n->doc, copy, 0, 0);
        k->line = line_of(n);
        k->parent = strndup(path, slash == NULL ? 0 : (size_t)(slash - path));
        k->xml = strdup((const char *)xmlBufferContent(out));
    }
    xmlFreeNode(copy);
    xmlBufferFree(out);
}

static void check_once(struct xml_reader *r, const xmlNode *n)
{
    for (const xmlNode *p = n->prev; p != NULL; p = p->prev) {
        if (p->type == XML_ELEMENT_NODE && p->ns == NULL &&
            xmlStrEqual(p->name, n->name)) {
            diag_error(r->dg, line_of(n),
                       "<%s> is given twice (first on line %u)", n->name,
                       line_of(p));
            return;
        }
    }
}

static void walk(struct xml_reader *r, xmlNode *parent, const char *path,
                 const struct xml_row *row);

static void take_row(struct xml_reader *r, const struct xml_row *row,
                     xmlNode *n)
{
    check_attrs(r, row, n);
    if (row->once) {
        check_once(r, n);
    }
    if (row->take != NULL) {
        row->take(r, n);
    }
    walk(r, n, row->path, row);
}

static void element(struct xml_reader *r, xmlNode *n, const char *path)
{
    const struct xml_row *row = xml_row_find(path);

    if (row == NULL) {
        diag_error(r->dg, line_of(n), "unknown element <%s> in <%s>", n->name,
                   n->parent->name);
        return;
    }
    switch (row->treat) {
    case XML_TAKE:
        take_row(r, row, n);
        break;
    case XML_QUIET:
        break;
    case XML_STORE:
        keep(r, n, path);
        break;
    case XML_KEEP:
        diag_warn(r->dg, line_of(n), "<%s> is not honoured: %s", n->name,
                  row->why);
        keep(r, n, path);
        break;
    case XML_DROP:
        diag_warn(r->dg, line_of(n), "<%s> in <%s> is not honoured: %s",
                  n->name, n->parent->name, row->why);
        break;
    case XML_REFUSE:
        diag_error_class(r->dg, ERR_UNSUPPORTED, line_of(n),
                         "<%s> is not supported: %s", n->name, row->why);
        break;
    }
}

/* An element of another namespace, such as <xen:commandline>. */
static void foreign(struct xml_reader *r, xmlNode *n, const char *path)
{
    diag_warn(r->dg, line_of(n), "<%s> of namespace %s is not honoured",
              n->name, n->ns->href);
    keep(r, n, path);
}

static void child(struct xml_reader *r, xmlNode *n, const char *path,
                  const struct xml_row *row)
{
    char below[PATH_ROOM];
    int len;

    switch (n->type) {
    case XML_ELEMENT_NODE:
        len = snprintf(below, sizeof(below), "%s%s%s", path,
                       *path == '\0' ? "" : "/", n->name);
        if (len < 0 || (size_t)len >= sizeof(below)) {
            diag_error(r->dg, line_of(n), "unknown element <%.40s>", n->name);
        } else if (n->ns != NULL) {
            foreign(r, n, below);
        } else {
            element(r, n, below);
        }
        break;
    case XML_TEXT_NODE:
    case XML_CDATA_SECTION_NODE:
        if (!row->text && !xmlIsBlankNode(n)) {
            diag_error(r->dg, line_of(n->prev == NULL ? n->parent : n->prev),
                       "unexpected text in <%s>", n->parent->name);
        }
        break;
    case XML_ENTITY_REF_NODE:
        diag_error(r->dg, line_of(n), "entities are not accepted");
        break;
    default:
        break;                         /* comments, instructions */
    }
}

/* Depth is bounded by the table: only rows that are taken are entered. */
static void walk(struct xml_reader *r, xmlNode *parent, const char *path,
                 const struct xml_row *row)
{
    for (xmlNode *n = parent->children; n != NULL; n = n->next) {
        if (enough_errors(r)) {
            return;
        }
        child(r, n, path, row);
    }
}

static void document(struct xml_reader *r, xmlNode *root, char *word)
{
    if (root == NULL || !xmlStrEqual(root->name, (const xmlChar *)"domain")) {
        diag_error(r->dg, root == NULL ? 1 : line_of(root),
                   "the root element must be <domain>");
        return;
    }
    take_row(r, xml_row_find(""), root);
}

static void device(struct xml_reader *r, xmlNode *root, char *word)
{
    char path[PATH_ROOM];
    const char *name = root == NULL ? "" : (const char *)root->name;

    snprintf(path, sizeof(path), "devices/%.64s", name);
    snprintf(word, DEVICE_WORD, "%s", name);
    if (xml_row_find(path) == NULL) {
        diag_error(r->dg, root == NULL ? 1 : line_of(root),
                   "the root element must be a device such as <disk>");
        return;
    }
    if (!device_known(word)) {
        diag_error_class(r->dg, ERR_UNSUPPORTED, line_of(root),
                         "<%s> is not supported as a device of its own",
                         word);
        return;
    }
    element(r, root, path);
}

/* ---- libxml2 ------------------------------------------------------------- */

static void refuse_dtd(void *ctx, const xmlChar *name, const xmlChar *id,
                       const xmlChar *system)
{
    xmlParserCtxt *ctxt = ctx;
    struct xml_reader *r = ctxt->_private;

    diag_error(r->dg, (unsigned int)ctxt->input->line,
               "document type declarations are not accepted");
    xmlStopParser(ctxt);
}

static void syntax_error(void *arg, xmlError *error)
{
    struct xml_reader *r = arg;
    char text[200];

    if (r->dg->nr_errors > 0 || error->level < XML_ERR_ERROR) {
        return;                        /* what follows is a consequence */
    }
    snprintf(text, sizeof(text), "%s", error->message);
    text[strcspn(text, "\n")] = '\0';
    diag_error(r->dg, error->line > 0 ? (unsigned int)error->line : 0,
               "not well-formed: %s", text);
}

static xmlDoc *load(struct xml_reader *r, const char *text, size_t len)
{
    xmlParserCtxt *ctxt = xmlNewParserCtxt();
    xmlDoc *doc = NULL;

    if (ctxt == NULL) {
        diag_error(r->dg, 0, "out of memory");
        return NULL;
    }
    ctxt->_private = r;
    ctxt->sax->internalSubset = refuse_dtd;
    xmlSetStructuredErrorFunc(r, syntax_error);
    doc = xmlCtxtReadMemory(ctxt, text, (int)len, r->dg->file, NULL,
                            XML_PARSE_NONET | XML_PARSE_BIG_LINES);
    xmlSetStructuredErrorFunc(NULL, NULL);
    xmlFreeParserCtxt(ctxt);
    if (doc == NULL && r->dg->nr_errors == 0) {
        diag_error(r->dg, 0, "not well-formed");
    }
    return doc;
}

typedef void root_fn(struct xml_reader *r, xmlNode *root, char *word);

static int parse(const char *text, size_t len, root_fn *root,
                 struct domain_def *def, char *word, struct diag *dg)
{
    struct xml_reader r = { .def = def, .dg = dg };
    xmlDoc *doc;

    if (len > XML_MAX_BYTES) {
        diag_error(dg, 0, "larger than %u bytes", XML_MAX_BYTES);
        return -EINVAL;
    }
    doc = load(&r, text, len);
    if (doc != NULL && dg->nr_errors == 0) {
        root(&r, xmlDocGetRootElement(doc), word);
    }
    xmlFreeDoc(doc);
    return dg->nr_errors == 0 ? 0 : -EINVAL;
}

int xml_parse_memory(const char *text, size_t len, struct domain_def *def,
                     struct diag *dg)
{
    return parse(text, len, document, def, NULL, dg);
}

int xml_parse_device(const char *text, size_t len, struct domain_def *def,
                     char element[DEVICE_WORD], struct diag *dg)
{
    return parse(text, len, device, def, element, dg);
}

static int read_all(int fd, struct buf *b)
{
    long got;

    do {
        got = buf_read_fd(b, fd, 65536);
    } while (got > 0);
    return (int)got;
}

static int parse_file(const char *path, root_fn *root, struct domain_def *def,
                      char *word, struct diag *dg)
{
    bool std_in = strcmp(path, "-") == 0;
    int fd = std_in ? dup(STDIN_FILENO) : open(path, O_RDONLY | O_CLOEXEC);
    struct buf b = BUF_INIT;
    int rc;

    if (fd < 0) {
        diag_error(dg, 0, "cannot open: %s", strerror(errno));
        return -EINVAL;
    }
    buf_init(&b, XML_MAX_BYTES);
    rc = read_all(fd, &b);
    close(fd);
    if (rc == -ENOSPC) {
        diag_error(dg, 0, "larger than %u bytes", XML_MAX_BYTES);
    } else if (rc < 0) {
        diag_error(dg, 0, "cannot read: %s", strerror(-rc));
    } else {
        rc = parse(b.data == NULL ? "" : b.data, b.len, root, def, word, dg);
    }
    buf_free(&b);
    return rc < 0 ? -EINVAL : 0;
}

int xml_parse_file(const char *path, struct domain_def *def, struct diag *dg)
{
    return parse_file(path, document, def, NULL, dg);
}

int xml_parse_device_file(const char *path, struct domain_def *def,
                          char element[DEVICE_WORD], struct diag *dg)
{
    return parse_file(path, device, def, element, dg);
}
