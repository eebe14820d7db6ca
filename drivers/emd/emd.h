/* SPDX-License-Identifier: GPL-2.0 */
/*
 * EMD runtime objects, who may touch them, and what the parts offer each other.
 *
 * Objects and who holds a reference
 *
 *   emd_disk       a block device that carries metadata we know, or that a
 *                  command named. Registry list, its container, every member.
 *   emd_container  disks that share one body of metadata. Registry list, every
 *                  array.
 *   emd_array      /dev/emdN. Its container; the gendisk while it is there.
 *   emd_member     one slot; lives and dies with its array.
 *
 * Locks, in the order they nest
 *
 *   G  emd_registry_lock   mutex; lists of disks and containers, grouping
 *   C  container->mutex    mutex; the config and everything that changes it
 *   S  array->state_lock   spinlock, irq-safe; member states, held and parked ios
 *
 * Letters at fields
 *
 *   I   set before publication, constant after
 *   G, C, S  as above
 *   CR  replaced under C, read under C or rcu_read_lock()
 *   Q   changes only under C while the array is quiesced (no I/O in flight)
 *   SQ  written under S, read with READ_ONCE() by the I/O path
 *   J   owned by the array's sync thread; READ_ONCE() elsewhere
 *
 * Whoever holds G or C allocates with GFP_NOIO (emd_lock_container() enters
 * memalloc_noio scope): writes to our own arrays may be waiting for us.
 *
 * Contexts
 *
 *   submit     any task; never sleeps on a metadata update: bios are held
 *   end_io     irq-safe, hands off to process context
 *   worker     a work item per container on emd_wq (WQ_MEM_RECLAIM): folds
 *              everything pending into one transaction; allocates nothing
 *   sync       one thread per redundant array, buffers reserved at start
 *   ioctl      sleeps, takes G, then C
 */
#ifndef _EMD_H
#define _EMD_H

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/percpu-refcount.h>
#include <linux/ratelimit_types.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <uapi/linux/emd.h>

#include "errmsg.h"
#include "geometry.h"
#include "meta/meta.h"
#include "core/range_lock.h"

struct emd_array;
struct emd_container;
struct emd_history;
struct emd_job;
struct emd_window;

/* ---- objects ------------------------------------------------------------ */

struct emd_disk {
	struct kref ref;
	u32 id;				/* I: handle in configs; never reused */
	dev_t devt;			/* I */
	u64 diskseq;			/* I: the number may be handed on, this is not */
	char name[DISK_NAME_LEN];	/* I: kernel name, "sda" */
	char serial[EMD_DISK_ID_LEN];	/* I: as the device reports it */
	u64 nr_sectors;			/* I */
	u32 block_size;			/* I: logical block in bytes */
	bool rotational;		/* I */
	struct list_head node;		/* G: emd_disks; in none: a command's own */

	/* What this disk's own metadata said when it was last read. */
	const struct emd_meta_ops *ops;	/* G */
	struct emd_config *seen;	/* G: NULL when none; NULL or torn when damaged */
	struct emd_meta_image *img;	/* G: the bytes @seen came from */
	char reason[EMD_REASON_LEN];	/* G: why not used, or empty */
	enum emd_verdict verdict;	/* G */

	struct emd_container *container; /* G and C */
	struct list_head container_node; /* C: container->disks */

	struct file *file;		/* C: exclusive claim, NULL when none */
	struct block_device *bdev;	/* C: of @file */
	bool gone;			/* READ_ONCE(): the device is dead */
	bool meta_failed;		/* C: refused a metadata write */
	bool no_spare;			/* C: cannot fill a slot: the format, or it failed at that */

	/* Reserved for metadata writes, which never allocate. */
	struct emd_meta_writes meta_writes; /* C */
	struct bio meta_bio;		/* C */
	struct bio_vec *meta_bvecs;	/* C: one a page of the buffer, and one more */
	struct completion meta_done;	/* C */
	int meta_error;			/* C */
};

