// sync_token: an opaque text that stands for a position of a user's change log. Each answer has
// another one, so that no client can take equal tokens for "nothing changed". They are random and
// remembered; an encrypted position would need no memory, but its ciphers cost more than all the
// rest of a quiet request.

const REMEMBERED = 5000;

export const syncTokens = {
	at(account, position) {
		const token = account.tokenIds.key(60);
		account.syncTokens.set(token, position);
		// The oldest expire, as they may with the service.
		if (account.syncTokens.size > REMEMBERED)
			account.syncTokens.delete(account.syncTokens.keys().next().value);
		return token;
	},
	// The position, or null for a token that is not this user's.
	read: (account, token) => account.syncTokens.get(token) ?? null,
};
