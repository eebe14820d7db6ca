// SPDX-License-Identifier: GPL-2.0
/*
 * What was, and how to get it back: history, save, restore.
 */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emdctl.h"
#include "kvtree.h"
#include "print.h"
#include "probe.h"
#include "resolve.h"
#include "saved.h"

/* A container that is written so often meanwhile is not the one to be saved. */
#define TRIES	8

/* ---- history ------------------------------------------------------------------ */

int cmd_history(struct emdctl *ctl, int argc, char **argv)
{
	struct emd_rec_history *entries;
	struct object object;
	struct model *model;
	int opt, ret, status;
	size_t nr;

	opt = next_option(ctl, argc, argv);
	if (opt != -1)
		return option_stop_status(opt);
	if (argc - optind != 1)
		return usage_error(ctl, "needs one CONTAINER");
	status = load_model(ctl, &model);
	if (status)
		return status;
	status = resolve_object(ctl, model, argv[optind], OBJECT_CONTAINER, &object);
	if (!status) {
		ret = control_history(&ctl->control, object.container->rec.id, &entries, &nr);
		if (ret) {
			status = refuse_control(ctl, ret);
		} else {
			ctl->out->history(object.container, entries, nr);
			free(entries);
		}
	}
	model_free(model);
	return status;
}

/* ---- save ---------------------------------------------------------------------- */

static bool worth_saving(const struct emd_rec_disk *disk)
{
	return disk->dev[0] &&
	       (disk->state == EMD_UAPI_DISK_ACTIVE || disk->state == EMD_UAPI_DISK_SPARE);
}

/* All disks of the container; 0 or the status to end with. */
static int save_disks(struct emdctl *ctl, const struct container *container, struct saved *saved)
{
	size_t i;
	int ret;

	saved->disks = xcalloc(container->nr_disks, sizeof(*saved->disks));
	for (i = 0; i < container->nr_disks; i++) {
		const struct emd_rec_disk *rec = &container->disks[i];
		struct saved_disk *disk = &saved->disks[saved->nr_disks];

		if (!worth_saving(rec))
			continue;
		ret = control_save(&ctl->control, rec->major, rec->minor, &disk->arg, &disk->buf,
				   &disk->len);
		if (ret)
			return refuse_control(ctl, ret);
		snprintf(disk->dev, sizeof(disk->dev), "%s", rec->dev);
		saved->nr_disks++;
	}
	if (!saved->nr_disks)
		return refuse(ctl, "no disk of %s can be saved", container->rec.name);
	return STATUS_DONE;
}

static struct container *same_container(struct model *model, uint64_t id)
{
	size_t i;

	for (i = 0; i < model->nr_containers; i++)
		if (model->containers[i].rec.id == id)
			return &model->containers[i];
	return NULL;
}

/*
 * Disk by disk, and nothing was written meanwhile: the container's generation is
 * still the same. @saved is filled in; 0 or the status to end with.
 */
static int save_container(struct emdctl *ctl, const char *name, struct saved **saved)
{
	const struct container *after;
	struct object object;
	struct model *model, *again;
	int status, tries;
	bool same;

	status = load_model(ctl, &model);
	if (status)
		return status;
	status = resolve_object(ctl, model, name, OBJECT_CONTAINER, &object);
	if (!status && !object.container->rec.id)
		status = refuse(ctl, "%s is no container", object.container->rec.name);
	for (tries = 0; !status; tries++) {
		*saved = xcalloc(1, sizeof(**saved));
		status = save_disks(ctl, object.container, *saved);
		if (!status)
			status = load_model(ctl, &again);
		if (status) {
			saved_free(*saved);
			break;
		}
		after = same_container(again, object.container->rec.id);
		same = after && after->rec.generation == object.container->rec.generation;
		if (same) {
			snprintf((*saved)->container, sizeof((*saved)->container), "%s",
				 after->rec.name);
			(*saved)->generation = after->rec.generation;
			model_free(again);
			break;
		}
		saved_free(*saved);
		model_free(model);
		model = again;
		object.container = (struct container *)after;
		if (!after || tries == TRIES)
			status = refuse(ctl, "%s is being changed; try again", name);
	}
	model_free(model);
	return status;
}

static uint32_t bytes_of(const struct saved_disk *disk)
{
	return disk->len - disk->arg.nr_regions * (uint32_t)sizeof(struct emd_region);
}

