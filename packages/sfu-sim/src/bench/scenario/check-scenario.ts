// From anything to a scenario that makes sense, or to a list of all that is wrong with it.

import * as v from 'valibot';
import type { Scenario } from './scenario.ts';
import { ScenarioError, type ScenarioIssue } from './scenario-error.ts';
import { OPTION } from './scenario-fields.ts';
import { referenceIssues } from './scenario-references.ts';
import { scenarioSchema } from './scenario-schema.ts';

/** Most problems that are told at once. */
const MAX_ISSUES = 20;

/**
 * The same value, checked.
 *
 * @throws ScenarioError with reason `invalid`, which names each field that is wrong by its path
 */
export function checkScenario(value: unknown): Scenario {
  const result = v.safeParse(scenarioSchema, value);
  if (!result.success) throw ScenarioError.invalid(result.issues.slice(0, MAX_ISSUES).map(issueOf));
  // Functions and traces have to stay what they are, so the value itself goes on, not the parser's copy.
  const scenario = value as Scenario;
  const issues = referenceIssues(scenario);
  if (issues.length > 0) throw ScenarioError.invalid(issues.slice(0, MAX_ISSUES));
  return scenario;
}

/**
 * A scenario written as JSON.
 *
 * @throws ScenarioError with reason `not-json`, or as `checkScenario`
 */
export function parseScenario(json: string): Scenario {
  let value: unknown;
  try {
    value = JSON.parse(json);
  } catch (error) {
    throw new ScenarioError('not-json', `The scenario is not JSON: ${error instanceof Error ? error.message : error}`);
  }
  return checkScenario(value);
}

function issueOf({ path, message }: v.BaseIssue<unknown>): ScenarioIssue {
  let where = '';
  for (const { key } of path ?? []) {
    if (typeof key === 'number') where += `[${key}]`;
    else where += where === '' ? String(key) : `.${String(key)}`;
  }
  const [, option, problem] = OPTION.exec(message) ?? [];
  if (option === undefined || problem === undefined) return { path: where, problem: message };
  // A rate that is checked by itself stands at this path already.
  const [first = ''] = option.split(/[.[]/);
  const below = first !== '' && where.endsWith(`.${first}`) ? option.slice(first.length) : option;
  const separator = below === '' || below.startsWith('[') || below.startsWith('.') ? '' : '.';
  return { path: `${where}${separator}${below}`, problem };
}
