#!/bin/sh
# SPDX-License-Identifier: MIT
# Weight, cap and affinity act, measured by the CPU time that the hypervisor
# counts for guests whose vCPUs never rest.
. /etc/paravane/tests/lib.sh
span=8

# used NAME: nanoseconds of all its vCPUs.
used()
{
    vmctl vcpuinfo --json "$1" | tr ',' '\n' | sed -n 's/.*"cpu_time_ns":\([0-9]*\).*/\1/p' |
        awk '{s += $1} END {printf "%.0f\n", s}'
}

# measure: for $span seconds; then share_a and share_b are percent of one CPU.
measure()
{
    a0=$(used one); b0=$(used two); t0=$(cut -d' ' -f1 /proc/uptime)
    sleep $span
    a1=$(used one); b1=$(used two); t1=$(cut -d' ' -f1 /proc/uptime)
    share_a=$(awk "BEGIN {printf \"%d\", ($a1 - $a0) / ($t1 - $t0) / 1e7}")
    share_b=$(awk "BEGIN {printf \"%d\", ($b1 - $b0) / ($t1 - $t0) / 1e7}")
    echo "one $share_a %, two $share_b %"
}

# between NAME LOW VALUE HIGH
between() { if [ "$3" -ge "$2" ] && [ "$3" -le "$4" ]; then pass "$1"; else fail "$1" "$3, not from $2 to $4"; fi; }

domain one spin 128 2 > /tmp/one.xml
domain two spin 128 1 > /tmp/two.xml
check 'create one' vmctl create /tmp/one.xml
check 'create two' vmctl create /tmp/two.xml
check 'one is up' wait_for 180 said one 'GUEST NPROC'
check 'two is up' wait_for 180 said two 'GUEST NPROC'

check 'cap at 40 % of a CPU' vmctl schedinfo one --set cap=40
measure
between 'it gets what the cap allows, not more' 20 "$share_a" 44
check 'cap at 120 %' vmctl schedinfo one --set cap=120
check 'two out of the way' vmctl pause two
measure
between 'two vCPUs share a cap' 80 "$share_a" 128
same 'a paused domain uses nothing' 0 "$share_b"
check 'two goes on' vmctl resume two
check 'no cap' vmctl schedinfo one --set cap=0

for cpu in 0 1; do check "one: vCPU $cpu on CPU 1" vmctl vcpupin one $cpu 1; done
check 'two: on CPU 1' vmctl vcpupin two 0 1
same 'both run there' '1 1 1' "$(for d in one two; do vmctl vcpuinfo --no-header $d; done | awk '{printf "%s%s", sep, $2; sep = " "}')"
check 'two counts four times as much' vmctl schedinfo two --set weight=1024
measure
between 'together they have one CPU' 80 $((share_a + share_b)) 104
# one has two vCPUs of weight 256 each, two one of 1024.
between 'the heavy one gets the larger part' $((share_a * 3 / 2)) "$share_b" 100
check 'now one does' vmctl schedinfo one --set weight=4096
check 'and two does not' vmctl schedinfo two --set weight=256
measure
between 'then the other one' $((share_b * 3)) "$share_a" 104
check 'destroy' vmctl destroy one two
[ $failures = 0 ] || { last_words one; last_words two; }
finish
