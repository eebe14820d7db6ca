// SPDX-License-Identifier: GPL-2.0
/*
 * A driver that is not there, for tests of emdctl without one: preloaded, it
 * answers for /dev/emd-control out of a text file ($EMD_MOCK), writes down what
 * it was asked ($EMD_MOCK_LOG), and makes block devices of the names
 * /dev/mocka to /dev/mockz, whose bytes are the files of $EMD_MOCK_DIR.
 *
 * The file has a line for each record, in the order of the ABI's list; a word,
 * then key=value or key="value":
 *
 *   container id= uuid= generation= name= format= reason= state=
 *   disk id= sectors= dev= minor= block_size= serial= state= reason=
 *   array id= uuid= name= dev= ... and so on, keys as the fields of the ABI
 *   event seq= time_ns= array_id= container_id= type= slot= name= what= text=
 *   examine minor= format= text="a=1|b.0.c=2"      | stands for a line break
 *   history generation= first_generation= time_ns= nr_written= text="a|b"
 *   saved minor= sector= bytes=                    what save gives: bytes 0, 1, 2, ...
 *   refuse request= errno= text=                   every such request fails
 *   plan request= text=                            answer to a dry run
 *   created id=                                    what create returns
 *   absent errno=                                  the device does not open
 *   then                                           from the next list on
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>
#include <linux/emd.h>

#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))
#define MOST_LINES	512
#define DISK_MAJOR	8
#define ARRAY_MAJOR	259

static char *lines[MOST_LINES];
static int nr_lines = -1;
static int control_fd = -1;
static int snapshot;		/* how many "then" lines are behind us */

static void read_scenario(void)
{
	const char *path = getenv("EMD_MOCK");
	FILE *file = path ? fopen(path, "re") : NULL;
	char line[4096];

	nr_lines = 0;
	if (!file)
		return;
	while (nr_lines < MOST_LINES && fgets(line, sizeof(line), file)) {
		line[strcspn(line, "\n")] = '\0';
		if (line[0] && line[0] != '#')
			lines[nr_lines++] = strdup(line);
	}
	fclose(file);
}

static int is(const char *line, const char *word)
{
	size_t len = strlen(word);

	return !strncmp(line, word, len) && (line[len] == ' ' || !line[len]);
}

/* Value of " key=" in a line, "" when it has none; a few static buffers. */
static const char *get(const char *line, const char *key)
{
	static char buf[4][1024];
	static int turn;
	char *out = buf[turn = (turn + 1) % 4];
	char want[64];
	const char *at;
	size_t len;

	snprintf(want, sizeof(want), " %s=", key);
	at = strstr(line, want);
	if (!at)
		return "";
	at += strlen(want);
	if (*at == '"')
		len = strcspn(++at, "\"");
	else
		len = strcspn(at, " ");
	snprintf(out, 1024, "%.*s", (int)len, at);
	return out;
}

static uint64_t number(const char *line, const char *key)
{
	return strtoull(get(line, key), NULL, 0);
}

static void copy_text(char *field, size_t size, const char *line, const char *key)
{
	snprintf(field, size, "%s", get(line, key));
}

#define text(rec, line, field)	copy_text((rec).field, sizeof((rec).field), line, #field)
#define value(rec, line, field)	((rec).field = number(line, #field))

static void uuid(uint8_t *out, const char *line)
{
	const char *hex = get(line, "uuid");
	unsigned int byte;
	int i;

	for (i = 0; i < 16 && sscanf(hex + 2 * i, "%2x", &byte) == 1; i++)
		out[i] = byte;
}

/* ---- records ---------------------------------------------------------- */

static char records[1 << 18];
static uint32_t records_len;

static void put(void *rec, uint32_t size, uint32_t type)
{
	struct emd_rec *head = rec;

	head->size = size;
	head->type = type;
	memcpy(records + records_len, rec, size);
	records_len += size;
}

static void put_container(const char *line)
{
	struct emd_rec_container rec = { .state = 0 };

	value(rec, line, id);
	value(rec, line, generation);
	value(rec, line, state);
	text(rec, line, name);
	text(rec, line, format);
	text(rec, line, reason);
	uuid(rec.uuid, line);
	put(&rec, sizeof(rec), EMD_REC_CONTAINER);
}

