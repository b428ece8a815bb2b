/*
 * test_notion_page.c
 *	  What is read from Notion's pages and data sources: every kind of property,
 *	  and pages that are not whole.
 */
#include "postgres.h"

#include "notion_kit.h"

static void
test_page(void)
{
	const TasksyncObservation *page = notion_read(
		notion_page(1,
					psprintf("%s,%s,%s,%s,%s,%s,%s", notion_title("Buy milk"),
							 notion_value("Due", "M%3BBw", "date",
										  "{'start':'2026-12-24','end':null,'time_zone':null}"),
							 notion_value("Status", "Z%3ClH", "status", "{'id':'o4','name':'x'}"),
							 notion_value("Priority", "prio", "select", "{'id':'p3','name':'x'}"),
							 notion_value("Tags", "tags", "multi_select",
										  "[{'id':'t2','name':'home'},{'id':'t1','name':'food'}]"),
							 notion_value("Notes", "note", "rich_text",
										  "[{'type':'text','plain_text':'two'},"
										  "{'type':'text','plain_text':' parts'}]"),
							 notion_value("Parent item", "up", "relation",
										  "[{'id':'00000009000040008000DDDDDDDDDDDD'}]")),
					""),
		NULL);

	unit_is(notion_record_text(page),
			kit_text("{'description':'two parts','due_date':'2026-12-24','due_time':null,"
					 "'due_timezone':null,'labels':['food','home'],"
					 "'parent_id':'00000009-0000-4000-8000-dddddddddddd','priority':3,"
					 "'project_id':'" SOURCE_A "','status':'done','title':'Buy milk'}"),
			"a page as a record");
	unit_is(page->remote_id, notion_page_id(1), "its id");
	unit_ok(page->edited_at == notion_time("2026-11-22T09:40:00Z") &&
				page->created_at == notion_time("2026-11-22T09:30:00Z"),
			"its stamps");
	unit_is(notion_raw_text(page),
			kit_text("{'labels':[{'id':'t2','name':'home'},{'id':'t1','name':'food'}],"
					 "'priority':'p3','status':'o4'}"),
			"trap 8: the very option is kept aside");
	unit_ok(page->marker == NULL, "no marker");
	page = notion_read(notion_page(1,
								   psprintf("%s,%s", notion_title("x"),
											notion_value("Sync ID", "sync", "rich_text",
														 "[{'plain_text':'hub-id'}]")),
								   ""),
					   NULL);
	unit_is(page->marker, "hub-id", "the hub's id in the Sync ID property");
}

static void
test_names_do_not_matter(void)
{
	const TasksyncObservation *page = notion_read(
		notion_page(1,
					psprintf("%s,%s,%s",
							 notion_value("Titel", "title", "title", "[{'plain_text':'x'}]"),
							 notion_value("Zustand", "Z%3ClH", "status", "{'id':'o3'}"),
							 notion_value("Termin", "M;Bw", "date", "{'start':'2026-12-24'}")),
					""),
		NULL);

	unit_is(kit_field(page->record, TASKSYNC_F_STATUS), "done", "trap 11: a renamed property");
	unit_is(kit_field(page->record, TASKSYNC_F_DUE_DATE), "2026-12-24",
			"trap 20: an id that is not percent-encoded is the same id");
}

static void
test_status(void)
{
	json_t *checkbox = notion_config(SOURCE_A, "'D':{'id':'c','type':'checkbox','checkbox':{}}");
	json_t *select =
		notion_config(SOURCE_A, "'S':{'id':'s','type':'select','select':{'options':["
								"{'id':'a','name':'Open'},{'id':'b','name':'Done'}]}}");
	static const char *const cases[][3] = {
		{"null", "open", "trap 9: a status of none is open"},
		{"{'id':'o2'}", "open", "in progress is open"},
		{"{'id':'o3'}", "done", "an option of the group Complete is done"},
		{"{'id':'new'}", "(absent)", "an option that the schema does not know says nothing"},
	};

	for (int i = 0; i < (int) lengthof(cases); i++)
		unit_is(kit_field(notion_read(notion_page(1,
												  notion_value("Status", "Z%3ClH", "status",
															   cases[i][0]),
												  ""),
									  NULL)
							  ->record,
						  TASKSYNC_F_STATUS),
				cases[i][1], cases[i][2]);
	unit_is(kit_field(notion_read(notion_page(1, notion_value("D", "c", "checkbox", "true"), ""),
								  checkbox)
						  ->record,
					  TASKSYNC_F_STATUS),
			"done", "trap 8: a checkbox");
	unit_is(kit_field(notion_read(notion_page(1, notion_value("S", "s", "select", "{'id':'b'}"),
											  ""),
								  select)
						  ->record,
					  TASKSYNC_F_STATUS),
			"done", "trap 8: a select");
	unit_is(kit_field(notion_read(notion_page(1, notion_title("x"), ""), NULL)->record,
					  TASKSYNC_F_STATUS),
			"(absent)", "a page that does not show the property says nothing");
}

