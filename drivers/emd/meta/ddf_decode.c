// SPDX-License-Identifier: GPL-2.0
/*
 * DDF: what the metadata means, as a config. The trust boundary for tables and
 * records: what comes out of here has been checked against the disks, against
 * itself and against what we can honour.
 *
 * One disk's metadata names all disks and all virtual disks, but has the records of
 * its own only. So the config of one disk has arrays whose members are not known;
 * ddf_unite() makes one of what all the disks of a container know.
 *
 * An array that is well-formed but uses something that we do not do, or of which
 * too little is known, carries a flag and a reason. A record that contradicts itself
 * makes its array unusable, not the disk.
 *
 * States. A slot is what its disk is: the disk table has failed, missing and
 * rebuilding, for the disk as a whole. A disk that is here without a record of the
 * array lacks the array's content. The state byte of a virtual disk is believed
 * where it tells more than the disks do: not consistent, offline, deleted, and
 * degraded while nothing is lost: then somebody stopped in the middle of a rebuild
 * onto a disk that serves other arrays too, and nobody knows which it was.
 *
 * Pure; allocates the config.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "ddf.h"

/* ---- identities --------------------------------------------------------------- */

/**
 * ddf_row_id() - the name of a disk in messages, as mdadm prints it
 * @ref: PD reference
 * @id: text
 */
void ddf_row_id(u32 ref, char id[EMD_DISK_ID_LEN])
{
	memset(id, 0, EMD_DISK_ID_LEN);
	snprintf(id, EMD_DISK_ID_LEN, "%08x", ref);
}

/**
 * ddf_uuid() - the container's identity, as mdadm has it
 * @set: set
 * @guid: header GUID
 * @uuid: identity
 */
void ddf_uuid(const struct ddf_set *set, const u8 guid[DDF_GUID_LEN], u8 uuid[16])
{
	emd_uuid_sha1(guid, DDF_GUID_LEN, uuid);
}

/**
 * ddf_array_uuid() - an array's identity, as mdadm has it
 * @set: set
 * @vde: row of the virtual disks' table
 * @uuid: identity
 *
 * LSI's BIOS changes a time within the GUID at every start.
 */
void ddf_array_uuid(const struct ddf_set *set, u32 vde, u8 uuid[16])
{
	const struct ddf_controller_ondisk *controller;
	const struct ddf_vde_ondisk *entry = ddf_vde(set, vde);
	struct {
		u8 guid[DDF_GUID_LEN];
		u8 name[DDF_NAME_LEN];
		u8 index[2];
	} data;

	controller = set->nr_parts ? (const struct ddf_controller_ondisk *)
		ddf_part_controller(set, ddf_part(set, 0)) : NULL;
	if (!controller || memcmp(controller->guid, "LSI     ", 8)) {
		emd_uuid_sha1(entry->guid, DDF_GUID_LEN, uuid);
		return;
	}
	memcpy(data.guid, set->guid, DDF_GUID_LEN);
	memcpy(data.name, entry->name, DDF_NAME_LEN);
	data.index[0] = vde;
	data.index[1] = vde >> 8;
	emd_uuid_sha1(&data, sizeof(data), uuid);
}

/* A name that can be a file's, and that no other array of the container has. */
static void decode_name(const struct emd_config *cfg, u32 vde, char name[EMD_NAME_LEN])
{
	const u8 *raw = ddf_vde(ddf_set(cfg), vde)->name;
	unsigned int len = DDF_NAME_LEN;
	char instead[EMD_NAME_LEN];

	while (len && (!raw[len - 1] || raw[len - 1] == ' ' || raw[len - 1] == 0xff))
		len--;
	snprintf(instead, sizeof(instead), "vd%u", vde);
	emd_config_name_array(cfg, vde, raw, len, instead, name);
}

/* ---- disks ----------------------------------------------------------------------- */

/* Some LSI controllers fill the upper bits with ones, or with something else. */
static u64 configured_sectors(const struct ddf_set *set, const struct ddf_pde_ondisk *pde)
{
	u64 blocks = ddf_get64(set->le, pde->size);

	if (blocks >> 32 == 0xffffffff)
		blocks &= 0xffffffff;
	else
		blocks &= (1ULL << 48) - 1;
	return ddf_sectors(set, blocks);
}

static bool is_referenced(const struct ddf_set *set, u32 ref)
{
	struct ddf_vdcr_ondisk *vdcr;
	u32 i, k, n;

	for (i = 0; i < set->nr_records; i++) {
		vdcr = ddf_vdcr(ddf_record(set, i));
		if (ddf_get32(set->le, vdcr->signature) != DDF_SIG_VDCR)
			continue;
		n = min_t(u32, ddf_get16(set->le, vdcr->elements), set->max_elements);
		for (k = 0; k < n; k++) {
			if (ddf_get32(set->le, ddf_vdcr_refs(vdcr)[k]) == ref)
				return ddf_find_vde(set, vdcr->guid) >= 0;
		}
	}
	return false;
}

