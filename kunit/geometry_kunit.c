// SPDX-License-Identifier: GPL-2.0
/*
 * Geometry against a slow model: a matrix of cells, a row of strips for each
 * line, painted strip by strip as the layouts' definitions say it in words. The
 * model knows no formula, the code under test no matrix.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "geometry.h"

#define MAX_N		8	/* where all sets of lost members are tried */
#define MAX_CELLS	(260 * 253)
#define NO_STRIP	-1
#define P		-2
#define Q		-3

/* ---- the model ------------------------------------------------------------ */

struct cell {
	int strip;		/* NO_STRIP, P, Q, or a strip's number */
	s16 copy;
	s16 q_index;		/* the strip's place in Q */
};

struct model {
	struct emd_geometry geo;
	unsigned int rows;
	int nr_strips;		/* all copies painted */
	unsigned int span_members;
	unsigned int nr_lines;	/* the array's rows in their order: which row of which span */
	struct {
		u16 row, span;
	} lines[MAX_CELLS];
	struct cell cells[MAX_CELLS];
	struct cell one[MAX_CELLS];	/* a span by itself */
};

/*
 * A parity layout in the words of those who named it: like one of raid5's, with
 * parity resting for some rows, Q put somewhere, beginning some rows later.
 */
enum q_is {
	NO_Q,
	BEHIND,			/* the slot behind P, round the corner */
	BEFORE,
	AT_END,			/* an additional last slot */
};

struct shape {
	enum emd_level level;
	enum emd_layout layout;
	enum emd_layout like;
	enum q_is q;
	unsigned int rows_on;
	bool q_counts_all;	/* coefficients: each slot has its own */
	unsigned int rotate_shift;
	unsigned int spans;
	enum emd_span_join join;
};

