// SPDX-License-Identifier: GPL-2.0
/*
 * Background work on an array: resync, rebuild, check, repair, and the copy that
 * replaces a member (replace.c), over any engine that can do a window.
 *
 * This file decides when and where, the engine does what. A job walks the array
 * from a start sector to its end in windows; several are in flight, each with
 * an exclusive lock on its range and with pages reserved at array start. The
 * work is done up to the first window that is not finished; that position is
 * what reads may rely on at once (resync_sector, rebuilt_sector) and, after a
 * flush of the members, what the metadata may say (the checkpoint).
 *
 * Phases
 *
 *        start            last window done, or one failed
 *   IDLE ------> RUNNING ----------------------------------> DONE
 *    ^            |   ^                                       |
 *    |      pause |   | resume                                |
 *    |            v   |                                       |
 *    |           PAUSED                                       |
 *    +---------------- cancel, or acknowledge ----------------+
 *
 * The thread only sends windows on their way; it takes neither C nor any other
 * lock of the core. Windows are finished by their completions and by this job's
 * own workqueue, progress is counted in emd_window_done(). So cancel and
 * suspend, which wait for windows in flight with C held, never wait for the
 * thread, which may be frozen; and nothing that a window needs waits for C: a
 * user write in its way either is on its members or has been parked, and a
 * parked write has given its range back.
 *
 * Foreground first: while users do I/O (looked at in the array's own statistics,
 * which do not count ours) only one window is in flight, and the disks are left
 * alone for four times as long as it took, unless that would be slower than
 * EMD_JOB_MIN_KIB_S.
 *
 * Locks: job->lock, irq-safe, guards everything below it in struct emd_job; a
 * leaf but for the members' progress fields. "J" fields of arrays and members
 * are written under it.
 */
#include <linux/blkdev.h>
#include <linux/freezer.h>
#include <linux/kthread.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/part_stat.h>
#include <linux/slab.h>

#include "../emd.h"
#include "../log.h"
#include "../trace.h"

#define EMD_JOB_WINDOWS		6
#define EMD_JOB_BIOS		16	/* that windows can always get */
#define EMD_JOB_MIN_KIB_S	4096	/* of array data, however busy the users are */
#define EMD_JOB_YIELD_FACTOR	4
/* A user's request within this time means: busy. */
#define EMD_JOB_FOREGROUND_NS	(50 * NSEC_PER_MSEC)
#define EMD_JOB_LOOK_AGAIN_NS	(20 * NSEC_PER_MSEC)
/* A checkpoint each 64th of the way or each half minute, never closer than 4 MiB. */
#define EMD_JOB_CHECKPOINT_PARTS	64
#define EMD_JOB_CHECKPOINT_MIN		(4ULL << (20 - SECTOR_SHIFT))
#define EMD_JOB_CHECKPOINT_NS		(30 * NSEC_PER_SEC)
/* Speed is the average over this many seconds. */
#define EMD_JOB_MARKS		8

struct emd_job_mark {
	u64 ns;
	u64 sector;
};

struct emd_job {
	struct emd_array *array;	/* I */
	struct task_struct *thread;	/* I */
	struct workqueue_struct *wq;	/* I: for windows; nothing on it waits for another */
	struct bio_set bios;		/* of windows */
	u64 window_sectors;		/* I */
	struct emd_window windows[EMD_JOB_WINDOWS];	/* each owned by whom it is sent to */
	unsigned int set_pages;		/* I: in a set */

	bool tracking;			/* thread only: ranges are tracked */

	wait_queue_head_t wait;		/* the thread; and those who wait for @busy */
	spinlock_t lock;
	enum emd_job_phase phase;
	enum emd_sync_action action;
	unsigned int suspended;		/* depth */
	unsigned int busy;		/* windows in flight, and the thread while it does I/O */
	unsigned int nr_windows;	/* in flight */
	struct list_head idle;		/* windows to use */
	/* Pages for each window at work, those used last on top: they may still be cached. */
	struct page **sets[EMD_JOB_WINDOWS];
	unsigned int nr_sets;
	struct list_head sent;		/* windows in ascending order, finished ones among them */
	u64 total;
	u64 next;			/* where the next window begins */
	u64 done;			/* everything below is */
	int error;			/* of the first window that failed; none is sent any more */
	int result;
	bool poked;			/* the thread shall look */
	u64 checkpoint;			/* durable below */
	u64 checkpoint_ns;
	u32 limit_kib_s;
	u64 limit_until_ns;		/* no window earlier */
	u64 yield_until_ns;		/* nor earlier than this while users are busy */
	u64 foreground_ns;		/* when users were seen last */
	u64 foreground_count;		/* their requests so far */
	struct emd_job_mark marks[EMD_JOB_MARKS];	/* ring, oldest at @next_mark */
	unsigned int next_mark;
	u64 mismatches;
	u64 unreadable;
	u64 doubtful;			/* array sector from where a resync left something undone */
	unsigned int nr_ranges;
	struct {
		u64 start, nr;
	} ranges[EMD_JOB_MISMATCH_RANGES];	/* ascending, apart */
};

