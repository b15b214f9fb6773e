#!/bin/sh
# SPDX-License-Identifier: MIT
# The story of make demo: a PV guest (demo-pv.sh), then a PVH and an HVM guest
# at once, each with a disk and a card, checked by their sums.
goes_on=1
. /etc/paravane/tests/demo-pv.sh

# Both at once: what an idle vCPU leaves, the other uses.
story 'now a PVH guest, and an HVM guest on emulated hardware: BIOS, GRUB, IDE disk, e1000'
check 'a bridge' make_bridge
for port in 5001 5002; do net_stream serve $port 2 > /tmp/stream.$port & done
blocks 200 208 > /tmp/pvh.raw
blocks 300 308 > /tmp/hvm.raw
pvh_before=$(sha < /tmp/pvh.raw) hvm_before=$(sha < /tmp/hvm.raw)
hvm_disk /tmp/boot.raw 'console=ttyS0 quiet xen_nopv no_timer_check guest.run=disk guest.disk=0:0:1:0' \
    'guest.ip=10.77.1.3/24 guest.do=recv/10.77.1.1/5002/1,send/10.77.1.1/5002/1'
MORE=$(card 03) hvm hvm 192 1 /tmp/boot.raw /tmp/hvm.raw > /tmp/hvm.xml
MORE=$(card 02) TYPE=xenpvh domain pvh \
    'disk guest.ip=10.77.1.2/24 guest.do=recv/10.77.1.1/5001/1,send/10.77.1.1/5001/1' \
    192 1 /tmp/pvh.raw > /tmp/pvh.xml
check 'create of the HVM guest' vmctl create /tmp/hvm.xml
check 'create of the PVH guest' vmctl create /tmp/pvh.xml
vmctl list
check 'PVH guest reaches userspace' wait_for 180 said pvh 'GUEST UP'
check 'PVH guest: disk and network' wait_for 180 said pvh 'GUEST TRAFFIC DONE' || { last_words pvh; finish; }
same 'PVH guest: checksum of what it read' "8388608 $pvh_before" "$(heard pvh DISK 1-2)"
same 'PVH guest: each byte of TCP was right' 2 "$(grep -c 'GUEST STREAM .* ok' "$(guest_log pvh)")"
check 'PVH guest switches itself off' wait_for 90 gone pvh
same 'PVH guest: checksum of what it wrote' "$(sha < /tmp/pvh.raw)" "$(heard pvh WROTE 1)"
story 'the PVH guest had a disk and a network, and is gone'
check 'HVM guest reaches userspace' wait_for 480 serial_said hvm 'GUEST UP'
check 'HVM guest: disk and network' wait_for 480 serial_said hvm 'GUEST TRAFFIC DONE' || { last_words hvm; finish; }
same 'HVM guest: checksum of what it read' "8388608 $hvm_before" "$(serial_heard hvm DISK 1-2)"
same 'HVM guest: each byte of TCP was right' 2 "$(grep -ac 'GUEST STREAM .* ok' /tmp/hvm.serial)"
check 'HVM guest switches itself off' wait_for 90 gone hvm
same 'HVM guest: checksum of what it wrote' "$(sha < /tmp/hvm.raw)" "$(serial_heard hvm WROTE 1)"
story 'the HVM guest had a disk and a network, and is gone'
[ $failures = 0 ] || { last_words pvh; last_words hvm; }
story 'dom0 powers the machine off'
finish
