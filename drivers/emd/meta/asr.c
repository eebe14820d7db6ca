// SPDX-License-Identifier: GPL-2.0
/*
 * ASR (Adaptec HostRAID): the format's table. asr.h tells where everything is. Pure.
 */
#include <linux/kernel.h>

#include "asr.h"

static void asr_room(const struct emd_config *cfg, struct emd_config_room *room)
{
	room->disks = cfg->nr_disks;
	room->arrays = cfg->nr_arrays;
	room->members = cfg->nr_members;
	room->native = asr_native_room(cfg);
}

const struct emd_meta_ops emd_asr_ops = {
	.name = "asr",
	.whole_disks_only = true,
	.tail_sectors = 4096,		/* 2048 and some that are reserved for arrays of stripes */
	.global_names = true,
	.next_extent = asr_next_extent,
	.recognize = asr_recognize,
	.decode = asr_decode,
	.elect = asr_elect,
	.unite = asr_unite,
	.room = asr_room,
	.can_express = asr_can_express,
	.can_change = asr_can_change,
	.update = asr_update,
	.supersede = asr_supersede,
	.encode_max = asr_encode_max,
	.encode = asr_encode,
	.describe = asr_describe,
	.new_disk = asr_new_disk,
	.adopt = asr_adopt,
	.new_container = asr_new_container,
	.place_array = asr_place_array,
	.can_take = asr_can_take,
	.erase = asr_erase,
	.owned = asr_owned,
};
