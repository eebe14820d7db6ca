// SPDX-License-Identifier: GPL-2.0
/*
 * ASR: bytes of a disk to a table that can be walked, and which lines of it are an
 * array. The trust boundary for places and counts: nothing else looks at the bytes of
 * an image. Pure; allocates nothing.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "asr.h"

#define MIN_SECTORS	128u		/* below 64 KiB nobody looks */
#define MAX_SECTORS	0xffffffffu	/* places have 32 bits */
#define MAX_MAX_LINES	255u

/* Sectors of other sizes do not exist for this format. */
static bool usable_disk(const struct emd_meta_image *img)
{
	return img->block_size == ASR_SECTOR && img->disk_sectors >= MIN_SECTORS &&
	       img->disk_sectors <= MAX_SECTORS;
}

/**
 * asr_recognize() - is the last sector a reserved block?
 * @img: with its first extent
 */
bool asr_recognize(const struct emd_meta_image *img)
{
	const struct emd_extent *last = &img->extents[0];
	const struct asr_rb_ondisk *rb = (const struct asr_rb_ondisk *)last->data;

	return usable_disk(img) && img->nr_extents &&
	       last->offset == (img->disk_sectors - 1) * ASR_SECTOR && last->len == ASR_SECTOR &&
	       be32_to_cpu(rb->id) == ASR_RB_ID && be32_to_cpu(rb->magic) == ASR_RB_MAGIC;
}

static int check_rb(const struct asr_rb_ondisk *rb, u64 disk_sectors, struct emd_errmsg *msg)
{
	u32 magic = be32_to_cpu(rb->drive_magic), table = be32_to_cpu(rb->table);

	if (rb->version != ASR_RB_VERSION)
		return EMD_REFUSE(msg, -EUCLEAN, "reserved block of version %u, know %u",
				  rb->version, ASR_RB_VERSION);
	if (magic == ASR_NO_MAGIC || magic == ASR_ANY_MAGIC)
		return EMD_REFUSE(msg, -EUCLEAN, "the drive has not been assigned an identity");
	/* At least one sector between it and the reserved block, which is the last. */
	if (!table || table > disk_sectors - 2)
		return EMD_REFUSE(msg, -EUCLEAN,
				  "table at sector %u, need 1 to %llu", table,
				  disk_sectors - 2);
	return 0;
}

/**
 * asr_next_extent() - which bytes next
 * @img: so far
 * @want: out
 * @msg: where the reason goes
 *
 * Return: 1, 0, -ENODATA or -EUCLEAN, as struct emd_meta_ops has it.
 */
int asr_next_extent(const struct emd_meta_image *img, struct emd_extent *want,
		    struct emd_errmsg *msg)
{
	const struct asr_rb_ondisk *rb;
	u64 table;
	int ret;

	if (!usable_disk(img))
		return -ENODATA;
	if (!img->nr_extents) {
		want->offset = (img->disk_sectors - 1) * ASR_SECTOR;
		want->len = ASR_SECTOR;
		return 1;
	}
	if (!asr_recognize(img))
		return -ENODATA;
	rb = (const struct asr_rb_ondisk *)img->extents[0].data;
	ret = check_rb(rb, img->disk_sectors, msg);
	if (ret)
		return ret;
	if (img->nr_extents > 1)
		return 0;
	table = be32_to_cpu(rb->table);
	want->offset = table * ASR_SECTOR;
	want->len = min_t(u64, img->disk_sectors - 1 - table, ASR_TABLE_SECTORS) * ASR_SECTOR;
	return 1;
}

/**
 * asr_checksum() - of a table
 * @lines: its lines
 * @nr_lines: those in use
 */
u16 asr_checksum(const struct asr_line_ondisk *lines, u16 nr_lines)
{
	const u8 *bytes = (const u8 *)lines;
	u32 i, sum = 0;

	for (i = 0; i < nr_lines * sizeof(*lines); i++)
		sum += bytes[i];
	return sum;
}

