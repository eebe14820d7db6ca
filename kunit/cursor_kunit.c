// SPDX-License-Identifier: GPL-2.0
/*
 * The cursor gives what is there, and nothing once it was asked for more.
 */
#include <kunit/test.h>
#include <linux/string.h>

#include "meta/cursor.h"

static void takes_bytes_in_order(struct kunit *test)
{
	u8 bytes[8];
	struct emd_cursor cur;

	emd_cur_init(&cur, bytes, sizeof(bytes));
	KUNIT_EXPECT_EQ(test, emd_cur_left(&cur), 8);
	KUNIT_EXPECT_TRUE(test, emd_cur_take(&cur, 3) == bytes);
	KUNIT_EXPECT_TRUE(test, emd_cur_take(&cur, 0) == bytes + 3);
	KUNIT_EXPECT_TRUE(test, emd_cur_take(&cur, 5) == bytes + 3);
	KUNIT_EXPECT_EQ(test, emd_cur_left(&cur), 0);
	KUNIT_EXPECT_FALSE(test, cur.bad);
}

static void cuts_from_the_end(struct kunit *test)
{
	u8 bytes[8];
	struct emd_cursor cur;

	emd_cur_init(&cur, bytes, sizeof(bytes));
	KUNIT_EXPECT_TRUE(test, emd_cur_cut(&cur, 3) == bytes + 5);
	KUNIT_EXPECT_EQ(test, emd_cur_left(&cur), 5);
	KUNIT_EXPECT_TRUE(test, emd_cur_cut(&cur, 0) == bytes + 5);
	KUNIT_EXPECT_NULL(test, emd_cur_take(&cur, 6));
	KUNIT_EXPECT_TRUE(test, cur.bad);
}

static void gives_nothing_past_the_end(struct kunit *test)
{
	u8 bytes[8];
	struct emd_cursor cur;

	emd_cur_init(&cur, bytes, sizeof(bytes));
	emd_cur_take(&cur, 4);
	KUNIT_EXPECT_NULL(test, emd_cur_take(&cur, 5));
	KUNIT_EXPECT_TRUE(test, cur.bad);
}

static void stays_bad(struct kunit *test)
{
	u8 bytes[8];
	struct emd_cursor cur;

	emd_cur_init(&cur, bytes, sizeof(bytes));
	KUNIT_EXPECT_NULL(test, emd_cur_take(&cur, 9));
	KUNIT_EXPECT_NULL(test, emd_cur_take(&cur, 1));
	KUNIT_EXPECT_NULL(test, emd_cur_take(&cur, 0));
	KUNIT_EXPECT_NULL(test, emd_cur_cut(&cur, 1));
	KUNIT_EXPECT_EQ(test, emd_cur_left(&cur), 0);
}

static void lengths_do_not_wrap(struct kunit *test)
{
	u8 bytes[8];
	struct emd_cursor cur;

	emd_cur_init(&cur, bytes, sizeof(bytes));
	emd_cur_take(&cur, 4);
	KUNIT_EXPECT_NULL(test, emd_cur_take(&cur, 0xffffffff));
	emd_cur_init(&cur, bytes, sizeof(bytes));
	emd_cur_take(&cur, 4);
	KUNIT_EXPECT_NULL(test, emd_cur_cut(&cur, 0xfffffffd));
}

static struct kunit_case cursor_cases[] = {
	KUNIT_CASE(takes_bytes_in_order),
	KUNIT_CASE(cuts_from_the_end),
	KUNIT_CASE(gives_nothing_past_the_end),
	KUNIT_CASE(stays_bad),
	KUNIT_CASE(lengths_do_not_wrap),
	{}
};

static struct kunit_suite cursor_suite = {
	.name = "emd_cursor",
	.test_cases = cursor_cases,
};

kunit_test_suite(cursor_suite);
