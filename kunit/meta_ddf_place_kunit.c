// SPDX-License-Identifier: GPL-2.0
/*
 * New DDF containers and arrays: what is asked for is what is read again, by every
 * disk, on either block size; what cannot be said is refused with a reason.
 */
#include <kunit/test.h>

#include "ddf_lab.h"
#include "codec_life.h"

#define SECTORS	(64u << 11)	/* 64 MiB: 32 of them for data */

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

static void expect_on_disks(struct kunit *test, const char *expected)
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
	u16 spans;
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
	{ EMD_LEVEL_RAID5, 0, 6, 16384, "vol raid5 left-symmetric/2 128 16384 0+4096 UUUUUU idle", 2 },
	{ EMD_LEVEL_RAID4, 0, 6, 0, "vol raid4 parity-last/2 128 262144 0+65536 UUUUUU idle", 2 },
	{ EMD_LEVEL_RAID6, 0, 8, 0, "vol raid6 ddf-n-continue/2 128 262144 0+65536 UUUUUUUU idle", 2 },
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
			args.nr_spans = creates[i].spans;
			KUNIT_EXPECT_EQ_MSG(test, create(test, &args, &msg), 0, "%s: %s",
					    creates[i].config, msg.text);
			expect_on_disks(test, creates[i].config);
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
	expect_on_disks(test, "vol raid1 none 128 4096 0+4096 UU idle; rest raid0 none 128 184320 4096+61440 UUU idle");
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
	u16 spans;
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
	{ EMD_LEVEL_RAID5, 0, 4, 0, 0, "v", "raid5 with 2 members, need 3 to 253", 2 },
	{ EMD_LEVEL_RAID1, 0, 2, 0, 0, "v", "spans of raid1, not supported", 2 },
	{ EMD_LEVEL_RAID0, 0, 4, 0, 0, "v", "spans of raid0, not supported", 2 },
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
		args.nr_spans = refusals[i].spans;
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
	expect_on_disks(test, "vol raid1 none 128 4096 0+4096 UU idle");
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
	expect_on_disks(test, "vol raid1 none 128 4096 0+4096 RU rebuild 0");
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
	expect_on_disks(test, "vol raid1 none 128 4096 0+4096 UU idle");
}

/* T1 on the disks, and read by somebody else. */
static void write_and_read(struct kunit *test, struct emd_config *t1)
{
	struct emd_errmsg msg = {};

	KUNIT_ASSERT_TRUE_MSG(test, !lab_commit(lab.cfg, t1, &msg), "%s", msg.text);
	KUNIT_ASSERT_EQ(test, lab_encode_all(lab.disks, t1), 0);
	emd_config_free(t1);
	emd_config_free(lab.cfg);
	lab.cfg = lab_assemble(lab.disks, lab.nr, &msg);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(lab.cfg), "%s", msg.text);
}