static void put_disk(const char *line)
{
	struct emd_rec_disk rec = { .state = 0 };

	value(rec, line, id);
	value(rec, line, sectors);
	value(rec, line, minor);
	value(rec, line, block_size);
	value(rec, line, state);
	text(rec, line, dev);
	text(rec, line, serial);
	text(rec, line, reason);
	text(rec, line, serves);
	rec.major = rec.dev[0] ? DISK_MAJOR : 0;
	put(&rec, sizeof(rec), EMD_REC_DISK);
}

static void put_array(const char *line)
{
	struct emd_rec_array rec = { .state = 0 };

	value(rec, line, id);
	value(rec, line, size_sectors);
	value(rec, line, sync_done);
	value(rec, line, sync_total);
	value(rec, line, sync_speed);
	value(rec, line, mismatches);
	value(rec, line, level);
	value(rec, line, layout);
	value(rec, line, strip_sectors);
	value(rec, line, state);
	value(rec, line, sync_action);
	value(rec, line, flags);
	value(rec, line, minor);
	text(rec, line, name);
	text(rec, line, dev);
	text(rec, line, reason);
	uuid(rec.uuid, line);
	rec.major = rec.dev[0] ? ARRAY_MAJOR : 0;
	put(&rec, sizeof(rec), EMD_REC_ARRAY);
}

static void put_member(const char *line)
{
	struct emd_rec_member rec = { .state = 0 };

	value(rec, line, disk_id);
	value(rec, line, start_sector);
	value(rec, line, size_sectors);
	value(rec, line, rebuilt);
	value(rec, line, read_errors);
	value(rec, line, write_errors);
	value(rec, line, slot);
	value(rec, line, state);
	text(rec, line, dev);
	put(&rec, sizeof(rec), EMD_REC_MEMBER);
}

static void put_mismatch(const char *line)
{
	struct emd_rec_mismatch rec = { .start_sector = 0 };

	value(rec, line, start_sector);
	value(rec, line, nr_sectors);
	put(&rec, sizeof(rec), EMD_REC_MISMATCH);
}

/* A record type of a driver newer than the tool. */
static void put_unknown(void)
{
	struct { struct emd_rec rec; char rest[24]; } rec = { .rest = "?" };

	put(&rec, sizeof(rec), 77);
}

static void build_records(void)
{
	int at = 0, i;

	records_len = 0;
	for (i = 0; i < nr_lines; i++) {
		if (is(lines[i], "then"))
			at++;
		if (at != snapshot)
			continue;
		if (is(lines[i], "container"))
			put_container(lines[i]);
		else if (is(lines[i], "disk"))
			put_disk(lines[i]);
		else if (is(lines[i], "array"))
			put_array(lines[i]);
		else if (is(lines[i], "member"))
			put_member(lines[i]);
		else if (is(lines[i], "mismatch"))
			put_mismatch(lines[i]);
		else if (is(lines[i], "unknown"))
			put_unknown();
	}
}

static void next_snapshot(void)
{
	int i, nr = 0;

	for (i = 0; i < nr_lines; i++)
		nr += is(lines[i], "then");
	if (snapshot < nr)
		snapshot++;
}

/* ---- requests --------------------------------------------------------- */

static const struct { unsigned int number; const char *name; } requests[] = {
	{ EMD_IOC_VERSION, "version" }, { EMD_IOC_LIST, "list" },
	{ EMD_IOC_EXAMINE, "examine" }, { EMD_IOC_SCAN, "scan" },
	{ EMD_IOC_ASSEMBLE, "assemble" }, { EMD_IOC_STOP, "stop" },
	{ EMD_IOC_CREATE, "create" }, { EMD_IOC_DELETE, "delete" },
	{ EMD_IOC_ERASE, "erase" }, { EMD_IOC_ADD, "add" },
	{ EMD_IOC_REMOVE, "remove" }, { EMD_IOC_FAIL, "fail" },
	{ EMD_IOC_SCRUB, "scrub" }, { EMD_IOC_SYNC, "sync" },
	{ EMD_IOC_POLICY, "policy" }, { EMD_IOC_REPLACE, "replace" },
	{ EMD_IOC_HISTORY, "history" },
	{ EMD_IOC_SAVE, "save" }, { EMD_IOC_RESTORE, "restore" },
	{ EMD_IOC_RENAME, "rename" }, { EMD_IOC_ASSIGN, "assign" },
};

