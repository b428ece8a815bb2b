/*
 * pkce.c
 *	  Random values that nobody can guess, and what PKCE makes of them.
 *
 * Called by api/oauth_api.c.  libsodium, because it is here already for the
 * vault and knows base64url.
 */
#include "postgres.h"

#include <sodium.h>

#include "auth/pkce.h"

StaticAssertDecl(TASKSYNC_SHA256_BYTES == crypto_hash_sha256_BYTES, "size of SHA-256");

static void
base64url(const unsigned char bytes[TASKSYNC_SHA256_BYTES], char text[TASKSYNC_RANDOM_TEXT])
{
	sodium_bin2base64(text, TASKSYNC_RANDOM_TEXT, bytes, TASKSYNC_SHA256_BYTES,
					  sodium_base64_VARIANT_URLSAFE_NO_PADDING);
}

void
tasksync_random_text(char text[TASKSYNC_RANDOM_TEXT])
{
	unsigned char bytes[TASKSYNC_SHA256_BYTES];

	if (sodium_init() < 0)
		elog(ERROR, "libsodium cannot be used");
	randombytes_buf(bytes, sizeof(bytes));
	base64url(bytes, text);
	sodium_memzero(bytes, sizeof(bytes));
}

void
tasksync_sha256(const char *text, unsigned char hash[TASKSYNC_SHA256_BYTES])
{
	if (crypto_hash_sha256(hash, (const unsigned char *) text, strlen(text)) != 0)
		elog(ERROR, "could not compute SHA-256");
}

void
tasksync_code_challenge(const char *verifier, char challenge[TASKSYNC_RANDOM_TEXT])
{
	unsigned char hash[TASKSYNC_SHA256_BYTES];

	tasksync_sha256(verifier, hash);
	base64url(hash, challenge);
}
