// SPDX-License-Identifier: GPL-2.0
/*
 * DDF: which of several disks' metadata is the truth about the container.
 *
 * Every update writes all disks with the next sequence number. So the newest disk
 * that calls itself usable tells the truth; one that is a single update behind was
 * cut off by a power cut and is as good; one further behind was not there while the
 * others went on, whatever the tables say.
 *
 * Two disks that each write the other off, or an older one that has written off the
 * newest, ran apart: sequence numbers do not order those, and nothing is decided. But if a
 * disk that took part in all that the one did is newer, and knows the other as good, that
 * one was written off in a change that was given up, or has come back since.
 *
 * What is open was cut off in a change, and with mdadm carries the number that the
 * change was to get: its tables may be half of it. So a closed copy that is no more
 * than one behind is believed rather, unless the open one tells of its loss.
 *
 * A torn copy has no vote: it is a member when the elected table names it one, and no
 * more than the change that was cut off away from it; see ddf_torn.c.
 *
 * Everything is a function of the set: no result depends on the order in which
 * disks are given. Pure; allocates O(disks).
 */
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ddf.h"

/**
 * struct candidate - one live disk
 * @cfg: what it says
 * @set: likewise
 * @guid: its own
 * @ref: its own
 * @rank: its sequence number, in the order in which they were written
 * @open: it was being changed
 * @torn: it does not check out
 * @votes: usable by its own account
 * @clone: another live disk says it is the same
 */
struct candidate {
	const struct emd_config *cfg;
	const struct ddf_set *set;
	const u8 *guid;
	u32 ref;
	u32 rank;
	bool open;
	bool torn;
	bool votes;
	bool clone;
};

static bool same_disk(const struct candidate *a, const struct candidate *b)
{
	return a->ref == b->ref && !memcmp(a->guid, b->guid, DDF_GUID_LEN);
}

/* The row that @by's table has for @of, EMD_NO_DISK when it has none. */
static u16 row_for(const struct candidate *by, const struct candidate *of)
{
	int pde = ddf_find_pde(by->set, of->guid, of->ref);
	u16 i;

	for (i = 0; pde >= 0 && i < by->cfg->nr_disks; i++) {
		if (by->cfg->disks[i].native == pde)
			return i;
	}
	return EMD_NO_DISK;
}

static bool lost(const struct candidate *by, u16 row)
{
	return row == EMD_NO_DISK || by->cfg->disks[row].state == EMD_DISK_FAILED ||
	       by->cfg->disks[row].state == EMD_DISK_MISSING;
}

/* Has @by a disk in its table that was @of, and has written it off? */
static bool accuses(const struct candidate *by, const struct candidate *of)
{
	u16 row = row_for(by, of);

	return row != EMD_NO_DISK && lost(by, row);
}

/* Has the disk a slot in this array, by its own account? */
static bool has_slot(const struct candidate *c, const u8 uuid[16])
{
	const struct emd_config_array *ca;
	u16 i;

	for (i = 0; i < c->cfg->nr_arrays; i++) {
		ca = &c->cfg->arrays[i];
		if (!memcmp(ca->uuid, uuid, sizeof(ca->uuid)) &&
		    emd_config_member_slot(c->cfg, ca, c->cfg->self) >= 0)
			return true;
	}
	return false;
}

static bool in_sync(const struct candidate *by, const struct emd_config_array *ca, u16 row)
{
	int slot = emd_config_member_slot(by->cfg, ca, row);

	return slot >= 0 && emd_config_member(by->cfg, ca, slot)->state == EMD_MEMBER_IN_SYNC;
}

/*
 * Has the peer all that @by wrote to arrays that it shares with @of, or can it be had
 * without @by? They were optimal, and the peer in sync by the record of @by: nothing was
 * acknowledged that it has no part of, and the loss of one is no loss. What the peer is
 * now does not matter: whoever is in line with it goes on from there.
 */
