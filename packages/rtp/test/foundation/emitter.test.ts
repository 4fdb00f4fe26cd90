import { afterEach, describe, expect, test, vi } from 'vitest';
import { TypedEmitter } from '../../src/emitter.ts';

interface Events {
  readonly said: string;
  readonly left: { readonly who: string };
}

class Speaker extends TypedEmitter<Events> {
  say(text: string): void {
    this.emit('said', text);
  }
}

afterEach(() => vi.unstubAllGlobals());

/** Calls that noted which handler heard what. */
function scene() {
  const speaker = new Speaker();
  const heard: string[] = [];
  const ear = (name: string) => (text: string) => void heard.push(`${name}:${text}`);
  return { speaker, heard, ear };
}

describe('a subscription', () => {
  test('hears every event of its type in the order of subscribing, until it ends', () => {
    const { speaker, heard, ear } = scene();
    const end = speaker.on('said', ear('a'));
    speaker.on('said', ear('b'));
    speaker.on('left', () => heard.push('never'));
    speaker.say('1');
    end();
    end();
    speaker.say('2');
    expect(heard).toEqual(['a:1', 'b:1', 'b:2']);
  });

  test('is one, however often the same handler subscribes, and `off` ends it', () => {
    const { speaker, heard, ear } = scene();
    const a = ear('a');
    speaker.on('said', a);
    speaker.on('said', a);
    speaker.say('1');
    speaker.off('said', a);
    speaker.off('said', a);
    speaker.off('left', a as never);
    speaker.say('2');
    expect(heard).toEqual(['a:1']);
  });

  test('`once` hears one event, or none when it ends before', () => {
    const { speaker, heard, ear } = scene();
    speaker.once('said', ear('a'));
    const end = speaker.once('said', ear('b'));
    end();
    speaker.say('1');
    speaker.say('2');
    expect(heard).toEqual(['a:1']);
  });
});

describe('during an event', () => {
  test('a handler that throws stops neither the others nor the emitter, and is reported', () => {
    const reported: unknown[] = [];
    vi.stubGlobal('reportError', (error: unknown) => reported.push(error));
    const { speaker, heard, ear } = scene();
    const failure = new Error('ear ache');
    speaker.on('said', () => {
      throw failure;
    });
    speaker.on('said', ear('b'));
    speaker.say('1');
    speaker.say('2');
    expect(heard).toEqual(['b:1', 'b:2']);
    expect(reported).toEqual([failure, failure]);
  });

  test('where the platform cannot report errors, the error is thrown later, as uncaught', () => {
    vi.stubGlobal('reportError', undefined);
    const later: (() => void)[] = [];
    vi.stubGlobal('queueMicrotask', (callback: () => void) => later.push(callback));
    const { speaker } = scene();
    speaker.on('said', () => {
      throw new Error('ear ache');
    });
    speaker.say('1');
    expect(later).toHaveLength(1);
    expect(later[0]).toThrow('ear ache');
  });

  test('a handler whose subscription ends is not called any more', () => {
    const { speaker, heard, ear } = scene();
    const endings: (() => void)[] = [];
    speaker.on('said', () => {
      for (const end of endings) end();
    });
    endings.push(speaker.on('said', ear('b')));
    speaker.on('said', ear('c'));
    speaker.say('1');
    expect(heard).toEqual(['c:1']);
  });

  test('a handler that ends its own subscription takes no event from the next', () => {
    const { speaker, heard, ear } = scene();
    const end = speaker.on('said', (text) => {
      heard.push(`a:${text}`);
      end();
    });
    speaker.on('said', ear('b'));
    speaker.say('1');
    speaker.say('2');
    expect(heard).toEqual(['a:1', 'b:1', 'b:2']);
  });

  test('a new subscription hears the next event first', () => {
    const { speaker, heard, ear } = scene();
    speaker.once('said', () => speaker.on('said', ear('new')));
    speaker.say('1');
    expect(heard).toEqual([]);
    speaker.say('2');
    expect(heard).toEqual(['new:2']);
  });

  test('`once` hears one event, also when a handler emits another meanwhile', () => {
    const { speaker, heard, ear } = scene();
    speaker.on('said', (text) => {
      if (text === '1') speaker.say('2');
    });
    speaker.once('said', ear('once'));
    speaker.say('1');
    expect(heard).toEqual(['once:2']);
  });
});
