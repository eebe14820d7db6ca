// SPDX-License-Identifier: GPL-2.0
/*
 * Replacing a disk that still serves, while redundancy stays.
 *
 * The disk is the unit: formats write off whole disks, so in every array that it
 * serves its member is copied to the new disk, its twin, and when all are done the
 * new disk takes all its places in one transaction. One replace a container at a
 * time.
 *
 *   begin    T1 is made as it would be, and checked; that says where the members
 *            will begin on the new disk. The twins are set: from here on whatever is
 *            written to the member is written to the twin as well.
 *   copy     a job for each array (EMD_SYNC_REPLACE). What the member cannot read,
 *            its engine takes from the others. The worker starts it, and goes on
 *            with it where it got after a rebuild that came in between.
 *   switch   arrays quiesced, caches flushed, T1 written, to the new disk first: it is
 *            in sync, the old one is written off
 *   end      on any trouble instead: the twins go, the old disk has never left
 *
 * Nothing of this is recorded before the switch: no format can say that a disk is
 * being copied. Until then the new disk is a spare in the metadata, and nobody
 * trusts what is on it; a crash or a stop leaves it so.
 *
 * Why the copy is right. A window excludes users' writes from its range while it
 * reads the member and writes the twin; every other write goes to both. A write that
 * the twin refuses makes it useless, for good. The member's status is the io's: the
 * twin can only make it last longer.
 *
 * Forward progress: the bios for the twin come from a pool of their own and are sent
 * by a work item, on a workqueue that does nothing else. So who waits for the pool waits
 * for nothing that sits on its own current->bio_list, or behind it on its own workqueue.
 *
 * Locks: C for everything but what ios and windows do; array->twin changes only while
 * the array is quiesced.
 */
#include <linux/blkdev.h>
#include <linux/slab.h>

#include "admin.h"
#include "../emd.h"
#include "../log.h"

#define NR_RESERVED_BIOS	64

/* ---- writes ------------------------------------------------------------------ */

/**
 * struct twin_bio - a write on its way to the twin
 * @twin: where it goes
 * @bio: the same for the member; does not end before this has ended
 * @disk_sector: where, on the twin's disk
 * @nr_sectors: how long
 * @clone: last
 */
struct twin_bio {
	struct emd_twin *twin;
	struct bio *bio;
	u64 disk_sector;
	unsigned int nr_sectors;
	struct bio clone;
};

/**
 * emd_twin_fail() - a twin is of no use any more
 * @twin: of an array with an io or a window in flight, or C held
 * @why: constant string
 *
 * The worker ends the replace.
 *
 * Context: Any, irq-safe.
 */
void emd_twin_fail(struct emd_twin *twin, const char *why)
{
	if (!cmpxchg(&twin->failed, NULL, why))
		emd_array_pend(twin->member->array, EMD_PENDING_EVALUATE);
}

/**
 * emd_twin_write_error() - a twin did not write: it is of no use any more
 * @twin: of an array with an io or a window in flight
 * @disk_sector: where, on its disk
 * @nr_sectors: how long
 * @status: how it failed
 *
 * Context: Any, irq-safe.
 */
void emd_twin_write_error(struct emd_twin *twin, u64 disk_sector, unsigned int nr_sectors,
			  blk_status_t status)
{
	emd_err_rl(twin->member->array, "member %u: write error on %s, which is to replace %s, at %llu+%u (error %d)",
		   twin->member->slot, twin->disk->name, twin->member->disk->name, disk_sector,
		   nr_sectors, blk_status_to_errno(status));
	emd_twin_fail(twin, "write error");
}

/* The twin did not do what the member was asked to do. */
static void judge_error(const struct twin_bio *tb)
{
	const struct bio *clone = &tb->clone;
	struct emd_twin *twin = tb->twin;
	bool unknown = clone->bi_status == BLK_STS_NOTSUPP;

	switch (bio_op(clone)) {
	case REQ_OP_DISCARD:
		/* A hint, which need not be known. */
		if (unknown || !bdev_max_discard_sectors(twin->bdev))
			return;
		break;
	case REQ_OP_WRITE_ZEROES:
		/* Who asked writes data instead. */
		if (unknown || !bdev_write_zeroes_sectors(twin->bdev)) {
			blk_queue_disable_write_zeroes(twin->member->array->gd->queue);
			tb->bio->bi_status = BLK_STS_NOTSUPP;
			return;
		}
		break;
	default:
		break;
	}
	emd_twin_write_error(twin, tb->disk_sector, tb->nr_sectors, clone->bi_status);
}

