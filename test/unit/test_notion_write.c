/*
 * test_notion_write.c
 *	  Intents as requests to Notion: only what changes, in the form in which it
 *	  can be written; and rich text whose form survives.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "notion_kit.h"
#include "provider/notion_text.h"

#define TASK_BEFORE                                                                                \
	"{'title':'Milk','description':'note','status':'open','priority':0,'labels':[],"               \
	"'due_date':null,'due_time':null,'due_timezone':null,'parent_id':null,'project_id':'" SOURCE_A \
	"'}"

/* the value of one property in the body of an update */
static const char *
updated(const char *patch, const char *raw, const char *property, json_t *config)
{
	TasksyncIntent intent = notion_intent(TASKSYNC_OP_UPDATE, patch, TASK_BEFORE, raw, config);
	TasksyncCall call = notion_push(&intent);
	TasksyncHttpRequest request = kit_build(&call);
	const char *error;
	json_t *body;
	json_t *value;

	if (request.body == NULL)
		return "(nothing)";
	body = tasksync_json_parse(request.body, request.body_length, &error);
	value = json_object_get(json_object_get(body, "properties"), property);
	return value != NULL ? tasksync_json_text(value) : "(absent)";
}

static void
test_create(void)
{
	TasksyncIntent intent = notion_intent(TASKSYNC_OP_CREATE,
										  "{'title':'Milk','description':'','status':'open',"
										  "'priority':0,'labels':[],'due_date':null,"
										  "'parent_id':null,'project_id':'" SOURCE_A "'}",
										  NULL, NULL, NULL);

	unit_is(notion_written(intent),
			kit_text("POST pages {'parent':{'data_source_id':'" SOURCE_A
					 "','type':'data_source_id'},"
					 "'properties':{'sync':{'rich_text':[{'text':{'content':"
					 "'00000001-0000-4000-8000-cccccccccccc'},'type':'text'}]},"
					 "'title':{'title':[{'text':{'content':'Milk'},'type':'text'}]}}}"),
			"a new page: title and marker; what is empty anyway is left out");
	intent = notion_intent(
		TASKSYNC_OP_CREATE,
		psprintf("{'title':'Milk','status':'done','priority':4,'labels':['food','new'],"
				 "'due_date':'2026-12-24','description':'n','parent_id':'%s',"
				 "'project_id':'" SOURCE_A "'}",
				 notion_page_id(2)),
		NULL, NULL, NULL);
	unit_is(notion_written(intent),
			kit_text(
				psprintf("POST pages {'parent':{'data_source_id':'" SOURCE_A "','type':"
						 "'data_source_id'},'properties':{'Due':{'date':{'start':'2026-12-24'}},"
						 "'Status':{'status':{'id':'o3'}},"
						 "'note':{'rich_text':[{'text':{'content':'n'},'type':'text'}]},"
						 "'prio':{'select':{'id':'p3'}},'sync':{'rich_text':[{'text':{'content':"
						 "'00000001-0000-4000-8000-cccccccccccc'},'type':'text'}]},"
						 "'tags':{'multi_select':[{'id':'t1'},{'name':'new'}]},"
						 "'title':{'title':[{'text':{'content':'Milk'},'type':'text'}]},"
						 "'up':{'relation':[{'id':'%s'}]}}}",
						 notion_page_id(2))),
			"trap 26: the hub's id goes into a property of its own; ids in two forms go by name");
	intent =
		notion_intent(TASKSYNC_OP_CREATE,
					  "{'title':'x','description':'# a','project_id':'" SOURCE_A "'}", NULL, NULL,
					  notion_mapped(notion_config(SOURCE_A, notion_properties_text()),
									"{'description':{'body':true},'sync_id':null}"));
	unit_is(notion_written(intent),
			kit_text("POST pages {'markdown':'# a','parent':{'data_source_id':'" SOURCE_A "',"
					 "'type':'data_source_id'},'properties':{'title':{'title':[{'text':{'content':"
					 "'x'},'type':'text'}]}}}"),
			"a description that is the body, with the title beside it");
}

