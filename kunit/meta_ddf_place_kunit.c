// SPDX-License-Identifier: GPL-2.0
/*
 * New DDF containers and arrays: what is asked for is what is read again, by every
 * disk, on either block size; what cannot be said is refused with a reason.
 */
#include <kunit/test.h>

#include "ddf_lab.h"

#define SECTORS	(64u << 11)	/* 64 MiB: 32 of them for data */

struct lab {
	struct lab_disk disk[LAB_DISKS];
	struct lab_disk *disks[LAB_DISKS];
	unsigned int nr;
	struct emd_config *cfg;
};

static struct lab lab;

static int lab_init(struct kunit *test)
{
	memset(&lab, 0, sizeof(lab));
	return 0;
}

static void lab_exit(struct kunit *test)
{
	unsigned int i;

	emd_config_free(lab.cfg);
	lab.cfg = NULL;
	for (i = 0; i < LAB_DISKS; i++)
		lab_disk_exit(&lab.disk[i]);
}

/* A config of bare disks, as a command has it before it makes the first array. */
static void new_container(struct kunit *test, unsigned int nr, u32 block_size)
{
	struct emd_errmsg msg = {};
	struct emd_config_disk *row;
	char serial[] = "D0";
	unsigned int i;

	lab_exit(test);
	lab.nr = nr;
	lab.cfg = emd_ddf_ops.new_container(nr, block_size, 0x1234567890abcdefULL, 1700000000,
					    &msg);
	if (IS_ERR(lab.cfg))
		lab.cfg = NULL;
	KUNIT_ASSERT_TRUE_MSG(test, lab.cfg, "%s", msg.text);
	for (i = 0; i < nr; i++) {
		serial[1] = '0' + i;
		KUNIT_ASSERT_EQ(test, lab_disk_init(&lab.disk[i], SECTORS, block_size, serial), 0);
		lab.disks[i] = &lab.disk[i];
		row = &lab.cfg->disks[lab.cfg->nr_disks++];
		KUNIT_ASSERT_EQ(test, emd_ddf_ops.new_disk(serial, SECTORS, block_size, row, &msg),
				0);
		row->handle = i + 1;
	}
}

static void fill_args(struct emd_create_args *args, enum emd_level level, enum emd_layout layout,
		      u16 nr, u64 sectors)
{
	u16 i;

	memset(args, 0, sizeof(*args));
	args->level = level;
	args->layout = layout;
	args->array_sectors = sectors;
	args->clean = true;
	args->nr_disks = nr;
	for (i = 0; i < nr; i++)
		args->disks[i] = i;
	strscpy(args->name, "vol", sizeof(args->name));
}

static int create(struct kunit *test, const struct emd_create_args *args, struct emd_errmsg *msg)
{
	struct emd_config *t1 = lab_next(lab.cfg);
	int ret;

	msg->text[0] = 0;
	ret = emd_ddf_ops.place_array(t1, args, msg);
	if (!ret) {
		t1->arrays[t1->nr_arrays - 1].handle = t1->nr_arrays;
		ret = lab_commit(lab.cfg, t1, msg);
	}
	if (!ret)
		ret = lab_encode_all(lab.disks, t1);
	if (ret) {
		emd_config_free(t1);
		return ret;
	}
	emd_config_free(lab.cfg);
	lab.cfg = t1;
	return 0;
}

static void expect_read(struct kunit *test, const char *expected)
{
	struct emd_errmsg msg = {};
	struct emd_config *cfg = lab_assemble(lab.disks, lab.nr, &msg);
	struct line line;

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(cfg), "%s", msg.text);
	config_line(cfg, &line);
	KUNIT_EXPECT_STREQ(test, line.text, expected);
	emd_config_free(cfg);
}

struct case_create {
	enum emd_level level;
	enum emd_layout layout;
	u16 nr;
	u64 sectors;
	const char *config;
};

