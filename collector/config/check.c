#include <string.h>

#include "collector/config/check.h"
#include "proto/base/text.h"
#include "proto/label.h"

static bool
is_service(const struct collector_config *config, const char *name)
{
	for (uint32_t i = 0; i < config->n_services; i++)
		if (strcmp(config->services[i].name, name) == 0)
			return true;
	return false;
}

/* --- single values ------------------------------------------------------ */

int
check_name(const struct check *check, const char *path, const char *name)
{
	if (text_is_name(name))
		return 0;
	return conf_complain(check->conf, check->err, path,
	    "not a name: write 1 to 64 of a-z 0-9 . _ - without a dot first");
}

int
check_label(const struct check *check, const char *path, const char *name)
{
	if (label_is(name))
		return 0;
	return conf_complain(check->conf, check->err, path, "not " LABEL_RULE);
}

int
check_environment_name(
    const struct check *check, const char *path, const char *name)
{
	if (label_is_environment(name))
		return 0;
	return conf_complain(
	    check->conf, check->err, path, "not " ENVIRONMENT_RULE);
}

int
check_environments(
    const struct check *check, const char *path, const struct names *names)
{
	struct place at;
	int rc = 0;

	for (uint32_t i = 0; i < names->n; i++) {
		at = place_of("%s[%u]", path, i);
		if (check_environment_name(check, at.path, names->names[i]) < 0)
			rc = -1;
		else if (config_environment(check->config, names->names[i]) ==
		    NULL)
			rc = conf_complain(check->conf, check->err, at.path,
			    "not listed under environments; add it there, or "
			    "correct the name");
	}
	return rc;
}

int
check_services(
    const struct check *check, const char *path, const struct names *names)
{
	struct place at;
	int rc = 0;

	for (uint32_t i = 0; i < names->n; i++) {
		at = place_of("%s[%u]", path, i);
		if (check_label(check, at.path, names->names[i]) < 0) {
			rc = -1;
			continue;
		}
		/* In recorded history, what is depended on may be all that is
		 * known of a service. */
		if (check->is_daemon &&
		    !is_service(check->config, names->names[i]))
			rc = conf_complain(check->conf, check->err, at.path,
			    "not listed under services; add it there, or "
			    "correct the name");
	}
	return rc;
}

int
check_span(const struct check *check, int64_t *out_ms, const char *path,
    const char *text, const char *usual, int64_t least_ms, int64_t most_ms)
{
	char least[TEXT_SPAN_BYTES], most[TEXT_SPAN_BYTES];
	struct err inner;

	if (text_duration(out_ms, text != NULL ? text : usual, &inner) < 0)
		return conf_complain(
		    check->conf, check->err, path, "%s", inner.text);
	if (*out_ms >= least_ms && *out_ms <= most_ms)
		return 0;
	return conf_complain(check->conf, check->err, path,
	    "must be from %s to %s", text_span(least, least_ms * 1000),
	    text_span(most, most_ms * 1000));
}

int
check_severity(const struct check *check, bool *out_is_warning,
    const char *path, const char *severity)
{
	struct place at = place_of("%s.severity", path);

	*out_is_warning = strcmp(severity, "warning") == 0;
	if (*out_is_warning || strcmp(severity, "critical") == 0)
		return 0;
	return conf_complain(check->conf, check->err, at.path,
	    "not a severity: write critical or warning");
}
