// SPDX-License-Identifier: GPL-2.0
/*
 * IMSM: from bytes that may lie to a view of where things are.
 *
 * The only code that walks an MPB. What it lets through is safe to index:
 * every table and map is inside, every disk index names an entry, no count is
 * zero that must not be. What the fields mean is for the others to judge. Also
 * the small facts of the format that several of them need: checksum, serials,
 * UUIDs, checkpoint units. Pure.
 */
#include <linux/err.h>
#include <linux/errno.h>
#include <linux/math64.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cursor.h"
#include "imsm.h"

const char *const imsm_migr_names[IMSM_NR_MIGR_TYPES] = {
	[IMSM_MIGR_INIT] = "initialize",
	[IMSM_MIGR_REBUILD] = "rebuild",
	[IMSM_MIGR_VERIFY] = "verify",
	[IMSM_MIGR_GENERAL] = "general migration",
	[IMSM_MIGR_STATE_CHANGE] = "state change",
	[IMSM_MIGR_REPAIR] = "repair",
};

const char *const imsm_map_state_names[4] = {
	[IMSM_MAP_NORMAL] = "normal",
	[IMSM_MAP_UNINITIALIZED] = "uninitialized",
	[IMSM_MAP_DEGRADED] = "degraded",
	[IMSM_MAP_FAILED] = "failed",
};

/* ---- small facts ------------------------------------------------------------ */

/**
 * imsm_checksum() - what check_sum should be
 * @mpb: metadata
 * @size: mpb_size, at least the header's
 *
 * Return: the sum of all words but check_sum itself.
 */
u32 imsm_checksum(const u8 *mpb, u32 size)
{
	const __le32 *word = (const __le32 *)mpb;
	u32 sum = 0, i;

	for (i = 0; i < size / sizeof(*word); i++)
		sum += le32_to_cpu(word[i]);
	return sum - le32_to_cpu(((const struct imsm_mpb_ondisk *)mpb)->check_sum);
}

static u8 printable(u8 c)
{
	return c && (c < 0x20 || c > 0x7e) ? '?' : c;
}

/**
 * imsm_disk_id() - a serial of the disk table as identity
 * @serial: bytes behind a NUL may be garbage
 * @id: the text; what does not print becomes '?', no live disk has that
 */
void imsm_disk_id(const u8 serial[IMSM_SERIAL_LEN], char id[EMD_DISK_ID_LEN])
{
	unsigned int i;

	memset(id, 0, EMD_DISK_ID_LEN);
	for (i = 0; i < IMSM_SERIAL_LEN && serial[i]; i++)
		id[i] = printable(serial[i]);
}

static bool same_id(const u8 *a, const u8 *b)
{
	unsigned int i;

	for (i = 0; i < IMSM_SERIAL_LEN && printable(a[i]) == printable(b[i]); i++) {
		if (!a[i])
			return true;
	}
	return i == IMSM_SERIAL_LEN;
}

/**
 * imsm_normalise_serial() - a device's serial as the disk table has it
 * @raw: as reported
 * @id: without blanks and bytes that do not print, ';' for ':', the last 16;
 *	empty when nothing is left
 */
void imsm_normalise_serial(const char *raw, char id[EMD_DISK_ID_LEN])
{
	unsigned int i, n = 0, skip;
	char c;

	memset(id, 0, EMD_DISK_ID_LEN);
	for (i = 0; i < EMD_DISK_ID_LEN && raw[i]; i++) {
		c = raw[i];
		if (c <= 0x20 || c > 0x7e)
			continue;
		id[n++] = c == ':' ? ';' : c;
	}
	if (n <= IMSM_SERIAL_LEN)
		return;
	skip = n - IMSM_SERIAL_LEN;
	memmove(id, id + skip, IMSM_SERIAL_LEN);
	memset(id + IMSM_SERIAL_LEN, 0, EMD_DISK_ID_LEN - IMSM_SERIAL_LEN);
}

/**
 * imsm_is_placeholder() - does this identity stand for a disk that is gone?
 * @id: from the disk table
 *
 * No live disk's serial has a colon.
 */
