#!/bin/sh
# SPDX-License-Identifier: MIT
# qcow2 images: a backing file, a snapshot, growth, locks, and the death of
# either process in a stream of writes.  qemu-img is the judge.
. /etc/paravane/tests/lib.sh
mib=8

# image NAME RUN: a guest on /tmp/NAME.qcow2.
image()
{
    DRIVER=qemu domain "$1" "$2" 160 1 "/tmp/$1.qcow2" | sed "s/type='raw'/type='qcow2'/" > "/tmp/$1.xml"
    check "$1: vmctl create" vmctl create "/tmp/$1.xml"
}
up() { check "$1: userspace" wait_for 180 said "$1" 'GUEST UP'; }
ended()
{
    check "$1: ends" wait_for 300 gone "$1"
    said "$1" 'GUEST FAIL' && fail "$1" "$(grep 'GUEST FAIL' "$(guest_log "$1")")"
    check "$1: the image is whole" qemu-img check -q -f qcow2 "/tmp/$1.qcow2"
}
content() { qemu-img convert -f qcow2 -O raw "$1" /tmp/content && sha < /tmp/content; }
daemon() { pidof qemu-storage-daemon; }
server() { pidof paravane-blkd | tr ' ' '\n' | sort -n | tail -n 1; }

# a backing file, and a snapshot in the image
blocks 200 $((200 + mib)) > /tmp/base.raw
base=$(sha < /tmp/base.raw)
qemu-img create -q -f qcow2 -b base.raw -F raw /tmp/over.qcow2
qemu-img snapshot -c before /tmp/over.qcow2
image over disk
up over
same 'over: one daemon' 1 "$(daemon | wc -w)"
same 'over: not root' '' "$(awk '/^Uid:/ && $2 == 0' "/proc/$(daemon)/status")"
same 'over: a filter of system calls' 2 "$(awk '/^Seccomp:/{print $2}' "/proc/$(daemon)/status")"
same 'over: it sees its image only' '0 1' "$(ls "/proc/$(daemon)/root/img" | xargs)"
ended over
same 'over: reads through to the base' "$((mib * 1048576)) $base" "$(heard over DISK 1-2)"
same 'over: the image has what the guest wrote' "$(heard over WROTE 1)" "$(content /tmp/over.qcow2)"
same 'over: and it is the right thing' \
    "$( (blocks 200 $((200 + mib / 2)); blocks $((mib / 2)) $mib) | sha)" "$(heard over WROTE 1)"
same 'over: the base is as it was' "$base" "$(sha < /tmp/base.raw)"
qemu-img snapshot -a before /tmp/over.qcow2
same 'over: the snapshot is as it was' "$base" "$(content /tmp/over.qcow2)"
same 'no daemon is left' '' "$(daemon)"

# discard: zeros, and a smaller file
qemu-img create -q -f qcow2 /tmp/trim.qcow2 ${mib}M
image trim discard
up trim
ended trim
same 'trim: zeros where it discarded' \
    "$( (dd if=/dev/zero bs=1M count=$((mib / 2)) 2>/dev/null; blocks $((mib / 2)) $mib) | sha)" \
    "$(heard trim DISCARDED 1)"
same 'trim: the image says the same' "$(heard trim DISCARDED 1)" "$(content /tmp/trim.qcow2)"

# growth and locks while it runs
qemu-img create -q -f qcow2 /tmp/disks.qcow2 4M
image disks disks
check 'the guest sees 4 MiB' wait_for 180 said disks "GUEST SEES xvda $((4 * 2048)) "
check 'blockresize' vmctl blockresize disks xvda 64m
check 'the guest sees 64 MiB' wait_for 60 said disks "GUEST SEES xvda $((64 * 2048)) "
sed 's/<name>disks/<name>other/' /tmp/disks.xml > /tmp/other.xml
vmctl create /tmp/other.xml > /tmp/out 2>&1
same 'a second domain is refused' "4 1" "$? $(grep -c 'disks) has it open for writing' /tmp/out)"
check 'qemu-img is refused' sh -c '! qemu-img resize -q -f qcow2 /tmp/disks.qcow2 128M 2>/dev/null'
qemu-img create -q -f qcow2 /tmp/hot.qcow2 3M
check 'attach-disk' vmctl attach-disk disks /tmp/hot.qcow2 xvdb --subdriver qcow2
check 'the guest sees that' wait_for 60 said disks "GUEST SEES xvdb $((3 * 2048)) "
same 'two daemons' 2 "$(daemon | wc -w)"
check 'detach-disk' vmctl detach-disk disks xvdb
same 'one daemon' 1 "$(daemon | wc -w)"
check 'destroyed' vmctl destroy disks
same 'its size is kept' $((64 * 1048576)) "$(qemu-img info --output=json /tmp/disks.qcow2 | sed -n 's/.*"virtual-size": \([0-9]*\).*/\1/p')"

# SIGKILL, again and again
qemu-img create -q -f qcow2 /tmp/kill.qcow2 32M
image kill stream:24
up kill
for n in 2 5 8 11 14 17 20; do
    check "killed at block $n" wait_for 120 said kill "GUEST BLOCK $n"
    if [ $((n % 2)) = 0 ]; then kill -9 "$(daemon)"; else kill -9 "$(server)"; fi
done
check 'kill: ends' wait_for 300 gone kill
said kill 'GUEST FAIL' && fail kill "$(grep 'GUEST FAIL' "$(guest_log kill)")"
same 'kill: the guest reads what it wrote' "24 $(blocks 0 24 | sha)" "$(heard kill STREAM 1-2)"
qemu-img check -q -r leaks /tmp/kill.qcow2 > /dev/null
check 'kill: nothing but leaks' qemu-img check -q /tmp/kill.qcow2
content /tmp/kill.qcow2 > /dev/null
same 'kill: the image has it' "$(blocks 0 24 | sha)" "$(head -c $((24 * 1048576)) /tmp/content | sha)"
check 'no lock is left' wait_for 30 sh -c '! grep -q OFDLCK /proc/locks'
[ $failures = 0 ] || { last_words over; last_words trim; last_words disks; last_words kill; }
finish
