// SPDX-License-Identifier: GPL-2.0
/*
 * Geometry against a slow model: a matrix of cells, a row of strips for each
 * line, painted strip by strip as the layouts' definitions say it in words. The
 * model knows no formula, the code under test no matrix.
 */
#include <kunit/test.h>
#include <linux/prandom.h>
#include <linux/slab.h>

#include "geometry.h"

#define MAX_N		8
#define MAX_ROWS	64
#define NO_STRIP	-1
#define PARITY		-2

/* ---- the model ------------------------------------------------------------ */

struct cell {
	int strip;		/* NO_STRIP, PARITY, or a strip's number */
	int copy;
};

struct model {
	struct emd_geometry geo;
	unsigned int rows;
	int nr_strips;		/* all copies painted */
	struct cell cells[MAX_ROWS][MAX_N];
};

struct shape {
	enum emd_level level;
	enum emd_layout layout;
	unsigned int parity;
};

static const struct shape shapes[] = {
	{ EMD_LEVEL_RAID0, EMD_LAYOUT_NONE },
	{ EMD_LEVEL_RAID1E, EMD_LAYOUT_ADJACENT },
	{ EMD_LEVEL_RAID1E, EMD_LAYOUT_OFFSET },
	{ EMD_LEVEL_RAID10, EMD_LAYOUT_ADJACENT },
	{ EMD_LEVEL_RAID10, EMD_LAYOUT_OFFSET },
	{ EMD_LEVEL_RAID4, EMD_LAYOUT_PARITY_FIRST, 1 },
	{ EMD_LEVEL_RAID4, EMD_LAYOUT_PARITY_LAST, 1 },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_ASYMMETRIC, 1 },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_SYMMETRIC, 1 },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_RIGHT_ASYMMETRIC, 1 },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_RIGHT_SYMMETRIC, 1 },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_PARITY_FIRST, 1 },
	{ EMD_LEVEL_RAID5, EMD_LAYOUT_PARITY_LAST, 1 },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_ASYMMETRIC, 2 },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_SYMMETRIC, 2 },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_RIGHT_ASYMMETRIC, 2 },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_RIGHT_SYMMETRIC, 2 },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_PARITY_FIRST, 2 },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_PARITY_LAST, 2 },
};

static void shape_desc(const struct shape *shape, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s %s", emd_levels[shape->level].name,
		 emd_layout_names[shape->layout]);
}

KUNIT_ARRAY_PARAM(shape, shapes, shape_desc);

static void paint_row(struct model *m, unsigned int row)
{
	unsigned int slot;

	for (slot = 0; slot < m->geo.nr_members; slot++)
		m->cells[row][slot] = (struct cell){ m->nr_strips++, 0 };
}

/* From left to right, line after line, each strip twice. */
static void paint_adjacent(struct model *m)
{
	unsigned int row, slot;
	int copy = 0;

	for (row = 0; row < m->rows; row++) {
		for (slot = 0; slot < m->geo.nr_members; slot++) {
			m->cells[row][slot] = (struct cell){ m->nr_strips, copy };
			if (copy)
				m->nr_strips++;
			copy = !copy;
		}
	}
	/* A first copy without a second one is no strip of the array. */
	if (copy)
		m->cells[m->rows - 1][m->geo.nr_members - 1].strip = NO_STRIP;
}

/* A line of strips, and below it the same, one to the right and round the corner. */
static void paint_offset(struct model *m)
{
	unsigned int row, slot, n = m->geo.nr_members;

	for (row = 0; row + 1 < m->rows; row += 2) {
		paint_row(m, row);
		for (slot = 0; slot + 1 < n; slot++)
			m->cells[row + 1][slot + 1] = m->cells[row][slot];
		m->cells[row + 1][0] = m->cells[row][n - 1];
		for (slot = 0; slot < n; slot++)
			m->cells[row + 1][slot].copy = 1;
	}
}

