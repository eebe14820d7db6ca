// SPDX-License-Identifier: GPL-2.0
/*
 * The promises of /dev/emd-control, put to the test from user space.
 *
 *   abi contract       what is refused, with which errno, and that a reason is given
 *   abi list           that the records are well-formed, whatever arrays there are
 *   abi events         numbering, seeking, blocking and polling
 *   abi unprivileged   what is left without CAP_SYS_ADMIN
 *   abi poll FILE SECONDS
 *                      prints what a sysfs file holds once poll() says it changed
 *   abi write FILE TEXT
 *                      prints what the kernel says to that: "ok" or the error
 *   abi fuzz SECONDS [SEED]
 *                      random commands, and values for the files in sysfs, from several
 *                      processes at once, root and another user: nothing is
 *                      expected but that the kernel survives. It stops, fails and
 *                      creates whatever it can: for throw-away machines only.
 *
 * Needs root. Prints a line for each check that fails, and a sum; exit status 1
 * when there was any.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <glob.h>
#include <poll.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "layout.h"

#define CONTROL		"/dev/emd-control"
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))
#define ALL_FLAGS	(EMD_F_DRY_RUN | EMD_F_FORCE | EMD_F_DEGRADED | EMD_F_READ_ONLY | \
			 EMD_F_REPAIR | EMD_F_ALL)
#define NO_ID		0x7fffffffffffULL
#define BAD_POINTER	0xfffffffffffff000ULL

static unsigned int nr_passed, nr_failed;
static int control = -1;

static bool count(bool ok)
{
	if (ok)
		nr_passed++;
	else
		nr_failed++;
	return ok;
}

/* Counts, and says what was seen where it was not as promised. */
#define check(ok, fmt, ...)						\
({									\
	bool __ok = count(ok);						\
	if (!__ok)							\
		printf("FAIL: " fmt "\n", ##__VA_ARGS__);		\
	__ok;								\
})

/* ---- the commands ------------------------------------------------------------- */

enum { CONTAINER = 1, ARRAY = 2, DISK = 4 };

static const struct command {
	const char *name;
	unsigned int ioctl;
	unsigned int size;
	unsigned int flags;
	unsigned int want;	/* objects, for a struct emd_object_arg */
	bool open_to_all;
} commands[] = {
	{ "version", EMD_IOC_VERSION, sizeof(struct emd_version_arg), .open_to_all = true },
	{ "list", EMD_IOC_LIST, sizeof(struct emd_list_arg), .open_to_all = true },
	{ "examine", EMD_IOC_EXAMINE, sizeof(struct emd_examine_arg) },
	{ "scan", EMD_IOC_SCAN, sizeof(struct emd_object_arg), EMD_F_DRY_RUN },
	{ "assemble", EMD_IOC_ASSEMBLE, sizeof(struct emd_object_arg),
	  EMD_F_DRY_RUN | EMD_F_FORCE | EMD_F_DEGRADED | EMD_F_READ_ONLY | EMD_F_ALL, CONTAINER },
	{ "stop", EMD_IOC_STOP, sizeof(struct emd_object_arg), EMD_F_DRY_RUN | EMD_F_ALL, ARRAY },
	{ "create", EMD_IOC_CREATE, sizeof(struct emd_create_arg), EMD_F_DRY_RUN | EMD_F_FORCE },
	{ "delete", EMD_IOC_DELETE, sizeof(struct emd_object_arg),
	  EMD_F_DRY_RUN | EMD_F_FORCE, ARRAY },
	{ "erase", EMD_IOC_ERASE, sizeof(struct emd_object_arg),
	  EMD_F_DRY_RUN | EMD_F_FORCE, DISK },
	{ "add", EMD_IOC_ADD, sizeof(struct emd_object_arg),
	  EMD_F_DRY_RUN | EMD_F_FORCE, CONTAINER | DISK },
	{ "remove", EMD_IOC_REMOVE, sizeof(struct emd_object_arg),
	  EMD_F_DRY_RUN | EMD_F_FORCE, CONTAINER | DISK },
	{ "fail", EMD_IOC_FAIL, sizeof(struct emd_object_arg),
	  EMD_F_DRY_RUN | EMD_F_FORCE, ARRAY | DISK },
	{ "scrub", EMD_IOC_SCRUB, sizeof(struct emd_object_arg),
	  EMD_F_DRY_RUN | EMD_F_REPAIR, ARRAY },
	{ "sync", EMD_IOC_SYNC, sizeof(struct emd_sync_arg), EMD_F_DRY_RUN },
	{ "policy", EMD_IOC_POLICY, sizeof(struct emd_policy_arg), EMD_F_DRY_RUN },
	{ "replace", EMD_IOC_REPLACE, sizeof(struct emd_replace_arg), EMD_F_DRY_RUN },
	{ "history", EMD_IOC_HISTORY, sizeof(struct emd_history_arg) },
	{ "save", EMD_IOC_SAVE, sizeof(struct emd_save_arg) },
	{ "restore", EMD_IOC_RESTORE, sizeof(struct emd_restore_arg),
	  EMD_F_DRY_RUN | EMD_F_FORCE },
	{ "rename", EMD_IOC_RENAME, sizeof(struct emd_rename_arg), EMD_F_DRY_RUN },
	{ "assign", EMD_IOC_ASSIGN, sizeof(struct emd_assign_arg),
	  EMD_F_DRY_RUN | EMD_F_FORCE },
};

/* Any argument, with room for a tail, and where the kernel puts its reason. */
union arg {
	struct emd_hdr hdr;
	struct emd_version_arg version;
	struct emd_list_arg list;
	struct emd_examine_arg examine;
	struct emd_object_arg object;
	struct emd_create_arg create;
	struct emd_sync_arg sync;
	struct emd_policy_arg policy;
	struct emd_replace_arg replace;
	struct emd_history_arg history;
	struct emd_save_arg save;
	struct emd_restore_arg restore;
	struct emd_rename_arg rename;
	struct emd_assign_arg assign;
	unsigned char bytes[8192];
};

static char text[256];

static uint64_t ptr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static void prepare(union arg *arg, unsigned int size)
{
	memset(arg, 0, sizeof(*arg));
	memset(text, '#', sizeof(text));
	arg->hdr.size = size;
	arg->hdr.msg_ptr = ptr(text);
	arg->hdr.msg_len = sizeof(text);
}

static int call(const struct command *command, union arg *arg)
{
	return ioctl(control, command->ioctl, arg) < 0 ? errno : 0;
}

/* The command is refused with @err and the reason has this word in it. */
static void refused(const struct command *command, union arg *arg, int err, const char *word,
		    const char *what)
{
	int got = call(command, arg);

	check(got == err, "%s: %s: %s, want %s", command->name, what, strerror(got),
	      strerror(err));
	if (!word)
		return;
	check(memchr(text, 0, sizeof(text)) && strstr(text, word),
	      "%s: %s: reason is \"%.*s\", want one with \"%s\"", command->name, what,
	      (int)sizeof(text), text, word);
}

static const struct command *by_ioctl(unsigned int nr)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].ioctl == nr)
			return &commands[i];
	abort();
}

/* ---- contract: head, size, flags ------------------------------------------------ */

static void unknown_commands_are_enotty(void)
{
	static const unsigned int numbers[] = {
		_IO(EMD_IOC_MAGIC, 0x03), _IO(EMD_IOC_MAGIC, 0x0f), _IO(EMD_IOC_MAGIC, 0x7f),
		_IO(EMD_IOC_MAGIC, 0xff), _IOWR(EMD_IOC_MAGIC, 0x01, struct emd_list_arg),
		_IO('E', 0x01), 0, 0xffffffff,
	};
	union arg arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(numbers); i++) {
		prepare(&arg, sizeof(struct emd_list_arg));
		check(ioctl(control, numbers[i], &arg) < 0 && errno == ENOTTY,
		      "command 0x%08x is not ENOTTY", numbers[i]);
		check(text[0] == '#', "command 0x%08x wrote a reason", numbers[i]);
	}
}

