/*
 * fuzz_draft.h - whatever somebody has: the configuration that is made of it
 * is fit to run with.
 */
#ifndef TESTS_FUZZ_FUZZ_DRAFT_H
#define TESTS_FUZZ_FUZZ_DRAFT_H

#include "agent/config.h"
#include "agent/init.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/fuzz_file.h"

static inline void
fuzz_draft(struct draft *draft)
{
	static const struct draft_head head = { .agent = "fuzz",
		.environment = "fuzz",
		.host = "fuzz",
		.from = "fuzz" };
	char path[FUZZ_PATH_BYTES];
	struct agent_config *config = NULL;
	struct text text = { 0 };
	struct err err;

	assert(draft_verify(draft, &err) == 0);
	if (draft_probes(draft) == 0)
		return;
	draft_write(&text, draft, &head);
	fuzz_file(path, "draft", text.bytes, text.n);
	text_fini(&text);
	if (config_load(&config, path, &err) < 0) {
		fprintf(stderr, "%s\n", err.text);
		assert(!"the draft does not load");
	}
	assert(config->n_probes == draft_probes(draft));
	config_free(config);
}

#endif
