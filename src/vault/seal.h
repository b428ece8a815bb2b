/*
 * seal.h
 *	  Secrets at rest: XChaCha20-Poly1305 with key id and row-bound associated
 *	  data.
 *
 * Layout: version(1) | algorithm(1) | key id(4, big endian) | nonce(24) |
 * ciphertext and tag.  Associated data = the first six bytes and the context.
 * Callers: the worker (provider tokens), api/ (encrypt_token, decrypt_token).
 */
#ifndef TASKSYNC_SEAL_H
#define TASKSYNC_SEAL_H

#include "postgres.h"

/* bytes that a seal adds: header, nonce and tag */
#define TASKSYNC_SEAL_OVERHEAD 46

typedef enum TasksyncSealStatus
{
	TASKSYNC_SEAL_OK,
	TASKSYNC_SEAL_NO_KEY,		/* no usable key file at all */
	TASKSYNC_SEAL_UNKNOWN_KEY,	/* sealed with a key that the file does not hold */
	TASKSYNC_SEAL_DAMAGED,		/* wrong context, wrong key or changed bytes */
} TasksyncSealStatus;

/* palloc'd sealed bytes; *length set.  Result OK or NO_KEY. */
extern TasksyncSealStatus tasksync_seal(const char *plaintext, size_t plaintext_length,
										const char *context, unsigned char **sealed,
										size_t *length);
/* palloc'd NUL-terminated plaintext, to be wiped with tasksync_wipe() */
extern TasksyncSealStatus tasksync_unseal(const unsigned char *sealed, size_t length,
										  const char *context, char **plaintext,
										  size_t *plaintext_length);
/* sentence for people (without the file's path) and hint with the command to type */
extern const char *tasksync_seal_message(TasksyncSealStatus status);
extern const char *tasksync_seal_hint(TasksyncSealStatus status);
/* for SQL functions: TS001 or TS005 unless the status is OK */
extern void tasksync_require_sealed(TasksyncSealStatus status);
/* for SQL functions: seals a NUL-terminated secret and wipes it; TS001 without a key */
extern unsigned char *tasksync_seal_away(char *secret, const char *context, size_t *length);
extern void tasksync_wipe(char *secret, size_t length);

/* which key would open it; false if these bytes are no seal of this version */
extern bool tasksync_sealed_key_id(const unsigned char *sealed, size_t length, uint32 *key_id);

/* the sealing itself, with given key and nonce; `sealed` has room for the overhead */
extern void tasksync_seal_with(const unsigned char *key, uint32 key_id, const unsigned char *nonce,
							   const char *plaintext, size_t plaintext_length,
							   const char *context, unsigned char *sealed);

/*
 * The context that binds a provider token to its row; palloc'd.  The columns are
 * "access" and "refresh" in account_tokens, oauth_grants and revocations, so
 * that a token moves between them as it is; "code" and "verifier" belong to a
 * consent.  An app's client secret has "" for both ids and column
 * "client_secret", the secrets of a provider's webhooks "webhook".
 */
extern char *tasksync_token_context(const char *user_id, const char *account_id,
									const char *provider, const char *column);
/* the context of a secret that an application keeps with encrypt_token(); palloc'd */
extern char *tasksync_application_context(const char *context);

#endif							/* TASKSYNC_SEAL_H */
