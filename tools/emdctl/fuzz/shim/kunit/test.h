/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Enough of KUnit to run the suites of the pure files in user space, where the
 * sanitizers are and a turn takes a second. unit.c is the runner.
 */
#ifndef _SHIM_KUNIT_TEST_H
#define _SHIM_KUNIT_TEST_H

#include <linux/bits.h>
#include <linux/kernel.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KUNIT_PARAM_DESC_SIZE 128

/* What kunit_kzalloc() gave goes when the case ends. */
struct kunit_memory {
	struct kunit_memory *next;
	unsigned char bytes[] __attribute__((aligned(16)));
};

struct kunit {
	int failures;
	void *priv;
	const void *param_value;
	struct kunit_memory *memory;
};

struct kunit_case {
	void (*run_case)(struct kunit *test);
	const char *name;
	const void *(*generate_params)(const void *prev, char *desc);
};

struct kunit_suite {
	const char *name;
	int (*init)(struct kunit *test);
	void (*exit)(struct kunit *test);
	struct kunit_case *test_cases;
};

extern struct kunit_suite *kunit_suites[64];
extern unsigned int kunit_nr_suites;

#define KUNIT_CASE(fn) { .run_case = fn, .name = #fn }
#define KUNIT_CASE_SLOW(fn) KUNIT_CASE(fn)
#define KUNIT_CASE_PARAM(fn, gen) { .run_case = fn, .name = #fn, .generate_params = gen }
#define KUNIT_ARRAY_PARAM(name, array, get_desc)			\
static const void *name##_gen_params(const void *prev, char *desc)	\
{									\
	__typeof__((array)[0]) *next = prev;				\
									\
	next = next ? next + 1 : (array);				\
	if (next == (array) + ARRAY_SIZE(array))			\
		return NULL;						\
	get_desc(next, desc);						\
	return next;							\
}
#define kunit_test_suite(suite)						\
__attribute__((constructor)) static void register_##suite(void)		\
{									\
	kunit_suites[kunit_nr_suites++] = &suite;			\
}
#define MODULE_LICENSE(x)
#define MODULE_DESCRIPTION(x)

/* From the function that is the case, not from what it calls. */
#define kunit_skip(test, reason) return
#define kunit_info(test, fmt, ...) ((void)(test), printf(fmt "\n", ##__VA_ARGS__))

static inline void *kunit_kzalloc(struct kunit *test, size_t size, int gfp)
{
	struct kunit_memory *memory = calloc(1, sizeof(*memory) + size);

	(void)gfp;
	if (!memory)
		return NULL;
	memory->next = test->memory;
	test->memory = memory;
	return memory->bytes;
}

