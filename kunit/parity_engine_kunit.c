// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the parity engine as a whole: an array of memory disks without
 * metadata (parity_lab.h), bios from above, every byte of every member compared
 * with what slow arithmetic says it must be.
 */
#include "parity_lab.h"

/* ---- shapes -------------------------------------------------------------------------- */

struct shape {
	enum emd_level level;
	enum emd_layout layout;
};

static const struct shape shapes[] = {
	{ EMD_LEVEL_RAID4, EMD_LAYOUT_PARITY_FIRST },
	{ EMD_LEVEL_RAID4, EMD_LAYOUT_PARITY_LAST },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_ASYMMETRIC },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_SYMMETRIC },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_RIGHT_ASYMMETRIC },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_RIGHT_SYMMETRIC },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_PARITY_FIRST },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_PARITY_LAST },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_ASYMMETRIC },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_SYMMETRIC },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_RIGHT_ASYMMETRIC },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_RIGHT_SYMMETRIC },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_PARITY_FIRST },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_PARITY_LAST },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_ZERO_RESTART },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_N_RESTART },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_N_CONTINUE },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_ASYMMETRIC_6 },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_SYMMETRIC_6 },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_RIGHT_ASYMMETRIC_6 },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_RIGHT_SYMMETRIC_6 },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_PARITY_FIRST_6 },
};

static void shape_name(const struct shape *shape, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%s %s", emd_levels[shape->level].name,
		 emd_layout_names[shape->layout]);
}

KUNIT_ARRAY_PARAM(shapes, shapes, shape_name);

/* One of each kind, for what does not depend on where strips are. */
static const struct shape kinds[] = {
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_SYMMETRIC },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_N_CONTINUE },
};

KUNIT_ARRAY_PARAM(kinds, kinds, shape_name);

static struct lab *lab_of(struct kunit *test, u16 nr_members, u32 strip_sectors, u64 rows)
{
	const struct shape *shape = test->param_value;

	return lab_create(test, shape->level, shape->layout, nr_members, strip_sectors, rows);
}

static void need_two_parities(struct kunit *test)
{
	const struct shape *shape = test->param_value;

	if (shape->level != EMD_LEVEL_RAID6)
		kunit_skip(test, "needs two parities");
}

static u16 smallest(const struct kunit *test)
{
	const struct shape *shape = test->param_value;

	return emd_levels[shape->level].min_members;
}

static u16 any_slot(struct lab *lab)
{
	return lab_random(lab, lab->array->geo.nr_members);
}

/* ---- users, with everybody there and with members missing ---------------------------- */

/* Returns one that is missing afterwards; with two parities another one is, too. */
static u16 check_losses(struct lab *lab, u16 *second)
{
	u16 nr_members = lab->array->geo.nr_members, first = any_slot(lab);

	lab_rounds(lab, 2);
	*second = first;
	lab_lose(lab, first);
	lab_rounds(lab, 2);
	if (lab->nr_parity == 2) {
		*second = (first + 1 + lab_random(lab, nr_members - 1)) % nr_members;
		lab_lose(lab, *second);
		lab_rounds(lab, 2);
	}
	return first;
}

static void check_a_life(struct lab *lab)
{
	u16 first, second;

	first = check_losses(lab, &second);
	/* They come back, one with good data up to the middle, and are filled. */
	lab_replace(lab, first, lab->rows / 2);
	lab_rounds(lab, 2);
	if (second != first)
		lab_replace(lab, second, 1);
	lab_job(lab, EMD_SYNC_REBUILD);
	lab_check(lab);
	lab_rounds(lab, 1);
	lab_rebuilt(lab, first);
	if (second != first)
		lab_rebuilt(lab, second);
	lab_rounds(lab, 1);
	KUNIT_ASSERT_EQ(lab->test, lab_job(lab, EMD_SYNC_CHECK), 0);
}

