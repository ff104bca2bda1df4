/* An HTTP answer: lines of its head up to an empty one, then its body, of
 * which the first line is the key that is asked for. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "agent/probes/http_answer.h"

/* Takes the lines of the head; returns where the body begins. */
static size_t
take_head(struct http_answer *answer, const char *text, size_t n)
{
	size_t at = 0;

	while (at < n) {
		const char *end = memchr(text + at, '\n', n - at);
		size_t n_line =
		    end != NULL ? (size_t)(end + 1 - text) - at : n - at;

		http_answer_take_line(answer, text + at, n_line);
		at += n_line;
		if (n_line <= 1)
			break;
	}
	return at;
}

static void
ask(struct http_answer *answer, char *key)
{
	char equals[] = "1", bound[] = "1";
	struct http_expect_config by_key = { .json = key,
		.equals = equals,
		.at_least = bound,
		.low = 1,
		.high = 2 };
	struct text wrong = { 0 };

	free(http_answer_json(answer, key));
	free(http_answer_header(answer, key));
	free(http_answer_cookie(answer, key));
	if (!http_answer_meets(answer, &by_key, equals, &wrong))
		assert(wrong.n > 0);
	text_fini(&wrong);
	http_answer_is_json(answer);
	http_answer_holds(answer, key);
}

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	/* Exactly as long as it is, so that a byte too far is seen. */
	char *text = malloc(n > 0 ? n : 1), *key, *end;
	struct http_answer *answer = http_answer_new();
	size_t at;

	memcpy(text, bytes, n);
	at = take_head(answer, text, n);
	end = memchr(text + at, '\n', n - at);
	key = strndup(text + at, end != NULL ? (size_t)(end - text) - at : 0);
	if (end != NULL)
		at = (size_t)(end + 1 - text);
	http_answer_set_body(answer, text + at, n - at);
	ask(answer, key);
	http_answer_free(answer);
	free(key);
	free(text);
	return 0;
}