static void twin_endio(struct bio *clone)
{
	struct twin_bio *tb = container_of(clone, struct twin_bio, clone);
	struct bio *bio = tb->bio;

	if (unlikely(clone->bi_status))
		judge_error(tb);
	bio_put(clone);
	/* Last: the io, and with it the twin, may go. */
	bio_endio(bio);
}

static void send_queue(struct work_struct *work)
{
	struct emd_twin *twin = container_of(work, struct emd_twin, work);
	struct bio_list queue;
	struct blk_plug plug;
	struct bio *clone;

	spin_lock_irq(&twin->lock);
	queue = twin->queue;
	bio_list_init(&twin->queue);
	spin_unlock_irq(&twin->lock);
	blk_start_plug(&plug);
	while ((clone = bio_list_pop(&queue)))
		submit_bio_noacct(clone);
	blk_finish_plug(&plug);
}

/**
 * emd_twin_write() - do to the twin what is about to be done to the member
 * @twin: of the member
 * @bio: a write, discard or write-zeroes for the member, to be submitted next
 *
 * @bio ends when both have ended.
 *
 * Context: Task context, sleeps for the pool.
 */
void emd_twin_write(struct emd_twin *twin, struct bio *bio)
{
	struct twin_bio *tb;
	unsigned long flags;
	struct bio *clone;

	if (READ_ONCE(twin->failed))
		return;
	clone = bio_alloc_clone(twin->bdev, bio, GFP_NOIO, &twin->bios);
	if (!clone) {
		emd_twin_fail(twin, "write that cannot be repeated");
		return;
	}
	/* Nobody relies on it before its cache is flushed. */
	clone->bi_opf &= ~(REQ_NOWAIT | REQ_FUA | REQ_PREFLUSH | REQ_NOMERGE);
	clone->bi_iter.bi_sector += twin->start_sector - twin->member->start_sector;
	clone->bi_end_io = twin_endio;
	tb = container_of(clone, struct twin_bio, clone);
	tb->twin = twin;
	tb->bio = bio;
	tb->disk_sector = clone->bi_iter.bi_sector;
	tb->nr_sectors = bio_sectors(clone);
	bio_inc_remaining(bio);

	spin_lock_irqsave(&twin->lock, flags);
	bio_list_add(&twin->queue, clone);
	spin_unlock_irqrestore(&twin->lock, flags);
	queue_work(emd_twin_wq, &twin->work);
}

/**
 * emd_twin_write_page() - write a piece of a window to the twin, and wait
 * @twin: of the array that the window is of
 * @member_sector: where on the member
 * @nr_sectors: how many, at most a page's worth
 * @page: data
 * @offset: bytes into @page
 *
 * Return: status of the write; an error has failed the twin.
 * Context: Process context, sleeps, allocates nothing.
 */
blk_status_t emd_twin_write_page(struct emd_twin *twin, u64 member_sector,
				 unsigned int nr_sectors, struct page *page, unsigned int offset)
{
	blk_status_t status;
	struct bio_vec bvec;
	struct bio bio;

	bio_init(&bio, twin->bdev, &bvec, 1, REQ_OP_WRITE | REQ_SYNC);
	bio.bi_iter.bi_sector = twin->start_sector + member_sector;
	__bio_add_page(&bio, page, nr_sectors << SECTOR_SHIFT, offset);
	submit_bio_wait(&bio);
	status = bio.bi_status;
	bio_uninit(&bio);
	if (status)
		emd_twin_write_error(twin, twin->start_sector + member_sector, nr_sectors, status);
	return status;
}

/* ---- twins ---------------------------------------------------------------------- */

static struct emd_twin *alloc_twin(struct emd_member *member, struct emd_disk *disk,
				   u64 start_sector)
{
	struct emd_twin *twin = kzalloc(sizeof(*twin), GFP_KERNEL);

	if (!twin)
		return NULL;
	if (bioset_init(&twin->bios, NR_RESERVED_BIOS, offsetof(struct twin_bio, clone), 0)) {
		kfree(twin);
		return NULL;
	}
	twin->member = member;
	kref_get(&disk->ref);
	twin->disk = disk;
	twin->bdev = disk->bdev;
	twin->start_sector = start_sector;
	spin_lock_init(&twin->lock);
	bio_list_init(&twin->queue);
	INIT_WORK(&twin->work, send_queue);
	return twin;
}

