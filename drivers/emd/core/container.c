// SPDX-License-Identifier: GPL-2.0
/*
 * Containers: which disks belong together, which metadata is the truth, and
 * when to assemble.
 *
 * Assembly is a function of the set of disks, not of their order: whenever a
 * disk comes, the whole set is given to the format's ->elect(). Until the set
 * is complete nothing is claimed and nothing written. It is assembled when all
 * disks of the elected table are there, by the timeout with what is there, or
 * by command.
 *
 * A disk that comes after that is taken in only where nothing has been written
 * without it; otherwise it is stale, shown as such, and left alone.
 *
 * A disk whose copy does not check out is in no container. Where it may be torn it
 * is a candidate in the elections of the container it names, and joins when the
 * others vouch for it; it is written like any member from the first change on.
 *
 * Locks: G for lists and grouping, C for everything inside one container.
 */
#include <linux/sched/mm.h>
#include <linux/slab.h>

#include "core.h"
#include "../emd.h"
#include "../log.h"

DEFINE_MUTEX(emd_registry_lock);
LIST_HEAD(emd_disks);
LIST_HEAD(emd_containers);

static atomic_t container_ids = ATOMIC_INIT(0);

/**
 * emd_lock_registry() - take G and enter NOIO scope
 *
 * Return: to be passed to emd_unlock_registry().
 */
unsigned int emd_lock_registry(void)
{
	unsigned int noio = memalloc_noio_save();

	mutex_lock(&emd_registry_lock);
	return noio;
}

/**
 * emd_unlock_registry() - release G
 * @noio: from emd_lock_registry()
 */
void emd_unlock_registry(unsigned int noio)
{
	mutex_unlock(&emd_registry_lock);
	memalloc_noio_restore(noio);
}

/**
 * emd_lock_container() - take C and enter NOIO scope
 * @container: container
 *
 * Return: to be passed to emd_unlock_container().
 */
unsigned int emd_lock_container(struct emd_container *container)
{
	unsigned int noio = memalloc_noio_save();

	mutex_lock(&container->mutex);
	return noio;
}

/**
 * emd_unlock_container() - release C
 * @container: container
 * @noio: from emd_lock_container()
 */
void emd_unlock_container(struct emd_container *container, unsigned int noio)
{
	mutex_unlock(&container->mutex);
	memalloc_noio_restore(noio);
}

/**
 * emd_uuid_is_zero() - does this name no container (free spares)?
 * @uuid: 16 bytes
 */
bool emd_uuid_is_zero(const u8 uuid[16])
{
	return !memchr_inv(uuid, 0, 16);
}

/* ---- lifetime -------------------------------------------------------------- */

static void container_timeout(struct work_struct *work);

/**
 * emd_container_set_identity() - give a container its UUID and the name that follows
 * @container: without arrays, or with its first one
 * @uuid: all zero for the pool of free spares
 *
 * A new container has no UUID before its first metadata is made, and one whose
 * last array was deleted gets another with its next.
 *
 * Context: G held; and C, once it is shown.
 */
void emd_container_set_identity(struct emd_container *container, const u8 uuid[16])
{
	char text[EMD_UUID_TEXT_LEN];

	lockdep_assert_held(&emd_registry_lock);
	memcpy(container->uuid, uuid, 16);
	if (emd_uuid_is_zero(uuid)) {
		snprintf(container->name, sizeof(container->name), "%s-spares",
			 container->ops->name);
	} else {
		emd_uuid_format(uuid, text);
		snprintf(container->name, sizeof(container->name), "%s-%.8s",
			 container->ops->name, text);
	}
}

/**
 * emd_container_create() - a container without disks
 * @ops: format
 * @uuid: identity, all zero for the pool of free spares
 *
 * Return: the container, on the registry's list, or NULL without memory.
 * Context: G held.
 */
struct emd_container *emd_container_create(const struct emd_meta_ops *ops, const u8 uuid[16])
{
	struct emd_container *container;

	lockdep_assert_held(&emd_registry_lock);
	container = kzalloc(sizeof(*container), GFP_KERNEL);
	if (!container)
		return NULL;
	container->history = emd_history_alloc();
	if (!container->history) {
		kfree(container);
		return NULL;
	}
	kref_init(&container->ref);
	container->id = atomic_inc_return(&container_ids);
	container->ops = ops;
	emd_container_set_identity(container, uuid);
	mutex_init(&container->mutex);
	container->state = EMD_CONTAINER_WAITING;
	INIT_LIST_HEAD(&container->disks);
	INIT_LIST_HEAD(&container->arrays);
	INIT_LIST_HEAD(&container->replace.twins);
	INIT_WORK(&container->worker, emd_container_work);
	INIT_DELAYED_WORK(&container->timeout, container_timeout);
	init_waitqueue_head(&container->settled);
	list_add_tail(&container->node, &emd_containers);
	return container;
}

static void container_free(struct kref *ref)
{
	struct emd_container *container = container_of(ref, struct emd_container, ref);

	WARN_ON(!list_empty(&container->disks) || !list_empty(&container->arrays));
	emd_container_free_configs(container);
	emd_history_free(container->history);
	mutex_destroy(&container->mutex);
	kfree(container);
}

/**
 * emd_container_put() - drop a reference
 * @container: may be NULL
 */
void emd_container_put(struct emd_container *container)
{
	if (container)
		kref_put(&container->ref, container_free);
}

/**
 * emd_container_find() - by id
 * @id: as given out by list
 *
 * Return: the container with a reference, or NULL.
 * Context: Process context, takes G.
 */
struct emd_container *emd_container_find(u64 id)
{
	struct emd_container *container, *found = NULL;
	unsigned int noio = emd_lock_registry();

	list_for_each_entry(container, &emd_containers, node) {
		if (container->id == id) {
			kref_get(&container->ref);
			found = container;
			break;
		}
	}
	emd_unlock_registry(noio);
	return found;
}

/**
 * emd_container_next() - walk all containers without holding G
 * @prev: the one before, whose reference is dropped, or NULL to begin
 *
 * Ids grow, so a walk meets every container that exists throughout it once.
 *
 * Return: the next with a reference, or NULL at the end.
 * Context: Process context, takes G.
 */
struct emd_container *emd_container_next(struct emd_container *prev)
{
	struct emd_container *container, *next = NULL;
	u32 after = prev ? prev->id : 0;
	unsigned int noio = emd_lock_registry();

	list_for_each_entry(container, &emd_containers, node) {
		if (container->id > after && (!next || container->id < next->id))
			next = container;
	}
	if (next)
		kref_get(&next->ref);
	emd_unlock_registry(noio);
	emd_container_put(prev);
	return next;
}

/**
 * emd_container_kick() - let the worker look
 * @container: container
 *
 * Context: Any, irq-safe.
 */
void emd_container_kick(struct emd_container *container)
{
	queue_work(emd_wq, &container->worker);
}

