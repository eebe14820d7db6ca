// SPDX-License-Identifier: GPL-2.0
/*
 * DDF: the native bytes of a config, a set of what one or more disks say: filled
 * from a disk, taken apart, put together. Knows where things are in it, and
 * nothing of what they mean. Pure; allocates nothing.
 */
#include <linux/errno.h>
#include <linux/string.h>

#include "ddf.h"

/**
 * ddf_set_len() - bytes of a set
 * @set: head with its lengths
 * @nr_parts: disks
 * @nr_records: records
 */
u32 ddf_set_len(const struct ddf_set *set, u32 nr_parts, u32 nr_records)
{
	return sizeof(*set) + set->section[DDF_PDR] + set->section[DDF_VDR] +
	       nr_parts * ddf_part_len(set) + nr_records * ddf_record_len(set);
}

/**
 * ddf_native_room() - bytes that the set of a config may grow to
 * @cfg: config with a set
 *
 * As many disks again and some, one more array on all of them, and a draft.
 */
u32 ddf_native_room(const struct emd_config *cfg)
{
	const struct ddf_set *set = ddf_set(cfg);
	u32 parts = set->nr_parts + min_t(u32, cfg->nr_disks, EMD_MAX_MEMBERS) + 8;

	u32 records = set->nr_records + parts + cfg->nr_arrays;

	/* One for the record that an update is making. */
	return round_up(ddf_set_len(set, parts, records + 1), 8);
}

/**
 * ddf_set_head() - the head of a set, enough for ddf_set_len()
 * @set: filled
 * @layout: of a disk's header
 * @guid: the container's
 */
void ddf_set_head(struct ddf_set *set, const struct ddf_layout *layout, const u8 *guid)
{
	memset(set, 0, sizeof(*set));
	set->block = layout->block;
	set->le = layout->le;
	set->zlib = layout->zlib;
	set->max_pd = layout->max_pd;
	set->max_vd = layout->max_vd;
	set->max_partitions = layout->max_partitions;
	set->max_elements = layout->max_elements;
	set->record = layout->record;
	memcpy(set->section, layout->len, sizeof(set->section));
	memcpy(set->guid, guid, DDF_GUID_LEN);
	set->len = ddf_set_len(set, 0, 0);
}

/**
 * ddf_set_init() - a set without disks, with nothing in its tables
 * @set: room for ddf_set_len() of no disks and no records
 * @layout: of a disk's header
 * @guid: the container's
 */
void ddf_set_init(struct ddf_set *set, const struct ddf_layout *layout, const u8 *guid)
{
	ddf_set_head(set, layout, guid);
	memset(ddf_pdr(set), 0xff, set->section[DDF_PDR] + set->section[DDF_VDR]);
}

/* Zeroes are unused too: some writers clear slots so. */
static bool slot_used(const u8 *bytes)
{
	static const u8 zero[4], ones[4] = { 0xff, 0xff, 0xff, 0xff };

	return memcmp(bytes, zero, 4) && memcmp(bytes, ones, 4);
}

static u32 copy_slots(const struct ddf_layout *layout)
{
	return min(layout->max_partitions + 1, layout->len[DDF_CONFIG] / layout->record);
}

/**
 * ddf_count_records() - slots in use
 * @copy: whole one
 */
u32 ddf_count_records(const struct ddf_copy *copy)
{
	u32 i, nr = 0;

	for (i = 0; i < copy_slots(&copy->layout); i++)
		nr += slot_used(copy->section[DDF_CONFIG] + i * copy->layout.record);
	return nr;
}

/*
 * How many blocks does the disk remap? A log that is not one counts as empty: not
 * all who reserve room for it fill it in.
 */
static u32 bad_blocks(const struct ddf_copy *copy)
{
	const struct ddf_bbm_ondisk *bbm = (const struct ddf_bbm_ondisk *)copy->bbm;
	bool le = copy->layout.le;
	u32 count;

	if (!bbm || ddf_get32(le, bbm->signature) != DDF_SIG_BBM)
		return 0;
	count = ddf_get32(le, bbm->count);
	/* Older layouts: 16 bits, then ones. */
	if (!le && (count & 0xffff) == 0xffff)
		count >>= 16;
	else if (le && count >> 16 == 0xffff)
		count &= 0xffff;
	return count;
}

/**
 * ddf_set_load() - what one disk says
 * @set: room for one disk and ddf_count_records()
 * @disk: with a best copy
 * @disk_sectors: its capacity
 */
