# SPDX-License-Identifier: GPL-2.0
"""Where things are on the host, and which kernel a test runs on."""

import os
import subprocess
import sys

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