#define SPANS(n, how)	.spans = (n), .join = EMD_SPANS_##how
#define LIKE(level, layout, ...) \
	{ EMD_LEVEL_##level, EMD_LAYOUT_##layout, EMD_LAYOUT_##layout, __VA_ARGS__ }

static const struct shape shapes[] = {
	{ EMD_LEVEL_RAID0, EMD_LAYOUT_NONE },
	{ EMD_LEVEL_RAID1E, EMD_LAYOUT_ADJACENT },
	{ EMD_LEVEL_RAID1E, EMD_LAYOUT_OFFSET },
	{ EMD_LEVEL_RAID10, EMD_LAYOUT_ADJACENT },
	{ EMD_LEVEL_RAID10, EMD_LAYOUT_OFFSET },
	LIKE(RAID4, PARITY_FIRST, NO_Q),
	LIKE(RAID4, PARITY_LAST, NO_Q),
	LIKE(RAID5, LEFT_ASYMMETRIC, NO_Q),
	LIKE(RAID5, LEFT_SYMMETRIC, NO_Q),
	LIKE(RAID5, RIGHT_ASYMMETRIC, NO_Q),
	LIKE(RAID5, RIGHT_SYMMETRIC, NO_Q),
	LIKE(RAID5, PARITY_FIRST, NO_Q),
	LIKE(RAID5, PARITY_LAST, NO_Q),
	LIKE(RAID5, LEFT_ASYMMETRIC, .rotate_shift = 1),
	LIKE(RAID5, LEFT_SYMMETRIC, .rotate_shift = 2),
	LIKE(RAID5, RIGHT_ASYMMETRIC, .rotate_shift = 3),
	LIKE(RAID5, RIGHT_SYMMETRIC, .rotate_shift = 1),
	LIKE(RAID6, LEFT_ASYMMETRIC, BEHIND),
	LIKE(RAID6, LEFT_SYMMETRIC, BEHIND),
	LIKE(RAID6, RIGHT_ASYMMETRIC, BEHIND),
	LIKE(RAID6, RIGHT_SYMMETRIC, BEHIND),
	LIKE(RAID6, PARITY_FIRST, BEHIND),
	LIKE(RAID6, PARITY_LAST, AT_END),
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_ZERO_RESTART, EMD_LAYOUT_RIGHT_ASYMMETRIC,
	  BEHIND, 0, true },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_N_RESTART, EMD_LAYOUT_LEFT_ASYMMETRIC,
	  BEHIND, 1, true },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_N_CONTINUE, EMD_LAYOUT_LEFT_SYMMETRIC,
	  BEFORE, 0, true },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_ASYMMETRIC_6, EMD_LAYOUT_LEFT_ASYMMETRIC, AT_END },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_SYMMETRIC_6, EMD_LAYOUT_LEFT_SYMMETRIC, AT_END },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_RIGHT_ASYMMETRIC_6, EMD_LAYOUT_RIGHT_ASYMMETRIC, AT_END },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_RIGHT_SYMMETRIC_6, EMD_LAYOUT_RIGHT_SYMMETRIC, AT_END },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_PARITY_FIRST_6, EMD_LAYOUT_PARITY_FIRST, AT_END },
	{ EMD_LEVEL_RAID0, EMD_LAYOUT_NONE, SPANS(2, CONCAT) },
	{ EMD_LEVEL_RAID0, EMD_LAYOUT_NONE, SPANS(5, CONCAT) },
	LIKE(RAID4, PARITY_FIRST, SPANS(2, STRIPED)),
	LIKE(RAID4, PARITY_LAST, SPANS(2, CONCAT)),
	LIKE(RAID5, LEFT_ASYMMETRIC, SPANS(2, STRIPED)),
	LIKE(RAID5, LEFT_SYMMETRIC, SPANS(2, STRIPED)),
	LIKE(RAID5, LEFT_SYMMETRIC, SPANS(2, CONCAT)),
	LIKE(RAID5, LEFT_SYMMETRIC, SPANS(4, STRIPED)),
	LIKE(RAID5, RIGHT_ASYMMETRIC, SPANS(3, STRIPED)),
	LIKE(RAID5, RIGHT_ASYMMETRIC, SPANS(3, CONCAT)),
	LIKE(RAID5, RIGHT_SYMMETRIC, SPANS(2, CONCAT)),
	LIKE(RAID5, LEFT_ASYMMETRIC, .rotate_shift = 1, SPANS(2, STRIPED)),
	LIKE(RAID6, LEFT_SYMMETRIC, BEHIND, SPANS(2, STRIPED)),
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_SYMMETRIC_6, EMD_LAYOUT_LEFT_SYMMETRIC, AT_END,
	  SPANS(2, CONCAT) },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_ZERO_RESTART, EMD_LAYOUT_RIGHT_ASYMMETRIC,
	  BEHIND, 0, true, SPANS(2, STRIPED) },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_N_RESTART, EMD_LAYOUT_LEFT_ASYMMETRIC,
	  BEHIND, 1, true, SPANS(3, STRIPED) },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_N_CONTINUE, EMD_LAYOUT_LEFT_SYMMETRIC,
	  BEFORE, 0, true, SPANS(2, STRIPED) },
	{ EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_N_CONTINUE, EMD_LAYOUT_LEFT_SYMMETRIC,
	  BEFORE, 0, true, SPANS(2, CONCAT) },
};

static void shape_desc(const struct shape *shape, char *desc)
{
	snprintf(desc, KUNIT_PARAM_DESC_SIZE, "%s %s rotate %u spans %u %s",
		 emd_levels[shape->level].name, emd_layout_names[shape->layout],
		 1U << shape->rotate_shift, max(shape->spans, 1U),
		 shape->join == EMD_SPANS_CONCAT ? "concat" : "striped");
}

KUNIT_ARRAY_PARAM(shape, shapes, shape_desc);

static unsigned int nr_parity(const struct shape *shape)
{
	return (shape->like != EMD_LAYOUT_NONE) + (shape->q != NO_Q);
}

static struct cell *cell_at(struct model *m, unsigned int row, unsigned int slot)
{
	return &m->cells[row * m->geo.nr_members + slot];
}

static void paint_row(struct model *m, unsigned int row)
{
	unsigned int slot;

	for (slot = 0; slot < m->geo.nr_members; slot++)
		cell_at(m, row, slot)->strip = m->nr_strips++;
}

/* From left to right, line after line, each strip twice. */
static void paint_adjacent(struct model *m)
{
	unsigned int row, slot;
	int copy = 0;

	for (row = 0; row < m->rows; row++) {
		for (slot = 0; slot < m->geo.nr_members; slot++) {
			*cell_at(m, row, slot) = (struct cell){ m->nr_strips, copy };
			if (copy)
				m->nr_strips++;
			copy = !copy;
		}
	}
	/* A first copy without a second one is no strip of the array. */
	if (copy)
		cell_at(m, m->rows - 1, m->geo.nr_members - 1)->strip = NO_STRIP;
}

