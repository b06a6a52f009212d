import type { SQLOutputValue, StatementSync } from 'node:sqlite';

import type { DecisionRecord, LaunchIntent, LaunchResult, Store } from '../../controller/ports.ts';
import type { History } from '../../engine/history.ts';
import { type Instruction, keyOf } from '../../engine/instruction.ts';
import { instant, type Instant, minutes } from '../../engine/time.ts';
import { type Database, type DatabaseOptions, openDatabase } from './database.ts';
import { damaged, storeFailure } from './errors.ts';
import { Fence } from './fence.ts';
import {
  decisionDocument,
  historyDocument,
  instructionDocument,
  requestDocument,
  resultDocument,
} from './shapes.ts';

/** Closed intents are kept for this long before the newest one. */
const INTENTS_KEPT = minutes(24 * 60);
const DECISIONS_KEPT = 2000;

/** The `Store` in one SQLite file: every write is on disk when its promise resolves. */
export class SqliteStore implements Store, Disposable {
  /** The connection, to share it with a lease. */
  readonly database: Database;
  readonly #fence: Fence;
  readonly #statements: Statements;

  constructor(database: Database) {
    this.database = database;
    this.#fence = new Fence(database);
    this.#statements = statementsOf(database);
  }

  async history(): Promise<History | undefined> {
    return this.database.read('reading the history', (doing) => {
      const row = this.#statements.history.get();
      return row && historyDocument.read(row['document'], doing);
    });
  }

  async saveHistory(history: History, fence: number): Promise<void> {
    this.#write('saving the history', fence, (doing) => {
      this.#statements.saveHistory.run(historyDocument.write(history, doing));
    });
  }

  async openIntent(intent: LaunchIntent): Promise<void> {
    const { launchId } = intent.request;
    this.#write(`opening launch ${launchId}`, intent.fence, (doing) => {
      if (this.#statements.intent.get(launchId) !== undefined) {
        throw storeFailure('refused', doing, 'it was opened before');
      }
      if (!Number.isFinite(intent.openedAt)) throw storeFailure('refused', doing, 'it has no time');
      const request = requestDocument.write(intent.request, doing);
      const result = intent.result === undefined ? null : resultDocument.write(intent.result, doing);
      this.#statements.openIntent.run(launchId, intent.fence, intent.openedAt, request, result);
      this.#statements.pruneIntents.run(INTENTS_KEPT);
    });
  }

  async closeIntent(launchId: string, result: LaunchResult, fence: number): Promise<void> {
    this.#write(`closing launch ${launchId}`, fence, (doing) => {
      const row = this.#statements.intent.get(launchId);
      const text = resultDocument.write(result, doing);
      if (row === undefined) throw storeFailure('not-found', doing, 'it was never opened');
      if (row['result'] === text) return;
      if (row['result'] !== null) {
        throw storeFailure('refused', doing, 'it was closed with another result');
      }
      this.#statements.closeIntent.run(text, launchId);
    });
  }

  async intents(since: Instant): Promise<readonly LaunchIntent[]> {
    return this.database.read('reading launches', (doing) =>
      this.#statements.intents.all(since).map((row) => intentOf(row, doing)),
    );
  }

  async addDecisions(decisions: readonly DecisionRecord[], fence: number): Promise<void> {
    this.#write('adding decisions', fence, (doing) => {
      for (const decision of decisions) {
        this.#statements.addDecision.run(decisionDocument.write(decision, doing));
      }
      if (decisions.length > 0) this.#statements.pruneDecisions.run(DECISIONS_KEPT);
    });
  }

  async decisions(limit: number): Promise<readonly DecisionRecord[]> {
    // A negative LIMIT means "all" to SQLite.
    const count = Math.max(0, Math.trunc(limit));
    return this.database.read('reading decisions', (doing) =>
      this.#statements.decisions.all(count).map((row) => decisionDocument.read(row['document'], doing)),
    );
  }

  async instructions(): Promise<readonly Instruction[]> {
    return this.database.read('reading instructions', (doing) =>
      this.#statements.instructions.all().map((row) => instructionDocument.read(row['document'], doing)),
    );
  }

  async instruct(instruction: Instruction): Promise<void> {
    const key = keyOf(instruction);
    this.database.write(`writing down the instruction "${key}"`, (doing) => {
      this.#statements.instruct.run(key, instructionDocument.write(instruction, doing));
    });
  }

  async retract(instruction: Instruction): Promise<void> {
    const key = keyOf(instruction);
    this.database.write(`crossing out the instruction "${key}"`, (doing) => {
      this.#statements.retract.run(key, instructionDocument.write(instruction, doing));
    });
  }

  /** Closes the database, also for a lease that shares it. */
  close(): void {
    this.database.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #write(what: string, fence: number, change: (doing: string) => void): void {
    this.database.write(what, (doing) => {
      this.#fence.pass(fence, doing);
      change(doing);
    });
  }
}

/**
 * Opens the state file for a store of its own. `readOnly` is for those who only look: the file must exist,
 * and every write is refused. `existing` is for those who write beside a daemon. Throws like `openDatabase`.
 */
export function openStore(file: string, options: DatabaseOptions = {}): SqliteStore {
  const database = openDatabase(file, options);
  try {
    return new SqliteStore(database);
  } catch (error) {
    database.close();
    throw error;
  }
}

type Statements = ReturnType<typeof statementsOf>;

function statementsOf(database: Database) {
  return {
    history: database.prepare('SELECT document FROM history'),
    saveHistory: database.prepare(
      `INSERT INTO history (id, document) VALUES (1, ?)
       ON CONFLICT (id) DO UPDATE SET document = excluded.document WHERE document <> excluded.document`,
    ),
    intent: database.prepare('SELECT result FROM intents WHERE launch_id = ?'),
    openIntent: database.prepare(
      'INSERT INTO intents (launch_id, fence, opened_at, request, result) VALUES (?, ?, ?, ?, ?)',
    ),
    closeIntent: database.prepare('UPDATE intents SET result = ? WHERE launch_id = ?'),
    intents: database.prepare(
      `SELECT fence, opened_at, request, result FROM intents WHERE result IS NULL OR opened_at > ?
       ORDER BY opened_at, sequence`,
    ),
    pruneIntents: database.prepare(
      `DELETE FROM intents
       WHERE result IS NOT NULL AND opened_at < (SELECT max(opened_at) FROM intents) - ?`,
    ),
    addDecision: database.prepare('INSERT INTO decisions (document) VALUES (?)'),
    pruneDecisions: database.prepare(
      'DELETE FROM decisions WHERE sequence <= (SELECT max(sequence) FROM decisions) - ?',
    ),
    instructions: database.prepare('SELECT document FROM instructions ORDER BY key'),
    instruct: database.prepare(
      `INSERT INTO instructions (key, document) VALUES (?, ?)
       ON CONFLICT (key) DO UPDATE SET document = excluded.document`,
    ),
    retract: database.prepare('DELETE FROM instructions WHERE key = ? AND document = ?'),
    decisions: database.prepare('SELECT document FROM decisions ORDER BY sequence DESC LIMIT ?'),
  } satisfies Record<string, StatementSync>;
}

function intentOf(row: Record<string, SQLOutputValue>, doing: string): LaunchIntent {
  const { fence, opened_at: openedAt, result } = row;
  if (typeof fence !== 'number' || typeof openedAt !== 'number') {
    throw damaged(doing, 'a launch has no fence or no time');
  }
  return {
    request: requestDocument.read(row['request'], doing),
    fence,
    openedAt: instant(openedAt),
    ...(result !== null && { result: resultDocument.read(result, doing) }),
  };
}
