// SPDX-License-Identifier: GPL-2.0
/*
 * The only writer of member, array and container states, once an array has started;
 * what they are at first is array.c's and container.c's.
 *
 * What can be computed is not stored: an array's health is a function of its
 * geometry and its members' states (emd_geo_array_state()).
 *
 * Members
 *
 *            write error, command, device gone      spare activated
 *   IN_SYNC ------------------------------> FAILED ----------------+
 *     ^  |                                    ^                    |
 *     |  | device gone, nothing to record     | failed again       v
 *     |  +----------> MISSING ---------------------------> REBUILDING
 *     |                  | late arrival                            |
 *     +------------------+-----------------------------------------+
 *                                              job done, recorded
 *
 * FAILED means: to be recorded in the metadata, or recorded. MISSING means: not
 * there, and the metadata does not hold it against the disk (yet): when a loss
 * would take more than the redundancy allows, the members that vanish become
 * MISSING and the array broken, and nothing is written that makes their return
 * useless.
 */
#include <linux/bitops.h>

#include "core.h"
#include "../emd.h"
#include "../log.h"
#include "../trace.h"

/* A member that needs more repairs than this in an hour is about to die. */
#define MAX_REPAIRS_AN_HOUR	20

static const u8 member_successors[EMD_NR_MEMBER_STATES] = {
	[EMD_MEMBER_IN_SYNC]	= BIT(EMD_MEMBER_FAILED) | BIT(EMD_MEMBER_MISSING),
	[EMD_MEMBER_REBUILDING]	= BIT(EMD_MEMBER_FAILED) | BIT(EMD_MEMBER_MISSING) |
				  BIT(EMD_MEMBER_IN_SYNC),
	[EMD_MEMBER_MISSING]	= BIT(EMD_MEMBER_IN_SYNC) | BIT(EMD_MEMBER_REBUILDING) |
				  BIT(EMD_MEMBER_FAILED),
	[EMD_MEMBER_FAILED]	= BIT(EMD_MEMBER_REBUILDING) | BIT(EMD_MEMBER_MISSING),
};

static void set_member_state_locked(struct emd_member *member, enum emd_member_state state,
				    const char *why)
{
	struct emd_array *array = member->array;

	lockdep_assert_held(&array->state_lock);
	if (member->state == state)
		return;
	if (WARN_ON_ONCE(!(member_successors[member->state] & BIT(state))))
		return;
	trace_emd_member_state(member, member->state, state, why);
	WRITE_ONCE(member->state, state);
	if (array->engine && array->engine->member_changed)
		array->engine->member_changed(array, member);
}

/**
 * emd_member_set_state() - move a member to another state
 * @member: member
 * @state: new state
 * @why: constant string, for the trace
 *
 * Context: Any. Takes S.
 */
void emd_member_set_state(struct emd_member *member, enum emd_member_state state,
			  const char *why)
{
	unsigned long flags;

	spin_lock_irqsave(&member->array->state_lock, flags);
	set_member_state_locked(member, state, why);
	spin_unlock_irqrestore(&member->array->state_lock, flags);
}

/**
 * emd_member_move_state() - move a member on, if it is still where it was
 * @member: member
 * @from: state it must be in
 * @to: new state
 * @why: constant string, for the trace
 *
 * Return: false when another state was found, and left: it may have failed in
 * the meantime.
 * Context: Any. Takes S.
 */
bool emd_member_move_state(struct emd_member *member, enum emd_member_state from,
			   enum emd_member_state to, const char *why)
{
	unsigned long flags;
	bool moved;

	spin_lock_irqsave(&member->array->state_lock, flags);
	moved = member->state == from;
	if (moved)
		set_member_state_locked(member, to, why);
	spin_unlock_irqrestore(&member->array->state_lock, flags);
	return moved;
}

/**
 * emd_array_member_states() - copy of all members' states
 * @array: array
 * @states: room for one byte a slot
 *
 * Context: Any. Consistent only with S held.
 */
void emd_array_member_states(const struct emd_array *array, u8 *states)
{
	u16 slot;

	for (slot = 0; slot < array->geo.nr_members; slot++)
		states[slot] = READ_ONCE(array->members[slot].state);
}

static bool may_lose_locked(struct emd_member *member)
{
	struct emd_array *array = member->array;
	u8 states[EMD_MAX_MEMBERS];

	/* A member that is being filled holds nothing that is not elsewhere. */
	if (member->state == EMD_MEMBER_REBUILDING)
		return true;
	emd_array_member_states(array, states);
	return emd_geo_may_lose(&array->geo, states, member->slot);
}

/**
 * emd_member_fail() - report that a member failed
 * @member: member of a started array
 * @why: constant string, for log and trace
 *
 * The member takes no more I/O from here on. The container's worker records
 * the failure on the remaining disks; whoever must not be answered before
 * that parks its io.
 *
 * Return: true when the member is failing (park the io); false when it was the
 * last copy of something and stays in service (answer the error).
 * Context: Any, irq-safe. Takes S.
 */
bool emd_member_fail(struct emd_member *member, const char *why)
{
	struct emd_array *array = member->array;
	unsigned long flags;
	bool failing = true;

	spin_lock_irqsave(&array->state_lock, flags);
	if (member->state == EMD_MEMBER_IN_SYNC || member->state == EMD_MEMBER_REBUILDING) {
		failing = may_lose_locked(member);
		if (failing) {
			WRITE_ONCE(array->failing, true);
			set_member_state_locked(member, EMD_MEMBER_FAILED, why);
			member->fail_pending = true;
			member->fail_why = why;
		}
	} else {
		/* Failed before; its io still waits for the record. */
		failing = !array->broken;
	}
	spin_unlock_irqrestore(&array->state_lock, flags);
	if (failing)
		emd_array_pend(array, EMD_PENDING_FAIL);
	return failing;
}

