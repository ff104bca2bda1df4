#include "tests/support/table.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "agent/identity.h"

#define CANARY "hunter2-of-the-environment"

static const struct standing {
	const char *name;
	struct proof_config proofs[2];
	uint32_t n_proofs;
	enum vantage expect;
	const char *why; /* %s: the host's name */
} standings[] = {
	{ "nothing to prove it is unproven", { { 0 } }, 0, VANTAGE_WORKSTATION,
	    "unproven: the configuration names no proof of identity" },
	{ "a variable that equals proves",
	    { { .variable = "VEDETTE_TEST_E", .equals = "staging" } }, 1,
	    VANTAGE_IN_SERVICE,
	    "proven: variable VEDETTE_TEST_E is as it should be" },
	{ "a variable of another value does not, and stays secret",
	    { { .variable = "VEDETTE_TEST_C", .equals = "staging" } }, 1,
	    VANTAGE_WORKSTATION,
	    "unproven: variable VEDETTE_TEST_C is not as it should be" },
	{ "a variable that is not set does not",
	    { { .variable = "VEDETTE_TEST_NONE", .equals = "x" } }, 1,
	    VANTAGE_WORKSTATION,
	    "unproven: variable VEDETTE_TEST_NONE is not set" },
	{ "a host name that matches proves", { { .hostname = "*" } }, 1,
	    VANTAGE_IN_SERVICE, "proven: host name %s matches *" },
	{ "a host name that does not match does not",
	    { { .hostname = "no-such-host-*" } }, 1, VANTAGE_WORKSTATION,
	    "unproven: host name %s does not match no-such-host-*" },
	{ "an address of ours proves", { { .address = "127.0.0.0/8" } }, 1,
	    VANTAGE_IN_SERVICE, "proven: own address in 127.0.0.0/8" },
	{ "the last bits of a range do not count",
	    { { .address = "127.255.255.255/9" } }, 1, VANTAGE_WORKSTATION,
	    "unproven: no address in 127.255.255.255/9" },
	{ "a range that ends within a byte is read to the bit",
	    { { .address = "127.127.0.0/9" } }, 1, VANTAGE_IN_SERVICE,
	    "proven: own address in 127.127.0.0/9" },
	{ "an address without a length is that address",
	    { { .address = "127.0.0.1" } }, 1, VANTAGE_IN_SERVICE,
	    "proven: own address in 127.0.0.1" },
	{ "a range of others does not prove",
	    { { .address = "255.255.255.255/32" } }, 1, VANTAGE_WORKSTATION,
	    "unproven: no address in 255.255.255.255/32" },
	{ "all proofs must hold",
	    { { .variable = "VEDETTE_TEST_E", .equals = "staging" },
		{ .address = "255.255.255.255/32" } },
	    2, VANTAGE_WORKSTATION,
	    "unproven: no address in 255.255.255.255/32" },
	{ "all proofs that hold are told",
	    { { .variable = "VEDETTE_TEST_E", .equals = "staging" },
		{ .address = "127.0.0.1/32" } },
	    2, VANTAGE_IN_SERVICE,
	    "proven: variable VEDETTE_TEST_E is as it should be; own "
	    "address in 127.0.0.1/32" },
};

static void
test_standing(void **state)
{
	const struct standing *row = *state;
	struct agent_config config = {
		.identity = (struct proof_config *)(uintptr_t)row->proofs,
		.n_identity = row->n_proofs,
		.claimed = VANTAGE_IN_SERVICE,
	};
	char why[512], expect[512], host[256] = "";
	const char *gap = strstr(row->why, "%s");

	gethostname(host, sizeof(host) - 1);
	if (gap != NULL)
		snprintf(expect, sizeof(expect), "%.*s%s%s",
		    (int)(gap - row->why), row->why, host, gap + 2);
	else
		snprintf(expect, sizeof(expect), "%s", row->why);
	assert_int_equal(
	    identity_prove(&config, why, sizeof(why)), row->expect);
	assert_string_equal(why, expect);
	assert_null(strstr(why, CANARY));
}

static const struct form {
	const char *name;
	struct proof_config proof;
	int expect;
} forms[] = {
	{ "an IPv6 range is a proof", { .address = "2001:db8::/32" }, 0 },
	{ "129 bits are too many", { .address = "2001:db8::/129" }, -1 },
	{ "a length is a number", { .address = "10.0.0.0/+8" }, -1 },
	{ "a length is not empty", { .address = "10.0.0.0/" }, -1 },
	{ "a host is no range", { .address = "host/8" }, -1 },
	{ "three numbers are no address", { .address = "10.0.0/8" }, -1 },
	{ "a very long address is refused",
	    { .address = "1111:1111:1111:1111:1111:1111:1111:1111:1111:1111" },
	    -1 },
	{ "an empty variable is refused", { .variable = "", .equals = "x" },
	    -1 },
	{ "equals alone is refused", { .equals = "x" }, -1 },
};

static void
test_form(void **state)
{
	const struct form *row = *state;
	struct err err;

	assert_int_equal(identity_check(&row->proof, &err), row->expect);
}

int
main(void)
{
	setenv("VEDETTE_TEST_E", "staging", 1);
	setenv("VEDETTE_TEST_C", CANARY, 1);
	unsetenv("VEDETTE_TEST_NONE");
	return TABLE_RUN(standings, test_standing) +
	    TABLE_RUN(forms, test_form);
}
