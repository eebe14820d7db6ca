// SPDX-License-Identifier: GPL-2.0
/*
 * Background work on copies: one window of resync, rebuild, check or repair.
 *
 *   resync    read the source copy, write all others that are in service
 *   rebuild   read the source copy of what REBUILDING members hold, write those
 *   check     read all copies in sync, compare with the source copy, count
 *   repair    like check, and write the source copy over what differs
 *   replace   read the member that has a twin, write the twin
 *
 * A resync does not compare first. Reading all copies costs as much as writing
 * them, and after a crash the few regions that do differ must be written anyway.
 *
 * Each member's part of a window is read or written in as few bios as its strips
 * are contiguous there, which is one for every layout; the window's pages are in
 * array order. With c copies there are c areas of pages, of which resync and
 * rebuild use the first.
 *
 * When a member fails under a window the window is done again with what is left:
 * whom it read and whom it wrote must be the same copies from beginning to end.
 *
 * When a read fails the window is done again by hand, block by block: the first
 * copy that can be read is the source, and copies that cannot are rewritten and
 * read back. A block that no copy gives is counted and told once. A resync or
 * scrub goes on: the block is as lost as it was. A rebuild ends: the formats have
 * no way to say "all but this block", and a member called good must be good. So
 * does a replace; what the member cannot give it takes from the other copies, and
 * leaves the member alone.
 *
 * The range is locked against writes throughout; reads go on beside.
 */
#include <linux/slab.h>

#include "../emd.h"
#include "mirror.h"

/* Sectors a window covers on one member, and in the array at most. */
#define MEMBER_WINDOW	1024
#define ARRAY_WINDOW	4096

/* In window->priv. */
struct mirror_window {
	bool writing;			/* second half */
};

static struct mirror_window *mirror_window_of(struct emd_window *window)
{
	static_assert(sizeof(struct mirror_window) <= sizeof_field(struct emd_window, priv));
	return (struct mirror_window *)window->priv;
}

/**
 * mirror_window_sectors() - array sectors of a window
 * @array: array
 *
 * Half a MiB on each member, less where that would take too much memory; whole
 * rows, or strips, where they fit.
 *
 * Context: Any.
 */
u64 mirror_window_sectors(const struct emd_array *array)
{
	const struct emd_geometry *geo = &array->geo;
	u64 unit = emd_geo_stripe_sectors(geo);
	u32 nr = ARRAY_WINDOW * 2 / geo->nr_copies;

	if (geo->level == EMD_LEVEL_RAID1)
		return round_down(min_t(u32, nr, MEMBER_WINDOW), MIRROR_BLOCK_SECTORS);
	nr = min_t(u32, MEMBER_WINDOW * geo->nr_members / geo->nr_copies, ARRAY_WINDOW);
	if (unit <= nr)
		return nr - nr % (u32)unit;
	if (geo->strip_sectors <= nr)
		return nr - nr % geo->strip_sectors;
	return round_down(nr, MIRROR_BLOCK_SECTORS);
}

/**
 * mirror_window_pages() - pages a window needs
 * @array: array
 *
 * Context: Any.
 */
unsigned int mirror_window_pages(const struct emd_array *array)
{
	u32 bytes = (u32)mirror_window_sectors(array) << SECTOR_SHIFT;

	return array->geo.nr_copies * DIV_ROUND_UP(bytes, PAGE_SIZE);
}

/* Bytes into the window's pages where a copy of a sector goes. */
static unsigned int page_bytes(const struct emd_window *window, unsigned int area,
			       u64 array_sector)
{
	return area * (window->nr_pages / window->array->geo.nr_copies) * PAGE_SIZE +
	       ((unsigned int)(array_sector - window->array_sector) << SECTOR_SHIFT);
}

/* ---- who is read, who is written ---------------------------------------------- */

static u16 first_slot(const struct emd_geometry *geo, u16 slot, u16 copy)
{
	return slot >= copy ? slot - copy : slot + geo->nr_members - copy;
}

/* Is another copy of what is on @slot in a state that @wanted has a bit for? */
static bool has_other_copy(const struct emd_array *array, u16 slot, u16 copy, u32 wanted)
{
	const struct emd_geometry *geo = &array->geo;
	u16 first = first_slot(geo, slot, copy), other;

	for (other = 0; other < geo->nr_copies; other++) {
		u16 other_slot = mirror_slot(geo, first, other);

		if (other != copy && (BIT(READ_ONCE(array->members[other_slot].state)) & wanted))
			return true;
	}
	return false;
}

