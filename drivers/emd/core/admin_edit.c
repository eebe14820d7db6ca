// SPDX-License-Identifier: GPL-2.0
/*
 * Commands that change what the metadata says of an array or a spare and nothing that
 * runs: what an array is called, which arrays a spare is for. No I/O is held up.
 *
 * Locks: G, then C, as in admin.c.
 */
#include <linux/blkdev.h>
#include <linux/slab.h>

#include "admin.h"
#include "../emd.h"
#include "../log.h"

/* ---- rename --------------------------------------------------------------------- */

static int rename_locked(struct emd_admin *adm, struct emd_array *array, void *arg)
{
	struct emd_container *container = array->container;
	const char *name = arg;
	struct emd_config_array *ca;
	struct emd_transaction txn;
	char was[EMD_NAME_LEN];
	int ret;

	ret = emd_must_be_writable(container, adm->msg);
	if (ret)
		return ret;
	emd_txn_begin(&txn, container, adm->msg);
	txn.administrative = true;
	ca = emd_config_find_array(txn.t1, array->id);
	if (!ca)
		return EMD_REFUSE(adm->msg, -ENOENT, "%s is not in the metadata", array->name);
	if (!strcmp(ca->name, name))
		return EMD_REFUSE(adm->msg, -EALREADY, "it is called %s already", name);
	ret = emd_check_global_name(container, name, adm->msg);
	if (ret)
		return ret;
	emd_change_rename(ca, name);
	ret = emd_txn_check(&txn);
	if (ret)
		return ret;
	if (dry_run(adm))
		return emd_txn_plan(&txn, adm->plan);
	ret = emd_txn_write(&txn);
	if (ret)
		return ret;
	emd_txn_switch(&txn);
	strscpy(was, array->name, sizeof(was));
	emd_event_set_name(array, name);
	emd_sysfs_notify(array, "name");
	/* With some formats that follows from the name. */
	emd_sysfs_notify(array, "uuid");
	if (array->gd) {
		emd_info(array, "\"%s\" is called \"%s\" from now on", was, name);
		emd_array_touch(array);
	}
	emd_event(EMD_EVENT_ARRAY, "renamed", container, array, -1, NULL, "%s renamed to %s",
		  was, name);
	return 0;
}

/* Links to its partitions carry its name, too. G keeps it where it is. */
static void announce_name(struct emd_array *array)
{
	if (array->added)
		disk_uevent(array->gd, KOBJ_CHANGE);
}

/**
 * emd_admin_rename() - call an array otherwise
 * @adm: the command
 * @array_id: which; in use or not
 * @name: printable text, not empty
 *
 * Return: 0; -EALREADY when that is its name; -EEXIST when it is another's; -errno with
 * nothing changed.
 * Context: Process context, sleeps. Takes G and C.
 */
int emd_admin_rename(struct emd_admin *adm, u64 array_id, const char *name)
{
	return emd_on_array(adm, array_id, rename_locked, (void *)name, announce_name);
}

/* ---- what a spare is for ----------------------------------------------------------- */

/**
 * emd_assign_spare() - note in a config which arrays a spare is for
 * @t1: config being built
 * @row: a spare's
 * @to: the arrays
 * @msg: reason of a refusal
 *
 * Return: 0, -ENOENT, -EBUSY when it is no spare.
 * Context: C held.
 */
int emd_assign_spare(struct emd_config *t1, u16 row, const struct emd_assignment *to,
		     struct emd_errmsg *msg)
{
	enum emd_spare_scope scope = to->nr ? EMD_SPARE_DEDICATED : EMD_SPARE_GLOBAL;
	const struct emd_config_array *ca;
	u16 arrays[EMD_MAX_SERVES];
	unsigned int i;
	int ret;

	for (i = 0; i < to->nr && i < EMD_MAX_SERVES; i++) {
		ca = emd_config_find_array(t1, to->ids[i]);
		if (!ca)
			return EMD_REFUSE(msg, -ENOENT, "no such array in the container");
		arrays[i] = ca - t1->arrays;
	}
	ret = emd_change_assign_spare(t1, row, scope, arrays, to->nr);
	if (ret)
		return EMD_REFUSE(msg, ret == -EINVAL ? -EBUSY : ret, "disk %s is %s, no spare",
				  t1->disks[row].id, emd_disk_state_names[t1->disks[row].state]);
	return 0;
}

static int assign_locked(struct emd_admin *adm, struct emd_container *container,
			 const struct emd_disk *disk, const struct emd_assignment *to)
{
	struct emd_config_room extra = { };
	const struct emd_config_disk *row;
	struct emd_transaction txn;
	int ret;

	ret = emd_must_be_writable(container, adm->msg) ?:
	      emd_replace_refuses(container, disk, adm->msg);
	if (ret)
		return ret;
	/* What says so may take more room than there was. */
	ret = emd_txn_begin_room(&txn, container, &extra, adm->msg);
	if (ret)
		return ret;
	row = emd_config_find_disk(txn.t1, disk->id);
	ret = emd_assign_spare(txn.t1, row - txn.t1->disks, to, adm->msg);
	if (!ret)
		ret = emd_txn_check(&txn);
	if (!ret && dry_run(adm)) {
		ret = emd_txn_plan(&txn, adm->plan);
		emd_txn_abort(&txn);
		return ret;
	}
	if (!ret)
		ret = emd_txn_write(&txn);
	if (ret) {
		emd_txn_abort(&txn);
		return ret;
	}
	emd_txn_switch(&txn);
	emd_use_spares(container);
	emd_event(EMD_EVENT_DISK, "assigned", container, NULL, -1, disk,
		  to->nr ? "%s is a spare for certain arrays" : "%s is a spare for all arrays",
		  disk->name);
	return 0;
}

static bool is_live_spare(const struct emd_container *container, const struct emd_disk *disk)
{
	const struct emd_config *cfg = emd_container_config(container);
	const struct emd_config_disk *row = cfg ? emd_config_find_disk(cfg, disk->id) : NULL;

	return row && row->state == EMD_DISK_SPARE;
}

/**
 * emd_admin_assign() - a disk becomes, or is already, a spare for certain arrays
 * @adm: the command
 * @container_id: container
 * @devt: disk: a spare of it, or one that emd_admin_add() would take
 * @array_ids: arrays of the container, none twice
 * @nr: how many, up to EMD_MAX_SERVES; 0: for all
 *
 * Return: 0 or -errno with nothing changed.
 * Context: Process context, sleeps. Takes G and C.
 */
int emd_admin_assign(struct emd_admin *adm, u64 container_id, dev_t devt, const u64 *array_ids,
		     unsigned int nr)
{
	const struct emd_assignment to = { .ids = array_ids, .nr = nr };
	struct emd_container *container;
	struct emd_disk *disk;
	unsigned int noio = emd_lock_registry(), noio_c;
	bool spare;
	int ret = 0;

	container = emd_container_by_id(container_id);
	if (!container) {
		emd_unlock_registry(noio);
		return EMD_REFUSE(adm->msg, -ENOENT, "no such container");
	}
	kref_get(&container->ref);
	disk = emd_disk_get_by_dev(devt);
	noio_c = emd_lock_container(container);
	spare = disk && disk->container == container && is_live_spare(container, disk);
	if (spare)
		ret = assign_locked(adm, container, disk, &to);
	emd_unlock_container(container, noio_c);
	emd_disk_put(disk);
	if (!spare)
		ret = emd_add_disk(adm, container, devt, &to);
	emd_unlock_registry(noio);
	emd_container_put(container);
	return ret;
}
