/*
 * errors.h
 *	  SQLSTATEs of our own, for the cases a client must tell apart.
 *
 * Class TS.  Everything else uses PostgreSQL's codes.
 */
#ifndef TASKSYNC_ERRORS_H
#define TASKSYNC_ERRORS_H

#include "postgres.h"

/* no usable key file */
#define TASKSYNC_ERRCODE_KEY_MISSING MAKE_SQLSTATE('T', 'S', '0', '0', '1')
#define TASKSYNC_ERRCODE_NOT_PRELOADED MAKE_SQLSTATE('T', 'S', '0', '0', '2')
/* a copy: adopt() first */
#define TASKSYNC_ERRCODE_NOT_HOME MAKE_SQLSTATE('T', 'S', '0', '0', '3')
#define TASKSYNC_ERRCODE_VERSION MAKE_SQLSTATE('T', 'S', '0', '0', '4')
/* wrong key, context or damaged */
#define TASKSYNC_ERRCODE_UNSEAL MAKE_SQLSTATE('T', 'S', '0', '0', '5')
#define TASKSYNC_ERRCODE_RESTORING MAKE_SQLSTATE('T', 'S', '0', '0', '6')
/* act_as() first */
#define TASKSYNC_ERRCODE_NO_USER MAKE_SQLSTATE('T', 'S', '0', '0', '7')
/* the account's lease went to another worker; never seen by clients */
#define TASKSYNC_ERRCODE_LEASE_LOST MAKE_SQLSTATE('T', 'S', '0', '0', '8')

#endif							/* TASKSYNC_ERRORS_H */