/* What is not about the array stays in a spare's record. */
static void a_deleted_array_leaves_the_rest_of_a_spares_record(struct kunit *test)
{
	struct ddf_spare_ondisk *spare;
	struct emd_create_args args;
	struct emd_config *t1;
	struct emd_errmsg msg;
	struct ddf_set *set;
	u16 both[] = { 0, 1 };

	new_container(test, 3, 512);
	fill_args(&args, EMD_LEVEL_RAID1, 0, 2, 4096);
	KUNIT_ASSERT_EQ(test, create(test, &args, &msg), 0);
	strscpy(args.name, "two", sizeof(args.name));
	KUNIT_ASSERT_EQ(test, create(test, &args, &msg), 0);
	t1 = lab_next(lab.cfg);
	KUNIT_ASSERT_EQ(test, emd_change_assign_spare(t1, 2, EMD_SPARE_DEDICATED, both, 2), 0);
	write_and_read(test, t1);
	KUNIT_ASSERT_EQ(test, lab.cfg->disks[2].nr_serves, 2);

	set = ddf_set(lab.cfg);
	spare = ddf_spare(ddf_record(set, ddf_find_spare(set, ddf_find_part(set, 2))));
	KUNIT_ASSERT_EQ(test, ddf_get16(set->le, spare->populated), 2);
	spare->type |= DDF_SPARE_REVERTIBLE;
	ddf_spare_entries(spare)[1].reserved[5] = 0x17;
	ddf_seal(set->le, set->zlib, (u8 *)spare, set->record);
	t1 = lab_next(lab.cfg);
	emd_change_delete_array(t1, 0);
	write_and_read(test, t1);
	KUNIT_ASSERT_EQ(test, lab.cfg->disks[2].nr_serves, 1);
	set = ddf_set(lab.cfg);
	spare = ddf_spare(ddf_record(set, ddf_find_spare(set, ddf_find_part(set, 2))));
	KUNIT_EXPECT_EQ(test, spare->type, DDF_SPARE_DEDICATED | DDF_SPARE_REVERTIBLE);
	KUNIT_EXPECT_EQ(test, ddf_get16(set->le, spare->populated), 1);
	KUNIT_EXPECT_EQ(test, ddf_spare_entries(spare)[0].reserved[5], 0x17);
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

/* ---- arrays of parts ------------------------------------------------------------------- */

static void make_spans(struct kunit *test, enum emd_level level, u16 nr, u16 spans)
{
	struct emd_create_args args;
	struct emd_errmsg msg;

	new_container(test, nr, 512);
	fill_args(&args, level, 0, nr, 8192);
	args.nr_spans = spans;
	KUNIT_ASSERT_EQ_MSG(test, create(test, &args, &msg), 0, "%s", msg.text);
}

static void lose(struct kunit *test, u16 row, const char *native)
{
	struct emd_config *t1 = lab_next(lab.cfg);
	struct emd_errmsg msg = {};
	struct line line;

	emd_change_fail_disk(t1, row);
	KUNIT_ASSERT_EQ_MSG(test, lab_commit(lab.cfg, t1, &msg), 0, "%s", msg.text);
	KUNIT_ASSERT_EQ(test, lab_encode_all(lab.disks, t1), 0);
	emd_config_free(lab.cfg);
	lab.cfg = t1;
	native_line(t1, &line);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line.text, native), "%s", line.text);
}

static void parts_lose_disks_each_for_itself(struct kunit *test)
{
	make_spans(test, EMD_LEVEL_RAID5, 6, 2);
	lose(test, 1, "| 01/02 a b c d e f");
	lose(test, 4, "| 01/02 a b c d e f");
	expect_on_disks(test, "vol raid5 left-symmetric/2 128 8192 0+2048 UFUUFU idle");
	lose(test, 5, "| 04/02 a b c d e f");
	make_spans(test, EMD_LEVEL_RAID6, 8, 2);
	lose(test, 0, "| 05/02");
	lose(test, 7, "| 05/02");
	lose(test, 6, "| 01/02");
	lose(test, 1, "| 01/02");
	expect_on_disks(test, "vol raid6 ddf-n-continue/2 128 8192 0+2048 FFUUUUFF idle");
	lose(test, 2, "| 04/02");
}

