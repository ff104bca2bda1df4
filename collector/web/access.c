#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "collector/web/access.h"
#include "proto/base/mem.h"
#include "proto/base/secret.h"

#define TOKEN_MIN_BYTES 16
#define TOKEN_MAX_BYTES 512
#define HOST_BYTES      256

struct token {
	struct secret *secret;
	bool may[SCOPE_ADMIN + 1];
	struct pusher pusher;
};

struct access {
	size_t n_tokens;
	char **origins; /* names without a port */
	uint32_t n_origins;
	struct token tokens[];
};

/* --- reading ------------------------------------------------------------ */

static char **
copy_names(const struct names *names)
{
	char **copy = mem_calloc(names->n, sizeof(char *));

	for (uint32_t i = 0; i < names->n; i++)
		copy[i] = mem_strdup(names->names[i]);
	return copy;
}

static void
free_names(char **names, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		free(names[i]);
	free(names);
}

static void
read_pusher(struct pusher *pusher, const struct token_config *config)
{
	pusher->agent = mem_printf("push.%s", config->name);
	pusher->environments = copy_names(&config->environments);
	pusher->n_environments = config->environments.n;
	pusher->vantage = VANTAGE_EXTERNAL;
	if (config->vantage != NULL)
		vantage_parse(&pusher->vantage, config->vantage);
}

static int
read_token(
    struct token *token, const struct token_config *config, struct err *err)
{
	size_t n;

	if (secret_load(&token->secret, config->token, err) < 0)
		return err_wrap(err, "http: token %s", config->name);
	n = secret_size(token->secret);
	if (n < TOKEN_MIN_BYTES || n > TOKEN_MAX_BYTES)
		return err_set(err, ERR_INVALID,
		    "http: token %s: must have from %d to %d bytes; openssl "
		    "rand -hex 32 makes one",
		    config->name, TOKEN_MIN_BYTES, TOKEN_MAX_BYTES);
	token->may[SCOPE_NONE] = true;
	read_pusher(&token->pusher, config);
	token->may[SCOPE_PUSH] = names_hold(&config->scopes, "push");
	token->may[SCOPE_READ] = names_hold(&config->scopes, "read");
	token->may[SCOPE_ADMIN] = names_hold(&config->scopes, "admin");
	return 0;
}

int
access_new(
    struct access **out, const struct http_config *config, struct err *err)
{
	struct access *access = mem_zalloc(
	    sizeof(*access) + config->n_tokens * sizeof(access->tokens[0]));

	access->n_tokens = config->n_tokens;
	access->origins = copy_names(&config->origins);
	access->n_origins = config->origins.n;
	for (uint32_t i = 0; i < config->n_tokens; i++)
		if (read_token(&access->tokens[i], &config->tokens[i], err) <
		    0) {
			access_free(access);
			return -1;
		}
	*out = access;
	return 0;
}

void
access_free(struct access *access)
{
	if (access == NULL)
		return;
	for (size_t i = 0; i < access->n_tokens; i++) {
		struct token *token = &access->tokens[i];

		secret_free(token->secret);
		free(token->pusher.agent);
		free_names(
		    token->pusher.environments, token->pusher.n_environments);
	}
	free_names(access->origins, access->n_origins);
	free(access);
}

/* --- checking ----------------------------------------------------------- */

/* Takes as long whatever is equal: every byte that was presented is looked
 * at, against each token there is. */
static bool
is_equal(const struct secret *secret, const char *presented, size_t n)
{
	const char *bytes = secret_reveal(secret);
	size_t n_secret = secret_size(secret);
	unsigned differs = n != n_secret;

	for (size_t i = 0; i < n; i++)
		differs |= (unsigned char)presented[i] ^
		    (unsigned char)bytes[i % n_secret];
	return differs == 0;
}

static const struct token *
token_of(const struct access *access, const struct http_call *call)
{
	const char *presented = http_header(call, "Authorization");
	const struct token *found = NULL;
	size_t n;

	if (presented == NULL || strncasecmp(presented, "Bearer ", 7) != 0)
		return NULL;
	presented += 7;
	n = strnlen(presented, TOKEN_MAX_BYTES + 1);
	if (n > TOKEN_MAX_BYTES)
		return NULL;
	for (size_t i = 0; i < access->n_tokens; i++)
		if (is_equal(access->tokens[i].secret, presented, n))
			found = &access->tokens[i];
	return found;
}

/* Does it call us by a number, by localhost, or as it is said to? */
static bool
is_our_name(const struct access *access, const struct http_call *call)
{
	const char *header = http_header(call, "Host");
	char host[HOST_BYTES];
	size_t n;

	if (header == NULL || header[0] == '[')
		return true;
	n = strcspn(header, ":");
	if (n >= sizeof(host))
		return false;
	memcpy(host, header, n);
	host[n] = '\0';
	if (strspn(host, "0123456789.") == n ||
	    strcasecmp(host, "localhost") == 0)
		return true;
	for (uint32_t i = 0; i < access->n_origins; i++)
		if (strcasecmp(access->origins[i], host) == 0)
			return true;
	return false;
}

unsigned
access_check(const char **out_why, const struct access *access,
    const struct http_call *call, enum scope scope)
{
	static const char *const lacks[] = {
		[SCOPE_NONE] = "",
		[SCOPE_READ] = "this token lacks the scope read",
		[SCOPE_PUSH] = "this token lacks the scope push",
		[SCOPE_ADMIN] = "this token lacks the scope admin",
	};
	const struct token *token;

	if (access->n_tokens == 0) {
		*out_why = "this name is not listed under http.origins";
		if (!is_our_name(access, call))
			return 421;
		*out_why = scope == SCOPE_PUSH
		    ? "no token is configured; this needs one with the scope "
		      "push"
		    : "no token is configured; this needs one with the scope "
		      "admin";
		return scope > SCOPE_READ ? 403 : 0;
	}
	if (scope == SCOPE_NONE)
		return 0;
	*out_why = "needs the header Authorization: Bearer TOKEN";
	token = token_of(access, call);
	if (token == NULL)
		return 401;
	*out_why = lacks[scope];
	return token->may[scope] ? 0 : 403;
}

const struct pusher *
access_pusher(const struct access *access, const struct http_call *call)
{
	const struct token *token = token_of(access, call);

	return token != NULL && token->may[SCOPE_PUSH] ? &token->pusher : NULL;
}

bool
pusher_speaks_for(const struct pusher *pusher, const char *environment)
{
	for (uint32_t i = 0; i < pusher->n_environments; i++)
		if (strcmp(pusher->environments[i], environment) == 0)
			return true;
	return false;
}
