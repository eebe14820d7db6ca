// SPDX-License-Identifier: GPL-2.0
/*
 * The answer to EMD_IOC_LIST: all containers, arrays and disks as a stream of
 * records, the way the uAPI describes them.
 *
 * Containers are visited one by one with nothing but their own mutex held, so
 * that a container whose disks are slow holds up this reader and nobody else.
 * Each container is one consistent snapshot. As long as one is not assembled,
 * what is known of it is what its disks say, and that is guarded by G.
 *
 * Locks: takes G and C, in this order, never for more than one container.
 */
#include <linux/mm.h>
#include <linux/slab.h>

#include "../emd.h"

/* Far more than any machine has; keeps the size within the uAPI's 32 bits. */
#define MAX_BYTES	(64U << 20)

/* What the uAPI calls things is what we call them: no translation anywhere. */
static_assert((int)EMD_LEVEL_CONCAT == EMD_UAPI_LEVEL_CONCAT);
static_assert((int)EMD_LEVEL_RAID0 == EMD_UAPI_LEVEL_RAID0);
static_assert((int)EMD_LEVEL_RAID1 == EMD_UAPI_LEVEL_RAID1);
static_assert((int)EMD_LEVEL_RAID1E == EMD_UAPI_LEVEL_RAID1E);
static_assert((int)EMD_LEVEL_RAID4 == EMD_UAPI_LEVEL_RAID4);
static_assert((int)EMD_LEVEL_RAID5 == EMD_UAPI_LEVEL_RAID5);
static_assert((int)EMD_LEVEL_RAID6 == EMD_UAPI_LEVEL_RAID6);
static_assert((int)EMD_LEVEL_RAID10 == EMD_UAPI_LEVEL_RAID10);
static_assert((int)EMD_LAYOUT_NONE == EMD_UAPI_LAYOUT_NONE);
static_assert((int)EMD_LAYOUT_ADJACENT == EMD_UAPI_LAYOUT_ADJACENT);
static_assert((int)EMD_LAYOUT_OFFSET == EMD_UAPI_LAYOUT_OFFSET);
static_assert((int)EMD_LAYOUT_LEFT_ASYMMETRIC == EMD_UAPI_LAYOUT_LEFT_ASYMMETRIC);
static_assert((int)EMD_LAYOUT_LEFT_SYMMETRIC == EMD_UAPI_LAYOUT_LEFT_SYMMETRIC);
static_assert((int)EMD_LAYOUT_RIGHT_ASYMMETRIC == EMD_UAPI_LAYOUT_RIGHT_ASYMMETRIC);
static_assert((int)EMD_LAYOUT_RIGHT_SYMMETRIC == EMD_UAPI_LAYOUT_RIGHT_SYMMETRIC);
static_assert((int)EMD_LAYOUT_PARITY_FIRST == EMD_UAPI_LAYOUT_PARITY_FIRST);
static_assert((int)EMD_LAYOUT_PARITY_LAST == EMD_UAPI_LAYOUT_PARITY_LAST);
static_assert((int)EMD_LAYOUT_ROTATING_ZERO_RESTART == EMD_UAPI_LAYOUT_ROTATING_ZERO_RESTART);
static_assert((int)EMD_LAYOUT_ROTATING_N_RESTART == EMD_UAPI_LAYOUT_ROTATING_N_RESTART);
static_assert((int)EMD_LAYOUT_ROTATING_N_CONTINUE == EMD_UAPI_LAYOUT_ROTATING_N_CONTINUE);
static_assert((int)EMD_LAYOUT_LEFT_ASYMMETRIC_6 == EMD_UAPI_LAYOUT_LEFT_ASYMMETRIC_6);
static_assert((int)EMD_LAYOUT_LEFT_SYMMETRIC_6 == EMD_UAPI_LAYOUT_LEFT_SYMMETRIC_6);
static_assert((int)EMD_LAYOUT_RIGHT_ASYMMETRIC_6 == EMD_UAPI_LAYOUT_RIGHT_ASYMMETRIC_6);
static_assert((int)EMD_LAYOUT_RIGHT_SYMMETRIC_6 == EMD_UAPI_LAYOUT_RIGHT_SYMMETRIC_6);
static_assert((int)EMD_LAYOUT_PARITY_FIRST_6 == EMD_UAPI_LAYOUT_PARITY_FIRST_6);
static_assert(ARRAY_SIZE(emd_layout_names) == EMD_UAPI_LAYOUT_PARITY_FIRST_6 + 1);
static_assert((int)EMD_DISK_ACTIVE == EMD_UAPI_DISK_ACTIVE);
static_assert((int)EMD_DISK_SPARE == EMD_UAPI_DISK_SPARE);
static_assert((int)EMD_DISK_FAILED == EMD_UAPI_DISK_FAILED);
static_assert((int)EMD_DISK_MISSING == EMD_UAPI_DISK_MISSING);
static_assert((int)EMD_DISK_FOREIGN == EMD_UAPI_DISK_FOREIGN);
static_assert((int)EMD_ARRAY_OPTIMAL == EMD_UAPI_ARRAY_OPTIMAL);
static_assert((int)EMD_ARRAY_DEGRADED == EMD_UAPI_ARRAY_DEGRADED);
static_assert((int)EMD_ARRAY_FAILED == EMD_UAPI_ARRAY_FAILED);
static_assert((int)EMD_ARRAY_INACTIVE == EMD_UAPI_ARRAY_INACTIVE);
static_assert((int)EMD_MEMBER_IN_SYNC == EMD_UAPI_MEMBER_IN_SYNC);
static_assert((int)EMD_MEMBER_REBUILDING == EMD_UAPI_MEMBER_REBUILDING);
static_assert((int)EMD_MEMBER_MISSING == EMD_UAPI_MEMBER_MISSING);
static_assert((int)EMD_MEMBER_FAILED == EMD_UAPI_MEMBER_FAILED);
static_assert((int)EMD_SYNC_IDLE == EMD_UAPI_SYNC_IDLE);
static_assert((int)EMD_SYNC_RESYNC == EMD_UAPI_SYNC_RESYNC);
static_assert((int)EMD_SYNC_REBUILD == EMD_UAPI_SYNC_REBUILD);
static_assert((int)EMD_SYNC_CHECK == EMD_UAPI_SYNC_CHECK);
static_assert((int)EMD_SYNC_REPAIR == EMD_UAPI_SYNC_REPAIR);
static_assert((int)EMD_SYNC_RESHAPE == EMD_UAPI_SYNC_RESHAPE);
static_assert((int)EMD_CONTAINER_ASSEMBLED == EMD_UAPI_CONTAINER_ASSEMBLED);
static_assert((int)EMD_CONTAINER_WAITING == EMD_UAPI_CONTAINER_WAITING);
static_assert((int)EMD_CONTAINER_REFUSED == EMD_UAPI_CONTAINER_REFUSED);
static_assert((int)EMD_CONTAINER_STOPPED == EMD_UAPI_CONTAINER_STOPPED);

