/*
 * complaints.h - all that is wrong with a configuration.
 *
 * In the order of the files, and within one from its top to its end, whatever
 * the order in which it was found.
 */
#ifndef PROTO_COMPLAINTS_H
#define PROTO_COMPLAINTS_H

#include <stddef.h>

#define COMPLAINTS_MAX 100 /* that are kept */

struct complaint {
	size_t file, line, column;
	char *text; /* place included */
};

/* Starts as { 0 }. */
struct complaints {
	struct complaint all[COMPLAINTS_MAX];
	size_t n;       /* kept */
	size_t n_more;  /* not kept */
	size_t n_files; /* begun so far */
};

/* Copies the text. */
void complaints_add(
    struct complaints *complaints, const struct complaint *complaint);

/* The texts in order, a line each, and how many are left out; owned by the
 * caller. */
char *complaints_print(struct complaints *complaints, const char *before);

void complaints_fini(struct complaints *complaints);

#endif
