/*
 * notion_text.c
 *	  Rich text: arrays of formatted pieces, read as plain text and written so
 *	  that what was not changed keeps its form.
 *
 * Called for titles and text properties, in both directions.  Pure.
 *
 * A write replaces the whole array, so a title corrected in one word would
 * lose its links and its mentions of people and dates.  Therefore the pieces
 * are kept in their written form, and only the span between the first and the
 * last difference is replaced.
 *
 * The limits count UTF-16 units, as the service's own messages do; pieces end
 * between two things that a person sees as one character.
 */
#include "postgres.h"

#include <unigbrk.h>
#include <unistr.h>

#include "lib/stringinfo.h"

#include "provider/notion_json.h"
#include "provider/notion_text.h"

#define MAX_UNITS 2000
#define MAX_PIECES 100
/* with so many mentions in it the service may have left out the rest */
#define MENTIONS_SHOWN 25

/* ---- reading ---- */

/* every kind of piece has plain_text; only what was made by hand may lack it */
static const char *
text_of(const json_t *piece)
{
	const char *text = tasksync_json_string(piece, "plain_text");

	if (text == NULL)
		text = tasksync_json_string(json_object_get(piece, "text"), "content");
	return text != NULL ? text : "";
}

const char *
tasksync_notion_plain_text(const json_t *rich)
{
	StringInfoData text;

	if (!json_is_array(rich))
		return NULL;
	if (json_array_size(rich) == 0)
		return "";
	if (json_array_size(rich) == 1)
		return text_of(json_array_get(rich, 0));
	initStringInfo(&text);
	for (size_t i = 0; i < json_array_size(rich); i++)
		appendStringInfoString(&text, text_of(json_array_get(rich, i)));
	return text.data;
}

/* what differs from the default; NULL if nothing does */
static json_t *
short_annotations(const json_t *annotations)
{
	json_t *kept = json_object();
	const char *key;
	json_t *value;

	json_object_foreach((json_t *) annotations, key, value)
	{
		if (json_is_true(value) ||
			(json_is_string(value) && strcmp(json_string_value(value), "default") != 0))
			json_object_set(kept, key, value);
	}
	return json_object_size(kept) > 0 ? kept : NULL;
}

static json_t *
text_piece(const char *text, size_t length, const json_t *annotations, const json_t *link)
{
	json_t *inner = json_pack("{s:s%}", "content", text, length);
	json_t *piece = json_pack("{s:s, s:o}", "type", "text", "text", inner);

	if (json_is_object(link))
		json_object_set(inner, "link", (json_t *) link);
	if (annotations != NULL)
		json_object_set(piece, "annotations", (json_t *) annotations);
	return piece;
}

/* only the id of what is mentioned: the rest is for showing and may not be written */
static json_t *
mention_to_write(const json_t *mention)
{
	static const char *const by_id[] = {"user", "page", "database", "data_source", "custom_emoji"};
	static const char *const whole[] = {"date", "template_mention"};
	const char *type = tasksync_json_string(mention, "type");

	for (int i = 0; type != NULL && i < (int) lengthof(by_id); i++)
	{
		const char *id = tasksync_json_string(json_object_get(mention, type), "id");

		if (strcmp(type, by_id[i]) == 0 && id != NULL)
			return json_pack("{s:s, s:{s:s}}", "type", type, type, "id", id);
	}
	for (int i = 0; type != NULL && i < (int) lengthof(whole); i++)
	{
		if (strcmp(type, whole[i]) == 0 && json_is_object(json_object_get(mention, type)))
			return json_pack("{s:s, s:O}", "type", type, type, json_object_get(mention, type));
	}
	return NULL;
}

