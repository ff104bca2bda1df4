#include <string.h>

#include "collector/diagnose/missing.h"
#include "collector/diagnose/note.h"
#include "collector/diagnose/told.h"
#include "proto/base/text.h"

/* So many missing at once were not forgotten one by one: the file is. */
#define FILE_MISSING_LEAST 3

#define NAME_BYTES 128

static bool
is_name_byte(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

/* Finds the next word that is written like a variable, and is no part of a
 * path; returns where it ends, NULL when there is none. */
static const char *
next_variable(const char *text, char out[NAME_BYTES])
{
	const char *begin = text;

	while (*text != '\0') {
		bool in_path = text > begin && text[-1] == '/';
		size_t n = 0;

		while (is_name_byte(text[n]))
			n++;
		if (n >= 3 && n < NAME_BYTES && text[0] >= 'A' && !in_path &&
		    text[n] != '/' && (text[n] < 'a' || text[n] > 'z')) {
			memcpy(out, text, n);
			out[n] = '\0';
			return text + n;
		}
		text += n;
		while (*text != '\0' && !is_name_byte(*text))
			text++;
		/* The rest of a mixed word is no name. */
		if (n > 0 && text[-1] >= 'a' && text[-1] <= 'z')
			while (is_name_byte(*text))
				text++;
	}
	return NULL;
}

static const char *
missing_of(const struct node *node)
{
	const char *list = told_text(node->view->told, "missing");

	return list[0] != '\0' ? list : node->view->told->message;
}

static size_t
count_variables(const char *text)
{
	char name[NAME_BYTES];
	size_t n = 0;

	while ((text = next_variable(text, name)) != NULL)
		n++;
	return n;
}

const char *
missing_subject(
    struct arena *arena, const struct scene *scene, const struct node *node)
{
	const char *text = missing_of(node);
	const char *file = told_text(node->view->told, "file");
	char name[NAME_BYTES];

	if (node->by_text && node->text.object[0] != '\0')
		return note(arena, "envvar:%s", node->text.object);
	if (count_variables(text) >= FILE_MISSING_LEAST ||
	    next_variable(text, name) == NULL) {
		const char *slash = strrchr(file, '/');

		if (file[0] != '\0')
			return note(arena, "envfile:%s",
			    slash != NULL ? slash + 1 : file);
		return note(arena, "envfile:%s.env", scene->environment);
	}
	return note(arena, "envvar:%s", name);
}