/* ---- a buffer that grows --------------------------------------------------- */

/**
 * struct records - the stream while it is written
 * @buf: kvmalloc()ed
 * @len: its size
 * @used: bytes of whole records
 */
struct records {
	void *buf;
	size_t len;
	size_t used;
};

/*
 * Room for one more record, zeroed but for its head; NULL without memory. The
 * pointer is good until the next record is added.
 */
static void *add_record(struct records *recs, u32 type, u32 size)
{
	struct emd_rec *rec;

	if (recs->len - recs->used < size) {
		size_t len = max_t(size_t, PAGE_SIZE, recs->len * 2);
		void *buf;

		if (len > MAX_BYTES)
			return NULL;
		buf = kvrealloc(recs->buf, len, GFP_KERNEL);
		if (!buf)
			return NULL;
		recs->buf = buf;
		recs->len = len;
	}
	rec = recs->buf + recs->used;
	memset(rec, 0, size);
	rec->size = size;
	rec->type = type;
	recs->used += size;
	return rec;
}

static_assert(sizeof(struct emd_rec_container) % 8 == 0);
static_assert(sizeof(struct emd_rec_disk) % 8 == 0);
static_assert(sizeof(struct emd_rec_array) % 8 == 0);
static_assert(sizeof(struct emd_rec_member) % 8 == 0);
static_assert(sizeof(struct emd_rec_mismatch) % 8 == 0);