/* All sizes are met by some layout. */
static void users_find_what_they_wrote(struct kunit *test)
{
	static const u32 strips[] = { 8, 64, 256, 16, 1, 32, 128 };
	unsigned int nr = (const struct shape *)test->param_value - shapes;
	u16 n = smallest(test), slot;
	struct lab *lab;

	lab = lab_of(test, n, strips[nr % ARRAY_SIZE(strips)], 2 * n + 1);
	check_losses(lab, &slot);
	lab_end(lab);
	n += 1 + nr % (8 - n);
	lab = lab_of(test, n, strips[(nr + 3) % ARRAY_SIZE(strips)], 2 * n + 1);
	check_a_life(lab);
}

static void strips_are_taken_in_bands(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 2048, 4);

	check_a_life(lab);
}

static void the_widest_array_works(struct kunit *test)
{
	struct lab *lab = lab_of(test, EMD_MAX_PARITY_MEMBERS, 8, 4);

	check_a_life(lab);
}

static void disks_that_answer_at_once_are_fine(struct kunit *test)
{
	struct lab *lab = lab_of(test, 5, 16, 20);

	lab->at_once = true;
	check_a_life(lab);
}

/* ---- background work with users about ------------------------------------------------ */

static void a_rebuild_and_users_do_not_meet(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 16, 60);
	struct emd_job_status status;
	u16 slot = any_slot(lab);

	lab_lose(lab, slot);
	if (lab->nr_parity == 2)
		lab_lose(lab, (slot + 2) % 6);
	lab_replace(lab, slot, 7);
	lab_job_start(lab, EMD_SYNC_REBUILD);
	while (emd_job_result(lab->array->job) == -EINPROGRESS)
		lab_round(lab, 32);
	KUNIT_ASSERT_EQ(test, lab_job_wait(lab, &status), 0);
	lab_rebuilt(lab, slot);
	lab_check(lab);
}

static void both_lost_members_are_filled_at_once(struct kunit *test)
{
	struct lab *lab;
	u16 a, b;

	need_two_parities(test);
	lab = lab_of(test, 6, 16, 30);
	for (a = 0; a < 6; a++) {
		b = (a + 1 + a % 3) % 6;
		lab_lose(lab, a);
		lab_lose(lab, b);
		/* One is further than the other. */
		lab_replace(lab, a, 20);
		lab_replace(lab, b, 5);
		lab_rounds(lab, 1);
		lab_job(lab, EMD_SYNC_REBUILD);
		lab_rebuilt(lab, a);
		lab_rebuilt(lab, b);
		lab_check(lab);
	}
}

static void a_resync_makes_parity_right(struct kunit *test)
{
	struct lab *lab = lab_of(test, 5, 32, 40);
	struct emd_job_status status;

	lab->small = true;
	lab_scribble_parity(lab, 17);
	/* Rows that are written become right, the others wait. */
	lab_round(lab, 24);
	lab_check(lab);
	lab_job_start(lab, EMD_SYNC_RESYNC);
	while (emd_job_result(lab->array->job) == -EINPROGRESS)
		lab_round(lab, 4);
	KUNIT_ASSERT_EQ(test, lab_job_wait(lab, &status), 0);
	lab_vouch_for_all(lab);
	lab_rounds(lab, 1);
	KUNIT_EXPECT_EQ(test, lab_job(lab, EMD_SYNC_CHECK), 0);
}

