#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest that is not as it was started: with fewer pages than it may have, one
# of two vCPUs off line, the kernel's block back end and a network card on a
# bridge.  Saved and restored it is the same, and grows again.
. /etc/paravane/tests/lib.sh

rounds() { heard shape ROUND 1; }
past() { [ "$(rounds)" -gt "$1" ] 2>/dev/null; }
works() { n=$(rounds); wait_for 120 past $((n + 2)); }
mib() { vmctl info shape | awk '/memory MiB/{print $3}'; }
shrunk() { [ "$(mib)" -lt 150 ]; }
grown() { [ "$(mib)" -gt 180 ]; }
online() { vmctl info shape | awk '/vCPUs/{print $2}'; }
has_cpus() { [ "$(online)" = "$1" ]; }
answers() { ping -c 1 -W 2 10.77.1.2; }

check 'a bridge' make_bridge
blocks 0 4 > /tmp/s.raw
DRIVER=phy domain shape work 192 2 /tmp/s.raw |
    sed "s/ quiet//; s|<console type='pty'>|<interface type='bridge'><source bridge='xenbr0'/>\
        <mac address='00:16:3e:77:5e:01'/><driver name='qemu'/></interface>&|" > /tmp/shape.xml
check 'create' vmctl create /tmp/shape.xml
check 'it works' wait_for 180 past 1
check 'its card answers' wait_for 60 answers
check 'one vCPU less for a while' vmctl setvcpus shape 1
check 'it goes off line at once' wait_for 60 has_cpus 1
check 'and comes back' vmctl setvcpus shape 2
check 'on line' wait_for 60 has_cpus 2
check 'less memory' vmctl setmem shape $((144 * 1024))
check 'it shrinks' wait_for 60 shrunk
check 'one vCPU less' vmctl setvcpus shape 1
check 'it goes off line' wait_for 60 has_cpus 1
check 'it still works' works
m=$(mib)

check 'save' vmctl save shape /tmp/shape.save
check 'restore' vmctl restore /tmp/shape.save
check 'it works on' works
same 'as much memory as before' "$m" "$(mib)"
same 'as many vCPUs as before' 1 "$(online)"
check 'its card answers again' wait_for 60 answers

check 'more memory' vmctl setmem shape $((192 * 1024))
check 'it grows' wait_for 60 grown
check 'two vCPUs' vmctl setvcpus shape 2
check 'the second comes on line' wait_for 60 has_cpus 2
check 'save again' vmctl save --compress shape /tmp/shape.save
check 'restore again' vmctl restore /tmp/shape.save
check 'it works to the end' works
check 'both vCPUs are on line' has_cpus 2
same 'the guest has seen nothing wrong' 0 "$(grep -c 'GUEST BAD' "$(guest_log shape)")"
same 'it has been started once' 1 "$(grep -c 'GUEST UP' "$(guest_log shape)")"
check 'shutdown' vmctl shutdown --wait --timeout 120 shape
[ $failures = 0 ] || { grep -B 3 -m 3 'GUEST BAD' "$(guest_log shape)"; last_words shape; }
finish
