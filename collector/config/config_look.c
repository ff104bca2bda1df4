/* Looking things up in what config.c has read. */
#include <string.h>

#include "collector/config/config.h"

bool
names_hold(const struct names *names, const char *name)
{
	for (uint32_t i = 0; i < names->n; i++)
		if (strcmp(names->names[i], name) == 0)
			return true;
	return false;
}

const struct environment_config *
config_environment(const struct collector_config *config, const char *name)
{
	for (uint32_t i = 0; i < config->n_environments; i++)
		if (strcmp(config->environments[i].name, name) == 0)
			return &config->environments[i];
	return NULL;
}

const struct regressions_config *
config_regressions(
    const struct collector_config *config, const char *environment)
{
	const struct environment_config *own =
	    config_environment(config, environment);

	return own != NULL ? &own->regressions : &config->regressions;
}

int
config_check_environment(const struct collector_config *config,
    const char *environment, struct err *err)
{
	if (config->n_environments == 0 ||
	    config_environment(config, environment) != NULL)
		return 0;
	return err_set(err, ERR_DENIED,
	    "environment %s is not one of the collector's; add it to its "
	    "configuration under environments",
	    environment);
}

static bool
moves_store(const struct collector_config *a, const struct collector_config *b)
{
	if (strcmp(a->store, b->store) != 0 || a->n_listen != b->n_listen)
		return true;
	for (uint32_t i = 0; i < a->n_listen; i++)
		if (strcmp(a->listen[i].url, b->listen[i].url) != 0)
			return true;
	return false;
}

/* Where HTTP listens, and as whom, is decided at the start. */
static bool
moves_http(const struct http_config *a, const struct http_config *b)
{
	if (a == NULL || b == NULL)
		return a != b;
	return strcmp(a->listen, b->listen) != 0 ||
	    (a->tls == NULL) != (b->tls == NULL);
}

bool
config_needs_restart(
    const struct collector_config *a, const struct collector_config *b)
{
	return moves_store(a, b) || moves_http(a->http, b->http);
}