/* There is nothing else to ask: a forced start, with a member missing and a resync owed. */
static void what_is_lost_is_what_parity_says(struct kunit *test)
{
	struct lab *lab = lab_of(test, 5, 32, 12);
	u16 slot = any_slot(lab), i, k;
	u64 row, s;
	u8 *data;

	lab->small = true;
	lab_scribble_parity(lab, 4);
	for (row = 4; row < lab->rows; row++) {
		for (k = 0; k < lab->nr_data && lab_part_slot(lab, row, k) != slot; k++)
			;
		if (k == lab->nr_data)
			continue;
		data = lab_model(lab, (row * lab->nr_data + k) * lab->strip);
		memset(data, 0, lab->strip << SECTOR_SHIFT);
		for (i = 0; i <= lab->nr_data; i++)
			for (s = 0; i != k && s < lab->strip << SECTOR_SHIFT; s++)
				data[s] ^= lab_strip(lab, lab_part_slot(lab, row, i), row)[s];
	}
	lab_lose(lab, slot);
	lab_rounds(lab, 4);
	lab_read_all(lab);
	lab_job(lab, EMD_SYNC_RESYNC);
	if (lab->nr_parity == 2)
		lab_vouch_for_all(lab);
	lab_check(lab);
	lab_replace(lab, slot, 0);
	lab_job(lab, EMD_SYNC_REBUILD);
	lab_vouch_for_all(lab);
	lab_rebuilt(lab, slot);
	lab_check(lab);
}

/* ---- what a check finds and a repair mends ------------------------------------------- */

/* Spoil one sector of a part of a row. */
static void spoil(struct lab *lab, u64 row, u16 part)
{
	u8 *strip = lab_strip(lab, lab_part_slot(lab, row, part), row);

	strip[lab_random(lab, lab->strip << SECTOR_SHIFT)] ^= 1 + lab_random(lab, 255);
}

static void a_check_counts_and_a_repair_mends(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 16, 36);
	u64 row, nr = 0;

	/* Two parities tell which one is wrong; one is believed less than data. */
	for (row = 0; row < lab->rows; row += 1 + lab_random(lab, 2), nr++)
		spoil(lab, row, lab->nr_parity == 2 ? lab_random(lab, 6) : lab->nr_data);
	KUNIT_EXPECT_EQ(test, lab_job(lab, EMD_SYNC_CHECK), nr);
	/* A check changes nothing. */
	KUNIT_EXPECT_EQ(test, lab_job(lab, EMD_SYNC_CHECK), nr);
	KUNIT_EXPECT_EQ(test, lab_job(lab, EMD_SYNC_REPAIR), nr);
	lab_check(lab);
	KUNIT_EXPECT_EQ(test, lab_job(lab, EMD_SYNC_CHECK), 0);
}

/* ---- read errors --------------------------------------------------------------------- */

/* One unreadable sector in a part of a row. */
static void make_bad(struct lab *lab, u64 row, u16 part)
{
	u32 s = round_down(lab_random(lab, lab->strip), lab->block);
	u16 slot = lab_part_slot(lab, row, part);

	set_bit(LAB_GUARD + row * lab->strip + s, lab->disks[slot].unreadable);
	/* Were it read all the same, it would show. */
	memset(lab_strip(lab, slot, row) + (s << SECTOR_SHIFT), 0xbd, SECTOR_SIZE);
}

static unsigned int nr_bad(struct lab *lab)
{
	unsigned int nr = 0;
	u16 slot;

	for (slot = 0; slot < lab->array->geo.nr_members; slot++) {
		nr += bitmap_weight(lab->disks[slot].unreadable, lab->disks[slot].nr_sectors);
		/* Tests are quicker than an hour. */
		lab->array->members[slot].nr_repairs = 0;
	}
	return nr;
}

static void nobody_failed(struct lab *lab)
{
	u16 slot;

	for (slot = 0; slot < lab->array->geo.nr_members; slot++)
		KUNIT_ASSERT_EQ(lab->test, lab->array->members[slot].state, EMD_MEMBER_IN_SYNC);
}

static void a_bad_sector_is_read_and_rewritten(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 32, 12);
	unsigned int round;
	u64 row;

	for (round = 0; round < 4; round++) {
		/* The last row may go on behind the array's end. */
		for (row = 0; row < lab->rows - 1; row++)
			make_bad(lab, row, lab_random(lab, lab->nr_data));
		lab_read_all(lab);
		/* Readers are answered first: wait for what goes on behind their backs. */
		lab_quiesce(lab);
		lab_resume(lab);
		KUNIT_ASSERT_EQ(test, nr_bad(lab), 0);
		nobody_failed(lab);
		lab_check(lab);
	}
}

