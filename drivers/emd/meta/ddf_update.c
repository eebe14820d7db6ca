// SPDX-License-Identifier: GPL-2.0
/*
 * DDF: brings the native bytes of a config in line with its generic fields.
 *
 * What changes is edited where it stands; what is not understood stays. Records of
 * an array are made equal on all its disks, and taken away where the array is no
 * more. What every disk has to write follows from comparing with the config before:
 * that one is on all disks, or everything is written.
 *
 * DDF has states for disks, not for elements. So a slot that lost its content on a
 * disk that is well otherwise names no disk; and a disk that is filled for one array
 * while it serves another is not named before it is full. Either way no other driver
 * takes stale content for good.
 *
 * Pure; allocates nothing.
 */
#include <linux/errno.h>
#include <linux/log2.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "ddf.h"

/* Attempts in a row after which records need not count on: far more than there are disks. */
#define MAX_GIVEN_UP	1024u

/**
 * struct edit - an update going on
 * @cfg: config being brought in line
 * @set: its native bytes
 * @now: DDF's seconds
 * @random: where the next number comes from
 */
struct edit {
	struct emd_config *cfg;
	struct ddf_set *set;
	u32 now;
	u64 random;
};

static u32 next_random(struct edit *edit)
{
	/* A good mixer: what comes in is random already. */
	u64 x = edit->random += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x >> 32;
}

/* The last record's worth of the room is for a record that is being made. */
static struct ddf_vdcr_ondisk *draft(const struct edit *edit)
{
	return (struct ddf_vdcr_ondisk *)(edit->cfg->native + edit->cfg->max_native -
					  edit->set->record);
}

static u32 room(const struct edit *edit)
{
	return edit->cfg->max_native - edit->set->record;
}

static void touch_records(struct edit *edit, u32 part)
{
	ddf_part(edit->set, part)->write |= 1u << DDF_CONFIG;
}

static void drop_record(struct edit *edit, u32 record)
{
	touch_records(edit, ddf_record(edit->set, record)->part);
	ddf_set_drop_record(edit->set, record);
}

/* ---- what is no more ------------------------------------------------------------ */

static bool has_array(const struct emd_config *cfg, u16 native)
{
	u16 i;

	for (i = 0; i < cfg->nr_arrays; i++) {
		if (cfg->arrays[i].native == native)
			return true;
	}
	return false;
}

/* Also from rows that repeat it, or it would come back as one of those. */
static void remove_guid(struct ddf_set *set, const u8 guid[DDF_GUID_LEN])
{
	int i;

	while ((i = ddf_find_vde(set, guid)) >= 0)
		memset(ddf_vde(set, i), 0xff, sizeof(struct ddf_vde_ondisk));
}

static void remove_deleted_arrays(struct edit *edit, const struct emd_config *t0)
{
	u8 guid[DDF_GUID_LEN];
	u16 i, native;

	for (i = 0; i < t0->nr_arrays; i++) {
		native = t0->arrays[i].native;
		if (native >= edit->set->max_vd || has_array(edit->cfg, native))
			continue;
		memcpy(guid, ddf_vde(edit->set, native)->guid, DDF_GUID_LEN);
		remove_guid(edit->set, guid);
	}
}

/* Deleted while a disk was away, or cut off in the middle of it. */
static void remove_orphaned_records(struct edit *edit)
{
	const struct ddf_record *rec;
	u32 i;

	for (i = edit->set->nr_records; i-- > 0;) {
		rec = ddf_record(edit->set, i);
		if (ddf_get32(edit->set->le, ddf_vdcr(rec)->signature) == DDF_SIG_VDCR &&
		    ddf_find_vde(edit->set, ddf_vdcr(rec)->guid) < 0)
			drop_record(edit, i);
	}
}

static bool has_row(const struct emd_config *cfg, u16 native)
{
	u16 i;

	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].native == native)
			return true;
	}
	return false;
}

static void remove_left_disks(struct edit *edit)
{
	struct ddf_set *set = edit->set;
	int part;
	u32 i;

	for (i = 0; i < set->max_pd; i++) {
		if (!ddf_pde_used(set, i) || has_row(edit->cfg, i))
			continue;
		part = ddf_find_part(set, i);
		if (part >= 0)
			ddf_set_drop_part(set, part);
		memset(ddf_pde(set, i), 0xff, sizeof(struct ddf_pde_ondisk));
	}
}

/* ---- new disks --------------------------------------------------------------------- */

static u32 new_ref(struct edit *edit)
{
	u32 ref;

	do {
		ref = next_random(edit);
	} while (!ddf_ref_valid(ref) || ddf_find_ref(edit->set, ref) >= 0);
	return ref;
}

/* From the serial when there is one; unique by the reference in any case. */
static void new_disk_guid(struct edit *edit, const char *serial, u8 guid[DDF_GUID_LEN])
{
	size_t len = strnlen(serial, EMD_DISK_ID_LEN), skip = len > 16 ? len - 16 : 0;
	unsigned int i;

	memcpy(guid, "EMD-DISK", 8);
	memset(guid + 8, ' ', 16);
	memcpy(guid + 8, serial + skip, len - skip);
	for (i = 8; !len && i < DDF_GUID_LEN; i++)
		guid[i] = next_random(edit);
}

static void new_controller(struct edit *edit, struct ddf_part *part)
{
	struct ddf_set *set = edit->set;
	struct ddf_controller_ondisk *controller =
		(struct ddf_controller_ondisk *)ddf_part_controller(set, part);

	memset(controller, 0xff, set->section[DDF_CONTROLLER]);
	ddf_put32(set->le, &controller->signature, DDF_SIG_CONTROLLER);
	memcpy(controller->guid, DDF_OUR_VENDOR, 8);
	memset(controller->guid + 8, ' ', DDF_GUID_LEN - 8);
	memset(controller->product, ' ', sizeof(controller->product));
	memcpy(controller->product, "EMD", 3);
	ddf_seal(set->le, set->zlib, (u8 *)controller, set->section[DDF_CONTROLLER]);
}

