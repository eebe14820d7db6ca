/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A bench for the ASR handler: disks that are nothing but their last sectors, tables
 * made line by line, disks read and written as the core does it, and configs in a line
 * each. For KUnit and, through the shim, for the fuzzer: pure, but for allocation.
 */
#ifndef _EMD_ASR_LAB_H
#define _EMD_ASR_LAB_H

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/slab.h>
#include <linux/stdarg.h>
#include <linux/string.h>

#include "meta/asr.h"

#define LAB_SECTORS	262144u
#define LAB_MEMBER	262016u
#define LAB_WINDOW	(64u * 512)	/* bytes before the end that there are */

/**
 * struct lab_disk - one disk
 * @sectors: capacity
 * @block_size: logical block
 * @serial: as the device reports it
 * @bytes: the last ones
 */
struct lab_disk {
	u64 sectors;
	u32 block_size;
	char serial[EMD_DISK_ID_LEN];
	u8 *bytes;
};

static inline int lab_disk_init(struct lab_disk *disk, u64 sectors, u32 block_size,
				const char *serial)
{
	memset(disk, 0, sizeof(*disk));
	disk->sectors = sectors;
	disk->block_size = block_size;
	strscpy(disk->serial, serial, sizeof(disk->serial));
	disk->bytes = kvzalloc(LAB_WINDOW, GFP_KERNEL);
	return disk->bytes ? 0 : -ENOMEM;
}

static inline void lab_disk_exit(struct lab_disk *disk)
{
	kvfree(disk->bytes);
	disk->bytes = NULL;
}

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

/* ---- as the core does it ------------------------------------------------------------- */

static inline void lab_image_free(struct emd_meta_image *img)
{
	unsigned int i;

	for (i = 0; i < img->nr_extents; i++)
		kvfree(img->extents[i].data);
	img->nr_extents = 0;
}

/* Read what the handler asks for; each extent its own allocation, exactly as long. */
static inline int lab_read(const struct lab_disk *disk, struct emd_meta_image *img,
			   struct emd_errmsg *msg)
{
	struct emd_extent *want;
	u32 total = 0;
	u8 *from;
	int ret;

	memset(img, 0, sizeof(*img));
	img->disk_sectors = disk->sectors;
	img->block_size = disk->block_size;
	strscpy(img->serial, disk->serial, sizeof(img->serial));
	while (img->nr_extents < EMD_IMAGE_MAX_EXTENTS) {
		want = &img->extents[img->nr_extents];
		ret = emd_asr_ops.next_extent(img, want, msg);
		if (ret <= 0)
			return ret;
		if (!want->len || want->len % disk->block_size ||
		    want->offset % disk->block_size || want->len > EMD_IMAGE_MAX_BYTES - total ||
		    want->offset >= disk->sectors << 9 ||
		    want->len > (disk->sectors << 9) - want->offset)
			return -E2BIG;
		total += want->len;
		want->data = kvzalloc(want->len, GFP_KERNEL);
		if (!want->data)
			return -ENOMEM;
		/* What is in no window is zero. */
		from = lab_at(disk, want->offset, want->len);
		if (from)
			memcpy(want->data, from, want->len);
		img->nr_extents++;
	}
	return -E2BIG;
}

static inline struct emd_config *lab_decode(const struct lab_disk *disk, struct emd_errmsg *msg)
{
	struct emd_meta_image img;
	struct emd_config *cfg;
	int ret;

	ret = lab_read(disk, &img, msg);
	cfg = ret ? ERR_PTR(ret) : emd_asr_ops.decode(&img, msg);
	lab_image_free(&img);
	return cfg;
}

#define LAB_DISKS	8

/**
 * struct lab_election - how an election went
 * @nr: disks
 * @champion: or -errno
 * @cfgs: of each disk
 * @verdicts: out
 * @rows: out
 */
struct lab_election {
	unsigned int nr;
	int champion;
	const struct emd_config *cfgs[LAB_DISKS];
	enum emd_verdict verdicts[LAB_DISKS];
	u16 rows[LAB_DISKS];
};