#define KUNIT_CHECK(test, cond, what, fatal, fmt, ...)			\
do {									\
	if (!(cond)) {							\
		(test)->failures++;					\
		fprintf(stderr, "%s:%d: %s ", __FILE__, __LINE__, what); \
		fprintf(stderr, fmt "\n", ##__VA_ARGS__);		\
		if (fatal)						\
			abort();					\
	}								\
} while (0)

#define KUNIT_BINARY(test, a, op, b, fatal, fmt, ...)			\
do {									\
	__typeof__(a) __l = (a);					\
	__typeof__(b) __r = (b);					\
	KUNIT_CHECK(test, __l op __r, #a " " #op " " #b, fatal,		\
		    "(%lld, %lld) " fmt, (long long)__l, (long long)__r, ##__VA_ARGS__); \
} while (0)

#define KUNIT_EXPECT_EQ_MSG(t, a, b, ...) KUNIT_BINARY(t, a, ==, b, 0, __VA_ARGS__)
#define KUNIT_EXPECT_NE_MSG(t, a, b, ...) KUNIT_BINARY(t, a, !=, b, 0, __VA_ARGS__)
#define KUNIT_EXPECT_LE_MSG(t, a, b, ...) KUNIT_BINARY(t, a, <=, b, 0, __VA_ARGS__)
#define KUNIT_EXPECT_GE_MSG(t, a, b, ...) KUNIT_BINARY(t, a, >=, b, 0, __VA_ARGS__)
#define KUNIT_ASSERT_EQ_MSG(t, a, b, ...) KUNIT_BINARY(t, a, ==, b, 1, __VA_ARGS__)
#define KUNIT_ASSERT_GE_MSG(t, a, b, ...) KUNIT_BINARY(t, a, >=, b, 1, __VA_ARGS__)
#define KUNIT_EXPECT_EQ(t, a, b) KUNIT_BINARY(t, a, ==, b, 0, "")
#define KUNIT_EXPECT_NE(t, a, b) KUNIT_BINARY(t, a, !=, b, 0, "")
#define KUNIT_EXPECT_LT(t, a, b) KUNIT_BINARY(t, a, <, b, 0, "")
#define KUNIT_EXPECT_LE(t, a, b) KUNIT_BINARY(t, a, <=, b, 0, "")
#define KUNIT_EXPECT_GE(t, a, b) KUNIT_BINARY(t, a, >=, b, 0, "")
#define KUNIT_ASSERT_EQ(t, a, b) KUNIT_BINARY(t, a, ==, b, 1, "")
#define KUNIT_ASSERT_LT(t, a, b) KUNIT_BINARY(t, a, <, b, 1, "")
#define KUNIT_ASSERT_GE(t, a, b) KUNIT_BINARY(t, a, >=, b, 1, "")
#define KUNIT_EXPECT_TRUE(t, c) KUNIT_CHECK(t, c, #c, 0, "")
#define KUNIT_EXPECT_FALSE(t, c) KUNIT_CHECK(t, !(c), "!" #c, 0, "")
#define KUNIT_EXPECT_TRUE_MSG(t, c, ...) KUNIT_CHECK(t, c, #c, 0, __VA_ARGS__)
#define KUNIT_EXPECT_FALSE_MSG(t, c, ...) KUNIT_CHECK(t, !(c), "!" #c, 0, __VA_ARGS__)
#define KUNIT_ASSERT_TRUE_MSG(t, c, ...) KUNIT_CHECK(t, c, #c, 1, __VA_ARGS__)
#define KUNIT_ASSERT_FALSE_MSG(t, c, ...) KUNIT_CHECK(t, !(c), "!" #c, 1, __VA_ARGS__)
#define KUNIT_ASSERT_TRUE(t, c) KUNIT_CHECK(t, c, #c, 1, "")
#define KUNIT_ASSERT_FALSE(t, c) KUNIT_CHECK(t, !(c), "!" #c, 1, "")
#define KUNIT_EXPECT_NULL(t, p) KUNIT_CHECK(t, !(p), #p, 0, "is not NULL")
#define KUNIT_EXPECT_NOT_NULL(t, p) KUNIT_CHECK(t, p, #p, 0, "is NULL")
#define KUNIT_EXPECT_NOT_NULL_MSG(t, p, ...) KUNIT_CHECK(t, p, #p, 0, __VA_ARGS__)
#define KUNIT_ASSERT_NOT_NULL(t, p) KUNIT_CHECK(t, p, #p, 1, "is NULL")
#define KUNIT_EXPECT_STREQ(t, a, b)					\
	KUNIT_CHECK(t, !strcmp(a, b), #a " is " #b, 0, "(\"%s\", \"%s\")", a, b)
#define KUNIT_EXPECT_STREQ_MSG(t, a, b, fmt, ...)			\
	KUNIT_CHECK(t, !strcmp(a, b), #a " is " #b, 0, "(\"%s\", \"%s\") " fmt, a, b, ##__VA_ARGS__)
#define KUNIT_EXPECT_MEMEQ(t, a, b, n) KUNIT_CHECK(t, !memcmp(a, b, n), #a " is " #b, 0, "")
#define KUNIT_EXPECT_MEMEQ_MSG(t, a, b, n, ...)				\
	KUNIT_CHECK(t, !memcmp(a, b, n), #a " is " #b, 0, __VA_ARGS__)

#endif
