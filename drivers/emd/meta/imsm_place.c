// SPDX-License-Identifier: GPL-2.0
/*
 * IMSM: new disks, containers and arrays; which disk may fill which slot.
 *
 * Two kinds of rules. What the format cannot say is refused always. What it can
 * say but firmware does not take (the profile: typical limits of an option ROM) is
 * refused unless forced, and the refusal says so.
 *
 * Placement follows mdadm, so that both put the next array at the same place:
 * whole MiB on each member, 1 MiB of reserve behind them, 4 MiB between arrays,
 * 5 MiB kept free at the end of the disk. Pure; allocates new containers.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "imsm.h"

#define DEFAULT_STRIP	256u	/* 128 KiB */
#define MAX_STRIP	2048u	/* above, the reserve would not be a multiple of it */

/* The profile. */
#define PROFILE_ARRAYS		2
#define PROFILE_DISKS		48
#define PROFILE_RAID10_DISKS	4
#define PROFILE_MIN_STRIP	8u
#define PROFILE_MAX_STRIP	256u
#define FORCE_HINT	"firmware may not take that, --force overrides"

/**
 * imsm_new_disk() - a bare disk as a row of a disk table
 * @serial: as the device reports it
 * @disk_sectors: capacity
 * @block_size: logical block in bytes
 * @row: out
 * @msg: where the reason goes
 *
 * Return: 0 or -EINVAL.
 */
int imsm_new_disk(const char *serial, u64 disk_sectors, u32 block_size,
		  struct emd_config_disk *row, struct emd_errmsg *msg)
{
	u64 least = IMSM_RESERVED_END + IMSM_SIZE_ALIGN;

	if (block_size != 512 && block_size != 4096)
		return EMD_REFUSE(msg, -EINVAL, "logical blocks of %u bytes, need 512 or 4096",
				  block_size);
	if (disk_sectors < least || disk_sectors > EMD_MAX_SECTORS)
		return EMD_REFUSE(msg, -EINVAL, "disk of %llu sectors, need %llu to %llu",
				  disk_sectors, least, EMD_MAX_SECTORS);
	memset(row, 0, sizeof(*row));
	imsm_normalise_serial(serial, row->id);
	if (!row->id[0])
		return EMD_REFUSE(msg, -EINVAL, "the disk reports no serial number, need one");
	row->sectors = disk_sectors;
	row->state = EMD_DISK_SPARE;
	row->native = EMD_NO_DISK;
	return 0;
}

/**
 * imsm_new_container() - a config without disks and arrays
 * @nr_disks: rows to make room for
 * @block_size: logical block of all disks
 * @entropy: random bits
 * @now: seconds since 1970
 * @msg: where the reason goes
 *
 * Return: the config or ERR_PTR.
 * Context: may sleep.
 */
struct emd_config *imsm_new_container(u16 nr_disks, u32 block_size, u64 entropy, u64 now,
				      struct emd_errmsg *msg)
{
	struct emd_config like = { .block_size = block_size, .nr_disks = nr_disks };
	struct emd_config_room room = { .disks = nr_disks };
	struct emd_config *cfg;

	if (block_size != 512 && block_size != 4096)
		return ERR_PTR(EMD_REFUSE(msg, -EINVAL,
					  "logical blocks of %u bytes, need 512 or 4096",
					  block_size));
	if (nr_disks > IMSM_MAX_DISKS)
		return ERR_PTR(EMD_REFUSE(msg, -EINVAL, "%u disks, can do %u", nr_disks,
					  IMSM_MAX_DISKS));
	room.native = imsm_native_room(&like);
	cfg = emd_config_alloc(&room);
	if (!cfg)
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	cfg->ops = &emd_imsm_ops;
	cfg->block_size = block_size;
	cfg->entropy = entropy;
	cfg->now = now;
	imsm_blank(cfg);
	cfg->generation = 1;
	return cfg;
}

/* ---- what can be said ---------------------------------------------------------- */

