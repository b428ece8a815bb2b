/*
 * webhook_api.c
 *	  Webhooks, what needs the vault: sealing their secrets, and judging a
 *	  signature over the bytes as they came.
 *
 * Runs in backends, before anything of a delivery is looked at.  What a
 * delivery says is never believed anyway: it only makes the worker look.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_type.h"
#include "funcapi.h"
#include "utils/array.h"
#include "utils/builtins.h"

#include "auth/signature.h"
#include "auth/web_request.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/spi.h"
#include "provider/webhook.h"
#include "vault/seal.h"

#define MAX_SECRET 512
/* secrets that may be live at a time: current, previous, offered, the app's own */
#define CANDIDATES 4
/* a key that signs nothing: the same work where there is no secret */
#define NO_KEY "no secret"

PG_FUNCTION_INFO_V1(tasksync_seal_webhook_secret);
PG_FUNCTION_INFO_V1(tasksync_open_webhook_secret);
PG_FUNCTION_INFO_V1(tasksync_verify_webhook);
PG_FUNCTION_INFO_V1(tasksync_read_webhook);
PG_FUNCTION_INFO_V1(tasksync_webhook_scheme);

static char *
webhook_context(const char *provider)
{
	return tasksync_token_context("", "", provider, "webhook");
}

static bool
is_secret(const char *secret, size_t length)
{
	for (size_t i = 0; i < length; i++)
	{
		if (secret[i] <= ' ' || secret[i] > '~')
			return false;
	}
	return length > 0 && length <= MAX_SECRET;
}

/* SQL: tasksync.seal_webhook_secret(provider text, secret text) */
Datum
tasksync_seal_webhook_secret(PG_FUNCTION_ARGS)
{
	char	   *provider = text_to_cstring(PG_GETARG_TEXT_PP(0));
	char	   *secret = text_to_cstring(PG_GETARG_TEXT_PP(1));
	size_t		length = strlen(secret);
	unsigned char *sealed;
	size_t		sealed_length;
	bytea	   *result;

	if (!is_secret(secret, length))
	{
		tasksync_wipe(secret, length);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("the secret must be 1 to %d visible ASCII characters without blanks",
						MAX_SECRET),
				 errhint("Copy it again from the provider's page.")));
	}
	sealed = tasksync_seal_away(secret, webhook_context(provider), &sealed_length);
	result = palloc(VARHDRSZ + sealed_length);
	SET_VARSIZE(result, VARHDRSZ + sealed_length);
	memcpy(VARDATA(result), sealed, sealed_length);
	PG_RETURN_BYTEA_P(result);
}

/*
 * SQL: tasksync.open_webhook_secret(provider text, sealed bytea)
 *
 * For the one secret that a person has to type elsewhere: Notion tells it to the
 * endpoint only, and wants it entered on its page.
 */
Datum
tasksync_open_webhook_secret(PG_FUNCTION_ARGS)
{
	char	   *provider = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bytea	   *sealed = PG_GETARG_BYTEA_PP(1);
	char	   *secret;
	size_t		length;
	text	   *result;

	tasksync_refuse_web_requests("webhook_token");
	tasksync_require_sealed(tasksync_unseal((unsigned char *) VARDATA_ANY(sealed),
											VARSIZE_ANY_EXHDR(sealed), webhook_context(provider),
											&secret, &length));
	result = cstring_to_text_with_len(secret, (int) length);
	tasksync_wipe(secret, length);
	PG_RETURN_TEXT_P(result);
}

/* ---- judging ---- */

/* base64 where the scheme is bare, hexadecimal after "sha256=" */
static bool
decode_signature(const char *signature, unsigned char hmac[TASKSYNC_HMAC_BYTES])
{
	if (strncmp(signature, "sha256=", 7) == 0)
		return tasksync_hmac_from_hex(signature + 7, hmac);
	return tasksync_hmac_from_base64(signature, hmac);
}

/*
 * One comparison, with a secret that does not open as with one that does not
 * match: the time must not tell which it was.
 */
static bool
candidate_matches(const unsigned char *sealed, size_t sealed_length, const char *context,
				  const text *body, const unsigned char hmac[TASKSYNC_HMAC_BYTES])
{
	char	   *secret = NULL;
	size_t		length = 0;
	bool		same;

	if (sealed == NULL ||
		tasksync_unseal(sealed, sealed_length, context, &secret, &length) != TASKSYNC_SEAL_OK)
	{
		(void) tasksync_hmac_matches(NO_KEY, strlen(NO_KEY), VARDATA_ANY(body),
									 VARSIZE_ANY_EXHDR(body), hmac);
		return false;
	}
	same = tasksync_hmac_matches(secret, length, VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), hmac);
	tasksync_wipe(secret, length);
	return same;
}

