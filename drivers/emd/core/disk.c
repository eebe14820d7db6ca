// SPDX-License-Identifier: GPL-2.0
/*
 * Disks: open, identify, read metadata, claim, write metadata, release.
 *
 * This file moves bytes between block devices and images; what the bytes mean
 * is the format handlers' affair, which disks belong together container.c's.
 *
 * Reads happen with a shared, read-only open: looking at a disk harms nobody.
 * Before anything is written the disk is claimed exclusively, and the metadata
 * read again through the claim, because it may have changed in between.
 *
 * Metadata writes never allocate: the bio, its vector and the buffer belong to
 * the disk from the moment it is claimed.
 */
#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/file.h>
#include <linux/highmem.h>
#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "core.h"
#include "../emd.h"
#include "../log.h"
#include "../trace.h"
#include "../meta/foreign.h"

static atomic_t disk_ids = ATOMIC_INIT(0);

/* Metadata is written in place, and members are. */
#define ZONED	"zoned disks are not supported"

/* ---- serial numbers ------------------------------------------------------ */

static const struct attribute_group **device_groups(struct device *dev, int place)
{
	switch (place) {
	case 0:
		return dev->groups;
	case 1:
		return dev->type ? dev->type->groups : NULL;
	case 2:
		return dev->class ? dev->class->dev_groups : NULL;
	case 3:
		return dev->bus ? dev->bus->dev_groups : NULL;
	case 4:
		return dev->driver ? dev->driver->dev_groups : NULL;
	}
	return NULL;
}

#define NR_GROUP_PLACES	5

/* The device's "serial" attribute, read as sysfs would read it. */
static bool serial_from_attr(struct device *dev, char *page)
{
	int place;

	for (place = 0; place < NR_GROUP_PLACES; place++) {
		const struct attribute_group **groups = device_groups(dev, place);

		for (; groups && *groups; groups++) {
			struct attribute **attrs = (*groups)->attrs;
			int i;

			for (i = 0; attrs && attrs[i]; i++) {
				struct device_attribute *da;
				ssize_t len;

				if (strcmp(attrs[i]->name, "serial"))
					continue;
				if ((*groups)->is_visible &&
				    !(*groups)->is_visible(&dev->kobj, attrs[i], i))
					continue;
				da = container_of(attrs[i], struct device_attribute, attr);
				if (!da->show)
					continue;
				len = da->show(dev, da, page);
				if (len <= 0 || len >= PAGE_SIZE)
					continue;
				page[len] = '\0';
				strim(page);
				if (page[0])
					return true;
			}
		}
	}
	return false;
}

/*
 * SCSI disks publish VPD page 0x80 as a binary attribute. Going through the
 * attribute keeps us free of a dependency on the SCSI core.
 */
static bool serial_from_vpd(struct device *dev, char *page)
{
	int place;

	for (place = 0; place < NR_GROUP_PLACES; place++) {
		const struct attribute_group **groups = device_groups(dev, place);

		for (; groups && *groups; groups++) {
			struct bin_attribute **attrs = (*groups)->bin_attrs;
			int i;

			for (i = 0; attrs && attrs[i]; i++) {
				ssize_t len;
				size_t text;

				if (strcmp(attrs[i]->attr.name, "vpd_pg80") || !attrs[i]->read)
					continue;
				len = attrs[i]->read(NULL, &dev->kobj, attrs[i], page, 0,
						     PAGE_SIZE - 1);
				if (len <= 4)
					continue;
				/* Header of 4 bytes, length at 2, text behind. */
				text = min_t(size_t, len - 4, ((u8)page[2] << 8) | (u8)page[3]);
				memmove(page, page + 4, text);
				page[text] = '\0';
				strim(page);
				if (page[0])
					return true;
			}
		}
	}
	return false;
}

/*
 * What mdadm would find for SCSI and NVMe; any other device with a "serial"
 * attribute likewise; "/dev/NAME" for the rest, as mdadm does when told to.
 */
static int read_serial(struct gendisk *gd, char *serial, size_t len)
{
	struct device *dev = disk_to_dev(gd);
	const char *text;
	char *page;

	page = (char *)get_zeroed_page(GFP_KERNEL);
	if (!page)
		return -ENOMEM;
	if (serial_from_attr(dev, page) ||
	    (dev->parent && (serial_from_vpd(dev->parent, page) ||
			     serial_from_attr(dev->parent, page)))) {
		text = strim(page);
		/* The tail tells disks apart; vendors pad and prefix the head. */
		if (strlen(text) >= len)
			text += strlen(text) - len + 1;
		strscpy(serial, text, len);
	} else {
		snprintf(serial, len, "/dev/%s", gd->disk_name);
	}
	free_page((unsigned long)page);
	return 0;
}

