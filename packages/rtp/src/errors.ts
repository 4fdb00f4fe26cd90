// One family of errors for the whole project: a stable `code` for programs, a sentence for people.

/** The base of every error that Sluice throws, rejects with or emits. */
export abstract class SluiceError extends Error {
  /** Which kind of error this is, e.g. `publish`; stable, for programs. */
  abstract readonly code: string;
  /** What exactly went wrong, one of the values the subclass lists; stable, for programs. */
  abstract readonly reason: string;

  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
  }
}

/** An error with one of a list of reasons, which its subclass names. */
export abstract class ReasonedError<Reason extends string> extends SluiceError {
  override readonly reason: Reason;

  constructor(reason: Reason, message: string, options?: ErrorOptions) {
    super(message, options);
    this.reason = reason;
  }
}

/** A value handed to the public API is not of the documented form. */
export class ArgumentError extends SluiceError {
  override readonly code = 'argument';
  override readonly reason = 'invalid-argument';
}

/** Why a signalling message was refused. */
export type SignallingErrorReason =
  /** Not JSON, too large, or not of the form its `type` asks for. */
  | 'malformed-message'
  /** Of a `type` this version does not know. */
  | 'unknown-message'
  /** Its session description cannot be parsed, or does not fit what was negotiated before. */
  | 'malformed-sdp';

/** A signalling message from the other side was refused; the session goes on. */
export class SignallingError extends ReasonedError<SignallingErrorReason> {
  override readonly code = 'signalling';
}
