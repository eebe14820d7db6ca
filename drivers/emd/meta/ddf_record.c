// SPDX-License-Identifier: GPL-2.0
/*
 * DDF: configuration records: which one holds for a virtual disk, how levels are
 * written, and how far work has come (ours, in the vendor scratch). Pure.
 */
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "ddf.h"

/* The first row of a level and layout is the one we write. */
static const struct ddf_level levels[] = {
	{ DDF_RAID0, 0, EMD_LEVEL_RAID0, EMD_LAYOUT_NONE },
	{ DDF_RAID1, 0, EMD_LEVEL_RAID1, EMD_LAYOUT_NONE },
	{ DDF_RAID1, 1, EMD_LEVEL_RAID1, EMD_LAYOUT_NONE },
	{ DDF_RAID4, 0, EMD_LEVEL_RAID4, EMD_LAYOUT_PARITY_FIRST },
	{ DDF_RAID4, 1, EMD_LEVEL_RAID4, EMD_LAYOUT_PARITY_LAST },
	{ DDF_RAID5, 0, EMD_LEVEL_RAID5, EMD_LAYOUT_RIGHT_ASYMMETRIC },
	{ DDF_RAID5, 1, EMD_LEVEL_RAID5, EMD_LAYOUT_RIGHT_SYMMETRIC },
	{ DDF_RAID5, 2, EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_ASYMMETRIC },
	{ DDF_RAID5, 3, EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_SYMMETRIC },
	{ DDF_RAID6, 1, EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_ZERO_RESTART },
	{ DDF_RAID6, 2, EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_N_RESTART },
	{ DDF_RAID6, 3, EMD_LEVEL_RAID6, EMD_LAYOUT_ROTATING_N_CONTINUE },
	{ DDF_RAID1E, 0, EMD_LEVEL_RAID1E, EMD_LAYOUT_ADJACENT },
	{ DDF_RAID1E, 1, EMD_LEVEL_RAID1E, EMD_LAYOUT_OFFSET },
	{ DDF_CONCAT, 0, EMD_LEVEL_CONCAT, EMD_LAYOUT_NONE },
	{ DDF_SINGLE, 0, EMD_LEVEL_CONCAT, EMD_LAYOUT_NONE },
	{ DDF_RAID5E, 0, EMD_LEVEL_RAID5, EMD_LAYOUT_RIGHT_ASYMMETRIC },
	{ DDF_RAID5E, 2, EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_ASYMMETRIC },
	{ DDF_RAID5E, 3, EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_SYMMETRIC },
	{ DDF_RAID5R, 0, EMD_LEVEL_RAID5, EMD_LAYOUT_RIGHT_ASYMMETRIC },
	{ DDF_RAID5R, 2, EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_ASYMMETRIC },
	{ DDF_RAID5R, 3, EMD_LEVEL_RAID5, EMD_LAYOUT_LEFT_SYMMETRIC },
};

/**
 * ddf_level_decode() - a level that we can map
 * @prl: primary level
 * @rlq: qualifier
 *
 * Return: its row or NULL.
 */
const struct ddf_level *ddf_level_decode(u8 prl, u8 rlq)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		if (levels[i].prl == prl && levels[i].rlq == rlq)
			return &levels[i];
	}
	return NULL;
}

/**
 * ddf_level_encode() - how to write a level
 * @level: ours
 * @layout: ours
 * @nr_members: mirrors of three have a qualifier of their own
 *
 * Return: its row or NULL; for a RAID10 the row of the mirrors that it stripes over.
 */
const struct ddf_level *ddf_level_encode(enum emd_level level, enum emd_layout layout,
					 u16 nr_members)
{
	unsigned int i;

	if (level == EMD_LEVEL_RAID10)
		return layout == EMD_LAYOUT_ADJACENT ? ddf_level_decode(DDF_RAID1, 0) : NULL;
	if (level == EMD_LEVEL_RAID1)
		return nr_members <= 3 ? ddf_level_decode(DDF_RAID1, nr_members == 3) : NULL;
	for (i = 0; i < ARRAY_SIZE(levels); i++) {
		if (levels[i].level == level && levels[i].layout == layout)
			return &levels[i];
	}
	return NULL;
}

/**
 * ddf_level_name() - the specification's name
 * @prl: primary level
 */