/* Parity takes a step each line; data goes where there is room. */
static void paint_parity(struct model *m, unsigned int parity)
{
	enum emd_layout layout = m->geo.layout;
	unsigned int row, slot, i, n = m->geo.nr_members, at, first;

	at = layout == EMD_LAYOUT_RIGHT_ASYMMETRIC || layout == EMD_LAYOUT_RIGHT_SYMMETRIC ||
	     layout == EMD_LAYOUT_PARITY_FIRST ? 0 :
	     layout == EMD_LAYOUT_PARITY_LAST ? n - parity : n - 1;
	for (row = 0; row < m->rows; row++) {
		slot = at;
		for (i = 0; i < parity; i++) {
			m->cells[row][slot].strip = PARITY;
			slot = slot + 1 == n ? 0 : slot + 1;
		}
		first = layout == EMD_LAYOUT_LEFT_SYMMETRIC ||
			layout == EMD_LAYOUT_RIGHT_SYMMETRIC ? slot : 0;
		slot = first;
		do {
			if (m->cells[row][slot].strip != PARITY)
				m->cells[row][slot] = (struct cell){ m->nr_strips++, 0 };
			slot = slot + 1 == n ? 0 : slot + 1;
		} while (slot != first);

		if (layout == EMD_LAYOUT_LEFT_ASYMMETRIC || layout == EMD_LAYOUT_LEFT_SYMMETRIC)
			at = at ? at - 1 : n - 1;
		else if (layout == EMD_LAYOUT_RIGHT_ASYMMETRIC ||
			 layout == EMD_LAYOUT_RIGHT_SYMMETRIC)
			at = at + 1 == n ? 0 : at + 1;
	}
}

static void paint(struct model *m, const struct shape *shape, unsigned int n, unsigned int rows,
		  u32 strip_sectors, u32 tail)
{
	unsigned int row, slot;

	memset(m, 0, sizeof(*m));
	m->rows = rows;
	m->geo.level = shape->level;
	m->geo.layout = shape->layout;
	m->geo.nr_members = n;
	m->geo.strip_sectors = strip_sectors;
	m->geo.member_sectors = (u64)rows * strip_sectors + tail;
	m->geo.nr_copies = 1;
	for (row = 0; row < rows; row++)
		for (slot = 0; slot < n; slot++)
			m->cells[row][slot].strip = NO_STRIP;

	if (shape->parity) {
		paint_parity(m, shape->parity);
	} else if (shape->layout == EMD_LAYOUT_ADJACENT) {
		m->geo.nr_copies = 2;
		paint_adjacent(m);
	} else if (shape->layout == EMD_LAYOUT_OFFSET) {
		m->geo.nr_copies = 2;
		paint_offset(m);
	} else {
		for (row = 0; row < rows; row++)
			paint_row(m, row);
	}
	m->geo.array_sectors = (u64)m->nr_strips * strip_sectors;
}

static bool takes_members(const struct shape *shape, unsigned int n)
{
	return n >= emd_levels[shape->level].min_members &&
	       (shape->level != EMD_LEVEL_RAID10 || n % 2 == 0);
}

struct rand_ctx {
	struct rnd_state rnd;
};

static u32 below(struct rand_ctx *ctx, u32 limit)
{
	return prandom_u32_state(&ctx->rnd) % limit;
}

static struct model *model_alloc(struct kunit *test)
{
	struct model *m = kunit_kzalloc(test, sizeof(*m), GFP_KERNEL);

	KUNIT_ASSERT_NOT_NULL(test, m);
	return m;
}

/* Call @fn for every member count, with a few random strips, lengths and tails. */
static void try_models(struct kunit *test,
		       void (*fn)(struct kunit *test, struct model *m, struct rand_ctx *ctx))
{
	const struct shape *shape = test->param_value;
	struct model *m = model_alloc(test);
	struct rand_ctx ctx;
	unsigned int n, round;

	prandom_seed_state(&ctx.rnd, 0x454d4401);
	for (n = 1; n <= MAX_N; n++) {
		if (!takes_members(shape, n))
			continue;
		for (round = 0; round < 8; round++) {
			u32 strip = 1U << below(&ctx, 12);
			/* Two lines at least: an offset layout has no smaller unit. */
			unsigned int rows = 2 + below(&ctx, MAX_ROWS - 1);

			paint(m, shape, n, rows, strip, below(&ctx, strip));
			fn(test, m, &ctx);
		}
	}
}

/* ---- mapping ---------------------------------------------------------------- */

