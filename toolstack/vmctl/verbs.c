/* SPDX-License-Identifier: MIT */
/*
 * All verbs and all options.  Tests: tests/unit/toolstack/test_cli.sh.
 */
#include <vmctl/verbs.h>

const struct option_row options[OPT_COUNT] = {
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
    [OPT_LIVE]      = { "live", false, "change the running domain" },
    [OPT_CONFIG]    = { "config", false, "change the definition" },
    [OPT_CURRENT]   = { "current", false, "the running domain, or the "
                        "definition of one that does not run (default)" },
    [OPT_DOMAIN]    = { "domain", true, "of this domain only" },
    [OPT_EVENT]     = { "event", true, "these events only: NAME[,NAME...]" },
    [OPT_ONCE]      = { "once", false, "return after the first; exit 8 if "
                        "none came in time" },
    [OPT_SINCE]     = { "since", true, "begin at this cursor" },
    [OPT_CURSOR]    = { "cursor", false, "print the cursor of now, return" },
    [OPT_MANAGED]   = { "managed", false, "keep it for the next start" },
    [OPT_CHECKPOINT] = { "checkpoint", false, "the domain runs on" },
    [OPT_COMPRESS]  = { "compress", false, "smaller, and slower" },
    [OPT_VERIFY]    = { "verify", false, "send all pages twice, to compare" },
    [OPT_FORCE]     = { "force", false, "whatever the state is" },
};

#define WAITS (BIT(OPT_WAIT) | BIT(OPT_NO_WAIT) | BIT(OPT_TIMEOUT))
#define STARTS (WAITS | BIT(OPT_STRICT) | BIT(OPT_PAUSED) | \
                BIT(OPT_CONSOLE) | BIT(OPT_ESCAPE))
#define SCOPE (BIT(OPT_LIVE) | BIT(OPT_CONFIG) | BIT(OPT_CURRENT) | \
               BIT(OPT_TIMEOUT))

const struct verb verbs[] = {
    { "create", "", "FILE", 1, 1, STARTS, cmd_create, NULL,
      "start a domain from an XML file" },
    { "define", "", "FILE", 1, 1, BIT(OPT_STRICT), cmd_define, NULL,
      "keep a definition, to be started by name" },
    { "undefine", "", "DOMAIN", 1, 1, 0, cmd_undefine, NULL,
      "forget a definition; a running domain goes on" },
    { "start", "", "DOMAIN", 1, 1, STARTS | BIT(OPT_FORCE), cmd_start, NULL,
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
    { "save", "", "DOMAIN [FILE]", 1, 2,
      BIT(OPT_TIMEOUT) | BIT(OPT_MANAGED) | BIT(OPT_CHECKPOINT) |
      BIT(OPT_COMPRESS) | BIT(OPT_VERIFY), cmd_save, NULL,
      "suspend it into a file" },
    { "restore", "", "FILE", 1, 1, (STARTS & ~BIT(OPT_STRICT)) |
      BIT(OPT_FORCE), cmd_restore, NULL,
      "start a domain from a saved file" },
    { "pause", "suspend", "DOMAIN...", 1, -1, BIT(OPT_ALL), NULL, cmd_pause,
      "stop its vCPUs" },
    { "resume", "unpause", "DOMAIN...", 1, -1, BIT(OPT_ALL), NULL,
      cmd_resume, "let its vCPUs run again" },
    { "wait", "", "DOMAIN", 1, 1, BIT(OPT_FOR) | BIT(OPT_TIMEOUT), cmd_wait,
      NULL, "wait for a state, stopped if not given" },
    { "attach-device", "", "DOMAIN FILE", 2, 2, SCOPE | BIT(OPT_STRICT),
      cmd_attach_device, NULL, "add the device of an XML file" },
    { "detach-device", "", "DOMAIN FILE", 2, 2, SCOPE, cmd_detach_device,
      NULL, "take away the device of an XML file" },
    { "update-device", "", "DOMAIN FILE", 2, 2, BIT(OPT_CONFIG) |
      BIT(OPT_CURRENT), cmd_update_device, NULL,
      "replace a device of a definition" },
    { "events", "event monitor", "", 0, 0,
      BIT(OPT_DOMAIN) | BIT(OPT_EVENT) | BIT(OPT_TIMEOUT) | BIT(OPT_ONCE) |
      BIT(OPT_SINCE) | BIT(OPT_CURSOR), cmd_events, NULL,
      "print events as they come, a JSON object a line" },
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

const size_t nr_verbs = sizeof(verbs) / sizeof(verbs[0]);
