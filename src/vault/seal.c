/*
 * seal.c
 *	  Secrets at rest: XChaCha20-Poly1305 with key id and bound context.
 *
 * Called by the worker (provider tokens) and by the vault's SQL functions.  It
 * never raises an error for a key or ciphertext that is missing or wrong: the
 * worker turns the status into a locked account, SQL functions into an error.
 *
 * The nonce is random: with 192 bits no counter has to be kept, and none can be
 * repeated by a restored backup.
 */
#include "postgres.h"

#include <sodium.h>

#include "utils/memutils.h"

#include "base/errors.h"
#include "vault/keyring.h"
#include "vault/seal.h"

#define VERSION 1
#define ALGORITHM_XCHACHA20_POLY1305 1

#define KEY_ID_OFFSET 2
#define HEADER_BYTES 6
#define NONCE_BYTES crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_BYTES crypto_aead_xchacha20poly1305_ietf_ABYTES
#define PREFIX_BYTES (HEADER_BYTES + NONCE_BYTES)

/* more would not fit into a bytea anyhow */
#define MAX_PLAINTEXT (MaxAllocSize / 2)

/* for the message: the key that was looked for last */
static uint32 missing_key;

StaticAssertDecl(TASKSYNC_KEY_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
				 "key size of the cipher");
StaticAssertDecl(PREFIX_BYTES + TAG_BYTES == TASKSYNC_SEAL_OVERHEAD, "documented overhead");

/* the sealed bytes' own header and the context, in one piece */
static unsigned char *
associated_data(const unsigned char *header, const char *context, size_t *length)
{
	size_t		context_length = strlen(context);
	unsigned char *data = palloc(HEADER_BYTES + context_length + 1);

	memcpy(data, header, HEADER_BYTES);
	memcpy(data + HEADER_BYTES, context, context_length);
	*length = HEADER_BYTES + context_length;
	return data;
}

/* everything but the choice of key and nonce, so that a test can give both */
void
tasksync_seal_with(const unsigned char *key, uint32 key_id, const unsigned char *nonce,
				   const char *plaintext, size_t plaintext_length, const char *context,
				   unsigned char *sealed)
{
	size_t		data_length;
	unsigned char *data;

	sealed[0] = VERSION;
	sealed[1] = ALGORITHM_XCHACHA20_POLY1305;
	for (int i = 0; i < 4; i++)
		sealed[KEY_ID_OFFSET + i] = (unsigned char) (key_id >> (24 - 8 * i));
	memcpy(sealed + HEADER_BYTES, nonce, NONCE_BYTES);
	data = associated_data(sealed, context, &data_length);
	if (crypto_aead_xchacha20poly1305_ietf_encrypt(sealed + PREFIX_BYTES, NULL,
												   (const unsigned char *) plaintext,
												   plaintext_length, data, data_length, NULL,
												   nonce, key) != 0)
		elog(ERROR, "could not seal");
	pfree(data);
}

TasksyncSealStatus
tasksync_seal(const char *plaintext, size_t plaintext_length, const char *context,
			  unsigned char **sealed, size_t *length)
{
	unsigned char nonce[NONCE_BYTES];
	uint32		key_id;
	const unsigned char *key = tasksync_keyring_primary(&key_id);

	*sealed = NULL;
	*length = 0;
	if (key == NULL)
		return TASKSYNC_SEAL_NO_KEY;
	if (plaintext_length > MAX_PLAINTEXT)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("a secret of %zu bytes is too long", plaintext_length)));
	*length = plaintext_length + TASKSYNC_SEAL_OVERHEAD;
	*sealed = palloc(*length);
	randombytes_buf(nonce, sizeof(nonce));
	tasksync_seal_with(key, key_id, nonce, plaintext, plaintext_length, context, *sealed);
	return TASKSYNC_SEAL_OK;
}

bool
tasksync_sealed_key_id(const unsigned char *sealed, size_t length, uint32 *key_id)
{
	if (length < TASKSYNC_SEAL_OVERHEAD || sealed[0] != VERSION ||
		sealed[1] != ALGORITHM_XCHACHA20_POLY1305)
		return false;
	*key_id = 0;
	for (int i = 0; i < 4; i++)
		*key_id = (*key_id << 8) | sealed[KEY_ID_OFFSET + i];
	return true;
}

