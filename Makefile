# SPDX-License-Identifier: GPL-2.0
#
# EMD: the module, the tool, and everything that checks them.
#
# In a kernel tree only drivers/emd counts; this file is for the checkout.

SHELL		:= /bin/bash
KDIR		?= $(shell scripts/kernel.sh stock-build)
OUT		:= $(CURDIR)/out
T		?=
FUZZ_SECONDS	?= 600
SOAK_SECONDS	?= 3600

# What kbuild is told when the module stands alone.
KBUILD_FLAGS	:= CONFIG_BLK_DEV_EMD=m

# Two builds in one directory would write the same objects.
MODULE_LOCK	= mkdir -p $(OUT) && flock $(OUT)/module.lock

.PHONY: all module module-debug emdctl demo check kunit vm-test cuts fuzz soak bench sparse checkpatch lint \
	install uninstall clean help setup kernels

all: module emdctl

module:
	@$(MODULE_LOCK) $(MAKE) -C $(KDIR) M=$(CURDIR)/drivers/emd $(KBUILD_FLAGS) $(if $(W),W=$(W)) modules

# The debug kernel's objects are kept apart, in a copy of the sources.
module-debug:
	@build=$$(scripts/kernel.sh debug-build) && mkdir -p $(OUT)/debug && exec 8>$(OUT)/module-debug.lock && flock 8 && \
	rsync -rc --delete --exclude='*.mod.c' --include='*/' --include='*.[ch]' --include=Makefile --exclude='*' \
		drivers include $(OUT)/debug/ && \
	$(MAKE) -C $$build M=$(OUT)/debug/drivers/emd $(KBUILD_FLAGS) modules

emdctl:
	@$(MAKE) -C tools/emdctl

demo:
	@scripts/setup.sh
	@scripts/demo.sh

check:
	@FULL=$(FULL) scripts/check.sh

setup:
	@scripts/setup.sh

kernels:
	@scripts/kernel.sh um && scripts/kernel.sh debug && scripts/kernel.sh builtin

kunit:
	@scripts/setup.sh
	@scripts/kunit.sh $(T)

vm-test:
	@scripts/setup.sh
	@tests/run $(VMFLAGS) $(T)

fuzz:
	@scripts/setup.sh
	@scripts/fuzz.sh $(FUZZ_SECONDS)

cuts:
	@scripts/setup.sh
	@EMD_FULL=1 tests/run $(VMFLAGS) 'cuts/*'

soak:
	@scripts/soak.sh $(SOAK_SECONDS) $(SOAKFLAGS)

bench:
	@scripts/setup.sh
	@$(MAKE) -s -C tools/emdctl
	@tests/bench/run.py $(if $(filter full,$(BENCH)),--full) $(BENCHFLAGS)

sparse:
	@scripts/lint.sh sparse

checkpatch:
	@scripts/lint.sh checkpatch

lint:
	@scripts/lint.sh

install: emdctl
	@scripts/install.sh

uninstall:
	@scripts/install.sh --remove

clean:
	@-$(MAKE) -s -C $(KDIR) M=$(CURDIR)/drivers/emd clean
	@-$(MAKE) -s -C tools/emdctl clean
	@rm -rf $(OUT)

help:
	@echo "Look at it:"
	@echo "  make demo              a RAID set found, broken, healed - in a virtual machine, nothing here is touched"
	@echo "Build and install:"
	@echo "  make                   drivers/emd/emd.ko (KDIR= other kernel headers) and tools/emdctl/emdctl"
	@echo "  make install           the module through DKMS, the tool, its man page, completion, udev rule; make uninstall undoes it"
	@echo "Check:"
	@echo "  make check             what the project's CI does, from nothing: builds, lint, kunit, the scenarios, a minute of fuzz,"
	@echo "                         samples of cuts and soak; FULL=1 does more on the debug kernel"
	@echo "  make kunit [T=glob]    unit tests, in User-Mode Linux"
	@echo "  make vm-test [T=glob]  scenarios in a virtual machine; VMFLAGS='--kernel debug -g quick --keep'"
	@echo "  make fuzz              the metadata parsers against a fuzzer, FUZZ_SECONDS=$(FUZZ_SECONDS)"
	@echo "  make cuts              a power cut at every write of the life of arrays, and a tenth of the torn and reordered ones;"
	@echo "                         make check takes a sample"
	@echo "  make soak              the proofs in full: SOAK_SECONDS=$(SOAK_SECONDS) of stress (SOAKFLAGS='--kernel debug --seed 7'),"
	@echo "                         then make cuts and every other scenario that has a longer form; hours"
	@echo "  make lint              W=1, sparse, checkpatch, kernel-doc, includes, shellcheck, python, words; also make sparse,"
	@echo "                         make checkpatch"
	@echo "  make bench             EMD beside md: a table and a plot; BENCH=full takes longer, BENCHFLAGS='--only raid10'"
	@echo "Other:"
	@echo "  make setup             install what is missing (Debian 12); the targets above do it by themselves"
	@echo "  make kernels           build the kernels for the tests now, into \$$EMD_CACHE ($${EMD_CACHE:-~/.cache/emd})"
	@echo "  make clean"
