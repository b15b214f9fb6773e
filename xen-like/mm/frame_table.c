/* SPDX-License-Identifier: MIT */
/*
 * The frame table's bounds.  mm/early maps the array and calls
 * frame_table_init() once; from then on entries change hands through
 * mm/buddy and domain/page_type.
 */
#include <mm/frame_table.h>
#include <mm/page_word.h>
#include <mm/frame_table_init.h>

uint64_t max_mfn;
uint64_t total_frames;

void frame_table_init(uint64_t nr_frames)
{
    max_mfn = nr_frames;
    for (uint64_t i = 0; i < nr_frames; i++) {
        frame_table[i].word = PGO_IO << PG_OWNER_SHIFT;
        frame_table[i].link.next = 0;
        frame_table[i].link.prev = 0;
    }
}

void frame_table_set_ram(mfn_t start, mfn_t end)
{
    for (uint64_t m = mfn_x(start); m < mfn_x(end); m++) {
        frame_table[m].word = PGO_NONE << PG_OWNER_SHIFT;
    }
    total_frames += mfn_x(end) - mfn_x(start);
}