/* No write is in flight, and none will be. */
static void free_twin(struct emd_twin *twin)
{
	list_del(&twin->node);
	cancel_work_sync(&twin->work);
	bioset_exit(&twin->bios);
	emd_disk_put(twin->disk);
	kfree(twin);
}

static void set_twin(struct emd_array *array, struct emd_twin *twin)
{
	lockdep_assert_held(&array->container->mutex);
	WARN_ON_ONCE(!array->quiesced);
	WRITE_ONCE(array->twin, twin);
}

/* ---- what is asked for ------------------------------------------------------------ */

static struct emd_array *array_of(const struct emd_container *container,
				  const struct emd_config_array *ca)
{
	struct emd_array *array;

	list_for_each_entry(array, &container->arrays, node) {
		if (array->id == ca->handle)
			return array;
	}
	return NULL;
}

static struct emd_member *member_on(struct emd_array *array, const struct emd_disk *disk)
{
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++) {
		if (array->members[slot].disk == disk)
			return &array->members[slot];
	}
	return NULL;
}

/* Is this an array in which the disk must be replaced? */
static bool must_be_copied(struct emd_array *array, const struct emd_disk *disk)
{
	const struct emd_member *member = member_on(array, disk);
	enum emd_member_state state = member ? READ_ONCE(member->state) : EMD_MEMBER_MISSING;

	return state == EMD_MEMBER_IN_SYNC || state == EMD_MEMBER_REBUILDING;
}

/* Can the member of an array that is on @from be copied now? */
static int check_array(struct emd_array *array, const struct emd_disk *from,
		       struct emd_errmsg *msg)
{
	enum emd_sync_action action;

	if (array->read_only)
		return EMD_REFUSE(msg, -EROFS, "%s, which %s serves too, is read-only",
				  array->name, from->name);
	if (!array->job)
		return EMD_REFUSE(msg, -EOPNOTSUPP,
				  "%s is on %s: %s has no background work that could copy it",
				  array->name, from->name, emd_levels[array->geo.level].name);
	if (READ_ONCE(array->broken))
		return EMD_REFUSE(msg, -EIO, "%s has failed", array->name);
	if (array->needs_resync)
		return EMD_REFUSE(msg, -EBUSY, "%s has to be resynced first", array->name);
	action = emd_job_action(array->job);
	if (action != EMD_SYNC_IDLE)
		return EMD_REFUSE(msg, -EBUSY, "%s of %s is running", emd_sync_action_names[action],
				  array->name);
	if (READ_ONCE(member_on(array, from)->state) != EMD_MEMBER_IN_SYNC)
		return EMD_REFUSE(msg, -EBUSY, "%s is not in sync in %s", from->name, array->name);
	return 0;
}

/* Every array that is on record as served by @from must run, and be copied. */
static int check_arrays(struct emd_container *container, const struct emd_disk *from, u16 old,
			struct emd_errmsg *msg)
{
	const struct emd_config *cfg = emd_container_config(container);
	u16 i;
	int ret;

	for (i = 0; i < cfg->nr_arrays; i++) {
		const struct emd_config_array *ca = &cfg->arrays[i];
		struct emd_array *array = array_of(container, ca);
		int slot = emd_config_member_slot(cfg, ca, old);

		if (slot < 0 || emd_config_member(cfg, ca, slot)->state == EMD_MEMBER_FAILED ||
		    emd_config_member(cfg, ca, slot)->state == EMD_MEMBER_MISSING)
			continue;
		if (!array || !array->gd || !member_on(array, from))
			return EMD_REFUSE(msg, -EBUSY, "%s, which %s serves too, is not started",
					  ca->name, from->name);
		ret = check_array(array, from, msg);
		if (ret)
			return ret;
	}
	return 0;
}

static int check_disk(const struct emd_container *container, const struct emd_disk *disk,
		      struct emd_errmsg *msg)
{
	if (!disk->file || READ_ONCE(disk->gone))
		return EMD_REFUSE(msg, -ENODEV, "%s is gone", disk->name);
	if (disk->meta_failed || disk->no_spare)
		return EMD_REFUSE(msg, -EIO, "%s refused what was written to it before",
				  disk->name);
	if (disk->block_size != emd_container_config(container)->block_size)
		return EMD_REFUSE(msg, -EINVAL, "%s has %u-byte sectors, %s has %u", disk->name,
				  disk->block_size, container->name,
				  emd_container_config(container)->block_size);
	return 0;
}

