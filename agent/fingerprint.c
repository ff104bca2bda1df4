#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "agent/fingerprint.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define KEY_BYTES      32
#define KEY_FILE_BYTES (2 * KEY_BYTES + 1) /* hex digits and a line end */
#define KEY_FILE_MAX   4096
#define ID_BYTES       4  /* that name the key: 8 hex digits */
#define MAC_BYTES      12 /* that are kept: 96 bits */
#define DOMAIN         "fp1"

struct fingerprint {
	unsigned char key[KEY_BYTES];
	char id[2 * ID_BYTES + 1];
	char scope[];
};

static char *
put_hex(char *out, const unsigned char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		snprintf(out + 2 * i, 3, "%02x", bytes[i]);
	return out;
}

static int
digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	return -1;
}

static int
take_key(unsigned char key[KEY_BYTES], const char *text, size_t n)
{
	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	if (n != 2 * KEY_BYTES)
		return -1;
	for (size_t i = 0; i < KEY_BYTES; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		key[i] = (unsigned char)(high << 4 | low);
	}
	return 0;
}

static int
make_key(const char *path, struct err *err)
{
	unsigned char key[KEY_BYTES];
	char text[KEY_FILE_BYTES + 1];
	int rc;

	if (RAND_bytes(key, sizeof(key)) != 1)
		return err_set(err, ERR_IO, "%s: no random bytes", path);
	put_hex(text, key, sizeof(key));
	text[KEY_FILE_BYTES - 1] = '\n';
	rc = file_write(path, text, KEY_FILE_BYTES, 0600, err);
	explicit_bzero(key, sizeof(key));
	explicit_bzero(text, sizeof(text));
	return rc;
}

static int
read_key(unsigned char key[KEY_BYTES], const char *path, struct err *err)
{
	char *text = NULL;
	size_t n;
	int rc;

	if (access(path, F_OK) < 0 && make_key(path, err) < 0)
		return -1;
	if (file_is_private(path, err) < 0 ||
	    file_read(&text, &n, path, KEY_FILE_MAX, err) < 0)
		return -1;
	rc = take_key(key, text, n);
	explicit_bzero(text, n);
	free(text);
	if (rc < 0)
		return err_set(err, ERR_INVALID,
		    "%s: not a key: it holds %d hex digits; remove the file "
		    "and a new one is made",
		    path, 2 * KEY_BYTES);
	return 0;
}

/* The MAC of "fp1" 00 scope 00 name 00 value. */
static void
mac_of(unsigned char out[EVP_MAX_MD_SIZE],
    const struct fingerprint *fingerprint, const char *name, const char *value,
    size_t n)
{
	struct text text = { 0 };
	unsigned n_out;

	text_add_bytes(&text, DOMAIN, sizeof(DOMAIN));
	text_add_bytes(
	    &text, fingerprint->scope, strlen(fingerprint->scope) + 1);
	text_add_bytes(&text, name, strlen(name) + 1);
	/* Room is made before the value comes: growing would leave copies. */
	text.bytes = mem_resize(text.bytes, text.n + n + 1, 1);
	text.room = text.n + n + 1;
	memcpy(text.bytes + text.n, value, n);
	if (HMAC(EVP_sha256(), fingerprint->key, KEY_BYTES,
		(const unsigned char *)text.bytes, text.n + n, out,
		&n_out) == NULL)
		abort(); /* HMAC-SHA-256 needs nothing but memory */
	explicit_bzero(text.bytes, text.n + n);
	text_fini(&text);
}

int
fingerprint_open(struct fingerprint **out, const char *key_file,
    const char *scope, struct err *err)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	struct fingerprint *fingerprint =
	    mem_zalloc(sizeof(*fingerprint) + strlen(scope) + 1);

	if (read_key(fingerprint->key, key_file, err) < 0) {
		fingerprint_close(fingerprint);
		return err_wrap(err, "fingerprint key");
	}
	/* The name of the key is the same in every scope. */
	mac_of(mac, fingerprint, "key", "", 0);
	put_hex(fingerprint->id, mac, ID_BYTES);
	memcpy(fingerprint->scope, scope, strlen(scope) + 1);
	*out = fingerprint;
	return 0;
}

char *
fingerprint_of(char out[FINGERPRINT_BYTES],
    const struct fingerprint *fingerprint, const char *name, const char *value,
    size_t n)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	char hex[2 * MAC_BYTES + 1];

	mac_of(mac, fingerprint, name, value, n);
	snprintf(out, FINGERPRINT_BYTES, "k%s:%s", fingerprint->id,
	    put_hex(hex, mac, MAC_BYTES));
	return out;
}

void
fingerprint_close(struct fingerprint *fingerprint)
{
	if (fingerprint == NULL)
		return;
	explicit_bzero(fingerprint->key, sizeof(fingerprint->key));
	free(fingerprint);
}
