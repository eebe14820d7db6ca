// SPDX-License-Identifier: GPL-2.0
/*
 * IMSM: which of several disks' metadata is the truth about the container.
 *
 * A family is one line of descent: every spare activation begins a new one. The
 * family that can account for all the disks that are here wins, and in it the
 * newest copy is believed. Staleness is in that copy's disk table and in nothing
 * else: an older copy of the same family on a disk that the table calls healthy
 * is merely late (the writer was cut off between two disks).
 *
 * What mdadm does not do and we do: notice two halves that each ran alone within
 * one family, refuse two families that are both complete instead of taking the
 * first, and recognise a spare activation that was cut off between two disks,
 * which leaves a new family on some and the old one on others.
 *
 * Everything is a function of the set: no result depends on the order in which
 * disks are given. Pure; allocates O(disks).
 */
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "imsm.h"

/* How many updates an activation that was cut off may have been retried. */
#define TORN_GENERATIONS	16

/**
 * struct candidate - one live disk
 * @cfg: what it says
 * @id: its own serial, normalised
 * @sectors: its real capacity
 * @family: of its metadata
 * @generation: of its metadata
 * @rank: its generation, in the order in which they were written; of voters
 * @spare: it carries a spare record
 * @clone: another live disk has the same serial
 * @votes: it may speak for its family: a member by its own account
 * @complete: its family's newest, and the family accounts for every disk here
 */
struct candidate {
	const struct emd_config *cfg;
	char id[EMD_DISK_ID_LEN];
	u64 sectors;
	u32 family;
	u32 generation;
	u32 rank;
	bool spare;
	bool clone;
	bool votes;
	bool complete;
};

struct election {
	struct candidate *cand;
	unsigned int nr;
};

static u32 head_word(const struct emd_config *cfg, size_t offset)
{
	return le32_to_cpu(*(const __le32 *)(cfg->native + offset));
}

/* The row a disk has in someone's table, dead or alive, or NULL. */
static const struct emd_config_disk *listed(const struct candidate *by, const char *id)
{
	u16 i;

	for (i = 0; id[0] && i < by->cfg->nr_disks; i++) {
		if (!strcmp(by->cfg->disks[i].id, id))
			return &by->cfg->disks[i];
	}
	return NULL;
}

static bool row_lost(const struct emd_config_disk *row)
{
	return !row || row->state == EMD_DISK_FAILED || row->state == EMD_DISK_MISSING;
}

static void fill_candidate(struct candidate *c, const struct emd_config *cfg,
			   const struct emd_meta_image *img)
{
	c->cfg = cfg;
	imsm_normalise_serial(img->serial, c->id);
	c->sectors = img->disk_sectors;
	c->family = head_word(cfg, offsetof(struct imsm_mpb_ondisk, family_num));
	c->generation = cfg->generation;
	c->spare = !cfg->nr_arrays;
}

static void find_clones(struct election *e)
{
	unsigned int i, k;

	for (i = 0; i < e->nr; i++) {
		for (k = 0; k < i; k++) {
			if (e->cand[i].id[0] && !strcmp(e->cand[i].id, e->cand[k].id)) {
				e->cand[i].clone = true;
				e->cand[k].clone = true;
			}
		}
	}
	for (i = 0; i < e->nr; i++)
		e->cand[i].votes = !e->cand[i].spare && !e->cand[i].clone &&
				   !row_lost(listed(&e->cand[i], e->cand[i].id));
}

/*
 * Generations count on past their end. All that vote lie near each other, so when
 * some stand shortly before the end and some shortly behind, these came later.
 */
static void rank_voters(struct election *e)
{
	bool before = false, behind = false;
	struct candidate *c;

	for (c = e->cand; c < e->cand + e->nr; c++) {
		before |= c->votes && c->generation >= 3u << 30;
		behind |= c->votes && c->generation < 1u << 30;
	}
	for (c = e->cand; c < e->cand + e->nr; c++)
		c->rank = c->generation + (before && behind ? 1u << 31 : 0);
}

/* A total order, so that the winner does not depend on who came first. */
static bool outranks(const struct candidate *a, const struct candidate *b)
{
	int diff;

	if (a->rank != b->rank)
		return a->rank > b->rank;
	diff = memcmp(a->cfg->native, b->cfg->native, min(a->cfg->native_len, b->cfg->native_len));
	if (diff)
		return diff > 0;
	return strcmp(a->id, b->id) < 0;
}

static const struct candidate *family_head(const struct election *e, u32 family)
{
	const struct candidate *best = NULL;
	unsigned int i;

	for (i = 0; i < e->nr; i++) {
		if (e->cand[i].votes && e->cand[i].family == family &&
		    (!best || outranks(&e->cand[i], best)))
			best = &e->cand[i];
	}
	return best;
}

