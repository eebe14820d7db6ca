// SPDX-License-Identifier: GPL-2.0
/*
 * IMSM against hostile bytes, for libFuzzer.
 *
 * The input is a disk's MPB behind a short head that says which disk it is on and
 * what then happens. Whatever the bytes, there is no stray access; and when they
 * are accepted the laws hold: encode undoes decode, an update of an accepted
 * config is accepted again and says the same, the election takes any mixture.
 */
#include <stdio.h>
#include <stdlib.h>

#include "imsm_lab.h"
#include "law.h"

#define HEAD		24
#define NR_STEPS	6

#define F_4KN		0x01
#define F_KEEP_SUM	0x02	/* else the checksum is made right */
#define F_REAL_SIZE	0x04	/* a disk as large as its entry says */

static bool lost(enum emd_member_state state)
{
	return state == EMD_MEMBER_FAILED || state == EMD_MEMBER_MISSING;
}

static void same_array(const struct emd_config *a, const struct emd_config_array *x,
		       const struct emd_config *b, const struct emd_config_array *y)
{
	bool degraded = false;
	u16 slot;

	LAW(!memcmp(x->uuid, y->uuid, sizeof(x->uuid)));
	LAW(!memcmp(&x->geo, &y->geo, sizeof(x->geo)));
	if ((a->flags | x->flags) || (b->flags | y->flags))
		return;
	for (slot = 0; slot < x->geo.nr_members; slot++) {
		const struct emd_config_member *m = emd_config_member(a, x, slot);
		const struct emd_config_member *n = emd_config_member(b, y, slot);

		LAW(lost(m->state) == lost(n->state));
		LAW(lost(m->state) || m->state == n->state);
		LAW(m->start_sector == n->start_sector && m->nr_sectors == n->nr_sectors);
		degraded |= m->state != EMD_MEMBER_IN_SYNC;
	}
	LAW(x->sync == y->sync);
	LAW(y->sync_sector <= x->sync_sector);
	if (emd_levels[x->geo.level].redundant) {
		LAW(y->dirty || !x->dirty);
		LAW(x->initialised == y->initialised || (degraded && y->dirty));
	}
}

/* What a disk got says what the config says. */
static void check_written(const struct lab_disk *disk, const struct emd_config *cfg, u16 row)
{
	struct emd_errmsg msg = {};
	struct lab_disk copy;
	struct emd_config *back;
	char id[EMD_DISK_ID_LEN];
	u16 i;
	int ret;

	if (cfg->disks[row].sectors < LAB_BYTES / 512 ||
	    lab_disk_init(&copy, cfg->disks[row].sectors, disk->block_size, cfg->disks[row].id))
		return;
	ret = lab_encode(&copy, cfg, row);
	if (ret == -ENOSPC)	/* an entry smaller than the metadata */
		goto out;
	LAW(ret >= 0);
	back = lab_decode(&copy, &msg);
	if (IS_ERR(back)) {
		fprintf(stderr, "row %u: %s\n", row, msg.text);
		abort();
	}
	if (cfg->disks[row].native == EMD_NO_DISK) {
		LAW(back->nr_disks == 1 && !back->nr_arrays);
		/* Some tables name disks as no live disk is named. */
		imsm_normalise_serial(cfg->disks[row].id, id);
		LAW(back->self == 0 || !id[0] || strcmp(id, cfg->disks[row].id));
	} else {
		LAW(back->generation == cfg->generation);
		LAW(back->nr_arrays == cfg->nr_arrays);
		LAW(!memcmp(back->uuid, cfg->uuid, sizeof(cfg->uuid)));
		for (i = 0; i < cfg->nr_arrays; i++)
			same_array(cfg, &cfg->arrays[i], back, &back->arrays[i]);
	}
	emd_config_free(back);
out:
	lab_disk_exit(&copy);
}

