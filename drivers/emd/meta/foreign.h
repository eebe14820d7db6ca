/* SPDX-License-Identifier: GPL-2.0 */
/*
 * RAID metadata of others, recognised by name and nothing more: so that a user learns
 * why nothing was assembled. Pure.
 */
#ifndef _EMD_FOREIGN_H
#define _EMD_FOREIGN_H

#include "meta.h"

#define EMD_FOREIGN_TEXT	"%s metadata: not supported by EMD"

int emd_foreign_next_extent(const struct emd_meta_image *img, struct emd_extent *want);
const char *emd_foreign_name(const struct emd_meta_image *img);

#endif /* _EMD_FOREIGN_H */