bool imsm_is_placeholder(const char *id)
{
	return strchr(id, ':');
}

/**
 * imsm_placeholder() - turn a table's serial into one that no disk answers to
 * @serial: changed in place
 * @absent: the disk is not in the machine, rather than failed in it
 */
void imsm_placeholder(u8 serial[IMSM_SERIAL_LEN], bool absent)
{
	u8 text[IMSM_SERIAL_LEN + 2];
	unsigned int len = strnlen((const char *)serial, IMSM_SERIAL_LEN);
	unsigned int skip = 0;

	memcpy(text, serial, len);
	text[len++] = ':';
	text[len++] = '0';
	/* 15 characters and a NUL, as mdadm leaves them. */
	if (len > IMSM_SERIAL_LEN - 1)
		skip = len - (IMSM_SERIAL_LEN - 1);
	if (absent)
		skip++;
	memset(serial, 0, IMSM_SERIAL_LEN);
	memcpy(serial, text + skip, len - skip);
}

/**
 * imsm_version() - the version text
 * @mpb: metadata
 * @out: terminated copy
 */
void imsm_version(const struct imsm_mpb_ondisk *mpb, char out[IMSM_VERSION_LEN + 1])
{
	memcpy(out, mpb->version, IMSM_VERSION_LEN);
	out[IMSM_VERSION_LEN] = 0;
}

static __le32 orig_family(const struct imsm_mpb_ondisk *mpb)
{
	return mpb->orig_family_num ? mpb->orig_family_num : mpb->family_num;
}

/**
 * imsm_container_uuid() - identity of the container
 * @mpb: metadata
 * @uuid: all zero when there are no volumes: a spare belongs to nobody
 */
void imsm_container_uuid(const struct imsm_mpb_ondisk *mpb, u8 uuid[16])
{
	struct {
		u8 signature[IMSM_SIGNATURE_LEN];
		__le32 family;
	} __packed data;

	memset(uuid, 0, 16);
	if (!mpb->num_raid_devs)
		return;
	memcpy(data.signature, mpb->signature, sizeof(data.signature));
	data.family = orig_family(mpb);
	emd_uuid_sha1(&data, sizeof(data), uuid);
}

/**
 * imsm_volume_uuid() - identity of a volume
 * @mpb: metadata
 * @index: position among the volumes; so the UUID changes when one before goes
 * @name: as on disk
 * @uuid: identity
 */
void imsm_volume_uuid(const struct imsm_mpb_ondisk *mpb, u8 index,
		      const u8 name[IMSM_NAME_LEN], u8 uuid[16])
{
	struct {
		u8 signature[IMSM_SIGNATURE_LEN];
		__le32 family;
		__le32 index;
		u8 name[IMSM_NAME_LEN];
	} __packed data;

	memcpy(data.signature, mpb->signature, sizeof(data.signature));
	data.family = orig_family(mpb);
	data.index = cpu_to_le32(index);
	memcpy(data.name, name, sizeof(data.name));
	emd_uuid_sha1(&data, sizeof(data), uuid);
}

/**
 * imsm_dev_migrating() - is this kind of migration recorded as running?
 * @view: parsed metadata
 * @v: volume
 * @type: kind
 */
bool imsm_dev_migrating(const struct imsm_view *view, u8 v, enum imsm_migr_type type)
{
	const struct imsm_vol_ondisk *vol = &imsm_dev(view, v)->vol;

	return vol->migr_state && vol->migr_type == type;
}

/**
 * imsm_map_level() - the level a map really has
 * @map: of a parsed MPB
 *
 * Level 1 of more than two members is RAID10.
 */
enum emd_level imsm_map_level(const struct imsm_map_ondisk *map)
{
	switch (map->raid_level) {
	case 0:
		return EMD_LEVEL_RAID0;
	case 5:
		return EMD_LEVEL_RAID5;
	case 10:
		return EMD_LEVEL_RAID10;
	default:
		return map->num_members > 2 ? EMD_LEVEL_RAID10 : EMD_LEVEL_RAID1;
	}
}

