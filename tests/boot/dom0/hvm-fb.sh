#!/bin/sh
# SPDX-License-Identifier: MIT
# The emulated screen in a linear mode: GRUB sets it by the VGA's own BIOS,
# Linux' vesafb draws; its console and what it draws compared pixel by pixel
# with screenshots; keys through Linux' PS/2 driver.
. /etc/paravane/tests/lib.sh

screenshot() { vmctl screenshot -q fb "$1"; }
press() { vmctl send-key -q fb --text "$1\\n"; }
typed() { serial_said fb "GUEST TYPED $1"; }
expected() { yes "paravane screen $1" | head -c $(($2 * $3 * 4)) > "/tmp/$1.raw"; }

# shellcheck disable=SC2086
hvm_disk /tmp/fb.img console=tty0 console=ttyS0 loglevel=5 tsc=reliable xen_nopv no_timer_check guest.run=screen
{ echo 'set gfxpayload=800x600x32'; cat /tmp/hvm-menu; } | head -c 4096 |
    dd of=/tmp/fb.img bs=512 seek=2040 conv=notrunc 2>/dev/null
MORE="<graphics type='vnc' port='-1'/>" hvm fb 256 1 /tmp/fb.img > /tmp/fb.xml
check 'vmctl create' vmctl create /tmp/fb.xml || finish
check 'the guest has a frame buffer' wait_for 240 serial_said fb 'GUEST SCREEN' || { last_words fb; vmctl screentext fb; finish; }
same 'its size' 800x600 "$(serial_heard fb SCREEN 1)"
console() { screenshot /tmp/console.png && [ "$(/etc/paravane/tests/png_check /tmp/console.png 2>/tmp/png.txt | sha)" = "$(serial_heard fb SCREEN 2)" ]; }
check 'the console is on the picture, pixel by pixel' wait_for 30 console
cat /tmp/png.txt
check 'and it is not blank' sh -c "awk '/pixels unlike the first/ { exit !(\$2 > 1000) }' /tmp/png.txt"
check 'a linear mode shows no text' sh -c 'vmctl screentext fb 2>&1 | grep -q "shows no text"'
press 'draw one'
check 'keys arrive' wait_for 60 typed 'draw one'
check 'the guest draws' wait_for 60 serial_said fb 'GUEST DREW'
expected one 800 600
check 'screenshot' screenshot /tmp/one.png
check 'the picture is what the guest drew' /etc/paravane/tests/png_check /tmp/one.png /tmp/one.raw
check 'chords' vmctl send-key -q fb KEY_LEFTSHIFT b
press ye
check 'the guest ends' wait_for 120 gone fb
[ $failures = 0 ] || last_words fb
finish