static enum emd_disk_state disk_state(const struct ddf_set *set, u32 i)
{
	const struct ddf_pde_ondisk *pde = ddf_pde(set, i);
	u16 type = ddf_get16(set->le, pde->type), state = ddf_get16(set->le, pde->state);

	if (type & (DDF_PD_FOREIGN | DDF_PD_LEGACY))
		return EMD_DISK_FOREIGN;
	if (state & DDF_PD_MISSING)
		return EMD_DISK_MISSING;
	if (state & DDF_PD_FAILED)
		return EMD_DISK_FAILED;
	/* FreeBSD clears "online" on a disk that it rebuilds. */
	if (!(state & (DDF_PD_ONLINE | DDF_PD_REBUILDING)))
		return EMD_DISK_FAILED;
	if (type & (DDF_PD_GLOBAL_SPARE | DDF_PD_SPARE) && !(type & DDF_PD_MEMBER) &&
	    !is_referenced(set, ddf_get32(set->le, pde->ref)))
		return EMD_DISK_SPARE;
	return EMD_DISK_ACTIVE;
}

static void decode_disks(struct emd_config *cfg)
{
	const struct ddf_set *set = ddf_set(cfg);
	struct emd_config_disk *row;
	int part;
	u32 i;

	for (i = 0; i < set->max_pd; i++) {
		if (!ddf_pde_used(set, i))
			continue;
		row = &cfg->disks[cfg->nr_disks++];
		ddf_row_id(ddf_get32(set->le, ddf_pde(set, i)->ref), row->id);
		row->native = i;
		row->state = disk_state(set, i);
		part = ddf_find_part(set, i);
		row->sectors = part >= 0 ?
			ddf_sectors(set, ddf_part(set, part)->anchor_lba + 1) :
			min(configured_sectors(set, ddf_pde(set, i)), EMD_MAX_SECTORS);
	}
}

static u16 row_of_ref(const struct emd_config *cfg, u32 ref)
{
	int pde = ddf_find_ref(ddf_set(cfg), ref);
	u16 i;

	for (i = 0; pde >= 0 && i < cfg->nr_disks; i++) {
		if (cfg->disks[i].native == pde)
			return i;
	}
	return EMD_NO_DISK;
}

static void flag_container(struct emd_config *cfg)
{
	const struct ddf_set *set = ddf_set(cfg);
	const struct ddf_header_ondisk *header;
	u32 i, k;

	for (i = 0; i < set->nr_parts; i++) {
		header = ddf_part_header(ddf_part(set, i));
		if (header->foreign == 1)
			emd_config_flag(&cfg->flags, cfg->reason, EMD_CFG_NO_START,
					"marked as foreign to the controller it is on");
		if (memcmp(header->revision, "01.", 3) && memcmp(header->revision, "02.", 3))
			emd_config_flag(&cfg->flags, cfg->reason, EMD_CFG_READ_ONLY,
					"a revision that is not known");
	}
	for (i = 0; i < cfg->nr_disks; i++) {
		for (k = 0; k < i; k++) {
			if (!strcmp(cfg->disks[i].id, cfg->disks[k].id))
				emd_config_flag(&cfg->flags, cfg->reason, EMD_CFG_READ_ONLY,
						"two disks have the reference %s",
						cfg->disks[i].id);
		}
	}
}

/* ---- arrays ------------------------------------------------------------------------- */