/* T1 with @to in all places of @from. */
static int make_t1(struct emd_transaction *txn, struct emd_container *container,
		   const struct emd_disk *from, const struct emd_disk *to, struct emd_errmsg *msg)
{
	struct emd_config_disk *old, *new;
	int ret;

	emd_txn_begin(txn, container, msg);
	txn->administrative = true;
	txn->flush = true;
	old = emd_config_find_disk(txn->t1, from->id);
	new = emd_config_find_disk(txn->t1, to->id);
	if (!old || !new)
		return EMD_REFUSE(msg, -ENOENT, "%s is no disk of %s",
				  old ? to->name : from->name, container->name);
	ret = emd_change_replace_disk(txn->t1, old - txn->t1->disks, new - txn->t1->disks, msg);
	return ret ?: emd_txn_check(txn);
}

/* Where T1 has the member. */
static const struct emd_config_member *member_in(const struct emd_config *cfg,
						 const struct emd_member *member)
{
	const struct emd_config_array *ca = emd_config_find_array(cfg, member->array->id);

	return emd_config_member(cfg, ca, member->slot);
}

static int check_all(struct emd_transaction *txn, struct emd_container *container,
		     struct emd_disk *from, struct emd_disk *to, struct emd_errmsg *msg)
{
	const struct emd_config *cfg = emd_container_config(container);
	const struct emd_config_disk *old;
	int ret;

	ret = emd_must_be_writable(container, msg) ?: emd_replace_refuses(container, NULL, msg);
	if (ret)
		return ret;
	old = emd_config_find_disk(cfg, from->id);
	if (!old)
		return EMD_REFUSE(msg, -ENOENT, "%s is no disk of %s", from->name, container->name);
	ret = check_arrays(container, from, old - cfg->disks, msg);
	if (!ret)
		ret = check_disk(container, to, msg);
	return ret ?: make_t1(txn, container, from, to, msg);
}

/* What goes before the switch, for the worker. */
static void plan_copies(struct emd_admin *adm, struct emd_container *container,
			const struct emd_config *t1, const struct emd_disk *from,
			const struct emd_disk *to)
{
	const struct emd_member *member;
	struct emd_array *array;

	list_for_each_entry(array, &container->arrays, node) {
		if (!array->gd || !must_be_copied(array, from))
			continue;
		member = member_on(array, from);
		PLAN(adm, "array \"%s\": copy member %u (%s, %llu sectors at sector %llu) to %s at sector %llu while it runs; then",
		     array->name, member->slot, from->name, member->nr_sectors,
		     member->start_sector, to->name, member_in(t1, member)->start_sector);
	}
}

/* ---- begin -------------------------------------------------------------------------- */

static void resume_twins(struct emd_replace *replace, const struct emd_twin *end)
{
	struct emd_twin *twin;

	list_for_each_entry(twin, &replace->twins, node) {
		if (twin == end)
			break;
		emd_array_resume_all(twin->member->array);
	}
}

/* All or none: -EAGAIN. */
static int quiesce_twins(struct emd_replace *replace)
{
	struct emd_twin *twin;
	int ret;

	list_for_each_entry(twin, &replace->twins, node) {
		ret = emd_array_quiesce_all(twin->member->array);
		if (ret) {
			resume_twins(replace, twin);
			return ret;
		}
	}
	return 0;
}

static int alloc_twins(struct emd_container *container, const struct emd_config *t1,
		       struct emd_disk *from, struct emd_disk *to)
{
	struct emd_array *array;
	struct emd_member *member;
	struct emd_twin *twin;

	list_for_each_entry(array, &container->arrays, node) {
		if (!array->gd || !must_be_copied(array, from))
			continue;
		member = member_on(array, from);
		twin = alloc_twin(member, to, member_in(t1, member)->start_sector);
		if (!twin)
			return -ENOMEM;
		list_add_tail(&twin->node, &container->replace.twins);
	}
	return 0;
}

static int begin_replace(struct emd_container *container, const struct emd_config *t1,
			 struct emd_disk *from, struct emd_disk *to, struct emd_errmsg *msg)
{
	struct emd_replace *replace = &container->replace;
	struct emd_twin *twin, *tmp;
	int ret;

