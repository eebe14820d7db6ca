// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the range lock: who waits for whom, who is called back when, and the
 * switch from counting to tracking.
 */
#include <kunit/test.h>
#include <linux/completion.h>
#include <linux/module.h>
#include <linux/prandom.h>
#include <linux/workqueue.h>

#include "core/range_lock.h"

struct tester {
	struct emd_range range;
	bool granted;
};

static void note_granted(struct emd_range *range)
{
	container_of(range, struct tester, range)->granted = true;
}

static struct emd_range_lock *ranges_for(struct kunit *test)
{
	struct emd_range_lock *ranges = emd_range_lock_alloc();

	KUNIT_ASSERT_NOT_NULL(test, ranges);
	return ranges;
}

static bool ask(struct emd_range_lock *ranges, struct tester *who, bool exclusive, u64 start,
		u64 nr)
{
	who->range.granted = note_granted;
	who->granted = false;
	if ((exclusive ? emd_range_exclusive(ranges, &who->range, start, nr) :
			 emd_range_shared(ranges, &who->range, start, nr, false)) ==
	    EMD_RANGE_GRANTED)
		who->granted = true;
	return who->granted;
}

static void counted_ranges_never_wait(struct kunit *test)
{
	struct emd_range_lock *ranges = ranges_for(test);
	struct tester a = {}, b = {};

	KUNIT_EXPECT_TRUE(test, ask(ranges, &a, false, 0, 100));
	KUNIT_EXPECT_TRUE(test, ask(ranges, &b, false, 50, 100));
	KUNIT_EXPECT_EQ(test, a.range.mode, EMD_RANGE_UNTRACKED);
	emd_range_unlock(ranges, &a.range);
	emd_range_unlock(ranges, &b.range);
	KUNIT_EXPECT_EQ(test, a.range.mode, EMD_RANGE_NONE);
	/* Unlocking what holds nothing does nothing. */
	emd_range_unlock(ranges, &a.range);
	emd_range_lock_free(ranges);
}

static void shared_ranges_overlap(struct kunit *test)
{
	struct emd_range_lock *ranges = ranges_for(test);
	struct tester a = {}, b = {};

	emd_range_track(ranges);
	KUNIT_EXPECT_TRUE(test, ask(ranges, &a, false, 0, 100));
	KUNIT_EXPECT_TRUE(test, ask(ranges, &b, false, 50, 100));
	KUNIT_EXPECT_EQ(test, a.range.mode, EMD_RANGE_SHARED);
	emd_range_unlock(ranges, &a.range);
	emd_range_unlock(ranges, &b.range);
	emd_range_untrack(ranges);
	emd_range_lock_free(ranges);
}

static void exclusive_ranges_exclude(struct kunit *test)
{
	struct emd_range_lock *ranges = ranges_for(test);
	struct tester window = {}, before = {}, touching = {}, inside = {}, other = {};

	emd_range_track(ranges);
	KUNIT_EXPECT_TRUE(test, ask(ranges, &before, false, 0, 100));
	KUNIT_EXPECT_TRUE(test, ask(ranges, &window, true, 100, 50));
	KUNIT_EXPECT_TRUE(test, ask(ranges, &touching, false, 150, 1));
	KUNIT_EXPECT_FALSE(test, ask(ranges, &inside, false, 149, 1));
	KUNIT_EXPECT_FALSE(test, ask(ranges, &other, true, 90, 11));
	emd_range_unlock(ranges, &window.range);
	KUNIT_EXPECT_TRUE(test, inside.granted);
	KUNIT_EXPECT_FALSE(test, other.granted);
	emd_range_unlock(ranges, &before.range);
	KUNIT_EXPECT_TRUE(test, other.granted);
	emd_range_unlock(ranges, &other.range);
	emd_range_unlock(ranges, &inside.range);
	emd_range_unlock(ranges, &touching.range);
	emd_range_untrack(ranges);
	emd_range_lock_free(ranges);
}

static void first_come_first_served(struct kunit *test)
{
	struct emd_range_lock *ranges = ranges_for(test);
	struct tester first = {}, window = {}, late = {}, aside = {};

	emd_range_track(ranges);
	KUNIT_EXPECT_TRUE(test, ask(ranges, &first, false, 0, 8));
	KUNIT_EXPECT_FALSE(test, ask(ranges, &window, true, 0, 64));
	/* It could go with the first, but then the window might wait for ever. */
	KUNIT_EXPECT_FALSE(test, ask(ranges, &late, false, 0, 8));
	KUNIT_EXPECT_TRUE(test, ask(ranges, &aside, false, 64, 8));
	emd_range_unlock(ranges, &first.range);
	KUNIT_EXPECT_TRUE(test, window.granted);
	KUNIT_EXPECT_FALSE(test, late.granted);
	emd_range_unlock(ranges, &window.range);
	KUNIT_EXPECT_TRUE(test, late.granted);
	emd_range_unlock(ranges, &late.range);
	emd_range_unlock(ranges, &aside.range);
	emd_range_untrack(ranges);
	emd_range_lock_free(ranges);
}

static void nowait_is_refused_without_trace(struct kunit *test)
{
	struct emd_range_lock *ranges = ranges_for(test);
	struct tester window = {}, impatient = {}, next = {};

	emd_range_track(ranges);
	KUNIT_EXPECT_TRUE(test, ask(ranges, &window, true, 0, 64));
	KUNIT_EXPECT_EQ(test, emd_range_shared(ranges, &impatient.range, 0, 8, true),
			EMD_RANGE_BUSY);
	KUNIT_EXPECT_EQ(test, impatient.range.mode, EMD_RANGE_NONE);
	emd_range_unlock(ranges, &window.range);
	KUNIT_EXPECT_TRUE(test, ask(ranges, &next, true, 0, 64));
	emd_range_unlock(ranges, &next.range);
	emd_range_untrack(ranges);
	emd_range_lock_free(ranges);
}

