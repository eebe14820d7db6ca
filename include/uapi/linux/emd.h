/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * EMD: RAID with firmware metadata, all of it in the kernel.
 *
 * /dev/emd-control takes ioctls and yields events. Every argument starts with
 * struct emd_hdr, whose @size lets old and new sides meet: the kernel fills
 * what the caller's struct lacks with zero and refuses (E2BIG) a longer one
 * whose tail it does not know and is not zero. Unknown flags and non-zero
 * reserved fields are refused (EINVAL). Sectors are 512 bytes, always.
 *
 * errno: ENOTTY unknown command; E2BIG unknown non-zero tail; EOPNOTSUPP a
 * value this kernel or the format lacks; EINVAL wrong otherwise; EBUSY in use,
 * try later; EEXIST name, disk or metadata is there already; EALREADY it is so
 * already; EAGAIN what is read keeps changing; EINTR a fatal signal came; EUCLEAN
 * metadata damaged, or what is computed may be wrong; ENODEV gone; ENOENT no such
 * object; EPERM not without CAP_SYS_ADMIN; ENOTUNIQ two candidates; ENOSPC no room.
 * With every refusal the kernel writes a reason to @msg_ptr.
 *
 * VERSION and LIST are for everybody who can open the device, all other
 * commands for CAP_SYS_ADMIN.
 */
#ifndef _UAPI_LINUX_EMD_H
#define _UAPI_LINUX_EMD_H

#include <linux/ioctl.h>
#include <linux/types.h>

#define EMD_ABI_VERSION		1

#define EMD_UAPI_NAME_LEN	64
#define EMD_UAPI_ID_LEN		64
#define EMD_UAPI_REASON_LEN	120
#define EMD_UAPI_FORMAT_LEN	16
#define EMD_UAPI_MAX_DISKS	255
#define EMD_UAPI_HISTORY_LEN	1024
#define EMD_UAPI_MAX_REGIONS	16		/* of a disk's saved metadata */
#define EMD_UAPI_SAVED_LEN	(4U << 20)	/* and their bytes */
#define EMD_UAPI_PLAN_LEN	(64U << 10)	/* a plan with its NUL is not longer */
#define EMD_UAPI_SERVES_LEN	328
#define EMD_UAPI_MAX_SERVES	16

/**
 * struct emd_hdr - starts every argument
 * @size: bytes of the whole struct as the caller knows it
 * @flags: EMD_F_*
 * @msg_ptr: user buffer for the reason of a refusal and for the plan of a dry
 *	run, or 0
 * @msg_len: its size; the text is cut to fit and always NUL-terminated
 * @__reserved: zero
 *
 * A reason is one line without an end. A plan is lines, each ended by a line
 * break, made by the driver from what it would do: what changes, what is
 * quiesced, what is written where. They are for people; scripts may rely on there
 * being some. A plan that does not fit is cut behind a line, and its last line
 * then is "...".
 *
 * The text is empty after a success that was no dry run. ENOTTY, and a @size
 * that does not even cover this head, leave the buffer alone.
 */
struct emd_hdr {
	__u32 size;
	__u32 flags;
	__aligned_u64 msg_ptr;
	__u32 msg_len;
	__u32 __reserved;
};

/* Each command takes those that mean something to it and refuses the others. */
#define EMD_F_DRY_RUN		(1U << 0)	/* stop after the checks, return the plan */
#define EMD_F_FORCE		(1U << 1)	/* override what is safe to override */
#define EMD_F_DEGRADED		(1U << 2)	/* assemble: start with members missing */
#define EMD_F_READ_ONLY		(1U << 3)	/* assemble: never write */
#define EMD_F_REPAIR		(1U << 4)	/* scrub: rewrite what differs */
#define EMD_F_ALL		(1U << 5)	/* assemble, stop: everything */

/* RAID levels. */
#define EMD_UAPI_LEVEL_CONCAT	0
#define EMD_UAPI_LEVEL_RAID0	1
#define EMD_UAPI_LEVEL_RAID1	2
#define EMD_UAPI_LEVEL_RAID1E	3
#define EMD_UAPI_LEVEL_RAID4	4
#define EMD_UAPI_LEVEL_RAID5	5
#define EMD_UAPI_LEVEL_RAID6	6
#define EMD_UAPI_LEVEL_RAID10	7

