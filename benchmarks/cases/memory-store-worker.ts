/** Runs the races of memory stores in a separate process. */
import { serveRaces } from '../harness/afresh.js';
import { races } from './memory-store-races.js';

serveRaces(races);
