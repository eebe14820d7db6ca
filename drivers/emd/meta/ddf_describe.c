// SPDX-License-Identifier: GPL-2.0
/*
 * DDF: an image for people and for JSON, as lines "path.key=value".
 *
 * Shows what the bytes say even when they cannot be used; then a line "error="
 * says why. Numbers as in the metadata, sizes converted to sectors of 512 bytes.
 * Pure; allocates for the time of the call.
 */
#include <linux/err.h>
#include <linux/slab.h>
#include <linux/stdarg.h>
#include <linux/string.h>

#include "describe.h"
#include "ddf.h"

static void put_guid(struct path *path, const u8 guid[DDF_GUID_LEN])
{
	static const char digits[] = "0123456789abcdef";
	char text[2 * DDF_GUID_LEN + 1];
	unsigned int i;

	for (i = 0; i < DDF_GUID_LEN; i++) {
		text[2 * i] = digits[guid[i] >> 4];
		text[2 * i + 1] = digits[guid[i] & 15];
	}
	text[2 * DDF_GUID_LEN] = 0;
	put(path, "guid", "%s", text);
}

static const char *copy_state(const struct ddf_disk *disk, int which)
{
	const struct ddf_copy *copy = &disk->copy[which];

	if (which && disk->layout.secondary == DDF_NONE64)
		return "absent";
	if (!copy->header)
		return "damaged";
	if (copy->open)
		return "open";
	if (!copy->section[DDF_PDR])
		return "closed";	/* and not looked at any further */
	if (!copy->whole)
		return "damaged section";
	return copy->records ? "closed" : "damaged record";
}

static void describe_head(struct path *path, const struct ddf_disk *disk)
{
	const struct ddf_layout *layout = &disk->layout;
	const struct ddf_copy *best = disk->best < 0 ? NULL : &disk->copy[disk->best];

	put(path, "version", "%.8s", disk->anchor->revision);
	put_guid(path, disk->anchor->guid);
	put(path, "byte_order", "%s", layout->le ? "little" : "big");
	put(path, "crc", "%s", layout->zlib ? "zlib" : "plain");
	put(path, "anchor_block", "%llu", disk->anchor_lba);
	put(path, "primary_block", "%llu", layout->primary);
	if (layout->secondary != DDF_NONE64)
		put(path, "secondary_block", "%llu", layout->secondary);
	put(path, "primary", "%s", copy_state(disk, 0));
	put(path, "secondary", "%s", copy_state(disk, 1));
	if (!best)
		return;
	put(path, "copy", "%s", disk->best ? "secondary" : "primary");
	put(path, "generation", "%u", best->seq);
	put(path, "max_disks", "%u", best->layout.max_pd);
	put(path, "max_arrays", "%u", best->layout.max_vd);
	put(path, "max_records", "%u", best->layout.max_partitions);
}

static void describe_disk(struct path *path, const struct emd_config *cfg, u16 i)
{
	const struct emd_config_disk *row = &cfg->disks[i];
	const struct ddf_set *set = ddf_set(cfg);
	const struct ddf_pde_ondisk *pde = ddf_pde(set, row->native);

	path_set(path, "disk.%u.", i);
	put(path, "reference", "%s", row->id);
	put_guid(path, pde->guid);
	put(path, "index", "%u", row->native);
	put(path, "type", "%04x", ddf_get16(set->le, pde->type));
	put(path, "status", "%04x", ddf_get16(set->le, pde->state));
	put(path, "size_sectors", "%llu", ddf_sectors(set, ddf_get64(set->le, pde->size)));
	put(path, "state", "%s", emd_disk_state_names[row->state]);
	put(path, "self", "%s", cfg->self == i ? "yes" : "no");
}

static void describe_record(struct path *path, const struct ddf_set *set, u16 v,
			    const struct ddf_vdcr_ondisk *vdcr)
{
	path_set(path, "array.%u.record.", v);
	put(path, "sequence", "%u", ddf_get32(set->le, vdcr->seq));
	put(path, "elements", "%u", ddf_get16(set->le, vdcr->elements));
	put(path, "level", "%s", ddf_level_name(vdcr->level));
	put(path, "level_code", "%02x", vdcr->level);
	put(path, "qualifier", "%02x", vdcr->qualifier);
	put(path, "part", "%u of %u", vdcr->secondary_seq, vdcr->secondary_count);
	put(path, "secondary_level", "%02x", vdcr->secondary_level);
	put(path, "element_sectors", "%llu",
	    ddf_sectors(set, ddf_get64(set->le, vdcr->block_count)));
}

