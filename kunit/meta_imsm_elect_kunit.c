// SPDX-License-Identifier: GPL-2.0
/*
 * Which IMSM disk tells the truth: containers that fell apart in every way we
 * know of, looked at in every order.
 */
#include <kunit/test.h>

#include "imsm_text.h"

#define DISK_SECTORS	131072
#define MAX_DISKS	5

/* Disks, and what they say when they come together. */
struct crowd {
	struct kunit *test;
	unsigned int nr;
	struct emd_config *cfg[MAX_DISKS];
	struct emd_meta_image img[MAX_DISKS];
	/* Of the last election, by disk. */
	int champion;
	enum emd_verdict verdict[MAX_DISKS];
	u16 row[MAX_DISKS];
};

/* Too large for a stack; there is one at a time. */
static struct crowd *gather(struct kunit *test)
{
	static struct crowd crowd;

	memset(&crowd, 0, sizeof(crowd));
	crowd.test = test;
	return &crowd;
}

/* Metadata as it is on a disk: through the bytes and back. */
static struct emd_config *reread(struct kunit *test, const struct emd_config *cfg, const char *id)
{
	struct emd_errmsg msg = {};
	struct emd_config *back;
	struct lab_disk disk;
	u16 i;

	for (i = 0; i < cfg->nr_disks && strcmp(cfg->disks[i].id, id); i++)
		;
	KUNIT_ASSERT_TRUE_MSG(test, i < cfg->nr_disks, "%s", id);
	KUNIT_ASSERT_EQ(test, lab_disk_init(&disk, DISK_SECTORS, 512, id), 0);
	KUNIT_ASSERT_GE(test, lab_encode(&disk, cfg, i), 0);
	back = lab_decode(&disk, &msg);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(back), "%s: %s", id, msg.text);
	lab_disk_exit(&disk);
	return back;
}

/* A disk named @id that carries @cfg's metadata. */
static void join(struct crowd *crowd, const struct emd_config *cfg, const char *id)
{
	unsigned int i = crowd->nr++;

	crowd->cfg[i] = reread(crowd->test, cfg, id);
	crowd->img[i].disk_sectors = DISK_SECTORS;
	crowd->img[i].block_size = 512;
	strscpy(crowd->img[i].serial, id, sizeof(crowd->img[i].serial));
}

static u16 row_of(const struct emd_config *cfg, const char *id);

/*
 * A disk named @id that was being written when the power went: it has the one's
 * anchor and the other's extension.
 */
static void join_torn(struct crowd *crowd, const struct emd_config *anchor,
		      const struct emd_config *extension, const char *id)
{
	struct kunit *test = crowd->test;
	unsigned int i = crowd->nr++;
	struct emd_meta_image img;
	struct emd_errmsg msg = {};
	struct lab_disk disk;
	u8 head[512];

	KUNIT_ASSERT_EQ(test, lab_disk_init(&disk, DISK_SECTORS, 512, id), 0);
	KUNIT_ASSERT_GE(test, lab_encode(&disk, anchor, row_of(anchor, id)), 0);
	memcpy(head, disk.bytes + LAB_BYTES - 1024, 512);
	KUNIT_ASSERT_GE(test, lab_encode(&disk, extension, row_of(extension, id)), 0);
	memcpy(disk.bytes + LAB_BYTES - 1024, head, 512);
	KUNIT_ASSERT_EQ(test, lab_read(&disk, &img, &msg), 0);
	KUNIT_ASSERT_TRUE(test, IS_ERR(emd_imsm_ops.decode(&img, &msg)));
	crowd->cfg[i] = emd_imsm_ops.salvage(&img);
	KUNIT_ASSERT_NOT_NULL(test, crowd->cfg[i]);
	KUNIT_EXPECT_TRUE(test, crowd->cfg[i]->torn);
	KUNIT_EXPECT_EQ(test, memcmp(crowd->cfg[i]->uuid, anchor->uuid, 16), 0);
	lab_image_free(&img);
	lab_disk_exit(&disk);
	crowd->img[i].disk_sectors = DISK_SECTORS;
	crowd->img[i].block_size = 512;
	strscpy(crowd->img[i].serial, id, sizeof(crowd->img[i].serial));
}

static void leave(struct crowd *crowd)
{
	while (crowd->nr)
		emd_config_free(crowd->cfg[--crowd->nr]);
}

