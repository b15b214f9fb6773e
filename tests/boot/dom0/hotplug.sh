#!/bin/sh
# SPDX-License-Identifier: MIT
# A guest that checks its memory and its disk all the time, while devices,
# memory and CPUs come and go; what cannot be done says why and changes
# nothing; and whoever is killed in the middle leaves nothing behind.
. /etc/paravane/tests/lib.sh

# code NAME WANTED WORDS COMMAND...: the exit code, and words of the message.
code()
{
    name=$1; want=$2; words=$3; shift 3
    "$@" >/tmp/out 2>&1
    got=$?
    if [ $got = "$want" ] && grep -q "$words" /tmp/out; then
        pass "$name"
    else
        fail "$name" "exit $got, not $want: $(tail -n 2 /tmp/out | tr '\n' ' ')"
    fi
}

event() { came hot "$1" "$2"; }
no_event() { ! event "$1" 1; }

# A disk of N MiB: its XML in /tmp/TARGET.xml, its bytes in /tmp/TARGET.raw.
disk()
{
    cat > "/tmp/$1.xml" <<END
<disk type='file' device='disk'>
  <driver name='${2:-qemu}' type='raw'/>
  <source file='/tmp/$1.raw'/>
  <target dev='$1' bus='xen'/>
</disk>
END
}
entries() { xs ls / | grep -c -e "/$1/$id/" -e "/$id/device/$2/"; }
live() { vmctl dumpxml hot | grep -q "$1"; }
record() { cat /var/lib/xen/userdata-d."$id".*.libxl-json 2>/dev/null; }
devid() { echo $((51712 + 16 * $1)); }

nodes() { xs ls / | grep -c .; }
loops() { ls -d /sys/block/loop*/loop 2>/dev/null | wc -l; }
free_mem() { vmctl info --json | tr ',{}' '\n\n\n' | sed -n 's/.*"free_\(pages\|memory\|bytes\)[^:]*": *\([0-9]*\).*/\2/p' | head -n 1; }
processes() { cat /proc/[0-9]*/comm 2>/dev/null | grep -c -e vmctl -e 'paravane-' ; }
rest() { echo "nodes $(nodes) loops $(loops) dirs $(find /run/vmctl/domains -mindepth 1 | wc -l) processes $(processes)"; }
is_rest() { [ "$(rest)" = "$before" ]; }

rounds() { n=$(heard hot ROUND 1); echo "${n:-0}"; }
more_rounds() { [ "$(rounds)" -gt "$1" ]; }
# The workload has gone through two more rounds, started and ended since.
works()
{
    r=$(rounds)
    check "$1: the workload goes on" wait_for 240 more_rounds $((r + 1))
}
seen() { said hot "GUEST SEES.* $1"; }
last_seen() { grep 'GUEST SEES' "$(guest_log hot)" | tail -n 1 | grep -q "$1"; }

has_worker() { vmctl info hot | grep -q 'worker  *yes'; }

mkdir -p /var/lib/xen
blocks 0 8 > /tmp/xvda.raw
blocks 3 5 > /tmp/xvdb.raw
blocks 5 7 > /tmp/xvdc.raw
disk xvdb
disk xvdc phy
domain hot hotplug 256 1 /tmp/xvda.raw | sed -e "s|<vcpu>1</vcpu>|<vcpu current='1'>4</vcpu>|" > /tmp/hot.xml
domain warm hello 256 4 /tmp/xvda.raw > /tmp/warm.xml
check 'warm-up' vmctl create --wait --timeout 240 /tmp/warm.xml
rm -f "$(guest_log warm)"
before=$(rest)
had=$(free_mem)

mark
check 'create' vmctl create /tmp/hot.xml
check 'started' event started 5
check 'its disk is connected' event connected 180
check 'it works' wait_for 240 said hot 'GUEST ROUND 1'
id=$(vmctl domid hot)
steady=$(nodes)