void ddf_set_load(struct ddf_set *set, const struct ddf_disk *disk, u64 disk_sectors)
{
	const struct ddf_copy *copy = &disk->copy[disk->best];
	const struct ddf_layout *layout = &copy->layout;
	const struct ddf_pdd_ondisk *pdd =
		(const struct ddf_pdd_ondisk *)copy->section[DDF_PDD];
	struct ddf_record *rec;
	struct ddf_part *part;
	u64 limit;
	u32 i;

	ddf_set_init(set, layout, copy->header->guid);
	memcpy(ddf_pdr(set), copy->section[DDF_PDR], set->section[DDF_PDR]);
	memcpy(ddf_vdr(set), copy->section[DDF_VDR], set->section[DDF_VDR]);
	/*
	 * What is being changed counts as not there yet. mdadm opens a copy with the number
	 * to be. Where there is but one, we may have opened it with the one from before:
	 * which of the two it is the others' copies tell, see ddf_elect.c.
	 */
	set->seq = copy->seq - (copy->open && layout->secondary != DDF_NONE64);

	part = ddf_set_add_part(set, U32_MAX);
	part->anchor_lba = disk->anchor_lba;
	limit = ddf_lowest_block(layout, copy->header, disk->anchor_lba) * (layout->block / 512);
	part->limit = min(limit, disk_sectors);
	part->seq = copy->seq;
	part->ref = ddf_get32(layout->le, pdd->ref);
	memcpy(part->guid, pdd->guid, DDF_GUID_LEN);
	part->bad_blocks = bad_blocks(copy);
	part->write = DDF_WRITE_ALL;
	memcpy(ddf_part_header(part), copy->header, layout->block);
	ddf_part_header(part)->type = DDF_PRIMARY;
	memcpy(ddf_part_controller(set, part), copy->section[DDF_CONTROLLER],
	       set->section[DDF_CONTROLLER]);
	memcpy(ddf_part_pdd(set, part), pdd, set->section[DDF_PDD]);

	for (i = 0; i < copy_slots(layout); i++) {
		const u8 *bytes = copy->section[DDF_CONFIG] + i * layout->record;

		if (!slot_used(bytes))
			continue;
		rec = ddf_set_add_record(set, U32_MAX, 0);
		rec->slot = i;
		memcpy(ddf_vdcr(rec), bytes, set->record);
	}
}

/**
 * ddf_set_add_part() - one more disk
 * @set: set
 * @room: bytes there are
 *
 * Return: the part, zeroed, or NULL without room.
 */
struct ddf_part *ddf_set_add_part(struct ddf_set *set, u32 room)
{
	u32 len = ddf_set_len(set, set->nr_parts + 1, set->nr_records);
	u8 *records = (u8 *)ddf_record(set, 0);
	struct ddf_part *part;

	if (len > room)
		return NULL;
	memmove(records + ddf_part_len(set), records, set->nr_records * ddf_record_len(set));
	part = ddf_part(set, set->nr_parts++);
	memset(part, 0, ddf_part_len(set));
	set->len = len;
	return part;
}

/**
 * ddf_set_drop_part() - a disk less, with its records
 * @set: set
 * @part: which
 */
void ddf_set_drop_part(struct ddf_set *set, u32 part)
{
	u8 *from = (u8 *)ddf_part(set, part);
	u32 i;

	for (i = set->nr_records; i-- > 0;) {
		if (ddf_record(set, i)->part == part)
			ddf_set_drop_record(set, i);
	}
	for (i = 0; i < set->nr_records; i++) {
		if (ddf_record(set, i)->part > part)
			ddf_record(set, i)->part--;
	}
	memmove(from, from + ddf_part_len(set), (u8 *)set + set->len - from - ddf_part_len(set));
	set->nr_parts--;
	set->len -= ddf_part_len(set);
}

/**
 * ddf_set_add_record() - one more record, in the disk's first free slot
 * @set: set
 * @room: bytes there are
 * @part: whose
 *
 * Return: the record, all ones, or NULL without room or slot.
 */
struct ddf_record *ddf_set_add_record(struct ddf_set *set, u32 room, u32 part)
{
	u32 len = ddf_set_len(set, set->nr_parts, set->nr_records + 1);
	struct ddf_record *rec;
	u32 slot, i;

