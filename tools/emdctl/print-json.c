// SPDX-License-Identifier: GPL-2.0
/*
 * Output for programs: one JSON document a command. The shape of list's
 * document is a contract: keys may be added to the others, not there.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <json-c/json.h>

#include "emdctl.h"
#include "kvtree.h"
#include "names.h"
#include "print.h"
#include "resolve.h"

static void *checked(void *mem)
{
	if (!mem) {
		fputs("emdctl: out of memory\n", stderr);
		exit(STATUS_REFUSED);
	}
	return mem;
}

static struct json_object *new_object(void)
{
	return checked(json_object_new_object());
}

static struct json_object *new_list(void)
{
	return checked(json_object_new_array());
}

static void put(struct json_object *object, const char *key, struct json_object *value)
{
	if (json_object_object_add(object, key, value))
		checked(NULL);
}

static void append(struct json_object *list, struct json_object *value)
{
	if (json_object_array_add(list, value))
		checked(NULL);
}

static void put_text(struct json_object *object, const char *key, const char *text)
{
	put(object, key, checked(json_object_new_string(text)));
}

/* What is not there is null, not an empty name. */
static void put_text_or_null(struct json_object *object, const char *key, const char *text)
{
	put(object, key, text && text[0] ? checked(json_object_new_string(text)) : NULL);
}

static void put_number(struct json_object *object, const char *key, uint64_t number)
{
	put(object, key, checked(json_object_new_uint64(number)));
}

static void put_bool(struct json_object *object, const char *key, bool value)
{
	put(object, key, checked(json_object_new_boolean(value)));
}

