// SPDX-License-Identifier: GPL-2.0
/* Commands about the disks of a container, add, remove, fail, replace, and rename of an array. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "emdctl.h"
#include "print.h"
#include "probe.h"
#include "resolve.h"

enum { OPT_FOR = OPT_COMMAND };

const struct option add_options[] = {
	{ "for", required_argument, NULL, OPT_FOR },
	{ }
};

/* The two operands: an object of one kind and a disk. @serves: the value of --for. */
static int take_operands(struct emdctl *ctl, int argc, char **argv, unsigned int kind,
			 struct model **model, struct object *object, struct device *device,
			 const char **serves)
{
	int status, opt;

	*model = NULL;
	while ((opt = next_option(ctl, argc, argv)) == OPT_FOR && serves) {
		if (*serves)
			return usage_error(ctl, "--for is given twice; name the arrays with commas between them");
		*serves = optarg;
	}
	if (opt != -1)
		return option_stop_status(opt);
	if (argc - optind != 2)
		return usage_error(ctl, "needs %s and DEV",
				   kind == OBJECT_ARRAY ? "ARRAY" : "CONTAINER");
	status = load_model(ctl, model);
	if (status)
		return status;
	status = resolve_object(ctl, *model, argv[optind], kind, object);
	if (!status)
		status = resolve_known_device(ctl, *model, argv[optind + 1], device);
	if (status) {
		model_free(*model);
		*model = NULL;
	}
	return status;
}

/* The container's own array is meant where another has the same name. */
static int resolve_in(struct emdctl *ctl, const struct model *model,
		      const struct container *container, const char *name, struct object *object)
{
	char *full = xasprintf("%s/%s", container->rec.name, name), *candidates;
	int nr = find_object(model, full, OBJECT_ARRAY, object, &candidates);

	free(candidates);
	free(full);
	return nr == 1 ? STATUS_DONE : resolve_object(ctl, model, name, OBJECT_ARRAY, object);
}

/* The ids of the arrays that --for names; none for "all". */
static int take_arrays(struct emdctl *ctl, const struct model *model,
		       const struct container *container, const char *names, uint64_t *ids,
		       uint32_t *nr)
{
	char *copy = xstrdup(names), *name, *rest = copy;
	struct object object;
	int status = STATUS_DONE;

	*nr = 0;
	while (!status && strcmp(names, "all") && (name = strsep(&rest, ","))) {
		status = resolve_in(ctl, model, container, name, &object);
		if (status)
			break;
		if (object.array->container != container)
			status = refuse(ctl, "%s is in %s, not in %s", name,
					object.array->container->rec.name, container->rec.name);
		else if (*nr == EMD_UAPI_MAX_SERVES)
			status = refuse(ctl, "a spare can be for %u arrays, or for all",
					EMD_UAPI_MAX_SERVES);
		else
			ids[(*nr)++] = object.array->rec.id;
	}
	free(copy);
	return status;
}

static int assign(struct emdctl *ctl, const struct model *model,
		  const struct container *container, const struct device *device,
		  const char *names)
{
	uint64_t ids[EMD_UAPI_MAX_SERVES];
	struct emd_assign_arg arg;
	char *text;
	int status, ret;

	memset(&arg, 0, sizeof(arg));
	status = take_arrays(ctl, model, container, names, ids, &arg.nr_arrays);
	if (status)
		return status;
	arg.hdr.flags = action_flags(ctl);
	arg.container_id = container->rec.id;
	arg.major = device->major;
	arg.minor = device->minor;
	arg.arrays_ptr = arg.nr_arrays ? (uintptr_t)ids : 0;
	ret = control_assign(&ctl->control, &arg);
	if (ret)
		return refuse_control(ctl, ret);
	if (ctl->dry_run) {
		ctl->out->plan(ctl, ctl->control.msg);
		return STATUS_DONE;
	}
	text = xasprintf("%s is a spare of %s for %s", device->path, container->rec.name, names);
	ctl->out->done(ctl, text, NULL, 0);
	free(text);
	return STATUS_DONE;
}

/* Is the device a spare of the container already? Then nothing on it is lost. */
static bool is_spare_of(const struct container *container, const struct device *device)
{
	const struct emd_rec_disk *disk;

	for (disk = container->disks; disk < container->disks + container->nr_disks; disk++)
		if (disk->major == device->major && disk->minor == device->minor)
			return disk->state == EMD_UAPI_DISK_SPARE;
	return false;
}