	ret = alloc_twins(container, t1, from, to);
	if (ret)
		EMD_REFUSE(msg, ret, "out of memory");
	else
		ret = quiesce_twins(replace);
	if (ret) {
		list_for_each_entry_safe(twin, tmp, &replace->twins, node)
			free_twin(twin);
		return ret;
	}
	kref_get(&from->ref);
	kref_get(&to->ref);
	replace->from = from;
	replace->to = to;
	list_for_each_entry(twin, &replace->twins, node)
		set_twin(twin->member->array, twin);
	resume_twins(replace, NULL);
	list_for_each_entry(twin, &replace->twins, node) {
		struct emd_array *array = twin->member->array;

		emd_info(array, "member %u (%s): is being replaced by %s", twin->member->slot,
			 from->name, to->name);
		emd_event(EMD_EVENT_MEMBER, "replacing", container, array, twin->member->slot, to,
			  "%s is to take the place of %s, slot %u", to->name, from->name,
			  twin->member->slot);
		/* The worker starts the copy. */
		emd_array_touch(array);
	}
	return 0;
}

/**
 * struct replace_request - what is asked for
 * @from: disk that serves
 * @to: disk that is to
 * @begun: the copying has begun, and the worker looks after it
 */
struct replace_request {
	dev_t from;
	dev_t to;
	bool begun;
};

static int try_replace(struct emd_admin *adm, struct emd_array *array, struct emd_disk *from,
		       struct emd_disk *to)
{
	struct emd_container *container = array->container;
	struct emd_transaction txn;
	int ret;

	if (!array->gd)
		return EMD_REFUSE(adm->msg, -EINVAL, "%s is not started", array->name);
	if (!from || !member_on(array, from))
		return EMD_REFUSE(adm->msg, -ENOENT, "the disk to be replaced is no member of %s",
				  array->name);
	if (!must_be_copied(array, from))
		return EMD_REFUSE(adm->msg, -EINVAL,
				  "%s has failed in %s already; any spare takes its place",
				  from->name, array->name);
	if (!to || to->container != container)
		return EMD_REFUSE(adm->msg, -ENOENT, "the new disk is not in %s: add it first",
				  container->name);
	ret = check_all(&txn, container, from, to, adm->msg);
	if (ret)
		return ret;
	if (dry_run(adm)) {
		plan_copies(adm, container, txn.t1, from, to);
		return emd_txn_plan(&txn, adm->plan);
	}
	return begin_replace(container, txn.t1, from, to, adm->msg);
}

static int replace_locked(struct emd_admin *adm, struct emd_array *array, void *arg)
{
	struct replace_request *req = arg;
	struct emd_disk *from, *to;
	int ret;

	if (req->begun)
		return 0;
	from = emd_disk_get_by_dev(req->from);
	to = emd_disk_get_by_dev(req->to);
	ret = try_replace(adm, array, from, to);
	emd_disk_put(from);
	emd_disk_put(to);
	if (ret || dry_run(adm))
		return ret;
	/* So that who looks next sees it run. */
	req->begun = true;
	return -EAGAIN;
}

/**
 * emd_admin_replace() - copy a member's disk to another that then takes its place
 * @adm: the command
 * @array_id: an array that the disk serves; all that it serves are concerned
 * @from: disk that serves
 * @to: spare of the same container
 *
 * Return: 0 when the copying has begun; -EINTR when the command was killed as it did;
 * else -errno with nothing changed.
 * Context: Process context, sleeps. Takes G and C.
 */
int emd_admin_replace(struct emd_admin *adm, u64 array_id, dev_t from, dev_t to)
{
	struct replace_request req = { .from = from, .to = to };

	return emd_on_array(adm, array_id, replace_locked, &req, NULL);
}

/* ---- end ------------------------------------------------------------------------------ */

/**
 * emd_replace_uses() - is the disk part of a replace?
 * @container: container
 * @disk: one of its disks
 *
 * Context: C held.
 */
bool emd_replace_uses(const struct emd_container *container, const struct emd_disk *disk)
{
	return container->replace.from &&
	       (container->replace.from == disk || container->replace.to == disk);
}

