// SPDX-License-Identifier: GPL-2.0
/*
 * Numbered events: what happened, for those who watch.
 *
 * The newest events are kept in a ring. Every open file of /dev/emd-control has
 * a cursor of its own in it; a reader that is overrun sees so by the gap in the
 * numbers. Reporting an event never allocates, never sleeps and works in any
 * context, because members fail in end_io.
 *
 * Three kinds of watchers hear of an event: readers of the control device,
 * poll()ers of the array's sysfs files, and listeners of uevents. The first two
 * are woken on the spot. Uevents need memory and mutexes; a work item sends
 * them, and it is just one more reader of the ring with a cursor of its own.
 * That work does not run on emd_wq: it allocates with GFP_KERNEL, reclaim may
 * write to our arrays, and such a write may wait for the very thread on which
 * emd_wq runs its work when memory is short. Hence emd_edge_wq.
 *
 * Locks: ring_lock, a leaf, irq-safe, guards everything here.
 */
#include <linux/device.h>
#include <linux/fs.h>
#include <linux/mm.h>
#include <linux/poll.h>
#include <linux/slab.h>
#include <linux/timekeeping.h>
#include <linux/uaccess.h>

#include "../emd.h"
#include "event_ring.h"
#include "../trace.h"

#define RING_EVENTS	1024	/* a power of two; documented in the uAPI */

struct workqueue_struct *emd_edge_wq;

static DEFINE_SPINLOCK(ring_lock);
static DECLARE_WAIT_QUEUE_HEAD(event_wait);
static struct emd_event_ring ring;	/* ring_lock; without room before init and after exit */
static u64 uevent_next;			/* ring_lock; the uevent work's cursor */

/**
 * struct event_reader - what an open control device knows
 * @next: number of the event to be read next, under ring_lock
 */
struct event_reader {
	u64 next;
};

static void send_uevents(struct work_struct *work);
static DECLARE_WORK(uevent_work, send_uevents);

/* ---- the ring ------------------------------------------------------------ */

static bool take_event(u64 *next, struct emd_event *ev)
{
	unsigned long flags;
	bool taken;

	spin_lock_irqsave(&ring_lock, flags);
	taken = emd_event_ring_take(&ring, next, ev);
	spin_unlock_irqrestore(&ring_lock, flags);
	return taken;
}

/**
 * emd_event_last() - number of the newest event
 *
 * Return: the number, 0 when there was none.
 * Context: Any.
 */
u64 emd_event_last(void)
{
	unsigned long flags;
	u64 seq;

	spin_lock_irqsave(&ring_lock, flags);
	seq = ring.last;
	spin_unlock_irqrestore(&ring_lock, flags);
	return seq;
}

/**
 * emd_event_set_name() - an array is called otherwise
 * @array: array
 * @name: its new name
 *
 * Events are written in any context, so what they read of an array, its name, changes
 * under the lock that they are written under.
 *
 * Context: G and C held.
 */
void emd_event_set_name(struct emd_array *array, const char *name)
{
	unsigned long flags;

	lockdep_assert_held(&emd_registry_lock);
	lockdep_assert_held(&array->container->mutex);
	spin_lock_irqsave(&ring_lock, flags);
	strscpy(array->name, name, sizeof(array->name));
	spin_unlock_irqrestore(&ring_lock, flags);
}

static const char *event_name(const struct emd_container *container,
			      const struct emd_array *array, const struct emd_disk *disk)
{
	if (array)
		return array->name;
	if (container)
		return container->name;
	return disk ? disk->name : "";
}

/* Uevents are for state changes of arrays; repaired reads are too many. */
static bool wants_uevent(const struct emd_event *ev)
{
	return ev->array_id && (ev->type == EMD_EVENT_ARRAY || ev->type == EMD_EVENT_MEMBER ||
				ev->type == EMD_EVENT_SYNC);
}

/**
 * emd_event() - something happened that watchers want to know
 * @type: EMD_EVENT_*
 * @what: one word, as the uAPI lists them
 * @container: it happened to, or NULL
 * @array: it happened to, or NULL; its container need not be given then
 * @slot: member slot, or -1
 * @disk: concerned, or NULL
 * @fmt: a sentence for people, lower case, no full stop
 *
 * Call it after the change, so that whoever wakes up finds it.
 *
 * Context: Any, also with any of our locks held. Never allocates.
 */
