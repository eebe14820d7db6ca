// SPDX-License-Identifier: GPL-2.0
/*
 * What happens to DDF containers: disks fail and are replaced, power fails, arrays are
 * made and deleted, halves run apart. What other drivers see at each step is what
 * mdadm leaves in the same case, and never stale content that looks sound.
 */
#include <kunit/test.h>

#include "ddf_lab.h"
#include "codec_life.h"

static void load(struct kunit *test, const char *name)
{
	const struct ddf_golden *golden = golden_find(name);
	unsigned int i;

	KUNIT_ASSERT_NOT_NULL(test, golden);
	lab_exit(test);
	lab.nr = golden->nr_disks;
	for (i = 0; i < lab.nr; i++) {
		KUNIT_ASSERT_EQ(test, golden_disk(golden, i, &lab.disk[i]), 0);
		lab.disks[i] = &lab.disk[i];
	}
	assemble(test);
}

/* ---- a mirror's life ----------------------------------------------------------------- */

static void dirty_and_clean_are_one_bit(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "idle");
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle dirty",
		    "a0003/0001 b0003/0001 c0005/0001 | 10/02 a b ");
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], false);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle",
		    "a0003/0001 b0003/0001 c0005/0001 | 00/02 a b ");
}

static void a_disk_fails_and_a_spare_takes_over(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "idle");
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, 1), 0);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UF idle",
		    "a0003/0001 b0003/0003 c0005/0001 | 01/02 a b ");

	t1 = begin(test);
	KUNIT_EXPECT_EQ(test, emd_ddf_ops.can_take(t1, 0, 1, 2, NULL), 0);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 1, 2), 0);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UR rebuild 0",
		    "a0003/0001 b0005/0003 c0003/0005 | 01/02 a c ");

	t1 = begin(test);
	emd_change_sync_position(t1, &t1->arrays[0], 4096);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UR rebuild 4096", NULL);

	t1 = begin(test);
	emd_change_sync_done(t1, &t1->arrays[0]);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle",
		    "a0003/0001 b0005/0003 c0003/0001 | 00/02 a c ");
}

/* In one step what failure, activation and rebuild say in three. */
static void a_disk_is_replaced(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "idle");
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_replace_disk(t1, 1, 2, NULL), 0);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle",
		    "a0003/0001 b0005/0003 c0003/0001 | 00/02 a c ");
}

/* Its mirror is lost: it is the only source there is. */
static void the_last_copy_is_replaced(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "ten");
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, 1), 0);
	commit(test, t1);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_replace_disk(t1, 0, 4, NULL), 0);
	commit(test, t1);
	expect_read(test, "ten raid10 adjacent 128 8192 0+4096 UFUU idle",
		    "a0005/0003 b0003/0003 c0003/0001 d0003/0001 e0003/0001 | 01/02 e b c d ");
}

static void a_disk_that_is_gone_keeps_its_place(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "idle");
	lab.nr = 1;
	assemble(test);
	expect(test, "mirror raid1 none 128 8192 0+8192 UM idle", NULL);
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UM idle dirty",
		    "a0003/0001 b0003/0042 c0005/0001 | 11/02 a b ");
}

static void the_first_resync_goes_on_where_it_was(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "init");
	t1 = begin(test);
	emd_change_sync_start(t1, &t1->arrays[0], EMD_SYNC_RESYNC, 0);
	emd_change_sync_position(t1, &t1->arrays[0], 2048);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU resync 2048 uninitialised",
		    "a0003/0001 b0003/0001 c0005/0001 | 00/01 a b ");
	/* Writes in flight: what is below may have been torn. */
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU resync 0 uninitialised dirty",
		    "a0003/0001 b0003/0001 c0005/0001 | 10/01 a b ");
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], false);
	emd_change_sync_done(t1, &t1->arrays[0]);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle",
		    "a0003/0001 b0003/0001 c0005/0001 | 00/02 a b ");
}

/* A resync that others would not see as one: to them it is not consistent. */
static void a_later_resync_is_not_consistent(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "idle");
	t1 = begin(test);
	emd_change_sync_start(t1, &t1->arrays[0], EMD_SYNC_RESYNC, 512);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU resync 512",
		    "a0003/0001 b0003/0001 c0005/0001 | 10/02 a b ");
}

/* Raise the number in every header, as a driver does that knows nothing of us. */
static void another_driver_writes(void)
{
	struct ddf_header_ondisk *header;
	unsigned int k;
	int which;

	for (k = 0; k < lab.nr; k++) {
		for (which = 0; which < 2; which++) {
			header = lab_header(&lab.disk[k], which);
			ddf_put32(false, &header->seq, ddf_get32(false, header->seq) + 1);
			ddf_seal(false, false, (u8 *)header, 512);
		}
	}
}

static void what_others_wrote_makes_our_notes_void(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "init");
	t1 = begin(test);
	emd_change_sync_start(t1, &t1->arrays[0], EMD_SYNC_RESYNC, 2048);
	commit(test, t1);
	another_driver_writes();
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle uninitialised", NULL);
}

/* ---- a disk in two arrays ----------------------------------------------------------------- */

static void fill_shared_disk(struct kunit *test)
{
	struct emd_config *t1;

	/* "zero" is on a and b, "one" on b and c; c goes, a takes its place elsewhere. */
	load(test, "overlap");
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, 2), 0);
	commit(test, t1);
	t1 = begin(test);
	KUNIT_EXPECT_EQ(test, emd_ddf_ops.can_take(t1, 1, 1, 0, NULL), 0);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[1], 1, 0), 0);
	commit(test, t1);
}

static void a_shared_disk_is_not_named_before_it_is_full(struct kunit *test)
{
	struct emd_config *t1;

	fill_shared_disk(test);
	expect_read(test, "zero raid0 none 128 8192 0+4096 UU idle; one raid1 none 128 2048 4096+2048 UR rebuild 0",
		    "a0003/0001 b0003/0001 c0005/0003 | 00/02 a b | 01/02 b c ");
	t1 = begin(test);
	emd_change_sync_position(t1, &t1->arrays[1], 1024);
	commit(test, t1);
	expect_read(test, "zero raid0 none 128 8192 0+4096 UU idle; one raid1 none 128 2048 4096+2048 UR rebuild 1024",
		    NULL);
	t1 = begin(test);
	emd_change_sync_done(t1, &t1->arrays[1]);
	commit(test, t1);
	expect_read(test, "zero raid0 none 128 8192 0+4096 UU idle; one raid1 none 128 2048 4096+2048 UU idle",
		    "a0003/0001 b0003/0001 c0005/0003 | 00/02 a b | 00/02 b a ");
}

