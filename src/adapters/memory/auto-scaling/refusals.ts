import { Ec2Error } from '../ec2/error.ts';

/** The refusal of a request that Auto Scaling does not take. */
export function validationError(message: string): Ec2Error {
  return new Ec2Error('ValidationError', message);
}

/** Something goes on that must end first. */
export function inProgress(message: string): Ec2Error {
  return new Ec2Error('ScalingActivityInProgress', message);
}
