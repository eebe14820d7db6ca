// SPDX-License-Identifier: GPL-2.0
/*
 * Tests of the plans for parity: each one is carried out on a row of a few
 * sectors, a byte each, by an interpreter that knows nothing of how plans are
 * made. It has arithmetic of its own, and reads what it must not as rubbish.
 *
 * All states of all strips, and all runs of what users write or read, for small
 * rows.
 */
#include <kunit/test.h>

#include "engine/parity_plan.h"

#define MAX_SECTORS	3
#define MAX_PARTS	6
#define POISON		0xa7

/* ---- slow arithmetic: one byte a sector, the exponent of data strip k is k ----------- */

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

static u8 gf_div(u8 a, u8 b)
{
	unsigned int quotient;

	for (quotient = 0; quotient < 256; quotient++)
		if (gf_mul(quotient, b) == a)
			return quotient;
	return 0;
}

static u8 gf_power(unsigned int exponent)
{
	return exponent ? gf_mul(gf_power(exponent - 1), 2) : 1;
}

/* ---- a row --------------------------------------------------------------------------- */

/* What becomes of one strip before and after. */
enum health {
	GOOD,
	BAD,		/* in service, but could not be read */
	FILLING,	/* takes writes, holds nothing yet */
	MISSING,
	NR_HEALTHS,
};

struct row {
	struct parity_plan plan;
	struct parity_part parts[MAX_PARTS];
	enum health health[MAX_PARTS];
	unsigned int nr_sectors;
	u8 truth[MAX_PARTS][MAX_SECTORS];	/* what strips should hold before */
	u8 disk[MAX_PARTS][MAX_SECTORS];	/* what they do hold, if one could look */
	u8 fresh[MAX_PARTS][MAX_SECTORS];	/* what users write */
	u8 buffer[MAX_PARTS][MAX_SECTORS];
};

static u16 nr_parts(const struct row *row)
{
	return row->plan.nr_data + row->plan.nr_parity;
}

static u8 slow_parity(const struct row *row, const u8 (*data)[MAX_SECTORS], unsigned int number,
		      unsigned int sector)
{
	u8 sum = 0;
	u16 k;

	for (k = 0; k < row->plan.nr_data; k++)
		sum ^= gf_mul(data[k][sector], number ? gf_power(k) : 1);
	return sum;
}

static bool within(const struct parity_run *run, unsigned int sector)
{
	return sector >= run->lo && sector < run->hi;
}

static bool can_read(const struct row *row, u16 i)
{
	return row->health[i] == GOOD;
}

/* What cannot be read at all is what the parity says, right or wrong; a bad sector is not. */
static bool parity_counts(const struct row *row)
{
	u16 i;

	for (i = 0; i < nr_parts(row); i++)
		if (row->health[i] == BAD && !row->plan.consistent)
			return false;
	return true;
}

static unsigned int nr_lost(const struct row *row)
{
	unsigned int nr = 0;
	u16 i;

	for (i = 0; i < nr_parts(row); i++)
		nr += !can_read(row, i);
	return nr;
}

/* ---- carrying it out ----------------------------------------------------------------- */

static bool do_reads(struct row *row)
{
	unsigned int s;
	u16 i;

	memset(row->buffer, POISON, sizeof(row->buffer));
	for (i = 0; i < nr_parts(row); i++) {
		const struct parity_run *read = &row->parts[i].read;

		if (read->lo > read->hi || read->hi > row->nr_sectors)
			return false;
		if (!parity_run_is_empty(read) && !can_read(row, i))
			return false;
		for (s = read->lo; s < read->hi; s++)
			row->buffer[i][s] = row->disk[i][s];
	}
	return true;
}

/*
 * One sector of what is lost, from the others. A lost parity comes out as what
 * the plan's user must make anew, so it is spoiled.
 */
