// SPDX-License-Identifier: GPL-2.0
/*
 * /dev/emd-control: the commands. Events, its other half, are in event.c.
 *
 * Everything about a command that can be checked without knowing any disk or
 * array is checked here, by one dispatcher and one table; what passes is handed
 * to emd_admin_*() as plain kernel data. Whoever is refused is told why.
 *
 * Locks: none of its own; what is called takes G and C.
 */
#include <linux/capability.h>
#include <linux/fs.h>
#include <linux/log2.h>
#include <linux/miscdevice.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

#include "../emd.h"
#include "../trace.h"

/* Far above what any format has to say; bounds what one call may allocate. */
#define EXAMINE_MAX_BYTES	(4U << 20)
#define PLAN_MAX_BYTES		EMD_UAPI_PLAN_LEN

/* The ABI: the same on 32 and 64 bit. A struct may grow, never change. */
static_assert(sizeof(struct emd_hdr) == 24);
static_assert(sizeof(struct emd_version_arg) == 104);
static_assert(sizeof(struct emd_list_arg) == 48);
static_assert(sizeof(struct emd_examine_arg) == 64);
static_assert(sizeof(struct emd_object_arg) == 48);
static_assert(sizeof(struct emd_create_arg) == 168);
static_assert(sizeof(struct emd_sync_arg) == 40);
static_assert(sizeof(struct emd_policy_arg) == 48);
static_assert(sizeof(struct emd_replace_arg) == 48);
static_assert(sizeof(struct emd_history_arg) == 48);
static_assert(sizeof(struct emd_save_arg) == 152);
static_assert(sizeof(struct emd_restore_disk) == 120);
static_assert(sizeof(struct emd_restore_arg) == 40);
static_assert(sizeof(struct emd_region) == 16);
static_assert(sizeof(struct emd_rec_history) == 40 + EMD_UAPI_HISTORY_LEN);
static_assert(EMD_UAPI_MAX_REGIONS == EMD_META_MAX_WRITES);
static_assert(sizeof(struct emd_rename_arg) == 96);
static_assert(sizeof(struct emd_assign_arg) == 56);
static_assert(sizeof(struct emd_disk_ref) == 8);
static_assert(sizeof(struct emd_event) == 304);
static_assert(EMD_UAPI_MAX_DISKS == EMD_MAX_MEMBERS);
static_assert(EMD_UAPI_MAX_SERVES == EMD_MAX_SERVES);
static_assert(EMD_UAPI_NAME_LEN == EMD_NAME_LEN);
static_assert(EMD_UAPI_ID_LEN == EMD_DISK_ID_LEN);
static_assert(EMD_UAPI_REASON_LEN == EMD_REASON_LEN);

/* What a command on one object wants to know. */
#define WANT_CONTAINER	BIT(0)
#define WANT_ARRAY	BIT(1)
#define WANT_DISK	BIT(2)

union emd_args {
	struct emd_hdr hdr;
	struct emd_version_arg version;
	struct emd_list_arg list;
	struct emd_examine_arg examine;
	struct emd_object_arg object;
	struct emd_create_arg create;
	struct emd_sync_arg sync;
	struct emd_policy_arg policy;
	struct emd_replace_arg replace;
	struct emd_history_arg history;
	struct emd_save_arg save;
	struct emd_restore_arg restore;
	struct emd_rename_arg rename;
	struct emd_assign_arg assign;
};

/**
 * struct emd_command - one row of the table
 * @ioctl: EMD_IOC_*
 * @name: as emdctl calls it
 * @min_size: of the argument when the command was introduced
 * @size: of the argument as this kernel knows it
 * @flags: EMD_F_* it understands
 * @want: WANT_*, for commands with a struct emd_object_arg
 * @unprivileged: whoever can open the device may; all others need CAP_SYS_ADMIN
 * @replies: the argument has fields to be written back
 * @run: does it; sleeps
 */
struct emd_command {
	unsigned int ioctl;
	const char *name;
	u32 min_size;
	u32 size;
	u32 flags;
	u32 want;
	bool unprivileged;
	bool replies;
	int (*run)(const struct emd_command *command, struct emd_admin *adm,
		   union emd_args *args);
};

/* ---- what numbers from user space must look like ------------------------------ */

static int check_dev(struct emd_errmsg *msg, u32 major, u32 minor, dev_t *devt)
{
	*devt = MKDEV(major, minor);
	if (MAJOR(*devt) != major || MINOR(*devt) != minor || !major)
		return EMD_REFUSE(msg, -EINVAL, "%u:%u is no device number", major, minor);
	return 0;
}

