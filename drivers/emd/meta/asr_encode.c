// SPDX-License-Identifier: GPL-2.0
/*
 * ASR: which bytes go where on a disk, and in which order.
 *
 * A table of up to seven lines is one sector and changes at once. A longer one is
 * written from its second sector on, and when that is durable the first, which has the
 * count of lines, the checksum and the sequence number of the array: until then the
 * copy is not believed beside others, and tells what it was before.
 *
 * The reserved block is written once. A disk that joins has its last sector zeroed
 * first, whatever that was, then gets its table, then its reserved block: without that
 * nothing of it counts. A lost disk gets nothing.
 *
 * Pure; allocates nothing.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "asr.h"

/* Places in the buffer. */
#define BUF_TABLE	0u
#define BUF_RB		ASR_TABLE_LEN
#define BUF_ZERO	(BUF_RB + ASR_SECTOR)
#define BUF_LEN		(BUF_ZERO + ASR_SECTOR)

/**
 * asr_native_room() - bytes that the set of a config may grow to
 * @cfg: config with a set
 */
u32 asr_native_room(const struct emd_config *cfg)
{
	return asr_set_len(2 * max_t(u32, asr_set(cfg)->nr_parts, cfg->nr_disks) + 16);
}

/**
 * asr_encode_max() - bytes that any encode can need
 * @cfg: config
 */
u32 asr_encode_max(const struct emd_config *cfg)
{
	return BUF_LEN;
}

static void add_write(struct emd_meta_writes *out, u64 sector, u32 len, u32 buf_offset,
		      bool barrier)
{
	emd_meta_add_write(out, sector * ASR_SECTOR, len, buf_offset, barrier);
}

/*
 * Other software takes every drive for good that does not call itself failed: what is
 * being filled does so, in its own copy.
 */
static void put_guard(const struct asr_set *set, const struct asr_part *part,
		      struct asr_table_ondisk *table)
{
	struct asr_line_ondisk *own = &asr_lines(table)[part->line];
	struct asr_shape shape;
	u8 state;
	u16 slot;

	if ((own->state != ASR_BUILD_TARGET && own->state != ASR_REBUILD_TARGET) ||
	    set->top == ASR_NO_LINE || asr_set_shape(set, &shape, NULL))
		return;
	for (slot = 0; slot < shape.nr_slots; slot++) {
		if (shape.line[slot] != part->line)
			continue;
		state = asr_mirror_line(set, &shape, shape.sub[slot])->state;
		if ((own->state == ASR_BUILD_TARGET && state == ASR_BUILDING) ||
		    (own->state == ASR_REBUILD_TARGET && state == ASR_REBUILDING))
			own->state = ASR_FAILED;
	}
}

static void put_table(const struct asr_set *set, const struct asr_part *part, u8 *to)
{
	struct asr_table_ondisk *table = (struct asr_table_ondisk *)to;

	memcpy(to, set->table, ASR_TABLE_LEN);
	table->version = cpu_to_be32(part->version);
	table->max_lines = cpu_to_be16(part->max_lines);
	put_guard(set, part, table);
	table->checksum = cpu_to_be16(asr_checksum(asr_lines(table),
						   be16_to_cpu(table->nr_lines)));
}

/* An array that could not be made on bare disks: without a reserved block it is none. */
static int encode_bare(const struct emd_config_disk *row, struct emd_meta_writes *out)
{
	memset(out->buf + BUF_ZERO, 0, ASR_SECTOR);
	add_write(out, row->sectors - 1, ASR_SECTOR, BUF_ZERO, false);
	return 0;
}

/**
 * asr_encode() - what one disk is to carry
 * @cfg: config whose bytes are in line
 * @disk: row
 * @out: writes, in the order that is safe; none for a lost disk, one whose slot another
 *	has, and a spare that has what it needs
 *
 * Return: 0; -ENOSPC when buffer or disk is too small; -EUCLEAN when the disk's own
 * bytes are not known.
 */