/* Layouts; 0 is the level's or the format's default. */
#define EMD_UAPI_LAYOUT_NONE			0
#define EMD_UAPI_LAYOUT_ADJACENT		1
#define EMD_UAPI_LAYOUT_OFFSET			2
#define EMD_UAPI_LAYOUT_LEFT_ASYMMETRIC		3
#define EMD_UAPI_LAYOUT_LEFT_SYMMETRIC		4
#define EMD_UAPI_LAYOUT_RIGHT_ASYMMETRIC	5
#define EMD_UAPI_LAYOUT_RIGHT_SYMMETRIC		6
#define EMD_UAPI_LAYOUT_PARITY_FIRST		7
#define EMD_UAPI_LAYOUT_PARITY_LAST		8
#define EMD_UAPI_LAYOUT_ROTATING_ZERO_RESTART	9
#define EMD_UAPI_LAYOUT_ROTATING_N_RESTART	10
#define EMD_UAPI_LAYOUT_ROTATING_N_CONTINUE	11
#define EMD_UAPI_LAYOUT_LEFT_ASYMMETRIC_6	12
#define EMD_UAPI_LAYOUT_LEFT_SYMMETRIC_6	13
#define EMD_UAPI_LAYOUT_RIGHT_ASYMMETRIC_6	14
#define EMD_UAPI_LAYOUT_RIGHT_SYMMETRIC_6	15
#define EMD_UAPI_LAYOUT_PARITY_FIRST_6		16

/* Disk states. */
#define EMD_UAPI_DISK_ACTIVE	0
#define EMD_UAPI_DISK_SPARE	1
#define EMD_UAPI_DISK_FAILED	2
#define EMD_UAPI_DISK_MISSING	3
#define EMD_UAPI_DISK_FOREIGN	4

/* Array states. */
#define EMD_UAPI_ARRAY_OPTIMAL	0
#define EMD_UAPI_ARRAY_DEGRADED	1
#define EMD_UAPI_ARRAY_FAILED	2
#define EMD_UAPI_ARRAY_INACTIVE	3

/* Member states. */
#define EMD_UAPI_MEMBER_IN_SYNC		0
#define EMD_UAPI_MEMBER_REBUILDING	1
#define EMD_UAPI_MEMBER_MISSING		2
#define EMD_UAPI_MEMBER_FAILED		3

/* Sync actions. */
#define EMD_UAPI_SYNC_IDLE	0
#define EMD_UAPI_SYNC_RESYNC	1
#define EMD_UAPI_SYNC_REBUILD	2
#define EMD_UAPI_SYNC_CHECK	3
#define EMD_UAPI_SYNC_REPAIR	4
#define EMD_UAPI_SYNC_RESHAPE	5

/* ---- list: a stream of records --------------------------------------- */

#define EMD_REC_CONTAINER	1	/* followed by its disks and arrays */
#define EMD_REC_DISK		2
#define EMD_REC_ARRAY		3	/* followed by its members */
#define EMD_REC_MEMBER		4
#define EMD_REC_MISMATCH	5	/* of the array before; first ranges only */
#define EMD_REC_HISTORY		6	/* EMD_IOC_HISTORY's */

/**
 * struct emd_rec - head of a record
 * @size: bytes of the record, head included, a multiple of 8
 * @type: EMD_REC_*; skip what you do not know
 */
struct emd_rec {
	__u32 size;
	__u32 type;
};

/**
 * struct emd_rec_container - a container
 * @rec: head
 * @id: never reused while the module is loaded; 0 for the one that is none: it
 *	is called "foreign", comes last, and holds disks whose metadata is damaged
 * @uuid: all zero for free spares
 * @generation: of the elected metadata
 * @name: format and start of the UUID, as in "imsm-845981bb"
 * @format: "imsm", "ddf" or "asr"
 * @reason: why something is not run, or empty
 * @state: 0 assembled, 1 waiting for members, 2 refused (see @reason), 3 stopped
 * @nr_disks: disk records that follow
 * @nr_arrays: array records that follow
 * @__reserved: zero
 */
struct emd_rec_container {
	struct emd_rec rec;
	__u64 id;
	__u8 uuid[16];
	__u64 generation;
	char name[EMD_UAPI_NAME_LEN];
	char format[EMD_UAPI_FORMAT_LEN];
	char reason[EMD_UAPI_REASON_LEN];
	__u32 state;
	__u32 nr_disks;
	__u32 nr_arrays;
	__u32 __reserved;
};

