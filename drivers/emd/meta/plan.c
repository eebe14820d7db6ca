// SPDX-License-Identifier: GPL-2.0
/*
 * A change in words: what T1 has that T0 had not, line by line, and what is
 * written where to make it so. It is what a dry run answers, and what a container
 * remembers of its last changes.
 *
 * Nothing is decided here: whether T0 may become T1 is for emd_txn_check() to say.
 * Pure; allocates nothing.
 */
#include <linux/kernel.h>
#include <linux/stdarg.h>
#include <linux/string.h>

#include "meta.h"

/**
 * struct plan - a change being told
 * @t0: as it is
 * @t1: as it would be
 * @names: of disks
 * @out: where the lines go
 * @grave: something besides dirty marks and positions of background work changes
 */
struct plan {
	const struct emd_config *t0;
	const struct emd_config *t1;
	const struct emd_plan_names *names;
	struct emd_text *out;
	bool grave;
};

#define TELL(plan, fmt, ...)						\
do {									\
	(plan)->grave = true;						\
	emd_text_line((plan)->out, fmt, ##__VA_ARGS__);			\
} while (0)

/**
 * emd_plan_size() - a size for people
 * @sectors: of 512 bytes
 * @out: gets "64M", or sectors where no unit divides it
 *
 * Return: @out.
 */
const char *emd_plan_size(u64 sectors, char out[EMD_PLAN_SIZE_LEN])
{
	static const char units[] = "KMGTP";
	unsigned int shift = 1, unit = 0;

	if (!sectors || sectors & 1) {
		snprintf(out, EMD_PLAN_SIZE_LEN, "%llu sectors", sectors);
		return out;
	}
	while (unit + 2 < sizeof(units) && !(sectors & ((1ULL << (shift + 10)) - 1))) {
		shift += 10;
		unit++;
	}
	snprintf(out, EMD_PLAN_SIZE_LEN, "%llu%c", sectors >> shift, units[unit]);
	return out;
}

/* ---- disks ---------------------------------------------------------------- */

static const char *disk_name(const struct plan *plan, const struct emd_config_disk *row)
{
	const char *name = NULL;

	if (row->handle && plan->names)
		name = plan->names->disk(plan->names->from, row->handle);
	return name ?: row->id;
}

/* Rows move, handles come and go with the devices, and one of the two stays. */
static bool same_disk(const struct emd_config_disk *a, const struct emd_config_disk *b)
{
	if (a->handle && b->handle)
		return a->handle == b->handle;
	return !strcmp(a->id, b->id);
}

static const struct emd_config_disk *find_disk(const struct emd_config *cfg,
					       const struct emd_config_disk *like)
{
	u16 i;

	for (i = 0; i < cfg->nr_disks; i++) {
		if (same_disk(&cfg->disks[i], like))
			return &cfg->disks[i];
	}
	return NULL;
}

static bool same_service(const struct plan *plan, const struct emd_config_disk *a,
			 const struct emd_config_disk *b)
{
	u8 i;

	if (a->nr_serves != b->nr_serves)
		return false;
	for (i = 0; i < a->nr_serves; i++) {
		if (plan->t0->arrays[a->serves[i]].handle != plan->t1->arrays[b->serves[i]].handle)
			return false;
	}
	return (a->scope == EMD_SPARE_DEDICATED) == (b->scope == EMD_SPARE_DEDICATED);
}

/* Whom a spare serves, where it was another one or was not said. */
static void tell_service(struct plan *plan, const struct emd_config_disk *before,
			 const struct emd_config_disk *row)
{
	u8 i;

	if (row->state != EMD_DISK_SPARE ||
	    (before ? same_service(plan, before, row) : row->scope != EMD_SPARE_DEDICATED))
		return;
	plan->grave = true;
	emd_text_add(plan->out, "disk %s: spare for ", disk_name(plan, row));
	if (row->scope != EMD_SPARE_DEDICATED)
		emd_text_add(plan->out, "all arrays");
	for (i = 0; i < row->nr_serves; i++)
		emd_text_add(plan->out, "%s\"%s\"", i ? ", " : "",
			     plan->t1->arrays[row->serves[i]].name);
	emd_text_end(plan->out);
}

static void tell_disks(struct plan *plan)
{
	const struct emd_config_disk *before, *row;
	u16 i;

	for (i = 0; i < plan->t1->nr_disks; i++) {
		row = &plan->t1->disks[i];
		before = find_disk(plan->t0, row);
		if (!before)
			TELL(plan, "disk %s (%s) joins: %s", disk_name(plan, row), row->id,
			     emd_disk_state_names[row->state]);
		else if (before->state != row->state)
			TELL(plan, "disk %s: %s -> %s", disk_name(plan, before),
			     emd_disk_state_names[before->state],
			     emd_disk_state_names[row->state]);
		tell_service(plan, before, row);
	}
	for (i = 0; i < plan->t0->nr_disks; i++) {
		row = &plan->t0->disks[i];
		if (!find_disk(plan->t1, row))
			TELL(plan, "disk %s (%s) leaves", disk_name(plan, row), row->id);
	}
}

/* ---- members ----------------------------------------------------------------- */

static const struct emd_config_disk *member_disk(const struct emd_config *cfg,
						 const struct emd_config_member *member)
{
	return member->disk < cfg->nr_disks ? &cfg->disks[member->disk] : NULL;
}

/* "sdc (in_sync)", or "empty (failed)". */
static void add_member(struct plan *plan, const struct emd_config *cfg,
		       const struct emd_config_member *member)
{
	const struct emd_config_disk *row = member_disk(cfg, member);

	emd_text_add(plan->out, "%s (%s)", row ? disk_name(plan, row) : "empty",
		     emd_member_state_names[member->state]);
}

static bool same_place(const struct plan *plan, const struct emd_config_member *m0,
		       const struct emd_config_member *m1)
{
	const struct emd_config_disk *d0 = member_disk(plan->t0, m0);
	const struct emd_config_disk *d1 = member_disk(plan->t1, m1);

	if (!d0 || !d1)
		return d0 == d1;
	/* A row that has lost its device is a place without a disk. */
	return same_disk(d0, d1) && !d0->handle == !d1->handle &&
	       m0->start_sector == m1->start_sector;
}

static void tell_members(struct plan *plan, const struct emd_config_array *a0,
			 const struct emd_config_array *a1)
{
	u16 slot;

	for (slot = 0; slot < min(a0->geo.nr_members, a1->geo.nr_members); slot++) {
		const struct emd_config_member *m0 = emd_config_member(plan->t0, a0, slot);
		const struct emd_config_member *m1 = emd_config_member(plan->t1, a1, slot);

		if (m0->state == m1->state && same_place(plan, m0, m1))
			continue;
		plan->grave = true;
		emd_text_add(plan->out, "array \"%s\": member %u: ", a1->name, slot);
		add_member(plan, plan->t0, m0);
		emd_text_add(plan->out, " -> ");
		add_member(plan, plan->t1, m1);
		if (m0->start_sector != m1->start_sector)
			emd_text_add(plan->out, " at sector %llu", m1->start_sector);
		emd_text_end(plan->out);
	}
}

/* Where a slot gets another disk, the mapping changes under whoever uses it. */
static bool remapped(const struct plan *plan, const struct emd_config_array *a0,
		     const struct emd_config_array *a1)
{
	u16 slot;

	if (memcmp(&a0->geo, &a1->geo, sizeof(a0->geo)))
		return true;
	for (slot = 0; slot < a0->geo.nr_members; slot++) {
		if (!same_place(plan, emd_config_member(plan->t0, a0, slot),
				emd_config_member(plan->t1, a1, slot)))
			return true;
	}
	return false;
}

/* ---- arrays -------------------------------------------------------------------- */

static const struct emd_config_array *find_array(const struct emd_config *cfg,
						 const struct emd_config_array *like)
{
	u16 i;

	if (like->handle)
		return emd_config_find_array(cfg, like->handle);
	for (i = 0; i < cfg->nr_arrays; i++) {
		if (!cfg->arrays[i].handle &&
		    !memcmp(cfg->arrays[i].uuid, like->uuid, sizeof(like->uuid)))
			return &cfg->arrays[i];
	}
	return NULL;
}

static void tell_whole(struct plan *plan, const struct emd_config *cfg,
		       const struct emd_config_array *ca, const char *what)
{
	char size[EMD_PLAN_SIZE_LEN], strip[EMD_PLAN_SIZE_LEN];

	plan->grave = true;
	emd_text_add(plan->out, "array \"%s\" %s: %s, %u members", ca->name, what,
		     emd_levels[ca->geo.level].name, ca->geo.nr_members);
	if (ca->geo.nr_spans)
		emd_text_add(plan->out, " in %u spans", ca->geo.nr_spans);
	if (emd_levels[ca->geo.level].striped)
		emd_text_add(plan->out, ", strip %s",
			     emd_plan_size(ca->geo.strip_sectors, strip));
	emd_text_line(plan->out, ", %s", emd_plan_size(ca->geo.array_sectors, size));
}

static void tell_new(struct plan *plan, const struct emd_config_array *ca)
{
	u16 slot;

	tell_whole(plan, plan->t1, ca, "appears");
	for (slot = 0; slot < ca->geo.nr_members; slot++) {
		const struct emd_config_member *member = emd_config_member(plan->t1, ca, slot);
		const struct emd_config_disk *row = member_disk(plan->t1, member);

		TELL(plan, "array \"%s\": member %u: %s, %llu sectors at sector %llu", ca->name,
		     slot, row ? disk_name(plan, row) : "empty", member->nr_sectors,
		     member->start_sector);
	}
	if (!ca->initialised)
		TELL(plan, "array \"%s\": redundancy is to be established", ca->name);
}

static void tell_sync(struct plan *plan, const struct emd_config_array *a0,
		      const struct emd_config_array *a1)
{
	if (a0->sync != a1->sync)
		TELL(plan, "array \"%s\": %s -> %s", a1->name, emd_sync_action_names[a0->sync],
		     emd_sync_action_names[a1->sync]);
	else if (a0->sync_sector != a1->sync_sector && a1->sync != EMD_SYNC_IDLE)
		emd_text_line(plan->out, "array \"%s\": %s at sector %llu -> %llu", a1->name,
			      emd_sync_action_names[a1->sync], a0->sync_sector,
			      a1->sync_sector);
	if (a0->initialised != a1->initialised)
		TELL(plan, "array \"%s\": redundancy is %s", a1->name,
		     a1->initialised ? "established" : "to be established");
	if (a0->dirty != a1->dirty)
		emd_text_line(plan->out, "array \"%s\": %s -> %s", a1->name,
			      a0->dirty ? "dirty" : "clean", a1->dirty ? "dirty" : "clean");
}

static void tell_changed(struct plan *plan, const struct emd_config_array *a0,
			 const struct emd_config_array *a1)
{
	enum emd_array_state s0 = emd_config_array_state(plan->t0, a0);
	enum emd_array_state s1 = emd_config_array_state(plan->t1, a1);

	if (strcmp(a0->name, a1->name))
		TELL(plan, "array \"%s\": name -> \"%s\"", a0->name, a1->name);
	if (memcmp(&a0->geo, &a1->geo, sizeof(a0->geo)))
		tell_whole(plan, plan->t1, a1, "becomes");
	tell_members(plan, a0, a1);
	if (s0 != s1)
		TELL(plan, "array \"%s\": %s -> %s", a1->name, emd_array_state_names[s0],
		     emd_array_state_names[s1]);
	tell_sync(plan, a0, a1);
}

static void tell_arrays(struct plan *plan)
{
	const struct emd_config_array *a0, *a1;
	u16 i;

	for (i = 0; i < plan->t0->nr_arrays; i++) {
		a0 = &plan->t0->arrays[i];
		a1 = find_array(plan->t1, a0);
		if (a1)
			tell_changed(plan, a0, a1);
		else
			tell_whole(plan, plan->t0, a0, "goes");
	}
	for (i = 0; i < plan->t1->nr_arrays; i++) {
		if (!find_array(plan->t0, &plan->t1->arrays[i]))
			tell_new(plan, &plan->t1->arrays[i]);
	}
	for (i = 0; i < plan->t0->nr_arrays; i++) {
		a0 = &plan->t0->arrays[i];
		a1 = find_array(plan->t1, a0);
		if (a1 && a1->handle && remapped(plan, a0, a1))
			emd_text_line(plan->out, "quiesce: array \"%s\"", a1->name);
	}
}

/**
 * emd_plan_change() - what would be different
 * @t0: as it is
 * @t1: as it would be, checked and brought in line by ->update()
 * @names: of disks, or NULL
 * @out: gets lines: disks, arrays, members, what is quiesced
 *
 * Return: whether it is more than dirty marks and positions of background work.
 * Context: Any that @names allows.
 */
bool emd_plan_change(const struct emd_config *t0, const struct emd_config *t1,
		     const struct emd_plan_names *names, struct emd_text *out)
{
	struct plan plan = { .t0 = t0, .t1 = t1, .names = names, .out = out };

	tell_disks(&plan);
	tell_arrays(&plan);
	return plan.grave;
}

/**
 * emd_plan_writes() - what one disk would get
 * @writes: as encoded, in their order
 * @out: gets a line, unless there is nothing to write
 * @fmt: how it begins: what is done to which disk
 *
 * What a semicolon separates has a flush of the disk's cache between.
 */
void emd_plan_writes(const struct emd_meta_writes *writes, struct emd_text *out,
		     const char *fmt, ...)
{
	unsigned int i;
	va_list args;

	if (!writes->nr)
		return;
	va_start(args, fmt);
	emd_text_vadd(out, fmt, args);
	va_end(args);
	emd_text_add(out, ":");
	for (i = 0; i < writes->nr; i++)
		emd_text_add(out, "%s %u bytes at sector %llu",
			     !i ? "" : writes->writes[i].barrier ? ";" : ",",
			     writes->writes[i].len, writes->writes[i].offset >> 9);
	emd_text_end(out);
}
