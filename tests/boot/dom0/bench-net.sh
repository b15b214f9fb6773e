#!/bin/sh
# SPDX-License-Identifier: MIT
# What a byte of TCP costs, in instructions of the whole machine: the same
# guest moves data over a card of paravane-netd and over one of the kernel's
# netback.  Needs -icount; see docs/PERFORMANCE.md.
. /etc/paravane/tests/lib.sh
mib=16

nic() { echo "<interface type='ethernet'><mac address='00:16:3e:77:01:0$1'/><driver name='$2'/></interface>"; }

# Each way over each card, twice: the second time counts.
acts=
for net in 1 2; do
    for what in send recv send recv; do
        acts=$acts,$what/10.77.$net.1/500$net/$mib
    done
done
domain bench "traffic guest.ip=10.77.1.2/24,10.77.2.2/24 guest.do=${acts#,}" 256 1 |
    sed "s|<console type='pty'>|$(nic 1 qemu)$(nic 2 vhost)&|" > /tmp/bench.xml
net_stream serve 5001 4 > /tmp/served.1 &
net_stream serve 5002 4 > /tmp/served.2 &
check 'vmctl create' vmctl create /tmp/bench.xml
id=$(vmctl domid bench)
for net in 1 2; do
    check "card $net is there" wait_for 60 ip link show "vif$id.$((net - 1))"
    ip address add "10.77.$net.1/24" dev "vif$id.$((net - 1))"
done
check 'the guest ends' wait_for 100000 gone bench
# STREAM send|recv BYTES SUM TICKS ok
sed -n 's/.*GUEST STREAM //p' "$(guest_log bench)" | tr -d '\r' | awk '
    $5 == "ok" { card = n[$1]++ < 2 ? "ours" : "kernel"; per[card, $1] = $4 / $2 }
    END {
        split("send from recv to", w, " ")
        for (i = 1; i <= 3; i += 2) {
            a = per["ours", w[i]]; b = per["kernel", w[i]]
            if (a > 0 && b > 0)
                printf "BENCH | TCP %s the guest, 4096 bytes | %d | %d | %.2f | %.2f |\n",
                    w[i + 1], b * 4096, a * 4096, a / b, a
        }
    }'
same 'every transfer was right' 8 "$(grep -c 'GUEST STREAM.* ok' "$(guest_log bench)")"
[ $failures = 0 ] || last_words bench
finish