/* ---- reading ------------------------------------------------------------- */

/**
 * emd_bdev_read() - read bytes of a device
 * @from: struct block_device, for emd_image_read()
 * @ext: where, and room for them, aligned to a block; inside the device, whole blocks
 *
 * Return: 0 or -errno of the device.
 * Context: Process context, sleeps, allocates nothing.
 */
int emd_bdev_read(const void *from, struct emd_extent *ext)
{
	struct block_device *bdev = (struct block_device *)from;
	unsigned int done = 0;

	while (done < ext->len) {
		unsigned int len = min_t(unsigned int, ext->len - done,
					 PAGE_SIZE - offset_in_page(ext->data + done));
		struct bio_vec bvec;
		struct bio bio;
		int ret;

		bio_init(&bio, bdev, &bvec, 1, REQ_OP_READ | REQ_META);
		bio.bi_iter.bi_sector = (ext->offset + done) >> SECTOR_SHIFT;
		__bio_add_page(&bio, is_vmalloc_addr(ext->data) ?
			       vmalloc_to_page(ext->data + done) :
			       virt_to_page(ext->data + done), len,
			       offset_in_page(ext->data + done));
		ret = submit_bio_wait(&bio);
		bio_uninit(&bio);
		if (ret)
			return ret;
		done += len;
	}
	return 0;
}

void emd_image_free(struct emd_meta_image *img)
{
	unsigned int i;

	if (!img)
		return;
	for (i = 0; i < img->nr_extents; i++)
		kvfree(img->extents[i].data);
	kfree(img);
}

/**
 * emd_image_read() - ask a format for its extents and read them
 * @ops: the format
 * @facts: capacity, block size and serial
 * @read: fills an extent, whose place and room are set, from @from
 * @from: a device, or what stands for one
 * @msg: reason when the metadata is damaged
 *
 * Return: the image, for emd_image_free(); NULL: not this format; ERR_PTR.
 * Context: Process context, sleeps.
 */
struct emd_meta_image *emd_image_read(const struct emd_meta_ops *ops,
				      const struct emd_meta_image *facts,
				      int (*read)(const void *from, struct emd_extent *ext),
				      const void *from, struct emd_errmsg *msg)
{
	struct emd_meta_image *img;
	u32 total = 0;
	int ret;

	img = kzalloc(sizeof(*img), GFP_KERNEL);
	if (!img)
		return ERR_PTR(-ENOMEM);
	img->disk_sectors = facts->disk_sectors;
	img->block_size = facts->block_size;
	strscpy(img->serial, facts->serial, sizeof(img->serial));

	for (;;) {
		struct emd_extent *ext;
		struct emd_extent want = {};

		ret = ops->next_extent(img, &want, msg);
		if (ret <= 0)
			break;
		/* The handler is trusted, what it computed from the disk is not. */
		if (img->nr_extents == EMD_IMAGE_MAX_EXTENTS || !want.len ||
		    want.len % img->block_size || want.offset % img->block_size ||
		    want.len > EMD_IMAGE_MAX_BYTES - total ||
		    want.offset >= img->disk_sectors << SECTOR_SHIFT ||
		    want.len > (img->disk_sectors << SECTOR_SHIFT) - want.offset) {
			ret = EMD_REFUSE(msg, -EUCLEAN, "metadata points outside the disk");
			break;
		}
		ext = &img->extents[img->nr_extents];
		ext->offset = want.offset;
		ext->len = want.len;
		ext->data = kvmalloc(want.len, GFP_KERNEL);
		if (!ext->data) {
			ret = -ENOMEM;
			break;
		}
		img->nr_extents++;
		total += want.len;
		ret = read(from, ext);
		if (ret) {
			EMD_REFUSE(msg, ret, "read error in the metadata at byte %llu",
				   want.offset);
			break;
		}
	}
	if (ret < 0) {
		emd_image_free(img);
		return ret == -ENODATA ? NULL : ERR_PTR(ret);
	}
	return img;
}

/*
 * The metadata of a device, whatever the format; @ops is the one that recognises it, also
 * when it has an error to tell. NULL when none does; ERR_PTR when it is damaged (-EUCLEAN).
 */
