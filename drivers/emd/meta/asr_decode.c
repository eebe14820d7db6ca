// SPDX-License-Identifier: GPL-2.0
/*
 * ASR: what the metadata means, as a config. The trust boundary for lines: what comes
 * out of here has been checked against the disk, against itself and against what we can
 * honour.
 *
 * An array that is well-formed but uses something that we do not do carries a flag and
 * a reason. Lines that contradict each other make the disk's metadata damaged.
 *
 * States. Drives have them and arrays have them; what counts are those of the drives.
 * The state of an array is believed where it tells more: being expanded, dead, its
 * mirrors never made equal. A drive that is "to be filled" is rebuilt, also in the
 * initial build: who builds may fill it from what is on the other, so it must not stand in
 * for that. Only where all drives of a mirror wait for their build, there is no source,
 * and what is owed is a resync.
 *
 * Pure; allocates the config.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "asr.h"

#define MIN_STRIP	8u
#define MAX_STRIP	2048u

/* ---- identities --------------------------------------------------------------- */

static void magic_uuid(const char kind[4], u32 magic, u8 uuid[16])
{
	u8 data[8] = { kind[0], kind[1], kind[2], kind[3],
		       magic >> 24, magic >> 16, magic >> 8, magic };

	emd_uuid_sha1(data, sizeof(data), uuid);
}

/**
 * asr_array_uuid() - an array's identity
 * @magic: of its top line
 * @uuid: out
 */
void asr_array_uuid(u32 magic, u8 uuid[16])
{
	magic_uuid("ASR ", magic, uuid);
}

/**
 * asr_container_uuid() - the identity of what an array and its spares are in
 * @magic: of the array's top line
 * @uuid: out
 */
void asr_container_uuid(u32 magic, u8 uuid[16])
{
	magic_uuid("ASRC", magic, uuid);
}

/**
 * asr_row_id() - the name of a disk in messages, as dmraid prints it
 * @magic: drive magic
 * @id: text
 */
void asr_row_id(u32 magic, char id[EMD_DISK_ID_LEN])
{
	memset(id, 0, EMD_DISK_ID_LEN);
	snprintf(id, EMD_DISK_ID_LEN, "%08x", magic);
}

/* ---- states -------------------------------------------------------------------- */

/**
 * asr_health() - what a drive's state byte means
 * @state: byte
 */
enum asr_health asr_health(u8 state)
{
	switch (state) {
	case 0x00:
	case 0x05:	/* a verify found errors */
	case 0x15:
		return ASR_GOOD;
	case 0x02:	/* not configured */
	case 0x12:
	case 0x0a:	/* not initialised */
	case 0x10:	/* being built */
	case 0x14:
	case 0x20:	/* being rebuilt */
	case 0x24:
		return ASR_TARGET;
	default:
		break;
	}
	switch (state & 0x0f) {
	case 0x01:
		return ASR_ABSENT;
	case 0x08:	/* array build */
		return ASR_TARGET;
	case 0x0b:	/* verify runs */
		return ASR_GOOD;
	default:
		return ASR_LOST;
	}
}

/**
 * asr_condition() - what an array's state byte means
 * @state: byte
 */
enum asr_condition asr_condition(u8 state)
{
	switch (state) {
	case 0x0b:
	case 0x54:	/* new, waits for its build */
		return ASR_COND_BUILD;
	case 0x05:	/* a verify found errors */
	case 0x0a:	/* verify runs */
	case 0x1a:
	case 0x2a:
		return ASR_COND_NORMAL;
	default:
		break;
	}
	switch (state & 0x0f) {
	case 0x00:
	case 0x01:
	case 0x02:
		return ASR_COND_NORMAL;
	case 0x03:
		return ASR_COND_EXPAND;
	case 0x04:
		return ASR_COND_DEAD;
	default:
		return ASR_COND_UNKNOWN;
	}
}

/**
 * asr_mirror_line() - the line that speaks for the mirrors of a subset
 * @set: set
 * @shape: of its array
 * @sub: subset
 */
struct asr_line_ondisk *asr_mirror_line(const struct asr_set *set, const struct asr_shape *shape,
					u16 sub)
{
	return asr_line(set, shape->mirrored_top ? shape->top : shape->subset[sub].line);
}

