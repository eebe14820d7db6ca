/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DDF (SNIA Common RAID Disk Data Format) on disk. See Documentation/formats/ddf.rst.
 *
 * Integers are big-endian by the specification; Adaptec HostRAID and Marvell write
 * all of them little-endian. So no field has the type of one byte order: struct
 * ddf16, ddf32, ddf64 are bytes, read and written by accessors that are told the
 * order. Nothing needs alignment.
 */
#ifndef _EMD_DDF_ONDISK_H
#define _EMD_DDF_ONDISK_H

#include <linux/build_bug.h>
#include <linux/types.h>

struct ddf16 { u8 b[2]; };
struct ddf32 { u8 b[4]; };
struct ddf64 { u8 b[8]; };

#define DDF_GUID_LEN		24
#define DDF_REVISION_LEN	8
#define DDF_NAME_LEN		16

#define DDF_SIG_HEADER		0xde11de11u
#define DDF_SIG_CONTROLLER	0xad111111u
#define DDF_SIG_PDR		0x22222222u
#define DDF_SIG_VDR		0xddddddddu
#define DDF_SIG_VDCR		0xeeeeeeeeu
#define DDF_SIG_SPARE		0x55555555u
#define DDF_SIG_VENDOR		0x88888888u
#define DDF_SIG_PDD		0x33333333u
#define DDF_SIG_BBM		0xabadb10cu
#define DDF_SIG_UNUSED		0xffffffffu

#define DDF_NONE32		0xffffffffu
#define DDF_NONE64		(~0ULL)

/* Which header. */
enum ddf_header_type {
	DDF_ANCHOR = 0,
	DDF_PRIMARY = 1,
	DDF_SECONDARY = 2,
};

/* Sections, in the order of the header and of mdadm's layout. */
enum ddf_section {
	DDF_CONTROLLER,
	DDF_PDR,
	DDF_VDR,
	DDF_CONFIG,
	DDF_PDD,
	DDF_BBM,
	DDF_DIAG,
	DDF_VENDOR,
	DDF_NR_SECTIONS,
};

struct ddf_section_ondisk {
	struct ddf32 offset;		/* blocks from this header; all ones: absent */
	struct ddf32 length;		/* blocks */
};

struct ddf_header_ondisk {
	struct ddf32 signature;
	struct ddf32 crc;
	u8 guid[DDF_GUID_LEN];		/* the container */
	u8 revision[DDF_REVISION_LEN];
	struct ddf32 seq;		/* all ones in the anchor */
	struct ddf32 timestamp;
	u8 open;			/* 0 closed, 1..15 being changed, 0xff in the anchor */
	u8 foreign;
	u8 grouping;
	u8 reserved1[13];
	u8 extension[32];
	struct ddf64 primary_lba;
	struct ddf64 secondary_lba;
	u8 type;			/* enum ddf_header_type */
	u8 reserved2[3];
	struct ddf32 workspace_len;
	struct ddf64 workspace_lba;
	struct ddf16 max_pd;
	struct ddf16 max_vd;
	struct ddf16 max_partitions;	/* records a disk may hold; there is one slot more */
	struct ddf16 record_len;	/* blocks of a slot */
	struct ddf16 max_elements;
	struct ddf32 max_bad_blocks;
	u8 reserved3[50];
	struct ddf_section_ondisk section[DDF_NR_SECTIONS];
	u8 reserved4[256];
};

static_assert(sizeof(struct ddf_header_ondisk) == 512);
static_assert(offsetof(struct ddf_header_ondisk, primary_lba) == 96);
static_assert(offsetof(struct ddf_header_ondisk, max_pd) == 128);
static_assert(offsetof(struct ddf_header_ondisk, section) == 192);

struct ddf_controller_ondisk {
	struct ddf32 signature;
	struct ddf32 crc;
	u8 guid[DDF_GUID_LEN];
	struct ddf16 pci_vendor;
	struct ddf16 pci_device;
	struct ddf16 pci_subvendor;
	struct ddf16 pci_subdevice;
	u8 product[16];
	u8 reserved[8];
	u8 vendor[448];
};

static_assert(sizeof(struct ddf_controller_ondisk) == 512);