static int check_shape(enum emd_level level, enum emd_layout layout, u16 nr_members,
		       u32 strip_sectors, struct emd_errmsg *msg)
{
	enum emd_layout need = EMD_LAYOUT_NONE;
	u16 least = 2;

	switch (level) {
	case EMD_LEVEL_RAID0:
		least = 1;
		break;
	case EMD_LEVEL_RAID1:
		if (nr_members != 2)
			return EMD_REFUSE(msg, -EOPNOTSUPP,
					  "imsm mirrors have 2 disks, not %u: more would read as raid10",
					  nr_members);
		break;
	case EMD_LEVEL_RAID5:
		need = EMD_LAYOUT_LEFT_ASYMMETRIC;
		least = 3;
		break;
	case EMD_LEVEL_RAID10:
		need = EMD_LAYOUT_ADJACENT;
		least = 4;
		if (nr_members % 2)
			return EMD_REFUSE(msg, -EOPNOTSUPP,
					  "raid10 of %u disks, imsm needs an even number",
					  nr_members);
		break;
	default:
		return EMD_REFUSE(msg, -EOPNOTSUPP,
				  "imsm knows raid0, raid1, raid5 and raid10, not %s",
				  level < EMD_NR_LEVELS ? emd_levels[level].name : "this level");
	}
	if (layout != need)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "imsm %s has layout %s, not %s",
				  emd_levels[level].name, emd_layout_names[need],
				  layout < EMD_NR_LAYOUTS ? emd_layout_names[layout] : "this");
	if (nr_members < least || nr_members > EMD_MAX_MEMBERS)
		return EMD_REFUSE(msg, -EINVAL, "%s of %u disks, need %u to %u",
				  emd_levels[level].name, nr_members, least, EMD_MAX_MEMBERS);
	if (level != EMD_LEVEL_RAID1 && (!strip_sectors || strip_sectors & (strip_sectors - 1)))
		return EMD_REFUSE(msg, -EINVAL, "strip of %u sectors, need a power of two",
				  strip_sectors);
	return 0;
}

static int express_array(const struct emd_config *cfg, const struct emd_config_array *ca,
			 struct emd_errmsg *msg)
{
	const struct emd_config_member *first = emd_config_member(cfg, ca, 0), *member;
	u32 align = cfg->block_size / 512;
	u16 slot;
	int ret;

	ret = check_shape(ca->geo.level, ca->geo.layout, ca->geo.nr_members,
			  ca->geo.strip_sectors, msg);
	if (ret)
		return ret;
	if (ca->geo.strip_sectors > U16_MAX || ca->geo.strip_sectors % align)
		return EMD_REFUSE(msg, -EOPNOTSUPP,
				  "%s: strip of %u sectors, need a multiple of %u up to %u",
				  ca->name, ca->geo.strip_sectors, align, U16_MAX);
	if (ca->geo.array_sectors % align)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%s: %llu sectors, need a multiple of %u",
				  ca->name, ca->geo.array_sectors, align);
	if (ca->native == EMD_NO_ARRAY && strlen(ca->name) > IMSM_NAME_LEN)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "name %s has %zu characters, can have %u",
				  ca->name, strlen(ca->name), IMSM_NAME_LEN);
	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		member = emd_config_member(cfg, ca, slot);
		if (member->disk == EMD_NO_DISK)
			return EMD_REFUSE(msg, -EOPNOTSUPP, "%s: slot %u names no disk", ca->name,
					  slot);
		if (member->start_sector != first->start_sector ||
		    member->nr_sectors != first->nr_sectors)
			return EMD_REFUSE(msg, -EOPNOTSUPP,
					  "%s: slots 0 and %u lie at different places", ca->name,
					  slot);
		if (member->start_sector % align || member->nr_sectors % align)
			return EMD_REFUSE(msg, -EOPNOTSUPP,
					  "%s: members at %llu+%llu, need multiples of %u",
					  ca->name, member->start_sector, member->nr_sectors,
					  align);
	}
	return 0;
}

/**
 * imsm_can_express() - can the format say this?
 * @cfg: config that passed emd_config_check()
 * @msg: where the reason goes
 *
 * Return: 0, -EOPNOTSUPP or -EINVAL.
 */