/**
 * asr_builds() - was a mirror never made equal?
 * @set: set
 * @shape: of its array
 * @sub: subset
 */
bool asr_builds(const struct asr_set *set, const struct asr_shape *shape, u16 sub)
{
	const struct asr_line_ondisk *line = asr_mirror_line(set, shape, sub);

	return line->type == ASR_RAID1 && asr_condition(line->state) == ASR_COND_BUILD;
}

/* ---- disks ----------------------------------------------------------------------- */

static enum emd_disk_state row_state(const struct asr_set *set, const struct asr_part *part)
{
	const struct asr_line_ondisk *line;

	if (part->line == ASR_NO_LINE)
		return EMD_DISK_SPARE;
	line = asr_line(set, part->line);
	switch (asr_health(line->state)) {
	case ASR_ABSENT:
		return EMD_DISK_MISSING;
	case ASR_LOST:
		return EMD_DISK_FAILED;
	default:
		return asr_is_spare(line) ? EMD_DISK_SPARE : EMD_DISK_ACTIVE;
	}
}

static void decode_disks(struct emd_config *cfg)
{
	const struct asr_set *set = asr_set(cfg);
	const struct asr_part *part;
	struct emd_config_disk *row;
	u32 i;

	for (i = 0; i < set->nr_parts; i++) {
		part = asr_part(set, i);
		row = &cfg->disks[i];
		memset(row, 0, sizeof(*row));
		asr_row_id(part->magic, row->id);
		row->native = i;
		row->state = row_state(set, part);
		if (part->flags & ASR_PART_HERE)
			row->sectors = part->disk_sectors;
		else if (part->line != ASR_NO_LINE)
			row->sectors = be32_to_cpu(asr_line(set, part->line)->capacity);
	}
	cfg->nr_disks = set->nr_parts;
}

static u16 row_of_line(const struct asr_set *set, u16 line)
{
	u32 i;

	for (i = 0; i < set->nr_parts; i++) {
		if (asr_part(set, i)->line == line)
			return i;
	}
	return EMD_NO_DISK;
}

/* ---- the array -------------------------------------------------------------------- */