static void users_do_not_notice_bad_sectors(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 32, 12);
	unsigned int round;
	u64 row;

	for (round = 0; round < 6; round++) {
		for (row = 0; row < lab->rows; row++)
			if (lab_random(lab, 2))
				make_bad(lab, row, lab_random(lab, lab->nr_data + lab->nr_parity));
		lab_round(lab, 40);
		lab_quiesce(lab);
		lab_resume(lab);
		nr_bad(lab);
		lab_job(lab, EMD_SYNC_REPAIR);
		KUNIT_ASSERT_EQ(test, nr_bad(lab), 0);
		nobody_failed(lab);
		lab_check(lab);
	}
}

static void a_degraded_raid6_bears_bad_sectors(struct kunit *test)
{
	struct lab *lab;
	unsigned int round;
	u64 row;
	u16 part;

	need_two_parities(test);
	lab = lab_of(test, 6, 32, 12);
	lab_lose(lab, any_slot(lab));
	for (round = 0; round < 6; round++) {
		for (row = 0; row < lab->rows; row++) {
			part = lab_random(lab, lab->nr_data + lab->nr_parity);
			if (lab_holds(lab, lab_part_slot(lab, row, part), row))
				make_bad(lab, row, part);
		}
		lab_round(lab, 40);
		lab_quiesce(lab);
		lab_resume(lab);
		nr_bad(lab);
		lab_job(lab, EMD_SYNC_CHECK);
		KUNIT_ASSERT_EQ(test, nr_bad(lab), 0);
		lab_check(lab);
	}
}

static void a_rebuild_bears_bad_sectors(struct kunit *test)
{
	struct lab *lab;
	u16 slot, part;
	u64 row;

	need_two_parities(test);
	lab = lab_of(test, 6, 32, 12);
	slot = any_slot(lab);
	lab_lose(lab, slot);
	lab_replace(lab, slot, 0);
	for (row = 0; row < lab->rows; row++) {
		part = lab_random(lab, lab->nr_data + lab->nr_parity);
		if (lab_part_slot(lab, row, part) != slot)
			make_bad(lab, row, part);
	}
	lab_job(lab, EMD_SYNC_REBUILD);
	lab_rebuilt(lab, slot);
	KUNIT_EXPECT_EQ(test, nr_bad(lab), 0);
	lab_check(lab);
}

static void a_rebuild_that_cannot_read_ends(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 32, 12);
	struct emd_job_status status;
	u16 slot = 2, part, bad;

	for (part = 0; lab_part_slot(lab, 9, part) != slot; part++)
		;
	lab_lose(lab, slot);
	if (lab->nr_parity == 2)
		lab_lose(lab, lab_part_slot(lab, 9, (part + 2) % 6));
	lab_replace(lab, slot, 0);
	bad = lab_part_slot(lab, 9, (part + 1) % 6);
	make_bad(lab, 9, (part + 1) % 6);
	lab_job_start(lab, EMD_SYNC_REBUILD);
	KUNIT_EXPECT_NE(test, lab_job_wait(lab, &status), 0);
	/* What it had done counts, and nothing above. */
	KUNIT_EXPECT_LE(test, lab->array->members[slot].rebuilt_sector, lab_row_end(lab, 8));
	bitmap_zero(lab->disks[bad].unreadable, lab->disks[bad].nr_sectors);
	lab_fill(lab, bad, lab->rows);
	lab_check(lab);
}

/* A resync: data that cannot be read is nobody's to guess, parity is made anew. */
static void a_resync_rewrites_parity_that_is_bad(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 32, 12);
	u64 row;

	lab_scribble_parity(lab, 0);
	for (row = 0; row < lab->rows; row++)
		make_bad(lab, row, lab->nr_data + lab_random(lab, lab->nr_parity));
	KUNIT_EXPECT_GT(test, lab_job(lab, EMD_SYNC_RESYNC), 0);
	lab_vouch_for_all(lab);
	KUNIT_EXPECT_EQ(test, nr_bad(lab), 0);
	lab_check(lab);
}

