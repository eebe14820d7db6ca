// SPDX-License-Identifier: GPL-2.0
/*
 * The container's worker: folds everything that happened into one transaction,
 * makes it durable, and only then lets wait what waited for it.
 *
 * One pass
 *
 *   1. devices that are gone: their members are lost
 *   2. fold: members that failed, first writes, idle arrays, checkpoints and
 *      finished jobs of all arrays become one T1; write it; on a disk that
 *      refuses its metadata, fail its members and fold again
 *   3. release what was parked, let writes in, finish state changes
 *      a disk that is being replaced: was it copied, or has it come to nothing?
 *   4. members whose device is gone are detached, the disk is released
 *   5. look what to do next: activate a spare, resync, go on rebuilding
 *
 * Steps 1 to 4 allocate nothing: swap may live on us and a member fail while
 * the page allocator has nothing left. So does step 5 for a spare that is
 * already claimed: the sync thread and its buffers exist since the start.
 *
 * An array that is untouched (nothing written since it was started) stays so:
 * its losses are known at run time only, until its first write or a command.
 *
 * Locks: C throughout a pass. Waiting for user I/O to drain under C is safe
 * only because emd_array_quiesce() gives up (-EAGAIN) when an io waits for a
 * commit; then the pass starts over.
 */
#include <linux/slab.h>

#include "core.h"
#include "../emd.h"
#include "../log.h"
#include "../trace.h"

/* ---- what may be written --------------------------------------------------- */

/* Two good copies somewhere? Else a resync has nothing to do. */
static bool has_live_redundancy(const struct emd_array *array)
{
	u8 states[EMD_MAX_MEMBERS];

	emd_array_member_states(array, states);
	return emd_geo_has_redundancy(&array->geo, states);
}

/**
 * emd_array_writes_allowed() - does the durable metadata allow writes now?
 * @array: array
 *
 * Context: C held.
 */
bool emd_array_writes_allowed(const struct emd_array *array)
{
	const struct emd_config *cfg = emd_container_config(array->container);
	const struct emd_config_array *ca = cfg ? emd_config_find_array(cfg, array->id) : NULL;

	if (!ca || array->read_only)
		return false;
	/* The worker is asked for what holds first. */
	if (array->has_dirty_mark && array->container->clean_refused)
		return false;
	return !array->has_dirty_mark || (ca->dirty && !array->untouched);
}

static void arm_idle_timer(struct emd_array *array)
{
	/* One that is not there any more, as it could not be shown, has nobody to stop it. */
	if (array->has_dirty_mark && array->gd)
		mod_delayed_work(emd_wq, &array->idle_work, msecs_to_jiffies(EMD_CLEAN_AFTER_MS));
}

/**
 * emd_array_touch() - the array is in use from now on
 * @array: array
 *
 * After a first write or an explicit command its losses are recorded and its
 * redundancy is restored. One that is dirty without a writer, as a new one is,
 * becomes clean as if it had been written now.
 *
 * Context: C held.
 */
void emd_array_touch(struct emd_array *array)
{
	if (array->read_only)
		return;
	WRITE_ONCE(array->untouched, false);
	array->job_failed = false;
	arm_idle_timer(array);
	emd_array_pend(array, EMD_PENDING_EVALUATE);
}

/* ---- quiesce with the sync thread included ------------------------------------ */

/**
 * emd_array_quiesce_all() - neither user I/O nor background work in flight
 * @array: started array
 *
 * Return: 0, or -EAGAIN when an io waits for a commit: let the worker run first.
 * Context: C held, sleeps. Undo with emd_array_resume_all().
 */
int emd_array_quiesce_all(struct emd_array *array)
{
	int ret;

	if (array->job)
		emd_job_suspend(array->job);
	ret = emd_array_quiesce(array);
	if (ret && array->job)
		emd_job_unsuspend(array->job);
	return ret;
}

/**
 * emd_array_resume_all() - undo emd_array_quiesce_all()
 * @array: quiesced array
 *
 * Context: C held.
 */
void emd_array_resume_all(struct emd_array *array)
{
	emd_array_resume(array, emd_array_writes_allowed(array));
	if (array->job)
		emd_job_unsuspend(array->job);
}

/* ---- step 1: devices that are gone ---------------------------------------------- */