static void recover_sector(struct row *row, unsigned int s)
{
	u16 nr_data = row->plan.nr_data, lost[MAX_PARTS], i;
	unsigned int nr = 0;
	bool p = can_read(row, nr_data);
	u8 p_sum, q_sum;

	for (i = 0; i < nr_data; i++)
		if (!can_read(row, i))
			lost[nr++] = i;
	for (i = 0; i < nr; i++)
		row->buffer[lost[i]][s] = 0;
	p_sum = slow_parity(row, row->buffer, 0, s) ^ row->buffer[nr_data][s];
	if (nr == 1 && p) {
		row->buffer[lost[0]][s] = p_sum;
	} else if (nr) {
		q_sum = slow_parity(row, row->buffer, 1, s) ^ row->buffer[nr_data + 1][s];
		if (nr == 1) {
			row->buffer[lost[0]][s] = gf_div(q_sum, gf_power(lost[0]));
		} else {
			u8 a = gf_power(lost[0]), b = gf_power(lost[1]);

			row->buffer[lost[0]][s] = gf_div(q_sum ^ gf_mul(p_sum, b), a ^ b);
			row->buffer[lost[1]][s] = p_sum ^ row->buffer[lost[0]][s];
		}
	}
	for (i = nr_data; i < nr_parts(row); i++)
		if (!can_read(row, i))
			row->buffer[i][s] = POISON;
}

static void fill_row(struct row *row)
{
	u16 nr_data = row->plan.nr_data, i;
	unsigned int s;

	for (s = 0; s < row->nr_sectors; s++) {
		for (i = 0; i < nr_data; i++) {
			row->truth[i][s] = 0x31 + 17 * i + 71 * s;
			row->fresh[i][s] = 0xc3 + 29 * i + 101 * s;
		}
		for (i = 0; i < row->plan.nr_parity; i++)
			row->truth[nr_data + i][s] = slow_parity(row, row->truth, i, s);
		for (i = 0; i < nr_parts(row); i++) {
			bool stale = i >= nr_data && !row->plan.consistent;
			bool holds = row->health[i] == GOOD || row->health[i] == BAD;

			row->disk[i][s] = holds && !stale ? row->truth[i][s] : POISON ^ i ^ s;
		}
		/* A parity that is wrong is all that is known of what is lost. */
		if (row->plan.consistent || !parity_counts(row) ||
		    nr_lost(row) > row->plan.nr_parity)
			continue;
		memcpy(row->buffer, row->disk, sizeof(row->buffer));
		recover_sector(row, s);
		for (i = 0; i < nr_data; i++)
			row->truth[i][s] = row->buffer[i][s];
	}
	for (i = 0; i < nr_parts(row); i++) {
		row->parts[i].readable = row->health[i] == GOOD || row->health[i] == BAD;
		row->parts[i].writable = row->health[i] != MISSING;
		row->parts[i].bad = row->health[i] == BAD;
	}
}

static void compute_write(struct row *row)
{
	const struct parity_plan *plan = &row->plan;
	unsigned int s;
	u16 i, k;

	for (s = plan->range.lo; s < plan->range.hi; s++) {
		u8 change[2] = {};

		if (plan->method == PARITY_BY_RECOVERY)
			recover_sector(row, s);
		for (k = 0; k < plan->nr_data; k++) {
			u8 diff = row->buffer[k][s] ^ row->fresh[k][s];

			if (!within(&row->parts[k].fresh, s))
				continue;
			change[0] ^= diff;
			change[1] ^= gf_mul(diff, gf_power(k));
			row->buffer[k][s] = row->fresh[k][s];
		}
		for (i = 0; i < plan->nr_parity; i++) {
			u8 *parity = &row->buffer[plan->nr_data + i][s];

			if (plan->method == PARITY_BY_UPDATE)
				*parity ^= change[i];
			else if (plan->method != PARITY_WITHOUT)
				*parity = slow_parity(row, row->buffer, i, s);
		}
	}
}

