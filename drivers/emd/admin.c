// SPDX-License-Identifier: GPL-2.0
/*
 * What commands do: each takes its locks, checks, and changes the config by a
 * transaction or not at all.
 *
 * A command returns when what it asked for has happened; background work that
 * it sets off goes on behind it. A refusal says why in adm->msg. With
 * EMD_F_DRY_RUN everything is checked, nothing is done, and adm->msg says what
 * would be.
 *
 * Locks: G, then C. Where an io waits for a commit (-EAGAIN of a quiesce) the
 * command lets the worker have its turn and looks at everything again.
 */
#include <linux/blkdev.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "core.h"
#include "emd.h"
#include "log.h"

#define PLAN(adm, fmt, ...) \
	snprintf((adm)->msg->text, sizeof((adm)->msg->text), fmt, ##__VA_ARGS__)

static bool dry_run(const struct emd_admin *adm)
{
	return adm->flags & EMD_F_DRY_RUN;
}

/* ---- finding things ---------------------------------------------------------- */

static struct emd_container *container_by_id(u64 id)
{
	struct emd_container *container;

	lockdep_assert_held(&emd_registry_lock);
	list_for_each_entry(container, &emd_containers, node) {
		if (container->id == id)
			return container;
	}
	return NULL;
}

/* The array and, locked, its container. */
static struct emd_array *lock_array(u64 id, unsigned int *noio_c, struct emd_errmsg *msg)
{
	struct emd_container *container;
	struct emd_array *array;

	lockdep_assert_held(&emd_registry_lock);
	list_for_each_entry(container, &emd_containers, node) {
		*noio_c = emd_lock_container(container);
		list_for_each_entry(array, &container->arrays, node) {
			if (array->id == id)
				return array;
		}
		emd_unlock_container(container, *noio_c);
	}
	EMD_REFUSE(msg, -ENOENT, "no such array");
	return NULL;
}

static int must_be_writable(const struct emd_container *container, struct emd_errmsg *msg)
{
	if (container->state != EMD_CONTAINER_ASSEMBLED)
		return EMD_REFUSE(msg, -EINVAL, "%s is not assembled", container->name);
	if (container->read_only)
		return EMD_REFUSE(msg, -EROFS, "%s is assembled read-only", container->name);
	return 0;
}

static int must_run(const struct emd_array *array, struct emd_errmsg *msg)
{
	if (!array->gd)
		return EMD_REFUSE(msg, -EINVAL, "%s is not started", array->name);
	if (array->read_only)
		return EMD_REFUSE(msg, -EROFS, "%s is read-only%s%s", array->name,
				  array->reason[0] ? ": " : "", array->reason);
	return 0;
}

/* ---- scan, assemble, stop ------------------------------------------------------ */

/**
 * emd_admin_scan() - look at all block devices again
 * @adm: the command
 *
 * Return: 0.
 */
int emd_admin_scan(struct emd_admin *adm)
{
	if (dry_run(adm))
		PLAN(adm, "would look at all block devices again");
	else
		emd_scan_all(true);
	return 0;
}

/**
 * emd_admin_assemble() - assemble a container or, with EMD_F_ALL, all of them
 * @adm: the command; EMD_F_DEGRADED, EMD_F_FORCE, EMD_F_READ_ONLY
 * @container_id: which, 0 with EMD_F_ALL
 *
 * Return: 0; for one container the reason it cannot be; for all, the first.
 */
int emd_admin_assemble(struct emd_admin *adm, u64 container_id)
{
	struct emd_container *container;
	unsigned int noio = emd_lock_registry();
	bool found = false;
	int ret = 0;

	list_for_each_entry(container, &emd_containers, node) {
		u32 flags = adm->flags & ~EMD_F_ALL;
		int err;

		if (container_id ? container->id != container_id :
		    emd_uuid_is_zero(container->uuid))
			continue;
		found = true;
		if (dry_run(adm)) {
			PLAN(adm, "would assemble %s", container->name);
			continue;
		}
		err = emd_container_assemble(container, flags, adm->msg);
		/* Trying again does not help: the reason is in the message. */
		ret = ret ?: (err == -EAGAIN ? -ENODEV : err);
	}
	emd_unlock_registry(noio);
	if (!found && container_id)
		return EMD_REFUSE(adm->msg, -ENOENT, "no such container");
	return ret;
}

static int stop_array(struct emd_admin *adm, u64 array_id)
{
	struct emd_container *container;
	struct emd_array *array;
	unsigned int noio_c;
	int ret;

	do {
		array = lock_array(array_id, &noio_c, adm->msg);
		if (!array)
			return -ENOENT;
		container = array->container;
		if (dry_run(adm)) {
			PLAN(adm, "would stop %s (%s)", emd_array_dev_name(array), array->name);
			emd_unlock_container(container, noio_c);
			return 0;
		}
		kref_get(&array->ref);
		ret = emd_array_begin_stop(array, adm->msg);
		if (ret == -EAGAIN && emd_container_settle(container, &noio_c))
			ret = -EINTR;
		emd_unlock_container(container, noio_c);
		if (!ret)
			emd_array_finish_stop(array);
		emd_array_put(array);
	} while (ret == -EAGAIN);
	return ret;
}

/**
 * emd_admin_stop() - stop an array, a container or, with EMD_F_ALL, everything
 * @adm: the command
 * @container_id: container, or 0
 * @array_id: array, or 0
 *
 * Return: 0; -EBUSY when in use.
 */
int emd_admin_stop(struct emd_admin *adm, u64 container_id, u64 array_id)
{
	struct emd_container *container, *tmp;
	unsigned int noio = emd_lock_registry();
	bool found = false;
	int ret = 0;

	if (array_id) {
		ret = stop_array(adm, array_id);
		goto out;
	}
	list_for_each_entry_safe(container, tmp, &emd_containers, node) {
		int err;

		if (container_id && container->id != container_id)
			continue;
		if (!container_id && container->state != EMD_CONTAINER_ASSEMBLED)
			continue;
		found = true;
		if (dry_run(adm)) {
			PLAN(adm, "would stop %s and release its disks", container->name);
			continue;
		}
		err = emd_container_stop(container, adm->msg);
		ret = ret ?: err;
	}
	if (!found && container_id)
		ret = EMD_REFUSE(adm->msg, -ENOENT, "no such container");
out:
	emd_unlock_registry(noio);
	return ret;
}

/* ---- taking bare disks -------------------------------------------------------------- */

/*
 * Find or make the disk object for a device that a command names, not part of
 * any container with arrays, and claim it.
 * Return: the disk with a reference and claimed, or ERR_PTR.
 */
static struct emd_disk *take_bare_disk(struct emd_admin *adm, dev_t devt)
{
	struct emd_container *container;
	struct emd_probe probe;
	struct emd_disk *disk;
	unsigned int noio_c;
	int ret;

	lockdep_assert_held(&emd_registry_lock);
	disk = emd_disk_get_by_dev(devt);
	if (disk && disk->file) {
		ret = EMD_REFUSE(adm->msg, -EBUSY, "%s already belongs to %s, remove it there first", disk->name,
				 disk->container ? disk->container->name : "an array");
		goto put;
	}
	if (disk && disk->seen && (disk->seen->nr_arrays || disk->seen->torn) &&
	    !(adm->flags & EMD_F_FORCE) &&
	    disk->verdict != EMD_VERDICT_STALE) {
		ret = EMD_REFUSE(adm->msg, -EEXIST,
				 "%s carries %s metadata of another array; erase it first, or --force",
				 disk->name, disk->ops->name);
		goto put;
	}
	if (!disk) {
		ret = emd_probe(devt, &probe);
		if (ret)
			return ERR_PTR(EMD_REFUSE(adm->msg, ret, "disk cannot be opened (error %d)",
						  ret));
		disk = emd_disk_create(&probe);
		emd_probe_done(&probe);
		if (!disk)
			return ERR_PTR(EMD_REFUSE(adm->msg, -ENOMEM, "out of memory"));
		kref_get(&disk->ref);
	}
	ret = emd_disk_claim(disk, false, adm->msg);
	if (ret)
		goto put;
	container = disk->container;
	if (container) {
		struct file *claim = disk->file;

		/* Leaves where it was with its claim. */
		kref_get(&container->ref);
		noio_c = emd_lock_container(container);
		disk->file = NULL;
		emd_container_drop_disk(container, disk);
		disk->file = claim;
		emd_unlock_container(container, noio_c);
		emd_container_reap(container);
		emd_container_put(container);
	}
	return disk;
put:
	emd_disk_put(disk);
	return ERR_PTR(ret);
}

/* A command failed: the disk is as if it had never been named. */
static void give_back_disk(struct emd_disk *disk)
{
	lockdep_assert_held(&emd_registry_lock);
	emd_disk_release(disk);
	list_del_init(&disk->node);
	emd_disk_put(disk);	/* the registry's */
	emd_disk_put(disk);	/* take_bare_disk()'s */
}

/* ---- create --------------------------------------------------------------------------- */

static int fill_args(struct emd_admin *adm, const struct emd_create_arg *arg,
		     struct emd_create_args *args)
{
	memset(args, 0, sizeof(*args));
	args->level = arg->level;
	args->layout = arg->layout;
	args->strip_sectors = arg->strip_sectors;
	args->array_sectors = arg->size_sectors;
	args->clean = arg->init == EMD_INIT_NONE;
	args->force = adm->flags & EMD_F_FORCE;
	if (strscpy(args->name, arg->name, sizeof(args->name)) <= 0)
		return EMD_REFUSE(adm->msg, -EINVAL, "an array needs a name");
	return 0;
}

/* Which rows are the members, in slot order? */
static int choose_rows(struct emd_admin *adm, struct emd_container *container,
		       const struct emd_create_arg *arg, const dev_t *devs,
		       struct emd_create_args *args)
{
	const struct emd_config *cfg = emd_container_config(container);
	unsigned int i;
	u16 row;

	if (!arg->nr_disks) {
		/* The disks of the first array in its order, else all, in theirs. */
		if (cfg->nr_arrays) {
			for (i = 0; i < cfg->arrays[0].geo.nr_members; i++)
				args->disks[args->nr_disks++] =
					emd_config_member(cfg, &cfg->arrays[0], i)->disk;
			return 0;
		}
		for (row = 0; row < cfg->nr_disks && row < EMD_MAX_MEMBERS; row++)
			args->disks[args->nr_disks++] = row;
		return 0;
	}
	for (i = 0; i < arg->nr_disks; i++) {
		struct emd_disk *disk = emd_disk_get_by_dev(devs[i]);
		const struct emd_config_disk *cd = NULL;

		if (disk && disk->container == container)
			cd = emd_config_find_disk(cfg, disk->id);
		emd_disk_put(disk);
		if (!cd)
			return EMD_REFUSE(adm->msg, -EINVAL, "disk %u:%u is not in %s",
					  MAJOR(devs[i]), MINOR(devs[i]), container->name);
		args->disks[args->nr_disks++] = cd - cfg->disks;
	}
	return 0;
}

/*
 * Done without locks: each disk is opened once more by the same holder, so that
 * it stays open when its member is lost meanwhile.
 */
static int zero_members(struct emd_container *container, struct emd_array *array,
			unsigned int *noio, struct emd_errmsg *msg)
{
	struct {
		struct file *file;
		u64 start, nr;
	} *todo;
	unsigned int noio_c, nr = 0;
	int ret = 0;
	u16 slot;

	todo = kcalloc(array->geo.nr_members, sizeof(*todo), GFP_KERNEL);
	if (!todo)
		return EMD_REFUSE(msg, -ENOMEM, "out of memory");
	noio_c = emd_lock_container(container);
	for (slot = 0; slot < array->geo.nr_members && !ret; slot++) {
		struct emd_member *member = &array->members[slot];

		if (!member->disk)
			continue;
		todo[nr].file = emd_disk_reopen(member->disk);
		if (IS_ERR(todo[nr].file)) {
			ret = PTR_ERR(todo[nr].file);
			break;
		}
		todo[nr].start = member->start_sector;
		todo[nr].nr = member->nr_sectors;
		nr++;
	}
	emd_unlock_container(container, noio_c);

	/* Keeps stop and delete away while the locks are not held. */
	atomic_inc(&array->nr_openers);
	emd_unlock_registry(*noio);
	for (slot = 0; slot < nr; slot++) {
		struct block_device *bdev = file_bdev(todo[slot].file);

		if (!ret)
			ret = blkdev_issue_zeroout(bdev, todo[slot].start, todo[slot].nr,
						   GFP_NOIO, 0);
		if (!ret)
			ret = blkdev_issue_flush(bdev);
		bdev_fput(todo[slot].file);
	}
	*noio = emd_lock_registry();
	atomic_dec(&array->nr_openers);
	kfree(todo);
	if (ret)
		EMD_REFUSE(msg, ret, "cannot write zeroes to all members (error %d)", ret);
	return ret;
}

/*
 * Add the array to a container. All of its runtime exists before a byte of
 * metadata is written. C held; on success *out is started, not published.
 */
static int create_in(struct emd_admin *adm, struct emd_container *container,
		     const struct emd_create_arg *arg, const dev_t *devs,
		     struct emd_array **out)
{
	struct emd_config_room extra = {};
	struct emd_config_array *ca;
	struct emd_create_args *args;
	struct emd_transaction txn;
	struct emd_array *array;
	int ret;

	args = kzalloc(sizeof(*args), GFP_KERNEL);
	if (!args)
		return EMD_REFUSE(adm->msg, -ENOMEM, "out of memory");
	ret = fill_args(adm, arg, args);
	if (!ret)
		ret = choose_rows(adm, container, arg, devs, args);
	if (ret)
		goto out_args;
	extra.arrays = 1;
	extra.members = args->nr_disks;
	ret = emd_txn_begin_room(&txn, container, &extra, adm->msg);
	if (ret)
		goto out_args;
	/* Zeroed members agree: no resync once that is done. */
	ret = container->ops->place_array(txn.t1, args, adm->msg);
	if (!ret)
		ret = emd_txn_check(&txn);
	if (ret)
		goto abort;
	if (emd_uuid_is_zero(container->uuid))
		emd_container_set_identity(container, txn.t1->uuid);
	ca = &txn.t1->arrays[txn.t1->nr_arrays - 1];
	if (dry_run(adm)) {
		PLAN(adm, "would create %s \"%s\" with %u members, %llu sectors, strip %u sectors, at sector %llu of each disk, in %s",
		     emd_levels[ca->geo.level].name, ca->name, ca->geo.nr_members,
		     ca->geo.array_sectors, ca->geo.strip_sectors,
		     emd_config_member(txn.t1, ca, 0)->start_sector, container->name);
		goto abort;
	}
	array = emd_array_create(container, txn.t1, ca, adm->msg);
	if (IS_ERR(array)) {
		ret = PTR_ERR(array);
		goto abort;
	}
	ca->handle = array->id;
	if (array->engine) {
		ret = emd_array_start(array, txn.t1, false, adm->msg);
		if (ret)
			goto drop_array;
	}
	/* Not shown before it is wholly there. */
	array->published = true;
	ret = emd_txn_write(&txn);
	if (ret)
		goto unstart;
	emd_txn_switch(&txn);
	/* A container that had lost its last array is a new one with this one. */
	if (memcmp(container->uuid, emd_container_config(container)->uuid,
		   sizeof(container->uuid)))
		emd_container_set_identity(container, emd_container_config(container)->uuid);
	kref_get(&array->ref);
	*out = array;
	kfree(args);
	return 0;

unstart:
	if (array->gd)
		emd_array_unstart(array);
drop_array:
	list_del_init(&array->node);
	emd_array_put(array);
abort:
	emd_txn_abort(&txn);
out_args:
	kfree(args);
	return ret;
}

/* Bare disks become a container: in memory only, until its first array is written. */
static struct emd_container *new_container(struct emd_admin *adm, const struct emd_create_arg *arg,
					   const dev_t *devs)
{
	const struct emd_meta_ops *ops = emd_format_find(arg->format);
	struct emd_container *container = NULL;
	struct emd_disk **disks;
	struct emd_config *cfg;
	unsigned int nr = 0, i;
	unsigned int noio_c;
	int ret = 0;

	if (!ops)
		return ERR_PTR(EMD_REFUSE(adm->msg, -EOPNOTSUPP, "format \"%s\" is not known",
					  arg->format));
	if (!arg->nr_disks)
		return ERR_PTR(EMD_REFUSE(adm->msg, -EINVAL, "no disks named"));
	disks = kcalloc(arg->nr_disks, sizeof(*disks), GFP_KERNEL);
	if (!disks)
		return ERR_PTR(EMD_REFUSE(adm->msg, -ENOMEM, "out of memory"));
	for (nr = 0; nr < arg->nr_disks; nr++) {
		disks[nr] = take_bare_disk(adm, devs[nr]);
		if (IS_ERR(disks[nr])) {
			ret = PTR_ERR(disks[nr]);
			goto give_back;
		}
		if (disks[nr]->block_size != disks[0]->block_size) {
			ret = EMD_REFUSE(adm->msg, -EINVAL,
					 "%s has %u-byte sectors, %s has %u: not in one container",
					 disks[nr]->name, disks[nr]->block_size, disks[0]->name,
					 disks[0]->block_size);
			nr++;
			goto give_back;
		}
	}
	cfg = ops->new_container(nr, disks[0]->block_size, get_random_u64(),
				 ktime_get_real_seconds(), adm->msg);
	if (IS_ERR(cfg)) {
		ret = PTR_ERR(cfg);
		goto give_back;
	}
	for (i = 0; i < nr; i++) {
		struct emd_config_disk row = {};

		ret = ops->new_disk(disks[i]->serial, disks[i]->nr_sectors, disks[i]->block_size,
				    &row, adm->msg);
		if (ret)
			goto free_cfg;
		row.handle = disks[i]->id;
		ret = emd_change_add_disk(cfg, &row);
		if (ret < 0) {
			EMD_REFUSE(adm->msg, ret, "%s: another disk has the same serial number %s",
				   disks[i]->name, row.id);
			goto free_cfg;
		}
	}
	container = emd_container_create(ops, cfg->uuid);
	if (!container) {
		ret = EMD_REFUSE(adm->msg, -ENOMEM, "out of memory");
		goto free_cfg;
	}
	noio_c = emd_lock_container(container);
	for (i = 0; i < nr; i++)
		emd_container_add_disk(container, disks[i]);
	ret = emd_container_set_first_config(container, cfg);
	if (ret) {
		EMD_REFUSE(adm->msg, ret, "out of memory");
		for (i = 0; i < nr; i++) {
			list_del_init(&disks[i]->container_node);
			emd_disk_set_container(disks[i], NULL);
			emd_disk_put(disks[i]);
		}
		emd_unlock_container(container, noio_c);
		emd_container_reap(container);
		goto free_cfg;
	}
	emd_container_set_state(container, EMD_CONTAINER_ASSEMBLED, "");
	emd_unlock_container(container, noio_c);
	for (i = 0; i < nr; i++)
		emd_disk_put(disks[i]);
	kfree(disks);
	return container;

free_cfg:
	emd_config_free(cfg);
give_back:
	while (nr--)
		give_back_disk(disks[nr]);
	kfree(disks);
	return ERR_PTR(ret);
}

/* The new container's first array was refused: nothing of it was written. */
static void forget_container(struct emd_container *container)
{
	struct emd_disk *disk, *tmp;
	unsigned int noio_c = emd_lock_container(container);

	emd_container_set_state(container, EMD_CONTAINER_STOPPED, "never written");
	list_for_each_entry_safe(disk, tmp, &container->disks, container_node) {
		emd_container_drop_disk(container, disk);
		list_del_init(&disk->node);
		emd_disk_put(disk);
	}
	emd_unlock_container(container, noio_c);
	emd_container_reap(container);
}

/* Everything is written; zeroes if asked for, then the world may see it. */
static int finish_create(struct emd_admin *adm, struct emd_container *container,
			 struct emd_array *array, u32 init, unsigned int *noio)
{
	struct emd_config_array *ca;
	struct emd_transaction txn;
	unsigned int noio_c;
	int ret = 0;

	if (!array->gd)
		return 0;	/* level without an engine: on disk, not started */
	if (init == EMD_INIT_ZERO) {
		ret = zero_members(container, array, noio, adm->msg);
		noio_c = emd_lock_container(container);
		if (!ret && array->has_dirty_mark) {
			emd_txn_begin(&txn, container, adm->msg);
			ca = emd_config_find_array(txn.t1, array->id);
			ca->initialised = true;
			emd_change_dirty(txn.t1, ca, false);
			ret = emd_txn_check(&txn);
			if (!ret)
				ret = emd_txn_write(&txn);
			if (!ret) {
				emd_txn_switch(&txn);
				array->needs_resync = false;
				WRITE_ONCE(array->resync_sector, U64_MAX);
			}
		}
		emd_unlock_container(container, noio_c);
	}
	noio_c = emd_lock_container(container);
	array->published = false;
	emd_unlock_container(container, noio_c);
	emd_container_publish_arrays(container);

	noio_c = emd_lock_container(container);
	if (array->gd && array->needs_resync)
		emd_array_touch(array);
	emd_unlock_container(container, noio_c);
	emd_event(EMD_EVENT_ARRAY, "created", container, array, -1, NULL, "%s created",
		  array->name);
	return ret;
}

/**
 * emd_admin_create() - a new array, in a container or with one
 * @adm: the command
 * @arg: checked for ranges by the caller; array_id, major and minor are set
 * @devs: @arg->nr_disks devices in slot order
 *
 * Return: 0 when the device is there, or -errno with nothing changed.
 */
int emd_admin_create(struct emd_admin *adm, struct emd_create_arg *arg, const dev_t *devs)
{
	struct emd_container *container;
	struct emd_array *array = NULL;
	unsigned int noio, noio_c, i;
	int ret;

	noio = emd_lock_registry();
	if (arg->container_id) {
		container = container_by_id(arg->container_id);
		if (!container) {
			ret = EMD_REFUSE(adm->msg, -ENOENT, "no such container");
			goto out;
		}
		if (arg->format[0] && strcmp(arg->format, container->ops->name)) {
			ret = EMD_REFUSE(adm->msg, -EINVAL, "%s is of format %s, not %s",
					 container->name, container->ops->name, arg->format);
			goto out;
		}
	} else {
		container = new_container(adm, arg, devs);
		if (IS_ERR(container)) {
			ret = PTR_ERR(container);
			goto out;
		}
	}
	kref_get(&container->ref);
	noio_c = emd_lock_container(container);
	ret = must_be_writable(container, adm->msg);
	if (!ret)
		ret = create_in(adm, container, arg, devs, &array);
	emd_unlock_container(container, noio_c);
	if (!arg->container_id && !array)
		forget_container(container);
	if (array) {
		arg->array_id = array->id;
		ret = finish_create(adm, container, array, arg->init, &noio);
		if (array->gd) {
			arg->array_major = MAJOR(disk_devt(array->gd));
			arg->array_minor = MINOR(disk_devt(array->gd));
		}
		emd_array_put(array);
	}
	emd_container_put(container);
out:
	emd_unlock_registry(noio);
	/* Refused or only planned: they are again what they were. */
	for (i = 0; !array && !arg->container_id && i < arg->nr_disks; i++)
		emd_scan_dev(devs[i]);
	return ret;
}

/* ---- delete, erase ------------------------------------------------------------------------ */

static int delete_locked(struct emd_admin *adm, struct emd_container *container,
			 struct emd_array *array)
{
	const struct emd_config_array *ca;
	struct emd_transaction txn;
	int ret;

	ret = must_be_writable(container, adm->msg);
	if (ret)
		return ret;
	emd_txn_begin(&txn, container, adm->msg);
	txn.administrative = true;
	ca = emd_config_find_array(txn.t1, array->id);
	if (!ca)
		return EMD_REFUSE(adm->msg, -ENOENT, "%s is not in the metadata", array->name);
	emd_change_delete_array(txn.t1, ca - txn.t1->arrays);
	ret = emd_txn_check(&txn);
	if (ret)
		return ret;
	if (dry_run(adm)) {
		PLAN(adm, "would delete \"%s\" and write %s without it", array->name,
		     container->name);
		return 0;
	}
	ret = emd_array_begin_stop(array, adm->msg);
	if (ret)
		return ret;
	/* Stopping may have marked it clean: begin again from what is now true. */
	emd_txn_begin(&txn, container, adm->msg);
	txn.administrative = true;
	ca = emd_config_find_array(txn.t1, array->id);
	emd_change_delete_array(txn.t1, ca - txn.t1->arrays);
	ret = emd_txn_check(&txn);
	if (!ret)
		ret = emd_txn_write(&txn);
	if (ret) {
		emd_array_cancel_stop(array);
		return ret;
	}
	emd_txn_switch(&txn);
	return 1;
}

/**
 * emd_admin_delete() - remove an array from its container's metadata
 * @adm: the command
 * @array_id: which; must not be in use
 *
 * Return: 0 or -errno with nothing changed.
 */
int emd_admin_delete(struct emd_admin *adm, u64 array_id)
{
	struct emd_container *container;
	struct emd_array *array;
	unsigned int noio = emd_lock_registry(), noio_c;
	int ret;

	do {
		array = lock_array(array_id, &noio_c, adm->msg);
		if (!array) {
			ret = -ENOENT;
			break;
		}
		container = array->container;
		kref_get(&array->ref);
		kref_get(&container->ref);
		ret = delete_locked(adm, container, array);
		if (ret == -EAGAIN && emd_container_settle(container, &noio_c))
			ret = -EINTR;
		emd_unlock_container(container, noio_c);
		if (ret == 1) {
			emd_event(EMD_EVENT_ARRAY, "deleted", container, array, -1, NULL,
				  "%s deleted", array->name);
			emd_array_finish_stop(array);
			ret = 0;
		}
		emd_array_put(array);
		emd_container_put(container);
	} while (ret == -EAGAIN);
	emd_unlock_registry(noio);
	return ret;
}

/**
 * emd_admin_erase() - remove all metadata from a disk that nobody uses
 * @adm: the command
 * @devt: the disk
 *
 * Return: 0; -ENOENT when there is none; -EBUSY when in use.
 */
int emd_admin_erase(struct emd_admin *adm, dev_t devt)
{
	struct emd_meta_image *bare = NULL;
	const struct emd_meta_image *img;
	const struct emd_meta_ops *ops;
	struct emd_disk *disk;
	unsigned int noio = emd_lock_registry();
	unsigned int i;
	int ret;

	adm->flags |= EMD_F_FORCE;	/* that it carries metadata is the point */
	disk = take_bare_disk(adm, devt);
	if (IS_ERR(disk)) {
		ret = PTR_ERR(disk);
		goto out;
	}
	ops = disk->ops;
	if (!ops) {
		ret = EMD_REFUSE(adm->msg, -ENOENT, "%s carries no metadata that emd knows",
				 disk->name);
		goto give_back;
	}
	img = disk->img;
	if (!img) {
		/* Damaged: where it lies follows from the disk's size alone. */
		bare = kzalloc(sizeof(*bare), GFP_KERNEL);
		if (!bare) {
			ret = -ENOMEM;
			goto give_back;
		}
		bare->disk_sectors = disk->nr_sectors;
		bare->block_size = disk->block_size;
		img = bare;
	}
	ret = emd_disk_reserve(disk, EMD_IMAGE_MAX_BYTES / 4);
	if (!ret)
		ret = ops->erase(img, &disk->meta_writes);
	if (ret) {
		EMD_REFUSE(adm->msg, ret, "%s: cannot lay out the erasure", disk->name);
		goto give_back;
	}
	if (dry_run(adm)) {
		PLAN(adm, "would erase the %s metadata of %s in %u writes", ops->name, disk->name,
		     disk->meta_writes.nr);
		goto give_back;
	}
	for (i = 0; i < disk->meta_writes.nr && !ret; i++) {
		emd_disk_meta_start(disk, i);
		ret = emd_disk_meta_wait(disk);
	}
	if (ret)
		EMD_REFUSE(adm->msg, ret, "%s refused the write (error %d)", disk->name, ret);
	else
		emd_event(EMD_EVENT_DISK, "erased", NULL, NULL, -1, disk, "%s erased", disk->name);
give_back:
	kfree(bare);
	give_back_disk(disk);
out:
	emd_unlock_registry(noio);
	/* What is on it now is what counts. */
	emd_scan_dev(devt);
	return ret;
}

/* ---- disks of a container ---------------------------------------------------------------- */

static int add_locked(struct emd_admin *adm, struct emd_container *container,
		      struct emd_disk *disk)
{
	const struct emd_config *cfg = emd_container_config(container);
	struct emd_config_room extra = { .disks = 1 };
	struct emd_config_disk row = {};
	struct emd_transaction txn;
	struct emd_array *array;
	int ret;

	ret = must_be_writable(container, adm->msg);
	if (ret)
		return ret;
	if (disk->block_size != cfg->block_size)
		return EMD_REFUSE(adm->msg, -EINVAL, "%s has %u-byte sectors, %s has %u",
				  disk->name, disk->block_size, container->name, cfg->block_size);
	ret = container->ops->new_disk(disk->serial, disk->nr_sectors, disk->block_size, &row,
				       adm->msg);
	if (ret)
		return ret;
	row.handle = disk->id;
	ret = emd_txn_begin_room(&txn, container, &extra, adm->msg);
	if (ret)
		return ret;
	ret = emd_change_add_disk(txn.t1, &row);
	if (ret < 0) {
		EMD_REFUSE(adm->msg, ret, "%s: another disk of %s has the serial number %s",
			   disk->name, container->name, row.id);
		goto abort;
	}
	emd_container_add_disk(container, disk);
	ret = emd_txn_check(&txn);
	if (!ret && dry_run(adm)) {
		PLAN(adm, "would add %s to %s as a spare and write all its disks", disk->name,
		     container->name);
		goto leave;
	}
	if (!ret)
		ret = emd_txn_write(&txn);
	if (ret)
		goto leave;
	emd_txn_switch(&txn);
	disk->verdict = EMD_VERDICT_SPARE;
	disk->reason[0] = '\0';
	list_for_each_entry(array, &container->arrays, node) {
		if (array->gd && emd_array_get_state(array) == EMD_ARRAY_DEGRADED)
			emd_array_touch(array);
	}
	emd_event(EMD_EVENT_DISK, "spare", container, NULL, -1, disk, "%s is a spare",
		  disk->name);
	return 0;
leave:
	list_del_init(&disk->container_node);
	emd_disk_set_container(disk, NULL);
	emd_disk_put(disk);
abort:
	emd_txn_abort(&txn);
	return ret;
}

/**
 * emd_admin_add() - a disk becomes a spare of a container
 * @adm: the command
 * @container_id: container
 * @devt: disk: bare, a free spare, or one that the container wrote off
 *
 * Return: 0 or -errno with nothing changed.
 */
int emd_admin_add(struct emd_admin *adm, u64 container_id, dev_t devt)
{
	struct emd_container *container;
	struct emd_disk *disk;
	unsigned int noio = emd_lock_registry(), noio_c;
	int ret;

	container = container_by_id(container_id);
	if (!container) {
		emd_unlock_registry(noio);
		return EMD_REFUSE(adm->msg, -ENOENT, "no such container");
	}
	kref_get(&container->ref);
	disk = take_bare_disk(adm, devt);
	if (IS_ERR(disk)) {
		ret = PTR_ERR(disk);
		goto out;
	}
	noio_c = emd_lock_container(container);
	ret = add_locked(adm, container, disk);
	emd_unlock_container(container, noio_c);
	if (ret || dry_run(adm))
		give_back_disk(disk);
	else
		emd_disk_put(disk);
out:
	emd_unlock_registry(noio);
	if (ret || dry_run(adm))
		emd_scan_dev(devt);
	emd_container_put(container);
	return ret;
}

static int remove_locked(struct emd_admin *adm, struct emd_container *container,
			 struct emd_disk *disk)
{
	const struct emd_config *cfg = emd_container_config(container);
	struct emd_config_disk *row = cfg ? emd_config_find_disk(cfg, disk->id) : NULL;
	struct emd_transaction txn;
	struct emd_array *array;
	int ret;

	if (!row) {
		if (disk->file)
			return EMD_REFUSE(adm->msg, -EBUSY, "%s is in use", disk->name);
		return 0;
	}
	ret = must_be_writable(container, adm->msg);
	if (ret)
		return ret;
	if (row->state == EMD_DISK_ACTIVE)
		return EMD_REFUSE(adm->msg, -EBUSY, "%s is a member in service; fail it first",
				  disk->name);
	emd_txn_begin(&txn, container, adm->msg);
	ret = emd_change_remove_disk(txn.t1, row - cfg->disks);
	if (ret)
		return EMD_REFUSE(adm->msg, ret, "%s is a member in service; fail it first",
				  disk->name);
	if (dry_run(adm)) {
		PLAN(adm, "would remove %s from %s", disk->name, container->name);
		return 0;
	}
	list_for_each_entry(array, &container->arrays, node) {
		u16 slot;

		for (slot = 0; array->gd && slot < array->geo.nr_members; slot++) {
			if (array->members[slot].disk != disk)
				continue;
			ret = emd_array_quiesce_all(array);
			if (ret)
				return ret;
			emd_array_detach_member(array, slot);
			emd_array_resume_all(array);
		}
	}
	/*
	 * A spare is in no table and a failed disk is written off already: the
	 * other disks have nothing new to say.
	 */
	emd_txn_switch(&txn);
	return 0;
}

/**
 * emd_admin_remove() - a spare or failed disk leaves its container
 * @adm: the command
 * @container_id: container
 * @devt: disk
 *
 * Return: 0 or -errno with nothing changed.
 */
int emd_admin_remove(struct emd_admin *adm, u64 container_id, dev_t devt)
{
	struct emd_container *container;
	struct emd_disk *disk;
	unsigned int noio = emd_lock_registry(), noio_c;
	int ret;

	container = container_by_id(container_id);
	disk = emd_disk_get_by_dev(devt);
	if (!container || !disk || disk->container != container) {
		ret = EMD_REFUSE(adm->msg, -ENOENT, "%s",
				 container ? "the disk is not in this container" :
				 "no such container");
		goto out;
	}
	kref_get(&container->ref);
	noio_c = emd_lock_container(container);
	do {
		ret = remove_locked(adm, container, disk);
	} while (ret == -EAGAIN && !(ret = emd_container_settle(container, &noio_c)));
	if (!ret && !dry_run(adm)) {
		emd_event(EMD_EVENT_DISK, "removed", container, NULL, -1, disk, "%s removed",
			  disk->name);
		emd_container_drop_disk(container, disk);
		list_del_init(&disk->node);
		emd_disk_put(disk);
	}
	emd_unlock_container(container, noio_c);
	emd_container_put(container);
out:
	emd_disk_put(disk);
	emd_unlock_registry(noio);
	return ret;
}

/* ---- one array ------------------------------------------------------------------------------ */

static struct emd_member *member_by_dev(struct emd_array *array, dev_t devt)
{
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++) {
		struct emd_member *member = &array->members[slot];

		if (member->disk && member->disk->devt == devt)
			return member;
	}
	return NULL;
}