struct emd_member {
	struct emd_array *array;	/* I */
	u16 slot;			/* I */
	struct emd_disk *disk;		/* Q: NULL when the slot is empty */
	struct block_device *bdev;	/* Q: disk->bdev, for the I/O path */
	u64 start_sector;		/* Q: disk sector */
	u64 nr_sectors;			/* Q */
	enum emd_member_state state;	/* SQ */
	bool fail_pending;		/* S: to be recorded by the worker */
	bool announce;			/* C: out of service, not yet told */
	const char *fail_why;		/* S: constant string */
	/* Array sector below which a REBUILDING member holds good data. */
	u64 rebuilt_sector;		/* J */
	atomic_t read_errors;
	atomic_t write_errors;
	struct ratelimit_state telling;	/* of errors */
	unsigned long repairs_since;	/* S: jiffies when the count began */
	unsigned int nr_repairs;	/* S: read errors that were repaired since then */
	/* Read balancing; racy on purpose. */
	u64 next_sector;
	atomic_t nr_inflight;
};

/**
 * struct emd_twin - the disk that is to take a member's place
 * @member: I: whose; of the array whose twin this is
 * @disk: I: a reference is held
 * @bdev: I: of @disk
 * @start_sector: I: disk sector where the member will begin
 * @copied_sector: J: array sector below which it holds what the member holds
 * @failed: why it is of no use, a constant string, or NULL; set once, by anybody
 * @bios: writes to it, of users
 * @lock: irq-safe leaf: @queue
 * @queue: those yet to be sent
 * @work: sends them
 * @node: C: of the container's @replace
 *
 * Everything that is written to the member is written to the twin as well, from
 * when it is set to when it goes: see replace.c.
 */
struct emd_twin {
	struct emd_member *member;
	struct emd_disk *disk;
	struct block_device *bdev;
	u64 start_sector;
	u64 copied_sector;
	const char *failed;
	struct bio_set bios;
	spinlock_t lock;		/* see @lock */
	struct bio_list queue;
	struct work_struct work;
	struct list_head node;
};

/* Work the container's worker folds into its next transaction. */
enum emd_pending {
	EMD_PENDING_DIRTY,		/* a write waits for "dirty" */
	EMD_PENDING_CLEAN,		/* idle long enough */
	EMD_PENDING_FAIL,		/* some member has fail_pending */
	EMD_PENDING_CHECKPOINT,		/* job->checkpoint_sector is worth recording */
	EMD_PENDING_JOB_DONE,		/* the job finished: read job->result */
	EMD_PENDING_EVALUATE,		/* look again for a spare, a resync */
	EMD_NR_PENDING,
};

struct emd_array {
	struct kref ref;
	u32 id;				/* I: handle in configs; never reused */
	int minor;			/* I: N of emdN */
	struct emd_container *container; /* I */
	struct list_head node;		/* C: container->arrays */
	struct gendisk *gd;		/* C: NULL until started */
	bool published;			/* C: the gendisk was handed to the block layer */
	bool added;			/* G: and it took it */
	char name[EMD_NAME_LEN];	/* G, C and the ring of events to change; either to read */

	struct emd_geometry geo;	/* Q */
	u32 write_cut;			/* I: sectors at whose multiples writes are cut; 0: nowhere */
	const struct emd_engine_ops *engine; /* I */
	void *engine_data;		/* engine's own, from ->start() to ->stop() */
	struct emd_member *members;	/* I: geo.nr_members of them */

	/*
	 * In-flight I/O. @reads counts everything that changes nothing, @writes
	 * everything else. @writes is live exactly while the metadata says
	 * dirty (or the level has no such mark): that is the whole mechanism by
	 * which a write cannot pass before "dirty" is durable. Quiescing kills
	 * both. An io that finds its ref dead goes to @held.
	 */
	struct percpu_ref reads;
	struct percpu_ref writes;
	wait_queue_head_t drained;	/* a killed ref reached zero, or something waits */
	unsigned int quiesced;		/* C: depth; S to change from or to 0; born 1 */

