// SPDX-License-Identifier: GPL-2.0
/*
 * DDF metadata as mdadm writes it, and as nobody should.
 *
 * Golden disks are understood, come back unchanged when they are written, in either
 * byte order and with either checksum. Damage of every kind falls back to the other
 * copy, or is refused with a reason, or is harmless: never a stray access, never an
 * array outside its disk.
 */
#include <kunit/test.h>

#include "ddf_lab.h"

struct lab {
	struct lab_disk disk[LAB_DISKS];
	struct lab_disk *disks[LAB_DISKS];
	unsigned int nr;
};

static struct lab lab;

static int lab_init(struct kunit *test)
{
	memset(&lab, 0, sizeof(lab));
	return 0;
}

static void lab_exit(struct kunit *test)
{
	unsigned int i;

	for (i = 0; i < LAB_DISKS; i++)
		lab_disk_exit(&lab.disk[i]);
}

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
}

static struct emd_config *assemble(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct emd_config *cfg = lab_assemble(lab.disks, lab.nr, &msg);

	KUNIT_ASSERT_FALSE_MSG(test, IS_ERR(cfg), "%s", msg.text);
	return cfg;
}

/**
 * struct case_golden - what the bytes mean
 * @name: golden
 * @config: config_line()
 * @native: native_line()
 */
struct case_golden {
	const char *name;
	const char *config;
	const char *native;
};

static const struct case_golden goldens[] = {
	{ "empty",
	  "",
	  "a0005/0001 b0005/0001 " },
	{ "overlap",
	  "zero raid0 none 128 8192 0+4096 UU idle; one raid1 none 128 2048 4096+2048 UU idle",
	  "a0003/0001 b0003/0001 c0003/0001 | 00/02 a b | 00/02 b c " },
	{ "ten",
	  "ten raid10 adjacent 128 8192 0+4096 UUUU idle",
	  "a0003/0001 b0003/0001 c0003/0001 d0003/0001 e0005/0001 | 00/02 a b c d " },
	{ "parity",
	  "five raid5 left-symmetric 128 8192 0+4096 UUU idle; six raid6 ddf-n-continue 128 8192 4096+4096 UUUU idle",
	  "a0003/0001 b0003/0001 c0003/0001 d0003/0001 e0003/0001 | 00/02 a b c | 00/02 b c d e " },
	{ "three",
	  "three raid1 none 128 4096 0+4096 UUU idle; adj raid1e adjacent 128 4096 4096+4096 UUU idle",
	  "a0003/0001 b0003/0001 c0003/0001 | 00/02 a b c | 00/02 a b c " },
	{ "init",
	  "mirror raid1 none 128 8192 0+8192 UU idle uninitialised",
	  "a0003/0001 b0003/0001 c0005/0001 | 00/01 a b " },
	{ "dirty",
	  "mirror raid1 none 128 8192 0+8192 UU idle uninitialised dirty",
	  "a0003/0001 b0003/0001 c0005/0001 | 10/01 a b " },
	{ "idle",
	  "mirror raid1 none 128 8192 0+8192 UU idle",
	  "a0003/0001 b0003/0001 c0005/0001 | 00/02 a b " },
	{ "rebuild",
	  "mirror raid1 none 128 8192 0+8192 UR rebuild 0",
	  "a0003/0001 b0005/000b c0003/0005 | 01/02 a c " },
	{ "rebuilt",
	  "mirror raid1 none 128 8192 0+8192 UU idle",
	  "a0003/0001 b0005/000b c0003/0001 | 00/02 a c " },
	{ "failed",
	  "mirror raid1 none 128 8192 0+8192 FU idle",
	  "a0003/0003 b0005/000b c0003/0001 | 01/02 a c " },
};

