#!/usr/bin/env node
// node test/sandbox/google_tasks/main.js [--port 0] [--host 127.0.0.1] [--seed 1] [--exit-with-parent]

import { runStandIn } from '../lib/run.js';
import { startServer } from './server.js';

await runStandIn('google_tasks', startServer);
