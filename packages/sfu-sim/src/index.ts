export type { Clock, SluiceEvent, TraceEvent, Tracer, Transport } from '@sluice/rtp';
export type { EmulatedTransport, EmulatedTransportOptions } from './host/emulated-transport.ts';
export { createEmulatedTransport } from './host/emulated-transport.ts';
export { PORT_CLOSED, PortTransport, type TransportPort } from './host/port-transport.ts';
export {
  type ControlPort,
  HostError,
  type HostErrorReason,
  type LinkDirection,
  type WorkerSfuOptions,
} from './host/sfu-control.ts';
export { SfuHost } from './host/sfu-host.ts';
export * from './host/simulated-sfu.ts';
export * from './host/worker-sfu.ts';
export * from './network/bottleneck.ts';
export type { DeliveryTrace } from './network/delivery-trace.ts';
export { parseMahimahiTrace } from './network/delivery-trace.ts';
export type { GilbertElliottOptions } from './network/gilbert-elliott.ts';
export { gilbertElliottLoss } from './network/gilbert-elliott.ts';
export type { HalfNormalJitter, JitterOption, UniformJitter } from './network/jitter.ts';
export * from './network/link.ts';
export type * from './network/link-options.ts';
export * from './network/link-presets.ts';
export type { BurstLossOptions, ListedLossOptions, LossOption } from './network/loss-model.ts';
export type { Intervals } from './network/outages.ts';
export type { SharedQueue } from './network/parcel.ts';
export type { QueueOption, QueueOptions } from './network/queue-options.ts';
export type { RateOption, RateSteps, RepeatedRateSteps } from './network/rate-timeline.ts';
export * from './network/tcp-traffic.ts';
export * from './network/udp-traffic.ts';
export * from './observe/call-metrics.ts';
export { toChromeTrace } from './observe/chrome-trace.ts';
export * from './observe/congestion-figures.ts';
export type { CapacityChange } from './observe/convergence.ts';
export * from './observe/decision-log.ts';
export * from './observe/distribution.ts';
export { EventTrace, toJsonLines } from './observe/event-trace.ts';
export * from './observe/figures.ts';
export type * from './observe/measure-plan.ts';
export * from './observe/packet-capture.ts';
export * from './observe/render-record.ts';
export * from './observe/report.ts';
export type * from './observe/run-record.ts';
export * from './observe/series.ts';
export type { ConsumerStats, LayerStats, ParticipantStats, ProducerStats } from './observe/stats.ts';
export type { LayerSpan, Suspension } from './observe/subscription-history.ts';
export type { DataStats } from './sfu/data-relay.ts';
export type { KeyframeCacheOptions, KeyframeCacheStats } from './sfu/keyframe-cache.ts';
export type { PeerDrops } from './sfu/peer.ts';
export type { VideoPolicy } from './sfu/video-gate.ts';
export type { VideoVerdict } from './sfu/video-scorer.ts';
