/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The format-neutral side of RAID metadata: image, config, handler interface.
 *
 * Everything in meta/ is pure: bytes in, config out, and back. No I/O, no
 * locks, no sleeping, no printing; allocation only in emd_config_alloc() and
 * what calls it. The same files build into the module, KUnit, emdctl and the
 * fuzzers.
 *
 *   image   raw extents read from one disk, and facts about that disk
 *   config  what the metadata says: disks, arrays, members; plus the native
 *           bytes it was decoded from, so that a rewrite edits instead of
 *           regenerating and what is not understood survives
 *
 * A config is never edited once published. A change is made on a copy, in two
 * steps: the generic edit (emd_change_*()), then the format's ->update(), which
 * brings the native bytes in line. ->encode() then only lays bytes out.
 */
#ifndef _EMD_META_H
#define _EMD_META_H

#include <linux/bits.h>
#include <linux/stdarg.h>
#include <linux/types.h>

#include "../errmsg.h"
#include "../geometry.h"

#define EMD_NAME_LEN		64	/* array name, with NUL */
#define EMD_DISK_ID_LEN		64	/* disk identity, with NUL */
#define EMD_REASON_LEN		120
#define EMD_NO_DISK		0xffff
#define EMD_NO_ARRAY		0xffff

/* ---- image: bytes of one disk ---------------------------------------- */

#define EMD_IMAGE_MAX_EXTENTS	8
#define EMD_IMAGE_MAX_BYTES	(1024 * 1024)	/* no metadata makes us read more */

/**
 * struct emd_extent - a run of metadata bytes on a disk
 * @offset: bytes from the start of the disk, a multiple of the logical block
 * @len: bytes, a multiple of the logical block
 * @data: the bytes; owned by whoever filled the image
 */
struct emd_extent {
	u64 offset;
	u32 len;
	u8 *data;
};

/**
 * struct emd_meta_image - what has been read of one disk so far
 * @disk_sectors: capacity
 * @block_size: logical block, 512 or 4096 bytes
 * @serial: the device's serial as it reported it, not yet normalised
 * @nr_extents: extents filled
 * @extents: in the order they were asked for
 */
struct emd_meta_image {
	u64 disk_sectors;
	u32 block_size;
	char serial[EMD_DISK_ID_LEN];
	unsigned int nr_extents;
	struct emd_extent extents[EMD_IMAGE_MAX_EXTENTS];
};

/**
 * struct emd_meta_write - one write of an encode, in the order that is safe
 * @offset: bytes from the start of the disk
 * @len: bytes, a multiple of the logical block; @buf + @buf_offset holds them
 * @buf_offset: where in the caller's buffer
 * @barrier: everything before must be durable before this one is sent
 */
struct emd_meta_write {
	u64 offset;
	u32 len;
	u32 buf_offset;
	bool barrier;
};

#define EMD_META_MAX_WRITES	16

/**
 * struct emd_meta_writes - the bytes that make one disk say what the config says
 * @buf: caller's buffer, at least ->encode_max() bytes, block aligned
 * @buf_len: its size
 * @nr: writes filled
 * @writes: to be issued in this order
 */
struct emd_meta_writes {
	u8 *buf;
	u32 buf_len;
	unsigned int nr;
	struct emd_meta_write writes[EMD_META_MAX_WRITES];
};

/**
 * emd_meta_add_write() - one more write, behind those before it
 * @out: room is there
 * @offset: bytes from the start of the disk
 * @len: bytes
 * @buf_offset: where in @out->buf they are
 * @barrier: everything before must be durable before this one is sent
 *
 * Context: Any.
 */
static inline void emd_meta_add_write(struct emd_meta_writes *out, u64 offset, u32 len,
				      u32 buf_offset, bool barrier)
{
	out->writes[out->nr++] = (struct emd_meta_write) {
		.offset = offset,
		.len = len,
		.buf_offset = buf_offset,
		.barrier = barrier,
	};
}

/* ---- config ----------------------------------------------------------- */

/* Values are the uAPI's EMD_DISK_*. */
enum emd_disk_state {
	EMD_DISK_ACTIVE,	/* member of some array */
	EMD_DISK_SPARE,
	EMD_DISK_FAILED,
	EMD_DISK_MISSING,	/* in the table, not in the machine */
	EMD_DISK_FOREIGN,	/* not ours to touch: stale, conflicting, other owner */
	EMD_NR_DISK_STATES,
};

