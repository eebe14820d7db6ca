/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the DDF handler share.
 *
 *   ddf_parse.c     bytes of a disk to a checked copy of the structure: which
 *                   anchor, which of primary and secondary, where the sections are
 *   ddf_set.c       the native bytes: what one or more disks say, gathered
 *   ddf_record.c    configuration records: what level, where, how far
 *   ddf_decode.c    native bytes to config; several disks' knowledge into one
 *   ddf_torn.c      what a power cut tore, on disks without a secondary
 *   ddf_elect.c     which disk tells the truth about the container
 *   ddf_update.c    config to native bytes
 *   ddf_encode.c    which bytes go where on a disk, in which order
 *   ddf_place.c     new disks, containers, arrays
 *   ddf_describe.c  the image for people
 *   ddf.c           the table of all this
 *
 * The tables of disks and of virtual disks are the same on every disk; the
 * configuration records are not: a disk has those of the arrays it takes part in,
 * and of those only the part that it is in. So the native bytes of a config are a
 * set: both tables once, and of each disk that is here its own bytes and records.
 */
#ifndef _EMD_DDF_H
#define _EMD_DDF_H

#include <linux/kernel.h>
#include <linux/types.h>

#include "ddf_ondisk.h"
#include "meta.h"

/* Limits of ours; the specification's are at or below. */
#define DDF_MAX_ENTRIES		4096u	/* of either table */
#define DDF_MAX_SLOTS		1025u	/* records of a disk, the spare's included */
#define DDF_MAX_ELEMENTS	4096u
#define DDF_MAX_SMALL		8192u	/* bytes of controller data or physical disk data */
#define DDF_MAX_RUN		(480u * 1024)	/* one copy: two fit an image */
#define DDF_NR_OWN		5	/* sections that we read, DDF_CONTROLLER to DDF_PDD */

/* ---- numbers in either order -------------------------------------------- */

static inline u16 ddf_get16(bool le, struct ddf16 v)
{
	return le ? v.b[0] | v.b[1] << 8 : v.b[1] | v.b[0] << 8;
}

static inline u32 ddf_get32(bool le, struct ddf32 v)
{
	return le ? v.b[0] | v.b[1] << 8 | v.b[2] << 16 | (u32)v.b[3] << 24 :
		    v.b[3] | v.b[2] << 8 | v.b[1] << 16 | (u32)v.b[0] << 24;
}

static inline u64 ddf_get64(bool le, struct ddf64 v)
{
	u64 val = 0;
	int i;

	for (i = 0; i < 8; i++)
		val = val << 8 | v.b[le ? 7 - i : i];
	return val;
}

static inline void ddf_put16(bool le, struct ddf16 *v, u16 val)
{
	v->b[le ? 0 : 1] = val & 0xff;
	v->b[le ? 1 : 0] = val >> 8;
}

static inline void ddf_put32(bool le, struct ddf32 *v, u32 val)
{
	int i;

	for (i = 0; i < 4; i++)
		v->b[le ? i : 3 - i] = val >> 8 * i;
}

static inline void ddf_put64(bool le, struct ddf64 *v, u64 val)
{
	int i;

	for (i = 0; i < 8; i++)
		v->b[le ? i : 7 - i] = val >> 8 * i;
}

static inline bool ddf_guid_free(const u8 guid[DDF_GUID_LEN])
{
	int i;

	for (i = 0; i < DDF_GUID_LEN; i++) {
		if (guid[i] != 0xff)
			return false;
	}
	return true;
}

static inline bool ddf_ref_valid(u32 ref)
{
	return ref && ref != DDF_NONE32;
}

/* Sequence numbers count on past their end; all ones is none. */
static inline bool ddf_seq_after(u32 a, u32 b)
{
	return (s32)(a - b) > 0;
}

static inline u32 ddf_seq_next(u32 seq)
{
	return seq + 1 == DDF_NONE32 ? 1 : seq + 1;
}

/* ---- one disk's structure, ddf_parse.c ------------------------------------ */