static void print_document(struct json_object *document)
{
	puts(json_object_to_json_string_ext(document, JSON_C_TO_STRING_PRETTY |
					    JSON_C_TO_STRING_SPACED |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(document);
}

/* ---- the tree ----------------------------------------------------------- */

/* @full: with what the contract of list does not have. */
static struct json_object *disk_json(const struct emd_rec_disk *disk, bool full)
{
	struct json_object *object = new_object();

	put_text_or_null(object, "dev", disk->dev);
	put_text(object, "serial", disk->serial);
	put_text(object, "state", disk_state_name(disk->state));
	if (full) {
		put_text_or_null(object, "reason", disk->reason);
		put_text_or_null(object, "serves", disk->serves);
		put_number(object, "size_sectors", disk->sectors);
		put_number(object, "block_size", disk->block_size);
		put_number(object, "major", disk->major);
		put_number(object, "minor", disk->minor);
	}
	return object;
}

static struct json_object *member_json(const struct emd_rec_member *member, bool full)
{
	struct json_object *object = new_object();

	put_number(object, "slot", member->slot);
	put_text_or_null(object, "dev", member->dev);
	put_text(object, "state", member_state_name(member->state));
	if (member->replacement_id)
		put_text(object, "replacement", member->replacement);
	put_number(object, "start_sector", member->start_sector);
	put_number(object, "size_sectors", member->size_sectors);
	if (full) {
		put_number(object, "rebuilt_sectors", member->rebuilt);
		put_number(object, "read_errors", member->read_errors);
		put_number(object, "write_errors", member->write_errors);
	}
	return object;
}

static struct json_object *sync_json(const struct array *array, bool full)
{
	struct json_object *object = new_object();
	int64_t eta = sync_eta_s(array);

	put_text(object, "action", sync_action_name(array->rec.sync_action));
	put_number(object, "done_sectors", array->rec.sync_done);
	put_number(object, "total_sectors", array->rec.sync_total);
	if (full) {
		put_number(object, "speed_kib_s", array->rec.sync_speed);
		put_bool(object, "paused", array->rec.flags & EMD_ARRAY_F_SYNC_PAUSED);
		put(object, "eta_s", eta < 0 ? NULL : checked(json_object_new_int64(eta)));
	}
	return object;
}

static struct json_object *array_json(const struct array *array, bool full)
{
	const struct emd_rec_array *rec = &array->rec;
	struct json_object *object = new_object(), *members = new_list(), *ranges, *range;
	size_t i;

	put_text(object, "name", rec->name);
	put_text_or_null(object, "dev", rec->dev);
	put_text(object, "uuid", array->uuid);
	put_text(object, "level", level_name(rec->level));
	put_text(object, "layout", layout_name(rec->layout));
	if (rec->nr_spans)
		put_number(object, "spans", rec->nr_spans);
	put_number(object, "strip_sectors", rec->strip_sectors);
	put_number(object, "size_sectors", rec->size_sectors);
	put_text(object, "state", array_state_name(rec->state));
	put_bool(object, "dirty", rec->flags & EMD_ARRAY_F_DIRTY);
	put_bool(object, "read_only", rec->flags & EMD_ARRAY_F_READ_ONLY);
	put(object, "sync", sync_json(array, full));
	for (i = 0; i < array->nr_members; i++)
		append(members, member_json(&array->members[i], full));
	put(object, "members", members);
	if (!full)
		return object;

	put_text(object, "container", array->container->rec.name);
	put_text_or_null(object, "reason", rec->reason);
	put_bool(object, "untouched", rec->flags & EMD_ARRAY_F_UNTOUCHED);
	put_bool(object, "needs_sync", rec->flags & EMD_ARRAY_F_NEEDS_SYNC);
	put_number(object, "mismatch_sectors", rec->mismatches);
	ranges = new_list();
	for (i = 0; i < array->nr_mismatches; i++) {
		range = new_object();
		put_number(range, "start_sector", array->mismatches[i].start_sector);
		put_number(range, "sectors", array->mismatches[i].nr_sectors);
		append(ranges, range);
	}
	put(object, "mismatches", ranges);
	return object;
}

static struct json_object *container_json(const struct container *container, bool full)
{
	struct json_object *object = new_object(), *disks = new_list(), *arrays = new_list();
	size_t i;

	put_text(object, "name", container->rec.name);
	put_text(object, "format", container->rec.format);
	put_text_or_null(object, "uuid", container->uuid);
	if (full) {
		put_text(object, "state", container_state_name(container->rec.state));
		put_text_or_null(object, "reason", container->rec.reason);
		put_number(object, "generation", container->rec.generation);
	}
	for (i = 0; i < container->nr_disks; i++)
		append(disks, disk_json(&container->disks[i], full));
	put(object, "disks", disks);
	for (i = 0; i < container->nr_arrays; i++)
		append(arrays, array_json(&container->arrays[i], full));
	put(object, "arrays", arrays);
	return object;
}

static void json_list(const struct model *model)
{
	struct json_object *document = new_object(), *containers = new_list();
	size_t i;

	for (i = 0; i < model->nr_containers; i++)
		append(containers, container_json(&model->containers[i], false));
	put(document, "containers", containers);
	print_document(document);
}

static struct json_object *disk_use_json(const struct model *model, const struct emd_rec_disk *disk)
{
	struct json_object *list = new_list(), *use;
	const struct array *array;
	size_t i, j;

	for (i = 0; disk->id && (array = model_nth_array(model, i)); i++) {
		for (j = 0; j < array->nr_members; j++) {
			if (array->members[j].disk_id != disk->id)
				continue;
			use = new_object();
			put_text(use, "array", array->rec.name);
			put_text_or_null(use, "dev", array->rec.dev);
			put_number(use, "slot", array->members[j].slot);
			put_text(use, "state", member_state_name(array->members[j].state));
			append(list, use);
		}
	}
	return list;
}

static void json_show(const struct model *model, const struct object *object)
{
	struct json_object *document = new_object(), *disk;

	if (object->array) {
		put(document, "array", array_json(object->array, true));
	} else if (object->container) {
		put(document, "container", container_json(object->container, true));
	} else {
		disk = disk_json(object->disk, true);
		put(disk, "members", disk_use_json(model, object->disk));
		put(document, "disk", disk);
	}
	print_document(document);
}

static struct json_object *arrays_json(const struct array *const *arrays, size_t nr)
{
	struct json_object *list = new_list();
	size_t i;

	for (i = 0; i < nr; i++)
		append(list, array_json(arrays[i], true));
	return list;
}

static void json_status(const struct array *const *arrays, size_t nr)
{
	struct json_object *document = new_object();

	put(document, "arrays", arrays_json(arrays, nr));
	print_document(document);
}

/* ---- examine ------------------------------------------------------------ */

static struct json_object *kv_json(const struct kv *node)
{
	const struct kv *child;
	struct json_object *value;

	if (!node->child)
		return checked(json_object_new_string(node->value ? node->value : ""));
	if (kv_is_list(node)) {
		value = new_list();
		for (child = node->child; child; child = child->next)
			if (json_object_array_put_idx(value, strtoul(child->name, NULL, 10),
						      kv_json(child)))
				checked(NULL);
		return value;
	}
	value = new_object();
	/* A node with a value and parts below keeps both. */
	if (node->value)
		put_text(value, "value", node->value);
	for (child = node->child; child; child = child->next)
		put(value, child->name, kv_json(child));
	return value;
}

static void json_examined(const struct examined *items, size_t nr)
{
	struct json_object *document = new_object(), *list = new_list(), *object;
	size_t i;

	for (i = 0; i < nr; i++) {
		object = new_object();
		put_text(object, "path", items[i].path);
		put_text_or_null(object, "format", items[i].format);
		put(object, "metadata", items[i].tree ? kv_json(items[i].tree) : NULL);
		if (items[i].error)
			put_text(object, "error", items[i].error);
		append(list, object);
	}
	put(document, "devices", list);
	print_document(document);
}

/* ---- outcomes ------------------------------------------------------------ */

static struct json_object *outcome(const struct emdctl *ctl, bool ok)
{
	struct json_object *document = new_object();

	put_text_or_null(document, "command", ctl->cmd ? ctl->cmd->name : NULL);
	put_bool(document, "ok", ok);
	put_bool(document, "dry_run", ctl->dry_run);
	return document;
}

static struct json_object *lines_json(const char *text)
{
	struct json_object *lines = new_list();
	char *copy = xstrdup(text), *rest = copy, *line;

	while ((line = strsep(&rest, "\n")))
		if (*line)
			append(lines, checked(json_object_new_string(line)));
	free(copy);
	return lines;
}

static void json_plan(const struct emdctl *ctl, const char *text)
{
	struct json_object *document = outcome(ctl, true);

	put(document, "plan", lines_json(text));
	print_document(document);
}

static void json_done(const struct emdctl *ctl, const char *sentence,
		      const struct array *const *arrays, size_t nr)
{
	struct json_object *document = outcome(ctl, true);

	put_text(document, "message", sentence);
	if (arrays)
		put(document, "arrays", arrays_json(arrays, nr));
	print_document(document);
}

static void json_policies(const struct emdctl *ctl, const struct array *array,
			  const struct policy *policies, size_t nr)
{
	struct json_object *document = outcome(ctl, true), *object = new_object();
	size_t i;

	put_text(document, "array", array->rec.name);
	for (i = 0; i < nr; i++) {
		if (policies[i].is_switch)
			put_bool(object, policies[i].json_key, policies[i].number);
		else
			put_number(object, policies[i].json_key, policies[i].number);
	}
	put(document, "policy", object);
	print_document(document);
}

static void json_history(const struct container *container, const struct emd_rec_history *entries,
			 size_t nr)
{
	struct json_object *document = new_object(), *list = new_list(), *object;
	size_t i;

	put_text(document, "container", container->rec.name);
	for (i = 0; i < nr; i++) {
		object = new_object();
		put_number(object, "generation", entries[i].generation);
		put_number(object, "first_generation", entries[i].first_generation);
		put_number(object, "written", entries[i].nr_written);
		put_number(object, "time_ns", entries[i].time_ns);
		put(object, "changes", lines_json(entries[i].text));
		append(list, object);
	}
	put(document, "history", list);
	print_document(document);
}

static void json_refused(const struct emdctl *ctl, const char *reason)
{
	struct json_object *document = outcome(ctl, false);

	put_text(document, "error", reason);
	print_document(document);
}

/* ---- events, version, help ------------------------------------------------ */

static struct json_object *event_json(const struct emd_event *event)
{
	time_t seconds = (time_t)(event->time_ns / 1000000000);
	struct json_object *object = new_object();
	char day[32], when[64];
	struct tm tm;

	put_number(object, "seq", event->seq);
	put_number(object, "time_ns", event->time_ns);
	if (gmtime_r(&seconds, &tm) && strftime(day, sizeof(day), "%FT%T", &tm)) {
		snprintf(when, sizeof(when), "%s.%03uZ", day,
			 (unsigned int)(event->time_ns % 1000000000 / 1000000));
		put_text(object, "time", when);
	}
	put_text(object, "type", event_type_name(event->type));
	put_text_or_null(object, "name", event->name);
	put_text(object, "what", event->what);
	put(object, "slot", event->slot == UINT32_MAX ? NULL :
	    checked(json_object_new_uint64(event->slot)));
	put_number(object, "major", event->major);
	put_number(object, "minor", event->minor);
	put_text(object, "text", event->text);
	return object;
}

static void json_event(const struct emd_event *event)
{
	struct json_object *object = event_json(event);

	puts(json_object_to_json_string_ext(object, JSON_C_TO_STRING_PLAIN |
					    JSON_C_TO_STRING_NOSLASHESCAPE));
	json_object_put(object);
	fflush(stdout);
}

static void json_events(const struct emd_event *events, size_t nr)
{
	struct json_object *list = new_list();
	size_t i;

	for (i = 0; i < nr; i++)
		append(list, event_json(&events[i]));
	print_document(list);
}

static void json_version(const char *tool, const struct emd_version_arg *driver)
{
	struct json_object *document = new_object(), *object = NULL, *formats;
	char *copy, *rest, *format;

	put_text(document, "emdctl", tool);
	if (driver) {
		object = new_object();
		formats = new_list();
		copy = xstrdup(driver->formats);
		rest = copy;
		while ((format = strsep(&rest, " ")))
			if (*format)
				append(formats, checked(json_object_new_string(format)));
		free(copy);
		put_number(object, "abi", driver->abi);
		put(object, "formats", formats);
		put_number(object, "last_event", driver->last_event);
	}
	put(document, "driver", object);
	print_document(document);
}

void json_print_commands(const struct command *table)
{
	struct json_object *document = new_object(), *list = new_list(), *object;

	for (; table->name; table++) {
		object = new_object();
		put_text(object, "name", table->name);
		put_text(object, "arguments", table->args);
		put_text(object, "help", table->help);
		append(list, object);
	}
	put(document, "commands", list);
	print_document(document);
}

const struct printer json_printer = {
	.list = json_list,
	.show = json_show,
	.status = json_status,
	.examined = json_examined,
	.plan = json_plan,
	.done = json_done,
	.policies = json_policies,
	.history = json_history,
	.refused = json_refused,
	.events = json_events,
	.event = json_event,
	.version = json_version,
};
