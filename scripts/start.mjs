// `npm start`: installs what is missing and serves the demo until Ctrl-C.

import { installMissing } from './install.mjs';
import { repositoryRoot } from './run-command.mjs';

try {
  await installMissing();
  await serveDemo();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}

async function serveDemo() {
  // Vite takes the root that its configuration names relative to the working directory.
  process.chdir(repositoryRoot);
  const { createServer } = await import('vite');
  const server = await createServer();
  const { port } = server.config.server;
  try {
    await server.listen();
  } catch (error) {
    await server.close();
    if (!(error instanceof Error && error.message.includes('already in use'))) throw error;
    throw new Error(`Port ${port} is taken, perhaps by another "npm start": end that program and try again.`);
  }
  console.log(`The demo is at http://localhost:${port} (Ctrl-C ends it)`);
  if (process.stdout.isTTY && !process.env['CI'] && hasDesktop()) server.openBrowser();

  for (const signal of ['SIGINT', 'SIGTERM']) {
    process.once(signal, () => {
      void server.close().finally(() => process.exit(0));
    });
  }
}

function hasDesktop() {
  if (process.platform !== 'linux') return true;
  return Boolean(process.env['DISPLAY'] || process.env['WAYLAND_DISPLAY']);
}
