import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { inject } from 'vitest';
import { ssmClient } from '../../src/adapters/aws/clients.ts';
import { parameterSecrets } from '../../src/adapters/aws/parameters.ts';
import { seconds } from '../../src/engine/time.ts';
import { secretStoreContract } from '../contracts/secret-store.contract.ts';
import { resetMoto } from './moto.ts';

secretStoreContract(
  "moto's Systems Manager",
  async () => {
    await resetMoto(inject('motoUrl'));
    const ssm = ssmClient({
      region: 'eu-central-1',
      endpoints: { ssm: inject('motoUrl') },
      credentials: { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'example' },
    });
    return {
      secrets: parameterSecrets({ ssm, timeout: seconds(30) }),
      async typeOf(name) {
        const { Parameter } = await ssm.send(new GetParameterCommand({ Name: name }));
        return Parameter?.Type ?? '';
      },
      async [Symbol.asyncDispose]() {
        ssm.destroy();
      },
    };
  },
  { knowsNoLimit: true },
);
