// SPDX-License-Identifier: GPL-2.0
/*
 * What can happen to a config, in generic terms: edits of a T1.
 *
 * The format's ->update() then finds its own words for the result. Nothing
 * here allocates, decides policy or knows a format. Pure.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "meta.h"

/**
 * emd_change_dirty() - writes begin, or have all ended
 * @t1: config being built
 * @ca: one of its arrays
 * @dirty: what holds from now on
 */
void emd_change_dirty(struct emd_config *t1, struct emd_config_array *ca, bool dirty)
{
	ca->dirty = dirty;
}

static bool has_member_in_state(const struct emd_config *cfg, const struct emd_config_array *ca,
				enum emd_member_state state)
{
	u16 slot;

	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		if (emd_config_member(cfg, ca, slot)->state == state)
			return true;
	}
	return false;
}

/*
 * Where one source is left for everything it agrees with itself. Not what is being
 * filled: that may have come from another one, by now lost.
 */
static bool agrees_with_itself(const struct emd_config *cfg, const struct emd_config_array *ca)
{
	u8 states[EMD_MAX_MEMBERS];
	u16 slot;

	for (slot = 0; slot < ca->geo.nr_members; slot++)
		states[slot] = emd_config_member(cfg, ca, slot)->state;
	return !emd_geo_has_redundancy(&ca->geo, states) &&
	       !has_member_in_state(cfg, ca, EMD_MEMBER_REBUILDING);
}

static void stop_sync(struct emd_config_array *ca)
{
	ca->sync = EMD_SYNC_IDLE;
	ca->sync_sector = 0;
}

static int lose_member(struct emd_config *t1, struct emd_config_array *ca, u16 slot,
		       enum emd_member_state state)
{
	struct emd_config_member *member = emd_config_member(t1, ca, slot);

	if (member->state == EMD_MEMBER_FAILED || member->state == EMD_MEMBER_MISSING)
		return -EALREADY;
	member->state = state;

	if (ca->sync == EMD_SYNC_RESYNC) {
		stop_sync(ca);
		ca->doubtful |= ca->initialised;
		ca->initialised = false;
	}
	if (ca->sync == EMD_SYNC_REBUILD && !has_member_in_state(t1, ca, EMD_MEMBER_REBUILDING))
		stop_sync(ca);
	if (agrees_with_itself(t1, ca))
		ca->initialised = true;
	return 0;
}

static void lose_members_on(struct emd_config *t1, u16 disk, enum emd_member_state state)
{
	u16 i;
	int slot;

	for (i = 0; i < t1->nr_arrays; i++) {
		slot = emd_config_member_slot(t1, &t1->arrays[i], disk);
		if (slot >= 0)
			lose_member(t1, &t1->arrays[i], slot, state);
	}
}

/* No spare any more. */
static void forget_scope(struct emd_config_disk *row)
{
	row->scope = EMD_SPARE_UNSAID;
	row->nr_serves = 0;
}

/**
 * emd_change_fail_member() - one slot of one array has lost its content
 * @t1: config being built
 * @ca: one of its arrays
 * @slot: which
 *
 * The disk itself stays as it is: other arrays may still live on it. A resync
 * ends here, and that it is still owed is kept (not @initialised); a rebuild of
 * other slots goes on.
 *
 * Return: 0, or -EALREADY when the slot was lost before.
 */
int emd_change_fail_member(struct emd_config *t1, struct emd_config_array *ca, u16 slot)
{
	return lose_member(t1, ca, slot, EMD_MEMBER_FAILED);
}

/**
 * emd_change_fail_disk() - a disk is no longer to be trusted, in any array
 * @t1: config being built
 * @disk: row
 *
 * Return: 0, or -EALREADY when it was failed or missing before.
 */
int emd_change_fail_disk(struct emd_config *t1, u16 disk)
{
	struct emd_config_disk *row = &t1->disks[disk];

	if (row->state == EMD_DISK_FAILED || row->state == EMD_DISK_MISSING)
		return -EALREADY;
	row->state = EMD_DISK_FAILED;
	forget_scope(row);
	lose_members_on(t1, disk, EMD_MEMBER_FAILED);
	return 0;
}

