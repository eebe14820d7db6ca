// SPDX-License-Identifier: GPL-2.0
/*
 * DDF: which bytes go where on a disk, and in which order.
 *
 * A copy is changed in three steps, each durable before the next: its header says
 * "open" with the sequence number from before; its sections; its header says
 * "closed" with the new number. First the primary, then the secondary. So at every
 * moment one of the two is closed and whole, and every reader that we know of takes
 * that one: with the number from before, an open primary loses against a closed
 * secondary also with those that look at numbers first.
 *
 * A disk without a secondary has no such copy while its sections are written. Cut off
 * there it is open, and stays a member when the other disks vouch for it (ddf_torn.c):
 * they tell whether its number, the one from before, is near enough to theirs.
 *
 * A new disk gets both copies closed, and the anchor last: without that nothing of
 * it counts. A lost disk gets nothing. Pure; allocates nothing.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "ddf.h"

/* Places in the buffer, in blocks; the sections follow. */
enum {
	BUF_PRIMARY_OPEN,
	BUF_PRIMARY,
	BUF_SECONDARY_OPEN,
	BUF_SECONDARY,
	BUF_ANCHOR,
	BUF_SECTIONS,
};

static u32 section_bytes(const struct ddf_set *set)
{
	u32 s, len = 0;

	for (s = 0; s < DDF_NR_OWN; s++)
		len += set->section[s];
	return len;
}

/**
 * ddf_encode_max() - bytes that any encode of this config, or of one that an event
 * makes of it, can need
 * @cfg: config
 */
u32 ddf_encode_max(const struct emd_config *cfg)
{
	return BUF_SECTIONS * ddf_set(cfg)->block + section_bytes(ddf_set(cfg));
}

/**
 * struct plan - the writes of one disk, being made
 * @set: what is written
 * @part: of which disk
 * @out: writes
 * @where: of each section, in the buffer
 */
struct plan {
	const struct ddf_set *set;
	const struct ddf_part *part;
	struct emd_meta_writes *out;
	u32 where[DDF_NR_OWN];
};

static void put_config(const struct plan *plan, u8 *to)
{
	const struct ddf_set *set = plan->set;
	const struct ddf_record *rec;
	u32 i;

	memset(to, 0xff, set->section[DDF_CONFIG]);
	for (i = 0; i < set->nr_records; i++) {
		rec = ddf_record(set, i);
		if (ddf_part(set, rec->part) == plan->part)
			memcpy(to + rec->slot * set->record, ddf_vdcr(rec), set->record);
	}
}

static void put_sections(struct plan *plan)
{
	const struct ddf_set *set = plan->set;
	u32 s, at = BUF_SECTIONS * set->block;

	for (s = 0; s < DDF_NR_OWN; s++) {
		plan->where[s] = at;
		at += set->section[s];
	}
	memcpy(plan->out->buf + plan->where[DDF_CONTROLLER], ddf_part_controller(set, plan->part),
	       set->section[DDF_CONTROLLER]);
	memcpy(plan->out->buf + plan->where[DDF_PDR], ddf_pdr(set), set->section[DDF_PDR]);
	memcpy(plan->out->buf + plan->where[DDF_VDR], ddf_vdr(set), set->section[DDF_VDR]);
	put_config(plan, plan->out->buf + plan->where[DDF_CONFIG]);
	memcpy(plan->out->buf + plan->where[DDF_PDD], ddf_part_pdd(set, plan->part),
	       set->section[DDF_PDD]);
}

static void put_header(const struct plan *plan, unsigned int where, enum ddf_header_type type,
		       u32 seq, u8 open)
{
	const struct ddf_set *set = plan->set;
	u8 *to = plan->out->buf + where * set->block;
	struct ddf_header_ondisk *header = (struct ddf_header_ondisk *)to;

	memcpy(to, ddf_part_header(plan->part), set->block);
	header->type = type;
	header->open = open;
	ddf_put32(set->le, &header->seq, seq);
	ddf_put32(set->le, &header->timestamp, set->timestamp);
	ddf_seal(set->le, set->zlib, to, set->block);
}

/* How much of a section has changed; nothing behind the last record that there was. */
static u32 write_len(const struct plan *plan, unsigned int s)
{
	const struct ddf_set *set = plan->set;

	if (!(plan->part->write & 1u << s))
		return 0;
	if (s != DDF_CONFIG || (plan->part->write & DDF_WRITE_ALL) == DDF_WRITE_ALL)
		return set->section[s];
	return min(plan->part->write_slots * set->record, set->section[s]);
}

/* Neighbours on the disk that are neighbours in the buffer are one write. */
static void write_sections(struct plan *plan, u64 lba)
{
	const struct ddf_header_ondisk *header = ddf_part_header(plan->part);
	const struct ddf_set *set = plan->set;
	struct emd_meta_write *last = NULL;
	bool first = true;
	u64 offset;
	u32 s, len;

	for (s = 0; s < DDF_NR_OWN; s++) {
		len = write_len(plan, s);
		if (!len)
			continue;
		offset = (lba + ddf_get32(set->le, header->section[s].offset)) * set->block;
		if (last && last->offset + last->len == offset &&
		    last->buf_offset + last->len == plan->where[s]) {
			last->len += len;
			continue;
		}
		emd_meta_add_write(plan->out, offset, len, plan->where[s], first);
		last = &plan->out->writes[plan->out->nr - 1];
		first = false;
	}
}

