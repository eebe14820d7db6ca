// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to ASR arrays: they are made and deleted, disks fail and are replaced,
 * power fails, halves run apart. What other drivers see at each step is what the format
 * has for it, and never stale content that looks sound.
 */
#include <kunit/test.h>

#include "asr_lab.h"
#include "codec_life.h"

static void add_golden(struct kunit *test, const struct golden *golden, u32 magic)
{
	lab_disk_exit(&lab.disk[lab.nr]);
	KUNIT_ASSERT_EQ(test, golden_disk(golden, magic, &lab.disk[lab.nr]), 0);
	lab.disks[lab.nr] = &lab.disk[lab.nr];
	lab.nr++;
}

static void load(struct kunit *test, const struct golden *golden)
{
	unsigned int i;

	lab_exit(test);
	lab.nr = 0;
	for (i = 0; i < golden->nr; i++) {
		if (golden->lines[i].level == ASR_DRIVE)
			add_golden(test, golden, golden->lines[i].magic);
	}
	assemble(test);
}

/* A mirror and a spare that is for all. */
static void load_with_spare(struct kunit *test)
{
	load(test, &golden_mirror);
	add_golden(test, &golden_spare, D2);
	assemble(test);
}

static u8 own_state(unsigned int disk)
{
	return lab_own(&lab.disk[disk])->state;
}

/* The row of a live disk. */
static u16 row_of(unsigned int disk)
{
	return emd_config_find_disk(lab.cfg, disk + 1) - lab.cfg->disks;
}

/* ---- arrays are made ------------------------------------------------------------------- */

static void bare_disks(struct kunit *test, unsigned int nr)
{
	struct emd_errmsg msg = {};
	struct emd_config *cfg, *t1;
	struct emd_config_disk row;
	char serial[16];
	unsigned int i;

	lab_exit(test);
	lab.nr = nr;
	cfg = emd_asr_ops.new_container(nr, 512, 42, 42, &msg);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(cfg), "%s", msg.text);
	t1 = lab_next(cfg);
	emd_config_free(cfg);
	for (i = 0; i < nr; i++) {
		snprintf(serial, sizeof(serial), "BARE%04u", i);
		lab.disks[i] = &lab.disk[i];
		/* Of different sizes: the smallest counts. */
		KUNIT_ASSERT_EQ(test, lab_disk_init(&lab.disk[i], LAB_SECTORS + 100 * i, 512,
						    serial), 0);
		KUNIT_ASSERT_EQ(test, emd_asr_ops.new_disk(serial, lab.disk[i].sectors, 512, &row,
							   &msg), 0);
		row.handle = i + 1;
		KUNIT_ASSERT_EQ(test, emd_change_add_disk(t1, &row), i);
	}
	lab.cfg = t1;
}

static int place(struct kunit *test, enum emd_level level, u16 nr, bool clean,
		 struct emd_config **t1, struct emd_errmsg *msg)
{
	struct emd_create_args args = { .level = level, .name = "new", .nr_disks = nr,
					.clean = clean };
	u16 i;

	for (i = 0; i < nr; i++)
		args.disks[i] = i;
	*t1 = begin(test);
	return emd_asr_ops.place_array(*t1, &args, msg);
}

static void make(struct kunit *test, enum emd_level level, u16 nr, bool clean)
{
	struct emd_errmsg msg = {};
	struct emd_config *t1;

	bare_disks(test, nr);
	KUNIT_ASSERT_TRUE_MSG(test, !place(test, level, nr, clean, &t1, &msg), "%s", msg.text);
	t1->arrays[0].handle = 1;
	commit(test, t1);
}

/**
 * struct case_make - an array that is made
 * @level: RAID level
 * @nr: disks
 * @clean: without a resync
 * @config: read again
 * @native: as others see it
 */
struct case_make {
	enum emd_level level;
	u16 nr;
	bool clean;
	const char *config;
	const char *native;
};

static const struct case_make make_cases[] = {
	{ EMD_LEVEL_RAID0, 2, true, "new raid0 none 128 524032 0+262016 UU idle",
	  "1 00 | A00 a00 b00" },
	{ EMD_LEVEL_RAID0, 8, true, "new raid0 none 128 2096128 0+262016 UUUUUUUU idle",
	  "1 00 | A00 a00 b00 c00 d00 e00 f00 g00 h00" },
	{ EMD_LEVEL_RAID1, 2, true, "new raid1 none 128 262016 0+262016 UU idle",
	  "1 00 | A00/10 a00 b00" },
	{ EMD_LEVEL_RAID1, 2, false,
	  "new raid1 none 128 262016 0+262016 UR rebuild 0 dirty",
	  "1 03 | A0b a00 b14" },
	{ EMD_LEVEL_RAID1, 3, false,
	  "new raid1 none 128 262016 0+262016 URR rebuild 0 dirty",
	  "1 03 | A0b a00 b14 c14" },
	{ EMD_LEVEL_RAID10, 4, true, "new raid10 adjacent 128 524032 0+262016 UUUU idle",
	  "1 00 | T00 A00/10 a00 b00 A00/10 c00 d00" },
	{ EMD_LEVEL_RAID10, 8, false,
	  "new raid10 adjacent 128 1048064 0+262016 URURURUR rebuild 0 dirty",
	  "1 03 | T00 A0b a00 b14 A0b c00 d14 A0b e00 f14 A0b g00 h14" },
};

static void case_make_desc(const struct case_make *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s of %u%s", emd_levels[c->level].name, c->nr,
		 c->clean ? ", clean" : "");
}

KUNIT_ARRAY_PARAM(case_make, make_cases, case_make_desc);

static void what_is_made_is_read(struct kunit *test)
{
	const struct case_make *c = test->param_value;
	unsigned int i;
	u32 magic;

	make(test, c->level, c->nr, c->clean);
	expect_read(test, c->config, c->native);
	for (i = 0; i < lab.nr; i++) {
		magic = be32_to_cpu(lab_rb(&lab.disk[i])->drive_magic);
		KUNIT_EXPECT_TRUE(test, magic & ASR_DRIVE_BIT && magic != ASR_ANY_MAGIC);
		/* Others go by addresses: they must give the same order. */
		KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_own(&lab.disk[i])->target), i);
		KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_rb(&lab.disk[i])->table),
				lab.disk[i].sectors - 17);
		KUNIT_EXPECT_EQ(test, own_state(i), c->clean || lab.cfg->arrays[0].geo.nr_copies ==
				1 || i % lab.cfg->arrays[0].geo.nr_copies == 0 ? 0x00 : 0x03);
	}
	KUNIT_EXPECT_FALSE(test, be32_to_cpu(asr_line(asr_set(lab.cfg), 0)->magic) &
				 ASR_DRIVE_BIT);
}

static void put_be32(u8 *to, u32 val)
{
	__be32 be = cpu_to_be32(val);

	memcpy(to, &be, sizeof(be));
}