/**
 * emd_change_miss_disk() - a listed disk is not in the machine
 * @t1: config being built, or the elected one before it is published
 * @disk: row
 *
 * What fails because of that is recorded with the next change, not before: until
 * then the disk may come and find itself a member as it was.
 */
void emd_change_miss_disk(struct emd_config *t1, u16 disk)
{
	struct emd_config_disk *row = &t1->disks[disk];

	row->handle = 0;
	row->state = EMD_DISK_MISSING;
	lose_members_on(t1, disk, EMD_MEMBER_MISSING);
}

/**
 * emd_change_sync_start() - work that the metadata knows of begins
 * @t1: config being built
 * @ca: one of its arrays
 * @action: RESYNC or REBUILD; others leave no trace
 * @sector: array sectors already done
 */
void emd_change_sync_start(struct emd_config *t1, struct emd_config_array *ca,
			   enum emd_sync_action action, u64 sector)
{
	if (action != EMD_SYNC_RESYNC && action != EMD_SYNC_REBUILD)
		return;
	ca->sync = action;
	ca->sync_sector = sector;
}

/**
 * emd_change_sync_position() - a checkpoint
 * @t1: config being built
 * @ca: one of its arrays, with work running
 * @sector: array sectors done and durable
 */
void emd_change_sync_position(struct emd_config *t1, struct emd_config_array *ca, u64 sector)
{
	if (ca->sync != EMD_SYNC_IDLE)
		ca->sync_sector = sector;
}

/**
 * emd_change_sync_done() - the recorded work reached the end
 * @t1: config being built
 * @ca: one of its arrays
 *
 * After a rebuild a resync may still be owed: not @initialised.
 */
void emd_change_sync_done(struct emd_config *t1, struct emd_config_array *ca)
{
	struct emd_config_member *member;
	u16 slot;

	if (ca->sync == EMD_SYNC_RESYNC)
		ca->initialised = true;
	for (slot = 0; ca->sync == EMD_SYNC_REBUILD && slot < ca->geo.nr_members; slot++) {
		member = emd_config_member(t1, ca, slot);
		if (member->state == EMD_MEMBER_REBUILDING)
			member->state = EMD_MEMBER_IN_SYNC;
	}
	stop_sync(ca);
}

/**
 * emd_change_activate_spare() - give a lost slot a disk and start to fill it
 * @t1: config being built
 * @ca: one of its arrays
 * @slot: lost one
 * @disk: row: a spare, a member of other arrays, or the disk that had the slot;
 *	->can_take() allowed it
 *
 * Return: 0; -EBUSY when the slot is not lost or other work is recorded; -EINVAL
 * when the disk cannot take it.
 */
int emd_change_activate_spare(struct emd_config *t1, struct emd_config_array *ca, u16 slot,
			      u16 disk)
{
	struct emd_config_member *member = emd_config_member(t1, ca, slot);
	struct emd_config_disk *row = &t1->disks[disk];
	int has;

	if (member->state != EMD_MEMBER_FAILED && member->state != EMD_MEMBER_MISSING)
		return -EBUSY;
	if (ca->sync == EMD_SYNC_RESYNC)
		return -EBUSY;
	if (row->state != EMD_DISK_SPARE && row->state != EMD_DISK_ACTIVE)
		return -EINVAL;
	has = emd_config_member_slot(t1, ca, disk);
	if (has >= 0 && has != slot)
		return -EINVAL;

	if (t1->ops && t1->ops->start_on)
		member->start_sector = t1->ops->start_on(t1, ca - t1->arrays, slot, disk);
	emd_config_disk_enlist(row);
	member->disk = disk;
	member->state = EMD_MEMBER_REBUILDING;
	ca->sync = EMD_SYNC_REBUILD;
	/* A slot that joins starts at nothing: so does the whole. */
	ca->sync_sector = 0;
	return 0;
}

/*
 * May the disk fill the slot, were that the only one to be filled? Who else is
 * lost does not matter: the content comes along.
 */
static int may_take(struct emd_config *t1, struct emd_config_array *ca, u16 slot, u16 disk,
		    struct emd_errmsg *msg)
{
	u8 states[EMD_MAX_MEMBERS];
	u16 i;
	int ret;