void emd_event(u32 type, const char *what, const struct emd_container *container,
	       const struct emd_array *array, int slot, const struct emd_disk *disk,
	       const char *fmt, ...)
{
	struct emd_event *ev;
	unsigned long flags;
	bool uevent;
	va_list args;

	if (array && !container)
		container = array->container;

	spin_lock_irqsave(&ring_lock, flags);
	if (!ring.events) {
		spin_unlock_irqrestore(&ring_lock, flags);
		return;
	}
	ev = emd_event_ring_add(&ring);
	ev->time_ns = ktime_get_real_ns();
	ev->container_id = container ? container->id : 0;
	ev->array_id = array ? array->id : 0;
	ev->type = type;
	ev->slot = slot;
	ev->major = disk ? MAJOR(disk->devt) : 0;
	ev->minor = disk ? MINOR(disk->devt) : 0;
	strscpy(ev->name, event_name(container, array, disk), sizeof(ev->name));
	strscpy(ev->what, what, sizeof(ev->what));
	va_start(args, fmt);
	vsnprintf(ev->text, sizeof(ev->text), fmt, args);
	va_end(args);
	trace_emd_event(ev);
	uevent = wants_uevent(ev);
	spin_unlock_irqrestore(&ring_lock, flags);

	wake_up_interruptible(&event_wait);
	if (uevent) {
		emd_sysfs_notify(array, "state");
		emd_sysfs_notify(array, "degraded");
		emd_sysfs_notify(array, "sync_action");
		queue_work(emd_edge_wq, &uevent_work);
	}
}

/* ---- uevents ------------------------------------------------------------- */

/* The array's device with a reference, NULL when it is not there (any more). */
static struct device *get_array_device(u64 array_id)
{
	struct emd_array *array = emd_array_find(array_id);
	struct device *dev = NULL;
	unsigned int noio;

	if (IS_ERR_OR_NULL(array))
		return NULL;
	/* Off the list it is being taken down, and its disk may be freed any time. */
	noio = emd_lock_container(array->container);
	if (!list_empty(&array->node) && array->gd && disk_live(array->gd))
		dev = get_device(disk_to_dev(array->gd));
	emd_unlock_container(array->container, noio);
	emd_array_put(array);
	return dev;
}

static const char *event_type_name(u32 type)
{
	switch (type) {
	case EMD_EVENT_ARRAY:
		return "array";
	case EMD_EVENT_MEMBER:
		return "member";
	case EMD_EVENT_SYNC:
		return "sync";
	}
	return "other";
}

static void send_uevent(const struct emd_event *ev)
{
	char seq[40], type[24], what[48], name[80], slot[24];
	char *envp[6] = { seq, type, what, name, NULL, NULL };
	struct device *dev;

	snprintf(seq, sizeof(seq), "EMD_SEQ=%llu", ev->seq);
	snprintf(type, sizeof(type), "EMD_TYPE=%s", event_type_name(ev->type));
	snprintf(what, sizeof(what), "EMD_EVENT=%s", ev->what);
	snprintf(name, sizeof(name), "EMD_ARRAY=%s", ev->name);
	if (ev->slot != U32_MAX) {
		snprintf(slot, sizeof(slot), "EMD_SLOT=%u", ev->slot);
		envp[4] = slot;
	}

	/* No lock of ours is held: those who listen may be served slowly. */
	dev = get_array_device(ev->array_id);
	if (!dev)
		return;
	kobject_uevent_env(&dev->kobj, KOBJ_CHANGE, envp);
	put_device(dev);
}

static void send_uevents(struct work_struct *work)
{
	struct emd_event ev;

	while (take_event(&uevent_next, &ev))
		if (wants_uevent(&ev))
			send_uevent(&ev);
}

/* ---- readers ------------------------------------------------------------- */

static bool event_pending(struct event_reader *reader)
{
	bool pending;

	spin_lock_irq(&ring_lock);
	pending = ring.last >= reader->next;
	spin_unlock_irq(&ring_lock);
	return pending;
}

/**
 * emd_event_open() - give an open control device its cursor
 * @file: the file; uses its private_data
 *
 * It starts behind the newest event.
 *
 * Return: 0 or -ENOMEM.
 * Context: Process context, sleeps.
 */
int emd_event_open(struct file *file)
{
	struct event_reader *reader = kzalloc(sizeof(*reader), GFP_KERNEL);

	if (!reader)
		return -ENOMEM;
	reader->next = emd_event_last() + 1;
	file->private_data = reader;
	/* The position is an event's number: pread() would make no sense. */
	file->f_mode &= ~(FMODE_PREAD | FMODE_PWRITE);
	return 0;
}

/**
 * emd_event_release() - the file is closed
 * @file: the file
 *
 * Context: Process context.
 */
void emd_event_release(struct file *file)
{
	kfree(file->private_data);
}

