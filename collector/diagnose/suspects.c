#include <string.h>

#include "collector/diagnose/exercise.h"
#include "collector/diagnose/kin.h"
#include "collector/diagnose/proxy.h"
#include "collector/diagnose/sibling.h"
#include "collector/diagnose/suspects.h"
#include "proto/base/text.h"

#define NAME_BYTES   256 /* of a fact; longer ones are taken as they are */
#define MINUTE_MS    INT64_C(60000)
#define HOUR_MS      INT64_C(3600000)
#define DAY_MS       INT64_C(86400000)
#define WEIGHT_MAX   150
#define FAR_AFTER_MS (5 * MINUTE_MS)
#define SAME_EDIT_MS (10 * 1000) /* a file, and the same read from it */
#define NAME_LEAST   5

/* --- what kind of change -------------------------------------------------------- */

/* The first pattern that a name matches decides. */
static const struct {
	const char *pattern;
	enum change_class class;
} names[] = {
	{ "build*", CHANGE_RELEASE },
	{ "image*", CHANGE_RELEASE },
	{ "revision*", CHANGE_RELEASE },
	{ "release*", CHANGE_RELEASE },
	{ "version", CHANGE_RELEASE },
	{ "dns/*", CHANGE_PATH },
	{ "route*", CHANGE_PATH },
	{ "*egress*", CHANGE_PATH },
	{ "*firewall*", CHANGE_PATH },
	{ "*ingress*", CHANGE_PATH },
	{ "*network*", CHANGE_PATH },
	{ "*subnet*", CHANGE_PATH },
	{ "*proxy*", CHANGE_PATH },
	{ "*resolver*", CHANGE_PATH },
	{ "ruleset*", CHANGE_PATH },
	{ "*upstream*", CHANGE_PATH },
	{ "*security_group*", CHANGE_PATH },
	{ "*security-group*", CHANGE_PATH },
	{ "*securitygroup*", CHANGE_PATH },
	{ "*route_table*", CHANGE_PATH },
	{ "*nacl*", CHANGE_PATH },
	{ "*iptables*", CHANGE_PATH },
	{ "*nftables*", CHANGE_PATH },
	{ "*vpn*", CHANGE_PATH },
	{ "*peering*", CHANGE_PATH },
	{ "*load_balancer*", CHANGE_PATH },
	{ "*loadbalancer*", CHANGE_PATH },
	{ "*allowlist*", CHANGE_PATH },
	{ "*whitelist*", CHANGE_PATH },
	{ "mtu*", CHANGE_PATH },
	{ "*connector*", CHANGE_PLATFORM },
	{ "env/*", CHANGE_INPUT },
	{ "envvar/*", CHANGE_INPUT },
	{ "envfile*", CHANGE_INPUT },
	{ "file/*", CHANGE_INPUT },
	{ "hosts*", CHANGE_INPUT },
	{ "secret*", CHANGE_INPUT },
	{ "setting*", CHANGE_INPUT },
	{ "config*", CHANGE_INPUT },
	{ "flag*", CHANGE_INPUT },
	{ "feature*", CHANGE_INPUT },
	{ "*policy*", CHANGE_INPUT },
	{ "iam*", CHANGE_INPUT },
	{ "role*", CHANGE_INPUT },
	{ "grant*", CHANGE_INPUT },
	{ "permission*", CHANGE_INPUT },
	{ "acl*", CHANGE_INPUT },
	{ "helm*", CHANGE_INPUT },
	{ "values*", CHANGE_INPUT },
	{ "server*", CHANGE_PLATFORM },
	{ "certificate*", CHANGE_PLATFORM },
	{ "tls*", CHANGE_PLATFORM },
	{ "cert*", CHANGE_PLATFORM },
	{ "limit*", CHANGE_PLATFORM },
	{ "cgroup*", CHANGE_PLATFORM },
	{ "gcp*", CHANGE_PLATFORM },
	{ "platform*", CHANGE_PLATFORM },
	{ "schema*", CHANGE_PLATFORM },
	{ "host/*/cgroup_memory_bytes", CHANGE_PLATFORM },
	{ "host/*/cgroup_cpus", CHANGE_PLATFORM },
	{ "host/*/cgroup_pids", CHANGE_PLATFORM },
	{ "host/*/memory_bytes", CHANGE_PLATFORM },
};

