/*
 * link.h
 *	  One row of tasksync.links with the hub row it belongs to; see link.c.
 */
#ifndef TASKSYNC_LINK_H
#define TASKSYNC_LINK_H

#include "sync/run.h"

typedef struct TasksyncLink
{
	TasksyncKind kind;
	const char *hub_id;
	const char *remote_id; /* NULL until created there */
	char state; /* 'c' pending_create, 'l' live, 'd' pending_delete, 'x' detached, 'h' held */
	bool dirty;
	TasksyncRecord *base;
	TasksyncMemo memo;
	const json_t *raw;
	TimestampTz remote_edited_at;
	bool missing;
	bool reordered; /* at the provider: its siblings are compared as a whole, reorder.c */
	TasksyncRecord *hub;        /* NULL: the hub row is gone */
	TasksyncRecord *hub_before; /* as it was read, once a merge changed `hub` */
	int64 version;
	TasksyncEdits hub_edits;
	uint32 frozen;
	const char *error_code;
} TasksyncLink;

/* columns of a SELECT that tasksync_link_from_row() understands; FROM tasksync.links l */
#define TASKSYNC_LINK_COLUMNS                                                                    \
	"l.kind, l.hub_id, l.remote_id, l.state, l.dirty, l.base::text, l.memo::text, l.raw::text,"  \
	" l.remote_edited_at, l.missing_since IS NOT NULL, l.error_code, h.record::text, h.version," \
	" h.edited::text,"                                                                           \
	" (SELECT jsonb_agg(c.field)::text FROM tasksync.conflicts c WHERE c.user_id = l.user_id"    \
	"   AND c.hub_id = l.hub_id AND c.status = 'open')"

/* the hub row of a link, whatever its kind */
#define TASKSYNC_HUB_JOIN                                                                        \
	" LEFT JOIN LATERAL ("                                                                       \
	" SELECT tasksync.task_record(t) AS record, t.version, t.edited FROM tasksync.tasks t"       \
	"  WHERE l.kind = 'task' AND t.user_id = l.user_id AND t.id = l.hub_id"                      \
	" UNION ALL SELECT tasksync.project_record(p) - CASE WHEN p.is_inbox THEN 'name' ELSE '' END," \
	"  p.version, p.edited FROM tasksync.projects p"                                             \
	"  WHERE l.kind = 'project' AND p.user_id = l.user_id AND p.id = l.hub_id"                   \
	" UNION ALL SELECT tasksync.section_record(s), s.version, s.edited FROM tasksync.sections s" \
	"  WHERE l.kind = 'section' AND s.user_id = l.user_id AND s.id = l.hub_id"                   \
	" UNION ALL SELECT tasksync.label_record(b), b.version, b.edited FROM tasksync.labels b"     \
	"  WHERE l.kind = 'label' AND b.user_id = l.user_id AND b.id = l.hub_id"                     \
	") h ON true"

/* a dead letter, until the hub object is edited; rows {"hub_id", "code", "message"} */
#define TASKSYNC_SQL_REFUSE                                                                        \
	"UPDATE tasksync.links l SET dirty = false, error_code = r.code, error_message = r.message,"   \
	" failures = l.failures + 1, refused_version = coalesce((SELECT version FROM tasksync.tasks t" \
	"  WHERE t.user_id = l.user_id AND t.id = l.hub_id), 0)"                                       \
	" FROM jsonb_to_recordset($4) r(hub_id uuid, code text, message text)"                         \
	" WHERE l.user_id = $1 AND l.account_id = $2 AND l.hub_id = r.hub_id AND $3 IS NOT NULL"

extern TasksyncLink *tasksync_link_from_row(uint64 row);

/* rows {"hub_id"} of these links (TasksyncLink *) */
extern json_t *tasksync_links_ids(List *links);
/*
 * Locks the hub rows named by "hub_id" in these rows, in id order, whatever
 * their kind.  Triggers make a link dirty while they hold that lock, so what is
 * read afterwards cannot become stale before this transaction ends.
 */
extern void tasksync_links_lock(TasksyncRun *run, json_t *rows);
/* locks and reads the links of these rows: array of *count */
extern TasksyncLink **tasksync_links_read(TasksyncRun *run, json_t *rows, int *count);
/* lists of TasksyncLink */
extern void tasksync_links_write(TasksyncRun *run, List *links);
extern void tasksync_links_insert(TasksyncRun *run, List *links);
extern void tasksync_links_renumber(TasksyncRun *run, json_t *rows);
/* what this account can show of the object, as the hub has it */
extern const TasksyncLens *tasksync_link_lens(const TasksyncRun *run, const TasksyncLink *link);
/* what this account should see and does not see yet */
extern TasksyncRecord *tasksync_link_out(TasksyncRun *run, const TasksyncLink *link);

extern const json_t *tasksync_link_raw_after(const TasksyncLink *link,
											 const TasksyncObservation *observation);
extern bool tasksync_link_same_raw(const json_t *a, const json_t *b);

#endif /* TASKSYNC_LINK_H */