/* Disks without a serial are nobody's, however many there are. */
static const struct candidate *live_disk(const struct election *e, const char *id)
{
	unsigned int i;

	for (i = 0; id[0] && i < e->nr; i++) {
		if (!e->cand[i].clone && !strcmp(e->cand[i].id, id))
			return &e->cand[i];
	}
	return NULL;
}

/*
 * Does a listed disk with a spare record wait to be filled? So it looks after an
 * activation or a creation that was cut off. A record on a disk that should hold
 * data means that the data is gone.
 */
static bool awaits_content(const struct candidate *head, const struct emd_config_disk *row)
{
	const struct emd_config *cfg = head->cfg;
	const struct emd_config_array *ca;
	u16 i;
	int slot;

	for (i = 0; i < cfg->nr_arrays; i++) {
		ca = &cfg->arrays[i];
		slot = emd_config_member_slot(cfg, ca, row - cfg->disks);
		if (slot >= 0 && ca->initialised &&
		    emd_config_member(cfg, ca, slot)->state == EMD_MEMBER_IN_SYNC)
			return false;
	}
	return true;
}

/*
 * Is @family what @head's was before the activation that begot it? Then it is a
 * little older, and neither has written the other off; the old one may not know
 * the head's disk yet, if that is the spare itself.
 */
static bool descends(const struct election *e, const struct candidate *head, u32 family)
{
	const struct candidate *old = family_head(e, family);
	const struct emd_config_disk *row;
	u32 step;

	if (!old)
		return false;
	step = head->generation - old->generation;
	if (step < 1 || step > TORN_GENERATIONS || row_lost(listed(head, old->id)))
		return false;
	row = listed(old, head->id);
	return row ? !row_lost(row) : awaits_content(head, listed(head, head->id));
}

static bool family_complete(const struct election *e, const struct candidate *head)
{
	const struct emd_config_disk *row;
	const struct candidate *disk;
	u16 i;

	for (i = 0; i < head->cfg->nr_disks; i++) {
		row = &head->cfg->disks[i];
		disk = row_lost(row) ? NULL : live_disk(e, row->id);
		if (disk && !disk->spare && disk->family != head->family &&
		    !descends(e, head, disk->family))
			return false;
	}
	return true;
}

/* What does @by think of @of in array @array: 1 in sync, 0 lost, -1 neither? */
static int opinion(const struct candidate *by, const struct candidate *of, u16 array)
{
	const struct emd_config *cfg = by->cfg;
	const struct emd_config_disk *row = listed(by, of->id);
	int slot;

	if (row_lost(row))
		return 0;
	slot = emd_config_member_slot(cfg, &cfg->arrays[array], row - cfg->disks);
	if (slot < 0)
		return -1;
	switch (emd_config_member(cfg, &cfg->arrays[array], slot)->state) {
	case EMD_MEMBER_IN_SYNC:
		return 1;
	case EMD_MEMBER_REBUILDING:
		return -1;
	default:
		return 0;
	}
}

/* Each goes on with an array from which it has dropped the other. */
static bool ran_apart(const struct candidate *a, const struct candidate *b)
{
	u16 i, nr = min(a->cfg->nr_arrays, b->cfg->nr_arrays);

	if (a->cfg->native_len == b->cfg->native_len &&
	    !memcmp(a->cfg->native, b->cfg->native, a->cfg->native_len))
		return false;
	for (i = 0; i < nr; i++) {
		if (opinion(a, a, i) == 1 && opinion(a, b, i) == 0 && opinion(b, b, i) == 1 &&
		    opinion(b, a, i) == 0)
			return true;
	}
	return false;
}

static bool pair_before(const struct candidate *a, const struct candidate *b,
			const struct candidate *x, const struct candidate *y)
{
	int diff = strcmp(a->id, x->id);

	return diff ? diff < 0 : strcmp(b->id, y->id) < 0;
}

/* Of several such pairs the first by name, so that the refusal is always the same. */
static bool family_split(const struct election *e, u32 family, const struct candidate **one,
			 const struct candidate **other)
{
	const struct candidate *a, *b;

	*one = NULL;
	*other = NULL;
	for (a = e->cand; a < e->cand + e->nr; a++) {
		for (b = e->cand; b < e->cand + e->nr; b++) {
			if (!a->votes || !b->votes || a->family != family || b->family != family ||
			    strcmp(a->id, b->id) >= 0 || !ran_apart(a, b))
				continue;
			if (*one && !pair_before(a, b, *one, *other))
				continue;
			*one = a;
			*other = b;
		}
	}
	return *one;
}

