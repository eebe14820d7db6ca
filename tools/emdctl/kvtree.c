// SPDX-License-Identifier: GPL-2.0
/*
 * Builds a tree of "path.key=value" lines. Parts of a path that are numbers
 * make their parent a list. Order is kept.
 */
#include <stdlib.h>
#include <string.h>

#include "emdctl.h"
#include "kvtree.h"

/* What a line may do to us if the driver were wrong. */
#define MAX_DEPTH	16

static struct kv *find_or_add(struct kv *parent, const char *name, size_t len)
{
	struct kv **link = &parent->child;
	struct kv *node;

	for (; *link; link = &(*link)->next)
		if (strlen((*link)->name) == len && !memcmp((*link)->name, name, len))
			return *link;
	node = xcalloc(1, sizeof(*node));
	node->name = xcalloc(1, len + 1);
	memcpy(node->name, name, len);
	*link = node;
	return node;
}

static void add_line(struct kv *root, char *line)
{
	char *value = strchr(line, '=');
	struct kv *node = root;
	int depth = 0;
	char *dot;

	if (!value || value == line)
		return;
	*value++ = '\0';
	while (++depth < MAX_DEPTH && (dot = strchr(line, '.'))) {
		node = find_or_add(node, line, dot - line);
		line = dot + 1;
	}
	node = find_or_add(node, line, strlen(line));
	free(node->value);
	node->value = xstrdup(value);
}

/* Lines without '=' are skipped. The result is for kv_free(). */
struct kv *kv_parse(const char *text)
{
	struct kv *root = xcalloc(1, sizeof(*root));
	char *copy = xstrdup(text);
	char *line, *rest = copy;

	root->name = xstrdup("");
	make_printable(copy);
	while ((line = strsep(&rest, "\n")))
		add_line(root, line);
	free(copy);
	return root;
}

void kv_free(struct kv *node)
{
	struct kv *next;

	for (; node; node = next) {
		next = node->next;
		kv_free(node->child);
		free(node->name);
		free(node->value);
		free(node);
	}
}

/* Value of a direct child of the root. */
const char *kv_get(const struct kv *root, const char *name)
{
	const struct kv *node;

	for (node = root->child; node; node = node->next)
		if (!strcmp(node->name, name))
			return node->value;
	return NULL;
}

bool kv_is_index(const char *name)
{
	size_t len = strspn(name, "0123456789");

	return len && len < 5 && !name[len];
}

/* All children are numbered: a list rather than an object. */
bool kv_is_list(const struct kv *node)
{
	const struct kv *child;

	for (child = node->child; child; child = child->next)
		if (!kv_is_index(child->name))
			return false;
	return node->child;
}
