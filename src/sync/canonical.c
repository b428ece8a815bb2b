/*
 * canonical.c
 *	  Normal form of records: one spelling per value.
 *
 * Called by the lens, by provider code on what it has read, and by SQL
 * functions.  Pure: no SPI, clock, latch or socket; memory from the current
 * context.
 *
 * Nothing that a person can see may be lost here.  In particular blanks at the
 * end of a line stay: two of them are a line break in Markdown, and a normal
 * form that dropped them would change notes by only reading them.
 */
#include "postgres.h"

#include <unistr.h>

#include "common/hashfn.h"
#include "common/unicode_norm.h"
#include "lib/stringinfo.h"
#include "mb/pg_wchar.h"

#include "base/testpoint.h"
#include "sync/canonical.h"

/* every code point below is its own NFC and cannot combine with the one before it */
#define FIRST_COMBINING 0x300
#define MAX_UTF8_LENGTH 4

static bool
is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static bool
is_ascii(const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (IS_HIGHBIT_SET(*text))
			return false;
	}
	return true;
}

static char *
encode_utf8(const pg_wchar *points)
{
	size_t count = 0;
	unsigned char *text;
	unsigned char *p;

	while (points[count] != 0)
		count++;
	text = palloc(count * MAX_UTF8_LENGTH + 1);
	p = text;
	for (size_t i = 0; i < count; i++)
	{
		unicode_to_utf8(points[i], p);
		p += pg_utf_mblen(p);
	}
	*p = '\0';
	return (char *) text;
}

/*
 * to_nfc composes the text.  Bytes that are no UTF-8 become U+FFFD: parsers
 * refuse them before they get here, and refusing twice would need an error
 * path in a function that has none.
 */
static const char *
to_nfc(const char *text)
{
	size_t length = strlen(text);
	const uint8_t *bytes = (const uint8_t *) text;
	pg_wchar *points;
	size_t count = 0;
	bool is_plain = true;
	bool is_valid = true;

	if (is_ascii(text))
		return text;
	points = palloc(sizeof(pg_wchar) * (length + 1));
	for (size_t at = 0; at < length;)
	{
		ucs4_t point;
		int step = u8_mbtouc(&point, bytes + at, length - at);

		if (point == 0xFFFD && !(step == 3 && bytes[at] == 0xEF))
			is_valid = false;
		if (point >= FIRST_COMBINING)
			is_plain = false;
		points[count++] = point;
		at += step;
	}
	points[count] = 0;
	if (is_plain && is_valid)
		return text;
	if (is_plain || unicode_is_normalized_quickcheck(UNICODE_NFC, points) == UNICODE_NORM_QC_YES)
		return is_valid ? text : encode_utf8(points);
	return encode_utf8(unicode_normalize(UNICODE_NFC, points));
}

/* length in bytes of the line break at p, 0 if there is none */
static int
line_break(const char *p, bool single_line)
{
	const unsigned char *u = (const unsigned char *) p;

	if (u[0] == '\r')
		return u[1] == '\n' ? 2 : 1;
	if (u[0] == '\n')
		return 1;
	if (!single_line)
		return 0;
	if (u[0] == '\v' || u[0] == '\f')
		return 1;
	if (u[0] == 0xC2 && u[1] == 0x85) /* next line */
		return 2;
	if (u[0] == 0xE2 && u[1] == 0x80 && (u[2] == 0xA8 || u[2] == 0xA9))
		return 3; /* line separator, paragraph separator */
	return 0;
}

/*
 * is_canonical recognises the common case, plain ASCII as it should be, in one
 * pass and without memory; a false answer costs time only.
 */
static bool
is_canonical(const char *text, bool single_line)
{
	const char *p = text;

	if (*p == '\0')
		return true;
	if (single_line && is_blank(*p))
		return false;
	for (; *p != '\0'; p++)
	{
		if (IS_HIGHBIT_SET(*p) || *p == '\r' ||
			(single_line && (*p == '\n' || *p == '\v' || *p == '\f')))
			return false;
	}
	return !is_blank(p[-1]);
}

/* like tasksync_canonical_text(), but the result may be the argument */
static const char *
canonical_or_same(const char *text, bool single_line)
{
	if (text != NULL && is_canonical(text, single_line))
		return text;
	return tasksync_canonical_text(text, single_line);
}

char *
tasksync_canonical_text(const char *text, bool single_line)
{
	const char *from = text != NULL ? to_nfc(text) : "";
	char *result;
	char *to;

	if (single_line)
	{
		while (is_blank(*from))
			from++;
	}
	result = palloc(strlen(from) + 1);
	to = result;
	while (*from != '\0')
	{
		int length = line_break(from, single_line);

		if (length > 0)
		{
			/* a break that only ASCII trimming of the ends would miss */
			if (!single_line || to > result)
				*to++ = single_line ? ' ' : '\n';
			from += length;
		}
		else if (to == result && single_line && is_blank(*from))
			from++;
		else
			*to++ = *from++;
	}
	while (to > result && is_blank(to[-1]))
		to--;
	*to = '\0';
	return result;
}

