import type { AutoScaling } from '../../adapters/memory/auto-scaling/auto-scaling.ts';
import type { Ec2 } from '../../adapters/memory/ec2/ec2.ts';
import type { Ssm } from '../../adapters/memory/ec2/ssm.ts';
import { readSignature } from './credentials.ts';
import type { Caller, Sts } from './sts.ts';

/** What an account holds in one region. */
export interface World {
  readonly model: Ec2;
  readonly ssm: Ssm;
  /** Over the machines of `model`; default: one that has no groups yet. */
  readonly groups?: AutoScaling;
}

/** What of a request tells where it belongs. */
export interface Credentials {
  readonly authorization: string | undefined;
  /** The token of temporary credentials. */
  readonly token: string | undefined;
}

/** Whom a request comes from, and the world that it reaches; neither where its credentials open nothing. */
export interface Reached<W extends World> {
  readonly caller?: Caller;
  readonly world?: W;
}

/** Several regions of several accounts, told apart by the region that a request is signed for and by whose credentials it has. */
export class Worlds<W extends World> {
  /** Where requests go that could be for any. */
  readonly home: W;
  readonly #all: readonly W[];
  readonly #sts: Sts | undefined;

  constructor(home: W, elsewhere: readonly W[], sts: Sts | undefined) {
    this.home = home;
    this.#all = [home, ...elsewhere];
    this.#sts = sts;
  }

  reach({ authorization, token }: Credentials): Reached<W> {
    const signature = readSignature(authorization);
    if (signature === undefined) return {};
    const caller = this.#callerOf(signature.accessKeyId, token);
    if (caller === undefined) return {};
    const world = this.#all.find(
      ({ model: { place } }) => place.account === caller.account && place.region === signature.region,
    );
    return world === undefined ? { caller } : { caller, world };
  }

  /** The world that an instance is in; home for one that is in none. */
  of(instance: string): W {
    return this.#all.find(({ model }) => model.instance(instance) !== undefined) ?? this.home;
  }

  #callerOf(accessKeyId: string, token: string | undefined): Caller | undefined {
    const { account } = this.home.model.place;
    if (this.#sts === undefined) return { account, arn: `arn:aws:iam::${account}:user/sandbox` };
    return this.#sts.callerOf(accessKeyId, token);
  }
}