/**
 * emd_container_add_disk() - a disk joins
 * @container: container
 * @disk: in no container; a reference is taken
 *
 * Context: G and C held.
 */
void emd_container_add_disk(struct emd_container *container, struct emd_disk *disk)
{
	lockdep_assert_held(&emd_registry_lock);
	lockdep_assert_held(&container->mutex);
	kref_get(&disk->ref);
	emd_disk_set_container(disk, container);
	list_add_tail(&disk->container_node, &container->disks);
}

/**
 * emd_container_drop_disk() - a disk leaves
 * @container: its container
 * @disk: no member of a started array; its claim is released
 *
 * Context: G and C held.
 */
void emd_container_drop_disk(struct emd_container *container, struct emd_disk *disk)
{
	lockdep_assert_held(&emd_registry_lock);
	lockdep_assert_held(&container->mutex);
	emd_disk_release(disk);
	list_del_init(&disk->container_node);
	emd_disk_set_container(disk, NULL);
	emd_disk_put(disk);
}

/**
 * emd_container_reap() - a container nobody is in any more goes
 * @container: container; a caller who needs it afterwards holds a reference
 *
 * The worker and the timeout cannot
 * be running on it: both need a disk or an array to have been queued, and both
 * are flushed by whoever took the last one away.
 *
 * Context: Process context, G held, C not held.
 */
void emd_container_reap(struct emd_container *container)
{
	lockdep_assert_held(&emd_registry_lock);
	if (!list_empty(&container->disks) || !list_empty(&container->arrays))
		return;
	list_del_init(&container->node);
	/* Neither takes G; C is not held here. */
	cancel_work_sync(&container->worker);
	kref_get(&container->ref);
	if (cancel_delayed_work(&container->timeout))
		emd_container_put(container);
	emd_container_put(container);
	emd_container_put(container);
}

/* ---- election ----------------------------------------------------------------- */

/* The set of disks as ->elect() wants it, and its outcome. */
struct election {
	unsigned int nr;
	int champion;
	struct emd_disk **disks;
	const struct emd_config **cfgs;
	const struct emd_meta_image **imgs;
	enum emd_verdict *verdicts;
	u16 *rows;
	struct emd_config *config;	/* T0 to be: the champion's, with handles */
	bool complete;			/* every disk an array needs is there */
	bool degraded;			/* some slot is lost by the metadata's own account */
	bool spare_absent;		/* a listed spare is not here */
};

static void election_free(struct election *el)
{
	kfree(el->disks);
	kfree(el->cfgs);
	kfree(el->imgs);
	kfree(el->verdicts);
	kfree(el->rows);
	emd_config_free(el->config);
	memset(el, 0, sizeof(*el));
}

/* Copy of what the elected metadata says, with room for what may become of it. */
static struct emd_config *elected_copy(const struct election *el, struct emd_errmsg *msg)
{
	const struct emd_config *truth = el->cfgs[el->champion];
	struct emd_config *united = NULL, *cfg;
	struct emd_config_room room = {};

	if (truth->ops->unite) {
		united = truth->ops->unite(el->cfgs, el->nr, el->champion, el->verdicts,
					   el->rows, msg);
		if (IS_ERR(united))
			return united;
		truth = united;
	}
	truth->ops->room(truth, &room);
	room.disks = max_t(u16, room.disks, truth->nr_disks);
	room.arrays = max_t(u16, room.arrays, truth->nr_arrays);
	room.members = max(room.members, truth->nr_members);
	room.native = max(room.native, truth->native_len);
	/* Free spares may join without the metadata saying so. */
	room.disks += 8;
	cfg = emd_config_alloc(&room);
	if (!cfg) {
		EMD_REFUSE(msg, -ENOMEM, "out of memory");
		cfg = ERR_PTR(-ENOMEM);
	} else if (WARN_ON(emd_config_copy(cfg, truth))) {
		emd_config_free(cfg);
		cfg = ERR_PTR(-EINVAL);
	}
	emd_config_free(united);
	return cfg;
}

/* The elected config with the live disks' handles in their rows. */
static int election_config(struct election *el, struct emd_errmsg *msg)
{
	struct emd_config *cfg = elected_copy(el, msg);
	unsigned int i;
	u16 row, slot;

	if (IS_ERR(cfg))
		return PTR_ERR(cfg);
	cfg->self = EMD_NO_DISK;
	for (row = 0; row < cfg->nr_disks; row++)
		cfg->disks[row].handle = 0;
	for (i = 0; i < el->nr; i++) {
		if (el->verdicts[i] == EMD_VERDICT_MEMBER && el->rows[i] < cfg->nr_disks) {
			cfg->disks[el->rows[i]].handle = el->disks[i]->id;
			cfg->disks[el->rows[i]].sectors = el->disks[i]->nr_sectors;
		}
	}
	/* Complete: every disk that some array needs in service is there. */
	el->complete = true;
	for (i = 0; i < cfg->nr_arrays; i++) {
		struct emd_config_array *ca = &cfg->arrays[i];

		for (slot = 0; slot < ca->geo.nr_members; slot++) {
			struct emd_config_member *cm = emd_config_member(cfg, ca, slot);

			if (cm->state != EMD_MEMBER_IN_SYNC &&
			    cm->state != EMD_MEMBER_REBUILDING) {
				el->degraded = true;
				continue;
			}
			if (cm->disk == EMD_NO_DISK || !cfg->disks[cm->disk].handle)
				el->complete = false;
		}
	}
	for (row = 0; row < cfg->nr_disks; row++) {
		if (cfg->disks[row].handle)
			continue;
		if (cfg->disks[row].state == EMD_DISK_ACTIVE)
			emd_change_miss_disk(cfg, row);
		else if (cfg->disks[row].state == EMD_DISK_SPARE)
			el->spare_absent = true;
	}
	el->config = cfg;
	return 0;
}

static const char *const verdict_reasons[] = {
	[EMD_VERDICT_MEMBER]	= "",
	[EMD_VERDICT_SPARE]	= "",
	[EMD_VERDICT_STALE]	= "stale: the array went on without it",
	[EMD_VERDICT_CONFLICT]	= "conflict: another disk claims the same place or ran apart",
	[EMD_VERDICT_FOREIGN]	= "foreign: not listed by the elected metadata",
};

/*
 * What the disks that we hold say by now: since they were last looked at we have
 * written them, and those of a new container said nothing at all.
 */
static void look_at_claimed(struct emd_container *container)
{
	struct emd_disk *disk;

	list_for_each_entry(disk, &container->disks, container_node) {
		struct emd_probe probe;

		if (!disk->file || READ_ONCE(disk->gone))
			continue;
		if (emd_disk_reread(disk, &probe) != -ENOMEM) {
			probe.ops = container->ops;
			emd_disk_take_probe(disk, &probe);
		}
		emd_probe_done(&probe);
	}
}