static bool is_read(const struct emd_window *window, u16 slot, const struct mirror_run *run)
{
	const struct emd_array *array = window->array;

	if (READ_ONCE(array->members[slot].state) != EMD_MEMBER_IN_SYNC)
		return false;
	switch (window->action) {
	case EMD_SYNC_REPLACE:
		return emd_member_twin(&array->members[slot]);
	case EMD_SYNC_CHECK:
	case EMD_SYNC_REPAIR:
		return has_other_copy(array, slot, run->copy, BIT(EMD_MEMBER_IN_SYNC));
	case EMD_SYNC_REBUILD:
		if (!has_other_copy(array, slot, run->copy, BIT(EMD_MEMBER_REBUILDING)))
			return false;
		break;
	default:
		if (!has_other_copy(array, slot, run->copy,
				    BIT(EMD_MEMBER_IN_SYNC) | BIT(EMD_MEMBER_REBUILDING)))
			return false;
		break;
	}
	return mirror_source_copy(array, first_slot(&array->geo, slot, run->copy)) == run->copy;
}

/* Is the copy made from the source copy, or compared with it? */
static bool is_made(const struct emd_window *window, u16 slot, const struct mirror_run *run,
		    int source)
{
	const struct emd_member *member = &window->array->members[slot];
	enum emd_member_state state = READ_ONCE(member->state);

	if (window->action == EMD_SYNC_REPLACE)
		return emd_member_twin(member);
	if (source < 0 || source == run->copy)
		return false;
	switch (window->action) {
	case EMD_SYNC_CHECK:
	case EMD_SYNC_REPAIR:
		return state == EMD_MEMBER_IN_SYNC;
	case EMD_SYNC_REBUILD:
		return state == EMD_MEMBER_REBUILDING;
	default:
		return state == EMD_MEMBER_IN_SYNC || state == EMD_MEMBER_REBUILDING;
	}
}

/* ---- comparing ------------------------------------------------------------------- */

/*
 * Report the sectors in which two runs of bytes differ. Both within one page.
 */
static bool compare_bytes(struct emd_window *window, u64 array_sector, const void *a,
			  const void *b, unsigned int len)
{
	unsigned int at, from = 0, nr = 0;

	if (likely(!memcmp(a, b, len)))
		return false;
	for (at = 0; at < len; at += SECTOR_SIZE) {
		if (!memcmp(a + at, b + at, SECTOR_SIZE))
			continue;
		if (nr && from + nr * SECTOR_SIZE != at) {
			emd_window_mismatch(window, array_sector + (from >> SECTOR_SHIFT), nr);
			nr = 0;
		}
		if (!nr++)
			from = at;
	}
	emd_window_mismatch(window, array_sector + (from >> SECTOR_SHIFT), nr);
	return true;
}

/* Does a run differ from the source copy? */
static bool run_differs(struct emd_window *window, const struct mirror_run *run, int source)
{
	unsigned int a = page_bytes(window, source, run->array_sector);
	unsigned int b = page_bytes(window, run->copy, run->array_sector);
	unsigned int left = run->nr_sectors << SECTOR_SHIFT;
	u64 sector = run->array_sector;
	bool differs = false;

	/* Areas are whole pages, so both have the same offset in theirs. */
	while (left) {
		unsigned int in_page = offset_in_page(a);
		unsigned int len = min_t(unsigned int, left, PAGE_SIZE - in_page);

		differs |= compare_bytes(window, sector,
					 page_address(window->pages[a >> PAGE_SHIFT]) + in_page,
					 page_address(window->pages[b >> PAGE_SHIFT]) + in_page,
					 len);
		a += len;
		b += len;
		sector += len >> SECTOR_SHIFT;
		left -= len;
	}
	return differs;
}

/* ---- bios --------------------------------------------------------------------------- */

static void window_step(struct work_struct *work);

/* Nothing failed, and nobody went: what was done so far counts. */
static bool went_well(const struct emd_window *window)
{
	return !window->read_failed && !emd_window_disturbed(window);
}

/**
 * mirror_window_idle() - go on with a window
 * @window: nothing of it is in flight any more
 *
 * Context: Any, irq-safe.
 */
void mirror_window_idle(struct emd_window *window)
{
	if (mirror_window_of(window)->writing && went_well(window))
		emd_window_done(window);
	else
		emd_window_queue(window, window_step);
}

static void send_bio(struct emd_window *window, struct bio *bio)
{
	if (bio)
		emd_window_send(window, bio);
}