static int fail_locked(struct emd_admin *adm, struct emd_array *array, dev_t devt)
{
	struct emd_member *member;
	u8 states[EMD_MAX_MEMBERS];
	int ret;

	ret = must_run(array, adm->msg);
	if (ret)
		return ret;
	member = member_by_dev(array, devt);
	if (!member)
		return EMD_REFUSE(adm->msg, -ENOENT, "the disk is no member of %s", array->name);
	if (member->state == EMD_MEMBER_FAILED || member->state == EMD_MEMBER_MISSING)
		return EMD_REFUSE(adm->msg, -EALREADY, "member %u (%s) is %s already",
				  member->slot, member->disk->name,
				  emd_member_state_names[member->state]);
	emd_array_member_states(array, states);
	if (member->state == EMD_MEMBER_IN_SYNC &&
	    !emd_geo_may_lose(&array->geo, states, member->slot) && !(adm->flags & EMD_F_FORCE))
		return EMD_REFUSE(adm->msg, -EBUSY,
				  "member %u (%s) holds the last good copy; --force fails it and the array with it",
				  member->slot, member->disk->name);
	if (dry_run(adm)) {
		PLAN(adm, "would fail member %u (%s) of %s and record it on the other disks",
		     member->slot, member->disk->name, array->name);
		return 0;
	}
	emd_array_touch(array);
	if (!emd_member_fail(member, "failed by command"))
		emd_member_lost(member);
	return 0;
}

