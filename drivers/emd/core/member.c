// SPDX-License-Identifier: GPL-2.0
/*
 * One member: errors of what was sent to it, and single pages read and written while
 * somebody waits.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/ratelimit.h>

#include "../emd.h"
#include "../log.h"

/**
 * emd_member_error() - count and log what a member could not do
 * @member: of a started array
 * @op: what it was to do
 * @disk_sector: where, on the disk
 * @nr_sectors: how long; a write of none is a flush
 * @status: how it failed
 *
 * Whether that fails the member is the caller's to say.
 *
 * Context: Any, irq-safe.
 */
void emd_member_error(struct emd_member *member, enum req_op op, u64 disk_sector,
		      unsigned int nr_sectors, blk_status_t status)
{
	bool is_write = op_is_write(op);

	atomic_inc(is_write ? &member->write_errors : &member->read_errors);
	/* One that errs without end does not hide what others do. */
	if (!__ratelimit(&member->telling))
		return;
	emd_err(member->array, "member %u (%s): %s error at %llu+%u (error %d)",
		member->slot, member->disk->name,
		!is_write ? "read" : nr_sectors ? "write" : "flush", disk_sector, nr_sectors,
		blk_status_to_errno(status));
}

/**
 * emd_member_io() - read or write a piece of a page and wait for it
 * @member: has a device, and keeps it meanwhile
 * @opf: read or write, and flags
 * @member_sector: where on the member
 * @nr_sectors: how many; all in the page
 * @data: in a page with a kernel address
 *
 * An error is counted and logged.
 *
 * Return: status of the request.
 * Context: Process context, sleeps; not beneath ->submit_bio(). Allocates nothing.
 */
blk_status_t emd_member_io(struct emd_member *member, blk_opf_t opf, u64 member_sector,
			   unsigned int nr_sectors, void *data)
{
	u64 disk_sector = member->start_sector + member_sector;
	blk_status_t status;
	struct bio_vec bvec;
	struct bio bio;

	bio_init(&bio, member->bdev, &bvec, 1, opf);
	bio.bi_iter.bi_sector = disk_sector;
	__bio_add_page(&bio, virt_to_page(data), nr_sectors << SECTOR_SHIFT, offset_in_page(data));
	submit_bio_wait(&bio);
	status = bio.bi_status;
	if (status)
		emd_member_error(member, bio_op(&bio), disk_sector, nr_sectors, status);
	bio_uninit(&bio);
	return status;
}

/**
 * emd_member_rewrite() - replace what a member cannot read, and see that it can
 * @member: has a device, and keeps it meanwhile
 * @member_sector: where on the member
 * @nr_sectors: how many; all in a page
 * @data: what belongs there, in a page with a kernel address
 * @back: to read it back to, likewise
 *
 * Return: BLK_STS_OK when the member gave back what was written.
 * Context: Process context, sleeps; not beneath ->submit_bio(). Allocates nothing. The
 * range is locked.
 */
blk_status_t emd_member_rewrite(struct emd_member *member, u64 member_sector,
				unsigned int nr_sectors, void *data, void *back)
{
	blk_status_t status;

	status = emd_member_io(member, REQ_OP_WRITE | REQ_SYNC | REQ_FUA, member_sector,
			       nr_sectors, data);
	if (!status)
		status = emd_member_io(member, REQ_OP_READ | REQ_SYNC, member_sector, nr_sectors,
				       back);
	if (!status && memcmp(data, back, nr_sectors << SECTOR_SHIFT))
		status = BLK_STS_IOERR;
	return status;
}

/**
 * emd_array_may_mend() - may members be rewritten for their own good?
 * @array: started
 *
 * Not on an array that must not be written.
 *
 * Context: Any.
 */
bool emd_array_may_mend(const struct emd_array *array)
{
	return !READ_ONCE(array->read_only) && !READ_ONCE(array->untouched) &&
	       !READ_ONCE(array->stopping) && !READ_ONCE(array->broken);
}