/* ---- checkpoints ---------------------------------------------------------- */

/*
 * A checkpoint counts units. How large one is nobody wrote down; this is what
 * mdadm computes, and other writers differ: FreeBSD's takes a strip, or two of a
 * mirrored level. So positions are written in mdadm's units and read in the
 * smaller of the two: work may be repeated, never left out.
 *
 * Positions count member blocks, with one exception: mdadm counts the resync of
 * a RAID10 in array blocks.
 */
static bool unit_counts_array(const struct emd_geometry *geo, enum emd_sync_action action)
{
	return geo->level == EMD_LEVEL_RAID10 && action == EMD_SYNC_RESYNC;
}

static u32 unit_blocks(const struct emd_geometry *geo, enum emd_sync_action action)
{
	switch (geo->level) {
	case EMD_LEVEL_RAID10:
		return action == EMD_SYNC_RESYNC ? 2 * geo->strip_sectors : 512;
	case EMD_LEVEL_RAID5:
		return action == EMD_SYNC_RESYNC ? geo->nr_members * geo->strip_sectors :
						   max(128u, geo->strip_sectors);
	default:
		return 512;
	}
}

static u32 unit_blocks_read(const struct emd_geometry *geo, enum emd_sync_action action)
{
	u32 domains = geo->level == EMD_LEVEL_RAID5 ? 1 : 2;

	return min(unit_blocks(geo, action), domains * geo->strip_sectors);
}

static u32 data_members(const struct emd_geometry *geo)
{
	switch (geo->level) {
	case EMD_LEVEL_RAID10:
		return geo->nr_members / 2;
	case EMD_LEVEL_RAID5:
		return geo->nr_members - 1;
	default:
		return 1;
	}
}

/**
 * imsm_unit_to_sector() - what a recorded checkpoint vouches for
 * @geo: of a redundant array
 * @action: RESYNC or REBUILD
 * @unit: as recorded, in units
 *
 * Return: array sectors certainly done; 0 for a checkpoint outside the array.
 */
u64 imsm_unit_to_sector(const struct emd_geometry *geo, enum emd_sync_action action, u64 unit)
{
	u64 pos;

	if (unit > EMD_MAX_SECTORS / unit_blocks_read(geo, action))
		return 0;
	pos = unit * unit_blocks_read(geo, action);
	if (geo->level != EMD_LEVEL_RAID1 && !unit_counts_array(geo, action)) {
		/* Member blocks: whole rows of strips. */
		pos = div_u64(pos, geo->strip_sectors);
		if (pos > div_u64(EMD_MAX_SECTORS, geo->strip_sectors * data_members(geo)))
			return 0;
		pos *= geo->strip_sectors * data_members(geo);
	}
	return pos > geo->array_sectors ? 0 : pos;
}

/**
 * imsm_sector_to_unit() - how to record a checkpoint
 * @geo: of a redundant array
 * @action: RESYNC or REBUILD
 * @sector: array sectors done
 *
 * Return: units, rounded down.
 */
u64 imsm_sector_to_unit(const struct emd_geometry *geo, enum emd_sync_action action, u64 sector)
{
	u64 pos = sector;

	if (geo->level != EMD_LEVEL_RAID1 && !unit_counts_array(geo, action))
		pos = div_u64(sector, geo->strip_sectors * data_members(geo)) *
		      geo->strip_sectors;
	return div_u64(pos, unit_blocks(geo, action));
}

/* ---- from image to MPB ------------------------------------------------------- */

/**
 * imsm_check_size() - may an MPB be this large on this disk?
 * @mpb_size: as the anchor says
 * @img: the disk
 * @msg: where the reason goes
 *
 * Return: 0 or -EUCLEAN.
 */
int imsm_check_size(u32 mpb_size, const struct emd_meta_image *img, struct emd_errmsg *msg)
{
	u64 room = (img->disk_sectors << 9) - 2 * img->block_size;
	u32 max_size = min_t(u64, room, IMSM_MPB_MAX);

	if (mpb_size < IMSM_MPB_MIN || mpb_size > max_size)
		return EMD_REFUSE(msg, -EUCLEAN, "metadata of %u bytes, need %u to %u", mpb_size,
				  IMSM_MPB_MIN, max_size);
	if (mpb_size % 4)
		return EMD_REFUSE(msg, -EUCLEAN, "metadata of %u bytes, need a multiple of 4",
				  mpb_size);
	return 0;
}

