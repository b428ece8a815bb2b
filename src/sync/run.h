/*
 * run.h
 *	  The engine's own view of one run; included by the engine's files only.
 *
 * engine.c decides what comes next; queue.c claims and finishes; account.c
 * keeps tokens, grant.c gets and gives them back, identity.c knows whose they
 * are; push.c turns dirty links into intents, ack.c acknowledgements into
 * bases; pull.c and observe.c merge observations, late.c keeps those that came
 * before their parent and seen.c what a read has shown, hub.c writes; deletion.c
 * judges deletions that come in, deletion_out.c sends
 * the hub's, absence.c looks for what a full read lacked; link.c, refs.c and
 * batch.c serve them; reorder.c keeps siblings in one order on both sides.
 */
#ifndef TASKSYNC_RUN_H
#define TASKSYNC_RUN_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

#include "base/rowset.h"
#include "base/spi.h"
#include "provider/oauth.h"
#include "sync/engine.h"
#include "sync/lens.h"
#include "sync/plan.h"
#include "sync/policy.h"
#include "vault/seal.h"

#define TASKSYNC_UUID_LEN 37
/* longest remote id kept in hash keys, with its NUL; the tables allow 200 */
#define TASKSYNC_REMOTE_ID_LEN 204

/* tasks that one transaction merges: a tenth of an answer, within these */
#define TASKSYNC_CHUNK_MIN 50
#define TASKSYNC_CHUNK_MAX 1000

/* point reads that one run spends on objects that went missing */
#define TASKSYNC_PROBES_PER_RUN 50

typedef enum TasksyncPhase
{
	TASKSYNC_PHASE_EXCHANGE, /* the code of a consent for tokens */
	TASKSYNC_PHASE_REVOKE,   /* tokens of a disconnected account */
	TASKSYNC_PHASE_IDENTIFY,
	TASKSYNC_PHASE_REFRESH,
	TASKSYNC_PHASE_SYNC,
	TASKSYNC_PHASE_COMPLETED, /* what became of tasks absent from a full read */
	TASKSYNC_PHASE_PROBE,     /* and of those that are not completed either */
	TASKSYNC_PHASE_DONE,
} TasksyncPhase;

/* what a run did, as in sync_runs */
typedef struct TasksyncCounts
{
	int requests;
	int64 bytes_sent;
	int64 bytes_received;
	int64 network_ms;
	int read;
	int created;
	int updated;
	int deleted;
	int pushed;
	int refused;
	int held;
	int conflicts;
	int matched;
} TasksyncCounts;

struct TasksyncRun
{
	MemoryContext cxt;      /* lives as long as the run */
	MemoryContext call_cxt; /* one request, its intents and its answer */

	/* from the claim */
	char user_id[TASKSYNC_UUID_LEN];
	char account_id[TASKSYNC_UUID_LEN];
	char run_id[TASKSYNC_UUID_LEN];
	const TasksyncProvider *provider;
	const TasksyncOAuth *oauth; /* NULL where there are plain tokens only */
	const TasksyncLens *lens;
	TasksyncPolicy policy;
	int64 lease_token;
	int attempts;
	int failures;
	int64 interval_ms;
	char *external_id;
	char *zone;
	char *cursor;                 /* of the last recorded read */
	TimestampTz last_read_at;     /* request time of the last recorded read, 0 = never */
	TimestampTz previous_read_at; /* the same as it was at the claim */
	TimestampTz started_at;
	bool connecting; /* no run of this account succeeded yet */
	bool link_all;
	bool has_links; /* some container is linked */
	bool first_run; /* of this account since the worker started: twin.c */
	bool has_dirty;
	bool has_inherited; /* intents without a known outcome */
	bool has_late;      /* intents that a read did not show, and that may still arrive */
	bool has_missing;
	bool has_approved; /* held deletions were approved and wait to be carried out */
	bool approving;    /* and are being carried out: nothing is asked twice */
	bool guard_in;
	bool guard_out;

	/* tokens, sealed: opened only while a request is built */
	unsigned char *access_sealed;
	size_t access_length;
	unsigned char *refresh_sealed;
	size_t refresh_length;
	TimestampTz access_expires_at; /* 0 = never */
	bool refreshed;                /* once per run is enough */

	/* grant.c */
	bool has_grant;      /* a consent waits to be taken up */
	bool granted;        /* the tokens above are those of the consent, not the account's own yet */
	bool grant_is_spare; /* the account works without it */
	bool may_sync;       /* false: paused or disconnected, only consents are dealt with */

