#!/bin/sh
# SPDX-License-Identifier: MIT
# Debian's own xenstored, xenconsoled and xl on the hypervisor given: they
# report on the host, and create, run, list and destroy a PV guest.
. /etc/paravane/tests/lib.sh
export PATH=/usr/sbin:/usr/bin:$PATH

check 'xl info' xl info
xl info | grep -E '^(xen_version|free_memory|nr_cpus|xen_caps|xen_extra)'
check 'xl info has caps' sh -c "xl info | grep -q 'xen_caps.*xen-3.0-x86_64'"
check 'xl list' sh -c "xl list | grep -q '^Domain-0  *0 '"
xl list

cat > /tmp/pv.cfg <<END
name = "peer-guest"
type = "pv"
memory = 192
vcpus = 1
kernel = "/boot/vmlinuz"
ramdisk = "/boot/guest.img"
extra = "console=hvc0 quiet guest.run=idle"
END
log=/var/log/xen/console/guest-peer-guest.log
t0=$(uptime_s)
check 'xl create' xl create /tmp/pv.cfg
echo "xl create took from $t0 to $(uptime_s)"
check 'guest reaches userspace' wait_for 120 grep -q 'GUEST UP' $log
check 'xl list shows it' sh -c "xl list | grep -q '^peer-guest .* 192 '"
xl list
xenstore-ls -f /local/domain/1 | head -n 60
check 'xl shutdown' xl shutdown -w peer-guest
check 'gone after shutdown' sh -c '! xl list peer-guest'

blocks 100 108 > /tmp/disk.raw
before=$(sha < /tmp/disk.raw)
sed 's/guest.run=idle/guest.run=disk/; s/peer-guest/peer-disk/' /tmp/pv.cfg > /tmp/disk.cfg
echo 'disk = [ "format=raw,vdev=xvda,access=rw,target=/tmp/disk.raw" ]' >> /tmp/disk.cfg
check 'xl create with a disk' xl create /tmp/disk.cfg
check 'guest reads its disk' wait_for 120 said peer-disk 'GUEST DISK'
same 'checksum of what it read' "8388608 $before" "$(heard peer-disk DISK 1-2)"
check 'guest ends' wait_for 120 sh -c '! xl list peer-disk'
same 'checksum of what it wrote' "$(sha < /tmp/disk.raw)" "$(heard peer-disk WROTE 1)"

check 'xl create again' xl create /tmp/pv.cfg
check 'xl destroy' xl destroy peer-guest
check 'gone after destroy' sh -c '! xl list peer-guest'
grep GUEST $log
[ $failures = 0 ] || last_words peer-disk
finish