#define refuse(ca, fmt, ...) \
	emd_config_flag(&(ca)->flags, (ca)->reason, EMD_CFG_NO_START, fmt, ##__VA_ARGS__)

/* Slots to show for a virtual disk: all it has, or one when that is not sensible. */
static u32 nr_slots(const struct ddf_set *set, u32 vde)
{
	const struct ddf_vdcr_ondisk *vdcr = ddf_any_vdcr(set, ddf_vde(set, vde)->guid);
	u32 n;

	if (!vdcr)
		return 1;
	n = ddf_get16(set->le, vdcr->elements);
	if (!n || n > set->max_elements || !vdcr->secondary_count)
		return 1;
	n *= vdcr->secondary_count;
	return n > EMD_MAX_MEMBERS ? 1 : n;
}

/* Is this row's GUID another row's, too? The first has it then. */
static bool is_first_vde(const struct ddf_set *set, u32 vde)
{
	return ddf_vde_used(set, vde) && ddf_find_vde(set, ddf_vde(set, vde)->guid) == vde;
}

static void set_level(struct emd_geometry *geo, enum emd_level level, enum emd_layout layout)
{
	geo->level = level;
	geo->layout = layout;
	geo->nr_copies = level == EMD_LEVEL_RAID1 ? geo->nr_members :
			 level == EMD_LEVEL_RAID1E || level == EMD_LEVEL_RAID10 ? 2 : 1;
}

/* Parts of one shape: which array of ours is that? False: none. */
static bool join_parts(const struct ddf_vdcr_ondisk *vdcr, u16 elements, struct emd_geometry *geo)
{
	bool striped = vdcr->secondary_level == DDF_SRL_STRIPED ||
		       vdcr->secondary_level == DDF_SRL_SPANNED;

	if (!striped && vdcr->secondary_level != DDF_SRL_CONCAT)
		return false;
	switch (geo->level) {
	case EMD_LEVEL_RAID0:
		if (striped)
			return true;	/* of all their members */
		break;
	case EMD_LEVEL_RAID4:
	case EMD_LEVEL_RAID5:
	case EMD_LEVEL_RAID6:
		break;
	case EMD_LEVEL_RAID1:
	case EMD_LEVEL_RAID1E:
		/* LSI calls its pairs RAID1E. Wider ones alternate nobody agrees how. */
		if (!striped || elements != 2 || geo->layout == EMD_LAYOUT_OFFSET)
			return false;
		set_level(geo, EMD_LEVEL_RAID10, EMD_LAYOUT_ADJACENT);
		return true;
	default:
		return false;
	}
	geo->nr_spans = vdcr->secondary_count;
	geo->span_join = striped ? EMD_SPANS_STRIPED : EMD_SPANS_CONCAT;
	return true;
}

/*
 * How rows alternate between striped parts is known from LSI's own driver, not from
 * the specification: what others made is only read. Whose an array is its GUID says.
 */
static void flag_parts(const struct ddf_vdcr_ondisk *vdcr, struct emd_config_array *ca)
{
	if (vdcr->secondary_count > 1 && vdcr->secondary_level != DDF_SRL_CONCAT &&
	    (emd_geo_has_parity(&ca->geo) || ca->geo.level == EMD_LEVEL_RAID0) &&
	    memcmp(vdcr->guid, DDF_OUR_VENDOR, 8))
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_READ_ONLY,
				"parts of %s are striped by somebody else's rule",
				emd_levels[ca->geo.level].name);
}

/* Known, and known not to be anything we map: why. */
static void refuse_level(const struct ddf_vdcr_ondisk *vdcr, struct emd_config_array *ca)
{
	const char *name = ddf_level_name(vdcr->level);

	switch (vdcr->level) {
	case DDF_RAID3:
		refuse(ca, "RAID3 spreads every block over all disks, not supported");
		break;
	case DDF_RAID5EE:
		refuse(ca, "RAID5EE keeps room in every row, where is not known, not supported");
		break;
	case DDF_MDF:
		refuse(ca, "MDF with %u disks of parity is not supported", vdcr->mdf_parity);
		break;
	default:
		refuse(ca, "%s (%02x, qualifier %02x) is not supported", name, vdcr->level,
		       vdcr->qualifier);
	}
}

static void decode_level(const struct ddf_set *set, const struct ddf_vdcr_ondisk *vdcr,
			 struct emd_config_array *ca)
{
	u16 elements = ddf_get16(set->le, vdcr->elements);
	const struct ddf_level *level = ddf_level_decode(vdcr->level, vdcr->qualifier);

	if (!level) {
		refuse_level(vdcr, ca);
		return;
	}
	set_level(&ca->geo, level->level, level->layout);
	if (level->level == EMD_LEVEL_RAID5 && ddf_is_adaptec(set))
		ca->geo.layout = EMD_LAYOUT_LEFT_ASYMMETRIC;
	if (vdcr->level == DDF_RAID5R)
		ca->geo.rotate_shift = vdcr->rotate_count > EMD_MAX_ROTATE_SHIFT ? 0 :
				       vdcr->rotate_count;
	if (vdcr->secondary_count > 1 && !join_parts(vdcr, elements, &ca->geo)) {
		refuse(ca, "%u parts of %s, %u disks each, joined in way %02x, are not supported",
		       vdcr->secondary_count, ddf_level_name(vdcr->level), elements,
		       vdcr->secondary_level);
		set_level(&ca->geo, EMD_LEVEL_CONCAT, EMD_LAYOUT_NONE);
		return;
	}
	flag_parts(vdcr, ca);
	if (level->layout == EMD_LAYOUT_OFFSET && ddf_is_linux(set->guid))
		refuse(ca, "mdadm writes RAID1E with the far layout like this, not supported");
	/* Only while its hot space is free do its rows lie like this. */
	if (vdcr->level == DDF_RAID5E)
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_READ_ONLY,
				"RAID5E, whose hot space is not managed");
}