	/* where the run is */
	TasksyncPhase phase;
	TasksyncPhase after_refresh;
	TasksyncCall call;
	TimestampTz requested_at; /* of the request under way */
	TimestampTz read_began_at; /* of the first request of the read under way */
	int64 clock_offset; /* clocks.c: the provider's clock minus ours, microseconds */
	int64 clock_doubt;  /* and how far that may be wrong; 0 = no sample yet */
	bool row_written;         /* sync_runs has a row */
	bool read_done;           /* a complete read was recorded in this run */
	bool full_read;           /* and it was one without a cursor */
	bool paging;              /* the read under way has another page, */
	char *page_cursor;        /* which is this */
	bool wrote_unseen;        /* the last answer acknowledged writes without showing them */
	bool adopted_edited;      /* what was found again is not as it was sent: it is read once more */
	int stale_reads;          /* snapshots from the past in this run */
	bool tasks_wait;          /* a label is being renamed: tasks follow after its acknowledgement */
	int stalled;              /* rounds in a row that settled nothing */
	int batch_limit;          /* shrinks when a whole request is refused */
	int rounds;
	int wait_ms; /* until the next request may leave */
	int observation_seq;
	struct HTAB *seen;   /* remote task ids that the read under way showed */
	List *complete;      /* remote ids of containers that it has shown completely */
	List *deferred;      /* TasksyncObservation *: first_link.c */
	List *dead;          /* TasksyncObservation *: deletions it told, judged at its end */
	List *late;          /* TasksyncObservation *: subtasks whose parent it has not shown yet */
	bool more_follows;   /* it goes on after the answer that is being recorded */
	MemoryContext refs_cxt;
	struct HTAB *refs;   /* refs.c: containers, remote id to hub id */
	struct HTAB *routes; /* refs.c: linked projects */
	int ncontainers;     /* refs.c: for providers that are read container by container */
	TasksyncContainer *containers;
	struct HTAB *sent;   /* ack.c: what was acknowledged and not seen yet */
	json_t *reordered;   /* reorder.c: hub ids whose place the present chunk tells */

	/* absence.c */
	bool ask_completed; /* tasks are missing that may have been completed */
	bool found_dirty; /* a point read showed something that waits to be sent */
	int probes;
	char *last_probed; /* remote id of the last point read */
	List *gone;        /* remote ids that point reads did not find */
	List *alive;       /* those of them that the search for moved ones found */
	bool suspicious;   /* the full read lacked too much to be believed */

	/* preview.c */
	char preview_id[TASKSYNC_UUID_LEN]; /* "" in every other run */
	bool pretending;                    /* one transaction, rolled back in the end */
	List *answers;                      /* of the reading */
	json_t *preview_rows;
	json_t *match_rows; /* {"hub_id", "tier"}: first_link.c */

	/* how it ended */
	TasksyncCounts counts;
	const char *error_code;
	const char *error_message;
	const char *account_state; /* new accounts.state, NULL = unchanged */
	int64 retry_after_ms;
	bool failed;
};

/* ---- engine.c ---- */

/* empties run->call and fills in what every call has */
extern void tasksync_run_new_call(TasksyncRun *run, TasksyncCallType type);
/* ends the run as failed; the next try comes after a backoff */
extern void tasksync_run_stop(TasksyncRun *run, const char *code, const char *message,
							  int64 retry_after_ms);
/* stops the run and puts the account into `state` until somebody acts */
extern void tasksync_run_stop_account(TasksyncRun *run, const char *state, const char *code,
									  const char *message);

/* ---- queue.c ---- */

/* begins a transaction, checks extension and lease; the current context becomes run->call_cxt */
extern void tasksync_run_begin(TasksyncRun *run, const char *what);
/* the same to look only: no lease is renewed, so that nothing is written */
extern void tasksync_run_begin_look(TasksyncRun *run, const char *what);
extern void tasksync_run_commit(TasksyncRun *run);
/* the sync_runs row, written when the first thing happens */
extern void tasksync_run_progress(TasksyncRun *run, const char *phase, int done, int total);
extern void tasksync_run_finish(TasksyncRun *run);

/* ---- statistics.c ---- */

extern void tasksync_statistics_note(int rows);

/* ---- account.c ---- */