static void new_pdd(struct edit *edit, struct ddf_part *part)
{
	struct ddf_set *set = edit->set;
	struct ddf_pdd_ondisk *pdd = (struct ddf_pdd_ondisk *)ddf_part_pdd(set, part);

	memset(pdd, 0xff, set->section[DDF_PDD]);
	ddf_put32(set->le, &pdd->signature, DDF_SIG_PDD);
	memcpy(pdd->guid, part->guid, DDF_GUID_LEN);
	ddf_put32(set->le, &pdd->ref, part->ref);
	pdd->forced_ref = 1;
	pdd->forced_guid = 1;
	ddf_seal(set->le, set->zlib, (u8 *)pdd, set->section[DDF_PDD]);
}

static u64 usable_blocks(const struct ddf_set *set, const struct ddf_part *part)
{
	return div_u64(part->limit, ddf_block_sectors(set));
}

static int add_disk(struct edit *edit, struct emd_config_disk *row, struct emd_errmsg *msg)
{
	struct ddf_set *set = edit->set;
	struct ddf_pde_ondisk *pde;
	struct ddf_layout layout = { .le = set->le, .block = set->block };
	struct ddf_header_ondisk *header;
	struct ddf_part *part;
	u32 i;

	for (i = 0; i < set->max_pd && !ddf_guid_free(ddf_pde(set, i)->guid); i++)
		;
	if (i == set->max_pd)
		return EMD_REFUSE(msg, -ENOSPC, "the container has %u disks, can hold no more",
				  set->max_pd);
	part = ddf_set_add_part(set, room(edit));
	if (!part)
		return EMD_REFUSE(msg, -ENOSPC, "no room for another disk");
	part->ref = new_ref(edit);
	part->seq = set->seq;
	part->write = DDF_WRITE_ALL | DDF_WRITE_NEW;
	new_disk_guid(edit, row->id, part->guid);
	header = ddf_part_header(part);
	memset(header, 0xff, set->block);
	ddf_new_header(set, row->sectors, header, &part->anchor_lba);
	layout.primary = ddf_get64(set->le, header->primary_lba);
	layout.secondary = ddf_get64(set->le, header->secondary_lba);
	part->limit = ddf_sectors(set, ddf_lowest_block(&layout, header, part->anchor_lba));
	if (!layout.primary || !layout.secondary || !part->limit)
		return EMD_REFUSE(msg, -ENOSPC, "disk %s of %llu sectors has no room for the metadata",
				  row->id, row->sectors);
	if (set->nr_parts > 1)
		memcpy(ddf_part_controller(set, part), ddf_part_controller(set, ddf_part(set, 0)),
		       set->section[DDF_CONTROLLER]);
	else
		new_controller(edit, part);
	new_pdd(edit, part);

	pde = ddf_pde(set, i);
	memset(pde, 0xff, sizeof(*pde));
	memcpy(pde->guid, part->guid, DDF_GUID_LEN);
	ddf_put32(set->le, &pde->ref, part->ref);
	ddf_put16(set->le, &pde->type, DDF_PD_FORCED_GUID | DDF_PD_GLOBAL_SPARE);
	ddf_put16(set->le, &pde->state, DDF_PD_ONLINE);
	ddf_put64(set->le, &pde->size, usable_blocks(set, part));
	memset(pde->path, 0, sizeof(pde->path));
	row->native = i;
	ddf_row_id(part->ref, row->id);
	return 0;
}

/* What the last update made is on all disks: that is what they are opened with. */
static void note_numbers(struct ddf_set *set)
{
	u32 i;

	for (i = 0; set->updated && i < set->nr_parts; i++)
		ddf_part(set, i)->seq = set->seq;
}

/* Bytes of the set when @part, none when negative, has become what @own says of a spare. */
static u32 len_adopted(const struct ddf_set *set, int part, const struct ddf_set *own)
{
	u32 i, nr = set->nr_records;

	for (i = 0; i < set->nr_records; i++)
		nr -= ddf_record(set, i)->part == part;
	for (i = 0; i < own->nr_records; i++)
		nr += ddf_is_spares(own, ddf_record(own, i));
	return ddf_set_len(set, set->nr_parts + (part < 0), nr);
}

/**
 * ddf_adopt() - a spare that was away is here
 * @t1: config being built
 * @row: its row, which the tables list
 * @seen: decoded from it
 *
 * What it says of itself holds; everything that it missed is written with the next change,
 * and to all disks: what each of them has is not looked into. A disk that is not listed
 * gets another identity. Without room what is known of the disk so far stays.
 */
void ddf_adopt(struct emd_config *t1, u16 row, const struct emd_config *seen)
{
	struct edit edit = { .cfg = t1, .set = ddf_set(t1) };
	const struct ddf_set *own = ddf_set(seen);
	struct ddf_set *set = edit.set;
	int part;

	if (t1->disks[row].native == EMD_NO_DISK || seen->self >= seen->nr_disks ||
	    !ddf_same_container(set, own))
		return;
	part = ddf_find_part(set, t1->disks[row].native);
	if (len_adopted(set, part, own) > room(&edit))
		return;
	note_numbers(set);
	if (part >= 0)
		ddf_set_drop_part(set, part);
	ddf_add_disk(set, room(&edit), own, true);
	set->updated = 0;
	t1->native_len = set->len;
	ddf_decode_spare(t1, &t1->disks[row]);
}

static int add_new_disks(struct edit *edit, struct emd_errmsg *msg)
{
	struct emd_config *cfg = edit->cfg;
	u16 i;
	int ret;

	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].native != EMD_NO_DISK || !cfg->disks[i].handle)
			continue;
		ret = add_disk(edit, &cfg->disks[i], msg);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- new arrays ---------------------------------------------------------------------- */

