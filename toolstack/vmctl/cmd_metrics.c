/* SPDX-License-Identifier: MIT */
/*
 * vmctl metrics: host and domains as Prometheus text, for the node exporter's
 * textfile collector.  Names follow its rules: base units, _total on counters.
 * Tests: tests/boot/dom0/hotplug.sh.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <vmctl/cmd.h>

/* A label's value: quotes, backslashes and line ends escaped. */
static void label(const char *key, const char *value, const char *before)
{
    printf("%s%s=\"", before, key);
    for (; *value != '\0'; value++) {
        if (*value == '"' || *value == '\\') {
            putchar('\\');
        }
        if (*value == '\n') {
            printf("\\n");
        } else {
            putchar(*value);
        }
    }
    putchar('"');
}

static double cpu_seconds(const struct dom *d)
{
    return (double)d->info.cpu_time / 1e9;
}

static double memory(const struct dom *d)
{
    return (double)d->info.tot_pages * 4096;
}

static double memory_max(const struct dom *d)
{
    return (double)d->info.max_pages * 4096;
}

static double vcpus(const struct dom *d)
{
    return d->info.nr_online_vcpus;
}

static double vcpus_max(const struct dom *d)
{
    return d->info.max_vcpu_id + 1.0;
}

static double is_running(const struct dom *d)
{
    enum vm_state state = dom_state(d);

    return state == VM_RUNNING || state == VM_IDLE;
}

static const struct metric {
    const char *name, *type, *help;
    double (*value)(const struct dom *d);
} metrics[] = {
    { "paravane_domain_cpu_seconds_total", "counter",
      "CPU time of all vCPUs", cpu_seconds },
    { "paravane_domain_memory_bytes", "gauge", "memory it has", memory },
    { "paravane_domain_memory_max_bytes", "gauge", "memory it may have",
      memory_max },
    { "paravane_domain_vcpus_online", "gauge", "vCPUs on line", vcpus },
    { "paravane_domain_vcpus_max", "gauge", "vCPUs it was given",
      vcpus_max },
    { "paravane_domain_running", "gauge", "1 if it runs, 0 if it is paused "
      "or has stopped", is_running },
};

static void head(const char *name, const char *type, const char *help)
{
    printf("# HELP %s %s\n# TYPE %s %s\n", name, help, name, type);
}

static void print_metric(const struct metric *m, const struct dom *list,
                         size_t nr)
{
    head(m->name, m->type, m->help);
    for (size_t i = 0; i < nr; i++) {
        if (list[i].live) {
            printf("%s", m->name);
            label("domain", list[i].name, "{");
            label("uuid", list[i].uuid_text, ",");
            printf("} %.17g\n", m->value(&list[i]));
        }
    }
}

static void gauge(const char *name, const char *help, double value)
{
    head(name, "gauge", help);
    printf("%s %.17g\n", name, value);
}

static void print_host(const struct xen_sysctl_physinfo *host, size_t nr)
{
    gauge("paravane_host_cpus", "CPUs of the host", host->nr_cpus);
    gauge("paravane_host_memory_bytes", "memory of the host",
          (double)host->total_pages * 4096);
    gauge("paravane_host_memory_free_bytes", "memory that no domain has",
          (double)host->free_pages * 4096);
    gauge("paravane_domains", "domains, the control domain included",
          (double)nr);
}

int cmd_metrics(struct ctl *c, int argc, char **argv, struct err *e)
{
    struct xen_sysctl_physinfo host;
    struct dom *list;
    size_t nr;
    int rc = dom_list(c, false, &list, &nr, e);

    if (rc == 0 && (rc = ctl_host_physinfo(c->h, &host)) != 0) {
        err_errno(e, rc, "cannot read the host's state", NULL);
    }
    if (rc == 0) {
        print_host(&host, nr);
    }
    for (size_t i = 0; rc == 0 && i < sizeof(metrics) / sizeof(metrics[0]);
         i++) {
        print_metric(&metrics[i], list, nr);
    }
    free(list);
    return rc;
}