/* What all but concatenations and mirrors record, and those fill with anything. */
static bool strip_matters(const struct emd_geometry *geo)
{
	return emd_levels[geo->level].striped;
}

/* A strip less in each row would hold it all. */
static bool has_hot_space(const struct emd_geometry *geo, u64 size)
{
	u16 n = emd_geo_span_members(geo);

	return n > 2 && size <= div_u64(emd_geo_capacity(geo), n - 1) * (n - 2);
}

static void decode_sizes(const struct ddf_set *set, const struct ddf_vdcr_ondisk *vdcr,
			 struct emd_config_array *ca)
{
	struct emd_geometry *geo = &ca->geo;
	u64 element = ddf_sectors(set, ddf_get64(set->le, vdcr->block_count));
	u64 size = ddf_sectors(set, ddf_get64(set->le, vdcr->vd_size));
	struct emd_errmsg why = {};

	geo->strip_sectors = 128;
	geo->member_sectors = element;
	if (strip_matters(geo)) {
		if (vdcr->strip > 17) {
			refuse(ca, "strip of 2^%u blocks", vdcr->strip);
			return;
		}
		geo->strip_sectors = ddf_block_sectors(set) << vdcr->strip;
		geo->member_sectors = element & ~((u64)geo->strip_sectors - 1);
	}
	if (element > EMD_MAX_SECTORS || size > EMD_MAX_SECTORS) {
		refuse(ca, "elements of %llu sectors, %llu in all", element, size);
		geo->member_sectors = 0;
		return;
	}
	/* mdadm records no size for a concatenation. */
	geo->array_sectors = size;
	if (vdcr->level == DDF_RAID5E && !(ca->flags & EMD_CFG_NO_START) &&
	    !has_hot_space(geo, size))
		refuse(ca, "RAID5E without room for a disk that fails");
	if (!size && geo->level == EMD_LEVEL_CONCAT)
		geo->array_sectors = min(element * geo->nr_members, EMD_MAX_SECTORS);
	ca->reserve_sectors = min_t(u64, element - geo->member_sectors, U32_MAX);
	if (!(ca->flags & EMD_CFG_NO_START) && emd_geo_validate(geo, &why))
		refuse(ca, "%.100s", why.text);
}

static bool same_shape(const struct ddf_vdcr_ondisk *a, const struct ddf_vdcr_ondisk *b)
{
	return !memcmp(&a->elements, &b->elements, sizeof(a->elements)) && a->level == b->level &&
	       a->qualifier == b->qualifier && a->secondary_count == b->secondary_count &&
	       a->secondary_level == b->secondary_level && a->strip == b->strip &&
	       !memcmp(&a->block_count, &b->block_count, sizeof(a->block_count)) &&
	       !memcmp(&a->vd_size, &b->vd_size, sizeof(a->vd_size));
}

static bool has_record(const struct ddf_set *set, u32 part, const u8 guid[DDF_GUID_LEN])
{
	const struct ddf_record *rec;
	u32 i;

	for (i = 0; i < set->nr_records; i++) {
		rec = ddf_record(set, i);
		if (rec->part == part && !memcmp(ddf_vdcr(rec)->guid, guid, DDF_GUID_LEN) &&
		    ddf_vdcr_is(set, rec))
			return true;
	}
	return false;
}

static enum emd_member_state member_state(const struct emd_config *cfg,
					  const struct emd_config_array *ca, u16 row,
					  const u8 guid[DDF_GUID_LEN])
{
	const struct ddf_set *set = ddf_set(cfg);
	const struct emd_config_disk *disk;
	int part;

	if (row == EMD_NO_DISK)
		return EMD_MEMBER_MISSING;
	disk = &cfg->disks[row];
	if (disk->state == EMD_DISK_FAILED)
		return EMD_MEMBER_FAILED;
	if (disk->state != EMD_DISK_ACTIVE)
		return EMD_MEMBER_MISSING;
	if (ddf_get16(set->le, ddf_pde(set, disk->native)->state) & DDF_PD_REBUILDING)
		return emd_levels[ca->geo.level].redundant ? EMD_MEMBER_REBUILDING :
							     EMD_MEMBER_MISSING;
	part = ddf_find_part(set, disk->native);
	if (part >= 0 && !has_record(set, part, guid))
		return EMD_MEMBER_MISSING;
	return EMD_MEMBER_IN_SYNC;
}

