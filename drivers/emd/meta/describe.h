/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the formats' descriptions share: lines "path.name=value".
 */
#ifndef _EMD_META_DESCRIBE_H
#define _EMD_META_DESCRIBE_H

#include <linux/kernel.h>
#include <linux/stdarg.h>

#include "meta.h"

/**
 * struct path - where lines go and what their keys begin with
 * @out: sink
 * @key: the whole key
 * @len: length of the part before the last name
 */
struct path {
	struct emd_text *out;
	char key[64];
	unsigned int len;
};

__printf(2, 3)
static inline void path_set(struct path *path, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	path->len = vsnprintf(path->key, sizeof(path->key), fmt, args);
	va_end(args);
}

#define put(p, name, fmt, ...)								\
do {											\
	struct path *__p = (p);								\
	snprintf(__p->key + __p->len, sizeof(__p->key) - __p->len, name);		\
	emd_text_kv(__p->out, __p->key, fmt, ##__VA_ARGS__);				\
} while (0)

static inline void put_uuid(struct path *path, const u8 uuid[16])
{
	char text[EMD_UUID_TEXT_LEN];

	emd_uuid_format(uuid, text);
	put(path, "uuid", "%s", text);
}

#endif /* _EMD_META_DESCRIBE_H */
