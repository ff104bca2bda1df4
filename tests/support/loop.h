/*
 * loop.h - a libuv loop that runs until something has happened.
 *
 * loop_until() turns the loop until a condition holds, and fails the test
 * when it does not within a generous time; nothing ever sleeps.
 */
#ifndef TESTS_SUPPORT_LOOP_H
#define TESTS_SUPPORT_LOOP_H

#include <uv.h>

#include "tests/support/table.h"

#define LOOP_PATIENCE_MS 30000

static inline void
loop_on_limit(uv_timer_t *timer)
{
	fail_msg("waited %d ms for what did not happen", LOOP_PATIENCE_MS);
	(void)timer;
}

static inline void
loop_drain(uv_loop_t *loop)
{
	uv_run(loop, UV_RUN_DEFAULT);
	assert_int_equal(uv_loop_close(loop), 0);
}

/* Evaluates the condition after each turn of the loop. */
#define loop_until(loop, condition)                                          \
	do {                                                                 \
		uv_timer_t limit_;                                           \
		uv_timer_init((loop), &limit_);                              \
		uv_timer_start(&limit_, loop_on_limit, LOOP_PATIENCE_MS, 0); \
		while (!(condition))                                         \
			uv_run((loop), UV_RUN_ONCE);                         \
		uv_close((uv_handle_t *)&limit_, NULL);                      \
		uv_run((loop), UV_RUN_NOWAIT);                               \
	} while (0)

/* For close functions: arg is a bool that becomes true. */
static inline void
loop_on_done(void *arg)
{
	*(bool *)arg = true;
}

#endif
