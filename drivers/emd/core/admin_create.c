// SPDX-License-Identifier: GPL-2.0
/*
 * Create: a new array, in a container or with one.
 *
 * Everything that the array needs at run time exists before a byte of metadata is
 * written, so a refusal, by whomever, leaves nothing behind. It is shown to the
 * world last, when it is wholly there.
 *
 * Locks: G, then C, as in admin.c; while members are zeroed neither is held.
 */
#include <linux/blkdev.h>
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "admin.h"
#include "../emd.h"
#include "../log.h"

static int fill_args(struct emd_admin *adm, const struct emd_create_arg *arg,
		     struct emd_create_args *args)
{
	memset(args, 0, sizeof(*args));
	args->level = arg->level;
	args->layout = arg->layout;
	args->strip_sectors = arg->strip_sectors;
	args->array_sectors = arg->size_sectors;
	args->nr_spans = arg->nr_spans;
	args->clean = arg->init == EMD_INIT_NONE;
	args->force = adm->flags & EMD_F_FORCE;
	if (strscpy(args->name, arg->name, sizeof(args->name)) <= 0)
		return EMD_REFUSE(adm->msg, -EINVAL, "an array needs a name");
	return 0;
}

static const struct emd_disk *disk_by_dev(const struct emd_container *container, dev_t devt)
{
	const struct emd_disk *disk;

	list_for_each_entry(disk, &container->disks, container_node) {
		if (disk->devt == devt && !READ_ONCE(disk->gone))
			return disk;
	}
	return NULL;
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
		const struct emd_disk *disk = disk_by_dev(container, devs[i]);
		const struct emd_config_disk *cd;

		cd = disk ? emd_config_find_disk(cfg, disk->id) : NULL;
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

/* Has @other only disks that @container borrows, so that it would be no more? */
static bool would_be_used_up(const struct emd_container *other,
			     const struct emd_container *container)
{
	const struct emd_disk *disk;
	bool has_any = false;

	list_for_each_entry(disk, &emd_disks, node) {
		if (disk->container != other)
			continue;
		if (!disk_by_dev(container, disk->devt))
			return false;
		has_any = true;
	}
	return has_any && other != container;
}

/**
 * emd_check_global_name() - is a name free, where the format's names hold everywhere?
 * @container: of the array
 * @name: for a new array, or one that is called otherwise
 * @msg: reason of a refusal
 *
 * Return: 0 or -EEXIST.
 * Context: G and C held.
 */
int emd_check_global_name(const struct emd_container *container, const char *name,
			  struct emd_errmsg *msg)
{
	const struct emd_meta_ops *ops = container->ops;
	struct emd_container *other;
	const struct emd_config *cfg;
	int ret = 0;
	u16 i;

	lockdep_assert_held(&emd_registry_lock);
	if (!ops->global_names)
		return 0;
	rcu_read_lock();
	list_for_each_entry(other, &emd_containers, node) {
		cfg = other->ops == ops && !would_be_used_up(other, container) ?
		      rcu_dereference(other->config) : NULL;
		for (i = 0; cfg && !ret && i < cfg->nr_arrays; i++) {
			if (!strcmp(cfg->arrays[i].name, name))
				ret = EMD_REFUSE(msg, -EEXIST,
						 "%s has an array %s: other drivers would take both for one",
						 other->name, name);
		}
	}
	rcu_read_unlock();
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
		ret = emd_check_global_name(container, args->name, adm->msg);
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
	if (!ret && txn.t1->arrays[txn.t1->nr_arrays - 1].geo.nr_spans != args->nr_spans)
		ret = EMD_REFUSE(adm->msg, -EOPNOTSUPP, "%s has no arrays of spans",
				 container->ops->name);
	if (!ret)
		ret = emd_txn_check(&txn);
	if (ret)
		goto abort;
	if (emd_uuid_is_zero(container->uuid))
		emd_container_set_identity(container, txn.t1->uuid);
	ca = &txn.t1->arrays[txn.t1->nr_arrays - 1];
	if (dry_run(adm)) {
		ret = emd_txn_plan(&txn, adm->plan);
		if (arg->init == EMD_INIT_ZERO)
			PLAN(adm, "write zeroes to all members of array \"%s\"", ca->name);
		goto abort;
	}
	array = emd_array_create(container, txn.t1, ca, adm->msg);
	if (IS_ERR(array)) {
		ret = PTR_ERR(array);
		goto abort;
	}
	ca->handle = array->id;
	if (array->engine) {
		ret = emd_array_start(array, txn.t1, false, false, adm->msg);
		if (ret)
			goto drop_array;
	}
	/* Not shown before it is wholly there. */
	array->published = true;
	txn.first = !arg->container_id;
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
		disks[nr] = emd_take_bare_disk(adm, devs[nr]);
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
		emd_give_back_disk(disks[nr]);
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
		kref_get(&disk->ref);
		emd_container_drop_disk(container, disk);
		emd_give_back_disk(disk);
	}
	emd_unlock_container(container, noio_c);
	emd_container_reap(container);
}

