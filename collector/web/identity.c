#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "collector/web/identity.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"

#define PEM_MAX_BYTES (256 * 1024)
#define KEY_ID_BYTES  64

static int
load_chain(struct identity *identity, const char *path, struct err *err)
{
	gnutls_datum_t pem;
	char *bytes;
	size_t n;
	int rc;

	if (file_read(&bytes, &n, path, PEM_MAX_BYTES, err) < 0)
		return -1;
	pem = (gnutls_datum_t){ (unsigned char *)bytes, (unsigned)n };
	identity->n_chain = IDENTITY_CHAIN_MAX;
	rc = gnutls_pcert_list_import_x509_raw(identity->chain,
	    &identity->n_chain, &pem, GNUTLS_X509_FMT_PEM,
	    GNUTLS_X509_CRT_LIST_FAIL_IF_UNSORTED);
	free(bytes);
	if (rc >= 0)
		return 0;
	identity->n_chain = 0;
	return err_set(err, ERR_INVALID, "http: %s: no certificate chain: %s",
	    path, gnutls_strerror(rc));
}

static int
load_key(struct identity *identity, const char *path, struct err *err)
{
	gnutls_datum_t pem;
	char *bytes;
	size_t n;
	int rc;

	if (file_is_private(path, err) < 0 ||
	    file_read(&bytes, &n, path, PEM_MAX_BYTES, err) < 0)
		return -1;
	pem = (gnutls_datum_t){ (unsigned char *)bytes, (unsigned)n };
	gnutls_privkey_init(&identity->key);
	rc = gnutls_privkey_import_x509_raw(
	    identity->key, &pem, GNUTLS_X509_FMT_PEM, NULL, 0);
	explicit_bzero(bytes, n);
	free(bytes);
	if (rc >= 0)
		return 0;
	return err_set(err, ERR_INVALID, "http: %s: no private key: %s", path,
	    gnutls_strerror(rc));
}

/* Are they of the same key? */
static bool
is_pair(const struct identity *identity)
{
	unsigned char ids[2][KEY_ID_BYTES];
	size_t n[2] = { KEY_ID_BYTES, KEY_ID_BYTES };
	gnutls_pubkey_t mine;
	bool is_same;

	gnutls_pubkey_init(&mine);
	is_same =
	    gnutls_pubkey_import_privkey(mine, identity->key, 0, 0) == 0 &&
	    gnutls_pubkey_get_key_id(
		mine, GNUTLS_KEYID_USE_SHA256, ids[0], &n[0]) == 0 &&
	    gnutls_pubkey_get_key_id(identity->chain[0].pubkey,
		GNUTLS_KEYID_USE_SHA256, ids[1], &n[1]) == 0 &&
	    n[0] == n[1] && memcmp(ids[0], ids[1], n[0]) == 0;
	gnutls_pubkey_deinit(mine);
	return is_same;
}

int
identity_load(struct identity **out, const char *certificate_file,
    const char *key_file, struct err *err)
{
	struct identity *identity = mem_zalloc(sizeof(*identity));
	int rc = -1;

	identity->n_held = 1;
	if (load_chain(identity, certificate_file, err) < 0 ||
	    load_key(identity, key_file, err) < 0)
		goto out;
	if (!is_pair(identity)) {
		err_set(err, ERR_INVALID, "http: %s and %s are not a pair",
		    certificate_file, key_file);
		goto out;
	}
	*out = identity;
	identity = NULL;
	rc = 0;
out:
	identity_drop(identity);
	return rc;
}

struct identity *
identity_hold(struct identity *identity)
{
	identity->n_held++;
	return identity;
}

void
identity_drop(struct identity *identity)
{
	if (identity == NULL || --identity->n_held > 0)
		return;
	for (unsigned i = 0; i < identity->n_chain; i++)
		gnutls_pcert_deinit(&identity->chain[i]);
	if (identity->key != NULL)
		gnutls_privkey_deinit(identity->key);
	free(identity);
}
