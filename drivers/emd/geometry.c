// SPDX-License-Identifier: GPL-2.0
/*
 * Where an array sector lives: the arithmetic of every level, and the names
 * that go with it. Facts about a level are a row in emd_levels[].
 *
 * Pure: compiles in the kernel and in user space. Nothing here fails once
 * emd_geo_validate() has accepted the geometry, and no product of a strip
 * number, a member count and a strip can then pass 2^63.
 *
 * How strips lie, c being the strip's number, n the members, one line a row:
 *
 *   raid0 n=3      raid1e adjacent n=3   raid1e offset n=3   raid5 n=3, left asymmetric
 *   0  1  2        0  0  1               0  1  2             0  1  P
 *   3  4  5        1  2  2               2  0  1             2  P  3
 *   6  7  8        3  3  4               3  4  5             P  4  5
 *                  4  5  5               5  3  4             6  7  P
 *
 * Adjacent is md's "near", with even n also what firmware calls RAID10.
 *
 * raid6 n=5, and behind the dot the strip's place in Q (see emd_geo_q_index()):
 *
 *   left symmetric                  ddf n continue                  left symmetric 6
 *   Q    0.0  1.1  2.2  P           0.0  1.1  2.2  Q    P           0.0  1.1  2.2  P    Q
 *   3.0  4.1  5.2  P    Q           4.0  5.1  Q    P    3.4         4.0  5.1  P    3.2  Q
 *   7.1  8.2  P    Q    6.0         8.0  Q    P    6.3  7.4         8.0  P    6.1  7.2  Q
 *
 * Arrays of spans (DDF's raid50 and raid60) are composed here and nowhere else. A
 * row belongs to one span, and lies in it as in an array of its members alone:
 *
 *   striped: row r is row r / s of span r % s       concat: the rows of span 0, then ...
 *   two spans of three, raid5:  0  1  P . . .
 *                               . . .  2  3  P
 *                               4  P  5 . . .
 *
 * The unit that alternates is a whole row's data: so LSI's controllers tell it to
 * their driver. Spans are equal, so striped raid0 is a plain raid0 and has none.
 *
 * Three relatives of raid5 that DDF knows:
 *   raid5r   parity takes a step every 2^c rows only: raid5 with rotate_shift c.
 *   raid5e   each member keeps room behind the rows in use, for the content of one
 *            that fails: raid5 with an array that ends early, the room begins behind
 *            its last row. Once the room has been used, the rows lie otherwise, and no
 *            geometry here says how.
 *   raid5ee  such room in every row. Which strip of the row it is, and how data
 *            goes around it, no source settles: there is no geometry for it, as
 *            a wrong guess would return wrong data for right.
 */
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/string.h>
#include <linux/types.h>

#include "geometry.h"

#define LAYOUT_BIT(layout)	(1U << EMD_LAYOUT_##layout)
#define COPY_LAYOUTS		(LAYOUT_BIT(ADJACENT) | LAYOUT_BIT(OFFSET))
#define ROTATING_LAYOUTS	(LAYOUT_BIT(LEFT_ASYMMETRIC) | LAYOUT_BIT(LEFT_SYMMETRIC) | \
				 LAYOUT_BIT(RIGHT_ASYMMETRIC) | LAYOUT_BIT(RIGHT_SYMMETRIC))
#define FIXED_LAYOUTS		(LAYOUT_BIT(PARITY_FIRST) | LAYOUT_BIT(PARITY_LAST))
#define DDF_RAID6_LAYOUTS	(LAYOUT_BIT(ROTATING_ZERO_RESTART) | \
				 LAYOUT_BIT(ROTATING_N_RESTART) | \
				 LAYOUT_BIT(ROTATING_N_CONTINUE))
#define RAID5_AND_Q_LAYOUTS	(LAYOUT_BIT(LEFT_ASYMMETRIC_6) | LAYOUT_BIT(LEFT_SYMMETRIC_6) | \
				 LAYOUT_BIT(RIGHT_ASYMMETRIC_6) | LAYOUT_BIT(RIGHT_SYMMETRIC_6) | \
				 LAYOUT_BIT(PARITY_FIRST_6))

