// SPDX-License-Identifier: GPL-2.0
/*
 * ASR: new disks, containers and arrays; which disk may fill which slot.
 *
 * An array takes its drives from sector 0 on, and a drive is in no other: there is
 * nothing to place. All members are as large as the smallest allows, in whole strips,
 * and the table is where every reader looks for it, 17 sectors before the end. Pure;
 * allocates new containers.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "asr.h"

#define DEFAULT_STRIP	128u	/* 64 KiB */
#define MIN_STRIP	8u
#define MAX_STRIP	2048u
#define MIN_DISK	(ASR_END_SECTORS + MAX_STRIP)
#define MAX_SECTORS	0xffffffffu

static int check_blocks(u32 block_size, struct emd_errmsg *msg)
{
	if (block_size != ASR_SECTOR)
		return EMD_REFUSE(msg, -EINVAL, "logical blocks of %u bytes, asr needs %u",
				  block_size, ASR_SECTOR);
	return 0;
}

/**
 * asr_new_disk() - a bare disk as a row of a disk table
 * @serial: as the device reports it; may be empty
 * @disk_sectors: capacity
 * @block_size: logical block in bytes
 * @row: out
 * @msg: where the reason goes
 *
 * Return: 0 or -EINVAL.
 */
int asr_new_disk(const char *serial, u64 disk_sectors, u32 block_size,
		 struct emd_config_disk *row, struct emd_errmsg *msg)
{
	unsigned int i, n = 0;
	int ret;

	ret = check_blocks(block_size, msg);
	if (ret)
		return ret;
	if (disk_sectors < MIN_DISK || disk_sectors > MAX_SECTORS)
		return EMD_REFUSE(msg, -EINVAL, "disk of %llu sectors, asr needs %u to %u",
				  disk_sectors, MIN_DISK, MAX_SECTORS);
	memset(row, 0, sizeof(*row));
	for (i = 0; i < EMD_DISK_ID_LEN - 1 && serial[i]; i++) {
		if (serial[i] > 0x20 && serial[i] < 0x7f)
			row->id[n++] = serial[i];
	}
	row->sectors = disk_sectors;
	row->state = EMD_DISK_SPARE;
	row->native = EMD_NO_DISK;
	return 0;
}

/**
 * asr_new_container() - a config without disks and arrays
 * @nr_disks: rows to make room for
 * @block_size: logical block of all disks
 * @entropy: random bits
 * @now: seconds since 1970
 * @msg: where the reason goes
 *
 * It has no identity before it has an array.
 *
 * Return: the config or ERR_PTR.
 * Context: may sleep.
 */
struct emd_config *asr_new_container(u16 nr_disks, u32 block_size, u64 entropy, u64 now,
				     struct emd_errmsg *msg)
{
	struct emd_config_room room = { .disks = nr_disks };
	struct emd_config *cfg;
	int ret;

	ret = check_blocks(block_size, msg);
	if (ret)
		return ERR_PTR(ret);
	room.native = asr_set_len(2 * nr_disks + 16);
	cfg = emd_config_alloc(&room);
	if (!cfg)
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	asr_set(cfg)->top = ASR_NO_LINE;
	cfg->native_len = asr_set_len(0);
	cfg->ops = &emd_asr_ops;
	cfg->block_size = block_size;
	cfg->entropy = entropy;
	cfg->now = now;
	return cfg;
}

/* ---- what can be said ------------------------------------------------------------- */

static int check_shape(const struct emd_geometry *geo, struct emd_errmsg *msg)
{
	u32 strip = geo->strip_sectors;

	switch (geo->level) {
	case EMD_LEVEL_RAID0:
	case EMD_LEVEL_RAID1:
		break;
	case EMD_LEVEL_RAID10:
		if (geo->layout != EMD_LAYOUT_ADJACENT)
			return EMD_REFUSE(msg, -EOPNOTSUPP, "asr raid10 has layout %s, not %s",
					  emd_layout_names[EMD_LAYOUT_ADJACENT],
					  geo->layout < EMD_NR_LAYOUTS ?
					  emd_layout_names[geo->layout] : "this");
		break;
	default:
		return EMD_REFUSE(msg, -EOPNOTSUPP, "asr knows raid0, raid1 and raid10, not %s",
				  geo->level < EMD_NR_LEVELS ? emd_levels[geo->level].name :
							       "this level");
	}
	if (geo->nr_members > ASR_MAX_COMPONENTS)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%u disks, asr can do %u", geo->nr_members,
				  ASR_MAX_COMPONENTS);
	if (emd_levels[geo->level].striped &&
	    (strip < MIN_STRIP || strip > MAX_STRIP || strip & (strip - 1)))
		return EMD_REFUSE(msg, -EOPNOTSUPP,
				  "strip of %u sectors, asr needs a power of two from %u to %u",
				  strip, MIN_STRIP, MAX_STRIP);
	if (emd_levels[geo->level].striped && geo->nr_copies &&
	    strip * (geo->nr_members / geo->nr_copies) > U16_MAX)
		return EMD_REFUSE(msg, -EOPNOTSUPP,
				  "strips of %u sectors on %u disks: asr can do %u in a row", strip,
				  geo->nr_members, U16_MAX);
	return 0;
}

