#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "proto/base/file.h"
#include "proto/base/mem.h"
#include "proto/base/text.h"

static enum err_code
code_of(int error)
{
	switch (error) {
	case ENOENT:
		return ERR_NOT_FOUND;
	case EACCES:
	case EPERM:
		return ERR_DENIED;
	case ENOSPC:
	case EDQUOT:
		return ERR_FULL;
	default:
		return ERR_IO;
	}
}

static int
describe(struct err *err, const char *what, const char *path)
{
	int error = errno;

	return err_set(
	    err, code_of(error), "%s %s: %s", what, path, strerror(error));
}

/* Reads to the end; the size that stat gives is no help in /proc. */
static int
read_all(char **out, size_t *out_n, int fd, size_t max_bytes)
{
	size_t room = 4096, n = 0;
	char *bytes = mem_zalloc(room + 1);
	ssize_t got;

	for (;;) {
		got = read(fd, bytes + n, room - n);
		if (got < 0 && errno == EINTR)
			continue;
		if (got <= 0)
			break;
		n += (size_t)got;
		if (n > max_bytes) {
			errno = EFBIG;
			got = -1;
			break;
		}
		if (n == room) {
			room *= 2;
			bytes = mem_resize(bytes, room + 1, 1);
		}
	}
	bytes[n] = '\0';
	*out = bytes;
	*out_n = n;
	return got < 0 ? -1 : 0;
}

int
file_read(char **out_bytes, size_t *out_n, const char *path, size_t max_bytes,
    struct err *err)
{
	char *bytes = NULL;
	int fd, rc = 0;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return describe(err, "open", path);
	if (read_all(&bytes, out_n, fd, max_bytes) < 0)
		rc = errno == EFBIG
		    ? err_set(err, ERR_LIMIT, "%s: larger than %zu bytes", path,
			  max_bytes)
		    : describe(err, "read", path);
	close(fd);
	if (rc < 0)
		free(bytes);
	else
		*out_bytes = bytes;
	return rc;
}

static int
write_all(int fd, const char *bytes, size_t n)
{
	ssize_t put;

	for (; n > 0; bytes += put, n -= (size_t)put) {
		put = write(fd, bytes, n);
		if (put < 0 && errno == EINTR)
			put = 0;
		if (put < 0)
			return -1;
	}
	return fsync(fd);
}

int
file_write(
    const char *path, const void *bytes, size_t n, int mode, struct err *err)
{
	char *beside = mem_printf("%s.new", path);
	int fd, rc = 0;

	fd = open(beside, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	if (fd < 0) {
		rc = describe(err, "create", beside);
		goto out;
	}
	if (write_all(fd, bytes, n) < 0)
		rc = describe(err, "write", beside);
	close(fd);
	if (rc == 0 && rename(beside, path) < 0)
		rc = describe(err, "rename to", path);
	if (rc < 0)
		unlink(beside);
out:
	free(beside);
	return rc;
}

/* Leaves our process id in the lock file, for whoever finds it held. */
static void
sign_lock(int fd)
{
	char text[32];
	int n = snprintf(text, sizeof(text), "%ld\n", (long)getpid());

	/* Only for people: a lock without a name is a lock as well. */
	if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t)n, 0) != n)
		return;
}

static int
describe_holder(struct err *err, const char *path, int fd)
{
	char text[32] = "";
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);
	long pid = n > 0 ? strtol(text, NULL, 10) : 0;

	if (pid <= 0)
		return err_set(
		    err, ERR_BUSY, "%s: held by another process", path);
	return err_set(err, ERR_BUSY, "%s: held by %s %ld", path,
	    pid == (long)getpid() ? "this process," : "process", pid);
}

int
file_lock(const char *path, struct err *err)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return describe(err, "open", path);
	if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
		sign_lock(fd);
		return fd;
	}
	if (errno == EWOULDBLOCK)
		describe_holder(err, path, fd);
	else
		describe(err, "lock", path);
	close(fd);
	return -1;
}

int
file_set_aside(
    char **out_path, const char *path, int64_t at_ms, struct err *err)
{
	static const char *const tails[] = { "-wal", "-shm", "" };
	char at[TEXT_TIME_BYTES], *aside, *from, *to;
	int rc = 0;

	aside = mem_printf("%s.damaged-%s", path, text_time(at, at_ms));
	for (int i = 2; access(aside, F_OK) == 0; i++) {
		free(aside);
		aside = mem_printf("%s.damaged-%s-%d", path, at, i);
	}
	for (size_t i = 0; i < sizeof(tails) / sizeof(tails[0]); i++) {
		from = mem_printf("%s%s", path, tails[i]);
		to = mem_printf("%s%s", aside, tails[i]);
		/* What is beside may be missing; the file itself may not. */
		if (rename(from, to) < 0 &&
		    (errno != ENOENT || tails[i][0] == '\0'))
			rc = describe(err, "set aside", from);
		free(from);
		free(to);
	}
	if (rc < 0)
		free(aside);
	else
		*out_path = aside;
	return rc;
}

int
file_reserve(const char *path, int64_t bytes, struct err *err)
{
	int fd, rc = 0;

	fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0)
		return describe(err, "create", path);
	errno = posix_fallocate(fd, 0, bytes);
	if (errno != 0) {
		rc = describe(err, "reserve", path);
		unlink(path);
	}
	close(fd);
	return rc;
}

int
file_is_private(const char *path, struct err *err)
{
	struct stat st;

	if (stat(path, &st) < 0)
		return describe(err, "stat", path);
	if ((st.st_mode & 077) != 0)
		return err_set(err, ERR_DENIED,
		    "%s: others may read or write it (mode %03o); "
		    "run: chmod 600 %s",
		    path, (unsigned)st.st_mode & 0777, path);
	return 0;
}
