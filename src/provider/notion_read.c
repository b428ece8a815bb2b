/*
 * notion_read.c
 *	  Reading: which data sources there are, what each is like, what is in them.
 *
 * Called for every SYNC call without an intent.  Pure.
 *
 * One request is one step of the plan in the cursor.  A container that cannot
 * be read is put aside with a sentence that says what to do, and asked about
 * again in every round; its place is forgotten, so that it is read whole when
 * it is back.
 */
#include "postgres.h"

#include "provider/notion_cursor.h"
#include "provider/notion_json.h"
#include "provider/notion_mapping.h"
#include "provider/notion_page.h"
#include "provider/notion_query.h"
#include "provider/notion_read.h"
#include "provider/notion_request.h"
#include "provider/notion_schema.h"
#include "provider/notion_status.h"

/* data sources that a sentence names */
#define MAX_NAMED 5

typedef struct Read
{
	const TasksyncCall *call;
	json_t *state;
	json_t *step;
	const char *id; /* of the step's container, or NULL */
	const TasksyncContainer *container;
	TasksyncAnswer *answer;
} Read;

static bool
does(const json_t *step, const char *what)
{
	return tasksync_notion_says(step, "do", what);
}

/* ---- requests ---- */

static void
build_search(const TasksyncCall *call, const json_t *step, TasksyncHttpRequest *request)
{
	const char *page = tasksync_json_string(step, "page");
	json_t *body = json_pack("{s:{s:s, s:s}, s:{s:s, s:s}, s:i}", "filter", "property", "object",
							 "value", "data_source", "sort", "timestamp", "last_edited_time",
							 "direction", "descending", "page_size", NOTION_PAGE_SIZE);
	StringInfoData url;

	if (page != NULL)
		json_object_set_new(body, "start_cursor", json_string(page));
	tasksync_notion_address(&url, call, "/v1/search", NULL);
	tasksync_notion_request(request, TASKSYNC_POST, &url, body);
}

void
tasksync_notion_build_read(const TasksyncCall *call, TasksyncHttpRequest *request)
{
	json_t *state = tasksync_notion_plan(call);
	const json_t *step = tasksync_notion_step(state);
	const char *id = tasksync_json_string(step, "id");
	StringInfoData url;

	if (does(step, "read"))
	{
		tasksync_notion_build_query(call, state, request);
		return;
	}
	if (does(step, "schema"))
		tasksync_notion_address(&url, call, "/v1/data_sources/%s", id);
	else if (does(step, "database"))
		tasksync_notion_address(&url, call, "/v1/databases/%s", id);
	else if (does(step, "bodies"))
		tasksync_notion_address(&url, call, "/v1/pages/%s/markdown",
								json_string_value(
									json_array_get(json_object_get(step, "pages"), 0)));
	else
	{
		build_search(call, step, request);
		return;
	}
	tasksync_notion_request(request, TASKSYNC_GET, &url, NULL);
}

/* ---- containers in trouble ---- */

static void
report(Read *read, const char *code, const char *message)
{
	TasksyncContainerTrouble *trouble = palloc0(sizeof(TasksyncContainerTrouble));

	trouble->remote_id = read->container != NULL ? read->container->remote_id : read->id;
	trouble->code = code;
	trouble->message = message;
	read->answer->troubles = trouble;
	read->answer->ntroubles = 1;
}

/* it is not read in this round; the next one asks how it is, and reads it whole when it is well */
static void
put_aside(Read *read, const char *code, const char *message)
{
	json_t *place = tasksync_notion_place(read->state, read->id);

	json_object_clear(place);
	json_object_set_new(place, "bad", json_string(code));
	tasksync_notion_drop_steps_of(read->state, read->id);
	report(read, code, message);
}

/* ---- answers ---- */

static void
parse_search(Read *read, const json_t *json)
{
	const json_t *results = json_object_get(json, "results");
	const char *page = tasksync_json_string(json, "next_cursor");
	TasksyncAnswer *answer = read->answer;

	if (!json_is_array(results))
	{
		tasksync_notion_bad_answer(read->call, answer, "wrong_shape",
								   "Notion answered a search with something else than a list");
		return;
	}
	answer->coverage = TASKSYNC_COVERS_DELTA;
	answer->observations = palloc(sizeof(TasksyncObservation) * Max(json_array_size(results), 1));
	for (size_t i = 0; i < json_array_size(results); i++)
	{
		const json_t *found = json_array_get(results, i);
		TasksyncObservation *one = &answer->observations[answer->nobservations];

		/* the linked ones are asked one by one: what a search shows of them may be old */
		if (tasksync_notion_container(read->call, tasksync_notion_id(found, "id")) == NULL &&
			tasksync_notion_read_data_source(found, NULL, one))
			answer->nobservations++;
	}
	tasksync_notion_set_time(read->state, "looked", read->call->now);
	if (tasksync_json_bool(json, "has_more", false) && page != NULL)
		json_object_set_new(read->step, "page", json_string(page));
	else
		tasksync_notion_drop_step(read->state);
}

