// SPDX-License-Identifier: GPL-2.0
/*
 * Writing over what no config describes: on all disks or none.
 *
 * Of disks that nobody uses, or that are to become a container, no config says what they
 * had before, so that is kept as bytes. When a disk refuses a write, those that were
 * written get them back, the last first, and what then is on them is read and compared:
 * whether a back-out held is not a matter of belief. A disk that refuses that as well
 * carries a part of either; the error says which.
 *
 * Locks: G, from when the disks are borrowed or taken until they are given back.
 */
#include <linux/blkdev.h>
#include <linux/slab.h>

#include "admin.h"
#include "../emd.h"
#include "../log.h"

/**
 * emd_read_places() - what is where metadata is written to
 * @bdev: the disk
 * @places: where; their buffer is not looked at
 * @bytes: gets it, one place behind the other
 *
 * Return: 0, -ENOMEM or -errno of the device.
 * Context: Process context, sleeps.
 */
int emd_read_places(struct block_device *bdev, const struct emd_meta_writes *places, u8 *bytes)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < places->nr && !ret; i++) {
		u32 len = places->writes[i].len;
		/* By way of a buffer that the device can read to: whole blocks in whole pages. */
		struct emd_extent ext = {
			.offset = places->writes[i].offset, .len = len,
			.data = kvmalloc(len, GFP_KERNEL),
		};

		if (!ext.data)
			return -ENOMEM;
		ret = emd_bdev_read(bdev, &ext);
		if (!ret)
			memcpy(bytes, ext.data, len);
		kvfree(ext.data);
		bytes += len;
	}
	return ret;
}

/**
 * emd_places_len() - bytes of all places together
 * @places: where
 *
 * Return: bytes.
 */
u32 emd_places_len(const struct emd_meta_writes *places)
{
	u32 len = 0;
	unsigned int i;

	for (i = 0; i < places->nr; i++)
		len += places->writes[i].len;
	return len;
}

/**
 * emd_rewrite_keep() - keep what a disk has where it will be written
 * @rewrite: its disk borrowed, with the writes filled in
 * @msg: reason, for want of memory only: what else keeps it from being read may be a
 *	reason to refuse for one command and none for another
 *
 * Without it the disk can be written all the same, and gets nothing back.
 *
 * Return: 0, -ENOMEM or -errno of the device; then nothing is kept.
 * Context: Process context, G held.
 */
int emd_rewrite_keep(struct emd_rewrite *rewrite, struct emd_errmsg *msg)
{
	const struct emd_meta_writes *writes = &rewrite->disk->meta_writes;
	int ret;

	rewrite->before = kvmalloc(emd_places_len(writes), GFP_KERNEL);
	ret = rewrite->before ?
	      emd_read_places(rewrite->disk->bdev, writes, rewrite->before) : -ENOMEM;
	if (ret) {
		kvfree(rewrite->before);
		rewrite->before = NULL;
	}
	return ret == -ENOMEM ? EMD_REFUSE(msg, ret, "out of memory for what %s has",
					   rewrite->disk->name) : ret;
}

static int write_place(struct emd_disk *disk, unsigned int i)
{
	emd_disk_meta_start(disk, i);
	return emd_disk_meta_wait(disk);
}

static int write_places(struct emd_rewrite *rewrite)
{
	const struct emd_meta_writes *writes = &rewrite->disk->meta_writes;
	int ret = 0;

	while (rewrite->nr_tried < writes->nr && !ret)
		ret = write_place(rewrite->disk, rewrite->nr_tried++);
	return ret;
}

/*
 * Does it have again what it had? A write that is refused here may undo one that never
 * happened, so what can be read counts. Allocates nothing.
 */
static bool put_back(struct emd_rewrite *rewrite)
{
	const struct emd_meta_writes *writes = &rewrite->disk->meta_writes;
	const u8 *before;
	bool held = true;
	unsigned int i;

	if (!rewrite->before)
		return false;
	before = rewrite->before + emd_places_len(writes);
	for (i = writes->nr; i-- > 0;) {
		const struct emd_meta_write *w = &writes->writes[i];
		/* Several writes may have one place in the buffer. */
		struct emd_extent ext = {
			.offset = w->offset, .len = w->len, .data = writes->buf + w->buf_offset,
		};

		before -= w->len;
		memcpy(ext.data, before, w->len);
		if (i < rewrite->nr_tried)
			write_place(rewrite->disk, i);
		if (emd_bdev_read(rewrite->disk->bdev, &ext) || memcmp(ext.data, before, w->len))
			held = false;
	}
	return held;
}

/**
 * emd_rewrite_back_out() - give disks again what was kept of them, the last first
 * @rewrites: what was kept, and how many of the writes may have happened
 * @nr: how many
 * @names: gets the names of those that have not got it back, as many as there is room for
 * @len: of @names
 *
 * Each of them is logged.
 *
 * Return: how many have not got it back.
 * Context: Process context, allocates nothing. G held.
 */
unsigned int emd_rewrite_back_out(struct emd_rewrite *rewrites, unsigned int nr, char *names,
				  size_t len)
{
	unsigned int nr_lost = 0, used = 0;

	names[0] = '\0';
	while (nr-- > 0) {
		if (put_back(&rewrites[nr]))
			continue;
		emd_disk_err(rewrites[nr].disk, "could not be put back as it was");
		if (used + DISK_NAME_LEN + sizeof(", ...") < len)
			used += scnprintf(names + used, len - used, "%s%s",
					  nr_lost ? ", " : "", rewrites[nr].disk->name);
		else
			strscpy(names + used, ", ...", len - used);
		nr_lost++;
	}
	return nr_lost;
}

/**
 * emd_rewrite_disks() - write what a command has laid out, to all disks or none
 * @rewrites: disks from emd_borrow_disk(), their writes filled in
 * @nr: how many
 * @msg: reason of a failure: which disk, why, and whether all is as it was
 *
 * However that ends, what was known of a device that was written to is forgotten: it is
 * looked at again.
 *
 * Return: 0 or -errno of the device that refused.
 * Context: Process context, G held.
 */
int emd_rewrite_disks(struct emd_rewrite *rewrites, unsigned int nr, struct emd_errmsg *msg)
{
	const struct emd_disk *refusing;
	unsigned int i, nr_written;
	char names[96];
	int ret = 0;

	for (nr_written = 0; nr_written < nr && !ret; nr_written++)
		ret = write_places(&rewrites[nr_written]);
	if (ret) {
		refusing = rewrites[nr_written - 1].disk;
		if (emd_rewrite_back_out(rewrites, nr_written, names, sizeof(names)))
			EMD_REFUSE(msg, ret,
				   "%s refused the write (error %d); could not be put back as it was: %s",
				   refusing->name, ret, names);
		else
			EMD_REFUSE(msg, ret, "%s refused the write (error %d); %s as before",
				   refusing->name, ret, nr > 1 ? "all disks are" : "it is");
	}
	for (i = 0; i < nr_written; i++) {
		emd_forget_device(rewrites[i].disk->devt);
		emd_scan_dev(rewrites[i].disk->devt);
	}
	return ret;
}
