// SPDX-License-Identifier: GPL-2.0
/*
 * What commands do: each takes its locks, checks, and changes the config by a
 * transaction or not at all.
 *
 * A command returns when what it asked for has happened; background work that
 * it sets off goes on behind it. A refusal says why in adm->msg. With
 * EMD_F_DRY_RUN everything is checked, nothing is done, and adm->plan says what
 * would be: a command that runs a transaction has it checked and put in words by
 * emd_txn_plan(), what else it does is a line of its own.
 *
 * Locks: G, then C. Where an io waits for a commit (-EAGAIN of a quiesce) the
 * command lets the worker have its turn and looks at everything again: emd_settled().
 * G is held throughout, so no array comes or goes meanwhile. Commands on one array go
 * by emd_on_array(), which knows all of that.
 */
#include <linux/blkdev.h>
#include <linux/slab.h>

#include "admin.h"
#include "../emd.h"
#include "../log.h"
#include "../meta/foreign.h"

/* ---- finding things ---------------------------------------------------------- */

/**
 * emd_container_by_id() - by id, for who holds G
 * @id: as given out by list
 *
 * Return: the container, no reference taken, or NULL.
 * Context: G held.
 */
struct emd_container *emd_container_by_id(u64 id)
{
	struct emd_container *container;

	lockdep_assert_held(&emd_registry_lock);
	list_for_each_entry(container, &emd_containers, node) {
		if (container->id == id)
			return container;
	}
	return NULL;
}

/* The array and, locked, its container; or NULL and nothing is locked. */
static struct emd_array *lock_array(u64 id, unsigned int *noio_c)
{
	struct emd_container *container;
	struct emd_array *array;

	list_for_each_entry(container, &emd_containers, node) {
		*noio_c = emd_lock_container(container);
		list_for_each_entry(array, &container->arrays, node) {
			if (array->id == id)
				return array;
		}
		emd_unlock_container(container, *noio_c);
	}
	return NULL;
}

/**
 * emd_on_array() - carry out a command on one array
 * @adm: the command
 * @id: the array's, as given out by list
 * @attempt: checks and does it, under G and C. -EAGAIN: it waits for the worker, or has
 *	left it work, and is to be called again when the worker has had its turn
 * @arg: for @attempt, to know what it has done before as well
 * @after: what is left to do under G alone when it is done, not of a dry run; or NULL
 *
 * Return: 0; -ENOENT without such an array; -EINTR on a fatal signal; else as @attempt.
 * Context: Process context, sleeps. Takes G and C.
 */
int emd_on_array(struct emd_admin *adm, u64 id,
		 int (*attempt)(struct emd_admin *adm, struct emd_array *array, void *arg),
		 void *arg, void (*after)(struct emd_array *array))
{
	struct emd_container *container;
	struct emd_array *array;
	unsigned int noio = emd_lock_registry(), noio_c;
	int ret;

	array = lock_array(id, &noio_c);
	if (!array) {
		emd_unlock_registry(noio);
		return EMD_REFUSE(adm->msg, -ENOENT, "no such array");
	}
	container = array->container;
	kref_get(&array->ref);
	kref_get(&container->ref);
	ret = emd_settled(container, &noio_c, attempt(adm, array, arg));
	emd_unlock_container(container, noio_c);
	if (!ret && after && !dry_run(adm))
		after(array);
	emd_array_put(array);
	emd_container_put(container);
	emd_unlock_registry(noio);
	return ret;
}

/**
 * emd_must_be_writable() - can its metadata be changed now?
 * @container: container
 * @msg: reason of a refusal
 *
 * Return: 0, -EINVAL or -EROFS.
 * Context: C held.
 */
int emd_must_be_writable(const struct emd_container *container, struct emd_errmsg *msg)
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
 * Return: 0; -ENOMEM when not all could be looked at.
 */
