import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import { compactText } from './shell-text.ts';

/** What the package ships for an instance, as compact text. */
export interface AgentFiles {
  readonly agent: string;
  readonly agentUnit: string;
  readonly runnerUnit: string;
}

/** The same distance from `src/adapters/aws` and from `dist/adapters/aws`. */
const FOLDER = new URL('../../../agent/', import.meta.url);

async function shipped(name: string): Promise<string> {
  const path = fileURLToPath(new URL(name, FOLDER));
  try {
    return compactText(await readFile(path, 'utf8'));
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new Error(`reading the agent's file ${path}: ${why}; install the package runtide again`, {
      cause: error,
    });
  }
}

/** Reads the agent and its units from the package. Throws when the package is damaged. */
export async function readAgentFiles(): Promise<AgentFiles> {
  const [agent, agentUnit, runnerUnit] = await Promise.all([
    shipped('runtide-agent'),
    shipped('runtide-agent.service'),
    shipped('runtide-runner.service'),
  ]);
  return { agent, agentUnit, runnerUnit };
}