/* A variable is what a program is given, whatever it is called. */
static bool
names_proxy(const char *name)
{
	return strncmp(name, "env", 3) != 0 && proxy_program(name) != NULL;
}

static enum change_class
class_of_name(const char *name, enum change_class otherwise)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (text_matches(names[i].pattern, name))
			return names[i].class != CHANGE_RELEASE &&
				names_proxy(name)
			    ? CHANGE_PATH
			    : names[i].class;
	return names_proxy(name) ? CHANGE_PATH : otherwise;
}

bool
suspect_is_server_setting(const struct scene_change *change)
{
	return !change->is_mark &&
	    (text_matches(
		 "postgres/*/default_transaction_read_only", change->name) ||
		text_matches("postgres/*/max_connections", change->name) ||
		(change->source == SOURCE_SERVER &&
		    strncmp(change->name, "setting/", 8) == 0));
}

/* A proxy reads where it leads when it is told to, or starts again. */
static bool
is_of_proxy(const struct scene_change *change)
{
	/* Of a fact that is only classed nobody says whose it is. */
	if (change->service == NULL ||
	    product_of_name(change->service) != PRODUCT_PROXY)
		return false;
	return change->is_mark
	    ? change->kind == MARK_RESTART || change->kind == MARK_CONFIG_CHANGE
	    : class_of_name(change->name, CHANGE_OTHER) == CHANGE_INPUT;
}

enum change_class
suspect_class(const struct scene_change *change)
{
	enum change_class class;

	if (is_of_proxy(change))
		return CHANGE_PATH;
	if (suspect_is_server_setting(change))
		return CHANGE_PLATFORM;
	if (!change->is_mark) {
		class = class_of_name(change->name, CHANGE_OTHER);
		/* A setting of a platform is no input of who uses it. */
		return class == CHANGE_INPUT &&
			change->source == SOURCE_CONTROL_PLANE &&
			strncmp(change->name, "setting", 7) == 0
		    ? CHANGE_PLATFORM
		    : class;
	}
	switch (change->kind) {
	case MARK_DEPLOY:
	case MARK_ROLLBACK:
		/* A deploy that says which setting it changed, changed that. */
		return class_of_name(change->name, CHANGE_RELEASE);
	case MARK_CONFIG_CHANGE:
	case MARK_SECRET_CHANGE:
		return class_of_name(change->name, CHANGE_INPUT);
	default:
		return CHANGE_OTHER;
	}
}

/* --- weight ---------------------------------------------------------------------- */

/* 10 log10(x / 1000) in tenths of a decibel, for x >= 1: whole decades, then
 * steps of 10^(1/100). */
static int
log_db10(int64_t x)
{
	int db10 = -300;
	int64_t decade = 1, step;

	if (x < 1)
		return -300;
	while (x / 10 >= decade) {
		decade *= 10;
		db10 += 100;
	}
	/* Within a decade, by a table of 10^(k/10) in thousandths. */
	static const int64_t tenths[] = { 1000, 1259, 1585, 1995, 2512, 3162,
		3981, 5012, 6310, 7943 };

	for (step = 9; step > 0 && x * 1000 < tenths[step] * decade; step--)
		;
	return db10 + (int)step * 10;
}

/* How often such a change happens where nothing is known yet, per 1000 days:
 * releases daily, inputs weekly, platform and path monthly. */
static const int64_t usual_per_1000_days[CHANGE_CLASSES] = { 1000, 143, 33, 33,
	1000 };

/* Density of the delay between cause and failure, per hour, in thousandths:
 * docs/diagnosis.md, "changes". */
static int64_t
density(int64_t before_ms)
{
	if (before_ms <= 5 * MINUTE_MS)
		return 7200; /* 0.60 in 5 minutes */
	if (before_ms <= 30 * MINUTE_MS)
		return 600; /* 0.25 in 25 minutes */
	if (before_ms <= DAY_MS)
		/* 0.15, log-uniform over ln(48) = 3.871. */
		return 39 * HOUR_MS / before_ms;
	return 0;
}

