// SPDX-License-Identifier: GPL-2.0
/*
 * Output for people. Tables and trees are drawn by libsmartcols, as lsblk's.
 */
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <libsmartcols.h>

#include "emdctl.h"
#include "kvtree.h"
#include "names.h"
#include "print.h"
#include "resolve.h"

struct column {
	const char *title;
	double width;
	int flags;
};

static void *checked(void *mem)
{
	if (!mem) {
		fputs("emdctl: out of memory\n", stderr);
		exit(STATUS_REFUSED);
	}
	return mem;
}

static struct libscols_table *new_table(const struct column *columns, size_t nr)
{
	struct libscols_table *table = checked(scols_new_table());
	size_t i;

	for (i = 0; i < nr; i++)
		checked(scols_table_new_column(table, columns[i].title, columns[i].width,
					       columns[i].flags));
	if (use_colors(stdout))
		scols_table_enable_colors(table, 1);
	return table;
}

static struct libscols_line *new_line(struct libscols_table *table, struct libscols_line *parent)
{
	return checked(scols_table_new_line(table, parent));
}

/* Fills a cell; the column is checked by whoever wrote the tables below. */
__printf(3, 4)
static void set(struct libscols_line *line, size_t column, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	if (vasprintf(&text, fmt, args) < 0)
		text = NULL;
	va_end(args);
	/* The line owns the text from here on. */
	if (scols_line_refer_data(line, column, checked(text)))
		free(text);
}

static void paint(struct libscols_line *line, size_t column, const char *color)
{
	struct libscols_cell *cell = scols_line_get_cell(line, column);

	if (cell)
		scols_cell_set_color(cell, color);
}

static void print_table(struct libscols_table *table)
{
	if (!scols_table_is_empty(table))
		scols_print_table(table);
	scols_unref_table(table);
}

static const char *or_dash(const char *text)
{
	return text[0] ? text : "-";
}

static const char *member_color(uint32_t state)
{
	switch (state) {
	case EMD_UAPI_MEMBER_IN_SYNC:
		return "green";
	case EMD_UAPI_MEMBER_REBUILDING:
		return "yellow";
	default:
		return "red";
	}
}

static const char *disk_color(uint32_t state)
{
	switch (state) {
	case EMD_UAPI_DISK_ACTIVE:
	case EMD_UAPI_DISK_SPARE:
		return "green";
	case EMD_UAPI_DISK_FOREIGN:
		return "yellow";
	default:
		return "red";
	}
}

/* ---- list ------------------------------------------------------------- */

enum { LIST_NAME, LIST_DEV, LIST_TYPE, LIST_SIZE, LIST_STATE, LIST_INFO, NR_LIST };

static const struct column list_columns[NR_LIST] = {
	[LIST_NAME] = { "NAME", 0, SCOLS_FL_TREE },
	[LIST_DEV] = { "DEV", 0, 0 },
	[LIST_TYPE] = { "TYPE", 0, 0 },
	[LIST_SIZE] = { "SIZE", 0, SCOLS_FL_RIGHT },
	[LIST_STATE] = { "STATE", 0, 0 },
	[LIST_INFO] = { "INFO", 0, SCOLS_FL_WRAP },
};

static void list_array(struct libscols_table *table, struct libscols_line *parent,
		       const struct array *array)
{
	struct libscols_line *line = new_line(table, parent), *below;
	const struct emd_rec_disk *disk;
	const struct emd_rec_member *member;
	char size[SIZE_TEXT_LEN];
	char *activity = activity_text(array);
	size_t i;

	set(line, LIST_NAME, "%s", array->rec.name);
	set(line, LIST_DEV, "%s", array->rec.dev);
	set(line, LIST_TYPE, "%s", level_name(array->rec.level));
	set(line, LIST_SIZE, "%s", size_text(array->rec.size_sectors * 512, size));
	set(line, LIST_STATE, "%s", array_state_name(array->rec.state));
	set(line, LIST_INFO, "%s", activity);
	paint(line, LIST_STATE, state_color(array->rec.state));
	free(activity);

	for (i = 0; i < array->nr_members; i++) {
		member = &array->members[i];
		disk = container_find_disk(array->container, member->disk_id);
		below = new_line(table, line);
		set(below, LIST_NAME, "%u", member->slot);
		set(below, LIST_DEV, "%s", member->dev);
		set(below, LIST_TYPE, "member");
		set(below, LIST_SIZE, "%s", member->size_sectors ?
		    size_text(member->size_sectors * 512, size) : "");
		set(below, LIST_STATE, "%s", member_state_name(member->state));
		if (member->replacement_id)
			set(below, LIST_INFO, "being replaced by %s", member->replacement);
		else
			set(below, LIST_INFO, "%s", disk ? disk->serial : "");
		paint(below, LIST_STATE, member_color(member->state));
	}
}

