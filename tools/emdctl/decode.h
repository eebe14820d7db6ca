/* SPDX-License-Identifier: GPL-2.0 */
/* The driver's own decoders, run in the tool, on bytes someone else reads. */
#ifndef EMDCTL_DECODE_H
#define EMDCTL_DECODE_H

#include <stdint.h>

/**
 * struct decode_source - a disk, or what is left of one
 * @size: bytes
 * @block_size: logical block, 512 or 4096
 * @serial: as the disk reports it, may be empty
 * @read: fills @buf with exactly @len bytes at @offset; 0 or negative errno
 * @priv: for @read
 */
struct decode_source {
	uint64_t size;
	uint32_t block_size;
	const char *serial;
	int (*read)(void *priv, uint64_t offset, void *buf, uint32_t len);
	void *priv;
};

/**
 * decode_describe() - what the metadata of a disk says
 * @source: the disk
 * @format: gets the format's name; a constant, not to be freed; empty when the metadata
 *	is another's, whom a line "foreign=" names
 * @text: gets lines "path.key=value", to be freed; damage has a line "error="
 *
 * Return: 1 when metadata was found, 0 when there is none of a known format
 * (@format and @text are NULL then), negative errno when it cannot be read.
 */
int decode_describe(const struct decode_source *source, const char **format, char **text);

#endif /* EMDCTL_DECODE_H */