int
suspect_weight(enum change_class class, int64_t before_ms, uint32_t n_before,
    int64_t span_ms)
{
	/* The rate as a Gamma posterior whose prior is the usual rate, worth
	 * one change: (1 + n) / (1 / usual + span). */
	int64_t usual = usual_per_1000_days[class];
	int64_t days_1000 = 1000000 / usual + span_ms / (DAY_MS / 1000);
	int64_t per_hour_1000000 =
	    (1 + (int64_t)n_before) * 1000000 / days_1000 * 1000 / 24;
	int64_t f = density(before_ms < 0 ? 0 : before_ms);
	int db10;

	if (f == 0)
		return -WEIGHT_MAX;
	if (per_hour_1000000 < 1)
		per_hour_1000000 = 1;
	db10 = log_db10(f) - log_db10(per_hour_1000000) + 300;
	return db10 > WEIGHT_MAX ? WEIGHT_MAX
	    : db10 < -WEIGHT_MAX ? -WEIGHT_MAX
				 : db10;
}

/* --- does the failure use it? ------------------------------------------------------- */

static bool
holds(const char *name, const char *word)
{
	return strstr(name, word) != NULL;
}

/* Variables that name a connection. */
static bool
is_connection(const char *name)
{
	static const char *const words[] = { "HOST", "PORT", "URL", "URI",
		"DSN", "USER", "PASS", "DATABASE", "DB_NAME", "DBNAME", "_DB",
		"SSL", "TLS", "CERT", "CA_", "ADDR", "SOCKET", "ENDPOINT",
		"CONNECTION", "DATASOURCE", "BROKER", "BOOTSTRAP", "SERVERS",
		"BUCKET" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(name, words[i]) != NULL)
			return true;
	return false;
}

/* Variables nobody fails for. */
static bool
is_harmless(const char *variable)
{
	return holds(variable, "LOG_") || holds(variable, "_LOG") ||
	    holds(variable, "LOGLEVEL") || holds(variable, "DEBUG_LEVEL") ||
	    holds(variable, "TRACE") || holds(variable, "COLOR");
}

/* Does a setting name where to connect, or as whom? */
static bool
is_connection_setting(const char *name)
{
	static const char *const words[] = { "host", "port", "url", "uri",
		"dsn", "user", "pass", "database", "ssl", "cert", "addr",
		"socket", "endpoint", "egress", "network" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (holds(name, words[i]))
			return true;
	return false;
}

/* Does a path that a probe goes read this variable? */
static bool
is_of_path(
    const struct scene *scene, const struct node *node, const char *variable)
{
	if (kin_is_variable_of(scene, variable, node_target(node)))
		return node->by_text || is_connection(variable);
	if (kin_is_variable_of_trust(variable))
		return node->layer == LAYER_TLS;
	return kin_is_variable_of_all(variable);
}

static bool
is_of_schema(const struct node *node)
{
	return node->text.signature == SIGNATURE_MIGRATION ||
	    node->view->told->reason == REASON_SCHEMA;
}

bool
suspect_is_size(const char *name)
{
	static const char *const words[] = { "pool", "conn", "worker", "thread",
		"concurrency", "replicas", "instances" };

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strcasestr(name, words[i]) != NULL)
			return strcasestr(name, "timeout") == NULL;
	return false;
}

static bool
uses(const struct scene *scene, const struct node *node, const char *name)
{
	const char *slash = strchr(name, '/');
	const char *variable = slash == NULL ? name : slash + 1;

	/* How many there may be is what runs out. */
	if (exercise_is_of_slots(node) && suspect_is_size(variable))
		return true;
	/* A build and a schema disagree, or it is the wrong database. */
	if (is_of_schema(node) && strncmp(name, "setting", 7) == 0)
		return is_connection_setting(name);
	if (is_of_schema(node) && strncmp(name, "env/", 4) == 0)
		return is_connection(variable);
	/* A path that our own probe finds broken does not heed how long the
	 * application would wait on it. */
	if (strncmp(name, "setting", 7) == 0 && !node->by_text &&
	    node->layer >= LAYER_DNS && node->layer < LAYER_APP)
		return is_connection_setting(name);
	if (strncmp(name, "env", 3) != 0)
		return true; /* files and settings feed everything */
	if (is_harmless(variable))
		return false;
	if (node->layer <= LAYER_SIDE || node->layer >= LAYER_APP)
		return node->dependency[0] == '\0' ||
		    !is_connection(variable) ||
		    kin_is_variable_of_trust(variable) ||
		    kin_is_variable_of_all(variable) ||
		    kin_is_variable_of(scene, variable, node->dependency);
	return is_of_path(scene, node, variable);
}