/* Values are the uAPI's EMD_SYNC_*; REPLACE is a rebuild to everybody outside. */
enum emd_sync_action {
	EMD_SYNC_IDLE,
	EMD_SYNC_RESYNC,
	EMD_SYNC_REBUILD,
	EMD_SYNC_CHECK,
	EMD_SYNC_REPAIR,
	EMD_SYNC_RESHAPE,
	EMD_SYNC_REPLACE,
	EMD_NR_SYNC_ACTIONS,
};

/* Which arrays a spare may serve. */
enum emd_spare_scope {
	EMD_SPARE_UNSAID,	/* what the format does with a spare nobody says more of */
	EMD_SPARE_GLOBAL,	/* every array of the container */
	EMD_SPARE_DEDICATED,	/* those it names */
};

#define EMD_MAX_SERVES	16	/* arrays that one spare can name */

extern const char *const emd_disk_state_names[EMD_NR_DISK_STATES];
extern const char *const emd_sync_action_names[EMD_NR_SYNC_ACTIONS];

/**
 * struct emd_config_disk - one row of the container's disk table
 * @handle: the core's cookie for the live disk, 0 when none; survives edits
 * @id: identity as the format compares it (IMSM: normalised serial)
 * @sectors: capacity: as recorded, until the core binds the row to a live disk
 *	and puts in what that really has (->encode() counts from the end of it)
 * @state: as the metadata says; MISSING is set by the core at assembly
 * @native: the format's index of this disk, EMD_NO_DISK when its tables do not
 *	list it (an IMSM spare)
 * @scope: enum emd_spare_scope, of a spare; UNSAID for every other disk
 * @nr_serves: used of @serves; 0 unless @scope is EMD_SPARE_DEDICATED
 * @serves: the arrays, as indexes of the config's
 */
struct emd_config_disk {
	u32 handle;
	char id[EMD_DISK_ID_LEN];
	u64 sectors;
	enum emd_disk_state state;
	u16 native;
	u8 scope;
	u8 nr_serves;
	u16 serves[EMD_MAX_SERVES];
};

/**
 * struct emd_config_member - one slot of one array
 * @disk: index into the config's disks, EMD_NO_DISK when the slot is empty
 * @state: as recorded
 * @start_sector: disk sector where the member begins
 * @nr_sectors: sectors of array content (not the format's reserve behind it)
 */
struct emd_config_member {
	u16 disk;
	enum emd_member_state state;
	u64 start_sector;
	u64 nr_sectors;
};

/* Why an array is not run, or not written. The text says which and why. */
#define EMD_CFG_NO_START	BIT(0)	/* shown, never started */
#define EMD_CFG_READ_ONLY	BIT(1)	/* started, never written */

/**
 * struct emd_config_array - one array
 * @handle: the core's cookie, 0 when none; survives edits
 * @name: printable, unique in the container, made safe for a device name
 * @uuid: stable identity
 * @geo: shape
 * @first_member: its slots are members[first_member .. + geo.nr_members)
 * @sync: RESYNC or REBUILD when recorded as running, else IDLE
 * @sync_sector: array sectors already done, a safe lower bound
 * @initialised: redundancy was established once (or never needed)
 * @doubtful: a resync was under way when a member was lost; not on the disks
 * @dirty: writes may be in flight: redundancy not to be relied on after a cut
 * @flags: EMD_CFG_*
 * @reason: text for @flags
 * @reserve_sectors: sectors behind nr_sectors on each member that belong to it
 * @native: the format's index of this array, EMD_NO_ARRAY until ->update() has
 *	written a new one
 */
struct emd_config_array {
	u32 handle;
	char name[EMD_NAME_LEN];
	u8 uuid[16];
	struct emd_geometry geo;
	u32 first_member;
	enum emd_sync_action sync;
	u64 sync_sector;
	bool initialised;
	bool doubtful;
	bool dirty;
	u32 flags;
	char reason[EMD_REASON_LEN];
	u32 reserve_sectors;
	u16 native;
};

struct emd_meta_ops;

