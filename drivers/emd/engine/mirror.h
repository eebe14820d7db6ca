/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the mirror engine's files share: mirror.c (user I/O), mirror_repair.c
 * (read errors), mirror_sync.c (windows of background work).
 */
#ifndef _EMD_MIRROR_H
#define _EMD_MIRROR_H

#include "../emd.h"

/* Copies are counted in bit masks. */
#define MIRROR_MAX_COPIES	32

/* What is rewritten after a read error, and looked at one by one in a bad window: 4 KiB. */
#define MIRROR_BLOCK_SECTORS	8

#define MIRROR_NR_REPAIRS	32

/**
 * struct mirror_failures - members that failed under one io; in io->priv
 * @start: reads: first sector to read again, from the start of the io
 * @end: reads: behind the last
 * @nr: distinct members that failed, also those that found no room in @slots
 * @attempted: writes to a raid1: copies sent
 * @status: of the first
 * @slots: which members
 *
 * Changes under mirror->lock until the last clone is done.
 */
struct mirror_failures {
	u32 start;
	u32 end;
	u8 nr;
	u8 attempted;
	blk_status_t status;
	u8 slots[5];
};

static inline struct mirror_failures *mirror_failures(struct emd_io *io)
{
	static_assert(sizeof(struct mirror_failures) <= sizeof_field(struct emd_io, priv));
	return (struct mirror_failures *)io->priv;
}

static inline bool mirror_has_failed(const struct mirror_failures *failures, u16 slot)
{
	unsigned int i;

	for (i = 0; i < min_t(unsigned int, failures->nr, ARRAY_SIZE(failures->slots)); i++)
		if (failures->slots[i] == slot)
			return true;
	return false;
}

/**
 * struct mirror_repair - a range that one member could not read
 * @node: mirror->free_repairs, ->repairs, or alone while being worked on
 * @slot: of the member
 * @array_sector: first, whole blocks where the array allows
 * @nr_sectors: how many; what @slot does not hold of it is not looked at
 */
struct mirror_repair {
	struct list_head node;
	u16 slot;
	u64 array_sector;
	u64 nr_sectors;
};

/**
 * struct emd_mirror - the engine's own part of an array
 * @array: back
 * @wq: writes that had to wait for a range, reads that failed, repairs; nothing
 *	on it waits for another piece of work on it
 * @inflight: reads in flight for each slot, as counted by the CPU that sent them
 * @rotational: Q: some member has heads to move
 * @clones: of reads that are answered from another copy
 * @lock: irq-safe leaf; the failure lists of ios, and the repairs
 * @free_repairs: those to use
 * @repairs: to be done
 * @repair: being done or waiting for its range, or NULL
 * @repair_granted: it has its range
 * @repair_work: does them, one at a time
 * @repair_tracks: repair_work only: ranges are tracked
 * @repair_range: lock on what @repair works on
 * @repair_page: repair_work only: block of the bad copy, block of a good one
 * @all_repairs: backing of the lists
 */
struct emd_mirror {
	struct emd_array *array;
	struct workqueue_struct *wq;
	atomic_t __percpu *inflight;
	bool rotational;
	struct bio_set clones;

	spinlock_t lock;			/* see @lock */
	struct list_head free_repairs;
	struct list_head repairs;
	struct mirror_repair *repair;
	bool repair_granted;
	struct delayed_work repair_work;
	bool repair_tracks;
	struct emd_range repair_range;
	struct page *repair_page[2];
	struct mirror_repair all_repairs[MIRROR_NR_REPAIRS];
};

/**
 * struct mirror_run - contiguous sectors of one strip on one member
 * @array_sector: first
 * @member_sector: where it is
 * @nr_sectors: how many
 * @copy: which copy of them
 */
struct mirror_run {
	u64 array_sector;
	u64 member_sector;
	u64 nr_sectors;
	u16 copy;
};

/* Slot of a copy, when the first copy is in @first_slot. True of every layout we have. */
static inline u16 mirror_slot(const struct emd_geometry *geo, u16 first_slot, u16 copy)
{
	u16 slot = first_slot + copy;

	return slot < geo->nr_members ? slot : slot - geo->nr_members;
}

/* Sectors from here to the end of the strip; to the end of the array without strips. */
static inline u64 mirror_run_sectors(const struct emd_geometry *geo, u64 array_sector)
{
	if (geo->level == EMD_LEVEL_RAID1)
		return geo->array_sectors - array_sector;
	return geo->strip_sectors - (array_sector & (geo->strip_sectors - 1));
}

/* Does the member hold good data below @end (an array sector)? */
static inline bool mirror_readable(const struct emd_member *member, u64 end)
{
	enum emd_member_state state = READ_ONCE(member->state);

	return state == EMD_MEMBER_IN_SYNC ||
	       (state == EMD_MEMBER_REBUILDING && end <= READ_ONCE(member->rebuilt_sector));
}

/* Is the member written? */
static inline bool mirror_in_service(const struct emd_member *member)
{
	enum emd_member_state state = READ_ONCE(member->state);

	return state == EMD_MEMBER_IN_SYNC || state == EMD_MEMBER_REBUILDING;
}

/* mirror.c */
int mirror_source_copy(const struct emd_array *array, u16 first_slot);
bool mirror_share_strips(const struct emd_geometry *geo, u16 a, u16 b);

/* mirror_repair.c */
int mirror_repair_init(struct emd_mirror *mirror);
void mirror_repair_exit(struct emd_mirror *mirror);
void mirror_repair_queue(struct emd_mirror *mirror, u16 slot, u64 array_sector, u64 nr_sectors);
void mirror_read_again(struct emd_io *io);

/* mirror_sync.c */
u64 mirror_window_sectors(const struct emd_array *array);
unsigned int mirror_window_pages(const struct emd_array *array);
void mirror_window(struct emd_window *window);
void mirror_window_idle(struct emd_window *window);
void mirror_window_rows(const struct emd_geometry *geo, u64 array_sector, u64 nr_sectors,
			u64 *first, u64 *end);
bool mirror_next_run(const struct emd_geometry *geo, u64 array_sector, u64 nr_sectors, u16 slot,
		     u64 *cursor, struct mirror_run *run);

#endif /* _EMD_MIRROR_H */
