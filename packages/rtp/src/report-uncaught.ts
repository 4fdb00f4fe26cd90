// An app's callback has thrown: its error is reported like any uncaught one, and nobody else is hurt.

interface PlatformReporting {
  reportError?(error: unknown): void;
  queueMicrotask(callback: () => void): void;
}

/** Reports an error as uncaught: `reportError` where there is one, thrown in a microtask elsewhere. */
export function reportUncaught(error: unknown): void {
  const platform = globalThis as unknown as PlatformReporting;
  if (platform.reportError) return platform.reportError(error);
  platform.queueMicrotask(() => {
    throw error;
  });
}
