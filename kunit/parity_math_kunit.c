// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the arithmetic of parity against a slow one of their own: a byte at a
 * time, multiplication in GF(2^8) by the book. The geometry, which says what is
 * whose exponent, is taken as given; it has tests of its own.
 */
#include <kunit/test.h>
#include <linux/gfp.h>
#include <linux/prandom.h>
#include <linux/sizes.h>

#include "engine/parity_math.h"

#define MAX_BYTES	SZ_64K
/* Enough bytes to see each coefficient at work. */
#define FEW_BYTES	512

/* ---- the slow arithmetic ------------------------------------------------------------- */

static u8 gf_mul(u8 a, u8 b)
{
	u8 product = 0;

	for (; b; b >>= 1) {
		if (b & 1)
			product ^= a;
		a = (a << 1) ^ (a & 0x80 ? 0x1d : 0);
	}
	return product;
}

static u8 gf_power(unsigned int exponent)
{
	u8 power = 1;

	while (exponent--)
		power = gf_mul(power, 2);
	return power;
}

/* One block times 2 to the power of @exponent, onto another. */
static void slow_add(u8 *sum, const u8 *block, unsigned int exponent, unsigned int bytes)
{
	u8 factor = gf_power(exponent), products[256];
	unsigned int i;

	for (i = 0; i < 256; i++)
		products[i] = gf_mul(i, factor);
	for (i = 0; i < bytes; i++)
		sum[i] ^= products[block[i]];
}

/* ---- a row --------------------------------------------------------------------------- */

struct lab {
	struct emd_parity_math math;
	struct emd_geometry geo;
	u16 q_index[EMD_MAX_MEMBERS];
	u16 nr;				/* blocks, parity included */
	unsigned int room;		/* bytes in each */
	void *blocks[EMD_MAX_MEMBERS];
	void *copies[EMD_MAX_MEMBERS];	/* how they should be */
	void *scratch[EMD_PARITY_SCRATCH];
	struct rnd_state rnd;
};

static void *block_alloc(struct kunit *test, unsigned int bytes)
{
	/* In the linear map and aligned, as the engines' are. */
	void *block = kunit_kzalloc(test, bytes, GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, block);
	KUNIT_ASSERT_TRUE(test, IS_ALIGNED((unsigned long)block, 64));
	return block;
}

static void exit_math(void *data)
{
	emd_parity_math_exit(data);
}

static struct lab *lab_create(struct kunit *test, enum emd_level level, enum emd_layout layout,
			      u16 nr_members, unsigned int room)
{
	struct lab *lab = kunit_kzalloc(test, sizeof(*lab), GFP_KERNEL);
	u16 i;

	KUNIT_ASSERT_NOT_NULL(test, lab);
	prandom_seed_state(&lab->rnd, nr_members);
	lab->geo = (struct emd_geometry){
		.level = level,
		.layout = layout,
		.nr_members = nr_members,
		.nr_copies = 1,
		.strip_sectors = 8,
		.member_sectors = 8 * 512,
	};
	lab->geo.array_sectors = emd_geo_capacity(&lab->geo);
	KUNIT_ASSERT_EQ(test, emd_geo_validate(&lab->geo, NULL), 0);
	KUNIT_ASSERT_EQ(test, emd_parity_math_init(&lab->math, &lab->geo, NULL), 0);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, exit_math, &lab->math), 0);
	lab->nr = nr_members;
	lab->room = room;
	for (i = 0; i < lab->nr; i++) {
		lab->blocks[i] = block_alloc(test, room);
		lab->copies[i] = block_alloc(test, room);
	}
	return lab;
}

/* Fresh data, its parity by the slow arithmetic, exponents as in @row. */
static void lab_fill(struct lab *lab, u64 row, unsigned int bytes)
{
	u16 k, nr_data = lab->math.nr_data;

	for (k = 0; k < nr_data; k++) {
		lab->q_index[k] = k;
		if (lab->math.nr_parity == 2)
			lab->q_index[k] = emd_geo_q_index(&lab->geo, row,
							  emd_geo_data_slot(&lab->geo, row, k));
		prandom_bytes_state(&lab->rnd, lab->copies[k], bytes);
	}
	memset(lab->copies[nr_data], 0, bytes);
	if (lab->math.nr_parity == 2)
		memset(lab->copies[nr_data + 1], 0, bytes);
	for (k = 0; k < nr_data; k++) {
		slow_add(lab->copies[nr_data], lab->copies[k], 0, bytes);
		if (lab->math.nr_parity == 2)
			slow_add(lab->copies[nr_data + 1], lab->copies[k], lab->q_index[k], bytes);
	}
	for (k = 0; k < lab->nr; k++)
		memcpy(lab->blocks[k], lab->copies[k], bytes);
}

