#include <dirent.h>
#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/parts.h"
#include "agent/schema.h"
#include "proto/base/mem.h"

#define ENDING ".yaml"

static int
is_part(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > strlen(ENDING) &&
	    strcmp(entry->d_name + n - strlen(ENDING), ENDING) == 0;
}

/* strcoll() would make the order depend on who asks. */
static int
by_bytes(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

/* Hands the probes of more over to config. */
static void
take_probes(struct agent_config *config, struct agent_config *more)
{
	if (more->n_probes > 0) {
		config->probes = mem_resize(config->probes,
		    (size_t)config->n_probes + more->n_probes,
		    sizeof(struct probe_config));
		memcpy(config->probes + config->n_probes, more->probes,
		    more->n_probes * sizeof(struct probe_config));
	}
	config->n_probes += more->n_probes;
	free(more->probes);
	more->probes = NULL;
	more->n_probes = 0;
}

/* What is read into. */
struct reading {
	struct parts *parts;
	struct agent_config *config; /* NULL while the first is not right */
	struct complaints *complaints;
};

static int
load_part(
    struct reading *reading, const char *path, bool is_first, struct err *err)
{
	const cyaml_schema_value_t *schema =
	    is_first ? &schema_agent : &schema_part;
	struct parts *parts = reading->parts;
	struct part *part = &parts->all[parts->n];
	struct agent_config *own;
	void *data = NULL;

	if (conf_load_all(
		&part->conf, &data, path, schema, reading->complaints, err) < 0)
		return -1;
	parts->n++;
	own = data;
	part->n = own->n_probes;
	if (is_first) {
		reading->config = own;
		return 0;
	}
	if (reading->config != NULL) {
		part->first = reading->config->n_probes;
		take_probes(reading->config, own);
	}
	conf_free(NULL, schema, own);
	return 0;
}

/* Goes on after a file that is wrong, so that all of them are looked at. */
static int
load_folder(struct reading *reading, struct err *err)
{
	struct parts *parts = reading->parts;
	struct dirent **names = NULL;
	int n = scandir(parts->folder, &names, is_part, by_bytes), rc = 0;

	if (n < 0)
		return err_set(
		    err, ERR_IO, "%s: %s", parts->folder, strerror(errno));
	parts->all = mem_calloc((size_t)n, sizeof(struct part));
	for (int i = 0; i < n; i++) {
		char *path =
		    mem_printf("%s%s", parts->folder, names[i]->d_name);

		rc |= load_part(reading, path, i == 0, err);
		free(path);
		free(names[i]);
	}
	free(names);
	if (n == 0)
		rc = err_set(err, ERR_NOT_FOUND,
		    "%s: holds no file that ends with " ENDING, parts->folder);
	return rc;
}

int
parts_load(struct parts *parts, struct agent_config **out_config,
    const char *path, struct complaints *complaints, struct err *err)
{
	const char *slash = strrchr(path, '/');
	struct reading reading = { parts, NULL, complaints };
	struct stat st;
	int rc;

	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		parts->folder = mem_printf(
		    "%s%s", path, slash != NULL && slash[1] == '\0' ? "" : "/");
		rc = load_folder(&reading, err);
	} else {
		parts->folder = mem_strndup(
		    path, slash != NULL ? (size_t)(slash - path) + 1 : 0);
		parts->all = mem_calloc(1, sizeof(struct part));
		rc = load_part(&reading, path, true, err);
	}
	if (rc < 0)
		config_free(reading.config);
	else
		*out_config = reading.config;
	return rc;
}

const struct part *
parts_of(const struct parts *parts, uint32_t probe)
{
	const struct part *part = parts->all;

	while (probe < part->first || probe >= part->first + part->n)
		part++;
	return part;
}

void
parts_fini(struct parts *parts)
{
	for (size_t i = 0; i < parts->n; i++)
		conf_free(parts->all[i].conf, NULL, NULL);
	free(parts->all);
	free(parts->folder);
	*parts = (struct parts){ 0 };
}