#define refuse(ca, fmt, ...) \
	emd_config_flag(&(ca)->flags, (ca)->reason, EMD_CFG_NO_START, fmt, ##__VA_ARGS__)

/* The first line has the name when an own one is missing. */
static void decode_name(const struct emd_config *cfg, char name[EMD_NAME_LEN])
{
	const struct asr_set *set = asr_set(cfg);
	const struct asr_line_ondisk *line = asr_line(set, set->top);
	unsigned int len = ASR_NAME_LEN;
	char instead[EMD_NAME_LEN];
	const u8 *raw;

	raw = line->name[0] ? line->name : asr_line(set, 0)->name;
	while (len && (!raw[len - 1] || raw[len - 1] == ' '))
		len--;
	snprintf(instead, sizeof(instead), "%08x", be32_to_cpu(line->magic));
	emd_config_name_array(cfg, 0, raw, len, instead, name);
}

static void decode_level(const struct asr_set *set, const struct asr_shape *shape,
			 struct emd_config_array *ca)
{
	const struct asr_line_ondisk *first = asr_line(set, shape->subset[0].line);
	const struct asr_line_ondisk *top = asr_line(set, shape->top);
	struct emd_geometry *geo = &ca->geo;

	geo->nr_copies = 1;
	geo->level = EMD_LEVEL_RAID0;
	if (first->type != ASR_RAID0 && first->type != ASR_RAID1) {
		geo->level = first->type == ASR_RAID5 ? EMD_LEVEL_RAID5 :
			     first->type == ASR_REDIRECT ? EMD_LEVEL_CONCAT : EMD_LEVEL_RAID4;
		if (first->type == ASR_REDIRECT)
			refuse(ca, "a plain drive behind its controller is not an array");
		else
			refuse(ca, "RAID%u of this format is not supported: where its parity lies is not known",
			       first->type);
	} else if (!shape->two_level) {
		if (first->type == ASR_RAID1) {
			geo->level = EMD_LEVEL_RAID1;
			geo->nr_copies = geo->nr_members;
		}
	} else if ((first->type == ASR_RAID1 && top->type == ASR_RAID0 &&
		    shape->subset[0].nr == 2) ||
		   (first->type == ASR_RAID0 && top->type == ASR_RAID1 &&
		    shape->nr_subsets == 2)) {
		geo->level = EMD_LEVEL_RAID10;
		geo->layout = EMD_LAYOUT_ADJACENT;
		geo->nr_copies = 2;
	} else {
		refuse(ca, "RAID type %u over %u arrays of type %u, %u drives each, is not supported",
		       top->type, shape->nr_subsets, first->type, shape->subset[0].nr);
	}
	/* A mirror of two stripes of one drive each. */
	if (geo->level == EMD_LEVEL_RAID10 && geo->nr_members == 2) {
		geo->level = EMD_LEVEL_RAID1;
		geo->layout = EMD_LAYOUT_NONE;
	}
}

static void decode_sizes(const struct asr_set *set, const struct asr_shape *shape,
			 struct emd_config_array *ca)
{
	struct emd_geometry *geo = &ca->geo;
	const struct asr_line_ondisk *line;
	u32 strip = 0, least = U32_MAX;
	struct emd_errmsg why = {};
	u16 slot;
	u64 size;

	for (slot = 0; slot < shape->nr_slots; slot++) {
		if (shape->line[slot] == ASR_NO_LINE)
			continue;
		line = asr_line(set, shape->line[slot]);
		least = min(least, be32_to_cpu(line->capacity));
		if (!strip)
			strip = be16_to_cpu(line->strip);
		else if (strip != be16_to_cpu(line->strip) && emd_levels[geo->level].striped)
			refuse(ca, "strips of %u and of %u sectors", strip,
			       be16_to_cpu(line->strip));
		if (line->offset)
			refuse(ca, "slot %u begins at sector %u of its drive, not supported", slot,
			       be32_to_cpu(line->offset));
	}
	geo->strip_sectors = strip;
	geo->member_sectors = least;
	geo->array_sectors = be32_to_cpu(asr_line(set, shape->top)->capacity);
	if (ca->flags & EMD_CFG_NO_START)
		return;
	if (emd_levels[geo->level].striped) {
		if (strip < MIN_STRIP || strip > MAX_STRIP || strip & (strip - 1)) {
			refuse(ca, "strip of %u sectors, need a power of two from %u to %u", strip,
			       MIN_STRIP, MAX_STRIP);
			return;
		}
		geo->member_sectors = least & ~(strip - 1);
	}
	size = emd_geo_capacity(geo);
	geo->array_sectors = min(geo->array_sectors, size);
	if (emd_geo_validate(geo, &why))
		refuse(ca, "%.100s", why.text);
}

static u64 address(const struct asr_line_ondisk *line)
{
	return (u64)line->hba << 48 | (u64)line->channel << 40 | (u64)line->lun << 32 |
	       be32_to_cpu(line->target);
}

/* dmraid goes by addresses: where that gives another order, one of us is wrong. */
static void check_order(const struct asr_set *set, const struct asr_shape *shape,
			struct emd_config_array *ca)
{
	u16 slot;

	/* What is refused may have slots without a line. */
	if (ca->geo.level != EMD_LEVEL_RAID0 || ca->flags & EMD_CFG_NO_START)
		return;
	for (slot = 1; slot < shape->nr_slots; slot++) {
		if (address(asr_line(set, shape->line[slot - 1])) <
		    address(asr_line(set, shape->line[slot])))
			continue;
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_READ_ONLY,
				"slots %u and %u are not in the order of their addresses: other drivers may take another order",
				slot - 1, slot);
		return;
	}
}

static void check_conditions(const struct asr_set *set, const struct asr_shape *shape,
			     struct emd_config_array *ca)
{
	const struct asr_line_ondisk *line;
	u16 i;

