#include <stdlib.h>
#include <string.h>

#include "agent/probes/http_check.h"
#include "agent/probes/http_origin.h"
#include "agent/probes/journey_check.h"
#include "agent/probes/journey_text.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/place.h"

/* What every check needs. */
struct check {
	const struct conf *conf;
	const struct journey_config *journey;
	uint32_t step; /* names of those before it are known */
	struct err *err;
};

char *
journey_url(const struct journey_config *journey,
    const struct journey_step_config *step)
{
	bool is_path = step->url[0] == '/' && journey->base != NULL;
	size_t n = is_path ? strlen(journey->base) : 0;

	while (n > 0 && journey->base[n - 1] == '/')
		n--;
	return mem_printf(
	    "%.*s%s", (int)n, is_path ? journey->base : "", step->url);
}

/* Something that is not NULL when the name is known. */
static const char *
known_name(void *arg, const char *name)
{
	const struct check *check = arg;
	const struct journey_config *journey = check->journey;

	for (uint32_t i = 0; i < journey->n_variables; i++)
		if (strcmp(journey->variables[i].name, name) == 0)
			return name;
	for (uint32_t i = 0; i < check->step; i++) {
		const struct journey_step_config *step = &journey->steps[i];

		for (uint32_t k = 0; k < step->n_capture; k++)
			if (strcmp(step->capture[k].name, name) == 0)
				return name;
	}
	return NULL;
}

static int
check_names(struct check *check, const char *path, const char *text)
{
	const char *unknown;
	size_t n;

	if (text == NULL)
		return 0;
	unknown = journey_text_unknown(&n, text, known_name, check);
	if (unknown == NULL)
		return 0;
	return conf_complain(check->conf, check->err, path,
	    "${%.*s} is neither a variable nor captured in a step before",
	    (int)n, unknown);
}

static int
check_url(struct check *check, const char *path,
    const struct journey_step_config *step)
{
	struct origin origin = { 0 };
	char *url = journey_url(check->journey, step);
	int rc = origin_of(&origin, NULL, url);

	origin_fini(&origin);
	free(url);
	if (rc == 0)
		return 0;
	return conf_complain(check->conf, check->err, path,
	    "not a url: write http://HOST/PATH or https://HOST/PATH, or /PATH "
	    "and the key base");
}

static int
check_captures(struct check *check, const char *path,
    const struct journey_step_config *step)
{
	int rc = 0;

	for (uint32_t i = 0; i < step->n_capture; i++) {
		const struct journey_capture_config *at = &step->capture[i];
		struct place place = place_of("%s.capture[%u]", path, i);

		if ((at->json != NULL) + (at->header != NULL) +
			(at->cookie != NULL) !=
		    1)
			rc = conf_complain(check->conf, check->err, place.path,
			    "must have one of json, header and cookie");
	}
	return rc;
}

static int
check_texts(
    struct check *check, const char *path, struct journey_step_config *step)
{
	int rc = 0;

	rc |= check_names(check, place_of("%s.url", path).path, step->url);
	rc |= check_names(check, place_of("%s.body", path).path, step->body);
	rc |= check_names(
	    check, place_of("%s.contains", path).path, step->contains);
	for (uint32_t i = 0; i < step->n_headers; i++)
		rc |= check_names(check,
		    place_of("%s.headers[%u].value", path, i).path,
		    step->headers[i].value);
	for (uint32_t i = 0; i < step->n_expect; i++) {
		struct place place = place_of("%s.expect[%u]", path, i);

		rc |= http_check_expect(
		    check->conf, place.path, &step->expect[i], check->err);
		rc |= check_names(check, place.path, step->expect[i].equals);
	}
	return rc;
}

static int
check_step(struct check *check, const char *path)
{
	struct journey_step_config *step = &check->journey->steps[check->step];
	int rc = 0;

	if (!text_is_name(step->name))
		rc = conf_complain(check->conf, check->err,
		    place_of("%s.name", path).path,
		    "not a name: write 1 to 64 of a-z 0-9 . _ - without a dot "
		    "first");
	for (uint32_t i = 0; i < check->step; i++)
		if (strcmp(check->journey->steps[i].name, step->name) == 0)
			rc = conf_complain(check->conf, check->err,
			    place_of("%s.name", path).path,
			    "another step has this name; choose another");
	rc |= check_url(check, place_of("%s.url", path).path, step);
	rc |= http_check_lists(check->conf, path, step->headers,
	    step->n_headers, step->status, step->n_status, check->err);
	rc |= check_texts(check, path, step);
	return rc | check_captures(check, path, step);
}

int
journey_check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct journey_config *journey = config->journey;
	struct check check = { conf, journey, 0, err };
	int rc = 0;

	if (journey->n_steps == 0)
		rc = conf_complain(
		    conf, err, path, "goes nowhere: list its steps");
	if (journey->n_steps > PHASES_MAX)
		rc = conf_complain(conf, err, path,
		    "has more than %d steps; make two journeys of it",
		    PHASES_MAX);
	rc |= http_check_certificate(
	    conf, path, journey->certificate_file, journey->key_file, err);
	for (; check.step < journey->n_steps; check.step++)
		rc |= check_step(
		    &check, place_of("%s.steps[%u]", path, check.step).path);
	return rc;
}
