#include <stdlib.h>

#include "agent/probes/http_facts.h"
#include "proto/base/text.h"

bool
http_wants_body(const struct http_config *config)
{
	bool wants = config->contains != NULL ||
	    (config->identity != NULL && config->identity->json != NULL);

	for (uint32_t i = 0; i < config->n_facts; i++)
		wants = wants || config->facts[i].json != NULL;
	for (uint32_t i = 0; i < config->n_expect; i++)
		wants = wants || config->expect[i].json != NULL;
	return wants;
}

void
http_facts_report(const struct http_config *config, struct probe *probe,
    struct http_answer *answer)
{
	struct text missing = { 0 };

	for (uint32_t i = 0; i < config->n_facts; i++) {
		const struct http_fact_config *fact = &config->facts[i];
		char *value = fact->json != NULL
		    ? http_answer_json(answer, fact->json)
		    : http_answer_header(answer, fact->header);

		if (value != NULL)
			probe_fact(
			    probe, fact->name, value, NULL, SOURCE_SERVICE);
		else
			text_addf(&missing, "%s%s", missing.n > 0 ? ", " : "",
			    fact->name);
		free(value);
	}
	if (missing.n > 0)
		probe_text(probe, "facts_missing", missing.bytes);
	text_fini(&missing);
}
