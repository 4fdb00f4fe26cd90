// The parameters of a payload format (`a=fmtp`): a list of `name=value` in the formats spoken here (RFC 8866 §6.15
// leaves the form to each of them).

/**
 * Parameters by lower-case name: names are not case-sensitive (RFC 6838 §4.3). One without a value has an empty one.
 */
export type FormatParameters = ReadonlyMap<string, string>;

/** Takes a list of parameters apart; where a name is given twice, the first counts. */
export function parseParameters(text: string | undefined): FormatParameters {
  const parameters = new Map<string, string>();
  for (const part of (text ?? '').split(';')) {
    const equals = part.indexOf('=');
    const name = (equals < 0 ? part : part.slice(0, equals)).trim().toLowerCase();
    if (name !== '' && !parameters.has(name)) parameters.set(name, equals < 0 ? '' : part.slice(equals + 1).trim());
  }
  return parameters;
}

/** The list that stands for the parameters. */
export function writeParameters(parameters: FormatParameters): string {
  return [...parameters].map(([name, value]) => (value === '' ? name : `${name}=${value}`)).join(';');
}