/* All that others may have written differently, in every record of every disk. */
static void change_parts(void (*change)(struct ddf_vdcr_ondisk *vdcr), const char *vendor)
{
	struct ddf_header_ondisk *header[3];
	struct ddf_vdcr_ondisk *vdcr;
	unsigned int k, slot, i;
	u32 offset;

	for (k = 0; k < lab.nr; k++) {
		header[0] = lab_header(&lab.disk[k], 0);
		header[1] = lab_header(&lab.disk[k], 1);
		header[2] = lab_anchor(&lab.disk[k]);
		offset = ddf_get32(false, header[0]->section[DDF_VDR].offset) * 512;
		for (i = 0; i < 2; i++) {
			u8 *vds = lab_copy(&lab.disk[k], i) + offset;

			memcpy(((struct ddf_vde_ondisk *)(vds + 64))->guid, vendor, 8);
			ddf_seal(false, false, vds,
				 ddf_get32(false, header[0]->section[DDF_VDR].length) * 512);
		}
		offset = ddf_get32(false, header[0]->section[DDF_CONFIG].offset) * 512;
		for (i = 0; i < 3; i++) {
			memcpy(header[i]->guid, vendor, 8);
			ddf_seal(false, false, (u8 *)header[i], 512);
		}
		for (slot = 0; slot < 2 * 65; slot++) {
			vdcr = (struct ddf_vdcr_ondisk *)(lab_copy(&lab.disk[k], slot & 1) + offset +
							  slot / 2 * 3584);
			if (ddf_get32(false, vdcr->signature) != DDF_SIG_VDCR)
				continue;
			memcpy(vdcr->guid, vendor, 8);
			change(vdcr);
			ddf_seal(false, false, (u8 *)vdcr, 3584);
		}
	}
}

static void nothing(struct ddf_vdcr_ondisk *vdcr)
{
}

static void spanned(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->secondary_level = DDF_SRL_SPANNED;
}

static void in_a_row(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->secondary_level = DDF_SRL_CONCAT;
}

static void mirrored(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->secondary_level = DDF_SRL_MIRRORED;
}

static void of_raid0(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_RAID0;
	vdcr->qualifier = 0;
}

static void raid0_in_a_row(struct ddf_vdcr_ondisk *vdcr)
{
	of_raid0(vdcr);
	in_a_row(vdcr);
}

static void wide_raid1e(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_RAID1E;
	vdcr->qualifier = 0;
}

static void hot_space(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_RAID5E;
	ddf_put64(false, &vdcr->vd_size, 4096);
}

static void no_hot_space(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_RAID5E;
	ddf_put64(false, &vdcr->vd_size, 4097);
}

static void resting(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_RAID5R;
	vdcr->rotate_count = 4;
}

static void mdf(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_MDF;
	vdcr->mdf_parity = 3;
}

struct case_parts {
	u16 spans;
	const char *vendor;
	void (*change)(struct ddf_vdcr_ondisk *vdcr);
	const char *config;
	const char *reason;
};

/* Of six disks, 2048 sectors each. */
static const struct case_parts parts[] = {
	{ 2, "EMD     ", spanned, "vol raid5 left-symmetric/2 128 8192 0+2048 UUUUUU idle", "" },
	{ 2, "LSI     ", nothing,
	  "vol raid5 left-symmetric/2 128 8192 0+2048 UUUUUU idle read-only",
	  "parts of raid5 are striped by somebody else's rule" },
	{ 2, "LSI     ", in_a_row,
	  "vol raid5 left-symmetric/2 concat 128 8192 0+2048 UUUUUU idle", "" },
	{ 3, "LSI     ", mirrored, "vol concat none 128 8192 0+2048 UUUUUUUU idle no-start",
	  "2 parts of RAID6, 4 disks each, joined in way 01, are not supported" },
	{ 2, "LSI     ", of_raid0, "vol raid0 none 128 8192 0+2048 UUUUUU idle read-only",
	  "parts of raid0 are striped by somebody else's rule" },
	{ 2, "LSI     ", raid0_in_a_row, "vol raid0 none/2 concat 128 8192 0+2048 UUUUUU idle", "" },
	{ 2, "LSI     ", wide_raid1e, "vol concat none 128 8192 0+2048 UUUUUU idle no-start",
	  "2 parts of RAID1E, 3 disks each, joined in way 00, are not supported" },
	{ 0, "LSI     ", hot_space, "vol raid5 left-symmetric 128 4096 0+4096 UUU idle read-only",
	  "RAID5E, whose hot space is not managed" },
	{ 0, "LSI     ", no_hot_space,
	  "vol raid5 left-symmetric 128 4097 0+4096 UUU idle no-start",
	  "RAID5E without room for a disk that fails" },
	{ 0, "LSI     ", resting, "vol raid5 left-symmetric 128 8192 0+4096 UUU idle", "" },
	{ 0, "LSI     ", mdf, "vol concat none 128 8192 0+4096 UUU idle no-start",
	  "MDF with 3 disks of parity is not supported" },
};

