/* SPDX-License-Identifier: GPL-2.0 */
/*
 * IMSM as it lies on disk: layouts, flags, constants. Little-endian. A block is
 * 512 bytes whatever the disk's logical block is; on 4Kn disks the fields marked
 * "native" count 4096-byte blocks instead. Everything is a multiple of 4 bytes
 * long and no field is wider than that, so nothing needs packing.
 *
 * From the end of the disk, in native sectors: the last is the migration record
 * (zero unless a general migration runs), the second last the anchor, which is
 * the first sector of the MPB, the metadata proper; the rest of the MPB lies in
 * ascending order right before the anchor.
 */
#ifndef _EMD_IMSM_ONDISK_H
#define _EMD_IMSM_ONDISK_H

#include <linux/bits.h>
#include <linux/build_bug.h>
#include <linux/stddef.h>
#include <linux/types.h>

#define IMSM_SIGNATURE		"Intel Raid ISM Cfg Sig. "
#define IMSM_SIGNATURE_LEN	24
#define IMSM_VERSION_LEN	8
#define IMSM_SERIAL_LEN		16
#define IMSM_NAME_LEN		16

#define IMSM_MPB_MIN		264u		/* a spare: header and one disk */
#define IMSM_MPB_MAX		65536u		/* the on-disk room is 80 KiB, nobody comes near */
#define IMSM_MAX_VOLUMES	8u		/* firmware: 2 */
#define IMSM_MAX_DISKS		255u

/* Blocks counted from the end of a disk. */
#define IMSM_RESERVED_END	10402u		/* not used by volumes */
#define IMSM_COPY_AREA_END	2210u		/* copy area of a reshape, MPB, record */
#define IMSM_SPARE_END		4258u		/* the least that a spare keeps free */
#define IMSM_MPB_END		162u		/* MPB at its largest, and record */
/* Blocks. */
#define IMSM_MEMBER_RESERVE	2048u		/* behind the data, for PPL or bitmap */
#define IMSM_VOLUME_GAP		8192u		/* between volumes */
#define IMSM_SIZE_ALIGN		2048u		/* members hold whole MiB */

/* struct imsm_mpb_ondisk.attributes */
#define IMSM_ATTR_RAID0		0x00000001u
#define IMSM_ATTR_RAID1		0x00000002u
#define IMSM_ATTR_RAID10	0x00000004u
#define IMSM_ATTR_RAID1E	0x00000008u
#define IMSM_ATTR_RAID5		0x00000010u
#define IMSM_ATTR_CNG		0x00000020u	/* clone and go, a recovery volume */
#define IMSM_ATTR_BIG_STRIP	0x00000040u	/* 256 KiB and more */
#define IMSM_ATTR_RAID10_EXT	0x00000080u	/* RAID10 of more than 4 disks */
#define IMSM_ATTR_SSD_CACHE	0x02000000u
#define IMSM_ATTR_2TB_DISK	0x04000000u	/* the *_hi words are valid */
#define IMSM_ATTR_BBM		0x08000000u
#define IMSM_ATTR_NVM_CACHE	0x10000000u
#define IMSM_ATTR_2TB		0x20000000u	/* volumes above 2 TiB */
#define IMSM_ATTR_PM		0x40000000u	/* unused, seen on old disks */
#define IMSM_ATTR_CHECKSUM	0x80000000u

/* What a volume of a container may use while we run it. */
#define IMSM_ATTR_SUPPORTED	(IMSM_ATTR_RAID0 | IMSM_ATTR_RAID1 | IMSM_ATTR_RAID10 | \
				 IMSM_ATTR_RAID5 | IMSM_ATTR_BIG_STRIP | \
				 IMSM_ATTR_RAID10_EXT | IMSM_ATTR_2TB_DISK | \
				 IMSM_ATTR_BBM | IMSM_ATTR_2TB | IMSM_ATTR_PM | \
				 IMSM_ATTR_CHECKSUM)

/* struct imsm_disk_ondisk.status; vendors' run-time bits leak to disk, keep them */
#define IMSM_DISK_SPARE		0x00000001u
#define IMSM_DISK_CONFIGURED	0x00000002u
#define IMSM_DISK_FAILED	0x00000004u
#define IMSM_DISK_JOURNAL	0x02000000u
#define IMSM_SCSI_ID_MISSING	0xffffffffu

/* struct imsm_dev_ondisk.status */
#define IMSM_DEV_READ_COALESCING	0x004u
#define IMSM_DEV_WRITE_COALESCING	0x008u
#define IMSM_DEV_VERIFY_FIX		0x080u	/* turns VERIFY into REPAIR */
#define IMSM_DEV_CNG			0x400u

/* struct imsm_map_ondisk.map_state */
enum imsm_map_state {
	IMSM_MAP_NORMAL,
	IMSM_MAP_UNINITIALIZED,
	IMSM_MAP_DEGRADED,
	IMSM_MAP_FAILED,
};

/* struct imsm_vol_ondisk.migr_type; valid only with migr_state 1 */
enum imsm_migr_type {
	IMSM_MIGR_INIT,
	IMSM_MIGR_REBUILD,
	IMSM_MIGR_VERIFY,
	IMSM_MIGR_GENERAL,
	IMSM_MIGR_STATE_CHANGE,
	IMSM_MIGR_REPAIR,		/* read, never written: VERIFY with VERIFY_FIX */
	IMSM_NR_MIGR_TYPES,
};

/* struct imsm_vol_ondisk.dirty */
#define IMSM_VOL_DIRTY		0x01u
#define IMSM_VOL_PPL_VALID	0x02u

