// SPDX-License-Identifier: GPL-2.0
/*
 * Which object does the user mean? An exact name or device wins over the start
 * of a UUID; more than one match is an error that names them, never a guess.
 */
#include <ctype.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "emdctl.h"
#include "resolve.h"

/* Fewer hex digits than this are a slip of the finger, not a UUID. */
#define MIN_UUID_DIGITS		4

/**
 * find_device() - a block device by path or kernel name
 * @name: "/dev/disk/by-id/...", "sda", "/dev/sda", "cciss!c0d0"
 * @dev: filled on success
 *
 * Return: 0; -ENOENT: there is none; -ENOTBLK: something else has that name;
 * another negative errno of stat().
 */
int find_device(const char *name, struct device *dev)
{
	struct stat st;
	char *slash;

	if (strchr(name, '/')) {
		if (snprintf(dev->path, sizeof(dev->path), "%s", name) >= (int)sizeof(dev->path))
			return -ENAMETOOLONG;
	} else {
		if (snprintf(dev->path, sizeof(dev->path), "/dev/%s", name) >=
		    (int)sizeof(dev->path))
			return -ENAMETOOLONG;
		/* The kernel's names spell a slash so. */
		while ((slash = strchr(dev->path, '!')))
			*slash = '/';
	}
	if (stat(dev->path, &st))
		return -errno;
	if (!S_ISBLK(st.st_mode))
		return -ENOTBLK;
	dev->major = major(st.st_rdev);
	dev->minor = minor(st.st_rdev);
	return 0;
}

int resolve_device(struct emdctl *ctl, const char *name, struct device *dev)
{
	int ret = find_device(name, dev);

	switch (ret) {
	case 0:
		return STATUS_DONE;
	case -ENOTBLK:
		return refuse(ctl, "%s is not a block device", name);
	case -ENOENT:
		return refuse(ctl, "no block device %s; lsblk shows those there are", name);
	default:
		return refuse(ctl, "%s: %s", name, strerror(-ret));
	}
}

/* The hex digits of @text into @digits[33]; their number, -1 if it has others. */
static int uuid_digits(const char *text, char *digits)
{
	int nr = 0;

	for (; *text; text++) {
		if (*text == ':' || *text == '-')
			continue;
		if (!isxdigit((unsigned char)*text) || nr == 32)
			return -1;
		digits[nr++] = (char)tolower((unsigned char)*text);
	}
	digits[nr] = '\0';
	return nr;
}

static bool uuid_starts_with(const char *uuid, const char *text)
{
	char have[33], want[33];
	int nr = uuid_digits(text, want);

	if (nr < MIN_UUID_DIGITS || uuid_digits(uuid, have) != 32)
		return false;
	return !strncmp(have, want, nr);
}

/* What is known of the word once, for all objects. */
struct query {
	const char *name;
	bool is_device;
	struct device dev;
	bool by_uuid;		/* second round: nothing had that very name */
};

static bool is_that_device(const struct query *query, const char *dev,
			   unsigned int major, unsigned int minor)
{
	if (dev[0] && !strcmp(query->name, dev))
		return true;
	return query->is_device && (major || minor) &&
	       query->dev.major == major && query->dev.minor == minor;
}

static bool array_matches(const struct query *query, const struct array *array)
{
	const char *container = array->container->rec.name;
	size_t len = strlen(container);

	if (query->by_uuid)
		return uuid_starts_with(array->uuid, query->name);
	if (!strcmp(query->name, array->rec.name))
		return true;
	/* CONTAINER/NAME tells two arrays of one name apart. */
	if (!strncmp(query->name, container, len) && query->name[len] == '/' &&
	    !strcmp(query->name + len + 1, array->rec.name))
		return true;
	if (!strncmp(query->name, "/dev/", 5) && array->rec.dev[0] &&
	    !strcmp(query->name + 5, array->rec.dev))
		return true;
	return is_that_device(query, array->rec.dev, array->rec.major, array->rec.minor);
}

static bool container_matches(const struct query *query, const struct container *container)
{
	if (query->by_uuid)
		return uuid_starts_with(container->uuid, query->name);
	return !strcmp(query->name, container->rec.name);
}

