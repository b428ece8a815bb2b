#!/usr/bin/env node
// The convergence machine, whole engine: node test/machine/main.js --data DIR --log FILE [options]
// on a running cluster with a testing build (PGHOST, PGPORT say where), database `hub`.
//
//   --histories 300   how many
//   --seed 1          of the first one; each has the next number. Repeats exactly one with --histories 1
//   --wave 30         how many run side by side
//   --services todoist,google_tasks
//   --steps N         of each instead of 10 to 39
//   --no-crashes      nothing happens to the server
//   --shrink 1        how many of the failures are made smaller
//   --twice           runs each wave twice and compares the journals; one account at a time, no crashes
//   --plans FILE      instead of seeds: plans as a failure prints them, one a line
//
// Prints a line per wave and, for what fails, the seed, what is wrong and every step. Exit code 1 then.

import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { seededRandom } from '../sandbox/lib/rng.js';
import { drawPlan } from './history.js';
import { Hub } from './hub.js';
import { journalsOf } from './journal.js';
import { Psql } from './psql.js';
import { Server } from './server.js';
import { shrink } from './shrink.js';
import * as todoist from './services/todoist.js';
import { drawTrouble, Wave } from './wave.js';

const SERVICES = { todoist };

const { values: options } = parseArgs({
	options: {
		data: { type: 'string' }, log: { type: 'string' }, histories: { type: 'string', default: '300' },
		seed: { type: 'string', default: '1' }, wave: { type: 'string', default: '30' },
		services: { type: 'string', default: Object.keys(SERVICES).join(',') },
		shrink: { type: 'string', default: '1' }, plans: { type: 'string' }, twice: { type: 'boolean', default: false }, steps: { type: 'string' }, 'no-crashes': { type: 'boolean', default: false },
	},
});

async function open() {
	const names = options.services.split(',');
	const servers = {};
	const settings = {};
	for (const name of names) {
		servers[name] = await SERVICES[name].start({ seed: `machine ${process.pid}` });
		Object.assign(settings, SERVICES[name].settings(servers[name].url));
	}
	const psql = new Psql('hub');
	const server = new Server({ data: options.data, log: options.log });
	server.use(psql);
	const hub = new Hub(psql, { revive: () => server.revive() });
	await hub.prepare(settings);
	return { hub, servers, services: SERVICES, server, psql, names };
}

// The same plans twice: what the journals differ in.
async function twice(plans) {
	const texts = [];
	let bad = 0;
	for (let i = 0; i < 2; i++) {
		const histories = await wave.run(plans);
		texts.push(await journalsOf(world.hub, histories));
		bad += histories.filter((history) => history.troubles.length > 0).length;
	}
	const differ = plans.filter((_, n) => texts[0][n] !== texts[1][n]);
	for (const [n, plan] of plans.entries())
		if (texts[0][n] !== texts[1][n])
			process.stdout.write(`seed ${plan.seed}: two runs, two journals\n--- first\n${texts[0][n]}\n--- second\n${texts[1][n]}\n`);
	process.stdout.write(`${plans.length} histories, each twice: ${bad} failed, ${differ.length} journals differ\n`);
	return bad + differ.length;
}

const world = await open();
const wave = new Wave(world, { calm: options.twice });
const given = options.plans ? readFileSync(options.plans, 'utf8').split('\n')
	.filter((line) => line.startsWith('{')).map((line) => JSON.parse(line)) : null;
const first = given ? 0 : Number(options.seed);
const count = given ? given.length : Number(options.histories);
const began = performance.now();
let failed = 0;
let shrunk = 0;
if (options.twice)
	failed = await twice(Array.from({ length: count }, (_, n) => drawPlan(first + n,
		{ services: world.names, calm: true })));
for (let done = 0; !options.twice && done < count; done += Number(options.wave)) {
	const seeds = Array.from({ length: Math.min(Number(options.wave), count - done) }, (_, n) => first + done + n);
	const plans = given ? seeds.map((n) => given[n]) : seeds.map((seed) => drawPlan(seed, { services: world.names,
		steps: options.steps && Number(options.steps) }));
	const trouble = drawTrouble(seededRandom(`trouble ${seeds[0]}`), { crashes: !options['no-crashes'],
		rounds: Math.max(...plans.map((plan) => plan.steps.length)) });
	const started = performance.now();
	const histories = await wave.run(plans, trouble);
	const bad = histories.filter((history) => history.troubles.length > 0);
	failed += bad.length;
	process.stdout.write(`wave ${seeds[0]}..${seeds.at(-1)}: ${bad.length} failed, `
		+ `${((performance.now() - started) / 1000).toFixed(1)} s, ${JSON.stringify(trouble)}\n`);
	for (const history of bad)
		process.stdout.write(`${history.story()}\n`);
	for (const history of bad.slice(0, Math.max(0, Number(options.shrink) - shrunk))) {
		shrunk++;
		// alone and without the crashes first; with them if that is what it takes
		const smaller = await shrink(wave, history, { trouble: { crashes: [] }, width: 16 })
			?? await shrink(wave, history, { trouble, width: 1 });
		process.stdout.write(smaller ? `smaller: ${smaller.story()}\n${JSON.stringify(smaller.plan)}\n`
			: `seed ${history.plan.seed} does not fail alone: repeat its wave with --seed ${seeds[0]}`
				+ ` --histories ${seeds.length} --wave ${seeds.length}\n`);
	}
}
const minutes = (performance.now() - began) / 60000;
if (!options.twice)
	process.stdout.write(`${count} histories, ${failed} failed, ${Math.round(count / minutes)} a minute\n`);
world.psql.close();
for (const server of Object.values(world.servers))
	await server.close();
process.exitCode = failed > 0 ? 1 : 0;