int emd_admin_scan(struct emd_admin *adm)
{
	if (dry_run(adm))
		PLAN(adm, "look at all block devices again");
	else
		return emd_scan_all(true);
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
		if (dry_run(adm))
			err = emd_container_plan_assembly(container, flags, adm->msg, adm->plan);
		else
			err = emd_container_assemble(container, flags, adm->msg);
		/* Trying again does not help: the reason is in the message. */
		ret = ret ?: (err == -EAGAIN ? -ENODEV : err);
	}
	emd_unlock_registry(noio);
	if (!found && container_id)
		return EMD_REFUSE(adm->msg, -ENOENT, "no such container");
	return ret;
}

static int stop_locked(struct emd_admin *adm, struct emd_array *array, void *arg)
{
	return dry_run(adm) ? emd_array_plan_stop(array, adm->msg, adm->plan) :
			      emd_array_begin_stop(array, adm->msg);
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
	bool found = false;
	unsigned int noio;
	int ret = 0;

	if (array_id)
		return emd_on_array(adm, array_id, stop_locked, NULL, emd_array_finish_stop);
	noio = emd_lock_registry();
	list_for_each_entry_safe(container, tmp, &emd_containers, node) {
		int err;

		if (container_id && container->id != container_id)
			continue;
		if (!container_id && container->state != EMD_CONTAINER_ASSEMBLED)
			continue;
		found = true;
		if (dry_run(adm))
			err = emd_container_plan_stop(container, adm->msg, adm->plan);
		else
			err = emd_container_stop(container, adm->msg);
		ret = ret ?: err;
	}
	if (!found && container_id)
		ret = EMD_REFUSE(adm->msg, -ENOENT, "no such container");
	emd_unlock_registry(noio);
	return ret;
}

/* ---- taking bare disks -------------------------------------------------------------- */

/* Has the container that it names gone on without it, and needs it for nothing? */
static bool is_left_behind(const struct emd_disk *disk)
{
	return disk->verdict == EMD_VERDICT_STALE ||
	       (disk->verdict == EMD_VERDICT_FOREIGN && disk->container &&
		disk->container->state == EMD_CONTAINER_ASSEMBLED);
}

/* May a command have it that takes disks which nobody uses? */
static int may_take(struct emd_admin *adm, const struct emd_disk *disk)
{
	if (disk->file)
		return EMD_REFUSE(adm->msg, -EBUSY, "%s already belongs to %s, remove it there first",
				  disk->name, disk->container ? disk->container->name : "an array");
	if (disk->seen && (disk->seen->nr_arrays || disk->seen->torn) &&
	    !(adm->flags & EMD_F_FORCE) && !is_left_behind(disk))
		return EMD_REFUSE(adm->msg, -EEXIST,
				  "%s carries %s metadata of another array; erase it first, or --force",
				  disk->name, disk->ops->name);
	return 0;
}

/**
 * emd_borrow_disk() - a disk object for a device that is the command's alone, claimed
 * @adm: the command that names it
 * @devt: device, in no container that is assembled
 *
 * What the registry knows of the device stays as it is and where it is; it cannot be
 * claimed until the command gives the device back. So nothing that a command does with
 * it before it writes is seen by anybody, and a dry run changes nothing.
 *
 * Return: the disk with a reference, for emd_give_back_disk(); or ERR_PTR: -EBUSY when in
 * use, -EEXIST when it carries arrays and the command is not forced.
 * Context: Process context, G held until it is given back.
 */
struct emd_disk *emd_borrow_disk(struct emd_admin *adm, dev_t devt)
{
	struct emd_disk *disk = emd_disk_get_by_dev(devt);
	struct emd_probe probe;
	int ret;

	ret = disk ? may_take(adm, disk) : 0;
	emd_disk_put(disk);
	if (ret)
		return ERR_PTR(ret);
	ret = emd_probe(devt, &probe);
	if (ret)
		return ERR_PTR(EMD_REFUSE(adm->msg, ret, "disk cannot be opened (error %d)", ret));
	disk = emd_disk_create(&probe);
	emd_probe_done(&probe);
	if (!disk)
		return ERR_PTR(EMD_REFUSE(adm->msg, -ENOMEM, "out of memory"));
	ret = emd_disk_claim(disk, false, adm->msg);
	if (ret) {
		emd_disk_put(disk);
		return ERR_PTR(ret);
	}
	if (dry_run(adm))
		PLAN(adm, "claim %s", disk->name);
	return disk;
}