#define DDF_PCI_ADAPTEC		0x9005

/* Head of PDR and VDR; the entries follow. */
struct ddf_table_ondisk {
	struct ddf32 signature;
	struct ddf32 crc;
	struct ddf16 populated;
	struct ddf16 max;
	u8 reserved[52];
};

static_assert(sizeof(struct ddf_table_ondisk) == 64);

struct ddf_pde_ondisk {
	u8 guid[DDF_GUID_LEN];		/* all ones: free */
	struct ddf32 ref;		/* what records name it by */
	struct ddf16 type;
	struct ddf16 state;
	struct ddf64 size;		/* blocks for data, from LBA 0 */
	u8 path[18];
	struct ddf16 block_size;
	u8 reserved[4];
};

static_assert(sizeof(struct ddf_pde_ondisk) == 64);

#define DDF_PD_FORCED_GUID	0x0001
#define DDF_PD_MEMBER		0x0002
#define DDF_PD_GLOBAL_SPARE	0x0004
#define DDF_PD_SPARE		0x0008	/* has an assignment record */
#define DDF_PD_FOREIGN		0x0010
#define DDF_PD_LEGACY		0x0020

#define DDF_PD_ONLINE		0x0001
#define DDF_PD_FAILED		0x0002
#define DDF_PD_REBUILDING	0x0004
#define DDF_PD_TRANSITION	0x0008
#define DDF_PD_SMART		0x0010
#define DDF_PD_READ_ERRORS	0x0020
#define DDF_PD_MISSING		0x0040

struct ddf_vde_ondisk {
	u8 guid[DDF_GUID_LEN];		/* all ones: free */
	struct ddf16 number;
	u8 reserved1[2];
	struct ddf32 type;		/* owner's CRC in the upper half, flags in the lower */
	u8 state;
	u8 init;
	u8 failures_left;
	u8 reserved2[13];
	u8 name[DDF_NAME_LEN];
};

static_assert(sizeof(struct ddf_vde_ondisk) == 64);

#define DDF_VD_UNICODE		0x0004	/* of the type: what the name is in */

enum ddf_vd_state {
	DDF_VD_OPTIMAL,
	DDF_VD_DEGRADED,
	DDF_VD_DELETED,
	DDF_VD_MISSING,
	DDF_VD_FAILED,
	DDF_VD_PARTIAL,
	DDF_VD_OFFLINE,
	DDF_VD_RESERVED,
};

#define DDF_VD_STATE		0x07	/* mask: enum ddf_vd_state */
#define DDF_VD_MORPHING		0x08
#define DDF_VD_INCONSISTENT	0x10

#define DDF_INIT		0x03	/* mask */
#define DDF_INIT_NONE		0
#define DDF_INIT_RUNNING	1
#define DDF_INIT_FULL		2
#define DDF_ACCESS		0xc0	/* mask */
#define DDF_ACCESS_RW		0x00
#define DDF_ACCESS_RO		0x80
#define DDF_ACCESS_BLOCKED	0xc0

/* What comes behind it: max_elements of struct ddf32 (who), then of struct ddf64 (where). */
struct ddf_vdcr_ondisk {
	struct ddf32 signature;
	struct ddf32 crc;
	u8 guid[DDF_GUID_LEN];
	struct ddf32 timestamp;
	struct ddf32 seq;
	u8 reserved1[24];
	struct ddf16 elements;
	u8 strip;			/* blocks, as a power of two */
	u8 level;			/* enum ddf_prl */
	u8 qualifier;
	u8 secondary_count;
	u8 secondary_seq;
	u8 secondary_level;		/* enum ddf_srl */
	struct ddf64 block_count;	/* of each element */
	struct ddf64 vd_size;		/* of the whole virtual disk */
	struct ddf16 block_size;
	u8 rotate_count;
	u8 reserved2[5];
	struct ddf32 spares[8];
	struct ddf64 cache_policy;
	u8 background_rate;
	u8 reserved3[3];
	u8 mdf_parity;
	struct ddf16 mdf_generator;
	u8 reserved4;
	u8 mdf_method;
	u8 reserved5[47];
	u8 reserved6[192];
	u8 vendor[96];			/* v0 to v3 */
	u8 scratch[32];			/* struct ddf_progress_ondisk, when it is ours */
};