static int check_header(struct asr_disk *disk, struct emd_errmsg *msg)
{
	const struct asr_table_ondisk *table = disk->table;
	u16 nr = be16_to_cpu(table->nr_lines), max = be16_to_cpu(table->max_lines), sum;

	if (be32_to_cpu(table->id) != ASR_TABLE_ID)
		return EMD_REFUSE(msg, -EUCLEAN, "no RAID table at sector %u",
				  disk->table_sector);
	if (be16_to_cpu(table->line_size) != sizeof(struct asr_line_ondisk))
		return EMD_REFUSE(msg, -EUCLEAN, "lines of %u bytes, need %zu",
				  be16_to_cpu(table->line_size), sizeof(struct asr_line_ondisk));
	if (!nr || nr >= max || max > MAX_MAX_LINES || nr > ASR_MAX_LINES)
		return EMD_REFUSE(msg, -EUCLEAN, "%u lines of %u, can do %u", nr, max,
				  ASR_MAX_LINES);
	if (asr_table_sectors(nr) > disk->room)
		return EMD_REFUSE(msg, -EUCLEAN, "%u lines in %u sectors", nr, disk->room);
	disk->nr_lines = nr;
	sum = asr_checksum(asr_lines(table), nr);
	disk->unchecked = sum != be16_to_cpu(table->checksum);
	if (disk->unchecked && be32_to_cpu(table->version) < ASR_TABLE_VERSION)
		return EMD_REFUSE(msg, -EUCLEAN, "checksum %04x, computed %04x",
				  be16_to_cpu(table->checksum), sum);
	return 0;
}

static bool known_type(u8 type)
{
	switch (type) {
	case ASR_RAID0:
	case ASR_RAID1:
	case ASR_RAID3:
	case ASR_RAID4:
	case ASR_RAID5:
	case ASR_SPARE:
	case ASR_REDIRECT:
		return true;
	default:
		return false;
	}
}

static int check_lines(const struct asr_line_ondisk *lines, u16 nr, struct emd_errmsg *msg)
{
	bool in_array = false;
	u16 i, k;
	u32 magic;

	for (i = 0; i < nr; i++) {
		magic = be32_to_cpu(lines[i].magic);
		if (lines[i].level != ASR_DRIVE && lines[i].level != ASR_ARRAY &&
		    lines[i].level != ASR_TOP)
			return EMD_REFUSE(msg, -EUCLEAN, "line %u: kind %u is not known", i,
					  lines[i].level);
		if (!known_type(lines[i].type))
			return EMD_REFUSE(msg, -EUCLEAN, "line %u: RAID type %02x is not known",
					  i, lines[i].type);
		in_array |= lines[i].level == ASR_ARRAY;
		if (lines[i].level == ASR_DRIVE && !in_array)
			return EMD_REFUSE(msg, -EUCLEAN, "line %u: a drive before any array", i);
		if (magic == ASR_NO_MAGIC ||
		    (lines[i].level == ASR_DRIVE && magic == ASR_ANY_MAGIC))
			return EMD_REFUSE(msg, -EUCLEAN, "line %u: no identity", i);
		for (k = 0; k < i; k++) {
			if (lines[k].magic == lines[i].magic)
				return EMD_REFUSE(msg, -EUCLEAN,
						  "lines %u and %u have the identity %08x", k, i,
						  magic);
		}
	}
	return 0;
}

static int find_own(struct asr_disk *disk, struct emd_errmsg *msg)
{
	const struct asr_line_ondisk *line;
	u16 i;

	for (i = 0; i < disk->nr_lines; i++) {
		line = &asr_lines(disk->table)[i];
		if (line->level != ASR_DRIVE || line->magic != disk->rb->drive_magic)
			continue;
		disk->own = i;
		if (!line->capacity ||
		    (!asr_is_spare(line) && be32_to_cpu(line->capacity) > disk->table_sector))
			return EMD_REFUSE(msg, -EUCLEAN,
					  "%u sectors used, the table is at sector %u",
					  be32_to_cpu(line->capacity), disk->table_sector);
		return 0;
	}
	return EMD_REFUSE(msg, -EUCLEAN, "the table does not list the drive itself, %08x",
			  be32_to_cpu(disk->rb->drive_magic));
}

