/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What benches for format handlers share: disks that are nothing but the places where
 * a format keeps its structures, read and written as the core does it, and configs in
 * a line each. For KUnit and, through the shim, for the fuzzer: pure, but for
 * allocation.
 *
 * Who includes it says first what it is about: LAB_BYTES, of a disk, and lab_ops; and
 * defines lab_at().
 */
#ifndef _EMD_CODEC_LAB_H
#define _EMD_CODEC_LAB_H

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "line.h"
#include "meta/meta.h"

/**
 * struct lab_disk - one disk
 * @sectors: capacity
 * @block_size: logical block
 * @serial: as the device reports it
 * @bytes: LAB_BYTES, wherever they lie
 */
struct lab_disk {
	u64 sectors;
	u32 block_size;
	char serial[EMD_DISK_ID_LEN];
	u8 *bytes;
};

static inline int lab_disk_init(struct lab_disk *disk, u64 sectors, u32 block_size,
				const char *serial)
{
	memset(disk, 0, sizeof(*disk));
	disk->sectors = sectors;
	disk->block_size = block_size;
	strscpy(disk->serial, serial, sizeof(disk->serial));
	disk->bytes = kvzalloc(LAB_BYTES, GFP_KERNEL);
	return disk->bytes ? 0 : -ENOMEM;
}

static inline void lab_disk_exit(struct lab_disk *disk)
{
	kvfree(disk->bytes);
	disk->bytes = NULL;
}

/* NULL for what is not there. */
static inline u8 *lab_at(const struct lab_disk *disk, u64 offset, u32 len);

/* ---- as the core does it ------------------------------------------------------------- */

static inline void lab_image_free(struct emd_meta_image *img)
{
	unsigned int i;

	for (i = 0; i < img->nr_extents; i++)
		kvfree(img->extents[i].data);
	img->nr_extents = 0;
}

/* Read what the handler asks for; each extent its own allocation, exactly as long. */
static inline int lab_read(const struct lab_disk *disk, struct emd_meta_image *img,
			   struct emd_errmsg *msg)
{
	struct emd_extent *want;
	u32 total = 0;
	u8 *from;
	int ret;

	memset(img, 0, sizeof(*img));
	img->disk_sectors = disk->sectors;
	img->block_size = disk->block_size;
	strscpy(img->serial, disk->serial, sizeof(img->serial));
	while (img->nr_extents < EMD_IMAGE_MAX_EXTENTS) {
		want = &img->extents[img->nr_extents];
		ret = lab_ops->next_extent(img, want, msg);
		if (ret <= 0)
			return ret;
		if (!want->len || want->len % disk->block_size ||
		    want->offset % disk->block_size || want->len > EMD_IMAGE_MAX_BYTES - total ||
		    want->offset >= disk->sectors << 9 ||
		    want->len > (disk->sectors << 9) - want->offset)
			return -E2BIG;
		total += want->len;
		want->data = kvzalloc(want->len, GFP_KERNEL);
		if (!want->data)
			return -ENOMEM;
		/* What is in no window is zero. */
		from = lab_at(disk, want->offset, want->len);
		if (from)
			memcpy(want->data, from, want->len);
		img->nr_extents++;
	}
	return -E2BIG;
}

static inline struct emd_config *lab_decode(const struct lab_disk *disk, struct emd_errmsg *msg)
{
	struct emd_meta_image img;
	struct emd_config *cfg;
	int ret;

	ret = lab_read(disk, &img, msg);
	cfg = ret ? ERR_PTR(ret) : lab_ops->decode(&img, msg);
	lab_image_free(&img);
	return cfg;
}

/* Of what is refused as damaged, what can be salvaged. */
static inline struct emd_config *lab_decode_or_salvage(const struct lab_disk *disk,
						       struct emd_errmsg *msg)
{
	struct emd_config *cfg = lab_decode(disk, msg), *torn;
	struct emd_meta_image img;

	if (!IS_ERR(cfg) || !lab_ops->salvage)
		return cfg;
	torn = lab_read(disk, &img, NULL) ? NULL : lab_ops->salvage(&img);
	lab_image_free(&img);
	if (torn && msg)
		msg->text[0] = 0;
	return torn ?: cfg;
}

