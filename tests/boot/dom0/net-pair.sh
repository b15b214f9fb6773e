#!/bin/sh
# SPDX-License-Identifier: MIT
# What the scenarios with two cards share: a bridge, a guest "wire" on it, a
# guest "nat" in user mode (served by our back end whatever the first one
# uses), and $mib MiB of TCP each way between each pair of the three.  Set
# driver (qemu: ours, vhost: the kernel's) and mib before sourcing it.
. /etc/paravane/tests/lib.sh
MAC=00:16:3e:77:00

# with_card NAME XML: the guest's configuration with an interface in it.
with_card()
{
    sed -i "s|<console type='pty'>|$2\n    &|" "/tmp/$1.xml"
}

# guest NAME IP ACTS INTERFACE [MTU]: a guest that does ACTS.
guest()
{
    domain "$1" "traffic guest.ip=$2 guest.mtu=${5:-} guest.do=$3" 256 2 > "/tmp/$1.xml"
    with_card "$1" "$4"
    check "vmctl create $1" vmctl create "/tmp/$1.xml"
}

# moved NAME GUEST DIRECTION N: the Nth transfer of the guest is right.
moved()
{
    got=$(grep -a "GUEST STREAM $3" "$(guest_log "$2")" | sed -n "$4p" | tr -d '\r')
    case $got in
    *"STREAM $3 $((mib * 1048576)) "*" ok") pass "$1" ;;
    *) fail "$1" "$got" ;;
    esac
}

# mean DEVICE rx|tx: bytes in a packet, as the device counts them.
mean()
{
    d=/sys/class/net/$1/statistics
    echo $(($(cat "$d/$2_bytes") / $(cat "$d/$2_packets")))
}

has_key() { [ "$(xs read "$1")" = "$2" ]; }

# Of the running guest "wire": what both sides have agreed on.
offloads()
{
    id=$(vmctl domid wire)
    front=/local/domain/$id/device/vif/0
    for key in feature-sg feature-gso-tcpv4 feature-gso-tcpv6 feature-ipv6-csum-offload; do
        check "the back end offers $key" has_key "$(xs read "$front/backend")/$key" 1
        check "the front end takes $key" has_key "$front/$key" 1
    done
    check 'both sides use two queues' has_key "$front/multi-queue-num-queues" 2
    same 'the guest computes no checksum and cuts nothing up' 'csum 1 sg 1 tso 1' "$(heard wire OFFLOADS 1-6)"
    rx=$(mean "vif$id.0" rx); tx=$(mean "vif$id.0" tx)
    echo "bytes in a packet: $rx from the guest, $tx to it"
    check 'large packets come from the guest' [ "$rx" -gt 3000 ]
    check 'large packets go to the guest' [ "$tx" -gt 3000 ]
}

two_cards()
{
    echo 'bridge xenbr0 10.77.0.1/24' > /etc/paravane/network
    check 'netsetup makes the bridge' netsetup
    net_stream serve 5000 2 > /tmp/served.wire &
    net_stream serve 5001 2 > /tmp/served.nat &
    guest wire 10.77.0.2/24 "send/10.77.0.1/5000/$mib,recv/10.77.0.1/5000/$mib,serve/5002/2" \
        "<interface type='bridge'><mac address='$MAC:02'/><source bridge='xenbr0'/><driver name='$driver' queues='2'/></interface>"
    check 'the guest on the bridge is done with dom0' wait_for 900 said wire 'GUEST DOES serve'
    moved 'from the bridge guest to dom0' wire send 1
    moved 'from dom0 to the bridge guest' wire recv 1
    offloads
    guest nat '' "send/10.77.0.1/5001/$mib,recv/10.77.0.1/5001/$mib,send/10.77.0.2/5002/$mib,recv/10.77.0.2/5002/$mib" \
        "<interface type='user'><mac address='$MAC:03'/></interface>" 32000
    check 'the guest in user mode is done' wait_for 2000 said nat 'TRAFFIC DONE'
    moved 'from the user-mode guest to dom0' nat send 1
    moved 'from dom0 to the user-mode guest' nat recv 1
    moved 'from the user-mode guest to the other' nat send 2
    moved 'from the other to the user-mode guest' nat recv 2
}

both_end()
{
    for g in wire nat; do
        check "$g ends" wait_for 60 gone $g
        [ $failures = 0 ] || last_words $g
    done
    grep -ah STREAM "$(guest_log wire)" "$(guest_log nat)"
    finish
}