static int elect_once(struct crowd *crowd, const unsigned int *order, struct emd_errmsg *msg,
		      enum emd_verdict *verdicts, u16 *rows)
{
	const struct emd_meta_image *img[MAX_DISKS];
	const struct emd_config *cfg[MAX_DISKS];
	unsigned int i;

	for (i = 0; i < crowd->nr; i++) {
		cfg[i] = crowd->cfg[order[i]];
		img[i] = &crowd->img[order[i]];
	}
	return emd_imsm_ops.elect(cfg, img, crowd->nr, verdicts, rows, msg);
}

/* Elect in every order; all must agree. */
static void elect(struct crowd *crowd)
{
	unsigned int order[MAX_DISKS] = { 0, 1, 2, 3, 4 }, counter[MAX_DISKS] = {}, i = 1, k;
	enum emd_verdict verdicts[MAX_DISKS];
	struct emd_errmsg msg = {}, first;
	u16 rows[MAX_DISKS];
	int ret;

	crowd->champion = elect_once(crowd, order, &msg, crowd->verdict, crowd->row);
	first = msg;
	/* Heap's algorithm. */
	while (i < crowd->nr) {
		if (counter[i] >= i) {
			counter[i++] = 0;
			continue;
		}
		swap(order[i % 2 ? counter[i] : 0], order[i]);
		counter[i]++;
		i = 1;
		memset(&msg, 0, sizeof(msg));
		ret = elect_once(crowd, order, &msg, verdicts, rows);
		KUNIT_EXPECT_EQ(crowd->test, ret < 0 ? ret : (int)order[ret], crowd->champion);
		KUNIT_EXPECT_STREQ(crowd->test, (const char *)msg.text, (const char *)first.text);
		for (k = 0; k < crowd->nr; k++) {
			KUNIT_EXPECT_EQ(crowd->test, verdicts[k], crowd->verdict[order[k]]);
			KUNIT_EXPECT_EQ(crowd->test, rows[k], crowd->row[order[k]]);
		}
	}
}

/* One letter a disk: Member, Spare, sTale, Conflict, Foreign. */
static void expect(struct crowd *crowd, int champion, const char *verdicts)
{
	char got[MAX_DISKS + 1] = {};
	unsigned int i;

	elect(crowd);
	for (i = 0; i < crowd->nr; i++)
		got[i] = "MSTCF"[crowd->verdict[i]];
	KUNIT_EXPECT_STREQ(crowd->test, (const char *)got, verdicts);
	KUNIT_EXPECT_EQ(crowd->test, crowd->champion, champion);
	for (i = 0; i < crowd->nr; i++)
		KUNIT_EXPECT_EQ(crowd->test, crowd->row[i] != EMD_NO_DISK, got[i] == 'M');
}

/* ---- containers ------------------------------------------------------------------ */

/* Disks D0.. of one array, and spares behind them. */
static struct emd_config *make(struct kunit *test, enum emd_level level, u16 nr, u16 spares,
			       u64 entropy, bool clean)
{
	struct emd_create_args args = { .level = level, .name = "v0", .nr_disks = nr,
					.array_sectors = 8192, .clean = clean };
	struct emd_config *cfg, *t1;
	struct emd_errmsg msg = {};
	struct emd_config_disk row;
	char serial[8];
	u16 i;

	cfg = emd_imsm_ops.new_container(nr + spares, 512, 1, 1, &msg);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	for (i = 0; i < nr + spares; i++) {
		snprintf(serial, sizeof(serial), "D%u", i);
		emd_imsm_ops.new_disk(serial, DISK_SECTORS, 512, &row, &msg);
		row.handle = i + 1;
		emd_change_add_disk(cfg, &row);
		if (i < nr)
			args.disks[i] = i;
	}
	t1 = lab_next(cfg);
	t1->entropy = entropy;
	KUNIT_ASSERT_EQ_MSG(test, emd_imsm_ops.place_array(t1, &args, &msg), 0, "%s", msg.text);
	KUNIT_ASSERT_EQ(test, lab_commit(cfg, t1, &msg), 0);
	emd_config_free(cfg);
	return t1;
}

/* @t0 stays: some disks will still carry it. */
static struct emd_config *commit(struct kunit *test, const struct emd_config *t0,
				 struct emd_config *t1)
{
	struct emd_errmsg msg = {};