static bool do_writes(struct row *row)
{
	unsigned int s;
	u16 i;

	for (i = 0; i < nr_parts(row); i++) {
		const struct parity_run *write = &row->parts[i].write;

		if (write->lo > write->hi || write->hi > row->nr_sectors)
			return false;
		if (!parity_run_is_empty(write) && !row->parts[i].writable)
			return false;
		for (s = write->lo; s < write->hi; s++)
			row->disk[i][s] = row->buffer[i][s];
	}
	return true;
}

/* ---- judging it ---------------------------------------------------------------------- */

static const char *written_wrongly(const struct row *row, u8 (*before)[MAX_SECTORS])
{
	u8 now[MAX_PARTS][MAX_SECTORS];
	u16 nr_data = row->plan.nr_data, i;
	unsigned int s;

	for (s = 0; s < row->nr_sectors; s++) {
		bool concerned = false;

		for (i = 0; i < nr_data; i++) {
			bool fresh = within(&row->parts[i].fresh, s);

			concerned |= fresh;
			now[i][s] = fresh ? row->fresh[i][s] : row->truth[i][s];
		}
		for (i = 0; i < nr_parts(row); i++) {
			u8 want = i < nr_data ? now[i][s] : slow_parity(row, now, i - nr_data, s);
			bool due = i < nr_data ? within(&row->parts[i].fresh, s) : concerned;

			if (row->health[i] == MISSING)
				continue;
			if (due && row->disk[i][s] != want)
				return "what is written is wrong";
			/* Nothing else changes, but what could not be read may become right. */
			if (!due && row->disk[i][s] != before[i][s] &&
			    (row->health[i] == GOOD || row->disk[i][s] != want))
				return "what nobody writes has changed";
		}
	}
	return NULL;
}

/*
 * Could a clever one do it? Each sector of parity that is to be written must be
 * known: from all data, from the change, or from all data once it is recovered.
 */
static bool sector_is_possible(const struct row *row, unsigned int s)
{
	bool by_data = true, by_update = row->plan.consistent && row->plan.can_update;
	bool concerned = false;
	u16 i;

	for (i = 0; i < row->plan.nr_data; i++) {
		bool fresh = within(&row->parts[i].fresh, s);

		concerned |= fresh;
		by_data &= fresh || can_read(row, i);
		by_update &= !fresh || can_read(row, i);
	}
	for (; i < nr_parts(row); i++)
		by_update &= !row->parts[i].writable || can_read(row, i);
	return !concerned || by_data || by_update ||
	       (parity_counts(row) && nr_lost(row) <= row->plan.nr_parity);
}

static bool write_must_be_possible(const struct row *row)
{
	unsigned int s, nr_out = 0;
	bool parity = false;
	u16 i;

	for (i = 0; i < nr_parts(row); i++) {
		nr_out += !row->parts[i].writable;
		parity |= i >= row->plan.nr_data && row->parts[i].writable;
	}
	if (nr_out > row->plan.nr_parity)
		return false;
	if (!parity)
		return true;
	/* Beyond what the level bears it may be refused. */
	if (nr_lost(row) > row->plan.nr_parity)
		return false;
	for (s = 0; s < row->nr_sectors; s++)
		if (!sector_is_possible(row, s))
			return false;
	return true;
}

static unsigned int sectors_read(const struct row *row)
{
	unsigned int sum = 0;
	u16 i;

	for (i = 0; i < nr_parts(row); i++)
		sum += parity_run_sectors(&row->parts[i].read);
	return sum;
}

/* With everything there: as little as the better of the two usual ways. */
static bool reads_too_much(const struct row *row)
{
	unsigned int whole = parity_run_sectors(&row->plan.range);
	unsigned int s, by_data = 0, by_update = 0;
	u16 i;

	if (nr_lost(row))
		return false;
	for (s = row->plan.range.lo; s < row->plan.range.hi; s++) {
		by_update += row->plan.nr_parity;
		for (i = 0; i < row->plan.nr_data; i++)
			by_update += within(&row->parts[i].fresh, s);
	}
	for (i = 0; i < row->plan.nr_data; i++)
		if (parity_run_sectors(&row->parts[i].fresh) != whole)
			by_data += whole;
	if (!row->plan.consistent || !row->plan.can_update)
		by_update = by_data;
	return sectors_read(row) > min(by_data, by_update);
}