static const char *request_name(unsigned int number)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(requests); i++)
		if (requests[i].number == number)
			return requests[i].name;
	return "?";
}

__attribute__((__format__(__printf__, 1, 2)))
static void note(const char *fmt, ...)
{
	const char *path = getenv("EMD_MOCK_LOG");
	FILE *file = path ? fopen(path, "ae") : NULL;
	va_list args;

	if (!file)
		return;
	va_start(args, fmt);
	vfprintf(file, fmt, args);
	va_end(args);
	fclose(file);
}

static void note_create(const struct emd_create_arg *arg)
{
	const struct emd_disk_ref *refs = (void *)(uintptr_t)arg->disks_ptr;
	unsigned int i;

	note("create flags=%#x container=%llu level=%u layout=%u strip=%u size=%llu init=%u name=%s format=%s disks=",
	     arg->hdr.flags, arg->container_id, arg->level, arg->layout, arg->strip_sectors,
	     arg->size_sectors, arg->init, arg->name, arg->format);
	for (i = 0; i < arg->nr_disks; i++)
		note("%s%u:%u", i ? "," : "", refs[i].major, refs[i].minor);
	note("\n");
}

static void note_restore(const struct emd_restore_arg *arg)
{
	const struct emd_restore_disk *disks = (void *)(uintptr_t)arg->disks_ptr;
	unsigned int i, k;

	note("restore flags=%#x disks=%u\n", arg->hdr.flags, arg->nr_disks);
	for (i = 0; i < arg->nr_disks; i++) {
		const struct emd_restore_disk *disk = &disks[i];
		const struct emd_region *regions = (void *)(uintptr_t)disk->buf_ptr;
		const unsigned char *bytes = (const unsigned char *)(regions + disk->nr_regions);
		unsigned int sum = 0;

		for (k = 0; k < disk->buf_len - disk->nr_regions * sizeof(*regions); k++)
			sum += bytes[k];
		note("  disk=%u:%u regions=%u first=%llu bytes=%u sum=%u sectors=%llu block_size=%u serial=%s format=%s\n",
		     disk->major, disk->minor, disk->nr_regions, regions->sector,
		     regions->bytes, sum, disk->sectors, disk->block_size, disk->serial,
		     disk->format);
	}
}

static void note_assign(const struct emd_assign_arg *arg)
{
	const uint64_t *ids = (void *)(uintptr_t)arg->arrays_ptr;
	unsigned int i;

	note("assign flags=%#x container=%llu disk=%u:%u arrays=", arg->hdr.flags,
	     arg->container_id, arg->major, arg->minor);
	for (i = 0; i < arg->nr_arrays; i++)
		note("%s%llu", i ? "," : "", (unsigned long long)ids[i]);
	note("\n");
}

