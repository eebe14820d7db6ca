# SPDX-License-Identifier: GPL-2.0
"""What a power cut would have left on the disks, at any moment of a log of their writes.

A disk is believed to do what it promises and no more. A write is durable when it
was acknowledged with FUA, or by a flush that was sent after that. Any other that
was acknowledged may be there or not, each for itself; so may one that was under
way, and of that one also any part, in blocks.

The images are changed in place, under a machine that runs and sees the disks
blank as long as the power is off. So a cut costs what looking at it costs, and
no boot and no plugging.
"""

import contextlib
import os
import random
import subprocess
import threading

from . import blockserver

# Requests of one disk are served one after the other: so far a list of those under way can reach.
UNDER_WAY = 64


class Cut:
    """A moment, and what of all that was not durable then was there.

    position  entries of the log that had been acknowledged
    kind      "prefix": all of those, and nothing else
              "torn": and in addition the first blocks of what was under way
              "lost": nothing but what was durable
              "reordered": some, by the toss of a coin, and some of those in part
    arg       of torn: (index of the entry, how many blocks); of reordered: a number
    """

    def __init__(self, position, kind="prefix", arg=None):
        self.position = position
        self.kind = kind
        self.arg = arg

    def __repr__(self):
        return "%s cut at %d %s" % (self.kind, self.position, self.arg if self.arg is not None else "")


