#!/bin/sh
# SPDX-License-Identifier: MIT
# What a block request costs, in instructions of the whole machine: the same
# guest measures one memory disk through paravane-blkd and one through the
# kernel's blkback.  Needs -icount; see docs/PERFORMANCE.md.
. /etc/paravane/tests/lib.sh

insmod /lib/modules/brd.ko rd_nr=2 rd_size=16384 max_part=1
for i in 0 1; do
    dd if=/dev/zero of=/dev/ram$i bs=1M count=16 2>/dev/null    # all pages are there
done
domain bench bench 192 1 /dev/ram0 | sed -e "s/disk type='file'/disk type='block'/" \
    -e "s/source file=/source dev=/" \
    -e "s|</disk>|&<disk type='block' device='disk'><driver name='phy'/><source dev='/dev/ram1'/><target dev='xvdb'/></disk>|" > /tmp/bench.xml
check 'vmctl create' vmctl create /tmp/bench.xml
# No polling meanwhile: it would be measured too.
check 'the guest ends' vmctl wait bench --for stopped --timeout 100000
# BENCH DEVICE read rand 4096 32 COUNT TICKS
sed -n 's/.*GUEST BENCH //p' "$(guest_log bench)" | tr -d '\r' | awk '
    { how = $2 " " $3 " " $4 " " $5; key = $1 " " how; t = $7 / $6
      if (!(how in seen)) { seen[how] = 1; order[n++] = how }
      if (!(key in per) || t < per[key]) per[key] = t }
    END {
        for (i = 0; i < n; i++) {
            split(order[i], w, " ")
            a = per["/dev/xvda " order[i]]; b = per["/dev/xvdb " order[i]]
            if (b > 0)
                printf "BENCH | %s, %s, %d bytes, depth %d | %d | %d | %.2f | %.2f |\n",
                    w[1], w[2], w[3], w[4], b, a, a / b, a / w[3]
        }
    }'
same 'every row was measured' 48 "$(grep -c 'GUEST BENCH' "$(guest_log bench)")"
[ $failures = 0 ] || last_words bench
finish