/* Disks that sit in a slot were shown there. */
static bool is_member(const struct container *container, const struct emd_rec_disk *disk)
{
	size_t i, j;

	for (i = 0; disk->id && i < container->nr_arrays; i++)
		for (j = 0; j < container->arrays[i].nr_members; j++)
			if (container->arrays[i].members[j].disk_id == disk->id)
				return true;
	return false;
}

static void list_disk(struct libscols_table *table, struct libscols_line *parent,
		      const struct emd_rec_disk *disk)
{
	struct libscols_line *line = new_line(table, parent);
	char size[SIZE_TEXT_LEN];

	set(line, LIST_NAME, "%s", or_dash(disk->serial));
	set(line, LIST_DEV, "%s", disk->dev);
	set(line, LIST_TYPE, "disk");
	set(line, LIST_SIZE, "%s", size_text(disk->sectors * 512, size));
	set(line, LIST_STATE, "%s", disk_state_name(disk->state));
	set(line, LIST_INFO, "%s%s", disk->serves[0] ? "for " : "",
	    disk->serves[0] ? disk->serves : disk->reason);
	paint(line, LIST_STATE, disk_color(disk->state));
}

static void list_container(struct libscols_table *table, struct libscols_line *parent,
			   const struct container *container)
{
	struct libscols_line *line = new_line(table, parent);
	size_t i;

	set(line, LIST_NAME, "%s", container->rec.name);
	set(line, LIST_DEV, "%s", "");
	set(line, LIST_TYPE, "%s", container->rec.format);
	set(line, LIST_SIZE, "%s", "");
	set(line, LIST_STATE, "%s", container_state_name(container->rec.state));
	set(line, LIST_INFO, "%s", container->rec.reason);
	if (container->rec.state == EMD_UAPI_CONTAINER_REFUSED)
		paint(line, LIST_STATE, "red");
	for (i = 0; i < container->nr_arrays; i++)
		list_array(table, line, &container->arrays[i]);
	for (i = 0; i < container->nr_disks; i++)
		if (!is_member(container, &container->disks[i]))
			list_disk(table, line, &container->disks[i]);
}

static void text_list(const struct model *model)
{
	struct libscols_table *table = new_table(list_columns, NR_LIST);
	size_t i;

	for (i = 0; i < model->nr_containers; i++)
		list_container(table, NULL, &model->containers[i]);
	print_table(table);
}

/* ---- show ------------------------------------------------------------- */

__printf(2, 3)
static void fact(const char *key, const char *fmt, ...)
{
	va_list args;

	printf("  %-12s ", key);
	va_start(args, fmt);
	vprintf(fmt, args);
	va_end(args);
	putchar('\n');
}

enum {
	SHOW_SLOT, SHOW_DEV, SHOW_STATE, SHOW_START, SHOW_SECTORS,
	SHOW_READ_ERRORS, SHOW_WRITE_ERRORS, SHOW_SERIAL, NR_SHOW,
};

static const struct column show_columns[NR_SHOW] = {
	[SHOW_SLOT] = { "SLOT", 0, SCOLS_FL_RIGHT },
	[SHOW_DEV] = { "DEV", 0, 0 },
	[SHOW_STATE] = { "STATE", 0, 0 },
	[SHOW_START] = { "START", 0, SCOLS_FL_RIGHT },
	[SHOW_SECTORS] = { "SECTORS", 0, SCOLS_FL_RIGHT },
	[SHOW_READ_ERRORS] = { "READ-ERRORS", 0, SCOLS_FL_RIGHT },
	[SHOW_WRITE_ERRORS] = { "WRITE-ERRORS", 0, SCOLS_FL_RIGHT },
	[SHOW_SERIAL] = { "SERIAL", 0, 0 },
};

