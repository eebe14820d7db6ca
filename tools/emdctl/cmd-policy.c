// SPDX-License-Identifier: GPL-2.0
/* What the administrator decides about an array that runs: policy. */
#include <stdio.h>
#include <string.h>

#include "emdctl.h"
#include "print.h"
#include "resolve.h"

/**
 * struct key - what can be decided
 * @name: KEY
 * @json: name in JSON
 * @bit: EMD_POLICY_*
 * @is_switch: VALUE is on or off, else a rate
 * @offset: of the __u32 in struct emd_policy_arg
 */
static const struct key {
	const char *name;
	const char *json;
	uint32_t bit;
	bool is_switch;
	size_t offset;
} keys[] = {
	{ "zero_copy", "zero_copy", EMD_POLICY_ZERO_COPY, true,
	  offsetof(struct emd_policy_arg, zero_copy) },
	{ "sync_limit", "sync_limit_kib_s", EMD_POLICY_SYNC_LIMIT, false,
	  offsetof(struct emd_policy_arg, sync_limit_kib_s) },
};

static uint32_t *value_of(struct emd_policy_arg *arg, const struct key *key)
{
	return (uint32_t *)((char *)arg + key->offset);
}

static int switch_parse(const char *text, uint32_t *on)
{
	static const char *const words[] = { "off", "on", "no", "yes", "0", "1" };
	size_t i;

	for (i = 0; i < ARRAY_SIZE(words); i++) {
		if (!strcmp(text, words[i])) {
			*on = i % 2;
			return 0;
		}
	}
	return -1;
}

static int take(struct emdctl *ctl, struct emd_policy_arg *arg, const char *word)
{
	const char *value = strchr(word, '=');
	size_t i, len = value ? (size_t)(value - word) : strlen(word);

	for (i = 0; i < ARRAY_SIZE(keys); i++)
		if (strlen(keys[i].name) == len && !strncmp(word, keys[i].name, len))
			break;
	if (i == ARRAY_SIZE(keys))
		return usage_error(ctl, "no policy %.*s, there are zero_copy and sync_limit",
				   (int)len, word);
	if (!value)
		return usage_error(ctl, "%s needs =VALUE", word);
	if (arg->set & keys[i].bit)
		return usage_error(ctl, "%s is given twice", keys[i].name);
	arg->set |= keys[i].bit;
	if (keys[i].is_switch && switch_parse(value + 1, value_of(arg, &keys[i])))
		return usage_error(ctl, "%s is on or off, not %s", keys[i].name, value + 1);
	if (!keys[i].is_switch && parse_rate_kib(value + 1, value_of(arg, &keys[i])))
		return usage_error(ctl, "%s is no rate, try 50M or none", value + 1);
	return STATUS_DONE;
}

static void print_policies(struct emdctl *ctl, const struct array *array,
			   struct emd_policy_arg *arg)
{
	struct policy policies[ARRAY_SIZE(keys)];
	size_t i, nr = 0;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		uint32_t value = *value_of(arg, &keys[i]);
		struct policy *policy = &policies[nr];

		if (!(arg->known & keys[i].bit))
			continue;
		nr++;
		policy->key = keys[i].name;
		policy->json_key = keys[i].json;
		policy->number = value;
		policy->is_switch = keys[i].is_switch;
		if (policy->is_switch)
			snprintf(policy->text, sizeof(policy->text), "%s", value ? "on" : "off");
		else if (value)
			snprintf(policy->text, sizeof(policy->text), "%uK", value);
		else
			snprintf(policy->text, sizeof(policy->text), "none");
	}
	ctl->out->policies(ctl, array, policies, nr);
}

int cmd_policy(struct emdctl *ctl, int argc, char **argv)
{
	struct emd_policy_arg arg;
	struct object object;
	struct model *model;
	int opt, status, ret, i;

	opt = next_option(ctl, argc, argv);
	if (opt != -1)
		return option_stop_status(opt);
	if (optind == argc)
		return usage_error(ctl, "needs an ARRAY");
	memset(&arg, 0, sizeof(arg));
	for (i = optind + 1; i < argc; i++) {
		status = take(ctl, &arg, argv[i]);
		if (status)
			return status;
	}

	status = load_model(ctl, &model);
	if (status)
		return status;
	status = resolve_object(ctl, model, argv[optind], OBJECT_ARRAY, &object);
	if (!status) {
		arg.hdr.flags = action_flags(ctl);
		arg.array_id = object.array->rec.id;
		ret = control_policy(&ctl->control, &arg);
		if (ret)
			status = refuse_control(ctl, ret);
		else if (ctl->dry_run)
			ctl->out->plan(ctl, ctl->control.msg);
		else
			print_policies(ctl, object.array, &arg);
	}
	model_free(model);
	return status;
}