static int check_text(struct emd_errmsg *msg, const char *text, size_t len, const char *what)
{
	size_t i;

	if (!memchr(text, '\0', len))
		return EMD_REFUSE(msg, -EINVAL, "%s is longer than %zu characters", what, len - 1);
	for (i = 0; text[i]; i++)
		if ((unsigned char)text[i] < ' ' || text[i] == 0x7f)
			return EMD_REFUSE(msg, -EINVAL, "%s has a control character", what);
	return 0;
}

static int check_zero(struct emd_errmsg *msg, u64 value, const char *what)
{
	if (value)
		return EMD_REFUSE(msg, -EINVAL, "%s is not zero", what);
	return 0;
}

/*
 * Exactly the wanted objects are named. With EMD_F_ALL none is; where a command
 * works on a container or an array, exactly one of the two.
 */
static int check_object(const struct emd_command *command, const struct emd_admin *adm,
			const struct emd_object_arg *arg, dev_t *devt)
{
	u32 want = adm->flags & EMD_F_ALL ? 0 : command->want;
	int ret;

	*devt = 0;
	if (command->ioctl == EMD_IOC_STOP && want)
		want = arg->array_id ? WANT_ARRAY : WANT_CONTAINER;
	if ((want & WANT_CONTAINER) && !arg->container_id)
		return EMD_REFUSE(adm->msg, -EINVAL, "no container given");
	if (!(want & WANT_CONTAINER)) {
		ret = check_zero(adm->msg, arg->container_id, "container_id");
		if (ret)
			return ret;
	}
	if ((want & WANT_ARRAY) && !arg->array_id)
		return EMD_REFUSE(adm->msg, -EINVAL, "no array given");
	if (!(want & WANT_ARRAY)) {
		ret = check_zero(adm->msg, arg->array_id, "array_id");
		if (ret)
			return ret;
	}
	if (want & WANT_DISK)
		return check_dev(adm->msg, arg->major, arg->minor, devt);
	return check_zero(adm->msg, arg->major | arg->minor, "device number");
}

/* ---- commands that tell --------------------------------------------------------- */

static int run_version(const struct emd_command *command, struct emd_admin *adm,
		       union emd_args *args)
{
	struct emd_version_arg *arg = &args->version;
	size_t used = 0;
	u32 i;

	memset(arg->formats, 0, sizeof(arg->formats));
	for (i = 0; emd_formats[i]; i++)
		used += scnprintf(arg->formats + used, sizeof(arg->formats) - used, "%s%s",
				  i ? " " : "", emd_formats[i]->name);
	arg->abi = EMD_ABI_VERSION;
	arg->nr_formats = i;
	arg->last_event = emd_event_last();
	return 0;
}

/* All or nothing: half a reply would only be mistaken for a whole one. */
static int reply_bytes(u64 buf_ptr, u32 buf_len, const void *bytes, size_t len)
{
	if (len > buf_len || !len)
		return 0;
	return copy_to_user(u64_to_user_ptr(buf_ptr), bytes, len) ? -EFAULT : 0;
}

/* The same of a buffer that is freed, and how long it is. */
static int reply_buffer(u64 buf_ptr, u32 buf_len, void *buf, size_t len, u32 *needed)
{
	int ret = reply_bytes(buf_ptr, buf_len, buf, len);

	*needed = len;
	kvfree(buf);
	return ret;
}

static int run_list(const struct emd_command *command, struct emd_admin *adm,
		    union emd_args *args)
{
	struct emd_list_arg *arg = &args->list;
	void *buf = NULL;
	size_t len = 0;
	int ret;

	/* Before the snapshot: what happens during it is seen twice, never not. */
	arg->event = emd_event_last();
	ret = emd_list_records(&buf, &len);
	if (ret)
		return ret;
	return reply_buffer(arg->buf_ptr, arg->buf_len, buf, len, &arg->needed);
}

static int run_examine(const struct emd_command *command, struct emd_admin *adm,
		       union emd_args *args)
{
	struct emd_examine_arg *arg = &args->examine;
	struct emd_text out = { };
	const char *format = NULL;
	dev_t devt;
	int ret;

	ret = check_dev(adm->msg, arg->major, arg->minor, &devt);
	if (ret)
		return ret;
	out.len = min(arg->buf_len, EXAMINE_MAX_BYTES) + 1;	/* with a NUL */
	out.buf = kvzalloc(out.len, GFP_KERNEL);
	if (!out.buf)
		return -ENOMEM;
	ret = emd_admin_examine(adm, devt, &out, &format);
	if (!ret && out.used > EXAMINE_MAX_BYTES)
		ret = EMD_REFUSE(adm->msg, -EFBIG, "metadata needs %zu bytes to tell, have %u",
				 out.used, EXAMINE_MAX_BYTES);
	if (!ret) {
		memset(arg->format, 0, sizeof(arg->format));
		if (format)
			strscpy(arg->format, format, sizeof(arg->format));
		arg->needed = out.used;
		ret = reply_bytes(arg->buf_ptr, arg->buf_len, out.buf, out.used);
	}
	kvfree(out.buf);
	return ret;
}