/* A mirror, byte for byte but for what is random and the time: written out by hand. */
static void what_is_made_is_known_to_the_byte(struct kunit *test)
{
	u8 want[512] = {
		0x90, 0x07, 0x65, 0xc4, 0, 0, 0, 2, 0, 0x7f, 0, 3, 0, 0x40,
		[34] = 0x10,
		[64] = 0, 2, 0, 1, 0, 0, 0, 0, 1, 1, 0, 0x10,
		[88] = 0, 3, 0xff, 0x80, 0, 0x80,
		[112] = 'n', 'e', 'w', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
		[128] = 0, 0, 0, 1, 0, 0, 0, 0, 0, 1,
		[152] = 0, 3, 0xff, 0x80, 0, 0x80,
		[176] = 'n', 'e', 'w', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
		[192] = 0, 0, 0, 1, 0, 0, 0, 0, 0, 1,
		[211] = 1,
		[216] = 0, 3, 0xff, 0x80, 0, 0x80,
		[240] = 'n', 'e', 'w', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
	};
	u8 rb[512] = {
		0x37, 0xfc, 0x4d, 0x1e,
		[0x34] = 0, 3, 0xff, 0xef,
		[0x3f] = 8,
		[0x100] = 0x44, 0x50, 0x54, 0x4d, 0, 3, 0xff, 0xef,
	};
	u32 d0, d1, sum = 0;
	unsigned int i;

	make(test, EMD_LEVEL_RAID1, 2, true);
	d0 = be32_to_cpu(lab_rb(&lab.disk[0])->drive_magic);
	d1 = be32_to_cpu(lab_rb(&lab.disk[1])->drive_magic);
	put_be32(want + 28, be32_to_cpu(lab_table(&lab.disk[0])->timestamp));
	put_be32(want + 68, be32_to_cpu(lab_line(&lab.disk[0], 0)->magic));
	put_be32(want + 132, d0);
	put_be32(want + 196, d1);
	put_be32(rb + 0x40, d0);
	for (i = 64; i < 256; i++)
		sum += want[i];
	want[14] = sum >> 8;
	want[15] = sum;
	for (i = 0; i < 2; i++)
		KUNIT_EXPECT_EQ(test, memcmp(lab_table(&lab.disk[i]), want, sizeof(want)), 0);
	KUNIT_EXPECT_EQ(test, memcmp(lab_rb(&lab.disk[0]), rb, sizeof(rb)), 0);
}

static void what_cannot_be_said_is_not_made(struct kunit *test)
{
	static const struct {
		enum emd_level level;
		const char *reason;
	} cases[] = {
		{ EMD_LEVEL_RAID5, "asr knows raid0, raid1 and raid10, not raid5" },
		{ EMD_LEVEL_CONCAT, "asr knows raid0, raid1 and raid10, not concat" },
		{ EMD_LEVEL_RAID1E, "asr knows raid0, raid1 and raid10, not raid1e" },
	};
	struct emd_create_args args = { .level = EMD_LEVEL_RAID0, .nr_disks = 2,
					.disks = { 0, 1 }, .strip_sectors = 4096 };
	struct emd_errmsg msg;
	struct emd_config *t1;
	unsigned int i;

	bare_disks(test, 5);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		msg.text[0] = 0;
		KUNIT_EXPECT_EQ(test, place(test, cases[i].level, 4, true, &t1, &msg),
				-EOPNOTSUPP);
		KUNIT_EXPECT_STREQ(test, msg.text, cases[i].reason);
		emd_config_free(t1);
	}
	msg.text[0] = 0;
	KUNIT_EXPECT_EQ(test, place(test, EMD_LEVEL_RAID10, 5, true, &t1, &msg), -EINVAL);
	emd_config_free(t1);
	msg.text[0] = 0;
	strscpy(args.name, "s", sizeof(args.name));
	t1 = begin(test);
	KUNIT_EXPECT_EQ(test, emd_asr_ops.place_array(t1, &args, &msg), -EOPNOTSUPP);
	KUNIT_EXPECT_STREQ(test, msg.text,
			   "strip of 4096 sectors, asr needs a power of two from 8 to 2048");
	emd_config_free(t1);
	msg.text[0] = 0;
	args.strip_sectors = 2048;
	args.nr_disks = 32;
	t1 = begin(test);
	KUNIT_EXPECT_EQ(test, emd_asr_ops.place_array(t1, &args, &msg), -EOPNOTSUPP);
	KUNIT_EXPECT_STREQ(test, msg.text,
			   "strips of 2048 sectors on 32 disks: asr can do 65535 in a row");
	emd_config_free(t1);
	args.nr_disks = 2;
	msg.text[0] = 0;
	args.strip_sectors = 0;
	args.array_sectors = 1 << 20;
	t1 = begin(test);
	KUNIT_EXPECT_EQ(test, emd_asr_ops.place_array(t1, &args, &msg), -ENOSPC);
	emd_config_free(t1);
}

static void a_second_array_needs_other_disks(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct emd_config *t1;

	make(test, EMD_LEVEL_RAID1, 2, true);
	KUNIT_EXPECT_EQ(test, place(test, EMD_LEVEL_RAID1, 2, true, &t1, &msg), -EOPNOTSUPP);
	KUNIT_EXPECT_STREQ(test, msg.text,
			   "new has these disks, and asr puts one array on a disk: make another of other disks");
	emd_config_free(t1);
}

static void a_deleted_array_leaves_spares(struct kunit *test)
{
	struct emd_config *t1;
	struct emd_config *cfg;
	unsigned int i;
	u32 magic;

	make(test, EMD_LEVEL_RAID10, 8, true);
	magic = be32_to_cpu(lab_rb(&lab.disk[0])->drive_magic);
	t1 = begin(test);
	emd_change_delete_array(t1, 0);
	commit(test, t1);
	for (i = 0; i < lab.nr; i++) {
		cfg = lab_decode(&lab.disk[i], NULL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
		KUNIT_EXPECT_EQ(test, cfg->nr_arrays, 0);
		KUNIT_EXPECT_EQ(test, cfg->disks[0].state, EMD_DISK_SPARE);
		KUNIT_EXPECT_NULL(test, memchr_inv(cfg->uuid, 0, 16));
		emd_config_free(cfg);
		/* Nothing is left behind the two lines. */
		KUNIT_EXPECT_NULL(test, memchr_inv(lab_line(&lab.disk[i], 2), 0, 125 * 64));
	}
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_rb(&lab.disk[0])->drive_magic), magic);

	/* And of those another one is made. */
	KUNIT_ASSERT_EQ(test, place(test, EMD_LEVEL_RAID1, 2, true, &t1, NULL), 0);
	t1->arrays[0].handle = 1;
	commit(test, t1);
	lab.nr = 2;
	assemble(test);
	expect(test, "new raid1 none 128 262016 0+262016 UU idle", NULL);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_rb(&lab.disk[0])->drive_magic), magic);
}

/* ---- a mirror's life --------------------------------------------------------------------- */

#define MIRROR	"MIRROR raid1 none 128 262016 0+262016 "
#define TEN	"TEN raid10 adjacent 128 524032 0+262016 "

static void dirty_and_clean_keep_the_sequence(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_mirror);
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	KUNIT_EXPECT_TRUE(test, t1->generation == lab.cfg->generation);
	commit(test, t1);
	expect_read(test, MIRROR "UU idle dirty", "1 03 | A00/10 a00 b00");
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], false);
	commit(test, t1);
	expect_read(test, MIRROR "UU idle", "1 00 | A00/10 a00 b00");
}

/* Others may have written to the first alone in the meantime: all of it is copied again. */
static void the_first_resync_begins_again_as_a_rebuild(struct kunit *test)
{
	struct emd_config *t1;

	make(test, EMD_LEVEL_RAID1, 2, false);
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], false);
	emd_change_sync_start(t1, &t1->arrays[0], EMD_SYNC_RESYNC, 2048);
	commit(test, t1);
	expect_read(test, "new raid1 none 128 262016 0+262016 UR rebuild 0",
		    "1 00 | A0b@2048 a00 b14");
	KUNIT_EXPECT_EQ(test, own_state(0), 0x00);
	KUNIT_EXPECT_EQ(test, own_state(1), 0x03);
	t1 = begin(test);
	emd_change_sync_position(t1, &t1->arrays[0], 4096);
	commit(test, t1);
	expect_read(test, "new raid1 none 128 262016 0+262016 UR rebuild 0",
		    "2 00 | A02@4096 a00 b24");
	t1 = begin(test);
	emd_change_sync_done(t1, &t1->arrays[0]);
	commit(test, t1);
	expect_read(test, "new raid1 none 128 262016 0+262016 UU idle", "3 00 | A00/10 a00 b00");
	KUNIT_EXPECT_EQ(test, own_state(1), 0x00);
}

