#!/bin/sh
# SPDX-License-Identifier: MIT
# Destroyed at any moment of its kernel's start, a guest leaves nothing: no
# domain, no memory.
. /etc/paravane/tests/lib.sh
free_bytes() { vmctl info --json | tr ',{}' '\n\n\n' | sed -n 's/.*"free_bytes": *//p'; }
lost() { echo $((before - $(free_bytes))); }

domain early idle 160 > /tmp/early.xml
# The first one leaves what dom0 keeps for all that follow (its map track).
check 'warm-up' vmctl create /tmp/early.xml
check 'warm-up ends' vmctl destroy early
before=$(free_bytes)
for delay in 0 0.1 0.2 0.4 0.8 1.6 2.4 3.2; do
    check "create for $delay s" vmctl create /tmp/early.xml
    sleep $delay
    check "destroy after $delay s" vmctl destroy early || { last_words early; break; }
    check "memory after $delay s: $(lost) bytes less" [ "$(lost)" -le $slack ]
done
finish
