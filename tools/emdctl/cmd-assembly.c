// SPDX-License-Identifier: GPL-2.0
/* Commands that start and stop what is there: scan, assemble, stop. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "action.h"
#include "emdctl.h"
#include "print.h"
#include "resolve.h"
#include "watch.h"

enum { OPT_ALL = OPT_COMMAND, OPT_DEGRADED, OPT_READ_ONLY };

const struct option assemble_options[] = {
	{ "all", no_argument, NULL, OPT_ALL },
	{ "degraded", no_argument, NULL, OPT_DEGRADED },
	{ "read-only", no_argument, NULL, OPT_READ_ONLY },
	{ },
};

const struct option stop_options[] = {
	{ "all", no_argument, NULL, OPT_ALL },
	{ },
};

/* "emd0 (Volume0), emd1 (Data)" of those that run. */
static char *running_text(const struct array *const *arrays, size_t nr)
{
	char *text = xstrdup(""), *more;
	size_t i;

	for (i = 0; i < nr; i++) {
		if (!arrays[i]->rec.dev[0])
			continue;
		more = xasprintf("%s%s%s (%s)", text, text[0] ? ", " : "", arrays[i]->rec.dev,
				 arrays[i]->rec.name);
		free(text);
		text = more;
	}
	return text;
}

/* Looks again and says which arrays now run; @id 0 means all containers. */
static int say_running(struct emdctl *ctl, const char *what, uint64_t id)
{
	const struct array **arrays;
	struct object object = { };
	struct model *model;
	char *running, *sentence;
	size_t nr, i;
	int status;

	status = load_model(ctl, &model);
	if (status)
		return status;
	for (i = 0; id && i < model->nr_containers; i++)
		if (model->containers[i].rec.id == id)
			object.container = &model->containers[i];
	arrays = select_arrays(model, id ? &object : NULL, &nr);
	running = running_text(arrays, nr);
	sentence = xasprintf("%s; running: %s", what, running[0] ? running : "none");
	ctl->out->done(ctl, sentence, arrays, nr);
	free(sentence);
	free(running);
	free(arrays);
	model_free(model);
	return STATUS_DONE;
}

int cmd_scan(struct emdctl *ctl, int argc, char **argv)
{
	struct action action = { .request = EMD_IOC_SCAN };
	bool planned = false;
	struct model *model;
	int opt, status;

	opt = next_option(ctl, argc, argv);
	if (opt != -1)
		return option_stop_status(opt);
	if (optind != argc)
		return usage_error(ctl, "takes no arguments, it looks at all block devices");
	status = load_model(ctl, &model);
	if (status)
		return status;
	model_free(model);
	status = act(ctl, &action, &planned);
	if (status || planned)
		return status;
	return say_running(ctl, "scanned", 0);
}

int cmd_assemble(struct emdctl *ctl, int argc, char **argv)
{
	struct action action = { .request = EMD_IOC_ASSEMBLE };
	bool planned = false, all = false;
	struct object object = { };
	struct model *model;
	char *what = NULL;
	uint64_t id = 0;
	int opt, status;

	while ((opt = next_option(ctl, argc, argv)) != -1) {
		switch (opt) {
		case OPT_ALL:
			all = true;
			break;
		case OPT_DEGRADED:
			action.flags |= EMD_F_DEGRADED;
			break;
		case OPT_READ_ONLY:
			action.flags |= EMD_F_READ_ONLY;
			break;
		default:
			return option_stop_status(opt);
		}
	}
	if (argc - optind > 1 || (all && optind != argc))
		return usage_error(ctl, "takes one CONTAINER or --all");

	status = load_model(ctl, &model);
	if (status)
		return status;
	if (optind == argc) {
		action.flags |= EMD_F_ALL;
		what = xstrdup("assembled");
	} else {
		status = resolve_object(ctl, model, argv[optind], OBJECT_CONTAINER, &object);
		if (!status) {
			action.container = object.container;
			id = object.container->rec.id;
			what = xasprintf("assembled %s", object.container->rec.name);
		}
	}
	if (!status)
		status = act(ctl, &action, &planned);
	model_free(model);
	if (!status && !planned)
		status = say_running(ctl, what, id);
	free(what);
	return status;
}

static int stop_all(struct emdctl *ctl, struct action *action)
{
	int status = confirm(ctl, "this stops the arrays of every container of which none is in use");

	if (status)
		return status;
	action->flags |= EMD_F_ALL;
	return act_and_say(ctl, action, "stopped all arrays");
}

static int stop_one(struct emdctl *ctl, struct action *action, const struct model *model,
		    const char *name)
{
	struct object object;
	int status = resolve_object(ctl, model, name, OBJECT_ARRAY | OBJECT_CONTAINER, &object);

	if (status)
		return status;
	action->array = object.array;
	action->container = object.container;
	if (object.container)
		return act_and_say(ctl, action, "stopped container %s", object.container->rec.name);
	return act_and_say(ctl, action, "stopped %s%s%s%s", object.array->rec.name,
			   object.array->rec.dev[0] ? " (" : "", object.array->rec.dev,
			   object.array->rec.dev[0] ? ")" : "");
}

int cmd_stop(struct emdctl *ctl, int argc, char **argv)
{
	struct action action = { .request = EMD_IOC_STOP };
	struct model *model;
	bool all = false;
	int opt, status;

	while ((opt = next_option(ctl, argc, argv)) != -1) {
		if (opt != OPT_ALL)
			return option_stop_status(opt);
		all = true;
	}
	if (argc - optind != (all ? 0 : 1))
		return usage_error(ctl, "needs one ARRAY or CONTAINER, or --all");
	status = load_model(ctl, &model);
	if (status)
		return status;
	status = all ? stop_all(ctl, &action) : stop_one(ctl, &action, model, argv[optind]);
	model_free(model);
	return status;
}
