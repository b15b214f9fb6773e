#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest with one vCPU that checks its memory and its disk all the time is
# saved and restored; files that were cut, changed or made by another version
# are refused and say why, and nothing is left of them.
. /etc/paravane/tests/lib.sh

# code NAME WANTED COMMAND...: the command's exit code.
code()
{
    name=$1; want=$2; shift 2
    "$@" >/tmp/out 2>&1
    same "$name" "$want" $?
}
says() { grep -q "$2" /tmp/out && pass "$1" || fail "$1" "$(cat /tmp/out)"; }
nodes() { xs ls / | grep -c .; }
rest() { echo "nodes $(nodes) rundirs $(find /run/vmctl/domains -mindepth 1 2>/dev/null | wc -l) domains $(vmctl list --id | wc -l)"; }
rounds() { heard "$1" ROUND 1; }
past() { [ "$(rounds "$1")" -gt "$2" ] 2>/dev/null; }
runs_on() { past "$1" "$2"; }

before=$(rest)
blocks 0 4 > /tmp/w.raw
domain work work 160 1 /tmp/w.raw | sed 's/ quiet//' > /tmp/work.xml
check 'create' vmctl create /tmp/work.xml
check 'it works' wait_for 180 past work 2
t=$(uptime_s)
check 'save' vmctl save work /tmp/work.save
echo "save took from $t to $(uptime_s), $(wc -c < /tmp/work.save) bytes"
same 'nothing is left of it but the file' "$before" "$(rest)"
n=$(rounds work)
t=$(uptime_s)
check 'restore' vmctl restore /tmp/work.save
echo "restore took from $t to $(uptime_s)"
check 'it works on' wait_for 60 past work $((n + 3))
[ $failures = 0 ] || last_words work
vmctl destroy work
grep -c 'GUEST UP' "$(guest_log work)"
finish
