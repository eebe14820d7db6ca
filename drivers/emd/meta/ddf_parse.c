// SPDX-License-Identifier: GPL-2.0
/*
 * DDF: from bytes that may lie to the structure of a disk: its anchor, the two
 * copies behind that, their sections. What it lets through lies inside the disk,
 * overlaps nothing and has right checksums; what tables and records say is for
 * others to judge.
 *
 * Of two copies the one with more right in it is believed, of equals the closed
 * one, then the newer, then the primary. So a copy torn by a power cut is not
 * used as long as there is another. Pure.
 */
#include <linux/crc32.h>
#include <linux/errno.h>
#include <linux/string.h>

#include "ddf.h"

/* Some Adaptec models keep the anchor here, in blocks before the end. */
#define ADAPTEC_ANCHOR	257

#define MIN_BLOCKS	512

/* ---- checksums -------------------------------------------------------------- */

/**
 * ddf_crc() - what the checksum of a structure should be
 * @zlib: begin and end with all ones
 * @bytes: structure; its checksum, at 4, counts as all ones
 * @len: bytes, at least 8
 */
u32 ddf_crc(bool zlib, const u8 *bytes, u32 len)
{
	static const u8 ones[4] = { 0xff, 0xff, 0xff, 0xff };
	u32 crc = zlib ? ~0u : 0;

	crc = crc32_le(crc, bytes, 4);
	crc = crc32_le(crc, ones, 4);
	crc = crc32_le(crc, bytes + 8, len - 8);
	return zlib ? ~crc : crc;
}

static struct ddf32 *crc_field(const u8 *bytes)
{
	return (struct ddf32 *)(bytes + 4);
}

/**
 * ddf_seal() - put the right checksum into a structure
 * @le: little-endian
 * @zlib: variant
 * @bytes: structure
 * @len: bytes that it covers
 */
void ddf_seal(bool le, bool zlib, u8 *bytes, u32 len)
{
	ddf_put32(le, crc_field(bytes), ddf_crc(zlib, bytes, len));
}

/**
 * ddf_sealed() - is the checksum of a structure right?
 * @le: little-endian
 * @zlib: variant
 * @bytes: structure
 * @len: bytes that it covers
 */
bool ddf_sealed(bool le, bool zlib, const u8 *bytes, u32 len)
{
	return ddf_get32(le, *crc_field(bytes)) == ddf_crc(zlib, bytes, len);
}

static u32 signature(bool le, const u8 *bytes)
{
	return ddf_get32(le, *(const struct ddf32 *)bytes);
}

/* ---- what has been read ------------------------------------------------------- */

static const u8 *bytes_at(const struct emd_meta_image *img, u64 offset, u32 len)
{
	const struct emd_extent *ext;
	unsigned int i;

	for (i = 0; i < img->nr_extents; i++) {
		ext = &img->extents[i];
		if (offset >= ext->offset && offset - ext->offset <= ext->len &&
		    len <= ext->len - (offset - ext->offset))
			return ext->data + (offset - ext->offset);
	}
	return NULL;
}

static u64 nr_blocks(const struct emd_meta_image *img)
{
	return (img->disk_sectors << 9) / img->block_size;
}

static bool usable_disk(const struct emd_meta_image *img)
{
	return (img->block_size == 512 || img->block_size == 4096) &&
	       img->disk_sectors <= EMD_MAX_SECTORS && nr_blocks(img) >= MIN_BLOCKS;
}

/* ---- headers ---------------------------------------------------------------------- */

static const char *const section_names[DDF_NR_SECTIONS] = {
	[DDF_CONTROLLER] = "controller data",
	[DDF_PDR] = "physical disk records",
	[DDF_VDR] = "virtual disk records",
	[DDF_CONFIG] = "configuration records",
	[DDF_PDD] = "physical disk data",
	[DDF_BBM] = "bad block log",
	[DDF_DIAG] = "diagnostic space",
	[DDF_VENDOR] = "vendor log",
};