#define EMD_UAPI_CONTAINER_ASSEMBLED	0
#define EMD_UAPI_CONTAINER_WAITING	1
#define EMD_UAPI_CONTAINER_REFUSED	2
#define EMD_UAPI_CONTAINER_STOPPED	3

/**
 * struct emd_rec_disk - a disk
 * @rec: head
 * @id: of the live disk, 0 when it is not in the machine
 * @sectors: capacity
 * @major: device number, 0:0 when absent
 * @minor: device number
 * @block_size: logical block in bytes
 * @state: EMD_UAPI_DISK_*
 * @dev: kernel name ("sda"), empty when absent
 * @serial: as the metadata names it; as the device reports it where it does not
 * @reason: why foreign or failed, or empty
 * @serves: of a spare that is for some arrays only, their names with ", " between them
 */
struct emd_rec_disk {
	struct emd_rec rec;
	__u64 id;
	__u64 sectors;
	__u32 major;
	__u32 minor;
	__u32 block_size;
	__u32 state;
	char dev[32];
	char serial[EMD_UAPI_ID_LEN];
	char reason[EMD_UAPI_REASON_LEN];
	char serves[EMD_UAPI_SERVES_LEN];
};

/**
 * struct emd_rec_array - an array
 * @rec: head
 * @id: never reused while the module is loaded
 * @uuid: identity
 * @size_sectors: as its users see it
 * @sync_done: array sectors done by the running action
 * @sync_total: array sectors the action covers
 * @sync_speed: KiB/s, array data, recent average
 * @mismatches: sectors that differed in the last check or repair
 * @level: EMD_UAPI_LEVEL_*
 * @layout: EMD_UAPI_LAYOUT_*
 * @strip_sectors: 0 where it has no meaning
 * @state: EMD_UAPI_ARRAY_*
 * @sync_action: EMD_UAPI_SYNC_*
 * @flags: EMD_ARRAY_F_*
 * @major: device number, 0:0 when not started
 * @minor: device number
 * @nr_members: member records that follow
 * @name: as the metadata names it
 * @dev: "emd0", empty when not started
 * @reason: why not started or read-only, or empty
 * @nr_spans: parts of equal shape (raid50, raid60), 0 when it is of one piece
 */
struct emd_rec_array {
	struct emd_rec rec;
	__u64 id;
	__u8 uuid[16];
	__u64 size_sectors;
	__u64 sync_done;
	__u64 sync_total;
	__u64 sync_speed;
	__u64 mismatches;
	__u32 level;
	__u32 layout;
	__u32 strip_sectors;
	__u32 state;
	__u32 sync_action;
	__u32 flags;
	__u32 major;
	__u32 minor;
	__u32 nr_members;
	__u32 nr_spans;
	char name[EMD_UAPI_NAME_LEN];
	char dev[32];
	char reason[EMD_UAPI_REASON_LEN];
};

#define EMD_ARRAY_F_DIRTY	(1U << 0)	/* metadata says: writes may be in flight */
#define EMD_ARRAY_F_READ_ONLY	(1U << 1)
#define EMD_ARRAY_F_UNTOUCHED	(1U << 2)	/* nothing written since it was started */
#define EMD_ARRAY_F_SYNC_PAUSED	(1U << 3)
#define EMD_ARRAY_F_NEEDS_SYNC	(1U << 4)	/* redundancy is not established everywhere */

/**
 * struct emd_rec_member - one slot
 * @rec: head
 * @disk_id: live disk or 0
 * @start_sector: on the disk
 * @size_sectors: of array content
 * @rebuilt: array sectors below which a rebuilding member is in sync
 * @read_errors: since start
 * @write_errors: since start
 * @slot: position
 * @state: EMD_UAPI_MEMBER_*
 * @dev: kernel name, empty when absent
 * @replacement_id: live disk that is to take its place, or 0
 * @replacement: kernel name of that, or empty
 */
struct emd_rec_member {
	struct emd_rec rec;
	__u64 disk_id;
	__u64 start_sector;
	__u64 size_sectors;
	__u64 rebuilt;
	__u32 read_errors;
	__u32 write_errors;
	__u32 slot;
	__u32 state;
	char dev[32];
	__u64 replacement_id;
	char replacement[32];
};

