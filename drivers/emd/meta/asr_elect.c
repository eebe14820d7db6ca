// SPDX-License-Identifier: GPL-2.0
/*
 * ASR: which of several disks' metadata is the truth about the array.
 *
 * A change of the configuration writes all drives with the next sequence number; marks
 * of use and of progress keep it and take a newer timestamp. So the newest copy on a
 * drive that calls itself in sync is believed, and what it says of the others.
 *
 * A drive whose copy is one sequence behind was cut off by a power cut and is as good.
 * One further behind was probably not there while the others went on, whatever the table
 * says: it is not believed to be in sync beside another copy of what it holds. That is
 * never a reason to do without the last copy: we write a drive off in the table before we
 * go on without it, and a drive may refuse its table and still hold all that was written.
 *
 * What a copy says of its own drive is worth nothing: the verdict on a drive is that of
 * the others. Of copies of one sequence that contradict each other (not all who write
 * this format raise it) the worst that any says of another drive counts. Two drives
 * that each write the other off, or an older one that has written off the newest, ran
 * apart: nothing is decided.
 *
 * A copy whose checksum is wrong has no say beside one whose checksum is right. It may
 * have been torn by a power cut; the first sector is written last, so that what is
 * there tells which configuration the drive had before.
 *
 * Everything is a function of the set: no result depends on the order in which disks
 * are given. Pure; allocates O(disks).
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "asr.h"

/**
 * struct candidate - one live disk
 * @cfg: what it says
 * @set: likewise
 * @magic: its own
 * @sequence: number of its copy
 * @rank: the same, in the order in which they were written
 * @timestamp: of its copy
 * @spare: it carries a spare's table
 * @clone: another live disk says it is the same
 * @in_sync: by its own account
 * @votes: may speak for the array
 * @accused: how many voters of its sequence have written it off
 */
struct candidate {
	const struct emd_config *cfg;
	const struct asr_set *set;
	u32 magic;
	u32 sequence;
	u32 rank;
	u32 timestamp;
	bool spare;
	bool clone;
	bool in_sync;
	bool votes;
	unsigned int accused;
};

struct election {
	struct candidate *cand;
	unsigned int nr;
};

/* The row that @by has for @of. Rows and parts of one disk's config are the same. */
static u16 row_for(const struct candidate *by, const struct candidate *of)
{
	u16 i;

	for (i = 0; i < by->cfg->nr_disks; i++) {
		if (asr_part(by->set, by->cfg->disks[i].native)->magic == of->magic)
			return i;
	}
	return EMD_NO_DISK;
}

static bool row_lost(const struct candidate *by, u16 row)
{
	return by->cfg->disks[row].state == EMD_DISK_FAILED ||
	       by->cfg->disks[row].state == EMD_DISK_MISSING;
}

static bool accuses(const struct candidate *by, const struct candidate *of)
{
	u16 row = row_for(by, of);

	return row != EMD_NO_DISK && row_lost(by, row);
}

static bool member_is(const struct candidate *by, u16 row, enum emd_member_state state)
{
	const struct emd_config *cfg = by->cfg;
	int slot;

	if (!cfg->nr_arrays || row == EMD_NO_DISK)
		return false;
	slot = emd_config_member_slot(cfg, &cfg->arrays[0], row);
	return slot >= 0 && emd_config_member(cfg, &cfg->arrays[0], slot)->state == state;
}

static void fill(struct election *e, const struct emd_config *const *cfgs)
{
	bool checked = false;
	struct candidate *c, *d;

	for (c = e->cand; c < e->cand + e->nr; c++) {
		c->cfg = cfgs[c - e->cand];
		c->set = asr_set(c->cfg);
		c->magic = asr_part(c->set, c->cfg->disks[c->cfg->self].native)->magic;
		c->sequence = c->set->sequence;
		c->rank = asr_ring(c->sequence);
		c->timestamp = be32_to_cpu(asr_table(c->set)->timestamp);
		c->spare = c->set->top == ASR_NO_LINE;
		c->in_sync = member_is(c, c->cfg->self, EMD_MEMBER_IN_SYNC);
		for (d = e->cand; d < c; d++) {
			if (d->magic == c->magic) {
				c->clone = true;
				d->clone = true;
			}
		}
	}
	for (c = e->cand; c < e->cand + e->nr; c++)
		checked |= c->in_sync && !c->clone && !c->set->unchecked;
	for (c = e->cand; c < e->cand + e->nr; c++)
		c->votes = c->in_sync && !c->clone && (!checked || !c->set->unchecked);
}