static int run_history(const struct emd_command *command, struct emd_admin *adm,
		       union emd_args *args)
{
	struct emd_history_arg *arg = &args->history;
	struct emd_container *container;
	void *buf;
	size_t len;
	int ret;

	if (!arg->container_id)
		return EMD_REFUSE(adm->msg, -EINVAL, "no container given");
	container = emd_container_find(arg->container_id);
	if (!container)
		return EMD_REFUSE(adm->msg, -ENOENT, "no such container");
	ret = emd_history_records(container, &buf, &len);
	emd_container_put(container);
	if (ret)
		return ret;
	return reply_buffer(arg->buf_ptr, arg->buf_len, buf, len, &arg->needed);
}

static int run_save(const struct emd_command *command, struct emd_admin *adm,
		    union emd_args *args)
{
	struct emd_save_arg *arg = &args->save;
	size_t len = 0;
	void *buf;
	dev_t devt;
	int ret;

	ret = check_dev(adm->msg, arg->major, arg->minor, &devt);
	if (!ret)
		ret = emd_admin_save(adm, arg, &buf, &len);
	if (ret)
		return ret;
	return reply_buffer(arg->buf_ptr, arg->buf_len, buf, len, &arg->needed);
}

/* ---- commands that change --------------------------------------------------------- */

static int run_object(const struct emd_command *command, struct emd_admin *adm,
		      union emd_args *args)
{
	const struct emd_object_arg *arg = &args->object;
	dev_t devt;
	int ret;

	ret = check_object(command, adm, arg, &devt);
	if (ret)
		return ret;
	switch (command->ioctl) {
	case EMD_IOC_SCAN:
		return emd_admin_scan(adm);
	case EMD_IOC_ASSEMBLE:
		return emd_admin_assemble(adm, arg->container_id);
	case EMD_IOC_STOP:
		return emd_admin_stop(adm, arg->container_id, arg->array_id);
	case EMD_IOC_DELETE:
		return emd_admin_delete(adm, arg->array_id);
	case EMD_IOC_ERASE:
		return emd_admin_erase(adm, devt);
	case EMD_IOC_ADD:
		return emd_admin_add(adm, arg->container_id, devt);
	case EMD_IOC_REMOVE:
		return emd_admin_remove(adm, arg->container_id, devt);
	case EMD_IOC_FAIL:
		return emd_admin_fail(adm, arg->array_id, devt);
	case EMD_IOC_SCRUB:
		return emd_admin_scrub(adm, arg->array_id);
	}
	return -ENOTTY;
}

static int run_sync(const struct emd_command *command, struct emd_admin *adm,
		    union emd_args *args)
{
	const struct emd_sync_arg *arg = &args->sync;

	if (!arg->array_id)
		return EMD_REFUSE(adm->msg, -EINVAL, "no array given");
	if (arg->cmd > EMD_SYNC_CMD_LIMIT)
		return EMD_REFUSE(adm->msg, -EOPNOTSUPP, "unknown sync command %u", arg->cmd);
	if (arg->cmd != EMD_SYNC_CMD_LIMIT && arg->limit_kib_s)
		return EMD_REFUSE(adm->msg, -EINVAL, "limit given to a command that takes none");
	return emd_admin_sync(adm, arg->array_id, arg->cmd, arg->limit_kib_s);
}

static int run_policy(const struct emd_command *command, struct emd_admin *adm,
		      union emd_args *args)
{
	struct emd_policy_arg *arg = &args->policy;
	int ret;

	if (!arg->array_id)
		return EMD_REFUSE(adm->msg, -EINVAL, "no array given");
	if (arg->set & ~(EMD_POLICY_ZERO_COPY | EMD_POLICY_SYNC_LIMIT))
		return EMD_REFUSE(adm->msg, -EOPNOTSUPP, "unknown policies 0x%x",
				  arg->set & ~(EMD_POLICY_ZERO_COPY | EMD_POLICY_SYNC_LIMIT));
	ret = check_zero(adm->msg, arg->known, "known");
	if (!ret && !(arg->set & EMD_POLICY_ZERO_COPY))
		ret = check_zero(adm->msg, arg->zero_copy, "zero_copy that is not to be set");
	if (!ret && !(arg->set & EMD_POLICY_SYNC_LIMIT))
		ret = check_zero(adm->msg, arg->sync_limit_kib_s, "sync_limit that is not to be set");
	if (ret)
		return ret;
	if (arg->zero_copy > 1)
		return EMD_REFUSE(adm->msg, -EINVAL, "zero_copy of %u, need 0 or 1",
				  arg->zero_copy);
	return emd_admin_policy(adm, arg);
}