static void check_map(struct kunit *test, struct model *m, struct rand_ctx *ctx)
{
	u32 strip = m->geo.strip_sectors;
	unsigned int row, slot, i;
	int nr_cells = 0;

	KUNIT_ASSERT_EQ(test, emd_geo_validate(&m->geo, NULL), 0);
	KUNIT_EXPECT_EQ(test, emd_geo_capacity(&m->geo), m->geo.array_sectors);

	for (row = 0; row < m->rows; row++) {
		for (slot = 0; slot < m->geo.nr_members; slot++) {
			const struct cell *cell = &m->cells[row][slot];
			const u32 offsets[] = { 0, strip - 1, below(ctx, strip) };

			for (i = 0; i < ARRAY_SIZE(offsets); i++) {
				u64 member_sector = (u64)row * strip + offsets[i];
				u64 array_sector = (u64)cell->strip * strip + offsets[i];
				struct emd_piece piece = {};
				u64 back = ~0ULL;
				u16 copy = 0xffff;
				bool holds;

				holds = emd_geo_unmap(&m->geo, slot, member_sector, &back, &copy);
				KUNIT_ASSERT_EQ_MSG(test, holds, cell->strip >= 0,
						    "n %u strip %u row %u slot %u",
						    m->geo.nr_members, strip, row, slot);
				if (!holds)
					continue;
				KUNIT_ASSERT_EQ(test, back, array_sector);
				KUNIT_ASSERT_EQ(test, copy, cell->copy);

				emd_geo_map(&m->geo, array_sector, cell->copy, &piece);
				KUNIT_ASSERT_EQ_MSG(test, piece.slot, slot,
						    "n %u strip %u row %u",
						    m->geo.nr_members, strip, row);
				KUNIT_ASSERT_EQ(test, piece.member_sector, member_sector);
				KUNIT_ASSERT_EQ(test, piece.nr_sectors, strip - offsets[i]);
			}
			nr_cells += cell->strip >= 0;
		}
	}
	/* Every copy of every strip has its own cell, so map and unmap are a bijection. */
	KUNIT_EXPECT_EQ(test, nr_cells, m->nr_strips * m->geo.nr_copies);
}

static void maps_as_painted(struct kunit *test)
{
	try_models(test, check_map);
}

static void check_parity(struct kunit *test, struct model *m, struct rand_ctx *ctx)
{
	const struct shape *shape = test->param_value;
	unsigned int row, slot;

	for (row = 0; row < m->rows; row++) {
		u16 p = 0xffff, q = 0xffff;

		emd_geo_parity(&m->geo, row, &p, &q);
		for (slot = 0; slot < m->geo.nr_members; slot++)
			KUNIT_ASSERT_EQ(test, slot == p || slot == q,
					m->cells[row][slot].strip == PARITY);
		if (shape->parity == 2)
			KUNIT_ASSERT_EQ(test, q, (p + 1) % m->geo.nr_members);
		else
			KUNIT_ASSERT_EQ(test, q, p);
	}
}

static void parity_is_where_painted(struct kunit *test)
{
	const struct shape *shape = test->param_value;

	if (!shape->parity)
		kunit_skip(test, "has no parity");
	try_models(test, check_parity);
}

/* Rows are filled, and every strip has all its copies in them, at each multiple. */
static void check_stripe(struct kunit *test, struct model *m, struct rand_ctx *ctx)
{
	u64 stripe = emd_geo_stripe_sectors(&m->geo);
	unsigned int row, slot, unit_rows;
	int strips = stripe / m->geo.strip_sectors;

	KUNIT_ASSERT_EQ(test, stripe % m->geo.strip_sectors, 0);
	/* Slow: the first line boundary with nothing torn; the unit ends there. */
	for (unit_rows = 1; unit_rows < m->rows; unit_rows++) {
		bool torn = false;
		int highest = -1, nr_cells = 0;

		for (row = 0; row < unit_rows; row++) {
			for (slot = 0; slot < m->geo.nr_members; slot++) {
				highest = max(highest, m->cells[row][slot].strip);
				nr_cells += m->cells[row][slot].strip >= 0;
			}
		}
		torn = nr_cells != (highest + 1) * m->geo.nr_copies;
		if (!torn) {
			KUNIT_EXPECT_EQ(test, strips, highest + 1);
			return;
		}
	}
}

static void stripe_is_smallest_whole_unit(struct kunit *test)
{
	try_models(test, check_stripe);
}

