// SPDX-License-Identifier: GPL-2.0
/*
 * Configs, whatever the format: room, copies, edits, and what is refused.
 */
#include <kunit/test.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "meta/meta.h"

#define ARRAY_SECTORS	8192

/* Two disks, a spare, a mirror on the two. */
static struct emd_config *make(struct kunit *test, u16 more_disks)
{
	struct emd_config_room room = {
		.disks = 3 + more_disks, .arrays = 1, .members = 2, .native = 16,
	};
	struct emd_config *cfg = emd_config_alloc(&room);
	struct emd_config_array *ca;
	u16 i;

	KUNIT_ASSERT_NOT_NULL(test, cfg);
	cfg->ops = &emd_imsm_ops;
	cfg->block_size = 512;
	for (i = 0; i < 3; i++) {
		snprintf(cfg->disks[i].id, sizeof(cfg->disks[i].id), "disk%u", i);
		cfg->disks[i].handle = 10 + i;
		cfg->disks[i].sectors = 100000;
		cfg->disks[i].state = i < 2 ? EMD_DISK_ACTIVE : EMD_DISK_SPARE;
		cfg->disks[i].native = i < 2 ? i : EMD_NO_DISK;
	}
	cfg->nr_disks = 3;
	ca = &cfg->arrays[0];
	strscpy(ca->name, "mirror", sizeof(ca->name));
	ca->handle = 5;
	ca->geo = (struct emd_geometry) {
		.level = EMD_LEVEL_RAID1,
		.nr_members = 2,
		.nr_copies = 2,
		.strip_sectors = 128,
		.member_sectors = ARRAY_SECTORS,
		.array_sectors = ARRAY_SECTORS,
	};
	ca->initialised = true;
	for (i = 0; i < 2; i++) {
		cfg->members[i].disk = i;
		cfg->members[i].start_sector = 1000;
		cfg->members[i].nr_sectors = ARRAY_SECTORS;
	}
	cfg->nr_arrays = 1;
	cfg->nr_members = 2;
	return cfg;
}

/* Four disks, a RAID10 on them. */
static struct emd_config *make_ten(struct kunit *test)
{
	struct emd_config_room room = { .disks = 5, .arrays = 1, .members = 4 };
	struct emd_config *cfg = emd_config_alloc(&room);
	struct emd_config_array *ca;
	u16 i;

	KUNIT_ASSERT_NOT_NULL(test, cfg);
	cfg->ops = &emd_imsm_ops;
	cfg->block_size = 512;
	cfg->nr_disks = 4;
	cfg->nr_arrays = 1;
	cfg->nr_members = 4;
	ca = &cfg->arrays[0];
	strscpy(ca->name, "ten", sizeof(ca->name));
	ca->geo = (struct emd_geometry) {
		.level = EMD_LEVEL_RAID10,
		.layout = EMD_LAYOUT_ADJACENT,
		.nr_members = 4,
		.nr_copies = 2,
		.strip_sectors = 128,
		.member_sectors = ARRAY_SECTORS,
		.array_sectors = 2 * ARRAY_SECTORS,
	};
	ca->initialised = true;
	for (i = 0; i < 4; i++) {
		snprintf(cfg->disks[i].id, sizeof(cfg->disks[i].id), "ten%u", i);
		cfg->disks[i].sectors = 100000;
		cfg->members[i].disk = i;
		cfg->members[i].nr_sectors = ARRAY_SECTORS;
	}
	return cfg;
}

static void a_sound_config_passes(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct emd_config *cfg = make(test, 0), *ten = make_ten(test);

	KUNIT_EXPECT_EQ_MSG(test, emd_config_check(cfg, &msg), 0, "%s", msg.text);
	KUNIT_EXPECT_EQ_MSG(test, emd_config_check(ten, &msg), 0, "%s", msg.text);
	emd_config_free(cfg);
	emd_config_free(ten);
}

