#include "tests/support/table.h"

#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "proto/base/mem.h"
#include "tests/support/chain.h"
#include "tests/support/edge_caller.h"
#include "tests/support/edge_host.h"
#include "tests/support/edge_rest.h"
#include "tests/support/folder.h"
#include "tests/support/raw_peer.h"

#define SERVER_AUTH "serverAuth"
#define CLIENT_AUTH "clientAuth"
#define AGENT       "URI:vedette://staging/stg-1"
#define REVOKED     66

static const struct edge_limits no_limits = { .frame_bytes = 0 };

/* A folder with two CAs, and a listening edge of the first. */
struct stage {
	struct folder folder;
	struct chain_ca ca, rogue;
	struct edge_host host;
	struct arena *paths;
	char url[256];
};

static const char *
path_of(struct stage *stage, const char *name)
{
	char path[FOLDER_PATH_BYTES];

	return arena_strdup(
	    stage->paths, folder_path(path, &stage->folder, name));
}

/* The files NAME.pem and NAME.key, with our CA. */
static struct edge_tls
files_of(struct stage *stage, const char *name, const char *revoked)
{
	char file[64];
	struct edge_tls tls = { .ca_file = path_of(stage, "ca.pem") };

	snprintf(file, sizeof(file), "%s.pem", name);
	tls.certificate_file = path_of(stage, file);
	snprintf(file, sizeof(file), "%s.key", name);
	tls.key_file = path_of(stage, file);
	if (revoked != NULL)
		tls.revoked_file = path_of(stage, revoked);
	return tls;
}

static void
stage_open(struct stage *stage, const struct chain_leaf *server, bool is_rogue)
{
	struct edge_tls tls;
	struct host_door door = { .url = "tls+tcp://127.0.0.1:0", .tls = &tls };

	memset(stage, 0, sizeof(*stage));
	stage->paths = arena_new(0);
	folder_open(&stage->folder);
	chain_ca_init(&stage->ca, "the CA");
	chain_ca_init(&stage->rogue, "the CA"); /* even by the same name */
	chain_write_ca(&stage->ca, &stage->folder, "ca.pem");
	chain_write_crl(&stage->ca, &stage->folder, "crl.pem", REVOKED);
	chain_write_leaf(is_rogue ? &stage->rogue : &stage->ca, &stage->folder,
	    "server", server);
	host_open(&stage->host, &no_limits, false);
	tls = files_of(stage, "server", "crl.pem");
	host_call(&stage->host, host_do_listen, &door);
	if (door.rc < 0)
		fail_msg("%s", door.err.text);
	snprintf(stage->url, sizeof(stage->url), "%s", door.out);
}

static void
stage_close(struct stage *stage)
{
	host_close(&stage->host);
	chain_ca_fini(&stage->ca);
	chain_ca_fini(&stage->rogue);
	folder_close(&stage->folder);
	arena_free(stage->paths);
}

static const struct chain_leaf good_server = { "DNS:collector.test",
	SERVER_AUTH, 2, -1, 30 };

/* Dials as the files of that name; the server must be server_name. */
static void
dial(struct caller *caller, struct stage *stage, const char *name,
    const char *server_name)
{
	const struct edge_tls tls = files_of(stage, name, NULL);
	const char *urls[1] = { stage->url };

	caller_open(caller,
	    (struct edge_client_setup){ .inside_address = "inproc://tls",
		.urls = urls,
		.n_urls = 1,
		.tls = &tls,
		.server_name = server_name });
}

/* --- who may come in ------------------------------------------------------ */

