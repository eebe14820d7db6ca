/* SPDX-License-Identifier: GPL-2.0 */
/* From what users type to objects of the model and device numbers. */
#ifndef EMDCTL_RESOLVE_H
#define EMDCTL_RESOLVE_H

#include <stdbool.h>
#include <stdint.h>

struct emdctl;
struct model;
struct array;
struct container;
struct emd_rec_disk;

/**
 * struct object - what a name stands for; exactly one is set
 */
struct object {
	struct array *array;
	struct container *container;
	struct emd_rec_disk *disk;
};

/* Kinds a name may stand for. */
#define OBJECT_ARRAY		1
#define OBJECT_CONTAINER	2
#define OBJECT_DISK		4

/* How many objects matched: 0, 1 (@found is set), or more. */
int find_object(const struct model *model, const char *name, unsigned int kinds,
		struct object *found, char **candidates);

/* 0, or the status to end the command with; refusals are reported. */
int resolve_object(struct emdctl *ctl, const struct model *model, const char *name,
		   unsigned int kinds, struct object *found);

/**
 * struct device - a block device by number
 * @path: to open it
 */
struct device {
	unsigned int major;
	unsigned int minor;
	char path[256];
};

int find_device(const char *name, struct device *dev);
int resolve_device(struct emdctl *ctl, const char *name, struct device *dev);

/* Also a disk that only the driver still knows: by its former name or its serial. */
int resolve_known_device(struct emdctl *ctl, const struct model *model, const char *name,
			 struct device *dev);

#endif /* EMDCTL_RESOLVE_H */
