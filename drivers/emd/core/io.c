// SPDX-License-Identifier: GPL-2.0
/*
 * The way of a bio: in through emd_fops, through an engine, and out again.
 *
 *   submit_bio
 *     -> split to the limits, take an emd_io from array->bios
 *     -> admit: get array->reads or array->writes   --dead--> held
 *     -> PREFLUSH: flush all members, in parallel
 *     -> engine->submit(): clones to members
 *   emd_io_end()
 *     -> a member's failure not durable yet?        --yes---> parked
 *     -> account, answer the user, put the ref
 *
 * Two places to wait, neither of which blocks a task:
 *
 *   held    before the engine: the array is quiesced, or the metadata says
 *           "clean" and this would change data. Holds no ref. Sent again by
 *           array->held_work.
 *   parked  after the engine: ends with the worker's next commit. Holds its ref,
 *           so whoever drains the array must let the worker run: that is why
 *           emd_array_quiesce() can answer -EAGAIN.
 *
 * No lost wake-up: a ref is made live before S is taken to look for held ios;
 * an io tries its ref again under S before it joins them.
 *
 * Forward progress without the page allocator
 *
 *   bios      one element an io, taken before anything else and, in ->submit_bio
 *             context, while no clone of ours waits on current->bio_list. Held
 *             and parked ios keep theirs; the worker that frees them takes none.
 *   sub_bios  further clones. One io takes several in a row while those before
 *             may still sit on current->bio_list: so it has a rescuer. Each is
 *             put as it completes.
 *   emd_io_wq  work of ours; not emd_wq, whose worker may wait for it to drain.
 *
 * Locks: S for the lists, C for whoever kills or revives the refs.
 */
#include <linux/module.h>
#include <linux/part_stat.h>
#include <linux/percpu-refcount.h>
#include <trace/events/block.h>

#include "../emd.h"
#include "../log.h"
#include "../trace.h"

/* Reserves, in requests that can be under way when memory is gone. */
#define NR_RESERVED_IOS		64
#define NR_RESERVED_CLONES	128

/* A clean mark is not worth more of the worker's time. */
#define BLOCK_WRITES_TIMEOUT	(HZ / 10)

static bool is_empty_flush(const struct bio *bio)
{
	return (bio->bi_opf & REQ_PREFLUSH) && !bio->bi_iter.bi_size;
}

/* Would it make "clean" a lie? A flush changes nothing. */
static bool changes_data(const struct bio *bio)
{
	return op_is_write(bio_op(bio)) && !is_empty_flush(bio);
}

static gfp_t io_gfp(const struct bio *bio)
{
	return bio->bi_opf & REQ_NOWAIT ? GFP_NOWAIT : GFP_NOIO;
}

/* ---- accounting ---------------------------------------------------------- */

static void account_start(struct emd_io *io)
{
	struct bio *bio = io->bio;

	io->accounted = blk_queue_io_stat(bdev_get_queue(bio->bi_bdev));
	if (!io->accounted)
		return;
	if (is_empty_flush(bio))
		io->start_jiffies = jiffies;
	else
		io->start_jiffies = bio_start_io_acct(bio);
}

static void account_end(struct emd_io *io)
{
	struct bio *bio = io->bio;
	struct block_device *part0;

	if (!io->accounted)
		return;
	if (bio->bi_iter.bi_size) {
		bio_end_io_acct(bio, io->start_jiffies);
		return;
	}
	/* As request based disks do: flushes are a column of their own. */
	part0 = bio->bi_bdev->bd_disk->part0;
	part_stat_lock();
	part_stat_inc(part0, ios[STAT_FLUSH]);
	part_stat_add(part0, nsecs[STAT_FLUSH], jiffies_to_nsecs(jiffies - io->start_jiffies));
	part_stat_unlock();
}

/* ---- the end of an io ---------------------------------------------------- */

/* Answers the user. Nothing of @io or its array may be touched afterwards. */
static void io_finish(struct emd_io *io)
{
	struct emd_array *array = io->array;
	struct percpu_ref *ref = io->ref;
	unsigned long now = jiffies;
	struct bio *bio = io->bio;

	account_end(io);
	/* Written once a tick at most: the line is shared by all CPUs. */
	if (ref == &array->writes && READ_ONCE(array->last_write) != now)
		WRITE_ONCE(array->last_write, now);
	if (io->status)
		bio->bi_status = io->status;
	bio_put(&io->first.bio);	/* and @io, which is in front of it */
	bio_endio(bio);
	if (ref)
		percpu_ref_put(ref);
}

