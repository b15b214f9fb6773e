/* SPDX-License-Identifier: MIT */
/*
 * vmctl/cmd.h - what the verbs share: options, connections, domains, output.
 *
 * Owns    struct ctl, one per run of the program.
 * Leaves  the table of verbs to verbs.h.
 * Tests   tests/unit/toolstack/test_cli.sh, tests/boot/dom0/vmctl.sh
 */
#ifndef VMCTL_CMD_H
#define VMCTL_CMD_H

#include <client/xs.h>
#include <config/diag.h>
#include <json-c/json.h>
#include <lib/ctl.h>
#include <lib/err.h>
#include <lifecycle/rundir.h>
#include <lifecycle/state.h>
#include <stdbool.h>

struct ctl {
    /* options */
    bool json, quiet, strict, wait, paused, all, no_header, console, clear;
    bool bare_name, bare_uuid, bare_id, xl;
    bool live, config, current, maximum, once, cursor, web;
    bool managed, checkpoint, compress, verify, force;
    unsigned int timeout_s;            /* 0: not given */
    int escape;                        /* character that leaves the console */
    const char *want_state;            /* wait --for */
    const char *set;                   /* schedinfo --set */
    const char *domain, *event, *since;        /* events */
    const char *driver, *subdriver, *type;     /* attach-disk */
    bool readonly, details, eject, insert, update;
    const char *mac, *model, *target;          /* network cards */
    const char *text;                  /* send-key */
    /* connections, opened when first needed */
    struct hyp *h;
    struct xs *xs;
    bool reported;                     /* the error is on stderr already */
};

/* A domain that runs, is defined, or both. */
struct dom {
    bool live;
    bool defined;
    bool starting;             /* its worker builds it, or builds it again */
    unsigned int domid;
    uint8_t uuid[16];
    char uuid_text[37];
    char name[256];
    struct xen_domctl_getdomaininfo info;      /* if live */
};

/* ---- doms.c ---------------------------------------------------------------- */

/* Hypervisor and store; class permission or version when they are absent. */
int ctl_connect(struct ctl *c, struct err *e);
void ctl_disconnect(struct ctl *c);

/* Domains that live, then (@defined) those that are only defined. */
int dom_list(struct ctl *c, bool defined, struct dom **list, size_t *nr,
             struct err *e);
/* By name, UUID or domid, in that order. */
int dom_find(struct ctl *c, const char *text, struct dom *d, struct err *e);
/* As dom_find(), and it must live. */
int dom_find_live(struct ctl *c, const char *text, struct dom *d,
                  struct err *e);
/* 0, or class permission: the control domain, which no verb may end. */
int dom_is_guest(const struct dom *d, struct err *e);
enum vm_state dom_state(const struct dom *d);

/* The configuration a domain runs with, or its definition. */
int dom_def(const struct dom *d, struct domain_def *def, struct err *e);

/* ---- drivers.c ------------------------------------------------------------- */

/* On emulated hardware. */
bool dom_is_hvm(const struct dom *d);
/* Guests with our drivers say what they listen to. */
bool dom_listens(struct ctl *c, const struct dom *d, const char *word);
/* 0, or class unsupported: an HVM guest that shows no sign of PV drivers. */
int dom_needs_drivers(struct ctl *c, const struct dom *d, const char *what,
                      struct err *e);

/* ---- defined.c --------------------------------------------------------------- */

/* $VMCTL_CONFIG_DIR or /etc/vmctl/domains, one NAME.xml each. */
int defined_save(const struct domain_def *def, struct err *e);
int defined_load(const char *name, struct domain_def *def, struct err *e);
int defined_remove(const char *name, struct err *e);
int defined_each(void (*fn)(const struct domain_def *def, void *arg),
                 void *arg);

/* ---- out.c ----------------------------------------------------------------------- */

/* {"schema":"vmctl/1","kind":KIND} */
json_object *out_object(const char *kind);
void out_add(json_object *o, const char *key, const char *value);
void out_add_u64(json_object *o, const char *key, uint64_t value);
void out_add_bool(json_object *o, const char *key, bool value);
/* Print @o on stdout and release it. */
void out_json(json_object *o);
json_object *out_domain(const struct dom *d);

/* One line on stderr, or an object with --json. */
void out_error(struct ctl *c, const struct err *e);
void out_diag(struct ctl *c, const struct diag *dg);

/* "domain NAME WORDS", or an object of kind DomainAction. */
void out_action(struct ctl *c, const struct dom *d, const char *action,
                const char *words);

/* cmd_events.c: for everybody who reads vmctl events. */
void ctl_event(const struct dom *d, const char *event);

/* Seconds a wait may take: --timeout or @otherwise. */
unsigned int ctl_timeout(const struct ctl *c, unsigned int otherwise);

/* ---- verbs -------------------------------------------------------------------------- */

typedef int verb_fn(struct ctl *c, int argc, char **argv, struct err *e);
/* One domain at a time; main.c loops over several. */
typedef int verb_dom_fn(struct ctl *c, const char *domain, struct err *e);

verb_fn cmd_list, cmd_info, cmd_domid, cmd_domname, cmd_domuuid, cmd_domstate;
verb_fn cmd_create, cmd_start, cmd_define, cmd_undefine, cmd_validate;
verb_fn cmd_dumpxml, cmd_console, cmd_dmesg, cmd_debug_keys, cmd_wait;
verb_fn cmd_setmem, cmd_setmaxmem, cmd_setvcpus, cmd_vcpupin, cmd_vcpuinfo;
verb_fn cmd_schedinfo, cmd_sysrq, cmd_supervise, cmd_save, cmd_restore;
verb_fn cmd_attach_device, cmd_detach_device, cmd_update_device, cmd_events;
verb_fn cmd_attach_disk, cmd_detach_disk, cmd_domblklist;
verb_fn cmd_blockresize, cmd_change_media;
verb_fn cmd_attach_interface, cmd_detach_interface, cmd_domiflist;
verb_fn cmd_domifaddr, cmd_restart_emulator;
verb_fn cmd_doctor, cmd_metrics, cmd_store;
verb_fn cmd_vncdisplay, cmd_vnc, cmd_screenshot, cmd_screentext;
verb_fn cmd_send_key;
verb_dom_fn cmd_shutdown, cmd_reboot, cmd_destroy, cmd_pause, cmd_resume;

/*
 * cmd_create.c: start it and report; @stream_fd: from a saved guest, or -1.
 */
int start_def(struct ctl *c, const struct domain_def *def, int stream_fd,
              struct err *e);

/* cmd_stop.c: a worker for a domain whose worker died. */
void dom_ensure_worker(const struct dom *d);
/* The same: no trace of a live domain is left. */
int dom_destroy(struct ctl *c, const struct dom *d, struct err *e);
/* The same: after a change, until @state ("stopped", "running"...). */
int wait_for_state(struct ctl *c, const struct dom *d, const char *state,
                   unsigned int timeout_s, struct err *e);
/* console.c: attach to a live domain until the escape character. */
int console_attach(struct ctl *c, const struct dom *d, struct err *e);

#endif