static struct emd_meta_image *probe_image(struct block_device *bdev, const char *serial,
					  const struct emd_meta_ops **ops, struct emd_errmsg *msg)
{
	struct emd_meta_image facts = {
		.disk_sectors = bdev_nr_sectors(bdev),
		.block_size = bdev_logical_block_size(bdev),
	};
	int i;

	*ops = NULL;
	strscpy(facts.serial, serial, sizeof(facts.serial));
	for (i = 0; emd_formats[i]; i++) {
		struct emd_meta_image *img;

		if (emd_format_ignored(emd_formats[i]))
			continue;
		if (emd_formats[i]->whole_disks_only && bdev_is_partition(bdev))
			continue;
		img = emd_image_read(emd_formats[i], &facts, emd_bdev_read, bdev, msg);
		if (!img)
			continue;
		*ops = emd_formats[i];
		return img;
	}
	return NULL;
}

/**
 * emd_probe_foreign() - whose metadata is on a device that has none of ours?
 * @probe: of the device, opened
 *
 * Return: the name of a format that EMD does not support, or NULL.
 * Context: Process context, sleeps.
 */
const char *emd_probe_foreign(const struct emd_probe *probe)
{
	struct block_device *bdev = file_bdev(probe->file);
	const char *name = NULL;
	struct emd_meta_image *img;
	struct emd_extent want;

	img = kzalloc(sizeof(*img), GFP_KERNEL);
	if (!img)
		return NULL;
	img->disk_sectors = probe->nr_sectors;
	img->block_size = probe->block_size;
	while (emd_foreign_next_extent(img, &want) > 0) {
		struct emd_extent *ext = &img->extents[img->nr_extents];

		ext->offset = want.offset;
		ext->len = want.len;
		ext->data = kmalloc(want.len, GFP_KERNEL);
		if (!ext->data)
			goto out;
		img->nr_extents++;
		if (emd_bdev_read(bdev, ext))
			goto out;
	}
	name = emd_foreign_name(img);
out:
	emd_image_free(img);
	return name;
}

/* Decode the image; of what is refused as damaged, what can be salvaged. */
static int probe_decode(struct emd_probe *probe)
{
	probe->cfg = probe->ops->decode(probe->img, &probe->msg);
	if (!IS_ERR(probe->cfg))
		return 0;
	probe->damage = PTR_ERR(probe->cfg);
	probe->cfg = NULL;
	if (probe->damage == -EUCLEAN && probe->ops->salvage)
		probe->cfg = probe->ops->salvage(probe->img);
	return probe->damage;
}

/**
 * emd_probe() - look at a block device
 * @devt: device number
 * @probe: out; release with emd_probe_done()
 *
 * Return: 0 when the device could be read (whatever was found), else -errno
 * of open or identification.
 * Context: Process context, sleeps. Opens the device shared and read-only.
 */
int emd_probe(dev_t devt, struct emd_probe *probe)
{
	struct emd_meta_image *img;
	struct block_device *bdev;
	struct file *file;
	int ret;

	memset(probe, 0, sizeof(*probe));
	file = bdev_file_open_by_dev(devt, BLK_OPEN_READ, NULL, NULL);
	if (IS_ERR(file))
		return PTR_ERR(file);
	probe->file = file;
	bdev = file_bdev(file);
	ret = read_serial(bdev->bd_disk, probe->serial, sizeof(probe->serial));
	if (ret)
		goto out;
	probe->devt = devt;
	probe->diskseq = bdev->bd_disk->diskseq;
	snprintf(probe->name, sizeof(probe->name), "%pg", bdev);
	probe->nr_sectors = bdev_nr_sectors(bdev);
	probe->block_size = bdev_logical_block_size(bdev);
	probe->rotational = !bdev_nonrot(bdev);
	if (!probe->nr_sectors)
		goto out;

	img = probe_image(bdev, probe->serial, &probe->ops, &probe->msg);
	if (IS_ERR(img)) {
		probe->damage = PTR_ERR(img);
		if (probe->damage == -ENOMEM || probe->damage == -EIO)
			ret = probe->damage;
		goto out;
	}
	if (!img)
		goto out;
	probe->img = img;
	if (bdev_is_zoned(bdev)) {
		probe->damage = EMD_REFUSE(&probe->msg, -EOPNOTSUPP, ZONED);
		goto out;
	}
	if (probe_decode(probe) == -ENOMEM)
		ret = -ENOMEM;
out:
	if (ret)
		emd_probe_done(probe);
	return ret;
}