static void copy_keeps_content_and_room_apart(struct kunit *test)
{
	struct emd_config *cfg = make(test, 0), *copy = make(test, 4);

	cfg->generation = 77;
	cfg->native_len = 16;
	memset(cfg->native, 0x5a, 16);
	KUNIT_EXPECT_EQ(test, emd_config_copy(copy, cfg), 0);
	KUNIT_EXPECT_EQ(test, copy->max_disks, 7);
	KUNIT_EXPECT_EQ(test, copy->generation, 77);
	KUNIT_EXPECT_MEMEQ(test, copy->native, cfg->native, 16);
	KUNIT_EXPECT_MEMEQ(test, copy->disks, cfg->disks, 3 * sizeof(*cfg->disks));
	KUNIT_EXPECT_TRUE(test, copy->disks != cfg->disks);

	/* Back into less room than there is to copy. */
	copy->nr_disks = 4;
	KUNIT_EXPECT_EQ(test, emd_config_copy(cfg, copy), -ENOSPC);
	KUNIT_EXPECT_EQ(test, cfg->nr_disks, 3);
	emd_config_free(cfg);
	emd_config_free(copy);
}

struct defect {
	const char *name;
	void (*make)(struct emd_config *cfg);
	const char *reason;	/* part of it */
};

static void no_name(struct emd_config *cfg) { cfg->arrays[0].name[0] = '\0'; }
static void odd_block(struct emd_config *cfg) { cfg->block_size = 520; }
static void twin_device(struct emd_config *cfg) { cfg->disks[1].handle = 10; }
static void stray_disk(struct emd_config *cfg) { cfg->members[1].disk = 3; }
static void twin_slot(struct emd_config *cfg) { cfg->members[1] = cfg->members[0]; }
static void empty_slot(struct emd_config *cfg) { cfg->members[1].disk = EMD_NO_DISK; }
static void dead_disk(struct emd_config *cfg) { cfg->disks[1].state = EMD_DISK_FAILED; }
static void off_disk(struct emd_config *cfg) { cfg->members[1].start_sector = 95000; }
static void wrapping(struct emd_config *cfg) { cfg->members[1].start_sector = U64_MAX - 4; }
static void stray_members(struct emd_config *cfg) { cfg->arrays[0].first_member = 1; }
static void lone_rebuild(struct emd_config *cfg) { cfg->arrays[0].sync = EMD_SYNC_REBUILD; }
static void lone_slot(struct emd_config *cfg) { cfg->members[1].state = EMD_MEMBER_REBUILDING; }
static void far_sync(struct emd_config *cfg) { cfg->arrays[0].sync_sector = ARRAY_SECTORS + 1; }
static void odd_sync(struct emd_config *cfg) { cfg->arrays[0].sync = EMD_SYNC_CHECK; }
static void odd_shape(struct emd_config *cfg) { cfg->arrays[0].geo.nr_copies = 1; }

static const struct defect defects[] = {
	{ "array without a name", no_name, "name" },
	{ "odd block size", odd_block, "520" },
	{ "one device in two rows", twin_device, "same device" },
	{ "slot names a disk that is not there", stray_disk, "names disk 3" },
	{ "two slots on one disk", twin_slot, "same disk" },
	{ "an empty slot in sync", empty_slot, "is empty" },
	{ "a slot in sync on a failed disk", dead_disk, "failed" },
	{ "a member behind the end of its disk", off_disk, "95000+8192" },
	{ "a member that wraps", wrapping, "slot 1" },
	{ "members outside the table", stray_members, "members 1+2 of 2" },
	{ "a rebuild of nothing", lone_rebuild, "no member" },
	{ "a slot rebuilt by nothing", lone_slot, "being rebuilt" },
	{ "a checkpoint behind the end", far_sync, "8193" },
	{ "a scrub in the metadata", odd_sync, "sync action" },
	{ "a geometry that is none", odd_shape, "" },
};

static void defects_are_refused(struct kunit *test)
{
	struct emd_errmsg msg;
	struct emd_config *cfg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(defects); i++) {
		memset(&msg, 0, sizeof(msg));
		cfg = make(test, 0);
		defects[i].make(cfg);
		KUNIT_EXPECT_NE_MSG(test, emd_config_check(cfg, &msg), 0, "%s", defects[i].name);
		KUNIT_EXPECT_TRUE_MSG(test, strstr(msg.text, defects[i].reason), "%s: \"%s\"",
				      defects[i].name, msg.text);
		emd_config_free(cfg);
	}
}

static void a_flagged_array_may_be_anything(struct kunit *test)
{
	struct emd_config *cfg = make(test, 0);

	odd_shape(cfg);
	cfg->arrays[0].flags = EMD_CFG_NO_START;
	KUNIT_EXPECT_EQ(test, emd_config_check(cfg, NULL), 0);
	KUNIT_EXPECT_EQ(test, emd_config_array_state(cfg, &cfg->arrays[0]), EMD_ARRAY_INACTIVE);
	emd_config_free(cfg);
}