static void note_request(unsigned int number, void *arg)
{
	const struct emd_object_arg *object = arg;
	const struct emd_policy_arg *policy = arg;
	const struct emd_replace_arg *replace = arg;
	const struct emd_rename_arg *rename = arg;
	const struct emd_sync_arg *sync = arg;
	const struct emd_save_arg *save = arg;

	switch (number) {
	case EMD_IOC_VERSION:
	case EMD_IOC_LIST:
	case EMD_IOC_EXAMINE:
	case EMD_IOC_HISTORY:
		return;
	case EMD_IOC_SAVE:
		note("save disk=%u:%u\n", save->major, save->minor);
		return;
	case EMD_IOC_RESTORE:
		note_restore(arg);
		return;
	case EMD_IOC_CREATE:
		note_create(arg);
		return;
	case EMD_IOC_SYNC:
		note("sync flags=%#x array=%llu cmd=%u limit=%u\n", sync->hdr.flags,
		     sync->array_id, sync->cmd, sync->limit_kib_s);
		return;
	case EMD_IOC_POLICY:
		note("policy flags=%#x array=%llu set=%#x zero_copy=%u sync_limit=%u\n",
		     policy->hdr.flags, policy->array_id, policy->set, policy->zero_copy,
		     policy->sync_limit_kib_s);
		return;
	case EMD_IOC_REPLACE:
		note("replace flags=%#x array=%llu disk=%u:%u by=%u:%u\n", replace->hdr.flags,
		     replace->array_id, replace->major, replace->minor, replace->new_major,
		     replace->new_minor);
		return;
	case EMD_IOC_RENAME:
		note("rename flags=%#x array=%llu name=%s\n", rename->hdr.flags, rename->array_id,
		     rename->name);
		return;
	case EMD_IOC_ASSIGN:
		note_assign(arg);
		return;
	default:
		note("%s flags=%#x container=%llu array=%llu disk=%u:%u\n", request_name(number),
		     object->hdr.flags, object->container_id, object->array_id, object->major,
		     object->minor);
	}
}

static void answer(struct emd_hdr *hdr, const char *words)
{
	if (hdr->msg_ptr && hdr->msg_len)
		snprintf((char *)(uintptr_t)hdr->msg_ptr, hdr->msg_len, "%s", words);
}

static int refused(unsigned int number, struct emd_hdr *hdr)
{
	const char *name = request_name(number);
	int i;

	for (i = 0; i < nr_lines; i++) {
		if (strcmp(get(lines[i], "request"), name))
			continue;
		if (is(lines[i], "refuse")) {
			answer(hdr, get(lines[i], "text"));
			errno = (int)strtoull(get(lines[i], "errno"), NULL, 0);
			return 1;
		}
		if (is(lines[i], "plan") && (hdr->flags & EMD_F_DRY_RUN))
			answer(hdr, get(lines[i], "text"));
	}
	return 0;
}

static int do_list(struct emd_list_arg *arg)
{
	build_records();
	arg->needed = records_len;
	if (records_len <= arg->buf_len) {
		memcpy((void *)(uintptr_t)arg->buf_ptr, records, records_len);
		next_snapshot();
	}
	return 0;
}

static int do_examine(struct emd_examine_arg *arg)
{
	char *out = (void *)(uintptr_t)arg->buf_ptr;
	int i;

	arg->needed = 0;
	for (i = 0; i < nr_lines; i++) {
		if (!is(lines[i], "examine") || number(lines[i], "minor") != arg->minor)
			continue;
		copy_text(arg->format, sizeof(arg->format), lines[i], "format");
		arg->needed = snprintf(out, arg->buf_len, "%s", get(lines[i], "text"));
		for (; *out; out++)
			if (*out == '|')
				*out = '\n';
	}
	return 0;
}

static int do_create(struct emd_create_arg *arg)
{
	int i;

	for (i = 0; i < nr_lines; i++)
		if (is(lines[i], "created"))
			arg->array_id = number(lines[i], "id");
	return 0;
}

static int do_policy(struct emd_policy_arg *arg)
{
	int i;

	for (i = 0; i < nr_lines; i++) {
		if (!is(lines[i], "policy") || number(lines[i], "id") != arg->array_id)
			continue;
		value(*arg, lines[i], known);
		if (!(arg->set & EMD_POLICY_ZERO_COPY))
			value(*arg, lines[i], zero_copy);
		if (!(arg->set & EMD_POLICY_SYNC_LIMIT))
			value(*arg, lines[i], sync_limit_kib_s);
	}
	return 0;
}

static int do_history(struct emd_history_arg *arg)
{
	struct emd_rec_history *rec = (void *)(uintptr_t)arg->buf_ptr;
	char *c;
	int i;

	for (i = 0; i < nr_lines; i++) {
		if (!is(lines[i], "history"))
			continue;
		memset(rec, 0, sizeof(*rec));
		rec->rec.size = sizeof(*rec);
		rec->rec.type = EMD_REC_HISTORY;
		value(*rec, lines[i], generation);
		value(*rec, lines[i], first_generation);
		value(*rec, lines[i], time_ns);
		value(*rec, lines[i], nr_written);
		text(*rec, lines[i], text);
		for (c = rec->text; *c; c++)
			if (*c == '|')
				*c = '\n';
		arg->needed += sizeof(*rec);
		rec++;
	}
	return 0;
}

