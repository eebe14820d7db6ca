// SPDX-License-Identifier: GPL-2.0
/*
 * RAID 4, 5 and 6: the way of a request to the operations on its rows.
 *
 * A read of strips that are there is a clone and a remap, with no lock and no
 * copy. Everything else is cut at rows, and rows at bands: the same sectors of
 * the strip on all members, at most a strip high. What a request has in one band
 * is a piece; pieces of many requests are gathered into one operation; there is
 * one operation at a time on a band. Documentation/parity-engine.rst tells it
 * whole.
 *
 *   submit --> pieces --> gathered in an operation, on its bucket's list
 *                            |  first of its band, and wanted
 *                            v
 *                         started: parity_op.c does it
 *                            |
 *                            v
 *              the next of the band starts; ios whose last piece this was end
 *
 * An operation is wanted at once, or when the submitter's plug is flushed, or
 * when it covers the whole band. While it waits behind another it gathers.
 *
 * Nobody sleeps here for an operation: an io that finds none joins the waiters
 * and goes on when one is free. It keeps what it has; that ends without it.
 *
 * Locks: bucket->lock for the operations of its bands, engine->lock for the
 * waiters; both leaves, irq-safe, never held together.
 */
#include <linux/hash.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../emd.h"
#include "../log.h"
#include "parity.h"

/* What all buffers of an array may take together, and of one operation. */
#define PARITY_POOL_BYTES	(32U << 20)
#define PARITY_OP_BYTES		(2U << 20)
#define PARITY_MIN_OPS		8U
/* Writes are cut at whole rows, but not into smaller parts than this. */
#define PARITY_CUT_SECTORS	512U
/* Bytes of a row are counted in 32 bits. */
#define PARITY_MAX_ROW		(1U << 21)

struct parity_plug {
	struct blk_plug_cb cb;
	struct list_head ops;
};

/* ---- operations come and go ----------------------------------------------------- */

static struct parity_bucket *bucket_of(struct parity_engine *engine, u64 band)
{
	return &engine->buckets[hash_64(band, engine->bucket_bits)];
}

static struct emd_io *next_waiter(struct parity_engine *engine)
{
	unsigned long flags;
	struct emd_io *io;

	if (list_empty_careful(&engine->waiters))
		return NULL;
	spin_lock_irqsave(&engine->lock, flags);
	io = list_first_entry_or_null(&engine->waiters, struct emd_io, node);
	if (io)
		list_del(&io->node);
	spin_unlock_irqrestore(&engine->lock, flags);
	return io;
}

static struct parity_op *op_take(struct parity_engine *engine, unsigned int nr, unsigned int end)
{
	for_each_clear_bit_from(nr, engine->pool, end) {
		struct parity_op *op = engine->ops[nr];

		if (test_and_set_bit_lock(nr, engine->pool))
			continue;
		refcount_set(&op->refs, 1);
		return op;
	}
	return NULL;
}

/*
 * The first free one from where this CPU's share begins: its buffers are the ones
 * that this CPU used last, and that are still in its cache.
 */
static struct parity_op *op_get(struct parity_engine *engine)
{
	unsigned int start = raw_smp_processor_id() * engine->nr_ops / nr_cpu_ids;
	struct parity_op *op = op_take(engine, start, engine->nr_ops);

	return op ? op : op_take(engine, 0, start);
}

/* To the io that waits longest, or back to the pool. */
static void op_free(struct parity_op *op)
{
	struct parity_engine *engine = op->engine;

	/* A plug may hold the last one, and nothing else of the array: see parity_stop(). */
	rcu_read_lock();
	do {
		op->waiter = next_waiter(engine);
		if (op->waiter) {
			refcount_set(&op->refs, 1);
			op->phase = PARITY_FEEDING;
			queue_work(engine->wq, &op->work);
			break;
		}
		clear_bit_unlock(op->nr, engine->pool);
		/* Who joins the waiters looks at the pool once more, see wait_for_op(). */
		smp_mb();
		if (wq_has_sleeper(&engine->idle))
			wake_up_all(&engine->idle);
		if (list_empty_careful(&engine->waiters))
			break;
		op = op_get(engine);
	} while (op);
	rcu_read_unlock();
}

