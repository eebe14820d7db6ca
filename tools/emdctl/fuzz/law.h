/* SPDX-License-Identifier: GPL-2.0 */
/* What the fuzz targets share. After a format's bench. */
#ifndef _EMD_LAW_H
#define _EMD_LAW_H

#include <stdio.h>
#include <stdlib.h>

#define LAW(cond)						\
do {								\
	if (!(cond)) {						\
		fprintf(stderr, "law broken: %s (line %d)\n", #cond, __LINE__); \
		abort();					\
	}							\
} while (0)

/* As long as it says, in as much room as it needs and in less. */
static inline void describe(const struct emd_meta_ops *ops, const struct lab_disk *disk)
{
	struct emd_meta_image img;
	struct emd_errmsg msg = {};
	struct emd_text text = {};
	size_t need;

	lab_read(disk, &img, &msg);
	ops->describe(&img, &text);
	need = text.used;
	text = (struct emd_text){ .buf = malloc(need + 1), .len = need + 1 };
	ops->describe(&img, &text);
	LAW(text.used == need);
	LAW(!need || strlen(text.buf) == need);
	free(text.buf);
	text = (struct emd_text){ .buf = malloc(need / 2 + 1), .len = need / 2 + 1 };
	ops->describe(&img, &text);
	LAW(text.used == need);
	free(text.buf);
	lab_image_free(&img);
}

#endif /* _EMD_LAW_H */
