// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to an array, and what the IMSM metadata then says: the tables of
 * the format's states, one row after the other. Each step goes the way the core
 * goes, is written to every disk it concerns and read back from there.
 */
#include <kunit/test.h>

#include "imsm_text.h"

#define DISK_SECTORS	131072	/* 64 MiB */
#define MAX_DISKS	8

/* A container and its disks; the family is the one before the last edit. */
struct bench {
	struct kunit *test;
	struct emd_config *cfg;
	struct lab_disk disks[MAX_DISKS];	/* by handle - 1 */
	struct line line;
	struct emd_errmsg msg;
	u32 family;
};

static u32 family(const struct bench *bench)
{
	return le32_to_cpu(((struct imsm_mpb_ondisk *)bench->cfg->native)->family_num);
}

static u32 recorded_size(const struct bench *bench, u8 index)
{
	const struct imsm_mpb_ondisk *mpb = (struct imsm_mpb_ondisk *)bench->cfg->native;

	return le32_to_cpu(((const struct imsm_disk_ondisk *)(mpb + 1))[index].total_blocks_lo);
}

static void check_line(struct bench *bench, const char *what, const char *need)
{
	KUNIT_ASSERT_EQ_MSG(bench->test, native_line(bench->cfg, &bench->line), 0, "%s", what);
	KUNIT_EXPECT_STREQ_MSG(bench->test, (const char *)bench->line.text, need, "%s", what);
}

static struct emd_config *edit(struct bench *bench)
{
	struct emd_config *t1 = lab_next(bench->cfg);

	KUNIT_ASSERT_NOT_NULL(bench->test, t1);
	bench->family = family(bench);
	return t1;
}

/* Everything that is not lost must read back as what was written. */
static void read_back(struct bench *bench, const char *what)
{
	struct emd_config *back;
	static struct line want, got;
	struct lab_disk *disk;
	u16 i;

	for (i = 0; i < bench->cfg->nr_disks; i++) {
		if (bench->cfg->disks[i].state != EMD_DISK_ACTIVE || !bench->cfg->disks[i].handle)
			continue;
		disk = &bench->disks[bench->cfg->disks[i].handle - 1];
		KUNIT_ASSERT_GE_MSG(bench->test, lab_encode(disk, bench->cfg, i), 0, "%s",
				    what);
		back = lab_decode(disk, &bench->msg);
		KUNIT_ASSERT_FALSE_MSG(bench->test, IS_ERR(back), "%s: %s", what,
				       bench->msg.text);
		native_line(bench->cfg, &want);
		native_line(back, &got);
		KUNIT_EXPECT_STREQ_MSG(bench->test, (const char *)got.text,
				       (const char *)want.text, "%s", what);
		KUNIT_EXPECT_EQ_MSG(bench->test, back->generation, bench->cfg->generation, "%s",
				    what);
		emd_config_free(back);
	}
}

static void commit(struct bench *bench, struct emd_config *t1, const char *what, const char *need)
{
	u64 generation = bench->cfg->generation;
	int ret = lab_commit(bench->cfg, t1, &bench->msg);

	KUNIT_ASSERT_EQ_MSG(bench->test, ret, 0, "%s: %s", what, bench->msg.text);
	emd_config_free(bench->cfg);
	bench->cfg = t1;
	KUNIT_EXPECT_EQ_MSG(bench->test, t1->generation, generation + 1, "%s", what);
	check_line(bench, what, need);
	read_back(bench, what);
}

static struct emd_config_array *first(struct emd_config *cfg)
{
	return &cfg->arrays[0];
}

static u16 row_of(struct bench *bench, struct emd_config *cfg, const char *id)
{
	u16 i;

	for (i = 0; i < cfg->nr_disks; i++) {
		if (!strcmp(cfg->disks[i].id, id))
			return i;
	}
	KUNIT_ASSERT_TRUE_MSG(bench->test, false, "no disk %s", id);
	return 0;
}

/* @nr disks D0.. and as many spares, empty. */
static void setup(struct bench *bench, struct kunit *test, u16 nr, u32 block_size)
{
	struct emd_config_disk row;
	char serial[8];
	u16 i;

	memset(bench, 0, sizeof(*bench));
	bench->test = test;
	bench->cfg = emd_imsm_ops.new_container(nr, block_size, 1, 1, &bench->msg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(bench->cfg));
	for (i = 0; i < nr; i++) {
		snprintf(serial, sizeof(serial), "D%u", i);
		KUNIT_ASSERT_EQ(test, lab_disk_init(&bench->disks[i], DISK_SECTORS, block_size,
						    serial), 0);
		KUNIT_ASSERT_EQ(test, emd_imsm_ops.new_disk(serial, DISK_SECTORS, block_size, &row,
							    &bench->msg), 0);
		row.handle = i + 1;
		KUNIT_ASSERT_EQ(test, emd_change_add_disk(bench->cfg, &row), i);
	}
}

static void teardown(struct bench *bench)
{
	unsigned int i;

	emd_config_free(bench->cfg);
	for (i = 0; i < MAX_DISKS; i++)
		lab_disk_exit(&bench->disks[i]);
	kvfree(bench);
}

static struct emd_config *place(struct bench *bench, const char *name, enum emd_level level,
				u16 nr, u64 array_sectors, bool clean)
{
	struct emd_create_args args = {
		.level = level,
		.nr_disks = nr,
		.strip_sectors = 128,
		.array_sectors = array_sectors,
		.clean = clean,
	};
	struct emd_config *t1 = edit(bench);
	u16 i;

	strscpy(args.name, name, sizeof(args.name));
	for (i = 0; i < nr; i++)
		args.disks[i] = i;
	KUNIT_ASSERT_EQ_MSG(bench->test, emd_imsm_ops.place_array(t1, &args, &bench->msg), 0, "%s",
			    bench->msg.text);
	return t1;
}

static struct bench *new_bench(struct kunit *test, u16 nr, u32 block_size)
{
	struct bench *bench = kvzalloc(sizeof(*bench), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, bench);
	setup(bench, test, nr, block_size);
	return bench;
}

