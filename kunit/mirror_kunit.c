// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of how the mirror engine takes windows and long requests apart, for
 * every layout of two copies and for raid1. emd_geo_map() is the truth here.
 */
#include <kunit/test.h>
#include <linux/prandom.h>

#include "geometry.h"
#include "engine/mirror.h"

struct shape {
	enum emd_level level;
	enum emd_layout layout;
	u16 first_n;
	u16 step_n;
};

static const struct shape shapes[] = {
	{ EMD_LEVEL_RAID1, EMD_LAYOUT_NONE, 2, 1 },
	{ EMD_LEVEL_RAID1E, EMD_LAYOUT_ADJACENT, 3, 1 },
	{ EMD_LEVEL_RAID1E, EMD_LAYOUT_OFFSET, 3, 1 },
	{ EMD_LEVEL_RAID10, EMD_LAYOUT_ADJACENT, 4, 2 },
	{ EMD_LEVEL_RAID10, EMD_LAYOUT_OFFSET, 4, 2 },
};

static void shape_name(const struct shape *shape, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%s %s", emd_levels[shape->level].name,
		 emd_layout_names[shape->layout]);
}

KUNIT_ARRAY_PARAM(shapes, shapes, shape_name);

#define MAX_N		8
#define MAX_SECTORS	2048

static struct emd_geometry geometry_of(const struct shape *shape, u16 n, u32 strip, u64 rows)
{
	struct emd_geometry geo = {
		.level = shape->level,
		.layout = shape->layout,
		.nr_members = n,
		.nr_copies = shape->level == EMD_LEVEL_RAID1 ? n : 2,
		.strip_sectors = strip,
		.member_sectors = rows * strip,
	};

	geo.array_sectors = emd_geo_capacity(&geo);
	return geo;
}

/* Every copy of every sector of a window is in exactly one run, and where the map says. */
static void check_window(struct kunit *test, const struct emd_geometry *geo, u64 start, u64 nr,
			 u8 *seen)
{
	u64 first, end, k;
	u16 slot, copy;

	memset(seen, 0, MAX_SECTORS * MAX_N);
	mirror_window_rows(geo, start, nr, &first, &end);
	for (slot = 0; slot < geo->nr_members; slot++) {
		u64 cursor = first, last_end = 0;

		while (cursor < end) {
			struct mirror_run run;

			if (!mirror_next_run(geo, start, nr, slot, &cursor, &run))
				continue;
			/* Ascending on the member, so that bios can grow. */
			KUNIT_ASSERT_GE(test, run.member_sector, last_end);
			last_end = run.member_sector + run.nr_sectors;
			for (k = 0; k < run.nr_sectors; k++) {
				u64 sector = run.array_sector + k;
				struct emd_piece piece;

				KUNIT_ASSERT_GE(test, sector, start);
				KUNIT_ASSERT_LT(test, sector, start + nr);
				emd_geo_map(geo, sector, run.copy, &piece);
				KUNIT_ASSERT_EQ(test, piece.slot, slot);
				KUNIT_ASSERT_EQ(test, piece.member_sector, run.member_sector + k);
				seen[(sector - start) * geo->nr_copies + run.copy]++;
			}
		}
	}
	for (k = 0; k < nr; k++)
		for (copy = 0; copy < geo->nr_copies; copy++)
			KUNIT_ASSERT_EQ(test, seen[k * geo->nr_copies + copy], 1);
}

static void window_runs_cover_every_copy_once(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct rnd_state rnd;
	unsigned int round;
	u8 *seen;
	u16 n;

	seen = kunit_kzalloc(test, MAX_SECTORS * MAX_N, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, seen);
	prandom_seed_state(&rnd, 1);
	for (n = shape->first_n; n <= MAX_N; n += shape->step_n) {
		for (round = 0; round < 50; round++) {
			struct emd_geometry geo = geometry_of(shape, n,
							      8 << prandom_u32_state(&rnd) % 5,
							      6 + prandom_u32_state(&rnd) % 20);
			u64 start, nr;

			/* Arrays may end within a strip. */
			geo.array_sectors -= prandom_u32_state(&rnd) % geo.strip_sectors;
			start = prandom_u32_state(&rnd) % geo.array_sectors;
			nr = min_t(u64, 1 + prandom_u32_state(&rnd) % (MAX_SECTORS - 1),
				   geo.array_sectors - start);
			check_window(test, &geo, start, nr, seen);
			/* And the last ones of the array. */
			nr = min_t(u64, nr, geo.array_sectors);
			check_window(test, &geo, geo.array_sectors - nr, nr, seen);
		}
	}
}

static void slots_share_strips_as_the_map_says(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	u16 n, a, b;

	if (shape->level == EMD_LEVEL_RAID1)
		kunit_skip(test, "all slots share everything");
	for (n = shape->first_n; n <= MAX_N; n += shape->step_n) {
		struct emd_geometry geo = geometry_of(shape, n, 8, 2 * n);

		for (a = 0; a < n; a++) {
			for (b = 0; b < n; b++) {
				bool share = false;
				u64 sector;

				if (a == b)
					continue;
				for (sector = 0; sector < geo.array_sectors; sector += 8) {
					struct emd_piece p, q;

					emd_geo_map(&geo, sector, 0, &p);
					emd_geo_map(&geo, sector, 1, &q);
					KUNIT_ASSERT_EQ(test, q.slot, mirror_slot(&geo, p.slot, 1));
					share |= (p.slot == a && q.slot == b) ||
						 (p.slot == b && q.slot == a);
				}
				KUNIT_ASSERT_EQ(test, mirror_share_strips(&geo, a, b), share);
			}
		}
	}
}

/* What a long discard relies on. */
static void units_are_one_run_on_each_member(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	u16 n, slot, copy;

	for (n = shape->first_n; n <= MAX_N; n += shape->step_n) {
		struct emd_geometry geo = geometry_of(shape, n, 8, 4 * n);
		u64 unit = emd_geo_stripe_sectors(&geo);
		u64 depth = unit * geo.nr_copies / n;
		u64 at, sector;

		for (slot = 0; slot < n; slot++) {
			for (at = 0; at < geo.array_sectors / unit * depth; at++) {
				bool held = emd_geo_unmap(&geo, slot, at, &sector, &copy);

				KUNIT_ASSERT_TRUE(test, held);
				KUNIT_ASSERT_EQ(test, sector / unit, at / depth);
			}
		}
	}
}

static struct kunit_case mirror_cases[] = {
	KUNIT_CASE_PARAM(window_runs_cover_every_copy_once, shapes_gen_params),
	KUNIT_CASE_PARAM(slots_share_strips_as_the_map_says, shapes_gen_params),
	KUNIT_CASE_PARAM(units_are_one_run_on_each_member, shapes_gen_params),
	{}
};

static struct kunit_suite mirror_suite = {
	.name = "emd_mirror",
	.test_cases = mirror_cases,
};

kunit_test_suite(mirror_suite);

MODULE_DESCRIPTION("KUnit tests of EMD's mirror engine");
MODULE_LICENSE("GPL");