static void sizes_are_checked(const struct command *command)
{
	union arg arg;

	prepare(&arg, 0);
	refused(command, &arg, EINVAL, NULL, "size 0");
	prepare(&arg, sizeof(struct emd_hdr) - 1);
	refused(command, &arg, EINVAL, NULL, "size below the head");
	check(text[0] == '#', "%s: reason written for a size below the head", command->name);
	prepare(&arg, command->size - 1);
	refused(command, &arg, EINVAL, "bytes", "size one too small");
	prepare(&arg, command->size + 8);
	arg.bytes[command->size + 7] = 1;
	refused(command, &arg, E2BIG, "bytes", "tail not zero");
	prepare(&arg, 4097);
	refused(command, &arg, E2BIG, "bytes", "size above a page");
	prepare(&arg, 0xffffffff);
	refused(command, &arg, E2BIG, "bytes", "size 4 GiB");
}

static void flags_are_checked(const struct command *command)
{
	unsigned int bit;
	union arg arg;

	for (bit = 0; bit < 32; bit++) {
		if (command->flags & (1U << bit))
			continue;
		prepare(&arg, command->size);
		arg.hdr.flags = 1U << bit;
		refused(command, &arg, EINVAL, "flags", "a flag it does not take");
	}
	prepare(&arg, command->size);
	arg.hdr.__reserved = 1;
	refused(command, &arg, EINVAL, "reserved", "reserve of the head not zero");
}

static void pointers_are_checked(const struct command *command)
{
	union arg arg;

	check(ioctl(control, command->ioctl, NULL) < 0 && errno == EFAULT,
	      "%s: NULL is not EFAULT", command->name);
	/* A reason that cannot be delivered does not hide the refusal. */
	prepare(&arg, command->size);
	arg.hdr.flags = 1U << 31;
	arg.hdr.msg_ptr = BAD_POINTER;
	refused(command, &arg, EINVAL, NULL, "bad message pointer");
}

static void an_argument_that_ends_at_unmapped_memory_is_read_to_its_size(void)
{
	const struct command *command = by_ioctl(EMD_IOC_VERSION);
	long page = sysconf(_SC_PAGESIZE);
	char *map = mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
			 -1, 0);
	struct emd_hdr *hdr;

	if (!check(map != MAP_FAILED && !munmap(map + page, page), "mmap"))
		return;
	hdr = (void *)(map + page - command->size);
	memset(hdr, 0, command->size);
	hdr->size = command->size;
	check(!ioctl(control, command->ioctl, hdr), "whole argument at the end of a page: %m");
	hdr = (void *)(map + page - 16);
	hdr->size = command->size;
	check(ioctl(control, command->ioctl, hdr) < 0 && errno == EFAULT,
	      "half a head at the end of a page is not EFAULT");
	hdr = (void *)(map + page - 8);
	hdr->size = 8;
	check(ioctl(control, command->ioctl, hdr) < 0 && errno == EINVAL,
	      "size 8 at the end of a page is not EINVAL");
	munmap(map, page);
}

static void the_reason_is_cut_to_fit(void)
{
	const struct command *command = by_ioctl(EMD_IOC_SCAN);
	union arg arg;

	prepare(&arg, command->size);
	arg.hdr.flags = 1U << 31;
	arg.hdr.msg_len = 5;
	check(call(command, &arg) == EINVAL && strlen(text) == 4 && text[5] == '#',
	      "reason cut to 5 bytes is \"%.8s\"", text);
	prepare(&arg, command->size);
	arg.hdr.flags = 1U << 31;
	arg.hdr.msg_len = 1;
	check(call(command, &arg) == EINVAL && !text[0] && text[1] == '#',
	      "reason cut to 1 byte is \"%.8s\"", text);
	prepare(&arg, command->size);
	arg.hdr.flags = 1U << 31;
	arg.hdr.msg_len = 0;
	check(call(command, &arg) == EINVAL && text[0] == '#', "reason without room was written");
	prepare(&arg, command->size);
	arg.hdr.flags = 1U << 31;
	arg.hdr.msg_len = 0xffffffff;
	check(call(command, &arg) == EINVAL && strlen(text) < sizeof(text),
	      "reason with room for 4 GiB");
}

static void version_tells(void)
{
	const struct command *command = by_ioctl(EMD_IOC_VERSION);
	union arg arg;

	prepare(&arg, command->size);
	check(!call(command, &arg), "version: %m");
	check(!text[0], "version: reason after a success is \"%.20s\"", text);
	check(arg.version.abi == EMD_ABI_VERSION, "abi %u", arg.version.abi);
	check(arg.version.nr_formats >= 1 && strstr(arg.version.formats, "imsm"),
	      "formats: %.64s", arg.version.formats);
	check(arg.hdr.size == command->size && arg.hdr.msg_ptr == ptr(text),
	      "version: the head was written to");

	prepare(&arg, command->size + 64);
	check(!call(command, &arg) && arg.version.abi == EMD_ABI_VERSION,
	      "version: a longer argument with a tail of zeroes: %m");
	prepare(&arg, command->size);
	arg.version.abi = 0xffffffff;
	memset(arg.version.formats, 'x', sizeof(arg.version.formats));
	check(!call(command, &arg) && arg.version.abi == EMD_ABI_VERSION &&
	      memchr(arg.version.formats, 0, sizeof(arg.version.formats)),
	      "version: what was in the reply's fields matters");
}

/* ---- contract: objects ------------------------------------------------------------ */

static void fill_objects(struct emd_object_arg *object, unsigned int want)
{
	object->container_id = want & CONTAINER ? NO_ID : 0;
	object->array_id = want & ARRAY ? NO_ID : 0;
	object->major = want & DISK ? 254 : 0;
	object->minor = want & DISK ? 1048575 : 0;
}

static void exactly_the_wanted_objects(const struct command *command)
{
	static const struct {
		unsigned int bit;
		const char *missing, *extra;
	} objects[] = {
		{ CONTAINER, "container", "container" },
		{ ARRAY, NULL, "array" },	/* stop names the container first */
		{ DISK, "device", "device" },
	};
	union arg arg;
	size_t i;

	for (i = 0; i < ARRAY_SIZE(objects); i++) {
		unsigned int bit = objects[i].bit;
		bool wanted = command->want & bit;

		if (command->ioctl == EMD_IOC_STOP && bit == CONTAINER)
			continue;
		prepare(&arg, command->size);
		fill_objects(&arg.object, command->want ^ bit);
		/* Stop takes a container instead of an array. */
		refused(command, &arg, EINVAL, wanted ? objects[i].missing : objects[i].extra,
			wanted ? "object missing" : "object too many");
	}
	if (command->ioctl == EMD_IOC_STOP) {
		prepare(&arg, command->size);
		fill_objects(&arg.object, CONTAINER | ARRAY);
		refused(command, &arg, EINVAL, "container", "container and array");
	}
	if (command->flags & EMD_F_ALL) {
		prepare(&arg, command->size);
		fill_objects(&arg.object, command->want);
		arg.hdr.flags = EMD_F_ALL;
		refused(command, &arg, EINVAL, "zero", "everything, and one");
	}
	if (command->want & DISK) {
		static const unsigned int devs[][2] = {
			{ 4096, 0 }, { 8, 1 << 20 }, { 0xffffffff, 0xffffffff }, { 0, 7 },
		};

		for (i = 0; i < ARRAY_SIZE(devs); i++) {
			prepare(&arg, command->size);
			fill_objects(&arg.object, command->want);
			arg.object.major = devs[i][0];
			arg.object.minor = devs[i][1];
			refused(command, &arg, EINVAL, "device number", "impossible device");
		}
	}
}

