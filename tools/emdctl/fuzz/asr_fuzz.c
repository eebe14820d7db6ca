// SPDX-License-Identifier: GPL-2.0
/*
 * ASR against hostile bytes, for libFuzzer.
 *
 * The input is a RAID table behind a short head that says which of three disks carry it,
 * as which of its drives, and what then happens. Whatever the bytes, there is no stray
 * access; and when they are accepted the laws hold: what is written is what is read
 * again, an update of an accepted config is accepted again, the election takes any
 * mixture.
 */
#include <stdio.h>
#include <stdlib.h>

#include "asr_lab.h"
#include "law.h"

#define HEAD		24
#define NR_STEPS	5
#define NR_DISKS	3

#define F_KEEP_SUMS	0x01	/* else all checksums are made right */
#define F_LATE		0x02	/* the last disk is one update behind */
#define F_RAW_RB	0x04	/* the reserved block's places are the input's, too */
#define F_SPARE		0x08	/* the last disk is a spare of the array */

/* Of a step's second byte. */
#define S_SUPERSEDE	0x04	/* something else was tried before */
#define S_CUT		0x08	/* look at what a power cut leaves */

/* Who is the disk: the drive of the @which-th line that has one. */
static u32 drive_magic(const struct lab_disk *disk, unsigned int which)
{
	unsigned int i, nr = 0, lines = be16_to_cpu(lab_table(disk)->nr_lines);
	u32 magic = 0x91000001;

	for (i = 0; i < lines && i < ASR_MAX_LINES && nr <= which; i++) {
		if (lab_line(disk, i)->level != ASR_DRIVE)
			continue;
		magic = be32_to_cpu(lab_line(disk, i)->magic);
		nr++;
	}
	return magic;
}

static void make_disk(struct lab_disk *disk, const u8 *head, const u8 *bytes, u32 len,
		      unsigned int which)
{
	u8 flags = head[0];
	unsigned int i;
	u32 magic;

	memcpy(lab_table(disk), bytes, min(len, ASR_TABLE_LEN));
	magic = drive_magic(disk, which);
	golden_rb(disk, magic);
	if (flags & F_RAW_RB && len > 8)
		memcpy(&lab_rb(disk)->table, bytes + len - 4, 4);
	if (flags & F_LATE && which == NR_DISKS - 1) {
		for (i = 0; i < ASR_MAX_LINES; i++)
			lab_line(disk, i)->sequence =
				cpu_to_be16(be16_to_cpu(lab_line(disk, i)->sequence) - 1);
	}
	if (flags & F_SPARE && which == NR_DISKS - 1) {
		golden_table(disk, &golden_spare);
		golden_rb(disk, D2);
		lab_table(disk)->array_magic = cpu_to_be32(head[1]);
	}
	if (!(flags & F_KEEP_SUMS) && be16_to_cpu(lab_table(disk)->nr_lines) <= ASR_MAX_LINES)
		lab_seal(disk);
}

static void apply(struct emd_config *t1, const u8 step[4])
{
	struct emd_config_array *ca = &t1->arrays[0];
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
		if (t1->nr_disks && !emd_asr_ops.can_take(t1, 0, slot, disk, NULL))
			emd_change_activate_spare(t1, ca, slot, disk);
		break;
	case 3:
		if (emd_levels[ca->geo.level].redundant && ca->sync == EMD_SYNC_IDLE &&
		    emd_config_array_state(t1, ca) == EMD_ARRAY_OPTIMAL)
			emd_change_sync_start(t1, ca, EMD_SYNC_RESYNC, step[3]);
		break;
	case 4:
		emd_change_sync_position(t1, ca, min_t(u64, step[3] * 64, ca->geo.array_sectors));
		break;
	case 5:
		emd_change_sync_done(t1, ca);
		break;
	case 6:
		if (emd_levels[ca->geo.level].redundant)
			emd_change_dirty(t1, ca, step[3] & 1);
		break;
	case 7:
		emd_change_delete_array(t1, 0);
		break;
	default:
		break;
	}
}

static bool all_here(const struct emd_config *cfg)
{
	u16 i;

	for (i = 0; i < cfg->nr_disks; i++) {
		if (!cfg->disks[i].handle)
			return false;
	}
	return cfg->nr_arrays && !cfg->arrays[0].flags &&
	       emd_config_array_state(cfg, &cfg->arrays[0]) != EMD_ARRAY_FAILED;
}

