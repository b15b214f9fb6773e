#!/bin/sh
# SPDX-License-Identifier: MIT
# Wrong input of five kinds: one clear error, the documented exit code, and
# nothing left behind (VMCTL.md 2.5: 5 bad configuration, 6 not enough).
. /etc/paravane/tests/lib.sh

state() { echo "$(vmctl list --all --name | tr '\n' ' ') $(find /run/vmctl/domains -mindepth 1 2>/dev/null | wc -l) $(xs ls / 2>/dev/null | grep -vc '^$') $(vmctl info --json | tr ',{}' '\n\n\n' | grep -i free)"; }

# refused NAME CODE WORD: /tmp/NAME.xml must give CODE and say WORD.
refused()
{
    before=$(state)
    vmctl create "/tmp/$1.xml" >/tmp/out 2>/tmp/err
    same "$1: exit code" "$2" $?
    echo "$1: $(cat /tmp/err)"
    check "$1: the error names it" grep -q "$3" /tmp/err
    same "$1: one error" 1 "$(grep -c -i 'error' /tmp/err)"
    same "$1: nothing left behind" "$before" "$(state)"
}

domain wrong hello | sed 's/<vcpu>1/<vcpu>many/' > /tmp/wrong.xml
refused wrong 5 vcpu
domain torn hello | head -n 8 > /tmp/torn.xml
refused torn 5 torn.xml
domain nokernel hello | sed 's/vmlinuz/nothing/' > /tmp/nokernel.xml
refused nokernel 5 /boot/nothing
domain big hello 100000 > /tmp/big.xml
refused big 6 MiB
head -c 3000000 /boot/vmlinuz > /tmp/short
domain short hello | sed 's|/boot/vmlinuz|/tmp/short|' > /tmp/short.xml
refused short 5 /tmp/short
domain nodisk hello 192 1 /tmp/no-such-disk > /tmp/nodisk.xml
refused nodisk 5 /tmp/no-such-disk
finish