/**
 * parity_op_put() - give up a reference to an operation
 * @op: not to be touched any more
 *
 * Context: Any, irq-safe.
 */
void parity_op_put(struct parity_op *op)
{
	if (refcount_dec_and_test(&op->refs))
		op_free(op);
}

/* @first: it had one already, and was not content. The io is not ours any more then. */
static void wait_for_op(struct parity_engine *engine, struct emd_io *io, bool first)
{
	struct parity_op *op;
	unsigned long flags;

	spin_lock_irqsave(&engine->lock, flags);
	if (first)
		list_add(&io->node, &engine->waiters);
	else
		list_add_tail(&io->node, &engine->waiters);
	spin_unlock_irqrestore(&engine->lock, flags);
	/* Pairs with the one in op_free(): one of us sees what the other did. */
	smp_mb();
	op = op_get(engine);
	if (op)
		op_free(op);
}

/* The last one of its band, or NULL. */
static struct parity_op *last_op(struct parity_bucket *bucket, u64 band)
{
	struct parity_op *op;

	lockdep_assert_held(&bucket->lock);
	list_for_each_entry_reverse(op, &bucket->ops, node)
		if (op->band == band)
			return op;
	return NULL;
}

static bool may_start_locked(struct parity_op *op)
{
	if (op->started || op->behind || !op->wanted)
		return false;
	op->started = true;
	return true;
}

/**
 * parity_op_leave() - an operation is done with its band
 * @op: started
 *
 * Return: the one to be started now, or NULL.
 * Context: Any, irq-safe.
 */
struct parity_op *parity_op_leave(struct parity_op *op)
{
	struct parity_bucket *bucket = bucket_of(op->engine, op->band);
	struct parity_op *next, *found = NULL;
	unsigned long flags;

	spin_lock_irqsave(&bucket->lock, flags);
	list_del(&op->node);
	list_for_each_entry(next, &bucket->ops, node) {
		if (next->band != op->band)
			continue;
		next->behind = false;
		if (may_start_locked(next))
			found = next;
		break;
	}
	spin_unlock_irqrestore(&bucket->lock, flags);
	return found;
}

/* ---- plugs ------------------------------------------------------------------------ */

static void unplug_op(struct parity_op *op, bool from_schedule)
{
	struct parity_bucket *bucket = bucket_of(op->engine, op->band);
	unsigned long flags;
	bool start = false;

	list_del_init(&op->plug_node);
	spin_lock_irqsave(&bucket->lock, flags);
	/* It may be done, but not in other hands: we have a reference. */
	if (!op->started) {
		op->wanted = true;
		start = may_start_locked(op);
	}
	spin_unlock_irqrestore(&bucket->lock, flags);
	/* A task that is about to sleep would take the bios along. */
	if (start && from_schedule)
		parity_op_queue(op);
	else if (start)
		parity_op_run(op);
	parity_op_put(op);
}

/* Once something has started we may sleep, and then the plug is flushed and gone. */
static void unplug_ops(struct parity_plug *plug, bool from_schedule)
{
	LIST_HEAD(ops);

	list_splice_init(&plug->ops, &ops);
	while (!list_empty(&ops))
		unplug_op(list_first_entry(&ops, struct parity_op, plug_node), from_schedule);
}

static void unplug(struct blk_plug_cb *cb, bool from_schedule)
{
	struct parity_plug *plug = container_of(cb, struct parity_plug, cb);

	unplug_ops(plug, from_schedule);
	kfree(plug);
}

static struct parity_plug *current_plug(struct parity_engine *engine)
{
	struct blk_plug_cb *cb = blk_check_plugged(unplug, engine, sizeof(struct parity_plug));
	struct parity_plug *plug;

	if (!cb)
		return NULL;
	plug = container_of(cb, struct parity_plug, cb);
	if (!plug->ops.next)
		INIT_LIST_HEAD(&plug->ops);
	return plug;
}