static void tracking_ends_while_ranges_are_held(struct kunit *test)
{
	struct emd_range_lock *ranges = ranges_for(test);
	struct tester old = {}, new = {}, window = {};

	emd_range_track(ranges);
	KUNIT_EXPECT_TRUE(test, ask(ranges, &old, false, 0, 8));
	emd_range_untrack(ranges);
	KUNIT_EXPECT_TRUE(test, ask(ranges, &new, false, 0, 8));
	KUNIT_EXPECT_EQ(test, new.range.mode, EMD_RANGE_UNTRACKED);
	emd_range_unlock(ranges, &new.range);
	emd_range_track(ranges);
	KUNIT_EXPECT_FALSE(test, ask(ranges, &window, true, 0, 8));
	emd_range_unlock(ranges, &old.range);
	KUNIT_EXPECT_TRUE(test, window.granted);
	emd_range_unlock(ranges, &window.range);
	emd_range_untrack(ranges);
	emd_range_lock_free(ranges);
}

struct tracker {
	struct work_struct work;
	struct emd_range_lock *ranges;
	struct completion tracked;
};

static void track_work(struct work_struct *work)
{
	struct tracker *tracker = container_of(work, struct tracker, work);

	emd_range_track(tracker->ranges);
	complete(&tracker->tracked);
}

static void tracking_waits_for_counted_ranges(struct kunit *test)
{
	struct tracker tracker = { .ranges = ranges_for(test) };
	struct tester counted = {}, later = {};

	init_completion(&tracker.tracked);
	INIT_WORK_ONSTACK(&tracker.work, track_work);
	KUNIT_EXPECT_TRUE(test, ask(tracker.ranges, &counted, false, 0, 8));
	schedule_work(&tracker.work);
	KUNIT_EXPECT_EQ(test, wait_for_completion_timeout(&tracker.tracked, HZ / 10), 0);
	/* Writes go on meanwhile. */
	KUNIT_EXPECT_TRUE(test, ask(tracker.ranges, &later, false, 0, 8));
	KUNIT_EXPECT_EQ(test, later.range.mode, EMD_RANGE_SHARED);
	emd_range_unlock(tracker.ranges, &counted.range);
	wait_for_completion(&tracker.tracked);
	flush_work(&tracker.work);
	destroy_work_on_stack(&tracker.work);
	emd_range_unlock(tracker.ranges, &later.range);
	emd_range_untrack(tracker.ranges);
	emd_range_lock_free(tracker.ranges);
}

#define NR_TESTERS	24
#define NR_STEPS	20000

static bool held_conflict(const struct tester *a, const struct tester *b)
{
	return (a->range.mode == EMD_RANGE_EXCLUSIVE || b->range.mode == EMD_RANGE_EXCLUSIVE) &&
	       a->range.start <= b->range.last && b->range.start <= a->range.last;
}

/* Whatever comes: no two that conflict hold their ranges, and all get them in the end. */
static void random_requests_exclude_and_all_end(struct kunit *test)
{
	struct emd_range_lock *ranges = ranges_for(test);
	struct tester *who;
	struct rnd_state rnd;
	unsigned int step, i, k, nr_left;

	who = kunit_kcalloc(test, NR_TESTERS, sizeof(*who), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, who);
	prandom_seed_state(&rnd, 4711);
	emd_range_track(ranges);
	for (step = 0; step < NR_STEPS; step++) {
		i = prandom_u32_state(&rnd) % NR_TESTERS;
		if (who[i].range.mode == EMD_RANGE_NONE) {
			ask(ranges, &who[i], prandom_u32_state(&rnd) % 3 == 0,
			    prandom_u32_state(&rnd) % 100, 1 + prandom_u32_state(&rnd) % 20);
		} else if (who[i].granted) {
			emd_range_unlock(ranges, &who[i].range);
			who[i].granted = false;
		}
		for (i = 0; i < NR_TESTERS; i++)
			for (k = i + 1; k < NR_TESTERS; k++)
				if (who[i].granted && who[k].granted)
					KUNIT_ASSERT_FALSE(test, held_conflict(&who[i], &who[k]));
	}
	do {
		nr_left = 0;
		for (i = 0; i < NR_TESTERS; i++) {
			nr_left += who[i].range.mode != EMD_RANGE_NONE;
			if (!who[i].granted)
				continue;
			emd_range_unlock(ranges, &who[i].range);
			who[i].granted = false;
			nr_left--;
			break;
		}
		/* Someone always can go on. */
		if (i == NR_TESTERS)
			KUNIT_ASSERT_EQ(test, nr_left, 0);
	} while (i < NR_TESTERS);
	emd_range_untrack(ranges);
	emd_range_lock_free(ranges);
}

static struct kunit_case range_lock_cases[] = {
	KUNIT_CASE(counted_ranges_never_wait),
	KUNIT_CASE(shared_ranges_overlap),
	KUNIT_CASE(exclusive_ranges_exclude),
	KUNIT_CASE(first_come_first_served),
	KUNIT_CASE(nowait_is_refused_without_trace),
	KUNIT_CASE(tracking_ends_while_ranges_are_held),
	KUNIT_CASE(tracking_waits_for_counted_ranges),
	KUNIT_CASE(random_requests_exclude_and_all_end),
	{}
};

static struct kunit_suite range_lock_suite = {
	.name = "emd_range_lock",
	.test_cases = range_lock_cases,
};

kunit_test_suite(range_lock_suite);

MODULE_DESCRIPTION("KUnit tests of EMD's range lock");
MODULE_LICENSE("GPL");
