// SPDX-License-Identifier: GPL-2.0
/*
 * The engine of copies: raid1, raid1e and raid10, for users' requests. Read
 * errors are dealt with in mirror_repair.c, background work in mirror_sync.c.
 *
 * Reads are a clone and a remap, without any lock. Which copy:
 *
 *   - where redundancy is not established (at or above resync_sector) the one
 *     the resync takes as its source: the first member in sync, in copy order.
 *     Two reads of a sector then never give two answers;
 *   - on devices without heads a copy that depends on the address, in regions
 *     of 64 MiB, and on the CPU, unless that has more reads in flight there than
 *     elsewhere.
 *     Counters are kept for each CPU: no line is shared by those that submit,
 *     and when every CPU balances what it sends, the members are balanced;
 *   - with heads the copy whose head is there already, then the one with the
 *     least to do, then the nearest.
 *
 * Writes go to every copy whose member is in sync or being filled. The range is
 * locked shared (range_lock.c), which costs two per-cpu increments unless
 * background work or a repair is going on.
 *
 * A write error fails the member, and the write is parked until the metadata
 * says so, provided that what was written is complete without that member. When
 * no copy was written nobody can say who is at fault: the user gets the error
 * and no member is failed. That is judged once all clones are done.
 *
 * REQ_NOWAIT: a write that would have to wait for its range is refused. Once it
 * has the range, it must reach all copies or none, so it may sleep for a bio or
 * a tag rather than fail with half of the copies sent.
 *
 * Data that changes under a write (O_DIRECT) may differ between the copies
 * afterwards, here as with md's raid1: nothing is copied aside.
 */
#include <linux/math64.h>
#include <linux/percpu.h>
#include <linux/slab.h>

#include "../emd.h"
#include "../log.h"
#include "mirror.h"

/*
 * A CPU's neighbouring reads stay on one copy within this: 64 MiB. Small regions
 * would have every member look up all of its address space for half of the
 * reads: twice the nodes of a ramdisk's tree, twice the mapping pages that a
 * flash disk without memory of its own keeps at hand. Each CPU begins with
 * another copy, so what is small and hot for all of them has all copies.
 */
#define REGION_SHIFT	17
/* So many more reads in flight on the preferred copy are put up with. */
#define LOAD_SLACK	2

/* ---- which copy to read ------------------------------------------------------- */

/**
 * mirror_source_copy() - the copy that the others are made from
 * @array: array
 * @first_slot: slot of the first copy
 *
 * What a resync or rebuild reads, and therefore every read where redundancy is
 * not established.
 *
 * Return: first copy whose member is in sync, -1 when there is none.
 * Context: Any.
 */
int mirror_source_copy(const struct emd_array *array, u16 first_slot)
{
	const struct emd_geometry *geo = &array->geo;
	u16 copy;

	for (copy = 0; copy < geo->nr_copies; copy++) {
		u16 slot = mirror_slot(geo, first_slot, copy);

		if (READ_ONCE(array->members[slot].state) == EMD_MEMBER_IN_SYNC)
			return copy;
	}
	return -1;
}

static int least_loaded(const struct emd_array *array, const atomic_t *loads, u16 first_slot,
			u64 array_sector, u64 end)
{
	const struct emd_geometry *geo = &array->geo;
	u16 copy = ((u32)(array_sector >> REGION_SHIFT) + raw_smp_processor_id()) % geo->nr_copies;
	int best = -1, best_load = 0;
	u16 i;

	for (i = 0; i < geo->nr_copies; i++) {
		u16 slot = mirror_slot(geo, first_slot, copy);

		if (mirror_readable(&array->members[slot], end)) {
			int load = atomic_read(&loads[slot]);

			if (best < 0 || load + LOAD_SLACK < best_load) {
				best = copy;
				best_load = load;
			}
			if (best_load <= LOAD_SLACK)
				break;
		}
		if (++copy == geo->nr_copies)
			copy = 0;
	}
	return best;
}