static int run_replace(const struct emd_command *command, struct emd_admin *adm,
		       union emd_args *args)
{
	const struct emd_replace_arg *arg = &args->replace;
	dev_t from, to;
	int ret;

	if (!arg->array_id)
		return EMD_REFUSE(adm->msg, -EINVAL, "no array given");
	ret = check_dev(adm->msg, arg->major, arg->minor, &from);
	if (!ret)
		ret = check_dev(adm->msg, arg->new_major, arg->new_minor, &to);
	if (ret)
		return ret;
	if (from == to)
		return EMD_REFUSE(adm->msg, -EINVAL, "disk %u:%u is named twice", arg->major,
				  arg->minor);
	return emd_admin_replace(adm, arg->array_id, from, to);
}

static int check_restore_disk(const struct emd_restore_disk *arg, struct emd_errmsg *msg)
{
	u32 heads = arg->nr_regions * sizeof(struct emd_region);
	dev_t devt;
	int ret;

	ret = check_dev(msg, arg->major, arg->minor, &devt);
	if (!ret)
		ret = check_zero(msg, arg->__reserved, "reserved field");
	if (!ret)
		ret = check_text(msg, arg->serial, sizeof(arg->serial), "serial");
	if (!ret)
		ret = check_text(msg, arg->format, sizeof(arg->format), "format");
	if (ret)
		return ret;
	if (!arg->nr_regions || arg->nr_regions > EMD_UAPI_MAX_REGIONS)
		return EMD_REFUSE(msg, -EINVAL, "%u regions, need 1 to %u", arg->nr_regions,
				  EMD_UAPI_MAX_REGIONS);
	if (arg->buf_len <= heads || arg->buf_len - heads > EMD_UAPI_SAVED_LEN)
		return EMD_REFUSE(msg, -EINVAL, "%u bytes for %u regions, need %u to %u",
				  arg->buf_len, arg->nr_regions, heads + 1,
				  heads + EMD_UAPI_SAVED_LEN);
	return 0;
}

/* Their lengths add up to what was given, and none of them is outside of all disks. */
static int check_regions(const struct emd_region *regions, u32 nr, u32 len, struct emd_errmsg *msg)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (regions[i].__reserved)
			return EMD_REFUSE(msg, -EINVAL, "reserved field is not zero");
		if (regions[i].sector > EMD_MAX_SECTORS)
			return EMD_REFUSE(msg, -EINVAL, "region %u at sector %llu, at most %llu",
					  i, regions[i].sector, EMD_MAX_SECTORS);
		if (!regions[i].bytes || regions[i].bytes > len)
			return EMD_REFUSE(msg, -EINVAL, "region %u has %u bytes, %u are left", i,
					  regions[i].bytes, len);
		len -= regions[i].bytes;
	}
	return len ? EMD_REFUSE(msg, -EINVAL, "%u bytes belong to no region", len) : 0;
}

/* The disk's regions and their bytes, for kvfree(); or ERR_PTR. */
static struct emd_region *fetch_regions(const struct emd_restore_disk *arg,
					struct emd_errmsg *msg)
{
	struct emd_region *regions;
	int ret;

	ret = check_restore_disk(arg, msg);
	if (ret)
		return ERR_PTR(ret);
	regions = vmemdup_user(u64_to_user_ptr(arg->buf_ptr), arg->buf_len);
	if (IS_ERR(regions))
		return regions;
	ret = check_regions(regions, arg->nr_regions,
			    arg->buf_len - arg->nr_regions * sizeof(*regions), msg);
	if (ret) {
		kvfree(regions);
		return ERR_PTR(ret);
	}
	return regions;
}

static bool is_named_before(const struct emd_restore_disk *disks, u32 nr)
{
	u32 i;

	for (i = 0; i < nr; i++)
		if (disks[i].major == disks[nr].major && disks[i].minor == disks[nr].minor)
			return true;
	return false;
}

static int fetch_restore(const struct emd_restore_disk *disks, struct emd_region **regions, u32 nr,
			 struct emd_errmsg *msg)
{
	u32 i;

	for (i = 0; i < nr; i++) {
		if (is_named_before(disks, i))
			return EMD_REFUSE(msg, -EINVAL, "disk %u:%u is named twice",
					  disks[i].major, disks[i].minor);
		regions[i] = fetch_regions(&disks[i], msg);
		if (IS_ERR(regions[i])) {
			int ret = PTR_ERR(regions[i]);

			regions[i] = NULL;
			return ret;
		}
	}
	return 0;
}

