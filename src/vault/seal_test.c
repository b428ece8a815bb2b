/*
 * seal_test.c
 *	  What only a test build can do with the vault: published vectors of the
 *	  cipher, fixed nonces, and secrets that are no text.
 *
 * Called from test/sql/vault.sql, which declares these functions itself.  Empty
 * in a release build.
 */
#include "postgres.h"

#ifdef TASKSYNC_TESTING

#include <sodium.h>

#include "fmgr.h"
#include "utils/builtins.h"

#include "base/compat.h"
#include "vault/keyring.h"
#include "vault/seal.h"

#define BYTES(n) ((unsigned char *) VARDATA_ANY(PG_GETARG_BYTEA_PP(n)))
#define LENGTH(n) VARSIZE_ANY_EXHDR(PG_GETARG_BYTEA_PP(n))

static bytea *
make_bytea(const void *data, size_t length)
{
	bytea	   *result = palloc(VARHDRSZ + length);

	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), data, length);
	return result;
}

/* the cipher alone: (key, nonce, associated data, plaintext) */
PG_FUNCTION_INFO_V1(tasksync_test_cipher);
Datum
tasksync_test_cipher(PG_FUNCTION_ARGS)
{
	unsigned long long length;
	unsigned char *sealed = palloc(LENGTH(3) + crypto_aead_xchacha20poly1305_ietf_ABYTES);

	if (LENGTH(0) != crypto_aead_xchacha20poly1305_ietf_KEYBYTES ||
		LENGTH(1) != crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
		elog(ERROR, "wrong size of key or nonce");
	crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &length, BYTES(3), LENGTH(3), BYTES(2),
											   LENGTH(2), NULL, BYTES(1), BYTES(0));
	PG_RETURN_BYTEA_P(make_bytea(sealed, (size_t) length));
}

/* our whole format with a given key, id and nonce: (key, id, nonce, plaintext, context) */
PG_FUNCTION_INFO_V1(tasksync_test_seal_with);
Datum
tasksync_test_seal_with(PG_FUNCTION_ARGS)
{
	unsigned char *sealed = palloc(LENGTH(3) + TASKSYNC_SEAL_OVERHEAD);

	if (LENGTH(0) != TASKSYNC_KEY_BYTES ||
		LENGTH(2) != crypto_aead_xchacha20poly1305_ietf_NPUBBYTES)
		elog(ERROR, "wrong size of key or nonce");
	tasksync_seal_with(BYTES(0), (uint32) PG_GETARG_INT64(1), BYTES(2), (char *) BYTES(3),
					   LENGTH(3), text_to_cstring(PG_GETARG_TEXT_PP(4)), sealed);
	PG_RETURN_BYTEA_P(make_bytea(sealed, LENGTH(3) + TASKSYNC_SEAL_OVERHEAD));
}

/* seal any bytes with the key file: (plaintext, context) */
PG_FUNCTION_INFO_V1(tasksync_test_seal);
Datum
tasksync_test_seal(PG_FUNCTION_ARGS)
{
	unsigned char *sealed;
	size_t		length;
	TasksyncSealStatus status = tasksync_seal((char *) BYTES(0), LENGTH(0),
											  text_to_cstring(PG_GETARG_TEXT_PP(1)), &sealed,
											  &length);

	if (status != TASKSYNC_SEAL_OK)
		PG_RETURN_NULL();
	PG_RETURN_BYTEA_P(make_bytea(sealed, length));
}

/* open it: "ok:" and the bytes in hexadecimal, or the status as a number: (sealed, context) */
PG_FUNCTION_INFO_V1(tasksync_test_unseal);
Datum
tasksync_test_unseal(PG_FUNCTION_ARGS)
{
	char	   *plaintext;
	size_t		length;
	TasksyncSealStatus status = tasksync_unseal(BYTES(0), LENGTH(0),
												text_to_cstring(PG_GETARG_TEXT_PP(1)),
												&plaintext, &length);
	char	   *text;

	if (status != TASKSYNC_SEAL_OK)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("status %d", (int) status)));
	if (plaintext[length] != '\0')
		elog(ERROR, "plaintext is not terminated");
	text = palloc(length * 2 + 4);
	strcpy(text, "ok:");
	(void) hex_encode(plaintext, length, text + 3);
	tasksync_wipe(plaintext, length);
	for (size_t i = 0; i < length; i++)
	{
		if (plaintext[i] != 0)
			elog(ERROR, "plaintext was not wiped");
	}
	PG_RETURN_TEXT_P(cstring_to_text_with_len(text, (int) (length * 2 + 3)));
}

/* a sealed provider token as the worker would open it: (user, account, provider, column, sealed) */
PG_FUNCTION_INFO_V1(tasksync_test_open_token);
Datum
tasksync_test_open_token(PG_FUNCTION_ARGS)
{
	char	   *ids[4];
	char	   *plaintext;
	size_t		length;
	TasksyncSealStatus status;

	for (int i = 0; i < 4; i++)
		ids[i] = text_to_cstring(PG_GETARG_TEXT_PP(i));
	status = tasksync_unseal(BYTES(4), LENGTH(4),
							 tasksync_token_context(ids[0], ids[1], ids[2], ids[3]), &plaintext,
							 &length);
	if (status != TASKSYNC_SEAL_OK)
		PG_RETURN_TEXT_P(cstring_to_text(psprintf("status %d", (int) status)));
	PG_RETURN_TEXT_P(cstring_to_text_with_len(plaintext, (int) length));
}

#endif
