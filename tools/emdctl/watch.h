/* SPDX-License-Identifier: GPL-2.0 */
/* Shared by commands that look again and again until something is so. */
#ifndef EMDCTL_WATCH_H
#define EMDCTL_WATCH_H

#include <stddef.h>
#include <stdint.h>

struct array;
struct emdctl;
struct model;
struct object;

#define WATCH_INTERVAL_MS	500

/*
 * The arrays of @object (an array or a container) or, when it is NULL, of the
 * whole model; free() the result.
 */
const struct array **select_arrays(const struct model *model, const struct object *object,
				   size_t *nr);

/*
 * Sleeps until something happened or @timeout_ms passed (< 0: no limit), then
 * reads away all events so far: look at the state again after this. None is
 * missed, for the connection was opened before the state was first looked at.
 * 0 or the status to end with.
 */
int wait_for_events(struct emdctl *ctl, int64_t timeout_ms);

#endif /* EMDCTL_WATCH_H */
