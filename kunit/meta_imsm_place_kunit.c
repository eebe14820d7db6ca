// SPDX-License-Identifier: GPL-2.0
/*
 * Where a new IMSM array goes, what is refused, and which disk may fill a slot.
 */
#include <kunit/test.h>

#include "imsm_text.h"

#define SECTORS_64M	131072

/* A container with @nr disks named D0.. of @sectors. */
static struct emd_config *empty(struct kunit *test, u16 nr, u64 sectors, u32 block_size)
{
	struct emd_config *cfg, *t1;
	struct emd_errmsg msg = {};
	struct emd_config_disk row;
	char serial[8];
	u16 i;

	cfg = emd_imsm_ops.new_container(nr, block_size, 1, 1, &msg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	for (i = 0; i < nr; i++) {
		snprintf(serial, sizeof(serial), "D%u", i);
		KUNIT_ASSERT_EQ_MSG(test, emd_imsm_ops.new_disk(serial, sectors, block_size, &row,
								&msg), 0, "%s", msg.text);
		row.handle = i + 1;
		KUNIT_ASSERT_EQ(test, emd_change_add_disk(cfg, &row), i);
	}
	t1 = lab_next(cfg);
	emd_config_free(cfg);
	KUNIT_ASSERT_NOT_NULL(test, t1);
	return t1;
}

struct request {
	enum emd_level level;
	u16 nr;
	u32 strip;
	u64 size;
	bool force;
	enum emd_layout layout;
};

static int place(struct emd_config *cfg, const struct request *r, const char *name,
		 struct emd_errmsg *msg)
{
	struct emd_create_args args = {
		.level = r->level,
		.layout = r->layout,
		.nr_disks = r->nr,
		.strip_sectors = r->strip,
		.array_sectors = r->size,
		.force = r->force,
		.clean = true,
	};
	u16 i;

