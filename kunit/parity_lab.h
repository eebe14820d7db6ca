/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A lab for the parity engine: an array without metadata, on disks of memory that
 * watch what is done to them.
 *
 * A disk answers at once, or from a work item, or from softirq, in any order. It
 * has sectors that cannot be read until they are written, may refuse to write, and
 * tells of requests that go where they must not, or that write one sector twice at
 * a time. The array's container is a stub, whose worker records failures by
 * nodding. Everything above is the driver's own: bios go in through emd_fops.
 *
 * The model is flat: whole rows of data, as they should be. From it follows what
 * each disk must hold, by slow arithmetic and emd_geo_*().
 */
#ifndef _EMD_PARITY_LAB_H
#define _EMD_PARITY_LAB_H

#include <kunit/test.h>
#include <linux/blkdev.h>
#include <linux/completion.h>
#include <linux/interrupt.h>
#include <linux/prandom.h>
#include <linux/slab.h>
#include <linux/vmalloc.h>

#include "emd.h"

#define LAB_GUARD	24		/* sectors in front of a member, and behind it */
#define LAB_GUARD_BYTE	0x5a
#define LAB_GONE_BYTE	0xee		/* what a disk that is not there gets to hold */
#define LAB_TIMEOUT	(20 * HZ)
#define LAB_MAX_IOS	64
#define LAB_ALL_SLOTS	U16_MAX

struct lab;

struct lab_disk {
	struct lab *lab;
	struct emd_disk disk;
	struct gendisk *gd;
	u64 nr_sectors;
	u8 *data;
	unsigned long *unreadable;
	bool no_writes;
	unsigned int nr_hiccups;	/* writes that will fail, and then succeed */
	bool dead;
	bool no_zeroes;
	bool watch_fua;			/* a write without FUA is a fault */
	unsigned int nr_reads;
	unsigned int nr_writes;
};

struct lab {
	struct kunit *test;
	struct emd_container container;
	struct emd_array *array;
	struct lab_disk *disks;
	u16 nr_data;
	u16 nr_parity;
	u32 strip;			/* sectors */
	u32 block;			/* sectors of a logical block */
	u64 rows;
	u8 *model;
	u8 *parity[2];			/* scratch, a strip each */
	const u64 *strip_with[EMD_MAX_MEMBERS];	/* scratch, by exponent */
	unsigned long *vouched;		/* member sectors whose parity is to be right */
	struct rnd_state rnd;		/* the test's */
	bool small;			/* requests are no longer than a strip */
	bool hung;

	/* Of the disks: */
	spinlock_t lock;
	struct rnd_state disk_rnd;
	bool at_once;			/* nothing takes time */
	struct bio_list later;		/* a work item's */
	struct bio_list soft;		/* softirq's */
	struct work_struct work;
	struct tasklet_struct tasklet;
	const char *fault;

	/* Of the worker: */
	unsigned int nr_recorded;
	struct completion job_done;
};

static inline u32 lab_random(struct lab *lab, u32 below)
{
	return prandom_u32_state(&lab->rnd) % below;
}

/* ---- disks --------------------------------------------------------------------------- */

static void lab_fault(struct lab *lab, const char *fault)
{
	if (!lab->fault)
		WRITE_ONCE(lab->fault, fault);
}

static struct lab_disk *lab_disk_of(const struct bio *bio)
{
	return bio->bi_bdev->bd_disk->private_data;
}

static blk_status_t lab_move(struct lab_disk *disk, struct bio *bio)
{
	u64 sector = bio->bi_iter.bi_sector, nr = bio_sectors(bio), i;
	bool is_write = op_is_write(bio_op(bio));
	u8 *at = disk->data + (sector << SECTOR_SHIFT);
	struct bvec_iter iter;
	struct bio_vec bv;

	if (!nr)
		return BLK_STS_OK;
	if (disk->dead || (is_write && disk->no_writes))
		return BLK_STS_IOERR;
	if (is_write && disk->nr_hiccups) {
		disk->nr_hiccups--;
		return BLK_STS_IOERR;
	}
	if (bio_op(bio) == REQ_OP_WRITE_ZEROES && disk->no_zeroes)
		return BLK_STS_NOTSUPP;
	for (i = sector; i < sector + nr; i++) {
		if (is_write)
			clear_bit(i, disk->unreadable);
		else if (test_bit(i, disk->unreadable))
			return BLK_STS_MEDIUM;
	}
	if (!bio_has_data(bio)) {
		memset(at, 0, nr << SECTOR_SHIFT);
		return BLK_STS_OK;
	}
	bio_for_each_segment(bv, bio, iter) {
		if (is_write)
			memcpy_from_bvec(at, &bv);
		else
			memcpy_to_bvec(&bv, at);
		at += bv.bv_len;
	}
	return BLK_STS_OK;
}

static void lab_answer(struct bio *bio)
{
	bio->bi_status = lab_move(lab_disk_of(bio), bio);
	bio_endio(bio);
}

