// SPDX-License-Identifier: GPL-2.0
/*
 * RAID 4, 5 and 6: one operation on one band.
 *
 *   PLANNING --> READING --> (compute) --> WRITING --> done
 *      ^            |                \
 *      +- a strip --+                 answer a reader --> MENDING --> VERIFYING --> done
 *         was bad
 *
 * What is read, what is computed and what is written are all in the operation's
 * own buffers: users' data is copied there first, so that the parity is made of
 * exactly the bytes that reach the disks, whatever the user does to its pages
 * meanwhile. Unless the administrator has vouched for the users (zero_copy): then
 * a strip's data that came in one request stays where it is.
 *
 * An operation goes on where its last bio ended when a bio-based member ended it
 * inside of somebody's ->submit_bio: then bios sent here wait on current->bio_list,
 * nothing sleeps and nothing nests. Anywhere else, interrupts above all, it goes on
 * in the workqueue of the CPU it is on, as it always does while a member is being
 * replaced: then it may wait for the pool of the twin's bios. Else it allocates nothing.
 *
 * When members fail the plan is made anew as long as it only reads. Once it
 * writes, members that fail are out of service, and the rest of the row is
 * complete without them as long as the level can bear it: emd_member_fail() knows.
 */
#include <linux/bvec.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../emd.h"
#include "parity.h"

/* ---- where to go on ----------------------------------------------------------- */

/* Request queues end bios with a read lock held that nobody may sleep under. */
static bool may_go_on_after(const struct bio *bio)
{
	return bdev_test_flag(bio->bi_bdev, BD_HAS_SUBMIT_BIO) && current->bio_list &&
	       in_task() && !irqs_disabled() && !rcu_preempt_depth() &&
	       (!IS_ENABLED(CONFIG_PREEMPT_COUNT) || preemptible());
}

/**
 * parity_op_queue() - go on with an operation in process context
 * @op: started
 *
 * Context: Any, irq-safe.
 */
void parity_op_queue(struct parity_op *op)
{
	queue_work(op->engine->wq, &op->work);
}

/**
 * parity_op_work() - work function of an operation
 * @work: its
 *
 * Context: Process context, sleeps.
 */
void parity_op_work(struct work_struct *work)
{
	struct parity_op *op = container_of(work, struct parity_op, work);
	struct blk_plug plug;

	blk_start_plug(&plug);
	if (op->phase == PARITY_FEEDING)
		parity_feed(op);
	else
		parity_op_run(op);
	blk_finish_plug(&plug);
}

/* ---- planning -------------------------------------------------------------------- */

static struct emd_member *member_of(const struct parity_op *op, u16 part)
{
	return &op->engine->array->members[op->strips[part].slot];
}

static void find_strips(struct parity_op *op)
{
	const struct emd_geometry *geo = &op->engine->array->geo;
	u16 nr_data = op->engine->math.nr_data, p_slot, q_slot, k;

	emd_geo_row_begin(geo, op->row, &op->row_sector);
	for (k = 0; k < nr_data; k++) {
		op->strips[k].slot = emd_geo_data_slot(geo, op->row, k);
		if (op->engine->math.nr_parity == 2)
			op->q_index[k] = emd_geo_q_index(geo, op->row, op->strips[k].slot);
	}
	emd_geo_parity(geo, op->row, &p_slot, &q_slot);
	op->strips[nr_data].slot = p_slot;
	if (op->engine->math.nr_parity == 2)
		op->strips[nr_data + 1].slot = q_slot;
}

static int plan_op(struct parity_op *op)
{
	struct parity_engine *engine = op->engine;
	u64 row_end = parity_row_end(engine, op->row);
	unsigned int nr_lost = 0;
	u16 i;

	op->plan.nr_data = engine->math.nr_data;
	op->plan.nr_parity = engine->math.nr_parity;
	op->plan.can_update = emd_parity_can_update(&engine->math);
	for (i = 0; i < parity_nr_parts(engine); i++) {
		const struct emd_member *member = member_of(op, i);

		op->parts[i].readable = member->bdev && parity_readable(member, row_end);
		op->parts[i].writable = parity_writable(member);
		nr_lost += !op->parts[i].readable;
	}
	/* With one source left for everything, that is what is right. */
	op->plan.consistent = nr_lost >= op->plan.nr_parity ||
			      row_end <= READ_ONCE(engine->array->resync_sector);
	return op->kind == PARITY_READ ? parity_plan_read(&op->plan, op->parts) :
	       parity_plan_write(&op->plan, op->parts);
}

