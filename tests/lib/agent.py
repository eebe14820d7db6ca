# SPDX-License-Identifier: GPL-2.0
"""The host's half of the guest agent; tests/guest/agent.c has the protocol."""

import socket
import struct
import threading
import time

HELLO, OUTPUT, EXIT = range(3)


class AgentGone(Exception):
    """The guest died, or was killed, while a command ran."""


class Command:
    """A command in the guest, running or done."""

    def __init__(self, agent, text):
        self.agent = agent
        self.text = text
        self.chunks = []
        self.status = None
        self.done = threading.Event()

    @property
    def output(self):
        return b"".join(self.chunks)

    def wait(self, timeout):
        if not self.done.wait(timeout):
            raise TimeoutError("still running after %g s: %s" % (timeout, self.text))
        if self.status is None:
            raise AgentGone("the machine stopped during: %s" % self.text)
        return self.status


class Agent:
    def __init__(self, path, deadline, alive, greets=True):
        self.commands = {}
        self.lock = threading.Lock()
        self.next_id = 1
        self.hello = threading.Event()
        self.gone = False
        self.sock = socket.socket(socket.AF_UNIX)
        while True:
            try:
                self.sock.connect(path)
                break
            except OSError:
                if time.monotonic() > deadline or not alive():
                    raise AgentGone("qemu did not start") from None
                time.sleep(0.02)
        if not greets:
            self.hello.set()
        threading.Thread(target=self._receive, daemon=True).start()
        while not self.hello.wait(0.1):
            if not alive() or self.gone:
                raise AgentGone("the machine stopped while booting")
            if time.monotonic() > deadline:
                raise AgentGone("no agent in time; the machine did not boot")

    def _read(self, size):
        data = b""
        while len(data) < size:
            more = self.sock.recv(size - len(data))
            if not more:
                raise EOFError
            data += more
        return data

    def _receive(self):
        try:
            while True:
                number, kind, size = struct.unpack("<III", self._read(12))
                data = self._read(size)
                if kind == HELLO:
                    self.hello.set()
                    continue
                command = self.commands[number]
                if kind == OUTPUT:
                    command.chunks.append(data)
                else:
                    command.status = struct.unpack("<I", data)[0]
                    del self.commands[number]
                    command.done.set()
        except (OSError, EOFError):
            pass
        self.gone = True
        with self.lock:
            for command in self.commands.values():
                command.done.set()

    def start(self, text, stdin=b""):
        """Start a shell command; returns at once."""
        command = Command(self, text)
        raw = text.encode()
        with self.lock:
            if self.gone:
                raise AgentGone("the machine is off")
            number = self.next_id
            self.next_id += 1
            self.commands[number] = command
            try:
                self.sock.sendall(struct.pack("<III", number, len(raw), len(stdin)) + raw + stdin)
            except OSError:
                raise AgentGone("the machine stopped before: %s" % text) from None
        return command

    def close(self):
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass
        self.sock.close()
