# SPDX-License-Identifier: GPL-2.0
"""Disks that misbehave on demand and remember what was written.

A disk made with faults=True is served to qemu by a small NBD server in the
test process instead of being opened by qemu. So the scenario decides, at any
moment, what a request meets: an error, a delay, silence. And all servers of a
machine can write one common log, which keeps the order between the disks: what
a power cut would have left at any moment can be looked at later; see cuts.py.
"""

import errno
import os
import socket
import struct
import threading
import time

MAGIC, OPTION_MAGIC, REPLY_MAGIC = 0x4e42444d41474943, 0x49484156454F5054, 0x3e889045565a9
REQUEST, RESPONSE = 0x25609513, 0x67446698
OPT_EXPORT_NAME, OPT_ABORT, OPT_INFO, OPT_GO = 1, 2, 6, 7
REP_ACK, REP_INFO, REP_UNSUPPORTED = 1, 3, (1 << 31) | 1
READ, WRITE, DISCONNECT, FLUSH, TRIM, ZEROES = 0, 1, 2, 3, 4, 6
FUA = 1
# flags present, flush, FUA, trim, write zeroes
EXPORT_FLAGS = 1 | 1 << 2 | 1 << 3 | 1 << 5 | 1 << 6
NAMES = {READ: "read", WRITE: "write", FLUSH: "flush", TRIM: "write", ZEROES: "write"}


class Fault:
    """What requests of some kind, somewhere on a disk, meet."""

    def __init__(self, op, first, nr, error, delay, count, skip=0, after=None):
        self.op = op
        self.start = first * 512
        self.end = (first + nr) * 512 if nr is not None else None
        self.error = error
        self.delay = delay
        self.count = count
        self.skip = skip
        self.after = after
        self.hits = 0
        self.healed_by_write = False
        self.gate = None

    def meets(self, name, offset, length):
        if self.count == 0 or self.op not in ("any", name) or (self.after and not self.after.hits):
            return False
        if name != "flush" and not self.covers(offset, length):
            return False
        if self.skip:
            self.skip -= 1
            return False
        return True

    def covers(self, offset, length):
        return offset + length > self.start and (self.end is None or offset < self.end)


