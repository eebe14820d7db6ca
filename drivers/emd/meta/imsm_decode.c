// SPDX-License-Identifier: GPL-2.0
/*
 * IMSM: what the metadata means, as a config. The trust boundary: what comes out
 * of here has been checked against the disk, against itself and against what we
 * can honour.
 *
 * Bytes that contradict themselves or the disk make the whole disk's metadata
 * damaged. A volume that is well-formed but uses something we do not do carries
 * a flag and a reason instead: not started when we would read wrong data, read
 * only when we could read it but would leave it worse than we found it.
 *
 * States. Map 0 is where a migration leads, map 1 what is there now. A slot with
 * the R flag in map 0 is lost; one with R in map 1 only, while a rebuild is
 * recorded, is being rebuilt. A lost slot is FAILED or MISSING as its disk is;
 * when the disk itself is fine (firmware that re-adds a disk leaves it so) the
 * slot is MISSING: its content is, and a rebuild onto that very disk brings it
 * back. map_state is not believed but for "uninitialized": it may be stale.
 *
 * Pure; allocates the config.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "imsm.h"

/* ---- container ---------------------------------------------------------------- */

static bool disk_referenced(const struct imsm_view *view, u8 disk)
{
	const struct imsm_map_ondisk *map;
	u8 v, which, slot;

	for (v = 0; v < view->nr_volumes; v++) {
		for (which = 0; which < 2; which++) {
			map = imsm_map(view, v, which);
			for (slot = 0; map && slot < map->num_members; slot++) {
				if (imsm_ord_index(map, slot) == disk)
					return true;
			}
		}
	}
	return false;
}

/*
 * An entry that no volume uses may be a disk that firmware replaced; it stays
 * ACTIVE, so that nobody takes it for free.
 */
static enum emd_disk_state disk_state(const struct imsm_view *view, u8 i, const char *id)
{
	const struct imsm_disk_ondisk *disk = imsm_disk(view, i);
	u32 status = le32_to_cpu(disk->status);
	bool absent = le32_to_cpu(disk->scsi_id) == IMSM_SCSI_ID_MISSING;

	if (absent && (status & IMSM_DISK_FAILED || imsm_is_placeholder(id)))
		return EMD_DISK_MISSING;
	if (status & IMSM_DISK_FAILED || imsm_is_placeholder(id))
		return EMD_DISK_FAILED;
	if (status & IMSM_DISK_JOURNAL)
		return EMD_DISK_FOREIGN;
	if (status & IMSM_DISK_SPARE && !(status & IMSM_DISK_CONFIGURED) &&
	    !disk_referenced(view, i))
		return EMD_DISK_SPARE;
	return EMD_DISK_ACTIVE;
}

static int decode_disks(const struct imsm_view *view, const struct emd_meta_image *img,
			struct emd_config *cfg, struct emd_errmsg *msg)
{
	char own[EMD_DISK_ID_LEN];
	struct emd_config_disk *row;
	u8 i;

	imsm_normalise_serial(img->serial, own);
	for (i = 0; i < view->nr_disks; i++) {
		row = &cfg->disks[i];
		imsm_disk_id(imsm_disk(view, i)->serial, row->id);
		row->sectors = imsm_disk_blocks(view, imsm_disk(view, i));
		row->state = disk_state(view, i, row->id);
		row->native = i;
		if (row->sectors > EMD_MAX_SECTORS)
			return EMD_REFUSE(msg, -EUCLEAN, "disk %u: %llu blocks, can do %llu", i,
					  row->sectors, EMD_MAX_SECTORS);
		if (!own[0] || strcmp(row->id, own))
			continue;
		if (row->sectors > img->disk_sectors)
			return EMD_REFUSE(msg, -EUCLEAN,
					  "recorded with %llu blocks, the disk has %llu",
					  row->sectors, img->disk_sectors);
		row->sectors = img->disk_sectors;
		cfg->self = i;
	}
	cfg->nr_disks = view->nr_disks;
	return 0;
}