static void lab_answer_all(struct lab *lab, struct bio_list *list)
{
	struct bio *bio;

	do {
		spin_lock_bh(&lab->lock);
		bio = bio_list_pop(list);
		spin_unlock_bh(&lab->lock);
		if (bio)
			lab_answer(bio);
	} while (bio);
}

static void lab_disk_work(struct work_struct *work)
{
	struct lab *lab = container_of(work, struct lab, work);

	lab_answer_all(lab, &lab->later);
}

static void lab_disk_softirq(struct tasklet_struct *tasklet)
{
	struct lab *lab = container_of(tasklet, struct lab, tasklet);

	lab_answer_all(lab, &lab->soft);
}

static void lab_watch_list(struct lab *lab, const struct bio_list *list, const struct bio *bio)
{
	struct bio *other;

	bio_list_for_each(other, list) {
		if (other->bi_bdev != bio->bi_bdev || !op_is_write(bio_op(other)) ||
		    bio_end_sector(other) <= bio->bi_iter.bi_sector ||
		    bio_end_sector(bio) <= other->bi_iter.bi_sector)
			continue;
		lab_fault(lab, "two writes of one sector in flight");
	}
}

static void lab_watch(struct lab_disk *disk, const struct bio *bio)
{
	struct lab *lab = disk->lab;
	u64 size = lab->array->geo.member_sectors;

	if (bio_sectors(bio) && (bio->bi_iter.bi_sector < LAB_GUARD ||
				 bio_end_sector(bio) > LAB_GUARD + size))
		lab_fault(lab, "a request outside of the member");
	if ((bio->bi_iter.bi_sector | bio_sectors(bio)) & (lab->block - 1))
		lab_fault(lab, "a request that cuts a block");
	if (!op_is_write(bio_op(bio))) {
		disk->nr_reads++;
		return;
	}
	disk->nr_writes++;
	if (disk->watch_fua && bio_sectors(bio) && !(bio->bi_opf & REQ_FUA))
		lab_fault(lab, "a write that forgot FUA");
	lab_watch_list(lab, &lab->later, bio);
	lab_watch_list(lab, &lab->soft, bio);
}

static void lab_submit_bio(struct bio *bio)
{
	struct lab_disk *disk = lab_disk_of(bio);
	struct lab *lab = disk->lab;
	struct bio_list *list;
	u32 how;

	spin_lock_bh(&lab->lock);
	lab_watch(disk, bio);
	how = prandom_u32_state(&lab->disk_rnd);
	if (lab->at_once || how % 3 == 0) {
		spin_unlock_bh(&lab->lock);
		lab_answer(bio);
		return;
	}
	list = how % 3 == 1 ? &lab->later : &lab->soft;
	if (how & 0x100)
		bio_list_add(list, bio);
	else
		bio_list_add_head(list, bio);
	spin_unlock_bh(&lab->lock);
	if (list == &lab->later)
		queue_work(system_unbound_wq, &lab->work);
	else
		tasklet_schedule(&lab->tasklet);
}

static const struct block_device_operations lab_disk_fops = {
	.owner		= THIS_MODULE,
	.submit_bio	= lab_submit_bio,
};

/* Not added to the system, so that nobody looks at it. */
static struct gendisk *lab_gendisk(struct queue_limits *lim,
				   const struct block_device_operations *fops, void *data, u64 nr)
{
	struct gendisk *gd = blk_alloc_disk(lim, NUMA_NO_NODE);

	if (IS_ERR(gd))
		return NULL;
	gd->fops = fops;
	gd->private_data = data;
	strscpy(gd->disk_name, "lab", sizeof(gd->disk_name));
	bdev_set_flag(gd->part0, BD_HAS_SUBMIT_BIO);
	set_capacity(gd, nr);
	return gd;
}

static bool lab_disk_init(struct lab *lab, u16 slot)
{
	struct queue_limits lim = {
		.logical_block_size = lab->block << SECTOR_SHIFT,
		.physical_block_size = lab->block << SECTOR_SHIFT,
		.features = BLK_FEAT_WRITE_CACHE | BLK_FEAT_FUA | BLK_FEAT_NOWAIT,
		.max_hw_sectors = UINT_MAX >> SECTOR_SHIFT,
		.max_segments = USHRT_MAX,
		.max_segment_size = UINT_MAX,
		.max_write_zeroes_sectors = UINT_MAX >> SECTOR_SHIFT,
		.max_hw_discard_sectors = UINT_MAX >> SECTOR_SHIFT,
	};
	struct lab_disk *disk = &lab->disks[slot];
	struct emd_member *member = &lab->array->members[slot];
	u64 size = lab->array->geo.member_sectors;

	disk->lab = lab;
	disk->nr_sectors = size + 2 * LAB_GUARD;
	disk->data = vmalloc(disk->nr_sectors << SECTOR_SHIFT);
	disk->unreadable = kvcalloc(BITS_TO_LONGS(disk->nr_sectors), sizeof(long), GFP_KERNEL);
	disk->gd = lab_gendisk(&lim, &lab_disk_fops, disk, disk->nr_sectors);
	if (!disk->data || !disk->unreadable || !disk->gd)
		return false;
	memset(disk->data, LAB_GUARD_BYTE, disk->nr_sectors << SECTOR_SHIFT);
	kref_init(&disk->disk.ref);
	snprintf(disk->disk.name, sizeof(disk->disk.name), "lab%u", slot);
	disk->disk.bdev = disk->gd->part0;

	member->array = lab->array;
	member->slot = slot;
	member->disk = &disk->disk;
	member->bdev = disk->gd->part0;
	member->start_sector = LAB_GUARD;
	member->nr_sectors = size;
	member->state = EMD_MEMBER_IN_SYNC;
	return true;
}