/* dmraid looks at no more than 20 bytes: the time has to differ already. */
static void new_array_guid(struct edit *edit, u32 vde)
{
	u8 *guid = ddf_vde(edit->set, vde)->guid;
	u32 i, now = edit->now;

	memcpy(guid, DDF_OUR_VENDOR, 8);
	memcpy(guid + 8, edit->set->guid + 8, 8);
	ddf_put32(false, (struct ddf32 *)(guid + 20), next_random(edit));
	/* Another second than each of those before it, of which there are few. */
	do {
		ddf_put32(false, (struct ddf32 *)(guid + 16), now++);
		for (i = 0; i < edit->set->max_vd; i++) {
			if (i != vde && !memcmp(ddf_vde(edit->set, i)->guid, guid, 20))
				break;
		}
	} while (i < edit->set->max_vd);
}

static bool number_taken(const struct ddf_set *set, u16 number)
{
	u32 i;

	for (i = 0; i < set->max_vd; i++) {
		if (ddf_vde_used(set, i) && ddf_get16(set->le, ddf_vde(set, i)->number) == number)
			return true;
	}
	return false;
}

static u16 free_number(const struct ddf_set *set)
{
	u16 number = 0;

	while (number_taken(set, number))
		number++;
	return number;
}

/* The owner's CRC, as mdadm has it; nobody checks it. */
static void put_vd_type(const struct ddf_set *set, struct ddf32 *type)
{
	u8 bytes[8 + DDF_GUID_LEN - 4];
	u32 crc;

	/* ddf_crc() passes over four bytes, so the sum is taken in two steps. */
	memcpy(bytes, set->guid, 4);
	memset(bytes + 4, 0, 4);
	memcpy(bytes + 8, set->guid + 4, DDF_GUID_LEN - 4);
	crc = ddf_crc(false, bytes, sizeof(bytes));
	memset(type, 0, sizeof(*type));
	type->b[set->le ? 2 : 0] = crc;
	type->b[set->le ? 3 : 1] = crc >> 8;
}

/* In how many parts a new array is written. */
static u8 nr_new_parts(const struct emd_config_array *ca)
{
	return ca->geo.level == EMD_LEVEL_RAID10 ? ca->geo.nr_members / 2 :
						   max_t(u16, ca->geo.nr_spans, 1);
}

/* In how many it is: a striped RAID0 of parts has the shape of one of one piece. */
static u8 nr_parts_of(const struct edit *edit, const struct emd_config_array *ca)
{
	const struct ddf_vdcr_ondisk *vdcr =
		ddf_any_vdcr(edit->set, ddf_vde(edit->set, ca->native)->guid);

	return vdcr && vdcr->secondary_count ? vdcr->secondary_count : 1;
}

static u8 secondary_level(const struct emd_geometry *geo)
{
	if (geo->level == EMD_LEVEL_RAID10)
		return DDF_SRL_SPANNED;
	if (!geo->nr_spans)
		return DDF_SRL_NONE;
	return geo->span_join == EMD_SPANS_CONCAT ? DDF_SRL_CONCAT : DDF_SRL_STRIPED;
}

static void fill_vdcr(struct edit *edit, const struct emd_config_array *ca, u8 part,
		      const u8 guid[DDF_GUID_LEN], struct ddf_vdcr_ondisk *vdcr)
{
	const struct emd_geometry *geo = &ca->geo;
	const struct ddf_level *level =
		ddf_level_encode(geo->level, geo->layout, geo->nr_members);
	struct ddf_set *set = edit->set;
	u32 block = ddf_block_sectors(set);
	u8 parts = nr_new_parts(ca);
	u64 element = emd_config_member(edit->cfg, ca, 0)->nr_sectors + ca->reserve_sectors;

	memset(vdcr, 0xff, set->record);
	ddf_put32(set->le, &vdcr->signature, DDF_SIG_VDCR);
	memcpy(vdcr->guid, guid, DDF_GUID_LEN);
	ddf_put32(set->le, &vdcr->seq, 0);
	ddf_put16(set->le, &vdcr->elements, geo->nr_members / parts);
	if (emd_levels[geo->level].striped)
		vdcr->strip = ilog2(geo->strip_sectors / block);
	vdcr->level = level->prl;
	vdcr->qualifier = level->rlq;
	vdcr->secondary_count = parts;
	vdcr->secondary_seq = part;
	vdcr->secondary_level = secondary_level(geo);
	ddf_put64(set->le, &vdcr->block_count, div_u64(element, block));
	ddf_put64(set->le, &vdcr->vd_size, div_u64(geo->array_sectors, block));
	ddf_put64(set->le, &vdcr->cache_policy, 0);
	vdcr->background_rate = 0x80;
}

static void put_name(struct ddf_vde_ondisk *vde, const char *name)
{
	memset(vde->name, 0, sizeof(vde->name));
	memcpy(vde->name, name, strnlen(name, DDF_NAME_LEN));
}

static int add_array(struct edit *edit, struct emd_config_array *ca, struct emd_errmsg *msg)
{
	struct ddf_set *set = edit->set;
	struct ddf_vde_ondisk *vde;
	struct ddf_record *rec;
	u8 i, parts = nr_new_parts(ca);
	u16 first, number;
	int disk;
	u32 v;

	for (v = 0; v < set->max_vd && ddf_vde_used(set, v); v++)
		;
	if (v == set->max_vd)
		return EMD_REFUSE(msg, -ENOSPC, "the container has %u arrays, can hold no more",
				  set->max_vd);
	number = free_number(set);
	vde = ddf_vde(set, v);
	memset(vde, 0xff, sizeof(*vde));
	new_array_guid(edit, v);
	ddf_put16(set->le, &vde->number, number);
	put_vd_type(set, &vde->type);
	vde->state = 0;
	vde->init = 0;
	put_name(vde, ca->name);
	ca->native = v;

	/* On one disk of each part: the rest follows with every other change. */
	for (i = 0; i < parts; i++) {
		first = i * (ca->geo.nr_members / parts);
		disk = ddf_find_part(set, edit->cfg->disks[emd_config_member(edit->cfg, ca, first)->disk].native);
		rec = disk < 0 ? NULL : ddf_set_add_record(set, room(edit), disk);
		if (!rec)
			return EMD_REFUSE(msg, -ENOSPC, "no room for another record");
		fill_vdcr(edit, ca, i, vde->guid, ddf_vdcr(rec));
		ddf_seal(set->le, set->zlib, (u8 *)ddf_vdcr(rec), set->record);
		touch_records(edit, disk);
	}
	return 0;
}

