/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the parity engine's files share: parity.c (user I/O on its way to bands),
 * parity_op.c (one operation on one band), parity_sync.c (windows of background
 * work).
 */
#ifndef _EMD_PARITY_H
#define _EMD_PARITY_H

#include <linux/bitmap.h>

#include "../emd.h"
#include "parity_math.h"
#include "parity_plan.h"

/* User requests that one operation can serve. */
#define PARITY_MAX_PIECES	64
/* Operations of an array. */
#define PARITY_MAX_OPS		256U

/* What is computed at once: so much of each strip stays in the nearest cache. */
#define PARITY_BLOCK_BYTES	8192U

enum parity_kind {
	PARITY_READ,		/* of what may be missing */
	PARITY_WRITE,
	PARITY_ZERO,		/* a whole band, by the members themselves */
};

/* Where an operation is; changes in the hands of one context at a time. */
enum parity_phase {
	PARITY_PLANNING,
	PARITY_READING,
	PARITY_WRITING,
	PARITY_MENDING,		/* the reader has its answer; a bad strip is rewritten */
	PARITY_VERIFYING,	/* ... and read back */
	PARITY_FEEDING,		/* not on a band: takes a waiting io on */
};

/**
 * struct parity_piece - what one io has in one band
 * @io: whose; counted in io->pending
 * @iter: in io->bio, at the first sector of the piece
 * @lo: first sector, from the start of the row's data
 * @hi: behind the last
 */
struct parity_piece {
	struct emd_io *io;
	struct bvec_iter iter;
	u32 lo;
	u32 hi;
};

/**
 * struct parity_strip - an operation's part on one member
 * @op: whose
 * @slot: member
 * @status: how its bio ended
 * @source: where its new data are taken from without a copy, or NULL
 * @at: in @source, at the first of them
 * @cursor: in @source, for who walks along
 * @bvecs: of @bio
 * @bio: the one bio it can have in flight
 */
struct parity_strip {
	struct parity_op *op;
	u16 slot;
	blk_status_t status;
	struct bio *source;
	struct bvec_iter at;
	struct bvec_iter cursor;
	struct bio_vec *bvecs;
	struct bio bio;
};

/**
 * struct parity_op - an operation on one band
 * @engine: back
 * @nr: number in the engine's pool
 * @refs: the operation, and the plug it waits in
 * @node: bucket->ops; B
 * @plug_node: its plug's list, owned by the plug's task
 * @band: number of the band; B
 * @row: row the band is in
 * @row_sector: where that begins on its members; from planning on
 * @band_offset: sectors from the start of the strip
 * @kind: what it does; B until it has started
 * @behind: another operation on this band comes first; B
 * @wanted: may start once it is first; B
 * @started: takes no more pieces; B
 * @opf: of the members' writes; B until started
 * @nr_fresh: sectors to be written; B until started
 * @nr_pieces: used ones of @pieces; B until started
 * @phase: where it is
 * @pending: bios in flight, plus one while submitting
 * @failed: some bio did
 * @again: what could not be written has been sent a second time
 * @range: PARITY_MENDING: keeps windows away
 * @status: of the operation
 * @mending: strip being rewritten
 * @waiter: PARITY_FEEDING: io that goes on
 * @work: for what cannot be done where a bio ended
 * @plan: what to do
 * @parts: of the plan
 * @q_index: exponents of the data strips, when there is a Q
 * @blocks: scratch: a row of blocks
 * @scratch: for the arithmetic
 * @chunks: buffers; see parity_buf()
 * @bvecs: of all strips
 * @strips: one a member, in the order of @parts
 * @pieces: whom it serves
 *
 * B: bucket->lock.
 */
struct parity_op {
	struct parity_engine *engine;
	unsigned int nr;
	refcount_t refs;
	struct list_head node;
	struct list_head plug_node;
	u64 band;
	u64 row;
	u64 row_sector;
	u32 band_offset;
	enum parity_kind kind;
	bool behind;
	bool wanted;
	bool started;
	blk_opf_t opf;
	u32 nr_fresh;
	unsigned int nr_pieces;

	enum parity_phase phase;
	atomic_t pending;
	bool failed;
	bool again;
	blk_status_t status;
	u16 mending;
	struct emd_range range;
	struct emd_io *waiter;
	struct work_struct work;
	struct parity_plan plan;
	struct parity_part *parts;
	u16 *q_index;
	void **blocks;
	void **scratch;
	void **chunks;
	struct bio_vec *bvecs;
	struct parity_strip *strips;
	struct parity_piece pieces[PARITY_MAX_PIECES];
};

struct parity_bucket {
	spinlock_t lock;
	struct list_head ops;	/* in the order in which they came */
} ____cacheline_aligned_in_smp;