	strscpy(args.name, name, sizeof(args.name));
	for (i = 0; i < r->nr; i++)
		args.disks[i] = i;
	return emd_imsm_ops.place_array(cfg, &args, msg);
}

/* Place, commit, and go on with what is then there. */
static struct emd_config *placed(struct kunit *test, struct emd_config *cfg,
				 const struct request *r, const char *name)
{
	struct emd_errmsg msg = {};
	struct emd_config *t1 = lab_next(cfg);

	KUNIT_ASSERT_EQ_MSG(test, place(t1, r, name, &msg), 0, "%s", msg.text);
	KUNIT_ASSERT_EQ_MSG(test, lab_commit(cfg, t1, &msg), 0, "%s", msg.text);
	emd_config_free(cfg);
	return t1;
}

struct case_place {
	const char *name;
	u64 disk_sectors;
	u32 block_size;
	u16 nr_disks;
	struct request request[2];	/* the second may be empty */
	const char *line;
};

/* Worked values of mdadm's, and the like. */
static const struct case_place places[] = {
	{ "raid1, all room", SECTORS_64M, 512, 2, { { EMD_LEVEL_RAID1, 2 } },
	  "a raid1 128 118784 0+118784+2048 UU idle" },
	{ "raid0, all room", SECTORS_64M, 512, 2, { { EMD_LEVEL_RAID0, 2 } },
	  "a raid0 256 237568 0+118784+2048 UU idle" },
	{ "raid5, all room", SECTORS_64M, 512, 3, { { EMD_LEVEL_RAID5, 3 } },
	  "a raid5 256 237568 0+118784+2048 UUU idle" },
	{ "raid10, all room", SECTORS_64M, 512, 4, { { EMD_LEVEL_RAID10, 4, 128 } },
	  "a raid10 128 237568 0+118784+2048 UUUU idle" },
	{ "the same on 4Kn", SECTORS_64M, 4096, 4, { { EMD_LEVEL_RAID10, 4, 128 } },
	  "a raid10 128 237568 0+118784+2048 UUUU idle" },
	{ "matrix", SECTORS_64M, 512, 2,
	  { { EMD_LEVEL_RAID0, 2, 128, 32768 }, { EMD_LEVEL_RAID1, 2, 0, 6144 } },
	  "a raid0 128 32768 0+16384+2048 UU idle; b raid1 128 6144 24576+6144+2048 UU idle" },
	{ "matrix, the rest", SECTORS_64M, 512, 4,
	  { { EMD_LEVEL_RAID10, 4, 128, 32768 }, { EMD_LEVEL_RAID5, 4, 256 } },
	  "a raid10 128 32768 0+16384+2048 UUUU idle; b raid5 256 282624 24576+94208+2048 UUUU idle" },
	{ "rounded up to a MiB a member", SECTORS_64M, 512, 2, { { EMD_LEVEL_RAID0, 2, 128, 4097 } },
	  "a raid0 128 8192 0+4096+2048 UU idle" },
	{ "strips of 1 MiB", SECTORS_64M, 512, 4, { { EMD_LEVEL_RAID10, 4, 2048, 4097, true } },
	  "a raid10 2048 8192 0+4096+2048 UUUU idle" },
	{ "3 TiB", 6442450944ULL, 512, 3, { { EMD_LEVEL_RAID5, 3, 128 } },
	  "a raid5 128 12884877312 0+6442438656+2048 UUU idle" },
	{ "3 TiB, 4Kn", 6442450944ULL, 4096, 3,
	  { { EMD_LEVEL_RAID5, 3, 128, 10737418240ULL }, { EMD_LEVEL_RAID0, 3, 256 } },
	  "a raid5 128 10737418240 0+5368709120+2048 UUU idle; b raid0 256 3221164032 5368717312+1073721344+2048 UUU idle" },
};

static void arrays_go_where_mdadm_puts_them(struct kunit *test)
{
	const struct case_place *p;
	struct emd_config *cfg, *back;
	struct emd_errmsg msg = {};
	struct lab_disk disk;
	static struct line line;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(places); i++) {
		p = &places[i];
		cfg = empty(test, p->nr_disks, p->disk_sectors, p->block_size);
		cfg = placed(test, cfg, &p->request[0], "a");
		if (p->request[1].nr)
			cfg = placed(test, cfg, &p->request[1], "b");
		volume_line(cfg, &line);
		KUNIT_EXPECT_STREQ_MSG(test, (const char *)line.text, p->line, "%s", p->name);

		/* And so it reads back. */
		KUNIT_ASSERT_EQ(test, lab_disk_init(&disk, p->disk_sectors, p->block_size, "D1"), 0);
		KUNIT_ASSERT_GE(test, lab_encode(&disk, cfg, 1), 0);
		back = lab_decode(&disk, &msg);
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(back), "%s: %s", p->name, msg.text);
		volume_line(back, &line);
		KUNIT_EXPECT_STREQ_MSG(test, (const char *)line.text, p->line, "%s", p->name);
		KUNIT_EXPECT_EQ(test, back->self, 1);
		emd_config_free(back);
		emd_config_free(cfg);
		lab_disk_exit(&disk);
	}
}

struct case_refusal {
	struct request request;
	const char *reason;
	bool forceable;
};