static inline void lab_election_free(struct lab_election *el)
{
	unsigned int i;

	for (i = 0; i < el->nr; i++)
		emd_config_free((struct emd_config *)el->cfgs[i]);
	el->nr = 0;
}

static inline int lab_elect(struct lab_disk *const *disks, unsigned int nr,
			    struct lab_election *el, struct emd_errmsg *msg)
{
	unsigned int i;

	memset(el, 0, sizeof(*el));
	for (i = 0; i < nr; i++) {
		el->cfgs[i] = lab_decode(disks[i], msg);
		if (IS_ERR(el->cfgs[i])) {
			el->champion = PTR_ERR(el->cfgs[i]);
			return el->champion;
		}
		el->nr++;
	}
	el->champion = emd_asr_ops.elect(el->cfgs, NULL, nr, el->verdicts, el->rows, msg);
	return el->champion;
}

/*
 * The elected config with live disks in their rows: handles are positions in @disks,
 * from 1. What is not here is missing.
 */
static inline struct emd_config *lab_assemble(struct lab_disk *const *disks, unsigned int nr,
					      struct emd_errmsg *msg)
{
	struct emd_config *cfg, *united;
	struct emd_config_room room = {};
	struct lab_election el;
	unsigned int i;
	u16 row;

	if (lab_elect(disks, nr, &el, msg) < 0) {
		cfg = ERR_PTR(el.champion);
		lab_election_free(&el);
		return cfg;
	}
	united = emd_asr_ops.unite(el.cfgs, el.nr, el.champion, el.verdicts, el.rows, msg);
	if (IS_ERR(united)) {
		lab_election_free(&el);
		return united;
	}
	emd_asr_ops.room(united, &room);
	room.disks += 8;
	cfg = emd_config_alloc(&room);
	if (!cfg || emd_config_copy(cfg, united)) {
		emd_config_free(cfg);
		cfg = ERR_PTR(-ENOMEM);
		goto out;
	}
	for (i = 0; i < el.nr; i++) {
		if (el.verdicts[i] != EMD_VERDICT_MEMBER)
			continue;
		cfg->disks[el.rows[i]].handle = i + 1;
		cfg->disks[el.rows[i]].sectors = disks[i]->sectors;
	}
	for (row = 0; row < cfg->nr_disks; row++) {
		if (!cfg->disks[row].handle && cfg->disks[row].state == EMD_DISK_ACTIVE)
			emd_change_miss_disk(cfg, row);
	}
	for (row = 0; row < cfg->nr_arrays; row++)
		cfg->arrays[row].handle = row + 1;
out:
	emd_config_free(united);
	lab_election_free(&el);
	return cfg;
}

/* Issue the writes, or the first @nr of them, and half of the next: a power cut. */
static inline int lab_write(struct lab_disk *disk, const struct emd_meta_writes *out,
			    unsigned int nr, bool torn)
{
	const struct emd_meta_write *write;
	unsigned int i;
	u32 len;
	u8 *to;

	for (i = 0; i < out->nr && i < nr + torn; i++) {
		write = &out->writes[i];
		if (write->len % disk->block_size || write->offset % disk->block_size ||
		    (u64)write->buf_offset + write->len > out->buf_len ||
		    write->offset + write->len > disk->sectors << 9)
			return -EINVAL;
		/* Into no window: as good as lost, but allowed. */
		to = lab_at(disk, write->offset, write->len);
		if (!to)
			continue;
		len = i < nr ? write->len : round_down(write->len / 2, disk->block_size);
		memcpy(to, out->buf + write->buf_offset, len);
	}
	return 0;
}

/* Returns the number of writes there are in all, or -errno. */
static inline int lab_encode_some(struct lab_disk *disk, const struct emd_config *cfg, u16 row,
				  unsigned int nr, bool torn)
{
	struct emd_meta_writes out = { .buf_len = emd_asr_ops.encode_max(cfg) };
	int ret;

	out.buf = kvzalloc(out.buf_len, GFP_KERNEL);
	if (!out.buf)
		return -ENOMEM;
	ret = emd_asr_ops.encode(cfg, row, &out);
	if (!ret)
		ret = lab_write(disk, &out, nr, torn);
	kvfree(out.buf);
	return ret ? ret : out.nr;
}

