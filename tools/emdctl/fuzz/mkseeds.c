// SPDX-License-Identifier: GPL-2.0
/*
 * Seeds for the IMSM fuzzer: containers of every level on both block sizes, as
 * we make them, in some of the states they go through; and what mdadm made.
 */
#include <stdio.h>
#include <stdlib.h>

#include "imsm_lab.h"
#include "imsm_golden.h"

#define HEAD	24

static const char *directory;
static unsigned int nr_seeds;

static void die(const char *what)
{
	fprintf(stderr, "mkseeds: %s\n", what);
	exit(1);
}

static void seed(const u8 *mpb, u32 len, u32 block_size, u8 action)
{
	u8 head[HEAD] = {};
	char path[4096];
	FILE *file;

	head[0] = (block_size == 4096) | 4;
	head[2] = 0x55;
	head[3] = 0x02;
	for (unsigned int i = 0; i < 6; i++) {
		head[4 + 3 * i] = action + i;
		head[5 + 3 * i] = i;
		head[6 + 3 * i] = i + 1;
	}
	snprintf(path, sizeof(path), "%s/imsm-%03u", directory, nr_seeds++);
	file = fopen(path, "wb");
	if (!file || fwrite(head, sizeof(head), 1, file) != 1 || fwrite(mpb, len, 1, file) != 1 ||
	    fclose(file))
		die(path);
}

static void seed_config(const struct emd_config *cfg, u8 action)
{
	seed(cfg->native, le32_to_cpu(((struct imsm_mpb_ondisk *)cfg->native)->mpb_size),
	     cfg->block_size, action);
}

static struct emd_config *commit(struct emd_config *t0, struct emd_config *t1)
{
	struct emd_errmsg msg = {};

	if (lab_commit(t0, t1, &msg))
		die(msg.text);
	emd_config_free(t0);
	seed_config(t1, nr_seeds);
	return t1;
}

static void make(enum emd_level level, u16 nr, u32 block_size)
{
	struct emd_create_args args = { .level = level, .name = "seed", .nr_disks = nr };
	struct emd_config *cfg, *t1;
	struct emd_config_disk row;
	struct emd_errmsg msg = {};
	char serial[16];
	u16 i;

	cfg = emd_imsm_ops.new_container(nr, block_size, 42, 42, &msg);
	if (IS_ERR(cfg))
		die(msg.text);
	t1 = lab_next(cfg);
	for (i = 0; i < nr + 1; i++) {
		snprintf(serial, sizeof(serial), "SEED%04u", i);
		if (emd_imsm_ops.new_disk(serial, 1 << 18, block_size, &row, &msg) ||
		    emd_change_add_disk(t1, &row) < 0)
			die(msg.text);
		args.disks[i % nr] = i % nr;
	}
	if (emd_imsm_ops.place_array(t1, &args, &msg))
		die(msg.text);
	cfg = commit(cfg, t1);
	if (level == EMD_LEVEL_RAID0) {
		emd_config_free(cfg);
		return;
	}
	t1 = lab_next(cfg);
	emd_change_sync_start(t1, &t1->arrays[0], EMD_SYNC_RESYNC, 12345);
	cfg = commit(cfg, t1);
	t1 = lab_next(cfg);
	emd_change_sync_done(t1, &t1->arrays[0]);
	cfg = commit(cfg, t1);
	t1 = lab_next(cfg);
	emd_change_fail_disk(t1, 1);
	cfg = commit(cfg, t1);
	t1 = lab_next(cfg);
	emd_change_activate_spare(t1, &t1->arrays[0], 1, nr);
	cfg = commit(cfg, t1);
	emd_config_free(cfg);
}

int main(int argc, char **argv)
{
	unsigned int i;
	u32 block;

	if (argc != 2)
		die("usage: mkseeds DIRECTORY");
	directory = argv[1];
	for (block = 512; block <= 4096; block *= 8) {
		make(EMD_LEVEL_RAID0, 2, block);
		make(EMD_LEVEL_RAID1, 2, block);
		make(EMD_LEVEL_RAID5, 3, block);
		make(EMD_LEVEL_RAID10, 4, block);
	}
	for (i = 0; i < ARRAY_SIZE(imsm_golden); i++) {
		u32 len = round_up(imsm_golden[i].size, imsm_golden[i].block_size);
		u8 *mpb = calloc(1, len);

		golden_unpack(&imsm_golden[i], mpb);
		seed(mpb, imsm_golden[i].size, imsm_golden[i].block_size, i);
		free(mpb);
	}
	return 0;
}
