/** The bootstrap cannot be told what was asked for: the message says why, and what to do. */
export class BootstrapError extends Error {
  override readonly name = 'BootstrapError';
}
