/*
 * url.c
 *	  Putting URLs and form bodies together, and ids that stand in them.
 *
 * Called by the build functions of the providers.  Own escaping instead of
 * curl_easy_escape(): curl belongs to net/, and these files must run in tests
 * without it.  Pure.
 */
#include "postgres.h"

#include <ctype.h>

#include "provider/url.h"

void
tasksync_url_start(StringInfo url, const char *base, const char *path)
{
	size_t length = strlen(base);

	while (length > 0 && base[length - 1] == '/')
		length--;
	initStringInfo(url);
	appendBinaryStringInfo(url, base, (int) length);
	appendStringInfoString(url, path);
}

void
tasksync_url_escape(StringInfo url, const char *text)
{
	for (const unsigned char *p = (const unsigned char *) text; *p != '\0'; p++)
	{
		if ((*p >= 'A' && *p <= 'Z') || (*p >= 'a' && *p <= 'z') || (*p >= '0' && *p <= '9') ||
			*p == '-' || *p == '.' || *p == '_' || *p == '~')
			appendStringInfoChar(url, (char) *p);
		else
			appendStringInfo(url, "%%%02X", *p);
	}
}

void
tasksync_url_parameter(StringInfo url, const char *before, const char *name, const char *value)
{
	appendStringInfo(url, "%s%s=", before, name);
	tasksync_url_escape(url, value);
}

char *
tasksync_uuid_spelling(const char *id)
{
	char *normal = palloc(37);
	int length = 0;

	for (const char *p = id; p != NULL && *p != '\0'; p++)
	{
		if (*p == '-')
			continue;
		if (!isxdigit((unsigned char) *p) || length >= 36)
			return NULL;
		if (length == 8 || length == 13 || length == 18 || length == 23)
			normal[length++] = '-';
		normal[length++] = (char) pg_tolower((unsigned char) *p);
	}
	normal[length] = '\0';
	return length == 36 ? normal : NULL;
}