/* ---- pieces ------------------------------------------------------------------------- */

static enum parity_kind kind_of(const struct emd_io *io)
{
	return op_is_write(bio_op(io->bio)) ? PARITY_WRITE : PARITY_READ;
}

/* Where an array sector is in the io's bio. Rising sectors cost the least. */
static struct bvec_iter iter_at(struct emd_io *io, u64 sector)
{
	if (!bio_has_data(io->bio))
		return io->bio->bi_iter;
	if (sector < io->cursor.bi_sector)
		io->cursor = io->bio->bi_iter;
	if (sector > io->cursor.bi_sector)
		bio_advance_iter(io->bio, &io->cursor,
				 (sector - io->cursor.bi_sector) << SECTOR_SHIFT);
	return io->cursor;
}

static void op_init(struct parity_op *op, u64 row, u32 band, enum parity_kind kind)
{
	struct parity_engine *engine = op->engine;

	op->row = row;
	op->band = row * engine->bands + band;
	op->band_offset = band * engine->band_sectors;
	op->kind = kind;
	op->behind = false;
	op->wanted = false;
	op->started = false;
	op->opf = 0;
	op->nr_fresh = 0;
	op->nr_pieces = 0;
	op->phase = PARITY_PLANNING;
	op->again = false;
	op->status = BLK_STS_OK;
	memset(op->parts, 0, parity_nr_parts(engine) * sizeof(*op->parts));
}

/*
 * May a piece join? It must not overlap what is there, so that writes keep their
 * order; it must leave one run on each strip; and the sectors of the parity that
 * change must stay one run, for others are not to be touched.
 */
static bool can_join(const struct parity_op *op, u32 lo, u32 hi)
{
	const struct parity_engine *engine = op->engine;
	struct parity_run range = {};
	bool touches = false;
	u16 k;

	if (op->started || op->kind != PARITY_WRITE || op->nr_pieces == PARITY_MAX_PIECES)
		return false;
	for (k = 0; k < engine->math.nr_data; k++)
		parity_run_join(&range, &op->parts[k].fresh);
	for (k = lo / engine->strip_sectors; k * engine->strip_sectors < hi; k++) {
		const struct parity_run *fresh = &op->parts[k].fresh;
		u32 from, to;

		if (!parity_piece_run(op, lo, hi, k, &from, &to))
			continue;
		from -= k * engine->strip_sectors + op->band_offset;
		to -= k * engine->strip_sectors + op->band_offset;
		if (!parity_run_is_empty(fresh) && from != fresh->hi && to != fresh->lo)
			return false;
		touches |= from <= range.hi && to >= range.lo;
	}
	return touches;
}

static void join(struct parity_op *op, struct emd_io *io, u32 lo, u32 hi)
{
	const struct parity_engine *engine = op->engine;
	u64 row_start = op->row * engine->row_sectors;
	struct parity_piece *piece = &op->pieces[op->nr_pieces++];
	u16 k;

	piece->io = io;
	piece->lo = lo;
	piece->hi = hi;
	piece->iter = iter_at(io, row_start + lo);
	op->opf |= io->bio->bi_opf & (REQ_FUA | REQ_SYNC | REQ_META | REQ_PRIO | REQ_SWAP);
	for (k = lo / engine->strip_sectors; k * engine->strip_sectors < hi; k++) {
		struct parity_run run;
		u32 from, to;

		if (!parity_piece_run(op, lo, hi, k, &from, &to))
			continue;
		run.lo = from - (k * engine->strip_sectors + op->band_offset);
		run.hi = to - (k * engine->strip_sectors + op->band_offset);
		parity_run_join(op->kind == PARITY_READ ? &op->parts[k].wanted :
				&op->parts[k].fresh, &run);
		op->nr_fresh += to - from;
	}
	atomic_inc(&io->pending);
}

static bool is_whole_band(const struct parity_op *op)
{
	return op->nr_fresh == op->engine->math.nr_data * op->engine->band_sectors;
}

/*
 * Give a piece to an operation. @spare: one that the caller has, and may keep.
 * False when there is none to be had.
 */