static void lab_disk_exit(struct lab_disk *disk)
{
	if (disk->gd)
		put_disk(disk->gd);
	vfree(disk->data);
	kvfree(disk->unreadable);
}

static u8 *lab_strip(const struct lab *lab, u16 slot, u64 row)
{
	return lab->disks[slot].data + ((LAB_GUARD + row * lab->strip) << SECTOR_SHIFT);
}

/* ---- the worker ---------------------------------------------------------------------- */

static void lab_worker(struct work_struct *work)
{
	struct emd_container *container = container_of(work, struct emd_container, worker);
	struct lab *lab = container_of(container, struct lab, container);
	struct emd_array *array = lab->array;
	LIST_HEAD(parked);
	u16 slot;

	mutex_lock(&container->mutex);
	if (test_and_clear_bit(EMD_PENDING_FAIL, &array->pending)) {
		emd_io_take_parked(array, &parked);
		spin_lock_irq(&array->state_lock);
		for (slot = 0; slot < array->geo.nr_members; slot++) {
			lab->nr_recorded += array->members[slot].fail_pending;
			array->members[slot].fail_pending = false;
		}
		spin_unlock_irq(&array->state_lock);
		emd_io_release_parked(array, &parked, BLK_STS_OK);
	}
	if (test_and_clear_bit(EMD_PENDING_DIRTY, &array->pending))
		emd_array_allow_writes(array);
	if (test_and_clear_bit(EMD_PENDING_JOB_DONE, &array->pending))
		complete(&lab->job_done);
	mutex_unlock(&container->mutex);
}

/* Members change only so. */
static void lab_quiesce(struct lab *lab)
{
	mutex_lock(&lab->container.mutex);
	while (emd_array_quiesce(lab->array)) {
		mutex_unlock(&lab->container.mutex);
		schedule_timeout_uninterruptible(1);
		mutex_lock(&lab->container.mutex);
	}
}

static void lab_resume(struct lab *lab)
{
	emd_array_resume(lab->array, true);
	mutex_unlock(&lab->container.mutex);
}

/* ---- what should be ------------------------------------------------------------------ */

static u64 lab_double(u64 bytes)
{
	u64 high = bytes & 0x8080808080808080ULL;

	/* Each byte on its own, reduced by 0x11d. */
	return ((bytes ^ high) << 1) ^ ((high >> 7) * 0x1d);
}

/* Both parities of a row, from the model. */
static void lab_make_parity(struct lab *lab, u64 row)
{
	size_t bytes = lab->strip << SECTOR_SHIFT, nr = bytes / 8, i;
	const struct emd_geometry *geo = &lab->array->geo;
	const u8 *data = lab->model + row * lab->nr_data * bytes;
	u64 *p = (u64 *)lab->parity[0], *q = (u64 *)lab->parity[1];
	const u64 **strip_with = lab->strip_with;
	int e;
	u16 k;

	memset(p, 0, bytes);
	for (k = 0; k < lab->nr_data; k++)
		for (i = 0; i < nr; i++)
			p[i] ^= ((u64 *)(data + k * bytes))[i];
	if (lab->nr_parity == 1)
		return;
	memset(strip_with, 0, sizeof(lab->strip_with));
	for (k = 0; k < lab->nr_data; k++)
		strip_with[emd_geo_q_index(geo, row, emd_geo_data_slot(geo, row, k))] =
			(u64 *)(data + k * bytes);
	memset(q, 0, bytes);
	for (e = geo->nr_members - 1; e >= 0; e--)
		for (i = 0; i < nr; i++)
			q[i] = lab_double(q[i]) ^ (strip_with[e] ? strip_with[e][i] : 0);
}

/* What part @i of a row should hold; parity is of the row last made. */
static const u8 *lab_part(const struct lab *lab, u64 row, u16 i)
{
	if (i >= lab->nr_data)
		return lab->parity[i - lab->nr_data];
	return lab->model + (((row * lab->nr_data + i) * lab->strip) << SECTOR_SHIFT);
}

static u16 lab_part_slot(const struct lab *lab, u64 row, u16 i)
{
	const struct emd_geometry *geo = &lab->array->geo;
	u16 p, q;

	if (i < lab->nr_data)
		return emd_geo_data_slot(geo, row, i);
	emd_geo_parity(geo, row, &p, &q);
	return i == lab->nr_data ? p : q;
}

