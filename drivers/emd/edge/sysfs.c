// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/block/emdN/emd/: what an array is and does, one value a file.
 *
 * The files are described in Documentation/ABI/testing/sysfs-block-emd. They are
 * a group of the disk's own attributes, given to device_add_disk(), so that
 * udev finds them when the disk is announced. A group is not a kobject and can
 * have no directories below it; the members are kobjects beside it, in
 * emd_members/, and emd/members is a link there.
 *
 * Lifetimes
 *
 * Taking the disk away (del_gendisk(), kobject_del()) waits for every reader and
 * writer that is inside one of these files. Whoever takes it away holds G, so nobody
 * in here may wait for G, ever; nor for C, which is held while metadata is written.
 * Hence:
 *
 *   show   reads the published config under RCU; runtime fields under S or with
 *          READ_ONCE(). The array, its members and its job outlive the files: the
 *          core frees them after the disk is deleted.
 *   store  what needs C runs in a work item that holds nothing but the array's
 *          id, and finds the array like any other command does. The writer waits
 *          for the result, but not past the moment when the array is stopping.
 *
 * Locks: sysfs_lock, a leaf, irq-safe: emd_array->sysfs. It makes notification
 * possible in any context.
 */
#include <linux/capability.h>
#include <linux/device.h>
#include <linux/kobject.h>
#include <linux/slab.h>
#include <linux/sysfs.h>

#include "../emd.h"
#include "../log.h"
#include "../trace.h"

static DEFINE_SPINLOCK(sysfs_lock);

static struct emd_array *dev_to_array(struct device *dev)
{
	return dev_to_disk(dev)->private_data;
}

/* What the metadata says about the array; NULL while it is being deleted. */
static const struct emd_config_array *config_array_rcu(const struct emd_array *array,
						       const struct emd_config **cfg)
{
	*cfg = rcu_dereference(array->container->config);
	return *cfg ? emd_config_find_array(*cfg, array->id) : NULL;
}

/* ---- what it is: from the metadata ---------------------------------------- */

static ssize_t name_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct emd_config_array *ca;
	const struct emd_config *cfg;
	ssize_t ret = -ENODEV;

	rcu_read_lock();
	ca = config_array_rcu(dev_to_array(dev), &cfg);
	if (ca)
		ret = sysfs_emit(buf, "%s\n", ca->name);
	rcu_read_unlock();
	return ret;
}
static DEVICE_ATTR_RO(name);

static ssize_t uuid_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct emd_config_array *ca;
	const struct emd_config *cfg;
	char text[EMD_UUID_TEXT_LEN];
	ssize_t ret = -ENODEV;

	rcu_read_lock();
	ca = config_array_rcu(dev_to_array(dev), &cfg);
	if (ca) {
		emd_uuid_format(ca->uuid, text);
		ret = sysfs_emit(buf, "%s\n", text);
	}
	rcu_read_unlock();
	return ret;
}
static DEVICE_ATTR_RO(uuid);

static ssize_t format_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", dev_to_array(dev)->container->ops->name);
}
static DEVICE_ATTR_RO(format);

static ssize_t level_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", emd_levels[dev_to_array(dev)->geo.level].name);
}
static DEVICE_ATTR_RO(level);

static ssize_t layout_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n", emd_layout_names[dev_to_array(dev)->geo.layout]);
}
static DEVICE_ATTR_RO(layout);

static ssize_t strip_size_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct emd_geometry *geo = &dev_to_array(dev)->geo;

	return sysfs_emit(buf, "%llu\n", (u64)geo->strip_sectors << SECTOR_SHIFT);
}
static DEVICE_ATTR_RO(strip_size);

static ssize_t dirty_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct emd_config_array *ca;
	const struct emd_config *cfg;
	ssize_t ret = -ENODEV;

	rcu_read_lock();
	ca = config_array_rcu(dev_to_array(dev), &cfg);
	if (ca)
		ret = sysfs_emit(buf, "%d\n", ca->dirty);
	rcu_read_unlock();
	return ret;
}
static DEVICE_ATTR_RO(dirty);

/* ---- how it is: from the running array -------------------------------------- */

static ssize_t state_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	enum emd_array_state state = emd_array_get_state(dev_to_array(dev));

	return sysfs_emit(buf, "%s\n", emd_array_state_names[state]);
}
static DEVICE_ATTR_RO(state);