static void the_first_resync_ends(struct kunit *test)
{
	struct emd_config *t1;

	make(test, EMD_LEVEL_RAID1, 2, false);
	t1 = begin(test);
	emd_change_sync_start(t1, &t1->arrays[0], EMD_SYNC_RESYNC, 0);
	emd_change_sync_done(t1, &t1->arrays[0]);
	emd_change_dirty(t1, &t1->arrays[0], false);
	commit(test, t1);
	expect_read(test, "new raid1 none 128 262016 0+262016 UU idle", "2 00 | A00/10 a00 b00");
}

/* What a controller was about to fill does not become the truth because the source is late. */
static void a_build_target_does_not_stand_in_for_its_source(struct kunit *test)
{
	static const struct golden building = {
		"MIRROR", 0, 3, {
		{ 2, 1, 0x2c000001, 1, 1, 0x0b, 0, LAB_MEMBER, 128, 0 },
		{ 0, 1, D0, 0, 1, 0, 0, LAB_MEMBER, 128, 0 },
		{ 0, 1, D1, 0, 1, 0x14, 0, LAB_MEMBER, 128, 1 } }
	};
	struct lab_disk *alone;
	struct lab_election el;
	struct emd_config *t1;

	load(test, &building);
	expect(test, MIRROR "UR rebuild 0", NULL);
	alone = &lab.disk[1];
	KUNIT_EXPECT_EQ(test, lab_elect(&alone, 1, &el, NULL), -ENODATA);
	lab_election_free(&el);
	/* Nor when it goes while it is filled. */
	t1 = begin(test);
	emd_change_miss_disk(t1, 0);
	KUNIT_EXPECT_EQ(test, emd_config_array_state(t1, &t1->arrays[0]), EMD_ARRAY_FAILED);
	emd_config_free(t1);
}

/* It has no word of its own: it keeps the mark of use. */
static void a_later_resync_stays_dirty(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_mirror);
	t1 = begin(test);
	emd_change_sync_start(t1, &t1->arrays[0], EMD_SYNC_RESYNC, 512);
	commit(test, t1);
	expect_read(test, MIRROR "UU idle dirty", "1 03 | A00/10 a00 b00");
}

static void a_disk_fails_and_a_spare_takes_over(struct kunit *test)
{
	struct emd_config *t1;

	load_with_spare(test);
	expect(test, MIRROR "UU idle", NULL);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, row_of(1)), 0);
	commit(test, t1);
	expect_read(test, MIRROR "UF idle", "2 00 | A01/10 a00 b03");
	/* The failed disk itself was not written any more. */
	KUNIT_EXPECT_EQ(test, be16_to_cpu(lab_line(&lab.disk[1], 0)->sequence), 1);
	/* A spare for all stays one until it is needed. */
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_table(&lab.disk[2])->array_magic), 0xffffffff);

	t1 = begin(test);
	KUNIT_EXPECT_EQ(test, emd_asr_ops.can_take(t1, 0, 1, row_of(2), NULL), 0);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 1, row_of(2)), 0);
	commit(test, t1);
	expect_read(test, MIRROR "UR rebuild 0", "3 00 | A02/10 a00 b24");
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_own(&lab.disk[2])->target), 1);
	KUNIT_EXPECT_EQ(test, own_state(2), 0x03);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_rb(&lab.disk[2])->drive_magic), D2);

	t1 = begin(test);
	emd_change_sync_position(t1, &t1->arrays[0], 4096);
	commit(test, t1);
	expect_read(test, MIRROR "UR rebuild 0", "3 00 | A02/10@4096 a00 b24");

	t1 = begin(test);
	emd_change_sync_done(t1, &t1->arrays[0]);
	commit(test, t1);
	expect_read(test, MIRROR "UU idle", "4 00 | A00/10 a00 b00");
	KUNIT_EXPECT_EQ(test, own_state(2), 0x00);
}

/* In one step what failure, activation and rebuild say in three. */
static void a_disk_is_replaced(struct kunit *test)
{
	struct emd_config *t1;

	load_with_spare(test);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_replace_disk(t1, row_of(1), row_of(2), NULL), 0);
	commit(test, t1);
	KUNIT_EXPECT_EQ(test, own_state(2), 0x00);
	expect_read(test, MIRROR "UU idle", "2 00 | A00/10 a00 b00");
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_rb(&lab.disk[2])->drive_magic), D2);
}

/* The slot failed, not the whole disk: it is here, in no slot, and does not stop the others. */
static void a_slot_is_given_to_another(struct kunit *test)
{
	struct emd_config *t1;

	load_with_spare(test);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_member(t1, &t1->arrays[0], 1), 0);
	commit(test, t1);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 1, row_of(2)), 0);
	commit(test, t1);
	expect_read(test, MIRROR "UR rebuild 0", "3 00 | A02/10 a00 b24");
	KUNIT_EXPECT_NULL(test, emd_config_find_disk(lab.cfg, 2));
}

static void a_target_that_fails_is_failed(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_rebuilding);
	golden_table(&lab.disk[1], &golden_guarded);
	assemble(test);
	expect(test, MIRROR "UR rebuild 0", NULL);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, 1), 0);
	commit(test, t1);
	expect_read(test, MIRROR "UF idle", "4 00 | A01/10 a00 b03");
}

/* Recorded with the next change, as failed: there is one word for both. */
static void a_disk_that_is_gone_is_failed(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_mirror);
	lab.nr = 1;
	assemble(test);
	expect(test, MIRROR "UM idle", NULL);
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	commit(test, t1);
	expect_read(test, MIRROR "UF idle dirty", "2 03 | A01/10 a00 b03");
}

static void the_last_disk_is_not_written_off(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_degraded);
	lab.nr = 1;
	assemble(test);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_member(t1, &t1->arrays[0], 0), 0);
	commit(test, t1);
	expect_read(test, MIRROR "UF idle", "2 00 | A01/10 a00 b03");
}

/* A disk that is added: the array's own spare, and the array knows. */
static void a_spare_joins(struct kunit *test)
{
	struct emd_config_disk row;
	struct emd_config *t1;
	unsigned int i;

	load(test, &golden_mirror);
	/* As controllers do it: with gaps between the addresses. */
	for (i = 0; i < 2; i++) {
		lab_line(&lab.disk[i], 1)->target = cpu_to_be32(1);
		lab_line(&lab.disk[i], 2)->target = cpu_to_be32(4);
		lab_seal(&lab.disk[i]);
	}
	assemble(test);
	KUNIT_ASSERT_EQ(test, lab_disk_init(&lab.disk[2], LAB_SECTORS, 512, "NEW"), 0);
	lab.disks[2] = &lab.disk[2];
	lab.nr = 3;
	KUNIT_ASSERT_EQ(test, emd_asr_ops.new_disk("NEW", LAB_SECTORS, 512, &row, NULL), 0);
	row.handle = 3;
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_add_disk(t1, &row), 2);
	commit(test, t1);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_table(&lab.disk[2])->array_magic), 0x2c000001);
	KUNIT_EXPECT_EQ(test, lab_table(&lab.disk[0])->spare_magic,
			lab_rb(&lab.disk[2])->drive_magic);
	/* At an address that no other has. */
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_line(&lab.disk[2], 1)->target), 0);
	KUNIT_EXPECT_EQ(test, lab_table(&lab.disk[0])->spare_id, 0);
	expect_read(test, MIRROR "UU idle", "1 00 | A00/10 a00 b00");
	KUNIT_EXPECT_EQ(test, lab.cfg->disks[row_of(2)].state, EMD_DISK_SPARE);

	t1 = begin(test);
	emd_change_fail_disk(t1, 0);
	commit(test, t1);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 0, row_of(2)), 0);
	commit(test, t1);
	expect_read(test, MIRROR "RU rebuild 0", "3 00 | A02/10 a24 b00");
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_table(&lab.disk[1])->spare_magic), 0);
	/* It is a spare no more, not in the array's words either. */
	KUNIT_EXPECT_EQ(test, be16_to_cpu(lab_table(&lab.disk[2])->nr_lines), 3);
}

