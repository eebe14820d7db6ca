// SPDX-License-Identifier: GPL-2.0
/*
 * What every format asks before an array is made or a slot gets another disk, and the
 * part of the answer that is the same in all. Pure.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "meta.h"

#define MIRROR_STRIP	128u	/* recorded where there is none: 64 KiB */

static bool portable_name(const char *name)
{
	const char *c;

	for (c = name; *c; c++) {
		if ((*c >= '0' && *c <= '9') || (*c >= 'A' && *c <= 'Z') ||
		    (*c >= 'a' && *c <= 'z') || *c == '_')
			continue;
		if (c == name || (*c != '.' && *c != '-'))
			return false;
	}
	return c != name;
}

/**
 * emd_create_check_name() - may a new array, or one that is renamed, have this name?
 * @cfg: container it is for
 * @name: as asked for
 * @max_len: characters the format has room for
 * @msg: gets the reason of a refusal; may be NULL
 *
 * Return: 0; -EINVAL when it is too long or not portable; -EEXIST.
 * Context: Any.
 */
int emd_create_check_name(const struct emd_config *cfg, const char *name, unsigned int max_len,
			  struct emd_errmsg *msg)
{
	size_t len = strnlen(name, EMD_NAME_LEN);
	u16 i;

	if (!len || len > max_len)
		return EMD_REFUSE(msg, -EINVAL, "name of %zu characters, need 1 to %u", len,
				  max_len);
	if (!portable_name(name))
		return EMD_REFUSE(msg, -EINVAL,
				  "name %s, need letters, digits, '_', and not at the start '.' and '-'",
				  name);
	for (i = 0; i < cfg->nr_arrays; i++) {
		if (!strcmp(cfg->arrays[i].name, name))
			return EMD_REFUSE(msg, -EEXIST, "the container has an array named %s",
					  name);
	}
	return 0;
}

/**
 * emd_create_check_flags() - may disks of this container be given to an array?
 * @cfg: container
 * @msg: gets the reason of a refusal; may be NULL
 *
 * Return: 0; -EOPNOTSUPP when something of it is not understood, so that nobody knows what
 * it keeps on the disks.
 * Context: Any.
 */
int emd_create_check_flags(const struct emd_config *cfg, struct emd_errmsg *msg)
{
	u16 i;

	if (cfg->flags)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "container is not to be changed: %s",
				  cfg->reason);
	for (i = 0; i < cfg->nr_arrays; i++) {
		if (cfg->arrays[i].flags & EMD_CFG_NO_START)
			return EMD_REFUSE(msg, -EOPNOTSUPP, "%s is in the way: %s",
					  cfg->arrays[i].name, cfg->arrays[i].reason);
	}
	return 0;
}

/**
 * emd_create_check_disks() - can an array be put on these disks, and into the config, at all?
 * @cfg: container it is for
 * @args: what is asked for
 * @msg: gets the reason of a refusal; may be NULL
 *
 * Return: 0; -EINVAL when one is not there, not in service, or named twice; -ENOSPC when
 * @cfg has no room for an array.
 * Context: Any.
 */
int emd_create_check_disks(const struct emd_config *cfg, const struct emd_create_args *args,
			   struct emd_errmsg *msg)
{
	const struct emd_config_disk *row;
	u16 i, k;

	for (i = 0; i < args->nr_disks; i++) {
		if (args->disks[i] >= cfg->nr_disks)
			return EMD_REFUSE(msg, -EINVAL, "disk %u, the container has %u",
					  args->disks[i], cfg->nr_disks);
		row = &cfg->disks[args->disks[i]];
		if (row->state != EMD_DISK_SPARE && row->state != EMD_DISK_ACTIVE)
			return EMD_REFUSE(msg, -EINVAL, "disk %s is %s", row->id,
					  emd_disk_state_names[row->state]);
		for (k = 0; k < i; k++) {
			if (args->disks[k] == args->disks[i])
				return EMD_REFUSE(msg, -EINVAL, "disk %s is named twice", row->id);
		}
	}
	if (cfg->nr_arrays == cfg->max_arrays ||
	    args->nr_disks > cfg->max_members - cfg->nr_members)
		return EMD_REFUSE(msg, -ENOSPC, "no room for another array");
	return 0;
}

/**
 * emd_create_geometry() - the shape of a new array, as far as no format has a say in it
 * @args: what is asked for
 * @strip: sectors, unless told
 * @geo: gets it; sizes are 0
 * @msg: gets the reason of a refusal; may be NULL
 *
 * Return: 0, or -EINVAL when there is no such level.
 * Context: Any.
 */