/**
 * emd_member_repaired() - what a member could not read was rewritten
 * @member: member of a started array
 * @array_sector: first array sector it concerns
 * @nr_sectors: how many
 *
 * Told and counted: a member that needs it too often is about to die, and is
 * failed while the others can still do without it.
 *
 * Context: Any, irq-safe. Takes S.
 */
void emd_member_repaired(struct emd_member *member, u64 array_sector, u64 nr_sectors)
{
	struct emd_array *array = member->array;
	unsigned long flags;
	bool too_often;

	emd_info(array, "member %u (%s): read error repaired, %llu sectors from array sector %llu",
		 member->slot, member->disk->name, nr_sectors, array_sector);
	emd_event(EMD_EVENT_ERROR, "repaired", array->container, array, member->slot,
		  member->disk, "read error repaired, %llu sectors from array sector %llu",
		  nr_sectors, array_sector);

	spin_lock_irqsave(&array->state_lock, flags);
	if (!member->nr_repairs || time_after(jiffies, member->repairs_since + 3600UL * HZ)) {
		member->repairs_since = jiffies;
		member->nr_repairs = 0;
	}
	too_often = ++member->nr_repairs > MAX_REPAIRS_AN_HOUR;
	spin_unlock_irqrestore(&array->state_lock, flags);
	if (too_often)
		emd_member_fail(member, "too many read errors");
}

/* Cannot be refused, unlike emd_member_fail(): with one too many the array is broken. */
static bool lose_member(struct emd_member *member, const char *why)
{
	struct emd_array *array = member->array;
	unsigned long flags;
	bool changed = false;
	u16 slot;

	spin_lock_irqsave(&array->state_lock, flags);
	if (member->state == EMD_MEMBER_IN_SYNC || member->state == EMD_MEMBER_REBUILDING) {
		changed = true;
		WRITE_ONCE(array->failing, true);
		if (may_lose_locked(member)) {
			set_member_state_locked(member, EMD_MEMBER_FAILED, why);
			member->fail_pending = true;
			member->fail_why = why;
		} else {
			set_member_state_locked(member, EMD_MEMBER_MISSING, why);
			array->announce_broken |= !array->broken;
			WRITE_ONCE(array->broken, true);
			/* Losses not yet recorded belong to the same event. */
			for (slot = 0; slot < array->geo.nr_members; slot++) {
				struct emd_member *other = &array->members[slot];

				if (!other->fail_pending)
					continue;
				other->fail_pending = false;
				set_member_state_locked(other, EMD_MEMBER_MISSING, why);
			}
		}
	}
	spin_unlock_irqrestore(&array->state_lock, flags);
	if (changed)
		emd_array_pend(array, EMD_PENDING_FAIL);
	return changed;
}

/**
 * emd_member_lost() - a member's device is gone for good
 * @member: member of a started array
 *
 * Unlike emd_member_fail() this cannot be refused. When the loss is more than
 * the redundancy allows, the array is broken: nothing about it is recorded, so
 * that the disks are good again when they come back together. The worker tells
 * what came of it, when it knows.
 *
 * Return: true when something changed.
 * Context: Process context, C held. Takes S.
 */
bool emd_member_lost(struct emd_member *member)
{
	return lose_member(member, "device gone");
}

/**
 * emd_member_drop() - a member must not be used any more, whatever follows
 * @member: member of a started array
 * @why: constant string, for log and trace
 *
 * For engines: where what it did not take makes wrong what would be computed
 * with it. When it is one too many the array is broken, and what cannot be known
 * is an error.
 *
 * Context: Any, irq-safe. Takes S.
 */
void emd_member_drop(struct emd_member *member, const char *why)
{
	lose_member(member, why);
}

/**
 * emd_array_get_state() - health of an array, computed
 * @array: array
 *
 * Context: Any.
 */
enum emd_array_state emd_array_get_state(const struct emd_array *array)
{
	u8 states[EMD_MAX_MEMBERS];

	if (!array->gd)
		return EMD_ARRAY_INACTIVE;
	emd_array_member_states(array, states);
	if (READ_ONCE(array->broken))
		return EMD_ARRAY_FAILED;
	return emd_geo_array_state(&array->geo, states);
}

/**
 * emd_array_set_reason() - why it is not started, or read-only
 * @array: array
 * @reason: text, empty when all is well
 *
 * Readers of sysfs may not wait for C: for them it changes in one piece under S.
 *
 * Context: Process context, C held. Takes S.
 */
void emd_array_set_reason(struct emd_array *array, const char *reason)
{
	lockdep_assert_held(&array->container->mutex);
	spin_lock_irq(&array->state_lock);
	strscpy(array->reason, reason, sizeof(array->reason));
	spin_unlock_irq(&array->state_lock);
}

/**
 * emd_container_set_state() - move a container to another state
 * @container: container
 * @state: new state
 * @reason: why, for list and show; empty when all is well
 *
 * Context: Process context, C held.
 */
void emd_container_set_state(struct emd_container *container, enum emd_container_state state,
			     const char *reason)
{
	lockdep_assert_held(&container->mutex);
	trace_emd_container_state(container, container->state, state, reason);
	container->state = state;
	strscpy(container->reason, reason, sizeof(container->reason));
}
