/*
 * dns_hosts.h - what the host's own file says of a name.
 *
 * A line left behind in /etc/hosts wins over every name server, and none of
 * them knows.  Pure: the text of the file in, its addresses out.
 */
#ifndef AGENT_PROBES_DNS_HOSTS_H
#define AGENT_PROBES_DNS_HOSTS_H

/* The addresses of name in the order of the file, joined by ", "; owned by
 * the caller.  NULL when the file does not speak of it. */
char *dns_hosts_find(const char *text, const char *name);

#endif