/**
 * emd_admin_fail() - take a member out of service
 * @adm: the command; EMD_F_FORCE even when it holds the last copy
 * @array_id: array
 * @devt: disk of the member
 *
 * Return: 0 when the failure is recorded, or -errno.
 */
int emd_admin_fail(struct emd_admin *adm, u64 array_id, dev_t devt)
{
	struct emd_container *container;
	struct emd_array *array;
	unsigned int noio = emd_lock_registry(), noio_c;
	int ret;

	array = lock_array(array_id, &noio_c, adm->msg);
	if (!array) {
		emd_unlock_registry(noio);
		return -ENOENT;
	}
	container = array->container;
	kref_get(&container->ref);
	ret = fail_locked(adm, array, devt);
	if (!ret && !dry_run(adm))
		ret = emd_container_settle(container, &noio_c);
	if (!ret && !dry_run(adm) && container->uncommitted)
		ret = EMD_REFUSE(adm->msg, -EIO, "the failure could not be recorded");
	emd_unlock_container(container, noio_c);
	emd_container_put(container);
	emd_unlock_registry(noio);
	return ret;
}

static int scrub_locked(struct emd_admin *adm, struct emd_array *array)
{
	enum emd_sync_action action = adm->flags & EMD_F_REPAIR ? EMD_SYNC_REPAIR : EMD_SYNC_CHECK;
	enum emd_sync_action now;
	int ret;

	ret = must_run(array, adm->msg);
	if (ret)
		return ret;
	if (!array->job)
		return EMD_REFUSE(adm->msg, -EINVAL, "%s has no redundancy to check",
				  emd_levels[array->geo.level].name);
	now = emd_job_action(array->job);
	if (now != EMD_SYNC_IDLE)
		return EMD_REFUSE(adm->msg, -EBUSY, "%s is running", emd_sync_action_names[now]);
	if (array->broken)
		return EMD_REFUSE(adm->msg, -EIO, "%s has failed", array->name);
	if (array->needs_resync)
		return EMD_REFUSE(adm->msg, -EBUSY,
				  "redundancy is not established yet; it is made so once the array is written to");
	if (dry_run(adm)) {
		PLAN(adm, "would %s %s", emd_sync_action_names[action], array->name);
		return 0;
	}
	emd_array_touch(array);
	ret = emd_array_start_job(array, action, 0);
	if (ret < 0)
		return ret;
	return ret ? 0 : EMD_REFUSE(adm->msg, -EIO, "cannot start");
}