/**
 * imsm_load() - put the pieces of an image together
 * @img: complete according to ->next_extent()
 * @len: out: bytes, whole sectors
 * @msg: where the reason goes
 *
 * Return: the MPB, not yet parsed, to be freed with kvfree(), or ERR_PTR:
 * -ENODATA not IMSM, -EUCLEAN damaged, -ENOMEM.
 * Context: may sleep.
 */
u8 *imsm_load(const struct emd_meta_image *img, u32 *len, struct emd_errmsg *msg)
{
	const struct imsm_mpb_ondisk *anchor;
	u32 size, extension;
	u8 *mpb;
	int ret;

	if (!emd_imsm_ops.recognize(img))
		return ERR_PTR(EMD_REFUSE(msg, -ENODATA, "no IMSM signature"));
	anchor = (const struct imsm_mpb_ondisk *)img->extents[0].data;
	size = le32_to_cpu(anchor->mpb_size);
	ret = imsm_check_size(size, img, msg);
	if (ret)
		return ERR_PTR(ret);
	*len = round_up(size, img->block_size);
	extension = *len - img->block_size;
	if (extension && (img->nr_extents < 2 || img->extents[1].len != extension))
		return ERR_PTR(EMD_REFUSE(msg, -EUCLEAN,
					  "metadata of %u bytes, have the first %u", size,
					  img->block_size));
	mpb = kvzalloc(*len, GFP_KERNEL);
	if (!mpb)
		return ERR_PTR(EMD_REFUSE(msg, -ENOMEM, "out of memory"));
	memcpy(mpb, img->extents[0].data, img->block_size);
	if (extension)
		memcpy(mpb + img->block_size, img->extents[1].data, extension);
	return mpb;
}

/* ---- from MPB to view ---------------------------------------------------------- */

static int parse_map(struct imsm_view *view, struct emd_cursor *cur, u8 v, u8 which,
		     struct emd_errmsg *msg)
{
	struct imsm_map_ondisk *map = emd_cur_take(cur, sizeof(*map));
	struct imsm_set seen = {};
	u32 index;
	u8 slot;

	if (!map || !emd_cur_take(cur, sizeof(__le32) * map->num_members))
		return EMD_REFUSE(msg, -EUCLEAN, "volume %u: map %u ends behind byte %u", v,
				  which, view->limit);
	view->vol[v].map[which] = (u8 *)map - view->mpb;

	if (!map->num_members || map->num_members > view->nr_disks)
		return EMD_REFUSE(msg, -EUCLEAN, "volume %u: map %u: %u members, need 1 to %u", v,
				  which, map->num_members, view->nr_disks);
	if (map->raid_level != 0 && map->raid_level != 1 && map->raid_level != 5 &&
	    map->raid_level != 10)
		return EMD_REFUSE(msg, -EUCLEAN,
				  "volume %u: map %u: level %u, know 0, 1, 5 and 10", v, which,
				  map->raid_level);
	if (map->map_state > IMSM_MAP_FAILED)
		return EMD_REFUSE(msg, -EUCLEAN, "volume %u: map %u: state %u, know up to %u", v,
				  which, map->map_state, IMSM_MAP_FAILED);
	if (!map->blocks_per_strip || imsm_map_strip(view, map) > U16_MAX)
		return EMD_REFUSE(msg, -EUCLEAN,
				  "volume %u: map %u: strip of %u blocks, need 1 to %u", v, which,
				  imsm_map_strip(view, map), U16_MAX);
	for (slot = 0; slot < map->num_members; slot++) {
		index = le32_to_cpu(map->disk_ord_tbl[slot]) & IMSM_ORD_INDEX_MASK;
		if (index >= view->nr_disks)
			return EMD_REFUSE(msg, -EUCLEAN,
					  "volume %u: map %u: slot %u names disk %u, there are %u",
					  v, which, slot, index, view->nr_disks);
		if (imsm_set_has(&seen, index))
			return EMD_REFUSE(msg, -EUCLEAN,
					  "volume %u: map %u: disk %u has two slots", v, which,
					  index);
		imsm_set_add(&seen, index);
	}
	return 0;
}

