// The command line that every stand-in has:
//   node test/sandbox/NAME/main.js [--port 0] [--host 127.0.0.1] [--seed 1] [--exit-with-parent]
// Prints one line when it listens; ends on SIGTERM and SIGINT, and with --exit-with-parent when its
// standard input closes, so that a killed test leaves no server behind.

import { parseArgs } from 'node:util';

export async function runStandIn(name, startServer) {
	const { values } = parseArgs({
		options: {
			port: { type: 'string', default: '0' },
			host: { type: 'string', default: '127.0.0.1' },
			seed: { type: 'string', default: '1' },
			'exit-with-parent': { type: 'boolean', default: false },
		},
	});
	const server = await startServer({ port: Number(values.port), host: values.host,
		seed: values.seed });
	process.stdout.write(`${name} sandbox listening on ${server.url}\n`);

	async function stop() {
		await server.close();
		process.exit(0);
	}
	process.on('SIGTERM', stop);
	process.on('SIGINT', stop);
	if (values['exit-with-parent']) {
		process.stdin.resume();
		process.stdin.on('end', stop);
		process.stdin.on('close', stop);
	}
}
