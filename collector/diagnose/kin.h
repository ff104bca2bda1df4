/*
 * kin.h - which dependency do a name, a variable or an error text speak of?
 */
#ifndef COLLECTOR_DIAGNOSE_KIN_H
#define COLLECTOR_DIAGNOSE_KIN_H

#include "collector/diagnose/product.h"
#include "collector/diagnose/scene.h"
#include "collector/diagnose/signature.h"

/* Do the words of a probe's name, or of an address, name this dependency? */
bool kin_is_named(const char *words, const char *dependency);

/* What it is, by the declared kind, else by the name.  NULL is nothing. */
enum product kin_product(const struct scene_service *service);
bool kin_is_database(const struct scene_service *service);
bool kin_is_cache(const struct scene_service *service);

/* The dependency of service that its error text speaks of: by the object that
 * was found in the text (a name or a port), by its name where the text tells
 * of what did not come about between two, else its only database, cache or
 * broker when the words are those of one, or of a driver for it.  "": nobody
 * we know. */
const char *kin_of_text(const struct scene *scene, const char *service,
    const struct signature_found *found, const char *text);

/* Does the name of a variable speak of this dependency: by a word of its name,
 * or by what is asked of it (DB_HOST of a database)?  Not when a word of it is
 * another's. */
bool kin_is_variable_of(
    const struct scene *scene, const char *variable, const char *dependency);

/* Does it say what of a connection it is, and not whose (HOST, DSN)? */
bool kin_is_variable_of_all(const char *variable);

/* Does it say whom to trust (SSL_CERT_FILE)? */
bool kin_is_variable_of_trust(const char *variable);

#endif
