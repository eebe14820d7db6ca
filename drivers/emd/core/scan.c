// SPDX-License-Identifier: GPL-2.0
/*
 * The scanner: notices block devices come and go.
 *
 * The block class is not exported, but every gendisk's device points at it: one
 * that is allocated and never added gives us the class, and a class interface
 * reports every present and future whole disk and partition.
 *
 * The callback comes before a new disk can be opened and inside the driver
 * core's lock, so it only queues. Each device has its own work item, so that a
 * slow one holds up nobody else, and is tried again for a while: disks spin up,
 * paths come alive.
 */
#include <linux/blkdev.h>
#include <linux/device.h>
#include <linux/device/class.h>
#include <linux/slab.h>

#include "core.h"
#include "../emd.h"
#include "../log.h"

#define FIRST_RETRY_MS	10
#define MAX_RETRIES	12	/* doubles from 10 ms: gives up after some 40 s */
/* So many belong to the first look: decisions wait for them, 150 ms at most. */
#define PATIENT_RETRIES		4

/**
 * struct scan_item - a device to be looked at, or gone
 * @work: does it
 * @node: scan_items, empty when the owner is not the work any more
 * @devt: device
 * @retries: so far
 * @first: counted in scan_first_looks
 * @gone: it left, instead of came
 * @diskseq: of the one that left
 */
struct scan_item {
	struct delayed_work work;
	struct list_head node;
	dev_t devt;
	unsigned int retries;
	bool first;
	bool gone;
	u64 diskseq;
};

static struct gendisk *scan_gd;		/* only for its class */
static struct class_interface scan_interface;
static struct workqueue_struct *scan_wq;
static DEFINE_SPINLOCK(scan_lock);
static LIST_HEAD(scan_items);
static bool scan_stopping;
static atomic_t scan_first_looks;	/* devices not yet looked at even once */

/**
 * emd_scan_busy() - is there a device that was not looked at even once?
 *
 * Context: Any.
 */
bool emd_scan_busy(void)
{
	return atomic_read(&scan_first_looks);
}

static void first_look_done(struct scan_item *item)
{
	if (!item->first)
		return;
	item->first = false;
	if (atomic_dec_and_test(&scan_first_looks) && !READ_ONCE(scan_stopping))
		emd_registry_evaluate();
}

/* Take the item from the list; whoever gets true frees it. */
static bool item_unlist(struct scan_item *item)
{
	bool mine;

	spin_lock(&scan_lock);
	mine = !list_empty(&item->node);
	list_del_init(&item->node);
	spin_unlock(&scan_lock);
	return mine;
}

static void scan_work(struct work_struct *work)
{
	struct scan_item *item = container_of(to_delayed_work(work), struct scan_item, work);
	struct emd_probe probe;
	int ret;

	if (item->gone) {
		emd_registry_disk_gone(item->devt, item->diskseq);
		goto done;
	}
	ret = emd_probe(item->devt, &probe);
	if (!ret) {
		if (probe.nr_sectors)
			ret = emd_registry_add_probe(&probe);
		emd_probe_done(&probe);
	}
	if (ret && ret != -ENODEV && ret != -ENOMEDIUM && item->retries < MAX_RETRIES &&
	    !READ_ONCE(scan_stopping)) {
		/* Usually it was only not open to the world yet. */
		if (item->retries >= PATIENT_RETRIES)
			first_look_done(item);
		queue_delayed_work(scan_wq, &item->work,
				   msecs_to_jiffies(FIRST_RETRY_MS << item->retries++));
		return;
	}
done:
	first_look_done(item);
	if (item_unlist(item))
		kfree(item);
}