static void write_copy(struct plan *plan, u64 lba, enum ddf_header_type type, unsigned int open,
		       unsigned int closed)
{
	const struct ddf_set *set = plan->set;
	u64 offset = lba * set->block;

	if (!(plan->part->write & DDF_WRITE_NEW)) {
		put_header(plan, open, type, plan->part->seq, 1);
		emd_meta_add_write(plan->out, offset, set->block, open * set->block, true);
	}
	write_sections(plan, lba);
	put_header(plan, closed, type, set->seq, 0);
	emd_meta_add_write(plan->out, offset, set->block, closed * set->block, true);
}

/* Two copies of a header before and one after each, five sections, an anchor. */
static_assert(2 * (2 + DDF_NR_OWN) + 1 <= EMD_META_MAX_WRITES);

/**
 * ddf_encode() - what one disk is to carry
 * @cfg: config whose bytes are in line
 * @disk: row
 * @out: writes, in the order that is safe; none for a lost disk
 *
 * Return: 0; -ENOSPC when the buffer is too small; -EUCLEAN when the disk's own bytes
 * are not known.
 */
int ddf_encode(const struct emd_config *cfg, u16 disk, struct emd_meta_writes *out)
{
	const struct emd_config_disk *row = &cfg->disks[disk];
	struct plan plan = { .set = ddf_set(cfg), .out = out };
	const struct ddf_header_ondisk *header;
	u64 secondary;
	int part;

	out->nr = 0;
	if ((row->state != EMD_DISK_ACTIVE && row->state != EMD_DISK_SPARE) ||
	    row->native == EMD_NO_DISK)
		return 0;
	if (out->buf_len < ddf_encode_max(cfg))
		return -ENOSPC;
	part = ddf_find_part(plan.set, row->native);
	if (part < 0)
		return -EUCLEAN;
	plan.part = ddf_part(plan.set, part);
	header = ddf_part_header(plan.part);
	put_sections(&plan);
	write_copy(&plan, ddf_get64(plan.set->le, header->primary_lba), DDF_PRIMARY,
		   BUF_PRIMARY_OPEN, BUF_PRIMARY);
	secondary = ddf_get64(plan.set->le, header->secondary_lba);
	if (secondary != DDF_NONE64)
		write_copy(&plan, secondary, DDF_SECONDARY, BUF_SECONDARY_OPEN, BUF_SECONDARY);
	if (plan.part->write & DDF_WRITE_NEW) {
		put_header(&plan, BUF_ANCHOR, DDF_ANCHOR, DDF_NONE32, 0xff);
		emd_meta_add_write(out, plan.part->anchor_lba * plan.set->block, plan.set->block,
				   BUF_ANCHOR * plan.set->block, true);
	}
	return 0;
}

/**
 * ddf_erase() - remove our metadata from a disk
 * @img: of the disk; may be damaged behind the anchor's signature, and without
 *	extents when nothing sensible could be read: the caller knows that it is ours
 * @out: writes; the anchor first, for without it the rest is nothing
 *
 * Return: 0; -ENODATA when there is nothing of ours; -ENOSPC when the buffer is too
 * small.
 */
int ddf_erase(const struct emd_meta_image *img, struct emd_meta_writes *out)
{
	u64 last = ((img->disk_sectors << 9) / img->block_size - 1) * img->block_size;
	u32 block = img->block_size;
	struct ddf_disk disk;
	u64 lba[2];
	int i;

	out->nr = 0;
	if (out->buf_len < block)
		return -ENOSPC;
	memset(out->buf, 0, block);
	if (!img->nr_extents) {
		emd_meta_add_write(out, last, block, 0, false);
		if (block == 512 && img->disk_sectors > 257)
			emd_meta_add_write(out, last - 256 * 512, block, 0, false);
		return 0;
	}
	if (!ddf_recognize(img))
		return -ENODATA;
	ddf_load(img, &disk, NULL);
	if (!disk.anchor) {
		emd_meta_add_write(out, last, block, 0, false);
		return 0;
	}
	emd_meta_add_write(out, disk.anchor_lba * block, block, 0, false);
	lba[0] = disk.layout.primary;
	lba[1] = disk.layout.secondary;
	for (i = 0; i < 2; i++) {
		/* Headers that the anchor's layout was checked for, or none. */
		if (lba[i] && lba[i] < disk.anchor_lba)
			emd_meta_add_write(out, lba[i] * block, block, 0, i == 0);
	}
	return 0;
}

/**
 * ddf_owned() - where our metadata is on a disk
 * @img: of the disk; it decodes
 * @out: gets the primary, the secondary, then the anchor; not the workspace, which is
 *	for vendors to keep what they like in
 *
 * Return: 0 or -EUCLEAN.
 */
int ddf_owned(const struct emd_meta_image *img, struct emd_meta_writes *out)
{
	struct ddf_disk disk;
	u32 block, len;

	out->nr = 0;
	if (ddf_load(img, &disk, NULL))
		return -EUCLEAN;
	block = disk.layout.block;
	len = ddf_run_len(&disk.layout);
	emd_meta_add_write(out, disk.layout.primary * block, len, 0, false);
	if (disk.layout.secondary != DDF_NONE64)
		emd_meta_add_write(out, disk.layout.secondary * block, len, len, true);
	emd_meta_add_write(out, disk.anchor_lba * block, block, (out->nr) * len, true);
	return 0;
}
