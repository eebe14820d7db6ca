// SPDX-License-Identifier: GPL-2.0
/*
 * ASR: an image for people and for JSON, as lines "path.key=value".
 *
 * Shows what the bytes say even when they cannot be used; then a line "error=" says
 * why. Pure; allocates for the time of the call.
 */
#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "asr.h"
#include "describe.h"

static const char *type_name(u8 type)
{
	switch (type) {
	case ASR_RAID0:
		return "raid0";
	case ASR_RAID1:
		return "raid1";
	case ASR_RAID3:
		return "raid3";
	case ASR_RAID4:
		return "raid4";
	case ASR_RAID5:
		return "raid5";
	case ASR_SPARE:
		return "spare";
	case ASR_REDIRECT:
		return "redirect";
	default:
		return "unknown";
	}
}

static const char *kind_name(u8 level)
{
	switch (level) {
	case ASR_DRIVE:
		return "drive";
	case ASR_ARRAY:
		return "array";
	case ASR_TOP:
		return "array of arrays";
	default:
		return "unknown";
	}
}

static void describe_head(struct path *path, const struct asr_disk *disk)
{
	const struct asr_table_ondisk *table = disk->table;
	u16 sum;

	put(path, "version", "%u", disk->rb->version);
	put(path, "drive_magic", "%08x", be32_to_cpu(disk->rb->drive_magic));
	put(path, "table_sector", "%u", be32_to_cpu(disk->rb->table));
	if (!table)
		return;
	put(path, "table_version", "%u", be32_to_cpu(table->version));
	put(path, "max_lines", "%u", be16_to_cpu(table->max_lines));
	put(path, "nr_lines", "%u", be16_to_cpu(table->nr_lines));
	sum = asr_checksum(asr_lines(table), disk->nr_lines);
	if (!disk->unchecked)
		put(path, "checksum", "ok");
	else
		put(path, "checksum", "%04x, computed %04x", be16_to_cpu(table->checksum), sum);
	put(path, "timestamp", "%u", be32_to_cpu(table->timestamp));
	put(path, "dirty", "%02x", table->dirty);
	if (table->spare_magic)
		put(path, "spare_magic", "%08x", be32_to_cpu(table->spare_magic));
	if (table->array_magic)
		put(path, "serves", "%08x", be32_to_cpu(table->array_magic));
}

static void describe_line(struct path *path, const struct asr_line_ondisk *line, u16 i)
{
	char name[ASR_NAME_LEN + 1] = {};

	memcpy(name, line->name, ASR_NAME_LEN);
	path_set(path, "line.%u.", i);
	put(path, "kind", "%s", kind_name(line->level));
	put(path, "type", "%s", type_name(line->type));
	put(path, "magic", "%08x", be32_to_cpu(line->magic));
	put(path, "sequence", "%u", be16_to_cpu(line->sequence));
	put(path, "status", "%02x", line->state);
	put(path, "flags", "%02x", line->flags);
	if (line->level != ASR_DRIVE)
		put(path, "components", "%u", be16_to_cpu(line->count));
	put(path, "address", "%u:%u:%u:%u", line->hba, line->channel, line->lun,
	    be32_to_cpu(line->target));
	put(path, "capacity_sectors", "%u", be32_to_cpu(line->capacity));
	put(path, "strip_sectors", "%u", be16_to_cpu(line->strip));
	if (line->position)
		put(path, "position", "%u", be32_to_cpu(line->position));
	if (line->offset)
		put(path, "start_sector", "%u", be32_to_cpu(line->offset));
	if (name[0])
		put(path, "name", "%s", name);
}

static void describe_disk(struct path *path, const struct emd_config *cfg, u16 i)
{
	const struct emd_config_disk *row = &cfg->disks[i];
	const struct asr_part *part = asr_part(asr_set(cfg), row->native);

	path_set(path, "disk.%u.", i);
	put(path, "drive_magic", "%s", row->id);
	if (part->line != ASR_NO_LINE)
		put(path, "line", "%u", part->line);
	put(path, "state", "%s", emd_disk_state_names[row->state]);
	put(path, "self", "%s", cfg->self == i ? "yes" : "no");
}

static void describe_array(struct path *path, const struct emd_config *cfg)
{
	const struct emd_config_array *ca = &cfg->arrays[0];
	const struct asr_set *set = asr_set(cfg);
	const struct emd_config_member *member;
	u16 slot;

	path_set(path, "array.0.");
	put(path, "name", "%s", ca->name);
	put_uuid(path, ca->uuid);
	put(path, "magic", "%08x", be32_to_cpu(asr_line(set, set->top)->magic));
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
	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		member = emd_config_member(cfg, ca, slot);
		path_set(path, "array.0.slot.%u.", slot);
		if (member->disk == EMD_NO_DISK)
			put(path, "disk", "none");
		else
			put(path, "disk", "%u", member->disk);
		put(path, "state", "%s", emd_member_state_names[member->state]);
	}
}

static void describe_config(struct path *path, const struct emd_config *cfg)
{
	const struct asr_set *set = asr_set(cfg);
	u16 i;

	put_uuid(path, cfg->uuid);
	if (cfg->nr_arrays)
		put(path, "generation", "%u", set->sequence);
	if (cfg->remark[0])
		put(path, "remark", "%s", cfg->remark);
	put(path, "nr_disks", "%u", cfg->nr_disks);
	put(path, "nr_arrays", "%u", cfg->nr_arrays);
	for (i = 0; i < cfg->nr_disks; i++)
		describe_disk(path, cfg, i);
	if (cfg->nr_arrays)
		describe_array(path, cfg);
}

/**
 * asr_describe() - what an image says
 * @img: as far as it could be read
 * @out: where the lines go
 *
 * Context: may sleep.
 */
void asr_describe(const struct emd_meta_image *img, struct emd_text *out)
{
	struct path path = { .out = out };
	struct emd_errmsg msg = {};
	struct emd_config *cfg;
	struct asr_disk disk;
	int ret;
	u16 i;

	if (!asr_recognize(img))
		return;
	put(&path, "format", "asr");
	ret = asr_load(img, &disk, &msg);
	describe_head(&path, &disk);
	cfg = ret ? ERR_PTR(ret) : asr_decode(img, &msg);
	if (!IS_ERR(cfg)) {
		describe_config(&path, cfg);
		emd_config_free(cfg);
	}
	for (i = 0; disk.table && i < disk.nr_lines; i++)
		describe_line(&path, &asr_lines(disk.table)[i], i);
	if (IS_ERR(cfg)) {
		path_set(&path, "%s", "");
		put(&path, "error", "%s", msg.text);
	}
}