static void show_members(const struct array *array)
{
	struct libscols_table *table = new_table(show_columns, NR_SHOW);
	const struct emd_rec_disk *disk;
	const struct emd_rec_member *member;
	struct libscols_line *line;
	size_t i;

	for (i = 0; i < array->nr_members; i++) {
		member = &array->members[i];
		disk = container_find_disk(array->container, member->disk_id);
		line = new_line(table, NULL);
		set(line, SHOW_SLOT, "%u", member->slot);
		set(line, SHOW_DEV, "%s", or_dash(member->dev));
		if (member->state == EMD_UAPI_MEMBER_REBUILDING && array->rec.size_sectors)
			set(line, SHOW_STATE, "%s %.1f%%", member_state_name(member->state),
			    100.0 * (double)member->rebuilt / (double)array->rec.size_sectors);
		else if (member->replacement_id)
			set(line, SHOW_STATE, "%s, to be %s", member_state_name(member->state),
			    member->replacement);
		else
			set(line, SHOW_STATE, "%s", member_state_name(member->state));
		set(line, SHOW_START, "%llu", (unsigned long long)member->start_sector);
		set(line, SHOW_SECTORS, "%llu", (unsigned long long)member->size_sectors);
		set(line, SHOW_READ_ERRORS, "%u", member->read_errors);
		set(line, SHOW_WRITE_ERRORS, "%u", member->write_errors);
		set(line, SHOW_SERIAL, "%s", disk ? or_dash(disk->serial) : "-");
		paint(line, SHOW_STATE, member_color(member->state));
	}
	print_table(table);
}

static void show_array(const struct array *array)
{
	const struct emd_rec_array *rec = &array->rec;
	char size[SIZE_TEXT_LEN], map[MAP_TEXT_LEN];
	char *activity = activity_text(array);
	size_t i;

	printf("array %s\n", rec->name);
	fact("device", "%s%s", rec->dev[0] ? "/dev/" : "", or_dash(rec->dev));
	fact("uuid", "%s", array->uuid);
	fact("container", "%s (%s)", array->container->rec.name, array->container->rec.format);
	if (rec->nr_spans)
		fact("level", "%s, layout %s, %u spans", level_name(rec->level),
		     layout_name(rec->layout), rec->nr_spans);
	else if (rec->layout)
		fact("level", "%s, layout %s", level_name(rec->level), layout_name(rec->layout));
	else
		fact("level", "%s", level_name(rec->level));
	if (rec->strip_sectors)
		fact("strip", "%s", size_text((uint64_t)rec->strip_sectors * 512, size));
	fact("size", "%s (%llu sectors)", size_text(rec->size_sectors * 512, size),
	     (unsigned long long)rec->size_sectors);
	fact("state", "%s %s", array_state_name(rec->state), member_map(array, map));
	fact("activity", "%s", activity);
	fact("dirty", "%s", rec->flags & EMD_ARRAY_F_DIRTY ? "yes" : "no");
	fact("read-only", "%s", rec->flags & EMD_ARRAY_F_READ_ONLY ? "yes" : "no");
	fact("untouched", "%s", rec->flags & EMD_ARRAY_F_UNTOUCHED ?
	     "yes, nothing was written since it was started" : "no");
	fact("mismatches", "%llu sectors", (unsigned long long)rec->mismatches);
	for (i = 0; i < array->nr_mismatches; i++)
		fact("", "at sector %llu, %llu sectors",
		     (unsigned long long)array->mismatches[i].start_sector,
		     (unsigned long long)array->mismatches[i].nr_sectors);
	putchar('\n');
	show_members(array);
	free(activity);
}

static void show_container(const struct container *container)
{
	const struct emd_rec_container *rec = &container->rec;
	struct libscols_table *table = new_table(list_columns, NR_LIST);
	size_t i;

	printf("container %s\n", rec->name);
	fact("uuid", "%s", or_dash(container->uuid));
	fact("format", "%s", rec->format);
	fact("state", "%s%s%s", container_state_name(rec->state), rec->reason[0] ? ": " : "",
	     rec->reason);
	fact("generation", "%llu", (unsigned long long)rec->generation);
	fact("arrays", "%zu", container->nr_arrays);
	fact("disks", "%zu", container->nr_disks);
	putchar('\n');
	for (i = 0; i < container->nr_arrays; i++)
		list_array(table, NULL, &container->arrays[i]);
	for (i = 0; i < container->nr_disks; i++)
		list_disk(table, NULL, &container->disks[i]);
	print_table(table);
}

