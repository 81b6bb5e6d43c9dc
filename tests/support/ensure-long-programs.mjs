import { ensureLongPrograms } from './ensure-programs.mjs';

/** Jest's global set-up of the long tests: see `ensure-programs.mjs`. */
export default ensureLongPrograms;
