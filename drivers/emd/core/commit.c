// SPDX-License-Identifier: GPL-2.0
/*
 * The transaction: the only road from one config to the next.
 *
 *   begin    T1 is a private copy of the published T0
 *   (edit)   the caller changes T1's generic fields, emd_change_*()
 *   check    generic rules, format rules, the format's ->update() of T1
 *   write    metadata to all disks, in an order that a power cut cannot hurt
 *   switch   T1 is published; T0 becomes the reserve after a grace period
 *   abort    T1 is dropped; what was written of it is outranked by T0
 *
 * The write. Disks are written one after the other, each completely and durably
 * before the next is touched: at every moment all but one carry a whole T0 or a
 * whole T1. Each write is FUA; within a disk a barrier orders what the format
 * says must be ordered. With ->flush set, every disk's
 * cache is flushed before the first byte of T1 goes out ("clean" must not
 * outlive the data it vouches for).
 *
 * A disk that refuses its write. For an event (a member failed, an array
 * becomes dirty) there is no way back: the disk is marked, the caller fails its
 * members and tries again with a T1 that says so. For a command there is: T0 is
 * written back, with a generation above T1's, to all disks that still answer; if T0
 * was on no disk yet, for they were bare, the very bytes that were there.
 *
 * Generations never repeat with different content: container->attempted
 * remembers the highest that any disk may carry, and a new T1 starts above it.
 *
 * Events run under memory pressure: begin, check, write and switch of a
 * transaction without extra room allocate nothing. T1 comes from two reserved
 * configs of the container, the write uses what each disk has reserved.
 *
 * Locks: container->mutex (C) throughout.
 */
#include <linux/random.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>

#include "core.h"
#include "../emd.h"
#include "../log.h"
#include "../trace.h"

/**
 * emd_container_config() - the published config
 * @container: container
 *
 * Return: the config, NULL before the first.
 * Context: C held.
 */
struct emd_config *emd_container_config(const struct emd_container *container)
{
	return rcu_dereference_protected(container->config,
					 lockdep_is_held(&container->mutex));
}

/**
 * emd_container_disk() - live disk of a config row
 * @container: container
 * @handle: from the row
 *
 * Return: the disk, no reference taken, or NULL.
 * Context: C held.
 */
struct emd_disk *emd_container_disk(const struct emd_container *container, u32 handle)
{
	struct emd_disk *disk;

	lockdep_assert_held(&container->mutex);
	if (!handle)
		return NULL;
	list_for_each_entry(disk, &container->disks, container_node) {
		if (disk->id == handle)
			return disk;
	}
	return NULL;
}

/* ---- room for configs ------------------------------------------------------ */

static void config_room(const struct emd_config *cfg, const struct emd_config_room *extra,
			struct emd_config_room *room)
{
	memset(room, 0, sizeof(*room));
	cfg->ops->room(cfg, room);
	room->disks = max(room->disks, cfg->nr_disks);
	room->arrays = max(room->arrays, cfg->nr_arrays);
	room->members = max(room->members, cfg->nr_members);
	room->native = max(room->native, cfg->native_len);
	if (extra) {
		room->disks += extra->disks;
		room->arrays += extra->arrays;
		room->members += extra->members;
		room->native += extra->native;
	}
}

static int alloc_room(struct emd_config *room[2], const struct emd_config_room *size)
{
	room[0] = emd_config_alloc(size);
	room[1] = emd_config_alloc(size);
	if (!room[0] || !room[1]) {
		emd_config_free(room[0]);
		emd_config_free(room[1]);
		room[0] = NULL;
		room[1] = NULL;
		return -ENOMEM;
	}
	return 0;
}

/*
 * Reserve what any encode of @cfg needs on every claimed disk.
 */
