#!/bin/sh
# SPDX-License-Identifier: MIT
#
# PID 1 of the sample guest: says what it sees, does what guest.run= asks for
# and powers off.  dom0's scenarios read its console line by line.
#
#   guest.run=hello          (and nothing given) say hello, power off
#   guest.run=disk           check the disk, write its second half (guest.disk=
#                            says which: a name, or a SCSI address); then as
#                            traffic, if there is guest.ip=
#   guest.run=discard        write the disk, discard its first half, read it
#   guest.run=readonly       read the disk, try to write it
#   guest.run=stream[:N]     write N (64) checksummed blocks one by one, each
#                            flushed, then read all back
#   guest.run=net            wait for eth0, fetch from 10.77.0.1:5000, send the
#                            same back to port 5001
#   guest.run=work           for ever: check a pattern in memory on every vCPU,
#                            write a block of the disk, flush it, read it back
#   guest.run=disks          say which disks there are, whenever that changes
#   guest.run=bench          measure every disk, in instructions
#   guest.run=hotplug        check memory and the disk again and again, say
#                            which devices, CPUs and memory come and go
#   guest.run=traffic        bring up eth0 with guest.ip= (an address, or by
#                            DHCP; a second one: eth1), then guest.do=serve/PORT/COUNT,
#                            send/HOST/PORT/MIB, recv/... one after the
#                            other; guest.mtu= for longer frames
#   guest.run=screen         what dom0's scenario screen asks for, step by step
#   guest.run=cd             read the CD, try to write it, hold it until it is
#                            wanted back; say what is in the drive until one
#                            that begins with "bye" is
#   guest.run=button         wait for the power button
#   guest.run=reboots        count on the disk's first byte, reboot in another
#                            way each time, stay up after the last
#   guest.run=idle           stay up until told to shut down
#   guest.run=spin           the same, with every vCPU busy
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
# Without PV drivers there is the serial line.
con=/dev/hvc0
[ -c $con ] || con=/dev/ttyS0
exec <$con >$con 2>&1
echo "/bin/busybox poweroff -f" > /proc/sys/kernel/poweroff_cmd
echo 1 > /proc/sys/kernel/ctrl-alt-del
# Words "module.name=value" of the kernel's command line, as modprobe has them.
parameters()
{
    name=$(basename "$1" .ko | tr - _)
    for w in $(cat /proc/cmdline); do
        case $w in "$name".*) echo "${w#*.}" ;; esac
    done
}
for list in /etc/paravane/modules /etc/paravane/modules.want; do
    # shellcheck disable=SC2046
    [ -e $list ] && while read -r m; do insmod "$m" $(parameters "$m"); done < $list
done

arg()
{
    for w in $(cat /proc/cmdline); do
        case $w in "$1="*) echo "${w#*=}" ;; esac
    done
}

# 1 MiB of text that says which block it is; dom0 makes the same.
block()
{
    yes "paravane block $1" | head -c 65536 > /tmp/chunk
    set -- /tmp/chunk /tmp/chunk /tmp/chunk /tmp/chunk
    cat "$@" "$@" "$@" "$@"
}

disk=$(arg guest.disk)
disk=${disk:-/dev/xvda}
need_disk()
{
    n=0
    until [ -b "$disk" ]; do
        # A SCSI address (H:C:T:L): names are given in no certain order.
        name=$(ls "/sys/bus/scsi/devices/$disk/block" 2>/dev/null)
        [ -z "$name" ] || disk=/dev/$name
        n=$((n + 1))
        [ $n -lt 300 ] || { echo "GUEST FAIL no disk"; off; }
        sleep 0.1
    done
}

off()
{
    echo "GUEST OFF"
    sleep 0.2
    poweroff -f
    sleep 1000
}

