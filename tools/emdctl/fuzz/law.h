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
static inline void describe(const struct lab_disk *disk)
{
	struct emd_meta_image img;
	struct emd_errmsg msg = {};
	struct emd_text text = {};
	size_t need;

	lab_read(disk, &img, &msg);
	lab_ops->describe(&img, &text);
	need = text.used;
	text = (struct emd_text){ .buf = malloc(need + 1), .len = need + 1 };
	lab_ops->describe(&img, &text);
	LAW(text.used == need);
	LAW(!need || strlen(text.buf) == need);
	free(text.buf);
	text = (struct emd_text){ .buf = malloc(need / 2 + 1), .len = need / 2 + 1 };
	lab_ops->describe(&img, &text);
	LAW(text.used == need);
	free(text.buf);
	lab_image_free(&img);
}

static inline bool within_a_run(const struct emd_meta_writes *runs, const struct emd_extent *ext)
{
	unsigned int i;

	for (i = 0; i < runs->nr; i++) {
		const struct emd_meta_write *run = &runs->writes[i];

		if (ext->offset >= run->offset && ext->offset + ext->len <= run->offset + run->len)
			return true;
	}
	return false;
}

/* Of what decodes: whole blocks of the disk, none twice, and all that was read. */
static inline void owned(const struct lab_disk *disk)
{
	struct emd_meta_writes runs = {};
	struct emd_meta_image img;
	struct emd_errmsg msg = {};
	struct emd_config *cfg;
	unsigned int i, k;
	u32 len = 0;

	cfg = lab_read(disk, &img, &msg) ? ERR_PTR(-ENODATA) : lab_ops->decode(&img, &msg);
	if (!IS_ERR(cfg)) {
		LAW(!lab_ops->owned(&img, &runs));
		LAW(runs.nr && runs.nr <= EMD_META_MAX_WRITES);
		for (i = 0; i < runs.nr; i++) {
			const struct emd_meta_write *run = &runs.writes[i];

			LAW(run->len && run->len % disk->block_size == 0);
			LAW(run->offset % disk->block_size == 0);
			LAW(run->offset < disk->sectors << 9);
			LAW(run->len <= (disk->sectors << 9) - run->offset);
			LAW(run->buf_offset == len);
			len += run->len;
			for (k = 0; k < i; k++)
				LAW(run->offset >= runs.writes[k].offset + runs.writes[k].len ||
				    runs.writes[k].offset >= run->offset + run->len);
		}
		for (i = 0; i < img.nr_extents; i++)
			LAW(within_a_run(&runs, &img.extents[i]));
		emd_config_free(cfg);
	}
	lab_image_free(&img);
}

/* What can be erased is not found again. The disk stays as it is. */
static inline void erase(const struct lab_disk *disk)
{
	struct emd_meta_writes out = { .buf_len = 16384 };
	struct emd_meta_image img;
	struct lab_disk copy;
	int ret;

	if (lab_disk_init(&copy, disk->sectors, disk->block_size, disk->serial))
		return;
	memcpy(copy.bytes, disk->bytes, LAB_BYTES);
	out.buf = malloc(out.buf_len);
	lab_read(&copy, &img, NULL);
	ret = lab_ops->erase(&img, &out);
	lab_image_free(&img);
	if (!ret) {
		LAW(out.nr <= EMD_META_MAX_WRITES);
		LAW(!lab_write(&copy, &out, out.nr, false));
		LAW(lab_read(&copy, &img, NULL) == -ENODATA);
		lab_image_free(&img);
	}
	free(out.buf);
	lab_disk_exit(&copy);
}

#endif /* _EMD_LAW_H */
