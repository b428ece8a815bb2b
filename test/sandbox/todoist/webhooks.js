// Outgoing webhooks: signed, repeated, and on order lost, doubled, delayed or out of order. They
// fire only for users who went through the app's consent, the app's owner included.

import { createHmac } from 'node:crypto';

import { makeDeliveries } from '../lib/deliveries.js';
import { render } from './objects.js';

const EVENTS = ['item:added', 'item:updated', 'item:completed', 'item:uncompleted', 'item:deleted',
	'note:added', 'note:updated', 'note:deleted', 'project:added', 'project:updated',
	'project:deleted', 'project:archived', 'project:unarchived', 'section:added', 'section:updated',
	'section:deleted', 'section:archived', 'section:unarchived', 'label:added', 'label:updated',
	'label:deleted', 'filter:added', 'filter:updated', 'filter:deleted', 'reminder:fired'];

export const eventNames = EVENTS;
export const wireName = (event) => `e_${event.replace(':', '_')}`;

export const sign = (secret, body) =>
	createHmac('sha256', secret).update(body).digest('base64');

export function makeWebhooks(world) {
	const deliveries = makeDeliveries(world, {
		request: (delivery) => ({ url: delivery.url, body: delivery.body, headers: {
			'User-Agent': 'Todoist-Webhooks', 'X-Todoist-Hmac-SHA256': delivery.signature,
			'X-Todoist-Delivery-ID': delivery.id } }),
		// Nothing but 200 counts as received.
		taken: (status) => status === 200,
		waitMs: (attempts) => (attempts <= world.config.values.webhook_retries
			? world.config.values.webhook_retry_s * 1000 : null),
	});

	function envelope(account, event, record, extra) {
		const url = `https://app.todoist.com/app/task/${record.data.id}`;
		const data = { ...render(account, record) };
		if (record.kind === 'item')
			data.url = url;
		if (record.kind === 'note') {
			data.url = `https://app.todoist.com/app/task/${data.item_id}`;
			const item = account.objects.item.get(data.item_id);
			data.item = item ? render(account, item) : null;
		}
		const body = {
			event_name: event, user_id: account.id, version: '1',
			triggered_at: account.clock.micros(),
			initiator: { id: account.id, email: account.email, full_name: account.full_name,
				image_id: null, is_premium: account.premium },
			event_data: data,
		};
		// Only for an update, and only when the user made it himself.
		if (event === 'item:updated' && extra.old)
			body.event_data_extra = { old_item: extra.old, update_intent: extra.intent };
		return body;
	}

	function enqueue(app, account, event, record, extra) {
		const body = JSON.stringify(envelope(account, event, record, extra));
		deliveries.add({
			id: world.ids.hex(32), url: app.webhook.callback_url, body, event, user_id: account.id,
			signature: sign(app.client_secret ?? '', body),
		});
	}

	return {
		note(account, event, record, extra) {
			for (const app of world.oauth.apps.values())
				if (app.webhook?.events.includes(wireName(event)) && app.authorized.has(account.id))
					enqueue(app, account, event, record, extra);
		},
		behave: deliveries.behave,
		list: () => deliveries.all()
			.map(({ body, ...rest }) => ({ ...rest, body: JSON.parse(body) })),
		clear: deliveries.clear,
		stop: deliveries.stop,
	};
}