bool
suspect_is_exercised(
    const struct scene *scene, const struct node *node, const char *name)
{
	const char *slash = strchr(name, '/');

	if (strncmp(name, "setting", 7) == 0)
		return is_connection_setting(name);
	return strncmp(name, "env/", 4) == 0 && is_connection(slash + 1) &&
	    kin_is_variable_of(scene, slash + 1, node_target(node));
}

/* Does what fails name it?  A short or common word is no name. */
static bool
is_told(const struct chain *chain, const char *name)
{
	const char *slash = strrchr(name, '/');
	const char *word = slash == NULL ? name : slash + 1;

	if (strlen(word) < NAME_LEAST || strpbrk(word, "_.") == NULL)
		return false;
	for (size_t i = 0; i < chain->n_failing; i++)
		if ((i == 0 ||
			chain->failing[i]->entailed_by == chain->failing[0]) &&
		    holds(chain->failing[i]->view->told->message, word))
			return true;
	return false;
}

bool
suspect_uses(
    const struct scene *scene, const struct node *node, const char *name)
{
	char plain[NAME_BYTES];
	size_t n = sibling_name_bytes(name);

	/* Of whichever replica. */
	if (name[n] == '\0' || n >= sizeof(plain))
		return uses(scene, node, name);
	memcpy(plain, name, n);
	plain[n] = '\0';
	return uses(scene, node, plain);
}

/* Does it fail, or something of its service with the break? */
static bool
suffers(const struct chain *chain, const char *service)
{
	for (size_t i = 0; i < chain->n_failing; i++)
		if (strcmp(chain->failing[i]->service, service) == 0 &&
		    (i == 0 ||
			chain->failing[i]->entailed_by == chain->failing[0]))
			return true;
	return false;
}

static bool
is_used(const struct scene *scene, const struct chain *chain,
    const struct scene_change *change, enum change_class class)
{
	const struct node *node;

	if (chain->n_failing == 0)
		return true;
	node = chain->failing[0];
	/* A proxy speaks: what changed there is on its way. */
	if (is_of_proxy(change) &&
	    (node->text.signature == SIGNATURE_UPSTREAM ||
		node->text.signature == SIGNATURE_PROXY))
		return true;
	if (change->service[0] != '\0' && !suffers(chain, change->service) &&
	    strcmp(change->service, node_target(node)) != 0 &&
	    !node_needs(scene, node->service, change->service))
		return false;
	return class != CHANGE_INPUT ||
	    suspect_uses(scene, node, change->name) ||
	    is_told(chain, change->name);
}

/* --- the whole ------------------------------------------------------------------------ */

static void
weigh(struct suspect *suspect, const struct chain *chain)
{
	const struct scene_change *change = suspect->change;
	int64_t onset_from_ms = chain->onset_from_ms;
	int64_t onset_to_ms = chain->onset_to_ms + chain->onset_slack_ms;
	int64_t before_ms = onset_to_ms - change->to_ms;

	suspect->is_before = change->from_ms <= onset_to_ms;
	suspect->overlaps = change->from_ms <= onset_to_ms &&
	    change->to_ms >= onset_from_ms && change->from_ms != change->to_ms;
	suspect->db10 = suspect_weight(
	    suspect->class, before_ms, change->n_before, change->span_ms);
	/* Seen only after the onset, but perhaps there before it: it must
	 * have come between two looks of a probe. */
	if (before_ms < -FAR_AFTER_MS)
		suspect->is_before = false;
}

