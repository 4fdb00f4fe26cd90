export * from './clock.ts';
export * from './emitter.ts';
export * from './errors.ts';
export * from './random.ts';
export * from './sequence.ts';
export * from './trace.ts';
export * from './transport.ts';
export * from './units.ts';
