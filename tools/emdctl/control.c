// SPDX-License-Identifier: GPL-2.0
/*
 * The only file that talks to the driver: ioctls and events of
 * /dev/emd-control. It knows the ABI and nothing of what users type.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "emdctl.h"

/* A list grows while we read it; this many times in a row is a fault. */
#define LIST_RETRIES	16
#define FIRST_ROOM	(64 * 1024)
#define MOST_ROOM	(64 * 1024 * 1024)

void control_init(struct control *control)
{
	memset(control, 0, sizeof(*control));
	control->fd = -1;
}

int control_open(struct control *control)
{
	if (control->fd >= 0)
		return 0;
	control->fd = open(CONTROL_PATH, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	return control->fd < 0 ? -errno : 0;
}

void control_close(struct control *control)
{
	if (control->fd >= 0)
		close(control->fd);
	control->fd = -1;
}

/* Sends @arg, which starts with @hdr and is @size bytes long. */
static int request(struct control *control, unsigned int number, struct emd_hdr *hdr, size_t size)
{
	int ret;

	control->msg[0] = '\0';
	hdr->size = size;
	hdr->msg_ptr = (uintptr_t)control->msg;
	hdr->msg_len = sizeof(control->msg);

	do {
		ret = ioctl(control->fd, number, hdr);
	} while (ret < 0 && errno == EINTR);
	ret = ret < 0 ? -errno : 0;

	control->msg[sizeof(control->msg) - 1] = '\0';
	make_printable(control->msg);
	return ret;
}

int control_version(struct control *control, struct emd_version_arg *arg)
{
	int ret;

	memset(arg, 0, sizeof(*arg));
	ret = request(control, EMD_IOC_VERSION, &arg->hdr, sizeof(*arg));
	arg->formats[sizeof(arg->formats) - 1] = '\0';
	make_printable(arg->formats);
	return ret;
}

/*
 * Sends @arg as request() does until its reply has room; @ptr, @len and @needed are where
 * it says so. *@buf is the caller's to free, and ends with a null byte behind the reply.
 */
static int request_reply(struct control *control, unsigned int number, struct emd_hdr *hdr,
			 size_t size, __u64 *ptr, __u32 *len, const __u32 *needed, void **buf)
{
	uint32_t room = FIRST_ROOM;
	int tries, ret;

	for (tries = 0; tries < LIST_RETRIES; tries++) {
		*buf = xcalloc(1, (size_t)room + 1);
		*ptr = (uintptr_t)*buf;
		*len = room;
		ret = request(control, number, hdr, size);
		if (!ret && *needed <= room)
			return 0;
		free(*buf);
		*buf = NULL;
		if (ret)
			return ret;
		/* Half as much again: more may arrive before the next call. */
		if (*needed > MOST_ROOM)
			return -EPROTO;
		room = *needed + *needed / 2;
	}
	return -EAGAIN;
}

int control_list(struct control *control, struct model **model)
{
	struct emd_list_arg arg;
	void *buf;
	int ret;

	memset(&arg, 0, sizeof(arg));
	ret = request_reply(control, EMD_IOC_LIST, &arg.hdr, sizeof(arg), &arg.buf_ptr,
			    &arg.buf_len, &arg.needed, &buf);
	if (ret)
		return ret;
	*model = model_parse(buf, arg.needed);
	free(buf);
	return *model ? 0 : -EPROTO;
}

/* @text is the caller's to free; empty when there is no known metadata. */
int control_examine(struct control *control, unsigned int major, unsigned int minor,
		    char **text, char format[EMD_UAPI_FORMAT_LEN])
{
	struct emd_examine_arg arg;
	void *buf;
	int ret;

	memset(&arg, 0, sizeof(arg));
	arg.major = major;
	arg.minor = minor;
	ret = request_reply(control, EMD_IOC_EXAMINE, &arg.hdr, sizeof(arg), &arg.buf_ptr,
			    &arg.buf_len, &arg.needed, &buf);
	if (ret)
		return ret;
	memcpy(format, arg.format, EMD_UAPI_FORMAT_LEN);
	format[EMD_UAPI_FORMAT_LEN - 1] = '\0';
	make_printable(format);
	*text = buf;
	return 0;
}

int control_object(struct control *control, unsigned int number, struct emd_object_arg *arg)
{
	return request(control, number, &arg->hdr, sizeof(*arg));
}

int control_create(struct control *control, struct emd_create_arg *arg)
{
	return request(control, EMD_IOC_CREATE, &arg->hdr, sizeof(*arg));
}

int control_sync(struct control *control, struct emd_sync_arg *arg)
{
	return request(control, EMD_IOC_SYNC, &arg->hdr, sizeof(*arg));
}

int control_replace(struct control *control, struct emd_replace_arg *arg)
{
	return request(control, EMD_IOC_REPLACE, &arg->hdr, sizeof(*arg));
}

int control_policy(struct control *control, struct emd_policy_arg *arg)
{
	return request(control, EMD_IOC_POLICY, &arg->hdr, sizeof(*arg));
}

/* Records longer than those we know are cut, shorter ones filled up with zero. */
static struct emd_rec_history *history_parse(const char *buf, uint32_t len, size_t *nr)
{
	struct emd_rec_history *entries = NULL;
	struct emd_rec rec;
	uint32_t at;

	*nr = 0;
	for (at = 0; len - at >= sizeof(rec); at += rec.size) {
		memcpy(&rec, buf + at, sizeof(rec));
		if (rec.size < sizeof(rec) || rec.size > len - at)
			break;
		if (rec.type != EMD_REC_HISTORY)
			continue;
		entries = vec_grow(entries, *nr, sizeof(*entries));
		memset(&entries[*nr], 0, sizeof(*entries));
		memcpy(&entries[*nr], buf + at,
		       rec.size < sizeof(*entries) ? rec.size : sizeof(*entries));
		entries[*nr].text[sizeof(entries->text) - 1] = '\0';
		make_printable(entries[*nr].text);
		(*nr)++;
	}
	return entries;
}

/* @entries are the caller's to free; NULL when there are none. */
int control_history(struct control *control, uint64_t container_id,
		    struct emd_rec_history **entries, size_t *nr)
{
	struct emd_history_arg arg;
	void *buf;
	int ret;

	memset(&arg, 0, sizeof(arg));
	arg.container_id = container_id;
	ret = request_reply(control, EMD_IOC_HISTORY, &arg.hdr, sizeof(arg), &arg.buf_ptr,
			    &arg.buf_len, &arg.needed, &buf);
	if (ret)
		return ret;
	*entries = history_parse(buf, arg.needed, nr);
	free(buf);
	return 0;
}

/* @buf is the caller's to free. */
int control_save(struct control *control, unsigned int major, unsigned int minor,
		 struct emd_save_arg *arg, void **buf, uint32_t *len)
{
	const uint32_t most = EMD_UAPI_SAVED_LEN +
			      EMD_UAPI_MAX_REGIONS * sizeof(struct emd_region);
	int ret;

	*buf = xcalloc(1, most);
	memset(arg, 0, sizeof(*arg));
	arg->major = major;
	arg->minor = minor;
	arg->buf_ptr = (uintptr_t)*buf;
	arg->buf_len = most;
	ret = request(control, EMD_IOC_SAVE, &arg->hdr, sizeof(*arg));
	if (!ret && (arg->needed > most || arg->nr_regions > EMD_UAPI_MAX_REGIONS ||
		     arg->needed < arg->nr_regions * sizeof(struct emd_region)))
		ret = -EPROTO;
	arg->serial[sizeof(arg->serial) - 1] = '\0';
	arg->format[sizeof(arg->format) - 1] = '\0';
	*len = arg->needed;
	if (ret) {
		free(*buf);
		*buf = NULL;
	}
	return ret;
}

int control_restore(struct control *control, struct emd_restore_arg *arg)
{
	return request(control, EMD_IOC_RESTORE, &arg->hdr, sizeof(*arg));
}

int control_rename(struct control *control, struct emd_rename_arg *arg)
{
	return request(control, EMD_IOC_RENAME, &arg->hdr, sizeof(*arg));
}

int control_assign(struct control *control, struct emd_assign_arg *arg)
{
	return request(control, EMD_IOC_ASSIGN, &arg->hdr, sizeof(*arg));
}

/* The next event read is number @seq or the oldest kept after it. */
int control_event_seek(struct control *control, uint64_t seq)
{
	return lseek(control->fd, (off_t)seq, SEEK_SET) < 0 ? -errno : 0;
}

/* 1: @event is filled; 0: none yet; negative errno. */
int control_event_next(struct control *control, struct emd_event *event)
{
	ssize_t got;

	do {
		got = read(control->fd, event, sizeof(*event));
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return errno == EAGAIN ? 0 : -errno;
	if (!got)
		return 0;
	if (got != sizeof(*event))
		return -EPROTO;
	event->name[sizeof(event->name) - 1] = '\0';
	event->what[sizeof(event->what) - 1] = '\0';
	event->text[sizeof(event->text) - 1] = '\0';
	make_printable(event->name);
	make_printable(event->what);
	make_printable(event->text);
	return 1;
}

/* 1: an event is there; 0: timed out, or a signal came; @timeout_ms < 0: for ever. */
int control_event_wait(struct control *control, int64_t timeout_ms)
{
	struct pollfd pfd = { .fd = control->fd, .events = POLLIN };
	int ret;

	if (timeout_ms > INT32_MAX)
		timeout_ms = INT32_MAX;
	ret = poll(&pfd, 1, timeout_ms < 0 ? -1 : (int)timeout_ms);
	if (ret < 0)
		return errno == EINTR ? 0 : -errno;
	if (ret && (pfd.revents & (POLLERR | POLLHUP | POLLNVAL)) && !(pfd.revents & POLLIN))
		return -ENODEV;
	return ret;
}