/* Damaged, in no container, and perhaps a torn member of this one. */
static bool torn_stray(const struct emd_container *container, const struct emd_disk *disk)
{
	return !disk->container && disk->ops == container->ops && disk->seen &&
	       disk->seen->torn && !memcmp(disk->seen->uuid, container->uuid, 16) &&
	       container->state != EMD_CONTAINER_ASSEMBLED;
}

static void stand_for_election(struct election *el, struct emd_disk *disk)
{
	el->disks[el->nr] = disk;
	el->cfgs[el->nr] = disk->seen;
	el->imgs[el->nr] = disk->img;
	el->rows[el->nr] = EMD_NO_DISK;
	el->nr++;
}

/* A torn disk belongs to the container for as long as the others vouch for it. */
static void settle_torn(struct emd_container *container, struct emd_disk *disk,
			enum emd_verdict verdict)
{
	if (verdict == EMD_VERDICT_MEMBER) {
		if (!disk->container)
			emd_container_add_disk(container, disk);
		disk->reason[0] = '\0';
	} else if (disk->container && !disk->file) {
		emd_container_drop_disk(container, disk);
		strscpy(disk->reason, "metadata does not check out", sizeof(disk->reason));
	}
}

/*
 * Let all disks of the container vote, and those that may be torn members of it. Of the
 * outcome nobody knows yet but @el, which is to be freed with election_free().
 *
 * Return: 0, however it ended; -ENODATA when no disk has metadata; -ENOMEM.
 */
static int vote(struct emd_container *container, struct election *el, struct emd_errmsg *msg)
{
	struct emd_disk *disk;
	unsigned int nr = 0;

	lockdep_assert_held(&emd_registry_lock);
	lockdep_assert_held(&container->mutex);
	memset(el, 0, sizeof(*el));
	look_at_claimed(container);
	list_for_each_entry(disk, &container->disks, container_node)
		nr += disk->seen && !READ_ONCE(disk->gone);
	list_for_each_entry(disk, &emd_disks, node)
		nr += torn_stray(container, disk) && !READ_ONCE(disk->gone);
	if (!nr)
		return EMD_REFUSE(msg, -ENODATA, "no disk of %s has metadata", container->name);
	el->disks = kcalloc(nr, sizeof(*el->disks), GFP_KERNEL);
	el->cfgs = kcalloc(nr, sizeof(*el->cfgs), GFP_KERNEL);
	el->imgs = kcalloc(nr, sizeof(*el->imgs), GFP_KERNEL);
	el->verdicts = kcalloc(nr, sizeof(*el->verdicts), GFP_KERNEL);
	el->rows = kcalloc(nr, sizeof(*el->rows), GFP_KERNEL);
	if (!el->disks || !el->cfgs || !el->imgs || !el->verdicts || !el->rows) {
		election_free(el);
		return EMD_REFUSE(msg, -ENOMEM, "out of memory");
	}
	list_for_each_entry(disk, &container->disks, container_node) {
		if (!disk->seen || READ_ONCE(disk->gone) || el->nr == nr)
			continue;
		stand_for_election(el, disk);
	}
	list_for_each_entry(disk, &emd_disks, node) {
		if (torn_stray(container, disk) && !READ_ONCE(disk->gone) && el->nr < nr)
			stand_for_election(el, disk);
	}
	el->champion = container->ops->elect(el->cfgs, el->imgs, el->nr, el->verdicts,
					     el->rows, msg);
	return 0;
}

/* Tell the disks. */
static void settle(struct emd_container *container, const struct election *el)
{
	unsigned int i;

	for (i = 0; i < el->nr; i++) {
		struct emd_disk *disk = el->disks[i];

		disk->verdict = el->verdicts[i];
		if (disk->seen->torn)
			settle_torn(container, disk, disk->verdict);
		else
			strscpy(disk->reason, verdict_reasons[disk->verdict],
				sizeof(disk->reason));
	}
}

/* What is true then. Return: 0 or -errno with nothing in @el: -ENOTUNIQ when it is ambiguous. */
static int conclude(struct election *el, struct emd_errmsg *msg)
{
	int ret = el->champion < 0 ? el->champion : election_config(el, msg);

	if (ret)
		election_free(el);
	return ret;
}

/* An election from one end to the other; as vote() and conclude(). */
static int elect(struct emd_container *container, struct election *el, struct emd_errmsg *msg)
{
	int ret = vote(container, el, msg);

	if (ret)
		return ret;
	settle(container, el);
	return conclude(el, msg);
}

/* ---- assembly -------------------------------------------------------------------- */

static void release_claims(struct emd_container *container)
{
	struct emd_disk *disk;

	list_for_each_entry(disk, &container->disks, container_node)
		emd_disk_release(disk);
}

/*
 * Claim the disks of the elected config and read them again through the claim.
 * Return: 0; -EAGAIN when some metadata changed since it was read (elect
 * again); -errno with nothing claimed.
 */
static int claim_members(struct emd_container *container, const struct emd_config *cfg,
			 bool read_only, struct emd_errmsg *msg)
{
	struct emd_disk *disk;
	bool changed = false;
	int ret;

	list_for_each_entry(disk, &container->disks, container_node) {
		struct emd_probe probe;

		if (!emd_config_find_disk(cfg, disk->id))
			continue;
		ret = emd_disk_claim(disk, read_only, msg);
		if (ret)
			goto release;
		ret = emd_disk_reread(disk, &probe);
		if (ret == -ENOMEM || ret == -EIO) {
			EMD_REFUSE(msg, ret, "%s: %.200s", disk->name, probe.msg.text);
			goto release;
		}
		if (!probe.cfg || probe.cfg->generation != disk->seen->generation ||
		    probe.cfg->native_len != disk->seen->native_len ||
		    memcmp(probe.cfg->native, disk->seen->native, probe.cfg->native_len)) {
			changed = true;
			probe.ops = container->ops;
			emd_disk_take_probe(disk, &probe);
		}
		emd_probe_done(&probe);
	}
	if (!changed)
		return 0;
	ret = -EAGAIN;
release:
	release_claims(container);
	return ret;
}

/*
 * Not silently: what holds for a torn copy would also hold for one damaged otherwise.
 * And it is the first in turn at the next writing: one that is torn before its turn
 * came would be the second.
 */
static void take_torn(struct emd_container *container)
{
	const struct emd_config *cfg = emd_container_config(container);
	struct emd_disk *disk, *tmp;

	list_for_each_entry_safe(disk, tmp, &container->disks, container_node) {
		if (!disk->seen || !disk->seen->torn || !emd_config_find_disk(cfg, disk->id))
			continue;
		emd_container_warn(container,
				   "%s: its copy of the metadata is torn; the others name it a member in good state, it is used as such and gets a whole copy with the next change",
				   disk->name);
		emd_event(EMD_EVENT_DISK, "torn", container, NULL, -1, disk,
			  "%s is used although its copy of the metadata is torn", disk->name);
		list_move(&disk->container_node, &container->disks);
	}
}

