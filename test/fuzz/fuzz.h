/*
 * fuzz.h
 *	  What all targets share: cutting an input into texts, and giving up loudly.
 */
#ifndef TASKSYNC_FUZZ_H
#define TASKSYNC_FUZZ_H

#include "postgres.h"

#include "stubs.h"

extern int	LLVMFuzzerInitialize(int *argc, char ***argv);
extern int	LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* the input up to the next byte 0x1F (unit separator), as text; moves on behind it */
static inline char *
fuzz_part(const uint8_t **data, size_t *size)
{
	const uint8_t *end = *size > 0 ? memchr(*data, 0x1F, *size) : NULL;
	size_t		length = end != NULL ? (size_t) (end - *data) : *size;
	char	   *part = palloc(length + 1);

	memcpy(part, *data, length);
	part[length] = '\0';
	*data += length;
	*size -= length;
	if (end != NULL)
	{
		(*data)++;
		(*size)--;
	}
	return part;
}

/* a property that does not hold is a crash, so that the input is kept */
static inline void
fuzz_check(bool holds, const char *condition, const char *file, int line)
{
	if (holds)
		return;
	fprintf(stderr, "does not hold: %s (%s:%d)\n", condition, file, line);
	abort();
}

#define FUZZ_CHECK(condition) fuzz_check(condition, #condition, __FILE__, __LINE__)

#endif							/* TASKSYNC_FUZZ_H */
