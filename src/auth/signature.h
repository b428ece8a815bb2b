/*
 * signature.h
 *	  Signatures of webhooks: HMAC-SHA256 over the bytes as they came.
 */
#ifndef TASKSYNC_SIGNATURE_H
#define TASKSYNC_SIGNATURE_H

#include "postgres.h"

#define TASKSYNC_HMAC_BYTES 32

/* strict: exactly 32 bytes in base64 with padding; false for anything else */
extern bool tasksync_hmac_from_base64(const char *text, unsigned char hmac[TASKSYNC_HMAC_BYTES]);
/* strict: exactly 64 hexadecimal digits, of either case */
extern bool tasksync_hmac_from_hex(const char *text, unsigned char hmac[TASKSYNC_HMAC_BYTES]);
/* compares in constant time; a key of any length */
extern bool tasksync_hmac_matches(const char *key, size_t key_length, const char *message,
								  size_t message_length,
								  const unsigned char hmac[TASKSYNC_HMAC_BYTES]);

#endif							/* TASKSYNC_SIGNATURE_H */
