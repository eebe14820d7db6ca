// SPDX-License-Identifier: GPL-2.0
/*
 * Turns the driver's stream of records into a tree. A record may be shorter
 * than we know (an older driver) or longer (a newer one); record types we do
 * not know are skipped.
 */
#include <stdlib.h>
#include <string.h>

#include "emdctl.h"
#include "names.h"

/* Copies what both sides know of a record; the rest is zero. */
static void take(void *dst, size_t dst_size, const struct emd_rec *rec)
{
	memset(dst, 0, dst_size);
	memcpy(dst, rec, rec->size < dst_size ? rec->size : dst_size);
}

#define make_safe(field)				\
do {							\
	(field)[sizeof(field) - 1] = '\0';		\
	make_printable(field);				\
} while (0)

static void add_container(struct model *model, const struct emd_rec *rec)
{
	static const uint8_t zero[16];
	struct container *container;

	model->containers = vec_grow(model->containers, model->nr_containers, sizeof(*container));
	container = &model->containers[model->nr_containers++];
	memset(container, 0, sizeof(*container));
	take(&container->rec, sizeof(container->rec), rec);
	make_safe(container->rec.name);
	make_safe(container->rec.format);
	make_safe(container->rec.reason);
	if (memcmp(container->rec.uuid, zero, sizeof(zero)))
		uuid_format(container->rec.uuid, container->uuid);
}

static void add_disk(struct container *container, const struct emd_rec *rec)
{
	struct emd_rec_disk *disk;

	container->disks = vec_grow(container->disks, container->nr_disks, sizeof(*disk));
	disk = &container->disks[container->nr_disks++];
	take(disk, sizeof(*disk), rec);
	make_safe(disk->dev);
	make_safe(disk->serial);
	make_safe(disk->reason);
	make_safe(disk->serves);
}

static void add_array(struct container *container, const struct emd_rec *rec)
{
	struct array *array;

	container->arrays = vec_grow(container->arrays, container->nr_arrays, sizeof(*array));
	array = &container->arrays[container->nr_arrays++];
	memset(array, 0, sizeof(*array));
	take(&array->rec, sizeof(array->rec), rec);
	make_safe(array->rec.name);
	make_safe(array->rec.dev);
	make_safe(array->rec.reason);
	uuid_format(array->rec.uuid, array->uuid);
}

static void add_member(struct array *array, const struct emd_rec *rec)
{
	struct emd_rec_member *member;

	array->members = vec_grow(array->members, array->nr_members, sizeof(*member));
	member = &array->members[array->nr_members++];
	take(member, sizeof(*member), rec);
	make_safe(member->dev);
}

static void add_mismatch(struct array *array, const struct emd_rec *rec)
{
	struct emd_rec_mismatch *mismatch;

	array->mismatches = vec_grow(array->mismatches, array->nr_mismatches, sizeof(*mismatch));
	mismatch = &array->mismatches[array->nr_mismatches++];
	take(mismatch, sizeof(*mismatch), rec);
}

/* False when a record stands where none of its kind can. */
static bool add_record(struct model *model, const struct emd_rec *rec)
{
	struct container *container = NULL;
	struct array *array = NULL;

	if (model->nr_containers)
		container = &model->containers[model->nr_containers - 1];
	if (container && container->nr_arrays)
		array = &container->arrays[container->nr_arrays - 1];

	switch (rec->type) {
	case EMD_REC_CONTAINER:
		add_container(model, rec);
		return true;
	case EMD_REC_DISK:
		if (container)
			add_disk(container, rec);
		return container;
	case EMD_REC_ARRAY:
		if (container)
			add_array(container, rec);
		return container;
	case EMD_REC_MEMBER:
		if (array)
			add_member(array, rec);
		return array;
	case EMD_REC_MISMATCH:
		if (array)
			add_mismatch(array, rec);
		return array;
	default:
		return true;
	}
}

/**
 * model_parse() - the tree of a stream of records
 * @records: as the driver wrote them, aligned to 8 bytes
 * @len: bytes
 *
 * Return: the tree, for model_free(), or NULL when the stream is malformed.
 */
struct model *model_parse(const void *records, size_t len)
{
	struct model *model = xcalloc(1, sizeof(*model));
	const struct emd_rec *rec;
	size_t at = 0, i, j;

	while (at < len) {
		rec = (const void *)((const char *)records + at);
		if (len - at < sizeof(*rec) || rec->size < sizeof(*rec) ||
		    rec->size > len - at || rec->size % 8 || !add_record(model, rec)) {
			model_free(model);
			return NULL;
		}
		at += rec->size;
	}

	/* Only now do the vectors stand still. */
	for (i = 0; i < model->nr_containers; i++)
		for (j = 0; j < model->containers[i].nr_arrays; j++)
			model->containers[i].arrays[j].container = &model->containers[i];
	return model;
}

void model_free(struct model *model)
{
	size_t i, j;

	if (!model)
		return;
	for (i = 0; i < model->nr_containers; i++) {
		for (j = 0; j < model->containers[i].nr_arrays; j++) {
			free(model->containers[i].arrays[j].members);
			free(model->containers[i].arrays[j].mismatches);
		}
		free(model->containers[i].arrays);
		free(model->containers[i].disks);
	}
	free(model->containers);
	free(model);
}

struct array *model_nth_array(const struct model *model, size_t nth)
{
	size_t i;

	for (i = 0; i < model->nr_containers; i++) {
		if (nth < model->containers[i].nr_arrays)
			return &model->containers[i].arrays[nth];
		nth -= model->containers[i].nr_arrays;
	}
	return NULL;
}

struct array *model_find_array(const struct model *model, uint64_t id)
{
	struct array *array;
	size_t i;

	for (i = 0; (array = model_nth_array(model, i)); i++)
		if (array->rec.id == id)
			return array;
	return NULL;
}

const struct emd_rec_disk *container_find_disk(const struct container *container, uint64_t id)
{
	size_t i;

	for (i = 0; id && i < container->nr_disks; i++)
		if (container->disks[i].id == id)
			return &container->disks[i];
	return NULL;
}