/* False when by now there is nothing to wait for. */
static bool io_join_parked(struct emd_io *io)
{
	struct emd_array *array = io->array;
	unsigned long flags;

	spin_lock_irqsave(&array->state_lock, flags);
	if (!io->park && !array->failing) {
		spin_unlock_irqrestore(&array->state_lock, flags);
		return false;
	}
	trace_emd_io_parked(io);
	list_add_tail(&io->node, &array->parked);
	/*
	 * All of this under S: once that is dropped the worker may end the io,
	 * and with it whatever kept the array. The kick makes sure of another
	 * pass when the present one has already taken what was parked.
	 */
	wake_up_all(&array->drained);
	emd_array_pend(array, EMD_PENDING_FAIL);
	spin_unlock_irqrestore(&array->state_lock, flags);
	return true;
}

/**
 * emd_io_end() - an engine is done with an io
 * @io: all clones have completed; its status is in @io->status
 *
 * Answers the user, now, or after the next commit when the failure of some
 * member is not durable: after a crash that member would count as good, and it
 * may have missed this write.
 *
 * Context: Any, irq-safe.
 */
void emd_io_end(struct emd_io *io)
{
	bool wait = io->park;

	/*
	 * An engine that skipped a member saw it failed, and "failing" was set
	 * before that: what is read here is not older, the completions of the
	 * clones lie between. An error promises nothing and need not wait.
	 */
	if (op_is_write(bio_op(io->bio)) && !io->status)
		wait |= READ_ONCE(io->array->failing);
	if (unlikely(wait) && io_join_parked(io))
		return;
	io_finish(io);
}

/**
 * emd_io_take_parked() - what the commit that begins now will release
 * @array: array
 * @parked: list that gets them at its end
 *
 * Must come before, or in one critical section with, the look for members with
 * fail_pending: then the commit covers whatever these ios wait for.
 *
 * Context: Any. Takes S.
 */
void emd_io_take_parked(struct emd_array *array, struct list_head *parked)
{
	unsigned long flags;

	spin_lock_irqsave(&array->state_lock, flags);
	list_splice_tail_init(&array->parked, parked);
	spin_unlock_irqrestore(&array->state_lock, flags);
}

/**
 * emd_io_release_parked() - the commit is over
 * @array: array
 * @parked: from emd_io_take_parked(); empty afterwards
 * @commit_status: BLK_STS_OK when the metadata is durable; else it overrides
 *	success
 *
 * Also ends the state in which writes park, unless another member has failed
 * in the meantime or the commit did not succeed.
 *
 * Context: Any. Takes S.
 */
void emd_io_release_parked(struct emd_array *array, struct list_head *parked,
			   blk_status_t commit_status)
{
	struct emd_io *io, *next;
	bool failing = false;
	unsigned long flags;
	u16 slot;

	if (!commit_status) {
		spin_lock_irqsave(&array->state_lock, flags);
		for (slot = 0; slot < array->geo.nr_members; slot++)
			failing |= array->members[slot].fail_pending;
		WRITE_ONCE(array->failing, failing);
		spin_unlock_irqrestore(&array->state_lock, flags);
	}

	list_for_each_entry_safe(io, next, parked, node) {
		list_del(&io->node);
		emd_io_set_status(io, commit_status);
		trace_emd_io_released(io);
		io_finish(io);
	}
}

/* ---- clones -------------------------------------------------------------- */

static void clone_init(struct emd_clone *clone, struct emd_io *io, struct emd_member *member,
		       u64 array_sector, u64 member_sector, unsigned int nr_sectors)
{
	clone->io = io;
	clone->member = member;
	clone->array_sector = array_sector;
	clone->disk_sector = member->start_sector + member_sector;
	clone->nr_sectors = nr_sectors;
	clone->bio.bi_iter.bi_sector = clone->disk_sector;
}

