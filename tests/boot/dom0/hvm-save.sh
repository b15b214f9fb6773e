#!/bin/sh
# SPDX-License-Identifier: MIT
# HVM and PVH guests that check their memory and their disk all the time are
# saved and restored: an HVM guest without PV drivers, which is stopped between
# two instructions; a PVH guest, which suspends itself.
. /etc/paravane/tests/lib.sh
rounds() { if [ "$1" = bare ]; then serial_heard "$1" ROUND 1; else heard "$1" ROUND 1; fi; }
past() { [ "$(rounds "$1")" -gt "$2" ] 2>/dev/null; }
works() { n=$(rounds "$1"); wait_for 180 past "$1" $((n + 2)); }
bad() { grep -a 'GUEST BAD' "/tmp/$1.serial" "$(guest_log "$1")" 2>/dev/null; }
never_bad() { ! bad "$1" | grep -q .; }

# What helps when it went wrong: the worker's and the hypervisor's log, too.
why()
{
    last_words "$1"
    tail -n 12 "/var/log/vmctl/$1.log" | sed "s/^/$1 log| /"
    vmctl dmesg | tail -n 12
    return 1
}

# save_story NAME: of a guest that works.
save_story()
{
    check "$1 works" wait_for 480 past "$1" 2 || why "$1" || return
    check "$1 is saved" vmctl save --timeout 120 "$1" "/tmp/$1.save" || why "$1" || return
    check "$1 has gone" gone "$1"
    same 'no process is left' '' "$(pidof paravane-hvm-emu paravane-blkd)"
    check "$1 is restored" vmctl restore "/tmp/$1.save" || why "$1" || return
    check "$1 works on" works "$1" || why "$1" || return
    check "a checkpoint of $1" vmctl save --checkpoint --compress --verify "$1" "/tmp/$1.again"
    check "$1 works on after it" works "$1" || why "$1"
    check "$1 saw nothing wrong" never_bad "$1"
    check "$1 is destroyed" vmctl destroy "$1"
    check "$1 comes back from it" vmctl restore --force "/tmp/$1.again"
    check "$1 works again" works "$1" || why "$1"
    vmctl destroy "$1"
    rm -f "/tmp/$1.save" "/tmp/$1.again"
}

blocks 0 4 > /tmp/w.raw
TYPE=xenpvh CLOCK="<timer name='tsc' mode='native'/>" domain pvh work 128 1 /tmp/w.raw > /tmp/pvh.xml
check 'create pvh' vmctl create /tmp/pvh.xml && save_story pvh
hvm_disk /tmp/boot.raw console=ttyS0 quiet xen_nopv guest.run=work guest.disk=0:0:1:0
hvm bare 160 1 /tmp/boot.raw /tmp/w.raw > /tmp/bare.xml
check 'create bare' vmctl create /tmp/bare.xml && save_story bare
finish