static void create_initialise_run(struct kunit *test)
{
	struct bench *bench = new_bench(test, 3, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID5, 3, 81920, false), "created",
	       "D0/2 D1/2 D2/2 | d1 UNINIT [0 1 2] | 532");
	KUNIT_EXPECT_EQ(test, bench->cfg->generation, 2);

	t1 = edit(bench);
	emd_change_dirty(t1, first(t1), false);
	emd_change_sync_start(t1, first(t1), EMD_SYNC_RESYNC, 0);
	commit(bench, t1, "init begins",
	       "D0/2 D1/2 D2/2 | INIT 0 d0 NORMAL [0 1 2] <- UNINIT [0 1 2] | 592");
	t1 = edit(bench);
	emd_change_sync_position(t1, first(t1), 53 * 3 * 128 * 2 + 500);
	commit(bench, t1, "init runs",
	       "D0/2 D1/2 D2/2 | INIT 53 d0 NORMAL [0 1 2] <- UNINIT [0 1 2] | 592");
	t1 = edit(bench);
	emd_change_sync_done(t1, first(t1));
	commit(bench, t1, "init done", "D0/2 D1/2 D2/2 | d0 NORMAL [0 1 2] | 532");
	t1 = edit(bench);
	emd_change_dirty(t1, first(t1), true);
	commit(bench, t1, "write", "D0/2 D1/2 D2/2 | d1 NORMAL [0 1 2] | 532");
	t1 = edit(bench);
	emd_change_sync_start(t1, first(t1), EMD_SYNC_RESYNC, 0);
	commit(bench, t1, "restart after power loss",
	       "D0/2 D1/2 D2/2 | REPAIR 0 d1 NORMAL [0 1 2] <- NORMAL [0 1 2] | 592");
	t1 = edit(bench);
	emd_change_sync_done(t1, first(t1));
	emd_change_dirty(t1, first(t1), false);
	commit(bench, t1, "resynced", "D0/2 D1/2 D2/2 | d0 NORMAL [0 1 2] | 532");
	KUNIT_EXPECT_EQ(test, family(bench), bench->family);
	teardown(bench);
}

static void failure_and_rebuild(struct kunit *test)
{
	struct bench *bench = new_bench(test, 4, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID5, 3, 81920, true), "healthy",
	       "D0/2 D1/2 D2/2 | d0 NORMAL [0 1 2] | 532");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 1);
	commit(bench, t1, "D1 fails", "D0/2 D1:0/6 D2/2 | d0 DEGRADED [0 R1 2] f1 | 532");
	KUNIT_EXPECT_EQ(test, family(bench), bench->family);

	t1 = edit(bench);
	KUNIT_EXPECT_EQ(test, emd_change_remove_disk(t1, 1), 0);
	commit(bench, t1, "D1 removed", "D0/2 D1:0/6 D2/2 | d0 DEGRADED [0 R1 2] f1 | 532");

	t1 = edit(bench);
	KUNIT_EXPECT_EQ_MSG(test, emd_imsm_ops.can_take(t1, 0, 1, row_of(bench, t1, "D3"),
							&bench->msg), 0, "%s", bench->msg.text);
	KUNIT_EXPECT_EQ(test, emd_change_activate_spare(t1, first(t1), 1,
							row_of(bench, t1, "D3")), 0);
	commit(bench, t1, "D3 activated",
	       "D0/2 D2/2 D3/2 | REBUILD 0 d0 NORMAL [0 2 1] f1 <- DEGRADED [0 R2 1] f1 | 592");
	KUNIT_EXPECT_NE(test, family(bench), bench->family);
	KUNIT_EXPECT_EQ(test, bench->cfg->nr_disks, 3);

	t1 = edit(bench);
	emd_change_sync_position(t1, first(t1), 7 * 128 * 2);
	commit(bench, t1, "rebuild runs",
	       "D0/2 D2/2 D3/2 | REBUILD 7 d0 NORMAL [0 2 1] f1 <- DEGRADED [0 R2 1] f1 | 592");
	KUNIT_EXPECT_EQ(test, family(bench), bench->family);
	t1 = edit(bench);
	emd_change_sync_done(t1, first(t1));
	commit(bench, t1, "rebuild done", "D0/2 D2/2 D3/2 | d0 NORMAL [0 2 1] | 532");
	teardown(bench);
}

/* In one step what failure, activation and rebuild say in three, for who lost another as well. */
static void a_disk_is_replaced(struct kunit *test)
{
	struct bench *bench = new_bench(test, 5, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID5, 3, 81920, true), "healthy",
	       "D0/2 D1/2 D2/2 | d0 NORMAL [0 1 2] | 532");
	t1 = edit(bench);
	emd_change_dirty(t1, first(t1), true);
	commit(bench, t1, "in use", "D0/2 D1/2 D2/2 | d1 NORMAL [0 1 2] | 532");
	t1 = edit(bench);
	KUNIT_EXPECT_EQ_MSG(test, emd_change_replace_disk(t1, row_of(bench, t1, "D1"),
							  row_of(bench, t1, "D3"), &bench->msg),
			    0, "%s", bench->msg.text);
	commit(bench, t1, "D3 instead of D1", "D0/2 D2/2 D3/2 | d1 NORMAL [0 2 1] | 532");
	KUNIT_EXPECT_NE(test, family(bench), bench->family);
	KUNIT_EXPECT_EQ(test, bench->cfg->disks[row_of(bench, bench->cfg, "D1")].state,
			EMD_DISK_FAILED);

	t1 = edit(bench);
	emd_change_fail_disk(t1, row_of(bench, t1, "D0"));
	commit(bench, t1, "D0 fails", "D0:0/6 D2/2 D3/2 | d1 DEGRADED [R0 2 1] f0 | 532");
	t1 = edit(bench);
	KUNIT_EXPECT_EQ_MSG(test, emd_change_replace_disk(t1, row_of(bench, t1, "D2"),
							  row_of(bench, t1, "D4"), &bench->msg),
			    0, "%s", bench->msg.text);
	commit(bench, t1, "D4 instead of D2, the array degraded",
	       "D0:0/6 D3/2 D4/2 | d1 DEGRADED [R0 1 2] f0 | 532");

	t1 = edit(bench);
	KUNIT_EXPECT_EQ(test, emd_change_replace_disk(t1, row_of(bench, t1, "D4"),
						      row_of(bench, t1, "D3"), NULL), -EBUSY);
	KUNIT_EXPECT_EQ(test, emd_change_replace_disk(t1, row_of(bench, t1, "D0"),
						      row_of(bench, t1, "D3"), NULL), -EINVAL);
	emd_config_free(t1);
	teardown(bench);
}