static void golden_disks_are_understood(struct kunit *test)
{
	struct emd_config *cfg;
	struct line line;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(goldens); i++) {
		load(test, goldens[i].name);
		cfg = assemble(test);
		config_line(cfg, &line);
		KUNIT_EXPECT_STREQ_MSG(test, line.text, goldens[i].config, "%s", goldens[i].name);
		native_line(cfg, &line);
		KUNIT_EXPECT_STREQ_MSG(test, line.text, goldens[i].native, "%s", goldens[i].name);
		emd_config_free(cfg);
	}
}

/* What mdadm -Ebs prints of the same disks. */
static void uuids_are_those_of_mdadm(struct kunit *test)
{
	char text[EMD_UUID_TEXT_LEN];
	struct emd_config *cfg;

	load(test, "overlap");
	cfg = assemble(test);
	emd_uuid_format(cfg->uuid, text);
	KUNIT_EXPECT_STREQ(test, text, "a26a8f23:ba0adb98:bd2a121c:495298c6");
	emd_uuid_format(cfg->arrays[0].uuid, text);
	KUNIT_EXPECT_STREQ(test, text, "447f74a4:2a49bdc8:66ef39f9:569fb59b");
	emd_uuid_format(cfg->arrays[1].uuid, text);
	KUNIT_EXPECT_STREQ(test, text, "b79bbb7e:582fb411:6053dca7:0d769757");
	emd_config_free(cfg);
}

/* An update that changes nothing is a new sequence number and no other byte. */
static void what_was_read_is_written_again(struct kunit *test)
{
	struct emd_config *t0, *t1;
	struct emd_errmsg msg;
	struct line line;
	u8 *before;
	unsigned int i, k;

	before = kvzalloc(LAB_DISKS * DDF_GOLDEN_RUN, GFP_KERNEL);
	KUNIT_ASSERT_NOT_NULL(test, before);
	for (i = 0; i < ARRAY_SIZE(goldens); i++) {
		load(test, goldens[i].name);
		for (k = 0; k < lab.nr; k++)
			memcpy(before + k * DDF_GOLDEN_RUN, lab_copy(&lab.disk[k], 0), DDF_GOLDEN_RUN);
		t0 = assemble(test);
		t1 = lab_next(t0);
		msg.text[0] = 0;
		KUNIT_EXPECT_EQ_MSG(test, lab_commit(t0, t1, &msg), 0, "%s: %s", goldens[i].name,
				    msg.text);
		KUNIT_EXPECT_EQ(test, lab_encode_all(lab.disks, t1), 0);
		/* Where work is recorded, how far it is goes into the records. */
		for (k = 0; k < lab.nr && strcmp(goldens[i].name, "rebuild"); k++) {
			KUNIT_EXPECT_MEMEQ_MSG(test, lab_copy(&lab.disk[k], 0) + 512,
					       before + k * DDF_GOLDEN_RUN + 512, DDF_GOLDEN_RUN - 512,
					       "%s, disk %u, primary", goldens[i].name, k);
			KUNIT_EXPECT_MEMEQ_MSG(test, lab_copy(&lab.disk[k], 1) + 512,
					       before + k * DDF_GOLDEN_RUN + 512, DDF_GOLDEN_RUN - 512,
					       "%s, disk %u, secondary", goldens[i].name, k);
		}
		emd_config_free(t0);
		emd_config_free(t1);
		t0 = assemble(test);
		config_line(t0, &line);
		KUNIT_EXPECT_STREQ_MSG(test, line.text, goldens[i].config, "%s", goldens[i].name);
		emd_config_free(t0);
	}
	kvfree(before);
}

/* ---- copies --------------------------------------------------------------------------- */

static const struct ddf_section_ondisk *section(const struct lab_disk *disk, int s)
{
	return &lab_anchor(disk)->section[s];
}

static u8 *section_at(const struct lab_disk *disk, int which, int s)
{
	return lab_copy(disk, which) + ddf_get32(false, section(disk, s)->offset) * 512;
}

static void expect_line(struct kunit *test, const char *expected, const char *what)
{
	struct emd_config *cfg = assemble(test);
	struct line line;

	config_line(cfg, &line);
	KUNIT_EXPECT_STREQ_MSG(test, line.text, expected, "%s", what);
	emd_config_free(cfg);
}