static const struct visitor {
	const char *name;
	struct chain_leaf leaf;
	bool is_rogue;
	const char *identity; /* NULL: refused */
	const char *why;      /* how the server puts it */
} visitors[] = {
	{ "an agent comes in as what its certificate says",
	    { AGENT, CLIENT_AUTH, 3, -1, 30 }, false, "vedette://staging/stg-1",
	    NULL },
	{ "a person comes in as what the certificate says",
	    { "DNS:laptop,URI:vedette://user/ann", CLIENT_AUTH, 3, -1, 30 },
	    false, "vedette://user/ann", NULL },
	{ "a certificate of a CA by the same name is refused",
	    { AGENT, CLIENT_AUTH, 3, -1, 30 }, true, NULL,
	    "certificate of vedette://staging/stg-1: "
	    "certificate signature failure" },
	{ "an expired certificate is refused",
	    { AGENT, CLIENT_AUTH, 3, -9, -1 }, false, NULL,
	    "certificate of vedette://staging/stg-1: certificate has expired" },
	{ "a certificate of the future is refused",
	    { AGENT, CLIENT_AUTH, 3, 1, 30 }, false, NULL,
	    "certificate of vedette://staging/stg-1: "
	    "certificate is not yet valid" },
	{ "a revoked certificate is refused",
	    { AGENT, CLIENT_AUTH, REVOKED, -1, 30 }, false, NULL,
	    "certificate of vedette://staging/stg-1: certificate revoked" },
	{ "a server's certificate is no agent's",
	    { AGENT, SERVER_AUTH, 3, -1, 30 }, false, NULL,
	    "certificate of vedette://staging/stg-1: "
	    "unsuitable certificate purpose" },
	{ "a certificate without an identity is refused",
	    { "DNS:stg-1.test", CLIENT_AUTH, 3, -1, 30 }, false, NULL,
	    "certificate of /CN=visitor: it needs one SAN URI" },
	{ "a certificate with two identities is refused",
	    { AGENT ",URI:vedette://production/prod-1", CLIENT_AUTH, 3, -1,
		30 },
	    false, NULL, "certificate of /CN=visitor: it needs one SAN URI" },
	{ "an identity without an agent is refused",
	    { "URI:vedette://staging", CLIENT_AUTH, 3, -1, 30 }, false, NULL,
	    "certificate of /CN=visitor: it needs one SAN URI" },
	{ "an identity with a third part is refused",
	    { "URI:vedette://staging/a/b", CLIENT_AUTH, 3, -1, 30 }, false,
	    NULL, "certificate of /CN=visitor: it needs one SAN URI" },
	{ "an identity of another scheme is refused",
	    { "URI:https://staging/stg-1", CLIENT_AUTH, 3, -1, 30 }, false,
	    NULL, "certificate of /CN=visitor: it needs one SAN URI" },
};

/* Waits until the server counts a refused certificate. */
static void
expect_refusal(struct stage *stage, struct caller *caller, const char *why)
{
	char refusal[sizeof(stage->host.refusal)];

	caller_run_until(caller, &caller->downs, 1);
	assert_true(host_counts(&stage->host).certificate_refused >= 1);
	host_call(&stage->host, host_do_refusal, refusal);
	if (strncmp(refusal, why, strlen(why)) != 0)
		fail_msg("refused because of \"%s\"", refusal);
}

static void
test_visitor(void **state)
{
	const struct visitor *row = *state;
	struct caller caller;
	struct stage stage;
	nng_socket req;

	stage_open(&stage, &good_server, false);
	chain_write_leaf(row->is_rogue ? &stage.rogue : &stage.ca,
	    &stage.folder, "visitor", &row->leaf);
	dial(&caller, &stage, "visitor", "collector.test");
	if (row->identity == NULL) {
		expect_refusal(&stage, &caller, row->why);
		assert_int_equal(host_counts(&stage.host).frames_in, 0);
	} else {
		caller_run_until(&caller, &caller.ups, 1);
		req = open_req("inproc://tls");
		expect_who(&caller, req, row->identity);
		expect_echo_by(&caller, req, 200000);
		nng_close(req);
		assert_int_equal(
		    host_counts(&stage.host).certificate_refused, 0);
	}
	caller_close(&caller);
	stage_close(&stage);
}

/* --- whom we trust --------------------------------------------------------- */

static const struct server {
	const char *name;
	struct chain_leaf leaf;
	bool is_rogue;
	const char *server_name;
	const char *why; /* NULL: trusted */
} servers[] = {
	{ "a server is known by its name",
	    { "DNS:collector.test", SERVER_AUTH, 2, -1, 30 }, false,
	    "collector.test", NULL },
	{ "a server is known by its address",
	    { "IP:127.0.0.1", SERVER_AUTH, 2, -1, 30 }, false, NULL, NULL },
	{ "another name is refused",
	    { "DNS:other.test", SERVER_AUTH, 2, -1, 30 }, false,
	    "collector.test",
	    "certificate of /CN=server: hostname mismatch; "
	    "it must be for collector.test" },
	{ "another address is refused",
	    { "IP:127.0.0.2", SERVER_AUTH, 2, -1, 30 }, false, NULL,
	    "certificate of /CN=server: IP address mismatch; "
	    "it must be for 127.0.0.1" },
	{ "a common name is no name", { NULL, SERVER_AUTH, 2, -1, 30 }, false,
	    "server",
	    "certificate of /CN=server: hostname mismatch; "
	    "it must be for server" },
	{ "an agent cannot pose as the server",
	    { "DNS:collector.test," AGENT, CLIENT_AUTH, 2, -1, 30 }, false,
	    "collector.test",
	    "certificate of vedette://staging/stg-1: "
	    "unsuitable certificate purpose" },
	{ "a server with an expired certificate is refused",
	    { "DNS:collector.test", SERVER_AUTH, 2, -9, -1 }, false,
	    "collector.test",
	    "certificate of /CN=server: certificate has expired" },
	{ "a server of another CA is refused",
	    { "DNS:collector.test", SERVER_AUTH, 2, -1, 30 }, true,
	    "collector.test",
	    "certificate of /CN=server: certificate signature failure" },
};

