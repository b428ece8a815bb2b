// Google's error object. Clients decide on (HTTP status, reason), so the reason is exact and the texts
// are only likely.

export class ApiError extends Error {
	constructor(http, reason, message, more = {}) {
		super(message);
		Object.assign(this, { http, reason, ...more });
	}

	body(withStatus = true) {
		const { http: code, message, domain = 'global', status, details, location, locationType,
			extendedHelp } = this;
		return { error: {
			code, message: this.longMessage ?? message,
			errors: [{ message, domain, reason: this.reason,
				...(location ? { location, locationType } : {}),
				...(extendedHelp ? { extendedHelp } : {}) }],
			...(status && withStatus ? { status } : {}),
			...(details ? { details } : {}),
		} };
	}
}

const ARGUMENT = 'Request contains an invalid argument.';

export const badRequest = (message = ARGUMENT) =>
	new ApiError(400, 'badRequest', message, { status: 'INVALID_ARGUMENT' });

export const invalid = (message = 'Invalid Value') => new ApiError(400, 'invalid', message);

export const invalidParameter = (name, message) => new ApiError(400, 'invalidParameter', message,
	{ location: name, locationType: 'parameter' });

export const required = (name) => new ApiError(400, 'required', `Required parameter: ${name}`,
	{ location: name, locationType: 'parameter' });

export const loginRequired = () => new ApiError(401, 'required', 'Login Required.',
	{ location: 'Authorization', locationType: 'header', status: 'UNAUTHENTICATED' });

export const authError = () => new ApiError(401, 'authError', 'Invalid Credentials',
	{ location: 'Authorization', locationType: 'header', status: 'UNAUTHENTICATED',
		longMessage: 'Request had invalid authentication credentials. Expected OAuth 2 access token, '
			+ 'login cookie or other valid authentication credential.' });

export const insufficientPermissions = () => new ApiError(403, 'insufficientPermissions',
	'Insufficient Permission', { status: 'PERMISSION_DENIED',
		longMessage: 'Request had insufficient authentication scopes.',
		details: [{ '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
			reason: 'ACCESS_TOKEN_SCOPE_INSUFFICIENT', domain: 'googleapis.com',
			metadata: { service: 'tasks.googleapis.com' } }] });

export const accessNotConfigured = (project) => {
	const text = `Google Tasks API has not been used in project ${project} before or it is disabled.`;
	return new ApiError(403, 'accessNotConfigured', text, { domain: 'usageLimits',
		status: 'PERMISSION_DENIED', extendedHelp: 'https://console.developers.google.com' });
};

export const forbidden = (message = 'Forbidden') =>
	new ApiError(403, 'forbidden', message, { status: 'PERMISSION_DENIED' });

export const notFound = () => new ApiError(404, 'notFound', 'Not Found');

// The reasons that say "not now"; all 403 but for the rate limit's 429.
const LIMITS = {
	rateLimitExceeded: 'Rate Limit Exceeded',
	userRateLimitExceeded: 'User Rate Limit Exceeded',
	quotaExceeded: 'Quota Exceeded',
	dailyLimitExceeded: 'Daily Limit Exceeded',
	variableTermLimitExceeded: 'Variable Term Limit Exceeded',
};

export function limitExceeded(reason, { http, retryAfter } = {}) {
	const status = http ?? (reason === 'rateLimitExceeded' ? 429 : 403);
	return new ApiError(status, reason, LIMITS[reason] ?? reason, { domain: 'usageLimits', retryAfter,
		...(status === 429 ? { status: 'RESOURCE_EXHAUSTED' } : {}) });
}

export const conditionNotMet = () => new ApiError(412, 'conditionNotMet', 'Precondition Failed',
	{ location: 'If-Match', locationType: 'header' });

export const conflict = () => new ApiError(409, 'conflict', 'Conflict', { status: 'ABORTED' });

export const gone = () => new ApiError(410, 'deleted', 'Resource has been deleted');

const SERVER = { 500: ['internalError', 'Internal Error', 'INTERNAL'],
	503: ['backendError', 'The service is currently unavailable.', 'UNAVAILABLE'] };

export function serverError(http) {
	const [reason, message, status] = SERVER[http] ?? ['backendError', 'Backend Error', undefined];
	return new ApiError(http, reason, message, { status });
}

// The error of a (status, reason) pair, for faults.
export function errorOf(http, reason) {
	switch (reason) {
		case undefined: break;
		case 'authError': return authError();
		case 'insufficientPermissions': return insufficientPermissions();
		case 'accessNotConfigured': return accessNotConfigured('sandbox');
		case 'conditionNotMet': return conditionNotMet();
		case 'conflict': return conflict();
		case 'deleted': return gone();
		case 'forbidden': return forbidden();
		case 'notFound': return notFound();
		case 'required': return http === 400 ? required('tasklist') : loginRequired();
		case 'badRequest': return badRequest();
		case 'invalid': return invalid();
		default:
			return LIMITS[reason] ? limitExceeded(reason, { http })
				: new ApiError(http, reason, reason);
	}
	switch (http) {
		case 400: return badRequest();
		case 401: return authError();
		case 403: return forbidden();
		case 404: return notFound();
		case 409: return conflict();
		case 410: return gone();
		case 412: return conditionNotMet();
		case 429: return limitExceeded('rateLimitExceeded');
		default: return serverError(http);
	}
}
