/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bench for metadata handlers: disks that are nothing but their last bytes,
 * read and written as the core does it. For KUnit and, through the shim, for the
 * fuzzer: pure, but for allocation.
 */
#ifndef _EMD_IMSM_LAB_H
#define _EMD_IMSM_LAB_H

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "meta/imsm.h"

#define LAB_TAIL	(128 * 1024)

/**
 * struct lab_disk - one disk
 * @sectors: capacity
 * @block_size: logical block
 * @serial: as the device reports it
 * @tail: its last LAB_TAIL bytes
 */
struct lab_disk {
	u64 sectors;
	u32 block_size;
	char serial[EMD_DISK_ID_LEN];
	u8 *tail;
};

static inline int lab_disk_init(struct lab_disk *disk, u64 sectors, u32 block_size,
				const char *serial)
{
	memset(disk, 0, sizeof(*disk));
	disk->sectors = sectors;
	disk->block_size = block_size;
	strscpy(disk->serial, serial, sizeof(disk->serial));
	disk->tail = kvzalloc(LAB_TAIL, GFP_KERNEL);
	return disk->tail ? 0 : -ENOMEM;
}

static inline void lab_disk_exit(struct lab_disk *disk)
{
	kvfree(disk->tail);
	disk->tail = NULL;
}

/* NULL for what lies before the tail. */
static inline u8 *lab_at(const struct lab_disk *disk, u64 offset, u32 len)
{
	u64 start = (disk->sectors << 9) - LAB_TAIL;

	if (offset < start || offset - start > LAB_TAIL - len)
		return NULL;
	return disk->tail + (offset - start);
}

/* Lay @len bytes of an MPB where a disk has them: anchor last. */
static inline void lab_put_mpb(struct lab_disk *disk, const u8 *mpb, u32 len)
{
	u32 block = disk->block_size, whole = round_up(max(len, block), block);
	u8 *end = disk->tail + LAB_TAIL;
	u32 head = min(len, block);

	memset(end - block - whole, 0, whole + block);
	memcpy(end - 2 * block, mpb, head);
	memcpy(end - block - whole, mpb + head, len - head);
}

static inline void lab_image_free(struct emd_meta_image *img)
{
	unsigned int i;

	for (i = 0; i < img->nr_extents; i++)
		kvfree(img->extents[i].data);
	img->nr_extents = 0;
}

/* Read what the handler asks for; each extent its own allocation, exactly as long. */
static inline int lab_read(const struct lab_disk *disk, struct emd_meta_image *img,
			   struct emd_errmsg *msg)
{
	struct emd_extent *want;
	u8 *from;
	int ret;

	memset(img, 0, sizeof(*img));
	img->disk_sectors = disk->sectors;
	img->block_size = disk->block_size;
	strscpy(img->serial, disk->serial, sizeof(img->serial));
	while (img->nr_extents < EMD_IMAGE_MAX_EXTENTS) {
		want = &img->extents[img->nr_extents];
		ret = emd_imsm_ops.next_extent(img, want, msg);
		if (ret <= 0)
			return ret;
		from = lab_at(disk, want->offset, want->len);
		want->data = from ? kvzalloc(want->len, GFP_KERNEL) : NULL;
		if (!want->data)
			return -ENOMEM;
		memcpy(want->data, from, want->len);
		img->nr_extents++;
	}
	return -E2BIG;
}

static inline struct emd_config *lab_decode(const struct lab_disk *disk, struct emd_errmsg *msg)
{
	struct emd_meta_image img;
	struct emd_config *cfg;
	int ret;

	ret = lab_read(disk, &img, msg);
	cfg = ret ? ERR_PTR(ret) : emd_imsm_ops.decode(&img, msg);
	lab_image_free(&img);
	return cfg;
}

/* Issue the writes, or the first @nr of them: a power cut. */
static inline int lab_write(struct lab_disk *disk, const struct emd_meta_writes *out,
			    unsigned int nr)
{
	unsigned int i;
	u8 *to;

	for (i = 0; i < out->nr && i < nr; i++) {
		to = lab_at(disk, out->writes[i].offset, out->writes[i].len);
		if (!to || out->writes[i].len % disk->block_size ||
		    out->writes[i].offset % disk->block_size)
			return -EINVAL;
		if ((u64)out->writes[i].buf_offset + out->writes[i].len > out->buf_len)
			return -EINVAL;
		memcpy(to, out->buf + out->writes[i].buf_offset, out->writes[i].len);
	}
	return 0;
}

static inline int lab_encode(struct lab_disk *disk, const struct emd_config *cfg, u16 row,
			     unsigned int nr)
{
	struct emd_meta_writes out = { .buf_len = emd_imsm_ops.encode_max(cfg) };
	int ret;

	out.buf = kvzalloc(out.buf_len, GFP_KERNEL);
	if (!out.buf)
		return -ENOMEM;
	ret = emd_imsm_ops.encode(cfg, row, &out);
	if (!ret)
		ret = lab_write(disk, &out, nr);
	kvfree(out.buf);
	return ret;
}

/* A T1 with room for some more of everything. */
static inline struct emd_config *lab_next(const struct emd_config *t0)
{
	struct emd_config_room room = {};
	struct emd_config *t1;

	emd_imsm_ops.room(t0, &room);
	room.disks += 8;
	room.arrays += 1;
	room.members += t0->nr_disks + 8;
	t1 = emd_config_alloc(&room);
	if (!t1)
		return NULL;
	if (emd_config_copy(t1, t0)) {
		emd_config_free(t1);
		return NULL;
	}
	t1->entropy = 0x1234567;
	t1->now = 1700000000;
	return t1;
}

/* All that stands between an edited T1 and the disks. */
static inline int lab_commit(const struct emd_config *t0, struct emd_config *t1,
			     struct emd_errmsg *msg)
{
	int ret;

	ret = emd_config_check(t1, msg);
	if (!ret)
		ret = emd_config_check_change(t0, t1, msg);
	if (!ret)
		ret = emd_imsm_ops.can_express(t1, msg);
	if (!ret)
		ret = emd_imsm_ops.can_change(t0, t1, msg);
	if (!ret)
		ret = emd_imsm_ops.update(t0, t1, msg);
	return ret;
}

#endif /* _EMD_IMSM_LAB_H */
