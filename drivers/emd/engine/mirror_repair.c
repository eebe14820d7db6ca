// SPDX-License-Identifier: GPL-2.0
/*
 * Read errors on copies: answer from another copy, then make the bad one good.
 *
 * The answer comes first. What failed is read again from the other copies, in
 * pieces that get smaller until one copy or the other gives each of them: two
 * copies with bad sectors in different places still make one good answer. No
 * lock is taken, as for any read.
 *
 * The repair comes later, by a work item, with the range locked against writes
 * and background work. Block by block the bad copy is read again; only where it
 * fails again it is written with what a good copy holds, and read back. So
 * nothing is written because of a transport error, and, where redundancy is not
 * established yet, a copy that resync would read is not replaced by another
 * one's opinion but where it has none. A member that cannot be rewritten, or that
 * needs it too often, is failed. Nothing is repaired on an array that is
 * read-only or untouched: those must not be written.
 *
 * Repairs that find no room in the queue are dropped: the next read finds the
 * bad sector again, or the next scrub.
 *
 * While a repair works it holds a reference on array->reads, as a read does, so
 * that the members stay what they are.
 */
#include <linux/slab.h>

#include "../emd.h"
#include "../log.h"
#include "mirror.h"

#define RETRY_DELAY		(HZ / 10)

/* ---- the answer -------------------------------------------------------------------- */

/* Read part of an io from one copy, into the user's pages. */
static blk_status_t read_copy(struct emd_mirror *mirror, struct emd_io *io,
			      struct emd_member *member, u64 array_sector, u64 member_sector,
			      unsigned int nr_sectors)
{
	blk_status_t status;
	struct bio *bio;

	bio = bio_alloc_clone(member->bdev, io->bio, GFP_NOIO, &mirror->clones);
	if (!bio)
		return BLK_STS_RESOURCE;
	/* Now it matters, and may take its time. */
	bio->bi_opf &= ~(REQ_NOWAIT | REQ_RAHEAD | REQ_FAILFAST_MASK);
	bio_advance(bio, (array_sector - bio->bi_iter.bi_sector) << SECTOR_SHIFT);
	bio->bi_iter.bi_sector = member->start_sector + member_sector;
	bio->bi_iter.bi_size = nr_sectors << SECTOR_SHIFT;
	submit_bio_wait(bio);
	status = bio->bi_status;
	bio_put(bio);
	return status;
}

/*
 * From whichever copy gives it. Those that failed before are asked only for the
 * smallest piece, and last.
 */
static blk_status_t read_any_copy(struct emd_mirror *mirror, struct emd_io *io, u64 array_sector,
				  unsigned int nr_sectors, bool smallest)
{
	struct emd_array *array = mirror->array;
	struct mirror_failures *failures = mirror_failures(io);
	blk_status_t status = failures->status;
	unsigned int pass;
	u16 copy;

	for (pass = 0; pass <= smallest; pass++) {
		for (copy = 0; copy < array->geo.nr_copies; copy++) {
			struct emd_member *member;
			struct emd_piece piece;

			emd_geo_map(&array->geo, array_sector, copy, &piece);
			member = &array->members[piece.slot];
			if (!mirror_readable(member, array_sector + nr_sectors) ||
			    mirror_has_failed(failures, piece.slot) != !!pass)
				continue;
			status = read_copy(mirror, io, member, array_sector,
					   piece.member_sector, nr_sectors);
			if (!status)
				return status;
			if (smallest && !pass)
				mirror_repair_queue(mirror, piece.slot, array_sector, nr_sectors);
		}
	}
	return status;
}

/**
 * mirror_read_again() - answer a read of which some clones failed
 * @io: read, all clones done; mirror_failures() says what failed
 *
 * Sets the io's status when no copy of a block can be read; else asks for the
 * repair of what failed.
 *
 * Context: Process context, sleeps.
 */
void mirror_read_again(struct emd_io *io)
{
	struct emd_mirror *mirror = io->array->engine_data;
	const struct emd_geometry *geo = &io->array->geo;
	struct mirror_failures *failures = mirror_failures(io);
	u64 start = io->bio->bi_iter.bi_sector + failures->start;
	u64 end = io->bio->bi_iter.bi_sector + failures->end;
	u64 block = queue_logical_block_size(io->array->gd->queue) >> SECTOR_SHIFT;
	u64 sector = start, chunk = end - start;
	unsigned int i;

	while (sector < end) {
		u64 nr = min3(chunk, end - sector, mirror_run_sectors(geo, sector));
		blk_status_t status = read_any_copy(mirror, io, sector, nr, nr <= block);

		if (!status) {
			sector += nr;
			chunk = min(chunk * 2, end - start);
		} else if (nr > block) {
			/* Narrow down; whole blocks, of a power of two. */
			chunk = max(block, (nr / 2) & ~(block - 1));
		} else {
			emd_io_set_status(io, status);
			emd_err_rl(io->array, "no copy of array sector %llu can be read", sector);
			return;
		}
	}
	for (i = 0; i < min_t(unsigned int, failures->nr, ARRAY_SIZE(failures->slots)); i++)
		mirror_repair_queue(mirror, failures->slots[i], start, end - start);
}

