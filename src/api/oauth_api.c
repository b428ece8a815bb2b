/*
 * oauth_api.c
 *	  Consent, the part of the backends: making the link, taking the code in.
 *
 * Nothing here talks to a provider: the worker exchanges the code.  No function
 * returns a verifier or a code, and none writes one into an error or a table
 * unsealed.
 */
#include "postgres.h"

#include "utils/builtins.h"
#include "utils/uuid.h"

#include "auth/pkce.h"
#include "base/compat.h"
#include "base/extension.h"
#include "base/guc.h"
#include "base/spi.h"
#include "base/web_origin.h"
#include "provider/oauth.h"
#include "vault/seal.h"

#define CALLBACK_PATH "/rpc/oauth_callback"
#define MAX_REDIRECT_TO 2048
#define MAX_CODE 2048

PG_FUNCTION_INFO_V1(tasksync_begin_consent);
PG_FUNCTION_INFO_V1(tasksync_store_grant);
PG_FUNCTION_INFO_V1(tasksync_is_issuer);
PG_FUNCTION_INFO_V1(tasksync_accepts_tokens);

/* ---- the link ---- */

/*
 * An open redirect would make the hub's own address lend its name to anybody's
 * page, so only origins that the operator named will do.
 */
static void
check_redirect_to(const char *redirect_to)
{
	if (redirect_to == NULL)
		return;
	if (strlen(redirect_to) <= MAX_REDIRECT_TO &&
		(tasksync_web_origin_listed(redirect_to, tasksync_public_url) ||
		 tasksync_web_origin_listed(redirect_to, tasksync_redirect_origins)))
		return;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("people may not be sent to the page that redirect_to names"),
			 errhint("Name an https page at an origin of tasksync.public_url or "
					 "tasksync.redirect_origins.")));
}

static char *
redirect_uri(void)
{
	if (tasksync_public_url == NULL || *tasksync_public_url == '\0')
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("providers have no address to send people back to"),
				 errhint("Set tasksync.public_url to the address of the REST API, and register "
						 "that address with " CALLBACK_PATH " at the provider.")));
	return psprintf("%s%s", tasksync_public_url, CALLBACK_PATH);
}

/* the app's client id; between tasksync_spi_begin() and end() */
static char *
registered_client(const TasksyncOAuth *oauth)
{
	if (tasksync_query("SELECT client_id FROM tasksync.provider_credentials"
					   " WHERE provider = $1 AND (client_secret_sealed IS NOT NULL OR NOT $2)",
					   "tb", tasksync_p_text(oauth->provider),
					   tasksync_p_bool(oauth->needs_secret)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no app is registered for provider \"%s\"", oauth->provider),
				 errhint("Register one there and run SELECT tasksync.set_provider_credentials("
						 "'%s', client_id => '…', client_secret => '…').",
						 oauth->provider)));
	return tasksync_cell_text(0, 1);
}

static const TasksyncOAuth *
oauth_of_account(const char *user_id, const char *account_id)
{
	const TasksyncOAuth *oauth;
	char	   *provider;

	if (tasksync_query("SELECT provider FROM tasksync.accounts WHERE user_id = $1 AND id = $2",
					   "uu", tasksync_p_uuid(user_id), tasksync_p_uuid(account_id)) == 0)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("account \"%s\" does not exist", account_id),
				 errhint("Look at tasksync.account_health.")));
	provider = tasksync_cell_text(0, 1);
	oauth = tasksync_oauth_find(provider);
	if (oauth == NULL)
		ereport(ERROR,
				(errcode(ERRCODE_FEATURE_NOT_SUPPORTED),
				 errmsg("provider \"%s\" has no page of consent", provider),
				 errhint("Pass a token that the person got there.")));
	return oauth;
}

static TasksyncParam
sealed(char *secret, const char *context)
{
	size_t		length;
	unsigned char *bytes = tasksync_seal_away(secret, context, &length);

	return tasksync_p_bytes(bytes, length);
}

/*
 * SQL: tasksync.begin_consent(user_id uuid, account_id uuid, redirect_to text,
 *							   session_id uuid)
 */
