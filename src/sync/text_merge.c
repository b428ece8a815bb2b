/*
 * text_merge.c
 *	  Three-way merge of a text, first by lines, then by words where both
 *	  sides changed the same lines.
 *
 * Called by the field merge and by tasksync.merge_text().  Pure; memory from
 * the current context.  No markers are ever written into a text: where both
 * sides changed the same words one side is taken and the caller is told.
 *
 * The comparison itself is in text_diff.c; it is bounded, so that a hostile
 * text costs coarser hunks and not time.
 */
#include "postgres.h"

#include <unistr.h>
#include <uniwbrk.h>

#include "lib/stringinfo.h"

#include "sync/text_diff.h"
#include "sync/text_merge.h"

/* one of the three texts, cut into tokens; token i is bytes at[i] .. at[i + 1] */
typedef struct Tokens
{
	const char *text;
	int count;
	int *at;
	int *id; /* equal bytes, equal id */
} Tokens;

enum
{
	BASE,
	OURS,
	THEIRS
};

/* a stretch of the three texts between two places where all three agree */
typedef struct Region
{
	int from[3];
	int to[3];
} Region;

typedef void (*Tokenizer)(Tokens *tokens, size_t length);
typedef struct Merge Merge;
typedef void (*Overlap)(Merge *merge, const Region *region);

struct Merge
{
	Tokens side[3];
	TasksyncSide winner;
	bool clean;
	StringInfo out;
	Overlap overlap; /* what to do with a region both sides changed */
	bool needs_word; /* agreement on blanks and punctuation alone separates nothing */
};

/* ---- cutting into tokens ---- */

static void
cut_lines(Tokens *tokens, size_t length)
{
	tokens->count = 0;
	tokens->at = palloc(sizeof(int) * (length + 1));
	tokens->at[0] = 0;
	for (size_t i = 0; i < length; i++)
	{
		if (tokens->text[i] == '\n')
			tokens->at[++tokens->count] = (int) i + 1;
	}
	if (tokens->at[tokens->count] < (int) length)
		tokens->at[++tokens->count] = (int) length;
}

static void
cut_words(Tokens *tokens, size_t length)
{
	char *breaks = palloc(length + 1);

	tokens->count = 0;
	tokens->at = palloc(sizeof(int) * (length + 1));
	tokens->at[0] = 0;
	if (length == 0)
		return;
	u8_wordbreaks((const uint8_t *) tokens->text, length, breaks);
	for (size_t i = 1; i < length; i++)
	{
		if (breaks[i])
			tokens->at[++tokens->count] = (int) i;
	}
	tokens->at[++tokens->count] = (int) length;
}

/* ---- the merge proper: the same for lines and for words ---- */

static int
span_length(const Tokens *tokens, int from, int to)
{
	return tokens->at[to] - tokens->at[from];
}

static const char *
span_text(const Tokens *tokens, int from)
{
	return tokens->text + tokens->at[from];
}

static void
put(Merge *merge, int side, const Region *region)
{
	const Tokens *tokens = &merge->side[side];

	appendBinaryStringInfo(merge->out, span_text(tokens, region->from[side]),
						   span_length(tokens, region->from[side], region->to[side]));
}

static bool
same(const Merge *merge, const Region *region, int a, int b)
{
	const Tokens *ta = &merge->side[a];
	const Tokens *tb = &merge->side[b];
	int length = span_length(ta, region->from[a], region->to[a]);

	return length == span_length(tb, region->from[b], region->to[b]) &&
		   memcmp(span_text(ta, region->from[a]), span_text(tb, region->from[b]), length) == 0;
}

static void
settle(Merge *merge, const Region *region)
{
	if (same(merge, region, OURS, THEIRS) || same(merge, region, BASE, THEIRS))
		put(merge, OURS, region);
	else if (same(merge, region, BASE, OURS))
		put(merge, THEIRS, region);
	else
		merge->overlap(merge, region);
}

/* does base token i tell two changes apart that stand on its two sides? */
static bool
separates(const Merge *merge, int i)
{
	const Tokens *base = &merge->side[BASE];
	const char *text = base->text + base->at[i];
	int length = span_length(base, i, i + 1);

	if (!merge->needs_word)
		return true;
	for (int k = 0; k < length; k++)
	{
		char c = text[k];

		if (c == '\n' || IS_HIGHBIT_SET(c) || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			(c >= 'A' && c <= 'Z'))
			return true;
	}
	return false;
}

