// SPDX-License-Identifier: GPL-2.0
/*
 * DDF (SNIA Common RAID Disk Data Format): the format's table. ddf.h tells where
 * everything is. Pure.
 */
#include <linux/kernel.h>

#include "ddf.h"

static void ddf_room(const struct emd_config *cfg, struct emd_config_room *room)
{
	room->disks = cfg->nr_disks;
	room->arrays = cfg->nr_arrays;
	room->members = cfg->nr_members;
	room->native = ddf_native_room(cfg);
}

const struct emd_meta_ops emd_ddf_ops = {
	.name = "ddf",
	.every_update = true,
	.whole_disks_only = true,
	.tail_sectors = 1u << 21,	/* LSI reserves half of it, and mdadm believes no more */
	.next_extent = ddf_next_extent,
	.recognize = ddf_recognize,
	.decode = ddf_decode,
	.salvage = ddf_salvage,
	.elect = ddf_elect,
	.unite = ddf_unite,
	.room = ddf_room,
	.can_express = ddf_can_express,
	.can_change = ddf_can_change,
	.update = ddf_update,
	.supersede = ddf_supersede,
	.encode_max = ddf_encode_max,
	.encode = ddf_encode,
	.describe = ddf_describe,
	.new_disk = ddf_new_disk,
	.adopt = ddf_adopt,
	.new_container = ddf_new_container,
	.place_array = ddf_place_array,
	.can_take = ddf_can_take,
	.start_on = ddf_start_on,
	.erase = ddf_erase,
	.owned = ddf_owned,
};