	spinlock_t state_lock;
	struct list_head held;		/* S: emd_io that wait for dirty or for resume */
	struct list_head parked;	/* S: emd_io that end after the next commit */
	struct work_struct held_work;	/* sends @held again, on emd_wq */
	unsigned long pending;		/* enum emd_pending bits, atomic ops */
	/*
	 * A failure is not durable yet: no write and no flush is answered, for
	 * the failed member may have missed it. Set before the member's state
	 * changes, cleared by emd_io_release_parked().
	 */
	bool failing;			/* SQ */
	bool broken;			/* SQ: more members lost than level allows */
	bool announce_broken;		/* S: and that was not yet told */
	bool stopping;			/* SQ: new I/O is refused */
	bool read_only;			/* SQ */
	bool untouched;			/* SQ: no write, no command since start */
	bool has_dirty_mark;		/* I: redundant, so dirty matters */
	bool zero_copy;			/* READ_ONCE(): by policy, see the parity engine */
	bool needs_resync;		/* C: redundancy must be established before "clean" */
	bool sole_source;		/* C: the rebuild has but one, from its first sector on */
	bool job_failed;		/* C: background work gave up, until the next touch */
	unsigned long batch;		/* C: pending bits the worker is folding */
	struct list_head parked_batch;	/* C: parked ios of that batch */
	char reason[EMD_REASON_LEN];	/* S and C to change: why not started or read-only */

	/*
	 * Redundancy is not established at or above this array sector: a read
	 * there must take the copy the resync takes. ~0 when it is everywhere.
	 */
	u64 resync_sector;		/* J: READ_ONCE() elsewhere */
	unsigned long last_write;	/* jiffies, racy, for clean-after-idle */
	struct delayed_work idle_work;

	struct bio_set bios;		/* struct emd_io around its first clone */
	struct bio_set sub_bios;	/* struct emd_clone around further ones */
	struct emd_range_lock *ranges;	/* user writes against windows and repair */
	struct emd_job *job;		/* I: NULL for levels without redundancy */
	struct emd_twin *twin;		/* Q: of the member that is being replaced, or NULL */
	atomic_t nr_openers;
	struct emd_sysfs *sysfs;	/* sysfs.c's, under its own lock */
};

/* States of a container; values are the uAPI's EMD_UAPI_CONTAINER_*. */
enum emd_container_state {
	EMD_CONTAINER_ASSEMBLED,
	EMD_CONTAINER_WAITING,
	EMD_CONTAINER_REFUSED,
	EMD_CONTAINER_STOPPED,
};

/**
 * struct emd_replace - a disk that is to take the place of another
 * @from: serves until then; NULL when nothing is replaced; a reference is held
 * @to: a reference is held
 * @twins: one for each array that @from serves; each is its array's
 * @ending: why this is to end without success; empty while it is not
 */
struct emd_replace {
	struct emd_disk *from;
	struct emd_disk *to;
	struct list_head twins;
	char ending[EMD_REASON_LEN];
};

struct emd_container {
	struct kref ref;
	u32 id;				/* I */
	const struct emd_meta_ops *ops;	/* I */
	u8 uuid[16];			/* I */
	char name[EMD_NAME_LEN];	/* I */
	struct list_head node;		/* G: emd_containers */

	struct mutex mutex;
	enum emd_container_state state;	/* C; changed by emd_container_set_state() */
	char reason[EMD_REASON_LEN];	/* C */
	struct list_head disks;		/* C */
	struct list_head arrays;	/* C */

	/*
	 * The published config and two to build the next one in. Retired ones
	 * come back after a grace period, so a transaction under memory
	 * pressure finds its room.
	 */
	struct emd_config __rcu *config; /* CR */
	struct emd_config *reserve[2];	/* C */
	unsigned long reserve_gp[2];	/* C: cookies for cond_synchronize_rcu() */
	u64 attempted;			/* C: highest generation any disk may carry */
	/*
	 * C: a "clean" that was refused may stand on some disks. Nothing is written to an
	 * array before what is published has been written above it.
	 */
	bool clean_refused;
	u64 entropy;			/* C: for ->update(), fresh after each switch */
	bool read_only;			/* C: assembled never to be written */