static void lose_gone_members(struct emd_container *container)
{
	struct emd_array *array;
	u16 slot;

	list_for_each_entry(array, &container->arrays, node) {
		if (!array->gd)
			continue;
		for (slot = 0; slot < array->geo.nr_members; slot++) {
			struct emd_member *member = &array->members[slot];

			if (member->disk && READ_ONCE(member->disk->gone) &&
			    emd_member_lost(member))
				emd_warn(array, "member %u (%s): device gone", slot,
					 member->disk->name);
		}
	}
}

/* ---- step 2: fold ------------------------------------------------------------------ */

/* Would this array, as T1 has it, survive the loss of the disk? */
static bool can_do_without(const struct emd_config *t1, const struct emd_config_array *ca,
			   u16 disk)
{
	int slot = emd_config_member_slot(t1, ca, disk);
	u8 states[EMD_MAX_MEMBERS];
	u16 i;

	if (slot < 0 || emd_config_member(t1, ca, slot)->state != EMD_MEMBER_IN_SYNC)
		return true;
	for (i = 0; i < ca->geo.nr_members; i++)
		states[i] = emd_config_member(t1, ca, i)->state;
	return emd_geo_may_lose(&ca->geo, states, slot);
}

/**
 * emd_config_record_failure() - make T1 say that a member failed
 * @t1: config being built
 * @array: started array
 * @ca: its row in @t1
 * @slot: of the member
 *
 * Where the disk is gone, or serves only arrays that can do
 * without it, the whole disk is written off, as firmware would. But a disk that
 * still reads and holds the last copy of something in another array is kept in
 * the table, and only this slot is marked: writing the disk off would make that
 * array unusable for good.
 *
 * Context: C held.
 */
void emd_config_record_failure(struct emd_config *t1, struct emd_array *array,
			       struct emd_config_array *ca, u16 slot)
{
	struct emd_config_member *cm = emd_config_member(t1, ca, slot);
	const struct emd_disk *disk = array->members[slot].disk;
	bool keep_disk = false;
	unsigned int i;

	if (cm->disk == EMD_NO_DISK) {
		emd_change_fail_member(t1, ca, slot);
		return;
	}
	for (i = 0; i < t1->nr_arrays; i++) {
		if (&t1->arrays[i] != ca)
			keep_disk |= !can_do_without(t1, &t1->arrays[i], cm->disk);
	}
	if (keep_disk && disk && !READ_ONCE(disk->gone))
		emd_change_fail_member(t1, ca, slot);
	else
		emd_change_fail_disk(t1, cm->disk);
}

/**
 * emd_array_reconcile() - make T1 say what the members' states are
 * @t1: config being built
 * @array: started array
 * @ca: its row in @t1
 *
 * Return: whether anything changed.
 * Context: C held.
 */
bool emd_array_reconcile(struct emd_config *t1, struct emd_array *array,
			 struct emd_config_array *ca)
{
	bool changed = false;
	u16 slot;

	if (array->untouched || array->read_only)
		return false;
	for (slot = 0; slot < array->geo.nr_members; slot++) {
		struct emd_config_member *cm = emd_config_member(t1, ca, slot);
		enum emd_member_state state = READ_ONCE(array->members[slot].state);

		if (READ_ONCE(array->broken))
			return changed;
		if (cm->state != EMD_MEMBER_IN_SYNC && cm->state != EMD_MEMBER_REBUILDING)
			continue;
		if (state == EMD_MEMBER_IN_SYNC || state == EMD_MEMBER_REBUILDING)
			continue;
		emd_config_record_failure(t1, array, ca, slot);
		changed = true;
	}
	return changed;
}

static bool fold_clean(struct emd_config *t1, struct emd_array *array,
		       struct emd_config_array *ca)
{
	if (!ca->dirty || array->untouched || array->read_only)
		return false;
	/* "Clean" would hide that redundancy is not established. */
	if (array->needs_resync && ca->sync != EMD_SYNC_RESYNC && has_live_redundancy(array))
		return false;
	if (percpu_ref_is_dying(&array->writes))
		return false;
	if (emd_array_block_writes(array))
		return false;
	emd_change_dirty(t1, ca, false);
	return true;
}