static void
test_texts(void)
{
	const TasksyncObservation *page;

	page = notion_read(notion_page(1, notion_value("Name", "title", "title", "[]"), ""), NULL);
	unit_is(kit_field(page->record, TASKSYNC_F_TITLE), "(absent)",
			"trap 27: a row without a title waits for one");
	page = notion_read(
		notion_page(1,
					notion_value("Name", "title", "title",
								 "[{'type':'text','text':{'content':'Ask ','link':null},"
								 "'plain_text':'Ask '},{'type':'mention','mention':{'type':'user',"
								 "'user':{'object':'user','id':'u1','name':'Ann'}},"
								 "'plain_text':'@Ann','annotations':{'bold':true}},"
								 "{'type':'equation','equation':{'expression':'e=1'},"
								 "'plain_text':'e=1'},{'type':'text','text':{'content':'site',"
								 "'link':{'url':'https://x.example/'}},'plain_text':'site'}]"),
					""),
		NULL);
	unit_is(kit_field(page->record, TASKSYNC_F_TITLE), "Ask @Anne=1site",
			"trap 36: mentions and equations in a title");
	unit_is(notion_raw_text(page),
			kit_text(
				"{'title':{'parts':["
				"{'e':{'text':{'content':'Ask '},'type':'text'},'t':'Ask '},"
				"{'e':{'annotations':{'bold':true},'mention':{'type':'user','user':{'id':'u1'}},"
				"'type':'mention'},'t':'@Ann'},"
				"{'e':{'equation':{'expression':'e=1'},'type':'equation'},'t':'e=1'},"
				"{'e':{'text':{'content':'site','link':{'url':'https://x.example/'}},"
				"'type':'text'},'t':'site'}]}}"),
			"trap 6: the pieces are kept as they can be written");
	page = notion_read(notion_page(1, notion_title("a\\u0000b\\ud800c\\ud83d\\ude00"), ""), NULL);
	unit_is(kit_field(page->record, TASKSYNC_F_TITLE),
			"a\xEF\xBF\xBD"
			"b\xEF\xBF\xBD"
			"c\xF0\x9F\x98\x80",
			"trap 35: characters that cannot be stored are replaced, pairs are not");
}

static void
test_dates(void)
{
	static const char *const cases[][3] = {
		{"{'start':'2026-09-15T09:00:00.000-07:00','end':null,'time_zone':null}",
		 "2026-09-15 09:00:00 UTC-07:00", "an offset is the zone"},
		{"{'start':'2026-09-15T09:00:00.000Z'}", "2026-09-15 09:00:00 UTC", "UTC"},
		{"{'start':'2026-09-15T09:00:31.500+05:30'}", "2026-09-15 09:00:00 UTC+05:30",
		 "seconds are cut off"},
		{"{'start':'2026-09-15T09:00:00','time_zone':'Europe/Lisbon'}",
		 "2026-09-15 09:00:00 UTC+01:00", "a named zone as its offset"},
		{"{'start':'2026-09-15T09:00:00'}", "2026-09-15 09:00:00 UTC", "neither means UTC"},
		{"{'start':'2026-09-15'}", "2026-09-15 (null) (null)", "trap 21: a date has no time"},
		{"null", "(null) (null) (null)", "none"},
		{"{'start':'tomorrow'}", "(absent) (absent) (absent)", "not understood is not told"},
	};

	for (int i = 0; i < (int) lengthof(cases); i++)
	{
		const TasksyncRecord *record =
			notion_read(notion_page(1, notion_value("Due", "M%3BBw", "date", cases[i][0]), ""),
						NULL)
				->record;

		unit_is(psprintf("%s %s %s", kit_field(record, TASKSYNC_F_DUE_DATE),
						 kit_field(record, TASKSYNC_F_DUE_TIME),
						 kit_field(record, TASKSYNC_F_DUE_TIMEZONE)),
				cases[i][1], cases[i][2]);
	}
	unit_is(notion_raw_text(
				notion_read(notion_page(1,
										notion_value("Due", "M%3BBw", "date",
													 "{'start':'2026-09-15','end':'2026-09-17'}"),
										""),
							NULL)),
			kit_text("{'due':{'end':'2026-09-17','start':'2026-09-15'}}"),
			"trap 21: the end of a range is kept aside");
}