/* It is a drive that others know: of what is on it, only whom it serves is new. */
static void a_spare_that_is_added_stays_who_it_is(struct kunit *test)
{
	u8 *before = kunit_kzalloc(test, LAB_WINDOW, GFP_KERNEL);
	struct emd_config *t1, *seen;
	struct emd_config_disk row;
	int i;

	load(test, &golden_mirror);
	add_golden(test, &golden_spare, D2);
	lab_rb(&lab.disk[2])->settings[10] = 0x5a;
	memset(lab_rb(&lab.disk[2])->software + 0x76, 0x77, 128);
	memset(lab_line(&lab.disk[2], 5), 0x66, 64);
	memcpy(before, lab.disk[2].bytes, LAB_WINDOW);
	KUNIT_ASSERT_EQ(test, emd_asr_ops.new_disk("S", LAB_SECTORS, 512, &row, NULL), 0);
	row.handle = 3;
	seen = lab_decode(&lab.disk[2], NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(seen));
	t1 = begin(test);
	i = emd_change_add_disk(t1, &row);
	KUNIT_ASSERT_EQ(test, i, 2);
	emd_asr_ops.adopt(t1, i, seen);
	emd_config_free(seen);
	commit(test, t1);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_table(&lab.disk[2])->array_magic), 0x2c000001);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_table(&lab.disk[0])->spare_magic), D2);
	lab_table(&lab.disk[2])->array_magic = cpu_to_be32(0xffffffff);
	KUNIT_EXPECT_EQ(test, memcmp(lab.disk[2].bytes, before, LAB_WINDOW), 0);
}

/* Others compare the whole byte, and know one mark of use. */
static void what_is_lost_is_written_in_one_way(struct kunit *test)
{
	static const u8 states[] = { 0x01, 0x04, 0x13, 0x53 };
	struct emd_config *t1;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(states); i++) {
		load(test, &golden_mirror);
		lab.nr = 1;
		lab_line(&lab.disk[0], 2)->state = states[i];
		lab_table(&lab.disk[0])->dirty = 9;
		lab_seal(&lab.disk[0]);
		assemble(test);
		t1 = begin(test);
		emd_change_dirty(t1, &t1->arrays[0], true);
		commit(test, t1);
		expect_read(test, MIRROR "UF idle dirty", "2 03 | A01/10 a00 b03");
	}
}

/* One that old cards list in the table of the array leaves its line for another. */
static void a_spare_in_the_table_takes_over(struct kunit *test)
{
	static const struct golden with_spare = {
		"MIRROR", 0, 4, {
		{ 2, 1, 0x2c000001, 1, 1, 0, 0x10, LAB_MEMBER, 128, 0 },
		{ 0, 1, D0, 0, 1, 0, 0, LAB_MEMBER, 128, 0 },
		{ 0, 1, D2, 0, 0xfe, 0, 0, LAB_MEMBER, 128, 2 },
		{ 0, 1, D1, 0, 1, 0, 0, LAB_MEMBER, 128, 1 } }
	};
	struct emd_config *t1;

	load(test, &with_spare);
	expect(test, MIRROR "UU idle", "1 00 | A00/10 a00 b00 c00");
	KUNIT_EXPECT_EQ(test, lab.cfg->disks[row_of(1)].state, EMD_DISK_SPARE);
	t1 = begin(test);
	emd_change_fail_disk(t1, row_of(2));
	commit(test, t1);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 1, row_of(1)), 0);
	commit(test, t1);
	expect_read(test, MIRROR "UR rebuild 0", "3 00 | A02/10 a00 b24");
	KUNIT_EXPECT_NULL(test, memchr_inv(lab_line(&lab.disk[0], 3), 0, 64));
}

static void a_dropped_line_comes_back(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_mirror);
	lab_table(&lab.disk[0])->nr_lines = cpu_to_be16(2);
	lab_seal(&lab.disk[0]);
	lab.nr = 1;
	add_golden(test, &golden_spare, D2);
	assemble(test);
	expect(test, MIRROR "UM idle", NULL);
	t1 = begin(test);
	KUNIT_EXPECT_EQ(test, emd_asr_ops.can_take(t1, 0, 1, row_of(1), NULL), 0);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 1, row_of(1)), 0);
	commit(test, t1);
	expect_read(test, MIRROR "UR rebuild 0", "2 00 | A02/10 a00 b24");

	/* Not where a member has no room for it: it would be tried for ever. */
	load(test, &golden_mirror);
	lab_table(&lab.disk[0])->nr_lines = cpu_to_be16(2);
	lab_table(&lab.disk[0])->max_lines = cpu_to_be16(3);
	lab_seal(&lab.disk[0]);
	lab.nr = 1;
	add_golden(test, &golden_spare, D2);
	assemble(test);
	KUNIT_EXPECT_EQ(test, emd_asr_ops.can_take(lab.cfg, 0, 1, row_of(1), NULL), -ENOSPC);
}

/* In the order of the slots: lines have no numbers. */
static void dropped_lines_come_back_in_order(struct kunit *test)
{
	static const struct golden three = {
		"MIRROR", 0, 2, {
		{ 3, 1, 0x2c000001, 1, 1, 1, 0x10, LAB_MEMBER, 128, 0 },
		{ 0, 1, D0, 0, 1, 0, 0, LAB_MEMBER, 128, 0 } }
	};

	load(test, &three);
	add_golden(test, &golden_spare, D2);
	assemble(test);
	expect(test, MIRROR "UMM idle", NULL);
	KUNIT_EXPECT_EQ(test, emd_asr_ops.can_take(lab.cfg, 0, 2, row_of(1), NULL), -EINVAL);
	KUNIT_EXPECT_EQ(test, emd_asr_ops.can_take(lab.cfg, 0, 1, row_of(1), NULL), 0);
}

static void a_dropped_line_of_a_pair_comes_back(struct kunit *test)
{
	struct emd_config *t1;
	unsigned int i, k;

	load(test, &golden_ten);
	/* D1 is gone, and so is its line. */
	for (k = 0; k < 4; k++) {
		for (i = 3; i < 6; i++)
			*lab_line(&lab.disk[k], i) = *lab_line(&lab.disk[k], i + 1);
		memset(lab_line(&lab.disk[k], 6), 0, 64);
		lab_table(&lab.disk[k])->nr_lines = cpu_to_be16(6);
		lab_seal(&lab.disk[k]);
	}
	lab.disks[1] = &lab.disk[2];
	lab.disks[2] = &lab.disk[3];
	lab_disk_exit(&lab.disk[4]);
	KUNIT_ASSERT_EQ(test, golden_disk(&golden_spare, 0x95000005, &lab.disk[4]), 0);
	lab_line(&lab.disk[4], 1)->magic = cpu_to_be32(0x95000005);
	lab_seal(&lab.disk[4]);
	lab.disks[3] = &lab.disk[4];
	assemble(test);
	expect(test, TEN "UMUU idle", "1 00 | T00 A00/10 a00 A00/10 b00 c00");
	t1 = begin(test);
	KUNIT_EXPECT_EQ(test, emd_asr_ops.can_take(t1, 0, 1, row_of(3), NULL), 0);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 1, row_of(3)), 0);
	commit(test, t1);
	expect_read(test, TEN "URUU rebuild 0", "2 00 | T02 A02/10 a00 b24 A00/10 c00 d00");
	/* At an address of its own. */
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_line(&lab.disk[0], 3)->target), 1);
}