static void check_all_written(const struct lab_disk *disk, const struct emd_config *cfg)
{
	u16 row, nr = 0;

	for (row = 0; row < cfg->nr_disks && nr < 6; row++) {
		if (cfg->disks[row].state != EMD_DISK_ACTIVE &&
		    cfg->disks[row].state != EMD_DISK_SPARE)
			continue;
		if (cfg->disks[row].state == EMD_DISK_ACTIVE && cfg->disks[row].native == EMD_NO_DISK)
			continue;
		check_written(disk, cfg, row);
		nr++;
	}
}

static int try_create(struct emd_config *t1, u8 what, u8 how)
{
	static const enum emd_level levels[] = {
		EMD_LEVEL_RAID0, EMD_LEVEL_RAID1, EMD_LEVEL_RAID5, EMD_LEVEL_RAID10,
	};
	struct emd_create_args args = {
		.level = levels[what % 4],
		.force = true,
		.clean = how & 1,
		.strip_sectors = 8 << (how >> 5),
		.array_sectors = how & 2 ? (u64)how << 12 : 0,
	};
	u16 i;

	snprintf(args.name, sizeof(args.name), "new%u", what);
	for (i = 0; i < t1->nr_disks && args.nr_disks < 2u + (how >> 2) % 7; i++) {
		if (t1->disks[i].state == EMD_DISK_SPARE || t1->disks[i].state == EMD_DISK_ACTIVE)
			args.disks[args.nr_disks++] = i;
	}
	return emd_imsm_ops.place_array(t1, &args, NULL);
}

/* One thing that happens; false when it can't. */
static bool step(struct emd_config *t1, u8 what, u8 which, u8 how)
{
	struct emd_config_array *ca = t1->nr_arrays ? &t1->arrays[which % t1->nr_arrays] : NULL;
	u16 slot = ca ? how % ca->geo.nr_members : 0;
	u16 disk = how % t1->nr_disks;
	struct emd_config_disk row;
	char serial[16];

	if (ca && ca->flags && what % 12 < 8 && what % 12 != 1)
		return false;
	switch (what % 12) {
	case 0:
		if (!ca)
			return false;
		emd_change_dirty(t1, ca, how & 1);
		return true;
	case 1:
		return !emd_change_fail_disk(t1, disk);
	case 2:
		return ca && !emd_change_fail_member(t1, ca, slot);
	case 3:
		if (!ca || ca->sync != EMD_SYNC_IDLE || !emd_levels[ca->geo.level].redundant)
			return false;
		emd_change_sync_start(t1, ca, EMD_SYNC_RESYNC, 0);
		return true;
	case 4:
		if (!ca || ca->sync == EMD_SYNC_IDLE)
			return false;
		emd_change_sync_position(t1, ca, ca->geo.array_sectors / 256 * how);
		return true;
	case 5:
		if (!ca)
			return false;
		emd_change_sync_done(t1, ca);
		return true;
	case 6:
	case 7:
		disk = which % t1->nr_disks;
		return ca &&
		       !emd_imsm_ops.can_take(t1, ca - t1->arrays, slot, disk, NULL) &&
		       !emd_change_activate_spare(t1, ca, slot, disk);
	case 8:
		snprintf(serial, sizeof(serial), "ADD%u", which);
		if (emd_imsm_ops.new_disk(serial, (8192ULL << how % 24) / 8 * 8 + 16384,
					  t1->block_size, &row, NULL))
			return false;
		return emd_change_add_disk(t1, &row) >= 0;
	case 9:
		if (t1->nr_disks < 2)
			return false;
		return !emd_change_remove_disk(t1, disk);
	case 10:
		if (!ca)
			return false;
		emd_change_delete_array(t1, which % t1->nr_arrays);
		return true;
	default:
		if (how & 0x80) {
			emd_change_miss_disk(t1, disk);
			return true;
		}
		return !try_create(t1, which, how);
	}
}

static struct emd_config *play(const struct lab_disk *disk, struct emd_config *t0, const u8 *script)
{
	struct emd_errmsg msg;
	struct emd_config *t1;
	unsigned int i;
	int ret;