static void two_failures_in_raid10(struct kunit *test)
{
	struct bench *bench = new_bench(test, 5, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID10, 4, 81920, true), "healthy",
	       "D0/2 D1/2 D2/2 D3/2 | d0 NORMAL [0 1 2 3] | 584");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 1);
	commit(bench, t1, "slot 1 fails",
	       "D0/2 D1:0/6 D2/2 D3/2 | d0 DEGRADED [0 R1 2 3] f1 | 584");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 2);
	commit(bench, t1, "slot 2 fails",
	       "D0/2 D1:0/6 D2:0/6 D3/2 | d0 DEGRADED [0 R1 R2 3] f1 | 584");
	t1 = edit(bench);
	emd_change_activate_spare(t1, first(t1), 1, row_of(bench, t1, "D4"));
	commit(bench, t1, "one spare",
	       "D0/2 D2:0/6 D3/2 D4/2 | REBUILD 0 d0 DEGRADED [0 3 R1 2] f1 <- DEGRADED [0 R3 R1 2] f1 | 648");
	t1 = edit(bench);
	emd_change_sync_done(t1, first(t1));
	commit(bench, t1, "rebuilt",
	       "D0/2 D2:0/6 D3/2 D4/2 | d0 DEGRADED [0 3 R1 2] f2 | 584");
	teardown(bench);
}

static void failure_during_rebuild_of_raid10(struct kunit *test)
{
	struct bench *bench = new_bench(test, 5, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID10, 4, 81920, true), "healthy",
	       "D0/2 D1/2 D2/2 D3/2 | d0 NORMAL [0 1 2 3] | 584");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 3);
	commit(bench, t1, "slot 3 fails",
	       "D0/2 D1/2 D2/2 D3:0/6 | d0 DEGRADED [0 1 2 R3] f3 | 584");
	t1 = edit(bench);
	emd_change_activate_spare(t1, first(t1), 3, row_of(bench, t1, "D4"));
	commit(bench, t1, "slot 3 is rebuilt",
	       "D0/2 D1/2 D2/2 D4/2 | REBUILD 0 d0 NORMAL [0 1 2 3] f3 <- DEGRADED [0 1 2 R3] f3 | 648");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 1);
	commit(bench, t1, "slot 1 fails meanwhile",
	       "D0/2 D1:0/6 D2/2 D4/2 | REBUILD 0 d0 DEGRADED [0 R1 2 3] f3 <- DEGRADED [0 R1 2 R3] f3 | 648");
	t1 = edit(bench);
	emd_change_sync_done(t1, first(t1));
	commit(bench, t1, "rebuilt",
	       "D0/2 D1:0/6 D2/2 D4/2 | d0 DEGRADED [0 R1 2 3] f1 | 584");
	teardown(bench);
}

/*
 * The disks were copied to larger ones. An array that uses the new room must be
 * believed by every disk, and each knows of the others' size from the table only.
 */
static void a_larger_disk_is_recorded_when_its_room_is_used(struct kunit *test)
{
	struct bench *bench = new_bench(test, 2, 512);
	struct emd_config *t1;
	u16 i;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID1, 2, 40960, true), "healthy",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	for (i = 0; i < 2; i++) {
		lab_disk_exit(&bench->disks[i]);
		KUNIT_ASSERT_EQ(test, lab_disk_init(&bench->disks[i], 2 * DISK_SECTORS, 512,
						    bench->cfg->disks[i].id), 0);
		bench->cfg->disks[i].sectors = 2 * DISK_SECTORS;
	}
	t1 = edit(bench);
	emd_change_dirty(t1, first(t1), true);
	commit(bench, t1, "a write", "D0/2 D1/2 | d1 NORMAL [0 1] | 480");
	KUNIT_EXPECT_EQ(test, recorded_size(bench, 0), DISK_SECTORS);

	commit(bench, place(bench, "v1", EMD_LEVEL_RAID1, 2, 0, true), "all the room",
	       "D0/2 D1/2 | d1 NORMAL [0 1] | d0 NORMAL [0 1] | 648");
	KUNIT_EXPECT_EQ(test, recorded_size(bench, 0), 2 * DISK_SECTORS);
	KUNIT_EXPECT_EQ(test, recorded_size(bench, 1), 2 * DISK_SECTORS);
	teardown(bench);
}

static void the_target_itself_fails(struct kunit *test)
{
	struct bench *bench = new_bench(test, 3, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID1, 2, 40960, true), "healthy",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 0);
	commit(bench, t1, "D0 fails", "D0:0/6 D1/2 | d0 DEGRADED [R0 1] f0 | 480");
	t1 = edit(bench);
	emd_change_activate_spare(t1, first(t1), 0, row_of(bench, t1, "D2"));
	commit(bench, t1, "D2 activated",
	       "D1/2 D2/2 | REBUILD 0 d0 NORMAL [1 0] f0 <- DEGRADED [R1 0] f0 | 536");
	t1 = edit(bench);
	emd_change_fail_disk(t1, row_of(bench, t1, "D2"));
	commit(bench, t1, "D2 fails", "D1/2 D2:0/6 | d0 DEGRADED [R1 0] f0 | 480");
	teardown(bench);
}

static void a_source_fails_during_rebuild_of_raid5(struct kunit *test)
{
	struct bench *bench = new_bench(test, 4, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID5, 3, 81920, true), "healthy",
	       "D0/2 D1/2 D2/2 | d0 NORMAL [0 1 2] | 532");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 1);
	commit(bench, t1, "D1 fails", "D0/2 D1:0/6 D2/2 | d0 DEGRADED [0 R1 2] f1 | 532");
	t1 = edit(bench);
	emd_change_activate_spare(t1, first(t1), 1, row_of(bench, t1, "D3"));
	commit(bench, t1, "D3 activated",
	       "D0/2 D2/2 D3/2 | REBUILD 0 d0 NORMAL [0 2 1] f1 <- DEGRADED [0 R2 1] f1 | 592");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 0);
	commit(bench, t1, "D0 fails",
	       "D0:0/6 D2/2 D3/2 | REBUILD 0 d0 DEGRADED [R0 2 1] f1 <- FAILED [R0 R2 1] f1 | 592");
	KUNIT_EXPECT_EQ(test, emd_config_array_state(bench->cfg, first(bench->cfg)),
			EMD_ARRAY_FAILED);
	teardown(bench);
}