static bool add_piece(struct parity_engine *engine, struct emd_io *io, u64 row, u32 band, u32 lo,
		      u32 hi, struct parity_op **spare)
{
	enum parity_kind kind = kind_of(io);
	bool nowait = io->bio->bi_opf & REQ_NOWAIT;
	u64 number = row * engine->bands + band;
	struct parity_bucket *bucket = bucket_of(engine, number);
	struct parity_plug *plug = NULL;
	struct parity_op *op, *last;
	unsigned long flags;
	bool start;

	/* Looked up each time: where we sleep the plug is flushed, and gone. */
	if (kind == PARITY_WRITE && hi - lo < engine->row_sectors)
		plug = current_plug(engine);
	/* Taking one first costs little, and the lock need not be taken twice. */
	if (!*spare)
		*spare = op_get(engine);

	spin_lock_irqsave(&bucket->lock, flags);
	last = last_op(bucket, number);
	if (last && kind == PARITY_WRITE && can_join(last, lo, hi)) {
		op = last;
		join(op, io, lo, hi);
	} else if (*spare) {
		op = *spare;
		*spare = NULL;
		op_init(op, row, band, kind);
		op->behind = last;
		join(op, io, lo, hi);
		if (kind == PARITY_WRITE && !bio_has_data(io->bio) && is_whole_band(op))
			op->kind = PARITY_ZERO;
		list_add_tail(&op->node, &bucket->ops);
		if (plug && !is_whole_band(op)) {
			refcount_inc(&op->refs);
			list_add_tail(&op->plug_node, &plug->ops);
		}
	} else {
		spin_unlock_irqrestore(&bucket->lock, flags);
		return false;
	}
	if (!plug || is_whole_band(op))
		op->wanted = true;
	start = may_start_locked(op);
	spin_unlock_irqrestore(&bucket->lock, flags);
	if (!start)
		return true;
	/* The members' bios would wait for room where this one must not. */
	if (nowait)
		parity_op_queue(op);
	else
		parity_op_run(op);
	return true;
}

/*
 * A request over the edge between two strips can have the end of one and the
 * beginning of the other: two runs of parity, so two pieces.
 */
static u32 split_at(const struct parity_engine *engine, u32 lo, u32 hi)
{
	u32 edge = roundup(lo + 1, engine->strip_sectors);

	if (edge < hi && hi <= edge + engine->strip_sectors &&
	    lo % engine->strip_sectors > hi - edge)
		return edge;
	return hi;
}

/* All that is left of an io in one row. False when it must wait for an operation. */
static bool add_row(struct parity_engine *engine, struct emd_io *io, u64 row, u32 lo, u32 hi,
		    struct parity_op **spare)
{
	struct parity_request *req = parity_request(io);
	u32 edge = split_at(engine, lo, hi);

	for (; req->band < engine->bands; req->band++, req->half = 0) {
		for (; req->half < 2; req->half++) {
			u32 from = req->half ? edge : lo, to = req->half ? hi : edge;
			u32 strip = engine->strip_sectors;
			u32 low = req->band * engine->band_sectors;

			if (from == to)
				continue;
			/* Within one strip it may be above or below this band. */
			if (from / strip == (to - 1) / strip &&
			    (from % strip >= low + engine->band_sectors ||
			     (to - 1) % strip < low))
				continue;
			if (!add_piece(engine, io, row, req->band, from, to, spare))
				return false;
		}
	}
	req->band = 0;
	req->half = 0;
	return true;
}

/* ---- reads of what is there ------------------------------------------------------------ */