static int parse_volume(struct imsm_view *view, struct emd_cursor *cur, u8 v,
			struct emd_errmsg *msg)
{
	struct imsm_dev_ondisk *dev = emd_cur_take(cur, sizeof(*dev));
	int ret;

	if (!dev)
		return EMD_REFUSE(msg, -EUCLEAN, "volume %u ends behind byte %u", v, view->limit);
	view->vol[v].dev = (u8 *)dev - view->mpb;
	view->vol[v].map[1] = IMSM_NO_OFFSET;
	if (dev->vol.migr_state > 1)
		return EMD_REFUSE(msg, -EUCLEAN, "volume %u: migration state %u, need 0 or 1", v,
				  dev->vol.migr_state);
	ret = parse_map(view, cur, v, 0, msg);
	if (!ret && dev->vol.migr_state)
		ret = parse_map(view, cur, v, 1, msg);
	return ret;
}

static int parse_disks(struct imsm_view *view, struct emd_errmsg *msg)
{
	const u8 *serial;
	u8 i, k;

	for (i = 0; i < view->nr_disks; i++) {
		serial = imsm_disk(view, i)->serial;
		if (memchr(serial, ':', strnlen((const char *)serial, IMSM_SERIAL_LEN)))
			continue;	/* a placeholder, those may repeat */
		for (k = 0; k < i; k++) {
			if (same_id(serial, imsm_disk(view, k)->serial))
				return EMD_REFUSE(msg, -EUCLEAN,
						  "disks %u and %u have the same serial", k, i);
		}
	}
	return 0;
}

static int parse_bbm(struct imsm_view *view, u32 len, struct emd_errmsg *msg)
{
	const struct imsm_bbm_ondisk *bbm = (struct imsm_bbm_ondisk *)(view->mpb + view->limit);
	const struct imsm_bbm_entry_ondisk *entry;
	u64 start, end;
	u32 nr, i;

	if (len < sizeof(*bbm) || len % sizeof(*entry) ||
	    len > sizeof(*bbm) + IMSM_BBM_MAX_ENTRIES * sizeof(*entry))
		return EMD_REFUSE(msg, -EUCLEAN, "bad-block log of %u bytes, need 8 to %zu by 8",
				  len, sizeof(*bbm) + IMSM_BBM_MAX_ENTRIES * sizeof(*entry));
	if (le32_to_cpu(bbm->signature) != IMSM_BBM_SIGNATURE)
		return EMD_REFUSE(msg, -EUCLEAN, "bad-block log begins with %08x, need %08x",
				  le32_to_cpu(bbm->signature), IMSM_BBM_SIGNATURE);
	nr = (len - sizeof(*bbm)) / sizeof(*entry);
	if (le32_to_cpu(bbm->entry_count) != nr)
		return EMD_REFUSE(msg, -EUCLEAN, "bad-block log of %u entries, has room for %u",
				  le32_to_cpu(bbm->entry_count), nr);
	for (i = 0; i < nr; i++) {
		entry = &bbm->entries[i];
		if (entry->disk_ordinal >= view->nr_disks)
			return EMD_REFUSE(msg, -EUCLEAN,
					  "bad-block log: entry %u names disk %u, there are %u", i,
					  entry->disk_ordinal, view->nr_disks);
		start = (u64)le32_to_cpu(entry->start_hi) << 16 | le16_to_cpu(entry->start_lo);
		end = (start + entry->marked_count + 1) << view->shift;
		if (end > imsm_disk_blocks(view, imsm_disk(view, entry->disk_ordinal)))
			return EMD_REFUSE(msg, -EUCLEAN,
					  "bad-block log: entry %u ends at block %llu of %llu", i,
					  end,
					  imsm_disk_blocks(view,
							   imsm_disk(view,
								     entry->disk_ordinal)));
	}
	return 0;
}

