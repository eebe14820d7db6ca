// SPDX-License-Identifier: GPL-2.0
/* Commands that look at what the driver has: list, show, status. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emdctl.h"
#include "print.h"
#include "resolve.h"
#include "watch.h"

const struct option list_options[] = {
	{ "names", required_argument, NULL, 'n' },
	{ },
};

static int kinds_parse(const char *word)
{
	if (!strcmp(word, "containers"))
		return OBJECT_CONTAINER;
	if (!strcmp(word, "arrays"))
		return OBJECT_ARRAY;
	if (!strcmp(word, "disks"))
		return OBJECT_DISK;
	if (!strcmp(word, "all"))
		return OBJECT_CONTAINER | OBJECT_ARRAY | OBJECT_DISK;
	return 0;
}

/* For completion and loops in a shell: every word that resolves, one a line. */
static void print_names(const struct model *model, unsigned int kinds)
{
	const struct container *container;
	size_t i, j;

	for (i = 0; i < model->nr_containers; i++) {
		container = &model->containers[i];
		if (kinds & OBJECT_CONTAINER)
			puts(container->rec.name);
		for (j = 0; (kinds & OBJECT_ARRAY) && j < container->nr_arrays; j++) {
			puts(container->arrays[j].rec.name);
			if (container->arrays[j].rec.dev[0])
				puts(container->arrays[j].rec.dev);
		}
		for (j = 0; (kinds & OBJECT_DISK) && j < container->nr_disks; j++)
			if (container->disks[j].dev[0])
				puts(container->disks[j].dev);
	}
}

int cmd_list(struct emdctl *ctl, int argc, char **argv)
{
	struct model *model;
	int opt, status, kinds = 0;

	while ((opt = next_option(ctl, argc, argv)) != -1) {
		if (opt != 'n')
			return option_stop_status(opt);
		kinds = kinds_parse(optarg);
		if (!kinds)
			return usage_error(ctl, "--names is one of containers arrays disks all");
	}
	if (optind != argc)
		return usage_error(ctl, "takes no NAME; emdctl show NAME does");
	if (kinds && ctl->json)
		return usage_error(ctl, "--names and --json exclude each other");

	status = load_model(ctl, &model);
	if (status)
		return status;
	if (kinds)
		print_names(model, kinds);
	else
		ctl->out->list(model);
	model_free(model);
	return STATUS_DONE;
}

int cmd_show(struct emdctl *ctl, int argc, char **argv)
{
	struct object object;
	struct model *model;
	int opt, status;

	opt = next_option(ctl, argc, argv);
	if (opt != -1)
		return option_stop_status(opt);
	if (optind != argc - 1)
		return usage_error(ctl, "needs one NAME");

	status = load_model(ctl, &model);
	if (status)
		return status;
	status = resolve_object(ctl, model, argv[optind],
				OBJECT_ARRAY | OBJECT_CONTAINER | OBJECT_DISK, &object);
	if (!status)
		ctl->out->show(model, &object);
	model_free(model);
	return status;
}

enum { OPT_WATCH = OPT_COMMAND };

const struct option status_options[] = {
	{ "watch", no_argument, NULL, OPT_WATCH },
	{ },
};

static int print_status(struct emdctl *ctl, struct model *model, const char *name)
{
	const struct array **arrays;
	struct object object;
	size_t nr;
	int status;

	if (name) {
		status = resolve_object(ctl, model, name, OBJECT_ARRAY | OBJECT_CONTAINER, &object);
		if (status)
			return status;
	}
	arrays = select_arrays(model, name ? &object : NULL, &nr);
	ctl->out->status(arrays, nr);
	free(arrays);
	return STATUS_DONE;
}

/*
 * The picture is drawn twice a second and at once when something happens.
 * An array that goes away while it is watched just leaves the picture.
 */
static int watch_status(struct emdctl *ctl, const char *name)
{
	const struct array **arrays;
	struct object object = { };
	struct model *model;
	struct watch watch;
	char *candidates;
	size_t nr;
	int status;

	status = load_model(ctl, &model);
	if (status)
		return status;
	if (name)
		status = resolve_object(ctl, model, name, OBJECT_ARRAY | OBJECT_CONTAINER, &object);
	if (status) {
		model_free(model);
		return status;
	}

	watch_begin(&watch, stdout);
	for (;;) {
		if (!name || object.array || object.container) {
			arrays = select_arrays(model, name ? &object : NULL, &nr);
			watch_draw(&watch, arrays, nr);
			free(arrays);
		} else {
			watch_draw(&watch, NULL, 0);
		}
		model_free(model);
		if (watch_interrupted() || ferror(stdout))
			break;
		status = wait_for_events(ctl, WATCH_INTERVAL_MS);
		if (!status)
			status = load_model(ctl, &model);
		if (status)
			break;
		if (name) {
			find_object(model, name, OBJECT_ARRAY | OBJECT_CONTAINER, &object,
				    &candidates);
			free(candidates);
		}
	}
	watch_end(&watch);
	return status;
}

int cmd_status(struct emdctl *ctl, int argc, char **argv)
{
	struct model *model;
	bool watch = false;
	const char *name;
	int opt, status;

	while ((opt = next_option(ctl, argc, argv)) != -1) {
		if (opt != OPT_WATCH)
			return option_stop_status(opt);
		watch = true;
	}
	if (argc - optind > 1)
		return usage_error(ctl, "only one NAME");
	name = optind < argc ? argv[optind] : NULL;
	if (watch && ctl->json)
		return usage_error(ctl, "--watch has no JSON; events --follow has");
	if (watch)
		return watch_status(ctl, name);

	status = load_model(ctl, &model);
	if (status)
		return status;
	status = print_status(ctl, model, name);
	model_free(model);
	return status;
}