const struct emd_level_desc emd_levels[EMD_NR_LEVELS] = {
	[EMD_LEVEL_CONCAT] = {
		.name = "concat",
		.min_members = 1,
		.max_members = EMD_MAX_MEMBERS,
		.layouts = LAYOUT_BIT(NONE),
	},
	[EMD_LEVEL_RAID0] = {
		.name = "raid0",
		.striped = true,
		.min_members = 1,
		.max_members = EMD_MAX_MEMBERS,
		.layouts = LAYOUT_BIT(NONE),
	},
	[EMD_LEVEL_RAID1] = {
		.name = "raid1",
		.redundant = true,
		.min_members = 2,
		.max_members = 32,
		.layouts = LAYOUT_BIT(NONE),
	},
	[EMD_LEVEL_RAID1E] = {
		.name = "raid1e",
		.redundant = true,
		.striped = true,
		.min_members = 3,
		.max_members = EMD_MAX_MEMBERS,
		.default_layout = EMD_LAYOUT_ADJACENT,
		.layouts = COPY_LAYOUTS,
	},
	[EMD_LEVEL_RAID4] = {
		.name = "raid4",
		.redundant = true,
		.striped = true,
		.min_members = 3,
		.max_members = EMD_MAX_PARITY_MEMBERS,
		.default_layout = EMD_LAYOUT_PARITY_LAST,
		.layouts = FIXED_LAYOUTS,
	},
	[EMD_LEVEL_RAID5] = {
		.name = "raid5",
		.redundant = true,
		.striped = true,
		.min_members = 3,
		.max_members = EMD_MAX_PARITY_MEMBERS,
		.default_layout = EMD_LAYOUT_LEFT_SYMMETRIC,
		.layouts = ROTATING_LAYOUTS | FIXED_LAYOUTS,
	},
	[EMD_LEVEL_RAID6] = {
		.name = "raid6",
		.redundant = true,
		.striped = true,
		.min_members = 4,
		.max_members = EMD_MAX_PARITY_MEMBERS,
		.default_layout = EMD_LAYOUT_LEFT_SYMMETRIC,
		.layouts = ROTATING_LAYOUTS | FIXED_LAYOUTS | DDF_RAID6_LAYOUTS |
			   RAID5_AND_Q_LAYOUTS,
	},
	[EMD_LEVEL_RAID10] = {
		.name = "raid10",
		.redundant = true,
		.striped = true,
		.min_members = 4,
		.max_members = EMD_MAX_MEMBERS - 1,
		.default_layout = EMD_LAYOUT_ADJACENT,
		.layouts = COPY_LAYOUTS,
	},
};

const char *const emd_layout_names[EMD_NR_LAYOUTS] = {
	[EMD_LAYOUT_NONE]		= "none",
	[EMD_LAYOUT_ADJACENT]		= "adjacent",
	[EMD_LAYOUT_OFFSET]		= "offset",
	[EMD_LAYOUT_LEFT_ASYMMETRIC]	= "left-asymmetric",
	[EMD_LAYOUT_LEFT_SYMMETRIC]	= "left-symmetric",
	[EMD_LAYOUT_RIGHT_ASYMMETRIC]	= "right-asymmetric",
	[EMD_LAYOUT_RIGHT_SYMMETRIC]	= "right-symmetric",
	[EMD_LAYOUT_PARITY_FIRST]	= "parity-first",
	[EMD_LAYOUT_PARITY_LAST]	= "parity-last",
	[EMD_LAYOUT_ROTATING_ZERO_RESTART] = "ddf-zero-restart",
	[EMD_LAYOUT_ROTATING_N_RESTART]	= "ddf-n-restart",
	[EMD_LAYOUT_ROTATING_N_CONTINUE] = "ddf-n-continue",
	[EMD_LAYOUT_LEFT_ASYMMETRIC_6]	= "left-asymmetric-6",
	[EMD_LAYOUT_LEFT_SYMMETRIC_6]	= "left-symmetric-6",
	[EMD_LAYOUT_RIGHT_ASYMMETRIC_6]	= "right-asymmetric-6",
	[EMD_LAYOUT_RIGHT_SYMMETRIC_6]	= "right-symmetric-6",
	[EMD_LAYOUT_PARITY_FIRST_6]	= "parity-first-6",
};

const char *const emd_member_state_names[EMD_NR_MEMBER_STATES] = {
	[EMD_MEMBER_IN_SYNC]	= "in_sync",
	[EMD_MEMBER_REBUILDING]	= "rebuilding",
	[EMD_MEMBER_MISSING]	= "missing",
	[EMD_MEMBER_FAILED]	= "failed",
};

const char *const emd_array_state_names[EMD_NR_ARRAY_STATES] = {
	[EMD_ARRAY_OPTIMAL]	= "optimal",
	[EMD_ARRAY_DEGRADED]	= "degraded",
	[EMD_ARRAY_FAILED]	= "failed",
	[EMD_ARRAY_INACTIVE]	= "inactive",
};

/* Strips are powers of two: emd_geo_validate() saw to it. */
static unsigned int strip_shift(const struct emd_geometry *geo)
{
	return __builtin_ctz(geo->strip_sectors);
}

/* Rows of a span; of the whole when it is of one piece. */
static u64 span_rows(const struct emd_geometry *geo)
{
	return geo->member_sectors >> strip_shift(geo);
}

/* Which span has a row of the array, and which of its rows it is. */
static u16 span_of(const struct emd_geometry *geo, u64 row, u64 *span_row)
{
	u32 span;

	*span_row = row;
	if (!geo->nr_spans)
		return 0;
	if (geo->span_join == EMD_SPANS_STRIPED) {
		*span_row = div_u64_rem(row, geo->nr_spans, &span);
		return span;
	}
	span = div64_u64(row, span_rows(geo));
	*span_row = row - span * span_rows(geo);
	return span;
}

