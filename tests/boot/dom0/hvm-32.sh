#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's 32-bit kernel (PAE) as a guest, from GRUB on, on emulated hardware
# only.  STORIES names others: hvm-32-pv.sh.
. /etc/paravane/tests/lib.sh
mount -t iso9660 /dev/sr0 /mnt && cp -r /mnt/i386 /tmp && umount /mnt
if [ -s /tmp/i386/missing ]; then
    echo "TEST a 32-bit kernel: SKIP $(tr '\n' ' ' < /tmp/i386/missing)"
    finish
fi
KERNEL=/tmp/i386/vmlinuz INITRD=/tmp/i386/guest.img

# disk_story NAME SAYS HEARD: a guest that was created reads and writes its disk and
# ends; what it says is found by these functions of lib.sh.
disk_story()
{
    check "$1: userspace" wait_for 480 "$2" "$1" 'GUEST UP .*-686-pae' || { last_words "$1"; finish; }
    check "$1: it writes its disk" wait_for 240 "$2" "$1" 'GUEST WROTE' || { last_words "$1"; finish; }
    same "$1: checksum of what it read" "8388608 $before" "$("$3" "$1" DISK 1-2)"
    check "$1: it switches itself off" wait_for 90 gone "$1"
    same "$1: checksum of what it wrote" "$(sha < /tmp/data.raw)" "$("$3" "$1" WROTE 1)"
}

data() { blocks 100 108 > /tmp/data.raw; }

emulated()
{
    hvm_disk /tmp/boot.raw console=ttyS0 quiet xen_nopv no_timer_check guest.run=disk guest.disk=0:0:1:0
    hvm emulated 256 1 /tmp/boot.raw /tmp/data.raw > /tmp/emulated.xml
    check 'emulated: vmctl create' vmctl create /tmp/emulated.xml || finish
    disk_story emulated serial_said serial_heard
}

entry()
{
    TYPE=xenpvh domain entry disk 256 1 /tmp/data.raw > /tmp/entry.xml
    check 'entry: vmctl create' vmctl create /tmp/entry.xml || finish
    disk_story entry said heard
}

drivers()
{
    hvm_disk /tmp/boot.raw console=ttyS0 console=hvc0 quiet guest.run=disk guest.disk=/dev/xvdb
    hvm drivers 256 2 /tmp/boot.raw /tmp/data.raw > /tmp/drivers.xml
    check 'drivers: vmctl create' vmctl create /tmp/drivers.xml || finish
    disk_story drivers said heard
    same 'drivers: two CPUs' '2 online 0-1' "$(heard drivers CPUS 1-3)"
}

for story in ${STORIES:-emulated}; do
    data
    before=$(sha < /tmp/data.raw)
    $story
done
finish