static void raid10_loses_one_of_each_pair(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_ten);
	t1 = begin(test);
	emd_change_fail_disk(t1, 0);
	emd_change_fail_disk(t1, 3);
	commit(test, t1);
	expect_read(test, "TEN raid10 adjacent 128 524032 0+262016 FUUF idle",
		    "2 00 | T01 A01/10 a03 b00 A01/10 c00 d03");
	add_golden(test, &golden_spare, 0x95000005);
	lab_line(&lab.disk[4], 1)->magic = cpu_to_be32(0x95000005);
	lab_seal(&lab.disk[4]);
	assemble(test);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 3, row_of(4)), 0);
	emd_change_sync_position(t1, &t1->arrays[0], 5000);
	commit(test, t1);
	expect_read(test, "TEN raid10 adjacent 128 524032 0+262016 FUUR rebuild 0",
		    "3 00 | T02 A01/10 a03 b00 A02/10@2432 c00 d24");
}

static void a_mirror_of_stripes_is_one(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_oh_one);
	/* The first of each stripe, then the second. */
	KUNIT_EXPECT_EQ(test, emd_config_member(lab.cfg, &lab.cfg->arrays[0], 1)->disk, row_of(2));
	t1 = begin(test);
	emd_change_fail_disk(t1, row_of(2));
	commit(test, t1);
	expect_read(test, "OHONE raid10 adjacent 128 524032 0+262016 UFUU idle",
		    "2 00 | T01/10 A00 a00 b00 A01 c03 d00");
	add_golden(test, &golden_spare, 0x95000005);
	lab_line(&lab.disk[4], 1)->magic = cpu_to_be32(0x95000005);
	lab_seal(&lab.disk[4]);
	assemble(test);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 1, row_of(4)), 0);
	commit(test, t1);
	expect_read(test, "OHONE raid10 adjacent 128 524032 0+262016 URUU rebuild 0",
		    "3 00 | T02/10 A00 a00 b00 A02 c24 d00");
	t1 = begin(test);
	emd_change_sync_done(t1, &t1->arrays[0]);
	commit(test, t1);
	expect_read(test, "OHONE raid10 adjacent 128 524032 0+262016 UUUU idle",
		    "4 00 | T00/10 A00 a00 b00 A00 c00 d00");
}

/* Others stop writing a stripe of which a part is lost: all of it is old. */
static void a_dead_half_is_lost_as_a_whole(struct kunit *test)
{
	unsigned int i;

	load(test, &golden_oh_one);
	for (i = 0; i < 4; i++) {
		lab_line(&lab.disk[i], 4)->state = 0x04;
		lab_seal(&lab.disk[i]);
	}
	assemble(test);
	expect(test, "OHONE raid10 adjacent 128 524032 0+262016 UFUF idle", NULL);
}

/* Of another controller: it keeps how long its own table may get. */
static void a_table_keeps_its_own_size(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_mirror);
	lab_table(&lab.disk[1])->max_lines = cpu_to_be16(100);
	memset(lab_line(&lab.disk[0], 5), 0x66, 64);
	memset(lab_line(&lab.disk[1], 5), 0x66, 64);
	assemble(test);
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	commit(test, t1);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(lab_table(&lab.disk[0])->max_lines), 127);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(lab_table(&lab.disk[1])->max_lines), 100);
	KUNIT_EXPECT_EQ(test, ((u8 *)lab_line(&lab.disk[1], 5))[63], 0x66);
}

static void others_in_the_table_are_left_alone(struct kunit *test)
{
	struct asr_line_ondisk other[3];
	struct emd_config *t1;
	unsigned int i, k;

	load(test, &golden_mirror);
	for (k = 0; k < 2; k++) {
		for (i = 0; i < 3; i++) {
			other[i] = *lab_line(&lab.disk[k], i);
			other[i].magic ^= cpu_to_be32(0x00770000);
			other[i].sequence = cpu_to_be16(9);
			*lab_line(&lab.disk[k], 3 + i) = other[i];
		}
		lab_table(&lab.disk[k])->nr_lines = cpu_to_be16(6);
		lab_seal(&lab.disk[k]);
	}
	assemble(test);
	t1 = begin(test);
	emd_change_fail_disk(t1, 1);
	commit(test, t1);
	KUNIT_EXPECT_EQ(test, memcmp(lab_line(&lab.disk[0], 3), other, sizeof(other)), 0);
	expect_read(test, MIRROR "UF idle", NULL);
}

/* ---- power cuts ------------------------------------------------------------------------------ */

/*
 * Cut T1's writing at every write, and within it, in the order of the live disks, @first
 * before the others. Each time somebody reads one of @words; a disk that a cut left bare
 * is not here.
 */
static void cut_with_first(struct kunit *test, struct emd_config *t1, unsigned int first,
			   const char *const *words)
{
	u8 *saved = kunit_kzalloc(test, LAB_DISKS * LAB_WINDOW, GFP_KERNEL);
	unsigned int turn, victim, nr, i, k, here, live;
	struct lab_disk *disks[LAB_DISKS];
	struct emd_errmsg msg = {};
	struct emd_meta_image img;
	struct emd_config *cfg;
	struct line line;
	bool torn, known;
	int total;
	u16 row;

	KUNIT_ASSERT_TRUE_MSG(test, !lab_commit(lab.cfg, t1, &msg), "%s", msg.text);
	for (i = 0; i < lab.nr; i++)
		memcpy(saved + i * LAB_WINDOW, lab.disk[i].bytes, LAB_WINDOW);
	for (turn = 0, live = 0; turn < lab.nr; turn++) {
		victim = turn ? turn - (turn <= first) : first;
		row = EMD_NO_DISK;
		for (k = 0; k < t1->nr_disks; k++) {
			if (t1->disks[k].handle == victim + 1)
				row = k;
		}
		if (row == EMD_NO_DISK)
			continue;
		live++;
		for (nr = 0, total = 1; nr <= total; nr++) {
			for (torn = false;; torn = true) {
				for (i = 0; i < lab.nr; i++)
					memcpy(lab.disk[i].bytes, saved + i * LAB_WINDOW,
					       LAB_WINDOW);
				/* Those before it have it whole. */
				for (k = 0; k < t1->nr_disks; k++) {
					i = t1->disks[k].handle;
					if (i && i - 1 != victim &&
					    (i - 1 == first || (victim != first && i - 1 < victim)))
						lab_encode(&lab.disk[i - 1], t1, k);
				}
				total = lab_encode_some(&lab.disk[victim], t1, row, nr, torn);
				KUNIT_ASSERT_TRUE(test, total >= 0);
				for (i = 0, here = 0; i < lab.nr; i++) {
					if (lab_read(&lab.disk[i], &img, NULL) != -ENODATA)
						disks[here++] = &lab.disk[i];
					lab_image_free(&img);
				}
				cfg = lab_assemble(disks, here, &msg);
				KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(cfg), "disk %u, write %u: %s",
						       victim, nr, msg.text);
				config_line(cfg, &line);
				for (known = false, i = 0; words[i]; i++)
					known |= !strcmp(line.text, words[i]);
				KUNIT_EXPECT_TRUE_MSG(test, known, "disk %u, write %u%s: %s",
						      victim, nr, torn ? ", torn" : "",
						      line.text);
				emd_config_free(cfg);
				if (torn)
					break;
			}
		}
	}
	KUNIT_EXPECT_GE(test, live, 1);
	emd_config_free(t1);
}

static void cut_everywhere(struct kunit *test, struct emd_config *t1, const char *const *words)
{
	cut_with_first(test, t1, 0, words);
}

static void power_cut_while_a_disk_is_failed(struct kunit *test)
{
	static const char *const words[] = {
		"TEN raid10 adjacent 128 524032 0+262016 UUUU idle",
		"TEN raid10 adjacent 128 524032 0+262016 FUUU idle", NULL
	};
	struct emd_config *t1;

	load(test, &golden_ten);
	t1 = begin(test);
	emd_change_fail_disk(t1, 0);
	cut_everywhere(test, t1, words);
}