static void second_failure_of_raid5(struct kunit *test)
{
	struct bench *bench = new_bench(test, 3, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID5, 3, 81920, true), "healthy",
	       "D0/2 D1/2 D2/2 | d0 NORMAL [0 1 2] | 532");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 1);
	commit(bench, t1, "D1 fails", "D0/2 D1:0/6 D2/2 | d0 DEGRADED [0 R1 2] f1 | 532");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 0);
	commit(bench, t1, "D0 fails", "D0:0/6 D1:0/6 D2/2 | d0 FAILED [R0 R1 2] f0 | 532");
	teardown(bench);
}

/* What a resync still owed redundancy to must not be forgotten at a restart. */
static void failure_during_init(struct kunit *test)
{
	struct bench *bench = new_bench(test, 5, 512);
	struct emd_config *t1;

	t1 = place(bench, "v0", EMD_LEVEL_RAID10, 4, 81920, false);
	emd_change_dirty(t1, first(t1), false);
	commit(bench, t1, "created", "D0/2 D1/2 D2/2 D3/2 | d1 UNINIT [0 1 2 3] | 584");
	t1 = edit(bench);
	emd_change_sync_start(t1, first(t1), EMD_SYNC_RESYNC, 0);
	commit(bench, t1, "init begins",
	       "D0/2 D1/2 D2/2 D3/2 | INIT 0 d0 NORMAL [0 1 2 3] <- UNINIT [0 1 2 3] | 648");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 0);
	commit(bench, t1, "D0 fails",
	       "D0:0/6 D1/2 D2/2 D3/2 | d1 DEGRADED [R0 1 2 3] f0 | 584");
	t1 = edit(bench);
	emd_change_activate_spare(t1, first(t1), 0, row_of(bench, t1, "D4"));
	commit(bench, t1, "D4 activated",
	       "D1/2 D2/2 D3/2 D4/2 | REBUILD 0 d1 NORMAL [3 0 1 2] f0 <- DEGRADED [R3 0 1 2] f0 | 648");
	t1 = edit(bench);
	emd_change_sync_done(t1, first(t1));
	commit(bench, t1, "rebuilt, the other pair is still owed its resync",
	       "D1/2 D2/2 D3/2 D4/2 | d1 UNINIT [3 0 1 2] | 584");
	teardown(bench);
}

static void a_disk_is_absent_at_activation(struct kunit *test)
{
	struct bench *bench = new_bench(test, 2, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID1, 2, 40960, true), "healthy",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	/* Found out at assembly: in the published config, not yet in the bytes. */
	emd_change_miss_disk(bench->cfg, 1);
	t1 = edit(bench);
	emd_change_dirty(t1, first(t1), true);
	commit(bench, t1, "first write without D1", "D0/2 1:0/6~ | d1 DEGRADED [0 R1] f1 | 480");
	t1 = edit(bench);
	emd_change_dirty(t1, first(t1), false);
	commit(bench, t1, "idle", "D0/2 1:0/6~ | d0 DEGRADED [0 R1] f1 | 480");
	teardown(bench);
}

static void a_member_lost_on_a_healthy_disk_comes_back(struct kunit *test)
{
	struct bench *bench = new_bench(test, 2, 512);
	struct emd_config *t1, *back;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID1, 2, 40960, true), "healthy",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	t1 = edit(bench);
	emd_change_fail_member(t1, first(t1), 1);
	commit(bench, t1, "slot 1 fails alone", "D0/2 D1/2 | d0 DEGRADED [0 R1] f1 | 480");
	back = lab_decode(&bench->disks[0], &bench->msg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(back));
	KUNIT_EXPECT_EQ(test, emd_config_member(back, first(back), 1)->state, EMD_MEMBER_MISSING);
	KUNIT_EXPECT_EQ(test, back->disks[1].state, EMD_DISK_ACTIVE);
	emd_config_free(back);

	t1 = edit(bench);
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.can_take(t1, 0, 1, 1, &bench->msg), 0);
	KUNIT_EXPECT_EQ(test, emd_change_activate_spare(t1, first(t1), 1, 1), 0);
	commit(bench, t1, "rebuilt onto itself",
	       "D0/2 D1/2 | REBUILD 0 d0 NORMAL [0 1] f1 <- DEGRADED [0 R1] f1 | 536");
	KUNIT_EXPECT_NE(test, family(bench), bench->family);
	teardown(bench);
}

