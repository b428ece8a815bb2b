/*
 * vault_api.c
 *	  The vault's SQL functions: seal and open an application's secrets, store
 *	  provider secrets, rotate the key, show the keys.
 *
 * Runs in backends.  No function here returns a provider's token or a key, to
 * anybody; and none writes a plaintext into an error, a log line or a table.
 */
#include "postgres.h"

#include "funcapi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/uuid.h"

#include "auth/web_request.h"
#include "base/compat.h"
#include "base/errors.h"
#include "base/extension.h"
#include "base/spi.h"
#include "base/testpoint.h"
#include "vault/keyring.h"
#include "vault/seal.h"

#define MAX_CONTEXT 1024
#define MAX_TOKEN 8192
#define MAX_CLIENT_ID 512

/* rows that are read, opened, sealed and written at a time */
#define ROTATION_PORTION 500

PG_FUNCTION_INFO_V1(tasksync_encrypt_token);
PG_FUNCTION_INFO_V1(tasksync_decrypt_token);
PG_FUNCTION_INFO_V1(tasksync_store_account_token);
PG_FUNCTION_INFO_V1(tasksync_set_provider_credentials);
PG_FUNCTION_INFO_V1(tasksync_rotate_key);
PG_FUNCTION_INFO_V1(tasksync_key_ring);

static char *
context_argument(text *argument)
{
	char	   *context = text_to_cstring(argument);

	if (*context == '\0' || strlen(context) > MAX_CONTEXT)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the context must have between 1 and %d bytes", MAX_CONTEXT),
				 errhint("Name the row that the secret belongs to, for example "
						 "'my_table/my_column/' || id.")));
	return tasksync_application_context(context);
}

/* SQL: tasksync.encrypt_token(plaintext text, context text) */
Datum
tasksync_encrypt_token(PG_FUNCTION_ARGS)
{
	text	   *plaintext = PG_GETARG_TEXT_PP(0);
	char	   *context = context_argument(PG_GETARG_TEXT_PP(1));
	unsigned char *sealed;
	size_t		length;
	bytea	   *result;
	TasksyncSealStatus status;

	status = tasksync_seal(VARDATA_ANY(plaintext), VARSIZE_ANY_EXHDR(plaintext), context, &sealed,
						   &length);
	tasksync_require_sealed(status);
	result = palloc(VARHDRSZ + length);
	SET_VARSIZE(result, VARHDRSZ + length);
	memcpy(VARDATA(result), sealed, length);
	PG_RETURN_BYTEA_P(result);
}

/* SQL: tasksync.decrypt_token(sealed bytea, context text) */
Datum
tasksync_decrypt_token(PG_FUNCTION_ARGS)
{
	bytea	   *sealed = PG_GETARG_BYTEA_PP(0);
	char	   *context = context_argument(PG_GETARG_TEXT_PP(1));
	char	   *plaintext;
	size_t		length;
	text	   *result;
	TasksyncSealStatus status;

	tasksync_refuse_web_requests("decrypt_token");
	status = tasksync_unseal((unsigned char *) VARDATA_ANY(sealed), VARSIZE_ANY_EXHDR(sealed),
							 context, &plaintext, &length);
	tasksync_require_sealed(status);
	/* it may have been sealed in a database with another encoding */
	if (!pg_verify_mbstr(GetDatabaseEncoding(), plaintext, (int) length, true))
	{
		tasksync_wipe(plaintext, length);
		ereport(ERROR,
				(errcode(ERRCODE_CHARACTER_NOT_IN_REPERTOIRE),
				 errmsg("the secret is no text in the encoding of this database"),
				 errhint("Open it in a database with the encoding it was sealed in.")));
	}
	result = cstring_to_text_with_len(plaintext, (int) length);
	tasksync_wipe(plaintext, length);
	PG_RETURN_TEXT_P(result);
}

/* a token goes into a header line: visible ASCII and nothing else */
static char *
token_argument(text *argument, const char *what)
{
	char	   *token = text_to_cstring(argument);
	size_t		length = strlen(token);
	bool		good = length > 0 && length <= MAX_TOKEN;

	for (size_t i = 0; good && i < length; i++)
		good = token[i] > ' ' && token[i] <= '~';
	if (!good)
	{
		tasksync_wipe(token, length);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the %s must be 1 to %d visible ASCII characters without blanks", what,
						MAX_TOKEN),
				 errhint("Copy it again from the provider's settings page.")));
	}
	return token;
}

