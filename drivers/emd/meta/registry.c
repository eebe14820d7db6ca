// SPDX-License-Identifier: GPL-2.0
/*
 * The formats there are. A new one is its files and a row here. Pure.
 */
#include <linux/string.h>

#include "meta.h"

const struct emd_meta_ops *const emd_formats[] = {
	&emd_imsm_ops,
	&emd_ddf_ops,
	&emd_asr_ops,
	NULL,
};

/**
 * emd_format_find() - a format by its name
 * @name: as in "imsm"
 *
 * Return: its handler or NULL.
 */
const struct emd_meta_ops *emd_format_find(const char *name)
{
	unsigned int i;

	for (i = 0; emd_formats[i]; i++) {
		if (!strcmp(emd_formats[i]->name, name))
			return emd_formats[i];
	}
	return NULL;
}