	struct work_struct worker;	/* runs emd_container_work() */
	struct delayed_work timeout;	/* start degraded */
	struct emd_history *history;	/* C: what changed lately */
	wait_queue_head_t settled;	/* woken after each pass of the worker */
	u64 passes;			/* C: passes of the worker so far */
	bool uncommitted;		/* C: the last transaction could not be made durable */
	struct emd_replace replace;	/* C */
};

static inline const char *emd_array_dev_name(const struct emd_array *array)
{
	return array->gd ? array->gd->disk_name : array->name;
}

/* ---- one request -------------------------------------------------------- */

/**
 * struct emd_clone - one bio on its way to one member
 * @io: whose
 * @member: where it goes; drivers below may change bio.bi_bdev, so ask this
 * @array_sector: first array sector it carries
 * @disk_sector: where that is on the member's disk
 * @nr_sectors: length; bio.bi_iter is used up at completion
 * @bio: last; bi_private is the engine's
 *
 * Put by whoever completes it, at once: an io that kept its clones until all
 * have ended could starve others of them for ever.
 */
struct emd_clone {
	struct emd_io *io;
	struct emd_member *member;
	u64 array_sector;
	u64 disk_sector;
	unsigned int nr_sectors;
	struct bio bio;
};

/**
 * struct emd_io - context of one user bio on its way through an engine
 * @array: where it was sent
 * @bio: the user's bio; not owned, ended exactly once by emd_io_end()
 * @ref: array->reads or array->writes, put at the end; NULL while held
 * @pending: clones in flight plus one while submitting
 * @status: first error, or what the engine decided
 * @park: ends only after the next commit
 * @first_used: emd_io_clone() has handed out @first
 * @cursor: emd_io_clone()'s: where in @bio the last clone began
 * @accounted: counts in the disk's statistics
 * @start_jiffies: when it came
 * @node: array->held or array->parked
 * @work: for what must be done in process context
 * @priv: the engine's
 * @range: the engine's, for redundant levels: shared lock on the range while it is written
 * @first: first clone, allocated together with this
 */
struct emd_io {
	struct emd_array *array;
	struct bio *bio;
	struct percpu_ref *ref;
	atomic_t pending;
	blk_status_t status;
	bool park;
	bool first_used;
	bool accounted;
	struct bvec_iter cursor;
	unsigned long start_jiffies;
	struct list_head node;
	struct work_struct work;
	u64 priv[4];
	struct emd_range range;
	struct emd_clone first;		/* last: ends in a bio */
};

/* ---- engines ------------------------------------------------------------ */

struct emd_window;

/**
 * struct emd_engine_ops - one family of levels
 * @name: for messages
 * @start: allocate what running needs (pools are sized here; nothing on the
 *	I/O path allocates outside a mempool). Process context, array not yet live.
 * @stop: free it. No I/O in flight.
 * @set_limits: what the level adds to the stacked limits; NULL when nothing
 * @submit: carry out @io->bio (read, write, discard, write-zeroes; PREFLUSH is
 *	already done by the caller, FUA is left to the engine). Ends with
 *	emd_io_end(). Must honour REQ_NOWAIT.
 * @member_changed: a member's state or disk changed; Q or S held as the change needs
 * @job_window: start one window of background work, asynchronous; ends with
 *	emd_window_done(). The range is locked against user writes by the caller.
 *	NULL for levels without redundancy.
 * @window_idle: go on with a window of which nothing is in flight any more. Any
 *	context, irq-safe; NULL together with @job_window
 * @window_sectors: preferred array sectors of one window, a multiple of a
 *	full row where that is affordable; NULL together with @job_window
 * @window_pages: private pages the engine needs for one window, all of them
 *	reserved when the array starts; NULL together with @job_window
 *
 * Engines report errors to the core (emd_member_fail()) and never set states
 * or touch metadata.
 */
struct emd_engine_ops {
	const char *name;
	int (*start)(struct emd_array *array, struct emd_errmsg *msg);
	void (*stop)(struct emd_array *array);
	void (*set_limits)(const struct emd_array *array, struct queue_limits *lim);
	void (*submit)(struct emd_array *array, struct emd_io *io);
	void (*member_changed)(struct emd_array *array, struct emd_member *member);
	void (*job_window)(struct emd_window *window);
	void (*window_idle)(struct emd_window *window);
	u64 (*window_sectors)(const struct emd_array *array);
	unsigned int (*window_pages)(const struct emd_array *array);
};

