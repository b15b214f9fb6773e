#!/bin/sh
# SPDX-License-Identifier: MIT
# The stock kernel as a PVH control domain: its CPUs, interrupts and DMA of
# the machine's devices, then guests with a disk on our block back end.
. /etc/paravane/tests/lib.sh
same 'the control domain is PVH' PVH "$(cat /sys/hypervisor/guest_type)"
check 'it is the control domain' grep -q control_d /proc/xen/capabilities
same 'its CPUs' 2 "$(grep -c ^processor /proc/cpuinfo)"

disk_content()
{
    i=0
    while [ $i -lt 32 ]; do
        yes "paravane $1 disk $i" | head -c 1048576
        i=$((i + 1))
    done
}
check 'DMA by own buffers' grep -q swiotlb=force /proc/cmdline
wait_for 30 test -b /dev/vda
same 'virtio disk' "$(disk_content virtio | sha)" "$(sha < /dev/vda)"
wait_for 30 test -b /dev/sda
same 'AHCI disk' "$(disk_content ahci | sha)" "$(sha < /dev/sda)"
check 'by pins of the IO-APIC' grep -q 'IO-APIC.*-fasteoi.*ahci' /proc/interrupts
check 'no MSI' sh -c '! grep -q -i msi /proc/interrupts'

for type in linux xenpvh; do
    blocks 100 108 > /tmp/$type.raw
    before=$(sha < /tmp/$type.raw)
    TYPE=$type domain $type disk 128 1 /tmp/$type.raw > /tmp/$type.xml
    check "$type: vmctl create" vmctl create /tmp/$type.xml || continue
    check "$type: reaches userspace" wait_for 240 said $type 'GUEST UP' ||
        { last_words $type; continue; }
    check "$type: reads its disk" wait_for 120 said $type 'GUEST DISK'
    same "$type: checksum of what it read" "8388608 $before" "$(heard $type DISK 1-2)"
    check "$type: writes its disk" wait_for 120 said $type 'GUEST WROTE'
    check "$type: switches itself off" wait_for 90 gone $type
    same "$type: checksum of what it wrote" "$(sha < /tmp/$type.raw)" "$(heard $type WROTE 1)"
done
[ $failures = 0 ] || { last_words linux; last_words xenpvh; dmesg | tail -n 30; }
finish
