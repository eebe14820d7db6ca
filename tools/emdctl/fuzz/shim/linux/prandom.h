/* SPDX-License-Identifier: GPL-2.0 */
/* Numbers that look random and are the same in each run; not the kernel's. */
#ifndef _SHIM_LINUX_PRANDOM_H
#define _SHIM_LINUX_PRANDOM_H

#include <linux/types.h>

struct rnd_state {
	u64 s;
};

static inline void prandom_seed_state(struct rnd_state *state, u64 seed)
{
	state->s = seed;
}

/* The high half of a multiply-and-add chain; its low bits are too regular. */
static inline u32 prandom_u32_state(struct rnd_state *state)
{
	state->s = state->s * 6364136223846793005ULL + 1442695040888963407ULL;
	return state->s >> 32;
}

#endif