/* ---- bios --------------------------------------------------------------------------- */

static void strip_endio(struct bio *bio)
{
	struct parity_strip *strip = container_of(bio, struct parity_strip, bio);
	struct parity_op *op = strip->op;
	/* With a twin what comes next may sleep, and this may be the end of the twin's bio. */
	bool here = may_go_on_after(bio) && likely(!op->engine->array->twin);

	strip->status = bio->bi_status;
	if (unlikely(bio->bi_status))
		WRITE_ONCE(op->failed, true);
	bio_uninit(bio);
	if (!atomic_dec_and_test(&op->pending))
		return;
	if (here)
		parity_op_run(op);
	else
		parity_op_queue(op);
}

static u64 disk_sector_of(const struct parity_op *op, u16 part, u16 lo)
{
	return member_of(op, part)->start_sector + op->row_sector + op->band_offset + lo;
}

/* Data for a bio: from the users' pages, or from the buffer of a part. */
static void add_data(struct parity_op *op, struct bio *bio, u16 buffer, u32 at, u32 end,
		     const struct parity_strip *from)
{
	u32 chunk = op->engine->chunk_bytes;

	if (from) {
		bio->bi_io_vec = from->source->bi_io_vec;
		bio->bi_iter = from->at;
		bio->bi_iter.bi_size = end - at;
		bio_set_flag(bio, BIO_CLONED);
		return;
	}
	while (at < end) {
		void *data = parity_buf(op, buffer, at >> SECTOR_SHIFT);
		u32 len = min(end - at, chunk - (at & (chunk - 1)));

		__bio_add_page(bio, virt_to_page(data), len, offset_in_page(data));
		at += len;
	}
}

/* @buffer: the part whose buffer it is. */
static void send_run(struct parity_op *op, u16 part, u16 buffer, const struct parity_run *run,
		     blk_opf_t opf)
{
	struct parity_engine *engine = op->engine;
	struct parity_strip *strip = &op->strips[part];
	struct bio *bio = &strip->bio;
	u32 at = run->lo << SECTOR_SHIFT, end = run->hi << SECTOR_SHIFT;
	bool users = op->phase == PARITY_WRITING && strip->source;

	bio_init(bio, member_of(op, part)->bdev, strip->bvecs, engine->chunks, opf);
	bio->bi_end_io = strip_endio;
	if (op->nr_pieces) {
		bio_clone_blkg_association(bio, op->pieces[0].io->bio);
		bio->bi_ioprio = op->pieces[0].io->bio->bi_ioprio;
	}
	if (bio_op(bio) == REQ_OP_WRITE_ZEROES)
		bio->bi_iter.bi_size = end - at;
	else
		add_data(op, bio, buffer, at, end, users ? strip : NULL);
	bio->bi_iter.bi_sector = disk_sector_of(op, part, run->lo);
	strip->status = BLK_STS_OK;
	atomic_inc(&op->pending);
	emd_member_submit(member_of(op, part), bio);
}

/* False when there was nothing to send, or all of it has ended already. */
static bool send_reads(struct parity_op *op)
{
	blk_opf_t opf = REQ_OP_READ | REQ_SYNC | (op->opf & (REQ_META | REQ_PRIO));
	u16 i;

	op->failed = false;
	atomic_set(&op->pending, 1);
	for (i = 0; i < parity_nr_parts(op->engine); i++) {
		op->strips[i].status = BLK_STS_OK;
		if (!parity_run_is_empty(&op->parts[i].read))
			send_run(op, i, i, &op->parts[i].read, opf);
	}
	return !atomic_dec_and_test(&op->pending);
}

static bool send_writes(struct parity_op *op)
{
	u16 i;

	op->failed = false;
	atomic_set(&op->pending, 1);
	for (i = 0; i < parity_nr_parts(op->engine); i++) {
		op->strips[i].status = BLK_STS_OK;
		if (!parity_run_is_empty(&op->parts[i].write))
			send_run(op, i, i, &op->parts[i].write, REQ_OP_WRITE | op->opf);
	}
	return !atomic_dec_and_test(&op->pending);
}

static bool send_zeroes(struct parity_op *op)
{
	struct parity_run band = { .hi = op->engine->band_sectors };
	blk_opf_t opf = REQ_OP_WRITE_ZEROES | (op->opf & REQ_SYNC);
	u16 i;

	if (bio_op(op->pieces[0].io->bio) == REQ_OP_WRITE_ZEROES)
		opf |= op->pieces[0].io->bio->bi_opf & REQ_NOUNMAP;
	op->failed = false;
	atomic_set(&op->pending, 1);
	for (i = 0; i < parity_nr_parts(op->engine); i++) {
		op->strips[i].status = BLK_STS_OK;
		if (op->parts[i].writable)
			send_run(op, i, i, &band, opf);
	}
	return !atomic_dec_and_test(&op->pending);
}