static int check_section(const struct ddf_header_ondisk *header, enum ddf_section s,
			 struct ddf_layout *layout, struct emd_errmsg *msg)
{
	u32 offset = ddf_get32(layout->le, header->section[s].offset);
	u32 len = ddf_get32(layout->le, header->section[s].length);
	u32 most = DDF_MAX_RUN / layout->block;
	u32 least = s == DDF_PDR || s == DDF_VDR ? 128 :
		    s == DDF_CONFIG ? layout->record : 512;

	layout->offset[s] = 0;
	layout->len[s] = 0;
	if (s >= DDF_NR_OWN && (offset == DDF_NONE32 || !len))
		return 0;
	if (s > DDF_BBM)
		most = U32_MAX / layout->block;	/* never read */
	if (!offset || offset > most || !len || len > most - offset)
		return EMD_REFUSE(msg, -EUCLEAN, "%s at block %u+%u of the structure, can do %u",
				  section_names[s], offset, len, most);
	layout->offset[s] = offset * layout->block;
	layout->len[s] = len * layout->block;
	if (s < DDF_NR_OWN && layout->len[s] < least)
		return EMD_REFUSE(msg, -EUCLEAN, "%s of %u bytes, need %u", section_names[s],
				  layout->len[s], least);
	if ((s == DDF_CONTROLLER || s == DDF_PDD) && layout->len[s] > DDF_MAX_SMALL)
		return EMD_REFUSE(msg, -EUCLEAN, "%s of %u bytes, can do %u", section_names[s],
				  layout->len[s], DDF_MAX_SMALL);
	return 0;
}

static bool overlap(u64 a, u64 a_len, u64 b, u64 b_len)
{
	return a < b + b_len && b < a + a_len;
}

static int check_sections(const struct ddf_header_ondisk *header, struct ddf_layout *layout,
			  struct emd_errmsg *msg)
{
	unsigned int s, k;
	int ret;

	for (s = 0; s < DDF_NR_SECTIONS; s++) {
		ret = check_section(header, s, layout, msg);
		if (ret)
			return ret;
		for (k = 0; k < s; k++) {
			if (layout->len[s] && layout->len[k] &&
			    overlap(layout->offset[s], layout->len[s], layout->offset[k],
				    layout->len[k]))
				return EMD_REFUSE(msg, -EUCLEAN, "%s and %s overlap",
						  section_names[k], section_names[s]);
		}
	}
	return 0;
}

/**
 * ddf_run_len() - bytes from a header to the end of what we read behind it
 * @layout: that passed its checks, or of whose sections the checks passed
 */
u32 ddf_run_len(const struct ddf_layout *layout)
{
	u32 end = layout->block;
	unsigned int s;

	for (s = 0; s <= DDF_BBM; s++)
		end = max(end, layout->offset[s] + layout->len[s]);
	return end;
}

static int check_limits(const struct ddf_header_ondisk *header, struct ddf_layout *layout,
			struct emd_errmsg *msg)
{
	u32 crl = ddf_get16(layout->le, header->record_len);

	layout->max_pd = ddf_get16(layout->le, header->max_pd);
	layout->max_vd = ddf_get16(layout->le, header->max_vd);
	layout->max_partitions = ddf_get16(layout->le, header->max_partitions);
	layout->max_elements = ddf_get16(layout->le, header->max_elements);
	layout->record = crl * layout->block;
	if (!layout->max_pd || layout->max_pd > DDF_MAX_ENTRIES || !layout->max_vd ||
	    layout->max_vd > DDF_MAX_ENTRIES)
		return EMD_REFUSE(msg, -EUCLEAN, "%u disks, %u virtual disks, can do 1 to %u",
				  layout->max_pd, layout->max_vd, DDF_MAX_ENTRIES);
	if (!layout->max_partitions || layout->max_partitions >= DDF_MAX_SLOTS)
		return EMD_REFUSE(msg, -EUCLEAN, "%u records a disk, can do 1 to %u",
				  layout->max_partitions, DDF_MAX_SLOTS - 1);
	if (layout->record < 512 + 12 || layout->record > 64 * 1024)
		return EMD_REFUSE(msg, -EUCLEAN, "records of %u blocks", crl);
	/* Adaptec: as many as there are disks. */
	if (layout->max_elements == 0xffff)
		layout->max_elements = min(layout->max_pd, (layout->record - 512) / 12);
	if (!layout->max_elements || layout->max_elements > DDF_MAX_ELEMENTS ||
	    layout->max_elements > (layout->record - 512) / 12)
		return EMD_REFUSE(msg, -EUCLEAN, "records of %u bytes for %u elements",
				  layout->record, layout->max_elements);
	return 0;
}