/* Parity in doubt must not become trusted, or a wrong answer would come of it. */
static void a_resync_that_cannot_read_data_is_not_done(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 32, 12);
	u64 row_sectors = 32 * lab->nr_data, sector;
	struct emd_job_status status;
	struct lab_io io;

	lab_scribble_parity(lab, 0);
	make_bad(lab, 5, 1);
	lab_job_start(lab, EMD_SYNC_RESYNC);
	KUNIT_EXPECT_NE(test, lab_job_wait(lab, &status), 0);
	KUNIT_EXPECT_GT(test, status.unreadable, 0);
	KUNIT_EXPECT_LE(test, lab->array->resync_sector, 5 * row_sectors);
	sector = 5 * row_sectors + 32;
	KUNIT_EXPECT_NE(test, lab_do(lab, &io, sector, 32, REQ_OP_READ), 0);
	lab_io_free(&io);
	/* Who writes it anew makes it good. */
	KUNIT_ASSERT_EQ(test, lab_do(lab, &io, sector, 32, REQ_OP_WRITE), 0);
	lab_io_judge(lab, &io, REQ_OP_WRITE);
	lab_job(lab, EMD_SYNC_RESYNC);
	lab_vouch_for_all(lab);
	lab_read_all(lab);
	lab_check(lab);
}

/* ---- write errors -------------------------------------------------------------------- */

static void a_member_that_cannot_write_fails(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 32, 12);
	u16 slot = any_slot(lab), nr;

	for (nr = 1; nr <= lab->nr_parity; nr++) {
		lab->disks[slot].no_writes = true;
		lab_round(lab, LAB_MAX_IOS);
		lab_rounds(lab, 3);
		KUNIT_EXPECT_EQ(test, lab->array->members[slot].state, EMD_MEMBER_FAILED);
		KUNIT_EXPECT_EQ(test, lab->nr_recorded, nr);
		slot = (slot + 2) % 6;
	}
	lab_read_all(lab);
}

static void a_member_may_die_under_background_work(struct kunit *test)
{
	static const enum emd_sync_action actions[] = { EMD_SYNC_CHECK, EMD_SYNC_REPAIR };
	struct lab *lab = lab_of(test, 6, 32, 40);
	u16 slot = 1, i;

	for (i = 0; i < lab->nr_parity; i++, slot += 2) {
		lab->disks[slot].dead = true;
		lab_job(lab, actions[i]);
		KUNIT_EXPECT_EQ(test, lab->array->members[slot].state, EMD_MEMBER_FAILED);
		lab_rounds(lab, 1);
	}
	lab_read_all(lab);
}

static void the_member_being_filled_may_die(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 32, 40);
	struct emd_job_status status;

	lab_lose(lab, 3);
	lab_replace(lab, 3, 2);
	lab->disks[3].no_writes = true;
	lab_job_start(lab, EMD_SYNC_REBUILD);
	KUNIT_EXPECT_NE(test, lab_job_wait(lab, &status), 0);
	KUNIT_EXPECT_EQ(test, lab->array->members[3].state, EMD_MEMBER_FAILED);
	lab_rounds(lab, 2);
}

static void nothing_is_filled_from_too_little(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 32, 12);
	struct emd_job_status status;
	u16 slot;

	/* They vanish together: the array is broken, and they may come back. */
	for (slot = 0; slot <= lab->nr_parity; slot++)
		lab_lose(lab, slot);
	lab_replace(lab, 0, 3);
	memset(lab_strip(lab, 0, 3), LAB_GONE_BYTE, 9 * 32 << SECTOR_SHIFT);
	lab_job_start(lab, EMD_SYNC_REBUILD);
	KUNIT_EXPECT_NE(test, lab_job_wait(lab, &status), 0);
	KUNIT_EXPECT_EQ(test, lab->array->members[0].rebuilt_sector, lab_row_end(lab, 2));
	KUNIT_EXPECT_NULL(test, memchr_inv(lab_strip(lab, 0, 3), LAB_GONE_BYTE,
					   9 * 32 << SECTOR_SHIFT));
}

