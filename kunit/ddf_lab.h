/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bench for the DDF handler: disks that are nothing but the places where the
 * structures lie, read and written as the core does it, and configs in a line each.
 * For KUnit and, through the shim, for the fuzzer: pure, but for allocation.
 */
#ifndef _EMD_DDF_LAB_H
#define _EMD_DDF_LAB_H

#include "ddf_golden.h"
#include "meta/ddf.h"

/* From the end of a disk: secondary, primary, anchor; of each so many bytes. */
#define LAB_WINDOWS	3
#define LAB_WINDOW	(384u * 1024)

static const u32 lab_from_end[LAB_WINDOWS] = { 32u << 20, 16u << 20, LAB_WINDOW };

#define LAB_BYTES	(LAB_WINDOWS * LAB_WINDOW)

static const struct emd_meta_ops *const lab_ops = &emd_ddf_ops;

#include "codec_lab.h"

/* NULL for what lies in no window. */
static inline u8 *lab_at(const struct lab_disk *disk, u64 offset, u32 len)
{
	u64 start;
	int i;

	for (i = 0; i < LAB_WINDOWS; i++) {
		start = (disk->sectors << 9) - lab_from_end[i];
		if (len <= LAB_WINDOW && offset >= start && offset - start <= LAB_WINDOW - len)
			return disk->bytes + i * LAB_WINDOW + (offset - start);
	}
	return NULL;
}

static inline u8 *lab_copy(const struct lab_disk *disk, int which)
{
	return disk->bytes + (which ? 0 : LAB_WINDOW);
}

static inline struct ddf_header_ondisk *lab_header(const struct lab_disk *disk, int which)
{
	return (struct ddf_header_ondisk *)lab_copy(disk, which);
}

static inline struct ddf_header_ondisk *lab_anchor(const struct lab_disk *disk)
{
	return (struct ddf_header_ondisk *)(disk->bytes + LAB_BYTES -
					    disk->block_size);
}

/* ---- golden disks ------------------------------------------------------------------ */

static inline void golden_apply(const u8 *run, u8 *bytes)
{
	u32 offset, len;

	for (;; run += 5 + (run[4] & 0x80 ? 1 : len)) {
		offset = run[0] | run[1] << 8 | run[2] << 16;
		len = run[3] | (run[4] & 0x7f) << 8;
		if (!len)
			return;
		if (run[4] & 0x80)
			memset(bytes + offset, run[5], len);
		else
			memcpy(bytes + offset, run + 5, len);
	}
}

static inline const struct ddf_golden *golden_find(const char *name)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(ddf_golden); i++) {
		if (!strcmp(ddf_golden[i].name, name))
			return &ddf_golden[i];
	}
	return NULL;
}

/* @bytes: DDF_GOLDEN_BYTES */
static inline void golden_unpack(const struct ddf_golden *golden, unsigned int disk, u8 *bytes)
{
	if (golden->base) {
		golden_unpack(golden_find(golden->base), disk, bytes);
	} else {
		memset(bytes, 0xff, DDF_GOLDEN_BYTES);
		if (disk)
			golden_apply(golden->runs[0], bytes);
	}
	golden_apply(golden->runs[disk], bytes);
}

static inline int golden_disk(const struct ddf_golden *golden, unsigned int i,
			      struct lab_disk *disk)
{
	char serial[8] = "GOLD-0";
	u8 *bytes;
	int ret;

	serial[5] += i;
	ret = lab_disk_init(disk, DDF_GOLDEN_SECTORS, 512, serial);
	bytes = kvzalloc(DDF_GOLDEN_BYTES, GFP_KERNEL);
	if (ret || !bytes) {
		kvfree(bytes);
		return -ENOMEM;
	}
	golden_unpack(golden, i, bytes);
	memcpy(lab_copy(disk, 0), bytes, DDF_GOLDEN_RUN);
	memcpy(lab_copy(disk, 1), bytes, DDF_GOLDEN_RUN);
	lab_header(disk, 1)->type = DDF_SECONDARY;
	ddf_seal(false, false, lab_copy(disk, 1), 512);
	memcpy(lab_anchor(disk), bytes + DDF_GOLDEN_RUN, 512);
	kvfree(bytes);
	return 0;
}

/* ---- in words ---------------------------------------------------------------------------- */

/*
 * What other drivers will see: "TYPE/STATE ... | VDSTATE/INIT SLOT0 SLOT1 ... | ...", disks by
 * letters in the order of the table, "-" where a slot names none.
 */
static inline void native_line(const struct emd_config *cfg, struct line *line)
{
	const struct ddf_set *set = ddf_set(cfg);
	struct ddf_vdcr_ondisk *vdcr;
	u32 i, k, part;
	int pde;

	line->len = 0;
	line->text[0] = 0;
	for (i = 0; i < set->max_pd; i++) {
		if (ddf_pde_used(set, i))
			add(line, "%c%04x/%04x ", 'a' + i,
			    ddf_get16(set->le, ddf_pde(set, i)->type),
			    ddf_get16(set->le, ddf_pde(set, i)->state));
	}
	for (i = 0; i < set->max_vd; i++) {
		if (!ddf_vde_used(set, i))
			continue;
		add(line, "| %02x/%02x", ddf_vde(set, i)->state, ddf_vde(set, i)->init);
		for (part = 0; part < 8; part++) {
			vdcr = ddf_newest_vdcr(set, ddf_vde(set, i)->guid, part);
			for (k = 0; vdcr && k < ddf_get16(set->le, vdcr->elements); k++) {
				pde = ddf_find_ref(set, ddf_get32(set->le, ddf_vdcr_refs(vdcr)[k]));
				add(line, " %c", pde < 0 ? '-' : 'a' + pde);
			}
		}
		add(line, " ");
	}
}

#endif /* _EMD_DDF_LAB_H */