/**
 * struct parity_engine - the engine's own part of an array
 * @array: back
 * @wq: per-cpu; nothing on it waits for another piece of work on it
 * @math: arithmetic
 * @strip_sectors: of a strip
 * @row_sectors: array sectors of a row
 * @band_sectors: sectors of a band on one member: the strip, or a part of it
 * @bands: in a strip
 * @chunk_bytes: what is contiguous of a buffer
 * @chunks: in a buffer
 * @bucket_bits: log2 of the number of buckets
 * @buckets: bands under way
 * @pool: which operations are in use
 * @ops: all of them
 * @nr_ops: how many
 * @lock: irq-safe leaf: @waiters, and the failures noted in ios
 * @waiters: ios for which there was no operation, oldest first
 * @idle: woken when an operation goes back to the pool
 * @windows: struct parity_window
 */
struct parity_engine {
	struct emd_array *array;
	struct workqueue_struct *wq;
	struct emd_parity_math math;
	u32 strip_sectors;
	u32 row_sectors;
	u32 band_sectors;
	u32 bands;
	u32 chunk_bytes;
	u32 chunks;
	unsigned int bucket_bits;
	struct parity_bucket *buckets;
	DECLARE_BITMAP(pool, PARITY_MAX_OPS);
	struct parity_op **ops;
	unsigned int nr_ops;
	spinlock_t lock;
	struct list_head waiters;
	wait_queue_head_t idle;
	mempool_t *windows;
};

/**
 * struct parity_request - the engine's part of an io; in io->priv
 * @next: first array sector of what is still to be sent: in the row that is next
 * @end: array sector where it ends
 * @band: next band of that row
 * @half: next of the two pieces that a request over a strip's edge may be
 * @reread: reads: some clone failed, and that part is read again, with care
 * @fail_lo: first sector that did, from the start of the io
 * @fail_hi: behind the last
 */
struct parity_request {
	u64 next;
	u64 end;
	u32 fail_lo;
	u32 fail_hi;
	u16 band;
	u8 half;
	bool reread;
};

static inline struct parity_request *parity_request(struct emd_io *io)
{
	static_assert(sizeof(struct parity_request) <= sizeof_field(struct emd_io, priv));
	return (struct parity_request *)io->priv;
}

static inline u16 parity_nr_parts(const struct parity_engine *engine)
{
	return engine->math.nr_data + engine->math.nr_parity;
}

/* What a piece has on one strip of its band, in sectors of the row's data. False: nothing. */
static inline bool parity_piece_run(const struct parity_op *op, u32 lo, u32 hi, u16 k, u32 *from,
				    u32 *to)
{
	const struct parity_engine *engine = op->engine;
	u32 start = k * engine->strip_sectors + op->band_offset;

	*from = max(lo, start);
	*to = min(hi, start + engine->band_sectors);
	return *from < *to;
}

/* Address of a sector of a part's buffer; contiguous to the end of its chunk. */
static inline void *parity_buf(const struct parity_op *op, u16 part, u32 sector)
{
	const struct parity_engine *engine = op->engine;
	u32 bytes = sector << SECTOR_SHIFT;

	return op->chunks[part * engine->chunks + bytes / engine->chunk_bytes] +
	       (bytes & (engine->chunk_bytes - 1));
}

/* Is what a member holds of a row what it should be? @row_end: array sector behind it. */
static inline bool parity_readable(const struct emd_member *member, u64 row_end)
{
	enum emd_member_state state = READ_ONCE(member->state);

	return state == EMD_MEMBER_IN_SYNC ||
	       (state == EMD_MEMBER_REBUILDING && row_end <= READ_ONCE(member->rebuilt_sector));
}

static inline bool parity_writable(const struct emd_member *member)
{
	enum emd_member_state state = READ_ONCE(member->state);

	return member->bdev &&
	       (state == EMD_MEMBER_IN_SYNC || state == EMD_MEMBER_REBUILDING);
}

/* Array sector behind a row; the last one may be cut short. */
static inline u64 parity_row_end(const struct parity_engine *engine, u64 row)
{
	return min((row + 1) * engine->row_sectors, engine->array->geo.array_sectors);
}

/* parity.c */
bool parity_io_put(struct emd_io *io);
void parity_io_end(struct emd_io *io);
void parity_op_put(struct parity_op *op);
struct parity_op *parity_op_leave(struct parity_op *op);
void parity_feed(struct parity_op *op);

/* parity_op.c */
void parity_op_run(struct parity_op *op);
void parity_op_queue(struct parity_op *op);
void parity_op_work(struct work_struct *work);

/* parity_sync.c */
int parity_windows_init(struct parity_engine *engine);
void parity_windows_exit(struct parity_engine *engine);
u64 parity_window_sectors(const struct emd_array *array);
unsigned int parity_window_pages(const struct emd_array *array);
void parity_window(struct emd_window *window);
void parity_window_idle(struct emd_window *window);

#endif /* _EMD_PARITY_H */