static void one_damaged_copy_is_no_harm(struct kunit *test)
{
	static const char *const names[] = { "controller", "pdr", "vdr", "config", "pdd" };
	int which, s;

	for (which = 0; which < 2; which++) {
		for (s = 0; s < DDF_NR_OWN; s++) {
			load(test, "idle");
			section_at(&lab.disk[0], which, s)[20] ^= 1;
			expect_line(test, goldens[7].config, names[s]);
		}
		load(test, "idle");
		lab_copy(&lab.disk[0], which)[100] ^= 1;
		expect_line(test, goldens[7].config, "header");
	}
}

static void both_copies_damaged_are_refused(struct kunit *test)
{
	struct emd_errmsg msg = {};
	struct emd_config *cfg;

	load(test, "idle");
	section_at(&lab.disk[0], 0, DDF_PDR)[20] ^= 1;
	section_at(&lab.disk[0], 1, DDF_VDR)[20] ^= 1;
	cfg = lab_decode(&lab.disk[0], &msg);
	KUNIT_EXPECT_EQ(test, PTR_ERR(cfg), -EUCLEAN);
	KUNIT_EXPECT_STREQ(test, msg.text, "a section is damaged in every copy of the structure");
}

static void the_closed_copy_wins(struct kunit *test)
{
	struct ddf_vde_ondisk *vde;
	struct emd_config *cfg;
	struct line line;

	load(test, "idle");
	/* A primary being changed: dirty already, sections whole by chance. */
	vde = (struct ddf_vde_ondisk *)(section_at(&lab.disk[0], 0, DDF_VDR) + 64);
	vde->state = 0x10;
	ddf_seal(false, false, section_at(&lab.disk[0], 0, DDF_VDR), 32 * 512);
	lab_header(&lab.disk[0], 0)->open = 1;
	ddf_seal(false, false, lab_copy(&lab.disk[0], 0), 512);
	cfg = lab_decode(&lab.disk[0], NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	config_line(cfg, &line);
	KUNIT_EXPECT_STREQ(test, line.text, goldens[7].config);
	emd_config_free(cfg);

	/* Closed and newer: what the secondary has is from before. */
	lab_header(&lab.disk[0], 0)->open = 0;
	ddf_put32(false, &lab_header(&lab.disk[0], 0)->seq, 10);
	ddf_seal(false, false, lab_copy(&lab.disk[0], 0), 512);
	cfg = lab_decode(&lab.disk[0], NULL);
	KUNIT_ASSERT_FALSE(test, IS_ERR(cfg));
	KUNIT_EXPECT_TRUE(test, cfg->arrays[0].dirty);
	KUNIT_EXPECT_EQ(test, cfg->generation, 10ULL);
	emd_config_free(cfg);
}

/* ---- the other byte order --------------------------------------------------------------- */

static void flip(u8 *p, unsigned int size)
{
	unsigned int i;

	for (i = 0; i < size / 2; i++)
		swap(p[i], p[size - 1 - i]);
}

#define FLIP(p, field) flip((u8 *)&(p)->field, sizeof((p)->field))

static void flip_header(struct ddf_header_ondisk *h)
{
	int s;

	FLIP(h, signature);
	FLIP(h, seq);
	FLIP(h, timestamp);
	FLIP(h, primary_lba);
	FLIP(h, secondary_lba);
	FLIP(h, workspace_len);
	FLIP(h, workspace_lba);
	FLIP(h, max_pd);
	FLIP(h, max_vd);
	FLIP(h, max_partitions);
	FLIP(h, record_len);
	FLIP(h, max_elements);
	FLIP(h, max_bad_blocks);
	for (s = 0; s < DDF_NR_SECTIONS; s++) {
		FLIP(h, section[s].offset);
		FLIP(h, section[s].length);
	}
	ddf_seal(true, true, (u8 *)h, 512);
}

static void flip_table(u8 *bytes, u32 len, bool vd)
{
	struct ddf_table_ondisk *table = (struct ddf_table_ondisk *)bytes;
	u32 i;

	FLIP(table, signature);
	FLIP(table, populated);
	FLIP(table, max);
	for (i = 1; i < len / 64; i++) {
		struct ddf_pde_ondisk *pde = (struct ddf_pde_ondisk *)bytes + i;
		struct ddf_vde_ondisk *vde = (struct ddf_vde_ondisk *)bytes + i;

		if (vd) {
			FLIP(vde, number);
			FLIP(vde, type);
		} else {
			FLIP(pde, ref);
			FLIP(pde, type);
			FLIP(pde, state);
			FLIP(pde, size);
		}
	}
	ddf_seal(true, true, bytes, len);
}

static void flip_records(u8 *bytes, u32 len)
{
	struct ddf_vdcr_ondisk *vdcr;
	u32 i, k;

	for (i = 0; i + 3584 <= len; i += 3584) {
		vdcr = (struct ddf_vdcr_ondisk *)(bytes + i);
		if (ddf_get32(false, vdcr->signature) != DDF_SIG_VDCR)
			continue;
		FLIP(vdcr, signature);
		FLIP(vdcr, timestamp);
		FLIP(vdcr, seq);
		FLIP(vdcr, elements);
		FLIP(vdcr, block_count);
		FLIP(vdcr, vd_size);
		for (k = 0; k < 256; k++)
			flip(bytes + i + 512 + 4 * k, 4);
		for (k = 0; k < 256; k++)
			flip(bytes + i + 1536 + 8 * k, 8);
		ddf_seal(true, true, bytes + i, 3584);
	}
}

/* As Adaptec and Marvell write it: little-endian, the common CRC-32. */
static void make_little_endian(struct lab_disk *disk)
{
	struct ddf_controller_ondisk *controller;
	struct ddf_pdd_ondisk *pdd;
	u32 vdr = ddf_get32(false, section(disk, DDF_VDR)->length) * 512;
	u32 pdr = ddf_get32(false, section(disk, DDF_PDR)->length) * 512;
	u32 records = ddf_get32(false, section(disk, DDF_CONFIG)->length) * 512;
	int i;

	for (i = 0; i < 2; i++) {
		controller = (struct ddf_controller_ondisk *)section_at(disk, i, DDF_CONTROLLER);
		FLIP(controller, signature);
		FLIP(controller, pci_vendor);
		ddf_seal(true, true, (u8 *)controller, 512);
		pdd = (struct ddf_pdd_ondisk *)section_at(disk, i, DDF_PDD);
		FLIP(pdd, signature);
		FLIP(pdd, ref);
		ddf_seal(true, true, (u8 *)pdd, 512);
		flip_table(section_at(disk, i, DDF_PDR), pdr, false);
		flip_table(section_at(disk, i, DDF_VDR), vdr, true);
		flip_records(section_at(disk, i, DDF_CONFIG), records);
	}
	flip_header(lab_header(disk, 0));
	flip_header(lab_header(disk, 1));
	flip_header(lab_anchor(disk));
}

static void little_endian_is_the_same(struct kunit *test)
{
	struct emd_config *t0, *t1;
	struct line line;
	unsigned int i, k;

	for (i = 0; i < ARRAY_SIZE(goldens); i++) {
		load(test, goldens[i].name);
		for (k = 0; k < lab.nr; k++)
			make_little_endian(&lab.disk[k]);
		t0 = assemble(test);
		config_line(t0, &line);
		KUNIT_EXPECT_STREQ_MSG(test, line.text, goldens[i].config, "%s", goldens[i].name);
		/* It stays what it was. */
		t1 = lab_next(t0);
		KUNIT_EXPECT_EQ(test, lab_commit(t0, t1, NULL), 0);
		KUNIT_EXPECT_EQ(test, lab_encode_all(lab.disks, t1), 0);
		emd_config_free(t0);
		emd_config_free(t1);
		t0 = assemble(test);
		config_line(t0, &line);
		KUNIT_EXPECT_STREQ_MSG(test, line.text, goldens[i].config, "%s", goldens[i].name);
		KUNIT_EXPECT_TRUE(test, ddf_set(t0)->le && ddf_set(t0)->zlib);
		emd_config_free(t0);
	}
}

static void adaptec_raid5_is_left_asymmetric(struct kunit *test)
{
	struct ddf_controller_ondisk *controller;
	struct emd_config *cfg;
	unsigned int k, i;

	load(test, "parity");
	for (k = 0; k < lab.nr; k++) {
		make_little_endian(&lab.disk[k]);
		for (i = 0; i < 2; i++) {
			controller = (struct ddf_controller_ondisk *)(lab_copy(&lab.disk[k], i) + 512);
			ddf_put16(true, &controller->pci_vendor, DDF_PCI_ADAPTEC);
			ddf_seal(true, true, (u8 *)controller, 512);
		}
	}
	cfg = assemble(test);
	KUNIT_EXPECT_EQ(test, cfg->arrays[0].geo.layout, EMD_LAYOUT_LEFT_ASYMMETRIC);
	emd_config_free(cfg);
}

static void anchor_away_from_the_end(struct kunit *test)
{
	u8 *end;

	load(test, "idle");
	end = (u8 *)lab_anchor(&lab.disk[0]);
	memcpy(end - 256 * 512, end, 512);
	memset(end, 0, 512);
	expect_line(test, goldens[7].config, "anchor 257 blocks before the end");
}

/* ---- one array at a time: records -------------------------------------------------------- */

/* Change a record of a golden array in every copy on every disk. */
static void change_records(void (*change)(struct ddf_vdcr_ondisk *vdcr))
{
	struct ddf_vdcr_ondisk *vdcr;
	unsigned int k, slot;
	int which;

	for (k = 0; k < lab.nr; k++) {
		for (which = 0; which < 2; which++) {
			for (slot = 0; slot < 65; slot++) {
				vdcr = (struct ddf_vdcr_ondisk *)
					(section_at(&lab.disk[k], which, DDF_CONFIG) + slot * 3584);
				if (ddf_get32(false, vdcr->signature) != DDF_SIG_VDCR)
					continue;
				change(vdcr);
				ddf_seal(false, false, (u8 *)vdcr, 3584);
			}
		}
	}
}

static void change_vdes(u8 state, u8 init)
{
	struct ddf_vde_ondisk *vde;
	unsigned int k;
	int which;

	for (k = 0; k < lab.nr; k++) {
		for (which = 0; which < 2; which++) {
			vde = (struct ddf_vde_ondisk *)(section_at(&lab.disk[k], which, DDF_VDR) + 64);
			vde->state = state;
			vde->init = init;
			ddf_seal(false, false, section_at(&lab.disk[k], which, DDF_VDR), 32 * 512);
		}
	}
}

static void no_elements(struct ddf_vdcr_ondisk *vdcr)
{
	ddf_put16(false, &vdcr->elements, 0);
}

static void many_elements(struct ddf_vdcr_ondisk *vdcr)
{
	ddf_put16(false, &vdcr->elements, 0xffff);
}

static void no_parts(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->secondary_count = 0;
}

static void part_beyond(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->secondary_seq = 7;
}

static void huge_strip(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_RAID0;
	vdcr->strip = 63;
}

static void huge_elements(struct ddf_vdcr_ondisk *vdcr)
{
	ddf_put64(false, &vdcr->block_count, ~0ULL);
}

static void into_metadata(struct ddf_vdcr_ondisk *vdcr)
{
	ddf_put64(false, &vdcr->block_count, 20000);
}

static void too_large(struct ddf_vdcr_ondisk *vdcr)
{
	ddf_put64(false, &vdcr->vd_size, 8193);
}

static void no_place(struct ddf_vdcr_ondisk *vdcr)
{
	memset((u8 *)vdcr + 1536, 0xff, 16);
}

static void raid3(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_RAID3;
}

static void raid5ee(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_RAID5EE;
}

static void unknown_level(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = 0x77;
}

static void far(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_RAID1E;
	vdcr->qualifier = 1;
}

static void two_spans(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_RAID5;
	vdcr->qualifier = 3;
	vdcr->strip = 7;
	vdcr->secondary_count = 2;
	vdcr->secondary_level = DDF_SRL_STRIPED;
}

static void lonely_raid5e(struct ddf_vdcr_ondisk *vdcr)
{
	vdcr->level = DDF_RAID5E;
	vdcr->qualifier = 3;
	vdcr->strip = 7;
	ddf_put16(false, &vdcr->elements, 1);
}

struct case_record {
	const char *reason;
	void (*change)(struct ddf_vdcr_ondisk *vdcr);
};

static const struct case_record records[] = {
	{ "its record has 0 disks, part 0 of 1", no_elements },
	{ "its record has 65535 disks, part 0 of 1", many_elements },
	{ "its record has 2 disks, part 0 of 0", no_parts },
	{ "its record has 2 disks, part 7 of 1", part_beyond },
	{ "strip of 2^63 blocks", huge_strip },
	{ "elements of 18446744073709551615 sectors, 8192 in all", huge_elements },
	{ "slot 0 ends at sector 20000, metadata begins at 16384", into_metadata },
	{ "array of 8193 sectors, the members hold 8192", too_large },
	{ "slot 0 has no place on its disk", no_place },
	{ "RAID3 spreads every block over all disks, not supported", raid3 },
	{ "RAID5EE keeps room in every row, where is not known, not supported", raid5ee },
	{ "unknown level (77, qualifier 00) is not supported", unknown_level },
	{ "mdadm writes RAID1E with the far layout like this, not supported", far },
	{ "raid5 with 2 members, need 3 to 253", two_spans },
	{ "RAID5E without room for a disk that fails", lonely_raid5e },
};

static void arrays_we_cannot_honour_say_why(struct kunit *test)
{
	struct emd_config *cfg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(records); i++) {
		load(test, "idle");
		change_records(records[i].change);
		cfg = assemble(test);
		KUNIT_ASSERT_EQ(test, cfg->nr_arrays, 1);
		KUNIT_EXPECT_STREQ(test, cfg->arrays[0].reason, records[i].reason);
		KUNIT_EXPECT_TRUE(test, cfg->arrays[0].flags & EMD_CFG_NO_START);
		emd_config_free(cfg);
	}
}

