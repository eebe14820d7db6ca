// SPDX-License-Identifier: GPL-2.0
/*
 * Parity of one row of blocks: XOR, and the second syndrome of raid6.
 *
 * The arithmetic is the kernel's. Its XOR routines are taken from <asm/xor.h>,
 * where each architecture keeps them, and not through xor_blocks(): that is in a
 * module of its own on most distributions, and this module has to load alone, in
 * an initramfs as small as can be, even when no array here has parity. For the
 * same reason the raid6 library is looked up when the first raid6 starts. Where
 * it is a module, it is asked for by then.
 */
#include <linux/ktime.h>
#include <linux/mm.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/preempt.h>
#include <linux/raid/pq.h>
#include <linux/raid/xor.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <asm/xor.h>

#include "parity_math.h"

struct emd_raid6_lib {
	const struct raid6_calls *calls;
	typeof(raid6_2data_recov) *recover_two;
	typeof(raid6_datap_recov) *recover_data_p;
	void *zero;
	u8 log[256];
};

/* ---- XOR ------------------------------------------------------------------ */

static DEFINE_MUTEX(xor_mutex);		/* who chooses */
static const struct xor_block_template *xor_template;

#ifndef XOR_SELECT_TEMPLATE
#define XOR_SELECT_TEMPLATE(fallback)	(fallback)
#endif

static u64 xor_time(const struct xor_block_template *template, void *a, void *b)
{
	u64 best = U64_MAX;
	unsigned int i, round;

	for (round = 0; round < 3; round++) {
		u64 begin;

		preempt_disable();
		begin = ktime_get_ns();
		for (i = 0; i < 32; i++) {
			template->do_2(EMD_PARITY_STEP, a, b);
			barrier();
		}
		best = min(best, ktime_get_ns() - begin);
		preempt_enable();
	}
	return best;
}

/*
 * Those that the architecture declares to be best, else the quickest of those
 * that it offers.
 */
static void select_xor(void)
{
	const struct xor_block_template *first = NULL, *best = NULL;
	u64 best_time = U64_MAX;
	void *room = kzalloc(2 * EMD_PARITY_STEP, GFP_KERNEL);

#define xor_speed(template)						\
do {									\
	u64 time = room ? xor_time(template, room, room + EMD_PARITY_STEP) : 0;	\
									\
	if (!first)							\
		first = (template);					\
	if (time < best_time) {						\
		best_time = time;					\
		best = (template);					\
	}								\
} while (0)
	xor_template = XOR_SELECT_TEMPLATE(NULL);
	if (!xor_template) {
		XOR_TRY_TEMPLATES;
		xor_template = best ? best : first;
	}
#undef xor_speed
	kfree(room);
}

/**
 * emd_parity_xor() - XOR blocks onto another
 * @dest: gets itself ^ all of @sources
 * @sources: blocks
 * @nr: how many, any number
 * @bytes: multiple of 512
 *
 * Context: Task context or softirq.
 */
void emd_parity_xor(void *dest, void **sources, unsigned int nr, unsigned int bytes)
{
	while (nr >= 4) {
		xor_template->do_5(bytes, dest, sources[0], sources[1], sources[2], sources[3]);
		sources += 4;
		nr -= 4;
	}
	if (nr == 3)
		xor_template->do_4(bytes, dest, sources[0], sources[1], sources[2]);
	else if (nr == 2)
		xor_template->do_3(bytes, dest, sources[0], sources[1]);
	else if (nr == 1)
		xor_template->do_2(bytes, dest, sources[0]);
}

/* dest = XOR of all. */
static void xor_of(void *dest, void **sources, unsigned int nr, unsigned int bytes)
{
	memcpy(dest, sources[0], bytes);
	emd_parity_xor(dest, sources + 1, nr - 1, bytes);
}

/* ---- the raid6 library ------------------------------------------------------ */

static void raid6_put(struct emd_raid6_lib *lib)
{
	if (lib->calls)
		symbol_put(raid6_call);
	if (lib->recover_two)
		symbol_put(raid6_2data_recov);
	if (lib->recover_data_p)
		symbol_put(raid6_datap_recov);
	kfree(lib->zero);
	kfree(lib);
}

/*
 * Logarithms to the base 2 in GF(2^8), as the library has them. Its table is not
 * exported in the way that symbol_get() asks for.
 */
static void fill_log(u8 log[256])
{
	unsigned int i, power = 1;

	for (i = 0; i < 255; i++) {
		log[power] = i;
		power = power << 1 ^ (power & 0x80 ? 0x11d : 0);
	}
}

