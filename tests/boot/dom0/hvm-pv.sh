#!/bin/sh
# SPDX-License-Identifier: MIT
# PV drivers take over in an HVM guest: it boots from the emulated disk, unplugs
# what is emulated, and goes on with the same disk and card by our back ends;
# PV control shuts it down.
. /etc/paravane/tests/lib.sh
make_bridge
net_stream serve 5001 2 &
blocks 100 108 > /tmp/data.raw
before=$(sha < /tmp/data.raw)
hvm_disk /tmp/boot.raw 'console=ttyS0 console=hvc0 quiet guest.run=disk guest.disk=/dev/xvdb' \
    'guest.ip=10.77.1.2/24 guest.do=recv/10.77.1.1/5001/2,send/10.77.1.1/5001/2'
MORE=$(card 05)
hvm pv 256 2 /tmp/boot.raw /tmp/data.raw > /tmp/pv.xml
check 'vmctl create' vmctl create /tmp/pv.xml || { last_words pv; finish; }
id=$(vmctl domid pv)
check 'guest reaches userspace' wait_for 480 said pv 'GUEST UP' || { last_words pv; finish; }
check 'guest reads its PV disk' wait_for 180 said pv 'GUEST DISK' || { last_words pv; finish; }
same 'checksum of what it read' "8388608 $before" "$(heard pv DISK 1-2)"
check 'guest writes its PV disk' wait_for 180 said pv 'GUEST WROTE'
check 'its card is served by our back end' wait_for 60 sh -c "[ \"\$(xs read /local/domain/0/backend/tapnet/$id/0/state)\" = 4 ]"
check 'TCP by its PV card' wait_for 180 said pv 'GUEST TRAFFIC DONE'
same 'each byte was right' 2 "$(grep -c 'GUEST STREAM .* ok' "$(guest_log pv)")"
check 'guest switches itself off' wait_for 90 gone pv
same 'checksum of what it wrote' "$(sha < /tmp/data.raw)" "$(heard pv WROTE 1)"
[ $failures = 0 ] || last_words pv
finish