static bool took_part(const struct candidate *by, const struct candidate *of,
		      const struct candidate *peer)
{
	u16 row = row_for(by, peer), i;
	bool shares = false;

	if (lost(by, row))
		return false;
	for (i = 0; i < by->cfg->nr_arrays; i++) {
		const struct emd_config_array *ca = &by->cfg->arrays[i];

		if (emd_config_member_slot(by->cfg, ca, by->cfg->self) < 0 ||
		    !has_slot(of, ca->uuid))
			continue;
		/* Of all parts, also those that @by has no record of. */
		if ((ddf_vde(by->set, ca->native)->state & DDF_VD_STATE) != DDF_VD_OPTIMAL ||
		    !in_sync(by, ca, row) || !in_sync(by, ca, by->cfg->self))
			return false;
		shares = true;
	}
	return shares;
}

static void fill(struct candidate *cand, const struct emd_config *const *cfgs, unsigned int nr)
{
	const struct ddf_part *part;
	struct candidate *c, *d;
	unsigned int i;

	for (i = 0; i < nr; i++) {
		c = &cand[i];
		c->cfg = cfgs[i];
		c->set = ddf_set(cfgs[i]);
		part = ddf_part(c->set, 0);
		c->guid = part->guid;
		c->ref = part->ref;
		c->open = ddf_part_header(part)->open;
		c->torn = cfgs[i]->torn;
	}
	for (c = cand; c < cand + nr; c++) {
		for (d = cand; d < c; d++) {
			if (!same_disk(c, d))
				continue;
			/* What is whole is not in doubt for what is torn. */
			c->clone |= c->torn || !d->torn;
			d->clone |= d->torn || !c->torn;
		}
	}
	for (c = cand; c < cand + nr; c++)
		c->votes = !c->clone && c->cfg->self != EMD_NO_DISK && !lost(c, c->cfg->self);
}

/*
 * Sequence numbers count on past their end. All that vote lie near each other, so
 * when some stand shortly before the end and some shortly behind, these came later.
 */
static void rank(struct candidate *cand, unsigned int nr)
{
	bool before = false, behind = false;
	struct candidate *c;

	for (c = cand; c < cand + nr; c++) {
		before |= c->votes && c->set->seq >= 3u << 30;
		behind |= c->votes && c->set->seq < 1u << 30;
	}
	for (c = cand; c < cand + nr; c++)
		c->rank = c->set->seq + (before && behind ? 1u << 31 : 0);
}

/* FreeBSD never raises the header's sequence number, only those of records. */
static u32 newest_record(const struct candidate *c)
{
	const struct ddf_record *rec;
	u32 i, seq, newest = 0;

	for (i = 0; i < c->set->nr_records; i++) {
		rec = ddf_record(c->set, i);
		if (!ddf_vdcr_is(c->set, rec))
			continue;
		seq = ddf_get32(c->set->le, ddf_vdcr(rec)->seq);
		if (!newest || ddf_seq_after(seq, newest))
			newest = seq;
	}
	return newest;
}

/* A total order, so that the winner does not depend on who came first. */
static bool outranks(const struct candidate *a, const struct candidate *b)
{
	u32 newest_a = newest_record(a), newest_b = newest_record(b);
	u32 tables = a->set->section[DDF_PDR] + a->set->section[DDF_VDR];
	int diff;

	if (a->rank != b->rank)
		return a->rank > b->rank;
	if (newest_a != newest_b)
		return newest_a > newest_b;
	if (ddf_same_container(a->set, b->set)) {
		diff = memcmp(ddf_pdr(a->set), ddf_pdr(b->set), tables);
		if (diff)
			return diff > 0;
	}
	diff = memcmp(a->guid, b->guid, DDF_GUID_LEN);
	return diff ? diff < 0 : a->ref < b->ref;
}

/* How many updates it is behind. */
static s32 updates_behind(const struct candidate *champion, const struct candidate *c)
{
	return champion->rank - c->rank;
}