/**
 * emd_forget_device() - it is another's now, or says other things
 * @devt: device, in no container that is assembled
 *
 * Context: Process context, G held.
 */
void emd_forget_device(dev_t devt)
{
	struct emd_disk *disk = emd_disk_get_by_dev(devt);

	if (disk)
		emd_registry_forget(disk);
	emd_disk_put(disk);
}

/**
 * emd_take_bare_disk() - find or make the disk object for a device, and take it
 * @adm: the command that names it
 * @devt: device, in no container that is assembled
 *
 * As emd_borrow_disk(), and unless this is a dry run it is the registry's: the container
 * that it was in has lost it.
 *
 * Return: the disk with a reference and claimed, or ERR_PTR.
 * Context: Process context, G held.
 */
struct emd_disk *emd_take_bare_disk(struct emd_admin *adm, dev_t devt)
{
	struct emd_disk *disk = emd_borrow_disk(adm, devt);

	if (!IS_ERR(disk) && !dry_run(adm)) {
		emd_forget_device(devt);
		emd_disk_list(disk);
	}
	return disk;
}

/**
 * emd_give_back_disk() - the command does not keep it
 * @disk: from emd_take_bare_disk() or emd_borrow_disk(), in no container; its reference
 *	is dropped
 *
 * One that was taken is looked at again: what is on it is what counts.
 *
 * Context: Process context, G held.
 */
void emd_give_back_disk(struct emd_disk *disk)
{
	lockdep_assert_held(&emd_registry_lock);
	emd_disk_release(disk);
	if (!list_empty(&disk->node)) {
		list_del_init(&disk->node);
		emd_scan_dev(disk->devt);
		emd_disk_put(disk);	/* the registry's */
	}
	emd_disk_put(disk);
}

/* ---- delete, erase ------------------------------------------------------------------------ */

/* Slots whose disk took no metadata, failed for it by now or not. */
static void find_refusing(const struct emd_array *array, unsigned long *slots)
{
	u16 slot;

	bitmap_zero(slots, EMD_MAX_MEMBERS);
	for (slot = 0; slot < array->geo.nr_members; slot++) {
		const struct emd_disk *disk = array->members[slot].disk;

		if (disk && disk->meta_failed)
			__set_bit(slot, slots);
	}
}

static int begin_delete(struct emd_transaction *txn, struct emd_array *array,
			struct emd_errmsg *msg)
{
	const struct emd_config_array *ca;

	emd_txn_begin(txn, array->container, msg);
	txn->administrative = true;
	ca = emd_config_find_array(txn->t1, array->id);
	if (!ca)
		return EMD_REFUSE(msg, -ENOENT, "%s is not in the metadata", array->name);
	emd_change_delete_array(txn->t1, ca - txn->t1->arrays);
	return emd_txn_check(txn);
}

static int delete_locked(struct emd_admin *adm, struct emd_array *array, void *arg)
{
	struct emd_container *container = array->container;
	DECLARE_BITMAP(before, EMD_MAX_MEMBERS);
	DECLARE_BITMAP(after, EMD_MAX_MEMBERS);
	struct emd_transaction txn;
	int ret;

	find_refusing(array, before);
	ret = emd_must_be_writable(container, adm->msg);
	if (!ret && dry_run(adm))
		ret = emd_array_plan_stop(array, adm->msg, adm->plan);
	if (!ret)
		ret = begin_delete(&txn, array, adm->msg);
	if (ret)
		return ret;
	if (dry_run(adm))
		return emd_txn_plan(&txn, adm->plan);
	ret = emd_array_begin_stop(array, adm->msg);
	if (ret)
		return ret;
	/*
	 * Stopping writes as well, and a disk that refused that is passed by from now on:
	 * the array would be gone, and still be on it.
	 */
	find_refusing(array, after);
	if (bitmap_andnot(after, after, before, EMD_MAX_MEMBERS)) {
		ret = EMD_REFUSE(adm->msg, -EIO, "%s refused its metadata",
				 array->members[find_first_bit(after, EMD_MAX_MEMBERS)].disk->name);
		emd_array_cancel_stop(array);
		return ret;
	}
	/* Stopping may have marked it clean: begin again from what is now true. */
	ret = begin_delete(&txn, array, adm->msg);
	if (!ret)
		ret = emd_txn_write(&txn);
	if (ret) {
		emd_array_cancel_stop(array);
		return ret;
	}
	emd_txn_switch(&txn);
	return 0;
}