static bool updates_metadata(enum emd_sync_action action)
{
	return action == EMD_SYNC_RESYNC || action == EMD_SYNC_REBUILD;
}

static void poke_locked(struct emd_job *job)
{
	job->poked = true;
	wake_up_all(&job->wait);
}

/* ---- progress ------------------------------------------------------------- */

static void reset_marks_locked(struct emd_job *job)
{
	struct emd_job_mark now = { .ns = ktime_get_ns(), .sector = job->done };
	unsigned int i;

	for (i = 0; i < EMD_JOB_MARKS; i++)
		job->marks[i] = now;
	job->next_mark = 0;
}

static void mark_locked(struct emd_job *job, u64 now)
{
	unsigned int newest = (job->next_mark + EMD_JOB_MARKS - 1) % EMD_JOB_MARKS;

	if (now - job->marks[newest].ns < NSEC_PER_SEC)
		return;
	job->marks[job->next_mark] = (struct emd_job_mark){ .ns = now, .sector = job->done };
	job->next_mark = (job->next_mark + 1) % EMD_JOB_MARKS;
}

static u64 speed_locked(const struct emd_job *job)
{
	const struct emd_job_mark *oldest = &job->marks[job->next_mark];
	u64 ms = div_u64(ktime_get_ns() - oldest->ns, NSEC_PER_MSEC);

	if (!ms)
		return 0;
	return mul_u64_u64_div_u64(job->done - oldest->sector, MSEC_PER_SEC / 2, ms);
}

/* How far what was done can be relied on. */
static u64 reach_locked(const struct emd_job *job)
{
	return min(job->done, job->doubtful);
}

/* Tell the readers how far redundancy reaches. */
static void publish_locked(struct emd_job *job)
{
	struct emd_array *array = job->array;
	u16 slot;

	switch (job->action) {
	case EMD_SYNC_RESYNC:
		if (reach_locked(job) > array->resync_sector)
			WRITE_ONCE(array->resync_sector, reach_locked(job));
		break;
	case EMD_SYNC_REBUILD:
		for (slot = 0; slot < array->geo.nr_members; slot++) {
			struct emd_member *member = &array->members[slot];

			if (READ_ONCE(member->state) == EMD_MEMBER_REBUILDING &&
			    job->done > member->rebuilt_sector)
				WRITE_ONCE(member->rebuilt_sector, job->done);
		}
		break;
	case EMD_SYNC_REPLACE:
		if (job->done > array->twin->copied_sector)
			WRITE_ONCE(array->twin->copied_sector, job->done);
		break;
	default:
		break;
	}
}

/*
 * Where a job may begin so that everything below is as good as it will be
 * above. A member that is being filled may be behind the others.
 */
static u64 where_it_got(const struct emd_array *array, enum emd_sync_action action, u64 from)
{
	u16 slot;

	from = min(from, array->geo.array_sectors);
	if (action == EMD_SYNC_RESYNC)
		return min(from, READ_ONCE(array->resync_sector));
	if (action == EMD_SYNC_REPLACE)
		return min(from, array->twin->copied_sector);
	if (action != EMD_SYNC_REBUILD)
		return from;
	for (slot = 0; slot < array->geo.nr_members; slot++)
		if (READ_ONCE(array->members[slot].state) == EMD_MEMBER_REBUILDING)
			from = min(from, READ_ONCE(array->members[slot].rebuilt_sector));
	return from;
}

/* The same, at the beginning of a row: windows are whole rows. */
static u64 safe_start(const struct emd_array *array, enum emd_sync_action action, u64 from)
{
	u64 unit = emd_geo_stripe_sectors(&array->geo);

	return div64_u64(where_it_got(array, action, from), unit) * unit;
}

static void idle_locked(struct emd_job *job)
{
	job->phase = EMD_JOB_IDLE;
	job->action = EMD_SYNC_IDLE;
}

/* ---- windows ---------------------------------------------------------------- */

static void window_work(struct work_struct *work)
{
	struct emd_window *window = container_of(work, struct emd_window, work);
	struct emd_job *job = window->job;

	spin_lock_irq(&job->lock);
	window->pages = job->sets[--job->nr_sets];
	spin_unlock_irq(&job->lock);
	window->array->engine->job_window(window);
}

static void window_granted(struct emd_range *range)
{
	struct emd_window *window = container_of(range, struct emd_window, range);

	/*
	 * Not by the thread: it may be frozen, while someone waits for this window.
	 * And members that answer at once keep one CPU busy a window.
	 */
	emd_window_queue(window, window_work);
}

static void send_window(struct emd_window *window)
{
	struct emd_array *array = window->array;

	trace_emd_window_start(window);
	if (emd_range_exclusive(array->ranges, &window->range, window->array_sector,
				window->nr_sectors) == EMD_RANGE_GRANTED)
		window_granted(&window->range);
}

/**
 * emd_window_queue() - go on with a window in process context
 * @window: in flight
 * @fn: gets &window->work
 *
 * For engines. @fn may sleep for memory pools and for I/O on members, but not
 * for another window, nor for anything that takes C.
 *
 * Context: Any, irq-safe.
 */
