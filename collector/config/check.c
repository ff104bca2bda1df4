#include <string.h>

#include "collector/config/check.h"
#include "proto/base/text.h"

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
check_environments(
    const struct check *check, const char *path, const struct names *names)
{
	struct place at;
	int rc = 0;

	for (uint32_t i = 0; i < names->n; i++) {
		at = place_of("%s[%u]", path, i);
		if (check_name(check, at.path, names->names[i]) < 0)
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
		if (check_name(check, at.path, names->names[i]) < 0) {
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
