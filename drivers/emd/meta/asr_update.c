// SPDX-License-Identifier: GPL-2.0
/*
 * ASR: native bytes in line with a changed config. Lines are edited in place: what we
 * do not understand in them, and lines of other arrays, stay as they are.
 *
 * A slot keeps its line for ever; who fills it changes the line's identity. The last
 * drive that is left of a mirror, and drives of arrays without redundancy, are not
 * written off: what was recorded last lets the array start when they are back.
 *
 * What the format has one word for only, the mark of use says in addition: a mirror
 * that is rebuilt cannot also be one that was never made equal, and a resync of a
 * mirror that once was has no word at all.
 *
 * Pure; allocates nothing.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "asr.h"

/**
 * struct edit - a change on its way into the native bytes
 * @cfg: config being built
 * @set: its native bytes
 * @random: state of the generator
 * @say_dirty: something is owed that only the mark of use can tell
 */
struct edit {
	struct emd_config *cfg;
	struct asr_set *set;
	u64 random;
	bool say_dirty;
};

/* ---- identities ----------------------------------------------------------------- */

static bool magic_taken(const struct asr_set *set, u32 magic)
{
	u16 i, nr = be16_to_cpu(asr_table(set)->nr_lines);
	u32 k;

	for (i = 0; i < nr && i < ASR_MAX_LINES; i++) {
		if (be32_to_cpu(asr_line(set, i)->magic) == magic)
			return true;
	}
	for (k = 0; k < set->nr_parts; k++) {
		if (asr_part(set, k)->magic == magic)
			return true;
	}
	return false;
}

static u32 new_magic(struct edit *edit, bool drive)
{
	u32 magic;

	do {
		edit->random = edit->random * 6364136223846793005ULL + 1442695040888963407ULL;
		magic = edit->random >> 32;
		magic = drive ? magic | ASR_DRIVE_BIT : magic & ~ASR_DRIVE_BIT;
	} while (magic == ASR_NO_MAGIC || magic == ASR_ANY_MAGIC || magic_taken(edit->set, magic));
	return magic;
}

/* ---- drives ---------------------------------------------------------------------- */

static u32 room(const struct edit *edit)
{
	return edit->cfg->max_native;
}

static void put_rb(struct asr_part *part)
{
	struct asr_rb_ondisk *rb = (struct asr_rb_ondisk *)part->rb;

	memset(rb, 0, sizeof(*rb));
	rb->id = cpu_to_be32(ASR_RB_ID);
	rb->own_area = cpu_to_be32(part->table);
	rb->version = ASR_RB_VERSION;
	rb->drive_magic = cpu_to_be32(part->magic);
	rb->magic = cpu_to_be32(ASR_RB_MAGIC);
	rb->table = cpu_to_be32(part->table);
}

/* A live disk that has no identity yet gets one. */
static int add_part(struct edit *edit, struct emd_config_disk *row, struct emd_errmsg *msg)
{
	struct asr_set *set = edit->set;
	struct asr_part *part;

	if (asr_set_len(set->nr_parts + 1) > room(edit))
		return EMD_REFUSE(msg, -ENOSPC, "no room for the metadata of another disk");
	if (row->sectors <= ASR_END_SECTORS || row->sectors > U32_MAX)
		return EMD_REFUSE(msg, -EINVAL, "disk of %llu sectors", row->sectors);
	part = asr_part(set, set->nr_parts);
	memset(part, 0, sizeof(*part));
	part->magic = new_magic(edit, true);
	part->line = ASR_NO_LINE;
	part->flags = ASR_PART_HERE | ASR_PART_FRESH | ASR_PART_WRITE;
	part->disk_sectors = row->sectors;
	part->table = row->sectors - ASR_END_SECTORS;
	part->room = ASR_TABLE_SECTORS;
	part->version = ASR_TABLE_VERSION;
	part->max_lines = ASR_MAX_LINES;
	put_rb(part);
	row->native = set->nr_parts++;
	asr_row_id(part->magic, row->id);
	return 0;
}

