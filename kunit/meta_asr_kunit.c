// SPDX-License-Identifier: GPL-2.0
/*
 * ASR metadata as its description has it, and as nobody should write it.
 *
 * Golden disks are understood and come back unchanged when they are written. Damage of
 * every kind is refused with a reason or is harmless: never a stray access, never an
 * array outside its disk.
 */
#include <kunit/test.h>

#include "asr_lab.h"

static struct lab_disk disk;

static int lab_init(struct kunit *test)
{
	memset(&disk, 0, sizeof(disk));
	return 0;
}

static void lab_exit(struct kunit *test)
{
	lab_disk_exit(&disk);
}

static void load(struct kunit *test, const struct golden *golden, u32 magic)
{
	lab_exit(test);
	KUNIT_ASSERT_EQ(test, golden_disk(golden, magic, &disk), 0);
}

static void expect_config(struct kunit *test, const char *config)
{
	struct emd_errmsg msg = {};
	struct emd_config *cfg;
	struct line line;

	cfg = lab_decode(&disk, &msg);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(cfg), "%s", msg.text);
	config_line(cfg, &line);
	KUNIT_EXPECT_STREQ(test, line.text, config);
	KUNIT_EXPECT_EQ(test, emd_config_check(cfg, NULL), 0);
	emd_config_free(cfg);
}

static void expect_refused(struct kunit *test, int err, const char *reason)
{
	struct emd_errmsg msg = {};
	struct emd_config *cfg;

	cfg = lab_decode(&disk, &msg);
	KUNIT_EXPECT_EQ(test, IS_ERR(cfg) ? (int)PTR_ERR(cfg) : 0, err);
	KUNIT_EXPECT_STREQ(test, msg.text, reason);
	if (!IS_ERR(cfg))
		emd_config_free(cfg);
}

/* ---- golden ----------------------------------------------------------------------- */

/**
 * struct case_golden - what the bytes mean
 * @desc: name
 * @golden: table
 * @magic: whose copy it is
 * @config: in words
 */
struct case_golden {
	const char *desc;
	const struct golden *golden;
	u32 magic;
	const char *config;
};

static const struct case_golden golden_cases[] = {
	{ "stripe", &golden_stripe, D0, "STRIPE raid0 none 128 524032 0+262016 UU idle" },
	{ "mirror", &golden_mirror, D1, "MIRROR raid1 none 128 262016 0+262016 UU idle" },
	{ "ten", &golden_ten, D2, "TEN raid10 adjacent 128 524032 0+262016 UUUU idle" },
	{ "mirror of stripes", &golden_oh_one, D1,
	  "OHONE raid10 adjacent 128 524032 0+262016 UUUU idle" },
	{ "degraded", &golden_degraded, D0, "MIRROR raid1 none 128 262016 0+262016 UF idle" },
	{ "rebuilding", &golden_rebuilding, D0,
	  "MIRROR raid1 none 128 262016 0+262016 UR rebuild 0" },
	{ "being rebuilt", &golden_guarded, D1,
	  "MIRROR raid1 none 128 262016 0+262016 UR rebuild 0" },
	{ "spare", &golden_spare, D2, "" },
};