extern const struct emd_engine_ops emd_stripe_engine;	/* concat, raid0: stripe.c */
extern const struct emd_engine_ops emd_mirror_engine;	/* raid1, raid1e, raid10: mirror.c */
extern const struct emd_engine_ops emd_parity_engine;	/* raid4, raid5, raid6: parity.c */

/* array.c: NULL when the level has no engine yet */
const struct emd_engine_ops *emd_engine_for(enum emd_level level);

/* ---- io.c: bio entry and completion ------------------------------------- */

extern const struct block_device_operations emd_fops;

int emd_io_init(struct emd_array *array);	/* quiesced once, refs dead */
void emd_io_exit(struct emd_array *array);

/* For engines. */
struct emd_clone *emd_io_clone(struct emd_io *io, struct emd_member *member, u64 array_sector,
			       u64 member_sector, unsigned int nr_sectors);
void emd_clone_submit(struct emd_clone *clone);
void emd_clone_put(struct emd_clone *clone);
bool emd_clone_failed(struct emd_clone *clone);	/* a fault of the member, not of the request? */
void emd_io_end(struct emd_io *io);

static inline struct emd_clone *emd_bio_clone(struct bio *bio)
{
	return container_of(bio, struct emd_clone, bio);
}

/* The first error stays; safe against other completions of the same io. */
static inline void emd_io_set_status(struct emd_io *io, blk_status_t status)
{
	if (status && !READ_ONCE(io->status))
		WRITE_ONCE(io->status, status);
}

/*
 * For the worker: take_parked before (or together with) looking for
 * fail_pending members, release_parked after the commit.
 */
void emd_io_take_parked(struct emd_array *array, struct list_head *parked);
void emd_io_release_parked(struct emd_array *array, struct list_head *parked,
			   blk_status_t commit_status);
void emd_io_fail_held(struct emd_array *array);
int emd_array_quiesce(struct emd_array *array);	/* 0 or -EAGAIN: io waits for a commit */
void emd_array_resume(struct emd_array *array, bool allow_writes);
int emd_array_block_writes(struct emd_array *array); /* drain writes for "clean"; -EAGAIN if one came */
void emd_array_allow_writes(struct emd_array *array);
void emd_array_set_limits(struct emd_array *array, struct queue_limits *lim);

/* ---- replace.c: what engines must know of it ------------------------------- */

void emd_twin_write(struct emd_twin *twin, struct bio *bio);
void emd_twin_fail(struct emd_twin *twin, const char *why);
void emd_twin_write_error(struct emd_twin *twin, u64 disk_sector, unsigned int nr_sectors,
			  blk_status_t status);
blk_status_t emd_twin_write_page(struct emd_twin *twin, u64 member_sector,
				 unsigned int nr_sectors, struct page *page, unsigned int offset);

/* The twin of a member, or NULL. Stays while an io or a window is in flight. */
static inline struct emd_twin *emd_member_twin(const struct emd_member *member)
{
	struct emd_twin *twin = member->array->twin;

	return unlikely(twin) && twin->member == member ? twin : NULL;
}

/* Send a bio for users' data to a member, and what it writes to the member's twin as well. */
static inline void emd_member_submit(struct emd_member *member, struct bio *bio)
{
	if (op_is_write(bio_op(bio)) && unlikely(emd_member_twin(member)))
		emd_twin_write(member->array->twin, bio);
	submit_bio_noacct(bio);
}

/* ---- job.c: resync, rebuild, check, repair -------------------------------- */

enum emd_job_phase {
	EMD_JOB_IDLE,
	EMD_JOB_RUNNING,
	EMD_JOB_PAUSED,
	EMD_JOB_DONE,			/* waits for emd_job_acknowledge() */
};

#define EMD_JOB_MISMATCH_RANGES	16

