/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Keeps user writes apart from windows of background work and from repairs.
 * What it guarantees and how is told in range_lock.c.
 */
#ifndef _EMD_RANGE_LOCK_H
#define _EMD_RANGE_LOCK_H

#include <linux/rbtree.h>
#include <linux/types.h>

struct emd_range_lock;

enum emd_range_mode {
	EMD_RANGE_NONE,			/* holds nothing */
	EMD_RANGE_UNTRACKED,		/* shared, counted only */
	EMD_RANGE_SHARED,
	EMD_RANGE_EXCLUSIVE,
};

enum emd_range_result {
	EMD_RANGE_GRANTED,		/* go on; unlock when done */
	EMD_RANGE_QUEUED,		/* ->granted() will be called once */
	EMD_RANGE_BUSY,			/* refused: would have to wait */
};

/**
 * struct emd_range - one holder or waiter, embedded in what it protects
 * @rb: all fields but @granted belong to range_lock.c
 * @start: first array sector
 * @last: last array sector, inclusive
 * @subtree_last: interval tree
 * @nr_ahead: conflicting ranges that came earlier and are still there
 * @mode: what is held or waited for
 * @next: list of those to be granted
 * @granted: called once when a queued request gets its lock; any context, no
 *	lock held, must not sleep
 */
struct emd_range {
	struct rb_node rb;
	u64 start;
	u64 last;
	u64 subtree_last;
	unsigned int nr_ahead;
	enum emd_range_mode mode;
	struct emd_range *next;
	void (*granted)(struct emd_range *range);
};

struct emd_range_lock *emd_range_lock_alloc(void);
void emd_range_lock_free(struct emd_range_lock *ranges);
void emd_range_track(struct emd_range_lock *ranges);
void emd_range_untrack(struct emd_range_lock *ranges);
enum emd_range_result emd_range_shared(struct emd_range_lock *ranges, struct emd_range *range,
				       u64 start, u64 nr_sectors, bool nowait);
enum emd_range_result emd_range_exclusive(struct emd_range_lock *ranges, struct emd_range *range,
					  u64 start, u64 nr_sectors);
void emd_range_unlock(struct emd_range_lock *ranges, struct emd_range *range);

#endif /* _EMD_RANGE_LOCK_H */
