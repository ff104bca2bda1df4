#include <string.h>

#include "collector/diagnose/product.h"
#include "proto/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* A word so long is one inside another word, too ("rabbitmq"). */
#define LONG_BYTES 5

static const char *const kinds[PRODUCT_COUNT] = {
	[PRODUCT_NONE] = "",
	[PRODUCT_DATABASE] = "database",
	[PRODUCT_CACHE] = "cache",
	[PRODUCT_QUEUE] = "queue",
	[PRODUCT_SEARCH] = "search",
	[PRODUCT_DIRECTORY] = "directory",
	[PRODUCT_IDENTITY] = "identity",
	[PRODUCT_MAIL] = "mail",
	[PRODUCT_OBJECTS] = "objects",
	[PRODUCT_REGISTRY] = "registry",
	[PRODUCT_PROXY] = "proxy",
};

struct named {
	const char *word;
	enum product product;
};

static const struct named names[] = {
	{ "postgres", PRODUCT_DATABASE },
	{ "pgsql", PRODUCT_DATABASE },
	{ "pgbouncer", PRODUCT_DATABASE },
	{ "pghost", PRODUCT_DATABASE },
	{ "pgport", PRODUCT_DATABASE },
	{ "pguser", PRODUCT_DATABASE },
	{ "pgpassword", PRODUCT_DATABASE },
	{ "pgdatabase", PRODUCT_DATABASE },
	{ "pgsslmode", PRODUCT_DATABASE },
	{ "pg", PRODUCT_DATABASE },
	{ "mysql", PRODUCT_DATABASE },
	{ "mariadb", PRODUCT_DATABASE },
	{ "percona", PRODUCT_DATABASE },
	{ "galera", PRODUCT_DATABASE },
	{ "sqlserver", PRODUCT_DATABASE },
	{ "mssql", PRODUCT_DATABASE },
	{ "sql", PRODUCT_DATABASE },
	{ "jdbc", PRODUCT_DATABASE },
	{ "datasource", PRODUCT_DATABASE },
	{ "sqlalchemy", PRODUCT_DATABASE },
	{ "connectionstrings", PRODUCT_DATABASE },
	{ "oracle", PRODUCT_DATABASE },
	{ "db2", PRODUCT_DATABASE },
	{ "mongo", PRODUCT_DATABASE },
	{ "cassandra", PRODUCT_DATABASE },
	{ "scylla", PRODUCT_DATABASE },
	{ "cockroach", PRODUCT_DATABASE },
	{ "dynamo", PRODUCT_DATABASE },
	{ "firestore", PRODUCT_DATABASE },
	{ "couch", PRODUCT_DATABASE },
	{ "neo4j", PRODUCT_DATABASE },
	{ "clickhouse", PRODUCT_DATABASE },
	{ "influx", PRODUCT_DATABASE },
	{ "aurora", PRODUCT_DATABASE },
	{ "database", PRODUCT_DATABASE },
	{ "db", PRODUCT_DATABASE },
	{ "rds", PRODUCT_DATABASE },
	{ "redis", PRODUCT_CACHE },
	{ "valkey", PRODUCT_CACHE },
	{ "keydb", PRODUCT_CACHE },
	{ "memcache", PRODUCT_CACHE },
	{ "hazelcast", PRODUCT_CACHE },
	{ "cache", PRODUCT_CACHE },
	{ "kafka", PRODUCT_QUEUE },
	{ "redpanda", PRODUCT_QUEUE },
	{ "rabbit", PRODUCT_QUEUE },
	{ "amqp", PRODUCT_QUEUE },
	{ "activemq", PRODUCT_QUEUE },
	{ "artemis", PRODUCT_QUEUE },
	{ "nats", PRODUCT_QUEUE },
	{ "jetstream", PRODUCT_QUEUE },
	{ "pulsar", PRODUCT_QUEUE },
	{ "sqs", PRODUCT_QUEUE },
	{ "pubsub", PRODUCT_QUEUE },
	{ "servicebus", PRODUCT_QUEUE },
	{ "kinesis", PRODUCT_QUEUE },
	{ "mqtt", PRODUCT_QUEUE },
	{ "mosquitto", PRODUCT_QUEUE },
	{ "broker", PRODUCT_QUEUE },
	{ "brokers", PRODUCT_QUEUE },
	{ "queue", PRODUCT_QUEUE },
	{ "elastic", PRODUCT_SEARCH },
	{ "opensearch", PRODUCT_SEARCH },
	{ "solr", PRODUCT_SEARCH },
	{ "meilisearch", PRODUCT_SEARCH },
	{ "ldap", PRODUCT_DIRECTORY },
	{ "ldaps", PRODUCT_DIRECTORY },
	{ "openldap", PRODUCT_DIRECTORY },
	{ "kerberos", PRODUCT_DIRECTORY },
	{ "freeipa", PRODUCT_DIRECTORY },
	{ "directory", PRODUCT_DIRECTORY },
	{ "keycloak", PRODUCT_IDENTITY },
	{ "oidc", PRODUCT_IDENTITY },
	{ "oauth", PRODUCT_IDENTITY },
	{ "openid", PRODUCT_IDENTITY },
	{ "saml", PRODUCT_IDENTITY },
	{ "okta", PRODUCT_IDENTITY },
	{ "auth0", PRODUCT_IDENTITY },
	{ "cognito", PRODUCT_IDENTITY },
	{ "entra", PRODUCT_IDENTITY },
	{ "adfs", PRODUCT_IDENTITY },
	{ "idp", PRODUCT_IDENTITY },
	{ "sso", PRODUCT_IDENTITY },
	{ "smtp", PRODUCT_MAIL },
	{ "mail", PRODUCT_MAIL },
	{ "postfix", PRODUCT_MAIL },
	{ "exim", PRODUCT_MAIL },
	{ "sendgrid", PRODUCT_MAIL },
	{ "mailgun", PRODUCT_MAIL },
	{ "mailhog", PRODUCT_MAIL },
	{ "s3", PRODUCT_OBJECTS },
	{ "minio", PRODUCT_OBJECTS },
	{ "gcs", PRODUCT_OBJECTS },
	{ "azure", PRODUCT_OBJECTS },
	{ "blob", PRODUCT_OBJECTS },
	{ "bucket", PRODUCT_OBJECTS },
	{ "objectstore", PRODUCT_OBJECTS },
	{ "ceph", PRODUCT_OBJECTS },
	{ "nfs", PRODUCT_OBJECTS },
	{ "vault", PRODUCT_REGISTRY },
	{ "kms", PRODUCT_REGISTRY },
	{ "consul", PRODUCT_REGISTRY },
	{ "etcd", PRODUCT_REGISTRY },
	{ "zookeeper", PRODUCT_REGISTRY },
	{ "haproxy", PRODUCT_PROXY },
	{ "nginx", PRODUCT_PROXY },
	{ "envoy", PRODUCT_PROXY },
	{ "traefik", PRODUCT_PROXY },
	{ "caddy", PRODUCT_PROXY },
	{ "varnish", PRODUCT_PROXY },
	{ "squid", PRODUCT_PROXY },
	{ "ingress", PRODUCT_PROXY },
	{ "proxy", PRODUCT_PROXY },
	{ "loadbalancer", PRODUCT_PROXY },
	{ "lb", PRODUCT_PROXY },
	{ "cdn", PRODUCT_PROXY },
};

