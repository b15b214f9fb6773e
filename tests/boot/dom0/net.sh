#!/bin/sh
# SPDX-License-Identifier: MIT
# Our network backend against stock netfront: a card is plugged into a running
# guest, TCP data goes both ways with checksums, and it goes on when the
# backend and its serving process are killed on the way.
. /etc/paravane/tests/lib.sh
mib=16
BACK=/local/domain/0/backend/tapnet

# card DOMID: the store entries a toolstack writes.
card()
{
    front=/local/domain/$1/device/vif/0
    xs mkdir "$BACK/$1" "/local/domain/$1/device/vif" "$front"
    xs chmod "$BACK/$1" n0 "r$1"
    xs chmod "/local/domain/$1/device/vif" "n$1" r0
    xs chmod "$front" "n$1" r0
    xs write "$BACK/$1/0/frontend" "$front" "$BACK/$1/0/frontend-id" "$1" "$BACK/$1/0/online" 1 \
        "$BACK/$1/0/mac" 00:16:3e:77:00:02 "$BACK/$1/0/handle" 0 "$BACK/$1/0/state" 1 \
        "$front/backend" "$BACK/$1/0" "$front/backend-id" 0 "$front/handle" 0 \
        "$front/mac" 00:16:3e:77:00:02 "$front/state" 1
}

# What supervises it in a toolstack.
keep_netd()
{
    while :; do
        paravane-netd --domid "$1" 2>> /tmp/netd.log
        rc=$?
        echo "netd ended: $rc" >> /tmp/netd.log
        [ $rc != 0 ] || return
    done
}

blocks 0 $mib > /tmp/data
domain card net 256 1 > /tmp/card.xml
check 'vmctl create' vmctl create /tmp/card.xml
check 'guest reaches userspace' wait_for 180 said card 'GUEST UP'
id=$(vmctl domid card)
card "$id"
keep_netd "$id" &
check 'the card connects' wait_for 60 sh -c "[ \"\$(xs read $BACK/$id/0/state)\" = 4 ]"
ip link set "vif$id.0" up
ip address add 10.77.0.1/24 dev "vif$id.0"
# nc ends as soon as either side has: whoever receives keeps its input open.
nc -l -p 5000 < /tmp/data > /dev/null &
sleep 900 | nc -l -p 5001 > /tmp/back &
check 'the guest has its address' wait_for 60 said card 'GUEST MAC 00:16:3e:77:00:02'
server=$(pidof paravane-netd | tr ' ' '\n' | sort -n | tail -n 1)
same 'the serving process has no capability' 0000000000000000 "$(awk '/CapEff/{print $2}' "/proc/$server/status")"
kill -9 "$server"
sleep 2
# shellcheck disable=SC2046
kill -9 $(pidof paravane-netd)
check 'the guest has all data' wait_for 180 said card 'GUEST GOT'
same 'checksum of what the guest got' "$((mib * 1048576)) $(sha < /tmp/data)" "$(heard card GOT 1-2)"
check 'the guest has sent all' wait_for 180 said card 'GUEST SENT'
check 'checksum of what it sent' wait_for 30 cmp /tmp/data /tmp/back
check 'the guest ends' wait_for 60 gone card
xs rm "$BACK/$id"
check 'the backend ends' wait_for 30 sh -c '! pidof paravane-netd'
check 'and the tap with it' sh -c "! ip link show vif$id.0"
cat /tmp/netd.log
[ $failures = 0 ] || last_words card
finish
