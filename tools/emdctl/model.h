/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the driver has, as a tree in memory: one consistent copy of its
 * records. Strings in it are NUL-terminated and safe to print.
 */
#ifndef EMDCTL_MODEL_H
#define EMDCTL_MODEL_H

#include <stddef.h>
#include <stdint.h>
#include <linux/emd.h>

#define UUID_TEXT_LEN	36	/* four words of eight hex digits, colons, NUL */

struct array {
	struct emd_rec_array rec;
	struct container *container;
	char uuid[UUID_TEXT_LEN];
	size_t nr_members;
	struct emd_rec_member *members;
	size_t nr_mismatches;
	struct emd_rec_mismatch *mismatches;
};

struct container {
	struct emd_rec_container rec;
	char uuid[UUID_TEXT_LEN];	/* empty for free spares */
	size_t nr_disks;
	struct emd_rec_disk *disks;
	size_t nr_arrays;
	struct array *arrays;
};

struct model {
	size_t nr_containers;
	struct container *containers;
};

struct model *model_parse(const void *records, size_t len);
void model_free(struct model *model);

struct array *model_find_array(const struct model *model, uint64_t id);
const struct emd_rec_disk *container_find_disk(const struct container *container, uint64_t id);

/* For walking all arrays: the @nth of the model, or NULL. */
struct array *model_nth_array(const struct model *model, size_t nth);

#endif /* EMDCTL_MODEL_H */