/* ---- users' data ------------------------------------------------------------------------ */

/* Between a user's pages and the operation's buffers; what carries no data is zero. */
static void copy_piece(struct parity_op *op, const struct parity_piece *piece, bool to_user)
{
	const struct parity_engine *engine = op->engine;
	struct bio *bio = piece->io->bio;
	struct bvec_iter iter = piece->iter;
	u32 at = piece->lo;
	u16 k;

	for (k = at / engine->strip_sectors; k * engine->strip_sectors < piece->hi; k++) {
		u32 from, to, sector;

		if (!parity_piece_run(op, piece->lo, piece->hi, k, &from, &to))
			continue;
		sector = from - (k * engine->strip_sectors + op->band_offset);
		if (op->strips[k].source)
			continue;
		if (bio_has_data(bio) && from > at)
			bio_advance_iter(bio, &iter, (from - at) << SECTOR_SHIFT);
		at = to;
		from <<= SECTOR_SHIFT;
		to <<= SECTOR_SHIFT;
		while (from < to) {
			void *data = parity_buf(op, k, sector) + (from & (SECTOR_SIZE - 1));
			u32 room = engine->chunk_bytes - ((sector << SECTOR_SHIFT) &
							  (engine->chunk_bytes - 1)) -
				   (from & (SECTOR_SIZE - 1));
			u32 len = min(to - from, room);

			if (bio_has_data(bio)) {
				struct bio_vec bv = bio_iter_iovec(bio, iter);
				void *user = bvec_kmap_local(&bv);

				len = min(len, bv.bv_len);
				if (to_user)
					memcpy(user, data, len);
				else
					memcpy(data, user, len);
				kunmap_local(user);
				if (to_user)
					flush_dcache_page(bv.bv_page);
				bio_advance_iter(bio, &iter, len);
			} else {
				memset(data, 0, len);
			}
			sector += ((from & (SECTOR_SIZE - 1)) + len) >> SECTOR_SHIFT;
			from += len;
		}
	}
}

static void copy_pieces(struct parity_op *op, bool to_user)
{
	unsigned int i;

	for (i = 0; i < op->nr_pieces; i++)
		copy_piece(op, &op->pieces[i], to_user);
}

/* Only whole sectors can be computed from where they are. */
static bool is_aligned(struct bio *bio, struct bvec_iter iter, u32 bytes)
{
	struct bio_vec bv;

	iter.bi_size = bytes;
	__bio_for_each_bvec(bv, bio, iter, iter)
		if ((bv.bv_offset | bv.bv_len) & (SECTOR_SIZE - 1))
			return false;
	return true;
}

/* A strip of a piece that need not be copied: it is all that is new there, and all at hand. */
static void find_source(struct parity_op *op, const struct parity_piece *piece, u16 k, u32 from,
			u32 to)
{
	const struct parity_run *fresh = &op->parts[k].fresh;
	struct parity_strip *strip = &op->strips[k];
	struct bio *bio = piece->io->bio;

	if (to - from != parity_run_sectors(fresh) || op->plan.method == PARITY_BY_RECOVERY)
		return;
	if (op->plan.method == PARITY_BY_DATA &&
	    parity_run_sectors(fresh) != parity_run_sectors(&op->plan.range))
		return;
	strip->at = piece->iter;
	bio_advance_iter(bio, &strip->at, (from - piece->lo) << SECTOR_SHIFT);
	if (is_aligned(bio, strip->at, (to - from) << SECTOR_SHIFT))
		strip->source = bio;
}

static void find_sources(struct parity_op *op)
{
	const struct parity_engine *engine = op->engine;
	unsigned int i;
	u16 k;

	for (k = 0; k < op->plan.nr_data; k++)
		op->strips[k].source = NULL;
	if (!READ_ONCE(engine->array->zero_copy) || op->kind != PARITY_WRITE)
		return;
	for (i = 0; i < op->nr_pieces; i++) {
		const struct parity_piece *piece = &op->pieces[i];
		u32 from, to;

		if (!bio_has_data(piece->io->bio))
			continue;
		for (k = piece->lo / engine->strip_sectors;
		     k * engine->strip_sectors < piece->hi; k++)
			if (parity_piece_run(op, piece->lo, piece->hi, k, &from, &to))
				find_source(op, piece, k, from, to);
	}
}

