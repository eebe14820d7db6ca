// SPDX-License-Identifier: GPL-2.0
/*
 * IMSM: bring the native bytes of a config in line with its generic fields.
 *
 * The MPB is edited in place, piece by piece, so that every byte we do not
 * understand stays. It does not look at how the config came to differ, only at
 * what the bytes say and what the fields say; so what assembly found out (disks
 * that are missing) reaches the disks with the first change after it, whatever
 * that is. Volumes that carry a flag are left as they are, but for disk indexes.
 *
 * Order: lost disks, deleted volumes, new disks, new volumes, maps, the disks
 * that nothing refers to any more, header. Offsets are void after each edit that
 * moves bytes; reload() finds everything again.
 *
 * How redundancy that is still owed is recorded. A fresh volume is
 * "uninitialized" and dirty. When one of its members fails the map must say
 * "degraded" instead; dirty then stays set, whatever the writes do and also while
 * the slot is rebuilt, until a resync has run: so that the debt survives a restart.
 *
 * Pure; allocates nothing: runs when a member fails under memory pressure.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/math64.h>
#include <linux/string.h>

#include "imsm.h"

/**
 * struct edit - an update in progress
 * @cfg: T1
 * @view: of its native bytes, always current
 * @before: disk indexes that volumes referred to at the start
 * @new_family: a spare was activated
 */
struct edit {
	struct emd_config *cfg;
	struct imsm_view view;
	struct imsm_set before;
	bool new_family;
};

/* ---- moving bytes ---------------------------------------------------------- */

/* Find everything again in bytes that are ours, thus valid but for the sum. */
static int reload(struct edit *edit, struct emd_errmsg *msg)
{
	struct imsm_mpb_ondisk *mpb = (struct imsm_mpb_ondisk *)edit->cfg->native;

	mpb->check_sum = cpu_to_le32(imsm_checksum(edit->cfg->native, le32_to_cpu(mpb->mpb_size)));
	return imsm_parse(edit->cfg->native, edit->cfg->max_native, edit->cfg->block_size,
			  &edit->view, msg);
}

/* Replace @old bytes at @offset by @new zero bytes; what is behind moves. */
static int resize(struct edit *edit, u32 offset, u32 old, u32 new, struct emd_errmsg *msg)
{
	u8 *native = edit->cfg->native;
	u32 size = edit->view.size;
	u32 room = min(edit->cfg->max_native, IMSM_MPB_MAX);

	if (round_up(size - old + new, edit->cfg->block_size) > room)
		return EMD_REFUSE(msg, -ENOSPC, "metadata of %u bytes, have room for %u",
				  size - old + new, room);
	memmove(native + offset + new, native + offset + old, size - offset - old);
	memset(native + offset, 0, new);
	size = size - old + new;
	((struct imsm_mpb_ondisk *)native)->mpb_size = cpu_to_le32(size);
	return 0;
}

static void note_references(const struct imsm_view *view, struct imsm_set *set)
{
	const struct imsm_map_ondisk *map;
	u8 v, which, slot;

	memset(set, 0, sizeof(*set));
	for (v = 0; v < view->nr_volumes; v++) {
		for (which = 0; which < 2; which++) {
			map = imsm_map(view, v, which);
			for (slot = 0; map && slot < map->num_members; slot++)
				imsm_set_add(set, imsm_ord_index(map, slot));
		}
	}
}

/* ---- bad-block log ----------------------------------------------------------- */

/* Forget the entries of one disk; with @renumber those behind it move up. */
static int drop_bad_blocks(struct edit *edit, u8 index, bool renumber, struct emd_errmsg *msg)
{
	struct imsm_mpb_ondisk *mpb = imsm_mpb(&edit->view);
	struct imsm_bbm_ondisk *bbm = imsm_bbm(&edit->view);
	u32 nr, kept = 0, i, old_len, new_len;
	int ret;

	if (!bbm)
		return 0;
	nr = le32_to_cpu(bbm->entry_count);
	for (i = 0; i < nr; i++) {
		struct imsm_bbm_entry_ondisk entry = bbm->entries[i];

		if (entry.disk_ordinal == index)
			continue;
		if (renumber && entry.disk_ordinal > index)
			entry.disk_ordinal--;
		bbm->entries[kept++] = entry;
	}
	if (kept == nr)
		return 0;

	bbm->entry_count = cpu_to_le32(kept);
	old_len = edit->view.size - edit->view.limit;
	new_len = kept ? sizeof(*bbm) + kept * sizeof(bbm->entries[0]) : 0;
	ret = resize(edit, edit->view.limit + new_len, old_len - new_len, 0, msg);
	if (ret)
		return ret;
	mpb->bbm_log_size = cpu_to_le32(new_len);
	if (!kept)
		mpb->attributes &= ~cpu_to_le32(IMSM_ATTR_BBM);
	return reload(edit, msg);
}