static void
test_update(void)
{
	TasksyncIntent intent =
		notion_intent(TASKSYNC_OP_UPDATE, "{'title':'Milk!'}", TASK_BEFORE, NULL, NULL);

	unit_is(notion_written(intent),
			kit_text(psprintf("PATCH pages/%s {'properties':{'title':{'title':[{'text':{'content':"
							  "'Milk!'},'type':'text'}]}}}",
							  notion_page_id(1))),
			"trap 3: only what changed");
	unit_ok(strstr(notion_written(intent), "in_trash") == NULL &&
				strstr(notion_written(intent), "archived") == NULL,
			"trap 17: an ordinary change says nothing about the trash");
	unit_is(updated("{'description':null}", NULL, "note", NULL), kit_text("{'rich_text':[]}"),
			"cleared");
	unit_is(updated("{'due_date':null,'due_time':null,'due_timezone':null}", NULL, "M%3BBw", NULL),
			kit_text("{'date':null}"), "a date cleared");
	unit_is(updated("{'priority':0}", "{'priority':'p3'}", "prio", NULL),
			kit_text("{'select':null}"), "no priority");
	unit_is(updated("{'priority':3}", NULL, "prio", NULL), kit_text("{'select':{'id':'p3'}}"),
			"a priority by its option's id");
	unit_is(updated("{'labels':['home','odd']}", "{'labels':[{'id':'t9','name':'odd'}]}", "tags",
					NULL),
			kit_text("{'multi_select':[{'id':'t2'},{'id':'t9'}]}"),
			"trap 13: the whole set, by ids that the page or the schema knows");
	unit_is(updated("{'labels':['home','new']}", NULL, "tags",
					notion_mapped(notion_config(SOURCE_A, notion_properties_text()),
								  "{'labels':{'property':'Tags','create':false}}")),
			kit_text("{'multi_select':[{'id':'t2'}]}"),
			"trap 10: no option is made where that is not allowed");
	intent = notion_intent(TASKSYNC_OP_DELETE, "{}", TASK_BEFORE, NULL, NULL);
	unit_is(notion_written(intent),
			kit_text(psprintf("PATCH pages/%s {'in_trash':true}", notion_page_id(1))),
			"deleted is in the trash");
}

static void
test_status(void)
{
	json_t *checkbox = notion_config(SOURCE_A, "'Done':{'id':'c','name':'Done','type':'checkbox',"
											   "'checkbox':{}}");
	json_t *chosen = notion_mapped(notion_config(SOURCE_A, notion_properties_text()),
								   "{'status':{'property':'Status','done':['Dropped'],"
								   "'open':'Doing'}}");

	unit_is(updated("{'status':'done'}", "{'status':'o1'}", "Z%3ClH", NULL),
			kit_text("{'status':{'id':'o3'}}"), "done goes to the first of Complete");
	unit_is(updated("{'status':'done'}", "{'status':'o4'}", "Z%3ClH", NULL), "(nothing)",
			"trap 8: another option of Complete stays");
	unit_is(updated("{'status':'open'}", "{'status':'o4'}", "Z%3ClH", NULL),
			kit_text("{'status':{'id':'o1'}}"),
			"trap 9: open goes to the first of To-do, not null");
	unit_is(updated("{'status':'open'}", "{'status':'o2'}", "Z%3ClH", NULL), "(nothing)",
			"in progress stays open");
	unit_is(updated("{'status':'done'}", NULL, "c", checkbox), kit_text("{'checkbox':true}"),
			"a checkbox");
	unit_is(updated("{'status':'done'}", "{'status':'o3'}", "Z%3ClH", chosen),
			kit_text("{'status':{'id':'o4'}}"), "as a person said it");
	unit_is(updated("{'status':'open'}", "{'status':'o4'}", "Z%3ClH", chosen),
			kit_text("{'status':{'id':'o2'}}"), "in both directions");
}