static void failing_a_disk_fails_its_members(struct kunit *test)
{
	struct emd_config *cfg = make(test, 0);

	KUNIT_EXPECT_EQ(test, emd_config_array_state(cfg, &cfg->arrays[0]), EMD_ARRAY_OPTIMAL);
	KUNIT_EXPECT_EQ(test, emd_change_fail_disk(cfg, 1), 0);
	KUNIT_EXPECT_EQ(test, cfg->disks[1].state, EMD_DISK_FAILED);
	KUNIT_EXPECT_EQ(test, cfg->members[1].state, EMD_MEMBER_FAILED);
	KUNIT_EXPECT_EQ(test, emd_config_array_state(cfg, &cfg->arrays[0]), EMD_ARRAY_DEGRADED);
	KUNIT_EXPECT_EQ(test, emd_change_fail_disk(cfg, 1), -EALREADY);
	KUNIT_EXPECT_EQ(test, emd_config_check(cfg, NULL), 0);
	emd_config_free(cfg);
}

static void a_member_can_fail_alone(struct kunit *test)
{
	struct emd_config *cfg = make(test, 0);

	KUNIT_EXPECT_EQ(test, emd_change_fail_member(cfg, &cfg->arrays[0], 1), 0);
	KUNIT_EXPECT_EQ(test, cfg->disks[1].state, EMD_DISK_ACTIVE);
	KUNIT_EXPECT_EQ(test, emd_change_fail_member(cfg, &cfg->arrays[0], 1), -EALREADY);
	emd_config_free(cfg);
}

/* The one copy that is left needs no resync; two pairs, one whole, still do. */
static void an_interrupted_resync_stays_owed(struct kunit *test)
{
	struct emd_config *cfg = make(test, 0), *ten = make_ten(test);

	emd_change_sync_start(cfg, &cfg->arrays[0], EMD_SYNC_RESYNC, 100);
	emd_change_fail_disk(cfg, 0);
	KUNIT_EXPECT_EQ(test, cfg->arrays[0].sync, EMD_SYNC_IDLE);
	KUNIT_EXPECT_EQ(test, cfg->arrays[0].sync_sector, 0);
	KUNIT_EXPECT_TRUE(test, cfg->arrays[0].initialised);

	emd_change_sync_start(ten, &ten->arrays[0], EMD_SYNC_RESYNC, 100);
	emd_change_fail_disk(ten, 0);
	KUNIT_EXPECT_EQ(test, ten->arrays[0].sync, EMD_SYNC_IDLE);
	KUNIT_EXPECT_FALSE(test, ten->arrays[0].initialised);
	emd_config_free(cfg);
	emd_config_free(ten);
}

static void a_spare_is_filled_and_joins(struct kunit *test)
{
	struct emd_config *cfg = make(test, 0);
	struct emd_config_array *ca = &cfg->arrays[0];

	KUNIT_EXPECT_EQ(test, emd_change_activate_spare(cfg, ca, 1, 2), -EBUSY);
	emd_change_fail_disk(cfg, 1);
	KUNIT_EXPECT_EQ(test, emd_change_activate_spare(cfg, ca, 1, 1), -EINVAL);
	KUNIT_EXPECT_EQ(test, emd_change_activate_spare(cfg, ca, 1, 0), -EINVAL);
	KUNIT_EXPECT_EQ(test, emd_change_activate_spare(cfg, ca, 1, 2), 0);
	KUNIT_EXPECT_EQ(test, cfg->members[1].disk, 2);
	KUNIT_EXPECT_EQ(test, cfg->members[1].state, EMD_MEMBER_REBUILDING);
	KUNIT_EXPECT_EQ(test, cfg->disks[2].state, EMD_DISK_ACTIVE);
	KUNIT_EXPECT_EQ(test, ca->sync, EMD_SYNC_REBUILD);
	KUNIT_EXPECT_EQ(test, emd_config_check(cfg, NULL), 0);

	emd_change_sync_position(cfg, ca, 4096);
	KUNIT_EXPECT_EQ(test, ca->sync_sector, 4096);
	emd_change_sync_done(cfg, ca);
	KUNIT_EXPECT_EQ(test, cfg->members[1].state, EMD_MEMBER_IN_SYNC);
	KUNIT_EXPECT_EQ(test, ca->sync, EMD_SYNC_IDLE);
	KUNIT_EXPECT_EQ(test, emd_config_array_state(cfg, ca), EMD_ARRAY_OPTIMAL);
	emd_config_free(cfg);
}

