import { PortError } from '../../controller/errors.ts';
import type { SecretStore } from '../../controller/registrations.ts';
import { Ec2Error } from './ec2/error.ts';
import type { Ssm } from './ec2/ssm.ts';

export interface MemorySecretStoreOptions {
  readonly ssm: Ssm;
  /** Lets everything fail while it is on. */
  readonly outage?: { readonly on: boolean };
}

function isGone(error: unknown): boolean {
  return error instanceof Ec2Error && error.code === 'ParameterNotFound';
}

/** The port `SecretStore` straight over the model of the Parameter Store. */
export class MemorySecretStore implements SecretStore {
  readonly #options: MemorySecretStoreOptions;

  constructor(options: MemorySecretStoreOptions) {
    this.#options = options;
  }

  async read(name: string): Promise<string | undefined> {
    const { ssm } = this.#options;
    this.#check(`reading SSM parameter ${name}`);
    try {
      return ssm.getParameter(name, true).value;
    } catch (error) {
      if (isGone(error)) return undefined;
      throw error;
    }
  }

  async write(name: string, value: string): Promise<void> {
    const { ssm } = this.#options;
    const doing = `writing SSM parameter ${name}`;
    this.#check(doing);
    try {
      ssm.putParameter({ name, value, type: 'SecureString', overwrite: true });
    } catch (error) {
      if (!(error instanceof Ec2Error)) throw error;
      throw new PortError({ kind: 'refused', system: 'ssm', doing, why: error.message });
    }
  }

  async remove(name: string): Promise<void> {
    this.#check(`deleting SSM parameter ${name}`);
    try {
      this.#options.ssm.deleteParameter(name);
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }

  #check(doing: string): void {
    if (this.#options.outage?.on !== true) return;
    throw new PortError({ kind: 'unavailable', system: 'ssm', doing, why: '500' });
  }
}
