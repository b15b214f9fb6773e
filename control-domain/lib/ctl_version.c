/* SPDX-License-Identifier: MIT */
/*
 * XENVER_* calls, and the check that the control interface is the one this
 * program was built for.  Covered by tests/unit/lib/test_ctl.c.
 */
#include <lib/ctl.h>

#include <errno.h>
#include <string.h>

int ctl_version(struct hyp *h)
{
    return (int)hyp_call(h, __HYPERVISOR_xen_version, XENVER_version, 0, 0, 0,
                         0);
}

/* The last byte is ours: whatever was written, the text ends. */
static int text_op(struct hyp *h, unsigned int cmd, char *text, size_t size)
{
    int rc;

    memset(text, 0, size);
    rc = (int)hyp_call_cmd(h, __HYPERVISOR_xen_version, cmd, text, size);
    text[size - 1] = '\0';
    return rc < 0 ? rc : 0;
}

int ctl_version_extra(struct hyp *h, char text[XEN_EXTRAVERSION_LEN])
{
    return text_op(h, XENVER_extraversion, text, XEN_EXTRAVERSION_LEN);
}

int ctl_version_capabilities(struct hyp *h, char text[1024])
{
    static_assert(sizeof(xen_capabilities_info_t) == 1024, "ABI size");
    return text_op(h, XENVER_capabilities, text, 1024);
}

int ctl_version_commandline(struct hyp *h, char text[1024])
{
    static_assert(sizeof(xen_commandline_t) == 1024, "ABI size");
    return text_op(h, XENVER_commandline, text, 1024);
}

/* A wrong interface version is refused with -EACCES before anything else. */
int ctl_version_check(struct hyp *h)
{
    struct xen_domctl_getdomaininfo dominfo;
    struct xen_sysctl_physinfo physinfo;
    int rc = ctl_domain_info(h, 0, &dominfo);

    if (rc == 0) {
        rc = ctl_host_physinfo(h, &physinfo);
    }
    return rc == -EACCES ? -EPROTO : rc;
}
