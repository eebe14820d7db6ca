// SPDX-License-Identifier: GPL-2.0
/*
 * IMSM metadata as mdadm writes it, and as nobody should.
 *
 * Golden bytes are understood, come back from encode unchanged, and are what our
 * own changes lead to. Damage of every kind is refused with a reason, or is
 * harmless: never a stray access, never an array outside its disk.
 */
#include <kunit/test.h>

#include "imsm_golden.h"
#include "imsm_text.h"

/**
 * struct case_golden - what the bytes mean
 * @name: golden
 * @config: volume_line()
 * @native: native_line()
 */
struct case_golden {
	const char *name;
	const char *config;
	const char *native;
};

static const struct case_golden goldens[] = {
	{ "spare_512",
	  "",
	  "R512-00/1 | 264" },
	{ "spare_4096",
	  "",
	  "R4096-00/1 | 264" },
	{ "raid1_init_512",
	  "v0 raid1 128 40960 0+40960+2048 UU resync 0 uninitialised",
	  "R512-00/2 R512-01/2 | INIT 0 d0 NORMAL [0 1] <- UNINIT [0 1] | 536" },
	{ "raid1_init_4096",
	  "v0 raid1 128 40960 0+40960+2048 UU resync 0 uninitialised",
	  "R4096-00/2 R4096-01/2 | INIT 0 d0 NORMAL [0 1] <- UNINIT [0 1] | 536" },
	{ "raid1_idle_512",
	  "v0 raid1 128 40960 0+40960+2048 UU idle",
	  "R512-00/2 R512-01/2 | d0 NORMAL [0 1] | 480" },
	{ "raid1_idle_4096",
	  "v0 raid1 128 40960 0+40960+2048 UU idle",
	  "R4096-00/2 R4096-01/2 | d0 NORMAL [0 1] | 480" },
	{ "raid1_dirty_512",
	  "v0 raid1 128 40960 0+40960+2048 UU idle dirty",
	  "R512-00/2 R512-01/2 | d1 NORMAL [0 1] | 480" },
	{ "raid1_failed_512",
	  "v0 raid1 128 40960 0+40960+2048 UF idle",
	  "R512-00/2 R512-01:0/6 | d0 DEGRADED [0 R1] f1 | 480" },
	{ "raid1_failed_4096",
	  "v0 raid1 128 40960 0+40960+2048 UF idle",
	  "R4096-00/2 R4096-01:0/6 | d0 DEGRADED [0 R1] f1 | 480" },
	{ "raid1_rebuild_512",
	  "v0 raid1 128 40960 0+40960+2048 UR rebuild 1280",
	  "R512-00/2 R512-02/2 | REBUILD 5 d0 NORMAL [0 1] f1 <- DEGRADED [0 R1] f1 | 536" },
	{ "raid1_rebuild_4096",
	  "v0 raid1 128 40960 0+40960+2048 UR rebuild 0",
	  "R4096-00/2 R4096-02/2 | REBUILD 0 d0 NORMAL [0 1] f1 <- DEGRADED [0 R1] f1 | 536" },
	{ "raid1_rebuilt_512",
	  "v0 raid1 128 40960 0+40960+2048 UU idle",
	  "R512-00/2 R512-02/2 | d0 NORMAL [0 1] | 480" },
	{ "raid1_absent_512",
	  "v0 raid1 128 40960 0+40960+2048 UM idle",
	  "R512-00/2 512-02:0/6~ | d0 DEGRADED [0 R1] f1 | 480" },
	{ "matrix_first_512",
	  "zero raid0 128 32768 0+16384+2048 UU idle",
	  "M512-00/2 M512-01/2 | d0 NORMAL [0 1] | 480" },
	{ "matrix_both_512",
	  "zero raid0 128 32768 0+16384+2048 UU idle; one raid1 128 6144 24576+6144+2048 UU resync 256 uninitialised",
	  "M512-00/2 M512-01/2 | d0 NORMAL [0 1] | INIT 1 d0 NORMAL [0 1] <- UNINIT [0 1] | 704" },
	{ "matrix_idle_512",
	  "zero raid0 128 32768 0+16384+2048 UU idle; one raid1 128 6144 24576+6144+2048 UU idle",
	  "M512-00/2 M512-01/2 | d0 NORMAL [0 1] | d0 NORMAL [0 1] | 648" },
	{ "matrix_idle_4096",
	  "zero raid0 128 32768 0+16384+2048 UU idle; one raid1 128 6144 24576+6144+2048 UU idle",
	  "M4096-00/2 M4096-01/2 | d0 NORMAL [0 1] | d0 NORMAL [0 1] | 648" },
	{ "raid10_init_512",
	  "v0 raid10 128 81920 0+40960+2048 UUUU resync 47104 uninitialised",
	  "T512-00/2 T512-01/2 T512-02/2 T512-03/2 | INIT 184 d0 NORMAL [0 1 2 3] <- UNINIT [0 1 2 3] | 648" },
	{ "raid10_idle_512",
	  "v0 raid10 128 81920 0+40960+2048 UUUU idle",
	  "T512-00/2 T512-01/2 T512-02/2 T512-03/2 | d0 NORMAL [0 1 2 3] | 584" },
	{ "raid10_two_512",
	  "v0 raid10 128 81920 0+40960+2048 UFFU idle",
	  "T512-00/2 T512-01:0/6 T512-02:0/6 T512-03/2 | d0 DEGRADED [0 R1 R2 3] f1 | 584" },
	{ "raid10_rebuild_512",
	  "v0 raid10 128 81920 0+40960+2048 URFU rebuild 2560",
	  "T512-00/2 T512-02:0/6 T512-03/2 T512-04/2 | REBUILD 5 d0 DEGRADED [0 3 R1 2] f1 <- DEGRADED [0 R3 R1 2] f1 | 648" },
	{ "raid10_rebuilt_512",
	  "v0 raid10 128 81920 0+40960+2048 UUFU idle",
	  "T512-00/2 T512-02:0/6 T512-03/2 T512-04/2 | d0 DEGRADED [0 3 R1 2] f2 | 584" },
	{ "raid10_idle_4096",
	  "v0 raid10 128 81920 0+40960+2048 UUUU idle",
	  "T4096-00/2 T4096-01/2 T4096-02/2 T4096-03/2 | d0 NORMAL [0 1 2 3] | 584" },
	{ "raid10_rebuild_4096",
	  "v0 raid10 128 81920 0+40960+2048 URFU rebuild 0",
	  "T4096-00/2 T4096-02:0/6 T4096-03/2 T4096-04/2 | REBUILD 0 d0 DEGRADED [0 3 R1 2] f1 <- DEGRADED [0 R3 R1 2] f1 | 648" },
	{ "raid5_init_512",
	  "v0 raid5 128 81920 0+40960+2048 UUU resync 22016 uninitialised",
	  "F512-00/2 F512-01/2 F512-02/2 | INIT 86 d0 NORMAL [0 1 2] <- UNINIT [0 1 2] | 592" },
	{ "raid5_idle_512",
	  "v0 raid5 128 81920 0+40960+2048 UUU idle",
	  "F512-00/2 F512-01/2 F512-02/2 | d0 NORMAL [0 1 2] | 532" },
	{ "raid5_failed_512",
	  "v0 raid5 128 81920 0+40960+2048 UFU idle",
	  "F512-00/2 F512-01:0/6 F512-02/2 | d0 DEGRADED [0 R1 2] f1 | 532" },
	{ "raid5_rebuild_512",
	  "v0 raid5 128 81920 0+40960+2048 URU rebuild 0",
	  "F512-00/2 F512-02/2 F512-03/2 | REBUILD 0 d0 NORMAL [0 2 1] f1 <- DEGRADED [0 R2 1] f1 | 592" },
	{ "raid5_repair_512",
	  "v0 raid5 128 81920 0+40960+2048 UUU resync 0 dirty",
	  "F512-00/2 F512-02/2 F512-03/2 | REPAIR 0 d1 NORMAL [0 2 1] <- NORMAL [0 2 1] | 592" },
	{ "raid5_idle_4096",
	  "v0 raid5 128 81920 0+40960+2048 UUU idle",
	  "F4096-00/2 F4096-01/2 F4096-02/2 | d0 NORMAL [0 1 2] | 532" },
	{ "big_512",
	  "v0 raid5 128 10737418240 0+5368709120+2048 UUU idle; v1 raid0 256 3221164032 5368717312+1073721344+2048 UUU idle",
	  "BIG512-00/2 BIG512-01/2 BIG512-02/2 | d0 NORMAL [0 1 2] | d0 NORMAL [0 2 1] | 704" },
	{ "big_4096",
	  "v0 raid5 128 10737418240 0+5368709120+2048 UUU idle; v1 raid0 256 3221164032 5368717312+1073721344+2048 UUU idle",
	  "BIG4096-00/2 BIG4096-01/2 BIG4096-02/2 | d0 NORMAL [0 1 2] | d0 NORMAL [0 2 1] | 704" },
	{ "many_512",
	  "v0 raid10 128 163840 0+20480+2048 UUUUUUUUUUUUUUUU idle; v1 raid5 256 1351680 28672+90112+2048 UUUUUUUUUUUUUUUU idle",
	  "N512-00/2 N512-01/2 N512-02/2 N512-03/2 N512-04/2 N512-05/2 N512-06/2 N512-07/2 N512-08/2 N512-09/2 N512-10/2 N512-11/2 N512-12/2 N512-13/2 N512-14/2 N512-15/2 | d0 NORMAL [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15] | d0 NORMAL [0 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15] | 1432" },
	{ "ppl_512",
	  "v0 raid5 128 81920 0+40960+2048 UUU idle read-only",
	  "X512-00/2 X512-01/2 X512-02/2 | d0 NORMAL [0 1 2] | 532" },
	{ "ppl_dirty_512",
	  "v0 raid5 128 81920 0+40960+2048 UUU idle dirty read-only",
	  "X512-00/2 X512-01/2 X512-02/2 | d3 NORMAL [0 1 2] | 532" },
	{ "bitmap_512",
	  "w0 raid1 128 40960 0+40960+2048 UU idle read-only",
	  "X512-03/2 X512-04/2 | d0 NORMAL [0 1] | 480" },
	{ "bbm_512",
	  "v0 raid1 128 40960 0+40960+2048 UU idle no-start",
	  "Y512-00/2 Y512-01/2 | d0 NORMAL [0 1] | 504" },
	{ "hardware_512",
	  "RAID_Volume1 raid0 256 320172032 0+160086016+0 UU idle",
	  "Y25VXYQE/13a Y25VXZ6E/13a | d0 NORMAL [0 1] | 480" },
	{ "grow_512",
	  "v0 raid0 128 245760 0+81920+2048 UUU idle no-start",
	  "Z512-00/2 Z512-01/2 Z512-02/2 | GENERAL 0 d0 NORMAL [0 1 2] <- NORMAL [0 1] | 588" },
};

