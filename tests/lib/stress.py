# SPDX-License-Identifier: GPL-2.0
"""Random requests to an array, against a model of what it must hold; tests/guest/stress.c does it."""

import os
import re
import subprocess

from .host import TOP
from .vm import Failed


def add_program(vm, name="stress"):
    """Compile a program of tests/guest; /root/NAME from the next boot on."""
    path = os.path.join(vm.directory, name)
    if not os.path.exists(path):
        subprocess.run(["gcc", "-O2", "-Wall", "-static", "-pthread", "-o", path,
                        os.path.join(TOP, "tests/guest", name + ".c")], check=True)
    vm.add_file("/root/" + name, path)


class Stress:
    """The load on one array. What it did adds up in .done."""

    def __init__(self, vm, name, seed, threads=4, parity=True):
        self.vm = vm
        self.name = name
        self.seed = seed
        self.threads = threads
        # A mirror's copies agree only where users do not do such things; parity does not depend on it.
        self.options = "overlap scribble" if parity else ""
        self.model = "/tmp/model-" + name
        self.done = {}
        self.command = None
        self.runs = 0

    @property
    def dev(self):
        return "/dev/" + self.vm.array(self.name)["dev"]

    def start(self):
        self.runs += 1
        self.vm.sh("rm -f %s.stop" % self.model)
        self.command = self.vm.start("/root/stress run %s %s %d 100000 %d %s" % (
            self.dev, self.model, self.seed * 1000 + self.runs, self.threads, self.options))

    def check(self):
        """Nothing was wrong so far."""
        if self.command and self.command.status is not None:
            raise Failed("%s: %s" % (self.name, self.command.output.decode(errors="replace")))

    def stop(self, timeout=120):
        self.vm.sh("touch %s.stop" % self.model)
        try:
            self.command.wait(timeout * self.vm.slow)
        except TimeoutError as error:
            raise Failed("%s: requests are not answered: %s" % (self.name, error)) from None
        output = self.command.output.decode(errors="replace")
        self.vm.say(output.strip())
        if self.command.status:
            raise Failed("%s: %s" % (self.name, output))
        self.command = None
        for key, value in re.findall(r"(\w+)=(\d+)", output):
            self.done[key] = self.done.get(key, 0) + int(value)

    def verify(self):
        """Every write that was answered can be read."""
        status, output = self.vm.status("/root/stress verify %s %s" % (self.dev, self.model), timeout=120)
        if status:
            raise Failed("%s: %s" % (self.name, output))