static void without_our_notes_it_is_just_degraded(struct kunit *test)
{
	fill_shared_disk(test);
	another_driver_writes();
	expect_read(test, "zero raid0 none 128 8192 0+4096 UU idle; one raid1 none 128 2048 4096+2048 UF idle",
		    NULL);
}

/* The disk is well, only this array's part of it is not: no other driver may believe it. */
static void a_lost_slot_on_a_good_disk_names_none(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "overlap");
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_member(t1, &t1->arrays[1], 0), 0);
	commit(test, t1);
	expect_read(test, "zero raid0 none 128 8192 0+4096 UU idle; one raid1 none 128 2048 4096+2048 MU idle",
		    "a0003/0001 b0003/0001 c0003/0001 | 00/02 a b | 01/02 - c ");
	t1 = begin(test);
	KUNIT_EXPECT_EQ(test, emd_ddf_ops.can_take(t1, 1, 0, 1, NULL), 0);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[1], 0, 1), 0);
	commit(test, t1);
	expect_read(test, "zero raid0 none 128 8192 0+4096 UU idle; one raid1 none 128 2048 4096+2048 RU rebuild 0",
		    "a0003/0001 b0003/0001 c0003/0001 | 00/02 a b | 01/02 - c ");
}

/* ---- more than mirrors --------------------------------------------------------------------- */

static void raid10_loses_one_of_each_pair(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "ten");
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, 1), 0);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, 2), 0);
	commit(test, t1);
	expect_read(test, "ten raid10 adjacent 128 8192 0+4096 UFFU idle",
		    "a0003/0001 b0003/0003 c0003/0003 d0003/0001 e0005/0001 | 01/02 a b c d ");
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 2, 4), 0);
	commit(test, t1);
	t1 = begin(test);
	emd_change_sync_position(t1, &t1->arrays[0], 2048);
	commit(test, t1);
	expect_read(test, "ten raid10 adjacent 128 8192 0+4096 UFRU rebuild 2048",
		    "a0003/0001 b0003/0003 c0005/0003 d0003/0001 e0003/0005 | 01/02 a b e d ");
}

static void raid6_is_partially_optimal_first(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "parity");
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, 4), 0);
	commit(test, t1);
	expect_read(test, "five raid5 left-symmetric 128 8192 0+4096 UUU idle; six raid6 ddf-n-continue 128 8192 4096+4096 UUUF idle",
		    "a0003/0001 b0003/0001 c0003/0001 d0003/0001 e0003/0003 | 00/02 a b c | 05/02 b c d e ");
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, 2), 0);
	commit(test, t1);
	expect_read(test, "five raid5 left-symmetric 128 8192 0+4096 UUF idle; six raid6 ddf-n-continue 128 8192 4096+4096 UFUF idle",
		    "a0003/0001 b0003/0001 c0003/0003 d0003/0001 e0003/0003 | 01/02 a b c | 01/02 b c d e ");
}

static void an_array_is_deleted_everywhere(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "overlap");
	t1 = begin(test);
	emd_change_delete_array(t1, 0);
	commit(test, t1);
	expect_read(test, "one raid1 none 128 2048 4096+2048 UU idle",
		    "a0005/0001 b0003/0001 c0003/0001 | 00/02 b c ");
	KUNIT_EXPECT_EQ(test, ddf_set(lab.cfg)->nr_records, 2);
	KUNIT_EXPECT_EQ(test, lab.cfg->arrays[0].native, 1);
}

/* A table that lists an array twice: found by the fuzzer, it came back after a delete. */
static void a_deleted_array_does_not_come_back(struct kunit *test)
{
	struct ddf_vde_ondisk *vde;
	struct emd_config *t1;
	unsigned int k;
	int which;

	load(test, "idle");
	for (k = 0; k < lab.nr; k++) {
		for (which = 0; which < 2; which++) {
			vde = (struct ddf_vde_ondisk *)(lab_copy(&lab.disk[k], which) + 130 * 512) + 1;
			vde[3] = vde[0];
			ddf_seal(false, false, lab_copy(&lab.disk[k], which) + 130 * 512, 32 * 512);
		}
	}
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle", NULL);
	t1 = begin(test);
	emd_change_delete_array(t1, 0);
	commit(test, t1);
	expect_read(test, "", "a0005/0001 b0005/0001 c0005/0001 ");
}

/* ---- power cuts --------------------------------------------------------------------------- */

static void fail_second(struct emd_config *t1)
{
	emd_change_fail_disk(t1, 1);
}

static void become_dirty(struct emd_config *t1)
{
	emd_change_dirty(t1, &t1->arrays[0], true);
}

static void take_spare(struct emd_config *t1)
{
	emd_change_activate_spare(t1, &t1->arrays[0], 1, 2);
}

static void replace_second(struct emd_config *t1)
{
	emd_change_replace_disk(t1, 1, 2, NULL);
}

static void remove_array(struct emd_config *t1)
{
	emd_change_delete_array(t1, 0);
}

/* A slot that is lost is lost, whatever it is called. */
static void lost_is_lost(struct line *line)
{
	char *c;

	for (c = line->text; *c; c++) {
		if (*c == 'F')
			*c = 'M';
	}
}

/*
 * Cut after every write and in the middle of every write, on every disk in turn, @first
 * before the others: what is read then is what was before or what was to be, nothing else.
 */
static void cut_everywhere(struct kunit *test,
			   void (*start)(struct kunit *test, const char *name),
			   const char *golden, unsigned int first,
			   void (*prepare)(struct emd_config *t1),
			   void (*change)(struct emd_config *t1))
{
	struct line before, after, now;
	struct emd_errmsg msg;
	struct emd_config *t1;
	unsigned int cut, k;
	int writes = 1, torn;
	u16 row;

	for (k = 0; k < 5; k++) {
		for (cut = 0; cut < writes; cut++) {
			for (torn = 0; torn < 2; torn++) {
				start(test, golden);
				if (k >= lab.nr)
					return;
				if (prepare) {
					t1 = begin(test);
					prepare(t1);
					commit(test, t1);
				}
				config_line(lab.cfg, &before);
				t1 = begin(test);
				change(t1);
				msg.text[0] = 0;
				KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, &msg), 0);
				config_line(t1, &after);
				/* Disks one after the other, this one torn. */
				for (row = 0; row < t1->nr_disks; row++) {
					unsigned int disk = t1->disks[row].handle - 1;
					unsigned int turn = disk == first ? 0 :
							    disk < first ? disk + 1 : disk;

					if (turn < k)
						lab_encode(&lab.disk[disk], t1, row);
					else if (turn == k)
						writes = lab_encode_some(&lab.disk[disk], t1, row, cut,
									 torn);
				}
				emd_config_free(t1);
				assemble(test);
				config_line(lab.cfg, &now);
				lost_is_lost(&before);
				lost_is_lost(&after);
				lost_is_lost(&now);
				KUNIT_EXPECT_TRUE_MSG(test,
						      !strcmp(now.text, before.text) ||
						      !strcmp(now.text, after.text),
						      "disk %u, write %u%s: %s", k, cut,
						      torn ? " torn" : "", now.text);
			}
		}
	}
}