static TasksyncParam
sealed_param(char *secret, const char *context)
{
	size_t		length;
	unsigned char *sealed = tasksync_seal_away(secret, context, &length);

	return tasksync_p_bytes(sealed, length);
}

/* a refresh token without its account's access token would have nothing to renew */
static void
require_token_arguments(FunctionCallInfo fcinfo)
{
	if (PG_ARGISNULL(0) || PG_ARGISNULL(1) || PG_ARGISNULL(2))
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("user, account and token must not be null")));
}

/*
 * SQL: tasksync.store_account_token(user_id uuid, account_id uuid, token text,
 *									 refresh_token text, expires_at timestamptz)
 *
 * The pair replaces what was there as a whole: a refresh token that belongs to
 * another grant than the access token would renew the wrong one.
 */
Datum
tasksync_store_account_token(PG_FUNCTION_ARGS)
{
	char	   *user_id;
	char	   *account_id;
	char	   *token;
	char	   *refresh;
	char	   *provider;
	TasksyncParam sealed;
	TasksyncParam sealed_refresh = tasksync_p_null();

	require_token_arguments(fcinfo);
	user_id = DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(0)));
	account_id = DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(1)));
	token = token_argument(PG_GETARG_TEXT_PP(2), "token");
	refresh = PG_ARGISNULL(3) ? NULL : token_argument(PG_GETARG_TEXT_PP(3), "refresh token");

	tasksync_extension_check_version();
	tasksync_spi_begin();
	if (tasksync_query("SELECT provider FROM tasksync.accounts WHERE user_id = $1 AND id = $2",
					   "uu", tasksync_p_uuid(user_id), tasksync_p_uuid(account_id)) == 0)
	{
		tasksync_wipe(token, strlen(token));
		if (refresh != NULL)
			tasksync_wipe(refresh, strlen(refresh));
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("account \"%s\" does not exist", account_id),
				 errhint("Look at tasksync.account_health.")));
	}
	provider = tasksync_cell_text(0, 1);
	sealed = sealed_param(token, tasksync_token_context(user_id, account_id, provider, "access"));
	if (refresh != NULL)
		sealed_refresh = sealed_param(refresh, tasksync_token_context(user_id, account_id,
																	  provider, "refresh"));
	/* clock_timestamp(), not now(): it is compared with the ends of runs */
	tasksync_query("INSERT INTO tasksync.account_tokens AS t"
				   " (user_id, account_id, access_sealed, refresh_sealed, access_expires_at,"
				   "  refreshed_at) VALUES ($1, $2, $3, $4, $5, clock_timestamp())"
				   " ON CONFLICT (user_id, account_id) DO UPDATE SET"
				   "  access_sealed = excluded.access_sealed,"
				   "  refresh_sealed = excluded.refresh_sealed,"
				   "  access_expires_at = excluded.access_expires_at, scope = NULL,"
				   "  refreshed_at = excluded.refreshed_at",
				   "uuBBT", tasksync_p_uuid(user_id), tasksync_p_uuid(account_id), sealed,
				   sealed_refresh,
				   tasksync_p_time(PG_ARGISNULL(4) ? 0 : PG_GETARG_TIMESTAMPTZ(4)));
	tasksync_spi_end();
	PG_RETURN_VOID();
}

static char *
client_id_argument(FunctionCallInfo fcinfo)
{
	char	   *client_id = PG_ARGISNULL(1) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(1));

	if (client_id == NULL || *client_id == '\0' || strlen(client_id) > MAX_CLIENT_ID)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the client id must have between 1 and %d bytes", MAX_CLIENT_ID),
				 errhint("Copy it from the app's page at the provider.")));
	return client_id;
}