/* ---- disk table ------------------------------------------------------------------ */

/* Disks that are lost and not yet recorded so get a name nobody answers to. */
static int record_lost_disks(struct edit *edit, struct emd_errmsg *msg)
{
	const struct emd_config *cfg = edit->cfg;
	const struct emd_config_disk *row;
	struct imsm_disk_ondisk *disk;
	u16 i;
	int ret;

	for (i = 0; i < cfg->nr_disks; i++) {
		row = &cfg->disks[i];
		if (row->native == EMD_NO_DISK ||
		    (row->state != EMD_DISK_FAILED && row->state != EMD_DISK_MISSING))
			continue;
		/* Left over in the table: not ours to judge. */
		if (!imsm_set_has(&edit->before, row->native))
			continue;
		disk = imsm_disk(&edit->view, row->native);
		if (le32_to_cpu(disk->status) & IMSM_DISK_FAILED)
			continue;
		disk->status |= cpu_to_le32(IMSM_DISK_FAILED);
		imsm_placeholder(disk->serial, row->state == EMD_DISK_MISSING);
		if (row->state == EMD_DISK_MISSING)
			disk->scsi_id = cpu_to_le32(IMSM_SCSI_ID_MISSING);
		ret = drop_bad_blocks(edit, row->native, false, msg);
		if (ret)
			return ret;
	}
	return 0;
}

/* The *_hi words may hold anything as long as nobody reads them. */
static int enable_high_words(struct edit *edit, struct emd_errmsg *msg)
{
	const struct imsm_view *view = &edit->view;
	struct imsm_map_ondisk *map;
	u8 i, which;

	if (view->big)
		return 0;
	for (i = 0; i < view->nr_disks; i++)
		imsm_disk(view, i)->total_blocks_hi = 0;
	for (i = 0; i < view->nr_volumes; i++) {
		for (which = 0; which < 2; which++) {
			map = imsm_map(view, i, which);
			if (!map)
				continue;
			map->pba_of_lba0_hi = 0;
			map->blocks_per_member_hi = 0;
			map->num_data_stripes_hi = 0;
		}
	}
	imsm_mpb(view)->attributes |= cpu_to_le32(IMSM_ATTR_2TB_DISK);
	return reload(edit, msg);
}

/* Not every writer renames a disk that failed; it may be back under its name. */
static void release_serial(const struct imsm_view *view, const char *id)
{
	char other[EMD_DISK_ID_LEN];
	u8 i;

	for (i = 0; i < view->nr_disks; i++) {
		imsm_disk_id(imsm_disk(view, i)->serial, other);
		if (le32_to_cpu(imsm_disk(view, i)->status) & IMSM_DISK_FAILED &&
		    !strcmp(other, id))
			imsm_placeholder(imsm_disk(view, i)->serial, false);
	}
}

static int record_size(struct edit *edit, const struct emd_config_disk *row,
		       struct emd_errmsg *msg)
{
	struct imsm_disk_ondisk *disk;
	int ret = 0;

	if (row->sectors >> 32)
		ret = enable_high_words(edit, msg);
	if (ret)
		return ret;
	disk = imsm_disk(&edit->view, row->native);
	imsm_put_u64(&disk->total_blocks_lo, &disk->total_blocks_hi,
		     row->sectors >> edit->view.shift);
	return reload(edit, msg);
}

static int add_disk(struct edit *edit, struct emd_config_disk *row, struct emd_errmsg *msg)
{
	u32 offset = sizeof(struct imsm_mpb_ondisk) +
		     edit->view.nr_disks * sizeof(struct imsm_disk_ondisk);
	struct imsm_disk_ondisk *disk;
	u8 index = edit->view.nr_disks;
	int ret;

	if (index == IMSM_MAX_DISKS)
		return EMD_REFUSE(msg, -ENOSPC, "the disk table is full");
	ret = resize(edit, offset, 0, sizeof(*disk), msg);
	if (ret)
		return ret;
	release_serial(&edit->view, row->id);
	imsm_mpb(&edit->view)->num_disks++;
	disk = imsm_disk(&edit->view, index);
	memcpy(disk->serial, row->id, strnlen(row->id, IMSM_SERIAL_LEN));
	disk->status = cpu_to_le32(IMSM_DISK_CONFIGURED);
	row->native = index;
	ret = reload(edit, msg);
	return ret ?: record_size(edit, row, msg);
}

