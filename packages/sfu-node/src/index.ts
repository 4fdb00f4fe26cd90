export type { RateLimit } from '@sluice/rtp';
export { createJoinToken, type JoinGrant, type JoinTokenOptions } from './join-token.ts';
export type { TransportLimits } from './limited-transport.ts';
export { type ListenOptions, SfuServer, type SfuServerOptions } from './sfu-server.ts';
