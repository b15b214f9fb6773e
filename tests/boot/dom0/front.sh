#!/bin/sh
# SPDX-License-Identifier: MIT
# The front side of pv-drivers, in a guest of a few hundred kilobytes: disk by
# checksum and a card that answers ARP and echo, each with our backend and with
# the kernel's; keyboard, pointer, console.
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

# card_guest NAME H BACKEND: MAC 00:16:3e:77:00:0H, 10.77.1.H
card_guest()
{
    CARD=00:0$2 tiny "$1" frontend "net loop ip=$((256 + $2))" 16 > "/tmp/$1.xml"
    check "$1: vmctl create" vmctl create "/tmp/$1.xml"
    check "$1: connects" wait_for 60 said "$1" 'GUEST CARD'
    check "$1: answers echoes, of all sizes" ping -c 20 -i 0.1 -s 1400 "10.77.1.$2"
    check "$1: and small ones" ping -c 5 -i 0.1 -s 0 "10.77.1.$2"
    same "$1: its address is known" "00:16:3e:77:00:0$2 10.77.1.$2 arp" \
        "$(vmctl domifaddr --no-header "$1" | tr -s ' ')"
    back=$(xs read "/local/domain/$(vmctl domid "$1")/device/vif/0/backend")
    same "$1: whose backend it is" "$3" "$(echo "$back" | cut -d/ -f6)"
    vmctl shutdown "$1"
    check "$1: ends when told to" wait_for 60 gone "$1"
    same "$1: saw no bad checksum" '0' "$(heard "$1" ECHO 3)"
    same "$1: and nothing else wrong" '0' "$(heard "$1" LOOP 3)"
}

check 'a bridge' make_bridge
card_guest card 2 tapnet
CARD_BY=vhost card_guest kernels-card 3 vif

# A viewer that moves to 100, 200 and to 120, 230, presses and releases the left
# button there.  Without a frame buffer it is shown 640 x 480; the axes of the
# pointer have 800 x 600.
viewer()
{
    { printf 'RFB 003.003\n'; sleep 1; printf '\001'; sleep 1
      for event in '\000\000\144\000\310' '\000\000\170\000\346' '\001\000\170\000\346' \
          '\000\000\170\000\346'; do
          printf "\\005$event"
      done
      sleep 1; } | nc 127.0.0.1 5900 > /dev/null
}

# input_guest NAME WORD POINTED: keys of vmctl, a pointer of a viewer
input_guest()
{
    tiny "$1" frontend "input loop $2" 16 |
        sed "s|<console type|<graphics type='vnc' port='5900'/>&|" > "/tmp/$1.xml"
    check "$1: vmctl create" vmctl create "/tmp/$1.xml"
    check "$1: connects" wait_for 60 said "$1" 'GUEST INPUT'
    check "$1: a key of vmctl" vmctl send-key "$1" KEY_LEFTSHIFT b
    check "$1: is released in the guest" wait_for 30 said "$1" 'GUEST KEY 42 0'
    same "$1: all of its events" '42 1 48 1 48 0 42 0' \
        "$(sed -n 's/.*GUEST KEY //p' "$(guest_log "$1")" | tr -d '\r' | tr '\n' ' ' | sed 's/ $//')"
    check "$1: a viewer" viewer
    check "$1: its button" wait_for 30 said "$1" 'GUEST KEY 272 0'
    check "$1: where it points" said "$1" "GUEST $3"
    vmctl shutdown "$1"
    check "$1: ends when told to" wait_for 60 gone "$1"
    same "$1: nothing was wrong" '0' "$(heard "$1" LOOP 3)"
}

ip link set lo up
input_guest keys '' 'POS 150 287 0'
input_guest mouse relative 'MOTION 25 37 0'
[ $failures = 0 ] || for g in ours kernels card kernels-card keys mouse; do last_words $g; done
finish
