// What must be observable end to end, row by row. A test shows a row when its title, or that of a group around it, begins
// with `row 14: ` or `rows 17, 19a: `.

/** One behaviour. */
export interface Row {
  readonly id: string;
  readonly behaviour: string;
  /** Shown with real codecs as well. */
  readonly browser?: true;
}

/** A group of rows, as the table has them. */
export interface RowGroup {
  readonly title: string;
  readonly rows: readonly Row[];
}

export const ROW_GROUPS: readonly RowGroup[] = [
  {
    title: 'Key frame cache and late join',
    rows: [
      {
        id: '1',
        behaviour: 'A warm late join shows its first frame within 200 ms and costs no key frame',
        browser: true,
      },
      { id: '2', behaviour: 'The same join without the cache, for comparison', browser: true },
      { id: '3', behaviour: 'The replay comes strictly before live packets, without a gap or a duplicate' },
      { id: '4', behaviour: 'Parameter sets and sequence headers travel with the cached key frame' },
      { id: '5', behaviour: 'Bounds of bytes, packets and age: beyond them no replay, and one PLI' },
      { id: '6', behaviour: 'A key frame with a hole is never replayed' },
      { id: '7', behaviour: 'Other media between the fragments of a key frame change nothing' },
      { id: '8', behaviour: 'Purged on unpublish, mute, leave, close, and when the stream becomes another one' },
      { id: '9', behaviour: 'Every host and transport replays' },
      { id: '10', behaviour: 'Back-pressure on a replay: never a part of a group of pictures, then deltas' },
      { id: '10a', behaviour: 'VP8, VP9, H.264 in all its packetisations, AV1' },
      { id: '10b', behaviour: 'Only the layer the joiner will get is replayed' },
      { id: '10c', behaviour: 'A replay does not harm the joiner’s own link' },
    ],
  },
  {
    title: 'Layer selection, estimation, suspension',
    rows: [
      { id: '14', behaviour: 'Below 10 kbit/s no video packet goes out, audio goes on', browser: true },
      { id: '15', behaviour: 'A single bad evaluation does nothing' },
      { id: '16', behaviour: 'Audio-only drops all video, also between suspension and the return of video' },
      {
        id: '17',
        behaviour: 'Recovery: audio only, then the lowest layer with a key frame, then better ones',
        browser: true,
      },
      { id: '18', behaviour: 'At the exact threshold the better behaviour; contradicting thresholds are refused' },
      { id: '19', behaviour: 'Down at once, up after three evaluations, which are by time' },
      { id: '19a', behaviour: 'Suspension ends by itself, because of probes' },
      { id: '19b', behaviour: 'It does not flap about a threshold' },
      { id: '20', behaviour: 'A layer switch waits for the key frame of the new layer', browser: true },
      { id: '21', behaviour: 'Best fit: the best layer published below the one wanted, else the lowest' },
      { id: '22', behaviour: 'A room of different downlinks: each gets its best layer, none affects another' },
      { id: '26', behaviour: 'The layer follows the link within 5 s', browser: true },
      { id: '27', behaviour: 'A subscriber’s budget caps what it is sent, and expires' },
      { id: '28', behaviour: 'Layers that nobody watches are not encoded, down to none at all' },
      { id: '28a', behaviour: 'A publisher shares its uplink: audio first, then layers from the lowest up' },
      { id: '28b', behaviour: 'Reasons to pause are a set; no reason overwrites another' },
    ],
  },
  {
    title: 'Key frame requests and loss',
    rows: [
      { id: '23', behaviour: 'Simultaneous requests are one, for one layer, to its owner' },
      { id: '24', behaviour: 'A publisher that ignores requests hears five in ten seconds at most' },
      { id: '24a', behaviour: 'The share of key frames in a layer’s bit rate is bounded and told' },
      { id: '25', behaviour: 'NACK or PLI by round-trip time' },
      { id: '25a', behaviour: 'Nothing damaged is shown, whatever the decoder would say', browser: true },
    ],
  },
  {
    title: 'Rooms, relaying, watching',
    rows: [
      { id: '11', behaviour: 'A slow subscriber costs the others nothing' },
      { id: '12', behaviour: 'Who subscribes before anything is published gets it when it comes' },
      { id: '13', behaviour: 'Whoever unpublishes, leaves or vanishes, the subscribers are told in time' },
      { id: '29', behaviour: 'Codec and its parameters are told from the packets' },
      { id: '30', behaviour: 'Incoming video is scored by its frames, and the policy is carried out' },
      { id: '31', behaviour: 'Metrics as Prometheus text; series go with their owner' },
      { id: '32', behaviour: 'Caps and duplicates: a typed error at each cap, teardown is idempotent' },
      { id: '33', behaviour: 'Active speakers, never told to the speaker itself' },
      { id: '34', behaviour: 'Data, reliable and lossy, to all or to some' },
      { id: '35', behaviour: 'Cascade: one copy upstream, however many subscribers' },
      { id: '36', behaviour: 'Latency inside the SFU' },
      { id: '37', behaviour: 'Versions: a mismatch names both, unknown messages are refused, unknown fields ignored' },
    ],
  },
];