/* And back. */
static u64 row_of(const struct emd_geometry *geo, u16 span, u64 span_row)
{
	if (!geo->nr_spans)
		return span_row;
	return geo->span_join == EMD_SPANS_STRIPED ? span_row * geo->nr_spans + span :
						     span_rows(geo) * span + span_row;
}

/* Strips of parity in each row. */
static unsigned int nr_parity(const struct emd_geometry *geo)
{
	switch (geo->level) {
	case EMD_LEVEL_RAID4:
	case EMD_LEVEL_RAID5:
		return 1;
	case EMD_LEVEL_RAID6:
		return 2;
	default:
		return 0;
	}
}

static u16 expected_copies(const struct emd_geometry *geo)
{
	switch (geo->level) {
	case EMD_LEVEL_RAID1:
		return geo->nr_members;
	case EMD_LEVEL_RAID1E:
	case EMD_LEVEL_RAID10:
		return 2;
	default:
		return 1;
	}
}

static int validate_spans(const struct emd_geometry *geo, struct emd_errmsg *msg)
{
	const char *name = emd_levels[geo->level].name;

	if (geo->nr_spans < 2 || geo->nr_members > EMD_MAX_MEMBERS ||
	    geo->nr_members % geo->nr_spans)
		return EMD_REFUSE(msg, -EINVAL, "%u members in %u spans", geo->nr_members,
				  geo->nr_spans);
	if (geo->span_join >= EMD_NR_SPAN_JOINS)
		return EMD_REFUSE(msg, -EINVAL, "spans joined in way %u", geo->span_join);
	if (!emd_geo_has_parity(geo) &&
	    (geo->level != EMD_LEVEL_RAID0 || geo->span_join != EMD_SPANS_CONCAT))
		return EMD_REFUSE(msg, -EINVAL, "spans of %s, not supported", name);
	return 0;
}

/**
 * emd_geo_validate() - is this a shape that the rest of EMD can rely on?
 * @geo: geometry from metadata or from a command; nothing is taken for granted
 * @msg: gets the reason of a refusal; may be NULL
 *
 * For concat the capacity is checked against the largest member times their
 * number only; the members' own sizes are in the config.
 *
 * Return: 0 or -EINVAL.
 * Context: Any.
 */
int emd_geo_validate(const struct emd_geometry *geo, struct emd_errmsg *msg)
{
	const struct emd_level_desc *desc;
	u32 strip = geo->strip_sectors;
	u64 capacity;
	u16 members;

	if ((unsigned int)geo->level >= EMD_NR_LEVELS)
		return EMD_REFUSE(msg, -EINVAL, "RAID level number %u is unknown",
				  (unsigned int)geo->level);
	desc = &emd_levels[geo->level];

	if ((unsigned int)geo->layout >= EMD_NR_LAYOUTS)
		return EMD_REFUSE(msg, -EINVAL, "layout number %u is unknown",
				  (unsigned int)geo->layout);
	if (!(desc->layouts & (1U << geo->layout)))
		return EMD_REFUSE(msg, -EINVAL, "%s has no layout \"%s\"",
				  desc->name, emd_layout_names[geo->layout]);

	if (geo->nr_spans && validate_spans(geo, msg))
		return -EINVAL;
	members = emd_geo_span_members(geo);
	if (members < desc->min_members || members > desc->max_members)
		return EMD_REFUSE(msg, -EINVAL, "%s with %u members, need %u to %u",
				  desc->name, members, desc->min_members, desc->max_members);
	if (geo->level == EMD_LEVEL_RAID10 && geo->nr_members % 2)
		return EMD_REFUSE(msg, -EINVAL,
				  "raid10 with %u members, need an even number (raid1e takes an odd one)",
				  geo->nr_members);
	if (geo->nr_copies != expected_copies(geo))
		return EMD_REFUSE(msg, -EINVAL, "%s of %u members with %u copies, need %u",
				  desc->name, geo->nr_members, geo->nr_copies,
				  expected_copies(geo));

	if (geo->rotate_shift > EMD_MAX_ROTATE_SHIFT)
		return EMD_REFUSE(msg, -EINVAL, "parity moves every 2^%u rows, at most 2^%u",
				  geo->rotate_shift, EMD_MAX_ROTATE_SHIFT);
	if (geo->rotate_shift && (geo->level != EMD_LEVEL_RAID5 ||
				  !(ROTATING_LAYOUTS & (1U << geo->layout))))
		return EMD_REFUSE(msg, -EINVAL, "%s %s with parity that rests for some rows",
				  desc->name, emd_layout_names[geo->layout]);

	if (strip > EMD_MAX_STRIP_SECTORS)
		return EMD_REFUSE(msg, -EINVAL, "strip of %u sectors, at most %u",
				  strip, EMD_MAX_STRIP_SECTORS);
	if (desc->striped && (!strip || (strip & (strip - 1))))
		return EMD_REFUSE(msg, -EINVAL, "strip of %u sectors, need a power of two", strip);

	if (!geo->member_sectors || geo->member_sectors >= EMD_MAX_SECTORS)
		return EMD_REFUSE(msg, -EINVAL, "%llu sectors on each member, need 1 to %llu",
				  (unsigned long long)geo->member_sectors,
				  (unsigned long long)EMD_MAX_SECTORS - 1);
	capacity = emd_geo_capacity(geo);
	if (!geo->array_sectors || geo->array_sectors >= EMD_MAX_SECTORS)
		return EMD_REFUSE(msg, -EINVAL, "array of %llu sectors, need 1 to %llu",
				  (unsigned long long)geo->array_sectors,
				  (unsigned long long)EMD_MAX_SECTORS - 1);
	if (geo->array_sectors > capacity)
		return EMD_REFUSE(msg, -EINVAL, "array of %llu sectors, the members hold %llu",
				  (unsigned long long)geo->array_sectors,
				  (unsigned long long)capacity);
	return 0;
}

