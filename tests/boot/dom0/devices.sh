#!/bin/sh
# SPDX-License-Identifier: MIT
# Real devices under dom0's own drivers, by MSI or MSI-X where they have it:
# virtio and AHCI disks read with checksums, e1000e and virtio-net with an
# address from QEMU's network and TCP data from its far end.
. /etc/paravane/tests/lib.sh

disk_content()
{
    i=0
    while [ $i -lt 32 ]; do
        yes "paravane $1 disk $i" | head -c 1048576
        i=$((i + 1))
    done
}

wait_for 30 test -b /dev/vda
same 'virtio disk' "$(disk_content virtio | sha)" "$(sha < /dev/vda)"
wait_for 30 test -b /dev/sda
same 'AHCI disk' "$(disk_content ahci | sha)" "$(sha < /dev/sda)"
check 'virtio by MSI-X' grep -q 'xen-pirq  *-msi-x  *virtio' /proc/interrupts
check 'AHCI by MSI' grep -q 'xen-pirq  *-msi  *ahci' /proc/interrupts

for nic in e1000e virtio_net; do
    dev=''
    for d in /sys/class/net/*; do
        case $(readlink "$d/device/driver") in
        */$nic) dev=${d##*/} ;;
        esac
    done
    [ -n "$dev" ] || { fail "$nic: is there" "$(ls /sys/class/net)"; continue; }
    ip link set "$dev" up
    check "$nic: an address by DHCP" udhcpc -i "$dev" -n -q -t 10 -s /etc/paravane/tests/dhcp.sh
    check "$nic: answers from the far end" ping -c 3 -W 5 -I "$dev" 10.0.2.2
    ip addr flush dev "$dev"
    ip link set "$dev" down
done
grep -E 'msi|CPU0' /proc/interrupts
finish