static int add_parts(struct edit *edit, struct emd_errmsg *msg)
{
	struct emd_config *cfg = edit->cfg;
	struct emd_config_disk *row;
	u16 i;
	int ret;

	for (i = 0; i < cfg->nr_disks; i++) {
		row = &cfg->disks[i];
		if (row->native != EMD_NO_DISK || !row->handle ||
		    (row->state != EMD_DISK_SPARE && row->state != EMD_DISK_ACTIVE))
			continue;
		ret = add_part(edit, row, msg);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * asr_adopt() - a disk that joins is a spare already
 * @t1: config being built, with the disk's row
 * @row: its row
 * @seen: decoded from it
 *
 * It keeps its identity, its reserved block and its table; unless the array's table has
 * that identity for another.
 */
void asr_adopt(struct emd_config *t1, u16 row, const struct emd_config *seen)
{
	bool known = t1->disks[row].native != EMD_NO_DISK;
	const struct asr_part *own;
	struct asr_set *set = asr_set(t1);
	struct asr_part *part;

	if (seen->self == EMD_NO_DISK ||
	    (!known && asr_set_len(set->nr_parts + 1) > t1->max_native))
		return;
	own = asr_part(asr_set(seen), seen->disks[seen->self].native);
	if (!(own->flags & ASR_PART_SPARE) || (!known && magic_taken(set, own->magic)) ||
	    own->disk_sectors != t1->disks[row].sectors)
		return;
	if (!known)
		t1->disks[row].native = set->nr_parts++;
	part = asr_part(set, t1->disks[row].native);
	*part = *own;
	part->line = ASR_NO_LINE;
	part->flags = ASR_PART_HERE | ASR_PART_SPARE;
	t1->native_len = asr_set_len(set->nr_parts);
	asr_row_id(part->magic, t1->disks[row].id);
}

static void drop_part(struct edit *edit, u32 part)
{
	struct emd_config *cfg = edit->cfg;
	struct asr_set *set = edit->set;
	u16 i;

	memmove(asr_part(set, part), asr_part(set, part + 1),
		(set->nr_parts - part - 1) * sizeof(struct asr_part));
	set->nr_parts--;
	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].native == part)
			cfg->disks[i].native = EMD_NO_DISK;
		else if (cfg->disks[i].native != EMD_NO_DISK && cfg->disks[i].native > part)
			cfg->disks[i].native--;
	}
}

static int row_of_part(const struct emd_config *cfg, u32 part)
{
	u16 i;

	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].native == part)
			return i;
	}
	return -ENOENT;
}

/* Rows that mean nothing any more go, and then what no row has. */
static void drop_unused(struct edit *edit)
{
	struct emd_config *cfg = edit->cfg;
	const struct emd_config_disk *row;
	struct asr_part *part;
	int i;

	for (i = cfg->nr_disks - 1; i >= 0; i--) {
		row = &cfg->disks[i];
		part = row->native == EMD_NO_DISK ? NULL : asr_part(edit->set, row->native);
		if (row->handle || emd_config_disk_in_use(cfg, i) ||
		    (part && (part->line != ASR_NO_LINE || row->state == EMD_DISK_SPARE)))
			continue;
		emd_change_remove_disk(cfg, i);
	}
	for (i = edit->set->nr_parts - 1; i >= 0; i--) {
		part = asr_part(edit->set, i);
		if (part->line == ASR_NO_LINE && row_of_part(cfg, i) < 0)
			drop_part(edit, i);
	}
}

/* What the config before had is durable, or is written whole. */
static void settle_parts(struct asr_set *set, bool all)
{
	struct asr_part *part;
	u32 i;

	for (i = 0; i < set->nr_parts; i++) {
		part = asr_part(set, i);
		part->flags &= ~(ASR_PART_FRESH | ASR_PART_CLEAR | ASR_PART_WRITE);
		if (all && part->flags & ASR_PART_HERE)
			part->flags |= ASR_PART_WRITE;
	}
	if (set->top != ASR_NO_LINE)
		set->write_lines = be16_to_cpu(asr_table(set)->nr_lines);
}

/* ---- lines ------------------------------------------------------------------------- */

static void move_lines(struct asr_set *set, u16 from, int by)
{
	u16 nr = be16_to_cpu(asr_table(set)->nr_lines);
	u32 i;

	memmove(asr_line(set, from + by), asr_line(set, from),
		(nr - from) * sizeof(struct asr_line_ondisk));
	asr_table(set)->nr_lines = cpu_to_be16(nr + by);
	if (by < 0)
		memset(asr_line(set, nr + by), 0, sizeof(struct asr_line_ondisk));
	for (i = 0; i < set->nr_parts; i++) {
		if (asr_part(set, i)->line != ASR_NO_LINE && asr_part(set, i)->line >= from)
			asr_part(set, i)->line += by;
	}
	set->write_lines = max_t(u32, set->write_lines, nr + by);
}

/* A spare that old cards list in the array's own table leaves it to join the array. */
static void remove_line(struct asr_set *set, struct asr_part *part)
{
	u16 line = part->line;

	part->line = ASR_NO_LINE;
	move_lines(set, line + 1, -1);
}

