// SPDX-License-Identifier: GPL-2.0
/*
 * DDF: new disks, containers and arrays; which disk may fill which slot.
 *
 * A new container has mdadm's layout, which every reader understands: 16 and 32 MiB
 * before the end are the two copies, in the last block the anchor. A disk that joins
 * gets the same distances from its end as the others have.
 *
 * All members of a new array begin at the same sector of their disks, whole MiB; a
 * spare takes the slot there too if it can. The format does not ask for that: members
 * may begin anywhere. Pure; allocates new containers.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "ddf.h"

#define ALIGN_SECTORS	2048u	/* 1 MiB */
#define DEFAULT_STRIP	128u	/* 64 KiB */

#define NEW_PRIMARY	(16u << 20)	/* bytes before the end */
#define NEW_SECONDARY	(32u << 20)
#define NEW_MAX_PD	1023
#define NEW_MAX_VD	255
#define NEW_PARTITIONS	64
#define NEW_ELEMENTS	256

/* ---- containers ----------------------------------------------------------------- */

static u32 blocks_for(u32 bytes, u32 block)
{
	return (bytes + block - 1) / block * block;
}

/* Bytes from the header to a section, one behind the other. */
static void new_layout(u32 block, struct ddf_layout *layout)
{
	u32 s, at = block;

	memset(layout, 0, sizeof(*layout));
	layout->block = block;
	layout->max_pd = NEW_MAX_PD;
	layout->max_vd = NEW_MAX_VD;
	layout->max_partitions = NEW_PARTITIONS;
	layout->max_elements = NEW_ELEMENTS;
	layout->record = blocks_for(512 + 12 * NEW_ELEMENTS, block);
	layout->len[DDF_CONTROLLER] = block;
	layout->len[DDF_PDR] = blocks_for(64 + 64 * NEW_MAX_PD, block);
	layout->len[DDF_VDR] = blocks_for(64 + 64 * NEW_MAX_VD, block);
	layout->len[DDF_CONFIG] = (NEW_PARTITIONS + 1) * layout->record;
	layout->len[DDF_PDD] = block;
	for (s = 0; s < DDF_NR_OWN; s++) {
		layout->offset[s] = at;
		at += layout->len[s];
	}
}

static void fresh_header(const struct ddf_set *set, u64 blocks, struct ddf_header_ondisk *header)
{
	struct ddf_layout layout;
	u32 s;

	new_layout(set->block, &layout);
	memset(header, 0xff, sizeof(*header));
	ddf_put32(set->le, &header->signature, DDF_SIG_HEADER);
	memcpy(header->guid, set->guid, DDF_GUID_LEN);
	memcpy(header->revision, "01.02.00", DDF_REVISION_LEN);
	header->foreign = 0;
	header->grouping = 0;
	header->type = DDF_PRIMARY;
	ddf_put64(set->le, &header->primary_lba, blocks - NEW_PRIMARY / set->block);
	ddf_put64(set->le, &header->secondary_lba, blocks - NEW_SECONDARY / set->block);
	ddf_put32(set->le, &header->workspace_len, NEW_PRIMARY / set->block);
	ddf_put64(set->le, &header->workspace_lba, blocks - NEW_SECONDARY / set->block);
	ddf_put16(set->le, &header->max_pd, NEW_MAX_PD);
	ddf_put16(set->le, &header->max_vd, NEW_MAX_VD);
	ddf_put16(set->le, &header->max_partitions, NEW_PARTITIONS);
	ddf_put16(set->le, &header->record_len, layout.record / set->block);
	ddf_put16(set->le, &header->max_elements, NEW_ELEMENTS);
	for (s = 0; s < DDF_NR_SECTIONS; s++) {
		ddf_put32(set->le, &header->section[s].length, layout.len[s] / set->block);
		if (layout.len[s])
			ddf_put32(set->le, &header->section[s].offset,
				  layout.offset[s] / set->block);
	}
}