/*
 * Do members reach behind where the entry says that the disk ends? It may be
 * larger than its entry: someone copied a disk to a larger one.
 */
static bool outgrown(const struct edit *edit, u16 disk)
{
	const struct emd_config *cfg = edit->cfg;
	const struct emd_config_disk *row = &cfg->disks[disk];
	u64 blocks = imsm_disk_blocks(&edit->view, imsm_disk(&edit->view, row->native));
	u64 tail = (cfg->max_native + cfg->block_size) >> 9;
	u32 i;

	for (i = 0; row->sectors > blocks && i < cfg->nr_members; i++) {
		if (cfg->members[i].disk == disk &&
		    cfg->members[i].start_sector + cfg->members[i].nr_sectors + tail > blocks)
			return true;
	}
	return false;
}

/* Every disk that an array uses has an entry, and one that calls it used. */
static int list_members(struct edit *edit, struct emd_errmsg *msg)
{
	struct emd_config *cfg = edit->cfg;
	struct emd_config_disk *row;
	struct imsm_disk_ondisk *disk;
	u16 i;
	int ret;

	for (i = 0; i < cfg->nr_disks; i++) {
		row = &cfg->disks[i];
		if (!emd_config_disk_in_use(cfg, i))
			continue;
		if (row->native == EMD_NO_DISK) {
			ret = add_disk(edit, row, msg);
			if (ret)
				return ret;
		} else if (row->state == EMD_DISK_ACTIVE && outgrown(edit, i)) {
			ret = record_size(edit, row, msg);
			if (ret)
				return ret;
		}
		disk = imsm_disk(&edit->view, row->native);
		if (row->state == EMD_DISK_ACTIVE &&
		    le32_to_cpu(disk->status) & IMSM_DISK_SPARE) {
			disk->status &= ~cpu_to_le32(IMSM_DISK_SPARE);
			disk->status |= cpu_to_le32(IMSM_DISK_CONFIGURED);
		}
	}
	return 0;
}

static int remove_disk(struct edit *edit, u8 index, struct emd_errmsg *msg)
{
	struct emd_config *cfg = edit->cfg;
	const struct imsm_view *view = &edit->view;
	struct imsm_map_ondisk *map;
	u32 offset = sizeof(struct imsm_mpb_ondisk) + index * sizeof(struct imsm_disk_ondisk);
	u8 v, which, slot;
	u16 i;
	int ret;

	ret = drop_bad_blocks(edit, index, true, msg);
	if (ret)
		return ret;
	for (v = 0; v < view->nr_volumes; v++) {
		for (which = 0; which < 2; which++) {
			map = imsm_map(view, v, which);
			for (slot = 0; map && slot < map->num_members; slot++) {
				if (imsm_ord_index(map, slot) > index)
					le32_add_cpu(&map->disk_ord_tbl[slot], -1);
			}
		}
	}
	ret = resize(edit, offset, sizeof(struct imsm_disk_ondisk), 0, msg);
	if (ret)
		return ret;
	imsm_mpb(view)->num_disks--;
	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].native == index)
			cfg->disks[i].native = EMD_NO_DISK;
		else if (cfg->disks[i].native != EMD_NO_DISK && cfg->disks[i].native > index)
			cfg->disks[i].native--;
	}
	return reload(edit, msg);
}

static bool has_row(const struct emd_config *cfg, u8 index)
{
	u16 i;

	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].native == index)
			return true;
	}
	return false;
}

/*
 * A disk leaves the table when its last volume lets go of it, or when its row
 * is gone. Entries that no volume referred to before are someone else's.
 */
static int drop_unused_disks(struct edit *edit, struct emd_errmsg *msg)
{
	struct imsm_set after;
	int i, ret;

	note_references(&edit->view, &after);
	for (i = edit->view.nr_disks - 1; i >= 0; i--) {
		if (imsm_set_has(&after, i) ||
		    (has_row(edit->cfg, i) && !imsm_set_has(&edit->before, i)))
			continue;
		ret = remove_disk(edit, i, msg);
		if (ret)
			return ret;
	}
	return 0;
}