# ---- disks: our back end, then the kernel's
for dev in xvdb xvdc; do
    mark
    check "$dev: attach" vmctl attach-device hot /tmp/$dev.xml
    check "$dev: the event" event attached 1
    check "$dev: the guest reads it" wait_for 60 said hot "GUEST NEWDISK $dev"
    same "$dev: what it read" "2097152 $(sha < /tmp/$dev.raw)" "$(heard hot "NEWDISK $dev" 1-2)"
    check "$dev: in the live XML" live "dev='$dev'"
    check "$dev: in the record" sh -c "cat /var/lib/xen/userdata-d.$id.*.libxl-json | grep -q $dev"
    code "$dev: there already" 4 'there already' vmctl attach-device hot /tmp/$dev.xml
    works "$dev"
    mark
    check "$dev: detach" vmctl detach-device hot /tmp/$dev.xml
    check "$dev: that event" event detached 1
    check "$dev: the guest sees it go" wait_for 30 last_seen "disks xvda nics"
    check "$dev: out of the XML" sh -c "! vmctl dumpxml hot | grep -q $dev"
    same "$dev: its nodes are gone" "$steady" "$(nodes)"
    code "$dev: no such device" 3 'no such device' vmctl detach-device hot /tmp/$dev.xml
done
same 'no loop device is left' 0 "$(loops)"
works 'disks'

# ---- a disk that the guest holds open
{ echo hold; blocks 5 6; } | head -c 1048576 > /tmp/xvdd.raw
disk xvdd
check 'xvdd: attach' vmctl attach-device hot /tmp/xvdd.xml
check 'xvdd: held open' wait_for 60 said hot 'GUEST NEWDISK xvdd'
vmctl detach-device --timeout 20 hot /tmp/xvdd.xml > /tmp/out 2>&1
echo "a disk in use: exit $?, $(cat /tmp/out)"
same 'xvdd: gone, or there and in the XML' "$(xs ls / | grep -c "qdisk/$id/$(devid 3)/state")" \
    "$(vmctl dumpxml hot | grep -c "dev='xvdd'")"
works 'a disk in use'

# ---- a guest that does not answer
check 'pause' vmctl pause hot
mark
code 'attach: not taken' 8 'taken away again' vmctl attach-device --timeout 2 hot /tmp/xvdb.xml
check 'attach: not in the XML' sh -c "! vmctl dumpxml hot | grep -q xvdb"
check 'attach: no event' no_event attached
check 'resume' vmctl resume hot
check 'xvdb again' vmctl attach-device hot /tmp/xvdb.xml
check 'pause' vmctl pause hot
mark
code 'detach: not given back' 8 'nothing has changed' vmctl detach-device --timeout 2 hot /tmp/xvdb.xml
check 'detach: still in the XML' live "dev='xvdb'"
check 'detach: no event' no_event detached
same 'detach: still connected' 4 "$(xs read "/local/domain/0/backend/qdisk/$id/$(devid 1)/state")"
check 'resume' vmctl resume hot
works 'a guest that did not answer'
check 'xvdb: detach at last' vmctl detach-device hot /tmp/xvdb.xml

# ---- network cards
cat > /tmp/nic.xml <<END
<interface type='user'><mac address='00:16:3e:11:22:33'/></interface>
END
mark
if vmctl attach-device hot /tmp/nic.xml > /tmp/out 2>&1; then
    check 'nic: the event' event attached 1
    check 'nic: the guest sees it' wait_for 60 last_seen 'nics eth0'
    check 'nic: listed' sh -c 'vmctl domiflist hot | grep -q 00:16:3e:11:22:33'
    works 'nic'
    check 'nic: detach' vmctl detach-interface hot --mac 00:16:3e:11:22:33
    check 'nic: the guest sees it go' wait_for 30 last_seen 'nics  *cpus'
    same 'nic: its nodes are gone' 0 "$(entries tapnet vif)"
else
    fail 'nic: attach' "$(cat /tmp/out)"
fi

# ---- again and again: what a round takes it gives back
round() { for d in xvdb xvdc; do vmctl attach-device hot /tmp/$d.xml && vmctl detach-device hot /tmp/$d.xml || return 1; done; }
check 'a round' round
is_free() { [ "$(free_mem)" = "$then" ]; }
then=$(free_mem)
cycles=0
while [ $cycles -lt 5 ] && round > /tmp/out 2>&1; do cycles=$((cycles + 1)); done
same 'five rounds' 5 $cycles
wait_for 10 is_free
same 'the hypervisor has as much memory as before them' "$then" "$(free_mem)"