static u64 lab_row_end(const struct lab *lab, u64 row)
{
	return min((row + 1) * lab->strip * lab->nr_data, lab->array->geo.array_sectors);
}

/* Does a member hold all of a row? */
static bool lab_holds(const struct lab *lab, u16 slot, u64 row)
{
	const struct emd_member *member = &lab->array->members[slot];

	return member->state == EMD_MEMBER_IN_SYNC ||
	       (member->state == EMD_MEMBER_REBUILDING &&
		lab_row_end(lab, row) <= member->rebuilt_sector);
}

/* Put what should be on one member, or on all of them, from the start to @rows. */
static void lab_fill(struct lab *lab, u16 only_slot, u64 rows)
{
	u16 i, slot;
	u64 row;

	for (row = 0; row < rows; row++) {
		lab_make_parity(lab, row);
		for (i = 0; i < lab->nr_data + lab->nr_parity; i++) {
			slot = lab_part_slot(lab, row, i);
			if (only_slot == LAB_ALL_SLOTS || slot == only_slot)
				memcpy(lab_strip(lab, slot, row), lab_part(lab, row, i),
				       lab->strip << SECTOR_SHIFT);
		}
	}
}

static void lab_check_strip(struct lab *lab, u64 row, u16 i, u16 slot)
{
	const u8 *is = lab_strip(lab, slot, row), *should = lab_part(lab, row, i);
	u32 s;

	if (!memcmp(is, should, lab->strip << SECTOR_SHIFT))
		return;
	for (s = 0; s < lab->strip; s++, is += SECTOR_SIZE, should += SECTOR_SIZE) {
		if (i >= lab->nr_data && !test_bit(row * lab->strip + s, lab->vouched))
			continue;
		KUNIT_ASSERT_EQ_MSG(lab->test, memcmp(is, should, SECTOR_SIZE), 0,
				    "row %llu, %s %u on slot %u, sector %u of %u", row,
				    i < lab->nr_data ? "data" : "parity",
				    i < lab->nr_data ? i : i - lab->nr_data, slot, s, lab->strip);
	}
}

static void lab_check_guards(struct lab *lab, u16 slot)
{
	u64 size = lab->array->geo.member_sectors << SECTOR_SHIFT;
	u32 guard = LAB_GUARD << SECTOR_SHIFT;
	const u8 *data = lab->disks[slot].data;

	KUNIT_ASSERT_NULL(lab->test, memchr_inv(data, LAB_GUARD_BYTE, guard));
	KUNIT_ASSERT_NULL(lab->test, memchr_inv(data + guard + size, LAB_GUARD_BYTE, guard));
}

/* Each sector of each member is as the model has it, and nothing else was touched. */
static void lab_check(struct lab *lab)
{
	u64 row, size = lab->array->geo.member_sectors << SECTOR_SHIFT;
	u16 i, slot;

	KUNIT_ASSERT_NULL_MSG(lab->test, lab->fault, "%s", lab->fault);
	for (row = 0; row < lab->rows; row++) {
		lab_make_parity(lab, row);
		for (i = 0; i < lab->nr_data + lab->nr_parity; i++) {
			slot = lab_part_slot(lab, row, i);
			if (lab_holds(lab, slot, row))
				lab_check_strip(lab, row, i, slot);
		}
	}
	for (slot = 0; slot < lab->array->geo.nr_members; slot++) {
		lab_check_guards(lab, slot);
		if (lab->array->members[slot].state == EMD_MEMBER_MISSING)
			KUNIT_ASSERT_NULL(lab->test, memchr_inv(lab_strip(lab, slot, 0),
								LAB_GONE_BYTE, size));
	}
}

/* ---- members come and go ------------------------------------------------------------- */

static void lab_lose(struct lab *lab, u16 slot)
{
	struct emd_member *member = &lab->array->members[slot];

	lab_quiesce(lab);
	emd_member_set_state(member, EMD_MEMBER_MISSING, "test");
	member->disk = NULL;
	member->bdev = NULL;
	memset(lab_strip(lab, slot, 0), LAB_GONE_BYTE,
	       lab->array->geo.member_sectors << SECTOR_SHIFT);
	lab_resume(lab);
}

/* It holds its part of the first @rows rows, and rubbish above. */
static void lab_replace(struct lab *lab, u16 slot, u64 rows)
{
	struct emd_member *member = &lab->array->members[slot];

	lab_quiesce(lab);
	prandom_bytes_state(&lab->rnd, lab_strip(lab, slot, 0),
			    lab->array->geo.member_sectors << SECTOR_SHIFT);
	lab_fill(lab, slot, rows);
	lab->disks[slot].no_writes = false;
	lab->disks[slot].dead = false;
	member->disk = &lab->disks[slot].disk;
	member->bdev = lab->disks[slot].gd->part0;
	member->rebuilt_sector = rows * lab->strip * lab->nr_data;
	emd_member_set_state(member, EMD_MEMBER_REBUILDING, "test");
	lab_resume(lab);
}