static int add_new_arrays(struct edit *edit, struct emd_errmsg *msg)
{
	struct emd_config *cfg = edit->cfg;
	u16 i;
	int ret;

	for (i = 0; i < cfg->nr_arrays; i++) {
		if (cfg->arrays[i].native != EMD_NO_ARRAY)
			continue;
		ret = add_array(edit, &cfg->arrays[i], msg);
		if (ret)
			return ret;
	}
	return 0;
}

/* Only what was changed: names that are not ours to make safe stay as they are. */
static void rename_arrays(struct edit *edit, const struct emd_config *t0)
{
	const struct emd_config *cfg = edit->cfg;
	struct ddf_vde_ondisk *vde;
	bool le = edit->set->le;
	u16 i;

	for (i = 0; i < cfg->nr_arrays; i++) {
		if (!emd_config_renamed(t0, &cfg->arrays[i]))
			continue;
		vde = ddf_vde(edit->set, cfg->arrays[i].native);
		put_name(vde, cfg->arrays[i].name);
		ddf_put32(le, &vde->type, ddf_get32(le, vde->type) & ~DDF_VD_UNICODE);
	}
}

/* ---- arrays ----------------------------------------------------------------------------- */

/* Is the disk needed by an array other than @ca? */
static bool serves_another(const struct emd_config *cfg, const struct emd_config_array *ca,
			   u16 disk)
{
	const struct emd_config_array *other;
	int slot;
	u16 i;

	for (i = 0; i < cfg->nr_arrays; i++) {
		other = &cfg->arrays[i];
		slot = other == ca ? -1 : emd_config_member_slot(cfg, other, disk);
		if (slot >= 0 && emd_config_member(cfg, other, slot)->state == EMD_MEMBER_IN_SYNC)
			return true;
	}
	return false;
}

/*
 * What a slot names. @now is what it names so far: who was there stays on record
 * until the slot is filled, but only as long as nobody would believe it.
 */
static u32 slot_ref(const struct edit *edit, const struct emd_config_array *ca,
		    const struct emd_config_member *member, u32 now)
{
	const struct emd_config *cfg = edit->cfg;
	const struct emd_config_disk *row;
	enum emd_disk_state state;
	u32 ref;
	int pde;

	if (member->disk != EMD_NO_DISK) {
		row = &cfg->disks[member->disk];
		ref = row->native == EMD_NO_DISK ? 0 :
		      ddf_get32(edit->set->le, ddf_pde(edit->set, row->native)->ref);
		if (member->state == EMD_MEMBER_IN_SYNC)
			return ref;
		if (member->state == EMD_MEMBER_REBUILDING &&
		    !serves_another(cfg, ca, member->disk))
			return ref;
		if (member->state != EMD_MEMBER_REBUILDING && row->state != EMD_DISK_ACTIVE &&
		    row->state != EMD_DISK_SPARE)
			return ref;
		if (now == ref)
			return 0;
	}
	pde = ddf_find_ref(edit->set, now);
	if (pde < 0)
		return 0;
	for (row = cfg->disks; row < cfg->disks + cfg->nr_disks; row++) {
		if (row->native != pde)
			continue;
		state = row->state;
		if (state == EMD_DISK_FAILED || state == EMD_DISK_MISSING)
			return now;
	}
	return 0;
}

static void part_progress(const struct edit *edit, const struct emd_config_array *ca, u16 first,
			  u16 n, struct ddf_progress *progress)
{
	const struct emd_config *cfg = edit->cfg;
	const struct emd_config_member *member;
	u16 k;

	memset(progress, 0, sizeof(*progress));
	progress->action = ca->sync;
	progress->dirty = ca->dirty;
	progress->slot = U16_MAX;
	progress->sector = ca->sync_sector;
	for (k = 0; ca->sync == EMD_SYNC_REBUILD && k < n; k++) {
		member = emd_config_member(cfg, ca, first + k);
		if (member->state != EMD_MEMBER_REBUILDING)
			continue;
		progress->slot = k;
		progress->ref = ddf_get32(edit->set->le,
					  ddf_pde(edit->set, cfg->disks[member->disk].native)->ref);
	}
}

static void put_member(const struct edit *edit, const struct emd_config_array *ca, u16 first,
		       u16 k, struct ddf_vdcr_ondisk *vdcr)
{
	const struct emd_config_member *member = emd_config_member(edit->cfg, ca, first + k);
	const struct ddf_set *set = edit->set;
	struct ddf32 *ref = &ddf_vdcr_refs(vdcr)[k];
	struct ddf64 *start = &ddf_vdcr_starts(set, vdcr)[k];

	ddf_put32(set->le, ref, slot_ref(edit, ca, member, ddf_get32(set->le, *ref)));
	if (member->disk != EMD_NO_DISK)
		ddf_put64(set->le, start, div_u64(member->start_sector, ddf_block_sectors(set)));
}

static bool names(const struct ddf_set *set, struct ddf_vdcr_ondisk *vdcr, u32 ref)
{
	u16 k, n = ddf_get16(set->le, vdcr->elements);

	for (k = 0; k < n; k++) {
		if (ddf_get32(set->le, ddf_vdcr_refs(vdcr)[k]) == ref)
			return true;
	}
	return false;
}