/* A line of strips, and below it the same, one to the right and round the corner. */
static void paint_offset(struct model *m)
{
	unsigned int row, slot, n = m->geo.nr_members;

	for (row = 0; row + 1 < m->rows; row += 2) {
		paint_row(m, row);
		for (slot = 0; slot + 1 < n; slot++)
			*cell_at(m, row + 1, slot + 1) = *cell_at(m, row, slot);
		*cell_at(m, row + 1, 0) = *cell_at(m, row, n - 1);
		for (slot = 0; slot < n; slot++)
			cell_at(m, row + 1, slot)->copy = 1;
	}
}

static unsigned int one_right(unsigned int slot, unsigned int n)
{
	return slot + 1 == n ? 0 : slot + 1;
}

static unsigned int one_left(unsigned int slot, unsigned int n)
{
	return slot ? slot - 1 : n - 1;
}

/* Walk from behind Q round the corner, and number the data that is met. */
static void paint_q_index(struct model *m, const struct shape *shape, unsigned int row,
			  unsigned int q_at)
{
	unsigned int n = m->geo.nr_members, met = 0, slot, steps;

	for (steps = 0, slot = one_right(q_at, n); steps < n; steps++, slot = one_right(slot, n))
		if (cell_at(m, row, slot)->strip >= 0)
			cell_at(m, row, slot)->q_index = shape->q_counts_all ? slot : met++;
}

/* Parity takes a step each line, or stays for some; data goes where there is room. */
static void paint_parity(struct model *m, const struct shape *shape)
{
	bool left = shape->like == EMD_LAYOUT_LEFT_ASYMMETRIC ||
		    shape->like == EMD_LAYOUT_LEFT_SYMMETRIC;
	bool right = shape->like == EMD_LAYOUT_RIGHT_ASYMMETRIC ||
		     shape->like == EMD_LAYOUT_RIGHT_SYMMETRIC;
	bool goes_on = shape->like == EMD_LAYOUT_LEFT_SYMMETRIC ||
		       shape->like == EMD_LAYOUT_RIGHT_SYMMETRIC;
	unsigned int row, slot, n, p_at, q_at, met, stay = 0, later = shape->rows_on;

	n = m->geo.nr_members - (shape->q == AT_END);
	p_at = right || shape->like == EMD_LAYOUT_PARITY_FIRST ? 0 : n - 1;
	for (row = 0; row < m->rows; stay++) {
		if (stay == 1U << shape->rotate_shift) {
			p_at = left ? one_left(p_at, n) : right ? one_right(p_at, n) : p_at;
			stay = 0;
		}
		if (later) {
			later--;
			continue;
		}
		cell_at(m, row, p_at)->strip = P;
		slot = one_right(p_at, n);
		q_at = shape->q == BEHIND ? slot : shape->q == BEFORE ? one_left(p_at, n) : n;
		if (shape->q != NO_Q)
			cell_at(m, row, q_at)->strip = Q;
		if (shape->q == BEHIND)
			slot = one_right(slot, n);
		if (!goes_on)
			slot = 0;
		for (met = 0; met < n; met++, slot = one_right(slot, n))
			if (cell_at(m, row, slot)->strip == NO_STRIP)
				cell_at(m, row, slot)->strip = m->nr_strips++;
		if (shape->q != NO_Q)
			paint_q_index(m, shape, row, q_at);
		row++;
	}
}

/* What has been painted is one span: its next row, as the array's next. */
static void copy_line(struct model *m, unsigned int row, unsigned int span)
{
	unsigned int slot, n = m->span_members;
	int first = -1, found = 0;

	for (slot = 0; slot < n; slot++) {
		int strip = m->one[row * n + slot].strip;

		if (strip >= 0 && (first < 0 || strip < first))
			first = strip;
	}
	for (slot = 0; slot < n; slot++) {
		struct cell cell = m->one[row * n + slot];

		if (cell.strip >= 0) {
			cell.strip += m->nr_strips - first;
			found++;
		}
		if (cell.q_index >= 0 && cell.strip >= 0)
			*cell_at(m, row, span * n + slot) = cell;
		else
			*cell_at(m, row, span * n + slot) = (struct cell){ cell.strip, cell.copy, -1 };
	}
	m->nr_strips += found;
	m->lines[m->nr_lines].row = row;
	m->lines[m->nr_lines++].span = span;
}

