#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/host_kills.h"
#include "proto/base/file.h"
#include "proto/base/text.h"

#define FILE_MAX_BYTES 1024
#define HEAD           "vedette-host 1\n"

/* --- counts --------------------------------------------------------------- */

/* By how much a count has grown; one that is lower has begun anew. */
static int64_t
growth(int64_t now, int64_t before)
{
	if (now < 0 || before < 0)
		return 0;
	return now >= before ? now - before : now;
}

/* What has begun after the last run counts from nothing.  That of a control
 * group may have, or it is another one that is older: then it has no more of
 * the new ones than the host. */
static void
compare(int64_t *out_host, int64_t *out_group,
    const struct host_kill_counts *now, const struct host_kill_counts *before)
{
	bool is_same_boot = strcmp(now->boot, before->boot) == 0;
	bool is_same_group = is_same_boot && now->group == before->group;

	*out_host = growth(now->n_host, is_same_boot ? before->n_host : 0);
	*out_group = growth(now->n_group, is_same_group ? before->n_group : 0);
	if (now->n_host < 0 || (is_same_boot && before->n_host < 0))
		*out_host = *out_group;
	else if (!is_same_group && *out_group > *out_host)
		*out_group = *out_host;
}

static bool
is_same(const struct host_kill_counts *a, const struct host_kill_counts *b)
{
	return strcmp(a->boot, b->boot) == 0 && a->group == b->group &&
	    a->n_host == b->n_host && a->n_group == b->n_group;
}

bool
host_kills_take(struct host_kills *kills, const struct host_kill_counts *now,
    int64_t now_ms, int64_t told_ms)
{
	bool is_new = !kills->is_known || !is_same(now, &kills->seen);
	int64_t n_host = 0, n_group = 0;

	if (kills->is_known)
		compare(&n_host, &n_group, now, &kills->seen);
	/* A clock that was set back must not make it be told for ever. */
	if (kills->found_ms > now_ms) {
		kills->found_ms = now_ms;
		is_new = true;
	}
	if (kills->found_ms > 0 && now_ms - kills->found_ms >= told_ms) {
		kills->n_host = kills->n_group = kills->found_ms = 0;
		is_new = true;
	}
	if (n_host > 0 || n_group > 0) {
		kills->n_host += n_host;
		kills->n_group += n_group;
		kills->found_ms = now_ms;
	}
	kills->seen = *now;
	kills->is_known = true;
	return is_new;
}

/* --- what is kept --------------------------------------------------------- */

static bool
makes_sense(const struct host_kills *kills)
{
	return kills->seen.n_host >= -1 && kills->seen.n_group >= -1 &&
	    kills->n_host >= 0 && kills->n_group >= 0 && kills->found_ms >= 0;
}

void
host_kills_read(struct host_kills *out, const char *path)
{
	struct host_kill_counts *seen = &out->seen;
	char *text = NULL;
	size_t n;

	memset(out, 0, sizeof(*out));
	if (file_read(&text, &n, path, FILE_MAX_BYTES, NULL) < 0)
		return;
	out->is_known =
	    sscanf(text,
		HEAD "boot %39s group %" SCNu64 "\n"
		     "seen %" SCNd64 " %" SCNd64 "\n"
		     "told %" SCNd64 " %" SCNd64 " %" SCNd64 "\n",
		seen->boot, &seen->group, &seen->n_host, &seen->n_group,
		&out->n_host, &out->n_group, &out->found_ms) == 7 &&
	    makes_sense(out);
	free(text);
	if (!out->is_known)
		memset(out, 0, sizeof(*out));
	else if (strcmp(seen->boot, "-") == 0)
		seen->boot[0] = '\0';
}

int
host_kills_write(
    const struct host_kills *kills, const char *path, struct err *err)
{
	const struct host_kill_counts *seen = &kills->seen;
	struct text text = { 0 };
	int rc;

	text_addf(&text,
	    HEAD "boot %s group %" PRIu64 "\n"
		 "seen %" PRId64 " %" PRId64 "\n"
		 "told %" PRId64 " %" PRId64 " %" PRId64 "\n",
	    seen->boot[0] != '\0' ? seen->boot : "-", seen->group, seen->n_host,
	    seen->n_group, kills->n_host, kills->n_group, kills->found_ms);
	rc = file_write(path, text.bytes, text.n, 0600, err);
	text_fini(&text);
	return rc;
}
