/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The ring that keeps the newest events, by number. Pure: event.c has the lock,
 * the waiters and user space.
 *
 * Events are numbered from 1 and numbers are never used twice. Whoever reads has a
 * cursor: the number of the event to be read next. A cursor that was overrun goes
 * on at the oldest event that is kept, and its owner sees the gap.
 */
#ifndef _EMD_EVENT_RING_H
#define _EMD_EVENT_RING_H

#include <linux/types.h>
#include <uapi/linux/emd.h>

/**
 * struct emd_event_ring - the newest events
 * @events: room for @size of them, NULL while there is none
 * @size: a power of two
 * @last: number of the newest, 0: none yet
 */
struct emd_event_ring {
	struct emd_event *events;
	u32 size;
	u64 last;
};

struct emd_event *emd_event_ring_add(struct emd_event_ring *ring);
bool emd_event_ring_take(const struct emd_event_ring *ring, u64 *next, struct emd_event *ev);
s64 emd_event_ring_seek(const struct emd_event_ring *ring, u64 next, s64 offset, int whence);

#endif /* _EMD_EVENT_RING_H */
