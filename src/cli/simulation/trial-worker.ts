import { parentPort } from 'node:worker_threads';
import { tryOut } from '../../simulator/trial.ts';
import type { TrialMessage, TrialRequest } from './worker-message.ts';

/** Less often than this share, nobody is told. */
const STEP = 0.01;

const port = parentPort;
if (port === null) throw new Error('starting a worker: this file is run by others, as a thread');

const say = (message: TrialMessage): void => port.postMessage(message);

async function carryOut({ number, trial }: TrialRequest): Promise<void> {
  let told = 0;
  try {
    const result = await tryOut(trial, (share) => {
      if (share < told + STEP) return;
      told = share;
      say({ kind: 'progress', number, share });
    });
    say({ kind: 'done', number, result });
  } catch (error) {
    const why = error instanceof Error ? (error.stack ?? error.message) : String(error);
    say({ kind: 'failed', number, why });
  }
}

port.on('message', (request: TrialRequest) => void carryOut(request));