/* How many containers of this format hold arrays? */
static unsigned int nr_populated(const struct emd_meta_ops *ops)
{
	struct emd_container *container;
	unsigned int nr = 0;

	list_for_each_entry(container, &emd_containers, node)
		nr += container->ops == ops && !emd_uuid_is_zero(container->uuid);
	return nr;
}

static struct emd_container *spare_pool(const struct emd_meta_ops *ops)
{
	struct emd_container *container;

	list_for_each_entry(container, &emd_containers, node) {
		if (container->ops == ops && emd_uuid_is_zero(container->uuid))
			return container;
	}
	return NULL;
}

/* A row that is a spare's and waits for this very disk, else one more. */
static int seat_spare(struct emd_config *t1, const struct emd_disk *disk,
		      const struct emd_config_disk *row)
{
	const struct emd_config *seen = disk->seen;
	u16 i;

	for (i = 0; seen && seen->self < seen->nr_disks && i < t1->nr_disks; i++) {
		if (t1->disks[i].state != EMD_DISK_SPARE || t1->disks[i].handle ||
		    strcmp(t1->disks[i].id, seen->disks[seen->self].id))
			continue;
		t1->disks[i].handle = row->handle;
		t1->disks[i].sectors = disk->nr_sectors;
		return i;
	}
	return emd_change_add_disk(t1, row);
}

/*
 * A free spare belongs to nobody on disk; @pool is NULL when it is among the
 * container's disks already. With one container of the format it
 * is plain whose it is to be; with several the administrator says (emdctl add).
 * Joining writes nothing.
 */
static void adopt_spare(struct emd_container *container, struct emd_container *pool,
			struct emd_disk *disk)
{
	struct emd_config *cfg = emd_container_config(container);
	struct emd_transaction txn;
	struct emd_config_disk row = {};
	struct emd_config_room extra = { .disks = 1 };
	struct emd_errmsg msg = {};
	int added;

	lockdep_assert_held(&container->mutex);
	if (disk->block_size != cfg->block_size || READ_ONCE(disk->gone))
		return;
	if (container->ops->new_disk(disk->serial, disk->nr_sectors, disk->block_size, &row, &msg))
		return;
	row.handle = disk->id;
	row.state = EMD_DISK_SPARE;
	if (emd_disk_claim(disk, container->read_only, &msg)) {
		strscpy(disk->reason, msg.text, sizeof(disk->reason));
		return;
	}
	if (emd_txn_begin_room(&txn, container, &extra, &msg))
		goto release;
	added = seat_spare(txn.t1, disk, &row);
	if (added >= 0)
		emd_disk_adopt(disk, txn.t1, added);
	if (added < 0 || emd_disk_reserve(disk, container->ops->encode_max(txn.t1))) {
		emd_txn_abort(&txn);
		goto release;
	}
	emd_txn_switch(&txn);
	if (pool) {
		mutex_lock_nested(&pool->mutex, SINGLE_DEPTH_NESTING);
		list_del_init(&disk->container_node);
		mutex_unlock(&pool->mutex);
		emd_disk_set_container(disk, container);
		list_add_tail(&disk->container_node, &container->disks);
	}
	disk->verdict = EMD_VERDICT_SPARE;
	emd_container_info(container, "%s is a spare", disk->name);
	emd_event(EMD_EVENT_DISK, "spare", container, NULL, -1, disk, "%s is a spare",
		  disk->name);
	return;
release:
	emd_disk_release(disk);
}

static void adopt_spares(struct emd_container *container)
{
	struct emd_container *pool = spare_pool(container->ops);
	struct emd_disk *disk, *tmp;

	lockdep_assert_held(&emd_registry_lock);
	/* Those that joined before it was stopped and assembled again. */
	list_for_each_entry_safe(disk, tmp, &container->disks, container_node) {
		if (!disk->file && disk->verdict == EMD_VERDICT_SPARE && !container->read_only)
			adopt_spare(container, NULL, disk);
	}
	if (!pool || container->read_only || nr_populated(container->ops) != 1)
		return;
	list_for_each_entry_safe(disk, tmp, &pool->disks, container_node)
		adopt_spare(container, pool, disk);
}

static struct emd_array *array_by_handle(struct emd_container *container, u32 handle)
{
	struct emd_array *array;

	list_for_each_entry(array, &container->arrays, node) {
		if (handle && array->id == handle)
			return array;
	}
	return NULL;
}

/* Create every array that the config lists and that is not there yet. */
static int create_arrays(struct emd_container *container, bool by_itself,
			 struct emd_errmsg *msg)
{
	struct emd_transaction txn;
	unsigned int i;
	int ret = 0;

	/* Handles are ours, not the metadata's: nothing is written. */
	emd_txn_begin(&txn, container, msg);
	for (i = 0; i < txn.t1->nr_arrays; i++) {
		struct emd_config_array *ca = &txn.t1->arrays[i];
		struct emd_array *array;

		if (array_by_handle(container, ca->handle))
			continue;
		/* It was stopped by command: by command only it comes back. */
		if (ca->handle && by_itself)
			continue;
		array = emd_array_create(container, txn.t1, ca, msg);
		if (IS_ERR(array))
			ret = ret ?: PTR_ERR(array);
		else
			ca->handle = array->id;
	}
	emd_txn_switch(&txn);
	return ret;
}

static int start_arrays(struct emd_container *container, u32 flags, struct emd_errmsg *msg)
{
	struct emd_array *array;
	int ret;

	ret = create_arrays(container, flags & EMD_F_ALL, msg);
	list_for_each_entry(array, &container->arrays, node) {
		int err;

		if (array->gd)
			continue;
		err = emd_array_start(array, emd_container_config(container),
				      container->read_only, flags & EMD_F_FORCE, msg);
		ret = ret ?: err;
	}
	return flags & EMD_F_ALL ? 0 : ret;
}

/**
 * emd_container_publish_arrays() - show every started array to the world
 * @container: container
 * @msg: reason of the first failure, or NULL
 *
 * Return: 0, or -errno of the first that could not be shown; it is inactive again.
 * Context: Process context, G held, C not held.
 */
int emd_container_publish_arrays(struct emd_container *container, struct emd_errmsg *msg)
{
	struct emd_array *array;
	unsigned int noio;
	int ret = 0;

	/* G keeps the list from shrinking; C must not be held, see array.c. */
	lockdep_assert_held(&emd_registry_lock);
	for (;;) {
		struct emd_array *todo = NULL;
		int err;

		noio = emd_lock_container(container);
		list_for_each_entry(array, &container->arrays, node) {
			if (array->gd && !array->published) {
				todo = array;
				todo->published = true;
				kref_get(&todo->ref);
				break;
			}
		}
		emd_unlock_container(container, noio);
		if (!todo)
			return ret;
		err = emd_array_publish(todo, ret ? NULL : msg);
		ret = ret ?: err;
		emd_array_put(todo);
	}
}