static struct emd_raid6_lib *raid6_get(void)
{
	struct emd_raid6_lib *lib = kzalloc(sizeof(*lib), GFP_KERNEL);

	if (!lib)
		return NULL;
	lib->calls = symbol_request(raid6_call);
	lib->recover_two = symbol_get(raid6_2data_recov);
	lib->recover_data_p = symbol_get(raid6_datap_recov);
	lib->zero = kzalloc(EMD_PARITY_STEP, GFP_KERNEL);
	fill_log(lib->log);
	if (lib->calls && lib->recover_two && lib->recover_data_p && lib->zero)
		return lib;
	raid6_put(lib);
	return NULL;
}

/**
 * emd_parity_math_init() - get what a level needs
 * @math: gets it
 * @geo: raid4, raid5 or raid6, valid
 * @msg: reason of a failure
 *
 * Return: 0; -EOPNOTSUPP when the raid6 library is not to be had.
 * Context: Process context, sleeps; may load a module.
 */
int emd_parity_math_init(struct emd_parity_math *math, const struct emd_geometry *geo,
			 struct emd_errmsg *msg)
{
	mutex_lock(&xor_mutex);
	if (!xor_template)
		select_xor();
	mutex_unlock(&xor_mutex);
	math->nr_slots = emd_geo_span_members(geo);
	math->nr_data = emd_geo_nr_data(geo);
	math->nr_parity = geo->level == EMD_LEVEL_RAID6 ? 2 : 1;
	math->lib = NULL;
	if (math->nr_parity == 1)
		return 0;
	math->lib = raid6_get();
	if (!math->lib)
		return EMD_REFUSE(msg, -EOPNOTSUPP,
				  "raid6 needs the kernel's module raid6_pq, which is not there");
	return 0;
}

/**
 * emd_parity_math_exit() - undo emd_parity_math_init()
 * @math: initialised, or zeroed
 *
 * Context: Process context.
 */
void emd_parity_math_exit(struct emd_parity_math *math)
{
	if (math->lib)
		raid6_put(math->lib);
	math->lib = NULL;
}

/**
 * emd_parity_can_update() - can one block's change be carried into the parity?
 * @math: initialised
 *
 * Return: false when the raid6 library has only routines for whole rows here.
 * Context: Any.
 */
bool emd_parity_can_update(const struct emd_parity_math *math)
{
	return !math->lib || math->lib->calls->xor_syndrome;
}

/*
 * Order the blocks as the library wants them: by exponent, then P and Q; what has
 * no block is zero. Returns the number of pointers.
 */
static int order_blocks(const struct emd_parity_math *math, const u16 *q_index, void **blocks,
			unsigned int offset, void **ordered)
{
	unsigned int i, nr = math->nr_data;

	for (i = 0; i < math->nr_data; i++)
		nr = max_t(unsigned int, nr, q_index[i] + 1);
	if (nr > math->nr_data)
		nr = math->nr_slots;
	for (i = 0; nr > math->nr_data && i < nr; i++)
		ordered[i] = math->lib->zero;
	for (i = 0; i < math->nr_data; i++)
		ordered[q_index[i]] = blocks[i] + offset;
	ordered[nr] = blocks[math->nr_data] + offset;
	ordered[nr + 1] = blocks[math->nr_data + 1] + offset;
	return nr + 2;
}

/**
 * emd_parity_generate() - parity of a row from its data
 * @math: initialised
 * @q_index: for each data block its exponent; unused with one parity
 * @blocks: data, P, and Q; P and Q are overwritten
 * @bytes: multiple of 512
 * @scratch: EMD_PARITY_SCRATCH pointers
 *
 * Context: Task context or softirq.
 */
void emd_parity_generate(const struct emd_parity_math *math, const u16 *q_index, void **blocks,
			 unsigned int bytes, void **scratch)
{
	unsigned int at, len;

	if (math->nr_parity == 1) {
		xor_of(blocks[math->nr_data], blocks, math->nr_data, bytes);
		return;
	}
	for (at = 0; at < bytes; at += len) {
		int nr = order_blocks(math, q_index, blocks, at, scratch);

		len = min_t(unsigned int, bytes - at, EMD_PARITY_STEP);
		math->lib->calls->gen_syndrome(nr, len, scratch);
	}
}

