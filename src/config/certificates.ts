const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
/** More than any chain of authorities needs; user data holds 16 KiB in all. */
const LONGEST = 12_000;

/** The certificates in a PEM file, without the words around them; or why it holds none that may be passed on. */
export function readCertificates(content: string): { readonly value: string } | { readonly why: string } {
  if (/PRIVATE KEY-----/.test(content)) return { why: 'it holds a private key' };
  const certificates = content.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) return { why: 'it holds no certificate' };
  const value = `${certificates.map((one) => one.replaceAll(/\s*\r?\n\s*/g, '\n')).join('\n')}\n`;
  return value.length > LONGEST
    ? { why: `its certificates have more than ${LONGEST} characters` }
    : { value };
}
