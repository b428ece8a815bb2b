/*
 * stubs.c
 *	  palloc, ereport and the little else that pure files call, without a server.
 *
 * STUBS_MALLOC gives each palloc its own malloc, so that the address sanitizer
 * sees every overrun; the default is an arena, which is what a memory context
 * costs in the server and lets the planner be measured.
 *
 * StringInfo, hashes and UTF-8 helpers are the server's own, from libpgcommon.
 */
#include "postgres.h"

#include <uninorm.h>
#include <unistr.h>

#include "common/unicode_norm.h"
#include "utils/memutils.h"

#include "base/json.h"
#include "stubs.h"

#define ARENA_BLOCK (8 * 1024 * 1024)

typedef struct Chunk
{
	struct Chunk *next;			/* STUBS_MALLOC: all chunks */
	size_t		size;
} Chunk;

MemoryContext CurrentMemoryContext;
MemoryContext TopMemoryContext;
ErrorContextCallback *error_context_stack;
sigjmp_buf *PG_exception_stack;

int			stubs_sqlstate;
char		stubs_message[1024];

static int	current_level;

/* ---- memory ---- */

#ifdef STUBS_MALLOC
static Chunk *chunks;

static Chunk *
new_chunk(size_t size)
{
	Chunk	   *chunk = malloc(sizeof(Chunk) + size);

	if (chunk == NULL)
		abort();
	chunk->next = chunks;
	chunks = chunk;
	return chunk;
}

void
stubs_reset(void)
{
	while (chunks != NULL)
	{
		Chunk	   *next = chunks->next;

		free(chunks);
		chunks = next;
	}
}
#else
typedef struct Block
{
	struct Block *next;
	size_t		size;
	size_t		used;
} Block;

static Block *blocks;

static Chunk *
new_chunk(size_t size)
{
	size_t		need = MAXALIGN(sizeof(Chunk) + size);
	Chunk	   *chunk;

	if (blocks == NULL || blocks->size - blocks->used < need)
	{
		size_t		block_size = Max(need, ARENA_BLOCK);
		Block	   *block = malloc(MAXALIGN(sizeof(Block)) + block_size);

		if (block == NULL)
			abort();
		block->next = blocks;
		block->size = block_size;
		block->used = 0;
		blocks = block;
	}
	chunk = (Chunk *) ((char *) blocks + MAXALIGN(sizeof(Block)) + blocks->used);
	blocks->used += need;
	return chunk;
}

void
stubs_reset(void)
{
	while (blocks != NULL && blocks->next != NULL)
	{
		Block	   *next = blocks->next;

		free(blocks);
		blocks = next;
	}
	if (blocks != NULL)
		blocks->used = 0;
}
#endif

void *
palloc(Size size)
{
	Chunk	   *chunk = new_chunk(size);

	chunk->size = size;
	return chunk + 1;
}

void *
palloc0(Size size)
{
	return memset(palloc(size), 0, size);
}

void *
palloc_extended(Size size, int flags)
{
	return (flags & MCXT_ALLOC_ZERO) != 0 ? palloc0(size) : palloc(size);
}

void *
repalloc(void *pointer, Size size)
{
	void	   *copy = palloc(size);

	memcpy(copy, pointer, Min(size, ((Chunk *) pointer)[-1].size));
	return copy;
}

/* memory comes back at the reset only */
void
pfree(void *pointer)
{
	Assert(pointer != NULL);
}

char *
pstrdup(const char *text)
{
	return memcpy(palloc(strlen(text) + 1), text, strlen(text) + 1);
}

char *
pnstrdup(const char *text, Size length)
{
	size_t		size = strnlen(text, length);
	char	   *copy = palloc(size + 1);

	memcpy(copy, text, size);
	copy[size] = '\0';
	return copy;
}

void *
MemoryContextAlloc(MemoryContext context, Size size)
{
	return palloc(size);
}

void *
MemoryContextAllocZero(MemoryContext context, Size size)
{
	return palloc0(size);
}

char *
MemoryContextStrdup(MemoryContext context, const char *text)
{
	return pstrdup(text);
}

/* jansson keeps nothing on the heap between calls, so the reset is safe for it too */
void
stubs_init(void)
{
	tasksync_json_init();
	stubs_reset();
}

/* ---- errors ---- */

bool
errstart(int elevel, const char *domain)
{
	current_level = elevel;
	stubs_sqlstate = 0;
	stubs_message[0] = '\0';
	return elevel >= ERROR;
}

bool
errstart_cold(int elevel, const char *domain)
{
	return errstart(elevel, domain);
}

int
errcode(int sqlstate)
{
	stubs_sqlstate = sqlstate;
	return 0;
}

static void
keep_message(const char *format, va_list args)
{
	vsnprintf(stubs_message, sizeof(stubs_message), format, args);
}

int
errmsg(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	keep_message(format, args);
	va_end(args);
	return 0;
}

int
errmsg_internal(const char *format,...)
{
	va_list		args;

	va_start(args, format);
	keep_message(format, args);
	va_end(args);
	return 0;
}

int
errdetail(const char *format,...)
{
	return 0;
}

int
errhint(const char *format,...)
{
	return 0;
}

void
pg_re_throw(void)
{
	if (PG_exception_stack == NULL)
	{
		fprintf(stderr, "ERROR: %s\n", stubs_message);
		abort();
	}
	siglongjmp(*PG_exception_stack, 1);
}

void
errfinish(const char *filename, int lineno, const char *funcname)
{
	if (current_level >= ERROR)
		pg_re_throw();
}

void
ExceptionalCondition(const char *condition,
#if PG_VERSION_NUM < 160000
					 const char *type,
#endif
					 const char *filename, int lineno)
{
	fprintf(stderr, "assertion \"%s\" failed at %s:%d\n", condition, filename, lineno);
	abort();
}

/*
 * The server's own normalisation needs perfect hashes that are not in
 * libpgcommon, and without them it is a hundred times slower; libunistring's
 * gives the same answer.  That the server's is called rightly is a matter of
 * the SQL tests.
 */
pg_wchar *
unicode_normalize(UnicodeNormalizationForm form, const pg_wchar *input)
{
	size_t		length = u32_strlen(input);
	size_t		count;
	uint32_t   *composed = u32_normalize(UNINORM_NFC, input, length, NULL, &count);
	pg_wchar   *result = palloc0(sizeof(pg_wchar) * (count + 1));

	memcpy(result, composed, sizeof(pg_wchar) * count);
	free(composed);
	return result;
}

/* "maybe" is always a right answer, but letters that neither combine nor decompose are common */
UnicodeNormalizationQC
unicode_is_normalized_quickcheck(UnicodeNormalizationForm form, const pg_wchar *input)
{
	for (; *input != 0; input++)
	{
		bool		is_plain = *input < 0x300 ||
			(*input >= 0x05D0 && *input <= 0x05EA) ||	/* Hebrew letters */
			(*input >= 0x200B && *input <= 0x200D) ||	/* joiners */
			(*input >= 0xAC00 && *input <= 0xD7A3) ||	/* Hangul syllables */
			(*input >= 0x1F000 && *input <= 0x1FAFF);	/* pictures */

		if (!is_plain)
			return UNICODE_NORM_QC_MAYBE;
	}
	return UNICODE_NORM_QC_YES;
}