static void power_cut_while_a_disk_is_failed(struct kunit *test)
{
	cut_everywhere(test, load, "idle", 0, NULL, fail_second);
}

static void power_cut_while_it_becomes_dirty(struct kunit *test)
{
	cut_everywhere(test, load, "idle", 0, NULL, become_dirty);
}

static void power_cut_while_a_spare_is_taken(struct kunit *test)
{
	cut_everywhere(test, load, "idle", 0, fail_second, take_spare);
}

static void power_cut_while_a_disk_is_replaced(struct kunit *test)
{
	cut_everywhere(test, load, "idle", 2, NULL, replace_second);
}

static void power_cut_while_an_array_is_deleted(struct kunit *test)
{
	cut_everywhere(test, load, "overlap", 0, NULL, remove_array);
}

/* A second array beside "ten"; both have lost c and are filled on e. */
static void load_two_rebuilt(struct kunit *test, const char *name)
{
	struct emd_create_args args = {
		.level = EMD_LEVEL_RAID10, .name = "more", .array_sectors = 4096, .clean = true,
		.nr_disks = 4, .disks = { 0, 1, 2, 3 },
	};
	struct emd_errmsg msg = {};
	struct emd_config *t1;

	load(test, name);
	t1 = begin(test);
	KUNIT_ASSERT_EQ_MSG(test, emd_ddf_ops.place_array(t1, &args, &msg), 0, "%s", msg.text);
	t1->arrays[1].handle = 2;
	commit(test, t1);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, 2), 0);
	commit(test, t1);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 2, 4), 0);
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[1], 2, 4), 0);
	commit(test, t1);
	expect_read(test, "ten raid10 adjacent 128 8192 0+4096 UURU rebuild 0; more raid10 adjacent 128 4096 4096+2048 UURU rebuild 0",
		    NULL);
}

static void fill_first(struct emd_config *t1)
{
	emd_change_sync_done(t1, &t1->arrays[0]);
}

/* The mark that it is being filled is in the tables, of all disks; the record on two. */
static void power_cut_while_one_of_two_is_filled(struct kunit *test)
{
	static const unsigned int firsts[] = { 0, 3, 4 };
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(firsts); i++)
		cut_everywhere(test, load_two_rebuilt, "ten", firsts[i], NULL, fill_first);
}

/* At every moment one copy is closed and whole: nobody needs to know our order. */
static void one_copy_is_always_closed_and_whole(struct kunit *test)
{
	struct emd_meta_image img;
	struct ddf_disk disk;
	struct emd_config *t1;
	int writes = 1, cut, torn;

	for (cut = 0; cut < writes; cut++) {
		for (torn = 0; torn < 2; torn++) {
			load(test, "idle");
			t1 = begin(test);
			become_dirty(t1);
			KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, NULL), 0);
			writes = lab_encode_some(&lab.disk[0], t1, 0, cut, torn);
			KUNIT_ASSERT_EQ(test, lab_read(&lab.disk[0], &img, NULL), 0);
			KUNIT_ASSERT_EQ(test, ddf_load(&img, &disk, NULL), 0);
			KUNIT_EXPECT_FALSE(test, disk.copy[disk.best].open);
			/* And with mdadm: the secondary where the primary is open. */
			if (disk.copy[0].open)
				KUNIT_EXPECT_FALSE(test, ddf_seq_after(disk.copy[0].seq,
								       disk.copy[1].seq));
			lab_image_free(&img);
			emd_config_free(t1);
		}
	}
}

/* ---- without a secondary -------------------------------------------------------------- */

/* As some controllers make them: one copy on each disk. */
static void load_single(struct kunit *test, const char *name)
{
	struct ddf_header_ondisk *header[2];
	unsigned int i, k;

	load(test, name);
	for (i = 0; i < lab.nr; i++) {
		header[0] = lab_header(&lab.disk[i], 0);
		header[1] = lab_anchor(&lab.disk[i]);
		for (k = 0; k < 2; k++) {
			memset(&header[k]->secondary_lba, 0xff, 8);
			ddf_seal(false, false, (u8 *)header[k], 512);
		}
	}
	assemble(test);
}

/* Whatever of its sections was written, the others vouch for it. */
static void a_torn_disk_without_secondary_stays_a_member(struct kunit *test)
{
	cut_everywhere(test, load_single, "idle", 0, NULL, become_dirty);
	cut_everywhere(test, load_single, "idle", 0, fail_second, take_spare);
	cut_everywhere(test, load_single, "overlap", 0, NULL, remove_array);
	cut_everywhere(test, load_single, "overlap", 0, NULL, become_dirty);
}

/* Written often since it was assembled: each is opened with the number that is on it. */
static void load_single_written(struct kunit *test, const char *name)
{
	unsigned int i;

	load_single(test, name);
	for (i = 0; i < 3; i++)
		commit(test, begin(test));
}

static void a_number_that_is_long_past_makes_no_disk_stale(struct kunit *test)
{
	cut_everywhere(test, load_single_written, "idle", 0, NULL, become_dirty);
	cut_everywhere(test, load_single_written, "overlap", 0, NULL, remove_array);
}

/* The rows of a table, as they are on the disk. */
static void *table_rows(const struct lab_disk *disk, unsigned int section)
{
	struct ddf_header_ondisk *header = lab_header(disk, 0);
	u32 offset = ddf_get32(false, header->section[section].offset);

	return lab_copy(disk, 0) + offset * 512 + sizeof(struct ddf_table_ondisk);
}

/*
 * mdadm opens a primary with the number to be. Cut off behind its tables, whose checksums
 * are right, and before its records.
 */
