/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Tracepoints of EMD: tracefs events/emd/.
 *
 * For people who debug; not an ABI: events and fields change as the code does.
 *
 * Units of what is printed
 *
 *   sector, nr_sectors  512 bytes; "sector" is an array sector
 *   offset, len         bytes on a disk
 *   us                  microseconds
 *   id                  the object's, as in the ioctls
 *   error               0 or a negative errno
 *   status              a block layer status, 0 is success
 *
 * Nouns first, then verbs: emd_member_state, emd_meta_commit, emd_job_start.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM emd

#if !defined(_EMD_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define _EMD_TRACE_H

#include <linux/blk_types.h>
#include <linux/tracepoint.h>

#include "emd.h"

#define show_container_state(value)					\
	__print_symbolic(value,						\
		{ EMD_CONTAINER_ASSEMBLED, "assembled" },		\
		{ EMD_CONTAINER_WAITING, "waiting" },			\
		{ EMD_CONTAINER_REFUSED, "refused" },			\
		{ EMD_CONTAINER_STOPPED, "stopped" })

#define show_member_state(value)					\
	__print_symbolic(value,						\
		{ EMD_MEMBER_IN_SYNC, "in_sync" },			\
		{ EMD_MEMBER_REBUILDING, "rebuilding" },		\
		{ EMD_MEMBER_MISSING, "missing" },			\
		{ EMD_MEMBER_FAILED, "failed" })

#define show_action(value)						\
	__print_symbolic(value,						\
		{ EMD_SYNC_IDLE, "idle" },				\
		{ EMD_SYNC_RESYNC, "resync" },				\
		{ EMD_SYNC_REBUILD, "rebuild" },			\
		{ EMD_SYNC_CHECK, "check" },				\
		{ EMD_SYNC_REPAIR, "repair" },				\
		{ EMD_SYNC_RESHAPE, "reshape" },			\
		{ EMD_SYNC_REPLACE, "replace" })

#define show_op(value)							\
	__print_symbolic(value,						\
		{ (__force u32)REQ_OP_READ, "read" },			\
		{ (__force u32)REQ_OP_WRITE, "write" },			\
		{ (__force u32)REQ_OP_FLUSH, "flush" },			\
		{ (__force u32)REQ_OP_DISCARD, "discard" },		\
		{ (__force u32)REQ_OP_SECURE_ERASE, "secure_erase" },	\
		{ (__force u32)REQ_OP_WRITE_ZEROES, "write_zeroes" })

/* ---- states ------------------------------------------------------------- */

TRACE_EVENT(emd_container_state,
	TP_PROTO(const struct emd_container *container, enum emd_container_state old,
		 enum emd_container_state new, const char *why),
	TP_ARGS(container, old, new, why),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(int, old)
		__field(int, new)
		__string(name, container->name)
		__string(why, why ? why : "")
	),
	TP_fast_assign(
		__entry->id = container->id;
		__entry->old = old;
		__entry->new = new;
		__assign_str(name);
		__assign_str(why);
	),
	TP_printk("%s id %u %s -> %s (%s)", __get_str(name), __entry->id,
		  show_container_state(__entry->old),
		  show_container_state(__entry->new),
		  __get_str(why))
);

TRACE_EVENT(emd_member_state,
	TP_PROTO(const struct emd_member *member, enum emd_member_state old,
		 enum emd_member_state new, const char *why),
	TP_ARGS(member, old, new, why),
	TP_STRUCT__entry(
		__field(u32, array_id)
		__field(int, minor)
		__field(u16, slot)
		__field(u32, disk_id)
		__field(int, old)
		__field(int, new)
		__string(why, why ? why : "")
	),
	TP_fast_assign(
		__entry->array_id = member->array->id;
		__entry->minor = member->array->minor;
		__entry->slot = member->slot;
		__entry->disk_id = member->disk ? member->disk->id : 0;
		__entry->old = old;
		__entry->new = new;
		__assign_str(why);
	),
	TP_printk("emd%d id %u slot %u disk %u %s -> %s (%s)", __entry->minor,
		  __entry->array_id, __entry->slot, __entry->disk_id,
		  show_member_state(__entry->old),
		  show_member_state(__entry->new),
		  __get_str(why))
);