static void a_write_that_fails_once_is_sent_again(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 32, 12);
	unsigned int i;

	for (i = 0; i < 2; i++) {
		lab->disks[i].nr_hiccups = 1;
		lab_rounds(lab, 2);
		KUNIT_EXPECT_EQ(test, lab->disks[i].nr_hiccups, 0);
	}
	nobody_failed(lab);
	/* The more so when there is nobody who could stand in for it. */
	for (i = 0; i < lab->nr_parity; i++)
		lab_lose(lab, i);
	lab->disks[4].nr_hiccups = 1;
	lab_rounds(lab, 2);
	KUNIT_EXPECT_EQ(test, lab->disks[4].nr_hiccups, 0);
	KUNIT_EXPECT_EQ(test, lab->array->members[4].state, EMD_MEMBER_IN_SYNC);
}

/*
 * One more than the level bears: what would be computed with it is wrong in the row
 * that it did not take. Errors are fine then, wrong answers are not.
 */
static void one_too_many_breaks_the_array_and_nothing_else(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 32, 12);
	u32 row = 32 * lab->nr_data, nr_right = 0;
	u64 sector, size = lab->array->geo.array_sectors;
	struct lab_io io;
	u16 slot;

	for (slot = 0; slot < lab->nr_parity; slot++)
		lab_lose(lab, slot);
	lab->disks[slot].no_writes = true;
	KUNIT_EXPECT_NE(test, lab_do(lab, &io, 2 * row, row, REQ_OP_WRITE), 0);
	lab_io_free(&io);
	KUNIT_EXPECT_TRUE(test, lab->array->broken);
	KUNIT_EXPECT_NE(test, lab_do(lab, &io, 5 * row, row, REQ_OP_WRITE), 0);
	lab_io_free(&io);
	for (sector = 0; sector + 32 <= size; sector += 32) {
		/* What the refused write left in its row is anybody's guess. */
		if (sector / row == 2)
			continue;
		if (lab_do(lab, &io, sector, 32, REQ_OP_READ)) {
			lab_io_free(&io);
			continue;
		}
		lab_io_judge(lab, &io, REQ_OP_READ);
		nr_right++;
	}
	KUNIT_EXPECT_GT(test, nr_right, 0);
}

/* ---- promises of the block layer ----------------------------------------------------- */

static void fua_reaches_every_member(struct kunit *test)
{
	struct lab *lab = lab_of(test, 5, 16, 12);
	struct lab_io io;
	unsigned int i;
	u64 sector;
	u32 nr;

	for (i = 0; i < 5; i++)
		lab->disks[i].watch_fua = true;
	for (i = 0; i < 40; i++) {
		if (i == 20)
			lab_lose(lab, 1);
		lab_any_range(lab, &sector, &nr);
		lab_do(lab, &io, sector, nr, REQ_OP_WRITE | REQ_FUA);
		lab_io_judge(lab, &io, REQ_OP_WRITE);
	}
	lab_check(lab);
}

static void zeroes_get_there_when_disks_cannot_write_them(struct kunit *test)
{
	struct lab *lab = lab_of(test, 5, 16, 12);
	struct lab_io io;

	lab->disks[3].no_zeroes = true;
	lab_do(lab, &io, 8, 16 * 4 * 8, REQ_OP_WRITE_ZEROES);
	lab_io_judge(lab, &io, REQ_OP_WRITE_ZEROES);
	lab_rounds(lab, 3);
	nobody_failed(lab);
}