static int nearest_head(const struct emd_array *array, u16 first_slot, u64 array_sector, u64 end)
{
	const struct emd_geometry *geo = &array->geo;
	u64 best_distance = 0;
	int best = -1, best_load = 0;
	u16 copy;

	for (copy = 0; copy < geo->nr_copies; copy++) {
		struct emd_member *member = &array->members[mirror_slot(geo, first_slot, copy)];
		struct emd_piece piece;
		u64 distance, head;
		int load;

		if (!mirror_readable(member, end))
			continue;
		emd_geo_map(geo, array_sector, copy, &piece);
		head = READ_ONCE(member->next_sector);
		if (head == piece.member_sector)
			return copy;
		load = atomic_read(&member->nr_inflight);
		distance = 0;
		if (member->disk->rotational)
			distance = max(head, piece.member_sector) - min(head, piece.member_sector);
		if (best < 0 || load < best_load ||
		    (load == best_load && distance < best_distance)) {
			best = copy;
			best_load = load;
			best_distance = distance;
		}
	}
	return best;
}

/*
 * Choose a copy for sectors that lie in one strip. @counter is what to count the
 * read in flight with. NULL: there is no copy.
 */
static struct emd_member *pick_copy(struct emd_mirror *mirror, u64 array_sector,
				    unsigned int nr_sectors, struct emd_piece *piece,
				    atomic_t **counter)
{
	struct emd_array *array = mirror->array;
	u64 end = array_sector + nr_sectors;
	atomic_t *loads = raw_cpu_ptr(mirror->inflight);
	bool heads = READ_ONCE(mirror->rotational);
	struct emd_member *member;
	int copy;

	emd_geo_map(&array->geo, array_sector, 0, piece);
	if (unlikely(end > READ_ONCE(array->resync_sector)))
		copy = mirror_source_copy(array, piece->slot);
	else if (heads)
		copy = nearest_head(array, piece->slot, array_sector, end);
	else
		copy = least_loaded(array, loads, piece->slot, array_sector, end);
	if (unlikely(copy < 0))
		return NULL;
	if (copy)
		emd_geo_map(&array->geo, array_sector, copy, piece);

	member = &array->members[piece->slot];
	if (heads) {
		WRITE_ONCE(member->next_sector, piece->member_sector + nr_sectors);
		*counter = &member->nr_inflight;
	} else {
		*counter = &loads[piece->slot];
	}
	return member;
}

/* ---- what failed ----------------------------------------------------------------- */

/* A member failed under an io; the clone is not yet put. */
static void note_failure(struct emd_clone *clone)
{
	struct emd_io *io = clone->io;
	struct emd_mirror *mirror = io->array->engine_data;
	struct mirror_failures *failures = mirror_failures(io);
	u32 start = clone->array_sector - io->bio->bi_iter.bi_sector;
	u32 end = start + clone->nr_sectors;
	unsigned long flags;

	spin_lock_irqsave(&mirror->lock, flags);
	if (!failures->nr) {
		failures->status = clone->bio.bi_status;
		failures->start = start;
		failures->end = end;
	}
	failures->start = min(failures->start, start);
	failures->end = max(failures->end, end);
	if (!mirror_has_failed(failures, clone->member->slot)) {
		if (failures->nr < ARRAY_SIZE(failures->slots))
			failures->slots[failures->nr] = clone->member->slot;
		if (failures->nr < U8_MAX)
			failures->nr++;
	}
	spin_unlock_irqrestore(&mirror->lock, flags);
}

/* ---- reads --------------------------------------------------------------------------- */

static void read_again_work(struct work_struct *work)
{
	struct emd_io *io = container_of(work, struct emd_io, work);

	mirror_read_again(io);
	emd_io_end(io);
}

static void put_read(struct emd_io *io)
{
	struct emd_mirror *mirror = io->array->engine_data;

	if (!atomic_dec_and_test(&io->pending))
		return;
	if (unlikely(mirror_failures(io)->nr) && !io->status) {
		INIT_WORK(&io->work, read_again_work);
		queue_work(mirror->wq, &io->work);
		return;
	}
	emd_io_end(io);
}

