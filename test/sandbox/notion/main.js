#!/usr/bin/env node
// The Notion stand-in as a process; ../lib/run.js has the options.

import { runStandIn } from '../lib/run.js';
import { startServer } from './server.js';

await runStandIn('notion', startServer);