/**
 * asr_load() - a disk's reserved block and table, checked
 * @img: complete according to asr_next_extent(), or less
 * @disk: out; what could be read is filled in also when the rest is refused
 * @msg: where the reason goes
 *
 * Return: 0; -ENODATA not ASR; -EUCLEAN damaged.
 */
int asr_load(const struct emd_meta_image *img, struct asr_disk *disk, struct emd_errmsg *msg)
{
	const struct emd_extent *ext = &img->extents[1];
	int ret;

	memset(disk, 0, sizeof(*disk));
	if (!asr_recognize(img))
		return -ENODATA;
	disk->rb = (const struct asr_rb_ondisk *)img->extents[0].data;
	ret = check_rb(disk->rb, img->disk_sectors, msg);
	if (ret)
		return ret;
	disk->table_sector = be32_to_cpu(disk->rb->table);
	if (img->nr_extents < 2 || ext->offset != (u64)disk->table_sector * ASR_SECTOR ||
	    ext->len < ASR_SECTOR || ext->len > ASR_TABLE_LEN)
		return EMD_REFUSE(msg, -EUCLEAN, "the table was not read");
	disk->room = ext->len / ASR_SECTOR;
	disk->table = (const struct asr_table_ondisk *)ext->data;
	ret = check_header(disk, msg);
	if (ret)
		disk->table = NULL;
	if (!ret)
		ret = check_lines(asr_lines(disk->table), disk->nr_lines, msg);
	return ret ?: find_own(disk, msg);
}

/* ---- arrays in a table -------------------------------------------------------- */

/**
 * asr_find_top() - the array that a drive is in
 * @lines: table, all drives behind an array
 * @nr_lines: lines
 * @own: line of the drive
 *
 * There are no references between lines: a drive belongs to the array before it, an
 * array to the top before it, as long as that expects more.
 *
 * Return: the array's line, or that of its top.
 */
int asr_find_top(const struct asr_line_ondisk *lines, u16 nr_lines, u16 own)
{
	u32 expects = 0;
	int top = 0, of = 0;
	u16 i;

	for (i = 0; i <= own && i < nr_lines; i++) {
		if (lines[i].level == ASR_TOP) {
			top = i;
			expects = be16_to_cpu(lines[i].count);
		} else if (lines[i].level == ASR_ARRAY) {
			of = expects ? top : i;
			expects -= !!expects;
		}
	}
	return of;
}

static bool same_subset(const struct asr_line_ondisk *a, const struct asr_line_ondisk *b)
{
	return a->type == b->type && a->count == b->count && a->capacity == b->capacity;
}

/* The drives under one array line. Return: the line behind them. */
static int walk_subset(const struct asr_line_ondisk *lines, u16 nr_lines, u16 line, u16 sub,
		       struct asr_shape *shape, struct emd_errmsg *msg)
{
	const struct asr_line_ondisk *array = &lines[line];
	u16 nr = be16_to_cpu(array->count), found = 0, slot, i;