static const struct imsm_golden *find(struct kunit *test, const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(imsm_golden); i++) {
		if (!strcmp(imsm_golden[i].name, name))
			return &imsm_golden[i];
	}
	KUNIT_ASSERT_TRUE_MSG(test, false, "no golden %s", name);
	return NULL;
}

static u32 whole(const struct imsm_golden *golden)
{
	return round_up(golden->size, golden->block_size);
}

static u8 *unpack(struct kunit *test, const struct imsm_golden *golden)
{
	u8 *mpb = kvzalloc(whole(golden) + 4096, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, mpb);
	golden_unpack(golden, mpb);
	return mpb;
}

static void insert(struct kunit *test, const struct imsm_golden *golden, const u8 *mpb, u32 len,
		   struct lab_disk *disk)
{
	KUNIT_ASSERT_EQ(test, lab_disk_init(disk, golden->sectors, golden->block_size,
					    golden->serial), 0);
	lab_put_mpb(disk, mpb, len);
}

static struct emd_config *decode_golden(struct kunit *test, const char *name)
{
	const struct imsm_golden *golden = find(test, name);
	struct emd_errmsg msg = {};
	struct emd_config *cfg;
	struct lab_disk disk;
	u8 *mpb = unpack(test, golden);

	insert(test, golden, mpb, whole(golden), &disk);
	cfg = lab_decode(&disk, &msg);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(cfg), "%s: %s", name, msg.text);
	lab_disk_exit(&disk);
	kvfree(mpb);
	return cfg;
}

/* ---- golden ------------------------------------------------------------------- */

static void what_mdadm_wrote_is_understood(struct kunit *test)
{
	struct emd_config *cfg;
	static struct line line;
	unsigned int i;

	KUNIT_EXPECT_EQ(test, ARRAY_SIZE(goldens), ARRAY_SIZE(imsm_golden));
	for (i = 0; i < ARRAY_SIZE(goldens); i++) {
		cfg = decode_golden(test, goldens[i].name);
		volume_line(cfg, &line);
		KUNIT_EXPECT_STREQ_MSG(test, (const char *)line.text, goldens[i].config, "%s",
				       goldens[i].name);
		KUNIT_EXPECT_EQ(test, native_line(cfg, &line), 0);
		KUNIT_EXPECT_STREQ_MSG(test, (const char *)line.text, goldens[i].native, "%s",
				       goldens[i].name);
		KUNIT_EXPECT_EQ_MSG(test, cfg->self, 0, "%s", goldens[i].name);
		KUNIT_EXPECT_EQ_MSG(test, emd_config_check(cfg, NULL), 0, "%s", goldens[i].name);
		emd_config_free(cfg);
	}
}

static void encode_undoes_decode(struct kunit *test)
{
	const struct imsm_golden *golden;
	struct lab_disk disk, again;
	struct emd_config *cfg;
	unsigned int i;
	u8 *mpb;

	for (i = 0; i < ARRAY_SIZE(imsm_golden); i++) {
		golden = &imsm_golden[i];
		mpb = unpack(test, golden);
		insert(test, golden, mpb, whole(golden), &disk);
		cfg = lab_decode(&disk, NULL);
		KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
		KUNIT_ASSERT_EQ(test, lab_disk_init(&again, golden->sectors, golden->block_size,
						    golden->serial), 0);
		KUNIT_EXPECT_GE(test, lab_encode(&again, cfg, cfg->self), 0);
		KUNIT_EXPECT_MEMEQ_MSG(test, again.bytes, disk.bytes, LAB_BYTES, "%s", golden->name);
		emd_config_free(cfg);
		lab_disk_exit(&disk);
		lab_disk_exit(&again);
		kvfree(mpb);
	}
}

struct case_uuid {
	const char *name;
	const char *container;
	const char *array[2];
};

/* As mdadm --examine printed them. */
static const struct case_uuid uuids[] = {
	{ "spare_512", "00000000:00000000:00000000:00000000" },
	{ "raid1_idle_512", "37414693:ca43e30b:392e552f:094a4fa3",
	  { "3afc4d44:54b43d70:ad2cd2ea:ab9d44a6" } },
	{ "matrix_both_512", "afb84f8b:589609cc:a6d43137:0f28e711",
	  { "f0b0df1b:2900f78e:be6778f6:3a69b85c", "f5a09a9e:e79972bb:ee0fe102:7a2b5c08" } },
	{ "big_4096", "029cd1b4:4dcabef9:f48711a3:188cff05",
	  { "a86ab4c7:7673880b:928c6920:ff02d448", "f4958441:98f7b984:99bf2803:973a1dd6" } },
	{ "ppl_512", "26ba4489:699cadc5:51956805:159997bd",
	  { "0a0f2e30:d798049b:c24fc2db:637b8cc4" } },
};

static void uuids_are_mdadms(struct kunit *test)
{
	char text[EMD_UUID_TEXT_LEN];
	struct emd_config *cfg;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(uuids); i++) {
		cfg = decode_golden(test, uuids[i].name);
		emd_uuid_format(cfg->uuid, text);
		KUNIT_EXPECT_STREQ(test, (const char *)text, uuids[i].container);
		for (k = 0; k < cfg->nr_arrays; k++) {
			emd_uuid_format(cfg->arrays[k].uuid, text);
			KUNIT_EXPECT_STREQ(test, (const char *)text, uuids[i].array[k]);
		}
		emd_config_free(cfg);
	}
}