static void
test_server(void **state)
{
	static const struct chain_leaf agent = { AGENT, CLIENT_AUTH, 3, -1,
		30 };
	const struct server *row = *state;
	struct caller caller;
	struct stage stage;

	stage_open(&stage, &row->leaf, row->is_rogue);
	chain_write_leaf(&stage.ca, &stage.folder, "agent", &agent);
	dial(&caller, &stage, "agent", row->server_name);
	if (row->why == NULL) {
		caller_run_until(&caller, &caller.ups, 1);
	} else {
		caller_run_until(&caller, &caller.downs, 1);
		assert_string_equal(caller.why.text, row->why);
		assert_int_equal(caller.ups, 0);
	}
	caller_close(&caller);
	stage_close(&stage);
}

/* --- strangers that speak TLS ---------------------------------------------- */

static const struct stranger {
	const char *name;
	int min_version, max_version;
	bool has_certificate;
	bool is_let_in;
} strangers[] = {
	{ "a peer of TLS 1.3 with a certificate is let in", TLS1_3_VERSION,
	    TLS1_3_VERSION, true, true },
	{ "a peer without a certificate is not let in", TLS1_3_VERSION,
	    TLS1_3_VERSION, false, false },
	{ "a peer of TLS 1.2 is not let in", TLS1_2_VERSION, TLS1_2_VERSION,
	    true, false },
};

static void
test_stranger(void **state)
{
	static const struct chain_leaf agent = { AGENT, CLIENT_AUTH, 3, -1,
		30 };
	static const unsigned char hello[8] = { 0, 'S', 'P', 0, 0, 0x30, 0, 0 };
	const struct stranger *row = *state;
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	unsigned char answer[8] = { 0 };
	struct stage stage;
	bool is_let_in;
	SSL *ssl;
	int fd;

	stage_open(&stage, &good_server, false);
	chain_write_leaf(&stage.ca, &stage.folder, "agent", &agent);
	SSL_CTX_set_min_proto_version(context, row->min_version);
	SSL_CTX_set_max_proto_version(context, row->max_version);
	if (row->has_certificate) {
		SSL_CTX_use_certificate_file(
		    context, path_of(&stage, "agent.pem"), SSL_FILETYPE_PEM);
		SSL_CTX_use_PrivateKey_file(
		    context, path_of(&stage, "agent.key"), SSL_FILETYPE_PEM);
	}
	ssl = SSL_new(context);
	fd = raw_connect(stage.url);
	SSL_set_fd(ssl, fd);
	/* In TLS 1.3 a client is told only when it reads. */
	is_let_in = SSL_connect(ssl) == 1 &&
	    SSL_write(ssl, hello, sizeof(hello)) == sizeof(hello) &&
	    SSL_read(ssl, answer, sizeof(answer)) == sizeof(answer);
	assert_int_equal(is_let_in, row->is_let_in);
	if (is_let_in)
		assert_int_equal(answer[5], 0x31);
	else
		assert_int_equal(
		    host_counts(&stage.host).handshakes_refused, 1);
	SSL_free(ssl);
	SSL_CTX_free(context);
	close(fd);
	stage_close(&stage);
}

/* --- silence ------------------------------------------------------------------ */

#define SILENT 40