/* sets request->bearer; false (and the run stopped) when the token cannot be opened */
extern bool tasksync_account_authorize(TasksyncRun *run, TasksyncHttpRequest *request);
extern void tasksync_account_wipe(TasksyncRun *run, TasksyncHttpRequest *request);
extern bool tasksync_account_needs_refresh(const TasksyncRun *run);
extern bool tasksync_account_build_refresh(TasksyncRun *run, TasksyncHttpRequest *request);
extern void tasksync_account_refreshed(TasksyncRun *run, const TasksyncHttpResponse *response);
extern bool tasksync_account_credentials(TasksyncRun *run, TasksyncTokenCall *call);
extern void tasksync_account_seal(TasksyncRun *run, const char *column, const char *token,
								  unsigned char **sealed, size_t *length);
/* what binds a sealed token to this account; palloc'd */
extern char *tasksync_account_context(const TasksyncRun *run, const char *column);
extern void tasksync_account_stop_locked(TasksyncRun *run, TasksyncSealStatus status);

/* ---- grant.c ---- */

#define TASKSYNC_OTHER_IDENTITY \
	"the token belongs to another account of the provider than the one that was connected"

/* each builds the request of its phase, or says no and leaves another phase or a stopped run */
extern bool tasksync_grant_build(TasksyncRun *run, TasksyncHttpRequest *request);
extern void tasksync_grant_exchanged(TasksyncRun *run, const TasksyncHttpResponse *response);
extern bool tasksync_revoke_build(TasksyncRun *run, TasksyncHttpRequest *request);
extern void tasksync_revoke_answered(TasksyncRun *run, const TasksyncHttpResponse *response);
/* the consent comes to nothing */
extern void tasksync_grant_refuse(TasksyncRun *run, const char *code, const char *message);
/* its tokens become the account's own; in a transaction */
extern void tasksync_grant_promote(TasksyncRun *run);

/* ---- identity.c ---- */

extern void tasksync_account_identified(TasksyncRun *run, const TasksyncAnswer *answer);

/* ---- refs.c ---- */

/* how one project is linked to this account */
typedef struct TasksyncRoute
{
	char project_id[TASKSYNC_UUID_LEN];
	const char *container_id; /* NULL until it exists there */
	const json_t *config;     /* as in TasksyncContainer, or NULL */
	const TasksyncLens *lens; /* what that container can show */
	TimestampTz linked_at;
	bool pulls;  /* the provider's changes come in */
	bool pushes; /* the hub's changes go out */
	TasksyncPolicy policy;
	const json_t *filter; /* NULL: all tasks */
	bool unread;      /* it was never read whole: what is there already is not known */
	bool needs_match; /* nor was it, and the project has tasks that may be there */
	char on_remote_delete; /* 'p'ropagate, 'u'nlink, 'c'omplete */
} TasksyncRoute;

/* reads the linked containers afresh; in a transaction */
extern void tasksync_refs_load(TasksyncRun *run);
/* the same unless that was done already; opens a transaction of its own, which writes nothing */
extern void tasksync_refs_need(TasksyncRun *run);
/* what this account can show of an object of this kind in this project (NULL: unknown) */
extern const TasksyncLens *tasksync_refs_lens(const TasksyncRun *run, TasksyncKind kind,
											  const char *project_id);
/* NULL if that project is not linked to this account */
extern const TasksyncRoute *tasksync_refs_route(TasksyncRun *run, const char *project_id);
/* false: the filter of the task's link keeps it out */
extern bool tasksync_refs_carries(TasksyncRun *run, const TasksyncRecord *record);
extern void tasksync_refs_add(TasksyncRun *run, TasksyncKind kind, const char *remote_id,
							  const char *hub_id);
/* NULL if this container is not linked */
extern const char *tasksync_refs_hub(TasksyncRun *run, TasksyncKind kind, const char *remote_id);
/* was this container deleted at the hub, while the provider still has it? */
extern bool tasksync_refs_is_dying(TasksyncRun *run, TasksyncKind kind, const char *remote_id);

/* ---- batch.c ---- */

extern char *tasksync_uuid_new(void); /* palloc'd */
/* runs a statement over jsonb_to_recordset($4); $1 user, $2 account, $3 run */
extern void tasksync_batch(const char *sql, TasksyncRun *run, json_t *rows);
/* the same over unnest($4), for rows that have a table's columns */
extern void tasksync_batch_rows(const char *sql, TasksyncRun *run, const TasksyncRowset *rows);

#endif /* TASKSYNC_RUN_H */