/**
 * struct emd_rec_mismatch - a range that differed in the last check or repair
 * @rec: head
 * @start_sector: array sector
 * @nr_sectors: length
 */
struct emd_rec_mismatch {
	struct emd_rec rec;
	__u64 start_sector;
	__u64 nr_sectors;
};

/**
 * struct emd_rec_history - a configuration that was written, or several like it
 * @rec: head
 * @first_generation: that the entry begins with
 * @generation: that it ends with
 * @time_ns: CLOCK_REALTIME when that was written
 * @nr_written: how many it stands for: those that follow each other and differ in
 *	dirty marks and positions of background work only share an entry
 * @__reserved: zero
 * @text: what changed, lines as of a plan; the last of them when there are several
 */
struct emd_rec_history {
	struct emd_rec rec;
	__u64 first_generation;
	__u64 generation;
	__u64 time_ns;
	__u32 nr_written;
	__u32 __reserved;
	char text[EMD_UAPI_HISTORY_LEN];
};

/* ---- arguments --------------------------------------------------------- */

/**
 * struct emd_version_arg - what this kernel speaks
 * @hdr: head
 * @abi: out: EMD_ABI_VERSION
 * @nr_formats: out
 * @last_event: out: number of the newest event
 * @formats: out: names, space separated
 */
struct emd_version_arg {
	struct emd_hdr hdr;
	__u32 abi;
	__u32 nr_formats;
	__u64 last_event;
	char formats[64];
};

/**
 * struct emd_list_arg - everything there is, as one consistent snapshot each container
 * @hdr: head
 * @buf_ptr: room for records
 * @buf_len: bytes of it
 * @needed: out: bytes that all records take; when above @buf_len nothing was
 *	written: call again
 * @event: out: number of the newest event when the snapshot was taken
 */
struct emd_list_arg {
	struct emd_hdr hdr;
	__aligned_u64 buf_ptr;
	__u32 buf_len;
	__u32 needed;
	__u64 event;
};

/**
 * struct emd_examine_arg - what the metadata on a block device says
 * @hdr: head
 * @major: device
 * @minor: device
 * @buf_ptr: room for lines "path.key=value\n"
 * @buf_len: bytes of it
 * @needed: out: as for list
 * @format: out: name, empty when no known metadata
 */
struct emd_examine_arg {
	struct emd_hdr hdr;
	__u32 major;
	__u32 minor;
	__aligned_u64 buf_ptr;
	__u32 buf_len;
	__u32 needed;
	char format[EMD_UAPI_FORMAT_LEN];
};

/**
 * struct emd_object_arg - a command on one object
 * @hdr: head
 * @container_id: or 0
 * @array_id: or 0
 * @major: disk, or 0:0
 * @minor: disk
 *
 * SCAN: all zero. ASSEMBLE: container, or EMD_F_ALL. STOP: array, container or
 * EMD_F_ALL. DELETE: array. ERASE: disk. ADD, REMOVE: container and disk.
 * FAIL: array and disk. SCRUB: array. What is not listed must be zero.
 *
 * Flags: SCAN DRY_RUN; ASSEMBLE DRY_RUN, FORCE, DEGRADED, READ_ONLY, ALL; STOP
 * DRY_RUN, ALL; SCRUB DRY_RUN, REPAIR; the others DRY_RUN, FORCE.
 */
struct emd_object_arg {
	struct emd_hdr hdr;
	__u64 container_id;
	__u64 array_id;
	__u32 major;
	__u32 minor;
};

#define EMD_INIT_RESYNC		0	/* make redundancy consistent in the background */
#define EMD_INIT_NONE		1	/* trust as clean */
#define EMD_INIT_ZERO		2	/* write zeroes to all members before it appears */

/**
 * struct emd_disk_ref - a disk by device number
 * @major: device number
 * @minor: device number
 */
struct emd_disk_ref {
	__u32 major;
	__u32 minor;
};

