/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Where an array sector lives: pure arithmetic, no I/O, no locks, no state.
 *
 * Three address spaces, all counted in sectors of 512 bytes:
 *   array_sector   as the users of /dev/emdN see it
 *   member_sector  from the start of the member's extent on its disk
 *   disk_sector    member_sector + the member's start; not known here
 */
#ifndef _EMD_GEOMETRY_H
#define _EMD_GEOMETRY_H

#include <linux/build_bug.h>
#include <linux/types.h>

#include "errmsg.h"

#define EMD_MAX_MEMBERS		255
/* Every slot may have its own place in Q, and P and Q come on top: 255 in all. */
#define EMD_MAX_PARITY_MEMBERS	253
/*
 * No 64-bit sum of two sector counts from metadata may wrap, and every byte
 * below this must have a loff_t.
 */
#define EMD_MAX_SECTORS		(1ULL << 54)
#define EMD_MAX_STRIP_SECTORS	(1U << 17)	/* 64 MiB; no format goes near */
#define EMD_MAX_ROTATE_SHIFT	31		/* what DDF can say */

/* Values are the uAPI's EMD_LEVEL_* (emd.h); the order never changes. */
enum emd_level {
	EMD_LEVEL_CONCAT,
	EMD_LEVEL_RAID0,
	EMD_LEVEL_RAID1,
	EMD_LEVEL_RAID1E,
	EMD_LEVEL_RAID4,
	EMD_LEVEL_RAID5,
	EMD_LEVEL_RAID6,
	EMD_LEVEL_RAID10,
	EMD_NR_LEVELS,
};

/* Values are the uAPI's EMD_UAPI_LAYOUT_*; new ones go to the end. */
enum emd_layout {
	EMD_LAYOUT_NONE,		/* level has but one */
	EMD_LAYOUT_ADJACENT,		/* raid1e, raid10: copies side by side (md near) */
	EMD_LAYOUT_OFFSET,		/* raid1e, raid10: copies one row down, one slot on */
	EMD_LAYOUT_LEFT_ASYMMETRIC,
	EMD_LAYOUT_LEFT_SYMMETRIC,
	EMD_LAYOUT_RIGHT_ASYMMETRIC,
	EMD_LAYOUT_RIGHT_SYMMETRIC,
	EMD_LAYOUT_PARITY_FIRST,
	EMD_LAYOUT_PARITY_LAST,
	EMD_LAYOUT_ROTATING_ZERO_RESTART,	/* raid6 of DDF, RLQ 1: as right asymmetric */
	EMD_LAYOUT_ROTATING_N_RESTART,		/* RLQ 2: as left asymmetric, one row on */
	EMD_LAYOUT_ROTATING_N_CONTINUE,		/* RLQ 3: as left symmetric, Q before P */
	EMD_LAYOUT_LEFT_ASYMMETRIC_6,		/* raid6: the raid5 of that name, ... */
	EMD_LAYOUT_LEFT_SYMMETRIC_6,
	EMD_LAYOUT_RIGHT_ASYMMETRIC_6,
	EMD_LAYOUT_RIGHT_SYMMETRIC_6,
	EMD_LAYOUT_PARITY_FIRST_6,		/* ... and Q always on the last slot */
	EMD_NR_LAYOUTS,
};

/* How an array goes on from span to span. */
enum emd_span_join {
	EMD_SPANS_STRIPED,	/* a row of each in turn: raid50, raid60 */
	EMD_SPANS_CONCAT,	/* one behind the other */
	EMD_NR_SPAN_JOINS,
};

/* Values are the uAPI's EMD_MEMBER_* and EMD_ARRAY_*. */
enum emd_member_state {
	EMD_MEMBER_IN_SYNC,
	EMD_MEMBER_REBUILDING,
	EMD_MEMBER_MISSING,
	EMD_MEMBER_FAILED,
	EMD_NR_MEMBER_STATES,
};

enum emd_array_state {
	EMD_ARRAY_OPTIMAL,
	EMD_ARRAY_DEGRADED,
	EMD_ARRAY_FAILED,
	EMD_ARRAY_INACTIVE,
	EMD_NR_ARRAY_STATES,
};