struct emd_job_status {
	enum emd_sync_action action;
	bool paused;
	u64 done_sectors;
	u64 total_sectors;
	u64 speed_kib_s;
	u32 limit_kib_s;
	u64 mismatches;			/* sectors */
	u64 unreadable;			/* sectors of which no copy could be read */
	unsigned int nr_ranges;
	struct {
		u64 start, nr;
	} ranges[EMD_JOB_MISMATCH_RANGES];
};

/* All documented at their definitions. For the core: */
struct emd_job *emd_job_create(struct emd_array *array);	/* may sleep; thread and buffers */
void emd_job_destroy(struct emd_job *job);
int emd_job_start(struct emd_job *job, enum emd_sync_action action, u64 from_sector);
void emd_job_acknowledge(struct emd_job *job);	/* the worker has dealt with JOB_DONE: idle again */
void emd_job_cancel(struct emd_job *job);	/* waits until idle; nothing is reported */
void emd_job_suspend(struct emd_job *job);	/* no window in flight until resumed; nests; waits */
void emd_job_unsuspend(struct emd_job *job);
int emd_job_pause(struct emd_job *job, struct emd_errmsg *msg);	/* the administrator's */
int emd_job_resume(struct emd_job *job, struct emd_errmsg *msg);
void emd_job_set_limit(struct emd_job *job, u32 kib_s);
void emd_job_get_status(struct emd_job *job, struct emd_job_status *st);
enum emd_sync_action emd_job_action(const struct emd_job *job);	/* IDLE only once acknowledged */
u64 emd_job_checkpoint(const struct emd_job *job);	/* array sectors known durable */
int emd_job_result(const struct emd_job *job);		/* after JOB_DONE: 0 or -errno */

/**
 * struct emd_window - a piece of background work in flight
 * @job: whose
 * @array: shorthand
 * @action: what to do with the range; a rebuild fills every REBUILDING member, a
 *	replace the twin of the member that has one
 * @array_sector: first
 * @nr_sectors: length in array sectors
 * @pages: private pages, reserved at array start, all with a kernel address
 * @nr_pages: as the engine's ->window_pages() said
 * @error: 0 or what went wrong beyond repair; set before emd_window_done()
 * @mismatches: sectors found different, from emd_window_mismatch()
 * @unreadable: sectors of which no copy could be read, from emd_window_unreadable()
 * @read_failed: a read has failed since emd_window_begin(), or since the engine cleared it
 * @write_failed: a write has, and its member with it
 * @write_refused: a write has, and what it was to fill is needed: the window is lost
 * @states: emd_window_begin(): which members were in service
 * @pending: bios in flight, plus one while it is held
 * @bios: job.c's, for all windows of the array
 * @work: for emd_window_queue()
 * @priv: the engine's state while the window is in flight
 * @range: job.c's exclusive lock on the range
 * @node: job.c's
 * @finished: job.c's
 * @issued_ns: job.c's
 */
struct emd_window {
	struct emd_job *job;
	struct emd_array *array;
	enum emd_sync_action action;
	u64 array_sector;
	u64 nr_sectors;
	struct page **pages;
	unsigned int nr_pages;
	int error;
	u64 mismatches;
	u64 unreadable;
	bool read_failed;
	bool write_failed;
	bool write_refused;
	u32 states;
	atomic_t pending;
	struct bio_set *bios;
	struct work_struct work;
	unsigned long priv[8];
	struct emd_range range;
	struct list_head node;
	bool finished;
	u64 issued_ns;
};

/* For engines. */
void emd_window_done(struct emd_window *window);
void emd_window_queue(struct emd_window *window, work_func_t fn);
void emd_window_mismatch(struct emd_window *window, u64 array_sector, u64 nr_sectors);
void emd_window_unreadable(struct emd_window *window, u64 array_sector, u64 nr_sectors);
void emd_window_doubtful(struct emd_window *window, u64 array_sector);
bool emd_window_unwanted(const struct emd_window *window);

/* ---- window.c: what engines do windows with ------------------------------- */

int emd_window_bios_init(struct bio_set *bios, unsigned int nr);
bool emd_window_begin(struct emd_window *window);
bool emd_window_disturbed(const struct emd_window *window);
struct bio *emd_window_bio(struct emd_window *window, struct emd_member *member, blk_opf_t opf,
			   u64 member_sector, unsigned int nr_pages);
