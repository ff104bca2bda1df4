#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/config.h"
#include "agent/init.h"
#include "proto/base/file.h"

#define HOST_BYTES 256

static int
fill(struct draft *draft, const struct arguments *arguments, struct err *err)
{
	if (arguments->blackbox != NULL)
		return init_blackbox(draft, arguments->blackbox,
		    arguments->targets, arguments->service, err);
	if (arguments->gatus != NULL)
		return init_gatus(
		    draft, arguments->gatus, arguments->service, err);
	return init_env(draft, arguments->env_file, arguments->service, err);
}

static const char *
origin_of_draft(const struct arguments *arguments)
{
	if (arguments->blackbox != NULL)
		return arguments->blackbox;
	return arguments->gatus != NULL ? arguments->gatus
					: arguments->env_file;
}

static int
write_whole(const struct text *text, struct err *err)
{
	if (fwrite(text->bytes, 1, text->n, stdout) != text->n ||
	    fflush(stdout) != 0)
		return err_set(
		    err, ERR_IO, "standard output: %s", strerror(errno));
	return 0;
}

/* What is written is read again: a draft that does not load is a fault of
 * ours, which nobody should find out later. */
static int
write_file(const struct text *text, const char *path, struct err *err)
{
	struct agent_config *config = NULL;
	struct stat st;

	if (lstat(path, &st) == 0)
		return err_set(err, ERR_EXISTS,
		    "%s: exists; remove it, or write to another file", path);
	if (file_write(path, text->bytes, text->n, 0644, err) < 0 ||
	    config_load(&config, path, err) < 0)
		return -1;
	config_free(config);
	return 0;
}

static void
summarise(const struct draft *draft, const char *path)
{
	fprintf(stderr, "%zu probes", draft_probes(draft));
	if (draft_missed(draft) > 0)
		fprintf(stderr, ", %zu things not carried over: see its end",
		    draft_missed(draft));
	if (path != NULL)
		fprintf(stderr, "; now vedette-agent check --config %s", path);
	fputc('\n', stderr);
}

int
init_run(const struct arguments *arguments, struct err *err)
{
	char host[HOST_BYTES] = "";
	struct draft_head head = {
		.agent = arguments->agent,
		.environment = arguments->environment,
		.collector = arguments->collector,
		.host = host,
		.from = origin_of_draft(arguments),
	};
	struct draft *draft = draft_new();
	struct text text = { 0 };
	int rc;

	gethostname(host, sizeof(host) - 1);
	if (head.agent == NULL)
		head.agent = host;
	rc = fill(draft, arguments, err);
	if (rc == 0)
		rc = draft_verify(draft, err);
	if (rc == 0 && draft_probes(draft) == 0)
		rc = err_set(err, ERR_INVALID,
		    "%s: nothing in it that could be probed", head.from);
	if (rc < 0)
		goto out;
	draft_write(&text, draft, &head);
	rc = arguments->output != NULL
	    ? write_file(&text, arguments->output, err)
	    : write_whole(&text, err);
	if (rc == 0)
		summarise(draft, arguments->output);
out:
	text_fini(&text);
	draft_free(draft);
	return rc;
}
