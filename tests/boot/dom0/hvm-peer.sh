#!/bin/sh
# SPDX-License-Identifier: MIT
# An unmodified guest on emulated hardware: Debian's xl, loader, BIOS and
# device model on the hypervisor given.  GRUB loads the stock kernel from an
# emulated disk; first everything goes by emulated devices, then the kernel
# unplugs them and its PV drivers take over.
. /etc/paravane/tests/lib.sh
export PATH=/usr/sbin:/usr/bin:$PATH
serial=/tmp/hvm.serial
# Debian's Xen would intercept RDTSC here, and QEMU 7.2 names another
# instruction at the exit.
native='tsc_mode = "native"'
grep -q paravane /sys/hypervisor/version/extra 2>/dev/null && native=

# guest NAME VCPUS WORDS...: started from a copy of the sample disk, with 8 MiB
# of data as its second.
guest()
{
    who=$1 vcpus=$2; shift 2
    blocks 100 108 > /tmp/data.img
    cp /boot/hvm-disk.img /tmp/boot.img
    printf '%-511s\n' "set timeout=0; set args='$*'" |
        dd of=/tmp/boot.img bs=512 seek=2047 conv=notrunc 2>/dev/null
    rm -f $serial
    cat > /tmp/hvm.cfg <<END
name = "$who"
type = "hvm"
memory = 256
vcpus = $vcpus
disk = [ "format=raw,vdev=hda,access=rw,target=/tmp/boot.img",
         "format=raw,vdev=hdb,access=rw,target=/tmp/data.img" ]
boot = "c"
$native
serial = "file:$serial"
vnc = 0
sdl = 0
usb = 0
vga = "stdvga"
device_model_version = "qemu-xen"
END
    xl -v create /tmp/hvm.cfg > /tmp/create.log 2>&1
    check "$who: xl create" [ $? = 0 ] && return
    tail -n 40 /tmp/create.log
    tail -n 20 "/var/log/xen/qemu-dm-$who.log"
    finish
}

# until NAME FILE TEXT: the guest says so; if not, all that is known.
until_says()
{
    check "$1: $3" wait_for "${HVM_WAIT:-600}" grep -q "$3" "$2" && return
    tail -n 40 "$2" $serial
    tail -n 10 "/var/log/xen/qemu-dm-$1.log"
    xl list
    xl dmesg | grep -v 'd[0-9]*v0' | tail -n 20
    finish
}

# disk_story NAME FILE: what it read, what it wrote, its end.
disk_story()
{
    before=$( (blocks 100 108) | sha)
    until_says "$1" "$2" 'GUEST UP'
    until_says "$1" "$2" 'GUEST WROTE'
    same "$1: checksum of what it read" "8388608 $before" \
        "$(sed -n 's/.*GUEST DISK //p' "$2" | tr -d '\r')"
    check "$1: gone" wait_for 60 sh -c "! xl list $1"
    same "$1: checksum of what it wrote" "$(sha < /tmp/data.img)" \
        "$(sed -n 's/.*GUEST WROTE //p' "$2" | tr -d '\r')"
}

guest emulated 1 console=ttyS0 quiet xen_nopv no_timer_check guest.run=disk guest.disk=0:0:1:0
disk_story emulated $serial
grep -a GUEST $serial

guest pv-drivers 2 console=ttyS0 console=hvc0 quiet guest.run=disk guest.disk=/dev/xvdb
disk_story pv-drivers "$(guest_log pv-drivers)"
grep GUEST "$(guest_log pv-drivers)"
finish
