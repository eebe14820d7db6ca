// SPDX-License-Identifier: GPL-2.0
/*
 * Background work on parity: one window of resync, rebuild, check or repair.
 *
 *   resync    read all, compute the parity, write it where it differs
 *   check     the same, but only count
 *   repair    the same as resync; where a raid6's two parities agree on which
 *             strip is wrong, that one is written
 *   rebuild   read what is there, compute what REBUILDING members hold, write it
 *   replace   read the member that has a twin, write the twin
 *
 * A window is whole rows. It is worked through in segments, each one run of
 * sectors on every member: some rows, or, where a row would take too much memory,
 * a part of one. A segment is read with one bio a member. The window's range is
 * locked against everything that depends on the parity of its rows.
 *
 * When a member fails under a window the window is done again with what is left.
 * When a read fails the segment is done again by hand, block by block, and what
 * could not be read is recovered, rewritten and read back. Where the parity is not
 * known to be right, or too much is missing, a block cannot be recovered: it is
 * counted and told, and a resync does not count as done from there on. A rebuild
 * ends there: the formats have no way to say "all but
 * this block", and a member called good must be good. So does a replace; what it
 * recovers it writes to the twin only: the member goes anyway.
 */
#include <linux/mempool.h>
#include <linux/mm.h>
#include <linux/slab.h>

#include "../emd.h"
#include "../log.h"
#include "parity.h"

/* Sectors a segment covers on one member at most, and on all of them together. */
#define MEMBER_SEGMENT	256
#define ROW_SEGMENT	2048
/* No job has more in flight. */
#define NR_RESERVED_WINDOWS	8
/* What is looked at one by one after a read error. */
#define BLOCK_SECTORS	8

/**
 * struct parity_window - the engine's part of a window
 * @window: back
 * @engine: back
 * @sector: where the segment begins, in strips of rows laid end to end
 * @end: where the window ends, likewise
 * @start: member sector where the segment begins, in the members' extents: with spans
 *	it is somewhere else, and the segment is within one row
 * @begin: first slot of the members it is on; slots here count from it
 * @nr: sectors of the segment on each member
 * @unit: bytes of a logical block: what is compared and written
 * @writing: second half of the segment
 * @all_there: nothing of the block looked at is lost
 * @compared: parities of it that are there
 * @failed: how the window will end
 * @expected: a page for each parity, as it should be
 * @slots: of the row looked at, in the order of the parts
 * @q_index: the same for the exponents of its data
 * @dirty: for each slot, what of its segment is to be written
 * @blocks: scratch: blocks of a row, in the order of the parts
 * @scratch: for the arithmetic
 */
struct parity_window {
	struct emd_window *window;
	struct parity_engine *engine;
	u64 sector;
	u64 end;
	u64 start;
	u16 begin;
	u32 nr;
	u32 unit;
	bool writing;
	bool all_there;
	bool compared[2];
	int failed;
	void *expected[2];
	u16 slots[EMD_MAX_MEMBERS];
	u16 q_index[EMD_MAX_MEMBERS];
	struct parity_run dirty[EMD_MAX_MEMBERS];
	void *blocks[EMD_MAX_MEMBERS];
	void *scratch[EMD_PARITY_SCRATCH];
};

static struct parity_window *parity_window_of(struct emd_window *window)
{
	return *(struct parity_window **)window->priv;
}

/* ---- sizes ----------------------------------------------------------------------- */

static u32 segment_sectors(const struct parity_engine *engine)
{
	u32 most = min_t(u32, MEMBER_SEGMENT, ROW_SEGMENT / engine->math.nr_slots);
	u32 nr = engine->strip_sectors;

	if (nr <= most)
		return nr * (most / nr);
	/* A strip's part: powers of two, so that parts fill it. */
	while (nr > most && nr > BLOCK_SECTORS)
		nr /= 2;
	return nr;
}