/* Is this a record of the same part of the same array as the draft? */
static bool like_draft(const struct edit *edit, u32 record)
{
	const struct ddf_vdcr_ondisk *vdcr = ddf_vdcr(ddf_record(edit->set, record));

	return ddf_get32(edit->set->le, vdcr->signature) == DDF_SIG_VDCR &&
	       vdcr->secondary_seq == draft(edit)->secondary_seq &&
	       !memcmp(vdcr->guid, draft(edit)->guid, DDF_GUID_LEN);
}

/* The first record like the draft on a disk, or -1. */
static int find_like_draft(const struct edit *edit, u32 part)
{
	u32 i;

	for (i = 0; i < edit->set->nr_records; i++) {
		if (ddf_record(edit->set, i)->part == part && like_draft(edit, i))
			return i;
	}
	return -1;
}

/* The draft becomes the record of the disks that it names, and of no other. */
static int spread_draft(struct edit *edit, struct emd_errmsg *msg)
{
	struct ddf_set *set = edit->set;
	struct ddf_record *rec;
	u32 i;
	int k;

	for (i = set->nr_records; i-- > 0;) {
		rec = ddf_record(set, i);
		if (like_draft(edit, i) &&
		    (!names(set, draft(edit), ddf_part(set, rec->part)->ref) ||
		     find_like_draft(edit, rec->part) != i))
			drop_record(edit, i);
	}
	for (i = 0; i < set->nr_parts; i++) {
		if (!names(set, draft(edit), ddf_part(set, i)->ref))
			continue;
		k = find_like_draft(edit, i);
		rec = k < 0 ? ddf_set_add_record(set, room(edit), i) : ddf_record(set, k);
		if (!rec)
			return EMD_REFUSE(msg, -ENOSPC, "no room for another record");
		if (!memcmp(ddf_vdcr(rec), draft(edit), set->record))
			continue;
		memcpy(ddf_vdcr(rec), draft(edit), set->record);
		touch_records(edit, i);
	}
	return 0;
}

static int sync_part(struct edit *edit, const struct emd_config_array *ca, u8 part, u16 n,
		     struct emd_errmsg *msg)
{
	const struct ddf_vde_ondisk *vde = ddf_vde(edit->set, ca->native);
	struct ddf_vdcr_ondisk *vdcr = ddf_newest_vdcr(edit->set, vde->guid, part);
	struct ddf_progress progress;
	struct ddf_set *set = edit->set;
	u16 k;

	if (!vdcr || ddf_get16(set->le, vdcr->elements) != n)
		return EMD_REFUSE(msg, -EUCLEAN, "%s: its record is gone", ca->name);
	memcpy(draft(edit), vdcr, set->record);
	for (k = 0; k < n; k++)
		put_member(edit, ca, part * n, k, draft(edit));
	part_progress(edit, ca, part * n, n, &progress);
	ddf_put_progress(set, draft(edit), &progress);
	if (memcmp(draft(edit), vdcr, set->record)) {
		ddf_put32(set->le, &draft(edit)->seq,
			  ddf_seq_next(ddf_get32(set->le, vdcr->seq)));
		ddf_put32(set->le, &draft(edit)->timestamp, edit->now);
		ddf_seal(set->le, set->zlib, (u8 *)draft(edit), set->record);
	}
	return spread_draft(edit, msg);
}

static u8 computed_state(const struct emd_config *cfg, const struct emd_config_array *ca)
{
	u8 states[EMD_MAX_MEMBERS];
	u16 slot;

	for (slot = 0; slot < ca->geo.nr_members; slot++)
		states[slot] = emd_config_member(cfg, ca, slot)->state;
	switch (emd_geo_array_state(&ca->geo, states)) {
	case EMD_ARRAY_OPTIMAL:
		return DDF_VD_OPTIMAL;
	case EMD_ARRAY_FAILED:
		return DDF_VD_FAILED;
	default:
		break;
	}
	/* Whichever is next, its loss can be borne. */
	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		if (!emd_geo_may_lose(&ca->geo, states, slot))
			return DDF_VD_DEGRADED;
	}
	return DDF_VD_PARTIAL;
}

static void sync_vde(struct edit *edit, const struct emd_config_array *ca)
{
	struct ddf_vde_ondisk *vde = ddf_vde(edit->set, ca->native);
	u8 init = vde->init & DDF_INIT;

	vde->state &= ~(DDF_VD_STATE | DDF_VD_INCONSISTENT);
	vde->state |= computed_state(edit->cfg, ca);
	if (ca->dirty || (ca->sync == EMD_SYNC_RESYNC && ca->initialised))
		vde->state |= DDF_VD_INCONSISTENT;
	if (!emd_levels[ca->geo.level].redundant)
		vde->state &= ~DDF_VD_INCONSISTENT;
	if (ca->initialised)
		init = DDF_INIT_FULL;
	else if (ca->sync == EMD_SYNC_RESYNC || init == DDF_INIT_FULL)
		init = DDF_INIT_RUNNING;
	vde->init = (vde->init & ~DDF_INIT) | init;
}

static int sync_array(struct edit *edit, const struct emd_config_array *ca,
		      struct emd_errmsg *msg)
{
	u8 i, parts = nr_parts_of(edit, ca);
	int ret = 0;

	for (i = 0; !ret && i < parts; i++)
		ret = sync_part(edit, ca, i, ca->geo.nr_members / parts, msg);
	if (!ret)
		sync_vde(edit, ca);
	return ret;
}

/* ---- spares ------------------------------------------------------------------------------- */

static const struct emd_config_disk *row_before(const struct emd_config *t0, u16 native)
{
	u16 i;

	for (i = 0; native != EMD_NO_DISK && i < t0->nr_disks; i++) {
		if (t0->disks[i].native == native)
			return &t0->disks[i];
	}
	return NULL;
}

/* Is it for the same arrays as before? They may have moved within the config. */
static bool same_assignment(const struct emd_config *t0, const struct emd_config_disk *before,
			    const struct emd_config *t1, const struct emd_config_disk *row)
{
	u8 i;

	if (!before || before->scope != row->scope || before->nr_serves != row->nr_serves)
		return false;
	for (i = 0; i < row->nr_serves; i++) {
		if (t0->arrays[before->serves[i]].native != t1->arrays[row->serves[i]].native)
			return false;
	}
	return true;
}