static void
test_dates(void)
{
	static const char *const cases[][4] = {
		{"{'due_date':'2026-12-24','due_time':null,'due_timezone':null}", NULL,
		 "{'start':'2026-12-24'}", "trap 21: a date stays a date"},
		{"{'due_date':'2026-05-12','due_time':'14:30','due_timezone':'Europe/Lisbon'}", NULL,
		 "{'start':'2026-05-12T14:30:00+01:00'}", "a time with its offset"},
		{"{'due_date':'2026-05-12','due_time':'14:30','due_timezone':'UTC'}", NULL,
		 "{'start':'2026-05-12T14:30:00Z'}", "in UTC"},
		{"{'due_date':'2026-05-12','due_time':'14:30','due_timezone':'Europe/Lisbon'}",
		 "{'due':{'start':'2026-05-01T09:00:00','time_zone':'America/Los_Angeles'}}",
		 "{'start':'2026-05-12T06:30:00','time_zone':'America/Los_Angeles'}",
		 "the zone's name that is there stays"},
		{"{'due_date':'2026-12-24','due_time':null,'due_timezone':null}",
		 "{'due':{'start':'2026-12-23','end':'2026-12-27'}}",
		 "{'end':'2026-12-27','start':'2026-12-24'}", "the end of a range stays"},
		{"{'due_date':'2026-12-28','due_time':null,'due_timezone':null}",
		 "{'due':{'start':'2026-12-23','end':'2026-12-27'}}",
		 "{'end':'2027-01-01','start':'2026-12-28'}", "behind its end it keeps its length"},
		{"{'due_date':'2026-12-24','due_time':'10:00','due_timezone':'UTC'}",
		 "{'due':{'start':'2026-12-23','end':'2026-12-27'}}",
		 "{'end':'2026-12-27T10:00:00Z','start':'2026-12-24T10:00:00Z'}", "both ends have a time"},
		{"{'due_date':'2026-12-24','due_time':null,'due_timezone':null}",
		 "{'due':{'start':'2026-12-23T08:00:00Z','end':'2026-12-25T09:00:00Z'}}",
		 "{'end':'2026-12-25','start':'2026-12-24'}", "or neither"},
	};

	for (int i = 0; i < (int) lengthof(cases); i++)
		unit_is(updated(cases[i][0], cases[i][1], "M%3BBw", NULL),
				psprintf("{\"date\":%s}", kit_text(cases[i][2])), cases[i][3]);
}

static void
test_moves(void)
{
	TasksyncIntent intent =
		notion_intent(TASKSYNC_OP_MOVE,
					  psprintf("{'project_id':'" SOURCE_A "','parent_id':'%s'}", notion_page_id(2)),
					  TASK_BEFORE, NULL, NULL);

	unit_is(notion_written(intent),
			kit_text(psprintf("PATCH pages/%s {'properties':{'up':{'relation':[{'id':'%s'}]}}}",
							  notion_page_id(1), notion_page_id(2))),
			"trap 12: the parent is written on the child's side");
	intent = notion_intent(TASKSYNC_OP_MOVE, "{'project_id':'" SOURCE_B "','parent_id':null}",
						   TASK_BEFORE, NULL, NULL);
	unit_is(notion_written(intent),
			kit_text(psprintf("POST pages/%s/move {'parent':{'data_source_id':'" SOURCE_B "',"
							  "'type':'data_source_id'}}",
							  notion_page_id(1))),
			"into another data source");
}

static void
test_not_written(void)
{
	TasksyncIntent intent =
		notion_intent(TASKSYNC_OP_MOVE,
					  psprintf("{'project_id':'" SOURCE_A "','parent_id':'%s'}", notion_page_id(2)),
					  TASK_BEFORE, "{'parents':true}", NULL);
	TasksyncCall call;
	TasksyncAnswer answer;
	StringInfoData mentions;

	unit_is(notion_written(intent), psprintf("GET pages/%s", notion_page_id(1)),
			"trap 12: a list that was not shown whole is not written");
	call = notion_push(&intent);
	answer = kit_answer(&call, 200, notion_page(1, notion_title("x"), ""));
	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_REFUSED &&
				strcmp(answer.acks[0].code, "several_parents") == 0,
			"and says why");

	initStringInfo(&mentions);
	for (int i = 0; i < 25; i++)
		appendStringInfo(&mentions,
						 "%s{'type':'mention','mention':{'type':'page','page':{'id':'p'}},"
						 "'plain_text':'P'}",
						 i > 0 ? "," : "");
	intent =
		notion_intent(TASKSYNC_OP_UPDATE, "{'title':'y'}", TASK_BEFORE,
					  tasksync_json_text(
						  notion_read(notion_page(1,
												  notion_value("N", "title", "title",
															   psprintf("[%s]", mentions.data)),
												  ""),
									  NULL)
							  ->raw),
					  NULL);
	unit_is(notion_written(intent), psprintf("GET pages/%s", notion_page_id(1)),
			"nor a text that may have been cut off");

	intent = kit_intent(1, TASKSYNC_PROJECT, TASKSYNC_OP_CREATE, NULL, "{'name':'x'}", NULL, NULL);
	call = notion_push(&intent);
	(void) kit_build(&call);
	answer = kit_answer(&call, 200, "{'object':'user','id':'u'}");
	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_REFUSED, "databases are not made");
	intent = kit_intent(1, TASKSYNC_PROJECT, TASKSYNC_OP_UPDATE, SOURCE_A, "{'name':'New'}",
						"{'name':'Old'}", NULL);
	unit_is(notion_written(intent),
			kit_text("PATCH data_sources/" SOURCE_A " {'title':[{'text':{'content':'New'},"
					 "'type':'text'}]}"),
			"trap 34: of a data source only its title is ever written");
}