/**
 * emd_geo_capacity() - array sectors that the members can hold
 * @geo: level, layout, members, strip and member_sectors are valid;
 *	array_sectors is not looked at
 *
 * Whole strips only where the level stripes, whole pairs of rows for the offset
 * layout. For concat an upper bound: member_sectors is the largest member.
 *
 * Return: sectors; 0 when not even one strip fits.
 * Context: Any.
 */
u64 emd_geo_capacity(const struct emd_geometry *geo)
{
	u64 rows;

	switch (geo->level) {
	case EMD_LEVEL_CONCAT:
		return geo->member_sectors * geo->nr_members;
	case EMD_LEVEL_RAID1:
		return geo->member_sectors;
	default:
		break;
	}

	rows = geo->member_sectors >> strip_shift(geo);
	if (geo->layout == EMD_LAYOUT_OFFSET)
		return ((rows / 2) * geo->nr_members) << strip_shift(geo);
	if (geo->layout == EMD_LAYOUT_ADJACENT)
		return (rows * geo->nr_members / 2) << strip_shift(geo);
	return (rows * max_t(u16, geo->nr_spans, 1) * emd_geo_nr_data(geo)) << strip_shift(geo);
}

/**
 * emd_geo_stripe_sectors() - array sectors after which the pattern repeats
 * @geo: a valid geometry
 *
 * The smallest run that fills whole rows and holds all copies of what it holds:
 * what a full-stripe write or a window of background work is a multiple of.
 *
 * Return: sectors, at least 1; 1 for the levels without strips.
 * Context: Any.
 */
u64 emd_geo_stripe_sectors(const struct emd_geometry *geo)
{
	u64 strip = geo->strip_sectors;
	u16 n = geo->nr_members;

	if (!emd_levels[geo->level].striped)
		return 1;
	if (geo->layout == EMD_LAYOUT_OFFSET)
		return strip * n;
	if (geo->layout == EMD_LAYOUT_ADJACENT)
		return n % 2 ? strip * n : strip * (n / 2);
	return strip * emd_geo_nr_data(geo);
}

/* Which slot Q is on, seen from P's. */
enum q_place {
	Q_BEHIND_P,
	Q_BEFORE_P,
	Q_LAST,		/* the last slot in every row, the others lie as in raid5 */
};

/**
 * struct parity_layout - how parity wanders through the rows
 * @p_start: P's slot in row 0; below 0 counted from the end of the ring
 * @p_step: what is added to it from row to row
 * @q_place: where Q is; raid4 and raid5 have none
 * @data_continues: data goes on behind the parity and round the corner; else it
 *	starts at the lowest slot again and steps over the parity
 * @q_counts_slots: a strip's place in Q is its slot; else its place behind Q and
 *	round the corner, where only data counts
 *
 * The ring is all slots, but for Q_LAST, which takes the last one out.
 */
struct parity_layout {
	s8 p_start;
	s8 p_step;
	u8 q_place;
	bool data_continues;
	bool q_counts_slots;
};

