#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0
"""Hours of stress: stories of tests/soak/shared.py, one machine after the other.

    tests/soak/run.py --seconds 3600 --seed 7
    tests/soak/run.py --kernel debug --only five,six

Debug and stock kernel take turns. Each story has a number, from which, with the
seed, all of it is drawn; --first tells which to begin with. A story that fails
ends the run; its machine's logs are in out/soak.
"""

import argparse
import os
import random
import shutil
import sys
import tempfile
import time
import traceback

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))

from lib import vm as machine  # noqa: E402
from lib.host import OUT, Kernel, find_module  # noqa: E402
from soak import shared  # noqa: E402

KEPT = os.path.join(OUT, "soak")


def say(text):
    print("%s %s" % (time.strftime("%H:%M:%S"), text), flush=True)


def cast(seed, number, only):
    """The arrays of a story: every level has its turn, in changing company."""
    kinds = [kind[0] for kind in shared.KINDS if not only or kind[0] in only]
    first = kinds[number // 2 % len(kinds)]
    others = [kind for kind in kinds if kind != first]
    return [first] + random.Random("%s cast %d" % (seed, number)).sample(others, min(1, len(others)))


def play(kernel, options, number, end, sums):
    """One story; its name when it failed, else None."""
    directory = tempfile.mkdtemp(prefix="emd-soak-", dir=os.environ.get("TMPDIR", "/tmp"))
    vm = machine.VM(kernel, directory)
    kinds = cast(options.seed, number, options.only)
    say("story %d on the %s kernel: %s" % (number, kernel.name, ", ".join(kinds)))
    failure = None
    story = None
    try:
        story = shared.Story(vm, "%s-%d" % (options.seed, number), kinds, tell=lambda text: say("  " + text))
        story.begin()
        for turn in range(options.rounds):
            if turn:
                story.go_on()
            story.round(story.random.randint(3, 7))
            say("  round %d: %s" % (turn + 1, words(story.totals())))
            if time.monotonic() > end:
                break
        story.end()
        vm.finish()
    except Exception as error:  # pylint: disable=broad-except
        failure = "%s: %s" % (type(error).__name__, error)
        details = traceback.format_exc()
        try:
            failure += "".join("\n" + line for line in machine.klog.trouble(vm.logs(), vm.tolerated))
        except OSError:
            pass
        with open(os.path.join(directory, "failure.txt"), "w") as text:
            text.write("%s\n\n%s" % (failure, details))
    finally:
        vm.close()
    for key, value in (story.totals() if story else {}).items():
        sums[key] = sums.get(key, 0) + value
    if failure:
        kept = os.path.join(KEPT, "%s-%d" % (options.seed, number))
        shutil.rmtree(kept, ignore_errors=True)
        os.makedirs(KEPT, exist_ok=True)
        shutil.move(directory, kept)
        say("FAIL story %d: %s\n  logs: %s" % (number, failure, kept))
    shutil.rmtree(directory, ignore_errors=True)
    return failure


def words(sums):
    order = ["stories", "rounds", "writes", "reads", "mib", "overlaps", "discards", "zeroes", "flushes", "again",
             "failures", "hangs", "bad", "scrubs", "replaced", "turns"]
    return ", ".join("%d %s" % (sums[key], key) for key in order if key in sums)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=3600)
    parser.add_argument("--seed", default=str(random.randrange(10 ** 9)))
    parser.add_argument("--first", type=int, default=0, metavar="N", help="number of the first story")
    parser.add_argument("--stories", type=int, default=10 ** 9, help="at most so many")
    parser.add_argument("--rounds", type=int, default=6, help="at most so many in a story")
    parser.add_argument("--kernel", choices=["debug", "stock"], help="only this one")
    parser.add_argument("--only", type=lambda text: text.split(","), help="of: " + ",".join(k[0] for k in shared.KINDS))
    options = parser.parse_args()

    os.makedirs(OUT, exist_ok=True)
    names = [options.kernel] if options.kernel else ["debug", "stock"]
    kernels = [Kernel(name, find_module(name)) for name in names]
    began = time.monotonic()
    end = began + options.seconds
    sums = {"stories": 0, "rounds": 0}
    failed = 0
    say("seed %s, %d seconds, kernels %s" % (options.seed, options.seconds, " ".join(names)))
    number = options.first
    try:
        while time.monotonic() < end and number < options.first + options.stories and not failed:
            failed += bool(play(kernels[number % len(kernels)], options, number, end, sums))
            sums["stories"] += 1
            number += 1
    finally:
        for kernel in kernels:
            if kernel.emd_module and kernel.emd_module.startswith(OUT):
                os.unlink(kernel.emd_module)
    say("seed %s, %d minutes: %s" % (options.seed, (time.monotonic() - began) / 60, words(sums)))
    print("%d passed, %d failed" % (sums["stories"] - failed, failed))
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