static void move_lba(const struct ddf_set *set, struct ddf64 *lba, u64 from, u64 to)
{
	u64 val = ddf_get64(set->le, *lba);

	if (val != DDF_NONE64)
		ddf_put64(set->le, lba, val > from ? to : to - min(from - val, to));
}

/**
 * ddf_new_header() - the header of a disk that joins
 * @set: container
 * @disk_sectors: capacity
 * @header: out, as of the primary; no checksum
 * @anchor_lba: out: where its anchor goes
 */
void ddf_new_header(const struct ddf_set *set, u64 disk_sectors, struct ddf_header_ondisk *header,
		    u64 *anchor_lba)
{
	u64 blocks = div_u64(disk_sectors, ddf_block_sectors(set));
	const struct ddf_part *like;

	*anchor_lba = blocks - 1;
	if (!set->nr_parts || ddf_part_header(ddf_part(set, 0)) == header) {
		fresh_header(set, blocks, header);
		return;
	}
	like = ddf_part(set, 0);
	memcpy(header, ddf_part_header(like), sizeof(*header));
	move_lba(set, &header->primary_lba, like->anchor_lba, *anchor_lba);
	move_lba(set, &header->secondary_lba, like->anchor_lba, *anchor_lba);
	move_lba(set, &header->workspace_lba, like->anchor_lba, *anchor_lba);
}

/**
 * ddf_new_disk() - a bare disk as a row of a disk table
 * @serial: as the device reports it; may be empty
 * @disk_sectors: capacity
 * @block_size: logical block in bytes
 * @row: out
 * @msg: where the reason goes
 *
 * Return: 0 or -EINVAL.
 */
int ddf_new_disk(const char *serial, u64 disk_sectors, u32 block_size,
		 struct emd_config_disk *row, struct emd_errmsg *msg)
{
	u64 least = NEW_SECONDARY / 512 + 2 * ALIGN_SECTORS;
	unsigned int i, n = 0;

	if (block_size != 512 && block_size != 4096)
		return EMD_REFUSE(msg, -EINVAL, "logical blocks of %u bytes, need 512 or 4096",
				  block_size);
	if (disk_sectors < least || disk_sectors > EMD_MAX_SECTORS)
		return EMD_REFUSE(msg, -EINVAL, "disk of %llu sectors, need %llu to %llu",
				  disk_sectors, least, EMD_MAX_SECTORS);
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

static void new_table(struct ddf_table_ondisk *table, u32 signature, u16 max)
{
	ddf_put32(false, &table->signature, signature);
	ddf_put16(false, &table->populated, 0);
	ddf_put16(false, &table->max, max);
}

/**
 * ddf_new_container() - a config without disks and arrays
 * @nr_disks: rows to make room for
 * @block_size: logical block of all disks
 * @entropy: random bits
 * @now: seconds since 1970
 * @msg: where the reason goes
 *
 * Return: the config or ERR_PTR.
 * Context: may sleep.
 */
struct emd_config *ddf_new_container(u16 nr_disks, u32 block_size, u64 entropy, u64 now,
				     struct emd_errmsg *msg)
{
	struct emd_config_room room = { .disks = nr_disks };
	u8 guid[DDF_GUID_LEN] = DDF_OUR_VENDOR;
	struct ddf_layout layout;
	struct emd_config *cfg, like;
	struct ddf_set head;

