/* SPDX-License-Identifier: GPL-2.0 */
/* The C library's own errno.h comes here too, so nothing but the numbers. */
#include <asm/errno.h>
