#!/bin/sh
# SPDX-License-Identifier: MIT
# A device model that dies: its guest alone is stopped, and why is said; or it
# is started again, if that is what the configuration says.  It is killed in the
# BIOS, in the boot loader, amid writes and when nothing is to be done.
. /etc/paravane/tests/lib.sh

# The device model of the guest NAME.
model()
{
    for p in $(pidof paravane-hvm-emu); do
        tr '\0' ' ' < "/proc/$p/cmdline" | grep -q -- "--domid $(vmctl domid "$1") " && echo "$p"
    done
}

hvm_disk /tmp/boot.raw 'console=ttyS0 quiet xen_nopv no_timer_check guest.run=stream:40 guest.disk=0:0:1:0'
domain other idle 160 > /tmp/other.xml
check 'another guest runs' vmctl create /tmp/other.xml
truncate -s 40M /tmp/data.raw
hvm victim 192 1 /tmp/boot.raw /tmp/data.raw > /tmp/victim.xml
check 'vmctl create' vmctl create /tmp/victim.xml || { last_words victim; finish; }
check 'guest writes' wait_for 480 serial_said victim 'GUEST BLOCK 2' || { last_words victim; finish; }
mark
kill -9 "$(model victim)"
check 'the guest crashes' came victim crash 30
check 'and is gone' wait_for 60 gone victim
check 'the event says why' sh -c "vmctl events --since $cursor --domain victim --event crash --once --timeout 5 | grep -q device-model"
check 'the log says why' grep -q 'the device model, process .* has ended' /var/log/vmctl/victim.log
check 'nothing is left of it' sh -c '! pidof paravane-hvm-emu && ! xs ls /local/domain/0/device-model | grep -q .'
check 'the other guest runs on' running other
last=$(grep -a 'GUEST BLOCK' /tmp/victim.serial | tail -n 1 | tr -cd 0-9)
same 'what it had flushed is in its image' "$(blocks 0 $((last + 1)) | sha)" \
    "$(head -c $(((last + 1) * 1048576)) /tmp/data.raw | sha)"

# Configured to start again.
hvm_disk /tmp/boot.raw 'console=ttyS0 quiet xen_nopv no_timer_check guest.run=idle'
hvm again 192 1 /tmp/boot.raw | sed 's/<on_crash>destroy/<on_crash>restart/' > /tmp/again.xml

# killed WHEN: it is, and the guest starts again.
killed()
{
    mark
    rm -f /tmp/again.serial
    kill -9 "$(model again)"
    check "$1: it is started again" came again started 60
    check "$1: with a device model" wait_for 20 model again
    check "$1: the other guest runs on" running other
}
check 'vmctl create again' vmctl create /tmp/again.xml
killed 'killed in the BIOS'
check 'the boot loader is there' wait_for 120 sh -c '[ -s /tmp/again.serial ]'
killed 'killed in the boot loader'
check 'it gets to userspace' wait_for 480 serial_said again 'GUEST UP' || last_words again
killed 'killed when it is idle'
check 'destroy' vmctl destroy again other
check 'no process is left' sh -c '! pidof paravane-hvm-emu && ! pidof paravane-blkd'
[ $failures = 0 ] || { last_words victim; last_words again; }
finish
