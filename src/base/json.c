/*
 * json.c
 *	  jansson, with its memory in PostgreSQL's contexts and its limits set.
 *
 * Called in backends and in the worker.  Pure but for the allocator.
 *
 * The allocator is one per process: if another library loaded into the same
 * process used jansson with objects that live across memory contexts, they
 * would die early.  No extension that we know does; the alternative, malloc
 * and json_decref() on every path, loses memory at each error that jumps.
 */
#include "postgres.h"

#include "lib/stringinfo.h"
#include "utils/memutils.h"

#include "base/json.h"

/* deeper than any provider's answer, shallow enough for every recursive reader */
#define MAX_DEPTH 64

/*
 * Two bytes of "0," become a value of a hundred: without a bound on their
 * number an answer within the size limit could still take gigabytes.
 */
#define MAX_VALUES 4000000

/* real numbers in JSON text: as many digits as every double keeps */
#define REAL_DIGITS 15

static void *
json_palloc(size_t size)
{
	if (!AllocSizeIsValid(size))
		return NULL;
	/* jansson handles NULL by giving up; an error here would jump out of a library call */
	return palloc_extended(size, MCXT_ALLOC_NO_OOM);
}

static void
json_pfree(void *pointer)
{
	if (pointer != NULL)
		pfree(pointer);
}

void
tasksync_json_init(void)
{
	json_set_alloc_funcs(json_palloc, json_pfree);
}

/* json_pack() finds jansson's own json_object(), see json.h */
json_t *
tasksync_json_object(void)
{
	return json_pack("{}");
}

/*
 * check_size walks over the bytes once, before anything is built, and counts
 * nesting and values outside of strings.  It does not judge the syntax.
 */
static const char *
check_size(const char *bytes, size_t length)
{
	const char *end = bytes + length;
	int			depth = 0;
	int			values = 0;

	for (const char *p = bytes; p < end; p++)
	{
		switch (*p)
		{
			case '"':
				for (p++; p < end && *p != '"'; p++)
				{
					if (*p == '\\')
						p++;
				}
				break;
			case '[':
			case '{':
				if (++depth > MAX_DEPTH)
					return "JSON is nested too deeply";
				if (++values > MAX_VALUES)
					return "JSON has too many values";
				break;
			case ']':
			case '}':
				depth--;
				break;
			case ',':
				if (++values > MAX_VALUES)
					return "JSON has too many values";
				break;
			default:
				break;
		}
	}
	return NULL;
}

/* own words: jansson's messages quote the text around the error */
static const char *
parse_error(const json_error_t *error)
{
	const char *what;

	switch (json_error_code(error))
	{
		case json_error_out_of_memory:
			return "out of memory while reading JSON";
		case json_error_invalid_utf8:
			what = "invalid UTF-8";
			break;
		case json_error_premature_end_of_input:
			what = "the text ends early";
			break;
		case json_error_end_of_input_expected:
			what = "something follows the value";
			break;
		case json_error_null_character:
		case json_error_null_byte_in_key:
			what = "a string with a null character";
			break;
		case json_error_numeric_overflow:
			what = "a number too large";
			break;
		default:
			what = "a syntax error";
			break;
	}
	return psprintf("not valid JSON: %s at byte %d", what, error->position);
}

json_t *
tasksync_json_parse(const char *bytes, size_t length, const char **error)
{
	json_error_t detail;
	json_t	   *json;

	*error = check_size(bytes, length);
	if (*error != NULL)
		return NULL;
	json = json_loadb(bytes, length, JSON_DECODE_ANY, &detail);
	if (json == NULL)
		*error = parse_error(&detail);
	return json;
}

/* the four digits behind a backslash and u; -1 if they are none */
static int
escape_value(const char *p, const char *end)
{
	int			value = 0;

	if (end - p < 6 || p[0] != '\\' || p[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++)
	{
		int			digit;

		if (p[i] >= '0' && p[i] <= '9')
			digit = p[i] - '0';
		else if ((p[i] | 0x20) >= 'a' && (p[i] | 0x20) <= 'f')
			digit = (p[i] | 0x20) - 'a' + 10;
		else
			return -1;
		value = value * 16 + digit;
	}
	return value;
}

/* replaces in place: the escape of U+FFFD is as long as those of what it stands for */
static void
mend(char *bytes, size_t length)
{
	char	   *end = bytes + length;

	for (char *p = bytes; p < end;)
	{
		int			value;
		int			next;

		if (*p != '\\')
		{
			p++;
			continue;
		}
		value = escape_value(p, end);
		if (value < 0)
		{
			p += 2;
			continue;
		}
		next = value >= 0xD800 && value <= 0xDBFF ? escape_value(p + 6, end) : -1;
		if (next >= 0xDC00 && next <= 0xDFFF)
			p += 6;
		else if (value == 0 || (value >= 0xD800 && value <= 0xDFFF))
			memcpy(p + 2, "fffd", 4);
		p += 6;
	}
}

json_t *
tasksync_json_parse_mended(const char *bytes, size_t length, const char **error)
{
	char	   *copy = palloc(length + 1);

	memcpy(copy, bytes, length);
	copy[length] = '\0';
	mend(copy, length);
	return tasksync_json_parse(copy, length, error);
}

static int
append_bytes(const char *buffer, size_t size, void *text)
{
	appendBinaryStringInfo((StringInfo) text, buffer, (int) size);
	return 0;
}

char *
tasksync_json_text(const json_t *json)
{
	StringInfoData text;

	initStringInfo(&text);
	if (json_dump_callback(json, append_bytes, &text,
						   JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY |
						   JSON_REAL_PRECISION(REAL_DIGITS)) != 0)
		elog(ERROR, "could not write JSON");
	return text.data;
}

const char *
tasksync_json_string(const json_t *object, const char *key)
{
	return json_string_value(json_object_get(object, key));
}

int64
tasksync_json_int(const json_t *object, const char *key, int64 otherwise)
{
	const json_t *member = json_object_get(object, key);

	return json_is_integer(member) ? (int64) json_integer_value(member) : otherwise;
}

bool
tasksync_json_bool(const json_t *object, const char *key, bool otherwise)
{
	const json_t *member = json_object_get(object, key);

	return json_is_boolean(member) ? json_is_true(member) : otherwise;
}

const char *
tasksync_json_id(const json_t *object, const char *key)
{
	const json_t *member = json_object_get(object, key);

	if (json_is_integer(member))
		return psprintf("%lld", (long long) json_integer_value(member));
	if (json_is_string(member) && json_string_length(member) > 0)
		return json_string_value(member);
	return NULL;
}