/* ---- volumes ------------------------------------------------------------------- */

static u32 volume_end(const struct imsm_view *view, u8 v)
{
	return v + 1 < view->nr_volumes ? view->vol[v + 1].dev : view->tail;
}

static bool has_array(const struct emd_config *cfg, u8 v)
{
	u16 i;

	for (i = 0; i < cfg->nr_arrays; i++) {
		if (cfg->arrays[i].native == v)
			return true;
	}
	return false;
}

static int remove_deleted_volumes(struct edit *edit, struct emd_errmsg *msg)
{
	struct emd_config *cfg = edit->cfg;
	struct imsm_view *view = &edit->view;
	int v, ret;
	u16 i;

	for (v = view->nr_volumes - 1; v >= 0; v--) {
		if (has_array(cfg, v))
			continue;
		ret = resize(edit, view->vol[v].dev, volume_end(view, v) - view->vol[v].dev, 0,
			     msg);
		if (ret)
			return ret;
		imsm_mpb(view)->num_raid_devs--;
		for (i = 0; i < cfg->nr_arrays; i++) {
			if (cfg->arrays[i].native != EMD_NO_ARRAY && cfg->arrays[i].native > v)
				cfg->arrays[i].native--;
		}
		ret = reload(edit, msg);
		if (ret)
			return ret;
	}
	return 0;
}

static u32 level_attribute(enum emd_level level)
{
	switch (level) {
	case EMD_LEVEL_RAID0:
		return IMSM_ATTR_RAID0;
	case EMD_LEVEL_RAID1:
		return IMSM_ATTR_RAID1;
	case EMD_LEVEL_RAID5:
		return IMSM_ATTR_RAID5;
	default:
		/* Not RAID10_EXT for more than 4: older mdadm refuses that. */
		return IMSM_ATTR_RAID10;
	}
}

static u32 new_attributes(const struct emd_config *cfg)
{
	u32 attr = IMSM_ATTR_CHECKSUM;
	u16 i;

	for (i = 0; i < cfg->nr_arrays; i++) {
		attr |= level_attribute(cfg->arrays[i].geo.level);
		if (cfg->arrays[i].geo.strip_sectors >= 512)
			attr |= IMSM_ATTR_BIG_STRIP;
		if (cfg->arrays[i].geo.array_sectors >> 32)
			attr |= IMSM_ATTR_2TB;
	}
	return attr;
}

static void fill_map(const struct edit *edit, const struct emd_config_array *ca,
		     struct imsm_map_ondisk *map)
{
	const struct emd_config *cfg = edit->cfg;
	const struct emd_geometry *geo = &ca->geo;
	const struct emd_config_member *member = emd_config_member(cfg, ca, 0);
	bool mirrored = geo->level == EMD_LEVEL_RAID1 || geo->level == EMD_LEVEL_RAID10;
	u8 shift = edit->view.shift;
	u16 slot;

	imsm_put_u64(&map->pba_of_lba0_lo, &map->pba_of_lba0_hi, member->start_sector >> shift);
	imsm_put_u64(&map->blocks_per_member_lo, &map->blocks_per_member_hi,
		     (member->nr_sectors + ca->reserve_sectors) >> shift);
	/* Counted in blocks and strips of blocks, also on 4Kn. */
	imsm_put_u64(&map->num_data_stripes_lo, &map->num_data_stripes_hi,
		     div_u64(member->nr_sectors, geo->strip_sectors) >> mirrored);
	map->blocks_per_strip = cpu_to_le16(geo->strip_sectors >> shift);
	map->raid_level = geo->level == EMD_LEVEL_RAID0 ? 0 : geo->level == EMD_LEVEL_RAID5 ? 5 : 1;
	map->num_members = geo->nr_members;
	map->num_domains = mirrored ? 2 : 1;
	map->failed_disk_num = IMSM_NO_FAILED_DISK;
	map->ddf = 1;
	for (slot = 0; slot < geo->nr_members; slot++) {
		member = emd_config_member(cfg, ca, slot);
		map->disk_ord_tbl[slot] = cpu_to_le32(cfg->disks[member->disk].native);
	}
}

