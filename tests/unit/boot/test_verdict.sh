#!/bin/bash
# SPDX-License-Identifier: MIT
# What run_boots says of boots that end in every way, with a program in QEMU's
# place that says what a machine would: the verdict names the reason.
#   tests/unit/boot/test_verdict.sh BUILD/run_boots
run_boots=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin" "$dir/boot"
failures=0
count=0

# The machine: what it says is in the boot's word "kargs"; RESET and TRIPLE are
# told by its monitor and its log of resets instead, WAIT is for somebody to ask
# it for its registers and to end it.
cat > "$dir/bin/qemu-system-x86_64" <<'END'
#!/bin/bash
while [ $# -gt 0 ]; do
    case $1 in
    socket,id=monitor,fd=*) monitor=${1##*=} ;;
    -D) resets=$2 ;;
    type=1,*) words=${1#*,version=} words=${words%,product=*} words=${words//,,/,} ;;
    esac
    shift
done
printf 'CPU Reset (CPU 0)\nEIP=0000fff0 EFL=2\n' > "$resets"
IFS=';'
for word in $words; do
    case $word in
    TRIPLE) printf 'Triple fault\nCPU Reset (CPU 0)\nRIP=ffff82d000000bad RFL=2\n' >> "$resets" ;;
    RESET) echo '{"timestamp": {"seconds": 1, "microseconds": 2}, "event": "RESET", "data": {"guest": true, "reason": "guest-reset"}}' >&"$monitor"
           exec sleep 20 ;;
    WAIT) while read -r ask <&"$monitor"; do
              case $ask in
              *'info registers -a'*)
                  printf '%s\r\n' '{"return": "CPU#0\r\nRIP=0000000000000bad\r\n"}' >&"$monitor" ;;
              esac
          done ;;
    DIE) kill -SEGV $$ ;;
    *) printf '%s\r\n' "$word" ;;
    esac
done
END
chmod +x "$dir/bin/qemu-system-x86_64"

# verdict WANTED KARGS [WORD = VALUE]...: of a boot that says KARGS.
verdict()
{
    want=$1 kargs=$2
    shift 2
    {
        grep -A 99 '^\[defaults\]' tests/boot/boots.cfg | sed '2,${/^\[/,$d}'
        printf '%s\n' 'timeout = 5' '[a]' 'on = ours' "kargs = $kargs" "$@"
    } > "$dir/cfg"
    BUILD=$dir PATH=$dir/bin:$PATH "$run_boots" -j 1 "$dir/cfg" >"$dir/out" 2>&1
    count=$((count + 1))
    tail -n 1 "$dir/boot/results" | grep -qxF "$want" && return
    echo "test_verdict: '$kargs': not '$want': $(tail -n 1 "$dir/boot/results")"
    failures=$((failures + 1))
}

# logged LINE: it is in the log of the boot before.
logged()
{
    count=$((count + 1))
    grep -qF "$1" "$dir/boot/a.ours.log" && return
    echo "test_verdict: no '$1' in the log"
    failures=$((failures + 1))
}

verdict 'PASS a.ours: boot' 'hello;DONE 0'
verdict 'FAIL a.ours: boot the scenario ended with 139' 'hello;DONE 139'
verdict "FAIL a.ours: boot ended, exit status 0, without 'DONE 0'" 'hello'
verdict "FAIL a.ours: boot ended, signal 11, without 'DONE 0'" 'hello;DIE'
verdict "FAIL a.ours: boot no 'DONE 0' in 1 s" 'WAIT' 'timeout = 1'
logged '== RIP=0000000000000bad'
verdict "FAIL a.ours: boot a triple fault without 'DONE 0'" 'hello;TRIPLE;RESET'
logged '== RIP=ffff82d000000bad'
verdict "FAIL a.ours: boot the machine was reset without 'DONE 0'" 'hello;RESET'
verdict "FAIL a.ours: boot the machine was reset after 'DONE 0'" 'DONE 0;RESET'
verdict 'FAIL a.ours: boot somebody ended QEMU: terminating on signal 15 from pid 7 (init)' \
    'qemu-system-x86_64: terminating on signal 15 from pid 7 (init)'
verdict "FAIL a.ours: boot saw '(pv) the control domain shut down, reason 1'" \
    '(pv) the control domain shut down, reason 1;RESET'
verdict 'FAIL a.ours: boot one it did not' 'TEST one: FAIL it did not;DONE 1'

# A tiny guest shuts down after its last line: that is no part of the boot.
verdict 'PASS a.ours: boot' 'RESULT 1;(pv) the control domain shut down, reason 1;RESET' \
    'last = RESULT' 'stop = last'
verdict "FAIL a.ours: boot the machine was reset without 'RESULT'" 'x;RESET' \
    'last = RESULT' 'stop = last'

echo "test_verdict: $count checks, $failures failed"
[ $failures = 0 ]
