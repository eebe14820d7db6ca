/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of the IMSM handler share.
 *
 *   imsm_parse.c    bytes to a checked view of where things lie; nothing else
 *                   walks the metadata
 *   imsm_decode.c   view to config: what may be run, and from where work goes on
 *   imsm_elect.c    which disk tells the truth about the container
 *   imsm_update.c   config to bytes: edits the native bytes in place
 *   imsm_encode.c   which bytes go where on a disk
 *   imsm_place.c    new disks, containers, arrays; what firmware would accept
 *   imsm_describe.c the image for people
 *   imsm.c          the table of all this
 *
 * Native bytes of a config: the MPB exactly as on disk (4Kn units included), in
 * whole sectors, so what stood behind mpb_size survives until an update.
 */
#ifndef _EMD_IMSM_H
#define _EMD_IMSM_H

#include <asm/byteorder.h>
#include <linux/kernel.h>
#include <linux/types.h>

#include "imsm_ondisk.h"
#include "meta.h"

#define IMSM_NO_OFFSET	0u

/**
 * struct imsm_view - where things lie in an MPB that passed imsm_parse()
 * @mpb: first byte
 * @size: mpb_size
 * @limit: where volumes end at the latest and the bad-block log begins
 * @tail: where the last volume really ends
 * @shift: native sectors to blocks: 0, or 3 on 4Kn disks
 * @big: the *_hi words of disks and maps are valid
 * @nr_disks: entries of the disk table
 * @nr_volumes: entries of @vol
 * @vol: offsets of each volume's head and maps; map[1] IMSM_NO_OFFSET when idle
 */
struct imsm_view {
	u8 *mpb;
	u32 size;
	u32 limit;
	u32 tail;
	u8 shift;
	bool big;
	u8 nr_disks;
	u8 nr_volumes;
	struct {
		u32 dev;
		u32 map[2];
	} vol[IMSM_MAX_VOLUMES];
};

/* A set of disk indexes or of slots. */
struct imsm_set {
	u8 bits[32];
};

static inline bool imsm_set_has(const struct imsm_set *set, u8 i)
{
	return set->bits[i / 8] & 1 << i % 8;
}

static inline void imsm_set_add(struct imsm_set *set, u8 i)
{
	set->bits[i / 8] |= 1 << i % 8;
}

static inline struct imsm_mpb_ondisk *imsm_mpb(const struct imsm_view *view)
{
	return (struct imsm_mpb_ondisk *)view->mpb;
}

static inline struct imsm_disk_ondisk *imsm_disk(const struct imsm_view *view, u8 i)
{
	return (struct imsm_disk_ondisk *)(view->mpb + sizeof(struct imsm_mpb_ondisk)) + i;
}

static inline struct imsm_dev_ondisk *imsm_dev(const struct imsm_view *view, u8 v)
{
	return (struct imsm_dev_ondisk *)(view->mpb + view->vol[v].dev);
}

/* NULL for map 1 of an idle volume. */
static inline struct imsm_map_ondisk *imsm_map(const struct imsm_view *view, u8 v, u8 which)
{
	if (view->vol[v].map[which] == IMSM_NO_OFFSET)
		return NULL;
	return (struct imsm_map_ondisk *)(view->mpb + view->vol[v].map[which]);
}

static inline u32 imsm_map_len(u8 nr_members)
{
	return sizeof(struct imsm_map_ondisk) + sizeof(__le32) * nr_members;
}

static inline struct imsm_bbm_ondisk *imsm_bbm(const struct imsm_view *view)
{
	return view->limit == view->size ? NULL :
					   (struct imsm_bbm_ondisk *)(view->mpb + view->limit);
}

static inline u8 imsm_shift(u32 block_size)
{
	return block_size == 4096 ? 3 : 0;
}

static inline u64 imsm_u64(__le32 lo, __le32 hi)
{
	return (u64)le32_to_cpu(hi) << 32 | le32_to_cpu(lo);
}

static inline void imsm_put_u64(__le32 *lo, __le32 *hi, u64 val)
{
	*lo = cpu_to_le32(val);
	*hi = cpu_to_le32(val >> 32);
}

/* Native units to blocks; what would wrap stays too large for any check. */
static inline u64 imsm_blocks(const struct imsm_view *view, __le32 lo, __le32 hi)
{
	u64 val = imsm_u64(lo, hi);

	return val > U64_MAX >> view->shift ? U64_MAX : val << view->shift;
}

static inline u64 imsm_disk_blocks(const struct imsm_view *view,
				   const struct imsm_disk_ondisk *disk)
{
	return imsm_blocks(view, disk->total_blocks_lo,
			   view->big ? disk->total_blocks_hi : cpu_to_le32(0));
}

static inline u64 imsm_dev_blocks(const struct imsm_view *view, const struct imsm_dev_ondisk *dev)
{
	return imsm_blocks(view, dev->size_low, dev->size_high);
}

static inline u64 imsm_map_start(const struct imsm_view *view, const struct imsm_map_ondisk *map)
{
	return imsm_blocks(view, map->pba_of_lba0_lo,
			   view->big ? map->pba_of_lba0_hi : cpu_to_le32(0));
}

