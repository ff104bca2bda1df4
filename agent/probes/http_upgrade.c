#include <openssl/evp.h>
#include <openssl/rand.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "agent/probes/http_upgrade.h"
#include "proto/base/mem.h"

#define NONCE_BYTES  16
#define ACCEPT_BYTES 29 /* of base64, for the 20 bytes of SHA-1 */
#define MAGIC        "258EAFA5-E914-47DA-95CA-C5AB0DC85B11" /* section 1.3 */

void
http_upgrade_begin(struct http_upgrade *upgrade, struct http_client *client)
{
	unsigned char nonce[NONCE_BYTES];

	if (RAND_bytes(nonce, sizeof(nonce)) != 1)
		abort(); /* OpenSSL has no random bytes: nothing works */
	EVP_EncodeBlock(
	    (unsigned char *)upgrade->key, nonce, (int)sizeof(nonce));
	http_client_add_header(client, "Connection", "Upgrade");
	http_client_add_header(client, "Upgrade", "websocket");
	http_client_add_header(client, "Sec-WebSocket-Version", "13");
	http_client_add_header(client, "Sec-WebSocket-Key", upgrade->key);
}

bool
http_upgrade_is_done(
    const struct http_upgrade *upgrade, const struct http_answer *answer)
{
	char *given = http_answer_header(answer, "Sec-WebSocket-Accept");
	char *protocol = http_answer_header(answer, "Upgrade");
	char *whole = mem_printf("%s%s", upgrade->key, MAGIC);
	unsigned char digest[EVP_MAX_MD_SIZE];
	char expected[ACCEPT_BYTES] = "";
	unsigned n = 0;
	bool is_done;

	if (EVP_Digest(whole, strlen(whole), digest, &n, EVP_sha1(), NULL) == 1)
		EVP_EncodeBlock((unsigned char *)expected, digest, (int)n);
	is_done = expected[0] != '\0' && given != NULL && protocol != NULL &&
	    strcmp(given, expected) == 0 &&
	    strcasecmp(protocol, "websocket") == 0;
	free(given);
	free(protocol);
	free(whole);
	return is_done;
}
