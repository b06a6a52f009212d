/** Registers runners of one project, one group or, without either, the whole instance. */
export interface RegistrationToken {
  readonly token: string;
  /** Path of the project. */
  readonly project?: string;
  /** Path of the group. */
  readonly group?: string;
}