static int check_length(const u8 *mpb, u32 len, struct emd_errmsg *msg)
{
	u32 size = 0;

	if (len >= sizeof(struct imsm_mpb_ondisk))
		size = le32_to_cpu(((const struct imsm_mpb_ondisk *)mpb)->mpb_size);
	if (size < sizeof(struct imsm_mpb_ondisk) || size > len)
		return EMD_REFUSE(msg, -EUCLEAN, "metadata of %u bytes, have %u", size, len);
	return 0;
}

/**
 * imsm_parse_torn() - the structure alone, whatever the sum
 * @mpb: metadata
 * @len: bytes there are
 * @block_size: logical block of the disk it is from
 * @view: out; as safe to use as that of imsm_parse(), but what it shows may be
 *	the one half of this and the other half of that
 * @msg: where the reason goes
 *
 * Return: 0 or -EUCLEAN.
 */
int imsm_parse_torn(u8 *mpb, u32 len, u32 block_size, struct imsm_view *view,
		    struct emd_errmsg *msg)
{
	const struct imsm_mpb_ondisk *head = (struct imsm_mpb_ondisk *)mpb;
	struct emd_cursor cur;
	u32 bbm_len;
	int ret;
	u8 v;

	memset(view, 0, sizeof(*view));
	ret = check_length(mpb, len, msg);
	if (ret)
		return ret;
	view->mpb = mpb;
	view->size = le32_to_cpu(head->mpb_size);
	view->shift = imsm_shift(block_size);
	view->big = le32_to_cpu(head->attributes) & IMSM_ATTR_2TB_DISK;
	view->nr_disks = head->num_disks;
	view->nr_volumes = head->num_raid_devs;
	if (view->nr_volumes > IMSM_MAX_VOLUMES)
		return EMD_REFUSE(msg, -EUCLEAN, "%u volumes, can do %u", view->nr_volumes,
				  IMSM_MAX_VOLUMES);

	emd_cur_init(&cur, mpb, view->size);
	emd_cur_take(&cur, sizeof(*head));
	bbm_len = le32_to_cpu(head->bbm_log_size);
	if (!emd_cur_cut(&cur, bbm_len))
		return EMD_REFUSE(msg, -EUCLEAN, "bad-block log of %u bytes in metadata of %u",
				  bbm_len, view->size);
	view->limit = cur.end;
	if (!emd_cur_take(&cur, sizeof(struct imsm_disk_ondisk) * view->nr_disks))
		return EMD_REFUSE(msg, -EUCLEAN, "table of %u disks ends behind byte %u",
				  view->nr_disks, view->limit);
	ret = parse_disks(view, msg);
	for (v = 0; !ret && v < view->nr_volumes; v++)
		ret = parse_volume(view, &cur, v, msg);
	view->tail = cur.pos;
	if (!ret && bbm_len)
		ret = parse_bbm(view, bbm_len, msg);
	return ret;
}

/**
 * imsm_parse() - check an MPB's sum and structure and find everything in it
 * @mpb: metadata
 * @len: bytes there are
 * @block_size: logical block of the disk it is from
 * @view: out
 * @msg: where the reason goes
 *
 * Return: 0 or -EUCLEAN.
 */
int imsm_parse(u8 *mpb, u32 len, u32 block_size, struct imsm_view *view, struct emd_errmsg *msg)
{
	const struct imsm_mpb_ondisk *head = (struct imsm_mpb_ondisk *)mpb;
	u32 sum;
	int ret;

	ret = check_length(mpb, len, msg);
	if (ret)
		return ret;
	sum = imsm_checksum(mpb, le32_to_cpu(head->mpb_size));
	if (sum != le32_to_cpu(head->check_sum))
		return EMD_REFUSE(msg, -EUCLEAN, "checksum %08x, computed %08x",
				  le32_to_cpu(head->check_sum), sum);
	return imsm_parse_torn(mpb, len, block_size, view, msg);
}