static void a_rebuild_ends_with_its_last_target(struct kunit *test)
{
	struct emd_config *cfg = make(test, 0);

	emd_change_fail_disk(cfg, 1);
	emd_change_activate_spare(cfg, &cfg->arrays[0], 1, 2);
	emd_change_fail_disk(cfg, 2);
	KUNIT_EXPECT_EQ(test, cfg->arrays[0].sync, EMD_SYNC_IDLE);
	KUNIT_EXPECT_EQ(test, cfg->members[1].state, EMD_MEMBER_FAILED);
	emd_config_free(cfg);
}

/* A second slot that joins makes the whole begin again. */
static void a_second_target_starts_over(struct kunit *test)
{
	struct emd_config *cfg = make_ten(test);
	struct emd_config_array *ca = &cfg->arrays[0];
	struct emd_config_disk row = { .id = "fresh", .sectors = 100000 };
	int disk;

	disk = emd_change_add_disk(cfg, &row);
	KUNIT_ASSERT_EQ(test, disk, 4);
	emd_change_fail_disk(cfg, 1);
	emd_change_fail_member(cfg, ca, 2);
	KUNIT_EXPECT_EQ(test, emd_change_activate_spare(cfg, ca, 1, disk), 0);
	emd_change_sync_position(cfg, ca, 4096);
	KUNIT_EXPECT_EQ(test, emd_change_activate_spare(cfg, ca, 2, 2), 0);
	KUNIT_EXPECT_EQ(test, ca->sync_sector, 0);
	emd_config_free(cfg);
}

static void disks_come_and_go(struct kunit *test)
{
	struct emd_config *cfg = make(test, 1);
	struct emd_config_disk row = { .id = "disk1", .sectors = 100000, .handle = 20 };

	KUNIT_EXPECT_EQ(test, emd_change_add_disk(cfg, &row), -EEXIST);
	strscpy(row.id, "disk3", sizeof(row.id));
	KUNIT_EXPECT_EQ(test, emd_change_add_disk(cfg, &row), 3);
	KUNIT_EXPECT_EQ(test, cfg->disks[3].state, EMD_DISK_SPARE);
	KUNIT_EXPECT_EQ(test, cfg->disks[3].native, EMD_NO_DISK);
	strscpy(row.id, "disk4", sizeof(row.id));
	KUNIT_EXPECT_EQ(test, emd_change_add_disk(cfg, &row), -ENOSPC);

	KUNIT_EXPECT_EQ(test, emd_change_remove_disk(cfg, 0), -EBUSY);
	KUNIT_EXPECT_EQ(test, emd_change_remove_disk(cfg, 2), 0);
	KUNIT_EXPECT_EQ(test, cfg->nr_disks, 3);
	KUNIT_EXPECT_STREQ(test, cfg->disks[2].id, "disk3");

	/* A lost slot still names it: it stays, without a device. */
	emd_change_fail_disk(cfg, 0);
	KUNIT_EXPECT_EQ(test, emd_change_remove_disk(cfg, 0), 0);
	KUNIT_EXPECT_EQ(test, cfg->nr_disks, 3);
	KUNIT_EXPECT_EQ(test, cfg->disks[0].handle, 0);
	KUNIT_EXPECT_EQ(test, cfg->disks[0].state, EMD_DISK_MISSING);

	/* When it no longer does, the rows behind it move up. */
	emd_change_activate_spare(cfg, &cfg->arrays[0], 0, 2);
	KUNIT_EXPECT_EQ(test, emd_change_remove_disk(cfg, 0), 0);
	KUNIT_EXPECT_EQ(test, cfg->members[0].disk, 1);
	KUNIT_EXPECT_EQ(test, cfg->members[1].disk, 0);
	KUNIT_EXPECT_EQ(test, emd_config_check(cfg, NULL), 0);
	emd_config_free(cfg);
}