static ssize_t degraded_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct emd_array *array = dev_to_array(dev);
	unsigned int nr = 0;
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++)
		if (READ_ONCE(array->members[slot].state) != EMD_MEMBER_IN_SYNC)
			nr++;
	return sysfs_emit(buf, "%u\n", nr);
}
static DEVICE_ATTR_RO(degraded);

static ssize_t read_only_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(dev_to_array(dev)->read_only));
}
static DEVICE_ATTR_RO(read_only);

static ssize_t reason_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct emd_array *array = dev_to_array(dev);
	ssize_t ret;

	spin_lock_irq(&array->state_lock);
	ret = sysfs_emit(buf, "%s\n", array->reason);
	spin_unlock_irq(&array->state_lock);
	return ret;
}
static DEVICE_ATTR_RO(reason);

/* ---- what it does in the background ----------------------------------------- */

static void get_status(struct device *dev, struct emd_job_status *st)
{
	struct emd_job *job = dev_to_array(dev)->job;

	memset(st, 0, sizeof(*st));
	st->action = EMD_SYNC_IDLE;
	if (job)
		emd_job_get_status(job, st);
}

static ssize_t sync_completed_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct emd_job_status st;

	get_status(dev, &st);
	if (st.action == EMD_SYNC_IDLE)
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf, "%llu / %llu\n", st.done_sectors, st.total_sectors);
}
static DEVICE_ATTR_RO(sync_completed);

static ssize_t sync_speed_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct emd_job_status st;

	get_status(dev, &st);
	return sysfs_emit(buf, "%llu\n", st.action == EMD_SYNC_IDLE ? 0 : st.speed_kib_s);
}
static DEVICE_ATTR_RO(sync_speed);

static ssize_t mismatch_cnt_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct emd_job_status st;

	get_status(dev, &st);
	return sysfs_emit(buf, "%llu\n", st.mismatches);
}
static DEVICE_ATTR_RO(mismatch_cnt);

static ssize_t sync_speed_max_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct emd_job_status st;

	get_status(dev, &st);
	return sysfs_emit(buf, "%u\n", st.limit_kib_s);
}

static ssize_t sync_speed_max_store(struct device *dev, struct device_attribute *attr,
				    const char *buf, size_t len)
{
	struct emd_job *job = dev_to_array(dev)->job;
	u32 limit;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	if (!job)
		return -EOPNOTSUPP;
	ret = kstrtou32(buf, 10, &limit);
	if (ret)
		return ret;
	emd_job_set_limit(job, limit);
	return len;
}
static DEVICE_ATTR_RW(sync_speed_max);

static ssize_t zero_copy_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(dev_to_array(dev)->zero_copy));
}

static ssize_t zero_copy_store(struct device *dev, struct device_attribute *attr,
			       const char *buf, size_t len)
{
	bool on;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	ret = kstrtobool(buf, &on);
	if (ret)
		return ret;
	emd_array_set_zero_copy(dev_to_array(dev), on);
	return len;
}
static DEVICE_ATTR_RW(zero_copy);

static ssize_t sync_action_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	struct emd_job_status st;

	get_status(dev, &st);
	return sysfs_emit(buf, "%s\n", emd_sync_action_names[st.action]);
}

/**
 * struct action_word - what may be written to sync_action
 * @word: as written
 * @ioctl: the command it stands for
 * @flags: EMD_F_* of a scrub
 * @cmd: EMD_SYNC_CMD_* of a sync
 */
struct action_word {
	const char *word;
	unsigned int ioctl;
	u32 flags;
	u32 cmd;
};

static const struct action_word action_words[] = {
	{ .word = "check",	.ioctl = EMD_IOC_SCRUB },
	{ .word = "repair",	.ioctl = EMD_IOC_SCRUB, .flags = EMD_F_REPAIR },
	{ .word = "idle",	.ioctl = EMD_IOC_SYNC, .cmd = EMD_SYNC_CMD_CANCEL },
	{ .word = "pause",	.ioctl = EMD_IOC_SYNC, .cmd = EMD_SYNC_CMD_PAUSE },
	{ .word = "resume",	.ioctl = EMD_IOC_SYNC, .cmd = EMD_SYNC_CMD_RESUME },
};

