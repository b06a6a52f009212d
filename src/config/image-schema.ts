import { z } from 'zod';
import { ALWAYS, oneOf, shortOrSection, text, wholeNumber, yesOrNo } from './key-kinds.ts';
import { IMAGE_RULES, keeps } from './rules.ts';

const AMI = /^ami-[0-9a-f]{8,17}$/;
const TEMPLATE = /^lt-(?:[0-9a-f]{8}|[0-9a-f]{17})$/;
/** A public parameter of AWS or one of the account. */
const PARAMETER = /^(?=.{1,1011}$)(?:\/[A-Za-z0-9_.-]+){1,15}$/;
const OWNER = /^(?:self|amazon|\d{12})$/;

const lookedUp = z
  .strictObject({
    parameter: text(PARAMETER, 'the path of an SSM parameter that holds the id of an AMI', {
      description: 'The SSM parameter that names the AMI, such as a public one of AWS.',
      example: '/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-default-x86_64',
    }).exactOptional(),
    name: text(/^[A-Za-z0-9()[\] ./'@_*?-]{3,128}$/, 'the name of an AMI, in which * and ? may stand', {
      description: 'The newest AMI whose name fits.',
      example: "'runner-*'",
    }).exactOptional(),
    owner: text(OWNER, 'self, amazon or an account of 12 digits in quotes', {
      description: 'Whose AMIs are looked at by `name`. Where nothing is said, those of the own account.',
      example: 'self',
    }).exactOptional(),
    follow: yesOrNo({
      description:
        'Whether another AMI replaces running instances. Where nothing is said, only new instances get it.',
      applies: 'hot',
    }).exactOptional(),
  })
  .superRefine(keeps(IMAGE_RULES), ALWAYS);

/** The image that instances boot from. */
export const imageSchema = shortOrSection(
  text(AMI, 'the id of an AMI', { description: 'The id of an AMI.', example: 'ami-0123456789abcdef0' }),
  lookedUp,
  {
    description:
      'The AMI that instances boot from: its id, or where it is looked up. What is looked up is looked up again every hour.',
    applies: 'drifts',
    allowed:
      'the id of an AMI (ami- and 8 to 17 hex digits), or a map with `parameter`, or with `name` and `owner`',
    example: 'ami-0123456789abcdef0',
  },
);

const versioned = z.strictObject({
  id: text(TEMPLATE, 'the id of a launch template', {
    description: 'The launch template.',
    example: 'lt-0123456789abcdef0',
  }),
  version: z
    .union([
      wholeNumber(1, Number.MAX_SAFE_INTEGER, { description: 'The number of a version.' }),
      oneOf(['default', 'latest'], { description: 'What EC2 calls so when instances are bought.' }),
    ])
    .meta({
      description:
        'Its version: a number, or `default` or `latest`, which are looked up at every launch. Where nothing is said, `default`.',
      allowed: 'the number of a version, default or latest',
      example: '3',
    })
    .exactOptional(),
});

/** A launch template of the operator's, in place of what Runtide would write into its own. */
export const templateSchema = shortOrSection(
  text(TEMPLATE, 'the id of a launch template', {
    description: 'The launch template, at its default version.',
    example: 'lt-0123456789abcdef0',
  }),
  versioned,
  {
    description:
      'A launch template of your own, in place of `image`, `securityGroups`, `profile`, `volume`, `bootstrap`, `preInstall` and `postInstall`. Runtide refuses one that lacks what it needs.',
    applies: 'drifts',
    allowed: 'the id of a launch template such as lt-0123456789abcdef0, or a map with `id` and `version`',
    example: 'lt-0123456789abcdef0',
  },
);