struct case_vde {
	u8 state;
	u8 init;
	u32 flags;
	const char *reason;
};

static const struct case_vde vdes[] = {
	{ 0x00, 0x02, 0, "" },
	{ 0x06, 0x02, EMD_CFG_NO_START, "it was taken offline" },
	{ 0x02, 0x02, EMD_CFG_NO_START, "it is marked as deleted" },
	{ 0x08, 0x02, EMD_CFG_NO_START, "a reshape is running, finish it where it was begun" },
	{ 0x01, 0x02, EMD_CFG_NO_START,
	  "degraded although no disk is lost: one is half rebuilt, not recorded which" },
	{ 0x00, 0x82, EMD_CFG_READ_ONLY, "it is read-only" },
	{ 0x00, 0xc2, EMD_CFG_NO_START, "access to it is blocked" },
};

static void states_of_arrays_are_honoured(struct kunit *test)
{
	struct emd_config *cfg;
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(vdes); i++) {
		load(test, "idle");
		change_vdes(vdes[i].state, vdes[i].init);
		cfg = assemble(test);
		KUNIT_EXPECT_EQ(test, cfg->arrays[0].flags, vdes[i].flags);
		KUNIT_EXPECT_STREQ(test, cfg->arrays[0].reason, vdes[i].reason);
		emd_config_free(cfg);
	}
}

