# SPDX-License-Identifier: GPL-2.0
"""One CPU against two: a RAID 5 in emulated machines, which User-Mode Linux can't show.

Two machines on the stock kernel, one with one CPU and one with two. Both are on,
and take turns; the one that has no turn sleeps. Both have EMD and md on ramdisks
of their own. The speed is by the clock: compare a machine with the other one
only, for emulated CPUs are many times slower than real ones.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(TOP, "tests"))

from lib import vm as machine  # noqa: E402
from lib.host import Kernel  # noqa: E402

import report  # noqa: E402

MEMBERS = 4
DISK_MIB = 96
CPUS = (1, 2)
WORKS = {"write 1M": "--rw=write --bs=1M --iodepth=8",
         "randwrite 4k": "--rw=randwrite --bs=4k --iodepth=32 --iodepth_batch_submit=16 "
                         "--iodepth_batch_complete_max=16"}


def start(directory, kernel, cpus):
    vm = machine.VM(kernel, os.path.join(directory, str(cpus)))
    vm.tools = {"fio"}
    vm.cpus = cpus
    vm.memory = 2 * MEMBERS * DISK_MIB + 768
    vm.boot(cold=True)
    vm.insmod("autoassemble=0")
    vm.sh("modprobe raid456; modprobe brd rd_nr=%d rd_size=%d" % (2 * MEMBERS, DISK_MIB * 1024))
    disks = ["/dev/ram%d" % number for number in range(2 * MEMBERS)]
    for disk in disks:
        vm.sh("dd if=/dev/zero of=%s bs=1M count=%d oflag=direct 2>/dev/null" % (disk, DISK_MIB))
    vm.emdctl("--yes create --format imsm --level raid5 --name bench --strip 64K --init none "
              + " ".join(disks[:MEMBERS]))
    vm.sh("mdadm --create /dev/md0 --run --metadata=1.2 --level=5 --raid-devices=%d --bitmap=none --chunk=64 "
          "--layout=left-asymmetric --assume-clean %s" % (MEMBERS, " ".join(disks[MEMBERS:])))
    vm.sh("cd /sys/block/md0/md; echo 4096 > stripe_cache_size; echo 2 > group_thread_cnt")
    return vm


def used(process):
    with open("/proc/%d/stat" % process.pid, encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def once(vm, work, device, seconds):
    """Speed in MiB/s, and the CPUs of the host that the machine had."""
    size = vm.sh("blockdev --getsize64 " + device)
    half = int(size) // 2 >> 20
    command = ("fio --name=b --filename=%s --direct=1 --ioengine=libaio --numjobs=2 --size=%dM --offset_increment=%dM "
               "--time_based --runtime=%g --group_reporting --gtod_reduce=1 --norandommap --output-format=json "
               "--output=/tmp/fio.json %s" % (device, half, half, seconds, WORKS[work]))
    before, began = used(vm.process), time.monotonic()
    vm.sh(command, timeout=120)
    had = (used(vm.process) - before) / (time.monotonic() - began)
    text = vm.read_file("/tmp/fio.json").decode()
    job = json.loads(text[text.find("{"):])["jobs"][0]
    return job["write"]["bw"] / 1024, had


def measure(out, repeat, seconds):
    subprocess.run(["make", "-s", "-C", TOP, "module"], check=True, stdout=sys.stderr)
    directory = tempfile.mkdtemp(prefix="emd-bench-")
    vms, runs = {}, {}
    try:
        module = os.path.join(directory, "emd.ko")
        shutil.copy(os.path.join(TOP, "drivers/emd/emd.ko"), module)
        kernel = Kernel("stock", module)
        for cpus in CPUS:
            os.mkdir(os.path.join(directory, str(cpus)))
            vms[cpus] = start(directory, kernel, cpus)
        for turn in range(repeat):
            for work in WORKS:
                for who, device in ("emd", "/dev/emd0"), ("md", "/dev/md0"):
                    for cpus in CPUS if turn % 2 == 0 else CPUS[::-1]:
                        runs.setdefault((work, who), {}).setdefault(cpus, []).append(
                            once(vms[cpus], work, device, seconds))
        for vm in vms.values():
            vm.sh("emdctl --yes stop --all; mdadm --stop /dev/md0")
    finally:
        for cpus, vm in vms.items():
            shutil.copy(os.path.join(directory, str(cpus), "commands.log"),
                        os.path.join(out, "cpus-%d.log" % cpus))
            vm.close()
        shutil.rmtree(directory, ignore_errors=True)
    rows = [row(work, who, found) for (work, who), found in runs.items()]
    return {"kernel": kernel.version, "rows": rows}


def row(work, who, found):
    one, two = ([{"mib_s": mib_s} for mib_s, _ in found[cpus]] for cpus in CPUS)
    ratio = report.compare(dict(enumerate(two)), dict(enumerate(one)))
    return {"work": work, "who": who, "ratio": ratio,
            "mib_s": [report.statistics.median(mib_s for mib_s, _ in found[cpus]) for cpus in CPUS],
            "had": [report.statistics.median(had for _, had in found[cpus]) for cpus in CPUS],
            "verdict": report.verdict({"one": ratio}, {"one": 1}) if who == "emd" else ""}
