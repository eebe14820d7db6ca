// SPDX-License-Identifier: GPL-2.0
/* Commands that live on events: wait and events. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "emdctl.h"
#include "names.h"
#include "print.h"
#include "resolve.h"
#include "watch.h"

const struct array **select_arrays(const struct model *model, const struct object *object,
				   size_t *nr)
{
	const struct array **arrays = NULL;
	struct array *array;
	size_t i;

	*nr = 0;
	for (i = 0; (array = model_nth_array(model, i)); i++) {
		if (object && array != object->array && array->container != object->container)
			continue;
		arrays = vec_grow(arrays, *nr, sizeof(*arrays));
		arrays[(*nr)++] = array;
	}
	return arrays;
}

int wait_for_events(struct emdctl *ctl, int64_t timeout_ms)
{
	struct emd_event event;
	int ret = control_event_wait(&ctl->control, timeout_ms);

	while (ret > 0)
		ret = control_event_next(&ctl->control, &event);
	ctl->control.msg[0] = '\0';
	return ret < 0 ? refuse_control(ctl, ret) : STATUS_DONE;
}

/* ---- wait --------------------------------------------------------------- */

enum { OPT_TIMEOUT = OPT_COMMAND, OPT_SINCE, OPT_PROGRESS, OPT_FOLLOW };

const struct option wait_options[] = {
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ "progress", no_argument, NULL, OPT_PROGRESS },
	{ },
};

/**
 * struct waiting - what the user waits for
 * @name: the array as typed
 * @what: state or event
 * @deadline_ms: on the monotonic clock, -1 for none
 * @progress: draw on stderr
 * @seen: the array has been there
 * @noted: the user knows that it is not there yet
 * @array_id: of the array, once @seen
 * @container_id: of its container
 * @watch: the picture; its @out is NULL until it is begun
 */
struct waiting {
	const char *name;
	const char *what;
	int64_t deadline_ms;
	bool progress;
	bool seen;
	bool noted;
	uint64_t array_id;
	uint64_t container_id;
	struct watch watch;
};

static bool is_state_word(const char *word)
{
	return !strcmp(word, "idle") || !strcmp(word, "optimal") || !strcmp(word, "degraded");
}

static bool state_reached(const struct array *array, const char *what)
{
	if (!strcmp(what, "idle"))
		return array->rec.sync_action == EMD_UAPI_SYNC_IDLE;
	return !strcmp(what, array_state_name(array->rec.state));
}

/* Milliseconds to sleep: up to the deadline, or to the next picture. */
static int64_t time_left(const struct waiting *w)
{
	int64_t left = -1;

	if (w->deadline_ms >= 0) {
		left = w->deadline_ms - now_ms();
		if (left < 0)
			left = 0;
	}
	if (w->progress && (left < 0 || left > WATCH_INTERVAL_MS))
		left = WATCH_INTERVAL_MS;
	return left;
}

static bool timed_out(const struct waiting *w)
{
	return w->deadline_ms >= 0 && now_ms() >= w->deadline_ms;
}

static void draw(struct waiting *w, const struct array *array)
{
	if (!w->progress)
		return;
	if (!w->watch.out)
		watch_begin(&w->watch, stderr);
	watch_draw(&w->watch, &array, 1);
}

/*
 * Looks once. @model is the caller's to free when this returns 0; @array is
 * NULL while there is none of that name. Else the status to end with.
 */
static int look(struct emdctl *ctl, struct waiting *w, struct model **model,
		struct array **array)
{
	struct object object;
	char *candidates;
	int nr, status;

	status = load_model(ctl, model);
	if (status)
		return status;
	nr = find_object(*model, w->name, OBJECT_ARRAY, &object, &candidates);
	free(candidates);
	if (nr > 1) {
		status = resolve_object(ctl, *model, w->name, OBJECT_ARRAY, &object);
		model_free(*model);
		return status;
	}

	*array = object.array;
	if (*array) {
		w->seen = true;
		w->array_id = (*array)->rec.id;
		w->container_id = (*array)->container->rec.id;
		draw(w, *array);
	} else if (!w->seen && !w->noted) {
		note(ctl, "no array %s yet, waiting for it", w->name);
		w->noted = true;
	}
	return STATUS_DONE;
}

static int give_up(struct emdctl *ctl, const struct waiting *w, const struct array *array)
{
	return refuse(ctl, "timed out, %s is %s, not %s; emdctl status says more", w->name,
		      array ? array_state_name(array->rec.state) : "not there", w->what);
}

static int wait_for_state(struct emdctl *ctl, struct waiting *w)
{
	const struct array *shown;
	struct array *array;
	struct model *model;
	char *sentence;
	int status;

	for (;;) {
		status = look(ctl, w, &model, &array);
		if (status)
			return status;
		if (array && state_reached(array, w->what)) {
			sentence = xasprintf("%s is %s", array->rec.name, w->what);
			shown = array;
			ctl->out->done(ctl, sentence, &shown, 1);
			free(sentence);
			model_free(model);
			return STATUS_DONE;
		}
		if (!array && w->seen)
			status = refuse(ctl, "array %s was stopped or deleted meanwhile", w->name);
		else if (watch_interrupted())
			status = refuse(ctl, "interrupted");
		else if (timed_out(w))
			status = give_up(ctl, w, array);
		model_free(model);
		if (status)
			return status;
		status = wait_for_events(ctl, time_left(w));
		if (status)
			return status;
	}
}

/* An event of the array itself, or of its container and of no other array. */
static bool concerns(const struct waiting *w, const struct emd_event *event)
{
	if (w->seen && event->array_id)
		return event->array_id == w->array_id;
	if (w->seen)
		return event->container_id && event->container_id == w->container_id;
	return !strcmp(event->name, w->name);
}

