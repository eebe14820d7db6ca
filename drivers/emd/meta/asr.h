/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the ASR handler share.
 *
 *   asr_parse.c     bytes of a disk to a checked table; which lines are an array
 *   asr_decode.c    native bytes to config; several disks' knowledge into one
 *   asr_elect.c     which disk tells the truth about the array
 *   asr_update.c    config to native bytes
 *   asr_encode.c    which bytes go where on a disk, in which order
 *   asr_place.c     new disks, containers, arrays
 *   asr_describe.c  the image for people
 *   asr.c           the table of all this
 *
 * A drive is in one array only, so a container is one array and its spares. Other
 * arrays that the same table lists are containers of their own; their lines are kept
 * as they are.
 *
 * Native bytes of a config: a set. The table once, for all copies of it are alike but
 * for a guard (see put_guard()), then a part for each drive that has an identity:
 * where its table is and what its reserved block says, if the drive is here.
 */
#ifndef _EMD_ASR_H
#define _EMD_ASR_H

#include <asm/byteorder.h>
#include <linux/kernel.h>
#include <linux/types.h>

#include "asr_ondisk.h"
#include "meta.h"

#define ASR_NO_LINE	0xffffu
#define ASR_TABLE_LEN	(ASR_TABLE_SECTORS * ASR_SECTOR)

/* struct asr_part.flags */
#define ASR_PART_HERE	0x01	/* @rb and places are known */
#define ASR_PART_FRESH	0x02	/* nothing of ours is on the drive yet */
#define ASR_PART_WRITE	0x04	/* its table has to be written */
#define ASR_PART_CLEAR	0x08	/* what is behind the lines, too: they were more */
#define ASR_PART_SPARE	0x10	/* carries @head instead of the table */

/**
 * struct asr_part - a drive
 * @magic: drive magic
 * @line: its line in the table, or ASR_NO_LINE
 * @flags: ASR_PART_*
 * @table: sector of its table
 * @room: sectors there are for it
 * @version: of its table
 * @max_lines: of its table
 * @disk_sectors: capacity
 * @rb: reserved block
 * @head: of a spare: the first sector of its own table
 */
struct asr_part {
	u32 magic;
	u16 line;
	u16 flags;
	u32 table;
	u32 room;
	u32 version;
	u32 max_lines;
	u64 disk_sectors;
	u8 rb[ASR_SECTOR];
	u8 head[ASR_SECTOR];
};

static_assert(sizeof(struct asr_part) % 8 == 0);

/**
 * struct asr_set - head of the native bytes
 * @nr_parts: drives
 * @top: first line of the array, ASR_NO_LINE when there is none
 * @unchecked: the table's checksum is wrong
 * @updated: made by an update, whose writes what it does not write rely on
 * @write_lines: lines that have to be written, at least those in use
 * @sequence: of the array, counting on where the format's 16 bits begin again
 * @table: the table, and what was behind its last line
 *
 * Behind it the parts. In the machine's own order and alignment: it never leaves it,
 * but for @table, @rb and @head, which are as on disk.
 */
struct asr_set {
	u32 nr_parts;
	u16 top;
	u8 unchecked;
	u8 updated;
	u32 write_lines;
	u32 sequence;
	u8 table[ASR_TABLE_LEN];
};

static_assert(sizeof(struct asr_set) % 8 == 0);

/**
 * struct asr_subset - an array line and the drives under it
 * @line: of the array
 * @nr: drives that it speaks of
 */
struct asr_subset {
	u16 line;
	u16 nr;
};

/**
 * struct asr_shape - the lines of one array
 * @top: its line: the array's own, or one above several
 * @end: line behind its last one
 * @two_level: there is a line above
 * @mirrored_top: that line mirrors its subsets instead of striping over them
 * @nr_subsets: 1, or how many are under the top
 * @nr_slots: drives of all subsets
 * @subset: in the order of the table
 * @line: of each slot, in EMD's order; ASR_NO_LINE when another driver dropped it
 * @sub: subset of each slot
 */
struct asr_shape {
	u16 top;
	u16 end;
	bool two_level;
	bool mirrored_top;
	u16 nr_subsets;
	u16 nr_slots;
	struct asr_subset subset[ASR_MAX_COMPONENTS];
	u16 line[ASR_MAX_LINES];
	u16 sub[ASR_MAX_LINES];
};

/**
 * struct asr_disk - everything that was read of a disk
 * @rb: reserved block
 * @table: table, NULL when the reserved block does not lead to one
 * @table_sector: where it is
 * @room: sectors read of it
 * @nr_lines: lines in use, all of them read
 * @unchecked: checksum is wrong
 * @own: line of the drive itself
 */
struct asr_disk {
	const struct asr_rb_ondisk *rb;
	const struct asr_table_ondisk *table;
	u32 table_sector;
	u32 room;
	u16 nr_lines;
	bool unchecked;
	u16 own;
};

static inline struct asr_set *asr_set(const struct emd_config *cfg)
{
	return (struct asr_set *)cfg->native;
}

static inline struct asr_part *asr_part(const struct asr_set *set, u32 i)
{
	return (struct asr_part *)(set + 1) + i;
}

static inline struct asr_table_ondisk *asr_table(const struct asr_set *set)
{
	return (struct asr_table_ondisk *)set->table;
}

static inline struct asr_line_ondisk *asr_lines(const struct asr_table_ondisk *table)
{
	return (struct asr_line_ondisk *)(table + 1);
}

static inline struct asr_line_ondisk *asr_line(const struct asr_set *set, u16 i)
{
	return asr_lines(asr_table(set)) + i;
}

static inline u32 asr_set_len(u32 nr_parts)
{
	return sizeof(struct asr_set) + nr_parts * sizeof(struct asr_part);
}