static void lab_rebuilt(struct lab *lab, u16 slot)
{
	lab_quiesce(lab);
	emd_member_set_state(&lab->array->members[slot], EMD_MEMBER_IN_SYNC, "test");
	lab_resume(lab);
}

/* The parity from a row on is rubbish, and a resync is owed. */
static void lab_scribble_parity(struct lab *lab, u64 first_row)
{
	u16 i, slot;
	u64 row;

	lab_quiesce(lab);
	for (row = first_row; row < lab->rows; row++) {
		for (i = 0; i < lab->nr_parity; i++) {
			slot = lab_part_slot(lab, row, lab->nr_data + i);
			prandom_bytes_state(&lab->rnd, lab_strip(lab, slot, row),
					    lab->strip << SECTOR_SHIFT);
		}
	}
	bitmap_clear(lab->vouched, first_row * lab->strip, (lab->rows - first_row) * lab->strip);
	WRITE_ONCE(lab->array->resync_sector, first_row * lab->strip * lab->nr_data);
	lab_resume(lab);
}

static void lab_vouch_for_all(struct lab *lab)
{
	bitmap_set(lab->vouched, 0, lab->rows * lab->strip);
}

/* ---- users --------------------------------------------------------------------------- */

struct lab_io {
	struct lab *lab;
	struct bio bio;
	struct bio_vec *bvecs;	/* more than a pool's would do */
	u64 sector;
	u32 nr;
	u8 *room;		/* vmalloc()ed, so that it is many pages */
	u8 *data;		/* in @room, with any offset */
	bool nowait;
	struct completion done;
	blk_status_t status;
};

/* Is there a member that missed some of a write, and whose failure is not recorded? */
static bool lab_promised_too_much(const struct lab_io *io)
{
	const struct emd_array *array = io->lab->array;
	struct emd_piece piece;
	u32 done, nr;

	for (done = 0; done < io->nr; done += nr) {
		emd_geo_map(&array->geo, io->sector + done, 0, &piece);
		nr = min_t(u64, io->nr - done, piece.nr_sectors);
		if (READ_ONCE(array->members[piece.slot].fail_pending) &&
		    memcmp(io->data + (done << SECTOR_SHIFT),
			   io->lab->disks[piece.slot].data +
			   ((LAB_GUARD + piece.member_sector) << SECTOR_SHIFT), nr << SECTOR_SHIFT))
			return true;
	}
	return false;
}

static void lab_io_endio(struct bio *bio)
{
	struct lab_io *io = bio->bi_private;

	io->status = bio->bi_status;
	if (bio_op(bio) == REQ_OP_WRITE && !io->status && lab_promised_too_much(io))
		lab_fault(io->lab, "a write was answered before the failure it met was recorded");
	bio_uninit(bio);
	complete(&io->done);
}

