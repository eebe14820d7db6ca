// SPDX-License-Identifier: GPL-2.0
/*
 * Configs: room for them, copies, and the rules that hold whatever the format.
 *
 * What a format cannot hold or do is the format's to say (->can_express(),
 * ->can_change()). Pure; allocates in emd_config_alloc() only.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/stdarg.h>
#include <linux/string.h>

#include "meta.h"

/**
 * emd_config_alloc() - an empty config
 * @room: how much it can hold
 *
 * Return: the config, to be freed with emd_config_free(), or NULL.
 * Context: may sleep.
 */
struct emd_config *emd_config_alloc(const struct emd_config_room *room)
{
	struct emd_config *cfg;
	size_t disks, arrays, members, size;
	u8 *p;

	/* Widest alignment first, so that nothing needs padding. */
	disks = size_mul(room->disks, sizeof(*cfg->disks));
	arrays = size_mul(room->arrays, sizeof(*cfg->arrays));
	members = size_mul(room->members, sizeof(*cfg->members));
	size = size_add(size_add(sizeof(*cfg), disks),
			size_add(size_add(arrays, members), room->native));
	cfg = kvzalloc(size, GFP_KERNEL);
	if (!cfg)
		return NULL;

	p = (u8 *)(cfg + 1);
	cfg->disks = (struct emd_config_disk *)p;
	p += disks;
	cfg->arrays = (struct emd_config_array *)p;
	p += arrays;
	cfg->members = (struct emd_config_member *)p;
	p += members;
	cfg->native = p;
	cfg->max_disks = room->disks;
	cfg->max_arrays = room->arrays;
	cfg->max_members = room->members;
	cfg->max_native = room->native;
	cfg->self = EMD_NO_DISK;
	return cfg;
}

static_assert(sizeof(struct emd_config) % sizeof(u64) == 0);
static_assert(sizeof(struct emd_config_disk) % sizeof(u64) == 0);
static_assert(sizeof(struct emd_config_array) % sizeof(u64) == 0);
static_assert(sizeof(struct emd_config_member) % sizeof(u64) == 0);

/**
 * emd_config_free() - give a config back
 * @cfg: config or NULL
 */
void emd_config_free(struct emd_config *cfg)
{
	kvfree(cfg);
}

/**
 * emd_config_copy() - make one config say what another says
 * @dst: config with room for it
 * @src: what to copy
 *
 * Return: 0 or -ENOSPC (then @dst is as before).
 */
int emd_config_copy(struct emd_config *dst, const struct emd_config *src)
{
	struct emd_config room = *dst;

	if (src->nr_disks > dst->max_disks || src->nr_arrays > dst->max_arrays ||
	    src->nr_members > dst->max_members || src->native_len > dst->max_native)
		return -ENOSPC;

	*dst = *src;
	dst->max_disks = room.max_disks;
	dst->max_arrays = room.max_arrays;
	dst->max_members = room.max_members;
	dst->max_native = room.max_native;
	dst->disks = room.disks;
	dst->arrays = room.arrays;
	dst->members = room.members;
	dst->native = room.native;
	memcpy(dst->disks, src->disks, src->nr_disks * sizeof(*dst->disks));
	memcpy(dst->arrays, src->arrays, src->nr_arrays * sizeof(*dst->arrays));
	memcpy(dst->members, src->members, src->nr_members * sizeof(*dst->members));
	memcpy(dst->native, src->native, src->native_len);
	return 0;
}

/**
 * emd_config_flag() - note why an array or a container is not run or written
 * @flags: of the array or the config
 * @reason: that goes with them
 * @flag: EMD_CFG_*
 * @fmt: the reason; the first for the strongest flag is kept
 */
void emd_config_flag(u32 *flags, char reason[EMD_REASON_LEN], u32 flag, const char *fmt, ...)
{
	bool stronger = flag == EMD_CFG_NO_START && !(*flags & EMD_CFG_NO_START);
	va_list args;

	if (!*flags || stronger) {
		va_start(args, fmt);
		vsnprintf(reason, EMD_REASON_LEN, fmt, args);
		va_end(args);
	}
	*flags |= flag;
}

/* ---- look-ups ----------------------------------------------------------- */

/**
 * emd_config_find_array() - by the core's cookie
 * @cfg: config
 * @handle: not 0
 *
 * Return: the array or NULL.
 */
struct emd_config_array *emd_config_find_array(const struct emd_config *cfg, u32 handle)
{
	u16 i;

