# SPDX-License-Identifier: GPL-2.0
"""Machines that have booted, kept in files, for those of scenarios to go on from.

A boot takes the emulator many seconds, and a scenario's machine differs from
another's only in its disks and a few files: those it gets when it goes on.
"""

import fcntl
import hashlib
import os
import shutil
import tempfile
import time

from . import initramfs
from .host import CACHE, forget_unused, run
from .qmp import QmpError


def of(vm):
    """Path of the state of a machine like this one; made when it is not there."""
    with open(__file__) as source:
        how = source.read()
    tools = [(tool, os.stat(shutil.which(tool) or __file__).st_mtime_ns) for tool in sorted(vm.tools)]
    key = hashlib.sha256(repr((run("qemu-system-x86_64", "--version"), os.stat(vm.kernel.image).st_mtime_ns,
                               initramfs.base(vm.kernel), vm.machine("")[1:], vm.parameters(), tools, how)).encode())
    path = os.path.join(CACHE, "booted-%s-%s" % (vm.kernel.name, key.hexdigest()[:12]))
    with open(os.path.join(CACHE, "booted.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not os.path.exists(path):
            forget_unused("booted-%s-*" % vm.kernel.name)
            make(vm, path)
        os.utime(path)
    return path


def make(like, path):
    directory = tempfile.mkdtemp(prefix="emd-", dir=os.environ.get("TMPDIR", "/tmp"))
    vm = type(like)(like.kernel.without_emd(), directory)
    vm.cpus, vm.memory, vm.tools, vm.slow, vm.files = like.cpus, like.memory, like.tools, like.slow, {}
    try:
        vm.boot(cold=True)
        # Not in the middle of what a boot leaves behind.
        vm.sh("sync; sleep 2")
        vm.qmp.command("stop")
        save(vm.qmp, path + ".new", 120 * vm.slow)
        vm.kill()
        vm.check_logs()
        os.rename(path + ".new", path)
    finally:
        vm.close()
        shutil.rmtree(directory, ignore_errors=True)


def forget(path):
    if os.path.exists(path):
        os.unlink(path)


def save(qmp, path, timeout):
    """Whole, when it returns: what is written last has another name until then."""
    forget(path)
    qmp.command("migrate-set-parameters", **{"max-bandwidth": 1 << 40})
    migrate(qmp, "migrate", "exec:cat > '%s.part' && mv '%s.part' '%s'" % (path, path, path), timeout)
    deadline = time.monotonic() + timeout
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            raise QmpError("%s was not written" % path)
        time.sleep(0.05)


def load(qmp, path, timeout):
    """Into a machine that was started with -incoming defer; it stands still until told to go on."""
    migrate(qmp, "migrate-incoming", "exec:cat '%s'" % path, timeout)


def migrate(qmp, command, uri, timeout):
    qmp.command("migrate-set-capabilities", capabilities=[{"capability": "events", "state": True}])
    qmp.command(command, uri=uri)
    status = ""
    while status not in ("completed", "failed"):
        status = qmp.wait_event("MIGRATION", timeout)["data"]["status"]
    if status == "failed":
        raise QmpError("%s %s failed" % (command, uri))