static int express_new_array(const struct emd_config *cfg, const struct emd_config_array *ca,
			     struct emd_errmsg *msg)
{
	const struct emd_config_member *member;
	u16 slot;
	int ret;

	ret = check_shape(&ca->geo, msg);
	if (ret)
		return ret;
	if (strlen(ca->name) > ASR_NAME_LEN)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "name %s has %zu characters, can have %u",
				  ca->name, strlen(ca->name), ASR_NAME_LEN);
	if (ca->geo.array_sectors > MAX_SECTORS)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%s: %llu sectors, asr can do %u", ca->name,
				  ca->geo.array_sectors, MAX_SECTORS);
	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		member = emd_config_member(cfg, ca, slot);
		if (member->disk == EMD_NO_DISK)
			return EMD_REFUSE(msg, -EOPNOTSUPP, "%s: slot %u names no disk", ca->name,
					  slot);
		if (member->start_sector || member->nr_sectors != ca->geo.member_sectors)
			return EMD_REFUSE(msg, -EOPNOTSUPP,
					  "%s: slot %u at %llu+%llu, asr members begin at 0 and are alike",
					  ca->name, slot, member->start_sector,
					  member->nr_sectors);
	}
	return 0;
}

/**
 * asr_can_express() - can the format say this?
 * @cfg: config that passed emd_config_check()
 * @msg: where the reason goes
 *
 * Return: 0 or -EOPNOTSUPP.
 */
int asr_can_express(const struct emd_config *cfg, struct emd_errmsg *msg)
{
	if (cfg->nr_arrays > 1)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%u arrays on one set of disks, asr has one",
				  cfg->nr_arrays);
	if (cfg->nr_arrays && cfg->arrays[0].native == EMD_NO_ARRAY)
		return express_new_array(cfg, &cfg->arrays[0], msg);
	return 0;
}

/* What old cards list in the array's own table is for that array, and cannot be for all. */
static int check_spares(const struct emd_config *t1, struct emd_errmsg *msg)
{
	const struct emd_config_disk *row;

	for (row = t1->disks; row < t1->disks + t1->nr_disks; row++) {
		if (row->scope == EMD_SPARE_GLOBAL && row->native != EMD_NO_DISK &&
		    asr_part(asr_set(t1), row->native)->line != ASR_NO_LINE)
			return EMD_REFUSE(msg, -EOPNOTSUPP,
					  "disk %s is a spare by the array's own table, it cannot be for all",
					  row->id);
	}
	return 0;
}

/**
 * asr_can_change() - may one config become the other?
 * @t0: as it is
 * @t1: as it would be, before ->update()
 * @msg: where the reason goes
 *
 * Return: 0 or -EOPNOTSUPP.
 */
int asr_can_change(const struct emd_config *t0, const struct emd_config *t1,
		   struct emd_errmsg *msg)
{
	int ret = emd_config_can_change(t0, t1, ASR_NAME_LEN, msg);

	return ret ?: check_spares(t1, msg);
}

/* ---- a new array -------------------------------------------------------------------- */

/* Sectors before the table. */
static u64 disk_limit(const struct emd_config *cfg, u16 disk)
{
	const struct emd_config_disk *row = &cfg->disks[disk];

	if (row->native != EMD_NO_DISK && asr_part(asr_set(cfg), row->native)->flags & ASR_PART_HERE)
		return asr_part(asr_set(cfg), row->native)->table;
	return row->sectors > ASR_END_SECTORS ? row->sectors - ASR_END_SECTORS : 0;
}

static int size_members(const struct emd_config *cfg, const struct emd_create_args *args,
			struct emd_geometry *geo, struct emd_errmsg *msg)
{
	u32 align = geo->strip_sectors, nr_data = args->nr_disks / geo->nr_copies;
	u64 room = MAX_SECTORS, most;
	u16 i;