/*
 * Sequence numbers count on past their end. All that vote lie near each other, so when
 * some stand shortly before the end and some shortly behind, these came later.
 */
static void rank(struct election *e)
{
	bool before = false, behind = false;
	struct candidate *c, *d;

	for (c = e->cand; c < e->cand + e->nr; c++) {
		before |= c->votes && c->rank >= ASR_RING / 4 * 3;
		behind |= c->votes && c->rank < ASR_RING / 4;
	}
	for (c = e->cand; before && behind && c < e->cand + e->nr; c++)
		c->rank += c->rank < ASR_RING / 2 ? ASR_RING : 0;
	for (c = e->cand; c < e->cand + e->nr; c++) {
		for (d = e->cand; d < e->cand + e->nr; d++)
			c->accused += d != c && d->votes && d->rank == c->rank && accuses(d, c);
	}
}

/* A total order, so that the winner does not depend on who came first. */
static bool outranks(const struct candidate *a, const struct candidate *b)
{
	int diff;

	if (a->rank != b->rank)
		return a->rank > b->rank;
	if (a->accused != b->accused)
		return a->accused < b->accused;
	if (a->timestamp != b->timestamp)
		return a->timestamp > b->timestamp;
	diff = memcmp(a->set->table, b->set->table, sizeof(a->set->table));
	return diff ? diff > 0 : a->magic < b->magic;
}

static const struct candidate *find_champion(const struct election *e)
{
	const struct candidate *c, *best = NULL;

	for (c = e->cand; c < e->cand + e->nr; c++) {
		if (c->votes && (!best || outranks(c, best)))
			best = c;
	}
	return best;
}

/* Did @a go on without @b, in a way that the champion does not account for? */
static bool went_apart(const struct candidate *champion, const struct candidate *a,
		       const struct candidate *b)
{
	if (a == b || !accuses(a, b))
		return false;
	if (a->votes && b->votes)
		return b == champion || accuses(b, a);
	/* Torn, but what it had before was newer than what all the others have. */
	return a->in_sync && !a->clone && b == champion &&
	       asr_behind(champion->sequence, a->sequence) > 0;
}

/* Of several such pairs the one with the lowest identities, always the same. */
static bool find_split(const struct election *e, const struct candidate *champion, u32 *one,
		       u32 *other)
{
	const struct candidate *a, *b;
	bool found = false;

	for (a = e->cand; a < e->cand + e->nr; a++) {
		for (b = e->cand; b < e->cand + e->nr; b++) {
			if (!went_apart(champion, a, b))
				continue;
			if (found && (a->magic > *one || (a->magic == *one && b->magic >= *other)))
				continue;
			*one = a->magic;
			*other = b->magic;
			found = true;
		}
	}
	return found;
}

/* Does another copy of the same sequence say worse of it than the champion? */
static bool contested(const struct election *e, const struct candidate *champion,
		      const struct candidate *c, u16 row)
{
	const struct candidate *d;

	for (d = e->cand; d < e->cand + e->nr; d++) {
		if (d == c || d == champion || !d->votes || d->rank != champion->rank)
			continue;
		if (accuses(d, c) || (member_is(champion, row, EMD_MEMBER_IN_SYNC) &&
				      !member_is(d, row_for(d, c), EMD_MEMBER_IN_SYNC)))
			return true;
	}
	return false;
}

/* Do two rows of the champion hold the same? */
static bool same_mirror(const struct candidate *champion, u16 a, u16 b)
{
	const struct emd_config *cfg = champion->cfg;
	int slot_a, slot_b;

	if (!cfg->nr_arrays || a == EMD_NO_DISK || b == EMD_NO_DISK)
		return false;
	slot_a = emd_config_member_slot(cfg, &cfg->arrays[0], a);
	slot_b = emd_config_member_slot(cfg, &cfg->arrays[0], b);
	return slot_a >= 0 && slot_b >= 0 &&
	       slot_a / cfg->arrays[0].geo.nr_copies == slot_b / cfg->arrays[0].geo.nr_copies;
}

/*
 * Is there another copy of what it holds that has gone on without it? Or that is far
 * behind what it claims and nobody vouches for.
 */
static bool left_behind(const struct election *e, const struct candidate *champion,
			const struct candidate *c, u16 row)
{
	const struct candidate *d;
	s32 behind;
	u16 other;

	for (d = e->cand; d < e->cand + e->nr; d++) {
		other = row_for(champion, d);
		if (d == c || !d->votes || !same_mirror(champion, row, other) ||
		    !member_is(champion, other, EMD_MEMBER_IN_SYNC) ||
		    contested(e, champion, d, other))
			continue;
		behind = asr_behind(c->sequence, d->sequence);
		if (behind > 1 || (!c->votes && behind < -1))
			return true;
	}
	return false;
}

