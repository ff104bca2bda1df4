/*
 * table.h - a test is a row in a table, and its name is a sentence.
 *
 * TABLE_RUN(levels, test_level) makes one test of each row of levels, whose
 * first member is its name; test_level finds its row in *state.
 */
#ifndef TESTS_SUPPORT_TABLE_H
#define TESTS_SUPPORT_TABLE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static inline int
table_run(const char *group, const void *rows, size_t n, size_t size,
    CMUnitTestFunction test)
{
	struct CMUnitTest *tests = calloc(n, sizeof(*tests));
	int failed;

	for (size_t i = 0; i < n; i++) {
		const char *row = (const char *)rows + i * size;

		tests[i] = (struct CMUnitTest){
			.name = *(const char *const *)(const void *)row,
			.test_func = test,
			.initial_state = (void *)(uintptr_t)row,
		};
	}
	failed = _cmocka_run_group_tests(group, tests, n, NULL, NULL);
	free(tests);
	return failed;
}

#define TABLE_RUN(rows, test)                                    \
	table_run(#rows, rows, sizeof(rows) / sizeof((rows)[0]), \
	    sizeof((rows)[0]), test)

#endif
