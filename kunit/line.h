/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Text that a test builds to say in one string all that it expects.
 */
#ifndef _EMD_LINE_H
#define _EMD_LINE_H

#include <linux/kernel.h>
#include <linux/stdarg.h>

/* Text being built. */
struct line {
	char text[2048];
	unsigned int len;
};

__printf(2, 3)
static inline void add(struct line *line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line->len += vsnprintf(line->text + line->len, sizeof(line->text) - line->len, fmt, args);
	va_end(args);
	if (line->len >= sizeof(line->text))
		line->len = sizeof(line->text) - 1;
}

#endif /* _EMD_LINE_H */