static const struct parity_layout parity_layouts[EMD_NR_LAYOUTS] = {
	[EMD_LAYOUT_LEFT_ASYMMETRIC]	= { -1, -1, Q_BEHIND_P, false },
	[EMD_LAYOUT_LEFT_SYMMETRIC]	= { -1, -1, Q_BEHIND_P, true },
	[EMD_LAYOUT_RIGHT_ASYMMETRIC]	= { 0, 1, Q_BEHIND_P, false },
	[EMD_LAYOUT_RIGHT_SYMMETRIC]	= { 0, 1, Q_BEHIND_P, true },
	[EMD_LAYOUT_PARITY_FIRST]	= { 0, 0, Q_BEHIND_P, false },
	[EMD_LAYOUT_PARITY_LAST]	= { -1, 0, Q_LAST, false },
	[EMD_LAYOUT_ROTATING_ZERO_RESTART] = { 0, 1, Q_BEHIND_P, false, true },
	[EMD_LAYOUT_ROTATING_N_RESTART]	= { -2, -1, Q_BEHIND_P, false, true },
	[EMD_LAYOUT_ROTATING_N_CONTINUE] = { -1, -1, Q_BEFORE_P, true, true },
	[EMD_LAYOUT_LEFT_ASYMMETRIC_6]	= { -1, -1, Q_LAST, false },
	[EMD_LAYOUT_LEFT_SYMMETRIC_6]	= { -1, -1, Q_LAST, true },
	[EMD_LAYOUT_RIGHT_ASYMMETRIC_6]	= { 0, 1, Q_LAST, false },
	[EMD_LAYOUT_RIGHT_SYMMETRIC_6]	= { 0, 1, Q_LAST, true },
	[EMD_LAYOUT_PARITY_FIRST_6]	= { 0, 0, Q_LAST, false },
};

/* One row of a parity level, parity placed; slots count from its span's first. */
struct parity_row {
	u16 begin;	/* that slot */
	u16 ring;
	u16 p_slot;
	u16 q_slot;	/* p_slot without a Q */
	u16 first;	/* where the ring is entered: the 0th data strip, if data continues */
};

static void get_parity_row(const struct emd_geometry *geo, u64 row, struct parity_row *out)
{
	const struct parity_layout *layout = &parity_layouts[geo->layout];
	bool has_q = nr_parity(geo) == 2;
	u16 n = emd_geo_span_members(geo);
	u16 ring = n - (has_q && layout->q_place == Q_LAST);
	u32 p = layout->p_start < 0 ? ring + layout->p_start : layout->p_start;
	u32 turn;

	out->begin = span_of(geo, row, &row) * n;
	if (layout->p_step) {
		div_u64_rem(row >> geo->rotate_shift, ring, &turn);
		p += layout->p_step > 0 ? turn : ring - turn;
		if (p >= ring)
			p -= ring;
	}

	out->ring = ring;
	out->p_slot = p;
	out->q_slot = p;
	out->first = p + 1 == ring ? 0 : p + 1;
	if (!has_q)
		return;
	switch (layout->q_place) {
	case Q_BEHIND_P:
		out->q_slot = out->first;
		out->first = out->first + 1 == ring ? 0 : out->first + 1;
		break;
	case Q_BEFORE_P:
		out->q_slot = p ? p - 1 : ring - 1;
		break;
	case Q_LAST:
		out->q_slot = ring;
		break;
	}
}

/* Slot of the @k-th data strip of a row. */
static u16 row_data_slot(const struct emd_geometry *geo, const struct parity_row *row, u16 k)
{
	u16 slot = k;

	if (parity_layouts[geo->layout].data_continues) {
		slot += row->first;
		return slot >= row->ring ? slot - row->ring : slot;
	}
	/* Lower one first: each step over one moves what comes after it. */
	if (slot >= min(row->p_slot, row->q_slot))
		slot++;
	if (row->q_slot != row->p_slot && slot >= max(row->p_slot, row->q_slot))
		slot++;
	return slot;
}

/* And back; false when the slot holds parity in this row. */
static bool row_data_index(const struct emd_geometry *geo, const struct parity_row *row, u16 slot,
			   u16 *k)
{
	if (slot == row->p_slot || slot == row->q_slot)
		return false;
	if (parity_layouts[geo->layout].data_continues)
		*k = slot >= row->first ? slot - row->first : slot + row->ring - row->first;
	else
		*k = slot - (slot > row->p_slot) -
		     (row->q_slot != row->p_slot && slot > row->q_slot);
	return true;
}

/**
 * emd_geo_parity() - slots that hold parity in a row
 * @geo: a valid geometry of raid4, raid5 or raid6
 * @row: row of strips, from 0
 * @p_slot: gets the slot of the XOR parity
 * @q_slot: gets the slot of the second syndrome (raid6), else @p_slot's value
 *
 * Context: Any.
 */
void emd_geo_parity(const struct emd_geometry *geo, u64 row, u16 *p_slot, u16 *q_slot)
{
	struct parity_row placed;

	get_parity_row(geo, row, &placed);
	*p_slot = placed.begin + placed.p_slot;
	*q_slot = placed.begin + placed.q_slot;
}

/**
 * emd_geo_row_begin() - where a row lies
 * @geo: a valid geometry of raid0, raid4, raid5 or raid6
 * @row: row of strips, from 0, in the order of the array's sectors
 * @member_sector: gets where on each of its members its strip begins
 *
 * Return: its first slot; the others are the emd_geo_span_members() from there.
 * Context: Any.
 */
