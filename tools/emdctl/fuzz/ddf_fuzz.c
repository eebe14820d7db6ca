// SPDX-License-Identifier: GPL-2.0
/*
 * DDF against hostile bytes, for libFuzzer.
 *
 * The input is one structure - header and sections - behind a short head that says
 * which of three disks carry it and what then happens. Each disk has it twice, with
 * another physical disk data section. Whatever the bytes, there is no stray access; and
 * when they are accepted the laws hold: what is written is what is read again, an
 * update of an accepted config is accepted again, the election takes any mixture.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ddf_lab.h"
#include "law.h"

#define HEAD		24
#define NR_STEPS	5
#define NR_DISKS	3
#define SECTORS		81920u

#define F_KEEP_SUMS	0x01	/* else all checksums are made right */
#define F_NO_SECONDARY	0x02
#define F_OPEN		0x04	/* the primary of the first disk */
#define F_LATE		0x08	/* the last disk is one update behind */
#define F_TORN		0x10	/* the first disk: its last copy open, a byte of a table wrong */

/* Right checksums where the header says that sections are. */
static void seal(u8 *bytes, u32 len, bool le, bool zlib)
{
	struct ddf_header_ondisk *header = (struct ddf_header_ondisk *)bytes;
	u32 s, offset, size, i, slot = ddf_get16(le, header->record_len) * 512;

	for (s = 0; s < DDF_NR_OWN; s++) {
		offset = ddf_get32(le, header->section[s].offset);
		size = ddf_get32(le, header->section[s].length);
		if (offset >= len / 512 || size > len / 512 - offset || !size)
			continue;
		if (s != DDF_CONFIG) {
			ddf_seal(le, zlib, bytes + offset * 512, size * 512);
			continue;
		}
		for (i = 0; slot >= 512 && i + slot <= size * 512; i += slot) {
			if (bytes[offset * 512 + i] != 0xff)
				ddf_seal(le, zlib, bytes + offset * 512 + i, slot);
		}
	}
	ddf_seal(le, zlib, bytes, 512);
}

/* The @which-th row of the disk table is who this disk is. */
static void set_identity(u8 *bytes, u32 len, unsigned int which, bool le, bool zlib)
{
	struct ddf_header_ondisk *header = (struct ddf_header_ondisk *)bytes;
	u32 pdr = ddf_get32(le, header->section[DDF_PDR].offset);
	u32 pdd = ddf_get32(le, header->section[DDF_PDD].offset);
	u32 size = ddf_get32(le, header->section[DDF_PDD].length);
	struct ddf_pdd_ondisk *data;
	struct ddf_pde_ondisk *pde;

	if (pdr >= len / 512 || pdd >= len / 512 || size > len / 512 - pdd || !size)
		return;
	pde = (struct ddf_pde_ondisk *)(bytes + pdr * 512) + 1 + which;
	data = (struct ddf_pdd_ondisk *)(bytes + pdd * 512);
	memmove(data->guid, pde->guid, DDF_GUID_LEN);
	data->ref = pde->ref;
	ddf_seal(le, zlib, (u8 *)data, size * 512);
}

static void put_copy(struct lab_disk *disk, const u8 *bytes, u32 len, int which, bool le, bool zlib)
{
	struct ddf_header_ondisk *header = lab_header(disk, which);

	memset(lab_copy(disk, which), 0, LAB_WINDOW);
	memcpy(lab_copy(disk, which), bytes, len);
	header->type = which ? DDF_SECONDARY : DDF_PRIMARY;
	ddf_seal(le, zlib, (u8 *)header, 512);
}

/* A byte of the table of disks or of virtual disks. */
static void tear(u8 *copy, u32 len, bool le, u8 where)
{
	struct ddf_header_ondisk *header = (struct ddf_header_ondisk *)copy;
	u32 offset = ddf_get32(le, header->section[where & 1 ? DDF_PDR : DDF_VDR].offset);

	if (offset && offset < len / 512)
		copy[offset * 512 + 8 + where] ^= 1;
}

static void make_disk(struct lab_disk *disk, const u8 *input, u32 len, unsigned int which, u8 flags)
{
	struct ddf_header_ondisk *header, *anchor;
	u8 *bytes = calloc(1, len);
	bool le, zlib;

	memcpy(bytes, input, len);
	header = (struct ddf_header_ondisk *)bytes;
	le = bytes[0] == 0x11;
	zlib = le;
	if (!(flags & F_KEEP_SUMS))
		seal(bytes, len, le, zlib);
	if (which)
		set_identity(bytes, len, which, le, zlib);
	if (flags & F_LATE && which == NR_DISKS - 1)
		ddf_put32(le, &header->seq, ddf_get32(le, header->seq) - 1);
	if (flags & F_NO_SECONDARY)
		memset(&header->secondary_lba, 0xff, 8);
	put_copy(disk, bytes, len, 1, le, zlib);
	if (flags & (F_OPEN | F_TORN) && !which)
		header->open = 1;
	put_copy(disk, bytes, len, 0, le, zlib);
	if (flags & F_TORN && !which)
		tear(lab_copy(disk, 0), len, le, input[len - 1]);
	anchor = lab_anchor(disk);
	*anchor = *header;
	anchor->type = DDF_ANCHOR;
	anchor->open = 0xff;
	memset(&anchor->seq, 0xff, 4);
	ddf_seal(le, zlib, (u8 *)anchor, 512);
	free(bytes);
}