	for (i = 0; handle && i < cfg->nr_arrays; i++) {
		if (cfg->arrays[i].handle == handle)
			return &cfg->arrays[i];
	}
	return NULL;
}

/**
 * emd_config_find_disk() - by the core's cookie
 * @cfg: config
 * @handle: not 0
 *
 * Return: the row or NULL.
 */
struct emd_config_disk *emd_config_find_disk(const struct emd_config *cfg, u32 handle)
{
	u16 i;

	for (i = 0; handle && i < cfg->nr_disks; i++) {
		if (cfg->disks[i].handle == handle)
			return &cfg->disks[i];
	}
	return NULL;
}

/**
 * emd_config_member_slot() - where a disk sits in an array
 * @cfg: config
 * @ca: one of its arrays
 * @disk: row
 *
 * Return: the slot or -ENOENT.
 */
int emd_config_member_slot(const struct emd_config *cfg, const struct emd_config_array *ca,
			   u16 disk)
{
	u16 slot;

	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		if (emd_config_member(cfg, ca, slot)->disk == disk)
			return slot;
	}
	return -ENOENT;
}

/**
 * emd_config_disk_in_use() - does any slot name this disk, in sync or not?
 * @cfg: config
 * @disk: row
 */
bool emd_config_disk_in_use(const struct emd_config *cfg, u16 disk)
{
	u32 i;

	for (i = 0; i < cfg->nr_members; i++) {
		if (cfg->members[i].disk == disk)
			return true;
	}
	return false;
}

/**
 * emd_config_may_serve() - is a spare meant for this array, too?
 * @cfg: config
 * @disk: row
 * @array: index
 *
 * Return: true for whatever is not dedicated to others.
 */
bool emd_config_may_serve(const struct emd_config *cfg, u16 disk, u16 array)
{
	const struct emd_config_disk *row = &cfg->disks[disk];
	u8 i;

	if (row->scope != EMD_SPARE_DEDICATED)
		return true;
	for (i = 0; i < row->nr_serves; i++) {
		if (row->serves[i] == array)
			return true;
	}
	return false;
}

/**
 * emd_config_array_state() - health, as the member states have it
 * @cfg: config
 * @ca: one of its arrays
 *
 * Return: the state; inactive for one that may not be started.
 */
enum emd_array_state emd_config_array_state(const struct emd_config *cfg,
					    const struct emd_config_array *ca)
{
	u8 states[EMD_MAX_MEMBERS];
	u16 slot;

	if ((cfg->flags | ca->flags) & EMD_CFG_NO_START)
		return EMD_ARRAY_INACTIVE;
	for (slot = 0; slot < ca->geo.nr_members; slot++)
		states[slot] = emd_config_member(cfg, ca, slot)->state;
	return emd_geo_array_state(&ca->geo, states);
}

/* ---- rules for a config ---------------------------------------------------- */

static int check_disk(const struct emd_config *cfg, u16 i, struct emd_errmsg *msg)
{
	const struct emd_config_disk *disk = &cfg->disks[i];
	u16 k;

	if (strnlen(disk->id, sizeof(disk->id)) == sizeof(disk->id))
		return EMD_REFUSE(msg, -EINVAL, "disk %u: identity does not end", i);
	if (disk->state >= EMD_NR_DISK_STATES)
		return EMD_REFUSE(msg, -EINVAL, "disk %u: state %u, know up to %u", i,
				  disk->state, EMD_NR_DISK_STATES - 1);
	if (disk->sectors > EMD_MAX_SECTORS)
		return EMD_REFUSE(msg, -EINVAL, "disk %u: %llu sectors, can do %llu", i,
				  disk->sectors, EMD_MAX_SECTORS);
	if (disk->scope > EMD_SPARE_DEDICATED || disk->nr_serves > EMD_MAX_SERVES ||
	    (disk->nr_serves && disk->scope != EMD_SPARE_DEDICATED))
		return EMD_REFUSE(msg, -EINVAL, "disk %u: a spare of scope %u for %u arrays", i,
				  disk->scope, disk->nr_serves);
	for (k = 0; k < disk->nr_serves; k++) {
		if (disk->serves[k] >= cfg->nr_arrays)
			return EMD_REFUSE(msg, -EINVAL, "disk %u: a spare for array %u of %u", i,
					  disk->serves[k], cfg->nr_arrays);
	}
	for (k = 0; disk->handle && k < i; k++) {
		if (cfg->disks[k].handle == disk->handle)
			return EMD_REFUSE(msg, -EINVAL, "disks %u and %u are the same device",
					  k, i);
	}
	return 0;
}