#define LAB_DISKS	8

/**
 * struct lab_election - how an election went
 * @nr: disks
 * @champion: or -errno
 * @cfgs: of each disk
 * @verdicts: out
 * @rows: out
 */
struct lab_election {
	unsigned int nr;
	int champion;
	const struct emd_config *cfgs[LAB_DISKS];
	enum emd_verdict verdicts[LAB_DISKS];
	u16 rows[LAB_DISKS];
};

static inline void lab_election_free(struct lab_election *el)
{
	unsigned int i;

	for (i = 0; i < el->nr; i++)
		emd_config_free((struct emd_config *)el->cfgs[i]);
	el->nr = 0;
}

static inline int lab_elect(struct lab_disk *const *disks, unsigned int nr,
			    struct lab_election *el, struct emd_errmsg *msg)
{
	unsigned int i;

	memset(el, 0, sizeof(*el));
	for (i = 0; i < nr; i++) {
		el->cfgs[i] = lab_decode_or_salvage(disks[i], msg);
		if (IS_ERR(el->cfgs[i])) {
			el->champion = PTR_ERR(el->cfgs[i]);
			return el->champion;
		}
		el->nr++;
	}
	el->champion = lab_ops->elect(el->cfgs, NULL, nr, el->verdicts, el->rows, msg);
	return el->champion;
}

/*
 * The elected config with live disks in their rows: handles are positions in @disks,
 * from 1. What is not here is missing.
 */
static inline struct emd_config *lab_assemble(struct lab_disk *const *disks, unsigned int nr,
					      struct emd_errmsg *msg)
{
	struct emd_config *cfg, *united;
	struct emd_config_room room = {};
	struct lab_election el;
	unsigned int i;
	u16 row;

	if (lab_elect(disks, nr, &el, msg) < 0) {
		cfg = ERR_PTR(el.champion);
		lab_election_free(&el);
		return cfg;
	}
	united = lab_ops->unite(el.cfgs, el.nr, el.champion, el.verdicts, el.rows, msg);
	if (IS_ERR(united)) {
		lab_election_free(&el);
		return united;
	}
	lab_ops->room(united, &room);
	room.disks += 8;
	cfg = emd_config_alloc(&room);
	if (!cfg || emd_config_copy(cfg, united)) {
		emd_config_free(cfg);
		cfg = ERR_PTR(-ENOMEM);
		goto out;
	}
	for (i = 0; i < el.nr; i++) {
		if (el.verdicts[i] != EMD_VERDICT_MEMBER)
			continue;
		cfg->disks[el.rows[i]].handle = i + 1;
		cfg->disks[el.rows[i]].sectors = disks[i]->sectors;
	}
	for (row = 0; row < cfg->nr_disks; row++) {
		if (!cfg->disks[row].handle && cfg->disks[row].state == EMD_DISK_ACTIVE)
			emd_change_miss_disk(cfg, row);
	}
	for (row = 0; row < cfg->nr_arrays; row++)
		cfg->arrays[row].handle = row + 1;
out:
	emd_config_free(united);
	lab_election_free(&el);
	return cfg;
}

/* Issue the writes, or the first @nr of them, and half of the next: a power cut. */
static inline int lab_write(struct lab_disk *disk, const struct emd_meta_writes *out,
			    unsigned int nr, bool torn)
{
	const struct emd_meta_write *write;
	unsigned int i;
	u32 len;
	u8 *to;

	for (i = 0; i < out->nr && i < nr + torn; i++) {
		write = &out->writes[i];
		if (write->len % disk->block_size || write->offset % disk->block_size ||
		    (u64)write->buf_offset + write->len > out->buf_len ||
		    write->offset + write->len > disk->sectors << 9)
			return -EINVAL;
		/* Into no window: as good as lost, but allowed. */
		to = lab_at(disk, write->offset, write->len);
		if (!to)
			continue;
		len = i < nr ? write->len : round_down(write->len / 2, disk->block_size);
		memcpy(to, out->buf + write->buf_offset, len);
	}
	return 0;
}