static void spoil(struct lab *lab, u16 i, unsigned int bytes)
{
	prandom_bytes_state(&lab->rnd, lab->blocks[i], bytes);
}

/* @but: two that may be anything */
static bool blocks_are_right(const struct lab *lab, unsigned int bytes, int but, int and_but)
{
	u16 i;

	for (i = 0; i < lab->nr; i++)
		if (i != but && i != and_but && memcmp(lab->blocks[i], lab->copies[i], bytes))
			return false;
	return true;
}

/* ---- cases --------------------------------------------------------------------------- */

static const enum emd_layout raid6_layouts[] = {
	EMD_LAYOUT_LEFT_SYMMETRIC,		/* exponents begin behind Q */
	EMD_LAYOUT_LEFT_SYMMETRIC_6,		/* Q elsewhere */
	EMD_LAYOUT_ROTATING_ZERO_RESTART,	/* exponents with holes, where parity is */
	EMD_LAYOUT_ROTATING_N_RESTART,
	EMD_LAYOUT_ROTATING_N_CONTINUE,
};

static void layout_name(const enum emd_layout *layout, char *name)
{
	strscpy(name, emd_layout_names[*layout], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(raid6_layouts, raid6_layouts, layout_name);

static const unsigned int lengths[] = { 512, 1024, 3584, 4096, 4608, 8192, 12800, SZ_64K };

static void slow_carry(struct lab *lab, u16 k, unsigned int bytes)
{
	u16 nr_data = lab->math.nr_data;

	slow_add(lab->copies[nr_data], lab->copies[k], 0, bytes);
	if (lab->math.nr_parity == 2)
		slow_add(lab->copies[nr_data + 1], lab->copies[k], lab->q_index[k], bytes);
}

/* Generate, then take each block out of the parity and put another in. */
static void check_generate_and_update(struct kunit *test, struct lab *lab, u64 row,
				      unsigned int bytes)
{
	u16 k, nr_data = lab->math.nr_data;

	lab_fill(lab, row, bytes);
	for (k = nr_data; k < lab->nr; k++)
		spoil(lab, k, bytes);
	emd_parity_generate(&lab->math, lab->q_index, lab->blocks, bytes, lab->scratch);
	KUNIT_ASSERT_TRUE(test, blocks_are_right(lab, bytes, -1, -1));

	if (!emd_parity_can_update(&lab->math))
		return;
	for (k = 0; k < nr_data; k++) {
		slow_carry(lab, k, bytes);
		emd_parity_update(&lab->math, lab->q_index, lab->blocks, k, bytes, lab->scratch);
		spoil(lab, k, bytes);
		memcpy(lab->copies[k], lab->blocks[k], bytes);
		slow_carry(lab, k, bytes);
		emd_parity_update(&lab->math, lab->q_index, lab->blocks, k, bytes, lab->scratch);
		KUNIT_ASSERT_TRUE(test, blocks_are_right(lab, bytes, -1, -1));
	}
}

static void one_parity_is_as_the_slow_one(struct kunit *test)
{
	static const u16 members[] = { 3, 4, 5, 6, 7, 8, 17 };
	unsigned int i, n;

	for (n = 0; n < ARRAY_SIZE(members); n++) {
		struct lab *lab = lab_create(test, EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_SYMMETRIC,
					     members[n], MAX_BYTES);

		for (i = 0; i < ARRAY_SIZE(lengths); i++)
			check_generate_and_update(test, lab, 0, lengths[i]);
	}
}

static void two_parities_are_as_the_slow_ones(struct kunit *test)
{
	const enum emd_layout *layout = test->param_value;
	static const u16 members[] = { 4, 5, 8 };
	unsigned int i, n;
	u64 row;

	for (n = 0; n < ARRAY_SIZE(members); n++) {
		struct lab *lab = lab_create(test, EMD_LEVEL_RAID6, *layout, members[n], MAX_BYTES);

		for (i = 0; i < ARRAY_SIZE(lengths); i++)
			check_generate_and_update(test, lab, 1, lengths[i]);
		for (row = 0; row < members[n]; row++)
			check_generate_and_update(test, lab, row, FEW_BYTES);
	}
}

static void many_members_are_as_few(struct kunit *test)
{
	const enum emd_layout *layout = test->param_value;
	struct lab *lab = lab_create(test, EMD_LEVEL_RAID6, *layout, EMD_MAX_PARITY_MEMBERS,
				     FEW_BYTES);

	check_generate_and_update(test, lab, 0, FEW_BYTES);
	check_generate_and_update(test, lab, 100, FEW_BYTES);
	check_generate_and_update(test, lab, EMD_MAX_PARITY_MEMBERS - 1, FEW_BYTES);
	lab = lab_create(test, EMD_LEVEL_RAID5, EMD_LAYOUT_RIGHT_ASYMMETRIC,
			 EMD_MAX_PARITY_MEMBERS, FEW_BYTES);
	check_generate_and_update(test, lab, 7, FEW_BYTES);
}

/* Data comes back; a lost parity may be anything afterwards. */
static void check_recover(struct kunit *test, struct lab *lab, int a, int b, unsigned int bytes)
{
	u16 lost[2] = { a, b }, nr_data = lab->math.nr_data;
	unsigned int nr = (a >= 0) + (b >= 0), i;
	bool done;

	for (i = 0; i < nr; i++)
		spoil(lab, lost[i], bytes);
	done = emd_parity_recover(&lab->math, lab->q_index, lab->blocks, lost, nr, bytes,
				  lab->scratch);
	KUNIT_ASSERT_TRUE(test, done);
	KUNIT_ASSERT_TRUE_MSG(test, blocks_are_right(lab, bytes, a >= nr_data ? a : -1,
						     b >= nr_data ? b : -1),
			      "%u members, lost %d and %d", lab->nr, a, b);
	for (i = 0; i < nr; i++)
		memcpy(lab->blocks[lost[i]], lab->copies[lost[i]], bytes);
}

static void what_one_parity_protects_comes_back(struct kunit *test)
{
	u16 n, i;

	for (n = 3; n <= 8; n++) {
		struct lab *lab = lab_create(test, EMD_LEVEL_RAID4, EMD_LAYOUT_PARITY_FIRST, n,
					     SZ_8K);

		lab_fill(lab, 0, SZ_8K);
		check_recover(test, lab, -1, -1, SZ_8K);
		for (i = 0; i < n; i++)
			check_recover(test, lab, i, -1, SZ_8K);
	}
}

static void what_two_parities_protect_comes_back(struct kunit *test)
{
	const enum emd_layout *layout = test->param_value;
	u16 n, a, b;
	u64 row;

	for (n = 4; n <= 8; n++) {
		struct lab *lab = lab_create(test, EMD_LEVEL_RAID6, *layout, n, SZ_8K);

		for (row = 0; row < n; row++) {
			/* Once over the edge of a step, too. */
			unsigned int bytes = row ? FEW_BYTES : SZ_8K;

			lab_fill(lab, row, bytes);
			for (a = 0; a < n; a++) {
				check_recover(test, lab, a, -1, bytes);
				for (b = a + 1; b < n; b++)
					check_recover(test, lab, a, b, bytes);
			}
		}
	}
}

static void pairs_of_many_members_come_back(struct kunit *test)
{
	const enum emd_layout *layout = test->param_value;
	u16 n = EMD_MAX_PARITY_MEMBERS, i;
	struct lab *lab = lab_create(test, EMD_LEVEL_RAID6, *layout, n, FEW_BYTES);

	lab_fill(lab, 50, FEW_BYTES);
	for (i = 0; i < 30; i++) {
		u16 a = prandom_u32_state(&lab->rnd) % n, b = prandom_u32_state(&lab->rnd) % n;

		if (a != b)
			check_recover(test, lab, min(a, b), max(a, b), FEW_BYTES);
	}
	check_recover(test, lab, 0, 1, FEW_BYTES);
	check_recover(test, lab, 0, n - 1, FEW_BYTES);
	check_recover(test, lab, n - 4, n - 3, FEW_BYTES);
	check_recover(test, lab, n - 3, n - 2, FEW_BYTES);
	check_recover(test, lab, n - 2, n - 1, FEW_BYTES);
}

static void too_many_lost_are_left_alone(struct kunit *test)
{
	static const u16 lost[] = { 0, 1, 2 };
	struct lab *lab;

	lab = lab_create(test, EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_SYMMETRIC, 5, FEW_BYTES);
	lab_fill(lab, 0, FEW_BYTES);
	KUNIT_EXPECT_FALSE(test, emd_parity_recover(&lab->math, lab->q_index, lab->blocks, lost, 2,
						    FEW_BYTES, lab->scratch));
	KUNIT_EXPECT_TRUE(test, blocks_are_right(lab, FEW_BYTES, -1, -1));
	lab = lab_create(test, EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_SYMMETRIC, 6, FEW_BYTES);
	lab_fill(lab, 0, FEW_BYTES);
	KUNIT_EXPECT_FALSE(test, emd_parity_recover(&lab->math, lab->q_index, lab->blocks, lost, 3,
						    FEW_BYTES, lab->scratch));
	KUNIT_EXPECT_TRUE(test, blocks_are_right(lab, FEW_BYTES, -1, -1));
}

/* ---- which one is wrong -------------------------------------------------------------- */

/* As whoever compares does it: the difference of the parities to what data says. */
static int locate(struct lab *lab)
{
	u16 nr_data = lab->math.nr_data, k;
	u8 p[FEW_BYTES], q[FEW_BYTES];

	memcpy(p, lab->blocks[nr_data], FEW_BYTES);
	memcpy(q, lab->blocks[nr_data + 1], FEW_BYTES);
	for (k = 0; k < nr_data; k++) {
		slow_add(p, lab->blocks[k], 0, FEW_BYTES);
		slow_add(q, lab->blocks[k], lab->q_index[k], FEW_BYTES);
	}
	return emd_parity_locate(&lab->math, lab->q_index, p, q, FEW_BYTES);
}

static void the_wrong_one_is_found(struct kunit *test)
{
	const enum emd_layout *layout = test->param_value;
	u16 n, i, other;
	u64 row;

	for (n = 4; n <= 8; n++) {
		struct lab *lab = lab_create(test, EMD_LEVEL_RAID6, *layout, n, FEW_BYTES);

		for (row = 0; row < n; row++) {
			lab_fill(lab, row, FEW_BYTES);
			KUNIT_ASSERT_EQ(test, locate(lab), -1);
			for (i = 0; i < n; i++) {
				u8 *block = lab->blocks[i];

				/* A byte, and everything. */
				block[prandom_u32_state(&lab->rnd) % FEW_BYTES] ^= 0x80;
				KUNIT_ASSERT_EQ(test, locate(lab), i);
				spoil(lab, i, FEW_BYTES);
				KUNIT_ASSERT_EQ(test, locate(lab), i);

				/* Two wrong ones look like none that could be named. */
				other = (i + 1) % n;
				spoil(lab, other, FEW_BYTES);
				KUNIT_ASSERT_EQ(test, locate(lab), -1);
				memcpy(block, lab->copies[i], FEW_BYTES);
				memcpy(lab->blocks[other], lab->copies[other], FEW_BYTES);
			}
		}
	}
}

static void the_wrong_one_of_many_is_found(struct kunit *test)
{
	const enum emd_layout *layout = test->param_value;
	u16 n = EMD_MAX_PARITY_MEMBERS, i;
	struct lab *lab = lab_create(test, EMD_LEVEL_RAID6, *layout, n, FEW_BYTES);

	lab_fill(lab, 3, FEW_BYTES);
	for (i = 0; i < n; i += i < 8 || i + 8 > n ? 1 : 13) {
		u8 *block = lab->blocks[i];

		block[i] ^= 1 + i;
		KUNIT_ASSERT_EQ(test, locate(lab), i);
		block[i] ^= 1 + i;
	}
	KUNIT_EXPECT_EQ(test, locate(lab), -1);
}

static struct kunit_case parity_math_cases[] = {
	KUNIT_CASE(one_parity_is_as_the_slow_one),
	KUNIT_CASE_PARAM(two_parities_are_as_the_slow_ones, raid6_layouts_gen_params),
	KUNIT_CASE_PARAM(many_members_are_as_few, raid6_layouts_gen_params),
	KUNIT_CASE(what_one_parity_protects_comes_back),
	KUNIT_CASE_PARAM(what_two_parities_protect_comes_back, raid6_layouts_gen_params),
	KUNIT_CASE_PARAM(pairs_of_many_members_come_back, raid6_layouts_gen_params),
	KUNIT_CASE(too_many_lost_are_left_alone),
	KUNIT_CASE_PARAM(the_wrong_one_is_found, raid6_layouts_gen_params),
	KUNIT_CASE_PARAM(the_wrong_one_of_many_is_found, raid6_layouts_gen_params),
	{}
};

static struct kunit_suite parity_math_suite = {
	.name = "emd_parity_math",
	.test_cases = parity_math_cases,
};

kunit_test_suite(parity_math_suite);

MODULE_DESCRIPTION("KUnit tests of EMD's arithmetic of parity");
MODULE_LICENSE("GPL");