/**
 * emd_admin_scrub() - read everything and compare; with EMD_F_REPAIR rewrite
 * @adm: the command
 * @array_id: array
 *
 * Return: 0 when it runs, or -errno.
 */
int emd_admin_scrub(struct emd_admin *adm, u64 array_id)
{
	struct emd_container *container;
	struct emd_array *array;
	unsigned int noio = emd_lock_registry(), noio_c;
	int ret;

	do {
		array = lock_array(array_id, &noio_c, adm->msg);
		if (!array) {
			ret = -ENOENT;
			break;
		}
		container = array->container;
		kref_get(&container->ref);
		ret = scrub_locked(adm, array);
		if (ret == -EAGAIN && emd_container_settle(container, &noio_c))
			ret = -EINTR;
		emd_unlock_container(container, noio_c);
		emd_container_put(container);
	} while (ret == -EAGAIN);
	emd_unlock_registry(noio);
	return ret;
}

static int sync_locked(struct emd_admin *adm, struct emd_array *array, u32 cmd, u32 limit_kib_s)
{
	enum emd_sync_action action;
	int ret;

	ret = must_run(array, adm->msg);
	if (ret)
		return ret;
	if (!array->job)
		return EMD_REFUSE(adm->msg, -EINVAL, "%s has no background work",
				  emd_levels[array->geo.level].name);
	action = emd_job_action(array->job);
	if (dry_run(adm)) {
		PLAN(adm, "would change the background work of %s (%s)", array->name,
		     emd_sync_action_names[action]);
		return 0;
	}
	switch (cmd) {
	case EMD_SYNC_CMD_PAUSE:
		return emd_job_pause(array->job, adm->msg);
	case EMD_SYNC_CMD_RESUME:
		if (action == EMD_SYNC_IDLE) {
			/* Nothing paused; start what waits for a first write. */
			emd_array_touch(array);
			return 0;
		}
		return emd_job_resume(array->job, adm->msg);
	case EMD_SYNC_CMD_LIMIT:
		emd_job_set_limit(array->job, limit_kib_s);
		return 0;
	case EMD_SYNC_CMD_CANCEL:
		if (action == EMD_SYNC_IDLE)
			return EMD_REFUSE(adm->msg, -EINVAL, "nothing is running");
		if (action != EMD_SYNC_CHECK && action != EMD_SYNC_REPAIR)
			return EMD_REFUSE(adm->msg, -EBUSY,
					  "%s restores redundancy and cannot be cancelled; it can be paused",
					  emd_sync_action_names[action]);
		emd_job_cancel(array->job);
		emd_sysfs_notify(array, "sync_action");
		return 0;
	default:
		return EMD_REFUSE(adm->msg, -EOPNOTSUPP, "unknown sync command %u", cmd);
	}
}

