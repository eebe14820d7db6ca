// SPDX-License-Identifier: GPL-2.0
/*
 * IMSM (Intel Matrix Storage, RST, VROC): the format's table, and how much of a
 * disk has to be read. imsm.h tells where everything else is. Pure.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "imsm.h"

/* Below this nothing fits in front of the metadata. */
#define MIN_NATIVE_SECTORS	16

static u64 anchor_offset(const struct emd_meta_image *img)
{
	return round_down(img->disk_sectors << 9, (u64)img->block_size) - 2 * img->block_size;
}

static bool usable_disk(const struct emd_meta_image *img)
{
	return (img->block_size == 512 || img->block_size == 4096) &&
	       img->disk_sectors >= MIN_NATIVE_SECTORS * (img->block_size / 512) &&
	       img->disk_sectors <= EMD_MAX_SECTORS;
}

static bool imsm_recognize(const struct emd_meta_image *img)
{
	const struct emd_extent *anchor = &img->extents[0];

	return usable_disk(img) && img->nr_extents && anchor->offset == anchor_offset(img) &&
	       anchor->len == img->block_size &&
	       !memcmp(anchor->data, IMSM_SIGNATURE, IMSM_SIGNATURE_LEN);
}

static int imsm_next_extent(const struct emd_meta_image *img, struct emd_extent *want,
			    struct emd_errmsg *msg)
{
	const struct imsm_mpb_ondisk *anchor;
	u32 size, extension;
	int ret;

	if (!usable_disk(img))
		return -ENODATA;
	if (!img->nr_extents) {
		want->offset = anchor_offset(img);
		want->len = img->block_size;
		return 1;
	}
	if (!imsm_recognize(img))
		return -ENODATA;
	anchor = (const struct imsm_mpb_ondisk *)img->extents[0].data;
	size = le32_to_cpu(anchor->mpb_size);
	ret = imsm_check_size(size, img, msg);
	if (ret)
		return ret;
	extension = round_up(size, img->block_size) - img->block_size;
	if (!extension || img->nr_extents > 1)
		return 0;
	want->offset = anchor_offset(img) - extension;
	want->len = extension;
	return 1;
}

static void imsm_room(const struct emd_config *cfg, struct emd_config_room *room)
{
	room->disks = cfg->nr_disks;
	room->arrays = cfg->nr_arrays;
	room->members = cfg->nr_members;
	room->native = imsm_native_room(cfg);
}

const struct emd_meta_ops emd_imsm_ops = {
	.name = "imsm",
	.whole_disks_only = true,
	.next_extent = imsm_next_extent,
	.recognize = imsm_recognize,
	.decode = imsm_decode,
	.salvage = imsm_salvage,
	.elect = imsm_elect,
	.room = imsm_room,
	.can_express = imsm_can_express,
	.can_change = imsm_can_change,
	.update = imsm_update,
	.supersede = imsm_supersede,
	.encode_max = imsm_encode_max,
	.encode = imsm_encode,
	.describe = imsm_describe,
	.new_disk = imsm_new_disk,
	.new_container = imsm_new_container,
	.place_array = imsm_place_array,
	.can_take = imsm_can_take,
	.erase = imsm_erase,
	.owned = imsm_owned,
};
