/*
 * provider.h
 *	  What the sync engine knows of a provider: capabilities and pairs of
 *	  build/parse functions without any I/O.
 *
 * The engine never learns a provider's name.  A provider is one file with one
 * TasksyncProvider and a row in the registry; its OAuth is a second one, see
 * oauth.h.  build() turns a call into an HTTP request, parse() turns the answer
 * into observations and acknowledgements; both are pure (no SPI, clock, latch, socket), never
 * ereport for anything foreign bytes can cause, and allocate in the current
 * memory context.
 */
#ifndef TASKSYNC_PROVIDER_H
#define TASKSYNC_PROVIDER_H

#include "postgres.h"

#include "datatype/timestamp.h"

#include "base/record.h"
#include "net/http.h"

typedef enum TasksyncOp
{
	TASKSYNC_OP_CREATE,
	TASKSYNC_OP_UPDATE,
	TASKSYNC_OP_MOVE,
	TASKSYNC_OP_CLOSE,
	TASKSYNC_OP_REOPEN,
	TASKSYNC_OP_ORDER,
	TASKSYNC_OP_DELETE,
} TasksyncOp;

extern const char *tasksync_op_name(TasksyncOp op);
extern bool tasksync_op_from_name(const char *name, TasksyncOp *op);

/* one of the siblings that an ORDER places */
typedef struct TasksyncRank
{
	const char *hub_id;
	const char *remote_id;
	const char *position;		/* at the hub */
	const char *rank;			/* at the provider, from now on */
} TasksyncRank;

/*
 * One command to send.  It was committed to the database as it stands before
 * the request is built, so a resend after a crash is the same command.
 */
typedef struct TasksyncIntent
{
	const char *id;				/* uuid: idempotency key of the command */
	const char *temp_id;		/* uuid of a create: how later intents of the call refer to it */
	TasksyncKind kind;
	TasksyncOp	op;
	const char *hub_id;
	const char *remote_id;		/* NULL for a create */
	/*
	 * CREATE: all fields; UPDATE/MOVE/ORDER: the fields to change; CLOSE:
	 * DUE_DATE, DUE_TIME = the occurrence that is completed; LABEL UPDATE: NAME,
	 * with the old name in `before`.  References are remote ids or temp_ids of
	 * earlier intents in the same call.  ORDER of a task: `ranks` where the
	 * provider keeps whole numbers, otherwise the place fields, and the task goes
	 * after its sibling `previous`, NULL = before all others.
	 */
	const TasksyncRecord *patch;
	int			nranks;
	const TasksyncRank *ranks;
	const char *previous;
	const TasksyncRecord *before;	/* base: what the provider should hold; NULL for a create */
	const json_t *raw;			/* opaque data of the last observation, or NULL */
	/*
	 * Task: the container in which the provider has it now (CREATE: into which
	 * it goes), and what is configured for it; NULL if unknown.
	 */
	const char *container_id;
	const json_t *config;
	bool		is_resend;		/* sent before, outcome unknown */
} TasksyncIntent;

typedef enum TasksyncRemoteState
{
	TASKSYNC_REMOTE_LIVE,
	TASKSYNC_REMOTE_DELETED,	/* the provider says so: a tombstone */
	TASKSYNC_REMOTE_GONE,		/* a point read did not find it */
	TASKSYNC_REMOTE_HIDDEN,		/* archived, unshared, not readable: not deleted */
	TASKSYNC_REMOTE_MOVED_ID,	/* lives on under `new_remote_id` */
} TasksyncRemoteState;

typedef struct TasksyncObservation
{
	TasksyncKind kind;
	const char *remote_id;
	TasksyncRemoteState state;
	const char *new_remote_id;
	/*
	 * References as remote ids; NULL unless LIVE.  Dates, times, numbers and
	 * flags are canonical; texts are as told, the caller normalises them.  A
	 * field that the provider did not tell, or in a way we do not understand, is
	 * not present.  The record shares memory with the answer.
	 */
	TasksyncRecord *record;
	const json_t *raw;			/* what must survive though we do not understand it */
	const char *container_id;	/* task that is not LIVE: where that was told; or NULL */
	const char *marker;			/* the hub's id of it, if the provider keeps one for us */
	TimestampTz edited_at;		/* the provider's stamp, 0 = unknown */
	TimestampTz created_at;
	bool		is_inbox;		/* project: where tasks without a project go */
	bool		is_read_only;	/* the provider will refuse changes */
	bool		is_part;		/* members of `raw` replace those known, the others stay */
} TasksyncObservation;

