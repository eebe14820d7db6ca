/* SPDX-License-Identifier: GPL-2.0 */
/* What is on a disk that someone wants to use for an array? */
#ifndef EMDCTL_PROBE_H
#define EMDCTL_PROBE_H

#include <stddef.h>

struct device;
struct emdctl;

/*
 * Names every disk that carries a file system, a partition table or the like, and asks
 * before any of it is to @fate, "be lost". 0 to go on, else the status to end with.
 */
int confirm_contents(struct emdctl *ctl, const struct device *devices, size_t nr,
		     const char *fate);

#endif /* EMDCTL_PROBE_H */
