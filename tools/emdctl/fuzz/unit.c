// SPDX-License-Identifier: GPL-2.0
/* Runs the KUnit suites of the pure files in user space. */
#include <kunit/test.h>

struct kunit_suite *kunit_suites[64];
unsigned int kunit_nr_suites;

static void run(struct kunit_suite *suite, struct kunit_case *c, struct kunit *test)
{
	struct kunit_memory *memory;

	fflush(stdout);
	if (!suite->init || !suite->init(test))
		c->run_case(test);
	else
		test->failures++;
	if (suite->exit)
		suite->exit(test);
	while (test->memory) {
		memory = test->memory;
		test->memory = memory->next;
		free(memory);
	}
}

int main(void)
{
	unsigned int i, passed = 0, failed = 0;
	char desc[KUNIT_PARAM_DESC_SIZE];
	struct kunit_case *c;

	for (i = 0; i < kunit_nr_suites; i++) {
		for (c = kunit_suites[i]->test_cases; c->run_case; c++) {
			const void *param = NULL;

			do {
				struct kunit test = {};

				desc[0] = '\0';
				if (c->generate_params) {
					param = c->generate_params(param, desc);
					if (!param)
						break;
				}
				test.param_value = param;
				run(kunit_suites[i], c, &test);
				if (test.failures) {
					printf("FAIL %s.%s %s\n", kunit_suites[i]->name, c->name,
					       desc);
					failed++;
				} else {
					passed++;
				}
			} while (param);
		}
	}
	printf("unit: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