/**
 * struct action_request - a write to sync_action on its way
 * @ref: one for the writer, one for the work
 * @work: runs it
 * @done: it has run
 * @array_id: which
 * @word: what
 * @ret: the answer, once @done
 */
struct action_request {
	refcount_t ref;
	struct work_struct work;
	struct completion done;
	u64 array_id;
	const struct action_word *word;
	int ret;
};

static void action_request_put(struct action_request *req)
{
	if (refcount_dec_and_test(&req->ref))
		kfree(req);
}

static void action_request_run(struct work_struct *work)
{
	struct action_request *req = container_of(work, struct action_request, work);
	const struct action_word *word = req->word;
	struct emd_errmsg msg = { };
	struct emd_admin adm = { .flags = word->flags, .msg = &msg };

	if (word->ioctl == EMD_IOC_SCRUB)
		req->ret = emd_admin_scrub(&adm, req->array_id);
	else
		req->ret = emd_admin_sync(&adm, req->array_id, word->cmd, 0);
	if (req->ret < 0)
		trace_emd_refuse(word->ioctl, req->ret, msg.text);
	complete(&req->done);
	action_request_put(req);
}

/* Returns what the command returned, -ENODEV when the array went away first. */
static int action_request_wait(struct action_request *req, const struct emd_array *array)
{
	for (;;) {
		long left = wait_for_completion_killable_timeout(&req->done, HZ / 10);

		if (left > 0)
			return req->ret;
		if (left < 0)
			return left;
		/* Whoever stops the array may hold what the work waits for. */
		if (READ_ONCE(array->stopping))
			return -ENODEV;
	}
}

static ssize_t sync_action_store(struct device *dev, struct device_attribute *attr,
				 const char *buf, size_t len)
{
	struct emd_array *array = dev_to_array(dev);
	struct action_request *req;
	size_t i;
	int ret;

	if (!capable(CAP_SYS_ADMIN))
		return -EPERM;
	for (i = 0; i < ARRAY_SIZE(action_words); i++)
		if (sysfs_streq(buf, action_words[i].word))
			break;
	if (i == ARRAY_SIZE(action_words))
		return -EINVAL;
	if (!array->job)
		return -EOPNOTSUPP;
	/* Who wants it idle and finds it so has nothing to be told. */
	if (action_words[i].cmd == EMD_SYNC_CMD_CANCEL &&
	    emd_job_action(array->job) == EMD_SYNC_IDLE)
		return len;

	req = kzalloc(sizeof(*req), GFP_KERNEL);
	if (!req)
		return -ENOMEM;
	refcount_set(&req->ref, 2);
	INIT_WORK(&req->work, action_request_run);
	init_completion(&req->done);
	req->array_id = array->id;
	req->word = &action_words[i];
	queue_work(emd_edge_wq, &req->work);
	ret = action_request_wait(req, array);
	action_request_put(req);
	return ret < 0 ? ret : len;
}
static DEVICE_ATTR_RW(sync_action);

static struct attribute *array_attrs[] = {
	&dev_attr_name.attr,
	&dev_attr_uuid.attr,
	&dev_attr_format.attr,
	&dev_attr_level.attr,
	&dev_attr_layout.attr,
	&dev_attr_strip_size.attr,
	&dev_attr_state.attr,
	&dev_attr_degraded.attr,
	&dev_attr_sync_action.attr,
	&dev_attr_sync_completed.attr,
	&dev_attr_sync_speed.attr,
	&dev_attr_sync_speed_max.attr,
	&dev_attr_mismatch_cnt.attr,
	&dev_attr_dirty.attr,
	&dev_attr_read_only.attr,
	&dev_attr_reason.attr,
	&dev_attr_zero_copy.attr,
	NULL
};

/* What means nothing to a level is not there. */
static umode_t is_visible(struct kobject *kobj, struct attribute *attr, int n)
{
	const struct emd_array *array = dev_to_array(kobj_to_dev(kobj));

	if (attr == &dev_attr_zero_copy.attr)
		return emd_geo_has_parity(&array->geo) ? attr->mode : 0;
	return attr->mode;
}

static const struct attribute_group array_group = {
	.name = "emd",
	.attrs = array_attrs,
	.is_visible = is_visible,
};

/* For device_add_disk(). */
const struct attribute_group *emd_array_groups[] = {
	&array_group,
	NULL
};

/* ---- members -------------------------------------------------------------- */