# ---- memory
mark
check 'setmem down' vmctl setmem hot 128M --wait --timeout 60
check 'the balloon event' event balloon 5
check 'the live XML says so' live '>131072</currentMemory>'
works 'less memory'
code 'above the maximum' 6 'more than the maximum' vmctl setmem hot 1G
code 'too little' 6 'too little' vmctl setmem hot 1M
code 'not a size' 2 'not a size' vmctl setmem hot lots
mark
check 'setmem up' vmctl setmem hot 256M --wait --timeout 60
check 'the balloon event again' event balloon 5
works 'more memory'
code 'no more than at the start' 10 'started for' vmctl setmaxmem hot 1G

# ---- CPUs
mark
check 'setvcpus 4' vmctl setvcpus hot 4 --wait --timeout 60
check 'the vcpus event' event vcpus 5
check 'the guest has four' wait_for 30 last_seen 'cpus 0-3'
works 'four CPUs'
check 'setvcpus 2' vmctl setvcpus hot 2 --wait --timeout 60
check 'the guest has two' wait_for 30 last_seen 'cpus 0-1'
code 'too many' 6 'more vCPUs' vmctl setvcpus hot 5
works 'two CPUs'
check 'vcpupin' vmctl vcpupin hot 0 1
same 'where it runs' 1 "$(vmctl vcpuinfo --no-header hot | awk '$1 == 0 {print $5}')"
check 'the pin is in the XML' live "vcpupin vcpu='0' cpuset='1'"
code 'no such vCPU' 3 'no such vCPU' vmctl vcpupin hot 9 0
code 'no such CPU' 6 'host has' vmctl vcpupin hot 0 60
works 'pinned'
check 'unpin' vmctl vcpupin hot 0 0-1
check 'weight and cap' vmctl schedinfo hot --set weight=512,cap=20
same 'both are set' '512 20' "$(vmctl schedinfo hot | awk '{printf "%s%s", sep, $2; sep = " "}')"
code 'too high a cap' 6 'cap=400' vmctl schedinfo hot --set cap=401
code 'no such setting' 2 'not a setting' vmctl schedinfo hot --set slice=3
works 'capped'
check 'no cap' vmctl schedinfo hot --set cap=0

# ---- deaths in the middle of an attach
check 'pause' vmctl pause hot
vmctl attach-device --timeout 60 hot /tmp/xvdb.xml > /tmp/attach.out 2>&1 &
attach=$!
check 'it has begun' wait_for 10 live "dev='xvdb'"
kill -9 "$(pidof vmctl-worker)"
check 'resume' vmctl resume hot
wait $attach
same 'the attach is not disturbed by a dead worker' 0 $?
check 'somebody starts the worker again' wait_for 60 has_worker
check 'xvdb: detach' vmctl detach-device hot /tmp/xvdb.xml
check 'pause' vmctl pause hot
vmctl attach-device --timeout 60 hot /tmp/xvdb.xml > /tmp/attach.out 2>&1 &
attach=$!
check 'it has begun again' wait_for 10 live "dev='xvdb'"
kill -9 $attach
wait $attach 2>/dev/null
check 'resume' vmctl resume hot
check 'what a killed vmctl left can be detached' vmctl detach-device hot /tmp/xvdb.xml
check 'pause' vmctl pause hot
vmctl attach-device --timeout 60 hot /tmp/xvdb.xml > /tmp/attach.out 2>&1 &
attach=$!
check 'it has begun once more' wait_for 10 live "dev='xvdb'"
same 'the workload has seen no error' 0 "$(grep -c 'GUEST FAIL' "$(guest_log hot)")"
mark
check 'destroy' vmctl destroy hot
wait $attach
same 'an attach whose domain ends' 4 $?
check 'destroyed' event destroyed 10
check 'metrics' sh -c 'vmctl metrics | grep -q "^paravane_domain_cpu_seconds_total{domain=.Domain-0"'
check 'store write' vmctl store write /tool/test one
same 'store read' one "$(vmctl store read /tool/test)"
check 'store rm' vmctl store rm /tool/test
code 'no such node' 3 'no such node' vmctl store read /tool/test
check 'doctor' vmctl doctor
wait_for 30 is_rest
same 'nothing is left' "$before" "$(rest)"
# dom0's own tables in the hypervisor grow a little and stay.
lost=$((had - $(free_mem)))
echo "free memory: $lost bytes less"
check 'nor any memory of the domain' [ $lost -le 65536 ]
[ $failures = 0 ] || last_words hot
finish