/* SQL: tasksync.set_provider_credentials(provider text, client_id text, client_secret text) */
Datum
tasksync_set_provider_credentials(PG_FUNCTION_ARGS)
{
	char	   *provider = PG_ARGISNULL(0) ? "" : text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *client_id = client_id_argument(fcinfo);
	char	   *secret = PG_ARGISNULL(2) ? NULL : token_argument(PG_GETARG_TEXT_PP(2),
																 "client secret");
	TasksyncParam sealed = tasksync_p_null();

	tasksync_extension_check_version();
	tasksync_spi_begin();
	if (tasksync_query("SELECT FROM tasksync.providers WHERE provider = $1", "t",
					   tasksync_p_text(provider)) == 0)
	{
		if (secret != NULL)
			tasksync_wipe(secret, strlen(secret));
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("unknown provider \"%s\"", provider),
				 errhint("The known ones: SELECT provider FROM tasksync.providers.")));
	}
	if (secret != NULL)
		sealed = sealed_param(secret, tasksync_token_context("", "", provider, "client_secret"));
	tasksync_query("INSERT INTO tasksync.provider_credentials"
				   " (provider, client_id, client_secret_sealed) VALUES ($1, $2, $3)"
				   " ON CONFLICT (provider) DO UPDATE SET client_id = excluded.client_id,"
				   "  client_secret_sealed = excluded.client_secret_sealed, updated_at = now()",
				   "ttB", tasksync_p_text(provider), tasksync_p_text(client_id), sealed);
	tasksync_spi_end();
	PG_RETURN_VOID();
}

/* ---- rotation ---- */

typedef struct Rotation
{
	uint32		key_id;			/* what everything shall be sealed with */
	unsigned char key_bytes[4]; /* the same as it stands in the seals */
	int64		limit;			/* accounts still allowed in this call */
	int64		resealed;		/* rows, as the next two */
	int64		remaining;		/* sealed with another key and could be sealed again */
	int64		unreadable;		/* sealed with another key that does not open them */
} Rotation;

/* one row of account_tokens or provider_credentials with the secrets it holds */
typedef struct SealedRow
{
	char	   *user_id;
	char	   *account_id;
	char	   *provider;
	TasksyncParam renewed[2];	/* new values, null = leave it as it is */
	bool		opens;			/* a secret of it is sealed with another key, and opens */
	bool		unreadable;		/* and one does not open */
} SealedRow;

/*
 * look_at opens a secret that another key seals; with `renew` it is sealed
 * again at once.  What does not open stays as it is: it may be another key file
 * that is missing.
 */
static void
look_at(SealedRow *row, int secret, uint64 result_row, int column, const char *context,
		const Rotation *rotation, bool renew)
{
	size_t		length;
	unsigned char *sealed = tasksync_cell_bytes(result_row, column, &length);
	char	   *plaintext;
	size_t		plaintext_length;
	uint32		key_id;

	row->renewed[secret] = tasksync_p_null();
	if (sealed == NULL ||
		(tasksync_sealed_key_id(sealed, length, &key_id) && key_id == rotation->key_id))
		return;
	if (tasksync_unseal(sealed, length, context, &plaintext, &plaintext_length) !=
		TASKSYNC_SEAL_OK)
	{
		row->unreadable = true;
		return;
	}
	row->opens = true;
	if (renew)
	{
		unsigned char *renewed;
		size_t		renewed_length;
		TasksyncSealStatus status = tasksync_seal(plaintext, plaintext_length, context, &renewed,
												  &renewed_length);

		if (status != TASKSYNC_SEAL_OK)
		{
			tasksync_wipe(plaintext, plaintext_length);
			tasksync_require_sealed(status);
		}
		row->renewed[secret] = tasksync_p_bytes(renewed, renewed_length);
	}
	tasksync_wipe(plaintext, plaintext_length);
}

static void
count_row(Rotation *rotation, const SealedRow *row, bool renew)
{
	if (renew)
		rotation->resealed += row->opens ? 1 : 0;
	else
	{
		rotation->remaining += row->opens ? 1 : 0;
		rotation->unreadable += row->unreadable ? 1 : 0;
	}
}

#define TOKENS_OF_OTHER_KEYS \
	"SELECT t.user_id, t.account_id, a.provider, t.access_sealed, t.refresh_sealed" \
	" FROM tasksync.account_tokens t" \
	" JOIN tasksync.accounts a ON a.user_id = t.user_id AND a.id = t.account_id" \
	" WHERE (t.user_id, t.account_id) > ($1, $2)" \
	"  AND (substr(t.access_sealed, 3, 4) <> $3 OR substr(t.refresh_sealed, 3, 4) <> $3)" \
	" ORDER BY t.user_id, t.account_id LIMIT $4"