/* A structure at @lba with its run must be inside and clear of the anchor. */
static int check_place(const struct ddf_layout *layout, u64 lba, u64 blocks, u64 anchor_lba,
		       const char *what, struct emd_errmsg *msg)
{
	u32 run = ddf_run_len(layout) / layout->block;

	if (!lba || lba >= blocks || run > blocks - lba)
		return EMD_REFUSE(msg, -EUCLEAN, "%s structure at block %llu+%u, the disk has %llu",
				  what, lba, run, blocks);
	if (overlap(lba, run, anchor_lba, 1))
		return EMD_REFUSE(msg, -EUCLEAN, "%s structure at block %llu+%u covers the anchor",
				  what, lba, run);
	return 0;
}

/*
 * Everything that one header says about where things are. Its checksum and
 * signature are right.
 */
static int check_header(const struct ddf_header_ondisk *header, u64 blocks, u64 anchor_lba,
			struct ddf_layout *layout, struct emd_errmsg *msg)
{
	u32 run;
	int ret;

	ret = check_limits(header, layout, msg);
	if (!ret)
		ret = check_sections(header, layout, msg);
	if (ret)
		return ret;
	/* More than fits is not there, whatever the header has. */
	layout->max_pd = min(layout->max_pd, layout->len[DDF_PDR] / 64 - 1);
	layout->max_vd = min(layout->max_vd, layout->len[DDF_VDR] / 64 - 1);

	layout->primary = ddf_get64(layout->le, header->primary_lba);
	layout->secondary = ddf_get64(layout->le, header->secondary_lba);
	ret = check_place(layout, layout->primary, blocks, anchor_lba, "primary", msg);
	if (ret || layout->secondary == DDF_NONE64)
		return ret;
	ret = check_place(layout, layout->secondary, blocks, anchor_lba, "secondary", msg);
	if (ret)
		return ret;
	run = ddf_run_len(layout) / layout->block;
	if (overlap(layout->primary, run, layout->secondary, run))
		return EMD_REFUSE(msg, -EUCLEAN, "primary and secondary structure overlap");
	return 0;
}

/* ---- anchor ---------------------------------------------------------------------- */

static bool has_header_signature(const u8 *bytes)
{
	return bytes && (signature(false, bytes) == DDF_SIG_HEADER ||
			 signature(true, bytes) == DDF_SIG_HEADER);
}

/*
 * Where the anchor is: 1 at *@lba; 0 to be read at *@lba first; -ENODATA nowhere.
 */
static int find_anchor(const struct emd_meta_image *img, u64 *lba)
{
	const u8 *bytes;

	*lba = nr_blocks(img) - 1;
	bytes = bytes_at(img, *lba * img->block_size, img->block_size);
	if (!bytes)
		return 0;
	if (has_header_signature(bytes))
		return 1;
	if (img->block_size != 512)
		return -ENODATA;
	*lba = nr_blocks(img) - ADAPTEC_ANCHOR;
	bytes = bytes_at(img, *lba * img->block_size, img->block_size);
	if (!bytes)
		return 0;
	return has_header_signature(bytes) ? 1 : -ENODATA;
}

static int check_anchor(const struct emd_meta_image *img, u64 lba, struct ddf_disk *disk,
			struct emd_errmsg *msg)
{
	struct ddf_layout *layout = &disk->layout;
	const u8 *bytes = bytes_at(img, lba * img->block_size, img->block_size);
	int ret;