static void show_disk(const struct model *model, const struct emd_rec_disk *disk)
{
	const struct container *container;
	const struct array *array;
	char size[SIZE_TEXT_LEN];
	size_t i, j;

	printf("disk %s\n", disk->dev[0] ? disk->dev : disk->serial);
	fact("serial", "%s", or_dash(disk->serial));
	fact("device", "%s (%u:%u)", or_dash(disk->dev), disk->major, disk->minor);
	fact("size", "%s (%llu sectors)", size_text(disk->sectors * 512, size),
	     (unsigned long long)disk->sectors);
	fact("block size", "%u", disk->block_size);
	fact("state", "%s%s%s", disk_state_name(disk->state), disk->reason[0] ? ": " : "",
	     disk->reason);
	if (disk->serves[0])
		fact("for", "%s", disk->serves);
	for (i = 0; i < model->nr_containers; i++) {
		container = &model->containers[i];
		if (disk >= container->disks && disk < container->disks + container->nr_disks)
			fact("container", "%s", container->rec.name);
	}
	for (i = 0; disk->id && (array = model_nth_array(model, i)); i++)
		for (j = 0; j < array->nr_members; j++)
			if (array->members[j].disk_id == disk->id)
				fact("member", "slot %u of %s (%s), %s", array->members[j].slot,
				     array->rec.name, or_dash(array->rec.dev),
				     member_state_name(array->members[j].state));
}

static void text_show(const struct model *model, const struct object *object)
{
	if (object->array)
		show_array(object->array);
	else if (object->container)
		show_container(object->container);
	else
		show_disk(model, object->disk);
}

/* ---- status ------------------------------------------------------------ */

enum {
	STATUS_DEV, STATUS_NAME, STATUS_LEVEL, STATUS_SIZE, STATUS_MEMBERS,
	STATUS_STATE, STATUS_ACTIVITY, NR_STATUS,
};

static const struct column status_columns[NR_STATUS] = {
	[STATUS_DEV] = { "DEV", 0, 0 },
	[STATUS_NAME] = { "NAME", 0, 0 },
	[STATUS_LEVEL] = { "LEVEL", 0, 0 },
	[STATUS_SIZE] = { "SIZE", 0, SCOLS_FL_RIGHT },
	[STATUS_MEMBERS] = { "MEMBERS", 0, 0 },
	[STATUS_STATE] = { "STATE", 0, 0 },
	/* One line an array is a promise: cut on a terminal, never wrapped. */
	[STATUS_ACTIVITY] = { "ACTIVITY", 0, SCOLS_FL_TRUNC },
};

static void text_status(const struct array *const *arrays, size_t nr)
{
	struct libscols_table *table = new_table(status_columns, NR_STATUS);
	char size[SIZE_TEXT_LEN], map[MAP_TEXT_LEN];
	struct libscols_line *line;
	char *activity;
	size_t i;

	for (i = 0; i < nr; i++) {
		activity = activity_text(arrays[i]);
		line = new_line(table, NULL);
		set(line, STATUS_DEV, "%s", or_dash(arrays[i]->rec.dev));
		set(line, STATUS_NAME, "%s", arrays[i]->rec.name);
		set(line, STATUS_LEVEL, "%s", level_name(arrays[i]->rec.level));
		set(line, STATUS_SIZE, "%s", size_text(arrays[i]->rec.size_sectors * 512, size));
		set(line, STATUS_MEMBERS, "%s", member_map(arrays[i], map));
		set(line, STATUS_STATE, "%s", array_state_name(arrays[i]->rec.state));
		set(line, STATUS_ACTIVITY, "%s", activity);
		paint(line, STATUS_STATE, state_color(arrays[i]->rec.state));
		free(activity);
	}
	print_table(table);
}

/* ---- examine ----------------------------------------------------------- */

enum { KV_NAME, KV_VALUE, NR_KV };

static const struct column kv_columns[NR_KV] = {
	[KV_NAME] = { "NAME", 0, SCOLS_FL_TREE },
	[KV_VALUE] = { "VALUE", 0, 0 },
};

static void add_kv(struct libscols_table *table, struct libscols_line *parent,
		   const struct kv *node)
{
	struct libscols_line *line;
	const struct kv *child;

	for (; node; node = node->next) {
		/* "disk 0", "disk 1" side by side instead of a list to enter. */
		if (kv_is_list(node)) {
			for (child = node->child; child; child = child->next) {
				line = new_line(table, parent);
				set(line, KV_NAME, "%s %s", node->name, child->name);
				set(line, KV_VALUE, "%s", child->value ? child->value : "");
				add_kv(table, line, child->child);
			}
			continue;
		}
		line = new_line(table, parent);
		set(line, KV_NAME, "%s", node->name);
		set(line, KV_VALUE, "%s", node->value ? node->value : "");
		add_kv(table, line, node->child);
	}
}