int imsm_can_express(const struct emd_config *cfg, struct emd_errmsg *msg)
{
	u16 i;
	int ret;

	if (cfg->nr_arrays > IMSM_MAX_VOLUMES)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%u arrays, can hold %u", cfg->nr_arrays,
				  IMSM_MAX_VOLUMES);
	for (i = 0; i < cfg->nr_arrays; i++) {
		if (cfg->arrays[i].flags & EMD_CFG_NO_START)
			continue;	/* its bytes stay as they are */
		ret = express_array(cfg, &cfg->arrays[i], msg);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * imsm_can_change() - may one config become the other?
 * @t0: as it is
 * @t1: as it would be, before ->update()
 * @msg: where the reason goes
 *
 * Return: 0 or -EOPNOTSUPP.
 */
int imsm_can_change(const struct emd_config *t0, const struct emd_config *t1,
		    struct emd_errmsg *msg)
{
	u16 i;

	for (i = 0; i < t1->nr_disks; i++) {
		if (t1->disks[i].scope == EMD_SPARE_DEDICATED)
			return EMD_REFUSE(msg, -EOPNOTSUPP,
					  "a spare of imsm is for every array of the container, it cannot be for some of them");
	}
	return emd_config_can_change(t0, t1, IMSM_NAME_LEN, msg);
}

/* ---- a new array ------------------------------------------------------------------ */

static bool same_slots(const struct emd_config *cfg, const struct emd_config_array *ca,
		       const struct emd_create_args *args)
{
	u16 slot;

	if (ca->geo.nr_members != args->nr_disks)
		return false;
	for (slot = 0; slot < args->nr_disks; slot++) {
		if (emd_config_member(cfg, ca, slot)->disk != args->disks[slot])
			return false;
	}
	return true;
}

static int check_profile(const struct emd_config *cfg, const struct emd_create_args *args,
			 u32 strip_sectors, struct emd_errmsg *msg)
{
	u16 i;

	if (args->force)
		return 0;
	if (cfg->nr_arrays >= PROFILE_ARRAYS)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "the container has %u arrays already; "
				  FORCE_HINT, cfg->nr_arrays);
	if (args->nr_disks > PROFILE_DISKS)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%u disks, more than %u; " FORCE_HINT,
				  args->nr_disks, PROFILE_DISKS);
	if (args->level == EMD_LEVEL_RAID0 && args->nr_disks < 2)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "raid0 of one disk; " FORCE_HINT);
	if (args->level == EMD_LEVEL_RAID10 && args->nr_disks != PROFILE_RAID10_DISKS)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "raid10 of %u disks, not %u; " FORCE_HINT,
				  args->nr_disks, PROFILE_RAID10_DISKS);
	if (args->level != EMD_LEVEL_RAID1 &&
	    (strip_sectors < PROFILE_MIN_STRIP || strip_sectors > PROFILE_MAX_STRIP))
		return EMD_REFUSE(msg, -EOPNOTSUPP, "strip of %u KiB, not %u to %u; " FORCE_HINT,
				  strip_sectors / 2, PROFILE_MIN_STRIP / 2, PROFILE_MAX_STRIP / 2);
	for (i = 0; i < cfg->nr_arrays; i++) {
		if (!same_slots(cfg, &cfg->arrays[i], args))
			return EMD_REFUSE(msg, -EOPNOTSUPP,
					  "not the disks of %s in the same order; " FORCE_HINT,
					  cfg->arrays[i].name);
	}
	return 0;
}

static bool shares_disk(const struct emd_config *cfg, const struct emd_config_array *ca,
			const struct emd_create_args *args)
{
	u16 i;

	for (i = 0; i < args->nr_disks; i++) {
		if (emd_config_member_slot(cfg, ca, args->disks[i]) >= 0)
			return true;
	}
	return false;
}

/* The room from @from up to the next array on any of the disks, or to @end. */
static u64 gap_after(const struct emd_config *cfg, const struct emd_create_args *args, u64 from,
		     u64 end)
{
	const struct emd_config_member *member;
	u64 start, gap_end = end;
	u16 i;

	for (i = 0; i < cfg->nr_arrays; i++) {
		if (!shares_disk(cfg, &cfg->arrays[i], args))
			continue;
		member = emd_config_member(cfg, &cfg->arrays[i], 0);
		if (member->start_sector + member->nr_sectors <= from)
			continue;
		start = member->start_sector;
		/* Keep clear of a following array as well as of one before. */
		start = start > IMSM_VOLUME_GAP ? start - IMSM_VOLUME_GAP : 0;
		gap_end = min(gap_end, start);
	}
	return gap_end > from ? gap_end - from : 0;
}