static void power_cut_while_a_disk_is_replaced(struct kunit *test)
{
	static const char *const words[] = { MIRROR "UU idle", NULL };
	struct emd_config *t1;

	load_with_spare(test);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_replace_disk(t1, row_of(1), row_of(2), NULL), 0);
	/* Who finds it anywhere must find that the new disk is a member. */
	cut_with_first(test, t1, 2, words);
}

/* Tables of several sectors. */
static void power_cut_in_long_tables(struct kunit *test)
{
	static const char *const words[] = {
		"new raid10 adjacent 128 1048064 0+262016 UUUUUUUU idle",
		"new raid10 adjacent 128 1048064 0+262016 UUUFUUFU idle", NULL
	};
	struct emd_config *t1;

	make(test, EMD_LEVEL_RAID10, 8, true);
	assemble(test);
	t1 = begin(test);
	emd_change_fail_disk(t1, 3);
	emd_change_fail_disk(t1, 6);
	cut_everywhere(test, t1, words);
}

static void power_cut_while_it_becomes_dirty(struct kunit *test)
{
	static const char *const words[] = { MIRROR "UU idle", MIRROR "UU idle dirty", NULL };
	struct emd_config *t1;

	load(test, &golden_mirror);
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	cut_everywhere(test, t1, words);
}

static void power_cut_while_it_becomes_clean(struct kunit *test)
{
	static const char *const words[] = { MIRROR "UU idle", MIRROR "UU idle dirty", NULL };
	struct emd_config *t1;

	load(test, &golden_mirror);
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	commit(test, t1);
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], false);
	cut_everywhere(test, t1, words);
}

/* Which disk is written first is the core's to choose: both ways round. */
static void power_cut_while_a_spare_is_taken(struct kunit *test)
{
	static const char *const words[] = { MIRROR "UF idle", MIRROR "UR rebuild 0", NULL };
	struct emd_config *t1;
	unsigned int spare;

	for (spare = 0; spare < 3; spare += 2) {
		load_with_spare(test);
		if (!spare)
			swap(lab.disk[0], lab.disk[2]);
		assemble(test);
		t1 = begin(test);
		emd_change_fail_disk(t1, row_of(1));
		commit(test, t1);
		assemble(test);
		t1 = begin(test);
		KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 1,
								row_of(spare)), 0);
		cut_everywhere(test, t1, words);
	}
}

static void power_cut_while_a_rebuild_ends(struct kunit *test)
{
	static const char *const words[] = { MIRROR "UR rebuild 0", MIRROR "UU idle", NULL };
	struct emd_config *t1;
	unsigned int target;

	for (target = 0; target < 2; target++) {
		load(test, &golden_rebuilding);
		golden_table(&lab.disk[1], &golden_guarded);
		if (!target)
			swap(lab.disk[0], lab.disk[1]);
		assemble(test);
		t1 = begin(test);
		emd_change_sync_done(t1, &t1->arrays[0]);
		cut_everywhere(test, t1, words);
	}
}

/* The new disk is there, or it is bare; the mirror does not notice. */
static void power_cut_while_a_spare_joins(struct kunit *test)
{
	static const char *const words[] = { MIRROR "UU idle", NULL };
	struct emd_config_disk row;
	struct emd_config *t1;

	load(test, &golden_mirror);
	KUNIT_ASSERT_EQ(test, lab_disk_init(&lab.disk[2], LAB_SECTORS, 512, "NEW"), 0);
	lab.disks[2] = &lab.disk[2];
	lab.nr = 3;
	KUNIT_ASSERT_EQ(test, emd_asr_ops.new_disk("NEW", LAB_SECTORS, 512, &row, NULL), 0);
	row.handle = 3;
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_add_disk(t1, &row), 2);
	cut_everywhere(test, t1, words);
}

/* The config before and what reached some disks of a change that was then tried again. */
static void cut_behind_first(struct kunit *test, const struct emd_config *cfg, const char *want)
{
	KUNIT_EXPECT_GE(test, lab_encode(&lab.disk[0], cfg, 0), 1);
	expect_read(test, want, NULL);
}

/* A disk refuses: the change starts over without it, and what was tried is outranked. */
static void power_cut_while_it_is_tried_again(struct kunit *test)
{
	struct emd_config *t1, *t2;
	bool fails;

	for (fails = false;; fails = true) {
		load(test, &golden_ten);
		t1 = begin(test);
		emd_change_dirty(t1, &t1->arrays[0], true);
		if (fails)
			emd_change_fail_disk(t1, 3);
		KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, NULL), 0);
		KUNIT_EXPECT_GE(test, lab_encode(&lab.disk[0], t1, 0), 1);
		t2 = begin(test);
		emd_change_dirty(t2, &t2->arrays[0], true);
		if (fails)
			emd_change_fail_disk(t2, 3);
		emd_change_fail_disk(t2, 1);
		emd_asr_ops.supersede(t2, t1->generation);
		KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t2, NULL), 0);
		KUNIT_EXPECT_TRUE(test, t2->generation > t1->generation);
		KUNIT_EXPECT_EQ(test, asr_set(t2)->sequence, 2);
		emd_config_free(t1);
		cut_behind_first(test, t2, fails ? TEN "UFUF idle dirty" : TEN "UFUU idle dirty");
		KUNIT_EXPECT_EQ(test, emd_config_array_state(lab.cfg, &lab.cfg->arrays[0]),
				EMD_ARRAY_DEGRADED);
		emd_config_free(t2);
		if (fails)
			break;
	}
}

static void power_cut_while_it_is_backed_out(struct kunit *test)
{
	/* M: of two that contradict each other the worse counts. */
	static const char *const words[] = {
		TEN "UUUU idle", TEN "UUUF idle", TEN "UUUM idle", NULL
	};
	struct emd_config *t1, *back;
	unsigned int reached;

	for (reached = 1; reached < 4; reached++) {
		unsigned int i, cut;

		load(test, &golden_ten);
		t1 = begin(test);
		emd_change_fail_disk(t1, 3);
		KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, NULL), 0);
		for (i = 0; i < reached && i < 3; i++)
			KUNIT_EXPECT_GE(test, lab_encode(&lab.disk[i], t1, i), 1);
		back = lab_next(lab.cfg);
		emd_asr_ops.supersede(back, t1->generation);
		KUNIT_EXPECT_TRUE(test, back->generation > t1->generation);
		for (cut = 0; cut < 4; cut++) {
			struct line line;

			KUNIT_EXPECT_GE(test, lab_encode(&lab.disk[cut], back, cut), 1);
			assemble(test);
			config_line(lab.cfg, &line);
			for (i = 0; words[i] && strcmp(line.text, words[i]); i++)
				;
			KUNIT_EXPECT_TRUE_MSG(test, words[i], "%s", line.text);
		}
		expect(test, TEN "UUUU idle", "2 00 | T00 A00/10 a00 b00 A00/10 c00 d00");
		emd_config_free(back);
		emd_config_free(t1);
	}
}

/* ---- who tells the truth ----------------------------------------------------------------------- */

static void what_was_given_up_is_outranked(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_mirror);
	/* A failure is written to one disk only, and then given up. */
	t1 = begin(test);
	emd_change_fail_disk(t1, 1);
	KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, NULL), 0);
	KUNIT_ASSERT_EQ(test, lab_encode(&lab.disk[0], t1, 0), 1);
	emd_asr_ops.supersede(lab.cfg, t1->generation);
	KUNIT_EXPECT_TRUE(test, lab.cfg->generation > t1->generation);
	emd_config_free(t1);
	KUNIT_ASSERT_EQ(test, lab_encode_all(lab.disks, lab.cfg), 0);
	expect_read(test, MIRROR "UU idle", "2 00 | A00/10 a00 b00");
}