/**
 * emd_container_assemble() - claim the disks and start the arrays
 * @container: not assembled, or assembled with arrays not started
 * @flags: EMD_F_DEGRADED: also with members missing; EMD_F_READ_ONLY;
 *	EMD_F_FORCE: although the metadata is in conflict with a stale disk, and
 *	although what is computed for lost members may be wrong
 * @msg: reason of a refusal
 *
 * Return: 0; -EAGAIN when members are missing and @flags do not allow it;
 * -errno otherwise. The container's state and reason say the same.
 * Context: Process context, G held.
 */
int emd_container_assemble(struct emd_container *container, u32 flags, struct emd_errmsg *msg)
{
	struct emd_errmsg local = {};
	struct election el;
	unsigned int noio;
	int ret, err, tries;

	lockdep_assert_held(&emd_registry_lock);
	if (!msg)
		msg = &local;
	noio = emd_lock_container(container);
	if (container->state == EMD_CONTAINER_ASSEMBLED) {
		ret = start_arrays(container, flags, msg);
		goto out_publish;
	}
	if (emd_uuid_is_zero(container->uuid)) {
		ret = EMD_REFUSE(msg, -EINVAL, "%s holds free spares only", container->name);
		goto out;
	}
	container->read_only = emd_read_only || (flags & EMD_F_READ_ONLY);

	/* Somebody may write the disks between our look and our claim. */
	for (tries = 0; tries < 4; tries++) {
		ret = elect(container, &el, msg);
		if (ret)
			goto refused;
		if (!el.complete && !(flags & EMD_F_DEGRADED)) {
			election_free(&el);
			ret = EMD_REFUSE(msg, -EAGAIN,
					 "members of %s are missing; --degraded starts without them",
					 container->name);
			emd_container_set_state(container, EMD_CONTAINER_WAITING,
						"waiting for members");
			goto out;
		}
		/*
		 * What it has written off may be here too and think the same of
		 * it: no decision before every disk has been looked at. And a
		 * spare that comes after the first write would be stale.
		 */
		if ((el.degraded || el.spare_absent) && (flags & EMD_F_ALL) && !(flags & EMD_F_DEGRADED) &&
		    emd_scan_busy()) {
			election_free(&el);
			ret = EMD_REFUSE(msg, -EAGAIN, "disks are still being looked at");
			emd_container_set_state(container, EMD_CONTAINER_WAITING,
						"disks are still being looked at");
			goto out;
		}
		if (el.config->flags & EMD_CFG_READ_ONLY)
			container->read_only = true;
		ret = claim_members(container, el.config, container->read_only, msg);
		if (ret != -EAGAIN)
			break;
		election_free(&el);
	}
	if (ret == -EAGAIN)
		ret = EMD_REFUSE(msg, -EBUSY, "metadata keeps changing under us");
	if (!ret)
		ret = emd_container_set_first_config(container, el.config);
	if (ret) {
		release_claims(container);
		election_free(&el);
		goto refused;
	}
	emd_history_note(container, el.config->generation, "assembled as the disks had it: %u disks, %u arrays",
			 el.config->nr_disks, el.config->nr_arrays);
	el.config = NULL;	/* the container's now */
	election_free(&el);

	emd_container_set_state(container, EMD_CONTAINER_ASSEMBLED, "");
	emd_event(EMD_EVENT_CONTAINER, "assembled", container, NULL, -1, NULL,
		  "%s assembled", container->name);
	take_torn(container);
	adopt_spares(container);
	ret = start_arrays(container, flags, msg);
	emd_container_kick(container);
out_publish:
	emd_unlock_container(container, noio);
	err = emd_container_publish_arrays(container, ret ? NULL : msg);
	return ret ?: err;

refused:
	if (strcmp(container->reason, msg->text)) {
		emd_container_warn(container, "not assembled: %s", msg->text);
		emd_event(EMD_EVENT_CONTAINER, "refused", container, NULL, -1, NULL, "%s",
			  msg->text);
	}
	emd_container_set_state(container, EMD_CONTAINER_REFUSED, msg->text);
out:
	emd_unlock_container(container, noio);
	return ret;
}

static void plan_start(const struct emd_config *cfg, const struct emd_config_array *ca,
		       struct emd_text *out)
{
	if ((cfg->flags | ca->flags) & EMD_CFG_NO_START)
		emd_text_line(out, "array \"%s\" is not started: %s", ca->name,
			      ca->flags & EMD_CFG_NO_START ? ca->reason : cfg->reason);
	else
		emd_text_line(out, "start array \"%s\": %s, %s", ca->name,
			      emd_levels[ca->geo.level].name,
			      emd_array_state_names[emd_config_array_state(cfg, ca)]);
}

static int plan_election(struct emd_container *container, u32 flags, struct emd_errmsg *msg,
			 struct emd_text *out)
{
	struct election el;
	unsigned int i;
	int ret;

	if (emd_uuid_is_zero(container->uuid))
		return EMD_REFUSE(msg, -EINVAL, "%s holds free spares only", container->name);
	/* Nobody is told. */
	ret = vote(container, &el, msg) ?: conclude(&el, msg);
	if (ret)
		return ret;
	if (!el.complete && !(flags & EMD_F_DEGRADED)) {
		ret = EMD_REFUSE(msg, -EAGAIN,
				 "members of %s are missing; --degraded starts without them",
				 container->name);
	} else {
		emd_text_line(out, "assemble %s, generation %llu", container->name,
			      el.config->generation);
		for (i = 0; i < el.nr; i++) {
			if (emd_config_find_disk(el.config, el.disks[i]->id))
				emd_text_line(out, "claim %s", el.disks[i]->name);
		}
		for (i = 0; i < el.config->nr_arrays; i++)
			plan_start(el.config, &el.config->arrays[i], out);
	}
	election_free(&el);
	return ret;
}

/**
 * emd_container_plan_assembly() - what emd_container_assemble() would do
 * @container: container
 * @flags: as there
 * @msg: reason of a refusal
 * @out: gets the lines
 *
 * Nothing is written by assembly, and nothing claimed here.
 *
 * Return: 0 or -errno, as emd_container_assemble().
 * Context: Process context, G held.
 */
int emd_container_plan_assembly(struct emd_container *container, u32 flags,
				struct emd_errmsg *msg, struct emd_text *out)
{
	unsigned int noio = emd_lock_container(container);
	const struct emd_config *cfg = emd_container_config(container);
	struct emd_array *array;
	int ret = 0;
	u16 i;

	if (container->state != EMD_CONTAINER_ASSEMBLED) {
		ret = plan_election(container, flags, msg, out);
	} else {
		for (i = 0; i < cfg->nr_arrays; i++) {
			array = array_by_handle(container, cfg->arrays[i].handle);
			if (!array || !array->gd)
				plan_start(cfg, &cfg->arrays[i], out);
		}
	}
	emd_unlock_container(container, noio);
	return ret;
}

