// `sluice-sfu`: the server, or a join token for it.

import process from 'node:process';
import { parseArgs } from 'node:util';
import { createJoinToken } from './join-token.ts';
import { SfuServer } from './sfu-server.ts';

const USAGE = `sluice-sfu [--port 8080] [--host 127.0.0.1]
  Serves rooms over WebSocket, /healthz and /metrics, until SIGINT or SIGTERM.

sluice-sfu token --identity NAME --room NAME [--lifetime 3600]
  Prints a join token; the lifetime is in seconds.

SLUICE_SECRET in the environment is what tokens are signed with: 32 bytes or more.
`;

/** The command line is not as the usage says. */
class UsageError extends Error {}

try {
  await main();
} catch (error) {
  if (!(error instanceof Error)) throw error;
  process.stderr.write(`${error.message}\n`);
  if (error instanceof UsageError) process.stderr.write(`\n${USAGE}`);
  process.exitCode = 1;
}

async function main(): Promise<void> {
  const { values, positionals } = readArguments();
  if (values.help) {
    process.stdout.write(USAGE);
    return;
  }
  const secret = process.env['SLUICE_SECRET'] ?? '';
  const [command = 'serve', ...rest] = positionals;
  if (rest.length > 0 || !['serve', 'token'].includes(command))
    throw new UsageError(`What is "${positionals.join(' ')}"?`);
  if (command === 'token') {
    const { identity = '', room = '', lifetime = '3600' } = values;
    process.stdout.write(`${await createJoinToken(secret, { identity, room, lifetime: Number(lifetime) })}\n`);
    return;
  }
  await serve(secret, Number(values.port ?? 8080), values.host ?? '127.0.0.1');
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        help: { type: 'boolean', short: 'h' },
        port: { type: 'string' },
        host: { type: 'string' },
        identity: { type: 'string' },
        room: { type: 'string' },
        lifetime: { type: 'string' },
      },
    });
  } catch (cause) {
    throw new UsageError(cause instanceof Error ? cause.message : String(cause), { cause });
  }
}

async function serve(secret: string, port: number, host: string): Promise<void> {
  const server = new SfuServer({ secret });
  const address = await server.listen({ port, host });
  process.stdout.write(`Listening on ${address.address} port ${address.port} (Ctrl-C ends it)\n`);
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void server.close());
}
