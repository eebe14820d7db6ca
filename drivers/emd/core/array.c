// SPDX-License-Identifier: GPL-2.0
/*
 * Arrays: from a row of the config to /dev/emdN, and back.
 *
 *   create   object, members, engine chosen; on the container's list
 *   start    pools, engine, sync thread, gendisk: ready, but nobody sees it
 *   publish  the gendisk is added. Without C: the partition scan reads from the
 *            array, and a read that meets a failing member may need the worker
 *   stop     refused while open; drain, mark clean, take the gendisk away
 *
 * An array that cannot be started stays on the list, inactive, with the reason.
 *
 * Locks: C for all of it except publish and finish_stop, which need G.
 */
#include <linux/idr.h>
#include <linux/ratelimit.h>
#include <linux/slab.h>

#include "core.h"
#include "../emd.h"
#include "../log.h"

#define EMD_MINOR_STEP	16		/* partitions beyond get extended numbers */
#define EMD_MAX_MINORS	(MINORMASK / EMD_MINOR_STEP)

static DEFINE_IDA(emd_minors);
static atomic_t array_ids = ATOMIC_INIT(0);
static int emd_major;

/**
 * emd_minors_init() - get a major number
 *
 * Return: 0 or -errno.
 */
int emd_minors_init(void)
{
	emd_major = register_blkdev(0, "emd");
	return emd_major < 0 ? emd_major : 0;
}

/**
 * emd_minors_exit() - give it back
 */
void emd_minors_exit(void)
{
	unregister_blkdev(emd_major, "emd");
	ida_destroy(&emd_minors);
}

/**
 * emd_engine_for() - who runs this level?
 * @level: RAID level
 *
 * Return: the engine, or NULL when there is none yet.
 */
const struct emd_engine_ops *emd_engine_for(enum emd_level level)
{
	switch (level) {
	case EMD_LEVEL_CONCAT:
	case EMD_LEVEL_RAID0:
		return &emd_stripe_engine;
	case EMD_LEVEL_RAID1:
	case EMD_LEVEL_RAID1E:
	case EMD_LEVEL_RAID10:
		return &emd_mirror_engine;
	case EMD_LEVEL_RAID4:
	case EMD_LEVEL_RAID5:
	case EMD_LEVEL_RAID6:
		return &emd_parity_engine;
	default:
		return NULL;
	}
}

/* ---- clean after idle ------------------------------------------------------- */

static void idle_work(struct work_struct *work)
{
	struct emd_array *array = container_of(to_delayed_work(work), struct emd_array,
					       idle_work);
	unsigned long idle_at = READ_ONCE(array->last_write) + msecs_to_jiffies(EMD_CLEAN_AFTER_MS);

	if (READ_ONCE(array->stopping))
		return;
	if (time_before(jiffies, idle_at))
		mod_delayed_work(emd_wq, &array->idle_work, idle_at - jiffies + 1);
	else
		emd_array_pend(array, EMD_PENDING_CLEAN);
}

/* ---- policy ------------------------------------------------------------------ */

/**
 * emd_array_set_zero_copy() - may parity be computed from the users' own buffers?
 * @array: array with parity
 * @on: the administrator vouches that nobody changes what is being written
 *
 * Context: Any.
 */
void emd_array_set_zero_copy(struct emd_array *array, bool on)
{
	if (on != READ_ONCE(array->zero_copy))
		emd_info(array, "zero_copy %s", on ?
			 "on: parity is right only while nobody changes what is being written" :
			 "off");
	WRITE_ONCE(array->zero_copy, on);
}

/* ---- lifetime ---------------------------------------------------------------- */

static void array_free(struct kref *ref)
{
	struct emd_array *array = container_of(ref, struct emd_array, ref);
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++)
		emd_disk_put(array->members[slot].disk);
	if (array->minor >= 0)
		ida_free(&emd_minors, array->minor);
	emd_container_put(array->container);
	kvfree(array->members);
	kfree(array);
}

/**
 * emd_array_put() - drop a reference
 * @array: may be NULL
 */
void emd_array_put(struct emd_array *array)
{
	if (array)
		kref_put(&array->ref, array_free);
}

/**
 * emd_array_find() - by id
 * @id: as given out by list
 *
 * Return: the array with a reference, or NULL.
 * Context: Process context, takes G and C.
 */
struct emd_array *emd_array_find(u64 id)
{
	struct emd_container *container;
	struct emd_array *array, *found = NULL;
	unsigned int noio = emd_lock_registry();