/* Whatever reaches the disks: parity is made of the same. */
static void parity_is_of_what_was_written(struct kunit *test)
{
	struct lab *lab = lab_of(test, 5, 16, 12);
	u32 row = 16 * lab->nr_data, i, k;
	struct lab_io *ios;
	u16 slot;
	u64 r;

	ios = kunit_kcalloc(test, 8, sizeof(*ios), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ios);
	for (i = 0; i < 8; i++) {
		lab_io_init(lab, &ios[i], i * row + (i & 3) * 8, row - 16 - (i & 3) * 8,
			    REQ_OP_WRITE);
		submit_bio(&ios[i].bio);
		for (k = 0; k < 3; k++) {
			prandom_bytes_state(&lab->rnd, ios[i].data, ios[i].nr << SECTOR_SHIFT);
			cond_resched();
		}
	}
	for (i = 0; i < 8; i++) {
		lab_io_wait(lab, &ios[i]);
		lab_io_free(&ios[i]);
	}
	/* The model is what the data strips say. */
	for (r = 0; r < lab->rows; r++) {
		for (i = 0; i < lab->nr_data; i++) {
			slot = lab_part_slot(lab, r, i);
			memcpy(lab_model(lab, (r * lab->nr_data + i) * 16), lab_strip(lab, slot, r),
			       16 << SECTOR_SHIFT);
		}
	}
	lab_check(lab);
}

/* Of writes over each other the last one sent is what stays. */
static void writes_keep_their_order(struct kunit *test)
{
	struct lab *lab = lab_of(test, 5, 16, 12);
	unsigned int round, i;
	struct blk_plug plug;
	struct lab_io *ios;
	u64 sector;
	u32 nr;

	ios = kunit_kcalloc(test, 12, sizeof(*ios), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ios);
	for (round = 0; round < 30; round++) {
		sector = lab_random(lab, 4) * 8;
		for (i = 0; i < 12; i++) {
			nr = 8 * (1 + lab_random(lab, 16));
			lab_io_init(lab, &ios[i], sector + lab_random(lab, 12) * 8, nr,
				    lab_random(lab, 5) ? REQ_OP_WRITE : REQ_OP_WRITE_ZEROES);
		}
		if (round % 2)
			blk_start_plug(&plug);
		for (i = 0; i < 12; i++)
			submit_bio(&ios[i].bio);
		if (round % 2)
			blk_finish_plug(&plug);
		for (i = 0; i < 12; i++)
			lab_io_wait(lab, &ios[i]);
		for (i = 0; i < 12; i++)
			lab_io_judge(lab, &ios[i], bio_op(&ios[i].bio));
		lab_quiesce(lab);
		lab_resume(lab);
		lab_check(lab);
	}
}

static void data_may_stay_where_it_is(struct kunit *test)
{
	struct lab *lab = lab_of(test, 6, 64, 20);

	/* By policy; nobody changes data that is being written here. */
	lab->array->zero_copy = true;
	check_a_life(lab);
}

static void small_writes_are_gathered(struct kunit *test)
{
	struct lab *lab = lab_of(test, 5, 16, 12);
	u32 row = 16 * lab->nr_data, i, nr_reads = 0;
	struct lab_io *ios;
	struct blk_plug plug;

	ios = kunit_kcalloc(test, row / 8, sizeof(*ios), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, ios);
	for (i = 0; i < row / 8; i++)
		lab_io_init(lab, &ios[i], 3 * row + i * 8, 8, REQ_OP_WRITE);
	blk_start_plug(&plug);
	for (i = 0; i < row / 8; i++)
		submit_bio(&ios[i].bio);
	blk_finish_plug(&plug);
	for (i = 0; i < row / 8; i++) {
		lab_io_wait(lab, &ios[i]);
		lab_io_judge(lab, &ios[i], REQ_OP_WRITE);
	}
	for (i = 0; i < 5; i++)
		nr_reads += lab->disks[i].nr_reads;
	/* Together they are a whole row: nothing had to be read for it. */
	KUNIT_EXPECT_EQ(test, nr_reads, 0);
	lab_check(lab);
}