static void cut_mdadm_off(struct lab_disk *disk, const struct ddf_set *set)
{
	struct ddf_header_ondisk *header = lab_header(disk, 0);
	unsigned int s;

	header->open = 1;
	ddf_put32(set->le, &header->seq, ddf_seq_next(set->seq));
	ddf_seal(set->le, set->zlib, (u8 *)header, set->block);
	for (s = DDF_PDR; s <= DDF_VDR; s++)
		ddf_seal(set->le, set->zlib,
			 (u8 *)table_rows(disk, s) - sizeof(struct ddf_table_ondisk),
			 set->section[s]);
}

static void half_of_a_change_is_not_elected(struct kunit *test)
{
	struct ddf_vde_ondisk *vde;

	load_single(test, "idle");
	vde = table_rows(&lab.disk[0], DDF_VDR);
	memset(vde, 0xff, sizeof(*vde));
	cut_mdadm_off(&lab.disk[0], ddf_set(lab.cfg));
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle", NULL);
	commit(test, begin(test));
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle", NULL);
}

/* But who may have gone on alone is believed. */
static void half_of_a_change_that_tells_of_a_loss_is_elected(struct kunit *test)
{
	struct lab_disk *two[2] = { &lab.disk[1], &lab.disk[0] };
	struct ddf_pde_ondisk *pde;
	struct lab_election el;

	load_single(test, "idle");
	pde = table_rows(&lab.disk[0], DDF_PDR);
	ddf_put16(false, &pde[1].state, DDF_PD_FAILED | DDF_PD_MISSING);
	cut_mdadm_off(&lab.disk[0], ddf_set(lab.cfg));
	KUNIT_EXPECT_EQ(test, lab_elect(two, 2, &el, NULL), 1);
	KUNIT_EXPECT_EQ(test, el.verdicts[0], EMD_VERDICT_STALE);
	KUNIT_EXPECT_EQ(test, el.verdicts[1], EMD_VERDICT_MEMBER);
	lab_election_free(&el);
}

/* Its first disk is in the middle of a change of the table of virtual disks. */
static void tear_first(struct kunit *test)
{
	struct emd_config *t1 = begin(test);

	become_dirty(t1);
	KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, NULL), 0);
	KUNIT_ASSERT_EQ(test, lab_encode_some(&lab.disk[0], t1, 0, 1, false), 3);
	emd_config_free(t1);
	lab_copy(&lab.disk[0], 0)[130 * 512 + 100] ^= 1;
}

static void a_torn_disk_needs_others_that_vouch_for_it(struct kunit *test)
{
	struct lab_disk *alone[1] = { &lab.disk[0] };
	struct emd_errmsg msg = {};
	struct lab_election el;
	struct emd_config *cfg;

	load_single(test, "idle");
	tear_first(test);
	cfg = lab_decode(&lab.disk[0], &msg);
	KUNIT_EXPECT_EQ(test, PTR_ERR(cfg), -EUCLEAN);
	KUNIT_EXPECT_STREQ(test, msg.text,
			   "the only copy of the structure was cut off in the middle of a change");
	KUNIT_EXPECT_EQ(test, lab_elect(alone, 1, &el, NULL), -ENODATA);
	lab_election_free(&el);

	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle", NULL);

	/* Who is also whole is not torn. */
	lab_disk_exit(&lab.disk[2]);
	KUNIT_ASSERT_EQ(test, golden_disk(golden_find("idle"), 0, &lab.disk[2]), 0);
	KUNIT_EXPECT_TRUE(test, lab_elect(lab.disks, 3, &el, NULL) > 0);
	KUNIT_EXPECT_EQ(test, el.verdicts[0], EMD_VERDICT_FOREIGN);
	lab_election_free(&el);
}

/* Another record of its own is torn: what the others have is taken. */
static void a_torn_record_is_taken_from_the_others(struct kunit *test)
{
	u8 *record;

	load_single(test, "idle");
	tear_first(test);
	lab_copy(&lab.disk[0], 0)[130 * 512 + 100] ^= 1;
	record = lab_copy(&lab.disk[0], 0) + 162 * 512;
	while (record[0] != 0xee)
		record += 7 * 512;
	record[80] ^= 1;
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle", NULL);
	assemble(test);
	commit(test, begin(test));
	lab.disks[0] = &lab.disk[0];
	lab.nr = 1;
	assemble(test);
	expect(test, "mirror raid1 none 128 8192 0+8192 UM idle", NULL);
}

/* It went on alone, and was torn later: the other's word must not count. */
static void a_torn_disk_that_ran_alone_stops_all(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct lab_election el;
	struct emd_config *t1;

	load_single(test, "idle");
	t1 = begin(test);
	fail_second(t1);
	KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, NULL), 0);
	KUNIT_ASSERT_TRUE(test, lab_encode(&lab.disk[0], t1, 0) > 0);
	emd_config_free(lab.cfg);
	lab.cfg = t1;
	tear_first(test);
	KUNIT_EXPECT_EQ(test, lab_elect(lab.disks, 2, &el, &msg), -ENOTUNIQ);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, "may have gone on without"), "%s", msg.text);
	KUNIT_EXPECT_EQ(test, el.verdicts[0], EMD_VERDICT_FOREIGN);
	KUNIT_EXPECT_EQ(test, el.verdicts[1], EMD_VERDICT_CONFLICT);
	lab_election_free(&el);
}

/* ---- writing less ------------------------------------------------------------------------ */

static void only_what_changed_is_written(struct kunit *test)
{
	struct emd_meta_writes out = {};
	struct emd_config *t1;
	unsigned int i, bytes = 0;

	load(test, "idle");
	t1 = begin(test);
	become_dirty(t1);
	commit(test, t1);		/* the first writes everything */
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], false);
	commit(test, t1);
	out.buf_len = emd_ddf_ops.encode_max(lab.cfg);
	out.buf = kvzalloc(out.buf_len, GFP_KERNEL);
	KUNIT_ASSERT_EQ(test, emd_ddf_ops.encode(lab.cfg, 0, &out), 0);
	for (i = 0; i < out.nr; i++)
		bytes += out.writes[i].len;
	KUNIT_EXPECT_EQ(test, out.nr, 6);
	/* Four headers and twice the table of virtual disks. */
	KUNIT_EXPECT_EQ(test, bytes, 4 * 512 + 2 * 32 * 512);
	kvfree(out.buf);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle", NULL);
}