/* All but @kept, -1 for none. */
static void drop_spare_records(struct edit *edit, u32 part, int kept)
{
	struct ddf_set *set = edit->set;
	int i;

	for (i = (int)set->nr_records - 1; i >= 0; i--) {
		if (i != kept && ddf_record(set, i)->part == part &&
		    ddf_get32(set->le, ddf_spare(ddf_record(set, i))->signature) == DDF_SIG_SPARE)
			drop_record(edit, i);
	}
}

/* Is the only change that arrays were deleted? */
static bool serves_the_rest(const struct emd_config *t0, const struct emd_config_disk *before,
			    const struct emd_config *t1, const struct emd_config_disk *row)
{
	u8 i, k = 0;
	u16 native;

	if (!before || before->scope != row->scope)
		return false;
	for (i = 0; i < before->nr_serves; i++) {
		native = t0->arrays[before->serves[i]].native;
		if (k < row->nr_serves && t1->arrays[row->serves[k]].native == native)
			k++;
		else if (has_array(t1, native))
			return false;
	}
	return k == row->nr_serves;
}

static bool serves_guid(const struct edit *edit, const struct emd_config_disk *row,
			const u8 guid[DDF_GUID_LEN])
{
	const struct emd_config *cfg = edit->cfg;
	u8 i;

	for (i = 0; i < row->nr_serves; i++) {
		if (!memcmp(ddf_vde(edit->set, cfg->arrays[row->serves[i]].native)->guid, guid,
			    DDF_GUID_LEN))
			return true;
	}
	return false;
}

/*
 * Those of arrays that are no more go. The rest stays as it is, also what is more than we
 * can keep in mind, unless the spare was assigned anew.
 */
static u32 keep_entries(const struct edit *edit, const struct emd_config_disk *row, bool anew,
			struct ddf_spare_ondisk *spare)
{
	struct ddf_spare_entry_ondisk *entry = ddf_spare_entries(spare);
	const struct ddf_set *set = edit->set;
	u32 i, kept = 0, nr = min_t(u32, ddf_get16(set->le, spare->populated), ddf_spare_room(set));

	for (i = 0; i < nr; i++) {
		if (anew ? serves_guid(edit, row, entry[i].guid) :
			   ddf_find_vde(set, entry[i].guid) >= 0)
			entry[kept++] = entry[i];
	}
	memset(&entry[kept], 0xff, (nr - kept) * sizeof(*entry));
	return kept;
}

static bool has_entry(const struct ddf_set *set, const struct ddf_spare_entry_ondisk *entry,
		      u32 nr, const u8 guid[DDF_GUID_LEN], u8 part)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (!memcmp(entry[i].guid, guid, DDF_GUID_LEN) &&
		    ddf_get16(set->le, entry[i].secondary) == part)
			return true;
	}
	return false;
}

/* An entry for each part of each array: who reads it may look for either. @nr are there. */
static int fill_entries(const struct edit *edit, const struct emd_config_disk *row,
			struct ddf_spare_ondisk *spare, u32 nr, struct emd_errmsg *msg)
{
	struct ddf_spare_entry_ondisk *entry = ddf_spare_entries(spare);
	u32 most = ddf_spare_room(edit->set);
	const struct emd_config_array *ca;
	struct ddf_set *set = edit->set;
	u8 i, part, parts;
	const u8 *guid;

	for (i = 0; i < row->nr_serves; i++) {
		ca = &edit->cfg->arrays[row->serves[i]];
		guid = ddf_vde(set, ca->native)->guid;
		parts = nr_parts_of(edit, ca);
		for (part = 0; part < parts; part++) {
			if (has_entry(set, entry, nr, guid, part))
				continue;
			if (nr == most)
				return EMD_REFUSE(msg, -ENOSPC,
						  "a spare's record has room for %u arrays, or parts of them",
						  most);
			memcpy(entry[nr].guid, guid, DDF_GUID_LEN);
			ddf_put16(set->le, &entry[nr++].secondary, part);
		}
	}
	ddf_put16(set->le, &spare->populated, nr);
	if (ddf_get16(set->le, spare->max) < nr)
		ddf_put16(set->le, &spare->max, most);
	return 0;
}

static struct ddf_record *new_spare_record(struct edit *edit, u32 part)
{
	struct ddf_record *rec = ddf_set_add_record(edit->set, room(edit), part);
	struct ddf_set *set = edit->set;
	struct ddf_spare_ondisk *spare;

	if (!rec)
		return NULL;
	spare = ddf_spare(rec);
	ddf_put32(set->le, &spare->signature, DDF_SIG_SPARE);
	spare->type = DDF_SPARE_DEDICATED;
	ddf_put16(set->le, &spare->populated, 0);
	ddf_put16(set->le, &spare->max, ddf_spare_room(set));
	return rec;
}

/* What is in a record that we do not know of stays. */
static int put_dedicated(struct edit *edit, const struct emd_config_disk *row, bool anew,
			 u32 part, struct emd_errmsg *msg)
{
	struct ddf_set *set = edit->set;
	struct ddf_spare_ondisk *spare;
	struct ddf_record *rec;
	int ret;

	drop_spare_records(edit, part, ddf_find_spare(set, part));
	ret = ddf_find_spare(set, part);
	rec = ret < 0 ? new_spare_record(edit, part) : ddf_record(set, ret);
	if (!rec)
		return EMD_REFUSE(msg, -ENOSPC, "no room for another record");
	spare = ddf_spare(rec);
	ddf_put32(set->le, &spare->timestamp, edit->now);
	spare->type |= DDF_SPARE_DEDICATED;
	ret = fill_entries(edit, row, spare, keep_entries(edit, row, anew, spare), msg);
	ddf_seal(set->le, set->zlib, (u8 *)spare, set->record);
	touch_records(edit, part);
	return ret;
}