	for (i = shape->top; i < shape->end; i++) {
		line = asr_line(set, i);
		if (line->added)
			refuse(ca, "line %u: the array is being expanded", i);
		if (line->level == ASR_DRIVE)
			continue;
		switch (asr_condition(line->state)) {
		case ASR_COND_EXPAND:
			refuse(ca, "line %u: the array is being expanded", i);
			break;
		case ASR_COND_DEAD:
			/* Half of a mirror may be. */
			if (!shape->mirrored_top || i == shape->top)
				refuse(ca, "line %u: written off as dead (%02x)", i, line->state);
			break;
		case ASR_COND_UNKNOWN:
			refuse(ca, "line %u: state %02x is not known", i, line->state);
			break;
		default:
			break;
		}
	}
}

static bool half_is_dead(const struct asr_set *set, const struct asr_shape *shape, u16 slot)
{
	return shape->mirrored_top &&
	       asr_condition(asr_line(set, shape->subset[shape->sub[slot]].line)->state) ==
		       ASR_COND_DEAD;
}

/* Without redundancy there is nothing to build: a drive that waits for it is as good. */
static enum asr_health slot_health(const struct asr_set *set, const struct asr_shape *shape,
				   const struct emd_config_array *ca, u16 slot)
{
	enum asr_health health;

	if (shape->line[slot] == ASR_NO_LINE)
		return ASR_ABSENT;
	health = asr_health(asr_line(set, shape->line[slot])->state);
	if (health == ASR_TARGET && !emd_levels[ca->geo.level].redundant &&
	    asr_condition(asr_line(set, shape->top)->state) == ASR_COND_BUILD)
		return ASR_GOOD;
	return health;
}

static enum emd_member_state member_state(const struct emd_config *cfg,
					  const struct emd_config_array *ca, u16 row,
					  enum asr_health health)
{
	if (row == EMD_NO_DISK)
		return EMD_MEMBER_MISSING;
	switch (cfg->disks[row].state) {
	case EMD_DISK_ACTIVE:
		break;
	case EMD_DISK_FAILED:
		return EMD_MEMBER_FAILED;
	default:
		return EMD_MEMBER_MISSING;
	}
	if (health == ASR_GOOD)
		return EMD_MEMBER_IN_SYNC;
	return emd_levels[ca->geo.level].redundant ? EMD_MEMBER_REBUILDING : EMD_MEMBER_MISSING;
}

static void decode_members(struct emd_config *cfg, const struct asr_shape *shape,
			   struct emd_config_array *ca)
{
	const struct asr_set *set = asr_set(cfg);
	struct emd_config_member *member;
	const struct asr_part *part;
	u16 slot, row;

	for (slot = 0; slot < shape->nr_slots; slot++) {
		member = &cfg->members[cfg->nr_members++];
		row = shape->line[slot] == ASR_NO_LINE ? EMD_NO_DISK :
							 row_of_line(set, shape->line[slot]);
		member->disk = row;
		member->start_sector = 0;
		member->nr_sectors = ca->geo.member_sectors;
		if (row != EMD_NO_DISK && half_is_dead(set, shape, slot))
			cfg->disks[row].state = EMD_DISK_FAILED;
		member->state = member_state(cfg, ca, row, slot_health(set, shape, ca, slot));
		part = row == EMD_NO_DISK ? NULL : asr_part(set, row);
		if (part && part->flags & ASR_PART_HERE && member->nr_sectors > part->table)
			refuse(ca, "slot %u: %llu sectors, but the table is at sector %u", slot,
			       member->nr_sectors, part->table);
	}
}

/*
 * What is owed, and all of it: a position that is noted says how far work had come, but
 * others take a drive that is being filled for lost and write without it. Copies of a
 * mirror are neighbours.
 */
static void decode_sync(struct emd_config *cfg, const struct asr_shape *shape,
			struct emd_config_array *ca)
{
	u16 copies = ca->geo.nr_copies, first, slot, in_sync, filled, nr_filled = 0, lost = 0;
	const struct asr_set *set = asr_set(cfg);
	struct emd_config_member *member;

