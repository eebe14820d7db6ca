/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bench for the ASR handler: disks that are nothing but their last sectors, tables
 * made line by line, disks read and written as the core does it, and configs in a line
 * each. For KUnit and, through the shim, for the fuzzer: pure, but for allocation.
 */
#ifndef _EMD_ASR_LAB_H
#define _EMD_ASR_LAB_H

#include "meta/asr.h"

#define LAB_SECTORS	262144u
#define LAB_MEMBER	262016u
#define LAB_WINDOW	(64u * 512)	/* bytes before the end that there are */

#define LAB_BYTES	LAB_WINDOW

static const struct emd_meta_ops *const lab_ops = &emd_asr_ops;

#include "codec_lab.h"

/* NULL for what is not there. */
static inline u8 *lab_at(const struct lab_disk *disk, u64 offset, u32 len)
{
	u64 start = (disk->sectors << 9) - LAB_WINDOW;

	if (len > LAB_WINDOW || offset < start || offset - start > LAB_WINDOW - len)
		return NULL;
	return disk->bytes + (offset - start);
}

static inline struct asr_rb_ondisk *lab_rb(const struct lab_disk *disk)
{
	return (struct asr_rb_ondisk *)(disk->bytes + LAB_WINDOW - ASR_SECTOR);
}

static inline struct asr_table_ondisk *lab_table(const struct lab_disk *disk)
{
	return (struct asr_table_ondisk *)(disk->bytes + LAB_WINDOW -
					   ASR_END_SECTORS * ASR_SECTOR);
}

static inline struct asr_line_ondisk *lab_line(const struct lab_disk *disk, unsigned int i)
{
	return asr_lines(lab_table(disk)) + i;
}

static inline void lab_seal(const struct lab_disk *disk)
{
	struct asr_table_ondisk *table = lab_table(disk);

	table->checksum = cpu_to_be16(asr_checksum(asr_lines(table),
						   be16_to_cpu(table->nr_lines)));
}

/* The line of the drive itself in its own copy, NULL when there is none. */
static inline struct asr_line_ondisk *lab_own(const struct lab_disk *disk)
{
	unsigned int i;

	for (i = 0; i < be16_to_cpu(lab_table(disk)->nr_lines) && i < ASR_MAX_LINES; i++) {
		if (lab_line(disk, i)->level == ASR_DRIVE &&
		    lab_line(disk, i)->magic == lab_rb(disk)->drive_magic)
			return lab_line(disk, i);
	}
	return NULL;
}

/* ---- golden disks ------------------------------------------------------------------ */

/**
 * struct golden_line - a line of a table, as the format's description lists them
 * @count: components
 * @sequence: number
 * @magic: identity
 * @level: kind
 * @type: RAID type
 * @state: byte
 * @flags: byte
 * @capacity: sectors
 * @strip: sectors
 * @target: address
 */
struct golden_line {
	u16 count;
	u16 sequence;
	u32 magic;
	u8 level;
	u8 type;
	u8 state;
	u8 flags;
	u32 capacity;
	u16 strip;
	u32 target;
};

/**
 * struct golden - a table
 * @name: of the array
 * @checksum: computed by another
 * @nr: lines
 * @lines: table
 * @serves: a spare's: for whom
 */
struct golden {
	const char *name;
	u16 checksum;
	u16 nr;
	struct golden_line lines[8];
	u32 serves;
};

#define D0	0x91000001u
#define D1	0x92000002u
#define D2	0x93000003u
#define D3	0x94000004u

static const struct golden golden_stripe = {
	"STRIPE", 0x0fa8, 3, {
	{ 2, 1, 0x2a000001, 1, 0, 0, 0, 524032, 256, 0 },
	{ 0, 1, D0, 0, 0, 0, 0, LAB_MEMBER, 128, 0 },
	{ 0, 1, D1, 0, 0, 0, 0, LAB_MEMBER, 128, 1 } }
};

static const struct golden golden_mirror = {
	"MIRROR", 0x10c4, 3, {
	{ 2, 1, 0x2c000001, 1, 1, 0, 0x10, LAB_MEMBER, 128, 0 },
	{ 0, 1, D0, 0, 1, 0, 0, LAB_MEMBER, 128, 0 },
	{ 0, 1, D1, 0, 1, 0, 0, LAB_MEMBER, 128, 1 } }
};

static const struct golden golden_ten = {
	"TEN", 0x21e3, 7, {
	{ 2, 1, 0x2d000001, 3, 0, 0, 0, 524032, 256, 0 },
	{ 2, 1, 0x2d000002, 1, 1, 0, 0x10, LAB_MEMBER, 128, 0 },
	{ 0, 1, D0, 0, 1, 0, 0, LAB_MEMBER, 128, 0 },
	{ 0, 1, D1, 0, 1, 0, 0, LAB_MEMBER, 128, 1 },
	{ 2, 1, 0x2d000003, 1, 1, 0, 0x10, LAB_MEMBER, 128, 0 },
	{ 0, 1, D2, 0, 1, 0, 0, LAB_MEMBER, 128, 2 },
	{ 0, 1, D3, 0, 1, 0, 0, LAB_MEMBER, 128, 3 } }
};

/* A mirror of stripes. */
static const struct golden golden_oh_one = {
	"OHONE", 0, 7, {
	{ 2, 1, 0x2e000001, 3, 1, 0, 0x10, 524032, 128, 0 },
	{ 2, 1, 0x2e000002, 1, 0, 0, 0, 524032, 256, 0 },
	{ 0, 1, D0, 0, 0, 0, 0, LAB_MEMBER, 128, 0 },
	{ 0, 1, D1, 0, 0, 0, 0, LAB_MEMBER, 128, 1 },
	{ 2, 1, 0x2e000003, 1, 0, 0, 0, 524032, 256, 0 },
	{ 0, 1, D2, 0, 0, 0, 0, LAB_MEMBER, 128, 2 },
	{ 0, 1, D3, 0, 0, 0, 0, LAB_MEMBER, 128, 3 } }
};