static void read_endio(struct bio *bio)
{
	struct emd_clone *clone = emd_bio_clone(bio);
	struct emd_io *io = clone->io;

	if (unlikely(bio->bi_status)) {
		if (emd_clone_failed(clone)) {
			struct parity_engine *engine = io->array->engine_data;
			struct parity_request *req = parity_request(io);
			u32 lo = clone->array_sector - io->bio->bi_iter.bi_sector;
			u32 hi = lo + clone->nr_sectors;
			unsigned long flags;

			spin_lock_irqsave(&engine->lock, flags);
			req->fail_lo = req->fail_hi ? min(req->fail_lo, lo) : lo;
			req->fail_hi = max(req->fail_hi, hi);
			spin_unlock_irqrestore(&engine->lock, flags);
		} else {
			emd_io_set_status(io, bio->bi_status);
		}
	}
	emd_clone_put(clone);
	if (parity_io_put(io))
		parity_io_end(io);
}

static bool send_read(struct emd_io *io, struct emd_member *member, u64 sector,
		      u64 member_sector, unsigned int nr_sectors)
{
	struct emd_clone *clone;

	clone = emd_io_clone(io, member, sector, member_sector, nr_sectors);
	if (unlikely(!clone)) {
		emd_io_set_status(io, io->bio->bi_opf & REQ_NOWAIT ?
				  BLK_STS_AGAIN : BLK_STS_RESOURCE);
		return false;
	}
	clone->bio.bi_end_io = read_endio;
	atomic_inc(&io->pending);
	emd_clone_submit(clone);
	return true;
}

/* False when something of it cannot simply be read, and then nothing is sent. */
static bool read_row(struct parity_engine *engine, struct emd_io *io, u64 row, u32 lo, u32 hi)
{
	struct emd_array *array = engine->array;
	u64 row_end = parity_row_end(engine, row);
	u64 sector = row * engine->row_sectors + lo, end = sector + hi - lo;
	u32 strip = engine->strip_sectors;
	u16 k;

	for (k = lo / strip; k * strip < hi; k++) {
		u16 slot = emd_geo_data_slot(&array->geo, row, k);

		if (!parity_readable(&array->members[slot], row_end))
			return false;
	}
	while (sector < end) {
		struct emd_piece piece;
		unsigned int nr;

		emd_geo_map(&array->geo, sector, 0, &piece);
		nr = min(end - sector, piece.nr_sectors);
		if (!send_read(io, &array->members[piece.slot], sector, piece.member_sector, nr))
			break;
		sector += nr;
	}
	return true;
}

/* The usual case: everybody is in sync. False when somebody is not; nothing is sent then. */
static bool read_all(struct parity_engine *engine, struct emd_io *io)
{
	struct emd_array *array = engine->array;
	u64 sector = io->bio->bi_iter.bi_sector, end = bio_end_sector(io->bio);
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++)
		if (READ_ONCE(array->members[slot].state) != EMD_MEMBER_IN_SYNC)
			return false;
	while (sector < end) {
		struct emd_piece piece;
		unsigned int nr;

		emd_geo_map(&array->geo, sector, 0, &piece);
		nr = min(end - sector, piece.nr_sectors);
		if (!send_read(io, &array->members[piece.slot], sector, piece.member_sector, nr))
			break;
		sector += nr;
	}
	return true;
}

/* ---- requests ---------------------------------------------------------------------------- */

/*
 * Send what is left of a request on its way. Takes over the reference of the
 * submission: the io may be gone when it returns.
 */
static void submit_rows(struct parity_engine *engine, struct emd_io *io, struct parity_op *spare)
{
	struct parity_request *req = parity_request(io);
	enum parity_kind kind = kind_of(io);
	bool fed = spare, waits = false;
	struct parity_plug *plug;

	while (req->next < req->end && !READ_ONCE(io->status)) {
		u32 lo, hi;
		u64 row = div_u64_rem(req->next, engine->row_sectors, &lo);

		hi = min_t(u64, engine->row_sectors, lo + (req->end - req->next));
		if (kind == PARITY_READ && !req->reread && read_row(engine, io, row, lo, hi)) {
			/* sent */
		} else if (bio_op(io->bio) == REQ_OP_DISCARD &&
			   (lo || hi != engine->row_sectors)) {
			/* a hint, and the parity would have to follow */
		} else if (!add_row(engine, io, row, lo, hi, &spare)) {
			waits = true;
			break;
		}
		req->next += hi - lo;
	}
	if (spare)
		parity_op_put(spare);
	if (!waits) {
		if (parity_io_put(io))
			parity_io_end(io);
		return;
	}
	/* Ours wait for nobody, whoever is to free one. */
	plug = current_plug(engine);
	if (plug)
		unplug_ops(plug, false);
	wait_for_op(engine, io, fed);
}

