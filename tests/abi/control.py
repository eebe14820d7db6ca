# SPDX-License-Identifier: GPL-2.0
"""The control device keeps its promises: sizes, flags, refusals, list, events."""

from abi.programs import add_programs

groups = ["quick", "abi"]


def scenario(vm):
    add_programs(vm)
    vm.boot()
    vm.insmod()
    assert vm.sh("stat -c %a /dev/emd-control").strip() == "600"
    for part in "contract", "list", "events", "unprivileged":
        vm.sh("/root/abi " + part)
    # 32-bit programs; not every kernel runs them.
    status, output = vm.status("/root/compat32")
    assert status == 0 or "not found" in output or "xec format" in output, (status, output)
    # An open control device holds the module.
    holder = vm.start("exec 3<>/dev/emd-control; sleep 1000")
    vm.wait("the device to be open", lambda: vm.sh("lsmod | awk '/^emd /{print $3}'").strip() != "0")
    assert vm.status("rmmod emd")[0] != 0
    vm.sh("kill $(pidof sleep)")
    assert holder.done.wait(10)
    vm.rmmod()