/**
 * emd_parity_update() - carry one data block into, or out of, the parity
 * @math: initialised, emd_parity_can_update()
 * @q_index: as for emd_parity_generate()
 * @blocks: block @k, P and Q are looked at; P and Q are changed
 * @k: data block
 * @bytes: multiple of 512
 * @scratch: EMD_PARITY_SCRATCH pointers
 *
 * Called with the old content and then with the new one.
 *
 * Context: Task context or softirq.
 */
void emd_parity_update(const struct emd_parity_math *math, const u16 *q_index, void **blocks,
		       u16 k, unsigned int bytes, void **scratch)
{
	unsigned int at, len;

	if (math->nr_parity == 1) {
		emd_parity_xor(blocks[math->nr_data], &blocks[k], 1, bytes);
		return;
	}
	for (at = 0; at < bytes; at += len) {
		int nr = order_blocks(math, q_index, blocks, at, scratch);

		len = min_t(unsigned int, bytes - at, EMD_PARITY_STEP);
		math->lib->calls->xor_syndrome(nr, q_index[k], q_index[k], len, scratch);
	}
}

/* One data block from P. */
static void recover_by_p(const struct emd_parity_math *math, void **blocks, u16 k,
			 unsigned int bytes, void **scratch)
{
	unsigned int i, nr = 0;

	for (i = 0; i <= math->nr_data; i++)
		if (i != k)
			scratch[nr++] = blocks[i];
	xor_of(blocks[k], scratch, nr, bytes);
}

/**
 * emd_parity_recover() - data blocks that are not there
 * @math: initialised
 * @q_index: as for emd_parity_generate()
 * @blocks: all; those lost are overwritten, whatever is in a lost P or Q is not
 *	used and may be overwritten
 * @lost: indices of lost blocks, ascending; data, P and Q alike
 * @nr_lost: how many
 * @bytes: multiple of 512
 * @scratch: EMD_PARITY_SCRATCH pointers
 *
 * Return: false, and nothing has changed, when there are too many.
 * Context: Task context or softirq.
 */
bool emd_parity_recover(const struct emd_parity_math *math, const u16 *q_index, void **blocks,
			const u16 *lost, unsigned int nr_lost, unsigned int bytes,
			void **scratch)
{
	unsigned int at, len;

	if (nr_lost > math->nr_parity)
		return false;
	if (!nr_lost || lost[0] >= math->nr_data)
		return true;	/* no data */
	if (nr_lost == 1 || lost[1] == math->nr_data + 1) {
		recover_by_p(math, blocks, lost[0], bytes, scratch);
		return true;
	}
	for (at = 0; at < bytes; at += len) {
		int nr = order_blocks(math, q_index, blocks, at, scratch);
		int a = q_index[lost[0]];

		len = min_t(unsigned int, bytes - at, EMD_PARITY_STEP);
		if (lost[1] == math->nr_data) {
			(*math->lib->recover_data_p)(nr, len, a, scratch);
		} else {
			int b = q_index[lost[1]];

			(*math->lib->recover_two)(nr, len, min(a, b), max(a, b), scratch);
		}
	}
	return true;
}

/**
 * emd_parity_locate() - which block of a raid6 row is wrong?
 * @math: initialised, two parities
 * @q_index: as for emd_parity_generate()
 * @p_diff: P as it is ^ P as it should be
 * @q_diff: the same for Q
 * @bytes: how long both are
 *
 * If exactly one block is wrong its error e gives p_diff = e and q_diff = g^i * e,
 * so each byte that differs names the same i; an error of P or Q alone leaves
 * the other one right.
 *
 * Return: index of the block (data, P or Q) that explains every difference; -1
 * when none does, or when nothing differs.
 * Context: Any.
 */
int emd_parity_locate(const struct emd_parity_math *math, const u16 *q_index, const void *p_diff,
		      const void *q_diff, unsigned int bytes)
{
	const u8 *p = p_diff, *q = q_diff;
	bool p_differs = memchr_inv(p, 0, bytes), q_differs = memchr_inv(q, 0, bytes);
	int exponent = -1;
	unsigned int i;

	if (!p_differs && !q_differs)
		return -1;
	if (!q_differs)
		return math->nr_data;
	if (!p_differs)
		return math->nr_data + 1;
	for (i = 0; i < bytes; i++) {
		int e;

		if (!p[i] && !q[i])
			continue;
		if (!p[i] || !q[i])
			return -1;
		e = (math->lib->log[q[i]] + 255 - math->lib->log[p[i]]) % 255;
		if (exponent >= 0 && e != exponent)
			return -1;
		exponent = e;
	}
	for (i = 0; i < math->nr_data; i++)
		if (q_index[i] == exponent)
			return i;
	return -1;
}
