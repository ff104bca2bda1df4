/*
 * child.h - runs another program and waits for its end, on the loop.
 *
 * An array of arguments, never a shell; an environment of its own, nothing to
 * read but what it is given, and a process group that is killed as a whole.  What the program says
 * is kept up to a limit; a program that says more has ended at that.
 */
#ifndef PROTO_CHILD_H
#define PROTO_CHILD_H

#include <stdbool.h>
#include <stddef.h>
#include <uv.h>

#include "proto/base/err.h"

struct child;

struct child_setup {
	const char *const *argv;        /* ends with NULL; found by PATH */
	const char *const *environment; /* "NAME=value"; ends with NULL */
	size_t max_bytes;               /* of each stream */
	const void *input; /* copied; what it can read, n_input 0: nothing */
	size_t n_input;
};

enum child_stream { CHILD_OUTPUT, CHILD_ERRORS, CHILD_STREAMS };

/* How it ended; owned by whoever has been told, see child_end_fini(). */
struct child_end {
	int status;       /* exit code, when signal is 0 */
	int signal;       /* that ended it */
	bool is_flooding; /* it said more than max_bytes and was killed */
	struct child_said {
		char *bytes; /* n, and a NUL; NULL when it said nothing */
		size_t n;
	} said[CHILD_STREAMS];
};

/* Takes end. */
typedef void child_fn(void *arg, struct child_end *end);

/* Starts it.  done is called once, never from inside, when the program itself
 * has ended; what is left of its group is killed then.  ERR_NOT_FOUND: there
 * is no such program; ERR_DENIED: it may not be run.  setup is borrowed for
 * the call. */
int child_start(struct child **out, uv_loop_t *loop,
    const struct child_setup *setup, child_fn *done, void *arg,
    struct err *err);

/* Kills the group; done will not be called.  NULL is allowed, one that is
 * done is not. */
void child_cancel(struct child *child);

void child_end_fini(struct child_end *end);

#endif