run_disk()
{
    need_disk
    size=$(blockdev --getsize64 "$disk")
    mib=$((size / 1048576))
    echo "GUEST DISK $size $(sha256sum < "$disk" | cut -d' ' -f1)"
    i=$((mib / 2))
    while [ $i -lt $mib ]; do
        block $i | dd of="$disk" bs=1M seek=$i conv=notrunc,fsync 2>/dev/null || echo "GUEST FAIL write"
        i=$((i + 1))
    done
    sync
    echo 3 > /proc/sys/vm/drop_caches
    echo "GUEST WROTE $(sha256sum < "$disk" | cut -d' ' -f1)"
}

run_discard()
{
    need_disk
    size=$(blockdev --getsize64 /dev/xvda)
    i=0
    while [ $i -lt $((size / 1048576)) ]; do
        block $i | dd of=/dev/xvda bs=1M seek=$i conv=notrunc,fsync 2>/dev/null || echo "GUEST FAIL write"
        i=$((i + 1))
    done
    blkdiscard -o 0 -l $((size / 2)) /dev/xvda || echo "GUEST FAIL discard"
    echo 3 > /proc/sys/vm/drop_caches
    echo "GUEST DISCARDED $(sha256sum < /dev/xvda | cut -d' ' -f1)"
}

run_readonly()
{
    need_disk
    echo "GUEST RO $(blockdev --getro /dev/xvda) $(sha256sum < /dev/xvda | cut -d' ' -f1)"
    block 1 | dd of=/dev/xvda bs=1M conv=notrunc,fsync 2>/dev/null && echo "GUEST FAIL wrote" || echo "GUEST REFUSED"
}

run_cd()
{
    disk=/dev/sr0
    need_disk
    echo "GUEST DISK $(blockdev --getsize64 $disk) $(sha256sum < $disk | cut -d' ' -f1)"
    block 1 | dd of=$disk bs=1M conv=notrunc,fsync 2>/dev/null && echo "GUEST FAIL wrote" || echo "GUEST REFUSED"
    hold_cd
    before=
    until [ "$(head -c 3 $disk 2>/dev/null)" = bye ]; do
        now=$(blockdev --getsize64 $disk 2>/dev/null) &&
            now="$now $(sha256sum < $disk | cut -d' ' -f1)" || now=none
        [ "$now" = "$before" ] || echo "GUEST MEDIUM $now"
        before=$now
        sleep 0.5
    done
}

# Mounted, so the drive is locked; the kernel asks it for events.
hold_cd()
{
    mkdir -p /mnt
    mount -t iso9660 -o ro $disk /mnt || { echo "GUEST FAIL mount"; return; }
    echo 500 > /sys/block/sr0/events_poll_msecs
    uevent sh -c '[ "$DISK_EJECT_REQUEST" = 1 ] && umount /mnt && echo "GUEST LETS GO"' &
    echo "GUEST HOLDS"
    while grep -q ' /mnt ' /proc/mounts; do sleep 0.2; done
    kill $!
}