static void put_sequence(unsigned int disk, u16 sequence)
{
	unsigned int i;

	for (i = 0; i < be16_to_cpu(lab_table(&lab.disk[disk])->nr_lines); i++)
		lab_line(&lab.disk[disk], i)->sequence = cpu_to_be16(sequence);
	lab_seal(&lab.disk[disk]);
}

static void one_update_behind_is_late_two_are_stale(struct kunit *test)
{
	load(test, &golden_mirror);
	put_sequence(0, 7);
	put_sequence(1, 6);
	expect_read(test, MIRROR "UU idle", "7 00 | A00/10 a00 b00");
	put_sequence(1, 5);
	expect_read(test, MIRROR "UM idle", "7 00 | A00/10 a00 b00");
}

/* It refuses its table, not its data: what it alone holds is not written off. */
static void the_last_copy_is_not_stale(struct kunit *test)
{
	load(test, &golden_ten);
	lab.nr = 3;
	put_sequence(0, 9);
	put_sequence(1, 9);
	put_sequence(2, 5);
	expect_read(test, TEN "UUUM idle", NULL);
	/* Beside another copy it is. */
	lab.nr = 4;
	put_sequence(3, 9);
	expect_read(test, TEN "UUMU idle", NULL);
	put_sequence(3, 5);
	expect_read(test, TEN "UUUU idle", NULL);
	load(test, &golden_stripe);
	put_sequence(0, 9);
	expect_read(test, "STRIPE raid0 none 128 524032 0+262016 UU idle", NULL);
}

static void one_behind_where_numbers_begin_again(struct kunit *test)
{
	load(test, &golden_mirror);
	put_sequence(0, 1);
	put_sequence(1, 65535);
	expect_read(test, MIRROR "UU idle", "1 00 | A00/10 a00 b00");
	put_sequence(1, 65534);
	expect_read(test, MIRROR "UM idle", "1 00 | A00/10 a00 b00");
}

static void numbers_count_on_past_their_end(struct kunit *test)
{
	struct emd_config *t1;
	u64 generation;

	load(test, &golden_mirror);
	put_sequence(0, 65535);
	put_sequence(1, 65535);
	assemble(test);
	generation = lab.cfg->generation;
	t1 = begin(test);
	emd_change_fail_disk(t1, 1);
	commit(test, t1);
	KUNIT_EXPECT_TRUE(test, lab.cfg->generation > generation);
	expect_read(test, MIRROR "UF idle", "1 00 | A01/10 a00 b03");
}

static void who_ran_alone_is_right(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_mirror);
	lab.nr = 1;
	assemble(test);
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	commit(test, t1);
	lab.nr = 2;
	expect_read(test, MIRROR "UF idle dirty", NULL);
	KUNIT_EXPECT_NULL(test, emd_config_find_disk(lab.cfg, 2));
}

static void halves_that_ran_apart_are_not_merged(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct lab_election el;
	struct emd_config *t1;
	unsigned int i;

	load(test, &golden_mirror);
	for (i = 0; i < 2; i++) {
		lab.nr = 1;
		lab.disks[0] = &lab.disk[i];
		assemble(test);
		t1 = begin(test);
		emd_change_dirty(t1, &t1->arrays[0], true);
		commit(test, t1);
		/* One goes on for longer. */
		t1 = begin(test);
		emd_change_dirty(t1, &t1->arrays[0], i);
		commit(test, t1);
	}
	lab.disks[0] = &lab.disk[0];
	KUNIT_EXPECT_EQ(test, lab_elect(lab.disks, 2, &el, &msg), -ENOTUNIQ);
	KUNIT_EXPECT_STREQ(test, msg.text,
			   "disks 91000001 and 92000002 ran apart: the first has written off the other");
	KUNIT_EXPECT_EQ(test, el.verdicts[0], EMD_VERDICT_CONFLICT);
	KUNIT_EXPECT_EQ(test, el.verdicts[1], EMD_VERDICT_CONFLICT);
	lab_election_free(&el);
}

static void the_same_disk_twice_is_nobody(struct kunit *test)
{
	struct lab_election el;

	load(test, &golden_ten);
	lab_rb(&lab.disk[1])->drive_magic = lab_rb(&lab.disk[0])->drive_magic;
	KUNIT_EXPECT_GE(test, lab_elect(lab.disks, 4, &el, NULL), 2);
	KUNIT_EXPECT_EQ(test, el.verdicts[0], EMD_VERDICT_CONFLICT);
	KUNIT_EXPECT_EQ(test, el.verdicts[1], EMD_VERDICT_CONFLICT);
	KUNIT_EXPECT_EQ(test, el.verdicts[2], EMD_VERDICT_MEMBER);
	lab_election_free(&el);
}

/* Not all raise the number when they write a drive off. */
static void the_worst_that_others_say_counts(struct kunit *test)
{
	load(test, &golden_mirror);
	lab_line(&lab.disk[0], 2)->state = 0x03;
	lab_seal(&lab.disk[0]);
	expect_read(test, MIRROR "UF idle", NULL);
	load(test, &golden_mirror);
	lab_line(&lab.disk[1], 1)->state = 0x53;
	lab_seal(&lab.disk[1]);
	expect_read(test, MIRROR "FU idle", NULL);
	/* What it says of itself is nothing. */
	load(test, &golden_mirror);
	lab_line(&lab.disk[1], 2)->state = 0x03;
	lab_seal(&lab.disk[1]);
	expect_read(test, MIRROR "UU idle", NULL);
}

static void any_copy_can_tell_of_writes(struct kunit *test)
{
	load(test, &golden_mirror);
	lab_table(&lab.disk[1])->dirty = 3;
	lab_table(&lab.disk[0])->timestamp = cpu_to_be32(77);
	expect_read(test, MIRROR "UU idle dirty", NULL);
}

static void a_wrong_checksum_has_no_say(struct kunit *test)
{
	struct emd_config *t1;

	load(test, &golden_mirror);
	put_sequence(0, 2);
	lab_line(&lab.disk[0], 2)->state = 0x03;
	/* Not sealed, and newer: torn, it may have gone on without the other. */
	KUNIT_EXPECT_TRUE(test, IS_ERR(lab_assemble(lab.disks, 2, NULL)));
	/* Of the same configuration: the other is believed. */
	lab_line(&lab.disk[0], 2)->state = 0;
	put_sequence(0, 1);
	lab_line(&lab.disk[0], 2)->state = 0x03;
	expect_read(test, MIRROR "UU idle", NULL);
	/* And it is mended. */
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	commit(test, t1);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(lab_table(&lab.disk[0])->checksum),
			asr_checksum(lab_line(&lab.disk[0], 0), 3));
	/* Alone, there is nobody to ask. */
	load(test, &golden_mirror);
	lab_table(&lab.disk[0])->checksum = 0;
	lab_table(&lab.disk[1])->checksum = 0;
	expect_read(test, MIRROR "UU idle", NULL);
}

static void a_spare_is_not_a_member_again(struct kunit *test)
{
	static const struct golden was_member = {
		"", 0, 2, {
		{ 1, 0, 0xffffffff, 1, 0xfe, 0, 0, LAB_MEMBER, 0, 0 },
		{ 0, 0, D1, 0, 0xfe, 0, 0, LAB_MEMBER, 0, 2 } }, 0x2c000001
	};

	load(test, &golden_mirror);
	golden_table(&lab.disk[1], &was_member);
	expect_read(test, MIRROR "UM idle", NULL);
}

