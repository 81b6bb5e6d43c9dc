/** Runs the races of stores in memory, in a separate process. */
import { serveRaces } from '../harness/afresh.js';
import { races } from './memory-store-races.js';

serveRaces(races);