# How often is on the disk; the kernel would try other ways too, in vain.
run_reboots()
{
    need_disk
    n=$(head -c 1 "$disk")
    set -- kbd acpi pci triple
    [ "$n" -lt $# ] || { echo "GUEST REBOOTED $n"; sleep 1000000; }
    shift "$n"
    echo "GUEST REBOOTS $1"
    printf %s $((n + 1)) | dd of="$disk" conv=notrunc,fsync 2>/dev/null
    echo "$1" > /sys/kernel/reboot/type
    reboot -f
}

# The power button of a machine without PV drivers: an input device.
run_button()
{
    for e in /sys/class/input/event*; do
        grep -q 'Power Button' "$e/device/name" || continue
        echo "GUEST BUTTON"
        dd if="/dev/input/${e##*/}" bs=24 count=1 of=/dev/null 2>/dev/null && echo "GUEST PRESSED"
        return
    done
    echo "GUEST FAIL no button"
}

run_stream()
{
    need_disk
    i=0
    while [ $i -lt "$1" ]; do
        block $i | dd of="$disk" bs=1M seek=$i conv=notrunc,fsync 2>/dev/null || echo "GUEST FAIL write $i"
        echo "GUEST BLOCK $i"
        i=$((i + 1))
    done
    echo 3 > /proc/sys/vm/drop_caches
    echo "GUEST STREAM $1 $(head -c $(($1 * 1048576)) "$disk" | sha256sum | cut -d' ' -f1)"
}

# One line for each disk that came, changed its size or went, with a checksum
# of its first 64 KiB.
run_disks()
{
    mkdir -p /tmp/seen
    echo "GUEST WATCHES"
    while :; do
        for d in /sys/block/xvd* /tmp/seen/xvd*; do
            d=${d##*/}
            size=$(cat "/sys/block/$d/size" 2>/dev/null)
            [ "$size" != "$(cat "/tmp/seen/$d" 2>/dev/null)" ] || continue
            [ -n "$size" ] || { rm -f "/tmp/seen/$d"; [ "$d" = 'xvd*' ] || echo "GUEST LOST $d"; continue; }
            [ -b "/dev/$d" ] || continue
            echo "$size" > "/tmp/seen/$d"
            blockdev --flushbufs "/dev/$d" 2>/dev/null
            echo "GUEST SEES $d $size $(dd if="/dev/$d" bs=65536 count=1 2>/dev/null | sha256sum | cut -d' ' -f1)"
        done
        sleep 0.3
    done
}

# Twice, the disks in turn: what else the machine does hits both alike.
run_bench()
{
    for how in "read rand 4096 1 1000" "write rand 4096 1 1000" \
               "read seq 4096 1 1000" "read rand 4096 32 4000" \
               "write rand 4096 32 4000" "read seq 4096 32 4000" \
               "read seq 65536 1 300" "write seq 65536 1 300" \
               "read seq 1048576 1 50" "write seq 1048576 1 50" \
               "read seq 262144 16 200" "write seq 262144 16 200"; do
        for disk in /dev/xvd? /dev/xvd?; do
            # shellcheck disable=SC2086
            echo "GUEST $(blkbench "$disk" $how 2>&1)"
        done
    done
}

run_net()
{
    n=0
    until ip link set eth0 up 2>/dev/null; do
        n=$((n + 1))
        [ $n -lt 600 ] || { echo "GUEST FAIL no eth0"; off; }
        sleep 0.1
    done
    ip address add 10.77.0.2/24 dev eth0
    echo "GUEST MAC $(cat /sys/class/net/eth0/address)"
    until nc 10.77.0.1 5000 > /tmp/got 2>/dev/null && [ -s /tmp/got ]; do sleep 0.2; done
    echo "GUEST GOT $(wc -c < /tmp/got) $(sha256sum < /tmp/got | cut -d' ' -f1)"
    until nc 10.77.0.1 5001 < /tmp/got > /dev/null 2>&1; do sleep 0.2; done
    echo "GUEST SENT"
}

# On vCPU $1: the pattern must stay what it was.
check_memory()
{
    n=0
    while :; do
        [ "$(sha256sum < /tmp/pattern | cut -d' ' -f1)" = "$2" ] || echo "GUEST BAD memory on vCPU $1"
        n=$((n + 1))
        echo $n > /tmp/checked.$1
    done
}

run_work()
{
    need_disk
    { block 1; block 2; } > /tmp/pattern
    sum=$(sha256sum < /tmp/pattern | cut -d' ' -f1)
    for c in $(grep ^processor /proc/cpuinfo | cut -d: -f2); do
        check_memory "$c" "$sum" &
        taskset -p -c "$c" $! >/dev/null 2>&1
    done
    ip link set eth0 up 2>/dev/null && ip address add 10.77.1.2/24 dev eth0
    i=0
    while :; do
        block $i > /tmp/want
        dd if=/tmp/want of="$disk" bs=1M seek=$((i % 4)) conv=notrunc,fsync 2>/dev/null || echo "GUEST BAD write $i"
        echo 1 > /proc/sys/vm/drop_caches
        dd if="$disk" bs=1M skip=$((i % 4)) count=1 2>/dev/null | cmp -s - /tmp/want || echo "GUEST BAD read $i"
        for c in /sys/devices/system/cpu/cpu*/online; do
            [ "$(cat "$c")" = 1 ] || echo 1 > "$c"     # a vCPU that came back
        done
        i=$((i + 1))
        echo "GUEST ROUND $i checked $(cat /tmp/checked.* 2>/dev/null | tr '\n' ' ')"
        sleep 0.2
    done
}

# A round: 8 MiB of memory and 4 MiB of the disk, new contents each time, read
# back and compared.  Stops for ever, and says so, at the first difference.
hotplug_round()
{
    block "$1" | tee /tmp/w1 > /tmp/w2
    cat /tmp/w1 /tmp/w2 /tmp/w1 /tmp/w2 > /tmp/w3
    want=$(sha256sum < /tmp/w3)
    dd if=/tmp/w3 of=/dev/xvda bs=1M conv=notrunc,fsync 2>/dev/null || return 1
    echo 3 > /proc/sys/vm/drop_caches
    [ "$(head -c 4194304 /dev/xvda | sha256sum)" = "$want" ] || return 1
    cat /tmp/w3 > /tmp/w4
    [ "$(sha256sum < /tmp/w4)" = "$want" ]
}

# What udev does on a distribution: a CPU that appears is brought on line.
new_cpus()
{
    for c in /sys/devices/system/cpu/cpu[0-9]*/online; do
        [ "$(cat "$c" 2>/dev/null)" = 0 ] && echo 1 > "$c"
    done 2>/dev/null
}

sees()
{
    d=$(cd /sys/block && echo xvd*)
    n=$(cd /sys/class/net && for i in eth*; do [ -e "$i" ] && echo "$i"; done | tr '\n' ' ')
    echo "disks $d nics $n cpus $(cat /sys/devices/system/cpu/online) mib $(($(awk '/MemTotal/{print $2}' /proc/meminfo) / 1024))"
}

# A new disk is read; one whose first word is "hold" is also kept open.
look_at_disks()
{
    for b in /sys/block/xvd*; do
        b=${b##*/}
        case "$known" in *" $b "*) continue ;; esac
        [ -b "/dev/$b" ] || continue
        known="$known $b "
        [ "$b" = xvda ] && continue
        echo "GUEST NEWDISK $b $(blockdev --getsize64 "/dev/$b") $(sha256sum < "/dev/$b" | cut -d' ' -f1)"
        [ "$(head -c 4 "/dev/$b")" = hold ] && sleep 100000 < "/dev/$b" &
    done
    for b in $known; do
        [ -e "/sys/block/$b" ] || known=$(echo "$known" | sed "s/ $b / /")
    done
}

run_hotplug()
{
    need_disk
    known=" "
    (i=0; while hotplug_round $i; do echo "GUEST ROUND $i"; i=$((i + 1)); done
     echo "GUEST FAIL round $i") &
    before=
    while :; do
        new_cpus
        now=$(sees)
        [ "$now" = "$before" ] || echo "GUEST SEES $now"
        before=$now
        look_at_disks
        sleep 0.3
    done
}

# card_up INTERFACE [ADDRESS]: without one, by DHCP.
card_up()
{
    n=0
    until ip link set "$1" up 2>/dev/null; do
        n=$((n + 1))
        [ $n -lt 600 ] || { echo "GUEST FAIL no $1"; off; }
        sleep 0.1
    done
    mtu=$(arg guest.mtu)
    [ -z "$mtu" ] || ip link set "$1" mtu "$mtu"
    if [ -n "$2" ]; then
        ip address add "$2" dev "$1"
    else
        udhcpc -i "$1" -n -q -t 20 -T 1 -s /bin/guest-dhcp > /dev/null 2>&1 || echo "GUEST FAIL no lease"
    fi
    echo "GUEST NET $(cat "/sys/class/net/$1/address") $(ip -4 address show dev "$1" | sed -n 's/.*inet \([^ ]*\).*/\1/p')"
}

run_traffic()
{
    addresses=$(arg guest.ip)
    card_up eth0 "${addresses%%,*}"
    case $addresses in *,*) card_up eth1 "${addresses#*,}" ;; esac
    echo "GUEST OFFLOADS $(net_stream offloads eth0) queues $(ls -d /sys/class/net/eth0/queues/rx-* | wc -l)"
    for act in $(arg guest.do | tr , ' '); do
        # shellcheck disable=SC2046
        set -- $(echo "$act" | tr / ' ')
        echo "GUEST DOES $act"
        net_stream "$@" | sed 's/^/GUEST /'
    done
    echo "GUEST TRAFFIC DONE"
}

# What is on the screen, as 32 bits a pixel, as far as it is seen.
screen_bytes() { head -c "$((screen_w * screen_h * 4))" /dev/fb0; }

# A pointer's events from here on: where, then a button down and up.
show_pointer()
{
    for e in /sys/class/input/event*; do
        grep -q 'Xen Virtual Pointer' "$e/device/name" || continue
        echo "GUEST POINTS"
        # 24 bytes each: a time, type and code, the value; 7 with the ends.
        dd if="/dev/input/${e##*/}" bs=24 count=7 2>/dev/null | od -An -v -t d4 -w24 |
            while read -r _ _ _ _ what value; do
                echo "GUEST POINTER $((what & 65535)) $((what >> 16 & 65535)) $value"
            done
    done
    echo "GUEST POINTED"
}

set_size()
{
    fb_size "${1%x*}" "${1#*x}" || echo "GUEST FAIL no size $1"
    screen_w=${1%x*} screen_h=${1#*x}
    echo "GUEST SIZED $1"
}

show_screen()
{
    echo "GUEST SCREEN ${screen_w}x$screen_h $(screen_bytes | sha256sum | cut -d' ' -f1)"
}

# What somebody types before the screen is what happens next.
run_screen()
{
    n=0
    until [ -c /dev/fb0 ]; do
        n=$((n + 1))
        [ $n -lt 300 ] || { echo "GUEST FAIL no frame buffer"; off; }
        sleep 0.1
    done
    screen_w=$(cut -d, -f1 /sys/class/graphics/fb0/virtual_size)
    screen_h=$(cut -d, -f2 /sys/class/graphics/fb0/virtual_size)
    exec 3<>/dev/tty1
    printf '\033[?25lThis is the console of a guest\n' >&3
    show_screen
    while read -r line <&3; do
        echo "GUEST TYPED $line"
        case $line in
        draw*) yes "paravane screen ${line#draw }" | head -c "$(($(cat /sys/class/graphics/fb0/stride) * screen_h))" > /dev/fb0
               echo "GUEST DREW" ;;
        show*) show_screen ;;
        point) show_pointer ;;
        size*) set_size "${line#size }" ;;
        [Bb]ye) return ;;
        esac
    done
}

echo "GUEST UP $(uname -r)"
echo "GUEST CPUS $(grep -c ^processor /proc/cpuinfo) online $(cat /sys/devices/system/cpu/online)"
[ -d /sys/firmware/efi ] && echo "GUEST FIRMWARE efi"
echo "GUEST NPROC $(nproc) $(getconf _NPROCESSORS_ONLN)"
run=$(arg guest.run)
case $run in
hotplug) run_hotplug ;;
disk) run_disk; [ -z "$(arg guest.ip)" ] || run_traffic ;;
cd) run_cd ;;
reboots) run_reboots ;;
button) run_button ;;
discard) run_discard ;;
readonly) run_readonly ;;
net) run_net ;;
screen) run_screen ;;
work) run_work ;;
bench) need_disk; run_bench ;;
disks) run_disks ;;
traffic) run_traffic ;;
stream) run_stream 64 ;;
stream:*) run_stream "${run#*:}" ;;
idle) while :; do sleep 3600; done ;;
spin) for c in $(grep ^processor /proc/cpuinfo | cut -d: -f2); do while :; do :; done & done
      while :; do sleep 3600; done ;;
esac
off