/**
 * parity_feed() - a waiting io goes on
 * @op: operation that it gets
 *
 * Context: Process context, sleeps.
 */
void parity_feed(struct parity_op *op)
{
	submit_rows(op->engine, op->waiter, op);
}

static void granted_work(struct work_struct *work)
{
	struct emd_io *io = container_of(work, struct emd_io, work);

	submit_rows(io->array->engine_data, io, NULL);
}

static void granted(struct emd_range *range)
{
	struct emd_io *io = container_of(range, struct emd_io, range);
	struct parity_engine *engine = io->array->engine_data;

	INIT_WORK(&io->work, granted_work);
	queue_work(engine->wq, &io->work);
}

/* Keep windows of background work away from the range, then go on. */
static void lock_and_submit(struct emd_io *io)
{
	struct emd_array *array = io->array;

	io->range.granted = granted;
	switch (emd_range_shared(array->ranges, &io->range, io->bio->bi_iter.bi_sector,
				 bio_sectors(io->bio), !!(io->bio->bi_opf & REQ_NOWAIT))) {
	case EMD_RANGE_GRANTED:
		submit_rows(array->engine_data, io, NULL);
		break;
	case EMD_RANGE_QUEUED:
		break;
	case EMD_RANGE_BUSY:
		emd_io_set_status(io, BLK_STS_AGAIN);
		if (parity_io_put(io))
			parity_io_end(io);
		break;
	}
}

static void reread_work(struct work_struct *work)
{
	struct emd_io *io = container_of(work, struct emd_io, work);
	struct parity_request *req = parity_request(io);
	u64 start = io->bio->bi_iter.bi_sector;

	req->reread = true;
	req->next = start + req->fail_lo;
	req->end = start + req->fail_hi;
	req->band = 0;
	req->half = 0;
	atomic_set(&io->pending, 1);
	/* Now it matters, and may take its time. */
	io->bio->bi_opf &= ~REQ_NOWAIT;
	if (io->range.mode == EMD_RANGE_NONE)
		lock_and_submit(io);
	else
		submit_rows(io->array->engine_data, io, NULL);
}

/**
 * parity_io_put() - a piece of an io, or its submission, is done
 * @io: not to be touched any more, unless it is the caller's to end
 *
 * Return: true when it was the last, and parity_io_end() comes next.
 * Context: Any, irq-safe.
 */
bool parity_io_put(struct emd_io *io)
{
	return atomic_dec_and_test(&io->pending);
}

/**
 * parity_io_end() - answer an io, or read again what failed of it
 * @io: after parity_io_put() was true
 *
 * Context: Any, irq-safe.
 */
void parity_io_end(struct emd_io *io)
{
	struct parity_engine *engine = io->array->engine_data;
	struct parity_request *req = parity_request(io);

	if (unlikely(req->fail_hi) && !req->reread && !io->status) {
		INIT_WORK(&io->work, reread_work);
		queue_work(engine->wq, &io->work);
		return;
	}
	/* Before it may be parked: what waits for the range may be waited for by the commit. */
	emd_range_unlock(io->array->ranges, &io->range);
	emd_io_end(io);
}

static void parity_submit(struct emd_array *array, struct emd_io *io)
{
	struct parity_engine *engine = array->engine_data;
	struct parity_request *req = parity_request(io);

	*req = (struct parity_request){
		.next = io->bio->bi_iter.bi_sector,
		.end = bio_end_sector(io->bio),
	};
	io->range.mode = EMD_RANGE_NONE;
	/* One more than pieces, so that the io outlives its submission. */
	atomic_set(&io->pending, 1);
	if (!op_is_write(bio_op(io->bio)) && read_all(engine, io)) {
		if (parity_io_put(io))
			parity_io_end(io);
		return;
	}
	lock_and_submit(io);
}