/*
 * SQL: tasksync.verify_webhook(provider text, body json, signature text)
 *
 * Which secret signed the body: its position, or client_secret.  Empty if none
 * did, null if the provider has none.  The number of comparisons is always the
 * same.
 */
Datum
tasksync_verify_webhook(PG_FUNCTION_ARGS)
{
	char	   *provider = text_to_cstring(PG_GETARG_TEXT_PP(0));
	text	   *body = PG_GETARG_TEXT_PP(1);
	char	   *signature = text_to_cstring(PG_GETARG_TEXT_PP(2));
	const TasksyncWebhook *webhook = tasksync_webhook_find(provider);
	unsigned char hmac[TASKSYNC_HMAC_BYTES] = {0};
	bool		decoded = decode_signature(signature, hmac);
	const char *found = "";
	uint64		count;

	if (webhook == NULL)
		PG_RETURN_NULL();
	tasksync_extension_check_version();
	tasksync_spi_begin();
	count = tasksync_query("SELECT position, secret_sealed FROM tasksync.webhook_secrets"
						   " WHERE provider = $1 AND secret_sealed IS NOT NULL"
						   "  AND coalesce(valid_until > clock_timestamp(), true)"
						   " UNION ALL"
						   " SELECT 'client_secret', client_secret_sealed"
						   " FROM tasksync.provider_credentials"
						   " WHERE provider = $1 AND client_secret_sealed IS NOT NULL"
						   "  AND $2",
						   "tb", tasksync_p_text(provider),
						   tasksync_p_bool(webhook->uses_client_secret));
	for (uint64 i = 0; i < CANDIDATES; i++)
	{
		size_t		length = 0;
		unsigned char *sealed = i < count ? tasksync_cell_bytes(i, 2, &length) : NULL;
		char	   *position = i < count ? tasksync_cell_text(i, 1) : "";
		const char *context = strcmp(position, "client_secret") == 0
			? tasksync_token_context("", "", provider, "client_secret")
			: webhook_context(provider);

		if (candidate_matches(sealed, length, context, body, hmac) && decoded)
			found = position;
	}
	tasksync_spi_end();
	if (count == 0)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(found));
}

static Datum
texts(int count, const char **values)
{
	Datum	   *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = CStringGetTextDatum(values[i]);
	return PointerGetDatum(construct_array(elements, count, TEXTOID, -1, false, TYPALIGN_INT));
}

static TupleDesc
row_type(FunctionCallInfo fcinfo)
{
	TupleDesc	description;

	if (get_call_result_type(fcinfo, NULL, &description) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "return type must be a row type");
	return BlessTupleDesc(description);
}

/*
 * SQL: tasksync.read_webhook(provider text, body json)
 *
 * Null for what is no delivery of this provider.
 */
Datum
tasksync_read_webhook(PG_FUNCTION_ARGS)
{
	const TasksyncWebhook *webhook =
		tasksync_webhook_find(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	text	   *body = PG_GETARG_TEXT_PP(1);
	TasksyncDelivery delivery;
	Datum		values[5] = {0};
	bool		nulls[5] = {false};
	const char *members[5] = {0};

	if (webhook == NULL ||
		!webhook->read(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), &delivery))
		PG_RETURN_NULL();
	members[0] = delivery.id;
	members[2] = delivery.workspace_id;
	members[3] = delivery.container_id;
	members[4] = delivery.offered_secret;
	for (int i = 0; i < 5; i++)
	{
		nulls[i] = i != 1 && members[i] == NULL;
		if (i == 1)
			values[i] = texts(delivery.naccounts, delivery.accounts);
		else if (members[i] != NULL)
			values[i] = CStringGetTextDatum(members[i]);
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(row_type(fcinfo), values, nulls)));
}

/* SQL: tasksync.webhook_scheme(provider text) */
Datum
tasksync_webhook_scheme(PG_FUNCTION_ARGS)
{
	const TasksyncWebhook *webhook =
		tasksync_webhook_find(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	Datum		values[4] = {0};
	bool		nulls[4] = {false};

	if (webhook == NULL)
		PG_RETURN_NULL();
	values[0] = CStringGetTextDatum(webhook->signature_header);
	nulls[1] = webhook->delivery_header == NULL;
	if (!nulls[1])
		values[1] = CStringGetTextDatum(webhook->delivery_header);
	values[2] = BoolGetDatum(webhook->uses_client_secret);
	values[3] = BoolGetDatum(webhook->has_handshake);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(row_type(fcinfo), values, nulls)));
}