	ca->initialised = true;
	for (first = 0; first + copies <= shape->nr_slots; first += copies) {
		in_sync = 0;
		filled = 0;
		for (slot = first; slot < first + copies; slot++) {
			member = emd_config_member(cfg, ca, slot);
			if (member->state == EMD_MEMBER_IN_SYNC)
				in_sync++;
			else if (member->state == EMD_MEMBER_REBUILDING)
				filled++;
			else
				lost++;
		}
		if (asr_builds(set, shape, shape->sub[first])) {
			ca->initialised &= in_sync < 2 && filled < copies;
			for (slot = first; filled == copies && slot < first + copies; slot++)
				emd_config_member(cfg, ca, slot)->state = EMD_MEMBER_IN_SYNC;
			filled %= copies;
		}
		nr_filled += filled;
	}
	if (nr_filled)
		ca->sync = EMD_SYNC_REBUILD;
	else if (!ca->initialised && !lost)
		ca->sync = EMD_SYNC_RESYNC;
}

static int decode_array(struct emd_config *cfg, struct emd_errmsg *msg)
{
	struct emd_config_array *ca = &cfg->arrays[0];
	const struct asr_set *set = asr_set(cfg);
	struct asr_shape shape;
	int ret;

	ret = asr_set_shape(set, &shape, msg);
	if (ret)
		return ret;
	memset(ca, 0, sizeof(*ca));
	decode_name(cfg, ca->name);
	asr_array_uuid(be32_to_cpu(asr_line(set, set->top)->magic), ca->uuid);
	ca->geo.nr_members = shape.nr_slots;
	decode_level(set, &shape, ca);
	decode_sizes(set, &shape, ca);
	check_conditions(set, &shape, ca);
	check_order(set, &shape, ca);
	decode_members(cfg, &shape, ca);
	ca->initialised = true;
	if (emd_levels[ca->geo.level].redundant && !(ca->flags & EMD_CFG_NO_START)) {
		ca->dirty = asr_table(set)->dirty != ASR_CLEAN;
		decode_sync(cfg, &shape, ca);
	}
	cfg->nr_arrays = 1;
	return 0;
}

/* A spare with a table of its own is for one array or for all. */
static void decode_spares(struct emd_config *cfg)
{
	const struct asr_set *set = asr_set(cfg);
	u32 magic = be32_to_cpu(asr_line(set, set->top)->magic);
	const struct asr_part *part;
	struct emd_config_disk *row;

	for (row = cfg->disks; row < cfg->disks + cfg->nr_disks; row++) {
		part = asr_part(set, row->native);
		if (row->state != EMD_DISK_SPARE || !(part->flags & ASR_PART_SPARE))
			continue;
		if (asr_serves(part) == magic) {
			row->scope = EMD_SPARE_DEDICATED;
			row->nr_serves = 1;
			row->serves[0] = 0;	/* there is but one */
		} else if (asr_serves(part) == ASR_ANY_MAGIC) {
			row->scope = EMD_SPARE_GLOBAL;
		}
	}
}

/* Everything generic from the native bytes. */
static int decode_set(struct emd_config *cfg, struct emd_errmsg *msg)
{
	const struct asr_set *set = asr_set(cfg);
	int ret;

	cfg->ops = &emd_asr_ops;
	cfg->block_size = ASR_SECTOR;
	cfg->native_len = asr_set_len(set->nr_parts);
	decode_disks(cfg);
	if (set->top != ASR_NO_LINE) {
		ret = decode_array(cfg, msg);
		if (ret)
			return ret;
		decode_spares(cfg);
		asr_container_uuid(be32_to_cpu(asr_line(set, set->top)->magic), cfg->uuid);
		cfg->generation = asr_generation(set->sequence,
						 be32_to_cpu(asr_table(set)->timestamp));
	}
	return emd_config_check(cfg, msg) ? -EUCLEAN : 0;
}

/* ---- one disk ----------------------------------------------------------------------- */

static void load_place(struct asr_part *part, const struct asr_disk *disk, u64 disk_sectors)
{
	part->flags |= ASR_PART_HERE | ASR_PART_WRITE;
	part->table = disk->table_sector;
	part->room = disk->room;
	part->version = be32_to_cpu(disk->table->version);
	part->max_lines = be16_to_cpu(disk->table->max_lines);
	part->disk_sectors = disk_sectors;
	memcpy(part->rb, disk->rb, ASR_SECTOR);
}

