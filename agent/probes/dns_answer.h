/*
 * dns_answer.h - reads the answer section of a DNS message (RFC 1035).
 *
 * The bytes come from anybody.
 */
#ifndef AGENT_PROBES_DNS_ANSWER_H
#define AGENT_PROBES_DNS_ANSWER_H

#include <stddef.h>
#include <stdint.h>

/* The number of a type, "A" "AAAA" "CNAME" "MX" "TXT" "SRV"; -1 for others. */
int dns_type_parse(const char *name);

#define DNS_RECORDS_MAX 64

/* The records of one type, as text, sorted and each once; owned. */
struct dns_answer {
	char *records[DNS_RECORDS_MAX]; /* "192.0.2.7", "10 mx.test" ... */
	size_t n_records;
	uint32_t ttl_s; /* the least of all records on the way */
};

/* Returns -1, and nothing in out, when the message makes no sense.  Records
 * past DNS_RECORDS_MAX are left out. */
int dns_answer_read(
    struct dns_answer *out, const unsigned char *message, size_t n, int type);

void dns_answer_fini(struct dns_answer *answer);

#endif
