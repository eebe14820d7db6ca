// SPDX-License-Identifier: GPL-2.0
/*
 * The ring of numbered events: order, readers that are overrun, cursors that are
 * moved to where nothing is.
 */
#include <kunit/test.h>
#include <linux/fs.h>

#include "core/event_ring.h"

#define SIZE	8

static struct emd_event_ring *new_ring(struct kunit *test)
{
	struct emd_event_ring *ring = kunit_kzalloc(test, sizeof(*ring), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, ring);
	ring->events = kunit_kcalloc(test, SIZE, sizeof(*ring->events), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ring->events);
	ring->size = SIZE;
	return ring;
}

static void report(struct emd_event_ring *ring, unsigned int nr)
{
	while (nr--) {
		struct emd_event *ev = emd_event_ring_add(ring);

		ev->slot = ev->seq * 10;
	}
}

/* Everything that is there, from @next on: must be @first .. @last in order. */
static void expect(struct kunit *test, const struct emd_event_ring *ring, u64 next, u64 first,
		   u64 last)
{
	struct emd_event ev;
	u64 seq;

	for (seq = first; seq <= last; seq++) {
		KUNIT_ASSERT_TRUE(test, emd_event_ring_take(ring, &next, &ev));
		KUNIT_EXPECT_EQ(test, ev.seq, seq);
		KUNIT_EXPECT_EQ(test, ev.slot, seq * 10);
		KUNIT_EXPECT_EQ(test, next, seq + 1);
	}
	KUNIT_EXPECT_FALSE(test, emd_event_ring_take(ring, &next, &ev));
	KUNIT_EXPECT_EQ(test, next, last + 1);
}

static void numbers_start_at_one(struct kunit *test)
{
	struct emd_event_ring *ring = new_ring(test);

	expect(test, ring, 1, 1, 0);
	report(ring, 3);
	expect(test, ring, 1, 1, 3);
	expect(test, ring, 3, 3, 3);
	expect(test, ring, 4, 4, 3);
}

static void the_oldest_make_room(struct kunit *test)
{
	struct emd_event_ring *ring = new_ring(test);

	report(ring, SIZE);
	expect(test, ring, 1, 1, SIZE);
	report(ring, 1);
	expect(test, ring, 1, 2, SIZE + 1);
	report(ring, 1000 * SIZE);
	expect(test, ring, 1, 1000 * SIZE + 2, 1001 * SIZE + 1);
}

/* It sees what it missed by the gap in the numbers, and nothing twice. */
static void a_reader_is_overrun(struct kunit *test)
{
	struct emd_event_ring *ring = new_ring(test);
	struct emd_event ev;
	u64 next = 1;

	report(ring, 3);
	KUNIT_ASSERT_TRUE(test, emd_event_ring_take(ring, &next, &ev));
	report(ring, SIZE);
	KUNIT_ASSERT_TRUE(test, emd_event_ring_take(ring, &next, &ev));
	KUNIT_EXPECT_EQ(test, ev.seq, 4);
	expect(test, ring, next, 5, SIZE + 3);
}

static void what_was_there_is_wiped(struct kunit *test)
{
	struct emd_event_ring *ring = new_ring(test);
	struct emd_event *ev;

	report(ring, SIZE);
	memset(ring->events, 0xaa, SIZE * sizeof(*ring->events));
	ev = emd_event_ring_add(ring);
	KUNIT_EXPECT_EQ(test, ev->seq, SIZE + 1);
	KUNIT_EXPECT_EQ(test, ev->slot, 0);
	KUNIT_EXPECT_EQ(test, ev->text[sizeof(ev->text) - 1], 0);
}

static void without_room_there_is_nothing(struct kunit *test)
{
	struct emd_event_ring ring = { .size = SIZE, .last = 5 };
	struct emd_event ev;
	u64 next = 1;

	KUNIT_EXPECT_FALSE(test, emd_event_ring_take(&ring, &next, &ev));
	KUNIT_EXPECT_EQ(test, next, 1);
}

static void cursors_are_moved(struct kunit *test)
{
	struct emd_event_ring *ring = new_ring(test);

	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 1, 0, SEEK_SET), 1);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 1, 0, SEEK_END), 1);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 1, 2, SEEK_SET), -EINVAL);
	report(ring, SIZE + 5);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 9, 0, SEEK_SET), 6);
	/* Older than all that is kept is fine. */
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 9, 1, SEEK_SET), 1);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 9, 0, SEEK_CUR), 9);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 9, -8, SEEK_CUR), 1);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 9, -9, SEEK_CUR), -EINVAL);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 9, 0, SEEK_END), SIZE + 6);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 9, -1, SEEK_END), SIZE + 5);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 9, 1, SEEK_END), -EINVAL);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 9, S64_MAX, SEEK_CUR), -EINVAL);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 9, S64_MIN, SEEK_SET), -EINVAL);
	KUNIT_EXPECT_EQ(test, emd_event_ring_seek(ring, 9, 0, SEEK_DATA), -EINVAL);
}

static struct kunit_case event_cases[] = {
	KUNIT_CASE(numbers_start_at_one),
	KUNIT_CASE(the_oldest_make_room),
	KUNIT_CASE(a_reader_is_overrun),
	KUNIT_CASE(what_was_there_is_wiped),
	KUNIT_CASE(without_room_there_is_nothing),
	KUNIT_CASE(cursors_are_moved),
	{}
};

static struct kunit_suite event_suite = {
	.name = "emd_event",
	.test_cases = event_cases,
};

kunit_test_suite(event_suite);
