// What the captures hold, told to the programs that check them: the content of `manifest.json`.

/** A capture, and what a dissector has to find in it. */
export interface ExpectedCapture {
  readonly name: string;
  /** The pcapng file, in the folder of the manifest. */
  readonly file: string;
  /** What a dissector has to be told: `-d` arguments of tshark. */
  readonly decodeAs: readonly string[];
  /** Names of tshark's fields. */
  readonly fields: readonly string[];
  /** The values of these fields in each packet, in order: what we wrote. Several values are joined by commas. */
  readonly rows: readonly (readonly string[])[];
  /** Display filter of the packets that a dissector may complain about, and why that is no fault of ours. */
  readonly excused?: { readonly filter: string; readonly reason: string };
}

/** A stream, and the frames that a depacketizer has to find in it. */
export interface ExpectedStream {
  readonly name: string;
  readonly codec: string;
  readonly payloadType: number;
  readonly clockRate: number;
  /** The RTP packets, each behind its length in 16 bits (RFC 4571). */
  readonly file: string;
  /** The session description, with `PORT` for the port. */
  readonly sdp: string;
  /** SHA-256 of each frame. */
  readonly frames: readonly string[];
  /** SHA-256 of all frames, one behind the other. */
  readonly all: string;
}

/** Everything that `write-captures.ts` wrote. */
export interface OracleManifest {
  readonly captures: readonly ExpectedCapture[];
  readonly streams: readonly ExpectedStream[];
}