static void flag_container(const struct imsm_view *view, struct emd_config *cfg)
{
	u32 attr = le32_to_cpu(imsm_mpb(view)->attributes);
	u32 unknown = attr & ~IMSM_ATTR_SUPPORTED;

	if (attr & IMSM_ATTR_RAID1E)
		emd_config_flag(&cfg->flags, cfg->reason, EMD_CFG_NO_START,
				"attribute RAID1E is not supported");
	else if (attr & IMSM_ATTR_CNG)
		emd_config_flag(&cfg->flags, cfg->reason, EMD_CFG_NO_START,
				"recovery volumes (clone and go) are not supported");
	else if (attr & (IMSM_ATTR_SSD_CACHE | IMSM_ATTR_NVM_CACHE))
		/* The newest data may be in the cache and nowhere else. */
		emd_config_flag(&cfg->flags, cfg->reason, EMD_CFG_NO_START,
				"a cache device holds data of this container, not supported");
	else if (unknown)
		emd_config_flag(&cfg->flags, cfg->reason, EMD_CFG_NO_START,
				"unknown attributes %08x", unknown);
}

/* ---- volumes ------------------------------------------------------------------ */

/*
 * How much of each member holds data. num_data_stripes says, unless firmware
 * enlarged the volume and left it alone: then the size does.
 */
static int component_blocks(const struct imsm_view *view, u8 v, u64 size, u32 nr_data,
			    u64 *component, struct emd_errmsg *msg)
{
	const struct imsm_map_ondisk *map = imsm_map(view, v, 0);
	bool mirrored = map->raid_level == 1 || map->raid_level == 10;
	u64 capacity, member = imsm_map_blocks(view, map);
	u32 strip = imsm_map_strip(view, map);

	if (check_mul_overflow(imsm_map_stripes(view, map), (u64)strip, component) ||
	    (mirrored && check_mul_overflow(*component, 2ULL, component)) ||
	    check_mul_overflow(*component, (u64)nr_data, &capacity))
		return EMD_REFUSE(msg, -EUCLEAN, "volume %u: %llu stripes of %u blocks", v,
				  imsm_map_stripes(view, map), strip);

	if (size > capacity || capacity - size > 2048ULL * nr_data || *component > member) {
		*component = div_u64(size + nr_data - 1, nr_data);
		if (map->raid_level != 1 || map->num_members > 2)
			*component = div_u64(*component + strip - 1, strip) * strip;
	}
	if (!*component || *component > member)
		return EMD_REFUSE(msg, -EUCLEAN,
				  "volume %u: %llu blocks need %llu a member, which has %llu", v,
				  size, *component, member);
	return 0;
}

static int decode_geometry(const struct imsm_view *view, u8 v, struct emd_config_array *ca,
			   struct emd_errmsg *msg)
{
	const struct imsm_map_ondisk *map = imsm_map(view, v, 0);
	struct emd_geometry *geo = &ca->geo;
	u64 component, size = imsm_dev_blocks(view, imsm_dev(view, v));
	u32 nr_data;
	int ret;

	geo->level = imsm_map_level(map);
	geo->nr_members = map->num_members;
	geo->strip_sectors = imsm_map_strip(view, map);
	geo->nr_copies = 1;
	switch (geo->level) {
	case EMD_LEVEL_RAID1:
		geo->nr_copies = geo->nr_members;
		nr_data = 1;
		break;
	case EMD_LEVEL_RAID10:
		geo->layout = EMD_LAYOUT_ADJACENT;
		geo->nr_copies = 2;
		nr_data = geo->nr_members / 2;
		break;
	case EMD_LEVEL_RAID5:
		geo->layout = EMD_LAYOUT_LEFT_ASYMMETRIC;
		nr_data = max(geo->nr_members - 1, 1);
		break;
	default:
		nr_data = geo->nr_members;
		break;
	}
	if (!nr_data)	/* a RAID10 of one, flagged below */
		nr_data = 1;

	if (!size || size > EMD_MAX_SECTORS)
		return EMD_REFUSE(msg, -EUCLEAN, "volume %u: %llu blocks, need 1 to %llu", v, size,
				  EMD_MAX_SECTORS);
	ret = component_blocks(view, v, size, nr_data, &component, msg);
	if (ret)
		return ret;
	if (component > EMD_MAX_SECTORS ||
	    imsm_map_start(view, map) > EMD_MAX_SECTORS - component)
		return EMD_REFUSE(msg, -EUCLEAN, "volume %u: members at %llu+%llu, can do %llu", v,
				  imsm_map_start(view, map), component, EMD_MAX_SECTORS);
	geo->member_sectors = component;
	geo->array_sectors = size;
	ca->reserve_sectors = min_t(u64, imsm_map_blocks(view, map) - component,
				    IMSM_MEMBER_RESERVE);
	return 0;
}