static void text_examined(const struct examined *items, size_t nr)
{
	struct libscols_table *table;
	size_t i, printed = 0;

	for (i = 0; i < nr; i++) {
		if (items[i].error)
			continue;
		printf("%s%s:%s\n", printed++ ? "\n" : "", items[i].path,
		       items[i].tree ? "" : " no metadata of a known format");
		if (!items[i].tree)
			continue;
		table = new_table(kv_columns, NR_KV);
		scols_table_enable_noheadings(table, 1);
		add_kv(table, NULL, items[i].tree->child);
		print_table(table);
	}
}

/* ---- outcomes, events, version ------------------------------------------ */

static void text_plan(const struct emdctl *ctl, const char *text)
{
	size_t len = strlen(text);

	if (!len)
		printf("%s would be done\n", ctl->cmd->name);
	else
		printf("%s%s", text, text[len - 1] == '\n' ? "" : "\n");
}

static void text_done(const struct emdctl *ctl, const char *sentence,
		      const struct array *const *arrays, size_t nr)
{
	(void)ctl;
	(void)arrays;
	(void)nr;
	puts(sentence);
}

static void text_policies(const struct emdctl *ctl, const struct array *array,
			  const struct policy *policies, size_t nr)
{
	size_t i;

	(void)ctl;
	(void)array;
	for (i = 0; i < nr; i++)
		printf("%s=%s\n", policies[i].key, policies[i].text);
}

/* "2026-01-31 12:00:00.123", local time. */
static void time_text(uint64_t time_ns, char *out, size_t size)
{
	time_t seconds = (time_t)(time_ns / 1000000000);
	char when[32] = "-";
	struct tm tm;

	if (localtime_r(&seconds, &tm))
		strftime(when, sizeof(when), "%F %T", &tm);
	snprintf(out, size, "%s.%03u", when, (unsigned int)(time_ns % 1000000000 / 1000000));
}

/* The first line of what changed beside its generation, the others below it. */
static void text_history(const struct container *container, const struct emd_rec_history *entries,
			 size_t nr)
{
	char when[48], *copy, *rest, *line;
	size_t i;

	(void)container;
	for (i = 0; i < nr; i++) {
		const struct emd_rec_history *entry = &entries[i];

		time_text(entry->time_ns, when, sizeof(when));
		printf("%s generation %llu", when, (unsigned long long)entry->generation);
		if (entry->nr_written > 1)
			printf(" (%u since %llu)", entry->nr_written,
			       (unsigned long long)entry->first_generation);
		putchar('\n');
		copy = xstrdup(entry->text);
		rest = copy;
		while ((line = strsep(&rest, "\n")))
			if (*line)
				printf("    %s\n", line);
		free(copy);
	}
}

static void text_refused(const struct emdctl *ctl, const char *reason)
{
	/* The line on stderr is all there is to say. */
	(void)ctl;
	(void)reason;
}

static void text_event(const struct emd_event *event)
{
	char when[48];

	time_text(event->time_ns, when, sizeof(when));
	printf("%llu %s %s %s %s: %s\n", (unsigned long long)event->seq, when,
	       event_type_name(event->type), or_dash(event->name), or_dash(event->what),
	       event->text);
	/* Someone may be waiting for just this line at the end of a pipe. */
	fflush(stdout);
}

static void text_events(const struct emd_event *events, size_t nr)
{
	size_t i;

	for (i = 0; i < nr; i++)
		text_event(&events[i]);
}

static void text_version(const char *tool, const struct emd_version_arg *driver)
{
	printf("emdctl %s\n", tool);
	if (driver)
		printf("driver interface %u, formats: %s, newest event: %llu\n", driver->abi,
		       driver->formats, (unsigned long long)driver->last_event);
	else
		puts("driver not loaded or not allowed to be asked");
}

const struct printer text_printer = {
	.list = text_list,
	.show = text_show,
	.status = text_status,
	.examined = text_examined,
	.plan = text_plan,
	.done = text_done,
	.policies = text_policies,
	.history = text_history,
	.refused = text_refused,
	.events = text_events,
	.event = text_event,
	.version = text_version,
};