/**
 * emd_io_clone() - a piece of an io for one member
 * @io: admitted io
 * @member: a member with a device
 * @array_sector: first array sector of the piece, within @io->bio
 * @member_sector: where it goes on the member
 * @nr_sectors: length; for what carries data, within @io->bio
 *
 * The first comes with the io, further ones from a pool. Pieces in rising order,
 * or several for the same sector, cost the least. The caller sets bi_end_io,
 * counts it, submits it at once with emd_clone_submit() and puts it with
 * emd_clone_put() when it completes.
 *
 * Return: the clone, or NULL when the io is REQ_NOWAIT and there is no memory
 * (answer BLK_STS_AGAIN) or when its context cannot be cloned.
 * Context: Task context; sleeps unless the io is REQ_NOWAIT. One task at a time
 * for each io.
 */
struct emd_clone *emd_io_clone(struct emd_io *io, struct emd_member *member, u64 array_sector,
			       u64 member_sector, unsigned int nr_sectors)
{
	struct emd_array *array = io->array;
	struct bio *src = io->bio;
	struct emd_clone *clone;
	struct bio *bio;
	int ret;

	/* Pairs with the release in emd_clone_put(). */
	if (!smp_load_acquire(&io->first_used)) {
		clone = &io->first;
		bio = &clone->bio;
		ret = bio_init_clone(member->bdev, bio, src, io_gfp(src));
		/* Still the pool's, whatever it carries; and pools of ours have no cache. */
		bio->bi_pool = &array->bios;
		bio->bi_opf &= ~REQ_ALLOC_CACHE;
		if (ret)
			return NULL;
		io->first_used = true;
	} else {
		bio = bio_alloc_clone(member->bdev, src, io_gfp(src), &array->sub_bios);
		if (!bio)
			return NULL;
		clone = emd_bio_clone(bio);
	}
	/* What could not be merged above may be below. */
	bio->bi_opf &= ~REQ_NOMERGE;
	/* A spare may know less than the members the limits were made of. */
	if ((bio->bi_opf & REQ_NOWAIT) && !bdev_nowait(member->bdev))
		bio->bi_opf &= ~REQ_NOWAIT;

	if (bio_has_data(src)) {
		if (array_sector < io->cursor.bi_sector)
			io->cursor = src->bi_iter;
		if (array_sector > io->cursor.bi_sector)
			bio_advance_iter(src, &io->cursor,
					 (array_sector - io->cursor.bi_sector) << SECTOR_SHIFT);
		bio->bi_iter = io->cursor;
	}
	bio->bi_iter.bi_size = nr_sectors << SECTOR_SHIFT;
	clone_init(clone, io, member, array_sector, member_sector, nr_sectors);
	return clone;
}

/**
 * emd_clone_submit() - send a clone to its member
 * @clone: complete, bi_end_io included, and counted in io->pending
 *
 * Context: Task context, may sleep.
 */
void emd_clone_submit(struct emd_clone *clone)
{
	trace_block_bio_remap(&clone->bio, disk_devt(clone->io->array->gd), clone->array_sector);
	emd_member_submit(clone->member, &clone->bio);
}

/**
 * emd_clone_put() - a clone has completed and is not needed any more
 * @clone: from emd_io_clone(); not to be touched afterwards
 *
 * Context: Any, irq-safe. Before emd_io_end() of its io.
 */
void emd_clone_put(struct emd_clone *clone)
{
	struct emd_io *io = clone->io;

	if (clone != &io->first) {
		bio_put(&clone->bio);
		return;
	}
	bio_uninit(&clone->bio);
	/* May be handed out again, to a task that still submits: last access. */
	smp_store_release(&io->first_used, false);
}

/* Did the member fail, or could this request not be done at all or just now? */
static bool is_fault(enum req_op op, blk_status_t status)
{
	switch (status) {
	case BLK_STS_OK:
	case BLK_STS_NOTSUPP:
	case BLK_STS_AGAIN:
	case BLK_STS_INVAL:
	case BLK_STS_RESOURCE:
	case BLK_STS_DEV_RESOURCE:
		return false;
	case BLK_STS_TARGET:
		/* How a SCSI disk says that it does not know the command. */
		return op != REQ_OP_DISCARD && op != REQ_OP_WRITE_ZEROES;
	default:
		return true;
	}
}