/* another linked data source that is called the same; they are told apart by their ids */
static bool
shares_its_name(const Read *read, const TasksyncObservation *seen)
{
	const char *name = tasksync_json_string(seen->raw, "name");

	for (int i = 0; name != NULL && i < read->call->ncontainers; i++)
	{
		const TasksyncContainer *other = &read->call->containers[i];
		const json_t *known = json_object_get(other->config, "known");

		if (other != read->container && tasksync_notion_says(known, "name", name))
			return true;
	}
	return false;
}

static void
judge_schema(Read *read, const TasksyncObservation *seen)
{
	const json_t *mapping = tasksync_notion_mapping_of(
		json_pack("{s:O?, s:O?}", "known", seen->raw, "mapping",
				  read->container != NULL ? json_object_get(read->container->config, "mapping")
										  : NULL));
	const json_t *place = tasksync_notion_place(read->state, read->id);
	const char *code;
	const char *message;

	if (!tasksync_notion_mapping_holds(seen->raw, mapping, &code, &message))
		put_aside(read, code, message);
	else if (shares_its_name(read, seen))
		report(read, "equal_names",
			   "another linked data source has the same name; both are synced and told apart by"
			   " their ids, and renaming one in Notion tells them apart for people");
	/* also when nothing is remembered: what was said before the cursor was lost ends here */
	else if (tasksync_notion_time(place, "at") == 0)
		report(read, NULL, NULL);
}

static void
parse_schema(Read *read, const json_t *json)
{
	TasksyncObservation *seen = palloc(sizeof(TasksyncObservation));
	json_t *step = json_deep_copy(read->step);

	if (!tasksync_notion_read_data_source(json, read->container->config, seen))
	{
		tasksync_notion_bad_answer(read->call, read->answer, "wrong_shape",
								   "Notion answered the question for a data source with something"
								   " else");
		return;
	}
	read->answer->coverage = TASKSYNC_COVERS_DELTA;
	tasksync_notion_drop_step(read->state);
	if (tasksync_json_bool(json, "in_trash", false))
		put_aside(read, "trashed",
				  "the database is in Notion's trash; restore it there, or unlink the project");
	else if (seen->state != TASKSYNC_REMOTE_LIVE)
		put_aside(read, "archived",
				  "the database is archived in Notion; take it out of the archive there, or unlink"
				  " the project");
	else
	{
		seen->remote_id = read->container->remote_id;
		read->answer->observations = seen;
		read->answer->nobservations = 1;
		judge_schema(read, seen);
		if (tasksync_json_bool(step, "ends", false) &&
			json_object_get(tasksync_notion_place(read->state, read->id), "bad") == NULL)
			tasksync_notion_finish_read(read->call, read->state, step, read->answer);
	}
}

/* the id of a database in place of one of its data sources: say which there are */
static void
parse_database(Read *read, const json_t *json)
{
	const json_t *sources = json_object_get(json, "data_sources");
	StringInfoData ids;

	initStringInfo(&ids);
	for (size_t i = 0; i < json_array_size(sources) && i < MAX_NAMED; i++)
	{
		const json_t *source = json_array_get(sources, i);
		const char *id = tasksync_notion_id(source, "id");

		/* by id alone: names are people's words, and operators read this */
		if (id != NULL)
			appendStringInfo(&ids, "%s%s", ids.len > 0 ? ", " : "", id);
	}
	read->answer->coverage = TASKSYNC_COVERS_DELTA;
	put_aside(read, "database_id",
			  psprintf("this is the id of a database; link its data source in its place: %s",
					   ids.len > 0 ? ids.data : "it shows none to the connection"));
}

static void
parse_body(Read *read, const json_t *json)
{
	TasksyncObservation *one = palloc(sizeof(TasksyncObservation));
	json_t *pages = json_object_get(read->step, "pages");

	if (!tasksync_notion_read_body(json, one))
	{
		tasksync_notion_bad_answer(read->call, read->answer, "wrong_shape",
								   "Notion answered the question for a body with something else");
		return;
	}
	read->answer->coverage = TASKSYNC_COVERS_DELTA;
	if (tasksync_record_has(one->record, TASKSYNC_F_DESCRIPTION) || one->raw != NULL)
	{
		read->answer->observations = one;
		read->answer->nobservations = 1;
	}
	json_array_remove(pages, 0);
	if (json_array_size(pages) == 0)
		tasksync_notion_drop_step(read->state);
}