static void read_endio(struct bio *bio)
{
	struct emd_clone *clone = emd_bio_clone(bio);
	struct emd_io *io = clone->io;

	atomic_dec((atomic_t *)bio->bi_private);
	if (unlikely(bio->bi_status)) {
		if (emd_clone_failed(clone))
			note_failure(clone);
		else
			emd_io_set_status(io, bio->bi_status);
	}
	emd_clone_put(clone);
	put_read(io);
}

/* Why emd_io_clone() gave nothing. */
static blk_status_t no_clone_status(const struct emd_io *io)
{
	return io->bio->bi_opf & REQ_NOWAIT ? BLK_STS_AGAIN : BLK_STS_RESOURCE;
}

static void submit_read(struct emd_mirror *mirror, struct emd_io *io)
{
	u64 sector = io->bio->bi_iter.bi_sector;
	u64 end = bio_end_sector(io->bio);

	while (sector < end) {
		unsigned int nr_sectors = min(end - sector,
					      mirror_run_sectors(&mirror->array->geo, sector));
		struct emd_member *member;
		struct emd_piece piece;
		struct emd_clone *clone;
		atomic_t *counter;

		member = pick_copy(mirror, sector, nr_sectors, &piece, &counter);
		if (unlikely(!member)) {
			emd_io_set_status(io, BLK_STS_IOERR);
			break;
		}
		clone = emd_io_clone(io, member, sector, piece.member_sector, nr_sectors);
		if (unlikely(!clone)) {
			emd_io_set_status(io, no_clone_status(io));
			break;
		}
		clone->bio.bi_end_io = read_endio;
		clone->bio.bi_private = counter;
		atomic_inc(counter);
		atomic_inc(&io->pending);
		emd_clone_submit(clone);
		sector += nr_sectors;
	}
	put_read(io);
}

/* ---- writes ---------------------------------------------------------------------------- */

/**
 * mirror_share_strips() - do two slots hold both copies of something?
 * @geo: raid1e or raid10
 * @a: slot
 * @b: another
 *
 * Context: Any.
 */
bool mirror_share_strips(const struct emd_geometry *geo, u16 a, u16 b)
{
	if (geo->layout == EMD_LAYOUT_ADJACENT && geo->nr_members % 2 == 0)
		return a / 2 == b / 2;
	return mirror_slot(geo, a, 1) == b || mirror_slot(geo, b, 1) == a;
}

/* Is what was written complete without the members that failed? */
static bool complete_without(const struct emd_geometry *geo, const struct mirror_failures *failures)
{
	unsigned int i, k;

	if (geo->level == EMD_LEVEL_RAID1)
		return failures->nr < failures->attempted;
	if (failures->nr > ARRAY_SIZE(failures->slots))
		return false;
	for (i = 0; i < failures->nr; i++)
		for (k = i + 1; k < failures->nr; k++)
			if (mirror_share_strips(geo, failures->slots[i], failures->slots[k]))
				return false;
	return true;
}

static void judge_failures(struct emd_io *io)
{
	struct emd_array *array = io->array;
	struct mirror_failures *failures = mirror_failures(io);
	unsigned int i, known = min_t(unsigned int, failures->nr, ARRAY_SIZE(failures->slots));

	if (!complete_without(&array->geo, failures)) {
		emd_io_set_status(io, failures->status);
		return;
	}
	for (i = 0; i < known; i++) {
		/* Refused: the only full copy of something, and it missed this write. */
		if (emd_member_fail(&array->members[failures->slots[i]], "write error"))
			io->park = true;
		else
			emd_io_set_status(io, failures->status);
	}
	/* Those we lost sight of stay in service, so the write is not done. */
	if (known < failures->nr)
		emd_io_set_status(io, failures->status);
}

static void put_write(struct emd_io *io)
{
	if (!atomic_dec_and_test(&io->pending))
		return;
	if (unlikely(mirror_failures(io)->nr))
		judge_failures(io);
	/* Before it may be parked: what waits for the range may be waited for by the commit. */
	emd_range_unlock(io->array->ranges, &io->range);
	emd_io_end(io);
}

