#!/bin/sh
# SPDX-License-Identifier: MIT
# Fronts that lie, a guest for each backend, beside two guests whose traffic is
# checksummed.  Nothing ends but the attackers; processes, descriptors, memory
# and pages are afterwards what they were.
# ops and seed may be set before (hostile-ci.sh).
. /etc/paravane/tests/lib.sh
ops=${ops:-100000}
seed=${seed:-1}
all="block net screen console store"

free_pages() { vmctl info --json | tr ',{}' '\n\n\n' | sed -n 's/.*"free_\(pages\|memory\|bytes\)[^:]*": *\([0-9]*\).*/\2/p' | head -n 1; }
channels() { grep -c 'xen-dyn' /proc/interrupts; }
files_of() { ls "/proc/$(pidof "$1" | awk '{print $1}')/fd" | wc -l; }
kib_of() { awk '/^VmRSS/{print $2}' "/proc/$(pidof "$1" | awk '{print $1}')/status"; }
nodes() { xs ls / | grep -c .; }
state() { echo "pages $(free_pages) channels $(channels) store $(files_of xenstored) console $(files_of consoled) nodes $(nodes)"; }
steady() { [ "$(state)" = "$1" ]; }
only_services() { ! cat /proc/[0-9]*/comm 2>/dev/null | grep -q -e vmctl-worker -e paravane-blkd -e blkd- -e netd -e screend -e ^fb- -e ^kbd-; }

peak=0
# The largest serving or backend process while it goes on.
note_peak()
{
    for p in $(pidof paravane-blkd paravane-netd paravane-screend); do
        kib=$(awk '/^VmRSS/{print $2}' "/proc/$p/status" 2>/dev/null)
        [ "${kib:-0}" -le $peak ] || peak=$kib
    done
}

# start_screen DOMID: a frame buffer and a keyboard, and what serves them.
start_screen()
{
    plug "$1" vfb vfb vnc-listen 127.0.0.1
    plug "$1" vkbd vkbd
    while :; do
        paravane-screend --domid "$1" 2>> /var/log/vmctl/screend.log && return
    done &
}

# attack WHAT DISK...: create the guest, wait for its end, say what it did.
attack()
{
    what=$1
    card=
    before=$(uptime_s)
    [ "$what" != net ] || card=00:66
    CARD=${card:-} tiny "bad-$what" hostile "$what ops=$ops seed=$seed" 16 "${2:-}" > "/tmp/bad-$what.xml"
    sed -i 's|<on_poweroff>destroy|<on_poweroff>preserve|' "/tmp/bad-$what.xml"
    check "$what: vmctl create" vmctl create "/tmp/bad-$what.xml" || return
    [ "$what" != screen ] || start_screen "$(vmctl domid bad-screen)"
    end=$(($(cut -d. -f1 /proc/uptime) + ${limit:-300}))
    until said "bad-$what" '^HOSTILE'; do
        note_peak
        now=$(cut -d. -f1 /proc/uptime)
        [ $((now % 10)) != 0 ] || echo "$what at $now: $(tail -c 200 "$(guest_log "bad-$what")" | tr -cd 'a-zA-Z0-9 ,:\n' | tail -n 1)"
        [ "$(cut -d. -f1 /proc/uptime)" -lt $end ] || break
        sleep 1
    done
    result=$(sed -n 's/^HOSTILE //p' "$(guest_log "bad-$what")" | tr -d '\r')
    echo "RESULT-OF $what: $result ($before to $(uptime_s))"
    check "$what: all operations were made" test "$(echo "$result" | cut -d' ' -f2)" -ge $ops ||
        xs ls "/local/domain/0/backend"
    id=$(vmctl domid "bad-$what")
    check "$what: destroyed" vmctl destroy "bad-$what"
    [ "$what" != screen ] || xs rm "/local/domain/0/backend/vfb/$id" "/local/domain/0/backend/vkbd/$id"
}

check 'a bridge' make_bridge
xs mkdir /local/domain/0/backend/vfb /local/domain/0/backend/vkbd
blocks 0 2 > /tmp/good.raw
blocks 0 2 > /tmp/warm.raw
blocks 0 2 > /tmp/bad.raw
CARD=00:09 tiny warm frontend "disk net" 16 /tmp/warm.raw > /tmp/warm.xml
vmctl create /tmp/warm.xml && wait_for 60 gone warm
check 'no process of the warm-up is left' wait_for 60 only_services
base=$(state)
store_pid=$(pidof xenstored)
console_pid=$(pidof consoled)
store_kib=$(kib_of xenstored)
console_kib=$(kib_of consoled)
echo "baseline: $base, store $store_kib KiB, console $console_kib KiB"

CARD=00:02 tiny good frontend 'disk net loop ip=258' 16 /tmp/good.raw > /tmp/good.xml
check 'good: vmctl create' vmctl create /tmp/good.xml
check 'good: runs' wait_for 60 said good 'GUEST CARD'
check 'good: answers' ping -c 3 -s 1400 10.77.1.2
ping -i 0.5 -s 1400 10.77.1.2 > /tmp/ping.log 2>&1 &
ping=$!

for what in ${attacks:-$all}; do
    case $what in
    block) attack block /tmp/bad.raw ;;
    *) attack $what ;;
    esac
done

kill -INT $ping
same 'the store is the same process' "$store_pid" "$(pidof xenstored)"
same 'the console daemon is the same process' "$console_pid" "$(pidof consoled)"
check 'good: still answers' ping -c 5 -s 1400 10.77.1.2
vmctl shutdown good
check 'good: ends when told to' wait_for 60 gone good
same 'good: no error in its checksums' 0 "$(heard good LOOP 3)"
same 'good: no bad packet' 0 "$(heard good ECHO 3)"
grep -E 'packets|round' /tmp/ping.log
same 'the disk of the liar has its size' 2097152 "$(wc -c < /tmp/bad.raw)"
check 'no process is left' wait_for 60 only_services
wait_for 20 steady "$base"
same 'back at the baseline' "$base" "$(state)"
echo "store $(kib_of xenstored) KiB, console $(kib_of consoled) KiB, largest backend $peak KiB"
check 'the store grew by less than 4 MiB' test "$(kib_of xenstored)" -lt $((store_kib + 4096))
check 'the console daemon by less than 2 MiB' test "$(kib_of consoled)" -lt $((console_kib + 2048))
check 'no backend took more than 48 MiB' test $peak -lt 49152
check 'logs stayed short' test "$(cat /var/log/vmctl/*.log | wc -l)" -lt 3000
dmesg | grep -E 'segfault|general protection|BUG' && fail 'kernel log' 'a crash'
[ $failures = 0 ] || {
    for what in ${attacks:-$all}; do last_words bad-$what | head -n 40; done
    last_words good
}
finish