/* The one complete family, or the one that all the others begot. */
static const struct candidate *champion(const struct election *e, struct emd_errmsg *msg,
					int *ret)
{
	const struct candidate *a, *b, *best = NULL, *one, *other;
	struct candidate *c;
	unsigned int nr_voters = 0, nr_complete = 0;

	*ret = 0;
	for (c = e->cand; c < e->cand + e->nr; c++) {
		c->complete = c->votes && family_head(e, c->family) == c && family_complete(e, c);
		nr_voters += c->votes;
		nr_complete += c->complete;
	}
	for (a = e->cand; a < e->cand + e->nr; a++) {
		bool beaten = !a->complete;

		for (b = e->cand; b < e->cand + e->nr && !beaten; b++)
			beaten = b != a && b->complete && !descends(e, a, b->family);
		if (!beaten)
			best = a;
	}
	if (!nr_voters)
		*ret = EMD_REFUSE(msg, -ENODATA, "no disk is a member by its own account");
	else if (!nr_complete)
		*ret = EMD_REFUSE(msg, -ENOTUNIQ,
				  "the disks carry versions of the container that contradict each other");
	else if (!best)
		*ret = EMD_REFUSE(msg, -ENOTUNIQ,
				  "the disks carry %u versions of the container that know nothing of each other",
				  nr_complete);
	else if (family_split(e, best->family, &one, &other))
		*ret = EMD_REFUSE(msg, -ENOTUNIQ, "disks %s and %s each ran without the other",
				  one->id, other->id);
	else
		return best;
	return NULL;
}

static enum emd_verdict judge(const struct election *e, const struct candidate *head,
			      const struct candidate *c, u16 *row)
{
	const struct emd_config_disk *entry = listed(head, c->id);

	*row = EMD_NO_DISK;
	if (c->clone)
		return EMD_VERDICT_CONFLICT;
	if (!c->spare && !listed(c, c->id))
		return EMD_VERDICT_FOREIGN;
	if (row_lost(entry))
		return c->spare ? EMD_VERDICT_SPARE : EMD_VERDICT_STALE;
	if (entry->sectors > c->sectors && c != head)
		return EMD_VERDICT_FOREIGN;
	if (c->spare && !awaits_content(head, entry))
		return EMD_VERDICT_SPARE;
	if (!c->spare && c->family != head->family && !descends(e, head, c->family))
		return EMD_VERDICT_STALE;
	*row = entry - head->cfg->disks;
	return EMD_VERDICT_MEMBER;
}

/**
 * imsm_elect() - find the truth about a container
 * @cfgs: decoded, one a disk
 * @imgs: of the same disks
 * @nr: how many
 * @verdicts: out: what each disk is to the champion
 * @rows: out: its row in the champion's table, or EMD_NO_DISK
 * @msg: where the reason goes
 *
 * Return: index of the champion; -ENOTUNIQ when there is more than one truth
 * (every disk but spares is a CONFLICT then); -ENODATA when no disk can speak
 * for a container; -ENOMEM.
 * Context: may sleep.
 */
int imsm_elect(const struct emd_config *const *cfgs, const struct emd_meta_image *const *imgs,
	       unsigned int nr, enum emd_verdict *verdicts, u16 *rows, struct emd_errmsg *msg)
{
	struct election e = { .nr = nr };
	const struct candidate *head;
	unsigned int i;
	int ret;

	e.cand = kvcalloc(nr, sizeof(*e.cand), GFP_KERNEL);
	if (!e.cand)
		return EMD_REFUSE(msg, -ENOMEM, "out of memory");
	for (i = 0; i < nr; i++)
		fill_candidate(&e.cand[i], cfgs[i], imgs[i]);
	find_clones(&e);
	rank_voters(&e);

	head = champion(&e, msg, &ret);
	for (i = 0; i < nr; i++) {
		if (head) {
			verdicts[i] = judge(&e, head, &e.cand[i], &rows[i]);
			continue;
		}
		rows[i] = EMD_NO_DISK;
		if (e.cand[i].clone || (ret == -ENOTUNIQ && !e.cand[i].spare))
			verdicts[i] = EMD_VERDICT_CONFLICT;
		else if (e.cand[i].spare)
			verdicts[i] = EMD_VERDICT_SPARE;
		else
			verdicts[i] = listed(&e.cand[i], e.cand[i].id) ? EMD_VERDICT_STALE :
									 EMD_VERDICT_FOREIGN;
	}
	if (head)
		ret = head - e.cand;
	kvfree(e.cand);
	return ret;
}