	KUNIT_ASSERT_EQ_MSG(test, lab_commit(t0, t1, &msg), 0, "%s", msg.text);
	return t1;
}

static u16 row_of(const struct emd_config *cfg, const char *id)
{
	u16 i;

	for (i = 0; i < cfg->nr_disks && strcmp(cfg->disks[i].id, id); i++)
		;
	return i;
}

static struct emd_config *without(struct kunit *test, const struct emd_config *t0, const char *id)
{
	struct emd_config *t1 = lab_next(t0);

	emd_change_miss_disk(t1, row_of(t1, id));
	return commit(test, t0, t1);
}

static struct emd_config *replaced(struct kunit *test, const struct emd_config *t0, u16 slot,
				   const char *by, u64 entropy)
{
	struct emd_config *t1 = lab_next(t0);

	t1->entropy = entropy;
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], slot, row_of(t1, by)),
			0);
	return commit(test, t0, t1);
}

static struct emd_config *dirtied(struct kunit *test, const struct emd_config *t0, bool dirty)
{
	struct emd_config *t1 = lab_next(t0);

	emd_change_dirty(t1, &t1->arrays[0], dirty);
	return commit(test, t0, t1);
}

/* ---- cases ------------------------------------------------------------------------ */

static void all_agree(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID10, 4, 1, 1, true);

	join(crowd, a, "D0");
	join(crowd, a, "D1");
	join(crowd, a, "D2");
	join(crowd, a, "D3");
	join(crowd, a, "D4");
	elect(crowd);
	/* All four say the same; which one is named does not matter, but it is fixed. */
	expect(crowd, crowd->champion, "MMMMS");
	leave(crowd);
	emd_config_free(a);
}

static void the_newest_is_believed(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID1, 2, 0, 1, true);
	struct emd_config *b = dirtied(test, a, true);

	join(crowd, a, "D0");
	join(crowd, b, "D1");
	expect(crowd, 1, "MM");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
}

static void generations_wrap(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID1, 2, 0, 1, true), *b;

	emd_imsm_ops.supersede(a, 0xfffffffe);
	KUNIT_EXPECT_EQ(test, a->generation, 0xffffffff);
	b = dirtied(test, a, true);
	KUNIT_EXPECT_EQ(test, b->generation, 0);
	join(crowd, a, "D0");
	join(crowd, b, "D1");
	expect(crowd, 1, "MM");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
}

/* Whatever hostile disks claim, somebody is the newest. */
static void generations_far_apart_have_an_order(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 3, 0, 1, true);

	emd_imsm_ops.supersede(a, 0x0fffffff);
	join(crowd, a, "D0");
	emd_imsm_ops.supersede(a, 0x65555555);
	join(crowd, a, "D1");
	emd_imsm_ops.supersede(a, 0xbaaaaaaa);
	join(crowd, a, "D2");
	expect(crowd, 2, "MMM");
	leave(crowd);
	emd_imsm_ops.supersede(a, 0x0fffffff);
	join(crowd, a, "D0");
	emd_imsm_ops.supersede(a, 0x8fffffff);
	join(crowd, a, "D1");
	expect(crowd, 1, "MM");
	leave(crowd);
	emd_config_free(a);
}

/* It still calls itself healthy; the others know better. */
static void a_failed_disk_comes_back(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 3, 0, 1, true);
	struct emd_config *b = without(test, a, "D1");

	join(crowd, b, "D0");
	join(crowd, a, "D1");
	join(crowd, b, "D2");
	elect(crowd);
	expect(crowd, crowd->champion, "MTM");
	KUNIT_EXPECT_NE(test, crowd->champion, 1);
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
}

static void a_replaced_disk_comes_back(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 3, 1, 1, true);
	struct emd_config *b = without(test, a, "D1");
	struct emd_config *c = replaced(test, b, 1, "D3", 77);

	join(crowd, c, "D0");
	join(crowd, a, "D1");
	join(crowd, c, "D2");
	join(crowd, c, "D3");
	elect(crowd);
	expect(crowd, crowd->champion, "MTMM");
	leave(crowd);

	/* Alone with one that replaced it: nobody can say who is right. */
	join(crowd, a, "D1");
	join(crowd, c, "D3");
	expect(crowd, -ENOTUNIQ, "CC");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
	emd_config_free(c);
}