static void check_dense(struct kunit *test, struct model *m, struct rand_ctx *ctx)
{
	u32 strip = m->geo.strip_sectors;
	unsigned int slot, row, i;

	for (slot = 0; slot < m->geo.nr_members; slot++) {
		for (i = 0; i < 64; i++) {
			u64 sector = prandom_u32_state(&ctx->rnd) % (m->geo.array_sectors + 1);
			u64 count = 0;

			if (i == 0)
				sector = 0;
			else if (i == 1)
				sector = m->geo.array_sectors;
			else if (i < 32)
				sector -= sector % strip;

			/* One run: what is below fills the member from its start. */
			for (row = 0; row < m->rows; row++) {
				s64 begin = (s64)m->cells[row][slot].strip * strip;
				u64 part;

				if (begin < 0)
					continue;
				part = clamp_t(s64, (s64)sector - begin, 0, strip);
				if (part)
					KUNIT_ASSERT_EQ(test, count, (u64)row * strip);
				count += part;
			}
			KUNIT_ASSERT_EQ_MSG(test, emd_geo_slot_below(&m->geo, sector, slot), count,
					    "n %u strip %u slot %u sector %llu",
					    m->geo.nr_members, strip, slot, sector);
		}
	}
}

static void ranges_are_one_run_on_a_slot(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct emd_geometry geo = { .level = shape->level, .layout = shape->layout };

	if (!emd_geo_dense(&geo))
		kunit_skip(test, "a range may have gaps on a slot");
	try_models(test, check_dense);
}

/* ---- far out ------------------------------------------------------------------ */

static void check_far(struct kunit *test, struct model *m, struct rand_ctx *ctx)
{
	struct emd_geometry *geo = &m->geo;
	unsigned int n = geo->nr_members, i;
	u64 period, advance, unit;
	struct emd_piece piece;
	u16 copy, slot0;

	/* After this the pattern is the same again, on the same slots. */
	period = emd_geo_stripe_sectors(geo) * n;
	geo->member_sectors = EMD_MAX_SECTORS - 1;
	geo->array_sectors = min(emd_geo_capacity(geo), EMD_MAX_SECTORS - 1);
	KUNIT_ASSERT_EQ(test, emd_geo_validate(geo, NULL), 0);
	emd_geo_map(geo, 0, 0, &piece);
	slot0 = piece.slot;
	emd_geo_map(geo, period, 0, &piece);
	KUNIT_ASSERT_EQ(test, piece.slot, slot0);
	advance = piece.member_sector;

	for (i = 0; i < 64; i++) {
		u64 low = ((u64)prandom_u32_state(&ctx->rnd) << 16) % period;
		struct emd_piece near, far;
		u64 back;
		u16 back_copy;

		unit = (geo->array_sectors - period) / period - below(ctx, 1000);
		copy = below(ctx, geo->nr_copies);
		emd_geo_map(geo, low, copy, &near);
		emd_geo_map(geo, unit * period + low, copy, &far);
		KUNIT_ASSERT_EQ(test, far.slot, near.slot);
		KUNIT_ASSERT_EQ(test, far.member_sector, unit * advance + near.member_sector);
		KUNIT_ASSERT_LT(test, far.member_sector, geo->member_sectors);
		KUNIT_ASSERT_EQ(test, far.nr_sectors, near.nr_sectors);
		KUNIT_ASSERT_TRUE(test, emd_geo_unmap(geo, far.slot, far.member_sector, &back,
						      &back_copy));
		KUNIT_ASSERT_EQ(test, back, unit * period + low);
		KUNIT_ASSERT_EQ(test, back_copy, copy);
		if (emd_geo_dense(geo))
			KUNIT_ASSERT_EQ(test, emd_geo_slot_below(geo, back, far.slot),
					far.member_sector);
	}
}

static void maps_near_the_largest_sector(struct kunit *test)
{
	try_models(test, check_far);
}

/* ---- levels without strips ------------------------------------------------------- */

