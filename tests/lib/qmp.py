# SPDX-License-Identifier: GPL-2.0
"""qemu's monitor: plug and unplug devices, wait for what it reports."""

import json
import socket
import time


class QmpError(Exception):
    """The monitor refused a command or went away."""


class Qmp:
    def __init__(self, path, deadline):
        self.sock = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.sock.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline:
                    raise QmpError("qemu does not answer on %s" % path) from None
                time.sleep(0.02)
        self.events = []
        self.pending = b""
        self._message(deadline)
        self.command("qmp_capabilities")

    def _message(self, deadline):
        while b"\n" not in self.pending:
            self.sock.settimeout(max(0.01, deadline - time.monotonic()))
            try:
                more = self.sock.recv(65536)
            except socket.timeout:
                raise QmpError("no answer from qemu in time") from None
            if not more:
                raise QmpError("qemu closed its monitor")
            self.pending += more
        line, self.pending = self.pending.split(b"\n", 1)
        return json.loads(line)

    def command(self, name, timeout=30, **arguments):
        self.sock.sendall(json.dumps({"execute": name, "arguments": arguments}).encode() + b"\n")
        deadline = time.monotonic() + timeout
        while True:
            answer = self._message(deadline)
            if "event" in answer:
                self.events.append(answer)
            elif "error" in answer:
                raise QmpError("%s: %s" % (name, answer["error"]["desc"]))
            else:
                return answer["return"]

    def wait_event(self, name, timeout=30, **match):
        """Wait for an event whose data has the given values."""
        deadline = time.monotonic() + timeout

        def fits(event):
            return event["event"] == name and all(event["data"].get(k) == v for k, v in match.items())

        while True:
            for event in self.events:
                if fits(event):
                    self.events.remove(event)
                    return event
            self.events.append(self._message(deadline))

    def close(self):
        self.sock.close()