/* Where a spare says that it is. */
static u32 target_of(const struct asr_part *part)
{
	const struct asr_line_ondisk *lines =
		asr_lines((const struct asr_table_ondisk *)part->head);
	u16 i;

	/* As many as fit into the sector. */
	for (i = 0; part->flags & ASR_PART_SPARE && i < 7; i++) {
		if (lines[i].level == ASR_DRIVE && be32_to_cpu(lines[i].magic) == part->magic)
			return be32_to_cpu(lines[i].target);
	}
	return U32_MAX;
}

/* An address that nobody has. */
static u32 free_target(const struct asr_set *set)
{
	u16 i, nr = be16_to_cpu(asr_table(set)->nr_lines);
	u32 target = 0, k;
	bool taken;

	do {
		taken = false;
		for (i = 0; i < nr; i++)
			taken |= asr_line(set, i)->level == ASR_DRIVE &&
				 be32_to_cpu(asr_line(set, i)->target) == target;
		for (k = 0; k < set->nr_parts; k++)
			taken |= asr_part(set, k)->line == ASR_NO_LINE &&
				 target_of(asr_part(set, k)) == target;
		target += taken;
	} while (taken);
	return target;
}

/* Another driver took a lost drive's line away: one behind the others of its mirror. */
static int insert_line(struct asr_set *set, const struct asr_shape *shape, u16 slot, u16 *line,
		       struct emd_errmsg *msg)
{
	u16 nr = be16_to_cpu(asr_table(set)->nr_lines), of = slot;
	u32 target = free_target(set);

	while (of && shape->sub[of - 1] == shape->sub[slot] && shape->line[of] == ASR_NO_LINE)
		of--;
	if (shape->line[of] == ASR_NO_LINE || of + 1 != slot)
		return EMD_REFUSE(msg, -EINVAL, "slot %u: those before it come first", slot);

	if (nr + 1 >= be16_to_cpu(asr_table(set)->max_lines) || nr + 1 > ASR_MAX_LINES)
		return EMD_REFUSE(msg, -ENOSPC, "the table has %u lines and no room for more", nr);
	*line = shape->line[of] + 1;
	move_lines(set, *line, 1);
	memcpy(asr_line(set, *line), asr_line(set, shape->line[of]),
	       sizeof(struct asr_line_ondisk));
	asr_line(set, *line)->target = cpu_to_be32(target);
	return 0;
}

/* The drive of a row takes the line of its slot, which keeps all but the identity. */
static int seat_disk(struct edit *edit, u16 slot, struct emd_errmsg *msg)
{
	struct emd_config *cfg = edit->cfg;
	const struct emd_config_member *member = emd_config_member(cfg, &cfg->arrays[0], slot);
	struct asr_set *set = edit->set;
	struct asr_shape shape;
	struct asr_part *part;
	u16 line;
	u32 i;
	int ret;

	if (member->disk == EMD_NO_DISK)
		return 0;
	if (cfg->disks[member->disk].native == EMD_NO_DISK)
		return EMD_REFUSE(msg, -EUCLEAN, "slot %u: its disk has no identity", slot);
	part = asr_part(set, cfg->disks[member->disk].native);
	ret = asr_set_shape(set, &shape, msg);
	if (ret)
		return ret;
	if (slot >= shape.nr_slots)
		return EMD_REFUSE(msg, -EUCLEAN, "slot %u of %u", slot, shape.nr_slots);
	if (part->line != ASR_NO_LINE && part->line == shape.line[slot])
		return 0;
	if (part->line != ASR_NO_LINE) {
		if (!asr_is_spare(asr_line(set, part->line)))
			return EMD_REFUSE(msg, -EUCLEAN, "slot %u: its disk has another", slot);
		remove_line(set, part);
		ret = asr_set_shape(set, &shape, msg);
		if (ret)
			return ret;
	}
	line = shape.line[slot];
	if (line == ASR_NO_LINE)
		ret = insert_line(set, &shape, slot, &line, msg);
	if (ret)
		return ret;
	for (i = 0; i < set->nr_parts; i++) {
		if (asr_part(set, i)->line == line)
			asr_part(set, i)->line = ASR_NO_LINE;
	}
	asr_line(set, line)->magic = cpu_to_be32(part->magic);
	part->line = line;
	part->flags &= ~ASR_PART_SPARE;
	return 0;
}

/* ---- states ------------------------------------------------------------------------- */

static void put_array_state(struct asr_line_ondisk *line, u8 state)
{
	u8 main_state = line->state & 0x0f;

	/* What somebody noted of a verify may stay. */
	if (state == ASR_OPTIMAL && asr_condition(line->state) == ASR_COND_NORMAL &&
	    main_state != ASR_DEGRADED && main_state != ASR_REBUILDING)
		return;
	line->state = state;
}