static void parts_of_others_are_taken_for_what_they_are(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct emd_config *cfg;
	struct line line;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(parts); i++) {
		if (parts[i].spans == 3)
			make_spans(test, EMD_LEVEL_RAID6, 8, 2);
		else
			make_spans(test, EMD_LEVEL_RAID5, parts[i].spans ? 6 : 3, parts[i].spans);
		change_parts(parts[i].change, parts[i].vendor);
		cfg = lab_assemble(lab.disks, lab.nr, &msg);
		KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(cfg), "%s", msg.text);
		config_line(cfg, &line);
		KUNIT_EXPECT_STREQ_MSG(test, line.text, parts[i].config, "%u", i);
		KUNIT_EXPECT_STREQ(test, cfg->arrays[0].reason, parts[i].reason);
		emd_config_free(cfg);
	}
}

/* A part whose disks are all away: what is not known is not started. */
static void a_part_that_is_away_is_waited_for(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct emd_config *cfg;

	make_spans(test, EMD_LEVEL_RAID5, 6, 2);
	cfg = lab_assemble(lab.disks, 3, &msg);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(cfg), "%s", msg.text);
	KUNIT_EXPECT_TRUE(test, cfg->arrays[0].flags & EMD_CFG_NO_START);
	KUNIT_EXPECT_STREQ(test, cfg->arrays[0].reason,
			   "part 1 of 2 is on disks that are not here");
	emd_config_free(cfg);
}

/* It is one array to us, and stays two parts on the disks. */
static void striped_parts_without_parity_stay_parts(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct emd_config *t1;
	struct line line;

	make_spans(test, EMD_LEVEL_RAID5, 6, 2);
	change_parts(of_raid0, "LSI     ");
	emd_config_free(lab.cfg);
	lab.cfg = lab_assemble(lab.disks, lab.nr, &msg);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(lab.cfg), "%s", msg.text);
	add_disk(test, SECTORS);
	native_line(lab.cfg, &line);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(line.text, "| 00/02 a b c d e f"), "%s", line.text);
	t1 = lab_next(lab.cfg);
	KUNIT_EXPECT_EQ(test, ddf_newest_vdcr(ddf_set(t1), ddf_vde(ddf_set(t1), 0)->guid, 1)
			->secondary_count, 2);
	emd_config_free(t1);
}

static struct kunit_case meta_ddf_place_cases[] = {
	KUNIT_CASE(what_is_made_is_read_again),
	KUNIT_CASE(a_second_array_fits_behind_the_first),
	KUNIT_CASE(what_cannot_be_said_is_refused),
	KUNIT_CASE(a_disk_joins_and_fills_a_slot),
	KUNIT_CASE(a_disk_leaves),
	KUNIT_CASE(a_deleted_array_leaves_the_rest_of_a_spares_record),
	KUNIT_CASE(a_creation_that_is_cut_off_leaves_no_member),
	KUNIT_CASE(erased_is_not_ours_any_more),
	KUNIT_CASE(disks_that_are_too_small_are_refused),
	KUNIT_CASE(parts_lose_disks_each_for_itself),
	KUNIT_CASE(parts_of_others_are_taken_for_what_they_are),
	KUNIT_CASE(a_part_that_is_away_is_waited_for),
	KUNIT_CASE(striped_parts_without_parity_stay_parts),
	{}
};

static struct kunit_suite meta_ddf_place_suite = {
	.name = "emd_meta_ddf_place",
	.init = lab_init,
	.exit = lab_exit,
	.test_cases = meta_ddf_place_cases,
};

kunit_test_suite(meta_ddf_place_suite);