/* A member must end before the first structure on its disk, and read as it is. */
static void check_member(struct emd_config *cfg, struct emd_config_array *ca, u16 slot)
{
	struct emd_config_member *member = emd_config_member(cfg, ca, slot);
	const struct ddf_set *set = ddf_set(cfg);
	struct emd_config_disk *disk;
	const struct ddf_part *part;
	u64 end;
	int i;

	if (member->start_sector > EMD_MAX_SECTORS) {
		if (member->disk != EMD_NO_DISK)
			refuse(ca, "slot %u has no place on its disk", slot);
		member->start_sector = 0;
		member->nr_sectors = 0;
	}
	if (member->disk == EMD_NO_DISK)
		return;
	end = member->start_sector + member->nr_sectors + ca->reserve_sectors;
	disk = &cfg->disks[member->disk];
	i = ddf_find_part(set, disk->native);
	if (i < 0) {
		disk->sectors = min(max(disk->sectors, end), EMD_MAX_SECTORS);
		return;
	}
	part = ddf_part(set, i);
	if (end > part->limit)
		refuse(ca, "slot %u ends at sector %llu, metadata begins at %llu", slot, end,
		       part->limit);
	if (part->bad_blocks)
		refuse(ca, "disk %s remaps %u bad blocks, not supported", disk->id,
		       part->bad_blocks);
}

static void decode_part(struct emd_config *cfg, struct emd_config_array *ca,
			struct ddf_vdcr_ondisk *vdcr, u16 first)
{
	const struct ddf_set *set = ddf_set(cfg);
	u16 n = ddf_get16(set->le, vdcr->elements), slot, k;
	struct emd_config_member *member;

	for (k = 0; k < n; k++) {
		slot = first + k;
		member = emd_config_member(cfg, ca, slot);
		member->disk = row_of_ref(cfg, ddf_get32(set->le, ddf_vdcr_refs(vdcr)[k]));
		member->state = member_state(cfg, ca, member->disk, vdcr->guid);
		member->start_sector =
			ddf_sectors(set, ddf_get64(set->le, ddf_vdcr_starts(set, vdcr)[k]));
		member->nr_sectors = ca->geo.member_sectors;
		check_member(cfg, ca, slot);
	}
}

/*
 * A disk that serves another array is not marked as being rebuilt, or all its arrays
 * would lose it with other drivers. Its slot still names the lost disk; the new one
 * is in our scratch. So is one that is marked: marks and records are not written in one.
 */
static void place_target(struct emd_config *cfg, struct emd_config_array *ca, u16 slot,
			 const struct ddf_progress *progress)
{
	struct emd_config_member *member = emd_config_member(cfg, ca, slot);
	u16 row = row_of_ref(cfg, progress->ref);

	if (row == EMD_NO_DISK || cfg->disks[row].state != EMD_DISK_ACTIVE)
		return;
	/* The mark went with a change that did not reach this record's disks. */
	if (progress->late && member->disk == row && member->state == EMD_MEMBER_IN_SYNC)
		member->state = EMD_MEMBER_REBUILDING;
	if (member->state != EMD_MEMBER_MISSING && member->state != EMD_MEMBER_FAILED)
		return;
	if (member->disk != row && emd_config_member_slot(cfg, ca, row) >= 0)
		return;
	member->disk = row;
	member->state = EMD_MEMBER_REBUILDING;
	check_member(cfg, ca, slot);
}

static void decode_sync(struct emd_config *cfg, struct emd_config_array *ca,
			const struct ddf_vde_ondisk *vde, u8 nr_parts)
{
	const struct ddf_set *set = ddf_set(cfg);
	bool redundant = emd_levels[ca->geo.level].redundant, known = false, dirty = false;
	bool resync = false, same = true;
	u16 n = ca->geo.nr_members / nr_parts, slot, nr_rebuilding = 0;
	struct ddf_progress progress;
	struct ddf_vdcr_ondisk *vdcr;
	u64 sector = U64_MAX;
	u8 i;

	for (i = 0; i < nr_parts; i++) {
		vdcr = ddf_newest_vdcr(set, vde->guid, i);
		if (!vdcr || !ddf_get_progress(set, vdcr, &progress)) {
			same = false;
			continue;
		}
		known = true;
		same &= !progress.late;
		dirty |= progress.dirty;
		sector = min(sector, progress.sector);
		resync |= progress.action == EMD_SYNC_RESYNC;
		if (progress.action == EMD_SYNC_REBUILD && progress.slot < n)
			place_target(cfg, ca, i * n + progress.slot, &progress);
	}
	for (slot = 0; slot < ca->geo.nr_members; slot++)
		nr_rebuilding += emd_config_member(cfg, ca, slot)->state == EMD_MEMBER_REBUILDING;

	ca->dirty = redundant && (known && same ? dirty : vde->state & DDF_VD_INCONSISTENT);
	ca->initialised = !redundant || (vde->init & DDF_INIT) == DDF_INIT_FULL;
	ca->sync = EMD_SYNC_IDLE;
	ca->sync_sector = 0;
	if (nr_rebuilding)
		ca->sync = EMD_SYNC_REBUILD;
	else if (redundant && known && same && resync)
		ca->sync = EMD_SYNC_RESYNC;
	/* Dirty means that writes below the position may have been torn. */
	if (ca->sync != EMD_SYNC_IDLE && known && same && !ca->dirty && nr_rebuilding < 2 &&
	    resync == (ca->sync == EMD_SYNC_RESYNC) && sector <= ca->geo.array_sectors)
		ca->sync_sector = sector;
}