static void put_drive_state(struct asr_line_ondisk *line, enum emd_member_state state,
			    bool build_target)
{
	enum asr_health health = asr_health(line->state);

	switch (state) {
	case EMD_MEMBER_IN_SYNC:
		if (build_target)
			line->state = ASR_BUILD_TARGET;
		else if (health != ASR_GOOD)
			line->state = ASR_OPTIMAL;
		break;
	case EMD_MEMBER_REBUILDING:
		line->state = ASR_REBUILD_TARGET;
		break;
	default:
		/* Whatever the reason: others compare the whole byte. */
		line->state = ASR_FAILED;
		break;
	}
}

/* A mirror's line: its state, how far work has come, whether it was ever equal. */
static void put_mirror(struct asr_line_ondisk *line, u8 state, u32 position)
{
	bool works = state == ASR_BUILDING || state == ASR_REBUILDING;
	bool worked = line->state == ASR_REBUILDING || asr_condition(line->state) ==
						       ASR_COND_BUILD;

	if (state == ASR_BUILDING)
		line->flags &= ~ASR_BUILT;
	else if (state == ASR_OPTIMAL && worked)
		line->flags |= ASR_BUILT;
	if (works)
		line->position = cpu_to_be32(position);
	else if (worked)
		line->position = 0;
	put_array_state(line, state);
}

static u32 component_sector(const struct emd_geometry *geo, u64 array_sector)
{
	if (!emd_levels[geo->level].striped)
		return array_sector;
	return div_u64(array_sector, geo->strip_sectors * (geo->nr_members / geo->nr_copies)) *
	       geo->strip_sectors;
}

/**
 * struct census - how the copies of one mirror are
 * @in_sync: members
 * @filled: members
 * @lost: members
 */
struct census {
	u16 in_sync;
	u16 filled;
	u16 lost;
};

static void count_states(const struct emd_config *cfg, u16 first, u16 copies,
			 struct census *census)
{
	u16 slot;

	memset(census, 0, sizeof(*census));
	for (slot = first; slot < first + copies; slot++) {
		switch (emd_config_member(cfg, &cfg->arrays[0], slot)->state) {
		case EMD_MEMBER_IN_SYNC:
			census->in_sync++;
			break;
		case EMD_MEMBER_REBUILDING:
			census->filled++;
			break;
		default:
			census->lost++;
			break;
		}
	}
}

static void put_drives(struct edit *edit, const struct asr_shape *shape, u16 first, u16 copies,
		       bool build)
{
	const struct emd_config *cfg = edit->cfg;
	const struct emd_config_member *member;
	bool source = false;
	u16 slot;

	for (slot = first; slot < first + copies; slot++) {
		if (shape->line[slot] == ASR_NO_LINE)
			continue;
		member = emd_config_member(cfg, &cfg->arrays[0], slot);
		put_drive_state(asr_line(edit->set, shape->line[slot]), member->state,
				build && source);
		source |= member->state == EMD_MEMBER_IN_SYNC;
	}
}

static u8 worse(u8 a, u8 b)
{
	if (a == ASR_REBUILDING || b == ASR_REBUILDING)
		return ASR_REBUILDING;
	return a == ASR_DEGRADED || b == ASR_DEGRADED ? ASR_DEGRADED : ASR_OPTIMAL;
}

/* The halves of a mirror of stripes. */
static void put_halves(struct edit *edit, const struct asr_shape *shape)
{
	const struct emd_config *cfg = edit->cfg;
	u8 state[2] = {};
	u16 slot, sub;

	for (slot = 0; slot < shape->nr_slots; slot++) {
		sub = shape->sub[slot];
		switch (emd_config_member(cfg, &cfg->arrays[0], slot)->state) {
		case EMD_MEMBER_IN_SYNC:
			break;
		case EMD_MEMBER_REBUILDING:
			state[sub] = worse(state[sub], ASR_REBUILDING);
			break;
		default:
			state[sub] = worse(state[sub], ASR_DEGRADED);
			break;
		}
	}
	for (sub = 0; sub < 2; sub++)
		put_array_state(asr_line(edit->set, shape->subset[sub].line), state[sub]);
}