static void describe_array(struct path *path, const struct emd_config *cfg, u16 i)
{
	const struct emd_config_array *ca = &cfg->arrays[i];
	const struct ddf_set *set = ddf_set(cfg);
	const struct ddf_vde_ondisk *vde = ddf_vde(set, ca->native);
	const struct ddf_vdcr_ondisk *vdcr = ddf_any_vdcr(set, vde->guid);
	const struct emd_config_member *member;
	u16 slot;

	path_set(path, "array.%u.", i);
	put(path, "name", "%s", ca->name);
	put_uuid(path, ca->uuid);
	put_guid(path, vde->guid);
	put(path, "index", "%u", ca->native);
	put(path, "number", "%u", ddf_get16(set->le, vde->number));
	put(path, "status", "%02x", vde->state);
	put(path, "init", "%02x", vde->init);
	put(path, "level", "%s", emd_levels[ca->geo.level].name);
	put(path, "layout", "%s", emd_layout_names[ca->geo.layout]);
	put(path, "strip_sectors", "%u", ca->geo.strip_sectors);
	put(path, "size_sectors", "%llu", ca->geo.array_sectors);
	put(path, "member_sectors", "%llu", ca->geo.member_sectors);
	put(path, "state", "%s", emd_array_state_names[emd_config_array_state(cfg, ca)]);
	put(path, "dirty", "%u", ca->dirty);
	put(path, "initialised", "%s", ca->initialised ? "yes" : "no");
	put(path, "sync_action", "%s", emd_sync_action_names[ca->sync]);
	put(path, "sync_sector", "%llu", ca->sync_sector);
	if (ca->flags)
		put(path, "reason", "%s", ca->reason);
	if (!vdcr)
		return;
	describe_record(path, set, i, vdcr);
	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		member = emd_config_member(cfg, ca, slot);
		path_set(path, "array.%u.slot.%u.", i, slot);
		if (member->disk == EMD_NO_DISK)
			put(path, "disk", "none");
		else
			put(path, "disk", "%u", member->disk);
		put(path, "state", "%s", member->disk == EMD_NO_DISK &&
					 member->state == EMD_MEMBER_IN_SYNC ? "unknown" :
					 emd_member_state_names[member->state]);
		put(path, "start_sector", "%llu", member->start_sector);
	}
}

static void describe_config(struct path *path, const struct emd_config *cfg)
{
	const struct ddf_set *set = ddf_set(cfg);
	const struct ddf_record *rec;
	u32 i, nr = 0, sig;

	put_uuid(path, cfg->uuid);
	put(path, "nr_disks", "%u", cfg->nr_disks);
	put(path, "nr_arrays", "%u", cfg->nr_arrays);
	if (ddf_part(set, 0)->bad_blocks)
		put(path, "bad_blocks", "%u", ddf_part(set, 0)->bad_blocks);
	if (cfg->flags)
		put(path, "reason", "%s", cfg->reason);
	if (cfg->remark[0])
		put(path, "remark", "%s", cfg->remark);
	for (i = 0; i < cfg->nr_disks; i++)
		describe_disk(path, cfg, i);
	for (i = 0; i < cfg->nr_arrays; i++)
		describe_array(path, cfg, i);
	for (i = 0; i < set->nr_records; i++) {
		rec = ddf_record(set, i);
		sig = ddf_get32(set->le, ddf_vdcr(rec)->signature);
		if (ddf_vdcr_is(set, rec) && ddf_find_vde(set, ddf_vdcr(rec)->guid) >= 0)
			continue;
		path_set(path, "other_record.%u.", nr++);
		put(path, "slot", "%u", rec->slot);
		put(path, "kind", "%s", sig == DDF_SIG_SPARE ? "spare assignment" :
					sig == DDF_SIG_VENDOR ? "vendor" :
					sig == DDF_SIG_VDCR ? "configuration, not in use" :
							      "unknown");
	}
}

/**
 * ddf_describe() - what an image says
 * @img: as far as it could be read
 * @out: where the lines go
 *
 * Context: may sleep.
 */
void ddf_describe(const struct emd_meta_image *img, struct emd_text *out)
{
	struct path path = { .out = out };
	struct emd_errmsg msg = {};
	struct emd_config *cfg;
	struct ddf_disk disk;
	int ret;

	if (!ddf_recognize(img))
		return;
	put(&path, "format", "ddf");
	ret = ddf_load(img, &disk, &msg);
	if (disk.anchor)
		describe_head(&path, &disk);
	cfg = ret ? ERR_PTR(ret) : ddf_decode(img, &msg);
	if (!IS_ERR(cfg)) {
		describe_config(&path, cfg);
		emd_config_free(cfg);
		return;
	}
	path_set(&path, "%s", "");
	put(&path, "error", "%s", msg.text);
}