static const struct golden golden_degraded = {
	"MIRROR", 0x10cb, 3, {
	{ 2, 2, 0x2c000001, 1, 1, 1, 0x10, LAB_MEMBER, 128, 0 },
	{ 0, 2, D0, 0, 1, 0, 0, LAB_MEMBER, 128, 0 },
	{ 0, 2, D1, 0, 1, 3, 0, LAB_MEMBER, 128, 1 } }
};

static const struct golden golden_rebuilding = {
	"MIRROR", 0x10f0, 3, {
	{ 2, 3, 0x2c000001, 1, 1, 2, 0x10, LAB_MEMBER, 128, 0 },
	{ 0, 3, D0, 0, 1, 0, 0, LAB_MEMBER, 128, 0 },
	{ 0, 3, D1, 0, 1, 0x24, 0, LAB_MEMBER, 128, 1 } }
};

static const struct golden golden_guarded = {
	"MIRROR", 0x10cf, 3, {
	{ 2, 3, 0x2c000001, 1, 1, 2, 0x10, LAB_MEMBER, 128, 0 },
	{ 0, 3, D0, 0, 1, 0, 0, LAB_MEMBER, 128, 0 },
	{ 0, 3, D1, 0, 1, 3, 0, LAB_MEMBER, 128, 1 } }
};

static const struct golden golden_spare = {
	"", 0x0996, 2, {
	{ 1, 0, 0xffffffff, 1, 0xfe, 0, 0, LAB_MEMBER, 0, 0 },
	{ 0, 0, D2, 0, 0xfe, 0, 0, LAB_MEMBER, 0, 2 } }, 0xffffffff
};

static inline void golden_rb(struct lab_disk *disk, u32 magic)
{
	struct asr_rb_ondisk *rb = lab_rb(disk);

	memset(rb, 0, sizeof(*rb));
	rb->id = cpu_to_be32(0x37fc4d1e);
	rb->own_area = cpu_to_be32(disk->sectors - 17);
	rb->version = 8;
	rb->drive_magic = cpu_to_be32(magic);
	rb->magic = cpu_to_be32(0x4450544d);
	rb->table = cpu_to_be32(disk->sectors - 17);
}

static inline void golden_table(struct lab_disk *disk, const struct golden *golden)
{
	struct asr_table_ondisk *table = lab_table(disk);
	const struct golden_line *from;
	struct asr_line_ondisk *line;
	unsigned int i;

	memset(table, 0, ASR_TABLE_LEN);
	table->id = cpu_to_be32(0x900765c4);
	table->version = cpu_to_be32(2);
	table->max_lines = cpu_to_be16(127);
	table->nr_lines = cpu_to_be16(golden->nr);
	table->line_size = cpu_to_be16(64);
	table->priority = 0x10;
	table->array_magic = cpu_to_be32(golden->serves);
	for (i = 0; i < golden->nr; i++) {
		from = &golden->lines[i];
		line = lab_line(disk, i);
		line->count = cpu_to_be16(from->count);
		line->sequence = cpu_to_be16(from->sequence);
		line->magic = cpu_to_be32(from->magic);
		line->level = from->level;
		line->type = from->type;
		line->state = from->state;
		line->flags = from->flags;
		line->target = cpu_to_be32(from->target);
		line->capacity = cpu_to_be32(from->capacity);
		line->strip = cpu_to_be16(from->strip);
		if (golden->name[0]) {
			memset(line->name, ' ', ASR_NAME_LEN);
			memcpy(line->name, golden->name, strlen(golden->name));
		}
	}
	table->checksum = cpu_to_be16(golden->checksum);
	if (!golden->checksum)
		lab_seal(disk);
}

static inline int golden_disk(const struct golden *golden, u32 magic, struct lab_disk *disk)
{
	char serial[16];
	int ret;

	snprintf(serial, sizeof(serial), "GOLD-%08x", magic);
	ret = lab_disk_init(disk, LAB_SECTORS, 512, serial);
	if (ret)
		return ret;
	golden_rb(disk, magic);
	golden_table(disk, golden);
	return 0;
}

/* ---- in words ---------------------------------------------------------------------------- */

/*
 * What other drivers will see: "SEQUENCE DIRTY | KIND:STATE ... ", kinds A for arrays,
 * T for tops, a letter for drives, in the order in which they have joined.
 */
static inline void native_line(const struct emd_config *cfg, struct line *line)
{
	const struct asr_set *set = asr_set(cfg);
	const struct asr_line_ondisk *l;
	unsigned int i, n = 0;

	line->len = 0;
	line->text[0] = 0;
	if (set->top == ASR_NO_LINE)
		return;
	add(line, "%u %02x |", be16_to_cpu(asr_line(set, set->top)->sequence),
	    asr_table(set)->dirty);
	for (i = 0; i < be16_to_cpu(asr_table(set)->nr_lines); i++) {
		l = asr_line(set, i);
		add(line, " %c%02x", l->level == ASR_TOP ? 'T' : l->level == ASR_ARRAY ? 'A' :
				     'a' + n, l->state);
		n += l->level == ASR_DRIVE;
		if (l->flags)
			add(line, "/%02x", l->flags);
		if (l->position)
			add(line, "@%u", be32_to_cpu(l->position));
	}
}

#endif /* _EMD_ASR_LAB_H */