static void flag_geometry(const struct imsm_view *view, u8 v, struct emd_config_array *ca)
{
	const struct imsm_map_ondisk *map = imsm_map(view, v, 0);
	struct emd_errmsg why = {};

	/* FreeBSD writes mirrors of three and more so; we would take a RAID10. */
	if (map->raid_level == 1 && map->num_members > 2 && map->num_domains == map->num_members)
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_NO_START,
				"a mirror of %u disks is not told from RAID10", map->num_members);
	else if (ca->geo.level == EMD_LEVEL_RAID10 && map->num_members % 2)
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_NO_START,
				"RAID10 of %u disks, need an even number", map->num_members);
	else if (emd_geo_validate(&ca->geo, &why))
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_NO_START, "%.100s", why.text);
}

static bool same_shape(const struct imsm_map_ondisk *a, const struct imsm_map_ondisk *b)
{
	u8 slot;

	if (a->pba_of_lba0_lo != b->pba_of_lba0_lo || a->pba_of_lba0_hi != b->pba_of_lba0_hi ||
	    a->blocks_per_member_lo != b->blocks_per_member_lo ||
	    a->blocks_per_member_hi != b->blocks_per_member_hi ||
	    a->num_data_stripes_lo != b->num_data_stripes_lo ||
	    a->num_data_stripes_hi != b->num_data_stripes_hi ||
	    a->blocks_per_strip != b->blocks_per_strip || a->raid_level != b->raid_level ||
	    a->num_members != b->num_members)
		return false;
	for (slot = 0; slot < a->num_members; slot++) {
		if (imsm_ord_index(a, slot) != imsm_ord_index(b, slot))
			return false;
	}
	return true;
}

static void flag_migration(const struct imsm_view *view, u8 v, struct emd_config_array *ca)
{
	const struct imsm_vol_ondisk *vol = &imsm_dev(view, v)->vol;

	if (!vol->migr_state)
		return;
	if (vol->migr_type >= IMSM_NR_MIGR_TYPES)
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_NO_START,
				"unknown migration type %u is running", vol->migr_type);
	else if (vol->migr_type == IMSM_MIGR_GENERAL || vol->migr_type == IMSM_MIGR_STATE_CHANGE)
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_NO_START,
				"a %s is running, finish it where it was begun",
				imsm_migr_names[vol->migr_type]);
	else if (!same_shape(imsm_map(view, v, 0), imsm_map(view, v, 1)))
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_NO_START,
				"a %s is running between two different shapes",
				imsm_migr_names[vol->migr_type]);
}

/*
 * Whoever writes such a volume must keep its log or bitmap, or the next one who
 * trusts that (after a power cut) restores redundancy from stale notes. We do
 * not keep them, so we do not write; also not when the volume is clean now, for
 * it would not be so in the middle of our writes.
 */
static void flag_write_hole(const struct imsm_view *view, u8 v, struct emd_config_array *ca)
{
	u8 policy = imsm_dev(view, v)->rwh_policy;

	switch (policy) {
	case IMSM_RWH_OFF:
	case IMSM_RWH_MULTI_OFF:
		return;
	case IMSM_RWH_BITMAP:
		if (emd_levels[ca->geo.level].redundant)
			emd_config_flag(&ca->flags, ca->reason, EMD_CFG_READ_ONLY,
					"its write-intent bitmap is not supported");
		return;
	case IMSM_RWH_PPL:
	case IMSM_RWH_MULTI_PPL:
	case IMSM_RWH_PPL_JOURNAL:
	case IMSM_RWH_MULTI_PPL_JOURNAL:
		/* On other levels it means nothing, to any reader. */
		if (ca->geo.level == EMD_LEVEL_RAID5)
			emd_config_flag(&ca->flags, ca->reason, EMD_CFG_READ_ONLY,
					"its partial parity log is not supported");
		return;
	default:
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_READ_ONLY,
				"unknown write hole policy %u", policy);
	}
}