/* A segment's pages on one member. */
static unsigned int member_pages(const struct parity_engine *engine)
{
	return DIV_ROUND_UP(segment_sectors(engine) << SECTOR_SHIFT, PAGE_SIZE);
}

/**
 * parity_window_sectors() - array sectors of a window
 * @array: started
 *
 * Context: Any.
 */
u64 parity_window_sectors(const struct emd_array *array)
{
	const struct parity_engine *engine = array->engine_data;
	u32 rows = max(segment_sectors(engine) / engine->strip_sectors, 1U);

	return (u64)rows * engine->row_sectors;
}

/**
 * parity_window_pages() - pages a window needs
 * @array: started
 *
 * A segment of each member, and a page for each parity as it should be.
 *
 * Context: Any.
 */
unsigned int parity_window_pages(const struct emd_array *array)
{
	const struct parity_engine *engine = array->engine_data;

	return member_pages(engine) * engine->math.nr_slots + 2;
}

/**
 * parity_windows_init() - reserve what windows need
 * @engine: engine that is starting
 *
 * Return: 0 or -ENOMEM; parity_windows_exit() either way.
 * Context: Process context, sleeps.
 */
int parity_windows_init(struct parity_engine *engine)
{
	engine->windows = mempool_create_kmalloc_pool(NR_RESERVED_WINDOWS,
						      sizeof(struct parity_window));
	return engine->windows ? 0 : -ENOMEM;
}

/**
 * parity_windows_exit() - undo parity_windows_init()
 * @engine: engine that is stopping; perhaps half started
 *
 * Context: Process context.
 */
void parity_windows_exit(struct parity_engine *engine)
{
	mempool_destroy(engine->windows);
}

/* ---- the members of a segment --------------------------------------------------------- */

static struct emd_member *member_at(const struct parity_window *pw, u16 slot)
{
	return &pw->engine->array->members[pw->begin + slot];
}

static enum emd_member_state state_of(const struct parity_window *pw, u16 slot)
{
	return READ_ONCE(member_at(pw, slot)->state);
}

/* The slot whose twin a segment fills; -1 when that is not on these members. */
static int twin_slot(const struct parity_window *pw)
{
	const struct emd_twin *twin = pw->engine->array->twin;
	int slot;

	if (pw->window->action != EMD_SYNC_REPLACE)
		return -1;
	slot = twin->member->slot - pw->begin;
	return slot < pw->engine->math.nr_slots ? slot : -1;
}

/* Where a sector of the segment is kept; contiguous to the end of the page. */
static void *buf_at(const struct parity_window *pw, u16 slot, u32 sector)
{
	u32 bytes = sector << SECTOR_SHIFT;

	return page_address(pw->window->pages[slot * member_pages(pw->engine) +
					      (bytes >> PAGE_SHIFT)]) + offset_in_page(bytes);
}

/* ---- the row ------------------------------------------------------------------------------ */

/* Look at the row that a sector of the segment is in. */
static void find_row(struct parity_window *pw, u32 sector)
{
	const struct emd_geometry *geo = &pw->engine->array->geo;
	u64 row = div_u64(pw->sector + sector, geo->strip_sectors);
	u16 nr_data = pw->engine->math.nr_data, k;
	u16 p_slot, q_slot;

	emd_geo_parity(geo, row, &p_slot, &q_slot);
	for (k = 0; k < nr_data; k++) {
		u16 slot = emd_geo_data_slot(geo, row, k);

		pw->slots[k] = slot - pw->begin;
		if (pw->engine->math.nr_parity == 2)
			pw->q_index[k] = emd_geo_q_index(geo, row, slot);
	}
	pw->slots[nr_data] = p_slot - pw->begin;
	if (pw->engine->math.nr_parity == 2)
		pw->slots[nr_data + 1] = q_slot - pw->begin;
}