static bool fold_job_done(struct emd_config *t1, struct emd_array *array,
			  struct emd_config_array *ca)
{
	if (emd_job_result(array->job) || ca->sync == EMD_SYNC_IDLE)
		return false;
	emd_change_sync_done(t1, ca);
	return true;
}

static bool fold_array(struct emd_config *t1, struct emd_array *array, bool *flush)
{
	struct emd_config_array *ca = emd_config_find_array(t1, array->id);
	bool changed = false;
	u64 checkpoint = 0;

	if (!ca)
		return false;
	/*
	 * Before the members' states: a member that failed and was skipped by
	 * the work behind this checkpoint is then seen as failed below.
	 */
	if (array->job)
		checkpoint = emd_job_checkpoint(array->job);
	smp_rmb();	/* the checkpoint moves after the states, under the job's lock */
	if (test_bit(EMD_PENDING_DIRTY, &array->batch) && !array->read_only) {
		if (array->untouched) {
			emd_array_touch(array);
			changed = true;
		}
		if (array->has_dirty_mark && !ca->dirty) {
			emd_change_dirty(t1, ca, true);
			changed = true;
		}
	}
	changed |= emd_array_reconcile(t1, array, ca);
	if (test_bit(EMD_PENDING_CLEAN, &array->batch) &&
	    !test_bit(EMD_PENDING_DIRTY, &array->batch) && fold_clean(t1, array, ca)) {
		changed = true;
		*flush = true;
	}
	if (test_bit(EMD_PENDING_CHECKPOINT, &array->batch) && ca->sync != EMD_SYNC_IDLE &&
	    checkpoint > ca->sync_sector) {
		emd_change_sync_position(t1, ca, checkpoint);
		changed = true;
	}
	if (test_bit(EMD_PENDING_JOB_DONE, &array->batch))
		changed |= fold_job_done(t1, array, ca);
	return changed;
}

/* Disks that refused their metadata serve no array any more. */
static void fail_refusing_disks(struct emd_container *container)
{
	struct emd_array *array;
	u16 slot;

	list_for_each_entry(array, &container->arrays, node) {
		if (!array->gd)
			continue;
		for (slot = 0; slot < array->geo.nr_members; slot++) {
			struct emd_member *member = &array->members[slot];

			if (member->disk && member->disk->meta_failed &&
			    (member->state == EMD_MEMBER_IN_SYNC ||
			     member->state == EMD_MEMBER_REBUILDING))
				emd_member_fail(member, "refused its metadata");
		}
	}
}

/**
 * emd_container_record() - make what has happened durable everywhere it must be
 * @container: container with a config
 * @fold: edits the T1 of a transaction that was begun; false: there is nothing to say
 * @array: for @fold
 * @msg: where the reason goes
 *
 * A disk that refuses its metadata serves no array any more, and the others are
 * written again with that knowledge. Where that is "clean" and is to be said no more, what
 * holds is written again: see emd_container->clean_refused. A member that holds the last copy stays in service:
 * what it has is current, and the other disks' metadata still names it.
 *
 * Return: 0 when the published config says what is true, -errno when it could not be
 * made durable.
 * Context: C held, sleeps, allocates nothing.
 */
int emd_container_record(struct emd_container *container,
			 bool (*fold)(struct emd_transaction *txn, struct emd_array *array),
			 struct emd_array *array, struct emd_errmsg *msg)
{
	struct emd_transaction txn;
	unsigned int tries;
	int ret = 0;

	/* Each round costs a disk that can be written, so this ends. */
	for (tries = 0; tries <= EMD_MAX_MEMBERS; tries++) {
		emd_txn_begin(&txn, container, msg);
		if (!fold(&txn, array) && !container->clean_refused)
			return 0;
		msg->text[0] = '\0';
		ret = emd_txn_check(&txn);
		if (ret)
			break;
		ret = emd_txn_write(&txn);
		if (!ret) {
			emd_txn_switch(&txn);
			return 0;
		}
		if (ret != -EIO)
			break;
		fail_refusing_disks(container);
	}
	return ret;
}

static bool fold_all(struct emd_transaction *txn, struct emd_array *unused)
{
	struct emd_array *array;
	bool changed = false;

	list_for_each_entry(array, &txn->container->arrays, node) {
		if (array->gd)
			changed |= fold_array(txn->t1, array, &txn->flush);
	}
	return changed;
}

