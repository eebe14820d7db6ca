/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parity of one row of blocks: XOR, and the second syndrome of raid6.
 *
 * A row is given as an array of pointers, one a block, in the order of the data
 * strips, then P, then Q. All blocks are equally long, a multiple of 512 bytes,
 * in the kernel's linear map and aligned to 64 bytes.
 */
#ifndef _EMD_PARITY_MATH_H
#define _EMD_PARITY_MATH_H

#include <linux/types.h>

#include "../geometry.h"

struct emd_raid6_lib;

/* The raid6 library's zero page is what limits one call to its recovery. */
#define EMD_PARITY_STEP		4096

/**
 * struct emd_parity_math - what the arithmetic must know of an array
 * @nr_data: data strips in a row
 * @nr_parity: 1 or 2
 * @nr_slots: members of a row
 * @lib: the raid6 library, NULL for one parity
 *
 * Exponents of Q count the slots, parity slots included, or the data strips,
 * as the layout has it; emd_geo_q_index() tells.
 */
struct emd_parity_math {
	u16 nr_data;
	u16 nr_parity;
	u16 nr_slots;
	struct emd_raid6_lib *lib;
};

/* Pointers that @scratch must have room for. */
#define EMD_PARITY_SCRATCH	(EMD_MAX_MEMBERS + 3)

int emd_parity_math_init(struct emd_parity_math *math, const struct emd_geometry *geo,
			 struct emd_errmsg *msg);
void emd_parity_math_exit(struct emd_parity_math *math);
bool emd_parity_can_update(const struct emd_parity_math *math);
void emd_parity_generate(const struct emd_parity_math *math, const u16 *q_index, void **blocks,
			 unsigned int bytes, void **scratch);
void emd_parity_update(const struct emd_parity_math *math, const u16 *q_index, void **blocks,
		       u16 k, unsigned int bytes, void **scratch);
bool emd_parity_recover(const struct emd_parity_math *math, const u16 *q_index, void **blocks,
			const u16 *lost, unsigned int nr_lost, unsigned int bytes,
			void **scratch);
void emd_parity_xor(void *dest, void **sources, unsigned int nr, unsigned int bytes);
int emd_parity_locate(const struct emd_parity_math *math, const u16 *q_index, const void *p_diff,
		      const void *q_diff, unsigned int bytes);

#endif /* _EMD_PARITY_MATH_H */