/**
 * struct member_dir - members/SLOT/
 * @kobj: the directory
 * @member: the slot; valid as long as the directory is there
 */
struct member_dir {
	struct kobject kobj;
	struct emd_member *member;
};

struct member_attr {
	struct attribute attr;
	ssize_t (*show)(const struct emd_member *member, char *buf);
};

static ssize_t member_state_show(const struct emd_member *member, char *buf)
{
	return sysfs_emit(buf, "%s\n", emd_member_state_names[READ_ONCE(member->state)]);
}

static ssize_t member_disk_show(const struct emd_member *member, char *buf)
{
	char name[DISK_NAME_LEN] = "none";

	/* The pointer changes under S, and before the disk's reference is put. */
	spin_lock_irq(&member->array->state_lock);
	if (member->disk)
		strscpy(name, member->disk->name, sizeof(name));
	spin_unlock_irq(&member->array->state_lock);
	return sysfs_emit(buf, "%s\n", name);
}

static ssize_t member_read_errors_show(const struct emd_member *member, char *buf)
{
	return sysfs_emit(buf, "%u\n", (u32)atomic_read(&member->read_errors));
}

static ssize_t member_write_errors_show(const struct emd_member *member, char *buf)
{
	return sysfs_emit(buf, "%u\n", (u32)atomic_read(&member->write_errors));
}

static ssize_t show_extent(const struct emd_member *member, char *buf, bool start)
{
	const struct emd_config_member *cm;
	const struct emd_config_array *ca;
	const struct emd_config *cfg;
	ssize_t ret = -ENODEV;

	rcu_read_lock();
	ca = config_array_rcu(member->array, &cfg);
	if (ca && member->slot < ca->geo.nr_members) {
		cm = emd_config_member(cfg, ca, member->slot);
		ret = sysfs_emit(buf, "%llu\n", start ? cm->start_sector : cm->nr_sectors);
	}
	rcu_read_unlock();
	return ret;
}

static ssize_t member_start_show(const struct emd_member *member, char *buf)
{
	return show_extent(member, buf, true);
}

static ssize_t member_size_show(const struct emd_member *member, char *buf)
{
	return show_extent(member, buf, false);
}

#define MEMBER_ATTR(_name)						\
static struct member_attr member_attr_##_name = {			\
	.attr = { .name = #_name, .mode = 0444 },			\
	.show = member_##_name##_show,					\
}

MEMBER_ATTR(state);
MEMBER_ATTR(disk);
MEMBER_ATTR(read_errors);
MEMBER_ATTR(write_errors);
MEMBER_ATTR(start);
MEMBER_ATTR(size);

static struct attribute *member_attrs[] = {
	&member_attr_state.attr,
	&member_attr_disk.attr,
	&member_attr_read_errors.attr,
	&member_attr_write_errors.attr,
	&member_attr_start.attr,
	&member_attr_size.attr,
	NULL
};
ATTRIBUTE_GROUPS(member);

static ssize_t member_show(struct kobject *kobj, struct attribute *attr, char *buf)
{
	struct member_dir *dir = container_of(kobj, struct member_dir, kobj);

	return container_of(attr, struct member_attr, attr)->show(dir->member, buf);
}

static const struct sysfs_ops member_sysfs_ops = {
	.show = member_show,
};

static void member_dir_release(struct kobject *kobj)
{
	kfree(container_of(kobj, struct member_dir, kobj));
}

static const struct kobj_type member_ktype = {
	.release = member_dir_release,
	.sysfs_ops = &member_sysfs_ops,
	.default_groups = member_groups,
};

/* ---- the array's directory ----------------------------------------------------- */

static const char *const notified[] = { "name", "uuid", "state", "degraded", "sync_action" };

/**
 * struct emd_sysfs - what sysfs knows about a started array
 * @members: the directory of the members
 * @nodes: files that poll() works on, in the order of notified[]
 * @nr: directories in @dirs
 * @dirs: by slot
 */
struct emd_sysfs {
	struct kobject *members;
	struct kernfs_node *nodes[ARRAY_SIZE(notified)];
	u16 nr;
	struct member_dir *dirs[] __counted_by(nr);
};

static struct kobject *disk_kobj(const struct emd_array *array)
{
	return &disk_to_dev(array->gd)->kobj;
}