static void what_is_not_there_is_refused(const struct command *command)
{
	union arg arg;
	int err;

	prepare(&arg, command->size);
	fill_objects(&arg.object, command->want);
	err = call(command, &arg);
	check(err == ENOENT || err == ENODEV || err == ENXIO, "%s: nothing there: %s",
	      command->name, strerror(err));
	check(memchr(text, 0, sizeof(text)) && text[0], "%s: nothing there: no reason",
	      command->name);
	if (!(command->want & (CONTAINER | ARRAY)))
		return;
	/* Ids are 64 bits wide: none is cut to 32. */
	prepare(&arg, command->size);
	fill_objects(&arg.object, command->want);
	if (arg.object.container_id)
		arg.object.container_id = 0x100000001ULL;
	if (arg.object.array_id)
		arg.object.array_id = 0x100000001ULL;
	err = call(command, &arg);
	check(err == ENOENT || err == ENODEV, "%s: id 2^32 + 1: %s", command->name,
	      strerror(err));
}

/* ---- contract: examine, sync, create ------------------------------------------------- */

static void examine_is_checked(void)
{
	const struct command *command = by_ioctl(EMD_IOC_EXAMINE);
	union arg arg;
	int err;

	prepare(&arg, command->size);
	refused(command, &arg, EINVAL, "device number", "no device");
	prepare(&arg, command->size);
	arg.examine.major = 254;
	arg.examine.minor = 1048575;
	err = call(command, &arg);
	check(err == ENODEV || err == ENXIO || err == ENOENT, "examine: nothing there: %s",
	      strerror(err));
	check(text[0] && text[0] != '#', "examine: nothing there: no reason");
}

static void sync_is_checked(void)
{
	const struct command *command = by_ioctl(EMD_IOC_SYNC);
	union arg arg;

	prepare(&arg, command->size);
	refused(command, &arg, EINVAL, "array", "no array");
	prepare(&arg, command->size);
	arg.sync.array_id = NO_ID;
	arg.sync.cmd = EMD_SYNC_CMD_LIMIT + 1;
	refused(command, &arg, EOPNOTSUPP, "unknown", "unknown command");
	prepare(&arg, command->size);
	arg.sync.array_id = NO_ID;
	arg.sync.cmd = EMD_SYNC_CMD_PAUSE;
	arg.sync.limit_kib_s = 1;
	refused(command, &arg, EINVAL, "limit", "limit of a pause");
	prepare(&arg, command->size);
	arg.sync.array_id = NO_ID;
	refused(command, &arg, ENOENT, "", "no such array");
}

static void policy_is_checked(void)
{
	const struct command *command = by_ioctl(EMD_IOC_POLICY);
	union arg arg;

	prepare(&arg, command->size);
	refused(command, &arg, EINVAL, "array", "no array");
	prepare(&arg, command->size);
	arg.policy.array_id = NO_ID;
	arg.policy.set = 1U << 20;
	refused(command, &arg, EOPNOTSUPP, "unknown policies 0x100000", "unknown policy");
	prepare(&arg, command->size);
	arg.policy.array_id = NO_ID;
	arg.policy.known = 1;
	refused(command, &arg, EINVAL, "known", "what only comes back");
	prepare(&arg, command->size);
	arg.policy.array_id = NO_ID;
	arg.policy.set = EMD_POLICY_SYNC_LIMIT;
	arg.policy.zero_copy = 1;
	refused(command, &arg, EINVAL, "zero_copy", "a value that is not to be set");
	prepare(&arg, command->size);
	arg.policy.array_id = NO_ID;
	arg.policy.set = EMD_POLICY_ZERO_COPY;
	arg.policy.zero_copy = 2;
	refused(command, &arg, EINVAL, "zero_copy of 2", "half a switch");
	prepare(&arg, command->size);
	arg.policy.array_id = NO_ID;
	refused(command, &arg, ENOENT, "", "no such array");
}

static void replace_is_checked(void)
{
	const struct command *command = by_ioctl(EMD_IOC_REPLACE);
	union arg arg;

	prepare(&arg, command->size);
	refused(command, &arg, EINVAL, "array", "no array");
	prepare(&arg, command->size);
	arg.replace.array_id = NO_ID;
	refused(command, &arg, EINVAL, "0:0 is no device", "no disk");
	prepare(&arg, command->size);
	arg.replace.array_id = NO_ID;
	arg.replace.major = 8;
	arg.replace.new_major = 8;
	refused(command, &arg, EINVAL, "twice", "a disk by itself");
	prepare(&arg, command->size);
	arg.replace.array_id = NO_ID;
	arg.replace.major = 8;
	arg.replace.new_major = 8;
	arg.replace.new_minor = 1 << 20;
	refused(command, &arg, EINVAL, "is no device", "no such number");
	prepare(&arg, command->size);
	arg.replace.array_id = NO_ID;
	arg.replace.major = 8;
	arg.replace.new_major = 8;
	arg.replace.new_minor = 16;
	refused(command, &arg, ENOENT, "", "no such array");
}

static void history_and_save_are_checked(void)
{
	const struct command *command = by_ioctl(EMD_IOC_HISTORY);
	union arg arg;
	int err;

	prepare(&arg, command->size);
	refused(command, &arg, EINVAL, "container", "no container");
	prepare(&arg, command->size);
	arg.history.container_id = NO_ID;
	refused(command, &arg, ENOENT, "", "no such container");

	command = by_ioctl(EMD_IOC_SAVE);
	prepare(&arg, command->size);
	refused(command, &arg, EINVAL, "device number", "no device");
	prepare(&arg, command->size);
	arg.save.major = 254;
	arg.save.minor = 1048575;
	err = call(command, &arg);
	check(err == ENODEV || err == ENXIO || err == ENOENT, "save: nothing there: %s",
	      strerror(err));
}

/* A region and its bytes, as SAVE has them, for a disk that is not there. */
static struct {
	struct emd_region region;
	unsigned char bytes[512];
} saved;

static struct emd_restore_disk restore_disks[2];

static void prepare_restore(union arg *arg)
{
	struct emd_restore_disk *disk = &restore_disks[0];

	prepare(arg, sizeof(struct emd_restore_arg));
	memset(&saved, 0, sizeof(saved));
	memset(restore_disks, 0, sizeof(restore_disks));
	saved.region.bytes = sizeof(saved.bytes);
	disk->major = 254;
	disk->minor = 1048575;
	disk->buf_ptr = ptr(&saved);
	disk->buf_len = sizeof(saved);
	disk->nr_regions = 1;
	disk->sectors = 131072;
	disk->block_size = 512;
	snprintf(disk->serial, sizeof(disk->serial), "NOBODY");
	snprintf(disk->format, sizeof(disk->format), "imsm");
	restore_disks[1] = *disk;
	restore_disks[1].minor--;
	arg->restore.disks_ptr = ptr(restore_disks);
	arg->restore.nr_disks = 1;
	arg->hdr.flags = EMD_F_DRY_RUN;
}