void emd_window_queue(struct emd_window *window, work_func_t fn)
{
	INIT_WORK(&window->work, fn);
	queue_work(window->job->wq, &window->work);
}

/* Keep the first ranges that differ, joined where they touch. */
static void add_mismatch_locked(struct emd_job *job, u64 start, u64 nr)
{
	unsigned int i, gone;

	for (i = 0; i < job->nr_ranges; i++)
		if (start <= job->ranges[i].start + job->ranges[i].nr)
			break;
	if (i == job->nr_ranges || start + nr < job->ranges[i].start) {
		if (i == EMD_JOB_MISMATCH_RANGES)
			return;
		if (job->nr_ranges == EMD_JOB_MISMATCH_RANGES)
			job->nr_ranges--;
		memmove(&job->ranges[i + 1], &job->ranges[i],
			(job->nr_ranges - i) * sizeof(job->ranges[0]));
		job->ranges[i].start = start;
		job->ranges[i].nr = nr;
		job->nr_ranges++;
		return;
	}

	nr = max(start + nr, job->ranges[i].start + job->ranges[i].nr);
	start = min(start, job->ranges[i].start);
	/* It may have grown into those behind. */
	for (gone = i + 1; gone < job->nr_ranges && job->ranges[gone].start <= nr; gone++)
		nr = max(nr, job->ranges[gone].start + job->ranges[gone].nr);
	job->ranges[i].start = start;
	job->ranges[i].nr = nr - start;
	memmove(&job->ranges[i + 1], &job->ranges[gone],
		(job->nr_ranges - gone) * sizeof(job->ranges[0]));
	job->nr_ranges -= gone - i - 1;
}

/**
 * emd_window_mismatch() - copies, or data and parity, do not agree
 * @window: in flight
 * @array_sector: first sector that differs
 * @nr_sectors: how many
 *
 * For engines; counts, and keeps the first ranges for the administrator.
 *
 * Context: Any, irq-safe.
 */
void emd_window_mismatch(struct emd_window *window, u64 array_sector, u64 nr_sectors)
{
	struct emd_job *job = window->job;
	unsigned long flags;

	window->mismatches += nr_sectors;
	spin_lock_irqsave(&job->lock, flags);
	job->mismatches += nr_sectors;
	add_mismatch_locked(job, array_sector, nr_sectors);
	spin_unlock_irqrestore(&job->lock, flags);
}

/**
 * emd_window_unreadable() - what these sectors hold cannot be known
 * @window: in flight
 * @array_sector: first sector
 * @nr_sectors: how many
 *
 * For engines. Counted and told; does not end the job by itself.
 *
 * Context: Process context.
 */
void emd_window_unreadable(struct emd_window *window, u64 array_sector, u64 nr_sectors)
{
	struct emd_job *job = window->job;
	struct emd_array *array = window->array;
	unsigned long flags;
	bool first;

	window->unreadable += nr_sectors;
	spin_lock_irqsave(&job->lock, flags);
	first = !job->unreadable;
	job->unreadable += nr_sectors;
	spin_unlock_irqrestore(&job->lock, flags);
	if (!first)
		return;
	emd_err(array, "%s: no copy of array sector %llu can be read; further ones are only counted",
		emd_sync_action_names[window->action], array_sector);
	emd_event(EMD_EVENT_ERROR, "unreadable", array->container, array, -1, NULL,
		  "%s: no copy of array sector %llu can be read",
		  emd_sync_action_names[window->action], array_sector);
}

/**
 * emd_window_doubtful() - a resync could not make redundancy here
 * @window: in flight
 * @array_sector: first sector of what is left as it was
 *
 * For engines, where a wrong answer would be the consequence. The job goes on, but
 * neither readers nor the metadata are told that it got beyond, and it ends with
 * an error.
 *
 * Context: Process context.
 */
void emd_window_doubtful(struct emd_window *window, u64 array_sector)
{
	struct emd_job *job = window->job;

	spin_lock_irq(&job->lock);
	job->doubtful = min(job->doubtful, array_sector);
	spin_unlock_irq(&job->lock);
}

/**
 * emd_window_unwanted() - has the job been cancelled?
 * @window: in flight
 *
 * For engines: what takes long may end early, with any error.
 *
 * Context: Any.
 */
bool emd_window_unwanted(const struct emd_window *window)
{
	return READ_ONCE(window->job->phase) == EMD_JOB_IDLE;
}

static void count_finished_locked(struct emd_job *job)
{
	struct emd_window *window, *tmp;

	list_for_each_entry_safe(window, tmp, &job->sent, node) {
		/* A failed one is where the progress ends. */
		if (!window->finished || window->error)
			break;
		job->done = window->array_sector + window->nr_sectors;
		list_move(&window->node, &job->idle);
	}
}

/**
 * emd_window_done() - a window is finished, well or with window->error
 * @window: in flight; not to be touched any more
 *
 * For engines.
 *
 * Context: Any, irq-safe.
 */
