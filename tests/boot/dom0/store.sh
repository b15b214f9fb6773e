#!/bin/sh
# SPDX-License-Identifier: MIT
# The store killed again and again under its users on real rings: dom0's
# kernel (through /dev/xen/xenbus) and a guest that boots meanwhile.  No
# write is lost, watches of the kernel and of the guest live on.
. /etc/paravane/tests/lib.sh
kernel() { XENSTORED_PATH=/dev/xen/xenbus xs "$@"; }
kill_store() { kill -9 "$(pidof xenstored)"; }

check 'the kernel has its store' kernel read /local/domain/0/name
check 'writes through the kernel' kernel write /ring/first 1
same 'are read over the socket' 1 "$(xs read /ring/first)"
kernel watch /ring/watched > /tmp/seen &
watcher=$!

# Few times: PID 1 restarts a service that dies often ever later.
(
    for _ in 1 2 3 4 5 6; do
        wait_for 20 pidof xenstored
        sleep 1
        kill_store
    done
) 2>/dev/null &
killer=$!
i=0
while [ $i -lt 60 ]; do
    kernel write "/ring/n$i" "$i" || fail "write $i" 'through the kernel'
    i=$((i + 1))
done
wait $killer
check 'the store is back' wait_for 30 xs read /ring/first
lost=0
i=0
while [ $i -lt 60 ]; do
    [ "$(xs read "/ring/n$i" 2>/dev/null)" = $i ] || lost=$((lost + 1))
    i=$((i + 1))
done
same 'no write through the kernel was lost' 0 $lost
check 'the tree is sound' xs control check
xs write /ring/watched/now 1
check 'a watch through the kernel lives on' \
    wait_for 20 grep -q /ring/watched/now /tmp/seen
kill $watcher

domain rings idle 192 > /tmp/rings.xml
check 'vmctl create' vmctl create /tmp/rings.xml
id=$(xs list /local/domain | tail -n 1)
kill_store
sleep 3
kill_store
check 'a guest boots over two kills' wait_for 180 said rings 'GUEST UP'
kill_store
check 'the store is back again' wait_for 30 xs read /ring/first
check 'the guest hears of its shutdown' vmctl shutdown rings
check 'the guest ends' wait_for 120 gone rings
check 'its nodes are gone' wait_for 20 sh -c "! xs exists /local/domain/$id"
check 'the tree is still sound' xs control check
[ $failures = 0 ] || last_words rings
finish
