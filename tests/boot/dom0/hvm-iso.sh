#!/bin/sh
# SPDX-License-Identifier: MIT
# An HVM guest boots from a CD, the ISO of a distribution in small: GRUB from El
# Torito, kernel and initrd from ISO 9660.  Then other media in its drive.
. /etc/paravane/tests/lib.sh
CD=/tmp/guest.iso
mount -t iso9660 /dev/sr0 /mnt && cp /mnt/hvm/guest.iso $CD && umount /mnt
OS="<boot dev='cdrom'/><boot dev='hd'/>"
blocks 1 2 > /tmp/empty.raw
hvm iso 256 1 /tmp/empty.raw > /tmp/iso.xml
check 'vmctl create' vmctl create /tmp/iso.xml || { last_words iso; finish; }
check 'guest reaches userspace' wait_for 480 serial_said iso 'GUEST UP' || { last_words iso; finish; }
check 'guest reads its CD' wait_for 120 serial_said iso 'GUEST DISK' || { last_words iso; finish; }
same 'checksum of the CD' "$(stat -c %s $CD) $(sha < $CD)" "$(serial_heard iso DISK 1-2)"
check 'the guest cannot write it' serial_said iso 'GUEST REFUSED'

# Its drive is locked while it has the CD mounted; it hears that it shall not.
medium() { vmctl change-media iso hdc "$@"; }
held() { grep -q "OFDLCK .*:$(stat -c %i "$1") " /proc/locks; }
sees() { serial_said iso "GUEST MEDIUM $1"; }
check 'guest mounts it' wait_for 60 serial_said iso 'GUEST HOLDS'
check 'change-media: locked' sh -c '! vmctl change-media iso hdc --eject 2>/tmp/why'
check 'and why' grep -q 'the guest has locked the drive' /tmp/why
check 'the guest is asked for it' wait_for 60 serial_said iso 'GUEST LETS GO'
blocks 5 7 > /tmp/second.iso
check 'change-media: another' wait_for 60 medium /tmp/second.iso
check 'the guest reads it' wait_for 60 sees "$(stat -c %s /tmp/second.iso) $(sha < /tmp/second.iso)"
check 'domblklist tells' sh -c 'vmctl domblklist iso | grep -q /tmp/second.iso'
check 'it is locked' held /tmp/second.iso
check 'change-media: eject' wait_for 60 medium --eject
check 'its drive is empty' wait_for 60 sees none
let_go() { ! held /tmp/second.iso; }
check 'and the image let go' let_go
printf '%-4096s' bye > /tmp/bye.iso
check 'change-media: insert' wait_for 60 medium /tmp/bye.iso --insert
check 'guest switches itself off' wait_for 90 gone iso
[ $failures = 0 ] || last_words iso
finish