class Replay:
    """Brings the disks of a WriteLog into the state of any cut, forwards in time.

    seed    of the reorderings
    forces  function of an entry: is it written with FUA? A write and a flush is made of that;
            the flush right behind is then believed of this write alone. Of the others see believe()
    """

    def __init__(self, log, seed, forces=lambda entry: False):
        self.log = log
        self.seed = seed
        self.forces = forces
        self.lock = threading.Lock()
        self.undo = []
        # Writes of which a flush was not believed -> that flush.
        self.doubted = {}
        self.durable_from = self._durable_from()
        self.rewind()

    def _durable_from(self):
        """For each entry, the position from which on it cannot be lost; None: never."""
        entries = self.log.entries
        result = [None] * len(entries)
        waiting = {disk: [] for disk in self.log.disks}
        last = {}
        for index, entry in enumerate(entries):
            if entry.flush:
                settled = [each for each in waiting[entry.disk] if each < entry.arrived]
                if last.get(entry.disk) in settled and self.forces(entries[last[entry.disk]]):
                    for each in settled:
                        self.doubted.setdefault(each, index)
                    settled = [last[entry.disk]]
                for each in settled:
                    result[each] = index + 1
                waiting[entry.disk] = [each for each in waiting[entry.disk] if result[each] is None]
            elif entry.fua:
                result[index] = index + 1
            else:
                waiting[entry.disk].append(index)
            last[entry.disk] = index
        return result

    def believe(self, moments):
        """From these moments on believe the flushes before them.

        Linux holds back a flush that somebody asks for as long as a write with FUA is under way, and lets
        the flush behind that do for both. Whether one was asked for cannot be seen. So data does not count
        as flushed by what a transaction flushes its own metadata with, but does when the next one begins.
        """
        for each, flush in self.doubted.items():
            moment = min((moment for moment in moments if moment > flush), default=None)
            if moment is not None and (self.durable_from[each] is None or moment < self.durable_from[each]):
                self.durable_from[each] = moment

    def _is_durable(self, index, position):
        return self.durable_from[index] is not None and self.durable_from[index] <= position

    def rewind(self):
        """Back to the beginning, with the power off."""
        self.position = 0
        # Of each disk the writes since the oldest that may still be lost.
        self.unsettled = {disk: [] for disk in self.log.disks}
        for disk in self.log.disks:
            disk.server.log = self
            disk.server.blank = True
            disk.restore(self.log.base(disk))

    def end(self):
        """The disks are blank for good."""
        for disk in self.log.disks:
            disk.server.log = None
            subprocess.run(["truncate", "-s", "0", disk.path], check=True)
            subprocess.run(["truncate", "-s", str(disk.size), disk.path], check=True)
            disk.server.blank = False

    # -- what can be lost ------------------------------------------------------------

    def under_way(self, position):
        """Writes that had been sent and not yet been acknowledged."""
        entries = self.log.entries
        return [index for index in range(position, min(position + UNDER_WAY, len(entries)))
                if entries[index].arrived <= position and not entries[index].flush]

    def volatile(self, position):
        """Writes that had been acknowledged and may be lost all the same. Only for the present position."""
        return [index for indices in self.unsettled.values() for index in indices
                if not self._is_durable(index, position)]

    def candidates(self, position, reorderings):
        """All cuts at a position; of the reorderings so many samples."""
        entries = self.log.entries
        if position == 0 or not entries[position - 1].flush:
            yield Cut(position)
        under_way = self.under_way(position)
        for index in under_way:
            for blocks in tears(entries[index]):
                yield Cut(position, "torn", (index, blocks))
        alone = len(under_way) == 1 and not tears(entries[under_way[0]])
        volatile = self._any_volatile(position)
        if volatile:
            yield Cut(position, "lost")
        if volatile or (under_way and not alone):
            for number in range(reorderings):
                yield Cut(position, "reordered", number)

    def _any_volatile(self, position):
        entries = self.log.entries
        return any(not entries[index].flush and not self._is_durable(index, position) for index in range(position))

    # -- power ----------------------------------------------------------------------------

    @contextlib.contextmanager
    def power(self, cut):
        """The disks as the cut left them; what is written to them meanwhile is undone afterwards."""
        self.advance(cut.position)
        for index, part in sorted(self._landed(cut).items()):
            entry = self.log.entries[index]
            block = entry.disk.logical_block
            for at in part:
                self._put(entry.disk, entry.offset + at * block, entry.data[at * block:(at + 1) * block])
        self._blank(False)
        try:
            yield
        finally:
            self._blank(True)
            with self.lock:
                for disk, offset, old in reversed(self.undo):
                    os.pwrite(disk.server.file, old, offset)
                self.undo.clear()

    def _blank(self, blank):
        for disk in self.log.disks:
            disk.server.blank = blank

    def advance(self, position):
        """What cannot be lost any more goes into the images for good."""
        assert position >= self.position, "a replay goes forwards"
        for index in range(self.position, position):
            entry = self.log.entries[index]
            if not entry.flush:
                self.unsettled[entry.disk].append(index)
        self.position = position
        for disk, indices in self.unsettled.items():
            while indices and self._is_durable(indices[0], position):
                entry = self.log.entries[indices.pop(0)]
                os.pwrite(disk.server.file, entry.data, entry.offset)

    def _landed(self, cut):
        """What lies above the images: index of the entry -> its blocks, in the order of the log."""
        entries = self.log.entries
        chance = random.Random("%s %d %s" % (self.seed, cut.position, cut.arg))
        result = {}
        # For each write, or for all of a disk: some caches have nothing of what others have.
        whole_disks = chance.random() < 0.5
        for indices in self.unsettled.values():
            kept = chance.random() < 0.5
            for index in indices:
                if cut.kind == "reordered":
                    there = kept if whole_disks else chance.random() < 0.5
                    torn = chance.random() < 0.25
                else:
                    there = cut.kind != "lost"
                    torn = False
                if self._is_durable(index, cut.position) or there and not torn:
                    result[index] = range(blocks(entries[index]))
                elif there:
                    result[index] = [at for at in range(blocks(entries[index])) if chance.random() < 0.5]
        if cut.kind == "torn":
            torn, count = cut.arg
            for index in self.under_way(cut.position):
                # Others that are under way are torn at the same place; what is written in turn has none.
                result[index] = range(count * blocks(entries[index]) // blocks(entries[torn]))
        elif cut.kind == "reordered":
            for index in self.under_way(cut.position):
                count = blocks(entries[index])
                # Whole or not at all as often as in pieces.
                shape = chance.randrange(4)
                if shape == 1:
                    result[index] = range(count)
                elif shape > 1:
                    result[index] = [at for at in range(count) if chance.random() < 0.5]
        return result

    def _put(self, disk, offset, data):
        with self.lock:
            file = disk.server.file
            self.undo.append((disk, offset, os.pread(file, len(data), offset)))
            os.pwrite(file, data, offset)

    # -- for the block servers, in place of a log ----------------------------------------

    def mark(self):
        return 0

    def write(self, disk, kind, _flags, offset, data, _arrived):
        if kind != blockserver.FLUSH:
            self._put(disk, offset, data)


def blocks(entry):
    return len(entry.data) // entry.disk.logical_block


def tears(entry):
    """After how many of its blocks a write is torn: everywhere in a short one, at some places in a long one."""
    count = blocks(entry)
    return range(1, count) if count <= 8 else [1, count // 2, count - 1]


def sample(found, budget, chance, is_metadata):
    """Choose cuts: kinds take turns, and so do those at metadata and at data."""
    classes = {}
    for cut in found:
        classes.setdefault((cut.kind, is_metadata(cut)), []).append(cut)
    turns = list(classes.values())
    # Who asks for one only shall not always get the same kind.
    chance.shuffle(turns)
    chosen = []
    for each in turns:
        chance.shuffle(each)
    while len(chosen) < budget and any(turns):
        chosen.extend(each.pop() for each in turns if each)
    return sorted(chosen[:budget] if budget < len(chosen) else chosen, key=lambda cut: cut.position)
