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
# says NAME WORDS: of the last such command.
says()
{
    if grep -q "$2" /tmp/out; then
        pass "$1"
    else
        fail "$1" "$(tail -n 2 /tmp/out)"
    fi
}
nodes() { xs ls / | grep -c .; }
rest() { echo "nodes $(nodes) rundirs $(find /run/vmctl/domains -mindepth 1 2>/dev/null | wc -l) domains $(vmctl list --id | wc -l)"; }
rounds() { heard work ROUND 1; }
past() { [ "$(rounds)" -gt "$1" ] 2>/dev/null; }
works() { n=$(rounds); wait_for 120 past $((n + 2)); }
refused() { code "$1" "$2" vmctl restore /tmp/bad.save; says "$1: why" "$3"; }

before=$(rest)
cursor=$(vmctl events --cursor)
blocks 0 4 > /tmp/w.raw
domain work work 160 1 /tmp/w.raw | sed 's/ quiet//' > /tmp/work.xml
check 'create' vmctl create /tmp/work.xml
check 'it works' wait_for 180 past 2
check 'save' vmctl save work /tmp/work.save
same 'nothing is left of it but the file' "$before" "$(rest)"
size=$(wc -c < /tmp/work.save)
echo "the file has $size bytes"
check 'restore' vmctl restore /tmp/work.save
check 'it works on' works
vmctl events --since "$cursor" --timeout 1 > /tmp/out
says 'an event when it is saved' '"event":"saved"'
says 'and when it is restored' '"event":"restored"'
code 'a second one of it' 4 vmctl restore /tmp/work.save

# ---- a checkpoint, then another life of the disk
check 'checkpoint, compressed, sent twice' vmctl save --checkpoint --compress --verify work /tmp/again.save
check 'it works on after a checkpoint' works
check 'destroy' vmctl destroy work
code 'the disk was written after the checkpoint' 4 vmctl restore /tmp/again.save
says 'it says which' '/tmp/w.raw'
check 'by force' vmctl restore --force --paused /tmp/again.save
same 'paused' paused "$(vmctl domstate work)"
check 'resume' vmctl resume work
check 'its memory was right' works

# ---- what cannot be saved
code 'no such directory' 1 vmctl save work /nowhere/x.save
code 'a device' 2 vmctl save work /dev/null
code 'no file given' 2 vmctl save work
code 'nothing would start it' 4 vmctl save --managed work
vmctl pause work
code 'a paused guest' 4 vmctl save work /tmp/x.save
vmctl resume work
id=$(vmctl domid work)
xs write "/local/domain/$id/control/feature-suspend" ''
code 'a kernel that cannot suspend' 10 vmctl save work /tmp/x.save
xs write "/local/domain/$id/control/feature-suspend" 1
check 'none of it hurt' works

# ---- damaged files
check 'save once more' vmctl save --compress work /tmp/work.save
rm -f /tmp/again.save
size=$(wc -c < /tmp/work.save)
for at in 0 63 500 $((size / 2)) $((size - 1)); do
    head -c "$at" /tmp/work.save > /tmp/bad.save
    refused "cut after $at of $size bytes" 5 truncated
done
# flip OFFSET: that byte of the file, and back.
flip()
{
    byte=$(dd if=/tmp/bad.save bs=1 skip="$1" count=1 2>/dev/null | od -An -tu1)
    # shellcheck disable=SC2059
    printf "\\$(printf %o $((byte ^ 1)))" | dd of=/tmp/bad.save bs=1 seek="$1" conv=notrunc 2>/dev/null
}
mv /tmp/work.save /tmp/bad.save
touch -r /tmp/bad.save /tmp/mtime
for at in 24 80 3000 $((size / 2)) $((size - 40)) $((size - 1)); do
    flip "$at"
    refused "byte $at altered" 5 altered
    flip "$at"
done
flip 0
refused 'not a save file' 5 'begin as one'
flip 0
flip 8
refused 'another version' 11 'has version'
flip 8
echo >> /tmp/bad.save
refused 'something behind the end' 5 follow
truncate -s "$size" /tmp/bad.save
same 'nothing is left of any' "$before" "$(rest)"
touch -r /tmp/mtime /tmp/bad.save
check 'the file as it was is good' vmctl restore /tmp/bad.save
check 'and works' works
same 'the guest has seen nothing wrong' 0 "$(grep -c 'GUEST BAD' "$(guest_log work)")"
same 'it has been started once' 1 "$(grep -c 'GUEST UP' "$(guest_log work)")"
vmctl shutdown --wait --timeout 120 work || vmctl destroy work
same 'nothing is left at the end' "$before" "$(rest)"
[ $failures = 0 ] || last_words work
finish
