#!/bin/sh
# SPDX-License-Identifier: MIT
# The emulated network card of a guest without PV drivers, with Linux' own
# e1000: TCP each way over a bridge and in user mode, checksums and segments
# left to the card.
. /etc/paravane/tests/lib.sh
mib=${MIB:-4}
MAC=00:16:3e:77:00

# moved NAME DIRECTION N: the Nth transfer of that direction is right.
moved()
{
    got=$(grep -a "GUEST STREAM $2" /tmp/card.serial | sed -n "$3p" | tr -d '\r')
    case $got in
    *"STREAM $2 $((mib * 1048576)) "*" ok") pass "$1" ;;
    *) fail "$1" "$got" ;;
    esac
}

echo 'bridge xenbr0 10.77.0.1/24' > /etc/paravane/network
check 'netsetup makes the bridge' netsetup
ip address add 10.78.0.1/32 dev xenbr0
ip link set lo up
net_stream serve 5000 2 > /tmp/served.wire &
net_stream serve 5001 2 > /tmp/served.nat &
hvm_disk /tmp/card.raw console=ttyS0 quiet xen_nopv no_timer_check guest.run=traffic guest.ip=10.77.0.2/24, \
    "guest.do=send/10.77.0.1/5000/$mib,recv/10.77.0.1/5000/$mib,send/10.78.0.1/5001/$mib,recv/10.78.0.1/5001/$mib"
MORE="<interface type='bridge'><mac address='$MAC:02'/><source bridge='xenbr0'/><model type='e1000'/></interface>
    <interface type='user'><mac address='$MAC:03'/><model type='e1000'/></interface>"
hvm card 256 1 /tmp/card.raw > /tmp/card.xml
check 'vmctl create' vmctl create /tmp/card.xml || { last_words card; finish; }
check 'the guest has its cards' wait_for 240 serial_said card 'GUEST OFFLOADS' || { last_words card; finish; }
same 'it computes no checksum and cuts nothing up' 'csum 1 sg 1 tso 1' "$(serial_heard card OFFLOADS 1-6)"
check 'the guest is done' wait_for 400 serial_said card 'TRAFFIC DONE'
moved 'over the bridge from the guest' send 1
moved 'over the bridge to the guest' recv 1
moved 'in user mode from the guest' send 2
moved 'in user mode to the guest' recv 2
grep -a 'GUEST NET' /tmp/card.serial
check 'the guest ends' wait_for 60 gone card
same 'its tap is gone' '' "$(ls /sys/class/net | grep '^emu')"
[ $failures = 0 ] || last_words card
grep -ah STREAM /tmp/card.serial
finish