/*
 * Append a run to @bio if it follows there, else send @bio and begin another.
 * Never more than one bio that is not sent: the pool is shared by all windows.
 */
static struct bio *add_run(struct emd_window *window, struct emd_member *member, blk_opf_t opf,
			   struct bio *bio, const struct mirror_run *run, unsigned int area)
{
	unsigned int at = page_bytes(window, area, run->array_sector);
	unsigned int left = run->nr_sectors << SECTOR_SHIFT;
	u64 sector = run->member_sector;

	while (left) {
		struct page *page = window->pages[at >> PAGE_SHIFT];
		unsigned int len = min_t(unsigned int, left, PAGE_SIZE - offset_in_page(at));

		if (!bio || bio_end_sector(bio) !=
			    emd_window_disk_sector(window, member, opf & REQ_OP_MASK, sector) ||
		    bio_add_page(bio, page, len, offset_in_page(at)) != len) {
			send_bio(window, bio);
			bio = emd_window_bio(window, member, opf, sector, window->nr_pages);
			__bio_add_page(bio, page, len, offset_in_page(at));
		}
		at += len;
		sector += len >> SECTOR_SHIFT;
		left -= len;
	}
	return bio;
}

/* ---- a window's part on one member ------------------------------------------------- */

/**
 * mirror_window_rows() - the rows a window touches
 * @geo: raid1, raid1e or raid10
 * @array_sector: first sector of the window
 * @nr_sectors: at least 1
 * @first: gets the member sector where the first row begins
 * @end: gets the one behind the last row
 *
 * The same on all members: rows only rise with the array sector and the copy.
 *
 * Context: Any.
 */
void mirror_window_rows(const struct emd_geometry *geo, u64 array_sector, u64 nr_sectors,
			u64 *first, u64 *end)
{
	struct emd_piece piece;

	if (geo->level == EMD_LEVEL_RAID1) {
		*first = array_sector;
		*end = array_sector + nr_sectors;
		return;
	}
	emd_geo_map(geo, array_sector, 0, &piece);
	*first = round_down(piece.member_sector, (u64)geo->strip_sectors);
	emd_geo_map(geo, array_sector + nr_sectors - 1, geo->nr_copies - 1, &piece);
	*end = round_down(piece.member_sector, (u64)geo->strip_sectors) + geo->strip_sectors;
}

/**
 * mirror_next_run() - what a row of a slot holds of a window
 * @geo: raid1, raid1e or raid10
 * @array_sector: first sector of the window
 * @nr_sectors: at least 1
 * @slot: member
 * @cursor: where the row begins, from mirror_window_rows(); moved to the next
 * @run: gets it
 *
 * Return: false when the row holds nothing of the window here.
 * Context: Any.
 */
bool mirror_next_run(const struct emd_geometry *geo, u64 array_sector, u64 nr_sectors, u16 slot,
		     u64 *cursor, struct mirror_run *run)
{
	u64 end = array_sector + nr_sectors;
	u64 row = *cursor, begin, skip = 0;

	if (geo->level == EMD_LEVEL_RAID1) {
		*cursor = end;
		run->array_sector = array_sector;
		run->member_sector = array_sector;
		run->nr_sectors = nr_sectors;
		run->copy = slot;
		return true;
	}
	*cursor += geo->strip_sectors;
	if (!emd_geo_unmap(geo, slot, row, &begin, &run->copy))
		return false;
	if (begin + geo->strip_sectors <= array_sector || begin >= end)
		return false;
	if (begin < array_sector)
		skip = array_sector - begin;
	run->array_sector = begin + skip;
	run->member_sector = row + skip;
	run->nr_sectors = min(geo->strip_sectors - skip, end - run->array_sector);
	return true;
}

/* The same for a window in flight. */
static void window_rows(const struct emd_window *window, u64 *first, u64 *end)
{
	mirror_window_rows(&window->array->geo, window->array_sector, window->nr_sectors, first,
			   end);
}

static bool next_run(const struct emd_window *window, u16 slot, u64 *cursor,
		     struct mirror_run *run)
{
	return mirror_next_run(&window->array->geo, window->array_sector, window->nr_sectors,
			       slot, cursor, run);
}

