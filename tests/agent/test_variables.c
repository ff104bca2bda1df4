#include "tests/support/folder.h"
#include "tests/support/table.h"

#include <sys/prctl.h>
#include <sys/wait.h>

#include "agent/variables.h"

static const struct line {
	const char *name;
	const char *file;
	const char *expect;    /* value of A; NULL: not set */
	const char *complaint; /* after "FILE:"; NULL: none */
} lines[] = {
	{ "a line gives a value", "A=b\n", "b", NULL },
	{ "the last line needs no end", "X=1\nA=b", "b", NULL },
	{ "the last of two counts", "A=b\nA=c\n", "c", NULL },
	{ "a value may have equals signs", "A=b=c=\n", "b=c=", NULL },
	{ "an empty value is one", "A=\n", "", NULL },
	{ "comments and empty lines are no lines", "# A=c\n\n;A=d\nA=b\n", "b",
	    NULL },
	{ "export may stand before", "export A=b\n", "b", NULL },
	{ "one pair of quotes goes", "A=\"b c\"\n", "b c", NULL },
	{ "single quotes go as well", "A='b'\n", "b", NULL },
	{ "one quote stays", "A=\"b\n", "\"b", NULL },
	{ "a carriage return at the end goes", "A=b\r\n", "b", NULL },
	{ "another name is another variable", "AB=c\n", NULL, NULL },
	{ "an empty file has none", "", NULL, NULL },
	{ "a line without equals sign is refused", "A=b\nhunter2\n", NULL,
	    "2: not NAME=value" },
	{ "a line without name is refused", "=hunter2\n", NULL,
	    "1: not NAME=value" },
	{ "a name with a blank is refused", "A =hunter2\n", NULL,
	    "1: not NAME=value" },
};

static void
test_line(void **state)
{
	const struct line *row = *state;
	struct variables *variables = NULL;
	char path[FOLDER_PATH_BYTES], origin[FOLDER_PATH_BYTES + 8];
	struct variables_config source = { .file = path };
	struct folder folder;
	struct err err;
	int rc;

	folder_open(&folder);
	folder_write(path, &folder, "x.env", row->file, strlen(row->file));
	rc = variables_read(&variables, &source, &err);
	folder_close(&folder);
	if (row->complaint != NULL) {
		assert_int_equal(rc, -1);
		assert_int_equal(err.code, ERR_INVALID);
		assert_string_equal(
		    err.text + strlen(path) + 1, row->complaint);
		return;
	}
	assert_int_equal(rc, 0);
	if (row->expect == NULL)
		assert_null(variables_get(variables, "A"));
	else
		assert_string_equal(variables_get(variables, "A"), row->expect);
	snprintf(origin, sizeof(origin), "file %s", path);
	assert_string_equal(variables_origin(variables), origin);
	assert_int_equal(variables_source(variables), SOURCE_FILE);
	assert_int_equal(variables_pid(variables), 0);
	variables_free(variables);
}

static void
test_self(void **state)
{
	struct variables_config source = { .self = true };
	struct variables *variables = NULL;
	struct err err;

	(void)state;
	/* As the agent does; then /proc/self/environ is closed to all but
	 * root, and it would not show what was set since the start. */
	prctl(PR_SET_DUMPABLE, 0);
	setenv("VEDETTE_OWN", "value", 1);
	assert_int_equal(variables_read(&variables, &source, &err), 0);
	assert_string_equal(variables_get(variables, "VEDETTE_OWN"), "value");
	assert_non_null(variables_get(variables, "PATH"));
	assert_null(variables_get(variables, "PAT"));
	assert_int_equal(variables_pid(variables), getpid());
	assert_int_equal(variables_source(variables), SOURCE_PROCESS);
	assert_non_null(strstr(variables_origin(variables), "(test_agent_"));
	variables_free(variables);
}

/* The process in the file, and what is said of it. */
static const struct process {
	const char *name;
	const char *pidfile; /* NULL: there is none */
	enum err_code code;
	const char *text;
} processes[] = {
	{ "a process that is not there is not found", "999999999\n",
	    ERR_NOT_FOUND, "process 999999999 does not exist" },
	{ "a file without a number is refused", "x\n", ERR_INVALID,
	    "holds no process id" },
	{ "an empty file is refused", "", ERR_INVALID, "holds no process id" },
	{ "a negative number is refused", "-1\n", ERR_INVALID,
	    "holds no process id" },
	{ "0 is no process", "0\n", ERR_INVALID, "holds no process id" },
	{ "a file that is not there is not found", NULL, ERR_NOT_FOUND,
	    "x.pid: No such file" },
};

static void
test_process(void **state)
{
	const struct process *row = *state;
	char path[FOLDER_PATH_BYTES];
	struct variables_config source = { .pidfile = path };
	struct variables *variables = NULL;
	struct folder folder;
	struct err err;

	folder_open(&folder);
	folder_path(path, &folder, "x.pid");
	if (row->pidfile != NULL)
		folder_write(
		    path, &folder, "x.pid", row->pidfile, strlen(row->pidfile));
	assert_int_equal(variables_read(&variables, &source, &err), -1);
	folder_close(&folder);
	assert_int_equal(err.code, row->code);
	assert_non_null(strstr(err.text, row->text));
}

static void
test_zombie(void **state)
{
	char path[FOLDER_PATH_BYTES], text[32];
	struct variables_config source = { .pidfile = path };
	struct variables *variables = NULL;
	struct folder folder;
	siginfo_t info;
	struct err err;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0)
		_exit(0);
	waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT);
	snprintf(text, sizeof(text), "%d\n", (int)pid);
	folder_open(&folder);
	folder_write(path, &folder, "x.pid", text, strlen(text));
	assert_int_equal(variables_read(&variables, &source, &err), -1);
	folder_close(&folder);
	waitpid(pid, NULL, 0);
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "is a zombie"));
}

static void
test_no_such_command(void **state)
{
	char pattern[] = "*no such command 5d1f*";
	struct variables_config source = { .command = pattern };
	struct variables *variables = NULL;
	struct err err;

	(void)state;
	assert_int_equal(variables_read(&variables, &source, &err), -1);
	assert_int_equal(err.code, ERR_NOT_FOUND);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_self),
		cmocka_unit_test(test_zombie),
		cmocka_unit_test(test_no_such_command),
	};

	variables_free(NULL);
	return TABLE_RUN(lines, test_line) +
	    TABLE_RUN(processes, test_process) +
	    cmocka_run_group_tests(tests, NULL, NULL);
}
