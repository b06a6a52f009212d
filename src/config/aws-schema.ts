import { z } from 'zod';
import { minutes, seconds } from '../engine/time.ts';
import { REGION } from './instances-schema.ts';
import { address, duration, text } from './key-kinds.ts';

const SECOND = seconds(1);

/** AWS: where, and how to talk to it. */
export const awsSchema = z
  .strictObject({
    region: text(REGION, 'an AWS region, such as eu-central-1', {
      description: 'The region of all pools that name none.',
      applies: 'restart',
      example: 'eu-central-1',
    }),
    endpoints: z
      .strictObject({
        ec2: address('an http(s) address without credentials', {
          description: 'Where the EC2 API is.',
          example: 'https://vpce-0abc.ec2.eu-central-1.vpce.amazonaws.com',
        }).exactOptional(),
        ssm: address('an http(s) address without credentials', {
          description: 'Where the SSM API is.',
          example: 'https://vpce-0abc.ssm.eu-central-1.vpce.amazonaws.com',
        }).exactOptional(),
        sts: address('an http(s) address without credentials', {
          description: 'Where the STS API is, which gives the roles of pools.',
          example: 'https://vpce-0abc.sts.eu-central-1.vpce.amazonaws.com',
        }).exactOptional(),
      })
      .meta({
        description: 'Other endpoints than the public ones, in `aws.region`: VPC endpoints.',
        applies: 'restart',
      })
      .exactOptional(),
    timeout: duration(SECOND, minutes(1), {
      description: 'How long one call to AWS may take.',
      applies: 'hot',
      example: '10s',
    }).prefault('10s'),
  })
  .meta({ description: 'AWS: where instances are bought.', applies: 'restart' });
