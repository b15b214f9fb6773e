#!/bin/sh
# SPDX-License-Identifier: MIT
# Our store and console daemon, used by Debian's xenstore clients, xl and the
# kernel's block backend.
. /etc/paravane/tests/lib.sh
check 'xenstore-write' xenstore-write /paravane/a one /paravane/b/c two
same 'xenstore-read' 'one two' "$(xenstore-read /paravane/a /paravane/b/c | tr '\n' ' ' | sed 's/ $//')"
same 'xenstore-list' 'a b ' "$(xenstore-list /paravane | sort | tr '\n' ' ')"
same 'xenstore-ls' '/paravane/b/c = "two"' "$(xenstore-ls -f /paravane | grep b/c)"
check 'xenstore-rm' xenstore-rm /paravane
check 'xenstore-exists after rm' sh -c '! xenstore-exists /paravane'
check 'xl list' sh -c "xl list | grep -q '^Domain-0  *0 '"

blocks 100 116 > /tmp/disk.raw
before=$(sha < /tmp/disk.raw)
cat > /tmp/pv.cfg <<END
name = "mixed"
type = "pv"
memory = 192
vcpus = 1
kernel = "/boot/vmlinuz"
ramdisk = "/boot/guest.img"
extra = "console=hvc0 quiet guest.run=disk"
disk = [ "format=raw,vdev=xvda,access=rw,target=/tmp/disk.raw" ]
END
check 'xl create' xl create /tmp/pv.cfg
check 'guest reaches userspace' wait_for 120 said mixed 'GUEST UP'
check 'guest reads its disk' wait_for 120 said mixed 'GUEST DISK'
same 'checksum of what it read' "16777216 $before" "$(heard mixed DISK 1-2)"
check 'guest writes its disk' wait_for 120 said mixed 'GUEST WROTE'
check 'guest is gone' wait_for 60 sh -c '! xl list mixed'
same 'checksum of what it wrote' "$(sha < /tmp/disk.raw)" "$(heard mixed WROTE 1)"

# A domain of ours, as the stock tools see it.
domain ours idle 160 1 /tmp/disk.raw > /tmp/ours.xml
check 'vmctl create' vmctl create /tmp/ours.xml
check 'xl list shows it' sh -c "xl list | grep -q '^ours  *[0-9]'"
check 'xl list -l reads its record' sh -c "xl list -l ours | grep -q '\"name\": \"ours\"'"
check 'xl domid' xl domid ours
check 'vmctl destroy' vmctl destroy ours
same 'its record is gone' '' "$(find /var/lib/xen -name '*libxl-json')"
[ $failures = 0 ] || last_words mixed
finish
