// Why the SFU says no to a request: it goes to the client as a `refused` message.

/** The reasons, stable, for programs. */
export type RefusalReason =
  | 'not-joined'
  | 'already-joined'
  | 'version-mismatch'
  | 'room-full'
  | 'identity-in-use'
  | 'too-many-tracks'
  | 'too-many-encodings'
  | 'unknown-track'
  | 'unknown-participant'
  | 'data-too-large'
  | 'rate-limited'
  | 'codec-unsupported'
  | 'malformed-sdp'
  | 'malformed-message'
  | 'unknown-message';

/** A request that is refused; caught where messages are handled, and told to whoever asked. */
export class Refusal extends Error {
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, message: string) {
    super(message);
    this.reason = reason;
  }
}