/*
 * Rows that a run holds just now are left out instead of waited for: the worker
 * that holds them may be waiting for ours.
 */
static const char look_query[] = TOKENS_OF_OTHER_KEYS;
static const char renew_query[] = TOKENS_OF_OTHER_KEYS " FOR UPDATE OF t SKIP LOCKED";

static void
write_tokens(const SealedRow *row)
{
	if (!row->opens)
		return;
	tasksync_query("UPDATE tasksync.account_tokens SET"
				   " access_sealed = coalesce($3, access_sealed),"
				   " refresh_sealed = coalesce($4, refresh_sealed)"
				   " WHERE user_id = $1 AND account_id = $2",
				   "uuBB", tasksync_p_uuid(row->user_id), tasksync_p_uuid(row->account_id),
				   row->renewed[0], row->renewed[1]);
	TASKSYNC_TEST_POINT("rotate-row");
}

/* the next rows of account_tokens after *last; false when there are no more to look at */
static bool
treat_tokens(Rotation *rotation, const char **last_user, const char **last_account, bool renew)
{
	int64		portion = renew ? Min(rotation->limit, ROTATION_PORTION) : ROTATION_PORTION;
	uint64		count;
	SealedRow  *rows;

	count = tasksync_query(renew ? renew_query : look_query, "uuBl", tasksync_p_uuid(*last_user),
						   tasksync_p_uuid(*last_account),
						   tasksync_p_bytes(rotation->key_bytes, 4), tasksync_p_long(portion));
	if (count == 0)
		return false;
	rows = palloc0(sizeof(SealedRow) * count);
	for (uint64 i = 0; i < count; i++)
	{
		SealedRow  *row = &rows[i];

		row->user_id = tasksync_cell_text(i, 1);
		row->account_id = tasksync_cell_text(i, 2);
		row->provider = tasksync_cell_text(i, 3);
		look_at(row, 0, i, 4,
				tasksync_token_context(row->user_id, row->account_id, row->provider, "access"),
				rotation, renew);
		look_at(row, 1, i, 5,
				tasksync_token_context(row->user_id, row->account_id, row->provider, "refresh"),
				rotation, renew);
		count_row(rotation, row, renew);
		/* what does not open must not use up the limit, or nobody would get past it */
		if (renew && row->opens)
			rotation->limit--;
	}
	for (uint64 i = 0; renew && i < count; i++)
		write_tokens(&rows[i]);
	*last_user = rows[count - 1].user_id;
	*last_account = rows[count - 1].account_id;
	return !renew || rotation->limit > 0;
}

/*
 * Secrets of the installation, a handful: the apps' own and those of their
 * webhooks.  `position` is null for the former.
 */
static void
treat_credentials(Rotation *rotation, bool renew)
{
	uint64		count;
	SealedRow  *rows;
	char	  **positions;

	/* only what is renewed: another rotation gets as far as the key file, and gives up there */
	tasksync_query("SELECT FROM tasksync.provider_credentials"
				   " WHERE substr(client_secret_sealed, 3, 4) <> $1 FOR UPDATE",
				   "B", tasksync_p_bytes(rotation->key_bytes, 4));
	count = tasksync_query("SELECT provider, client_secret_sealed, NULL"
						   " FROM tasksync.provider_credentials"
						   " WHERE substr(client_secret_sealed, 3, 4) <> $1"
						   " UNION ALL"
						   " SELECT provider, secret_sealed, position FROM tasksync.webhook_secrets"
						   " WHERE substr(secret_sealed, 3, 4) <> $1 ORDER BY 1, 3",
						   "B", tasksync_p_bytes(rotation->key_bytes, 4));
	rows = palloc0(sizeof(SealedRow) * Max(count, 1));
	positions = palloc0(sizeof(char *) * Max(count, 1));
	for (uint64 i = 0; i < count; i++)
	{
		rows[i].provider = tasksync_cell_text(i, 1);
		positions[i] = tasksync_cell_text(i, 3);
		look_at(&rows[i], 0, i, 2,
				tasksync_token_context("", "", rows[i].provider,
									   positions[i] == NULL ? "client_secret" : "webhook"),
				rotation, renew);
		count_row(rotation, &rows[i], renew);
	}
	for (uint64 i = 0; renew && i < count; i++)
	{
		if (!rows[i].opens)
			continue;
		if (positions[i] == NULL)
			tasksync_query("UPDATE tasksync.provider_credentials SET client_secret_sealed = $2"
						   " WHERE provider = $1",
						   "tB", tasksync_p_text(rows[i].provider), rows[i].renewed[0]);
		else
			tasksync_query("UPDATE tasksync.webhook_secrets SET secret_sealed = $2"
						   " WHERE provider = $1 AND position = $3",
						   "tBt", tasksync_p_text(rows[i].provider), rows[i].renewed[0],
						   tasksync_p_text(positions[i]));
	}
}