/* In a container of 6 disks. */
static const struct case_refusal refusals[] = {
	{ { EMD_LEVEL_RAID1, 3 }, "mirrors have 2 disks" },
	{ { EMD_LEVEL_RAID1E, 3 }, "not raid1e" },
	{ { EMD_LEVEL_RAID4, 3 }, "not raid4" },
	{ { EMD_LEVEL_RAID6, 4 }, "not raid6" },
	{ { EMD_LEVEL_CONCAT, 2 }, "not concat" },
	{ { EMD_LEVEL_RAID5, 2 }, "raid5 of 2 disks" },
	{ { EMD_LEVEL_RAID10, 5 }, "even number" },
	{ { EMD_LEVEL_RAID10, 2 }, "raid10 of 2 disks" },
	{ { EMD_LEVEL_RAID10, 4, 0, 0, true, EMD_LAYOUT_OFFSET }, "layout" },
	{ { EMD_LEVEL_RAID5, 3, 0, 0, true, EMD_LAYOUT_LEFT_SYMMETRIC }, "layout" },
	{ { EMD_LEVEL_RAID0, 2, 192 }, "power of two" },
	{ { EMD_LEVEL_RAID0, 2, 4096, 0, true }, "strip of 4096" },
	{ { EMD_LEVEL_RAID0, 2, 0, 1ULL << 40 }, "room for an array" },
	{ { EMD_LEVEL_RAID10, 6 }, "raid10 of 6 disks", true },
	{ { EMD_LEVEL_RAID0, 2, 512 }, "strip of 256 KiB", true },
	{ { EMD_LEVEL_RAID0, 2, 4 }, "strip of 2 KiB", true },
	{ { EMD_LEVEL_RAID0, 1 }, "one disk", true },
};

static void what_firmware_does_not_take_needs_force(struct kunit *test)
{
	const struct case_refusal *r;
	struct request forced;
	struct emd_config *cfg;
	struct emd_errmsg msg;
	unsigned int i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(refusals); i++) {
		r = &refusals[i];
		cfg = empty(test, 6, SECTORS_64M, 512);
		memset(&msg, 0, sizeof(msg));
		KUNIT_EXPECT_NE_MSG(test, place(cfg, &r->request, "a", &msg), 0, "%s", r->reason);
		KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, r->reason), "need \"%s\", have \"%s\"",
				      r->reason, msg.text);
		KUNIT_EXPECT_EQ_MSG(test, !!strstr(msg.text, "--force"), r->forceable, "%s",
				    msg.text);
		KUNIT_EXPECT_EQ_MSG(test, cfg->nr_arrays, 0, "%s", r->reason);
		forced = r->request;
		forced.force = true;
		memset(&msg, 0, sizeof(msg));
		ret = place(cfg, &forced, "a", &msg);
		/* A stripe over one disk is none to the engines. */
		if (r->request.nr > 1)
			KUNIT_EXPECT_EQ_MSG(test, !ret, r->forceable, "%s: %s", r->reason, msg.text);
		emd_config_free(cfg);
	}
}

static void names_are_checked(struct kunit *test)
{
	static const struct request r = { EMD_LEVEL_RAID0, 2, 128, 8192 };
	static const char *const bad[] = {
		"", "12345678901234567", "a b", "a/b", ".a", "-a", "a\n", "\xe4",
	};
	struct emd_config *cfg = empty(test, 2, SECTORS_64M, 512);
	struct emd_errmsg msg = {};
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(bad); i++)
		KUNIT_EXPECT_EQ_MSG(test, place(cfg, &r, bad[i], NULL), -EINVAL, "%s", bad[i]);
	cfg = placed(test, cfg, &r, "1234567890.-_Aaz");
	KUNIT_EXPECT_EQ(test, place(cfg, &r, "1234567890.-_Aaz", &msg), -EEXIST);
	emd_config_free(cfg);
}

static void a_second_array_takes_the_same_slots(struct kunit *test)
{
	static const struct request two = { EMD_LEVEL_RAID0, 2, 128, 8192 };
	static const struct request three = { EMD_LEVEL_RAID5, 3, 128, 8192 };
	struct request forced = three;
	struct emd_config *cfg = empty(test, 3, SECTORS_64M, 512), *t1;
	struct emd_errmsg msg = {};

	cfg = placed(test, cfg, &two, "a");
	t1 = lab_next(cfg);
	KUNIT_EXPECT_EQ(test, place(t1, &three, "b", &msg), -EOPNOTSUPP);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, "--force"), "%s", msg.text);
	emd_config_free(t1);
	forced.force = true;
	cfg = placed(test, cfg, &forced, "b");
	cfg = placed(test, cfg, &(struct request){ EMD_LEVEL_RAID1, 2, 0, 2048, true }, "c");
	KUNIT_EXPECT_EQ(test, cfg->nr_arrays, 3);
	emd_config_free(cfg);
}

