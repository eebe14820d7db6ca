/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the files of commands (admin*.c) share among themselves.
 */
#ifndef _EMD_ADMIN_H
#define _EMD_ADMIN_H

#include "core.h"

/* A line of what would be done. What a transaction would do, emd_txn_plan() says. */
#define PLAN(adm, fmt, ...)	emd_text_line((adm)->plan, fmt, ##__VA_ARGS__)

static inline bool dry_run(const struct emd_admin *adm)
{
	return adm->flags & EMD_F_DRY_RUN;
}

/**
 * struct emd_assignment - the arrays that a spare is to be for
 * @ids: of the arrays
 * @nr: how many, 0: for all of its container
 */
struct emd_assignment {
	const u64 *ids;
	unsigned int nr;
};

struct emd_container *emd_container_by_id(u64 id);
int emd_on_array(struct emd_admin *adm, u64 id,
		 int (*attempt)(struct emd_admin *adm, struct emd_array *array, void *arg),
		 void *arg, void (*after)(struct emd_array *array));
int emd_check_global_name(const struct emd_container *container, const char *name,
			  struct emd_errmsg *msg);
int emd_add_disk(struct emd_admin *adm, struct emd_container *container, dev_t devt,
		 const struct emd_assignment *to);
int emd_assign_spare(struct emd_config *t1, u16 row, const struct emd_assignment *to,
		     struct emd_errmsg *msg);
int emd_delete_array(struct emd_admin *adm, struct emd_array *array);
void emd_use_spares(struct emd_container *container);
int emd_must_be_writable(const struct emd_container *container, struct emd_errmsg *msg);
struct emd_disk *emd_borrow_disk(struct emd_admin *adm, dev_t devt);
struct emd_disk *emd_take_bare_disk(struct emd_admin *adm, dev_t devt);
void emd_give_back_disk(struct emd_disk *disk);
void emd_forget_device(dev_t devt);

#endif /* _EMD_ADMIN_H */