static void
test_body(void)
{
	json_t *config = notion_mapped(notion_config(SOURCE_A, notion_properties_text()),
								   "{'description':{'body':true}}");
	TasksyncIntent intent = notion_intent(TASKSYNC_OP_UPDATE, "{'title':'a','description':'b'}",
										  TASK_BEFORE, NULL, config);
	TasksyncCall call = notion_push(&intent);
	TasksyncAnswer answer;

	unit_is(notion_written(intent),
			kit_text(psprintf("PATCH pages/%s {'properties':{'title':{'title':[{'text':{'content':"
							  "'a'},'type':'text'}]}}}",
							  notion_page_id(1))),
			"properties first");
	answer = kit_answer(&call, 200, notion_page(1, notion_title("a"), ""));
	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_REPLAN && answer.nobservations == 1,
			"and the rest is planned again");
	intent = notion_intent(TASKSYNC_OP_UPDATE, "{'description':'b'}", TASK_BEFORE, NULL, config);
	call = notion_push(&intent);
	unit_is(notion_written(intent),
			kit_text(
				psprintf("PATCH pages/%s/markdown {'replace_content':{'allow_deleting_content':"
						 "false,'new_str':'b'},'type':'replace_content'}",
						 notion_page_id(1))),
			"then the body");
	answer = kit_answer(&call, 200,
						psprintf("{'object':'page_markdown','id':'%s','markdown':'b\\n',"
								 "'truncated':false,'unknown_block_ids':[]}",
								 notion_page_id(1)));
	unit_ok(answer.acks[0].outcome == TASKSYNC_ACK_OK && answer.observations[0].is_part,
			"whose echo is a part of the page");
	unit_is(kit_field(answer.observations[0].record, TASKSYNC_F_DESCRIPTION), "b\n",
			"as the service tells it");
	intent = notion_intent(TASKSYNC_OP_UPDATE, "{'description':'b'}", TASK_BEFORE,
						   "{'body_cut':true}", config);
	unit_is(notion_written(intent), psprintf("GET pages/%s", notion_page_id(1)),
			"a body with things that are no text is not written over");
}

/* ---- rich text ---- */

static const char *
written(const char *text, const char *rich)
{
	json_t *kept = rich != NULL ? tasksync_notion_keep_text(kit_json(rich)) : NULL;

	return tasksync_json_text(tasksync_notion_write_text(text, kept));
}