static int add_volume(struct edit *edit, struct emd_config_array *ca, struct emd_errmsg *msg)
{
	struct imsm_mpb_ondisk *mpb = imsm_mpb(&edit->view);
	u8 v = edit->view.nr_volumes;
	u32 offset = edit->view.tail;
	struct imsm_dev_ondisk *dev;
	int ret;

	if (v == IMSM_MAX_VOLUMES)
		return EMD_REFUSE(msg, -ENOSPC, "the container has %u arrays, can hold %u", v,
				  IMSM_MAX_VOLUMES);
	/* Room first: everything is filled in before it is parsed again. */
	ret = resize(edit, offset, 0, sizeof(*dev) + imsm_map_len(ca->geo.nr_members), msg);
	if (ret)
		return ret;
	dev = (struct imsm_dev_ondisk *)(edit->cfg->native + offset);
	memcpy(dev->volume, ca->name, strnlen(ca->name, IMSM_NAME_LEN));
	imsm_put_u64(&dev->size_low, &dev->size_high, ca->geo.array_sectors >> edit->view.shift);
	dev->status = cpu_to_le32(IMSM_DEV_READ_COALESCING | IMSM_DEV_WRITE_COALESCING);
	dev->rwh_policy = IMSM_RWH_MULTI_OFF;
	le16_add_cpu(&mpb->num_raid_devs_created, 1);
	dev->my_vol_raid_dev_num = mpb->num_raid_devs_created;
	fill_map(edit, ca, (struct imsm_map_ondisk *)(dev + 1));
	mpb->num_raid_devs++;
	ca->native = v;

	memcpy(mpb->version, "1.3.00", sizeof("1.3.00"));
	mpb->attributes |= cpu_to_le32(new_attributes(edit->cfg));
	return reload(edit, msg);
}

static int add_new_volumes(struct edit *edit, struct emd_errmsg *msg)
{
	struct emd_config *cfg = edit->cfg;
	u16 i;
	int ret;

	for (i = 0; i < cfg->nr_arrays; i++) {
		if (cfg->arrays[i].native != EMD_NO_ARRAY)
			continue;
		ret = add_volume(edit, &cfg->arrays[i], msg);
		if (ret)
			return ret;
	}
	return 0;
}

/* Only what was changed: names that are not ours to make safe stay as they are. */
static void rename_volumes(struct edit *edit, const struct emd_config *t0)
{
	const struct emd_config *cfg = edit->cfg;
	struct imsm_dev_ondisk *dev;
	u16 i;

	for (i = 0; i < cfg->nr_arrays; i++) {
		if (!emd_config_renamed(t0, &cfg->arrays[i]))
			continue;
		dev = imsm_dev(&edit->view, cfg->arrays[i].native);
		memset(dev->volume, 0, IMSM_NAME_LEN);
		memcpy(dev->volume, cfg->arrays[i].name,
		       strnlen(cfg->arrays[i].name, IMSM_NAME_LEN));
	}
}

/* ---- maps ------------------------------------------------------------------------- */

/* What a map with these slots out of sync must call itself. */
static enum imsm_map_state computed_state(const struct emd_geometry *geo,
					  const struct imsm_set *lost)
{
	u16 slot, nr = 0;
	bool pair = false;

	for (slot = 0; slot < geo->nr_members; slot++) {
		if (!imsm_set_has(lost, slot))
			continue;
		nr++;
		if (slot % 2 && imsm_set_has(lost, slot - 1))
			pair = true;
	}
	if (!nr)
		return IMSM_MAP_NORMAL;
	switch (geo->level) {
	case EMD_LEVEL_RAID0:
		return IMSM_MAP_FAILED;
	case EMD_LEVEL_RAID1:
		return nr == geo->nr_members ? IMSM_MAP_FAILED : IMSM_MAP_DEGRADED;
	case EMD_LEVEL_RAID10:
		return pair ? IMSM_MAP_FAILED : IMSM_MAP_DEGRADED;
	default:
		return nr > 1 ? IMSM_MAP_FAILED : IMSM_MAP_DEGRADED;
	}
}

/* The kind of migration that the config's sync is, or -1. */
static int wanted_migration(const struct emd_config_array *ca)
{
	if (ca->sync == EMD_SYNC_REBUILD)
		return IMSM_MIGR_REBUILD;
	if (ca->sync != EMD_SYNC_RESYNC)
		return -1;
	return ca->initialised ? IMSM_MIGR_VERIFY : IMSM_MIGR_INIT;
}