/* Each array gets its spare by itself; the victim's entry stays until the last. */
static void two_arrays_one_victim(struct kunit *test)
{
	struct bench *bench = new_bench(test, 3, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "a", EMD_LEVEL_RAID1, 2, 8192, true), "one",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	commit(bench, place(bench, "b", EMD_LEVEL_RAID1, 2, 8192, true), "two",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | d0 NORMAL [0 1] | 648");
	KUNIT_EXPECT_EQ(test, emd_config_member(bench->cfg, &bench->cfg->arrays[1], 0)->start_sector,
			8192 + 8192);
	t1 = edit(bench);
	emd_change_fail_disk(t1, 1);
	commit(bench, t1, "D1 fails",
	       "D0/2 D1:0/6 | d0 DEGRADED [0 R1] f1 | d0 DEGRADED [0 R1] f1 | 648");
	t1 = edit(bench);
	emd_change_activate_spare(t1, &t1->arrays[0], 1, 2);
	commit(bench, t1, "first gets D2",
	       "D0/2 D1:0/6 D2/2 | REBUILD 0 d0 NORMAL [0 2] f1 <- DEGRADED [0 R2] f1 | d0 DEGRADED [0 R1] f1 | 752");
	t1 = edit(bench);
	emd_change_activate_spare(t1, &t1->arrays[1], 1, 2);
	commit(bench, t1, "second gets D2",
	       "D0/2 D2/2 | REBUILD 0 d0 NORMAL [0 1] f1 <- DEGRADED [0 R1] f1 | REBUILD 0 d0 NORMAL [0 1] f1 <- DEGRADED [0 R1] f1 | 760");
	teardown(bench);
}

static void deleting_arrays(struct kunit *test)
{
	struct bench *bench = new_bench(test, 2, 512);
	struct emd_config *t1, *back;
	u8 uuid[16], zero[16] = {};
	u16 created;

	commit(bench, place(bench, "a", EMD_LEVEL_RAID0, 2, 8192, true), "one",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	commit(bench, place(bench, "b", EMD_LEVEL_RAID1, 2, 8192, true), "two",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | d0 NORMAL [0 1] | 648");
	memcpy(uuid, bench->cfg->arrays[1].uuid, sizeof(uuid));

	t1 = edit(bench);
	emd_change_delete_array(t1, 0);
	commit(bench, t1, "first deleted", "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	created = le16_to_cpu(((struct imsm_mpb_ondisk *)bench->cfg->native)->num_raid_devs_created);
	KUNIT_EXPECT_EQ(test, created, 2);
	KUNIT_EXPECT_STREQ(test, bench->cfg->arrays[0].name, "b");
	KUNIT_EXPECT_EQ(test, bench->cfg->arrays[0].native, 0);
	/* Its index is part of its identity. */
	KUNIT_EXPECT_TRUE(test, memcmp(uuid, bench->cfg->arrays[0].uuid, sizeof(uuid)));

	t1 = edit(bench);
	emd_change_delete_array(t1, 0);
	KUNIT_ASSERT_EQ(test, lab_commit(bench->cfg, t1, &bench->msg), 0);
	emd_config_free(bench->cfg);
	bench->cfg = t1;
	KUNIT_EXPECT_MEMEQ(test, bench->cfg->uuid, zero, sizeof(zero));
	KUNIT_EXPECT_EQ(test, bench->cfg->nr_disks, 2);
	KUNIT_ASSERT_GE(test, lab_encode(&bench->disks[1], bench->cfg, 1), 0);
	back = lab_decode(&bench->disks[1], &bench->msg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(back));
	native_line(back, &bench->line);
	KUNIT_EXPECT_STREQ(test, (const char *)bench->line.text, "D1/1 | 264");
	KUNIT_EXPECT_EQ(test, back->generation, 1);
	emd_config_free(back);

	/* A new line begins in the same container. */
	t1 = place(bench, "c", EMD_LEVEL_RAID1, 2, 8192, true);
	commit(bench, t1, "and again", "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	teardown(bench);
}

/* A flagged array keeps its bytes, but for the indexes of disks. */
static void flagged_volumes_are_left_alone(struct kunit *test)
{
	struct bench *bench = new_bench(test, 3, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "a", EMD_LEVEL_RAID1, 2, 8192, true), "one",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	commit(bench, place(bench, "b", EMD_LEVEL_RAID1, 2, 8192, true), "two",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | d0 NORMAL [0 1] | 648");
	emd_config_flag(&bench->cfg->arrays[1].flags, bench->cfg->arrays[1].reason,
			EMD_CFG_READ_ONLY, "for the test");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 1);
	commit(bench, t1, "D1 fails",
	       "D0/2 D1:0/6 | d0 DEGRADED [0 R1] f1 | d0 NORMAL [0 1] | 648");
	t1 = edit(bench);
	emd_change_dirty(t1, &t1->arrays[1], true);
	KUNIT_EXPECT_EQ(test, lab_commit(bench->cfg, t1, NULL), -EOPNOTSUPP);
	emd_config_free(t1);
	teardown(bench);
}

static void supersede_outranks(struct kunit *test)
{
	struct bench *bench = new_bench(test, 2, 512);
	struct emd_config *back;

	commit(bench, place(bench, "a", EMD_LEVEL_RAID1, 2, 8192, true), "one",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	emd_imsm_ops.supersede(bench->cfg, 40);
	KUNIT_EXPECT_EQ(test, bench->cfg->generation, 41);
	lab_encode(&bench->disks[0], bench->cfg, 0);
	back = lab_decode(&bench->disks[0], &bench->msg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(back));
	KUNIT_EXPECT_EQ(test, back->generation, 41);
	emd_config_free(back);
	teardown(bench);
}

/* Edit the bytes as another writer might have, in front of everyone's eyes. */
static void reparse(struct bench *bench, struct imsm_view *view)
{
	struct imsm_mpb_ondisk *head = (struct imsm_mpb_ondisk *)bench->cfg->native;

	bench->cfg->native_len = round_up(le32_to_cpu(head->mpb_size), bench->cfg->block_size);
	head->check_sum = cpu_to_le32(imsm_checksum(bench->cfg->native,
						    le32_to_cpu(head->mpb_size)));
	KUNIT_ASSERT_EQ_MSG(bench->test, imsm_parse(bench->cfg->native, bench->cfg->native_len,
						    bench->cfg->block_size, view, &bench->msg),
			    0, "%s", bench->msg.text);
}

/* Bad blocks outside every array, one a disk. */
static void add_log(struct bench *bench, u8 nr_disks)
{
	struct imsm_mpb_ondisk *head = (struct imsm_mpb_ondisk *)bench->cfg->native;
	u32 size = le32_to_cpu(head->mpb_size), len = 8 + 8 * nr_disks;
	struct imsm_bbm_ondisk *bbm = (struct imsm_bbm_ondisk *)(bench->cfg->native + size);
	struct imsm_view view;
	u8 i;

	bbm->signature = cpu_to_le32(IMSM_BBM_SIGNATURE);
	bbm->entry_count = cpu_to_le32(nr_disks);
	for (i = 0; i < nr_disks; i++) {
		bbm->entries[i].disk_ordinal = i;
		bbm->entries[i].start_lo = cpu_to_le16(10 + i);
		bbm->entries[i].start_hi = cpu_to_le32(1);
	}
	head->mpb_size = cpu_to_le32(size + len);
	head->bbm_log_size = cpu_to_le32(len);
	head->attributes |= cpu_to_le32(IMSM_ATTR_BBM);
	reparse(bench, &view);
}

/* "DISK:BLOCK" of every entry; nothing when there is no log. */
static void check_log(struct bench *bench, const char *need)
{
	const struct imsm_bbm_ondisk *bbm;
	struct imsm_view view;
	bool has = *need;
	u32 i;

	reparse(bench, &view);
	bbm = imsm_bbm(&view);
	bench->line.len = 0;
	bench->line.text[0] = 0;
	for (i = 0; bbm && i < le32_to_cpu(bbm->entry_count); i++)
		add(&bench->line, "%u:%u ", bbm->entries[i].disk_ordinal,
		    le16_to_cpu(bbm->entries[i].start_lo));
	KUNIT_EXPECT_STREQ(bench->test, (const char *)bench->line.text, need);
	KUNIT_EXPECT_EQ(bench->test, !!bbm, has);
	KUNIT_EXPECT_EQ(bench->test,
			!!(le32_to_cpu(imsm_mpb(&view)->attributes) & IMSM_ATTR_BBM), has);
}

static void bad_blocks_follow_their_disks(struct kunit *test)
{
	struct bench *bench = new_bench(test, 4, 512);
	struct emd_config *t1;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID5, 3, 81920, true), "healthy",
	       "D0/2 D1/2 D2/2 | d0 NORMAL [0 1 2] | 532");
	add_log(bench, 3);
	check_log(bench, "0:10 1:11 2:12 ");
	t1 = edit(bench);
	emd_change_dirty(t1, first(t1), true);
	commit(bench, t1, "written", "D0/2 D1/2 D2/2 | d1 NORMAL [0 1 2] | 564");
	check_log(bench, "0:10 1:11 2:12 ");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 1);
	commit(bench, t1, "D1 fails", "D0/2 D1:0/6 D2/2 | d1 DEGRADED [0 R1 2] f1 | 556");
	check_log(bench, "0:10 2:12 ");
	t1 = edit(bench);
	emd_change_activate_spare(t1, first(t1), 1, 3);
	commit(bench, t1, "D3 activated",
	       "D0/2 D2/2 D3/2 | REBUILD 0 d1 NORMAL [0 2 1] f1 <- DEGRADED [0 R2 1] f1 | 616");
	check_log(bench, "0:10 1:12 ");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 0);
	emd_change_fail_disk(t1, row_of(bench, t1, "D2"));
	KUNIT_ASSERT_EQ(test, lab_commit(bench->cfg, t1, &bench->msg), 0);
	emd_config_free(bench->cfg);
	bench->cfg = t1;
	check_log(bench, "");
	teardown(bench);
}

/* Some firmware lists spares in the table of everyone. */
static void a_listed_spare_is_activated_in_place(struct kunit *test)
{
	struct bench *bench = new_bench(test, 3, 512);
	struct imsm_view view;
	struct emd_config *t1, *back;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID5, 3, 81920, true), "as a start",
	       "D0/2 D1/2 D2/2 | d0 NORMAL [0 1 2] | 532");
	t1 = edit(bench);
	emd_change_delete_array(t1, 0);
	KUNIT_ASSERT_EQ(test, lab_commit(bench->cfg, t1, &bench->msg), 0);
	emd_config_free(bench->cfg);
	bench->cfg = t1;
	commit(bench, place(bench, "v0", EMD_LEVEL_RAID0, 3, 8192, true), "three disks",
	       "D0/2 D1/2 D2/2 | d0 NORMAL [0 1 2] | 532");
	/* Turn it into a RAID1 of two with D2 beside it. */
	reparse(bench, &view);
	imsm_disk(&view, 2)->status = cpu_to_le32(IMSM_DISK_SPARE);
	imsm_dev(&view, 0)->size_low = cpu_to_le32(4096);
	imsm_map(&view, 0, 0)->num_members = 2;
	imsm_map(&view, 0, 0)->num_domains = 2;
	imsm_map(&view, 0, 0)->raid_level = 1;
	imsm_mpb(&view)->mpb_size = cpu_to_le32(view.size - 4);
	reparse(bench, &view);
	lab_put_mpb(&bench->disks[0], bench->cfg->native, view.size);
	back = lab_decode(&bench->disks[0], &bench->msg);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(back), "%s", bench->msg.text);
	KUNIT_EXPECT_EQ(test, back->disks[2].state, EMD_DISK_SPARE);
	KUNIT_EXPECT_EQ(test, back->disks[2].native, 2);
	emd_config_free(bench->cfg);
	bench->cfg = back;

	t1 = edit(bench);
	emd_change_fail_disk(t1, 0);
	emd_change_activate_spare(t1, first(t1), 0, 2);
	commit(bench, t1, "D0 fails, D2 takes over",
	       "D1/2 D2/2 | REBUILD 0 d0 NORMAL [1 0] f0 <- DEGRADED [R1 0] f0 | 536");
	teardown(bench);
}

