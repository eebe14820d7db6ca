// SPDX-License-Identifier: GPL-2.0
/* Command examine: what the metadata on disks and in images says. */
#include <errno.h>
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

static int refuse_path(struct emdctl *ctl, const char *path, int err)
{
	switch (err) {
	case -ENOENT:
		return refuse(ctl, "no device or file %s", path);
	case -EACCES:
	case -EPERM:
		return refuse(ctl, "no permission to read %s; run it as root", path);
	case -EINVAL:
		return refuse(ctl, "%s is neither a block device nor a plain file", path);
	default:
		return refuse(ctl, "%s: %s", path, strerror(-err));
	}
}

static int examine_in_tool(struct emdctl *ctl, const char *path, const struct question *question,
			   struct examined *item)
{
	const char *format;
	char *text;
	int ret;

	ret = image_describe(path, question->block_size, question->serial, &format, &text);
	if (ret < 0)
		return refuse_path(ctl, item->path, ret);
	if (!ret)
		return STATUS_DONE;
	strncpy(item->format, format, sizeof(item->format) - 1);
	item->tree = kv_parse(text);
	free(text);
	return STATUS_DONE;
}

static int examine_by_driver(struct emdctl *ctl, const struct device *device,
			     struct examined *item)
{
	char *text;
	int ret;

	ret = control_examine(&ctl->control, device->major, device->minor, &text, item->format);
	if (ret)
		return refuse_control(ctl, ret);
	if (item->format[0])
		item->tree = kv_parse(text);
	free(text);
	return STATUS_DONE;
}

/*
 * For a device the driver is asked: it reads what it would act on. Without a
 * driver, and for a file, the same decoder runs here.
 */
static int examine(struct emdctl *ctl, const struct question *question, struct examined *item)
{
	struct device device;
	struct stat st;

	/* A plain file of that name in this directory is no kernel name. */
	if (!strchr(item->path, '/') && !stat(item->path, &st) && S_ISREG(st.st_mode))
		return examine_in_tool(ctl, item->path, question, item);
	if (find_device(item->path, &device))
		return examine_in_tool(ctl, item->path, question, item);
	if (control_open(&ctl->control)) {
		note(ctl, "the driver is not loaded, %s is read by emdctl itself", item->path);
		return examine_in_tool(ctl, device.path, question, item);
	}
	return examine_by_driver(ctl, &device, item);
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

	items = xcalloc(nr, sizeof(*items));
	for (i = 0; i < nr && !status; i++) {
		items[i].path = argv[optind + i];
		status = examine(ctl, &question, &items[i]);
	}
	if (!status)
		ctl->out->examined(items, nr);
	for (i = 0; i < nr; i++)
		kv_free(items[i].tree);
	free(items);
	return status;
}