/**
 * struct emd_config - what a container's metadata says
 * @ops: the format
 * @uuid: identity of the container; all zero for free spares
 * @generation: newer wins, as the format counts
 * @block_size: logical block of every disk in it
 * @self: index of the disk the bytes came from, EMD_NO_DISK when not listed;
 *	meaningful only in a freshly decoded config
 * @torn: the bytes do not check out and nothing but @uuid, @generation and
 *	@native is set: from ->salvage(), never published
 * @flags: EMD_CFG_* that hold for every array of the container
 * @reason: text for @flags
 * @remark: of a freshly decoded config: what is amiss with the bytes, and made up for; for
 *	the log
 * @entropy: random bits for ->update(), set by the core in each T1
 * @now: seconds since 1970 for ->update(), set by the core in each T1
 * @nr_disks: rows used
 * @max_disks: rows there is room for
 * @nr_arrays: arrays used
 * @max_arrays: arrays there is room for
 * @nr_members: members used, of all arrays
 * @max_members: members there is room for
 * @native_len: bytes used in @native
 * @max_native: bytes there is room for
 * @disks: the container's disk table
 * @arrays: what is on them
 * @members: all slots of all arrays
 * @native: the format's own bytes
 *
 * One allocation; the pointers point into it. emd_config_copy() copies between
 * configs of different room.
 */
struct emd_config {
	const struct emd_meta_ops *ops;
	u8 uuid[16];
	u64 generation;
	u32 block_size;
	u16 self;
	bool torn;
	u32 flags;
	char reason[EMD_REASON_LEN];
	char remark[EMD_REASON_LEN];
	u64 entropy;
	u64 now;
	u16 nr_disks, max_disks;
	u16 nr_arrays, max_arrays;
	u32 nr_members, max_members;
	u32 native_len, max_native;
	struct emd_config_disk *disks;
	struct emd_config_array *arrays;
	struct emd_config_member *members;
	u8 *native;
};

/**
 * struct emd_config_room - how large a config must be
 * @disks: rows
 * @arrays: arrays
 * @members: slots of all arrays
 * @native: bytes
 */
struct emd_config_room {
	u16 disks;
	u16 arrays;
	u32 members;
	u32 native;
};

static inline struct emd_config_member *
emd_config_member(const struct emd_config *cfg, const struct emd_config_array *ca, u16 slot)
{
	return &cfg->members[ca->first_member + slot];
}

/* A member is no spare. */
static inline void emd_config_disk_enlist(struct emd_config_disk *row)
{
	row->state = EMD_DISK_ACTIVE;
	row->scope = EMD_SPARE_UNSAID;
	row->nr_serves = 0;
}

/* ---- election ---------------------------------------------------------- */

enum emd_verdict {
	EMD_VERDICT_MEMBER,	/* listed by the elected config, to be used */
	EMD_VERDICT_SPARE,	/* free spare that may join */
	EMD_VERDICT_STALE,	/* the elected config has written it off */
	EMD_VERDICT_CONFLICT,	/* ran apart, or two disks claim one row */
	EMD_VERDICT_FOREIGN,	/* not listed, not a spare */
};

/* ---- how a format describes itself ------------------------------------- */

/**
 * struct emd_text - sink for lines: "path.key=value\n", or those of a plan
 * @buf: may be NULL to only measure
 * @len: size of @buf
 * @used: bytes that all lines need, without the NUL
 */
struct emd_text {
	char *buf;
	size_t len;
	size_t used;
};

#define EMD_UUID_TEXT_LEN	36	/* with NUL */
#define EMD_PLAN_SIZE_LEN	32	/* with NUL */

__printf(3, 4)
void emd_text_kv(struct emd_text *out, const char *key, const char *fmt, ...);
__printf(2, 0)
void emd_text_vadd(struct emd_text *out, const char *fmt, va_list args);
__printf(2, 3)
void emd_text_add(struct emd_text *out, const char *fmt, ...);
__printf(2, 3)
void emd_text_line(struct emd_text *out, const char *fmt, ...);
void emd_text_end(struct emd_text *out);
void emd_text_cut(struct emd_text *out);
void emd_uuid_format(const u8 uuid[16], char out[EMD_UUID_TEXT_LEN]);
void emd_uuid_sha1(const void *data, unsigned int len, u8 uuid[16]);

/* ---- the handler interface --------------------------------------------- */

