/** The proxy does not let a call through; its message shows the proxy without user information. */
export class ProxyFailure extends Error {
  /** The status that it refused with; undefined where it could not be reached. */
  readonly status: number | undefined;

  constructor(message: string, status: number | undefined, cause: unknown) {
    super(message, { cause });
    this.name = 'ProxyFailure';
    this.status = status;
  }
}
