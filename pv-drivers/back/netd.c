/* SPDX-License-Identifier: MIT */
/*
 * paravane-netd: the network backend of one virtual machine; usage in
 * backd.c.  Exercised by the nested boots with a network card.
 */
#include <back/backd.h>
#include <back/net_device.h>

int main(int argc, char **argv)
{
    return backd_main(argc, argv, &net_device_class);
}
