/*
 * odd_lens.h
 *	  Lenses of providers that nobody has built: limits of a few units,
 *	  fields missing at random, labels that look alike.
 */
#ifndef TASKSYNC_ODD_LENS_H
#define TASKSYNC_ODD_LENS_H

#include "sync/lens.h"
#include "unit.h"

/* one of the real lenses, none at all (NULL), or an odd one in the case's own memory */
extern const TasksyncLens *any_lens(Random *random);
extern bool lens_is_odd(const TasksyncLens *lens);
/* what makes an odd lens odd, for a failure to show; the name of a real one */
extern const char *lens_text(const TasksyncLens *lens);
/* may it show a field at all, a text cut, a value by another one: what the laws must excuse */
extern int lens_most_labels(const TasksyncLens *lens);

#endif							/* TASKSYNC_ODD_LENS_H */
