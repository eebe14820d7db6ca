# SPDX-License-Identifier: GPL-2.0
"""What in a kernel log means that a test has failed."""

import re

TROUBLE = re.compile(
    r"WARNING:|\bBUG:|kernel BUG|Oops|general protection fault|Kernel panic|KASAN|UBSAN|Call Trace:|"
    r"INFO: task .* blocked|INFO: rcu|rcu: INFO|rcu_\w+ self-detected stall|soft lockup|hard LOCKUP|"
    r"possible (recursive|circular|irq)|inconsistent lock state|suspicious RCU usage|"
    r"lock held when returning|held lock freed|DEBUG_LOCKS_WARN|scheduling while atomic|"
    r"sleeping function called|refcount_t:|list_(add|del) corruption|ODEBUG:|"
    r"Object still|Objects remaining|unreferenced object|"
    r"emd: disagrees about version|emd: Unknown symbol")

# The kernel's own, on a machine without firmware tables or under emulation.
HARMLESS = re.compile(
    r"unchecked MSR|Speculative Return Stack Overflow|Spectre|MDS|"
    r"WARNING: CPU: \d+ PID: 1 at arch/x86")


def trouble(text, tolerated=()):
    """Lines of a log that must not be there, in order."""
    patterns = [re.compile(p) for p in tolerated]
    return [line.strip() for line in text.splitlines()
            if TROUBLE.search(line) and not HARMLESS.search(line)
            and not any(p.search(line) for p in patterns)]


def crash(text):
    """The report of the first crash in a log, from its first line to the end of its trace; empty without one."""
    found = re.search(r"Oops|general protection fault|kernel BUG|Kernel panic", text)
    if not found:
        return ""
    lines = text[text.rfind("\n", 0, found.start()) + 1:].splitlines()
    end = next((n for n, line in enumerate(lines) if "end trace" in line or "</TASK>" in line), 40)
    return "\n".join(lines[:end + 1])