/**
 * emd_probe_done() - free what a probe still owns
 * @probe: a probe; what was taken over has been set to NULL by the taker
 */
void emd_probe_done(struct emd_probe *probe)
{
	emd_config_free(probe->cfg);
	probe->cfg = NULL;
	emd_image_free(probe->img);
	probe->img = NULL;
	if (probe->file)
		bdev_fput(probe->file);
	probe->file = NULL;
}

/* ---- lifetime ------------------------------------------------------------ */

/**
 * emd_disk_create() - a new disk object from a probe
 * @probe: of the device; its config and image move to the disk
 *
 * Return: the disk with one reference, or NULL without memory. Nobody else knows it
 * before emd_disk_list().
 * Context: Process context, G held.
 */
struct emd_disk *emd_disk_create(struct emd_probe *probe)
{
	struct emd_disk *disk;

	lockdep_assert_held(&emd_registry_lock);
	disk = kzalloc(sizeof(*disk), GFP_KERNEL);
	if (!disk)
		return NULL;
	kref_init(&disk->ref);
	INIT_LIST_HEAD(&disk->node);
	INIT_LIST_HEAD(&disk->container_node);
	init_completion(&disk->meta_done);
	disk->id = atomic_inc_return(&disk_ids);
	disk->devt = probe->devt;
	disk->diskseq = probe->diskseq;
	strscpy(disk->name, probe->name, sizeof(disk->name));
	strscpy(disk->serial, probe->serial, sizeof(disk->serial));
	disk->nr_sectors = probe->nr_sectors;
	disk->block_size = probe->block_size;
	disk->rotational = probe->rotational;
	emd_disk_take_probe(disk, probe);
	return disk;
}

/**
 * emd_disk_list() - make a disk known to the registry
 * @disk: not listed; the registry takes a reference
 *
 * Context: G held.
 */
void emd_disk_list(struct emd_disk *disk)
{
	lockdep_assert_held(&emd_registry_lock);
	kref_get(&disk->ref);
	list_add_tail(&disk->node, &emd_disks);
}

/**
 * emd_disk_take_probe() - remember what the disk's own metadata says
 * @disk: a disk
 * @probe: fresh; config and image move to the disk
 *
 * Context: G held; the disk is not part of an assembled container.
 */
void emd_disk_take_probe(struct emd_disk *disk, struct emd_probe *probe)
{
	lockdep_assert_held(&emd_registry_lock);
	emd_config_free(disk->seen);
	emd_image_free(disk->img);
	disk->ops = probe->ops;
	disk->seen = probe->cfg;
	disk->img = probe->img;
	strscpy(disk->reason, probe->damage ? probe->msg.text : "", sizeof(disk->reason));
	probe->cfg = NULL;
	probe->img = NULL;
}

static void disk_free(struct kref *ref)
{
	struct emd_disk *disk = container_of(ref, struct emd_disk, ref);

	WARN_ON(disk->file);
	emd_config_free(disk->seen);
	emd_image_free(disk->img);
	kvfree(disk->meta_writes.buf);
	kvfree(disk->meta_bvecs);
	kfree(disk);
}

/**
 * emd_disk_put() - drop a reference
 * @disk: may be NULL
 *
 * Context: Any that may free memory.
 */
void emd_disk_put(struct emd_disk *disk)
{
	if (disk)
		kref_put(&disk->ref, disk_free);
}

/**
 * emd_disk_get_by_dev() - find a disk by device number
 * @devt: device number
 *
 * Return: the disk with a reference, or NULL. A disk that is gone is not
 * found: its number may already belong to another device.
 * Context: G held.
 */
struct emd_disk *emd_disk_get_by_dev(dev_t devt)
{
	struct emd_disk *disk;

	lockdep_assert_held(&emd_registry_lock);
	list_for_each_entry(disk, &emd_disks, node) {
		if (disk->devt == devt && !READ_ONCE(disk->gone)) {
			kref_get(&disk->ref);
			return disk;
		}
	}
	return NULL;
}

/* ---- claim and release ----------------------------------------------------- */

/*
 * Both are called with bd_holder_lock held and drop it.
 *
 * The device is dead. Neither the holder nor its container can go away while
 * bd_holder_lock is held: noting it and kicking the worker is all that is safe
 * here, and enough.
 */
static void disk_mark_dead(struct block_device *bdev, bool surprise)
{
	struct emd_disk *disk = bdev->bd_holder;

	WRITE_ONCE(disk->gone, true);
	if (disk->container)
		emd_container_kick(disk->container);
	mutex_unlock(&bdev->bd_holder_lock);
}