/* Array sector of the first data strip at a sector of the segment: how it is told. */
static u64 array_sector_at(const struct parity_window *pw, u32 sector)
{
	u32 offset;
	u64 row = div_u64_rem(pw->sector + sector, pw->engine->strip_sectors, &offset);

	return row * pw->engine->row_sectors + offset;
}

static void point_at(struct parity_window *pw, u32 sector)
{
	u16 i;

	for (i = 0; i < parity_nr_parts(pw->engine); i++)
		pw->blocks[i] = buf_at(pw, pw->slots[i], sector);
}

/* Which parts cannot be used; @bad: slots that could not be read, or NULL. */
static unsigned int find_lost(const struct parity_window *pw, const unsigned long *bad, u16 *lost)
{
	unsigned int nr = 0;
	u16 i;

	for (i = 0; i < parity_nr_parts(pw->engine); i++) {
		if (state_of(pw, pw->slots[i]) == EMD_MEMBER_IN_SYNC &&
		    !(bad && test_bit(pw->slots[i], bad)))
			continue;
		if (nr < pw->engine->math.nr_parity)
			lost[nr] = i;
		nr++;
	}
	return nr;
}

/* Parity as the data says it should be, beside what is there. */
static void expect_parity(struct parity_window *pw, u32 len)
{
	const struct emd_parity_math *math = &pw->engine->math;
	void *parity[2];
	unsigned int i;

	for (i = 0; i < math->nr_parity; i++) {
		parity[i] = pw->blocks[math->nr_data + i];
		pw->blocks[math->nr_data + i] = pw->expected[i];
	}
	emd_parity_generate(math, pw->q_index, pw->blocks, len, pw->scratch);
	for (i = 0; i < math->nr_parity; i++)
		pw->blocks[math->nr_data + i] = parity[i];
}

/* What a block of lost parts holds, parity included; at most a page. */
static bool recover_block(struct parity_window *pw, const u16 *lost, unsigned int nr_lost, u32 len)
{
	const struct emd_parity_math *math = &pw->engine->math;
	unsigned int i;

	if (!emd_parity_recover(math, pw->q_index, pw->blocks, lost, nr_lost, len, pw->scratch))
		return false;
	if (!nr_lost || lost[nr_lost - 1] < math->nr_data)
		return true;
	/* Only what is lost: the other parity may be wrong, and is yet to be compared. */
	expect_parity(pw, len);
	for (i = 0; i < nr_lost; i++)
		if (lost[i] >= math->nr_data)
			memcpy(pw->blocks[lost[i]], pw->expected[lost[i] - math->nr_data], len);
	return true;
}

/* ---- bios ------------------------------------------------------------------------------------ */

/* Part of a member's segment, in one bio; a replace writes the twin. */
static void send(struct parity_window *pw, u16 slot, u32 sector, u32 nr, blk_opf_t opf)
{
	u32 at = sector << SECTOR_SHIFT, end = (sector + nr) << SECTOR_SHIFT;
	struct bio *bio;

	bio = emd_window_bio(pw->window, member_at(pw, slot), opf, pw->start + sector,
			     member_pages(pw->engine) + 1);
	while (at < end) {
		u32 len = min_t(u32, end - at, PAGE_SIZE - offset_in_page(at));

		__bio_add_page(bio, virt_to_page(buf_at(pw, slot, at >> SECTOR_SHIFT)), len,
			       offset_in_page(at));
		at += len;
	}
	emd_window_send(pw->window, bio);
}

/* What of a member's segment is to be written, as one run; @sector begins no run before it. */
static void send_dirty(struct parity_window *pw, u16 slot)
{
	struct parity_run *dirty = &pw->dirty[slot];

	if (!parity_run_is_empty(dirty))
		send(pw, slot, dirty->lo, parity_run_sectors(dirty), REQ_OP_WRITE | REQ_SYNC);
	*dirty = (struct parity_run){};
}

