#!/bin/sh
# SPDX-License-Identifier: MIT
# The control domain on a disk: root is ext4, written and read back, and the
# services run from it.
. /etc/paravane/tests/lib.sh
same 'root is ext4' ext4 "$(awk '$2 == "/" && $3 != "rootfs" { print $3 }' /proc/mounts)"
mount -o remount,rw /
blocks 0 8 > /root/data
sync
echo 3 > /proc/sys/vm/drop_caches
same 'what was written is read' "$(blocks 0 8 | sha)" "$(sha < /root/data)"
check 'control domain' grep -q control_d /proc/xen/capabilities
check 'the store answers' vmctl list
finish