static struct kunit_case parity_engine_cases[] = {
	KUNIT_CASE_PARAM(users_find_what_they_wrote, shapes_gen_params),
	KUNIT_CASE_PARAM(strips_are_taken_in_bands, kinds_gen_params),
	KUNIT_CASE_PARAM(the_widest_array_works, kinds_gen_params),
	KUNIT_CASE_PARAM(disks_that_answer_at_once_are_fine, kinds_gen_params),
	KUNIT_CASE_PARAM(a_rebuild_and_users_do_not_meet, kinds_gen_params),
	KUNIT_CASE_PARAM(both_lost_members_are_filled_at_once, kinds_gen_params),
	KUNIT_CASE_PARAM(a_resync_makes_parity_right, kinds_gen_params),
	KUNIT_CASE_PARAM(what_is_lost_is_what_parity_says, kinds_gen_params),
	KUNIT_CASE_PARAM(a_check_counts_and_a_repair_mends, kinds_gen_params),
	KUNIT_CASE_PARAM(a_bad_sector_is_read_and_rewritten, kinds_gen_params),
	KUNIT_CASE_PARAM(users_do_not_notice_bad_sectors, kinds_gen_params),
	KUNIT_CASE_PARAM(a_degraded_raid6_bears_bad_sectors, kinds_gen_params),
	KUNIT_CASE_PARAM(a_rebuild_bears_bad_sectors, kinds_gen_params),
	KUNIT_CASE_PARAM(a_rebuild_that_cannot_read_ends, kinds_gen_params),
	KUNIT_CASE_PARAM(a_resync_rewrites_parity_that_is_bad, kinds_gen_params),
	KUNIT_CASE_PARAM(a_resync_that_cannot_read_data_is_not_done, kinds_gen_params),
	KUNIT_CASE_PARAM(a_member_that_cannot_write_fails, kinds_gen_params),
	KUNIT_CASE_PARAM(a_member_may_die_under_background_work, kinds_gen_params),
	KUNIT_CASE_PARAM(the_member_being_filled_may_die, kinds_gen_params),
	KUNIT_CASE_PARAM(nothing_is_filled_from_too_little, kinds_gen_params),
	KUNIT_CASE_PARAM(a_write_that_fails_once_is_sent_again, kinds_gen_params),
	KUNIT_CASE_PARAM(one_too_many_breaks_the_array_and_nothing_else, kinds_gen_params),
	KUNIT_CASE_PARAM(fua_reaches_every_member, kinds_gen_params),
	KUNIT_CASE_PARAM(zeroes_get_there_when_disks_cannot_write_them, kinds_gen_params),
	KUNIT_CASE_PARAM(parity_is_of_what_was_written, kinds_gen_params),
	KUNIT_CASE_PARAM(data_may_stay_where_it_is, kinds_gen_params),
	KUNIT_CASE_PARAM(writes_keep_their_order, kinds_gen_params),
	KUNIT_CASE_PARAM(small_writes_are_gathered, kinds_gen_params),
	{}
};

/*
 * Arrays come and go here by the hundred, and the slab caches of their bios with
 * them, which waits for RCU each time: keep one user of each.
 */
static struct bio_set kept[3];

static int keep_caches(struct kunit_suite *suite)
{
	int ret;

	ret = bioset_init(&kept[0], 1, offsetof(struct emd_io, first.bio), 0);
	if (!ret)
		ret = bioset_init(&kept[1], 1, offsetof(struct emd_clone, bio), 0);
	if (!ret)
		ret = bioset_init(&kept[2], 1, 2 * sizeof(void *), 0);
	return ret;
}

static void let_caches_go(struct kunit_suite *suite)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(kept); i++)
		bioset_exit(&kept[i]);
}

static struct kunit_suite parity_engine_suite = {
	.name = "emd_parity_engine",
	.suite_init = keep_caches,
	.suite_exit = let_caches_go,
	.test_cases = parity_engine_cases,
};

kunit_test_suite(parity_engine_suite);

MODULE_DESCRIPTION("KUnit tests of EMD's parity engine");
MODULE_LICENSE("GPL");