static void put_states(struct edit *edit, const struct asr_shape *shape)
{
	const struct emd_config_array *ca = &edit->cfg->arrays[0];
	u16 first, copies = ca->geo.nr_copies;
	u32 position = component_sector(&ca->geo, ca->sync_sector);
	struct asr_set *set = edit->set;
	u8 state, top = ASR_OPTIMAL;
	bool any_filled = false, builds = false;
	struct census census;

	for (first = 0; first < ca->geo.nr_members; first += copies) {
		count_states(edit->cfg, first, copies, &census);
		if (!census.in_sync)
			return;		/* what was recorded last stays */
		any_filled |= census.filled;
	}
	for (first = 0; first < ca->geo.nr_members; first += copies) {
		bool build, filled;

		count_states(edit->cfg, first, copies, &census);
		filled = shape->mirrored_top ? any_filled : census.filled;
		build = !ca->initialised && census.in_sync > 1;
		if (build && filled) {
			build = false;
			edit->say_dirty = true;
		}
		put_drives(edit, shape, first, copies, build);
		state = census.filled ? ASR_REBUILDING : census.lost ? ASR_DEGRADED : ASR_OPTIMAL;
		top = worse(top, state);
		builds |= build;
		if (build)
			state = ASR_BUILDING;
		if (!shape->mirrored_top)
			put_mirror(asr_mirror_line(set, shape, shape->sub[first]), state,
				   (build ? ca->sync == EMD_SYNC_RESYNC :
					    ca->sync == EMD_SYNC_REBUILD) ? position : 0);
	}
	if (shape->mirrored_top) {
		put_mirror(asr_line(set, shape->top), builds ? ASR_BUILDING : top,
			   ca->sync == EMD_SYNC_IDLE ? 0 : position);
		put_halves(edit, shape);
	} else if (shape->two_level) {
		put_array_state(asr_line(set, shape->top), top);
	}
	edit->say_dirty |= ca->sync == EMD_SYNC_RESYNC && ca->initialised;
}

/* ---- a new array ---------------------------------------------------------------------- */

static void put_name(struct asr_line_ondisk *line, const char *name)
{
	memset(line->name, ' ', ASR_NAME_LEN);
	memcpy(line->name, name, strnlen(name, ASR_NAME_LEN));
}

static void put_header(struct asr_table_ondisk *table, u16 nr_lines)
{
	memset(table, 0, sizeof(*table));
	table->id = cpu_to_be32(ASR_TABLE_ID);
	table->version = cpu_to_be32(ASR_TABLE_VERSION);
	table->max_lines = cpu_to_be16(ASR_MAX_LINES);
	table->nr_lines = cpu_to_be16(nr_lines);
	table->line_size = cpu_to_be16(sizeof(struct asr_line_ondisk));
	table->priority = ASR_PRIORITY;
}

static struct asr_line_ondisk *add_line(struct edit *edit, u16 *nr, u8 level, u8 type, u32 magic)
{
	struct asr_line_ondisk *line = asr_line(edit->set, (*nr)++);

	memset(line, 0, sizeof(*line));
	line->magic = cpu_to_be32(magic);
	line->level = level;
	line->type = type;
	put_name(line, edit->cfg->arrays[0].name);
	asr_table(edit->set)->nr_lines = cpu_to_be16(*nr);
	return line;
}

static void add_array_line(struct edit *edit, u16 *nr, u8 level, u8 type, u16 count,
			   u64 capacity, u32 strip)
{
	struct asr_line_ondisk *line = add_line(edit, nr, level, type, new_magic(edit, false));

	line->count = cpu_to_be16(count);
	line->capacity = cpu_to_be32(capacity);
	line->strip = cpu_to_be16(strip);
	if (type == ASR_RAID1 && edit->cfg->arrays[0].initialised)
		line->flags = ASR_BUILT;
}

/* Addresses are slots: who goes by them gets the same order as who goes by lines. */
static void add_drive_lines(struct edit *edit, u16 *nr, u8 type, u16 first, u16 count)
{
	const struct emd_config *cfg = edit->cfg;
	const struct emd_config_array *ca = &cfg->arrays[0];
	struct asr_line_ondisk *line;
	struct asr_part *part;
	u16 slot;

	for (slot = first; slot < first + count; slot++) {
		part = asr_part(edit->set,
				cfg->disks[emd_config_member(cfg, ca, slot)->disk].native);
		part->line = *nr;
		part->flags &= ~ASR_PART_SPARE;
		line = add_line(edit, nr, ASR_DRIVE, type, part->magic);
		line->target = cpu_to_be32(slot);
		line->capacity = cpu_to_be32(ca->geo.member_sectors);
		line->strip = cpu_to_be16(ca->geo.strip_sectors);
	}
}