static void finish_delete(struct emd_array *array)
{
	emd_event(EMD_EVENT_ARRAY, "deleted", array->container, array, -1, NULL, "%s deleted",
		  array->name);
	emd_array_finish_stop(array);
}

/**
 * emd_delete_array() - what delete does, for a command that holds G
 * @adm: the command
 * @array: on its container's list, published or not; the caller has a reference to both
 *
 * Return: as emd_admin_delete().
 * Context: Process context, G held, takes C. Allocates nothing.
 */
int emd_delete_array(struct emd_admin *adm, struct emd_array *array)
{
	struct emd_container *container = array->container;
	unsigned int noio_c = emd_lock_container(container);
	int ret;

	lockdep_assert_held(&emd_registry_lock);
	ret = emd_settled(container, &noio_c, delete_locked(adm, array, NULL));
	emd_unlock_container(container, noio_c);
	if (!ret)
		finish_delete(array);
	return ret;
}

/**
 * emd_admin_delete() - remove an array from its container's metadata
 * @adm: the command
 * @array_id: which; must not be in use
 *
 * Return: 0 or -errno with nothing changed, but that the replacing of one of its disks
 * may have been given up.
 */
int emd_admin_delete(struct emd_admin *adm, u64 array_id)
{
	return emd_on_array(adm, array_id, delete_locked, NULL, finish_delete);
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
	struct emd_rewrite rewrite = { };
	struct emd_disk *disk;
	unsigned int noio = emd_lock_registry();
	int ret;

	adm->flags |= EMD_F_FORCE;	/* that it carries metadata is the point */
	disk = emd_borrow_disk(adm, devt);
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
		emd_plan_writes(&disk->meta_writes, adm->plan, "zero the %s metadata of %s",
				ops->name, disk->name);
		goto give_back;
	}
	rewrite.disk = disk;
	/* What cannot be read is to go all the more. */
	ret = emd_rewrite_keep(&rewrite, adm->msg);
	if (ret == -ENOMEM)
		goto give_back;
	ret = emd_rewrite_disks(&rewrite, 1, adm->msg);
	kvfree(rewrite.before);
	if (!ret)
		emd_event(EMD_EVENT_DISK, "erased", NULL, NULL, -1, disk, "%s erased", disk->name);
give_back:
	kfree(bare);
	emd_give_back_disk(disk);
out:
	emd_unlock_registry(noio);
	return ret;
}

/* ---- disks of a container ---------------------------------------------------------------- */

/**
 * emd_use_spares() - there may be one now for an array that lacks a member
 * @container: its spares have changed
 *
 * Context: C held.
 */
void emd_use_spares(struct emd_container *container)
{
	struct emd_array *array;

	list_for_each_entry(array, &container->arrays, node) {
		if (array->gd && emd_array_get_state(array) == EMD_ARRAY_DEGRADED)
			emd_array_touch(array);
	}
}

/*
 * The slots that the disk failed in know it no longer.
 * Returns -EAGAIN when an io waits for a commit.
 */
static int detach_failed(struct emd_container *container, const struct emd_disk *disk)
{
	struct emd_array *array;
	u16 slot;
	int ret;

	list_for_each_entry(array, &container->arrays, node) {
		for (slot = 0; array->gd && slot < array->geo.nr_members; slot++) {
			const struct emd_member *member = &array->members[slot];
			enum emd_member_state state = READ_ONCE(member->state);

			if (member->disk != disk || state == EMD_MEMBER_IN_SYNC ||
			    state == EMD_MEMBER_REBUILDING)
				continue;
			ret = emd_array_take_out_member(array, slot);
			if (ret)
				return ret;
		}
	}
	return 0;
}

