/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Adaptec HostRAID (ASR) as it lies on disk: layouts, codes, constants. Big-endian,
 * sectors of 512 bytes and nothing else. Every field lies at a multiple of its
 * size, so nothing needs packing.
 *
 * The last sector of the disk is the reserved block: who the disk is, and where the
 * RAID table begins. The table is a header and lines of 64 bytes; normally it takes the
 * 16 sectors before the reserved block. User data begins at sector 0.
 */
#ifndef _EMD_ASR_ONDISK_H
#define _EMD_ASR_ONDISK_H

#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define ASR_SECTOR		512u
#define ASR_NAME_LEN		16

#define ASR_RB_ID		0x37fc4d1eu
#define ASR_RB_MAGIC		0x4450544du	/* "DPTM" */
#define ASR_RB_VERSION		8
#define ASR_TABLE_ID		0x900765c4u
#define ASR_TABLE_VERSION	2u		/* from here on nobody believes the checksum */

#define ASR_TABLE_SECTORS	16u		/* of a table of 127 lines */
#define ASR_END_SECTORS		17u		/* table and reserved block */
#define ASR_MAX_LINES		127u
#define ASR_MAX_COMPONENTS	64u		/* of one array */
#define ASR_PRIORITY		0x10		/* of background work, as found */

#define ASR_NO_MAGIC		0u
#define ASR_ANY_MAGIC		0xffffffffu	/* global spare; not assigned yet */
#define ASR_DRIVE_BIT		0x80000000u	/* set in magics of drives, clear in those of arrays */

/**
 * struct asr_rb_ondisk - the reserved block, without the drive's settings in it
 * @id: ASR_RB_ID
 * @settings: of the drive, by the controller; unused where EMD is concerned
 * @own_area: where the area of the management software begins; nobody reads it
 * @block_tid: I2O target id of the block storage object
 * @tid: I2O target id of the drive
 * @settings2: more of @settings
 * @version: ASR_RB_VERSION
 * @drive_magic: identity of the drive, the key to its line
 * @tests: of the drive, by the controller
 * @magic: ASR_RB_MAGIC
 * @table: sector of the RAID table
 * @line: index of the own line; before version 7 only
 * @software: unused
 *
 * There is no checksum.
 */
struct asr_rb_ondisk {
	__be32 id;
	u8 settings[0x30];
	__be32 own_area;
	__be16 block_tid;
	__be16 tid;
	u8 settings2[3];
	u8 version;
	__be32 drive_magic;
	u8 tests[0xbc];
	__be32 magic;
	__be32 table;
	__be16 line;
	u8 software[0xf6];
};

static_assert(offsetof(struct asr_rb_ondisk, own_area) == 0x34);
static_assert(offsetof(struct asr_rb_ondisk, version) == 0x3f);
static_assert(offsetof(struct asr_rb_ondisk, drive_magic) == 0x40);
static_assert(offsetof(struct asr_rb_ondisk, magic) == 0x100);
static_assert(offsetof(struct asr_rb_ondisk, line) == 0x108);
static_assert(sizeof(struct asr_rb_ondisk) == ASR_SECTOR);

/* struct asr_table_ondisk.dirty */
#define ASR_CLEAN		0x00
#define ASR_DIRTY		0x03

/**
 * struct asr_table_ondisk - header of the RAID table, not covered by the checksum
 * @id: ASR_TABLE_ID
 * @version: of the layout: 2
 * @max_lines: lines there is room for: 127, or 255
 * @nr_lines: in use, from the first
 * @line_size: 64
 * @checksum: sum of the bytes of the lines in use
 * @reserved: zero
 * @raid_flags: bit 0: no alarm
 * @timestamp: by which firmware tells the newest copy; 0 unused
 * @iroc_flags: 0x01 verify with repair, 0x80 bootable
 * @dirty: ASR_CLEAN, ASR_DIRTY
 * @priority: of background work
 * @spare_id: on a member: address of the spare of its own
 * @spare_magic: on a member: drive magic of that
 * @array_magic: on a spare: the array it serves; ASR_ANY_MAGIC: all
 * @verify_date: of the management tool
 * @recreate_date: of the management tool
 * @reserved2: zero
 */
