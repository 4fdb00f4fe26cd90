// What is wrong with a scenario, told by the field.

import { ReasonedError } from '@sluice/rtp';

/** Why a scenario cannot be run. */
export type ScenarioErrorReason =
  /** A field is not of the documented form; `issues` says which, and why. */
  | 'invalid'
  /** It is not JSON. */
  | 'not-json'
  /** There is no file system here to write a report to. */
  | 'no-file-system';

/** One thing that is wrong. */
export interface ScenarioIssue {
  /** E.g. `participants.bob.downlink.rate`; empty: the scenario itself. */
  readonly path: string;
  /** E.g. `is "fast": it must be bit/s, 0 or more`. */
  readonly problem: string;
}

/** A scenario makes no sense. */
export class ScenarioError extends ReasonedError<ScenarioErrorReason> {
  override readonly code = 'scenario';
  readonly issues: readonly ScenarioIssue[];

  constructor(reason: ScenarioErrorReason, message: string, issues: readonly ScenarioIssue[] = []) {
    super(reason, message);
    this.issues = issues;
  }

  /** All that is wrong with a scenario, one line each. */
  static invalid(issues: readonly ScenarioIssue[]): ScenarioError {
    const lines = issues.map(({ path, problem }) => `${path === '' ? 'the scenario' : path}: ${problem}`);
    return new ScenarioError('invalid', lines.join('\n'), issues);
  }
}