static void a_hole_is_used_when_it_is_the_largest(struct kunit *test)
{
	static const struct request most = { EMD_LEVEL_RAID0, 2, 128, 2 * 90112 };
	static const struct request little = { EMD_LEVEL_RAID1, 2, 0, 2048 };
	struct emd_config *cfg = empty(test, 2, SECTORS_64M, 512), *t1;
	struct emd_errmsg msg = {};

	cfg = placed(test, cfg, &most, "a");
	cfg = placed(test, cfg, &little, "b");
	t1 = lab_next(cfg);
	emd_change_delete_array(t1, 0);
	KUNIT_ASSERT_EQ_MSG(test, lab_commit(cfg, t1, &msg), 0, "%s", msg.text);
	emd_config_free(cfg);
	cfg = placed(test, t1, &(struct request){ EMD_LEVEL_RAID0, 2, 128 }, "c");
	/* Clear of the array behind it, and the reserve between them. */
	KUNIT_EXPECT_EQ(test, emd_config_member(cfg, &cfg->arrays[1], 0)->start_sector, 0);
	KUNIT_EXPECT_EQ(test, cfg->arrays[1].geo.member_sectors, 90112);
	KUNIT_EXPECT_EQ(test, emd_config_check(cfg, NULL), 0);
	emd_config_free(cfg);
}

static void no_room_is_said_in_numbers(struct kunit *test)
{
	struct emd_config *cfg = empty(test, 2, SECTORS_64M, 512), *t1;
	struct emd_errmsg msg = {};

	cfg = placed(test, cfg, &(struct request){ EMD_LEVEL_RAID0, 2, 128 }, "a");
	t1 = lab_next(cfg);
	KUNIT_EXPECT_EQ(test, place(t1, &(struct request){ EMD_LEVEL_RAID1, 2 }, "b", &msg),
			-ENOSPC);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, "free on every disk"), "%s", msg.text);
	emd_config_free(t1);
	emd_config_free(cfg);
}