/* Returns the number of writes there are in all, or -errno. */
static inline int lab_encode_some(struct lab_disk *disk, const struct emd_config *cfg, u16 row,
				  unsigned int nr, bool torn)
{
	struct emd_meta_writes out = { .buf_len = lab_ops->encode_max(cfg) };
	int ret;

	out.buf = kvzalloc(out.buf_len, GFP_KERNEL);
	if (!out.buf)
		return -ENOMEM;
	ret = lab_ops->encode(cfg, row, &out);
	if (!ret)
		ret = lab_write(disk, &out, nr, torn);
	kvfree(out.buf);
	return ret ? ret : out.nr;
}

static inline int lab_encode(struct lab_disk *disk, const struct emd_config *cfg, u16 row)
{
	return lab_encode_some(disk, cfg, row, EMD_META_MAX_WRITES, false);
}

/* To all live disks. */
static inline int lab_encode_all(struct lab_disk *const *disks, const struct emd_config *cfg)
{
	int ret = 0;
	u16 row;

	for (row = 0; row < cfg->nr_disks && ret >= 0; row++) {
		if (cfg->disks[row].handle)
			ret = lab_encode(disks[cfg->disks[row].handle - 1], cfg, row);
	}
	return ret < 0 ? ret : 0;
}

/* A T1 with room for some more of everything. */
static inline struct emd_config *lab_next(const struct emd_config *t0)
{
	struct emd_config_room room = {};
	struct emd_config *t1;

	lab_ops->room(t0, &room);
	room.disks += 8;
	room.arrays += 1;
	room.members += t0->nr_disks + 8;
	t1 = emd_config_alloc(&room);
	if (!t1)
		return NULL;
	if (emd_config_copy(t1, t0)) {
		emd_config_free(t1);
		return NULL;
	}
	t1->entropy = 0x123456789abcdefULL + t0->generation;
	t1->now = 1700000000 + t0->generation;
	return t1;
}

/* All that stands between an edited T1 and the disks. */
static inline int lab_commit(const struct emd_config *t0, struct emd_config *t1,
			     struct emd_errmsg *msg)
{
	int ret;

	ret = emd_config_check(t1, msg);
	if (!ret)
		ret = emd_config_check_change(t0, t1, msg);
	if (!ret)
		ret = lab_ops->can_express(t1, msg);
	if (!ret)
		ret = lab_ops->can_change(t0, t1, msg);
	if (!ret)
		ret = lab_ops->update(t0, t1, msg);
	return ret;
}

/* ---- in words ---------------------------------------------------------------------------- */

/*
 * "NAME LEVEL LAYOUT[/SPANS] STRIP SIZE START+MEMBER STATES ACTION", arrays separated by "; ".
 * States: U in sync, R rebuilding, M missing, F failed, ? not known.
 */
static inline void config_line(const struct emd_config *cfg, struct line *line)
{
	const struct emd_config_member *member;
	const struct emd_config_array *ca;
	u16 i, slot;

	line->len = 0;
	line->text[0] = 0;
	for (i = 0; i < cfg->nr_arrays; i++) {
		ca = &cfg->arrays[i];
		add(line, "%s%s %s %s", i ? "; " : "", ca->name,
		    emd_levels[ca->geo.level].name, emd_layout_names[ca->geo.layout]);
		if (ca->geo.nr_spans)
			add(line, "/%u%s", ca->geo.nr_spans,
			    ca->geo.span_join == EMD_SPANS_CONCAT ? " concat" : "");
		add(line, " %u %llu %llu+%llu ", ca->geo.strip_sectors, ca->geo.array_sectors,
		    emd_config_member(cfg, ca, 0)->start_sector, ca->geo.member_sectors);
		for (slot = 0; slot < ca->geo.nr_members; slot++) {
			member = emd_config_member(cfg, ca, slot);
			add(line, "%c", member->disk == EMD_NO_DISK &&
					member->state == EMD_MEMBER_IN_SYNC ? '?' :
					"URMF"[member->state]);
		}
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

#endif /* _EMD_CODEC_LAB_H */