/* Of a mirror that was never made equal, all but the first are to be filled. */
static void build_targets(struct emd_config *cfg, const struct emd_config_array *ca)
{
	struct emd_config_member *member;
	bool source = false;
	u16 slot;

	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		if (slot % ca->geo.nr_copies == 0)
			source = false;
		member = emd_config_member(cfg, ca, slot);
		if (member->state != EMD_MEMBER_IN_SYNC)
			continue;
		if (source)
			member->state = EMD_MEMBER_REBUILDING;
		source = true;
	}
}

/*
 * What must not get lost: what is in sync and what is not, and that a resync is owed.
 * How far work has come may, where the format has one word for two things.
 */
static void essence(struct emd_config *cfg, struct line *line)
{
	struct emd_config_array *ca = &cfg->arrays[0];
	char *c;

	if (emd_levels[ca->geo.level].redundant && !cfg->arrays[0].flags) {
		if (!ca->initialised)
			build_targets(cfg, ca);
		ca->dirty |= ca->sync == EMD_SYNC_RESYNC || !ca->initialised;
		ca->initialised = true;
		ca->sync = EMD_SYNC_IDLE;
	}
	config_line(cfg, line);
	for (c = line->text; *c; c++) {
		if (*c == 'F')
			*c = 'M';
	}
}

/* One step of an array's life: written, and read again by somebody else. */
static struct emd_config *live(struct emd_config *t0, struct lab_disk *const *disks,
			       const u8 step[4])
{
	struct emd_config *t1 = lab_next(t0), *again, *copy;
	struct line said, read;
	u16 row, first = EMD_NO_DISK;

	if (t1->nr_arrays)
		apply(t1, step);
	if (step[1] & S_SUPERSEDE) {
		emd_asr_ops.supersede(t1, t0->generation + step[3]);
		LAW(t1->generation > t0->generation + step[3]);
	}
	if (lab_commit(t0, t1, NULL)) {
		emd_config_free(t1);
		return t0;
	}
	LAW(!emd_config_check(t1, NULL));
	LAW(t1->native_len <= t1->max_native);
	LAW(t1->generation > t0->generation);
	for (row = 0; step[1] & S_CUT && first == EMD_NO_DISK && row < t1->nr_disks; row++) {
		if (t1->disks[row].handle)
			first = row;
	}
	if (first != EMD_NO_DISK) {
		LAW(lab_encode_some(disks[t1->disks[first].handle - 1], t1, first, step[1] & 1,
				    step[1] & 2) >= 0);
		again = lab_assemble(disks, NR_DISKS, NULL);
		if (!IS_ERR(again)) {
			LAW(!emd_config_check(again, NULL));
			emd_config_free(again);
		}
	}
	for (row = 0; row < t1->nr_disks; row++) {
		if (t1->disks[row].handle)
			LAW(lab_encode(disks[t1->disks[row].handle - 1], t1, row) >= 0);
	}
	emd_config_free(t0);
	if (!all_here(t1))
		return t1;
	again = lab_assemble(disks, NR_DISKS, NULL);
	LAW(!IS_ERR(again));
	LAW(again->nr_arrays);
	/* They count on where the format's 16 bits begin again. */
	LAW((u16)(again->generation >> 32) == (u16)(t1->generation >> 32));
	LAW((u32)again->generation == (u32)t1->generation);
	copy = lab_next(t1);
	essence(copy, &said);
	emd_config_free(copy);
	essence(again, &read);
	if (strcmp(said.text, read.text)) {
		fprintf(stderr, "said %s\nread %s\n", said.text, read.text);
		LAW(false);
	}
	emd_config_free(again);
	return t1;
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct lab_disk disk[NR_DISKS], *disks[NR_DISKS];
	struct emd_config *cfg;
	unsigned int i;
	char serial[] = "F0";

	if (size < HEAD + 128)
		return 0;
	for (i = 0; i < NR_DISKS; i++) {
		serial[1] = '0' + i;
		if (lab_disk_init(&disk[i], LAB_SECTORS, 512, serial))
			abort();
		disks[i] = &disk[i];
		make_disk(&disk[i], data, data + HEAD, size - HEAD, i);
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
	cfg = lab_assemble(disks, NR_DISKS, NULL);
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