void emd_window_done(struct emd_window *window)
{
	struct emd_job *job = window->job;
	u64 now = ktime_get_ns(), took = now - window->issued_ns;
	unsigned long flags;

	trace_emd_window_done(window);
	emd_range_unlock(window->array->ranges, &window->range);

	spin_lock_irqsave(&job->lock, flags);
	if (window->error && !job->error)
		job->error = window->error;
	window->finished = true;
	job->sets[job->nr_sets++] = window->pages;
	window->pages = NULL;
	count_finished_locked(job);
	publish_locked(job);
	mark_locked(job, now);
	if (now - job->foreground_ns < EMD_JOB_FOREGROUND_NS) {
		u64 slowest = div_u64((window->nr_sectors >> 1) * NSEC_PER_SEC,
				      EMD_JOB_MIN_KIB_S);

		job->yield_until_ns = min(now + took * EMD_JOB_YIELD_FACTOR,
					  window->issued_ns + slowest);
	}
	job->nr_windows--;
	job->busy--;
	/* Under the lock: once @busy is zero the job may be freed. */
	poke_locked(job);
	spin_unlock_irqrestore(&job->lock, flags);
}

/* ---- flush and checkpoint ------------------------------------------------------ */

/* Make durable what the job wrote. A member that cannot is failed. */
static int flush_members(struct emd_job *job, enum emd_sync_action action)
{
	struct emd_array *array = job->array;
	int ret = 0;
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++) {
		struct emd_member *member = &array->members[slot];
		enum emd_member_state state = READ_ONCE(member->state);

		if (action == EMD_SYNC_REBUILD ? state != EMD_MEMBER_REBUILDING :
		    state != EMD_MEMBER_IN_SYNC && state != EMD_MEMBER_REBUILDING)
			continue;
		if (!blkdev_issue_flush(member->bdev))
			continue;
		atomic_inc(&member->write_errors);
		/* Failed and recorded, it need not be flushed any more. */
		if (!emd_member_fail(member, "flush failed"))
			ret = -EIO;
	}
	return ret;
}

static bool checkpoint_due_locked(const struct emd_job *job, u64 now)
{
	u64 progress = reach_locked(job) - job->checkpoint;

	if (!updates_metadata(job->action) || job->error || progress < EMD_JOB_CHECKPOINT_MIN)
		return false;
	return progress >= div_u64(job->total, EMD_JOB_CHECKPOINT_PARTS) ||
	       now - job->checkpoint_ns >= EMD_JOB_CHECKPOINT_NS;
}

/* Called and returns with the lock held and @busy raised; drops the lock. */
static void take_checkpoint_locked(struct emd_job *job)
	__releases(&job->lock) __acquires(&job->lock)
{
	enum emd_sync_action action = job->action;
	u64 sector = reach_locked(job);
	int ret;

	spin_unlock_irq(&job->lock);
	ret = flush_members(job, action);
	spin_lock_irq(&job->lock);
	job->checkpoint_ns = ktime_get_ns();
	if (ret) {
		if (!job->error)
			job->error = ret;
		return;
	}
	job->checkpoint = sector;
	trace_emd_job_checkpoint(job->array, action, sector, 0);
	emd_array_pend(job->array, EMD_PENDING_CHECKPOINT);
}

/* Are there still members that a rebuild fills? */
static bool has_target(const struct emd_array *array)
{
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++)
		if (READ_ONCE(array->members[slot].state) == EMD_MEMBER_REBUILDING)
			return true;
	return false;
}

/* All windows are done, or one failed. As above about lock and @busy. */
static void finish_locked(struct emd_job *job)
	__releases(&job->lock) __acquires(&job->lock)
{
	struct emd_array *array = job->array;
	enum emd_sync_action action = job->action;
	int ret = job->error;
	u64 mismatches, unreadable, done;
	char differed[48] = "";

	spin_unlock_irq(&job->lock);
	/* A twin is flushed when it takes over: nobody trusts it before. */
	if (!ret && action != EMD_SYNC_CHECK && action != EMD_SYNC_REPLACE)
		ret = flush_members(job, action);
	if (!ret && action == EMD_SYNC_REBUILD && !has_target(array))
		ret = -ENODEV;
	/* Nothing is in flight any more that could change it. */
	if (!ret && job->doubtful != U64_MAX)
		ret = -EIO;
	spin_lock_irq(&job->lock);
	/* Cancelled meanwhile: nothing is reported. */
	if (job->phase != EMD_JOB_RUNNING && job->phase != EMD_JOB_PAUSED)
		return;
	job->result = ret;
	job->phase = EMD_JOB_DONE;
	if (!ret)
		job->checkpoint = job->done;
	done = job->done;
	mismatches = job->mismatches;
	unreadable = job->unreadable;
	spin_unlock_irq(&job->lock);

	trace_emd_job_done(array, action, done, ret);
	if (ret) {
		emd_err(array, "%s stopped at sector %llu: error %d", emd_sync_action_names[action],
			done, ret);
		emd_event(EMD_EVENT_SYNC, "stopped", array->container, array, -1, NULL,
			  "%s stopped at sector %llu: error %d", emd_sync_action_names[action],
			  done, ret);
	} else {
		/* Others may write without comparing. */
		if (mismatches || action == EMD_SYNC_CHECK || action == EMD_SYNC_REPAIR)
			snprintf(differed, sizeof(differed), ", %llu sectors differed", mismatches);
		emd_info(array, "%s done%s, %llu unreadable", emd_sync_action_names[action],
			 differed, unreadable);
		emd_event(EMD_EVENT_SYNC, "done", array->container, array, -1, NULL,
			  "%s done%s, %llu unreadable", emd_sync_action_names[action],
			  differed, unreadable);
	}
	emd_array_pend(array, EMD_PENDING_JOB_DONE);
	spin_lock_irq(&job->lock);
}

