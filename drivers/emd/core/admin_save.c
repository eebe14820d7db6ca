// SPDX-License-Identifier: GPL-2.0
/*
 * Save and restore: the metadata of one disk as bytes, out and back in.
 *
 * What a disk's metadata is made of, and in which order it is safe to be written,
 * its format says (->owned()). What is given back must be exactly that: the bytes
 * are read as if they were on the disk already, by the code that reads disks, and
 * must decode, for a disk of just this size and serial number. Then they are written
 * as they are, to all disks or none, and what is on the disks is what counts: the
 * scanner looks.
 *
 * Where a format has two copies the decoder is content with one, on a disk and here:
 * whoever saves what a power cut left is not refused, and gets the same back.
 *
 * Nothing of a container is known here or changed. A set that was saved while
 * nothing was written is a whole one; whoever saves takes care of that.
 *
 * Locks: G, while disks are borrowed and written.
 */
#include <linux/blkdev.h>
#include <linux/slab.h>

#include "admin.h"
#include "../emd.h"
#include "../log.h"

/* Somebody may write the disk between two looks at it. */
#define TRIES	4

/**
 * struct saved - bytes that stand for a disk
 * @regions: where they are
 * @nr: how many
 * @bytes: of all regions, one behind the other
 * @facts: of the disk
 */
struct saved {
	const struct emd_region *regions;
	u32 nr;
	const u8 *bytes;
	struct emd_meta_image facts;
};

/* What lies within one region can be read. */
static int read_saved(const void *from, struct emd_extent *ext)
{
	const struct saved *saved = from;
	const u8 *bytes = saved->bytes;
	u32 i;

	for (i = 0; i < saved->nr; i++) {
		u64 start = saved->regions[i].sector << SECTOR_SHIFT;
		u32 len = saved->regions[i].bytes;

		if (ext->offset >= start && ext->offset - start <= len &&
		    ext->len <= len - (ext->offset - start)) {
			memcpy(ext->data, bytes + (ext->offset - start), ext->len);
			return 0;
		}
		bytes += len;
	}
	return -ERANGE;
}

static bool same_places(const struct saved *saved, const struct emd_meta_writes *runs)
{
	u32 i;

	if (runs->nr != saved->nr)
		return false;
	for (i = 0; i < runs->nr; i++) {
		if (runs->writes[i].offset != saved->regions[i].sector << SECTOR_SHIFT ||
		    runs->writes[i].len != saved->regions[i].bytes)
			return false;
	}
	return true;
}

/*
 * What the bytes say, and where they belong: metadata that lists its own disk, everything
 * of it and nothing else, or a refusal.
 */
static struct emd_config *decode_saved(const struct emd_meta_ops *ops, const struct saved *saved,
				       struct emd_meta_writes *runs, struct emd_errmsg *msg)
{
	struct emd_meta_image *img;
	struct emd_config *cfg;
	int ret;

	/* It would speak of a disk. */
	img = emd_image_read(ops, &saved->facts, read_saved, saved, NULL);
	if (IS_ERR(img))
		return PTR_ERR(img) == -ENOMEM ? ERR_PTR(-ENOMEM) :
		       ERR_PTR(EMD_REFUSE(msg, -EUCLEAN, "the bytes are no whole metadata"));
	if (!img)
		return ERR_PTR(EMD_REFUSE(msg, -EUCLEAN, "the bytes are no %s metadata",
					  ops->name));
	cfg = ops->decode(img, msg);
	if (IS_ERR(cfg))
		goto out;
	ret = 0;
	if (cfg->self == EMD_NO_DISK)
		ret = EMD_REFUSE(msg, -EUCLEAN, "the metadata does not list its own disk");
	if (!ret && (ops->owned(img, runs) || !same_places(saved, runs)))
		ret = EMD_REFUSE(msg, -EUCLEAN, "the bytes are not all of the metadata, or not where %s has it",
				 ops->name);
	if (ret) {
		emd_config_free(cfg);
		cfg = ERR_PTR(ret);
	}
out:
	emd_image_free(img);
	return cfg;
}

/* Serial numbers travel as text: '?' stands for what cannot be printed, in files too. */
static char printed(char c)
{
	return !c || (c >= 0x20 && c <= 0x7e) ? c : '?';
}

static bool same_serial(const char *a, const char *b)
{
	for (; printed(*a) == printed(*b); a++, b++) {
		if (!*a)
			return true;
	}
	return false;
}

/* ---- save --------------------------------------------------------------------- */