/* Half of them say nothing, half begin a ClientHello. */
static void
test_silent(void **state)
{
	static const struct edge_limits limits = { .handshake_ms = 300 };
	static const unsigned char begun[] = { 0x16, 3, 1, 2, 0, 1, 0 };
	struct edge_host host;
	struct stage stage;
	struct edge_tls tls;
	struct host_door door = { .url = "tls+tcp://127.0.0.1:0", .tls = &tls };
	int fds[SILENT];

	(void)state;
	stage_open(&stage, &good_server, false);
	tls = files_of(&stage, "server", NULL);
	host_open(&host, &limits, false);
	host_call(&host, host_do_listen, &door);
	assert_int_equal(door.rc, 0);
	for (int i = 0; i < SILENT; i++) {
		assert_true((fds[i] = raw_connect(door.out)) >= 0);
		assert_true(raw_send(fds[i], begun, i % 2 * sizeof(begun)));
	}
	for (int i = 0; i < SILENT; i++) {
		assert_true(raw_is_closed(fds[i]));
		close(fds[i]);
	}
	assert_int_equal(host_counts(&host).handshakes_late, SILENT);
	assert_int_equal(host_counts(&host).open, 0);
	host_close(&host);
	stage_close(&stage);
}

/* --- leaving at every byte --------------------------------------------------- */

/* A client whose bytes go through memory, so that they can be cut anywhere. */
struct cutter {
	SSL *ssl;
	BIO *in, *out;
	int fd;
	size_t left; /* bytes that are still sent */
};

/* Sends what OpenSSL has written, up to the cut; false at the cut. */
static bool
push(struct cutter *cutter)
{
	char bytes[4096];
	size_t n;

	while (BIO_ctrl_pending(cutter->out) > 0) {
		n = cutter->left < sizeof(bytes) ? cutter->left : sizeof(bytes);
		if (n == 0)
			return false;
		n = (size_t)BIO_read(cutter->out, bytes, (int)n);
		assert_true(raw_send(cutter->fd, bytes, n));
		cutter->left -= n;
	}
	return true;
}

static void
pull(struct cutter *cutter)
{
	char bytes[4096];
	ssize_t n = recv(cutter->fd, bytes, sizeof(bytes), 0);

	assert_true(n > 0);
	BIO_write(cutter->in, bytes, (int)n);
}

/* Goes through a whole session, unless cut; returns what was not sent. */
static size_t
run_session(struct stage *stage, SSL_CTX *context, size_t cut, bool is_reset)
{
	unsigned char session[RAW_SESSION_MAX], answer[RAW_SESSION_MAX];
	size_t n = raw_session(session, false);
	struct cutter cutter = { .left = cut };
	int rc;

	cutter.fd = raw_connect(stage->url);
	assert_true(cutter.fd >= 0);
	cutter.in = BIO_new(BIO_s_mem());
	cutter.out = BIO_new(BIO_s_mem());
	cutter.ssl = SSL_new(context);
	SSL_set_bio(cutter.ssl, cutter.in, cutter.out);
	while ((rc = SSL_connect(cutter.ssl)) != 1) {
		if (!push(&cutter))
			goto out;
		pull(&cutter);
	}
	SSL_write(cutter.ssl, session, (int)n);
	if (!push(&cutter))
		goto out;
	for (size_t got = 0; got < n;) {
		rc = SSL_read(cutter.ssl, answer + got, (int)(n - got));
		if (rc > 0)
			got += (size_t)rc;
		else
			pull(&cutter);
	}
	assert_memory_equal(answer + 8, session + 8, n - 8);
out:
	SSL_free(cutter.ssl);
	raw_close(cutter.fd, is_reset);
	return cutter.left;
}

static void
test_leaver(void **state)
{
	static const struct chain_leaf agent = { AGENT, CLIENT_AUTH, 3, -1,
		30 };
	SSL_CTX *context = SSL_CTX_new(TLS_client_method());
	struct stage stage;
	struct base base;
	size_t whole;

	(void)state;
	stage_open(&stage, &good_server, false);
	chain_write_leaf(&stage.ca, &stage.folder, "agent", &agent);
	SSL_CTX_use_certificate_file(
	    context, path_of(&stage, "agent.pem"), SSL_FILETYPE_PEM);
	SSL_CTX_use_PrivateKey_file(
	    context, path_of(&stage, "agent.key"), SSL_FILETYPE_PEM);
	whole = SIZE_MAX - run_session(&stage, context, SIZE_MAX, false);
	base = measure(&stage.host);
	for (size_t cut = 0; cut < whole; cut++) {
		run_session(&stage, context, cut, false);
		run_session(&stage, context, cut, true);
		if (cut % 500 != 499)
			continue;
		run_session(&stage, context, SIZE_MAX, false);
		expect_base(&stage.host, &base);
	}
	run_session(&stage, context, SIZE_MAX, false);
	expect_base(&stage.host, &base);
	SSL_CTX_free(context);
	stage_close(&stage);
}

