/* SPDX-License-Identifier: GPL-2.0 */
/* What the kernel's compiler headers would give. */
#ifndef EMDCTL_COMPILER_H
#define EMDCTL_COMPILER_H

#define __printf(fmt, args)	__attribute__((__format__(__printf__, fmt, args)))
#define ARRAY_SIZE(array)	(sizeof(array) / sizeof(*(array)))

#endif /* EMDCTL_COMPILER_H */
