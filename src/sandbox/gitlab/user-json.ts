/** The one user of the double: tokens and pipelines are theirs. */
export function userJson(base: string) {
  return {
    id: 1,
    username: 'sandbox',
    public_email: null,
    name: 'Sandbox',
    state: 'active',
    locked: false,
    avatar_url: null,
    web_url: `${base}/sandbox`,
  };
}
