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
 * Torn copies. A power cut in the middle of a write leaves one disk with a copy of
 * which some sectors are of the one generation and some of the next. It says
 * nothing that can be relied on, so it has no vote; but what it would say, the
 * others know: either its new generation is whole on one of them, or it was the
 * first to get it and nobody was told that it is in force. Documentation/assembly.rst
 * has the whole argument; judge_torn() is where it is applied.
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
 * @torn: its copy does not check out; family and generation are the anchor's
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
	bool torn;
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
	c->torn = cfg->torn;
	c->spare = !cfg->torn && !cfg->nr_arrays;
}

static void find_clones(struct election *e)
{
	unsigned int i, k;

	for (i = 0; i < e->nr; i++) {
		for (k = 0; k < i; k++) {
			if (!e->cand[i].id[0] || strcmp(e->cand[i].id, e->cand[k].id))
				continue;
			/* A torn copy takes nothing from a whole one. */
			e->cand[i].clone |= e->cand[i].torn || !e->cand[k].torn;
			e->cand[k].clone |= e->cand[k].torn || !e->cand[i].torn;
		}
	}
	for (i = 0; i < e->nr; i++)
		e->cand[i].votes = !e->cand[i].torn && !e->cand[i].spare && !e->cand[i].clone &&
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
		if (!e->cand[i].torn && !e->cand[i].clone && !strcmp(e->cand[i].id, id))
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
 * Who speaks for @family, if @head goes on with it? A disk that it has written off does
 * not, but may be as new as one that does: it was replaced, in the same update.
 * Newer than all of those it has gone on alone, and there is nobody.
 */
static const struct candidate *speaker(const struct election *e, const struct candidate *head,
				       u32 family)
{
	const struct candidate *newest = family_head(e, family), *c;

	if (!newest || !row_lost(listed(head, newest->id)))
		return newest;
	for (c = e->cand; c < e->cand + e->nr; c++) {
		if (c->votes && c->family == family && c->generation == newest->generation &&
		    !row_lost(listed(head, c->id)))
			return c;
	}
	return NULL;
}

/*
 * Is @family what @head's was before the activation that begot it? Then it is a
 * little older, and neither has written the other off; the old one may not know
 * the head's disk yet, if that is the spare itself.
 */
static bool descends(const struct election *e, const struct candidate *head, u32 family)
{
	const struct candidate *old = speaker(e, head, family);
	const struct emd_config_disk *row;
	u32 step;

	if (!old)
		return false;
	step = head->generation - old->generation;
	if (step < 1 || step > TORN_GENERATIONS)
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

/* ---- torn copies ------------------------------------------------------------ */

/* Would it be a member, did its copy check out? */
static bool torn_claims(const struct candidate *head, const struct candidate *c)
{
	const struct emd_config_disk *entry = listed(head, c->id);

	return c->torn && !c->clone && entry && entry->state == EMD_DISK_ACTIVE &&
	       entry->sectors <= c->sectors && c->cfg->block_size == head->cfg->block_size;
}

static s32 generations_ahead(const struct candidate *head, const struct candidate *c)
{
	return c->generation - head->generation;
}

static bool lists_as_good(const struct imsm_view *view, const char *id)
{
	char other[EMD_DISK_ID_LEN];
	u8 i;

	for (i = 0; i < view->nr_disks; i++) {
		imsm_disk_id(imsm_disk(view, i)->serial, other);
		if (!strcmp(other, id))
			return !(le32_to_cpu(imsm_disk(view, i)->status) & IMSM_DISK_FAILED);
	}
	return false;
}

static bool slot_lost(const struct imsm_view *view, u8 v, u8 slot)
{
	const struct imsm_map_ondisk *map;
	u8 which;

	for (which = 0; which < 2; which++) {
		map = imsm_map(view, v, which);
		if (map && (slot >= map->num_members || imsm_ord_rebuild(map, slot)))
			return true;
	}
	return false;
}

/*
 * May a torn copy that is ahead of the head know of a loss that the head does not
 * know of? What was lost before stands in both halves of it, wherever that is; so
 * when nothing of the kind is seen, there is nothing. What can't be read may hide
 * anything.
 */
static bool may_know_of_a_loss(const struct candidate *head, const struct candidate *c)
{
	const struct emd_config *cfg = head->cfg;
	struct imsm_view view;
	u16 i, slot;

	if (imsm_parse_torn(c->cfg->native, c->cfg->native_len, c->cfg->block_size, &view, NULL) ||
	    view.nr_volumes < cfg->nr_arrays)
		return true;
	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].state == EMD_DISK_ACTIVE &&
		    !lists_as_good(&view, cfg->disks[i].id))
			return true;
	}
	for (i = 0; i < cfg->nr_arrays; i++) {
		for (slot = 0; slot < cfg->arrays[i].geo.nr_members; slot++) {
			if (emd_config_member(cfg, &cfg->arrays[i], slot)->state ==
				    EMD_MEMBER_IN_SYNC &&
			    slot_lost(&view, i, slot))
				return true;
		}
	}
	return false;
}

