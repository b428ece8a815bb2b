/*
 * password.h
 *	  Passwords, stored so that nobody can read them back.
 */
#ifndef TASKSYNC_PASSWORD_H
#define TASKSYNC_PASSWORD_H

#include "postgres.h"

/* argon2id string, palloc'd; NULL if there was not enough memory */
extern char *tasksync_password_hash(const char *password, size_t length);

#endif							/* TASKSYNC_PASSWORD_H */
