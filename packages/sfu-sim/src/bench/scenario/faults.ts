// Faults as they are carried out.

import type { Milliseconds } from '@sluice/rtp';
import type { Fault } from './fault.ts';
import type { ScenarioParticipant } from './scenario-participant.ts';

/** Faults that need a clock of the participant's own. */
export const CLOCK_FAULTS: readonly Fault['type'][] = ['tab-hidden', 'clock'];

/** What faults act upon. */
export interface FaultTargets {
  /** The participants a name stands for. */
  readonly participants: (name: string) => readonly ScenarioParticipant[];
  /** Calls back that many ms later. */
  readonly later: (delay: Milliseconds, action: () => void) => void;
  readonly restartSfu: (downtime: Milliseconds) => void;
  readonly rejoin: (participant: ScenarioParticipant) => void;
}

/** Makes it go wrong, now. */
export function carryOut(fault: Fault, { participants, later, restartSfu, rejoin }: FaultTargets): void {
  if (fault.type === 'sfu-restart') {
    restartSfu(fault.downtime ?? 500);
    return;
  }
  for (const participant of participants(fault.participant)) {
    switch (fault.type) {
      case 'link-down': {
        const { direction = 'both', duration } = fault;
        const ways = direction === 'both' ? (['uplink', 'downlink'] as const) : [direction];
        for (const way of ways) participant.setLink(way, { up: false });
        later(duration, () => {
          for (const way of ways) participant.setLink(way, { up: true });
        });
        break;
      }
      case 'link-change':
        participant.setLink(fault.direction, fault.options);
        break;
      case 'publisher-crash':
        participant.crash();
        if (fault.rejoinAfter !== undefined) later(fault.rejoinAfter, () => rejoin(participant));
        break;
      case 'tab-hidden':
        participant.setHidden(true);
        later(fault.duration, () => participant.setHidden(false));
        break;
      case 'encoder-stall':
        participant.setStalled(true);
        later(fault.duration, () => participant.setStalled(false));
        break;
      case 'mute':
        participant.setMuted(true, fault.source);
        later(fault.duration, () => participant.setMuted(false, fault.source));
        break;
      case 'decoder-error':
        participant.failDecoders();
        break;
      case 'clock':
        participant.adjustClock(fault.skew ?? 0, fault.drift ?? 0);
    }
  }
}
