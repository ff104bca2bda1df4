#include <arpa/inet.h>
#include <errno.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <uv.h>

#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"
#include "proto/edge_tls.h"

#define SCHEME         "vedette://"
#define IDENTITY_BYTES sizeof(((struct peer *)NULL)->identity)
#define CHAIN_MAX      4

struct tls_context {
	SSL_CTX *ssl;
	BIO_METHOD *bio;
	bool is_listening;
	unsigned refs; /* its owner's and its sessions' */
	char *ca_file, *certificate_file, *key_file, *revoked_file;
};

struct tls {
	SSL *ssl;
	struct tls_context *context;
	const struct clock *clock;
	const char *server_name; /* borrowed */
	char identity[IDENTITY_BYTES];
	struct err refusal; /* of the other side's certificate, by us */
};

/* --- the descriptor ------------------------------------------------------ */

static int
fd_of(BIO *bio)
{
	return (int)(intptr_t)BIO_get_data(bio);
}

/* As BIO_s_socket(), but never raises SIGPIPE. */
static int
bio_write(BIO *bio, const char *bytes, int n)
{
	ssize_t put;

	BIO_clear_retry_flags(bio);
	do
		put = send(fd_of(bio), bytes, (size_t)n, MSG_NOSIGNAL);
	while (put < 0 && errno == EINTR);
	if (put < 0 && errno == EAGAIN)
		BIO_set_retry_write(bio);
	return (int)put;
}

static int
bio_read(BIO *bio, char *to, int room)
{
	ssize_t got;

	BIO_clear_retry_flags(bio);
	do
		got = recv(fd_of(bio), to, (size_t)room, 0);
	while (got < 0 && errno == EINTR);
	if (got < 0 && errno == EAGAIN)
		BIO_set_retry_read(bio);
	return (int)got;
}

static long
bio_ctrl(BIO *bio, int command, long number, void *pointer)
{
	(void)bio;
	(void)number;
	(void)pointer;
	return command == BIO_CTRL_FLUSH;
}

static BIO_METHOD *
bio_method(void)
{
	BIO_METHOD *method =
	    BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "edge");

	if (method == NULL)
		abort(); /* out of memory, as in mem_zalloc() */
	BIO_meth_set_write(method, bio_write);
	BIO_meth_set_read(method, bio_read);
	BIO_meth_set_ctrl(method, bio_ctrl);
	return method;
}

/* --- certificates -------------------------------------------------------- */

/* Is it vedette://NAME/NAME? */
static bool
is_identity(const char *uri)
{
	char name[IDENTITY_BYTES];
	char *slash;

	if (strncmp(uri, SCHEME, strlen(SCHEME)) != 0)
		return false;
	snprintf(name, sizeof(name), "%s", uri + strlen(SCHEME));
	slash = strchr(name, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	return text_is_name(name) && text_is_name(slash + 1);
}

/* Copies the identity of a certificate: the SAN URI of our scheme.  Two of
 * them would be for whoever reads last to choose, so there is one. */
static int
read_identity(char out[IDENTITY_BYTES], X509 *certificate)
{
	GENERAL_NAMES *names =
	    X509_get_ext_d2i(certificate, NID_subject_alt_name, NULL, NULL);
	int found = 0, good = 0;

	for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
		const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
		const ASN1_IA5STRING *uri = name->d.uniformResourceIdentifier;

		if (name->type != GEN_URI ||
		    (size_t)uri->length < strlen(SCHEME) ||
		    memcmp(uri->data, SCHEME, strlen(SCHEME)) != 0)
			continue;
		found++;
		if ((size_t)uri->length >= IDENTITY_BYTES)
			continue;
		memcpy(out, uri->data, (size_t)uri->length);
		out[uri->length] = '\0';
		if (strlen(out) == (size_t)uri->length && is_identity(out))
			good++;
	}
	GENERAL_NAMES_free(names);
	return found == 1 && good == 1 ? 0 : -1;
}

/* Who a certificate says it is of, for a message. */
static void
name_certificate(char out[IDENTITY_BYTES], X509 *certificate)
{
	if (certificate == NULL || read_identity(out, certificate) == 0)
		return;
	X509_NAME_oneline(
	    X509_get_subject_name(certificate), out, IDENTITY_BYTES);
	text_sanitise(out, strlen(out));
}