static void two_halves_of_a_mirror_ran_apart(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID1, 2, 1, 1, true);
	struct emd_config *b = without(test, a, "D1");
	struct emd_config *c = without(test, a, "D0");
	struct emd_config *d = dirtied(test, c, true);

	join(crowd, b, "D0");
	join(crowd, d, "D1");
	join(crowd, a, "D2");
	expect(crowd, -ENOTUNIQ, "CCS");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
	emd_config_free(c);
	emd_config_free(d);
}

static void two_halves_took_a_spare_each(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID1, 2, 2, 1, true);
	struct emd_config *b = without(test, a, "D1"), *c = without(test, a, "D0");
	struct emd_config *d = replaced(test, b, 1, "D2", 5), *e = replaced(test, c, 0, "D3", 6);

	join(crowd, d, "D0");
	join(crowd, d, "D2");
	join(crowd, e, "D1");
	join(crowd, e, "D3");
	expect(crowd, -ENOTUNIQ, "CCCC");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
	emd_config_free(c);
	emd_config_free(d);
	emd_config_free(e);
}

/* Two disks that failed at different times do not accuse each other. */
static void disks_that_failed_one_by_one_are_stale(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID10, 4, 0, 1, true);
	struct emd_config *b = without(test, a, "D1");
	struct emd_config *c = without(test, b, "D2");

	join(crowd, c, "D0");
	join(crowd, a, "D1");
	join(crowd, b, "D2");
	join(crowd, c, "D3");
	elect(crowd);
	expect(crowd, crowd->champion, "MTTM");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
	emd_config_free(c);
}

static void clones_are_not_members(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID10, 4, 0, 1, true);

	join(crowd, a, "D0");
	join(crowd, a, "D1");
	join(crowd, a, "D1");
	join(crowd, a, "D2");
	join(crowd, a, "D3");
	elect(crowd);
	expect(crowd, crowd->champion, "MCCMM");
	leave(crowd);
	emd_config_free(a);
}

/* A copy under another serial number speaks for nobody. */
static void a_copy_on_a_strange_disk_is_foreign(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID1, 2, 0, 1, true);

	join(crowd, a, "D0");
	join(crowd, a, "D1");
	strscpy(crowd->img[1].serial, "OTHER", sizeof(crowd->img[1].serial));
	expect(crowd, 0, "MF");
	crowd->img[0].serial[0] = 'E';
	expect(crowd, -ENODATA, "FF");
	leave(crowd);
	emd_config_free(a);
}

/* Nor do they, whatever they carry, count against one that has a name. */
static void disks_without_a_serial_are_nobody(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID1, 2, 0, 1, true);
	struct emd_config *b = make(test, EMD_LEVEL_RAID1, 2, 0, 2, true);
	struct imsm_mpb_ondisk *head = (struct imsm_mpb_ondisk *)a->native;

	memset(((struct imsm_disk_ondisk *)(head + 1))[1].serial, 0, IMSM_SERIAL_LEN);
	emd_imsm_ops.supersede(a, a->generation);
	join(crowd, a, "D0");
	join(crowd, a, "D0");
	crowd->img[1].serial[0] = '\0';
	join(crowd, b, "D1");
	crowd->img[2].serial[0] = '\0';
	expect(crowd, 0, "MFF");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
}

static void only_spares_elect_nobody(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID1, 2, 2, 1, true);

	join(crowd, a, "D2");
	join(crowd, a, "D3");
	expect(crowd, -ENODATA, "SS");
	leave(crowd);
	emd_config_free(a);
}

/*
 * The spare joins: the new family is on some disks when the power goes, and the
 * old one on the others. It is one change cut off, not two halves.
 */
static void an_activation_cut_off_is_finished(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 3, 1, 1, true);
	struct emd_config *b = without(test, a, "D1");
	struct emd_config *c = replaced(test, b, 1, "D3", 77);

	/* D0 has it, D2 not, the spare still has its record. */
	join(crowd, c, "D0");
	join(crowd, b, "D2");
	join(crowd, a, "D3");
	expect(crowd, 0, "MMM");
	leave(crowd);
	/* Only the spare has it. */
	join(crowd, b, "D0");
	join(crowd, b, "D2");
	join(crowd, c, "D3");
	expect(crowd, 2, "MMM");
	leave(crowd);
	/* And the disk that was replaced is back as well. */
	join(crowd, c, "D0");
	join(crowd, a, "D1");
	join(crowd, b, "D2");
	join(crowd, a, "D3");
	expect(crowd, 0, "MTMM");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
	emd_config_free(c);
}

