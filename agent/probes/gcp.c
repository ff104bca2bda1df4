#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "agent/probes/gcp.h"
#include "agent/probes/gcp_jwt.h"
#include "agent/probes/http_origin.h"
#include "agent/probes/json_path.h"
#include "agent/tokens.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/place.h"

#define METADATA   "http://metadata.google.internal"
#define TOKEN_PATH "/computeMetadata/v1/instance/service-accounts/default/token"
#define GRANT                                                              \
	"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Ajwt-bearer" \
	"&assertion="

/* --- tokens --------------------------------------------------------------- */

struct gcp_token {
	const struct gcp_credentials *credentials;
	const char *whose; /* of the run's state */
	bool is_asking;
};

/* Whose token these credentials get; owned by the caller.  Another key in the
 * file, or another mode of it, is somebody else's. */
static char *
name_of(const struct gcp_credentials *credentials)
{
	struct stat st = { 0 };

	if (credentials->key_file == NULL)
		return mem_printf("gcp metadata %s",
		    credentials->metadata != NULL ? credentials->metadata
						  : METADATA);
	if (stat(credentials->key_file, &st) < 0)
		return mem_printf("gcp key %s", credentials->key_file);
	return mem_printf("gcp key %s %lld %lld.%09ld", credentials->key_file,
	    (long long)st.st_ino, (long long)st.st_ctim.tv_sec,
	    st.st_ctim.tv_nsec);
}

static int
ask_metadata(struct http_client *client, const char *base)
{
	char *url = mem_printf("%s%s", base, TOKEN_PATH);
	struct http_request request = { .url = url, .method = "GET" };
	int rc;

	http_client_add_header(client, "Metadata-Flavor", "Google");
	rc = http_client_ask(client, &request);
	free(url);
	return rc;
}

static int
ask_with_key(struct http_client *client, const char *key_file, int64_t now_ms,
    struct err *err)
{
	struct http_request request = { .method = "POST" };
	struct gcp_key key = { 0 };
	char *jwt = NULL, *body;
	int rc;

	if (gcp_key_read(&key, key_file, err) < 0)
		return -1;
	rc = gcp_jwt_sign(&jwt, &key, now_ms / 1000, err);
	if (rc == 0) {
		body = mem_printf("%s%s", GRANT, jwt);
		request.url = key.token_uri;
		request.body = body;
		http_client_add_header(client, "Content-Type",
		    "application/x-www-form-urlencoded");
		rc = http_client_ask(client, &request);
		if (rc < 0)
			err_set(err, ERR_INVALID, "%s: token_uri is no url",
			    key_file);
		explicit_bzero(body, strlen(body));
		free(body);
		free(jwt);
	}
	gcp_key_fini(&key);
	return rc;
}

static enum turn
begin_token(
    struct probe *p, struct gcp_token *token, struct http_client *client)
{
	const struct gcp_credentials *credentials = token->credentials;
	struct err err = { 0 };
	int rc;

	http_client_forget_headers(client);
	http_client_trust(client);
	if (credentials->key_file != NULL)
		rc = ask_with_key(
		    client, credentials->key_file, probe_now_ms(p), &err);
	else
		rc = ask_metadata(client,
		    credentials->metadata != NULL ? credentials->metadata
						  : METADATA);
	token->is_asking = true;
	if (rc == 0)
		return TURN_NEXT;
	return probe_unknown(p,
	    err.code == ERR_DENIED ? REASON_DENIED : REASON_INTERNAL,
	    "credential: %s",
	    err.text[0] != '\0' ? err.text : "the metadata server's url");
}

/* A cloud_token_fn. */
static enum turn
get_token(struct probe *p, void *arg, struct http_client *client, char **out)
{
	struct gcp_token *token = arg;
	const char *known = tokens_get(probe_tokens(p), token->whose);
	enum turn turn = TURN_NEXT;
	const char *body;
	json_t *root;
	long status;
	size_t n;

	if (!token->is_asking && known != NULL) {
		*out = mem_strdup(known);
		return TURN_NEXT;
	}
	if (!token->is_asking)
		turn = begin_token(p, token, client);
	if (turn == TURN_NEXT)
		turn = http_client_step(client);
	if (turn != TURN_NEXT)
		return turn;
	status = http_client_status(client);
	body = http_client_body(client, &n);
	root = json_loadb(body, n, 0, NULL);
	if (status == 200)
		*out = json_path_text(root, "access_token");
	if (*out != NULL)
		tokens_put(probe_tokens(p), token->whose, *out,
		    json_integer_value(json_object_get(root, "expires_in")));
	json_decref(root);
	if (*out != NULL)
		return TURN_NEXT;
	return probe_unknown(p, status == 200 ? REASON_PROTOCOL : REASON_DENIED,
	    "credential: no token from %s (status %ld)",
	    http_client_target(client), status);
}

enum turn
gcp_authorise(
    struct probe *p, struct gcp *gcp, const struct gcp_credentials *credentials)
{
	enum turn turn;

