# SPDX-License-Identifier: GPL-2.0
"""Disks that are taken back to what they were, under a machine that runs and sees them blank meanwhile."""

import os
import threading

from . import blockserver


class Entry:
    """A write as it was acknowledged, and what was there before."""

    __slots__ = ("disk", "offset", "data", "old")

    def __init__(self, disk, offset, data, old):
        self.disk = disk
        self.offset = offset
        self.data = data
        self.old = old


class Stage:
    """All writes to these disks (added with faults=True) from now on, undone on demand."""

    def __init__(self, vm, disks):
        self.vm = vm
        self.disks = disks
        self.entries = []
        self.lock = threading.Lock()
        for disk in disks:
            disk.server.log = self

    def back(self, position, whole=True):
        """The power fails and comes back, and all disks are as they were at this position, and well.

        whole  all that is there can be assembled
        """
        for disk in self.disks:
            disk.faults.clear()
            disk.server.blank = True
        # So that all that was known is forgotten.
        self.vm.sh("emdctl --yes stop --all >/dev/null 2>&1; emdctl scan")
        with self.lock:
            while len(self.entries) > position:
                entry = self.entries.pop()
                os.pwrite(entry.disk.server.file, entry.old, entry.offset)
        for disk in self.disks:
            disk.server.blank = False
        self.vm.sh("emdctl scan; emdctl assemble --degraded --all", status=0 if whole else None)

    # -- for the block servers, in place of a log ----------------------------------------

    def mark(self):
        with self.lock:
            return len(self.entries)

    def write(self, disk, kind, _flags, offset, data, _arrived):
        if kind == blockserver.FLUSH:
            return
        with self.lock:
            file = disk.server.file
            self.entries.append(Entry(disk, offset, data, os.pread(file, len(data), offset)))
            os.pwrite(file, data, offset)
