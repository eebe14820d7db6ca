// SPDX-License-Identifier: GPL-2.0
/*
 * IMSM: which bytes go where on a disk, and in which order.
 *
 * A member gets the container's native bytes, a spare a record of its own, a
 * lost disk nothing: it keeps what it last had, which no family that lives on
 * believes. The record sector behind the anchor is zeroed unless a general
 * migration needs it. All of it is one write.
 *
 * Pure; allocates nothing.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "imsm.h"

/**
 * imsm_native_room() - bytes that the MPB may grow to
 * @cfg: config
 *
 * A second map for every volume, as many disks again and some, one more volume.
 *
 * Return: bytes, whole sectors.
 */
u32 imsm_native_room(const struct emd_config *cfg)
{
	u32 disks = min(2u * cfg->nr_disks + 32, IMSM_MAX_DISKS);
	u32 room = max(cfg->native_len, cfg->block_size);
	u16 i;

	room += disks * sizeof(struct imsm_disk_ondisk);
	for (i = 0; i < cfg->nr_arrays; i++)
		room += imsm_map_len(cfg->arrays[i].geo.nr_members);
	room += sizeof(struct imsm_dev_ondisk) + 2 * imsm_map_len(disks);
	return round_up(room, cfg->block_size);
}

/**
 * imsm_encode_max() - bytes that any encode of this config, or of one that an
 * event makes of it, can need
 * @cfg: config
 */
u32 imsm_encode_max(const struct emd_config *cfg)
{
	return cfg->block_size + imsm_native_room(cfg);
}

/*
 * The buffer is as the disk will have it: extension, anchor (@len together),
 * record. They are neighbours, so one write carries them. Extension and anchor
 * share a checksum: between two writes there would be a copy that nobody believes,
 * and where a container is down to one disk, no other. Within one write it is up to
 * the disk, and where a physical block holds both it does not happen.
 */
static int lay_out(const struct emd_config *cfg, u16 disk, u32 len, bool keep_record,
		   struct emd_meta_writes *out)
{
	u32 block = cfg->block_size;
	u64 end = round_down(cfg->disks[disk].sectors << 9, (u64)block);

	if (end < len + block)
		return -ENOSPC;
	memset(out->buf + len, 0, block);
	emd_meta_add_write(out, end - block - len, keep_record ? len : len + block, 0, false);
	return 0;
}

static int encode_member(const struct emd_config *cfg, u16 disk, struct emd_meta_writes *out)
{
	u32 block = cfg->block_size, len = cfg->native_len;
	struct imsm_view view;
	bool keep_record = false;
	int ret;
	u8 v;

	ret = imsm_parse(cfg->native, cfg->native_len, cfg->block_size, &view, NULL);
	if (ret)
		return ret;
	if (block + len > out->buf_len)
		return -ENOSPC;
	for (v = 0; v < view.nr_volumes; v++)
		keep_record |= imsm_dev_migrating(&view, v, IMSM_MIGR_GENERAL);
	memcpy(out->buf, cfg->native + block, len - block);
	memcpy(out->buf + len - block, cfg->native, block);
	return lay_out(cfg, disk, len, keep_record, out);
}

static int encode_spare(const struct emd_config *cfg, u16 disk, struct emd_meta_writes *out)
{
	const struct emd_config_disk *row = &cfg->disks[disk];
	struct imsm_mpb_ondisk *mpb;
	struct imsm_disk_ondisk *entry;
	u32 attr = IMSM_ATTR_CHECKSUM;

	if (2 * cfg->block_size > out->buf_len)
		return -ENOSPC;
	memset(out->buf, 0, cfg->block_size);
	mpb = (struct imsm_mpb_ondisk *)out->buf;
	entry = (struct imsm_disk_ondisk *)(mpb + 1);

	memcpy(entry->serial, row->id, strnlen(row->id, IMSM_SERIAL_LEN));
	imsm_put_u64(&entry->total_blocks_lo, &entry->total_blocks_hi,
		     row->sectors >> imsm_shift(cfg->block_size));
	entry->status = cpu_to_le32(IMSM_DISK_SPARE);
	if (row->sectors >> 32)
		attr |= IMSM_ATTR_2TB_DISK;

	memcpy(mpb->signature, IMSM_SIGNATURE, IMSM_SIGNATURE_LEN);
	memcpy(mpb->version, "1.0.00", sizeof("1.0.00"));
	mpb->mpb_size = cpu_to_le32(IMSM_MPB_MIN);
	mpb->generation_num = cpu_to_le32(1);
	mpb->attributes = cpu_to_le32(attr);
	mpb->num_disks = 1;
	mpb->pwr_cycle_count = cpu_to_le32(1);
	/* Any number does; this one differs from disk to disk. */
	mpb->family_num = cpu_to_le32(imsm_checksum((u8 *)mpb, IMSM_MPB_MIN));
	mpb->check_sum = cpu_to_le32(imsm_checksum((u8 *)mpb, IMSM_MPB_MIN));
	return lay_out(cfg, disk, cfg->block_size, false, out);
}