/* Sectors that so many lines take. */
static inline u32 asr_table_sectors(u32 nr_lines)
{
	return (sizeof(struct asr_table_ondisk) + nr_lines * sizeof(struct asr_line_ondisk) +
		ASR_SECTOR - 1) / ASR_SECTOR;
}

/*
 * Sequence numbers begin again behind 65535, with 1. We count on, so that newer is
 * always more for the core; the low 16 bits are what the format has.
 */
static inline u32 asr_next_sequence(u32 sequence)
{
	sequence++;
	return sequence & 0xffff ? sequence : sequence + 1;
}

static inline u64 asr_generation(u32 sequence, u32 timestamp)
{
	return (u64)sequence << 32 | timestamp;
}

#define ASR_RING	65535u

/* Where a sequence number is in the ring that they are: 0 is not one of them. */
static inline u32 asr_ring(u32 sequence)
{
	return ((sequence & 0xffff) + ASR_RING - 1) % ASR_RING;
}

/* How many numbers is @a behind @b? Neither is far from the other. */
static inline s32 asr_behind(u32 a, u32 b)
{
	u32 by = (asr_ring(b) + ASR_RING - asr_ring(a)) % ASR_RING;

	return by > ASR_RING / 2 ? (s32)(by - ASR_RING) : (s32)by;
}

/* The array that a spare with a table of its own is for. */
static inline u32 asr_serves(const struct asr_part *part)
{
	return be32_to_cpu(((const struct asr_table_ondisk *)part->head)->array_magic);
}

/* Is this disk line a spare's? */
static inline bool asr_is_spare(const struct asr_line_ondisk *line)
{
	return line->type == ASR_SPARE;
}

/* asr_parse.c */
int asr_next_extent(const struct emd_meta_image *img, struct emd_extent *want,
		    struct emd_errmsg *msg);
bool asr_recognize(const struct emd_meta_image *img);
int asr_load(const struct emd_meta_image *img, struct asr_disk *disk, struct emd_errmsg *msg);
u16 asr_checksum(const struct asr_line_ondisk *lines, u16 nr_lines);
int asr_find_top(const struct asr_line_ondisk *lines, u16 nr_lines, u16 own);
int asr_walk(const struct asr_line_ondisk *lines, u16 nr_lines, u16 top,
	     struct asr_shape *shape, struct emd_errmsg *msg);
int asr_set_shape(const struct asr_set *set, struct asr_shape *shape, struct emd_errmsg *msg);

/* asr_decode.c */

/* What a drive's state byte means. */
enum asr_health {
	ASR_GOOD,
	ASR_TARGET,	/* here, and to be filled */
	ASR_ABSENT,
	ASR_LOST,
};

/* What an array's state byte means. */
enum asr_condition {
	ASR_COND_NORMAL,	/* what counts are its drives */
	ASR_COND_BUILD,		/* its mirrors were not yet made equal */
	ASR_COND_DEAD,
	ASR_COND_EXPAND,
	ASR_COND_UNKNOWN,
};

enum asr_health asr_health(u8 state);
enum asr_condition asr_condition(u8 state);
struct asr_line_ondisk *asr_mirror_line(const struct asr_set *set, const struct asr_shape *shape,
					u16 sub);
bool asr_builds(const struct asr_set *set, const struct asr_shape *shape, u16 sub);
void asr_array_uuid(u32 magic, u8 uuid[16]);
void asr_container_uuid(u32 magic, u8 uuid[16]);
void asr_row_id(u32 magic, char id[EMD_DISK_ID_LEN]);
struct emd_config *asr_decode(const struct emd_meta_image *img, struct emd_errmsg *msg);
struct emd_config *asr_unite(const struct emd_config *const *cfgs, unsigned int nr,
			     unsigned int champion, const enum emd_verdict *verdicts,
			     const u16 *rows, struct emd_errmsg *msg);

/* asr_elect.c */
int asr_elect(const struct emd_config *const *cfgs, const struct emd_meta_image *const *imgs,
	      unsigned int nr, enum emd_verdict *verdicts, u16 *rows, struct emd_errmsg *msg);

/* asr_update.c */
void asr_adopt(struct emd_config *t1, u16 row, const struct emd_config *seen);
int asr_update(const struct emd_config *t0, struct emd_config *t1, struct emd_errmsg *msg);
void asr_supersede(struct emd_config *cfg, u64 generation);

/* asr_encode.c */
u32 asr_native_room(const struct emd_config *cfg);
u32 asr_encode_max(const struct emd_config *cfg);
int asr_encode(const struct emd_config *cfg, u16 disk, struct emd_meta_writes *out);
int asr_erase(const struct emd_meta_image *img, struct emd_meta_writes *out);
int asr_owned(const struct emd_meta_image *img, struct emd_meta_writes *out);

/* asr_place.c */
int asr_new_disk(const char *serial, u64 disk_sectors, u32 block_size,
		 struct emd_config_disk *row, struct emd_errmsg *msg);
struct emd_config *asr_new_container(u16 nr_disks, u32 block_size, u64 entropy, u64 now,
				     struct emd_errmsg *msg);
int asr_place_array(struct emd_config *t1, const struct emd_create_args *args,
		    struct emd_errmsg *msg);
int asr_can_take(const struct emd_config *cfg, u16 array, u16 slot, u16 disk,
		 struct emd_errmsg *msg);
int asr_can_express(const struct emd_config *cfg, struct emd_errmsg *msg);
int asr_can_change(const struct emd_config *t0, const struct emd_config *t1,
		   struct emd_errmsg *msg);

/* asr_describe.c */
void asr_describe(const struct emd_meta_image *img, struct emd_text *out);

#endif /* _EMD_ASR_H */
