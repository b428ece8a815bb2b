// The cluster under the machine: its test points, and its start after it was shut down.

import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync, statSync } from 'node:fs';

import { literal } from './psql.js';

const sleep = (ms) => new Promise((resolve) => { setTimeout(resolve, ms); });

export class Server {
	constructor({ data, log }) {
		Object.assign(this, { data, log });
		this.fired = `${data}/tasksync_test_points.fired`;
	}

	use(psql) {
		this.psql = psql;
	}

	// Starts the server if nobody does.
	async revive() {
		if (existsSync(`${this.data}/postmaster.pid`))
			return;
		spawnSync('pg_ctl', ['-D', this.data, '-l', this.log, '-w', '-t', '30', 'start'], { stdio: 'ignore' });
	}

	// Arms test points and waits until the worker knows.
	async arm(points) {
		const list = points.join(',');
		const from = existsSync(this.log) ? statSync(this.log).size : 0;
		rmSync(this.fired, { force: true });
		await this.psql.run(`ALTER SYSTEM SET tasksync.test_points = ${literal(list)}`);
		await this.psql.run('SELECT pg_reload_conf()');
		for (let i = 0; i < 500; i++) {
			if (readFileSync(this.log).subarray(from).toString().includes(`test points "${list}" are armed`))
				return;
			await sleep(10);
		}
		throw new Error(`the worker has not armed ${list}`);
	}

	async disarm() {
		for (let i = 0; ; i++)
			try {
				await this.psql.run("ALTER SYSTEM SET tasksync.test_points = ''");
				await this.psql.run('SELECT pg_reload_conf()');
				return;
			} catch (error) {
				if (i > 200)
					throw error;
				await this.revive();
				await sleep(50);
			}
	}
}