/* A disk that failed is to be another one: its row goes, or stays as that of a lost one. */
static int drop_failed_row(struct emd_admin *adm, struct emd_config *t1,
			   const struct emd_disk *disk)
{
	const struct emd_config_disk *row = emd_config_find_disk(t1, disk->id);

	if (READ_ONCE(disk->gone))
		return EMD_REFUSE(adm->msg, -ENODEV, "%s is gone", disk->name);
	if (!row)
		return 0;
	if (row->state == EMD_DISK_SPARE)
		return EMD_REFUSE(adm->msg, -EALREADY, "%s is a spare already", disk->name);
	if (row->state == EMD_DISK_ACTIVE || emd_change_remove_disk(t1, row - t1->disks))
		return EMD_REFUSE(adm->msg, -EBUSY, "%s is a member in service", disk->name);
	return 0;
}

static int add_locked(struct emd_admin *adm, struct emd_container *container,
		      struct emd_disk *disk, const struct emd_assignment *to)
{
	const struct emd_config *cfg = emd_container_config(container);
	struct emd_config_room extra = { .disks = 1 };
	struct emd_config_disk row = {};
	bool again = disk->container == container;
	bool refused = disk->meta_failed;
	struct emd_transaction txn;
	int ret, added;

	ret = emd_must_be_writable(container, adm->msg);
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
	ret = again ? drop_failed_row(adm, txn.t1, disk) : 0;
	if (ret)
		goto abort;
	added = emd_change_add_disk(txn.t1, &row);
	if (added < 0) {
		ret = EMD_REFUSE(adm->msg, added, "%s: another disk of %s has the serial number %s",
				 disk->name, container->name, row.id);
		goto abort;
	}
	emd_disk_adopt(disk, txn.t1, added);
	ret = to ? emd_assign_spare(txn.t1, added, to, adm->msg) : 0;
	if (ret)
		goto abort;
	if (!again)
		emd_container_add_disk(container, disk);
	/* It gets another chance. */
	disk->meta_failed = false;
	ret = emd_txn_check(&txn);
	if (!ret && dry_run(adm)) {
		ret = emd_txn_plan(&txn, adm->plan);
		goto leave;
	}
	if (!ret)
		ret = emd_txn_write(&txn);
	if (ret)
		goto leave;
	emd_txn_switch(&txn);
	disk->verdict = EMD_VERDICT_SPARE;
	disk->reason[0] = '\0';
	disk->no_spare = false;
	emd_use_spares(container);
	emd_event(EMD_EVENT_DISK, "spare", container, NULL, -1, disk, "%s is a spare",
		  disk->name);
	return 0;
leave:
	disk->meta_failed |= refused;
	if (!again) {
		list_del_init(&disk->container_node);
		emd_disk_set_container(disk, NULL);
		emd_disk_put(disk);
	}
abort:
	emd_txn_abort(&txn);
	return ret;
}

/**
 * emd_add_disk() - a disk becomes a spare of a container
 * @adm: the command
 * @container: container; the caller holds a reference
 * @devt: disk: bare, a free spare, or one that the container wrote off; one that failed
 *	in it and is still there, too
 * @to: what it is to be a spare for, NULL for what is usual with the format
 *
 * Return: 0 or -errno with nothing changed.
 * Context: Process context, G held, takes C.
 */
