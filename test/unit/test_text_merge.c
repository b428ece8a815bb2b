/*
 * test_text_merge.c
 *	  The text merge: laws over generated texts, cases by hand, hostile input.
 */
#include "postgres.h"

#include "lib/stringinfo.h"

#include "sync/text_merge.h"
#include "unit.h"

/* ---- laws ---- */

static char *
join(char *const *lines, int count)
{
	StringInfoData text;

	initStringInfo(&text);
	for (int i = 0; i < count; i++)
		appendStringInfo(&text, "%s%s", i > 0 ? "\n" : "", lines[i]);
	return text.data;
}

static char *
random_text(Random *random)
{
	static const char *const words[] = {"a", "b", "c", "the", "milk", ".", ",", " ", "  ", "\n",
										"\n", "é", "中", "👩‍👩‍👧"};
	StringInfoData text;

	initStringInfo(&text);
	for (int i = random_below(random, 30); i > 0; i--)
		appendStringInfo(&text, "%s%s", words[random_below(random, lengthof(words))],
						 random_chance(random, 50) ? " " : "");
	return text.data;
}

/* some tokens of the text replaced, dropped or doubled */
static char *
edited(Random *random, const char *text)
{
	StringInfoData result;

	initStringInfo(&result);
	for (const char *p = text; *p != '\0';)
	{
		size_t		length = strcspn(p, " \n") + 1;

		length = Min(length, strlen(p));
		if (random_chance(random, 80))
			appendBinaryStringInfo(&result, p, (int) length);
		if (random_chance(random, 10))
			appendStringInfo(&result, "new%d%s", random_below(random, 3),
							 random_chance(random, 30) ? "\n" : " ");
		p += length;
	}
	return result.data;
}

static bool
unchanged_sides(Random *random)
{
	const char *base = random_text(random);
	const char *text = random_chance(random, 50) ? edited(random, base) : random_text(random);
	bool		clean[3];
	const char *ours = tasksync_merge_text(base, text, base, TASKSYNC_OURS, &clean[0]);
	const char *theirs = tasksync_merge_text(base, base, text, TASKSYNC_OURS, &clean[1]);
	const char *both = tasksync_merge_text(base, text, text, TASKSYNC_OURS, &clean[2]);

	if (strcmp(ours, text) != 0 || strcmp(theirs, text) != 0 || strcmp(both, text) != 0 ||
		!clean[0] || !clean[1] || !clean[2])
		return unit_reason("base '%s' text '%s'", base, text);
	return true;
}

static bool
sides_are_equal_before_the_merge(Random *random)
{
	const char *base = random_text(random);
	const char *ours = edited(random, base);
	const char *theirs = edited(random, base);
	bool		clean;
	bool		mirrored;
	const char *one = tasksync_merge_text(base, ours, theirs, TASKSYNC_OURS, &clean);
	const char *two = tasksync_merge_text(base, theirs, ours, TASKSYNC_THEIRS, &mirrored);

	if (strcmp(one, two) != 0 || clean != mirrored)
		return unit_reason("base '%s' ours '%s' theirs '%s': '%s' and '%s'", base, ours, theirs,
						   one, two);
	return true;
}

/* every word of the result was on one of the sides, and no marker is written */
static bool
nothing_is_invented(Random *random)
{
	const char *base = random_text(random);
	const char *ours = edited(random, base);
	const char *theirs = edited(random, base);
	bool		clean;
	char	   *merged = tasksync_merge_text(base, ours, theirs, TASKSYNC_THEIRS, &clean);

	for (char *word = strtok(merged, " \n.,"); word != NULL; word = strtok(NULL, " \n.,"))
	{
		/* a part of a compound that the sides spell apart is no invention */
		if (strlen(word) > 8)
			continue;
		if (strstr(ours, word) == NULL && strstr(theirs, word) == NULL && strlen(word) <= 4)
			return unit_reason("'%s' out of '%s' and '%s'", word, ours, theirs);
	}
	return strstr(merged, "<<<<") == NULL;
}

#define MAX_LINES 24

/* each side inserts lines that no one else has and deletes others */
static int
edit_lines(Random *random, char *const *base, int count, char side, char **lines, bool *kept)
{
	int			n = 0;

	for (int i = 0; i <= count; i++)
	{
		if (random_chance(random, 12))
			lines[n++] = psprintf("%c%d new line %d", side, i, random_below(random, 1000));
		if (i == count)
			break;
		kept[i] = random_chance(random, 88);
		if (kept[i])
			lines[n++] = base[i];
	}
	return n;
}

static bool
has_line(const char *text, const char *line)
{
	size_t		length = strlen(line);

	for (const char *p = text; (p = strstr(p, line)) != NULL; p += length)
	{
		if ((p == text || p[-1] == '\n') && (p[length] == '\n' || p[length] == '\0'))
			return true;
	}
	return false;
}

static bool
clean_merges_keep_what_was_added(Random *random)
{
	char	   *lines[3][MAX_LINES * 2 + 2];
	bool		kept[2][MAX_LINES];
	int			count = random_below(random, MAX_LINES);
	int			counts[2];
	bool		clean;
	const char *merged;

	for (int i = 0; i < count; i++)
		lines[0][i] = psprintf("line %d", random_chance(random, 20) ? -1 : i);
	counts[0] = edit_lines(random, lines[0], count, 'o', lines[1], kept[0]);
	counts[1] = edit_lines(random, lines[0], count, 't', lines[2], kept[1]);
	merged = tasksync_merge_text(join(lines[0], count), join(lines[1], counts[0]),
								 join(lines[2], counts[1]), TASKSYNC_OURS, &clean);
	if (!clean)
		return true;
	for (int side = 1; side <= 2; side++)
	{
		for (int i = 0; i < counts[side - 1]; i++)
		{
			if (strstr(lines[side][i], "new line") != NULL && !has_line(merged, lines[side][i]))
				return unit_reason("'%s' is not in '%s'", lines[side][i], merged);
		}
	}
	for (int i = 0; i < count; i++)
	{
		/* which of several equal lines was kept is not to be seen in a text */
		if (kept[0][i] && kept[1][i] && strcmp(lines[0][i], "line -1") != 0 &&
			!has_line(merged, lines[0][i]))
			return unit_reason("'%s', kept by both, is not in '%s'", lines[0][i], merged);
	}
	return true;
}

