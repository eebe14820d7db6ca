/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers of the ABI and their words, both ways. Most words are the driver's
 * own tables: names.c is built with the pure files.
 */
#ifndef EMDCTL_NAMES_H
#define EMDCTL_NAMES_H

#include <stdint.h>

/* "unknown" for a number this tool does not know. */
const char *level_name(uint32_t level);
const char *layout_name(uint32_t layout);
const char *disk_state_name(uint32_t state);
const char *array_state_name(uint32_t state);
const char *member_state_name(uint32_t state);
const char *sync_action_name(uint32_t action);

/* text.c: the driver itself never spells these. */
const char *container_state_name(uint32_t state);
const char *event_type_name(uint32_t type);

/* The number or -1. */
int level_parse(const char *name);
int layout_parse(const char *name);

/* All words of a table, separated by spaces, for error messages. */
const char *level_choices(void);
const char *layout_choices(void);

/* As mdadm writes it: four little-endian words, eight hex digits each. */
void uuid_format(const uint8_t uuid[16], char out[36]);

#endif /* EMDCTL_NAMES_H */