static const struct candidate *best_of(const struct candidate *cand, unsigned int nr, bool open)
{
	const struct candidate *c, *best = NULL;

	for (c = cand; c < cand + nr; c++) {
		if (c->votes && c->open == open && (!best || outranks(c, best)))
			best = c;
	}
	return best;
}

static const struct candidate *find_champion(const struct candidate *cand, unsigned int nr)
{
	const struct candidate *closed = best_of(cand, nr, false);
	const struct candidate *open = best_of(cand, nr, true);
	s32 behind;

	if (!closed || !open)
		return closed ?: open;
	behind = updates_behind(open, closed);
	/* One ahead that lists it no more as usable may have gone on without it. */
	if (behind > 1 || (behind == 1 && lost(open, row_for(open, closed))))
		return open;
	return closed;
}

/* Does one that took part in what @by did, and went on, know better of @of? */
static bool is_overruled(const struct candidate *cand, unsigned int nr,
			 const struct candidate *by, const struct candidate *of)
{
	const struct candidate *peer;

	for (peer = cand; peer < cand + nr; peer++) {
		if (peer != by && peer != of && peer->votes && updates_behind(peer, by) > 0 &&
		    ddf_same_container(peer->set, by->set) && took_part(by, of, peer) &&
		    !lost(peer, row_for(peer, of)))
			return true;
	}
	return false;
}

/* Of several such pairs the one with the lowest references, always the same. */
static bool find_split(const struct candidate *cand, unsigned int nr,
		       const struct candidate *champion, u32 *one, u32 *other)
{
	const struct candidate *a, *b;
	bool found = false;

	for (a = cand; a < cand + nr; a++) {
		for (b = cand; b < cand + nr; b++) {
			if (a == b || !a->votes || !b->votes || !accuses(a, b))
				continue;
			if (b != champion && !accuses(b, a))
				continue;
			if (is_overruled(cand, nr, a, b) || is_overruled(cand, nr, b, a))
				continue;
			if (found && (a->ref > *one || (a->ref == *one && b->ref >= *other)))
				continue;
			*one = a->ref;
			*other = b->ref;
			found = true;
		}
	}
	return found;
}

/* ---- torn copies ------------------------------------------------------------------- */

/* Would it be a member, did its copy check out? */
static bool torn_claims(const struct candidate *champion, const struct candidate *c)
{
	u16 row = row_for(champion, c);

	return c->torn && !c->clone && !lost(champion, row) &&
	       champion->cfg->disks[row].state != EMD_DISK_FOREIGN &&
	       ddf_same_container(champion->set, c->set);
}

/*
 * Is there one that may have gone on without the others? Then what the champion takes
 * for good may be stale, and nobody is left to say so. One that is behind cannot: what
 * the champion has more was not written without it.
 */
static const struct candidate *torn_apart(const struct candidate *cand, unsigned int nr,
					  const struct candidate *champion)
{
	const struct candidate *t, *c, *found = NULL;

	for (t = cand; t < cand + nr; t++) {
		if (!torn_claims(champion, t) || updates_behind(champion, t) > 0)
			continue;
		for (c = cand; c < cand + nr; c++) {
			if (c->votes && ddf_same_container(c->set, t->set) &&
			    ddf_may_know_of_loss(t->set, c->set) && (!found || t->ref < found->ref))
				found = t;
		}
	}
	return found;
}

static enum emd_verdict judge_torn(const struct candidate *cand, unsigned int nr,
				   const struct candidate *champion, const struct candidate *c)
{
	unsigned int i, claims = 0;
	s32 behind = updates_behind(champion, c);

	/* What only it had whole before, nobody can tell. */
	if (behind < 0 || behind > 1)
		return EMD_VERDICT_FOREIGN;
	/* Disks are written one by one: a cut tears one copy, not two. */
	for (i = 0; i < nr; i++)
		claims += torn_claims(champion, &cand[i]);
	return torn_claims(champion, c) && claims == 1 ? EMD_VERDICT_MEMBER :
							 EMD_VERDICT_FOREIGN;
}