int emd_add_disk(struct emd_admin *adm, struct emd_container *container, dev_t devt,
		 const struct emd_assignment *to)
{
	struct emd_disk *disk = emd_disk_get_by_dev(devt);
	unsigned int noio_c = emd_lock_container(container);
	bool again = disk && disk->container == container && disk->file;
	int ret;

	if (!again) {
		emd_unlock_container(container, noio_c);
		emd_disk_put(disk);
		disk = emd_take_bare_disk(adm, devt);
		if (IS_ERR(disk))
			return PTR_ERR(disk);
		noio_c = emd_lock_container(container);
	}
	ret = add_locked(adm, container, disk, to);
	/* What is rebuilt does not matter any more: the worker may have been faster. */
	if (!ret && again && !dry_run(adm))
		emd_settled(container, &noio_c, detach_failed(container, disk));
	emd_unlock_container(container, noio_c);
	if (!again && (ret || dry_run(adm)))
		emd_give_back_disk(disk);
	else
		emd_disk_put(disk);
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
	unsigned int noio = emd_lock_registry();
	int ret;

	container = emd_container_by_id(container_id);
	if (!container) {
		emd_unlock_registry(noio);
		return EMD_REFUSE(adm->msg, -ENOENT, "no such container");
	}
	kref_get(&container->ref);
	ret = emd_add_disk(adm, container, devt, NULL);
	emd_unlock_registry(noio);
	emd_container_put(container);
	return ret;
}

/* Is there a disk that carries the metadata? */
static bool anybody_left(const struct emd_config *cfg)
{
	u16 d;

	for (d = 0; d < cfg->nr_disks; d++) {
		if (cfg->disks[d].state == EMD_DISK_ACTIVE || cfg->disks[d].state == EMD_DISK_SPARE)
			return true;
	}
	return false;
}

static int remove_locked(struct emd_admin *adm, struct emd_container *container,
			 struct emd_disk *disk)
{
	const struct emd_config *cfg = emd_container_config(container);
	struct emd_config_disk *row = cfg ? emd_config_find_disk(cfg, disk->id) : NULL;
	struct emd_transaction txn;
	int ret;

	/* No member in service, for those have one: what is left is to take it out. */
	if (!row)
		return dry_run(adm) ? 0 : detach_failed(container, disk);
	ret = emd_must_be_writable(container, adm->msg) ?:
	      emd_replace_refuses(container, disk, adm->msg);
	if (ret)
		return ret;
	if (row->state == EMD_DISK_ACTIVE)
		return EMD_REFUSE(adm->msg, -EBUSY, "%s is a member in service; fail it first",
				  disk->name);
	emd_txn_begin(&txn, container, adm->msg);
	txn.administrative = true;
	ret = emd_change_remove_disk(txn.t1, row - cfg->disks);
	if (ret)
		return EMD_REFUSE(adm->msg, ret, "%s is a member in service; fail it first",
				  disk->name);
	ret = emd_txn_check(&txn);
	if (ret)
		return ret;
	if (dry_run(adm)) {
		ret = emd_txn_plan(&txn, adm->plan);
		PLAN(adm, "release %s", disk->name);
		return ret;
	}
	if (anybody_left(txn.t1))
		ret = emd_txn_write(&txn);
	else
		emd_history_note(container, txn.t1->generation, "disk %s leaves", disk->name);
	if (ret)
		return ret;
	emd_txn_switch(&txn);
	return detach_failed(container, disk);
}

/**
 * emd_admin_remove() - a spare or failed disk leaves its container
 * @adm: the command
 * @container_id: container
 * @devt: disk
 *
 * The others' metadata says so; to the disk nothing is written.
 *
 * Return: 0; -EINTR when it was killed before the disk was let go: then it is removed, and
 * let go when asked again; else -errno with nothing changed.
 */