/* ---- refusals that concern a container ---- */

/*
 * A cursor within a query does not live for ever, and a schema may have changed
 * under the question: begin again, then with the schema, and only then say
 * that it does not work.
 */
static void
question_refused(Read *read)
{
	int64 again = tasksync_json_int(read->step, "again", 0);

	if (again >= 2)
	{
		put_aside(read, "query_refused",
				  "Notion refuses to list the pages of this database; look whether it opens there,"
				  " or unlink the project");
		return;
	}
	json_object_set_new(read->step, "again", json_integer(again + 1));
	json_object_del(read->step, "page");
	json_object_del(read->step, "from");
	json_object_del(read->step, "last");
	if (again == 1)
		tasksync_notion_add_step(read->state,
								 json_pack("{s:s, s:s}", "do", "schema", "id", read->id));
}

static void
not_found(Read *read)
{
	bool was_known = json_object_get(read->container->config, "known") != NULL;

	if (does(read->step, "schema") && !was_known)
	{
		/* never seen under this id: perhaps it is a database's */
		tasksync_notion_drop_steps_of(read->state, read->id);
		tasksync_notion_add_step(read->state,
								 json_pack("{s:s, s:s}", "do", "database", "id", read->id));
	}
	else
		put_aside(read, "unshared",
				  "the connection cannot see the database; share it with the connection in Notion"
				  " again, or unlink the project");
}

/* one page that vanished since it was listed: the body of the next one is read */
static void
skip_body(Read *read)
{
	json_t *pages = json_object_get(read->step, "pages");

	json_array_remove(pages, 0);
	if (json_array_size(pages) == 0)
		tasksync_notion_drop_step(read->state);
}

/* true if the refusal is one of a container and not of the account */
static bool
refused_container(Read *read, const TasksyncHttpResponse *response,
				  const TasksyncNotionError *error)
{
	bool is_query = does(read->step, "read");

	if (response->outcome != TASKSYNC_HTTP_ANSWERED || !error->is_notion)
		return false;
	if (does(read->step, "search"))
	{
		/* an expired cursor: from the beginning */
		if (response->status != 400 || json_object_get(read->step, "page") == NULL)
			return false;
		json_object_del(read->step, "page");
	}
	else if (does(read->step, "bodies") && (response->status == 404 || response->status == 400))
		skip_body(read);
	else if (response->status == 404)
		not_found(read);
	else if (response->status == 400 && is_query)
		question_refused(read);
	else if (response->status == 400)
		put_aside(read, "query_refused",
				  "Notion refuses to show this database; look whether it opens there, or unlink the"
				  " project");
	else if (response->status == 403)
		put_aside(read, "no_read_capability",
				  "the connection may not read this database; allow it to read content in its"
				  " settings in Notion");
	else
		return false;
	read->answer->coverage = TASKSYNC_COVERS_DELTA;
	return true;
}

static void
parse_step(Read *read, const json_t *json, const TasksyncHttpResponse *response)
{
	if (does(read->step, "read"))
		tasksync_notion_parse_query(read->call, read->state, json, response, read->answer);
	else if (does(read->step, "schema"))
		parse_schema(read, json);
	else if (does(read->step, "database"))
		parse_database(read, json);
	else if (does(read->step, "bodies"))
		parse_body(read, json);
	else
		parse_search(read, json);
}

void
tasksync_notion_parse_read(const TasksyncCall *call, const TasksyncHttpResponse *response,
						   TasksyncAnswer *answer)
{
	Read read = {.call = call, .state = tasksync_notion_plan(call), .answer = answer};
	TasksyncNotionError error;
	const char *message;
	json_t *json;

	read.step = json_incref(tasksync_notion_step(read.state));
	if (tasksync_json_string(read.step, "id") != NULL)
		read.id = pstrdup(tasksync_json_string(read.step, "id"));
	read.container = tasksync_notion_container(call, read.id);
	if (!tasksync_notion_succeeded(response))
	{
		tasksync_notion_read_error(response, &error);
		if (refused_container(&read, response, &error))
			tasksync_notion_set_cursor(read.state, answer);
		else
			tasksync_notion_refused(call, response, &error, answer);
		return;
	}
	json = tasksync_notion_body(response, &message);
	if (json == NULL)
		tasksync_notion_bad_answer(call, answer, "not_json", message);
	else
		parse_step(&read, json, response);
	if (answer->outcome == TASKSYNC_OK)
		tasksync_notion_set_cursor(read.state, answer);
}
