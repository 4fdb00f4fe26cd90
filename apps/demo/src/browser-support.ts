// Whether this page can run here, and if not, what to tell.

/** What stands in the way, in a sentence for people; `undefined` when nothing does. */
export function whatIsMissing(): string | undefined {
  if ('VideoEncoder' in globalThis && 'AudioEncoder' in globalThis) return undefined;
  if (!globalThis.isSecureContext) {
    return (
      `Browsers have WebCodecs in a secure context only, and ${location.origin} is none. ` +
      'Open this page over https, or on localhost.'
    );
  }
  return (
    'This browser has no WebCodecs for video and audio. Chrome and Edge have them since version 94, Opera since 80, ' +
    'Firefox on the desktop since 130 and Safari since 26.'
  );
}