const char *ddf_level_name(u8 prl)
{
	switch (prl) {
	case DDF_RAID0:
		return "RAID0";
	case DDF_RAID1:
		return "RAID1";
	case DDF_RAID3:
		return "RAID3";
	case DDF_RAID4:
		return "RAID4";
	case DDF_RAID5:
		return "RAID5";
	case DDF_RAID6:
		return "RAID6";
	case DDF_MDF:
		return "MDF";
	case DDF_SINGLE:
		return "single disk";
	case DDF_RAID1E:
		return "RAID1E";
	case DDF_RAID5E:
		return "RAID5E";
	case DDF_CONCAT:
		return "concatenation";
	case DDF_RAID5EE:
		return "RAID5EE";
	case DDF_RAID5R:
		return "RAID5R";
	default:
		return "unknown level";
	}
}

/**
 * ddf_find_spare() - what a spare is for, in its own words
 * @set: set
 * @part: disk
 *
 * Return: the first record that is whole, or -ENOENT.
 */
int ddf_find_spare(const struct ddf_set *set, u32 part)
{
	const struct ddf_record *rec;
	u32 i;

	for (i = 0; i < set->nr_records; i++) {
		rec = ddf_record(set, i);
		if (rec->part == part &&
		    ddf_get32(set->le, ddf_spare(rec)->signature) == DDF_SIG_SPARE &&
		    ddf_sealed(set->le, set->zlib, (const u8 *)ddf_spare(rec), set->record))
			return i;
	}
	return -ENOENT;
}

/**
 * ddf_spare_room() - entries that a spare's record can have
 * @set: set
 */
u32 ddf_spare_room(const struct ddf_set *set)
{
	return min_t(u32, (set->record - sizeof(struct ddf_spare_ondisk)) /
			  sizeof(struct ddf_spare_entry_ondisk), U16_MAX);
}

/**
 * ddf_is_linux() - did mdadm make the container?
 * @guid: the container's
 */
bool ddf_is_linux(const u8 guid[DDF_GUID_LEN])
{
	return !memcmp(guid, "Linux-MD", 8);
}

/**
 * ddf_is_adaptec() - is it Adaptec's reading of the specification?
 * @set: set
 *
 * There RAID5 is left-asymmetric, whatever the qualifier.
 */
bool ddf_is_adaptec(const struct ddf_set *set)
{
	const struct ddf_controller_ondisk *controller;

	if (!set->nr_parts)
		return false;
	controller = (const struct ddf_controller_ondisk *)
		ddf_part_controller(set, ddf_part(set, 0));
	return set->le && ddf_get16(set->le, controller->pci_vendor) == DDF_PCI_ADAPTEC;
}

/* ---- which record ------------------------------------------------------------- */

/**
 * ddf_vdcr_is() - is this a record of a virtual disk, and whole?
 * @set: set
 * @rec: one of its records
 */
bool ddf_vdcr_is(const struct ddf_set *set, const struct ddf_record *rec)
{
	const struct ddf_vdcr_ondisk *vdcr = ddf_vdcr(rec);

	return ddf_get32(set->le, vdcr->signature) == DDF_SIG_VDCR &&
	       ddf_sealed(set->le, set->zlib, (const u8 *)vdcr, set->record);
}

/**
 * ddf_is_spares() - may a disk that is a spare have this record? All but an array's
 * @set: set
 * @rec: one of its records
 */
bool ddf_is_spares(const struct ddf_set *set, const struct ddf_record *rec)
{
	return ddf_get32(set->le, ddf_vdcr(rec)->signature) != DDF_SIG_VDCR;
}

/**
 * ddf_newest_vdcr() - the record that holds
 * @set: set
 * @guid: the virtual disk's
 * @secondary: which of its parts
 *
 * The highest sequence number; of equals the one from the newer disk, then whichever
 * is greater, so that the answer does not depend on the order of disks.
 *
 * Return: the record or NULL.
 */
struct ddf_vdcr_ondisk *ddf_newest_vdcr(const struct ddf_set *set, const u8 guid[DDF_GUID_LEN],
					u32 secondary)
{
	struct ddf_vdcr_ondisk *vdcr, *best = NULL;
	u32 i, seq, disk_seq, best_seq = 0, best_disk_seq = 0;
	struct ddf_record *rec;

	for (i = 0; i < set->nr_records; i++) {
		rec = ddf_record(set, i);
		vdcr = ddf_vdcr(rec);
		if (vdcr->secondary_seq != secondary || memcmp(vdcr->guid, guid, DDF_GUID_LEN) ||
		    !ddf_vdcr_is(set, rec))
			continue;
		seq = ddf_get32(set->le, vdcr->seq);
		disk_seq = ddf_part(set, rec->part)->seq;
		if (best) {
			if (seq != best_seq ? ddf_seq_after(best_seq, seq) :
			    disk_seq != best_disk_seq ? ddf_seq_after(best_disk_seq, disk_seq) :
			    memcmp(vdcr, best, set->record) <= 0)
				continue;
		}
		best = vdcr;
		best_seq = seq;
		best_disk_seq = disk_seq;
	}
	return best;
}