static const struct named drivers[] = {
	{ "psycopg", PRODUCT_DATABASE },
	{ "asyncpg", PRODUCT_DATABASE },
	{ "postgres", PRODUCT_DATABASE },
	{ "mysql", PRODUCT_DATABASE },
	{ "mariadb", PRODUCT_DATABASE },
	{ "jdbc", PRODUCT_DATABASE },
	{ "SQLSTATE", PRODUCT_DATABASE },
	{ "FATAL:", PRODUCT_DATABASE },
	{ "npgsql", PRODUCT_DATABASE },
	{ "pgx", PRODUCT_DATABASE },
	{ "pq:", PRODUCT_DATABASE },
	{ "PG::", PRODUCT_DATABASE },
	{ "mongo", PRODUCT_DATABASE },
	{ "SqlClient", PRODUCT_DATABASE },
	{ "SqlException", PRODUCT_DATABASE },
	{ "SQL Server", PRODUCT_DATABASE },
	{ "HikariPool", PRODUCT_DATABASE },
	{ "hibernate", PRODUCT_DATABASE },
	{ "ActiveRecord", PRODUCT_DATABASE },
	{ "Sequelize", PRODUCT_DATABASE },
	{ "PDOException", PRODUCT_DATABASE },
	{ "sqlx", PRODUCT_DATABASE },
	{ "ORA-", PRODUCT_DATABASE },
	{ "redis", PRODUCT_CACHE },
	{ "jedis", PRODUCT_CACHE },
	{ "lettuce", PRODUCT_CACHE },
	{ "memcache", PRODUCT_CACHE },
	{ "kafka", PRODUCT_QUEUE },
	{ "amqp", PRODUCT_QUEUE },
	{ "rabbit", PRODUCT_QUEUE },
	{ "nats:", PRODUCT_QUEUE },
	{ "publisher confirm", PRODUCT_QUEUE },
	{ "elasticsearch", PRODUCT_SEARCH },
	{ "opensearch", PRODUCT_SEARCH },
	{ "ldap", PRODUCT_DIRECTORY },
	{ "smtp", PRODUCT_MAIL },
	{ "nodemailer", PRODUCT_MAIL },
	{ "botocore", PRODUCT_OBJECTS },
	{ "S3Exception", PRODUCT_OBJECTS },
	{ "minio", PRODUCT_OBJECTS },
	{ "blob.core", PRODUCT_OBJECTS },
	{ "keycloak", PRODUCT_IDENTITY },
	{ "oauth", PRODUCT_IDENTITY },
	{ "openid", PRODUCT_IDENTITY },
	{ "AADSTS", PRODUCT_IDENTITY },
};

