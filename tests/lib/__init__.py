# SPDX-License-Identifier: GPL-2.0
"""The test machine: kernels, initramfs, disks, and the guest's agent."""