static void restore_is_checked(void)
{
	const struct command *command = by_ioctl(EMD_IOC_RESTORE);
	struct emd_restore_disk *disk = &restore_disks[0];
	union arg arg;
	int err;

	prepare_restore(&arg);
	arg.restore.nr_disks = 0;
	refused(command, &arg, EINVAL, "disks", "no disks");
	prepare_restore(&arg);
	arg.restore.nr_disks = EMD_UAPI_MAX_DISKS + 1;
	refused(command, &arg, EINVAL, "disks", "too many disks");
	prepare_restore(&arg);
	arg.restore.__reserved = 1;
	refused(command, &arg, EINVAL, "reserved", "reserved field");
	prepare_restore(&arg);
	arg.restore.disks_ptr = BAD_POINTER;
	refused(command, &arg, EFAULT, "address", "bad pointer to disks");
	prepare_restore(&arg);
	arg.restore.nr_disks = 2;
	restore_disks[1].minor = disk->minor;
	refused(command, &arg, EINVAL, "twice", "a disk twice");
	prepare_restore(&arg);
	arg.restore.nr_disks = 2;
	restore_disks[1].block_size = 0;
	restore_disks[1].nr_regions = 0;
	refused(command, &arg, EINVAL, "regions", "second disk without regions");
	prepare_restore(&arg);
	disk->major = 0;
	refused(command, &arg, EINVAL, "device number", "no device");
	prepare_restore(&arg);
	memset(disk->serial, 'a', sizeof(disk->serial));
	refused(command, &arg, EINVAL, "serial", "serial without an end");
	prepare_restore(&arg);
	memset(disk->format, 'a', sizeof(disk->format));
	refused(command, &arg, EINVAL, "format", "format without an end");
	prepare_restore(&arg);
	disk->__reserved = 1;
	refused(command, &arg, EINVAL, "reserved", "reserved field of a disk");
	prepare_restore(&arg);
	disk->nr_regions = 0;
	refused(command, &arg, EINVAL, "regions", "no regions");
	prepare_restore(&arg);
	disk->nr_regions = 0x10000001;	/* times 16 is 16 again in 32 bits */
	refused(command, &arg, EINVAL, "regions", "too many regions");
	prepare_restore(&arg);
	disk->buf_len = sizeof(saved.region);
	refused(command, &arg, EINVAL, "bytes", "no bytes");
	prepare_restore(&arg);
	disk->buf_len = 0xffffffff;
	refused(command, &arg, EINVAL, "bytes", "4G of bytes");
	prepare_restore(&arg);
	disk->buf_ptr = BAD_POINTER;
	refused(command, &arg, EFAULT, "address", "bad pointer to bytes");
	prepare_restore(&arg);
	saved.region.bytes = 0;
	refused(command, &arg, EINVAL, "region 0", "empty region");
	prepare_restore(&arg);
	saved.region.bytes = 513;
	refused(command, &arg, EINVAL, "region 0", "region longer than its bytes");
	prepare_restore(&arg);
	saved.region.bytes = 256;
	refused(command, &arg, EINVAL, "no region", "bytes of no region");
	prepare_restore(&arg);
	saved.region.sector = ~0ULL;
	refused(command, &arg, EINVAL, "sector", "region beyond all disks");
	prepare_restore(&arg);
	saved.region.__reserved = 1;
	refused(command, &arg, EINVAL, "reserved", "reserved field of a region");
	prepare_restore(&arg);
	snprintf(disk->format, sizeof(disk->format), "nosuch");
	refused(command, &arg, EOPNOTSUPP, "not known", "unknown format");
	prepare_restore(&arg);
	err = call(command, &arg);
	check(err && text[0] && text[0] != '#', "restore: a disk that is not there: %s",
	      strerror(err));
}

#define set(field, value) snprintf(field, sizeof(field), "%s", value)

static void rename_is_checked(void)
{
	const struct command *command = by_ioctl(EMD_IOC_RENAME);
	union arg arg;

	prepare(&arg, command->size);
	refused(command, &arg, EINVAL, "no array given", "no array");
	prepare(&arg, command->size);
	arg.rename.array_id = NO_ID;
	refused(command, &arg, EINVAL, "no name given", "no name");
	prepare(&arg, command->size);
	arg.rename.array_id = NO_ID;
	memset(arg.rename.name, 'x', sizeof(arg.rename.name));
	refused(command, &arg, EINVAL, "longer than 63", "a name that does not end");
	prepare(&arg, command->size);
	arg.rename.array_id = NO_ID;
	set(arg.rename.name, "a\nb");
	refused(command, &arg, EINVAL, "control character", "a line break in a name");
	prepare(&arg, command->size);
	arg.rename.array_id = NO_ID;
	set(arg.rename.name, "data");
	refused(command, &arg, ENOENT, "no such array", "no such array");
}

static void prepare_assign(union arg *arg, const uint64_t *ids, unsigned int nr)
{
	prepare(arg, sizeof(arg->assign));
	arg->assign.container_id = NO_ID;
	arg->assign.major = 8;
	arg->assign.nr_arrays = nr;
	arg->assign.arrays_ptr = ptr(ids);
}

static void assign_is_checked(void)
{
	static const uint64_t ids[] = { NO_ID, NO_ID };
	const struct command *command = by_ioctl(EMD_IOC_ASSIGN);
	union arg arg;

	prepare_assign(&arg, NULL, 0);
	arg.assign.container_id = 0;
	refused(command, &arg, EINVAL, "no container given", "no container");
	prepare_assign(&arg, NULL, 0);
	arg.assign.major = 0;
	refused(command, &arg, EINVAL, "device number", "no disk");
	prepare_assign(&arg, NULL, 0);
	arg.assign.__reserved = 1;
	refused(command, &arg, EINVAL, "reserved", "reserved field");
	prepare_assign(&arg, ids, EMD_UAPI_MAX_SERVES + 1);
	refused(command, &arg, EINVAL, "at most 16", "too many arrays");
	prepare_assign(&arg, ids, 0);
	refused(command, &arg, EINVAL, "number is zero", "arrays but no number");
	prepare_assign(&arg, ids, 2);
	refused(command, &arg, EINVAL, "named twice", "an array twice");
	prepare_assign(&arg, ids, 1);
	arg.assign.arrays_ptr = BAD_POINTER;
	refused(command, &arg, EFAULT, "", "arrays that cannot be read");
	prepare_assign(&arg, ids, 1);
	refused(command, &arg, ENOENT, "no such container", "no such container");
}

static struct emd_disk_ref refs[300];

static void prepare_create(union arg *arg)
{
	unsigned int i;

	prepare(arg, sizeof(struct emd_create_arg));
	for (i = 0; i < ARRAY_SIZE(refs); i++)
		refs[i] = (struct emd_disk_ref){ 254, 1048000 + i };
	set(arg->create.name, "vol");
	set(arg->create.format, "imsm");
	arg->create.level = EMD_UAPI_LEVEL_RAID1;
	arg->create.nr_disks = 2;
	arg->create.disks_ptr = ptr(refs);
	arg->hdr.flags = EMD_F_DRY_RUN;
}

