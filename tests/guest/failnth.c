// SPDX-License-Identifier: GPL-2.0
/*
 * Goes before emdctl (LD_PRELOAD) and has the driver's allocations fail in one ioctl of it:
 *
 *   FAILNTH="NUMBER FIRST GROWTH AGAIN LOG"
 *
 * NUMBER is that of the command, as in _IOC_NR(). With FIRST > 0 the command is given again
 * and again, with the FIRSTth allocation failing, then a later one, and so on until none fails
 * any more: the next one, when GROWTH is 0, else so many per cent further on. Each time it
 * must be refused for want of memory, in words, and no disk may have been written to. That
 * ends early when it is done all the same, unless it may be done AGAIN, or when something was
 * written; who started us sees what came of that and goes on.
 *
 * With FIRST 0 every allocation fails, in this ioctl and in no other of this process: with all
 * of them failing it could not even be started.
 *
 * The last line of LOG:
 *
 *   done ALL REFUSED          there are so many allocations: the answer is the command's own
 *   passed NEXT REFUSED       the command did without the one before NEXT
 *   wrote NEXT REFUSED        refused, but something was written
 *   wrong TEXT
 *
 * The allocations that count are those that the filters of failslab and fail_page_alloc
 * let through, which are set up before.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "../../include/uapi/linux/emd.h"

static const char *const probabilities[] = {
	"/sys/kernel/debug/failslab/probability",
	"/sys/kernel/debug/fail_page_alloc/probability",
};

static int (*pass_on)(int, unsigned long, ...);

static void say(const char *log, const char *format, ...)
{
	FILE *file = fopen(log, "w");
	va_list args;

	va_start(args, format);
	if (!file || vfprintf(file, format, args) < 0 || fputc('\n', file) < 0 || fclose(file))
		abort();
	va_end(args);
}

static void set(const char *path, unsigned int value)
{
	char text[16];
	int fd = open(path, O_WRONLY);
	int len = snprintf(text, sizeof(text), "%u", value);

	if (fd < 0 || write(fd, text, len) != len)
		abort();
	close(fd);
}

/* How many more allocations are to be made until one fails; 0: one did. */
static unsigned int left(void)
{
	char text[16] = "";
	int fd = open("/proc/self/fail-nth", O_RDONLY);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0)
		abort();
	close(fd);
	return strtoul(text, NULL, 10);
}

/* Writes, discards and flushes that the disks have been given. */
static uint64_t writes(void)
{
	DIR *dir = opendir("/sys/block");
	struct dirent *entry;
	uint64_t sum = 0;

	while (dir && (entry = readdir(dir))) {
		unsigned long long f[17] = { 0 };
		char path[300];
		FILE *file;
		int i;

		if (strncmp(entry->d_name, "sd", 2))
			continue;
		snprintf(path, sizeof(path), "/sys/block/%s/stat", entry->d_name);
		file = fopen(path, "r");
		for (i = 0; file && i < 17 && fscanf(file, "%llu", &f[i]) == 1; i++)
			;
		if (i < 17)
			abort();
		fclose(file);
		sum += f[4] + f[11] + f[15];
	}
	if (dir)
		closedir(dir);
	return sum;
}

static int send_without_memory(int fd, unsigned long request, void *arg, const char *log)
{
	int ret, error;

	for (int i = 0; i < 2; i++)
		set(probabilities[i], 100);
	ret = pass_on(fd, request, arg);
	error = errno;
	for (int i = 0; i < 2; i++)
		set(probabilities[i], 0);
	say(log, "done 0 0");
	errno = error;
	return ret;
}

static unsigned int next(unsigned int n, unsigned int growth)
{
	return n + 1 + n * growth / 100;
}

static int send_until_done(int fd, unsigned long request, struct emd_hdr *arg, unsigned int n,
			   unsigned int growth, bool again, const char *log)
{
	unsigned int size = arg->size, refused = 0;
	char *saved = malloc(size);

	if (!saved)
		abort();
	memcpy(saved, arg, size);
	for (;; n = next(n, growth)) {
		uint64_t before = writes();
		unsigned int more;
		int ret, error;

		memcpy(arg, saved, size);
		set("/proc/self/fail-nth", n);
		ret = pass_on(fd, request, arg);
		error = errno;
		more = left();
		set("/proc/self/fail-nth", 0);
		if (more) {
			say(log, "done %u %u", n - more, refused);
		} else if (!ret) {
			if (again)
				continue;
			say(log, "passed %u %u", next(n, growth), refused);
		} else {
			const char *msg = (const char *)(uintptr_t)arg->msg_ptr;

			refused++;
			if (error != ENOMEM || !strstr(msg, "memory"))
				say(log, "wrong allocation %u: error %d: %s", n, error, msg);
			else if (writes() == before)
				continue;
			else
				say(log, "wrote %u %u", next(n, growth), refused);
		}
		free(saved);
		errno = error;
		return ret;
	}
}

int ioctl(int fd, unsigned long request, ...)
{
	const char *how = getenv("FAILNTH");
	unsigned int number, first, growth, again;
	char log[200];
	va_list args;
	void *arg;

	va_start(args, request);
	arg = va_arg(args, void *);
	va_end(args);
	if (!pass_on)
		pass_on = (int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl");
	if (!how || sscanf(how, "%u %u %u %u %199s", &number, &first, &growth, &again, log) != 5 ||
	    request != _IO(EMD_IOC_MAGIC, number))
		return pass_on(fd, request, arg);
	/* Some commands are sent more than once: the first is enough. */
	unsetenv("FAILNTH");
	return first ? send_until_done(fd, request, arg, first, growth, again, log) :
		       send_without_memory(fd, request, arg, log);
}