static const struct case_create creates[] = {
	{ EMD_LEVEL_RAID0, 0, 2, 0, "vol raid0 none 128 131072 0+65536 UU idle" },
	{ EMD_LEVEL_RAID0, 0, 3, 8192, "vol raid0 none 128 12288 0+4096 UUU idle" },
	{ EMD_LEVEL_RAID1, 0, 2, 0, "vol raid1 none 128 65536 0+65536 UU idle" },
	{ EMD_LEVEL_RAID1, 0, 3, 4096, "vol raid1 none 128 4096 0+4096 UUU idle" },
	{ EMD_LEVEL_RAID10, 0, 4, 8192, "vol raid10 adjacent 128 8192 0+4096 UUUU idle" },
	{ EMD_LEVEL_RAID10, 0, 6, 0, "vol raid10 adjacent 128 196608 0+65536 UUUUUU idle" },
	{ EMD_LEVEL_RAID1E, 0, 3, 6144, "vol raid1e adjacent 128 6144 0+4096 UUU idle" },
	{ EMD_LEVEL_RAID4, 0, 3, 8192, "vol raid4 parity-last 128 8192 0+4096 UUU idle" },
	{ EMD_LEVEL_RAID5, 0, 4, 0, "vol raid5 left-symmetric 128 196608 0+65536 UUUU idle" },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_RIGHT_ASYMMETRIC, 3, 0,
	  "vol raid5 right-asymmetric 128 131072 0+65536 UUU idle" },
	{ EMD_LEVEL_RAID6, 0, 5, 0, "vol raid6 ddf-n-continue 128 196608 0+65536 UUUUU idle" },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_ZERO_RESTART, 4, 0,
	  "vol raid6 ddf-zero-restart 128 131072 0+65536 UUUU idle" },
	{ EMD_LEVEL_CONCAT, 0, 2, 0, "vol concat none 128 131072 0+65536 UU idle" },
};

static void what_is_made_is_read_again(struct kunit *test)
{
	static const u32 blocks[] = { 512, 4096 };
	struct emd_create_args args;
	struct emd_errmsg msg;
	unsigned int i, b;

	for (b = 0; b < 2; b++) {
		for (i = 0; i < ARRAY_SIZE(creates); i++) {
			new_container(test, creates[i].nr, blocks[b]);
			fill_args(&args, creates[i].level, creates[i].layout, creates[i].nr,
				  creates[i].sectors);
			KUNIT_EXPECT_EQ_MSG(test, create(test, &args, &msg), 0, "%s: %s",
					    creates[i].config, msg.text);
			expect_read(test, creates[i].config);
		}
	}
}

static void a_second_array_fits_behind_the_first(struct kunit *test)
{
	struct emd_create_args args;
	struct emd_errmsg msg;

	new_container(test, 3, 512);
	fill_args(&args, EMD_LEVEL_RAID1, 0, 2, 4096);
	KUNIT_EXPECT_EQ(test, create(test, &args, &msg), 0);
	fill_args(&args, EMD_LEVEL_RAID0, 0, 3, 0);
	strscpy(args.name, "rest", sizeof(args.name));
	KUNIT_EXPECT_EQ_MSG(test, create(test, &args, &msg), 0, "%s", msg.text);
	expect_read(test, "vol raid1 none 128 4096 0+4096 UU idle; rest raid0 none 128 184320 4096+61440 UUU idle");
	/* No room for a third. */
	strscpy(args.name, "more", sizeof(args.name));
	KUNIT_EXPECT_EQ(test, create(test, &args, &msg), -ENOSPC);
}

struct case_refuse {
	enum emd_level level;
	enum emd_layout layout;
	u16 nr;
	u32 strip;
	u64 sectors;
	const char *name;
	const char *reason;
};

static const struct case_refuse refusals[] = {
	{ EMD_LEVEL_RAID1, 0, 4, 0, 0, "v", "ddf mirrors have 2 or 3 disks, not 4" },
	{ EMD_LEVEL_RAID1E, EMD_LAYOUT_OFFSET, 4, 0, 0, "v",
	  "ddf raid1e offset means another layout to mdadm, so it is not made" },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_RIGHT_SYMMETRIC, 4, 0, 0, "v",
	  "ddf has no raid5 with layout right-symmetric" },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_SYMMETRIC, 4, 0, 0, "v",
	  "ddf has no raid6 with layout left-symmetric" },
	{ EMD_LEVEL_RAID5, 0, 2, 0, 0, "v", "raid5 with 2 members, need 3 to 253" },
	{ EMD_LEVEL_RAID0, 0, 2, 96, 0, "v", "strip of 96 sectors, need a power of two" },
	{ EMD_LEVEL_RAID0, 0, 2, 0, 1 << 20, "v",
	  "room for an array of 65536 KiB, asked for 524288" },
	{ EMD_LEVEL_RAID0, 0, 2, 0, 0, "seventeen letters",
	  "name of 17 characters, need 1 to 16" },
	{ EMD_LEVEL_RAID0, 0, 2, 0, 0, "a/b",
	  "name a/b, need letters, digits, '_', and not at the start '.' and '-'" },
};

