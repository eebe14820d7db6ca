// SPDX-License-Identifier: GPL-2.0
/* Commands about background work: scrub, sync. */
#include <stdio.h>
#include <string.h>

#include "action.h"
#include "emdctl.h"
#include "print.h"
#include "resolve.h"

enum { OPT_REPAIR = OPT_COMMAND };

const struct option scrub_options[] = {
	{ "repair", no_argument, NULL, OPT_REPAIR },
	{ },
};

int cmd_scrub(struct emdctl *ctl, int argc, char **argv)
{
	struct action action = { .request = EMD_IOC_SCRUB };
	struct object object;
	struct model *model;
	int opt, status;

	while ((opt = next_option(ctl, argc, argv)) != -1) {
		if (opt != OPT_REPAIR)
			return option_stop_status(opt);
		action.flags |= EMD_F_REPAIR;
	}
	if (optind != argc - 1)
		return usage_error(ctl, "needs one ARRAY");
	status = load_model(ctl, &model);
	if (status)
		return status;
	status = resolve_object(ctl, model, argv[optind], OBJECT_ARRAY, &object);
	if (!status) {
		action.array = object.array;
		status = act_and_say(ctl, &action, "%s of %s started",
				     action.flags & EMD_F_REPAIR ? "repair" : "check",
				     object.array->rec.name);
	}
	model_free(model);
	return status;
}

/* A row for each word behind sync. */
static const struct sync_verb {
	const char *name;
	uint32_t cmd;
	const char *outcome;
} sync_verbs[] = {
	{ "pause", EMD_SYNC_CMD_PAUSE, "paused" },
	{ "resume", EMD_SYNC_CMD_RESUME, "resumed" },
	{ "cancel", EMD_SYNC_CMD_CANCEL, "cancelled" },
	{ "limit", EMD_SYNC_CMD_LIMIT, "limited" },
};

static const struct sync_verb *verb_parse(const char *word)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(sync_verbs); i++)
		if (!strcmp(word, sync_verbs[i].name))
			return &sync_verbs[i];
	return NULL;
}

static int steer(struct emdctl *ctl, const struct array *array, const struct sync_verb *verb,
		 uint32_t limit_kib_s)
{
	struct emd_sync_arg arg;
	char sentence[EMD_UAPI_NAME_LEN + 64];
	int ret;

	memset(&arg, 0, sizeof(arg));
	arg.hdr.flags = action_flags(ctl);
	arg.array_id = array->rec.id;
	arg.cmd = verb->cmd;
	arg.limit_kib_s = limit_kib_s;
	ret = control_sync(&ctl->control, &arg);
	if (ret)
		return refuse_control(ctl, ret);
	if (ctl->dry_run) {
		ctl->out->plan(ctl, ctl->control.msg);
		return STATUS_DONE;
	}
	if (verb->cmd == EMD_SYNC_CMD_LIMIT && !limit_kib_s)
		snprintf(sentence, sizeof(sentence), "sync of %s has no limit", array->rec.name);
	else if (verb->cmd == EMD_SYNC_CMD_LIMIT)
		snprintf(sentence, sizeof(sentence), "sync of %s limited to %u KiB/s",
			 array->rec.name, limit_kib_s);
	else
		snprintf(sentence, sizeof(sentence), "sync of %s %s", array->rec.name,
			 verb->outcome);
	ctl->out->done(ctl, sentence, NULL, 0);
	return STATUS_DONE;
}

int cmd_sync(struct emdctl *ctl, int argc, char **argv)
{
	const struct sync_verb *verb;
	uint32_t limit_kib_s = 0;
	struct object object;
	struct model *model;
	int opt, status, nr;

	opt = next_option(ctl, argc, argv);
	if (opt != -1)
		return option_stop_status(opt);
	verb = optind < argc ? verb_parse(argv[optind]) : NULL;
	if (!verb)
		return usage_error(ctl, "needs one of pause resume cancel limit");
	nr = argc - optind - 1;
	if (nr != (verb->cmd == EMD_SYNC_CMD_LIMIT ? 2 : 1))
		return usage_error(ctl, "%s needs ARRAY%s", verb->name,
				   verb->cmd == EMD_SYNC_CMD_LIMIT ? " and RATE" : "");
	if (nr == 2 && parse_rate_kib(argv[optind + 2], &limit_kib_s))
		return usage_error(ctl, "%s is no rate, try 50M", argv[optind + 2]);

	status = load_model(ctl, &model);
	if (status)
		return status;
	status = resolve_object(ctl, model, argv[optind + 1], OBJECT_ARRAY, &object);
	if (!status)
		status = steer(ctl, object.array, verb, limit_kib_s);
	model_free(model);
	return status;
}
