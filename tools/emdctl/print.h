/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The two ways to put an outcome on standard output: text for people, JSON
 * for programs. Commands call through struct printer and format nothing.
 */
#ifndef EMDCTL_PRINT_H
#define EMDCTL_PRINT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <linux/emd.h>

struct array;
struct command;
struct container;
struct emdctl;
struct kv;
struct model;
struct object;

#define SIZE_TEXT_LEN	24

/**
 * struct examined - what one device or file turned out to carry
 * @path: as the user named it
 * @format: empty when there is no metadata of a known format
 * @tree: what the metadata says, or NULL
 * @error: why it could not be read, or NULL; already told on stderr
 */
struct examined {
	const char *path;
	char format[EMD_UAPI_FORMAT_LEN];
	struct kv *tree;
	char *error;
};

/**
 * struct policy - one decision of the administrator about an array
 * @key: as in KEY=VALUE
 * @text: VALUE as it can be typed
 * @json_key: what JSON calls it, with the unit
 * @number: the value for JSON
 * @is_switch: on or off, else a number
 */
struct policy {
	const char *key;
	char text[SIZE_TEXT_LEN];
	const char *json_key;
	uint64_t number;
	bool is_switch;
};

/**
 * struct printer - one output format
 * @list: the whole tree
 * @show: all about one object
 * @status: the state of some arrays
 * @examined: what disks and images say
 * @plan: what a dry run would have done; @text has lines, may be empty
 * @done: a command succeeded: a sentence, and the arrays it concerned
 * @policies: what holds for an array by decision
 * @history: the last changes of a container's metadata, the oldest first
 * @refused: a command failed; the line on stderr is already out
 * @events: a finished run of events
 * @event: one event of an endless run
 * @version: tool and driver; @driver is NULL when it does not answer
 */
struct printer {
	void (*list)(const struct model *model);
	void (*show)(const struct model *model, const struct object *object);
	void (*status)(const struct array *const *arrays, size_t nr);
	void (*examined)(const struct examined *items, size_t nr);
	void (*plan)(const struct emdctl *ctl, const char *text);
	void (*done)(const struct emdctl *ctl, const char *sentence,
		     const struct array *const *arrays, size_t nr);
	void (*policies)(const struct emdctl *ctl, const struct array *array,
			 const struct policy *policies, size_t nr);
	void (*history)(const struct container *container, const struct emd_rec_history *entries,
			size_t nr);
	void (*refused)(const struct emdctl *ctl, const char *reason);
	void (*events)(const struct emd_event *events, size_t nr);
	void (*event)(const struct emd_event *event);
	void (*version)(const char *tool, const struct emd_version_arg *driver);
};

extern const struct printer text_printer;
extern const struct printer json_printer;

void json_print_commands(const struct command *table);

/* text.c: pieces of text that more than one printer of text needs */
#define MAP_TEXT_LEN	(EMD_UAPI_MAX_DISKS + 3)

char *size_text(uint64_t bytes, char buf[SIZE_TEXT_LEN]);
char *duration_text(uint64_t seconds, char buf[SIZE_TEXT_LEN]);
char *member_map(const struct array *array, char buf[MAP_TEXT_LEN]);
char *activity_text(const struct array *array);
double sync_percent(const struct array *array);
int64_t sync_eta_s(const struct array *array);
const char *state_color(uint32_t array_state);
bool use_colors(FILE *out);

/**
 * struct watch - a live view, redrawn in place on a terminal, and on anything
 * else a line for each change
 */
struct watch {
	FILE *out;
	bool live;		/* a terminal: cursor movements are understood */
	bool color;
	bool utf8;
	unsigned int width;	/* of the screen, in cells */
	unsigned int height;
	size_t nr_drawn;	/* lines on the screen that are ours */
	char *last;		/* what was printed last, when not live */
};

void watch_begin(struct watch *watch, FILE *out);
void watch_draw(struct watch *watch, const struct array *const *arrays, size_t nr);
void watch_end(struct watch *watch);

/* The user pressed ^C during a watch: end it, so that the cursor comes back. */
bool watch_interrupted(void);

#endif /* EMDCTL_PRINT_H */
