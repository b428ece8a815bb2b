// Todoist's error object, the same in an HTTP body and in a command's sync_status.

export class ApiError extends Error {
	constructor(tag, code, http, message, extra = {}) {
		super(message);
		Object.assign(this, { tag, code, http, extra });
	}

	status() {
		return {
			error_tag: this.tag,
			error_code: this.code,
			error: this.message,
			http_code: this.http,
			error_extra: this.extra,
		};
	}

	// Over HTTP every error carries an event id and often a retry_after, also where repeating the
	// request is pointless; a client that obeys it blindly loops.
	body(eventId) {
		const extra = { event_id: eventId, ...this.extra };
		if (this.http !== 400)
			extra.retry_after ??= 3;
		return { ...this.status(), error_extra: extra };
	}
}

export const invalidArgument = (argument, explanation, extra = {}) =>
	new ApiError('INVALID_ARGUMENT_VALUE', 20, 400, 'Invalid argument value',
		{ argument, explanation, ...extra });

export const invalidTempId = () =>
	new ApiError('INVALID_TEMP_ID', 15, 400, 'Invalid temporary id');

export const notFound = (noun) => new ApiError('NOT_FOUND', 478, 404, `${noun} not found`);

export const forbidden = (message) => new ApiError('FORBIDDEN', 403, 403, message);

export const missingScope = (type) =>
	new ApiError('AUTH_INSUFFICIENT_TOKEN_SCOPE', 403, 403, 'Insufficient Token scope',
		{ access_type: type });

export const maxItems = (extra) => new ApiError('MAX_ITEMS_LIMIT_REACHED', 49, 403,
	'Maximum number of items per user project limit reached', extra);

export const tooMany = (seconds) => new ApiError('LIMITS_REACHED', 35, 429,
	'Too many requests. Limits reached. Try again later', { retry_after: seconds });

export const unauthorized = () => new ApiError('UNAUTHORIZED', 477, 401, 'Unauthorized');