static int do_save(struct emd_save_arg *arg)
{
	struct emd_region *region = (void *)(uintptr_t)arg->buf_ptr;
	unsigned char *bytes = (unsigned char *)(region + 1);
	unsigned int i;
	int k;

	for (k = 0; k < nr_lines; k++) {
		if (is(lines[k], "disk") && number(lines[k], "minor") == arg->minor) {
			value(*arg, lines[k], sectors);
			value(*arg, lines[k], block_size);
			text(*arg, lines[k], serial);
			snprintf(arg->format, sizeof(arg->format), "imsm");
			arg->generation = 42;
		}
		if (is(lines[k], "saved") && number(lines[k], "minor") == arg->minor) {
			memset(region, 0, sizeof(*region));
			value(*region, lines[k], sector);
			value(*region, lines[k], bytes);
			for (i = 0; i < region->bytes; i++)
				bytes[i] = (unsigned char)i;
			arg->nr_regions = 1;
			arg->needed = sizeof(*region) + region->bytes;
		}
	}
	return 0;
}

static uint64_t newest_event(void)
{
	uint64_t newest = 0;
	int i;

	for (i = 0; i < nr_lines; i++)
		if (is(lines[i], "event"))
			newest = number(lines[i], "seq");
	return newest;
}

static int do_version(struct emd_version_arg *arg)
{
	arg->abi = EMD_ABI_VERSION;
	arg->nr_formats = 1;
	arg->last_event = newest_event();
	snprintf(arg->formats, sizeof(arg->formats), "imsm");
	return 0;
}

int ioctl(int fd, unsigned long number, ...)
{
	va_list args;
	void *arg;

	va_start(args, number);
	arg = va_arg(args, void *);
	va_end(args);
	if (fd != control_fd || fd < 0)
		return ((int (*)(int, unsigned long, ...))dlsym(RTLD_NEXT, "ioctl"))(fd, number, arg);

	note_request(number, arg);
	if (refused(number, arg))
		return -1;
	switch (number) {
	case EMD_IOC_LIST:
		return do_list(arg);
	case EMD_IOC_EXAMINE:
		return do_examine(arg);
	case EMD_IOC_CREATE:
		return do_create(arg);
	case EMD_IOC_POLICY:
		return do_policy(arg);
	case EMD_IOC_VERSION:
		return do_version(arg);
	case EMD_IOC_HISTORY:
		return do_history(arg);
	case EMD_IOC_SAVE:
		return do_save(arg);
	default:
		return 0;
	}
}

/* ---- the device: events are the bytes of a file in memory ------------------- */

static void write_events(int fd)
{
	struct emd_event event;
	int i;

	for (i = 0; i < nr_lines; i++) {
		if (!is(lines[i], "event"))
			continue;
		memset(&event, 0, sizeof(event));
		value(event, lines[i], seq);
		value(event, lines[i], time_ns);
		value(event, lines[i], array_id);
		value(event, lines[i], container_id);
		value(event, lines[i], type);
		event.slot = *get(lines[i], "slot") ? number(lines[i], "slot") : UINT32_MAX;
		text(event, lines[i], name);
		text(event, lines[i], what);
		text(event, lines[i], text);
		if (write(fd, &event, sizeof(event)) < 0)
			abort();
	}
}

static int open_control(void)
{
	int i;

	read_scenario();
	for (i = 0; i < nr_lines; i++) {
		if (is(lines[i], "absent")) {
			errno = (int)number(lines[i], "errno");
			return -1;
		}
	}
	control_fd = memfd_create("emd-control", MFD_CLOEXEC);
	write_events(control_fd);
	/* Events with "future=1" come after the opening. */
	lseek(control_fd, 0, SEEK_END);
	for (i = 0; i < nr_lines; i++)
		if (is(lines[i], "event") && number(lines[i], "future"))
			lseek(control_fd, -(off_t)sizeof(struct emd_event), SEEK_CUR);
	return control_fd;
}