static void build_table(struct edit *edit)
{
	struct emd_config_array *ca = &edit->cfg->arrays[0];
	const struct emd_geometry *geo = &ca->geo;
	struct asr_set *set = edit->set;
	u16 nr = 0, i, subsets;

	memset(set->table, 0, sizeof(set->table));
	put_header(asr_table(set), 0);
	switch (geo->level) {
	case EMD_LEVEL_RAID0:
		add_array_line(edit, &nr, ASR_ARRAY, ASR_RAID0, geo->nr_members,
			       geo->array_sectors, geo->strip_sectors * geo->nr_members);
		add_drive_lines(edit, &nr, ASR_RAID0, 0, geo->nr_members);
		break;
	case EMD_LEVEL_RAID1:
		add_array_line(edit, &nr, ASR_ARRAY, ASR_RAID1, geo->nr_members,
			       geo->array_sectors, geo->strip_sectors);
		add_drive_lines(edit, &nr, ASR_RAID1, 0, geo->nr_members);
		break;
	default:
		subsets = geo->nr_members / 2;
		add_array_line(edit, &nr, ASR_TOP, ASR_RAID0, subsets, geo->array_sectors,
			       geo->strip_sectors * subsets);
		for (i = 0; i < subsets; i++) {
			add_array_line(edit, &nr, ASR_ARRAY, ASR_RAID1, 2, geo->member_sectors,
				       geo->strip_sectors);
			add_drive_lines(edit, &nr, ASR_RAID1, 2 * i, 2);
		}
		break;
	}
	set->top = 0;
	set->write_lines = nr;
	ca->native = 0;
}

/* In all its lines, but for spares, who have none. */
static void rename_lines(struct asr_set *set, const struct asr_shape *shape, const char *name)
{
	u16 i;

	for (i = shape->top; i < shape->end; i++) {
		if (!asr_is_spare(asr_line(set, i)))
			put_name(asr_line(set, i), name);
	}
}

/* ---- spares ----------------------------------------------------------------------------- */

/* A spare's own table: two lines, of an array of one and of the drive. */
static void put_head(struct asr_part *part, u32 serves, u32 target)
{
	struct asr_table_ondisk *table = (struct asr_table_ondisk *)part->head;
	struct asr_line_ondisk *line = asr_lines(table);
	u32 i, capacity = part->table & ~127u;

	if (!(part->flags & ASR_PART_SPARE)) {
		memset(part->head, 0, sizeof(part->head));
		put_header(table, 2);
		line[0].count = cpu_to_be16(1);
		line[0].magic = cpu_to_be32(ASR_ANY_MAGIC);
		line[0].level = ASR_ARRAY;
		line[1].magic = cpu_to_be32(part->magic);
		line[1].level = ASR_DRIVE;
		line[1].target = cpu_to_be32(target);
		for (i = 0; i < 2; i++) {
			line[i].type = ASR_SPARE;
			line[i].capacity = cpu_to_be32(capacity);
		}
		table->checksum = cpu_to_be16(asr_checksum(line, 2));
	}
	table->array_magic = cpu_to_be32(serves);
	part->flags |= ASR_PART_SPARE | ASR_PART_WRITE;
}

static bool has_part(const struct asr_set *set, u32 magic)
{
	u32 i;

	for (i = 0; i < set->nr_parts; i++) {
		if (asr_part(set, i)->magic == magic)
			return true;
	}
	return false;
}

/*
 * Whom is the spare to serve? Where nobody says, spares that are added are the array's
 * own; one that was there and says that it is for all stays so.
 */
static u32 wanted_array(const struct edit *edit, const struct asr_set *before,
			const struct emd_config_disk *row, u32 magic)
{
	const struct asr_part *part = asr_part(edit->set, row->native);

	if (row->scope == EMD_SPARE_UNSAID)
		return part->flags & ASR_PART_SPARE && asr_serves(part) == ASR_ANY_MAGIC &&
		       has_part(before, part->magic) ? ASR_ANY_MAGIC : magic;
	return row->scope == EMD_SPARE_GLOBAL ? ASR_ANY_MAGIC : magic;
}

static void say_scope(struct emd_config_disk *row, u32 serves)
{
	row->scope = serves == ASR_ANY_MAGIC ? EMD_SPARE_GLOBAL : EMD_SPARE_DEDICATED;
	row->nr_serves = row->scope == EMD_SPARE_DEDICATED;
	row->serves[0] = 0;	/* there is but one */
}