/*
 * What is a disk to the champion? EMD_VERDICT_SPARE stands for a spare that has no row
 * yet. One that has begun to be filled, on the word of a writing that did not get to
 * the others, is that again.
 */
static enum emd_verdict judge(const struct election *e, const struct candidate *champion,
			      const struct candidate *c, u16 *row)
{
	*row = row_for(champion, c);
	if (c->clone)
		return EMD_VERDICT_CONFLICT;
	if (*row == EMD_NO_DISK)
		return c->spare || (asr_behind(champion->sequence, c->sequence) > 0 &&
				    member_is(c, c->cfg->self, EMD_MEMBER_REBUILDING)) ?
			EMD_VERDICT_SPARE : EMD_VERDICT_FOREIGN;
	if (row_lost(champion, *row))
		return EMD_VERDICT_STALE;
	if (champion->cfg->disks[*row].state == EMD_DISK_SPARE)
		return EMD_VERDICT_MEMBER;
	/* Without the array's table it has at most the array's place to be filled. */
	if (c->spare)
		return member_is(champion, *row, EMD_MEMBER_REBUILDING) ? EMD_VERDICT_MEMBER :
									  EMD_VERDICT_STALE;
	if (left_behind(e, champion, c, *row) || contested(e, champion, c, *row))
		return EMD_VERDICT_STALE;
	return EMD_VERDICT_MEMBER;
}

/* Spares come behind the champion's rows, in the order of their identities. */
static void seat_spares(const struct election *e, const struct candidate *champion,
			enum emd_verdict *verdicts, u16 *rows)
{
	unsigned int i, k;

	for (i = 0; i < e->nr; i++) {
		if (verdicts[i] != EMD_VERDICT_SPARE)
			continue;
		rows[i] = champion->cfg->nr_disks;
		for (k = 0; k < e->nr; k++)
			rows[i] += verdicts[k] == EMD_VERDICT_SPARE &&
				   e->cand[k].magic < e->cand[i].magic;
	}
	for (i = 0; i < e->nr; i++) {
		if (verdicts[i] == EMD_VERDICT_SPARE)
			verdicts[i] = EMD_VERDICT_MEMBER;
	}
}

/**
 * asr_elect() - who tells the truth
 * @cfgs: of each disk
 * @imgs: likewise; what is needed of them is in @cfgs
 * @nr: disks
 * @verdicts: out
 * @rows: out: each disk's row in the champion's table, and behind it
 * @msg: where the reason of a refusal goes
 *
 * Return: the champion's index; -ENOTUNIQ ambiguous; -ENODATA nobody can tell;
 * -ENOMEM.
 */
int asr_elect(const struct emd_config *const *cfgs, const struct emd_meta_image *const *imgs,
	      unsigned int nr, enum emd_verdict *verdicts, u16 *rows, struct emd_errmsg *msg)
{
	const struct candidate *champion;
	struct election e = { .nr = nr };
	u32 one = 0, other = 0;
	unsigned int i;
	int ret = 0;

	for (i = 0; i < nr; i++) {
		verdicts[i] = EMD_VERDICT_FOREIGN;
		rows[i] = EMD_NO_DISK;
	}
	e.cand = kvcalloc(nr, sizeof(*e.cand), GFP_KERNEL);
	if (!e.cand)
		return EMD_REFUSE(msg, -ENOMEM, "out of memory");
	fill(&e, cfgs);
	rank(&e);
	champion = find_champion(&e);
	if (!champion)
		ret = EMD_REFUSE(msg, -ENODATA, "no disk is a member by its own account");
	else if (find_split(&e, champion, &one, &other))
		ret = EMD_REFUSE(msg, -ENOTUNIQ,
				 "disks %08x and %08x ran apart: the first has written off the other",
				 one, other);
	for (i = 0; i < nr; i++) {
		if (!ret)
			verdicts[i] = judge(&e, champion, &e.cand[i], &rows[i]);
		else if (e.cand[i].clone || (ret == -ENOTUNIQ && !e.cand[i].spare))
			verdicts[i] = EMD_VERDICT_CONFLICT;
		else if (e.cand[i].spare)
			verdicts[i] = EMD_VERDICT_SPARE;
		if (verdicts[i] == EMD_VERDICT_FOREIGN)
			rows[i] = EMD_NO_DISK;
	}
	if (!ret) {
		seat_spares(&e, champion, verdicts, rows);
		ret = champion - e.cand;
	}
	kvfree(e.cand);
	return ret;
}