u16 emd_geo_row_begin(const struct emd_geometry *geo, u64 row, u64 *member_sector)
{
	u16 span = span_of(geo, row, &row);

	*member_sector = row << strip_shift(geo);
	return span * emd_geo_span_members(geo);
}

/**
 * emd_geo_nr_data() - data strips in a row
 * @geo: a valid geometry of raid0, raid4, raid5 or raid6
 *
 * Return: strips, at least 1; for the parity levels at least 2.
 * Context: Any.
 */
u16 emd_geo_nr_data(const struct emd_geometry *geo)
{
	return emd_geo_span_members(geo) - nr_parity(geo);
}

/**
 * emd_geo_data_slot() - slot of a data strip of a row
 * @geo: a valid geometry of raid4, raid5 or raid6
 * @row: row of strips, from 0
 * @k: which data strip, in the order of the array's sectors; below
 *	emd_geo_nr_data()
 *
 * Return: its slot.
 * Context: Any.
 */
u16 emd_geo_data_slot(const struct emd_geometry *geo, u64 row, u16 k)
{
	struct parity_row placed;

	get_parity_row(geo, row, &placed);
	return placed.begin + row_data_slot(geo, &placed, k);
}

/**
 * emd_geo_q_index() - with which coefficient a data strip is in its row's Q
 * @geo: a valid geometry of raid6
 * @row: row of strips, from 0
 * @slot: slot that holds data in that row, not P and not Q
 *
 * Q is the sum of g^i times strip over the row, g = 2 in GF(2^8) with the
 * polynomial 0x11d. The DDF layouts let every slot of the row take an i, as if
 * the two of parity were zero; all others give none to parity and start behind
 * Q, round the corner. So i is at most nr_members - 1 for the former and
 * nr_data - 1 for the latter, and never twice in a row.
 *
 * Return: the exponent i.
 * Context: Any.
 */
u16 emd_geo_q_index(const struct emd_geometry *geo, u64 row, u16 slot)
{
	u16 n = emd_geo_span_members(geo), behind_q;
	struct parity_row placed;

	if (parity_layouts[geo->layout].q_counts_slots)
		return geo->nr_spans ? slot % n : slot;
	get_parity_row(geo, row, &placed);
	slot -= placed.begin;
	behind_q = placed.q_slot + 1;
	if (slot >= behind_q)
		return slot - behind_q;
	/* P is the slot before Q and so the last one met, unless Q is tied to its slot. */
	return slot + n - behind_q - (slot > placed.p_slot);
}

/**
 * emd_geo_map() - where a copy of an array sector is
 * @geo: a valid geometry, any level but concat (that is emd_concat_map())
 * @array_sector: below geo->array_sectors
 * @copy: below geo->nr_copies; 0 for levels without copies
 * @piece: gets slot, member sector, and how far the run goes there: to the end
 *	of the strip, for raid1 to the end of the array
 *
 * The run may go past array_sectors when the array ends within a strip.
 *
 * Context: Any.
 */
void emd_geo_map(const struct emd_geometry *geo, u64 array_sector, u16 copy,
		 struct emd_piece *piece)
{
	struct parity_row placed;
	unsigned int shift;
	u32 offset, rest;
	u64 strip, row;
	u16 n = geo->nr_members;

	if (!emd_levels[geo->level].striped) {
		piece->slot = copy;
		piece->member_sector = array_sector;
		piece->nr_sectors = geo->level == EMD_LEVEL_RAID1 ?
				    geo->array_sectors - array_sector : 0;
		return;
	}

	shift = strip_shift(geo);
	strip = array_sector >> shift;
	offset = array_sector & (geo->strip_sectors - 1);

	switch (geo->level) {
	case EMD_LEVEL_RAID1E:
	case EMD_LEVEL_RAID10:
		if (geo->layout == EMD_LAYOUT_OFFSET) {
			row = div_u64_rem(strip, n, &rest) * 2 + copy;
			rest += copy;
			if (rest == n)
				rest = 0;
		} else {
			row = div_u64_rem(strip * 2 + copy, n, &rest);
		}
		break;
	case EMD_LEVEL_RAID4:
	case EMD_LEVEL_RAID5:
	case EMD_LEVEL_RAID6:
		row = div_u64_rem(strip, emd_geo_nr_data(geo), &rest);
		get_parity_row(geo, row, &placed);
		rest = placed.begin + row_data_slot(geo, &placed, rest);
		span_of(geo, row, &row);
		break;
	default:
		n = emd_geo_span_members(geo);
		row = div_u64_rem(strip, n, &rest);
		rest += span_of(geo, row, &row) * n;
		break;
	}

	piece->slot = rest;
	piece->member_sector = (row << shift) + offset;
	piece->nr_sectors = geo->strip_sectors - offset;
}

