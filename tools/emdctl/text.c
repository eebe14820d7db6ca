// SPDX-License-Identifier: GPL-2.0
/*
 * Pieces of text: sizes, durations, what an array is doing; and the words for
 * those numbers of the ABI that the driver has no words for. No output.
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "emdctl.h"
#include "names.h"
#include "print.h"

const char *container_state_name(uint32_t state)
{
	static const char *const names[] = {
		[EMD_UAPI_CONTAINER_ASSEMBLED] = "assembled",
		[EMD_UAPI_CONTAINER_WAITING] = "waiting",
		[EMD_UAPI_CONTAINER_REFUSED] = "refused",
		[EMD_UAPI_CONTAINER_STOPPED] = "stopped",
	};

	return state < ARRAY_SIZE(names) ? names[state] : "unknown";
}

const char *event_type_name(uint32_t type)
{
	static const char *const names[] = {
		[0] = "unknown",
		[EMD_EVENT_CONTAINER] = "container",
		[EMD_EVENT_ARRAY] = "array",
		[EMD_EVENT_MEMBER] = "member",
		[EMD_EVENT_DISK] = "disk",
		[EMD_EVENT_SYNC] = "sync",
		[EMD_EVENT_ERROR] = "error",
	};

	return type < ARRAY_SIZE(names) ? names[type] : "unknown";
}

/* As lsblk: "64M", "1.8T"; a fraction only when it is not zero. */
char *size_text(uint64_t bytes, char buf[SIZE_TEXT_LEN])
{
	static const char units[] = "BKMGTPE";
	unsigned int unit = 0;
	uint64_t tenths = 0;

	/* Tenths at once would overflow; a division by 1024 loses nothing we show. */
	while (bytes >= 1024 && unit < sizeof(units) - 2) {
		tenths = (bytes % 1024 * 10 + 512) / 1024;
		bytes /= 1024;
		unit++;
		if (tenths == 10) {
			tenths = 0;
			bytes++;
		}
	}
	if (tenths)
		snprintf(buf, SIZE_TEXT_LEN, "%llu.%llu%c", (unsigned long long)bytes,
			 (unsigned long long)tenths, units[unit]);
	else
		snprintf(buf, SIZE_TEXT_LEN, "%llu%c", (unsigned long long)bytes, units[unit]);
	return buf;
}

char *duration_text(uint64_t seconds, char buf[SIZE_TEXT_LEN])
{
	if (seconds >= 86400)
		snprintf(buf, SIZE_TEXT_LEN, "%llud %02u:%02u",
			 (unsigned long long)(seconds / 86400),
			 (unsigned int)(seconds % 86400 / 3600),
			 (unsigned int)(seconds % 3600 / 60));
	else
		snprintf(buf, SIZE_TEXT_LEN, "%u:%02u:%02u", (unsigned int)(seconds / 3600),
			 (unsigned int)(seconds % 3600 / 60), (unsigned int)(seconds % 60));
	return buf;
}

/* A letter a slot: U in sync, R rebuilding, F failed, _ missing. */
char *member_map(const struct array *array, char buf[MAP_TEXT_LEN])
{
	static const char letters[] = {
		[EMD_UAPI_MEMBER_IN_SYNC] = 'U',
		[EMD_UAPI_MEMBER_REBUILDING] = 'R',
		[EMD_UAPI_MEMBER_MISSING] = '_',
		[EMD_UAPI_MEMBER_FAILED] = 'F',
	};
	size_t i, nr = 0;
	uint32_t state;

	buf[nr++] = '[';
	for (i = 0; i < array->nr_members && nr < MAP_TEXT_LEN - 2; i++) {
		state = array->members[i].state;
		buf[nr++] = state < sizeof(letters) ? letters[state] : '?';
	}
	buf[nr++] = ']';
	buf[nr] = '\0';
	return buf;
}

double sync_percent(const struct array *array)
{
	double percent;

	if (!array->rec.sync_total)
		return 0;
	percent = 100.0 * (double)array->rec.sync_done / (double)array->rec.sync_total;
	return percent > 100 ? 100 : percent;
}

/* Seconds left of the running action, -1 when nobody can tell. */
int64_t sync_eta_s(const struct array *array)
{
	uint64_t left_kib;

	if (array->rec.sync_action == EMD_UAPI_SYNC_IDLE || !array->rec.sync_speed ||
	    array->rec.sync_done > array->rec.sync_total ||
	    (array->rec.flags & EMD_ARRAY_F_SYNC_PAUSED))
		return -1;
	left_kib = (array->rec.sync_total - array->rec.sync_done) / 2;
	return (int64_t)(left_kib / array->rec.sync_speed);
}

static char *sync_text(const struct array *array)
{
	const struct emd_rec_array *rec = &array->rec;
	char speed[SIZE_TEXT_LEN], left[SIZE_TEXT_LEN];
	int64_t eta = sync_eta_s(array);

	if (rec->flags & EMD_ARRAY_F_SYNC_PAUSED)
		return xasprintf("%s %.1f%%, paused", sync_action_name(rec->sync_action),
				 sync_percent(array));
	if (eta < 0)
		return xasprintf("%s %.1f%%", sync_action_name(rec->sync_action),
				 sync_percent(array));
	return xasprintf("%s %.1f%%, %s/s, %s left", sync_action_name(rec->sync_action),
			 sync_percent(array), size_text(rec->sync_speed * 1024, speed),
			 duration_text(eta, left));
}

/* What an array does, and what is odd about it; the caller frees it. */
char *activity_text(const struct array *array)
{
	const struct emd_rec_array *rec = &array->rec;
	char *text, *more;

	if (rec->sync_action != EMD_UAPI_SYNC_IDLE)
		text = sync_text(array);
	else if (rec->state == EMD_UAPI_ARRAY_INACTIVE)
		text = xstrdup("not started");
	else if (rec->flags & EMD_ARRAY_F_NEEDS_SYNC)
		text = xstrdup("not in sync yet");
	else
		text = xstrdup("idle");

	if (rec->flags & EMD_ARRAY_F_READ_ONLY) {
		more = xasprintf("%s, read-only", text);
		free(text);
		text = more;
	}
	if (rec->reason[0]) {
		more = xasprintf("%s: %s", text, rec->reason);
		free(text);
		text = more;
	}
	return text;
}

const char *state_color(uint32_t array_state)
{
	switch (array_state) {
	case EMD_UAPI_ARRAY_OPTIMAL:
		return "green";
	case EMD_UAPI_ARRAY_DEGRADED:
		return "yellow";
	case EMD_UAPI_ARRAY_FAILED:
		return "red";
	default:
		return "gray";
	}
}

bool use_colors(FILE *out)
{
	const char *term = getenv("TERM");
	const char *refused = getenv("NO_COLOR");

	return isatty(fileno(out)) && term && strcmp(term, "dumb") && !(refused && *refused);
}