TasksyncSealStatus
tasksync_unseal(const unsigned char *sealed, size_t length, const char *context, char **plaintext,
				size_t *plaintext_length)
{
	uint32		key_id;
	const unsigned char *key;
	unsigned char *data;
	size_t		data_length;
	unsigned long long opened;

	*plaintext = NULL;
	*plaintext_length = 0;
	if (tasksync_keyring_primary(&key_id) == NULL)
		return TASKSYNC_SEAL_NO_KEY;
	if (!tasksync_sealed_key_id(sealed, length, &key_id))
		return TASKSYNC_SEAL_DAMAGED;
	key = tasksync_keyring_find(key_id);
	if (key == NULL)
	{
		missing_key = key_id;
		return TASKSYNC_SEAL_UNKNOWN_KEY;
	}
	data = associated_data(sealed, context, &data_length);
	*plaintext = palloc(length - TASKSYNC_SEAL_OVERHEAD + 1);
	if (crypto_aead_xchacha20poly1305_ietf_decrypt((unsigned char *) *plaintext, &opened, NULL,
												   sealed + PREFIX_BYTES, length - PREFIX_BYTES,
												   data, data_length, sealed + HEADER_BYTES,
												   key) != 0)
	{
		/* the cipher verifies first and has written nothing that was in the seal */
		pfree(*plaintext);
		pfree(data);
		*plaintext = NULL;
		return TASKSYNC_SEAL_DAMAGED;
	}
	pfree(data);
	(*plaintext)[opened] = '\0';
	*plaintext_length = (size_t) opened;
	return TASKSYNC_SEAL_OK;
}

const char *
tasksync_seal_message(TasksyncSealStatus status)
{
	switch (status)
	{
		case TASKSYNC_SEAL_OK:
			return "";
		case TASKSYNC_SEAL_NO_KEY:
			return psprintf("the vault is locked: %s", tasksync_keyring_problem());
		case TASKSYNC_SEAL_UNKNOWN_KEY:
			return psprintf("sealed with key %08x, which the key file does not hold", missing_key);
		case TASKSYNC_SEAL_DAMAGED:
			return "the sealed bytes do not open: they belong to another context or were changed";
	}
	return "";
}

const char *
tasksync_seal_hint(TasksyncSealStatus status)
{
	switch (status)
	{
		case TASKSYNC_SEAL_OK:
			return "";
		case TASKSYNC_SEAL_NO_KEY:
			return tasksync_keyring_hint();
		case TASKSYNC_SEAL_UNKNOWN_KEY:
			return "Restore the key file that was in use then, or append its key to the present "
				"one, and look at it with SELECT * FROM tasksync.key_status.";
		case TASKSYNC_SEAL_DAMAGED:
			return "Give decrypt_token() the context that encrypt_token() was given; for an "
				"account, give it a new token with tasksync.reconnect_account().";
	}
	return "";
}

void
tasksync_require_sealed(TasksyncSealStatus status)
{
	const char *hint = tasksync_seal_hint(status);

	if (status == TASKSYNC_SEAL_OK)
		return;
	ereport(ERROR,
			(errcode(status == TASKSYNC_SEAL_NO_KEY ? TASKSYNC_ERRCODE_KEY_MISSING
													: TASKSYNC_ERRCODE_UNSEAL),
			 errmsg("%s", tasksync_seal_message(status)), *hint != '\0' ? errhint("%s", hint) : 0));
}

unsigned char *
tasksync_seal_away(char *secret, const char *context, size_t *length)
{
	unsigned char *sealed;
	TasksyncSealStatus status = tasksync_seal(secret, strlen(secret), context, &sealed, length);

	tasksync_wipe(secret, strlen(secret));
	tasksync_require_sealed(status);
	return sealed;
}

void
tasksync_wipe(char *secret, size_t length)
{
	if (secret != NULL)
		sodium_memzero(secret, length);
}

/*
 * The first words of the two contexts differ, so nothing sealed by
 * encrypt_token() opens as a provider token and no provider token is opened by
 * decrypt_token(), whatever context its caller makes up.
 */
char *
tasksync_token_context(const char *user_id, const char *account_id, const char *provider,
					   const char *column)
{
	return psprintf("provider token\n%s\n%s\n%s\n%s", user_id, account_id, provider, column);
}

char *
tasksync_application_context(const char *context)
{
	return psprintf("application\n%s", context);
}