/* ---- step 3: what waited ------------------------------------------------------------ */

static void finish_job(struct emd_array *array)
{
	int result = emd_job_result(array->job);
	enum emd_sync_action action = emd_job_action(array->job);
	bool rebuilt = false;
	u16 slot;

	/* Cancelled after it had reported: what it was for is gone. */
	if (action == EMD_SYNC_IDLE)
		return;
	if (action == EMD_SYNC_REPLACE) {
		emd_replace_copied(array, result);
		emd_job_acknowledge(array->job);
		return;
	}
	if (result) {
		/* Trying again at once would fail again, for ever. */
		array->job_failed = true;
		emd_err(array, "%s gave up (error %d)", emd_sync_action_names[action], result);
		emd_job_acknowledge(array->job);
		return;
	}
	for (slot = 0; slot < array->geo.nr_members; slot++) {
		struct emd_member *member = &array->members[slot];

		if (!emd_member_move_state(member, EMD_MEMBER_REBUILDING, EMD_MEMBER_IN_SYNC,
					   "rebuilt"))
			continue;
		emd_info(array, "member %u (%s): rebuilt", slot, member->disk->name);
		emd_event(EMD_EVENT_MEMBER, "in_sync", array->container, array, slot,
			  member->disk, "member %u (%s) is in sync", slot, member->disk->name);
		rebuilt = true;
	}
	/* What was filled from the only source there was agrees with it. */
	if (action == EMD_SYNC_RESYNC || (rebuilt && array->sole_source))
		array->needs_resync = false;
	if (!array->needs_resync)
		WRITE_ONCE(array->resync_sector, U64_MAX);
	emd_job_acknowledge(array->job);
	emd_sysfs_notify(array, "sync_action");
	emd_sysfs_notify(array, "degraded");
}

static bool loss_recorded(const struct emd_array *array, u16 slot)
{
	const struct emd_config *cfg = emd_container_config(array->container);
	const struct emd_config_array *ca = emd_config_find_array(cfg, array->id);
	enum emd_member_state state;

	if (!ca)
		return false;
	state = emd_config_member(cfg, ca, slot)->state;
	return state == EMD_MEMBER_FAILED || state == EMD_MEMBER_MISSING;
}

static const char *why_not_recorded(const struct emd_array *array)
{
	if (array->read_only)
		return "the array is read-only";
	if (array->untouched)
		return "the array was not written yet";
	if (array->broken)
		return "too many were lost together";
	return "no disk takes the metadata";
}

/* What the disks say by now about the members that vanished with the last copy. */
static void announce_broken(struct emd_array *array)
{
	const struct emd_container *container = array->container;
	const char *record = "nothing is recorded against those that vanished";
	u16 slot;

	if (!array->announce_broken)
		return;
	array->announce_broken = false;
	for (slot = 0; slot < array->geo.nr_members; slot++) {
		if (array->members[slot].disk && loss_recorded(array, slot) &&
		    array->members[slot].state == EMD_MEMBER_MISSING)
			record = "a disk is recorded as failed, for another array of the container cannot wait for it";
	}
	/* A change that was not finished: some disks may carry it. */
	if (container->attempted != emd_container_config(container)->generation)
		record = "some disks may have recorded a part of it";
	emd_crit(array, "more members lost than %s allows, I/O fails; %s",
		 emd_levels[array->geo.level].name, record);
	emd_event(EMD_EVENT_ARRAY, "failed", array->container, array, -1, NULL,
		  "more members lost than %s allows", emd_levels[array->geo.level].name);
}

/* Called when it has been recorded, or could not be. */
static void announce_failures(struct emd_array *array)
{
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++) {
		struct emd_member *member = &array->members[slot];
		const char *why = member->fail_why;
		enum emd_array_state state;

		if (!member->announce)
			continue;
		member->announce = false;
		state = emd_array_get_state(array);
		if (loss_recorded(array, slot))
			emd_err(array, "member %u (%s): %s, marked failed; array is %s", slot,
				member->disk ? member->disk->name : "gone", why,
				emd_array_state_names[state]);
		else
			emd_err(array, "member %u (%s): %s, out of service; array is %s; not recorded, %s",
				slot, member->disk ? member->disk->name : "gone", why,
				emd_array_state_names[state], why_not_recorded(array));
		emd_event(EMD_EVENT_MEMBER, "failed", array->container, array, slot,
			  member->disk, "member %u (%s) failed: %s", slot,
			  member->disk ? member->disk->name : "gone", why);
		emd_sysfs_notify(array, "state");
		emd_sysfs_notify(array, "degraded");
	}
}