static void what_cannot_be_said_is_refused(struct kunit *test)
{
	struct emd_create_args args;
	struct emd_errmsg msg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		new_container(test, 4, 512);
		fill_args(&args, refusals[i].level, refusals[i].layout, refusals[i].nr,
			  refusals[i].sectors);
		args.strip_sectors = refusals[i].strip;
		strscpy(args.name, refusals[i].name, sizeof(args.name));
		KUNIT_EXPECT_NE(test, create(test, &args, &msg), 0);
		KUNIT_EXPECT_STREQ(test, msg.text, refusals[i].reason);
	}
}

static void add_disk(struct kunit *test, u64 sectors)
{
	struct emd_config *t1 = lab_next(lab.cfg);
	struct emd_config_disk row;
	struct emd_errmsg msg = {};
	char serial[] = "N0";

	serial[1] += lab.nr;
	KUNIT_ASSERT_EQ(test, lab_disk_init(&lab.disk[lab.nr], sectors, lab.cfg->block_size, serial),
			0);
	lab.disks[lab.nr] = &lab.disk[lab.nr];
	KUNIT_ASSERT_EQ(test, emd_ddf_ops.new_disk(serial, sectors, lab.cfg->block_size, &row, &msg),
			0);
	row.handle = ++lab.nr;
	KUNIT_ASSERT_TRUE(test, emd_change_add_disk(t1, &row) >= 0);
	KUNIT_ASSERT_TRUE_MSG(test, !lab_commit(lab.cfg, t1, &msg), "%s", msg.text);
	KUNIT_ASSERT_EQ(test, lab_encode_all(lab.disks, t1), 0);
	emd_config_free(lab.cfg);
	lab.cfg = t1;
}

static void a_disk_joins_and_fills_a_slot(struct kunit *test)
{
	struct emd_create_args args;
	struct emd_config *t1;
	struct emd_errmsg msg;
	struct line line;

	new_container(test, 2, 512);
	fill_args(&args, EMD_LEVEL_RAID1, 0, 2, 4096);
	KUNIT_EXPECT_EQ(test, create(test, &args, &msg), 0);
	add_disk(test, SECTORS + 3 * 2048);
	expect_read(test, "vol raid1 none 128 4096 0+4096 UU idle");
	native_line(lab.cfg, &line);
	KUNIT_EXPECT_STREQ(test, line.text, "a0003/0001 b0003/0001 c0005/0001 | 00/02 a b ");
	/* The same distances from its own end. */
	KUNIT_EXPECT_EQ(test, ddf_get64(false, lab_header(&lab.disk[2], 0)->primary_lba),
			(u64)SECTORS + 3 * 2048 - 32768);

	t1 = lab_next(lab.cfg);
	emd_change_fail_disk(t1, 0);
	KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, &msg), 0);
	KUNIT_ASSERT_EQ(test, lab_encode_all(lab.disks, t1), 0);
	emd_config_free(lab.cfg);
	lab.cfg = t1;
	t1 = lab_next(lab.cfg);
	KUNIT_EXPECT_EQ(test, emd_ddf_ops.can_take(t1, 0, 0, 2, NULL), 0);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 0, 2), 0);
	KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, &msg), 0);
	KUNIT_ASSERT_EQ(test, lab_encode_all(lab.disks, t1), 0);
	emd_config_free(lab.cfg);
	lab.cfg = t1;
	expect_read(test, "vol raid1 none 128 4096 0+4096 RU rebuild 0");
}