static void write_endio(struct bio *bio)
{
	struct emd_clone *clone = emd_bio_clone(bio);
	struct emd_io *io = clone->io;

	if (unlikely(bio->bi_status)) {
		if (emd_clone_failed(clone))
			note_failure(clone);
		else if (bio_op(bio) != REQ_OP_DISCARD || bio->bi_status != BLK_STS_NOTSUPP)
			emd_io_set_status(io, bio->bi_status);
		/* A discard is a hint, and a spare may not know it. */
	}
	emd_clone_put(clone);
	put_write(io);
}

static bool send_copy(struct emd_io *io, struct emd_member *member, u64 array_sector,
		      u64 member_sector, unsigned int nr_sectors)
{
	struct emd_clone *clone;

	clone = emd_io_clone(io, member, array_sector, member_sector, nr_sectors);
	if (unlikely(!clone)) {
		emd_io_set_status(io, no_clone_status(io));
		return false;
	}
	clone->bio.bi_end_io = write_endio;
	atomic_inc(&io->pending);
	emd_clone_submit(clone);
	return true;
}

/* All copies of sectors that lie in one strip. */
static bool send_copies(struct emd_io *io, u64 array_sector, unsigned int nr_sectors)
{
	struct emd_array *array = io->array;
	const struct emd_geometry *geo = &array->geo;
	unsigned int attempted = 0;
	u16 copy;

	/*
	 * Copies that fail before the last is sent are judged against all: the
	 * count is complete before the submitter's own put.
	 */
	for (copy = 0; copy < geo->nr_copies; copy++) {
		struct emd_member *member;
		struct emd_piece piece;

		emd_geo_map(geo, array_sector, copy, &piece);
		member = &array->members[piece.slot];
		if (!mirror_in_service(member))
			continue;
		if (!send_copy(io, member, array_sector, piece.member_sector, nr_sectors))
			return false;
		attempted++;
	}
	mirror_failures(io)->attempted = attempted;
	if (unlikely(!attempted))
		emd_io_set_status(io, BLK_STS_IOERR);
	return attempted;
}

static bool send_pieces(struct emd_io *io, u64 sector, u64 end)
{
	while (sector < end) {
		unsigned int nr_sectors = min(end - sector,
					      mirror_run_sectors(&io->array->geo, sector));

		if (!send_copies(io, sector, nr_sectors))
			return false;
		sector += nr_sectors;
	}
	return true;
}

/*
 * What carries no data can be as long as the array: whole units of the layout
 * are one run on each member, whatever the layout.
 */
static void send_without_data(struct emd_io *io, u64 sector, u64 end)
{
	struct emd_array *array = io->array;
	const struct emd_geometry *geo = &array->geo;
	u64 unit = emd_geo_stripe_sectors(geo);
	u64 first = div64_u64(sector + unit - 1, unit), last = div64_u64(end, unit);
	/* Sectors of one unit on each member. */
	u64 depth = div_u64(unit * geo->nr_copies, geo->nr_members);
	u16 slot;

	if (geo->level == EMD_LEVEL_RAID1 || first >= last) {
		send_pieces(io, sector, end);
		return;
	}
	if (!send_pieces(io, sector, first * unit))
		return;
	for (slot = 0; slot < geo->nr_members; slot++) {
		struct emd_member *member = &array->members[slot];

		if (mirror_in_service(member) &&
		    !send_copy(io, member, first * unit, first * depth, (last - first) * depth))
			return;
	}
	send_pieces(io, last * unit, end);
}

static void submit_write(struct emd_io *io)
{
	u64 sector = io->bio->bi_iter.bi_sector;
	u64 end = bio_end_sector(io->bio);

	/* All copies or none. */
	io->bio->bi_opf &= ~REQ_NOWAIT;
	if (bio_has_data(io->bio))
		send_pieces(io, sector, end);
	else
		send_without_data(io, sector, end);
	put_write(io);
}