static void raid1_maps_to_every_member(struct kunit *test)
{
	struct emd_geometry geo = {
		.level = EMD_LEVEL_RAID1,
		.member_sectors = 1000,
		.array_sectors = 990,
	};
	u64 sector, back;
	u16 n, copy, back_copy;

	for (n = 2; n <= 32; n++) {
		geo.nr_members = n;
		geo.nr_copies = n;
		KUNIT_ASSERT_EQ(test, emd_geo_validate(&geo, NULL), 0);
		KUNIT_EXPECT_EQ(test, emd_geo_capacity(&geo), 1000);
		for (copy = 0; copy < n; copy++) {
			for (sector = 0; sector < 1000; sector += 11) {
				struct emd_piece piece;
				bool in = sector < 990;

				KUNIT_ASSERT_EQ(test, emd_geo_unmap(&geo, copy, sector, &back,
								    &back_copy), in);
				KUNIT_ASSERT_EQ(test, emd_geo_slot_below(&geo, sector, copy),
						sector);
				if (!in)
					continue;
				KUNIT_ASSERT_EQ(test, back, sector);
				KUNIT_ASSERT_EQ(test, back_copy, copy);
				emd_geo_map(&geo, sector, copy, &piece);
				KUNIT_ASSERT_EQ(test, piece.slot, copy);
				KUNIT_ASSERT_EQ(test, piece.member_sector, sector);
				KUNIT_ASSERT_EQ(test, piece.nr_sectors, 990 - sector);
			}
		}
	}
}

static void concat_maps_end_to_end(struct kunit *test)
{
	u64 ends[MAX_N], sizes[MAX_N];
	struct rand_ctx ctx;
	unsigned int n, round, slot;

	prandom_seed_state(&ctx.rnd, 0x454d4402);
	for (n = 1; n <= MAX_N; n++) {
		for (round = 0; round < 8; round++) {
			u64 sector = 0, offset;

			for (slot = 0; slot < n; slot++) {
				sizes[slot] = 1 + below(&ctx, 100);
				ends[slot] = sizes[slot] + (slot ? ends[slot - 1] : 0);
			}
			for (slot = 0; slot < n; slot++) {
				for (offset = 0; offset < sizes[slot]; offset++, sector++) {
					struct emd_piece piece;

					emd_concat_map(ends, n, sector, &piece);
					KUNIT_ASSERT_EQ(test, piece.slot, slot);
					KUNIT_ASSERT_EQ(test, piece.member_sector, offset);
					KUNIT_ASSERT_EQ(test, piece.nr_sectors,
							sizes[slot] - offset);
				}
			}
		}
	}
}

/* ---- states --------------------------------------------------------------------------- */

/* Is there a strip that nothing can tell any more? */
static bool loses_data(const struct model *m, const struct shape *shape, unsigned int lost)
{
	unsigned int row, slot, nr_lost;
	int strip;

	if (shape->parity) {
		for (row = 0; row < m->rows; row++) {
			nr_lost = 0;
			for (slot = 0; slot < m->geo.nr_members; slot++)
				nr_lost += !!(lost & BIT(slot));
			if (nr_lost > shape->parity)
				return true;
		}
		return false;
	}
	for (strip = 0; strip < m->nr_strips; strip++) {
		bool found = false;

		for (row = 0; row < m->rows; row++)
			for (slot = 0; slot < m->geo.nr_members; slot++)
				found |= m->cells[row][slot].strip == strip &&
					 !(lost & BIT(slot));
		if (!found)
			return true;
	}
	return false;
}

static void set_states(struct rand_ctx *ctx, u8 *states, unsigned int n, unsigned int lost)
{
	unsigned int slot;

	for (slot = 0; slot < n; slot++)
		states[slot] = lost & BIT(slot) ?
			       EMD_MEMBER_IN_SYNC + 1 + below(ctx, EMD_NR_MEMBER_STATES - 1) :
			       EMD_MEMBER_IN_SYNC;
}

static void state_follows_from_what_is_lost(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct model *m = model_alloc(test);
	unsigned int n, lost, slot;
	u8 states[MAX_N];
	struct rand_ctx ctx;

	prandom_seed_state(&ctx.rnd, 0x454d4403);
	for (n = 1; n <= MAX_N; n++) {
		if (!takes_members(shape, n))
			continue;
		/* Enough lines for every neighbourhood of copies to occur. */
		paint(m, shape, n, 4, 8, 0);
		for (lost = 0; lost < BIT(n); lost++) {
			enum emd_array_state want = !lost ? EMD_ARRAY_OPTIMAL :
				loses_data(m, shape, lost) ? EMD_ARRAY_FAILED :
				EMD_ARRAY_DEGRADED;

			set_states(&ctx, states, n, lost);
			KUNIT_ASSERT_EQ_MSG(test, emd_geo_array_state(&m->geo, states), want,
					    "n %u lost 0x%x", n, lost);
			for (slot = 0; slot < n; slot++) {
				bool may = (lost & BIT(slot)) ||
					   !loses_data(m, shape, lost | BIT(slot));

				KUNIT_ASSERT_EQ_MSG(test,
						    emd_geo_may_lose(&m->geo, states, slot), may,
						    "n %u lost 0x%x slot %u", n, lost, slot);
			}
		}
	}
}

