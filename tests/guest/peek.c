// SPDX-License-Identifier: GPL-2.0
/*
 * peek FILE OFFSET LENGTH...: bytes of a device to standard output, past the
 * page cache. One process for all ranges, for starting one costs more than
 * reading where the machine is emulated.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MAX_LENGTH	(1 << 20)

int main(int argc, char **argv)
{
	void *buf;
	int file;

	if (argc < 2 || argc % 2)
		return 2;
	file = open(argv[1], O_RDONLY | O_DIRECT);
	if (file < 0 || posix_memalign(&buf, 4096, MAX_LENGTH)) {
		perror(argv[1]);
		return 1;
	}
	for (int i = 2; i < argc; i += 2) {
		long long offset = atoll(argv[i]);
		ssize_t len = atoll(argv[i + 1]);

		if (len > MAX_LENGTH || pread(file, buf, len, offset) != len) {
			perror(argv[1]);
			return 1;
		}
		if (fwrite(buf, 1, len, stdout) != (size_t)len)
			return 1;
	}
	return fflush(stdout) ? 1 : 0;
}