	for (i = 0; i < NR_STEPS && t0->nr_disks; i++) {
		t1 = lab_next(t0);
		if (!t1)
			break;
		if (!step(t1, script[3 * i], script[3 * i + 1], script[3 * i + 2])) {
			emd_config_free(t1);
			continue;
		}
		memset(&msg, 0, sizeof(msg));
		ret = lab_commit(t0, t1, &msg);
		if (ret) {
			/* A change may be refused, but never because of our own bytes. */
			if (ret == -EUCLEAN) {
				fprintf(stderr, "update: %s\n", msg.text);
				abort();
			}
			emd_config_free(t1);
			continue;
		}
		check_all_written(disk, t1);
		emd_config_free(t0);
		t0 = t1;
	}
	return t0;
}

/* The one's anchor and the other's extension, as a power cut leaves them. */
static struct emd_config *tear(const struct emd_config *anchor, const struct emd_config *extension)
{
	struct emd_config_room room = { .native = max(anchor->native_len, extension->native_len) };
	u32 block = anchor->block_size;
	struct emd_config *torn;

	if (anchor->native_len <= block)
		return NULL;
	torn = emd_config_alloc(&room);
	memcpy(torn->native, anchor->native, anchor->native_len);
	if (extension->native_len > block)
		memcpy(torn->native + block, extension->native + block,
		       extension->native_len - block);
	torn->ops = &emd_imsm_ops;
	torn->native_len = anchor->native_len;
	torn->block_size = block;
	torn->generation = anchor->generation;
	torn->torn = true;
	memcpy(torn->uuid, anchor->uuid, sizeof(torn->uuid));
	return torn;
}

/* Does this disk's copy hold something that the elected one knows nothing of? */
static bool knows_losses(const struct emd_config *cfg, const struct emd_config *head)
{
	u16 i;

	for (i = 0; i < head->nr_members && i < cfg->nr_members; i++) {
		if (head->members[i].state == EMD_MEMBER_IN_SYNC && lost(cfg->members[i].state))
			return true;
	}
	return false;
}

/* The same container seen from several disks, some of them late, one perhaps torn. */
static void elect(const struct lab_disk *disk, const struct emd_config *before,
		  const struct emd_config *after, u8 mix)
{
	const struct emd_config *cfgs[6], *swapped[6], *whole = NULL;
	struct emd_config *torn = NULL;
	struct emd_meta_image imgs[6];
	const struct emd_meta_image *img[6], *img2[6];
	enum emd_verdict verdicts[6], verdicts2[6];
	u16 rows[6], rows2[6];
	unsigned int nr = 0, i;
	int ret, ret2;

	for (i = 0; i < before->nr_disks && nr < 6; i++) {
		memset(&imgs[nr], 0, sizeof(imgs[nr]));
		imgs[nr].disk_sectors = before->disks[i].sectors;
		imgs[nr].block_size = disk->block_size;
		strscpy(imgs[nr].serial, before->disks[i].id, sizeof(imgs[nr].serial));
		img[nr] = &imgs[nr];
		cfgs[nr] = mix >> i & 1 ? after : before;
		nr++;
	}
	if (nr && mix & 0x40)
		torn = mix & 0x80 ? tear(before, after) : tear(after, before);
	if (torn) {
		whole = mix & 0x80 ? before : after;
		cfgs[mix % nr] = torn;
	}
	for (i = 0; i < nr; i++) {
		swapped[i] = cfgs[nr - 1 - i];
		img2[i] = img[nr - 1 - i];
	}
	ret = emd_imsm_ops.elect(cfgs, img, nr, verdicts, rows, NULL);
	ret2 = emd_imsm_ops.elect(swapped, img2, nr, verdicts2, rows2, NULL);
	LAW((ret < 0) == (ret2 < 0));
	LAW(ret >= 0 || ret == ret2);
	/* Of disks that say the same and have the same name either may win. */
	for (i = 0; i < nr; i++) {
		LAW(verdicts[i] == verdicts2[nr - 1 - i]);
		LAW(rows[i] == rows2[nr - 1 - i]);
		LAW(verdicts[i] != EMD_VERDICT_MEMBER || rows[i] != EMD_NO_DISK);
	}
	if (torn) {
		LAW(ret < 0 || !cfgs[ret]->torn);
		/* What it had been told of losses is not forgotten by believing others. */
		if (ret >= 0 && verdicts[mix % nr] == EMD_VERDICT_MEMBER &&
		    (s32)(torn->generation - cfgs[ret]->generation) > 0)
			LAW(!knows_losses(whole, cfgs[ret]) || before->nr_arrays != after->nr_arrays);
		emd_config_free(torn);
	}
}

