/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What to read and write to change part of a row: pure, no I/O, no locks.
 */
#ifndef _EMD_PARITY_PLAN_H
#define _EMD_PARITY_PLAN_H

#include <linux/types.h>

/* How the parity is made. */
enum parity_method {
	PARITY_WITHOUT,		/* no parity is written: there is nowhere to */
	PARITY_BY_DATA,	/* from all data of the range, what is missing is read */
	PARITY_BY_UPDATE,		/* from the old parity, old and new data */
	PARITY_BY_RECOVERY,		/* read all there is, recover what is not, then as RECONSTRUCT */
};

/* Sectors from the start of the band; empty when lo == hi. */
struct parity_run {
	u16 lo;
	u16 hi;
};

/**
 * struct parity_part - one strip of a row, in a plan
 * @fresh: what the users write here
 * @wanted: what the users read here
 * @read: to be read first
 * @write: to be written then
 * @readable: holds what it should, and can be asked
 * @writable: in service
 * @bad: could not be read in this operation
 */
struct parity_part {
	struct parity_run fresh;
	struct parity_run wanted;
	struct parity_run read;
	struct parity_run write;
	bool readable;
	bool writable;
	bool bad;
};

/**
 * struct parity_plan - an operation on a row
 * @nr_data: data strips; parts 0 to @nr_data - 1
 * @nr_parity: 1 or 2; the parts behind them
 * @consistent: the parity of this row is known to agree with the data
 * @can_update: PARITY_BY_UPDATE is possible with this arithmetic
 * @method: how
 * @range: sectors in which the parity changes, or of which something is recovered
 */
struct parity_plan {
	u16 nr_data;
	u16 nr_parity;
	bool consistent;
	bool can_update;
	enum parity_method method;
	struct parity_run range;
};

static inline unsigned int parity_run_sectors(const struct parity_run *run)
{
	return run->hi - run->lo;
}

static inline bool parity_run_is_empty(const struct parity_run *run)
{
	return run->lo == run->hi;
}

/* Grow a run so that it holds another. */
static inline void parity_run_join(struct parity_run *run, const struct parity_run *other)
{
	if (parity_run_is_empty(other))
		return;
	if (parity_run_is_empty(run)) {
		*run = *other;
		return;
	}
	if (other->lo < run->lo)
		run->lo = other->lo;
	if (other->hi > run->hi)
		run->hi = other->hi;
}

int parity_plan_write(struct parity_plan *plan, struct parity_part *parts);
int parity_plan_read(struct parity_plan *plan, struct parity_part *parts);
unsigned int parity_plan_lost(const struct parity_plan *plan, const struct parity_part *parts,
			      u16 *lost);

#endif /* _EMD_PARITY_PLAN_H */