/* struct imsm_dev_ondisk.rwh_policy */
enum imsm_rwh_policy {
	IMSM_RWH_OFF,
	IMSM_RWH_PPL,
	IMSM_RWH_PPL_JOURNAL,
	IMSM_RWH_MULTI_PPL,
	IMSM_RWH_MULTI_PPL_JOURNAL,
	IMSM_RWH_MULTI_OFF,
	IMSM_RWH_BITMAP,
	IMSM_NR_RWH_POLICIES,
};

#define IMSM_ORD_INDEX_MASK	0x00ffffffu
#define IMSM_ORD_REBUILD	0x01000000u	/* slot is out of sync */
#define IMSM_NO_FAILED_DISK	0xffu

#define IMSM_BBM_SIGNATURE	0xabadb10cu
#define IMSM_BBM_MAX_ENTRIES	254u

struct imsm_mpb_ondisk {
	u8 signature[IMSM_SIGNATURE_LEN];
	u8 version[IMSM_VERSION_LEN];
	__le32 check_sum;		/* of mpb_size bytes, this word left out */
	__le32 mpb_size;		/* bytes, exact */
	__le32 family_num;		/* one line of descent */
	__le32 generation_num;
	__le32 error_log_size;
	__le32 attributes;
	u8 num_disks;
	u8 num_raid_devs;
	u8 error_log_pos;
	u8 fill;
	__le32 cache_size;
	__le32 orig_family_num;		/* basis of all UUIDs; 0: family_num is */
	__le32 pwr_cycle_count;
	__le32 bbm_log_size;
	__le16 num_raid_devs_created;
	__le16 filler1;
	__le32 creation_time_lo;	/* seconds since 1970 */
	__le32 creation_time_hi;
	__le32 filler2[32];
	/* disks, then volumes */
};

static_assert(sizeof(struct imsm_mpb_ondisk) == 216);
static_assert(offsetof(struct imsm_mpb_ondisk, check_sum) == 0x20);
static_assert(offsetof(struct imsm_mpb_ondisk, attributes) == 0x34);
static_assert(offsetof(struct imsm_mpb_ondisk, orig_family_num) == 0x40);
static_assert(offsetof(struct imsm_mpb_ondisk, creation_time_lo) == 0x50);

struct imsm_disk_ondisk {
	u8 serial[IMSM_SERIAL_LEN];	/* bytes behind a NUL may be garbage */
	__le32 total_blocks_lo;		/* native */
	__le32 scsi_id;
	__le32 status;
	__le32 owner_cfg_num;
	__le32 total_blocks_hi;
	__le32 filler[3];
};

static_assert(sizeof(struct imsm_disk_ondisk) == 48);

struct imsm_vol_ondisk {
	__le32 curr_migr_unit_lo;	/* native, although it counts units */
	__le32 checkpoint_id;
	u8 migr_state;			/* 1: there are two maps */
	u8 migr_type;
	u8 dirty;
	u8 fs_state;
	__le16 verify_errors;
	__le16 bad_blocks;
	__le32 curr_migr_unit_hi;
	__le32 filler[3];
};

static_assert(sizeof(struct imsm_vol_ondisk) == 32);

struct imsm_dev_ondisk {
	u8 volume[IMSM_NAME_LEN];	/* name, may lack the NUL */
	__le32 size_low;		/* native */
	__le32 size_high;
	__le32 status;
	__le32 reserved_blocks;
	u8 migr_priority;
	u8 num_sub_vols;
	u8 tid;
	u8 cng_master_disk;
	__le16 cache_policy;
	u8 cng_state;
	u8 cng_sub_state;
	__le16 my_vol_raid_dev_num;
	u8 nv_cache_mode;
	u8 nv_cache_flags;
	__le32 nvc_vol_orig_family_num;
	__le16 nvc_vol_raid_dev_num;
	u8 rwh_policy;
	u8 jd_serial[IMSM_SERIAL_LEN];
	u8 filler1;
	__le32 filler2[3];
	struct imsm_vol_ondisk vol;
	/* map 0; map 1 behind it while migrating */
};

static_assert(sizeof(struct imsm_dev_ondisk) == 112);
static_assert(offsetof(struct imsm_dev_ondisk, rwh_policy) == 50);
static_assert(offsetof(struct imsm_dev_ondisk, vol) == 80);

struct imsm_map_ondisk {
	__le32 pba_of_lba0_lo;		/* native */
	__le32 blocks_per_member_lo;	/* native; includes the reserve */
	__le32 num_data_stripes_lo;	/* half the real number for level 1 and 10 */
	__le16 blocks_per_strip;	/* native */
	u8 map_state;
	u8 raid_level;
	u8 num_members;
	u8 num_domains;
	u8 failed_disk_num;		/* a slot */
	u8 ddf;
	__le32 pba_of_lba0_hi;
	__le32 blocks_per_member_hi;
	__le32 num_data_stripes_hi;
	__le32 filler[4];
	__le32 disk_ord_tbl[];		/* num_members of them */
};

static_assert(sizeof(struct imsm_map_ondisk) == 48);

struct imsm_bbm_entry_ondisk {
	u8 marked_count;		/* bad blocks - 1 */
	u8 disk_ordinal;
	__le16 start_lo;
	__le32 start_hi;
};

struct imsm_bbm_ondisk {
	__le32 signature;
	__le32 entry_count;
	struct imsm_bbm_entry_ondisk entries[];
};

static_assert(sizeof(struct imsm_bbm_ondisk) == 8);
static_assert(sizeof(struct imsm_bbm_entry_ondisk) == 8);

#endif /* _EMD_IMSM_ONDISK_H */