static void disk_sync(struct block_device *bdev)
{
	mutex_unlock(&bdev->bd_holder_lock);
	sync_blockdev(bdev);
}

static const struct blk_holder_ops disk_holder_ops = {
	.mark_dead	= disk_mark_dead,
	.sync		= disk_sync,
};

/**
 * emd_disk_set_container() - say to which container a disk belongs
 * @disk: claimed or not
 * @container: or NULL
 *
 * A claimed disk may be reported dead at any moment, and that looks at its
 * container.
 *
 * Context: Process context, G held, and C of the containers concerned.
 */
void emd_disk_set_container(struct emd_disk *disk, struct emd_container *container)
{
	if (disk->bdev)
		mutex_lock(&disk->bdev->bd_holder_lock);
	disk->container = container;
	if (disk->bdev)
		mutex_unlock(&disk->bdev->bd_holder_lock);
}

/**
 * emd_disk_claim() - take a disk for ourselves
 * @disk: a disk, not claimed
 * @read_only: never to be written
 * @msg: reason when somebody else holds it
 *
 * Return: 0; -EBUSY when in use; -errno of the open.
 * Context: Process context, C of its container held (or not in one yet).
 */
int emd_disk_claim(struct emd_disk *disk, bool read_only, struct emd_errmsg *msg)
{
	blk_mode_t mode = BLK_OPEN_READ | (read_only ? 0 : BLK_OPEN_WRITE);
	struct file *file;

	if (disk->file)
		return 0;
	file = bdev_file_open_by_dev(disk->devt, mode, disk, &disk_holder_ops);
	if (IS_ERR(file)) {
		int ret = PTR_ERR(file);

		if (ret == -EBUSY)
			return EMD_REFUSE(msg, ret, "%s is in use by something else", disk->name);
		return EMD_REFUSE(msg, ret, "%s cannot be opened (error %d)", disk->name, ret);
	}
	disk->bdev = file_bdev(file);
	disk->file = file;
	disk->meta_failed = false;
	if (disk->bdev->bd_disk->fops == &emd_fops) {
		emd_disk_release(disk);
		return EMD_REFUSE(msg, -EBUSY, "%s is an array of emd itself", disk->name);
	}
	if (bdev_is_zoned(disk->bdev)) {
		emd_disk_release(disk);
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%s: " ZONED, disk->name);
	}
	/* A device number may have been handed on since we looked. */
	if (disk->bdev->bd_disk->diskseq != disk->diskseq ||
	    bdev_nr_sectors(disk->bdev) != disk->nr_sectors) {
		emd_disk_release(disk);
		return EMD_REFUSE(msg, -ESTALE, "%s is not what it was", disk->name);
	}
	return 0;
}

/**
 * emd_disk_reopen() - hold a claimed disk open once more
 * @disk: claimed
 *
 * Return: the file, to be put with bdev_fput(), or ERR_PTR.
 * Context: Process context, C of its container held.
 */
struct file *emd_disk_reopen(struct emd_disk *disk)
{
	return bdev_file_open_by_dev(disk->devt, BLK_OPEN_READ | BLK_OPEN_WRITE, disk,
				     &disk_holder_ops);
}

/**
 * emd_disk_release() - give a disk back
 * @disk: no I/O of ours is in flight on it
 *
 * Context: Process context, C of its container held (or in none).
 */
void emd_disk_release(struct emd_disk *disk)
{
	if (!disk->file)
		return;
	bdev_fput(disk->file);
	disk->file = NULL;
	disk->bdev = NULL;
}

/**
 * emd_disk_reread() - read the metadata again through the claim
 * @disk: claimed
 * @probe: out; release with emd_probe_done()
 *
 * Return: 0 or -errno; @probe->msg says why.
 * Context: Process context, sleeps.
 */
int emd_disk_reread(struct emd_disk *disk, struct emd_probe *probe)
{
	memset(probe, 0, sizeof(*probe));
	probe->devt = disk->devt;
	probe->img = probe_image(disk->bdev, disk->serial, &probe->ops, &probe->msg);
	if (IS_ERR(probe->img)) {
		probe->damage = PTR_ERR(probe->img);
		probe->img = NULL;
		return probe->damage;
	}
	if (!probe->img)
		return 0;
	return probe_decode(probe);
}

/* ---- metadata writes --------------------------------------------------------- */