/* Not every writer renames what failed; then its name is free when it returns. */
static void a_disk_that_failed_under_its_name_returns(struct kunit *test)
{
	struct bench *bench = new_bench(test, 2, 512);
	struct emd_config_disk row;
	struct imsm_view view;
	struct emd_config *t1;
	int disk;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID1, 2, 40960, true), "healthy",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	emd_change_fail_disk(bench->cfg, 1);
	reparse(bench, &view);
	imsm_disk(&view, 1)->status |= cpu_to_le32(IMSM_DISK_FAILED);
	t1 = edit(bench);
	KUNIT_EXPECT_EQ(test, emd_change_remove_disk(t1, 1), 0);
	KUNIT_ASSERT_EQ(test, emd_imsm_ops.new_disk("D1", DISK_SECTORS, 512, &row, NULL), 0);
	row.handle = 2;
	disk = emd_change_add_disk(t1, &row);
	KUNIT_ASSERT_EQ(test, disk, 2);
	emd_change_activate_spare(t1, first(t1), 1, disk);
	commit(bench, t1, "D1 comes back as a spare",
	       "D0/2 D1/2 | REBUILD 0 d0 NORMAL [0 1] f1 <- DEGRADED [0 R1] f1 | 536");
	teardown(bench);
}

/* A power cut between any two writes leaves the old metadata or the new, on every disk. */
static void torn_writes_read_as_old_or_new(struct kunit *test)
{
	struct bench *bench = new_bench(test, 4, 512);
	struct emd_config *t1, *back;
	u64 generation;
	unsigned int nr;

	commit(bench, place(bench, "v0", EMD_LEVEL_RAID5, 3, 81920, false), "created",
	       "D0/2 D1/2 D2/2 | d1 UNINIT [0 1 2] | 532");
	generation = bench->cfg->generation;
	for (nr = 0; nr <= 1; nr++) {
		t1 = edit(bench);
		emd_change_sync_start(t1, first(t1), EMD_SYNC_RESYNC, 0);
		KUNIT_ASSERT_EQ(test, lab_commit(bench->cfg, t1, NULL), 0);
		lab_encode(&bench->disks[0], bench->cfg, 0);
		lab_encode_some(&bench->disks[0], t1, 0, nr, false);
		back = lab_decode(&bench->disks[0], NULL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(back));
		KUNIT_EXPECT_EQ(test, back->generation, generation + nr);
		emd_config_free(back);
		emd_config_free(t1);
	}
	teardown(bench);
}