static void flag_state(const struct emd_config *cfg, struct emd_config_array *ca,
		       const struct ddf_vde_ondisk *vde, bool hot_space)
{
	u8 state = vde->state & DDF_VD_STATE;
	u16 slot, lost = 0;

	for (slot = 0; slot < ca->geo.nr_members; slot++)
		lost += emd_config_member(cfg, ca, slot)->state != EMD_MEMBER_IN_SYNC;
	if (lost && hot_space)
		refuse(ca, "RAID5E that has lost a disk: its hot space may be in use");
	if (vde->state & DDF_VD_MORPHING)
		refuse(ca, "a reshape is running, finish it where it was begun");
	if (state == DDF_VD_OFFLINE)
		refuse(ca, "it was taken offline");
	if (state == DDF_VD_DELETED)
		refuse(ca, "it is marked as deleted");
	if (!lost && emd_levels[ca->geo.level].redundant &&
	    (state == DDF_VD_DEGRADED || state == DDF_VD_PARTIAL))
		refuse(ca,
		       "degraded although no disk is lost: one is half rebuilt, not recorded which");
	switch (vde->init & DDF_ACCESS) {
	case DDF_ACCESS_RW:
		break;
	case DDF_ACCESS_BLOCKED:
		refuse(ca, "access to it is blocked");
		break;
	default:
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_READ_ONLY, "it is read-only");
	}
}

/* Nothing known but that it exists: its disks are waited for. */
static void unknown_members(struct emd_config *cfg, struct emd_config_array *ca, u16 first,
			    u16 nr)
{
	struct emd_config_member *member;
	u16 slot;

	for (slot = first; slot < first + nr; slot++) {
		member = emd_config_member(cfg, ca, slot);
		member->disk = EMD_NO_DISK;
		member->state = EMD_MEMBER_IN_SYNC;
	}
}

static void decode_array(struct emd_config *cfg, u32 v)
{
	const struct ddf_set *set = ddf_set(cfg);
	const struct ddf_vde_ondisk *vde = ddf_vde(set, v);
	struct ddf_vdcr_ondisk *vdcr = ddf_any_vdcr(set, vde->guid), *other;
	struct emd_config_array *ca = &cfg->arrays[cfg->nr_arrays];
	u16 n;
	u8 i;

	decode_name(cfg, v, ca->name);
	ddf_array_uuid(set, v, ca->uuid);
	ca->native = v;
	ca->first_member = cfg->nr_members;
	ca->geo.nr_members = nr_slots(set, v);
	ca->geo.nr_copies = 1;
	ca->initialised = true;
	cfg->nr_members += ca->geo.nr_members;
	cfg->nr_arrays++;
	if (!vdcr) {
		refuse(ca, "the disks that have its record are not here");
		unknown_members(cfg, ca, 0, 1);
		return;
	}
	n = ddf_get16(set->le, vdcr->elements);
	if (!n || n > set->max_elements || !vdcr->secondary_count ||
	    n * vdcr->secondary_count != ca->geo.nr_members ||
	    vdcr->secondary_seq >= vdcr->secondary_count) {
		refuse(ca, "its record has %u disks, part %u of %u", n, vdcr->secondary_seq,
		       vdcr->secondary_count);
		unknown_members(cfg, ca, 0, ca->geo.nr_members);
		return;
	}
	decode_level(set, vdcr, ca);
	decode_sizes(set, vdcr, ca);
	for (i = 0; i < vdcr->secondary_count; i++) {
		other = ddf_newest_vdcr(set, vde->guid, i);
		if (other && same_shape(vdcr, other)) {
			decode_part(cfg, ca, other, i * n);
			continue;
		}
		if (other)
			refuse(ca, "its parts do not agree about its shape");
		else
			refuse(ca, "part %u of %u is on disks that are not here", i,
			       vdcr->secondary_count);
		unknown_members(cfg, ca, i * n, n);
	}
	if (!(ca->flags & EMD_CFG_NO_START))
		decode_sync(cfg, ca, vde, vdcr->secondary_count);
	flag_state(cfg, ca, vde, vdcr->level == DDF_RAID5E);
}

/* ---- spares ------------------------------------------------------------------------ */