	memset(disk, 0, sizeof(*disk));
	disk->best = -1;
	disk->anchor = (const struct ddf_header_ondisk *)bytes;
	disk->anchor_lba = lba;
	layout->block = img->block_size;
	layout->le = signature(true, bytes) == DDF_SIG_HEADER;
	layout->zlib = ddf_sealed(layout->le, true, bytes, layout->block);
	if (!layout->zlib && !ddf_sealed(layout->le, false, bytes, layout->block))
		return EMD_REFUSE(msg, -EUCLEAN, "anchor: checksum %08x, computed %08x or %08x",
				  ddf_get32(layout->le, disk->anchor->crc),
				  ddf_crc(false, bytes, layout->block),
				  ddf_crc(true, bytes, layout->block));
	ret = check_header(disk->anchor, nr_blocks(img), lba, layout, msg);
	if (!ret && ddf_guid_free(disk->anchor->guid))
		ret = EMD_REFUSE(msg, -EUCLEAN, "anchor: names no container");
	return ret;
}

/* ---- copies ------------------------------------------------------------------------ */

static u64 copy_lba(const struct ddf_disk *disk, int which)
{
	return which ? disk->layout.secondary : disk->layout.primary;
}

static const u32 section_signatures[DDF_NR_OWN] = {
	[DDF_CONTROLLER] = DDF_SIG_CONTROLLER,
	[DDF_PDR] = DDF_SIG_PDR,
	[DDF_VDR] = DDF_SIG_VDR,
	[DDF_PDD] = DDF_SIG_PDD,
};

static bool section_right(const struct ddf_layout *layout, enum ddf_section s, const u8 *bytes)
{
	u32 sig = signature(layout->le, bytes);

	if (s == DDF_CONFIG)
		return true;
	/* mdadm before 2011 gave the disk table the other one's signature. */
	if (sig != section_signatures[s] && !(s == DDF_PDR && sig == DDF_SIG_PDD))
		return false;
	return ddf_sealed(layout->le, layout->zlib, bytes, layout->len[s]);
}

static bool records_right(const struct ddf_layout *layout, const u8 *bytes)
{
	u32 slots = min(layout->max_partitions + 1, layout->len[DDF_CONFIG] / layout->record);
	u32 i, sig;

	for (i = 0; i < slots; i++, bytes += layout->record) {
		sig = signature(layout->le, bytes);
		if ((sig == DDF_SIG_VDCR || sig == DDF_SIG_SPARE || sig == DDF_SIG_VENDOR) &&
		    !ddf_sealed(layout->le, layout->zlib, bytes, layout->record))
			return false;
	}
	return true;
}

/* Fill in what of a copy has been read and is right. */
static void load_copy(const struct emd_meta_image *img, const struct ddf_disk *disk, int which,
		      struct ddf_copy *copy)
{
	const struct ddf_layout *anchor = &disk->layout;
	struct ddf_layout *layout = &copy->layout;
	u64 lba = copy_lba(disk, which), start;
	const struct ddf_header_ondisk *header;
	unsigned int s;

	memset(copy, 0, sizeof(*copy));
	if (lba == DDF_NONE64)
		return;
	start = lba * anchor->block;
	header = (const struct ddf_header_ondisk *)bytes_at(img, start, anchor->block);
	if (!header || signature(anchor->le, (const u8 *)header) != DDF_SIG_HEADER ||
	    !ddf_sealed(anchor->le, anchor->zlib, (const u8 *)header, anchor->block) ||
	    header->type != (which ? DDF_SECONDARY : DDF_PRIMARY) ||
	    memcmp(header->guid, disk->anchor->guid, DDF_GUID_LEN))
		return;
	layout->le = anchor->le;
	layout->zlib = anchor->zlib;
	layout->block = anchor->block;
	if (check_header(header, nr_blocks(img), disk->anchor_lba, layout, NULL) ||
	    layout->primary != anchor->primary || layout->secondary != anchor->secondary)
		return;
	copy->header = header;
	copy->seq = ddf_get32(layout->le, header->seq);
	copy->open = header->open;

