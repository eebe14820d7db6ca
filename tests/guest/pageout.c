// SPDX-License-Identifier: GPL-2.0
/*
 * Memory that goes out to swap and comes back, again and again:
 *
 *   pageout MIB STOP
 *
 * fills memory with what only this round and this place have, has the kernel
 * page it out, reads it back and compares, until the file STOP exists. Prints
 * the number of rounds; ends with 1 and the place when a byte was lost.
 */
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif

static uint64_t expected(uint64_t round, size_t i)
{
	uint64_t x = (round << 40) ^ i;

	/* One step of splitmix64: no two places alike, nothing to compress. */
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static int page_out(void *memory, size_t len)
{
	/* The first call writes the pages, the next frees what is written. */
	for (int i = 0; i < 3; i++) {
		if (madvise(memory, len, MADV_PAGEOUT)) {
			fprintf(stderr, "pageout: %s\n", strerror(errno));
			return 1;
		}
		usleep(500000);
	}
	return 0;
}

int main(int argc, char **argv)
{
	size_t len = (argc == 3 ? strtoul(argv[1], NULL, 10) : 0) << 20;
	size_t nr = len / sizeof(uint64_t);
	uint64_t round, *memory;

	if (!len) {
		fprintf(stderr, "usage: pageout MIB STOP\n");
		return 2;
	}
	memory = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory == MAP_FAILED) {
		fprintf(stderr, "pageout: %s\n", strerror(errno));
		return 1;
	}
	/* Everything else is to stay, so that only this memory needs the swap. */
	madvise(memory, len, MADV_NOHUGEPAGE);
	for (round = 1; access(argv[2], F_OK); round++) {
		for (size_t i = 0; i < nr; i++)
			memory[i] = expected(round, i);
		if (page_out(memory, len))
			return 1;
		for (size_t i = 0; i < nr; i++) {
			if (memory[i] != expected(round, i)) {
				printf("round %lu: byte %zu is wrong\n", (unsigned long)round,
				       i * sizeof(*memory));
				return 1;
			}
		}
	}
	printf("%lu\n", (unsigned long)(round - 1));
	return 0;
}
