// SPDX-License-Identifier: GPL-2.0
/* Seeds for the ASR fuzzer: every kind of table, in the states that arrays go through. */
#include <stdio.h>
#include <stdlib.h>

#include "asr_lab.h"

#define HEAD		24

static const struct golden *const goldens[] = {
	&golden_stripe, &golden_mirror, &golden_ten, &golden_oh_one, &golden_degraded,
	&golden_rebuilding, &golden_guarded, &golden_spare,
};

static void die(const char *what)
{
	fprintf(stderr, "asr_seeds: %s\n", what);
	exit(1);
}

int main(int argc, char **argv)
{
	unsigned int i, k, s, nr = 0;
	struct lab_disk disk;
	char path[4096];
	u8 head[HEAD];
	FILE *file;

	if (argc != 2)
		die("usage: asr_seeds DIRECTORY");
	for (i = 0; i < ARRAY_SIZE(goldens); i++) {
		if (golden_disk(goldens[i], 0x91000001, &disk))
			die("out of memory");
		for (k = 0; k < 8; k++, nr++) {
			memset(head, 0, sizeof(head));
			head[0] = k << 1;
			for (s = 4; s < HEAD; s++)
				head[s] = (s * 7 + nr) % 9;
			snprintf(path, sizeof(path), "%s/asr-%03u", argv[1], nr);
			file = fopen(path, "wb");
			if (!file || fwrite(head, sizeof(head), 1, file) != 1 ||
			    fwrite(lab_table(&disk), 64 + 64 * goldens[i]->nr, 1, file) != 1 ||
			    fclose(file))
				die(path);
		}
		lab_disk_exit(&disk);
	}
	return 0;
}