static void a_disk_leaves(struct kunit *test)
{
	struct emd_create_args args;
	struct emd_config *t1;
	struct emd_errmsg msg;
	struct line line;

	new_container(test, 3, 512);
	fill_args(&args, EMD_LEVEL_RAID1, 0, 2, 4096);
	KUNIT_EXPECT_EQ(test, create(test, &args, &msg), 0);
	t1 = lab_next(lab.cfg);
	KUNIT_ASSERT_EQ(test, emd_change_remove_disk(t1, 2), 0);
	KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, &msg), 0);
	KUNIT_ASSERT_EQ(test, lab_encode_all(lab.disks, t1), 0);
	native_line(t1, &line);
	KUNIT_EXPECT_STREQ(test, line.text, "a0003/0001 b0003/0001 | 00/02 a b ");
	emd_config_free(lab.cfg);
	lab.cfg = t1;
	/* What it still carries is not believed any more. */
	expect_read(test, "vol raid1 none 128 4096 0+4096 UU idle");
}

/* Interrupted anywhere, a creation leaves bare disks or the array, nothing between. */
static void a_creation_that_is_cut_off_leaves_no_member(struct kunit *test)
{
	struct emd_create_args args;
	struct emd_config *t1, *cfg;
	struct emd_errmsg msg;
	unsigned int cut;
	int writes = 1;

	for (cut = 0; cut < writes; cut++) {
		new_container(test, 2, 512);
		fill_args(&args, EMD_LEVEL_RAID1, 0, 2, 4096);
		t1 = lab_next(lab.cfg);
		msg.text[0] = 0;
		KUNIT_ASSERT_EQ(test, emd_ddf_ops.place_array(t1, &args, &msg), 0);
		t1->arrays[0].handle = 1;
		KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, &msg), 0);
		writes = lab_encode_some(&lab.disk[0], t1, 0, cut, true);
		cfg = lab_decode(&lab.disk[0], NULL);
		KUNIT_EXPECT_TRUE_MSG(test, IS_ERR(cfg) || cfg->nr_arrays == 1, "write %u", cut);
		if (cut < writes - 1)
			KUNIT_EXPECT_TRUE_MSG(test, IS_ERR(cfg), "write %u", cut);
		if (!IS_ERR(cfg))
			emd_config_free(cfg);
		emd_config_free(t1);
	}
}

static void erased_is_not_ours_any_more(struct kunit *test)
{
	struct emd_meta_writes out = { .buf_len = 4096 };
	struct emd_create_args args;
	struct emd_meta_image img;
	struct emd_errmsg msg = {};
	struct emd_config *cfg;

	new_container(test, 2, 512);
	fill_args(&args, EMD_LEVEL_RAID1, 0, 2, 4096);
	KUNIT_EXPECT_EQ(test, create(test, &args, &msg), 0);
	out.buf = kvzalloc(out.buf_len, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, lab_read(&lab.disk[0], &img, &msg), 0);
	KUNIT_EXPECT_EQ(test, emd_ddf_ops.erase(&img, &out), 0);
	KUNIT_EXPECT_EQ(test, out.nr, 3);
	lab_image_free(&img);
	lab_write(&lab.disk[0], &out, out.nr, false);
	kvfree(out.buf);
	cfg = lab_decode(&lab.disk[0], &msg);
	KUNIT_EXPECT_EQ(test, PTR_ERR(cfg), -ENODATA);
}

static void disks_that_are_too_small_are_refused(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct emd_config_disk row;

	KUNIT_EXPECT_EQ(test, emd_ddf_ops.new_disk("S", 65536, 512, &row, &msg), -EINVAL);
	KUNIT_EXPECT_STREQ(test, msg.text, "disk of 65536 sectors, need 69632 to 18014398509481984");
	KUNIT_EXPECT_EQ(test, emd_ddf_ops.new_disk("", 1 << 20, 512, &row, &msg), 0);
}

static struct kunit_case meta_ddf_place_cases[] = {
	KUNIT_CASE(what_is_made_is_read_again),
	KUNIT_CASE(a_second_array_fits_behind_the_first),
	KUNIT_CASE(what_cannot_be_said_is_refused),
	KUNIT_CASE(a_disk_joins_and_fills_a_slot),
	KUNIT_CASE(a_disk_leaves),
	KUNIT_CASE(a_creation_that_is_cut_off_leaves_no_member),
	KUNIT_CASE(erased_is_not_ours_any_more),
	KUNIT_CASE(disks_that_are_too_small_are_refused),
	{}
};

static struct kunit_suite meta_ddf_place_suite = {
	.name = "emd_meta_ddf_place",
	.init = lab_init,
	.exit = lab_exit,
	.test_cases = meta_ddf_place_cases,
};

kunit_test_suite(meta_ddf_place_suite);