/**
 * struct emd_create_arg - a new array
 * @hdr: head
 * @container_id: existing container, or 0 for a new one out of @disks
 * @size_sectors: array size, 0 for all the room that all members have
 * @level: EMD_UAPI_LEVEL_*
 * @layout: EMD_UAPI_LAYOUT_*
 * @strip_sectors: 0 for the format's default
 * @init: EMD_INIT_*
 * @nr_disks: used of @disks_ptr; 0 with a container: all its disks
 * @nr_spans: of raid4, raid5 and raid6: striped parts of so many of @disks_ptr each, in
 *	their order; 0 for an array of one piece
 * @disks_ptr: array of struct emd_disk_ref in slot order, none twice
 * @name: of the array
 * @format: of a new container
 * @array_id: out; 0 after a dry run
 * @array_minor: out
 * @array_major: out
 *
 * Flags: DRY_RUN, FORCE.
 */
struct emd_create_arg {
	struct emd_hdr hdr;
	__u64 container_id;
	__u64 size_sectors;
	__u32 level;
	__u32 layout;
	__u32 strip_sectors;
	__u32 init;
	__u32 nr_disks;
	__u32 nr_spans;
	__aligned_u64 disks_ptr;
	char name[EMD_UAPI_NAME_LEN];
	char format[EMD_UAPI_FORMAT_LEN];
	__u64 array_id;
	__u32 array_major;
	__u32 array_minor;
};

/**
 * struct emd_replace_arg - copy a member's disk to another, which takes its place
 * @hdr: head
 * @array_id: one that the disk serves; all that it serves are concerned
 * @major: disk that serves
 * @minor: disk that serves
 * @new_major: spare of the same container
 * @new_minor: spare of the same container
 *
 * Returns when the copying has begun; it is shown as a rebuild. Its end is an event
 * "replaced", or "replace-dropped" with the reason.
 *
 * Flags: DRY_RUN.
 */
struct emd_replace_arg {
	struct emd_hdr hdr;
	__u64 array_id;
	__u32 major;
	__u32 minor;
	__u32 new_major;
	__u32 new_minor;
};

#define EMD_SYNC_CMD_PAUSE	0
#define EMD_SYNC_CMD_RESUME	1
#define EMD_SYNC_CMD_CANCEL	2
#define EMD_SYNC_CMD_LIMIT	3

/**
 * struct emd_sync_arg - steer the running background work
 * @hdr: head
 * @array_id: which
 * @cmd: EMD_SYNC_CMD_*
 * @limit_kib_s: for LIMIT: KiB/s of array data, 0 for none; else zero
 *
 * Flags: DRY_RUN.
 */
struct emd_sync_arg {
	struct emd_hdr hdr;
	__u64 array_id;
	__u32 cmd;
	__u32 limit_kib_s;
};

/* Policies, as bits of a mask. */
#define EMD_POLICY_ZERO_COPY	(1U << 0)
#define EMD_POLICY_SYNC_LIMIT	(1U << 1)

/**
 * struct emd_policy_arg - what the administrator has decided about a running array
 * @hdr: head
 * @array_id: which
 * @set: EMD_POLICY_* to be changed, all or none of them; 0 only asks
 * @known: in: zero; out: EMD_POLICY_* that mean something to this array
 * @zero_copy: raid4, raid5, raid6: 1: data is written from where it is, and the
 *	administrator vouches that nobody changes it meanwhile; 0: it is copied
 * @sync_limit_kib_s: levels with redundancy: background work does no more KiB of
 *	array data a second; 0 for no limit
 *
 * A field that is not in @set is zero on the way in. On the way out all have
 * what holds now; after a dry run, what held before. It holds until the array is
 * stopped.
 *
 * Flags: DRY_RUN.
 */
struct emd_policy_arg {
	struct emd_hdr hdr;
	__u64 array_id;
	__u32 set;
	__u32 known;
	__u32 zero_copy;
	__u32 sync_limit_kib_s;
};

/**
 * struct emd_history_arg - the last configurations of a container
 * @hdr: head
 * @container_id: which
 * @buf_ptr: room for records of type EMD_REC_HISTORY, the oldest first
 * @buf_len: bytes of it
 * @needed: out: as for list
 *
 * They are kept in memory, as long as the container is known.
 */
struct emd_history_arg {
	struct emd_hdr hdr;
	__u64 container_id;
	__aligned_u64 buf_ptr;
	__u32 buf_len;
	__u32 needed;
};

/**
 * struct emd_region - a run of metadata on a disk
 * @sector: where it begins
 * @bytes: length
 * @__reserved: zero
 */
struct emd_region {
	__u64 sector;
	__u32 bytes;
	__u32 __reserved;
};