static void flag_volume(const struct imsm_view *view, u8 v, struct emd_config_array *ca)
{
	u32 status = le32_to_cpu(imsm_dev(view, v)->status);

	flag_geometry(view, v, ca);
	flag_migration(view, v, ca);
	if (status & IMSM_DEV_CNG)
		emd_config_flag(&ca->flags, ca->reason, EMD_CFG_NO_START,
				"recovery volumes (clone and go) are not supported");
	flag_write_hole(view, v, ca);
}

/*
 * A recorded bad block holds old data where it can be read at all, so a member
 * with one inside may not be read as if it had none.
 */
static void flag_bad_blocks(const struct imsm_view *view, const struct emd_config *cfg,
			    struct emd_config_array *ca)
{
	const struct imsm_bbm_ondisk *bbm = imsm_bbm(view);
	const struct imsm_bbm_entry_ondisk *entry;
	const struct emd_config_member *member;
	u64 start, end;
	int slot;
	u32 i;

	for (i = 0; bbm && i < le32_to_cpu(bbm->entry_count); i++) {
		entry = &bbm->entries[i];
		slot = emd_config_member_slot(cfg, ca, entry->disk_ordinal);
		if (slot < 0)
			continue;
		member = emd_config_member(cfg, ca, slot);
		start = (u64)le32_to_cpu(entry->start_hi) << 16 | le16_to_cpu(entry->start_lo);
		end = (start + entry->marked_count + 1) << view->shift;
		start <<= view->shift;
		if (start < member->start_sector + member->nr_sectors &&
		    end > member->start_sector)
			emd_config_flag(&ca->flags, ca->reason, EMD_CFG_NO_START,
					"recorded bad blocks at %llu+%llu of slot %d, not supported",
					start, end - start, slot);
	}
}

static enum emd_member_state lost_state(const struct emd_config_disk *disk)
{
	return disk->state == EMD_DISK_FAILED ? EMD_MEMBER_FAILED : EMD_MEMBER_MISSING;
}

static enum emd_member_state member_state(const struct imsm_view *view, u8 v, u8 slot,
					  const struct emd_config_disk *disk)
{
	const struct imsm_map_ondisk *map0 = imsm_map(view, v, 0);
	const struct imsm_map_ondisk *map1 = imsm_map(view, v, 1);

	if (disk->state != EMD_DISK_ACTIVE || imsm_ord_rebuild(map0, slot))
		return lost_state(disk);
	if (!map1 || slot >= map1->num_members || !imsm_ord_rebuild(map1, slot))
		return EMD_MEMBER_IN_SYNC;
	return imsm_dev_migrating(view, v, IMSM_MIGR_REBUILD) ? EMD_MEMBER_REBUILDING :
								lost_state(disk);
}

static bool resync_running(const struct imsm_view *view, u8 v)
{
	/* A verify that repairs nothing leaves nothing to go on with. */
	return imsm_dev_migrating(view, v, IMSM_MIGR_INIT) ||
	       imsm_dev_migrating(view, v, IMSM_MIGR_REPAIR) ||
	       (imsm_dev_migrating(view, v, IMSM_MIGR_VERIFY) &&
		le32_to_cpu(imsm_dev(view, v)->status) & IMSM_DEV_VERIFY_FIX);
}

/*
 * Work goes on at the checkpoint only if nothing was written since it was taken
 * that a power cut may have torn below it: dirty means start over. So does a
 * rebuild of several slots, which need not have begun together.
 */
static void decode_sync(const struct imsm_view *view, u8 v, struct emd_config_array *ca,
			u16 nr_rebuilding)
{
	u64 unit = imsm_dev_unit(view, imsm_dev(view, v));

	if (nr_rebuilding)
		ca->sync = EMD_SYNC_REBUILD;
	else if (resync_running(view, v) && emd_levels[ca->geo.level].redundant)
		ca->sync = EMD_SYNC_RESYNC;
	else
		return;
	if (!ca->dirty && nr_rebuilding < 2 && !(ca->flags & EMD_CFG_NO_START))
		ca->sync_sector = imsm_unit_to_sector(&ca->geo, ca->sync, unit);
}