	for (s = 0; s < DDF_NR_OWN; s++) {
		copy->section[s] = bytes_at(img, start + layout->offset[s], layout->len[s]);
		if (copy->section[s] && section_right(layout, s, copy->section[s]))
			copy->right |= 1u << s;
	}
	copy->whole = copy->right == (1u << DDF_NR_OWN) - 1;
	if (layout->len[DDF_BBM])
		copy->bbm = bytes_at(img, start + layout->offset[DDF_BBM], layout->len[DDF_BBM]);
	copy->records = copy->whole && records_right(layout, copy->section[DDF_CONFIG]);
}

/**
 * ddf_copy_read() - have all sections of a copy been read, right or not?
 * @copy: copy
 */
bool ddf_copy_read(const struct ddf_copy *copy)
{
	unsigned int s;

	for (s = 0; s < DDF_NR_OWN; s++) {
		if (!copy->section[s])
			return false;
	}
	return true;
}

static int right_in(const struct ddf_copy *copy)
{
	return copy->records ? 2 : copy->whole;
}

static int best_copy(const struct ddf_copy copy[2])
{
	if (!copy[0].whole && !copy[1].whole)
		return -1;
	if (right_in(&copy[0]) != right_in(&copy[1]))
		return right_in(&copy[1]) > right_in(&copy[0]);
	if (copy[0].open != copy[1].open)
		return copy[0].open;
	return ddf_seq_after(copy[1].seq, copy[0].seq);
}

/* The secondary's sections are of interest only when the primary leaves doubts. */
static bool needs_secondary(const struct ddf_copy copy[2])
{
	return copy[1].header &&
	       (!copy[0].records || copy[0].open ||
		(!copy[1].open && ddf_seq_after(copy[1].seq, copy[0].seq)));
}

static void want_run(const struct ddf_disk *disk, int which, struct emd_extent *want)
{
	const struct ddf_layout *layout = &disk->copy[which].layout;

	want->offset = (copy_lba(disk, which) + 1) * layout->block;
	want->len = ddf_run_len(layout) - layout->block;
}

/**
 * ddf_next_extent() - which bytes next?
 * @img: what has been read
 * @want: offset and length of what to read
 * @msg: where the reason goes
 *
 * Anchor, both headers, then the sections of the primary, and those of the
 * secondary only if the primary is damaged, open or older.
 *
 * Return: 1 read @want; 0 enough; -ENODATA not DDF; -EUCLEAN damaged.
 */
int ddf_next_extent(const struct emd_meta_image *img, struct emd_extent *want,
		    struct emd_errmsg *msg)
{
	struct ddf_disk disk;
	u64 lba;
	int ret, i;

	if (!usable_disk(img))
		return -ENODATA;
	ret = find_anchor(img, &lba);
	if (!ret) {
		want->offset = lba * img->block_size;
		want->len = img->block_size;
		return 1;
	}
	if (ret > 0)
		ret = check_anchor(img, lba, &disk, msg);
	if (ret)
		return ret;
	for (i = 0; i < 2; i++) {
		lba = copy_lba(&disk, i);
		if (lba == DDF_NONE64 || bytes_at(img, lba * img->block_size, img->block_size))
			continue;
		want->offset = lba * img->block_size;
		want->len = img->block_size;
		return 1;
	}
	load_copy(img, &disk, 0, &disk.copy[0]);
	load_copy(img, &disk, 1, &disk.copy[1]);
	if (!disk.copy[0].header && !disk.copy[1].header)
		return EMD_REFUSE(msg, -EUCLEAN, "neither primary nor secondary header is right");
	if (disk.copy[0].header && !ddf_copy_read(&disk.copy[0])) {
		want_run(&disk, 0, want);
		return 1;
	}
	if (needs_secondary(disk.copy) && !ddf_copy_read(&disk.copy[1])) {
		want_run(&disk, 1, want);
		return 1;
	}
	return 0;
}

/**
 * ddf_recognize() - is there an anchor?
 * @img: with the extents that were asked for first
 */
bool ddf_recognize(const struct emd_meta_image *img)
{
	u64 lba;

	return usable_disk(img) && find_anchor(img, &lba) > 0;
}