/* ---- arithmetic --------------------------------------------------------------------------- */

/* Point at the row's blocks from a sector on; returns how many bytes of them are contiguous. */
static u32 point_at(struct parity_op *op, u32 sector, u32 end)
{
	const struct parity_engine *engine = op->engine;
	u32 at = sector << SECTOR_SHIFT;
	u16 i;

	for (i = 0; i < parity_nr_parts(engine); i++)
		op->blocks[i] = parity_buf(op, i, sector);
	return min3((end << SECTOR_SHIFT) - at,
		    engine->chunk_bytes - (at & (engine->chunk_bytes - 1)), PARITY_BLOCK_BYTES);
}

/* Point at a strip's data where the user has it; what is mapped are pages of the linear map. */
static u32 point_at_source(struct parity_op *op, u16 k, u32 len)
{
	struct parity_strip *strip = &op->strips[k];
	struct bio_vec bv = mp_bvec_iter_bvec(strip->source->bi_io_vec, strip->cursor);

	op->blocks[k] = page_address(bv.bv_page) + bv.bv_offset;
	return min(len, bv.bv_len);
}

static void walk_sources(struct parity_op *op, u32 len)
{
	u16 k;

	for (k = 0; k < op->plan.nr_data; k++)
		if (op->strips[k].source)
			bio_advance_iter(op->strips[k].source, &op->strips[k].cursor, len);
}

static void generate(struct parity_op *op)
{
	u32 at = op->plan.range.lo, len;
	u16 k;

	for (k = 0; k < op->plan.nr_data; k++)
		op->strips[k].cursor = op->strips[k].at;
	for (; at < op->plan.range.hi; at += len >> SECTOR_SHIFT) {
		len = point_at(op, at, op->plan.range.hi);
		for (k = 0; k < op->plan.nr_data; k++)
			if (op->strips[k].source)
				len = point_at_source(op, k, len);
		emd_parity_generate(&op->engine->math, op->q_index, op->blocks, len, op->scratch);
		walk_sources(op, len);
	}
}

/* @fresh: carry the new data into the parity, else the old out of it. */
static void update(struct parity_op *op, bool fresh)
{
	u32 at, len;
	u16 k;

	for (k = 0; k < op->plan.nr_data; k++) {
		const struct parity_run *run = &op->parts[k].fresh;
		struct parity_strip *strip = &op->strips[k];
		bool users = fresh && strip->source;

		strip->cursor = strip->at;
		for (at = run->lo; at < run->hi; at += len >> SECTOR_SHIFT) {
			len = point_at(op, at, run->hi);
			if (users)
				len = point_at_source(op, k, len);
			emd_parity_update(&op->engine->math, op->q_index, op->blocks, k, len,
					  op->scratch);
			if (users)
				bio_advance_iter(strip->source, &strip->cursor, len);
		}
	}
}

static bool recover(struct parity_op *op)
{
	u32 at = op->plan.range.lo, len;
	unsigned int nr_lost;
	u16 lost[2];

	nr_lost = parity_plan_lost(&op->plan, op->parts, lost);
	for (; at < op->plan.range.hi; at += len >> SECTOR_SHIFT) {
		len = point_at(op, at, op->plan.range.hi);
		if (!emd_parity_recover(&op->engine->math, op->q_index, op->blocks, lost, nr_lost,
					len, op->scratch))
			return false;
	}
	return true;
}

static bool compute(struct parity_op *op)
{
	find_sources(op);
	if (op->plan.method == PARITY_BY_RECOVERY && !recover(op))
		return false;
	if (op->kind == PARITY_READ) {
		copy_pieces(op, true);
		return true;
	}
	if (op->plan.method == PARITY_BY_UPDATE)
		update(op, false);
	copy_pieces(op, false);
	if (op->plan.method == PARITY_BY_UPDATE)
		update(op, true);
	else if (op->plan.method != PARITY_WITHOUT)
		generate(op);
	return true;
}

/* ---- the end ---------------------------------------------------------------------------------- */

/* Ios whose last piece this was; they are ended when nothing here is needed any more. */
static void release_pieces(struct parity_op *op, bool park, struct list_head *ended)
{
	unsigned int i;

	for (i = 0; i < op->nr_pieces; i++) {
		struct emd_io *io = op->pieces[i].io;

		if (park)
			WRITE_ONCE(io->park, true);
		emd_io_set_status(io, op->status);
		if (parity_io_put(io))
			list_add_tail(&io->node, ended);
	}
	op->nr_pieces = 0;
}