static void plan_save(struct emdctl *ctl, const struct saved *saved, const char *path)
{
	char *text = xstrdup(""), *more;
	size_t i;

	for (i = 0; i < saved->nr_disks; i++) {
		more = xasprintf("%ssave %u bytes of %s (%s)\n", text, bytes_of(&saved->disks[i]),
				 saved->disks[i].dev, saved->disks[i].arg.serial);
		free(text);
		text = more;
	}
	more = xasprintf("%swrite %s\n", text, path);
	ctl->out->plan(ctl, more);
	free(text);
	free(more);
}

static int store(struct emdctl *ctl, struct saved *saved, const char *path)
{
	time_t now = time(NULL);
	struct tm tm;
	char *sentence;
	int ret;

	if (gmtime_r(&now, &tm))
		strftime(saved->time, sizeof(saved->time), "%FT%TZ", &tm);
	ret = saved_write(saved, path);
	if (ret)
		return refuse(ctl, "cannot write %s: %s", path,
			      ret == -EEXIST ? "it is there and is no plain file" : strerror(-ret));
	sentence = xasprintf("saved the metadata of %s (generation %llu, %zu disks) in %s",
			     saved->container, (unsigned long long)saved->generation,
			     saved->nr_disks, path);
	ctl->out->done(ctl, sentence, NULL, 0);
	free(sentence);
	return STATUS_DONE;
}

int cmd_save(struct emdctl *ctl, int argc, char **argv)
{
	struct saved *saved;
	int opt, status;

	opt = next_option(ctl, argc, argv);
	if (opt != -1)
		return option_stop_status(opt);
	if (argc - optind != 2)
		return usage_error(ctl, "needs CONTAINER and FILE");
	status = save_container(ctl, argv[optind], &saved);
	if (status)
		return status;
	if (ctl->dry_run)
		plan_save(ctl, saved, argv[optind + 1]);
	else
		status = store(ctl, saved, argv[optind + 1]);
	saved_free(saved);
	return status;
}

/* ---- restore -------------------------------------------------------------------- */

/**
 * struct target - a saved disk and the device that it is now
 * @disk: saved
 * @device: found
 * @found: is it?
 */
struct target {
	const struct saved_disk *disk;
	struct device device;
	bool found;
};

/* The saved disk that this device is, or NULL. */
static struct target *match(struct emdctl *ctl, const struct device *device,
			    struct target *targets, size_t nr)
{
	char format[EMD_UAPI_FORMAT_LEN], *text;
	const char *serial, *sectors;
	struct target *found = NULL;
	uint64_t number;
	struct kv *tree;
	size_t i;

	if (control_examine(&ctl->control, device->major, device->minor, &text, format))
		return NULL;
	tree = kv_parse(text);
	free(text);
	serial = kv_get(tree, "serial");
	sectors = kv_get(tree, "sectors");
	for (i = 0; serial && sectors && i < nr && !found; i++)
		if (!strcmp(serial, targets[i].disk->arg.serial) &&
		    !parse_u64(sectors, &number) && number == targets[i].disk->arg.sectors)
			found = &targets[i];
	kv_free(tree);
	return found;
}

static int take_device(struct emdctl *ctl, const struct device *device, struct target *target)
{
	if (target->found && (target->device.major != device->major ||
			      target->device.minor != device->minor))
		return refuse(ctl, "%s and %s both look like the disk with serial number %s; name the right one",
			      target->device.path, device->path, target->disk->arg.serial);
	target->device = *device;
	target->found = true;
	return STATUS_DONE;
}

static int find_named(struct emdctl *ctl, int nr_names, char **names, struct target *targets,
		      size_t nr)
{
	struct target *target;
	struct device device;
	int i, status = STATUS_DONE;

	for (i = 0; i < nr_names && !status; i++) {
		status = resolve_device(ctl, names[i], &device);
		if (status)
			break;
		target = match(ctl, &device, targets, nr);
		if (target)
			status = take_device(ctl, &device, target);
		else
			status = refuse(ctl, "%s is none of the disks that were saved: serial number and size must be the same",
					device.path);
	}
	return status;
}

static int find_all(struct emdctl *ctl, struct target *targets, size_t nr)
{
	DIR *dir = opendir("/sys/block");
	int status = STATUS_DONE;
	struct target *target;
	struct device device;
	struct dirent *entry;
	size_t i;

	while (dir && !status && (entry = readdir(dir))) {
		if (entry->d_name[0] == '.' || find_device(entry->d_name, &device))
			continue;
		target = match(ctl, &device, targets, nr);
		if (target)
			status = take_device(ctl, &device, target);
	}
	if (dir)
		closedir(dir);
	for (i = 0; i < nr && !status; i++)
		if (!targets[i].found)
			status = refuse(ctl, "no disk with serial number %s and %llu sectors (it was %s); name those to be restored to go on without it",
					targets[i].disk->arg.serial,
					(unsigned long long)targets[i].disk->arg.sectors,
					targets[i].disk->dev);
	return status;
}

