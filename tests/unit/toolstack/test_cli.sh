#!/bin/sh
# SPDX-License-Identifier: MIT
# vmctl on a host without a hypervisor: usage, exit codes, definitions,
# validation, and that docs/vmctl.md holds the table of verbs.
#   tests/unit/toolstack/test_cli.sh BUILD/vmctl
vmctl=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export VMCTL_CONFIG_DIR="$dir/domains" VMCTL_RUN_DIR="$dir/run"
failures=0
count=0

# code WANTED COMMAND...
code()
{
    want=$1; shift
    count=$((count + 1))
    "$@" >"$dir/out" 2>"$dir/err" </dev/null
    got=$?
    [ $got = "$want" ] && return
    echo "test_cli: $*: exit $got, not $want: $(cat "$dir/err")"
    failures=$((failures + 1))
}

says()
{
    count=$((count + 1))
    grep -q "$2" "$dir/$1" && return
    echo "test_cli: no '$2' in: $(cat "$dir/$1")"
    failures=$((failures + 1))
}

good()
{
    touch "$dir/kernel"
    echo "<domain type='xen'><name>${1:-a}</name><memory>65536</memory><os>" \
        "<type>linux</type><kernel>$dir/kernel</kernel></os></domain>"
}

code 2 "$vmctl"
code 0 "$vmctl" --help
code 0 "$vmctl" help create
says out '\-\-strict'
code 0 "$vmctl" --version
code 2 "$vmctl" frobnicate
says err 'unknown verb'
code 2 "$vmctl" list --frobnicate
code 2 "$vmctl" validate
code 2 "$vmctl" validate a b
code 2 "$vmctl" list --strict
code 2 "$vmctl" console x --escape ]]
code 2 "$vmctl" wait x --timeout never
code 2 "$vmctl" wait x --timeout
code 2 "$vmctl" destroy

good > "$dir/good.xml"
code 0 "$vmctl" validate "$dir/good.xml"
says out 'valid'
code 0 "$vmctl" --json validate "$dir/good.xml"
says out '"schema":"vmctl/1","kind":"Validation","valid":true'
code 5 "$vmctl" validate "$dir/absent.xml"
says err 'absent.xml: error: cannot open'
good | sed 's/<os>/<oops\/>\n<os>/' > "$dir/bad.xml"
code 5 "$vmctl" validate "$dir/bad.xml"
says err 'bad.xml:1: error: unknown element <oops>'
code 5 "$vmctl" create "$dir/bad.xml"
code 5 "$vmctl" --json validate "$dir/bad.xml"
says err '"kind":"Error","code":"bad-config","exit":5,.*"line":1'
good | sed 's/<os>/<features\/><os>/' > "$dir/warn.xml"
code 0 "$vmctl" validate "$dir/warn.xml"
says err 'warn.xml:1: warning: <features>'
code 5 "$vmctl" validate --strict "$dir/warn.xml"
good | sed 's/>linux</>hvm</' > "$dir/hvm.xml"
code 0 "$vmctl" validate "$dir/hvm.xml"
good > "$dir/stdin.xml"
count=$((count + 1))
"$vmctl" -q validate - < "$dir/stdin.xml" || failures=$((failures + 1))

code 0 "$vmctl" define "$dir/good.xml"
says out 'domain a defined'
code 4 "$vmctl" define "$dir/good.xml"
code 0 test -f "$dir/domains/a.xml"
code 0 test "$(stat -c %a "$dir/domains/a.xml")" = 600
code 0 "$vmctl" undefine a
code 3 "$vmctl" undefine a
code 3 "$vmctl" undefine ../a
code 0 test -z "$(ls "$dir/domains")"

if [ ! -e /proc/xen/capabilities ]; then
    code 7 "$vmctl" list
    code 7 "$vmctl" --json info
    says err '"code":"not-permitted","exit":7'
    code 7 "$vmctl" create "$dir/good.xml"
    code 0 test ! -e "$dir/run/domains"
fi