typedef enum TasksyncAckOutcome
{
	TASKSYNC_ACK_UNKNOWN,		/* no word about it: send the same again */
	TASKSYNC_ACK_OK,
	TASKSYNC_ACK_GONE,			/* the object does not exist (any more) */
	TASKSYNC_ACK_BLOCKED,		/* what it is to be put into does not: waits until that changes */
	TASKSYNC_ACK_REFUSED,		/* will never work as it is: dead letter */
	TASKSYNC_ACK_LATER,			/* refused for now: limits; the account pauses */
	TASKSYNC_ACK_REPLAN,		/* surely not applied: forget this intent and plan again */
} TasksyncAckOutcome;

typedef struct TasksyncAck
{
	TasksyncAckOutcome outcome;
	/*
	 * CREATE: the new id; NULL = accepted but not told.  MOVE: the id from now
	 * on, NULL = unchanged.
	 */
	const char *remote_id;
	const char *code;			/* provider's error tag */
	const char *message;		/* for people; never holds task text or a token */
} TasksyncAck;

typedef enum TasksyncCallType
{
	TASKSYNC_CALL_SYNC,			/* push `intents` and, if `wants_read`, read from `cursor` */
	TASKSYNC_CALL_IDENTIFY,		/* who is this account? */
	TASKSYNC_CALL_POINT_READ,	/* one object by remote id */
	TASKSYNC_CALL_COMPLETED,	/* completed tasks between since and until, page `cursor` */
	TASKSYNC_CALL_MOVED_IDS,	/* do `remote_ids` live elsewhere, or under other ids? */
} TasksyncCallType;

/*
 * A linked container, for providers that are read container by container
 * (caps.reads_containers).
 */
typedef struct TasksyncContainer
{
	const char *remote_id;
	/*
	 * {"known": …, "mapping": …}: what the last observation of the container
	 * left in `raw`, and how a person mapped its fields (absent = as proposed).
	 */
	const json_t *config;
	int			version;		/* of its scope: another one than the cursor's = read it whole */
} TasksyncContainer;

typedef struct TasksyncCall
{
	TasksyncCallType type;
	const char *base_url;
	const char *zone;			/* the account's own at the provider, for fixed times; or NULL */
	TimestampTz now;			/* when the call is made, by our clock */
	int			ncontainers;	/* all linked ones; 0 unless caps.reads_containers */
	const TasksyncContainer *containers;
	/*
	 * SYNC.  One read may take many requests: an answer with has_more brings a
	 * cursor for the next one, which is opaque to the engine.  A provider that is
	 * read container by container keeps the place of each in its cursor and
	 * decides itself which to read whole, and when to look which containers
	 * there are; wants_containers asks for that now.
	 */
	bool		wants_read;
	bool		wants_containers;
	const char *cursor;			/* NULL = everything */
	int			nintents;
	TasksyncIntent *intents;
	/*
	 * POINT_READ (one id), MOVED_IDS: LIVE for one that was found under its own
	 * id, MOVED_ID for one that has another; may take several pages of `cursor`.
	 */
	TasksyncKind kind;
	int			nremote_ids;
	const char **remote_ids;
	const char *container_id;	/* POINT_READ of a task: where it was seen last; or NULL */
	/* set by build(): as how many queries of the day the request counts; 0 = one */
	int			queries;
	/* COMPLETED: any length of time; the provider cuts it into windows, hidden in `cursor` */
	TimestampTz since;
	TimestampTz until;
} TasksyncCall;

typedef enum TasksyncOutcome
{
	TASKSYNC_OK,
	TASKSYNC_TRY_LATER,			/* 429, 5xx, no answer: retry_after_ms or backoff */
	TASKSYNC_TOKEN_EXPIRED,		/* 401: refresh once, then reauth */
	TASKSYNC_FORBIDDEN,			/* whole account or scope refused */
	TASKSYNC_CURSOR_REJECTED,	/* start over from nothing */
	TASKSYNC_BAD_REQUEST,		/* the request as a whole is refused: bisect the batch */
	TASKSYNC_BAD_ANSWER,		/* not what was promised: truncated, not JSON, wrong shape */
	TASKSYNC_MISCONFIGURED,		/* the operator has to act (API not enabled): account paused */
} TasksyncOutcome;

typedef enum TasksyncCoverage
{
	TASKSYNC_COVERS_NOTHING,	/* acknowledgements only */
	TASKSYNC_COVERS_DELTA,		/* everything changed since the cursor */
	TASKSYNC_COVERS_ALL,		/* everything alive; absence may be looked into */
	TASKSYNC_COVERS_POINT,		/* single objects, for example the echo of what was written */
} TasksyncCoverage;