/* What is to be announced, from what failed. */
static bool collect_failures(struct emd_array *array)
{
	bool any = false;
	u16 slot;

	spin_lock_irq(&array->state_lock);
	for (slot = 0; slot < array->geo.nr_members; slot++) {
		struct emd_member *member = &array->members[slot];

		member->announce |= member->fail_pending;
		member->fail_pending = false;
		any |= member->announce;
	}
	spin_unlock_irq(&array->state_lock);
	return any;
}

/**
 * emd_array_announce_failures() - tell of members that failed since the worker's last pass
 * @array: array that the worker will not see again, for it is being stopped
 *
 * Context: C held; recorded, or it could not be.
 */
void emd_array_announce_failures(struct emd_array *array)
{
	lockdep_assert_held(&array->container->mutex);
	if (collect_failures(array))
		announce_failures(array);
}

static void apply_array(struct emd_array *array, int error)
{
	announce_failures(array);
	announce_broken(array);
	if (error) {
		/* Nothing may be written that the metadata does not cover. */
		if (test_bit(EMD_PENDING_DIRTY, &array->batch))
			emd_io_fail_held(array);
		if (test_bit(EMD_PENDING_JOB_DONE, &array->batch)) {
			if (emd_job_action(array->job) == EMD_SYNC_REPLACE) {
				/* Has nothing to be recorded. */
				finish_job(array);
			} else {
				/* Done, but that cannot be said: once more after the next touch. */
				array->job_failed = true;
				emd_job_acknowledge(array->job);
			}
		}
		array->batch = 0;
		return;
	}
	if (test_bit(EMD_PENDING_JOB_DONE, &array->batch))
		finish_job(array);
	if (test_bit(EMD_PENDING_DIRTY, &array->batch)) {
		if (emd_array_writes_allowed(array)) {
			emd_array_allow_writes(array);
			arm_idle_timer(array);
		} else if (array->read_only) {
			emd_io_fail_held(array);
		}
	} else if (test_bit(EMD_PENDING_CLEAN, &array->batch) &&
		   emd_array_writes_allowed(array)) {
		/* Not idle after all. */
		emd_array_allow_writes(array);
		arm_idle_timer(array);
	}
	array->batch = 0;
}

/*
 * Take what is parked and which members failed, in one step: whatever is parked
 * by now has its failure in the members' states, so the T1 that is folded next
 * includes it.
 */
static bool take_batch(struct emd_array *array)
{
	array->batch |= xchg(&array->pending, 0);
	emd_io_take_parked(array, &array->parked_batch);
	return collect_failures(array) || array->batch || !list_empty(&array->parked_batch);
}

/*
 * A disk that was written off because of one array serves the others no more: on
 * record their members have failed.
 */
static void retire_written_off(struct emd_container *container)
{
	const struct emd_config *cfg = emd_container_config(container);
	struct emd_array *array;
	u16 slot;

	list_for_each_entry(array, &container->arrays, node) {
		const struct emd_config_array *ca = emd_config_find_array(cfg, array->id);

		if (!array->gd || !ca || array->untouched || array->read_only)
			continue;
		for (slot = 0; slot < array->geo.nr_members; slot++) {
			struct emd_member *member = &array->members[slot];
			enum emd_member_state recorded = emd_config_member(cfg, ca, slot)->state;

			if ((recorded == EMD_MEMBER_FAILED || recorded == EMD_MEMBER_MISSING) &&
			    (member->state == EMD_MEMBER_IN_SYNC ||
			     member->state == EMD_MEMBER_REBUILDING))
				emd_member_fail(member, "disk written off");
		}
	}
}