static void mark_dirty(struct parity_window *pw, u16 slot, u32 sector, u32 nr)
{
	struct parity_run *dirty = &pw->dirty[slot];

	if (dirty->hi != sector)
		send_dirty(pw, slot);
	if (parity_run_is_empty(dirty))
		dirty->lo = sector;
	dirty->hi = sector + nr;
}

/* ---- comparing ------------------------------------------------------------------------------ */

/*
 * A raid6 unit whose parities are both there, and wrong: which part explains it?
 * The answer to a repair is put right in its buffer when it is a data strip.
 */
static int blame(struct parity_window *pw, u32 at)
{
	const struct emd_parity_math *math = &pw->engine->math;
	void *p = pw->expected[0] + at, *q = pw->expected[1] + at;
	void *p_now = pw->blocks[math->nr_data] + at, *q_now = pw->blocks[math->nr_data + 1] + at;
	int part;

	/* Now they are differences ... */
	emd_parity_xor(p, &p_now, 1, pw->unit);
	emd_parity_xor(q, &q_now, 1, pw->unit);
	part = emd_parity_locate(math, pw->q_index, p, q, pw->unit);
	if (part >= 0 && part < math->nr_data && pw->window->action == EMD_SYNC_REPAIR)
		emd_parity_xor(pw->blocks[part] + at, &p, 1, pw->unit);
	/* ... and now what they were. */
	emd_parity_xor(p, &p_now, 1, pw->unit);
	emd_parity_xor(q, &q_now, 1, pw->unit);
	return part;
}

static void tell_blame(const struct parity_window *pw, int part, u32 sector)
{
	const struct emd_member *member = member_at(pw, pw->slots[part]);

	emd_warn_rl(pw->engine->array,
		    "%s: member %u (%s) is the one that is wrong at array sector %llu",
		    emd_sync_action_names[pw->window->action], member->slot, member->disk->name,
		    array_sector_at(pw, sector));
}

/* Is parity number @nr there to be compared? */
static bool has_parity(const struct parity_window *pw, unsigned int nr)
{
	return nr < pw->engine->math.nr_parity &&
	       state_of(pw, pw->slots[pw->engine->math.nr_data + nr]) == EMD_MEMBER_IN_SYNC;
}

static bool unit_differs(const struct parity_window *pw, unsigned int nr, u32 at)
{
	return pw->compared[nr] && memcmp(pw->blocks[pw->engine->math.nr_data + nr] + at,
					    pw->expected[nr] + at, pw->unit);
}

/* From what the parities should be to how that differs from what they are, and back. */
static void swap_differences(struct parity_window *pw, u32 len)
{
	unsigned int i;

	for (i = 0; i < 2; i++)
		if (pw->compared[i])
			emd_parity_xor(pw->expected[i],
				       &pw->blocks[pw->engine->math.nr_data + i], 1, len);
}

/* By arithmetic, which is done in longer words than memcmp() has. */
static bool block_differs(struct parity_window *pw, u32 len)
{
	bool differs = false;
	unsigned int i;

	swap_differences(pw, len);
	for (i = 0; i < 2; i++)
		differs |= pw->compared[i] && memchr_inv(pw->expected[i], 0, len);
	if (unlikely(differs))
		swap_differences(pw, len);
	return differs;
}

/* A unit of a block, which begins at @sector. */
static void compare_unit(struct parity_window *pw, u32 sector, u32 at)
{
	u16 nr_data = pw->engine->math.nr_data;
	u32 here = sector + (at >> SECTOR_SHIFT), nr = pw->unit >> SECTOR_SHIFT;
	bool differs[2];
	unsigned int i;
	int part = -1;

	for (i = 0; i < 2; i++)
		differs[i] = unit_differs(pw, i, at);
	if (!differs[0] && !differs[1])
		return;
	emd_window_mismatch(pw->window, array_sector_at(pw, here), nr);
	if (pw->all_there && pw->compared[1] && pw->window->action != EMD_SYNC_RESYNC) {
		part = blame(pw, at);
		if (part >= 0)
			tell_blame(pw, part, here);
	}
	if (pw->window->action == EMD_SYNC_CHECK)
		return;
	if (part >= 0 && part < nr_data) {
		mark_dirty(pw, pw->slots[part], here, nr);
		return;
	}
	for (i = 0; i < 2; i++) {
		if (!differs[i])
			continue;
		memcpy(pw->blocks[nr_data + i] + at, pw->expected[i] + at, pw->unit);
		mark_dirty(pw, pw->slots[nr_data + i], here, nr);
	}
}