/* ---- disks ----------------------------------------------------------------- */

/* What one container's disks are known by, while its mutex is held. */
struct view {
	struct emd_container *container;
	const struct emd_config *cfg;	/* NULL when no disk has readable metadata */
	bool published;			/* @cfg is the container's, not just a disk's */
};

/* The row a disk takes in the view's config, EMD_NO_DISK when it is not in it. */
static u16 row_of_disk(const struct view *view, const struct emd_disk *disk)
{
	const struct emd_config *seen = disk->seen;
	u16 row;

	if (!view->cfg)
		return EMD_NO_DISK;
	for (row = 0; row < view->cfg->nr_disks; row++) {
		const struct emd_config_disk *cd = &view->cfg->disks[row];

		if (view->published) {
			if (cd->handle == disk->id)
				return row;
			continue;
		}
		if (seen && seen->self < seen->nr_disks &&
		    !strcmp(seen->disks[seen->self].id, cd->id))
			return row;
	}
	return EMD_NO_DISK;
}

static struct emd_disk *disk_of_row(const struct view *view, u16 row)
{
	struct emd_disk *disk;

	list_for_each_entry(disk, &view->container->disks, container_node) {
		if (!READ_ONCE(disk->gone) && row_of_disk(view, disk) == row)
			return disk;
	}
	return NULL;
}

static void fill_live_disk(struct emd_rec_disk *rec, const struct emd_disk *disk)
{
	rec->id = disk->id;
	rec->sectors = disk->nr_sectors;
	rec->major = MAJOR(disk->devt);
	rec->minor = MINOR(disk->devt);
	rec->block_size = disk->block_size;
	strscpy(rec->dev, disk->name, sizeof(rec->dev));
	strscpy(rec->serial, disk->serial, sizeof(rec->serial));
	strscpy(rec->reason, disk->reason, sizeof(rec->reason));
}

/* As many as there is room for. */
static void fill_serves(struct emd_rec_disk *rec, const struct emd_config *cfg,
			const struct emd_config_disk *cd)
{
	size_t used = 0;
	u8 i;

	for (i = 0; i < cd->nr_serves; i++)
		used += scnprintf(rec->serves + used, sizeof(rec->serves) - used, "%s%s",
				  i ? ", " : "", cfg->arrays[cd->serves[i]].name);
}

static int list_row(struct records *recs, const struct view *view, u16 row)
{
	const struct emd_config_disk *cd = &view->cfg->disks[row];
	const struct emd_disk *disk = disk_of_row(view, row);
	struct emd_rec_disk *rec = add_record(recs, EMD_REC_DISK, sizeof(*rec));

	if (!rec)
		return -ENOMEM;
	rec->state = cd->state;
	if (disk)
		fill_live_disk(rec, disk);
	else if (cd->state == EMD_DISK_ACTIVE || cd->state == EMD_DISK_SPARE)
		rec->state = EMD_UAPI_DISK_MISSING;
	if (!disk)
		rec->sectors = cd->sectors;
	/* As the metadata names it: that is what people find on the label. */
	strscpy(rec->serial, cd->id, sizeof(rec->serial));
	fill_serves(rec, view->cfg, cd);
	/* Of two disks that claim one row, or a stale one, the verdict tells. */
	if (disk && !view->published && disk->verdict != EMD_VERDICT_MEMBER &&
	    disk->verdict != EMD_VERDICT_SPARE)
		rec->state = EMD_UAPI_DISK_FOREIGN;
	return 0;
}