static struct emd_config *assemble(struct lab_disk *const *disks)
{
	return lab_assemble(disks, NR_DISKS, NULL);
}

static void apply(struct emd_config *t1, const u8 step[4])
{
	struct emd_config_array *ca = &t1->arrays[step[1] % t1->nr_arrays];
	u16 disk = t1->nr_disks ? step[2] % t1->nr_disks : 0;
	u16 slot = step[2] % ca->geo.nr_members;

	switch (step[0] % 9) {
	case 0:
		if (t1->nr_disks)
			emd_change_fail_disk(t1, disk);
		break;
	case 1:
		emd_change_fail_member(t1, ca, slot);
		break;
	case 2:
		disk = t1->nr_disks ? step[3] % t1->nr_disks : 0;
		if (t1->nr_disks &&
		    !emd_ddf_ops.can_take(t1, ca - t1->arrays, slot, disk, NULL))
			emd_change_activate_spare(t1, ca, slot, disk);
		break;
	case 3:
		if (emd_levels[ca->geo.level].redundant && ca->sync == EMD_SYNC_IDLE)
			emd_change_sync_start(t1, ca, EMD_SYNC_RESYNC, step[3]);
		break;
	case 4:
		emd_change_sync_position(t1, ca, step[3]);
		break;
	case 5:
		emd_change_sync_done(t1, ca);
		break;
	case 6:
		if (emd_levels[ca->geo.level].redundant)
			emd_change_dirty(t1, ca, step[3] & 1);
		break;
	case 7:
		emd_change_delete_array(t1, ca - t1->arrays);
		break;
	default:
		break;
	}
}

/* Who is here, and who was when it was written: what is gone comes back differently. */
static bool all_here(const struct emd_config *cfg)
{
	u16 i;

	for (i = 0; i < cfg->nr_disks; i++) {
		if (!cfg->disks[i].handle)
			return false;
	}
	for (i = 0; i < cfg->nr_arrays; i++) {
		if (cfg->arrays[i].flags)
			return false;
	}
	return !cfg->flags;
}

/*
 * What must not get lost: what is in sync and what is not. How far work has come may
 * (another's bytes are in its place), and why a slot is not.
 */
static void essence(struct emd_config *cfg, struct line *line)
{
	struct emd_config_array *ca;
	char *c;
	u16 i;

	for (i = 0; i < cfg->nr_arrays; i++) {
		ca = &cfg->arrays[i];
		if (ca->sync == EMD_SYNC_RESYNC && ca->initialised)
			ca->dirty = true;
		ca->sync = EMD_SYNC_IDLE;
		ca->sync_sector = 0;
	}
	config_line(cfg, line);
	for (c = line->text; *c; c++) {
		if (*c == 'F' || *c == 'R')
			*c = 'M';
	}
}

/* One step of a container's life: written, and read again by somebody else. */
static struct emd_config *live(struct emd_config *t0, struct lab_disk *const *disks,
			       const u8 step[4])
{
	struct emd_config *t1 = lab_next(t0), *again, *copy;
	struct line said, read;
	bool here;
	u16 row;

	if (t1->nr_arrays)
		apply(t1, step);
	if (lab_commit(t0, t1, NULL)) {
		emd_config_free(t1);
		return t0;
	}
	LAW(!emd_config_check(t1, NULL));
	LAW(t1->native_len <= t1->max_native);
	for (row = 0; row < t1->nr_disks; row++) {
		if (t1->disks[row].handle)
			LAW(lab_encode(disks[t1->disks[row].handle - 1], t1, row) >= 0);
	}
	emd_config_free(t0);
	if (!all_here(t1))
		return t1;
	again = assemble(disks);
	if (!IS_ERR(again)) {
		copy = lab_next(t1);
		essence(copy, &said);
		emd_config_free(copy);
		here = all_here(again) && again->generation == t1->generation;
		essence(again, &read);
		if (strcmp(said.text, read.text) && here) {
			fprintf(stderr, "said %s\nread %s\n", said.text, read.text);
			LAW(false);
		}
		emd_config_free(again);
	}
	return t1;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct lab_disk disk[NR_DISKS], *disks[NR_DISKS];
	struct emd_config *cfg;
	unsigned int i;
	char serial[] = "F0";
	u32 len;

	if (size < HEAD + 1024)
		return 0;
	len = min_t(size_t, size - HEAD, LAB_WINDOW) & ~511u;
	for (i = 0; i < NR_DISKS; i++) {
		serial[1] = '0' + i;
		if (lab_disk_init(&disk[i], SECTORS, 512, serial))
			abort();
		disks[i] = &disk[i];
		make_disk(&disk[i], data + HEAD, len, i, data[0]);
	}
	for (i = 0; i < NR_DISKS; i++) {
		cfg = lab_decode(disks[i], NULL);
		if (IS_ERR(cfg))
			continue;
		LAW(!emd_config_check(cfg, NULL));
		emd_config_free(cfg);
	}
	describe(disks[0]);
	owned(disks[0]);
	cfg = assemble(disks);
	if (!IS_ERR(cfg)) {
		LAW(!emd_config_check(cfg, NULL));
		for (i = 0; i < NR_STEPS; i++)
			cfg = live(cfg, disks, data + 4 + 4 * i);
		emd_config_free(cfg);
	}
	erase(disks[0]);
	for (i = 0; i < NR_DISKS; i++)
		lab_disk_exit(&disk[i]);
	return 0;
}