/* "007.50" to "7.5", "-0.0" to "0"; what is no plain decimal stays as it is */
static const char *
canonical_decimal(const char *text)
{
	bool negative = *text == '-';
	const char *whole = text + (negative || *text == '+');
	size_t digits = strspn(whole, "0123456789");
	const char *fraction = whole + digits;
	size_t decimals = 0;

	if (*fraction == '.')
		decimals = strspn(++fraction, "0123456789");
	if (digits + decimals == 0 || fraction[decimals] != '\0')
		return text;
	/* the common case is spelt rightly: a whole number without a sign or zeros before it */
	if (whole == text && digits > 0 && whole[digits] == '\0' && (*whole != '0' || digits == 1))
		return text;
	while (digits > 0 && *whole == '0')
	{
		whole++;
		digits--;
	}
	while (decimals > 0 && fraction[decimals - 1] == '0')
		decimals--;
	if (digits + decimals == 0)
		return "0";
	return psprintf("%s%.*s%s%.*s", negative ? "-" : "", digits > 0 ? (int) digits : 1,
					digits > 0 ? whole : "0", decimals > 0 ? "." : "", (int) decimals, fraction);
}

static void
canonicalize_labels(TasksyncRecord *record)
{
	const char **names;
	int count = 0;
	int same = 0;

	while (same < record->labels.count && *record->labels.names[same] != '\0' &&
		   canonical_or_same(record->labels.names[same], true) == record->labels.names[same])
		same++;
	if (same == record->labels.count)
		return;
	names = palloc(sizeof(char *) * Max(record->labels.count, 1));
	for (int i = 0; i < record->labels.count; i++)
	{
		const char *name = canonical_or_same(record->labels.names[i], true);

		if (*name != '\0')
			names[count++] = name;
	}
	tasksync_record_set_labels(record, count, names);
}

/* combinations that mean nothing: decided by what is known, never by what is absent */
static void
canonicalize_combinations(TasksyncRecord *record)
{
	const char **value = record->value;

	if (tasksync_record_has(record, TASKSYNC_F_DUE_DATE) && value[TASKSYNC_F_DUE_DATE] == NULL)
	{
		value[TASKSYNC_F_DUE_TIME] = NULL;
		value[TASKSYNC_F_DUE_TIMEZONE] = NULL;
	}
	if (tasksync_record_has(record, TASKSYNC_F_DUE_TIME) && value[TASKSYNC_F_DUE_TIME] == NULL)
		value[TASKSYNC_F_DUE_TIMEZONE] = NULL;
	if (tasksync_record_has(record, TASKSYNC_F_STATUS) &&
		strcmp(value[TASKSYNC_F_STATUS], "open") == 0)
		value[TASKSYNC_F_COMPLETED_AT] = NULL;
}

static const char *
canonical_value(TasksyncField field, const char *value)
{
	switch (field)
	{
		case TASKSYNC_F_TITLE:
		case TASKSYNC_F_NAME:
			return canonical_or_same(value, true);
		case TASKSYNC_F_DESCRIPTION:
			return canonical_or_same(value, false);
		case TASKSYNC_F_STATUS:
			return value != NULL ? value : "open";
		case TASKSYNC_F_PRIORITY:
			return value != NULL ? value : "0";
		case TASKSYNC_F_ARCHIVED:
			return value != NULL ? value : "false";
		case TASKSYNC_F_POSITION:
			return canonical_decimal(value != NULL ? value : "0");
		case TASKSYNC_F_COLOR:
		case TASKSYNC_F_RECURRENCE:
		case TASKSYNC_F_DUE_TIMEZONE:
			value = value != NULL ? canonical_or_same(value, true) : NULL;
			break;
		default:
			break;
	}
	return value != NULL && *value != '\0' ? value : NULL;
}

/*
 * A record is brought into normal form again and again on its way through lens,
 * merge and plan, so it remembers which of its values have been.
 */
void
tasksync_canonicalize(TasksyncRecord *record)
{
	uint32 wild = record->present & ~record->normal;

	if (TASKSYNC_MUTANT("compare raw"))
		return;
	for (int i = 0; wild != 0 && i < TASKSYNC_NFIELDS; i++)
	{
		if ((wild & TASKSYNC_FIELD_BIT(i)) == 0)
			continue;
		if (i == TASKSYNC_F_LABELS)
			canonicalize_labels(record);
		else
			record->value[i] = canonical_value((TasksyncField) i, record->value[i]);
	}
	record->normal |= wild;
	canonicalize_combinations(record);
}

/*
 * tasksync_fingerprint is for finding one's own lost create among a person's
 * tasks, so two hashes of 64 bits are enough; a cryptographic hash would need
 * memory and an error path outside of this layer.
 */
char *
tasksync_fingerprint(const TasksyncRecord *record)
{
	static const TasksyncField parts[] = {TASKSYNC_F_TITLE,       TASKSYNC_F_NAME,
										  TASKSYNC_F_DESCRIPTION, TASKSYNC_F_DUE_DATE,
										  TASKSYNC_F_DUE_TIME,    TASKSYNC_F_DUE_TIMEZONE,
										  TASKSYNC_F_RECURRENCE,  TASKSYNC_F_PROJECT,
										  TASKSYNC_F_SECTION,     TASKSYNC_F_PARENT};
	TasksyncRecord *canonical = tasksync_record_share(record);
	StringInfoData text;

	tasksync_canonicalize(canonical);
	initStringInfo(&text);
	appendStringInfoString(&text, tasksync_kind_name(record->kind));
	for (int i = 0; i < (int) lengthof(parts); i++)
	{
		const char *value = canonical->value[parts[i]];

		/* the field's number separates: no value holds a null byte */
		appendStringInfoChar(&text, '\0');
		if (value != NULL && *value != '\0')
			appendStringInfo(&text, "%d=%s", parts[i], value);
	}
	return psprintf("%016llx%016llx",
					(unsigned long long) hash_bytes_extended((unsigned char *) text.data, text.len,
															 1),
					(unsigned long long) hash_bytes_extended((unsigned char *) text.data, text.len,
															 2));
}
