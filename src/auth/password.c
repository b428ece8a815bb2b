/*
 * password.c
 *	  argon2id with libsodium's parameters for interactive use.
 *
 * Any backend.  Takes about a tenth of a second and 64 MiB, which is the point.
 * Never logs, never keeps the password.
 */
#include "postgres.h"

#include <sodium.h>

#include "auth/password.h"

char *
tasksync_password_hash(const char *password, size_t length)
{
	char	   *hash = palloc(crypto_pwhash_STRBYTES);

	if (sodium_init() < 0 ||
		crypto_pwhash_str_alg(hash, password, length, crypto_pwhash_OPSLIMIT_INTERACTIVE,
							  crypto_pwhash_MEMLIMIT_INTERACTIVE,
							  crypto_pwhash_ALG_ARGON2ID13) != 0)
		return NULL;
	return hash;
}