/* A live disk that has no row, or not the one that is shown for it. */
static int list_odd_disk(struct records *recs, const struct view *view,
			 const struct emd_disk *disk)
{
	struct emd_rec_disk *rec = add_record(recs, EMD_REC_DISK, sizeof(*rec));
	bool spare = disk->verdict == EMD_VERDICT_SPARE ||
		     !memchr_inv(view->container->uuid, 0, sizeof(view->container->uuid));

	if (!rec)
		return -ENOMEM;
	fill_live_disk(rec, disk);
	rec->state = spare ? EMD_UAPI_DISK_SPARE : EMD_UAPI_DISK_FOREIGN;
	return 0;
}

static int list_disks(struct records *recs, const struct view *view, u32 *nr)
{
	struct emd_disk *disk;
	u16 row, rows = view->cfg ? view->cfg->nr_disks : 0;
	int ret;

	*nr = 0;
	for (row = 0; row < rows; row++, (*nr)++) {
		ret = list_row(recs, view, row);
		if (ret)
			return ret;
	}
	list_for_each_entry(disk, &view->container->disks, container_node) {
		if (READ_ONCE(disk->gone))
			continue;
		row = row_of_disk(view, disk);
		if (row != EMD_NO_DISK && disk_of_row(view, row) == disk)
			continue;
		ret = list_odd_disk(recs, view, disk);
		if (ret)
			return ret;
		(*nr)++;
	}
	return 0;
}

/* ---- arrays ---------------------------------------------------------------- */

static struct emd_array *array_of(const struct view *view, const struct emd_config_array *ca)
{
	struct emd_array *array;

	if (!view->published || !ca->handle)
		return NULL;
	list_for_each_entry(array, &view->container->arrays, node) {
		if (array->id == ca->handle)
			return array;
	}
	return NULL;
}

static const char *first_text(const char *a, const char *b, const char *c)
{
	return a[0] ? a : b[0] ? b : c;
}

static void fill_running(struct emd_rec_array *rec, struct emd_array *array,
			 const struct emd_job_status *st)
{
	rec->state = emd_array_get_state(array);
	rec->major = MAJOR(disk_devt(array->gd));
	rec->minor = MINOR(disk_devt(array->gd));
	strscpy(rec->dev, array->gd->disk_name, sizeof(rec->dev));
	if (READ_ONCE(array->read_only))
		rec->flags |= EMD_ARRAY_F_READ_ONLY;
	if (READ_ONCE(array->untouched))
		rec->flags |= EMD_ARRAY_F_UNTOUCHED;
	rec->mismatches = st->mismatches;
	rec->sync_action = st->action;
	if (st->action == EMD_SYNC_IDLE)
		return;
	rec->sync_done = st->done_sectors;
	rec->sync_total = st->total_sectors;
	rec->sync_speed = st->speed_kib_s;
	if (st->paused)
		rec->flags |= EMD_ARRAY_F_SYNC_PAUSED;
}

static bool needs_sync(const struct emd_config_array *ca, const struct emd_array *array)
{
	if (!emd_levels[ca->geo.level].redundant)
		return false;
	if (array && array->gd)
		return READ_ONCE(array->resync_sector) != U64_MAX;
	return !ca->initialised || ca->sync == EMD_SYNC_RESYNC;
}

static int list_member(struct records *recs, const struct view *view,
		       const struct emd_config_array *ca, u16 slot, struct emd_array *array)
{
	const struct emd_config_member *cm = emd_config_member(view->cfg, ca, slot);
	struct emd_rec_member *rec = add_record(recs, EMD_REC_MEMBER, sizeof(*rec));
	const struct emd_disk *disk = NULL;

	if (!rec)
		return -ENOMEM;
	rec->slot = slot;
	rec->start_sector = cm->start_sector;
	rec->size_sectors = cm->nr_sectors;
	rec->state = cm->state;
	if (array && array->gd) {
		const struct emd_member *member = &array->members[slot];

		disk = member->disk;
		rec->state = READ_ONCE(member->state);
		rec->read_errors = atomic_read(&member->read_errors);
		rec->write_errors = atomic_read(&member->write_errors);
		if (rec->state == EMD_UAPI_MEMBER_REBUILDING)
			rec->rebuilt = READ_ONCE(member->rebuilt_sector);
		if (emd_member_twin(member)) {
			rec->replacement_id = array->twin->disk->id;
			strscpy(rec->replacement, array->twin->disk->name,
				sizeof(rec->replacement));
		}
	} else {
		if (cm->disk != EMD_NO_DISK)
			disk = disk_of_row(view, cm->disk);
		if (!disk && rec->state != EMD_UAPI_MEMBER_FAILED)
			rec->state = EMD_UAPI_MEMBER_MISSING;
	}
	if (disk) {
		rec->disk_id = disk->id;
		strscpy(rec->dev, disk->name, sizeof(rec->dev));
	}
	return 0;
}