/*
 * What a spare is for stands in the disk table, for all or not, and on the spare. One that
 * became a member has nothing to say any more: it does not go back to being a spare.
 */
static int sync_spare(struct edit *edit, const struct emd_config *t0, u16 disk,
		      struct emd_errmsg *msg)
{
	struct emd_config_disk *row = &edit->cfg->disks[disk];
	struct ddf_set *set = edit->set;
	struct ddf_pde_ondisk *pde = ddf_pde(set, row->native);
	int part = ddf_find_part(set, row->native);
	u16 type = ddf_get16(set->le, pde->type) & ~(DDF_PD_GLOBAL_SPARE | DDF_PD_SPARE);
	const struct emd_config_disk *before = row_before(t0, row->native);

	if (part < 0)
		return 0;
	if (row->state == EMD_DISK_ACTIVE)
		drop_spare_records(edit, part, -1);
	if (row->state != EMD_DISK_SPARE || row->scope == EMD_SPARE_UNSAID ||
	    same_assignment(t0, before, edit->cfg, row))
		return 0;
	if (row->scope == EMD_SPARE_DEDICATED) {
		ddf_put16(set->le, &pde->type, type | DDF_PD_SPARE);
		return put_dedicated(edit, row,
				     !serves_the_rest(t0, before, edit->cfg, row), part, msg);
	}
	ddf_put16(set->le, &pde->type, type | DDF_PD_GLOBAL_SPARE);
	drop_spare_records(edit, part, -1);
	return 0;
}

/* ---- disk table --------------------------------------------------------------------------- */

/* Is it filled, and may everybody know? */
static bool openly_rebuilt(const struct emd_config *cfg, u16 disk)
{
	const struct emd_config_array *ca;
	int slot;
	u16 i;

	for (i = 0; i < cfg->nr_arrays; i++) {
		ca = &cfg->arrays[i];
		slot = emd_config_member_slot(cfg, ca, disk);
		if (slot >= 0 &&
		    emd_config_member(cfg, ca, slot)->state == EMD_MEMBER_REBUILDING &&
		    !serves_another(cfg, ca, disk))
			return true;
	}
	return false;
}

static void sync_disk(struct edit *edit, u16 disk)
{
	struct emd_config_disk *row = &edit->cfg->disks[disk];
	struct ddf_pde_ondisk *pde = ddf_pde(edit->set, row->native);
	u16 type = ddf_get16(edit->set->le, pde->type);
	u16 state = ddf_get16(edit->set->le, pde->state);
	u16 spare = DDF_PD_GLOBAL_SPARE | DDF_PD_SPARE;

	switch (row->state) {
	case EMD_DISK_ACTIVE:
		if (emd_config_disk_in_use(edit->cfg, disk))
			type = (type & ~spare) | DDF_PD_MEMBER;
		state &= ~(DDF_PD_FAILED | DDF_PD_MISSING | DDF_PD_REBUILDING |
			   DDF_PD_TRANSITION);
		state |= DDF_PD_ONLINE;
		if (openly_rebuilt(edit->cfg, disk))
			state |= DDF_PD_REBUILDING;
		break;
	case EMD_DISK_SPARE:
		type &= ~DDF_PD_MEMBER;
		if (!(type & spare))
			type |= DDF_PD_GLOBAL_SPARE;
		if (row->scope == EMD_SPARE_UNSAID)
			row->scope = EMD_SPARE_GLOBAL;
		state &= ~(DDF_PD_FAILED | DDF_PD_MISSING | DDF_PD_REBUILDING |
			   DDF_PD_TRANSITION);
		state |= DDF_PD_ONLINE;
		break;
	case EMD_DISK_FAILED:
		/* As mdadm leaves one that was replaced. */
		if (!emd_config_disk_in_use(edit->cfg, disk))
			type = (type & ~DDF_PD_MEMBER) |
			       (type & spare ? 0 : DDF_PD_GLOBAL_SPARE);
		state |= DDF_PD_FAILED;
		state &= ~DDF_PD_REBUILDING;
		break;
	case EMD_DISK_MISSING:
		state |= DDF_PD_FAILED | DDF_PD_MISSING;
		state &= ~(DDF_PD_ONLINE | DDF_PD_REBUILDING);
		break;
	default:
		return;
	}
	ddf_put16(edit->set->le, &pde->type, type);
	ddf_put16(edit->set->le, &pde->state, state);
}

/*
 * Some count the rows in use, others take this for the last of them. Without gaps
 * both are right; with a gap nobody must overlook the last.
 */
static void count_rows(struct edit *edit)
{
	struct ddf_set *set = edit->set;
	u16 pds = 0, vds = 0;
	u32 i;

	for (i = 0; i < set->max_pd; i++) {
		if (ddf_pde_used(set, i))
			pds = i + 1;
	}
	for (i = 0; i < set->max_vd; i++) {
		if (ddf_vde_used(set, i))
			vds = i + 1;
	}
	ddf_put16(set->le, &ddf_pdr(set)->populated, pds);
	ddf_put16(set->le, &ddf_vdr(set)->populated, vds);
}

/* ---- the whole ------------------------------------------------------------------------------ */

/* Rows that mean nothing any more: neither listed nor live. */
static void drop_rows(struct emd_config *cfg)
{
	int i;

	for (i = cfg->nr_disks - 1; i >= 0; i--) {
		if (cfg->disks[i].native == EMD_NO_DISK && !cfg->disks[i].handle &&
		    !emd_config_disk_in_use(cfg, i))
			emd_change_remove_disk(cfg, i);
	}
}

