#!/bin/sh
# SPDX-License-Identifier: MIT
# No image is opened for writing twice: not by two domains, whoever serves
# them and whatever the image is called, and not beside another program.
. /etc/paravane/tests/lib.sh

# refused NAME XML WORDS: vmctl create fails with exit code 4 and says WORDS.
refused()
{
    vmctl create "$2" > /tmp/out 2>&1
    rc=$?
    if [ $rc = 4 ] && grep -q "$3" /tmp/out; then
        pass "$1"
    else
        fail "$1" "exit $rc: $(tail -n 1 /tmp/out)"
    fi
    same "$1: nothing is left" '' "$(vmctl list --name | grep -x second)"
}

dd if=/dev/zero of=/tmp/one.raw bs=1M count=4 2>/dev/null
ln /tmp/one.raw /tmp/other-name.raw
domain first idle 128 1 /tmp/one.raw > /tmp/first.xml
domain second idle 128 1 /tmp/other-name.raw > /tmp/second.xml
DRIVER=phy domain second idle 128 1 /tmp/one.raw > /tmp/second-phy.xml
DRIVER=phy domain first idle 128 1 /tmp/one.raw > /tmp/first-phy.xml
sed 's|<target dev=.*|&<readonly/>|' /tmp/second.xml > /tmp/second-ro.xml

check 'first: vmctl create' vmctl create /tmp/first.xml
check 'first: userspace' wait_for 180 said first 'GUEST UP'
refused 'ours, then ours' /tmp/second.xml 'first) has it open for writing'
refused 'ours, then the kernel' /tmp/second-phy.xml 'first) has it open for writing'
refused 'ours, then a reader' /tmp/second-ro.xml 'first) has it open for writing'
check 'first: destroyed' vmctl destroy first

check 'first by the kernel: vmctl create' vmctl create /tmp/first-phy.xml
refused 'the kernel, then ours' /tmp/second.xml 'first) has it open for writing'
refused 'the kernel, then the kernel' /tmp/second-phy.xml 'first) has it open for writing'
# The loop device holds the lock, not a process that may die.
check 'the lock is there' grep -q OFDLCK /proc/locks
check 'first: destroyed again' vmctl destroy first
check 'and no lock is left' wait_for 30 sh -c '! grep -q OFDLCK /proc/locks'

check 'free again: vmctl create' vmctl create /tmp/second.xml
check 'second: userspace' wait_for 180 said second 'GUEST UP'
check 'second: destroyed' vmctl destroy second

sed 's|</disk>|&<disk type="file" device="disk"><driver name="file"/><source file="/tmp/other-name.raw"/><target dev="xvdb"/></disk>|' \
    /tmp/first.xml > /tmp/both.xml
refused 'twice in one domain' /tmp/both.xml 'first) has it open for writing'

for n in first second; do
    domain $n idle 128 1 /tmp/one.raw | sed 's|<target dev=.*|&<readonly/>|' > /tmp/$n-ro.xml
    check "$n: a reader" vmctl create /tmp/$n-ro.xml
done
check 'two readers: both run' wait_for 180 sh -c 'grep -q "GUEST UP" /var/log/xen/console/guest-first.log && grep -q "GUEST UP" /var/log/xen/console/guest-second.log'
check 'all destroyed' vmctl destroy first second
[ $failures = 0 ] || last_words first
finish