/* ---- headers that lie ---------------------------------------------------------------------- */

struct case_header {
	const char *what;
	u32 offset;	/* in the header */
	u32 size;
	u64 value;
};

static const struct case_header headers[] = {
	{ "no disks", 128, 2, 0 },
	{ "65535 disks", 128, 2, 0xffff },
	{ "no arrays", 130, 2, 0 },
	{ "65535 arrays", 130, 2, 0xffff },
	{ "no records", 132, 2, 0 },
	{ "65535 records", 132, 2, 0xffff },
	{ "records of no length", 134, 2, 0 },
	{ "records of 65535 blocks", 134, 2, 0xffff },
	{ "records of one block", 134, 2, 1 },
	{ "no elements", 136, 2, 0 },
	{ "more elements than fit", 136, 2, 257 },
	{ "primary at the start", 96, 8, 0 },
	{ "primary beyond the disk", 96, 8, 81920 },
	{ "primary far beyond", 96, 8, ~0ULL },
	{ "primary on the anchor", 96, 8, 81919 },
	{ "primary on the secondary", 96, 8, 16384 },
	{ "secondary within the primary", 104, 8, 49160 },
	{ "disk table on the header", 200, 4, 0 },
	{ "disk table beyond the disk", 200, 4, 0x7fffffff },
	{ "disk table on the controller", 200, 4, 1 },
	{ "disk table absent", 200, 4, 0xffffffff },
	{ "disk table empty", 204, 4, 0 },
	{ "disk table huge", 204, 4, 0xfffffff0 },
	{ "records' section huge", 220, 4, 0xfffffff0 },
	{ "controller data huge", 196, 4, 0x10000 },
	{ "disk data huge", 228, 4, 0x10000 },
};