static int wait_for_event(struct emdctl *ctl, struct waiting *w)
{
	struct emd_event event;
	struct model *model;
	struct array *array;
	int status, ret;

	for (;;) {
		/* Who the array is may be known only now. */
		status = look(ctl, w, &model, &array);
		if (status)
			return status;
		while ((ret = control_event_next(&ctl->control, &event)) > 0) {
			if (strcmp(event.what, w->what) || !concerns(w, &event))
				continue;
			ctl->out->done(ctl, event.text[0] ? event.text : event.what, NULL, 0);
			model_free(model);
			return STATUS_DONE;
		}
		ctl->control.msg[0] = '\0';
		if (ret < 0)
			status = refuse_control(ctl, ret);
		else if (watch_interrupted())
			status = refuse(ctl, "interrupted");
		else if (timed_out(w))
			status = refuse(ctl, "timed out, no event %s of %s; emdctl events shows those there were",
					w->what, w->name);
		model_free(model);
		if (status)
			return status;
		ret = control_event_wait(&ctl->control, time_left(w));
		if (ret < 0)
			return refuse_control(ctl, ret);
	}
}

static int open_events(struct emdctl *ctl, const uint64_t *since)
{
	struct model *model;
	int status, ret = 0;

	/* Opening comes first: what happens after it is not missed. */
	status = load_model(ctl, &model);
	if (status)
		return status;
	model_free(model);
	if (since)
		ret = control_event_seek(&ctl->control, *since);
	return ret ? refuse_control(ctl, ret) : STATUS_DONE;
}

int cmd_wait(struct emdctl *ctl, int argc, char **argv)
{
	struct waiting w = { .what = "idle", .deadline_ms = -1 };
	bool has_since = false;
	uint64_t since = 0;
	int64_t timeout_ms;
	int opt, status;

	while ((opt = next_option(ctl, argc, argv)) != -1) {
		switch (opt) {
		case OPT_TIMEOUT:
			if (parse_seconds_ms(optarg, &timeout_ms))
				return usage_error(ctl, "--timeout %s is no time", optarg);
			w.deadline_ms = now_ms() + timeout_ms;
			break;
		case OPT_SINCE:
			if (parse_u64(optarg, &since) || since > INT64_MAX)
				return usage_error(ctl, "--since %s is no event number", optarg);
			has_since = true;
			break;
		case OPT_PROGRESS:
			w.progress = true;
			break;
		default:
			return option_stop_status(opt);
		}
	}
	if (argc - optind < 1 || argc - optind > 2)
		return usage_error(ctl, "needs an ARRAY and at most one state or event");
	w.name = argv[optind];
	if (optind + 1 < argc)
		w.what = argv[optind + 1];
	if (has_since && is_state_word(w.what))
		return usage_error(ctl, "--since goes with an event, not with the state %s", w.what);

	status = open_events(ctl, has_since ? &since : NULL);
	if (!status)
		status = is_state_word(w.what) ? wait_for_state(ctl, &w) : wait_for_event(ctl, &w);
	if (w.watch.out)
		watch_end(&w.watch);
	return status;
}

/* ---- events --------------------------------------------------------------- */

const struct option events_options[] = {
	{ "follow", no_argument, NULL, OPT_FOLLOW },
	{ "since", required_argument, NULL, OPT_SINCE },
	{ },
};

/* A hole in the numbers: the driver keeps only so many. */
static void note_gap(const struct emdctl *ctl, uint64_t *expected, const struct emd_event *event)
{
	if (*expected && event->seq > *expected)
		note(ctl, "%llu events before number %llu are lost",
		     (unsigned long long)(event->seq - *expected),
		     (unsigned long long)event->seq);
	*expected = event->seq + 1;
}

static int print_events(struct emdctl *ctl)
{
	struct emd_event *events = NULL, event;
	uint64_t expected = 0;
	size_t nr = 0;
	int ret;

	while ((ret = control_event_next(&ctl->control, &event)) > 0) {
		note_gap(ctl, &expected, &event);
		events = vec_grow(events, nr, sizeof(event));
		events[nr++] = event;
	}
	ctl->control.msg[0] = '\0';
	if (!ret)
		ctl->out->events(events, nr);
	free(events);
	return ret ? refuse_control(ctl, ret) : STATUS_DONE;
}

static int follow_events(struct emdctl *ctl)
{
	struct emd_event event;
	uint64_t expected = 0;
	int ret;

	do {
		while ((ret = control_event_next(&ctl->control, &event)) > 0) {
			note_gap(ctl, &expected, &event);
			ctl->out->event(&event);
			/* The reader of a pipe has left. */
			if (ferror(stdout))
				return STATUS_DONE;
		}
		if (!ret)
			ret = control_event_wait(&ctl->control, -1);
	} while (ret >= 0);
	ctl->control.msg[0] = '\0';
	return refuse_control(ctl, ret);
}

int cmd_events(struct emdctl *ctl, int argc, char **argv)
{
	bool follow = false, only_new = false;
	uint64_t since = 0;
	int opt, status;

	while ((opt = next_option(ctl, argc, argv)) != -1) {
		switch (opt) {
		case OPT_FOLLOW:
			follow = true;
			break;
		case OPT_SINCE:
			only_new = !strcmp(optarg, "now");
			if (!only_new && (parse_u64(optarg, &since) || since > INT64_MAX))
				return usage_error(ctl, "--since %s is no event number", optarg);
			break;
		default:
			return option_stop_status(opt);
		}
	}
	if (optind != argc)
		return usage_error(ctl, "too many arguments");
	status = open_events(ctl, only_new ? NULL : &since);
	if (status)
		return status;
	return follow ? follow_events(ctl) : print_events(ctl);
}
