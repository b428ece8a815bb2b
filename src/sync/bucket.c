/*
 * bucket.c
 *	  One bucket of requests per account, for providers that say how many they
 *	  take in a window.
 *
 * The window of the provider is approached from below: the bucket starts full,
 * gives its whole content at once if need be and fills evenly, so that no
 * window ever holds more than twice the burst and a long push settles at the
 * provider's rate instead of running into its refusals.  What is refused all
 * the same (other programs share the window) is the provider's Retry-After.
 *
 * Kept in the worker's memory and not in a table: a row per request would cost
 * more than the request, and a worker that starts anew with full buckets only
 * risks a refusal.  Sync worker only.
 */
#include "postgres.h"

#include "utils/hsearch.h"
#include "utils/memutils.h"

#include "base/clock.h"
#include "sync/bucket.h"
#include "sync/run.h"

/* more buckets than this, and the full ones, which say nothing, are thrown away */
#define MAX_BUCKETS 4096

typedef struct Bucket
{
	char account_id[TASKSYNC_UUID_LEN];
	int64 filled_at; /* monotonic milliseconds */
	double content;
} Bucket;

static HTAB *buckets = NULL;

static void
fill(Bucket *bucket, const TasksyncCaps *caps)
{
	int64 now = tasksync_monotonic_ms();
	double gained = (double) (now - bucket->filled_at) * caps->bucket_size / caps->bucket_ms;

	bucket->content = Min(bucket->content + gained, caps->bucket_size);
	bucket->filled_at = now;
}

static void
drop_full(const TasksyncCaps *caps)
{
	HASH_SEQ_STATUS scan;
	Bucket *bucket;

	hash_seq_init(&scan, buckets);
	while ((bucket = hash_seq_search(&scan)) != NULL)
	{
		if (tasksync_monotonic_ms() - bucket->filled_at > caps->bucket_ms)
			hash_search(buckets, bucket->account_id, HASH_REMOVE, NULL);
	}
}

static Bucket *
bucket_of(const char *account_id, const TasksyncCaps *caps)
{
	char key[TASKSYNC_UUID_LEN] = {0};
	Bucket *bucket;
	bool found;

	if (buckets == NULL)
	{
		HASHCTL ctl = {0};

		ctl.keysize = TASKSYNC_UUID_LEN;
		ctl.entrysize = sizeof(Bucket);
		ctl.hcxt = TopMemoryContext;
		buckets = hash_create("tasksync buckets", 256, &ctl, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
	}
	if (hash_get_num_entries(buckets) >= MAX_BUCKETS)
		drop_full(caps);
	strlcpy(key, account_id, sizeof(key));
	bucket = hash_search(buckets, key, HASH_ENTER, &found);
	if (!found)
	{
		bucket->content = caps->bucket_size;
		bucket->filled_at = tasksync_monotonic_ms();
	}
	fill(bucket, caps);
	return bucket;
}

int
tasksync_bucket_wait_ms(const char *account_id, const TasksyncCaps *caps)
{
	Bucket *bucket;

	if (caps->bucket_size == 0)
		return 0;
	bucket = bucket_of(account_id, caps);
	if (bucket->content >= 1)
		return 0;
	return (int) ((1 - bucket->content) * caps->bucket_ms / caps->bucket_size) + 1;
}

void
tasksync_bucket_take(const char *account_id, const TasksyncCaps *caps)
{
	if (caps->bucket_size > 0)
		bucket_of(account_id, caps)->content -= 1;
}
