#include <jansson.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/probes/http_answer.h"
#include "agent/probes/json_path.h"
#include "agent/probes/settings_value.h"
#include "proto/base/mem.h"

struct http_answer {
	struct text head; /* lines, each ended by NUL */
	const char *body;
	size_t n_body;
	bool is_parsed;
	json_t *root;
};

bool
http_status_is_wanted(const uint16_t *wanted, uint32_t n_wanted, long status)
{
	if (n_wanted == 0)
		return status >= 200 && status <= 299;
	for (uint32_t i = 0; i < n_wanted; i++)
		if (wanted[i] == status)
			return true;
	return false;
}

bool
http_status_may_be_empty(const char *method, long status)
{
	return strcmp(method, "HEAD") == 0 || status == 101 || status == 204 ||
	    status == 205 || (status >= 300 && status <= 399);
}

struct http_answer *
http_answer_new(void)
{
	return mem_zalloc(sizeof(struct http_answer));
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static void
forget(struct http_answer *answer)
{
	if (answer->head.n > 0)
		explicit_bzero(answer->head.bytes, answer->head.n);
	text_fini(&answer->head);
	json_decref(answer->root);
	answer->root = NULL;
	answer->is_parsed = false;
	answer->body = NULL;
	answer->n_body = 0;
}

void
http_answer_take_line(void *arg, const char *line, size_t n)
{
	struct http_answer *answer = arg;

	if (n >= 5 && memcmp(line, "HTTP/", 5) == 0)
		forget(answer);
	while (n > 0 && is_blank(line[n - 1]))
		n--;
	if (n == 0 || memchr(line, '\0', n) != NULL)
		return;
	text_add_bytes(&answer->head, line, n);
	text_add_bytes(&answer->head, "", 1);
}

void
http_answer_set_body(struct http_answer *answer, const char *body, size_t n)
{
	json_decref(answer->root);
	answer->root = NULL;
	answer->is_parsed = false;
	answer->body = body;
	answer->n_body = n;
}

/* The value of the header line at this place, or NULL when it has another
 * name. */
static const char *
value_of(const char *line, const char *name)
{
	size_t n = strlen(name);

	if (n == 0 || strncasecmp(line, name, n) != 0 || line[n] != ':')
		return NULL;
	for (line += n + 1; is_blank(*line);)
		line++;
	return line;
}

char *
http_answer_header(const struct http_answer *answer, const char *name)
{
	const char *at = answer->head.bytes, *found = NULL, *value;
	const char *end = at == NULL ? NULL : at + answer->head.n;

	for (; at != end; at += strlen(at) + 1) {
		value = value_of(at, name);
		if (value != NULL)
			found = value;
	}
	return mem_strdup(found);
}

char *
http_answer_cookie(const struct http_answer *answer, const char *name)
{
	const char *at = answer->head.bytes, *found = NULL, *value;
	const char *end = at == NULL ? NULL : at + answer->head.n;
	size_t n = strlen(name);

	for (; at != end; at += strlen(at) + 1) {
		value = value_of(at, "Set-Cookie");
		if (value != NULL && strncmp(value, name, n) == 0 &&
		    value[n] == '=')
			found = value + n + 1;
	}
	return found == NULL ? NULL : mem_strndup(found, strcspn(found, ";"));
}

static json_t *
root_of(struct http_answer *answer)
{
	if (!answer->is_parsed && answer->n_body > 0)
		answer->root = json_loadb(
		    answer->body, answer->n_body, JSON_DECODE_ANY, NULL);
	answer->is_parsed = true;
	return answer->root;
}

char *
http_answer_json(struct http_answer *answer, const char *path)
{
	return json_path_text(root_of(answer), path);
}

bool
http_answer_is_json(struct http_answer *answer)
{
	return root_of(answer) != NULL;
}

bool
http_answer_holds(const struct http_answer *answer, const char *text)
{
	return answer->n_body > 0 &&
	    memmem(answer->body, answer->n_body, text, strlen(text)) != NULL;
}

/* Is value within the bounds?  Adds what is wrong. */
static bool
is_within(const struct http_expect_config *expect, const char *value,
    struct text *wrong)
{
	double number;

	if (isnan(expect->low) && isnan(expect->high))
		return true;
	if (value_number(&number, value) < 0) {
		text_add(wrong, "is not a number");
		return false;
	}
	if (number < expect->low)
		text_addf(
		    wrong, "is %.15g, not at least %.15g", number, expect->low);
	else if (number > expect->high)
		text_addf(
		    wrong, "is %.15g, not at most %.15g", number, expect->high);
	else
		return true;
	return false;
}

bool
http_answer_meets(struct http_answer *answer,
    const struct http_expect_config *expect, const char *equals,
    struct text *wrong)
{
	char *value = expect->header != NULL
	    ? http_answer_header(answer, expect->header)
	    : http_answer_json(answer, expect->json);
	bool holds = false;

	text_addf(wrong, "%s %s ", expect->header != NULL ? "header" : "json",
	    expect->header != NULL ? expect->header : expect->json);
	if (value == NULL)
		text_add(wrong, "is not there");
	else if (equals != NULL && strcmp(value, equals) != 0)
		text_add(wrong, "is not what it should be");
	else if (expect->contains != NULL &&
	    strstr(value, expect->contains) == NULL)
		text_add(wrong, "does not hold the expected text");
	else
		holds = is_within(expect, value, wrong);
	if (value != NULL)
		explicit_bzero(value, strlen(value));
	free(value);
	return holds;
}

void
http_answer_free(struct http_answer *answer)
{
	if (answer == NULL)
		return;
	forget(answer);
	free(answer);
}
