/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Log lines: "emd: emd0: member 2 (sdc): write error, marked failed".
 *
 * crit: data at risk; err: I/O or internal failure; warn: foreseeable trouble;
 * info: rare events (start, stop, job begin and end). A refused command is not
 * a log entry. Lines that a request can cause are rate limited.
 */
#ifndef _EMD_LOG_H
#define _EMD_LOG_H

#include <linux/printk.h>

#define emd_crit(array, fmt, ...) \
	pr_crit("emd: %s: " fmt "\n", emd_array_dev_name(array), ##__VA_ARGS__)
#define emd_err(array, fmt, ...) \
	pr_err("emd: %s: " fmt "\n", emd_array_dev_name(array), ##__VA_ARGS__)
#define emd_err_rl(array, fmt, ...) \
	pr_err_ratelimited("emd: %s: " fmt "\n", emd_array_dev_name(array), ##__VA_ARGS__)
#define emd_warn(array, fmt, ...) \
	pr_warn("emd: %s: " fmt "\n", emd_array_dev_name(array), ##__VA_ARGS__)
#define emd_warn_rl(array, fmt, ...) \
	pr_warn_ratelimited("emd: %s: " fmt "\n", emd_array_dev_name(array), ##__VA_ARGS__)
#define emd_info(array, fmt, ...) \
	pr_info("emd: %s: " fmt "\n", emd_array_dev_name(array), ##__VA_ARGS__)

#define emd_container_err(c, fmt, ...)	pr_err("emd: %s: " fmt "\n", (c)->name, ##__VA_ARGS__)
#define emd_container_warn(c, fmt, ...)	pr_warn("emd: %s: " fmt "\n", (c)->name, ##__VA_ARGS__)
#define emd_container_info(c, fmt, ...)	pr_info("emd: %s: " fmt "\n", (c)->name, ##__VA_ARGS__)

#define emd_disk_err(d, fmt, ...)	pr_err("emd: disk %s: " fmt "\n", (d)->name, ##__VA_ARGS__)
#define emd_disk_warn(d, fmt, ...)	pr_warn("emd: disk %s: " fmt "\n", (d)->name, ##__VA_ARGS__)

#endif /* _EMD_LOG_H */
