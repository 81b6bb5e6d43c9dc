'use strict';

const { writeSync } = require('node:fs');

/** How long a finished run may stay alive before the handle that holds it is a failure. */
const LINGER_MS = 15_000;

/**
 * Closes every run with one line, `Tests: N passed, N failed, N skipped`, and fails a run in which no
 * test ran. Written as the process exits: jest's own summary comes after every other reporter.
 */
class CountReporter {
  #watching;
  #error;

  constructor(globalConfig) {
    this.#watching = globalConfig.watch || globalConfig.watchAll;
  }

  onRunComplete(_contexts, results) {
    const passed = results.numPassedTests;
    // A file that could not be loaded has no tests to count, and is a failure all the same.
    const failed = results.numFailedTests + results.numRuntimeErrorTestSuites;
    const skipped = results.numPendingTests + results.numTodoTests;
    const line = `Tests: ${passed} passed, ${failed} failed, ${skipped} skipped\n`;

    if (passed + failed === 0) this.#error = new Error('No test was executed.');
    if (this.#watching) {
      process.stdout.write(line);
      return;
    }
    process.once('exit', () => writeSync(1, line));
    setTimeout(() => {
      const held = process.getActiveResourcesInfo().join(', ');
      process.stderr.write(`Still alive ${LINGER_MS / 1000} s after the last test: ${held}\n`);
      process.exit(1);
    }, LINGER_MS).unref();
  }

  getLastError() {
    return this.#error;
  }
}

module.exports = CountReporter;
