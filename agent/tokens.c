#include <stdlib.h>
#include <string.h>

#include "agent/tokens.h"
#include "proto/base/map.h"
#include "proto/base/mem.h"

struct token {
	int64_t until_ms; /* monotonic */
	char *text;
};

struct tokens {
	const struct clock *clock;
	struct map *all; /* by key */
};

struct tokens *
tokens_new(const struct clock *clock)
{
	struct tokens *tokens = mem_zalloc(sizeof(*tokens));

	tokens->clock = clock;
	tokens->all = map_new();
	return tokens;
}

static void
token_free(struct token *token)
{
	if (token == NULL)
		return;
	explicit_bzero(token->text, strlen(token->text));
	free(token->text);
	free(token);
}

const char *
tokens_get(struct tokens *tokens, const char *key)
{
	const struct token *token = map_get(tokens->all, key);

	if (token == NULL)
		return NULL;
	if (clock_mono_ms(tokens->clock) < token->until_ms)
		return token->text;
	tokens_forget(tokens, key);
	return NULL;
}

void
tokens_put(
    struct tokens *tokens, const char *key, const char *token, int64_t valid_s)
{
	struct token *kept;

	tokens_forget(tokens, key);
	if (valid_s <= TOKENS_MARGIN_S)
		return;
	kept = mem_zalloc(sizeof(*kept));
	kept->until_ms =
	    clock_mono_ms(tokens->clock) + (valid_s - TOKENS_MARGIN_S) * 1000;
	kept->text = mem_strdup(token);
	map_put(tokens->all, key, kept);
}

void
tokens_forget(struct tokens *tokens, const char *key)
{
	token_free(map_remove(tokens->all, key));
}

void
tokens_free(struct tokens *tokens)
{
	if (tokens == NULL)
		return;
	MAP_EACH (struct token, token, tokens->all)
		token_free(token);
	map_free(tokens->all);
	free(tokens);
}