static void create_is_checked(void)
{
	const struct command *command = by_ioctl(EMD_IOC_CREATE);
	union arg arg;
	int err;

	prepare_create(&arg);
	memset(arg.create.name, 'a', sizeof(arg.create.name));
	refused(command, &arg, EINVAL, "name", "name without an end");
	prepare_create(&arg);
	arg.create.name[0] = 0;
	refused(command, &arg, EINVAL, "name", "no name");
	prepare_create(&arg);
	arg.create.name[1] = '\n';
	refused(command, &arg, EINVAL, "control character", "newline in the name");
	prepare_create(&arg);
	memset(arg.create.format, 'a', sizeof(arg.create.format));
	refused(command, &arg, EINVAL, "format", "format without an end");
	prepare_create(&arg);
	arg.create.format[0] = 0;
	refused(command, &arg, EINVAL, "format", "no format");
	prepare_create(&arg);
	set(arg.create.format, "nosuch");
	err = call(command, &arg);
	check((err == EOPNOTSUPP || err == EINVAL || err == ENOENT) && text[0] && text[0] != '#',
	      "create: unknown format: %s", strerror(err));
	prepare_create(&arg);
	arg.create.level = EMD_UAPI_LEVEL_RAID10 + 1;
	refused(command, &arg, EOPNOTSUPP, "level", "unknown level");
	prepare_create(&arg);
	arg.create.layout = EMD_UAPI_LAYOUT_PARITY_FIRST_6 + 1;
	refused(command, &arg, EOPNOTSUPP, "layout", "unknown layout");
	prepare_create(&arg);
	arg.create.init = EMD_INIT_ZERO + 1;
	refused(command, &arg, EOPNOTSUPP, "initialisation", "unknown initialisation");
	prepare_create(&arg);
	arg.create.strip_sectors = 96;
	refused(command, &arg, EINVAL, "power of two", "strip");
	prepare_create(&arg);
	arg.create.size_sectors = ~0ULL;
	refused(command, &arg, EINVAL, "size", "size");
	prepare_create(&arg);
	arg.create.nr_spans = 1;
	refused(command, &arg, EINVAL, "spans", "one span");
	prepare_create(&arg);
	arg.create.nr_disks = 0;
	refused(command, &arg, EINVAL, "disks", "no disks");
	prepare_create(&arg);
	arg.create.nr_disks = EMD_UAPI_MAX_DISKS + 1;
	refused(command, &arg, EINVAL, "disks", "too many disks");
	prepare_create(&arg);
	arg.create.nr_disks = 0xffffffff;
	refused(command, &arg, EINVAL, "disks", "4G disks");
	prepare_create(&arg);
	arg.create.disks_ptr = BAD_POINTER;
	refused(command, &arg, EFAULT, "address", "bad pointer to disks");
	prepare_create(&arg);
	refs[1] = refs[0];
	refused(command, &arg, EINVAL, "twice", "a disk twice");
	prepare_create(&arg);
	refs[1].major = 0;
	refused(command, &arg, EINVAL, "device number", "impossible disk");
	prepare_create(&arg);
	err = call(command, &arg);
	check(err && text[0] && text[0] != '#', "create: disks that are not there: %s",
	      strerror(err));
	prepare_create(&arg);
	arg.create.container_id = NO_ID;
	refused(command, &arg, ENOENT, "", "no such container");
}

static void test_contract(void)
{
	size_t i;

	unknown_commands_are_enotty();
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		sizes_are_checked(&commands[i]);
		flags_are_checked(&commands[i]);
		pointers_are_checked(&commands[i]);
		if (commands[i].size != sizeof(struct emd_object_arg) ||
		    commands[i].ioctl == EMD_IOC_LIST || commands[i].ioctl == EMD_IOC_POLICY ||
		    commands[i].ioctl == EMD_IOC_REPLACE ||
		    commands[i].ioctl == EMD_IOC_HISTORY)
			continue;
		exactly_the_wanted_objects(&commands[i]);
		if (commands[i].want)
			what_is_not_there_is_refused(&commands[i]);
	}
	an_argument_that_ends_at_unmapped_memory_is_read_to_its_size();
	the_reason_is_cut_to_fit();
	version_tells();
	examine_is_checked();
	sync_is_checked();
	policy_is_checked();
	replace_is_checked();
	history_and_save_are_checked();
	restore_is_checked();
	rename_is_checked();
	assign_is_checked();
	create_is_checked();
}

/* ---- list ------------------------------------------------------------------------------ */

#define TERMINATED(field) memchr(field, 0, sizeof(field))

static int list(void *buf, unsigned int len, unsigned int *needed, uint64_t *event)
{
	const struct command *command = by_ioctl(EMD_IOC_LIST);
	union arg arg;
	int err;

	prepare(&arg, command->size);
	arg.list.buf_ptr = ptr(buf);
	arg.list.buf_len = len;
	err = call(command, &arg);
	*needed = arg.list.needed;
	if (event)
		*event = arg.list.event;
	return err;
}

/* A record of every type must be as large as the ABI says, and make sense. */
static void check_record(const struct emd_rec *rec)
{
	static const unsigned int sizes[] = {
		[EMD_REC_CONTAINER] = sizeof(struct emd_rec_container),
		[EMD_REC_DISK] = sizeof(struct emd_rec_disk),
		[EMD_REC_ARRAY] = sizeof(struct emd_rec_array),
		[EMD_REC_MEMBER] = sizeof(struct emd_rec_member),
		[EMD_REC_MISMATCH] = sizeof(struct emd_rec_mismatch),
	};
	const struct emd_rec_container *container = (const void *)rec;
	const struct emd_rec_member *member = (const void *)rec;
	const struct emd_rec_array *array = (const void *)rec;
	const struct emd_rec_disk *disk = (const void *)rec;

	if (!check(rec->type && rec->type < ARRAY_SIZE(sizes), "record of type %u", rec->type))
		return;
	check(rec->size == sizes[rec->type], "record of type %u has %u bytes", rec->type,
	      rec->size);
	switch (rec->type) {
	case EMD_REC_CONTAINER:
		check(TERMINATED(container->name) && TERMINATED(container->format) &&
		      TERMINATED(container->reason) && container->name[0], "container's texts");
		check(container->state <= EMD_UAPI_CONTAINER_STOPPED, "container's state");
		check(!container->__reserved, "container's reserve");
		break;
	case EMD_REC_DISK:
		check(TERMINATED(disk->dev) && TERMINATED(disk->serial) &&
		      TERMINATED(disk->reason) && TERMINATED(disk->serves), "disk's texts");
		check(disk->state <= EMD_UAPI_DISK_FOREIGN, "disk's state");
		check(!disk->id == !disk->dev[0] && !disk->id == !disk->major,
		      "disk %s has id %llu", disk->serial, (unsigned long long)disk->id);
		break;
	case EMD_REC_ARRAY:
		check(TERMINATED(array->name) && TERMINATED(array->dev) &&
		      TERMINATED(array->reason) && array->name[0], "array's texts");
		check(array->level <= EMD_UAPI_LEVEL_RAID10 &&
		      array->layout <= EMD_UAPI_LAYOUT_PARITY_FIRST_6 &&
		      array->state <= EMD_UAPI_ARRAY_INACTIVE &&
		      array->sync_action <= EMD_UAPI_SYNC_RESHAPE, "array's words");
		check(array->sync_done <= array->sync_total, "array's progress");
		check(array->nr_spans <= array->nr_members, "array's spans");
		break;
	case EMD_REC_MEMBER:
		check(TERMINATED(member->dev), "member's texts");
		check(member->state <= EMD_UAPI_MEMBER_FAILED, "member's state");
		break;
	}
}

/* Counts announced by a head are those of the records that follow. */
static void check_stream(const char *buf, unsigned int len)
{
	unsigned int pos = 0, disks = 0, arrays = 0, members = 0;
	bool last = false;

	while (pos < len) {
		const struct emd_rec *rec = (const void *)(buf + pos);

		if (!check(len - pos >= sizeof(*rec) && rec->size >= sizeof(*rec) &&
			   rec->size % 8 == 0 && rec->size <= len - pos,
			   "record at %u of %u has a bad size", pos, len))
			return;
		check_record(rec);
		if (rec->type == EMD_REC_CONTAINER || rec->type == EMD_REC_ARRAY ||
		    rec->type == EMD_REC_DISK)
			check(!members, "%u member records are missing", members);
		switch (rec->type) {
		case EMD_REC_CONTAINER:
			check(!disks && !arrays, "%u disk, %u array records are missing", disks,
			      arrays);
			check(!last, "a container follows the one without id");
			disks = ((const struct emd_rec_container *)rec)->nr_disks;
			arrays = ((const struct emd_rec_container *)rec)->nr_arrays;
			last = !((const struct emd_rec_container *)rec)->id;
			break;
		case EMD_REC_DISK:
			check(disks--, "a disk too many");
			break;
		case EMD_REC_ARRAY:
			check(arrays--, "an array too many");
			members = ((const struct emd_rec_array *)rec)->nr_members;
			break;
		case EMD_REC_MEMBER:
			check(members--, "a member too many");
			break;
		}
		pos += rec->size;
	}
	check(!disks && !arrays && !members, "records are missing at the end");
}