	list_for_each_entry(container, &emd_containers, node) {
		unsigned int noio_c = emd_lock_container(container);

		list_for_each_entry(array, &container->arrays, node) {
			if (array->id == id) {
				kref_get(&array->ref);
				found = array;
				break;
			}
		}
		emd_unlock_container(container, noio_c);
		if (found)
			break;
	}
	emd_unlock_registry(noio);
	return found;
}

static void drop_member_disk(struct emd_member *member)
{
	struct emd_disk *disk;

	spin_lock_irq(&member->array->state_lock);
	disk = member->disk;
	member->disk = NULL;
	member->bdev = NULL;
	spin_unlock_irq(&member->array->state_lock);
	emd_disk_put(disk);
}

/**
 * emd_array_attach_member() - give a slot its disk
 * @array: quiesced, or not yet started
 * @slot: empty slot
 * @disk: claimed; a reference is taken
 * @cm: where on the disk
 *
 * The state is the caller's to set.
 *
 * Context: C held.
 */
void emd_array_attach_member(struct emd_array *array, u16 slot, struct emd_disk *disk,
			     const struct emd_config_member *cm)
{
	struct emd_member *member = &array->members[slot];

	lockdep_assert_held(&array->container->mutex);
	if (member->disk)
		emd_array_detach_member(array, slot);
	kref_get(&disk->ref);
	/* Under S for those who only look. */
	spin_lock_irq(&array->state_lock);
	member->disk = disk;
	member->bdev = disk->bdev;
	member->nr_repairs = 0;
	spin_unlock_irq(&array->state_lock);
	member->start_sector = cm->start_sector;
	member->nr_sectors = cm->nr_sectors;
	atomic_set(&member->read_errors, 0);
	atomic_set(&member->write_errors, 0);
	ratelimit_state_init(&member->telling, DEFAULT_RATELIMIT_INTERVAL,
			     DEFAULT_RATELIMIT_BURST);
}

/**
 * emd_array_detach_member() - empty a slot
 * @array: quiesced, or not started
 * @slot: slot whose member is out of service
 *
 * Context: C held.
 */
void emd_array_detach_member(struct emd_array *array, u16 slot)
{
	struct emd_member *member = &array->members[slot];

	lockdep_assert_held(&array->container->mutex);
	drop_member_disk(member);
}

/**
 * emd_array_take_out_member() - empty a slot of an array that runs
 * @array: array
 * @slot: slot whose member is out of service
 *
 * Return: 0 or what emd_array_quiesce_all() says.
 * Context: C held, sleeps until I/O has drained.
 */
int emd_array_take_out_member(struct emd_array *array, u16 slot)
{
	int ret = emd_array_quiesce_all(array);

	if (ret)
		return ret;
	emd_array_detach_member(array, slot);
	emd_array_resume_all(array);
	return 0;
}

static void init_members(struct emd_array *array, const struct emd_config *cfg,
			 const struct emd_config_array *ca)
{
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++) {
		const struct emd_config_member *cm = emd_config_member(cfg, ca, slot);
		struct emd_member *member = &array->members[slot];
		struct emd_disk *disk = NULL;

		if (cm->disk != EMD_NO_DISK)
			disk = emd_container_disk(array->container, cfg->disks[cm->disk].handle);
		if (member->disk)
			emd_array_detach_member(array, slot);
		member->array = array;
		member->slot = slot;
		member->start_sector = cm->start_sector;
		member->nr_sectors = cm->nr_sectors;
		member->state = cm->state;
		member->rebuilt_sector = 0;
		if (cm->state == EMD_MEMBER_IN_SYNC || cm->state == EMD_MEMBER_REBUILDING) {
			if (disk && disk->file && !READ_ONCE(disk->gone)) {
				emd_array_attach_member(array, slot, disk, cm);
				if (cm->state == EMD_MEMBER_REBUILDING &&
				    ca->sync == EMD_SYNC_REBUILD)
					member->rebuilt_sector = ca->sync_sector;
			} else {
				member->state = EMD_MEMBER_MISSING;
			}
		}
	}
}

/**
 * emd_array_create() - an array object for a row of the config
 * @container: its container
 * @cfg: config the row is in
 * @ca: the row
 * @msg: reason of a failure
 *
 * Return: the array, inactive, on the container's list; or ERR_PTR.
 * Context: Process context, C held.
 */
