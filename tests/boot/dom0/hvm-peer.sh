#!/bin/sh
# SPDX-License-Identifier: MIT
# An unmodified guest on emulated hardware: Debian's xl, loader, BIOS and
# device model on the hypervisor given; the stock kernel by direct boot, its
# console on the emulated serial line.
. /etc/paravane/tests/lib.sh
export PATH=/usr/sbin:/usr/bin:$PATH

cat > /tmp/hvm.cfg <<END
name = "hvm1"
type = "hvm"
memory = 256
vcpus = 1
kernel = "/boot/vmlinuz"
ramdisk = "/boot/guest.img"
extra = "console=ttyS0 guest.run=idle xen_nopv earlyprintk=serial,ttyS0"
serial = "file:/tmp/hvm.serial"
vnc = 0
sdl = 0
usb = 0
vga = "stdvga"
device_model_version = "qemu-xen"
END
xl -v create /tmp/hvm.cfg >/tmp/create.log 2>&1; rc=$?
[ $rc = 0 ] || { tail -n 25 /tmp/create.log; tail -n 20 /var/log/xen/qemu-dm-hvm1.log; }
check 'xl create' [ $rc = 0 ] || finish
if ! check 'guest reaches userspace' wait_for "${HVM_WAIT:-150}" grep -q 'GUEST UP' /tmp/hvm.serial; then
    tail -n 40 /tmp/hvm.serial; xl list; tail -n 20 /var/log/xen/qemu-dm-hvm1.log; xl dmesg 2>/dev/null | tail -n 20
fi
check 'xl destroy' xl destroy hvm1
finish
