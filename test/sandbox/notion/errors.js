// Notion's error object. OAuth's errors have another form (OauthError).

export class ApiError extends Error {
	constructor(status, code, message, additional, headers = {}) {
		super(message);
		Object.assign(this, { status, code, additional, headers });
	}

	body(requestId) {
		return {
			object: 'error', status: this.status, code: this.code, message: this.message,
			...(this.additional ? { additional_data: this.additional } : {}), request_id: requestId,
		};
	}
}

export class OauthError extends Error {
	constructor(code, status = 400, description = undefined) {
		super(description ?? code);
		Object.assign(this, { code, status, description });
	}

	body(requestId) {
		return { error: this.code,
			...(this.description ? { error_description: this.description } : {}),
			request_id: requestId };
	}
}

export const invalid = (message, additional) =>
	new ApiError(400, 'validation_error', message, additional);

// "body failed validation: body.x should be …, instead was `…`."
export const wrong = (path, rule, value) => {
	const text = value === undefined ? 'undefined' : JSON.stringify(value);
	return invalid(`body failed validation: ${path} should be ${rule}, instead was \`${
		text.length > 80 ? `${text.slice(0, 77)}...` : text}\`.`);
};

export const missing = (path) => wrong(path, 'defined', undefined);

export const notFound = (id, noun = 'block') => new ApiError(404, 'object_not_found',
	`Could not find ${noun} with ID: ${id}. Make sure the relevant pages and databases are shared `
	+ 'with your integration.');

export const restricted = (message = 'Insufficient permissions for this endpoint.', additional) =>
	new ApiError(403, 'restricted_resource', message, additional);

export const unauthorized = () => new ApiError(401, 'unauthorized', 'API token is invalid.');

export const archived = () => invalid("Can't edit block that is archived. You must unarchive the "
	+ 'block before editing.');

export const conflict = () => new ApiError(409, 'conflict_error',
	'Conflict occurred while saving. Please try again.');

export const rateLimited = (seconds, reason = 'public_api_request_rate_limit') =>
	new ApiError(429, 'rate_limited', 'You have been rate limited. Please try again in a few minutes.',
		{ rate_limit_reason: reason, retry_after: String(seconds) },
		{ 'retry-after': String(seconds) });