static const char *mock_path(const char *path, char *buf, size_t size)
{
	const char *dir = getenv("EMD_MOCK_DIR");

	if (!strncmp(path, "/dev/mock", 9)) {
		snprintf(buf, size, "%s/%s", dir ? dir : ".", path + 5);
		return buf;
	}
	if (!strncmp(path, "/dev/emd", 8))
		return "/dev/zero";
	return path;
}

static int mock_open(const char *name, const char *path, int flags, mode_t mode)
{
	char buf[4096];

	if (!strcmp(path, "/dev/emd-control"))
		return open_control();
	return ((int (*)(const char *, int, ...))dlsym(RTLD_NEXT, name))
		(mock_path(path, buf, sizeof(buf)), flags, mode);
}

static mode_t mode_of(int flags, va_list args)
{
	return flags & O_CREAT ? va_arg(args, mode_t) : 0;
}

int open(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return mock_open("open", path, flags, mode);
}

int open64(const char *path, int flags, ...)
{
	va_list args;
	mode_t mode;

	va_start(args, flags);
	mode = mode_of(flags, args);
	va_end(args);
	return mock_open("open64", path, flags, mode);
}

static int mock_stat(const char *name, const char *path, struct stat *st)
{
	unsigned int minor;

	memset(st, 0, sizeof(*st));
	if (!strncmp(path, "/dev/mock", 9) && path[9] >= 'a' && path[9] <= 'z' && !path[10]) {
		st->st_mode = S_IFBLK | 0600;
		st->st_rdev = makedev(DISK_MAJOR, 16 * (path[9] - 'a'));
		return 0;
	}
	if (sscanf(path, "/dev/emd%u", &minor) == 1) {
		st->st_mode = S_IFBLK | 0600;
		st->st_rdev = makedev(ARRAY_MAJOR, minor);
		return 0;
	}
	return ((int (*)(const char *, struct stat *))dlsym(RTLD_NEXT, name))(path, st);
}

int stat(const char *restrict path, struct stat *restrict st)
{
	return mock_stat("stat", path, st);
}

/* The same struct on 64 bit machines, which is where the tests run. */
int stat64(const char *restrict path, struct stat64 *restrict st)
{
	return mock_stat("stat64", path, (struct stat *)st);
}

/* Where in the file the first event is whose number is at least @seq. */
static off_t event_offset(uint64_t seq)
{
	off_t nr = 0;
	int i;

	for (i = 0; i < nr_lines; i++)
		if (is(lines[i], "event") && number(lines[i], "seq") < seq)
			nr++;
	return nr * (off_t)sizeof(struct emd_event);
}

static off_t mock_lseek(const char *name, int fd, off_t offset, int whence)
{
	if (fd == control_fd && fd >= 0 && whence == SEEK_SET)
		offset = event_offset(offset);
	return ((off_t (*)(int, off_t, int))dlsym(RTLD_NEXT, name))(fd, offset, whence);
}

off_t lseek(int fd, off_t offset, int whence)
{
	return mock_lseek("lseek", fd, offset, whence);
}

off64_t lseek64(int fd, off64_t offset, int whence)
{
	return mock_lseek("lseek64", fd, offset, whence);
}

int poll(struct pollfd *fds, nfds_t nr, int timeout)
{
	struct stat st;

	/* libc's declaration says that it only writes to @fds. */
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
	if (nr != 1 || fds->fd != control_fd)
		return ((int (*)(struct pollfd *, nfds_t, int))dlsym(RTLD_NEXT, "poll"))
			(fds, nr, timeout);
	fstat(control_fd, &st);
	if (lseek(control_fd, 0, SEEK_CUR) < st.st_size) {
		fds->revents = POLLIN;
		return 1;
	}
	/* Nothing to come: as if a signal did; the tool looks again. */
	usleep(timeout >= 0 && timeout < 5 ? timeout * 1000 : 5000);
	fds->revents = 0;
	return 0;
}