/**
 * struct ddf_layout - what a header that passed its checks says
 * @le: little-endian
 * @zlib: CRCs begin and end with all ones (variant B)
 * @block: logical block in bytes
 * @max_pd: entries of the disk table
 * @max_vd: entries of the virtual disks' table
 * @max_partitions: records a disk may hold
 * @max_elements: room for elements in a record
 * @record: bytes of a record's slot
 * @primary: where the primary header is, in blocks
 * @secondary: likewise, DDF_NONE64 when there is none
 * @offset: bytes from a header to each section
 * @len: bytes of each, 0 when absent
 */
struct ddf_layout {
	bool le;
	bool zlib;
	u32 block;
	u32 max_pd;
	u32 max_vd;
	u32 max_partitions;
	u32 max_elements;
	u32 record;
	u64 primary;
	u64 secondary;
	u32 offset[DDF_NR_SECTIONS];
	u32 len[DDF_NR_SECTIONS];
};

/**
 * struct ddf_copy - primary or secondary, as far as it is there and right
 * @layout: from its own header
 * @header: its block, NULL when it is absent or wrong
 * @section: the bytes of our sections, NULL when not read
 * @bbm: bad block log, NULL when absent
 * @seq: its header's
 * @open: it was being changed
 * @right: sections that are right, their CRCs included, bits
 * @whole: all of them are
 * @records: so are all records
 */
struct ddf_copy {
	struct ddf_layout layout;
	const struct ddf_header_ondisk *header;
	const u8 *section[DDF_NR_OWN];
	const u8 *bbm;
	u32 seq;
	u32 right;
	bool open;
	bool whole;
	bool records;
};

/**
 * struct ddf_disk - everything that was read of a disk
 * @anchor: block
 * @anchor_lba: where it was found
 * @layout: from it
 * @copy: primary and secondary
 * @best: which of them to believe, -1 none
 */
struct ddf_disk {
	const struct ddf_header_ondisk *anchor;
	u64 anchor_lba;
	struct ddf_layout layout;
	struct ddf_copy copy[2];
	int best;
};

int ddf_next_extent(const struct emd_meta_image *img, struct emd_extent *want,
		    struct emd_errmsg *msg);
bool ddf_recognize(const struct emd_meta_image *img);
int ddf_load(const struct emd_meta_image *img, struct ddf_disk *disk, struct emd_errmsg *msg);
u32 ddf_run_len(const struct ddf_layout *layout);
bool ddf_copy_read(const struct ddf_copy *copy);
bool ddf_is_torn(const struct ddf_disk *disk);
void ddf_remark(const struct ddf_disk *disk, char *remark);
u32 ddf_crc(bool zlib, const u8 *bytes, u32 len);
void ddf_seal(bool le, bool zlib, u8 *bytes, u32 len);
bool ddf_sealed(bool le, bool zlib, const u8 *bytes, u32 len);
u64 ddf_lowest_block(const struct ddf_layout *layout, const struct ddf_header_ondisk *header,
		     u64 anchor_lba);

/* ---- native bytes, ddf_set.c ------------------------------------------------ */

/**
 * struct ddf_set - head of the native bytes
 * @len: bytes of the whole
 * @block: logical block
 * @le: little-endian
 * @zlib: variant of the CRCs
 * @reserved: zero
 * @max_pd: entries of the disk table
 * @max_vd: entries of the virtual disks' table
 * @max_partitions: records a disk may hold
 * @max_elements: room for elements in a record
 * @record: bytes of a record
 * @section: bytes of our sections, as every disk of the container has them
 * @seq: sequence number of what the set says
 * @nr_parts: disks
 * @nr_records: records of all of them
 * @timestamp: of the last update, in DDF's seconds
 * @updated: made by an update, whose writes what it does not write rely on
 * @guid: the container
 *
 * Behind it, in this order: disk table, virtual disks' table, parts, records. In
 * the machine's own order and alignment: it never leaves it.
 */
struct ddf_set {
	u32 len;
	u32 block;
	u8 le;
	u8 zlib;
	u8 reserved[2];
	u32 max_pd;
	u32 max_vd;
	u32 max_partitions;
	u32 max_elements;
	u32 record;
	u32 section[DDF_NR_OWN];
	u32 seq;
	u32 nr_parts;
	u32 nr_records;
	u32 timestamp;
	u32 updated;
	u8 guid[DDF_GUID_LEN];
};

