/* SPDX-License-Identifier: GPL-2.0 */
/* What is on a disk that someone wants to use for an array? */
#ifndef EMDCTL_PROBE_H
#define EMDCTL_PROBE_H

struct device;

/*
 * Words for a file system or partition table ("ext4 file system \"home\""),
 * to be freed; NULL when there is nothing to lose.
 */
char *probe_contents(const struct device *dev);

#endif /* EMDCTL_PROBE_H */
