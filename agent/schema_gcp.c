#include "agent/config.h"
#include "agent/schema.h"
#include "agent/schema_fields.h"

static const cyaml_schema_field_t credentials_fields[] = {
	TEXT("key_file", OPTIONAL, struct gcp_credentials, key_file),
	TEXT("metadata", OPTIONAL, struct gcp_credentials, metadata),
	CYAML_FIELD_END,
};

/* What every resource has; key is what its name is called. */
#define RESOURCE(key)                                                       \
	TEXT("project", REQUIRED, struct gcp_config, project),              \
	    TEXT(key, REQUIRED, struct gcp_config, name),                   \
	    TEXT("endpoint", OPTIONAL, struct gcp_config, endpoint),        \
	    TEXT("ca_file", OPTIONAL, struct gcp_config, ca_file),          \
	    CYAML_FIELD_MAPPING("credentials", OPTIONAL, struct gcp_config, \
		credentials, credentials_fields)

#define LOCATION TEXT("location", REQUIRED, struct gcp_config, location)

const cyaml_schema_field_t schema_gcp_sql[] = {
	RESOURCE("instance"),
	CYAML_FIELD_END,
};

const cyaml_schema_field_t schema_gcp_vpc_connector[] = {
	RESOURCE("connector"),
	LOCATION,
	CYAML_FIELD_END,
};

const cyaml_schema_field_t schema_gcp_run[] = {
	RESOURCE("service"),
	LOCATION,
	CYAML_FIELD_END,
};

const cyaml_schema_field_t schema_gcp_secret[] = {
	RESOURCE("secret"),
	TEXT("version", OPTIONAL, struct gcp_config, version),
	MAPPING("access", struct gcp_config, access, credentials_fields),
	CYAML_FIELD_END,
};