static void headers_that_lie_are_refused(struct kunit *test)
{
	struct ddf_header_ondisk *all[3];
	struct emd_errmsg msg;
	struct emd_config *cfg;
	unsigned int i, k, b;

	for (i = 0; i < ARRAY_SIZE(headers); i++) {
		load(test, "idle");
		all[0] = lab_anchor(&lab.disk[0]);
		all[1] = lab_header(&lab.disk[0], 0);
		all[2] = lab_header(&lab.disk[0], 1);
		for (k = 0; k < 3; k++) {
			for (b = 0; b < headers[i].size; b++)
				((u8 *)all[k])[headers[i].offset + b] =
					headers[i].value >> 8 * (headers[i].size - 1 - b);
			ddf_seal(false, false, (u8 *)all[k], 512);
		}
		msg.text[0] = 0;
		cfg = lab_decode(&lab.disk[0], &msg);
		KUNIT_EXPECT_EQ_MSG(test, IS_ERR(cfg) ? PTR_ERR(cfg) : 0, -EUCLEAN, "%s: %s",
				    headers[i].what, msg.text);
		KUNIT_EXPECT_NE_MSG(test, msg.text[0], 0, "%s", headers[i].what);
		if (!IS_ERR(cfg))
			emd_config_free(cfg);
	}
}