static void end_ios(struct list_head *ended)
{
	struct emd_io *io, *next;

	list_for_each_entry_safe(io, next, ended, node)
		parity_io_end(io);
}

/* Returns the operation that comes next on the band, to be started by the caller. */
static struct parity_op *finish_op(struct parity_op *op, bool park)
{
	struct parity_op *next = parity_op_leave(op);
	LIST_HEAD(ended);

	release_pieces(op, park, &ended);
	parity_op_put(op);
	/* Ours may have been the last: only the ios of @next keep the engine then. */
	end_ios(&ended);
	return next;
}

static struct parity_op *refuse_op(struct parity_op *op)
{
	op->status = BLK_STS_IOERR;
	return finish_op(op, false);
}

/* Is there anything of the row that is known by way of the others only? */
static bool row_is_degraded(const struct parity_op *op)
{
	u16 i;

	for (i = 0; i < parity_nr_parts(op->engine); i++)
		if (!op->parts[i].readable || !parity_writable(member_of(op, i)))
			return true;
	return false;
}

/* Send again what could not be written. */
static bool rewrite(struct parity_op *op)
{
	u16 i;

	for (i = 0; i < parity_nr_parts(op->engine); i++)
		if (!op->strips[i].status)
			op->parts[i].write = (struct parity_run){};
	op->again = true;
	return send_writes(op);
}

/*
 * Judge who could not write. True when somebody's failure must be recorded first.
 * A member that may not fail stays; but with others lost what is computed for
 * them would be wrong now, and must not be believed.
 */
static bool judge_writes(struct parity_op *op)
{
	bool park = false;
	u16 i;

	if (likely(!op->failed))
		return false;
	for (i = 0; i < parity_nr_parts(op->engine); i++) {
		struct emd_member *member = member_of(op, i);
		blk_status_t status = op->strips[i].status;

		if (!status)
			continue;
		emd_member_error(member, REQ_OP_WRITE,
				 disk_sector_of(op, i, op->parts[i].write.lo),
				 parity_run_sectors(&op->parts[i].write), status);
		if (emd_member_fail(member, "write error")) {
			park = true;
			continue;
		}
		op->status = status;
		if (row_is_degraded(op))
			emd_member_drop(member, "write error with no redundancy left");
	}
	return park;
}

/*
 * Members may not know how to write zeroes; then all get them as data, and who
 * asked is not led to believe that it is quick.
 */
static bool judge_zeroes(struct parity_op *op)
{
	struct request_queue *q = op->engine->array->gd->queue;
	u16 i;

	if (likely(!op->failed))
		return true;
	for (i = 0; i < parity_nr_parts(op->engine); i++) {
		if (!op->strips[i].status ||
		    bdev_write_zeroes_sectors(member_of(op, i)->bdev))
			continue;
		blk_queue_disable_discard(q);
		blk_queue_disable_write_zeroes(q);
	}
	return false;
}

/* ---- after a read error -------------------------------------------------------------------------- */

static void mark_bad(struct parity_op *op)
{
	u16 i;

	for (i = 0; i < parity_nr_parts(op->engine); i++) {
		struct parity_part *part = &op->parts[i];

		if (!op->strips[i].status)
			continue;
		part->bad = true;
		emd_member_error(member_of(op, i), REQ_OP_READ,
				 disk_sector_of(op, i, part->read.lo),
				 parity_run_sectors(&part->read), op->strips[i].status);
		if (READ_ONCE(member_of(op, i)->disk->gone))
			emd_member_fail(member_of(op, i), "device gone");
	}
}

/*
 * A strip that was recovered for a reader, and could be made readable again. One
 * that goes anyway is spared: what it cannot rewrite would be its end now.
 */
static bool find_bad(struct parity_op *op)
{
	u16 i;

	if (op->plan.method != PARITY_BY_RECOVERY || !emd_array_may_mend(op->engine->array))
		return false;
	for (i = 0; i < op->plan.nr_data; i++) {
		if (op->parts[i].bad && op->parts[i].readable &&
		    parity_writable(member_of(op, i)) && !emd_member_twin(member_of(op, i))) {
			op->mending = i;
			return true;
		}
	}
	return false;
}

/* The buffer to read back into: of any other part. */
static u16 other_part(const struct parity_op *op)
{
	return op->mending ? 0 : 1;
}