static_assert(sizeof(struct ddf_set) % 8 == 0);

/* What encode has to write of a part; bits by section, and: */
#define DDF_WRITE_ALL	((1u << DDF_NR_OWN) - 1)
#define DDF_WRITE_NEW	(1u << 31)	/* the disk has nothing of ours yet */

/**
 * struct ddf_part - what only one disk has
 * @anchor_lba: where its anchor is
 * @limit: sectors before the first structure
 * @seq: sequence number that is on it, the last that is known to be
 * @ref: PD reference
 * @bad_blocks: entries of its bad block log
 * @write: what has to be written, DDF_WRITE_*
 * @slots: slots that have been in use since all were written, from the first
 * @write_slots: slots to be written, when DDF_CONFIG is
 * @guid: PD GUID
 *
 * Behind it: header block (the primary's), controller data, physical disk data.
 */
struct ddf_part {
	u64 anchor_lba;
	u64 limit;
	u32 seq;
	u32 ref;
	u32 bad_blocks;
	u32 write;
	u32 slots;
	u32 write_slots;
	u8 guid[DDF_GUID_LEN];
};

static_assert(sizeof(struct ddf_part) % 8 == 0);

/**
 * struct ddf_record - a slot of the configuration section that is in use
 * @part: whose
 * @slot: where
 *
 * Behind it: the bytes.
 */
struct ddf_record {
	u32 part;
	u32 slot;
};

static inline struct ddf_set *ddf_set(const struct emd_config *cfg)
{
	return (struct ddf_set *)cfg->native;
}

static inline struct ddf_table_ondisk *ddf_pdr(const struct ddf_set *set)
{
	return (struct ddf_table_ondisk *)(set + 1);
}

static inline struct ddf_table_ondisk *ddf_vdr(const struct ddf_set *set)
{
	return (struct ddf_table_ondisk *)((u8 *)(set + 1) + set->section[DDF_PDR]);
}

static inline struct ddf_pde_ondisk *ddf_pde(const struct ddf_set *set, u32 i)
{
	return (struct ddf_pde_ondisk *)(ddf_pdr(set) + 1) + i;
}

static inline struct ddf_vde_ondisk *ddf_vde(const struct ddf_set *set, u32 i)
{
	return (struct ddf_vde_ondisk *)(ddf_vdr(set) + 1) + i;
}

static inline u32 ddf_part_len(const struct ddf_set *set)
{
	return sizeof(struct ddf_part) + set->block + set->section[DDF_CONTROLLER] +
	       set->section[DDF_PDD];
}

static inline u32 ddf_record_len(const struct ddf_set *set)
{
	return sizeof(struct ddf_record) + set->record;
}

static inline struct ddf_part *ddf_part(const struct ddf_set *set, u32 i)
{
	return (struct ddf_part *)((u8 *)ddf_vdr(set) + set->section[DDF_VDR] +
				   i * ddf_part_len(set));
}

static inline struct ddf_header_ondisk *ddf_part_header(const struct ddf_part *part)
{
	return (struct ddf_header_ondisk *)(part + 1);
}

static inline u8 *ddf_part_controller(const struct ddf_set *set, const struct ddf_part *part)
{
	return (u8 *)(part + 1) + set->block;
}

static inline u8 *ddf_part_pdd(const struct ddf_set *set, const struct ddf_part *part)
{
	return ddf_part_controller(set, part) + set->section[DDF_CONTROLLER];
}

static inline struct ddf_record *ddf_record(const struct ddf_set *set, u32 i)
{
	return (struct ddf_record *)((u8 *)ddf_part(set, set->nr_parts) +
				     i * ddf_record_len(set));
}

static inline struct ddf_vdcr_ondisk *ddf_vdcr(const struct ddf_record *rec)
{
	return (struct ddf_vdcr_ondisk *)(rec + 1);
}

/* The same bytes, when they are a spare's assignment. */
static inline struct ddf_spare_ondisk *ddf_spare(const struct ddf_record *rec)
{
	return (struct ddf_spare_ondisk *)(rec + 1);
}

