// SPDX-License-Identifier: GPL-2.0
/*
 * Seeds for the DDF fuzzer: what mdadm made, cut down to the smallest tables that the
 * format has, so that most of the bytes mean something.
 */
#include <stdio.h>
#include <stdlib.h>

#include "ddf_lab.h"

#define HEAD		24
#define MAX_PD		15
#define MAX_VD		7
#define SLOTS		3
#define ELEMENTS	16
#define RECORD		1024
#define BLOCKS		(1 + 1 + 2 + 1 + SLOTS * 2 + 1)

/* What becomes of the bytes: one copy, the first open, both, torn; see ddf_fuzz.c. */
static const u8 flags[] = { 0, 0x02, 0x04, 0x06, 0x12 };

static void die(const char *what)
{
	fprintf(stderr, "ddf_seeds: %s\n", what);
	exit(1);
}

static void put_section(struct ddf_header_ondisk *header, int s, u32 offset, u32 len)
{
	ddf_put32(false, &header->section[s].offset, offset);
	ddf_put32(false, &header->section[s].length, len);
}

static void cut_down(const u8 *from, u8 *to)
{
	struct ddf_header_ondisk *header = (struct ddf_header_ondisk *)to;
	const u8 *slot;
	u8 *record;
	u32 i, nr = 0;

	memset(to, 0xff, BLOCKS * 512);
	memcpy(to, from, 1024);				/* header and controller data */
	ddf_put16(false, &header->max_pd, MAX_PD);
	ddf_put16(false, &header->max_vd, MAX_VD);
	ddf_put16(false, &header->max_partitions, SLOTS - 1);
	ddf_put16(false, &header->record_len, RECORD / 512);
	ddf_put16(false, &header->max_elements, ELEMENTS);
	put_section(header, DDF_PDR, 2, 2);
	put_section(header, DDF_VDR, 4, 1);
	put_section(header, DDF_CONFIG, 5, SLOTS * 2);
	put_section(header, DDF_PDD, 5 + SLOTS * 2, 1);
	memcpy(to + 1024, from + 1024, 1024);
	memcpy(to + 2048, from + 130 * 512, 512);
	memcpy(to + 2560 + SLOTS * RECORD, from + 617 * 512, 512);
	for (i = 0; i < 65 && nr < SLOTS; i++) {
		slot = from + 162 * 512 + i * 3584;
		if (slot[0] == 0xff)
			continue;
		record = to + 2560 + nr++ * RECORD;
		memcpy(record, slot, 512 + 4 * ELEMENTS);
		memcpy(record + 512 + 4 * ELEMENTS, slot + 1536, 8 * ELEMENTS);
	}
}

int main(int argc, char **argv)
{
	u8 *bytes = malloc(DDF_GOLDEN_BYTES), small[BLOCKS * 512], head[HEAD];
	unsigned int i, k, nr = 0;
	char path[4096];
	FILE *file;

	if (argc != 2)
		die("usage: ddf_seeds DIRECTORY");
	for (i = 0; i < ARRAY_SIZE(ddf_golden); i++) {
		golden_unpack(&ddf_golden[i], 0, bytes);
		cut_down(bytes, small);
		for (k = 0; k < ARRAY_SIZE(flags); k++, nr++) {
			memset(head, 0, sizeof(head));
			head[0] = flags[k];
			for (unsigned int s = 4; s < HEAD; s++)
				head[s] = (s * 7 + nr) % 9;
			snprintf(path, sizeof(path), "%s/ddf-%03u", argv[1], nr);
			file = fopen(path, "wb");
			if (!file || fwrite(head, sizeof(head), 1, file) != 1 ||
			    fwrite(small, sizeof(small), 1, file) != 1 || fclose(file))
				die(path);
		}
	}
	free(bytes);
	return 0;
}