/* ---- the thread ------------------------------------------------------------------ */

/* Requests of the array's users: finished ones, and whether some are in flight. */
static u64 foreground_count(const struct emd_array *array, bool *in_flight)
{
	struct block_device *part0 = array->gd->part0;
	long flying = 0;
	int cpu;

	for_each_possible_cpu(cpu)
		flying += part_stat_local_read_cpu(part0, in_flight[0], cpu) +
			  part_stat_local_read_cpu(part0, in_flight[1], cpu);
	*in_flight = flying > 0;
	return part_stat_read_accum(part0, ios);
}

static bool users_are_busy_locked(struct emd_job *job, u64 now)
{
	bool in_flight;
	u64 count = foreground_count(job->array, &in_flight);

	if (in_flight || count != job->foreground_count) {
		job->foreground_count = count;
		job->foreground_ns = now;
	}
	return now - job->foreground_ns < EMD_JOB_FOREGROUND_NS;
}

/* Account a window of @nr_sectors against the administrator's limit. */
static void charge_limit_locked(struct emd_job *job, u64 now, u64 nr_sectors)
{
	if (job->limit_kib_s)
		job->limit_until_ns = max(now, job->limit_until_ns) +
				      div_u64((nr_sectors >> 1) * NSEC_PER_SEC, job->limit_kib_s);
}

static struct emd_window *next_window_locked(struct emd_job *job, u64 now)
{
	struct emd_window *window;
	u64 into;

	window = list_first_entry(&job->idle, struct emd_window, node);
	window->action = job->action;
	window->array_sector = job->next;
	/* Cut at multiples of the window, wherever the job began. */
	div64_u64_rem(job->next, job->window_sectors, &into);
	window->nr_sectors = min(job->window_sectors - into, job->total - job->next);
	window->error = 0;
	window->mismatches = 0;
	window->unreadable = 0;
	window->finished = false;
	window->issued_ns = now;
	list_move_tail(&window->node, &job->sent);
	job->next += window->nr_sectors;
	job->nr_windows++;
	return window;
}

/* Time to the next window: 0 when it may go now. */
static u64 wait_ns_locked(const struct emd_job *job, u64 now, bool busy)
{
	u64 until = job->limit_until_ns;

	if (busy)
		until = max(until, job->yield_until_ns);
	return until > now ? until - now : 0;
}

/*
 * Do one thing. Returns how long to sleep: 0 not at all, MAX_SCHEDULE_TIMEOUT
 * until poked.
 */
static long thread_step(struct emd_job *job)
{
	struct emd_window *window = NULL;
	bool active, users_busy;
	long sleep = 0;
	u64 now, wait;

	spin_lock_irq(&job->lock);
	job->poked = false;
	active = job->phase == EMD_JOB_RUNNING || job->phase == EMD_JOB_PAUSED;
	if (!active && job->tracking && !job->busy) {
		spin_unlock_irq(&job->lock);
		emd_range_untrack(job->array->ranges);
		job->tracking = false;
		return 0;
	}
	if (!active || job->suspended) {
		spin_unlock_irq(&job->lock);
		return MAX_SCHEDULE_TIMEOUT;
	}
	if (!job->tracking) {
		/* Waits for user writes, so nobody may have to wait for us: not busy. */
		spin_unlock_irq(&job->lock);
		emd_range_track(job->array->ranges);
		job->tracking = true;
		return 0;
	}

	now = ktime_get_ns();
	job->busy++;
	if (!job->nr_windows && (job->error || job->done >= job->total)) {
		finish_locked(job);
	} else if (checkpoint_due_locked(job, now)) {
		take_checkpoint_locked(job);
	} else if (job->phase == EMD_JOB_PAUSED || job->error || job->next >= job->total ||
		   list_empty(&job->idle)) {
		sleep = MAX_SCHEDULE_TIMEOUT;
	} else {
		users_busy = users_are_busy_locked(job, now);
		wait = wait_ns_locked(job, now, users_busy);
		if (users_busy && job->nr_windows) {
			sleep = MAX_SCHEDULE_TIMEOUT;
		} else if (wait) {
			/* Look again soon whether the users have gone. */
			if (users_busy)
				wait = min_t(u64, wait, EMD_JOB_LOOK_AGAIN_NS);
			sleep = nsecs_to_jiffies(wait) + 1;
		} else {
			window = next_window_locked(job, now);
			charge_limit_locked(job, now, window->nr_sectors);
		}
	}
	/* A window takes over the count. */
	if (!window && !--job->busy)
		wake_up_all(&job->wait);
	spin_unlock_irq(&job->lock);

	if (window)
		send_window(window);
	return sleep;
}