/**
 * emd_replace_refuses() - a command cannot be had while a replace goes on
 * @container: container
 * @disk: only when it is part of the replace; NULL: any
 * @msg: gets the reason
 *
 * Return: 0 or -EBUSY.
 * Context: C held.
 */
int emd_replace_refuses(const struct emd_container *container, const struct emd_disk *disk,
			struct emd_errmsg *msg)
{
	if (disk ? !emd_replace_uses(container, disk) : !container->replace.from)
		return 0;
	return EMD_REFUSE(msg, -EBUSY, "%s is being replaced by %s",
			  container->replace.from->name, container->replace.to->name);
}

static void forget_replace(struct emd_container *container)
{
	struct emd_replace *replace = &container->replace;

	emd_disk_put(replace->from);
	emd_disk_put(replace->to);
	replace->from = NULL;
	replace->to = NULL;
	replace->ending[0] = '\0';
}

/**
 * emd_replace_end() - give up on a replace, if there is one
 * @container: container
 * @why: for log and event
 *
 * The disk that was to go stays as it was, the other is a spare again.
 *
 * Return: 0; -EAGAIN when an io waits for a commit: let the worker run, which goes
 * on with this.
 * Context: C held, sleeps.
 */
int emd_replace_end(struct emd_container *container, const char *why)
{
	struct emd_replace *replace = &container->replace;
	struct emd_twin *twin, *tmp;
	int ret;

	lockdep_assert_held(&container->mutex);
	if (!replace->from)
		return 0;
	if (!replace->ending[0])
		strscpy(replace->ending, why, sizeof(replace->ending));
	list_for_each_entry_safe(twin, tmp, &replace->twins, node) {
		struct emd_array *array = twin->member->array;

		if (emd_job_action(array->job) == EMD_SYNC_REPLACE)
			emd_job_cancel(array->job);
		ret = emd_array_quiesce_all(array);
		if (ret)
			return ret;
		set_twin(array, NULL);
		emd_array_resume_all(array);
		/* One that refused a write is no spare. */
		if (READ_ONCE(twin->failed))
			replace->to->no_spare = true;
		emd_warn(array, "member %u (%s): not replaced by %s: %s", twin->member->slot,
			 replace->from->name, replace->to->name, replace->ending);
		emd_event(EMD_EVENT_MEMBER, "replace-dropped", container, array,
			  twin->member->slot, replace->to, "%s does not take the place of %s: %s",
			  replace->to->name, replace->from->name, replace->ending);
		free_twin(twin);
		emd_sysfs_notify(array, "sync_action");
		emd_array_pend(array, EMD_PENDING_EVALUATE);
	}
	forget_replace(container);
	return 0;
}

/* Nothing else is going on there, nor is to be gone on with. */
static bool is_idle_on_record(const struct emd_array *array)
{
	const struct emd_config *cfg = emd_container_config(array->container);
	const struct emd_config_array *ca = emd_config_find_array(cfg, array->id);

	return ca && ca->sync == EMD_SYNC_IDLE;
}

/* Why it cannot be finished, or NULL. */
static const char *trouble(const struct emd_container *container)
{
	const struct emd_replace *replace = &container->replace;
	const struct emd_config *cfg = emd_container_config(container);
	const struct emd_config_disk *row = emd_config_find_disk(cfg, replace->to->id);
	const struct emd_twin *twin;

	if (READ_ONCE(replace->to->gone))
		return "the new disk is gone";
	if (!row || (row->state != EMD_DISK_SPARE && row->state != EMD_DISK_ACTIVE))
		return "the new disk was written off";
	list_for_each_entry(twin, &replace->twins, node) {
		const struct emd_array *array = twin->member->array;

		if (READ_ONCE(twin->member->state) != EMD_MEMBER_IN_SYNC)
			return "the old disk has failed";
		if (READ_ONCE(array->broken))
			return "an array has failed";
		if (READ_ONCE(twin->failed))
			return twin->failed;
		/* Nothing is begun on such an array before it is touched. */
		if (array->job_failed && (twin->copied_sector < array->geo.array_sectors ||
					  !is_idle_on_record(array)))
			return "a rebuild came in between and gave up";
	}
	if (replace->to->meta_failed)
		return "the new disk refused its metadata";
	return replace->ending[0] ? replace->ending : NULL;
}

/**
 * emd_replace_copied() - the job that copies an array's member has ended
 * @array: array
 * @result: 0 or -errno
 *
 * Context: C held.
 */
