// SPDX-License-Identifier: GPL-2.0
/*
 * Runs the driver's format handlers in the tool: what the kernel does with a
 * bio and kvmalloc is done here with a callback and malloc. Built with the
 * shim, among the pure files.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <stdlib.h>

#include "../../drivers/emd/meta/foreign.h"
#include "../../drivers/emd/meta/meta.h"
#include "decode.h"

static void free_image(struct emd_meta_image *img)
{
	unsigned int i;

	for (i = 0; i < img->nr_extents; i++)
		free(img->extents[i].data);
	img->nr_extents = 0;
}

/* Reads one more extent; the handler computed where it is from the disk. */
static int read_extent(const struct decode_source *source, struct emd_meta_image *img,
		       const struct emd_extent *want, u32 *total, struct emd_errmsg *msg)
{
	struct emd_extent *ext;
	int ret;

	if (img->nr_extents == EMD_IMAGE_MAX_EXTENTS || !want->len ||
	    want->len % source->block_size || want->offset % source->block_size ||
	    want->len > EMD_IMAGE_MAX_BYTES - *total || want->offset >= source->size ||
	    want->len > source->size - want->offset)
		return EMD_REFUSE(msg, -EUCLEAN, "metadata points outside the disk");

	ext = &img->extents[img->nr_extents];
	ext->offset = want->offset;
	ext->len = want->len;
	ext->data = malloc(want->len);
	if (!ext->data)
		return -ENOMEM;
	img->nr_extents++;
	*total += want->len;
	ret = source->read(source->priv, ext->offset, ext->data, ext->len);
	/* Half a metadata block is worse than none: nobody reads it as bytes. */
	if (ret) {
		free(ext->data);
		img->nr_extents--;
	}
	return ret;
}

/* 1: @img is complete; 0: not this format; else damaged or not readable. */
static int read_image(const struct decode_source *source, const struct emd_meta_ops *ops,
		      struct emd_meta_image *img, struct emd_errmsg *msg)
{
	struct emd_extent want;
	u32 total = 0;
	int ret;

	memset(img, 0, sizeof(*img));
	img->disk_sectors = source->size / 512;
	img->block_size = source->block_size;
	snprintf(img->serial, sizeof(img->serial), "%s", source->serial);

	for (;;) {
		memset(&want, 0, sizeof(want));
		ret = ops->next_extent(img, &want, msg);
		if (ret == -ENODATA)
			return 0;
		if (!ret)
			return 1;
		if (ret < 0)
			return ret;
		ret = read_extent(source, img, &want, &total, msg);
		if (ret)
			return ret;
	}
}

/* Two passes: how much, then the text; @error is added when it is not in it. */
static char *describe(const struct emd_meta_ops *ops, const struct emd_meta_image *img,
		      const char *error)
{
	struct emd_text out = { };
	size_t len;
	char *text;

	if (img->nr_extents)
		ops->describe(img, &out);
	len = out.used + strlen(error) + 64;
	text = calloc(1, len);
	if (!text)
		return NULL;
	out.buf = text;
	out.len = len;
	out.used = 0;
	if (img->nr_extents)
		ops->describe(img, &out);
	if (error[0] && !strstr(text, "error="))
		emd_text_kv(&out, "error", "%s", error);
	return text;
}

/* Metadata that EMD does not support still has a name. */
static int describe_foreign(const struct decode_source *source, const char **format, char **text)
{
	struct emd_meta_image img = {
		.disk_sectors = source->size / 512, .block_size = source->block_size,
	};
	struct emd_extent want;
	struct emd_text out = { };
	const char *name;
	u32 total = 0;
	int ret;

	do {
		memset(&want, 0, sizeof(want));
		ret = emd_foreign_next_extent(&img, &want);
		if (ret > 0 && read_extent(source, &img, &want, &total, NULL))
			ret = -EIO;
	} while (ret > 0);
	name = ret ? NULL : emd_foreign_name(&img);
	free_image(&img);
	if (!name)
		return 0;
	out.len = 128;
	*text = out.buf = calloc(1, out.len);
	if (!*text)
		return -ENOMEM;
	emd_text_kv(&out, "foreign", EMD_FOREIGN_TEXT, name);
	*format = "";
	return 1;
}

int decode_describe(const struct decode_source *source, const char **format, char **text)
{
	struct emd_meta_image img;
	struct emd_errmsg msg;
	int i, ret;

	*format = NULL;
	*text = NULL;
	/* Too small for any metadata, and no offset from its end makes sense. */
	if (source->size < 64 * 1024 / 8)
		return 0;
	for (i = 0; emd_formats[i]; i++) {
		memset(&msg, 0, sizeof(msg));
		ret = read_image(source, emd_formats[i], &img, &msg);
		if (!ret) {
			free_image(&img);
			continue;
		}
		if (ret < 0 && ret != -EUCLEAN && ret != -EINVAL) {
			free_image(&img);
			return ret;
		}
		*format = emd_formats[i]->name;
		*text = describe(emd_formats[i], &img, msg.text);
		free_image(&img);
		return *text ? 1 : -ENOMEM;
	}
	return describe_foreign(source, format, text);
}
