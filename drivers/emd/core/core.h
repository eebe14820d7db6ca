/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the core's files share among themselves and nobody else needs.
 */
#ifndef _EMD_CORE_H
#define _EMD_CORE_H

#include "../emd.h"

/* ---- disk.c -------------------------------------------------------------- */

/**
 * struct emd_probe - what one look at a block device found
 * @devt: device
 * @diskseq: tells it from others that had or will have this number
 * @name: kernel name
 * @serial: as reported
 * @nr_sectors: capacity
 * @block_size: logical block in bytes
 * @rotational: seeks cost
 * @ops: format, NULL when none
 * @img: raw metadata, NULL when none or damaged
 * @cfg: decoded; torn or NULL when damaged, NULL when none
 * @damage: 0 or why there is no whole @cfg although there is metadata
 * @msg: text for @damage
 * @file: keeps the device open until the probe is done with
 */
struct emd_probe {
	dev_t devt;
	u64 diskseq;
	char name[DISK_NAME_LEN];
	char serial[EMD_DISK_ID_LEN];
	u64 nr_sectors;
	u32 block_size;
	bool rotational;
	const struct emd_meta_ops *ops;
	struct emd_meta_image *img;
	struct emd_config *cfg;
	int damage;
	struct emd_errmsg msg;
	struct file *file;
};

void emd_image_free(struct emd_meta_image *img);
struct emd_meta_image *emd_image_read(const struct emd_meta_ops *ops,
				      const struct emd_meta_image *facts,
				      int (*read)(const void *from, struct emd_extent *ext),
				      const void *from, struct emd_errmsg *msg);
int emd_bdev_read(const void *from, struct emd_extent *ext);
int emd_probe(dev_t devt, struct emd_probe *probe);
const char *emd_probe_foreign(const struct emd_probe *probe);
void emd_probe_done(struct emd_probe *probe);
struct emd_disk *emd_disk_create(struct emd_probe *probe);
void emd_disk_list(struct emd_disk *disk);
void emd_disk_take_probe(struct emd_disk *disk, struct emd_probe *probe);
int emd_disk_claim(struct emd_disk *disk, bool read_only, struct emd_errmsg *msg);
struct file *emd_disk_reopen(struct emd_disk *disk);
void emd_disk_release(struct emd_disk *disk);
int emd_disk_reread(struct emd_disk *disk, struct emd_probe *probe);
int emd_disk_reserve(struct emd_disk *disk, u32 len);
void emd_disk_adopt(const struct emd_disk *disk, struct emd_config *t1, u16 row);
void emd_disk_meta_start(struct emd_disk *disk, int idx);
int emd_disk_meta_wait(struct emd_disk *disk);

/* ---- commit.c -------------------------------------------------------------- */

/**
 * struct emd_transaction - the road from one config to the next
 * @container: whose config changes
 * @t0: published config; stays so until the switch
 * @t1: the next one, private
 * @msg: where the reason of a refusal goes
 * @room: preallocated configs that replace the reserve after the switch
 * @flush: data must be durable on every disk before the metadata says so
 * @administrative: refused by a disk: back out, instead of failing the disk
 * @first: T0 is on no disk: back out to what was there before
 * @written: every disk that T1 names has it
 * @needs: no T1 without this disk, or NULL
 */
struct emd_transaction {
	struct emd_container *container;
	const struct emd_config *t0;
	struct emd_config *t1;
	struct emd_errmsg *msg;
	struct emd_config *room[2];
	bool flush;
	bool administrative;
	bool first;
	bool written;
	const struct emd_disk *needs;
};

struct emd_config *emd_container_config(const struct emd_container *container); /* C */
void emd_txn_begin(struct emd_transaction *txn, struct emd_container *container,
		   struct emd_errmsg *msg);
int emd_txn_begin_room(struct emd_transaction *txn, struct emd_container *container,
		       const struct emd_config_room *extra, struct emd_errmsg *msg);
int emd_txn_check(struct emd_transaction *txn);
bool emd_txn_tell(const struct emd_transaction *txn, struct emd_text *out);
int emd_txn_plan(struct emd_transaction *txn, struct emd_text *out);
int emd_txn_write(struct emd_transaction *txn);
void emd_txn_switch(struct emd_transaction *txn);
void emd_txn_abort(struct emd_transaction *txn);
int emd_container_set_first_config(struct emd_container *container, struct emd_config *cfg);
void emd_container_free_configs(struct emd_container *container);
struct emd_disk *emd_container_disk(const struct emd_container *container, u32 handle); /* C */

/* ---- rewrite.c -------------------------------------------------------------- */

/**
 * struct emd_rewrite - a disk that is to get back what it has, should one refuse
 * @disk: borrowed or claimed, its writes filled in
 * @before: what it had there, for kvfree(); NULL when that is not kept
 * @nr_tried: writes that were sent
 */
struct emd_rewrite {
	struct emd_disk *disk;
	u8 *before;
	unsigned int nr_tried;
};

int emd_read_places(struct block_device *bdev, const struct emd_meta_writes *places, u8 *bytes);
u32 emd_places_len(const struct emd_meta_writes *places);
int emd_rewrite_keep(struct emd_rewrite *rewrite, struct emd_errmsg *msg);
unsigned int emd_rewrite_back_out(struct emd_rewrite *rewrites, unsigned int nr, char *names,
				  size_t len);
int emd_rewrite_disks(struct emd_rewrite *rewrites, unsigned int nr, struct emd_errmsg *msg);

/* ---- history.c -------------------------------------------------------------- */