static int list_mismatches(struct records *recs, const struct emd_job_status *st)
{
	unsigned int i;

	for (i = 0; i < min_t(unsigned int, st->nr_ranges, ARRAY_SIZE(st->ranges)); i++) {
		struct emd_rec_mismatch *rec =
			add_record(recs, EMD_REC_MISMATCH, sizeof(struct emd_rec_mismatch));

		if (!rec)
			return -ENOMEM;
		rec->start_sector = st->ranges[i].start;
		rec->nr_sectors = st->ranges[i].nr;
	}
	return 0;
}

static int list_array(struct records *recs, const struct view *view,
		      const struct emd_config_array *ca)
{
	struct emd_array *array = array_of(view, ca);
	struct emd_job_status st = { .action = EMD_SYNC_IDLE };
	struct emd_rec_array *rec;
	u16 slot;
	int ret;

	rec = add_record(recs, EMD_REC_ARRAY, sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	memcpy(rec->uuid, ca->uuid, sizeof(rec->uuid));
	strscpy(rec->name, ca->name, sizeof(rec->name));
	rec->size_sectors = ca->geo.array_sectors;
	rec->level = ca->geo.level;
	rec->layout = ca->geo.layout;
	rec->strip_sectors = ca->geo.strip_sectors;
	rec->nr_members = ca->geo.nr_members;
	rec->nr_spans = ca->geo.nr_spans;
	rec->state = EMD_UAPI_ARRAY_INACTIVE;
	if (ca->dirty)
		rec->flags |= EMD_ARRAY_F_DIRTY;
	if (needs_sync(ca, array))
		rec->flags |= EMD_ARRAY_F_NEEDS_SYNC;
	if ((ca->flags | view->cfg->flags) & EMD_CFG_READ_ONLY)
		rec->flags |= EMD_ARRAY_F_READ_ONLY;
	strscpy(rec->reason, first_text(array ? array->reason : "", ca->reason, view->cfg->reason),
		sizeof(rec->reason));
	if (array) {
		rec->id = array->id;
		if (array->gd) {
			if (array->job)
				emd_job_get_status(array->job, &st);
			fill_running(rec, array, &st);
		}
	}

	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		ret = list_member(recs, view, ca, slot, array);
		if (ret)
			return ret;
	}
	return list_mismatches(recs, &st);
}

/* ---- containers ------------------------------------------------------------- */

/* The newest of what the disks say, until it has been decided who is right. */
static const struct emd_config *newest_seen(const struct emd_container *container)
{
	const struct emd_config *newest = NULL;
	struct emd_disk *disk;

	list_for_each_entry(disk, &container->disks, container_node) {
		if (!disk->seen || disk->seen->torn || READ_ONCE(disk->gone))
			continue;
		if (!newest || disk->seen->generation > newest->generation)
			newest = disk->seen;
	}
	return newest;
}

