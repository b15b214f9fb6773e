#!/bin/sh
# SPDX-License-Identifier: MIT
# The story of make demo: store, vmctl, a PV guest from XML with the stock
# kernel, its disk read and written with checksums, its clean end.
. /etc/paravane/tests/lib.sh
story "userspace of $(uname -r) on $(grep -c ^processor /proc/cpuinfo) CPUs"
check 'control domain' grep -q control_d /proc/xen/capabilities
check 'store answers' vmctl list
vmctl info | head -n 20

blocks 100 116 > /tmp/disk.raw
before=$(sha < /tmp/disk.raw)
domain demo disk 256 1 /tmp/disk.raw > /tmp/demo.xml
check 'xml is valid' vmctl validate /tmp/demo.xml
story "vmctl create demo.xml, a guest with a 16 MiB disk of checksum $before"
check 'vmctl create' vmctl create /tmp/demo.xml
vmctl list
check 'guest reaches userspace' wait_for 120 said demo 'GUEST UP'
story "guest: $(grep 'GUEST UP' "$(guest_log demo)" | tr -d '\r')"
check 'guest reads its disk' wait_for 120 said demo 'GUEST DISK' || { last_words demo; finish; }
same 'checksum of what it read' "16777216 $before" "$(heard demo DISK 1-2)"
story "guest read $(heard demo DISK 1) bytes, checksum $(heard demo DISK 2)"
check 'guest writes its disk' wait_for 120 said demo 'GUEST WROTE'
check 'guest switches itself off' wait_for 60 gone demo
after=$(sha < /tmp/disk.raw)
same 'checksum of what it wrote' "$after" "$(heard demo WROTE 1)"
same 'the file is as it should be' "$( (blocks 100 108; blocks 8 16) | sha)" "$after"
story "guest wrote the second half, the file's checksum is $after"
story 'guest shut down cleanly'
[ $failures = 0 ] || last_words demo

# Both at once: what an idle vCPU leaves, the other uses.
story 'now a PVH guest, and an HVM guest on emulated hardware: BIOS, GRUB, IDE disk, e1000'
check 'a bridge' make_bridge
for port in 5001 5002; do net_stream serve $port 2 > /tmp/stream.$port & done
blocks 200 208 > /tmp/pvh.raw
blocks 300 308 > /tmp/hvm.raw
pvh_before=$(sha < /tmp/pvh.raw) hvm_before=$(sha < /tmp/hvm.raw)
hvm_disk /tmp/boot.raw 'console=ttyS0 quiet xen_nopv guest.run=disk guest.disk=/dev/sdb' \
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
check 'HVM guest reaches userspace' wait_for 240 serial_said hvm 'GUEST UP'
check 'HVM guest: disk and network' wait_for 240 serial_said hvm 'GUEST TRAFFIC DONE' || { last_words hvm; finish; }
same 'HVM guest: checksum of what it read' "8388608 $hvm_before" "$(serial_heard hvm DISK 1-2)"
same 'HVM guest: each byte of TCP was right' 2 "$(grep -ac 'GUEST STREAM .* ok' /tmp/hvm.serial)"
check 'HVM guest switches itself off' wait_for 90 gone hvm
same 'HVM guest: checksum of what it wrote' "$(sha < /tmp/hvm.raw)" "$(serial_heard hvm WROTE 1)"
story 'the HVM guest had a disk and a network, and is gone'
[ $failures = 0 ] || { last_words pvh; last_words hvm; }
story 'dom0 powers the machine off'
finish
