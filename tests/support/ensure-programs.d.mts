/** Makes sure that the tests' programs can be run. */
export default function ensureTestPrograms(): void;

/** The same for the long tests. */
export function ensureLongPrograms(): void;

/** The same for the benchmarks. */
export function ensureBenchmarkPrograms(): void;
