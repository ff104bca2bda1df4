/* Lines of a file, one after the other, in bounded memory. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/mem.h"
#include "proto/jsonl.h"

#define BLOCK_BYTES (256 * 1024)

struct jsonl_reader {
	struct jsonl_parser *parser;
	char *path;
	int fd;
	char *buffer; /* LINE_MAX_BYTES and a block */
	size_t start, end;
	bool at_end;
	uint64_t line;
	int64_t bytes, of;
};

int
jsonl_open(struct jsonl_reader **out, const char *path, struct err *err)
{
	bool standard = strcmp(path, "-") == 0;
	struct jsonl_reader *reader;
	struct stat st;
	int fd = standard ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return err_set(err, errno == ENOENT ? ERR_NOT_FOUND : ERR_IO,
		    "%s: %s", path, strerror(errno));
	reader = mem_zalloc(sizeof(*reader));
	reader->parser = jsonl_parser_new();
	reader->path = mem_strdup(standard ? "standard input" : path);
	reader->fd = fd;
	reader->buffer = mem_zalloc(LINE_MAX_BYTES + BLOCK_BYTES);
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode))
		reader->of = st.st_size;
	*out = reader;
	return 0;
}

void
jsonl_close(struct jsonl_reader *reader)
{
	if (reader == NULL)
		return;
	if (reader->fd != STDIN_FILENO)
		close(reader->fd);
	jsonl_parser_free(reader->parser);
	free(reader->path);
	free(reader->buffer);
	free(reader);
}

uint64_t
jsonl_line(const struct jsonl_reader *reader)
{
	return reader->line;
}

void
jsonl_progress(
    const struct jsonl_reader *reader, int64_t *out_bytes, int64_t *out_of)
{
	*out_bytes = reader->bytes;
	*out_of = reader->of;
}

/* Reads a block behind what is there, which is moved to the front. */
static int
fill(struct jsonl_reader *reader, struct err *err)
{
	ssize_t got;

	memmove(reader->buffer, reader->buffer + reader->start,
	    reader->end - reader->start);
	reader->end -= reader->start;
	reader->start = 0;
	do
		got =
		    read(reader->fd, reader->buffer + reader->end, BLOCK_BYTES);
	while (got < 0 && errno == EINTR);
	if (got < 0)
		return err_set(
		    err, ERR_IO, "%s: %s", reader->path, strerror(errno));
	reader->end += (size_t)got;
	reader->at_end = got == 0;
	return 0;
}

/* Finds the next line, without its end; 1, or 0 at the end of all, or -1.
 * A line that is too long is skipped to its end. */
static int
next_line(struct jsonl_reader *reader, const char **out, size_t *out_n,
    struct err *err)
{
	bool too_long = false;
	size_t n;
	char *newline;

	for (;;) {
		const char *start = reader->buffer + reader->start;

		n = reader->end - reader->start;
		newline = memchr(start, '\n', n);
		if (newline != NULL || reader->at_end)
			break;
		if (n > LINE_MAX_BYTES) {
			too_long = true;
			reader->bytes += (int64_t)n;
			reader->start = reader->end;
		}
		if (fill(reader, err) < 0)
			return -1;
	}
	if (newline == NULL && n == 0 && !too_long)
		return 0;
	*out = reader->buffer + reader->start;
	*out_n = newline != NULL ? (size_t)(newline - *out) : n;
	reader->start += *out_n + (newline != NULL);
	reader->bytes += (int64_t)*out_n + (newline != NULL);
	reader->line++;
	if (too_long || *out_n > LINE_MAX_BYTES)
		return err_set(
		    err, ERR_LIMIT, "longer than %d bytes", LINE_MAX_BYTES);
	return 1;
}

static bool
is_blank(const char *bytes, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (bytes[i] != ' ' && bytes[i] != '\t' && bytes[i] != '\r')
			return false;
	return true;
}

int
jsonl_next(struct jsonl_reader *reader, struct line *out, struct err *err)
{
	const char *bytes;
	size_t n;
	int rc;

	do
		rc = next_line(reader, &bytes, &n, err);
	while (rc > 0 && is_blank(bytes, n));
	if (rc > 0 && jsonl_parse(reader->parser, out, bytes, n, err) < 0)
		rc = -1;
	if (rc < 0 && (err == NULL || err->code != ERR_IO))
		err_wrap(err, "%s: line %llu", reader->path,
		    (unsigned long long)reader->line);
	return rc;
}