/* The array can name one of its own. */
static void put_spares(struct edit *edit, const struct asr_set *before)
{
	struct emd_config *cfg = edit->cfg;
	struct asr_set *set = edit->set;
	struct asr_table_ondisk *table = asr_table(set);
	u32 magic = be32_to_cpu(asr_line(set, set->top)->magic), named, first = ASR_NO_MAGIC, i;
	u32 wanted;
	u8 id = 0;
	bool keep = false;
	struct asr_part *part;
	int row;

	named = be32_to_cpu(table->spare_magic);
	for (i = 0; i < set->nr_parts; i++) {
		part = asr_part(set, i);
		row = row_of_part(cfg, i);
		if (row < 0 || part->line != ASR_NO_LINE || cfg->disks[row].state != EMD_DISK_SPARE)
			continue;
		if (!(part->flags & ASR_PART_HERE)) {
			keep |= part->magic == named;
			continue;
		}
		wanted = wanted_array(edit, before, &cfg->disks[row], magic);
		say_scope(&cfg->disks[row], wanted);
		if (!(part->flags & ASR_PART_SPARE) || asr_serves(part) != wanted)
			put_head(part, wanted, free_target(set));
		if (wanted != magic)
			continue;
		keep |= part->magic == named;
		if (first == ASR_NO_MAGIC) {
			first = part->magic;
			id = target_of(part);
		}
	}
	if (keep || (named == ASR_NO_MAGIC && first == ASR_NO_MAGIC) || named == ASR_ANY_MAGIC)
		return;
	table->spare_magic = cpu_to_be32(first);
	table->spare_id = id;
}

/* ---- the whole ---------------------------------------------------------------------------- */

/* The array went: its drives are spares for all, with a table of their own. */
static int become_spares(struct edit *edit, struct emd_errmsg *msg)
{
	struct emd_config *cfg = edit->cfg;
	struct asr_set *set = edit->set;
	struct asr_part *part;
	u32 i;
	int row, ret;

	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].state == EMD_DISK_ACTIVE)
			cfg->disks[i].state = EMD_DISK_SPARE;
	}
	ret = add_parts(edit, msg);
	if (ret)
		return ret;
	for (i = 0; i < set->nr_parts; i++) {
		part = asr_part(set, i);
		part->line = ASR_NO_LINE;
		row = row_of_part(cfg, i);
		if (row < 0 || !(part->flags & ASR_PART_HERE) ||
		    cfg->disks[row].state != EMD_DISK_SPARE)
			continue;
		if (!(part->flags & (ASR_PART_SPARE | ASR_PART_FRESH)))
			part->flags |= ASR_PART_CLEAR;
		if (!(part->flags & ASR_PART_SPARE) || asr_serves(part) != ASR_ANY_MAGIC)
			put_head(part, ASR_ANY_MAGIC, i);
	}
	set->top = ASR_NO_LINE;
	set->unchecked = 0;
	memset(set->table, 0, sizeof(set->table));
	set->sequence = asr_next_sequence(set->sequence);
	memset(cfg->uuid, 0, sizeof(cfg->uuid));
	cfg->generation = asr_generation(set->sequence, 0);
	for (i = cfg->nr_disks; i-- > 0;) {
		if (!cfg->disks[i].handle)
			emd_change_remove_disk(cfg, i);
	}
	drop_unused(edit);
	return 0;
}

/* In more than what each change, or each piece of work done, has anyway? */
static bool lines_differ(const struct asr_set *a, const struct asr_set *b)
{
	struct asr_line_ondisk la, lb;
	u16 i, nr = be16_to_cpu(asr_table(a)->nr_lines);

	if (a->top != b->top || asr_table(a)->nr_lines != asr_table(b)->nr_lines)
		return true;
	for (i = 0; i < nr; i++) {
		la = *asr_line(a, i);
		lb = *asr_line(b, i);
		la.position = 0;
		lb.position = 0;
		la.sequence = 0;
		lb.sequence = 0;
		if (memcmp(&la, &lb, sizeof(la)))
			return true;
	}
	return false;
}

/* All lines of the array, its spares in the table included, are of one configuration. */
static void put_sequence(struct asr_set *set, const struct asr_shape *shape)
{
	u16 i;

	for (i = shape->top; i < shape->end; i++)
		asr_line(set, i)->sequence = cpu_to_be16(set->sequence);
}

static void seal(struct asr_set *set)
{
	struct asr_table_ondisk *table = asr_table(set);
	u16 nr = be16_to_cpu(table->nr_lines);

	table->checksum = cpu_to_be16(asr_checksum(asr_lines(table), nr));
	set->write_lines = max_t(u32, set->write_lines, nr);
	set->unchecked = 0;
}

