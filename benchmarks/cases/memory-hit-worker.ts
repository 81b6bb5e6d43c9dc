/** Holds the races of the hits in memory, in a process of its own. */
import { serveRaces } from '../harness/afresh.js';
import { races } from './memory-hit-races.js';

serveRaces(races);
