/*
 * chain.h - certificates of every kind, made with libcrypto where a test
 * needs them.
 */
#ifndef TESTS_SUPPORT_CHAIN_H
#define TESTS_SUPPORT_CHAIN_H

#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "tests/support/folder.h"

#define CHAIN_DAY_S 86400

struct chain_ca {
	EVP_PKEY *key;
	X509 *certificate;
};

static inline void
chain_check(int ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "chain: %s\n", what);
	abort();
}

static inline EVP_PKEY *
chain_key(void)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");

	chain_check(key != NULL, "key");
	return key;
}

static inline void
chain_extend(X509 *certificate, X509 *issuer, int nid, const char *value)
{
	X509_EXTENSION *extension;
	X509V3_CTX context;

	if (value == NULL)
		return;
	X509V3_set_ctx(&context, issuer, certificate, NULL, NULL, 0);
	extension = X509V3_EXT_conf_nid(NULL, &context, nid, value);
	chain_check(extension != NULL, value);
	X509_add_ext(certificate, extension, -1);
	X509_EXTENSION_free(extension);
}

/* An unsigned certificate, valid in these days from now. */
static inline X509 *
chain_blank(const char *name, EVP_PKEY *key, long serial, int from, int to)
{
	X509 *certificate = X509_new();

	chain_check(certificate != NULL, "certificate");
	X509_set_version(certificate, X509_VERSION_3);
	ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
	X509_time_adj_ex(X509_getm_notBefore(certificate), from, 0, NULL);
	X509_time_adj_ex(X509_getm_notAfter(certificate), to, 0, NULL);
	X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN",
	    MBSTRING_ASC, (const unsigned char *)name, -1, -1, 0);
	X509_set_pubkey(certificate, key);
	return certificate;
}

static inline void
chain_ca_init(struct chain_ca *ca, const char *name)
{
	X509 *certificate;

	ca->key = chain_key();
	certificate = ca->certificate = chain_blank(name, ca->key, 1, -2, 100);
	X509_set_issuer_name(certificate, X509_get_subject_name(certificate));
	chain_extend(certificate, certificate, NID_basic_constraints,
	    "critical,CA:TRUE");
	chain_extend(certificate, certificate, NID_key_usage,
	    "critical,keyCertSign,cRLSign");
	chain_extend(
	    certificate, certificate, NID_subject_key_identifier, "hash");
	chain_check(X509_sign(certificate, ca->key, EVP_sha256()) > 0, "sign");
}

static inline void
chain_ca_fini(struct chain_ca *ca)
{
	EVP_PKEY_free(ca->key);
	X509_free(ca->certificate);
}

static inline FILE *
chain_create(const struct folder *folder, const char *name)
{
	char path[FOLDER_PATH_BYTES];
	FILE *file = fopen(folder_path(path, folder, name), "w");

	chain_check(file != NULL && fchmod(fileno(file), 0600) == 0, name);
	return file;
}

static inline void
chain_write_ca(
    const struct chain_ca *ca, const struct folder *folder, const char *name)
{
	FILE *file = chain_create(folder, name);

	PEM_write_X509(file, ca->certificate);
	fclose(file);
}

struct chain_leaf {
	const char *san, *usage; /* NULL: without */
	long serial;
	int from_days, to_days;
};

/* Writes NAME.pem and NAME.key. */
static inline void
chain_write_leaf(const struct chain_ca *ca, const struct folder *folder,
    const char *name, const struct chain_leaf *leaf)
{
	EVP_PKEY *key = chain_key();
	X509 *certificate = chain_blank(
	    name, key, leaf->serial, leaf->from_days, leaf->to_days);
	char path[64];
	FILE *file;

	X509_set_issuer_name(
	    certificate, X509_get_subject_name(ca->certificate));
	chain_extend(certificate, ca->certificate, NID_basic_constraints,
	    "critical,CA:FALSE");
	chain_extend(
	    certificate, ca->certificate, NID_subject_alt_name, leaf->san);
	chain_extend(
	    certificate, ca->certificate, NID_ext_key_usage, leaf->usage);
	chain_check(X509_sign(certificate, ca->key, EVP_sha256()) > 0, "sign");
	snprintf(path, sizeof(path), "%s.pem", name);
	file = chain_create(folder, path);
	PEM_write_X509(file, certificate);
	fclose(file);
	snprintf(path, sizeof(path), "%s.key", name);
	file = chain_create(folder, path);
	PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL);
	fclose(file);
	X509_free(certificate);
	EVP_PKEY_free(key);
}

/* Writes a CRL with one serial number in it; 0 for an empty one. */
static inline void
chain_write_crl(const struct chain_ca *ca, const struct folder *folder,
    const char *name, long serial)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *when = X509_gmtime_adj(NULL, -CHAIN_DAY_S);
	ASN1_INTEGER *number = ASN1_INTEGER_new();
	X509_REVOKED *revoked;
	FILE *file = chain_create(folder, name);

	X509_CRL_set_version(crl, X509_CRL_VERSION_2);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(ca->certificate));
	X509_CRL_set1_lastUpdate(crl, when);
	if (serial != 0) {
		revoked = X509_REVOKED_new();
		ASN1_INTEGER_set(number, serial);
		X509_REVOKED_set_serialNumber(revoked, number);
		X509_REVOKED_set_revocationDate(revoked, when);
		X509_CRL_add0_revoked(crl, revoked);
	}
	X509_gmtime_adj(when, 10 * CHAIN_DAY_S);
	X509_CRL_set1_nextUpdate(crl, when);
	chain_check(X509_CRL_sign(crl, ca->key, EVP_sha256()) > 0, "sign crl");
	PEM_write_X509_CRL(file, crl);
	fclose(file);
	ASN1_TIME_free(when);
	ASN1_INTEGER_free(number);
	X509_CRL_free(crl);
}

#endif