static void
test_splicing(void)
{
	const char *rich =
		"[{'type':'text','text':{'content':'See '},'plain_text':'See '},"
		"{'type':'mention','mention':{'type':'user','user':{'id':'u1','name':'A'}},"
		"'plain_text':'@Ann'},{'type':'text','text':{'content':' on '},"
		"'plain_text':' on ','annotations':{'bold':true}},"
		"{'type':'text','text':{'content':'site','link':{'url':'https://x.example'}},"
		"'plain_text':'site'}]";

	unit_is(written("Saw @Ann on site", rich),
			kit_text(
				"[{'text':{'content':'S'},'type':'text'},{'text':{'content':'aw'},"
				"'type':'text'},{'text':{'content':' '},'type':'text'},"
				"{'mention':{'type':'user','user':{'id':'u1'}},'type':'mention'},"
				"{'annotations':{'bold':true},'text':{'content':' on '},'type':'text'},"
				"{'text':{'content':'site','link':{'url':'https://x.example'}},'type':'text'}]"),
			"trap 6: mention, bold and link survive a change elsewhere");
	unit_is(written("See @Ann on site now", rich),
			kit_text("[{'text':{'content':'See '},'type':'text'},"
					 "{'mention':{'type':'user','user':{'id':'u1'}},'type':'mention'},"
					 "{'annotations':{'bold':true},'text':{'content':' on '},'type':'text'},"
					 "{'text':{'content':'site','link':{'url':'https://x.example'}},'type':'text'},"
					 "{'text':{'content':' now'},'type':'text'}]"),
			"text behind a link is no link");
	unit_is(written("Other", NULL), kit_text("[{'text':{'content':'Other'},'type':'text'}]"),
			"plain text");
	unit_is(written("", rich), "[]", "cleared");
}

static int
utf16_units(const char *text)
{
	int units = 0;

	for (const unsigned char *p = (const unsigned char *) text; *p != '\0'; p++)
		units += (*p & 0xC0) == 0x80 ? 0 : *p >= 0xF0 ? 2 : 1;
	return units;
}

/* pieces within the limits, that say what was to be said */
static bool
chunks_hold_the_text(Random *random)
{
	char *text = random_wild_text(random, 1 + random_below(random, 9000));
	json_t *pieces = tasksync_notion_write_text(text, NULL);
	StringInfoData all;

	initStringInfo(&all);
	for (size_t i = 0; i < json_array_size(pieces); i++)
	{
		const char *content =
			tasksync_json_string(json_object_get(json_array_get(pieces, i), "text"), "content");

		if (content == NULL || utf16_units(content) > 2000)
			return unit_reason("piece %d of %d is too long or no text", (int) i,
							   (int) json_array_size(pieces));
		appendStringInfoString(&all, content);
	}
	if (strcmp(all.data, text) != 0)
		return unit_reason("the pieces are another text");
	return true;
}

/* whatever changes on one side of a mention: the text is the new one, and the mention stays */
static bool
splices_say_the_new_text(Random *random)
{
	/* blanks around it, so that no combining mark takes hold of it */
	const char *left = psprintf("%s ", random_wild_text(random, random_below(random, 30)));
	const char *right = psprintf(" %s", random_wild_text(random, random_below(random, 30)));
	json_t *rich =
		json_pack("[{s:s,s:s},{s:s,s:{s:s,s:{s:s}},s:s},{s:s,s:s}]", "type", "text", "plain_text",
				  left, "type", "mention", "mention", "type", "user", "user", "id", "u",
				  "plain_text", "@X", "type", "text", "plain_text", right);
	bool changes_left = random_chance(random, 50);
	const char *wild = random_wild_text(random, random_below(random, 5));
	const char *now = psprintf("%s@X%s", changes_left ? psprintf("%s ", wild) : left,
							   changes_left ? right : psprintf(" %s", wild));
	json_t *pieces = tasksync_notion_write_text(now, tasksync_notion_keep_text(rich));
	StringInfoData all;
	bool mentioned = false;

	initStringInfo(&all);
	for (size_t i = 0; i < json_array_size(pieces); i++)
	{
		const json_t *piece = json_array_get(pieces, i);
		bool is_mention = json_object_get(piece, "mention") != NULL;

		mentioned |= is_mention;
		appendStringInfoString(&all, is_mention
										 ? "@X"
										 : tasksync_json_string(json_object_get(piece, "text"),
																"content"));
	}
	if (strcmp(all.data, now) != 0 || !mentioned)
		return unit_reason("\"%s\" and \"%s\" to \"%s\" became \"%s\"", left, right, now, all.data);
	return true;
}

int
main(void)
{
	unit_start();
	test_create();
	test_update();
	test_status();
	test_dates();
	test_moves();
	test_not_written();
	test_body();
	test_splicing();
	unit_property("trap 7: long texts in pieces", 300, chunks_hold_the_text);
	unit_property("trap 6: splices say the new text", 3000, splices_say_the_new_text);
	return unit_done();
}