static bool disk_matches(const struct query *query, const struct emd_rec_disk *disk)
{
	if (query->by_uuid)
		return false;
	if (disk->serial[0] && !strcmp(query->name, disk->serial))
		return true;
	return is_that_device(query, disk->dev, disk->major, disk->minor);
}

struct matches {
	struct object first;
	int nr;
	char *names;
};

__printf(3, 4)
static void add_match(struct matches *matches, struct object object, const char *fmt, ...)
{
	char name[256], *names;
	va_list args;

	va_start(args, fmt);
	vsnprintf(name, sizeof(name), fmt, args);
	va_end(args);
	if (!matches->nr++)
		matches->first = object;
	names = matches->names ? xasprintf("%s, %s", matches->names, name) : xstrdup(name);
	free(matches->names);
	matches->names = names;
}

static void match_all(const struct model *model, const struct query *query, unsigned int kinds,
		      struct matches *matches)
{
	struct container *container;
	struct emd_rec_disk *disk;
	struct array *array;
	size_t i, j;

	for (i = 0; i < model->nr_containers; i++) {
		container = &model->containers[i];
		if ((kinds & OBJECT_CONTAINER) && container_matches(query, container))
			add_match(matches, (struct object){ .container = container },
				  "container %s", container->rec.name);
		for (j = 0; (kinds & OBJECT_ARRAY) && j < container->nr_arrays; j++) {
			array = &container->arrays[j];
			if (array_matches(query, array))
				add_match(matches, (struct object){ .array = array },
					  "array %s/%s", container->rec.name, array->rec.name);
		}
		for (j = 0; (kinds & OBJECT_DISK) && j < container->nr_disks; j++) {
			disk = &container->disks[j];
			if (disk_matches(query, disk))
				add_match(matches, (struct object){ .disk = disk },
					  "disk %s (%s)", disk->dev[0] ? disk->dev : disk->serial,
					  container->rec.name);
		}
	}
}

/**
 * find_object() - what a name stands for
 * @model: where to look
 * @name: as typed
 * @kinds: OBJECT_* that will do
 * @found: the first match, all NULL when there is none
 * @candidates: gets the names of all matches, to be freed, or NULL
 *
 * Return: number of matches.
 */
int find_object(const struct model *model, const char *name, unsigned int kinds,
		struct object *found, char **candidates)
{
	struct query query = { .name = name };
	struct matches matches = { .nr = 0 };

	query.is_device = !find_device(name, &query.dev);
	match_all(model, &query, kinds, &matches);
	if (!matches.nr) {
		query.by_uuid = true;
		match_all(model, &query, kinds, &matches);
	}
	*found = matches.first;
	*candidates = matches.names;
	return matches.nr;
}

static const char *kind_words(unsigned int kinds)
{
	switch (kinds) {
	case OBJECT_ARRAY:
		return "array";
	case OBJECT_CONTAINER:
		return "container";
	case OBJECT_DISK:
		return "disk";
	case OBJECT_ARRAY | OBJECT_CONTAINER:
		return "array or container";
	default:
		return "array, container or disk";
	}
}

int resolve_object(struct emdctl *ctl, const struct model *model, const char *name,
		   unsigned int kinds, struct object *found)
{
	char *candidates;
	int nr = find_object(model, name, kinds, found, &candidates);
	int status = STATUS_DONE;

	if (!nr)
		status = refuse(ctl, "no %s %s; emdctl list shows those there are",
				kind_words(kinds), name);
	else if (nr > 1)
		status = refuse(ctl, "%s may be %s; say which by CONTAINER/NAME, UUID or device",
				name, candidates);
	free(candidates);
	return status;
}

int resolve_known_device(struct emdctl *ctl, const struct model *model, const char *name,
			 struct device *dev)
{
	struct object object;
	char *candidates;
	int nr;

	if (!find_device(name, dev))
		return STATUS_DONE;
	nr = find_object(model, name, OBJECT_DISK, &object, &candidates);
	free(candidates);
	if (nr > 1)
		return resolve_object(ctl, model, name, OBJECT_DISK, &object);
	if (!nr || (!object.disk->major && !object.disk->minor))
		return resolve_device(ctl, name, dev);
	dev->major = object.disk->major;
	dev->minor = object.disk->minor;
	snprintf(dev->path, sizeof(dev->path), "/dev/%s", object.disk->dev);
	return STATUS_DONE;
}