static int reserve_disks(struct emd_container *container, const struct emd_config *cfg)
{
	struct emd_disk *disk;
	int ret;

	list_for_each_entry(disk, &container->disks, container_node) {
		if (!disk->file)
			continue;
		ret = emd_disk_reserve(disk, cfg->ops->encode_max(cfg));
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * emd_container_set_first_config() - publish what the elected metadata says
 * @container: container without a config, or whose config is to be replaced
 * @cfg: becomes the container's; not freed on failure
 *
 * Return: 0 or -ENOMEM.
 * Context: C held. Waits for a grace period when there was one before.
 */
int emd_container_set_first_config(struct emd_container *container, struct emd_config *cfg)
{
	struct emd_config *old = emd_container_config(container);
	struct emd_config_room size;
	struct emd_config *room[2];
	int ret;

	config_room(cfg, NULL, &size);
	ret = alloc_room(room, &size);
	if (ret)
		return ret;
	ret = reserve_disks(container, cfg);
	if (ret) {
		emd_config_free(room[0]);
		emd_config_free(room[1]);
		return ret;
	}
	rcu_assign_pointer(container->config, cfg);
	if (old) {
		synchronize_rcu();
		emd_config_free(old);
	}
	emd_config_free(container->reserve[0]);
	emd_config_free(container->reserve[1]);
	container->reserve[0] = room[0];
	container->reserve[1] = room[1];
	container->reserve_gp[0] = get_state_synchronize_rcu();
	container->reserve_gp[1] = container->reserve_gp[0];
	container->attempted = cfg->generation;
	container->entropy = get_random_u64();
	return 0;
}

/**
 * emd_container_free_configs() - at the container's end
 * @container: nobody reads it any more
 */
void emd_container_free_configs(struct emd_container *container)
{
	emd_config_free(rcu_dereference_protected(container->config, 1));
	emd_config_free(container->reserve[0]);
	emd_config_free(container->reserve[1]);
	RCU_INIT_POINTER(container->config, NULL);
	container->reserve[0] = NULL;
	container->reserve[1] = NULL;
}

/* ---- begin ------------------------------------------------------------------- */

static void txn_fill(struct emd_transaction *txn)
{
	/* Same dimensions or larger by construction. */
	WARN_ON(emd_config_copy(txn->t1, txn->t0));
	txn->t1->entropy = txn->container->entropy;
	txn->t1->now = ktime_get_real_seconds();
}

/**
 * emd_txn_begin() - start a change that adds nothing
 * @txn: filled in
 * @container: container with a config
 * @msg: where reasons go, or NULL
 *
 * Also used to start the same change over: T1 is a fresh copy of T0 again.
 *
 * Context: C held. Allocates nothing; may wait for an RCU grace period.
 */
void emd_txn_begin(struct emd_transaction *txn, struct emd_container *container,
		   struct emd_errmsg *msg)
{
	lockdep_assert_held(&container->mutex);
	memset(txn, 0, sizeof(*txn));
	txn->container = container;
	txn->msg = msg;
	txn->t0 = emd_container_config(container);
	txn->t1 = container->reserve[0];
	cond_synchronize_rcu(container->reserve_gp[0]);
	txn_fill(txn);
}

/**
 * emd_txn_begin_room() - start a change that adds disks, arrays or members
 * @txn: filled in
 * @container: container with a config
 * @extra: what T1 has more than T0
 * @msg: where reasons go
 *
 * Everything that T1 and later events on it can need is allocated here.
 *
 * Return: 0 or -ENOMEM. End with emd_txn_switch() or emd_txn_abort().
 * Context: C held, process context, allocates.
 */
int emd_txn_begin_room(struct emd_transaction *txn, struct emd_container *container,
		       const struct emd_config_room *extra, struct emd_errmsg *msg)
{
	struct emd_config_room size;
	int ret;

	lockdep_assert_held(&container->mutex);
	memset(txn, 0, sizeof(*txn));
	txn->container = container;
	txn->msg = msg;
	txn->administrative = true;
	txn->t0 = emd_container_config(container);
	config_room(txn->t0, extra, &size);
	txn->t1 = emd_config_alloc(&size);
	if (!txn->t1)
		return EMD_REFUSE(msg, -ENOMEM, "out of memory");
	ret = alloc_room(txn->room, &size);
	if (ret) {
		emd_config_free(txn->t1);
		return EMD_REFUSE(msg, ret, "out of memory");
	}
	txn_fill(txn);
	return 0;
}

/* ---- check --------------------------------------------------------------------- */

/**
 * emd_txn_check() - may T0 become T1? Brings T1's native bytes in line
 * @txn: edited
 *
 * Return: 0 or -errno with the reason in @txn->msg.
 * Context: C held. Allocates nothing, unless the transaction brought room:
 * then disks reserve what larger metadata needs.
 */
int emd_txn_check(struct emd_transaction *txn)
{
	const struct emd_meta_ops *ops = txn->t0->ops;
	int ret;

	ret = emd_config_check(txn->t1, txn->msg);
	if (!ret)
		ret = emd_config_check_change(txn->t0, txn->t1, txn->msg);
	if (!ret)
		ret = ops->can_express(txn->t1, txn->msg);
	if (!ret)
		ret = ops->can_change(txn->t0, txn->t1, txn->msg);
	if (ret)
		return ret;
	if (txn->container->attempted > txn->t1->generation)
		ops->supersede(txn->t1, txn->container->attempted);
	ret = ops->update(txn->t0, txn->t1, txn->msg);
	if (ret)
		return ret;
	if (txn->room[0]) {
		ret = reserve_disks(txn->container, txn->t1);
		if (ret)
			return EMD_REFUSE(txn->msg, ret, "out of memory");
	}
	return 0;
}

/* ---- write ---------------------------------------------------------------------- */

static bool writable(const struct emd_disk *disk)
{
	return disk->file && !READ_ONCE(disk->gone) && !disk->meta_failed;
}

static void disk_refused(struct emd_disk *disk, int error)
{
	disk->meta_failed = true;
	emd_disk_err(disk, "metadata write failed (error %d)", error);
}

/* Which row is this disk, and has it anything to be written? */
static int encode_disk(struct emd_disk *disk, const struct emd_config *cfg)
{
	u16 row;

	disk->meta_writes.nr = 0;
	if (!writable(disk))
		return 0;
	for (row = 0; row < cfg->nr_disks; row++) {
		if (cfg->disks[row].handle == disk->id)
			return cfg->ops->encode(cfg, row, &disk->meta_writes);
	}
	return 0;
}

/* Returns the first that refuses, or NULL. */
static struct emd_disk *flush_disks(struct emd_container *container)
{
	struct emd_disk *disk, *refusing = NULL;

	list_for_each_entry(disk, &container->disks, container_node) {
		if (disk->meta_writes.nr && bdev_write_cache(disk->bdev))
			emd_disk_meta_start(disk, -1);
	}
	list_for_each_entry(disk, &container->disks, container_node) {
		int ret;

		if (!disk->meta_writes.nr || !bdev_write_cache(disk->bdev))
			continue;
		ret = emd_disk_meta_wait(disk);
		if (ret) {
			disk_refused(disk, ret);
			refusing = refusing ?: disk;
		}
	}
	return refusing;
}

/* False when it refuses. */
static bool write_disk(struct emd_disk *disk, unsigned int *nr_written)
{
	unsigned int i;
	int ret = 0;

	for (i = 0; i < disk->meta_writes.nr && !ret; i++) {
		emd_disk_meta_start(disk, i);
		ret = emd_disk_meta_wait(disk);
	}
	if (ret)
		disk_refused(disk, ret);
	else
		*nr_written += !!disk->meta_writes.nr;
	return !ret;
}

/* Not one that the metadata does not list yet: bare disks stay bare. */
static bool has_t0(const struct emd_transaction *txn, const struct emd_disk *disk)
{
	const struct emd_config_disk *row = emd_config_find_disk(txn->t0, disk->id);

	return row && row->native != EMD_NO_DISK;
}

/*
 * Write what is encoded, one disk after the other: a power cut tears the copy of
 * one disk at most, and all others hold a whole T0 or T1. The one that was torn before
 * comes first in the list, lest there be two. What the caller makes of a refusal has the
 * next number, so where each one counts the others that have T0 get T1 all the same; but
 * not without the disk that it needs.
 * Returns the first that refused, or NULL.
 */
static struct emd_disk *write_disks(struct emd_transaction *txn, unsigned int *nr_written)
{
	bool goes_on = txn->container->ops->every_update && !txn->first;
	struct emd_disk *disk, *refusing = NULL;

	*nr_written = 0;
	list_for_each_entry(disk, &txn->container->disks, container_node) {
		if (refusing && !has_t0(txn, disk))
			continue;
		if (write_disk(disk, nr_written))
			continue;
		refusing = refusing ?: disk;
		if (!goes_on || disk == txn->needs)
			break;
	}
	return refusing;
}

/* The other way round: who was trusted with T1 first is the last to lose it. */
static struct emd_disk *write_disks_back(struct emd_container *container,
					 unsigned int *nr_written)
{
	struct emd_disk *disk;

	*nr_written = 0;
	list_for_each_entry_reverse(disk, &container->disks, container_node) {
		if (!write_disk(disk, nr_written))
			return disk;
	}
	return NULL;
}

static int encode_all(struct emd_container *container, const struct emd_config *cfg)
{
	struct emd_disk *disk;
	int ret;

	list_for_each_entry(disk, &container->disks, container_node) {
		ret = encode_disk(disk, cfg);
		if (ret)
			return ret;
	}
	return 0;
}

static const char *disk_name(const void *container, u32 handle)
{
	const struct emd_disk *disk = emd_container_disk(container, handle);

	return disk ? disk->name : NULL;
}

/**
 * emd_txn_tell() - what would be different
 * @txn: edited
 * @out: gets the lines
 *
 * Return: whether it is more than dirty marks and positions of background work.
 * Context: C held.
 */
bool emd_txn_tell(const struct emd_transaction *txn, struct emd_text *out)
{
	const struct emd_plan_names names = { .disk = disk_name, .from = txn->container };

	return emd_plan_change(txn->t0, txn->t1, &names, out);
}

/**
 * emd_txn_plan() - what would be different, and what would be written for it
 * @txn: checked; nothing of it is written or published, now or later
 * @out: gets the lines
 *
 * The one place where a transaction is put in words, for every command's dry run.
 *
 * Return: 0 or -errno with the reason in @txn->msg: emd_txn_write() would fail so.
 * Context: C held. Uses the disks' reserved buffers; allocates nothing.
 */
int emd_txn_plan(struct emd_transaction *txn, struct emd_text *out)
{
	struct emd_container *container = txn->container;
	struct emd_disk *disk;
	int ret;

	lockdep_assert_held(&container->mutex);
	ret = encode_all(container, txn->t1);
	if (ret)
		return EMD_REFUSE(txn->msg, ret, "cannot encode the new configuration");
	emd_txn_tell(txn, out);
	list_for_each_entry(disk, &container->disks, container_node) {
		if (txn->flush && disk->meta_writes.nr && bdev_write_cache(disk->bdev))
			emd_text_line(out, "flush %s", disk->name);
	}
	list_for_each_entry(disk, &container->disks, container_node)
		emd_plan_writes(&disk->meta_writes, out, "write %s metadata to %s",
				container->ops->name, disk->name);
	return 0;
}

static void forget_bytes(struct emd_rewrite *kept, unsigned int nr)
{
	while (nr--)
		kvfree(kept[nr].before);
	kfree(kept);
}

/*
 * Bare disks are to be bare again, should one of them refuse: what they have where T1
 * goes. Returns @nr of them, for forget_bytes(), or ERR_PTR.
 */
static struct emd_rewrite *keep_bytes(struct emd_transaction *txn, unsigned int *nr)
{
	struct emd_container *container = txn->container;
	struct emd_rewrite *kept;
	struct emd_disk *disk;
	int ret;

	*nr = 0;
	kept = kcalloc(list_count_nodes(&container->disks), sizeof(*kept), GFP_KERNEL);
	if (!kept)
		return ERR_PTR(EMD_REFUSE(txn->msg, -ENOMEM, "out of memory"));
	list_for_each_entry(disk, &container->disks, container_node) {
		kept[*nr].disk = disk;
		kept[*nr].nr_tried = disk->meta_writes.nr;
		ret = emd_rewrite_keep(&kept[(*nr)++], txn->msg);
		if (ret) {
			EMD_REFUSE(txn->msg, ret,
				   "%s cannot be read where its metadata is to be (error %d)",
				   disk->name, ret);
			forget_bytes(kept, *nr);
			return ERR_PTR(ret);
		}
	}
	return kept;
}

/* Put T0 back over whatever part of T1 reached the disks. */
static void write_back(struct emd_transaction *txn)
{
	struct emd_container *container = txn->container;
	struct emd_config *back = container->reserve[0];
	struct emd_config *old = emd_container_config(container);
	unsigned int nr_written;

	cond_synchronize_rcu(container->reserve_gp[0]);
	WARN_ON(emd_config_copy(back, txn->t0));
	back->ops->supersede(back, container->attempted);
	container->attempted = back->generation;
	/* Each round leaves out one disk more, so this ends. */
	do {
		if (encode_all(container, back))
			return;
	} while (write_disks_back(container, &nr_written));
	container->clean_refused = false;
	/* The same config, only newer: readers may move on to it. */
	rcu_assign_pointer(container->config, back);
	container->reserve[0] = container->reserve[1];
	container->reserve_gp[0] = container->reserve_gp[1];
	container->reserve[1] = old;
	container->reserve_gp[1] = get_state_synchronize_rcu();
	txn->t0 = back;
	emd_history_note(container, back->generation, "a change was backed out: %s",
			 txn->msg ? txn->msg->text : "a disk refused it");
	emd_container_warn(container, "change backed out, %u disks carry the old configuration again",
			   nr_written);
}

/**
 * emd_txn_write() - make T1 durable on every disk it names
 * @txn: checked
 *
 * Return: 0 when every disk has T1; -EIO when a disk refused. Then for an
 * administrative transaction T0 has been written back, for a first one what was there
 * before, and for an event the disks that refused have ->meta_failed set: start over
 * with a T1 that knows. -ENODEV when no disk can be written at all, or not the one it
 * needs. -EROFS for a container assembled read-only. -ENOMEM for a first one.
 * Context: C held, sleeps; allocates nothing but for the first.
 */
int emd_txn_write(struct emd_transaction *txn)
{
	struct emd_container *container = txn->container;
	struct emd_disk *disk, *refusing = NULL;
	struct emd_rewrite *kept = NULL;
	unsigned int nr = 0, nr_written = 0, nr_kept;
	char names[96];
	ktime_t began = ktime_get();
	bool tried;
	int ret;

	lockdep_assert_held(&container->mutex);
	if (container->read_only)
		return EMD_REFUSE(txn->msg, -EROFS, "%s is assembled read-only", container->name);
	ret = encode_all(container, txn->t1);
	if (ret)
		return EMD_REFUSE(txn->msg, ret, "cannot encode the new configuration");
	list_for_each_entry(disk, &container->disks, container_node)
		nr += !!disk->meta_writes.nr;
	if (!nr)
		return EMD_REFUSE(txn->msg, -ENODEV, "no disk of %s can be written",
				  container->name);
	if (txn->needs && !txn->needs->meta_writes.nr)
		return EMD_REFUSE(txn->msg, -ENODEV, "%s cannot be written", txn->needs->name);

	if (txn->first) {
		kept = keep_bytes(txn, &nr_kept);
		if (IS_ERR(kept))
			return PTR_ERR(kept);
	}
	if (txn->flush)
		refusing = flush_disks(container);
	tried = !refusing;
	if (tried) {
		container->attempted = max(container->attempted, txn->t1->generation);
		refusing = write_disks(txn, &nr_written);
	}
	trace_emd_meta_commit(container, txn->t1->generation, nr_written, !!refusing,
			      ktime_us_delta(ktime_get(), began), refusing ? -EIO : 0);
	txn->written = !refusing;
	container->clean_refused = refusing && (container->clean_refused ||
						(tried && txn->flush));
	if (!refusing)
		goto forget;

	if (kept && emd_rewrite_back_out(kept, nr_kept, names, sizeof(names)))
		ret = EMD_REFUSE(txn->msg, -EIO,
				 "%s refused its metadata; could not be put back as it was: %s",
				 refusing->name, names);
	else
		ret = EMD_REFUSE(txn->msg, -EIO, "%s refused its metadata", refusing->name);
	if (!kept && txn->administrative) {
		if (tried)
			write_back(txn);
		/* Who refused is out of step: the worker fails its members. */
		emd_container_kick(container);
	}
forget:
	if (kept)
		forget_bytes(kept, nr_kept);
	return ret;
}

/* ---- switch and abort --------------------------------------------------------------- */

/**
 * emd_txn_switch() - publish T1
 * @txn: written, or nothing in it needs to be written
 *
 * Context: C held. With extra room: waits for a grace period.
 */
void emd_txn_switch(struct emd_transaction *txn)
{
	struct emd_container *container = txn->container;
	struct emd_config *old = emd_container_config(container);

	lockdep_assert_held(&container->mutex);
	if (txn->written)
		emd_history_add(txn);
	rcu_assign_pointer(container->config, txn->t1);
	container->entropy = get_random_u64();
	if (txn->room[0]) {
		synchronize_rcu();
		emd_config_free(old);
		emd_config_free(container->reserve[0]);
		emd_config_free(container->reserve[1]);
		container->reserve[0] = txn->room[0];
		container->reserve[1] = txn->room[1];
		container->reserve_gp[0] = get_state_synchronize_rcu();
		container->reserve_gp[1] = container->reserve_gp[0];
	} else {
		container->reserve[0] = container->reserve[1];
		container->reserve_gp[0] = container->reserve_gp[1];
		container->reserve[1] = old;
		container->reserve_gp[1] = get_state_synchronize_rcu();
	}
	txn->t1 = NULL;
}

/**
 * emd_txn_abort() - drop T1
 * @txn: begun, not switched; nothing of T1 is left on any disk that answers
 *
 * Context: C held.
 */
void emd_txn_abort(struct emd_transaction *txn)
{
	if (!txn->room[0])
		return;		/* T1 is the container's reserve */
	emd_config_free(txn->t1);
	emd_config_free(txn->room[0]);
	emd_config_free(txn->room[1]);
	txn->t1 = NULL;
	txn->room[0] = NULL;
	txn->room[1] = NULL;
}