static void test_list(void)
{
	unsigned int needed, again;
	uint64_t event, last;
	char *buf;

	check(!list(NULL, 0, &needed, &event), "list without room: %m");
	buf = malloc(needed + 65536);
	memset(buf, '#', needed + 65536);
	if (needed) {
		check(!list(buf, needed - 1, &again, NULL), "list with too little room: %m");
		check(buf[0] == '#' && buf[needed - 1] == '#',
		      "list wrote although there was too little room");
		check(list((void *)(uintptr_t)BAD_POINTER, needed + 65536, &again, NULL) == EFAULT,
		      "list to a bad pointer");
	}
	check(!list(buf, needed + 65536, &needed, &event), "list: %m");
	check_stream(buf, needed);
	check(buf[needed] == '#', "list wrote behind the last record");
	check(!list(buf, needed + 65536, &again, &last) && last >= event, "events go back");
	free(buf);
}

/* ---- events ------------------------------------------------------------------------------ */

static uint64_t last_event(void)
{
	const struct command *command = by_ioctl(EMD_IOC_VERSION);
	union arg arg;

	prepare(&arg, command->size);
	check(!call(command, &arg), "version: %m");
	return arg.version.last_event;
}

static bool readable(int fd, int timeout_ms)
{
	struct pollfd pfd = { .fd = fd, .events = POLLIN };

	return poll(&pfd, 1, timeout_ms) == 1 && (pfd.revents & POLLIN);
}

static void seek_rules(int fd, uint64_t last)
{
	check(lseek(fd, last + 1, SEEK_SET) == (off_t)last + 1, "seek to the next: %m");
	check(lseek(fd, last + 2, SEEK_SET) < 0 && errno == EINVAL, "seek beyond the next");
	check(lseek(fd, -1, SEEK_SET) < 0 && errno == EINVAL, "seek to -1");
	check(lseek(fd, INT64_MAX, SEEK_SET) < 0 && errno == EINVAL, "seek to the far end");
	check(lseek(fd, INT64_MAX, SEEK_CUR) < 0 && errno == EINVAL, "seek that wraps");
	check(lseek(fd, INT64_MIN, SEEK_CUR) < 0 && errno == EINVAL, "seek that wraps back");
	check(lseek(fd, 0, 7) < 0 && errno == EINVAL, "seek by an unknown rule");
	check(lseek(fd, 0, SEEK_CUR) == (off_t)last + 1, "a refused seek moved");
	check(lseek(fd, 0, SEEK_END) == (off_t)last + 1, "seek to the end");
	check(lseek(fd, 0, SEEK_SET) >= 1, "seek to the oldest: %m");
}

static void read_rules(int fd)
{
	struct emd_event event;
	char buf[sizeof(event) * 2 + 1];

	lseek(fd, 0, SEEK_END);
	check(!readable(fd, 0), "readable behind the newest event");
	check(read(fd, &event, sizeof(event)) < 0 && errno == EAGAIN,
	      "read behind the newest is not EAGAIN");
	check(read(fd, buf, sizeof(event) - 1) < 0 && errno == EINVAL, "read of half an event");
	check(pread(fd, buf, sizeof(buf), 0) < 0 && errno == ESPIPE, "pread works");
	check(write(fd, buf, 1) < 0, "write works");
}

/* All that are kept: numbers without a gap, texts with an end. */
static void read_all(int fd, uint64_t last)
{
	struct emd_event events[16];
	uint64_t next = lseek(fd, 0, SEEK_SET);
	ssize_t got;

	if (last)
		check(readable(fd, 0), "not readable at the oldest of %llu events",
		      (unsigned long long)last);
	while ((got = read(fd, events, sizeof(events))) > 0) {
		ssize_t i;

		check(got % sizeof(events[0]) == 0, "read %zd bytes", got);
		for (i = 0; i < got / (ssize_t)sizeof(events[0]); i++) {
			const struct emd_event *event = &events[i];

			check(event->seq == next, "event %llu, want %llu",
			      (unsigned long long)event->seq, (unsigned long long)next);
			next = event->seq + 1;
			check(TERMINATED(event->name) && TERMINATED(event->what) &&
			      TERMINATED(event->text) && event->what[0] && event->time_ns,
			      "event %llu is malformed", (unsigned long long)event->seq);
			check(event->type >= EMD_EVENT_CONTAINER && event->type <= EMD_EVENT_ERROR,
			      "event %llu has type %u", (unsigned long long)event->seq,
			      event->type);
		}
	}
	check(got < 0 && errno == EAGAIN && next > last, "read ended at event %llu: %m",
	      (unsigned long long)next);
	if (!last)
		return;
	lseek(fd, 0, SEEK_SET);
	check(read(fd, (void *)(uintptr_t)BAD_POINTER, sizeof(events)) < 0 && errno == EFAULT,
	      "read to a bad pointer");
	got = read(fd, events, sizeof(events[0]) * 2 - 1);
	check(got == sizeof(events[0]) && (off_t)events[0].seq == lseek(fd, 0, SEEK_CUR) - 1,
	      "an event was lost by a read that failed");
}

static void test_events(void)
{
	int fd = open(CONTROL, O_RDWR | O_NONBLOCK);
	uint64_t last = last_event();

	if (!check(fd >= 0, "open: %m"))
		return;
	check(lseek(fd, 0, SEEK_CUR) >= (off_t)last + 1, "a new file does not start at the end");
	seek_rules(fd, last_event());
	read_rules(fd);
	read_all(fd, last_event());
	close(fd);
}

/* ---- unprivileged -------------------------------------------------------------------------- */

static void test_unprivileged(void)
{
	union arg arg;
	size_t i;

	if (!check(!setgid(65534) && !setuid(65534), "setuid: %m"))
		return;
	check(open(CONTROL, O_RDWR) < 0 && errno == EACCES, "open is allowed to everybody");
	/* The file opened as root is still there: what may be done with it? */
	for (i = 0; i < ARRAY_SIZE(commands); i++) {
		prepare(&arg, commands[i].size);
		if (commands[i].open_to_all)
			check(!call(&commands[i], &arg), "%s: %m", commands[i].name);
		else
			refused(&commands[i], &arg, EPERM, "CAP_SYS_ADMIN", "unprivileged");
	}
}

/* ---- sysfs -------------------------------------------------------------------------------------- */

static void test_poll(const char *path, unsigned int seconds)
{
	int fd = open(path, O_RDONLY);
	struct pollfd pfd = { .fd = fd, .events = POLLPRI };
	char value[256] = "";

	if (!check(fd >= 0 && read(fd, value, sizeof(value)) > 0, "%s: %m", path))
		return;
	printf("watching: %s", value);
	fflush(stdout);
	check(poll(&pfd, 1, seconds * 1000) == 1, "%s: no change in %u s", path, seconds);
	memset(value, 0, sizeof(value));
	check(pread(fd, value, sizeof(value) - 1, 0) > 0, "%s: %m", path);
	printf("changed: %s", value);
	close(fd);
}

