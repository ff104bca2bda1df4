#include <string.h>

#include "collector/config/config_http.h"
#include "collector/config/config_otlp.h"

#define SECOND_MS INT64_C(1000)
#define HOUR_MS   (3600 * SECOND_MS)

static bool
begins(const char *text, const char *with)
{
	return strncmp(text, with, strlen(with)) == 0;
}

/* What the metrics tell is nobody else's, nor is the token. */
static int
check_url(const struct check *check, const struct otlp_config *otlp)
{
	const char *url = otlp->url;

	if (begins(url, "https://"))
		return 0;
	if (!begins(url, "http://"))
		return conf_complain(check->conf, check->err, "http.otlp.url",
		    "not an address: write https://HOST:4318/v1/metrics");
	if (otlp->insecure || begins(url, "http://127.") ||
	    begins(url, "http://localhost:") || begins(url, "http://[::1]:"))
		return 0;
	return conf_complain(check->conf, check->err, "http.otlp.url",
	    "beyond the loopback needs https://, or insecure: true");
}

int
config_otlp_check(const struct check *check)
{
	struct otlp_config *otlp =
	    check->config->http != NULL ? check->config->http->otlp : NULL;
	int rc = 0;

	if (otlp == NULL)
		return 0;
	config_resolve(&otlp->ca_file, check->folder);
	rc |= check_url(check, otlp);
	rc |= check_span(check, &otlp->every_ms, "http.otlp.every", otlp->every,
	    "60s", SECOND_MS, HOUR_MS);
	rc |= check_span(check, &otlp->timeout_ms, "http.otlp.timeout",
	    otlp->timeout, "10s", SECOND_MS, HOUR_MS);
	return rc;
}
