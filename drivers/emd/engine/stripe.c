// SPDX-License-Identifier: GPL-2.0
/*
 * The engine without redundancy: concat and raid0.
 *
 * A request is cut at strips (raid0) or members (concat); each piece is a clone
 * sent on. A request without data (discard, write-zeroes) over many strips is one
 * clone a member, for what a member holds of any range is one run.
 *
 * There is nothing to repair an error from: it is counted, and answered. No
 * locks; start makes the map, the I/O path only reads it.
 */
#include <linux/slab.h>

#include "../emd.h"
#include "../log.h"

/* array->engine_data of a concat: for each slot the first array sector behind it. */
struct concat_map {
	u16 nr_members;
	u64 ends[] __counted_by(nr_members);
};

static void map_sector(const struct emd_array *array, u64 array_sector, struct emd_piece *piece)
{
	const struct concat_map *map = array->engine_data;

	if (map)
		emd_concat_map(map->ends, map->nr_members, array_sector, piece);
	else
		emd_geo_map(&array->geo, array_sector, 0, piece);
}

/* Sectors of the array below @array_sector that @slot holds. */
static u64 slot_below(const struct emd_array *array, u64 array_sector, u16 slot)
{
	const struct concat_map *map = array->engine_data;
	u64 begin;

	if (!map)
		return emd_geo_slot_below(&array->geo, array_sector, slot);
	begin = slot ? map->ends[slot - 1] : 0;
	return clamp(array_sector, begin, map->ends[slot]) - begin;
}

static void put_pending(struct emd_io *io)
{
	if (atomic_dec_and_test(&io->pending))
		emd_io_end(io);
}

static void stripe_endio(struct bio *bio)
{
	struct emd_clone *clone = emd_bio_clone(bio);
	struct emd_io *io = clone->io;

	if (unlikely(bio->bi_status)) {
		struct emd_member *member = clone->member;

		emd_io_set_status(io, bio->bi_status);
		/* A member that is gone is for the core to judge; an error is not. */
		if (emd_clone_failed(clone) && READ_ONCE(member->disk->gone) &&
		    emd_member_fail(member, "device gone"))
			io->park = true;
	}
	emd_clone_put(clone);
	put_pending(io);
}

/* False when the rest of the io is not to be sent. */
static bool send_piece(struct emd_io *io, u16 slot, u64 array_sector, u64 member_sector,
		       unsigned int nr_sectors)
{
	struct emd_member *member = &io->array->members[slot];
	struct emd_clone *clone;

	if (unlikely(!member->bdev)) {
		emd_io_set_status(io, BLK_STS_IOERR);
		return false;
	}
	clone = emd_io_clone(io, member, array_sector, member_sector, nr_sectors);
	if (unlikely(!clone)) {
		emd_io_set_status(io, io->bio->bi_opf & REQ_NOWAIT ?
				  BLK_STS_AGAIN : BLK_STS_RESOURCE);
		return false;
	}
	clone->bio.bi_end_io = stripe_endio;
	atomic_inc(&io->pending);
	emd_clone_submit(clone);
	return true;
}

static void send_data(struct emd_io *io)
{
	u64 sector = io->bio->bi_iter.bi_sector;
	u64 end = bio_end_sector(io->bio);

	while (sector < end) {
		struct emd_piece piece;
		unsigned int nr_sectors;

		map_sector(io->array, sector, &piece);
		nr_sectors = min(end - sector, piece.nr_sectors);
		if (!send_piece(io, piece.slot, sector, piece.member_sector, nr_sectors))
			return;
		sector += nr_sectors;
	}
}

static void send_ranges(struct emd_io *io)
{
	struct emd_array *array = io->array;
	u64 sector = io->bio->bi_iter.bi_sector;
	u64 end = bio_end_sector(io->bio);
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++) {
		u64 from = slot_below(array, sector, slot);
		u64 to = slot_below(array, end, slot);

		if (from < to && !send_piece(io, slot, sector, from, to - from))
			return;
	}
}

static void stripe_submit(struct emd_array *array, struct emd_io *io)
{
	/* One more than clones, so that the io outlives the loop. */
	atomic_set(&io->pending, 1);
	/* Where a range is not one run on each member it goes strip by strip. */
	if (bio_has_data(io->bio) || (!array->engine_data && !emd_geo_dense(&array->geo)))
		send_data(io);
	else
		send_ranges(io);
	put_pending(io);
}

static int concat_start(struct emd_array *array, struct emd_errmsg *msg)
{
	struct concat_map *map;
	u64 end = 0;
	u16 slot;

	map = kzalloc(struct_size(map, ends, array->geo.nr_members), GFP_KERNEL);
	if (!map)
		return EMD_REFUSE(msg, -ENOMEM, "out of memory");
	map->nr_members = array->geo.nr_members;
	for (slot = 0; slot < map->nr_members; slot++) {
		u64 nr_sectors = array->members[slot].nr_sectors;

		if (!nr_sectors || nr_sectors >= EMD_MAX_SECTORS) {
			kfree(map);
			return EMD_REFUSE(msg, -EUCLEAN, "member %u has %llu sectors", slot,
					  nr_sectors);
		}
		end += nr_sectors;
		map->ends[slot] = end;
	}
	if (end < array->geo.array_sectors) {
		kfree(map);
		return EMD_REFUSE(msg, -EUCLEAN, "array of %llu sectors, the members hold %llu",
				  array->geo.array_sectors, end);
	}
	array->engine_data = map;
	return 0;
}

static int stripe_start(struct emd_array *array, struct emd_errmsg *msg)
{
	array->engine_data = NULL;
	return array->geo.level == EMD_LEVEL_CONCAT ? concat_start(array, msg) : 0;
}

static void stripe_stop(struct emd_array *array)
{
	kfree(array->engine_data);
	array->engine_data = NULL;
}

const struct emd_engine_ops emd_stripe_engine = {
	.name	= "stripe",
	.start	= stripe_start,
	.stop	= stripe_stop,
	.submit	= stripe_submit,
};