static bool commit_pass(struct emd_container *container)
{
	struct emd_errmsg msg = {};
	struct emd_array *array;
	bool any = false;
	int ret;

	retire_written_off(container);
	list_for_each_entry(array, &container->arrays, node) {
		if (array->gd)
			any |= take_batch(array);
	}
	if (!any)
		return false;

	ret = emd_container_record(container, fold_all, NULL, &msg);
	if (ret && !container->uncommitted)
		emd_container_err(container, "metadata cannot be written: %s", msg.text);
	container->uncommitted = ret != 0;
	list_for_each_entry(array, &container->arrays, node) {
		if (!array->gd)
			continue;
		emd_io_release_parked(array, &array->parked_batch,
				      ret || array->broken ? BLK_STS_IOERR : BLK_STS_OK);
		apply_array(array, ret);
	}
	return true;
}

/* ---- step 4: detach what is gone -------------------------------------------------------- */

static bool serves(const struct emd_container *container, const struct emd_disk *disk)
{
	const struct emd_array *array;
	u16 slot;

	if (emd_replace_uses(container, disk))
		return true;
	list_for_each_entry(array, &container->arrays, node) {
		for (slot = 0; array->gd && slot < array->geo.nr_members; slot++) {
			if (array->members[slot].disk == disk)
				return true;
		}
	}
	return false;
}

/*
 * A device may go at any moment: one that went after step 1 still counts as a
 * member in service and is left to the next pass.
 * Returns -EAGAIN when a pass must come first.
 */
static int detach_gone(struct emd_container *container)
{
	struct emd_array *array;
	struct emd_disk *disk;
	u16 slot;

	list_for_each_entry(array, &container->arrays, node) {
		if (!array->gd)
			continue;
		for (slot = 0; slot < array->geo.nr_members; slot++) {
			struct emd_member *member = &array->members[slot];
			enum emd_member_state state = READ_ONCE(member->state);
			int ret;

			if (!member->disk || !READ_ONCE(member->disk->gone))
				continue;
			if (state == EMD_MEMBER_IN_SYNC || state == EMD_MEMBER_REBUILDING)
				return -EAGAIN;
			ret = emd_array_take_out_member(array, slot);
			if (ret)
				return ret;
		}
	}
	list_for_each_entry(disk, &container->disks, container_node) {
		if (READ_ONCE(disk->gone) && !serves(container, disk))
			emd_disk_release(disk);
	}
	return 0;
}

/* ---- step 5: what to do next -------------------------------------------------------------- */

/* A row that may fill the slot: its old disk if that is well, else a spare. */
static int find_replacement(const struct emd_config *cfg, struct emd_container *container,
			    const struct emd_config_array *ca, u16 slot)
{
	const struct emd_config_member *cm = emd_config_member(cfg, ca, slot);
	u16 index = ca - cfg->arrays;
	u16 row;
	int pass;

	for (pass = 0; pass < 4; pass++) {
		for (row = 0; row < cfg->nr_disks; row++) {
			const struct emd_config_disk *cd = &cfg->disks[row];
			struct emd_disk *disk = emd_container_disk(container, cd->handle);

			if (!disk || !disk->file || READ_ONCE(disk->gone) ||
			    disk->meta_failed || disk->no_spare ||
			    emd_replace_uses(container, disk))
				continue;
			if (pass == 0 && !(row == cm->disk && cd->state == EMD_DISK_ACTIVE &&
					   cm->state == EMD_MEMBER_MISSING))
				continue;
			if (pass == 1 && cd->state != EMD_DISK_ACTIVE)
				continue;
			if (pass >= 2 && cd->state != EMD_DISK_SPARE)
				continue;
			/* Its own first: one for all may be needed by another. */
			if (pass == 2 && cd->scope != EMD_SPARE_DEDICATED)
				continue;
			if (pass != 0 && emd_config_member_slot(cfg, ca, row) >= 0)
				continue;
			if (!cfg->ops->can_take(cfg, index, slot, row, NULL))
				return row;
		}
	}
	return -ENOENT;
}

/* A job that was cancelled as it finished may have left its report behind. */
static int begin_job(struct emd_array *array, enum emd_sync_action action, u64 from)
{
	clear_bit(EMD_PENDING_JOB_DONE, &array->pending);
	clear_bit(EMD_PENDING_CHECKPOINT, &array->pending);
	/* It does not become more: whoever is lost meanwhile was another one. */
	array->sole_source = action == EMD_SYNC_REBUILD && !from && !has_live_redundancy(array);
	return emd_job_start(array->job, action, from);
}

