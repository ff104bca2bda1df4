#include "collector/diagnose/kin.h"
#include "tests/support/table.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

static const char *const needs[] = { "orders-db", "users-db", "pay-gateway",
	"sessions", "ledger" };

static const struct scene_service services[] = {
	{ .name = "api", .kind = "", .depends_on = needs, .n_depends_on = 5 },
	{ .name = "orders-db", .kind = "database" },
	{ .name = "users-db", .kind = "database" },
	{ .name = "pay-gateway", .kind = "external" },
	{ .name = "sessions", .kind = "cache" },
	{ .name = "ledger", .kind = "database" },
};

static const struct scene scene = { .services = services,
	.n_services = COUNT(services) };

static const struct variable {
	const char *name;
	const char *variable, *dependency;
	bool is_its;
} variables[] = {
	{ "a word of the dependency's name", "ORDERS_URL", "orders-db", true },
	{ "a longer form of one", "PAYMENTS_URL", "pay-gateway", true },
	{ "a singular", "ORDER_DB_HOST", "orders-db", true },
	{ "a database's by its kind", "POSTGRES_HOST", "ledger", true },
	{ "and by its name", "DATABASE_URL", "orders-db", true },
	{ "a variable of the library", "PGPASSWORD", "orders-db", true },
	{ "a cache's", "REDIS_URL", "sessions", true },
	{ "a database's is no cache's", "REDIS_URL", "orders-db", false },
	{ "a cache's is no database's", "DB_HOST", "sessions", false },
	{ "a database's is no third party's", "POSTGRES_HOST", "pay-gateway",
	    false },
	{ "another's word", "USERS_DB_HOST", "orders-db", false },
	{ "of nobody known", "SMTP_HOST", "orders-db", false },
	{ "no name at all", "SECRET_KEY", "orders-db", false },
	{ "a general word is nobody's", "HOST", "orders-db", false },
	{ "two letters that are alike tell nothing", "PA_URL", "pay-gateway",
	    false },
	{ "part of a word is another word", "TODB", "orders-db", false },
};

static void
test_variable(void **state)
{
	const struct variable *row = *state;

	assert_int_equal(
	    kin_is_variable_of(&scene, row->variable, row->dependency),
	    row->is_its);
}

static const struct general {
	const char *name;
	const char *variable;
	bool is_of_all, is_of_trust;
} generals[] = {
	{ "what of a connection, not whose", "SERVICE_URL", true, false },
	{ "one word", "DSN", true, false },
	{ "whose", "BILLING_URL", false, false },
	{ "whom to trust", "SSL_CERT_FILE", false, true },
	{ "in another language", "NODE_EXTRA_CA_CERTS", false, true },
	{ "something else", "SECRET_KEY", false, false },
};

static void
test_general(void **state)
{
	const struct general *row = *state;

	assert_int_equal(kin_is_variable_of_all(row->variable), row->is_of_all);
	assert_int_equal(
	    kin_is_variable_of_trust(row->variable), row->is_of_trust);
}

int
main(void)
{
	return TABLE_RUN(variables, test_variable) +
	    TABLE_RUN(generals, test_general);
}