/* A disk that carries a spare's table, whose array is elsewhere. */
static void load_spare(struct emd_config *cfg, const struct asr_disk *disk,
		       const struct emd_meta_image *img)
{
	u32 serves = be32_to_cpu(disk->table->array_magic);
	struct asr_set *set = asr_set(cfg);
	struct asr_part *part = asr_part(set, 0);

	set->nr_parts = 1;
	set->top = ASR_NO_LINE;
	part->magic = be32_to_cpu(disk->rb->drive_magic);
	part->line = ASR_NO_LINE;
	part->flags = ASR_PART_SPARE;
	load_place(part, disk, img->disk_sectors);
	memcpy(part->head, disk->table, ASR_SECTOR);
	if (serves != ASR_NO_MAGIC && serves != ASR_ANY_MAGIC)
		asr_container_uuid(serves, cfg->uuid);
	cfg->self = 0;
}

/*
 * A drive that is being filled calls itself failed, so that nobody else reads it; what
 * it is being filled for, the state of its array tells. Without that, all copies of a
 * table are alike.
 */
static void remove_guard(struct asr_set *set, const struct asr_shape *shape, u16 own)
{
	struct asr_line_ondisk *line = asr_line(set, own);
	u8 state;
	u16 slot;

	for (slot = 0; slot < shape->nr_slots && shape->line[slot] != own; slot++)
		;
	if (slot == shape->nr_slots || line->state != ASR_FAILED)
		return;
	state = asr_mirror_line(set, shape, shape->sub[slot])->state;
	if (state == ASR_BUILDING)
		line->state = ASR_BUILD_TARGET;
	else if (state == ASR_REBUILDING)
		line->state = ASR_REBUILD_TARGET;
}

static void load_table(struct emd_config *cfg, const struct asr_disk *disk,
		       const struct asr_shape *shape, const struct emd_meta_image *img)
{
	u32 spare = be32_to_cpu(disk->table->spare_magic);
	struct asr_set *set = asr_set(cfg);
	struct asr_part *part;
	bool listed = spare == ASR_NO_MAGIC || spare == ASR_ANY_MAGIC;
	u16 i;

	memcpy(set->table, disk->table, disk->room * ASR_SECTOR);
	set->top = shape->top;
	set->unchecked = disk->unchecked;
	set->write_lines = disk->nr_lines;
	set->sequence = be16_to_cpu(asr_line(set, set->top)->sequence);
	for (i = 0; i < disk->nr_lines; i++)
		listed |= be32_to_cpu(asr_line(set, i)->magic) == spare;
	for (i = shape->top; i < shape->end; i++) {
		if (asr_line(set, i)->level != ASR_DRIVE)
			continue;
		if (i == disk->own)
			cfg->self = set->nr_parts;
		part = asr_part(set, set->nr_parts++);
		part->magic = be32_to_cpu(asr_line(set, i)->magic);
		part->line = i;
		if (i == disk->own)
			load_place(part, disk, img->disk_sectors);
	}
	if (!listed) {
		part = asr_part(set, set->nr_parts++);
		part->magic = spare;
		part->line = ASR_NO_LINE;
	}
	remove_guard(set, shape, disk->own);
	asr_table(set)->checksum = cpu_to_be16(asr_checksum(asr_line(set, 0), disk->nr_lines));
}

/**
 * asr_decode() - a disk's metadata as a config
 * @img: complete according to ->next_extent()
 * @msg: where the reason goes
 *
 * Return: a new config, or ERR_PTR: -ENODATA not ASR, -EUCLEAN damaged, -ENOMEM.
 * Context: may sleep.
 */
struct emd_config *asr_decode(const struct emd_meta_image *img, struct emd_errmsg *msg)
{
	struct emd_config_room room = { .arrays = 1 };
	struct emd_config *cfg;
	struct asr_shape shape;
	struct asr_disk disk;
	bool spare;
	int ret, top;