	if (gcp->token == NULL) {
		gcp->token = mem_zalloc(sizeof(*gcp->token));
		gcp->token->credentials = credentials;
		free(gcp->whose);
		gcp->whose = name_of(credentials);
		gcp->token->whose = gcp->whose;
		gcp->tokens = probe_tokens(p);
	}
	turn = cloud_call_authorise(gcp->call, get_token, gcp->token);
	if (turn == TURN_WAIT)
		return TURN_WAIT;
	free(gcp->token);
	gcp->token = NULL;
	return turn;
}

/* --- for the kinds -------------------------------------------------------- */

static const struct gcp_config *
config_of(const struct probe_config *config)
{
	return config->gcp_sql != NULL          ? config->gcp_sql
	    : config->gcp_vpc_connector != NULL ? config->gcp_vpc_connector
	    : config->gcp_run != NULL           ? config->gcp_run
						: config->gcp_secret;
}

const struct gcp_config *
gcp_config(const struct probe *probe)
{
	return config_of(probe_config(probe));
}

enum turn
gcp_credential_step(struct probe *p, void *state)
{
	struct gcp *gcp = state;
	const struct gcp_config *config = gcp_config(p);

	if (gcp->call == NULL)
		gcp->call = cloud_call_new(p, config->ca_file);
	if (gcp->call == NULL)
		return probe_unknown(
		    p, REASON_INTERNAL, "libcurl does not start");
	return gcp_authorise(p, gcp, &config->credentials);
}

char *
gcp_text(const json_t *root, const char *path)
{
	char *text = json_path_text(root, path);

	return text != NULL ? text : mem_strdup("");
}

void
gcp_fact_text(struct probe *probe, const char *name, const char *value)
{
	char *fact = mem_printf("gcp/%s/%s", gcp_config(probe)->name, name);

	probe_fact(probe, fact, value, NULL, SOURCE_CONTROL_PLANE);
	free(fact);
}

void
gcp_fact(
    struct probe *probe, const json_t *root, const char *name, const char *path)
{
	char *value = json_path_text(root, path);

	gcp_fact_text(probe, name, value);
	free(value);
}

void
gcp_cleanup(void *state)
{
	struct gcp *gcp = state;

	/* It may have been taken back: the next run asks for another. */
	if (gcp->whose != NULL && cloud_call_status(gcp->call) == 401)
		tokens_forget(gcp->tokens, gcp->whose);
	cloud_call_free(gcp->call);
	free(gcp->token);
	free(gcp->whose);
	free(gcp->url);
	free(gcp->next);
	free(gcp->what);
	free(gcp->trouble);
	json_decref(gcp->first);
}

/* --- checking ------------------------------------------------------------- */

/* A part of a path: nothing that could lead elsewhere. */
static int
check_part(const struct conf *conf, const char *path, const char *text,
    struct err *err)
{
	static const char plain[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789_.:-";

	if (text == NULL ||
	    (text[0] != '\0' && text[0] != '.' &&
		text[strspn(text, plain)] == '\0'))
		return 0;
	return conf_complain(conf, err, path, "not a name of Google Cloud's");
}

static int
check_credentials(const struct conf *conf, const char *path,
    const struct gcp_credentials *credentials, struct err *err)
{
	struct origin origin = { 0 };
	int rc = 0;

	if (credentials == NULL)
		return 0;
	if (credentials->key_file != NULL && credentials->metadata != NULL)
		return conf_complain(conf, err, path,
		    "must have at most one of key_file and metadata");
	if (credentials->metadata != NULL)
		rc = origin_of(&origin, NULL, credentials->metadata);
	origin_fini(&origin);
	if (rc == 0)
		return 0;
	return conf_complain(conf, err, place_of("%s.metadata", path).path,
	    "not a url: write http://HOST");
}

static int
check_endpoint(const struct conf *conf, const char *path,
    const struct gcp_config *config, struct err *err)
{
	struct origin origin = { 0 };
	bool is_fit = config->endpoint == NULL ||
	    (origin_of(&origin, NULL, config->endpoint) == 0 &&
		strcmp(origin.scheme, "https") == 0);

	origin_fini(&origin);
	if (is_fit)
		return 0;
	return conf_complain(conf, err, place_of("%s.endpoint", path).path,
	    "must be https://HOST: a token is sent there");
}

int
gcp_check(const struct conf *conf, const char *path,
    const struct probe_config *config, struct err *err)
{
	const struct gcp_config *gcp = config_of(config);
	int rc = 0;

	rc |= check_part(
	    conf, place_of("%s.project", path).path, gcp->project, err);
	rc |= check_part(
	    conf, place_of("%s.location", path).path, gcp->location, err);
	rc |= check_part(conf, path, gcp->name, err);
	rc |= check_part(
	    conf, place_of("%s.version", path).path, gcp->version, err);
	rc |= check_endpoint(conf, path, gcp, err);
	rc |= check_credentials(conf, place_of("%s.credentials", path).path,
	    &gcp->credentials, err);
	return rc |
	    check_credentials(
		conf, place_of("%s.access", path).path, gcp->access, err);
}
