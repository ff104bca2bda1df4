#include <curl/curl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/probes/http_origin.h"

void
origin_fini(struct origin *origin)
{
	curl_free(origin->scheme);
	curl_free(origin->host);
	*origin = (struct origin){ 0 };
}

int
origin_of(struct origin *out, char *target, const char *url)
{
	CURLU *parts = curl_url();
	struct origin origin = { 0 };
	char *port = NULL, *path = NULL;
	int rc = -1;

	if (parts == NULL ||
	    curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_SCHEME, &origin.scheme, 0) !=
		CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_HOST, &origin.host, CURLU_PUNYCODE) !=
		CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) !=
		CURLUE_OK ||
	    curl_url_get(parts, CURLUPART_PATH, &path, 0) != CURLUE_OK)
		goto out;
	if (strcmp(origin.scheme, "http") != 0 &&
	    strcmp(origin.scheme, "https") != 0)
		goto out;
	origin.port = (uint16_t)strtoul(port, NULL, 10);
	if (target != NULL)
		snprintf(target, ORIGIN_TEXT_BYTES, "%s://%s:%s%s",
		    origin.scheme, origin.host, port, path);
	origin_fini(out);
	*out = origin;
	origin = (struct origin){ 0 };
	rc = 0;
out:
	origin_fini(&origin);
	curl_free(port);
	curl_free(path);
	curl_url_cleanup(parts);
	return rc;
}

bool
origin_is_same(const struct origin *a, const struct origin *b)
{
	return strcmp(a->scheme, b->scheme) == 0 &&
	    strcasecmp(a->host, b->host) == 0 && a->port == b->port;
}