static void describe_says_it_all(struct kunit *test)
{
	static const char *const lines[] = {
		"format=imsm\n", "checksum=ok\n", "family=", "generation=34\n",
		"disk.1.serial=T512-02:0\n", "disk.1.state=failed\n", "disk.0.self=yes\n",
		"array.0.name=v0\n", "array.0.level=raid10\n", "array.0.size_sectors=81920\n",
		"array.0.migration=rebuild\n", "array.0.slot.1.state=rebuilding\n",
		"array.0.map.0.state=degraded\n", "array.0.map.1.slot.1.out_of_sync=yes\n",
	};
	const struct imsm_golden *golden = find(test, "raid10_rebuild_512");
	struct emd_meta_image img;
	struct lab_disk disk;
	struct emd_text out;
	u8 *mpb = unpack(test, golden);
	char *buf = kvzalloc(8192, GFP_KERNEL);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, buf);
	insert(test, golden, mpb, whole(golden), &disk);
	KUNIT_ASSERT_EQ(test, lab_read(&disk, &img, NULL), 0);
	out = (struct emd_text) { .buf = buf, .len = 8192 };
	emd_imsm_ops.describe(&img, &out);
	KUNIT_EXPECT_EQ(test, out.used, strlen(buf));
	for (i = 0; i < ARRAY_SIZE(lines); i++)
		KUNIT_EXPECT_TRUE_MSG(test, strstr(buf, lines[i]), "%s", lines[i]);
	KUNIT_EXPECT_NULL(test, strstr(buf, "error="));

	/* Damaged: what can be read is shown, and why it is not used. */
	img.extents[0].data[0x30]++;
	memset(buf, 0, 8192);
	out = (struct emd_text) { .buf = buf, .len = 8192 };
	emd_imsm_ops.describe(&img, &out);
	KUNIT_EXPECT_TRUE(test, strstr(buf, "generation=34\n"));
	KUNIT_EXPECT_TRUE(test, strstr(buf, "error=checksum"));
	lab_image_free(&img);
	lab_disk_exit(&disk);
	kvfree(mpb);
	kvfree(buf);
}

static void erase_leaves_nothing(struct kunit *test)
{
	static const char *const names[] = { "spare_4096", "raid1_init_512", "many_512" };
	struct emd_meta_writes out = { .buf_len = 4096 };
	const struct imsm_golden *golden;
	struct emd_meta_image img;
	struct lab_disk disk;
	unsigned int i;
	u8 *mpb;

	out.buf = kvzalloc(out.buf_len, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, out.buf);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		golden = find(test, names[i]);
		mpb = unpack(test, golden);
		insert(test, golden, mpb, whole(golden), &disk);
		KUNIT_ASSERT_EQ(test, lab_read(&disk, &img, NULL), 0);
		KUNIT_EXPECT_EQ(test, emd_imsm_ops.erase(&img, &out), 0);
		lab_image_free(&img);
		/* The first write alone is enough to be rid of it. */
		KUNIT_EXPECT_EQ(test, lab_write(&disk, &out, 1, false), 0);
		KUNIT_EXPECT_EQ(test, lab_read(&disk, &img, NULL), -ENODATA);
		lab_image_free(&img);
		KUNIT_EXPECT_EQ(test, lab_write(&disk, &out, out.nr, false), 0);
		KUNIT_EXPECT_NULL(test, memchr_inv(disk.bytes, 0, LAB_BYTES));
		lab_disk_exit(&disk);
		kvfree(mpb);
	}
	kvfree(out.buf);
}

/* ---- our bytes beside mdadm's ------------------------------------------------------ */

/* Random, counted or of the machine; not of the format. */
static void blank_out(u8 *mpb)
{
	struct imsm_mpb_ondisk *head = (struct imsm_mpb_ondisk *)mpb;
	struct imsm_disk_ondisk *disk = (struct imsm_disk_ondisk *)(head + 1);
	u8 i;

	head->check_sum = 0;
	head->generation_num = 0;
	head->family_num = 0;
	for (i = 0; i < head->num_disks; i++) {
		if (le32_to_cpu(disk[i].scsi_id) != IMSM_SCSI_ID_MISSING)
			disk[i].scsi_id = 0;
	}
}

static void no_edit(struct emd_config *t1) { }

static void fail_one(struct emd_config *t1)
{
	emd_change_fail_disk(t1, 1);
}

static void fail_two(struct emd_config *t1)
{
	emd_change_fail_disk(t1, 1);
	emd_change_fail_disk(t1, 2);
}

static void begin_write(struct emd_config *t1)
{
	emd_change_dirty(t1, &t1->arrays[0], true);
}

static void finish(struct emd_config *t1)
{
	emd_change_sync_done(t1, &t1->arrays[t1->nr_arrays - 1]);
}

static void spare_joins(struct emd_config *t1, const char *serial, u16 slot, u64 done)
{
	struct emd_config_disk row;

	emd_imsm_ops.new_disk(serial, 131072, t1->block_size, &row, NULL);
	row.handle = 9;
	emd_change_activate_spare(t1, &t1->arrays[0], slot, emd_change_add_disk(t1, &row));
	emd_change_sync_position(t1, &t1->arrays[0], done);
}

static void raid1_spare(struct emd_config *t1)
{
	spare_joins(t1, "R512-02", 1, 5 * 512);
}

static void raid1_spare_4kn(struct emd_config *t1)
{
	spare_joins(t1, "R4096-02", 1, 0);
}

static void raid5_spare(struct emd_config *t1)
{
	spare_joins(t1, "F512-03", 1, 0);
}

static void raid10_spare(struct emd_config *t1)
{
	spare_joins(t1, "T512-04", 1, 2 * 5 * 512);
}

static void miss_one(struct emd_config *t1)
{
	emd_change_miss_disk(t1, 1);
}

static void second_volume(struct emd_config *t1)
{
	struct emd_create_args args = {
		.level = EMD_LEVEL_RAID1, .name = "one", .array_sectors = 6144, .nr_disks = 2,
		.disks = { 0, 1 },
	};

	emd_imsm_ops.place_array(t1, &args, NULL);
	emd_change_dirty(t1, &t1->arrays[1], false);
	emd_change_sync_start(t1, &t1->arrays[1], EMD_SYNC_RESYNC, 512);
}

struct case_twin {
	const char *from;
	void (*edit)(struct emd_config *t1);
	const char *to;
};

static const struct case_twin twins[] = {
	{ "raid1_init_512", finish, "raid1_idle_512" },
	{ "raid1_init_4096", finish, "raid1_idle_4096" },
	{ "raid1_idle_512", begin_write, "raid1_dirty_512" },
	{ "raid1_idle_512", fail_one, "raid1_failed_512" },
	{ "raid1_idle_4096", fail_one, "raid1_failed_4096" },
	{ "raid1_failed_512", raid1_spare, "raid1_rebuild_512" },
	{ "raid1_failed_4096", raid1_spare_4kn, "raid1_rebuild_4096" },
	{ "raid1_rebuild_512", finish, "raid1_rebuilt_512" },
	{ "raid1_rebuilt_512", miss_one, "raid1_absent_512" },
	{ "matrix_first_512", second_volume, "matrix_both_512" },
	{ "matrix_both_512", finish, "matrix_idle_512" },
	{ "raid10_init_512", finish, "raid10_idle_512" },
	{ "raid10_idle_512", fail_two, "raid10_two_512" },
	{ "raid10_two_512", raid10_spare, "raid10_rebuild_512" },
	{ "raid10_rebuild_512", finish, "raid10_rebuilt_512" },
	{ "raid5_init_512", finish, "raid5_idle_512" },
	{ "raid5_idle_512", fail_one, "raid5_failed_512" },
	{ "raid5_failed_512", raid5_spare, "raid5_rebuild_512" },
	{ "big_512", no_edit, "big_512" },
	{ "big_4096", no_edit, "big_4096" },
	{ "many_512", no_edit, "many_512" },
};

