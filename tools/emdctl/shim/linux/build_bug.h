/* SPDX-License-Identifier: GPL-2.0 */
#ifndef _SHIM_LINUX_BUILD_BUG_H
#define _SHIM_LINUX_BUILD_BUG_H

#include <stddef.h>

/* The message is optional, as the kernel has it. */
#undef static_assert
#define static_assert(expr, ...) _Static_assert(expr, "" __VA_ARGS__ #expr)

#endif