static void granted_work(struct work_struct *work)
{
	submit_write(container_of(work, struct emd_io, work));
}

static void write_granted(struct emd_range *range)
{
	struct emd_io *io = container_of(range, struct emd_io, range);
	struct emd_mirror *mirror = io->array->engine_data;

	INIT_WORK(&io->work, granted_work);
	queue_work(mirror->wq, &io->work);
}

static void lock_and_write(struct emd_io *io)
{
	struct emd_array *array = io->array;

	io->range.mode = EMD_RANGE_NONE;
	io->range.granted = write_granted;
	switch (emd_range_shared(array->ranges, &io->range, io->bio->bi_iter.bi_sector,
				 bio_sectors(io->bio), !!(io->bio->bi_opf & REQ_NOWAIT))) {
	case EMD_RANGE_GRANTED:
		submit_write(io);
		break;
	case EMD_RANGE_QUEUED:
		break;
	case EMD_RANGE_BUSY:
		emd_io_set_status(io, BLK_STS_AGAIN);
		emd_io_end(io);
		break;
	}
}

/* ---- the engine ----------------------------------------------------------------------------- */

static void mirror_submit(struct emd_array *array, struct emd_io *io)
{
	*mirror_failures(io) = (struct mirror_failures){};
	/* One more than clones, so that the io outlives the loop. */
	atomic_set(&io->pending, 1);
	if (op_is_write(bio_op(io->bio)))
		lock_and_write(io);
	else
		submit_read(array->engine_data, io);
}

/* For a new disk in a slot; failures change nothing here. */
static void mirror_member_changed(struct emd_array *array, struct emd_member *member)
{
	struct emd_mirror *mirror = array->engine_data;
	bool rotational = false;
	u16 slot;

	if (!mirror)
		return;
	for (slot = 0; slot < array->geo.nr_members; slot++)
		if (array->members[slot].disk)
			rotational |= array->members[slot].disk->rotational;
	WRITE_ONCE(mirror->rotational, rotational);
}

static void mirror_stop(struct emd_array *array)
{
	struct emd_mirror *mirror = array->engine_data;

	if (!mirror)
		return;
	mirror_repair_exit(mirror);
	if (mirror->wq)
		destroy_workqueue(mirror->wq);
	bioset_exit(&mirror->clones);
	free_percpu(mirror->inflight);
	kfree(mirror);
	array->engine_data = NULL;
}

static int mirror_start(struct emd_array *array, struct emd_errmsg *msg)
{
	struct emd_mirror *mirror;

	if (array->geo.nr_copies < 2 || array->geo.nr_copies > MIRROR_MAX_COPIES)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%u copies, need 2 to %u",
				  array->geo.nr_copies, MIRROR_MAX_COPIES);

	mirror = kzalloc(sizeof(*mirror), GFP_KERNEL);
	array->engine_data = mirror;
	if (!mirror)
		return EMD_REFUSE(msg, -ENOMEM, "out of memory");
	mirror->array = array;
	spin_lock_init(&mirror->lock);
	mirror->wq = alloc_workqueue("emd_mirror/%d", WQ_MEM_RECLAIM | WQ_UNBOUND, 0,
				     array->minor);
	mirror->inflight = __alloc_percpu(array->geo.nr_members * sizeof(atomic_t),
					  __alignof__(atomic_t));
	if (!mirror->wq || !mirror->inflight ||
	    bioset_init(&mirror->clones, 4, 0, 0) || mirror_repair_init(mirror)) {
		mirror_stop(array);
		return EMD_REFUSE(msg, -ENOMEM, "out of memory");
	}
	mirror_member_changed(array, NULL);
	return 0;
}

const struct emd_engine_ops emd_mirror_engine = {
	.name		= "mirror",
	.start		= mirror_start,
	.stop		= mirror_stop,
	.submit		= mirror_submit,
	.member_changed	= mirror_member_changed,
	.job_window	= mirror_window,
	.window_idle	= mirror_window_idle,
	.window_sectors	= mirror_window_sectors,
	.window_pages	= mirror_window_pages,
};
