#!/bin/sh
# SPDX-License-Identifier: MIT
# A PVH guest with the stock kernel under VMX, in an emulator that takes its
# time: one vCPU, a disk by checksum; the kernel is there unpacked.
. /etc/paravane/tests/lib.sh
PAUSE=2                          # looking costs what the guest could have
TYPE=xenpvh
blocks 100 108 > /tmp/pvh.raw
before=$(sha < /tmp/pvh.raw)
domain pvh disk 192 1 /tmp/pvh.raw |
    sed 's|/boot/vmlinuz|/boot/vmlinux|; s|console=hvc0|& clearcpuid=xsavec cryptomgr.notests|' > /tmp/pvh.xml
check 'vmctl create' vmctl create /tmp/pvh.xml || finish
check 'guest reaches userspace' wait_for 400 said pvh 'GUEST UP' || { last_words pvh; finish; }
check 'guest reads its disk' wait_for 200 said pvh 'GUEST DISK' || { last_words pvh; finish; }
same 'checksum of what it read' "8388608 $before" "$(heard pvh DISK 1-2)"
check 'guest writes its disk' wait_for 200 said pvh 'GUEST WROTE'
check 'guest switches itself off' wait_for 120 gone pvh
same 'checksum of what it wrote' "$(sha < /tmp/pvh.raw)" "$(heard pvh WROTE 1)"
[ $failures = 0 ] || last_words pvh
finish