/* A block of a row, all of it in buffers. @lost is not there, or could not be read. */
static void compare_block(struct parity_window *pw, u32 sector, u32 len, const u16 *lost,
			  unsigned int nr_lost)
{
	const struct emd_parity_math *math = &pw->engine->math;
	u32 at;

	/* With as many lost as there are parities nothing is left to compare with. */
	if (nr_lost >= math->nr_parity)
		return;
	if (nr_lost && !emd_parity_recover(math, pw->q_index, pw->blocks, lost, nr_lost, len,
					   pw->scratch))
		return;
	/* Looked at once: members may fail meanwhile, and then the window is done again. */
	pw->compared[0] = has_parity(pw, 0);
	pw->compared[1] = has_parity(pw, 1);
	pw->all_there = !nr_lost && pw->compared[0];
	expect_parity(pw, len);
	if (likely(!block_differs(pw, len)))
		return;
	for (at = 0; at < len; at += pw->unit)
		compare_unit(pw, sector, at);
}

/* ---- a segment ------------------------------------------------------------------------------- */

/* Sectors from here that are in one row and one page. */
static u32 block_sectors(const struct parity_window *pw, u32 sector, u32 most)
{
	u32 strip = pw->engine->strip_sectors, offset;

	div_u64_rem(pw->sector + sector, strip, &offset);
	return min3(pw->nr - sector, strip - offset,
		    min_t(u32, most, PAGE_SECTORS - sector % PAGE_SECTORS));
}

/*
 * Not when a rebuild or a replace has nothing to fill in this span, nor when too much of it is
 * lost for anything to be compared.
 */
static bool has_work(const struct parity_window *pw)
{
	unsigned int nr_lost = 0, nr_rebuilding = 0;
	u16 slot;

	if (pw->window->action == EMD_SYNC_REPLACE)
		return twin_slot(pw) >= 0;
	for (slot = 0; slot < pw->engine->math.nr_slots; slot++) {
		nr_lost += state_of(pw, slot) != EMD_MEMBER_IN_SYNC;
		nr_rebuilding += state_of(pw, slot) == EMD_MEMBER_REBUILDING;
	}
	return pw->window->action == EMD_SYNC_REBUILD ? nr_rebuilding :
							nr_lost < pw->engine->math.nr_parity;
}

static void read_segment(struct parity_window *pw)
{
	u16 slot;

	if (!has_work(pw))
		return;
	if (pw->window->action == EMD_SYNC_REPLACE) {
		send(pw, twin_slot(pw), 0, pw->nr, REQ_OP_READ | REQ_SYNC);
		return;
	}
	for (slot = 0; slot < pw->engine->math.nr_slots; slot++)
		if (state_of(pw, slot) == EMD_MEMBER_IN_SYNC)
			send(pw, slot, 0, pw->nr, REQ_OP_READ | REQ_SYNC);
}