/* All disks that were found or none, by one request. 0 or the status to end with. */
static int restore_targets(struct emdctl *ctl, const struct target *targets, size_t nr, bool dry)
{
	struct emd_restore_disk *disks = xcalloc(nr, sizeof(*disks));
	struct emd_restore_arg arg;
	size_t i;
	int ret;

	memset(&arg, 0, sizeof(arg));
	arg.hdr.flags = action_flags(ctl) | (dry ? EMD_F_DRY_RUN : 0);
	arg.disks_ptr = (uintptr_t)disks;
	for (i = 0; i < nr; i++) {
		const struct emd_save_arg *was = &targets[i].disk->arg;
		struct emd_restore_disk *disk = &disks[arg.nr_disks];

		if (!targets[i].found)
			continue;
		disk->major = targets[i].device.major;
		disk->minor = targets[i].device.minor;
		disk->buf_ptr = (uintptr_t)targets[i].disk->buf;
		disk->buf_len = targets[i].disk->len;
		disk->nr_regions = was->nr_regions;
		disk->sectors = was->sectors;
		disk->block_size = was->block_size;
		memcpy(disk->serial, was->serial, sizeof(disk->serial));
		memcpy(disk->format, was->format, sizeof(disk->format));
		arg.nr_disks++;
	}
	ret = control_restore(&ctl->control, &arg);
	free(disks);
	return ret ? refuse_control(ctl, ret) : STATUS_DONE;
}

/* The driver knows RAID metadata when it sees it. What else is there is asked about. */
static int confirm_targets(struct emdctl *ctl, const struct target *targets, size_t nr)
{
	struct device *devices = xcalloc(nr, sizeof(*devices));
	size_t i, nr_found = 0;
	int status;

	for (i = 0; i < nr; i++)
		if (targets[i].found)
			devices[nr_found++] = targets[i].device;
	status = confirm_contents(ctl, devices, nr_found, "be written over");
	free(devices);
	return status;
}

static void say_restored(struct emdctl *ctl, const struct saved *saved,
			 const struct target *targets, size_t nr)
{
	char *text = xasprintf("restored the metadata of %s (generation %llu, saved %s) on ",
			       saved->container, (unsigned long long)saved->generation,
			       saved->time);
	const char *between = "";
	char *more;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!targets[i].found)
			continue;
		more = xasprintf("%s%s%s", text, between, targets[i].device.path);
		free(text);
		text = more;
		between = ", ";
	}
	ctl->out->done(ctl, text, NULL, 0);
	free(text);
}

static int restore_saved(struct emdctl *ctl, const struct saved *saved, int nr_names, char **names)
{
	struct target *targets = xcalloc(saved->nr_disks, sizeof(*targets));
	size_t i;
	int status;

	for (i = 0; i < saved->nr_disks; i++)
		targets[i].disk = &saved->disks[i];
	status = nr_names ? find_named(ctl, nr_names, names, targets, saved->nr_disks) :
			    find_all(ctl, targets, saved->nr_disks);
	/* What cannot be done is not asked about. */
	if (!status)
		status = restore_targets(ctl, targets, saved->nr_disks, true);
	if (!status && ctl->dry_run)
		ctl->out->plan(ctl, ctl->control.msg);
	if (!status)
		status = confirm_targets(ctl, targets, saved->nr_disks);
	if (!status && !ctl->dry_run) {
		status = restore_targets(ctl, targets, saved->nr_disks, false);
		if (!status)
			say_restored(ctl, saved, targets, saved->nr_disks);
	}
	free(targets);
	return status;
}

int cmd_restore(struct emdctl *ctl, int argc, char **argv)
{
	struct saved *saved;
	struct model *model;
	int opt, status;
	char *why;

	opt = next_option(ctl, argc, argv);
	if (opt != -1)
		return option_stop_status(opt);
	if (argc - optind < 1)
		return usage_error(ctl, "needs FILE");
	saved = saved_read(argv[optind], &why);
	if (!saved) {
		status = refuse(ctl, "cannot read %s: %s", argv[optind], why);
		free(why);
		return status;
	}
	/* Opens the device, and says so when it cannot be. */
	status = load_model(ctl, &model);
	if (!status) {
		model_free(model);
		status = restore_saved(ctl, saved, argc - optind - 1, argv + optind + 1);
	}
	saved_free(saved);
	return status;
}
