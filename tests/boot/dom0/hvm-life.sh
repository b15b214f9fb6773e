#!/bin/sh
# SPDX-License-Identifier: MIT
# What an HVM guest's user does to it, and it to itself: it resets in each way a
# PC knows, from the boot loader (firmware and all begin anew) and from Linux;
# it is paused; it refuses what it cannot do without PV drivers, and with them
# devices and memory come and go.
. /etc/paravane/tests/lib.sh

# The menu of the disk /tmp/loader.raw.
menu()
{
    { echo 'serial --unit=0'; echo 'terminal_output serial'; printf '%b\n' "$1"; yes ''; } 2>/dev/null |
        head -c 4096 | dd of=/tmp/loader.raw bs=512 seek=2040 conv=notrunc 2>/dev/null
}
refused()
{
    name=$1; code=$2; words=$3; shift 3
    "$@" > /tmp/out 2>&1
    rc=$?
    if [ $rc = "$code" ] && grep -q "$words" /tmp/out; then pass "$name"; else fail "$name" "exit $rc: $(tail -n 1 /tmp/out)"; fi
}
emu_said() { grep -q "$2" "/var/log/vmctl/$1.log"; }

# GRUB resets the machine through the BIOS; then it switches it off.
cp /boot/hvm-grub.img /tmp/loader.raw
truncate -s 2M /tmp/loader.raw
menu 'echo Loader_is_here\nreboot'
hvm loader 64 1 /tmp/loader.raw > /tmp/loader.xml
mark
check 'a boot loader that resets' vmctl create /tmp/loader.xml || finish
first=$(vmctl domid loader)
later() { [ "$(vmctl domid loader)" -ge $((first + 2)) ]; }
check 'it starts again and again' wait_for 120 later || last_words loader
menu 'echo Loader_is_here\nhalt'
check 'it switches itself off' wait_for 60 gone loader || last_words loader
check 'each time from the firmware on' [ "$(grep -ac Loader_is_here /tmp/loader.serial)" -ge 3 ]
check 'by the keyboard controller or port cf9' emu_said loader 'reset by'

# Its serial line is its console, both ways.
menu 'terminal_input serial\nset timeout=-1\nmenuentry "Switch off" { halt }'
hvm line 64 1 /tmp/loader.raw | sed "s|<serial type='file'>.*|<serial type='pty'/>|" > /tmp/line.xml
check 'a serial line as a pty' vmctl create /tmp/line.xml
mkfifo /tmp/keys
vmctl console line < /tmp/keys > /tmp/line.out 2>&1 &
exec 4> /tmp/keys
check 'vmctl console shows it' wait_for 60 grep -aq 'Switch off' /tmp/line.out
printf '\r' >&4
check 'what is typed arrives' wait_for 60 gone line || vmctl destroy line
exec 4>&-
wait $!

# Linux, in four ways; the disk counts.
cat /boot/guest.img /boot/hvm-extra.img > /tmp/initrd
kernel() { OS="<kernel>/boot/vmlinuz</kernel><initrd>$1</initrd><cmdline>$2</cmdline>"; }
kernel /tmp/initrd 'console=ttyS0 quiet xen_nopv no_timer_check guest.run=reboots guest.disk=/dev/sda'
{ printf 0; head -c 1048575 /dev/zero; } > /tmp/count.raw
hvm bare 192 2 /tmp/count.raw > /tmp/bare.xml
check 'a guest without PV drivers' vmctl create /tmp/bare.xml || finish
check 'it reboots in four ways' wait_for 400 serial_said bare 'GUEST REBOOTED 4' || last_words bare
check 'by the keyboard controller' emu_said bare 'reset by the keyboard controller'
check 'by the ACPI register and port cf9' [ "$(grep -c 'reset by port cf9' /var/log/vmctl/bare.log)" -ge 2 ]
same 'the fourth, a triple fault, by no device' 3 "$(grep -c 'reset by' /var/log/vmctl/bare.log)"

refused 'attach-disk without drivers' 10 'no PV drivers' vmctl attach-disk bare /tmp/loader.raw xvdb
refused 'attach-interface without drivers' 10 'no PV drivers' vmctl attach-interface bare user
refused 'setmem without drivers' 10 'no PV drivers' vmctl setmem bare 128M
refused 'reboot without drivers' 10 'no PV drivers' vmctl reboot bare
refused 'setvcpus' 10 'are fixed' vmctl setvcpus bare 1
refused 'detach-disk of the IDE' 10 'emulated IDE' vmctl detach-disk bare hda
refused 'no such line' 4 'no serial line' vmctl console bare --type serial
refused 'blockresize' 4 'does not use the disk' vmctl blockresize bare hda 4m
check 'pause' vmctl pause bare
same 'it is paused' paused "$(vmctl domstate bare)"
refused 'shutdown of a paused guest' 4 'cannot be asked' vmctl shutdown bare
check 'resume' vmctl resume bare
vmctl dumpxml bare > /tmp/dump.xml
same 'dumpxml has its type and its disk' 'hvm ide' \
    "$(sed -n "s/.*<type [^>]*>\(.*\)<\/type>.*/\1/p; s/.*<target dev='hda' bus='\(.*\)'\/>.*/\1/p" /tmp/dump.xml | xargs)"
check 'and is a valid file' vmctl validate /tmp/dump.xml
check 'destroy' vmctl destroy bare
check 'its back end closed what was never connected' emu_said bare 'disk 768 closed'
check 'its device model has gone' sh -c '! pidof paravane-hvm-emu'

# With PV drivers.
make_bridge
kernel /boot/guest.img 'console=ttyS0 console=hvc0 quiet guest.run=hotplug'
truncate -s 8M /tmp/pv.raw
blocks 3 5 > /tmp/new.raw
MORE="<disk type='file' device='disk'><driver name='qemu' type='raw'/><source file='/tmp/pv.raw'/><target dev='xvda' bus='xen'/></disk>"
hvm pv 256 1 > /tmp/pv.xml
last_seen() { grep 'GUEST SEES' "$(guest_log pv)" | tail -n 1 | grep -q "$1"; }
check 'a guest with PV drivers' vmctl create /tmp/pv.xml || finish
check 'it is up' wait_for 240 said pv 'GUEST ROUND 0' || { last_words pv; finish; }
check 'attach-disk' vmctl attach-disk pv /tmp/new.raw xvdb
check 'it reads the disk' wait_for 60 said pv 'GUEST NEWDISK xvdb'
same 'as it is' "2097152 $(sha < /tmp/new.raw)" "$(heard pv 'NEWDISK xvdb' 1-2)"
check 'detach-disk' vmctl detach-disk pv xvdb
check 'it is gone' wait_for 60 last_seen 'disks xvda nics  cpus'
check 'attach-interface' vmctl attach-interface pv bridge xenbr0 --mac 00:16:3e:77:00:41
check 'it sees the card' wait_for 60 last_seen 'nics eth0 '
check 'detach-interface' vmctl detach-interface pv --mac 00:16:3e:77:00:41
check 'setmem, less' vmctl setmem --wait --timeout 60 pv 200M
check 'setmem, as before' vmctl setmem --wait --timeout 60 pv 256M
check 'reboot' vmctl reboot --wait --timeout 120 pv
check 'it is up again' wait_for 240 sh -c "[ \$(grep -c 'GUEST UP' $(guest_log pv)) = 2 ]"
check 'its data was right' sh -c "! grep -q 'GUEST FAIL' $(guest_log pv)"
check 'shutdown' vmctl shutdown --wait --timeout 120 pv
[ $failures = 0 ] || { last_words bare; last_words pv; }
finish
