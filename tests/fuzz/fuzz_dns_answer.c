/* The answer of a name server: the first byte chooses the type, the rest is
 * the message. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "agent/probes/dns_answer.h"

int
LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
	static const char *const types[] = { "A", "AAAA", "CNAME", "MX", "TXT",
		"SRV" };
	struct dns_answer answer;
	int type;

	if (n == 0)
		return 0;
	type = dns_type_parse(types[bytes[0] % 6]);
	if (dns_answer_read(&answer, bytes + 1, n - 1, type) < 0) {
		assert(answer.n_records == 0);
		return 0;
	}
	assert(answer.n_records <= DNS_RECORDS_MAX);
	for (size_t i = 1; i < answer.n_records; i++)
		assert(strcmp(answer.records[i - 1], answer.records[i]) < 0);
	dns_answer_fini(&answer);
	return 0;
}