/* every row that another key seals: sealed again (within the limit), or only counted */
static void
treat_all(Rotation *rotation, bool renew)
{
	const char *user = "00000000-0000-0000-0000-000000000000";
	const char *account = user;

	treat_credentials(rotation, renew);
	while (treat_tokens(rotation, &user, &account, renew))
		CHECK_FOR_INTERRUPTS();
}

static void
reseal_all(Rotation *rotation, int64 limit)
{
	memset(rotation, 0, sizeof(*rotation));
	rotation->limit = limit;
	if (tasksync_keyring_primary(&rotation->key_id) == NULL)
		tasksync_require_sealed(TASKSYNC_SEAL_NO_KEY);
	for (int i = 0; i < 4; i++)
		rotation->key_bytes[i] = (unsigned char) (rotation->key_id >> (24 - 8 * i));
	treat_all(rotation, true);
	treat_all(rotation, false);
}

/*
 * SQL: tasksync.rotate_key(batch integer)
 *
 * What an interrupted rotation left, or what became the newest key by hand, is
 * finished first; only if there was nothing to finish a new key is made.  So it
 * can be called again after any crash, and in portions until nothing remains.
 */
Datum
tasksync_rotate_key(PG_FUNCTION_ARGS)
{
	Rotation	rotation;
	bool		added = false;
	TupleDesc	description;
	Datum		values[5];
	bool		nulls[5] = {false};
	int64		batch = PG_ARGISNULL(0) ? PG_INT64_MAX : PG_GETARG_INT32(0);

	if (!superuser())
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("only a superuser may rotate the key")));
	if (batch < 1)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("batch must be 1 or more"),
				 errhint("Leave it out to seal all rows again in one transaction.")));
	if (get_call_result_type(fcinfo, NULL, &description) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	tasksync_extension_check_version();
	tasksync_spi_begin();
	reseal_all(&rotation, batch);
	if (rotation.resealed == 0 && rotation.remaining == 0)
	{
		(void) tasksync_keyring_append();
		added = true;
		reseal_all(&rotation, batch);
	}
	tasksync_spi_end();
	values[0] = CStringGetTextDatum(psprintf("%08x", rotation.key_id));
	values[1] = BoolGetDatum(added);
	values[2] = Int64GetDatum(rotation.resealed);
	values[3] = Int64GetDatum(rotation.remaining);
	values[4] = Int64GetDatum(rotation.unreadable);
	PG_RETURN_DATUM(HeapTupleGetDatum(
		heap_form_tuple(BlessTupleDesc(description), values, nulls)));
}

/*
 * SQL: tasksync.key_ring()
 *
 * The ids of the keys in the file, or one row without an id that says why there
 * are none.
 */
Datum
tasksync_key_ring(PG_FUNCTION_ARGS)
{
	ReturnSetInfo *rsinfo = (ReturnSetInfo *) fcinfo->resultinfo;
	int			count;
	Datum		values[4];
	bool		nulls[4] = {false};

	InitMaterializedSRF(fcinfo, 0);
	count = tasksync_keyring_count();
	for (int i = 0; i < count; i++)
	{
		values[0] = CStringGetTextDatum(psprintf("%08x", tasksync_keyring_id(i)));
		values[1] = BoolGetDatum(i == count - 1);
		nulls[2] = nulls[3] = true;
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	if (count == 0)
	{
		nulls[0] = true;
		values[1] = BoolGetDatum(false);
		values[2] = CStringGetTextDatum(tasksync_keyring_problem());
		values[3] = CStringGetTextDatum(tasksync_keyring_hint());
		tuplestore_putvalues(rsinfo->setResult, rsinfo->setDesc, values, nulls);
	}
	PG_RETURN_VOID();
}