static void put_stamp(struct edit *edit, const struct asr_set *before,
		      const struct asr_shape *shape)
{
	struct asr_table_ondisk *table = asr_table(edit->set);
	u32 old = be32_to_cpu(table->timestamp), now = edit->cfg->now;
	bool wraps = now <= old && old == U32_MAX;

	if (!wraps)
		now = max(now, old + 1);
	table->timestamp = cpu_to_be32(now);
	/* Once is enough: asr_supersede() may have been here before. */
	if (wraps || (lines_differ(edit->set, before) &&
		      edit->set->sequence == before->sequence))
		edit->set->sequence = asr_next_sequence(edit->set->sequence);
	if (edit->set->sequence != before->sequence)
		put_sequence(edit->set, shape);
	edit->cfg->generation = asr_generation(edit->set->sequence, now);
}

static void put_dirty(struct edit *edit)
{
	const struct emd_config_array *ca = &edit->cfg->arrays[0];
	struct asr_table_ondisk *table = asr_table(edit->set);

	if (!emd_levels[ca->geo.level].redundant || ca->flags)
		return;
	table->dirty = ca->dirty || edit->say_dirty ? ASR_DIRTY : ASR_CLEAN;
}

static int edit_array(struct edit *edit, const struct emd_config *t0, struct emd_errmsg *msg)
{
	const struct asr_set *before = asr_set(t0);
	struct emd_config *cfg = edit->cfg;
	struct emd_config_array *ca = &cfg->arrays[0];
	struct asr_set *set = edit->set;
	struct asr_shape shape;
	u16 slot;
	u32 i;
	int ret;

	ret = add_parts(edit, msg);
	if (ret)
		return ret;
	if (ca->native == EMD_NO_ARRAY)
		build_table(edit);
	for (slot = 0; !ret && !ca->flags && slot < ca->geo.nr_members; slot++)
		ret = seat_disk(edit, slot, msg);
	if (!ret)
		ret = asr_set_shape(set, &shape, msg);
	if (ret)
		return ret;
	if (emd_config_renamed(t0, ca))
		rename_lines(set, &shape, ca->name);
	if (!ca->flags && emd_levels[ca->geo.level].redundant)
		put_states(edit, &shape);
	drop_unused(edit);
	put_spares(edit, before);
	put_dirty(edit);
	put_stamp(edit, before, &shape);
	seal(set);
	for (i = 0; i < set->nr_parts; i++) {
		if (asr_part(set, i)->line != ASR_NO_LINE &&
		    asr_part(set, i)->flags & ASR_PART_HERE)
			asr_part(set, i)->flags |= ASR_PART_WRITE;
	}
	asr_array_uuid(be32_to_cpu(asr_line(set, set->top)->magic), ca->uuid);
	asr_container_uuid(be32_to_cpu(asr_line(set, set->top)->magic), cfg->uuid);
	return 0;
}

/**
 * asr_update() - make the native bytes say what the config says
 * @t0: the config before; its bytes are in @t1 already
 * @t1: changed
 * @msg: where the reason goes
 *
 * Return: 0; -ENOSPC without room; -EUCLEAN if the bytes are not what decode let
 * through. Then @t1 is to be dropped.
 */
int asr_update(const struct emd_config *t0, struct emd_config *t1, struct emd_errmsg *msg)
{
	struct edit edit = { .cfg = t1, .set = asr_set(t1), .random = t1->entropy };
	int ret;

	/* Only what an update made and nobody outranked is known to be on the disks. */
	settle_parts(edit.set, !asr_set(t0)->updated || t1->generation != t0->generation);
	edit.set->updated = 1;
	ret = t1->nr_arrays ? edit_array(&edit, t0, msg) : become_spares(&edit, msg);
	if (ret)
		return ret;
	t1->native_len = asr_set_len(edit.set->nr_parts);
	return 0;
}

/**
 * asr_supersede() - outrank what other disks may already carry
 * @cfg: config whose bytes are in line
 * @generation: newest that any disk may carry
 *
 * Everything is written: what the disks carry is not known. A newer timestamp is enough:
 * the sequence number is the one that was tried, so that disks that are not reached stay
 * one behind at most.
 */
void asr_supersede(struct emd_config *cfg, u64 generation)
{
	u64 newest = max(generation, cfg->generation);
	u32 sequence = newest >> 32, timestamp = newest;
	struct asr_set *set = asr_set(cfg);
	struct asr_shape shape;

	settle_parts(set, true);
	if (timestamp == U32_MAX || set->top == ASR_NO_LINE) {
		sequence = asr_next_sequence(sequence);
		timestamp = 0;
	} else {
		timestamp++;
	}
	set->sequence = sequence;
	if (set->top != ASR_NO_LINE && !asr_set_shape(set, &shape, NULL)) {
		put_sequence(set, &shape);
		asr_table(set)->timestamp = cpu_to_be32(timestamp);
		seal(set);
	}
	cfg->generation = asr_generation(sequence, timestamp);
}