/**
 * struct emd_create_args - what the administrator asked for
 * @level: RAID level
 * @layout: EMD_LAYOUT_NONE for the format's default
 * @name: as wanted
 * @strip_sectors: 0 for the format's default
 * @array_sectors: 0 for all the room that all members have
 * @nr_spans: striped parts, 0 for an array of one piece; a format without them does
 *	not look at it
 * @clean: trust as clean, no resync
 * @force: override the firmware profile where that is safe
 * @nr_disks: members
 * @disks: config rows in slot order
 */
struct emd_create_args {
	enum emd_level level;
	enum emd_layout layout;
	char name[EMD_NAME_LEN];
	u32 strip_sectors;
	u64 array_sectors;
	u16 nr_spans;
	bool clean;
	bool force;
	u16 nr_disks;
	u16 disks[EMD_MAX_MEMBERS];
};

/**
 * struct emd_meta_ops - one metadata format
 *
 * All callbacks are pure and may run in any context unless noted.
 */
struct emd_meta_ops {
	/** @name: "imsm": in messages, sysfs and emdctl */
	const char *name;
	/** @whole_disks_only: never on partitions */
	bool whole_disks_only;
	/**
	 * @every_update: who is two updates behind was not there, whatever the tables say:
	 * one that a disk refuses has to reach all others before the next is made
	 */
	bool every_update;
	/**
	 * @tail_sectors: so far from the end of a disk its metadata begins at most, by all
	 * who are known to write it; 0 when the format itself says where it is
	 */
	u32 tail_sectors;
	/** @global_names: other drivers tell arrays by their names alone */
	bool global_names;

	/**
	 * @next_extent: which bytes next? 1: read @want (offset, len), 0:
	 * enough, -ENODATA: certainly not ours, other <0: ours but damaged,
	 * @msg says how. Called first with an empty image.
	 */
	int (*next_extent)(const struct emd_meta_image *img, struct emd_extent *want,
			   struct emd_errmsg *msg);
	/** @recognize: does the first extent carry our signature? */
	bool (*recognize)(const struct emd_meta_image *img);
	/**
	 * @decode: the trust boundary. Everything later code relies on is
	 * checked here. Returns a new config or ERR_PTR; may allocate. Sets
	 * @self. Array rows that cannot be honoured carry a flag and a reason.
	 */
	struct emd_config *(*decode)(const struct emd_meta_image *img, struct emd_errmsg *msg);
	/**
	 * @salvage: bytes that ->decode() refused: can they be a copy that a
	 * power cut tore, and of which container? Returns a new @torn config,
	 * which only ->elect() understands, or NULL. May allocate. NULL when
	 * the format has better means.
	 */
	struct emd_config *(*salvage)(const struct emd_meta_image *img);
	/**
	 * @elect: which of the configs of one container (same uuid; free spares
	 * of the format and torn ones may be among them) is the truth, and what
	 * is each disk to it? A function of the set: order must not matter.
	 * @rows gets each disk's row in the champion's table, EMD_NO_DISK when
	 * not listed. Returns the index of the champion, -ENOTUNIQ when
	 * ambiguous (all but spares are CONFLICT then), -ENODATA when no disk
	 * can speak for the container (only spares, or none lists itself).
	 * Must not allocate more than O(@nr).
	 */
	int (*elect)(const struct emd_config *const *cfgs, const struct emd_meta_image *const *imgs,
		     unsigned int nr, enum emd_verdict *verdicts, u16 *rows,
		     struct emd_errmsg *msg);
	/**
	 * @unite: one config of what all disks of a container know, for formats
	 * whose disks each know only a part: @champion's, with the knowledge of
	 * every MEMBER. Its rows are the champion's, @rows fit both. Returns a new
	 * config or ERR_PTR; may allocate. NULL: the champion's says it all.
	 */
	struct emd_config *(*unite)(const struct emd_config *const *cfgs, unsigned int nr,
				    unsigned int champion, const enum emd_verdict *verdicts,
				    const u16 *rows, struct emd_errmsg *msg);
	/**
	 * @room: config room that any change that adds nothing can need. Of
	 * native bytes there is enough for one more array, and for as many
	 * disks again.
	 */
	void (*room)(const struct emd_config *cfg, struct emd_config_room *room);
	/** @can_express: can the format hold this config at all? */
	int (*can_express)(const struct emd_config *cfg, struct emd_errmsg *msg);
	/** @can_change: may @t0 become @t1? Format rules only. */
	int (*can_change)(const struct emd_config *t0, const struct emd_config *t1,
			  struct emd_errmsg *msg);
	/**
	 * @update: bring native bytes, generation and identity of @t1 in line
	 * with its generic fields, starting from @t0's native bytes (already
	 * copied to @t1). No allocation: runs when a member fails under
	 * memory pressure. Must be called exactly once per written config.
	 * On success rows of @t1 that are neither listed any more nor live
	 * (@handle 0) are gone: row numbers from before are void. A @t1 that
	 * could not be updated is of no further use.
	 */
	int (*update)(const struct emd_config *t0, struct emd_config *t1, struct emd_errmsg *msg);
	/**
	 * @supersede: make @cfg newer than @generation, native bytes included,
	 * and change nothing else: how an old config is written back over a
	 * new one that could not be finished. No allocation.
	 */
	void (*supersede)(struct emd_config *cfg, u64 generation);
	/** @encode_max: bytes that any ->encode() of @cfg can need */
	u32 (*encode_max)(const struct emd_config *cfg);
	/** @encode: bytes for the disk in row @disk; no allocation */
	int (*encode)(const struct emd_config *cfg, u16 disk, struct emd_meta_writes *out);
	/**
	 * @describe: what the image says, for people and for JSON. May
	 * allocate.
	 */
	void (*describe)(const struct emd_meta_image *img, struct emd_text *out);