/**
 * ddf_load() - the structure of a disk
 * @img: complete according to ddf_next_extent()
 * @disk: filled; points into @img
 * @msg: where the reason goes
 *
 * Return: 0; -ENODATA not DDF; -EUCLEAN damaged: then @disk->anchor may be there all
 * the same.
 */
int ddf_load(const struct emd_meta_image *img, struct ddf_disk *disk, struct emd_errmsg *msg)
{
	u64 lba;
	int ret;

	memset(disk, 0, sizeof(*disk));
	disk->best = -1;
	if (!usable_disk(img) || find_anchor(img, &lba) <= 0)
		return -ENODATA;
	ret = check_anchor(img, lba, disk, msg);
	if (ret)
		return ret;
	load_copy(img, disk, 0, &disk->copy[0]);
	load_copy(img, disk, 1, &disk->copy[1]);
	if (ddf_is_torn(disk))
		return EMD_REFUSE(msg, -EUCLEAN,
				  "the only copy of the structure was cut off in the middle of a change");
	disk->best = best_copy(disk->copy);
	if (disk->best < 0)
		return EMD_REFUSE(msg, -EUCLEAN, disk->copy[0].header || disk->copy[1].header ?
				  "a section is damaged in every copy of the structure" :
				  "neither primary nor secondary header is right");
	return 0;
}

/**
 * ddf_is_torn() - was the only copy of a disk cut off in the middle of a change?
 * @disk: loaded
 *
 * Its records too: without them its arrays would take it for an empty disk.
 */
bool ddf_is_torn(const struct ddf_disk *disk)
{
	const struct ddf_copy *copy = &disk->copy[0];

	return disk->anchor && disk->layout.secondary == DDF_NONE64 && copy->header &&
	       copy->open && ddf_copy_read(copy) && !copy->records;
}

/* What is wrong with a copy, as far as it was looked at; NULL: nothing. */
static const char *damage_of(const struct ddf_copy *copy)
{
	unsigned int s;

	if (!copy->header)
		return "header";
	for (s = 0; s < DDF_NR_OWN; s++) {
		if (copy->section[s] && !(copy->right & 1u << s))
			return section_names[s];
	}
	return copy->whole && !copy->records ? "a configuration record" : NULL;
}

/**
 * ddf_remark() - what is amiss although the other copy makes up for it
 * @disk: loaded, with a best copy
 * @remark: EMD_REASON_LEN, empty: nothing
 */
void ddf_remark(const struct ddf_disk *disk, char *remark)
{
	static const char *const names[2] = { "primary", "secondary" };
	int other = !disk->best;
	const char *damage;

	remark[0] = 0;
	if (disk->layout.secondary == DDF_NONE64)
		return;
	damage = damage_of(&disk->copy[disk->best]);
	if (damage) {
		snprintf(remark, EMD_REASON_LEN, "%s damaged, and the %s copy is no better",
			 damage, names[other]);
		return;
	}
	damage = damage_of(&disk->copy[other]);
	if (damage)
		snprintf(remark, EMD_REASON_LEN, "%s copy damaged (%s), the %s is used",
			 names[other], damage, names[disk->best]);
	else if (disk->copy[other].open)
		snprintf(remark, EMD_REASON_LEN, "%s copy cut off in a change, the %s is used",
			 names[other], names[disk->best]);
}

/**
 * ddf_lowest_block() - where the data area ends
 * @layout: of a header
 * @header: that header
 * @anchor_lba: where the anchor is
 *
 * The workspace counts unless it is absurd: some controllers record nonsense.
 *
 * Return: the first block that is not for data.
 */
u64 ddf_lowest_block(const struct ddf_layout *layout, const struct ddf_header_ondisk *header,
		     u64 anchor_lba)
{
	u64 lowest = min(anchor_lba, min(layout->primary, layout->secondary));
	u64 start = ddf_get64(layout->le, header->workspace_lba);
	u64 len = ddf_get32(layout->le, header->workspace_len);

	if (len == DDF_NONE32 || !start || start >= lowest)
		return lowest;
	if ((lowest - start) * layout->block > 1u << 30 && lowest - start > anchor_lba / 16)
		return lowest;
	return start;
}