static void sysfs_dismantle(struct emd_sysfs *sysfs)
{
	size_t i;

	for (i = 0; i < sysfs->nr; i++) {
		if (!sysfs->dirs[i])
			continue;
		kobject_del(&sysfs->dirs[i]->kobj);
		kobject_put(&sysfs->dirs[i]->kobj);
	}
	kobject_del(sysfs->members);
	kobject_put(sysfs->members);
	for (i = 0; i < ARRAY_SIZE(notified); i++)
		sysfs_put(sysfs->nodes[i]);
	kfree(sysfs);
}

static void find_nodes(struct emd_sysfs *sysfs, const struct emd_array *array)
{
	struct kernfs_node *group = sysfs_get_dirent(disk_kobj(array)->sd, array_group.name);
	size_t i;

	if (!group)
		return;
	for (i = 0; i < ARRAY_SIZE(notified); i++)
		sysfs->nodes[i] = sysfs_get_dirent(group, notified[i]);
	sysfs_put(group);
}

static int add_member_dir(struct emd_sysfs *sysfs, struct emd_member *member)
{
	struct member_dir *dir = kzalloc(sizeof(*dir), GFP_KERNEL);
	int ret;

	if (!dir)
		return -ENOMEM;
	dir->member = member;
	ret = kobject_init_and_add(&dir->kobj, &member_ktype, sysfs->members, "%u",
				   member->slot);
	if (ret) {
		kobject_put(&dir->kobj);
		return ret;
	}
	sysfs->dirs[member->slot] = dir;
	return 0;
}

/**
 * emd_sysfs_add_members() - complete the array's directory
 * @array: its disk has just been added with emd_array_groups
 *
 * Return: 0 or -errno; nothing is left behind then.
 * Context: Process context, sleeps, allocates with GFP_KERNEL.
 */
int emd_sysfs_add_members(struct emd_array *array)
{
	u16 slot, nr = array->geo.nr_members;
	struct emd_sysfs *sysfs;
	int ret = 0;

	sysfs = kzalloc(struct_size(sysfs, dirs, nr), GFP_KERNEL);
	if (!sysfs)
		return -ENOMEM;
	sysfs->nr = nr;
	sysfs->members = kobject_create_and_add("emd_members", disk_kobj(array));
	if (!sysfs->members) {
		kfree(sysfs);
		return -ENOMEM;
	}
	find_nodes(sysfs, array);
	for (slot = 0; slot < nr && !ret; slot++)
		ret = add_member_dir(sysfs, &array->members[slot]);
	if (!ret)
		ret = sysfs_add_link_to_group(disk_kobj(array), array_group.name,
					      sysfs->members, "members");
	if (ret) {
		sysfs_dismantle(sysfs);
		return ret;
	}
	spin_lock_irq(&sysfs_lock);
	array->sysfs = sysfs;
	spin_unlock_irq(&sysfs_lock);
	return 0;
}

/**
 * emd_sysfs_remove_members() - undo emd_sysfs_add_members()
 * @array: its disk is about to be deleted; nothing happens when the members
 *	were not added
 *
 * Waits for readers of the members' files, who wait for nothing.
 *
 * Context: Process context, sleeps. G held, C not held.
 */
void emd_sysfs_remove_members(struct emd_array *array)
{
	struct emd_sysfs *sysfs;

	spin_lock_irq(&sysfs_lock);
	sysfs = array->sysfs;
	array->sysfs = NULL;
	spin_unlock_irq(&sysfs_lock);
	if (!sysfs)
		return;
	sysfs_remove_link_from_group(disk_kobj(array), array_group.name, "members");
	sysfs_dismantle(sysfs);
}

/**
 * emd_sysfs_notify() - wake those who poll a file
 * @array: whose
 * @attr: one of notified[]; nothing happens for others
 *
 * emd_event() does this for every event of an array, for what is no identity.
 *
 * Context: Any, also with any of our locks held.
 */
void emd_sysfs_notify(const struct emd_array *array, const char *attr)
{
	unsigned long flags;
	size_t i;

	spin_lock_irqsave(&sysfs_lock, flags);
	for (i = 0; array->sysfs && i < ARRAY_SIZE(notified); i++)
		if (array->sysfs->nodes[i] && !strcmp(attr, notified[i]))
			sysfs_notify_dirent(array->sysfs->nodes[i]);
	spin_unlock_irqrestore(&sysfs_lock, flags);
}