static int check_member(const struct emd_config *cfg, const struct emd_config_array *ca,
			u16 slot, struct emd_errmsg *msg)
{
	const struct emd_config_member *member = emd_config_member(cfg, ca, slot);
	const struct emd_config_disk *disk;
	u64 end;
	u16 k;

	if (member->state >= EMD_NR_MEMBER_STATES)
		return EMD_REFUSE(msg, -EINVAL, "%s: slot %u has state %u, know up to %u",
				  ca->name, slot, member->state, EMD_NR_MEMBER_STATES - 1);
	if (member->disk == EMD_NO_DISK) {
		if (member->state == EMD_MEMBER_IN_SYNC || member->state == EMD_MEMBER_REBUILDING)
			return EMD_REFUSE(msg, -EINVAL, "%s: slot %u is empty but %s", ca->name,
					  slot, emd_member_state_names[member->state]);
		return 0;
	}
	if (member->disk >= cfg->nr_disks)
		return EMD_REFUSE(msg, -EINVAL, "%s: slot %u names disk %u, there are %u",
				  ca->name, slot, member->disk, cfg->nr_disks);
	for (k = 0; k < slot; k++) {
		if (emd_config_member(cfg, ca, k)->disk == member->disk)
			return EMD_REFUSE(msg, -EINVAL, "%s: slots %u and %u name the same disk",
					  ca->name, k, slot);
	}
	if (member->state != EMD_MEMBER_IN_SYNC && member->state != EMD_MEMBER_REBUILDING)
		return 0;

	disk = &cfg->disks[member->disk];
	if (disk->state != EMD_DISK_ACTIVE)
		return EMD_REFUSE(msg, -EINVAL, "%s: slot %u is %s but its disk is %s", ca->name,
				  slot, emd_member_state_names[member->state],
				  emd_disk_state_names[disk->state]);
	if (check_add_overflow(member->start_sector, member->nr_sectors, &end) ||
	    end > disk->sectors)
		return EMD_REFUSE(msg, -EINVAL,
				  "%s: slot %u needs sectors %llu+%llu of a disk of %llu",
				  ca->name, slot, member->start_sector, member->nr_sectors,
				  disk->sectors);
	return 0;
}

static int check_array(const struct emd_config *cfg, u16 i, struct emd_errmsg *msg)
{
	const struct emd_config_array *ca = &cfg->arrays[i];
	bool rebuilding = false, needs_rebuild;
	u16 slot, k;
	int ret;

	if (!ca->name[0] || strnlen(ca->name, sizeof(ca->name)) == sizeof(ca->name))
		return EMD_REFUSE(msg, -EINVAL, "array %u has no proper name", i);
	for (k = 0; k < i; k++) {
		if (!strcmp(cfg->arrays[k].name, ca->name))
			return EMD_REFUSE(msg, -EEXIST, "two arrays named %s", ca->name);
	}
	if (ca->first_member > cfg->nr_members ||
	    ca->geo.nr_members > cfg->nr_members - ca->first_member)
		return EMD_REFUSE(msg, -EINVAL, "%s: members %u+%u of %u", ca->name,
				  ca->first_member, ca->geo.nr_members, cfg->nr_members);
	if (ca->flags & EMD_CFG_NO_START)
		return 0;	/* shown as it is, whatever it is */

	ret = emd_geo_validate(&ca->geo, msg);
	if (ret)
		return ret;
	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		ret = check_member(cfg, ca, slot, msg);
		if (ret)
			return ret;
		if (emd_config_member(cfg, ca, slot)->state == EMD_MEMBER_REBUILDING)
			rebuilding = true;
	}
	if (ca->sync != EMD_SYNC_IDLE && ca->sync != EMD_SYNC_RESYNC &&
	    ca->sync != EMD_SYNC_REBUILD)
		return EMD_REFUSE(msg, -EINVAL, "%s: sync action %u does not belong in metadata",
				  ca->name, ca->sync);
	needs_rebuild = ca->sync == EMD_SYNC_REBUILD;
	if (rebuilding != needs_rebuild)
		return EMD_REFUSE(msg, -EINVAL, "%s: %s, but the recorded action is %s", ca->name,
				  rebuilding ? "a member is being rebuilt" : "no member is rebuilt",
				  emd_sync_action_names[ca->sync]);
	if (ca->sync_sector > ca->geo.array_sectors)
		return EMD_REFUSE(msg, -EINVAL, "%s: sync at sector %llu of %llu", ca->name,
				  ca->sync_sector, ca->geo.array_sectors);
	return 0;
}