/* ---- the repair ------------------------------------------------------------------------ */

/* A member that goes anyway is spared: what it cannot rewrite would be its end now. */
static bool may_repair(const struct emd_array *array, u16 slot)
{
	return emd_array_may_mend(array) && !emd_member_twin(&array->members[slot]);
}

/**
 * mirror_repair_queue() - ask for a range of one member to be made readable
 * @mirror: engine
 * @slot: of the member
 * @array_sector: first sector
 * @nr_sectors: how many
 *
 * Context: Any, irq-safe. Allocates nothing.
 */
void mirror_repair_queue(struct emd_mirror *mirror, u16 slot, u64 array_sector, u64 nr_sectors)
{
	struct emd_array *array = mirror->array;
	/* A disk with larger physical blocks can only repair whole ones. */
	u64 end = min(round_up(array_sector + nr_sectors, (u64)MIRROR_BLOCK_SECTORS),
		      array->geo.array_sectors);
	struct mirror_repair *repair;
	unsigned long flags;
	bool known = false;

	array_sector = round_down(array_sector, (u64)MIRROR_BLOCK_SECTORS);
	if (!may_repair(array, slot))
		return;

	spin_lock_irqsave(&mirror->lock, flags);
	list_for_each_entry(repair, &mirror->repairs, node)
		known |= repair->slot == slot && repair->array_sector <= array_sector &&
			 end <= repair->array_sector + repair->nr_sectors;
	repair = list_first_entry_or_null(&mirror->free_repairs, struct mirror_repair, node);
	if (repair && !known) {
		repair->slot = slot;
		repair->array_sector = array_sector;
		repair->nr_sectors = end - array_sector;
		list_move_tail(&repair->node, &mirror->repairs);
	}
	spin_unlock_irqrestore(&mirror->lock, flags);
	if (repair && !known)
		queue_delayed_work(mirror->wq, &mirror->repair_work, 0);
}

/* Where on @slot these sectors are; false when they are on other members. */
static bool map_to_slot(const struct emd_geometry *geo, u64 array_sector, u16 slot,
			u16 *slot_copy, struct emd_piece *piece)
{
	u16 copy;

	for (copy = 0; copy < geo->nr_copies; copy++) {
		emd_geo_map(geo, array_sector, copy, piece);
		if (piece->slot == slot) {
			*slot_copy = copy;
			return true;
		}
	}
	return false;
}

/* Read a block from any copy but @bad_copy into @data. */
static bool read_good(struct emd_array *array, u64 array_sector, unsigned int nr_sectors,
		      u16 bad_copy, void *data)
{
	u16 copy;

	for (copy = 0; copy < array->geo.nr_copies; copy++) {
		struct emd_member *member;
		struct emd_piece piece;

		if (copy == bad_copy)
			continue;
		emd_geo_map(&array->geo, array_sector, copy, &piece);
		member = &array->members[piece.slot];
		if (mirror_readable(member, array_sector + nr_sectors) &&
		    !emd_member_io(member, REQ_OP_READ | REQ_SYNC, piece.member_sector,
				   nr_sectors, data))
			return true;
	}
	return false;
}

static void repair_range(struct emd_mirror *mirror, const struct mirror_repair *repair)
{
	struct emd_array *array = mirror->array;
	struct emd_member *member = &array->members[repair->slot];
	void *bad = page_address(mirror->repair_page[0]);
	void *good = page_address(mirror->repair_page[1]);
	u64 sector = repair->array_sector, end = sector + repair->nr_sectors;
	u64 first = 0, nr_fixed = 0;
	u64 nr;

	for (; sector < end; sector += nr) {
		struct emd_piece piece;
		u16 copy;

		nr = min(end - sector, mirror_run_sectors(&array->geo, sector));
		if (!map_to_slot(&array->geo, sector, repair->slot, &copy, &piece))
			continue;
		nr = min_t(u64, nr, MIRROR_BLOCK_SECTORS);
		if (!may_repair(array, repair->slot) || !mirror_readable(member, sector + nr))
			break;
		cond_resched();
		if (!emd_member_io(member, REQ_OP_READ | REQ_SYNC, piece.member_sector, nr, bad))
			continue;
		if (!read_good(array, sector, nr, copy, good))
			continue;
		if (emd_member_rewrite(member, piece.member_sector, nr, good, bad)) {
			emd_member_fail(member, "read error, and cannot be rewritten");
			return;
		}
		if (!nr_fixed)
			first = sector;
		nr_fixed += nr;
	}
	if (nr_fixed)
		emd_member_repaired(member, first, nr_fixed);
}