static int run_restore(const struct emd_command *command, struct emd_admin *adm,
		       union emd_args *args)
{
	const struct emd_restore_arg *arg = &args->restore;
	struct emd_restore_disk *disks;
	struct emd_region **regions;
	int ret;
	u32 i;

	ret = check_zero(adm->msg, arg->__reserved, "reserved field");
	if (ret)
		return ret;
	if (!arg->nr_disks || arg->nr_disks > EMD_UAPI_MAX_DISKS)
		return EMD_REFUSE(adm->msg, -EINVAL, "%u disks, need 1 to %u", arg->nr_disks,
				  EMD_UAPI_MAX_DISKS);
	disks = memdup_array_user(u64_to_user_ptr(arg->disks_ptr), arg->nr_disks, sizeof(*disks));
	if (IS_ERR(disks))
		return PTR_ERR(disks);
	regions = kcalloc(arg->nr_disks, sizeof(*regions), GFP_KERNEL);
	ret = regions ? fetch_restore(disks, regions, arg->nr_disks, adm->msg) : -ENOMEM;
	if (!ret)
		ret = emd_admin_restore(adm, disks, regions, arg->nr_disks);
	for (i = 0; regions && i < arg->nr_disks; i++)
		kvfree(regions[i]);
	kfree(regions);
	kfree(disks);
	return ret;
}

static int run_rename(const struct emd_command *command, struct emd_admin *adm,
		      union emd_args *args)
{
	const struct emd_rename_arg *arg = &args->rename;
	int ret;

	if (!arg->array_id)
		return EMD_REFUSE(adm->msg, -EINVAL, "no array given");
	ret = check_text(adm->msg, arg->name, sizeof(arg->name), "name");
	if (ret)
		return ret;
	if (!arg->name[0])
		return EMD_REFUSE(adm->msg, -EINVAL, "no name given");
	return emd_admin_rename(adm, arg->array_id, arg->name);
}

static int run_assign(const struct emd_command *command, struct emd_admin *adm,
		      union emd_args *args)
{
	const struct emd_assign_arg *arg = &args->assign;
	u64 ids[EMD_MAX_SERVES];
	dev_t devt;
	u32 i, k;
	int ret;

	if (!arg->container_id)
		return EMD_REFUSE(adm->msg, -EINVAL, "no container given");
	ret = check_dev(adm->msg, arg->major, arg->minor, &devt);
	if (!ret)
		ret = check_zero(adm->msg, arg->__reserved, "reserved field");
	if (ret)
		return ret;
	if (arg->nr_arrays > EMD_MAX_SERVES)
		return EMD_REFUSE(adm->msg, -EINVAL, "a spare for %u arrays, at most %u",
				  arg->nr_arrays, EMD_MAX_SERVES);
	if (!arg->nr_arrays && arg->arrays_ptr)
		return EMD_REFUSE(adm->msg, -EINVAL, "arrays given, but their number is zero");
	if (copy_from_user(ids, u64_to_user_ptr(arg->arrays_ptr), arg->nr_arrays * sizeof(*ids)))
		return -EFAULT;
	for (i = 0; i < arg->nr_arrays; i++) {
		for (k = 0; k < i; k++)
			if (ids[k] == ids[i])
				return EMD_REFUSE(adm->msg, -EINVAL, "an array is named twice");
	}
	return emd_admin_assign(adm, arg->container_id, devt, ids, arg->nr_arrays);
}

static int check_create(const struct emd_create_arg *arg, struct emd_errmsg *msg)
{
	int ret;

	ret = check_text(msg, arg->name, sizeof(arg->name), "name");
	if (!ret)
		ret = check_text(msg, arg->format, sizeof(arg->format), "format");
	if (ret)
		return ret;
	if (!arg->name[0])
		return EMD_REFUSE(msg, -EINVAL, "no name given");
	if (!arg->container_id && !arg->format[0])
		return EMD_REFUSE(msg, -EINVAL, "no format given for the new container");
	if (!arg->container_id && !arg->nr_disks)
		return EMD_REFUSE(msg, -EINVAL, "no disks given for the new container");
	if (arg->level >= EMD_NR_LEVELS)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "unknown level %u", arg->level);
	if (arg->layout >= EMD_NR_LAYOUTS)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "unknown layout %u", arg->layout);
	if (arg->nr_spans == 1 || arg->nr_spans > EMD_UAPI_MAX_DISKS)
		return EMD_REFUSE(msg, -EINVAL, "%u spans, need 2 to %u", arg->nr_spans,
				  EMD_UAPI_MAX_DISKS);
	if (arg->init > EMD_INIT_ZERO)
		return EMD_REFUSE(msg, -EOPNOTSUPP, "unknown initialisation %u", arg->init);
	if (arg->strip_sectors && !is_power_of_2(arg->strip_sectors))
		return EMD_REFUSE(msg, -EINVAL, "strip of %u sectors, need a power of two",
				  arg->strip_sectors);
	if (arg->size_sectors > EMD_MAX_SECTORS)
		return EMD_REFUSE(msg, -EINVAL, "size of %llu sectors, at most %llu",
				  arg->size_sectors, EMD_MAX_SECTORS);
	if (arg->nr_disks > EMD_UAPI_MAX_DISKS)
		return EMD_REFUSE(msg, -EINVAL, "%u disks, at most %u", arg->nr_disks,
				  EMD_UAPI_MAX_DISKS);
	if (!arg->nr_disks && arg->disks_ptr)
		return EMD_REFUSE(msg, -EINVAL, "disks given, but their number is zero");
	return 0;
}