static bool was_poked(const struct emd_job *job)
{
	return READ_ONCE(job->poked) || kthread_should_stop();
}

static int job_thread(void *data)
{
	struct emd_job *job = data;

	/* A hibernation image must not miss what is copied behind its back. */
	set_freezable();
	while (!kthread_should_stop()) {
		long sleep = thread_step(job);

		if (sleep)
			wait_event_freezable_timeout(job->wait, was_poked(job), sleep);
		else
			cond_resched();
		try_to_freeze();
	}
	if (job->tracking)
		emd_range_untrack(job->array->ranges);
	return 0;
}

/* ---- life --------------------------------------------------------------------------- */

static void free_sets(struct emd_job *job)
{
	unsigned int i, k;

	for (i = 0; i < job->nr_sets; i++) {
		for (k = 0; k < job->set_pages && job->sets[i][k]; k++)
			__free_page(job->sets[i][k]);
		kvfree(job->sets[i]);
	}
}

/* In runs as long as they come, so that bios need few segments. */
static int alloc_set(struct emd_job *job)
{
	unsigned int i = 0, k, order = min_t(unsigned int, 5, MAX_PAGE_ORDER);
	unsigned int nr = job->set_pages;
	struct page **pages = kvcalloc(nr, sizeof(*pages), GFP_KERNEL);

	if (!pages)
		return -ENOMEM;
	job->sets[job->nr_sets++] = pages;
	while (i < nr) {
		gfp_t gfp = GFP_KERNEL;
		struct page *page;

		while (order && (1U << order) > nr - i)
			order--;
		if (order)
			gfp |= __GFP_NOWARN | __GFP_NORETRY;
		page = alloc_pages(gfp, order);
		if (!page && !order)
			return -ENOMEM;
		if (!page) {
			order--;
			continue;
		}
		split_page(page, order);
		for (k = 0; k < 1U << order; k++)
			pages[i++] = page + k;
	}
	return 0;
}

/**
 * emd_job_create() - make the sync thread of an array, with all it will need
 * @array: array whose engine has started and has ->job_window()
 *
 * From here to emd_job_destroy() no allocation stands between the array and a
 * rebuild.
 *
 * Return: the job, idle; NULL without memory.
 * Context: Process context, sleeps.
 */
struct emd_job *emd_job_create(struct emd_array *array)
{
	struct emd_job *job = kzalloc(sizeof(*job), GFP_KERNEL);
	unsigned int i;

	if (!job)
		return NULL;
	job->array = array;
	spin_lock_init(&job->lock);
	init_waitqueue_head(&job->wait);
	INIT_LIST_HEAD(&job->idle);
	INIT_LIST_HEAD(&job->sent);
	job->window_sectors = array->engine->window_sectors(array);
	job->set_pages = array->engine->window_pages(array);
	for (i = 0; i < EMD_JOB_WINDOWS; i++) {
		struct emd_window *window = &job->windows[i];

		window->job = job;
		window->array = array;
		window->bios = &job->bios;
		window->nr_pages = job->set_pages;
		window->range.granted = window_granted;
		list_add_tail(&window->node, &job->idle);
		if (alloc_set(job))
			goto fail;
	}
	if (emd_window_bios_init(&job->bios, EMD_JOB_BIOS))
		goto fail;
	job->wq = alloc_workqueue("emd_job/%d", WQ_MEM_RECLAIM | WQ_UNBOUND, 0, array->minor);
	if (!job->wq)
		goto fail;
	job->thread = kthread_run(job_thread, job, "emd_job/%d", array->minor);
	if (IS_ERR(job->thread))
		goto fail;
	return job;

fail:
	if (job->wq)
		destroy_workqueue(job->wq);
	bioset_exit(&job->bios);
	free_sets(job);
	kfree(job);
	return NULL;
}

/**
 * emd_job_destroy() - end the sync thread
 * @job: from emd_job_create(), running or not; NULL is fine
 *
 * Context: Process context, sleeps until windows in flight are done.
 */
void emd_job_destroy(struct emd_job *job)
{
	if (!job)
		return;
	emd_job_cancel(job);
	kthread_stop(job->thread);
	destroy_workqueue(job->wq);
	bioset_exit(&job->bios);
	free_sets(job);
	kfree(job);
}

/**
 * emd_job_start() - begin background work
 * @job: idle
 * @action: resync, rebuild, check, repair or replace; a rebuild fills every member
 *	that is REBUILDING
 * @from_sector: array sector to begin at: below it the work is done already
 *
 * Begins lower when @array or a member knows better: at array->resync_sector
 * for a resync, at the lowest rebuilt_sector for a rebuild, at the twin's
 * copied_sector for a replace.
 *
 * May be called while suspended; nothing is sent before the last
 * emd_job_unsuspend(). Allocates nothing.
 *
 * Return: 0; -EBUSY when not idle, which includes a finished job that has not
 *	been acknowledged; -EINVAL when there is nothing to do such a thing to.
 * Context: Process context, C held.
 */