/* --- reading the files again ------------------------------------------------ */

struct reload {
	struct err err;
	int rc;
};

static void
do_reload(struct edge_host *host, void *arg)
{
	struct reload *reload = arg;

	reload->rc = edge_server_reload(host->server, &reload->err);
}

static void
test_reload(void **state)
{
	static const struct chain_leaf agent = { AGENT, CLIENT_AUTH, 3, -1,
		30 };
	static const struct chain_leaf other = { "URI:vedette://staging/stg-2",
		CLIENT_AUTH, 4, -1, 30 };
	struct caller caller;
	struct stage stage;
	struct reload reload;
	nng_socket req;
	char path[FOLDER_PATH_BYTES];

	(void)state;
	stage_open(&stage, &good_server, false);
	chain_write_leaf(&stage.ca, &stage.folder, "agent", &agent);
	chain_write_leaf(&stage.ca, &stage.folder, "other", &other);
	dial(&caller, &stage, "agent", "collector.test");
	caller_run_until(&caller, &caller.ups, 1);
	/* A reload that changes nothing disturbs nobody; a bad one neither. */
	host_call(&stage.host, do_reload, &reload);
	assert_int_equal(reload.rc, 0);
	folder_write(path, &stage.folder, "crl.pem", "nonsense", 8);
	host_call(&stage.host, do_reload, &reload);
	assert_int_equal(reload.rc, -1);
	assert_non_null(strstr(reload.err.text, "crl.pem: no usable CRL"));
	req = open_req("inproc://tls");
	expect_who(&caller, req, "vedette://staging/stg-1");
	assert_int_equal(caller.downs, 0);
	/* Revoked: the connection ends, and there is no other. */
	chain_write_crl(&stage.ca, &stage.folder, "crl.pem", 3);
	host_call(&stage.host, do_reload, &reload);
	assert_int_equal(reload.rc, 0);
	caller_run_until(&caller, &caller.downs, 1);
	assert_true(host_counts(&stage.host).certificate_refused >= 1);
	caller_run_until(&caller, &caller.downs, 3);
	assert_true(host_counts(&stage.host).certificate_refused >= 2);
	/* The agent is given another certificate: the next try has it. */
	nng_close(req);
	assert_int_equal(
	    rename(path_of(&stage, "other.pem"), path_of(&stage, "agent.pem")),
	    0);
	assert_int_equal(
	    rename(path_of(&stage, "other.key"), path_of(&stage, "agent.key")),
	    0);
	caller_run_until(&caller, &caller.ups, 2);
	req = open_req("inproc://tls");
	expect_who(&caller, req, "vedette://staging/stg-2");
	nng_close(req);
	caller_close(&caller);
	stage_close(&stage);
}

static void
test_key_of_others(void **state)
{
	struct stage stage;
	struct edge_tls tls;
	struct host_door door = { .url = "tls+tcp://127.0.0.1:0", .tls = &tls };

	(void)state;
	stage_open(&stage, &good_server, false);
	tls = files_of(&stage, "server", NULL);
	chmod(tls.key_file, 0640);
	host_call(&stage.host, host_do_listen, &door);
	assert_int_equal(door.rc, -1);
	assert_int_equal(door.err.code, ERR_DENIED);
	assert_non_null(strstr(door.err.text, "chmod 600"));
	door.tls = NULL;
	host_call(&stage.host, host_do_listen, &door);
	assert_int_equal(door.rc, -1);
	assert_string_equal(door.err.text,
	    "tls+tcp://127.0.0.1:0 needs certificate, key and CA");
	stage_close(&stage);
}

int
main(void)
{
	static const struct CMUnitTest tests[] = {
		{ "silence in the TLS handshake ends by itself", test_silent,
		    NULL, NULL, NULL },
		{ "leaving at any byte of TLS harms nobody", test_leaver, NULL,
		    NULL, NULL },
		{ "a reload is whole or not at all, and spares the good",
		    test_reload, NULL, NULL, NULL },
		{ "a key that others may read is refused", test_key_of_others,
		    NULL, NULL, NULL },
	};

	rest_prepare();
	return TABLE_RUN(visitors, test_visitor) +
	    TABLE_RUN(servers, test_server) +
	    TABLE_RUN(strangers, test_stranger) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