	/* Administration: process context, may allocate. */

	/**
	 * @new_disk: describe a bare disk as a row: normalised id from
	 * @serial. Refuses disks the format cannot use.
	 */
	int (*new_disk)(const char *serial, u64 disk_sectors, u32 block_size,
			struct emd_config_disk *row, struct emd_errmsg *msg);
	/**
	 * @adopt: the disk in row @row, just added to @t1, or the one that a spare's row has
	 * waited for, carries metadata of this format already, as @seen, decoded from it,
	 * says: keep what is worth it. NULL: nothing is.
	 */
	void (*adopt)(struct emd_config *t1, u16 row, const struct emd_config *seen);
	/** @new_container: an empty config for disks that have none */
	struct emd_config *(*new_container)(u16 nr_disks, u32 block_size, u64 entropy, u64 now,
					    struct emd_errmsg *msg);
	/**
	 * @place_array: fill size, strip, layout, start and length of the
	 * members of a new array: appended to @t1 (room is there) with
	 * geometry, members and name; checks the firmware profile.
	 */
	int (*place_array)(struct emd_config *t1, const struct emd_create_args *args,
			   struct emd_errmsg *msg);
	/** @can_take: may the disk in row @disk fill slot @slot of the array? */
	int (*can_take)(const struct emd_config *cfg, u16 array, u16 slot, u16 disk,
			struct emd_errmsg *msg);
	/**
	 * @start_on: where on the disk in row @disk, which may fill slot @slot,
	 * the member is to begin. NULL: where the slot's always did.
	 */
	u64 (*start_on)(const struct emd_config *cfg, u16 array, u16 slot, u16 disk);
	/**
	 * @erase: writes that remove our signature and everything we own
	 * from a disk whose image is @img.
	 */
	int (*erase)(const struct emd_meta_image *img, struct emd_meta_writes *out);
	/**
	 * @owned: the runs of bytes that are the format's on a disk whose image is
	 * @img, which decodes, in the order in which they are safe to be written: what
	 * makes them count comes last. Only places are filled in, no bytes;
	 * @buf_offset counts through all of them.
	 */
	int (*owned)(const struct emd_meta_image *img, struct emd_meta_writes *out);
};

/* ---- registry.c --------------------------------------------------------- */

extern const struct emd_meta_ops *const emd_formats[];	/* NULL terminated */
extern const struct emd_meta_ops emd_imsm_ops;
extern const struct emd_meta_ops emd_ddf_ops;
extern const struct emd_meta_ops emd_asr_ops;

const struct emd_meta_ops *emd_format_find(const char *name);

/* ---- config.c: allocation and generic checks ---------------------------- */

struct emd_config *emd_config_alloc(const struct emd_config_room *room);
__printf(4, 5)
void emd_config_flag(u32 *flags, char reason[EMD_REASON_LEN], u32 flag, const char *fmt, ...);
void emd_config_free(struct emd_config *cfg);
int emd_config_copy(struct emd_config *dst, const struct emd_config *src);
int emd_config_check(const struct emd_config *cfg, struct emd_errmsg *msg);
int emd_config_can_change(const struct emd_config *t0, const struct emd_config *t1,
			  unsigned int max_name, struct emd_errmsg *msg);
