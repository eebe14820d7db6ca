// SPDX-License-Identifier: GPL-2.0
/*
 * IMSM: an image for people and for JSON, as lines "path.key=value".
 *
 * Shows what the bytes say even when they cannot be used; then a line "error="
 * says why. Numbers as in the metadata, sectors converted to 512 bytes. Pure;
 * allocates for the time of the call.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/stdarg.h>
#include <linux/string.h>

#include "describe.h"
#include "imsm.h"

static const char *const policy_names[IMSM_NR_RWH_POLICIES] = {
	[IMSM_RWH_OFF] = "off",
	[IMSM_RWH_PPL] = "ppl",
	[IMSM_RWH_PPL_JOURNAL] = "ppl-journal",
	[IMSM_RWH_MULTI_PPL] = "multi-ppl",
	[IMSM_RWH_MULTI_PPL_JOURNAL] = "multi-ppl-journal",
	[IMSM_RWH_MULTI_OFF] = "off",
	[IMSM_RWH_BITMAP] = "bitmap",
};

static void describe_head(struct path *path, const struct imsm_mpb_ondisk *mpb, u32 have)
{
	char version[IMSM_VERSION_LEN + 1];
	u32 size = le32_to_cpu(mpb->mpb_size), sum;

	imsm_version(mpb, version);
	put(path, "version", "%s", version);
	put(path, "size_bytes", "%u", size);
	put(path, "family", "%08x", le32_to_cpu(mpb->family_num));
	put(path, "orig_family", "%08x", le32_to_cpu(mpb->orig_family_num));
	put(path, "generation", "%u", le32_to_cpu(mpb->generation_num));
	put(path, "attributes", "%08x", le32_to_cpu(mpb->attributes));
	put(path, "creation_time", "%llu",
	    imsm_u64(mpb->creation_time_lo, mpb->creation_time_hi));
	put(path, "nr_disks", "%u", mpb->num_disks);
	put(path, "nr_arrays", "%u", mpb->num_raid_devs);
	if (size > have)
		return;
	sum = imsm_checksum((const u8 *)mpb, size);
	if (sum == le32_to_cpu(mpb->check_sum))
		put(path, "checksum", "ok");
	else
		put(path, "checksum", "%08x, computed %08x", le32_to_cpu(mpb->check_sum), sum);
}

static void describe_disk(struct path *path, const struct imsm_view *view, u8 i,
			  const struct emd_config *cfg)
{
	const struct imsm_disk_ondisk *disk = imsm_disk(view, i);
	char id[EMD_DISK_ID_LEN];

	imsm_disk_id(disk->serial, id);
	path_set(path, "disk.%u.", i);
	put(path, "serial", "%s", id);
	put(path, "size_sectors", "%llu", imsm_disk_blocks(view, disk));
	put(path, "status", "%08x", le32_to_cpu(disk->status));
	put(path, "scsi_id", "%08x", le32_to_cpu(disk->scsi_id));
	if (cfg) {
		put(path, "state", "%s", emd_disk_state_names[cfg->disks[i].state]);
		put(path, "self", "%s", cfg->self == i ? "yes" : "no");
	}
}

static void describe_map(struct path *path, const struct imsm_view *view, u8 v, u8 which)
{
	const struct imsm_map_ondisk *map = imsm_map(view, v, which);
	u8 slot;

	path_set(path, "array.%u.map.%u.", v, which);
	put(path, "state", "%s", imsm_map_state_names[map->map_state]);
	put(path, "level", "%u", map->raid_level);
	put(path, "members", "%u", map->num_members);
	put(path, "domains", "%u", map->num_domains);
	put(path, "strip_sectors", "%u", imsm_map_strip(view, map));
	put(path, "start_sector", "%llu", imsm_map_start(view, map));
	put(path, "size_sectors", "%llu", imsm_map_blocks(view, map));
	put(path, "stripes", "%llu", imsm_map_stripes(view, map));
	if (map->failed_disk_num == IMSM_NO_FAILED_DISK)
		put(path, "failed_slot", "none");
	else
		put(path, "failed_slot", "%u", map->failed_disk_num);
	for (slot = 0; slot < map->num_members; slot++) {
		path_set(path, "array.%u.map.%u.slot.%u.", v, which, slot);
		put(path, "disk", "%u", imsm_ord_index(map, slot));
		put(path, "out_of_sync", "%s", imsm_ord_rebuild(map, slot) ? "yes" : "no");
	}
}

static void describe_meaning(struct path *path, const struct emd_config *cfg, u8 v)
{
	const struct emd_config_array *ca = &cfg->arrays[v];
	u16 slot;

	put(path, "level", "%s", emd_levels[ca->geo.level].name);
	put(path, "layout", "%s", emd_layout_names[ca->geo.layout]);
	put(path, "strip_sectors", "%u", ca->geo.strip_sectors);
	put(path, "start_sector", "%llu", emd_config_member(cfg, ca, 0)->start_sector);
	put(path, "member_sectors", "%llu", ca->geo.member_sectors);
	put(path, "state", "%s", emd_array_state_names[emd_config_array_state(cfg, ca)]);
	put(path, "initialised", "%s", ca->initialised ? "yes" : "no");
	put(path, "sync_action", "%s", emd_sync_action_names[ca->sync]);
	put(path, "sync_sector", "%llu", ca->sync_sector);
	if (ca->flags)
		put(path, "reason", "%s", ca->reason);
	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		const struct emd_config_member *member = emd_config_member(cfg, ca, slot);

		path_set(path, "array.%u.slot.%u.", v, slot);
		put(path, "disk", "%u", member->disk);
		put(path, "state", "%s", emd_member_state_names[member->state]);
	}
}

static void describe_volume(struct path *path, const struct imsm_view *view, u8 v,
			    const struct emd_config *cfg)
{
	const struct imsm_dev_ondisk *dev = imsm_dev(view, v);
	char name[IMSM_NAME_LEN + 1] = {};
	u8 uuid[16];

	memcpy(name, dev->volume, IMSM_NAME_LEN);
	imsm_volume_uuid(imsm_mpb(view), v, dev->volume, uuid);
	path_set(path, "array.%u.", v);
	put(path, "name", "%s", name);
	put_uuid(path, uuid);
	put(path, "volume_id", "%u", le16_to_cpu(dev->my_vol_raid_dev_num));
	put(path, "size_sectors", "%llu", imsm_dev_blocks(view, dev));
	put(path, "status", "%08x", le32_to_cpu(dev->status));
	put(path, "dirty", "%u", dev->vol.dirty);
	put(path, "write_hole_policy", "%s", dev->rwh_policy < IMSM_NR_RWH_POLICIES ?
					      policy_names[dev->rwh_policy] : "unknown");
	if (!dev->vol.migr_state)
		put(path, "migration", "idle");
	else if (dev->vol.migr_type < IMSM_NR_MIGR_TYPES)
		put(path, "migration", "%s", imsm_migr_names[dev->vol.migr_type]);
	else
		put(path, "migration", "unknown %u", dev->vol.migr_type);
	put(path, "migration_unit", "%llu", imsm_dev_unit(view, dev));
	if (cfg)
		describe_meaning(path, cfg, v);
	describe_map(path, view, v, 0);
	if (imsm_map(view, v, 1))
		describe_map(path, view, v, 1);
}

static void describe_bad_blocks(struct path *path, const struct imsm_view *view)
{
	const struct imsm_bbm_ondisk *bbm = imsm_bbm(view);
	const struct imsm_bbm_entry_ondisk *entry;
	u64 start;
	u32 i;

	for (i = 0; bbm && i < le32_to_cpu(bbm->entry_count); i++) {
		entry = &bbm->entries[i];
		start = (u64)le32_to_cpu(entry->start_hi) << 16 | le16_to_cpu(entry->start_lo);
		path_set(path, "bad_block.%u.", i);
		put(path, "disk", "%u", entry->disk_ordinal);
		put(path, "start_sector", "%llu", start << view->shift);
		put(path, "nr_sectors", "%u", (entry->marked_count + 1) << view->shift);
	}
}

static void describe_view(struct path *path, const struct imsm_view *view,
			  const struct emd_config *cfg)
{
	u8 uuid[16], i;

	imsm_container_uuid(imsm_mpb(view), uuid);
	put_uuid(path, uuid);
	if (cfg && cfg->flags)
		put(path, "reason", "%s", cfg->reason);
	for (i = 0; i < view->nr_disks; i++)
		describe_disk(path, view, i, cfg);
	for (i = 0; i < view->nr_volumes; i++)
		describe_volume(path, view, i, cfg);
	describe_bad_blocks(path, view);
}

/**
 * imsm_describe() - what an image says
 * @img: as far as it could be read
 * @out: where the lines go
 *
 * Context: may sleep.
 */
void imsm_describe(const struct emd_meta_image *img, struct emd_text *out)
{
	struct path path = { .out = out };
	const struct imsm_mpb_ondisk *mpb;
	struct emd_errmsg msg = {};
	struct emd_config *cfg = NULL;
	struct imsm_view view;
	u8 *bytes;
	u32 len;

	if (!emd_imsm_ops.recognize(img))
		return;
	put(&path, "format", "imsm");
	bytes = imsm_load(img, &len, &msg);
	mpb = IS_ERR(bytes) ? (const struct imsm_mpb_ondisk *)img->extents[0].data :
			      (const struct imsm_mpb_ondisk *)bytes;
	describe_head(&path, mpb, IS_ERR(bytes) ? 0 : len);
	if (!IS_ERR(bytes) && !imsm_parse(bytes, len, img->block_size, &view, &msg)) {
		cfg = imsm_decode(img, &msg);
		if (IS_ERR(cfg))
			cfg = NULL;
		describe_view(&path, &view, cfg);
	}
	if (!cfg) {
		path_set(&path, "%s", "");
		put(&path, "error", "%s", msg.text);
	}
	emd_config_free(cfg);
	if (!IS_ERR(bytes))
		kvfree(bytes);
}
