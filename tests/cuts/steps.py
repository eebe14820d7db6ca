# SPDX-License-Identifier: GPL-2.0
"""Which transaction each write of a story belongs to, read from the disks themselves.

Whoever tells a story does not see the driver's transactions: between two commands
there may be none or many. But each carries a generation. So the log is walked once,
and what a disk says after each of its metadata writes is asked of the tool; where the
generation goes up, another step begins. What T1 has that T0 had not gives its names.
"""

import json
import os
import subprocess

from lib import cuts
from lib.host import TOP

EMDCTL = os.path.join(TOP, "tools/emdctl/emdctl")

# What the proof is about. A step may be several of them at once.
NAMED = ("create", "dirty", "clean", "failure", "spare activation", "checkpoint", "rebuild end",
         "replace switch", "add", "remove", "rename", "delete")


class Step:
    """A transaction: the positions at which its writes may be in part on the disks.

    first    its first write may be under way from here on
    last     the first position at which all of it is there
    durable  where none of it can be lost; the same unless the driver is wrong
    names    what it changes
    view     what the disks assemble to afterwards; whoever needs it finds it out
    """

    def __init__(self, first):
        self.first = first
        self.last = self.durable = first
        self.generation = None
        self.names = set()
        self.view = None

    def goes_on(self, generation):
        return None in (self.generation, generation) or self.generation == generation

    def __repr__(self):
        return "generation %s (%s)" % (self.generation, ", ".join(sorted(self.names)))


def find(replay, table, is_metadata):
    """All steps of a story, in their order; the replay is left at its end."""
    entries = replay.log.entries
    steps = []
    for turn, row, old, new in turns(replay, table, is_metadata):
        # A spare that knows no array counts for itself; a bare disk does not count.
        knows = new and (new.arrays or old and old.arrays)
        generation = row.name if not new else new.generation if knows else None
        if not steps or not steps[-1].goes_on(generation):
            steps.append(Step(entries[turn[0]].arrived))
        step = steps[-1]
        step.generation = step.generation or generation
        step.durable = max([step.durable] + [replay.durable_from[index] or len(entries) for index in turn])
        if old and new and old.arrays:
            step.names |= differences(old, new)
        elif not old or not new:
            step.names.add(row.becomes)
    for step in steps:
        step.last = step.durable
    for step, following in zip(steps, steps[1:]):
        following.first = max(following.first, step.first + 1)
        # What comes next is not to begin before this is durable.
        step.last = min(step.durable, following.first)
    for step in steps:
        step.names = step.names - {None} or {"other"}
    return steps


def turns(replay, table, is_metadata):
    """What is written to one disk in one go: indices, row of the table, what the disk says before and after."""
    entries = replay.log.entries
    ours = [index for index, entry in enumerate(entries) if is_metadata(entry)]
    known = {}
    turn = []
    for index, following in zip(ours, ours[1:] + [None]):
        disk, row = entries[index].disk, row_at(table, index)
        turn.append(index)
        same = following is not None and entries[following].disk is disk and row_at(table, following) is row
        if same and entries[following].offset not in [entries[each].offset for each in turn]:
            continue
        with replay.power(cuts.Cut(index + 1)):
            old, new = known.get(disk), examine(disk)
        # The next row of the table came when the first write of a transaction was sent, which says nothing new yet.
        unchanged = old and new and old.generation == new.generation
        if not same and unchanged and following is not None and entries[following].disk is disk:
            continue
        # A disk that is the only one to be written has one turn after the other.
        if same and not (old and new and old.generation != new.generation):
            continue
        yield turn, row, old, new
        known[disk] = new
        turn = []


def row_at(table, index):
    return next((row for row in table if row.first <= index < row.last), table[-1])


class Said:
    """What one disk says of all."""

    def __init__(self, metadata):
        # ASR counts configurations; what else changes has another time.
        self.generation = metadata["generation"], metadata.get("timestamp")
        disks = metadata.get("disk", [])
        self.disks = {identity(disk): disk["state"] for disk in disks}
        self.arrays = {}
        # ASR's is not believed of every array, but there.
        positions = [line.get("position") for line in metadata.get("line", [])]
        for array in metadata.get("array", []):
            slots = [(identity(disks[int(slot["disk"])]) if slot["disk"].isdigit() and int(slot["disk"]) < len(disks)
                      else None, slot["state"]) for slot in array.get("slot", [])]
            self.arrays[array["name"]] = {
                "dirty": is_dirty(metadata["format"], array), "slots": slots, "initialised": array["initialised"],
                "sync": (array["sync_action"], array["sync_sector"], positions)}


def is_dirty(fmt, array):
    """Of a DDF array in parts one disk knows one part, which is no array; but all know whether it is consistent."""
    return array["dirty"] != "0" or fmt == "ddf" and "reason" in array and bool(int(array["status"], 16) & 0x10)


def identity(disk):
    # IMSM gives one that failed another serial number.
    return disk.get("reference") or disk.get("drive_magic") or disk["serial"].split(":")[0]


def examine(disk):
    """None when there is no whole metadata of ours."""
    text = subprocess.run([EMDCTL, "--json", "examine", "--block-size", str(disk.logical_block),
                           "--serial", disk.serial, disk.path], stdout=subprocess.PIPE, check=False).stdout
    metadata = json.loads(text)["devices"][0]["metadata"]
    if not metadata or "generation" not in metadata:
        return None
    return Said(metadata)


def differences(old, new):
    """The names of what is different."""
    names = set()
    if new.disks.keys() - old.disks.keys():
        names.add("add")
    if old.disks.keys() - new.disks.keys():
        names.add("remove")
    gone, come = old.arrays.keys() - new.arrays.keys(), new.arrays.keys() - old.arrays.keys()
    if gone and come:
        names.add("rename")
    elif gone or come:
        names.add("delete" if gone else "create")
    for name in old.arrays.keys() & new.arrays.keys():
        names |= array_differences(old.arrays[name], new.arrays[name])
    return names


def array_differences(old, new):
    names = set()
    if old["dirty"] != new["dirty"]:
        names.add("dirty" if new["dirty"] else "clean")
    for (disk, state), (disk_now, now) in zip(old["slots"], new["slots"]):
        if state == "in_sync" and now in ("failed", "missing"):
            names.add("failure")
        elif now == "rebuilding" and state != "rebuilding":
            names.add("spare activation")
        elif now == "in_sync" and state == "rebuilding":
            names.add("rebuild end")
        elif now == state == "in_sync" and disk != disk_now:
            names.add("replace switch")
    if old["sync"] != new["sync"]:
        if old["sync"][0] == new["sync"][0]:
            names.add("checkpoint")
        elif "rebuild" not in (old["sync"][0], new["sync"][0]):
            names.add("sync begins" if new["sync"][0] != "idle" else "sync ends")
    if old["initialised"] != new["initialised"]:
        names.add("sync ends")
    return names