struct emd_array *emd_array_create(struct emd_container *container,
				   const struct emd_config *cfg,
				   const struct emd_config_array *ca, struct emd_errmsg *msg)
{
	struct emd_array *array;

	lockdep_assert_held(&container->mutex);
	array = kzalloc(sizeof(*array), GFP_KERNEL);
	if (!array)
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	array->geo = ca->geo;
	array->members = kvcalloc(ca->geo.nr_members, sizeof(*array->members), GFP_KERNEL);
	if (!array->members) {
		kfree(array);
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	}
	array->minor = ida_alloc_max(&emd_minors, EMD_MAX_MINORS - 1, GFP_KERNEL);
	if (array->minor < 0) {
		int ret = array->minor;

		kvfree(array->members);
		kfree(array);
		return ERR_PTR(EMD_REFUSE(msg, ret, "no device number left"));
	}
	kref_init(&array->ref);
	array->id = atomic_inc_return(&array_ids);
	kref_get(&container->ref);
	array->container = container;
	strscpy(array->name, ca->name, sizeof(array->name));
	array->engine = emd_engine_for(ca->geo.level);
	array->has_dirty_mark = emd_levels[ca->geo.level].redundant;
	spin_lock_init(&array->state_lock);
	INIT_LIST_HEAD(&array->held);
	INIT_LIST_HEAD(&array->parked);
	INIT_LIST_HEAD(&array->parked_batch);
	INIT_DELAYED_WORK(&array->idle_work, idle_work);
	init_waitqueue_head(&array->drained);
	init_members(array, cfg, ca);
	list_add_tail(&array->node, &container->arrays);
	return array;
}

/* ---- start --------------------------------------------------------------------- */

/*
 * After a crash data and parity of the rows that were being written may not
 * agree. With everybody there a resync makes them; with nothing left to compare
 * with, what is computed for the lost member may be wrong there.
 */
static bool parity_is_doubtful(const struct emd_array *array, const struct emd_config_array *ca,
			       const u8 *states)
{
	if (!emd_geo_has_parity(&array->geo) || !emd_geo_is_bare(&array->geo, states))
		return false;
	return ca->dirty || ca->doubtful;
}

static int may_start(struct emd_array *array, const struct emd_config *cfg,
		     const struct emd_config_array *ca, bool force, struct emd_errmsg *msg)
{
	u8 states[EMD_MAX_MEMBERS];
	unsigned int there = 0;
	u16 slot;

	if (cfg->flags & EMD_CFG_NO_START)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%s", cfg->reason);
	if (ca->flags & EMD_CFG_NO_START)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%s", ca->reason);
	if (!array->engine)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%s is not supported yet, not started",
				  emd_levels[array->geo.level].name);
	emd_array_member_states(array, states);
	if (emd_geo_array_state(&array->geo, states) == EMD_ARRAY_FAILED) {
		for (slot = 0; slot < array->geo.nr_members; slot++)
			there += states[slot] == EMD_MEMBER_IN_SYNC;
		return EMD_REFUSE(msg, -ENODEV, "only %u of %u members are there, not enough for %s",
				  there, array->geo.nr_members,
				  emd_levels[array->geo.level].name);
	}
	if (parity_is_doubtful(array, ca, states)) {
		if (!force)
			return EMD_REFUSE(msg, -EUCLEAN,
					  "degraded and not stopped cleanly, what is computed for the lost member may be wrong; assemble --force takes the risk");
		emd_warn(array, "degraded and not stopped cleanly, started by force: what is computed for the lost member may be wrong where it was written last");
	}
	return 0;
}

/**
 * emd_array_unstart() - undo emd_array_start()
 * @array: not published, or no I/O in flight and the gendisk deleted
 *
 * Context: Process context.
 */
void emd_array_unstart(struct emd_array *array)
{
	if (array->job)
		emd_job_destroy(array->job);
	array->job = NULL;
	array->engine->stop(array);
	emd_range_lock_free(array->ranges);
	array->ranges = NULL;
	emd_io_exit(array);
	put_disk(array->gd);
	array->gd = NULL;
}

/* What the metadata says of redundancy that is still to be established. */
static void set_resync(struct emd_array *array, const struct emd_config_array *ca)
{
	array->needs_resync = array->has_dirty_mark &&
			      (ca->dirty || !ca->initialised || ca->sync == EMD_SYNC_RESYNC);
	if (!array->needs_resync)
		WRITE_ONCE(array->resync_sector, U64_MAX);
	else
		WRITE_ONCE(array->resync_sector,
			   ca->sync == EMD_SYNC_RESYNC ? ca->sync_sector : 0);
}