/*
 * Put a spare into the slot: durable first, then mapped, then filled.
 * Return: 1 when done, 0 when not possible now, -EAGAIN to start over.
 */
static int activate_spare(struct emd_container *container, struct emd_array *array, u16 slot)
{
	struct emd_config_array *ca;
	struct emd_transaction txn;
	struct emd_errmsg msg = {};
	struct emd_disk *disk;
	int row, ret;

	emd_txn_begin(&txn, container, &msg);
	ca = emd_config_find_array(txn.t1, array->id);
	if (!ca)
		return 0;
	row = find_replacement(txn.t1, container, ca, slot);
	if (row < 0)
		return 0;
	disk = emd_container_disk(container, txn.t1->disks[row].handle);
	if (emd_change_activate_spare(txn.t1, ca, slot, row))
		return 0;
	ret = emd_txn_check(&txn);
	if (ret) {
		emd_warn(array, "spare %s cannot be used: %s", disk->name, msg.text);
		disk->no_spare = true;
		return 1;	/* the next one, perhaps */
	}
	/* Redundancy first: whatever else runs is begun again afterwards. */
	if (emd_job_action(array->job) != EMD_SYNC_IDLE)
		emd_job_cancel(array->job);
	ret = emd_array_quiesce_all(array);
	if (ret)
		return ret;
	ret = emd_txn_write(&txn);
	if (ret) {
		emd_array_resume_all(array);
		fail_refusing_disks(container);
		return ret == -EIO ? -EAGAIN : 0;
	}
	emd_txn_switch(&txn);
	ca = emd_config_find_array(emd_container_config(container), array->id);
	emd_array_attach_member(array, slot, disk,
				emd_config_member(emd_container_config(container), ca, slot));
	WRITE_ONCE(array->members[slot].rebuilt_sector, 0);
	emd_member_set_state(&array->members[slot], EMD_MEMBER_REBUILDING, "spare activated");
	begin_job(array, EMD_SYNC_REBUILD, 0);
	emd_array_resume_all(array);
	emd_info(array, "member %u (%s): rebuild started", slot, disk->name);
	emd_event(EMD_EVENT_MEMBER, "rebuilding", container, array, slot, disk,
		  "spare %s takes slot %u", disk->name, slot);
	emd_sysfs_notify(array, "sync_action");
	return 1;
}

/**
 * emd_array_start_job() - begin background work
 * @array: started, its sync thread idle
 * @action: what to do
 * @from: array sector to begin at
 *
 * Return: 1 when it runs; 0 when it could not be started; -EAGAIN when an io
 * waits for a commit.
 * Context: C held, sleeps.
 */
int emd_array_start_job(struct emd_array *array, enum emd_sync_action action, u64 from)
{
	int ret = emd_array_quiesce_all(array);

	if (ret)
		return ret;
	if (action == EMD_SYNC_RESYNC)
		WRITE_ONCE(array->resync_sector, from);
	ret = begin_job(array, action, from);
	emd_array_resume_all(array);
	if (ret)
		return 0;
	emd_info(array, "%s started at sector %llu", emd_sync_action_names[action], from);
	emd_sysfs_notify(array, "sync_action");
	return 1;
}

static int start_resync(struct emd_container *container, struct emd_array *array)
{
	struct emd_config *cfg = emd_container_config(container);
	struct emd_config_array *ca = emd_config_find_array(cfg, array->id);
	struct emd_errmsg msg = {};
	struct emd_transaction txn;
	u64 from = 0;
	int ret;

	if (ca->sync == EMD_SYNC_RESYNC) {
		from = ca->sync_sector;
	} else if (emd_array_get_state(array) == EMD_ARRAY_OPTIMAL) {
		emd_txn_begin(&txn, container, &msg);
		ca = emd_config_find_array(txn.t1, array->id);
		emd_change_sync_start(txn.t1, ca, EMD_SYNC_RESYNC, 0);
		ret = emd_txn_check(&txn);
		if (!ret)
			ret = emd_txn_write(&txn);
		if (ret == -EIO) {
			fail_refusing_disks(container);
			return -EAGAIN;
		}
		if (!ret)
			emd_txn_switch(&txn);
		else
			emd_warn(array, "resync is not recorded: %s", msg.text);
	}
	/* Degraded: the format has no word for it; "dirty" stays set instead. */
	return emd_array_start_job(array, EMD_SYNC_RESYNC, from);
}