static int set_migration(struct edit *edit, u8 v, int type, struct emd_errmsg *msg)
{
	struct imsm_dev_ondisk *dev = imsm_dev(&edit->view, v);
	u32 map0 = edit->view.vol[v].map[0];
	u32 len = imsm_map_len(imsm_map(&edit->view, v, 0)->num_members);
	u32 map1_len;
	int ret = 0;

	if (type >= 0 && !dev->vol.migr_state) {
		ret = resize(edit, map0 + len, 0, len, msg);
		if (ret)
			return ret;
	} else if (type < 0 && dev->vol.migr_state) {
		map1_len = imsm_map_len(imsm_map(&edit->view, v, 1)->num_members);
		ret = resize(edit, edit->view.vol[v].map[1], map1_len, 0, msg);
		if (ret)
			return ret;
	}
	/* A migration that begins starts out from what holds now. */
	if (type >= 0 && (!dev->vol.migr_state || dev->vol.migr_type != type))
		memcpy(edit->cfg->native + map0 + len, edit->cfg->native + map0, len);
	dev->vol.migr_state = type >= 0;
	dev->vol.migr_type = type >= 0 ? type : 0;
	if (type == IMSM_MIGR_VERIFY)
		dev->status |= cpu_to_le32(IMSM_DEV_VERIFY_FIX);
	else
		dev->status &= ~cpu_to_le32(IMSM_DEV_VERIFY_FIX);
	return reload(edit, msg);
}

static void set_ord(struct imsm_map_ondisk *map, u8 slot, u8 index, bool out_of_sync)
{
	u32 ord = le32_to_cpu(map->disk_ord_tbl[slot]);

	if ((ord & IMSM_ORD_INDEX_MASK) != index)
		ord = index;
	ord &= ~IMSM_ORD_REBUILD;
	if (out_of_sync)
		ord |= IMSM_ORD_REBUILD;
	map->disk_ord_tbl[slot] = cpu_to_le32(ord);
}

/*
 * failed_disk_num names the first slot to fail: the lowest of those that are
 * lost, but it stays on the slot under repair while that is repaired.
 */
static void note_failed_slots(struct imsm_map_ondisk *map, const struct imsm_set *old,
			      const struct imsm_set *out, bool rebuild_runs)
{
	u8 slot;

	for (slot = 0; slot < map->num_members; slot++) {
		if (!imsm_set_has(out, slot) || imsm_set_has(old, slot))
			continue;
		if (map->failed_disk_num == IMSM_NO_FAILED_DISK ||
		    (!rebuild_runs && map->failed_disk_num > slot))
			map->failed_disk_num = slot;
	}
}

static void first_failed_slot(struct imsm_map_ondisk *map, const struct imsm_set *lost)
{
	u8 slot;

	map->failed_disk_num = IMSM_NO_FAILED_DISK;
	for (slot = 0; slot < map->num_members; slot++) {
		if (imsm_set_has(lost, slot)) {
			map->failed_disk_num = slot;
			return;
		}
	}
}

static u8 member_index(const struct emd_config *cfg, const struct emd_config_array *ca, u8 slot,
		       const struct imsm_map_ondisk *map)
{
	u16 disk = emd_config_member(cfg, ca, slot)->disk;

	return disk == EMD_NO_DISK ? imsm_ord_index(map, slot) : cfg->disks[disk].native;
}

static int sync_volume(struct edit *edit, const struct emd_config_array *ca,
		       struct emd_errmsg *msg)
{
	const struct emd_config *cfg = edit->cfg;
	const struct imsm_view *view = &edit->view;
	struct imsm_set old = {}, lost = {}, out = {};
	bool was_rebuild = imsm_dev_migrating(view, ca->native, IMSM_MIGR_REBUILD);
	bool redundant = emd_levels[ca->geo.level].redundant;
	int type = wanted_migration(ca);
	struct imsm_map_ondisk *map0 = imsm_map(view, ca->native, 0);
	struct imsm_map_ondisk *map1 = imsm_map(view, ca->native, 1);
	struct imsm_dev_ondisk *dev;
	u8 slot, v = ca->native;
	bool dirty = ca->dirty;
	int ret;

	for (slot = 0; slot < map0->num_members; slot++) {
		enum emd_member_state state = emd_config_member(cfg, ca, slot)->state;
		bool rebuilt_before = was_rebuild && map1 && imsm_ord_rebuild(map1, slot) &&
				      !imsm_ord_rebuild(map0, slot);

		if (imsm_ord_rebuild(map0, slot))
			imsm_set_add(&old, slot);
		if (state == EMD_MEMBER_MISSING || state == EMD_MEMBER_FAILED)
			imsm_set_add(&lost, slot);
		if (state != EMD_MEMBER_IN_SYNC)
			imsm_set_add(&out, slot);
		if (imsm_ord_index(map0, slot) != member_index(cfg, ca, slot, map0) ||
		    (state == EMD_MEMBER_REBUILDING && !rebuilt_before))
			edit->new_family = true;
	}