static int scan_queue(dev_t devt, bool gone, u64 diskseq)
{
	struct scan_item *item, *pos;

	item = kzalloc(sizeof(*item), GFP_KERNEL);
	if (!item)
		return -ENOMEM;
	INIT_DELAYED_WORK(&item->work, scan_work);
	item->devt = devt;
	item->gone = gone;
	item->diskseq = diskseq;
	spin_lock(&scan_lock);
	if (scan_stopping) {
		spin_unlock(&scan_lock);
		kfree(item);
		return -ESHUTDOWN;
	}
	/* A number that is handed on must not meet its predecessor's retries. */
	list_for_each_entry(pos, &scan_items, node) {
		if (pos->devt == devt)
			pos->retries = MAX_RETRIES;
	}
	list_add_tail(&item->node, &scan_items);
	item->first = !gone;
	if (item->first)
		atomic_inc(&scan_first_looks);
	queue_delayed_work(scan_wq, &item->work, 0);
	spin_unlock(&scan_lock);
	return 0;
}

static bool worth_a_look(struct device *dev)
{
	struct gendisk *gd = dev_to_bdev(dev)->bd_disk;

	return gd->fops != &emd_fops;
}

static int scan_add_dev(struct device *dev)
{
	return worth_a_look(dev) ? scan_queue(dev->devt, false, 0) : 0;
}

/*
 * Losing this one for want of memory is harmless for disks that we hold (the
 * holder's mark_dead tells) and only leaves a dead entry in the list otherwise.
 */
static void scan_remove_dev(struct device *dev)
{
	if (worth_a_look(dev))
		scan_queue(dev->devt, true, dev_to_bdev(dev)->bd_disk->diskseq);
}

/**
 * emd_scan_dev() - look at one device again, in the background
 * @devt: device
 *
 * Context: Process context.
 */
void emd_scan_dev(dev_t devt)
{
	scan_queue(devt, false, 0);
}

/**
 * emd_scan_flush() - wait until every device reported so far was looked at once
 *
 * Context: Process context; not from the scanner's work.
 */
void emd_scan_flush(void)
{
	flush_workqueue(scan_wq);
}

/**
 * emd_scan_all() - look at all block devices again
 * @wait: until each has been looked at once; retries go on behind
 *
 * Return: 0; -ENOMEM when one was left out, the others were not.
 * Context: Process context.
 */
int emd_scan_all(bool wait)
{
	struct class_dev_iter iter;
	struct device *dev;
	int ret = 0;

	class_dev_iter_init(&iter, scan_interface.class, NULL, NULL);
	while ((dev = class_dev_iter_next(&iter))) {
		int err = scan_add_dev(dev);

		ret = ret ?: err;
	}
	class_dev_iter_exit(&iter);
	if (wait)
		emd_scan_flush();
	return ret;
}

/**
 * emd_scan_start() - begin to watch block devices
 *
 * Return: 0 or -errno.
 */
int emd_scan_start(void)
{
	int ret;

	scan_wq = alloc_workqueue("emd_scan", WQ_UNBOUND, 0);
	if (!scan_wq)
		return -ENOMEM;
	scan_gd = blk_alloc_disk(NULL, NUMA_NO_NODE);
	if (IS_ERR(scan_gd)) {
		ret = PTR_ERR(scan_gd);
		goto destroy_wq;
	}
	scan_interface.class = disk_to_dev(scan_gd)->class;
	scan_interface.add_dev = scan_add_dev;
	scan_interface.remove_dev = scan_remove_dev;
	ret = class_interface_register(&scan_interface);
	if (ret)
		goto put_gd;
	return 0;

put_gd:
	put_disk(scan_gd);
destroy_wq:
	destroy_workqueue(scan_wq);
	return ret;
}

/**
 * emd_scan_stop() - stop watching
 *
 * Context: Process context; nothing of the scanner runs when it returns.
 */
void emd_scan_stop(void)
{
	struct scan_item *item;

	/* First: unregistering reports every device as gone. */
	spin_lock(&scan_lock);
	scan_stopping = true;
	spin_unlock(&scan_lock);
	class_interface_unregister(&scan_interface);
	for (;;) {
		spin_lock(&scan_lock);
		item = list_first_entry_or_null(&scan_items, struct scan_item, node);
		if (item)
			list_del_init(&item->node);
		spin_unlock(&scan_lock);
		if (!item)
			break;
		cancel_delayed_work_sync(&item->work);
		if (item->first)
			atomic_dec(&scan_first_looks);
		kfree(item);
	}
	destroy_workqueue(scan_wq);
	put_disk(scan_gd);
}