static void case_golden_desc(const struct case_golden *c, char *desc)
{
	strscpy(desc, c->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(case_golden, golden_cases, case_golden_desc);

static void golden_is_understood(struct kunit *test)
{
	const struct case_golden *c = test->param_value;

	load(test, c->golden, c->magic);
	expect_config(test, c->config);
}

static void golden_checksum_is_right(struct kunit *test)
{
	const struct case_golden *c = test->param_value;

	load(test, c->golden, c->magic);
	if (c->golden->checksum)
		KUNIT_EXPECT_EQ(test, asr_checksum(lab_line(&disk, 0), c->golden->nr),
				c->golden->checksum);
}

static void what_was_read_is_written(struct kunit *test)
{
	const struct case_golden *c = test->param_value;
	struct emd_config *cfg;
	u8 *before = kunit_kzalloc(test, LAB_WINDOW, GFP_KERNEL);
	unsigned int i;

	load(test, c->golden, c->magic);
	/* What nobody understands: in settings, header, lines, and behind them. */
	memset(lab_rb(&disk)->settings, 0x5a, sizeof(lab_rb(&disk)->settings));
	memset(lab_rb(&disk)->software, 0xa5, sizeof(lab_rb(&disk)->software));
	lab_table(&disk)->raid_flags = cpu_to_be32(1);
	lab_table(&disk)->iroc_flags = 0x80;
	memset(lab_table(&disk)->reserved2, 0x77, 12);
	lab_line(&disk, 0)->bios = cpu_to_be16(0x1234);
	lab_line(&disk, 1)->tid = cpu_to_be16(0x0202);
	lab_seal(&disk);
	memset(lab_line(&disk, 100), 0x66, 64);
	for (i = c->golden->nr; i < 7; i++)
		memset(lab_line(&disk, i), 0x66, 64);
	memcpy(before, disk.bytes, LAB_WINDOW);
	cfg = lab_decode(&disk, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	cfg->disks[cfg->self].handle = 1;
	KUNIT_EXPECT_GE(test, lab_encode(&disk, cfg, cfg->self), 1);
	KUNIT_EXPECT_EQ(test, memcmp(disk.bytes, before, LAB_WINDOW), 0);
	emd_config_free(cfg);
}

/* The first 256 bytes of the mirror's table, written out by hand. */
static void golden_bytes(struct kunit *test)
{
	static const u8 want[] = {
		0x90, 0x07, 0x65, 0xc4, 0, 0, 0, 2, 0, 0x7f, 0, 3, 0, 0x40, 0x10, 0xc4,
		[34] = 0x10,
		[64] = 0, 2, 0, 1, 0x2c, 0, 0, 1, 1, 1, 0, 0x10,
		[88] = 0, 3, 0xff, 0x80, 0, 0x80,
		[112] = 'M', 'I', 'R', 'R', 'O', 'R', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
		[128] = 0, 0, 0, 1, 0x91, 0, 0, 1, 0, 1,
		[152] = 0, 3, 0xff, 0x80, 0, 0x80,
		[176] = 'M', 'I', 'R', 'R', 'O', 'R', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
		[192] = 0, 0, 0, 1, 0x92, 0, 0, 2, 0, 1,
		[211] = 1,
		[216] = 0, 3, 0xff, 0x80, 0, 0x80,
		[240] = 'M', 'I', 'R', 'R', 'O', 'R', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ', ' ',
	};

	static_assert(sizeof(want) == 256);
	load(test, &golden_mirror, D0);
	KUNIT_EXPECT_EQ(test, memcmp(lab_table(&disk), want, sizeof(want)), 0);
}

/* A stripe of four, of a SCSI controller, with gaps between the addresses. */
static void a_real_stripe(struct kunit *test)
{
	static const struct golden zero = {
		"ZERO", 0, 5, {
		{ 4, 1, 0x2ca5856a, 1, 0, 0, 0, 71770112, 512, 0 },
		{ 0, 1, 0x91aa7059, 0, 0, 0, 0, 17942528, 128, 0 },
		{ 0, 1, 0xc2ab7fea, 0, 0, 0, 0, 17942528, 128, 1 },
		{ 0, 1, 0xf86a35d9, 0, 0, 0, 0, 17942528, 128, 4 },
		{ 0, 1, 0xa4c5fa6a, 0, 0, 0, 0, 17942528, 128, 8 } }
	};
	unsigned int i;

	KUNIT_ASSERT_EQ(test, lab_disk_init(&disk, 17942584, 512, ""), 0);
	golden_rb(&disk, 0x91aa7059);
	golden_table(&disk, &zero);
	lab_rb(&disk)->own_area = 0;
	for (i = 0; i < 5; i++) {
		lab_line(&disk, i)->channel = 1;
		lab_line(&disk, i)->tid = cpu_to_be16(i ? 0x0200 + 2 * i : 0x8200);
	}
	lab_seal(&disk);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(lab_table(&disk)->checksum), 0x2026);
	expect_config(test, "ZERO raid0 none 128 71770112 0+17942528 UUUU idle");
}

/* ---- states ------------------------------------------------------------------------- */

/**
 * struct case_state - what states mean
 * @array: byte of the mirror
 * @first: byte of its first drive
 * @second: of its second
 * @dirty: header's
 * @position: of the mirror
 * @config: in words, behind the sizes
 */
struct case_state {
	u8 array;
	u8 first;
	u8 second;
	u8 dirty;
	u32 position;
	const char *config;
};

static const struct case_state state_cases[] = {
	{ 0x00, 0x00, 0x00, 0, 0, "UU idle" },
	{ 0x00, 0x00, 0x00, 3, 0, "UU idle dirty" },
	{ 0x00, 0x00, 0x00, 9, 0, "UU idle dirty" },
	{ 0x05, 0x05, 0x15, 0, 0, "UU idle" },
	{ 0x0a, 0x0b, 0x1b, 0, 0, "UU idle" },
	{ 0x01, 0x00, 0x03, 0, 0, "UF idle" },
	{ 0x01, 0x00, 0x13, 0, 0, "UF idle" },
	{ 0x01, 0x53, 0x00, 0, 0, "FU idle" },
	{ 0x01, 0x00, 0x01, 0, 0, "UM idle" },
	{ 0x01, 0x00, 0x04, 0, 0, "UF idle" },
	{ 0x01, 0x00, 0x06, 0, 0, "UF idle" },
	{ 0x01, 0x00, 0x0f, 0, 0, "UF idle" },
	{ 0x02, 0x00, 0x24, 0, 4096, "UR rebuild 0" },
	{ 0x02, 0x24, 0x00, 0, 4096, "RU rebuild 0" },
	{ 0x02, 0x00, 0x24, 3, 4096, "UR rebuild 0 dirty" },
	{ 0x02, 0x00, 0x20, 0, 262016, "UR rebuild 0" },
	{ 0x01, 0x00, 0x24, 0, 4096, "UR rebuild 0" },
	{ 0x00, 0x00, 0x12, 0, 0, "UR rebuild 0" },
	{ 0x00, 0x00, 0x02, 0, 0, "UR rebuild 0" },
	{ 0x00, 0x00, 0x18, 0, 0, "UR rebuild 0" },
	{ 0x0b, 0x00, 0x14, 0, 2048, "UR rebuild 0" },
	{ 0x0b, 0x00, 0x10, 3, 2048, "UR rebuild 0 dirty" },
	{ 0x0b, 0x14, 0x14, 0, 0, "UU resync 0 uninitialised" },
	{ 0x0b, 0x14, 0x00, 0, 2048, "RU rebuild 0" },
	{ 0x0b, 0x00, 0x03, 0, 0, "UF idle" },
	{ 0x0b, 0x03, 0x14, 0, 0, "FR rebuild 0" },
	{ 0x54, 0x00, 0x00, 0, 2048, "UU resync 0 uninitialised" },
	{ 0x04, 0x00, 0x00, 0, 0, "UU idle no-start" },
	{ 0x74, 0x00, 0x00, 0, 0, "UU idle no-start" },
	{ 0x03, 0x00, 0x00, 0, 0, "UU idle no-start" },
	{ 0xfd, 0x00, 0x00, 0, 0, "UU idle no-start" },
	{ 0x0c, 0x00, 0x00, 0, 0, "UU idle no-start" },
};

static void case_state_desc(const struct case_state *c, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%02x %02x %02x %u %u", c->array, c->first,
		 c->second, c->dirty, c->position);
}

KUNIT_ARRAY_PARAM(case_state, state_cases, case_state_desc);

/* As a disk that is neither of them would see it: a spare in the table. */
static void states_are_understood(struct kunit *test)
{
	const struct case_state *c = test->param_value;
	struct asr_line_ondisk *spare;
	char want[128];

	load(test, &golden_mirror, D2);
	lab_line(&disk, 0)->state = c->array;
	lab_line(&disk, 0)->position = cpu_to_be32(c->position);
	lab_line(&disk, 1)->state = c->first;
	lab_line(&disk, 2)->state = c->second;
	spare = lab_line(&disk, 3);
	*spare = *lab_line(&disk, 2);
	spare->magic = cpu_to_be32(D2);
	spare->type = ASR_SPARE;
	spare->state = 0;
	lab_table(&disk)->nr_lines = cpu_to_be16(4);
	lab_table(&disk)->dirty = c->dirty;
	lab_seal(&disk);
	snprintf(want, sizeof(want), "MIRROR raid1 none 128 262016 0+262016 %s", c->config);
	expect_config(test, want);
}

static void a_stripe_has_nothing_to_build(struct kunit *test)
{
	load(test, &golden_stripe, D0);
	lab_line(&disk, 0)->state = 0x0b;
	lab_line(&disk, 1)->state = 0x10;
	lab_line(&disk, 2)->state = 0x14;
	lab_seal(&disk);
	expect_config(test, "STRIPE raid0 none 128 524032 0+262016 UU idle");
	/* But a drive may have been replaced. */
	lab_line(&disk, 0)->state = 0x00;
	lab_seal(&disk);
	expect_config(test, "STRIPE raid0 none 128 524032 0+262016 MM idle");
}

static void a_drive_that_is_filled_calls_itself_failed(struct kunit *test)
{
	struct emd_config *cfg;

	load(test, &golden_rebuilding, D1);
	cfg = lab_decode(&disk, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	cfg->disks[cfg->self].handle = 1;
	KUNIT_EXPECT_GE(test, lab_encode(&disk, cfg, cfg->self), 1);
	emd_config_free(cfg);
	KUNIT_EXPECT_EQ(test, lab_own(&disk)->state, 0x03);
	KUNIT_EXPECT_EQ(test, be16_to_cpu(lab_table(&disk)->checksum), 0x10cf);
	expect_config(test, "MIRROR raid1 none 128 262016 0+262016 UR rebuild 0");
}

/* ---- what is not supported is shown ---------------------------------------------------- */

static void what_is_not_known_is_shown_and_not_started(struct kunit *test)
{
	load(test, &golden_stripe, D0);
	lab_line(&disk, 0)->type = ASR_RAID5;
	lab_seal(&disk);
	expect_config(test, "STRIPE raid5 none 128 524032 0+262016 UU idle no-start");
	load(test, &golden_stripe, D0);
	lab_line(&disk, 2)->added = 1;
	lab_seal(&disk);
	expect_config(test, "STRIPE raid0 none 128 524032 0+262016 UU idle no-start");
	load(test, &golden_stripe, D0);
	lab_line(&disk, 2)->offset = cpu_to_be32(64);
	lab_seal(&disk);
	expect_config(test, "STRIPE raid0 none 128 524032 0+262016 UU idle no-start");
	load(test, &golden_stripe, D0);
	lab_line(&disk, 1)->strip = cpu_to_be16(96);
	lab_line(&disk, 2)->strip = cpu_to_be16(96);
	lab_seal(&disk);
	expect_config(test, "STRIPE raid0 none 96 524032 0+262016 UU idle no-start");
	load(test, &golden_stripe, D0);
	lab_line(&disk, 2)->strip = cpu_to_be16(64);
	lab_seal(&disk);
	expect_config(test, "STRIPE raid0 none 128 524032 0+262016 UU idle no-start");
	load(test, &golden_ten, D0);
	lab_line(&disk, 0)->type = ASR_RAID1;
	lab_seal(&disk);
	expect_config(test, "TEN raid0 none 128 524032 0+262016 UUUU idle no-start");

	/* Mirrors of three, of which a drive each has no line any more. */
	load(test, &golden_ten, D0);
	lab_line(&disk, 1)->count = cpu_to_be16(3);
	lab_line(&disk, 4)->count = cpu_to_be16(3);
	lab_seal(&disk);
	expect_config(test, "TEN raid0 none 128 524032 0+262016 UUMUUM idle no-start");
}

static void addresses_in_another_order_are_not_written(struct kunit *test)
{
	load(test, &golden_stripe, D0);
	lab_line(&disk, 1)->target = cpu_to_be32(1);
	lab_line(&disk, 2)->target = cpu_to_be32(0);
	lab_seal(&disk);
	expect_config(test, "STRIPE raid0 none 128 524032 0+262016 UU idle read-only");
}

static void sizes_are_kept_to_what_there_is(struct kunit *test)
{
	load(test, &golden_stripe, D0);
	lab_line(&disk, 0)->capacity = cpu_to_be32(1000000);
	lab_line(&disk, 2)->capacity = cpu_to_be32(1000);
	lab_seal(&disk);
	expect_config(test, "STRIPE raid0 none 128 1792 0+896 UU idle");
	lab_line(&disk, 0)->capacity = cpu_to_be32(900);
	lab_seal(&disk);
	expect_config(test, "STRIPE raid0 none 128 900 0+896 UU idle");
}

static void dmraid_drops_lines_of_mirrors(struct kunit *test)
{
	load(test, &golden_mirror, D0);
	lab_table(&disk)->nr_lines = cpu_to_be16(2);
	lab_seal(&disk);
	expect_config(test, "MIRROR raid1 none 128 262016 0+262016 UM idle");
	load(test, &golden_stripe, D0);
	lab_table(&disk)->nr_lines = cpu_to_be16(2);
	lab_seal(&disk);
	expect_refused(test, -EUCLEAN, "line 0: 1 drives follow, need 2");
}

static void names_come_from_the_first_line(struct kunit *test)
{
	load(test, &golden_ten, D0);
	memset(lab_line(&disk, 0)->name, 0, 16);
	lab_seal(&disk);
	expect_config(test, "2d000001 raid10 adjacent 128 524032 0+262016 UUUU idle");
	memcpy(lab_line(&disk, 0)->name, "a/b c\0d         ", 16);
	lab_seal(&disk);
	expect_config(test, "a_b_c_d raid10 adjacent 128 524032 0+262016 UUUU idle");
}

/* Another array in the same table: none of ours, and left as it is. */
static void other_arrays_of_the_table_are_others(struct kunit *test)
{
	unsigned int i;

	load(test, &golden_mirror, D1);
	for (i = 0; i < 3; i++) {
		*lab_line(&disk, 3 + i) = *lab_line(&disk, i);
		lab_line(&disk, 3 + i)->magic ^= cpu_to_be32(0x00770000);
		memcpy(lab_line(&disk, 3 + i)->name, "SECOND", 6);
	}
	lab_table(&disk)->nr_lines = cpu_to_be16(6);
	lab_seal(&disk);
	expect_config(test, "MIRROR raid1 none 128 262016 0+262016 UU idle");
	lab_rb(&disk)->drive_magic ^= cpu_to_be32(0x00770000);
	expect_config(test, "SECOND raid1 none 128 262016 0+262016 UU idle");
}

static void a_wrong_checksum_is_borne(struct kunit *test)
{
	struct emd_config *cfg;

	load(test, &golden_mirror, D0);
	lab_table(&disk)->checksum = 0;
	cfg = lab_decode(&disk, NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	KUNIT_EXPECT_TRUE(test, asr_set(cfg)->unchecked);
	emd_config_free(cfg);
	lab_table(&disk)->version = cpu_to_be32(1);
	expect_refused(test, -EUCLEAN, "checksum 0000, computed 10c4");
}

/* ---- hostile -------------------------------------------------------------------------------- */

#define FIELD(what, field, val, err, reason)						\
	{ #field " " #val, what, offsetof(struct asr_##what##_ondisk, field),		\
	  sizeof(((struct asr_##what##_ondisk *)0)->field), val, err, reason }

enum { rb, table, line };

/**
 * struct case_hostile - one field of a stripe's first disk with a value it must not have
 * @desc: name
 * @where: rb, table or line (the disk's own, which is the second)
 * @offset: of the field
 * @size: of the field
 * @val: its value
 * @err: what comes of it
 * @reason: in words
 */
struct case_hostile {
	const char *desc;
	int where;
	size_t offset;
	size_t size;
	u32 val;
	int err;
	const char *reason;
};

static const struct case_hostile hostile_cases[] = {
	FIELD(rb, id, 0x37fc4d1f, -ENODATA, ""),
	FIELD(rb, magic, 0, -ENODATA, ""),
	FIELD(rb, version, 7, -EUCLEAN, "reserved block of version 7, know 8"),
	FIELD(rb, drive_magic, 0, -EUCLEAN, "the drive has not been assigned an identity"),
	FIELD(rb, drive_magic, 0xffffffff, -EUCLEAN,
	      "the drive has not been assigned an identity"),
	FIELD(rb, drive_magic, 0x95000001, -EUCLEAN,
	      "the table does not list the drive itself, 95000001"),
	FIELD(rb, drive_magic, 0x2a000001, -EUCLEAN,
	      "the table does not list the drive itself, 2a000001"),
	FIELD(rb, table, 0, -EUCLEAN, "table at sector 0, need 1 to 262142"),
	FIELD(rb, table, 262143, -EUCLEAN, "table at sector 262143, need 1 to 262142"),
	FIELD(rb, table, 0xffffffff, -EUCLEAN, "table at sector 4294967295, need 1 to 262142"),
	FIELD(rb, table, 262142, -EUCLEAN, "no RAID table at sector 262142"),
	FIELD(rb, table, 1, -EUCLEAN, "no RAID table at sector 1"),
	FIELD(table, id, 0, -EUCLEAN, "no RAID table at sector 262127"),
	FIELD(table, line_size, 32, -EUCLEAN, "lines of 32 bytes, need 64"),
	FIELD(table, nr_lines, 0, -EUCLEAN, "0 lines of 127, can do 127"),
	FIELD(table, nr_lines, 127, -EUCLEAN, "127 lines of 127, can do 127"),
	FIELD(table, nr_lines, 0xffff, -EUCLEAN, "65535 lines of 127, can do 127"),
	FIELD(table, max_lines, 3, -EUCLEAN, "3 lines of 3, can do 127"),
	FIELD(table, max_lines, 256, -EUCLEAN, "3 lines of 256, can do 127"),
	FIELD(line, level, 2, -EUCLEAN, "line 1: kind 2 is not known"),
	FIELD(line, level, 4, -EUCLEAN, "line 1: kind 4 is not known"),
	FIELD(line, type, 2, -EUCLEAN, "line 1: RAID type 02 is not known"),
	FIELD(line, magic, 0, -EUCLEAN, "line 1: no identity"),
	FIELD(line, magic, 0xffffffff, -EUCLEAN, "line 1: no identity"),
	FIELD(line, magic, 0x2a000001, -EUCLEAN, "lines 0 and 1 have the identity 2a000001"),
	FIELD(line, capacity, 0, -EUCLEAN, "0 sectors used, the table is at sector 262127"),
	FIELD(line, capacity, 262128, -EUCLEAN,
	      "262128 sectors used, the table is at sector 262127"),
	FIELD(line, level, 1, -EUCLEAN, "the table does not list the drive itself, 91000001"),
	FIELD(line, type, 0xfe, -EUCLEAN, "line 0: 1 drives follow, need 2"),
};

static void case_hostile_desc(const struct case_hostile *c, char *desc)
{
	strscpy(desc, c->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(case_hostile, hostile_cases, case_hostile_desc);

static void put_field(u8 *at, size_t size, u32 val)
{
	while (size--) {
		at[size] = val;
		val >>= 8;
	}
}

static void hostile_values_are_refused(struct kunit *test)
{
	const struct case_hostile *c = test->param_value;
	u8 *at;

	load(test, &golden_stripe, D0);
	at = c->where == rb ? (u8 *)lab_rb(&disk) : c->where == table ? (u8 *)lab_table(&disk) :
							    (u8 *)lab_line(&disk, 1);
	put_field(at + c->offset, c->size, c->val);
	if (c->where == line)
		lab_seal(&disk);
	expect_refused(test, c->err, c->reason);
}

static void hostile_hierarchies_are_refused(struct kunit *test)
{
	load(test, &golden_stripe, D0);
	*lab_line(&disk, 3) = *lab_line(&disk, 0);
	*lab_line(&disk, 0) = *lab_line(&disk, 2);
	*lab_line(&disk, 2) = *lab_line(&disk, 3);
	lab_seal(&disk);
	expect_refused(test, -EUCLEAN, "line 0: a drive before any array");
	load(test, &golden_stripe, D0);
	lab_line(&disk, 0)->count = cpu_to_be16(65);
	lab_seal(&disk);
	expect_refused(test, -EUCLEAN, "line 0: an array of 65 drives");
	load(test, &golden_stripe, D0);
	lab_line(&disk, 0)->count = cpu_to_be16(1);
	lab_seal(&disk);
	expect_refused(test, -EUCLEAN, "line 0: more than 1 drives follow");
	load(test, &golden_ten, D0);
	lab_line(&disk, 0)->count = cpu_to_be16(3);
	lab_seal(&disk);
	expect_refused(test, -EUCLEAN, "line 0: 2 arrays follow, need 3");
	load(test, &golden_ten, D0);
	lab_line(&disk, 0)->count = cpu_to_be16(0xffff);
	lab_seal(&disk);
	expect_refused(test, -EUCLEAN, "line 0: an array of 65535 arrays");
	load(test, &golden_ten, D0);
	lab_line(&disk, 4)->type = ASR_RAID0;
	lab_seal(&disk);
	expect_refused(test, -EUCLEAN, "lines 1 and 4 are not alike");
	load(test, &golden_ten, D0);
	lab_line(&disk, 1)->count = cpu_to_be16(64);
	lab_line(&disk, 4)->count = cpu_to_be16(64);
	lab_seal(&disk);
	expect_refused(test, -EUCLEAN, "line 0: 2 arrays of 64 drives");
	/* A drive behind a top that waits for arrays. */
	load(test, &golden_stripe, D1);
	lab_line(&disk, 0)->count = cpu_to_be16(1);
	*lab_line(&disk, 3) = *lab_line(&disk, 2);
	lab_line(&disk, 2)->level = ASR_TOP;
	lab_line(&disk, 2)->magic = cpu_to_be32(0x2a000002);
	lab_table(&disk)->nr_lines = cpu_to_be16(4);
	lab_seal(&disk);
	expect_refused(test, -EUCLEAN, "line 3: the drive itself, in no array");
}

static void only_sectors_of_512_and_disks_of_2_tib(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct emd_config_disk row;

	load(test, &golden_mirror, D0);
	disk.block_size = 4096;
	expect_refused(test, -ENODATA, "");
	disk.block_size = 512;
	disk.sectors = 1ULL << 32;
	expect_refused(test, -ENODATA, "");
	disk.sectors = 127;
	KUNIT_EXPECT_FALSE(test, emd_asr_ops.recognize(&(struct emd_meta_image){
		.disk_sectors = 127, .block_size = 512 }));
	KUNIT_EXPECT_EQ(test, emd_asr_ops.new_disk("S", 1 << 20, 4096, &row, &msg), -EINVAL);
	KUNIT_EXPECT_STREQ(test, msg.text, "logical blocks of 4096 bytes, asr needs 512");
	msg.text[0] = 0;
	KUNIT_EXPECT_EQ(test, emd_asr_ops.new_disk("S", 1ULL << 32, 512, &row, &msg), -EINVAL);
	KUNIT_EXPECT_STREQ(test, msg.text,
			   "disk of 4294967296 sectors, asr needs 2065 to 4294967295");
	disk.sectors = LAB_SECTORS;
}

/* Older controllers have longer tables, further from the end. */
static void tables_elsewhere_are_read_there(struct kunit *test)
{
	struct asr_table_ondisk *to;

	load(test, &golden_mirror, D0);
	to = (struct asr_table_ondisk *)(disk.bytes + LAB_WINDOW - 33 * 512);
	memcpy(to, lab_table(&disk), 512);
	to->max_lines = cpu_to_be16(255);
	memset(lab_table(&disk), 0, 512);
	lab_rb(&disk)->table = cpu_to_be32(LAB_SECTORS - 33);
	expect_config(test, "MIRROR raid1 none 128 262016 0+262016 UU idle");
}

static void flipped_bytes_do_no_harm(struct kunit *test)
{
	static const struct golden *const goldens[] = {
		&golden_ten, &golden_mirror, &golden_rebuilding, &golden_oh_one,
	};
	static const u8 masks[] = { 0x01, 0x80, 0xff };
	struct emd_config *cfg;
	unsigned int g, i, m;
	u8 *bytes;

	for (g = 0; g < ARRAY_SIZE(goldens); g++) {
		load(test, goldens[g], D0);
		bytes = (u8 *)lab_table(&disk);
		for (i = 0; i < 64 * 9u; i++) {
			for (m = 0; m < ARRAY_SIZE(masks); m++) {
				bytes[i] ^= masks[m];
				if (i >= 64)
					lab_seal(&disk);
				cfg = lab_decode(&disk, NULL);
				if (!IS_ERR(cfg)) {
					KUNIT_EXPECT_EQ(test, emd_config_check(cfg, NULL), 0);
					emd_config_free(cfg);
				}
				bytes[i] ^= masks[m];
				if (i >= 64)
					lab_seal(&disk);
			}
		}
	}
}

static void erased_is_gone(struct kunit *test)
{
	struct emd_meta_writes out = { .buf_len = 16384 };
	struct emd_meta_image img;

	load(test, &golden_mirror, D0);
	out.buf = kunit_kzalloc(test, out.buf_len, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, lab_read(&disk, &img, NULL), 0);
	KUNIT_EXPECT_EQ(test, emd_asr_ops.erase(&img, &out), 0);
	lab_image_free(&img);
	/* After the first write alone nobody finds it. */
	KUNIT_EXPECT_EQ(test, lab_write(&disk, &out, 1, false), 0);
	expect_refused(test, -ENODATA, "");
	KUNIT_EXPECT_EQ(test, lab_write(&disk, &out, out.nr, false), 0);
	KUNIT_EXPECT_NULL(test, memchr_inv(disk.bytes, 0, LAB_WINDOW));
}

static void nothing_is_erased_where_no_table_is(struct kunit *test)
{
	struct emd_meta_writes out = { .buf_len = 16384 };
	struct emd_meta_image img;
	unsigned int i;

	load(test, &golden_mirror, D0);
	lab_rb(&disk)->table = cpu_to_be32(2048);
	out.buf = kunit_kzalloc(test, out.buf_len, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, lab_read(&disk, &img, NULL), 0);
	KUNIT_EXPECT_EQ(test, emd_asr_ops.erase(&img, &out), 0);
	lab_image_free(&img);
	for (i = 0; i < out.nr; i++)
		KUNIT_EXPECT_GE(test, out.writes[i].offset, (LAB_SECTORS - 17) * 512ULL);
}

static struct kunit_case meta_asr_cases[] = {
	KUNIT_CASE_PARAM(golden_is_understood, case_golden_gen_params),
	KUNIT_CASE_PARAM(golden_checksum_is_right, case_golden_gen_params),
	KUNIT_CASE_PARAM(what_was_read_is_written, case_golden_gen_params),
	KUNIT_CASE(golden_bytes),
	KUNIT_CASE(a_real_stripe),
	KUNIT_CASE_PARAM(states_are_understood, case_state_gen_params),
	KUNIT_CASE(a_stripe_has_nothing_to_build),
	KUNIT_CASE(a_drive_that_is_filled_calls_itself_failed),
	KUNIT_CASE(what_is_not_known_is_shown_and_not_started),
	KUNIT_CASE(addresses_in_another_order_are_not_written),
	KUNIT_CASE(sizes_are_kept_to_what_there_is),
	KUNIT_CASE(dmraid_drops_lines_of_mirrors),
	KUNIT_CASE(names_come_from_the_first_line),
	KUNIT_CASE(other_arrays_of_the_table_are_others),
	KUNIT_CASE(a_wrong_checksum_is_borne),
	KUNIT_CASE_PARAM(hostile_values_are_refused, case_hostile_gen_params),
	KUNIT_CASE(hostile_hierarchies_are_refused),
	KUNIT_CASE(only_sectors_of_512_and_disks_of_2_tib),
	KUNIT_CASE(tables_elsewhere_are_read_there),
	KUNIT_CASE(flipped_bytes_do_no_harm),
	KUNIT_CASE(erased_is_gone),
	KUNIT_CASE(nothing_is_erased_where_no_table_is),
	{}
};

static struct kunit_suite meta_asr_suite = {
	.name = "emd_meta_asr",
	.init = lab_init,
	.exit = lab_exit,
	.test_cases = meta_asr_cases,
};

kunit_test_suite(meta_asr_suite);
