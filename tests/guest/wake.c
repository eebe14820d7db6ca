// SPDX-License-Identifier: GPL-2.0
/*
 * Tells a machine that goes on from a snapshot what time it is, and gives it
 * randomness of its own: it would else have the UUIDs and the keys of every
 * other machine that goes on from there.
 *
 *   wake SECONDS <seed, SEED_LEN bytes; what follows is left to read
 */
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <time.h>
#include <unistd.h>

#define SEED_LEN	64

int main(int argc, char **argv)
{
	struct {
		struct rand_pool_info info;
		char seed[SEED_LEN];
	} pool = { { .entropy_count = 8 * SEED_LEN, .buf_size = SEED_LEN } };
	struct timespec now = { 0 };
	int pool_fd = open("/dev/urandom", O_RDWR);

	if (argc != 2 || pool_fd < 0)
		return 2;
	now.tv_sec = atoll(argv[1]);
	if (clock_settime(CLOCK_REALTIME, &now)) {
		perror("wake: clock");
		return 1;
	}
	if (read(0, pool.info.buf, SEED_LEN) != SEED_LEN || ioctl(pool_fd, RNDADDENTROPY, &pool) ||
	    ioctl(pool_fd, RNDRESEEDCRNG)) {
		perror("wake: seed");
		return 1;
	}
	return 0;
}
