// SPDX-License-Identifier: GPL-2.0
/*
 * The live view: each array's line and, while something runs, a bar with
 * speed and time left, redrawn in place. Where there is no terminal, a line
 * for each change that is worth one.
 */
#include <langinfo.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <libsmartcols.h>

#include "emdctl.h"
#include "names.h"
#include "print.h"

#define BAR_MOST	48
#define BAR_LEAST	8
#define LINE_CELLS	400

/* A line under construction: bytes, and how many cells of the screen they take. */
struct row {
	char text[LINE_CELLS * 4];
	size_t len;
	unsigned int cells, width;
};

/* The library knows how to ask a terminal; the table is never printed. */
static void screen_size(unsigned int *width, unsigned int *height)
{
	struct libscols_table *table = scols_new_table();
	size_t cells = table ? scols_table_get_termwidth(table) : 0;
	size_t lines = table ? scols_table_get_termheight(table) : 0;

	if (table)
		scols_unref_table(table);
	if (cells < 20)
		cells = 80;
	*width = cells < LINE_CELLS ? cells : LINE_CELLS;
	*height = lines < 4 ? 24 : lines;
}

/* Text of one cell a byte, cut at the edge of the screen. */
__printf(2, 3)
static void add(struct row *row, const char *fmt, ...)
{
	char text[LINE_CELLS];
	size_t len, room = row->width - row->cells;
	va_list args;

	va_start(args, fmt);
	vsnprintf(text, sizeof(text), fmt, args);
	va_end(args);
	len = strlen(text);
	if (len > room)
		len = room;
	if (row->len + len >= sizeof(row->text))
		return;
	memcpy(row->text + row->len, text, len);
	row->len += len;
	row->cells += len;
	row->text[row->len] = '\0';
}

/* Bytes that take @cells cells together: colours, block characters. */
static void add_raw(struct row *row, const char *bytes, unsigned int cells)
{
	size_t len = strlen(bytes);

	if (row->cells + cells > row->width || row->len + len >= sizeof(row->text))
		return;
	memcpy(row->text + row->len, bytes, len + 1);
	row->len += len;
	row->cells += cells;
}

static void color(const struct watch *watch, struct row *row, const char *name)
{
	if (!watch->color)
		return;
	if (!strcmp(name, "green"))
		add_raw(row, "\033[32m", 0);
	else if (!strcmp(name, "yellow"))
		add_raw(row, "\033[33m", 0);
	else if (!strcmp(name, "red"))
		add_raw(row, "\033[1;31m", 0);
	else if (!strcmp(name, "gray"))
		add_raw(row, "\033[2m", 0);
	else
		add_raw(row, "\033[0m", 0);
}

/* @eighths of a cell are full; ASCII rounds down to whole ones. */
static void add_bar(const struct watch *watch, struct row *row, unsigned int cells,
		    double percent)
{
	static const char *const parts[] = {
		"░", "▏", "▎", "▍", "▌", "▋", "▊", "▉",
	};
	unsigned int eighths = (unsigned int)(percent / 100 * cells * 8);
	unsigned int full = eighths / 8, i;

	for (i = 0; i < cells; i++) {
		if (!watch->utf8)
			add_raw(row, i < full ? "#" : ".", 1);
		else if (i < full)
			add_raw(row, "█", 1);
		else
			add_raw(row, i == full ? parts[eighths % 8] : "░", 1);
	}
}

static void emit(struct watch *watch, const struct row *row)
{
	/* What scrolls out at the top cannot be drawn over. */
	if (watch->nr_drawn + 1 >= watch->height)
		return;
	fprintf(watch->out, "\r%s%s\033[K\n", row->text, watch->color ? "\033[0m" : "");
	watch->nr_drawn++;
}

static void draw_array(struct watch *watch, const struct array *array, int name_cells)
{
	char size[SIZE_TEXT_LEN], map[MAP_TEXT_LEN];
	const struct emd_rec_array *rec = &array->rec;
	struct row row = { .width = watch->width };

	add(&row, "%-6s %-*s %-7s %8s  ", rec->dev[0] ? rec->dev : "-", name_cells, rec->name,
	    level_name(rec->level), size_text(rec->size_sectors * 512, size));
	color(watch, &row, state_color(rec->state));
	add_raw(&row, watch->utf8 ? "● " : "* ", 2);
	add(&row, "%-9s", array_state_name(rec->state));
	color(watch, &row, "");
	add(&row, " %s", member_map(array, map));
	if (rec->flags & EMD_ARRAY_F_READ_ONLY)
		add(&row, " read-only");
	if (rec->reason[0])
		add(&row, " %s", rec->reason);
	emit(watch, &row);
}