	for (i = 0; i < ca->geo.nr_members; i++) {
		states[i] = emd_config_member(t1, ca, i)->state;
		emd_config_member(t1, ca, i)->state = EMD_MEMBER_IN_SYNC;
	}
	emd_config_member(t1, ca, slot)->state = EMD_MEMBER_FAILED;
	ret = t1->ops->can_take(t1, ca - t1->arrays, slot, disk, msg);
	for (i = 0; i < ca->geo.nr_members; i++)
		emd_config_member(t1, ca, i)->state = states[i];
	return ret;
}

static int replace_member(struct emd_config *t1, struct emd_config_array *ca, u16 slot, u16 disk,
			  struct emd_errmsg *msg)
{
	struct emd_config_member *member = emd_config_member(t1, ca, slot);
	u16 index = ca - t1->arrays;
	int ret;

	if (ca->sync != EMD_SYNC_IDLE || member->state == EMD_MEMBER_REBUILDING)
		return EMD_REFUSE(msg, -EBUSY, "%s of %s has to end first",
				  emd_sync_action_names[ca->sync], ca->name);
	if (emd_config_member_slot(t1, ca, disk) >= 0)
		return EMD_REFUSE(msg, -EBUSY, "disk %s is in %s already", t1->disks[disk].id,
				  ca->name);
	ret = may_take(t1, ca, slot, disk, msg);
	if (ret)
		return ret;
	if (t1->ops->start_on)
		member->start_sector = t1->ops->start_on(t1, index, slot, disk);
	member->disk = disk;
	return 0;
}

/**
 * emd_change_replace_disk() - a disk that holds what another holds takes its place
 * @t1: config being built
 * @old: row of the disk that goes: written off, as by emd_change_fail_disk()
 * @new: row of the disk that comes: a spare, or a member of other arrays
 * @msg: reason of a refusal
 *
 * In all arrays that @old serves: formats write off whole disks.
 *
 * Return: 0; -EBUSY when work is recorded for one of the arrays or @new is in it;
 * -EINVAL; what ->can_take() says. Then @t1 is of no further use.
 */
int emd_change_replace_disk(struct emd_config *t1, u16 old, u16 new, struct emd_errmsg *msg)
{
	struct emd_config_array *ca;
	int slot, ret;
	u16 i;

	if (old == new || t1->disks[old].state != EMD_DISK_ACTIVE)
		return EMD_REFUSE(msg, -EINVAL, "disk %s is not in service", t1->disks[old].id);
	for (i = 0; i < t1->nr_arrays; i++) {
		ca = &t1->arrays[i];
		slot = emd_config_member_slot(t1, ca, old);
		if (slot < 0 || emd_config_member(t1, ca, slot)->state == EMD_MEMBER_FAILED ||
		    emd_config_member(t1, ca, slot)->state == EMD_MEMBER_MISSING)
			continue;
		ret = replace_member(t1, ca, slot, new, msg);
		if (ret)
			return ret;
	}
	emd_config_disk_enlist(&t1->disks[new]);
	t1->disks[old].state = EMD_DISK_FAILED;
	return 0;
}

/**
 * emd_change_add_disk() - a disk joins the container as a spare
 * @t1: config being built, with room for a row
 * @row: what it is; state, native index and that nothing is said of its arrays are set
 *	here
 *
 * Return: the row's index; -ENOSPC without room; -EEXIST when a row that is not
 * lost has this identity.
 */
int emd_change_add_disk(struct emd_config *t1, const struct emd_config_disk *row)
{
	struct emd_config_disk *disk;
	u16 i;

	for (i = 0; i < t1->nr_disks; i++) {
		disk = &t1->disks[i];
		if (disk->state != EMD_DISK_FAILED && disk->state != EMD_DISK_MISSING &&
		    !strcmp(disk->id, row->id))
			return -EEXIST;
	}
	if (t1->nr_disks == t1->max_disks)
		return -ENOSPC;
	disk = &t1->disks[t1->nr_disks];
	*disk = *row;
	disk->state = EMD_DISK_SPARE;
	disk->native = EMD_NO_DISK;
	forget_scope(disk);
	return t1->nr_disks++;
}

/**
 * emd_change_assign_spare() - say which arrays a spare is for
 * @t1: config being built
 * @disk: row
 * @scope: what is said
 * @arrays: indexes, none twice; for EMD_SPARE_DEDICATED
 * @nr: how many, 0 for every other scope
 *
 * Return: 0; -EINVAL when it is no spare; -E2BIG when there are more than a spare can
 * name.
 */