static inline struct ddf_spare_entry_ondisk *ddf_spare_entries(struct ddf_spare_ondisk *spare)
{
	return (struct ddf_spare_entry_ondisk *)(spare + 1);
}

static inline struct ddf32 *ddf_vdcr_refs(struct ddf_vdcr_ondisk *vdcr)
{
	return (struct ddf32 *)(vdcr + 1);
}

static inline struct ddf64 *ddf_vdcr_starts(const struct ddf_set *set,
					    struct ddf_vdcr_ondisk *vdcr)
{
	return (struct ddf64 *)(ddf_vdcr_refs(vdcr) + set->max_elements);
}

static inline u32 ddf_nr_slots(const struct ddf_set *set)
{
	return min(set->max_partitions + 1, set->section[DDF_CONFIG] / set->record);
}

u32 ddf_set_len(const struct ddf_set *set, u32 nr_parts, u32 nr_records);
u32 ddf_native_room(const struct emd_config *cfg);
void ddf_set_head(struct ddf_set *set, const struct ddf_layout *layout, const u8 *guid);
void ddf_set_init(struct ddf_set *set, const struct ddf_layout *layout, const u8 *guid);
u32 ddf_count_records(const struct ddf_copy *copy);
void ddf_set_load(struct ddf_set *set, const struct ddf_disk *disk, u64 disk_sectors);
struct ddf_part *ddf_set_add_part(struct ddf_set *set, u32 room);
void ddf_set_drop_part(struct ddf_set *set, u32 part);
struct ddf_record *ddf_set_add_record(struct ddf_set *set, u32 room, u32 part);
void ddf_set_drop_record(struct ddf_set *set, u32 record);
int ddf_find_part(const struct ddf_set *set, u32 pde);
int ddf_find_pde(const struct ddf_set *set, const u8 guid[DDF_GUID_LEN], u32 ref);
int ddf_find_ref(const struct ddf_set *set, u32 ref);
int ddf_find_vde(const struct ddf_set *set, const u8 guid[DDF_GUID_LEN]);
bool ddf_pde_used(const struct ddf_set *set, u32 i);
bool ddf_vde_used(const struct ddf_set *set, u32 i);
bool ddf_same_container(const struct ddf_set *a, const struct ddf_set *b);

/* ---- records, ddf_record.c ----------------------------------------------------- */

/**
 * struct ddf_level - how DDF writes a level
 * @prl: primary level
 * @rlq: its qualifier
 * @level: ours
 * @layout: ours
 */
struct ddf_level {
	u8 prl;
	u8 rlq;
	u8 level;
	u8 layout;
};

/**
 * struct ddf_progress - how far work on an array has come, when that is known
 * @action: resync, rebuild, or idle when nothing is known
 * @dirty: writes were in flight, besides the work itself
 * @late: of before a change that did not reach the disk it is from
 * @slot: of the record, filled by @ref; U16_MAX none
 * @ref: disk that is being filled
 * @sector: of the array
 */
struct ddf_progress {
	enum emd_sync_action action;
	bool dirty;
	bool late;
	u16 slot;
	u32 ref;
	u64 sector;
};

bool ddf_vdcr_is(const struct ddf_set *set, const struct ddf_record *rec);
bool ddf_is_spares(const struct ddf_set *set, const struct ddf_record *rec);
struct ddf_vdcr_ondisk *ddf_any_vdcr(const struct ddf_set *set, const u8 guid[DDF_GUID_LEN]);
struct ddf_vdcr_ondisk *ddf_newest_vdcr(const struct ddf_set *set, const u8 guid[DDF_GUID_LEN],
					u32 secondary);
int ddf_find_spare(const struct ddf_set *set, u32 part);
u32 ddf_spare_room(const struct ddf_set *set);
const struct ddf_level *ddf_level_decode(u8 prl, u8 rlq);
const struct ddf_level *ddf_level_encode(enum emd_level level, enum emd_layout layout,
					 u16 nr_members);