static void expect_same(struct kunit *test, const unsigned int *order, const struct line *want)
{
	struct lab_disk *disks[4];
	struct emd_config *cfg;
	struct line line;
	unsigned int i;

	for (i = 0; i < 4; i++)
		disks[i] = &lab.disk[order[i]];
	cfg = lab_assemble(disks, 4, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	config_line(cfg, &line);
	KUNIT_EXPECT_STREQ(test, line.text, want->text);
	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].handle)
			KUNIT_EXPECT_EQ(test, asr_part(asr_set(cfg), i)->magic,
					be32_to_cpu(lab_rb(disks[cfg->disks[i].handle - 1])
						    ->drive_magic));
	}
	emd_config_free(cfg);
}

static void every_order(struct kunit *test, const struct line *want)
{
	unsigned int order[4], a, b, c;

	for (a = 0; a < 4; a++) {
		for (b = 0; b < 4; b++) {
			for (c = 0; c < 4; c++) {
				if (a == b || a == c || b == c)
					continue;
				order[0] = a;
				order[1] = b;
				order[2] = c;
				order[3] = 6 - a - b - c;
				expect_same(test, order, want);
			}
		}
	}
}

static void order_does_not_matter(struct kunit *test)
{
	struct line want;

	/* A late one and a stale one. */
	load(test, &golden_ten);
	put_sequence(0, 9);
	put_sequence(1, 8);
	put_sequence(2, 9);
	put_sequence(3, 4);
	expect_read(test, TEN "UUUM idle", NULL);
	config_line(lab.cfg, &want);
	every_order(test, &want);
	/* A late one, and two spares. */
	load(test, &golden_mirror);
	put_sequence(0, 9);
	put_sequence(1, 8);
	add_golden(test, &golden_spare, D2);
	add_golden(test, &golden_spare, D3);
	lab_line(&lab.disk[3], 1)->magic = cpu_to_be32(D3);
	lab_seal(&lab.disk[3]);
	assemble(test);
	KUNIT_EXPECT_EQ(test, lab.cfg->nr_disks, 4);
	config_line(lab.cfg, &want);
	every_order(test, &want);
}

/* ---- names, and whom spares serve --------------------------------------------------------- */

static void an_array_is_renamed_in_all_lines(struct kunit *test)
{
	struct emd_config *t1;
	unsigned int i, k;

	load(test, &golden_mirror);
	t1 = begin(test);
	emd_change_rename(&t1->arrays[0], "home");
	commit(test, t1);
	for (i = 0; i < 2; i++) {
		for (k = 0; k < 3; k++)
			KUNIT_EXPECT_MEMEQ(test, lab_line(&lab.disk[i], k)->name,
					   "home            ", ASR_NAME_LEN);
	}
	assemble(test);
	KUNIT_EXPECT_STREQ(test, lab.cfg->arrays[0].name, "home");
	expect_not_called(test, 0, "seventeen-letters", "name of 17 characters, need 1 to 16");
	expect_not_called(test, 0, ".hidden", "name .hidden, need letters");
}

static void a_spare_is_for_its_array_or_for_all(struct kunit *test)
{
	struct emd_config *t1;
	u16 array = 0;

	load_with_spare(test);
	/* One for all joins as such; only with its array is there somebody to ask. */
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_assign_spare(t1, row_of(2), EMD_SPARE_DEDICATED, &array, 1), 0);
	commit(test, t1);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_table(&lab.disk[2])->array_magic), 0x2c000001);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_table(&lab.disk[0])->spare_magic), D2);
	assemble(test);
	KUNIT_EXPECT_EQ(test, lab.cfg->disks[row_of(2)].scope, EMD_SPARE_DEDICATED);

	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_assign_spare(t1, row_of(2), EMD_SPARE_GLOBAL, NULL, 0), 0);
	commit(test, t1);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_table(&lab.disk[2])->array_magic), ASR_ANY_MAGIC);
	KUNIT_EXPECT_EQ(test, be32_to_cpu(lab_table(&lab.disk[0])->spare_magic), 0);
	expect_read(test, MIRROR "UU idle", NULL);
}

static struct kunit_case meta_asr_change_cases[] = {
	KUNIT_CASE(an_array_is_renamed_in_all_lines),
	KUNIT_CASE(a_spare_is_for_its_array_or_for_all),
	KUNIT_CASE_PARAM(what_is_made_is_read, case_make_gen_params),
	KUNIT_CASE(what_is_made_is_known_to_the_byte),
	KUNIT_CASE(what_cannot_be_said_is_not_made),
	KUNIT_CASE(a_second_array_needs_other_disks),
	KUNIT_CASE(a_deleted_array_leaves_spares),
	KUNIT_CASE(dirty_and_clean_keep_the_sequence),
	KUNIT_CASE(the_first_resync_begins_again_as_a_rebuild),
	KUNIT_CASE(the_first_resync_ends),
	KUNIT_CASE(a_build_target_does_not_stand_in_for_its_source),
	KUNIT_CASE(a_later_resync_stays_dirty),
	KUNIT_CASE(a_disk_fails_and_a_spare_takes_over),
	KUNIT_CASE(a_disk_is_replaced),
	KUNIT_CASE(a_slot_is_given_to_another),
	KUNIT_CASE(a_target_that_fails_is_failed),
	KUNIT_CASE(a_disk_that_is_gone_is_failed),
	KUNIT_CASE(the_last_disk_is_not_written_off),
	KUNIT_CASE(a_spare_joins),
	KUNIT_CASE(a_spare_that_is_added_stays_who_it_is),
	KUNIT_CASE(what_is_lost_is_written_in_one_way),
	KUNIT_CASE(a_spare_in_the_table_takes_over),
	KUNIT_CASE(a_dropped_line_comes_back),
	KUNIT_CASE(dropped_lines_come_back_in_order),
	KUNIT_CASE(a_dropped_line_of_a_pair_comes_back),
	KUNIT_CASE(raid10_loses_one_of_each_pair),
	KUNIT_CASE(a_mirror_of_stripes_is_one),
	KUNIT_CASE(a_dead_half_is_lost_as_a_whole),
	KUNIT_CASE(a_table_keeps_its_own_size),
	KUNIT_CASE(others_in_the_table_are_left_alone),
	KUNIT_CASE(power_cut_while_a_disk_is_failed),
	KUNIT_CASE(power_cut_while_a_disk_is_replaced),
	KUNIT_CASE(power_cut_in_long_tables),
	KUNIT_CASE(power_cut_while_it_becomes_dirty),
	KUNIT_CASE(power_cut_while_it_becomes_clean),
	KUNIT_CASE(power_cut_while_a_spare_is_taken),
	KUNIT_CASE(power_cut_while_a_rebuild_ends),
	KUNIT_CASE(power_cut_while_a_spare_joins),
	KUNIT_CASE(power_cut_while_it_is_tried_again),
	KUNIT_CASE(power_cut_while_it_is_backed_out),
	KUNIT_CASE(what_was_given_up_is_outranked),
	KUNIT_CASE(the_last_copy_is_not_stale),
	KUNIT_CASE(one_behind_where_numbers_begin_again),
	KUNIT_CASE(one_update_behind_is_late_two_are_stale),
	KUNIT_CASE(numbers_count_on_past_their_end),
	KUNIT_CASE(who_ran_alone_is_right),
	KUNIT_CASE(halves_that_ran_apart_are_not_merged),
	KUNIT_CASE(the_same_disk_twice_is_nobody),
	KUNIT_CASE(the_worst_that_others_say_counts),
	KUNIT_CASE(any_copy_can_tell_of_writes),
	KUNIT_CASE(a_wrong_checksum_has_no_say),
	KUNIT_CASE(a_spare_is_not_a_member_again),
	KUNIT_CASE(order_does_not_matter),
	{}
};

static struct kunit_suite meta_asr_change_suite = {
	.name = "emd_meta_asr_change",
	.init = lab_init,
	.exit = lab_exit,
	.test_cases = meta_asr_change_cases,
};

kunit_test_suite(meta_asr_change_suite);
