// SPDX-License-Identifier: GPL-2.0
/* Command examine: what the metadata on disks and in images says. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "emdctl.h"
#include "image.h"
#include "kvtree.h"
#include "print.h"
#include "resolve.h"

enum { OPT_BLOCK_SIZE = OPT_COMMAND, OPT_SERIAL };

const struct option examine_options[] = {
	{ "block-size", required_argument, NULL, OPT_BLOCK_SIZE },
	{ "serial", required_argument, NULL, OPT_SERIAL },
	{ },
};

/**
 * struct question - how to look at plain files
 * @block_size: 0 when not given
 * @serial: NULL when not given
 */
struct question {
	uint32_t block_size;
	const char *serial;
};

static char *path_reason(int err)
{
	switch (err) {
	case -ENOENT:
		return xstrdup("no such device or file");
	case -EACCES:
	case -EPERM:
		return xstrdup("no permission to read it; run it as root");
	case -EINVAL:
		return xstrdup("neither a block device nor a plain file");
	default:
		return xstrdup(strerror(-err));
	}
}

static void examine_in_tool(const char *path, const struct question *question,
			    struct examined *item)
{
	const char *format;
	char *text;
	int ret;

	ret = image_describe(path, question->block_size, question->serial, &format, &text);
	if (ret < 0)
		item->error = path_reason(ret);
	if (ret <= 0)
		return;
	snprintf(item->format, sizeof(item->format), "%s", format);
	item->tree = kv_parse(text);
	free(text);
}

static void examine_by_driver(struct emdctl *ctl, const struct device *device,
			      struct examined *item)
{
	char *text;
	int ret;

	ret = control_examine(&ctl->control, device->major, device->minor, &text, item->format);
	if (ret) {
		item->error = control_reason(ctl, ret);
		return;
	}
	if (item->format[0] || strstr(text, "foreign="))
		item->tree = kv_parse(text);
	free(text);
}

/*
 * For a device the driver is asked: it reads what it would act on. Without a
 * driver, and for a file, the same decoder runs here.
 */
static void examine(struct emdctl *ctl, const struct question *question, struct examined *item)
{
	struct device device;
	struct stat st;

	/* A plain file of that name in this directory is no kernel name. */
	if (!strchr(item->path, '/') && !stat(item->path, &st) && S_ISREG(st.st_mode)) {
		examine_in_tool(item->path, question, item);
	} else if (find_device(item->path, &device)) {
		examine_in_tool(item->path, question, item);
	} else if (control_open(&ctl->control)) {
		note(ctl, "no driver to ask, emdctl reads %s itself", item->path);
		examine_in_tool(device.path, question, item);
	} else {
		examine_by_driver(ctl, &device, item);
	}
}

int cmd_examine(struct emdctl *ctl, int argc, char **argv)
{
	struct question question = { };
	struct examined *items;
	int opt, i, nr, status = STATUS_DONE;
	uint64_t number;

	while ((opt = next_option(ctl, argc, argv)) != -1) {
		switch (opt) {
		case OPT_BLOCK_SIZE:
			if (parse_u64(optarg, &number) || (number != 512 && number != 4096))
				return usage_error(ctl, "--block-size is 512 or 4096");
			question.block_size = (uint32_t)number;
			break;
		case OPT_SERIAL:
			question.serial = optarg;
			break;
		default:
			return option_stop_status(opt);
		}
	}
	nr = argc - optind;
	if (!nr)
		return usage_error(ctl, "needs a DEV or FILE");

	/* One that cannot be read must not hide what the others say. */
	items = xcalloc(nr, sizeof(*items));
	for (i = 0; i < nr; i++) {
		items[i].path = argv[optind + i];
		examine(ctl, &question, &items[i]);
		if (items[i].error) {
			note(ctl, "%s: %s", items[i].path, items[i].error);
			status = STATUS_REFUSED;
		}
	}
	ctl->out->examined(items, nr);
	for (i = 0; i < nr; i++) {
		kv_free(items[i].tree);
		free(items[i].error);
	}
	free(items);
	return status;
}