static void changes_give_the_bytes_that_mdadm_writes(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct emd_config *t0, *t1, *to;
	static struct line got, want;
	unsigned int i;
	u32 size;

	for (i = 0; i < ARRAY_SIZE(twins); i++) {
		t0 = decode_golden(test, twins[i].from);
		to = decode_golden(test, twins[i].to);
		t1 = lab_next(t0);
		KUNIT_ASSERT_NOT_NULL(test, t1);
		twins[i].edit(t1);
		KUNIT_EXPECT_EQ_MSG(test, lab_commit(t0, t1, &msg), 0, "%s: %s", twins[i].to,
				    msg.text);
		native_line(t1, &got);
		native_line(to, &want);
		KUNIT_EXPECT_STREQ_MSG(test, (const char *)got.text, (const char *)want.text,
				       "%s", twins[i].to);
		size = le32_to_cpu(((struct imsm_mpb_ondisk *)to->native)->mpb_size);
		blank_out(t1->native);
		blank_out(to->native);
		KUNIT_EXPECT_MEMEQ_MSG(test, t1->native, to->native, size, "%s", twins[i].to);
		emd_config_free(t0);
		emd_config_free(t1);
		emd_config_free(to);
	}
}

/* Made from nothing, too. The version text is the newer mdadm's. */
static void creation_gives_the_bytes_that_mdadm_writes(struct kunit *test)
{
	struct emd_create_args args = {
		.level = EMD_LEVEL_RAID0, .name = "zero", .strip_sectors = 128,
		.array_sectors = 32768, .nr_disks = 2, .disks = { 0, 1 },
	};
	struct emd_config *want = decode_golden(test, "matrix_first_512"), *t0, *t1;
	struct imsm_mpb_ondisk *head = (struct imsm_mpb_ondisk *)want->native;
	struct emd_errmsg msg = {};
	struct emd_config_disk row;

	t0 = emd_imsm_ops.new_container(2, 512, 7, 7, &msg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t0));
	emd_imsm_ops.new_disk("M512-00", 131072, 512, &row, &msg);
	emd_change_add_disk(t0, &row);
	emd_imsm_ops.new_disk("M512-01", 131072, 512, &row, &msg);
	emd_change_add_disk(t0, &row);
	t1 = lab_next(t0);
	KUNIT_EXPECT_EQ_MSG(test, emd_imsm_ops.place_array(t1, &args, &msg), 0, "%s", msg.text);
	KUNIT_EXPECT_EQ_MSG(test, lab_commit(t0, t1, &msg), 0, "%s", msg.text);
	KUNIT_EXPECT_EQ(test, t1->generation, want->generation);

	memcpy(head->version, "1.3.00", 7);
	head->attributes |= cpu_to_le32(IMSM_ATTR_RAID0);
	head->orig_family_num = ((struct imsm_mpb_ondisk *)t1->native)->orig_family_num;
	head->creation_time_lo = ((struct imsm_mpb_ondisk *)t1->native)->creation_time_lo;
	blank_out(t1->native);
	blank_out(want->native);
	KUNIT_EXPECT_MEMEQ(test, t1->native, want->native, 480);
	emd_config_free(t0);
	emd_config_free(t1);
	emd_config_free(want);
}

static void unknown_bytes_survive_changes(struct kunit *test)
{
	const struct imsm_golden *golden = find(test, "raid5_failed_512");
	struct emd_config *t0, *t1;
	struct imsm_mpb_ondisk *head;
	struct imsm_dev_ondisk *dev;
	struct imsm_view view;
	struct lab_disk disk;
	u8 *mpb = unpack(test, golden);

	head = (struct imsm_mpb_ondisk *)mpb;
	head->filler2[31] = cpu_to_le32(0x11111111);
	head->error_log_size = cpu_to_le32(4992);
	head->attributes |= cpu_to_le32(IMSM_ATTR_PM);
	head->check_sum = cpu_to_le32(imsm_checksum(mpb, golden->size));
	KUNIT_ASSERT_EQ(test, imsm_parse(mpb, whole(golden), 512, &view, NULL), 0);
	imsm_disk(&view, 2)->filler[1] = cpu_to_le32(0x22222222);
	imsm_disk(&view, 2)->status |= cpu_to_le32(0x538);
	dev = imsm_dev(&view, 0);
	dev->tid = 3;
	dev->status |= cpu_to_le32(0x211);
	dev->vol.verify_errors = cpu_to_le16(5);
	imsm_map(&view, 0, 0)->filler[3] = cpu_to_le32(0x33333333);
	imsm_map(&view, 0, 0)->disk_ord_tbl[0] |= cpu_to_le32(0x80000000);
	head->check_sum = cpu_to_le32(imsm_checksum(mpb, golden->size));
	insert(test, golden, mpb, golden->size, &disk);

	t0 = lab_decode(&disk, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t0));
	t1 = lab_next(t0);
	raid5_spare(t1);
	KUNIT_ASSERT_EQ(test, lab_commit(t0, t1, NULL), 0);
	KUNIT_ASSERT_EQ(test, imsm_parse(t1->native, t1->native_len, 512, &view, NULL), 0);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(imsm_mpb(&view)->filler2[31]), 0x11111111);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(imsm_mpb(&view)->error_log_size), 4992);
	KUNIT_EXPECT_TRUE(test, le32_to_cpu(imsm_mpb(&view)->attributes) & IMSM_ATTR_PM);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(imsm_disk(&view, 1)->filler[1]), 0x22222222);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(imsm_disk(&view, 1)->status), 0x53a);
	dev = imsm_dev(&view, 0);
	KUNIT_EXPECT_EQ(test, dev->tid, 3);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(dev->status), 0x21d);
	KUNIT_EXPECT_EQ(test, le16_to_cpu(dev->vol.verify_errors), 5);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(imsm_map(&view, 0, 1)->filler[3]), 0x33333333);
	KUNIT_EXPECT_EQ(test, le32_to_cpu(imsm_map(&view, 0, 0)->disk_ord_tbl[0]), 0x80000000);
	emd_config_free(t0);
	emd_config_free(t1);
	lab_disk_exit(&disk);
	kvfree(mpb);
}

/* Older firmware leaves garbage where nobody looked; then someone does. */
static void high_words_are_cleared_before_they_count(struct kunit *test)
{
	const struct imsm_golden *golden = find(test, "raid1_failed_512");
	struct emd_config *t0, *t1;
	struct emd_config_disk row;
	struct imsm_view view;
	struct lab_disk disk;
	u8 *mpb = unpack(test, golden);

	KUNIT_ASSERT_EQ(test, imsm_parse(mpb, whole(golden), 512, &view, NULL), 0);
	imsm_disk(&view, 0)->total_blocks_hi = cpu_to_le32(0xdead);
	imsm_map(&view, 0, 0)->pba_of_lba0_hi = cpu_to_le32(0xbeef);
	imsm_mpb(&view)->check_sum = cpu_to_le32(imsm_checksum(mpb, golden->size));
	insert(test, golden, mpb, golden->size, &disk);
	t0 = lab_decode(&disk, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t0));
	t1 = lab_next(t0);
	KUNIT_ASSERT_EQ(test, emd_imsm_ops.new_disk("BIG", 6442450944ULL, 512, &row, NULL), 0);
	KUNIT_EXPECT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 1,
							emd_change_add_disk(t1, &row)), 0);
	KUNIT_ASSERT_EQ(test, lab_commit(t0, t1, NULL), 0);
	KUNIT_ASSERT_EQ(test, imsm_parse(t1->native, t1->native_len, 512, &view, NULL), 0);
	KUNIT_EXPECT_TRUE(test, view.big);
	KUNIT_EXPECT_EQ(test, imsm_disk_blocks(&view, imsm_disk(&view, 0)), 131072);
	KUNIT_EXPECT_EQ(test, imsm_disk_blocks(&view, imsm_disk(&view, 1)), 6442450944ULL);
	KUNIT_EXPECT_EQ(test, imsm_map_start(&view, imsm_map(&view, 0, 0)), 0);
	emd_config_free(t0);
	emd_config_free(t1);
	lab_disk_exit(&disk);
	kvfree(mpb);
}