static inline int lab_encode(struct lab_disk *disk, const struct emd_config *cfg, u16 row)
{
	return lab_encode_some(disk, cfg, row, EMD_META_MAX_WRITES, false);
}

/* To all live disks. */
static inline int lab_encode_all(struct lab_disk *const *disks, const struct emd_config *cfg)
{
	int ret = 0;
	u16 row;

	for (row = 0; row < cfg->nr_disks && ret >= 0; row++) {
		if (cfg->disks[row].handle)
			ret = lab_encode(disks[cfg->disks[row].handle - 1], cfg, row);
	}
	return ret < 0 ? ret : 0;
}

/* A T1 with room for some more of everything. */
static inline struct emd_config *lab_next(const struct emd_config *t0)
{
	struct emd_config_room room = {};
	struct emd_config *t1;

	emd_asr_ops.room(t0, &room);
	room.disks += 8;
	room.arrays += 1;
	room.members += t0->nr_disks + 8;
	t1 = emd_config_alloc(&room);
	if (!t1)
		return NULL;
	if (emd_config_copy(t1, t0)) {
		emd_config_free(t1);
		return NULL;
	}
	t1->entropy = 0x123456789abcdefULL + t0->generation;
	t1->now = 1700000000 + t0->generation;
	return t1;
}

/* All that stands between an edited T1 and the disks. */
static inline int lab_commit(const struct emd_config *t0, struct emd_config *t1,
			     struct emd_errmsg *msg)
{
	int ret;

	ret = emd_config_check(t1, msg);
	if (!ret)
		ret = emd_config_check_change(t0, t1, msg);
	if (!ret)
		ret = emd_asr_ops.can_express(t1, msg);
	if (!ret)
		ret = emd_asr_ops.can_change(t0, t1, msg);
	if (!ret)
		ret = emd_asr_ops.update(t0, t1, msg);
	return ret;
}

/* ---- in words ---------------------------------------------------------------------------- */

/* Text being built. */
struct line {
	char text[1024];
	unsigned int len;
};

__printf(2, 3)
static inline void add(struct line *line, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	line->len += vsnprintf(line->text + line->len, sizeof(line->text) - line->len, fmt, args);
	va_end(args);
	if (line->len >= sizeof(line->text))
		line->len = sizeof(line->text) - 1;
}

/*
 * "NAME LEVEL LAYOUT STRIP SIZE START+MEMBER STATES ACTION", arrays separated by "; ".
 * States: U in sync, R rebuilding, M missing, F failed, ? not known.
 */
static inline void config_line(const struct emd_config *cfg, struct line *line)
{
	const struct emd_config_member *member;
	const struct emd_config_array *ca;
	u16 i, slot;

	line->len = 0;
	line->text[0] = 0;
	for (i = 0; i < cfg->nr_arrays; i++) {
		ca = &cfg->arrays[i];
		add(line, "%s%s %s %s %u %llu %llu+%llu ", i ? "; " : "", ca->name,
		    emd_levels[ca->geo.level].name, emd_layout_names[ca->geo.layout],
		    ca->geo.strip_sectors, ca->geo.array_sectors,
		    emd_config_member(cfg, ca, 0)->start_sector, ca->geo.member_sectors);
		for (slot = 0; slot < ca->geo.nr_members; slot++) {
			member = emd_config_member(cfg, ca, slot);
			add(line, "%c", member->disk == EMD_NO_DISK &&
					member->state == EMD_MEMBER_IN_SYNC ? '?' :
					"URMF"[member->state]);
		}
		add(line, " %s", emd_sync_action_names[ca->sync]);
		if (ca->sync != EMD_SYNC_IDLE)
			add(line, " %llu", ca->sync_sector);
		add(line, "%s%s", ca->initialised ? "" : " uninitialised", ca->dirty ? " dirty" : "");
		if (ca->flags & EMD_CFG_NO_START)
			add(line, " no-start");
		else if (ca->flags & EMD_CFG_READ_ONLY)
			add(line, " read-only");
	}
}

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
