// SPDX-License-Identifier: GPL-2.0
/*
 * What to read and write to change part of a row: pure, no I/O, no locks.
 *
 * Three ways to make the parity of the sectors that change, in the order of what
 * they cost when everything is there:
 *
 *   reconstruct   all data of the range is new, or is read
 *   update        the old data under the new, and the old parity, are read
 *   recover       all that can be read is, what cannot is computed from it
 *
 * The first needs no parity that is right, so it is the only one for a row whose
 * resync is still to come; and it makes that row right. The second needs nothing
 * of the strips that are not written. The third is for when a strip is missing
 * that both others need. Where the parity may be wrong it is done only for strips
 * whose member is lost, since there is nothing else; not for one that could not be
 * read this time.
 */
#include <linux/errno.h>
#include <linux/kernel.h>

#include "parity_plan.h"

static u16 nr_parts(const struct parity_plan *plan)
{
	return plan->nr_data + plan->nr_parity;
}

static bool same_run(const struct parity_run *a, const struct parity_run *b)
{
	return a->lo == b->lo && a->hi == b->hi;
}

/**
 * parity_plan_lost() - which parts of a row cannot be read
 * @plan: plan
 * @parts: its parts
 * @lost: gets the indices, ascending, at most nr_parity of them; may be NULL
 *
 * Return: how many there are, also when that is more than nr_parity.
 * Context: Any.
 */
unsigned int parity_plan_lost(const struct parity_plan *plan, const struct parity_part *parts,
			      u16 *lost)
{
	unsigned int nr = 0;
	u16 i;

	for (i = 0; i < nr_parts(plan); i++) {
		if (parts[i].readable && !parts[i].bad)
			continue;
		if (lost && nr < plan->nr_parity)
			lost[nr] = i;
		nr++;
	}
	return nr;
}

static bool can_read(const struct parity_part *part)
{
	return part->readable && !part->bad;
}

static bool may_recover(const struct parity_plan *plan, const struct parity_part *parts)
{
	u16 i;

	for (i = 0; i < nr_parts(plan) && !plan->consistent; i++)
		if (parts[i].readable && parts[i].bad)
			return false;
	return parity_plan_lost(plan, parts, NULL) <= plan->nr_parity;
}

/* Sectors to read, or -1 when it cannot be done so. */
static int cost_of_reconstruct(const struct parity_plan *plan, const struct parity_part *parts)
{
	int cost = 0;
	u16 i;

	for (i = 0; i < plan->nr_data; i++) {
		if (same_run(&parts[i].fresh, &plan->range))
			continue;
		if (!can_read(&parts[i]))
			return -1;
		cost += parity_run_sectors(&plan->range);
	}
	return cost;
}

static int cost_of_update(const struct parity_plan *plan, const struct parity_part *parts)
{
	int cost = 0;
	u16 i;

	if (!plan->can_update || !plan->consistent)
		return -1;
	for (i = 0; i < plan->nr_data; i++) {
		if (parity_run_is_empty(&parts[i].fresh))
			continue;
		if (!can_read(&parts[i]))
			return -1;
		cost += parity_run_sectors(&parts[i].fresh);
	}
	for (; i < nr_parts(plan); i++) {
		if (!parts[i].writable)
			continue;
		if (!can_read(&parts[i]))
			return -1;
		cost += parity_run_sectors(&plan->range);
	}
	return cost;
}

static void plan_reads(const struct parity_plan *plan, struct parity_part *parts)
{
	u16 i;

	for (i = 0; i < nr_parts(plan); i++) {
		struct parity_part *part = &parts[i];
		bool data = i < plan->nr_data;

		part->read = (struct parity_run){};
		switch (plan->method) {
		case PARITY_WITHOUT:
			break;
		case PARITY_BY_DATA:
			if (data && !same_run(&part->fresh, &plan->range))
				part->read = plan->range;
			break;
		case PARITY_BY_UPDATE:
			if (data)
				part->read = part->fresh;
			else if (part->writable)
				part->read = plan->range;
			break;
		case PARITY_BY_RECOVERY:
			if (can_read(part))
				part->read = plan->range;
			break;
		}
	}
}

/**
 * parity_plan_write() - plan a change
 * @plan: shape and @consistent are set; gets @method and @range
 * @parts: @fresh, @readable, @writable and @bad are set; get @read and @write
 *
 * The range is the hull of what is written. A part that is bad is written in
 * whole range, with what was recovered for it.
 *
 * Return: 0; -EIO when too little can be read.
 * Context: Any.
 */
int parity_plan_write(struct parity_plan *plan, struct parity_part *parts)
{
	unsigned int nr_out = 0;
	int reconstruct, update;
	bool parity = false;
	u16 i;

	plan->range = (struct parity_run){};
	for (i = 0; i < nr_parts(plan); i++) {
		nr_out += !parts[i].writable;
		if (i < plan->nr_data)
			parity_run_join(&plan->range, &parts[i].fresh);
		else
			parity |= parts[i].writable;
	}
	if (nr_out > plan->nr_parity)
		return -EIO;

	reconstruct = cost_of_reconstruct(plan, parts);
	update = cost_of_update(plan, parts);
	if (!parity)
		plan->method = PARITY_WITHOUT;
	else if (reconstruct >= 0 && (update < 0 || reconstruct <= update))
		plan->method = PARITY_BY_DATA;
	else if (update >= 0)
		plan->method = PARITY_BY_UPDATE;
	else if (may_recover(plan, parts))
		plan->method = PARITY_BY_RECOVERY;
	else
		return -EIO;
	plan_reads(plan, parts);

	for (i = 0; i < nr_parts(plan); i++) {
		struct parity_part *part = &parts[i];

		part->write = i < plan->nr_data ? part->fresh : plan->range;
		if (part->bad && plan->method == PARITY_BY_RECOVERY)
			part->write = plan->range;
		if (!part->writable)
			part->write = (struct parity_run){};
	}
	return 0;
}

/**
 * parity_plan_read() - plan a read of what may be missing
 * @plan: shape and @consistent are set; gets @method and @range
 * @parts: @wanted, @readable, @writable and @bad are set; get @read
 *
 * @method is PARITY_WITHOUT when everything wanted can simply be read, else
 * PARITY_BY_RECOVERY with the range that must be computed.
 *
 * Return: 0; -EIO when too little can be read.
 * Context: Any.
 */
int parity_plan_read(struct parity_plan *plan, struct parity_part *parts)
{
	unsigned int nr_lost = parity_plan_lost(plan, parts, NULL);
	bool by_p;
	u16 i;

	plan->method = PARITY_WITHOUT;
	plan->range = (struct parity_run){};
	for (i = 0; i < nr_parts(plan); i++) {
		parts[i].read = parts[i].wanted;
		parts[i].write = (struct parity_run){};
		if (can_read(&parts[i]) || parity_run_is_empty(&parts[i].wanted))
			continue;
		plan->method = PARITY_BY_RECOVERY;
		parity_run_join(&plan->range, &parts[i].wanted);
		parts[i].read = (struct parity_run){};
	}
	if (plan->method == PARITY_WITHOUT)
		return 0;
	if (!may_recover(plan, parts))
		return -EIO;
	/* One strip is recovered by XOR: no need for Q then. */
	by_p = nr_lost == 1 || !can_read(&parts[nr_parts(plan) - 1]);
	for (i = 0; i < nr_parts(plan); i++) {
		if (!can_read(&parts[i]) || (by_p && i > plan->nr_data))
			continue;
		parity_run_join(&parts[i].read, &plan->range);
	}
	return 0;
}