int asr_encode(const struct emd_config *cfg, u16 disk, struct emd_meta_writes *out)
{
	const struct emd_config_disk *row = &cfg->disks[disk];
	const struct asr_set *set = asr_set(cfg);
	const struct asr_part *part;
	u32 sectors, rest;
	bool shrinks;
	u64 last;

	out->nr = 0;
	if (row->state != EMD_DISK_ACTIVE && row->state != EMD_DISK_SPARE)
		return 0;
	if (out->buf_len < BUF_LEN)
		return -ENOSPC;
	if (row->native == EMD_NO_DISK)
		return set->nr_parts || !row->handle ? 0 : encode_bare(row, out);
	part = asr_part(set, row->native);
	if (!(part->flags & ASR_PART_HERE))
		return -EUCLEAN;
	/* Another has its slot: its table, which no one lists it in, stays what it was. */
	if (part->line == ASR_NO_LINE && !(part->flags & ASR_PART_SPARE))
		return 0;
	if (!(part->flags & ASR_PART_WRITE))
		return 0;

	shrinks = part->line == ASR_NO_LINE;
	if (shrinks) {
		memset(out->buf, 0, ASR_TABLE_LEN);
		memcpy(out->buf, part->head, ASR_SECTOR);
		sectors = 1;
	} else {
		put_table(set, part, out->buf + BUF_TABLE);
		sectors = asr_table_sectors(set->write_lines);
	}
	if (sectors > part->room)
		return -ENOSPC;
	if (part->flags & ASR_PART_CLEAR)
		sectors = part->room;
	rest = (sectors - 1) * ASR_SECTOR;
	last = part->disk_sectors - 1;
	if (part->flags & ASR_PART_FRESH) {
		memset(out->buf + BUF_ZERO, 0, ASR_SECTOR);
		add_write(out, last, ASR_SECTOR, BUF_ZERO, false);
	}
	if (rest && !shrinks)
		add_write(out, part->table + 1, rest, BUF_TABLE + ASR_SECTOR, true);
	add_write(out, part->table, ASR_SECTOR, BUF_TABLE, true);
	if (rest && shrinks)
		add_write(out, part->table + 1, rest, BUF_TABLE + ASR_SECTOR, true);
	if (part->flags & ASR_PART_FRESH) {
		memcpy(out->buf + BUF_RB, part->rb, ASR_SECTOR);
		add_write(out, last, ASR_SECTOR, BUF_RB, true);
	}
	return 0;
}

/* Where the table is: only if one is there, for it may be said to be anywhere. */
static u64 table_sector(const struct emd_meta_image *img)
{
	const struct emd_extent *ext = &img->extents[1];

	if (img->nr_extents > 1 && ext->len >= ASR_SECTOR &&
	    be32_to_cpu(((const struct asr_table_ondisk *)ext->data)->id) == ASR_TABLE_ID)
		return ext->offset / ASR_SECTOR;
	return img->disk_sectors - ASR_END_SECTORS;
}

/**
 * asr_erase() - remove our metadata from a disk
 * @img: of the disk; may be damaged behind the reserved block's signature, and without
 *	extents when nothing sensible could be read: the caller knows that it is ours
 * @out: writes; the reserved block first, for without it the rest is nothing
 *
 * Return: 0; -ENODATA when there is nothing of ours; -ENOSPC when the buffer is too
 * small.
 */
int asr_erase(const struct emd_meta_image *img, struct emd_meta_writes *out)
{
	u64 last = img->disk_sectors - 1, table;

	out->nr = 0;
	if (img->nr_extents && !asr_recognize(img))
		return -ENODATA;
	if (out->buf_len < ASR_TABLE_LEN || img->disk_sectors <= ASR_END_SECTORS)
		return -ENOSPC;
	memset(out->buf, 0, ASR_TABLE_LEN);
	table = table_sector(img);
	add_write(out, last, ASR_SECTOR, 0, false);
	add_write(out, table, min_t(u64, last - table, ASR_TABLE_SECTORS) * ASR_SECTOR, 0, true);
	return 0;
}

/**
 * asr_owned() - where our metadata is on a disk
 * @img: of the disk; it decodes
 * @out: gets the room of the table, then the reserved block
 *
 * Return: 0 or -EUCLEAN.
 */
int asr_owned(const struct emd_meta_image *img, struct emd_meta_writes *out)
{
	struct asr_disk disk;
	u32 len;

	out->nr = 0;
	if (asr_load(img, &disk, NULL))
		return -EUCLEAN;
	len = disk.room * ASR_SECTOR;
	add_write(out, disk.table_sector, len, 0, false);
	add_write(out, img->disk_sectors - 1, ASR_SECTOR, len, true);
	return 0;
}
