import { ensureBuilt } from '../../scripts/package.mjs';

/** For tests that run on dist/. */
export default ensureBuilt;