/* Regions and their bytes, as the uAPI has them. For kvfree(). */
static int read_runs(const struct emd_probe *probe, const struct emd_meta_writes *runs, void **buf,
		     size_t *len)
{
	struct emd_region *regions;
	unsigned int i;
	int ret;

	*len = runs->nr * sizeof(*regions) + emd_places_len(runs);
	regions = kvzalloc(*len, GFP_KERNEL);
	if (!regions)
		return -ENOMEM;
	ret = emd_read_places(file_bdev(probe->file), runs, (u8 *)(regions + runs->nr));
	if (ret) {
		kvfree(regions);
		return ret;
	}
	for (i = 0; i < runs->nr; i++) {
		regions[i].sector = runs->writes[i].offset >> SECTOR_SHIFT;
		regions[i].bytes = runs->writes[i].len;
	}
	*buf = regions;
	return 0;
}

static int save_probed(const struct emd_probe *probe, struct emd_meta_writes *runs,
		       struct emd_save_arg *arg, void **buf, size_t *len, struct emd_errmsg *msg)
{
	struct saved saved = { .facts = { .disk_sectors = probe->nr_sectors,
					  .block_size = probe->block_size } };
	struct emd_config *cfg;
	char *c;
	int ret;

	if (!probe->ops)
		return EMD_REFUSE(msg, -ENOENT, "%s carries no metadata that emd knows",
				  probe->name);
	if (!probe->img || !probe->cfg || probe->cfg->torn)
		return EMD_REFUSE(msg, -EUCLEAN, "%s: %.200s", probe->name, probe->msg.text);
	ret = probe->ops->owned(probe->img, runs);
	if (ret)
		return EMD_REFUSE(msg, ret, "%s: cannot tell where its metadata is", probe->name);
	ret = read_runs(probe, runs, buf, len);
	if (ret)
		return EMD_REFUSE(msg, ret, "%s cannot be read (error %d)", probe->name, ret);

	/* What was read now must be what can be restored. */
	strscpy(saved.facts.serial, probe->serial, sizeof(saved.facts.serial));
	saved.regions = *buf;
	saved.nr = runs->nr;
	saved.bytes = (const u8 *)(saved.regions + saved.nr);
	cfg = decode_saved(probe->ops, &saved, runs, NULL);
	if (IS_ERR(cfg) || cfg->generation != probe->cfg->generation) {
		ret = IS_ERR(cfg) && PTR_ERR(cfg) == -ENOMEM ? -ENOMEM : -EAGAIN;
		kvfree(*buf);
		*buf = NULL;
	}
	if (!IS_ERR(cfg))
		emd_config_free(cfg);
	if (ret)
		return ret;

	arg->sectors = probe->nr_sectors;
	arg->block_size = probe->block_size;
	arg->generation = probe->cfg->generation;
	arg->nr_regions = runs->nr;
	memset(arg->serial, 0, sizeof(arg->serial));
	strscpy(arg->serial, probe->serial, sizeof(arg->serial));
	for (c = arg->serial; *c; c++)
		*c = printed(*c);
	memset(arg->format, 0, sizeof(arg->format));
	strscpy(arg->format, probe->ops->name, sizeof(arg->format));
	return 0;
}

/**
 * emd_admin_save() - the metadata of a disk as bytes
 * @adm: the command
 * @arg: names the disk; what is known of it is filled in
 * @buf: out: regions, then their bytes; for kvfree()
 * @len: out: bytes of both
 *
 * The disk is looked at as by examine: in use or not.
 *
 * Return: 0; -ENOENT without metadata; -EUCLEAN when it is damaged; -EAGAIN when it
 * keeps changing; -errno of the device.
 * Context: Process context, sleeps.
 */
int emd_admin_save(struct emd_admin *adm, struct emd_save_arg *arg, void **buf, size_t *len)
{
	dev_t devt = MKDEV(arg->major, arg->minor);
	struct emd_meta_writes *runs;
	struct emd_probe probe;
	int tries, ret;

	*buf = NULL;
	runs = kzalloc(sizeof(*runs), GFP_KERNEL);
	if (!runs)
		return -ENOMEM;
	for (tries = 0; tries < TRIES; tries++) {
		ret = emd_probe(devt, &probe);
		if (ret) {
			EMD_REFUSE(adm->msg, ret, "device %u:%u cannot be read (error %d)",
				   MAJOR(devt), MINOR(devt), ret);
			break;
		}
		ret = save_probed(&probe, runs, arg, buf, len, adm->msg);
		emd_probe_done(&probe);
		if (ret != -EAGAIN)
			break;
	}
	kfree(runs);
	if (ret == -EAGAIN)
		EMD_REFUSE(adm->msg, ret, "the metadata keeps changing");
	return ret;
}

