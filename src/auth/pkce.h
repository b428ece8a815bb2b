/*
 * pkce.h
 *	  Random values that nobody can guess, and what PKCE makes of them.
 *
 * For the state and the verifier of a consent (RFC 6749, section 10.12; RFC
 * 7636).  Runs in backends.
 */
#ifndef TASKSYNC_PKCE_H
#define TASKSYNC_PKCE_H

#include "postgres.h"

#define TASKSYNC_SHA256_BYTES 32
/* 32 bytes in base64url without padding, and a NUL */
#define TASKSYNC_RANDOM_TEXT 44

/* 32 random bytes as text of [A-Za-z0-9_-] */
extern void tasksync_random_text(char text[TASKSYNC_RANDOM_TEXT]);
extern void tasksync_sha256(const char *text, unsigned char hash[TASKSYNC_SHA256_BYTES]);
/* S256: base64url(SHA-256(verifier)) */
extern void tasksync_code_challenge(const char *verifier, char challenge[TASKSYNC_RANDOM_TEXT]);

#endif							/* TASKSYNC_PKCE_H */
