// SPDX-License-Identifier: GPL-2.0
/*
 * Metadata of others is named by its signature, and nothing else is.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "meta/foreign.h"

#define SECTORS	4096u

/* What is asked for is read from a disk that is empty but for one sector. */
static const char *name_of(struct kunit *test, u64 sector, const u8 *bytes)
{
	struct emd_meta_image img = { .disk_sectors = SECTORS, .block_size = 512 };
	struct emd_extent want;
	int ret;

	for (;;) {
		ret = emd_foreign_next_extent(&img, &want);
		if (ret <= 0)
			break;
		KUNIT_ASSERT_LT(test, img.nr_extents, (unsigned int)EMD_IMAGE_MAX_EXTENTS);
		KUNIT_EXPECT_EQ(test, want.len, 512u);
		KUNIT_EXPECT_LE(test, want.offset, (SECTORS - 1) * 512ULL);
		want.data = kunit_kzalloc(test, want.len, GFP_KERNEL);
		if (want.offset == sector * 512)
			memcpy(want.data, bytes, 512);
		img.extents[img.nr_extents++] = want;
	}
	KUNIT_EXPECT_EQ(test, ret, 0);
	return emd_foreign_name(&img);
}

static void signatures_have_names(struct kunit *test)
{
	u8 bytes[512] = {};

	KUNIT_EXPECT_NULL(test, name_of(test, SECTORS - 1, bytes));
	memcpy(bytes, "NVIDIA  ", 8);
	KUNIT_EXPECT_STREQ(test, name_of(test, SECTORS - 2, bytes), "nVidia RAID");
	/* Only where it belongs. */
	KUNIT_EXPECT_NULL(test, name_of(test, SECTORS - 1, bytes));
	memcpy(bytes, "Promise Technology, Inc.", 24);
	KUNIT_EXPECT_STREQ(test, name_of(test, SECTORS - 63, bytes), "Promise FastTrack");
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes + 0x20, "\xf0\x16\x78\x5a", 4);
	KUNIT_EXPECT_STREQ(test, name_of(test, 9, bytes), "HighPoint HPT37x");
}

/* A short signature alone says nothing: any disk may end on a boot sector's. */
static void short_signatures_need_more(struct kunit *test)
{
	u8 bytes[512] = { 0x55, 0xaa, 0x02 };

	KUNIT_EXPECT_NULL(test, name_of(test, SECTORS - 1, bytes));
	bytes[50] = (0x55 + 0xaa + 0x02) & 0xff;
	KUNIT_EXPECT_STREQ(test, name_of(test, SECTORS - 1, bytes), "VIA");
	memset(bytes, 0, sizeof(bytes));
	memcpy(bytes, "JM\1\0", 4);
	KUNIT_EXPECT_NULL(test, name_of(test, SECTORS - 1, bytes));
}

static void other_blocks_and_small_disks_have_none(struct kunit *test)
{
	struct emd_meta_image img = { .disk_sectors = SECTORS, .block_size = 4096 };
	struct emd_extent want;

	KUNIT_EXPECT_EQ(test, emd_foreign_next_extent(&img, &want), -ENODATA);
	img.block_size = 512;
	img.disk_sectors = 100;
	KUNIT_EXPECT_EQ(test, emd_foreign_next_extent(&img, &want), -ENODATA);
}

static struct kunit_case foreign_cases[] = {
	KUNIT_CASE(signatures_have_names),
	KUNIT_CASE(short_signatures_need_more),
	KUNIT_CASE(other_blocks_and_small_disks_have_none),
	{}
};

static struct kunit_suite foreign_suite = {
	.name = "emd_foreign",
	.test_cases = foreign_cases,
};

kunit_test_suite(foreign_suite);
