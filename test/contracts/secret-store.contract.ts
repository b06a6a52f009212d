import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { PortError } from '../../src/controller/errors.ts';
import type { SecretStore } from '../../src/controller/registrations.ts';

/** An empty store. */
export interface SecretStoreWorld extends AsyncDisposable {
  readonly secrets: SecretStore;
  /** The type of the parameter. */
  typeOf(name: string): Promise<string>;
}

const signal = new AbortController().signal;
const TOO_LONG = 'glrt-much-too-long'.repeat(300);
const NAME = '/runtide/acme/linux/runner-token/12';

/** Where an emulator is known to differ from AWS. */
export interface ExpectedDifferences {
  /** It keeps values of any length. */
  readonly knowsNoLimit?: boolean;
}

/** What every adapter of the port `SecretStore` must do. */
export function secretStoreContract(
  name: string,
  make: () => Promise<SecretStoreWorld>,
  { knowsNoLimit = false }: ExpectedDifferences = {},
): void {
  describe(`secret store: ${name}`, () => {
    it('has nothing at first', async () => {
      await using world = await make();
      expect(await world.secrets.read(NAME, signal)).toBeUndefined();
    });

    it('gives back what was written last, and keeps it encrypted', async () => {
      await using world = await make();
      await world.secrets.write(NAME, 'glrt-one', signal);
      await world.secrets.write(NAME, 'glrt-t1_Two.01.0z', signal);
      expect(await world.secrets.read(NAME, signal)).toBe('glrt-t1_Two.01.0z');
      expect(await world.typeOf(NAME)).toBe('SecureString');
    });

    it('keeps names apart', async () => {
      await using world = await make();
      await world.secrets.write(NAME, 'glrt-one', signal);
      await world.secrets.write(`${NAME}.validity`, 'a while', signal);
      expect(await world.secrets.read(NAME, signal)).toBe('glrt-one');
      expect(await world.secrets.read(`${NAME}.validity`, signal)).toBe('a while');
    });

    it('forgets what is removed, once and again', async () => {
      await using world = await make();
      await world.secrets.write(NAME, 'glrt-one', signal);
      await world.secrets.remove(NAME, signal);
      await world.secrets.remove(NAME, signal);
      expect(await world.secrets.read(NAME, signal)).toBeUndefined();
    });

    it.each(knowsNoLimit ? [TOO_LONG] : [])('keeps what AWS would refuse', async (value) => {
      await using world = await make();
      await world.secrets.write(NAME, value, signal);
      expect(await world.secrets.read(NAME, signal)).toBe(value);
    });

    it.each(knowsNoLimit ? [] : [TOO_LONG])(
      'refuses what it cannot keep, without its words',
      async (value) => {
        await using world = await make();
        const error: unknown = await world.secrets
          .write(NAME, value, signal)
          .catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(PortError);
        expect(error).toMatchObject({ kind: 'refused' });
        expect(inspect(error, { depth: 10, showHidden: true })).not.toContain('glrt-much');
      },
    );
  });
}