/* OpenSSL asks for each certificate of the chain; the last is the peer's. */
static int
on_verify(int is_good, X509_STORE_CTX *store)
{
	SSL *ssl = X509_STORE_CTX_get_ex_data(
	    store, SSL_get_ex_data_X509_STORE_CTX_idx());
	struct tls *tls = SSL_get_app_data(ssl);
	X509 *certificate = X509_STORE_CTX_get_current_cert(store);
	int error = X509_STORE_CTX_get_error(store);
	bool is_other = error == X509_V_ERR_HOSTNAME_MISMATCH ||
	    error == X509_V_ERR_IP_ADDRESS_MISMATCH;
	char name[IDENTITY_BYTES] = "nobody";

	name_certificate(name, certificate);
	if (!is_good) {
		err_set(&tls->refusal, ERR_DENIED, "certificate of %s: %s%s%s",
		    name, X509_verify_cert_error_string(error),
		    is_other ? "; it must be for " : "",
		    is_other ? tls->server_name : "");
		return 0;
	}
	if (X509_STORE_CTX_get_error_depth(store) > 0 ||
	    !tls->context->is_listening ||
	    read_identity(tls->identity, certificate) == 0)
		return 1;
	err_set(&tls->refusal, ERR_DENIED,
	    "certificate of %s: it needs one SAN URI vedette://ENVIRONMENT/"
	    "AGENT or vedette://user/NAME",
	    name);
	X509_STORE_CTX_set_error(store, X509_V_ERR_APPLICATION_VERIFICATION);
	return 0;
}

/* --- contexts ------------------------------------------------------------ */

/* What OpenSSL complained of first. */
static const char *
reason(void)
{
	unsigned long code = ERR_peek_error();
	const char *text = ERR_reason_error_string(code);

	if (ERR_SYSTEM_ERROR(code)) /* OpenSSL has no words for the system's */
		return strerror(ERR_GET_REASON(code));
	return text != NULL ? text : "unknown reason";
}

/* A key with a password would have OpenSSL ask at the terminal. */
static int
no_password(char *out, int room, int is_writing, void *arg)
{
	(void)out;
	(void)room;
	(void)is_writing;
	(void)arg;
	return -1;
}

static int
load_own(struct tls_context *context, struct err *err)
{
	SSL_CTX *ssl = context->ssl;

	if (SSL_CTX_use_certificate_chain_file(
		ssl, context->certificate_file) != 1)
		return err_set(err, ERR_INVALID,
		    "%s: no usable certificate: %s", context->certificate_file,
		    reason());
	if (file_is_private(context->key_file, err) < 0)
		return -1;
	SSL_CTX_set_default_passwd_cb(ssl, no_password);
	if (SSL_CTX_use_PrivateKey_file(
		ssl, context->key_file, SSL_FILETYPE_PEM) != 1)
		return err_set(err, ERR_INVALID,
		    "%s: no usable key, which must be PEM without password "
		    "and belong to %s: %s",
		    context->key_file, context->certificate_file, reason());
	return 0;
}

static int
load_others(struct tls_context *context, struct err *err)
{
	X509_STORE *store = SSL_CTX_get_cert_store(context->ssl);
	X509_LOOKUP *lookup;

	if (SSL_CTX_load_verify_file(context->ssl, context->ca_file) != 1)
		return err_set(err, ERR_INVALID, "%s: no usable CA: %s",
		    context->ca_file, reason());
	if (context->revoked_file == NULL)
		return 0;
	lookup = X509_STORE_add_lookup(store, X509_LOOKUP_file());
	if (lookup == NULL ||
	    X509_load_crl_file(
		lookup, context->revoked_file, X509_FILETYPE_PEM) < 1)
		return err_set(err, ERR_INVALID, "%s: no usable CRL: %s",
		    context->revoked_file, reason());
	X509_STORE_set_flags(store, X509_V_FLAG_CRL_CHECK);
	return 0;
}

