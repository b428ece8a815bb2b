/*
 * vault_bare.c
 *	  The bare minimum that the vault is measured against: libsodium alone,
 *	  sealing and opening the same number of the same bytes with the same
 *	  associated data.
 *
 * Usage: vault_bare COUNT BYTES CONTEXT_BYTES; prints seconds for sealing and
 * for opening.  Compiled and run by vault.pl.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double
seconds(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

int
main(int argc, char **argv)
{
	long		count = argc == 4 ? atol(argv[1]) : 0;
	size_t		bytes = argc == 4 ? (size_t) atol(argv[2]) : 0;
	size_t		context = argc == 4 ? (size_t) atol(argv[3]) : 0;
	unsigned char key[crypto_aead_xchacha20poly1305_ietf_KEYBYTES];
	unsigned char nonce[crypto_aead_xchacha20poly1305_ietf_NPUBBYTES];
	unsigned char *plaintext = calloc(1, bytes + 1);
	unsigned char *data = calloc(1, context + 1);
	unsigned char *sealed = calloc(1, bytes + crypto_aead_xchacha20poly1305_ietf_ABYTES);
	unsigned long long length;
	double		start;
	double		sealing;
	size_t		length_of_sealed = bytes + crypto_aead_xchacha20poly1305_ietf_ABYTES;

	if (count <= 0 || sodium_init() < 0 || plaintext == NULL || data == NULL || sealed == NULL)
		return 2;
	randombytes_buf(key, sizeof(key));
	start = seconds();
	for (long i = 0; i < count; i++)
	{
		/* a nonce for each: that is part of sealing */
		randombytes_buf(nonce, sizeof(nonce));
		crypto_aead_xchacha20poly1305_ietf_encrypt(sealed, &length, plaintext, bytes, data, context,
												   NULL, nonce, key);
	}
	sealing = seconds() - start;
	start = seconds();
	for (long i = 0; i < count; i++)
	{
		if (crypto_aead_xchacha20poly1305_ietf_decrypt(plaintext, &length, NULL, sealed,
													   length_of_sealed, data, context,
													   nonce, key) != 0)
			return 1;
	}
	printf("%.6f %.6f\n", sealing, seconds() - start);
	return 0;
}
