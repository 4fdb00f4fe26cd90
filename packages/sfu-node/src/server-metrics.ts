// Counters of the server itself, beside those of its calls, in the Prometheus text format 0.0.4.

/** Why a connection was not let in. */
export type RefusedConnection = 'invalid-token' | 'too-many-rooms';

/** Counts what comes to the server. */
export class ServerMetrics {
  readonly #counts = new Map<string, Map<string, number>>();

  /** A connection was refused. */
  refused(reason: RefusedConnection): void {
    this.#count('sluice_connections_refused_total', reason);
  }

  /** A packet was beyond the limits. */
  dropped(reason: string): void {
    this.#count('sluice_received_packets_dropped_total', reason);
  }

  /** All of it. */
  toPrometheus(now: { readonly rooms: number; readonly connections: number }): string {
    return [
      family('sluice_rooms', 'gauge', 'Rooms with somebody connected.', [`sluice_rooms ${now.rooms}`]),
      family('sluice_connections', 'gauge', 'Connections, joined or not.', [`sluice_connections ${now.connections}`]),
      this.#counter('sluice_connections_refused_total', 'Connections that were not let in, by reason.'),
      this.#counter('sluice_received_packets_dropped_total', 'Packets dropped as beyond the limits, by reason.'),
    ].join('');
  }

  #count(name: string, reason: string): void {
    const counts = this.#counts.get(name) ?? new Map<string, number>();
    this.#counts.set(name, counts.set(reason, (counts.get(reason) ?? 0) + 1));
  }

  #counter(name: string, help: string): string {
    const counts = [...(this.#counts.get(name) ?? [])];
    if (counts.length === 0) return '';
    return family(
      name,
      'counter',
      help,
      counts.map(([reason, count]) => `${name}{reason="${reason}"} ${count}`),
    );
  }
}

function family(name: string, type: 'counter' | 'gauge', help: string, lines: readonly string[]): string {
  return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join('\n')}\n`;
}
