/*
 * signature.c
 *	  Signatures of webhooks: HMAC-SHA256 over the bytes as they came.
 *
 * Called by api/webhook_api.c before anything of a delivery is looked at.
 */
#include "postgres.h"

#include <sodium.h>

#include "auth/signature.h"

#define BASE64_LENGTH 44

StaticAssertDecl(TASKSYNC_HMAC_BYTES == crypto_auth_hmacsha256_BYTES, "size of HMAC-SHA256");

bool
tasksync_hmac_from_base64(const char *text, unsigned char hmac[TASKSYNC_HMAC_BYTES])
{
	size_t		length;

	return strlen(text) == BASE64_LENGTH &&
		sodium_base642bin(hmac, TASKSYNC_HMAC_BYTES, text, BASE64_LENGTH, NULL, &length, NULL,
						  sodium_base64_VARIANT_ORIGINAL) == 0 &&
		length == TASKSYNC_HMAC_BYTES;
}

bool
tasksync_hmac_from_hex(const char *text, unsigned char hmac[TASKSYNC_HMAC_BYTES])
{
	size_t		length;

	return strlen(text) == TASKSYNC_HMAC_BYTES * 2 &&
		sodium_hex2bin(hmac, TASKSYNC_HMAC_BYTES, text, TASKSYNC_HMAC_BYTES * 2, NULL, &length,
					   NULL) == 0 &&
		length == TASKSYNC_HMAC_BYTES;
}

bool
tasksync_hmac_matches(const char *key, size_t key_length, const char *message,
					  size_t message_length, const unsigned char hmac[TASKSYNC_HMAC_BYTES])
{
	crypto_auth_hmacsha256_state state;
	unsigned char own[TASKSYNC_HMAC_BYTES];
	bool		same;

	if (crypto_auth_hmacsha256_init(&state, (const unsigned char *) key, key_length) != 0 ||
		crypto_auth_hmacsha256_update(&state, (const unsigned char *) message,
									  message_length) != 0 ||
		crypto_auth_hmacsha256_final(&state, own) != 0)
		elog(ERROR, "could not compute HMAC-SHA256");
	same = sodium_memcmp(own, hmac, sizeof(own)) == 0;
	sodium_memzero(&state, sizeof(state));
	sodium_memzero(own, sizeof(own));
	return same;
}