/**
 * struct emd_save_arg - the metadata of a disk as bytes
 * @hdr: head
 * @major: disk, in use or not
 * @minor: disk
 * @buf_ptr: room for @nr_regions of struct emd_region, then their bytes, one region
 *	behind the other
 * @buf_len: bytes of it
 * @needed: out: as for list
 * @sectors: out: capacity of the disk
 * @generation: out: of the metadata
 * @block_size: out: logical block in bytes
 * @nr_regions: out
 * @serial: out: as the device reports it
 * @format: out: "imsm", "ddf" or "asr"
 *
 * It is what the disk's metadata is believed for, all of it, as it is: what does not
 * decode is refused (EUCLEAN). Of a format that keeps two copies one may be damaged,
 * as after a power cut. A container's disks are saved together when its generation is
 * the same before and after.
 */
struct emd_save_arg {
	struct emd_hdr hdr;
	__u32 major;
	__u32 minor;
	__aligned_u64 buf_ptr;
	__u32 buf_len;
	__u32 needed;
	__u64 sectors;
	__u64 generation;
	__u32 block_size;
	__u32 nr_regions;
	char serial[EMD_UAPI_ID_LEN];
	char format[EMD_UAPI_FORMAT_LEN];
};

/**
 * struct emd_restore_disk - a disk, and what was saved of it
 * @major: disk, in nobody's use
 * @minor: disk
 * @buf_ptr: what SAVE returned
 * @buf_len: all of it
 * @nr_regions: as SAVE returned, and so the rest
 * @sectors: must be the disk's
 * @block_size: likewise
 * @__reserved: zero
 * @serial: likewise
 * @format: of the bytes
 */
struct emd_restore_disk {
	__u32 major;
	__u32 minor;
	__aligned_u64 buf_ptr;
	__u32 buf_len;
	__u32 nr_regions;
	__u64 sectors;
	__u32 block_size;
	__u32 __reserved;
	char serial[EMD_UAPI_ID_LEN];
	char format[EMD_UAPI_FORMAT_LEN];
};

/**
 * struct emd_restore_arg - give disks the metadata back that was saved of them
 * @hdr: head
 * @disks_ptr: array of struct emd_restore_disk, none twice
 * @nr_disks: how many, 1 to EMD_UAPI_MAX_DISKS
 * @__reserved: zero
 *
 * The bytes must decode, as those that SAVE returns do, and be all that the format has
 * on such a disk, where it has it. What is on a disk must be of the same container
 * and not newer, and no other driver's, and the bytes no farther from its end than metadata
 * is known to be, unless EMD_F_FORCE; of the same format, or none that EMD handles, in any
 * case (EEXIST). In serial numbers '?' stands for what does not print, as SAVE returns them.
 * A following scan finds what they then carry.
 *
 * All disks are checked, and what they have is read, before the first is written; what
 * cannot be read is written over with EMD_F_FORCE only. When one refuses a write (EIO or
 * what it says) those that were written get back what they had, and the reason tells
 * whether that held.
 *
 * Flags: DRY_RUN, FORCE.
 */
struct emd_restore_arg {
	struct emd_hdr hdr;
	__aligned_u64 disks_ptr;
	__u32 nr_disks;
	__u32 __reserved;
};

/**
 * struct emd_rename_arg - an array is to be called otherwise
 * @hdr: head
 * @array_id: which; it may be in use
 * @name: new name
 *
 * Flags: DRY_RUN.
 */
struct emd_rename_arg {
	struct emd_hdr hdr;
	__u64 array_id;
	char name[EMD_UAPI_NAME_LEN];
};

/**
 * struct emd_assign_arg - a disk is to be a spare for certain arrays
 * @hdr: head
 * @container_id: which
 * @major: a spare of the container, or a disk that ADD would take
 * @minor: same
 * @nr_arrays: used of @arrays_ptr, up to EMD_UAPI_MAX_SERVES; 0: for all of the container
 * @__reserved: zero
 * @arrays_ptr: array of __u64, the ids, none twice
 *
 * Flags: DRY_RUN, FORCE.
 */
struct emd_assign_arg {
	struct emd_hdr hdr;
	__u64 container_id;
	__u32 major;
	__u32 minor;
	__u32 nr_arrays;
	__u32 __reserved;
	__aligned_u64 arrays_ptr;
};

#define EMD_IOC_MAGIC		0xED