/* ---- metadata ----------------------------------------------------------- */

/* One transaction: @nr_disks were written, @nr_failed of them refused. */
TRACE_EVENT(emd_meta_commit,
	TP_PROTO(const struct emd_container *container, u64 generation,
		 unsigned int nr_disks, unsigned int nr_failed, u64 us, int error),
	TP_ARGS(container, generation, nr_disks, nr_failed, us, error),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u64, generation)
		__field(unsigned int, nr_disks)
		__field(unsigned int, nr_failed)
		__field(u64, us)
		__field(int, error)
		__string(name, container->name)
	),
	TP_fast_assign(
		__entry->id = container->id;
		__entry->generation = generation;
		__entry->nr_disks = nr_disks;
		__entry->nr_failed = nr_failed;
		__entry->us = us;
		__entry->error = error;
		__assign_str(name);
	),
	TP_printk("%s id %u generation %llu disks %u failed %u us %llu error %d",
		  __get_str(name), __entry->id, __entry->generation, __entry->nr_disks,
		  __entry->nr_failed, __entry->us, __entry->error)
);

/* One extent of metadata on one disk. */
TRACE_EVENT(emd_meta_write,
	TP_PROTO(const struct emd_disk *disk, u64 offset, u32 len),
	TP_ARGS(disk, offset, len),
	TP_STRUCT__entry(
		__field(dev_t, dev)
		__field(u64, offset)
		__field(u32, len)
	),
	TP_fast_assign(
		__entry->dev = disk->devt;
		__entry->offset = offset;
		__entry->len = len;
	),
	TP_printk("%d,%d offset %llu len %u", MAJOR(__entry->dev), MINOR(__entry->dev),
		  __entry->offset, __entry->len)
);

/* ---- background work ---------------------------------------------------- */

DECLARE_EVENT_CLASS(emd_job_class,
	TP_PROTO(const struct emd_array *array, enum emd_sync_action action, u64 sector,
		 int error),
	TP_ARGS(array, action, sector, error),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(int, minor)
		__field(int, action)
		__field(u64, sector)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->id = array->id;
		__entry->minor = array->minor;
		__entry->action = action;
		__entry->sector = sector;
		__entry->error = error;
	),
	TP_printk("emd%d id %u %s sector %llu error %d", __entry->minor, __entry->id,
		  show_action(__entry->action),
		  __entry->sector, __entry->error)
);

#define EMD_JOB_EVENT(name)						\
DEFINE_EVENT(emd_job_class, name,					\
	TP_PROTO(const struct emd_array *array, enum emd_sync_action action, u64 sector, \
		 int error),						\
	TP_ARGS(array, action, sector, error))

EMD_JOB_EVENT(emd_job_start);
EMD_JOB_EVENT(emd_job_pause);
EMD_JOB_EVENT(emd_job_resume);
EMD_JOB_EVENT(emd_job_checkpoint);
EMD_JOB_EVENT(emd_job_cancel);
EMD_JOB_EVENT(emd_job_done);

DECLARE_EVENT_CLASS(emd_window_class,
	TP_PROTO(const struct emd_window *window),
	TP_ARGS(window),
	TP_STRUCT__entry(
		__field(int, minor)
		__field(int, action)
		__field(u64, sector)
		__field(u64, nr_sectors)
		__field(u64, mismatches)
		__field(int, error)
	),
	TP_fast_assign(
		__entry->minor = window->array->minor;
		__entry->action = window->action;
		__entry->sector = window->array_sector;
		__entry->nr_sectors = window->nr_sectors;
		__entry->mismatches = window->mismatches;
		__entry->error = window->error;
	),
	TP_printk("emd%d %s %llu+%llu mismatches %llu error %d", __entry->minor,
		  show_action(__entry->action), __entry->sector,
		  __entry->nr_sectors, __entry->mismatches, __entry->error)
);

DEFINE_EVENT(emd_window_class, emd_window_start,
	TP_PROTO(const struct emd_window *window), TP_ARGS(window));
DEFINE_EVENT(emd_window_class, emd_window_done,
	TP_PROTO(const struct emd_window *window), TP_ARGS(window));

/* ---- requests ----------------------------------------------------------- */