/* Do two members on one disk share a sector? */
static bool members_overlap(const struct emd_config_member *a, const struct emd_config_member *b)
{
	return a->disk != EMD_NO_DISK && a->disk == b->disk &&
	       a->start_sector < b->start_sector + b->nr_sectors &&
	       b->start_sector < a->start_sector + a->nr_sectors;
}

static int check_overlap(const struct emd_config *cfg, const struct emd_config_array *a,
			 const struct emd_config_array *b, struct emd_errmsg *msg)
{
	u16 i, k;

	for (i = 0; i < a->geo.nr_members; i++) {
		for (k = 0; k < b->geo.nr_members; k++) {
			if (members_overlap(emd_config_member(cfg, a, i),
					    emd_config_member(cfg, b, k)))
				return EMD_REFUSE(msg, -EINVAL, "%s and %s overlap on disk %u",
						  a->name, b->name,
						  emd_config_member(cfg, a, i)->disk);
		}
	}
	return 0;
}

/**
 * emd_config_check() - is this config consistent, whatever the format?
 * @cfg: config
 * @msg: where the reason goes
 *
 * Return: 0 or a negative errno.
 */
int emd_config_check(const struct emd_config *cfg, struct emd_errmsg *msg)
{
	u16 i, k;
	int ret;

	if (cfg->block_size != 512 && cfg->block_size != 4096)
		return EMD_REFUSE(msg, -EINVAL, "logical blocks of %u bytes, can do 512 and 4096",
				  cfg->block_size);
	for (i = 0; i < cfg->nr_disks; i++) {
		ret = check_disk(cfg, i, msg);
		if (ret)
			return ret;
	}
	for (i = 0; i < cfg->nr_arrays; i++) {
		ret = check_array(cfg, i, msg);
		if (ret)
			return ret;
		for (k = 0; k < i; k++) {
			ret = check_overlap(cfg, &cfg->arrays[k], &cfg->arrays[i], msg);
			if (ret)
				return ret;
		}
	}
	return 0;
}

/* ---- rules for a change ------------------------------------------------------ */

/* A slot that is filled anew, or has got a disk that was filled before. */
static bool may_move(const struct emd_config *t0, const struct emd_config_member *m0,
		     const struct emd_config *t1, const struct emd_config_member *m1)
{
	if (m1->state == EMD_MEMBER_REBUILDING)
		return m0->state != EMD_MEMBER_REBUILDING;
	return m0->disk != EMD_NO_DISK && m1->disk != EMD_NO_DISK &&
	       t0->disks[m0->disk].handle != t1->disks[m1->disk].handle;
}

static int check_array_change(const struct emd_config *t0, const struct emd_config_array *a0,
			      const struct emd_config *t1, const struct emd_config_array *a1,
			      struct emd_errmsg *msg)
{
	const struct emd_config_member *m0, *m1;
	u16 slot;

	if (memcmp(&a0->geo, &a1->geo, sizeof(a0->geo)))
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%s: reshape is not supported", a0->name);
	for (slot = 0; slot < a0->geo.nr_members; slot++) {
		m0 = emd_config_member(t0, a0, slot);
		m1 = emd_config_member(t1, a1, slot);
		/* Content comes back by a rebuild and in no other way. */
		if (m1->state == EMD_MEMBER_IN_SYNC && m0->state != EMD_MEMBER_IN_SYNC &&
		    m0->state != EMD_MEMBER_REBUILDING)
			return EMD_REFUSE(msg, -EINVAL, "%s: slot %u was %s and was not rebuilt",
					  a0->name, slot, emd_member_state_names[m0->state]);
		if (m1->state == EMD_MEMBER_REBUILDING && m0->state == EMD_MEMBER_IN_SYNC)
			return EMD_REFUSE(msg, -EINVAL, "%s: slot %u was in sync", a0->name, slot);
		if ((m1->start_sector != m0->start_sector && !may_move(t0, m0, t1, m1)) ||
		    m1->nr_sectors != m0->nr_sectors)
			return EMD_REFUSE(msg, -EINVAL, "%s: slot %u would move", a0->name, slot);
	}
	return 0;
}

/**
 * emd_config_check_change() - may one config become the other, whatever the format?
 * @t0: as it is; arrays are matched by handle
 * @t1: as it would be; checked on its own before
 * @msg: where the reason goes
 *
 * Return: 0 or a negative errno.
 */