static void draw_sync(struct watch *watch, const struct array *array)
{
	const struct emd_rec_array *rec = &array->rec;
	char speed[SIZE_TEXT_LEN], left[SIZE_TEXT_LEN];
	struct row row = { .width = watch->width };
	int64_t eta = sync_eta_s(array);
	/* Around the bar: indent, action, percent, speed, time left. */
	int room = (int)row.width - 50;

	add(&row, "       %-8s", sync_action_name(rec->sync_action));
	color(watch, &row, rec->flags & EMD_ARRAY_F_SYNC_PAUSED ? "gray" : "green");
	add_bar(watch, &row, room < BAR_LEAST ? BAR_LEAST : room > BAR_MOST ? BAR_MOST : room,
		sync_percent(array));
	color(watch, &row, "");
	add(&row, " %5.1f%%", sync_percent(array));
	if (rec->flags & EMD_ARRAY_F_SYNC_PAUSED)
		add(&row, "  paused");
	else if (eta >= 0)
		add(&row, "  %6s/s  %s left", size_text(rec->sync_speed * 1024, speed),
		    duration_text(eta, left));
	emit(watch, &row);
}

static void draw_live(struct watch *watch, const struct array *const *arrays, size_t nr)
{
	size_t longest = 8, len, i;

	screen_size(&watch->width, &watch->height);
	if (watch->nr_drawn)
		fprintf(watch->out, "\033[%zuA", watch->nr_drawn);
	watch->nr_drawn = 0;
	for (i = 0; i < nr; i++) {
		len = strlen(arrays[i]->rec.name);
		longest = len > longest ? len : longest;
	}
	for (i = 0; i < nr; i++) {
		draw_array(watch, arrays[i], (int)longest);
		if (arrays[i]->rec.sync_action != EMD_UAPI_SYNC_IDLE)
			draw_sync(watch, arrays[i]);
	}
	/* Lines left over from a longer picture. */
	fputs("\033[J", watch->out);
	fflush(watch->out);
}

/* What must change for another line: not speed or time, whole tenths of progress. */
static char *milestone(const struct array *array)
{
	char map[MAP_TEXT_LEN];

	return xasprintf("%s %s %s %s %s %d", array->rec.dev, array->rec.name,
			 array_state_name(array->rec.state), member_map(array, map),
			 sync_action_name(array->rec.sync_action),
			 (int)(sync_percent(array) / 10));
}

static void draw_plain(struct watch *watch, const struct array *const *arrays, size_t nr)
{
	char *now = xstrdup(""), *one, *more, *activity;
	char map[MAP_TEXT_LEN];
	size_t i;

	for (i = 0; i < nr; i++) {
		one = milestone(arrays[i]);
		more = xasprintf("%s%s\n", now, one);
		free(now);
		now = more;
		if (!watch->last || !strstr(watch->last, one)) {
			activity = activity_text(arrays[i]);
			fprintf(watch->out, "%s %s %s %s %s\n",
				arrays[i]->rec.dev[0] ? arrays[i]->rec.dev : "-",
				arrays[i]->rec.name, array_state_name(arrays[i]->rec.state),
				member_map(arrays[i], map), activity);
			free(activity);
		}
		free(one);
	}
	free(watch->last);
	watch->last = now;
	fflush(watch->out);
}

static atomic_bool interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = true;
}

bool watch_interrupted(void)
{
	return interrupted;
}

void watch_begin(struct watch *watch, FILE *out)
{
	struct sigaction action = { .sa_handler = on_signal };
	const char *term = getenv("TERM");

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	memset(watch, 0, sizeof(*watch));
	watch->out = out;
	watch->live = isatty(fileno(out)) && term && strcmp(term, "dumb");
	watch->color = use_colors(out);
	watch->utf8 = !strcmp(nl_langinfo(CODESET), "UTF-8");
	if (watch->live)
		fputs("\033[?25l", out);	/* a cursor jumping about is a nuisance */
}

void watch_draw(struct watch *watch, const struct array *const *arrays, size_t nr)
{
	if (watch->live)
		draw_live(watch, arrays, nr);
	else
		draw_plain(watch, arrays, nr);
}

void watch_end(struct watch *watch)
{
	if (watch->live)
		fputs("\033[?25h", watch->out);
	fflush(watch->out);
	free(watch->last);
	watch->last = NULL;
}
