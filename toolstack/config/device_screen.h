/* SPDX-License-Identifier: MIT */
/*
 * config/device_screen.h - the functions of the <graphics>, <video> and
 * <input> rows of device_kinds.c.  Private to config/.
 * Tests: tests/unit/toolstack/test_xml.c.
 */
#ifndef CONFIG_DEVICE_SCREEN_H
#define CONFIG_DEVICE_SCREEN_H

#include <config/device_kinds.h>

size_t graphics_count(const struct domain_def *def);
void graphics_defaults(struct domain_def *def, size_t i);
void graphics_validate(const struct domain_def *def, size_t i, bool files,
                       struct diag *dg);
void graphics_format(const struct domain_def *def, size_t i,
                     struct xml_out *o);
size_t video_count(const struct domain_def *def);
void video_defaults(struct domain_def *def, size_t i);
void video_validate(const struct domain_def *def, size_t i, bool files,
                    struct diag *dg);
void video_format(const struct domain_def *def, size_t i, struct xml_out *o);
size_t input_count(const struct domain_def *def);
void input_defaults(struct domain_def *def, size_t i);
void input_validate(const struct domain_def *def, size_t i, bool files,
                    struct diag *dg);
void input_format(const struct domain_def *def, size_t i, struct xml_out *o);

#endif