/*
 * merge_tokens walks through the base; tokens that both sides kept are the
 * places where the three agree, everything between two of them is a region.
 */
static void
merge_tokens(Merge *merge)
{
	int *in_ours = tasksync_text_diff(merge->side[BASE].id, merge->side[BASE].count,
									  merge->side[OURS].id, merge->side[OURS].count);
	int *in_theirs = tasksync_text_diff(merge->side[BASE].id, merge->side[BASE].count,
										merge->side[THEIRS].id, merge->side[THEIRS].count);
	int count = merge->side[BASE].count;
	Region region = {{0}};

	for (int i = 0; i < count;)
	{
		int end = i;
		bool solid = false;

		/* the longest run from i that both sides kept unbroken */
		while (end < count && in_ours[end] >= 0 && in_theirs[end] >= 0 &&
			   (end == i ||
				(in_ours[end] == in_ours[end - 1] + 1 && in_theirs[end] == in_theirs[end - 1] + 1)))
			solid |= separates(merge, end++);
		if (!solid)
		{
			i = Max(end, i + 1);
			continue;
		}
		region.to[BASE] = i;
		region.to[OURS] = in_ours[i];
		region.to[THEIRS] = in_theirs[i];
		settle(merge, &region);
		appendBinaryStringInfo(merge->out, span_text(&merge->side[BASE], i),
							   span_length(&merge->side[BASE], i, end));
		region.from[BASE] = end;
		region.from[OURS] = in_ours[end - 1] + 1;
		region.from[THEIRS] = in_theirs[end - 1] + 1;
		i = end;
	}
	for (int side = BASE; side <= THEIRS; side++)
		region.to[side] = merge->side[side].count;
	settle(merge, &region);
}

static void
run_merge(Merge *merge, const size_t *length, Tokenizer cut)
{
	TasksyncTokenTable *table = tasksync_token_table();

	for (int side = BASE; side <= THEIRS; side++)
	{
		Tokens *tokens = &merge->side[side];

		cut(tokens, length[side]);
		tokens->id = palloc(sizeof(int) * Max(tokens->count, 1));
		for (int i = 0; i < tokens->count; i++)
			tokens->id[i] =
				tasksync_token_id(table, span_text(tokens, i), span_length(tokens, i, i + 1));
	}
	merge_tokens(merge);
}

/* both sides changed the same words: one of them it is */
static void
overlap_words(Merge *merge, const Region *region)
{
	merge->clean = false;
	put(merge, merge->winner == TASKSYNC_OURS ? OURS : THEIRS, region);
}

/* both sides changed the same lines: perhaps not the same words */
static void
overlap_lines(Merge *merge, const Region *region)
{
	Merge words = {.winner = merge->winner,
				   .clean = true,
				   .out = merge->out,
				   .overlap = overlap_words,
				   .needs_word = true};
	size_t length[3];

	for (int side = BASE; side <= THEIRS; side++)
	{
		words.side[side].text = span_text(&merge->side[side], region->from[side]);
		length[side] = span_length(&merge->side[side], region->from[side], region->to[side]);
	}
	run_merge(&words, length, cut_words);
	merge->clean &= words.clean;
}

/*
 * tasksync_merge_text works on the texts with a line end added to each, so
 * that "a" and "a\nb" share the line "a"; the added one is taken off again.
 */
char *
tasksync_merge_text(const char *base, const char *ours, const char *theirs, TasksyncSide winner,
					bool *clean)
{
	const char *texts[3] = {base, ours, theirs};
	StringInfoData out;
	Merge lines = {.winner = winner, .clean = true, .out = &out, .overlap = overlap_lines};
	size_t length[3];

	*clean = true;
	if (strcmp(ours, theirs) == 0 || strcmp(base, theirs) == 0)
		return pstrdup(ours);
	if (strcmp(base, ours) == 0)
		return pstrdup(theirs);
	initStringInfo(&out);
	for (int side = BASE; side <= THEIRS; side++)
	{
		char *text;

		length[side] = strlen(texts[side]) + 1;
		text = palloc(length[side] + 1);
		memcpy(text, texts[side], length[side] - 1);
		text[length[side] - 1] = '\n';
		text[length[side]] = '\0';
		lines.side[side].text = text;
	}
	run_merge(&lines, length, cut_lines);
	if (out.len > 0 && out.data[out.len - 1] == '\n')
		out.data[--out.len] = '\0';
	*clean = lines.clean;
	return out.data;
}
