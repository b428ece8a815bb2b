// One psql for many statements, and a new one when the server took the old one along.

import { spawn } from 'node:child_process';

export class Gone extends Error {}

// A text as an SQL literal.
export const literal = (value) => `'${String(value).replaceAll("'", "''")}'`;

export class Psql {
	#process = null;
	#waiting = null;
	#count = 0;

	constructor(database) {
		this.database = database;
	}

	#start() {
		const child = spawn('psql', ['-X', '-q', '-A', '-t', '-d', this.database],
			{ stdio: ['pipe', 'pipe', 'pipe'] });
		const texts = { out: '', err: '' };
		const look = () => {
			const { mark } = this.#waiting ?? {};
			if (!mark || !texts.out.includes(mark) || !texts.err.includes(mark))
				return;
			const out = texts.out.slice(0, texts.out.indexOf(mark)).trimEnd();
			const err = texts.err.slice(0, texts.err.indexOf(mark));
			texts.out = '';
			texts.err = '';
			const { resolve, reject } = this.#waiting;
			this.#waiting = null;
			const failed = /^(ERROR|FATAL|PANIC|psql:.*error):.*$/m.exec(err);
			if (failed)
				reject(new Error(err.trim()));
			else
				resolve(out);
		};
		child.stdout.setEncoding('utf8').on('data', (text) => { texts.out += text; look(); });
		child.stderr.setEncoding('utf8').on('data', (text) => { texts.err += text; look(); });
		child.stdin.on('error', () => {});
		child.on('close', () => {
			if (this.#process === child)
				this.#process = null;
			const waiting = this.#waiting;
			this.#waiting = null;
			waiting?.reject(new Gone(texts.err.trim() || 'psql ended'));
		});
		this.#process = child;
	}

	// The rows as text. Rejects with Gone when the server went away meanwhile.
	run(sql) {
		if (!this.#process)
			this.#start();
		const mark = `--- end of statement ${++this.#count} ---`;
		return new Promise((resolve, reject) => {
			this.#waiting = { mark, resolve, reject };
			this.#process.stdin.write(`${sql}\n;\n\\echo '${mark}'\n\\warn '${mark}'\n`);
		});
	}

	async json(sql) {
		return JSON.parse(await this.run(sql) || 'null');
	}

	close() {
		this.#process?.stdin.end('\\q\n');
	}
}