/* 0, or -EIO when nothing is left to compute the lost members from. */
static int write_segment(struct parity_window *pw)
{
	bool rebuild = pw->window->action == EMD_SYNC_REBUILD;
	u16 lost[2], slot;
	u32 sector, nr;

	if (!has_work(pw))
		return 0;
	if (pw->window->action == EMD_SYNC_REPLACE) {
		send(pw, twin_slot(pw), 0, pw->nr, REQ_OP_WRITE | REQ_SYNC);
		return 0;
	}
	memset(pw->dirty, 0, sizeof(pw->dirty));
	for (sector = 0; sector < pw->nr; sector += nr) {
		unsigned int nr_lost;

		nr = block_sectors(pw, sector, PAGE_SECTORS);
		find_row(pw, sector);
		point_at(pw, sector);
		nr_lost = find_lost(pw, NULL, lost);
		if (rebuild && !recover_block(pw, lost, nr_lost, nr << SECTOR_SHIFT))
			return -EIO;
		if (!rebuild)
			compare_block(pw, sector, nr << SECTOR_SHIFT, lost, nr_lost);
	}
	for (slot = 0; slot < pw->engine->math.nr_slots; slot++) {
		send_dirty(pw, slot);
		if (rebuild && state_of(pw, slot) == EMD_MEMBER_REBUILDING)
			send(pw, slot, 0, pw->nr, REQ_OP_WRITE | REQ_SYNC);
	}
	return 0;
}

/* ---- by hand, after a read error ------------------------------------------------------------------ */

static blk_status_t read_page(struct parity_window *pw, u16 slot, u32 sector, u32 nr)
{
	return emd_member_io(member_at(pw, slot), REQ_OP_READ | REQ_SYNC, pw->start + sector, nr,
			     buf_at(pw, slot, sector));
}

/* 0, or -EIO when the member is needed but cannot be written. */
static int write_block(struct parity_window *pw, u16 slot, u32 sector, u32 nr, bool bad)
{
	struct emd_member *member = member_at(pw, slot);
	void *data = buf_at(pw, slot, sector);
	blk_status_t status;

	if (bad)
		status = emd_member_rewrite(member, pw->start + sector, nr, data, pw->expected[0]);
	else
		status = emd_member_io(member, REQ_OP_WRITE | REQ_SYNC, pw->start + sector, nr,
				       data);
	if (!status || emd_member_fail(member, "write error"))
		return 0;
	return -EIO;
}

/* What has come into a member's buffer, for its twin. */
static int write_twin_block(struct parity_window *pw, u16 slot, u32 sector, u32 nr)
{
	void *data = buf_at(pw, slot, sector);

	return blk_status_to_errno(emd_twin_write_page(pw->engine->array->twin,
						       pw->start + sector, nr,
						       virt_to_page(data),
						       offset_in_page(data)));
}

static u64 row_at(const struct parity_window *pw, u32 sector)
{
	return div_u64(pw->sector + sector, pw->engine->strip_sectors);
}

/* Data that could not be read, of a row whose parity is not known to be right. */
static bool is_doubtful(const struct parity_window *pw, u32 sector, const unsigned long *bad)
{
	u16 lost[2], k;

	if (parity_row_end(pw->engine, row_at(pw, sector)) <=
	    READ_ONCE(pw->engine->array->resync_sector) ||
	    find_lost(pw, NULL, lost) >= pw->engine->math.nr_parity)
		return false;
	for (k = 0; k < pw->engine->math.nr_data; k++)
		if (test_bit(pw->slots[k], bad))
			return true;
	return false;
}

/* What a block holds cannot be known. */
static int give_up_block(struct parity_window *pw, u32 sector, u32 nr)
{
	struct emd_window *window = pw->window;

	emd_window_unreadable(window, array_sector_at(pw, sector), nr);
	if (window->action == EMD_SYNC_RESYNC)
		emd_window_doubtful(window, row_at(pw, sector) * pw->engine->row_sectors);
	return window->action == EMD_SYNC_REBUILD || window->action == EMD_SYNC_REPLACE ? -EIO : 0;
}

/* What each member has of a block, but for those that are @bad; who cannot be read joins them. */
static void read_block(struct parity_window *pw, u32 sector, u32 nr, unsigned long *bad)
{
	u16 slot;

	for (slot = 0; slot < pw->engine->math.nr_slots; slot++) {
		if (state_of(pw, slot) != EMD_MEMBER_IN_SYNC || test_bit(slot, bad) ||
		    !read_page(pw, slot, sector, nr))
			continue;
		if (READ_ONCE(member_at(pw, slot)->disk->gone))
			emd_member_fail(member_at(pw, slot), "device gone");
		else
			__set_bit(slot, bad);
	}
}

