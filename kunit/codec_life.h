/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The life of a container in a suite: some disks and the config that runs on them,
 * changed and written step by step. After a format's bench, and only in KUnit.
 */
#ifndef _EMD_CODEC_LIFE_H
#define _EMD_CODEC_LIFE_H

#include <kunit/test.h>

#include "codec_lab.h"

struct lab {
	struct lab_disk disk[LAB_DISKS];
	struct lab_disk *disks[LAB_DISKS];
	unsigned int nr;
	struct emd_config *cfg;
};

static struct lab lab;

static inline int lab_init(struct kunit *test)
{
	memset(&lab, 0, sizeof(lab));
	return 0;
}

static inline void lab_exit(struct kunit *test)
{
	unsigned int i;

	emd_config_free(lab.cfg);
	lab.cfg = NULL;
	for (i = 0; i < LAB_DISKS; i++)
		lab_disk_exit(&lab.disk[i]);
}

static inline void assemble(struct kunit *test)
{
	struct emd_errmsg msg = {};

	emd_config_free(lab.cfg);
	lab.cfg = lab_assemble(lab.disks, lab.nr, &msg);
	if (IS_ERR(lab.cfg))
		lab.cfg = NULL;
	KUNIT_ASSERT_TRUE_MSG(test, lab.cfg, "%s", msg.text);
}

static inline struct emd_config *begin(struct kunit *test)
{
	struct emd_config *t1 = lab_next(lab.cfg);

	KUNIT_ASSERT_NOT_NULL(test, t1);
	return t1;
}

/* T1 is written to the live disks and becomes the config. */
static inline void commit(struct kunit *test, struct emd_config *t1)
{
	struct emd_errmsg msg = {};

	KUNIT_ASSERT_TRUE_MSG(test, !lab_commit(lab.cfg, t1, &msg), "%s", msg.text);
	KUNIT_ASSERT_EQ(test, lab_encode_all(lab.disks, t1), 0);
	emd_config_free(lab.cfg);
	lab.cfg = t1;
}

/* T1 is not to be, and the reason has these words in it. */
static inline void expect_refused(struct kunit *test, struct emd_config *t1, const char *words)
{
	struct emd_errmsg msg = {};

	KUNIT_EXPECT_LT(test, lab_commit(lab.cfg, t1, &msg), 0);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, words), "\"%s\", want \"%s\"", msg.text, words);
	emd_config_free(t1);
}

static inline void expect_not_called(struct kunit *test, u16 array, const char *name,
				     const char *words)
{
	struct emd_config *t1 = begin(test);

	emd_change_rename(&t1->arrays[array], name);
	expect_refused(test, t1, words);
}

static inline void expect(struct kunit *test, const char *config, const char *native)
{
	struct line line;

	config_line(lab.cfg, &line);
	KUNIT_EXPECT_STREQ(test, line.text, config);
	if (!native)
		return;
	native_line(lab.cfg, &line);
	KUNIT_EXPECT_STREQ(test, line.text, native);
}

/* What is on the disks, read by somebody else. */
static inline void expect_read(struct kunit *test, const char *config, const char *native)
{
	assemble(test);
	expect(test, config, native);
}

#endif /* _EMD_CODEC_LIFE_H */