struct emd_history *emd_history_alloc(void);
void emd_history_free(struct emd_history *history);
void emd_history_add(const struct emd_transaction *txn);
__printf(3, 4)
void emd_history_note(struct emd_container *container, u64 generation, const char *fmt, ...);

/* ---- container.c ------------------------------------------------------------- */

void emd_container_set_identity(struct emd_container *container, const u8 uuid[16]);
struct emd_container *emd_container_create(const struct emd_meta_ops *ops, const u8 uuid[16]);
void emd_container_work(struct work_struct *work);
int emd_registry_add_probe(struct emd_probe *probe);
void emd_registry_forget(struct emd_disk *disk);
void emd_registry_disk_gone(dev_t devt, u64 diskseq);
int emd_container_assemble(struct emd_container *container, u32 flags, struct emd_errmsg *msg);
int emd_container_plan_assembly(struct emd_container *container, u32 flags,
				struct emd_errmsg *msg, struct emd_text *out);
int emd_container_stop(struct emd_container *container, struct emd_errmsg *msg);
int emd_container_plan_stop(struct emd_container *container, struct emd_errmsg *msg,
			    struct emd_text *out);
void emd_container_add_disk(struct emd_container *container, struct emd_disk *disk);
void emd_disk_set_container(struct emd_disk *disk, struct emd_container *container);
void emd_container_drop_disk(struct emd_container *container, struct emd_disk *disk);
int emd_container_publish_arrays(struct emd_container *container, struct emd_errmsg *msg);
void emd_container_reap(struct emd_container *container);
void emd_registry_evaluate(void);
bool emd_registry_expecting(void);
void emd_registry_release_all(void);
int emd_member_rejoin(struct emd_array *array, u16 slot, struct emd_disk *disk,
		      const struct emd_config *cfg, const struct emd_config_array *ca);

/* ---- worker.c ------------------------------------------------------------------ */

void emd_array_touch(struct emd_array *array);
void emd_array_announce_failures(struct emd_array *array);
void emd_config_record_failure(struct emd_config *t1, struct emd_array *array,
			       struct emd_config_array *ca, u16 slot);
bool emd_array_reconcile(struct emd_config *t1, struct emd_array *array,
			 struct emd_config_array *ca);
int emd_container_record(struct emd_container *container,
			 bool (*fold)(struct emd_transaction *txn, struct emd_array *array),
			 struct emd_array *array, struct emd_errmsg *msg);
int emd_container_settle(struct emd_container *container, unsigned int *noio);

/**
 * emd_settled() - what an attempt comes to when the worker has its turn in between
 * @container: container, a reference is held
 * @noio: from emd_lock_container(); C is dropped and taken again between attempts
 * @attempt: int expression, evaluated under C until it is not -EAGAIN: that says that it
 *	waits for the worker, as for an io that waits for a commit
 *
 * Each attempt looks at everything anew: while C was dropped anything may have changed.
 *
 * Return: @attempt; -EINTR when a fatal signal came first.
 * Context: Process context, C held.
 */
#define emd_settled(container, noio, attempt)				\
({									\
	int __ret;							\
									\
	while ((__ret = (attempt)) == -EAGAIN) {			\
		if (emd_container_settle(container, noio)) {		\
			__ret = -EINTR;					\
			break;						\
		}							\
	}								\
	__ret;								\
})

int emd_array_quiesce_all(struct emd_array *array);
void emd_array_resume_all(struct emd_array *array);
bool emd_array_writes_allowed(const struct emd_array *array);
bool emd_uuid_is_zero(const u8 uuid[16]);

/* ---- replace.c ----------------------------------------------------------------- */

bool emd_replace_uses(const struct emd_container *container, const struct emd_disk *disk);
int emd_replace_refuses(const struct emd_container *container, const struct emd_disk *disk,
			struct emd_errmsg *msg);
int emd_replace_end(struct emd_container *container, const char *why);
void emd_replace_copied(struct emd_array *array, int result);
int emd_replace_pass(struct emd_container *container);

/* ---- state.c ------------------------------------------------------------------- */

void emd_array_member_states(const struct emd_array *array, u8 *states);
bool emd_member_lost(struct emd_member *member);
void emd_array_set_reason(struct emd_array *array, const char *reason);
bool emd_member_move_state(struct emd_member *member, enum emd_member_state from,
			   enum emd_member_state to, const char *why);

/* ---- array.c ------------------------------------------------------------------- */

struct emd_array *emd_array_create(struct emd_container *container,
				   const struct emd_config *cfg,
				   const struct emd_config_array *ca, struct emd_errmsg *msg);
int emd_array_start(struct emd_array *array, const struct emd_config *cfg, bool read_only,
		    bool force, struct emd_errmsg *msg);
void emd_array_unstart(struct emd_array *array);
int emd_array_publish(struct emd_array *array, struct emd_errmsg *msg);
int emd_array_plan_stop(struct emd_array *array, struct emd_errmsg *msg, struct emd_text *out);
int emd_array_begin_stop(struct emd_array *array, struct emd_errmsg *msg);
void emd_array_cancel_stop(struct emd_array *array);
void emd_array_finish_stop(struct emd_array *array);
void emd_array_attach_member(struct emd_array *array, u16 slot, struct emd_disk *disk,
			     const struct emd_config_member *cm);
void emd_array_detach_member(struct emd_array *array, u16 slot);
int emd_array_take_out_member(struct emd_array *array, u16 slot);

/* Idle this long before an array is marked clean. */
#define EMD_CLEAN_AFTER_MS	4000

int emd_array_start_job(struct emd_array *array, enum emd_sync_action action, u64 from);
int emd_minors_init(void);
void emd_minors_exit(void);

#endif /* _EMD_CORE_H */
