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
/* sentence for people and hint with the command to type */
extern const char *tasksync_seal_message(TasksyncSealStatus status);
extern const char *tasksync_seal_hint(TasksyncSealStatus status);
extern void tasksync_wipe(char *secret, size_t length);

/* the context that binds a provider token to its row; palloc'd */
extern char *tasksync_token_context(const char *user_id, const char *account_id,
									const char *provider, const char *column);

#endif							/* TASKSYNC_SEAL_H */