void emd_replace_copied(struct emd_array *array, int result)
{
	struct emd_container *container = array->container;

	if (array->twin && result && !trouble(container))
		strscpy(container->replace.ending, "some of it cannot be read anywhere",
			sizeof(container->replace.ending));
}

/* ---- switch ------------------------------------------------------------------------------ */

/* Is every twin complete, and nothing else going on? */
static bool all_copied(const struct emd_container *container)
{
	const struct emd_twin *twin;

	list_for_each_entry(twin, &container->replace.twins, node) {
		const struct emd_array *array = twin->member->array;

		if (twin->copied_sector < array->geo.array_sectors ||
		    !is_idle_on_record(array) || emd_job_action(array->job) != EMD_SYNC_IDLE)
			return false;
	}
	return true;
}

/*
 * The new disk comes first: who finds T1 anywhere must find that it is a member, for
 * T1 has written off the old one. That one is passed by when it refuses T1. Arrays
 * are quiesced; 0 when T1 is durable and published.
 */
static int write_switch(struct emd_container *container, struct emd_errmsg *msg)
{
	const struct emd_replace *replace = &container->replace;
	const struct emd_twin *twin;
	struct emd_transaction txn;
	bool refused_before;
	int ret;

	list_move(&replace->to->container_node, &container->disks);
	do {
		refused_before = replace->from->meta_failed;
		msg->text[0] = '\0';
		ret = make_t1(&txn, container, replace->from, replace->to, msg);
		if (ret)
			return ret;
		list_for_each_entry(twin, &replace->twins, node) {
			if (member_in(txn.t1, twin->member)->start_sector != twin->start_sector)
				return EMD_REFUSE(msg, -ESTALE, "its place on %s was taken",
						  replace->to->name);
		}
		txn.needs = replace->to;
		ret = emd_txn_write(&txn);
	} while (ret == -EIO && replace->from->meta_failed && !refused_before &&
		 !replace->to->meta_failed);
	if (!ret)
		emd_txn_switch(&txn);
	return ret;
}

/* T1 is published: so it is. */
static void take_place(struct emd_twin *twin)
{
	struct emd_member *member = twin->member;
	struct emd_array *array = member->array;
	struct emd_container *container = array->container;
	const struct emd_replace *replace = &container->replace;

	set_twin(array, NULL);
	emd_array_attach_member(array, member->slot, twin->disk,
				member_in(emd_container_config(container), member));
	spin_lock_irq(&array->state_lock);
	if (array->engine->member_changed)
		array->engine->member_changed(array, member);
	spin_unlock_irq(&array->state_lock);
	emd_info(array, "member %u: %s has taken the place of %s, which can be removed",
		 member->slot, replace->to->name, replace->from->name);
	emd_event(EMD_EVENT_MEMBER, "replaced", container, array, member->slot, replace->to,
		  "%s has taken the place of %s, which can be removed", replace->to->name,
		  replace->from->name);
	free_twin(twin);
	emd_sysfs_notify(array, "sync_action");
	emd_array_resume_all(array);
}

/* Return: 1 when something changed, -EAGAIN when an io waits for a commit. */
static int switch_over(struct emd_container *container)
{
	struct emd_replace *replace = &container->replace;
	struct emd_twin *twin, *tmp;
	struct emd_errmsg msg = {};
	int ret;

	ret = quiesce_twins(replace);
	if (ret)
		return ret;
	/* The last of the writes may have met something. */
	if (trouble(container)) {
		resume_twins(replace, NULL);
		return 1;
	}
	ret = write_switch(container, &msg);
	if (ret) {
		resume_twins(replace, NULL);
		strscpy(replace->ending, msg.text, sizeof(replace->ending));
		return 1;
	}
	list_for_each_entry_safe(twin, tmp, &replace->twins, node)
		take_place(twin);
	forget_replace(container);
	return 1;
}

/**
 * emd_replace_pass() - the worker's look at a replace: is it at its end?
 * @container: container
 *
 * Return: 1 when something changed; 0; -EAGAIN to start over.
 * Context: C held, sleeps, allocates nothing.
 */
int emd_replace_pass(struct emd_container *container)
{
	const char *why;

	if (!container->replace.from)
		return 0;
	why = trouble(container);
	if (why)
		return emd_replace_end(container, why) ?: 1;
	return all_copied(container) ? switch_over(container) : 0;
}
