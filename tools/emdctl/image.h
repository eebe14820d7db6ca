/* SPDX-License-Identifier: GPL-2.0 */
/* Metadata of an image file, or of a device without asking the driver. */
#ifndef EMDCTL_IMAGE_H
#define EMDCTL_IMAGE_H

#include <stdint.h>

/*
 * @block_size 0: that of the device, or for a file whichever of 512 and 4096
 * fits. @serial NULL: that of the device, or none. Returns and gives what
 * decode_describe() does.
 */
int image_describe(const char *path, uint32_t block_size, const char *serial,
		   const char **format, char **text);

#endif /* EMDCTL_IMAGE_H */