/* ---- restore -------------------------------------------------------------------- */

static int check_disk(const struct emd_disk *disk, const struct emd_meta_ops *ops,
		      const struct saved *saved, struct emd_errmsg *msg)
{
	if (!same_serial(disk->serial, saved->facts.serial))
		return EMD_REFUSE(msg, -EINVAL, "%s has the serial number %s, this is of %s",
				  disk->name, disk->serial, saved->facts.serial);
	if (disk->nr_sectors != saved->facts.disk_sectors ||
	    disk->block_size != saved->facts.block_size)
		return EMD_REFUSE(msg, -EINVAL,
				  "%s has %llu sectors in blocks of %u bytes, this is of one with %llu and %u",
				  disk->name, disk->nr_sectors, disk->block_size,
				  saved->facts.disk_sectors, saved->facts.block_size);
	if (ops->whole_disks_only && bdev_is_partition(disk->bdev))
		return EMD_REFUSE(msg, -EINVAL, "%s is a partition, %s is for whole disks",
				  disk->name, ops->name);
	return 0;
}

/* A table may be anywhere by what it says itself: not where the disk has its data. */
static int check_places(const struct emd_disk *disk, const struct emd_meta_ops *ops,
			const struct emd_meta_writes *writes, struct emd_errmsg *msg)
{
	u64 offset;
	u32 i;

	for (i = 0; ops->tail_sectors && i < writes->nr; i++) {
		offset = writes->writes[i].offset >> SECTOR_SHIFT;
		if (offset + ops->tail_sectors < disk->nr_sectors)
			return EMD_REFUSE(msg, -EEXIST,
					  "%s metadata at sector %llu of %llu, farther from the end than any is known to be; --force writes it there",
					  ops->name, offset, disk->nr_sectors);
	}
	return 0;
}

/* Another driver's arrays are not to be lost unasked either. */
static int check_foreign(const struct emd_disk *disk, struct emd_errmsg *msg)
{
	const struct emd_probe probe = {
		.file = disk->file, .nr_sectors = disk->nr_sectors,
		.block_size = disk->block_size,
	};
	const char *name = emd_probe_foreign(&probe);

	return name ? EMD_REFUSE(msg, -EEXIST, "%s carries %s metadata, --force overwrites it",
				 disk->name, name) : 0;
}

/* What would be overwritten is the same, older, or named by --force. */
static int may_overwrite(const struct emd_disk *disk, const struct emd_config *cfg, bool force,
			 struct emd_errmsg *msg)
{
	const struct emd_config *seen = disk->seen;

	if (!disk->ops)
		return force ? 0 : check_foreign(disk, msg);
	if (disk->ops != cfg->ops)
		return EMD_REFUSE(msg, -EEXIST, "%s carries %s metadata, erase it first", disk->name,
				  disk->ops->name);
	if (force)
		return 0;
	if (!seen || seen->torn)
		return EMD_REFUSE(msg, -EEXIST,
				  "the metadata on %s is damaged, --force overwrites it",
				  disk->name);
	if (memcmp(seen->uuid, cfg->uuid, sizeof(cfg->uuid)))
		return EMD_REFUSE(msg, -EEXIST,
				  "%s carries metadata of another container, --force overwrites it",
				  disk->name);
	if (seen->generation > cfg->generation)
		return EMD_REFUSE(msg, -EEXIST,
				  "the metadata on %s is newer (generation %llu, saved was %llu), --force overwrites it",
				  disk->name, seen->generation, cfg->generation);
	if (seen->generation == cfg->generation &&
	    (seen->native_len != cfg->native_len ||
	     memcmp(seen->native, cfg->native, cfg->native_len)))
		return EMD_REFUSE(msg, -EEXIST,
				  "the metadata on %s differs and is not older, --force overwrites it",
				  disk->name);
	return 0;
}