/* ---- start and stop ------------------------------------------------------------------------ */

static void op_destroy(struct parity_engine *engine, struct parity_op *op)
{
	unsigned int i;

	if (!op)
		return;
	for (i = 0; op->chunks && i < parity_nr_parts(engine) * engine->chunks; i++)
		free_pages((unsigned long)op->chunks[i], get_order(engine->chunk_bytes));
	kvfree(op->chunks);
	kfree(op->parts);
	kfree(op->q_index);
	kfree(op->blocks);
	kfree(op->bvecs);
	kvfree(op->strips);
	kvfree(op);
}

static struct parity_op *op_create(struct parity_engine *engine, unsigned int nr)
{
	unsigned int parts = parity_nr_parts(engine), i;
	struct bio_vec *bvecs;
	struct parity_op *op;

	op = kvzalloc(sizeof(*op), GFP_KERNEL);
	if (!op)
		return NULL;
	op->engine = engine;
	op->nr = nr;
	INIT_LIST_HEAD(&op->plug_node);
	INIT_WORK(&op->work, parity_op_work);
	op->parts = kcalloc(parts, sizeof(*op->parts), GFP_KERNEL);
	op->q_index = kcalloc(parts, sizeof(*op->q_index), GFP_KERNEL);
	op->blocks = kcalloc(parts + EMD_PARITY_SCRATCH, sizeof(*op->blocks), GFP_KERNEL);
	op->chunks = kvcalloc(parts * engine->chunks, sizeof(*op->chunks), GFP_KERNEL);
	op->strips = kvcalloc(parts, sizeof(*op->strips), GFP_KERNEL);
	bvecs = kcalloc(parts * engine->chunks, sizeof(*bvecs), GFP_KERNEL);
	op->bvecs = bvecs;
	if (!op->strips || !op->parts || !op->q_index || !op->blocks || !op->chunks || !bvecs)
		goto fail;
	op->scratch = op->blocks + parts;
	for (i = 0; i < parts; i++) {
		op->strips[i].op = op;
		op->strips[i].bvecs = bvecs + i * engine->chunks;
	}
	for (i = 0; i < parts * engine->chunks; i++) {
		op->chunks[i] = (void *)__get_free_pages(GFP_KERNEL | __GFP_NOWARN | __GFP_NORETRY,
							 get_order(engine->chunk_bytes));
		if (!op->chunks[i])
			goto fail;
	}
	return op;

fail:
	op_destroy(engine, op);
	return NULL;
}

static void destroy_pool(struct parity_engine *engine)
{
	unsigned int i;

	for (i = 0; engine->ops && i < engine->nr_ops; i++)
		op_destroy(engine, engine->ops[i]);
	kfree(engine->ops);
	engine->ops = NULL;
}

/* Contiguous buffers if they can be had, else in smaller pieces. */
static int create_pool(struct parity_engine *engine)
{
	u32 band_bytes = engine->band_sectors << SECTOR_SHIFT;
	u32 op_bytes = band_bytes * parity_nr_parts(engine);
	unsigned int i;

	engine->nr_ops = clamp(PARITY_POOL_BYTES / op_bytes, PARITY_MIN_OPS, PARITY_MAX_OPS);
	engine->chunk_bytes = max_t(u32, band_bytes, PAGE_SIZE);
	for (;;) {
		engine->chunks = DIV_ROUND_UP(band_bytes, engine->chunk_bytes);
		engine->ops = kcalloc(engine->nr_ops, sizeof(*engine->ops), GFP_KERNEL);
		if (!engine->ops)
			return -ENOMEM;
		for (i = 0; i < engine->nr_ops; i++) {
			engine->ops[i] = op_create(engine, i);
			if (!engine->ops[i])
				break;
		}
		if (i == engine->nr_ops)
			return 0;
		destroy_pool(engine);
		if (engine->chunk_bytes == PAGE_SIZE)
			return -ENOMEM;
		engine->chunk_bytes /= 2;
	}
}