static_assert(sizeof(struct imsm_mpb_ondisk) + sizeof(struct imsm_disk_ondisk) == IMSM_MPB_MIN);

/**
 * imsm_encode() - what one disk is to carry
 * @cfg: config whose bytes are in line
 * @disk: row; its capacity is the live disk's
 * @out: writes, in the order that is safe; none for a lost disk
 *
 * Return: 0; -ENOSPC when buffer or disk is too small; -EUCLEAN when the bytes
 * are not in line.
 */
int imsm_encode(const struct emd_config *cfg, u16 disk, struct emd_meta_writes *out)
{
	const struct emd_config_disk *row = &cfg->disks[disk];

	out->nr = 0;
	if (row->state != EMD_DISK_ACTIVE && row->state != EMD_DISK_SPARE)
		return 0;
	if (row->native != EMD_NO_DISK)
		return encode_member(cfg, disk, out);
	return row->state == EMD_DISK_SPARE ? encode_spare(cfg, disk, out) : 0;
}

/**
 * imsm_erase() - remove our metadata from a disk
 * @img: of the disk; may be damaged behind the signature, and without extents when
 *	nothing sensible could be read: the caller knows that it is ours
 * @out: writes; the anchor first, for without it the rest is nothing
 *
 * Return: 0; -ENODATA when there is nothing of ours; -ENOSPC when the buffer is
 * too small to do it in a few writes.
 */
int imsm_erase(const struct emd_meta_image *img, struct emd_meta_writes *out)
{
	u32 block = img->block_size, size = block, left, len;
	const struct imsm_mpb_ondisk *anchor;
	u64 end, pos;

	out->nr = 0;
	if (img->nr_extents) {
		if (!emd_imsm_ops.recognize(img))
			return -ENODATA;
		anchor = (const struct imsm_mpb_ondisk *)img->extents[0].data;
		if (!imsm_check_size(le32_to_cpu(anchor->mpb_size), img, NULL))
			size = le32_to_cpu(anchor->mpb_size);
	}
	if (out->buf_len < block)
		return -ENOSPC;
	memset(out->buf, 0, out->buf_len);

	end = round_down(img->disk_sectors << 9, (u64)block);
	emd_meta_add_write(out, end - 2 * block, block, 0, false);
	emd_meta_add_write(out, end - block, block, 0, true);
	left = round_up(size, block) - block;
	for (pos = end - 2 * block - left; left; pos += len, left -= len) {
		if (out->nr == EMD_META_MAX_WRITES)
			return -ENOSPC;
		len = min(left, round_down(out->buf_len, block));
		emd_meta_add_write(out, pos, len, 0, false);
	}
	return 0;
}

/**
 * imsm_owned() - where our metadata is on a disk
 * @img: of the disk; it decodes
 * @out: gets the one run: extension, anchor, and the record behind it
 *
 * Return: 0 or -EUCLEAN.
 */
int imsm_owned(const struct emd_meta_image *img, struct emd_meta_writes *out)
{
	const struct imsm_mpb_ondisk *anchor;
	u32 block = img->block_size, size;

	out->nr = 0;
	if (!img->nr_extents || !emd_imsm_ops.recognize(img))
		return -EUCLEAN;
	anchor = (const struct imsm_mpb_ondisk *)img->extents[0].data;
	size = le32_to_cpu(anchor->mpb_size);
	if (imsm_check_size(size, img, NULL))
		return -EUCLEAN;
	size = round_up(size, block);
	emd_meta_add_write(out, round_down(img->disk_sectors << 9, (u64)block) - block - size,
			   size + block, 0, false);
	return 0;
}
