#!/bin/sh
# SPDX-License-Identifier: MIT
# A device model that dies: its guest alone is stopped, and why is said; or it
# is started again, if that is what the configuration says.
. /etc/paravane/tests/lib.sh
hvm_disk /tmp/boot.raw 'console=ttyS0 quiet xen_nopv guest.run=idle'
domain other idle 160 > /tmp/other.xml
check 'another guest runs' vmctl create /tmp/other.xml
hvm victim 192 1 /tmp/boot.raw > /tmp/victim.xml
check 'vmctl create' vmctl create /tmp/victim.xml || { last_words victim; finish; }
check 'guest reaches userspace' wait_for 480 serial_said victim 'GUEST UP' || { last_words victim; finish; }
mark
kill -9 "$(pidof paravane-hvm-emu)"
check 'the guest crashes' came victim crash 30
check 'and is gone' wait_for 60 gone victim
check 'the event says why' sh -c "vmctl events --since $cursor --domain victim --event crash --once --timeout 5 | grep -q device-model"
check 'the log says why' grep -q 'the device model, process .* has ended' /var/log/vmctl/victim.log
check 'nothing is left of it' sh -c '! pidof paravane-hvm-emu && ! xs ls /local/domain/0/device-model | grep -q .'
check 'the other guest runs on' running other

# Killed while it starts, and configured to start again.
sed 's/<on_crash>destroy/<on_crash>restart/; s/>victim</>again</; s/victim.serial/again.serial/' /tmp/victim.xml > /tmp/again.xml
check 'vmctl create again' vmctl create /tmp/again.xml
check 'the kernel is loaded' wait_for 120 sh -c '[ -s /tmp/again.serial ]'
mark
kill -9 "$(pidof paravane-hvm-emu)"
check 'it is started again' came again started 60
check 'with a device model' wait_for 20 pidof paravane-hvm-emu
check 'and gets to userspace' wait_for 480 serial_said again 'GUEST UP' || last_words again
check 'destroy' vmctl destroy again other
check 'no process is left' sh -c '! pidof paravane-hvm-emu && ! pidof paravane-blkd'
[ $failures = 0 ] || { last_words victim; last_words again; }
finish