/* Who asked must see the limit gone, or it will not fall back to plain writes. */
static void drop_unsupported(struct emd_clone *clone)
{
	struct block_device *bdev = clone->member->bdev;
	struct request_queue *q = clone->io->array->gd->queue;

	switch (bio_op(&clone->bio)) {
	case REQ_OP_DISCARD:
		if (!bdev_max_discard_sectors(bdev))
			blk_queue_disable_discard(q);
		break;
	case REQ_OP_WRITE_ZEROES:
		if (!bdev_write_zeroes_sectors(bdev))
			blk_queue_disable_write_zeroes(q);
		break;
	default:
		break;
	}
}

/**
 * emd_clone_failed() - look at how a clone completed
 * @clone: completed, not yet put
 *
 * Counts and logs an error of the member. What follows from it is the engine's
 * business; the clone's status is in clone->bio.bi_status either way.
 *
 * Return: true when the member is at fault. False for success, and for a
 * request that the device does not support or cannot take now: that is no reason
 * to fail a member, though copies may differ where the request failed on some.
 * Context: Any, irq-safe.
 */
bool emd_clone_failed(struct emd_clone *clone)
{
	blk_status_t status = clone->bio.bi_status;
	enum req_op op = bio_op(&clone->bio);

	if (likely(!status))
		return false;
	if (!is_fault(op, status)) {
		drop_unsupported(clone);
		return false;
	}
	emd_member_error(clone->member, op, clone->disk_sector, clone->nr_sectors, status);
	return true;
}

/* ---- flush --------------------------------------------------------------- */

/* All members hold what they acknowledged. What is left is the data, if any. */
static void io_after_flush(struct emd_io *io)
{
	if (io->status || !io->bio->bi_iter.bi_size) {
		emd_io_end(io);
		return;
	}
	io->bio->bi_opf &= ~REQ_PREFLUSH;
	io->array->engine->submit(io->array, io);
}

static void after_flush_work(struct work_struct *work)
{
	io_after_flush(container_of(work, struct emd_io, work));
}

static void flush_endio(struct bio *bio)
{
	struct emd_clone *clone = emd_bio_clone(bio);
	struct emd_io *io = clone->io;

	if (unlikely(bio->bi_status)) {
		/* Redundant: then the member goes, and what it lost is elsewhere. */
		if (emd_clone_failed(clone) && emd_member_fail(clone->member, "flush failed"))
			io->park = true;
		else
			emd_io_set_status(io, bio->bi_status);
	}
	emd_clone_put(clone);
	if (!atomic_dec_and_test(&io->pending))
		return;
	if (io->status || !io->bio->bi_iter.bi_size) {
		emd_io_end(io);
		return;
	}
	/* The engine may sleep. */
	INIT_WORK(&io->work, after_flush_work);
	queue_work(emd_io_wq, &io->work);
}

static bool takes_writes(const struct emd_member *member)
{
	enum emd_member_state state = READ_ONCE(member->state);

	return member->bdev &&
	       (state == EMD_MEMBER_IN_SYNC || state == EMD_MEMBER_REBUILDING);
}

/* Flush every member, then go on with the data. */
static void io_flush(struct emd_io *io)
{
	struct emd_array *array = io->array;
	struct bio *src = io->bio;
	u16 slot;

	atomic_set(&io->pending, 1);
	for (slot = 0; slot < array->geo.nr_members; slot++) {
		struct emd_member *member = &array->members[slot];
		struct bio *bio;

		if (!takes_writes(member) || !bdev_write_cache(member->bdev))
			continue;
		bio = bio_alloc_bioset(member->bdev, 0,
				       REQ_OP_WRITE | REQ_PREFLUSH | REQ_SYNC |
				       (src->bi_opf & REQ_NOWAIT),
				       io_gfp(src), &array->sub_bios);
		if (!bio) {
			emd_io_set_status(io, BLK_STS_AGAIN);
			break;
		}
		if (!bdev_nowait(member->bdev))
			bio->bi_opf &= ~REQ_NOWAIT;
		bio_clone_blkg_association(bio, src);
		bio->bi_end_io = flush_endio;
		clone_init(emd_bio_clone(bio), io, member, src->bi_iter.bi_sector, 0, 0);
		atomic_inc(&io->pending);
		submit_bio_noacct(bio);
	}
	if (atomic_dec_and_test(&io->pending))
		io_after_flush(io);
}

