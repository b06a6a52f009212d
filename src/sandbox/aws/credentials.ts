const form =
  /^AWS4-HMAC-SHA256 Credential=[^/\s,]+\/[0-9]{8}\/([a-z0-9-]+)\/([a-z0-9]+)\/aws4_request, ?SignedHeaders=[a-z0-9;-]+, ?Signature=[0-9a-f]{64}$/;

/**
 * Whether a request carries a Signature Version 4 for the service and region. The signature itself is
 * not checked: the sandbox has no accounts.
 */
export function isSigned(authorization: string | undefined, service: string, region: string): boolean {
  const match = form.exec(authorization ?? '');
  return match?.[1] === region && match[2] === service;
}
