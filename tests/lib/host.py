# SPDX-License-Identifier: GPL-2.0
"""Where things are on the host, and which kernel a test runs on."""

import copy
import glob
import os
import shutil
import subprocess
import sys
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
OUT = os.path.join(TOP, "out")
CACHE = os.environ.get("EMD_CACHE") or os.path.expanduser("~/.cache/emd")

# Tools of the administrator may be outside a user's PATH.
os.environ["PATH"] += ":/usr/sbin:/sbin"


def run(*argv, **kwargs):
    """Run a host command and return its output; its stderr is the user's."""
    return subprocess.run(argv, check=True, stdout=subprocess.PIPE, text=True, **kwargs).stdout


def kernel_path(what):
    """Build, when needed, what scripts/kernel.sh calls by that name."""
    try:
        return run(os.path.join(TOP, "scripts/kernel.sh"), what).strip()
    except subprocess.CalledProcessError as error:
        sys.exit("scripts/kernel.sh %s failed (%d)" % (what, error.returncode))


def forget_unused(pattern):
    """Remove what in the cache nobody has taken for a day; who takes a file touches it.

    Not at once when there is a newer one: another checkout may be at work with it.
    """
    for path in glob.glob(os.path.join(CACHE, pattern)):
        if time.time() - os.stat(path).st_mtime > 86400:
            os.unlink(path)


class Kernel:
    """A bootable kernel: its image, its modules, and EMD for it.

    image        what qemu boots
    modules      directory with lib/modules/VERSION, or None
    version      VERSION
    emd_module   emd.ko built for it; None when EMD is built in or not there
    debug        True when KASAN, lockdep and kmemleak are in
    """

    def __init__(self, name, emd_module=None):
        self.name = name
        self.debug = name != "stock"
        self.builtin = name == "builtin"
        self.emd_module = emd_module
        self.image = kernel_path(name)
        if name == "stock":
            self.modules = "/"
            self.version = kernel_path("stock-version")
        else:
            self.modules = os.path.join(kernel_path("debug-build"), "modroot")
            self.version = os.listdir(os.path.join(self.modules, "lib/modules"))[0]

    def without_emd(self):
        plain = copy.copy(self)
        plain.emd_module = None
        return plain


def find_module(kernel_name):
    """Build emd.ko for a kernel; None while there is nothing to build."""
    if kernel_name == "builtin" or os.environ.get("EMD_KO") == "none":
        return None
    if os.environ.get("EMD_KO"):
        return os.path.abspath(os.environ["EMD_KO"])
    target = "module" if kernel_name == "stock" else "module-debug"
    if subprocess.run(["make", "-s", "-C", TOP, target], stdout=sys.stderr, check=False).returncode:
        sys.exit("make %s failed" % target)
    path = "drivers/emd/emd.ko" if kernel_name == "stock" else "out/debug/drivers/emd/emd.ko"
    # Another build may replace it while we run.
    copy = os.path.join(OUT, "emd-%s-%d.ko" % (kernel_name, os.getpid()))
    # Without what is for debuggers: the guest takes a second for it, at each insmod.
    run("strip", "--strip-debug", "-o", copy, os.path.join(TOP, path))
    return copy