/* ---- the way in ---------------------------------------------------------- */

static void io_dispatch(struct emd_io *io)
{
	if (unlikely(io->bio->bi_opf & REQ_PREFLUSH))
		io_flush(io);
	else
		io->array->engine->submit(io->array, io);
}

static void io_refuse(struct emd_io *io, blk_status_t status)
{
	trace_emd_io_refused(io->array, io->bio);
	io->status = status;
	io_finish(io);
}

/* The ref is dead. True when it came back to life, else the io is taken care of. */
static bool io_hold(struct emd_io *io, struct percpu_ref *ref)
{
	struct emd_array *array = io->array;
	bool write = ref == &array->writes;
	blk_status_t refusal = BLK_STS_OK;
	bool wants_dirty = false;
	unsigned long flags;

	spin_lock_irqsave(&array->state_lock, flags);
	if (percpu_ref_tryget_live(ref)) {
		spin_unlock_irqrestore(&array->state_lock, flags);
		io->ref = ref;
		return true;
	}
	if (array->stopping || (write && array->read_only)) {
		refusal = BLK_STS_IOERR;
	} else {
		/* While quiesced nobody can tell: who resumes sends it here again. */
		wants_dirty = write && !array->quiesced;
		if (io->bio->bi_opf & REQ_NOWAIT) {
			refusal = BLK_STS_AGAIN;
		} else {
			trace_emd_io_held(array, io->bio);
			list_add_tail(&io->node, &array->held);
		}
	}
	spin_unlock_irqrestore(&array->state_lock, flags);

	/* The array cannot go: the queue is entered, or held_work is waited for. */
	if (refusal)
		io_refuse(io, refusal);
	if (wants_dirty) {
		emd_array_pend(array, EMD_PENDING_DIRTY);
		wake_up_all(&array->drained);	/* emd_array_block_writes() gives up */
	}
	return false;
}

/* True when the io may go to the engine, else it is taken care of. */
static bool io_admit(struct emd_io *io)
{
	struct emd_array *array = io->array;
	struct percpu_ref *ref = changes_data(io->bio) ? &array->writes : &array->reads;

	/*
	 * With more members lost than the level bears, what is left can be read.
	 * A write would tear what is there from what may come back, and a flush
	 * cannot keep its promise.
	 */
	if (unlikely(READ_ONCE(array->broken)) && op_is_write(bio_op(io->bio))) {
		io_refuse(io, BLK_STS_IOERR);
		return false;
	}
	if (likely(percpu_ref_tryget_live(ref))) {
		io->ref = ref;
		return true;
	}
	return io_hold(io, ref);
}

/*
 * A write of several stripes goes in one by one. What an engine sends to the
 * members is on its way when ->submit_bio returns, and before the rest comes here
 * again: so the rest finds the buffers of the first in the cache, and free.
 */
static struct bio *cut_write(const struct emd_array *array, struct bio *bio)
{
	struct bio *first;
	u32 offset;

	if (!array->write_cut || bio_op(bio) != REQ_OP_WRITE ||
	    bio->bi_opf & (REQ_NOWAIT | REQ_PREFLUSH))
		return bio;
	div_u64_rem(bio->bi_iter.bi_sector, array->write_cut, &offset);
	if (bio_sectors(bio) <= array->write_cut - offset)
		return bio;
	first = bio_split(bio, array->write_cut - offset, GFP_NOIO,
			  &bio->bi_bdev->bd_disk->bio_split);
	if (IS_ERR_OR_NULL(first))
		return bio;
	bio_chain(first, bio);
	trace_block_split(first, bio->bi_iter.bi_sector);
	submit_bio_noacct(bio);
	return first;
}