int emd_admin_remove(struct emd_admin *adm, u64 container_id, dev_t devt)
{
	struct emd_container *container;
	struct emd_disk *disk;
	unsigned int noio = emd_lock_registry(), noio_c;
	int ret;

	container = emd_container_by_id(container_id);
	disk = emd_disk_get_by_dev(devt);
	if (!container || !disk || disk->container != container) {
		ret = EMD_REFUSE(adm->msg, -ENOENT, "%s",
				 container ? "the disk is not in this container" :
				 "no such container");
		goto out;
	}
	kref_get(&container->ref);
	noio_c = emd_lock_container(container);
	ret = emd_settled(container, &noio_c, remove_locked(adm, container, disk));
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

/* What the worker would make of it. */
static int plan_fail(struct emd_admin *adm, struct emd_array *array, u16 slot, bool may_lose)
{
	struct emd_config_array *ca;
	struct emd_transaction txn;
	int ret;

	if (!may_lose) {
		PLAN(adm, "array \"%s\" fails; of that nothing is recorded", array->name);
		return 0;
	}
	emd_txn_begin(&txn, array->container, adm->msg);
	ca = emd_config_find_array(txn.t1, array->id);
	if (!ca)
		return EMD_REFUSE(adm->msg, -ENOENT, "%s is not in the metadata", array->name);
	emd_config_record_failure(txn.t1, array, ca, slot);
	ret = emd_txn_check(&txn);
	return ret ?: emd_txn_plan(&txn, adm->plan);
}

/**
 * struct fail_request - a member that is to fail
 * @devt: its disk
 * @failed: it has; the worker records it
 */
struct fail_request {
	dev_t devt;
	bool failed;
};

static int fail_locked(struct emd_admin *adm, struct emd_array *array, void *arg)
{
	struct fail_request *req = arg;
	struct emd_member *member;
	u8 states[EMD_MAX_MEMBERS];
	bool may_lose;
	int ret;

	if (req->failed)
		return array->container->uncommitted ?
		       EMD_REFUSE(adm->msg, -EIO, "the failure could not be recorded") : 0;
	ret = must_run(array, adm->msg);
	if (ret)
		return ret;
	member = member_by_dev(array, req->devt);
	if (!member)
		return EMD_REFUSE(adm->msg, -ENOENT, "the disk is no member of %s", array->name);
	if (member->state == EMD_MEMBER_FAILED || member->state == EMD_MEMBER_MISSING)
		return EMD_REFUSE(adm->msg, -EALREADY, "member %u (%s) is %s already",
				  member->slot, member->disk->name,
				  emd_member_state_names[member->state]);
	emd_array_member_states(array, states);
	may_lose = member->state != EMD_MEMBER_IN_SYNC ||
		   emd_geo_may_lose(&array->geo, states, member->slot);
	if (!may_lose && !(adm->flags & EMD_F_FORCE))
		return EMD_REFUSE(adm->msg, -EBUSY,
				  "member %u (%s) holds the last good copy; --force fails it and the array with it",
				  member->slot, member->disk->name);
	if (dry_run(adm))
		return plan_fail(adm, array, member->slot, may_lose);
	emd_array_touch(array);
	if (!emd_member_fail(member, "failed by command"))
		emd_member_lost(member);
	req->failed = true;
	return -EAGAIN;
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
	struct fail_request req = { .devt = devt };

	return emd_on_array(adm, array_id, fail_locked, &req, NULL);
}

static void plan_scrub(struct emd_admin *adm, const struct emd_array *array,
		       enum emd_sync_action action)
{
	char size[EMD_PLAN_SIZE_LEN];
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++) {
		const struct emd_member *member = &array->members[slot];

		if (member->disk && member->state == EMD_MEMBER_IN_SYNC)
			PLAN(adm, "read member %u (%s): %llu sectors at sector %llu", slot,
			     member->disk->name, member->nr_sectors, member->start_sector);
	}
	PLAN(adm, "array \"%s\": idle -> %s of %s%s", array->name, emd_sync_action_names[action],
	     emd_plan_size(array->geo.array_sectors, size),
	     action == EMD_SYNC_REPAIR ? ", what differs is rewritten" : "");
}

static int scrub_locked(struct emd_admin *adm, struct emd_array *array, void *arg)
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
	/* What a repair writes the twin would not get. */
	if (array->twin)
		return EMD_REFUSE(adm->msg, -EBUSY, "a disk of %s is being replaced", array->name);
	if (array->broken)
		return EMD_REFUSE(adm->msg, -EIO, "%s has failed", array->name);
	if (array->needs_resync)
		return EMD_REFUSE(adm->msg, -EBUSY,
				  "redundancy is not established yet; it is made so once the array is written to");
	if (dry_run(adm)) {
		plan_scrub(adm, array, action);
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
	return emd_on_array(adm, array_id, scrub_locked, NULL, NULL);
}

