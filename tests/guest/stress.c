// SPDX-License-Identifier: GPL-2.0
/*
 * Random requests to a block device from several threads, against a model of
 * what it must hold:
 *
 *   stress run DEV MODEL SEED SECONDS THREADS [overlap] [scribble]
 *   stress verify DEV MODEL
 *
 * run ends after SECONDS, or when the file MODEL.stop exists. MODEL is a file
 * that keeps the model from call to call. Prints what was done, or the first
 * thing that was wrong, and then ends with 1.
 *
 * Sizes are from one block to 2 MiB. Reads and writes go in batches, one
 * io_submit() each, so that they meet a plug; some are FUA, some must not wait,
 * some are of many pieces. There are discards, zeroes and flushes between them. One
 * more thread writes through the page cache, to the last eighth of the device.
 *
 * Every write has a stamp, and a block's bytes follow from its number and its
 * stamp. The model has for each block the stamps of which one must be found:
 * that of the last write that was answered, and of those under way with it. A
 * write that was answered before another began loses against it.
 *
 *   overlap    writes may overlap while they are under way
 *   scribble   buffers change while they are written; any bytes are good then,
 *              as long as the device's redundancy agrees with them
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/aio_abi.h>
#include <linux/fs.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#define SECTOR		512
#define MAX_BYTES	(2U << 20)
#define ROOM		(6U << 20)	/* of buffers for each thread */
#define BATCH		12
#define PIECES		6
#define STAMPS		4

enum { ZEROES, ANYTHING, FIRST_STAMP };	/* stamps with a meaning */

/* A sector: what may be found there, and who is at it. */
struct sector {
	uint32_t stamp[STAMPS];
	uint32_t done[STAMPS];		/* when it was answered; 0: not yet */
	uint8_t nr, writers, readers;
};

struct model {
	uint64_t magic, nr;		/* sectors */
	uint32_t clock, next_stamp;
	struct sector sector[];
};

#define MAGIC	0x73747265737332ULL

struct io {
	uint64_t first, nr;		/* sectors */
	uint32_t stamp, began;
	bool write, nowait, scribble, unchecked;
	int nr_pieces;
	struct iovec piece[PIECES];
	struct iocb cb;
};