static void
test_relations(void)
{
	const TasksyncObservation *page = notion_read(
		notion_page(1,
					psprintf("'Parent item':{'id':'up','type':'relation','relation':[{'id':'%s'},"
							 "{'id':'%s'}],'has_more':true}",
							 notion_page_id(3), notion_page_id(4)),
					""),
		NULL);

	unit_is(kit_field(page->record, TASKSYNC_F_PARENT), notion_page_id(3),
			"of several parents the first");
	unit_is(notion_raw_text(page), kit_text("{'parents':true}"),
			"trap 12: a list that was not shown whole is marked");
	unit_is(kit_field(notion_read(
						  notion_page(1, notion_value("P", "prio", "select", "{'id':'other'}"), ""),
						  NULL)
						  ->record,
					  TASKSYNC_F_PRIORITY),
			"(absent)", "an option that is no priority says nothing");
	unit_is(kit_field(notion_read(notion_page(1, notion_value("P", "prio", "select", "null"), ""),
								  NULL)
						  ->record,
					  TASKSYNC_F_PRIORITY),
			"0", "no option is no priority");
}

static void
test_states(void)
{
	const TasksyncObservation *page;
	TasksyncCall call = notion_sync(notion_cursor());
	TasksyncAnswer answer;

	page = notion_read(notion_page(1, notion_title("x"), "'in_trash':true"), NULL);
	unit_ok(page->state == TASKSYNC_REMOTE_DELETED && page->record == NULL,
			"trap 17: in the trash is deleted");
	page = notion_read(notion_page(1, notion_title("x"), "'is_archived':true"), NULL);
	unit_ok(page->state == TASKSYNC_REMOTE_HIDDEN, "trap 15: archived is hidden, not deleted");
	page = notion_read(notion_page(1, notion_title("x"), "'archived':true"), NULL);
	unit_ok(page->state == TASKSYNC_REMOTE_LIVE,
			"trap 17: `archived` of old versions means nothing");
	page = notion_read(notion_page(1, notion_title("x"),
								   "'parent':{'type':'data_source_id','data_source_id':'"
								   "cccccccc-0000-4000-8000-00000000000c'}"),
					   NULL);
	unit_is(kit_field(page->record, TASKSYNC_F_PROJECT), "cccccccc-0000-4000-8000-00000000000c",
			"a page says itself where it is");
	page = notion_read(notion_page(1, notion_title("x"),
								   "'parent':{'type':'workspace','workspace':true}"),
					   NULL);
	unit_is(kit_field(page->record, TASKSYNC_F_PROJECT), "workspace",
			"outside of every data source");
	page = notion_read(
		notion_page(1, notion_title("x"), "'parent':{'type':'orbit_id','orbit_id':'x'}"), NULL);
	unit_is(kit_field(page->record, TASKSYNC_F_PROJECT), "(absent)",
			"a kind of parent that nobody knows says nothing");
	answer =
		kit_answer(&call, 200,
				   notion_list(psprintf("{'object':'page','id':'%s'},{'object':'data_source',"
										"'id':'" SOURCE_B "','properties':{}},7,%s",
										notion_page_id(2), notion_page(1, notion_title("x"), "")),
							   ""));
	unit_ok(answer.outcome == TASKSYNC_OK && answer.nobservations == 1,
			"partial pages, data sources and nonsense among the rows are passed over");
}

int
main(void)
{
	unit_start();
	test_page();
	test_names_do_not_matter();
	test_status();
	test_texts();
	test_dates();
	test_relations();
	test_states();
	return unit_done();
}