static void emd_submit_bio(struct bio *bio)
{
	struct emd_array *array = bio->bi_bdev->bd_disk->private_data;
	struct bio *first, *whole;
	struct emd_io *io;

	whole = bio;
	bio = bio_split_to_limits(bio);
	if (!bio)
		return;
	/*
	 * What the limits have cut is not cut again: both take from one small pool,
	 * and who has an element of it must not wait for another.
	 */
	if (bio == whole)
		bio = cut_write(array, bio);

	first = bio_alloc_bioset(NULL, 0, bio->bi_opf, io_gfp(bio), &array->bios);
	if (unlikely(!first)) {
		bio_wouldblock_error(bio);
		return;
	}
	io = container_of(first, struct emd_io, first.bio);
	io->array = array;
	io->bio = bio;
	io->ref = NULL;
	io->status = BLK_STS_OK;
	io->park = false;
	io->first_used = false;
	io->cursor = bio->bi_iter;
	io->range.mode = EMD_RANGE_NONE;
	account_start(io);
	if (likely(io_admit(io)))
		io_dispatch(io);
}

static void held_work(struct work_struct *work)
{
	struct emd_array *array = container_of(work, struct emd_array, held_work);
	struct emd_io *io, *next;
	struct blk_plug plug;
	LIST_HEAD(held);

	spin_lock_irq(&array->state_lock);
	list_splice_init(&array->held, &held);
	spin_unlock_irq(&array->state_lock);

	blk_start_plug(&plug);
	list_for_each_entry_safe(io, next, &held, node) {
		list_del(&io->node);
		trace_emd_io_resubmitted(array, io->bio);
		if (io_admit(io))
			io_dispatch(io);
	}
	blk_finish_plug(&plug);
}

/*
 * Let held ios try again. Those whose ref is still dead are held again, writes asking for
 * "dirty" anew. Done by a work item of its own: the caller holds C, and submitting may
 * wait for a slow device.
 */
static void resubmit_held(struct emd_array *array)
{
	unsigned long flags;
	bool any;

	/* S, and not just a look: an io may be about to join. */
	spin_lock_irqsave(&array->state_lock, flags);
	any = !list_empty(&array->held);
	spin_unlock_irqrestore(&array->state_lock, flags);
	if (any)
		queue_work(emd_io_wq, &array->held_work);
}

/**
 * emd_io_fail_held() - answer held ios with an error
 * @array: array that is stopping, broken, or cannot become dirty
 *
 * Context: Any. Takes S.
 */
void emd_io_fail_held(struct emd_array *array)
{
	struct emd_io *io, *next;
	unsigned long flags;
	LIST_HEAD(held);

	spin_lock_irqsave(&array->state_lock, flags);
	list_splice_init(&array->held, &held);
	spin_unlock_irqrestore(&array->state_lock, flags);

	list_for_each_entry_safe(io, next, &held, node) {
		list_del(&io->node);
		io_refuse(io, BLK_STS_IOERR);
	}
}

/* ---- refs: quiesce, block writes ----------------------------------------- */

static bool is_drained(struct emd_array *array)
{
	return percpu_ref_is_zero(&array->reads) && percpu_ref_is_zero(&array->writes);
}

static void set_quiesced(struct emd_array *array, unsigned int depth)
{
	spin_lock_irq(&array->state_lock);
	array->quiesced = depth;
	spin_unlock_irq(&array->state_lock);
}

/**
 * emd_array_quiesce() - wait until no user I/O is in flight, and keep it so
 * @array: started array; may be quiesced already
 *
 * New ios are held until emd_array_resume(). Background work is not stopped:
 * see emd_job_suspend().
 *
 * Return: 0; or -EAGAIN and nothing has changed, because an io waits for a
 * commit: drop C or fold and commit, then try again.
 * Context: Process context, C held, sleeps. Takes S.
 */
int emd_array_quiesce(struct emd_array *array)
{
	bool writes_were_live;

	lockdep_assert_held(&array->container->mutex);
	if (array->quiesced) {
		set_quiesced(array, array->quiesced + 1);
		return 0;
	}

	writes_were_live = !percpu_ref_is_dying(&array->writes);
	set_quiesced(array, 1);
	percpu_ref_kill(&array->reads);
	if (writes_were_live)
		percpu_ref_kill(&array->writes);

	wait_event(array->drained, is_drained(array) || !list_empty(&array->parked));
	if (is_drained(array))
		return 0;

	emd_array_resume(array, writes_were_live);
	return -EAGAIN;
}

