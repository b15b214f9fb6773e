#!/bin/sh
# SPDX-License-Identifier: MIT
# What vmctl promises beyond create: states, pause, reboot, the configured
# actions, both block back ends, a worker and a back end that die, a worker
# that is started again, exit codes, and nothing left at the end.
. /etc/paravane/tests/lib.sh

# code NAME WANTED COMMAND...: the command's exit code.
code()
{
    name=$1; want=$2; shift 2
    "$@" >/tmp/out 2>&1
    same "$name" "$want" $?
}

nodes() { xs ls / | grep -c .; }
loops() { ls -d /sys/block/loop*/loop 2>/dev/null | wc -l; }
rundirs() { find /run/vmctl/domains -mindepth 1 2>/dev/null | wc -l; }
rest() { echo "nodes $(nodes) loops $(loops) rundirs $(rundirs) domains $(vmctl list --id | wc -l)"; }
state_is() { [ "$(vmctl domstate "$1")" = "$2" ]; }
new_id() { new=$(vmctl domid "$1") && [ "$new" != "$2" ]; }
free_bytes() { vmctl info --json | tr ',{}' '\n\n\n' | sed -n 's/.*"free_bytes": *//p'; }
has_worker() { vmctl info "$1" | grep -q 'worker  *yes'; }

before=$(rest)
blocks 0 4 > /tmp/v.raw
domain life idle 160 2 /tmp/v.raw > /tmp/life.xml

# ---- definitions, states
check 'define' vmctl define /tmp/life.xml
same 'a definition is shut off' 'shut off' "$(vmctl domstate life)"
check 'start' vmctl start life --paused
same 'paused' paused "$(vmctl domstate life)"
id=$(vmctl domid life)
same 'the name of the id' life "$(vmctl domname "$id")"
same 'the id of the UUID' "$id" "$(vmctl domid "$(vmctl domuuid life)")"
check 'resume' vmctl resume life
check 'userspace' wait_for 180 said life 'GUEST UP'
check 'the console shows what was said' sh -c "timeout 5 vmctl console life </dev/null | grep -q 'GUEST UP'"
check 'its XML is valid' sh -c 'vmctl dumpxml life > /tmp/dump.xml && vmctl validate --strict /tmp/dump.xml'
check 'pause' vmctl pause life
same 'paused again' paused "$(vmctl domstate life)"
check 'resume again' vmctl resume life
check 'two vCPUs' sh -c 'vmctl vcpuinfo --no-header life | wc -l | grep -qx 2'
check 'pin' vmctl vcpupin life 1 0
check 'weight' vmctl schedinfo life --set weight=512
same 'the weight stays' 512 "$(vmctl schedinfo life | awk '/weight/{print $2}')"
check 'json' sh -c "vmctl list --json | grep -q '\"schema\":\"vmctl/1\",\"kind\":\"DomainList\"'"

# ---- exit codes
code 'usage' 2 vmctl frobnicate
code 'no such option here' 2 vmctl pause --strict life
code 'no such domain' 3 vmctl pause nobody
code 'wrong state' 4 vmctl resume life
code 'runs already' 4 vmctl start life
code 'not the control domain' 7 vmctl destroy 0
code 'no key that reboots the machine' 7 vmctl sysrq 0 b
code 'timeout' 8 vmctl wait life --for paused --timeout 1
code 'one of two' 9 vmctl pause life nobody
check 'resume after that' vmctl resume life
domain hvm idle | sed 's/<console/<hostdev mode="subsystem" type="pci"\/>&/' > /tmp/hvm.xml
code 'not supported' 10 vmctl create /tmp/hvm.xml

# ---- more memory than the host has
domain big idle 16384 > /tmp/big.xml
code 'create: not enough memory' 6 vmctl create /tmp/big.xml
check 'it says how much there is' grep -q 'the host has [0-9]* MiB free' /tmp/out
code 'and nothing is left of it' 3 vmctl domstate big
check 'less memory' vmctl setmem life 96M --wait --timeout 120
tiny filler frontend loop $(($(free_bytes) / 1048576 - 40)) > /tmp/filler.xml
check 'somebody takes the rest' vmctl create --paused /tmp/filler.xml
code 'setmem: not enough memory' 6 vmctl setmem life 160M
check 'it says so' grep -q 'not enough memory on the host' /tmp/out
check 'the goal has not changed' sh -c 'vmctl dumpxml life | grep -q ">98304</currentMemory>"'
check 'the rest is free again' vmctl destroy filler
check 'more memory' vmctl setmem life 160M --wait --timeout 120

