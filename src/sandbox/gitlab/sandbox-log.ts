/** Where the double writes what an onlooker should know; a pino logger is one. */
export interface SandboxLog {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}
