#!/bin/sh
# SPDX-License-Identifier: MIT
# GRUB as the kernel of a guest: it finds a disk on our block back end, reads
# its menu there, writes its environment block and starts the stock kernel
# from the disk, which finds its other disk as GRUB has left it.
. /etc/paravane/tests/lib.sh
G=/usr/lib/grub-xen

# boot_disk FILE: an ext2 file system with a kernel, an initrd and a menu.
boot_disk()
{
    dd if=/dev/zero of="$1" bs=1M count=24 2>/dev/null && mke2fs -F -b 1024 "$1" > /dev/null &&
    mount -o loop "$1" /mnt && mkdir -p /mnt/boot/grub &&
    cp /boot/vmlinuz /boot/guest.img /mnt/boot/ &&
    { echo '# GRUB Environment Block'; head -c 999 /dev/zero | tr '\0' '#'; } > /mnt/boot/grub/grubenv &&
    cat > /mnt/boot/grub/grub.cfg <<END &&
echo GUEST MENU \$grub_cpu \$grub_platform
set word=paravane
save_env -f (\$root)/boot/grub/grubenv word
linux /boot/vmlinuz console=hvc0 quiet guest.run=disk
initrd /boot/guest.img
echo GUEST LOADED
boot
END
    umount /mnt
}
environment()
{
    mount -o loop,ro "$1" /mnt && cat /mnt/boot/grub/grubenv | grep -m1 word=
    umount /mnt
}

# grub_guest NAME IMAGE CPU PLATFORM
grub_guest()
{
    check "$1: a disk to boot from" boot_disk "/tmp/$1.boot"
    blocks 0 4 > "/tmp/$1.raw"
    sum=$(sha < "/tmp/$1.raw")
    domain "$1" x 256 1 "/tmp/$1.raw" | sed "s|<kernel>.*|<kernel>$G/$2</kernel>|
        /<initrd>/d; /<cmdline>/d
        s|<console type|<disk type='file' device='disk'><driver name='file' type='raw'/>\
            <source file='/tmp/$1.boot'/><target dev='xvdb' bus='xen'/></disk>&|" > "/tmp/$1.xml"
    check "$1: vmctl create" vmctl create "/tmp/$1.xml" || return
    check "$1: GRUB finds its menu" wait_for 120 said "$1" 'GUEST MENU' || { last_words "$1"; return; }
    same "$1: what it says it is" "$3 $4" "$(heard "$1" MENU 1-2)"
    check "$1: GRUB has loaded the kernel" wait_for 120 said "$1" 'GUEST LOADED'
    check "$1: the kernel runs" wait_for 120 said "$1" 'GUEST UP' || { last_words "$1"; return; }
    check "$1: and ends" wait_for 120 gone "$1"
    same "$1: checksum of what it read" "$((4 * 1048576)) $sum" "$(heard "$1" DISK 1-2)"
    same "$1: checksum of what it wrote" "$(sha < "/tmp/$1.raw")" "$(heard "$1" WROTE 1)"
    same "$1: what GRUB wrote" word=paravane "$(environment "/tmp/$1.boot")"
    [ $failures = 0 ] || { tail -n 40 "$(guest_log "$1")"; last_words "$1"; }
}

grub_guest grub grub-x86_64-xen.bin x86_64 xen
TYPE=xenpvh grub_guest grub-pvh grub-i386-xen_pvh.bin i386 xen_pvh
finish
