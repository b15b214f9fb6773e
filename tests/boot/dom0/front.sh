#!/bin/sh
# SPDX-License-Identifier: MIT
# The front side of pv-drivers, in a guest of a few hundred kilobytes: disk by
# checksum, with our backend and with the kernel's, console, a card that
# answers ARP and echo.
. /etc/paravane/tests/lib.sh
mib=4

# the first half as it was but for a discarded piece, the second as written
disk_guest()
{
    blocks 0 $mib > "/tmp/$1.raw"
    sum=$(crc32 < "/tmp/$1.raw")
    tiny "$1" frontend disk 16 "/tmp/$1.raw" > "/tmp/$1.xml"
    check "$1: vmctl create" vmctl create "/tmp/$1.xml"
    check "$1: runs" wait_for 60 said "$1" 'GUEST UP'
    check "$1: switches itself off" wait_for 120 gone "$1"
    same "$1: checksum of what it read" "$((mib * 1048576)) $sum" "$(heard "$1" DISK 1-2)"
    same "$1: checksum of what it wrote" "$(crc32 < "/tmp/$1.raw") errors 0" \
        "$(heard "$1" WROTE 1-3)"
    check "$1: it has changed the disk" test "$sum" != "$(crc32 < "/tmp/$1.raw")"
    said "$1" 'GUEST FAIL' && fail "$1" "$(grep 'GUEST FAIL' "$(guest_log "$1")")"
}

disk_guest ours
DRIVER=phy disk_guest kernels

check 'a bridge' make_bridge
CARD=00:02 tiny card frontend 'net loop ip=258' 16 > /tmp/card.xml
check 'card: vmctl create' vmctl create /tmp/card.xml
check 'card: connects' wait_for 60 said card 'GUEST CARD'
check 'card: answers echoes, of all sizes' ping -c 20 -i 0.1 -s 1400 10.77.1.2
check 'card: and small ones' ping -c 5 -i 0.1 -s 0 10.77.1.2
vmctl shutdown card
check 'card: ends when told to' wait_for 60 gone card
same 'card: saw no bad checksum' '0' "$(heard card ECHO 3)"
[ $failures = 0 ] || { last_words ours; last_words kernels; last_words card; }
finish
