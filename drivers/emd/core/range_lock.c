// SPDX-License-Identifier: GPL-2.0
/*
 * Keeps user writes apart from windows of background work and from repairs.
 *
 * A window reads one copy and writes another, a repair likewise: a user write
 * to the same sectors in between would be undone on one of them. User writes do
 * not disturb each other; reads never come here.
 *
 *   shared      user writes; any number may overlap
 *   exclusive   windows and repairs; overlap with nothing
 *
 * First come, first served: a request waits for those conflicting ones that
 * overlap it and came earlier, granted or not. It counts them once, when it
 * comes; each of them counts it down when it goes. So nobody starves, and as
 * nobody asks for a second range while holding one, nobody deadlocks. Nobody
 * sleeps here either: who cannot have the range now is called back.
 *
 * Nearly always there is no window and no repair, and then all this would be
 * waste: an array-wide lock and a tree on the path of every write. So shared
 * ranges are only counted (a percpu_ref: two per-cpu increments a write, no
 * shared cache line) until someone wants exclusive ranges. Such a one first
 * calls emd_range_track(): the ref is killed, new writes enter the tree from
 * then on, and those counted before are waited for. Only then is the tree the
 * whole truth. That costs nobody but the caller: writes go on meanwhile, the
 * array is not quiesced and no other lock is needed. A write that waits for a
 * metadata commit must have unlocked its range before, or a caller of
 * emd_range_track() would wait for that commit.
 *
 * Locks: ranges->mutex (who tracks) is outside of everything of the I/O path;
 * ranges->lock is a leaf, irq-safe. Callbacks run without it.
 */
#include <linux/interval_tree_generic.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/wait.h>

#include "range_lock.h"

struct emd_range_lock {
	struct percpu_ref untracked;	/* live: shared ranges are only counted */
	wait_queue_head_t drained;	/* @untracked reached zero */
	struct mutex mutex;
	unsigned int nr_trackers;	/* @mutex */
	spinlock_t lock;
	struct rb_root_cached tree;	/* @lock */
};

#define RANGE_START(range)	((range)->start)
#define RANGE_LAST(range)	((range)->last)
INTERVAL_TREE_DEFINE(struct emd_range, rb, u64, subtree_last, RANGE_START, RANGE_LAST,
		     static, range_tree)

static void untracked_drained(struct percpu_ref *ref)
{
	struct emd_range_lock *ranges = container_of(ref, struct emd_range_lock, untracked);

	wake_up_all(&ranges->drained);
}

/**
 * emd_range_lock_alloc() - make an empty range lock
 *
 * Return: the lock, or NULL without memory.
 * Context: Process context, sleeps.
 */
struct emd_range_lock *emd_range_lock_alloc(void)
{
	struct emd_range_lock *ranges = kzalloc(sizeof(*ranges), GFP_KERNEL);

	if (!ranges)
		return NULL;
	if (percpu_ref_init(&ranges->untracked, untracked_drained, PERCPU_REF_ALLOW_REINIT,
			    GFP_KERNEL)) {
		kfree(ranges);
		return NULL;
	}
	init_waitqueue_head(&ranges->drained);
	mutex_init(&ranges->mutex);
	spin_lock_init(&ranges->lock);
	ranges->tree = RB_ROOT_CACHED;
	return ranges;
}

/**
 * emd_range_lock_free() - free a range lock that nobody uses any more
 * @ranges: lock without holders, waiters and trackers; NULL is fine
 *
 * Context: Process context, sleeps.
 */
void emd_range_lock_free(struct emd_range_lock *ranges)
{
	if (!ranges)
		return;
	WARN_ON(ranges->nr_trackers || !RB_EMPTY_ROOT(&ranges->tree.rb_root));
	/* The ref must be dead and its callback over before it is torn down. */
	percpu_ref_kill(&ranges->untracked);
	wait_event(ranges->drained, percpu_ref_is_zero(&ranges->untracked));
	synchronize_rcu();
	percpu_ref_exit(&ranges->untracked);
	kfree(ranges);
}

/**
 * emd_range_track() - make exclusive ranges possible
 * @ranges: lock
 *
 * Waits for the shared ranges that are merely counted. Nests; undo with
 * emd_range_untrack().
 *
 * Context: Process context, sleeps until user writes now in flight are done.
 *	The caller holds nothing that they wait for.
 */
void emd_range_track(struct emd_range_lock *ranges)
{
	mutex_lock(&ranges->mutex);
	if (!ranges->nr_trackers++) {
		percpu_ref_kill(&ranges->untracked);
		wait_event(ranges->drained, percpu_ref_is_zero(&ranges->untracked));
	}
	mutex_unlock(&ranges->mutex);
}

/**
 * emd_range_untrack() - no exclusive ranges any more, from this caller
 * @ranges: lock
 *
 * The caller's exclusive ranges are unlocked. Shared ones that are in the tree
 * stay there until they are unlocked; new ones are only counted again.
 *
 * Context: Process context, sleeps.
 */
