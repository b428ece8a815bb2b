#!/usr/bin/env node
// The Todoist stand-in as a process; ../lib/run.js has the options.

import { runStandIn } from '../lib/run.js';
import { startServer } from './server.js';

await runStandIn('todoist', startServer);