/*
 * Is there one that may have gone on without the head? Then what the head takes
 * for good may be stale, and nobody is left to say so. By name, so that the
 * refusal is always the same.
 */
static const struct candidate *torn_ahead(const struct election *e, const struct candidate *head)
{
	const struct candidate *c, *found = NULL;

	for (c = e->cand; c < e->cand + e->nr; c++) {
		if (torn_claims(head, c) && generations_ahead(head, c) > 0 &&
		    may_know_of_a_loss(head, c) && (!found || strcmp(c->id, found->id) < 0))
			found = c;
	}
	return found;
}

static enum emd_verdict judge_torn(const struct election *e, const struct candidate *head,
				   const struct candidate *c, u16 *row)
{
	s32 ahead = generations_ahead(head, c);
	unsigned int i, claims = 0;

	if (!torn_claims(head, c))
		return EMD_VERDICT_FOREIGN;
	/* Disks are written one by one: a cut tears one copy, not two. */
	for (i = 0; i < e->nr; i++)
		claims += torn_claims(head, &e->cand[i]);
	if (claims > 1)
		return EMD_VERDICT_FOREIGN;
	/*
	 * Behind, however far: a refusal is taken back under higher numbers. Ahead by one:
	 * it was the first in turn, and torn_ahead() saw nothing.
	 */
	if (ahead > 1)
		return EMD_VERDICT_FOREIGN;
	/* No generation is given out twice: it is the head's own anchor. */
	if (!ahead && memcmp(c->cfg->native, head->cfg->native, head->cfg->block_size))
		return EMD_VERDICT_FOREIGN;
	*row = listed(head, c->id) - head->cfg->disks;
	return EMD_VERDICT_MEMBER;
}

/* ---- the verdict -------------------------------------------------------------- */

/* The one complete family, or the one that all the others begot. */
static const struct candidate *champion(const struct election *e, struct emd_errmsg *msg,
					int *ret)
{
	const struct candidate *a, *b, *best = NULL, *one, *other, *torn;
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
	torn = best ? torn_ahead(e, best) : NULL;
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
	else if (torn)
		*ret = EMD_REFUSE(msg, -ENOTUNIQ,
				  "disk %s carries newer metadata that is damaged and may have gone on without disk %s",
				  torn->id, best->id);
	else
		return best;
	return NULL;
}

static enum emd_verdict judge(const struct election *e, const struct candidate *head,
			      const struct candidate *c, u16 *row)
{
	const struct emd_config_disk *entry = listed(head, c->id);

	*row = EMD_NO_DISK;
	if (c->torn)
		return judge_torn(e, head, c, row);
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
		if (e.cand[i].torn)
			verdicts[i] = EMD_VERDICT_FOREIGN;
		else if (e.cand[i].clone || (ret == -ENOTUNIQ && !e.cand[i].spare))
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
