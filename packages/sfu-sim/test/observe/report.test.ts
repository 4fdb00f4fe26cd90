import type { SluiceEvent } from '@sluice/rtp';
import { decisionLog, reportHtml } from '@sluice/sfu-sim';
import { expect, test } from 'vitest';
import { estimate, link, packet, pictures, subscription, trace } from './hand-made-trace.ts';

const hostile = '</script><script>alert(1)</script><img src=x onerror=alert(2)>"\'&<!--';

function report(name = 'bob', failures?: readonly string[]) {
  const who = { participant: name, track: name };
  const events = trace(
    { ...subscription(0), ...who, publisher: name } as SluiceEvent,
    { at: 10, type: 'layer-switch', ...who, rid: 'q', reason: name },
    { at: 20, type: 'participant-left', participant: name, reason: name },
    { ...link(0, 1e6), link: `${name}/downlink` } as SluiceEvent,
    { ...estimate(0, 1e6), participant: name } as SluiceEvent,
    pictures(0, 400, 40),
    packet(0, 1, 10),
  );
  return reportHtml({ title: name, seed: 1, failures, from: 0, to: 1000, events });
}

/** The page without what is inside its style and script elements. */
function markup(html: string): string {
  return html.replace(/(<(script|style)[^>]*>)[\s\S]*?(<\/\2>)/g, '$1$3');
}

test('the page needs nothing but itself', () => {
  const html = report();
  expect(html).not.toMatch(/https?:\/\//);
  expect(html).not.toMatch(/<script[^>]*\ssrc/i);
  expect(html).not.toMatch(/@import|url\(/);
  expect(markup(html)).not.toMatch(/<(img|iframe|object|embed|base|form [^>]*action)\b/i);
  expect(html.match(/<link[^>]*>/g)).toEqual(['<link rel="icon" href="data:,">']);
  expect(html).toContain('uPlot=function');
  expect(html).toContain('.u-legend');
  expect(html).toContain('prefers-color-scheme: dark');
});

test('names and reasons are text, whatever they contain', () => {
  const html = report(hostile, [hostile]);
  expect(html).not.toContain('<script>alert(1)');
  expect(html).not.toContain('<img');
  // The page's own elements: data, plot library, page.
  expect(html.match(/<script/g)).toHaveLength(3);
  expect(html.match(/<\/script/g)).toHaveLength(3);
  const plain = markup(report('plain', ['plain']));
  expect(markup(html).match(/<\w+/g)).toEqual(plain.match(/<\w+/g));
  const data = JSON.parse(/id="data">([\s\S]*?)<\/script>/.exec(html)?.[1] ?? '');
  expect(data.series.subscriptions[0].participant).toBe(hostile);
});

test('a run says whether it passed, and what failed', () => {
  expect(report('x', [])).toContain('>passed<');
  expect(report('x', ['too slow'])).toMatch(/>failed<[\s\S]*<li>too slow<\/li>/);
  expect(markup(report('x'))).not.toMatch(/>(passed|failed)</);
});

test('a run in which nothing happened has a report', () => {
  expect(reportHtml({ title: 'nothing', seed: 1, from: 0, to: 0, events: [] })).toContain('<h1>nothing</h1>');
});

test('the log tells decisions and their reasons in plain words', () => {
  const who = { participant: 'bob', track: 'T1' };
  const log = decisionLog(
    trace(
      link(0, 3e5, 40),
      packet(1, 1, 10),
      {
        at: 2,
        type: 'layer-allocated',
        ...who,
        rid: 'q',
        reason: 'h→q: share 310 kbit/s < 342 kbit/s measured for h',
      },
      { at: 3, type: 'key-frame-requested', participant: 'ada', track: 'T1', rid: 'q', reason: 'layer-switch' },
    ),
  );
  expect(log).toEqual([
    { at: 0, who: 'bob/downlink', what: 'link: 300 kbit/s, 40 ms' },
    { at: 2, who: 'bob', what: 'T1: h→q: share 310 kbit/s < 342 kbit/s measured for h' },
    { at: 3, who: 'ada', what: 'T1: asked for a key frame of q (layer-switch)' },
  ]);
});