/* ---- the verdict --------------------------------------------------------------------- */

/* Is it as good as the champion? One that is open may carry the next number already. */
static bool is_recent(const struct candidate *champion, const struct candidate *c)
{
	s32 behind = updates_behind(champion, c);

	return behind == 0 || behind == 1 || (behind == -1 && c->open && c->votes);
}

static enum emd_verdict judge(const struct candidate *champion, const struct candidate *c,
			      u16 row)
{
	const struct emd_config_disk *entry;

	if (row == EMD_NO_DISK || !ddf_same_container(champion->set, c->set))
		return EMD_VERDICT_FOREIGN;
	if (c->clone)
		return EMD_VERDICT_CONFLICT;
	if (lost(champion, row))
		return EMD_VERDICT_STALE;
	entry = &champion->cfg->disks[row];
	if (entry->state == EMD_DISK_FOREIGN)
		return EMD_VERDICT_FOREIGN;
	/* A spare has nothing that could be out of date. */
	if (entry->state == EMD_DISK_SPARE)
		return EMD_VERDICT_MEMBER;
	return is_recent(champion, c) ? EMD_VERDICT_MEMBER : EMD_VERDICT_STALE;
}

/**
 * ddf_elect() - who tells the truth
 * @cfgs: of each disk
 * @imgs: likewise; what is needed of them is in @cfgs
 * @nr: disks
 * @verdicts: out
 * @rows: out: each disk's row in the champion's table
 * @msg: where the reason of a refusal goes
 *
 * Return: the champion's index; -ENOTUNIQ ambiguous; -ENODATA nobody can tell;
 * -ENOMEM.
 */
int ddf_elect(const struct emd_config *const *cfgs, const struct emd_meta_image *const *imgs,
	      unsigned int nr, enum emd_verdict *verdicts, u16 *rows, struct emd_errmsg *msg)
{
	const struct candidate *champion, *torn;
	struct candidate *cand;
	u32 one = 0, other = 0;
	unsigned int i;
	int ret;

	for (i = 0; i < nr; i++) {
		verdicts[i] = EMD_VERDICT_FOREIGN;
		rows[i] = EMD_NO_DISK;
	}
	cand = kvcalloc(nr, sizeof(*cand), GFP_KERNEL);
	if (!cand)
		return EMD_REFUSE(msg, -ENOMEM, "out of memory");
	fill(cand, cfgs, nr);
	rank(cand, nr);
	champion = find_champion(cand, nr);
	if (!champion) {
		for (i = 0; i < nr; i++)
			verdicts[i] = cand[i].clone && !cand[i].torn ? EMD_VERDICT_CONFLICT :
								       EMD_VERDICT_FOREIGN;
		ret = EMD_REFUSE(msg, -ENODATA, "no disk calls itself a usable one");
		goto out;
	}
	torn = torn_apart(cand, nr, champion);
	ret = 0;
	if (find_split(cand, nr, champion, &one, &other))
		ret = EMD_REFUSE(msg, -ENOTUNIQ,
				 "disks %08x and %08x ran apart: the first has written off the other",
				 one, other);
	else if (torn)
		ret = EMD_REFUSE(msg, -ENOTUNIQ,
				 "disk %08x carries metadata that is torn and may have gone on without disk %08x",
				 torn->ref, champion->ref);
	for (i = 0; ret && i < nr; i++)
		verdicts[i] = cand[i].torn ? EMD_VERDICT_FOREIGN : EMD_VERDICT_CONFLICT;
	if (ret)
		goto out;
	for (i = 0; i < nr; i++) {
		rows[i] = row_for(champion, &cand[i]);
		verdicts[i] = cand[i].torn ? judge_torn(cand, nr, champion, &cand[i]) :
					     judge(champion, &cand[i], rows[i]);
		if (verdicts[i] == EMD_VERDICT_FOREIGN)
			rows[i] = EMD_NO_DISK;
	}
	ret = champion - cand;
out:
	kvfree(cand);
	return ret;
}
