import { X509Certificate } from 'node:crypto';

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;
/** More than any chain of authorities needs; user data holds 16 KiB in all. */
const LONGEST_FOR_INSTANCES = 12_000;
/** Several times the list of a whole system. */
const LONGEST = 2_000_000;

type Certificates = { readonly value: string } | { readonly why: string };

/** The certificates in a PEM file, without the words around them; or why it holds none that may be passed on. */
export function readCertificates(content: string): Certificates {
  return certificatesIn(content, LONGEST_FOR_INSTANCES);
}

/** The certificates in a PEM file that Runtide itself is to trust; or why it cannot. */
export function readAuthorities(content: string): Certificates {
  const answer = certificatesIn(content, LONGEST);
  if ('why' in answer) return answer;
  const broken = (answer.value.match(CERTIFICATE) ?? []).findIndex((one) => !isCertificate(one));
  return broken === -1 ? answer : { why: `certificate ${broken + 1} in it cannot be read` };
}

function isCertificate(pem: string): boolean {
  try {
    return new X509Certificate(pem).raw.length > 0;
  } catch {
    return false;
  }
}

function certificatesIn(content: string, longest: number): Certificates {
  if (/PRIVATE KEY-----/.test(content)) return { why: 'it holds a private key' };
  const certificates = content.match(CERTIFICATE) ?? [];
  if (certificates.length === 0) return { why: 'it holds no certificate' };
  const value = `${certificates.map((one) => one.replaceAll(/\s*\r?\n\s*/g, '\n')).join('\n')}\n`;
  return value.length > longest
    ? { why: `its certificates have more than ${longest} characters` }
    : { value };
}
