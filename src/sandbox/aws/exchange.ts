/** One request and its answer, for whoever watches the wire. */
export interface Exchange {
  readonly service: 'ec2' | 'auto-scaling' | 'ssm' | 'sts' | 'sqs' | 'imds' | 'control';
  /** EC2's, Auto Scaling's, SSM's, STS's or SQS's action; method and path for the rest. */
  readonly action: string;
  readonly request: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The answer's text. */
  readonly body: string;
  /** The ARN of who asked, where the request says it. */
  readonly caller?: string;
}

export type Observe = (exchange: Exchange) => void;

/** An answer on its way out; `lost` ends the connection instead of answering. */
export interface Answer {
  readonly action: string;
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly lost?: boolean;
}