/* a piece as it can be written again */
static json_t *
piece_to_write(const json_t *piece)
{
	json_t *annotations = short_annotations(json_object_get(piece, "annotations"));
	const char *href = tasksync_json_string(piece, "href");
	const char *text = text_of(piece);
	json_t *mention = mention_to_write(json_object_get(piece, "mention"));
	const json_t *expression = json_object_get(json_object_get(piece, "equation"), "expression");
	json_t *written;

	if (tasksync_notion_says(piece, "type", "mention") && mention != NULL)
		written = json_pack("{s:s, s:o}", "type", "mention", "mention", mention);
	else if (tasksync_notion_says(piece, "type", "equation") && json_is_string(expression))
		written =
			json_pack("{s:s, s:{s:O}}", "type", "equation", "equation", "expression", expression);
	else
	{
		const json_t *link = json_object_get(json_object_get(piece, "text"), "link");

		/* previews of links cannot be written as such: what they lead to stays */
		if (!json_is_object(link) && href != NULL)
			link = json_pack("{s:s}", "url", href);
		return text_piece(text, strlen(text), annotations, link);
	}
	if (annotations != NULL)
		json_object_set(written, "annotations", annotations);
	return written;
}

static bool
has_form(const json_t *written)
{
	return !tasksync_notion_says(written, "type", "text") ||
		   json_object_get(written, "annotations") != NULL ||
		   json_object_get(json_object_get(written, "text"), "link") != NULL;
}

json_t *
tasksync_notion_keep_text(const json_t *rich)
{
	json_t *parts = json_array();
	bool keeps = false;
	int mentions = 0;
	json_t *kept;

	for (size_t i = 0; i < json_array_size(rich); i++)
	{
		const json_t *piece = json_array_get(rich, i);
		json_t *written = piece_to_write(piece);

		keeps |= has_form(written);
		mentions += tasksync_notion_says(piece, "type", "mention");
		json_array_append_new(parts, json_pack("{s:s, s:o}", "t", text_of(piece), "e", written));
	}
	if (!keeps)
		return NULL;
	kept = json_pack("{s:o}", "parts", parts);
	if (mentions >= MENTIONS_SHOWN)
		json_object_set_new(kept, "cut", json_true());
	return kept;
}

bool
tasksync_notion_text_is_cut(const json_t *kept)
{
	return tasksync_json_bool(kept, "cut", false);
}

/* ---- writing ---- */

/* bytes of a valid text of which a piece can take so many at once */
static size_t
piece_length(const char *text, size_t length)
{
	const uint8_t *bytes = (const uint8_t *) text;
	size_t at = 0;
	int units = 0;
	char *breaks;
	size_t cut;

	while (at < length)
	{
		ucs4_t point;
		int step = u8_mbtouc(&point, bytes + at, length - at);

		units += point > 0xFFFF ? 2 : 1;
		if (units > MAX_UNITS)
			break;
		at += step;
	}
	if (at >= length)
		return length;
	/* whether there is a boundary at `at` depends on the character behind it */
	breaks = palloc(at + 4);
	u8_grapheme_breaks(bytes, Min(at + 4, length), breaks);
	for (cut = at; cut > 0 && !breaks[cut]; cut--)
		;
	pfree(breaks);
	return cut > 0 ? cut : at;
}

static void
append_text(json_t *pieces, const char *text, size_t length, const json_t *annotations,
			const json_t *link)
{
	while (length > 0)
	{
		size_t taken = piece_length(text, length);

		json_array_append_new(pieces, text_piece(text, taken, annotations, link));
		text += taken;
		length -= taken;
	}
}

/* bytes [from, to) of a part: the part itself, or a piece of it if it is text */
static void
append_part(json_t *pieces, const json_t *part, size_t from, size_t to)
{
	const char *text = tasksync_json_string(part, "t");
	json_t *written = json_object_get(part, "e");
	const json_t *inner = json_object_get(written, "text");

	if (from >= to)
		return;
	if (inner == NULL && from == 0 && to == strlen(text))
		json_array_append(pieces, written);
	else
		append_text(pieces, text + from, to - from, json_object_get(written, "annotations"),
					json_object_get(inner, "link"));
}

