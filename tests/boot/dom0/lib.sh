# SPDX-License-Identifier: MIT
#
# What every scenario inside dom0 uses.  A scenario prints one line
# "TEST name: PASS" or "TEST name: FAIL why" per fact and ends with finish;
# PID 1 then prints "DONE rc" and powers off.
/bin/busybox --install -s /bin 2>/dev/null
failures=0
B=/etc/paravane/tests

pass() { echo "TEST $1: PASS"; }
fail() { name=$1; shift; echo "TEST $name: FAIL $*"; failures=$((failures + 1)); }

# check NAME COMMAND...: passes when the command does.
check()
{
    name=$1; shift
    if out=$("$@" 2>&1); then
        pass "$name"
    else
        fail "$name" "$(echo "$out" | tail -n 3 | tr '\n' ' ')"
    fi
}

# same NAME WANTED GOT
same()
{
    if [ "$2" = "$3" ]; then
        pass "$1"
    else
        fail "$1" "wanted '$2', got '$3'"
    fi
}

# wait_for SECONDS COMMAND...: until the command succeeds.
wait_for()
{
    end=$(($(cut -d. -f1 /proc/uptime) + $1)); shift
    until "$@" >/dev/null 2>&1; do
        [ "$(cut -d. -f1 /proc/uptime)" -lt $end ] || return 1
        sleep 0.2
    done
}

uptime_s() { cut -d' ' -f1 /proc/uptime; }

finish()
{
    [ $failures = 0 ] && exit 0
    exit 1
}
