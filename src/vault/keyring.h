/*
 * keyring.h
 *	  The keys of tasksync.key_file in this process.
 *
 * The file is one or more raw keys of 32 bytes, one after the other: the last
 * one seals, all of them open.  It is read when a key is first needed and again
 * when the file changed; that is looked at once per statement.
 */
#ifndef TASKSYNC_KEYRING_H
#define TASKSYNC_KEYRING_H

#include "postgres.h"

#define TASKSYNC_KEY_BYTES 32
#define TASKSYNC_MAX_KEYS 64

/* the key that seals; NULL if there is no usable file, and then problem() says why */
extern const unsigned char *tasksync_keyring_primary(uint32 *id);
/* the key with this id; NULL if the file does not hold it */
extern const unsigned char *tasksync_keyring_find(uint32 id);

/* for the overview: keys in the order of the file */
extern int	tasksync_keyring_count(void);
extern uint32 tasksync_keyring_id(int index);

/* why there is no key, as a sentence fragment without the path; "" if there is one */
extern const char *tasksync_keyring_problem(void);
/* the command that mends it; with the path only for those who may see settings */
extern const char *tasksync_keyring_hint(void);

/*
 * Appends a fresh random key to the file, for everybody at once (a new file
 * renamed over the old one, flushed), and returns its id.  Raises an error and
 * leaves the file as it was if that cannot be done.
 */
extern uint32 tasksync_keyring_append(void);

#endif							/* TASKSYNC_KEYRING_H */
