#include <stddef.h>

#include "agent/hints.h"

#define DIG  "dig {server} {name} {type}"
#define NC   "nc -vz -w 10 {host} {port}"
#define PSQL "psql {conninfo} -c "
#define TLS                                                              \
	"openssl s_client -connect {host}:{port} -servername {host} "    \
	"</dev/null | openssl x509 -noout -subject -issuer -dates -ext " \
	"subjectAltName"
#define REDIS "redis-cli -h {host} -p {port} "
#define ARGV  "{argv}"
#define CURL  "curl -sS -o /dev/null -D - --max-time 10 {url}"

const struct hint hints[] = {
	{ "env", "", REASON_MISSING,
	    "the process runs without it: set it where that process is "
	    "started, then restart it",
	    "{names}" },
	{ "env", "", REASON_SHAPE,
	    "it is set, but not usable as it is: correct it where that "
	    "process is started",
	    "{names}" },
	{ "env", "", REASON_ANSWER,
	    "two values do not stand as they must to each other, or the file "
	    "was edited and the process was not restarted since: the message "
	    "says which",
	    "{names}" },
	{ "env", "", REASON_FORBIDDEN,
	    "it must not be set here: remove it where that process is started",
	    "{names}" },
	{ "env", "", REASON_PROCESS,
	    "the process to look at is not running, or is not the one that "
	    "source names",
	    "{process}" },
	{ "env", "", REASON_DENIED,
	    "the agent may not read the environment of that process: run it "
	    "as the same user, or with CAP_SYS_PTRACE",
	    "{process}" },
	{ "exec", "", REASON_EXIT,
	    "the program itself says so: see all that it has to say", ARGV },
	{ "exec", "", REASON_EMPTY,
	    "an exit code without a word is no answer: is this a plug-in?",
	    ARGV },
	{ "exec", "", REASON_MISSING,
	    "there is no such program here: install it, or write its path",
	    "{find}" },
	{ "exec", "", REASON_DENIED,
	    "the agent's user may not run it: see its owner and mode",
	    "{find}" },
	{ "exec", "", REASON_LIMIT,
	    "a plug-in says a line or two; this says more than anybody reads",
	    ARGV " | head -c 400" },
	{ "exec", "", REASON_INTERNAL,
	    "the program fell over, or needs what it was not given", ARGV },
	{ "exec", "", REASON_TIMEOUT,
	    "the program does not end: give it a limit of its own, below the "
	    "probe's, so that it can say what it waits for",
	    ARGV },
	{ "icmp", "", REASON_LOSS,
	    "the host, or something on the way, drops echo requests: some do "
	    "by rule; a tcp probe tells whether a service is there",
	    "ping -c 5 {host}" },
	{ "icmp", "", REASON_UNREACHABLE,
	    "no way there from here: routing, or a host that is down",
	    "ip route get {host}" },
	{ "icmp", "", REASON_DENIED,
	    "a setting of this host keeps the agent from asking; it says "
	    "nothing of the other one",
	    "sysctl net.ipv4.ping_group_range" },
	{ "host", "judge", REASON_KILLED,
	    "the kernel has killed processes because memory ran out: of the "
	    "host, or of a control group that is limited; its log names them",
	    "journalctl -k -g 'out of memory|oom'" },
	{ "host", "judge", REASON_THRESHOLD,
	    "this host runs out of something: the message says of what",
	    "df -h; df -i; free -h; uptime" },
	{ "host", "disks", REASON_MISSING,
	    "a disk is not where it should be: is it mounted?", "findmnt" },
	{ "host", "disks", REASON_TIMEOUT,
	    "a file system of another host does not answer: look at its "
	    "server; whoever touches it here hangs as well",
	    "findmnt -t nfs,nfs4,cifs,fuse" },
	{ "log", "", REASON_ERRORS,
	    "errors of a kind that was not in this log before: what changed "
	    "shortly before the first of them?",
	    "{log}" },
	{ "log", "", REASON_THRESHOLD,
	    "more errors than usual, of kinds that are known", "{log}" },
	{ "log", "", REASON_STALE,
	    "nobody writes there any more: does the process run, does it log "
	    "elsewhere, is its disk full?",
	    "{log}" },
	{ "log", "", REASON_SKIPPED,
	    "which errors are new is known after an earlier run of the "
	    "daemon; a check keeps nothing",
	    "{log}" },
	{ "log", "", REASON_MISSING,
	    "there is no log of this name: is it right, and does the process "
	    "log there?",
	    "{log}" },
	{ "log", "", REASON_DENIED,
	    "the agent's user may not read it: group adm, or "
	    "systemd-journal, usually may",
	    "{log}" },
	{ "gcp.secret", "access", REASON_DENIED,
	    "the identity of the service may not read the secret, or its "
	    "credential is refused: the message says which",
	    "gcloud secrets get-iam-policy SECRET" },
	{ "gcp.sql", "check", REASON_ANSWER,
	    "the instance does not run: RUNNABLE with policy ALWAYS would "
	    "acquit it, NEVER means that its owner has stopped it",
	    "gcloud sql instances describe INSTANCE "
	    "--format='value(state,settings.activationPolicy)'" },
	{ "gcp.vpc_connector", "check", REASON_ANSWER,
	    "services reach nothing behind this connector while it is in this "
	    "state",
	    "gcloud compute networks vpc-access connectors describe "
	    "CONNECTOR --region REGION" },
	{ "gcp.run", "check", REASON_ANSWER,
	    "the platform does not run what was deployed last: see the log of "
	    "that revision",
	    "gcloud run revisions list --service SERVICE --region REGION" },
	{ "gcp.secret", "check", REASON_ANSWER,
	    "this version cannot be read by anybody: enable it, or add another",
	    "gcloud secrets versions list SECRET" },
	{ "", "credential", REASON_DENIED,
	    "the probe's own credential is refused: this says nothing of what "
	    "it looks at",
	    "{again}" },
	{ "", "state", REASON_DENIED,
	    "the probe's own credential may not look: this says nothing of "
	    "what it looks at",
	    "{again}" },
	{ "journey", "", REASON_STATUS,
	    "a user would stand still at this step: see the server's log at "
	    "this time; the steps before it work",
	    "{again}" },
	{ "journey", "", REASON_ANSWER,
	    "the step is answered, but not with what a user needs: see the "
	    "server's log at this time; the steps before it work",
	    "{again}" },
	{ "journey", "", REASON_EMPTY, "the step is answered without content",
	    "{again}" },
	{ "journey", "", REASON_TIMEOUT,
	    "no answer at this step within the limit of the whole way; its "
	    "phases say where the time went",
	    "{again}" },
	{ "settings", "", REASON_ANSWER,
	    "a setting is not what it must be: correct it where the message "
	    "says it is in force, and restart what read the old one",
	    "{again}" },
	{ "settings", "", REASON_MISSING,
	    "a setting, or the file that declares it, is not there: what is "
	    "in force then is the program's own default",
	    "{again}" },
	{ "settings", "", REASON_PROCESS,
	    "the process whose settings count is not running: nothing is in "
	    "force",
	    "{again}" },
	{ "settings", "read", REASON_TIMEOUT,
	    "a source of settings does not answer; the others were looked at",
	    "{again}" },
	{ "dns", "", REASON_NXDOMAIN,
	    "this name server knows no such name: misspelt, or in a zone that "
	    "cannot be seen from here",
	    DIG },
	{ "dns", "", REASON_SERVFAIL,
	    "the name server could not find out: look at it, or at the one it "
	    "asks",
	    DIG },
	{ "dns", "", REASON_NO_ADDRESS,
	    "the name exists, without a record of this type", DIG },
	{ "dns", "", REASON_ANSWER,
	    "the name leads elsewhere than expected: a changed record, or "
	    "another zone",
	    DIG },
	{ "dns", "", REASON_TIMEOUT,
	    "no answer from the name server: is port 53 open from here?", DIG },
	{ "", "", REASON_NXDOMAIN,
	    "the name does not exist here: misspelt, or in a zone that cannot "
	    "be seen from here",
	    "getent ahosts {host}" },
	{ "", "", REASON_SERVFAIL, "the name server could not find out",
	    "getent ahosts {host}" },
	{ "", "", REASON_NO_ADDRESS, "the name exists, without an address",
	    "getent ahosts {host}" },
	{ "", "resolve", REASON_TIMEOUT, "no answer from the name server",
	    "getent ahosts {host}" },
	{ "", "", REASON_REFUSED,
	    "the host answers, but nothing listens on that port: is the "
	    "server running there, and on this port?",
	    NC },
	{ "", "", REASON_RESET,
	    "closed by the other side, or by something in between: see its "
	    "log",
	    NC },
	{ "", "", REASON_UNREACHABLE,
	    "no way there from here: routing, egress settings, or a host that "
	    "is down",
	    "ip route get $(getent ahosts {host} | head -n 1 | cut -d' ' "
	    "-f1)" },
	{ "postgres", "query", REASON_TIMEOUT,
	    "connected, but the query did not end in time: locks, or load",
	    PSQL "\"select state, wait_event_type, left(query, 60) from "
		 "pg_stat_activity where state <> 'idle'\"" },
	{ "", "", REASON_TIMEOUT,
	    "no answer within the limit: a firewall or an egress setting that "
	    "drops it, or load; a longer limit helps only if a slow success "
	    "was ever seen",
	    NC },
	{ "", "", REASON_CERTIFICATE,
	    "the certificate is not acceptable: expired, for another name, or "
	    "by an authority that is not trusted",
	    TLS },
	{ "", "", REASON_HANDSHAKE,
	    "TLS did not come about: not TLS at that port, or no version in "
	    "common",
	    TLS },
	{ "", "", REASON_EXPIRED,
	    "the certificate is out of its time: renew it, and see that the "
	    "server has read the new one",
	    TLS },
	{ "", "", REASON_WRONG_NAME,
	    "the certificate is for somebody else: is this the right host, "
	    "and does it know the name it is asked for?",
	    TLS },
	{ "", "", REASON_AUTHORITY,
	    "signed by nobody that is trusted here: a certificate in between "
	    "that the server does not send, or the authority belongs into "
	    "ca_file",
	    "openssl s_client -connect {host}:{port} -servername {host} "
	    "-showcerts </dev/null" },
	{ "tls", "", REASON_THRESHOLD,
	    "it will expire soon: renew it, or see why that did not happen by "
	    "itself",
	    TLS },
	{ "http", "", REASON_STATUS,
	    "the server answers with another status than expected: see its "
	    "log, and whether this is the right URL",
	    CURL },
	{ "http", "", REASON_TARGET,
	    "somebody else answers at this address: correct the URL, or where "
	    "its name leads; this is no outage of the service",
	    "curl -sS --max-time 10 {url} | head -c 400" },
	{ "http", "", REASON_ANSWER,
	    "the status is right, the content is not: is this the right URL?",
	    "curl -sS --max-time 10 {url} | head -c 400" },
	{ "http", "", REASON_EMPTY, "an answer without content", CURL },
	{ "http", "", REASON_LIMIT, "the answer is larger than max_bytes",
	    CURL },
	{ "postgres", "", REASON_PASSWORD,
	    "the server is reachable and refuses this password: compare it "
	    "with what the server was told last",
	    PSQL "'select 1'" },
	{ "postgres", "", REASON_ROLE,
	    "this user may not log in from here: the role, or pg_hba.conf",
	    PSQL "'select 1'" },
	{ "postgres", "", REASON_DATABASE,
	    "the server has no database of this name", PSQL "'\\l'" },
	{ "postgres", "", REASON_PRIVILEGE,
	    "the user lacks a privilege that the query needs", PSQL "'\\dp'" },
	{ "postgres", "sessions", REASON_EXHAUSTED,
	    "nearly all connections are taken: the attributes sessions:NAME "
	    "say by whom; what grew since a release is a leak",
	    PSQL "'select application_name, usename, state, count(*) from "
		 "pg_stat_activity group by 1, 2, 3 order by 4 desc'" },
	{ "postgres", "sessions", REASON_CANCELLED,
	    "sessions wait for what another one holds: the message says "
	    "whose it is; let its owner end it",
	    PSQL "'select pid, usename, application_name, state, "
		 "pg_blocking_pids(pid) from pg_stat_activity'" },
	{ "postgres", "write", REASON_EXHAUSTED,
	    "reading works, writing does not: the volume of the server is "
	    "full, or memory is short",
	    PSQL "'\\l+'" },
	{ "postgres", "", REASON_EXHAUSTED,
	    "the server is out of slots, memory or disk",
	    PSQL "'select count(*), max(current_setting($$max_connections$$)) "
		 "from pg_stat_activity'" },
	{ "postgres", "", REASON_STARTING,
	    "the server is starting or stopping: see its log if that lasts",
	    "pg_isready -h {host} -p {port}" },
	{ "postgres", "", REASON_READ_ONLY,
	    "a read-only server: a standby, a fail-over under way, or a "
	    "setting",
	    PSQL "'select pg_is_in_recovery(), "
		 "current_setting($$default_transaction_read_only$$)'" },
	{ "postgres", "", REASON_SCHEMA,
	    "a table, column or function is not there: was it migrated?",
	    PSQL "'\\d'" },
	{ "redis", "", REASON_PASSWORD,
	    "the server is reachable and refuses this login: compare it with "
	    "requirepass or the ACL there",
	    REDIS "ping" },
	{ "redis", "", REASON_PRIVILEGE,
	    "the user lacks a right that this command needs",
	    REDIS "acl whoami" },
	{ "redis", "", REASON_ROLE,
	    "protected mode: the server answers nobody from outside without a "
	    "password or a bind of its own",
	    REDIS "ping" },
	{ "redis", "", REASON_DATABASE,
	    "the server has no database of this number",
	    REDIS "config get databases" },
	{ "redis", "", REASON_STARTING,
	    "the server still reads its data: see its log if that lasts",
	    REDIS "info persistence" },
	{ "redis", "", REASON_EXHAUSTED,
	    "out of memory, of disk, or of room for clients: the message says "
	    "which",
	    REDIS "info memory" },
	{ "redis", "", REASON_READ_ONLY,
	    "a replica takes no writes: is this the right server, or is a "
	    "fail-over under way?",
	    REDIS "info replication" },
	{ "redis", "", REASON_STALE,
	    "the replica does not reach its primary: look from there",
	    REDIS "info replication" },
	{ "redis", "server", REASON_ANSWER,
	    "not the role it should have: is this the right server, or was "
	    "there a fail-over?",
	    REDIS "info replication" },
	{ "redis", "", REASON_PROTOCOL,
	    "what listens there is no redis, or wants TLS", NC },
	{ "", "", REASON_MISSING,
	    "something that the probe needs is not there: the message says "
	    "what",
	    "{again}" },
	{ "", "", REASON_INTERNAL,
	    "the probe itself is at fault; this says nothing of its target",
	    "{again}" },
	{ 0 },
};