/**
 * emd_geo_unmap() - which array sector a member sector holds
 * @geo: a valid geometry, any level but concat
 * @slot: below geo->nr_members
 * @member_sector: from the start of the member's extent
 * @array_sector: gets the array sector
 * @copy: gets which copy of it; 0 for levels without copies
 *
 * Return: false when the sector holds parity, or nothing of the array.
 * Context: Any.
 */
bool emd_geo_unmap(const struct emd_geometry *geo, u16 slot, u64 member_sector,
		   u64 *array_sector, u16 *copy)
{
	struct parity_row placed;
	unsigned int shift;
	u64 strip, row;
	u16 n = geo->nr_members;
	u16 k;

	if (member_sector >= geo->member_sectors || geo->level == EMD_LEVEL_CONCAT)
		return false;
	*copy = 0;
	if (geo->level == EMD_LEVEL_RAID1) {
		*copy = slot;
		*array_sector = member_sector;
		return member_sector < geo->array_sectors;
	}

	shift = strip_shift(geo);
	row = member_sector >> shift;
	switch (geo->level) {
	case EMD_LEVEL_RAID1E:
	case EMD_LEVEL_RAID10:
		if (geo->layout == EMD_LAYOUT_OFFSET) {
			*copy = row & 1;
			strip = (row / 2) * n + (slot + n - *copy) % n;
		} else {
			strip = row * n + slot;
			*copy = strip & 1;
			strip /= 2;
		}
		break;
	case EMD_LEVEL_RAID4:
	case EMD_LEVEL_RAID5:
	case EMD_LEVEL_RAID6:
		n = emd_geo_span_members(geo);
		row = row_of(geo, slot / n, row);
		get_parity_row(geo, row, &placed);
		if (!row_data_index(geo, &placed, slot - placed.begin, &k))
			return false;
		strip = row * emd_geo_nr_data(geo) + k;
		break;
	default:
		n = emd_geo_span_members(geo);
		strip = row_of(geo, slot / n, row) * n + slot % n;
		break;
	}
	*array_sector = (strip << shift) + (member_sector & (geo->strip_sectors - 1));
	return *array_sector < geo->array_sectors;
}

/**
 * emd_geo_dense() - is what one slot holds of any array range a single run?
 * @geo: a valid geometry
 *
 * Then the run is emd_geo_slot_below() of the range's two ends, and a discard of
 * any size is one bio a member.
 *
 * Return: true for raid0, raid1 and the adjacent layout, of one piece.
 * Context: Any.
 */
bool emd_geo_dense(const struct emd_geometry *geo)
{
	return !geo->nr_spans &&
	       (geo->level == EMD_LEVEL_RAID0 || geo->level == EMD_LEVEL_RAID1 ||
		geo->layout == EMD_LAYOUT_ADJACENT);
}

/**
 * emd_geo_slot_below() - how much of the array below a sector one slot holds
 * @geo: a valid geometry for which emd_geo_dense() is true
 * @array_sector: 0 to geo->array_sectors
 * @slot: below geo->nr_members
 *
 * Return: sectors from the start of the member.
 * Context: Any.
 */
u64 emd_geo_slot_below(const struct emd_geometry *geo, u64 array_sector, u16 slot)
{
	unsigned int shift, copies = geo->nr_copies;
	u16 n = geo->nr_members;
	u64 strip, places, rows, below;

	if (geo->level == EMD_LEVEL_RAID1)
		return array_sector;

	/* Copies of one strip lie side by side; row r of this slot is place r * n + slot. */
	shift = strip_shift(geo);
	strip = array_sector >> shift;
	places = strip * copies;
	rows = places > slot ? div_u64(places - slot + n - 1, n) : 0;
	below = rows << shift;
	/* The strip that @array_sector cuts: is a copy of it here? */
	if (rows * n + slot < places + copies)
		below += array_sector & (geo->strip_sectors - 1);
	return below;
}

static bool is_lost(const u8 *member_states, unsigned int slot, int also_lost)
{
	return (int)slot == also_lost || member_states[slot] != EMD_MEMBER_IN_SYNC;
}

static unsigned int tolerated_losses(const struct emd_geometry *geo)
{
	switch (geo->level) {
	case EMD_LEVEL_CONCAT:
	case EMD_LEVEL_RAID0:
		return 0;
	case EMD_LEVEL_RAID4:
	case EMD_LEVEL_RAID5:
		return 1;
	case EMD_LEVEL_RAID6:
		return 2;
	default:
		return geo->nr_members - 1;
	}
}

/* Two copies: is there a strip of which both are on lost slots? */
static bool a_pair_is_lost(const struct emd_geometry *geo, const u8 *member_states,
			   int also_lost)
{
	/* Side by side in an even row the pairs are apart; else every neighbour is one. */
	unsigned int step = geo->layout == EMD_LAYOUT_ADJACENT && geo->nr_members % 2 == 0 ? 2 : 1;
	unsigned int slot;

	for (slot = 0; slot < geo->nr_members; slot += step)
		if (is_lost(member_states, slot, also_lost) &&
		    is_lost(member_states, (slot + 1) % geo->nr_members, also_lost))
			return true;
	return false;
}

