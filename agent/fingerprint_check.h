/*
 * fingerprint_check.h - is this the value that was seen?  For those on the
 * host, who know the value and hold the keys.
 */
#ifndef AGENT_FINGERPRINT_CHECK_H
#define AGENT_FINGERPRINT_CHECK_H

#include "agent/arguments.h"
#include "agent/config.h"
#include "proto/base/err.h"
#include "proto/base/text.h"

enum fingerprint_match {
	FINGERPRINT_MATCH_SAME, /* or nothing to compare with was given */
	FINGERPRINT_MATCH_OTHER,
	FINGERPRINT_MATCH_UNKNOWN, /* made with a key that is not here */
};

/* Reads the value of arguments->name from standard input, up to its last line
 * end, and says in *out what became of it; never the value. */
int fingerprint_check_run(struct text *out, enum fingerprint_match *out_match,
    const struct agent_config *config, const struct arguments *arguments,
    struct err *err);

#endif
