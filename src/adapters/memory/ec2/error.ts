/** A refusal in AWS's words: `code` as the API reference lists it. */
export class Ec2Error extends Error {
  readonly code: string;

  constructor(code: string, message: string) {
    super(message);
    this.name = 'Ec2Error';
    this.code = code;
  }
}

/** The connection ended before an answer came: the call may or may not have been carried out. */
export class LostAnswer extends Error {
  constructor(action: string) {
    super(`${action}: the connection ended before the answer`);
    this.name = 'LostAnswer';
  }
}

/** The refusal of a value that EC2 does not take. */
export function invalidValue(message: string): Ec2Error {
  return new Ec2Error('InvalidParameterValue', message);
}
