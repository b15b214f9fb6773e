#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest with two vCPUs at work: five cycles of save and restore leave
# nothing behind; a save that fails, or whose process is killed, leaves the
# guest running; a restore that fails leaves nothing.
. /etc/paravane/tests/lib.sh

code()
{
    name=$1; want=$2; shift 2
    "$@" >/tmp/out 2>&1
    same "$name" "$want" $?
}
rounds() { heard pair ROUND 1; }
past() { [ "$(rounds)" -gt "$1" ] 2>/dev/null; }
works() { n=$(rounds); wait_for 120 past $((n + 2)); }
free_pages() { vmctl info --json | tr ',{}' '\n\n\n' | sed -n 's/.*"free_\(pages\|memory\|bytes\)[^:]*": *\([0-9]*\).*/\2/p' | head -n 1; }
processes()
{
    nr=0
    for p in /proc/[0-9]*; do
        [ -z "$(tr -d '\000' 2>/dev/null <"$p/cmdline")" ] || nr=$((nr + 1))
    done
    echo $nr
}
state() { echo "nodes $(xs ls / | grep -c .) processes $(processes) channels $(grep -c 'xen-dyn' /proc/interrupts) files $(ls /srv /run/vmctl/domains/* | grep -c .) free $(free_pages)"; }
steady()
{
    now=$(state)
    lost=$((${1##* } - ${now##* }))
    [ "${now% *}" = "${1% *}" ] && [ $lost -le $slack ] && [ $lost -ge -$slack ]
}
# is_steady NAME STATE: it is as it was, at the latest in a while.
is_steady()
{
    if wait_for 20 steady "$2"; then
        pass "$1"
    else
        fail "$1" "wanted '$2', got '$now'"
    fi
}
partial() { ls /srv/*.partial >/dev/null 2>&1; }
no_partial() { ! partial; }

mkdir -p /srv
blocks 0 4 > /tmp/p.raw
domain pair work 160 2 /tmp/p.raw | sed 's/ quiet//' > /tmp/pair.xml
check 'define' vmctl define /tmp/pair.xml
check 'start' vmctl start pair
check 'it works' wait_for 180 past 2

# ---- cycles, through a managed save
cycle()
{
    vmctl save --managed pair && [ "$(vmctl domstate pair)" = 'shut off' ] && vmctl start pair && works
}
if check 'cycle 0' cycle && check 'cycle 1' cycle; then
    base=$(state)
    echo "baseline: $base"
    for n in 2 3 4 5 6; do
        check "cycle $n" cycle || break
        echo "cycle $n: $(state)"
    done
    is_steady 'back at the baseline' "$base"
fi
same 'both vCPUs check' 2 "$(vmctl vcpuinfo --no-header pair | wc -l)"

# ---- failing saves
mkdir -p /small
mount -t tmpfs -o size=8m none /small
code 'onto a full file system' 6 vmctl save pair /small/x.save
same 'no part of it is left' 0 "$(ls /small | wc -l)"
check 'it runs on after a full disk' works

vmctl save --compress pair /srv/x.save >/tmp/out 2>&1 &
wait_for 60 partial || fail 'the saver begins' "$(cat /tmp/out)"
kill -INT $!
wait $!
same 'interrupted' 130 $?
check 'it runs on after an interruption' works

vmctl save --compress pair /srv/x.save >/tmp/out 2>&1 &
wait_for 60 partial || fail 'the saver begins' "$(cat /tmp/out)"
code 'two savers' 4 vmctl save pair /srv/y.save
kill -9 $!
check 'the half-written file is removed' wait_for 60 no_partial
check 'it runs on without its saver' works
same 'no save file' 0 "$(ls /srv | wc -l)"

vmctl save --compress pair /srv/x.save >/tmp/out 2>&1 &
saver=$!
wait_for 60 partial
kill -9 "$(pidof vmctl-worker)"
kill -9 $saver
check 'it runs on without saver and worker' works
check 'and that file is removed' wait_for 60 no_partial

# A guest too slow to suspend in time: when it does at last, it is woken.
check 'one hundredth of a CPU' vmctl schedinfo pair --set cap=1
code 'too slow' 8 vmctl save --timeout 1 pair /srv/x.save
check 'a whole CPU again' vmctl schedinfo pair --set cap=0
check 'it runs on after that' works
same 'no file of that' 0 "$(ls /srv | wc -l)"

# ---- failing restores
check 'save' vmctl save pair /srv/pair.save
free=$(vmctl info | awk '/free/{print $0}' | grep -o '[0-9]*' | head -n 1)
sleep 1
empty=$(state)
domain ballast idle $((free - 100)) > /tmp/ballast.xml
check 'ballast' vmctl create --paused /tmp/ballast.xml
code 'short of memory' 6 vmctl restore /srv/pair.save
check 'no more ballast' vmctl destroy ballast
is_steady 'nothing is left of the attempt' "$empty"
vmctl restore /srv/pair.save >/tmp/out 2>&1 &
wait_for 60 sh -c 'vmctl list --id | grep -q "[1-9]"'
kill -INT $!
wait $!
rc=$?
if [ $rc = 130 ]; then
    is_steady 'an interrupted restore leaves nothing' "$empty"
else
    same 'a restore that was faster than the interruption' 0 $rc
    vmctl save pair /srv/pair.save
fi
check 'restore' vmctl restore /srv/pair.save
check 'it works to the end' works
same 'the guest has seen nothing wrong' 0 "$(grep -c 'GUEST BAD' "$(guest_log pair)")"
same 'it has been started once' 1 "$(grep -c 'GUEST UP' "$(guest_log pair)")"
check 'shutdown' vmctl shutdown --wait --timeout 120 pair
[ $failures = 0 ] || last_words pair
finish