int emd_job_start(struct emd_job *job, enum emd_sync_action action, u64 from_sector)
{
	struct emd_array *array = job->array;
	bool in_flight;

	lockdep_assert_held(&array->container->mutex);
	if (!array->gd)
		return -EINVAL;
	switch (action) {
	case EMD_SYNC_RESYNC:
	case EMD_SYNC_CHECK:
	case EMD_SYNC_REPAIR:
		break;
	case EMD_SYNC_REBUILD:
		if (!has_target(array))
			return -EINVAL;
		break;
	case EMD_SYNC_REPLACE:
		if (!array->twin)
			return -EINVAL;
		break;
	default:
		return -EINVAL;
	}
	from_sector = safe_start(array, action, from_sector);

	spin_lock_irq(&job->lock);
	if (job->phase != EMD_JOB_IDLE || job->busy) {
		spin_unlock_irq(&job->lock);
		return -EBUSY;
	}
	job->phase = EMD_JOB_RUNNING;
	job->action = action;
	/* What a failed window left behind. */
	list_splice_tail_init(&job->sent, &job->idle);
	job->total = array->geo.array_sectors;
	job->next = from_sector;
	job->done = from_sector;
	job->error = 0;
	job->result = -EINPROGRESS;
	job->checkpoint = from_sector;
	job->checkpoint_ns = ktime_get_ns();
	job->limit_until_ns = 0;
	job->yield_until_ns = 0;
	job->foreground_ns = 0;
	job->foreground_count = foreground_count(array, &in_flight);
	job->mismatches = 0;
	job->unreadable = 0;
	job->doubtful = U64_MAX;
	job->nr_ranges = 0;
	reset_marks_locked(job);
	poke_locked(job);
	spin_unlock_irq(&job->lock);

	trace_emd_job_start(array, action, from_sector, 0);
	emd_event(EMD_EVENT_SYNC, "started", array->container, array, -1, NULL,
		  "%s started at sector %llu", emd_sync_action_names[action], from_sector);
	return 0;
}

/**
 * emd_job_acknowledge() - the worker has dealt with the end of a job
 * @job: any
 *
 * A finished job becomes idle; its counts stay to be looked at. Nothing happens
 * to one that runs.
 *
 * Context: Process context, C held.
 */
void emd_job_acknowledge(struct emd_job *job)
{
	spin_lock_irq(&job->lock);
	if (job->phase == EMD_JOB_DONE)
		idle_locked(job);
	spin_unlock_irq(&job->lock);
}

static bool is_quiet(struct emd_job *job)
{
	bool quiet;

	spin_lock_irq(&job->lock);
	quiet = !job->busy;
	spin_unlock_irq(&job->lock);
	return quiet;
}

/**
 * emd_job_cancel() - stop background work for good
 * @job: any, idle too
 *
 * Windows in flight are finished. No EMD_PENDING_JOB_DONE comes of it, and the
 * result of a job that was done but not acknowledged is gone.
 *
 * Context: Process context, sleeps for I/O on members; C may be held.
 */
void emd_job_cancel(struct emd_job *job)
{
	struct emd_array *array = job->array;
	enum emd_sync_action action;
	u64 done;

	spin_lock_irq(&job->lock);
	action = job->action;
	if (job->phase == EMD_JOB_DONE)
		action = EMD_SYNC_IDLE;
	idle_locked(job);
	job->result = -ECANCELED;
	poke_locked(job);
	spin_unlock_irq(&job->lock);
	wait_event(job->wait, is_quiet(job));
	if (action == EMD_SYNC_IDLE)
		return;

	done = READ_ONCE(job->done);
	trace_emd_job_cancel(array, action, done, 0);
	emd_event(EMD_EVENT_SYNC, "cancelled", array->container, array, -1, NULL,
		  "%s cancelled at sector %llu", emd_sync_action_names[action], done);
}

/**
 * emd_job_suspend() - no window in flight until further notice
 * @job: any, idle too
 *
 * Nests. For whoever changes what windows look at.
 *
 * Context: Process context, sleeps for I/O on members; C may be held.
 */
void emd_job_suspend(struct emd_job *job)
{
	spin_lock_irq(&job->lock);
	job->suspended++;
	spin_unlock_irq(&job->lock);
	wait_event(job->wait, is_quiet(job));
}

/**
 * emd_job_unsuspend() - undo one emd_job_suspend()
 * @job: suspended
 *
 * Context: Process context.
 */
void emd_job_unsuspend(struct emd_job *job)
{
	spin_lock_irq(&job->lock);
	if (!WARN_ON(!job->suspended) && !--job->suspended)
		poke_locked(job);
	spin_unlock_irq(&job->lock);
}

/**
 * emd_job_pause() - hold background work, as the administrator says
 * @job: any
 * @msg: gets the reason of a refusal, or NULL
 *
 * Return: 0, also when it was paused already; -EINVAL when nothing runs.
 * Context: Process context. Windows in flight go on.
 */
