#include <jansson.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <stdlib.h>
#include <string.h>

#include "agent/probes/gcp_jwt.h"
#include "agent/probes/json_path.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define KEY_FILE_MAX_BYTES (64 * 1024)
#define VALID_S            600
#define SCOPE              "https://www.googleapis.com/auth/cloud-platform"

static void
wipe(char *text)
{
	if (text == NULL)
		return;
	explicit_bzero(text, strlen(text));
	free(text);
}

void
gcp_key_fini(struct gcp_key *key)
{
	free(key->email);
	free(key->key_id);
	wipe(key->pem);
	free(key->token_uri);
	*key = (struct gcp_key){ 0 };
}

int
gcp_key_read(struct gcp_key *out, const char *path, struct err *err)
{
	char *bytes = NULL;
	json_t *root;
	size_t n;

	if (file_is_private(path, err) < 0 ||
	    file_read(&bytes, &n, path, KEY_FILE_MAX_BYTES, err) < 0)
		return -1;
	root = json_loadb(bytes, n, 0, NULL);
	explicit_bzero(bytes, n);
	free(bytes);
	out->email = json_path_text(root, "client_email");
	out->key_id = json_path_text(root, "private_key_id");
	out->pem = json_path_text(root, "private_key");
	out->token_uri = json_path_text(root, "token_uri");
	json_decref(root);
	if (out->email != NULL && out->pem != NULL && out->token_uri != NULL)
		return 0;
	gcp_key_fini(out);
	return err_set(err, ERR_INVALID,
	    "%s: not the key of a service account: it needs client_email, "
	    "private_key and token_uri",
	    path);
}

/* Adds bytes in base64url, without padding (RFC 7515, appendix C). */
static void
add_base64url(struct text *out, const void *bytes, size_t n)
{
	char *text = mem_zalloc(4 * (n / 3 + 1) + 1);

	EVP_EncodeBlock((unsigned char *)text, bytes, (int)n);
	text[strcspn(text, "=")] = '\0';
	for (char *at = text; *at != '\0'; at++)
		*at = *at == '+' ? '-' : *at == '/' ? '_' : *at;
	text_add(out, text);
	free(text);
}

/* Takes object. */
static void
add_object(struct text *out, json_t *object)
{
	char *text = json_dumps(object, JSON_COMPACT);

	add_base64url(out, text, strlen(text));
	free(text);
	json_decref(object);
}

static int
sign(struct text *out, EVP_PKEY *key, struct err *err)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	unsigned char *signature = NULL;
	size_t n = 0;
	int rc = -1;

	if (EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key) != 1 ||
	    EVP_DigestSign(context, NULL, &n, (const unsigned char *)out->bytes,
		out->n) != 1)
		goto out;
	signature = mem_zalloc(n);
	if (EVP_DigestSign(context, signature, &n,
		(const unsigned char *)out->bytes, out->n) != 1)
		goto out;
	text_add(out, ".");
	add_base64url(out, signature, n);
	rc = 0;
out:
	free(signature);
	EVP_MD_CTX_free(context);
	return rc == 0 ? 0 : err_set(err, ERR_INVALID, "the key does not sign");
}

int
gcp_jwt_sign(
    char **out, const struct gcp_key *key, int64_t now_s, struct err *err)
{
	BIO *bio = BIO_new_mem_buf(key->pem, -1);
	EVP_PKEY *pkey = PEM_read_bio_PrivateKey(bio, NULL, NULL, NULL);
	struct text jwt = { 0 };
	int rc;

	BIO_free(bio);
	if (pkey == NULL || EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA) {
		EVP_PKEY_free(pkey);
		return err_set(
		    err, ERR_INVALID, "private_key is not an RSA key in PEM");
	}
	add_object(&jwt,
	    json_pack("{s:s, s:s, s:s*}", "alg", "RS256", "typ", "JWT", "kid",
		key->key_id));
	text_add(&jwt, ".");
	add_object(&jwt,
	    json_pack("{s:s, s:s, s:s, s:I, s:I}", "iss", key->email, "scope",
		SCOPE, "aud", key->token_uri, "iat", (json_int_t)now_s, "exp",
		(json_int_t)(now_s + VALID_S)));
	rc = sign(&jwt, pkey, err);
	EVP_PKEY_free(pkey);
	*out = text_take(&jwt);
	if (rc < 0)
		free(*out);
	return rc;
}