static void what_was_given_up_is_outranked(struct kunit *test)
{
	struct emd_config *t1, *back;

	load(test, "init");
	t1 = begin(test);
	emd_change_sync_start(t1, &t1->arrays[0], EMD_SYNC_RESYNC, 2048);
	commit(test, t1);
	/* T1 reached one disk when it was given up. */
	t1 = begin(test);
	emd_change_fail_disk(t1, 1);
	KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, NULL), 0);
	lab_encode(&lab.disk[0], t1, 0);
	back = begin(test);
	emd_ddf_ops.supersede(back, t1->generation);
	KUNIT_EXPECT_EQ(test, back->generation, t1->generation + 1);
	KUNIT_ASSERT_EQ(test, lab_encode_all(lab.disks, back), 0);
	emd_config_free(t1);
	emd_config_free(back);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU resync 2048 uninitialised", NULL);
}

/*
 * c was to be replaced by e: e and some of the others have it so, then one refused, and all
 * that can be written get the old state again. @kept: disks that the new state stays on.
 */
static void give_up_replace(struct kunit *test, u32 reached, u32 kept)
{
	struct emd_config *t1, *back, *next;
	struct line want, now;
	u16 row;

	load(test, "ten");
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_replace_disk(t1, 2, 4, NULL), 0);
	KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, NULL), 0);
	for (row = 0; row < t1->nr_disks; row++) {
		if (reached & BIT(row))
			lab_encode(&lab.disk[row], t1, row);
	}
	back = begin(test);
	emd_ddf_ops.supersede(back, t1->generation);
	for (row = 0; row < back->nr_disks; row++) {
		if (!(kept & BIT(row)))
			lab_encode(&lab.disk[row], back, row);
	}
	emd_config_free(t1);
	/* Who refused is written off with what comes next. */
	next = lab_next(back);
	for (row = 0; row < 4; row++) {
		if (kept & BIT(row))
			emd_change_fail_disk(next, row);
	}
	emd_change_dirty(next, &next->arrays[0], true);
	KUNIT_ASSERT_EQ(test, lab_commit(back, next, NULL), 0);
	for (row = 0; row < next->nr_disks; row++) {
		if (!(kept & BIT(row)))
			lab_encode(&lab.disk[row], next, row);
	}
	emd_config_free(back);
	emd_config_free(lab.cfg);
	lab.cfg = next;
	config_line(lab.cfg, &want);
	assemble(test);
	config_line(lab.cfg, &now);
	lost_is_lost(&want);
	lost_is_lost(&now);
	KUNIT_EXPECT_STREQ(test, now.text, want.text);
	KUNIT_EXPECT_EQ_MSG(test, emd_config_member(lab.cfg, &lab.cfg->arrays[0], 2)->disk, 2,
			    "reached %x kept %x", reached, kept);
}

static void what_a_disk_keeps_that_refuses_is_not_believed(struct kunit *test)
{
	u32 reached, kept;

	/* e comes first. */
	for (reached = 0; reached < 16; reached++) {
		for (kept = 0; kept < 32; kept++) {
			if (kept & ~(reached | BIT(4)) || kept & BIT(2) ||
			    hweight32(kept & 15) > 1)
				continue;
			/* Both halves of the pair: nobody is left who took part. */
			if ((kept & (BIT(3) | BIT(4))) == (BIT(3) | BIT(4)))
				continue;
			lab_exit(test);
			give_up_replace(test, reached | BIT(4), kept);
		}
	}
}

/*
 * b refuses an update that all others get; it is made again, with b written off. Power may
 * fail after each disk: none of the others is out of date.
 */
static void an_update_that_is_made_again_makes_no_disk_stale(struct kunit *test)
{
	static const u8 first[] = { 0, 2, 3, 4 }, orders[][4] = {
		{ 0, 2, 3, 4 }, { 4, 3, 2, 0 }, { 2, 4, 0, 3 },
	};
	struct emd_config *t1, *again;
	struct line want, now;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(orders); i++) {
		lab_exit(test);
		load(test, "ten");
		t1 = begin(test);
		emd_change_dirty(t1, &t1->arrays[0], true);
		KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, t1, NULL), 0);
		for (k = 0; k < ARRAY_SIZE(first); k++)
			lab_encode(&lab.disk[first[k]], t1, first[k]);
		again = begin(test);
		emd_ddf_ops.supersede(again, t1->generation);
		emd_change_dirty(again, &again->arrays[0], true);
		emd_change_fail_disk(again, 1);
		KUNIT_ASSERT_EQ(test, lab_commit(lab.cfg, again, NULL), 0);
		KUNIT_EXPECT_EQ(test, again->generation, t1->generation + 1);
		for (k = 0; k < 4; k++) {
			lab_encode(&lab.disk[orders[i][k]], again, orders[i][k]);
			assemble(test);
			config_line(lab.cfg, &now);
			lost_is_lost(&now);
			config_line(again, &want);
			lost_is_lost(&want);
			KUNIT_EXPECT_STREQ(test, now.text, want.text);
		}
		emd_config_free(again);
		emd_config_free(t1);
	}
}

/* ---- elections ----------------------------------------------------------------------------- */

static void set_seq(unsigned int disk, u32 seq)
{
	int which;

	for (which = 0; which < 2; which++) {
		ddf_put32(false, &lab_header(&lab.disk[disk], which)->seq, seq);
		ddf_seal(false, false, lab_copy(&lab.disk[disk], which), 512);
	}
}

static void one_update_behind_is_late_two_are_stale(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct lab_election el;

	load(test, "idle");
	set_seq(0, 10);
	KUNIT_EXPECT_EQ(test, lab_elect(lab.disks, lab.nr, &el, &msg), 0);
	KUNIT_EXPECT_EQ(test, el.verdicts[1], EMD_VERDICT_MEMBER);
	lab_election_free(&el);
	set_seq(0, 11);
	KUNIT_EXPECT_EQ(test, lab_elect(lab.disks, lab.nr, &el, &msg), 0);
	KUNIT_EXPECT_EQ(test, el.verdicts[1], EMD_VERDICT_STALE);
	/* A spare has nothing to be out of date. */
	KUNIT_EXPECT_EQ(test, el.verdicts[2], EMD_VERDICT_MEMBER);
	lab_election_free(&el);
}

static void numbers_count_on_past_their_end(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct lab_election el;

	load(test, "idle");
	set_seq(0, 0xfffffffe);
	set_seq(1, 0x00000001);
	set_seq(2, 0x00000001);
	KUNIT_EXPECT_NE(test, lab_elect(lab.disks, lab.nr, &el, &msg), 0);
	lab_election_free(&el);
}