/*
 * The switch of a replace writes a disk off that is as new as those it goes on with. Only
 * if it is newer it has gone on alone.
 */
static void a_switch_cut_off_is_finished(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 3, 1, 1, true);
	struct emd_config *b = without(test, a, "D1");
	struct emd_config *c = replaced(test, b, 1, "D3", 77);
	struct emd_config *alone = lab_next(a);

	join(crowd, c, "D0");
	join(crowd, a, "D1");
	join(crowd, a, "D2");
	join(crowd, c, "D3");
	expect(crowd, 0, "MTMM");
	leave(crowd);
	emd_imsm_ops.supersede(alone, a->generation);
	join(crowd, c, "D0");
	join(crowd, alone, "D1");
	join(crowd, a, "D2");
	join(crowd, c, "D3");
	expect(crowd, -ENOTUNIQ, "CCCC");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
	emd_config_free(c);
	emd_config_free(alone);
}

/* Backed out: the old family again, above the new one that some disk kept. */
static void an_activation_taken_back_is_outranked(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 3, 1, 1, true);
	struct emd_config *b = without(test, a, "D1");
	struct emd_config *c = replaced(test, b, 1, "D3", 77), *back = lab_next(b);

	emd_imsm_ops.supersede(back, c->generation);
	join(crowd, back, "D0");
	join(crowd, c, "D2");
	expect(crowd, 0, "MM");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
	emd_config_free(c);
	emd_config_free(back);
}

/* The same table under two families of one age: mdadm starts neither, nor do we. */
static void equal_claims_are_refused(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID1, 2, 0, 1, true), *b = lab_next(a);
	struct imsm_mpb_ondisk *head = (struct imsm_mpb_ondisk *)b->native;

	head->family_num = cpu_to_le32(12345);
	emd_imsm_ops.supersede(b, a->generation - 1);
	join(crowd, a, "D0");
	join(crowd, b, "D1");
	expect(crowd, -ENOTUNIQ, "CC");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
}

/* Someone made a spare of a member: its content is gone, whatever the table says. */
static void a_member_made_a_spare_holds_nothing(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID1, 2, 0, 1, true);
	struct emd_config *fresh = make(test, EMD_LEVEL_RAID1, 2, 0, 1, false);
	struct emd_config *empty = lab_next(a);

	emd_change_delete_array(empty, 0);
	commit(test, a, empty);
	join(crowd, a, "D0");
	join(crowd, empty, "D1");
	expect(crowd, 0, "MS");
	leave(crowd);
	/* But of an array that never held anything it is a creation cut off. */
	join(crowd, fresh, "D0");
	join(crowd, empty, "D1");
	expect(crowd, 0, "MM");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(fresh);
	emd_config_free(empty);
}

static void a_disk_that_shrank_is_not_taken(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID1, 2, 0, 1, true);
	struct emd_config *b = dirtied(test, a, true);

	join(crowd, b, "D0");
	join(crowd, a, "D1");
	crowd->img[1].disk_sectors--;
	expect(crowd, 0, "MF");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
}

/* ---- torn copies ------------------------------------------------------------------ */

/*
 * "Dirty" was on its way to D0, D1, D2, D3. With the fifth disk in the table it
 * lies in the extension.
 */
