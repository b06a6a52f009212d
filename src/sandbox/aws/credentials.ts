const form =
  /^AWS4-HMAC-SHA256 Credential=([^/\s,]+)\/[0-9]{8}\/([a-z0-9-]+)\/([a-z0-9]+)\/aws4_request, ?SignedHeaders=[a-z0-9;-]+, ?Signature=[0-9a-f]{64}$/;

/** What a request says of itself by how it is signed. */
export interface Signature {
  readonly accessKeyId: string;
  readonly region: string;
  readonly service: string;
}

/**
 * Reads a Signature Version 4; undefined where there is none. The signature itself is not checked: the
 * sandbox has no secrets of accounts.
 */
export function readSignature(authorization: string | undefined): Signature | undefined {
  const [, accessKeyId, region, service] = form.exec(authorization ?? '') ?? [];
  if (accessKeyId === undefined || region === undefined || service === undefined) return undefined;
  return { accessKeyId, region, service };
}

/** Whether a request carries a Signature Version 4 for the service and region. */
export function isSigned(authorization: string | undefined, service: string, region: string): boolean {
  const signature = readSignature(authorization);
  return signature?.region === region && signature.service === service;
}