	if (!nr || nr > ASR_MAX_COMPONENTS || (array->type == ASR_RAID1 && nr < 2) ||
	    shape->nr_slots + nr > ASR_MAX_LINES)
		return EMD_REFUSE(msg, -EUCLEAN, "line %u: an array of %u drives", line, nr);
	for (i = line + 1; i < nr_lines && lines[i].level == ASR_DRIVE; i++) {
		if (asr_is_spare(&lines[i]) && array->type != ASR_SPARE)
			continue;
		if (found == nr)
			return EMD_REFUSE(msg, -EUCLEAN, "line %u: more than %u drives follow",
					  line, nr);
		slot = shape->mirrored_top ? found * shape->nr_subsets + sub :
					     shape->nr_slots + found;
		shape->line[slot] = i;
		shape->sub[slot] = sub;
		found++;
	}
	/* dmraid takes the line of a drive that is gone out of a mirror. */
	if (found < nr && (!found || array->type != ASR_RAID1 || shape->mirrored_top))
		return EMD_REFUSE(msg, -EUCLEAN, "line %u: %u drives follow, need %u", line,
				  found, nr);
	for (; found < nr; found++) {
		shape->line[shape->nr_slots + found] = ASR_NO_LINE;
		shape->sub[shape->nr_slots + found] = sub;
	}
	shape->nr_slots += nr;
	shape->subset[sub].line = line;
	shape->subset[sub].nr = nr;
	return i;
}

/**
 * asr_walk() - the lines of an array, slot by slot
 * @lines: table, checked
 * @nr_lines: lines
 * @top: the array's first, from asr_find_top()
 * @shape: out
 * @msg: where the reason goes
 *
 * A stripe over mirrors lies in the table as in EMD's slots: one mirror after the
 * other. A mirror of stripes has the same content with the drives in another order:
 * the first of each stripe, then the second.
 *
 * Return: 0 or -EUCLEAN.
 */
int asr_walk(const struct asr_line_ondisk *lines, u16 nr_lines, u16 top,
	     struct asr_shape *shape, struct emd_errmsg *msg)
{
	u16 i = top, sub;
	int ret;

	memset(shape, 0, sizeof(*shape));
	shape->top = top;
	shape->nr_subsets = 1;
	if (lines[top].level == ASR_TOP) {
		shape->two_level = true;
		shape->mirrored_top = lines[top].type == ASR_RAID1;
		shape->nr_subsets = be16_to_cpu(lines[top].count);
		if (shape->nr_subsets < 2 || shape->nr_subsets > ASR_MAX_COMPONENTS)
			return EMD_REFUSE(msg, -EUCLEAN, "line %u: an array of %u arrays", top,
					  shape->nr_subsets);
		i++;
	}
	for (sub = 0; sub < shape->nr_subsets; sub++) {
		if (i >= nr_lines || lines[i].level != ASR_ARRAY)
			return EMD_REFUSE(msg, -EUCLEAN, "line %u: %u arrays follow, need %u",
					  top, sub, shape->nr_subsets);
		if (sub && !same_subset(&lines[shape->subset[0].line], &lines[i]))
			return EMD_REFUSE(msg, -EUCLEAN, "lines %u and %u are not alike",
					  shape->subset[0].line, i);
		if (shape->two_level && lines[i].type == ASR_SPARE)
			return EMD_REFUSE(msg, -EUCLEAN, "line %u: a spare within an array", i);
		/* All alike, so all fit when that many of the first do. */
		if (be16_to_cpu(lines[i].count) * shape->nr_subsets > ASR_MAX_LINES)
			return EMD_REFUSE(msg, -EUCLEAN, "line %u: %u arrays of %u drives", top,
					  shape->nr_subsets, be16_to_cpu(lines[i].count));
		ret = walk_subset(lines, nr_lines, i, sub, shape, msg);
		if (ret < 0)
			return ret;
		i = ret;
	}
	shape->end = i;
	return 0;
}

/**
 * asr_set_shape() - the lines of a set's array
 * @set: with an array
 * @shape: out
 * @msg: where the reason goes
 *
 * Return: 0 or -EUCLEAN.
 */
int asr_set_shape(const struct asr_set *set, struct asr_shape *shape, struct emd_errmsg *msg)
{
	return asr_walk(asr_lines(asr_table(set)), be16_to_cpu(asr_table(set)->nr_lines),
			set->top, shape, msg);
}