static void a_torn_copy_is_a_member(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 5, 0, 1, true);
	struct emd_config *b = dirtied(test, a, true);

	/* The first disk tears: nobody was told, the old state holds. */
	join_torn(crowd, a, b, "D0");
	join(crowd, a, "D1");
	join(crowd, a, "D2");
	join(crowd, a, "D3");
	elect(crowd);
	expect(crowd, crowd->champion, "MMMM");
	KUNIT_EXPECT_EQ(test, crowd->row[0], 0);
	leave(crowd);
	/* Also on a disk that writes its sectors in any order. */
	join_torn(crowd, b, a, "D0");
	join(crowd, a, "D1");
	join(crowd, a, "D2");
	join(crowd, a, "D3");
	elect(crowd);
	expect(crowd, crowd->champion, "MMMM");
	KUNIT_EXPECT_EQ(test, crowd->cfg[crowd->champion]->generation, a->generation);
	leave(crowd);
	/* One in between, either way; the new state is on D0 alone. */
	join(crowd, b, "D0");
	join_torn(crowd, a, b, "D1");
	join(crowd, a, "D2");
	join(crowd, a, "D3");
	expect(crowd, 0, "MMMM");
	leave(crowd);
	join(crowd, b, "D0");
	join_torn(crowd, b, a, "D1");
	join(crowd, a, "D2");
	join(crowd, a, "D3");
	expect(crowd, 0, "MMMM");
	leave(crowd);
	/* And the last. */
	join(crowd, b, "D0");
	join(crowd, b, "D1");
	join(crowd, b, "D2");
	join_torn(crowd, a, b, "D3");
	elect(crowd);
	expect(crowd, crowd->champion, "MMMM");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
}

static void a_torn_copy_has_no_vote(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 5, 1, 1, true);
	struct emd_config *b = dirtied(test, a, true);

	join_torn(crowd, a, b, "D0");
	expect(crowd, -ENODATA, "F");
	join(crowd, a, "D5");
	expect(crowd, -ENODATA, "FS");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
}

/* A cut tears one copy. Two are something else, and so is damage on a strange disk. */
static void damage_is_not_taken_for_a_tear(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 5, 0, 1, true);
	struct emd_config *b = dirtied(test, a, true), *c = dirtied(test, b, false);

	join(crowd, a, "D0");
	join_torn(crowd, a, b, "D1");
	join(crowd, a, "D2");
	join_torn(crowd, a, b, "D3");
	elect(crowd);
	expect(crowd, crowd->champion, "MFMF");
	leave(crowd);
	/* A serial that the table does not have, or that a whole copy answers to. */
	join(crowd, a, "D0");
	join(crowd, a, "D1");
	join(crowd, a, "D2");
	join_torn(crowd, a, b, "D3");
	strscpy(crowd->img[3].serial, "OTHER", sizeof(crowd->img[3].serial));
	elect(crowd);
	expect(crowd, crowd->champion, "MMMF");
	strscpy(crowd->img[3].serial, "D1", sizeof(crowd->img[3].serial));
	elect(crowd);
	expect(crowd, crowd->champion, "MMMF");
	leave(crowd);
	/* Of this generation, but another anchor: not a tear of ours. */
	join(crowd, a, "D0");
	join(crowd, a, "D1");
	join(crowd, a, "D2");
	join_torn(crowd, a, b, "D3");
	crowd->cfg[3]->native[300] ^= 1;
	elect(crowd);
	expect(crowd, crowd->champion, "MMMF");
	leave(crowd);
	/* Two writings ahead: of one whole copy there would have to be more. */
	join(crowd, a, "D0");
	join(crowd, a, "D1");
	join(crowd, a, "D2");
	join_torn(crowd, c, b, "D3");
	elect(crowd);
	expect(crowd, crowd->champion, "MMMF");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
	emd_config_free(c);
}

/* The others are further on than one writing: a refused one was tried again, or taken back. */
static void a_torn_copy_may_be_far_behind(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 5, 0, 1, true);
	struct emd_config *b = dirtied(test, a, true), *c = dirtied(test, b, false);
	struct emd_config *d = dirtied(test, c, true);

	join(crowd, d, "D0");
	join(crowd, d, "D1");
	join(crowd, d, "D2");
	join_torn(crowd, a, b, "D3");
	elect(crowd);
	expect(crowd, crowd->champion, "MMMM");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
	emd_config_free(c);
	emd_config_free(d);
}

/* It was pulled, damaged, and is back: the others have written it off. */
static void a_torn_copy_may_be_stale(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 5, 0, 1, true);
	struct emd_config *b = dirtied(test, a, true);
	struct emd_config *c = without(test, a, "D1");

	join(crowd, c, "D0");
	join_torn(crowd, a, b, "D1");
	join(crowd, c, "D2");
	join(crowd, c, "D3");
	elect(crowd);
	expect(crowd, crowd->champion, "MFMM");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
	emd_config_free(c);
}

/*
 * D0 and D3 went on without D1 and D2, for good; now only D0 is back, torn, and
 * the disks that are stale. Whole as they are they must not be started.
 */