struct checkpoint {
	enum emd_level level;
	u16 nr;
	u32 strip;
	enum emd_sync_action action;
	u64 sector;		/* reached */
	u64 unit;		/* written */
	u64 read;		/* believed */
};

static const struct checkpoint checkpoints[] = {
	{ EMD_LEVEL_RAID1, 2, 128, EMD_SYNC_RESYNC, 511, 0, 0 },
	{ EMD_LEVEL_RAID1, 2, 128, EMD_SYNC_RESYNC, 512, 1, 256 },
	{ EMD_LEVEL_RAID1, 2, 256, EMD_SYNC_REBUILD, 15872, 31, 15872 },
	{ EMD_LEVEL_RAID1, 2, 128, EMD_SYNC_REBUILD, 15872, 31, 7936 },
	/* mdadm counts this one in array blocks */
	{ EMD_LEVEL_RAID10, 4, 128, EMD_SYNC_RESYNC, 5120, 20, 5120 },
	{ EMD_LEVEL_RAID10, 4, 128, EMD_SYNC_REBUILD, 10240, 10, 5120 },
	{ EMD_LEVEL_RAID10, 4, 512, EMD_SYNC_REBUILD, 10240, 10, 10240 },
	{ EMD_LEVEL_RAID5, 3, 128, EMD_SYNC_RESYNC, 7680, 10, 2560 },
	{ EMD_LEVEL_RAID5, 3, 128, EMD_SYNC_REBUILD, 2560, 10, 2560 },
	{ EMD_LEVEL_RAID5, 3, 8, EMD_SYNC_REBUILD, 2560, 10, 160 },
	{ EMD_LEVEL_RAID5, 3, 256, EMD_SYNC_REBUILD, 5120, 10, 5120 },
};

static void checkpoints_are_never_ahead(struct kunit *test)
{
	struct emd_geometry geo = {};
	const struct checkpoint *c;
	unsigned int i;
	u64 sector, unit;

	for (i = 0; i < ARRAY_SIZE(checkpoints); i++) {
		c = &checkpoints[i];
		geo.level = c->level;
		geo.nr_members = c->nr;
		geo.strip_sectors = c->strip;
		geo.array_sectors = 1 << 20;
		KUNIT_EXPECT_EQ_MSG(test, imsm_sector_to_unit(&geo, c->action, c->sector), c->unit,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, imsm_unit_to_sector(&geo, c->action, c->unit), c->read,
				    "row %u", i);
		for (sector = 0; sector < 1 << 20; sector += 997) {
			unit = imsm_sector_to_unit(&geo, c->action, sector);
			KUNIT_EXPECT_LE_MSG(test, imsm_unit_to_sector(&geo, c->action, unit),
					    sector, "row %u at %llu", i, sector);
		}
		/* Outside the array: nothing is done. */
		KUNIT_EXPECT_EQ_MSG(test, imsm_unit_to_sector(&geo, c->action, 1 << 20), 0,
				    "row %u", i);
		KUNIT_EXPECT_EQ_MSG(test, imsm_unit_to_sector(&geo, c->action, U64_MAX), 0,
				    "row %u", i);
	}
}

static void dirty_means_start_over(struct kunit *test)
{
	struct bench *bench = new_bench(test, 2, 512);
	struct emd_config *t1, *back;

	t1 = place(bench, "v0", EMD_LEVEL_RAID1, 2, 40960, false);
	emd_change_dirty(t1, first(t1), false);
	emd_change_sync_start(t1, first(t1), EMD_SYNC_RESYNC, 20480);
	commit(bench, t1, "clean", "D0/2 D1/2 | INIT 40 d0 NORMAL [0 1] <- UNINIT [0 1] | 536");
	back = lab_decode(&bench->disks[0], NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(back));
	KUNIT_EXPECT_EQ(test, first(back)->sync_sector, 10240);
	emd_config_free(back);
	t1 = edit(bench);
	emd_change_dirty(t1, first(t1), true);
	/* Nor is there one for those who would go on at it nevertheless. */
	commit(bench, t1, "dirty", "D0/2 D1/2 | INIT 0 d1 NORMAL [0 1] <- UNINIT [0 1] | 536");
	back = lab_decode(&bench->disks[0], NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(back));
	KUNIT_EXPECT_EQ(test, first(back)->sync, EMD_SYNC_RESYNC);
	KUNIT_EXPECT_EQ(test, first(back)->sync_sector, 0);
	emd_config_free(back);
	t1 = edit(bench);
	emd_change_dirty(t1, first(t1), false);
	commit(bench, t1, "clean again", "D0/2 D1/2 | INIT 40 d0 NORMAL [0 1] <- UNINIT [0 1] | 536");
	teardown(bench);
}

