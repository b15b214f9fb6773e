#!/bin/sh
# SPDX-License-Identifier: MIT
# hostile.sh with a tenth of the operations, for every change.
ops=10000
limit=150
. /etc/paravane/tests/hostile.sh
