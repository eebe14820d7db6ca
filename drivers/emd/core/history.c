// SPDX-License-Identifier: GPL-2.0
/*
 * What a container's last configurations were, and what changed with each: for the
 * person who asks afterwards. In memory only, from the moment the container is seen
 * until the last of its disks is gone.
 *
 * A ring of entries that exists as long as the container does: nothing is allocated
 * when a member fails under memory pressure. Dirty marks and checkpoints come every
 * few seconds; those that follow each other share one entry, so that they do not push
 * out what people did. Words are kept and not bytes: for those there is "emdctl save".
 *
 * Locks: C.
 */
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "core.h"
#include "../emd.h"

#define NR_ENTRIES	16

/* One more: words are written before it is known whether they are an entry. */
#define NR_SLOTS	(NR_ENTRIES + 1)

/**
 * struct entry - one configuration, or several that differ in small things only
 * @first: generation it began with
 * @generation: newest of it
 * @time_ns: when that was written
 * @nr: configurations it stands for
 * @routine: nothing but dirty marks and positions changed
 * @text: lines
 */
struct entry {
	u64 first;
	u64 generation;
	u64 time_ns;
	u32 nr;
	bool routine;
	char text[EMD_UAPI_HISTORY_LEN];
};

/**
 * struct emd_history - the last entries
 * @nr: how many there ever were; entry i is in slot i % NR_SLOTS
 * @entries: the ring: the last ones, and the slot for the next
 */
struct emd_history {
	u64 nr;
	struct entry entries[NR_SLOTS];
};

/**
 * emd_history_alloc() - an empty history
 *
 * Return: it, to be freed with emd_history_free(), or NULL without memory.
 */
struct emd_history *emd_history_alloc(void)
{
	return kvzalloc(sizeof(struct emd_history), GFP_KERNEL);
}

/**
 * emd_history_free() - at the container's end
 * @history: may be NULL
 */
void emd_history_free(struct emd_history *history)
{
	kvfree(history);
}

static struct entry *newest(struct emd_history *history)
{
	return history->nr ? &history->entries[(history->nr - 1) % NR_SLOTS] : NULL;
}

/* The words are in the slot behind the newest: take it, or let the newest have them. */
static void put(struct emd_history *history, u64 generation, bool routine)
{
	struct entry *next = &history->entries[history->nr % NR_SLOTS];
	struct entry *last = newest(history);

	if (routine && last && last->routine) {
		memcpy(last->text, next->text, sizeof(last->text));
		last->nr++;
		next = last;
	} else {
		next->first = generation;
		next->nr = 1;
		next->routine = routine;
		history->nr++;
	}
	next->generation = generation;
	next->time_ns = ktime_get_real_ns();
}

/* Where the words of the next entry go. */
static struct emd_text next_text(struct emd_history *history)
{
	struct entry *next = &history->entries[history->nr % NR_SLOTS];

	memset(next, 0, sizeof(*next));
	return (struct emd_text){ .buf = next->text, .len = sizeof(next->text) };
}

/**
 * emd_history_add() - a transaction was written: what it changed
 * @txn: written, about to be switched to
 *
 * Context: C held. Allocates nothing.
 */
void emd_history_add(const struct emd_transaction *txn)
{
	struct emd_history *history = txn->container->history;
	struct emd_text out = next_text(history);
	bool grave;

	lockdep_assert_held(&txn->container->mutex);
	grave = emd_txn_tell(txn, &out);
	/* Written and the same: the disks got it once more. */
	if (!out.used)
		emd_text_line(&out, "nothing changed");
	emd_text_cut(&out);
	put(history, txn->t1->generation, !grave);
}

/**
 * emd_history_note() - something that is not a change of ours
 * @container: whose
 * @generation: of its metadata from now on
 * @fmt: what happened, one line
 *
 * Context: C held. Allocates nothing.
 */
void emd_history_note(struct emd_container *container, u64 generation, const char *fmt, ...)
{
	struct emd_text out = next_text(container->history);
	va_list args;

	lockdep_assert_held(&container->mutex);
	va_start(args, fmt);
	emd_text_vadd(&out, fmt, args);
	va_end(args);
	emd_text_end(&out);
	emd_text_cut(&out);
	put(container->history, generation, false);
}

/**
 * emd_history_records() - the last configurations as records of the uAPI
 * @container: whose
 * @buf: out: records, the oldest first; for kvfree(); NULL when there are none
 * @len: out: bytes of it
 *
 * Return: 0 or -ENOMEM.
 * Context: Process context, takes C.
 */
int emd_history_records(struct emd_container *container, void **buf, size_t *len)
{
	struct emd_rec_history *recs, *rec;
	const struct emd_history *history = container->history;
	unsigned int noio;
	u64 i;

	*buf = NULL;
	*len = 0;
	recs = kvcalloc(NR_ENTRIES, sizeof(*recs), GFP_KERNEL);
	if (!recs)
		return -ENOMEM;
	rec = recs;
	noio = emd_lock_container(container);
	for (i = history->nr - min_t(u64, history->nr, NR_ENTRIES); i < history->nr; i++, rec++) {
		const struct entry *entry = &history->entries[i % NR_SLOTS];

		rec->rec.size = sizeof(*rec);
		rec->rec.type = EMD_REC_HISTORY;
		rec->first_generation = entry->first;
		rec->generation = entry->generation;
		rec->time_ns = entry->time_ns;
		rec->nr_written = entry->nr;
		memcpy(rec->text, entry->text, sizeof(rec->text));
	}
	emd_unlock_container(container, noio);
	*buf = recs;
	*len = (void *)rec - (void *)recs;
	return 0;
}
