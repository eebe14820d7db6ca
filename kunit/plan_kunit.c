// SPDX-License-Identifier: GPL-2.0
/*
 * A change in words: every kind of change has its line, and what did not change
 * has none.
 */
#include <kunit/test.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "meta/meta.h"

#define ARRAY_SECTORS	8192

/* Handles of what is in the machine: 10 is sda, 11 is sdb, and so on. */
static const char *kernel_name(const void *from, u32 handle)
{
	static const char *const names[] = { "sda", "sdb", "sdc", "sdd" };

	return handle >= 10 && handle < 14 ? names[handle - 10] : NULL;
}

static const struct emd_plan_names names = { .disk = kernel_name };

/**
 * struct bench - T0, a T1 that is the same, and room for what is said of them
 * @t0: two members, a spare, and a mirror
 * @t1: to be changed
 * @text: what was said
 */
struct bench {
	struct emd_config *t0, *t1;
	char text[1024];
};

static struct emd_config *room(struct kunit *test)
{
	struct emd_config_room room = { .disks = 4, .arrays = 2, .members = 4 };
	struct emd_config *cfg = emd_config_alloc(&room);

	KUNIT_ASSERT_NOT_NULL(test, cfg);
	return cfg;
}

static void put_array(struct emd_config *cfg, u32 handle, const char *name)
{
	struct emd_config_array *ca = &cfg->arrays[cfg->nr_arrays++];
	u16 slot;

	memset(ca, 0, sizeof(*ca));
	strscpy(ca->name, name, sizeof(ca->name));
	ca->handle = handle;
	ca->uuid[0] = cfg->nr_arrays;
	ca->geo = (struct emd_geometry) {
		.level = EMD_LEVEL_RAID1,
		.nr_members = 2,
		.nr_copies = 2,
		.member_sectors = ARRAY_SECTORS,
		.array_sectors = ARRAY_SECTORS,
	};
	ca->initialised = true;
	ca->first_member = cfg->nr_members;
	for (slot = 0; slot < 2; slot++) {
		cfg->members[cfg->nr_members++] = (struct emd_config_member) {
			.disk = slot,
			.start_sector = 1000 + 10000 * (cfg->nr_arrays - 1),
			.nr_sectors = ARRAY_SECTORS,
		};
	}
}

static struct bench *bench(struct kunit *test)
{
	struct bench *b = kunit_kzalloc(test, sizeof(*b), GFP_KERNEL);
	u16 i;

	KUNIT_ASSERT_NOT_NULL(test, b);
	b->t0 = room(test);
	b->t1 = room(test);
	b->t0->ops = &emd_imsm_ops;
	b->t0->block_size = 512;
	for (i = 0; i < 3; i++) {
		snprintf(b->t0->disks[i].id, sizeof(b->t0->disks[i].id), "S%u", i);
		b->t0->disks[i].handle = 10 + i;
		b->t0->disks[i].sectors = 100000;
		b->t0->disks[i].state = i < 2 ? EMD_DISK_ACTIVE : EMD_DISK_SPARE;
	}
	b->t0->nr_disks = 3;
	put_array(b->t0, 5, "data");
	KUNIT_ASSERT_EQ(test, emd_config_copy(b->t1, b->t0), 0);
	return b;
}

/* Says it, and frees what was talked about. */
static void expect(struct kunit *test, struct bench *b, bool grave, const char *lines)
{
	struct emd_text out = { .buf = b->text, .len = sizeof(b->text) };

	KUNIT_EXPECT_EQ(test, emd_plan_change(b->t0, b->t1, &names, &out), grave);
	KUNIT_EXPECT_STREQ(test, b->text, lines);
	KUNIT_EXPECT_EQ(test, out.used, strlen(lines));
	emd_config_free(b->t0);
	emd_config_free(b->t1);
}

static void nothing_changed_nothing_is_said(struct kunit *test)
{
	expect(test, bench(test), false, "");
}

static void marks_and_positions_are_not_grave(struct kunit *test)
{
	struct bench *b = bench(test);

	b->t0->arrays[0].sync = EMD_SYNC_RESYNC;
	b->t1->arrays[0].sync = EMD_SYNC_RESYNC;
	b->t1->arrays[0].sync_sector = 4096;
	b->t1->arrays[0].dirty = true;
	expect(test, b, false,
	       "array \"data\": resync at sector 0 -> 4096\n"
	       "array \"data\": clean -> dirty\n");
}

static void a_failure(struct kunit *test)
{
	struct bench *b = bench(test);

	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(b->t1, 1), 0);
	expect(test, b, true,
	       "disk sdb: active -> failed\n"
	       "array \"data\": member 1: sdb (in_sync) -> sdb (failed)\n"
	       "array \"data\": optimal -> degraded\n");
}

static void a_spare_takes_over(struct kunit *test)
{
	struct bench *b = bench(test);

	emd_change_fail_disk(b->t0, 1);
	emd_config_copy(b->t1, b->t0);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(b->t1, &b->t1->arrays[0], 1, 2), 0);
	expect(test, b, true,
	       "disk sdc: spare -> active\n"
	       "array \"data\": member 1: sdb (failed) -> sdc (rebuilding)\n"
	       "array \"data\": idle -> rebuild\n"
	       "quiesce: array \"data\"\n");
}

