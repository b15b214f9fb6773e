#!/bin/sh
# SPDX-License-Identifier: MIT
# 20 create-run-destroy cycles: afterwards free memory, event channels, store
# nodes and processes are what they were after the first two cycles' warm-up.
. /etc/paravane/tests/lib.sh
cycles=20

free_pages() { vmctl info --json | tr ',{}' '\n\n\n' | sed -n 's/.*"free_\(pages\|memory\|bytes\)[^:]*": *\([0-9]*\).*/\2/p' | head -n 1; }
store_nodes() { xs ls / | grep -c .; }
# Listed before anything of the count itself is started; no pipe beside it.
processes()
{
    nr=0
    for p in /proc/[0-9]*; do
        [ -z "$(tr -d '\000' 2>/dev/null <"$p/cmdline")" ] || nr=$((nr + 1))
    done
    echo $nr
}
# Free event channels: interrupts that the kernel has bound dynamically.
channels() { grep -c 'xen-dyn' /proc/interrupts; }

cycle()
{
    vmctl create /tmp/leak.xml || return 1
    wait_for 120 said leak 'GUEST UP' || return 1
    if [ $(($1 % 2)) = 0 ]; then
        vmctl destroy leak
    else
        vmctl shutdown leak
    fi || return 1
    wait_for 60 gone leak || return 1
    rm -f "$(guest_log leak)"
}

state() { echo "pages $(free_pages) nodes $(store_nodes) processes $(processes) channels $(channels)"; }
steady() { [ "$(state)" = "$1" ]; }

blocks 0 2 > /tmp/leak.raw
domain leak idle 160 1 /tmp/leak.raw | sed 's/ quiet//' > /tmp/leak.xml
cycle 0 && cycle 1 || { fail 'warm-up'; last_words leak; finish; }
only_services() { ! cat /proc/[0-9]*/comm 2>/dev/null | grep -q -e vmctl-worker -e paravane-blkd; }
check 'no process of the warm-up is left' wait_for 60 only_services
base=$(state)
echo "baseline: $base"
n=0
while [ $n -lt $cycles ] && [ $failures = 0 ]; do
    if cycle $n >/tmp/leak.out 2>&1; then
        echo "cycle $n: $(state)"
        dmesg | grep segfault && fail "cycle $n" 'a program crashed'
    else
        fail "cycle $n" "$(tail -n 1 /tmp/leak.out)"
        last_words leak
    fi
    n=$((n + 1))
done
same 'cycles done' $cycles $n
wait_for 20 steady "$base"
same 'back at the baseline' "$base" "$(state)"
same 'the baseline has all four figures' 0 "$(echo "$base" | grep -c '  ')"
finish