/* the longest beginning that both have, ending where neither has a character cut in two */
static size_t
common_start(const char *a, const char *a_breaks, const char *b, const char *b_breaks)
{
	size_t length = 0;

	while (a[length] != '\0' && a[length] == b[length])
		length++;
	while (length > 0 &&
		   ((a[length] != '\0' && !a_breaks[length]) || (b[length] != '\0' && !b_breaks[length])))
		length--;
	return length;
}

static size_t
common_end(const char *a, size_t a_room, const char *a_breaks, const char *b, size_t b_room,
		   const char *b_breaks)
{
	size_t a_length = strlen(a);
	size_t b_length = strlen(b);
	size_t most = Min(a_room, b_room);
	size_t length = 0;

	while (length < most && a[a_length - 1 - length] == b[b_length - 1 - length])
		length++;
	while (length > 0 && (!a_breaks[a_length - length] || !b_breaks[b_length - length]))
		length--;
	return length;
}

static char *
breaks_of(const char *text)
{
	char *breaks = palloc(strlen(text) + 1);

	u8_grapheme_breaks((const uint8_t *) text, strlen(text), breaks);
	return breaks;
}

/* how the changed span looks: as the text in which it begins */
static const json_t *
form_at(const json_t *parts, size_t at)
{
	size_t start = 0;

	for (size_t i = 0; i < json_array_size(parts); i++)
	{
		const json_t *part = json_array_get(parts, i);
		size_t length = strlen(tasksync_json_string(part, "t"));

		if (at <= start + length && length > 0)
			return json_object_get(json_object_get(json_object_get(part, "e"), "text") != NULL
									   ? json_object_get(part, "e")
									   : NULL,
								   "annotations");
		start += length;
	}
	return NULL;
}

static json_t *
splice(const char *before, const char *now, const json_t *parts)
{
	char *before_breaks = breaks_of(before);
	char *now_breaks = breaks_of(now);
	size_t start = common_start(before, before_breaks, now, now_breaks);
	size_t end = common_end(before, strlen(before) - start, before_breaks, now, strlen(now) - start,
							now_breaks);
	size_t rest = strlen(before) - end;
	json_t *pieces = json_array();
	bool is_placed = false;
	size_t at = 0;

	for (size_t i = 0; i < json_array_size(parts); i++)
	{
		const json_t *part = json_array_get(parts, i);
		size_t length = strlen(tasksync_json_string(part, "t"));

		if (at < start)
			append_part(pieces, part, 0, Min(length, start - at));
		if (!is_placed && at + length >= start)
		{
			append_text(pieces, now + start, strlen(now) - end - start, form_at(parts, start),
						NULL);
			is_placed = true;
		}
		if (at + length > rest)
			append_part(pieces, part, at < rest ? rest - at : 0, length);
		at += length;
	}
	return pieces;
}

/* the texts of stored parts; NULL if somebody altered them */
static const char *
text_of_parts(const json_t *parts)
{
	StringInfoData text;

	if (json_array_size(parts) == 0)
		return NULL;
	initStringInfo(&text);
	for (size_t i = 0; i < json_array_size(parts); i++)
	{
		const char *part = tasksync_json_string(json_array_get(parts, i), "t");

		if (part == NULL || !json_is_object(json_object_get(json_array_get(parts, i), "e")))
			return NULL;
		appendStringInfoString(&text, part);
	}
	return text.data;
}

json_t *
tasksync_notion_write_text(const char *text, const json_t *kept)
{
	const json_t *parts = json_object_get(kept, "parts");
	const char *before = text_of_parts(parts);
	json_t *pieces = NULL;

	if (before != NULL)
		pieces = splice(before, text, parts);
	/* too many pieces cannot be written: then the words count, and the form goes */
	if (pieces == NULL || json_array_size(pieces) > MAX_PIECES)
	{
		pieces = json_array();
		append_text(pieces, text, strlen(text), NULL, NULL);
	}
	while (json_array_size(pieces) > MAX_PIECES)
		json_array_remove(pieces, json_array_size(pieces) - 1);
	return pieces;
}
