export { createJoinToken, type JoinGrant, type JoinTokenOptions } from './join-token.ts';
export type { TransportLimits } from './limited-transport.ts';
export { type ListenOptions, SfuServer, type SfuServerOptions } from './sfu-server.ts';
export type { RateLimit } from './token-bucket.ts';