int emd_job_pause(struct emd_job *job, struct emd_errmsg *msg)
{
	struct emd_array *array = job->array;
	enum emd_sync_action action;
	enum emd_job_phase phase;
	u64 done;

	spin_lock_irq(&job->lock);
	phase = job->phase;
	action = job->action;
	done = job->done;
	if (phase == EMD_JOB_RUNNING)
		job->phase = EMD_JOB_PAUSED;
	spin_unlock_irq(&job->lock);

	if (phase == EMD_JOB_PAUSED)
		return 0;
	if (phase != EMD_JOB_RUNNING)
		return EMD_REFUSE(msg, -EINVAL, "no background work is running");
	trace_emd_job_pause(array, action, done, 0);
	emd_event(EMD_EVENT_SYNC, "paused", array->container, array, -1, NULL,
		  "%s paused at sector %llu", emd_sync_action_names[action], done);
	return 0;
}

/**
 * emd_job_resume() - let paused work go on
 * @job: any
 * @msg: gets the reason of a refusal, or NULL
 *
 * Return: 0, also when it was not paused; -EINVAL when there is none.
 * Context: Process context.
 */
int emd_job_resume(struct emd_job *job, struct emd_errmsg *msg)
{
	struct emd_array *array = job->array;
	enum emd_sync_action action;
	enum emd_job_phase phase;
	u64 done;

	spin_lock_irq(&job->lock);
	phase = job->phase;
	action = job->action;
	done = job->done;
	if (phase == EMD_JOB_PAUSED) {
		job->phase = EMD_JOB_RUNNING;
		reset_marks_locked(job);
		poke_locked(job);
	}
	spin_unlock_irq(&job->lock);

	if (phase == EMD_JOB_RUNNING)
		return 0;
	if (phase != EMD_JOB_PAUSED)
		return EMD_REFUSE(msg, -EINVAL, "no background work is paused");
	trace_emd_job_resume(array, action, done, 0);
	emd_event(EMD_EVENT_SYNC, "resumed", array->container, array, -1, NULL,
		  "%s goes on at sector %llu", emd_sync_action_names[action], done);
	return 0;
}

/**
 * emd_job_set_limit() - bound the speed of background work
 * @job: any
 * @kib_s: KiB/s of array data, 0 for no limit; stays for later jobs
 *
 * Context: Process context.
 */
void emd_job_set_limit(struct emd_job *job, u32 kib_s)
{
	spin_lock_irq(&job->lock);
	job->limit_kib_s = kib_s;
	job->limit_until_ns = 0;
	poke_locked(job);
	spin_unlock_irq(&job->lock);
}

/**
 * emd_job_get_status() - what background work is doing
 * @job: any
 * @st: filled; the counts are those of the running job, or of the last one. A
 *	replace is shown as a rebuild, to its very end
 *
 * Context: Process context.
 */
void emd_job_get_status(struct emd_job *job, struct emd_job_status *st)
{
	unsigned int i;

	memset(st, 0, sizeof(*st));
	spin_lock_irq(&job->lock);
	if (job->phase == EMD_JOB_RUNNING || job->phase == EMD_JOB_PAUSED) {
		st->action = job->action == EMD_SYNC_REPLACE ? EMD_SYNC_REBUILD : job->action;
		st->paused = job->phase == EMD_JOB_PAUSED;
		st->done_sectors = job->done;
		st->total_sectors = job->total;
		if (!st->paused)
			st->speed_kib_s = speed_locked(job);
	} else if (READ_ONCE(job->array->twin)) {
		/* Done here while the other arrays of the disk are not; or about to go on. */
		st->action = EMD_SYNC_REBUILD;
		st->done_sectors = job->done;
		st->total_sectors = job->array->geo.array_sectors;
	}
	st->limit_kib_s = job->limit_kib_s;
	st->mismatches = job->mismatches;
	st->unreadable = job->unreadable;
	st->nr_ranges = job->nr_ranges;
	for (i = 0; i < job->nr_ranges; i++) {
		st->ranges[i].start = job->ranges[i].start;
		st->ranges[i].nr = job->ranges[i].nr;
	}
	spin_unlock_irq(&job->lock);
}

/**
 * emd_job_action() - what is running, or done and not acknowledged
 * @job: any
 *
 * Context: Any. Changes to IDLE only under C.
 */
enum emd_sync_action emd_job_action(const struct emd_job *job)
{
	return READ_ONCE(job->action);
}

/**
 * emd_job_checkpoint() - how far the work is durable
 * @job: any
 *
 * Return: array sector below which the members hold what the last started job
 *	made, flushed.
 * Context: Process context.
 */
u64 emd_job_checkpoint(const struct emd_job *job)
{
	return READ_ONCE(job->checkpoint);
}

/**
 * emd_job_result() - how the last job ended
 * @job: any
 *
 * Return: 0 done; -EINPROGRESS still running; -ECANCELED; else what went wrong.
 * Context: Process context.
 */
int emd_job_result(const struct emd_job *job)
{
	return READ_ONCE(job->result);
}
