#include <errno.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/fingerprint_key.h"
#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

#define FILE_BYTES (2 * FINGERPRINT_KEY_BYTES + 1) /* and a line end */
#define FILE_MAX   4096
#define ID_BYTES   ((FINGERPRINT_KEY_ID_BYTES - 1) / 2)
#define DOMAIN     "fp1"
#define PREVIOUS   ".previous"

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

/* The MAC of "fp1" 00 scope 00 name 00 value. */
static void
mac_of(unsigned char out[EVP_MAX_MD_SIZE], const struct fingerprint_key *key,
    const char *scope, const char *name, const char *value, size_t n)
{
	struct text text = { 0 };
	unsigned n_out;

	text_add_bytes(&text, DOMAIN, sizeof(DOMAIN));
	text_add_bytes(&text, scope, strlen(scope) + 1);
	text_add_bytes(&text, name, strlen(name) + 1);
	/* Room is made before the value comes: growing would leave copies. */
	text.bytes = mem_resize(text.bytes, text.n + n + 1, 1);
	text.room = text.n + n + 1;
	memcpy(text.bytes + text.n, value, n);
	if (HMAC(EVP_sha256(), key->bytes, FINGERPRINT_KEY_BYTES,
		(const unsigned char *)text.bytes, text.n + n, out,
		&n_out) == NULL)
		abort(); /* HMAC-SHA-256 needs nothing but memory */
	explicit_bzero(text.bytes, text.n + n);
	text_fini(&text);
}

static int
take_key(struct fingerprint_key *key, const char *text, size_t n)
{
	unsigned char mac[EVP_MAX_MD_SIZE];

	while (n > 0 && (text[n - 1] == '\n' || text[n - 1] == '\r'))
		n--;
	if (n != 2 * FINGERPRINT_KEY_BYTES)
		return -1;
	for (size_t i = 0; i < FINGERPRINT_KEY_BYTES; i++) {
		int high = digit(text[2 * i]), low = digit(text[2 * i + 1]);

		if (high < 0 || low < 0)
			return -1;
		key->bytes[i] = (unsigned char)(high << 4 | low);
	}
	/* The name of the key is the same in every scope. */
	mac_of(mac, key, "", "key", "", 0);
	put_hex(key->id, mac, ID_BYTES);
	return 0;
}

static int
write_key(const char *path, const struct fingerprint_key *key, struct err *err)
{
	char text[FILE_BYTES + 1];
	int rc;

	put_hex(text, key->bytes, FINGERPRINT_KEY_BYTES);
	text[FILE_BYTES - 1] = '\n';
	rc = file_write(path, text, FILE_BYTES, 0600, err);
	explicit_bzero(text, sizeof(text));
	return rc;
}

static int
draw_key(struct fingerprint_key *out, const char *path, struct err *err)
{
	unsigned char mac[EVP_MAX_MD_SIZE];

	if (RAND_bytes(out->bytes, sizeof(out->bytes)) != 1)
		return err_set(err, ERR_IO, "%s: no random bytes", path);
	mac_of(mac, out, "", "key", "", 0);
	put_hex(out->id, mac, ID_BYTES);
	return 0;
}

int
fingerprint_key_read(
    struct fingerprint_key *out, const char *path, struct err *err)
{
	char *text = NULL;
	size_t n;
	int rc;

	if (file_is_private(path, err) < 0 ||
	    file_read(&text, &n, path, FILE_MAX, err) < 0)
		return -1;
	rc = take_key(out, text, n);
	explicit_bzero(text, n);
	free(text);
	if (rc < 0)
		return err_set(err, ERR_INVALID,
		    "%s: not a key: it holds %d hex digits; remove the file "
		    "and a new one is made",
		    path, 2 * FINGERPRINT_KEY_BYTES);
	return 0;
}

int
fingerprint_key_make(const char *path, struct err *err)
{
	struct fingerprint_key key;
	int rc = draw_key(&key, path, err);

	if (rc == 0)
		rc = write_key(path, &key, err);
	explicit_bzero(&key, sizeof(key));
	return rc;
}

int
fingerprint_key_previous(struct fingerprint_key *out, int64_t *out_at_ms,
    const char *path, struct err *err)
{
	char *previous = mem_printf("%s" PREVIOUS, path);
	struct stat st;
	int rc = fingerprint_key_read(out, previous, err);

	if (rc == 0 && stat(previous, &st) < 0)
		rc = err_set(
		    err, ERR_IO, "stat %s: %s", previous, strerror(errno));
	if (rc == 0)
		*out_at_ms = (int64_t)st.st_mtim.tv_sec * 1000 +
		    st.st_mtim.tv_nsec / 1000000;
	free(previous);
	return rc;
}

/* Root may turn the key of another user's agent. */
static int
give_back(const char *path, const struct stat *st, struct err *err)
{
	if (geteuid() != 0 || chown(path, st->st_uid, st->st_gid) == 0)
		return 0;
	return err_set(err, ERR_IO, "chown %s: %s", path, strerror(errno));
}

static int
take_next(struct fingerprint_key *next, const struct fingerprint_key *old,
    const char *path, const char *from, struct err *err)
{
	if (from == NULL)
		return draw_key(next, path, err);
	if (fingerprint_key_read(next, from, err) < 0)
		return -1;
	if (strcmp(next->id, old->id) == 0)
		return err_set(err, ERR_EXISTS,
		    "%s: holds that key already (k%s)", path, old->id);
	return 0;
}

int
fingerprint_key_rotate(const char *path, const char *from, struct err *err)
{
	char *previous = mem_printf("%s" PREVIOUS, path);
	struct fingerprint_key old = { 0 }, next = { 0 };
	struct stat st;
	int rc;

	rc = fingerprint_key_read(&old, path, err);
	if (rc == 0)
		rc = take_next(&next, &old, path, from, err);
	if (rc == 0 && stat(path, &st) < 0)
		rc = err_set(err, ERR_IO, "stat %s: %s", path, strerror(errno));
	if (rc < 0)
		goto out;
	/* In this order there is never a key without the one before it. */
	rc = write_key(previous, &old, err);
	if (rc == 0)
		rc = give_back(previous, &st, err);
	if (rc == 0)
		rc = write_key(path, &next, err);
	if (rc == 0)
		rc = give_back(path, &st, err);
out:
	explicit_bzero(&old, sizeof(old));
	explicit_bzero(&next, sizeof(next));
	free(previous);
	return rc;
}

char *
fingerprint_key_mac(char out[2 * FINGERPRINT_MAC_BYTES + 1],
    const struct fingerprint_key *key, const char *scope, const char *name,
    const char *value, size_t n)
{
	unsigned char mac[EVP_MAX_MD_SIZE];

	mac_of(mac, key, scope, name, value, n);
	return put_hex(out, mac, FINGERPRINT_MAC_BYTES);
}
