/* SPDX-License-Identifier: GPL-2.0 */
/* Sending one request about one object, and telling how it went. */
#ifndef EMDCTL_ACTION_H
#define EMDCTL_ACTION_H

#include <stdbool.h>
#include <stdint.h>
#include <linux/emd.h>

#include "compiler.h"

struct array;
struct container;
struct device;
struct emdctl;

/**
 * struct action - a request of struct emd_object_arg's kind
 * @request: EMD_IOC_*
 * @flags: EMD_F_* besides those of the global options
 * @container: or NULL
 * @array: or NULL
 * @device: or NULL
 */
struct action {
	unsigned int request;
	unsigned int flags;
	const struct container *container;
	const struct array *array;
	const struct device *device;
};

/*
 * Sends it. After a dry run the plan is printed and @planned set: nothing more
 * to say. 0 or the status to end with.
 */
int act(struct emdctl *ctl, const struct action *action, bool *planned);

/* Sends it and ends the command with one sentence. */
__printf(3, 4)
int act_and_say(struct emdctl *ctl, const struct action *action, const char *fmt, ...);

#endif /* EMDCTL_ACTION_H */
