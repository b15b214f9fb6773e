#!/bin/sh
# SPDX-License-Identifier: MIT
# README's first guests, by the examples a user finds in /etc/vmctl/examples:
# each comes up, is asked to shut down, and is gone; the doctor says that
# this host can run them all; the HVM guest has a screen.
. /etc/paravane/tests/lib.sh
check 'validate' sh -c 'for f in /etc/vmctl/examples/*.xml; do vmctl validate "$f" || exit 1; done'
check 'the processor can' sh -c 'vmctl doctor | grep -q "nested paging: PVH and HVM guests can run"'
for kind in hello pvh hvm; do
    file=/etc/vmctl/examples/$kind.xml
    guest=$(sed -n 's|.*<name>\(.*\)</name>.*|\1|p' $file)
    check "create $kind.xml" vmctl create $file || { last_words "$guest"; continue; }
    check "$guest reaches userspace" wait_for 240 said "$guest" 'GUEST UP' || last_words "$guest"
    [ $kind != hvm ] || check 'its screen' sh -c "vmctl screenshot $guest /tmp/screen.png && head -c 8 /tmp/screen.png | grep -q PNG"
    check "$guest shuts down when asked" vmctl shutdown --wait --timeout 120 "$guest"
    check "$guest is gone" wait_for 60 gone "$guest"
done
finish