static_assert(sizeof(struct ddf_vdcr_ondisk) == 512);
static_assert(offsetof(struct ddf_vdcr_ondisk, elements) == 64);
static_assert(offsetof(struct ddf_vdcr_ondisk, block_count) == 72);
static_assert(offsetof(struct ddf_vdcr_ondisk, vendor) == 384);
static_assert(offsetof(struct ddf_vdcr_ondisk, scratch) == 480);

/* How the GUIDs begin that we make. */
#define DDF_OUR_VENDOR		"EMD     "

enum ddf_prl {
	DDF_RAID0 = 0x00,
	DDF_RAID1 = 0x01,
	DDF_RAID3 = 0x03,
	DDF_RAID4 = 0x04,
	DDF_RAID5 = 0x05,
	DDF_RAID6 = 0x06,
	DDF_MDF = 0x07,
	DDF_SINGLE = 0x0f,
	DDF_RAID1E = 0x11,
	DDF_RAID5E = 0x15,
	DDF_CONCAT = 0x1f,
	DDF_RAID5EE = 0x25,
	DDF_RAID5R = 0x35,
};

enum ddf_srl {
	DDF_SRL_STRIPED = 0,
	DDF_SRL_MIRRORED = 1,
	DDF_SRL_CONCAT = 2,
	DDF_SRL_SPANNED = 3,
	DDF_SRL_NONE = 0xff,
};

/*
 * Ours, in the vendor scratch of a record: how far a resync or a rebuild has come,
 * which DDF has no word for. Holds for exactly one header sequence, so any writer
 * that does not know of it makes it void.
 */
struct ddf_progress_ondisk {
	u8 magic[4];
	u8 action;			/* enum emd_sync_action: resync or rebuild */
	u8 flags;
	struct ddf16 slot;		/* of the record, filled by @ref; all ones: none */
	struct ddf32 ref;
	struct ddf32 seq;
	struct ddf64 sector;		/* of the array, all below is done */
	struct ddf32 check;		/* CRC of the above and of the record's GUID */
	u8 reserved[4];
};

static_assert(sizeof(struct ddf_progress_ondisk) == 32);

#define DDF_PROGRESS_MAGIC	"EMD1"
#define DDF_PROGRESS_DIRTY	0x01	/* writes were in flight, besides the work itself */

/* Spare assignment record; entries of 32 bytes follow. */
struct ddf_spare_ondisk {
	struct ddf32 signature;
	struct ddf32 crc;
	struct ddf32 timestamp;
	u8 reserved1[7];
	u8 type;
	struct ddf16 populated;
	struct ddf16 max;
	u8 reserved2[8];
};

static_assert(sizeof(struct ddf_spare_ondisk) == 32);

struct ddf_spare_entry_ondisk {
	u8 guid[DDF_GUID_LEN];
	struct ddf16 secondary;
	u8 reserved[6];
};

static_assert(sizeof(struct ddf_spare_entry_ondisk) == 32);

#define DDF_SPARE_DEDICATED	0x01
#define DDF_SPARE_REVERTIBLE	0x02
#define DDF_SPARE_ACTIVE	0x04
#define DDF_SPARE_AFFINITY	0x08

struct ddf_pdd_ondisk {
	struct ddf32 signature;
	struct ddf32 crc;
	u8 guid[DDF_GUID_LEN];
	struct ddf32 ref;
	u8 forced_ref;
	u8 forced_guid;
	u8 scratch[32];
	u8 reserved[442];
};

static_assert(sizeof(struct ddf_pdd_ondisk) == 512);

struct ddf_bbm_ondisk {
	struct ddf32 signature;
	struct ddf32 crc;
	struct ddf32 count;		/* 16 bits and ones in older layouts */
	struct ddf32 spare_count;
	u8 reserved[8];
	struct ddf64 first_spare;
};

static_assert(sizeof(struct ddf_bbm_ondisk) == 32);

/* Seconds from 1970 to the epoch of timestamps, 1980. */
#define DDF_EPOCH	315532800u

#endif /* _EMD_DDF_ONDISK_H */
