/* SPDX-License-Identifier: GPL-2.0 */
/* The kernel's bare SHA-1 block function, on top of libcrypto's. */
#ifndef _SHIM_CRYPTO_SHA1_H
#define _SHIM_CRYPTO_SHA1_H

#include <linux/types.h>
#define OPENSSL_SUPPRESS_DEPRECATED
#include <openssl/sha.h>

#define SHA1_DIGEST_SIZE	20
#define SHA1_BLOCK_SIZE		64
#define SHA1_WORKSPACE_WORDS	16

static inline void sha1_init(u32 *state)
{
	SHA_CTX ctx;

	SHA1_Init(&ctx);
	state[0] = ctx.h0;
	state[1] = ctx.h1;
	state[2] = ctx.h2;
	state[3] = ctx.h3;
	state[4] = ctx.h4;
}

static inline void sha1_transform(u32 *state, const char *block, u32 *scratch)
{
	SHA_CTX ctx = {
		.h0 = state[0], .h1 = state[1], .h2 = state[2], .h3 = state[3], .h4 = state[4],
	};

	(void)scratch;
	SHA1_Transform(&ctx, (const unsigned char *)block);
	state[0] = ctx.h0;
	state[1] = ctx.h1;
	state[2] = ctx.h2;
	state[3] = ctx.h3;
	state[4] = ctx.h4;
}

#endif