/* How many members of a span are lost? */
static unsigned int span_losses(const struct emd_geometry *geo, unsigned int span,
				const u8 *member_states, int also_lost)
{
	unsigned int n = emd_geo_span_members(geo), slot, nr_lost = 0;

	for (slot = span * n; slot < (span + 1) * n; slot++)
		nr_lost += is_lost(member_states, slot, also_lost);
	return nr_lost;
}

static enum emd_array_state array_state(const struct emd_geometry *geo, const u8 *member_states,
					int also_lost)
{
	unsigned int span = 0, nr_lost, nr_all = 0;

	do {
		nr_lost = span_losses(geo, span, member_states, also_lost);
		nr_all += nr_lost;
		if (nr_lost > tolerated_losses(geo))
			return EMD_ARRAY_FAILED;
	} while (++span < geo->nr_spans);
	if (!nr_all)
		return EMD_ARRAY_OPTIMAL;
	if (geo->nr_copies == 2 && geo->level != EMD_LEVEL_RAID1 &&
	    a_pair_is_lost(geo, member_states, also_lost))
		return EMD_ARRAY_FAILED;
	return EMD_ARRAY_DEGRADED;
}

/**
 * emd_geo_array_state() - health of an array, from its members' states
 * @geo: a valid geometry
 * @member_states: enum emd_member_state of each slot
 *
 * Everything but IN_SYNC counts as lost: a member that is being filled does not
 * hold everything yet.
 *
 * Return: EMD_ARRAY_OPTIMAL, EMD_ARRAY_DEGRADED or EMD_ARRAY_FAILED.
 * Context: Any.
 */
enum emd_array_state emd_geo_array_state(const struct emd_geometry *geo, const u8 *member_states)
{
	return array_state(geo, member_states, -1);
}

/**
 * emd_geo_has_redundancy() - is there anything whose members could disagree?
 * @geo: a valid geometry
 * @member_states: enum emd_member_state of each slot
 *
 * Return: false when every sector has but one source left: then there is nothing
 * to resync, and what is filled from it agrees with it.
 * Context: Any.
 */
bool emd_geo_has_redundancy(const struct emd_geometry *geo, const u8 *member_states)
{
	unsigned int span = 0;

	switch (geo->level) {
	case EMD_LEVEL_CONCAT:
	case EMD_LEVEL_RAID0:
		return false;
	case EMD_LEVEL_RAID1:
		return span_losses(geo, 0, member_states, -1) + 1 < geo->nr_members;
	case EMD_LEVEL_RAID4:
	case EMD_LEVEL_RAID5:
	case EMD_LEVEL_RAID6:
		do {
			if (span_losses(geo, span, member_states, -1) < nr_parity(geo))
				return true;
		} while (++span < geo->nr_spans);
		return false;
	default:
		/* Some pair may be whole; what is lost of the others does not matter. */
		return true;
	}
}

/**
 * emd_geo_is_bare() - are there rows of which nothing more may be lost?
 * @geo: a valid geometry of raid4, raid5 or raid6
 * @member_states: enum emd_member_state of each slot
 *
 * Return: true when one of its spans has lost as many members as it has parity.
 * Context: Any.
 */
bool emd_geo_is_bare(const struct emd_geometry *geo, const u8 *member_states)
{
	unsigned int span = 0;

	do {
		if (span_losses(geo, span, member_states, -1) >= nr_parity(geo))
			return true;
	} while (++span < geo->nr_spans);
	return false;
}

/**
 * emd_geo_may_lose() - can a slot be lost without losing data?
 * @geo: a valid geometry
 * @member_states: enum emd_member_state of each slot
 * @slot: the one in question
 *
 * Return: true when the slot is lost already, or when the array would still
 * have a source for everything without it.
 * Context: Any.
 */
bool emd_geo_may_lose(const struct emd_geometry *geo, const u8 *member_states, u16 slot)
{
	if (is_lost(member_states, slot, -1))
		return true;
	return array_state(geo, member_states, slot) != EMD_ARRAY_FAILED;
}

/**
 * emd_concat_map() - where an array sector of a concatenation is
 * @ends: for each slot the first array sector behind it; strictly rising
 * @nr_members: slots
 * @array_sector: below the last end
 * @piece: gets slot, member sector, and how far the run goes there: to the end
 *	of the member
 *
 * Context: Any.
 */
void emd_concat_map(const u64 *ends, u16 nr_members, u64 array_sector, struct emd_piece *piece)
{
	u16 low = 0, high = nr_members - 1;

	while (low < high) {
		u16 mid = (low + high) / 2;

		if (array_sector < ends[mid])
			high = mid;
		else
			low = mid + 1;
	}
	piece->slot = low;
	piece->member_sector = array_sector - (low ? ends[low - 1] : 0);
	piece->nr_sectors = ends[low] - array_sector;
}