/* The largest gap that all the disks have; *@len 0 when there is none. */
static void find_gap(const struct emd_config *cfg, const struct emd_create_args *args,
		     u64 *start, u64 *len)
{
	const struct emd_config_member *member;
	u64 end = EMD_MAX_SECTORS, from, room;
	u16 i;

	for (i = 0; i < args->nr_disks; i++) {
		u64 sectors = cfg->disks[args->disks[i]].sectors;

		end = min(end, sectors > IMSM_RESERVED_END ? sectors - IMSM_RESERVED_END : 0);
	}
	*start = 0;
	*len = gap_after(cfg, args, 0, end);
	for (i = 0; i < cfg->nr_arrays; i++) {
		if (!shares_disk(cfg, &cfg->arrays[i], args))
			continue;
		member = emd_config_member(cfg, &cfg->arrays[i], 0);
		from = round_up(member->start_sector + member->nr_sectors + IMSM_VOLUME_GAP,
				(u64)cfg->block_size / 512);
		room = gap_after(cfg, args, from, end);
		if (room > *len) {
			*start = from;
			*len = room;
		}
	}
}

static u32 nr_data_members(enum emd_level level, u16 nr_members)
{
	switch (level) {
	case EMD_LEVEL_RAID0:
		return nr_members;
	case EMD_LEVEL_RAID5:
		return nr_members - 1;
	case EMD_LEVEL_RAID10:
		return nr_members / 2;
	default:
		return 1;
	}
}

/* Sectors on each member: whole MiB and whole stripes as the format counts them. */
static int size_members(const struct emd_create_args *args, u32 nr_data, u32 strip_sectors,
			u64 room, u64 *member_sectors, struct emd_errmsg *msg)
{
	bool mirrored = args->level == EMD_LEVEL_RAID1 || args->level == EMD_LEVEL_RAID10;
	u32 align = max(IMSM_SIZE_ALIGN, strip_sectors << mirrored);
	u64 most = div_u64(room, align) * align;

	if (!most)
		return EMD_REFUSE(msg, -ENOSPC, "%llu sectors free on every disk, need %u", room,
				  align);
	if (!args->array_sectors) {
		*member_sectors = most;
		return 0;
	}
	if (args->array_sectors > most * nr_data)
		return EMD_REFUSE(msg, -ENOSPC, "room for an array of %llu KiB, asked for %llu",
				  most * nr_data / 2, args->array_sectors / 2);
	/* Rounded up: who asks for a size wants to put something of it there. */
	*member_sectors = div_u64(args->array_sectors + nr_data - 1, nr_data);
	*member_sectors = div_u64(*member_sectors + align - 1, align) * align;
	return 0;
}

/**
 * imsm_place_array() - append a new array to a config
 * @t1: config being built, with room for it
 * @args: what is wanted
 * @msg: where the reason goes
 *
 * Return: 0; -EOPNOTSUPP what the format cannot say, or firmware not take; -EINVAL;
 * -EEXIST; -ENOSPC no room on the disks or in @t1.
 */
int imsm_place_array(struct emd_config *t1, const struct emd_create_args *args,
		     struct emd_errmsg *msg)
{
	struct emd_geometry geo;
	u64 start, room;
	u32 nr_data;
	int ret;

	ret = emd_create_geometry(args, DEFAULT_STRIP, &geo, msg);
	if (ret)
		return ret;
	if (args->layout == EMD_LAYOUT_NONE && args->level == EMD_LEVEL_RAID5)
		geo.layout = EMD_LAYOUT_LEFT_ASYMMETRIC;
	ret = check_shape(geo.level, geo.layout, geo.nr_members, geo.strip_sectors, msg);
	if (ret)
		return ret;
	if (geo.strip_sectors < t1->block_size / 512 || geo.strip_sectors > MAX_STRIP)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "strip of %u sectors, need %u to %u",
				  geo.strip_sectors, t1->block_size / 512, MAX_STRIP);
	ret = emd_create_check_name(t1, args->name, IMSM_NAME_LEN, msg);
	if (!ret)
		ret = emd_create_check_disks(t1, args, msg);
	if (!ret)
		ret = emd_create_check_flags(t1, msg);
	if (!ret && t1->nr_arrays >= IMSM_MAX_VOLUMES)
		ret = EMD_REFUSE(msg, -ENOSPC, "the container has %u arrays, can hold %u",
				 t1->nr_arrays, IMSM_MAX_VOLUMES);
	if (!ret)
		ret = check_profile(t1, args, geo.strip_sectors, msg);
	if (ret)
		return ret;

	find_gap(t1, args, &start, &room);
	nr_data = nr_data_members(geo.level, geo.nr_members);
	ret = size_members(args, nr_data, geo.strip_sectors, room, &geo.member_sectors, msg);
	if (ret)
		return ret;
	geo.array_sectors = geo.member_sectors * nr_data;
	ret = emd_geo_validate(&geo, msg);
	if (ret)
		return ret;
	emd_create_append(t1, args, &geo, start)->reserve_sectors = IMSM_MEMBER_RESERVE;
	return 0;
}

