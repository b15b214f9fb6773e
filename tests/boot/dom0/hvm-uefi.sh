#!/bin/sh
# SPDX-License-Identifier: MIT
# An HVM guest with UEFI firmware, OVMF as Debian packages it: GRUB for EFI from
# a CD, the stock kernel with two CPUs by the ACPI tables that OVMF has placed.
# Its device model is replaced while the boot loader reads; then it is saved.
. /etc/paravane/tests/lib.sh
CD=/tmp/guest.iso OVMF=/usr/share/ovmf/OVMF.fd
mkdir -p ${OVMF%/*}
mount -t iso9660 /dev/sr0 /mnt && cp /mnt/hvm/guest.iso $CD && cp /mnt/hvm/OVMF.fd $OVMF && umount /mnt
OS="<boot dev='cdrom'/>"
hvm uefi 320 2 | sed "s/<os>/<os firmware='efi'>/" > /tmp/uefi.xml
check 'vmctl create' vmctl create /tmp/uefi.xml || { last_words uefi; finish; }
check 'it has the packaged firmware' sh -c "vmctl dumpxml uefi | grep -q '<loader.*$OVMF'"
check 'OVMF starts the CD' wait_for 200 serial_said uefi 'BdsDxe: starting' || { last_words uefi; finish; }
check 'another device model in between' vmctl restart-emulator uefi
check 'guest reaches userspace' wait_for 400 serial_said uefi 'GUEST UP' || { last_words uefi; finish; }
check 'guest reads its CD' wait_for 120 serial_said uefi 'GUEST DISK' || { last_words uefi; finish; }
check 'it was booted by UEFI' serial_said uefi 'GUEST FIRMWARE efi'
same 'it counts 2 CPUs, all online' '2 online 0-1' "$(serial_heard uefi CPUS 1-3)"
same 'checksum of the CD' "$(stat -c %s $CD) $(sha < $CD)" "$(serial_heard uefi DISK 1-2)"
check 'guest mounts it' wait_for 60 serial_said uefi 'GUEST HOLDS'
check 'save' vmctl save uefi /tmp/uefi.sav
check 'restore' vmctl restore /tmp/uefi.sav
vmctl change-media uefi hdc --eject 2>/dev/null     # refused, and the guest hears of it
check 'it goes on' wait_for 60 serial_said uefi 'GUEST LETS GO'
vmctl destroy uefi
[ $failures = 0 ] || last_words uefi
finish