struct thread {
	pthread_t id;
	uint64_t random;
	uint8_t *room;
	struct io io[BATCH];
	unsigned long reads, writes, sectors, overlaps, again, discards, zeroes, flushes;
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct model *model;
static int fd, cached_fd;
static uint64_t nr_direct;		/* sectors that are not for the page cache */
static uint32_t block = 1;		/* the device's, in sectors */
static bool overlap, scribble;
static volatile bool stop, failed;

static uint64_t mix(uint64_t x)
{
	x += 0x9e3779b97f4a7c15ULL;
	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

static uint64_t below(struct thread *t, uint64_t limit)
{
	t->random = mix(t->random);
	return t->random % limit;
}

static bool chance(struct thread *t, unsigned int percent)
{
	return below(t, 100) < percent;
}

static void fail(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

static void fail(const char *fmt, ...)
{
	static pthread_mutex_t once = PTHREAD_MUTEX_INITIALIZER;
	va_list args;

	pthread_mutex_lock(&once);
	if (!failed) {
		__builtin_va_start(args, fmt);
		printf("stress: ");
		vprintf(fmt, args);
		printf("\n");
		fflush(stdout);
		__builtin_va_end(args);
	}
	failed = true;
	stop = true;
	pthread_mutex_unlock(&once);
}

/* ---- what a sector's bytes are ------------------------------------------------- */

static void fill(uint64_t *to, uint64_t sector, uint32_t stamp)
{
	uint64_t x = mix(sector << 32 ^ stamp);

	if (stamp == ZEROES) {
		memset(to, 0, SECTOR);
		return;
	}
	to[0] = sector;
	to[1] = stamp;
	for (int i = 2; i < SECTOR / 8; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		to[i] = x;
	}
}

static bool holds(const void *found, uint64_t sector, uint32_t stamp)
{
	uint64_t want[SECTOR / 8];

	if (stamp == ANYTHING)
		return true;
	fill(want, sector, stamp);
	return !memcmp(found, want, SECTOR);
}

static void explain(const char *how, uint64_t sector, const struct sector *s, const void *found)
{
	const uint64_t *word = found;
	char text[400];
	int at = 0;

	for (int i = 0; i < s->nr; i++)
		at += snprintf(text + at, sizeof(text) - at, " %u(answered %u)", s->stamp[i], s->done[i]);
	if (holds(found, sector, ZEROES))
		snprintf(text + at, sizeof(text) - at, "; found zeroes");
	else if (holds(found, word[0], word[1]))
		snprintf(text + at, sizeof(text) - at, "; found the bytes of sector %llu, stamp %llu",
			 (unsigned long long)word[0], (unsigned long long)word[1]);
	else
		snprintf(text + at, sizeof(text) - at, "; found %016llx %016llx %016llx ... %016llx",
			 (unsigned long long)word[0], (unsigned long long)word[1],
			 (unsigned long long)word[2], (unsigned long long)word[63]);
	fail("%s: sector %llu must have stamp%s", how, (unsigned long long)sector, text);
}

/* ---- the model -------------------------------------------------------------------- */

/* May a write begin? With @alone not beside another one. */
static bool begin_write(uint64_t first, uint64_t nr, uint32_t stamp, bool alone, uint32_t *began,
			bool *overlaps)
{
	bool free = true;
	uint64_t i;

	*overlaps = false;
	pthread_mutex_lock(&lock);
	for (i = first; free && i < first + nr; i++) {
		const struct sector *s = &model->sector[i];

		free = !s->readers && s->nr < STAMPS && !(alone && s->writers);
		*overlaps |= s->writers;
	}
	if (free) {
		*began = ++model->clock;
		for (i = first; i < first + nr; i++) {
			struct sector *s = &model->sector[i];

			s->stamp[s->nr] = stamp;
			s->done[s->nr++] = 0;
			s->writers++;
		}
	}
	pthread_mutex_unlock(&lock);
	return free;
}

/* A write was answered; unless @sure, it may have been done in part or not at all. */
static void end_write(uint64_t first, uint64_t nr, uint32_t stamp, uint32_t began, bool sure)
{
	uint32_t now;

	pthread_mutex_lock(&lock);
	now = ++model->clock;
	for (uint64_t i = first; i < first + nr; i++) {
		struct sector *s = &model->sector[i];
		int kept = 0;
		bool mine = false;

		for (int k = 0; k < s->nr; k++) {
			uint32_t done = s->done[k];

			if (!done && s->stamp[k] == stamp && !mine) {
				mine = true;
				done = now;
			} else if (sure && done && done < began) {
				continue;
			}
			s->stamp[kept] = s->stamp[k];
			s->done[kept++] = done;
		}
		s->nr = kept;
		s->writers--;
	}
	pthread_mutex_unlock(&lock);
}

static bool begin_read(uint64_t first, uint64_t nr)
{
	bool free = true;
	uint64_t i;

	pthread_mutex_lock(&lock);
	for (i = first; free && i < first + nr; i++)
		free = !model->sector[i].writers && model->sector[i].readers < 255;
	for (i = first; free && i < first + nr; i++)
		model->sector[i].readers++;
	pthread_mutex_unlock(&lock);
	return free;
}

/* With mutex. What was seen once must be seen ever after. */
static void check_sector(const char *how, uint64_t sector, const void *found)
{
	struct sector *s = &model->sector[sector];

	for (int k = 0; k < s->nr; k++) {
		if (!holds(found, sector, s->stamp[k]))
			continue;
		s->stamp[0] = s->stamp[k];
		s->done[0] = s->done[k];
		s->nr = 1;
		return;
	}
	explain(how, sector, s, found);
}

static void end_read(const struct io *io, bool good)
{
	uint64_t at = io->first;

	pthread_mutex_lock(&lock);
	for (int p = 0; p < io->nr_pieces; p++) {
		for (size_t b = 0; b < io->piece[p].iov_len; b += SECTOR, at++) {
			model->sector[at].readers--;
			if (good && !failed)
				check_sector("read", at, io->piece[p].iov_base + b);
		}
	}
	pthread_mutex_unlock(&lock);
}

static uint32_t new_stamp(void)
{
	return __atomic_fetch_add(&model->next_stamp, 1, __ATOMIC_RELAXED);
}

/* ---- requests ----------------------------------------------------------------------- */

/* Half of all goes to one small place, where it meets. */
static void choose_range(struct thread *t, uint64_t *first, uint64_t *nr)
{
	uint64_t units = nr_direct / block, hot = units < 16384 ? units : 8192;
	uint64_t most = (uint64_t)MAX_BYTES / SECTOR / block;
	uint64_t len = 1 + below(t, 1ULL << below(t, 13));

	if (len > most)
		len = most;
	if (len > units / 2)
		len = units / 2;
	*nr = len * block;
	*first = (chance(t, 50) ? units / 3 + below(t, hot - hot / 2) : below(t, units - len + 1)) * block;
	if (*first + *nr > nr_direct)
		*first = nr_direct - *nr;
}

/* Cuts the buffer for a request into pieces with gaps, or returns false when it is used up. */
static bool give_room(struct thread *t, struct io *io, size_t *used)
{
	uint64_t left = io->nr / block;
	int pieces = chance(t, 30) ? 1 + below(t, PIECES) : 1;

	if (*used + (io->nr + PIECES * 9) * SECTOR > ROOM)
		return false;
	io->nr_pieces = 0;
	while (left) {
		uint64_t here = ++io->nr_pieces == pieces ? left : 1 + below(t, left);

		*used += below(t, 9) * SECTOR;
		io->piece[io->nr_pieces - 1].iov_base = t->room + *used;
		io->piece[io->nr_pieces - 1].iov_len = here * block * SECTOR;
		*used += here * block * SECTOR;
		left -= here;
	}
	return true;
}

static bool prepare(struct thread *t, struct io *io, size_t *used)
{
	bool overlaps;

	if (!give_room(t, io, used))
		return false;
	io->nowait = chance(t, 10);
	io->scribble = io->write && scribble && chance(t, 10);
	io->unchecked = !io->write && chance(t, 15);
	memset(&io->cb, 0, sizeof(io->cb));
	if (io->write) {
		uint64_t at = io->first;

		io->stamp = io->scribble ? ANYTHING : new_stamp();
		if (!begin_write(io->first, io->nr, io->stamp, !overlap || io->scribble, &io->began, &overlaps))
			return false;
		t->overlaps += overlaps;
		for (int p = 0; p < io->nr_pieces; p++)
			for (size_t b = 0; b < io->piece[p].iov_len; b += SECTOR)
				fill(io->piece[p].iov_base + b, at++,
				     io->scribble ? FIRST_STAMP : io->stamp);
		t->writes++;
		if (chance(t, 15))
			io->cb.aio_rw_flags |= RWF_DSYNC;
	} else {
		if (!io->unchecked && !begin_read(io->first, io->nr))
			return false;
		t->reads++;
	}
	t->sectors += io->nr;
	if (io->nowait)
		io->cb.aio_rw_flags |= RWF_NOWAIT;
	io->cb.aio_fildes = fd;
	io->cb.aio_lio_opcode = io->write ? IOCB_CMD_PWRITEV : IOCB_CMD_PREADV;
	io->cb.aio_buf = (uintptr_t)io->piece;
	io->cb.aio_nbytes = io->nr_pieces;
	io->cb.aio_offset = io->first * SECTOR;
	io->cb.aio_data = (uintptr_t)io;
	return true;
}

static void finish(struct thread *t, struct io *io, long res)
{
	bool whole = res == (long)io->nr * SECTOR;

	if (!whole && !(io->nowait && (res == -EAGAIN || res >= 0)))
		fail("%s of %llu sectors at %llu: %s (%ld)", io->write ? "write" : "read",
		     (unsigned long long)io->nr, (unsigned long long)io->first,
		     res < 0 ? strerror(-res) : "short", res);
	t->again += !whole;
	if (io->write)
		end_write(io->first, io->nr, io->stamp, io->began, whole);
	else if (!io->unchecked)
		end_read(io, whole);
}

/* Several requests with one call; all reads or all writes, side by side or anywhere. */
static void batch(struct thread *t, aio_context_t context, bool write)
{
	int want = 1 + below(t, BATCH), nr = 0;
	bool side_by_side = chance(t, 40);
	struct iocb *cbs[BATCH];
	struct io_event events[BATCH];
	size_t used = 0;
	long done;

	for (int i = 0; i < want; i++) {
		struct io *io = &t->io[nr];
		uint64_t next = nr ? t->io[nr - 1].first + t->io[nr - 1].nr : 0;

		io->write = write;
		choose_range(t, &io->first, &io->nr);
		if (side_by_side && nr && next + io->nr <= nr_direct)
			io->first = next;
		if (!prepare(t, io, &used))
			continue;
		cbs[nr++] = &io->cb;
	}
	for (int sent = 0; sent < nr; sent += done) {
		done = syscall(SYS_io_submit, context, nr - sent, cbs + sent);
		if (done <= 0) {
			fail("io_submit: %s", done ? strerror(errno) : "none taken");
			break;
		}
	}
	for (int i = 0; i < nr; i++) {
		struct io *io = (struct io *)(uintptr_t)cbs[i]->aio_data;

		if (io->scribble)
			for (uint64_t k = 0; k < 2 * io->nr; k++)
				((uint64_t *)io->piece[0].iov_base)[below(t, io->piece[0].iov_len / 8)] = k;
	}
	for (int got = 0; got < nr && !failed; got += done) {
		struct timespec patience = { .tv_sec = 600 };

		done = syscall(SYS_io_getevents, context, 1, nr - got, events, &patience);
		if (done <= 0) {
			fail("%d requests were not answered in ten minutes", nr - got);
			break;
		}
		for (int i = 0; i < done; i++)
			finish(t, (struct io *)(uintptr_t)events[i].data, events[i].res);
	}
}

/* Discards and zeroes have no batches, and no neighbour under way. */
static void erase(struct thread *t, bool discard)
{
	uint32_t stamp = discard ? ANYTHING : ZEROES, began;
	uint64_t range[2], first, nr;
	bool overlaps;

	choose_range(t, &first, &nr);
	if (!begin_write(first, nr, stamp, true, &began, &overlaps))
		return;
	range[0] = first * SECTOR;
	range[1] = nr * SECTOR;
	if (ioctl(fd, discard ? BLKDISCARD : BLKZEROOUT, range) && !(discard && errno == EOPNOTSUPP))
		fail("%s of %llu sectors at %llu: %s", discard ? "discard" : "zeroes",
		     (unsigned long long)nr, (unsigned long long)first, strerror(errno));
	end_write(first, nr, stamp, began, true);
	if (discard)
		t->discards++;
	else
		t->zeroes++;
}

static void *direct(void *arg)
{
	struct thread *t = arg;
	aio_context_t context = 0;

	if (syscall(SYS_io_setup, BATCH, &context)) {
		fail("io_setup: %s", strerror(errno));
		return NULL;
	}
	while (!stop) {
		unsigned int what = below(t, 100);

		if (what < 58) {
			batch(t, context, true);
		} else if (what < 88) {
			batch(t, context, false);
		} else if (what < 92) {
			erase(t, false);
		} else if (what < 96) {
			erase(t, true);
		} else {
			t->flushes++;
			if (fsync(fd))
				fail("flush: %s", strerror(errno));
		}
	}
	syscall(SYS_io_destroy, context);
	return NULL;
}

/* Nobody else is in this part of the device, so the model is simple: the last stamp. */
static void *cached(void *arg)
{
	struct thread *t = arg;

	while (!stop) {
		uint64_t len = 1 + below(t, 1ULL << below(t, 11));
		uint64_t first = nr_direct + below(t, model->nr - nr_direct - len);
		uint32_t stamp = new_stamp();

		for (uint64_t i = 0; i < len; i++) {
			fill((uint64_t *)(t->room + i * SECTOR), first + i, stamp);
			model->sector[first + i].stamp[0] = stamp;
			model->sector[first + i].nr = 1;
		}
		if (pwrite(cached_fd, t->room, len * SECTOR, first * SECTOR) != (ssize_t)len * SECTOR)
			fail("write through the page cache at %llu: %s", (unsigned long long)first,
			     strerror(errno));
		t->writes++;
		t->sectors += len;
		if (chance(t, 3) && fdatasync(cached_fd))
			fail("fdatasync: %s", strerror(errno));
	}
	if (fsync(cached_fd))
		fail("fsync: %s", strerror(errno));
	posix_fadvise(cached_fd, 0, 0, POSIX_FADV_DONTNEED);
	return NULL;
}

/* ---- the program ---------------------------------------------------------------------- */

static int run(const char *stop_path, uint64_t seed, unsigned int seconds, unsigned int nr_threads)
{
	struct thread *threads = calloc(nr_threads + 1, sizeof(*threads)), sum = { };
	time_t end = time(NULL) + seconds;
	unsigned int i;

	for (i = 0; i <= nr_threads; i++) {
		threads[i].random = mix(seed * 1000 + i);
		threads[i].room = mmap(NULL, ROOM, PROT_READ | PROT_WRITE,
				       MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (threads[i].room == MAP_FAILED ||
		    pthread_create(&threads[i].id, NULL, i ? direct : cached, &threads[i])) {
			fail("no memory for threads");
			return 1;
		}
	}
	while (!stop && time(NULL) < end && access(stop_path, F_OK))
		usleep(50000);
	stop = true;
	for (i = 0; i <= nr_threads; i++) {
		pthread_join(threads[i].id, NULL);
		sum.reads += threads[i].reads;
		sum.writes += threads[i].writes;
		sum.sectors += threads[i].sectors;
		sum.overlaps += threads[i].overlaps;
		sum.again += threads[i].again;
		sum.discards += threads[i].discards;
		sum.zeroes += threads[i].zeroes;
		sum.flushes += threads[i].flushes;
	}
	printf("reads=%lu writes=%lu mib=%lu overlaps=%lu again=%lu discards=%lu zeroes=%lu flushes=%lu\n",
	       sum.reads, sum.writes, sum.sectors / 2048, sum.overlaps, sum.again, sum.discards,
	       sum.zeroes, sum.flushes);
	return failed;
}

static int verify(void)
{
	uint64_t at, len;
	void *room = mmap(NULL, MAX_BYTES, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	for (at = 0; at < model->nr && !failed; at += len) {
		len = model->nr - at < MAX_BYTES / SECTOR ? model->nr - at : MAX_BYTES / SECTOR;
		if (pread(fd, room, len * SECTOR, at * SECTOR) != (ssize_t)len * SECTOR) {
			fail("read of %llu sectors at %llu: %s", (unsigned long long)len,
			     (unsigned long long)at, strerror(errno));
			break;
		}
		for (uint64_t i = 0; i < len && !failed; i++)
			check_sector("verify", at + i, room + i * SECTOR);
	}
	return failed;
}

static bool open_model(const char *path)
{
	int file = open(path, O_RDWR | O_CREAT, 0600);
	uint64_t bytes = 0, nr;
	size_t size;
	int logical = SECTOR;

	if (ioctl(fd, BLKGETSIZE64, &bytes) || ioctl(fd, BLKSSZGET, &logical))
		return false;
	block = logical / SECTOR;
	nr = bytes / SECTOR;
	size = sizeof(*model) + nr * sizeof(struct sector);
	if (file < 0 || ftruncate(file, size))
		return false;
	model = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
	if (model == MAP_FAILED)
		return false;
	nr_direct = nr / 8 * 7 / block / 8 * block * 8;
	if (model->magic == MAGIC && model->nr == nr)
		return true;
	model->magic = MAGIC;
	model->nr = nr;
	model->next_stamp = FIRST_STAMP + 1;
	for (uint64_t i = 0; i < nr; i++) {
		model->sector[i].stamp[0] = ANYTHING;
		model->sector[i].done[0] = 1;
		model->sector[i].nr = 1;
	}
	model->clock = 1;
	return true;
}

int main(int argc, char **argv)
{
	char stop_path[256];

	if (argc < 4 || (!strcmp(argv[1], "run") && argc < 7)) {
		fprintf(stderr, "usage: stress run DEV MODEL SEED SECONDS THREADS [overlap] [scribble]\n"
				"       stress verify DEV MODEL\n");
		return 2;
	}
	fd = open(argv[2], O_RDWR | O_DIRECT);
	cached_fd = open(argv[2], O_RDWR);
	if (fd < 0 || cached_fd < 0 || !open_model(argv[3])) {
		fprintf(stderr, "stress: %s or its model: %s\n", argv[2], strerror(errno));
		return 1;
	}
	if (!strcmp(argv[1], "verify"))
		return verify();
	for (int i = 7; i < argc; i++) {
		overlap |= !strcmp(argv[i], "overlap");
		scribble |= !strcmp(argv[i], "scribble");
	}
	snprintf(stop_path, sizeof(stop_path), "%s.stop", argv[3]);
	return run(stop_path, strtoull(argv[4], NULL, 0), atoi(argv[5]), atoi(argv[6]));
}