/**
 * emd_array_start() - everything it takes to do I/O
 * @array: inactive
 * @cfg: config it is in: the published one, or the T1 that is to create it
 * @read_only: never to be written
 * @force: also where what is computed for lost members may be wrong
 * @msg: reason of a refusal, kept in array->reason too
 *
 * Return: 0 (publish follows), or -errno and the array stays inactive.
 * Context: Process context, C held.
 */
int emd_array_start(struct emd_array *array, const struct emd_config *cfg, bool read_only,
		    bool force, struct emd_errmsg *msg)
{
	const struct emd_config_array *ca = emd_config_find_array(cfg, array->id);
	struct queue_limits lim;
	struct emd_errmsg local = {};
	struct gendisk *gd;
	int ret;

	if (!ca)
		return EMD_REFUSE(msg, -ENOENT, "%s is not in the metadata", array->name);
	init_members(array, cfg, ca);
	ret = may_start(array, cfg, ca, force, &local);
	if (ret)
		goto refused;

	array->broken = false;
	array->announce_broken = false;
	array->failing = false;
	array->stopping = false;
	array->job_failed = false;
	array->pending = 0;
	array->batch = 0;
	array->untouched = true;
	array->read_only = read_only || ((cfg->flags | ca->flags) & EMD_CFG_READ_ONLY);
	set_resync(array, ca);
	if (array->read_only) {
		const char *reason = ca->reason[0] ? ca->reason : cfg->reason;

		emd_array_set_reason(array, reason);
		if (reason[0])
			emd_warn(array, "read-only: %s", reason);
	} else {
		emd_array_set_reason(array, "");
	}

	ret = emd_io_init(array);
	if (ret)
		goto refused;
	if (array->has_dirty_mark) {
		array->ranges = emd_range_lock_alloc();
		if (!array->ranges) {
			ret = -ENOMEM;
			goto exit_io;
		}
	}
	ret = array->engine->start(array, &local);
	if (ret)
		goto free_ranges;
	if (array->engine->job_window && !array->read_only) {
		array->job = emd_job_create(array);
		if (IS_ERR_OR_NULL(array->job)) {
			ret = array->job ? PTR_ERR(array->job) : -ENOMEM;
			array->job = NULL;
			goto stop_engine;
		}
	}

	blk_set_stacking_limits(&lim);
	emd_array_set_limits(array, &lim);
	gd = blk_alloc_disk(&lim, NUMA_NO_NODE);
	if (IS_ERR(gd)) {
		ret = PTR_ERR(gd);
		goto destroy_job;
	}
	gd->major = emd_major;
	gd->first_minor = array->minor * EMD_MINOR_STEP;
	gd->minors = EMD_MINOR_STEP;
	gd->fops = &emd_fops;
	gd->private_data = array;
	snprintf(gd->disk_name, sizeof(gd->disk_name), "emd%d", array->minor);
	set_capacity(gd, array->geo.array_sectors);
	set_disk_ro(gd, array->read_only);
	array->published = false;
	array->added = false;
	array->gd = gd;
	return 0;

destroy_job:
	if (array->job)
		emd_job_destroy(array->job);
	array->job = NULL;
stop_engine:
	array->engine->stop(array);
free_ranges:
	emd_range_lock_free(array->ranges);
	array->ranges = NULL;
exit_io:
	emd_io_exit(array);
refused:
	if (ret == -ENOMEM)
		EMD_REFUSE(&local, ret, "out of memory");
	if (strcmp(array->reason, local.text))
		emd_warn(array, "not started: %s", local.text);
	emd_array_set_reason(array, local.text);
	return EMD_REFUSE(msg, ret, "%s: %.170s", array->name, local.text);
}

/**
 * emd_array_publish() - let the world see it
 * @array: started
 * @msg: reason of a failure, or NULL
 *
 * Return: 0 or -errno; then the array is inactive again.
 * Context: Process context, G held, C not held.
 */