static const struct {
	const char *port;
	enum product product;
} ports[] = {
	{ ":5432", PRODUCT_DATABASE },
	{ ":6432", PRODUCT_DATABASE },
	{ ":3306", PRODUCT_DATABASE },
	{ ":1433", PRODUCT_DATABASE },
	{ ":1521", PRODUCT_DATABASE },
	{ ":27017", PRODUCT_DATABASE },
	{ ":9042", PRODUCT_DATABASE },
	{ ":6379", PRODUCT_CACHE },
	{ ":11211", PRODUCT_CACHE },
	{ ":9092", PRODUCT_QUEUE },
	{ ":5672", PRODUCT_QUEUE },
	{ ":5671", PRODUCT_QUEUE },
	{ ":61616", PRODUCT_QUEUE },
	{ ":4222", PRODUCT_QUEUE },
	{ ":1883", PRODUCT_QUEUE },
	{ ":9200", PRODUCT_SEARCH },
	{ ":389", PRODUCT_DIRECTORY },
	{ ":636", PRODUCT_DIRECTORY },
	{ ":25", PRODUCT_MAIL },
	{ ":465", PRODUCT_MAIL },
	{ ":587", PRODUCT_MAIL },
	{ ":8200", PRODUCT_REGISTRY },
	{ ":3128", PRODUCT_PROXY },
};

const char *
product_kind(enum product product)
{
	return kinds[product];
}

/* Is the segment of n bytes the word, or the word with a number ("db1")?  A
 * long word may stand anywhere in it, and "db" at its end ("ordersdb", not
 * TODB). */
static bool
is_named(const char *segment, size_t n, const char *word)
{
	size_t bytes = strlen(word), rest = bytes;

	if (n < bytes)
		return false;
	if (bytes >= LONG_BYTES) {
		for (size_t i = 0; i + bytes <= n; i++)
			if (strncasecmp(segment + i, word, bytes) == 0)
				return true;
		return false;
	}
	if (strcmp(word, "db") == 0 &&
	    strncmp(segment + n - bytes, word, bytes) == 0)
		return true;
	while (rest < n && text_is_digit(segment[rest]))
		rest++;
	return rest == n && strncasecmp(segment, word, bytes) == 0;
}

static enum product
product_of_segment(const char *segment, size_t n)
{
	for (size_t i = 0; i < COUNT(names); i++)
		if (is_named(segment, n, names[i].word))
			return names[i].product;
	return PRODUCT_NONE;
}

enum product
product_of_name(const char *name)
{
	enum product found = PRODUCT_NONE;

	while (*name != '\0' && found == PRODUCT_NONE) {
		size_t n = 0;

		while (text_is_word(name[n]))
			n++;
		found = product_of_segment(name, n);
		name += n + (name[n] != '\0');
	}
	return found;
}

enum product
product_of_text(const char *runtime, const char *text)
{
	enum product found = product_of_name(runtime);

	for (size_t i = 0; i < COUNT(drivers) && found == PRODUCT_NONE; i++)
		if (strcasestr(text, drivers[i].word) != NULL)
			found = drivers[i].product;
	return found == PRODUCT_PROXY ? PRODUCT_NONE : found;
}

enum product
product_of_address(const char *address)
{
	const char *colon = strrchr(address, ':');
	size_t n = colon == NULL ? 0 : 1 + strspn(colon + 1, "0123456789");

	for (size_t i = 0; i < COUNT(ports) && n > 0; i++)
		if (strlen(ports[i].port) == n &&
		    strncmp(colon, ports[i].port, n) == 0)
			return ports[i].product;
	return PRODUCT_NONE;
}