static int edit_all(struct edit *edit, const struct emd_config *t0, struct emd_errmsg *msg)
{
	struct emd_config *cfg = edit->cfg;
	u16 i;
	int ret;

	remove_deleted_arrays(edit, t0);
	remove_orphaned_records(edit);
	remove_left_disks(edit);
	rename_arrays(edit, t0);
	ret = add_new_disks(edit, msg);
	if (!ret)
		ret = add_new_arrays(edit, msg);
	for (i = 0; !ret && i < cfg->nr_arrays; i++) {
		if (!cfg->arrays[i].flags)
			ret = sync_array(edit, &cfg->arrays[i], msg);
	}
	for (i = 0; !ret && i < cfg->nr_disks; i++) {
		if (cfg->disks[i].native == EMD_NO_DISK)
			continue;
		sync_disk(edit, i);
		ret = sync_spare(edit, t0, i, msg);
	}
	return ret;
}

static void seal_tables(struct edit *edit)
{
	struct ddf_set *set = edit->set;

	count_rows(edit);
	ddf_seal(set->le, set->zlib, (u8 *)ddf_pdr(set), set->section[DDF_PDR]);
	ddf_seal(set->le, set->zlib, (u8 *)ddf_vdr(set), set->section[DDF_VDR]);
}

static u32 used_slots(const struct ddf_set *set, u32 part)
{
	const struct ddf_record *rec;
	u32 i, used = 0;

	for (i = 0; i < set->nr_records; i++) {
		rec = ddf_record(set, i);
		if (rec->part == part)
			used = max(used, rec->slot + 1);
	}
	return used;
}

/* What @t0 had durable need not be written again. */
static void note_writes(struct edit *edit, const struct ddf_set *before, bool all)
{
	struct ddf_set *set = edit->set;
	struct ddf_part *part;
	u32 i, write = 0;

	if (memcmp(ddf_pdr(set), ddf_pdr(before), set->section[DDF_PDR]))
		write |= 1u << DDF_PDR;
	if (memcmp(ddf_vdr(set), ddf_vdr(before), set->section[DDF_VDR]))
		write |= 1u << DDF_VDR;
	for (i = 0; i < set->nr_parts; i++) {
		part = ddf_part(set, i);
		part->write |= all ? DDF_WRITE_ALL : write;
		part->slots = max(part->slots, used_slots(set, i));
		part->write_slots = part->slots;
		if ((part->write & DDF_WRITE_ALL) == DDF_WRITE_ALL)
			part->write_slots = ddf_nr_slots(set);
	}
}

static void forget_writes(struct ddf_set *set)
{
	u32 i;

	for (i = 0; i < set->nr_parts; i++)
		ddf_part(set, i)->write = 0;
}

/**
 * ddf_update() - make the native bytes say what the config says
 * @t0: the config before; its bytes are in @t1 already
 * @t1: changed
 * @msg: where the reason goes
 *
 * Return: 0; -ENOSPC without room; -EUCLEAN if the bytes are not what decode
 * let through. Then @t1 is to be dropped.
 */
int ddf_update(const struct emd_config *t0, struct emd_config *t1, struct emd_errmsg *msg)
{
	struct edit edit = {
		.cfg = t1,
		.set = ddf_set(t1),
		.now = t1->now - DDF_EPOCH,
		.random = t1->entropy,
	};
	struct ddf_set *set = edit.set;
	/* Only what an update made and nobody outranked is known to be on the disks. */
	bool all = !set->updated || t1->generation != t0->generation;
	int ret;

	if (t1->max_native < set->record || t1->native_len > room(&edit))
		return EMD_REFUSE(msg, -ENOSPC, "no room for the metadata");
	if (!all) {
		note_numbers(set);
		forget_writes(set);
	}
	/* One that was made to outrank has a number that nobody carries yet. */
	if (t1->generation == t0->generation)
		set->seq = ddf_seq_next(set->seq);
	set->timestamp = edit.now;
	set->updated = 1;
	ret = edit_all(&edit, t0, msg);
	if (ret)
		return ret;
	seal_tables(&edit);
	note_writes(&edit, ddf_set(t0), all);
	drop_rows(t1);
	t1->native_len = set->len;
	t1->generation = set->seq;
	for (ret = 0; ret < t1->nr_arrays; ret++)
		ddf_array_uuid(set, t1->arrays[ret].native, t1->arrays[ret].uuid);
	return 0;
}

/**
 * ddf_supersede() - outrank what other disks may already carry
 * @cfg: config whose bytes are in line
 * @generation: newest that any disk may carry
 *
 * Progress that was noted for the old number does not hold for the new one: noted
 * again. Records count on for themselves: one that was given up got the next number, and
 * may stay on a disk that refuses to have it taken away. Everything is written: what the
 * disks carry is not known.
 */
void ddf_supersede(struct emd_config *cfg, u64 generation)
{
	struct edit edit = { .cfg = cfg, .set = ddf_set(cfg) };
	struct ddf_set *set = edit.set;
	struct ddf_progress progress;
	struct ddf_vdcr_ondisk *vdcr;
	struct ddf_part *part;
	u32 i, k, rec_seq, seq = ddf_seq_next(generation), old = set->seq;
	bool known;

	note_numbers(set);
	for (i = 0; i < set->nr_records; i++) {
		vdcr = ddf_vdcr(ddf_record(set, i));
		set->seq = old;
		if (!ddf_vdcr_is(set, ddf_record(set, i)))
			continue;
		known = ddf_get_progress(set, vdcr, &progress);
		set->seq = seq;
		if (known)
			ddf_put_progress(set, vdcr, &progress);
		/* Each number that was given up may have counted one more. */
		rec_seq = ddf_get32(set->le, vdcr->seq);
		for (k = 0; k < min_t(u32, 2 * (seq - old), MAX_GIVEN_UP); k++)
			rec_seq = ddf_seq_next(rec_seq);
		ddf_put32(set->le, &vdcr->seq, rec_seq);
		ddf_seal(set->le, set->zlib, (u8 *)vdcr, set->record);
	}
	set->seq = seq;
	for (i = 0; i < set->nr_parts; i++) {
		part = ddf_part(set, i);
		part->write = DDF_WRITE_ALL;
		part->write_slots = ddf_nr_slots(set);
	}
	cfg->generation = seq;
}