/**
 * emd_array_resume() - undo one emd_array_quiesce()
 * @array: quiesced array; emd_io_init() leaves it so
 * @allow_writes: the durable metadata allows writes; looked at by the last resume
 *	only
 *
 * Context: Process context, C held, sleeps. Takes S.
 */
void emd_array_resume(struct emd_array *array, bool allow_writes)
{
	lockdep_assert_held(&array->container->mutex);
	if (WARN_ON_ONCE(!array->quiesced))
		return;
	if (array->quiesced == 1) {
		percpu_ref_resurrect(&array->reads);
		if (allow_writes && !array->read_only)
			percpu_ref_resurrect(&array->writes);
	}
	set_quiesced(array, array->quiesced - 1);
	if (!array->quiesced)
		resubmit_held(array);
}

/**
 * emd_array_block_writes() - no write in flight, and none until allowed
 * @array: started array
 *
 * For an array that looks idle, so that "clean" can be recorded. Reads go on.
 *
 * Return: 0, then emd_array_allow_writes() or a write's EMD_PENDING_DIRTY comes
 * next; or -EAGAIN and nothing has changed, because a write came or one is slow.
 * Context: Process context, C held, sleeps up to a tenth of a second. Takes S.
 */
int emd_array_block_writes(struct emd_array *array)
{
	lockdep_assert_held(&array->container->mutex);
	if (array->quiesced || percpu_ref_is_dying(&array->writes))
		return 0;

	percpu_ref_kill(&array->writes);
	wait_event_timeout(array->drained,
			   percpu_ref_is_zero(&array->writes) || !list_empty(&array->held) ||
			   !list_empty(&array->parked),
			   BLOCK_WRITES_TIMEOUT);
	if (percpu_ref_is_zero(&array->writes) && list_empty(&array->held))
		return 0;

	emd_array_allow_writes(array);
	return -EAGAIN;
}

/**
 * emd_array_allow_writes() - the durable metadata says dirty: let writes pass
 * @array: started array
 *
 * Does nothing while quiesced: emd_array_resume() decides then.
 *
 * Context: Process context, C held, sleeps. Takes S.
 */
void emd_array_allow_writes(struct emd_array *array)
{
	lockdep_assert_held(&array->container->mutex);
	if (array->quiesced || array->read_only)
		return;
	if (percpu_ref_is_dying(&array->writes))
		percpu_ref_resurrect(&array->writes);
	resubmit_held(array);
}

/* ---- life ---------------------------------------------------------------- */

static void reads_zero(struct percpu_ref *ref)
{
	wake_up_all(&container_of(ref, struct emd_array, reads)->drained);
}

static void writes_zero(struct percpu_ref *ref)
{
	wake_up_all(&container_of(ref, struct emd_array, writes)->drained);
}

/**
 * emd_io_init() - what the I/O path of an array needs
 * @array: not live
 *
 * Leaves it quiesced once, with both refs dead: emd_array_resume() opens it.
 *
 * Return: 0 or -ENOMEM.
 * Context: Process context, sleeps.
 */
int emd_io_init(struct emd_array *array)
{
	int ret;

	INIT_LIST_HEAD(&array->held);
	INIT_LIST_HEAD(&array->parked);
	INIT_WORK(&array->held_work, held_work);
	init_waitqueue_head(&array->drained);
	array->quiesced = 1;
	array->failing = false;

	ret = percpu_ref_init(&array->reads, reads_zero, PERCPU_REF_INIT_DEAD, GFP_KERNEL);
	if (ret)
		return ret;
	ret = percpu_ref_init(&array->writes, writes_zero, PERCPU_REF_INIT_DEAD, GFP_KERNEL);
	if (ret)
		goto exit_reads;
	ret = bioset_init(&array->bios, NR_RESERVED_IOS, offsetof(struct emd_io, first.bio), 0);
	if (ret)
		goto exit_writes;
	ret = bioset_init(&array->sub_bios, NR_RESERVED_CLONES, offsetof(struct emd_clone, bio),
			  BIOSET_NEED_RESCUER);
	if (ret)
		goto exit_bios;
	return 0;

exit_bios:
	bioset_exit(&array->bios);
exit_writes:
	percpu_ref_exit(&array->writes);
exit_reads:
	percpu_ref_exit(&array->reads);
	return ret;
}