static int check_disks(const struct emd_disk_ref *refs, dev_t *devs, u32 nr,
		       struct emd_errmsg *msg)
{
	u32 i, k;
	int ret;

	for (i = 0; i < nr; i++) {
		ret = check_dev(msg, refs[i].major, refs[i].minor, &devs[i]);
		if (ret)
			return ret;
		for (k = 0; k < i; k++)
			if (devs[k] == devs[i])
				return EMD_REFUSE(msg, -EINVAL, "disk %u:%u is named twice",
						  refs[i].major, refs[i].minor);
	}
	return 0;
}

static int run_create(const struct emd_command *command, struct emd_admin *adm,
		      union emd_args *args)
{
	struct emd_create_arg *arg = &args->create;
	struct emd_disk_ref *refs = NULL;
	dev_t *devs = NULL;
	int ret;

	ret = check_create(arg, adm->msg);
	if (ret)
		return ret;
	arg->array_id = 0;
	arg->array_major = 0;
	arg->array_minor = 0;
	if (arg->nr_disks) {
		devs = kcalloc(arg->nr_disks, sizeof(*devs), GFP_KERNEL);
		if (!devs)
			return -ENOMEM;
		refs = memdup_array_user(u64_to_user_ptr(arg->disks_ptr), arg->nr_disks,
					 sizeof(*refs));
		if (IS_ERR(refs)) {
			ret = PTR_ERR(refs);
			refs = NULL;
			goto out;
		}
		ret = check_disks(refs, devs, arg->nr_disks, adm->msg);
		if (ret)
			goto out;
	}
	ret = emd_admin_create(adm, arg, devs);
out:
	kfree(refs);
	kfree(devs);
	return ret;
}

/* ---- the table --------------------------------------------------------------------- */

#define SIZES(type, last) \
	.min_size = offsetofend(struct type, last), .size = sizeof(struct type)

#define OBJECT(_ioctl, _name, _want, _flags)				\
	{								\
		.ioctl = _ioctl, .name = _name, .want = _want, .flags = _flags, \
		.run = run_object, SIZES(emd_object_arg, minor),	\
	}