/* Run one disk of the mirror alone: it is told that the other is gone, and written. */
static void run_alone(struct kunit *test, unsigned int disk)
{
	struct lab_disk *only = &lab.disk[disk];
	struct emd_errmsg msg = {};
	struct emd_config *t0, *t1;

	t0 = lab_assemble(&only, 1, &msg);
	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(t0), "%s", msg.text);
	t1 = lab_next(t0);
	emd_change_dirty(t1, &t1->arrays[0], true);
	KUNIT_ASSERT_EQ(test, lab_commit(t0, t1, &msg), 0);
	KUNIT_ASSERT_EQ(test, lab_encode_all(&only, t1), 0);
	emd_config_free(t0);
	emd_config_free(t1);
}

static void who_ran_alone_is_right(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct lab_election el;

	load(test, "idle");
	run_alone(test, 1);
	KUNIT_EXPECT_EQ(test, lab_elect(lab.disks, 2, &el, &msg), 1);
	KUNIT_EXPECT_EQ(test, el.verdicts[0], EMD_VERDICT_STALE);
	lab_election_free(&el);
}

static void halves_that_ran_apart_are_not_merged(struct kunit *test)
{
	struct lab_disk *turned[2];
	struct emd_errmsg msg = {};
	struct lab_election el;

	load(test, "idle");
	run_alone(test, 0);
	run_alone(test, 1);
	run_alone(test, 1);
	KUNIT_EXPECT_EQ(test, lab_elect(lab.disks, 2, &el, &msg), -ENOTUNIQ);
	KUNIT_EXPECT_EQ(test, el.verdicts[0], EMD_VERDICT_CONFLICT);
	KUNIT_EXPECT_EQ(test, el.verdicts[1], EMD_VERDICT_CONFLICT);
	lab_election_free(&el);
	turned[0] = lab.disks[1];
	turned[1] = lab.disks[0];
	KUNIT_EXPECT_EQ(test, lab_elect(turned, 2, &el, &msg), -ENOTUNIQ);
	lab_election_free(&el);
}

static void the_same_disk_twice_is_nobody(struct kunit *test)
{
	struct lab_disk *twice[3];
	struct emd_errmsg msg = {};
	struct lab_election el;

	load(test, "idle");
	twice[0] = lab.disks[0];
	twice[1] = lab.disks[1];
	twice[2] = lab.disks[1];
	KUNIT_EXPECT_EQ(test, lab_elect(twice, 3, &el, &msg), 0);
	KUNIT_EXPECT_EQ(test, el.verdicts[0], EMD_VERDICT_MEMBER);
	KUNIT_EXPECT_EQ(test, el.verdicts[1], EMD_VERDICT_CONFLICT);
	KUNIT_EXPECT_EQ(test, el.verdicts[2], EMD_VERDICT_CONFLICT);
	lab_election_free(&el);
}

static void a_disk_that_was_written_off_is_stale(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct lab_election el;
	int champion;

	load(test, "failed");
	champion = lab_elect(lab.disks, lab.nr, &el, &msg);
	KUNIT_EXPECT_EQ(test, champion, 2);
	KUNIT_EXPECT_EQ(test, el.verdicts[0], EMD_VERDICT_STALE);
	KUNIT_EXPECT_EQ(test, el.verdicts[1], EMD_VERDICT_STALE);
	lab_election_free(&el);
}

/* Every order of the disks: the same truth, to the byte. */
static void order_does_not_matter(struct kunit *test)
{
	static const char *const names[] = { "overlap", "rebuild", "failed", "init" };
	static const u8 orders[][3] = {
		{ 0, 1, 2 }, { 0, 2, 1 }, { 1, 0, 2 }, { 1, 2, 0 }, { 2, 0, 1 }, { 2, 1, 0 },
	};
	struct lab_disk *turned[3];
	struct emd_config *first, *cfg;
	unsigned int i, k, d;

	for (i = 0; i < ARRAY_SIZE(names); i++) {
		load(test, names[i]);
		/* The last one is late. */
		set_seq(2, ddf_get32(false, lab_header(&lab.disk[2], 0)->seq) - 1);
		first = NULL;
		for (k = 0; k < ARRAY_SIZE(orders); k++) {
			for (d = 0; d < 3; d++)
				turned[d] = lab.disks[orders[k][d]];
			cfg = lab_assemble(turned, 3, NULL);
			KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
			if (!first) {
				first = cfg;
				continue;
			}
			KUNIT_EXPECT_EQ(test, cfg->native_len, first->native_len);
			KUNIT_EXPECT_MEMEQ_MSG(test, cfg->native, first->native, first->native_len,
					       "%s, order %u", names[i], k);
			emd_config_free(cfg);
		}
		emd_config_free(first);
	}
}

static void what_one_disk_does_not_know_is_waited_for(struct kunit *test)
{
	struct line line;
	struct emd_config *cfg;

	load(test, "overlap");
	cfg = lab_decode(&lab.disk[0], NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	config_line(cfg, &line);
	KUNIT_EXPECT_STREQ(test, line.text,
			   "zero raid0 none 128 8192 0+4096 UU idle; one concat none 0 0 0+0 ? idle no-start");
	emd_config_free(cfg);

	load(test, "ten");
	lab.nr = 2;
	assemble(test);
	expect(test, "ten raid10 adjacent 128 8192 0+4096 UU?? idle no-start", NULL);
}

/* ---- names and spares -------------------------------------------------------------------- */

static void an_array_is_renamed(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "idle");
	t1 = begin(test);
	emd_change_rename(&t1->arrays[0], "sixteen-letters-");
	commit(test, t1);
	expect_read(test, "sixteen-letters- raid1 none 128 8192 0+8192 UU idle",
		    "a0003/0001 b0003/0001 c0005/0001 | 00/02 a b ");
	t1 = begin(test);
	emd_change_rename(&t1->arrays[0], "b");
	emd_change_dirty(t1, &t1->arrays[0], true);
	commit(test, t1);
	expect_read(test, "b raid1 none 128 8192 0+8192 UU idle dirty", NULL);
}

static void names_that_cannot_be(struct kunit *test)
{
	load(test, "parity");
	expect_not_called(test, 0, "seventeen-letters", "name of 17 characters, need 1 to 16");
	expect_not_called(test, 0, "a/b", "name a/b, need letters");
	expect_not_called(test, 0, "six", "two arrays named six");
}