static u64 disk_size(const u8 *mpb, size_t len, u32 block_size, u8 self, bool real)
{
	u64 sectors = 1ULL << 22;
	struct imsm_disk_ondisk entry;
	size_t at = sizeof(struct imsm_mpb_ondisk) + self * sizeof(entry);

	if (real && at + sizeof(entry) <= len) {
		memcpy(&entry, mpb + at, sizeof(entry));
		sectors = (u64)le32_to_cpu(entry.total_blocks_lo) << imsm_shift(block_size);
	}
	return max_t(u64, sectors, LAB_BYTES / 512);
}

int LLVMFuzzerTestOneInput(const u8 *data, size_t size);
int LLVMFuzzerTestOneInput(const u8 *data, size_t size)
{
	struct imsm_mpb_ondisk *head;
	struct emd_config *cfg, *first;
	struct emd_errmsg msg = {};
	struct lab_disk disk;
	u32 block, len, said;
	u8 serial[17] = "NOBODY", *mpb;
	size_t at;
	u8 self;

	if (size < HEAD + sizeof(struct imsm_mpb_ondisk) || size > HEAD + IMSM_MPB_MAX)
		return -1;
	self = data[1];
	block = data[0] & F_4KN ? 4096 : 512;
	len = size - HEAD;
	mpb = malloc(len);
	memcpy(mpb, data + HEAD, len);
	head = (struct imsm_mpb_ondisk *)mpb;
	said = le32_to_cpu(head->mpb_size);
	if (!(data[0] & F_KEEP_SUM)) {
		memcpy(head->signature, IMSM_SIGNATURE, IMSM_SIGNATURE_LEN);
		if (said >= sizeof(*head) && said <= len)
			head->check_sum = cpu_to_le32(imsm_checksum(mpb, said));
	}
	at = sizeof(*head) + self * sizeof(struct imsm_disk_ondisk);
	if (at + IMSM_SERIAL_LEN <= len)
		memcpy(serial, mpb + at, IMSM_SERIAL_LEN);
	if (lab_disk_init(&disk, disk_size(mpb, len, block, self, data[0] & F_REAL_SIZE), block,
			  (char *)serial))
		return 0;
	lab_put_mpb(&disk, mpb, len);

	describe(&disk);
	owned(&disk);
	erase(&disk);
	cfg = lab_decode(&disk, &msg);
	if (IS_ERR(cfg)) {
		LAW(msg.text[0] || PTR_ERR(cfg) == -ENODATA);
		goto out;
	}
	LAW(!emd_config_check(cfg, NULL));
	if (cfg->self != EMD_NO_DISK && (cfg->disks[cfg->self].state == EMD_DISK_ACTIVE ||
					 cfg->disks[cfg->self].state == EMD_DISK_SPARE)) {
		struct lab_disk again;

		/* Undoes it to the byte, up to the record that is zeroed anyway. */
		LAW(!lab_disk_init(&again, disk.sectors, block, disk.serial));
		LAW(lab_encode(&again, cfg, cfg->self) >= 0);
		LAW(!memcmp(again.bytes + LAB_BYTES - block - cfg->native_len,
			    disk.bytes + LAB_BYTES - block - cfg->native_len, cfg->native_len));
		lab_disk_exit(&again);
	}
	first = lab_next(cfg);
	cfg = play(&disk, cfg, data + 4);
	if (first) {
		elect(&disk, first, cfg, data[2]);
		elect(&disk, cfg, first, data[3]);
	}
	emd_config_free(first);
	emd_config_free(cfg);
out:
	lab_disk_exit(&disk);
	free(mpb);
	return 0;
}