# The manual's table is the program's.
count=$((count + 1))
# Devices of a definition.
good dev > "$dir/dev.xml"
code 0 "$vmctl" define "$dir/dev.xml"
echo "<disk type='file'><source file='/d.img'/><target dev='xvdb'/></disk>" > "$dir/disk.xml"
code 0 "$vmctl" attach-device --config dev "$dir/disk.xml"
grep -q xvdb "$dir/domains/dev.xml" || { echo 'test_cli: no xvdb'; failures=$((failures + 1)); }
code 4 "$vmctl" attach-device --config dev "$dir/disk.xml"
says err 'there already'
sed 's/d.img/e.img/' "$dir/disk.xml" > "$dir/other.xml"
code 0 "$vmctl" update-device --config dev "$dir/other.xml"
grep -q e.img "$dir/domains/dev.xml" || { echo 'test_cli: no e.img'; failures=$((failures + 1)); }
code 0 "$vmctl" detach-device --config dev "$dir/disk.xml"
code 3 "$vmctl" detach-device --config dev "$dir/disk.xml"
code 3 "$vmctl" attach-device --config nobody "$dir/disk.xml"
code 5 "$vmctl" attach-device --config dev "$dir/dev.xml"
echo "<console type='pty'/>" > "$dir/disk.xml"
code 10 "$vmctl" attach-device --config dev "$dir/disk.xml"
code 0 "$vmctl" attach-interface --config dev user --mac 00:16:3e:00:00:07
code 4 "$vmctl" attach-interface --config dev bridge br0 --mac 00:16:3E:00:00:07
code 0 "$vmctl" attach-interface --config dev bridge br0
code 2 "$vmctl" attach-interface --config dev bridge
code 2 "$vmctl" attach-interface --config dev user br0
code 2 "$vmctl" attach-interface --config dev user --mac 1:2
code 0 "$vmctl" detach-interface --config dev --mac 00:16:3e:00:00:07
code 3 "$vmctl" detach-interface --config dev --mac 00:16:3e:00:00:07
code 6 "$vmctl" setmem --config dev 1G
code 0 "$vmctl" setmaxmem --config dev 1G
code 0 "$vmctl" setmem --config dev 512M
grep -q '>524288</currentMemory>' "$dir/domains/dev.xml" || { echo 'test_cli: no 512 MiB'; failures=$((failures + 1)); }
code 6 "$vmctl" setvcpus --config dev 2
code 0 "$vmctl" setvcpus --config --maximum dev 2
code 0 "$vmctl" setvcpus --config dev 2
code 0 "$vmctl" vcpupin --config dev 1 0
code 3 "$vmctl" vcpupin --config dev 2 0
code 0 "$vmctl" schedinfo --config dev --set weight=99
code 10 "$vmctl" schedinfo --config dev --set cap=50
code 2 "$vmctl" schedinfo --config dev --set weight=0
code 0 "$vmctl" undefine dev

code 2 "$vmctl" store
code 2 "$vmctl" store frobnicate
code 2 "$vmctl" store read
export XENSTORED_PATH="$dir/nothing"
code 1 "$vmctl" store ls
code 7 "$vmctl" metrics

# The doctor before the hypervisor runs.
code 0 "$vmctl" doctor
says out 'plain Linux'
says out 'system calls'
code 0 "$vmctl" doctor --json
says out '"kind":"Doctor"'

# A save file is checked before anything else is asked of the host.
head -c 4096 /dev/zero > "$dir/zeros"
code 5 "$vmctl" restore "$dir/zeros"
says err 'begin as one'
head -c 8 /dev/zero > "$dir/short"
code 5 "$vmctl" restore "$dir/short"
says err truncated
code 5 "$vmctl" restore "$dir/none"
code 2 "$vmctl" save a
code 2 "$vmctl" save --managed a "$dir/b"

# Events need nothing but the run directory.
code 0 "$vmctl" events --cursor
code 8 "$vmctl" events --once --event started --timeout 1
code 0 "$vmctl" events --timeout 1
code 2 "$vmctl" events --since yesterday

"$vmctl" help markdown > "$dir/table"
sed -n '/^| verb |/,/^$/p' docs/vmctl.md | sed '/^$/d' > "$dir/manual"
if ! diff "$dir/manual" "$dir/table" >"$dir/diff"; then
    echo "test_cli: docs/vmctl.md and vmctl help markdown differ:"
    cat "$dir/diff"
    failures=$((failures + 1))
fi
echo "test_cli: $count checks, $failures failed"
[ $failures = 0 ]