# ---- the store, watched
vmctl store watch /tool/watched --timeout 60 > /tmp/watch &
watcher=$!
check 'a watch begins with its node' wait_for 10 grep -qx /tool/watched /tmp/watch
check 'store write' vmctl store write /tool/watched/below one
check 'the change is seen' wait_for 10 grep -qx /tool/watched/below /tmp/watch
check 'store rm' vmctl store rm /tool/watched
seen_twice() { [ "$(grep -cx /tool/watched /tmp/watch)" = 2 ]; }
check 'and that it is gone' wait_for 10 seen_twice
kill $watcher
check 'for a time only' vmctl store watch --timeout 1 /tool

# ---- a worker and a back end that die
kill -9 "$(pidof vmctl-worker)"
check 'the domain runs without its worker' vmctl domstate life
check 'somebody starts the worker again' wait_for 60 has_worker life
kill -9 "$(pidof paravane-blkd | awk '{print $1}')"
check 'the back end is started again' wait_for 60 pidof paravane-blkd

# ---- reboot: the same domain, another id
id=$(vmctl domid life)
rm -f "$(guest_log life)"
mark
check 'reboot' vmctl reboot life
check 'the event of the reboot' came life reboot 120
check 'it says that we asked' sh -c "vmctl events --since $cursor --event reboot --once --timeout 1 | grep -q '\"initiator\":\"host\"'"
check 'the event of the new start' came life started 120
check 'a new id' new_id life "$id"
check 'userspace again' wait_for 180 said life 'GUEST UP'
rm -f "$(guest_log life)"
mark
vmctl sysrq life b
check 'a reboot of its own' came life reboot 60
check 'it says so' sh -c "vmctl events --since $cursor --event reboot --once --timeout 1 | grep -q '\"initiator\":\"guest\"'"
check 'and runs again' came life started 120
check 'userspace once more' wait_for 180 said life 'GUEST UP'
check 'shutdown --wait' vmctl shutdown --wait --timeout 120 life
same 'shut off' 'shut off' "$(vmctl domstate life)"
check 'undefine' vmctl undefine life
code 'forgotten' 3 vmctl domstate life
same 'nothing is left' "$before" "$(rest)"

# ---- the kernel's back end, and on_poweroff=preserve
DRIVER=phy domain phy disk 160 1 /tmp/v.raw | sed 's/<on_poweroff>destroy/<on_poweroff>preserve/' > /tmp/phy.xml
sum=$(sha < /tmp/v.raw)
check 'create with phy' vmctl create /tmp/phy.xml
check 'reads its disk' wait_for 180 said phy 'GUEST DISK'
same 'what it read' "4194304 $sum" "$(heard phy DISK 1-2)"
check 'it stops and stays' wait_for 180 state_is phy 'shut off'
same 'what it wrote' "$(sha < /tmp/v.raw)" "$(heard phy WROTE 1)"
check 'destroy' vmctl destroy phy
same 'nothing is left of phy' "$before" "$(rest)"

# ---- on_crash=restart, and destroy in the middle of it
domain crashy idle | sed -e 's/<on_crash>destroy/<on_crash>restart/' -e 's/quiet/quiet sysrq_always_enabled panic=1/' > /tmp/crashy.xml
check 'create crashy' vmctl create /tmp/crashy.xml
check 'crashy is up' wait_for 180 said crashy 'GUEST UP'
id=$(vmctl domid crashy)
mark
vmctl sysrq crashy c
check 'the event of the crash' came crashy crash 60
check 'restarted after a crash' came crashy started 120
check 'with a new id' new_id crashy "$id"
check 'destroy crashy' vmctl destroy crashy
same 'nothing is left of it' "$before" "$(rest)"
rm -f "$(guest_log crashy)"        # before the console daemon opens it again
check 'create crashy again' vmctl create /tmp/crashy.xml
check 'crashy is up again' wait_for 180 said crashy 'GUEST UP'
vmctl sysrq crashy c
sleep 2
check 'destroy in the middle of a restart' vmctl destroy crashy
same 'nothing is left of crashy' "$before" "$(rest)"
[ $failures = 0 ] || { tail -n 20 /var/log/vmctl/*.log; xs ls /; }
finish