/**
 * struct emd_geometry - the shape of one array
 * @level: RAID level
 * @layout: rotation of copies or parity, EMD_LAYOUT_NONE where the level has one
 * @nr_members: slots, 1 to EMD_MAX_MEMBERS
 * @nr_copies: 1 for concat and raid0, @nr_members for raid1, 2 for raid1e and
 *	raid10, 1 for the parity levels
 * @rotate_shift: parity takes its next step after 2 to the power of this many rows;
 *	more than 0 only for a rotating raid5 (DDF calls that raid5r)
 * @strip_sectors: strip on one member; power of two where the level stripes,
 *	informational for concat and raid1
 * @member_sectors: sectors of every member that hold array content; for concat
 *	the largest (each member's own size is in its config)
 * @array_sectors: size as users see it, never above what the members hold
 * @nr_spans: parts of equal shape, each a raid0, 4, 5 or 6 of its own over as many
 *	members, in the order of slots; 0 when the array is of one piece, never 1
 * @span_join: how the array goes on from one to the next
 * @reserved: zero
 *
 * No padding: two of them are compared as bytes.
 */
struct emd_geometry {
	enum emd_level level;
	enum emd_layout layout;
	u16 nr_members;
	u8 nr_copies;
	u8 rotate_shift;
	u32 strip_sectors;
	u64 member_sectors;
	u64 array_sectors;
	u16 nr_spans;
	u8 span_join;
	u8 reserved[5];
};
static_assert(sizeof(struct emd_geometry) == 40);

/**
 * struct emd_level_desc - facts about a level
 * @name: as users write it ("raid10")
 * @redundant: has copies or parity
 * @striped: strip_sectors matters to the mapping
 * @min_members: fewest slots
 * @max_members: most slots
 * @default_layout: what create uses unless told
 * @layouts: bit mask of the layouts the level can have
 */
struct emd_level_desc {
	const char *name;
	bool redundant;
	bool striped;
	u16 min_members;
	u16 max_members;
	enum emd_layout default_layout;
	u32 layouts;
};

extern const struct emd_level_desc emd_levels[EMD_NR_LEVELS];
extern const char *const emd_layout_names[EMD_NR_LAYOUTS];
extern const char *const emd_member_state_names[EMD_NR_MEMBER_STATES];
extern const char *const emd_array_state_names[EMD_NR_ARRAY_STATES];

/**
 * struct emd_piece - one contiguous run on one member
 * @slot: member's slot
 * @member_sector: where the run begins on it
 * @nr_sectors: sectors that stay contiguous from there, at least 1
 */
struct emd_piece {
	u16 slot;
	u64 member_sector;
	u64 nr_sectors;
};

/* Is there parity? */
static inline bool emd_geo_has_parity(const struct emd_geometry *geo)
{
	return geo->level == EMD_LEVEL_RAID4 || geo->level == EMD_LEVEL_RAID5 ||
	       geo->level == EMD_LEVEL_RAID6;
}

/* Members of each span; all of them when the array is of one piece. */
static inline u16 emd_geo_span_members(const struct emd_geometry *geo)
{
	return geo->nr_spans ? geo->nr_members / geo->nr_spans : geo->nr_members;
}

/* Everything below is documented at its definition in geometry.c. */
int emd_geo_validate(const struct emd_geometry *geo, struct emd_errmsg *msg);
u64 emd_geo_capacity(const struct emd_geometry *geo);
u64 emd_geo_stripe_sectors(const struct emd_geometry *geo);
void emd_geo_map(const struct emd_geometry *geo, u64 array_sector, u16 copy,
		 struct emd_piece *piece);
bool emd_geo_unmap(const struct emd_geometry *geo, u16 slot, u64 member_sector,
		   u64 *array_sector, u16 *copy);
void emd_geo_parity(const struct emd_geometry *geo, u64 row, u16 *p_slot, u16 *q_slot);
u16 emd_geo_row_begin(const struct emd_geometry *geo, u64 row, u64 *member_sector);
u16 emd_geo_nr_data(const struct emd_geometry *geo);
u16 emd_geo_data_slot(const struct emd_geometry *geo, u64 row, u16 k);
u16 emd_geo_q_index(const struct emd_geometry *geo, u64 row, u16 slot);
bool emd_geo_dense(const struct emd_geometry *geo);
u64 emd_geo_slot_below(const struct emd_geometry *geo, u64 array_sector, u16 slot);
enum emd_array_state emd_geo_array_state(const struct emd_geometry *geo,
					 const u8 *member_states);
bool emd_geo_has_redundancy(const struct emd_geometry *geo, const u8 *member_states);
bool emd_geo_is_bare(const struct emd_geometry *geo, const u8 *member_states);
bool emd_geo_may_lose(const struct emd_geometry *geo, const u8 *member_states, u16 slot);

void emd_concat_map(const u64 *ends, u16 nr_members, u64 array_sector, struct emd_piece *piece);

#endif /* _EMD_GEOMETRY_H */