/*
 * Start what the array needs. Returns 1 when something changed, 0 when there is
 * nothing to do, -EAGAIN to start over.
 */
static int evaluate_array(struct emd_container *container, struct emd_array *array)
{
	struct emd_config *cfg = emd_container_config(container);
	struct emd_config_array *ca = emd_config_find_array(cfg, array->id);
	enum emd_sync_action action;
	bool rebuilding = false;
	int empty = -1;
	u16 slot;

	if (!ca || !array->job || array->untouched || array->read_only || array->stopping ||
	    array->broken)
		return 0;
	for (slot = 0; slot < array->geo.nr_members; slot++) {
		enum emd_member_state state = READ_ONCE(array->members[slot].state);

		rebuilding |= state == EMD_MEMBER_REBUILDING;
		if (empty < 0 && state != EMD_MEMBER_IN_SYNC && state != EMD_MEMBER_REBUILDING)
			empty = slot;
	}
	action = emd_job_action(array->job);
	if (action == EMD_SYNC_REBUILD && !rebuilding) {
		/* What it was filling is lost. */
		emd_job_cancel(array->job);
		return 1;
	}
	if (action == EMD_SYNC_REBUILD)
		return 0;
	if (empty >= 0 && !rebuilding &&
	    find_replacement(cfg, container, ca, empty) >= 0) {
		int ret = activate_spare(container, array, empty);

		if (ret)
			return ret;
		action = emd_job_action(array->job);
	}
	if (action != EMD_SYNC_IDLE || array->job_failed)
		return 0;
	if (rebuilding)
		return emd_array_start_job(array, EMD_SYNC_REBUILD,
				 ca->sync == EMD_SYNC_REBUILD ? ca->sync_sector : 0);
	if (array->needs_resync && has_live_redundancy(array))
		return start_resync(container, array);
	if (array->twin && array->twin->copied_sector < array->geo.array_sectors)
		return emd_array_start_job(array, EMD_SYNC_REPLACE, array->twin->copied_sector);
	return 0;
}

/* ---- the pass ------------------------------------------------------------------------------ */

static bool container_pass(struct emd_container *container)
{
	struct emd_array *array;
	bool again;
	int ret;

	lose_gone_members(container);
	/* A command may have met one and was backed out. */
	fail_refusing_disks(container);
	again = commit_pass(container);
	ret = emd_replace_pass(container);
	if (ret < 0)
		return true;
	again |= ret > 0;
	if (detach_gone(container))
		return true;
	list_for_each_entry(array, &container->arrays, node) {
		if (!array->gd)
			continue;
		ret = evaluate_array(container, array);
		if (ret < 0)
			return true;
		again |= ret > 0;
	}
	return again;
}

/**
 * emd_container_work() - run passes until nothing is left to do
 * @work: container->worker
 *
 * Context: emd_wq; takes C.
 */
void emd_container_work(struct work_struct *work)
{
	struct emd_container *container = container_of(work, struct emd_container, worker);
	unsigned int noio = emd_lock_container(container);

	while (container->state == EMD_CONTAINER_ASSEMBLED && container_pass(container))
		cond_resched();
	container->passes++;
	emd_unlock_container(container, noio);
	wake_up_all(&container->settled);
}

/**
 * emd_container_settle() - let the worker have its turn
 * @container: container, a reference is held
 * @noio: from emd_lock_container(); C is dropped and taken again
 *
 * For commands that met -EAGAIN: everything they looked at under C may have
 * changed when this returns.
 *
 * Return: 0, or -EINTR on a fatal signal.
 * Context: Process context, C held.
 */
int emd_container_settle(struct emd_container *container, unsigned int *noio)
{
	u64 passes = container->passes;
	int ret;

	emd_container_kick(container);
	emd_unlock_container(container, *noio);
	ret = wait_event_killable(container->settled, READ_ONCE(container->passes) != passes);
	*noio = emd_lock_container(container);
	return ret ? -EINTR : 0;
}