/* A shell says "I/O error" whatever it was. */
static int do_write(const char *path, const char *what)
{
	int fd = open(path, O_WRONLY);

	if (fd < 0 || write(fd, what, strlen(what)) != (ssize_t)strlen(what))
		printf("%s\n", strerror(errno));
	else
		printf("ok\n");
	return 0;
}

/* ---- fuzz -------------------------------------------------------------------------------------- */

static uint64_t seed;
static bool ordinary;		/* this process is not privileged any more */

static uint32_t rnd(uint32_t below)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (uint32_t)(seed >> 32) % below;
}

static uint64_t any_number(void)
{
	static const uint64_t numbers[] = {
		0, 1, 2, 3, 7, 8, 16, 64, 127, 128, 255, 256, 2048, 65535, 65536, 1 << 20,
		0x7fffffff, 0x80000000, 0xffffffff, 0x100000000ULL, 1ULL << 40, 1ULL << 54,
		INT64_MAX, 1ULL << 63, UINT64_MAX,
	};

	return rnd(4) ? rnd(12) : numbers[rnd(ARRAY_SIZE(numbers))];
}

/* Real block devices mostly: what is refused early finds nothing. */
static void any_disk(uint32_t *major, uint32_t *minor)
{
	static struct emd_disk_ref known[64];
	static unsigned int nr_known;
	FILE *partitions;
	char line[128];

	if (!nr_known) {
		partitions = fopen("/proc/partitions", "r");
		while (partitions && fgets(line, sizeof(line), partitions) &&
		       nr_known < ARRAY_SIZE(known))
			nr_known += sscanf(line, " %u %u", &known[nr_known].major,
					   &known[nr_known].minor) == 2;
		if (partitions)
			fclose(partitions);
	}
	if (!nr_known || !rnd(64)) {
		*major = any_number();
		*minor = any_number();
		return;
	}
	*major = known[rnd(nr_known)].major;
	*minor = known[rnd(nr_known)].minor;
}

/* Half of the time such as might well be granted. */
static void fuzz_create(struct emd_create_arg *arg)
{
	static const unsigned int levels[] = { EMD_UAPI_LEVEL_RAID0, EMD_UAPI_LEVEL_RAID1 };
	bool sane = rnd(2);
	unsigned int i;

	arg->nr_disks = sane ? 2 : rnd(6);
	arg->disks_ptr = ptr(refs);
	for (i = 0; i < 6; i++)
		any_disk(&refs[i].major, &refs[i].minor);
	set(arg->format, rnd(8) ? "imsm" : rnd(2) ? "ddf" : "asr");
	for (i = 0; i < 1 + rnd(16); i++)
		arg->name[i] = 'a' + rnd(26);
	if (sane) {
		arg->level = levels[rnd(2)];
		arg->size_sectors = 4096 * (1 + rnd(4));
		arg->init = rnd(2) ? EMD_INIT_NONE : EMD_INIT_RESYNC;
		return;
	}
	arg->container_id = rnd(2) ? 0 : any_number();
	arg->size_sectors = rnd(2) ? 0 : any_number();
	arg->level = rnd(10);
	arg->layout = rnd(3) ? 0 : rnd(19);
	arg->strip_sectors = rnd(2) ? 0 : 1U << rnd(20);
	arg->init = rnd(4);
	arg->nr_spans = rnd(8) ? 0 : rnd(5);
}

/* What a disk has, or something bent, for it or for another one. */
static void fuzz_restore_disk(struct emd_restore_disk *disk, char *room, unsigned int len)
{
	struct emd_save_arg save = { .hdr = { .size = sizeof(save) } };
	unsigned int i;

	any_disk(&save.major, &save.minor);
	save.buf_ptr = ptr(room);
	save.buf_len = len;
	if (ioctl(control, EMD_IOC_SAVE, &save) || save.needed > len) {
		for (i = 0; i < 256; i++)
			room[i] = (char)rnd(256);
		save.needed = rnd(256);
		save.nr_regions = rnd(4);
	}
	disk->major = save.major;
	disk->minor = save.minor;
	if (!rnd(4))
		any_disk(&disk->major, &disk->minor);
	disk->buf_ptr = ptr(room);
	disk->buf_len = save.needed;
	disk->nr_regions = save.nr_regions;
	disk->sectors = save.sectors;
	disk->block_size = save.block_size;
	memcpy(disk->serial, save.serial, sizeof(disk->serial));
	memcpy(disk->format, save.format, sizeof(disk->format));
	if (save.needed && rnd(2))
		for (i = 0; i < 1 + rnd(4); i++)
			room[rnd(save.needed)] ^= 1 << rnd(8);
}

/* At most as many as @disks has room for. */
static void fuzz_restore(struct emd_restore_arg *arg, struct emd_restore_disk *disks,
			 unsigned int nr, char *room, unsigned int len)
{
	unsigned int i;

	memset(disks, 0, nr * sizeof(*disks));
	arg->disks_ptr = ptr(disks);
	arg->nr_disks = rnd(8) ? 1 + rnd(nr) : rnd(300);
	for (i = 0; i < nr && i < arg->nr_disks; i++)
		fuzz_restore_disk(&disks[i], room + i * (len / nr), len / nr);
}

/* What takes arrays away would soon leave nothing to test, and some are slow. */
static const struct command *any_command(void)
{
	const struct command *command = &commands[rnd(ARRAY_SIZE(commands))];

	switch (command->ioctl) {
	case EMD_IOC_STOP:
	case EMD_IOC_DELETE:
	case EMD_IOC_ERASE:
	case EMD_IOC_SCAN:
		return rnd(12) ? by_ioctl(EMD_IOC_SYNC) : command;
	case EMD_IOC_FAIL:
	case EMD_IOC_REMOVE:
		return rnd(4) ? by_ioctl(EMD_IOC_SCRUB) : command;
	}
	return command;
}