class BlockServer:
    """Serves one image file on a unix socket."""

    def __init__(self, disk, path):
        self.disk = disk
        self.path = path
        self.faults = []
        self.log = None
        self.blank = False      # reads as zeros, whatever it holds
        self.open_gate = threading.Event()
        self.open_gate.set()
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(path)
        self.listener.listen(4)
        self.file = os.open(disk.path, os.O_RDWR)
        threading.Thread(target=self._accept, daemon=True).start()

    # -- what a scenario uses, through disk.faults -------------------------

    def error(self, op="any", first=0, nr=None, count=None, code=errno.EIO, skip=0, after=None):
        """Fail requests ("read", "write", "flush", "any") that touch sectors first..first+nr.

        count  so many only
        skip   but not the first so many
        after  nothing, until this other fault, of any disk, has been met
        """
        fault = Fault(op, first, nr, code, 0, count, skip, after)
        self.faults.append(fault)
        return fault

    def hold(self, op="any", first=0, nr=None, code=0, after=None):
        """Answer nothing from the first such request on; .hits says that it has come.

        code   such requests fail with it when release() is called; else, and after clear(), they succeed
        after  as error() has it
        """
        fault = Fault(op, first, nr, code, 0, None, 0, after)
        fault.gate = threading.Event()
        self.faults.append(fault)
        return fault

    def delay(self, seconds, op="any", first=0, nr=None, count=None):
        """Answer such requests late."""
        fault = Fault(op, first, nr, 0, seconds, count)
        self.faults.append(fault)
        return fault

    def bad_sectors(self, first, nr):
        """Sectors that cannot be read until they are written, each for itself."""
        faults = [Fault("read", first + i, 1, errno.EIO, 0, None) for i in range(nr)]
        for fault in faults:
            fault.healed_by_write = True
        self.faults.extend(faults)
        return faults

    def hang(self):
        """Answer nothing until release()."""
        self.open_gate.clear()

    def release(self):
        self.open_gate.set()
        for fault in list(self.faults):
            if fault.gate:
                fault.gate.set()

    def clear(self):
        """Back to a healthy disk."""
        faults, self.faults = self.faults, []
        for fault in faults:
            if fault.gate:
                fault.gate.set()
        self.open_gate.set()

    # -- NBD ----------------------------------------------------------------

    def _accept(self):
        while True:
            try:
                sock, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(sock,), daemon=True).start()

    @staticmethod
    def _read(sock, size):
        data = bytearray()
        while len(data) < size:
            more = sock.recv(min(size - len(data), 1 << 20))
            if not more:
                raise EOFError
            data += more
        return bytes(data)

    def _negotiate(self, sock):
        sock.sendall(struct.pack(">QQH", MAGIC, OPTION_MAGIC, 3))
        self._read(sock, 4)
        export = struct.pack(">QH", self.disk.size, EXPORT_FLAGS)
        while True:
            magic, option, size = struct.unpack(">QII", self._read(sock, 16))
            if magic != OPTION_MAGIC:
                raise EOFError
            self._read(sock, size)

            def reply(kind, data=b"", option=option):
                sock.sendall(struct.pack(">QIII", REPLY_MAGIC, option, kind, len(data)) + data)

            if option == OPT_EXPORT_NAME:
                sock.sendall(export)
                return
            if option in (OPT_INFO, OPT_GO):
                block = self.disk.logical_block
                reply(REP_INFO, struct.pack(">H", 0) + export)
                reply(REP_INFO, struct.pack(">HIII", 3, block, 4096, 32 << 20))
                reply(REP_ACK)
                if option == OPT_GO:
                    return
            elif option == OPT_ABORT:
                reply(REP_ACK)
                raise EOFError
            else:
                reply(REP_UNSUPPORTED)

    def _serve(self, sock):
        try:
            self._negotiate(sock)
            while True:
                magic, flags, kind, handle, offset, length = struct.unpack(">IHHQQI", self._read(sock, 28))
                if magic != REQUEST or kind == DISCONNECT:
                    break
                data = self._read(sock, length) if kind == WRITE else b""
                code, answer = self._handle(kind, flags, offset, length, data)
                sock.sendall(struct.pack(">IIQ", RESPONSE, code, handle) + answer)
        except (OSError, EOFError):
            pass
        sock.close()

    def _handle(self, kind, flags, offset, length, data):
        name = NAMES.get(kind)
        if name is None:
            return errno.EINVAL, b""
        log = self.log
        arrived = log.mark() if log else 0
        self.open_gate.wait()
        for fault in list(self.faults):
            if not fault.meets(name, offset, length):
                continue
            fault.hits += 1
            if fault.count:
                fault.count -= 1
            if fault.delay:
                time.sleep(fault.delay)
            if fault.gate:
                fault.gate.wait()
            if fault.error and (fault in self.faults or not fault.gate):
                return fault.error, b""
        if kind == READ:
            data = b"" if self.blank else os.pread(self.file, length, offset)
            return 0, data + bytes(length - len(data))
        if kind in (TRIM, ZEROES):
            data = bytes(length)
        if name == "write":
            self.faults = [f for f in self.faults if not (f.healed_by_write and f.covers(offset, length))]
        if log:
            log.write(self.disk, kind, flags, offset, data, arrived)
        elif kind != FLUSH:
            os.pwrite(self.file, data, offset)
        return 0, b""

    def close(self):
        self.clear()
        self.listener.close()
        os.close(self.file)


class Entry:
    """One write or flush, as it was acknowledged.

    arrived  how many entries the log had when the request came: all from that
             one on were under way at the same time
    """

    __slots__ = ("disk", "flush", "fua", "offset", "data", "arrived")

    def __init__(self, disk, flush, fua, offset, data, arrived):
        self.disk = disk
        self.flush = flush
        self.fua = fua
        self.offset = offset
        self.data = data
        self.arrived = arrived

    @property
    def sector(self):
        return self.offset // 512

    def overlaps(self, other):
        return self.offset < other.offset + len(other.data) and other.offset < self.offset + len(self.data)