/* ---- damage, everywhere ---------------------------------------------------------------------- */

static void any_flipped_byte_is_survived(struct kunit *test)
{
	static const u32 places[][2] = {
		{ 0, 512 }, { 512, 1024 }, { 1024, 1024 + 64 + 3 * 64 },
		{ 130 * 512, 130 * 512 + 128 }, { 162 * 512, 162 * 512 + 600 },
		{ 162 * 512 + 1530, 162 * 512 + 1560 }, { 617 * 512, 618 * 512 },
	};
	struct emd_config *cfg;
	unsigned int i, at;
	int which;

	load(test, "rebuild");
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		for (at = places[i][0]; at < places[i][1]; at++) {
			/* In both copies, and with nothing to tell. */
			for (which = 0; which < 2; which++)
				lab_copy(&lab.disk[0], which)[at] ^= 0x5a;
			cfg = lab_decode(&lab.disk[0], NULL);
			if (!IS_ERR(cfg)) {
				KUNIT_EXPECT_EQ_MSG(test, emd_config_check(cfg, NULL), 0, "%u", at);
				emd_config_free(cfg);
			}
			for (which = 0; which < 2; which++)
				lab_copy(&lab.disk[0], which)[at] ^= 0x5a;
		}
	}
}

/* The same, but that every checksum is right. */
static void any_lie_with_a_right_checksum_is_survived(struct kunit *test)
{
	static const u8 values[] = { 0x00, 0x01, 0x80, 0xff };
	static const struct {
		u32 from, to, base, len;
	} places[] = {
		{ 1024, 1024 + 64 + 64, 1024, 128 * 512 },
		{ 130 * 512, 130 * 512 + 128, 130 * 512, 32 * 512 },
		{ 162 * 512, 162 * 512 + 520, 162 * 512, 3584 },
		{ 162 * 512 + 1536, 162 * 512 + 1552, 162 * 512, 3584 },
		{ 617 * 512, 617 * 512 + 80, 617 * 512, 512 },
	};
	struct emd_config *cfg, *t1;
	unsigned int i, at, v;
	u8 *bytes = NULL;
	u8 old;

	load(test, "idle");
	bytes = lab_copy(&lab.disk[0], 0);
	memset(lab_copy(&lab.disk[0], 1), 0, 512);
	for (i = 0; i < ARRAY_SIZE(places); i++) {
		for (at = places[i].from; at < places[i].to; at++) {
			if (at - places[i].base >= 4 && at - places[i].base < 8)
				continue;
			old = bytes[at];
			for (v = 0; v < ARRAY_SIZE(values); v++) {
				bytes[at] = values[v];
				ddf_seal(false, false, bytes + places[i].base, places[i].len);
				cfg = lab_assemble(lab.disks, 1, NULL);
				if (IS_ERR(cfg))
					continue;
				KUNIT_EXPECT_EQ_MSG(test, emd_config_check(cfg, NULL), 0, "%u", at);
				t1 = lab_next(cfg);
				if (!lab_commit(cfg, t1, NULL))
					KUNIT_EXPECT_EQ_MSG(test, emd_config_check(t1, NULL), 0, "%u", at);
				emd_config_free(t1);
				emd_config_free(cfg);
			}
			bytes[at] = old;
			ddf_seal(false, false, bytes + places[i].base, places[i].len);
		}
	}
}