/* Checks, and fills in the disk's writes. */
static int lay_out_saved(struct emd_admin *adm, struct emd_disk *disk,
			 const struct emd_meta_ops *ops, struct saved *saved, u32 len,
			 bool force)
{
	struct emd_config *cfg;
	int ret;

	ret = check_disk(disk, ops, saved, adm->msg);
	if (ret)
		return ret;
	/* By which the metadata knows it, byte by byte. */
	strscpy(saved->facts.serial, disk->serial, sizeof(saved->facts.serial));
	ret = emd_disk_reserve(disk, len);
	if (ret)
		return ret;
	cfg = decode_saved(ops, saved, &disk->meta_writes, adm->msg);
	if (IS_ERR(cfg))
		return PTR_ERR(cfg);
	ret = may_overwrite(disk, cfg, force, adm->msg);
	emd_config_free(cfg);
	if (!ret && !force)
		ret = check_places(disk, ops, &disk->meta_writes, adm->msg);
	if (!ret)
		memcpy(disk->meta_writes.buf, saved->bytes, len);
	return ret;
}

/* Borrows the disk, and checks and lays out what it is to get. */
static int prepare_restore(struct emd_admin *adm, struct emd_rewrite *rewrite,
			   const struct emd_restore_disk *arg, const struct emd_region *regions,
			   bool force)
{
	const struct emd_meta_ops *ops = emd_format_find(arg->format);
	struct saved saved = {
		.regions = regions, .nr = arg->nr_regions,
		.bytes = (const u8 *)(regions + arg->nr_regions),
		.facts = { .disk_sectors = arg->sectors, .block_size = arg->block_size },
	};
	u32 len = arg->buf_len - arg->nr_regions * sizeof(*regions);
	struct emd_disk *disk;
	int ret;

	if (!ops)
		return EMD_REFUSE(adm->msg, -EOPNOTSUPP, "format \"%s\" is not known",
				  arg->format);
	if (emd_format_ignored(ops))
		return EMD_REFUSE(adm->msg, -EOPNOTSUPP, "format %s is ignored, by parameter",
				  ops->name);
	strscpy(saved.facts.serial, arg->serial, sizeof(saved.facts.serial));
	disk = emd_borrow_disk(adm, MKDEV(arg->major, arg->minor));
	if (IS_ERR(disk))
		return PTR_ERR(disk);
	rewrite->disk = disk;
	ret = lay_out_saved(adm, disk, ops, &saved, len, force);
	if (ret)
		return ret;
	if (dry_run(adm))
		emd_plan_writes(&disk->meta_writes, adm->plan, "restore the %s metadata of %s",
				ops->name, disk->name);
	ret = emd_rewrite_keep(rewrite, adm->msg);
	if (!ret || (force && ret != -ENOMEM))
		return 0;
	return EMD_REFUSE(adm->msg, ret,
			  "%s: what is there cannot be read (error %d), --force writes without a way back",
			  disk->name, ret);
}

/**
 * emd_admin_restore() - give disks the metadata back that was saved of them
 * @adm: the command; EMD_F_FORCE also over what is newer or another's, and to places
 *	where metadata is not expected
 * @args: which disks, none twice, and of which the bytes are
 * @regions: for each of @args its regions, and behind them the bytes of all
 * @nr: how many
 *
 * Return: 0; -EBUSY when a disk is in use; -EINVAL when it is not the one that was
 * saved; -EUCLEAN when the bytes are no metadata, or not all of it; -EEXIST when what is there
 * is not to be overwritten; -EIO when a disk refused a write: then all have what they had,
 * or the reason names those that have not.
 * Context: Process context, sleeps. Takes G.
 */
int emd_admin_restore(struct emd_admin *adm, const struct emd_restore_disk *args,
		      struct emd_region *const *regions, unsigned int nr)
{
	struct emd_rewrite *rewrites = kvcalloc(nr, sizeof(*rewrites), GFP_KERNEL);
	bool force = adm->flags & EMD_F_FORCE;
	unsigned int i, noio;
	int ret = 0;

	if (!rewrites)
		return -ENOMEM;
	noio = emd_lock_registry();
	adm->flags |= EMD_F_FORCE;	/* what they carry is judged here, and otherwise */
	for (i = 0; i < nr && !ret; i++)
		ret = prepare_restore(adm, &rewrites[i], &args[i], regions[i], force);
	if (!ret && !dry_run(adm))
		ret = emd_rewrite_disks(rewrites, nr, adm->msg);
	for (i = 0; i < nr && rewrites[i].disk; i++) {
		if (!ret && !dry_run(adm))
			emd_event(EMD_EVENT_DISK, "restored", NULL, NULL, -1, rewrites[i].disk,
				  "%s got saved metadata back", rewrites[i].disk->name);
		emd_give_back_disk(rewrites[i].disk);
		kvfree(rewrites[i].before);
	}
	emd_unlock_registry(noio);
	kvfree(rewrites);
	return ret;
}