/**
 * emd_admin_sync() - pause, resume, cancel or limit background work
 * @adm: the command
 * @array_id: array
 * @cmd: EMD_SYNC_CMD_*
 * @limit_kib_s: for LIMIT: KiB/s of array data, 0 for none
 *
 * Return: 0 or -errno.
 */
int emd_admin_sync(struct emd_admin *adm, u64 array_id, u32 cmd, u32 limit_kib_s)
{
	struct emd_container *container;
	struct emd_array *array;
	unsigned int noio = emd_lock_registry(), noio_c;
	int ret = -ENOENT;

	array = lock_array(array_id, &noio_c, adm->msg);
	if (array) {
		container = array->container;
		ret = sync_locked(adm, array, cmd, limit_kib_s);
		emd_unlock_container(container, noio_c);
	}
	emd_unlock_registry(noio);
	return ret;
}

/* ---- examine --------------------------------------------------------------------------------- */

/**
 * emd_admin_examine() - what the metadata on a device says
 * @adm: the command
 * @devt: any block device
 * @out: lines "path.key=value"
 * @format: out: name of the format, NULL when none is recognised
 *
 * Return: 0, also when the metadata is damaged (the lines say how) or absent.
 */
int emd_admin_examine(struct emd_admin *adm, dev_t devt, struct emd_text *out,
		      const char **format)
{
	struct emd_probe probe;
	int ret;

	*format = NULL;
	ret = emd_probe(devt, &probe);
	if (ret)
		return EMD_REFUSE(adm->msg, ret, "device %u:%u cannot be read (error %d)",
				  MAJOR(devt), MINOR(devt), ret);
	emd_text_kv(out, "device", "%s", probe.name);
	emd_text_kv(out, "serial", "%s", probe.serial);
	emd_text_kv(out, "sectors", "%llu", probe.nr_sectors);
	emd_text_kv(out, "block_size", "%u", probe.block_size);
	if (probe.ops) {
		*format = probe.ops->name;
		if (probe.img) {
			probe.ops->describe(probe.img, out);
		} else {
			emd_text_kv(out, "format", "%s", probe.ops->name);
			emd_text_kv(out, "error", "%s", probe.msg.text);
		}
	}
	emd_probe_done(&probe);
	return 0;
}