/* code and message NULL: the container is well again */
typedef struct TasksyncContainerTrouble
{
	const char *remote_id;
	const char *code;
	const char *message;		/* one sentence for people, with the next step to take */
} TasksyncContainerTrouble;

typedef struct TasksyncAnswer
{
	TasksyncOutcome outcome;
	int64		retry_after_ms; /* 0 = not said */
	const char *error_code;
	const char *error_message;	/* for people */
	TasksyncCoverage coverage;
	bool		is_stale;		/* the snapshot is older than the request: absences mean nothing */
	const char *cursor;			/* next cursor; NULL = keep the old one */
	bool		has_more;		/* another page under `cursor` belongs to the same read */
	bool		is_whole;		/* DELTA: of a whole read of a container, not its changes */
	/* DELTA: containers of which this read has now shown everything that is alive */
	int			ncomplete;
	const char **complete;
	/*
	 * Containers that cannot be read any more (unshared, archived, no right, a
	 * mapped property is gone): nothing in them is missing or deleted, and each
	 * is named in account_health with this code and sentence.
	 */
	int			ntroubles;
	struct TasksyncContainerTrouble *troubles;
	int			nobservations;
	TasksyncObservation *observations;
	/*
	 * One per intent of the call, in order, whatever the outcome.  A request
	 * that was surely not carried out (no connection, 401, 429, 400 ...) gives
	 * REPLAN, or UNKNOWN for an intent that had been sent before.
	 */
	TasksyncAck *acks;
	/* IDENTIFY */
	const char *external_id;
	const char *display_name;
	const char *zone;
} TasksyncAnswer;

typedef struct TasksyncCaps
{
	int			batch_intents;	/* intents per SYNC call */
	size_t		batch_bytes;	/* and bytes of its body */
	bool		temp_ids;		/* an intent may refer to an earlier create of the same call */
	bool		push_reads;		/* a push call returns the delta too */
	bool		closes_descendants; /* completing or deleting a task takes its subtasks along */
	bool		tombstones;		/* deletions are told explicitly */
	bool		reads_containers;	/* read container by container: see TasksyncCall */
	bool		shows_completed;	/* a complete read shows completed tasks, too */
	bool		tells_moved_ids;	/* answers MOVED_IDS */
	bool		echoes_writes;	/* a push answer shows what it wrote, as COVERS_POINT */
	int			idempotency_ms;	/* how long a resend of an id may be trusted; 0 = never */
	int			read_lag_ms;	/* a read may miss what was written so shortly before */
	int			edit_precision_ms;	/* of edited_at; 0 = a second */
	/* requests that one account may have in a window, all of them at once if need be; 0 = any */
	int			bucket_size;
	int			bucket_ms;
	bool		orders_by_previous; /* ORDER names the sibling before; else whole numbers */
	/* which op carries a changed field of a task; STATUS: CLOSE (with REOPEN) or UPDATE */
	TasksyncOp	op_of_field[TASKSYNC_NFIELDS];
} TasksyncCaps;

typedef struct TasksyncProvider
{
	const char *name;
	TasksyncCaps caps;
	const char *(*base_url) (void);		/* from the settings */

	/*
	 * Queries that all accounts of the app may have in a day together, from the
	 * settings (0 = any), and the zone in which that day is counted; or NULL.
	 */
	int			(*daily_queries) (void);
	const char *day_zone;

	/*
	 * The fields of tasks that a container with this configuration can show, as
	 * TASKSYNC_FIELD_BIT()s; NULL = all of the lens.
	 */
	uint32		(*task_fields) (const json_t *config);

	/*
	 * How the fields of tasks lie in a container of which `known` is known (see
	 * TasksyncContainer): checks what a person said and returns it in normal
	 * form, what was not said as proposed; NULL and *error, for people, if it is
	 * wrong.  `mapping` NULL: the proposal.  NULL in place of the function: there
	 * is nothing to map.
	 */
	json_t	   *(*map_fields) (const json_t *known, const json_t *mapping, const char **error);

	/*
	 * Builds the request.  Of call->intents it takes as many from the front as
	 * fit (batch_intents, batch_bytes) and lowers call->nintents to that number,
	 * at least one.
	 */
	void		(*build) (TasksyncCall *call, TasksyncHttpRequest *request);
	void		(*parse) (const TasksyncCall *call, const TasksyncHttpResponse *response,
						  TasksyncAnswer *answer);
} TasksyncProvider;

extern const TasksyncProvider *tasksync_provider_find(const char *name);

#endif							/* TASKSYNC_PROVIDER_H */
