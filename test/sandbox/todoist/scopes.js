// OAuth scopes and what includes what. Personal tokens may do everything (scopes null).

export const SCOPES = ['task:add', 'data:read', 'data:read_write', 'data:delete', 'project:delete',
	'backups:read', 'billing:read', 'billing:read_write', 'dev:app_console'];

const INCLUDES = { 'data:read_write': ['task:add', 'data:read'], 'billing:read_write': ['billing:read'] };

export function parseScopes(text) {
	return [...new Set(String(text ?? '').split(/[,\s]+/).filter(Boolean))];
}

export function has(scopes, needed) {
	return scopes === null || scopes.some((scope) =>
		scope === needed || INCLUDES[scope]?.includes(needed));
}