static int decode_members(const struct imsm_view *view, u8 v, struct emd_config *cfg,
			  struct emd_config_array *ca, u16 *nr_rebuilding,
			  struct emd_errmsg *msg)
{
	const struct imsm_map_ondisk *map = imsm_map(view, v, 0);
	bool log = ca->flags & EMD_CFG_READ_ONLY;
	u32 mpb_sectors = round_up(view->size, cfg->block_size) / 512 + cfg->block_size / 512;
	const struct emd_config_disk *disk;
	struct emd_config_member *member;
	u64 end, blocks;
	u8 slot;

	*nr_rebuilding = 0;
	for (slot = 0; slot < map->num_members; slot++) {
		member = &cfg->members[cfg->nr_members++];
		member->disk = imsm_ord_index(map, slot);
		disk = &cfg->disks[member->disk];
		member->state = member_state(view, v, slot, disk);
		member->start_sector = imsm_map_start(view, map);
		member->nr_sectors = ca->geo.member_sectors;
		*nr_rebuilding += member->state == EMD_MEMBER_REBUILDING;

		/* As recorded, not as it is: every disk must judge this alike. */
		blocks = imsm_disk_blocks(view, imsm_disk(view, member->disk));
		end = member->start_sector + member->nr_sectors + (log ? ca->reserve_sectors : 0);
		if (disk->state == EMD_DISK_ACTIVE &&
		    (blocks < mpb_sectors || end > blocks - mpb_sectors))
			return EMD_REFUSE(msg, -EUCLEAN,
					  "volume %u: ends at block %llu of a disk of %llu, metadata takes %u",
					  v, end, blocks, mpb_sectors);
	}
	return 0;
}

static int decode_volume(const struct imsm_view *view, u8 v, struct emd_config *cfg,
			 struct emd_errmsg *msg)
{
	struct emd_config_array *ca = &cfg->arrays[v];
	const struct imsm_dev_ondisk *dev = imsm_dev(view, v);
	const struct imsm_map_ondisk *map = imsm_map(view, v, 0);
	char instead[EMD_NAME_LEN];
	bool redundant;
	u16 nr_rebuilding;
	int ret;

	snprintf(instead, sizeof(instead), "volume%u", v);
	emd_config_name_array(cfg, v, dev->volume,
			      strnlen((const char *)dev->volume, IMSM_NAME_LEN), instead, ca->name);
	imsm_volume_uuid(imsm_mpb(view), v, dev->volume, ca->uuid);
	ca->native = v;
	ca->first_member = cfg->nr_members;
	ret = decode_geometry(view, v, ca, msg);
	if (ret)
		return ret;
	flag_volume(view, v, ca);
	ret = decode_members(view, v, cfg, ca, &nr_rebuilding, msg);
	if (ret)
		return ret;

	redundant = emd_levels[ca->geo.level].redundant;
	ca->dirty = redundant && dev->vol.dirty & IMSM_VOL_DIRTY;
	ca->initialised = !redundant ||
			  (!imsm_dev_migrating(view, v, IMSM_MIGR_INIT) &&
			   map->map_state != IMSM_MAP_UNINITIALIZED);
	decode_sync(view, v, ca, nr_rebuilding);
	flag_bad_blocks(view, cfg, ca);
	cfg->nr_arrays++;
	return 0;
}

/*
 * A reshape moves data by disk index through an area that is ours to know
 * nothing of; nothing in its container may be renumbered, so nothing is written.
 */
static void flag_neighbours(const struct imsm_view *view, struct emd_config *cfg)
{
	u8 v, i;

	for (v = 0; v < view->nr_volumes; v++) {
		if (!imsm_dev_migrating(view, v, IMSM_MIGR_GENERAL) &&
		    !imsm_dev_migrating(view, v, IMSM_MIGR_STATE_CHANGE))
			continue;
		for (i = 0; i < cfg->nr_arrays; i++) {
			if (i != v)
				emd_config_flag(&cfg->arrays[i].flags, cfg->arrays[i].reason,
						EMD_CFG_READ_ONLY,
						"%s of the same container is being migrated",
						cfg->arrays[v].name);
		}
	}
}