static void repair_granted(struct emd_range *range)
{
	struct emd_mirror *mirror = container_of(range, struct emd_mirror, repair_range);

	WRITE_ONCE(mirror->repair_granted, true);
	queue_delayed_work(mirror->wq, &mirror->repair_work, 0);
}

/* Take the next repair and ask for its range. */
static void begin_repair(struct emd_mirror *mirror)
{
	struct emd_array *array = mirror->array;
	struct mirror_repair *repair;

	spin_lock_irq(&mirror->lock);
	repair = list_first_entry_or_null(&mirror->repairs, struct mirror_repair, node);
	spin_unlock_irq(&mirror->lock);
	if (!repair) {
		if (mirror->repair_tracks)
			emd_range_untrack(array->ranges);
		mirror->repair_tracks = false;
		return;
	}
	if (!mirror->repair_tracks)
		emd_range_track(array->ranges);
	mirror->repair_tracks = true;
	if (!percpu_ref_tryget_live(&array->reads)) {
		queue_delayed_work(mirror->wq, &mirror->repair_work, RETRY_DELAY);
		return;
	}

	spin_lock_irq(&mirror->lock);
	list_del(&repair->node);
	spin_unlock_irq(&mirror->lock);
	mirror->repair = repair;
	WRITE_ONCE(mirror->repair_granted, false);
	if (emd_range_exclusive(array->ranges, &mirror->repair_range, repair->array_sector,
				repair->nr_sectors) == EMD_RANGE_GRANTED)
		repair_granted(&mirror->repair_range);
}

static void repair_work(struct work_struct *work)
{
	struct emd_mirror *mirror = container_of(to_delayed_work(work), struct emd_mirror,
						 repair_work);
	struct emd_array *array = mirror->array;
	struct mirror_repair *repair = mirror->repair;

	if (!repair) {
		begin_repair(mirror);
		return;
	}
	/* Woken by another request while this one still waits for its range. */
	if (!READ_ONCE(mirror->repair_granted))
		return;

	repair_range(mirror, repair);
	emd_range_unlock(array->ranges, &mirror->repair_range);
	mirror->repair = NULL;
	spin_lock_irq(&mirror->lock);
	list_add(&repair->node, &mirror->free_repairs);
	spin_unlock_irq(&mirror->lock);
	queue_delayed_work(mirror->wq, &mirror->repair_work, 0);
	/* Last: from here on the array may be stopped. */
	percpu_ref_put(&array->reads);
}

/**
 * mirror_repair_init() - reserve what repairs need
 * @mirror: engine that is starting; zeroed, with its lock
 *
 * Return: 0 or -ENOMEM; mirror_repair_exit() either way.
 * Context: Process context, sleeps.
 */
int mirror_repair_init(struct emd_mirror *mirror)
{
	unsigned int i;

	INIT_LIST_HEAD(&mirror->free_repairs);
	INIT_LIST_HEAD(&mirror->repairs);
	for (i = 0; i < MIRROR_NR_REPAIRS; i++)
		list_add_tail(&mirror->all_repairs[i].node, &mirror->free_repairs);
	INIT_DELAYED_WORK(&mirror->repair_work, repair_work);
	mirror->repair_range.granted = repair_granted;
	mirror->repair_page[0] = alloc_page(GFP_KERNEL);
	mirror->repair_page[1] = alloc_page(GFP_KERNEL);
	if (!mirror->repair_page[0] || !mirror->repair_page[1])
		return -ENOMEM;
	return 0;
}

/**
 * mirror_repair_exit() - forget what is not yet repaired
 * @mirror: engine that is stopping, no I/O in flight; perhaps half started
 *
 * Context: Process context, sleeps.
 */
void mirror_repair_exit(struct emd_mirror *mirror)
{
	if (mirror->repair_work.work.func)
		cancel_delayed_work_sync(&mirror->repair_work);
	if (mirror->repair_tracks)
		emd_range_untrack(mirror->array->ranges);
	if (mirror->repair_page[0])
		__free_page(mirror->repair_page[0]);
	if (mirror->repair_page[1])
		__free_page(mirror->repair_page[1]);
}
