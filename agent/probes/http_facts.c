#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/probes/http_facts.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

struct http_facts {
	const struct http_config *config;
	char *from_headers[]; /* one for each fact of the configuration */
};

struct http_facts *
http_facts_new(const struct http_config *config)
{
	struct http_facts *facts = mem_zalloc(
	    sizeof(*facts) + config->n_facts * sizeof(facts->from_headers[0]));

	facts->config = config;
	return facts;
}

bool
http_facts_want_body(const struct http_config *config)
{
	for (uint32_t i = 0; i < config->n_facts; i++)
		if (config->facts[i].json != NULL)
			return true;
	return false;
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

void
http_facts_take_line(struct http_facts *facts, const char *line, size_t n)
{
	const struct http_config *config = facts->config;

	while (n > 0 && is_blank(line[n - 1]))
		n--;
	for (uint32_t i = 0; i < config->n_facts; i++) {
		const char *name = config->facts[i].header;
		size_t at = name == NULL ? 0 : strlen(name);

		if (at == 0 || at >= n || line[at] != ':' ||
		    strncasecmp(line, name, at) != 0)
			continue;
		for (at++; at < n && is_blank(line[at]);)
			at++;
		free(facts->from_headers[i]);
		facts->from_headers[i] = mem_strndup(line + at, n - at);
	}
}

/* The value at "a.b.c", borrowed; NULL when it is not there. */
static const json_t *
find(const json_t *root, const char *path)
{
	const char *dot;

	for (; root != NULL; path = dot + 1) {
		dot = strchrnul(path, '.');
		root = json_object_getn(root, path, (size_t)(dot - path));
		if (*dot == '\0')
			break;
	}
	return root;
}

/* A plain value as text, owned by the caller; NULL for anything else. */
static char *
plain(const json_t *value)
{
	switch (value == NULL ? JSON_NULL : json_typeof(value)) {
	case JSON_STRING:
		return mem_strdup(json_string_value(value));
	case JSON_INTEGER:
		return mem_printf(
		    "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	case JSON_REAL:
		return mem_printf("%.17g", json_real_value(value));
	case JSON_TRUE:
		return mem_strdup("true");
	case JSON_FALSE:
		return mem_strdup("false");
	default:
		return NULL;
	}
}

void
http_facts_report(struct http_facts *facts, struct probe *probe,
    const char *body, size_t n_body)
{
	const struct http_config *config = facts->config;
	struct text missing = { 0 };
	json_t *root = NULL;

	if (n_body > 0 && http_facts_want_body(config))
		root = json_loadb(body, n_body, 0, NULL);
	for (uint32_t i = 0; i < config->n_facts; i++) {
		const struct http_fact_config *fact = &config->facts[i];
		char *value = fact->json != NULL
		    ? plain(find(root, fact->json))
		    : mem_strdup(facts->from_headers[i]);

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
	json_decref(root);
}

void
http_facts_free(struct http_facts *facts)
{
	if (facts == NULL)
		return;
	for (uint32_t i = 0; i < facts->config->n_facts; i++)
		free(facts->from_headers[i]);
	free(facts);
}