/* An event that could not be handed over is still the next one to read. */
static void put_back(struct event_reader *reader, u64 seq)
{
	spin_lock_irq(&ring_lock);
	reader->next = min(reader->next, seq);
	spin_unlock_irq(&ring_lock);
}

/* Return: bytes copied, 0 when there was nothing, or -EFAULT. */
static ssize_t copy_events(struct event_reader *reader, char __user *buf, size_t len)
{
	struct emd_event ev;
	size_t done = 0;

	while (len - done >= sizeof(ev) && take_event(&reader->next, &ev)) {
		if (copy_to_user(buf + done, &ev, sizeof(ev))) {
			put_back(reader, ev.seq);
			return done ? done : -EFAULT;
		}
		done += sizeof(ev);
	}
	return done;
}

/**
 * emd_event_read() - read() of the control device
 * @file: the file
 * @buf: room for events
 * @len: bytes, at least one event
 * @ppos: unused, the cursor is the reader's own
 *
 * Return: bytes of whole events; -EINVAL when not one fits; -EAGAIN when there
 * is none and the file is O_NONBLOCK; -ERESTARTSYS; -EFAULT.
 * Context: Process context, sleeps.
 */
ssize_t emd_event_read(struct file *file, char __user *buf, size_t len, loff_t *ppos)
{
	struct event_reader *reader = file->private_data;
	ssize_t ret;

	if (len < sizeof(struct emd_event))
		return -EINVAL;
	len = min_t(size_t, len, MAX_RW_COUNT);
	for (;;) {
		ret = copy_events(reader, buf, len);
		if (ret)
			return ret;
		if (file->f_flags & O_NONBLOCK)
			return -EAGAIN;
		/* Another thread of the same file may be faster: look again. */
		ret = wait_event_interruptible(event_wait, event_pending(reader));
		if (ret)
			return ret;
	}
}

/**
 * emd_event_llseek() - lseek() of the control device
 * @file: the file
 * @offset: number of the event to read next; with SEEK_SET 0 the oldest kept
 * @whence: SEEK_SET; SEEK_CUR relative to the next, SEEK_END to the one that
 *	has not happened yet
 *
 * A number older than all that are kept is fine, the gap will be seen. One that
 * is further ahead than the next to happen is not: nobody can know it, unless
 * from before the module was loaded again.
 *
 * Return: number of the event that is read next, or -EINVAL.
 * Context: Process context.
 */
loff_t emd_event_llseek(struct file *file, loff_t offset, int whence)
{
	struct event_reader *reader = file->private_data;
	s64 next;

	spin_lock_irq(&ring_lock);
	next = emd_event_ring_seek(&ring, reader->next, offset, whence);
	if (next > 0)
		reader->next = next;
	spin_unlock_irq(&ring_lock);
	return next;
}

/**
 * emd_event_poll() - poll() of the control device
 * @file: the file
 * @wait: the poller's table
 *
 * Return: EPOLLIN when a read would not block.
 * Context: Process context.
 */
__poll_t emd_event_poll(struct file *file, struct poll_table_struct *wait)
{
	poll_wait(file, &event_wait, wait);
	return event_pending(file->private_data) ? EPOLLIN | EPOLLRDNORM : 0;
}

/* ---- init and exit ------------------------------------------------------- */

/**
 * emd_event_init() - start to keep events
 *
 * First of all parts: events before it are lost, and sysfs needs emd_edge_wq.
 *
 * Return: 0 or -ENOMEM.
 * Context: Process context, sleeps.
 */
int emd_event_init(void)
{
	struct emd_event *room = kvcalloc(RING_EVENTS, sizeof(*room), GFP_KERNEL);

	if (!room)
		return -ENOMEM;
	emd_edge_wq = alloc_workqueue("emd_edge", WQ_UNBOUND, 0);
	if (!emd_edge_wq) {
		kvfree(room);
		return -ENOMEM;
	}
	spin_lock_irq(&ring_lock);
	ring = (struct emd_event_ring){ .events = room, .size = RING_EVENTS };
	uevent_next = 1;
	spin_unlock_irq(&ring_lock);
	return 0;
}

/**
 * emd_event_exit() - stop to keep events
 *
 * Last of all parts: whatever happens after it is not reported. The control
 * device is gone, so there is no reader; only work may be under way.
 *
 * Context: Process context, sleeps. Neither G nor C held.
 */
void emd_event_exit(void)
{
	struct emd_event *room;

	spin_lock_irq(&ring_lock);
	room = ring.events;
	ring.events = NULL;
	spin_unlock_irq(&ring_lock);
	destroy_workqueue(emd_edge_wq);
	kvfree(room);
}
