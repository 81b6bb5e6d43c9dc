/** Holds the races of the tricks, in a process of its own. */
import { serveRaces } from '../harness/afresh.js';
import { races } from './ablation-races.js';

serveRaces(races);