static void not_ours_is_left_alone(struct kunit *test)
{
	struct lab_disk disk;
	struct emd_errmsg msg = {};
	struct emd_config *cfg;

	KUNIT_ASSERT_EQ(test, lab_disk_init(&disk, DDF_GOLDEN_SECTORS, 512, "X"), 0);
	cfg = lab_decode(&disk, &msg);
	KUNIT_EXPECT_EQ(test, PTR_ERR(cfg), -ENODATA);
	KUNIT_EXPECT_STREQ(test, msg.text, "");
	lab_disk_exit(&disk);
}

static struct kunit_case meta_ddf_cases[] = {
	KUNIT_CASE(golden_disks_are_understood),
	KUNIT_CASE(uuids_are_those_of_mdadm),
	KUNIT_CASE(what_was_read_is_written_again),
	KUNIT_CASE(one_damaged_copy_is_no_harm),
	KUNIT_CASE(both_copies_damaged_are_refused),
	KUNIT_CASE(the_closed_copy_wins),
	KUNIT_CASE(little_endian_is_the_same),
	KUNIT_CASE(adaptec_raid5_is_left_asymmetric),
	KUNIT_CASE(anchor_away_from_the_end),
	KUNIT_CASE(arrays_we_cannot_honour_say_why),
	KUNIT_CASE(states_of_arrays_are_honoured),
	KUNIT_CASE(headers_that_lie_are_refused),
	KUNIT_CASE(any_flipped_byte_is_survived),
	KUNIT_CASE(any_lie_with_a_right_checksum_is_survived),
	KUNIT_CASE(not_ours_is_left_alone),
	{}
};

static struct kunit_suite meta_ddf_suite = {
	.name = "emd_meta_ddf",
	.init = lab_init,
	.exit = lab_exit,
	.test_cases = meta_ddf_cases,
};

kunit_test_suite(meta_ddf_suite);