static const char *try_write(struct row *row)
{
	u8 before[MAX_PARTS][MAX_SECTORS];

	fill_row(row);
	memcpy(before, row->disk, sizeof(before));
	if (parity_plan_write(&row->plan, row->parts))
		return write_must_be_possible(row) ? "refused what could be done" : NULL;
	if (!do_reads(row))
		return "reads what is not to be read";
	compute_write(row);
	if (!do_writes(row))
		return "writes what is not to be written";
	if (reads_too_much(row))
		return "reads too much";
	return written_wrongly(row, before);
}

static const char *try_read(struct row *row)
{
	bool all_there = true;
	unsigned int s;
	u16 k;

	fill_row(row);
	for (k = 0; k < row->plan.nr_data; k++)
		all_there &= parity_run_is_empty(&row->parts[k].wanted) || can_read(row, k);
	if (parity_plan_read(&row->plan, row->parts))
		return all_there || (parity_counts(row) && nr_lost(row) <= row->plan.nr_parity) ?
		       "refused what could be done" : NULL;
	if (!do_reads(row))
		return "reads what is not to be read";
	for (s = row->plan.range.lo; s < row->plan.range.hi; s++)
		if (row->plan.method == PARITY_BY_RECOVERY)
			recover_sector(row, s);
	for (k = 0; k < row->plan.nr_data; k++)
		for (s = row->parts[k].wanted.lo; s < row->parts[k].wanted.hi; s++)
			if (row->buffer[k][s] != row->truth[k][s])
				return "what is read is wrong";
	for (k = 0; k < nr_parts(row); k++)
		if (!parity_run_is_empty(&row->parts[k].write))
			return "a read writes";
	return NULL;
}

/* ---- all there is -------------------------------------------------------------------- */

struct shape {
	u16 nr_data;
	u16 nr_parity;
	unsigned int nr_sectors;
};

/* Few sectors where there are many strips: it is the product that takes time. */
static const struct shape shapes[] = {
	{ 2, 1, 3 }, { 3, 1, 3 }, { 4, 1, 2 }, { 5, 1, 2 },
	{ 2, 2, 3 }, { 3, 2, 3 }, { 4, 2, 2 },
};

static void shape_name(const struct shape *shape, char *name)
{
	snprintf(name, KUNIT_PARAM_DESC_SIZE, "%u+%u strips of %u", shape->nr_data,
		 shape->nr_parity, shape->nr_sectors);
}

KUNIT_ARRAY_PARAM(shapes, shapes, shape_name);

/* The next combination of runs, all within @nr sectors; false after the last. */
static bool next_runs(struct parity_run *runs[], u16 nr_runs, unsigned int nr)
{
	u16 i;

	for (i = 0; i < nr_runs; i++) {
		struct parity_run *run = runs[i];

		if (parity_run_is_empty(run)) {
			*run = (struct parity_run){ 0, 1 };
			return true;
		}
		if (run->hi < nr) {
			run->hi++;
			return true;
		}
		if (run->lo + 1 < nr) {
			run->lo++;
			run->hi = run->lo + 1;
			return true;
		}
		*run = (struct parity_run){};
	}
	return false;
}

/* All combinations in which at most one strip more is ill than the level bears. */
static bool next_healths(struct row *row)
{
	unsigned int nr_ill;
	u16 i;

	do {
		for (i = 0; i < nr_parts(row); i++) {
			if (++row->health[i] < NR_HEALTHS)
				break;
			row->health[i] = GOOD;
		}
		if (i == nr_parts(row))
			return false;
		nr_ill = nr_lost(row);
	} while (nr_ill > row->plan.nr_parity + 1);
	return true;
}