/* min_size names the last field of the first release and stays as it is. */
static const struct emd_command commands[] = {
	{
		.ioctl = EMD_IOC_VERSION, .name = "version", .run = run_version,
		.unprivileged = true, .replies = true, SIZES(emd_version_arg, formats),
	}, {
		.ioctl = EMD_IOC_LIST, .name = "list", .run = run_list,
		.unprivileged = true, .replies = true, SIZES(emd_list_arg, event),
	}, {
		.ioctl = EMD_IOC_EXAMINE, .name = "examine", .run = run_examine,
		.replies = true, SIZES(emd_examine_arg, format),
	}, {
		.ioctl = EMD_IOC_CREATE, .name = "create", .run = run_create,
		.flags = EMD_F_DRY_RUN | EMD_F_FORCE,
		.replies = true, SIZES(emd_create_arg, array_minor),
	}, {
		.ioctl = EMD_IOC_SYNC, .name = "sync", .run = run_sync,
		.flags = EMD_F_DRY_RUN, SIZES(emd_sync_arg, limit_kib_s),
	}, {
		.ioctl = EMD_IOC_POLICY, .name = "policy", .run = run_policy,
		.flags = EMD_F_DRY_RUN,
		.replies = true, SIZES(emd_policy_arg, sync_limit_kib_s),
	}, {
		.ioctl = EMD_IOC_REPLACE, .name = "replace", .run = run_replace,
		.flags = EMD_F_DRY_RUN, SIZES(emd_replace_arg, new_minor),
	}, {
		.ioctl = EMD_IOC_HISTORY, .name = "history", .run = run_history,
		.replies = true, SIZES(emd_history_arg, needed),
	}, {
		.ioctl = EMD_IOC_SAVE, .name = "save", .run = run_save,
		.replies = true, SIZES(emd_save_arg, format),
	}, {
		.ioctl = EMD_IOC_RESTORE, .name = "restore", .run = run_restore,
		.flags = EMD_F_DRY_RUN | EMD_F_FORCE, SIZES(emd_restore_arg, __reserved),
	}, {
		.ioctl = EMD_IOC_RENAME, .name = "rename", .run = run_rename,
		.flags = EMD_F_DRY_RUN, SIZES(emd_rename_arg, name),
	}, {
		.ioctl = EMD_IOC_ASSIGN, .name = "assign", .run = run_assign,
		.flags = EMD_F_DRY_RUN | EMD_F_FORCE, SIZES(emd_assign_arg, arrays_ptr),
	},
	OBJECT(EMD_IOC_SCAN, "scan", 0, EMD_F_DRY_RUN),
	OBJECT(EMD_IOC_ASSEMBLE, "assemble", WANT_CONTAINER,
	       EMD_F_DRY_RUN | EMD_F_FORCE | EMD_F_DEGRADED | EMD_F_READ_ONLY | EMD_F_ALL),
	OBJECT(EMD_IOC_STOP, "stop", WANT_CONTAINER | WANT_ARRAY, EMD_F_DRY_RUN | EMD_F_ALL),
	OBJECT(EMD_IOC_DELETE, "delete", WANT_ARRAY, EMD_F_DRY_RUN | EMD_F_FORCE),
	OBJECT(EMD_IOC_ERASE, "erase", WANT_DISK, EMD_F_DRY_RUN | EMD_F_FORCE),
	OBJECT(EMD_IOC_ADD, "add", WANT_CONTAINER | WANT_DISK, EMD_F_DRY_RUN | EMD_F_FORCE),
	OBJECT(EMD_IOC_REMOVE, "remove", WANT_CONTAINER | WANT_DISK, EMD_F_DRY_RUN | EMD_F_FORCE),
	OBJECT(EMD_IOC_FAIL, "fail", WANT_ARRAY | WANT_DISK, EMD_F_DRY_RUN | EMD_F_FORCE),
	OBJECT(EMD_IOC_SCRUB, "scrub", WANT_ARRAY, EMD_F_DRY_RUN | EMD_F_REPAIR),
};

static const struct emd_command *find_command(unsigned int ioctl)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(commands); i++)
		if (commands[i].ioctl == ioctl)
			return &commands[i];
	return NULL;
}

/* ---- the dispatcher ------------------------------------------------------------------ */

/* For refusals that nobody has put in words; want of memory is always named. */
static void say_errno(struct emd_errmsg *msg, int err)
{
	switch (err) {
	case -ENOMEM:
		if (msg->text[0] && !strstr(msg->text, "memory"))
			strlcat(msg->text, ": out of memory", sizeof(msg->text));
		EMD_REFUSE(msg, err, "out of memory");
		break;
	case -EFAULT:
		EMD_REFUSE(msg, err, "an address given cannot be read or written");
		break;
	case -ENOENT:
		EMD_REFUSE(msg, err, "no such array, container or disk");
		break;
	case -ENODEV:
	case -ENXIO:
		EMD_REFUSE(msg, err, "device is gone");
		break;
	case -EBUSY:
		EMD_REFUSE(msg, err, "in use");
		break;
	case -EINTR:
	case -ERESTARTSYS:
		EMD_REFUSE(msg, err, "interrupted");
		break;
	default:
		EMD_REFUSE(msg, err, "error %d", -err);
	}
}

static int reply_text(const struct emd_hdr *hdr, const char *text)
{
	char __user *to = u64_to_user_ptr(hdr->msg_ptr);
	size_t len;

	if (!hdr->msg_ptr || !hdr->msg_len)
		return 0;
	len = min_t(size_t, strlen(text), hdr->msg_len - 1);
	if (copy_to_user(to, text, len) || put_user('\0', to + len))
		return -EFAULT;
	return 0;
}

/* Fetch the argument; @args->hdr holds its head already. */
static int fetch_args(const struct emd_command *command, union emd_args *args,
		      void __user *uarg, struct emd_errmsg *msg)
{
	struct emd_hdr hdr = args->hdr;
	int ret;

	if (hdr.size < command->min_size)
		return EMD_REFUSE(msg, -EINVAL, "argument of %u bytes, need %u", hdr.size,
				  command->min_size);
	if (hdr.size > PAGE_SIZE)
		return EMD_REFUSE(msg, -E2BIG, "argument of %u bytes, have room for %u", hdr.size,
				  command->size);
	if (hdr.flags & ~command->flags)
		return EMD_REFUSE(msg, -EINVAL, "%s does not know flags 0x%x", command->name,
				  hdr.flags & ~command->flags);
	if (hdr.__reserved)
		return EMD_REFUSE(msg, -EINVAL, "reserved field is not zero");
	ret = copy_struct_from_user(args, command->size, uarg, hdr.size);
	if (ret == -E2BIG)
		return EMD_REFUSE(msg, ret, "argument has %u bytes that are not known here",
				  hdr.size - command->size);
	/* The caller may have changed it since; what was checked counts. */
	args->hdr = hdr;
	return ret;
}

