#!/bin/sh
# SPDX-License-Identifier: MIT
# The first half of make demo: store, vmctl, a PV guest from XML with the stock
# kernel, its disk read and written with checksums, its clean end.  demo.sh
# goes on from here.
. /etc/paravane/tests/lib.sh
story "userspace of $(uname -r) on $(grep -c ^processor /proc/cpuinfo) CPUs"
check 'control domain' grep -q control_d /proc/xen/capabilities
check 'store answers' vmctl list
vmctl info | head -n 20
running_cpus() { vmctl info --json | tr ',{}' '\n\n\n' | sed -n 's/.*"cpus": *//p'; }
same 'each CPU runs' "$(grep -c ^processor /proc/cpuinfo)" "$(running_cpus)"

blocks 100 116 > /tmp/disk.raw
before=$(sha < /tmp/disk.raw)
domain demo disk 256 1 /tmp/disk.raw > /tmp/demo.xml
check 'xml is valid' vmctl validate /tmp/demo.xml
story "vmctl create demo.xml, a guest with a 16 MiB disk of checksum $before"
check 'vmctl create' vmctl create /tmp/demo.xml
vmctl list
check 'guest reaches userspace' wait_for 120 said demo 'GUEST UP'
story "guest: $(grep 'GUEST UP' "$(guest_log demo)" | tr -d '\r')"
check 'guest reads its disk' wait_for 120 said demo 'GUEST DISK' || { last_words demo; finish; }
same 'checksum of what it read' "16777216 $before" "$(heard demo DISK 1-2)"
story "guest read $(heard demo DISK 1) bytes, checksum $(heard demo DISK 2)"
check 'guest writes its disk' wait_for 120 said demo 'GUEST WROTE'
check 'guest switches itself off' wait_for 60 gone demo
after=$(sha < /tmp/disk.raw)
same 'checksum of what it wrote' "$after" "$(heard demo WROTE 1)"
same 'the file is as it should be' "$( (blocks 100 108; blocks 8 16) | sha)" "$after"
story "guest wrote the second half, the file's checksum is $after"
story 'guest shut down cleanly'
[ $failures = 0 ] || last_words demo
[ -n "${goes_on:-}" ] || { story 'dom0 powers the machine off'; finish; }
