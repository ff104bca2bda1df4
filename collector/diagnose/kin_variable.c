#include <string.h>

#include "collector/diagnose/kin.h"
#include "collector/diagnose/node.h"
#include "proto/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Shorter beginnings are alike by chance. */
#define ALIKE_LEAST 3

/* Words of a variable that say what of a connection it is, not whose. */
static const char *const general[] = { "host", "hostname", "port", "url", "uri",
	"dsn", "user", "username", "pass", "password", "passwd", "name", "addr",
	"address", "server", "service", "socket", "endpoint", "connection",
	"conn", "string", "primary", "main", "app", "api", "base" };
static const char *const trust[] = { "ssl", "tls", "cert", "certs", "ca",
	"bundle", "trust", "truststore", "verify", "sslmode", "sslrootcert" };
static const char *const databases[] = { "postgres", "postgresql", "pg",
	"pghost", "pgport", "pguser", "pgpassword", "pgdatabase", "pgsslmode",
	"database", "db", "mysql", "mariadb", "sql", "jdbc", "sqlalchemy" };
static const char *const caches[] = { "redis", "cache", "valkey", "memcached" };

struct word {
	const char *bytes;
	size_t n;
};

/* The next word, from where the one before ended; false: no more. */
static bool
next_word(struct word *word)
{
	const char *at = word->bytes + word->n;

	while (*at != '\0' && !text_is_word(*at))
		at++;
	word->bytes = at;
	word->n = 0;
	while (text_is_word(at[word->n]))
		word->n++;
	return word->n > 0;
}

static bool
is_one_of(const struct word *word, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (strlen(words[i]) == word->n &&
		    strncasecmp(words[i], word->bytes, word->n) == 0)
			return true;
	return false;
}

static bool
has_any(const char *name, const char *const *words, size_t n)
{
	struct word word = { name, 0 };

	while (next_word(&word))
		if (is_one_of(&word, words, n))
			return true;
	return false;
}

static bool
has_only(const char *name, const char *const *words, size_t n)
{
	struct word word = { name, 0 };

	while (next_word(&word))
		if (!is_one_of(&word, words, n))
			return false;
	return true;
}

/* "pay" and "payments", "orders" and "order". */
static bool
are_alike(const struct word *a, const struct word *b)
{
	size_t n = a->n < b->n ? a->n : b->n;

	return n >= ALIKE_LEAST && strncasecmp(a->bytes, b->bytes, n) == 0;
}

static bool
is_telling(const struct word *word)
{
	return !is_one_of(word, general, COUNT(general)) &&
	    !is_one_of(word, trust, COUNT(trust)) &&
	    !is_one_of(word, databases, COUNT(databases)) &&
	    !is_one_of(word, caches, COUNT(caches));
}

/* Do they share a word that tells whose it is? */
static bool
shares_word(const char *variable, const char *dependency)
{
	struct word a = { variable, 0 };

	while (next_word(&a)) {
		struct word b = { dependency, 0 };

		while (is_telling(&a) && next_word(&b))
			if (is_telling(&b) && are_alike(&a, &b))
				return true;
	}
	return false;
}

static bool
is_anothers(
    const struct scene *scene, const char *variable, const char *dependency)
{
	for (size_t i = 0; i < scene->n_services; i++)
		if (!text_same(scene->services[i].name, dependency) &&
		    !node_is_application(scene, scene->services[i].name) &&
		    shares_word(variable, scene->services[i].name))
			return true;
	return false;
}

/* By its declaration, or by a name of its own kind. */
static bool
is_store(const struct scene *scene, const char *dependency,
    bool (*is_such)(const struct scene_service *), const char *const *words,
    size_t n)
{
	return is_such(node_service(scene, dependency)) ||
	    has_any(dependency, words, n);
}

/* Do both speak of the same sort of thing: AMQP_URL of a rabbit? */
static bool
is_of_product(
    const struct scene *scene, const char *variable, const char *dependency)
{
	const struct scene_service *declared = node_service(scene, dependency);
	enum product product = product_of_name(variable);

	return product != PRODUCT_NONE && product != PRODUCT_PROXY &&
	    product ==
	    (declared != NULL ? kin_product(declared)
			      : product_of_name(dependency));
}

bool
kin_is_variable_of(
    const struct scene *scene, const char *variable, const char *dependency)
{
	if (shares_word(variable, dependency))
		return true;
	if (is_anothers(scene, variable, dependency))
		return false;
	if (has_any(variable, databases, COUNT(databases)))
		return is_store(scene, dependency, kin_is_database, databases,
		    COUNT(databases));
	if (has_any(variable, caches, COUNT(caches)))
		return is_store(
		    scene, dependency, kin_is_cache, caches, COUNT(caches));
	return is_of_product(scene, variable, dependency);
}

bool
kin_is_variable_of_all(const char *variable)
{
	return has_only(variable, general, COUNT(general));
}

bool
kin_is_variable_of_trust(const char *variable)
{
	return has_any(variable, trust, COUNT(trust));
}
