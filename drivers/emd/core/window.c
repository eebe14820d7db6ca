// SPDX-License-Identifier: GPL-2.0
/*
 * What engines do windows with: bios to members that are counted, what becomes of a
 * window when one fails, and when it is to be done again.
 *
 * A window goes through halves, or more of them: an engine holds it, sends bios, lets
 * go; when the last of these has ended, whoever that is goes on with the window.
 */
#include <linux/bio.h>
#include <linux/blkdev.h>

#include "../emd.h"
#include "../log.h"

struct window_bio {
	struct emd_window *window;
	struct emd_member *member;
	u64 disk_sector;
	unsigned int nr_sectors;
	struct bio bio;
};

/**
 * emd_window_bios_init() - reserve bios for the windows of an array
 * @bios: to be undone by bioset_exit()
 * @nr: that can always be had
 *
 * Return: 0 or -ENOMEM.
 * Context: Process context, sleeps.
 */
int emd_window_bios_init(struct bio_set *bios, unsigned int nr)
{
	return bioset_init(bios, nr, offsetof(struct window_bio, bio), BIOSET_NEED_BVECS);
}

/*
 * Changes whenever a member goes out of service. Nothing else can happen to
 * members while windows are in flight.
 */
static u32 members_in_service(const struct emd_array *array)
{
	u32 in_sync = 0, rebuilding = 0;
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++) {
		enum emd_member_state state = READ_ONCE(array->members[slot].state);

		in_sync += state == EMD_MEMBER_IN_SYNC;
		rebuilding += state == EMD_MEMBER_REBUILDING;
	}
	return in_sync << 16 | rebuilding;
}

/**
 * emd_window_begin() - begin a window, or do it again with what is left
 * @window: nothing of it is in flight
 *
 * Return: false, with window->error set, when what it was to fill, or to fill it from, is
 * out of service.
 * Context: Any.
 */
bool emd_window_begin(struct emd_window *window)
{
	const struct emd_array *array = window->array;

	window->states = members_in_service(array);
	window->read_failed = false;
	window->write_failed = false;
	window->write_refused = false;
	if (window->action == EMD_SYNC_REPLACE ?
		    READ_ONCE(array->twin->member->state) == EMD_MEMBER_IN_SYNC :
		    window->action != EMD_SYNC_REBUILD || (u16)window->states)
		return true;
	window->error = -ENODEV;
	return false;
}

/**
 * emd_window_disturbed() - did a member go out of service under the window?
 * @window: begun
 *
 * Then it is done again with what is left: whom it reads and whom it writes must be the
 * same from beginning to end.
 *
 * Context: Any.
 */
bool emd_window_disturbed(const struct emd_window *window)
{
	return READ_ONCE(window->write_failed) ||
	       members_in_service(window->array) != window->states;
}

/* What is done to instead of the member, or NULL: a replace writes the twin. */
static struct emd_twin *target_twin(const struct emd_window *window, enum req_op op)
{
	return window->action == EMD_SYNC_REPLACE && op_is_write(op) ? window->array->twin : NULL;
}

/* Count, log, fail who cannot be written, and note it in the window. */
static void note_error(const struct window_bio *wb)
{
	struct emd_window *window = wb->window;
	enum req_op op = bio_op(&wb->bio);
	struct emd_twin *twin = target_twin(window, op);

	if (twin) {
		emd_twin_write_error(twin, wb->disk_sector, wb->nr_sectors, wb->bio.bi_status);
		WRITE_ONCE(window->write_refused, true);
		return;
	}
	emd_member_error(wb->member, op, wb->disk_sector, wb->nr_sectors, wb->bio.bi_status);
	if (!op_is_write(op)) {
		WRITE_ONCE(window->read_failed, true);
		return;
	}
	WRITE_ONCE(window->write_failed, true);
	if (!emd_member_fail(wb->member, "write error"))
		WRITE_ONCE(window->write_refused, true);
}

static void window_endio(struct bio *bio)
{
	struct window_bio *wb = container_of(bio, struct window_bio, bio);
	struct emd_window *window = wb->window;

	if (unlikely(bio->bi_status))
		note_error(wb);
	bio_put(bio);
	if (emd_window_release(window))
		window->array->engine->window_idle(window);
}

/**
 * emd_window_disk_sector() - where a piece of a window is on the disk
 * @window: in flight
 * @member: whose piece
 * @op: what is done to it: a replace writes the member's twin
 * @member_sector: where on the member
 *
 * Context: Any.
 */
u64 emd_window_disk_sector(const struct emd_window *window, const struct emd_member *member,
			   enum req_op op, u64 member_sector)
{
	const struct emd_twin *twin = target_twin(window, op);

	return (twin ? twin->start_sector : member->start_sector) + member_sector;
}

/**
 * emd_window_bio() - a bio of a window, for a member
 * @window: held
 * @member: whom it is for; a write of a replace goes to its twin
 * @opf: read or write, and flags
 * @member_sector: where on the member
 * @nr_pages: how many it may be given; there is room for at most BIO_MAX_VECS
 *
 * All windows of an array share the reserve: what was got is sent before another is asked
 * for.
 *
 * Return: the bio, to be given pages and to emd_window_send().
 * Context: Process context, sleeps for the reserve; not beneath ->submit_bio(), for nobody
 * would send what was got there.
 */
struct bio *emd_window_bio(struct emd_window *window, struct emd_member *member, blk_opf_t opf,
			   u64 member_sector, unsigned int nr_pages)
{
	enum req_op op = opf & REQ_OP_MASK;
	const struct emd_twin *twin = target_twin(window, op);
	struct window_bio *wb;
	struct bio *bio;

	bio = bio_alloc_bioset(twin ? twin->bdev : member->bdev, bio_max_segs(nr_pages), opf,
			       GFP_NOIO, window->bios);
	bio->bi_iter.bi_sector = emd_window_disk_sector(window, member, op, member_sector);
	bio->bi_end_io = window_endio;
	wb = container_of(bio, struct window_bio, bio);
	wb->window = window;
	wb->member = member;
	return bio;
}

/**
 * emd_window_send() - send a bio of a window
 * @window: held
 * @bio: from emd_window_bio(), with its pages
 *
 * Context: Process context, may sleep.
 */
void emd_window_send(struct emd_window *window, struct bio *bio)
{
	struct window_bio *wb = container_of(bio, struct window_bio, bio);

	wb->disk_sector = bio->bi_iter.bi_sector;
	wb->nr_sectors = bio_sectors(bio);
	atomic_inc(&window->pending);
	submit_bio_noacct(bio);
}

/**
 * emd_window_repaired() - a window found what could not be read, and rewrote it
 * @window: in flight
 * @array_sector: near it
 * @nr_sectors: how many; none is not told
 *
 * Context: Process context.
 */
void emd_window_repaired(struct emd_window *window, u64 array_sector, u64 nr_sectors)
{
	struct emd_array *array = window->array;
	const char *action = emd_sync_action_names[window->action];

	if (!nr_sectors)
		return;
	emd_info(array, "%s: %llu sectors that could not be read were rewritten near array sector %llu",
		 action, nr_sectors, array_sector);
	emd_event(EMD_EVENT_ERROR, "repaired", array->container, array, -1, NULL,
		  "%s: %llu sectors that could not be read were rewritten near array sector %llu",
		  action, nr_sectors, array_sector);
}
