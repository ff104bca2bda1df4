#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/secrets.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"

/* Groups are how an agent that is not root is given a file to read; they may
 * not change it. */
#define TOO_OPEN (S_IRWXO | S_IWGRP)

/* Whom to call with what. */
struct walk {
	secrets_fn *fn;
	void *arg;
};

static void
visit(const struct walk *walk, char **secret)
{
	if (*secret != NULL)
		walk->fn(walk->arg, secret);
}

static void
visit_headers(const struct walk *walk, struct http_header *headers, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		visit(walk, &headers[i].value);
}

static void
visit_postgres(const struct walk *walk, struct postgres_inputs *inputs)
{
	if (inputs == NULL)
		return;
	visit(walk, &inputs->url);
	visit(walk, &inputs->password);
}

static void
visit_redis(const struct walk *walk, struct redis_inputs *inputs)
{
	if (inputs == NULL)
		return;
	visit(walk, &inputs->url);
	visit(walk, &inputs->password);
}

static void
visit_probe(const struct walk *walk, struct probe_config *probe)
{
	if (probe->postgres != NULL) {
		visit_postgres(walk, &probe->postgres->inputs);
		visit_postgres(walk, probe->postgres->reference);
	}
	if (probe->redis != NULL) {
		visit_redis(walk, &probe->redis->inputs);
		visit_redis(walk, probe->redis->reference);
	}
	if (probe->http != NULL) {
		visit(walk, &probe->http->body);
		visit_headers(
		    walk, probe->http->headers, probe->http->n_headers);
	}
	if (probe->exec != NULL)
		for (uint32_t i = 0; i < probe->exec->n_environment; i++)
			visit(walk, &probe->exec->environment[i].value);
	if (probe->journey != NULL)
		for (uint32_t i = 0; i < probe->journey->n_variables; i++)
			visit(walk, &probe->journey->variables[i].value);
	if (probe->settings != NULL)
		for (uint32_t i = 0; i < probe->settings->n_sources; i++)
			visit_postgres(
			    walk, probe->settings->sources[i].postgres);
}

void
secrets_each(struct agent_config *config, secrets_fn *fn, void *arg)
{
	const struct walk walk = { fn, arg };

	for (uint32_t i = 0; i < config->n_probes; i++)
		visit_probe(&walk, &config->probes[i]);
}

/* --- files ---------------------------------------------------------------- */

struct warning {
	secrets_warn_fn *warn;
	void *arg;
	struct map *seen; /* files */
};

static void
look_at(void *arg, char **secret)
{
	struct warning *warning = arg;
	const char *path = *secret + 1;
	char *text = NULL;
	struct stat st;

	if ((*secret)[0] != '@' ||
	    map_put(warning->seen, path, warning) != NULL)
		return;
	if (stat(path, &st) < 0)
		text = mem_printf(
		    "%s, which holds a secret: %s", path, strerror(errno));
	else if ((st.st_mode & TOO_OPEN) != 0)
		text = mem_printf(
		    "%s holds a secret, and others may %s it (mode %03o); if "
		    "that is not meant: chmod o=,g-w %s",
		    path,
		    (st.st_mode & (S_IWOTH | S_IWGRP)) != 0 ? "change" : "read",
		    (unsigned)st.st_mode & 0777, path);
	if (text != NULL)
		warning->warn(warning->arg, text);
	free(text);
}

void
secrets_warn(struct agent_config *config, secrets_warn_fn *warn, void *arg)
{
	struct warning warning = { warn, arg, map_new() };

	secrets_each(config, look_at, &warning);
	map_free(warning.seen);
}
