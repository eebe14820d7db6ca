// SPDX-License-Identifier: GPL-2.0
/*
 * Small helpers without a topic: memory that is there or ends the program,
 * numbers as users type them, text that cannot upset a terminal.
 */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "emdctl.h"

static void out_of_memory(void)
{
	fputs("emdctl: out of memory\n", stderr);
	exit(STATUS_REFUSED);
}

void *xcalloc(size_t nr, size_t size)
{
	void *mem = calloc(nr ? nr : 1, size ? size : 1);

	if (!mem)
		out_of_memory();
	return mem;
}

char *xstrdup(const char *text)
{
	char *copy = strdup(text);

	if (!copy)
		out_of_memory();
	return copy;
}

char *xasprintf(const char *fmt, ...)
{
	va_list args;
	char *text;
	int len;

	va_start(args, fmt);
	len = vasprintf(&text, fmt, args);
	va_end(args);
	if (len < 0)
		out_of_memory();
	return text;
}

/* Room for one more behind @nr elements; doubles when @nr is a power of two. */
void *vec_grow(void *vec, size_t nr, size_t size)
{
	void *grown;

	if (nr & (nr - 1))
		return vec;
	grown = reallocarray(vec, nr ? 2 * nr : 1, size);
	if (!grown)
		out_of_memory();
	return grown;
}

/*
 * Names and serials come from disks: an escape sequence in one must not reach
 * the terminal, nor bytes that are no UTF-8 a JSON document. Newlines stay,
 * for plans have lines.
 */
void make_printable(char *text)
{
	for (; *text; text++)
		if ((*text < 0x20 && *text != '\n') || *text >= 0x7f)
			*text = '?';
}

int parse_u64(const char *text, uint64_t *value)
{
	unsigned long long number;
	char *end;

	/* strtoull() takes signs and spaces, and negates. */
	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno || *end)
		return -EINVAL;
	*value = number;
	return 0;
}

/**
 * parse_size_sectors() - a size as users type it
 * @text: a number, with K M G T for powers of 1024, plain for bytes
 * @sectors: gets the size in sectors
 *
 * Return: 0, or -EINVAL when @text is no size, is zero, does not fit or is no
 * whole number of sectors.
 */
int parse_size_sectors(const char *text, uint64_t *sectors)
{
	static const char units[] = "KMGTP";
	unsigned long long number;
	const char *unit;
	unsigned int shift = 0;
	char *end;

	if (*text < '0' || *text > '9')
		return -EINVAL;
	errno = 0;
	number = strtoull(text, &end, 10);
	if (errno)
		return -EINVAL;
	if (*end) {
		unit = strchr(units, *end >= 'a' && *end <= 'z' ? *end - 'a' + 'A' : *end);
		if (!unit || (end[1] && strcmp(end + 1, "iB") && strcmp(end + 1, "B")))
			return -EINVAL;
		shift = 10 * (unit - units + 1);
	}
	if (!number || number > UINT64_MAX >> shift)
		return -EINVAL;
	number <<= shift;
	if (number % 512)
		return -EINVAL;
	*sectors = number / 512;
	return 0;
}

/**
 * parse_rate_kib() - a size a second as users type it
 * @text: as parse_size_sectors() takes it; "0" and "none" mean no limit
 * @kib_s: gets KiB a second, 0 for no limit
 *
 * Return: 0 or -EINVAL.
 */
int parse_rate_kib(const char *text, uint32_t *kib_s)
{
	uint64_t sectors;

	*kib_s = 0;
	if (!strcmp(text, "0") || !strcmp(text, "none"))
		return 0;
	/* The ABI counts KiB: less than one must not become "no limit". */
	if (parse_size_sectors(text, &sectors) || sectors < 2 || sectors / 2 > UINT32_MAX)
		return -EINVAL;
	*kib_s = (uint32_t)(sectors / 2);
	return 0;
}

/* Seconds, with a fraction or with s, m, h; into milliseconds. */
int parse_seconds_ms(const char *text, int64_t *ms)
{
	double number, unit = 1;
	char *end;

	if ((*text < '0' || *text > '9') && *text != '.')
		return -EINVAL;
	errno = 0;
	number = strtod(text, &end);
	if (errno || end == text)
		return -EINVAL;
	if (!strcmp(end, "ms"))
		unit = 0.001;
	else if (!strcmp(end, "m"))
		unit = 60;
	else if (!strcmp(end, "h"))
		unit = 3600;
	else if (*end && strcmp(end, "s"))
		return -EINVAL;
	number *= unit * 1000;
	if (!(number < 1e15))
		return -EINVAL;
	*ms = (int64_t)number;
	return 0;
}

int64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}