void emd_window_send(struct emd_window *window, struct bio *bio);
u64 emd_window_disk_sector(const struct emd_window *window, const struct emd_member *member,
			   enum req_op op, u64 member_sector);
void emd_window_repaired(struct emd_window *window, u64 array_sector, u64 nr_sectors);

/* Nothing of the window is in flight, and bios are about to be sent. */
static inline void emd_window_hold(struct emd_window *window)
{
	atomic_set(&window->pending, 1);
}

/* They are sent. True when all have ended, and the caller is who goes on. */
static inline bool emd_window_release(struct emd_window *window)
{
	return atomic_dec_and_test(&window->pending);
}

/* ---- member.c: errors of members, and single pages -------------------------- */

void emd_member_error(struct emd_member *member, enum req_op op, u64 disk_sector,
		      unsigned int nr_sectors, blk_status_t status);
blk_status_t emd_member_io(struct emd_member *member, blk_opf_t opf, u64 member_sector,
			   unsigned int nr_sectors, void *data);
blk_status_t emd_member_rewrite(struct emd_member *member, u64 member_sector,
				unsigned int nr_sectors, void *data, void *back);
bool emd_array_may_mend(const struct emd_array *array);

/* ---- state.c: the only writer of states once an array has started ----------- */

/*
 * Report that a member failed. Irq-safe. Returns true when the member is now
 * failing: the caller parks its io, which ends when the failure is durable.
 * Returns false when it was the last copy of something: it stays, and the
 * caller answers the error.
 */
bool emd_member_fail(struct emd_member *member, const char *why);
void emd_member_repaired(struct emd_member *member, u64 array_sector, u64 nr_sectors);
void emd_member_drop(struct emd_member *member, const char *why);
void emd_member_set_state(struct emd_member *member, enum emd_member_state state,
			  const char *why);
enum emd_array_state emd_array_get_state(const struct emd_array *array);
void emd_container_set_state(struct emd_container *container, enum emd_container_state state,
			     const char *reason);
static inline void emd_array_pend(struct emd_array *array, enum emd_pending what);
void emd_container_kick(struct emd_container *container);

static inline void emd_array_pend(struct emd_array *array, enum emd_pending what)
{
	set_bit(what, &array->pending);
	emd_container_kick(array->container);
}

/* ---- event.c -------------------------------------------------------------- */

/* Irq-safe, never allocates; array, container, disk may be NULL. */
__printf(7, 8)
void emd_event(u32 type, const char *what, const struct emd_container *container,
	       const struct emd_array *array, int slot, const struct emd_disk *disk,
	       const char *fmt, ...);
void emd_event_set_name(struct emd_array *array, const char *name);
u64 emd_event_last(void);
/* Work of the edges that may take G and C, and allocate; never needed for I/O. */
extern struct workqueue_struct *emd_edge_wq;

/* ---- registry, disks, containers ------------------------------------------- */

extern struct mutex emd_registry_lock;
extern struct list_head emd_disks;		/* G */
extern struct list_head emd_containers;		/* G */
extern struct workqueue_struct *emd_wq;		/* WQ_MEM_RECLAIM: containers' workers */
/* WQ_MEM_RECLAIM: ios that a container's worker may wait for, so with a rescuer of their own */
extern struct workqueue_struct *emd_io_wq;
/* WQ_MEM_RECLAIM: writes to twins, for which what is on emd_io_wq may wait */
extern struct workqueue_struct *emd_twin_wq;

unsigned int emd_lock_registry(void);		/* G + noio scope; pass the result back */
void emd_unlock_registry(unsigned int noio);
unsigned int emd_lock_container(struct emd_container *container); /* C + noio scope */
void emd_unlock_container(struct emd_container *container, unsigned int noio);

/* scan.c */
int emd_scan_start(void);
void emd_scan_stop(void);
int emd_scan_all(bool wait);
void emd_scan_flush(void);
void emd_scan_dev(dev_t devt);
bool emd_scan_busy(void);

/* disk.c */
struct emd_disk *emd_disk_get_by_dev(dev_t devt);	/* G */
void emd_disk_put(struct emd_disk *disk);

