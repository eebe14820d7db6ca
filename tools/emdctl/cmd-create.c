// SPDX-License-Identifier: GPL-2.0
/* Commands that make and unmake arrays: create, delete, erase. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "action.h"
#include "emdctl.h"
#include "names.h"
#include "print.h"
#include "probe.h"
#include "resolve.h"

/* The driver adds the disk before it answers; devtmpfs and udev are quick. */
#define NODE_DEADLINE_MS	10000
#define NODE_POLL_MS		20

enum {
	OPT_FORMAT = OPT_COMMAND,
	OPT_LEVEL,
	OPT_NAME,
	OPT_STRIP,
	OPT_SIZE,
	OPT_LAYOUT,
	OPT_SPANS,
	OPT_INIT,
};

const struct option create_options[] = {
	{ "format", required_argument, NULL, OPT_FORMAT },
	{ "level", required_argument, NULL, OPT_LEVEL },
	{ "name", required_argument, NULL, OPT_NAME },
	{ "strip", required_argument, NULL, OPT_STRIP },
	{ "size", required_argument, NULL, OPT_SIZE },
	{ "layout", required_argument, NULL, OPT_LAYOUT },
	{ "spans", required_argument, NULL, OPT_SPANS },
	{ "init", required_argument, NULL, OPT_INIT },
	{ },
};

static int init_parse(const char *word)
{
	if (!strcmp(word, "resync"))
		return EMD_INIT_RESYNC;
	if (!strcmp(word, "none"))
		return EMD_INIT_NONE;
	if (!strcmp(word, "zero"))
		return EMD_INIT_ZERO;
	return -1;
}

/* Copies a word into a fixed field of the ABI; usage error when it is too long. */
static int take_word(struct emdctl *ctl, char *field, size_t size, const char *what)
{
	if (!*optarg || strlen(optarg) >= size)
		return usage_error(ctl, "--%s takes 1 to %zu characters", what, size - 1);
	memcpy(field, optarg, strlen(optarg) + 1);
	return STATUS_DONE;
}

static int take_spans(struct emdctl *ctl, uint32_t *spans)
{
	unsigned long number;
	char *end;

	number = strtoul(optarg, &end, 10);
	if (!*optarg || *end || number < 2 || number > EMD_UAPI_MAX_DISKS)
		return usage_error(ctl, "--spans takes 2 to %d", EMD_UAPI_MAX_DISKS);
	*spans = number;
	return STATUS_DONE;
}

static int take_option(struct emdctl *ctl, struct emd_create_arg *arg, int opt, bool *has_level)
{
	uint64_t sectors;
	int number;

	switch (opt) {
	case OPT_FORMAT:
		return take_word(ctl, arg->format, sizeof(arg->format), "format");
	case OPT_NAME:
		return take_word(ctl, arg->name, sizeof(arg->name), "name");
	case OPT_LEVEL:
		number = level_parse(optarg);
		if (number < 0)
			return usage_error(ctl, "--level is one of %s", level_choices());
		arg->level = number;
		*has_level = true;
		return STATUS_DONE;
	case OPT_LAYOUT:
		number = layout_parse(optarg);
		if (number < 0)
			return usage_error(ctl, "--layout is one of %s", layout_choices());
		arg->layout = number;
		return STATUS_DONE;
	case OPT_SPANS:
		return take_spans(ctl, &arg->nr_spans);
	case OPT_STRIP:
		if (parse_size_sectors(optarg, &sectors) || sectors > UINT32_MAX)
			return usage_error(ctl, "--strip %s is no size, try 64K", optarg);
		arg->strip_sectors = sectors;
		return STATUS_DONE;
	case OPT_SIZE:
		if (parse_size_sectors(optarg, &sectors))
			return usage_error(ctl, "--size %s is no size, try 100G", optarg);
		arg->size_sectors = sectors;
		return STATUS_DONE;
	case OPT_INIT:
		number = init_parse(optarg);
		if (number < 0)
			return usage_error(ctl, "--init is one of resync none zero");
		arg->init = number;
		return STATUS_DONE;
	default:
		return option_stop_status(opt);
	}
}

/*
 * The operands: a container, or disks, or a container and those of its disks
 * to use. A container is only a word that names one and no device.
 */
static int take_operands(struct emdctl *ctl, struct emd_create_arg *arg,
			 const struct model *model, char **words, size_t nr,
			 struct device *devices)
{
	struct object object;
	char *candidates;
	size_t i, j;
	int status;

	if (find_device(words[0], &devices[0])) {
		i = find_object(model, words[0], OBJECT_CONTAINER, &object, &candidates);
		free(candidates);
		if (i > 1)
			return resolve_object(ctl, model, words[0], OBJECT_CONTAINER, &object);
		if (i) {
			arg->container_id = object.container->rec.id;
			words++;
			nr--;
		}
	}
	for (i = 0; i < nr; i++) {
		status = resolve_device(ctl, words[i], &devices[i]);
		if (status)
			return status;
		for (j = 0; j < i; j++)
			if (devices[j].major == devices[i].major &&
			    devices[j].minor == devices[i].minor)
				return refuse(ctl, "%s and %s are the same disk; name each once",
					      words[j], words[i]);
	}
	arg->nr_disks = nr;
	return STATUS_DONE;
}

/* A command returns when its array can be used: its node opens and reads. */
static int wait_for_node(const char *dev)
{
	const struct timespec pause = { .tv_nsec = NODE_POLL_MS * 1000000L };
	int64_t deadline = now_ms() + NODE_DEADLINE_MS;
	char *path = xasprintf("/dev/%s", dev);
	char block[512];
	int fd, ret = -ENOENT;

	for (;;) {
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0) {
			ret = read(fd, block, sizeof(block)) < 0 ? -errno : 0;
			close(fd);
		} else {
			ret = -errno;
		}
		if ((ret != -ENOENT && ret != -ENXIO) || now_ms() >= deadline)
			break;
		nanosleep(&pause, NULL);
	}
	free(path);
	return ret;
}