static bool send_one(struct parity_op *op, u16 buffer, blk_opf_t opf)
{
	op->failed = false;
	atomic_set(&op->pending, 1);
	send_run(op, op->mending, buffer, &op->plan.range, opf);
	return !atomic_dec_and_test(&op->pending);
}

static bool read_back_is_same(struct parity_op *op)
{
	u32 at = op->plan.range.lo, end = op->plan.range.hi;

	for (; at < end; at++)
		if (memcmp(parity_buf(op, op->mending, at), parity_buf(op, other_part(op), at),
			   SECTOR_SIZE))
			return false;
	return true;
}

/* The readers have been answered, and the array is kept by a reference of our own. */
static struct parity_op *finish_mending(struct parity_op *op, bool good)
{
	struct emd_array *array = op->engine->array;
	struct emd_member *member = member_of(op, op->mending);
	u64 sector = op->row * op->engine->row_sectors +
		     op->mending * op->engine->strip_sectors + op->band_offset +
		     op->plan.range.lo;
	struct parity_op *next;

	if (good)
		emd_member_repaired(member, sector, parity_run_sectors(&op->plan.range));
	else
		emd_member_fail(member, "read error, and cannot be rewritten");
	emd_range_unlock(array->ranges, &op->range);
	next = parity_op_leave(op);
	parity_op_put(op);
	percpu_ref_put(&array->reads);
	return next;
}

/* ---- the operation ---------------------------------------------------------------------------------- */

/*
 * Answer the readers; true when a bad strip is to be made readable behind their
 * backs. Not while background work wants the row: that finds it as well.
 */
static bool begin_mending(struct parity_op *op)
{
	struct emd_array *array = op->engine->array;
	u64 start = op->row * op->engine->row_sectors;
	LIST_HEAD(ended);

	if (likely(!find_bad(op)))
		return false;
	if (emd_range_shared(array->ranges, &op->range, start,
			     parity_row_end(op->engine, op->row) - start, true) !=
	    EMD_RANGE_GRANTED)
		return false;
	if (!percpu_ref_tryget_live(&array->reads)) {
		emd_range_unlock(array->ranges, &op->range);
		return false;
	}
	op->phase = PARITY_MENDING;
	release_pieces(op, false, &ended);
	end_ios(&ended);
	return true;
}

/**
 * parity_op_run() - go on with an operation
 * @op: started
 *
 * Each step leaves the rest to the bios it sent, or goes on with the next, or is
 * the last; then it goes on with the next operation of the band. Everything may be
 * gone when this returns.
 *
 * Context: Task context; sleeps, unless within ->submit_bio.
 */
void parity_op_run(struct parity_op *op)
{
	while (op) {
		switch (op->phase) {
		case PARITY_PLANNING:
			find_strips(op);
			if (plan_op(op)) {
				op = refuse_op(op);
				break;
			}
			op->phase = op->kind == PARITY_ZERO ? PARITY_WRITING : PARITY_READING;
			if (op->kind == PARITY_ZERO ? send_zeroes(op) : send_reads(op))
				return;
			break;

		case PARITY_READING:
			if (unlikely(op->failed)) {
				mark_bad(op);
				op->phase = PARITY_PLANNING;
				break;
			}
			if (!compute(op)) {
				op = refuse_op(op);
				break;
			}
			if (op->kind == PARITY_WRITE) {
				op->phase = PARITY_WRITING;
				if (send_writes(op))
					return;
			} else if (!begin_mending(op)) {
				op = finish_op(op, false);
			} else if (send_one(op, op->mending, REQ_OP_WRITE | REQ_SYNC | REQ_FUA)) {
				return;
			}
			break;

		case PARITY_WRITING:
			if (op->kind == PARITY_ZERO && !judge_zeroes(op)) {
				op->kind = PARITY_WRITE;
				op->phase = PARITY_PLANNING;
				break;
			}
			if (unlikely(op->failed) && !op->again) {
				if (rewrite(op))
					return;
				break;
			}
			op = finish_op(op, judge_writes(op));
			break;

		case PARITY_MENDING:
			if (op->failed) {
				op = finish_mending(op, false);
				break;
			}
			op->phase = PARITY_VERIFYING;
			if (send_one(op, other_part(op), REQ_OP_READ | REQ_SYNC))
				return;
			break;

		case PARITY_VERIFYING:
			op = finish_mending(op, !op->failed && read_back_is_same(op));
			break;

		default:
			WARN_ON_ONCE(1);
			return;
		}
	}
}
