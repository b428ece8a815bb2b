// Google's scopes: what they are called when granted, what they allow.

const AUTH = 'https://www.googleapis.com/auth';

export const TASKS = `${AUTH}/tasks`;
const READONLY = `${AUTH}/tasks.readonly`;
export const EMAIL = `${AUTH}/userinfo.email`;
export const PROFILE = `${AUTH}/userinfo.profile`;

const SPELLING = { email: EMAIL, profile: PROFILE };
const IDENTITY = ['openid', EMAIL, PROFILE];
const LABELS = {
	[TASKS]: 'Create, edit, organize, and delete all your tasks',
	[READONLY]: 'View your tasks',
	openid: 'Associate you with your personal info on Google',
	[EMAIL]: 'See your primary Google Account email address',
	[PROFILE]: 'See your personal info',
};

export const isIdentity = (scope) => IDENTITY.includes(scope);
export const labelOf = (scope) => LABELS[scope] ?? scope;

// As Google spells what it grants: `email` comes back as …/auth/userinfo.email.
export const parseScopes = (text) => [...new Set(String(text ?? '').split(/\s+/).filter(Boolean)
	.map((scope) => SPELLING[scope] ?? scope))];

export const known = (scope) => Object.hasOwn(LABELS, scope);

// tasks.readonly may call only the methods that get and list.
export const mayCall = (scopes, reads) => scopes.includes(TASKS) || (reads && scopes.includes(READONLY));