static void the_same_on_4kn(struct kunit *test)
{
	struct bench *bench = new_bench(test, 3, 4096);
	struct emd_config *t1, *back;

	t1 = place(bench, "v0", EMD_LEVEL_RAID1, 2, 40960, false);
	emd_change_dirty(t1, first(t1), false);
	emd_change_sync_start(t1, first(t1), EMD_SYNC_RESYNC, 20480);
	/* 40 units are written as 5, and an odd number would lose its low bits. */
	commit(bench, t1, "init", "D0/2 D1/2 | INIT 40 d0 NORMAL [0 1] <- UNINIT [0 1] | 536");
	t1 = edit(bench);
	emd_change_sync_position(t1, first(t1), 20480 + 3 * 512);
	commit(bench, t1, "init on", "D0/2 D1/2 | INIT 40 d0 NORMAL [0 1] <- UNINIT [0 1] | 536");
	t1 = edit(bench);
	emd_change_fail_disk(t1, 0);
	emd_change_activate_spare(t1, first(t1), 0, 2);
	commit(bench, t1, "fails and is replaced at once",
	       "D1/2 D2/2 | REBUILD 0 d0 NORMAL [1 0] f0 <- DEGRADED [R1 0] f0 | 536");
	back = lab_decode(&bench->disks[2], NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(back));
	KUNIT_EXPECT_EQ(test, first(back)->geo.array_sectors, 40960);
	KUNIT_EXPECT_EQ(test, back->disks[0].sectors, DISK_SECTORS);
	emd_config_free(back);
	teardown(bench);
}

static void refused(struct bench *bench, struct emd_config *t1, const char *words)
{
	struct emd_errmsg msg = {};

	KUNIT_EXPECT_LT(bench->test, lab_commit(bench->cfg, t1, &msg), 0);
	KUNIT_EXPECT_TRUE_MSG(bench->test, strstr(msg.text, words), "\"%s\", want \"%s\"", msg.text,
			      words);
	emd_config_free(t1);
}

static void not_called(struct bench *bench, const char *name, const char *words)
{
	struct emd_config *t1 = edit(bench);

	emd_change_rename(first(t1), name);
	refused(bench, t1, words);
}

static void a_volume_is_renamed(struct kunit *test)
{
	struct bench *bench = new_bench(test, 2, 512);
	struct emd_config *t1, *back;
	u8 uuid[16];

	commit(bench, place(bench, "a", EMD_LEVEL_RAID0, 2, 8192, true), "one",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	commit(bench, place(bench, "b", EMD_LEVEL_RAID1, 2, 8192, true), "two",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | d0 NORMAL [0 1] | 648");
	memcpy(uuid, first(bench->cfg)->uuid, sizeof(uuid));
	t1 = edit(bench);
	emd_change_rename(first(t1), "sixteen-letters-");
	commit(bench, t1, "renamed", "D0/2 D1/2 | d0 NORMAL [0 1] | d0 NORMAL [0 1] | 648");
	back = lab_decode(&bench->disks[1], NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(back));
	KUNIT_EXPECT_STREQ(test, back->arrays[0].name, "sixteen-letters-");
	KUNIT_EXPECT_STREQ(test, back->arrays[1].name, "b");
	/* Its name is part of its identity. */
	KUNIT_EXPECT_TRUE(test, memcmp(uuid, first(bench->cfg)->uuid, sizeof(uuid)));
	KUNIT_EXPECT_MEMEQ(test, back->arrays[0].uuid, first(bench->cfg)->uuid, sizeof(uuid));
	emd_config_free(back);

	not_called(bench, "seventeen-letters", "name of 17 characters, need 1 to 16");
	not_called(bench, "a b", "name a b, need letters");
	not_called(bench, "b", "two arrays named b");
	emd_config_flag(&first(bench->cfg)->flags, first(bench->cfg)->reason, EMD_CFG_READ_ONLY,
			"it has a journal");
	t1 = edit(bench);
	emd_change_rename(first(t1), "c");
	refused(bench, t1, "is not to be written: it has a journal");
	teardown(bench);
}

static void spares_are_for_every_array(struct kunit *test)
{
	struct bench *bench = new_bench(test, 3, 512);
	struct emd_config *t1;
	u16 array = 0;

	commit(bench, place(bench, "a", EMD_LEVEL_RAID1, 2, 8192, true), "one",
	       "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	t1 = edit(bench);
	KUNIT_ASSERT_EQ(test, emd_change_assign_spare(t1, 2, EMD_SPARE_DEDICATED, &array, 1), 0);
	refused(bench, t1, "a spare of imsm is for every array of the container");
	t1 = edit(bench);
	KUNIT_ASSERT_EQ(test, emd_change_assign_spare(t1, 2, EMD_SPARE_GLOBAL, NULL, 0), 0);
	commit(bench, t1, "for all", "D0/2 D1/2 | d0 NORMAL [0 1] | 480");
	teardown(bench);
}

static struct kunit_case change_cases[] = {
	KUNIT_CASE(a_volume_is_renamed),
	KUNIT_CASE(spares_are_for_every_array),
	KUNIT_CASE(create_initialise_run),
	KUNIT_CASE(failure_and_rebuild),
	KUNIT_CASE(a_disk_is_replaced),
	KUNIT_CASE(two_failures_in_raid10),
	KUNIT_CASE(failure_during_rebuild_of_raid10),
	KUNIT_CASE(a_larger_disk_is_recorded_when_its_room_is_used),
	KUNIT_CASE(the_target_itself_fails),
	KUNIT_CASE(a_source_fails_during_rebuild_of_raid5),
	KUNIT_CASE(second_failure_of_raid5),
	KUNIT_CASE(failure_during_init),
	KUNIT_CASE(a_disk_is_absent_at_activation),
	KUNIT_CASE(a_member_lost_on_a_healthy_disk_comes_back),
	KUNIT_CASE(two_arrays_one_victim),
	KUNIT_CASE(deleting_arrays),
	KUNIT_CASE(flagged_volumes_are_left_alone),
	KUNIT_CASE(supersede_outranks),
	KUNIT_CASE(bad_blocks_follow_their_disks),
	KUNIT_CASE(a_listed_spare_is_activated_in_place),
	KUNIT_CASE(a_disk_that_failed_under_its_name_returns),
	KUNIT_CASE(torn_writes_read_as_old_or_new),
	KUNIT_CASE(checkpoints_are_never_ahead),
	KUNIT_CASE(dirty_means_start_over),
	KUNIT_CASE(the_same_on_4kn),
	{}
};

static struct kunit_suite change_suite = {
	.name = "emd_meta_imsm_change",
	.test_cases = change_cases,
};

kunit_test_suite(change_suite);
