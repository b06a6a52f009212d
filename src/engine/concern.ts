/** Something beside the instances that is not as it should be, such as a webhook that GitLab has disabled. */
export interface Concern {
  /** What it is about, always in the same words: "webhook 7 of project acme/web". */
  readonly about: string;
  /** What is wrong, which may change while it lasts. */
  readonly why: string;
  /** What the operator can do next. */
  readonly next?: string;
}