/**
 * emd_disk_reserve() - make room for every metadata write of a config
 * @disk: a disk
 * @len: bytes, from ->encode_max()
 *
 * Return: 0 or -ENOMEM; what was reserved before stays.
 * Context: Process context.
 */
int emd_disk_reserve(struct emd_disk *disk, u32 len)
{
	struct bio_vec *bvecs;
	void *buf;

	len = roundup_pow_of_two(max_t(u32, len, PAGE_SIZE));
	if (disk->meta_writes.buf_len >= len)
		return 0;
	/* Block aligned: a power of two, or whole pages. */
	buf = kvzalloc(len, GFP_KERNEL);
	bvecs = kvmalloc_array(len / PAGE_SIZE + 1, sizeof(*bvecs), GFP_KERNEL);
	if (!buf || !bvecs) {
		kvfree(buf);
		kvfree(bvecs);
		return -ENOMEM;
	}
	kvfree(disk->meta_writes.buf);
	kvfree(disk->meta_bvecs);
	disk->meta_writes.buf = buf;
	disk->meta_writes.buf_len = len;
	disk->meta_bvecs = bvecs;
	return 0;
}

/**
 * emd_disk_adopt() - let a disk that joins a config keep its identity
 * @disk: disk
 * @t1: config being built
 * @row: the disk's, just added
 *
 * Nothing happens unless it carries whole metadata of the same format.
 *
 * Context: Any; G held.
 */
void emd_disk_adopt(const struct emd_disk *disk, struct emd_config *t1, u16 row)
{
	lockdep_assert_held(&emd_registry_lock);
	if (t1->ops->adopt && disk->ops == t1->ops && disk->seen && !disk->seen->torn)
		t1->ops->adopt(t1, row, disk->seen);
}

/* The buffer may be contiguous to us alone. */
static void add_meta_pages(struct bio *bio, void *p, u32 len)
{
	bool scattered = is_vmalloc_addr(p);
	u32 n;

	if (scattered)
		flush_kernel_vmap_range(p, len);
	for (; len; p += n, len -= n) {
		n = scattered ? min_t(u32, len, PAGE_SIZE - offset_in_page(p)) : len;
		__bio_add_page(bio, scattered ? vmalloc_to_page(p) : virt_to_page(p), n,
			       offset_in_page(p));
	}
}

static void meta_end_io(struct bio *bio)
{
	struct emd_disk *disk = bio->bi_private;

	disk->meta_error = blk_status_to_errno(bio->bi_status);
	complete(&disk->meta_done);
}

/**
 * emd_disk_meta_start() - send one of the encoded writes, or a flush
 * @disk: claimed, ->meta_writes filled by encode
 * @idx: which write, or -1 for an empty flush
 *
 * Every metadata write is FUA; a barrier flushes what went before as well.
 * Wait with emd_disk_meta_wait(). One at a time per disk.
 *
 * Context: Process context, allocates nothing. C held or the disk is private.
 */
void emd_disk_meta_start(struct emd_disk *disk, int idx)
{
	const struct emd_meta_write *w = idx < 0 ? NULL : &disk->meta_writes.writes[idx];
	blk_opf_t opf = REQ_OP_WRITE | REQ_SYNC | REQ_META;

	if (!w)
		opf |= REQ_PREFLUSH;
	else
		opf |= REQ_FUA | (w->barrier ? REQ_PREFLUSH : 0);
	reinit_completion(&disk->meta_done);
	bio_init(&disk->meta_bio, disk->bdev, disk->meta_bvecs,
		 disk->meta_writes.buf_len / PAGE_SIZE + 1, opf);
	if (w) {
		trace_emd_meta_write(disk, w->offset, w->len);
		disk->meta_bio.bi_iter.bi_sector = w->offset >> SECTOR_SHIFT;
		add_meta_pages(&disk->meta_bio, disk->meta_writes.buf + w->buf_offset, w->len);
	}
	disk->meta_bio.bi_private = disk;
	disk->meta_bio.bi_end_io = meta_end_io;
	submit_bio(&disk->meta_bio);
}

/**
 * emd_disk_meta_wait() - wait for the write that was started
 * @disk: the disk
 *
 * Return: 0 or -errno of the device.
 * Context: Process context, sleeps.
 */
int emd_disk_meta_wait(struct emd_disk *disk)
{
	wait_for_completion_io(&disk->meta_done);
	bio_uninit(&disk->meta_bio);
	return disk->meta_error;
}
