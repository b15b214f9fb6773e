#!/bin/sh
# SPDX-License-Identifier: MIT
# The emulated screen and keyboard: GRUB's menu by its characters, driven by
# vmctl send-key; its command line, typed into; memtest86+ to its running
# screen; the pictures of both.
. /etc/paravane/tests/lib.sh
M=/boot/memtest86+x64.bin

# A hard disk: GRUB, a menu at sector 2040, the program at 2048.
disk()
{
    cp /boot/hvm-grub.img "$1"
    {
        cat <<END
set timeout=-1
menuentry "Halt" { halt }
menuentry "Memory test" { linux (hd0)2048+$(sectors $M) }
END
        yes ''
    } 2>/dev/null | head -c 4096 > /tmp/menu
    dd if=/tmp/menu of="$1" bs=512 seek=2040 conv=notrunc 2>/dev/null
    dd if=$M of="$1" bs=512 seek=2048 conv=notrunc 2>/dev/null
    truncate -s 4M "$1"
}

shows() { vmctl screentext screen | grep -qF -- "$1"; }
# picture FILE: its size, how many pixels differ from the first.
picture()
{
    vmctl screenshot screen "/tmp/$1.png" || return 1
    /etc/paravane/tests/png_check "/tmp/$1.png" 2>&1 >/dev/null | tee "/tmp/$1.txt"
}
drawn() { awk '/pixels unlike the first/ { exit !($2 > 1000) }' "/tmp/$1.txt"; }
server() { for c in /proc/[0-9]*/comm; do grep -qx "$1" "$c" && echo "$c" | cut -d/ -f3; done | head -n 1; }

disk /tmp/screen.img
MORE="<graphics type='vnc' port='-1'/>" hvm screen 64 1 /tmp/screen.img > /tmp/screen.xml
check 'vmctl create' vmctl create /tmp/screen.xml || finish
check 'where the screen is' sh -c 'vmctl vncdisplay screen | grep -q "^127.0.0.1:"'
check 'GRUB is on the screen' wait_for 120 shows 'GNU GRUB'
check 'its first entry is chosen' wait_for 10 shows '*Halt'
picture menu
check 'its picture is not blank' drawn menu
vmctl send-key -q screen down
check 'a key goes to the next entry' wait_for 20 shows '*Memory test'
vmctl send-key -q screen c
check 'a letter opens the command line' wait_for 20 shows 'grub>'
# A BIOS keeps 15 keys: no more at a time than that, however slow the guest.
line='grub> '
for words in 'echo Typed' '_By-' 'vmctl:42'; do
    line=$line$words
    vmctl send-key -q screen --text "$words"
    check "what is typed arrives: $line" wait_for 60 shows "$line"
done
vmctl send-key -q screen enter
check 'and is answered' wait_for 60 sh -c 'vmctl screentext screen | grep -q "^Typed_By-vmctl:42$"'
vmctl send-key -q screen esc
check 'Escape goes back' wait_for 20 shows '*Memory test'
vmctl send-key -q screen enter
check 'memtest86+ is on the screen' wait_for 60 shows 'Memtest86+'
vmctl send-key -q screen f1
check 'a key opens its menu' wait_for 60 shows 'Settings:'
vmctl send-key -q screen f10
check 'it tests memory' wait_for 120 shows 'Status: Testing'
picture memtest
check 'its picture is not blank' drawn memtest
vmctl screentext screen
for s in paravane-hvm-em vnc-0; do
    p=$(server $s)
    same "$s is filtered" 2 "$(awk '/Seccomp:/{print $2}' "/proc/$p/status")"
done
kill -9 "$(server vnc-0)"
again() { picture again; }
check 'a picture after the viewers process was killed' wait_for 60 again
check 'vmctl destroy' vmctl destroy screen
check 'it is gone' wait_for 60 gone screen
same 'no process is left' '' "$(server vnc-0)$(server hvm-screen-1)"
[ $failures = 0 ] || last_words screen
finish