int emd_change_assign_spare(struct emd_config *t1, u16 disk, enum emd_spare_scope scope,
			    const u16 *arrays, unsigned int nr)
{
	struct emd_config_disk *row = &t1->disks[disk];

	if (row->state != EMD_DISK_SPARE)
		return -EINVAL;
	if (nr > EMD_MAX_SERVES)
		return -E2BIG;
	row->scope = scope;
	row->nr_serves = nr;
	if (nr)
		memcpy(row->serves, arrays, nr * sizeof(*arrays));
	return 0;
}

/**
 * emd_change_remove_disk() - a disk leaves the container
 * @t1: config being built
 * @disk: row
 *
 * A row that a lost slot still names stays as a missing one; any other goes, and
 * the rows behind it move up.
 *
 * Return: 0, or -EBUSY when an array uses the disk.
 */
int emd_change_remove_disk(struct emd_config *t1, u16 disk)
{
	struct emd_config_disk *row = &t1->disks[disk];
	u32 i;

	for (i = 0; i < t1->nr_members; i++) {
		if (t1->members[i].disk == disk &&
		    (t1->members[i].state == EMD_MEMBER_IN_SYNC ||
		     t1->members[i].state == EMD_MEMBER_REBUILDING))
			return -EBUSY;
	}
	if (emd_config_disk_in_use(t1, disk)) {
		row->handle = 0;
		row->state = EMD_DISK_MISSING;
		return 0;
	}

	memmove(row, row + 1, (t1->nr_disks - disk - 1) * sizeof(*row));
	t1->nr_disks--;
	for (i = 0; i < t1->nr_members; i++) {
		if (t1->members[i].disk != EMD_NO_DISK && t1->members[i].disk > disk)
			t1->members[i].disk--;
	}
	if (t1->self == disk)
		t1->self = EMD_NO_DISK;
	else if (t1->self != EMD_NO_DISK && t1->self > disk)
		t1->self--;
	return 0;
}

/**
 * emd_change_rename() - an array is called otherwise
 * @ca: one of the arrays of a config being built
 * @name: as wanted; whether it may be is checked with the change
 */
void emd_change_rename(struct emd_config_array *ca, const char *name)
{
	strscpy(ca->name, name, sizeof(ca->name));
}

/* The array with this index is no more. A spare for nothing else is for all. */
static void serve_no_more(struct emd_config_disk *row, u16 array)
{
	u8 i, kept = 0;

	for (i = 0; i < row->nr_serves; i++) {
		if (row->serves[i] != array)
			row->serves[kept++] = row->serves[i] - (row->serves[i] > array);
	}
	if (row->nr_serves && !kept)
		row->scope = EMD_SPARE_GLOBAL;
	row->nr_serves = kept;
}

/**
 * emd_change_delete_array() - an array is no more
 * @t1: config being built
 * @array: index; the arrays behind it move up
 *
 * Disks that this leaves without an array become spares, and a spare that was for this
 * one alone is for all.
 */
void emd_change_delete_array(struct emd_config *t1, u16 array)
{
	struct emd_config_array *ca = &t1->arrays[array];
	u32 first = ca->first_member;
	u16 nr = ca->geo.nr_members;
	u16 i, disk;

	for (i = 0; i < nr; i++) {
		disk = t1->members[first + i].disk;
		t1->members[first + i].disk = EMD_NO_DISK;
		if (disk != EMD_NO_DISK && t1->disks[disk].state == EMD_DISK_ACTIVE &&
		    !emd_config_disk_in_use(t1, disk))
			t1->disks[disk].state = EMD_DISK_SPARE;
	}
	memmove(&t1->members[first], &t1->members[first + nr],
		(t1->nr_members - first - nr) * sizeof(*t1->members));
	t1->nr_members -= nr;
	memmove(ca, ca + 1, (t1->nr_arrays - array - 1) * sizeof(*ca));
	t1->nr_arrays--;
	for (i = 0; i < t1->nr_disks; i++)
		serve_no_more(&t1->disks[i], array);
	for (i = 0; i < t1->nr_arrays; i++) {
		if (t1->arrays[i].first_member > first)
			t1->arrays[i].first_member -= nr;
	}
}