/* As much as the caller takes; nothing when it takes none. */
static int plan_room(const struct emd_hdr *hdr, struct emd_text *plan)
{
	if (!hdr->msg_ptr || !hdr->msg_len)
		return 0;
	plan->len = min(hdr->msg_len, PLAN_MAX_BYTES);
	plan->buf = kvzalloc(plan->len, GFP_KERNEL);
	return plan->buf ? 0 : -ENOMEM;
}

static int run_command(const struct emd_command *command, union emd_args *args,
		       void __user *uarg, struct emd_errmsg *msg)
{
	struct emd_text plan = { };
	struct emd_admin adm = { .flags = args->hdr.flags, .msg = msg, .plan = &plan };
	u32 usize = args->hdr.size;
	int ret;

	if (!command->unprivileged && !capable(CAP_SYS_ADMIN))
		return EMD_REFUSE(msg, -EPERM, "%s needs CAP_SYS_ADMIN", command->name);
	ret = fetch_args(command, args, uarg, msg);
	if (ret)
		return ret;
	if (adm.flags & EMD_F_DRY_RUN) {
		ret = plan_room(&args->hdr, &plan);
		if (ret)
			return ret;
	}
	ret = command->run(command, &adm, args);
	if (ret > 0)
		ret = 0;
	if (!ret && command->replies &&
	    copy_to_user(uarg + sizeof(struct emd_hdr), (void *)args + sizeof(struct emd_hdr),
			 min(usize, command->size) - sizeof(struct emd_hdr)))
		ret = -EFAULT;
	/* Nothing was done yet, so an unreadable plan can still be an error. */
	if (!ret && plan.buf) {
		emd_text_cut(&plan);
		ret = reply_text(&args->hdr, plan.buf);
	}
	kvfree(plan.buf);
	return ret;
}

static long control_ioctl(struct file *file, unsigned int ioctl, unsigned long uaddr)
{
	const struct emd_command *command = find_command(ioctl);
	void __user *uarg = (void __user *)uaddr;
	union emd_args args = { };
	struct emd_errmsg msg = { };
	int ret;

	if (!command)
		return -ENOTTY;
	/* The size first: an argument shorter than a head has no message pointer. */
	if (get_user(args.hdr.size, (u32 __user *)uarg))
		return -EFAULT;
	if (args.hdr.size < sizeof(args.hdr))
		return -EINVAL;
	if (copy_from_user(&args.hdr, uarg, sizeof(args.hdr)))
		return -EFAULT;
	if (args.hdr.size < sizeof(args.hdr))
		return -EINVAL;

	ret = run_command(command, &args, uarg, &msg);
	if (ret < 0) {
		say_errno(&msg, ret);
		trace_emd_refuse(ioctl, ret, msg.text);
		/* The errno is the answer, the text a courtesy. */
		reply_text(&args.hdr, msg.text);
		return ret;
	}
	if (!(args.hdr.flags & EMD_F_DRY_RUN))
		reply_text(&args.hdr, "");
	return 0;
}

/* ---- the device -------------------------------------------------------------------------- */

static int control_open(struct inode *inode, struct file *file)
{
	return emd_event_open(file);
}

static int control_release(struct inode *inode, struct file *file)
{
	emd_event_release(file);
	return 0;
}

static const struct file_operations control_fops = {
	.owner = THIS_MODULE,
	.open = control_open,
	.release = control_release,
	.read = emd_event_read,
	.llseek = emd_event_llseek,
	.poll = emd_event_poll,
	.unlocked_ioctl = control_ioctl,
	.compat_ioctl = compat_ptr_ioctl,	/* one layout for 32 and 64 bit */
};

static struct miscdevice control_device = {
	.minor = MISC_DYNAMIC_MINOR,
	.name = "emd-control",
	.fops = &control_fops,
	.mode = 0600,
};

/**
 * emd_ctl_register() - offer /dev/emd-control
 *
 * Everything that commands need must be in place.
 *
 * Return: 0 or -errno.
 * Context: Process context, sleeps.
 */
int emd_ctl_register(void)
{
	return misc_register(&control_device);
}

/**
 * emd_ctl_unregister() - withdraw /dev/emd-control
 *
 * The module cannot go while a file is open, so no command is under way.
 *
 * Context: Process context, sleeps.
 */
void emd_ctl_unregister(void)
{
	misc_deregister(&control_device);
}
