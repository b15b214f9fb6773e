#!/bin/sh
# SPDX-License-Identifier: MIT
# Disks of a running guest: they come, grow, change their medium and go.
. /etc/paravane/tests/lib.sh

# sees TARGET MIB FILE: the guest says so, and what the file begins with.
sees()
{
    sum=$(head -c 65536 "$3" | sha)
    check "the guest sees $1 of $2 MiB" wait_for 60 said disks "GUEST SEES $1 $(($2 * 2048)) $sum"
}

# file NAME MIB: its content says which it is.
file() { blocks "$2" "$(($2 * 2))" > "/tmp/$1"; truncate -s "$2M" "/tmp/$1"; }

refused()
{
    name=$1; code=$2; words=$3; shift 3
    "$@" > /tmp/out 2>&1
    rc=$?
    if [ $rc = "$code" ] && grep -q "$words" /tmp/out; then pass "$name"; else fail "$name" "exit $rc: $(tail -n 1 /tmp/out)"; fi
}

for n in 2 3 4 5 6; do file "$n.raw" $n; done
domain disks disks 160 1 /tmp/2.raw | sed 's|</disk>|&<disk type="file" device="cdrom"><target dev="xvdc"/></disk>|' > /tmp/disks.xml
check 'vmctl create' vmctl create /tmp/disks.xml
check 'the guest watches' wait_for 180 said disks 'GUEST WATCHES'
sees xvda 2 /tmp/2.raw
check 'the guest sees an empty drive' wait_for 60 said disks 'GUEST SEES xvdc 0 '

# come and go
check 'attach-disk' vmctl attach-disk disks /tmp/3.raw xvdb
sees xvdb 3 /tmp/3.raw
refused 'attach-disk: a target in use' 4 'there already' vmctl attach-disk disks /tmp/4.raw xvdb
refused 'attach-disk: an image in use' 4 'has it open' vmctl attach-disk disks /tmp/2.raw xvdd
refused 'attach-disk: no such file' 5 'No such file' vmctl attach-disk disks /tmp/none xvdd
same 'domblklist' 'xvda /tmp/2.raw xvdc - xvdb /tmp/3.raw' "$(vmctl domblklist --no-header disks | xargs)"
check 'dumpxml knows it' sh -c 'vmctl dumpxml disks | grep -q /tmp/3.raw'
check 'attach-disk by the kernel' vmctl attach-disk disks /tmp/4.raw xvdd --driver phy
sees xvdd 4 /tmp/4.raw

# grow
check 'blockresize' vmctl blockresize disks xvdb 7m
check 'the guest sees 7 MiB' wait_for 60 said disks "GUEST SEES xvdb $((7 * 2048)) "
same 'the file has them' $((7 * 1048576)) "$(stat -c %s /tmp/3.raw)"
check 'blockresize, the kernel serves' vmctl blockresize disks xvdd 8m
same 'that file has them' $((8 * 1048576)) "$(stat -c %s /tmp/4.raw)"
refused 'blockresize: smaller' 4 'can only grow' vmctl blockresize disks xvdb 1m
refused 'blockresize: no such disk' 3 'no such device' vmctl blockresize disks xvdz 1m
refused 'blockresize: no size' 2 'not a size' vmctl blockresize disks xvdb 5x
truncate -s 9M /tmp/3.raw
check 'blockresize without a size' vmctl blockresize disks xvdb
check 'the guest sees 9 MiB' wait_for 60 said disks "GUEST SEES xvdb $((9 * 2048)) "

# a host block device, which grows without a word
truncate -s 10M /tmp/host.raw
loop=$(losetup -f)
losetup "$loop" /tmp/host.raw
check 'attach-disk: a host block device' vmctl attach-disk disks "$loop" xvdf
check 'the guest sees 10 MiB' wait_for 60 said disks "GUEST SEES xvdf $((10 * 2048)) "
truncate -s 12M /tmp/host.raw
losetup -c "$loop"
check 'the guest sees 12 MiB' wait_for 60 said disks "GUEST SEES xvdf $((12 * 2048)) "

# medium
check 'change-media: insert' vmctl change-media disks xvdc /tmp/5.raw --insert
sees xvdc 5 /tmp/5.raw
refused 'change-media: not empty' 4 'not empty' vmctl change-media disks xvdc /tmp/6.raw --insert
check 'change-media: another' vmctl change-media disks xvdc /tmp/6.raw
sees xvdc 6 /tmp/6.raw
check 'change-media: eject' vmctl change-media disks xvdc --eject
same 'the guest sees it twice empty' yes "$(wait_for 60 sh -c '[ $(grep -c "GUEST SEES xvdc 0 " /var/log/xen/console/guest-disks.log) = 2 ]' && echo yes)"
refused 'change-media: empty already' 4 'drive is empty' vmctl change-media disks xvdc --eject
refused 'change-media: not a drive' 4 'not a drive' vmctl change-media disks xvda /tmp/6.raw

# go
check 'detach-disk' vmctl detach-disk disks xvdb
check 'the guest lost it' wait_for 60 said disks 'GUEST LOST xvdb'
check 'detach-disk, the kernel served' vmctl detach-disk disks xvdd
check 'the guest lost that' wait_for 60 said disks 'GUEST LOST xvdd'
refused 'detach-disk: gone already' 3 'no such device' vmctl detach-disk disks xvdb
check 'its image is free' vmctl attach-disk disks /tmp/3.raw xvde --readonly
sees xvde 9 /tmp/3.raw
check 'destroyed' vmctl destroy disks
losetup -d "$loop"
check 'no lock is left' wait_for 30 sh -c '! grep -q OFDLCK /proc/locks'
check 'no journal is left' sh -c '! ls /run/paravane/blk/*.journal'
[ $failures = 0 ] || last_words disks
finish
