// SPDX-License-Identifier: GPL-2.0
/*
 * Words for the ABI's numbers. Built with the shim, among the pure files, so
 * that level, layout and state words exist once, in the driver's tables.
 */
#include <linux/kernel.h>
#include <linux/string.h>

#include "../../drivers/emd/geometry.h"
#include "../../drivers/emd/meta/meta.h"
#include "names.h"

const char *level_name(uint32_t level)
{
	return level < EMD_NR_LEVELS ? emd_levels[level].name : "unknown";
}

const char *layout_name(uint32_t layout)
{
	return layout < EMD_NR_LAYOUTS ? emd_layout_names[layout] : "unknown";
}

const char *disk_state_name(uint32_t state)
{
	return state < EMD_NR_DISK_STATES ? emd_disk_state_names[state] : "unknown";
}

const char *array_state_name(uint32_t state)
{
	return state < EMD_NR_ARRAY_STATES ? emd_array_state_names[state] : "unknown";
}

const char *member_state_name(uint32_t state)
{
	return state < EMD_NR_MEMBER_STATES ? emd_member_state_names[state] : "unknown";
}

const char *sync_action_name(uint32_t action)
{
	return action < EMD_NR_SYNC_ACTIONS ? emd_sync_action_names[action] : "unknown";
}

int level_parse(const char *name)
{
	int i;

	for (i = 0; i < EMD_NR_LEVELS; i++)
		if (!strcmp(name, emd_levels[i].name))
			return i;
	return -1;
}

int layout_parse(const char *name)
{
	int i;

	for (i = 0; i < EMD_NR_LAYOUTS; i++)
		if (!strcmp(name, emd_layout_names[i]))
			return i;
	return -1;
}

/* Appends @name to the list in @buf; the tables are ours and fit. */
static void add_choice(char *buf, size_t size, const char *name)
{
	size_t len = strlen(buf);

	snprintf(buf + len, size - len, "%s%s", len ? " " : "", name);
}

const char *level_choices(void)
{
	static char buf[128];
	int i;

	buf[0] = '\0';
	for (i = 0; i < EMD_NR_LEVELS; i++)
		add_choice(buf, sizeof(buf), emd_levels[i].name);
	return buf;
}

const char *layout_choices(void)
{
	static char buf[320];
	int i;

	buf[0] = '\0';
	/* The first is the absence of one. */
	for (i = 1; i < EMD_NR_LAYOUTS; i++)
		add_choice(buf, sizeof(buf), emd_layout_names[i]);
	return buf;
}

void uuid_format(const uint8_t uuid[16], char out[36])
{
	emd_uuid_format(uuid, out);
}