	note_failed_slots(map0, &old, &out, was_rebuild || type == IMSM_MIGR_REBUILD);
	ret = set_migration(edit, v, type, msg);
	if (ret)
		return ret;
	dev = imsm_dev(view, v);
	map0 = imsm_map(view, v, 0);
	map1 = imsm_map(view, v, 1);
	for (slot = 0; slot < map0->num_members; slot++) {
		u8 index = member_index(cfg, ca, slot, map0);

		set_ord(map0, slot, index, imsm_set_has(&lost, slot));
		if (map1)
			set_ord(map1, slot, index, imsm_set_has(&out, slot));
	}

	map0->map_state = computed_state(&ca->geo, &lost);
	if (map1)
		map1->map_state = type == IMSM_MIGR_INIT ? IMSM_MAP_UNINITIALIZED :
							   computed_state(&ca->geo, &out);
	/* Also while a slot is rebuilt: only INIT says by itself what is owed. */
	if (redundant && !ca->initialised && type != IMSM_MIGR_INIT) {
		dirty = true;
		if (type < 0 && map0->map_state == IMSM_MAP_NORMAL)
			map0->map_state = IMSM_MAP_UNINITIALIZED;
	}

	if (was_rebuild && type != IMSM_MIGR_REBUILD)
		first_failed_slot(map0, &lost);

	/* Others go on at a checkpoint that a write may have torn; they get none. */
	imsm_put_u64(&dev->vol.curr_migr_unit_lo, &dev->vol.curr_migr_unit_hi,
		     type < 0 || dirty ? 0 :
				imsm_sector_to_unit(&ca->geo, ca->sync, ca->sync_sector) >>
					view->shift);
	if (dirty)
		dev->vol.dirty |= IMSM_VOL_DIRTY;
	else
		dev->vol.dirty &= ~(IMSM_VOL_DIRTY | IMSM_VOL_PPL_VALID);
	return 0;
}

/* ---- header ------------------------------------------------------------------------ */

/**
 * imsm_blank() - native bytes of a container that has no volumes
 * @cfg: config with room for a sector
 *
 * Its disks are free spares: each carries a record of its own, and these bytes
 * are written to none.
 */
void imsm_blank(struct emd_config *cfg)
{
	struct imsm_mpb_ondisk *mpb = (struct imsm_mpb_ondisk *)cfg->native;
	u16 i;

	memset(cfg->native, 0, cfg->max_native);
	memcpy(mpb->signature, IMSM_SIGNATURE, IMSM_SIGNATURE_LEN);
	memcpy(mpb->version, "1.3.00", sizeof("1.3.00"));
	mpb->mpb_size = cpu_to_le32(sizeof(*mpb));
	mpb->generation_num = cpu_to_le32(1);
	mpb->attributes = cpu_to_le32(IMSM_ATTR_CHECKSUM);
	mpb->pwr_cycle_count = cpu_to_le32(1);
	mpb->check_sum = cpu_to_le32(imsm_checksum(cfg->native, sizeof(*mpb)));
	cfg->native_len = cfg->block_size;
	memset(cfg->uuid, 0, sizeof(cfg->uuid));
	for (i = 0; i < cfg->nr_disks; i++)
		cfg->disks[i].native = EMD_NO_DISK;
}

/* Never 0: that is the sign for "none". */
static u32 nonzero(u32 val)
{
	return val ? val : 1;
}

static void new_identity(struct edit *edit)
{
	struct emd_config *cfg = edit->cfg;
	struct imsm_mpb_ondisk *mpb = imsm_mpb(&edit->view);
	u32 random = cfg->entropy;

	if (!mpb->family_num) {
		mpb->family_num = cpu_to_le32(nonzero(random + le32_to_cpu(mpb->check_sum)));
		imsm_put_u64(&mpb->creation_time_lo, &mpb->creation_time_hi, cfg->now);
	} else if (edit->new_family) {
		mpb->family_num = cpu_to_le32(nonzero(le32_to_cpu(mpb->family_num) +
						      nonzero(random)));
	}
	if (!mpb->orig_family_num)
		mpb->orig_family_num = mpb->family_num;
}