static int array_of_guid(const struct emd_config *cfg, const u8 guid[DDF_GUID_LEN])
{
	int vde = ddf_find_vde(ddf_set(cfg), guid);
	u16 i;

	for (i = 0; vde >= 0 && i < cfg->nr_arrays; i++) {
		if (cfg->arrays[i].native == vde)
			return i;
	}
	return -ENOENT;
}

/* An array of parts may be there once for each of them. */
static void serve(struct emd_config_disk *row, u16 array)
{
	u8 i;

	for (i = 0; i < row->nr_serves; i++) {
		if (row->serves[i] == array)
			return;
	}
	if (row->nr_serves < EMD_MAX_SERVES)
		row->serves[row->nr_serves++] = array;
}

/**
 * ddf_decode_spare() - which arrays a spare is for
 * @cfg: config whose arrays are known
 * @row: a spare's, listed
 *
 * A dedicated spare serves the arrays that its record lists, any other one all; so does
 * one whose arrays are no more: they were deleted while it was away.
 */
void ddf_decode_spare(struct emd_config *cfg, struct emd_config_disk *row)
{
	const struct ddf_set *set = ddf_set(cfg);
	int part = ddf_find_part(set, row->native), record, array;
	struct ddf_spare_ondisk *spare;
	u32 i, nr;

	record = part < 0 ? part : ddf_find_spare(set, part);
	row->scope = EMD_SPARE_GLOBAL;
	row->nr_serves = 0;
	if (record < 0 || ddf_get16(set->le, ddf_pde(set, row->native)->type) & DDF_PD_GLOBAL_SPARE)
		return;
	spare = ddf_spare(ddf_record(set, record));
	if (!(spare->type & DDF_SPARE_DEDICATED))
		return;
	row->scope = EMD_SPARE_DEDICATED;
	nr = min_t(u32, ddf_get16(set->le, spare->populated), ddf_spare_room(set));
	for (i = 0; i < nr; i++) {
		array = array_of_guid(cfg, ddf_spare_entries(spare)[i].guid);
		if (array >= 0)
			serve(row, array);
	}
	if (!row->nr_serves)
		row->scope = EMD_SPARE_GLOBAL;
}

/* ---- the whole -------------------------------------------------------------------- */

/* A config with nothing but room and the native bytes. */
static struct emd_config *alloc_for(const struct ddf_set *set)
{
	struct emd_config_room room = { .native = set->len };
	struct emd_config *cfg;
	u32 i;

	for (i = 0; i < set->max_pd; i++)
		room.disks += ddf_pde_used(set, i);
	for (i = 0; i < set->max_vd; i++) {
		if (!is_first_vde(set, i))
			continue;
		room.arrays++;
		room.members += nr_slots(set, i);
	}
	cfg = emd_config_alloc(&room);
	if (!cfg)
		return NULL;
	memcpy(cfg->native, set, set->len);
	cfg->native_len = set->len;
	cfg->ops = &emd_ddf_ops;
	cfg->block_size = set->block;
	cfg->generation = set->seq;
	ddf_uuid(set, set->guid, cfg->uuid);
	return cfg;
}

static struct emd_config *make_config(const struct ddf_set *set, struct emd_errmsg *msg)
{
	struct emd_config *cfg = alloc_for(set);
	u32 i;

	if (!cfg)
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	decode_disks(cfg);
	flag_container(cfg);
	for (i = 0; i < set->max_vd; i++) {
		if (is_first_vde(set, i))
			decode_array(cfg, i);
	}
	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].state == EMD_DISK_SPARE)
			ddf_decode_spare(cfg, &cfg->disks[i]);
	}
	if (emd_config_check(cfg, msg)) {
		emd_config_free(cfg);
		return ERR_PTR(-EUCLEAN);
	}
	return cfg;
}

static void find_self(struct emd_config *cfg)
{
	const struct ddf_part *part = ddf_part(ddf_set(cfg), 0);
	int pde = ddf_find_pde(ddf_set(cfg), part->guid, part->ref);
	u16 i;

	for (i = 0; pde >= 0 && i < cfg->nr_disks; i++) {
		if (cfg->disks[i].native == pde)
			cfg->self = i;
	}
}

/**
 * ddf_decode() - a disk's metadata as a config
 * @img: complete according to ->next_extent()
 * @msg: where the reason goes
 *
 * Return: a new config, or ERR_PTR: -ENODATA not DDF, -EUCLEAN damaged, -ENOMEM.
 * Context: may sleep.
 */
struct emd_config *ddf_decode(const struct emd_meta_image *img, struct emd_errmsg *msg)
{
	const struct ddf_copy *copy;
	struct ddf_set head, *set;
	struct emd_config *cfg;
	struct ddf_disk disk;
	int ret;

