// SPDX-License-Identifier: GPL-2.0
/* Commands about the disks of a container: add, remove, fail, replace. */
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "emdctl.h"
#include "print.h"
#include "probe.h"
#include "resolve.h"

/* The two operands: an object of one kind and a disk. */
static int take_operands(struct emdctl *ctl, int argc, char **argv, unsigned int kind,
			 struct model **model, struct object *object, struct device *device)
{
	int opt = next_option(ctl, argc, argv);
	int status;

	*model = NULL;
	if (opt == OPT_HELP)
		return STATUS_DONE;
	if (opt != -1)
		return STATUS_USAGE;
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

static int confirm_contents(struct emdctl *ctl, const struct device *device)
{
	char *contents = probe_contents(device);
	int status;

	if (!contents)
		return STATUS_DONE;
	status = confirm(ctl, "%s carries %s, which will be lost", device->path, contents);
	free(contents);
	return status;
}

int cmd_add(struct emdctl *ctl, int argc, char **argv)
{
	struct action action = { .request = EMD_IOC_ADD };
	struct device device;
	struct object object;
	struct model *model;
	int status;

	status = take_operands(ctl, argc, argv, OBJECT_CONTAINER, &model, &object, &device);
	if (!model)
		return status;
	status = confirm_contents(ctl, &device);
	if (!status) {
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

	status = take_operands(ctl, argc, argv, OBJECT_CONTAINER, &model, &object, &device);
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

	status = take_operands(ctl, argc, argv, OBJECT_ARRAY, &model, &object, &device);
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