static void state_of_levels_without_strips(struct kunit *test)
{
	unsigned int n, lost, slot;
	u8 states[MAX_N];
	struct rand_ctx ctx;

	prandom_seed_state(&ctx.rnd, 0x454d4404);
	for (n = 2; n <= MAX_N; n++) {
		struct emd_geometry raid1 = { .level = EMD_LEVEL_RAID1, .nr_members = n,
					      .nr_copies = n };
		struct emd_geometry concat = { .level = EMD_LEVEL_CONCAT, .nr_members = n,
					       .nr_copies = 1 };

		for (lost = 0; lost < BIT(n); lost++) {
			set_states(&ctx, states, n, lost);
			KUNIT_EXPECT_EQ(test, emd_geo_array_state(&concat, states),
					lost ? EMD_ARRAY_FAILED : EMD_ARRAY_OPTIMAL);
			KUNIT_EXPECT_EQ(test, emd_geo_array_state(&raid1, states),
					!lost ? EMD_ARRAY_OPTIMAL :
					lost == BIT(n) - 1 ? EMD_ARRAY_FAILED :
					EMD_ARRAY_DEGRADED);
			for (slot = 0; slot < n; slot++) {
				bool is_lost = lost & BIT(slot);

				KUNIT_EXPECT_EQ(test, emd_geo_may_lose(&concat, states, slot),
						is_lost);
				KUNIT_EXPECT_EQ(test, emd_geo_may_lose(&raid1, states, slot),
						is_lost || (lost | BIT(slot)) != BIT(n) - 1);
			}
		}
	}
}

/* ---- validation --------------------------------------------------------------------------- */

struct bad_geometry {
	const char *desc;
	const char *message;	/* must be part of the reason */
	struct emd_geometry geo;
};

