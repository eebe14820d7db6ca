// SPDX-License-Identifier: GPL-2.0
/*
 * Signatures of RAID metadata that EMD does not support. A disk that carries one is
 * never claimed; this is for the words of ``emdctl examine``. Pure; allocates nothing.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/string.h>

#include "foreign.h"

#define SECTOR	512u
/* Below this none of them fits. */
#define MIN_SECTORS	128u

/**
 * struct foreign - how a format is recognised
 * @name: as its users know it
 * @sector: where; negative: from the end
 * @offset: of the signature in that sector
 * @len: of the signature
 * @magic: the signature
 * @check: more to look at, for signatures that are short; may be NULL
 */
struct foreign {
	const char *name;
	s32 sector;
	u16 offset;
	u16 len;
	const char *magic;
	bool (*check)(const u8 *sector);
};

/* A byte that is the sum of those before it. */
static bool via_sum(const u8 *sector)
{
	unsigned int i;
	u8 sum = 0;

	for (i = 0; i < 50; i++)
		sum += sector[i];
	return sector[2] <= 2 && sum == sector[50];
}

/* 16-bit words that add up to nothing, or to the carry. */
static bool jmicron_sum(const u8 *sector)
{
	unsigned int i;
	u16 sum = 0;

	for (i = 0; i < 128; i += 2)
		sum += sector[i] | sector[i + 1] << 8;
	return sum <= 1;
}

/* The chip that wrote it is one of Silicon Image's. */
static bool silicon_vendor(const u8 *sector)
{
	return sector[0x106] == 0x95 && sector[0x107] == 0x10;
}

static const struct foreign foreigners[] = {
	{ "nVidia RAID", -2, 0, 8, "NVIDIA  ", NULL },
	{ "Promise FastTrack", -63, 0, 24, "Promise Technology, Inc.", NULL },
	{ "LSI MegaRAID", -1, 0, 6, "$XIDE$", NULL },
	{ "HighPoint HPT45x", -11, 0, 4, "\xf3\x16\x78\x5a", NULL },
	{ "HighPoint HPT37x", 9, 0x20, 4, "\xf0\x16\x78\x5a", NULL },
	{ "Silicon Image Medley", -1, 0x60, 4, "\0\0\0\x2f", silicon_vendor },
	{ "JMicron", -1, 0, 4, "JM\1\0", jmicron_sum },
	{ "VIA", -1, 0, 2, "\x55\xaa", via_sum },
};

/* Every sector once, however many have their signature there. */
static const s32 sectors[] = { -1, -2, -11, -63, 9 };

static_assert(ARRAY_SIZE(sectors) <= EMD_IMAGE_MAX_EXTENTS);

static u64 offset_of(const struct emd_meta_image *img, s32 sector)
{
	return (sector < 0 ? img->disk_sectors + sector : (u64)sector) * SECTOR;
}

/**
 * emd_foreign_next_extent() - which bytes next
 * @img: so far
 * @want: out
 *
 * Return: 1: read @want; 0: enough; -ENODATA: there can be nothing.
 */
int emd_foreign_next_extent(const struct emd_meta_image *img, struct emd_extent *want)
{
	/* None of them knows other blocks. */
	if (img->block_size != SECTOR || img->disk_sectors < MIN_SECTORS)
		return -ENODATA;
	if (img->nr_extents == ARRAY_SIZE(sectors))
		return 0;
	want->offset = offset_of(img, sectors[img->nr_extents]);
	want->len = SECTOR;
	return 1;
}

/**
 * emd_foreign_name() - whose metadata is it?
 * @img: complete according to emd_foreign_next_extent()
 *
 * Return: the format's name or NULL.
 */
const char *emd_foreign_name(const struct emd_meta_image *img)
{
	const struct foreign *f;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(foreigners); i++) {
		f = &foreigners[i];
		for (k = 0; k < img->nr_extents; k++) {
			if (img->extents[k].offset == offset_of(img, f->sector) &&
			    img->extents[k].len == SECTOR &&
			    !memcmp(img->extents[k].data + f->offset, f->magic, f->len) &&
			    (!f->check || f->check(img->extents[k].data)))
				return f->name;
		}
	}
	return NULL;
}
