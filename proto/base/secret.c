#include <stdlib.h>
#include <string.h>

#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/secret.h"

#define SECRET_MAX_BYTES (64 * 1024)

struct secret {
	size_t n;
	char bytes[];
};

struct secret *
secret_new(const char *bytes, size_t n)
{
	struct secret *secret = mem_zalloc(sizeof(*secret) + n + 1);

	secret->n = n;
	if (n > 0)
		memcpy(secret->bytes, bytes, n);
	return secret;
}

static int
load_file(struct secret **out, const char *path, struct err *err)
{
	char *bytes = NULL;
	size_t n, size;

	if (file_read(&bytes, &size, path, SECRET_MAX_BYTES, err) < 0)
		return -1;
	n = size;
	if (n > 0 && bytes[n - 1] == '\n')
		n--;
	if (n > 0 && bytes[n - 1] == '\r')
		n--;
	*out = secret_new(bytes, n);
	explicit_bzero(bytes, size);
	free(bytes);
	return 0;
}

static int
load_variable(struct secret **out, const char *text, struct err *err)
{
	size_t n = strlen(text);
	char *name = mem_strndup(text + 2, n - 3);
	const char *value = getenv(name);
	int rc = 0;

	if (value == NULL)
		rc = err_set(err, ERR_NOT_FOUND,
		    "the environment variable %s is not set", name);
	else
		*out = secret_new(value, strlen(value));
	free(name);
	return rc;
}

int
secret_load(struct secret **out, const char *text, struct err *err)
{
	size_t n = strlen(text);

	if (n > SECRET_MAX_BYTES)
		return err_set(err, ERR_LIMIT, "a secret of %zu bytes", n);
	if (text[0] == '@')
		return load_file(out, text + 1, err);
	if (n > 3 && strncmp(text, "${", 2) == 0 && text[n - 1] == '}')
		return load_variable(out, text, err);
	*out = secret_new(text, n);
	return 0;
}

const char *
secret_reveal(const struct secret *secret)
{
	return secret->bytes;
}

size_t
secret_size(const struct secret *secret)
{
	return secret->n;
}

void
secret_free(struct secret *secret)
{
	if (secret == NULL)
		return;
	explicit_bzero(secret->bytes, secret->n);
	free(secret);
}