/* ---- bad input ------------------------------------------------------------------------- */

/* The parts of an MPB under the knife; nothing in it is checked. */
struct knife {
	u8 *mpb;
	struct imsm_mpb_ondisk *head;
	struct imsm_disk_ondisk *disk;
	struct imsm_dev_ondisk *dev;
	struct imsm_map_ondisk *map0, *map1;
	u32 size;		/* bytes to put on the disk */
	bool keep_sum;
};

#define CUT(name) static void name(struct knife *k)

CUT(size_tiny) { k->head->mpb_size = cpu_to_le32(100); }
CUT(size_zero) { k->head->mpb_size = 0; }
CUT(size_huge) { k->head->mpb_size = cpu_to_le32(0xfffffff0); }
CUT(size_odd) { k->head->mpb_size = cpu_to_le32(530); }
CUT(size_over) { k->head->mpb_size = cpu_to_le32(65540); }
CUT(sum_wrong) { k->head->check_sum ^= cpu_to_le32(1); k->keep_sum = true; }
CUT(no_disks) { k->head->num_disks = 0; k->head->num_raid_devs = 0; }
CUT(all_disks) { k->head->num_disks = 255; }
CUT(all_volumes) { k->head->num_raid_devs = 255; }
CUT(many_volumes) { k->head->num_raid_devs = 9; }
CUT(more_volumes) { k->head->num_raid_devs = 3; }
CUT(odd_migration) { k->dev->vol.migr_state = 2; }
CUT(map_less) { k->dev->vol.migr_state = 0; k->head->num_raid_devs = 2; }
CUT(strange_type) { k->dev->vol.migr_type = 9; }
CUT(state_change) { k->dev->vol.migr_type = IMSM_MIGR_STATE_CHANGE; }
CUT(general) { k->dev->vol.migr_type = IMSM_MIGR_GENERAL; }
CUT(no_members) { k->map0->num_members = 0; }
CUT(all_members) { k->map0->num_members = 255; }
CUT(few_disks) { k->map1->num_members = 4; k->size += 4;
		 k->head->mpb_size = cpu_to_le32(k->size); }
CUT(level_eight) { k->map0->raid_level = 8; }
CUT(strange_state) { k->map0->map_state = 4; }
CUT(no_strip) { k->map0->blocks_per_strip = 0; }
CUT(odd_strip) { k->map0->blocks_per_strip = k->map1->blocks_per_strip = cpu_to_le16(192); }
CUT(no_domains) { k->map0->num_domains = k->map1->num_domains = 0; }
CUT(far_disk) { k->map0->disk_ord_tbl[1] = cpu_to_le32(3); }
CUT(wide_disk) { k->map0->disk_ord_tbl[1] = cpu_to_le32(0x100); }
CUT(twin_disk) { k->map0->disk_ord_tbl[1] = k->map0->disk_ord_tbl[0]; }
CUT(odd_flags) { k->map0->disk_ord_tbl[0] |= cpu_to_le32(0xfe000000);
		 k->map1->disk_ord_tbl[0] |= cpu_to_le32(0xfe000000); }
CUT(far_start) { k->map0->pba_of_lba0_lo = k->map1->pba_of_lba0_lo = cpu_to_le32(131072 - 40960); }
CUT(just_fits) { k->map0->pba_of_lba0_lo = k->map1->pba_of_lba0_lo =
		 cpu_to_le32(131072 - 40960 - 3); }
CUT(wild_start) { k->head->attributes |= cpu_to_le32(IMSM_ATTR_2TB_DISK);
		  k->map0->pba_of_lba0_hi = k->map1->pba_of_lba0_hi = cpu_to_le32(0xffffffff); }
CUT(no_size) { k->dev->size_low = 0; }
CUT(wild_size) { k->dev->size_high = cpu_to_le32(0xffffffff); }
CUT(big_size) { k->dev->size_low = cpu_to_le32(90000); }
CUT(wild_stripes) { k->head->attributes |= cpu_to_le32(IMSM_ATTR_2TB_DISK);
		    k->map0->num_data_stripes_hi = k->map1->num_data_stripes_hi =
		    cpu_to_le32(0xffffffff); }
CUT(small_disk) { k->disk[0].total_blocks_lo = cpu_to_le32(131073); }
CUT(shrunk_disk) { k->disk[1].total_blocks_lo = cpu_to_le32(40000); }
CUT(wild_disk) { k->head->attributes |= cpu_to_le32(IMSM_ATTR_2TB_DISK);
		 k->disk[1].total_blocks_hi = cpu_to_le32(0xffffffff); }
CUT(other_name) { k->disk[0].serial[0] = 'Z'; }
CUT(no_serial) { memset(k->disk[1].serial, 0, 16); }
CUT(twin_serial) { memcpy(k->disk[1].serial, k->disk[0].serial, 16); }
CUT(twin_garbage) { k->disk[0].serial[0] = 0xad; k->disk[1].serial[0] = 0xcf;
		    memcpy(k->disk[1].serial + 1, k->disk[0].serial + 1, 15); }
CUT(other_shape) { k->map1->blocks_per_strip = cpu_to_le16(64); }
CUT(shadow_slot) { k->map1->disk_ord_tbl[0] = k->map0->disk_ord_tbl[1]; k->map1->disk_ord_tbl[1] =
		   k->map0->disk_ord_tbl[0]; }
CUT(raid1e) { k->head->attributes |= cpu_to_le32(IMSM_ATTR_RAID1E); }
CUT(recovery) { k->head->attributes |= cpu_to_le32(IMSM_ATTR_CNG); }
CUT(cached) { k->head->attributes |= cpu_to_le32(IMSM_ATTR_SSD_CACHE); }
CUT(nvm_cached) { k->head->attributes |= cpu_to_le32(IMSM_ATTR_NVM_CACHE); }
CUT(unknown_bit) { k->head->attributes |= cpu_to_le32(0x00010000); }
CUT(harmless_bit) { k->head->attributes |= cpu_to_le32(IMSM_ATTR_PM); }
CUT(other_version) { memcpy(k->head->version, "2.0.00\0", 8); }
CUT(recovery_dev) { k->dev->status |= cpu_to_le32(IMSM_DEV_CNG); }
CUT(journal_ppl) { k->dev->rwh_policy = IMSM_RWH_PPL_JOURNAL; }
CUT(new_policy) { k->dev->rwh_policy = 7; }
CUT(no_name) { memset(k->dev->volume, 0, 16); }
CUT(evil_name) { memcpy(k->dev->volume, "../a b\n\xff;$(x)", 14); }
CUT(long_name) { memset(k->dev->volume, 'n', 16); }

static struct imsm_bbm_ondisk *log_of(struct knife *k, u32 len, u32 count)
{
	struct imsm_bbm_ondisk *bbm = (struct imsm_bbm_ondisk *)(k->mpb + k->size);

	k->size += len;
	k->head->mpb_size = cpu_to_le32(k->size);
	k->head->bbm_log_size = cpu_to_le32(len);
	bbm->signature = cpu_to_le32(IMSM_BBM_SIGNATURE);
	bbm->entry_count = cpu_to_le32(count);
	return bbm;
}

CUT(log_empty) { log_of(k, 8, 0); }
CUT(log_outside) { log_of(k, 16, 1)->entries[0].start_hi = cpu_to_le32(1); }
CUT(log_inside) { log_of(k, 16, 1)->entries[0].start_lo = cpu_to_le16(100); }
CUT(log_short) { log_of(k, 16, 1); k->head->bbm_log_size = cpu_to_le32(4); }
CUT(log_uneven) { log_of(k, 12, 0); }
CUT(log_long) { log_of(k, 8, 0); k->head->bbm_log_size = cpu_to_le32(8 + 8 * 255); }
CUT(log_wild) { log_of(k, 8, 0); k->head->bbm_log_size = cpu_to_le32(0xfffffff8); }
CUT(log_count) { log_of(k, 16, 2); }
CUT(log_unsigned) { log_of(k, 16, 1)->signature = 0; }
CUT(log_far_disk) { log_of(k, 16, 1)->entries[0].disk_ordinal = 3; }
CUT(log_far_block) { log_of(k, 16, 1)->entries[0].start_hi = cpu_to_le32(2); }
CUT(log_over_maps) { k->head->bbm_log_size = cpu_to_le32(16);
		     memcpy(k->mpb + k->size - 16, "\x0c\xb1\xad\xab\x01\0\0", 8); }