static inline u64 imsm_map_blocks(const struct imsm_view *view, const struct imsm_map_ondisk *map)
{
	return imsm_blocks(view, map->blocks_per_member_lo,
			   view->big ? map->blocks_per_member_hi : cpu_to_le32(0));
}

static inline u32 imsm_map_strip(const struct imsm_view *view, const struct imsm_map_ondisk *map)
{
	return (u32)le16_to_cpu(map->blocks_per_strip) << view->shift;
}

static inline u64 imsm_map_stripes(const struct imsm_view *view, const struct imsm_map_ondisk *map)
{
	return imsm_u64(map->num_data_stripes_lo,
			view->big ? map->num_data_stripes_hi : cpu_to_le32(0));
}

static inline u64 imsm_dev_unit(const struct imsm_view *view, const struct imsm_dev_ondisk *dev)
{
	return imsm_blocks(view, dev->vol.curr_migr_unit_lo, dev->vol.curr_migr_unit_hi);
}

static inline u8 imsm_ord_index(const struct imsm_map_ondisk *map, u8 slot)
{
	return le32_to_cpu(map->disk_ord_tbl[slot]) & IMSM_ORD_INDEX_MASK;
}

static inline bool imsm_ord_rebuild(const struct imsm_map_ondisk *map, u8 slot)
{
	return le32_to_cpu(map->disk_ord_tbl[slot]) & IMSM_ORD_REBUILD;
}

/* imsm_parse.c */
int imsm_check_size(u32 mpb_size, const struct emd_meta_image *img, struct emd_errmsg *msg);
u8 *imsm_load(const struct emd_meta_image *img, u32 *len, struct emd_errmsg *msg);
int imsm_parse(u8 *mpb, u32 len, u32 block_size, struct imsm_view *view, struct emd_errmsg *msg);
int imsm_parse_torn(u8 *mpb, u32 len, u32 block_size, struct imsm_view *view,
		    struct emd_errmsg *msg);
u32 imsm_checksum(const u8 *mpb, u32 size);
void imsm_disk_id(const u8 serial[IMSM_SERIAL_LEN], char id[EMD_DISK_ID_LEN]);
void imsm_normalise_serial(const char *raw, char id[EMD_DISK_ID_LEN]);
bool imsm_is_placeholder(const char *id);
void imsm_placeholder(u8 serial[IMSM_SERIAL_LEN], bool absent);
void imsm_version(const struct imsm_mpb_ondisk *mpb, char out[IMSM_VERSION_LEN + 1]);
void imsm_container_uuid(const struct imsm_mpb_ondisk *mpb, u8 uuid[16]);
void imsm_volume_uuid(const struct imsm_mpb_ondisk *mpb, u8 index,
		      const u8 name[IMSM_NAME_LEN], u8 uuid[16]);
bool imsm_dev_migrating(const struct imsm_view *view, u8 v, enum imsm_migr_type type);
enum emd_level imsm_map_level(const struct imsm_map_ondisk *map);
u64 imsm_unit_to_sector(const struct emd_geometry *geo, enum emd_sync_action action, u64 unit);
u64 imsm_sector_to_unit(const struct emd_geometry *geo, enum emd_sync_action action, u64 sector);
extern const char *const imsm_migr_names[IMSM_NR_MIGR_TYPES];
extern const char *const imsm_map_state_names[4];

/* imsm_decode.c */
struct emd_config *imsm_decode(const struct emd_meta_image *img, struct emd_errmsg *msg);
struct emd_config *imsm_salvage(const struct emd_meta_image *img);

/* imsm_elect.c */
int imsm_elect(const struct emd_config *const *cfgs, const struct emd_meta_image *const *imgs,
	       unsigned int nr, enum emd_verdict *verdicts, u16 *rows, struct emd_errmsg *msg);

/* imsm_update.c */
int imsm_update(const struct emd_config *t0, struct emd_config *t1, struct emd_errmsg *msg);
void imsm_supersede(struct emd_config *cfg, u64 generation);
void imsm_blank(struct emd_config *cfg);

/* imsm_encode.c */
u32 imsm_native_room(const struct emd_config *cfg);
u32 imsm_encode_max(const struct emd_config *cfg);
int imsm_encode(const struct emd_config *cfg, u16 disk, struct emd_meta_writes *out);
int imsm_erase(const struct emd_meta_image *img, struct emd_meta_writes *out);
int imsm_owned(const struct emd_meta_image *img, struct emd_meta_writes *out);

/* imsm_place.c */
int imsm_new_disk(const char *serial, u64 disk_sectors, u32 block_size,
		  struct emd_config_disk *row, struct emd_errmsg *msg);
struct emd_config *imsm_new_container(u16 nr_disks, u32 block_size, u64 entropy, u64 now,
				      struct emd_errmsg *msg);
int imsm_place_array(struct emd_config *t1, const struct emd_create_args *args,
		     struct emd_errmsg *msg);
int imsm_can_take(const struct emd_config *cfg, u16 array, u16 slot, u16 disk,
		  struct emd_errmsg *msg);
int imsm_can_express(const struct emd_config *cfg, struct emd_errmsg *msg);
int imsm_can_change(const struct emd_config *t0, const struct emd_config *t1,
		    struct emd_errmsg *msg);

/* imsm_describe.c */
void imsm_describe(const struct emd_meta_image *img, struct emd_text *out);

#endif /* _EMD_IMSM_H */
