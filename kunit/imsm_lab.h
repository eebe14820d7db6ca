/* SPDX-License-Identifier: GPL-2.0 */
/* A bench for the IMSM handler: disks that are nothing but their last bytes. */
#ifndef _EMD_IMSM_LAB_H
#define _EMD_IMSM_LAB_H

#include "meta/imsm.h"

/* The end of a disk. */
#define LAB_BYTES	(128 * 1024)

static const struct emd_meta_ops *const lab_ops = &emd_imsm_ops;

#include "codec_lab.h"

/* NULL for what lies before the end. */
static inline u8 *lab_at(const struct lab_disk *disk, u64 offset, u32 len)
{
	u64 start = (disk->sectors << 9) - LAB_BYTES;

	if (offset < start || offset - start > LAB_BYTES - len)
		return NULL;
	return disk->bytes + (offset - start);
}

/* Lay @len bytes of an MPB where a disk has them: anchor last. */
static inline void lab_put_mpb(struct lab_disk *disk, const u8 *mpb, u32 len)
{
	u32 block = disk->block_size, whole = round_up(max(len, block), block);
	u8 *end = disk->bytes + LAB_BYTES;
	u32 head = min(len, block);

	memset(end - block - whole, 0, whole + block);
	memcpy(end - 2 * block, mpb, head);
	memcpy(end - block - whole, mpb + head, len - head);
}

#endif /* _EMD_IMSM_LAB_H */