const char *ddf_level_name(u8 prl);
bool ddf_get_progress(const struct ddf_set *set, const struct ddf_vdcr_ondisk *vdcr,
		      struct ddf_progress *progress);
void ddf_put_progress(const struct ddf_set *set, struct ddf_vdcr_ondisk *vdcr,
		      const struct ddf_progress *progress);
bool ddf_is_linux(const u8 guid[DDF_GUID_LEN]);
bool ddf_is_adaptec(const struct ddf_set *set);

/* ---- the rest ------------------------------------------------------------------ */

static inline u32 ddf_block_sectors(const struct ddf_set *set)
{
	return set->block / 512;
}

/* Blocks to sectors; what would wrap stays too large for any check. */
static inline u64 ddf_sectors(const struct ddf_set *set, u64 blocks)
{
	u32 n = ddf_block_sectors(set);

	return blocks > EMD_MAX_SECTORS / n ? U64_MAX : blocks * n;
}

/* ddf_decode.c */
struct emd_config *ddf_decode(const struct emd_meta_image *img, struct emd_errmsg *msg);
struct emd_config *ddf_unite(const struct emd_config *const *cfgs, unsigned int nr,
			     unsigned int champion, const enum emd_verdict *verdicts,
			     const u16 *rows, struct emd_errmsg *msg);
int ddf_add_disk(struct ddf_set *set, u32 room, const struct ddf_set *from, bool spare);
void ddf_decode_spare(struct emd_config *cfg, struct emd_config_disk *row);
void ddf_row_id(u32 ref, char id[EMD_DISK_ID_LEN]);
void ddf_uuid(const struct ddf_set *set, const u8 guid[DDF_GUID_LEN], u8 uuid[16]);
void ddf_array_uuid(const struct ddf_set *set, u32 vde, u8 uuid[16]);

/* ddf_elect.c */
int ddf_elect(const struct emd_config *const *cfgs, const struct emd_meta_image *const *imgs,
	      unsigned int nr, enum emd_verdict *verdicts, u16 *rows, struct emd_errmsg *msg);

/* ddf_torn.c */
struct emd_config *ddf_salvage(const struct emd_meta_image *img);
bool ddf_may_know_of_loss(const struct ddf_set *torn, const struct ddf_set *whole);
void ddf_heal_part(struct ddf_set *set, u32 part, u32 room);

/* ddf_update.c */
void ddf_adopt(struct emd_config *t1, u16 row, const struct emd_config *seen);
int ddf_update(const struct emd_config *t0, struct emd_config *t1, struct emd_errmsg *msg);
void ddf_supersede(struct emd_config *cfg, u64 generation);

/* ddf_encode.c */
u32 ddf_encode_max(const struct emd_config *cfg);
int ddf_encode(const struct emd_config *cfg, u16 disk, struct emd_meta_writes *out);
int ddf_erase(const struct emd_meta_image *img, struct emd_meta_writes *out);
int ddf_owned(const struct emd_meta_image *img, struct emd_meta_writes *out);

/* ddf_place.c */
int ddf_new_disk(const char *serial, u64 disk_sectors, u32 block_size,
		 struct emd_config_disk *row, struct emd_errmsg *msg);
struct emd_config *ddf_new_container(u16 nr_disks, u32 block_size, u64 entropy, u64 now,
				     struct emd_errmsg *msg);
int ddf_place_array(struct emd_config *t1, const struct emd_create_args *args,
		    struct emd_errmsg *msg);
int ddf_can_take(const struct emd_config *cfg, u16 array, u16 slot, u16 disk,
		 struct emd_errmsg *msg);
u64 ddf_start_on(const struct emd_config *cfg, u16 array, u16 slot, u16 disk);
int ddf_can_express(const struct emd_config *cfg, struct emd_errmsg *msg);
int ddf_can_change(const struct emd_config *t0, const struct emd_config *t1,
		   struct emd_errmsg *msg);
void ddf_new_header(const struct ddf_set *set, u64 disk_sectors, struct ddf_header_ondisk *header,
		    u64 *anchor_lba);

/* ddf_describe.c */
void ddf_describe(const struct emd_meta_image *img, struct emd_text *out);

#endif /* _EMD_DDF_H */