static void read_members(struct emd_window *window)
{
	struct emd_array *array = window->array;
	bool compares = window->action == EMD_SYNC_CHECK || window->action == EMD_SYNC_REPAIR;
	u64 first, end;
	u16 slot;

	window_rows(window, &first, &end);
	for (slot = 0; slot < array->geo.nr_members; slot++) {
		struct emd_member *member = &array->members[slot];
		struct bio *bio = NULL;
		struct mirror_run run;
		u64 cursor = first;

		while (cursor < end) {
			if (next_run(window, slot, &cursor, &run) && is_read(window, slot, &run))
				bio = add_run(window, member, REQ_OP_READ | REQ_SYNC, bio, &run,
					      compares ? run.copy : 0);
		}
		send_bio(window, bio);
	}
}

static void make_members(struct emd_window *window)
{
	struct emd_array *array = window->array;
	bool compares = window->action == EMD_SYNC_CHECK || window->action == EMD_SYNC_REPAIR;
	u64 first, end;
	u16 slot;

	window_rows(window, &first, &end);
	for (slot = 0; slot < array->geo.nr_members; slot++) {
		struct emd_member *member = &array->members[slot];
		struct bio *bio = NULL;
		struct mirror_run run;
		u64 cursor = first;

		while (cursor < end) {
			int source;

			if (!next_run(window, slot, &cursor, &run))
				continue;
			source = mirror_source_copy(array, first_slot(&array->geo, slot, run.copy));
			if (!is_made(window, slot, &run, source))
				continue;
			if (compares && (!run_differs(window, &run, source) ||
					 window->action == EMD_SYNC_CHECK))
				continue;
			bio = add_run(window, member, REQ_OP_WRITE | REQ_SYNC, bio, &run,
				      compares ? source : 0);
		}
		send_bio(window, bio);
	}
}

/* ---- by hand, after a read error ------------------------------------------------------ */

/* A failed write fails the member; -EIO when it is needed. */
static int judge_write(struct emd_member *member, blk_status_t status)
{
	if (!status || emd_member_fail(member, "write error"))
		return 0;
	return -EIO;
}

/*
 * One copy of a block: bring it in line with the source in page 0. @bad: it
 * could not be read before.
 */
static int make_copy(struct emd_window *window, struct emd_member *member, u64 member_sector,
		     u64 array_sector, unsigned int nr_sectors, bool bad, u64 *nr_repaired)
{
	void *source = page_address(window->pages[0]), *back = page_address(window->pages[1]);
	enum emd_member_state state = READ_ONCE(member->state);

	if (state == EMD_MEMBER_REBUILDING) {
		if (window->action != EMD_SYNC_REBUILD && window->action != EMD_SYNC_RESYNC)
			return 0;
		return judge_write(member,
				   emd_member_io(member, REQ_OP_WRITE | REQ_SYNC, member_sector,
						 nr_sectors, source));
	}
	if (state != EMD_MEMBER_IN_SYNC || (window->action == EMD_SYNC_REBUILD && !bad))
		return 0;
	if (!bad)
		bad = emd_member_io(member, REQ_OP_READ | REQ_SYNC, member_sector, nr_sectors,
				    back);
	/* One that goes anyway is spared: what it cannot rewrite would be its end now. */
	if (bad && emd_member_twin(member))
		return 0;
	if (bad) {
		*nr_repaired += nr_sectors;
		return judge_write(member, emd_member_rewrite(member, member_sector, nr_sectors,
							      source, back));
	}
	if (window->action == EMD_SYNC_RESYNC) {
		if (!memcmp(source, back, nr_sectors << SECTOR_SHIFT))
			return 0;
	} else if (!compare_bytes(window, array_sector, source, back,
				  nr_sectors << SECTOR_SHIFT) ||
		   window->action == EMD_SYNC_CHECK) {
		return 0;
	}
	return judge_write(member, emd_member_io(member, REQ_OP_WRITE | REQ_SYNC, member_sector,
						 nr_sectors, source));
}

static int block_by_hand(struct emd_window *window, u64 sector, unsigned int nr_sectors,
			 u64 *nr_repaired)
{
	struct emd_array *array = window->array;
	int source = -1, ret;
	bool has_target = false;
	u32 bad = 0;
	u16 copy;

	for (copy = 0; copy < array->geo.nr_copies; copy++) {
		struct emd_member *member;
		struct emd_piece piece;

		emd_geo_map(&array->geo, sector, copy, &piece);
		member = &array->members[piece.slot];
		has_target |= READ_ONCE(member->state) == EMD_MEMBER_REBUILDING;
		if (source >= 0 || READ_ONCE(member->state) != EMD_MEMBER_IN_SYNC)
			continue;
		if (!emd_member_io(member, REQ_OP_READ | REQ_SYNC, piece.member_sector,
				   nr_sectors, page_address(window->pages[0])))
			source = copy;
		else if (READ_ONCE(member->disk->gone))
			emd_member_fail(member, "device gone");
		else
			bad |= BIT(copy);
	}
	if (source < 0) {
		emd_window_unreadable(window, sector, nr_sectors);
		return window->action == EMD_SYNC_REBUILD && has_target ? -EIO : 0;
	}
	for (copy = 0; copy < array->geo.nr_copies; copy++) {
		struct emd_piece piece;

		if (copy == source)
			continue;
		emd_geo_map(&array->geo, sector, copy, &piece);
		ret = make_copy(window, &array->members[piece.slot], piece.member_sector, sector,
				nr_sectors, bad & BIT(copy), nr_repaired);
		if (ret)
			return ret;
	}
	return 0;
}