/* The rules that no file changes. */
static void
set_rules(SSL_CTX *ssl)
{
	int ok = SSL_CTX_set_min_proto_version(ssl, TLS1_3_VERSION) &&
	    SSL_CTX_set_max_proto_version(ssl, TLS1_3_VERSION) &&
	    SSL_CTX_set_num_tickets(ssl, 0) &&
	    SSL_CTX_set1_groups_list(ssl, "X25519:P-256");

	if (!ok)
		abort(); /* OpenSSL without TLS 1.3 is not the one we built on */
	SSL_CTX_set_session_cache_mode(ssl, SSL_SESS_CACHE_OFF);
	SSL_CTX_set_options(ssl, SSL_OP_NO_TICKET);
	/* Idle connections are many: they keep no buffers. */
	SSL_CTX_set_mode(ssl,
	    SSL_MODE_RELEASE_BUFFERS | SSL_MODE_ENABLE_PARTIAL_WRITE |
		SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
	SSL_CTX_set_verify_depth(ssl, CHAIN_MAX);
	SSL_CTX_set_verify(
	    ssl, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, on_verify);
}

int
tls_context_new(struct tls_context **out, bool is_listening,
    const struct edge_tls *files, struct err *err)
{
	struct tls_context *context = mem_zalloc(sizeof(*context));

	context->refs = 1;
	context->is_listening = is_listening;
	context->ca_file = mem_strdup(files->ca_file);
	context->certificate_file = mem_strdup(files->certificate_file);
	context->key_file = mem_strdup(files->key_file);
	context->revoked_file = mem_strdup(files->revoked_file);
	context->bio = bio_method();
	context->ssl = SSL_CTX_new(
	    is_listening ? TLS_server_method() : TLS_client_method());
	if (context->ssl == NULL)
		abort(); /* out of memory, as in mem_zalloc() */
	set_rules(context->ssl);
	ERR_clear_error();
	if (load_own(context, err) < 0 || load_others(context, err) < 0) {
		tls_context_free(context);
		return -1;
	}
	*out = context;
	return 0;
}

int
tls_context_again(struct tls_context **out, const struct tls_context *context,
    struct err *err)
{
	const struct edge_tls files = { context->ca_file,
		context->certificate_file, context->key_file,
		context->revoked_file };

	return tls_context_new(out, context->is_listening, &files, err);
}

void
tls_context_free(struct tls_context *context)
{
	if (context == NULL || --context->refs > 0)
		return;
	SSL_CTX_free(context->ssl);
	BIO_meth_free(context->bio);
	free(context->ca_file);
	free(context->certificate_file);
	free(context->key_file);
	free(context->revoked_file);
	free(context);
}

/* --- sessions ------------------------------------------------------------ */

/* The certificate must be for this host name or address. */
static void
expect_name(SSL *ssl, const char *name)
{
	X509_VERIFY_PARAM *param = SSL_get0_param(ssl);
	struct in6_addr address;
	int ok;

	if (inet_pton(AF_INET, name, &address) == 1 ||
	    inet_pton(AF_INET6, name, &address) == 1) {
		ok = X509_VERIFY_PARAM_set1_ip_asc(param, name);
	} else {
		SSL_set_hostflags(ssl,
		    X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS |
			X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
		ok = SSL_set1_host(ssl, name) &&
		    SSL_set_tlsext_host_name(ssl, name);
	}
	if (!ok)
		abort(); /* never go on without the check */
}

struct tls *
tls_new(struct tls_context *context, int fd, const char *server_name,
    const struct clock *clock)
{
	struct tls *tls = mem_zalloc(sizeof(*tls));
	BIO *bio = BIO_new(context->bio);

	tls->ssl = SSL_new(context->ssl);
	if (tls->ssl == NULL || bio == NULL)
		abort(); /* out of memory, as in mem_zalloc() */
	tls->context = context;
	tls->clock = clock;
	tls->server_name = server_name;
	context->refs++;
	BIO_set_data(bio, (void *)(intptr_t)fd);
	BIO_set_init(bio, 1);
	SSL_set_bio(tls->ssl, bio, bio);
	SSL_set_app_data(tls->ssl, tls);
	X509_VERIFY_PARAM_set_time(
	    SSL_get0_param(tls->ssl), (time_t)(clock_wall_ms(clock) / 1000));
	if (context->is_listening) {
		SSL_set_accept_state(tls->ssl);
	} else {
		expect_name(tls->ssl, server_name);
		SSL_set_connect_state(tls->ssl);
	}
	return tls;
}

void
tls_free(struct tls *tls)
{
	if (tls == NULL)
		return;
	SSL_free(tls->ssl);
	tls_context_free(tls->context);
	free(tls);
}

/* Translates what a call of OpenSSL returned, which was not success. */
static int
translate(struct tls *tls, int rc, struct err *err)
{
	int error = errno;

	switch (SSL_get_error(tls->ssl, rc)) {
	case SSL_ERROR_WANT_READ:
	case SSL_ERROR_WANT_WRITE:
		return 0;
	case SSL_ERROR_ZERO_RETURN:
		return err_set(err, ERR_CLOSED, "closed by the peer");
	case SSL_ERROR_SYSCALL:
		if (error == 0)
			return err_set(err, ERR_CLOSED, "closed by the peer");
		return err_set(err, ERR_IO, "tls: %s", uv_strerror(-error));
	default:
		break;
	}
	if (tls->refusal.code != ERR_NONE) {
		*err = tls->refusal;
		return -1;
	}
	if (ERR_GET_REASON(ERR_peek_error()) ==
	    SSL_R_UNEXPECTED_EOF_WHILE_READING)
		return err_set(err, ERR_CLOSED, "closed by the peer");
	if (ERR_GET_REASON(ERR_peek_error()) ==
	    SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE)
		return err_set(err, ERR_DENIED, "it has no certificate");
	/* An alert of the peer says what it did not like of us. */
	return err_set(err,
	    ERR_GET_REASON(ERR_peek_error()) > SSL_AD_REASON_OFFSET
		? ERR_DENIED
		: ERR_INVALID,
	    "tls: %s", reason());
}

int
tls_handshake(struct tls *tls, struct err *err)
{
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_do_handshake(tls->ssl);
	return rc == 1 ? 1 : translate(tls, rc, err);
}

ssize_t
tls_read(struct tls *tls, void *to, size_t room, struct err *err)
{
	size_t n = 0;
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_read_ex(tls->ssl, to, room, &n);
	return rc == 1 ? (ssize_t)n : translate(tls, rc, err);
}

ssize_t
tls_write(struct tls *tls, const void *bytes, size_t n, struct err *err)
{
	size_t put = 0;
	int rc;

	ERR_clear_error();
	errno = 0;
	rc = SSL_write_ex(tls->ssl, bytes, n, &put);
	return rc == 1 ? (ssize_t)put : translate(tls, rc, err);
}

bool
tls_wants_write(const struct tls *tls)
{
	return SSL_want_write(tls->ssl);
}

bool
tls_has_more(const struct tls *tls)
{
	return SSL_pending(tls->ssl) > 0;
}

const char *
tls_identity(const struct tls *tls)
{
	return tls->identity;
}

int
tls_recheck(
    const struct tls *tls, const struct tls_context *context, struct err *err)
{
	X509_STORE_CTX *store = X509_STORE_CTX_new();
	int rc = 0;

	if (store == NULL ||
	    X509_STORE_CTX_init(store, SSL_CTX_get_cert_store(context->ssl),
		SSL_get0_peer_certificate(tls->ssl),
		SSL_get_peer_cert_chain(tls->ssl)) != 1 ||
	    X509_STORE_CTX_set_default(store, "ssl_client") != 1)
		abort(); /* out of memory, as in mem_zalloc() */
	X509_STORE_CTX_set_time(
	    store, 0, (time_t)(clock_wall_ms(tls->clock) / 1000));
	if (X509_verify_cert(store) != 1)
		rc = err_set(err, ERR_DENIED, "certificate of %s: %s",
		    tls->identity,
		    X509_verify_cert_error_string(
			X509_STORE_CTX_get_error(store)));
	X509_STORE_CTX_free(store);
	return rc;
}
