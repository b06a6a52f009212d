import type { Clock } from '../../../controller/ports.ts';
import { elapsed, type Instant, minutes } from '../../../engine/time.ts';
import type { AccessToken } from './access-token.ts';

/** Where the access token is kept. Its errors are `PortError`s, which never hold the token. */
export interface TokenParameter {
  /** Names it for people: "SSM parameter /runtide/gitlab-token". */
  readonly name: string;
  read(): Promise<string>;
  write(token: string): Promise<void>;
}

/** A GitLab that refuses every token must not make as many calls to where it is kept. */
const PAUSE = minutes(1);

/**
 * Looks whether another token has taken the place of one that GitLab refused: another process may have rotated it.
 * Asked again within a minute, it only says whether another is in use by now.
 */
export function replacementIn(
  parameter: TokenParameter,
  token: AccessToken,
  clock: Pick<Clock, 'now'>,
): (refused: string) => Promise<boolean> {
  let lookedAt: Instant | undefined;
  let looking: Promise<void> = Promise.resolve();
  return async (refused) => {
    const now = clock.now();
    if (token.current() === refused && (lookedAt === undefined || elapsed(lookedAt, now) >= PAUSE)) {
      lookedAt = now;
      looking = parameter.read().then(
        (found) => token.found(found),
        // That GitLab refused the token is what the caller has to hear.
        () => undefined,
      );
    }
    await looking;
    return token.current() !== refused;
  };
}