static void describe(struct kunit *test, const struct row *row, const char *fault)
{
	u16 i;

	for (i = 0; i < nr_parts(row); i++)
		kunit_info(test, "strip %u: health %u, fresh %u-%u, wanted %u-%u, read %u-%u, write %u-%u",
			   i, row->health[i], row->parts[i].fresh.lo, row->parts[i].fresh.hi,
			   row->parts[i].wanted.lo, row->parts[i].wanted.hi, row->parts[i].read.lo,
			   row->parts[i].read.hi, row->parts[i].write.lo, row->parts[i].write.hi);
	KUNIT_FAIL(test, "%s (consistent %u, can update %u, method %u)", fault,
		   row->plan.consistent, row->plan.can_update, row->plan.method);
}

/* What users write has no hole in the middle: that would be two operations. */
static bool has_hole(const struct row *row)
{
	bool seen = false, ended = false, any;
	unsigned int s;
	u16 k;

	for (s = 0; s < row->nr_sectors; s++) {
		any = false;
		for (k = 0; k < row->plan.nr_data; k++)
			any |= within(&row->parts[k].fresh, s);
		if (any && ended)
			return true;
		ended |= seen && !any;
		seen |= any;
	}
	return !seen;
}

static void every_plan(struct kunit *test, bool is_write)
{
	const struct shape *shape = test->param_value;
	struct parity_run *runs[MAX_PARTS];
	unsigned int nr = 0;
	struct row *row;
	u16 k;

	row = kunit_kzalloc(test, sizeof(*row), GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, row);
	row->nr_sectors = shape->nr_sectors;
	row->plan.nr_data = shape->nr_data;
	row->plan.nr_parity = shape->nr_parity;
	for (k = 0; k < shape->nr_data; k++)
		runs[k] = is_write ? &row->parts[k].fresh : &row->parts[k].wanted;
	do {
		while (next_runs(runs, shape->nr_data, shape->nr_sectors)) {
			unsigned int how;

			if (is_write && has_hole(row))
				continue;
			for (how = 0; how < 4; how++) {
				const char *fault;

				row->plan.consistent = how & 1;
				row->plan.can_update = how & 2;
				fault = is_write ? try_write(row) : try_read(row);
				nr++;
				if (fault) {
					describe(test, row, fault);
					return;
				}
			}
		}
		cond_resched();
	} while (next_healths(row));
	kunit_info(test, "%u plans", nr);
}

static void every_write_leaves_data_and_parity_right(struct kunit *test)
{
	every_plan(test, true);
}

static void every_read_gets_what_was_written(struct kunit *test)
{
	every_plan(test, false);
}

static void whole_rows_are_written_without_reading(struct kunit *test)
{
	struct parity_part parts[MAX_PARTS] = {};
	struct parity_plan plan = { .nr_data = 4, .nr_parity = 2 };
	unsigned int how;
	u16 i;

	for (how = 0; how < 4; how++) {
		plan.consistent = how & 1;
		plan.can_update = how & 2;
		for (i = 0; i < 6; i++) {
			parts[i].readable = i != 3;
			parts[i].writable = i != 5;
			if (i < 4)
				parts[i].fresh.hi = 2;
		}
		KUNIT_ASSERT_EQ(test, parity_plan_write(&plan, parts), 0);
		KUNIT_EXPECT_EQ(test, plan.method, PARITY_BY_DATA);
		for (i = 0; i < 6; i++)
			KUNIT_EXPECT_TRUE(test, parity_run_is_empty(&parts[i].read));
	}
}

static struct kunit_case parity_plan_cases[] = {
	KUNIT_CASE_PARAM(every_write_leaves_data_and_parity_right, shapes_gen_params),
	KUNIT_CASE_PARAM(every_read_gets_what_was_written, shapes_gen_params),
	KUNIT_CASE(whole_rows_are_written_without_reading),
	{}
};

static struct kunit_suite parity_plan_suite = {
	.name = "emd_parity_plan",
	.test_cases = parity_plan_cases,
};

kunit_test_suite(parity_plan_suite);

MODULE_DESCRIPTION("KUnit tests of EMD's plans for parity");
MODULE_LICENSE("GPL");
