import { parameterSecrets } from '../../src/adapters/aws/parameters.ts';
import { VirtualClock } from '../../src/adapters/memory/clock.ts';
import { Ssm } from '../../src/adapters/memory/ec2/ssm.ts';
import { MemorySecretStore } from '../../src/adapters/memory/secret-store.ts';
import { seconds } from '../../src/engine/time.ts';
import { startAwsDouble } from '../support/aws-double.ts';
import { secretStoreContract } from './secret-store.contract.ts';

secretStoreContract('memory', async () => {
  const ssm = new Ssm(new VirtualClock(), 1);
  return {
    secrets: new MemorySecretStore({ ssm }),
    typeOf: async (name) => ssm.getParameter(name, false).type,
    async [Symbol.asyncDispose]() {},
  };
});

secretStoreContract('SSM over the double', async () => {
  const double = await startAwsDouble();
  return {
    secrets: parameterSecrets({ ssm: double.ssm, timeout: seconds(10) }),
    typeOf: async (name) => double.parameters.getParameter(name, false).type,
    [Symbol.asyncDispose]: () => double[Symbol.asyncDispose](),
  };
});