static int list_container_locked(struct records *recs, struct emd_container *container,
				 const struct emd_config *cfg, bool published)
{
	struct view view = { .container = container, .cfg = cfg, .published = published };
	struct emd_rec_container *rec;
	size_t pos = recs->used;
	u32 nr_disks, nr_arrays = 0;
	u16 i;
	int ret;

	lockdep_assert_held(&container->mutex);
	/* Free spares are disks of the pool and nothing else. */
	if (!memchr_inv(container->uuid, 0, sizeof(container->uuid)))
		view.cfg = NULL;
	rec = add_record(recs, EMD_REC_CONTAINER, sizeof(*rec));
	if (!rec)
		return -ENOMEM;
	rec->id = container->id;
	memcpy(rec->uuid, container->uuid, sizeof(rec->uuid));
	rec->generation = view.cfg ? view.cfg->generation : 0;
	strscpy(rec->name, container->name, sizeof(rec->name));
	strscpy(rec->format, container->ops->name, sizeof(rec->format));
	strscpy(rec->reason, container->reason, sizeof(rec->reason));
	rec->state = container->state;

	ret = list_disks(recs, &view, &nr_disks);
	if (ret)
		return ret;
	for (i = 0; view.cfg && i < view.cfg->nr_arrays; i++, nr_arrays++) {
		ret = list_array(recs, &view, &view.cfg->arrays[i]);
		if (ret)
			return ret;
	}
	/* The buffer may have moved. */
	rec = recs->buf + pos;
	rec->nr_disks = nr_disks;
	rec->nr_arrays = nr_arrays;
	return 0;
}

static const struct emd_config *published_config(struct emd_container *container)
{
	return rcu_dereference_protected(container->config,
					 lockdep_is_held(&container->mutex));
}

static int list_container(struct records *recs, struct emd_container *container)
{
	const struct emd_config *cfg;
	unsigned int noio, noio_registry;
	int ret;

	noio = emd_lock_container(container);
	cfg = published_config(container);
	if (cfg) {
		ret = list_container_locked(recs, container, cfg, true);
		emd_unlock_container(container, noio);
		return ret;
	}
	emd_unlock_container(container, noio);

	noio_registry = emd_lock_registry();
	noio = emd_lock_container(container);
	cfg = published_config(container);
	ret = list_container_locked(recs, container, cfg ?: newest_seen(container), cfg);
	emd_unlock_container(container, noio);
	emd_unlock_registry(noio_registry);
	return ret;
}

/*
 * Disks with metadata that belong to no container, because it is damaged. They
 * are shown as those of a container without id, if there are any.
 */
static int list_homeless(struct records *recs)
{
	struct emd_rec_container *head;
	size_t pos = recs->used;
	struct emd_disk *disk;
	unsigned int noio;
	u32 nr = 0;
	int ret = 0;

	noio = emd_lock_registry();
	list_for_each_entry(disk, &emd_disks, node) {
		struct emd_rec_disk *rec;

		if (disk->container || !disk->ops || READ_ONCE(disk->gone))
			continue;
		ret = -ENOMEM;
		if (!nr && !add_record(recs, EMD_REC_CONTAINER, sizeof(struct emd_rec_container)))
			break;
		rec = add_record(recs, EMD_REC_DISK, sizeof(*rec));
		if (!rec)
			break;
		fill_live_disk(rec, disk);
		rec->state = EMD_UAPI_DISK_FOREIGN;
		nr++;
		ret = 0;
	}
	emd_unlock_registry(noio);
	if (ret || !nr)
		return ret;
	head = recs->buf + pos;
	strscpy(head->name, "foreign", sizeof(head->name));
	strscpy(head->reason, "metadata damaged", sizeof(head->reason));
	head->state = EMD_UAPI_CONTAINER_REFUSED;
	head->nr_disks = nr;
	return 0;
}

/**
 * emd_list_records() - everything there is, as EMD_REC_* records
 * @buf: gets the records, to be freed with kvfree(); NULL when there are none
 * @len: gets their bytes
 *
 * Return: 0, -ENOMEM, or -EINTR on a fatal signal; nothing to free then.
 * Context: Process context, sleeps. Takes G and C.
 */
int emd_list_records(void **buf, size_t *len)
{
	struct records recs = { };
	struct emd_container *container;
	int ret = 0;

	for (container = emd_container_next(NULL); container;
	     container = emd_container_next(container)) {
		ret = fatal_signal_pending(current) ? -EINTR : list_container(&recs, container);
		if (ret) {
			emd_container_put(container);
			break;
		}
	}
	if (!ret)
		ret = list_homeless(&recs);
	if (ret) {
		kvfree(recs.buf);
		return ret;
	}
	*buf = recs.buf;
	*len = recs.used;
	return 0;
}