#define GEO(l, la, n, c, s, ms, as) \
	{ EMD_LEVEL_##l, EMD_LAYOUT_##la, n, c, s, ms, as }

static const struct bad_geometry bad_geometries[] = {
	{ "unknown level", "level number 8",
	  { 8, EMD_LAYOUT_NONE, 2, 1, 8, 80, 160 } },
	{ "huge level", "level number",
	  { (enum emd_level)0xffffffff, EMD_LAYOUT_NONE, 2, 1, 8, 80, 160 } },
	{ "unknown layout", "layout number 17",
	  { EMD_LEVEL_RAID5, EMD_NR_LAYOUTS, 3, 1, 8, 80, 160 } },
	{ "raid0 has no layout", "no layout \"adjacent\"",
	  GEO(RAID0, ADJACENT, 2, 1, 8, 80, 160) },
	{ "raid5 needs one", "no layout \"none\"",
	  GEO(RAID5, NONE, 3, 1, 8, 80, 160) },
	{ "raid4 does not rotate", "no layout \"left-symmetric\"",
	  GEO(RAID4, LEFT_SYMMETRIC, 3, 1, 8, 80, 160) },
	{ "no members", "with 0 members",
	  GEO(RAID0, NONE, 0, 1, 8, 80, 160) },
	{ "raid1 of one", "with 1 members",
	  GEO(RAID1, NONE, 1, 1, 8, 80, 80) },
	{ "raid1 of 33", "need 2 to 32",
	  GEO(RAID1, NONE, 33, 33, 8, 80, 80) },
	{ "raid0 of 256", "need 1 to 255",
	  GEO(RAID0, NONE, 256, 1, 8, 80, 80) },
	{ "raid6 of three", "need 4 to",
	  GEO(RAID6, LEFT_SYMMETRIC, 3, 1, 8, 80, 80) },
	{ "odd raid10", "even number",
	  GEO(RAID10, ADJACENT, 5, 2, 8, 80, 80) },
	{ "copies of raid0", "need 1",
	  GEO(RAID0, NONE, 2, 2, 8, 80, 160) },
	{ "copies of raid10", "need 2",
	  GEO(RAID10, ADJACENT, 4, 3, 8, 80, 80) },
	{ "copies of raid1", "need 3",
	  GEO(RAID1, NONE, 3, 2, 8, 80, 80) },
	{ "no strip", "strip of 0",
	  GEO(RAID0, NONE, 2, 1, 0, 80, 160) },
	{ "odd strip", "power of two",
	  GEO(RAID0, NONE, 2, 1, 24, 80, 160) },
	{ "huge strip", "at most",
	  GEO(RAID0, NONE, 2, 1, 1U << 31, 1ULL << 40, 160) },
	{ "empty members", "0 sectors on each member",
	  GEO(RAID0, NONE, 2, 1, 8, 0, 160) },
	{ "members too large", "on each member",
	  GEO(RAID0, NONE, 2, 1, 8, EMD_MAX_SECTORS, 160) },
	{ "empty array", "array of 0",
	  GEO(RAID0, NONE, 2, 1, 8, 80, 0) },
	{ "array past loff_t", "array of",
	  GEO(RAID0, NONE, 2, 1, 8, EMD_MAX_SECTORS - 8, EMD_MAX_SECTORS) },
	{ "array past raid0", "members hold 160",
	  GEO(RAID0, NONE, 2, 1, 8, 87, 161) },
	{ "array past raid1", "members hold 80",
	  GEO(RAID1, NONE, 2, 2, 8, 80, 81) },
	{ "array past raid5", "members hold 160",
	  GEO(RAID5, LEFT_ASYMMETRIC, 3, 1, 8, 80, 161) },
	{ "array past offset", "members hold 64",
	  GEO(RAID10, OFFSET, 4, 2, 8, 39, 65) },
	{ "array past concat", "members hold 160",
	  GEO(CONCAT, NONE, 2, 1, 0, 80, 161) },
};

static void bad_desc(const struct bad_geometry *bad, char *desc)
{
	strscpy(desc, bad->desc, KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(bad, bad_geometries, bad_desc);

static void validate_refuses(struct kunit *test)
{
	const struct bad_geometry *bad = test->param_value;
	struct emd_errmsg msg = {};

	KUNIT_EXPECT_EQ(test, emd_geo_validate(&bad->geo, &msg), -EINVAL);
	KUNIT_EXPECT_NOT_NULL_MSG(test, strstr(msg.text, bad->message), "\"%s\"", msg.text);
	KUNIT_EXPECT_EQ(test, emd_geo_validate(&bad->geo, NULL), -EINVAL);
}

static void every_name_is_there(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < EMD_NR_LEVELS; i++) {
		const struct emd_level_desc *desc = &emd_levels[i];

		KUNIT_ASSERT_NOT_NULL(test, desc->name);
		KUNIT_EXPECT_TRUE_MSG(test, desc->layouts & BIT(desc->default_layout), "%s",
				      desc->name);
		KUNIT_EXPECT_LE(test, desc->min_members, desc->max_members);
	}
	for (i = 0; i < EMD_NR_LAYOUTS; i++)
		KUNIT_EXPECT_NOT_NULL(test, emd_layout_names[i]);
	for (i = 0; i < EMD_NR_MEMBER_STATES; i++)
		KUNIT_EXPECT_NOT_NULL(test, emd_member_state_names[i]);
	for (i = 0; i < EMD_NR_ARRAY_STATES; i++)
		KUNIT_EXPECT_NOT_NULL(test, emd_array_state_names[i]);
}

static struct kunit_case geometry_cases[] = {
	KUNIT_CASE_PARAM(maps_as_painted, shape_gen_params),
	KUNIT_CASE_PARAM(parity_is_where_painted, shape_gen_params),
	KUNIT_CASE_PARAM(stripe_is_smallest_whole_unit, shape_gen_params),
	KUNIT_CASE_PARAM(ranges_are_one_run_on_a_slot, shape_gen_params),
	KUNIT_CASE_PARAM(maps_near_the_largest_sector, shape_gen_params),
	KUNIT_CASE(raid1_maps_to_every_member),
	KUNIT_CASE(concat_maps_end_to_end),
	KUNIT_CASE_PARAM(state_follows_from_what_is_lost, shape_gen_params),
	KUNIT_CASE(state_of_levels_without_strips),
	KUNIT_CASE_PARAM(validate_refuses, bad_gen_params),
	KUNIT_CASE(every_name_is_there),
	{}
};

static struct kunit_suite geometry_suite = {
	.name = "emd_geometry",
	.test_cases = geometry_cases,
};

kunit_test_suite(geometry_suite);

MODULE_DESCRIPTION("KUnit tests of EMD's geometry");
MODULE_LICENSE("GPL");