/**
 * emd_io_exit() - undo emd_io_init()
 * @array: quiesced, stopping, nothing held; no task is in its ->submit_bio
 *
 * Context: Process context, sleeps.
 */
void emd_io_exit(struct emd_array *array)
{
	cancel_work_sync(&array->held_work);
	WARN_ON_ONCE(!list_empty(&array->held) || !list_empty(&array->parked));
	/* The last put of a ref wakes us, then looks at the ref once more, under RCU. */
	synchronize_rcu();
	bioset_exit(&array->sub_bios);
	bioset_exit(&array->bios);
	percpu_ref_exit(&array->writes);
	percpu_ref_exit(&array->reads);
}

/* ---- queue limits -------------------------------------------------------- */

/**
 * emd_array_set_limits() - queue limits of an array, from its members and level
 * @array: members attached
 * @lim: gets them; what was in it is lost
 *
 * What only concerns how a member likes its requests cut is left to that
 * member's own driver, which cuts again: requests may be large, and a stripe
 * wide.
 *
 * Context: Process context, C held or the array not live.
 */
void emd_array_set_limits(struct emd_array *array, struct queue_limits *lim)
{
	const struct emd_geometry *geo = &array->geo;
	const struct emd_level_desc *desc = &emd_levels[geo->level];
	u64 strip_bytes = (u64)geo->strip_sectors << SECTOR_SHIFT;
	u64 row_bytes = emd_geo_stripe_sectors(geo) << SECTOR_SHIFT;
	bool discard = true;
	u16 slot;

	blk_set_stacking_limits(lim);
	lim->features |= BLK_FEAT_IO_STAT | BLK_FEAT_NOWAIT;
	for (slot = 0; slot < geo->nr_members; slot++) {
		struct emd_member *member = &array->members[slot];

		if (!member->bdev)
			continue;
		queue_limits_stack_bdev(lim, member->bdev, member->start_sector,
					emd_array_dev_name(array));
		if (!bdev_max_discard_sectors(member->bdev))
			discard = false;
	}

	/*
	 * A spare with a volatile cache may join later; without these bits the
	 * block layer would keep every flush from it. They cost nothing where no
	 * member has a cache. FUA needs no support below: there it is emulated.
	 */
	if (desc->redundant || (lim->features & BLK_FEAT_WRITE_CACHE))
		lim->features |= BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA;

	lim->max_hw_sectors = UINT_MAX >> SECTOR_SHIFT;
	lim->max_dev_sectors = 0;
	lim->max_segments = USHRT_MAX;
	lim->max_segment_size = UINT_MAX;
	lim->seg_boundary_mask = BLK_SEG_BOUNDARY_MASK;
	/* Boundaries of a member mean nothing at our addresses. */
	lim->chunk_sectors = 0;

	lim->max_hw_discard_sectors = discard ? UINT_MAX >> SECTOR_SHIFT : 0;
	if (lim->max_write_zeroes_sectors)
		lim->max_write_zeroes_sectors = UINT_MAX >> SECTOR_SHIFT;
	lim->max_secure_erase_sectors = 0;
	lim->max_zone_append_sectors = 0;

	if (desc->striped && strip_bytes % lim->io_min == 0) {
		lim->io_min = strip_bytes;
		lim->io_opt = row_bytes <= UINT_MAX ? row_bytes : strip_bytes;
	}
	if (array->engine->set_limits)
		array->engine->set_limits(array, lim);
}

/* ---- the disk ------------------------------------------------------------ */

static int emd_open(struct gendisk *gd, blk_mode_t mode)
{
	struct emd_array *array = gd->private_data;

	atomic_inc(&array->nr_openers);
	/* Either stop sees the opener, or the opener sees the stop. */
	smp_mb__after_atomic();
	if (READ_ONCE(array->stopping)) {
		atomic_dec(&array->nr_openers);
		return -ENXIO;
	}
	return 0;
}

static void emd_release(struct gendisk *gd)
{
	struct emd_array *array = gd->private_data;

	atomic_dec(&array->nr_openers);
}

const struct block_device_operations emd_fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= emd_submit_bio,
	.open		= emd_open,
	.release	= emd_release,
};