	if (block_size != 512 && block_size != 4096)
		return ERR_PTR(EMD_REFUSE(msg, -EINVAL,
					  "logical blocks of %u bytes, need 512 or 4096",
					  block_size));
	if (nr_disks > NEW_MAX_PD)
		return ERR_PTR(EMD_REFUSE(msg, -EINVAL, "%u disks, can do %u", nr_disks,
					  NEW_MAX_PD));
	/* Where others name the controller's chip we have random bits. */
	ddf_put32(false, (struct ddf32 *)(guid + 8), 0xdeadbeef);
	ddf_put32(false, (struct ddf32 *)(guid + 12), entropy >> 32);
	ddf_put32(false, (struct ddf32 *)(guid + 16), now - DDF_EPOCH);
	ddf_put32(false, (struct ddf32 *)(guid + 20), entropy);
	new_layout(block_size, &layout);
	ddf_set_head(&head, &layout, guid);
	memset(&like, 0, sizeof(like));
	like.nr_disks = nr_disks;
	like.native = (u8 *)&head;
	room.native = ddf_native_room(&like);
	cfg = emd_config_alloc(&room);
	if (!cfg)
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	ddf_set_init(ddf_set(cfg), &layout, guid);
	new_table(ddf_pdr(ddf_set(cfg)), DDF_SIG_PDR, NEW_MAX_PD);
	new_table(ddf_vdr(ddf_set(cfg)), DDF_SIG_VDR, NEW_MAX_VD);
	cfg->native_len = ddf_set(cfg)->len;
	cfg->ops = &emd_ddf_ops;
	cfg->block_size = block_size;
	cfg->entropy = entropy;
	cfg->now = now;
	ddf_uuid(ddf_set(cfg), guid, cfg->uuid);
	return cfg;
}

/* ---- what can be said ------------------------------------------------------------- */

static int check_shape(const struct emd_geometry *geo, u32 block_size, struct emd_errmsg *msg)
{
	const char *level = geo->level < EMD_NR_LEVELS ? emd_levels[geo->level].name : "?";

	if (geo->level == EMD_LEVEL_RAID1 && geo->nr_members > 3)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "ddf mirrors have 2 or 3 disks, not %u",
				  geo->nr_members);
	if (geo->layout == EMD_LAYOUT_OFFSET)
		return EMD_REFUSE(msg, -EOPNOTSUPP,
				  "ddf %s offset means another layout to mdadm, so it is not made",
				  level);
	if (geo->layout == EMD_LAYOUT_RIGHT_SYMMETRIC ||
	    !ddf_level_encode(geo->level, geo->layout, geo->nr_members))
		return EMD_REFUSE(msg, -EOPNOTSUPP, "ddf has no %s with layout %s", level,
				  geo->layout < EMD_NR_LAYOUTS ? emd_layout_names[geo->layout] :
								 "of this number");
	if (emd_levels[geo->level].striped && geo->strip_sectors < block_size / 512)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "strip of %u sectors, need %u",
				  geo->strip_sectors, block_size / 512);
	return 0;
}

static int express_new_array(const struct emd_config *cfg, const struct emd_config_array *ca,
			     struct emd_errmsg *msg)
{
	const struct ddf_set *set = ddf_set(cfg);
	u32 block = ddf_block_sectors(set);
	const struct emd_config_member *member;
	u16 slot;
	int ret;

	ret = check_shape(&ca->geo, cfg->block_size, msg);
	if (ret)
		return ret;
	if (strlen(ca->name) > DDF_NAME_LEN)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "name %s has %zu characters, can have %u",
				  ca->name, strlen(ca->name), DDF_NAME_LEN);
	if (ca->geo.nr_members > set->max_elements)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%s: %u disks, can do %u", ca->name,
				  ca->geo.nr_members, set->max_elements);
	if (ca->geo.array_sectors % block)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%s: %llu sectors, need a multiple of %u",
				  ca->name, ca->geo.array_sectors, block);
	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		member = emd_config_member(cfg, ca, slot);
		if (member->disk == EMD_NO_DISK)
			return EMD_REFUSE(msg, -EOPNOTSUPP, "%s: slot %u names no disk", ca->name,
					  slot);
		if (member->nr_sectors != ca->geo.member_sectors)
			return EMD_REFUSE(msg, -EOPNOTSUPP, "%s: members of different sizes",
					  ca->name);
		if (member->start_sector % block || member->nr_sectors % block)
			return EMD_REFUSE(msg, -EOPNOTSUPP,
					  "%s: members at %llu+%llu, need multiples of %u",
					  ca->name, member->start_sector, member->nr_sectors,
					  block);
	}
	return 0;
}

