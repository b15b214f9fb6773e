#!/bin/sh
# SPDX-License-Identifier: MIT
# The device model of a running guest is replaced, three times while the guest
# writes a checksummed stream to its emulated disk.
. /etc/paravane/tests/lib.sh
n=24
truncate -s ${n}M /tmp/data.raw
hvm_disk /tmp/boot.raw console=ttyS0 quiet xen_nopv no_timer_check guest.run=stream:$n guest.disk=0:0:1:0
MORE="<graphics type='vnc'/>" hvm mover 256 1 /tmp/boot.raw /tmp/data.raw > /tmp/mover.xml
check 'vmctl create' vmctl create /tmp/mover.xml || { last_words mover; finish; }
check 'guest reaches userspace' wait_for 480 serial_said mover 'GUEST UP' || { last_words mover; finish; }
seen()
{
    before=$(pidof paravane-hvm-emu)
    mark
    check "it writes block $1" wait_for 120 serial_said mover "GUEST BLOCK $1" || return 1
    check "replaced at block $1" vmctl restart-emulator mover || return 1
    check 'the event says so' came mover emulator-replaced 5
    check 'another process serves it' sh -c "[ -n \"\$(pidof paravane-hvm-emu)\" ] && [ '$before' != \"\$(pidof paravane-hvm-emu)\" ]"
}
seen 3 && seen 8 && seen 13 || { last_words mover; finish; }
check 'its screen is seen' vmctl screenshot mover /tmp/mover.png
check 'the stream ends' wait_for 240 serial_said mover 'GUEST STREAM' || last_words mover
blocks 0 $n > /tmp/want
same 'checksum as the guest reads it' "$n $(sha < /tmp/want)" "$(serial_heard mover STREAM 1-2)"
check 'guest switches itself off' wait_for 90 gone mover
same 'checksum of the image' "$(sha < /tmp/want)" "$(head -c $((n * 1048576)) /tmp/data.raw | sha)"
check 'nobody failed to write' sh -c '! grep -a "GUEST FAIL" /tmp/mover.serial'
check 'its device model has gone' sh -c '! pidof paravane-hvm-emu'
# A guest without a device model has nothing to replace.
domain plain idle 96 > /tmp/plain.xml
check 'a PV guest' vmctl create /tmp/plain.xml
vmctl restart-emulator plain 2> /dev/null
same 'is refused' 10 $?
check 'destroy' vmctl destroy plain
[ $failures = 0 ] || last_words mover
finish