/* A block for the twin: from its member if it can be, else as the others have it. */
static int twin_block_by_hand(struct parity_window *pw, u32 sector, u32 nr)
{
	DECLARE_BITMAP(bad, EMD_MAX_MEMBERS) = {};
	u16 slot = twin_slot(pw), lost[2];
	unsigned int nr_lost;

	if (read_page(pw, slot, sector, nr)) {
		__set_bit(slot, bad);
		read_block(pw, sector, nr, bad);
		find_row(pw, sector);
		point_at(pw, sector);
		nr_lost = find_lost(pw, bad, lost);
		if (!recover_block(pw, lost, nr_lost, nr << SECTOR_SHIFT))
			return give_up_block(pw, sector, nr);
	}
	return write_twin_block(pw, slot, sector, nr);
}

static int block_by_hand(struct parity_window *pw, u32 sector, u32 nr, u64 *nr_mended)
{
	struct emd_window *window = pw->window;
	DECLARE_BITMAP(bad, EMD_MAX_MEMBERS) = {};
	bool rebuild = window->action == EMD_SYNC_REBUILD;
	unsigned int nr_lost;
	u16 lost[2], slot, i;
	int ret = 0;

	read_block(pw, sector, nr, bad);
	find_row(pw, sector);
	point_at(pw, sector);
	nr_lost = find_lost(pw, bad, lost);
	if (bitmap_empty(bad, EMD_MAX_MEMBERS)) {
		/* It was passing, or its member has failed. */
		if (!rebuild)
			goto compare;
	} else if (is_doubtful(pw, sector, bad)) {
		return give_up_block(pw, sector, nr);
	}
	if (!recover_block(pw, lost, nr_lost, nr << SECTOR_SHIFT))
		return give_up_block(pw, sector, nr);
	for (i = 0; i < min_t(unsigned int, nr_lost, pw->engine->math.nr_parity); i++) {
		bool is_bad;

		slot = pw->slots[lost[i]];
		is_bad = test_bit(slot, bad);
		/* One that goes anyway is spared: what it cannot rewrite would be its end now. */
		if (is_bad && emd_member_twin(member_at(pw, slot)))
			continue;
		if (is_bad)
			*nr_mended += nr;
		if (is_bad || (rebuild && state_of(pw, slot) == EMD_MEMBER_REBUILDING))
			ret = write_block(pw, slot, sector, nr, is_bad);
		if (ret)
			return ret;
	}
	if (rebuild)
		return 0;
compare:
	/* What it marks is sent at the end of the segment. */
	compare_block(pw, sector, nr << SECTOR_SHIFT, lost, nr_lost);
	return 0;
}

static int segment_by_hand(struct parity_window *pw)
{
	u64 nr_mended = 0;
	u32 sector, nr;
	int ret = 0;
	u16 slot;

	memset(pw->dirty, 0, sizeof(pw->dirty));
	for (sector = 0; sector < pw->nr && !ret; sector += nr) {
		cond_resched();
		nr = block_sectors(pw, sector, BLOCK_SECTORS);
		if (emd_window_unwanted(pw->window))
			ret = -ECANCELED;
		else if (pw->window->action == EMD_SYNC_REPLACE)
			ret = twin_block_by_hand(pw, sector, nr);
		else
			ret = block_by_hand(pw, sector, nr, &nr_mended);
	}
	for (slot = 0; slot < pw->engine->math.nr_slots; slot++)
		send_dirty(pw, slot);
	emd_window_repaired(pw->window, array_sector_at(pw, 0), nr_mended);
	return ret;
}

/* ---- the window ---------------------------------------------------------------------------------- */