/* The size is in the struct, so the numbers carry none. */
#define EMD_IOC_VERSION		_IO(EMD_IOC_MAGIC, 0x00)
#define EMD_IOC_LIST		_IO(EMD_IOC_MAGIC, 0x01)
#define EMD_IOC_EXAMINE		_IO(EMD_IOC_MAGIC, 0x02)
#define EMD_IOC_SCAN		_IO(EMD_IOC_MAGIC, 0x10)
#define EMD_IOC_ASSEMBLE	_IO(EMD_IOC_MAGIC, 0x11)
#define EMD_IOC_STOP		_IO(EMD_IOC_MAGIC, 0x12)
#define EMD_IOC_CREATE		_IO(EMD_IOC_MAGIC, 0x13)
#define EMD_IOC_DELETE		_IO(EMD_IOC_MAGIC, 0x14)
#define EMD_IOC_ERASE		_IO(EMD_IOC_MAGIC, 0x15)
#define EMD_IOC_ADD		_IO(EMD_IOC_MAGIC, 0x16)
#define EMD_IOC_REMOVE		_IO(EMD_IOC_MAGIC, 0x17)
#define EMD_IOC_FAIL		_IO(EMD_IOC_MAGIC, 0x18)
#define EMD_IOC_SCRUB		_IO(EMD_IOC_MAGIC, 0x19)
#define EMD_IOC_SYNC		_IO(EMD_IOC_MAGIC, 0x1a)
#define EMD_IOC_POLICY		_IO(EMD_IOC_MAGIC, 0x1b)
#define EMD_IOC_RENAME		_IO(EMD_IOC_MAGIC, 0x1c)
#define EMD_IOC_REPLACE		_IO(EMD_IOC_MAGIC, 0x1d)
#define EMD_IOC_ASSIGN		_IO(EMD_IOC_MAGIC, 0x1e)
#define EMD_IOC_HISTORY		_IO(EMD_IOC_MAGIC, 0x20)
#define EMD_IOC_SAVE		_IO(EMD_IOC_MAGIC, 0x21)
#define EMD_IOC_RESTORE		_IO(EMD_IOC_MAGIC, 0x22)

/* ---- events: read() on /dev/emd-control -------------------------------- */

/* What happened to it, in a word: the words are in Documentation/userspace-api/emd.rst. */
#define EMD_EVENT_CONTAINER	1
#define EMD_EVENT_ARRAY		2
#define EMD_EVENT_MEMBER	3
#define EMD_EVENT_DISK		4
#define EMD_EVENT_SYNC		5
#define EMD_EVENT_ERROR		6

/**
 * struct emd_event - one thing that happened
 * @seq: number, from 1, without gaps; a gap in what you read means you lost some
 * @time_ns: CLOCK_REALTIME
 * @container_id: or 0
 * @array_id: or 0
 * @type: EMD_EVENT_*
 * @slot: member slot, or 0xffffffff
 * @major: disk, or 0:0
 * @minor: disk
 * @name: container's or array's name
 * @what: one word: "started", "failed", "spare", ...
 * @text: a sentence for people
 *
 * A new file descriptor starts behind the newest event; lseek() to N makes the
 * next read start at event N (0: the oldest kept, and lseek() returns its
 * number). The newest 1024 are kept; an N that is older is fine and shows as a
 * gap; one beyond the next event to come is refused (EINVAL), which is how a
 * watcher learns that the module was loaded anew. read() returns whole events
 * only, and blocks unless O_NONBLOCK; poll() says EPOLLIN when there is one.
 *
 * Nothing is missed by those who take @event of LIST (or @last_event of
 * VERSION), look at the state, and seek to that number plus one.
 *
 * Events of type ARRAY, MEMBER and SYNC are also sent as uevents: action
 * "change" of the array's block device, with EMD_SEQ, EMD_TYPE (array, member,
 * sync), EMD_EVENT (@what), EMD_ARRAY (@name) and, where there is one, EMD_SLOT.
 */
struct emd_event {
	__u64 seq;
	__u64 time_ns;
	__u64 container_id;
	__u64 array_id;
	__u32 type;
	__u32 slot;
	__u32 major;
	__u32 minor;
	char name[EMD_UAPI_NAME_LEN];
	char what[32];
	char text[160];
};

#endif /* _UAPI_LINUX_EMD_H */