	ret = ddf_load(img, &disk, msg);
	if (ret)
		return ERR_PTR(ret);
	copy = &disk.copy[disk.best];
	ddf_set_head(&head, &copy->layout, copy->header->guid);
	set = kvzalloc(ddf_set_len(&head, 1, ddf_count_records(copy)), GFP_KERNEL);
	if (!set)
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	ddf_set_load(set, &disk, img->disk_sectors);
	cfg = make_config(set, msg);
	kvfree(set);
	if (!IS_ERR(cfg)) {
		find_self(cfg);
		ddf_remark(&disk, cfg->remark);
	}
	return cfg;
}

/**
 * ddf_add_disk() - what a disk alone knows goes into the set of all
 * @set: of several disks
 * @room: bytes there are for it
 * @from: of the one
 * @spare: it is one: records of arrays are from when it was not
 *
 * Return: 0, or -ENOSPC; then it has part of it at most.
 */
int ddf_add_disk(struct ddf_set *set, u32 room, const struct ddf_set *from, bool spare)
{
	struct ddf_part *part = ddf_set_add_part(set, room);
	struct ddf_record *rec, *copy;
	u32 i;

	if (!part)
		return -ENOSPC;
	memcpy(part, ddf_part(from, 0), ddf_part_len(set));
	for (i = 0; i < from->nr_records; i++) {
		rec = ddf_record(from, i);
		if (spare && !ddf_is_spares(from, rec))
			continue;
		copy = ddf_set_add_record(set, room, set->nr_parts - 1);
		if (!copy)
			return -ENOSPC;
		copy->slot = rec->slot;
		memcpy(ddf_vdcr(copy), ddf_vdcr(rec), set->record);
	}
	return 0;
}

/*
 * Does the champion know the disk as a spare, and did not write its records in one with
 * it? Then these are of a change that was given up, or of when the disk had an array.
 */
static bool outlived(const struct emd_config *champion, u16 row, const struct emd_config *cfg)
{
	return champion->disks[row].state == EMD_DISK_SPARE &&
	       ddf_part(ddf_set(cfg), 0)->seq != ddf_part(ddf_set(champion), 0)->seq;
}

/* Was its only copy being changed when power failed? */
static bool cut_off(const struct ddf_part *part)
{
	const struct ddf_header_ondisk *header = ddf_part_header(part);

	return header->open && ddf_get64(false, header->secondary_lba) == DDF_NONE64;
}

/**
 * ddf_unite() - one config of what all members of a container know
 * @cfgs: of the disks
 * @nr: how many
 * @champion: whose tables hold
 * @verdicts: what each disk is
 * @rows: which row of the champion's table
 * @msg: where the reason goes
 *
 * The disks come in the order of the table, whatever the order they were found in. One
 * whose only copy was cut off in a change gets the records that hold from the others.
 *
 * Return: a new config or ERR_PTR.
 * Context: may sleep.
 */
struct emd_config *ddf_unite(const struct emd_config *const *cfgs, unsigned int nr,
			     unsigned int champion, const enum emd_verdict *verdicts,
			     const u16 *rows, struct emd_errmsg *msg)
{
	const struct ddf_set *first = ddf_set(cfgs[champion]);
	u32 nr_records = 0, nr_parts = 0, nr_open = 0, room, tables, part;
	struct emd_config *cfg;
	struct ddf_set *set;
	unsigned int i;
	u16 row;

	for (i = 0; i < nr; i++) {
		if (verdicts[i] != EMD_VERDICT_MEMBER)
			continue;
		nr_parts++;
		nr_records += ddf_set(cfgs[i])->nr_records;
		/* All that the others have may be its as well. */
		nr_open += cut_off(ddf_part(ddf_set(cfgs[i]), 0));
	}
	room = ddf_set_len(first, nr_parts, nr_records +
			   nr_open * min(nr_records, ddf_nr_slots(first)));
	set = kvzalloc(room, GFP_KERNEL);
	if (!set)
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	tables = ddf_set_len(first, 0, 0);
	memcpy(set, first, tables);
	set->nr_parts = 0;
	set->nr_records = 0;
	set->len = tables;
	for (row = 0; row < cfgs[champion]->nr_disks; row++) {
		for (i = 0; i < nr; i++) {
			if (verdicts[i] == EMD_VERDICT_MEMBER && rows[i] == row)
				ddf_add_disk(set, room, ddf_set(cfgs[i]),
					     outlived(cfgs[champion], row, cfgs[i]));
		}
	}
	for (part = 0; part < set->nr_parts && nr_parts > nr_open; part++) {
		if (cut_off(ddf_part(set, part)))
			ddf_heal_part(set, part, room);
	}
	cfg = make_config(set, msg);
	kvfree(set);
	return cfg;
}