void emd_range_untrack(struct emd_range_lock *ranges)
{
	mutex_lock(&ranges->mutex);
	if (!WARN_ON(!ranges->nr_trackers) && !--ranges->nr_trackers)
		percpu_ref_reinit(&ranges->untracked);
	mutex_unlock(&ranges->mutex);
}

static bool conflict(const struct emd_range *a, const struct emd_range *b)
{
	return a->mode == EMD_RANGE_EXCLUSIVE || b->mode == EMD_RANGE_EXCLUSIVE;
}

static enum emd_range_result lock_range(struct emd_range_lock *ranges, struct emd_range *range,
					u64 start, u64 nr_sectors, enum emd_range_mode mode,
					bool nowait)
{
	enum emd_range_result result = EMD_RANGE_GRANTED;
	struct emd_range *other;
	unsigned long flags;

	range->start = start;
	range->last = start + nr_sectors - 1;
	range->mode = mode;
	range->nr_ahead = 0;

	spin_lock_irqsave(&ranges->lock, flags);
	for (other = range_tree_iter_first(&ranges->tree, range->start, range->last); other;
	     other = range_tree_iter_next(other, range->start, range->last))
		range->nr_ahead += conflict(range, other);
	if (range->nr_ahead && nowait) {
		range->mode = EMD_RANGE_NONE;
		result = EMD_RANGE_BUSY;
	} else {
		if (range->nr_ahead)
			result = EMD_RANGE_QUEUED;
		range_tree_insert(range, &ranges->tree);
	}
	spin_unlock_irqrestore(&ranges->lock, flags);
	return result;
}

/**
 * emd_range_shared() - lock a range for a user write
 * @ranges: lock
 * @range: holds nothing; lives until unlocked; ->granted is set
 * @start: first array sector
 * @nr_sectors: at least 1
 * @nowait: refuse rather than queue
 *
 * Return: EMD_RANGE_GRANTED, EMD_RANGE_QUEUED, or with @nowait EMD_RANGE_BUSY.
 *	When queued, ->granted() may already have been called.
 * Context: Any, irq-safe, does not sleep.
 */
enum emd_range_result emd_range_shared(struct emd_range_lock *ranges, struct emd_range *range,
				       u64 start, u64 nr_sectors, bool nowait)
{
	if (likely(percpu_ref_tryget_live(&ranges->untracked))) {
		range->mode = EMD_RANGE_UNTRACKED;
		return EMD_RANGE_GRANTED;
	}
	return lock_range(ranges, range, start, nr_sectors, EMD_RANGE_SHARED, nowait);
}

/**
 * emd_range_exclusive() - lock a range for a window or a repair
 * @ranges: lock, tracked by the caller
 * @range: holds nothing; lives until unlocked; ->granted is set
 * @start: first array sector
 * @nr_sectors: at least 1
 *
 * Return: EMD_RANGE_GRANTED or EMD_RANGE_QUEUED. When queued, ->granted() may
 *	already have been called.
 * Context: Any, irq-safe, does not sleep.
 */
enum emd_range_result emd_range_exclusive(struct emd_range_lock *ranges, struct emd_range *range,
					  u64 start, u64 nr_sectors)
{
	return lock_range(ranges, range, start, nr_sectors, EMD_RANGE_EXCLUSIVE, false);
}

/**
 * emd_range_unlock() - give a range back
 * @ranges: lock
 * @range: granted; or one that holds nothing, which is left alone
 *
 * Context: Any, irq-safe, does not sleep. Calls ->granted() of those who may go
 *	on now.
 */
void emd_range_unlock(struct emd_range_lock *ranges, struct emd_range *range)
{
	struct emd_range *other, *next, *granted = NULL;
	unsigned long flags;

	if (range->mode == EMD_RANGE_NONE)
		return;
	if (likely(range->mode == EMD_RANGE_UNTRACKED)) {
		range->mode = EMD_RANGE_NONE;
		percpu_ref_put(&ranges->untracked);
		return;
	}

	spin_lock_irqsave(&ranges->lock, flags);
	range_tree_remove(range, &ranges->tree);
	/*
	 * Whoever overlaps and conflicts came later and counted us: those that
	 * came earlier were gone before we were granted.
	 */
	for (other = range_tree_iter_first(&ranges->tree, range->start, range->last); other;
	     other = range_tree_iter_next(other, range->start, range->last)) {
		if (!conflict(range, other) || --other->nr_ahead)
			continue;
		other->next = granted;
		granted = other;
	}
	range->mode = EMD_RANGE_NONE;
	spin_unlock_irqrestore(&ranges->lock, flags);

	for (other = granted; other; other = next) {
		/* Once called back it may be unlocked and freed. */
		next = other->next;
		other->granted(other);
	}
}