static void container_timeout(struct work_struct *work)
{
	struct emd_container *container =
		container_of(to_delayed_work(work), struct emd_container, timeout);
	unsigned int noio = emd_lock_registry();

	/* Off the list: reaped while we waited for G. */
	if (!list_empty(&container->node) && container->state == EMD_CONTAINER_WAITING) {
		emd_container_warn(container, "members still missing after %u s, starting degraded",
				   emd_degraded_timeout);
		emd_container_assemble(container, EMD_F_DEGRADED | EMD_F_ALL, NULL);
	}
	emd_unlock_registry(noio);
	emd_container_put(container);
}

/* The set changed: is it complete now? */
static void container_evaluate(struct emd_container *container)
{
	struct emd_errmsg msg = {};
	int ret;

	lockdep_assert_held(&emd_registry_lock);
	if (!emd_autoassemble || container->state == EMD_CONTAINER_STOPPED ||
	    emd_uuid_is_zero(container->uuid))
		return;
	ret = emd_container_assemble(container, EMD_F_ALL, &msg);
	if (ret == -EAGAIN && emd_degraded_timeout) {
		kref_get(&container->ref);
		/* Counted from the first disk, not from the last. */
		if (!queue_delayed_work(emd_edge_wq, &container->timeout,
					emd_degraded_timeout * HZ))
			emd_container_put(container);
	}
}

/**
 * emd_registry_evaluate() - every disk has been looked at: what can be assembled?
 *
 * Context: Process context, takes G.
 */
void emd_registry_evaluate(void)
{
	struct emd_container *container;
	unsigned int noio = emd_lock_registry();

	list_for_each_entry(container, &emd_containers, node) {
		if (container->state == EMD_CONTAINER_WAITING)
			container_evaluate(container);
	}
	emd_unlock_registry(noio);
}

#ifndef MODULE
/**
 * emd_registry_expecting() - does some container still wait for its members?
 *
 * False means: without another disk or a command nothing more gets started.
 *
 * Context: Process context, takes G; not from the scanner's or the timeout's work.
 */
bool __init emd_registry_expecting(void)
{
	struct emd_container *container;
	bool expecting;
	unsigned int noio;

	/* Devices that were reported but not yet looked at count as well. */
	emd_scan_flush();
	expecting = emd_scan_busy();
	noio = emd_lock_registry();
	list_for_each_entry(container, &emd_containers, node)
		expecting |= container->state == EMD_CONTAINER_WAITING &&
			     work_busy(&container->timeout.work);
	emd_unlock_registry(noio);
	return expecting;
}
#endif

/* ---- late arrivals ------------------------------------------------------------------ */

/*
 * The config as elected with the late disk, with what only the running one
 * knows: which objects the arrays are, which spares have joined.
 */
static int adopt_elected(struct emd_container *container, const struct emd_config *elected)
{
	const struct emd_config *cfg = emd_container_config(container);
	struct emd_transaction txn;
	u16 i, j;

	emd_txn_begin(&txn, container, NULL);
	if (emd_config_copy(txn.t1, elected))
		return -ENOSPC;
	for (i = 0; i < txn.t1->nr_arrays; i++) {
		for (j = 0; j < cfg->nr_arrays; j++) {
			if (!memcmp(cfg->arrays[j].uuid, txn.t1->arrays[i].uuid, 16))
				txn.t1->arrays[i].handle = cfg->arrays[j].handle;
		}
	}
	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].state == EMD_DISK_SPARE && cfg->disks[i].handle &&
		    !emd_config_find_disk(txn.t1, cfg->disks[i].handle) &&
		    emd_change_add_disk(txn.t1, &cfg->disks[i]) < 0)
			return -ENOSPC;
	}
	emd_txn_switch(&txn);
	return 0;
}

/* Nobody has it open and nothing was written: it can still become another one. */
static bool idle_and_untouched(struct emd_container *container)
{
	struct emd_array *array;

	if (container->attempted != emd_container_config(container)->generation)
		return false;
	list_for_each_entry(array, &container->arrays, node) {
		if (array->gd && (!array->untouched || atomic_read(&array->nr_openers) ||
				  !array->has_dirty_mark))
			return false;
	}
	return true;
}

static bool some_did_not_start(struct emd_container *container)
{
	struct emd_array *array;

	list_for_each_entry(array, &container->arrays, node)
		if (!array->gd)
			return true;
	return false;
}

/*
 * Do the others call it a spare? Then it missed nothing, whatever was written. Unless
 * its own word is the one that counts.
 */
static bool is_spare_of(const struct election *el, const struct emd_disk *disk)
{
	unsigned int i;

	for (i = 0; i < el->nr; i++) {
		if (el->disks[i] == disk)
			return i != el->champion && el->verdicts[i] == EMD_VERDICT_MEMBER &&
			       el->rows[i] < el->config->nr_disks &&
			       el->config->disks[el->rows[i]].state == EMD_DISK_SPARE;
	}
	return false;
}

/*
 * A disk of an assembled container comes late. A spare joins. Where the elected metadata
 * lists it as good and the container was not written since it was assembled, it takes
 * its place; else it is stale and left alone.
 *
 * Return: true when the late one carries the newer truth, or another one, or may
 * be what an array lacks that was not started, and nobody has used what runs yet:
 * then everything is to be decided anew.
 */
static bool late_arrival(struct emd_container *container, struct emd_disk *disk)
{
	const struct emd_config *cfg = emd_container_config(container);
	struct emd_array *array;
	struct emd_errmsg msg = {};
	struct election el;
	bool anew = false;
	u16 row = EMD_NO_DISK;
	unsigned int i;
	int ret;

	lockdep_assert_held(&container->mutex);
	ret = elect(container, &el, &msg);
	if (!ret && is_spare_of(&el, disk)) {
		adopt_spare(container, NULL, disk);
		emd_container_kick(container);
		goto out;
	}
	if (!ret) {
		for (i = 0; i < el.nr; i++) {
			if (el.disks[i] == disk && el.verdicts[i] == EMD_VERDICT_MEMBER)
				row = el.rows[i];
		}
		/* Written since, or newer than what we run: they went apart. */
		if (el.config->generation != cfg->generation ||
		    container->attempted != cfg->generation)
			row = EMD_NO_DISK;
	}
	if ((ret == -ENOTUNIQ || (!ret && el.disks[el.champion] == disk) ||
	     (row != EMD_NO_DISK && some_did_not_start(container))) &&
	    idle_and_untouched(container)) {
		anew = true;
		goto out;
	}
	if (row == EMD_NO_DISK) {
		disk->verdict = ret == -ENOTUNIQ ? EMD_VERDICT_CONFLICT : EMD_VERDICT_STALE;
		strscpy(disk->reason, verdict_reasons[disk->verdict], sizeof(disk->reason));
		emd_container_warn(container, "%s comes late and is left alone (%s)", disk->name,
				   disk->reason);
		goto out;
	}
	if (emd_disk_claim(disk, container->read_only, &msg) ||
	    emd_disk_reserve(disk, cfg->ops->encode_max(cfg)) ||
	    adopt_elected(container, el.config)) {
		strscpy(disk->reason, msg.text[0] ? msg.text : "out of memory",
			sizeof(disk->reason));
		emd_disk_release(disk);
		goto out;
	}
	disk->reason[0] = '\0';
	cfg = emd_container_config(container);
	list_for_each_entry(array, &container->arrays, node) {
		const struct emd_config_array *ca = emd_config_find_array(cfg, array->id);
		int slot = ca ? emd_config_member_slot(cfg, ca, row) : -1;

		if (slot < 0 || !array->gd)
			continue;
		if (emd_member_rejoin(array, slot, disk, cfg, ca))
			emd_container_warn(container, "%s: slot %d stays empty", array->name, slot);
		else
			emd_info(array, "member %d (%s) came late, in sync", slot, disk->name);
	}
out:
	if (!ret)
		election_free(&el);
	return anew;
}

