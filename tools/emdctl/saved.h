/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A container's metadata in a file: what the driver gave of each disk, with what
 * it takes to find that disk again. JSON; the bytes in base64, with a CRC-32.
 */
#ifndef EMDCTL_SAVED_H
#define EMDCTL_SAVED_H

#include <stddef.h>
#include <stdint.h>
#include <linux/emd.h>

/**
 * struct saved_disk - metadata of one disk
 * @dev: name it had then
 * @arg: what the driver said of it
 * @buf: regions and bytes, as the driver has them
 * @len: bytes of it
 */
struct saved_disk {
	char dev[32];
	struct emd_save_arg arg;
	void *buf;
	uint32_t len;
};

/**
 * struct saved - metadata of a container
 * @container: name
 * @generation: when it was saved
 * @time: when that was, as text
 * @nr_disks: how many
 * @disks: each
 */
struct saved {
	char container[EMD_UAPI_NAME_LEN];
	uint64_t generation;
	char time[32];
	size_t nr_disks;
	struct saved_disk *disks;
};

void saved_free(struct saved *saved);

/*
 * 0 or a negative errno, -EEXIST when something is there that is no plain file. The file
 * is there as a whole or not at all.
 */
int saved_write(const struct saved *saved, const char *path);

/* Returns what the file holds, or NULL and why not, to be freed. */
struct saved *saved_read(const char *path, char **why);

#endif /* EMDCTL_SAVED_H */
