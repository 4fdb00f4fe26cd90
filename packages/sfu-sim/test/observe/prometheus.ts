// A strict reader of the Prometheus text format 0.0.4: what it does not expect is an error.

/** A family of samples. */
export interface MetricFamily {
  readonly type: string;
  readonly help: string;
  readonly samples: { readonly labels: Record<string, string>; readonly value: number }[];
}

const NAME = /^[a-zA-Z_:][a-zA-Z0-9_:]*/;
const LABEL = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"/;

/** Reads the families by name; throws where the text is not in the format, or a series comes twice. */
export function parsePrometheus(text: string): Map<string, MetricFamily> {
  if (text !== '' && !text.endsWith('\n')) throw new Error('The last line has no end.');
  const families = new Map<string, MetricFamily>();
  const series = new Set<string>();
  let help: { name: string; text: string } | undefined;
  let current = '';
  for (const line of text.split('\n').slice(0, -1)) {
    const comment = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line);
    if (comment?.[1] === 'HELP') {
      help = { name: comment[2]!, text: comment[3]! };
    } else if (comment?.[1] === 'TYPE') {
      current = comment[2]!;
      if (help?.name !== current) throw new Error(`${current} has no help in front of its type.`);
      if (families.has(current)) throw new Error(`${current} comes twice.`);
      if (!/^(counter|gauge|histogram|summary|untyped)$/.test(comment[3]!)) throw new Error(`Type ${comment[3]}?`);
      families.set(current, { type: comment[3]!, help: help.text, samples: [] });
    } else {
      const name = NAME.exec(line)?.[0];
      if (name !== current) throw new Error(`Not a sample of ${current}: ${line}`);
      let rest = line.slice(name.length);
      const labels: Record<string, string> = {};
      if (rest.startsWith('{')) {
        rest = rest.slice(1);
        for (let label = LABEL.exec(rest); label; label = LABEL.exec(rest)) {
          labels[label[1]!] = label[2]!.replace(/\\(.)/g, (_, escaped: string) => (escaped === 'n' ? '\n' : escaped));
          rest = rest.slice(label[0].length);
          if (rest.startsWith(',')) rest = rest.slice(1);
        }
        if (!rest.startsWith('}')) throw new Error(`Labels of ${line}`);
        rest = rest.slice(1);
      }
      if (!/^ -?\d+(\.\d+)?(e[+-]?\d+)?$/.test(rest)) throw new Error(`Value of ${line}`);
      const key = name + JSON.stringify(labels);
      if (series.has(key)) throw new Error(`Twice: ${line}`);
      series.add(key);
      families.get(current)?.samples.push({ labels, value: Number(rest) });
    }
  }
  return families;
}