static void window_done(struct parity_window *pw, int error)
{
	struct emd_window *window = pw->window;

	window->error = error;
	mempool_free(pw, pw->engine->windows);
	emd_window_done(window);
}

static void begin_segment(struct parity_window *pw)
{
	const struct emd_geometry *geo = &pw->engine->array->geo;
	u32 offset;
	u64 row;

	pw->nr = segment_sectors(pw->engine);
	/* A strip that is no multiple of the segment ends with a smaller one. */
	row = div_u64_rem(pw->sector, pw->engine->strip_sectors, &offset);
	if (offset || geo->nr_spans)
		pw->nr = min(pw->nr, pw->engine->strip_sectors - offset);
	pw->begin = emd_geo_row_begin(geo, row, &pw->start);
	pw->start += offset;
	pw->nr = min_t(u64, pw->nr, pw->end - pw->sector);
	pw->writing = false;
	pw->window->read_failed = false;
	emd_window_hold(pw->window);
	read_segment(pw);
}

static bool begin_window(struct parity_window *pw)
{
	struct emd_window *window = pw->window;
	u64 row = div_u64(window->array_sector, pw->engine->row_sectors);
	u64 last = div_u64(window->array_sector + window->nr_sectors - 1, pw->engine->row_sectors);

	pw->sector = row * pw->engine->strip_sectors;
	pw->end = (last + 1) * pw->engine->strip_sectors;
	return emd_window_begin(window);
}

/* Nothing of the segment is in flight. True when there is something again. */
static bool next_step(struct parity_window *pw)
{
	if (pw->window->write_refused) {
		window_done(pw, -EIO);
		return false;
	}
	if (emd_window_disturbed(pw->window)) {
		if (!begin_window(pw)) {
			window_done(pw, pw->window->error);
			return false;
		}
		begin_segment(pw);
		return true;
	}
	if (!pw->writing) {
		int ret;

		pw->writing = true;
		emd_window_hold(pw->window);
		ret = pw->window->read_failed ? segment_by_hand(pw) : write_segment(pw);
		if (ret)
			pw->failed = ret;
		return true;
	}
	if (pw->failed) {
		window_done(pw, pw->failed);
		return false;
	}
	pw->sector += pw->nr;
	if (pw->sector == pw->end) {
		window_done(pw, 0);
		return false;
	}
	begin_segment(pw);
	return true;
}

static void run_window(struct parity_window *pw)
{
	/* Whoever ends last goes on; where nothing takes time that is always us. */
	while (next_step(pw))
		if (!emd_window_release(pw->window))
			return;
}

static void window_step(struct work_struct *work)
{
	struct emd_window *window = container_of(work, struct emd_window, work);

	run_window(parity_window_of(window));
}

/**
 * parity_window_idle() - go on with a window
 * @window: nothing of its segment is in flight any more
 *
 * Context: Any, irq-safe.
 */
void parity_window_idle(struct emd_window *window)
{
	emd_window_queue(window, window_step);
}

/**
 * parity_window() - do a window of background work
 * @window: its range is locked, and made of whole rows
 *
 * Context: Process context, sleeps for memory pools. Ends with emd_window_done().
 */
void parity_window(struct emd_window *window)
{
	struct parity_engine *engine = window->array->engine_data;
	struct parity_window *pw = mempool_alloc(engine->windows, GFP_NOIO);

	memset(pw, 0, offsetof(struct parity_window, slots));
	*(struct parity_window **)window->priv = pw;
	pw->window = window;
	pw->engine = engine;
	pw->unit = queue_logical_block_size(window->array->gd->queue);
	pw->expected[0] = page_address(window->pages[window->nr_pages - 2]);
	pw->expected[1] = page_address(window->pages[window->nr_pages - 1]);
	if (!begin_window(pw)) {
		window_done(pw, window->error);
		return;
	}
	begin_segment(pw);
	if (emd_window_release(window))
		run_window(pw);
}