static bool
is_heavier(const struct suspect *a, const struct suspect *b)
{
	bool x = a->is_before && a->is_used, y = b->is_before && b->is_used;

	if (x != y)
		return x;
	if (a->db10 != b->db10)
		return a->db10 > b->db10;
	/* Of what changed for all replicas alike, none is named. */
	x = a->change->name[sibling_name_bytes(a->change->name)] == '\0';
	y = b->change->name[sibling_name_bytes(b->change->name)] == '\0';
	if (x != y)
		return x;
	/* What is in a file says more than that the file is another. */
	x = strncmp(a->change->name, "file/", 5) != 0;
	y = strncmp(b->change->name, "file/", 5) != 0;
	if (x != y)
		return x;
	/* Who knows the moment better is the better witness of one change. */
	if (a->change->to_ms - a->change->from_ms !=
	    b->change->to_ms - b->change->from_ms)
		return a->change->to_ms - a->change->from_ms <
		    b->change->to_ms - b->change->from_ms;
	if (a->change->to_ms != b->change->to_ms)
		return a->change->to_ms > b->change->to_ms;
	return strcmp(a->change->name, b->change->name) < 0;
}

/* May this have been read from the file?  What is in a file of variables is
 * told as variables, what is in another as settings. */
static bool
is_content(const char *file, const char *name)
{
	if (holds(file, "hosts"))
		return false;
	return holds(file, "env") ? strncmp(name, "env/", 4) == 0
				  : strncmp(name, "setting/", 8) == 0;
}

/* What changed of its contents is known: a file whose changes nobody uses is
 * not used either.  Returns whether any is known. */
static bool
know_contents(
    const struct suspects *suspects, const struct suspect *file, bool *out_used)
{
	bool known = false;

	*out_used = false;
	for (size_t i = 0; i < suspects->n; i++) {
		const struct suspect *other = &suspects->list[i];
		int64_t apart_ms = other->change->to_ms - file->change->to_ms;

		if (!is_content(file->change->name, other->change->name) ||
		    strcmp(other->change->service, file->change->service) !=
			0 ||
		    apart_ms > SAME_EDIT_MS || apart_ms < -SAME_EDIT_MS)
			continue;
		known = true;
		*out_used |= other->is_used;
	}
	return known;
}

static void
judge_files(struct suspects *suspects)
{
	bool used;

	for (size_t i = 0; i < suspects->n; i++) {
		struct suspect *file = &suspects->list[i];

		if (strncmp(file->change->name, "file/", 5) == 0 &&
		    know_contents(suspects, file, &used))
			file->is_used = file->is_used && used;
	}
}

static void
insert(struct suspects *suspects, const struct suspect *suspect)
{
	size_t k = suspects->n++;

	for (; k > 0 && is_heavier(suspect, &suspects->list[k - 1]); k--)
		suspects->list[k] = suspects->list[k - 1];
	suspects->list[k] = *suspect;
}

void
suspects_build(struct suspects *out, struct arena *arena,
    const struct scene *scene, const struct chain *chain)
{
	int64_t onset_ms =
	    chain->onset_to_ms != 0 ? chain->onset_to_ms : scene->at_ms;

	memset(out, 0, sizeof(*out));
	out->list =
	    arena_zalloc(arena, (scene->n_changes + 1) * sizeof(*out->list));
	for (size_t i = 0; i < scene->n_changes; i++) {
		const struct scene_change *change = &scene->changes[i];
		struct suspect suspect = { .change = change };

		if (strcmp(change->environment, scene->environment) != 0 ||
		    change->first_seen || change->to_ms < onset_ms - DAY_MS)
			continue;
		suspect.class = suspect_class(change);
		suspect.is_used = is_used(scene, chain, change, suspect.class);
		weigh(&suspect, chain);
		insert(out, &suspect);
	}
	judge_files(out);
}

const struct suspect *
suspects_find(const struct suspects *suspects, enum change_class class)
{
	for (size_t i = 0; i < suspects->n; i++) {
		const struct suspect *suspect = &suspects->list[i];

		if (suspect->class == class && suspect->is_before &&
		    suspect->is_used && suspect->db10 > 0)
			return suspect;
	}
	return NULL;
}

bool
suspects_are_exercised(const struct suspects *suspects,
    const struct scene *scene, const struct node *node)
{
	for (size_t i = 0; i < suspects->n; i++) {
		const struct suspect *suspect = &suspects->list[i];

		if (suspect->class == CHANGE_INPUT && suspect->is_before &&
		    suspect->is_used && suspect->db10 > 0 &&
		    !suspect_is_exercised(scene, node, suspect->change->name))
			return false;
	}
	return true;
}