/* ---- arrivals and departures ----------------------------------------------------------- */

static struct emd_container *find_container(const struct emd_meta_ops *ops, const u8 uuid[16])
{
	struct emd_container *container;

	list_for_each_entry(container, &emd_containers, node) {
		if (container->ops == ops && !memcmp(container->uuid, uuid, 16))
			return container;
	}
	return NULL;
}

static bool same_metadata(const struct emd_disk *disk, const struct emd_probe *probe)
{
	if (!disk->seen || !probe->cfg)
		return false;
	return disk->ops == probe->ops && disk->seen->native_len == probe->cfg->native_len &&
	       !memcmp(disk->seen->uuid, probe->cfg->uuid, 16) &&
	       !memcmp(disk->seen->native, probe->cfg->native, probe->cfg->native_len);
}

/**
 * emd_registry_forget() - what is known of a disk holds no more
 * @disk: listed, not claimed; the caller has a reference
 *
 * It leaves its container, which may be nobody's then, and the registry.
 *
 * Context: Process context, G held.
 */
void emd_registry_forget(struct emd_disk *disk)
{
	struct emd_container *container = disk->container;
	unsigned int noio_c;

	lockdep_assert_held(&emd_registry_lock);
	if (container) {
		noio_c = emd_lock_container(container);
		emd_container_drop_disk(container, disk);
		emd_unlock_container(container, noio_c);
		emd_container_reap(container);
	}
	list_del_init(&disk->node);
	emd_disk_put(disk);
}

/**
 * emd_registry_add_probe() - a device was looked at
 * @probe: what was found; config and image may be taken over
 *
 * Return: 0, also when it is none of ours; -ENOMEM: look again.
 * Context: Process context, takes G.
 */
int emd_registry_add_probe(struct emd_probe *probe)
{
	unsigned int noio = emd_lock_registry();
	struct emd_container *container = NULL;
	struct emd_disk *disk = emd_disk_get_by_dev(probe->devt);
	unsigned int noio_c;
	bool anew = false;
	int ret = 0;

	/* It may have left since: then its departure was heard already, or will be. */
	if (!disk_live(file_bdev(probe->file)->bd_disk))
		goto out;
	if (disk && disk->diskseq < probe->diskseq) {
		/* Its number was handed on before we heard that it left. */
		WRITE_ONCE(disk->gone, true);
		if (disk->container)
			emd_container_kick(disk->container);
		emd_disk_put(disk);
		disk = NULL;
	}
	if (disk && disk->file)
		goto out;	/* ours, in use: we know better than the disk */
	if (disk && same_metadata(disk, probe) && disk->container) {
		container = disk->container;
		kref_get(&container->ref);
		goto evaluate;
	}
	if (disk) {
		/* What was on it is not there any more. */
		emd_registry_forget(disk);
		emd_disk_put(disk);
		disk = NULL;
	}
	if (!probe->ops)
		goto out;	/* no metadata of ours */

	disk = emd_disk_create(probe);
	if (!disk) {
		ret = -ENOMEM;
		goto out;
	}
	emd_disk_list(disk);
	if (!disk->seen || disk->seen->torn) {
		emd_disk_warn(disk, "%s metadata damaged: %s", disk->ops->name, disk->reason);
		emd_event(EMD_EVENT_ERROR, "damaged", NULL, NULL, -1, disk, "%s", disk->reason);
		disk->verdict = EMD_VERDICT_FOREIGN;
		container = disk->seen ? find_container(disk->ops, disk->seen->uuid) : NULL;
		if (!container || container->state == EMD_CONTAINER_ASSEMBLED) {
			container = NULL;
			goto out;
		}
		/* Perhaps the one that was waited for. */
		kref_get(&container->ref);
		goto evaluate;
	}
	if (disk->seen->remark[0])
		emd_disk_warn(disk, "%s metadata: %s", disk->ops->name, disk->seen->remark);
	container = find_container(disk->ops, disk->seen->uuid) ?:
		    emd_container_create(disk->ops, disk->seen->uuid);
	if (!container) {
		ret = -ENOMEM;
		goto out;
	}
	kref_get(&container->ref);
	noio_c = emd_lock_container(container);
	emd_container_add_disk(container, disk);
	if (container->state == EMD_CONTAINER_ASSEMBLED)
		anew = late_arrival(container, disk);
	emd_unlock_container(container, noio_c);
	if (anew && !emd_container_stop(container, NULL)) {
		emd_container_warn(container, "%s carries newer metadata, deciding again",
				   disk->name);
		noio_c = emd_lock_container(container);
		emd_container_set_state(container, EMD_CONTAINER_WAITING, "");
		emd_unlock_container(container, noio_c);
	}
	emd_event(EMD_EVENT_DISK, "appeared", container, NULL, -1, disk, "%s appeared",
		  disk->name);

	if (emd_uuid_is_zero(container->uuid)) {
		struct emd_container *other;

		list_for_each_entry(other, &emd_containers, node) {
			if (other->ops != disk->ops || emd_uuid_is_zero(other->uuid))
				continue;
			noio_c = emd_lock_container(other);
			if (other->state == EMD_CONTAINER_ASSEMBLED) {
				adopt_spares(other);
				emd_container_kick(other);
			}
			emd_unlock_container(other, noio_c);
		}
	}
evaluate:
	/* Starts what the new disk made startable, in any state. */
	container_evaluate(container);
out:
	emd_container_put(container);
	emd_disk_put(disk);
	emd_unlock_registry(noio);
	return ret;
}