static void a_missing_disk_takes_its_slots_along(struct kunit *test)
{
	struct emd_config *cfg = make(test, 0);

	emd_change_miss_disk(cfg, 1);
	KUNIT_EXPECT_EQ(test, cfg->disks[1].state, EMD_DISK_MISSING);
	KUNIT_EXPECT_EQ(test, cfg->disks[1].handle, 0);
	KUNIT_EXPECT_EQ(test, cfg->members[1].state, EMD_MEMBER_MISSING);
	emd_config_free(cfg);
}

static void deleting_an_array_frees_its_disks(struct kunit *test)
{
	struct emd_config *cfg = make(test, 0);

	emd_change_fail_disk(cfg, 1);
	emd_change_delete_array(cfg, 0);
	KUNIT_EXPECT_EQ(test, cfg->nr_arrays, 0);
	KUNIT_EXPECT_EQ(test, cfg->nr_members, 0);
	KUNIT_EXPECT_EQ(test, cfg->disks[0].state, EMD_DISK_SPARE);
	KUNIT_EXPECT_EQ(test, cfg->disks[1].state, EMD_DISK_FAILED);
	emd_config_free(cfg);
}

static void content_does_not_come_from_nowhere(struct kunit *test)
{
	struct emd_config *t0 = make(test, 0), *t1 = make(test, 0);

	emd_change_fail_disk(t0, 1);
	KUNIT_EXPECT_EQ(test, emd_config_check_change(t0, t1, NULL), -EINVAL);
	emd_change_fail_disk(t1, 1);
	KUNIT_EXPECT_EQ(test, emd_config_check_change(t0, t1, NULL), 0);
	t1->arrays[0].geo.array_sectors--;
	KUNIT_EXPECT_EQ(test, emd_config_check_change(t0, t1, NULL), -EOPNOTSUPP);
	emd_config_free(t0);
	emd_config_free(t1);
}

static void overlapping_arrays_are_refused(struct kunit *test)
{
	struct emd_config_room room = { .disks = 2, .arrays = 2, .members = 4 };
	struct emd_config *one = make(test, 0), *cfg = emd_config_alloc(&room);
	struct emd_errmsg msg = {};

	KUNIT_ASSERT_NOT_NULL(test, cfg);
	one->nr_disks = 2;
	KUNIT_ASSERT_EQ(test, emd_config_copy(cfg, one), 0);
	cfg->arrays[1] = cfg->arrays[0];
	strscpy(cfg->arrays[1].name, "other", sizeof(cfg->arrays[1].name));
	cfg->arrays[1].first_member = 2;
	memcpy(&cfg->members[2], &cfg->members[0], 2 * sizeof(*cfg->members));
	cfg->nr_arrays = 2;
	cfg->nr_members = 4;

	cfg->members[2].start_sector = cfg->members[3].start_sector = 1000 + ARRAY_SECTORS;
	KUNIT_EXPECT_EQ_MSG(test, emd_config_check(cfg, &msg), 0, "%s", msg.text);
	cfg->members[3].start_sector--;
	KUNIT_EXPECT_EQ(test, emd_config_check(cfg, NULL), -EINVAL);
	cfg->members[3].start_sector++;
	strscpy(cfg->arrays[1].name, "mirror", sizeof(cfg->arrays[1].name));
	KUNIT_EXPECT_EQ(test, emd_config_check(cfg, NULL), -EEXIST);
	emd_config_free(one);
	emd_config_free(cfg);
}

static void the_strongest_flag_keeps_its_reason(struct kunit *test)
{
	char reason[EMD_REASON_LEN] = "";
	u32 flags = 0;

	emd_config_flag(&flags, reason, EMD_CFG_READ_ONLY, "first %d", 1);
	emd_config_flag(&flags, reason, EMD_CFG_READ_ONLY, "second");
	KUNIT_EXPECT_STREQ(test, reason, "first 1");
	emd_config_flag(&flags, reason, EMD_CFG_NO_START, "third");
	emd_config_flag(&flags, reason, EMD_CFG_NO_START, "fourth");
	KUNIT_EXPECT_STREQ(test, reason, "third");
	KUNIT_EXPECT_EQ(test, flags, EMD_CFG_READ_ONLY | EMD_CFG_NO_START);
}