/**
 * struct sync_request - what is asked for
 * @cmd: EMD_SYNC_CMD_*
 * @limit_kib_s: for LIMIT
 * @ending: a replace was being given up, and waited for the worker
 */
struct sync_request {
	u32 cmd;
	u32 limit_kib_s;
	bool ending;
};

static int sync_locked(struct emd_admin *adm, struct emd_array *array, void *arg)
{
	struct sync_request *req = arg;
	enum emd_sync_action action;
	int ret;

	/* What the worker has brought to its end meanwhile is what was asked for. */
	if (req->ending && !array->twin)
		return 0;
	ret = must_run(array, adm->msg);
	if (ret)
		return ret;
	if (!array->job)
		return EMD_REFUSE(adm->msg, -EINVAL, "%s has no background work",
				  emd_levels[array->geo.level].name);
	action = emd_job_action(array->job);
	if (dry_run(adm)) {
		PLAN(adm, "change the background work of array \"%s\" (%s)", array->name,
		     emd_sync_action_names[action]);
		return 0;
	}
	switch (req->cmd) {
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
		emd_job_set_limit(array->job, req->limit_kib_s);
		return 0;
	case EMD_SYNC_CMD_CANCEL:
		req->ending = array->twin;
		if (req->ending)
			return emd_replace_end(array->container, "cancelled by command");
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
		return EMD_REFUSE(adm->msg, -EOPNOTSUPP, "unknown sync command %u",
				  req->cmd);
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
	struct sync_request req = { .cmd = cmd, .limit_kib_s = limit_kib_s };

	return emd_on_array(adm, array_id, sync_locked, &req, NULL);
}

static int policy_locked(struct emd_admin *adm, struct emd_array *array, void *policy)
{
	struct emd_policy_arg *arg = policy;
	const char *level = emd_levels[array->geo.level].name;
	struct emd_job_status st = { };
	int ret;

	/* One that is read-only can be asked, too. */
	if (arg->set || !array->gd) {
		ret = must_run(array, adm->msg);
		if (ret)
			return ret;
	}
	if (emd_geo_has_parity(&array->geo))
		arg->known |= EMD_POLICY_ZERO_COPY;
	if (array->job)
		arg->known |= EMD_POLICY_SYNC_LIMIT;
	if (arg->set & ~arg->known & EMD_POLICY_ZERO_COPY)
		return EMD_REFUSE(adm->msg, -EINVAL, "zero_copy is about parity, %s has none", level);
	if (arg->set & ~arg->known & EMD_POLICY_SYNC_LIMIT)
		return EMD_REFUSE(adm->msg, -EINVAL, "sync_limit: %s has no background work", level);
	if (dry_run(adm)) {
		PLAN(adm, "%s the policy of array \"%s\"", arg->set ? "change" : "show",
		     array->name);
	} else {
		if (arg->set & EMD_POLICY_ZERO_COPY)
			emd_array_set_zero_copy(array, arg->zero_copy);
		if (arg->set & EMD_POLICY_SYNC_LIMIT)
			emd_job_set_limit(array->job, arg->sync_limit_kib_s);
	}
	if (array->job)
		emd_job_get_status(array->job, &st);
	arg->zero_copy = READ_ONCE(array->zero_copy);
	arg->sync_limit_kib_s = st.limit_kib_s;
	return 0;
}

/**
 * emd_admin_policy() - show or change what holds for an array by decision
 * @adm: the command
 * @arg: its argument, checked; on success the answer is in it
 *
 * Return: 0 or -errno; then nothing was changed.
 * Context: Process context, sleeps. Takes G and C.
 */
int emd_admin_policy(struct emd_admin *adm, struct emd_policy_arg *arg)
{
	return emd_on_array(adm, arg->array_id, policy_locked, arg, NULL);
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
	const char *foreign;
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
	} else {
		foreign = emd_probe_foreign(&probe);
		if (foreign)
			emd_text_kv(out, "foreign", EMD_FOREIGN_TEXT, foreign);
	}
	emd_probe_done(&probe);
	return 0;
}