static void fuzz_one(char *room, unsigned int len)
{
	const struct command *command = any_command();
	struct emd_restore_disk disks[3];
	uint64_t ids[EMD_UAPI_MAX_SERVES];
	union arg arg;
	unsigned int i;

	prepare(&arg, command->size);
	arg.hdr.flags = rnd(3) ? 0 : rnd(16) ? rnd(64) & command->flags : any_number();
	switch (command->ioctl) {
	case EMD_IOC_LIST:
		break;
	case EMD_IOC_EXAMINE:
		any_disk(&arg.examine.major, &arg.examine.minor);
		break;
	case EMD_IOC_CREATE:
		fuzz_create(&arg.create);
		break;
	case EMD_IOC_SYNC:
		arg.sync.array_id = any_number();
		arg.sync.cmd = rnd(5);
		arg.sync.limit_kib_s = arg.sync.cmd == EMD_SYNC_CMD_LIMIT ? any_number() : 0;
		break;
	case EMD_IOC_POLICY:
		arg.policy.array_id = any_number();
		arg.policy.set = rnd(8) ? rnd(4) : any_number();
		if (arg.policy.set & EMD_POLICY_ZERO_COPY)
			arg.policy.zero_copy = rnd(3);
		if (arg.policy.set & EMD_POLICY_SYNC_LIMIT)
			arg.policy.sync_limit_kib_s = any_number();
		break;
	case EMD_IOC_REPLACE:
		arg.replace.array_id = any_number();
		any_disk(&arg.replace.major, &arg.replace.minor);
		any_disk(&arg.replace.new_major, &arg.replace.new_minor);
		break;
	case EMD_IOC_RENAME:
		arg.rename.array_id = any_number();
		for (i = 0; i < rnd(20); i++)
			arg.rename.name[i] = rnd(16) ? 'a' + rnd(26) : rnd(256);
		break;
	case EMD_IOC_ASSIGN:
		arg.assign.container_id = any_number();
		any_disk(&arg.assign.major, &arg.assign.minor);
		arg.assign.nr_arrays = rnd(2) ? 0 : rnd(EMD_UAPI_MAX_SERVES + 2);
		for (i = 0; i < EMD_UAPI_MAX_SERVES; i++)
			ids[i] = any_number();
		arg.assign.arrays_ptr = arg.assign.nr_arrays ? ptr(ids) : 0;
		break;
	case EMD_IOC_VERSION:
		break;
	case EMD_IOC_HISTORY:
		arg.history.container_id = any_number();
		break;
	case EMD_IOC_SAVE:
		any_disk(&arg.save.major, &arg.save.minor);
		break;
	case EMD_IOC_RESTORE:
		fuzz_restore(&arg.restore, disks, ARRAY_SIZE(disks), room, len);
		break;
	case EMD_IOC_ASSEMBLE:
		if (rnd(2)) {
			arg.hdr.flags |= EMD_F_ALL;
			break;
		}
		/* fall through */
	default:
		if (command->want & CONTAINER || !rnd(8))
			arg.object.container_id = any_number();
		if (command->want & ARRAY || !rnd(8))
			arg.object.array_id = any_number();
		if (command->want & DISK || !rnd(8))
			any_disk(&arg.object.major, &arg.object.minor);
	}
	/* One time in four something is bent that was right. */
	if (!rnd(4))
		for (i = 0; i < 1 + rnd(4); i++)
			arg.bytes[rnd(command->size + 16)] ^= 1U << rnd(8);
	/* Where the kernel writes to is never bent: it would be obeyed. */
	arg.hdr.msg_ptr = rnd(16) ? ptr(text) : BAD_POINTER;
	arg.hdr.msg_len = rnd(sizeof(text));
	if (command->ioctl == EMD_IOC_LIST) {
		arg.list.buf_ptr = rnd(16) ? ptr(room) : BAD_POINTER;
		arg.list.buf_len = rnd(len);
	} else if (command->ioctl == EMD_IOC_EXAMINE) {
		arg.examine.buf_ptr = rnd(16) ? ptr(room) : BAD_POINTER;
		arg.examine.buf_len = rnd(len);
	} else if (command->ioctl == EMD_IOC_HISTORY) {
		arg.history.buf_ptr = rnd(16) ? ptr(room) : BAD_POINTER;
		arg.history.buf_len = rnd(len);
	} else if (command->ioctl == EMD_IOC_SAVE) {
		arg.save.buf_ptr = rnd(16) ? ptr(room) : BAD_POINTER;
		arg.save.buf_len = rnd(len);
	}
	if (!ioctl(control, command->ioctl, &arg) && ordinary)
		check(command->open_to_all, "%s: an ordinary user may do it", command->name);
}

/* Values that mean something somewhere, and some that do so nowhere. */
static void fuzz_attribute(const char *path)
{
	static const char *const values[] = {
		"", "\n", "0", "1", "1\n", "-1", "2", "64", "4294967296", "0x10", "18446744073709551616",
		"check", "repair", "idle", "pause", "resume", "frozen", "resync", "none", "max", "on",
		"in_sync", "failed", "faulty", "remove", "a b", "%s%n", "\xff\xfe",
	};
	char value[8192];
	size_t len;
	int fd;

	if (rnd(4)) {
		strcpy(value, values[rnd(ARRAY_SIZE(values))]);
		len = strlen(value);
	} else {
		len = rnd(sizeof(value));
		memset(value, 1 + rnd(255), len);
	}
	fd = open(path, O_WRONLY | O_NONBLOCK);
	if (fd < 0)
		return;
	if (write(fd, value, len) >= 0 && ordinary)
		check(false, "%s: an ordinary user may write it", path);
	close(fd);
}

static void fuzz_attributes(void)
{
	glob_t found = {};
	size_t i;

	glob("/sys/block/emd*/emd/*", GLOB_NOSORT, NULL, &found);
	glob("/sys/block/emd*/emd/members/*/*", GLOB_NOSORT | GLOB_APPEND, NULL, &found);
	for (i = 0; i < 8 && found.gl_pathc; i++)
		fuzz_attribute(found.gl_pathv[rnd(found.gl_pathc)]);
	globfree(&found);
}

static void fuzz_events(int fd)
{
	struct emd_event events[4];

	lseek(fd, any_number(), rnd(4));
	if (read(fd, events, rnd(sizeof(events) + 1)) < 0 && errno == EIO)
		check(false, "read: %m");
	readable(fd, 0);
}

static void fuzz_child(unsigned int seconds)
{
	static char room[65536];
	time_t end = time(NULL) + seconds;
	int fd = open(CONTROL, O_RDWR | O_NONBLOCK);
	unsigned long rounds = 0;

	if (!check(fd >= 0, "open: %m"))
		return;
	if (ordinary && !check(!setgid(65534) && !setuid(65534), "setuid: %m"))
		return;
	while (time(NULL) < end) {
		fuzz_one(room, sizeof(room));
		if (!rnd(4))
			fuzz_events(fd);
		if (!rnd(16))
			fuzz_attributes();
		rounds++;
	}
	check(rounds > 0, "not one round in %u s", seconds);
	printf("%lu rounds%s\n", rounds, ordinary ? ", as an ordinary user" : "");
	close(fd);
}

/* The last of them as an ordinary user who was handed the open file. */
#define NR_FUZZERS	5

static void test_fuzz(unsigned int seconds)
{
	unsigned int i;
	int status;

	printf("seed %llu\n", (unsigned long long)seed);
	fflush(stdout);
	for (i = 0; i < NR_FUZZERS; i++) {
		pid_t pid = fork();

		if (!check(pid >= 0, "fork: %m"))
			return;
		if (!pid) {
			seed += (i + 1) * 0x9e3779b97f4a7c15ULL;
			nr_failed = 0;
			ordinary = i == NR_FUZZERS - 1;
			fuzz_child(seconds);
			fflush(stdout);
			_exit(nr_failed ? 1 : 0);
		}
	}
	for (i = 0; i < NR_FUZZERS; i++)
		check(wait(&status) > 0 && WIFEXITED(status) && !WEXITSTATUS(status),
		      "a fuzzer ended with status 0x%x", status);
	/* Still there, and still answering. */
	test_list();
}

/* ---- main ---------------------------------------------------------------------------------------- */

int main(int argc, char **argv)
{
	const char *what = argc > 1 ? argv[1] : "";

	if (!strcmp(what, "write") && argc > 3)
		return do_write(argv[2], argv[3]);
	control = open(CONTROL, O_RDWR | O_CLOEXEC);
	if (control < 0) {
		perror(CONTROL);
		return 2;
	}
	if (!strcmp(what, "contract")) {
		test_contract();
	} else if (!strcmp(what, "list")) {
		test_list();
	} else if (!strcmp(what, "events")) {
		test_events();
	} else if (!strcmp(what, "unprivileged")) {
		test_unprivileged();
	} else if (!strcmp(what, "poll") && argc > 3) {
		test_poll(argv[2], strtoul(argv[3], NULL, 0));
	} else if (!strcmp(what, "fuzz") && argc > 2) {
		seed = argc > 3 ? strtoull(argv[3], NULL, 0) : (uint64_t)time(NULL);
		seed = seed ? seed : 1;
		test_fuzz(strtoul(argv[2], NULL, 0));
	} else {
		fprintf(stderr,
			"usage: abi contract|list|events|unprivileged|poll FILE SECONDS|write FILE TEXT|fuzz SECONDS [SEED]\n");
		return 2;
	}
	printf("%s: %u passed, %u failed\n", what, nr_passed, nr_failed);
	return nr_failed ? 1 : 0;
}
