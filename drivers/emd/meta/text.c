// SPDX-License-Identifier: GPL-2.0
/*
 * Words about metadata: name tables, "key=value" lines, UUIDs as people see
 * them. Pure.
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
 * emd_text_kv() - append a line "key=value\n"
 * @out: sink; counts on when it is full, so that the caller learns the need
 * @key: dotted path; a number in it is a position in a list
 * @fmt: of the value; bytes that do not print become '?', so that what a disk
 *	says can neither forge a line nor steer a terminal
 */
void emd_text_kv(struct emd_text *out, const char *key, const char *fmt, ...)
{
	size_t room, start, i;
	va_list args;
	char *p;

	p = text_room(out, &room);
	out->used += snprintf(p, room, "%s=", key);
	start = out->used;

	p = text_room(out, &room);
	va_start(args, fmt);
	out->used += vsnprintf(p, room, fmt, args);
	va_end(args);

	for (i = start; out->buf && i < out->used && i + 1 < out->len; i++) {
		if (out->buf[i] < 0x20 || out->buf[i] > 0x7e)
			out->buf[i] = '?';
	}

	p = text_room(out, &room);
	out->used += snprintf(p, room, "\n");
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
