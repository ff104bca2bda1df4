/*
 * fuzz_push - bodies of pushes from anywhere: refused with words, or batches
 * that travel as any agent's do.
 */
#include <stdlib.h>
#include <string.h>

#include "collector/web/pushed_json.h"
#include "proto/base/mem.h"
#include "tests/fuzz/fuzz.h"

#define NOW_MS INT64_C(1767607200000)

/* What is taken is encoded, and must be taken by who decodes. */
static void
travel(const struct batch *batch, const char *environment, const char *agent)
{
	unsigned char *content = NULL;
	struct batch *again = NULL;
	struct err err;
	size_t n;

	batch_encode(&content, &n, batch);
	assert(batch_decode(&again, content, n, environment, agent, &err) == 0);
	assert(again->n_results == batch->n_results);
	assert(again->n_facts == batch->n_facts);
	batch_free(again);
	free(content);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	char *environments[] = { "staging", "production" };
	const struct pusher pusher = { "push.fuzz", environments,
		n > 0 ? 1 + bytes[0] % 2 : 1, VANTAGE_EXTERNAL };
	char *body = mem_zalloc(n + 1); /* may hold NUL as well */
	struct err err = { 0 };
	struct pushed pushed;

	memcpy(body, bytes, n);
	if (pushed_json_read(&pushed, &pusher, NOW_MS, body, n, &err) < 0) {
		assert(err.text[0] != '\0');
	} else {
		assert(pushed.n_results + pushed.n_facts > 0);
		for (uint32_t i = 0; i < pushed.n; i++)
			if (pushed.batches[i] != NULL)
				travel(pushed.batches[i], environments[i],
				    pusher.agent);
		pushed_fini(&pushed);
	}
	free(body);
	return 0;
}