	if (len > room)
		return NULL;
	for (slot = 0; slot < ddf_nr_slots(set); slot++) {
		for (i = 0; i < set->nr_records; i++) {
			rec = ddf_record(set, i);
			if (rec->part == part && rec->slot == slot)
				break;
		}
		if (i == set->nr_records)
			break;
	}
	if (slot == ddf_nr_slots(set))
		return NULL;
	rec = ddf_record(set, set->nr_records++);
	rec->part = part;
	rec->slot = slot;
	memset(rec + 1, 0xff, set->record);
	set->len = len;
	return rec;
}

/**
 * ddf_set_drop_record() - a record less
 * @set: set
 * @record: which; those behind it move up
 */
void ddf_set_drop_record(struct ddf_set *set, u32 record)
{
	u8 *from = (u8 *)ddf_record(set, record);

	memmove(from, from + ddf_record_len(set),
		(set->nr_records - record - 1) * ddf_record_len(set));
	set->nr_records--;
	set->len -= ddf_record_len(set);
}

/* ---- look-ups ----------------------------------------------------------------- */

/**
 * ddf_pde_used() - is this row of the disk table in use?
 * @set: set
 * @i: row
 */
bool ddf_pde_used(const struct ddf_set *set, u32 i)
{
	const struct ddf_pde_ondisk *pde = ddf_pde(set, i);

	/* Behind a free GUID mdadm leaves what was there before. */
	return !ddf_guid_free(pde->guid) && ddf_ref_valid(ddf_get32(set->le, pde->ref));
}

/**
 * ddf_vde_used() - is this row of the virtual disks' table in use?
 * @set: set
 * @i: row
 */
bool ddf_vde_used(const struct ddf_set *set, u32 i)
{
	return !ddf_guid_free(ddf_vde(set, i)->guid);
}

/**
 * ddf_find_pde() - by what a disk calls itself
 * @set: set
 * @guid: PD GUID
 * @ref: PD reference
 *
 * Return: the row or -ENOENT.
 */
int ddf_find_pde(const struct ddf_set *set, const u8 guid[DDF_GUID_LEN], u32 ref)
{
	int i = ddf_find_ref(set, ref);

	return i >= 0 && !memcmp(ddf_pde(set, i)->guid, guid, DDF_GUID_LEN) ? i : -ENOENT;
}

/**
 * ddf_find_ref() - by what records call a disk
 * @set: set
 * @ref: PD reference
 *
 * Return: the first row that has it, or -ENOENT.
 */
int ddf_find_ref(const struct ddf_set *set, u32 ref)
{
	u32 i;

	for (i = 0; ddf_ref_valid(ref) && i < set->max_pd; i++) {
		if (ddf_pde_used(set, i) && ddf_get32(set->le, ddf_pde(set, i)->ref) == ref)
			return i;
	}
	return -ENOENT;
}

/**
 * ddf_find_vde() - by a virtual disk's GUID
 * @set: set
 * @guid: not free
 *
 * Return: the first row that has it, or -ENOENT.
 */
int ddf_find_vde(const struct ddf_set *set, const u8 guid[DDF_GUID_LEN])
{
	u32 i;

	for (i = 0; i < set->max_vd; i++) {
		if (ddf_vde_used(set, i) && !memcmp(ddf_vde(set, i)->guid, guid, DDF_GUID_LEN))
			return i;
	}
	return -ENOENT;
}

/**
 * ddf_find_part() - the disk of a row of the disk table, when it is here
 * @set: set
 * @pde: row in use
 *
 * Return: the part's index or -ENOENT.
 */
int ddf_find_part(const struct ddf_set *set, u32 pde)
{
	const struct ddf_pde_ondisk *entry = ddf_pde(set, pde);
	const struct ddf_part *part;
	u32 i;

	for (i = 0; i < set->nr_parts; i++) {
		part = ddf_part(set, i);
		if (part->ref == ddf_get32(set->le, entry->ref) &&
		    !memcmp(part->guid, entry->guid, DDF_GUID_LEN))
			return i;
	}
	return -ENOENT;
}

/**
 * ddf_same_container() - have two disks the same container and the same shape?
 * @a: one disk's set
 * @b: the other's
 */
bool ddf_same_container(const struct ddf_set *a, const struct ddf_set *b)
{
	return a->block == b->block && a->le == b->le && a->zlib == b->zlib &&
	       a->max_pd == b->max_pd && a->max_vd == b->max_vd &&
	       a->max_partitions == b->max_partitions && a->max_elements == b->max_elements &&
	       a->record == b->record && !memcmp(a->section, b->section, sizeof(a->section)) &&
	       !memcmp(a->guid, b->guid, DDF_GUID_LEN);
}