static int say_created(struct emdctl *ctl, const struct emd_create_arg *arg)
{
	const struct array *shown;
	struct model *model;
	struct array *array;
	char size[SIZE_TEXT_LEN];
	char *sentence;
	int status, ret;

	status = load_model(ctl, &model);
	if (status)
		return status;
	array = model_find_array(model, arg->array_id);
	if (!array) {
		status = refuse(ctl, "%s was created but is gone again; see emdctl events",
				arg->name);
		goto out;
	}
	if (!array->rec.dev[0]) {
		status = refuse(ctl, "%s was created but does not run%s%s; see emdctl show %s",
				array->rec.name, array->rec.reason[0] ? ": " : "",
				array->rec.reason, array->rec.name);
		goto out;
	}
	ret = wait_for_node(array->rec.dev);
	if (ret) {
		status = refuse(ctl, "%s was created and runs, but /dev/%s cannot be read: %s; is udev or devtmpfs there?",
				array->rec.name, array->rec.dev, strerror(-ret));
		goto out;
	}
	sentence = xasprintf("created %s as /dev/%s: %s, %s, %s", array->rec.name, array->rec.dev,
			     level_name(array->rec.level),
			     size_text(array->rec.size_sectors * 512, size),
			     array_state_name(array->rec.state));
	shown = array;
	ctl->out->done(ctl, sentence, &shown, 1);
	free(sentence);
out:
	model_free(model);
	return status;
}

static int create(struct emdctl *ctl, struct emd_create_arg *arg, const struct device *devices)
{
	struct emd_disk_ref refs[EMD_UAPI_MAX_DISKS];
	size_t i;
	int ret;

	for (i = 0; i < arg->nr_disks; i++) {
		refs[i].major = devices[i].major;
		refs[i].minor = devices[i].minor;
	}
	/* A container stands for all its disks. */
	arg->disks_ptr = arg->nr_disks ? (uintptr_t)refs : 0;
	arg->hdr.flags = action_flags(ctl);
	ret = control_create(&ctl->control, arg);
	if (ret)
		return refuse_control(ctl, ret);
	if (!ctl->dry_run)
		return say_created(ctl, arg);
	ctl->out->plan(ctl, ctl->control.msg);
	return STATUS_DONE;
}

int cmd_create(struct emdctl *ctl, int argc, char **argv)
{
	struct emd_create_arg arg;
	bool has_level = false;
	struct device *devices;
	struct model *model;
	int opt, status;

	memset(&arg, 0, sizeof(arg));
	while ((opt = next_option(ctl, argc, argv)) != -1) {
		if (opt == OPT_HELP)
			return STATUS_DONE;
		status = take_option(ctl, &arg, opt, &has_level);
		if (status)
			return status;
	}
	if (!has_level || !arg.name[0])
		return usage_error(ctl, "needs --level and --name");
	if (optind == argc)
		return usage_error(ctl, "needs disks or a container");
	if (argc - optind > EMD_UAPI_MAX_DISKS)
		return usage_error(ctl, "takes at most %d disks", EMD_UAPI_MAX_DISKS);

	status = load_model(ctl, &model);
	if (status)
		return status;
	devices = xcalloc(argc - optind, sizeof(*devices));
	status = take_operands(ctl, &arg, model, argv + optind, argc - optind, devices);
	model_free(model);
	if (!status && !arg.container_id && !arg.format[0])
		status = usage_error(ctl, "bare disks need --format");
	/* Disks of a container were given up to it long ago. */
	if (!status && !arg.container_id)
		status = confirm_contents(ctl, devices, arg.nr_disks, "be lost");
	if (!status)
		status = create(ctl, &arg, devices);
	free(devices);
	return status;
}

int cmd_delete(struct emdctl *ctl, int argc, char **argv)
{
	struct action action = { .request = EMD_IOC_DELETE };
	struct object object;
	struct model *model;
	int opt, status;

	opt = next_option(ctl, argc, argv);
	if (opt != -1)
		return option_stop_status(opt);
	if (optind != argc - 1)
		return usage_error(ctl, "needs one ARRAY");
	status = load_model(ctl, &model);
	if (status)
		return status;
	status = resolve_object(ctl, model, argv[optind], OBJECT_ARRAY, &object);
	if (!status)
		status = confirm(ctl, "this deletes array %s of %s and all that is on it",
				 object.array->rec.name, object.array->container->rec.name);
	if (!status) {
		action.array = object.array;
		status = act_and_say(ctl, &action, "deleted %s", object.array->rec.name);
	}
	model_free(model);
	return status;
}

int cmd_erase(struct emdctl *ctl, int argc, char **argv)
{
	struct action action = { .request = EMD_IOC_ERASE };
	struct device device;
	struct model *model;
	int opt, status;

	opt = next_option(ctl, argc, argv);
	if (opt != -1)
		return option_stop_status(opt);
	if (optind != argc - 1)
		return usage_error(ctl, "needs one DEV");
	status = resolve_device(ctl, argv[optind], &device);
	if (status)
		return status;
	status = load_model(ctl, &model);
	if (status)
		return status;
	model_free(model);
	status = confirm(ctl, "this removes all RAID metadata from %s", device.path);
	if (status)
		return status;
	action.device = &device;
	return act_and_say(ctl, &action, "erased the metadata on %s", device.path);
}