/* A name that others wrote is not ours to make safe as long as it stays. */
static void what_is_not_renamed_keeps_its_bytes(struct kunit *test)
{
	struct emd_config *t1;
	unsigned int i;

	load(test, "idle");
	for (i = 0; i < DDF_NAME_LEN; i++)
		ddf_vde(ddf_set(lab.cfg), 0)->name[i] = i < 3 ? "a/b"[i] : ' ';
	strscpy(lab.cfg->arrays[0].name, "a_b", sizeof(lab.cfg->arrays[0].name));
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	commit(test, t1);
	KUNIT_EXPECT_MEMEQ(test, ddf_vde(ddf_set(lab.cfg), 0)->name, "a/b             ", DDF_NAME_LEN);
}

/* The third disk, for which a golden container has nothing to do. */
static void dedicate(struct kunit *test, u16 disk, u16 array)
{
	struct emd_config *t1 = begin(test);

	KUNIT_ASSERT_EQ(test, emd_change_assign_spare(t1, disk, EMD_SPARE_DEDICATED, &array, 1), 0);
	commit(test, t1);
	assemble(test);
}

static void a_spare_is_for_one_array(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct emd_config *t1;
	u16 both[] = { 1, 0 };

	load(test, "parity");
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, 4), 0);
	commit(test, t1);
	/* What is left without an array is a spare: the disk of the second alone. */
	t1 = begin(test);
	emd_change_delete_array(t1, 1);
	commit(test, t1);
	assemble(test);
	KUNIT_ASSERT_EQ(test, lab.cfg->disks[3].state, EMD_DISK_SPARE);
	KUNIT_EXPECT_EQ(test, lab.cfg->disks[3].scope, EMD_SPARE_GLOBAL);

	dedicate(test, 3, 0);
	KUNIT_EXPECT_EQ(test, lab.cfg->disks[3].scope, EMD_SPARE_DEDICATED);
	KUNIT_ASSERT_EQ(test, lab.cfg->disks[3].nr_serves, 1);
	KUNIT_EXPECT_EQ(test, lab.cfg->disks[3].serves[0], 0);
	KUNIT_EXPECT_EQ(test, ddf_get16(ddf_set(lab.cfg)->le, ddf_pde(ddf_set(lab.cfg), 3)->type),
			DDF_PD_FORCED_GUID | DDF_PD_SPARE);
	KUNIT_EXPECT_GE(test, ddf_find_spare(ddf_set(lab.cfg),
					     ddf_find_part(ddf_set(lab.cfg), 3)), 0);

	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_fail_disk(t1, 0), 0);
	commit(test, t1);
	t1 = begin(test);
	KUNIT_EXPECT_EQ(test, emd_ddf_ops.can_take(t1, 0, 0, 3, &msg), 0);
	t1->disks[3].nr_serves = 0;
	KUNIT_EXPECT_EQ(test, emd_ddf_ops.can_take(t1, 0, 0, 3, &msg), -EINVAL);
	KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, "is a spare for other arrays"), "%s", msg.text);
	t1->disks[3].nr_serves = 1;
	/* When it is taken, what it was for goes. */
	KUNIT_ASSERT_EQ(test, emd_change_activate_spare(t1, &t1->arrays[0], 0, 3), 0);
	commit(test, t1);
	assemble(test);
	KUNIT_EXPECT_LT(test, ddf_find_spare(ddf_set(lab.cfg),
					     ddf_find_part(ddf_set(lab.cfg), 3)), 0);
	t1 = begin(test);
	KUNIT_EXPECT_EQ(test, emd_change_assign_spare(t1, 3, EMD_SPARE_DEDICATED, both, 1), -EINVAL);
	emd_config_free(t1);
}

static void a_spare_whose_array_is_deleted_is_for_all(struct kunit *test)
{
	struct emd_config *t1;

	load(test, "idle");
	dedicate(test, 2, 0);
	KUNIT_EXPECT_EQ(test, lab.cfg->disks[2].scope, EMD_SPARE_DEDICATED);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_assign_spare(t1, 2, EMD_SPARE_GLOBAL, NULL, 0), 0);
	commit(test, t1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle",
		    "a0003/0001 b0003/0001 c0005/0001 | 00/02 a b ");
	dedicate(test, 2, 0);
	t1 = begin(test);
	emd_change_delete_array(t1, 0);
	commit(test, t1);
	assemble(test);
	KUNIT_EXPECT_EQ(test, lab.cfg->disks[2].scope, EMD_SPARE_GLOBAL);
}

/* Its array was deleted while it was away. */
static void a_spare_for_what_is_no_more_is_for_all(struct kunit *test)
{
	struct ddf_spare_ondisk *spare;
	struct ddf_set *set;

	load(test, "idle");
	dedicate(test, 2, 0);
	set = ddf_set(lab.cfg);
	spare = ddf_spare(ddf_record(set, ddf_find_spare(set, ddf_find_part(set, 2))));
	ddf_spare_entries(spare)->guid[20] ^= 1;
	ddf_seal(set->le, set->zlib, (u8 *)spare, set->record);
	ddf_decode_spare(lab.cfg, &lab.cfg->disks[2]);
	KUNIT_EXPECT_EQ(test, lab.cfg->disks[2].scope, EMD_SPARE_GLOBAL);
}

/* Type bits, reserved bytes and entries of another driver outlive our changes. */
static void what_another_wrote_into_a_spares_record_stays(struct kunit *test)
{
	struct ddf_spare_entry_ondisk *entry;
	struct ddf_spare_ondisk *spare;
	u16 both[] = { 0, 1 };
	struct emd_config *t1;
	struct ddf_set *set;
	int record;

	load(test, "overlap");
	/* Of two arrays the second goes, and leaves the third disk as a spare. */
	t1 = begin(test);
	emd_change_delete_array(t1, 1);
	commit(test, t1);
	assemble(test);
	KUNIT_ASSERT_EQ(test, lab.cfg->nr_arrays, 1);
	KUNIT_ASSERT_EQ(test, lab.cfg->disks[2].state, EMD_DISK_SPARE);
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_assign_spare(t1, 2, EMD_SPARE_DEDICATED, both, 1), 0);
	commit(test, t1);

	set = ddf_set(lab.cfg);
	record = ddf_find_spare(set, ddf_find_part(set, 2));
	KUNIT_ASSERT_TRUE(test, record >= 0);
	spare = ddf_spare(ddf_record(set, record));
	spare->type |= DDF_SPARE_AFFINITY;
	spare->reserved2[3] = 0x42;
	entry = ddf_spare_entries(spare);
	/* One of an array that is no more, one with something of its own. */
	entry[1] = entry[0];
	entry[1].reserved[2] = 0x17;
	entry[0].guid[20] ^= 1;
	ddf_put16(set->le, &spare->populated, 2);
	ddf_seal(set->le, set->zlib, (u8 *)spare, set->record);
	lab.cfg->disks[2].nr_serves = 0;
	t1 = begin(test);
	KUNIT_ASSERT_EQ(test, emd_change_assign_spare(t1, 2, EMD_SPARE_DEDICATED, both, 1), 0);
	commit(test, t1);
	assemble(test);
	KUNIT_ASSERT_EQ(test, lab.cfg->disks[2].nr_serves, 1);
	set = ddf_set(lab.cfg);
	record = ddf_find_spare(set, ddf_find_part(set, 2));
	KUNIT_ASSERT_TRUE(test, record >= 0);
	spare = ddf_spare(ddf_record(set, record));
	entry = ddf_spare_entries(spare);
	KUNIT_EXPECT_EQ(test, spare->type, DDF_SPARE_DEDICATED | DDF_SPARE_AFFINITY);
	KUNIT_EXPECT_EQ(test, spare->reserved2[3], 0x42);
	KUNIT_EXPECT_EQ(test, ddf_get16(set->le, spare->populated), 1);
	KUNIT_EXPECT_EQ(test, entry[0].reserved[2], 0x17);
	KUNIT_EXPECT_EQ(test, entry[1].guid[0], 0xff);
}

