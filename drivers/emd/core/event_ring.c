// SPDX-License-Identifier: GPL-2.0
/*
 * The ring that keeps the newest events, by number. Pure; the caller has the lock.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/minmax.h>
#include <linux/overflow.h>
#include <linux/string.h>

#include "event_ring.h"

static struct emd_event *slot_of(const struct emd_event_ring *ring, u64 seq)
{
	return &ring->events[(seq - 1) & (ring->size - 1)];
}

static u64 oldest(const struct emd_event_ring *ring)
{
	return ring->last > ring->size ? ring->last - ring->size + 1 : 1;
}

/**
 * emd_event_ring_add() - the next event
 * @ring: with room
 *
 * Return: the event to be filled in, all zero but for its number; it took the
 * place of the oldest.
 */
struct emd_event *emd_event_ring_add(struct emd_event_ring *ring)
{
	struct emd_event *ev = slot_of(ring, ++ring->last);

	memset(ev, 0, sizeof(*ev));
	ev->seq = ring->last;
	return ev;
}

/**
 * emd_event_ring_take() - copy the event at a cursor, or the oldest behind it
 * @ring: may be without room
 * @next: cursor, moved on
 * @ev: the copy
 *
 * Return: false when there is none.
 */
bool emd_event_ring_take(const struct emd_event_ring *ring, u64 *next, struct emd_event *ev)
{
	if (!ring->events || *next > ring->last)
		return false;
	*next = max(*next, oldest(ring));
	*ev = *slot_of(ring, *next);
	(*next)++;
	return true;
}

/**
 * emd_event_ring_seek() - where lseek() takes a cursor
 * @ring: ring
 * @next: the cursor
 * @offset: number of an event; with SEEK_SET 0 means the oldest that is kept
 * @whence: SEEK_SET, SEEK_CUR, or SEEK_END for the event that has not happened yet
 *
 * Return: the new cursor, or -EINVAL when it would be before the first event or
 * behind the next one to happen.
 */
s64 emd_event_ring_seek(const struct emd_event_ring *ring, u64 next, s64 offset, int whence)
{
	s64 base, to;

	switch (whence) {
	case SEEK_SET:
		base = offset ? 0 : oldest(ring);
		break;
	case SEEK_CUR:
		base = next;
		break;
	case SEEK_END:
		base = ring->last + 1;
		break;
	default:
		return -EINVAL;
	}
	if (check_add_overflow(base, offset, &to) || to < 1 || to > (s64)ring->last + 1)
		return -EINVAL;
	return to;
}
