// SPDX-License-Identifier: GPL-2.0
/*
 * DDF: copies that a power cut tore in the middle of a change, on disks that have no
 * secondary. On all others one of two copies is whole at every moment.
 *
 * Documentation/assembly.rst tells why such a disk may be used when the others name it
 * a member in good state, and what it may know that they do not. What is relied on:
 * the header is one block, and open; who the disk is, its physical disk data, is right,
 * for a change does not touch it. A row of a table lies in one sector, and so does a
 * slot of a record: each is what it was before the change or after it. Pure; allocates
 * the config.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ddf.h"

static_assert(sizeof(struct ddf_table_ondisk) == sizeof(struct ddf_pde_ondisk) &&
	      512 % sizeof(struct ddf_pde_ondisk) == 0);

/**
 * ddf_salvage() - whose is a copy that was cut off in the middle of a change?
 * @img: complete according to ->next_extent(), refused by ddf_decode()
 *
 * Return: a new torn config, with the set that was read, right or not, as its native
 * bytes; NULL: not torn, nobody's, or out of memory.
 * Context: may sleep.
 */
struct emd_config *ddf_salvage(const struct emd_meta_image *img)
{
	const u32 identity = 1u << DDF_CONTROLLER | 1u << DDF_PDD;
	struct emd_config_room room = {};
	const struct ddf_copy *copy;
	struct emd_config *cfg;
	struct ddf_disk disk;
	struct ddf_set head;

	if (!ddf_load(img, &disk, NULL) || !ddf_is_torn(&disk))
		return NULL;
	copy = &disk.copy[0];
	if ((copy->right & identity) != identity)
		return NULL;
	ddf_set_head(&head, &copy->layout, copy->header->guid);
	room.native = ddf_set_len(&head, 1, ddf_count_records(copy));
	cfg = emd_config_alloc(&room);
	if (!cfg)
		return NULL;
	disk.best = 0;
	ddf_set_load(ddf_set(cfg), &disk, img->disk_sectors);
	cfg->ops = &emd_ddf_ops;
	cfg->native_len = ddf_set(cfg)->len;
	cfg->block_size = img->block_size;
	cfg->generation = ddf_set(cfg)->seq;
	cfg->torn = true;
	ddf_uuid(ddf_set(cfg), copy->header->guid, cfg->uuid);
	return cfg;
}

/* ---- what it may know -------------------------------------------------------------- */

static bool in_service(const struct ddf_set *set, u32 pde)
{
	u16 state = ddf_get16(set->le, ddf_pde(set, pde)->state);

	return state & DDF_PD_ONLINE && !(state & (DDF_PD_FAILED | DDF_PD_MISSING));
}

/* The record of the same part of the same array, whether its checksum is right or not. */
static struct ddf_vdcr_ondisk *counterpart(const struct ddf_set *torn,
					   const struct ddf_vdcr_ondisk *of)
{
	struct ddf_vdcr_ondisk *vdcr;
	u32 i;

	for (i = 0; i < torn->nr_records; i++) {
		vdcr = ddf_vdcr(ddf_record(torn, i));
		if (ddf_get32(torn->le, vdcr->signature) == DDF_SIG_VDCR &&
		    vdcr->secondary_seq == of->secondary_seq &&
		    !memcmp(vdcr->guid, of->guid, DDF_GUID_LEN))
			return vdcr;
	}
	return NULL;
}

static u32 nr_elements(const struct ddf_set *set, const struct ddf_vdcr_ondisk *vdcr)
{
	return min_t(u32, ddf_get16(set->le, vdcr->elements), set->max_elements);
}

static u32 element_ref(const struct ddf_set *set, struct ddf_vdcr_ondisk *vdcr, u32 k)
{
	return ddf_get32(set->le, ddf_vdcr_refs(vdcr)[k]);
}

static bool names(const struct ddf_set *set, struct ddf_vdcr_ondisk *vdcr, u32 ref)
{
	u32 k;

	for (k = 0; k < nr_elements(set, vdcr); k++) {
		if (element_ref(set, vdcr, k) == ref)
			return true;
	}
	return false;
}

/* Is a slot that one has filled empty, or another's, in the torn one? */
static bool slot_lost(const struct ddf_set *torn, struct ddf_vdcr_ondisk *vdcr,
		      const struct ddf_set *whole, struct ddf_vdcr_ondisk *other)
{
	u32 k, ref;

	for (k = 0; k < nr_elements(whole, other); k++) {
		ref = element_ref(whole, other, k);
		if (ddf_ref_valid(ref) && element_ref(torn, vdcr, k) != ref)
			return true;
	}
	return false;
}