int emd_array_publish(struct emd_array *array, struct emd_errmsg *msg)
{
	struct emd_container *container = array->container;
	unsigned int noio;
	int ret;

	lockdep_assert_held(&emd_registry_lock);
	noio = emd_lock_container(container);
	emd_array_resume(array, emd_array_writes_allowed(array));
	emd_unlock_container(container, noio);
	ret = device_add_disk(NULL, array->gd, emd_array_groups);
	if (ret) {
		emd_err(array, "cannot be added to the system (error %d)", ret);
		noio = emd_lock_container(container);
		WRITE_ONCE(array->stopping, true);
		while (emd_array_quiesce_all(array))
			emd_container_settle(container, &noio);
		cancel_delayed_work_sync(&array->idle_work);
		emd_array_unstart(array);
		emd_array_set_reason(array, "cannot be added to the system");
		emd_unlock_container(container, noio);
		return EMD_REFUSE(msg, ret, "%s cannot be added to the system (error %d)",
				  array->name, ret);
	}
	array->added = true;
	emd_sysfs_add_members(array);
	emd_info(array, "%s \"%s\", %llu sectors, %s%s", emd_levels[array->geo.level].name,
		 array->name, array->geo.array_sectors,
		 emd_array_state_names[emd_array_get_state(array)],
		 array->read_only ? ", read-only" : "");
	emd_event(EMD_EVENT_ARRAY, "started", container, array, -1, NULL, "%s started as %s",
		  array->name, array->gd->disk_name);
	return 0;
}

/**
 * emd_member_rejoin() - a member that was missing since the start is here
 * @array: started and untouched
 * @slot: its slot
 * @disk: claimed
 * @cfg: config in which it is good
 * @ca: the array's row there
 *
 * Return: 0 or -errno.
 * Context: Process context, C held.
 */
int emd_member_rejoin(struct emd_array *array, u16 slot, struct emd_disk *disk,
		      const struct emd_config *cfg, const struct emd_config_array *ca)
{
	const struct emd_config_member *cm = emd_config_member(cfg, ca, slot);
	int ret;

	if (array->members[slot].state != EMD_MEMBER_MISSING || READ_ONCE(array->broken))
		return -EINVAL;
	ret = emd_array_quiesce_all(array);
	if (ret)
		return ret;
	emd_array_attach_member(array, slot, disk, cm);
	/* A write may have come while we drained: then it is not current any more. */
	if (!array->untouched) {
		emd_array_detach_member(array, slot);
		ret = -ESTALE;
	} else {
		emd_member_set_state(&array->members[slot], cm->state == EMD_MEMBER_REBUILDING ?
				     EMD_MEMBER_REBUILDING : EMD_MEMBER_IN_SYNC, "came late");
		/* Without it there was nothing to resync with. */
		set_resync(array, ca);
	}
	emd_array_resume_all(array);
	return ret;
}

/* ---- stop ------------------------------------------------------------------------ */

/* How far recorded work has come. Nothing is in flight, caches are flushed with it. */
static u64 sync_progress(const struct emd_array *array, const struct emd_config_array *ca)
{
	u64 sector = U64_MAX;
	u16 slot;

	if (ca->sync == EMD_SYNC_RESYNC)
		return array->resync_sector;
	for (slot = 0; slot < array->geo.nr_members; slot++) {
		if (array->members[slot].state == EMD_MEMBER_REBUILDING)
			sector = min(sector, array->members[slot].rebuilt_sector);
	}
	return sector;
}

/* The last word of a clean stop; false when there is none to be said. */
static bool fold_last_word(struct emd_transaction *txn, struct emd_array *array)
{
	struct emd_config_array *ca = emd_config_find_array(txn->t1, array->id);

	if (!ca || array->read_only || array->untouched || array->broken)
		return false;
	/* A member that failed while the work was cancelled is not recorded yet. */
	emd_array_reconcile(txn->t1, array, ca);
	if (ca->sync != EMD_SYNC_IDLE && sync_progress(array, ca) < array->geo.array_sectors)
		emd_change_sync_position(txn->t1, ca, sync_progress(array, ca));
	if (ca->dirty && !(array->needs_resync && ca->sync != EMD_SYNC_RESYNC))
		emd_change_dirty(txn->t1, ca, false);
	txn->flush = true;
	return true;
}

/*
 * Not fatal when it cannot be written: the next start resyncs. But the word reaches all
 * disks that take it, lest some fall behind those that hear the next array's.
 */
static void mark_clean(struct emd_array *array)
{
	struct emd_errmsg msg = {};

	if (emd_container_record(array->container, fold_last_word, array, &msg))
		emd_warn(array, "not marked clean: %s", msg.text);
	emd_array_announce_failures(array);
}

static int refuse_open(const struct emd_array *array, struct emd_errmsg *msg)
{
	return EMD_REFUSE(msg, -EBUSY, "%s (%s) is in use", emd_array_dev_name(array),
			  array->name);
}