static void unfit_disks_are_refused(struct kunit *test)
{
	struct emd_config_disk row;
	struct emd_errmsg msg = {};

	KUNIT_EXPECT_EQ(test, emd_imsm_ops.new_disk("", 1 << 20, 512, &row, &msg), -EINVAL);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, "serial"), "%s", msg.text);
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.new_disk("  ", 1 << 20, 512, &row, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.new_disk("A", 10000, 512, &row, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.new_disk("A", 1 << 20, 520, &row, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.new_disk("A", U64_MAX, 512, &row, NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.new_disk("A:B", 1 << 20, 4096, &row, NULL), 0);
	KUNIT_EXPECT_STREQ(test, (const char *)row.id, "A;B");
	KUNIT_EXPECT_TRUE(test, IS_ERR(emd_imsm_ops.new_container(256, 512, 1, 1, NULL)));
	KUNIT_EXPECT_TRUE(test, IS_ERR(emd_imsm_ops.new_container(2, 1024, 1, 1, NULL)));
}

/* ---- can_take ------------------------------------------------------------------------ */

/* RAID1 on D0 and D1 (and RAID0 on the same when @matrix), D1 lost, a spare. */
static struct emd_config *degraded(struct kunit *test, u64 spare_sectors, bool matrix)
{
	struct emd_config *cfg = empty(test, 2, SECTORS_64M, 512), *t1;
	struct emd_errmsg msg = {};
	struct emd_config_disk row;

	cfg = placed(test, cfg, &(struct request){ EMD_LEVEL_RAID1, 2, 0, 40960 }, "m");
	if (matrix)
		cfg = placed(test, cfg, &(struct request){ EMD_LEVEL_RAID0, 2, 128, 8192 }, "z");
	t1 = lab_next(cfg);
	emd_change_fail_disk(t1, 1);
	KUNIT_ASSERT_EQ(test, emd_imsm_ops.new_disk("SPARE", spare_sectors, 512, &row, &msg), 0);
	row.handle = 9;
	KUNIT_ASSERT_EQ(test, emd_change_add_disk(t1, &row), 2);
	KUNIT_ASSERT_EQ_MSG(test, lab_commit(cfg, t1, &msg), 0, "%s", msg.text);
	emd_config_free(cfg);
	return t1;
}

static void a_fitting_spare_is_taken(struct kunit *test)
{
	struct emd_config *cfg = degraded(test, SECTORS_64M, false);
	struct emd_errmsg msg = {};

	KUNIT_EXPECT_EQ_MSG(test, emd_imsm_ops.can_take(cfg, 0, 1, 2, &msg), 0, "%s", msg.text);
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.can_take(cfg, 0, 0, 2, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.can_take(cfg, 0, 1, 0, NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.can_take(cfg, 0, 1, 1, NULL), -EINVAL);
	emd_config_free(cfg);
}

static void a_spare_needs_room_for_every_array(struct kunit *test)
{
	struct emd_config *cfg = degraded(test, 40960 + 4258, false);
	struct emd_errmsg msg = {};

	KUNIT_EXPECT_EQ_MSG(test, emd_imsm_ops.can_take(cfg, 0, 1, 2, &msg), 0, "%s", msg.text);
	cfg->disks[2].sectors--;
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.can_take(cfg, 0, 1, 2, &msg), -ENOSPC);
	emd_config_free(cfg);

	cfg = degraded(test, 40960 + 4258, true);
	emd_change_remove_disk(cfg, 1);
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.can_take(cfg, 0, 1, 2, NULL), -ENOSPC);
	cfg->disks[2].sectors = SECTORS_64M;
	memset(&msg, 0, sizeof(msg));
	KUNIT_EXPECT_EQ_MSG(test, emd_imsm_ops.can_take(cfg, 0, 1, 2, &msg), 0, "%s", msg.text);
	emd_config_free(cfg);
}

static void a_failed_neighbour_comes_first(struct kunit *test)
{
	struct emd_config *cfg = degraded(test, SECTORS_64M, true);
	struct emd_errmsg msg = {};

	KUNIT_EXPECT_EQ(test, emd_imsm_ops.can_take(cfg, 0, 1, 2, &msg), -EBUSY);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, "z has failed"), "%s", msg.text);
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.can_take(cfg, 1, 1, 2, NULL), -EINVAL);
	emd_config_free(cfg);
}

static void one_rebuild_at_a_time(struct kunit *test)
{
	struct emd_config *cfg = degraded(test, SECTORS_64M, false);

	cfg->arrays[0].sync = EMD_SYNC_REBUILD;
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.can_take(cfg, 0, 1, 2, NULL), -EBUSY);
	cfg->arrays[0].sync = EMD_SYNC_IDLE;
	cfg->arrays[0].flags = EMD_CFG_READ_ONLY;
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.can_take(cfg, 0, 1, 2, NULL), -EOPNOTSUPP);
	emd_config_free(cfg);
}

static struct kunit_case place_cases[] = {
	KUNIT_CASE(arrays_go_where_mdadm_puts_them),
	KUNIT_CASE(what_firmware_does_not_take_needs_force),
	KUNIT_CASE(names_are_checked),
	KUNIT_CASE(a_second_array_takes_the_same_slots),
	KUNIT_CASE(a_hole_is_used_when_it_is_the_largest),
	KUNIT_CASE(no_room_is_said_in_numbers),
	KUNIT_CASE(unfit_disks_are_refused),
	KUNIT_CASE(a_fitting_spare_is_taken),
	KUNIT_CASE(a_spare_needs_room_for_every_array),
	KUNIT_CASE(a_failed_neighbour_comes_first),
	KUNIT_CASE(one_rebuild_at_a_time),
	{}
};

static struct kunit_suite place_suite = {
	.name = "emd_meta_imsm_place",
	.test_cases = place_cases,
};

kunit_test_suite(place_suite);