/* Drop disks that are gone and no longer claimed. */
static void forget_gone(struct emd_container *container)
{
	struct emd_disk *disk, *tmp;
	unsigned int noio;
	LIST_HEAD(dead);

	noio = emd_lock_container(container);
	list_for_each_entry_safe(disk, tmp, &container->disks, container_node) {
		struct emd_config *cfg = emd_container_config(container);
		struct emd_transaction txn;

		if (!READ_ONCE(disk->gone) || disk->file)
			continue;
		if (cfg && emd_config_find_disk(cfg, disk->id)) {
			struct emd_config_disk *row;

			emd_txn_begin(&txn, container, NULL);
			row = emd_config_find_disk(txn.t1, disk->id);
			row->handle = 0;
			/* A spare that no table lists is nothing without its disk. */
			if (row->state == EMD_DISK_SPARE && row->native == EMD_NO_DISK)
				emd_change_remove_disk(txn.t1, row - txn.t1->disks);
			emd_txn_switch(&txn);
		}
		emd_event(EMD_EVENT_DISK, "gone", container, NULL, -1, disk, "%s is gone",
			  disk->name);
		list_del_init(&disk->node);
		list_add(&disk->node, &dead);
		emd_container_drop_disk(container, disk);
	}
	emd_unlock_container(container, noio);
	list_for_each_entry_safe(disk, tmp, &dead, node) {
		list_del_init(&disk->node);
		emd_disk_put(disk);
	}
}

/* All disks that are gone and released. Takes G. */
static void forget_all_gone(void)
{
	struct emd_container *container, *tmp;
	struct emd_disk *disk, *tmp_disk;
	unsigned int noio = emd_lock_registry();

	list_for_each_entry_safe(container, tmp, &emd_containers, node) {
		forget_gone(container);
		if (container->state != EMD_CONTAINER_ASSEMBLED)
			emd_container_reap(container);
	}
	/* Disks with damaged metadata are in no container. */
	list_for_each_entry_safe(disk, tmp_disk, &emd_disks, node) {
		if (disk->container || !READ_ONCE(disk->gone))
			continue;
		list_del_init(&disk->node);
		emd_disk_put(disk);
	}
	emd_unlock_registry(noio);
}

/**
 * emd_registry_disk_gone() - a block device left the system
 * @devt: its number
 * @diskseq: its sequence number when it left: whatever has a higher one got the
 *	device number after it
 *
 * Context: Process context, takes G.
 */
void emd_registry_disk_gone(dev_t devt, u64 diskseq)
{
	struct emd_container *container = NULL;
	struct emd_disk *disk;
	unsigned int noio = emd_lock_registry();

	list_for_each_entry(disk, &emd_disks, node) {
		if (disk->devt != devt || disk->diskseq > diskseq)
			continue;
		WRITE_ONCE(disk->gone, true);
		if (disk->container && !container) {
			container = disk->container;
			kref_get(&container->ref);
			emd_container_kick(container);
		}
	}
	emd_unlock_registry(noio);
	if (container) {
		flush_work(&container->worker);
		emd_container_put(container);
	}
	forget_all_gone();
}

/* ---- stop -------------------------------------------------------------------------------- */

/* All are asked before the first is stopped. */
static int begin_stop(struct emd_container *container, struct emd_array *first,
		      struct emd_errmsg *msg)
{
	const struct emd_array *array;

	list_for_each_entry(array, &container->arrays, node) {
		if (atomic_read(&array->nr_openers))
			return EMD_REFUSE(msg, -EBUSY, "%s (%s) is in use",
					  emd_array_dev_name(array), array->name);
	}
	return emd_array_begin_stop(first, msg);
}

/**
 * emd_container_stop() - stop all arrays and give the disks back
 * @container: container
 * @msg: reason of a refusal
 *
 * Return: 0; -EBUSY when an array is in use, -EINTR: those that were stopped before stay so.
 * Context: Process context, G held.
 */
int emd_container_stop(struct emd_container *container, struct emd_errmsg *msg)
{
	unsigned int noio = emd_lock_container(container);
	struct emd_array *array;
	int ret;

	lockdep_assert_held(&emd_registry_lock);
	while (!list_empty(&container->arrays)) {
		array = list_first_entry(&container->arrays, struct emd_array, node);
		kref_get(&array->ref);
		ret = emd_settled(container, &noio, begin_stop(container, array, msg));
		emd_unlock_container(container, noio);
		if (!ret)
			emd_array_finish_stop(array);
		emd_array_put(array);
		if (ret)
			return ret;
		noio = emd_lock_container(container);
	}
	look_at_claimed(container);
	release_claims(container);
	emd_container_set_state(container, EMD_CONTAINER_STOPPED, "stopped by command");
	emd_unlock_container(container, noio);
	emd_event(EMD_EVENT_CONTAINER, "stopped", container, NULL, -1, NULL, "%s stopped",
		  container->name);
	return 0;
}

/**
 * emd_container_plan_stop() - what emd_container_stop() would do
 * @container: container
 * @msg: reason of a refusal
 * @out: gets the lines
 *
 * Return: 0; -EBUSY when an array is in use.
 * Context: Process context, G held.
 */
int emd_container_plan_stop(struct emd_container *container, struct emd_errmsg *msg,
			    struct emd_text *out)
{
	unsigned int noio = emd_lock_container(container);
	struct emd_array *array;
	struct emd_disk *disk;
	int ret = 0;

	list_for_each_entry(array, &container->arrays, node) {
		ret = emd_array_plan_stop(array, msg, out);
		if (ret)
			break;
	}
	list_for_each_entry(disk, &container->disks, container_node) {
		if (!ret && disk->file)
			emd_text_line(out, "release %s", disk->name);
	}
	emd_unlock_container(container, noio);
	return ret;
}

/**
 * emd_registry_release_all() - at module exit: stop everything, free everything
 *
 * No array can be open: an open array holds the module.
 *
 * Context: Process context, takes G. The scanner is stopped.
 */
void emd_registry_release_all(void)
{
	struct emd_container *container, *tmp;
	struct emd_disk *disk, *tmp_disk;
	unsigned int noio, noio_c;

	/* Timeouts take G: cancel them before taking it for good. */
	for (container = emd_container_next(NULL); container;
	     container = emd_container_next(container)) {
		if (cancel_delayed_work_sync(&container->timeout))
			emd_container_put(container);
	}
	noio = emd_lock_registry();
	list_for_each_entry_safe(container, tmp, &emd_containers, node) {
		struct emd_errmsg msg = {};

		if (emd_container_stop(container, &msg))
			emd_container_err(container, "cannot stop: %s", msg.text);
		noio_c = emd_lock_container(container);
		list_for_each_entry_safe(disk, tmp_disk, &container->disks, container_node)
			emd_container_drop_disk(container, disk);
		emd_unlock_container(container, noio_c);
		emd_container_reap(container);
	}
	list_for_each_entry_safe(disk, tmp_disk, &emd_disks, node) {
		list_del_init(&disk->node);
		emd_disk_put(disk);
	}
	emd_unlock_registry(noio);
}