/* What metadata calls them is anybody's; "mirror" there is already. */
static void names_become_names_of_devices(struct kunit *test)
{
	static const struct {
		const char *raw, *name;
	} rows[] = {
		{ "data", "data" }, { "", "vol3" }, { "a+b_c-d.e", "a+b_c-d.e" },
		{ "-x", "-x" }, { ".x", "_x" }, { "..", "_." }, { "a/b c", "a_b_c" },
		{ "\xc3\xa4", "__" }, { "mirror", "mirror~3" }, { "Mirror", "Mirror" },
	};
	struct emd_config *cfg = make(test, 0);
	char name[EMD_NAME_LEN];
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		emd_config_name_array(cfg, 3, (const u8 *)rows[i].raw, strlen(rows[i].raw),
				      "vol3", name);
		KUNIT_EXPECT_STREQ(test, name, rows[i].name);
	}
	emd_config_free(cfg);
}

static void text_is_counted_and_made_safe(struct kunit *test)
{
	struct emd_text out = {};
	char buf[32], small[8];

	emd_text_kv(&out, "disk.0.id", "a%sb", "\n\x1b\xff");
	KUNIT_EXPECT_EQ(test, out.used, strlen("disk.0.id=a???b\n"));

	out = (struct emd_text) { .buf = buf, .len = sizeof(buf) };
	emd_text_kv(&out, "disk.0.id", "a%sb", "\n\x1b\xff");
	emd_text_kv(&out, "x", "%d", 5);
	KUNIT_EXPECT_STREQ(test, buf, "disk.0.id=a???b\nx=5\n");
	KUNIT_EXPECT_EQ(test, out.used, strlen(buf));

	memset(small, 'Z', sizeof(small));
	out = (struct emd_text) { .buf = small, .len = 6 };
	emd_text_kv(&out, "k", "%s", "\n\n\n\n\n\n\n");
	KUNIT_EXPECT_EQ(test, out.used, 10);
	KUNIT_EXPECT_STREQ(test, small, "k=???");
	KUNIT_EXPECT_EQ(test, small[6], 'Z');
}

static void uuids_look_as_mdadm_prints_them(struct kunit *test)
{
	static const u8 uuid[16] = {
		0xbb, 0x81, 0x59, 0x84, 0xe3, 0x5e, 0x11, 0x5e,
		0x51, 0xb2, 0x6b, 0x01, 0xea, 0xca, 0x53, 0x44,
	};
	char text[EMD_UUID_TEXT_LEN];

	emd_uuid_format(uuid, text);
	KUNIT_EXPECT_STREQ(test, text, "845981bb:5e115ee3:016bb251:4453caea");
}

static void formats_are_found_by_name(struct kunit *test)
{
	KUNIT_EXPECT_TRUE(test, emd_format_find("imsm") == &emd_imsm_ops);
	KUNIT_EXPECT_NULL(test, emd_format_find("imsm2"));
	KUNIT_EXPECT_NULL(test, emd_format_find(""));
}

static struct kunit_case config_cases[] = {
	KUNIT_CASE(a_sound_config_passes),
	KUNIT_CASE(copy_keeps_content_and_room_apart),
	KUNIT_CASE(defects_are_refused),
	KUNIT_CASE(a_flagged_array_may_be_anything),
	KUNIT_CASE(failing_a_disk_fails_its_members),
	KUNIT_CASE(a_member_can_fail_alone),
	KUNIT_CASE(an_interrupted_resync_stays_owed),
	KUNIT_CASE(a_spare_is_filled_and_joins),
	KUNIT_CASE(a_rebuild_ends_with_its_last_target),
	KUNIT_CASE(a_second_target_starts_over),
	KUNIT_CASE(disks_come_and_go),
	KUNIT_CASE(a_missing_disk_takes_its_slots_along),
	KUNIT_CASE(deleting_an_array_frees_its_disks),
	KUNIT_CASE(content_does_not_come_from_nowhere),
	KUNIT_CASE(overlapping_arrays_are_refused),
	KUNIT_CASE(the_strongest_flag_keeps_its_reason),
	KUNIT_CASE(names_become_names_of_devices),
	KUNIT_CASE(text_is_counted_and_made_safe),
	KUNIT_CASE(uuids_look_as_mdadm_prints_them),
	KUNIT_CASE(formats_are_found_by_name),
	{}
};

static struct kunit_suite config_suite = {
	.name = "emd_config",
	.test_cases = config_cases,
};

kunit_test_suite(config_suite);