/**
 * struct case_damage - one cut, and what must come of it
 * @name: of the defect
 * @cut: makes it; the checksum is made right afterwards
 * @reason: part of the refusal; NULL when the bytes are to be accepted
 * @line: part of volume_line() when they are
 */
struct case_damage {
	const char *name;
	void (*cut)(struct knife *k);
	const char *reason;
	const char *line;
};

/* To a RAID5 of 3 disks, 64K, in a rebuild of slot 1; 592 bytes. */
static const struct case_damage damages[] = {
	{ "nothing", log_empty, NULL, "URU rebuild" },
	{ "size below the least", size_tiny, "metadata of 100 bytes, need 264" },
	{ "size 0", size_zero, "metadata of 0 bytes" },
	{ "size that would abort an allocator", size_huge, "metadata of 4294967280 bytes" },
	{ "size not of words", size_odd, "multiple of 4" },
	{ "size over the most", size_over, "metadata of 65540 bytes" },
	{ "checksum", sum_wrong, "checksum" },
	{ "no disks", no_disks, "no disk" },
	{ "table of 255 disks", all_disks, "table of 255 disks" },
	{ "255 volumes", all_volumes, "255 volumes" },
	{ "9 volumes", many_volumes, "9 volumes, can do 8" },
	{ "more volumes than bytes", more_volumes, "volume 1 ends" },
	{ "migration state 2", odd_migration, "migration state 2" },
	{ "map 1 taken for a volume", map_less, "volume 1" },
	{ "unknown migration", strange_type, NULL, "no-start" },
	{ "state change", state_change, NULL, "no-start" },
	{ "general migration", general, NULL, "no-start" },
	{ "no members", no_members, "0 members" },
	{ "255 members", all_members, "map 0 ends behind" },
	{ "more members than disks", few_disks, "4 members, need 1 to 3" },
	{ "level 8", level_eight, "level 8" },
	{ "map state 4", strange_state, "state 4" },
	{ "strip 0", no_strip, "strip of 0" },
	{ "strip of 96 KiB", odd_strip, NULL, "no-start" },
	{ "no domains", no_domains, NULL, "URU rebuild" },
	{ "disk that is not there", far_disk, "names disk 3" },
	{ "disk beyond a byte", wide_disk, "names disk 256" },
	{ "disk in two slots", twin_disk, "disk 0 has two slots" },
	{ "other flags of a slot", odd_flags, NULL, "URU rebuild" },
	{ "array over the metadata", far_start, "ends at block 131072" },
	{ "array up to the metadata", just_fits, NULL, "URU rebuild" },
	{ "start that wraps", wild_start, "members at" },
	{ "size 0 of an array", no_size, "0 blocks, need 1" },
	{ "size that wraps", wild_size, "blocks, need 1 to" },
	{ "size that members have no room for", big_size, "which has 43008" },
	{ "stripes that wrap", wild_stripes, "stripes of 128" },
	{ "disk smaller than recorded", small_disk, "recorded with 131073 blocks" },
	{ "other disk too small for its member", shrunk_disk, "of a disk of 40000" },
	{ "disk that wraps", wild_disk, "can do" },
	{ "disk not in its own table", other_name, NULL, "URU rebuild" },
	{ "one disk without a serial", no_serial, NULL, "URU rebuild" },
	{ "two disks with one serial", twin_serial, "the same serial" },
	{ "two serials that differ in what does not print", twin_garbage, "the same serial" },
	{ "maps of two shapes", other_shape, NULL, "no-start" },
	{ "maps of two orders", shadow_slot, NULL, "no-start" },
	{ "RAID1E", raid1e, NULL, "" },
	{ "recovery volume", recovery, NULL, "" },
	{ "cache", cached, NULL, "" },
	{ "other cache", nvm_cached, NULL, "" },
	{ "unknown attribute", unknown_bit, NULL, "" },
	{ "port multiplier", harmless_bit, NULL, "URU rebuild 0" },
	{ "version 2", other_version, NULL, "URU rebuild 0" },
	{ "recovery volume by its own status", recovery_dev, NULL, "no-start" },
	{ "journalling drive", journal_ppl, NULL, "read-only" },
	{ "policy of the future", new_policy, NULL, "read-only" },
	{ "no name", no_name, NULL, "volume0 raid5" },
	{ "name that a shell would run", evil_name, NULL, "_._a_b_____x_ raid5" },
	{ "name without an end", long_name, NULL, "nnnnnnnnnnnnnnnn raid5" },
	{ "bad block outside every array", log_outside, NULL, "URU rebuild 0" },
	{ "bad block inside", log_inside, NULL, "no-start" },
	{ "log of 4 bytes", log_short, "bad-block log of 4 bytes" },
	{ "log of 12 bytes", log_uneven, "bad-block log of 12 bytes" },
	{ "log of 255 entries", log_long, "bad-block log of 2048 bytes" },
	{ "log larger than the metadata", log_wild, "in metadata of" },
	{ "log that counts wrong", log_count, "2 entries, has room for 1" },
	{ "log without signature", log_unsigned, "begins with 00000000" },
	{ "log of a disk that is not there", log_far_disk, "names disk 3" },
	{ "log behind the end of a disk", log_far_block, "entry 0 ends at block" },
	{ "log over the maps", log_over_maps, "map 1 ends behind" },
};

static void open_up(struct knife *k, u8 *mpb, const struct imsm_golden *golden)
{
	struct imsm_view view;

	imsm_parse(mpb, whole(golden), golden->block_size, &view, NULL);
	*k = (struct knife) {
		.mpb = mpb,
		.head = imsm_mpb(&view),
		.disk = imsm_disk(&view, 0),
		.dev = imsm_dev(&view, 0),
		.map0 = imsm_map(&view, 0, 0),
		.map1 = imsm_map(&view, 0, 1),
		.size = golden->size,
	};
}

static void close_up(struct knife *k)
{
	u32 size = le32_to_cpu(k->head->mpb_size);

	if (!k->keep_sum && size >= sizeof(*k->head) && size <= k->size)
		k->head->check_sum = cpu_to_le32(imsm_checksum(k->mpb, size));
}

static void damage_is_named_or_harmless(struct kunit *test)
{
	const struct imsm_golden *golden = find(test, "raid5_rebuild_512");
	const struct case_damage *d;
	struct emd_errmsg msg;
	struct emd_config *cfg;
	struct lab_disk disk;
	static struct line line;
	struct knife k;
	unsigned int i;
	u8 *mpb;

	for (i = 0; i < ARRAY_SIZE(damages); i++) {
		d = &damages[i];
		memset(&msg, 0, sizeof(msg));
		mpb = unpack(test, golden);
		open_up(&k, mpb, golden);
		d->cut(&k);
		close_up(&k);
		insert(test, golden, mpb, max(k.size, whole(golden)), &disk);
		cfg = lab_decode(&disk, &msg);
		if (d->reason) {
			KUNIT_EXPECT_TRUE_MSG(test, IS_ERR(cfg), "%s is accepted", d->name);
			KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, d->reason), "%s: \"%s\"",
					      d->name, msg.text);
		} else {
			KUNIT_EXPECT_FALSE_MSG(test, IS_ERR(cfg), "%s: %s", d->name, msg.text);
		}
		if (!IS_ERR(cfg)) {
			volume_line(cfg, &line);
			KUNIT_EXPECT_TRUE_MSG(test, d->line && strstr(line.text, d->line),
					      "%s: %s", d->name, line.text);
			/* Said by the container for all of them. */
			if (d->line && !*d->line)
				KUNIT_EXPECT_TRUE_MSG(test, cfg->flags & EMD_CFG_NO_START, "%s",
						      d->name);
			emd_config_free(cfg);
		}
		lab_disk_exit(&disk);
		kvfree(mpb);
	}
}