/* Members that hold nothing but zeroes agree, and on record it is so. */
static int initialise(struct emd_admin *adm, struct emd_container *container,
		      struct emd_array *array, unsigned int *noio)
{
	int ret = zero_members(container, array, noio, adm->msg);
	struct emd_config_array *ca;
	struct emd_transaction txn;
	unsigned int noio_c;

	if (ret)
		return ret;
	noio_c = emd_lock_container(container);
	if (array->has_dirty_mark) {
		emd_txn_begin(&txn, container, adm->msg);
		txn.administrative = true;
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
	return ret;
}

static int show(struct emd_container *container, struct emd_array *array, struct emd_errmsg *msg)
{
	unsigned int noio_c = emd_lock_container(container);

	array->published = false;
	emd_unlock_container(container, noio_c);
	return emd_container_publish_arrays(container, msg);
}

/*
 * It is on the disks, and what came after that failed: it is deleted again, which
 * needs no memory, and leaves what delete does. When that fails as well it stays, and
 * is to be seen.
 */
static void take_back(struct emd_container *container, struct emd_array *array)
{
	struct emd_errmsg msg = {};
	struct emd_text none = {};
	struct emd_admin adm = { .msg = &msg, .plan = &none };
	unsigned int noio_c = emd_lock_container(container);

	/* A disk that refused is failed first, on record: it is to be no spare. */
	emd_array_touch(array);
	emd_container_settle(container, &noio_c);
	emd_unlock_container(container, noio_c);
	if (emd_delete_array(&adm, array)) {
		emd_err(array, "cannot be taken back: %s", msg.text);
		if (array->gd)
			show(container, array, NULL);
	}
}

/* Everything is written; zeroes if asked for, then the world may see it. */
static int finish_create(struct emd_admin *adm, struct emd_container *container,
			 struct emd_array *array, u32 init, unsigned int *noio)
{
	unsigned int noio_c;
	int ret = 0;

	if (!array->gd)
		return 0;	/* level without an engine: on disk, not started */
	if (init == EMD_INIT_ZERO)
		ret = initialise(adm, container, array, noio);
	ret = ret ?: show(container, array, adm->msg);
	if (ret) {
		take_back(container, array);
		return ret;
	}
	noio_c = emd_lock_container(container);
	if (array->gd && array->needs_resync)
		emd_array_touch(array);
	emd_unlock_container(container, noio_c);
	emd_event(EMD_EVENT_ARRAY, "created", container, array, -1, NULL, "%s created",
		  array->name);
	return 0;
}

/**
 * emd_admin_create() - a new array, in a container or with one
 * @adm: the command
 * @arg: checked for ranges by the caller; array_id, major and minor are set
 * @devs: @arg->nr_disks devices in slot order
 *
 * Return: 0 when the device is there, or -errno with nothing changed; but when only then it
 * cannot be zeroed or shown to the system it is deleted again, which leaves disks that
 * were bare as spares.
 */
int emd_admin_create(struct emd_admin *adm, struct emd_create_arg *arg, const dev_t *devs)
{
	struct emd_container *container;
	struct emd_array *array = NULL;
	unsigned int noio, noio_c;
	int ret;

	noio = emd_lock_registry();
	if (arg->container_id) {
		container = emd_container_by_id(arg->container_id);
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
	/* Under a replace the room on the new disk is spoken for. */
	ret = emd_must_be_writable(container, adm->msg) ?:
	      emd_replace_refuses(container, NULL, adm->msg);
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
	return ret;
}