int emd_config_check_change(const struct emd_config *t0, const struct emd_config *t1,
			    struct emd_errmsg *msg)
{
	const struct emd_config_array *a1;
	u16 i;
	int ret;

	if (t0->ops != t1->ops)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "a container keeps its format");
	if (t0->block_size != t1->block_size)
		return EMD_REFUSE(msg, -EINVAL, "a container keeps its block size of %u bytes",
				  t0->block_size);
	for (i = 0; i < t0->nr_arrays; i++) {
		a1 = emd_config_find_array(t1, t0->arrays[i].handle);
		if (!a1 || t0->arrays[i].flags & EMD_CFG_NO_START)
			continue;
		ret = check_array_change(t0, &t0->arrays[i], t1, a1, msg);
		if (ret)
			return ret;
	}
	return 0;
}

/**
 * emd_config_name_array() - what metadata calls an array, as a name for a device
 * @cfg: config being built, with the arrays before this one
 * @native: index in the metadata, to tell it from one of the same name
 * @raw: bytes of the metadata, at most EMD_NAME_LEN - 1; they stay as they are
 * @len: their number, without what fills up
 * @instead: name of an array that has none
 * @name: where it goes
 *
 * Context: Any.
 */
void emd_config_name_array(const struct emd_config *cfg, u32 native, const u8 *raw,
			   unsigned int len, const char *instead, char name[EMD_NAME_LEN])
{
	unsigned int i;
	u8 c;

	strscpy(name, instead, EMD_NAME_LEN);
	for (i = 0; i < len; i++) {
		c = raw[i];
		if ((c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
		    c == '_' || c == '+' || c == '-' || (c == '.' && i))
			name[i] = c;
		else
			name[i] = '_';
	}
	if (len)
		name[len] = 0;
	for (i = 0; i < cfg->nr_arrays; i++) {
		if (strcmp(cfg->arrays[i].name, name))
			continue;
		/* A tilde is not in any name that came from above. */
		snprintf(name + strlen(name), EMD_NAME_LEN - strlen(name), "~%u", native);
		break;
	}
}

/* The same array in another config, before ->update() has moved any. */
static const struct emd_config_array *array_of_native(const struct emd_config *cfg, u16 native)
{
	u16 i;

	for (i = 0; native != EMD_NO_ARRAY && i < cfg->nr_arrays; i++) {
		if (cfg->arrays[i].native == native)
			return &cfg->arrays[i];
	}
	return NULL;
}

/**
 * emd_config_renamed() - was the array called otherwise before?
 * @t0: config before
 * @ca: one of the arrays of what it becomes, not yet brought in line
 */
bool emd_config_renamed(const struct emd_config *t0, const struct emd_config_array *ca)
{
	const struct emd_config_array *before = array_of_native(t0, ca->native);

	return before && strcmp(before->name, ca->name);
}

/* What is not to be written stays as it is, but that it may go, or work on it end. */
static int check_flagged(const struct emd_config_array *a0, const struct emd_config_array *a1,
			 struct emd_errmsg *msg)
{
	if (a1->dirty != a0->dirty || (a1->sync != a0->sync && a1->sync != EMD_SYNC_IDLE) ||
	    strcmp(a1->name, a0->name))
		return EMD_REFUSE(msg, -EOPNOTSUPP, "%s is not to be written: %s", a0->name,
				  a0->reason);
	return 0;
}

/**
 * emd_config_can_change() - what ->can_change() of every format asks
 * @t0: config as it is
 * @t1: as it would be
 * @max_name: characters the format has room for in an array's name
 * @msg: gets the reason of a refusal; may be NULL
 *
 * Return: 0; -EOPNOTSUPP for what is not to be written; -EINVAL or -EEXIST for a new name as
 * emd_create_check_name() has it.
 * Context: Any.
 */
int emd_config_can_change(const struct emd_config *t0, const struct emd_config *t1,
			  unsigned int max_name, struct emd_errmsg *msg)
{
	const struct emd_config_array *a0, *a1;
	u16 i;
	int ret = 0;

	if (t0->flags)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "container is not to be changed: %s",
				  t0->reason);
	for (i = 0; i < t1->nr_arrays && !ret; i++) {
		a1 = &t1->arrays[i];
		a0 = array_of_native(t0, a1->native);
		if (!a0)
			continue;
		if (a0->flags)
			ret = check_flagged(a0, a1, msg);
		else if (emd_config_renamed(t0, a1))
			ret = emd_create_check_name(t0, a1->name, max_name, msg);
	}
	return ret;
}