DECLARE_EVENT_CLASS(emd_bio_class,
	TP_PROTO(const struct emd_array *array, const struct bio *bio),
	TP_ARGS(array, bio),
	TP_STRUCT__entry(
		__field(int, minor)
		__field(unsigned int, op)
		__field(unsigned int, flags)
		__field(u64, sector)
		__field(u32, nr_sectors)
		__field(u8, status)
	),
	TP_fast_assign(
		__entry->minor = array->minor;
		__entry->op = (__force u32)bio_op(bio);
		__entry->flags = (__force u32)(bio->bi_opf & ~REQ_OP_MASK);
		__entry->sector = bio->bi_iter.bi_sector;
		__entry->nr_sectors = bio_sectors(bio);
		__entry->status = (__force u8)bio->bi_status;
	),
	TP_printk("emd%d %s flags 0x%x %llu+%u status %u", __entry->minor,
		  show_op(__entry->op), __entry->flags,
		  __entry->sector, __entry->nr_sectors, __entry->status)
);

#define EMD_BIO_EVENT(name)						\
DEFINE_EVENT(emd_bio_class, name,					\
	TP_PROTO(const struct emd_array *array, const struct bio *bio),	\
	TP_ARGS(array, bio))

/* Waits for "dirty" to be durable, or for a quiesced array to resume. */
EMD_BIO_EVENT(emd_io_held);
/* Sent on its way again. */
EMD_BIO_EVENT(emd_io_resubmitted);
/* Held, and answered with an error because the array is going or gone. */
EMD_BIO_EVENT(emd_io_refused);

DECLARE_EVENT_CLASS(emd_io_class,
	TP_PROTO(const struct emd_io *io),
	TP_ARGS(io),
	TP_STRUCT__entry(
		__field(int, minor)
		__field(unsigned int, op)
		__field(u64, sector)
		__field(u32, nr_sectors)
		__field(u8, status)
	),
	TP_fast_assign(
		__entry->minor = io->array->minor;
		__entry->op = (__force u32)bio_op(io->bio);
		__entry->sector = io->bio->bi_iter.bi_sector;
		__entry->nr_sectors = bio_sectors(io->bio);
		__entry->status = (__force u8)io->status;
	),
	TP_printk("emd%d %s %llu+%u status %u", __entry->minor,
		  show_op(__entry->op), __entry->sector,
		  __entry->nr_sectors, __entry->status)
);

/* A member failed under it: it ends when the failure is durable. */
DEFINE_EVENT(emd_io_class, emd_io_parked, TP_PROTO(const struct emd_io *io), TP_ARGS(io));
DEFINE_EVENT(emd_io_class, emd_io_released, TP_PROTO(const struct emd_io *io), TP_ARGS(io));

/* ---- the edges ---------------------------------------------------------- */

/* What readers of /dev/emd-control get to see. */
TRACE_EVENT(emd_event,
	TP_PROTO(const struct emd_event *ev),
	TP_ARGS(ev),
	TP_STRUCT__entry(
		__field(u64, seq)
		__field(u32, type)
		__field(u64, array_id)
		__field(u64, container_id)
		__string(name, ev->name)
		__string(what, ev->what)
		__string(text, ev->text)
	),
	TP_fast_assign(
		__entry->seq = ev->seq;
		__entry->type = ev->type;
		__entry->array_id = ev->array_id;
		__entry->container_id = ev->container_id;
		__assign_str(name);
		__assign_str(what);
		__assign_str(text);
	),
	TP_printk("seq %llu type %u container %llu array %llu %s: %s: %s", __entry->seq,
		  __entry->type, __entry->container_id, __entry->array_id,
		  __get_str(name), __get_str(what), __get_str(text))
);

/* A command was refused, and what its caller was told. */
TRACE_EVENT(emd_refuse,
	TP_PROTO(unsigned int cmd, int error, const char *text),
	TP_ARGS(cmd, error, text),
	TP_STRUCT__entry(
		__field(unsigned int, nr)
		__field(int, error)
		__string(text, text)
	),
	TP_fast_assign(
		__entry->nr = _IOC_NR(cmd);
		__entry->error = error;
		__assign_str(text);
	),
	TP_printk("command 0x%02x error %d: %s", __entry->nr, __entry->error, __get_str(text))
);

#endif /* _EMD_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
