// What other programs found, as a table.

/**
 * @typedef {object} OracleCheck
 * @property {string} what
 * @property {string} [failure] the first thing that was wrong; none where all was right
 * @property {string} [skipped] why it was not done
 */

/**
 * @typedef {object} OracleReport
 * @property {string} oracle
 * @property {string | undefined} version none where the program is not installed
 * @property {string} install how to install it
 * @property {readonly OracleCheck[]} checks
 */

/**
 * Prints the table, and how to install what is missing.
 *
 * @param {readonly OracleReport[]} reports
 * @returns {boolean} whether nothing failed
 */
export function printReports(reports) {
  let passed = true;
  for (const { oracle, version, install, checks } of reports) {
    if (version === undefined) {
      console.log(`\n${oracle}: skipped, not installed. To install it: ${install}`);
      continue;
    }
    console.log(`\n${oracle} ${version}`);
    for (const { what, failure, skipped } of checks) {
      if (failure !== undefined) passed = false;
      const outcome = failure !== undefined ? 'FAILED' : skipped !== undefined ? 'skipped' : 'passed';
      console.log(`  ${outcome.padEnd(8)}${what}`);
      const reason = failure ?? skipped;
      if (reason !== undefined) console.log(`          ${reason.slice(0, 1000)}`);
    }
  }
  return passed;
}