int cmd_add(struct emdctl *ctl, int argc, char **argv)
{
	struct action action = { .request = EMD_IOC_ADD };
	const char *serves = NULL;
	struct device device;
	struct object object;
	struct model *model;
	int status;

	status = take_operands(ctl, argc, argv, OBJECT_CONTAINER, &model, &object, &device,
			       &serves);
	if (!model)
		return status;
	status = STATUS_DONE;
	if (!serves || !is_spare_of(object.container, &device))
		status = confirm_contents(ctl, &device, 1, "be lost");
	if (!status && serves) {
		status = assign(ctl, model, object.container, &device, serves);
	} else if (!status) {
		action.container = object.container;
		action.device = &device;
		status = act_and_say(ctl, &action, "added %s to %s as a spare", device.path,
				     object.container->rec.name);
	}
	model_free(model);
	return status;
}

int cmd_remove(struct emdctl *ctl, int argc, char **argv)
{
	struct action action = { .request = EMD_IOC_REMOVE };
	struct device device;
	struct object object;
	struct model *model;
	int status;

	status = take_operands(ctl, argc, argv, OBJECT_CONTAINER, &model, &object, &device, NULL);
	if (!model)
		return status;
	action.container = object.container;
	action.device = &device;
	status = act_and_say(ctl, &action, "removed %s from %s", device.path,
			     object.container->rec.name);
	model_free(model);
	return status;
}

int cmd_fail(struct emdctl *ctl, int argc, char **argv)
{
	struct action action = { .request = EMD_IOC_FAIL };
	struct device device;
	struct object object;
	struct model *model;
	int status;

	status = take_operands(ctl, argc, argv, OBJECT_ARRAY, &model, &object, &device, NULL);
	if (!model)
		return status;
	action.array = object.array;
	action.device = &device;
	status = act_and_say(ctl, &action, "marked %s failed in %s", device.path,
			     object.array->rec.name);
	model_free(model);
	return status;
}

static int send_replace(struct emdctl *ctl, const struct array *array, const struct device *old,
			const struct device *new)
{
	struct emd_replace_arg arg;
	char *sentence;
	int ret;

	memset(&arg, 0, sizeof(arg));
	arg.hdr.flags = action_flags(ctl);
	arg.array_id = array->rec.id;
	arg.major = old->major;
	arg.minor = old->minor;
	arg.new_major = new->major;
	arg.new_minor = new->minor;
	ret = control_replace(&ctl->control, &arg);
	if (ret)
		return refuse_control(ctl, ret);
	if (ctl->dry_run) {
		ctl->out->plan(ctl, ctl->control.msg);
		return STATUS_DONE;
	}
	sentence = xasprintf("%s is being copied to %s, which then takes its place in all arrays of %s",
			     old->path, new->path, array->container->rec.name);
	ctl->out->done(ctl, sentence, NULL, 0);
	free(sentence);
	return STATUS_DONE;
}

int cmd_replace(struct emdctl *ctl, int argc, char **argv)
{
	int opt = next_option(ctl, argc, argv);
	struct device old, new;
	struct object object;
	struct model *model;
	int status;

	if (opt != -1)
		return option_stop_status(opt);
	if (argc - optind != 3)
		return usage_error(ctl, "needs ARRAY, OLD and NEW");
	status = load_model(ctl, &model);
	if (status)
		return status;
	status = resolve_object(ctl, model, argv[optind], OBJECT_ARRAY, &object);
	if (!status)
		status = resolve_known_device(ctl, model, argv[optind + 1], &old);
	if (!status)
		status = resolve_known_device(ctl, model, argv[optind + 2], &new);
	if (!status)
		status = send_replace(ctl, object.array, &old, &new);
	model_free(model);
	return status;
}

int cmd_rename(struct emdctl *ctl, int argc, char **argv)
{
	int opt = next_option(ctl, argc, argv);
	struct emd_rename_arg arg;
	struct object object;
	struct model *model;
	int status, ret;
	char *text;

	if (opt != -1)
		return option_stop_status(opt);
	if (argc - optind != 2)
		return usage_error(ctl, "needs ARRAY and NAME");
	memset(&arg, 0, sizeof(arg));
	if (snprintf(arg.name, sizeof(arg.name), "%s", argv[optind + 1]) >= (int)sizeof(arg.name))
		return refuse(ctl, "no format has names of more than %zu characters",
			      sizeof(arg.name) - 1);
	status = load_model(ctl, &model);
	if (status)
		return status;
	status = resolve_object(ctl, model, argv[optind], OBJECT_ARRAY, &object);
	if (!status) {
		arg.hdr.flags = action_flags(ctl);
		arg.array_id = object.array->rec.id;
		ret = control_rename(&ctl->control, &arg);
		if (ret) {
			status = refuse_control(ctl, ret);
		} else if (ctl->dry_run) {
			ctl->out->plan(ctl, ctl->control.msg);
		} else {
			text = xasprintf("renamed %s to %s", object.array->rec.name, arg.name);
			ctl->out->done(ctl, text, NULL, 0);
			free(text);
		}
	}
	model_free(model);
	return status;
}
