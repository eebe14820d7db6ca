// SPDX-License-Identifier: GPL-2.0
/*
 * Module entry, exit and parameters.
 */
#include <linux/blkdev.h>
#include <linux/delay.h>
#include <linux/device/driver.h>
#include <linux/init.h>
#include <linux/module.h>
#include <linux/reboot.h>
#include <linux/string.h>

#include "core/core.h"
#include "emd.h"
#include "log.h"

bool emd_autoassemble = true;
module_param_named(autoassemble, emd_autoassemble, bool, 0644);
MODULE_PARM_DESC(autoassemble, "assemble arrays by themselves when their disks appear (default 1)");

unsigned int emd_degraded_timeout = 30;
module_param_named(degraded_timeout, emd_degraded_timeout, uint, 0644);
MODULE_PARM_DESC(degraded_timeout,
		 "seconds to wait for missing members before starting degraded, 0 never (default 30)");

bool emd_read_only;
module_param_named(read_only, emd_read_only, bool, 0644);
MODULE_PARM_DESC(read_only, "assemble everything read-only (default 0)");

static char *emd_ignore;
module_param_named(ignore, emd_ignore, charp, 0444);
MODULE_PARM_DESC(ignore, "formats to leave alone, comma separated");

struct workqueue_struct *emd_wq;
struct workqueue_struct *emd_io_wq;
struct workqueue_struct *emd_twin_wq;

/**
 * emd_format_ignored() - has the administrator told us to leave it alone?
 * @ops: format
 *
 * Context: Any.
 */
bool emd_format_ignored(const struct emd_meta_ops *ops)
{
	const char *p = emd_ignore;
	size_t len = strlen(ops->name);

	while (p && *p) {
		const char *end = strchrnul(p, ',');

		if (end - p == len && !strncmp(p, ops->name, len))
			return true;
		p = *end ? end + 1 : end;
	}
	return false;
}

/* A typing error must not have us touch what was to be left alone. */
static int check_ignore(void)
{
	const char *p = emd_ignore;

	while (p && *p) {
		const char *end = strchrnul(p, ',');
		char name[16];

		if (end - p >= sizeof(name))
			goto unknown;
		memcpy(name, p, end - p);
		name[end - p] = '\0';
		if (name[0] && !emd_format_find(name))
			goto unknown;
		p = *end ? end + 1 : end;
	}
	return 0;
unknown:
	pr_err("emd: ignore=%s names a format that is not known\n", emd_ignore);
	return -EINVAL;
}

/*
 * Going down: mark idle arrays clean so that the next start has nothing to do.
 * What is still written to stays dirty and is resynced.
 */
static int emd_reboot(struct notifier_block *nb, unsigned long code, void *unused)
{
	struct emd_container *container;
	struct emd_array *array;
	unsigned int noio;

	for (container = emd_container_next(NULL); container;
	     container = emd_container_next(container)) {
		noio = emd_lock_container(container);
		list_for_each_entry(array, &container->arrays, node) {
			if (array->gd && array->has_dirty_mark)
				emd_array_pend(array, EMD_PENDING_CLEAN);
		}
		emd_unlock_container(container, noio);
		flush_work(&container->worker);
	}
	return NOTIFY_DONE;
}

static struct notifier_block emd_reboot_notifier = {
	.notifier_call	= emd_reboot,
	.priority	= INT_MAX,	/* before the disks' drivers go */
};

#ifndef MODULE
/* The devices that the kernel itself is told to use at boot: root=, resume=. */
static char *boot_devs[2] __initdata;

static int __init note_root(char *name)
{
	boot_devs[0] = name;
	return 0;
}
early_param("root", note_root);

static int __init note_resume(char *name)
{
	boot_devs[1] = name;
	return 0;
}
early_param("resume", note_resume);

/*
 * The kernel looks for them right after the last initcall and gives up, unless
 * told otherwise (rootwait). Disks may still be probed by then, and a missing
 * member has emd.degraded_timeout to come: hold the boot up until the array is
 * there or nothing more is to be expected.
 */
static void __init wait_for_boot_devs(void)
{
	unsigned int i;
	dev_t devt;

	for (i = 0; i < ARRAY_SIZE(boot_devs); i++) {
		const char *name = boot_devs[i];

		if (!name || !strstarts(name, "/dev/emd"))
			continue;
		pr_info("emd: waiting for %s\n", name);
		wait_for_device_probe();
		while (early_lookup_bdev(name, &devt) && emd_registry_expecting())
			msleep(20);
		if (early_lookup_bdev(name, &devt))
			pr_err("emd: no array starts as %s\n", name);
	}
}
#else
static void wait_for_boot_devs(void) {}
#endif

static int __init emd_init(void)
{
	int ret;

	ret = check_ignore();
	if (ret)
		return ret;
	emd_wq = alloc_workqueue("emd", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!emd_wq)
		return -ENOMEM;
	ret = -ENOMEM;
	emd_io_wq = alloc_workqueue("emd_io", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!emd_io_wq)
		goto destroy_wq;
	emd_twin_wq = alloc_workqueue("emd_twin", WQ_MEM_RECLAIM | WQ_UNBOUND, 0);
	if (!emd_twin_wq)
		goto destroy_io_wq;
	ret = emd_event_init();
	if (ret)
		goto destroy_twin_wq;
	ret = emd_minors_init();
	if (ret)
		goto exit_events;
	ret = emd_scan_start();
	if (ret)
		goto exit_minors;
	/* Last: from here on commands come. */
	ret = emd_ctl_register();
	if (ret)
		goto stop_scan;
	register_reboot_notifier(&emd_reboot_notifier);
	wait_for_boot_devs();
	return 0;

stop_scan:
	emd_scan_stop();
	emd_registry_release_all();
exit_minors:
	emd_minors_exit();
exit_events:
	emd_event_exit();
destroy_twin_wq:
	destroy_workqueue(emd_twin_wq);
destroy_io_wq:
	destroy_workqueue(emd_io_wq);
destroy_wq:
	destroy_workqueue(emd_wq);
	return ret;
}

static void __exit emd_exit(void)
{
	unregister_reboot_notifier(&emd_reboot_notifier);
	emd_ctl_unregister();
	emd_scan_stop();
	emd_registry_release_all();
	emd_minors_exit();
	emd_event_exit();
	destroy_workqueue(emd_twin_wq);
	destroy_workqueue(emd_io_wq);
	destroy_workqueue(emd_wq);
	rcu_barrier();
}

/* Built in, the devices that carry the root file system must be there already. */
late_initcall(emd_init);
module_exit(emd_exit);

MODULE_DESCRIPTION("RAID with firmware metadata, in the kernel");
MODULE_LICENSE("GPL");
