#!/bin/sh
# SPDX-License-Identifier: MIT
# Our block backend against stock blkfront: a ring of sixteen pages, grants
# that are not kept, the largest indirect requests, discard, a disk that is
# read-only.  Checksums tell; the serving process has no rights.
. /etc/paravane/tests/lib.sh
mib=8

# guest NAME RUN DISK: create it and wait for its end.
guest()
{
    check "$1: vmctl create" vmctl create "/tmp/$1.xml"
    check "$1: userspace" wait_for 180 said "$1" 'GUEST UP'
}

ended()
{
    check "$1: ends" wait_for 120 gone "$1"
    said "$1" 'GUEST FAIL' && fail "$1" "$(grep 'GUEST FAIL' "$(guest_log "$1")")"
}

key() { xs read "$1"; }

blocks 100 $((100 + mib)) > /tmp/wide.raw
before=$(sha < /tmp/wide.raw)
domain wide "disk xen_blkfront.max_ring_page_order=4" 192 1 /tmp/wide.raw > /tmp/wide.xml
guest wide
check 'wide: reads' wait_for 120 said wide 'GUEST DISK'
id=$(vmctl domid wide)
same 'wide: a ring of 16 pages' 4 "$(key "/local/domain/$id/device/vbd/51712/ring-page-order")"
server=$(pidof paravane-blkd | tr ' ' '\n' | sort -n | tail -n 1)
same 'the serving process has no capability' 0000000000000000 "$(awk '/CapEff/{print $2}' "/proc/$server/status")"
same 'and a filter of system calls' 2 "$(awk '/^Seccomp:/{print $2}' "/proc/$server/status")"
same 'and an empty root directory' '' "$(ls "/proc/$server/root")"
same 'and a user of its own' "$((0x70000000 + id))" "$(awk '/^Uid:/{print $2}' "/proc/$server/status")"
for ns in mnt net ipc uts cgroup pid user; do
    check "and its own $ns namespace" \
        test "$(readlink "/proc/$server/ns/$ns")" != "$(readlink "/proc/self/ns/$ns")"
done
paravane-blkd --sandbox
same 'wide: checksum of what it read' "$((mib * 1048576)) $before" "$(heard wide DISK 1-2)"
ended wide
same 'wide: checksum of what it wrote' "$(sha < /tmp/wide.raw)" "$(heard wide WROTE 1)"
same 'wide: the file is as it should be' \
    "$( (blocks 100 $((100 + mib / 2)); blocks $((mib / 2)) $mib) | sha)" "$(sha < /tmp/wide.raw)"

dd if=/dev/zero of=/tmp/trim.raw bs=1M count=$mib 2>/dev/null
domain trim "discard xen_blkfront.feature_persistent=0 xen_blkfront.max_indirect_segments=256" \
    192 1 /tmp/trim.raw > /tmp/trim.xml
guest trim
ended trim
same 'trim: zeros where it discarded' \
    "$( (dd if=/dev/zero bs=1M count=$((mib / 2)) 2>/dev/null; blocks $((mib / 2)) $mib) | sha)" \
    "$(heard trim DISCARDED 1)"
same 'trim: the file says the same' "$(heard trim DISCARDED 1)" "$(sha < /tmp/trim.raw)"
check 'trim: the file became smaller' test "$(du -m /tmp/trim.raw | cut -f1)" -le $((mib / 2 + 1))

domain fixed readonly 192 1 /tmp/wide.raw | sed 's|<target dev=.*|&<readonly/>|' > /tmp/fixed.xml
guest fixed
ended fixed
same 'fixed: says it is read-only' "1 $(sha < /tmp/wide.raw)" "$(heard fixed RO 1-2)"
check 'fixed: a write is refused' said fixed 'GUEST REFUSED'
check 'no journal is left' sh -c '! ls /run/paravane/blk/*.journal'
[ $failures = 0 ] || { last_words wide; last_words trim; last_words fixed; }
finish
