/* SPDX-License-Identifier: MIT */
/*
 * paravane-blkd: the block backend of one virtual machine; usage in backd.c.
 * Exercised by the nested boots with a disk.
 */
#include <back/backd.h>
#include <back/blk_device.h>

int main(int argc, char **argv)
{
    return backd_main(argc, argv, &blk_device_class);
}