/* container.c, array.c */
void emd_array_set_zero_copy(struct emd_array *array, bool on);
void emd_container_put(struct emd_container *container);
struct emd_container *emd_container_find(u64 id);	/* takes G; returns a reference */
struct emd_array *emd_array_find(u64 id);		/* takes G, C; returns a reference */
void emd_array_put(struct emd_array *array);
/* Next live container after @prev (put), NULL at the end; for walks without G. */
struct emd_container *emd_container_next(struct emd_container *prev);

/* ---- admin.c: what commands do; each takes its own locks ------------------- */

/**
 * struct emd_admin - a command as checked by the ioctl layer
 * @flags: EMD_F_*
 * @msg: where the reason of a refusal goes
 * @plan: where a dry run says, line by line, what would be done
 */
struct emd_admin {
	u32 flags;
	struct emd_errmsg *msg;
	struct emd_text *plan;
};

int emd_admin_scan(struct emd_admin *adm);
int emd_admin_assemble(struct emd_admin *adm, u64 container_id);
int emd_admin_stop(struct emd_admin *adm, u64 container_id, u64 array_id);
int emd_admin_create(struct emd_admin *adm, struct emd_create_arg *arg, const dev_t *devs);
int emd_admin_delete(struct emd_admin *adm, u64 array_id);
int emd_admin_erase(struct emd_admin *adm, dev_t devt);
int emd_admin_add(struct emd_admin *adm, u64 container_id, dev_t devt);
int emd_admin_assign(struct emd_admin *adm, u64 container_id, dev_t devt, const u64 *array_ids,
		     unsigned int nr);
int emd_admin_rename(struct emd_admin *adm, u64 array_id, const char *name);
int emd_admin_remove(struct emd_admin *adm, u64 container_id, dev_t devt);
int emd_admin_fail(struct emd_admin *adm, u64 array_id, dev_t devt);
int emd_admin_replace(struct emd_admin *adm, u64 array_id, dev_t from, dev_t to);
int emd_admin_scrub(struct emd_admin *adm, u64 array_id);
int emd_admin_sync(struct emd_admin *adm, u64 array_id, u32 cmd, u32 limit_kib_s);
int emd_admin_policy(struct emd_admin *adm, struct emd_policy_arg *arg);
int emd_history_records(struct emd_container *container, void **buf, size_t *len);
int emd_admin_save(struct emd_admin *adm, struct emd_save_arg *arg, void **buf, size_t *len);
int emd_admin_restore(struct emd_admin *adm, const struct emd_restore_disk *args,
		      struct emd_region *const *regions, unsigned int nr);
/* Lines "path.key=value" for the device; *format gets the handler's name. */
int emd_admin_examine(struct emd_admin *adm, dev_t devt, struct emd_text *out,
		      const char **format);

/* ---- list.c, sysfs.c, ioctl.c -------------------------------------------------------- */

int emd_list_records(void **buf, size_t *len);
extern const struct attribute_group *emd_array_groups[];
int emd_sysfs_add_members(struct emd_array *array);	/* after the gendisk is added */
void emd_sysfs_remove_members(struct emd_array *array);
void emd_sysfs_notify(const struct emd_array *array, const char *attr); /* any context */
int emd_ctl_register(void);
void emd_ctl_unregister(void);
int emd_event_init(void);
void emd_event_exit(void);
/* For read() and poll() of the control device (ioctl.c's file operations). */
struct file;
struct poll_table_struct;
int emd_event_open(struct file *file);
void emd_event_release(struct file *file);
ssize_t emd_event_read(struct file *file, char __user *buf, size_t len, loff_t *ppos);
loff_t emd_event_llseek(struct file *file, loff_t offset, int whence);
__poll_t emd_event_poll(struct file *file, struct poll_table_struct *wait);

/* ---- module parameters (main.c) ----------------------------------------------- */

extern bool emd_autoassemble;
extern unsigned int emd_degraded_timeout;	/* seconds, 0 never */
extern bool emd_read_only;
bool emd_format_ignored(const struct emd_meta_ops *ops);

#endif /* _EMD_H */