static void overlapping_volumes_are_damage(struct kunit *test)
{
	const struct imsm_golden *golden = find(test, "matrix_idle_512");
	struct emd_errmsg msg = {};
	struct emd_config *cfg;
	struct imsm_view view;
	struct lab_disk disk;
	u8 *mpb = unpack(test, golden);

	KUNIT_ASSERT_EQ(test, imsm_parse(mpb, whole(golden), 512, &view, NULL), 0);
	imsm_map(&view, 1, 0)->pba_of_lba0_lo = cpu_to_le32(16383);
	imsm_mpb(&view)->check_sum = cpu_to_le32(imsm_checksum(mpb, golden->size));
	insert(test, golden, mpb, whole(golden), &disk);
	cfg = lab_decode(&disk, &msg);
	KUNIT_EXPECT_TRUE(test, IS_ERR(cfg));
	KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, "overlap"), "%s", msg.text);
	lab_disk_exit(&disk);
	kvfree(mpb);
}

static void same_names_are_told_apart(struct kunit *test)
{
	const struct imsm_golden *golden = find(test, "matrix_idle_512");
	struct emd_config *cfg;
	struct imsm_view view;
	struct lab_disk disk;
	u8 *mpb = unpack(test, golden);

	KUNIT_ASSERT_EQ(test, imsm_parse(mpb, whole(golden), 512, &view, NULL), 0);
	memcpy(imsm_dev(&view, 1)->volume, imsm_dev(&view, 0)->volume, 16);
	imsm_mpb(&view)->check_sum = cpu_to_le32(imsm_checksum(mpb, golden->size));
	insert(test, golden, mpb, whole(golden), &disk);
	cfg = lab_decode(&disk, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	KUNIT_EXPECT_STREQ(test, (const char *)cfg->arrays[0].name, "zero");
	KUNIT_EXPECT_STREQ(test, (const char *)cfg->arrays[1].name, "zero~1");
	emd_config_free(cfg);
	lab_disk_exit(&disk);
	kvfree(mpb);
}

static void a_neighbour_of_a_reshape_is_not_written(struct kunit *test)
{
	const struct imsm_golden *golden = find(test, "matrix_both_512");
	struct emd_config *cfg;
	struct imsm_view view;
	struct lab_disk disk;
	u8 *mpb = unpack(test, golden);

	KUNIT_ASSERT_EQ(test, imsm_parse(mpb, whole(golden), 512, &view, NULL), 0);
	imsm_dev(&view, 1)->vol.migr_type = IMSM_MIGR_GENERAL;
	imsm_mpb(&view)->check_sum = cpu_to_le32(imsm_checksum(mpb, golden->size));
	insert(test, golden, mpb, whole(golden), &disk);
	cfg = lab_decode(&disk, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	KUNIT_EXPECT_EQ(test, cfg->arrays[0].flags, EMD_CFG_READ_ONLY);
	KUNIT_EXPECT_EQ(test, cfg->arrays[1].flags, EMD_CFG_NO_START);
	emd_config_free(cfg);
	lab_disk_exit(&disk);
	kvfree(mpb);
}

static void strips_that_overflow_on_4kn(struct kunit *test)
{
	const struct imsm_golden *golden = find(test, "raid5_idle_4096");
	struct emd_errmsg msg = {};
	struct emd_config *cfg;
	struct lab_disk disk;
	struct knife k;
	u8 *mpb = unpack(test, golden);

	open_up(&k, mpb, golden);
	k.map0->blocks_per_strip = cpu_to_le16(0x2000);
	close_up(&k);
	insert(test, golden, mpb, whole(golden), &disk);
	cfg = lab_decode(&disk, &msg);
	KUNIT_EXPECT_TRUE(test, IS_ERR(cfg));
	KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, "strip of 65536"), "%s", msg.text);
	lab_disk_exit(&disk);
	kvfree(mpb);
}