/* A block for the twin: from the member if it can be, else from another copy. */
static int twin_block_by_hand(struct emd_window *window, u64 sector, unsigned int nr_sectors)
{
	struct emd_array *array = window->array;
	struct emd_twin *twin = array->twin;
	struct emd_piece piece, own;
	int own_copy = -1;
	u16 copy, i;

	for (copy = 0; copy < array->geo.nr_copies; copy++) {
		emd_geo_map(&array->geo, sector, copy, &piece);
		if (piece.slot != twin->member->slot)
			continue;
		own = piece;
		own_copy = copy;
	}
	if (own_copy < 0)
		return 0;
	for (i = 0; i < array->geo.nr_copies; i++) {
		struct emd_member *member;

		emd_geo_map(&array->geo, sector, (own_copy + i) % array->geo.nr_copies, &piece);
		member = &array->members[piece.slot];
		if (READ_ONCE(member->state) == EMD_MEMBER_IN_SYNC &&
		    !emd_member_io(member, REQ_OP_READ | REQ_SYNC, piece.member_sector,
				   nr_sectors, page_address(window->pages[0])))
			return blk_status_to_errno(emd_twin_write_page(twin, own.member_sector,
								       nr_sectors,
								       window->pages[0], 0));
	}
	emd_window_unreadable(window, sector, nr_sectors);
	return -EIO;
}

static void window_by_hand(struct emd_window *window)
{
	struct emd_array *array = window->array;
	u64 sector = window->array_sector, end = sector + window->nr_sectors;
	u64 nr_repaired = 0;
	int ret = 0;

	while (sector < end && !ret) {
		u64 nr = min3(end - sector, mirror_run_sectors(&array->geo, sector),
			      (u64)MIRROR_BLOCK_SECTORS);

		cond_resched();
		if (emd_window_unwanted(window))
			ret = -ECANCELED;
		else if (window->action == EMD_SYNC_REPLACE)
			ret = twin_block_by_hand(window, sector, nr);
		else
			ret = block_by_hand(window, sector, nr, &nr_repaired);
		sector += nr;
	}
	window->error = ret;
	emd_window_repaired(window, window->array_sector, nr_repaired);
}

/* ---- the window ------------------------------------------------------------------------- */

static void write_window(struct emd_window *window)
{
	struct mirror_window *mw = mirror_window_of(window);

	mw->writing = true;
	emd_window_hold(window);
	make_members(window);
	if (emd_window_release(window))
		mirror_window_idle(window);
}

static void window_step(struct work_struct *work)
{
	struct emd_window *window = container_of(work, struct emd_window, work);
	struct mirror_window *mw = mirror_window_of(window);

	if (window->write_refused) {
		window->error = -EIO;
		emd_window_done(window);
		return;
	}
	if (!mw->writing && window->read_failed) {
		window_by_hand(window);
		emd_window_done(window);
		return;
	}
	if (emd_window_disturbed(window)) {
		mirror_window(window);
		return;
	}
	if (mw->writing) {
		emd_window_done(window);
		return;
	}
	write_window(window);
}

/**
 * mirror_window() - do a window of background work
 * @window: its range is locked
 *
 * Context: Process context, sleeps for memory pools. Ends with emd_window_done().
 */
void mirror_window(struct emd_window *window)
{
	struct mirror_window *mw = mirror_window_of(window);

	if (!emd_window_begin(window)) {
		emd_window_done(window);
		return;
	}
	mw->writing = false;
	emd_window_hold(window);
	read_members(window);
	if (!emd_window_release(window))
		return;
	/*
	 * The members have answered already, as ramdisks and persistent memory do:
	 * go on while the data is in the cache.
	 */
	if (went_well(window))
		write_window(window);
	else
		emd_window_queue(window, window_step);
}