/* ---- a disk for a slot ---------------------------------------------------------- */

static u64 array_end(const struct emd_config *cfg, const struct emd_config_array *ca)
{
	const struct emd_config_member *member = emd_config_member(cfg, ca, 0);

	return member->start_sector + member->nr_sectors;
}

/* What a spare must keep free at its end: as little as the tightest member does. */
static u64 spare_reserve(const struct emd_config *cfg)
{
	const struct emd_config_member *member;
	const struct emd_config_disk *disk;
	u64 reserve = IMSM_SPARE_END, used;
	u32 i;

	for (i = 0; i < cfg->nr_members; i++) {
		member = &cfg->members[i];
		if (member->disk == EMD_NO_DISK)
			continue;
		disk = &cfg->disks[member->disk];
		used = member->start_sector + member->nr_sectors;
		if (disk->state == EMD_DISK_ACTIVE && used <= disk->sectors)
			reserve = min(reserve, disk->sectors - used);
	}
	return max_t(u64, reserve, IMSM_MPB_END);
}

static int check_other_arrays(const struct emd_config *cfg, u16 array, struct emd_errmsg *msg)
{
	const struct emd_config_array *other;
	const struct emd_config_disk *disk;
	u16 i, slot, index;

	for (i = 0; i < cfg->nr_arrays; i++) {
		other = &cfg->arrays[i];
		if (i == array)
			continue;
		if (other->flags & EMD_CFG_NO_START)
			return EMD_REFUSE(msg, -EBUSY, "%s is in the way: %s", other->name,
					  other->reason);
		if (emd_config_array_state(cfg, other) != EMD_ARRAY_FAILED)
			continue;
		for (slot = 0; slot < other->geo.nr_members; slot++) {
			index = emd_config_member(cfg, other, slot)->disk;
			disk = index == EMD_NO_DISK ? NULL : &cfg->disks[index];
			if (disk && disk->state == EMD_DISK_FAILED && disk->handle)
				return EMD_REFUSE(msg, -EBUSY,
						  "%s has failed and its disk %s is still there: remove that first",
						  other->name, disk->id);
		}
	}
	return 0;
}

static int check_fit(const struct emd_config *cfg, const struct emd_config_array *ca, u16 disk,
		     struct emd_errmsg *msg)
{
	const struct emd_config_disk *row = &cfg->disks[disk];
	const struct emd_config_array *other;
	u64 reserve = spare_reserve(cfg), start;
	u16 i;

	for (i = 0; i < cfg->nr_arrays; i++) {
		other = &cfg->arrays[i];
		if (row->sectors < reserve || array_end(cfg, other) > row->sectors - reserve)
			return EMD_REFUSE(msg, -ENOSPC,
					  "disk %s has %llu sectors, %s needs %llu", row->id,
					  row->sectors, other->name,
					  array_end(cfg, other) + reserve);
		start = emd_config_member(cfg, other, 0)->start_sector;
		if (other != ca && emd_config_member_slot(cfg, other, disk) >= 0 &&
		    start < array_end(cfg, ca) &&
		    emd_config_member(cfg, ca, 0)->start_sector < array_end(cfg, other))
			return EMD_REFUSE(msg, -ENOSPC, "%s lies on disk %s where %s would",
					  other->name, row->id, ca->name);
	}
	return 0;
}

/**
 * imsm_can_take() - may this disk fill that slot?
 * @cfg: config
 * @array: index
 * @slot: lost one
 * @disk: row
 * @msg: where the reason goes
 *
 * Return: 0; -EBUSY not now; -ENOSPC not this disk; -EINVAL; -EOPNOTSUPP.
 */
int imsm_can_take(const struct emd_config *cfg, u16 array, u16 slot, u16 disk,
		  struct emd_errmsg *msg)
{
	const struct emd_config_array *ca = &cfg->arrays[array];
	int ret = emd_config_can_take(cfg, ca, slot, disk, msg);

	if (ret)
		return ret;
	if (ca->sync != EMD_SYNC_IDLE)
		return EMD_REFUSE(msg, -EBUSY, "%s of %s has to end first",
				  emd_sync_action_names[ca->sync], ca->name);
	ret = check_other_arrays(cfg, array, msg);
	if (ret)
		return ret;
	return check_fit(cfg, ca, disk, msg);
}
