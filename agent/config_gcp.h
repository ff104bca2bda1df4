/*
 * config_gcp.h - what a configuration says of things at Google Cloud.
 *
 *	gcp.sql: { project: shop, instance: staging-db }
 *	gcp.vpc_connector: { project: shop, location: us-central1,
 *	  connector: staging }
 *	gcp.run: { project: shop, location: us-central1, service: backend }
 *	gcp.secret: { project: shop, secret: db-url, version: latest,
 *	  access: { key_file: backend.json } }
 *
 * For agent/config.h.
 */
#ifndef AGENT_CONFIG_GCP_H
#define AGENT_CONFIG_GCP_H

/* Whose word we take; at most one of these.  None: the metadata server. */
struct gcp_credentials {
	char *key_file; /* JSON of a service account; private */
	char *metadata; /* URL of the metadata server */
};

struct gcp_config {
	char *project, *location;
	char *name;     /* of the instance, connector, service or secret */
	char *version;  /* of a secret; default "latest" */
	char *endpoint; /* default: that of the API */
	char *ca_file;  /* default: the system's */
	struct gcp_credentials credentials; /* the probe's own */
	/* Those of the service that reads the secret; NULL: not tried. */
	struct gcp_credentials *access;
};

#endif
