#include <arpa/inet.h>
#include <ifaddrs.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/identity.h"
#include "proto/base/text.h"

#define HOST_NAME_BYTES 256

/* An address and how many of its first bits count. */
struct range {
	int family;
	uint8_t bytes[16];
	unsigned n_bits;
};

static int
range_parse(struct range *out, const char *text)
{
	const char *slash = strchr(text, '/');
	char address[INET6_ADDRSTRLEN];
	unsigned long n_bits, n_max;
	char *end;
	size_t n = slash != NULL ? (size_t)(slash - text) : strlen(text);

	if (n >= sizeof(address))
		return -1;
	memcpy(address, text, n);
	address[n] = '\0';
	out->family = strchr(address, ':') != NULL ? AF_INET6 : AF_INET;
	if (inet_pton(out->family, address, out->bytes) != 1)
		return -1;
	n_max = out->family == AF_INET6 ? 128 : 32;
	out->n_bits = (unsigned)n_max;
	if (slash == NULL)
		return 0;
	n_bits = strtoul(slash + 1, &end, 10);
	if (slash[1] < '0' || slash[1] > '9' || *end != '\0' || n_bits > n_max)
		return -1;
	out->n_bits = (unsigned)n_bits;
	return 0;
}

static bool
range_holds(const struct range *range, const uint8_t *bytes)
{
	unsigned whole = range->n_bits / 8, rest = range->n_bits % 8;
	uint8_t mask = (uint8_t)(0xff00 >> rest);

	if (memcmp(range->bytes, bytes, whole) != 0)
		return false;
	return rest == 0 || ((range->bytes[whole] ^ bytes[whole]) & mask) == 0;
}

static bool
is_ours(const struct range *range)
{
	struct ifaddrs *all = NULL;
	bool is_inside = false;
	const void *bytes;

	if (getifaddrs(&all) < 0)
		return false;
	for (struct ifaddrs *at = all; at != NULL && !is_inside;
	     at = at->ifa_next) {
		if (at->ifa_addr == NULL ||
		    at->ifa_addr->sa_family != range->family)
			continue;
		if (range->family == AF_INET)
			bytes = &((const struct sockaddr_in *)(const void *)
				      at->ifa_addr)
				     ->sin_addr;
		else
			bytes = &((const struct sockaddr_in6 *)(const void *)
				      at->ifa_addr)
				     ->sin6_addr;
		is_inside = range_holds(range, bytes);
	}
	freeifaddrs(all);
	return is_inside;
}

int
identity_check(const struct proof_config *proof, struct err *err)
{
	struct range range;
	int n_forms = (proof->variable != NULL || proof->equals != NULL) +
	    (proof->hostname != NULL) + (proof->address != NULL);

	if (n_forms != 1)
		return err_set(err, ERR_INVALID,
		    "must be exactly one proof: variable with equals, "
		    "hostname, or address");
	if ((proof->variable == NULL) != (proof->equals == NULL))
		return err_set(err, ERR_INVALID,
		    "variable and equals go together; write both");
	if (proof->variable != NULL &&
	    (proof->variable[0] == '\0' ||
		strchr(proof->variable, '=') != NULL))
		return err_set(err, ERR_INVALID,
		    "variable must be the name of a variable");
	if (proof->address != NULL && range_parse(&range, proof->address) < 0)
		return err_set(err, ERR_INVALID,
		    "address must be a range such as 10.77.1.0/24");
	return 0;
}

/* Looks at one proof; text becomes what was looked at and found.  The value of
 * a variable is never part of it, nor the one it should have: when the proof
 * holds they are the same. */
static bool
prove(const struct proof_config *proof, struct text *text)
{
	char host[HOST_NAME_BYTES] = "";
	struct range range;
	const char *value;
	bool holds;

	if (proof->variable != NULL) {
		value = getenv(proof->variable);
		holds = value != NULL && strcmp(value, proof->equals) == 0;
		text_addf(text, "variable %s %s", proof->variable,
		    value == NULL ? "is not set"
			: holds   ? "is as it should be"
				  : "is not as it should be");
		return holds;
	}
	if (proof->hostname != NULL) {
		gethostname(host, sizeof(host) - 1);
		holds = text_matches(proof->hostname, host);
		text_addf(text, "host name %s %s %s", host,
		    holds ? "matches" : "does not match", proof->hostname);
		return holds;
	}
	holds = range_parse(&range, proof->address) == 0 && is_ours(&range);
	text_addf(
	    text, "%s address in %s", holds ? "own" : "no", proof->address);
	return holds;
}

enum vantage
identity_prove(const struct agent_config *config, char *why, size_t n)
{
	struct text proven = { 0 }, text = { 0 };
	enum vantage vantage = config->claimed;

	if (config->n_identity == 0) {
		snprintf(why, n,
		    "unproven: the configuration names no proof "
		    "of identity");
		return VANTAGE_WORKSTATION;
	}
	for (uint32_t i = 0; i < config->n_identity; i++) {
		if (!prove(&config->identity[i], &text)) {
			snprintf(why, n, "unproven: %s", text.bytes);
			vantage = VANTAGE_WORKSTATION;
			goto out;
		}
		text_addf(&proven, "%s%s", i > 0 ? "; " : "", text.bytes);
		text_fini(&text);
		text = (struct text){ 0 };
	}
	snprintf(why, n, "proven: %s", proven.bytes);
out:
	text_fini(&text);
	text_fini(&proven);
	return vantage;
}
