/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A cursor walks bytes that may lie: it knows where they end, and once it was
 * asked for more than there is it gives nothing any more.
 *
 * Decoders read straight down and test once. Pure.
 */
#ifndef _EMD_CURSOR_H
#define _EMD_CURSOR_H

#include <linux/types.h>

/**
 * struct emd_cursor - where we are in a run of bytes
 * @base: first byte
 * @pos: bytes taken so far
 * @end: bytes there are; never below @pos
 * @bad: more was asked for than there is; stays set
 */
struct emd_cursor {
	u8 *base;
	u32 pos;
	u32 end;
	bool bad;
};

/**
 * emd_cur_init() - start at the first of @len bytes
 * @cur: cursor
 * @base: first byte
 * @len: how many there are
 */
static inline void emd_cur_init(struct emd_cursor *cur, void *base, u32 len)
{
	cur->base = base;
	cur->pos = 0;
	cur->end = len;
	cur->bad = false;
}

/**
 * emd_cur_left() - bytes not taken yet
 * @cur: cursor
 *
 * Return: the number, 0 once the cursor is bad.
 */
static inline u32 emd_cur_left(const struct emd_cursor *cur)
{
	return cur->bad ? 0 : cur->end - cur->pos;
}

/**
 * emd_cur_take() - the next @len bytes, and move behind them
 * @cur: cursor
 * @len: bytes
 *
 * Return: the first of them, or NULL (and a bad cursor) when there are fewer.
 */
static inline void *emd_cur_take(struct emd_cursor *cur, u32 len)
{
	if (cur->bad || len > emd_cur_left(cur)) {
		cur->bad = true;
		return NULL;
	}
	cur->pos += len;
	return cur->base + cur->pos - len;
}

/**
 * emd_cur_cut() - take bytes away from the end
 * @cur: cursor
 * @len: bytes
 *
 * Return: the first of them, or NULL (and a bad cursor) when there are fewer.
 */
static inline void *emd_cur_cut(struct emd_cursor *cur, u32 len)
{
	if (cur->bad || len > emd_cur_left(cur)) {
		cur->bad = true;
		return NULL;
	}
	cur->end -= len;
	return cur->base + cur->end;
}

#endif /* _EMD_CURSOR_H */
