/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why a request was refused, in words, for the one who asked.
 *
 * A refusal sets an errno and a text in one line, where the decision is made.
 * The first reason wins: what follows is usually a consequence. Pure: compiles
 * in the kernel and in user space.
 */
#ifndef _EMD_ERRMSG_H
#define _EMD_ERRMSG_H

#include <linux/kernel.h>
#include <linux/types.h>

#define EMD_ERRMSG_LEN	240

/**
 * struct emd_errmsg - where a refusal writes its reason
 * @text: NUL-terminated reason, lower case, no full stop; empty until set
 */
struct emd_errmsg {
	char text[EMD_ERRMSG_LEN];
};

/**
 * EMD_REFUSE() - record why and evaluate to the errno
 * @msg: a struct emd_errmsg or NULL
 * @err: negative errno to return
 * @fmt: reason, as for printf()
 *
 * Use as ``return EMD_REFUSE(msg, -EINVAL, "strip of %u sectors, need a power of two", n);``
 */
#define EMD_REFUSE(msg, err, fmt, ...)					\
({									\
	struct emd_errmsg *__msg = (msg);				\
	if (__msg && !__msg->text[0])					\
		snprintf(__msg->text, sizeof(__msg->text), fmt, ##__VA_ARGS__); \
	(err);								\
})

#endif /* _EMD_ERRMSG_H */