static struct emd_config *decode_room(const struct imsm_view *view, u32 len)
{
	struct emd_config_room room = {
		.disks = view->nr_disks,
		.arrays = view->nr_volumes,
		.native = len,
	};
	u8 v;

	for (v = 0; v < view->nr_volumes; v++)
		room.members += imsm_map(view, v, 0)->num_members;
	return emd_config_alloc(&room);
}

static int decode_view(const struct imsm_view *view, const struct emd_meta_image *img,
		       struct emd_config *cfg, struct emd_errmsg *msg)
{
	int ret;
	u8 v;

	ret = decode_disks(view, img, cfg, msg);
	for (v = 0; !ret && v < view->nr_volumes; v++)
		ret = decode_volume(view, v, cfg, msg);
	if (ret)
		return ret;
	flag_container(view, cfg);
	flag_neighbours(view, cfg);
	if (emd_config_check(cfg, msg))
		return -EUCLEAN;
	return 0;
}

/**
 * imsm_decode() - a disk's metadata as a config
 * @img: complete according to ->next_extent()
 * @msg: where the reason goes
 *
 * Return: a new config, or ERR_PTR: -ENODATA not IMSM, -EUCLEAN damaged,
 * -ENOMEM.
 * Context: may sleep.
 */
struct emd_config *imsm_decode(const struct emd_meta_image *img, struct emd_errmsg *msg)
{
	struct emd_config *cfg;
	struct imsm_view view;
	u32 len;
	u8 *mpb;
	int ret;

	mpb = imsm_load(img, &len, msg);
	if (IS_ERR(mpb))
		return ERR_CAST(mpb);
	ret = imsm_parse(mpb, len, img->block_size, &view, msg);
	if (!ret && !view.nr_disks)
		ret = EMD_REFUSE(msg, -EUCLEAN, "no disk in the disk table");
	if (ret) {
		kvfree(mpb);
		return ERR_PTR(ret);
	}
	cfg = decode_room(&view, len);
	if (!cfg) {
		kvfree(mpb);
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	}
	memcpy(cfg->native, mpb, len);
	kvfree(mpb);
	view.mpb = cfg->native;

	cfg->native_len = len;
	cfg->ops = &emd_imsm_ops;
	cfg->block_size = img->block_size;
	cfg->generation = le32_to_cpu(imsm_mpb(&view)->generation_num);
	imsm_container_uuid(imsm_mpb(&view), cfg->uuid);
	ret = decode_view(&view, img, cfg, msg);
	if (ret) {
		emd_config_free(cfg);
		return ERR_PTR(ret);
	}
	return cfg;
}

/**
 * imsm_salvage() - whose is a copy that does not check out?
 * @img: complete according to ->next_extent(), refused by imsm_decode()
 *
 * One sector is written whole or not at all: only copies of several can be torn,
 * and each of their sectors is of this writing or of the one before. So the
 * anchor tells the container and a generation; the sum must be what is wrong.
 *
 * Return: a new torn config, or NULL: not torn, nobody's, or out of memory.
 * Context: may sleep.
 */
struct emd_config *imsm_salvage(const struct emd_meta_image *img)
{
	struct emd_config_room room = {};
	const struct imsm_mpb_ondisk *head;
	struct emd_config *cfg = NULL;
	u8 *mpb;
	u32 len;

	mpb = imsm_load(img, &len, NULL);
	if (IS_ERR(mpb))
		return NULL;
	head = (const struct imsm_mpb_ondisk *)mpb;
	if (len > img->block_size && head->num_raid_devs &&
	    imsm_checksum(mpb, le32_to_cpu(head->mpb_size)) != le32_to_cpu(head->check_sum)) {
		room.native = len;
		cfg = emd_config_alloc(&room);
	}
	if (cfg) {
		memcpy(cfg->native, mpb, len);
		cfg->native_len = len;
		cfg->ops = &emd_imsm_ops;
		cfg->block_size = img->block_size;
		cfg->generation = le32_to_cpu(head->generation_num);
		cfg->torn = true;
		imsm_container_uuid(head, cfg->uuid);
	}
	kvfree(mpb);
	return cfg;
}