static int create_buckets(struct parity_engine *engine)
{
	unsigned int i, nr = roundup_pow_of_two(engine->nr_ops * 2);

	engine->bucket_bits = ilog2(nr);
	engine->buckets = kvcalloc(nr, sizeof(*engine->buckets), GFP_KERNEL);
	if (!engine->buckets)
		return -ENOMEM;
	for (i = 0; i < nr; i++) {
		spin_lock_init(&engine->buckets[i].lock);
		INIT_LIST_HEAD(&engine->buckets[i].ops);
	}
	return 0;
}

static void parity_stop(struct emd_array *array)
{
	struct parity_engine *engine = array->engine_data;

	if (!engine)
		return;
	/* No io is in flight, but a plug may hold an operation that is long done. */
	if (engine->ops)
		wait_event(engine->idle, bitmap_empty(engine->pool, PARITY_MAX_OPS));
	synchronize_rcu();
	if (engine->wq)
		destroy_workqueue(engine->wq);
	parity_windows_exit(engine);
	destroy_pool(engine);
	kvfree(engine->buckets);
	emd_parity_math_exit(&engine->math);
	kfree(engine);
	array->engine_data = NULL;
}

static int parity_start(struct emd_array *array, struct emd_errmsg *msg)
{
	const struct emd_geometry *geo = &array->geo;
	struct parity_engine *engine;
	int ret = -ENOMEM;

	engine = kzalloc(sizeof(*engine), GFP_KERNEL);
	array->engine_data = engine;
	if (!engine)
		return EMD_REFUSE(msg, -ENOMEM, "out of memory");
	engine->array = array;
	if (emd_geo_stripe_sectors(geo) > PARITY_MAX_ROW) {
		ret = EMD_REFUSE(msg, -EOPNOTSUPP, "stripes of more than 1 GiB are not supported");
		goto fail;
	}
	spin_lock_init(&engine->lock);
	INIT_LIST_HEAD(&engine->waiters);
	init_waitqueue_head(&engine->idle);
	ret = emd_parity_math_init(&engine->math, geo, msg);
	if (ret)
		goto fail;

	ret = -ENOMEM;
	engine->strip_sectors = geo->strip_sectors;
	engine->row_sectors = emd_geo_stripe_sectors(geo);
	engine->band_sectors = geo->strip_sectors;
	while (engine->band_sectors > PAGE_SECTORS &&
	       (engine->band_sectors << SECTOR_SHIFT) > PARITY_OP_BYTES / geo->nr_members)
		engine->band_sectors /= 2;
	engine->bands = engine->strip_sectors / engine->band_sectors;
	array->write_cut = roundup(PARITY_CUT_SECTORS, engine->row_sectors);
	engine->wq = alloc_workqueue("emd_parity/%d", WQ_MEM_RECLAIM | WQ_HIGHPRI, 0,
				     array->minor);
	if (!engine->wq || create_pool(engine) || create_buckets(engine) ||
	    parity_windows_init(engine)) {
		EMD_REFUSE(msg, ret, "out of memory");
		goto fail;
	}
	return 0;

fail:
	parity_stop(array);
	return ret;
}

static void parity_set_limits(const struct emd_array *array, struct queue_limits *lim)
{
	/*
	 * After a discard members may hold anything, so parity would not agree. But
	 * zeroes are zeroes everywhere, and members are free to drop what is zero.
	 */
	lim->max_hw_discard_sectors = lim->max_write_zeroes_sectors ? lim->max_hw_discard_sectors :
				      0;
	if (lim->max_hw_discard_sectors)
		lim->discard_granularity = emd_geo_stripe_sectors(&array->geo) << SECTOR_SHIFT;
}

const struct emd_engine_ops emd_parity_engine = {
	.name		= "parity",
	.start		= parity_start,
	.stop		= parity_stop,
	.set_limits	= parity_set_limits,
	.submit		= parity_submit,
	.job_window	= parity_window,
	.window_idle	= parity_window_idle,
	.window_sectors	= parity_window_sectors,
	.window_pages	= parity_window_pages,
};