Datum
tasksync_begin_consent(PG_FUNCTION_ARGS)
{
	char	   *user_id = DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(0)));
	char	   *account_id = DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(1)));
	char	   *redirect_to = PG_ARGISNULL(2) ? NULL : text_to_cstring(PG_GETARG_TEXT_PP(2));
	char	   *session_id = PG_ARGISNULL(3)
		? NULL : DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(3)));
	char		state[TASKSYNC_RANDOM_TEXT];
	char		verifier[TASKSYNC_RANDOM_TEXT];
	char		challenge[TASKSYNC_RANDOM_TEXT];
	unsigned char hash[TASKSYNC_SHA256_BYTES];
	const TasksyncOAuth *oauth;
	TasksyncConsent consent = {.state = state, .code_challenge = challenge};
	char	   *url;

	tasksync_extension_check_version();
	tasksync_spi_begin();
	oauth = oauth_of_account(user_id, account_id);
	consent.client_id = registered_client(oauth);
	consent.redirect_uri = redirect_uri();
	check_redirect_to(redirect_to);
	tasksync_random_text(state);
	tasksync_random_text(verifier);
	tasksync_sha256(state, hash);
	tasksync_code_challenge(verifier, challenge);
	url = oauth->authorize_url(&consent);
	tasksync_query("INSERT INTO tasksync.oauth_states (user_id, state_hash, account_id, provider,"
				   " session_id, verifier_sealed, redirect_uri, redirect_to, scopes)"
				   " VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
				   "uButuBttt", tasksync_p_uuid(user_id), tasksync_p_bytes(hash, sizeof(hash)),
				   tasksync_p_uuid(account_id), tasksync_p_text(oauth->provider),
				   tasksync_p_uuid(session_id),
				   sealed(verifier, tasksync_token_context(user_id, account_id, oauth->provider,
														   "verifier")),
				   tasksync_p_text(consent.redirect_uri), tasksync_p_text(redirect_to),
				   tasksync_p_text(oauth->scopes));
	tasksync_spi_end();
	PG_RETURN_TEXT_P(cstring_to_text(url));
}

/* ---- the answer ---- */

/* a code goes into a form: visible ASCII, as RFC 6749 (appendix A.11) has it */
static char *
code_argument(text *argument)
{
	char	   *code = text_to_cstring(argument);
	size_t		length = strlen(code);
	bool		good = length > 0 && length <= MAX_CODE;

	for (size_t i = 0; good && i < length; i++)
		good = code[i] > ' ' && code[i] <= '~';
	if (!good)
	{
		tasksync_wipe(code, length);
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("this is not a code"),
				 errhint("Pass the parameter code of the redirect as it came, decoded once.")));
	}
	return code;
}

/*
 * SQL: tasksync.store_grant(user_id uuid, account_id uuid, prior_state text,
 *							 code text, verifier_sealed bytea, redirect_uri text)
 *
 * The verifier stays sealed as it is: its context is the account's in both
 * tables.
 */
Datum
tasksync_store_grant(PG_FUNCTION_ARGS)
{
	char	   *user_id = DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(0)));
	char	   *account_id = DatumGetCString(DirectFunctionCall1(uuid_out, PG_GETARG_DATUM(1)));
	char	   *prior_state = text_to_cstring(PG_GETARG_TEXT_PP(2));
	char	   *code = code_argument(PG_GETARG_TEXT_PP(3));
	bytea	   *verifier = PG_GETARG_BYTEA_PP(4);
	char	   *uri = text_to_cstring(PG_GETARG_TEXT_PP(5));
	const TasksyncOAuth *oauth;

	tasksync_extension_check_version();
	tasksync_spi_begin();
	oauth = oauth_of_account(user_id, account_id);
	tasksync_query("INSERT INTO tasksync.oauth_grants (user_id, account_id, prior_state,"
				   " code_sealed, verifier_sealed, redirect_uri)"
				   " VALUES ($1, $2, $3, $4, $5, $6)",
				   "uutBBt", tasksync_p_uuid(user_id), tasksync_p_uuid(account_id),
				   tasksync_p_text(prior_state),
				   sealed(code, tasksync_token_context(user_id, account_id, oauth->provider,
													   "code")),
				   tasksync_p_bytes(VARDATA_ANY(verifier), VARSIZE_ANY_EXHDR(verifier)),
				   tasksync_p_text(uri));
	tasksync_spi_end();
	PG_RETURN_VOID();
}

/* SQL: tasksync.is_issuer(provider text, issuer text) */
Datum
tasksync_is_issuer(PG_FUNCTION_ARGS)
{
	const TasksyncOAuth *oauth = tasksync_oauth_find(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	char	   *issuer = text_to_cstring(PG_GETARG_TEXT_PP(1));

	PG_RETURN_BOOL(oauth != NULL && tasksync_oauth_is_issuer(oauth, issuer));
}

/* SQL: tasksync.accepts_tokens(provider text) */
Datum
tasksync_accepts_tokens(PG_FUNCTION_ARGS)
{
	const TasksyncOAuth *oauth = tasksync_oauth_find(text_to_cstring(PG_GETARG_TEXT_PP(0)));

	PG_RETURN_BOOL(oauth == NULL || !oauth->consent_only);
}