static void join_spans(struct model *m, const struct shape *shape)
{
	unsigned int row, span;

	memcpy(m->one, m->cells, m->rows * m->span_members * sizeof(*m->cells));
	m->geo.nr_members *= shape->spans;
	m->geo.nr_spans = shape->spans;
	m->geo.span_join = shape->join;
	m->nr_strips = 0;
	m->nr_lines = 0;
	if (shape->join == EMD_SPANS_STRIPED) {
		for (row = 0; row < m->rows; row++)
			for (span = 0; span < shape->spans; span++)
				copy_line(m, row, span);
	} else {
		for (span = 0; span < shape->spans; span++)
			for (row = 0; row < m->rows; row++)
				copy_line(m, row, span);
	}
}

static void paint(struct model *m, const struct shape *shape, unsigned int n, unsigned int rows,
		  u32 strip_sectors, u32 tail)
{
	unsigned int row;

	if (shape->spans)
		n /= shape->spans;
	memset(&m->geo, 0, sizeof(m->geo));
	m->span_members = n;
	m->nr_lines = rows;
	for (row = 0; row < rows; row++) {
		m->lines[row].row = row;
		m->lines[row].span = 0;
	}
	m->rows = rows;
	m->nr_strips = 0;
	m->geo.level = shape->level;
	m->geo.layout = shape->layout;
	m->geo.nr_members = n;
	m->geo.strip_sectors = strip_sectors;
	m->geo.member_sectors = (u64)rows * strip_sectors + tail;
	m->geo.nr_copies = 1;
	m->geo.rotate_shift = shape->rotate_shift;
	for (row = 0; row < rows * n; row++)
		m->cells[row] = (struct cell){ NO_STRIP, 0, -1 };

	if (nr_parity(shape)) {
		paint_parity(m, shape);
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
	if (shape->spans)
		join_spans(m, shape);
	m->geo.array_sectors = (u64)m->nr_strips * strip_sectors;
}

static bool takes_members(const struct shape *shape, unsigned int n)
{
	if (shape->spans) {
		if (n % shape->spans)
			return false;
		n /= shape->spans;
	}
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

/*
 * Call @fn for 1 to 16 members and about as many as parity takes, with strips of
 * a sector and of 4 KiB to 1 MiB, for more lines than the pattern has.
 */
static void try_models(struct kunit *test,
		       void (*fn)(struct kunit *test, struct model *m, struct rand_ctx *ctx))
{
	static const u32 strips[] = { 1, 8, 16, 32, 64, 128, 256, 512, 1024, 2048 };
	static const u16 counts[] = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16,
				      252, 253 };
	const struct shape *shape = test->param_value;
	struct model *m = model_alloc(test);
	struct rand_ctx ctx;
	unsigned int i, k;

	prandom_seed_state(&ctx.rnd, 0x454d4401);
	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		unsigned int n = counts[i];

		if (!takes_members(shape, n))
			continue;
		for (k = 0; k < ARRAY_SIZE(strips); k++) {
			/* Two lines at least: an offset layout has no smaller unit. */
			unsigned int rows = (n << shape->rotate_shift) + 2 + below(&ctx, n);

			if (n > 16 && k != 1 && k != ARRAY_SIZE(strips) - 1)
				continue;
			paint(m, shape, n, min(rows, MAX_CELLS / n), strips[k],
			      below(&ctx, strips[k]));
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
			const struct cell *cell = cell_at(m, row, slot);
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
	u16 nr_data = emd_geo_nr_data(&m->geo);
	unsigned int line, row, slot;

	KUNIT_ASSERT_EQ(test, nr_data, m->span_members - nr_parity(shape));
	KUNIT_ASSERT_EQ(test, m->nr_lines, m->rows * max(shape->spans, 1U));
	for (line = 0; line < m->nr_lines; line++) {
		u16 p = 0xffff, q = 0xffff, begin = m->lines[line].span * m->span_members;
		u64 member_sector;

		row = m->lines[line].row;
		KUNIT_ASSERT_EQ(test, emd_geo_row_begin(&m->geo, line, &member_sector), begin);
		KUNIT_ASSERT_EQ(test, member_sector, (u64)row * m->geo.strip_sectors);
		emd_geo_parity(&m->geo, line, &p, &q);
		KUNIT_ASSERT_LT(test, p - begin, m->span_members);
		KUNIT_ASSERT_LT(test, q - begin, m->span_members);
		KUNIT_ASSERT_EQ(test, cell_at(m, row, p)->strip, P);
		KUNIT_ASSERT_EQ(test, cell_at(m, row, q)->strip, shape->q == NO_Q ? P : Q);
		for (slot = begin; slot < begin + m->span_members; slot++) {
			int strip = cell_at(m, row, slot)->strip;

			if (strip < 0)
				continue;
			KUNIT_ASSERT_EQ_MSG(test, emd_geo_data_slot(&m->geo, line,
								    strip - line * nr_data),
					    slot, "n %u row %u", m->geo.nr_members, line);
		}
	}
}

static void parity_is_where_painted(struct kunit *test)
{
	if (!nr_parity(test->param_value))
		kunit_skip(test, "has no parity");
	try_models(test, check_parity);
}

static void check_q_index(struct kunit *test, struct model *m, struct rand_ctx *ctx)
{
	const struct shape *shape = test->param_value;
	unsigned int line, slot, n = m->span_members;

	for (line = 0; line < m->nr_lines; line++) {
		unsigned int begin = m->lines[line].span * n;
		u8 taken[256] = {};

		for (slot = begin; slot < begin + n; slot++) {
			const struct cell *cell = cell_at(m, m->lines[line].row, slot);
			u16 index;

			if (cell->strip < 0)
				continue;
			index = emd_geo_q_index(&m->geo, line, slot);
			KUNIT_ASSERT_EQ_MSG(test, index, cell->q_index, "n %u row %u slot %u",
					    n, line, slot);
			/* Two strips with one coefficient could not be told apart. */
			KUNIT_ASSERT_LT(test, index, shape->q_counts_all ? n : n - 2);
			KUNIT_ASSERT_EQ(test, taken[index], 0);
			taken[index] = 1;
		}
	}
}

static void each_strip_has_its_place_in_q(struct kunit *test)
{
	const struct shape *shape = test->param_value;

	if (shape->q == NO_Q)
		kunit_skip(test, "has no Q");
	try_models(test, check_q_index);
}

/* Rows are filled, and every strip has all its copies in them, at each multiple. */
static void check_stripe(struct kunit *test, struct model *m, struct rand_ctx *ctx)
{
	u64 stripe = emd_geo_stripe_sectors(&m->geo);
	unsigned int row, slot, unit_rows;
	int strips = stripe / m->geo.strip_sectors;

	KUNIT_ASSERT_EQ(test, stripe % m->geo.strip_sectors, 0);
	if (m->geo.nr_spans) {
		KUNIT_EXPECT_EQ(test, strips * m->nr_lines, m->nr_strips);
		return;
	}
	/* Slow: the first line boundary with nothing torn; the unit ends there. */
	for (unit_rows = 1; unit_rows < m->rows; unit_rows++) {
		bool torn = false;
		int highest = -1, nr_cells = 0;

		for (row = 0; row < unit_rows; row++) {
			for (slot = 0; slot < m->geo.nr_members; slot++) {
				highest = max(highest, cell_at(m, row, slot)->strip);
				nr_cells += cell_at(m, row, slot)->strip >= 0;
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

/* An array that ends early leaves lines unused; nothing of it is found there. */
static void check_unused(struct kunit *test, struct model *m, struct rand_ctx *ctx)
{
	u32 strip = m->geo.strip_sectors;
	unsigned int row, slot, i;
	u64 back;
	u16 copy;

	for (i = 0; i < 4; i++) {
		m->geo.array_sectors = 1 + ((u64)prandom_u32_state(&ctx->rnd) << 8) %
				       ((u64)m->nr_strips * strip);
		KUNIT_ASSERT_EQ(test, emd_geo_validate(&m->geo, NULL), 0);
		for (row = 0; row < m->rows; row++) {
			for (slot = 0; slot < m->geo.nr_members; slot++) {
				s64 begin = (s64)cell_at(m, row, slot)->strip * strip;
				bool holds = begin >= 0 && begin < (s64)m->geo.array_sectors;

				KUNIT_ASSERT_EQ(test, emd_geo_unmap(&m->geo, slot,
								    (u64)row * strip, &back,
								    &copy), holds);
			}
		}
	}
}

static void rows_behind_the_array_are_free(struct kunit *test)
{
	try_models(test, check_unused);
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
				s64 begin = (s64)cell_at(m, row, slot)->strip * strip;
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
	struct emd_geometry geo = { .level = shape->level, .layout = shape->layout,
				    .nr_spans = shape->spans };

	if (!emd_geo_dense(&geo))
		kunit_skip(test, "a range may have gaps on a slot");
	try_models(test, check_dense);
}

/* ---- as those who own the layout draw it ------------------------------------------ */

#define DRAWN_N		5
#define DRAWN_ROWS	6

/* A strip's number and, behind a dot, its place in Q; the numbers are as in md and DDF. */
struct drawing {
	enum emd_layout layout;
	const char *rows[DRAWN_ROWS];
};

static const struct drawing drawings[] = {
	{ EMD_LAYOUT_LEFT_ASYMMETRIC, {
		"Q    0.0  1.1  2.2  P",
		"3.0  4.1  5.2  P    Q",
		"6.1  7.2  P    Q    8.0",
		"9.2  P    Q    10.0 11.1",
		"P    Q    12.0 13.1 14.2",
		"Q    15.0 16.1 17.2 P" } },
	{ EMD_LAYOUT_LEFT_SYMMETRIC, {
		"Q    0.0  1.1  2.2  P",
		"3.0  4.1  5.2  P    Q",
		"7.1  8.2  P    Q    6.0",
		"11.2 P    Q    9.0  10.1",
		"P    Q    12.0 13.1 14.2",
		"Q    15.0 16.1 17.2 P" } },
	{ EMD_LAYOUT_ROTATING_ZERO_RESTART, {
		"P    Q    0.2  1.3  2.4",
		"3.0  P    Q    4.3  5.4",
		"6.0  7.1  P    Q    8.4",
		"9.0  10.1 11.2 P    Q",
		"Q    12.1 13.2 14.3 P",
		"P    Q    15.2 16.3 17.4" } },
	{ EMD_LAYOUT_ROTATING_N_RESTART, {
		"0.0  1.1  2.2  P    Q",
		"3.0  4.1  P    Q    5.4",
		"6.0  P    Q    7.3  8.4",
		"P    Q    9.2  10.3 11.4",
		"Q    12.1 13.2 14.3 P",
		"15.0 16.1 17.2 P    Q" } },
	{ EMD_LAYOUT_ROTATING_N_CONTINUE, {
		"0.0  1.1  2.2  Q    P",
		"4.0  5.1  Q    P    3.4",
		"8.0  Q    P    6.3  7.4",
		"Q    P    9.2  10.3 11.4",
		"P    12.1 13.2 14.3 Q",
		"15.0 16.1 17.2 Q    P" } },
	{ EMD_LAYOUT_LEFT_SYMMETRIC_6, {
		"0.0  1.1  2.2  P    Q",
		"4.0  5.1  P    3.2  Q",
		"8.0  P    6.1  7.2  Q",
		"P    9.0  10.1 11.2 Q",
		"12.0 13.1 14.2 P    Q",
		"16.0 17.1 P    15.2 Q" } },
	{ EMD_LAYOUT_PARITY_FIRST, {
		"P    Q    0.0  1.1  2.2",
		"P    Q    3.0  4.1  5.2",
		"P    Q    6.0  7.1  8.2",
		"P    Q    9.0  10.1 11.2",
		"P    Q    12.0 13.1 14.2",
		"P    Q    15.0 16.1 17.2" } },
};

static void drawing_desc(const struct drawing *drawing, char *desc)
{
	strscpy(desc, emd_layout_names[drawing->layout], KUNIT_PARAM_DESC_SIZE);
}

KUNIT_ARRAY_PARAM(drawing, drawings, drawing_desc);

static void raid6_is_as_drawn(struct kunit *test)
{
	const struct drawing *drawing = test->param_value;
	const struct emd_geometry geo = {
		.level = EMD_LEVEL_RAID6,
		.layout = drawing->layout,
		.nr_members = DRAWN_N,
		.nr_copies = 1,
		.strip_sectors = 8,
		.member_sectors = 8 * DRAWN_ROWS,
		.array_sectors = 8 * DRAWN_ROWS * (DRAWN_N - 2),
	};
	char line[64];
	unsigned int row, slot;
	size_t at;

	KUNIT_ASSERT_EQ(test, emd_geo_validate(&geo, NULL), 0);
	for (row = 0; row < DRAWN_ROWS; row++) {
		for (slot = 0, at = 0; slot < DRAWN_N; slot++) {
			u64 sector;
			u16 p, q, copy;
			char text[16];

			emd_geo_parity(&geo, row, &p, &q);
			if (emd_geo_unmap(&geo, slot, row * 8, &sector, &copy))
				snprintf(text, sizeof(text), "%u.%u", (unsigned int)sector / 8,
					 emd_geo_q_index(&geo, row, slot));
			else
				snprintf(text, sizeof(text), "%c",
					 slot == p ? 'P' : slot == q ? 'Q' : '?');
			at += snprintf(line + at, sizeof(line) - at,
				       slot + 1 < DRAWN_N ? "%-4s " : "%s", text);
		}
		KUNIT_EXPECT_STREQ(test, line, drawing->rows[row]);
	}
}

/* ---- far out ------------------------------------------------------------------ */

static void check_far(struct kunit *test, struct model *m, struct rand_ctx *ctx)
{
	struct emd_geometry *geo = &m->geo;
	unsigned int n = m->span_members, i;
	u64 period, advance, unit, even;
	struct emd_piece piece;
	u16 copy, slot0;

	/* After this the pattern is the same again, on the same slots; Q at the end or not. */
	period = (emd_geo_stripe_sectors(geo) * n * max(n - 1, 1U)) << geo->rotate_shift;
	if (geo->nr_spans && geo->span_join == EMD_SPANS_STRIPED)
		period *= geo->nr_spans;
	geo->member_sectors = EMD_MAX_SECTORS - 1;
	geo->array_sectors = min(emd_geo_capacity(geo), EMD_MAX_SECTORS - 1);
	KUNIT_ASSERT_EQ(test, emd_geo_validate(geo, NULL), 0);
	emd_geo_map(geo, 0, 0, &piece);
	slot0 = piece.slot;
	emd_geo_map(geo, period, 0, &piece);
	KUNIT_ASSERT_EQ(test, piece.slot, slot0);
	advance = piece.member_sector;
	even = geo->array_sectors;
	/* So it goes on as far as the first of several spans reaches. */
	if (geo->nr_spans && geo->span_join == EMD_SPANS_CONCAT)
		even = min(even, emd_geo_capacity(geo) / geo->nr_spans);

	for (i = 0; i < 64; i++) {
		u64 low = ((u64)prandom_u32_state(&ctx->rnd) << 16) % period;
		struct emd_piece near, far;
		u64 back;
		u16 back_copy;

		unit = (even - period) / period - below(ctx, 1000);
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
static bool loses_data(struct model *m, const struct shape *shape, unsigned int lost)
{
	unsigned int line, row, slot, nr_lost;
	int strip;

	if (nr_parity(shape)) {
		for (line = 0; line < m->nr_lines; line++) {
			nr_lost = 0;
			for (slot = 0; slot < m->span_members; slot++)
				nr_lost += !!(lost & BIT(m->lines[line].span * m->span_members +
							 slot));
			if (nr_lost > nr_parity(shape))
				return true;
		}
		return false;
	}
	for (strip = 0; strip < m->nr_strips; strip++) {
		bool found = false;

		for (row = 0; row < m->rows; row++)
			for (slot = 0; slot < m->geo.nr_members; slot++)
				found |= cell_at(m, row, slot)->strip == strip &&
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

/* Lines of which no more than their parity is lost, and those that have some left. */
static void redundancy_is_counted_by_span(struct kunit *test)
{
	const struct shape *shape = test->param_value;
	struct model *m = model_alloc(test);
	unsigned int n, lost, line, slot;
	u8 states[MAX_N];
	struct rand_ctx ctx;

	if (!nr_parity(shape))
		kunit_skip(test, "has no parity");
	prandom_seed_state(&ctx.rnd, 0x454d4405);
	for (n = 1; n <= MAX_N; n++) {
		if (!takes_members(shape, n))
			continue;
		paint(m, shape, n, 2, 8, 0);
		for (lost = 0; lost < BIT(n); lost++) {
			bool some = false, bare = false;

			for (line = 0; line < m->nr_lines; line++) {
				unsigned int begin = m->lines[line].span * m->span_members;
				unsigned int nr_lost = 0;

				for (slot = begin; slot < begin + m->span_members; slot++)
					nr_lost += !!(lost & BIT(slot));
				some |= nr_lost < nr_parity(shape);
				bare |= nr_lost >= nr_parity(shape);
			}
			set_states(&ctx, states, n, lost);
			KUNIT_ASSERT_EQ(test, emd_geo_has_redundancy(&m->geo, states), some);
			KUNIT_ASSERT_EQ(test, emd_geo_is_bare(&m->geo, states), bare);
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
	{ EMD_LEVEL_##l, EMD_LAYOUT_##la, n, c, 0, s, ms, as }

#define GEO_SPANS(l, la, n, spans, join, as) \
	{ EMD_LEVEL_##l, EMD_LAYOUT_##la, n, 1, 0, 8, 80, as, spans, EMD_SPANS_##join }

static const struct bad_geometry bad_geometries[] = {
	{ "unknown level", "level number 8",
	  { 8, EMD_LAYOUT_NONE, 2, 1, 0, 8, 80, 160 } },
	{ "huge level", "level number",
	  { (enum emd_level)0xffffffff, EMD_LAYOUT_NONE, 2, 1, 0, 8, 80, 160 } },
	{ "unknown layout", "layout number 17",
	  { EMD_LEVEL_RAID5, EMD_NR_LAYOUTS, 3, 1, 0, 8, 80, 160 } },
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
	{ "raid6 of 254", "need 4 to 253",
	  GEO(RAID6, ROTATING_N_RESTART, 254, 1, 8, 80, 80) },
	{ "raid5 has no Q", "no layout \"left-symmetric-6\"",
	  GEO(RAID5, LEFT_SYMMETRIC_6, 4, 1, 8, 80, 80) },
	{ "resting parity of raid6", "parity that rests",
	  { EMD_LEVEL_RAID6, EMD_LAYOUT_LEFT_SYMMETRIC, 4, 1, 1, 8, 80, 80 } },
	{ "resting parity that never moves", "parity that rests",
	  { EMD_LEVEL_RAID5, EMD_LAYOUT_PARITY_LAST, 4, 1, 1, 8, 80, 80 } },
	{ "parity resting for ages", "every 2^32 rows",
	  { EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_SYMMETRIC, 4, 1, 32, 8, 80, 80 } },
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
	{ "one span", "6 members in 1 spans",
	  GEO_SPANS(RAID5, LEFT_SYMMETRIC, 6, 1, STRIPED, 80) },
	{ "spans that do not come out even", "7 members in 2 spans",
	  GEO_SPANS(RAID5, LEFT_SYMMETRIC, 7, 2, STRIPED, 80) },
	{ "more spans than members", "6 members in 7 spans",
	  GEO_SPANS(RAID5, LEFT_SYMMETRIC, 6, 7, STRIPED, 80) },
	{ "spans of two", "raid5 with 2 members",
	  GEO_SPANS(RAID5, LEFT_SYMMETRIC, 6, 3, STRIPED, 80) },
	{ "spans of mirrors", "spans of raid1",
	  GEO_SPANS(RAID1, NONE, 6, 3, CONCAT, 80) },
	{ "striped spans of raid0", "spans of raid0",
	  GEO_SPANS(RAID0, NONE, 6, 3, STRIPED, 80) },
	{ "spans joined somehow", "joined in way 2",
	  { EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_SYMMETRIC, 6, 1, 0, 8, 80, 80, 2, 2 } },
	{ "array past striped spans", "members hold 320",
	  GEO_SPANS(RAID5, LEFT_SYMMETRIC, 6, 2, STRIPED, 321) },
	{ "array past spans of raid6", "members hold 320",
	  GEO_SPANS(RAID6, LEFT_SYMMETRIC, 8, 2, CONCAT, 321) },
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
	KUNIT_CASE_PARAM(each_strip_has_its_place_in_q, shape_gen_params),
	KUNIT_CASE_PARAM(raid6_is_as_drawn, drawing_gen_params),
	KUNIT_CASE_PARAM(stripe_is_smallest_whole_unit, shape_gen_params),
	KUNIT_CASE_PARAM(rows_behind_the_array_are_free, shape_gen_params),
	KUNIT_CASE_PARAM(ranges_are_one_run_on_a_slot, shape_gen_params),
	KUNIT_CASE_PARAM(maps_near_the_largest_sector, shape_gen_params),
	KUNIT_CASE(raid1_maps_to_every_member),
	KUNIT_CASE(concat_maps_end_to_end),
	KUNIT_CASE_PARAM(state_follows_from_what_is_lost, shape_gen_params),
	KUNIT_CASE_PARAM(redundancy_is_counted_by_span, shape_gen_params),
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