/**
 * ddf_may_know_of_loss() - may a torn copy know of a loss that another does not?
 * @torn: set of one disk, as it was read
 * @whole: another disk's, of the same shape
 *
 * What was lost before the change that was cut off stands in what was before and in
 * what was to be, so it is there whichever of them a sector holds. What cannot be
 * found may hide anything.
 */
bool ddf_may_know_of_loss(const struct ddf_set *torn, const struct ddf_set *whole)
{
	u32 own = ddf_part(torn, 0)->ref, i;
	struct ddf_vdcr_ondisk *vdcr, *other;
	const struct ddf_pde_ondisk *entry;
	int pde;

	for (i = 0; i < whole->max_pd; i++) {
		if (!ddf_pde_used(whole, i) || !in_service(whole, i))
			continue;
		entry = ddf_pde(whole, i);
		pde = ddf_find_pde(torn, entry->guid, ddf_get32(whole->le, entry->ref));
		if (pde < 0 || !in_service(torn, pde))
			return true;
	}
	for (i = 0; i < whole->nr_records; i++) {
		other = ddf_vdcr(ddf_record(whole, i));
		if (!ddf_vdcr_is(whole, ddf_record(whole, i)) ||
		    ddf_find_vde(whole, other->guid) < 0 || !names(whole, other, own))
			continue;
		vdcr = counterpart(torn, other);
		if (!vdcr || slot_lost(torn, vdcr, whole, other))
			return true;
	}
	return false;
}

/* ---- made whole --------------------------------------------------------------------- */

static bool has_record(const struct ddf_set *set, u32 part, const struct ddf_vdcr_ondisk *of)
{
	struct ddf_vdcr_ondisk *vdcr;
	u32 i;

	for (i = 0; i < set->nr_records; i++) {
		vdcr = ddf_vdcr(ddf_record(set, i));
		if (ddf_record(set, i)->part == part && ddf_vdcr_is(set, ddf_record(set, i)) &&
		    vdcr->secondary_seq == of->secondary_seq &&
		    !memcmp(vdcr->guid, of->guid, DDF_GUID_LEN))
			return true;
	}
	return false;
}

/* Not needed: torn, or others have one of the same part of the same array. */
static bool is_to_go(const struct ddf_set *set, const struct ddf_record *rec)
{
	u32 sig = ddf_get32(set->le, ddf_vdcr(rec)->signature), i;

	if ((sig == DDF_SIG_VDCR || sig == DDF_SIG_SPARE || sig == DDF_SIG_VENDOR) &&
	    !ddf_sealed(set->le, set->zlib, (const u8 *)ddf_vdcr(rec), set->record))
		return true;
	for (i = 0; i < set->nr_parts && sig == DDF_SIG_VDCR; i++) {
		if (i != rec->part && has_record(set, i, ddf_vdcr(rec)))
			return true;
	}
	return false;
}

/**
 * ddf_heal_part() - give a member that was cut off in a change the records that hold
 * @set: of all members
 * @part: the one whose only copy is open
 * @room: bytes for @set
 *
 * All disks of one part of an array have the same record: those of the others are
 * what was elected, before the change or after it. Its own may be either, or torn.
 */
void ddf_heal_part(struct ddf_set *set, u32 part, u32 room)
{
	struct ddf_vdcr_ondisk *vdcr, *newest;
	struct ddf_record *rec;
	u32 i, nr;

	for (i = set->nr_records; i-- > 0;) {
		rec = ddf_record(set, i);
		if (rec->part == part && is_to_go(set, rec))
			ddf_set_drop_record(set, i);
	}
	nr = set->nr_records;
	for (i = 0; i < nr; i++) {
		vdcr = ddf_vdcr(ddf_record(set, i));
		if (ddf_record(set, i)->part == part || !ddf_vdcr_is(set, ddf_record(set, i)) ||
		    ddf_find_vde(set, vdcr->guid) < 0 || has_record(set, part, vdcr))
			continue;
		newest = ddf_newest_vdcr(set, vdcr->guid, vdcr->secondary_seq);
		if (!names(set, newest, ddf_part(set, part)->ref))
			continue;
		rec = ddf_set_add_record(set, room, part);
		if (!rec)
			return;
		memcpy(ddf_vdcr(rec), newest, set->record);
	}
}
