/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Configs and native bytes in a line each, so that a test says in one string all
 * that it expects.
 */
#ifndef _EMD_IMSM_TEXT_H
#define _EMD_IMSM_TEXT_H

#include "imsm_lab.h"
#include "line.h"

/*
 * "NAME LEVEL STRIP SIZE START+MEMBER+RESERVE STATES ACTION", arrays separated by
 * "; ". States: U in sync, R rebuilding, M missing, F failed.
 */
static inline void volume_line(const struct emd_config *cfg, struct line *line)
{
	const struct emd_config_array *ca;
	u16 i, slot;

	line->len = 0;
	line->text[0] = 0;
	for (i = 0; i < cfg->nr_arrays; i++) {
		ca = &cfg->arrays[i];
		add(line, "%s%s %s %u %llu %llu+%llu+%u ", i ? "; " : "", ca->name,
		    emd_levels[ca->geo.level].name, ca->geo.strip_sectors, ca->geo.array_sectors,
		    emd_config_member(cfg, ca, 0)->start_sector, ca->geo.member_sectors,
		    ca->reserve_sectors);
		for (slot = 0; slot < ca->geo.nr_members; slot++)
			add(line, "%c", "URMF"[emd_config_member(cfg, ca, slot)->state]);
		add(line, " %s", emd_sync_action_names[ca->sync]);
		if (ca->sync != EMD_SYNC_IDLE)
			add(line, " %llu", ca->sync_sector);
		add(line, "%s%s", ca->initialised ? "" : " uninitialised", ca->dirty ? " dirty" : "");
		if (ca->flags & EMD_CFG_NO_START)
			add(line, " no-start");
		else if (ca->flags & EMD_CFG_READ_ONLY)
			add(line, " read-only");
	}
}

static inline void map_text(const struct imsm_view *view, u8 v, u8 which, struct line *line)
{
	static const char *const states[] = { "NORMAL", "UNINIT", "DEGRADED", "FAILED" };
	const struct imsm_map_ondisk *map = imsm_map(view, v, which);
	u8 slot;

	add(line, " %s [", states[map->map_state]);
	for (slot = 0; slot < map->num_members; slot++)
		add(line, "%s%s%u", slot ? " " : "", imsm_ord_rebuild(map, slot) ? "R" : "",
		    imsm_ord_index(map, slot));
	add(line, "]");
	if (map->failed_disk_num != IMSM_NO_FAILED_DISK)
		add(line, " f%u", map->failed_disk_num);
}

/*
 * The sheet's way of writing states: "TABLE | MIGRATION UNIT dDIRTY MAP0 <- MAP1 |
 * SIZE", a volume after the other. TABLE is serial/status, "~" at a disk that the
 * table calls absent.
 */
static inline int native_line(const struct emd_config *cfg, struct line *line)
{
	static const char *const types[] = { "INIT", "REBUILD", "VERIFY", "GENERAL" };
	const struct imsm_disk_ondisk *disk;
	const struct imsm_dev_ondisk *dev;
	struct imsm_view view;
	char id[EMD_DISK_ID_LEN];
	int ret;
	u8 i;

	line->len = 0;
	line->text[0] = 0;
	ret = imsm_parse(cfg->native, cfg->native_len, cfg->block_size, &view, NULL);
	if (ret)
		return ret;
	for (i = 0; i < view.nr_disks; i++) {
		disk = imsm_disk(&view, i);
		imsm_disk_id(disk->serial, id);
		add(line, "%s/%x%s ", id, le32_to_cpu(disk->status),
		    le32_to_cpu(disk->scsi_id) == IMSM_SCSI_ID_MISSING ? "~" : "");
	}
	for (i = 0; i < view.nr_volumes; i++) {
		dev = imsm_dev(&view, i);
		add(line, "| ");
		if (dev->vol.migr_state)
			add(line, "%s %llu ",
			    le32_to_cpu(dev->status) & IMSM_DEV_VERIFY_FIX &&
			    dev->vol.migr_type == IMSM_MIGR_VERIFY ? "REPAIR" :
								     types[dev->vol.migr_type],
			    imsm_dev_unit(&view, dev));
		add(line, "d%u", dev->vol.dirty);
		map_text(&view, i, 0, line);
		if (imsm_map(&view, i, 1)) {
			add(line, " <-");
			map_text(&view, i, 1, line);
		}
		add(line, " ");
	}
	add(line, "| %u", view.size);
	return 0;
}

#endif /* _EMD_IMSM_TEXT_H */