	ret = asr_load(img, &disk, msg);
	if (ret)
		return ERR_PTR(ret);
	top = asr_find_top(asr_lines(disk.table), disk.nr_lines, disk.own);
	ret = asr_walk(asr_lines(disk.table), disk.nr_lines, top, &shape, msg);
	if (ret)
		return ERR_PTR(ret);
	if (disk.own >= shape.end)
		return ERR_PTR(EMD_REFUSE(msg, -EUCLEAN, "line %u: the drive itself, in no array",
					  disk.own));
	spare = asr_is_spare(&asr_lines(disk.table)[top]) && !shape.two_level;

	/* All lines, and a spare of the array's own. */
	room.disks = shape.end - shape.top + 1;
	room.members = shape.nr_slots;
	room.native = asr_set_len(room.disks);
	cfg = emd_config_alloc(&room);
	if (!cfg)
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	if (spare)
		load_spare(cfg, &disk, img);
	else
		load_table(cfg, &disk, &shape, img);
	ret = decode_set(cfg, msg);
	if (ret) {
		emd_config_free(cfg);
		return ERR_PTR(ret);
	}
	if (disk.unchecked)
		snprintf(cfg->remark, sizeof(cfg->remark),
			 "checksum of the table wrong, what a whole copy says counts");
	return cfg;
}

/* ---- several disks --------------------------------------------------------------------- */

/* What only the disk itself can tell about its part. */
static void take_part(struct asr_part *part, const struct emd_config *from)
{
	const struct asr_part *own = asr_part(asr_set(from), from->disks[from->self].native);

	part->magic = own->magic;
	part->flags |= own->flags & (ASR_PART_HERE | ASR_PART_WRITE);
	part->table = own->table;
	part->room = own->room;
	part->version = own->version;
	part->max_lines = own->max_lines;
	part->disk_sectors = own->disk_sectors;
	memcpy(part->rb, own->rb, sizeof(part->rb));
	if (part->line == ASR_NO_LINE && own->flags & ASR_PART_SPARE) {
		part->flags |= ASR_PART_SPARE;
		memcpy(part->head, own->head, sizeof(part->head));
	}
}

/**
 * asr_unite() - what all disks of a container know, as one config
 * @cfgs: of each disk
 * @nr: disks
 * @champion: index of the one that is believed
 * @verdicts: of each disk
 * @rows: of each disk; behind the champion's own rows spares that it does not list
 * @msg: where the reason goes
 *
 * The table is the champion's; whether writes were in flight, any copy of the same
 * configuration can tell.
 *
 * Return: a new config or ERR_PTR.
 * Context: may sleep.
 */
struct emd_config *asr_unite(const struct emd_config *const *cfgs, unsigned int nr,
			     unsigned int champion, const enum emd_verdict *verdicts,
			     const u16 *rows, struct emd_errmsg *msg)
{
	const struct emd_config *truth = cfgs[champion];
	const struct asr_set *said = asr_set(truth), *other;
	struct emd_config_room room = {
		.disks = truth->nr_disks,
		.arrays = 1,
		.members = truth->nr_members,
	};
	struct emd_config *cfg;
	struct asr_set *set;
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		if (verdicts[i] == EMD_VERDICT_MEMBER)
			room.disks = max_t(u16, room.disks, rows[i] + 1);
	}
	room.native = asr_set_len(room.disks);
	cfg = emd_config_alloc(&room);
	if (!cfg)
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	set = asr_set(cfg);
	memcpy(set, said, asr_set_len(said->nr_parts));
	for (i = set->nr_parts; i < room.disks; i++)
		asr_part(set, i)->line = ASR_NO_LINE;
	set->nr_parts = room.disks;
	for (i = 0; i < nr; i++) {
		if (verdicts[i] != EMD_VERDICT_MEMBER)
			continue;
		take_part(asr_part(set, rows[i]), cfgs[i]);
		other = asr_set(cfgs[i]);
		if (other->top != ASR_NO_LINE && !other->unchecked &&
		    other->sequence == said->sequence && asr_table(other)->dirty != ASR_CLEAN &&
		    asr_table(set)->dirty == ASR_CLEAN)
			asr_table(set)->dirty = ASR_DIRTY;
	}
	ret = decode_set(cfg, msg);
	if (ret) {
		emd_config_free(cfg);
		return ERR_PTR(ret);
	}
	return cfg;
}