static void a_failed_disk_is_taken_out(struct kunit *test)
{
	struct bench *b = bench(test);

	emd_change_fail_disk(b->t0, 1);
	emd_config_copy(b->t1, b->t0);
	KUNIT_ASSERT_EQ(test, emd_change_remove_disk(b->t1, 1), 0);
	/* The slot goes on naming it, but there is no device behind it any more. */
	expect(test, b, true,
	       "disk sdb: failed -> missing\n"
	       "array \"data\": member 1: sdb (failed) -> S1 (failed)\n"
	       "quiesce: array \"data\"\n");
}

static void disks_come_and_go(struct kunit *test)
{
	struct emd_config_disk row = { .handle = 13, .id = "S3", .sectors = 100000 };
	struct bench *b = bench(test);

	KUNIT_ASSERT_EQ(test, emd_change_remove_disk(b->t1, 2), 0);
	KUNIT_ASSERT_EQ(test, emd_change_add_disk(b->t1, &row), 2);
	expect(test, b, true,
	       "disk sdd (S3) joins: spare\n"
	       "disk sdc (S2) leaves\n");
}

static void arrays_come_and_go(struct kunit *test)
{
	struct bench *b = bench(test);

	put_array(b->t1, 0, "new");
	b->t1->arrays[1].initialised = false;
	emd_change_delete_array(b->t1, 0);
	expect(test, b, true,
	       "array \"data\" goes: raid1, 2 members, 4M\n"
	       "array \"new\" appears: raid1, 2 members, 4M\n"
	       "array \"new\": member 0: sda, 8192 sectors at sector 11000\n"
	       "array \"new\": member 1: sdb, 8192 sectors at sector 11000\n"
	       "array \"new\": redundancy is to be established\n");
}

static void a_new_name(struct kunit *test)
{
	struct bench *b = bench(test);

	strscpy(b->t1->arrays[0].name, "home", EMD_NAME_LEN);
	expect(test, b, true, "array \"data\": name -> \"home\"\n");
}

static void what_does_not_print_is_not_printed(struct kunit *test)
{
	struct bench *b = bench(test);

	strscpy(b->t1->arrays[0].name, "a\nb\x1b", EMD_NAME_LEN);
	expect(test, b, true, "array \"data\": name -> \"a?b?\"\n");
}

static void writes_are_listed_in_order(struct kunit *test)
{
	struct emd_meta_writes writes = {
		.nr = 3,
		.writes = {
			{ .offset = 512 * 99, .len = 512 },
			{ .offset = 512 * 50, .len = 2048 },
			{ .offset = 512 * 98, .len = 512, .barrier = true },
		},
	};
	char text[160];
	struct emd_text out = { .buf = text, .len = sizeof(text) };

	emd_plan_writes(&writes, &out, "write %s metadata to %s", "imsm", "sda");
	KUNIT_EXPECT_STREQ(test, text,
			   "write imsm metadata to sda: 512 bytes at sector 99, 2048 bytes at sector 50; 512 bytes at sector 98\n");
	writes.nr = 0;
	out.used = 0;
	emd_plan_writes(&writes, &out, "write");
	KUNIT_EXPECT_EQ(test, out.used, 0);
}

static void sizes_are_exact(struct kunit *test)
{
	static const struct {
		u64 sectors;
		const char *text;
	} sizes[] = {
		{ 0, "0 sectors" }, { 1, "1 sectors" }, { 2, "1K" }, { 2046, "1023K" },
		{ 2048, "1M" }, { 2050, "1025K" }, { 3ULL << 21, "3G" }, { 1ULL << 31, "1T" },
		{ 1ULL << 41, "1P" }, { 1ULL << 51, "1024P" },
	};
	char text[EMD_PLAN_SIZE_LEN];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(sizes); i++)
		KUNIT_EXPECT_STREQ(test, emd_plan_size(sizes[i].sectors, text), sizes[i].text);
}

static void text_is_cut_behind_a_line(struct kunit *test)
{
	char buf[40];
	size_t len, i;

	for (len = 1; len <= sizeof(buf); len++) {
		struct emd_text out = { .buf = buf, .len = len };

		memset(buf, '#', sizeof(buf));
		for (i = 0; i < 3; i++)
			emd_text_line(&out, "line %zu", i);
		KUNIT_EXPECT_EQ(test, out.used, 21);
		emd_text_cut(&out);
		KUNIT_EXPECT_EQ(test, out.used, strlen(buf));
		KUNIT_EXPECT_TRUE(test, out.used < len);
		if (len > 21)
			KUNIT_EXPECT_STREQ(test, buf, "line 0\nline 1\nline 2\n");
		else if (len >= 19)
			KUNIT_EXPECT_STREQ(test, buf, "line 0\nline 1\n...\n");
		else if (len >= 12)
			KUNIT_EXPECT_STREQ(test, buf, "line 0\n...\n");
		else if (len >= 5)
			KUNIT_EXPECT_STREQ(test, buf, "...\n");
	}
}

static struct kunit_case cases[] = {
	KUNIT_CASE(nothing_changed_nothing_is_said),
	KUNIT_CASE(marks_and_positions_are_not_grave),
	KUNIT_CASE(a_failure),
	KUNIT_CASE(a_spare_takes_over),
	KUNIT_CASE(a_failed_disk_is_taken_out),
	KUNIT_CASE(disks_come_and_go),
	KUNIT_CASE(arrays_come_and_go),
	KUNIT_CASE(a_new_name),
	KUNIT_CASE(what_does_not_print_is_not_printed),
	KUNIT_CASE(writes_are_listed_in_order),
	KUNIT_CASE(sizes_are_exact),
	KUNIT_CASE(text_is_cut_behind_a_line),
	{}
};

static struct kunit_suite suite = {
	.name = "emd_plan",
	.test_cases = cases,
};

kunit_test_suite(suite);
