// SPDX-License-Identifier: GPL-2.0
/*
 * Words about metadata: name tables, lines of text, UUIDs as people see them. Pure.
 */
#include <crypto/sha1.h>
#include <linux/build_bug.h>
#include <linux/kernel.h>
#include <linux/stdarg.h>
#include <linux/string.h>

#include "meta.h"

const char *const emd_disk_state_names[EMD_NR_DISK_STATES] = {
	[EMD_DISK_ACTIVE] = "active",
	[EMD_DISK_SPARE] = "spare",
	[EMD_DISK_FAILED] = "failed",
	[EMD_DISK_MISSING] = "missing",
	[EMD_DISK_FOREIGN] = "foreign",
};

static_assert(ARRAY_SIZE(emd_disk_state_names) == EMD_NR_DISK_STATES);

const char *const emd_sync_action_names[EMD_NR_SYNC_ACTIONS] = {
	[EMD_SYNC_IDLE] = "idle",
	[EMD_SYNC_RESYNC] = "resync",
	[EMD_SYNC_REBUILD] = "rebuild",
	[EMD_SYNC_CHECK] = "check",
	[EMD_SYNC_REPAIR] = "repair",
	[EMD_SYNC_RESHAPE] = "reshape",
	[EMD_SYNC_REPLACE] = "replace",
};

static_assert(ARRAY_SIZE(emd_sync_action_names) == EMD_NR_SYNC_ACTIONS);

/* Where the next byte goes and how much room there is; nowhere is fine. */
static char *text_room(const struct emd_text *out, size_t *room)
{
	if (!out->buf || out->used >= out->len) {
		*room = 0;
		return NULL;
	}
	*room = out->len - out->used;
	return out->buf + out->used;
}

/**
 * emd_text_vadd() - append a part of a line
 * @out: sink; counts on when it is full, so that the caller learns the need
 * @fmt: of the part; bytes that do not print become '?', so that what a disk says can
 *	neither forge a line nor steer a terminal
 * @args: for @fmt
 */
void emd_text_vadd(struct emd_text *out, const char *fmt, va_list args)
{
	size_t room, i = out->used;
	char *p;

	p = text_room(out, &room);
	out->used += vsnprintf(p, room, fmt, args);
	for (; out->buf && i < out->used && i + 1 < out->len; i++) {
		if (out->buf[i] < 0x20 || out->buf[i] > 0x7e)
			out->buf[i] = '?';
	}
}

/**
 * emd_text_end() - end a line of parts
 * @out: sink; counts on when it is full, so that the caller learns the need
 */
void emd_text_end(struct emd_text *out)
{
	size_t room;
	char *p;

	p = text_room(out, &room);
	out->used += snprintf(p, room, "\n");
}

/**
 * emd_text_add() - append a part of a line
 * @out: sink; counts on when it is full, so that the caller learns the need
 * @fmt: of the part; what does not print in it becomes '?'
 */
void emd_text_add(struct emd_text *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	emd_text_vadd(out, fmt, args);
	va_end(args);
}

/**
 * emd_text_line() - append a line, or the last part of one
 * @out: sink; counts on when it is full, so that the caller learns the need
 * @fmt: of the line, without its end; what does not print in it becomes '?'
 */
void emd_text_line(struct emd_text *out, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	emd_text_vadd(out, fmt, args);
	va_end(args);
	emd_text_end(out);
}

/**
 * emd_text_kv() - append a line "key=value\n"
 * @out: sink; counts on when it is full, so that the caller learns the need
 * @key: dotted path; a number in it is a position in a list
 * @fmt: of the value; what does not print in it becomes '?'
 */
void emd_text_kv(struct emd_text *out, const char *key, const char *fmt, ...)
{
	va_list args;

	emd_text_add(out, "%s=", key);
	va_start(args, fmt);
	emd_text_vadd(out, fmt, args);
	va_end(args);
	emd_text_end(out);
}

/**
 * emd_text_cut() - leave out whole lines where not all fit
 * @out: sink with room
 *
 * The text then ends with a line "...". One that fits stays as it is.
 */
void emd_text_cut(struct emd_text *out)
{
	static const char more[] = "...\n";
	size_t end;

	if (!out->len || out->used < out->len)
		return;
	end = out->len - min(out->len, sizeof(more));
	while (end && out->buf[end - 1] != '\n')
		end--;
	snprintf(out->buf + end, out->len - end, "%s", more);
	out->used = strlen(out->buf);
}

/**
 * emd_uuid_format() - a UUID as mdadm prints it
 * @uuid: the raw bytes
 * @out: four little-endian words in hex with colons between, and a NUL
 */
void emd_uuid_format(const u8 uuid[16], char out[EMD_UUID_TEXT_LEN])
{
	u32 word[4];
	int i;

	for (i = 0; i < 4; i++)
		word[i] = uuid[4 * i] | uuid[4 * i + 1] << 8 | uuid[4 * i + 2] << 16 |
			  (u32)uuid[4 * i + 3] << 24;
	snprintf(out, EMD_UUID_TEXT_LEN, "%08x:%08x:%08x:%08x", word[0], word[1], word[2],
		 word[3]);
}

/**
 * emd_uuid_sha1() - a UUID that follows from what names the thing
 * @data: message
 * @len: its bytes, at most 55: it fits one block
 * @uuid: the first 16 bytes of its SHA-1
 */
void emd_uuid_sha1(const void *data, unsigned int len, u8 uuid[16])
{
	u32 state[SHA1_DIGEST_SIZE / 4], scratch[SHA1_WORKSPACE_WORDS];
	u8 block[SHA1_BLOCK_SIZE] = {};
	unsigned int i;

	memcpy(block, data, len);
	block[len] = 0x80;
	block[SHA1_BLOCK_SIZE - 2] = len * 8 >> 8;
	block[SHA1_BLOCK_SIZE - 1] = len * 8;
	sha1_init(state);
	sha1_transform(state, (const char *)block, scratch);
	for (i = 0; i < 16; i++)
		uuid[i] = state[i / 4] >> (24 - 8 * (i % 4));
}
