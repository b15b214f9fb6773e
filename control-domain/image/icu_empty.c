/* SPDX-License-Identifier: MIT */
/*
 * An ICU data table with no entries, for the control domain's image: ICU then
 * answers "no such converter" for every encoding beyond those libxml2 itself
 * reads.  The layout is that of ICU's common data header ("CmnD", version 1).
 * Tested by every boot in which vmctl reads an XML file.
 */
#include <stdint.h>

extern const struct icu_table ICU_TABLE;

const struct icu_table {
    uint16_t header_size;
    uint8_t magic[2];
    uint16_t info_size, reserved_word;
    uint8_t big_endian, ascii, size_of_char, reserved_byte;
    uint8_t format[4], format_version[4], data_version[4];
    uint8_t padding[8];
    uint32_t count, reserved;
    uint32_t first_entry[4];
} ICU_TABLE __attribute__((aligned(16))) = {
    .header_size = 32,
    .magic = { 0xda, 0x27 },
    .info_size = 20,
    .size_of_char = 2,
    .format = { 'C', 'm', 'n', 'D' },
    .format_version = { 1 },
};