void emd_config_name_array(const struct emd_config *cfg, u32 native, const u8 *raw,
			   unsigned int len, const char *instead, char name[EMD_NAME_LEN]);
bool emd_config_renamed(const struct emd_config *t0, const struct emd_config_array *ca);
bool emd_config_may_serve(const struct emd_config *cfg, u16 disk, u16 array);
int emd_config_check_change(const struct emd_config *t0, const struct emd_config *t1,
			    struct emd_errmsg *msg);
enum emd_array_state emd_config_array_state(const struct emd_config *cfg,
					    const struct emd_config_array *ca);
struct emd_config_array *emd_config_find_array(const struct emd_config *cfg, u32 handle);
struct emd_config_disk *emd_config_find_disk(const struct emd_config *cfg, u32 handle);
int emd_config_member_slot(const struct emd_config *cfg, const struct emd_config_array *ca,
			   u16 disk);
bool emd_config_disk_in_use(const struct emd_config *cfg, u16 disk);

/* ---- create.c: what every format asks before it takes disks ------------------- */

int emd_create_check_name(const struct emd_config *cfg, const char *name, unsigned int max_len,
			  struct emd_errmsg *msg);
int emd_create_check_flags(const struct emd_config *cfg, struct emd_errmsg *msg);
int emd_create_check_disks(const struct emd_config *cfg, const struct emd_create_args *args,
			   struct emd_errmsg *msg);
int emd_create_geometry(const struct emd_create_args *args, u32 strip, struct emd_geometry *geo,
			struct emd_errmsg *msg);
struct emd_config_array *emd_create_append(struct emd_config *t1,
					   const struct emd_create_args *args,
					   const struct emd_geometry *geo, u64 start);
int emd_config_can_take(const struct emd_config *cfg, const struct emd_config_array *ca,
			u16 slot, u16 disk, struct emd_errmsg *msg);

/* ---- plan.c: a change in words; allocates nothing -------------------------- */

/**
 * struct emd_plan_names - what disks are called
 * @disk: name for a row's handle, or NULL; then the disk goes by its identity
 * @from: for @disk
 */
struct emd_plan_names {
	const char *(*disk)(const void *from, u32 handle);
	const void *from;
};

bool emd_plan_change(const struct emd_config *t0, const struct emd_config *t1,
		     const struct emd_plan_names *names, struct emd_text *out);
__printf(3, 4)
void emd_plan_writes(const struct emd_meta_writes *writes, struct emd_text *out,
		     const char *fmt, ...);
const char *emd_plan_size(u64 sectors, char out[EMD_PLAN_SIZE_LEN]);

/* ---- change.c: generic edits of a T1; none allocates ---------------------- */

void emd_change_dirty(struct emd_config *t1, struct emd_config_array *ca, bool dirty);
int emd_change_fail_disk(struct emd_config *t1, u16 disk);
void emd_change_miss_disk(struct emd_config *t1, u16 disk);
int emd_change_fail_member(struct emd_config *t1, struct emd_config_array *ca, u16 slot);
void emd_change_sync_start(struct emd_config *t1, struct emd_config_array *ca,
			   enum emd_sync_action action, u64 sector);
void emd_change_sync_position(struct emd_config *t1, struct emd_config_array *ca, u64 sector);
void emd_change_sync_done(struct emd_config *t1, struct emd_config_array *ca);
int emd_change_activate_spare(struct emd_config *t1, struct emd_config_array *ca, u16 slot,
			      u16 disk);
int emd_change_replace_disk(struct emd_config *t1, u16 old, u16 new, struct emd_errmsg *msg);
int emd_change_add_disk(struct emd_config *t1, const struct emd_config_disk *row);
int emd_change_assign_spare(struct emd_config *t1, u16 disk, enum emd_spare_scope scope,
			    const u16 *arrays, unsigned int nr);
int emd_change_remove_disk(struct emd_config *t1, u16 disk);
void emd_change_rename(struct emd_config_array *ca, const char *name);
void emd_change_delete_array(struct emd_config *t1, u16 array);

#endif /* _EMD_META_H */