/* FreeBSD's three-way mirror must not become half a RAID10. */
static void wide_mirrors_are_not_started(struct kunit *test)
{
	const struct imsm_golden *golden = find(test, "raid10_idle_512");
	struct emd_config *cfg;
	struct lab_disk disk;
	struct knife k;
	u8 *mpb = unpack(test, golden);

	open_up(&k, mpb, golden);
	k.map0->num_domains = 4;
	close_up(&k);
	insert(test, golden, mpb, whole(golden), &disk);
	cfg = lab_decode(&disk, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	KUNIT_EXPECT_EQ(test, cfg->arrays[0].flags, EMD_CFG_NO_START);
	emd_config_free(cfg);
	lab_disk_exit(&disk);
	kvfree(mpb);
}

/* mdadm 4.5 wrote so for a while. */
static void literal_raid10_is_accepted(struct kunit *test)
{
	const struct imsm_golden *golden = find(test, "raid10_idle_512");
	struct emd_config *cfg;
	struct lab_disk disk;
	static struct line line;
	struct knife k;
	u8 *mpb = unpack(test, golden);

	open_up(&k, mpb, golden);
	k.map0->raid_level = 10;
	close_up(&k);
	insert(test, golden, mpb, whole(golden), &disk);
	cfg = lab_decode(&disk, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	volume_line(cfg, &line);
	KUNIT_EXPECT_STREQ(test, (const char *)line.text,
			   "v0 raid10 128 81920 0+40960+2048 UUUU idle");
	emd_config_free(cfg);
	lab_disk_exit(&disk);
	kvfree(mpb);
}

static void a_verify_that_repairs_nothing_is_over(struct kunit *test)
{
	const struct imsm_golden *golden = find(test, "raid5_repair_512");
	struct emd_config *t0, *t1;
	struct lab_disk disk;
	static struct line line;
	struct knife k;
	u8 *mpb = unpack(test, golden);

	open_up(&k, mpb, golden);
	k.dev->status &= ~cpu_to_le32(IMSM_DEV_VERIFY_FIX);
	k.dev->vol.dirty = 0;
	close_up(&k);
	insert(test, golden, mpb, whole(golden), &disk);
	t0 = lab_decode(&disk, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(t0));
	KUNIT_EXPECT_EQ(test, t0->arrays[0].sync, EMD_SYNC_IDLE);
	t1 = lab_next(t0);
	emd_change_dirty(t1, &t1->arrays[0], true);
	KUNIT_EXPECT_EQ(test, lab_commit(t0, t1, NULL), 0);
	native_line(t1, &line);
	KUNIT_EXPECT_STREQ(test, (const char *)line.text,
			   "F512-00/2 F512-02/2 F512-03/2 | d1 NORMAL [0 2 1] | 532");
	emd_config_free(t0);
	emd_config_free(t1);
	lab_disk_exit(&disk);
	kvfree(mpb);
}

/* ---- laws ---------------------------------------------------------------------------- */

static const char *const law_goldens[] = {
	"spare_512", "raid1_rebuild_512", "raid10_idle_4096", "bbm_512",
};

/* An error, or a config that is sound and says what it is. */
static void accept_or_refuse(struct kunit *test, const struct lab_disk *disk, const char *name,
			     unsigned int at)
{
	struct emd_errmsg msg = {};
	struct emd_config *cfg = lab_decode(disk, &msg);

	if (IS_ERR(cfg)) {
		KUNIT_EXPECT_TRUE_MSG(test, PTR_ERR(cfg) == -ENODATA || msg.text[0],
				      "%s, %u: error %ld without a reason", name, at,
				      PTR_ERR(cfg));
		return;
	}
	KUNIT_EXPECT_EQ_MSG(test, emd_config_check(cfg, &msg), 0, "%s, %u: %s", name, at, msg.text);
	emd_config_free(cfg);
}

static void every_flipped_bit_is_noticed(struct kunit *test)
{
	const struct imsm_golden *golden;
	struct emd_config *cfg;
	struct lab_disk disk;
	unsigned int i, bit;
	u8 *mpb;

	for (i = 0; i < ARRAY_SIZE(law_goldens); i++) {
		golden = find(test, law_goldens[i]);
		mpb = unpack(test, golden);
		insert(test, golden, mpb, whole(golden), &disk);
		for (bit = 0; bit < golden->size * 8; bit++) {
			mpb[bit / 8] ^= 1 << bit % 8;
			lab_put_mpb(&disk, mpb, whole(golden));
			cfg = lab_decode(&disk, NULL);
			KUNIT_EXPECT_TRUE_MSG(test, IS_ERR(cfg), "%s, bit %u", golden->name, bit);
			if (!IS_ERR(cfg))
				emd_config_free(cfg);
			mpb[bit / 8] ^= 1 << bit % 8;
		}
		lab_disk_exit(&disk);
		kvfree(mpb);
	}
}

static void every_flipped_bit_under_a_right_sum_is_safe(struct kunit *test)
{
	const struct imsm_golden *golden;
	struct imsm_mpb_ondisk *head;
	struct lab_disk disk;
	unsigned int i, bit;
	u32 size;
	u8 *mpb;

	for (i = 0; i < ARRAY_SIZE(law_goldens); i++) {
		golden = find(test, law_goldens[i]);
		mpb = unpack(test, golden);
		head = (struct imsm_mpb_ondisk *)mpb;
		insert(test, golden, mpb, whole(golden), &disk);
		for (bit = 0; bit < golden->size * 8; bit++) {
			mpb[bit / 8] ^= 1 << bit % 8;
			size = le32_to_cpu(head->mpb_size);
			if (size >= sizeof(*head) && size <= whole(golden))
				head->check_sum = cpu_to_le32(imsm_checksum(mpb, size));
			lab_put_mpb(&disk, mpb, whole(golden));
			accept_or_refuse(test, &disk, golden->name, bit);
			mpb[bit / 8] ^= 1 << bit % 8;
		}
		lab_disk_exit(&disk);
		kvfree(mpb);
	}
}

static void every_truncation_is_safe(struct kunit *test)
{
	const struct imsm_golden *golden;
	struct imsm_mpb_ondisk *head;
	struct emd_meta_image img;
	struct emd_config *cfg;
	struct lab_disk disk;
	unsigned int i;
	u32 size;
	u8 *mpb;

	for (i = 0; i < ARRAY_SIZE(law_goldens); i++) {
		golden = find(test, law_goldens[i]);
		mpb = unpack(test, golden);
		head = (struct imsm_mpb_ondisk *)mpb;
		insert(test, golden, mpb, whole(golden), &disk);
		for (size = IMSM_MPB_MIN; size < golden->size; size += 4) {
			head->mpb_size = cpu_to_le32(size);
			head->check_sum = cpu_to_le32(imsm_checksum(mpb, size));
			lab_put_mpb(&disk, mpb, whole(golden));
			accept_or_refuse(test, &disk, golden->name, size);
		}
		/* An image that stops after the anchor. */
		golden_unpack(golden, mpb);
		lab_put_mpb(&disk, mpb, whole(golden));
		KUNIT_ASSERT_EQ(test, lab_read(&disk, &img, NULL), 0);
		if (img.nr_extents == 2) {
			kvfree(img.extents[1].data);
			img.nr_extents = 1;
			cfg = emd_imsm_ops.decode(&img, NULL);
			KUNIT_EXPECT_TRUE(test, IS_ERR(cfg));
		}
		lab_image_free(&img);
		lab_disk_exit(&disk);
		kvfree(mpb);
	}
}

static void other_bytes_are_not_ours(struct kunit *test)
{
	struct emd_meta_image img;
	struct lab_disk disk;

	KUNIT_ASSERT_EQ(test, lab_disk_init(&disk, 131072, 512, "X"), 0);
	KUNIT_EXPECT_EQ(test, lab_read(&disk, &img, NULL), -ENODATA);
	lab_image_free(&img);
	/* Not even asked for on what can't hold it. */
	memset(&img, 0, sizeof(img));
	img.disk_sectors = 8;
	img.block_size = 512;
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.next_extent(&img, &img.extents[0], NULL), -ENODATA);
	img.disk_sectors = U64_MAX;
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.next_extent(&img, &img.extents[0], NULL), -ENODATA);
	img.disk_sectors = 1 << 20;
	img.block_size = 520;
	KUNIT_EXPECT_EQ(test, emd_imsm_ops.next_extent(&img, &img.extents[0], NULL), -ENODATA);
	lab_disk_exit(&disk);
}

struct case_serial {
	const char *raw;
	const char *id;
};

static const struct case_serial serials[] = {
	{ "ABCDEFGHIJKLMNOPQRST", "EFGHIJKLMNOPQRST" },
	{ "WD WX:12 34", "WDWX;1234" },
	{ "1234567890123456", "1234567890123456" },
	{ "   \t ", "" },
	{ "", "" },
	{ "a\344\177b", "ab" },
};

static void serials_are_normalised_as_mdadm_does(struct kunit *test)
{
	char id[EMD_DISK_ID_LEN];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(serials); i++) {
		imsm_normalise_serial(serials[i].raw, id);
		KUNIT_EXPECT_STREQ(test, (const char *)id, serials[i].id);
	}
}

struct case_placeholder {
	const char *serial;
	bool absent;
	const char *placeholder;
};

static const struct case_placeholder placeholders[] = {
	{ "SERIAL00000001", false, "ERIAL00000001:0" },
	{ "ERIAL00000001:0", false, "IAL00000001:0:0" },
	{ "SERIAL00000001", true, "RIAL00000001:0" },
	{ "1234567890123456", false, "4567890123456:0" },
	{ "1234567890123", false, "1234567890123:0" },
	{ "A", false, "A:0" },
	{ "A", true, ":0" },
	{ "", true, "0" },
};

static void placeholders_are_mdadms(struct kunit *test)
{
	u8 serial[IMSM_SERIAL_LEN];
	char id[EMD_DISK_ID_LEN];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(placeholders); i++) {
		memset(serial, 0, sizeof(serial));
		memcpy(serial, placeholders[i].serial, strlen(placeholders[i].serial));
		imsm_placeholder(serial, placeholders[i].absent);
		imsm_disk_id(serial, id);
		KUNIT_EXPECT_STREQ(test, (const char *)id, placeholders[i].placeholder);
	}
}

static struct kunit_case imsm_cases[] = {
	KUNIT_CASE(what_mdadm_wrote_is_understood),
	KUNIT_CASE(encode_undoes_decode),
	KUNIT_CASE(uuids_are_mdadms),
	KUNIT_CASE(describe_says_it_all),
	KUNIT_CASE(erase_leaves_nothing),
	KUNIT_CASE(changes_give_the_bytes_that_mdadm_writes),
	KUNIT_CASE(creation_gives_the_bytes_that_mdadm_writes),
	KUNIT_CASE(unknown_bytes_survive_changes),
	KUNIT_CASE(high_words_are_cleared_before_they_count),
	KUNIT_CASE(damage_is_named_or_harmless),
	KUNIT_CASE(overlapping_volumes_are_damage),
	KUNIT_CASE(same_names_are_told_apart),
	KUNIT_CASE(a_neighbour_of_a_reshape_is_not_written),
	KUNIT_CASE(strips_that_overflow_on_4kn),
	KUNIT_CASE(wide_mirrors_are_not_started),
	KUNIT_CASE(literal_raid10_is_accepted),
	KUNIT_CASE(a_verify_that_repairs_nothing_is_over),
	KUNIT_CASE(every_flipped_bit_is_noticed),
	KUNIT_CASE(every_flipped_bit_under_a_right_sum_is_safe),
	KUNIT_CASE(every_truncation_is_safe),
	KUNIT_CASE(other_bytes_are_not_ours),
	KUNIT_CASE(serials_are_normalised_as_mdadm_does),
	KUNIT_CASE(placeholders_are_mdadms),
	{}
};

static struct kunit_suite imsm_suite = {
	.name = "emd_meta_imsm",
	.test_cases = imsm_cases,
};

kunit_test_suite(imsm_suite);