static void a_torn_copy_may_know_better(struct kunit *test)
{
	struct crowd *crowd = gather(test);
	struct emd_config *a = make(test, EMD_LEVEL_RAID5, 5, 0, 1, true);
	struct emd_config *b = without(test, a, "D1");
	struct emd_config *c = dirtied(test, b, true), *d = dirtied(test, c, false);

	join_torn(crowd, b, c, "D0");
	join(crowd, a, "D1");
	expect(crowd, -ENOTUNIQ, "FC");
	leave(crowd);
	join_torn(crowd, c, b, "D0");
	join(crowd, a, "D1");
	expect(crowd, -ENOTUNIQ, "FC");
	leave(crowd);
	join_torn(crowd, c, d, "D0");
	join(crowd, a, "D1");
	join(crowd, a, "D2");
	expect(crowd, -ENOTUNIQ, "FCC");
	leave(crowd);
	/* With one that knows it all is well. */
	join_torn(crowd, c, d, "D0");
	join(crowd, a, "D1");
	join(crowd, d, "D3");
	expect(crowd, 2, "MTM");
	leave(crowd);
	emd_config_free(a);
	emd_config_free(b);
	emd_config_free(c);
	emd_config_free(d);
}

/* Damage to what a single sector holds is no tear. */
static void a_single_sector_does_not_tear(struct kunit *test)
{
	struct emd_config *a = make(test, EMD_LEVEL_RAID1, 2, 0, 1, true);
	struct emd_meta_image img;
	struct emd_errmsg msg = {};
	struct lab_disk disk;

	KUNIT_ASSERT_EQ(test, lab_disk_init(&disk, DISK_SECTORS, 512, "D0"), 0);
	KUNIT_ASSERT_GE(test, lab_encode(&disk, a, 0), 0);
	disk.bytes[LAB_BYTES - 1024 + 400] ^= 1;
	KUNIT_ASSERT_EQ(test, lab_read(&disk, &img, &msg), 0);
	KUNIT_EXPECT_TRUE(test, IS_ERR(emd_imsm_ops.decode(&img, &msg)));
	KUNIT_EXPECT_NULL(test, emd_imsm_ops.salvage(&img));
	lab_image_free(&img);
	lab_disk_exit(&disk);
	emd_config_free(a);
}

static struct kunit_case elect_cases[] = {
	KUNIT_CASE(all_agree),
	KUNIT_CASE(the_newest_is_believed),
	KUNIT_CASE(generations_wrap),
	KUNIT_CASE(generations_far_apart_have_an_order),
	KUNIT_CASE(a_failed_disk_comes_back),
	KUNIT_CASE(a_replaced_disk_comes_back),
	KUNIT_CASE(two_halves_of_a_mirror_ran_apart),
	KUNIT_CASE(two_halves_took_a_spare_each),
	KUNIT_CASE(disks_that_failed_one_by_one_are_stale),
	KUNIT_CASE(clones_are_not_members),
	KUNIT_CASE(a_copy_on_a_strange_disk_is_foreign),
	KUNIT_CASE(disks_without_a_serial_are_nobody),
	KUNIT_CASE(only_spares_elect_nobody),
	KUNIT_CASE(an_activation_cut_off_is_finished),
	KUNIT_CASE(a_switch_cut_off_is_finished),
	KUNIT_CASE(an_activation_taken_back_is_outranked),
	KUNIT_CASE(equal_claims_are_refused),
	KUNIT_CASE(a_member_made_a_spare_holds_nothing),
	KUNIT_CASE(a_disk_that_shrank_is_not_taken),
	KUNIT_CASE(a_torn_copy_is_a_member),
	KUNIT_CASE(a_torn_copy_has_no_vote),
	KUNIT_CASE(damage_is_not_taken_for_a_tear),
	KUNIT_CASE(a_torn_copy_may_be_far_behind),
	KUNIT_CASE(a_torn_copy_may_be_stale),
	KUNIT_CASE(a_torn_copy_may_know_better),
	KUNIT_CASE(a_single_sector_does_not_tear),
	{}
};

static struct kunit_suite elect_suite = {
	.name = "emd_meta_imsm_elect",
	.test_cases = elect_cases,
};

kunit_test_suite(elect_suite);