/**
 * ddf_can_express() - can the format say this?
 * @cfg: config that passed emd_config_check()
 * @msg: where the reason goes
 *
 * Arrays that came from metadata can be said: their shape does not change.
 *
 * Return: 0, -EOPNOTSUPP or -EINVAL.
 */
int ddf_can_express(const struct emd_config *cfg, struct emd_errmsg *msg)
{
	u16 i;
	int ret;

	for (i = 0; i < cfg->nr_arrays; i++) {
		if (cfg->arrays[i].native != EMD_NO_ARRAY)
			continue;
		ret = express_new_array(cfg, &cfg->arrays[i], msg);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * ddf_can_change() - may one config become the other?
 * @t0: as it is
 * @t1: as it would be, before ->update()
 * @msg: where the reason goes
 *
 * Return: 0 or -EOPNOTSUPP.
 */
int ddf_can_change(const struct emd_config *t0, const struct emd_config *t1,
		   struct emd_errmsg *msg)
{
	return emd_config_can_change(t0, t1, DDF_NAME_LEN, msg);
}

/* ---- a new array -------------------------------------------------------------------- */

/* Sectors for data on a disk. */
static u64 disk_limit(const struct emd_config *cfg, u16 disk)
{
	const struct emd_config_disk *row = &cfg->disks[disk];
	const struct ddf_set *set = ddf_set(cfg);
	struct ddf_layout layout = { .le = set->le, .block = set->block };
	struct ddf_header_ondisk header;
	u64 anchor_lba;
	int part;

	part = row->native == EMD_NO_DISK ? -1 : ddf_find_part(set, row->native);
	if (part >= 0)
		return ddf_part(set, part)->limit;
	ddf_new_header(set, row->sectors, &header, &anchor_lba);
	layout.primary = ddf_get64(set->le, header.primary_lba);
	layout.secondary = ddf_get64(set->le, header.secondary_lba);
	return ddf_sectors(set, ddf_lowest_block(&layout, &header, anchor_lba));
}

static bool wants_disk(const struct emd_create_args *args, u16 disk)
{
	u16 i;

	for (i = 0; i < args->nr_disks; i++) {
		if (args->disks[i] == disk)
			return true;
	}
	return false;
}

static u64 member_end(const struct emd_config_array *ca, const struct emd_config_member *member)
{
	return member->start_sector + member->nr_sectors + ca->reserve_sectors;
}

/* Sectors free from @from on all the disks that are wanted. */
static u64 room_at(const struct emd_config *cfg, const struct emd_create_args *args, u64 from,
		   u64 end)
{
	const struct emd_config_member *member;
	const struct emd_config_array *ca;
	u16 i, slot;

	for (i = 0; i < cfg->nr_arrays; i++) {
		ca = &cfg->arrays[i];
		for (slot = 0; slot < ca->geo.nr_members; slot++) {
			member = emd_config_member(cfg, ca, slot);
			if (member->disk == EMD_NO_DISK || !wants_disk(args, member->disk) ||
			    member_end(ca, member) <= from)
				continue;
			end = min(end, max(member->start_sector, from));
		}
	}
	return end > from ? end - from : 0;
}

/* The first place that has @need, or with 0 the largest. */
static void find_room(const struct emd_config *cfg, const struct emd_create_args *args, u64 need,
		      u64 *start, u64 *room)
{
	u64 end = EMD_MAX_SECTORS, from, here;
	const struct emd_config_array *ca;
	u16 i, slot;

	for (i = 0; i < args->nr_disks; i++)
		end = min(end, disk_limit(cfg, args->disks[i]));
	*start = 0;
	*room = room_at(cfg, args, 0, end);
	for (i = 0; i < cfg->nr_arrays; i++) {
		ca = &cfg->arrays[i];
		for (slot = 0; slot < ca->geo.nr_members; slot++) {
			from = round_up(member_end(ca, emd_config_member(cfg, ca, slot)),
					(u64)ALIGN_SECTORS);
			here = room_at(cfg, args, from, end);
			if (need ? here >= need && (*room < need || from < *start) :
				   here > *room || (here == *room && from < *start)) {
				*start = from;
				*room = here;
			}
		}
	}
}

/* The fewest sectors a member, whole @align, with which the array holds @sectors. */
static u64 member_for(const struct emd_geometry *shape, u64 sectors, u32 align)
{
	struct emd_geometry geo = *shape;
	u64 unit = (u64)align * geo.nr_members, need;

	geo.member_sectors = unit;
	need = div64_u64(sectors, emd_geo_capacity(&geo)) * unit;
	do {
		need += align;
		geo.member_sectors = need;
	} while (emd_geo_capacity(&geo) < sectors);
	/* One step too far when it came out even. */
	geo.member_sectors = need - align;
	return need > align && emd_geo_capacity(&geo) >= sectors ? need - align : need;
}

static int size_members(const struct emd_config *cfg, const struct emd_create_args *args,
			struct emd_geometry *geo, u64 *start, struct emd_errmsg *msg)
{
	u32 align = ALIGN_SECTORS;
	u64 need = 0, room;

	if (emd_levels[geo->level].striped)
		align = max(align, geo->strip_sectors);
	if (args->array_sectors > EMD_MAX_SECTORS)
		return EMD_REFUSE(msg, -EINVAL, "array of %llu sectors, can do %llu",
				  args->array_sectors, EMD_MAX_SECTORS);
	if (args->array_sectors)
		need = member_for(geo, args->array_sectors, align);
	find_room(cfg, args, need, start, &room);
	room = div_u64(room, align) * align;
	geo->member_sectors = need ? need : room;
	if (room < align)
		return EMD_REFUSE(msg, -ENOSPC, "%llu sectors free at the same place of every disk, need %u",
				  room, align);
	if (need > room) {
		geo->member_sectors = room;
		return EMD_REFUSE(msg, -ENOSPC, "room for an array of %llu KiB, asked for %llu",
				  emd_geo_capacity(geo) / 2, args->array_sectors / 2);
	}
	geo->array_sectors = emd_geo_capacity(geo);
	return 0;
}

/**
 * ddf_place_array() - append a new array to a config
 * @t1: config being built, with room for it
 * @args: what is wanted
 * @msg: where the reason goes
 *
 * Return: 0; -EOPNOTSUPP what the format cannot say; -EINVAL; -EEXIST; -ENOSPC no
 * room on the disks or in @t1.
 */
int ddf_place_array(struct emd_config *t1, const struct emd_create_args *args,
		    struct emd_errmsg *msg)
{
	struct emd_geometry geo;
	u64 start;
	int ret;

	ret = emd_create_geometry(args, DEFAULT_STRIP, &geo, msg);
	if (ret)
		return ret;
	if (args->layout == EMD_LAYOUT_NONE && args->level == EMD_LEVEL_RAID6)
		geo.layout = EMD_LAYOUT_ROTATING_N_CONTINUE;
	geo.member_sectors = 1 << 20;	/* until it is known */
	geo.array_sectors = 1;
	geo.nr_spans = args->nr_spans;
	geo.span_join = EMD_SPANS_STRIPED;
	ret = check_shape(&geo, t1->block_size, msg);
	if (!ret)
		ret = emd_geo_validate(&geo, msg);
	if (!ret)
		ret = emd_create_check_name(t1, args->name, DDF_NAME_LEN, msg);
	if (!ret)
		ret = emd_create_check_disks(t1, args, msg);
	if (!ret)
		ret = emd_create_check_flags(t1, msg);
	if (ret)
		return ret;

	ret = size_members(t1, args, &geo, &start, msg);
	if (!ret)
		ret = emd_geo_validate(&geo, msg);
	if (ret)
		return ret;
	emd_create_append(t1, args, &geo, start);
	return 0;
}

/* ---- a disk for a slot ------------------------------------------------------------------ */

/* Is [@start, @start + @len) of a disk free, but for what @ca itself has there? */
static bool is_free(const struct emd_config *cfg, const struct emd_config_array *ca, u16 disk,
		    u64 start, u64 len)
{
	const struct emd_config_array *other;
	const struct emd_config_member *member;
	u64 limit = disk_limit(cfg, disk);
	int slot;
	u16 i;

	if (start > limit || len > limit - start)
		return false;
	for (i = 0; i < cfg->nr_arrays; i++) {
		other = &cfg->arrays[i];
		slot = other == ca ? -1 : emd_config_member_slot(cfg, other, disk);
		if (slot < 0)
			continue;
		member = emd_config_member(cfg, other, slot);
		if (member->start_sector < start + len && start < member_end(other, member))
			return false;
	}
	return true;
}

/**
 * ddf_start_on() - where a member would begin on a disk
 * @cfg: config
 * @array: index
 * @slot: to be filled
 * @disk: row
 *
 * Where it was, if that is free; else at the first place behind another array.
 *
 * Return: the sector; U64_MAX when there is no room.
 */
u64 ddf_start_on(const struct emd_config *cfg, u16 array, u16 slot, u16 disk)
{
	const struct emd_config_array *ca = &cfg->arrays[array], *other;
	const struct emd_config_member *member = emd_config_member(cfg, ca, slot);
	u64 start, best = U64_MAX, len = member->nr_sectors + ca->reserve_sectors;
	int has;
	u16 i;

	if (is_free(cfg, ca, disk, member->start_sector, len))
		return member->start_sector;
	if (is_free(cfg, ca, disk, 0, len))
		return 0;
	for (i = 0; i < cfg->nr_arrays; i++) {
		other = &cfg->arrays[i];
		has = other == ca ? -1 : emd_config_member_slot(cfg, other, disk);
		if (has < 0)
			continue;
		start = round_up(member_end(other, emd_config_member(cfg, other, has)),
				 (u64)ALIGN_SECTORS);
		if (start < best && is_free(cfg, ca, disk, start, len))
			best = start;
	}
	return best;
}

/**
 * ddf_can_take() - may this disk fill that slot?
 * @cfg: config
 * @array: index
 * @slot: lost one
 * @disk: row
 * @msg: where the reason goes
 *
 * Return: 0; -EBUSY not now; -ENOSPC not this disk; -EINVAL; -EOPNOTSUPP.
 */
int ddf_can_take(const struct emd_config *cfg, u16 array, u16 slot, u16 disk,
		 struct emd_errmsg *msg)
{
	const struct emd_config_array *ca = &cfg->arrays[array];
	const struct emd_config_member *member = emd_config_member(cfg, ca, slot);
	const struct emd_config_disk *row = &cfg->disks[disk];
	int ret = emd_config_can_take(cfg, ca, slot, disk, msg);

	if (ret)
		return ret;
	if (row->native == EMD_NO_DISK)
		return EMD_REFUSE(msg, -EINVAL, "disk %s is not listed yet", row->id);
	/* One place for progress in a record: one disk at a time. */
	if (ca->sync != EMD_SYNC_IDLE)
		return EMD_REFUSE(msg, -EBUSY, "%s of %s has to end first",
				  emd_sync_action_names[ca->sync], ca->name);
	if (!emd_config_may_serve(cfg, disk, array))
		return EMD_REFUSE(msg, -EINVAL, "disk %s is a spare for other arrays", row->id);
	ret = emd_create_check_flags(cfg, msg);
	if (ret)
		return ret == -EOPNOTSUPP ? -EBUSY : ret;
	if (ddf_start_on(cfg, array, slot, disk) == U64_MAX)
		return EMD_REFUSE(msg, -ENOSPC, "disk %s has no room for %llu sectors of %s",
				  row->id, member->nr_sectors + ca->reserve_sectors, ca->name);
	return 0;
}