/**
 * emd_array_plan_stop() - what emd_array_begin_stop() and what follows would do
 * @array: on its container's list
 * @msg: reason of a refusal
 * @out: gets the lines
 *
 * Return: 0, or -EBUSY when it is in use.
 * Context: Process context, C held.
 */
int emd_array_plan_stop(struct emd_array *array, struct emd_errmsg *msg, struct emd_text *out)
{
	struct emd_transaction txn;

	lockdep_assert_held(&array->container->mutex);
	if (array->gd && atomic_read(&array->nr_openers))
		return refuse_open(array, msg);
	emd_text_line(out, "stop %s: array \"%s\"", emd_array_dev_name(array), array->name);
	if (array->twin)
		emd_text_line(out, "leave %s in its place, %s does not take it",
			      array->twin->member->disk->name, array->twin->disk->name);
	if (!array->gd)
		return 0;
	emd_txn_begin(&txn, array->container, NULL);
	/* That it may not be possible to mark it clean would not keep it running. */
	if (fold_last_word(&txn, array) && !emd_txn_check(&txn))
		emd_txn_plan(&txn, out);
	return 0;
}

/**
 * emd_array_begin_stop() - point of no return of a stop
 * @array: on its container's list
 * @msg: reason of a refusal
 *
 * Return: 0: C may be dropped, emd_array_finish_stop() follows. -EBUSY when
 * open. -EAGAIN when it is being opened or closed, or an io waits for a commit:
 * settle and ask again.
 * Context: Process context, G and C held.
 */
int emd_array_begin_stop(struct emd_array *array, struct emd_errmsg *msg)
{
	int ret = 0;

	lockdep_assert_held(&array->container->mutex);
	if (!array->gd) {
		list_del_init(&array->node);
		return 0;
	}
	/*
	 * open() runs under open_mutex, so nobody comes in between. The last
	 * close writes back under it too, and that may wait for our worker: so
	 * never wait for the mutex with C held.
	 */
	if (!mutex_trylock(&array->gd->open_mutex))
		return -EAGAIN;
	if (atomic_read(&array->nr_openers))
		ret = refuse_open(array, msg);
	else
		WRITE_ONCE(array->stopping, true);
	mutex_unlock(&array->gd->open_mutex);
	if (ret)
		return ret;

	/* It cannot be finished without this array. */
	if (array->twin)
		ret = emd_replace_end(array->container, "an array was stopped");
	if (!ret && array->job)
		emd_job_cancel(array->job);
	if (!ret)
		ret = emd_array_quiesce_all(array);
	if (ret) {
		WRITE_ONCE(array->stopping, false);
		emd_array_pend(array, EMD_PENDING_EVALUATE);
		return ret;
	}
	mark_clean(array);
	list_del_init(&array->node);
	return 0;
}

/**
 * emd_array_cancel_stop() - undo emd_array_begin_stop()
 * @array: begin_stop() succeeded, C was not dropped since
 *
 * Context: C held.
 */
void emd_array_cancel_stop(struct emd_array *array)
{
	lockdep_assert_held(&array->container->mutex);
	list_add_tail(&array->node, &array->container->arrays);
	if (!array->gd)
		return;
	WRITE_ONCE(array->stopping, false);
	emd_array_resume_all(array);
	emd_array_pend(array, EMD_PENDING_EVALUATE);
}

/**
 * emd_array_finish_stop() - take it away
 * @array: begin_stop() succeeded; the caller holds a reference
 *
 * Drops the container's reference.
 *
 * Context: Process context, G held, C not held.
 */
void emd_array_finish_stop(struct emd_array *array)
{
	u16 slot;

	cancel_delayed_work_sync(&array->idle_work);
	if (array->gd) {
		char name[DISK_NAME_LEN];

		strscpy(name, array->gd->disk_name, sizeof(name));
		if (array->added) {
			emd_sysfs_remove_members(array);
			del_gendisk(array->gd);
		}
		emd_io_fail_held(array);
		emd_array_unstart(array);
		pr_info("emd: %s: stopped\n", name);
		emd_event(EMD_EVENT_ARRAY, "stopped", array->container, array, -1, NULL,
			  "%s stopped", array->name);
	}
	for (slot = 0; slot < array->geo.nr_members; slot++)
		drop_member_disk(&array->members[slot]);
	emd_array_put(array);
}