static void seal(struct emd_config *cfg)
{
	struct imsm_mpb_ondisk *mpb = (struct imsm_mpb_ondisk *)cfg->native;
	u32 size = le32_to_cpu(mpb->mpb_size);

	cfg->native_len = round_up(size, cfg->block_size);
	memset(cfg->native + size, 0, cfg->native_len - size);
	cfg->generation = le32_to_cpu(mpb->generation_num);
	mpb->check_sum = cpu_to_le32(imsm_checksum(cfg->native, size));
}

/* What the header's change means for the config's own identities. */
static void refresh_config(struct edit *edit)
{
	struct emd_config *cfg = edit->cfg;
	struct emd_config_array *ca;
	int i;

	imsm_container_uuid(imsm_mpb(&edit->view), cfg->uuid);
	for (i = 0; i < cfg->nr_arrays; i++) {
		ca = &cfg->arrays[i];
		imsm_volume_uuid(imsm_mpb(&edit->view), ca->native,
				 imsm_dev(&edit->view, ca->native)->volume, ca->uuid);
	}
	for (i = cfg->nr_disks - 1; i >= 0; i--) {
		if (cfg->disks[i].native == EMD_NO_DISK && !cfg->disks[i].handle &&
		    cfg->disks[i].state != EMD_DISK_SPARE && !emd_config_disk_in_use(cfg, i))
			emd_change_remove_disk(cfg, i);
	}
}

static int edit_all(struct edit *edit, const struct emd_config *t0, struct emd_errmsg *msg)
{
	const struct emd_config *cfg = edit->cfg;
	u16 i;
	int ret;

	ret = reload(edit, msg);
	if (ret)
		return ret;
	note_references(&edit->view, &edit->before);
	rename_volumes(edit, t0);
	ret = record_lost_disks(edit, msg);
	if (!ret)
		ret = remove_deleted_volumes(edit, msg);
	if (!ret)
		ret = list_members(edit, msg);
	if (!ret)
		ret = add_new_volumes(edit, msg);
	for (i = 0; !ret && i < cfg->nr_arrays; i++) {
		if (!cfg->arrays[i].flags)
			ret = sync_volume(edit, &cfg->arrays[i], msg);
	}
	if (!ret)
		ret = drop_unused_disks(edit, msg);
	return ret;
}

/**
 * imsm_supersede() - outrank what other disks may already carry
 * @cfg: config whose bytes are in line
 * @generation: newest that any disk may carry
 */
void imsm_supersede(struct emd_config *cfg, u64 generation)
{
	struct imsm_mpb_ondisk *mpb = (struct imsm_mpb_ondisk *)cfg->native;

	mpb->generation_num = cpu_to_le32(generation + 1);
	seal(cfg);
}

/*
 * The last volume went: its disks are spares, with a record each instead of this.
 * So are disks that were only listed, or the container would come back in them.
 */
static int become_spares(struct edit *edit)
{
	struct emd_config *cfg = edit->cfg;
	u64 generation = cfg->generation;
	u16 i;

	imsm_blank(cfg);
	for (i = 0; i < cfg->nr_disks; i++) {
		if (cfg->disks[i].state == EMD_DISK_ACTIVE)
			cfg->disks[i].state = EMD_DISK_SPARE;
	}
	imsm_supersede(cfg, generation);
	edit->view.mpb = cfg->native;
	refresh_config(edit);
	return 0;
}

/**
 * imsm_update() - make the native bytes say what the config says
 * @t0: the config before; its bytes are in @t1 already
 * @t1: changed
 * @msg: where the reason goes
 *
 * Return: 0; -ENOSPC without room; -EUCLEAN if the bytes are not what decode
 * let through. Then @t1 is to be dropped.
 */
int imsm_update(const struct emd_config *t0, struct emd_config *t1, struct emd_errmsg *msg)
{
	struct edit edit = { .cfg = t1 };
	struct imsm_mpb_ondisk *mpb = (struct imsm_mpb_ondisk *)t1->native;
	int ret;

	if (!t1->nr_arrays)
		return become_spares(&edit);
	ret = edit_all(&edit, t0, msg);
	if (ret)
		return ret;
	new_identity(&edit);
	le32_add_cpu(&mpb->generation_num, 1);
	seal(t1);
	refresh_config(&edit);
	return 0;
}
