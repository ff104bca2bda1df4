#include "collector/diagnose/product.h"
#include "tests/support/table.h"

static const struct name {
	const char *name;
	const char *word;
	enum product product;
} names[] = {
	{ "a product", "mariadb", PRODUCT_DATABASE },
	{ "a part of a name", "orders-db", PRODUCT_DATABASE },
	{ "with a number", "db1.prod", PRODUCT_DATABASE },
	{ "at the end of a word", "ordersdb", PRODUCT_DATABASE },
	{ "a longer name of the product", "rabbitmq", PRODUCT_QUEUE },
	{ "in a variable", "SMTP_HOST", PRODUCT_MAIL },
	{ "in a property", "spring.datasource.url", PRODUCT_DATABASE },
	{ "a short word inside another is none", "feedback", PRODUCT_NONE },
	{ "nor is one that only begins so", "mailer", PRODUCT_NONE },
	{ "an application is none", "checkout", PRODUCT_NONE },
	{ "what stands before applications", "haproxy-1", PRODUCT_PROXY },
	{ "no name", "", PRODUCT_NONE },
};

static void
test_name(void **state)
{
	const struct name *row = *state;

	assert_string_equal(product_kind(product_of_name(row->word)),
	    product_kind(row->product));
}

static const struct text {
	const char *name;
	const char *runtime, *text;
	enum product product;
} texts[] = {
	{ "by who writes the phrase", "kafka", "Topic not present",
	    PRODUCT_QUEUE },
	{ "by the driver", "", "redis.clients.jedis.exceptions",
	    PRODUCT_CACHE },
	{ "nobody's words", "go", "context deadline exceeded", PRODUCT_NONE },
	{ "a proxy speaks of nobody", "proxy", "CONNECT tunnel failed",
	    PRODUCT_NONE },
};

static void
test_text(void **state)
{
	const struct text *row = *state;

	assert_string_equal(
	    product_kind(product_of_text(row->runtime, row->text)),
	    product_kind(row->product));
}

static const struct address {
	const char *name;
	const char *address;
	enum product product;
} addresses[] = {
	{ "a port", "10.1.2.3:5672", PRODUCT_QUEUE },
	{ "a longer port that begins alike", "10.1.2.3:2500", PRODUCT_NONE },
	{ "no port", "mail.example.net", PRODUCT_NONE },
	{ "no address", "", PRODUCT_NONE },
};

static void
test_address(void **state)
{
	const struct address *row = *state;

	assert_string_equal(product_kind(product_of_address(row->address)),
	    product_kind(row->product));
}

int
main(void)
{
	return TABLE_RUN(names, test_name) + TABLE_RUN(texts, test_text) +
	    TABLE_RUN(addresses, test_address);
}
