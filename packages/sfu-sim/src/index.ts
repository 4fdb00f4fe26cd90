export type { EmulatedTransport, EmulatedTransportOptions } from './host/emulated-transport.ts';
export { createEmulatedTransport } from './host/emulated-transport.ts';
export * from './host/simulated-sfu.ts';
export * from './network/link.ts';
export type * from './network/link-options.ts';
export * from './observe/event-trace.ts';
export type { ConsumerStats, LayerStats, ParticipantStats, ProducerStats } from './observe/stats.ts';
export type { KeyframeCacheOptions, KeyframeCacheStats } from './sfu/keyframe-cache.ts';
export type { PeerDrops } from './sfu/peer.ts';
