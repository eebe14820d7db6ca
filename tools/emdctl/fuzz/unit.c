// SPDX-License-Identifier: GPL-2.0
/* Runs the KUnit suites of the pure files in user space. */
#include <kunit/test.h>

struct kunit_suite *kunit_suites[64];
unsigned int kunit_nr_suites;

int main(void)
{
	unsigned int i, passed = 0, failed = 0;
	struct kunit_case *c;

	for (i = 0; i < kunit_nr_suites; i++) {
		for (c = kunit_suites[i]->test_cases; c->run_case; c++) {
			struct kunit test = {};

			fflush(stdout);
			if (!kunit_suites[i]->init || !kunit_suites[i]->init(&test))
				c->run_case(&test);
			else
				test.failures++;
			if (kunit_suites[i]->exit)
				kunit_suites[i]->exit(&test);
			if (test.failures) {
				printf("FAIL %s.%s\n", kunit_suites[i]->name, c->name);
				failed++;
			} else {
				passed++;
			}
		}
	}
	printf("unit: %u passed, %u failed\n", passed, failed);
	return failed || !passed;
}
