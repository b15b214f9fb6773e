#!/bin/sh
# SPDX-License-Identifier: MIT
# A stock Linux guest's console on the PV screen: screenshots compared with
# what the guest has drawn, keys from vmctl, from a VNC client and from a
# browser outside (tests/boot/host/screen.sh), the pointer, another size, and
# a screen that goes on when its processes are killed.
. /etc/paravane/tests/lib.sh

tell() { echo "SCREEN $1"; }
screenshot() { vmctl screenshot screen "$1"; }
press() { vmctl send-key -q screen --text "$1\\n"; }
typed() { said screen "GUEST TYPED $1"; }
expected() { yes "paravane screen $1" | head -c $(($2 * $3 * 4)) > "/tmp/$1.raw"; }
server() { for c in /proc/[0-9]*/comm; do grep -qx "$1" "$c" && echo "$c" | cut -d/ -f3; done | head -n 1; }
rest() { echo "rundirs $(find /run/vmctl/domains -mindepth 1 | wc -l) processes $(pidof paravane-screend | wc -w) nodes $(xs ls /local/domain/0/backend | grep -c 'vfb\|vkbd')"; }

before=$(rest)
nic=$(ls /sys/class/net | grep -v '^lo$' | head -n 1)
ip link set lo up
ip link set "$nic" up
check 'dom0 has a network' udhcpc -i "$nic" -n -q -t 10 -s /etc/paravane/tests/dhcp.sh
domain screen screen 256 1 | sed -e 's/console=hvc0 quiet/console=tty0 console=hvc0 loglevel=5/' \
    -e "s/<console type/<graphics type='vnc' listen='0.0.0.0' passwd='secret' port='5900' websocket='5700'\/><input type='keyboard' bus='xen'\/><console type/" > /tmp/screen.xml
check 'the XML is valid' vmctl validate --strict /tmp/screen.xml
check 'vmctl create' vmctl create /tmp/screen.xml
check 'where the screen is' sh -c '[ "$(vmctl vncdisplay screen)" = 0.0.0.0:0 ]'
same 'the address for a browser' 'http://127.0.0.1:5700/' "$(vmctl vnc --web screen)"
check 'the guest has a frame buffer' wait_for 240 said screen 'GUEST SCREEN'
same 'its size' 800x600 "$(heard screen SCREEN 1)"

# ---- what the guest shows is what we see
console() { screenshot /tmp/console.png && [ "$(/etc/paravane/tests/png_check /tmp/console.png 2>/tmp/png.txt | sha)" = "$(heard screen SCREEN 2)" ]; }
check 'the console is on the picture, pixel by pixel' wait_for 30 console
check 'and it is not blank' sh -c "awk '/pixels unlike the first/ { exit !(\$2 > 1000) }' /tmp/png.txt"
cat /tmp/png.txt
press 'draw one'
check 'a key pressed by vmctl arrives' wait_for 60 typed 'draw one'
check 'the guest draws' wait_for 60 said screen 'GUEST DREW'
expected one 800 600
check 'screenshot' screenshot /tmp/one.png
check 'the picture is what the guest drew' /etc/paravane/tests/png_check /tmp/one.png /tmp/one.raw
for s in vnc-0 fb-0 kbd-0; do
    p=$(server $s)
    same "$s has no capability" 0000000000000000 "$(awk '/CapEff/{print $2}' "/proc/$p/status")"
    same "$s is filtered" 2 "$(awk '/Seccomp:/{print $2}' "/proc/$p/status")"
done
paravane-screend --domid 0 --sandbox | cut -d: -f1

# ---- people outside
tell READY
check 'a key of the VNC client arrives' wait_for 300 typed 'draw two'
check 'the guest waits for the pointer' wait_for 120 said screen 'GUEST POINTS'
tell POINT
check 'the pointer arrives' wait_for 120 said screen 'GUEST POINTED'
same 'where it is' '3 0 100 3 1 200' "$(sed -n 's/.*GUEST POINTER //p' "$(guest_log screen)" | tr -d '\r' | head -n 2 | tr '\n' ' ' | sed 's/ $//')"
same 'its button' '1 272 1 1 272 0' "$(sed -n 's/.*GUEST POINTER \(1 \)/\1/p' "$(guest_log screen)" | tr -d '\r' | tr '\n' ' ' | sed 's/ $//')"
tell BROWSE
check 'keys typed in Chromium arrive' wait_for 600 typed 'draw three'
check 'and another viewer sees what they did' wait_for 120 typed 'seen'

# ---- deaths
kill -9 "$(server vnc-0)"
kill -9 "$(server fb-0)"
kill -9 "$(server kbd-0)"
check 'a screenshot after the processes were killed' wait_for 60 screenshot /tmp/again.png
press 'draw four'
check 'and keys' wait_for 60 typed 'draw four'
old=$(pidof paravane-screend | tr ' ' '\n' | sort -n | head -n 1)
kill -9 "$old"
again() { new=$(pidof paravane-screend) && [ -n "$new" ] && screenshot /tmp/again.png; }
check 'the program is started again' wait_for 60 again
same 'on the same ports' 'http://127.0.0.1:5700/' "$(vmctl vnc --web screen)"
press 'draw five'
check 'keys after that' wait_for 60 typed 'draw five'
expected five 800 600
five() { screenshot /tmp/five.png && /etc/paravane/tests/png_check /tmp/five.png /tmp/five.raw; }
check 'the picture after that' wait_for 60 five
tell AGAIN
check 'Chromium finds it again' wait_for 600 typed 'Typed in a Browser'

# ---- another size
# xen-fbfront keeps the length of a row: 3200 bytes, of which 2560 are seen.
narrow()
{
    yes "paravane screen $1" | head -c $((3200 * 480)) > /tmp/full.raw
    exec 4< /tmp/full.raw
    i=0
    while [ $i -lt 480 ]; do
        dd bs=2560 count=1 <&4
        dd bs=640 count=1 <&4 > /dev/null
        i=$((i + 1))
    done > "/tmp/$1.raw" 2>/dev/null
    exec 4<&-
}
press 'size 640x480'
check 'the guest takes another size' wait_for 120 said screen 'GUEST SIZED'
press 'draw small'
check 'it draws there' wait_for 60 typed 'draw small'
narrow small
small() { screenshot /tmp/small.png && /etc/paravane/tests/png_check /tmp/small.png /tmp/small.raw; }
check 'the picture has the new size' wait_for 60 small

# ---- the end
check 'chords' vmctl send-key screen KEY_LEFTSHIFT b
press ye
check 'the guest ends' wait_for 120 gone screen
same 'nothing is left' "$before" "$(rest)"
[ $failures = 0 ] || { tail -n 30 /var/log/vmctl/*.log; last_words screen; }
finish