struct asr_table_ondisk {
	__be32 id;
	__be32 version;
	__be16 max_lines;
	__be16 nr_lines;
	__be16 line_size;
	__be16 checksum;
	u8 reserved[8];
	__be32 raid_flags;
	__be32 timestamp;
	u8 iroc_flags;
	u8 dirty;
	u8 priority;
	u8 spare_id;
	__be32 spare_magic;
	__be32 array_magic;
	__be32 verify_date;
	__be32 recreate_date;
	u8 reserved2[12];
};

static_assert(offsetof(struct asr_table_ondisk, timestamp) == 0x1c);
static_assert(offsetof(struct asr_table_ondisk, spare_magic) == 0x24);
static_assert(sizeof(struct asr_table_ondisk) == 64);

/* struct asr_line_ondisk.level: what kind of line it is */
enum asr_kind {
	ASR_DRIVE = 0,
	ASR_ARRAY = 1,
	ASR_SYSTEM = 2,		/* made by an operating system; never seen */
	ASR_TOP = 3,		/* of an array of arrays */
};

/* struct asr_line_ondisk.type */
enum asr_type {
	ASR_RAID0 = 0,
	ASR_RAID1 = 1,
	ASR_RAID3 = 3,
	ASR_RAID4 = 4,
	ASR_RAID5 = 5,
	ASR_SPARE = 0xfe,
	ASR_REDIRECT = 0xff,	/* one plain drive behind the controller */
};

/*
 * struct asr_line_ondisk.state: main state in the low half, more about it in the high
 * half. asr_decode.c tells what else is read; these are written.
 */
#define ASR_OPTIMAL		0x00
#define ASR_DEGRADED		0x01	/* array */
#define ASR_REBUILDING		0x02	/* array */
#define ASR_BUILDING		0x0b	/* array: initial build */
#define ASR_FAILED		0x03	/* drive; others compare the whole byte */
#define ASR_BUILD_TARGET	0x14	/* drive */
#define ASR_REBUILD_TARGET	0x24	/* drive */

/* struct asr_line_ondisk.flags */
#define ASR_BUILT		0x10	/* initial build completed */

/**
 * struct asr_line_ondisk - one line of the table: a drive, or an array of the lines
 *	that follow
 * @count: arrays: direct components
 * @sequence: of the configuration that this line belongs to
 * @magic: of the array, or of the drive
 * @level: enum asr_kind
 * @type: enum asr_type
 * @state: ASR_OPTIMAL and so on
 * @flags: ASR_BUILT and others
 * @references: count of them
 * @hba: address: controller
 * @channel: address: bus
 * @lun: address
 * @target: address: id or port
 * @offset: first sector of the content
 * @capacity: sectors of the array, or used of the drive
 * @strip: drives: sectors of a strip; arrays: that times the components
 * @bios: for the BIOS
 * @lsu: of the firmware, at run time
 * @added: drives being added to the array
 * @sleep_rate: of background work
 * @tid: I2O target id
 * @position: sectors of each drive that background work has done
 * @burst: of background work
 * @name: of the array; not terminated, filled up with spaces or zeroes
 */
struct asr_line_ondisk {
	__be16 count;
	__be16 sequence;
	__be32 magic;
	u8 level;
	u8 type;
	u8 state;
	u8 flags;
	u8 references;
	u8 hba;
	u8 channel;
	u8 lun;
	__be32 target;
	__be32 offset;
	__be32 capacity;
	__be16 strip;
	__be16 bios;
	__be32 lsu;
	u8 added;
	u8 sleep_rate;
	__be16 tid;
	__be32 position;
	__be32 burst;
	u8 name[ASR_NAME_LEN];
};

static_assert(offsetof(struct asr_line_ondisk, level) == 0x08);
static_assert(offsetof(struct asr_line_ondisk, capacity) == 0x18);
static_assert(offsetof(struct asr_line_ondisk, added) == 0x24);
static_assert(offsetof(struct asr_line_ondisk, position) == 0x28);
static_assert(offsetof(struct asr_line_ondisk, name) == 0x30);
static_assert(sizeof(struct asr_line_ondisk) == 64);
static_assert(sizeof(struct asr_table_ondisk) + ASR_MAX_LINES * sizeof(struct asr_line_ondisk) ==
	      ASR_TABLE_SECTORS * ASR_SECTOR);

#endif /* _EMD_ASR_ONDISK_H */
