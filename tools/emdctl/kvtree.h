/* SPDX-License-Identifier: GPL-2.0 */
/* "path.key=value" lines, as a format describes itself, as a tree. */
#ifndef EMDCTL_KVTREE_H
#define EMDCTL_KVTREE_H

#include <stdbool.h>

/**
 * struct kv - a node
 * @name: one part of the path; "" for the root
 * @value: NULL when there was no line for this very path
 * @child: first of the parts below, in order of appearance
 * @next: sibling
 */
struct kv {
	char *name;
	char *value;
	struct kv *child;
	struct kv *next;
};

struct kv *kv_parse(const char *text);
void kv_free(struct kv *node);
const char *kv_get(const struct kv *root, const char *name);
bool kv_is_index(const char *name);
bool kv_is_list(const struct kv *node);

#endif /* EMDCTL_KVTREE_H */