static void lab_io_init(struct lab *lab, struct lab_io *io, u64 sector, u32 nr, blk_opf_t opf)
{
	u32 bytes = nr << SECTOR_SHIFT, offset = lab_random(lab, 8 / lab->block) * SECTOR_SIZE;
	unsigned int nr_bvecs = bytes / PAGE_SIZE + 2;
	enum req_op op = opf & REQ_OP_MASK;
	u8 *at, *end;

	memset(io, 0, sizeof(*io));
	init_completion(&io->done);
	io->lab = lab;
	io->sector = sector;
	io->nr = nr;
	io->nowait = opf & REQ_NOWAIT;
	io->room = vmalloc(bytes + PAGE_SIZE);
	io->bvecs = kvcalloc(nr_bvecs, sizeof(*io->bvecs), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(lab->test, io->room && io->bvecs);
	io->data = io->room + offset;
	bio_init(&io->bio, lab->array->gd->part0, io->bvecs, nr_bvecs, opf);
	io->bio.bi_iter.bi_sector = sector;
	io->bio.bi_end_io = lab_io_endio;
	io->bio.bi_private = io;
	if (op == REQ_OP_WRITE_ZEROES || op == REQ_OP_DISCARD) {
		io->bio.bi_iter.bi_size = bytes;
		return;
	}
	end = io->data + bytes;
	for (at = io->data; at < end; at += bytes) {
		bytes = min_t(u32, end - at, PAGE_SIZE - offset_in_page(at));
		__bio_add_page(&io->bio, vmalloc_to_page(at), bytes, offset_in_page(at));
	}
	if (op == REQ_OP_WRITE)
		prandom_bytes_state(&lab->rnd, io->data, nr << SECTOR_SHIFT);
}

static void lab_io_free(struct lab_io *io)
{
	vfree(io->room);
	kvfree(io->bvecs);
}

static void lab_io_wait(struct lab *lab, struct lab_io *io)
{
	if (lab->hung || wait_for_completion_timeout(&io->done, LAB_TIMEOUT))
		return;
	/* It may still come: everything stays where it is. */
	lab->hung = true;
	KUNIT_FAIL_AND_ABORT(lab->test, "a request does not end");
}

/* Where users' sectors are in the model: the same place. */
static u8 *lab_model(const struct lab *lab, u64 sector)
{
	return lab->model + (sector << SECTOR_SHIFT);
}

/* The parity above these sectors is right from now on. */
static void lab_vouch(struct lab *lab, u64 sector, u32 nr)
{
	u64 strip, s;

	for (s = sector; s < sector + nr; s++) {
		strip = s / lab->strip;
		set_bit(strip / lab->nr_data * lab->strip + s % lab->strip, lab->vouched);
	}
}

/* The request has been answered: what does it mean? */
static void lab_io_judge(struct lab *lab, struct lab_io *io, enum req_op op)
{
	u64 row = lab->strip * lab->nr_data, from, to;

	if (io->status == BLK_STS_AGAIN && io->nowait) {
		/* As if it had not been. */
		lab_io_free(io);
		return;
	}
	KUNIT_ASSERT_EQ_MSG(lab->test, blk_status_to_errno(io->status), 0, "op %u at %llu+%u", op,
			    io->sector, io->nr);
	switch (op) {
	case REQ_OP_READ:
		KUNIT_ASSERT_EQ_MSG(lab->test, memcmp(io->data, lab_model(lab, io->sector),
						      io->nr << SECTOR_SHIFT), 0,
				    "read of %llu+%u is wrong", io->sector, io->nr);
		break;
	case REQ_OP_WRITE:
		memcpy(lab_model(lab, io->sector), io->data, io->nr << SECTOR_SHIFT);
		lab_vouch(lab, io->sector, io->nr);
		break;
	case REQ_OP_WRITE_ZEROES:
		memset(lab_model(lab, io->sector), 0, io->nr << SECTOR_SHIFT);
		lab_vouch(lab, io->sector, io->nr);
		break;
	default:
		/* Whole rows are zero then, others as they were: parity-engine.rst. */
		from = roundup(io->sector, row);
		to = rounddown(io->sector + io->nr, row);
		if (from >= to)
			break;
		memset(lab_model(lab, from), 0, (to - from) << SECTOR_SHIFT);
		lab_vouch(lab, from, to - from);
		break;
	}
	lab_io_free(io);
}

static enum req_op lab_any_op(struct lab *lab)
{
	switch (lab_random(lab, 20)) {
	case 0:
	case 1:
		return REQ_OP_WRITE_ZEROES;
	case 2:
		return REQ_OP_DISCARD;
	case 3 ... 10:
		return REQ_OP_READ;
	default:
		return REQ_OP_WRITE;
	}
}

/* Some range of the array that a user could ask for. */
static void lab_any_range(struct lab *lab, u64 *sector, u32 *nr)
{
	u64 size = lab->array->geo.array_sectors;
	u32 row = lab->strip * lab->nr_data, unit = lab->block;

	switch (lab_random(lab, 6)) {
	case 0:
		*nr = 1 + lab_random(lab, 8);
		break;
	case 1:
		*nr = 1 + lab_random(lab, lab->strip);
		break;
	case 2:
		*nr = unit = lab->strip;
		break;
	case 3:
		*nr = row * (1 + lab_random(lab, 2));
		unit = row;
		break;
	case 4:
		*nr = 1 + lab_random(lab, min(2 * row, 4096U));
		break;
	default:
		*nr = 8;
		unit = 8;
		break;
	}
	if (lab->small && *nr > lab->strip)
		*nr = unit = lab->strip;
	*nr = round_up(*nr, lab->block);
	*sector = div_u64(lab_random(lab, size), unit) * unit;
	*nr = min_t(u64, *nr, size - *sector);
}

/* Requests in flight together, none over another; all must succeed. */
static void lab_round(struct lab *lab, unsigned int nr_ios)
{
	u64 size = lab->array->geo.array_sectors, sector;
	struct lab_io *ios;
	enum req_op ops[LAB_MAX_IOS];
	unsigned long *busy;
	unsigned int nr_sent = 0, i;
	struct blk_plug plug;
	u32 nr;

	ios = kvcalloc(nr_ios, sizeof(*ios), GFP_KERNEL);
	busy = kvcalloc(BITS_TO_LONGS(size), sizeof(long), GFP_KERNEL);
	KUNIT_ASSERT_TRUE(lab->test, ios && busy);
	for (i = 0; i < nr_ios; i++) {
		blk_opf_t opf = lab_any_op(lab);

		lab_any_range(lab, &sector, &nr);
		if (find_next_bit(busy, sector + nr, sector) < sector + nr)
			continue;
		bitmap_set(busy, sector, nr);
		ops[nr_sent] = opf;
		if (!lab_random(lab, 8) && (opf == REQ_OP_READ || opf == REQ_OP_WRITE))
			opf |= REQ_NOWAIT;
		if ((opf & REQ_OP_MASK) == REQ_OP_WRITE) {
			if (!lab_random(lab, 8))
				opf |= REQ_FUA;
			if (!lab_random(lab, 16))
				opf |= REQ_PREFLUSH;
			if (lab_random(lab, 2))
				opf |= REQ_SYNC;
		}
		lab_io_init(lab, &ios[nr_sent++], sector, nr, opf);
	}
	if (lab_random(lab, 2)) {
		blk_start_plug(&plug);
		for (i = 0; i < nr_sent; i++)
			submit_bio(&ios[i].bio);
		blk_finish_plug(&plug);
	} else {
		for (i = 0; i < nr_sent; i++)
			submit_bio(&ios[i].bio);
	}
	for (i = 0; i < nr_sent; i++)
		lab_io_wait(lab, &ios[i]);
	for (i = 0; i < nr_sent; i++)
		lab_io_judge(lab, &ios[i], ops[i]);
	kvfree(busy);
	kvfree(ios);
}

static void lab_rounds(struct lab *lab, unsigned int nr)
{
	while (nr--)
		lab_round(lab, 1 + lab_random(lab, LAB_MAX_IOS));
	lab_quiesce(lab);
	lab_resume(lab);
	lab_check(lab);
}

/* One request, and its -errno; when that is 0 what it means is for lab_io_judge(). */
static int lab_do(struct lab *lab, struct lab_io *io, u64 sector, u32 nr, blk_opf_t opf)
{
	lab_io_init(lab, io, sector, nr, opf);
	submit_bio(&io->bio);
	lab_io_wait(lab, io);
	return blk_status_to_errno(io->status);
}

static void lab_read_all(struct lab *lab)
{
	u64 size = lab->array->geo.array_sectors, sector;
	struct lab_io io;
	u32 nr;

	for (sector = 0; sector < size; sector += nr) {
		nr = min_t(u64, size - sector, 512);
		lab_do(lab, &io, sector, nr, REQ_OP_READ);
		lab_io_judge(lab, &io, REQ_OP_READ);
	}
}

/* ---- background work ----------------------------------------------------------------- */

static void lab_job_start(struct lab *lab, enum emd_sync_action action)
{
	int ret;

	mutex_lock(&lab->container.mutex);
	reinit_completion(&lab->job_done);
	ret = emd_job_start(lab->array->job, action, 0);
	mutex_unlock(&lab->container.mutex);
	KUNIT_ASSERT_EQ(lab->test, ret, 0);
}

static int lab_job_wait(struct lab *lab, struct emd_job_status *status)
{
	if (!wait_for_completion_timeout(&lab->job_done, LAB_TIMEOUT)) {
		lab->hung = true;
		KUNIT_FAIL_AND_ABORT(lab->test, "a job does not end");
	}
	emd_job_get_status(lab->array->job, status);
	mutex_lock(&lab->container.mutex);
	emd_job_acknowledge(lab->array->job);
	mutex_unlock(&lab->container.mutex);
	return emd_job_result(lab->array->job);
}

/* Sectors found to differ. */
static u64 lab_job(struct lab *lab, enum emd_sync_action action)
{
	struct emd_job_status status;

	lab_job_start(lab, action);
	KUNIT_ASSERT_EQ(lab->test, lab_job_wait(lab, &status), 0);
	KUNIT_ASSERT_EQ(lab->test, status.unreadable, 0);
	return status.mismatches;
}

/* ---- the lab itself ------------------------------------------------------------------ */

static void lab_destroy(void *data)
{
	struct lab *lab = data;
	struct emd_array *array = lab->array;
	u16 slot;

	/* Better lost than freed under somebody. */
	if (lab->hung || !array)
		return;
	if (array->gd) {
		WRITE_ONCE(array->stopping, true);
		lab_quiesce(lab);
		mutex_unlock(&lab->container.mutex);
	}
	if (!IS_ERR_OR_NULL(array->job))
		emd_job_destroy(array->job);
	if (array->engine_data)
		array->engine->stop(array);
	emd_range_lock_free(array->ranges);
	cancel_work_sync(&lab->container.worker);
	emd_io_exit(array);
	if (array->gd)
		put_disk(array->gd);
	cancel_work_sync(&lab->work);
	tasklet_kill(&lab->tasklet);
	for (slot = 0; lab->disks && slot < array->geo.nr_members; slot++)
		lab_disk_exit(&lab->disks[slot]);
	kvfree(lab->disks);
	kvfree(array->members);
	kfree(array);
	vfree(lab->model);
	vfree(lab->parity[0]);
	vfree(lab->parity[1]);
	kvfree(lab->vouched);
	lab->array = NULL;
}

static bool lab_start_array(struct lab *lab)
{
	struct emd_array *array = lab->array;
	struct queue_limits lim;
	struct emd_errmsg msg = {};

	array->ranges = emd_range_lock_alloc();
	if (!array->ranges || array->engine->start(array, &msg))
		return false;
	array->job = emd_job_create(array);
	if (!array->job)
		return false;
	emd_array_set_limits(array, &lim);
	array->gd = lab_gendisk(&lim, &emd_fops, array, array->geo.array_sectors);
	if (!array->gd)
		return false;
	/* To quiesce takes no grace period then, and tests do it often. */
	percpu_ref_switch_to_atomic_sync(&array->reads);
	percpu_ref_switch_to_atomic_sync(&array->writes);
	mutex_lock(&lab->container.mutex);
	emd_array_resume(array, true);
	mutex_unlock(&lab->container.mutex);
	return true;
}

static bool lab_build(struct lab *lab, const struct emd_geometry *geo)
{
	struct emd_container *container = &lab->container;
	struct emd_array *array;
	u16 slot;

	kref_init(&container->ref);
	mutex_init(&container->mutex);
	INIT_LIST_HEAD(&container->node);
	INIT_LIST_HEAD(&container->disks);
	INIT_LIST_HEAD(&container->arrays);
	INIT_WORK(&container->worker, lab_worker);
	init_waitqueue_head(&container->settled);
	strscpy(container->name, "lab", sizeof(container->name));

	array = kzalloc(sizeof(*array), GFP_KERNEL);
	if (!array)
		return false;
	array->geo = *geo;
	array->container = container;
	array->engine = &emd_parity_engine;
	array->has_dirty_mark = true;
	array->resync_sector = U64_MAX;
	array->minor = 999;
	strscpy(array->name, "lab", sizeof(array->name));
	kref_init(&array->ref);
	INIT_LIST_HEAD(&array->node);
	INIT_LIST_HEAD(&array->parked_batch);
	spin_lock_init(&array->state_lock);
	if (emd_io_init(array)) {
		kfree(array);
		return false;
	}
	lab->array = array;
	array->members = kvcalloc(geo->nr_members, sizeof(*array->members), GFP_KERNEL);
	lab->disks = kvcalloc(geo->nr_members, sizeof(*lab->disks), GFP_KERNEL);
	lab->model = vmalloc(lab->rows * lab->strip * lab->nr_data << SECTOR_SHIFT);
	lab->parity[0] = vmalloc(lab->strip << SECTOR_SHIFT);
	lab->parity[1] = vmalloc(lab->strip << SECTOR_SHIFT);
	lab->vouched = kvcalloc(BITS_TO_LONGS(geo->member_sectors), sizeof(long), GFP_KERNEL);
	if (!array->members || !lab->disks || !lab->model || !lab->parity[0] || !lab->parity[1] ||
	    !lab->vouched)
		return false;
	for (slot = 0; slot < geo->nr_members; slot++)
		if (!lab_disk_init(lab, slot))
			return false;
	prandom_bytes_state(&lab->rnd, lab->model,
			    lab->rows * lab->strip * lab->nr_data << SECTOR_SHIFT);
	lab_fill(lab, LAB_ALL_SLOTS, lab->rows);
	lab_vouch_for_all(lab);
	return lab_start_array(lab);
}

/*
 * An array of some rows with random content, in sync, that takes bios; its last
 * row may be cut short.
 */
static struct lab *lab_create(struct kunit *test, enum emd_level level, enum emd_layout layout,
			      u16 nr_members, u32 strip_sectors, u64 rows)
{
	struct lab *lab = kunit_kzalloc(test, sizeof(*lab), GFP_KERNEL);
	struct emd_geometry geo = {
		.level = level,
		.layout = layout,
		.nr_members = nr_members,
		.nr_copies = 1,
		.strip_sectors = strip_sectors,
		.member_sectors = rows * strip_sectors,
	};
	bool built;

	KUNIT_ASSERT_NOT_NULL(test, lab);
	prandom_seed_state(&lab->rnd, nr_members * 1000 + layout * 10 + strip_sectors);
	prandom_seed_state(&lab->disk_rnd, nr_members);
	lab->test = test;
	lab->nr_data = emd_geo_nr_data(&geo);
	lab->nr_parity = nr_members - lab->nr_data;
	lab->strip = strip_sectors;
	lab->rows = rows;
	lab->block = strip_sectors >= 8 && !lab_random(lab, 4) ? 8 : 1;
	geo.array_sectors = emd_geo_capacity(&geo);
	if (lab_random(lab, 2))
		geo.array_sectors -= round_down(lab_random(lab, strip_sectors * lab->nr_data), 8);
	KUNIT_ASSERT_EQ(test, emd_geo_validate(&geo, NULL), 0);
	spin_lock_init(&lab->lock);
	bio_list_init(&lab->later);
	bio_list_init(&lab->soft);
	INIT_WORK(&lab->work, lab_disk_work);
	tasklet_setup(&lab->tasklet, lab_disk_softirq);
	init_completion(&lab->job_done);
	built = lab_build(lab, &geo);
	KUNIT_ASSERT_EQ(test, kunit_add_action_or_reset(test, lab_destroy, lab), 0);
	KUNIT_ASSERT_TRUE(test, built);
	return lab;
}

/* Before the end of its test, for tests that make many. */
static void lab_end(struct lab *lab)
{
	kunit_release_action(lab->test, lab_destroy, lab);
}

#endif /* _EMD_PARITY_LAB_H */