int emd_create_geometry(const struct emd_create_args *args, u32 strip, struct emd_geometry *geo,
			struct emd_errmsg *msg)
{
	if (args->level >= EMD_NR_LEVELS)
		return EMD_REFUSE(msg, -EINVAL, "RAID level number %u is unknown", args->level);
	memset(geo, 0, sizeof(*geo));
	geo->level = args->level;
	geo->layout = args->layout;
	if (args->layout == EMD_LAYOUT_NONE)
		geo->layout = emd_levels[args->level].default_layout;
	geo->nr_members = args->nr_disks;
	geo->nr_copies = 1;
	if (args->level == EMD_LEVEL_RAID1)
		geo->nr_copies = min_t(u16, args->nr_disks, U8_MAX);
	else if (args->level == EMD_LEVEL_RAID10 || args->level == EMD_LEVEL_RAID1E)
		geo->nr_copies = 2;
	geo->strip_sectors = args->strip_sectors ? args->strip_sectors : strip;
	if (!emd_levels[args->level].striped)
		geo->strip_sectors = MIRROR_STRIP;	/* whatever was asked */
	return 0;
}

/**
 * emd_create_append() - put a new array at the end of a config
 * @t1: config being built, with room for it
 * @args: what was asked for, checked
 * @geo: its shape, placed
 * @start: first sector on each of its disks
 *
 * Return: the array; what else its format keeps of one is for the caller to set.
 * Context: Any.
 */
struct emd_config_array *emd_create_append(struct emd_config *t1,
					   const struct emd_create_args *args,
					   const struct emd_geometry *geo, u64 start)
{
	struct emd_config_array *ca = &t1->arrays[t1->nr_arrays++];
	struct emd_config_member *member;
	u16 slot;

	memset(ca, 0, sizeof(*ca));
	strscpy(ca->name, args->name, sizeof(ca->name));
	ca->geo = *geo;
	ca->first_member = t1->nr_members;
	ca->initialised = args->clean || !emd_levels[geo->level].redundant;
	ca->dirty = !ca->initialised;
	ca->native = EMD_NO_ARRAY;
	for (slot = 0; slot < geo->nr_members; slot++) {
		member = &t1->members[t1->nr_members++];
		member->disk = args->disks[slot];
		member->state = EMD_MEMBER_IN_SYNC;
		member->start_sector = start;
		member->nr_sectors = geo->member_sectors;
		emd_config_disk_enlist(&t1->disks[member->disk]);
	}
	return ca;
}

/**
 * emd_config_can_take() - what ->can_take() of every format asks
 * @cfg: config
 * @ca: one of its arrays
 * @slot: to be filled
 * @disk: row
 * @msg: gets the reason of a refusal; may be NULL
 *
 * Return: 0; -EOPNOTSUPP for what is not to be written; -EBUSY when the slot is not lost,
 * or the disk has another of the array; -EINVAL.
 * Context: Any.
 */
int emd_config_can_take(const struct emd_config *cfg, const struct emd_config_array *ca,
			u16 slot, u16 disk, struct emd_errmsg *msg)
{
	const struct emd_config_member *member = emd_config_member(cfg, ca, slot);
	const struct emd_config_disk *row = &cfg->disks[disk];
	int has;

	if (cfg->flags || ca->flags)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%s is not to be written: %s", ca->name,
				  ca->flags ? ca->reason : cfg->reason);
	if (!emd_levels[ca->geo.level].redundant)
		return EMD_REFUSE(msg, -EINVAL, "%s has nothing to rebuild a member from",
				  ca->name);
	if (member->state != EMD_MEMBER_FAILED && member->state != EMD_MEMBER_MISSING)
		return EMD_REFUSE(msg, -EBUSY, "slot %u of %s is %s", slot, ca->name,
				  emd_member_state_names[member->state]);
	if (row->state != EMD_DISK_SPARE && row->state != EMD_DISK_ACTIVE)
		return EMD_REFUSE(msg, -EINVAL, "disk %s is %s", row->id,
				  emd_disk_state_names[row->state]);
	has = emd_config_member_slot(cfg, ca, disk);
	if (has >= 0 && has != slot)
		return EMD_REFUSE(msg, -EBUSY, "disk %s is in slot %d of %s", row->id, has,
				  ca->name);
	if (emd_config_array_state(cfg, ca) == EMD_ARRAY_FAILED)
		return EMD_REFUSE(msg, -EINVAL, "%s has failed", ca->name);
	return 0;
}