	for (i = 0; i < args->nr_disks; i++)
		room = min(room, disk_limit(cfg, args->disks[i]));
	room = min(room, div_u64(MAX_SECTORS, nr_data));
	room = div_u64(room, align) * align;
	if (!room)
		return EMD_REFUSE(msg, -ENOSPC, "no room for a strip of %u sectors on every disk",
				  align);
	most = room * nr_data;
	if (args->array_sectors > most)
		return EMD_REFUSE(msg, -ENOSPC, "room for an array of %llu KiB, asked for %llu",
				  most / 2, args->array_sectors / 2);
	/* Rounded up: who asks for a size wants to put something of it there. */
	if (args->array_sectors)
		room = div_u64(div_u64(args->array_sectors + nr_data - 1, nr_data) + align - 1,
			       align) * align;
	geo->member_sectors = room;
	geo->array_sectors = room * nr_data;
	return 0;
}

/**
 * asr_place_array() - append a new array to a config
 * @t1: config being built, with room for it
 * @args: what is wanted
 * @msg: where the reason goes
 *
 * Return: 0; -EOPNOTSUPP what the format cannot say; -EINVAL; -EEXIST; -ENOSPC.
 */
int asr_place_array(struct emd_config *t1, const struct emd_create_args *args,
		    struct emd_errmsg *msg)
{
	struct emd_geometry geo;
	int ret;

	ret = emd_create_geometry(args, DEFAULT_STRIP, &geo, msg);
	if (!ret)
		ret = check_shape(&geo, msg);
	if (ret)
		return ret;
	if (t1->nr_arrays)
		return EMD_REFUSE(msg, -EOPNOTSUPP,
				  "%s has these disks, and asr puts one array on a disk: make another of other disks",
				  t1->arrays[0].name);
	ret = emd_create_check_name(t1, args->name, ASR_NAME_LEN, msg);
	if (!ret)
		ret = emd_create_check_disks(t1, args, msg);
	if (ret)
		return ret;
	if (args->nr_disks < geo.nr_copies || args->nr_disks < emd_levels[args->level].min_members)
		return EMD_REFUSE(msg, -EINVAL, "%s of %u disks, need %u",
				  emd_levels[args->level].name, args->nr_disks,
				  emd_levels[args->level].min_members);
	ret = size_members(t1, args, &geo, msg);
	if (!ret)
		ret = emd_geo_validate(&geo, msg);
	if (ret)
		return ret;
	emd_create_append(t1, args, &geo, 0);
	return 0;
}

/* ---- a disk for a slot ------------------------------------------------------------------ */

/* Has every table room for the slot's line, which another driver may have taken away? */
static int check_tables(const struct emd_config *cfg, u16 slot, u16 disk, struct emd_errmsg *msg)
{
	const struct asr_set *set = asr_set(cfg);
	u16 nr = be16_to_cpu(asr_table(set)->nr_lines), i;
	const struct asr_part *part;
	struct asr_shape shape;
	int ret;

	ret = asr_set_shape(set, &shape, msg);
	if (ret)
		return ret;
	if (slot < shape.nr_slots && shape.line[slot] == ASR_NO_LINE) {
		if (slot && shape.sub[slot - 1] == shape.sub[slot] &&
		    shape.line[slot - 1] == ASR_NO_LINE)
			return EMD_REFUSE(msg, -EINVAL, "slot %u comes first", slot - 1);
		nr++;
	}
	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].native == EMD_NO_DISK)
			continue;
		part = asr_part(set, cfg->disks[i].native);
		if (!(part->flags & ASR_PART_HERE) || (part->line == ASR_NO_LINE && i != disk))
			continue;
		if (nr > ASR_MAX_LINES || nr >= part->max_lines ||
		    part->room < asr_table_sectors(nr))
			return EMD_REFUSE(msg, -ENOSPC, "disk %s has no room for %u lines",
					  cfg->disks[i].id, nr);
	}
	return 0;
}

/**
 * asr_can_take() - may this disk fill that slot?
 * @cfg: config
 * @array: index
 * @slot: lost one
 * @disk: row
 * @msg: where the reason goes
 *
 * Return: 0; -EBUSY not now; -ENOSPC not this disk; -EINVAL; -EOPNOTSUPP.
 */
int asr_can_take(const struct emd_config *cfg, u16 array, u16 slot, u16 disk,
		 struct emd_errmsg *msg)
{
	const struct emd_config_array *ca = &cfg->arrays[array];
	const struct emd_config_member *member = emd_config_member(cfg, ca, slot);
	const struct emd_config_disk *row = &cfg->disks[disk];
	int ret = emd_config_can_take(cfg, ca, slot, disk, msg);

	if (ret)
		return ret;
	if (ca->sync == EMD_SYNC_RESYNC)
		return EMD_REFUSE(msg, -EBUSY, "resync of %s has to end first", ca->name);
	if (disk_limit(cfg, disk) < member->nr_sectors)
		return EMD_REFUSE(msg, -ENOSPC, "disk %s has room for %llu sectors, %s needs %llu",
				  row->id, disk_limit(cfg, disk), ca->name, member->nr_sectors);
	return check_tables(cfg, slot, disk, msg);
}
