// Outgoing webhooks of a connection: a handshake, then signed events that are gathered for a while,
// repeated until they are taken, and on order lost, doubled, delayed or out of order.

import { createHmac } from 'node:crypto';

import { makeDeliveries, post } from '../lib/deliveries.js';
import { encodeProperty } from './ids.js';

// All but these are gathered.
const AT_ONCE = /^(comment\.|page\.(locked|unlocked))/;

export const sign = (token, body) =>
	`sha256=${createHmac('sha256', token).update(body).digest('hex')}`;

export function makeWebhooks(world) {
	const subscriptions = new Map();
	const gathered = new Map();       // subscription and entity → events that wait
	const headersFor = (token, body) => ({ 'User-Agent': 'notion-api',
		...token === null ? {} : { 'X-Notion-Signature': sign(token, body) } });

	const deliveries = makeDeliveries(world, {
		request({ event, subscription, attempts }) {
			const body = JSON.stringify({ ...event, attempt_number: attempts });
			return { url: subscription.url, body, headers: headersFor(subscription.token, body) };
		},
		taken: (status) => status >= 200 && status < 300,
		waitMs(attempts) {
			const { webhook_attempts: most, webhook_retry_s: wait } = world.config.values;
			return attempts < most ? wait * 1000 * 2 ** (attempts - 1) : null;
		},
		ended({ subscription, done }) {
			const most = world.config.values.webhook_pause_after;
			subscription.losses = done ? 0 : subscription.losses + 1;
			if (most !== null && subscription.losses >= most)
				subscription.status = 'paused';
		},
	});

	function parentFor(workspace, record) {
		if (record.parent.type === 'workspace')
			return { id: workspace.id, type: 'space' };
		if (record.parent.type === 'data_source_id')
			return { id: workspace.objects.get(record.parent.id).parent.id, type: 'database',
				data_source_id: record.parent.id };
		return { id: record.parent.id, type: record.parent.type.replace('_id', '') };
	}

	// The event's own fields; lists of what changed grow while it is gathered.
	function dataOf(workspace, type, record, extra) {
		if (extra.comment)
			return { parent: { id: record.record.id, type: record.record.object },
				page_id: extra.page.id };
		const data = { parent: parentFor(workspace, record) };
		const shown = (id) => (id === 'title' || world.config.values.webhook_ids === 'decoded' ? id
			: encodeProperty(id));
		if (type === 'page.properties_updated')
			data.updated_properties = extra.properties.map(shown);
		if (type.endsWith('content_updated'))
			data.updated_blocks = (extra.blocks ?? []).map((id) => ({ id,
				type: workspace.objects.get(id)?.object === 'page' ? 'page' : 'block' }));
		if (type === 'data_source.schema_updated')
			data.updated_properties = extra.schema.map((one) => ({ ...one, id: shown(one.id) }));
		return data;
	}

	const key = (entry) => (typeof entry === 'string' ? entry : `${entry.id} ${entry.action ?? ''}`);

	function merge(into, data) {
		for (const name of ['updated_properties', 'updated_blocks'])
			if (data[name])
				into[name] = [...new Map([...into[name] ?? [], ...data[name]]
					.map((entry) => [key(entry), entry])).values()];
		into.parent = data.parent;
	}

	const botsOf = (subscription, workspace) => [...workspace.bots.values()]
		.filter((bot) => bot.app === subscription.app && !bot.disconnected);

	// Sends what was gathered about one entity. Made and trashed in one window: perhaps nothing.
	function flush(place) {
		let events = [...place.events.values()];
		gathered.delete(place.key);
		const has = (end) => events.some(({ type }) => type === `${place.kind}.${end}`);
		if (has('created') && has('deleted')) {
			if (world.config.values.webhook_create_delete === 'none')
				return;
			events = events.filter(({ type }) => type === `${place.kind}.deleted`);
		}
		for (const event of events)
			send(place, event);
	}

	function send({ subscription, workspace, record }, { type, data, authors, at }) {
		const seen = record.record ?? record;
		const bots = botsOf(subscription, workspace)
			.filter((bot) => workspace.visible(bot, seen));
		if (bots.length === 0 || deliveries.stopped())
			return;
		const event = {
			id: world.traffic.uuid(), timestamp: new Date(at).toISOString(),
			workspace_id: workspace.id, workspace_name: workspace.name,
			subscription_id: subscription.id, integration_id: subscription.app.integration_id,
			authors: [...authors.values()].map((actor) => ({ id: actor.id, type: actor.type })),
			accessible_by: bots.map((bot) => ({ id: bot.id, type: 'bot' })),
			api_version: subscription.api_version, type,
			entity: { id: record.id, type: record.record ? 'comment' : record.object }, data,
		};
		deliveries.add({ id: event.id, event, subscription });
	}

	function gather(subscription, workspace, type, record, actor, extra) {
		const at = world.clock.now();
		const data = dataOf(workspace, type, record, extra);
		const wait = world.config.values.webhook_aggregation_s * 1000;
		const place = { key: `${subscription.id} ${record.id}`, subscription, workspace, record,
			kind: record.object ?? 'comment', events: new Map() };
		if (wait <= 0 || AT_ONCE.test(type)) {
			send(place, { type, data, authors: new Map([[actor.id, actor]]), at });
			return;
		}
		let known = gathered.get(place.key);
		if (!known) {
			known = place;
			gathered.set(place.key, known);
			world.clock.after(wait, () => flush(known));
		}
		const event = known.events.get(type) ?? { type, data: {}, authors: new Map() };
		merge(event.data, data);
		event.authors.set(actor.id, actor);
		event.at = at;
		known.events.set(type, event);
	}

	// A title may be told as a change of content, too: the documentation is not clear.
	function typesOf(type, extra) {
		const form = world.config.values.webhook_title_event;
		if (type !== 'page.properties_updated' || form === 'properties'
			|| !extra.properties.includes('title'))
			return [[type, extra]];
		const rest = form === 'both' ? extra.properties
			: extra.properties.filter((id) => id !== 'title');
		return [['page.content_updated', { blocks: [] }],
			...rest.length > 0 ? [[type, { properties: rest }]] : []];
	}

	return {
		note(workspace, type, record, actor, extra = {}) {
			if (actor.type === 'bot' && !world.config.values.webhook_own_writes)
				return;
			for (const subscription of subscriptions.values())
				if (subscription.status === 'active' && botsOf(subscription, workspace).length > 0)
					for (const [name, more] of typesOf(type, extra))
						if (subscription.events === null || subscription.events.includes(name))
							gather(subscription, workspace, name, record, actor, more);
		},
		// A pending subscription and its handshake; resolves with the status of the answer.
		async subscribe(app, { callback_url: url, events = null, api_version = '2026-03-11' }) {
			const subscription = { id: world.traffic.uuid(), app, url, events, api_version,
				token: world.traffic.secret('secret_'), status: 'pending', losses: 0 };
			subscriptions.set(subscription.id, subscription);
			const body = JSON.stringify({ verification_token: subscription.token });
			const { webhook_handshake_signed: signed, webhook_timeout_ms: timeout } = world.config.values;
			const status = await post(url, body, headersFor(signed ? subscription.token : null, body),
				timeout);
			return { subscription, status };
		},
		subscriptions,
		behave: deliveries.behave,
		list: () => deliveries.all().map(({ subscription, event, ...rest }) =>
			({ ...rest, subscription_id: subscription.id, url: subscription.url, body: event })),
		clear: deliveries.clear,
		stop: deliveries.stop,
	};
}
