/*
 * draft.h - a configuration that is being written for somebody.
 *
 * Collects probes and what could not be carried over, and writes both as
 * commented YAML.  Texts are quoted, so that foreign words cannot become keys;
 * the names of probes are made fit and unlike each other.
 */
#ifndef AGENT_DRAFT_H
#define AGENT_DRAFT_H

#include <stdbool.h>
#include <stddef.h>

#include "agent/endpoint.h"
#include "proto/base/err.h"
#include "proto/base/text.h"

struct draft;

/* What stands above the probes; service, collector may be NULL. */
struct draft_head {
	const char *agent, *environment;
	const char *collector;
	const char *host; /* whose name proves the vantage */
	const char *from; /* "staging.env" */
};

struct draft *draft_new(void);

/* Begins a probe; its name is made of both words ("api", "tls"), lower case,
 * and returned, borrowed until the draft is freed.  service may be NULL. */
const char *draft_begin(struct draft *draft, const char *name, const char *kind,
    const char *service);

/* Adds a line to the probe as it is, so many levels below its name. */
void draft_line(struct draft *draft, unsigned depth, const char *format, ...)
    __attribute__((format(printf, 3, 4)));

/* "KEY: "VALUE"", quoted.  key may be "-", for an entry of a list. */
void draft_text(
    struct draft *draft, unsigned depth, const char *key, const char *value);

/* Adds whole lines as they are, indented already. */
void draft_raw(struct draft *draft, const char *lines);

/* "KEY:" and below it "file: PATH": where variables are read. */
void draft_file(
    struct draft *draft, unsigned depth, const char *key, const char *path);

/* Adds a comment above the next probe. */
void draft_say(struct draft *draft, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Says what could not be carried over, and what to do about it. */
void draft_miss(struct draft *draft, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Probes of what stands before any use of an endpoint, unless they are there
 * already: its name (dns), its port (tcp), its certificate (tls). */
void draft_dns(struct draft *draft, const char *name, const char *service,
    const struct endpoint *endpoint);
void draft_tcp(struct draft *draft, const char *name, const char *service,
    const struct endpoint *endpoint);
void draft_tls(struct draft *draft, const char *name, const char *service,
    const struct endpoint *endpoint);

/* Takes out each probe that config_load() would refuse, as foreign words may
 * have made it, and says why among what was missed. */
int draft_verify(struct draft *draft, struct err *err);

size_t draft_probes(const struct draft *draft); /* so far */
size_t draft_missed(const struct draft *draft);

void draft_write(
    struct text *out, const struct draft *draft, const struct draft_head *head);

void draft_free(struct draft *draft); /* NULL is allowed */

/* Adds a text in double quotes, as YAML reads it. */
void draft_quote(struct text *out, const char *value);

#endif