class WriteLog:
    """Everything that reached the disks since the log began, in one order."""

    def __init__(self, disks, directory, lag=0):
        self.disks = disks
        self.entries = []
        self.lock = threading.Lock()
        self.directory = directory
        self.lag = lag
        os.makedirs(directory, exist_ok=True)
        for disk in disks:
            disk.copy_to(self.base(disk))
            disk.server.log = self

    def base(self, disk):
        """Copy of the image as it was when the log began."""
        return os.path.join(self.directory, disk.name + ".before")

    def write(self, disk, kind, flags, offset, data, arrived):
        if self.lag:
            # What is sent at one time shall be seen to be under way at one time.
            time.sleep(self.lag)
        with self.lock:
            if kind != FLUSH:
                os.pwrite(disk.server.file, data, offset)
            self.entries.append(Entry(disk, kind == FLUSH, bool(flags & FUA), offset, data, arrived))

    def mark(self):
        """Position in the log, to relate what the guest was told to what was written."""
        with self.lock:
            return len(self.entries)

    def stop(self):
        for disk in self.disks:
            disk.server.log = None

    def cuts(self, torn=False, select=None):
        """Yield a Cut for each point at which the power may have failed, of disks that lose no write.

        torn    also in the middle of a write, at a block boundary
        select  function of an Entry: only cuts right after (and inside)
                entries for which it is true
        The files of a Cut hold that state until the next one is asked for;
        what a test writes to them is undone, unless it changes their size.
        """
        images = {}
        for disk in self.disks:
            path = os.path.join(self.directory, disk.name + ".cut")
            run_copy(self.base(disk), path)
            images[disk] = path
        files = {disk: os.open(path, os.O_RDWR) for disk, path in images.items()}

        def put(disk, offset, data):
            old = os.pread(files[disk], len(data), offset)
            os.pwrite(files[disk], data, offset)
            return old

        def pieces(entry):
            block = entry.disk.logical_block
            blocks = len(entry.data) // block
            if blocks <= 16:
                return [n * block for n in range(1, blocks)]
            return [block, blocks // 2 * block, (blocks - 1) * block]

        try:
            for position, entry in enumerate(self.entries):
                wanted = select is None or select(entry)
                if torn and wanted and not entry.flush:
                    for length in pieces(entry):
                        old = put(entry.disk, entry.offset, entry.data[:length])
                        yield Cut(position, entry, length, images)
                        put(entry.disk, entry.offset, old)
                if not entry.flush:
                    put(entry.disk, entry.offset, entry.data)
                if wanted:
                    yield Cut(position + 1, entry, 0, images)
        finally:
            for file in files.values():
                os.close(file)


class Cut:
    """The disks as a power cut would have left them.

    position  entries of the log that happened before
    entry     the last of them, or the one that was torn
    torn      bytes of the torn entry that made it; 0: none is torn
    files     disk -> path of its image
    """

    def __init__(self, position, entry, torn, files):
        self.position = position
        self.entry = entry
        self.torn = torn
        self.files = files


def run_copy(source, target):
    """Copy an image, holes included."""
    size = os.path.getsize(source)
    with open(source, "rb") as src, open(target, "wb") as dst:
        offset = 0
        while offset < size:
            try:
                start = os.lseek(src.fileno(), offset, os.SEEK_DATA)
            except OSError:
                break
            end = os.lseek(src.fileno(), start, os.SEEK_HOLE)
            os.lseek(src.fileno(), start, os.SEEK_SET)
            os.lseek(dst.fileno(), start, os.SEEK_SET)
            left = end - start
            while left:
                done = os.sendfile(dst.fileno(), src.fileno(), None, min(left, 1 << 24))
                left -= done
            offset = end
        dst.truncate(size)
