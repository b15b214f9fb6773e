# SPDX-License-Identifier: MIT
# boot/symbols.awk - from "nm -n" to the table core/backtrace.c reads: sorted
# offsets from the image's start, and for each the place of its name.
$2 ~ /^[tT]$/ && $3 !~ /^\./ {
    if (base == "") { base = $1 }
    n++
    addr[n] = $1
    name[n] = $3
}
END {
    print "    .section .symtab.table, \"a\", @progbits"
    print "    .balign 8"
    print "    .globl symbol_count, symbol_offsets, symbol_places, symbol_names"
    print "    .hidden symbol_count, symbol_offsets, symbol_places, symbol_names"
    print "symbol_count: .quad " n + 0
    print "symbol_offsets:"
    for (i = 1; i <= n; i++) {
        print "    .long 0x" addr[i] " - 0xffff82d040000000"
    }
    print "symbol_places:"
    for (i = 1; i <= n; i++) {
        print "    .long " place + 0
        place += length(name[i]) + 1
    }
    print "symbol_names:"
    for (i = 1; i <= n; i++) {
        print "    .asciz \"" name[i] "\""
    }
    print "    .section .note.GNU-stack, \"\", @progbits"
}