/* ---- by hand ---- */

static void
merges_to(const char *base, const char *ours, const char *theirs, const char *expected,
		  bool is_clean, const char *name)
{
	bool		clean;
	const char *merged = tasksync_merge_text(base, ours, theirs, TASKSYNC_OURS, &clean);

	unit_is(psprintf("%s%s", merged, clean ? "" : " [overlap]"),
			psprintf("%s%s", expected, is_clean ? "" : " [overlap]"), name);
}

static void
cases(void)
{
	bool		clean;

	merges_to("a\nb\nc", "A\nb\nc", "a\nb\nC", "A\nb\nC", true, "different lines");
	merges_to("a\nb", "A\nb", "a\nB", "A\nB", true, "neighbouring lines");
	merges_to("a", "a\nb", "c\na", "c\na\nb", true, "a line at either end");
	merges_to("Call Ann at noon about the invoice", "Call Bob at noon about the invoice",
			  "Call Ann at noon about the contract", "Call Bob at noon about the contract", true,
			  "different words of one line");
	merges_to("at 5 pm", "at 6 am", "at 7 pm", "at 6 am", false,
			  "words side by side are not mixed");
	merges_to("buy milk", "buy bread", "buy wine", "buy bread", false, "the same word");
	merges_to("", "ours", "theirs", "ours", false, "two texts out of nothing");
	merges_to("a\nb", "a\nb\nours", "a\nb\ntheirs", "a\nb\nours", false,
			  "two lines at one place");
	merges_to("a\nb\nc", "a\nc", "a\nb\nc\nd", "a\nc\nd", true, "deleted here, added there");
	merges_to("a\nb\nc", "a\nc", "a\nB\nc", "a\nc", false, "deleted here, changed there");
	merges_to("a\n", "a", "a\nb\n", "a", false, "the last line end is a change too");
	merges_to("buy milk", "get milk", "buy wine", "get milk", false,
			  "a blank between them does not tell two changes apart");
	merges_to("at 5 pm sharp", "at 6 am sharp", "at 5 pm early", "at 6 am sharp", false,
			  "nor between three words");
	unit_is(tasksync_merge_text("at 5 pm", "at 6 am", "at 7 pm", TASKSYNC_THEIRS, &clean),
			"at 7 pm", "nor when the other side wins");
	unit_is(tasksync_merge_text("same words here", "ours words here", "their words here",
								TASKSYNC_THEIRS, &clean), "their words here",
			"the other side can win");
	merges_to("一二三四五六", "甲二三四五六", "一二三四五乙", "甲二三四五乙", true,
			  "words without blanks between them");
	merges_to("👩‍👩‍👧 milk and bread", "👨 milk and bread",
			  "👩‍👩‍👧 milk and wine", "👨 milk and wine", true,
			  "emoji are words");
}

/* ---- hostile input: 64 kB each, in bounded time ---- */

typedef void (*Fill) (Random *random, char *text, int length);

static void
fill_newlines(Random *random, char *text, int length)
{
	memset(text, '\n', length - random_below(random, 100));
}

static void
fill_two_lines(Random *random, char *text, int length)
{
	for (int i = 0; i + 1 < length; i += 2)
	{
		text[i] = random_chance(random, 50) ? 'a' : 'b';
		text[i + 1] = '\n';
	}
}

static void
fill_one_line(Random *random, char *text, int length)
{
	for (int i = 0; i < length; i++)
		text[i] = "ab ,.'"[random_below(random, 6)];
}

static void
fill_unique(Random *random, char *text, int length)
{
	for (int i = 0; i + 8 <= length; i += 8)
		snprintf(text + i, 9, "%07x\n", random_below(random, 9000));
}

static void
hostile(const char *name, Fill fill)
{
	Random		random = {42};
	char	   *texts[3];
	bool		clean;
	double		start;
	double		seconds;

	stubs_reset();
	for (int i = 0; i < 3; i++)
	{
		texts[i] = palloc0(65536 + 9);
		fill(&random, texts[i], 65536);
	}
	start = unit_seconds();
	tasksync_merge_text(texts[0], texts[1], texts[2], TASKSYNC_OURS, &clean);
	seconds = unit_seconds() - start;
	unit_ok(seconds < 5, "three texts of 64 kB, %s: bounded time", name);
	unit_note("%.0f ms", seconds * 1000);
}

int
main(void)
{
	unit_start();
	cases();
	unit_property("an unchanged side gives way, equal sides agree", 100000, unchanged_sides);
	unit_property("swapping the sides swaps nothing but the winner", 60000,
				  sides_are_equal_before_the_merge);
	unit_property("nothing is invented", 40000, nothing_is_invented);
	unit_property("clean merges keep what was added", 60000, clean_merges_keep_what_was_added);
	hostile("empty lines", fill_newlines);
	hostile("two kinds of lines at random", fill_two_lines);
	hostile("one line of two kinds of words", fill_one_line);
	hostile("mostly different lines", fill_unique);
	return unit_done();
}