/**
 * ddf_any_vdcr() - a record of a virtual disk, whichever of its parts it is of
 * @set: set
 * @guid: the virtual disk's
 *
 * Return: the one that holds for the first part of which there is any, or NULL.
 */
struct ddf_vdcr_ondisk *ddf_any_vdcr(const struct ddf_set *set, const u8 guid[DDF_GUID_LEN])
{
	struct ddf_vdcr_ondisk *vdcr;
	u32 i, first = U32_MAX;

	for (i = 0; i < set->nr_records; i++) {
		vdcr = ddf_vdcr(ddf_record(set, i));
		if (vdcr->secondary_seq < first && !memcmp(vdcr->guid, guid, DDF_GUID_LEN) &&
		    ddf_vdcr_is(set, ddf_record(set, i)))
			first = vdcr->secondary_seq;
	}
	return first == U32_MAX ? NULL : ddf_newest_vdcr(set, guid, first);
}

/* ---- progress ------------------------------------------------------------------- */

static u32 progress_check(const struct ddf_vdcr_ondisk *vdcr)
{
	const struct ddf_progress_ondisk *p = (const struct ddf_progress_ondisk *)vdcr->scratch;

	return crc32_le(crc32_le(~0u, vdcr->guid, DDF_GUID_LEN), (const u8 *)p,
			offsetof(struct ddf_progress_ondisk, check));
}

/**
 * ddf_get_progress() - how far work on an array had come
 * @set: set
 * @vdcr: of one of its records
 * @progress: out; idle when nothing is known
 *
 * What holds for the number of the disk that has the record, but not for the set's, was
 * there before a change that did not reach this disk: who is being filled still is, or
 * the record would say otherwise. How far is not known any more.
 *
 * Return: is there anything that still holds?
 */
bool ddf_get_progress(const struct ddf_set *set, const struct ddf_vdcr_ondisk *vdcr,
		      struct ddf_progress *progress)
{
	const struct ddf_progress_ondisk *p = (const struct ddf_progress_ondisk *)vdcr->scratch;
	const struct ddf_record *rec = (const struct ddf_record *)vdcr - 1;
	u32 seq = ddf_get32(set->le, p->seq);

	memset(progress, 0, sizeof(*progress));
	progress->action = EMD_SYNC_IDLE;
	progress->slot = U16_MAX;
	if (memcmp(p->magic, DDF_PROGRESS_MAGIC, 4) ||
	    ddf_get32(set->le, p->check) != progress_check(vdcr) ||
	    (seq != set->seq && seq != ddf_part(set, rec->part)->seq) ||
	    (p->action != EMD_SYNC_RESYNC && p->action != EMD_SYNC_REBUILD))
		return false;
	progress->action = p->action;
	progress->dirty = p->flags & DDF_PROGRESS_DIRTY;
	progress->slot = ddf_get16(set->le, p->slot);
	progress->ref = ddf_get32(set->le, p->ref);
	progress->late = seq != set->seq;
	progress->sector = progress->late ? 0 : ddf_get64(set->le, p->sector);
	return true;
}

/**
 * ddf_put_progress() - note how far work has come
 * @set: set, with the sequence number for which it holds
 * @vdcr: record
 * @progress: idle for nothing: takes away what was ours
 *
 * Another's scratch is left alone: then work that is cut off begins again.
 */
void ddf_put_progress(const struct ddf_set *set, struct ddf_vdcr_ondisk *vdcr,
		      const struct ddf_progress *progress)
{
	struct ddf_progress_ondisk *p = (struct ddf_progress_ondisk *)vdcr->scratch;

	bool ours = !memcmp(p->magic, DDF_PROGRESS_MAGIC, 4);

	if (progress->action == EMD_SYNC_IDLE) {
		if (ours)
			memset(p, 0xff, sizeof(*p));
		return;
	}
	if (!ours && memchr_inv(p, 0xff, sizeof(*p)) && memchr_inv(p, 0, sizeof(*p)))
		return;
	memset(p, 0, sizeof(*p));
	memcpy(p->magic, DDF_PROGRESS_MAGIC, 4);
	p->action = progress->action;
	p->flags = progress->dirty ? DDF_PROGRESS_DIRTY : 0;
	ddf_put16(set->le, &p->slot, progress->slot);
	ddf_put32(set->le, &p->ref, progress->ref);
	ddf_put32(set->le, &p->seq, set->seq);
	ddf_put64(set->le, &p->sector, progress->sector);
	ddf_put32(set->le, &p->check, progress_check(vdcr));
}
