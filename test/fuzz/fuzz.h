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
#define FUZZ_CHECK(condition) \
	do { \
		if (!(condition)) \
		{ \
			fprintf(stderr, "does not hold: %s (%s:%d)\n", #condition, __FILE__, __LINE__); \
			abort(); \
		} \
	} while (0)

#endif							/* TASKSYNC_FUZZ_H */