/* It was away while the others went on, and says what it is for. */
static void a_spare_that_was_away_is_one_again(struct kunit *test)
{
	struct emd_config *t1, *seen;

	load(test, "idle");
	dedicate(test, 2, 0);
	lab.nr = 2;
	assemble(test);
	KUNIT_ASSERT_EQ(test, lab.cfg->disks[2].state, EMD_DISK_SPARE);
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], true);
	commit(test, t1);
	lab.nr = 3;
	seen = lab_decode(&lab.disk[2], NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(seen));
	t1 = begin(test);
	t1->disks[2].handle = 3;
	emd_ddf_ops.adopt(t1, 2, seen);
	emd_config_free(seen);
	KUNIT_EXPECT_EQ(test, t1->disks[2].scope, EMD_SPARE_DEDICATED);
	emd_config_free(lab.cfg);
	lab.cfg = t1;
	t1 = begin(test);
	emd_change_dirty(t1, &t1->arrays[0], false);
	commit(test, t1);
	assemble(test);
	KUNIT_EXPECT_EQ(test, lab.cfg->disks[2].scope, EMD_SPARE_DEDICATED);
	KUNIT_EXPECT_EQ(test, lab.cfg->disks[2].nr_serves, 1);
	expect_read(test, "mirror raid1 none 128 8192 0+8192 UU idle", NULL);
}

static struct kunit_case meta_ddf_change_cases[] = {
	KUNIT_CASE(an_array_is_renamed),
	KUNIT_CASE(names_that_cannot_be),
	KUNIT_CASE(what_is_not_renamed_keeps_its_bytes),
	KUNIT_CASE(a_spare_is_for_one_array),
	KUNIT_CASE(a_spare_whose_array_is_deleted_is_for_all),
	KUNIT_CASE(a_spare_for_what_is_no_more_is_for_all),
	KUNIT_CASE(what_another_wrote_into_a_spares_record_stays),
	KUNIT_CASE(a_spare_that_was_away_is_one_again),
	KUNIT_CASE(dirty_and_clean_are_one_bit),
	KUNIT_CASE(a_disk_fails_and_a_spare_takes_over),
	KUNIT_CASE(a_disk_is_replaced),
	KUNIT_CASE(the_last_copy_is_replaced),
	KUNIT_CASE(a_disk_that_is_gone_keeps_its_place),
	KUNIT_CASE(the_first_resync_goes_on_where_it_was),
	KUNIT_CASE(a_later_resync_is_not_consistent),
	KUNIT_CASE(what_others_wrote_makes_our_notes_void),
	KUNIT_CASE(a_shared_disk_is_not_named_before_it_is_full),
	KUNIT_CASE(without_our_notes_it_is_just_degraded),
	KUNIT_CASE(a_lost_slot_on_a_good_disk_names_none),
	KUNIT_CASE(raid10_loses_one_of_each_pair),
	KUNIT_CASE(raid6_is_partially_optimal_first),
	KUNIT_CASE(an_array_is_deleted_everywhere),
	KUNIT_CASE(a_deleted_array_does_not_come_back),
	KUNIT_CASE(power_cut_while_a_disk_is_failed),
	KUNIT_CASE(power_cut_while_it_becomes_dirty),
	KUNIT_CASE(power_cut_while_a_spare_is_taken),
	KUNIT_CASE(power_cut_while_a_disk_is_replaced),
	KUNIT_CASE(power_cut_while_an_array_is_deleted),
	KUNIT_CASE(power_cut_while_one_of_two_is_filled),
	KUNIT_CASE(one_copy_is_always_closed_and_whole),
	KUNIT_CASE(a_torn_disk_without_secondary_stays_a_member),
	KUNIT_CASE(a_number_that_is_long_past_makes_no_disk_stale),
	KUNIT_CASE(half_of_a_change_is_not_elected),
	KUNIT_CASE(half_of_a_change_that_tells_of_a_loss_is_elected),
	KUNIT_CASE(a_torn_disk_needs_others_that_vouch_for_it),
	KUNIT_CASE(a_torn_record_is_taken_from_the_others),
	KUNIT_CASE(a_torn_disk_that_ran_alone_stops_all),
	KUNIT_CASE(only_what_changed_is_written),
	KUNIT_CASE(what_was_given_up_is_outranked),
	KUNIT_CASE(what_a_disk_keeps_that_refuses_is_not_believed),
	KUNIT_CASE(an_update_that_is_made_again_makes_no_disk_stale),
	KUNIT_CASE(one_update_behind_is_late_two_are_stale),
	KUNIT_CASE(numbers_count_on_past_their_end),
	KUNIT_CASE(who_ran_alone_is_right),
	KUNIT_CASE(halves_that_ran_apart_are_not_merged),
	KUNIT_CASE(the_same_disk_twice_is_nobody),
	KUNIT_CASE(a_disk_that_was_written_off_is_stale),
	KUNIT_CASE(order_does_not_matter),
	KUNIT_CASE(what_one_disk_does_not_know_is_waited_for),
	{}
};

static struct kunit_suite meta_ddf_change_suite = {
	.name = "emd_meta_ddf_change",
	.init = lab_init,
	.exit = lab_exit,
	.test_cases = meta_ddf_change_cases,
};

kunit_test_suite(meta_ddf_change_suite);
