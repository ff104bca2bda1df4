#include <stdio.h>
#include <string.h>

#include "collector/diagnose/kin.h"
#include "collector/diagnose/node.h"
#include "proto/base/text.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define NAME_LEAST 4 /* shorter names are in any text */

bool
kin_is_named(const char *probe, const char *dependency)
{
	return strstr(probe, dependency) != NULL;
}

enum product
kin_product(const struct scene_service *service)
{
	enum product product = PRODUCT_NONE;

	if (service == NULL)
		return PRODUCT_NONE;
	product = product_of_name(service->kind);
	return product != PRODUCT_NONE ? product
				       : product_of_name(service->name);
}

bool
kin_is_database(const struct scene_service *service)
{
	return kin_product(service) == PRODUCT_DATABASE;
}

bool
kin_is_cache(const struct scene_service *service)
{
	return kin_product(service) == PRODUCT_CACHE;
}

/* --- addresses ---------------------------------------------------------------- */

#define HOST_BYTES 128

/* The bytes of an address of numbers, "10.0.0.7", at text; 0: there is none. */
static size_t
ip_bytes(const char *text)
{
	size_t n = strspn(text, "0123456789."), points = 0;

	for (size_t i = 0; i < n; i++)
		points += text[i] == '.';
	while (n > 0 && text[n - 1] == '.')
		n--, points--;
	return points == 3 ? n : 0;
}

static bool
is_cut(char c)
{
	return c != '.' && c != '-' && !text_is_word(c);
}

/* Does the text tell this host; NULL: any address of numbers? */
static bool
text_tells(const char *text, const char *host)
{
	size_t n = host != NULL ? strlen(host) : 0;

	for (const char *at = text; *at != '\0'; at++) {
		if (at > text && !is_cut(at[-1]))
			continue;
		if (host == NULL ? ip_bytes(at) > 0
				 : strncmp(at, host, n) == 0 && is_cut(at[n]))
			return true;
	}
	return false;
}

/* Does anything that was seen of the dependency itself? */
static bool
is_told_of(const struct scene *scene, const char *dependency, const char *host)
{
	for (size_t i = 0; i < scene->n_views; i++) {
		const struct scene_view *view = &scene->views[i];
		const struct result *result = view->last;

		if (!text_same(view->series->environment, scene->environment) ||
		    !text_same(view->series->service, dependency))
			continue;
		if (text_tells(result->message, host))
			return true;
		for (size_t k = 0; k < result->n_attributes; k++)
			if (result->attributes[k].text != NULL &&
			    text_tells(result->attributes[k].text, host))
				return true;
	}
	return false;
}

/* May it be there, by all that is known of its address? */
static bool
is_at(const struct scene *scene, const char *dependency, const char *object)
{
	char host[HOST_BYTES];

	snprintf(host, sizeof(host), "%.*s", (int)ip_bytes(object), object);
	return host[0] == '\0' || is_told_of(scene, dependency, host) ||
	    !is_told_of(scene, dependency, NULL);
}

/* The port is one of what is asked that way, and the address none that is
 * known to be another. */
static bool
fits_port(const struct scene *scene, const char *dependency, const char *object)
{
	enum product product = product_of_address(object);

	return product != PRODUCT_NONE && is_at(scene, dependency, object) &&
	    kin_product(node_service(scene, dependency)) == product;
}

/* --- texts ---------------------------------------------------------------------- */

/* Is the phrase one of what comes about, or not, between two? */
static bool
is_between_two(enum signature signature)
{
	static const enum signature such[] = { SIGNATURE_LOGIN, SIGNATURE_NAME,
		SIGNATURE_TIMEOUT, SIGNATURE_REFUSED, SIGNATURE_RESET,
		SIGNATURE_CERTIFICATE, SIGNATURE_SERVER, SIGNATURE_THROTTLED,
		SIGNATURE_PROXY };

	for (size_t i = 0; i < COUNT(such); i++)
		if (such[i] == signature)
			return true;
	return false;
}

/* Is it named in the text, as "CardgateError" names cardgate? */
static bool
is_spoken_of(const char *text, const char *name)
{
	return strlen(name) >= NAME_LEAST && strcasestr(text, name) != NULL;
}

static const char *
only_by_port(const struct scene *scene, const struct scene_service *own,
    const char *object)
{
	const char *found = "";

	for (size_t i = 0; own != NULL && i < own->n_depends_on; i++) {
		if (!fits_port(scene, own->depends_on[i], object))
			continue;
		if (found[0] != '\0')
			return "";
		found = own->depends_on[i];
	}
	return found;
}

/* The dependency that an error text of service names: by its name, by an
 * address that is known of it, by a port that only one of them can have; else
 * by what the text tells beside them. */
static const char *
dependency_in(const struct scene *scene, const char *service,
    const struct signature_found *found, const char *text)
{
	const struct scene_service *own = node_service(scene, service);
	const char *by_port, *object = found->object;
	size_t n = own != NULL ? own->n_depends_on : 0;
	char host[HOST_BYTES];

	for (size_t i = 0; i < n; i++)
		if (kin_is_named(object, own->depends_on[i]))
			return own->depends_on[i];
	snprintf(host, sizeof(host), "%.*s", (int)strcspn(object, ":"), object);
	for (size_t i = 0; i < n && strchr(host, '.') != NULL; i++)
		if (is_told_of(scene, own->depends_on[i], host))
			return own->depends_on[i];
	by_port = only_by_port(scene, own, object);
	if (by_port[0] != '\0' || !is_between_two(found->signature))
		return by_port;
	for (size_t i = 0; i < n; i++)
		if (is_spoken_of(text, own->depends_on[i]))
			return own->depends_on[i];
	return "";
}

/* The only dependency of service that is such; "" when there are none or
 * several. */
static const char *
only_one(const struct scene *scene, const char *service, enum product product)
{
	const struct scene_service *own = node_service(scene, service);
	const char *found = "";

	for (size_t i = 0; own != NULL && i < own->n_depends_on; i++) {
		if (kin_product(node_service(scene, own->depends_on[i])) !=
		    product)
			continue;
		if (found[0] != '\0')
			return "";
		found = own->depends_on[i];
	}
	return found;
}

const char *
kin_of_text(const struct scene *scene, const char *service,
    const struct signature_found *found, const char *text)
{
	const char *name = dependency_in(scene, service, found, text);
	enum product product = product_of_text(found->runtime, text);

	if (name[0] == '\0' && product != PRODUCT_NONE)
		name = only_one(scene, service, product);
	/* It goes where nobody else does who goes there. */
	if (ip_bytes(found->object) > 0 && name[0] != '\0' &&
	    !is_at(scene, name, found->object))
		return "";
	return name;
}
