#!/bin/sh
# SPDX-License-Identifier: MIT
# kill -9 of the store, of the console daemon and of the block backend while
# a guest writes a checksummed stream: it finishes, and every byte is right.
. /etc/paravane/tests/lib.sh
nr=48
BLK=paravane-blkd

kill_one()
{
    pids=$(pidof "$1") || { fail "kill $1" 'no such process'; return; }
    # shellcheck disable=SC2086
    kill -9 $pids && echo "killed $1 ($pids) after guest block $(heard crash BLOCK 1)"
}

# past N: the guest has written block N.
past() { [ "$(heard crash BLOCK 1)" -ge "$1" ]; }

dd if=/dev/zero of=/tmp/crash.raw bs=1M count=$nr 2>/dev/null
domain crash stream:$nr 192 1 /tmp/crash.raw > /tmp/crash.xml
check 'vmctl create' vmctl create /tmp/crash.xml
check 'the stream flows' wait_for 180 past 4
kill_one xenstored
check 'it flows on without the store' wait_for 120 past 14
check 'the store is back' wait_for 30 vmctl list
check 'the store still knows the guest' running crash
kill_one consoled
check 'it is heard again after the console daemon died' wait_for 120 past 24
kill_one "$BLK"
check 'it flows on after the block backend died' wait_for 120 past 36
check 'the stream ends' wait_for 240 said crash 'GUEST STREAM'
same 'the guest reads back what it wrote' "$nr $(blocks 0 $nr | sha)" "$(heard crash STREAM 1-2)"
check 'the guest ends' wait_for 60 gone crash
same 'the file holds what the guest wrote' "$(blocks 0 $nr | sha)" "$(sha < /tmp/crash.raw)"
same 'no block was said twice or lost' "$(seq 0 $((nr - 1)) | sha)" \
    "$(sed -n 's/.*GUEST BLOCK //p' "$(guest_log crash)" | tr -d '\r' | sha)"
[ $failures = 0 ] || last_words crash
finish
